"""Finding objects, and what happens to a field when its provider fails."""

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from gateway.domain import ProviderName, encode_id
from gateway.providers.ottimate.simulator import OttimateSimulator
from tests.schema.documents import ApproverId, InvoiceId
from tests.support import Client, Handler, RecordingTransport

LIST = """
query ($first: Int = 20, $filter: InvoiceFilter, $after: String) {
  invoices(first: $first, after: $after, filter: $filter) {
    nodes { number }
    totalCount
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    sources { provider ok isComplete error { code message } }
  }
}
"""
OTTIMATE = {"filter": {"providers": ["OTTIMATE"]}}


def codes(body: dict[str, Any]) -> list[str]:
    """Return the codes of the errors of an answer."""
    return [error["extensions"]["code"] for error in body["errors"]]


async def test_a_list_shows_who_must_approve_each_invoice(
    client: Client,
    ottimate: RecordingTransport,
    bill: RecordingTransport,
    simulator: OttimateSimulator,
) -> None:
    wanted = {"search": "INV-1001", "providers": ["OTTIMATE"]}
    body = await client.run("InvoiceList", {"first": 1, "filter": wanted})

    edge = body["data"]["invoices"]["edges"][0]
    invoice = simulator.state.numbered("INV-1001")
    assert body["data"]["invoices"] == {
        "edges": [
            {
                "cursor": edge["cursor"],
                "node": {
                    "id": encode_id("Invoice", ProviderName.OTTIMATE, invoice.id),
                    "provider": "OTTIMATE",
                    "sourceId": invoice.id,
                    "number": "INV-1001",
                    "status": "PENDING_APPROVAL",
                    "issueDate": "2026-10-24",
                    "dueDate": "2026-11-23",
                    "total": {"amount": "1250.4", "currency": "USD"},
                    "counterparty": {"name": "Northside Produce"},
                    "approvalState": "PENDING",
                    "approvers": [
                        {
                            "isManual": False,
                            "status": "UNKNOWN",
                            "user": {
                                "displayName": "API User",
                                "email": "api_user@example.com",
                            },
                            "policy": {"name": "Minimum Approvals"},
                        },
                        {
                            "isManual": True,
                            "status": "UNKNOWN",
                            "user": {
                                "displayName": "Peter",
                                "email": "peter@example.com",
                            },
                            "policy": None,
                        },
                    ],
                },
            }
        ],
        "pageInfo": {"hasNextPage": False, "endCursor": edge["cursor"]},
        "totalCount": 1,
        "sources": [{"provider": "OTTIMATE", "ok": True, "error": None}],
    }
    assert ottimate.calls == ["GET /invoices", f"GET /invoices/{invoice.id}/approvers"]
    assert bill.calls == []


async def test_a_card_costs_the_list_the_single_read_and_the_approvers(
    client: Client,
    ottimate: RecordingTransport,
    simulator: OttimateSimulator,
    invoice_id: InvoiceId,
) -> None:
    body = await client.run("InvoiceCard", {"id": invoice_id("INV-1001")})

    path = f"/invoices/{simulator.state.numbered('INV-1001').id}"
    assert "errors" not in body
    assert sorted(ottimate.calls) == sorted(
        ["GET /invoices", f"GET {path}", f"GET {path}/approvers"]
    )
    assert ottimate.rounds == 2
    card = body["data"]["node"]
    assert card["__typename"] == "Invoice"
    assert card["title"] == "Northside Produce · INV-1001"
    assert card["total"] == {"amount": "1250.4", "currency": "USD"}
    assert card["policies"] == [{"name": "Minimum Approvals", "minimumApprovers": None}]
    assert [event["event"] for event in card["history"]] == [
        "uploaded",
        "approver_added",
    ]
    assert all(line["total"]["amount"] for line in card["lines"])


async def test_what_a_card_defers_is_answered_in_its_place(
    client: Client, invoice_id: InvoiceId
) -> None:
    body = await client.run("InvoiceCard", {"id": invoice_id("INV-1001")})

    (attachment,) = body["data"]["node"]["attachments"]
    assert attachment["name"] is None
    assert attachment["url"].startswith("https://")


