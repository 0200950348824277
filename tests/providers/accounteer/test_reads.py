"""Documents by their ids: what is shown, and what each read costs."""

from typing import Any

import pytest

from gateway.domain import ProviderName, encode_id
from gateway.providers.accounteer.simulator.directory import (
    CLIENT,
    MORE_SUPPLIERS,
    SECOND_CLIENT,
    SECOND_SUPPLIER,
    SUPPLIER,
)
from gateway.providers.accounteer.simulator.situations import (
    INVOICE_DRAFT,
    INVOICE_PAID,
    INVOICE_STRANGE,
    OTHER_INVOICE,
    PURCHASE_ATTACHED,
    PURCHASE_DRAFT,
)
from gateway.providers.accounteer.simulator.state import State
from tests.providers.accounteer.calls import (
    bare_id,
    changes,
    contact_call,
    graph_id,
    read_call,
)
from tests.providers.accounteer.reading import (
    BY_ID,
    BY_SOURCE,
)
from tests.support import Client, RecordingTransport

NAMES = {
    CLIENT: "Granite Properties",
    SECOND_CLIENT: "Copper Kettle Dairy",
    SUPPLIER: "Demo Paper Ltd",
    SECOND_SUPPLIER: "Bayline Seafood",
}
WHOLE = """
query ($id: ID!) {
  invoice(id: $id) {
    __typename id provider sourceId title approvalState
    progress { rule required approved rejected }
    approvalStatuses { id }
    viewerActions kind number status sourceStatus
    counterparty { sourceId name }
    locationName
    total { amount currency } tax { amount currency } amountDue { amount currency }
    issueDate dueDate createdAt updatedAt approvedAt url
    attachments { name url }
    lines {
      description quantity unitPrice { amount currency } total { amount currency }
      tax { amount } taxRate taxName
    }
    history { at }
    approvers { id }
    policies { id }
  }
}
"""
# What could change what is called, were it ever put into a path.
MALFORMED = ["", "..", ".", "a/b", "a?page=2", "a#b", "a b", "%2e%2e", "ü", "a" * 101]


def money(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "EUR"}


def line(
    text: str, quantity: str, price: str, total: str, tax: str, rate: str
) -> dict[str, Any]:
    return {
        "description": text,
        "quantity": quantity,
        "unitPrice": money(price),
        "total": money(total),
        "tax": {"amount": tax},
        "taxRate": rate,
        "taxName": f"VAT {rate}%",
    }


@pytest.mark.parametrize(
    ("source_id", "kind", "contact_id"),
    [(INVOICE_DRAFT, "INVOICE", CLIENT), (PURCHASE_DRAFT, "PURCHASE", SUPPLIER)],
)
async def test_all_that_accounteer_tells_of_a_document(
    client: Client,
    state: State,
    accounteer: RecordingTransport,
    source_id: str,
    kind: str,
    contact_id: str,
) -> None:
    document = (state.invoices | state.purchases)[source_id]

    body = await client.execute(WHOLE, {"id": graph_id(document)})

    assert body == {
        "data": {
            "invoice": {
                "__typename": "Invoice",
                "id": graph_id(document),
                "provider": "ACCOUNTEER",
                "sourceId": source_id,
                "title": f"{NAMES[contact_id]} · ORDER-77",
                "approvalState": "PENDING",
                "progress": {
                    "rule": "ANY",
                    "required": 1,
                    "approved": 0,
                    "rejected": 0,
                },
                "approvalStatuses": [],
                "viewerActions": ["APPROVE"],
                "kind": kind,
                "number": None,
                "status": "DRAFT",
                "sourceStatus": "draft",
                "counterparty": {"sourceId": contact_id, "name": NAMES[contact_id]},
                "locationName": None,
                "total": money("712.73"),
                "tax": money("107.83"),
                "amountDue": money("712.73"),
                "issueDate": "2026-10-30",
                "dueDate": "2026-11-29",
                "createdAt": "2026-10-30T00:00:00+00:00",
                "updatedAt": "2026-10-30T00:00:00+00:00",
                "approvedAt": None,
                "url": None,
                "attachments": [],
                "lines": [
                    line("Consulting", "1", "47.17", "50", "2.83", "6"),
                    line("Licence", "2", "249.99", "604.98", "105", "21"),
                    line("Travel", "137.5", "0.42", "57.75", "0", "0"),
                ],
                "history": None,
                "approvers": [],
                "policies": [],
            }
        }
    }
    assert accounteer.calls == [read_call(document), contact_call(document)]


async def test_files_are_told_with_their_names(client: Client, state: State) -> None:
    document = state.purchases[PURCHASE_ATTACHED]

    body = await client.execute(WHOLE, {"id": graph_id(document)})

    found = body["data"]["invoice"]
    assert found["attachments"] == [
        {"name": one.filename, "url": one.url} for one in document.attachments
    ]
    assert [one["name"] for one in found["attachments"]] == [
        "invoice.pdf",
        "delivery-note.pdf",
    ]
    assert found["counterparty"] == {
        "sourceId": MORE_SUPPLIERS["Atlas Freight"],
        "name": "Atlas Freight",
    }
    assert (found["number"], found["title"]) == (
        "AF-90112",
        "Atlas Freight · AF-90112",
    )


