"""Many decisions in one call: each its own, in order, and each sent once."""

from collections.abc import Iterable
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from gateway.domain import ProviderName, decode_id, encode_id
from gateway.providers.accounteer.simulator import AccounteerSimulator
from gateway.providers.ottimate.simulator import OttimateSimulator
from tests.schema.documents import InvoiceId
from tests.support import (
    Client,
    Handler,
    RecordingTransport,
    lose,
    never_arrives,
    never_leaves,
    writes,
)

DECIDE = """
mutation ($input: DecideInput!) {
  decide(input: $input) {
    clientMutationId
    outcome
    results { outcome approvable { id approvalState } userErrors { code field } }
    userErrors { code message field }
  }
}
"""
WAITING = """
query ($providers: [ProviderName!]) {
  viewer {
    approvals(first: 100, filter: {providers: $providers}) {
      nodes { __typename id provider viewerActions }
    }
  }
}
"""
# Two of Ottimate's that the controller may approve.
FIRST, SECOND = "INV-1002", "INV-1004"


@pytest.fixture
def upstreams(
    ottimate: RecordingTransport,
    bill: RecordingTransport,
    productive: RecordingTransport,
    accounteer: RecordingTransport,
) -> list[RecordingTransport]:
    return [ottimate, bill, productive, accounteer]


def sent(upstreams: Iterable[RecordingTransport]) -> list[str]:
    return [call for one in upstreams for call in writes(one)]


def approval(id_: str, **more: Any) -> dict[str, Any]:
    return {"id": id_, "decision": "APPROVE", **more}


async def decide(client: Client, *decisions: dict[str, Any], **more: Any) -> Any:
    """Return the whole answer."""
    person = more.pop("person", None)
    return await client.execute(
        DECIDE, {"input": {"decisions": list(decisions), **more}}, person=person
    )


async def find_waiting(client: Client, provider: str, type_name: str) -> list[str]:
    """Return the ids of what the default person may approve, without a decision."""
    body = await client.execute(WAITING, {"providers": [provider]})
    return [
        one["id"]
        for one in body["data"]["viewer"]["approvals"]["nodes"]
        if one["__typename"] == type_name and "APPROVE" in one["viewerActions"]
    ]


def document_id(source_id: str, collection: str = "invoices") -> str:
    return encode_id("Invoice", ProviderName.ACCOUNTEER, source_id, collection)


def drafts(simulator: AccounteerSimulator) -> list[str]:
    """Return the ids of eight drafts that can be approved."""
    return [document_id(simulator.state.add_invoice().id) for _ in range(8)]


async def test_decisions_over_all_providers_end_each_on_its_own_in_order(
    client: Client,
    upstreams: list[RecordingTransport],
    invoice_id: InvoiceId,
    accounteer_simulator: AccounteerSimulator,
) -> None:
    bill_id = (await find_waiting(client, "BILL", "Invoice"))[0]
    expense_id = (await find_waiting(client, "PRODUCTIVE", "Expense"))[0]
    draft_id = drafts(accounteer_simulator)[0]
    for one in upstreams:
        one.clear()

    body = await decide(
        client,
        approval(draft_id),
        {"id": expense_id, "decision": "REJECT", "note": "No receipt."},
        {"id": invoice_id(FIRST), "decision": "REJECT"},
        approval(bill_id, note="Fine."),
        approval(invoice_id(FIRST)[:-1]),
        approval(invoice_id(SECOND)),
        clientMutationId="m-7",
    )

    payload = body["data"]["decide"]
    assert [one["outcome"] for one in payload["results"]] == [
        "APPLIED",
        "APPLIED",
        "REFUSED",
        "APPLIED",
        "REFUSED",
        "APPLIED",
    ]
    assert payload["results"][0] == {
        "outcome": "APPLIED",
        "approvable": {"id": draft_id, "approvalState": "APPROVED"},
        "userErrors": [],
    }
    assert payload["results"][2] == {
        "outcome": "REFUSED",
        "approvable": None,
        "userErrors": [{"code": "UNSUPPORTED", "field": None}],
    }
    assert payload["results"][4] == {
        "outcome": "REFUSED",
        "approvable": None,
        "userErrors": [{"code": "INVALID", "field": ["input", "decisions", "4", "id"]}],
    }
    assert [
        one["approvable"] and one["approvable"]["id"] for one in payload["results"]
    ] == [draft_id, expense_id, None, bill_id, None, invoice_id(SECOND)]
    assert {name: payload[name] for name in ("clientMutationId", "outcome")} == {
        "clientMutationId": "m-7",
        "outcome": "APPLIED",
    }
    assert payload["userErrors"] == []
    assert [len(writes(one)) for one in upstreams] == [1, 1, 1, 1]