async def test_nodes_of_every_type_are_found_in_order_and_batched(
    client: Client,
    ottimate: RecordingTransport,
    simulator: OttimateSimulator,
    invoice_id: InvoiceId,
    approver_id: ApproverId,
) -> None:
    first, second = invoice_id("INV-1001"), invoice_id("INV-1002")
    approver = approver_id("INV-1001", 1)
    source_id = simulator.state.numbered("INV-1001").id
    policy = encode_id(
        "Policy",
        ProviderName.OTTIMATE,
        "plcy_e00205b8f7cf11f0b0300eff1c63a64d",
        source_id,
    )
    unknown = encode_id("Invoice", ProviderName.OTTIMATE, "no-such-invoice")
    status = encode_id("ApprovalStatus", ProviderName.OTTIMATE, "1")
    ids = [second, approver, unknown, policy, first, status, second]

    body = await client.run("Nodes", {"ids": ids})

    total = {"amount": "842.1", "currency": "USD"}
    assert body == {
        "data": {
            "nodes": [
                {
                    "__typename": "Invoice",
                    "id": second,
                    "number": "INV-1002",
                    "total": total,
                },
                {
                    "__typename": "Approver",
                    "id": approver,
                    "user": {"displayName": "Peter"},
                },
                None,
                {"__typename": "Policy", "id": policy, "name": "Minimum Approvals"},
                {
                    "__typename": "Invoice",
                    "id": first,
                    "number": "INV-1001",
                    "total": {"amount": "1250.4", "currency": "USD"},
                },
                None,
                {
                    "__typename": "Invoice",
                    "id": second,
                    "number": "INV-1002",
                    "total": total,
                },
            ]
        }
    }
    assert sorted(ottimate.calls) == [
        "GET /invoices",
        f"GET /invoices/{source_id}/approvers",
    ]
    assert ottimate.rounds == 1


async def test_a_malformed_node_id_costs_its_own_place(
    client: Client, invoice_id: InvoiceId
) -> None:
    body = await client.execute(
        "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }",
        {"ids": ["nonsense", invoice_id("INV-1001")]},
    )

    assert body["data"] == {"nodes": [None, {"id": invoice_id("INV-1001")}]}
    assert codes(body) == ["BAD_USER_INPUT"]
    assert body["errors"][0]["path"] == ["nodes", 0]


async def test_more_nodes_than_a_page_are_refused_before_any_call(
    client: Client, ottimate: RecordingTransport, invoice_id: InvoiceId
) -> None:
    body = await client.execute(
        "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }",
        {"ids": [invoice_id("INV-1001")] * 101},
    )

    assert codes(body) == ["BAD_USER_INPUT"]
    assert body["errors"][0]["message"] == "`ids` takes at most 100 ids, not 101."
    assert ottimate.calls == []


@pytest.mark.parametrize(
    ("field", "message"),
    [
        (
            'invoice(id: "nonsense")',
            (
                "This is not an id of this graph. Send an `id` exactly as a query "
                "returned it; a provider's own id goes to `invoiceBySource`, "
                "`policyBySource` or `approvalStatusBySource`."
            ),
        ),
        (
            f'invoice(id: "{encode_id("Approver", ProviderName.OTTIMATE, "1", "2")}")',
            "`id` takes the id of Invoice, and this is the id of Approver.",
        ),
        (
            f'node(id: "{encode_id("Vendor", ProviderName.OTTIMATE, "1")}")',
            (
                "`id` takes the id of Invoice or Booking or TimeEntry or Expense or "
                "Approver or Policy or ApprovalStatus or ApprovalWorkflow, and this is "
                "the id of Vendor."
            ),
        ),
    ],
)
async def test_an_id_that_does_not_fit_is_a_clear_fault(
    client: Client, ottimate: RecordingTransport, field: str, message: str
) -> None:
    body = await client.execute(f"{{ found: {field} {{ id }} }}")

    assert body["data"] == {"found": None}
    assert body["errors"][0]["message"] == message
    assert codes(body) == ["BAD_USER_INPUT"]
    assert ottimate.calls == []


