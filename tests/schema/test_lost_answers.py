"""Writes whose answer was lost, and the reading back after every write."""

from collections.abc import Callable

import httpx
import pytest

from gateway.providers.ottimate.simulator import OttimateSimulator
from tests.support import Client, FakeTime, Handler, RecordingTransport, lose, writes

InvoiceId = Callable[[str], str]

APPROVE = """
mutation ($input: ApproveInput!) {
  approve(input: $input) {
    clientMutationId
    outcome
    approvable { ... on Invoice { number sourceStatus approvedAt } }
    userErrors { code field provider }
  }
}
"""
OUTCOME = """
mutation ($input: ApproveInput!) {
  approve(input: $input) { outcome userErrors { code message field provider } }
}
"""


def approve_call(simulator: OttimateSimulator, number: str) -> str:
    return f"POST /invoices/{simulator.state.numbered(number).id}/approve"


async def test_a_lost_answer_is_settled_by_reading_and_never_by_sending_again(
    client: Client,
    ottimate: RecordingTransport,
    simulator: OttimateSimulator,
    invoice_id: InvoiceId,
) -> None:
    ottimate.interceptors[approve_call(simulator, "INV-1002")] = lose

    body = await client.execute(OUTCOME, {"input": {"id": invoice_id("INV-1002")}})

    assert body == {"data": {"approve": {"outcome": "APPLIED", "userErrors": []}}}
    assert writes(ottimate) == [approve_call(simulator, "INV-1002")]


@pytest.mark.parametrize(
    "fault", ["lost_answer", "internal_error", "bad_gateway", "unavailable"]
)
async def test_an_answer_lost_upstream_is_unknown_until_reading_proves_it(
    client: Client,
    ottimate: RecordingTransport,
    simulator: OttimateSimulator,
    switch: Callable[..., None],
    invoice_id: InvoiceId,
    fault: str,
) -> None:
    switch(fault=fault, fault_calls=("approve",))

    body = await client.execute(OUTCOME, {"input": {"id": invoice_id("INV-1002")}})

    is_done = fault == "lost_answer"
    assert body["data"]["approve"] == {
        "outcome": "APPLIED" if is_done else "UNKNOWN",
        "userErrors": [],
    }
    assert writes(ottimate) == [approve_call(simulator, "INV-1002")]


async def test_a_partial_approval_whose_answer_was_lost_stays_unknown(
    client: Client,
    ottimate: RecordingTransport,
    simulator: OttimateSimulator,
    time: FakeTime,
    invoice_id: InvoiceId,
) -> None:
    ottimate.interceptors[approve_call(simulator, "INV-1004")] = lose

    body = await client.execute(APPROVE, {"input": {"id": invoice_id("INV-1004")}})

    approve = body["data"]["approve"]
    assert approve["outcome"] == "UNKNOWN"
    assert approve["approvable"]["sourceStatus"] == "pending-approval"
    assert approve["userErrors"] == []
    assert len(writes(ottimate)) == 1
    assert time.slept == [0.0, 0.5, 1.5]


async def test_a_read_back_that_fails_leaves_a_lost_answer_unknown(
    client: Client,
    ottimate: RecordingTransport,
    simulator: OttimateSimulator,
    switch: Callable[..., None],
    invoice_id: InvoiceId,
) -> None:
    async def lose_and_fall(
        request: httpx.Request, upstream: Handler
    ) -> httpx.Response:
        await upstream(request)
        switch(fault="unavailable")
        raise httpx.ReadTimeout("lost", request=request)

    ottimate.interceptors[approve_call(simulator, "INV-1002")] = lose_and_fall

    body = await client.execute(OUTCOME, {"input": {"id": invoice_id("INV-1002")}})

    assert body["data"]["approve"] == {"outcome": "UNKNOWN", "userErrors": []}
    assert len(writes(ottimate)) == 1


async def test_a_write_that_never_left_is_a_fault_that_may_be_tried_again(
    client: Client,
    ottimate: RecordingTransport,
    simulator: OttimateSimulator,
    invoice_id: InvoiceId,
) -> None:
    async def unreachable(request: httpx.Request, upstream: Handler) -> httpx.Response:
        del upstream
        raise httpx.ConnectError("refused", request=request)

    ottimate.interceptors[approve_call(simulator, "INV-1002")] = unreachable

    body = await client.execute(OUTCOME, {"input": {"id": invoice_id("INV-1002")}})

    (error,) = body["errors"]
    request_id = body["extensions"]["requestId"]
    assert body["data"] == {"approve": None}
    assert error["path"] == ["approve"]
    assert error["extensions"] == {
        "code": "UPSTREAM_UNAVAILABLE",
        "provider": "OTTIMATE",
        "retryable": True,
        "requestId": request_id,
    }
    assert len(writes(ottimate)) == 1