async def test_the_calls_of_each_provider_are_those_of_its_single_decisions(
    client: Client,
    ottimate: RecordingTransport,
    accounteer: RecordingTransport,
    bill: RecordingTransport,
    productive: RecordingTransport,
    invoice_id: InvoiceId,
    accounteer_simulator: AccounteerSimulator,
    simulator: OttimateSimulator,
) -> None:
    first, second = drafts(accounteer_simulator)[:2]
    paths = [f"/invoices/{decode_id(one).source_id}" for one in (first, second)]

    await client.execute(
        "mutation ($input: DecideInput!) { decide(input: $input) { outcome } }",
        {
            "input": {
                "decisions": [
                    approval(one)
                    for one in (first, invoice_id(FIRST), second, invoice_id(SECOND))
                ]
            }
        },
    )

    assert sorted(ottimate.calls) == [
        "GET /invoices",
        "GET /invoices",
        *sorted(
            f"POST /invoices/{simulator.state.numbered(one).id}/approve"
            for one in (FIRST, SECOND)
        ),
    ]
    assert ottimate.rounds == 2
    assert accounteer.calls == [
        *(f"GET {path}" for path in paths),
        *(f"POST {path}" for path in paths),
    ]
    assert bill.calls == productive.calls == []


async def test_what_was_decided_is_read_back_in_one_call_for_all(
    client: Client, ottimate: RecordingTransport, invoice_id: InvoiceId
) -> None:
    await decide(client, approval(invoice_id(FIRST)), approval(invoice_id(SECOND)))

    assert ottimate.calls[-1] == "GET /invoices"
    assert len(ottimate.calls) == 5
    assert ottimate.rounds == 3


@pytest.mark.parametrize("count", [0, 101])
async def test_none_and_more_than_a_hundred_are_refused_whole(
    client: Client,
    upstreams: list[RecordingTransport],
    invoice_id: InvoiceId,
    count: int,
) -> None:
    body = await decide(client, *[approval(invoice_id(FIRST))] * count)

    assert body == {
        "data": {
            "decide": {
                "clientMutationId": None,
                "outcome": "REFUSED",
                "results": [],
                "userErrors": [
                    {
                        "code": "INVALID",
                        "message": f"`decisions` takes 1 to 100 decisions, not {count}."
                        " Nothing was sent.",
                        "field": ["input", "decisions"],
                    }
                ],
            }
        }
    }
    assert [one.calls for one in upstreams] == [[], [], [], []]


async def test_a_hundred_are_taken(
    client: Client, upstreams: list[RecordingTransport]
) -> None:
    body = await decide(
        client,
        *[{"id": f"none-{place}", "decision": "APPROVE"} for place in range(100)],
    )

    results = body["data"]["decide"]["results"]
    assert len(results) == 100
    assert {one["outcome"] for one in results} == {"REFUSED"}
    assert body["data"]["decide"]["outcome"] == "REFUSED"
    assert [one.calls for one in upstreams] == [[], [], [], []]


async def test_the_second_decision_on_one_object_is_not_sent(
    client: Client, ottimate: RecordingTransport, invoice_id: InvoiceId
) -> None:
    body = await decide(
        client,
        approval(invoice_id(FIRST)),
        {"id": invoice_id(FIRST), "decision": "APPROVE", "force": True},
    )

    first, second = body["data"]["decide"]["results"]
    assert first["outcome"] == "APPLIED"
    assert second["outcome"] == "REFUSED"
    assert second["userErrors"] == [
        {"code": "INVALID", "field": ["input", "decisions", "1", "id"]}
    ]
    assert len(writes(ottimate)) == 1


