"""Approving: what is decided, what is refused, and what was sent for it."""

from collections.abc import Callable

import httpx
import pytest

from gateway.domain import ProviderName, encode_id
from gateway.providers.ottimate.simulator import OttimateSimulator
from tests.schema.documents import APPROVE, OUTCOME, ApproverId, InvoiceId, approve_call
from tests.support import Client, Handler, RecordingTransport, writes


async def test_the_last_needed_approval_approves(
    client: Client,
    ottimate: RecordingTransport,
    simulator: OttimateSimulator,
    invoice_id: InvoiceId,
) -> None:
    body = await client.execute(
        APPROVE, {"input": {"id": invoice_id("INV-1002"), "clientMutationId": "m-1"}}
    )

    approve = body["data"]["approve"]
    assert approve.pop("approvable") == {
        "number": "INV-1002",
        "sourceStatus": "ready-for-export",
        "approvedAt": "2026-11-02T10:00:00-08:00",
    }
    assert approve == {
        "clientMutationId": "m-1",
        "outcome": "APPLIED",
        "userErrors": [],
    }
    assert ottimate.calls == [
        "GET /invoices",
        approve_call(simulator, "INV-1002"),
        "GET /invoices",
    ]
    assert ottimate.requests[1].content == b"{}"
    assert ottimate.rounds == 3


async def test_one_approval_of_several_leaves_the_invoice_pending(
    client: Client, invoice_id: InvoiceId
) -> None:
    body = await client.run("Approve", {"input": {"id": invoice_id("INV-1004")}})

    assert body["data"]["approve"] == {
        "outcome": "APPLIED",
        "approvable": {
            "__typename": "Invoice",
            "id": invoice_id("INV-1004"),
            "approvalState": "PENDING",
            "progress": {
                "rule": "UNKNOWN",
                "required": None,
                "approved": None,
                "rejected": None,
            },
            "viewerActions": [
                "APPROVE",
                "FORCE_APPROVE",
                "ADD_APPROVER",
                "REMOVE_APPROVER",
            ],
            "status": "PENDING_APPROVAL",
            "sourceStatus": "pending-approval",
            "approvedAt": None,
        },
        "approvalStatus": None,
        "userErrors": [],
    }


async def test_progress_counts_where_the_account_tells_each_status(
    client: Client, switch: Callable[..., None], invoice_id: InvoiceId
) -> None:
    switch(approver_status_field=True)

    body = await client.run("Approve", {"input": {"id": invoice_id("INV-1004")}})

    assert body["data"]["approve"]["approvable"]["progress"] == {
        "rule": "UNKNOWN",
        "required": None,
        "approved": 1,
        "rejected": 0,
    }


@pytest.mark.parametrize(
    ("sent", "body"),
    [
        ({}, b"{}"),
        ({"force": None}, b"{}"),
        ({"force": False}, b'{"force_approve":false}'),
        ({"force": True}, b'{"force_approve":true}'),
    ],
)
async def test_force_is_what_the_caller_sent_and_nothing_else(
    client: Client,
    ottimate: RecordingTransport,
    invoice_id: InvoiceId,
    sent: dict[str, bool | None],
    body: bytes,
) -> None:
    await client.execute(OUTCOME, {"input": {"id": invoice_id("INV-1002"), **sent}})

    assert ottimate.requests[1].content == body


async def test_force_goes_past_open_approvers_for_a_person_with_the_right(
    client: Client, invoice_id: InvoiceId
) -> None:
    variables = {"input": {"id": invoice_id("INV-1006"), "force": True}}

    body = await client.run("Approve", variables)

    approve = body["data"]["approve"]
    assert approve["outcome"] == "APPLIED"
    assert approve["approvable"]["approvalState"] == "APPROVED"
    assert approve["approvable"]["viewerActions"] == []


async def test_force_without_the_right_is_refused_and_never_downgraded(
    client: Client,
    ottimate: RecordingTransport,
    simulator: OttimateSimulator,
    invoice_id: InvoiceId,
) -> None:
    variables = {"input": {"id": invoice_id("INV-1012"), "force": True}}

    body = await client.execute(OUTCOME, variables, person="clerk")

    assert body["data"]["approve"] == {
        "outcome": "REFUSED",
        "userErrors": [
            {
                "code": "FORBIDDEN",
                "message": "Ottimate does not let this account's user force an "
                "approval. Nothing was changed.",
                "field": None,
                "provider": "OTTIMATE",
            }
        ],
    }
    assert writes(ottimate) == [approve_call(simulator, "INV-1012")]
    assert simulator.state.numbered("INV-1012").status == "pending-approval"
    assert len(simulator.state.numbered("INV-1012").open_records) == 1


async def test_who_is_no_approver_may_not_approve(
    client: Client, ottimate: RecordingTransport, invoice_id: InvoiceId
) -> None:
    body = await client.execute(APPROVE, {"input": {"id": invoice_id("INV-1007")}})

    assert body["data"]["approve"] == {
        "clientMutationId": None,
        "outcome": "REFUSED",
        "approvable": {
            "number": "INV-1007",
            "sourceStatus": "pending-approval",
            "approvedAt": None,
        },
        "userErrors": [{"code": "FORBIDDEN", "field": None, "provider": "OTTIMATE"}],
    }
    assert len(writes(ottimate)) == 1