async def test_an_unknown_invoice_is_null_without_an_error(client: Client) -> None:
    unknown = encode_id("Invoice", ProviderName.OTTIMATE, "no-such-invoice")

    body = await client.execute(
        """
        query ($id: ID!) {
          invoice(id: $id) { id }
          node(id: $id) { id }
          invoiceBySource(provider: OTTIMATE, sourceId: "a,b") { id }
        }
        """,
        {"id": unknown},
    )

    assert body == {"data": {"invoice": None, "node": None, "invoiceBySource": None}}


async def test_another_person_sees_only_their_own_scope(
    client: Client, invoice_id: InvoiceId
) -> None:
    query = "query ($id: ID!) { invoice(id: $id) { number } }"
    variables = {"id": invoice_id("INV-1014")}

    mine = await client.execute(query, variables)
    theirs = await client.execute(query, variables, person="clerk")

    assert mine == {"data": {"invoice": {"number": "INV-1014"}}}
    assert theirs == {"data": {"invoice": None}}


@pytest.mark.parametrize("first", [0, -1, 101, 2_147_483_647])
async def test_a_page_beyond_the_limit_is_refused_before_any_call(
    client: Client, ottimate: RecordingTransport, bill: RecordingTransport, first: int
) -> None:
    body = await client.execute(LIST, {"first": first})

    assert body["data"] == {"invoices": None}
    assert body["errors"][0]["message"] == f"`first` takes 1 to 100, not {first}."
    assert codes(body) == ["BAD_USER_INPUT"]
    assert ottimate.calls == bill.calls == []


async def test_where_every_provider_is_left_out_none_is_asked(
    client: Client, ottimate: RecordingTransport, bill: RecordingTransport
) -> None:
    body = await client.execute(LIST, {"filter": {"providers": []}})

    assert body["data"]["invoices"] == {
        "nodes": [],
        "totalCount": 0,
        "pageInfo": {
            "hasNextPage": False,
            "hasPreviousPage": False,
            "startCursor": None,
            "endCursor": None,
        },
        "sources": [],
    }
    assert ottimate.calls == bill.calls == []
    assert (ottimate.sign_ins, bill.sign_ins) == (0, 0)


@pytest.mark.parametrize("asked", ["OTTIMATE", "BILL"])
async def test_a_provider_left_out_is_not_asked(
    client: Client, ottimate: RecordingTransport, bill: RecordingTransport, asked: str
) -> None:
    body = await client.execute(LIST, {"filter": {"providers": [asked]}})

    assert "errors" not in body
    assert body["data"]["invoices"]["sources"] == [
        {"provider": asked, "ok": True, "isComplete": True, "error": None}
    ]
    left_out = bill if asked == "OTTIMATE" else ottimate
    assert (left_out.calls, left_out.sign_ins) == ([], 0)


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("unavailable", "UPSTREAM_UNAVAILABLE"),
        ("internal_error", "UPSTREAM_UNAVAILABLE"),
        ("timed_out", "UPSTREAM_TIMEOUT"),
        ("html", "UPSTREAM_RESPONSE_INVALID"),
        ("wrong_shape", "UPSTREAM_RESPONSE_INVALID"),
        ("empty", "UPSTREAM_RESPONSE_INVALID"),
        ("throttled", "UPSTREAM_RATE_LIMITED"),
        ("spent", "UPSTREAM_RATE_LIMITED"),
        ("unauthorised", "UPSTREAM_AUTH_FAILED"),
    ],
)
async def test_a_provider_that_fails_alone_is_named_and_there_is_no_page(
    client: Client, switch: Callable[..., None], fault: str, code: str
) -> None:
    switch(fault=fault)

    body = await client.execute(LIST, OTTIMATE)

    shown = body["data"]["invoices"]
    assert shown["nodes"] is None
    assert shown["totalCount"] is None
    assert shown["pageInfo"]["hasNextPage"] is False
    (source,) = shown["sources"]
    assert (source["ok"], source["isComplete"]) == (False, False)
    assert source["error"]["code"] == code
    assert codes(body) == [code, code]
    assert [error["path"] for error in body["errors"]] == [
        ["invoices", "nodes"],
        ["invoices", "totalCount"],
    ]


