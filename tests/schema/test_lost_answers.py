"""Writes whose answer was lost, and the reading back after every write."""

from collections.abc import Callable

import httpx
import pytest
from structlog.testing import capture_logs

from gateway.domain import ProviderName, encode_id
from gateway.providers.ottimate.simulator import OttimateSimulator
from tests.schema.documents import APPROVE, OUTCOME, InvoiceId, approve_call
from tests.support import (
    Client,
    FakeTime,
    Handler,
    RecordingTransport,
    lose,
    never_leaves,
    writes,
)


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
    ottimate.interceptors[approve_call(simulator, "INV-1002")] = never_leaves

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


@pytest.mark.parametrize("fault", ["html", "wrong_shape"])
async def test_a_success_that_ottimate_did_not_write_proves_nothing(
    client: Client,
    ottimate: RecordingTransport,
    simulator: OttimateSimulator,
    switch: Callable[..., None],
    invoice_id: InvoiceId,
    fault: str,
) -> None:
    switch(fault=fault, fault_calls=("approve", "add_approver", "remove_approver"))
    record = simulator.state.numbered("INV-1001").records[1]
    variables = {
        "approve": {"id": invoice_id("INV-1002")},
        "add": {"invoiceId": invoice_id("INV-1002"), "userSourceId": "136597"},
        "remove": {
            "approverId": encode_id(
                "Approver",
                ProviderName.OTTIMATE,
                record.id,
                simulator.state.numbered("INV-1001").id,
            )
        },
    }

    body = await client.execute(
        """
        mutation (
          $approve: ApproveInput!
          $add: AddApproverInput!
          $remove: RemoveApproverInput!
        ) {
          approve(input: $approve) { outcome }
          addApprover(input: $add) { outcome approver { id } }
          removeApprover(input: $remove) { outcome removedApproverId }
        }
        """,
        variables,
    )

    assert body == {
        "data": {
            "approve": {"outcome": "UNKNOWN"},
            "addApprover": {"outcome": "UNKNOWN", "approver": None},
            "removeApprover": {"outcome": "UNKNOWN", "removedApproverId": None},
        }
    }
    assert len(writes(ottimate)) == 3


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(403, json={"code": "INV4030", "message": "No."}),
        httpx.Response(404),
        httpx.Response(409, json={"code": "INV4090", "message": "No."}),
        httpx.Response(500, content=b'{"message": "\xff"}'),
        httpx.Response(200, content=b"[" * 5000),
    ],
    ids=["refused", "absent", "conflict", "no UTF-8", "too deep"],
)
async def test_a_read_back_that_is_refused_does_not_undo_a_lost_write(
    client: Client,
    ottimate: RecordingTransport,
    simulator: OttimateSimulator,
    invoice_id: InvoiceId,
    answer: httpx.Response,
) -> None:
    async def refuse(request: httpx.Request, upstream: Handler) -> httpx.Response:
        del request, upstream
        return httpx.Response(answer.status_code, content=answer.content)

    async def lose_and_close(
        request: httpx.Request, upstream: Handler
    ) -> httpx.Response:
        ottimate.interceptors["GET /invoices"] = refuse
        return await lose(request, upstream)

    ottimate.interceptors[approve_call(simulator, "INV-1002")] = lose_and_close

    body = await client.execute(OUTCOME, {"input": {"id": invoice_id("INV-1002")}})

    assert body["data"]["approve"] == {"outcome": "UNKNOWN", "userErrors": []}
    assert len(writes(ottimate)) == 1


@pytest.mark.parametrize(
    "content",
    [
        b'{"version": "1.0.0", "success": false, "message": "No."}',
        b'{"success": null}',
        b'{"invoice": null}',
        b'{"success": false, "invoice": {"status": "pending-approval"}}',
        b"[]",
        b"null",
    ],
)
async def test_a_success_that_says_no_is_not_applied(
    client: Client,
    ottimate: RecordingTransport,
    simulator: OttimateSimulator,
    invoice_id: InvoiceId,
    content: bytes,
) -> None:
    async def deny(request: httpx.Request, upstream: Handler) -> httpx.Response:
        del request, upstream
        return httpx.Response(200, content=content)

    ottimate.interceptors[approve_call(simulator, "INV-1002")] = deny

    body = await client.execute(OUTCOME, {"input": {"id": invoice_id("INV-1002")}})

    assert body["data"]["approve"] == {"outcome": "UNKNOWN", "userErrors": []}
    assert len(writes(ottimate)) == 1


async def test_a_retry_after_that_is_no_date_does_not_break_a_write(
    client: Client,
    ottimate: RecordingTransport,
    simulator: OttimateSimulator,
    invoice_id: InvoiceId,
) -> None:
    async def odd(request: httpx.Request, upstream: Handler) -> httpx.Response:
        response = await upstream(request)
        date = "Thu, 01 Jan 99999999999999999999 00:00:00 GMT"
        response.headers["Retry-After"] = date
        return response

    ottimate.interceptors[approve_call(simulator, "INV-1002")] = odd

    body = await client.execute(OUTCOME, {"input": {"id": invoice_id("INV-1002")}})

    assert body["data"]["approve"] == {"outcome": "APPLIED", "userErrors": []}


@pytest.mark.parametrize(
    "content", [b'{"approver": {"id": "\xff"}}', b'{"approver":' + b"[" * 3000]
)
async def test_an_added_approver_is_found_behind_an_unreadable_answer(
    client: Client,
    ottimate: RecordingTransport,
    simulator: OttimateSimulator,
    invoice_id: InvoiceId,
    content: bytes,
) -> None:
    async def garble(request: httpx.Request, upstream: Handler) -> httpx.Response:
        await upstream(request)
        return httpx.Response(201, content=content)

    invoice = simulator.state.numbered("INV-1002")
    ottimate.interceptors[f"POST /invoices/{invoice.id}/approvers"] = garble

    body = await client.execute(
        "mutation ($input: AddApproverInput!) "
        "{ addApprover(input: $input) { outcome approver { user { sourceId } } } }",
        {"input": {"invoiceId": invoice_id("INV-1002"), "userSourceId": "136597"}},
    )

    assert body["data"]["addApprover"] == {
        "outcome": "APPLIED",
        "approver": {"user": {"sourceId": "136597"}},
    }


async def test_an_unreadable_failure_of_a_write_is_a_lost_answer(
    client: Client,
    ottimate: RecordingTransport,
    simulator: OttimateSimulator,
    invoice_id: InvoiceId,
) -> None:
    async def garble(request: httpx.Request, upstream: Handler) -> httpx.Response:
        await upstream(request)
        return httpx.Response(502, content=b'{"message": "\xff\xfe"}')

    ottimate.interceptors[approve_call(simulator, "INV-1002")] = garble

    body = await client.execute(OUTCOME, {"input": {"id": invoice_id("INV-1002")}})

    assert body["data"]["approve"]["outcome"] == "APPLIED"
    assert len(writes(ottimate)) == 1


async def test_a_decision_leaves_a_line_that_says_who_decided_what(
    client: Client, invoice_id: InvoiceId
) -> None:
    variables = {"input": {"id": invoice_id("INV-1012"), "force": True}}

    with capture_logs() as lines:
        await client.execute(OUTCOME, variables, person="clerk")

    (line,) = [one for one in lines if one["event"] == "decision"]
    assert line == {
        "event": "decision",
        "log_level": "info",
        "decision": "approve",
        "subject": "clerk",
        "provider": "OTTIMATE",
        "target": invoice_id("INV-1012"),
        "force": True,
        "expected_version": None,
        "outcome": "REFUSED",
        "code": "FORBIDDEN",
    }