@pytest.mark.parametrize(
    "id_",
    [
        encode_id("Policy", ProviderName.BILL, "app01IVEVRADCRIJ3o68"),
        encode_id("ApprovalStatus", ProviderName.OTTIMATE, "1"),
        encode_id("Expense", ProviderName.ACCOUNTEER, "1"),
    ],
)
async def test_an_id_that_nobody_decides_on_is_refused_without_a_call(
    client: Client, upstreams: list[RecordingTransport], id_: str
) -> None:
    body = await decide(client, approval(id_))

    assert body["data"]["decide"]["results"] == [
        {
            "outcome": "REFUSED",
            "approvable": None,
            "userErrors": [
                {"code": "INVALID", "field": ["input", "decisions", "0", "id"]}
            ],
        }
    ]
    assert [one.calls for one in upstreams] == [[], [], [], []]


async def test_a_provider_that_is_down_costs_its_own_results_alone(
    client: Client,
    ottimate: RecordingTransport,
    accounteer: RecordingTransport,
    invoice_id: InvoiceId,
    simulator: OttimateSimulator,
    accounteer_simulator: AccounteerSimulator,
) -> None:
    draft_id = drafts(accounteer_simulator)[0]
    call = f"POST /invoices/{simulator.state.numbered(FIRST).id}/approve"
    ottimate.interceptors[call] = never_leaves

    body = await decide(client, approval(invoice_id(FIRST)), approval(draft_id))

    assert body["data"]["decide"]["outcome"] == "APPLIED"
    assert [one and one["outcome"] for one in body["data"]["decide"]["results"]] == [
        None,
        "APPLIED",
    ]
    (error,) = body["errors"]
    assert error["path"] == ["decide", "results", 0]
    assert error["extensions"].pop("requestId") == body["extensions"]["requestId"]
    assert error["extensions"] == {
        "code": "UPSTREAM_UNAVAILABLE",
        "retryable": True,
        "provider": "OTTIMATE",
    }
    assert [len(writes(one)) for one in (ottimate, accounteer)] == [1, 1]


@pytest.mark.parametrize(
    ("handler", "outcome"), [(lose, "APPLIED"), (never_arrives, "UNKNOWN")]
)
async def test_a_lost_answer_is_settled_for_its_own_decision(
    client: Client,
    ottimate: RecordingTransport,
    invoice_id: InvoiceId,
    simulator: OttimateSimulator,
    handler: Handler,
    outcome: str,
) -> None:
    call = f"POST /invoices/{simulator.state.numbered(FIRST).id}/approve"
    ottimate.interceptors[call] = handler  # type: ignore[assignment]

    body = await decide(
        client, approval(invoice_id(SECOND)), approval(invoice_id(FIRST))
    )

    assert [one["outcome"] for one in body["data"]["decide"]["results"]] == [
        "APPLIED",
        outcome,
    ]
    assert body["data"]["decide"]["outcome"] == outcome
    assert len(writes(ottimate)) == 2


async def test_what_was_done_already_and_nothing_else_is_already_applied(
    client: Client, ottimate: RecordingTransport, invoice_id: InvoiceId
) -> None:
    await decide(client, approval(invoice_id(FIRST)))
    ottimate.clear()

    body = await decide(
        client,
        approval(invoice_id(FIRST)),
        {"id": invoice_id(SECOND), "decision": "REJECT"},
    )

    assert body["data"]["decide"]["outcome"] == "ALREADY_APPLIED"
    assert writes(ottimate) == []


async def test_who_is_nobody_with_a_provider_decides_with_the_others(
    client: Client,
    upstreams: list[RecordingTransport],
    invoice_id: InvoiceId,
) -> None:
    bill_id = (await find_waiting(client, "BILL", "Invoice"))[0]
    for one in upstreams:
        one.clear()

    body = await decide(
        client, approval(bill_id), approval(invoice_id(FIRST)), person="visitor"
    )

    assert [
        (one["outcome"], [error["code"] for error in one["userErrors"]])
        for one in body["data"]["decide"]["results"]
    ] == [("REFUSED", ["FORBIDDEN"]), ("APPLIED", [])]
    assert [len(writes(one)) for one in upstreams] == [1, 0, 0, 0]