async def test_approvers_that_cannot_be_read_cost_their_field_alone(
    client: Client, switch: Callable[..., None]
) -> None:
    switch(fault="unavailable", fault_calls=("list_approvers",))

    body = await client.execute(
        "{ invoices(first: 2, filter: {providers: [OTTIMATE]}) "
        "{ nodes { number approvers { id } } } }"
    )

    assert body["data"]["invoices"]["nodes"] == [
        {"number": "INV-1001", "approvers": None},
        {"number": "INV-1002", "approvers": None},
    ]
    assert codes(body) == ["UPSTREAM_UNAVAILABLE"] * 2
    assert body["errors"][0]["path"] == ["invoices", "nodes", 0, "approvers"]


async def test_nothing_is_asked_twice_in_one_request(
    client: Client, ottimate: RecordingTransport, invoice_id: InvoiceId
) -> None:
    body = await client.execute(
        """
        query ($id: ID!) {
          a: invoice(id: $id) {
            approvers { status invoice { number } }
            progress { rule }
          }
          b: node(id: $id) { ... on Invoice { policies { name } approvers { id } } }
          invoices(first: 1, filter: {search: "INV-1001", providers: [OTTIMATE]}) {
            nodes { approvers { user { sourceId } invoice { title } } }
          }
        }
        """,
        {"id": invoice_id("INV-1001")},
    )

    assert "errors" not in body
    assert sorted(call.split("/")[-1] for call in ottimate.calls) == [
        "approvers",
        "invoices",
        "invoices",
    ]


async def test_an_approver_by_id_derives_its_status_from_its_invoice(
    client: Client, ottimate: RecordingTransport, approver_id: ApproverId
) -> None:
    body = await client.execute(
        "query ($id: ID!) { node(id: $id) { ... on Approver { status position } } }",
        {"id": approver_id("INV-1001", 1)},
    )

    assert body == {"data": {"node": {"status": "UNKNOWN", "position": None}}}
    assert len(ottimate.calls) == 2


async def test_an_approver_of_an_invoice_that_is_not_ready_is_upcoming(
    client: Client, invoice_id: InvoiceId
) -> None:
    added = await client.execute(
        "mutation ($input: AddApproverInput!) { addApprover(input: $input) "
        "{ approver { status } } }",
        {"input": {"invoiceId": invoice_id("INV-1021"), "userSourceId": "136597"}},
    )

    assert added["data"]["addApprover"] == {"approver": {"status": "UPCOMING"}}


async def test_an_approvers_status_is_told_where_the_account_tells_it(
    client: Client, switch: Callable[..., None], invoice_id: InvoiceId
) -> None:
    switch(approver_status_field=True)

    body = await client.execute(
        "query ($id: ID!) { invoice(id: $id) { approvers { status decidedAt } "
        "progress { approved waitingOn { displayName } } } }",
        {"id": invoice_id("INV-1030")},
    )

    shown = body["data"]["invoice"]
    told = {one["status"]: one["decidedAt"] for one in shown["approvers"]}
    waiting = {one["displayName"] for one in shown["progress"]["waitingOn"]}
    assert len(shown["approvers"]) == 3
    assert told["APPROVED"] is not None
    assert told["PENDING"] is None
    assert shown["progress"]["approved"] == 1
    assert "Peter" in waiting
    assert len(waiting) == 2