async def test_a_file_without_an_address_leaves_the_files_untold(
    client: Client, state: State, accounteer: RecordingTransport
) -> None:
    """4: an attachment's members are assumed, and none of them is vital."""
    document = state.purchases[PURCHASE_ATTACHED]

    def strip(body: dict[str, Any]) -> dict[str, Any]:
        attachments = [{"id": "a", "filename": "scan.pdf"}, *body["attachments"]]
        return {**body, "attachments": attachments}

    accounteer.interceptors[read_call(document)] = changes(strip)

    body = await client.execute(WHOLE, {"id": graph_id(document)})

    assert list(body) == ["data"]
    assert body["data"]["invoice"]["sourceId"] == PURCHASE_ATTACHED
    assert body["data"]["invoice"]["attachments"] is None


async def test_a_strange_status_is_unknown_and_offers_nothing(
    client: Client, state: State
) -> None:
    body = await client.execute(
        WHOLE, {"id": graph_id(state.invoices[INVOICE_STRANGE])}
    )

    found = body["data"]["invoice"]
    assert (found["status"], found["sourceStatus"]) == ("UNKNOWN", "in_review")
    assert (found["approvalState"], found["viewerActions"]) == ("UNKNOWN", [])


async def test_what_is_paid_was_approved(client: Client, state: State) -> None:
    body = await client.execute(WHOLE, {"id": graph_id(state.invoices[INVOICE_PAID])})

    found = body["data"]["invoice"]
    assert (found["status"], found["approvalState"]) == ("PAID", "APPROVED")
    assert (found["viewerActions"], found["amountDue"]) == ([], money("0"))


@pytest.mark.parametrize("source_id", [INVOICE_DRAFT, PURCHASE_DRAFT])
async def test_a_providers_own_id_is_looked_for_in_both_collections(
    client: Client, state: State, accounteer: RecordingTransport, source_id: str
) -> None:
    document = (state.invoices | state.purchases)[source_id]

    body = await client.execute(BY_SOURCE, {"id": source_id})

    name = NAMES[document.contact_id]
    assert body == {
        "data": {
            "invoiceBySource": {
                "id": graph_id(document),
                "counterparty": {"name": name},
            }
        }
    }
    assert accounteer.calls == [
        f"GET /invoices/{source_id}",
        f"GET /purchases/{source_id}",
        contact_call(document),
    ]


async def test_an_id_without_a_collection_finds_the_document_too(
    client: Client, state: State
) -> None:
    document = state.purchases[PURCHASE_DRAFT]

    body = await client.execute(BY_ID, {"id": bare_id(document)})

    assert body == {
        "data": {
            "invoice": {
                "sourceId": PURCHASE_DRAFT,
                "counterparty": {"name": "Demo Paper Ltd"},
            }
        }
    }


@pytest.mark.parametrize("source_id", ["f" * 40, OTHER_INVOICE, "invoices", "-", "_"])
async def test_what_is_not_there_is_null_for_one_call(
    client: Client, accounteer: RecordingTransport, source_id: str
) -> None:
    """3.4: an unknown id and one of another organization answer alike."""
    key = encode_id("Invoice", ProviderName.ACCOUNTEER, source_id, "invoices")

    body = await client.execute(BY_ID, {"id": key})

    assert body == {"data": {"invoice": None}}
    assert accounteer.calls == [f"GET /invoices/{source_id}"]


@pytest.mark.parametrize("source_id", MALFORMED)
async def test_what_can_be_no_id_is_null_without_a_call(
    client: Client, accounteer: RecordingTransport, source_id: str
) -> None:
    """6.4, 12: a path is built from checked ids alone."""
    key = encode_id("Invoice", ProviderName.ACCOUNTEER, source_id, "invoices")

    by_id = await client.execute(BY_ID, {"id": key})
    by_source = await client.execute(BY_SOURCE, {"id": source_id})

    assert (by_id["data"], by_source["data"]) == (
        {"invoice": None},
        {"invoiceBySource": None},
    )
    assert accounteer.calls == []


@pytest.mark.parametrize("parent", ["contacts", "invoices/x", "Invoices", "..", "team"])
async def test_what_is_in_no_collection_is_null_without_a_call(
    client: Client, accounteer: RecordingTransport, parent: str
) -> None:
    key = encode_id("Invoice", ProviderName.ACCOUNTEER, CLIENT, parent)

    body = await client.execute(BY_ID, {"id": key})

    assert body == {"data": {"invoice": None}}
    assert accounteer.calls == []


async def test_a_document_of_the_other_collection_is_not_found(
    client: Client, accounteer: RecordingTransport
) -> None:
    key = encode_id("Invoice", ProviderName.ACCOUNTEER, PURCHASE_DRAFT, "invoices")

    body = await client.execute(BY_ID, {"id": key})

    assert body == {"data": {"invoice": None}}
    assert accounteer.calls == [f"GET /invoices/{PURCHASE_DRAFT}"]


async def test_a_contact_that_is_gone_leaves_its_id(
    client: Client, state: State
) -> None:
    document = state.invoices[INVOICE_DRAFT]
    del state.contacts[CLIENT]

    body = await client.execute(WHOLE, {"id": graph_id(document)})

    found = body["data"]["invoice"]
    assert found["counterparty"] == {"sourceId": CLIENT, "name": None}
    assert found["title"] == "ORDER-77"