@pytest.mark.parametrize("number", ["INV-1023", "INV-1024", "INV-1025"])
async def test_what_is_approved_is_not_approved_again(
    client: Client, ottimate: RecordingTransport, invoice_id: InvoiceId, number: str
) -> None:
    body = await client.execute(OUTCOME, {"input": {"id": invoice_id(number)}})

    assert body == {
        "data": {"approve": {"outcome": "ALREADY_APPLIED", "userErrors": []}}
    }
    assert ottimate.calls == ["GET /invoices"]


async def test_an_approval_that_somebody_else_completed_meanwhile_is_told(
    client: Client,
    ottimate: RecordingTransport,
    simulator: OttimateSimulator,
    invoice_id: InvoiceId,
) -> None:
    async def beaten(request: httpx.Request, upstream: Handler) -> httpx.Response:
        await upstream(request)
        return await upstream(request)

    ottimate.interceptors[approve_call(simulator, "INV-1002")] = beaten

    body = await client.execute(OUTCOME, {"input": {"id": invoice_id("INV-1002")}})

    assert body["data"]["approve"]["outcome"] == "ALREADY_APPLIED"


@pytest.mark.parametrize(
    "number",
    # Approved by this user already; still processing; incomplete; archived.
    ["INV-1016", "INV-1020", "INV-1021", "INV-1026"],
)
async def test_a_state_that_takes_no_approval_is_a_conflict(
    client: Client, invoice_id: InvoiceId, number: str
) -> None:
    body = await client.execute(OUTCOME, {"input": {"id": invoice_id(number)}})

    approve = body["data"]["approve"]
    assert approve["outcome"] == "REFUSED"
    assert [error["code"] for error in approve["userErrors"]] == ["CONFLICT"]


async def test_an_unknown_invoice_is_not_found_and_nothing_is_written(
    client: Client, ottimate: RecordingTransport
) -> None:
    unknown = encode_id("Invoice", ProviderName.OTTIMATE, "no-such-invoice")

    body = await client.execute(APPROVE, {"input": {"id": unknown}})

    assert body["data"]["approve"] == {
        "clientMutationId": None,
        "outcome": "REFUSED",
        "approvable": None,
        "userErrors": [
            {"code": "NOT_FOUND", "field": ["input", "id"], "provider": "OTTIMATE"}
        ],
    }
    assert writes(ottimate) == []


async def test_an_invoice_out_of_the_callers_scope_is_as_unknown(
    client: Client, ottimate: RecordingTransport, invoice_id: InvoiceId
) -> None:
    variables = {"input": {"id": invoice_id("INV-1014")}}

    body = await client.execute(OUTCOME, variables, person="clerk")

    assert [one["code"] for one in body["data"]["approve"]["userErrors"]] == [
        "NOT_FOUND"
    ]
    assert writes(ottimate) == []


@pytest.mark.parametrize(
    "malformed", ["", "INV-1001", "é", "W10", "WzEsIkludm9pY2UiXQ"]
)
async def test_a_malformed_id_is_invalid_and_nothing_is_sent(
    client: Client, ottimate: RecordingTransport, malformed: str
) -> None:
    body = await client.execute(APPROVE, {"input": {"id": malformed}})

    assert body["data"]["approve"] == {
        "clientMutationId": None,
        "outcome": "REFUSED",
        "approvable": None,
        "userErrors": [{"code": "INVALID", "field": ["input", "id"], "provider": None}],
    }
    assert ottimate.calls == []


async def test_an_id_of_another_type_is_invalid_and_nothing_is_sent(
    client: Client, ottimate: RecordingTransport, approver_id: ApproverId
) -> None:
    variables = {"input": {"id": approver_id("INV-1001", 0)}}

    body = await client.execute(OUTCOME, variables)

    assert body["data"]["approve"] == {
        "outcome": "REFUSED",
        "userErrors": [
            {
                "code": "INVALID",
                "message": "`id` takes the id of Invoice, and this is the id of "
                "Approver.",
                "field": ["input", "id"],
                "provider": None,
            }
        ],
    }
    assert ottimate.calls == []


async def test_an_invoice_that_vanishes_before_the_write_is_not_found(
    client: Client,
    ottimate: RecordingTransport,
    simulator: OttimateSimulator,
    invoice_id: InvoiceId,
) -> None:
    async def vanish(request: httpx.Request, upstream: Handler) -> httpx.Response:
        # Moved to a location that this caller cannot see.
        simulator.state.numbered("INV-1012").location_id = 7732
        return await upstream(request)

    ottimate.interceptors[approve_call(simulator, "INV-1012")] = vanish
    variables = {"input": {"id": invoice_id("INV-1012")}}

    body = await client.execute(OUTCOME, variables, person="clerk")

    assert [one["code"] for one in body["data"]["approve"]["userErrors"]] == [
        "NOT_FOUND"
    ]