async def test_sources_tell_that_a_provider_is_well_and_what_it_can_do(
    client: Client,
    ottimate: RecordingTransport,
    bill: RecordingTransport,
    productive: RecordingTransport,
    accounteer: RecordingTransport,
) -> None:
    query = (
        "{ sources { provider ok error { code } asOf isComplete capabilities "
        "quota { limit remaining resetsAt } } }"
    )

    body = await client.execute(query)
    first_calls = len(ottimate.calls)
    await client.execute(query)

    assert body == {
        "data": {
            "sources": [
                {
                    "provider": "OTTIMATE",
                    "ok": True,
                    "error": None,
                    "asOf": "2026-11-02T18:00:00+00:00",
                    "isComplete": True,
                    "capabilities": [
                        "READ_INVOICES",
                        "READ_APPROVERS",
                        "READ_HISTORY",
                        "APPROVE",
                        "FORCE_APPROVE",
                        "ADD_APPROVER",
                        "REMOVE_APPROVER",
                        "READ_QUEUE",
                    ],
                    "quota": {
                        "limit": 10000,
                        "remaining": None,
                        "resetsAt": "2026-11-03T00:00:00+00:00",
                    },
                },
                {
                    "provider": "BILL",
                    "ok": True,
                    "error": None,
                    "asOf": "2026-11-02T18:00:00+00:00",
                    "isComplete": True,
                    "capabilities": [
                        "READ_INVOICES",
                        "READ_APPROVERS",
                        "APPROVE",
                        "REJECT",
                        "ADD_APPROVER",
                        "REMOVE_APPROVER",
                        "SET_APPROVERS",
                        "CLEAR_APPROVERS",
                        "READ_POLICIES",
                        "MANAGE_POLICIES",
                        "READ_QUEUE",
                    ],
                    "quota": {
                        "limit": 20000,
                        "remaining": None,
                        "resetsAt": "2026-11-02T19:00:00+00:00",
                    },
                },
                {
                    "provider": "PRODUCTIVE",
                    "ok": True,
                    "error": None,
                    "asOf": "2026-11-02T18:00:00+00:00",
                    "isComplete": True,
                    "capabilities": [
                        "APPROVE",
                        "REJECT",
                        "READ_POLICIES",
                        "READ_QUEUE",
                        "READ_APPROVAL_STATUSES",
                    ],
                    "quota": {
                        "limit": 4000,
                        "remaining": 3999,
                        "resetsAt": "2026-11-02T18:30:00.500000+00:00",
                    },
                },
                {
                    "provider": "ACCOUNTEER",
                    "ok": True,
                    "error": None,
                    "asOf": "2026-11-02T18:00:00+00:00",
                    "isComplete": True,
                    "capabilities": ["READ_INVOICES", "APPROVE", "READ_QUEUE"],
                    "quota": None,
                },
            ]
        }
    }
    # The probes of uncertain calls are sent once, and remembered.
    assert first_calls == 4
    assert len(ottimate.calls) == 5
    assert len(bill.calls) == 2
    assert productive.calls == ["GET /approval_statuses"] * 2
    assert accounteer.calls == ["GET /invoices"] * 2


async def test_sources_name_a_provider_that_is_down(
    client: Client, switch: Callable[..., None]
) -> None:
    switch(fault="unavailable")

    body = await client.execute("{ sources { provider ok error { code message } } }")

    assert body == {
        "data": {
            "sources": [
                {
                    "provider": "OTTIMATE",
                    "ok": False,
                    "error": {
                        "code": "UPSTREAM_UNAVAILABLE",
                        "message": "Ottimate is not available.",
                    },
                },
                {"provider": "BILL", "ok": True, "error": None},
                {"provider": "PRODUCTIVE", "ok": True, "error": None},
                {"provider": "ACCOUNTEER", "ok": True, "error": None},
            ]
        }
    }