async def test_a_write_that_is_throttled_is_not_sent_again(
    client: Client,
    ottimate: RecordingTransport,
    switch: Callable[..., None],
    invoice_id: InvoiceId,
) -> None:
    switch(fault="throttled", fault_calls=("approve",))

    body = await client.execute(OUTCOME, {"input": {"id": invoice_id("INV-1002")}})

    (error,) = body["errors"]
    assert error["extensions"]["code"] == "UPSTREAM_RATE_LIMITED"
    assert error["extensions"]["retryable"] is True
    assert len(writes(ottimate)) == 1


async def test_any_body_of_a_successful_answer_will_do(
    client: Client, switch: Callable[..., None], invoice_id: InvoiceId
) -> None:
    switch(fault="empty", fault_calls=("approve",))

    body = await client.execute(APPROVE, {"input": {"id": invoice_id("INV-1002")}})

    approve = body["data"]["approve"]
    assert approve["outcome"] == "APPLIED"
    assert approve["approvable"]["sourceStatus"] == "ready-for-export"


async def test_a_refused_sign_in_is_renewed_and_the_write_sent_once_more(
    client: Client,
    ottimate: RecordingTransport,
    simulator: OttimateSimulator,
    switch: Callable[..., None],
    invoice_id: InvoiceId,
) -> None:
    switch(fault="unauthorised", fault_calls=("approve",), fault_times=1)

    body = await client.execute(OUTCOME, {"input": {"id": invoice_id("INV-1002")}})

    assert body["data"]["approve"] == {"outcome": "APPLIED", "userErrors": []}
    assert writes(ottimate) == [approve_call(simulator, "INV-1002")] * 2
    assert ottimate.sign_ins == 2


async def test_a_read_back_that_fails_costs_its_field_and_not_the_outcome(
    client: Client,
    ottimate: RecordingTransport,
    simulator: OttimateSimulator,
    switch: Callable[..., None],
    invoice_id: InvoiceId,
) -> None:
    async def fall(request: httpx.Request, upstream: Handler) -> httpx.Response:
        response = await upstream(request)
        switch(fault="unavailable")
        return response

    ottimate.interceptors[approve_call(simulator, "INV-1002")] = fall

    body = await client.execute(APPROVE, {"input": {"id": invoice_id("INV-1002")}})

    assert body["data"]["approve"] == {
        "clientMutationId": None,
        "outcome": "APPLIED",
        "approvable": None,
        "userErrors": [],
    }
    (error,) = body["errors"]
    assert error["path"] == ["approve", "approvable"]
    assert error["extensions"]["code"] == "UPSTREAM_UNAVAILABLE"


async def test_the_payload_is_read_after_the_write_also_behind_a_stale_cache(
    client: Client, switch: Callable[..., None], invoice_id: InvoiceId
) -> None:
    switch(stale_read_seconds=300)
    card = await client.run("InvoiceCard", {"id": invoice_id("INV-1002")})

    body = await client.execute(APPROVE, {"input": {"id": invoice_id("INV-1002")}})

    assert card["data"]["node"]["approvalState"] == "PENDING"
    shown = body["data"]["approve"]["approvable"]
    assert shown["sourceStatus"] == "ready-for-export"


async def test_each_mutation_of_a_request_reads_back_what_it_wrote(
    client: Client, ottimate: RecordingTransport, invoice_id: InvoiceId
) -> None:
    body = await client.execute(
        """
        mutation ($id: ID!) {
          add: addApprover(input: {invoiceId: $id, userSourceId: "140377"}) {
            invoice { status approvers { user { sourceId } } }
          }
          approve(input: {id: $id, force: true}) {
            approvable { ... on Invoice { status } }
          }
        }
        """,
        {"id": invoice_id("INV-1002")},
    )

    assert body["data"] == {
        "add": {
            "invoice": {
                "status": "PENDING_APPROVAL",
                "approvers": [
                    {"user": {"sourceId": "138872"}},
                    {"user": {"sourceId": "140377"}},
                ],
            }
        },
        "approve": {"approvable": {"status": "APPROVED"}},
    }
    assert len(writes(ottimate)) == 2
