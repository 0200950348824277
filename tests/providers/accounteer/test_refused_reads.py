"""Reads that Accounteer refuses, or answers with something else."""

from collections.abc import Callable
from datetime import date

import pytest

from gateway.providers.accounteer.simulator.state import State
from tests.providers.accounteer.calls import (
    CONTACTS,
    INVOICES,
    NOT_UNDERSTOOD,
    PURCHASES,
    answers,
    contact_call,
    fault,
    fault_of,
    graph_id,
    read_call,
)
from tests.providers.accounteer.reading import (
    BY_ID,
    BY_SOURCE,
    LIST,
    NODES,
    everything,
    fill,
    ids,
    in_order,
    on_accounteer,
    read_page,
    read_pages,
    source,
)
from tests.support import Client, RecordingTransport

REFUSED = "The provider refused a read."
NOT_SHOWN = "Accounteer shows this account no invoices."
NO_ADDRESS = (
    "There are no invoices at the address that is set for Accounteer; it ends in its "
    "version, as `/api/v0.1`."
)
FAULTS = [
    ("html", "UPSTREAM_RESPONSE_INVALID", False, 1),
    ("empty", "UPSTREAM_RESPONSE_INVALID", False, 1),
    ("wrong_shape", "UPSTREAM_RESPONSE_INVALID", False, 1),
    ("unavailable", "UPSTREAM_UNAVAILABLE", True, 3),
    ("bad_gateway", "UPSTREAM_UNAVAILABLE", True, 3),
    ("internal_error", "UPSTREAM_UNAVAILABLE", True, 3),
    ("timed_out", "UPSTREAM_UNAVAILABLE", True, 3),
    ("lost_answer", "UPSTREAM_UNAVAILABLE", True, 3),
]
NAMED = """
query ($filter: InvoiceFilter) {
  invoices(first: 5, filter: $filter) { nodes { counterparty { sourceId name } } }
}
"""


async def test_a_collection_that_may_not_be_read_is_left_out_and_told_of(
    client: Client, state: State
) -> None:
    documents = [one for one in everything(state) if one.kind == "invoice"]

    page = await read_page(client, 20, person="clerk")

    assert ids([page["edges"]]) == in_order(documents)[:20]
    assert page["sources"] == source(is_complete=False)
    assert page["totalCount"] is None


@pytest.mark.parametrize("call", [INVOICES, PURCHASES])
@pytest.mark.parametrize("status", [403, 404, 405])
async def test_whichever_is_refused_the_other_is_paged(
    client: Client,
    state: State,
    accounteer: RecordingTransport,
    call: str,
    status: int,
) -> None:
    made = fill(state, 30, 30)
    accounteer.interceptors[call] = answers(status, {"error": "forbidden"})

    found = ids(await read_pages(client, 7))

    kept = "purchase" if call == INVOICES else "invoice"
    assert found == in_order(one for one in made if one.kind == kept)


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        (400, "UPSTREAM_RESPONSE_INVALID", REFUSED),
        (403, "UPSTREAM_AUTH_FAILED", NOT_SHOWN),
        (404, "UPSTREAM_RESPONSE_INVALID", NO_ADDRESS),
        (405, "UPSTREAM_RESPONSE_INVALID", REFUSED),
        (422, "UPSTREAM_RESPONSE_INVALID", REFUSED),
    ],
)
async def test_both_that_are_refused_are_a_fault_that_says_why(
    client: Client,
    accounteer: RecordingTransport,
    status: int,
    code: str,
    message: str,
) -> None:
    refused = answers(status, b"SECRET")
    accounteer.interceptors |= {INVOICES: refused, PURCHASES: refused}

    body = await client.execute(LIST, {"first": 5, "filter": on_accounteer()})

    connection = body["data"]["invoices"]
    assert connection["edges"] is None
    assert connection["sources"] == source(
        ok=False, is_complete=False, code=code, message=message
    )
    assert "SECRET" not in str(body)
    assert accounteer.calls == [INVOICES, PURCHASES]


async def test_the_kind_that_is_refused_is_a_fault(client: Client) -> None:
    variables = {"first": 5, "filter": on_accounteer({"kinds": ["PURCHASE"]})}

    body = await client.execute(LIST, variables, person="clerk")

    assert body["data"]["invoices"]["sources"] == source(
        ok=False, is_complete=False, code="UPSTREAM_AUTH_FAILED", message=NOT_SHOWN
    )


async def test_one_that_is_out_of_reach_is_as_absent(
    client: Client, state: State, accounteer: RecordingTransport
) -> None:
    purchase = state.add_purchase()

    body = await client.execute(BY_ID, {"id": graph_id(purchase)}, person="clerk")

    assert body == {"data": {"invoice": None}}
    assert accounteer.calls == [read_call(purchase)]


async def test_an_invoice_is_found_by_its_source_where_purchases_are_out_of_reach(
    client: Client, state: State, accounteer: RecordingTransport
) -> None:
    invoice = state.add_invoice()
    name = state.contacts[invoice.contact_id].name

    body = await client.execute(BY_SOURCE, {"id": invoice.id}, person="clerk")

    assert body == {
        "data": {
            "invoiceBySource": {
                "id": graph_id(invoice),
                "counterparty": {"name": name},
            }
        }
    }
    assert accounteer.calls == [
        f"GET /invoices/{invoice.id}",
        f"GET /purchases/{invoice.id}",
        contact_call(invoice),
    ]