async def test_sources_and_actions_show_a_call_that_the_account_lacks(
    client: Client, switch: Callable[..., None], invoice_id: InvoiceId
) -> None:
    switch(absent_calls=("approve", "add_approver"))

    sources = await client.execute("{ sources { capabilities } }")
    card = await client.run("InvoiceCard", {"id": invoice_id("INV-1001")})

    assert sources["data"]["sources"][0]["capabilities"] == [
        "READ_INVOICES",
        "READ_APPROVERS",
        "READ_HISTORY",
        "REMOVE_APPROVER",
        "READ_QUEUE",
    ]
    assert card["data"]["node"]["viewerActions"] == ["REMOVE_APPROVER"]


@pytest.mark.parametrize(
    ("status", "content", "code"),
    [
        (403, b'{"code": "AUT4030", "message": "No."}', "UPSTREAM_AUTH_FAILED"),
        (404, b"", "UPSTREAM_RESPONSE_INVALID"),
        (
            403,
            b'{"message": "Missing Authentication Token"}',
            "UPSTREAM_RESPONSE_INVALID",
        ),
        (500, b'{"message": "\xff"}', "UPSTREAM_UNAVAILABLE"),
        (200, b"[" * 5000, "UPSTREAM_RESPONSE_INVALID"),
    ],
)
async def test_a_list_that_is_refused_names_its_provider(
    client: Client,
    ottimate: RecordingTransport,
    status: int,
    content: bytes,
    code: str,
) -> None:
    async def refuse(request: httpx.Request, upstream: Handler) -> httpx.Response:
        del request, upstream
        return httpx.Response(status, content=content)

    ottimate.interceptors["GET /invoices"] = refuse

    body = await client.execute(
        "{ invoices { sources { provider ok error { code } } } "
        "sources { provider ok error { code } } }"
    )

    every = [
        {"provider": "OTTIMATE", "ok": False, "error": {"code": code}},
        {"provider": "BILL", "ok": True, "error": None},
        {"provider": "PRODUCTIVE", "ok": True, "error": None},
        {"provider": "ACCOUNTEER", "ok": True, "error": None},
    ]
    # Productive keeps no invoices.
    named = [one for one in every if one["provider"] != "PRODUCTIVE"]
    assert body == {"data": {"invoices": {"sources": named}, "sources": every}}


async def test_an_id_in_another_spelling_is_unknown_and_harms_no_other(
    client: Client, invoice_id: InvoiceId, source_id: InvoiceId
) -> None:
    other = encode_id("Invoice", ProviderName.OTTIMATE, source_id("INV-1001").upper())

    body = await client.execute(
        "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }",
        {"ids": [other, invoice_id("INV-1002")]},
    )

    assert body == {"data": {"nodes": [None, {"id": invoice_id("INV-1002")}]}}


async def test_text_that_nothing_could_match_is_not_sent(
    client: Client, ottimate: RecordingTransport, bill: RecordingTransport
) -> None:
    body = await client.execute(
        """
        query ($id: ID!, $search: String) {
          invoiceBySource(provider: OTTIMATE, sourceId: $id) { id }
          invoices(filter: {search: $search}) { totalCount }
        }
        """,
        {"id": "a" * 70_000, "search": "a" * 70_000},
    )

    assert body["data"] == {"invoiceBySource": None, "invoices": None}
    assert body["errors"][0]["message"] == "`search` takes at most 200 characters."
    assert codes(body) == ["BAD_USER_INPUT"]
    assert ottimate.calls == bill.calls == []