async def test_a_stale_version_is_refused_and_names_its_place(
    client: Client,
    accounteer: RecordingTransport,
    accounteer_simulator: AccounteerSimulator,
) -> None:
    first, second = drafts(accounteer_simulator)[:2]

    body = await decide(
        client, approval(first), approval(second, expectedVersion="1.another")
    )

    assert [one["outcome"] for one in body["data"]["decide"]["results"]] == [
        "APPLIED",
        "REFUSED",
    ]
    assert body["data"]["decide"]["results"][1]["userErrors"] == [
        {
            "code": "STALE",
            "field": ["input", "decisions", "1", "expectedVersion"],
        }
    ]
    assert len(writes(accounteer)) == 1


async def test_each_decision_leaves_a_line_in_the_log(
    client: Client,
    invoice_id: InvoiceId,
    accounteer_simulator: AccounteerSimulator,
) -> None:
    draft_id = drafts(accounteer_simulator)[0]

    with capture_logs() as lines:
        await decide(
            client,
            approval(invoice_id(FIRST), force=True),
            {"id": draft_id, "decision": "REJECT", "expectedVersion": "1.x"},
        )

    decisions = [line for line in lines if line["event"] == "decision"]
    assert sorted(decisions, key=lambda line: line["provider"]) == [
        {
            "event": "decision",
            "log_level": "info",
            "decision": "reject",
            "subject": "controller",
            "provider": "ACCOUNTEER",
            "target": draft_id,
            "force": None,
            "expected_version": "1.x",
            "outcome": "REFUSED",
            "code": "UNSUPPORTED",
        },
        {
            "event": "decision",
            "log_level": "info",
            "decision": "approve",
            "subject": "controller",
            "provider": "OTTIMATE",
            "target": invoice_id(FIRST),
            "force": True,
            "expected_version": None,
            "outcome": "APPLIED",
        },
    ]


async def test_looks_do_not_take_the_places_of_the_decisions_that_they_are_for(
    client: Client,
    accounteer: RecordingTransport,
    accounteer_simulator: AccounteerSimulator,
) -> None:
    """Two calls a second: were all read first, the first would be sent much later."""
    wanted = drafts(accounteer_simulator)

    body = await decide(client, *map(approval, wanted))

    assert {one["outcome"] for one in body["data"]["decide"]["results"]} == {"APPLIED"}
    methods = [request.method for request in accounteer.requests[:16]]
    assert methods == ["GET", "GET", "POST", "POST"] * 4


async def test_a_mutation_by_get_decides_nothing(
    client: Client, upstreams: list[RecordingTransport], invoice_id: InvoiceId
) -> None:
    response: httpx.Response = await client.http.get(
        "/graphql",
        params={
            "query": "mutation { decide(input: {decisions: [{id: "
            f'"{invoice_id(FIRST)}", decision: APPROVE}}]}}) {{ outcome }} }}'
        },
    )

    assert response.status_code == 405
    assert sent(upstreams) == []


async def test_a_bug_costs_its_own_decision_alone(
    client: Client,
    ottimate: RecordingTransport,
    accounteer: RecordingTransport,
    invoice_id: InvoiceId,
    simulator: OttimateSimulator,
    accounteer_simulator: AccounteerSimulator,
) -> None:
    """Nothing is known of it, so that nobody is told that it may be sent again."""
    draft_id = drafts(accounteer_simulator)[0]

    async def break_down(request: httpx.Request, upstream: Handler) -> httpx.Response:
        del request, upstream
        raise ZeroDivisionError

    call = f"POST /invoices/{simulator.state.numbered(FIRST).id}/approve"
    ottimate.interceptors[call] = break_down

    with capture_logs() as lines:
        body = await decide(
            client,
            approval(invoice_id(FIRST)),
            approval(invoice_id(SECOND)),
            approval(draft_id),
        )

    assert [one and one["outcome"] for one in body["data"]["decide"]["results"]] == [
        None,
        "APPLIED",
        "APPLIED",
    ]
    (error,) = body["errors"]
    assert error["path"] == ["decide", "results", 0]
    assert error["message"] == "Unexpected error."
    assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert error["extensions"]["retryable"] is False
    assert sorted(
        (str(line["outcome"]), line.get("code"))
        for line in lines
        if line["event"] == "decision"
    ) == [("APPLIED", None), ("APPLIED", None), ("None", "INTERNAL_SERVER_ERROR")]
    assert [len(writes(one)) for one in (ottimate, accounteer)] == [2, 1]