@pytest.mark.parametrize("count", [1, 2])
async def test_purchases_that_are_out_of_reach_leave_the_invoices_beside_them(
    client: Client, state: State, accounteer: RecordingTransport, count: int
) -> None:
    invoice = state.add_invoice()
    purchases = [state.add_purchase() for _ in range(count)]
    keys = [graph_id(one) for one in (invoice, *purchases)]
    name = state.contacts[invoice.contact_id].name

    body = await client.execute(NODES, {"ids": keys}, person="clerk")

    assert body == {
        "data": {
            "nodes": [
                {"sourceId": invoice.id, "counterparty": {"name": name}},
                *[None] * count,
            ]
        }
    }
    # A list that is refused is no reason to ask for each.
    asked = read_call(purchases[0]) if count == 1 else PURCHASES
    assert sorted(accounteer.calls[:2]) == sorted([read_call(invoice), asked])
    assert accounteer.calls[2:] == [contact_call(invoice)]


@pytest.mark.parametrize("status", [400, 405, 422])
async def test_one_that_is_refused_by_its_id_is_a_fault(
    client: Client, state: State, accounteer: RecordingTransport, status: int
) -> None:
    purchase = state.add_purchase()
    accounteer.interceptors[read_call(purchase)] = answers(status, b"")

    body = await client.execute(BY_ID, {"id": graph_id(purchase)})

    assert body["data"] == {"invoice": None}
    assert fault_of(body) == fault("UPSTREAM_RESPONSE_INVALID")


@pytest.mark.parametrize("status", [403, 405])
async def test_names_that_may_not_be_read_are_null(
    client: Client, state: State, accounteer: RecordingTransport, status: int
) -> None:
    made = fill(state, 2, 2)
    accounteer.interceptors[CONTACTS] = answers(status, b"")

    body = await client.execute(NAMED, {"filter": on_accounteer()})

    ordered = {graph_id(one): one for one in made}
    assert body == {
        "data": {
            "invoices": {
                "nodes": [
                    {
                        "counterparty": {
                            "sourceId": ordered[key].contact_id,
                            "name": None,
                        }
                    }
                    for key in in_order(made)
                ]
            }
        }
    }


async def test_one_name_that_may_not_be_read_is_null(
    client: Client, state: State, accounteer: RecordingTransport
) -> None:
    [made] = fill(state, 1)
    accounteer.interceptors[contact_call(made)] = answers(403, b"")

    body = await client.execute(BY_ID, {"id": graph_id(made)})

    assert body == {
        "data": {"invoice": {"sourceId": made.id, "counterparty": {"name": None}}}
    }


@pytest.mark.parametrize(("name", "code", "retryable", "tries"), FAULTS)
async def test_a_single_read_that_fails_is_tried_where_that_may_help(
    client: Client,
    state: State,
    accounteer: RecordingTransport,
    switch_accounteer: Callable[..., None],
    name: str,
    code: str,
    retryable: bool,
    tries: int,
) -> None:
    [made] = fill(state, 1)
    switch_accounteer(fault=name)

    body = await client.execute(BY_ID, {"id": graph_id(made)})

    assert fault_of(body) == fault(code, retryable=retryable)
    assert body["data"] == {"invoice": None}
    assert accounteer.calls == [read_call(made)] * tries


@pytest.mark.parametrize(
    ("name", "code", "tries"), [(name, code, tries) for name, code, _, tries in FAULTS]
)
async def test_a_list_that_fails_leaves_the_other_providers(
    client: Client,
    accounteer: RecordingTransport,
    switch_accounteer: Callable[..., None],
    name: str,
    code: str,
    tries: int,
) -> None:
    switch_accounteer(fault=name, fault_calls=("list_purchases",))

    body = await client.execute(LIST, {"first": 5})

    sources = {one["provider"]: one for one in body["data"]["invoices"]["sources"]}
    assert sources["ACCOUNTEER"]["error"]["code"] == code
    assert {name for name, one in sources.items() if one["ok"]} == {"OTTIMATE", "BILL"}
    assert len(body["data"]["invoices"]["edges"]) == 5
    assert accounteer.calls.count(PURCHASES) == tries
    assert "errors" not in body


async def test_a_fault_that_passes_is_not_seen(
    client: Client,
    state: State,
    accounteer: RecordingTransport,
    switch_accounteer: Callable[..., None],
) -> None:
    [made] = fill(state, 1)
    switch_accounteer(fault="unavailable", fault_times=2)

    body = await client.execute(BY_ID, {"id": graph_id(made)})

    assert body["data"]["invoice"]["sourceId"] == made.id
    assert accounteer.calls == [read_call(made)] * 3 + [contact_call(made)]


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_no_redirect_of_a_read_is_followed(
    client: Client, state: State, accounteer: RecordingTransport, status: int
) -> None:
    """6.4, 13: the token stays with the host that is configured."""
    [made] = fill(state, 1)
    accounteer.interceptors[read_call(made)] = answers(
        status, b"", location="https://elsewhere.example/"
    )

    body = await client.execute(BY_ID, {"id": graph_id(made)})

    assert fault_of(body) == fault("UPSTREAM_RESPONSE_INVALID")
    assert accounteer.calls == [read_call(made)]


async def test_a_day_that_cannot_be_is_this_providers_fault(
    client: Client, state: State
) -> None:
    fill(state, 3)[0].date_created = date(1, 1, 1)

    body = await client.execute(LIST, {"first": 5})

    sources = {one["provider"]: one for one in body["data"]["invoices"]["sources"]}
    assert sources["ACCOUNTEER"] == {
        "provider": "ACCOUNTEER",
        "ok": False,
        "isComplete": False,
        "error": {"code": "UPSTREAM_RESPONSE_INVALID", "message": NOT_UNDERSTOOD},
    }
    assert {name for name, one in sources.items() if one["ok"]} == {"OTTIMATE", "BILL"}
    assert len(body["data"]["invoices"]["edges"]) == 5
    assert "errors" not in body