async def test_a_person_who_was_refused_to_force_is_not_offered_it_again(
    client: Client, invoice_id: InvoiceId
) -> None:
    query = "query ($id: ID!) { invoice(id: $id) { viewerActions } }"
    variables = {"id": invoice_id("INV-1012")}
    await client.execute(
        "mutation ($input: ApproveInput!) { approve(input: $input) { outcome } }",
        {"input": {"id": invoice_id("INV-1012"), "force": True}},
        person="clerk",
    )

    theirs = await client.execute(query, variables, person="clerk")
    mine = await client.execute(query, variables)

    assert "FORCE_APPROVE" not in theirs["data"]["invoice"]["viewerActions"]
    assert "FORCE_APPROVE" in mine["data"]["invoice"]["viewerActions"]


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("total_amount", b'"NaN"'),
        ("total_amount", b"1e5000000"),
        ("created_at", b'"0001-01-01T00:00:00Z"'),
        ("created_at", b'"9999-12-31T23:59:59.5Z"'),
        ("created_at", b'"2026-01-01T00:00:00"'),
    ],
)
@pytest.mark.parametrize("order", ["CREATED_AT", "TOTAL"])
async def test_a_row_that_cannot_be_is_not_understood(
    client: Client, ottimate: RecordingTransport, member: str, value: bytes, order: str
) -> None:
    async def spoil(request: httpx.Request, upstream: Handler) -> httpx.Response:
        body = await (await upstream(request)).aread()
        pattern = rb'"%s":("[^"]*"|[0-9.]+)' % member.encode()
        spoiled = re.sub(pattern, b'"%s":%s' % (member.encode(), value), body, count=1)
        assert spoiled != body
        return httpx.Response(200, content=spoiled)

    ottimate.interceptors["GET /invoices"] = spoil

    body = await client.execute(
        "query ($field: InvoiceOrderField!) { invoices("
        "filter: {providers: [OTTIMATE]}, orderBy: {field: $field}) "
        "{ nodes { number } } }",
        {"field": order},
    )

    assert body["data"] == {"invoices": {"nodes": None}}
    assert codes(body) == ["UPSTREAM_RESPONSE_INVALID"]


@pytest.mark.parametrize("text", ["", "0001-01-01T00:00:00+01:00"])
async def test_a_time_that_stands_for_none_is_none(
    client: Client, ottimate: RecordingTransport, text: str
) -> None:
    async def spoil(request: httpx.Request, upstream: Handler) -> httpx.Response:
        body = await (await upstream(request)).aread()
        spoiled = re.sub(
            rb'"(last_modified_date|approved_date)":("[^"]*"|null)',
            rb'"\1":"%s"' % text.encode(),
            body,
        )
        return httpx.Response(200, content=spoiled)

    ottimate.interceptors["GET /invoices"] = spoil

    body = await client.execute(
        "{ invoices(first: 1, filter: {providers: [OTTIMATE]}, "
        "orderBy: {field: UPDATED_AT}) { nodes { updatedAt approvedAt } } }"
    )

    assert body["data"]["invoices"]["nodes"] == [
        {"updatedAt": None, "approvedAt": None}
    ]


async def test_a_page_that_ends_before_its_count_is_not_taken_for_the_end(
    client: Client, ottimate: RecordingTransport
) -> None:
    async def empty(request: httpx.Request, upstream: Handler) -> httpx.Response:
        del request, upstream
        return httpx.Response(200, json={"count": 350, "results": []})

    ottimate.interceptors["GET /invoices"] = empty

    body = await client.execute(LIST, OTTIMATE)

    assert body["data"]["invoices"]["nodes"] is None
    assert body["data"]["invoices"]["sources"][0]["ok"] is False
    assert codes(body) == ["UPSTREAM_RESPONSE_INVALID"] * 2


async def test_ids_that_no_url_has_room_for_harm_no_other(
    client: Client, ottimate: RecordingTransport, invoice_id: InvoiceId
) -> None:
    odd = [
        encode_id("Invoice", ProviderName.OTTIMATE, "中" * 196 + f"{number:03}")
        for number in range(50)
    ]
    long = [
        encode_id("Invoice", ProviderName.OTTIMATE, "a" * 197 + f"{number:03}")
        for number in range(49)
    ]

    body = await client.execute(
        "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }",
        {"ids": [*odd, *long, invoice_id("INV-1002")]},
    )

    assert body["data"]["nodes"] == [None] * 99 + [{"id": invoice_id("INV-1002")}]
    assert "errors" not in body
    assert set(ottimate.calls) == {"GET /invoices"}
    assert max(len(str(request.url)) for request in ottimate.requests) < 8_000
    assert ottimate.rounds == 1
