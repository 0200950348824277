"""What Ottimate, or an account with it, cannot be asked to do."""

from collections.abc import Callable

import httpx
import pytest

from gateway.providers.ottimate.simulator import OttimateSimulator
from tests.schema.documents import ADD, APPROVE, REMOVE, ApproverId, InvoiceId
from tests.support import Client, Handler, RecordingTransport, writes


async def test_a_note_that_ottimate_cannot_take_is_refused_before_any_call(
    client: Client, ottimate: RecordingTransport, invoice_id: InvoiceId
) -> None:
    variables = {"input": {"id": invoice_id("INV-1002"), "note": "fine"}}

    body = await client.execute(APPROVE, variables)

    assert body["data"]["approve"]["outcome"] == "REFUSED"
    assert body["data"]["approve"]["approvable"] is None
    assert body["data"]["approve"]["userErrors"] == [
        {"code": "UNSUPPORTED", "field": ["input", "note"], "provider": "OTTIMATE"}
    ]
    assert ottimate.calls == []


@pytest.mark.parametrize(
    ("operation", "payload", "variables"),
    [
        ("Reject", "reject", {"note": "no"}),
        ("SetApprovers", "setApprovers", {"userSourceIds": ["136597"]}),
    ],
)
async def test_what_ottimate_lacks_is_unsupported_without_any_call(
    client: Client,
    ottimate: RecordingTransport,
    invoice_id: InvoiceId,
    operation: str,
    payload: str,
    variables: dict[str, object],
) -> None:
    key = "id" if operation == "Reject" else "invoiceId"

    body = await client.run(
        operation, {"input": {key: invoice_id("INV-1001"), **variables}}
    )

    shown = body["data"][payload]
    assert "errors" not in body
    assert shown["outcome"] == "REFUSED"
    assert [error["code"] for error in shown["userErrors"]] == ["UNSUPPORTED"]
    assert ottimate.calls == []
    assert ottimate.sign_ins == 0


async def test_reject_names_what_ottimate_has_instead(
    client: Client, invoice_id: InvoiceId
) -> None:
    body = await client.run("Reject", {"input": {"id": invoice_id("INV-1001")}})

    (error,) = body["data"]["reject"]["userErrors"]
    assert "`flagInvoice`" in error["message"]


@pytest.mark.parametrize("absent_status", [403, 404, 405, 501])
@pytest.mark.parametrize("payload", ["approve", "addApprover", "removeApprover"])
async def test_an_account_without_a_call_answers_unsupported(
    client: Client,
    ottimate: RecordingTransport,
    switch: Callable[..., None],
    invoice_id: InvoiceId,
    approver_id: ApproverId,
    absent_status: int,
    payload: str,
) -> None:
    switch(
        absent_calls=("approve", "add_approver", "remove_approver"),
        absent_status=absent_status,
    )
    query, variables = {
        "approve": (APPROVE, {"id": invoice_id("INV-1002")}),
        "addApprover": (
            ADD,
            {"invoiceId": invoice_id("INV-1002"), "userSourceId": "136597"},
        ),
        "removeApprover": (REMOVE, {"approverId": approver_id("INV-1001", 1)}),
    }[payload]

    body = await client.execute(query, {"input": variables})

    shown = body["data"][payload]
    assert shown["outcome"] == "REFUSED"
    assert [error["code"] for error in shown["userErrors"]] == ["UNSUPPORTED"]
    assert len(writes(ottimate)) == 1


@pytest.mark.parametrize("payload", ["approve", "addApprover", "removeApprover"])
async def test_a_call_that_is_not_found_for_an_invoice_that_is_there_is_absent(
    client: Client,
    ottimate: RecordingTransport,
    simulator: OttimateSimulator,
    invoice_id: InvoiceId,
    approver_id: ApproverId,
    payload: str,
) -> None:
    async def not_found(request: httpx.Request, upstream: Handler) -> httpx.Response:
        del request, upstream
        return httpx.Response(404, json={"code": "GEN4040", "message": "Not found."})

    path = f"/invoices/{simulator.state.numbered('INV-1001').id}"
    call, query, variables = {
        "approve": (
            f"POST {path}/approve",
            APPROVE,
            {"id": invoice_id("INV-1001")},
        ),
        "addApprover": (
            f"POST {path}/approvers",
            ADD,
            {"invoiceId": invoice_id("INV-1001"), "userSourceId": "140377"},
        ),
        "removeApprover": (
            f"DELETE {path}/approvers",
            REMOVE,
            {"approverId": approver_id("INV-1001", 1)},
        ),
    }[payload]
    ottimate.interceptors[call] = not_found

    body = await client.execute(query, {"input": variables})

    shown = body["data"][payload]
    assert shown["outcome"] == "REFUSED"
    assert [error["code"] for error in shown["userErrors"]] == ["UNSUPPORTED"]
    assert writes(ottimate) == [call]
