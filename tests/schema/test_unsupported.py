"""What Ottimate, or an account with it, cannot be asked to do."""

from collections.abc import Callable

import httpx
import pytest

from gateway.app import create_app
from gateway.domain import ProviderName, encode_id
from gateway.providers.ottimate import PROVIDER as OTTIMATE
from gateway.providers.ottimate.simulator import OttimateSimulator
from gateway.sandbox import Sandbox
from gateway.settings import read_settings
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


async def test_ottimate_cannot_clear_an_invoices_approvers(
    client: Client, ottimate: RecordingTransport, invoice_id: InvoiceId
) -> None:
    body = await client.execute(
        """
        mutation ($input: ClearApproversInput!) {
          clearApprovers(input: $input) {
            outcome invoice { id } userErrors { code message field provider }
          }
        }
        """,
        {"input": {"invoiceId": invoice_id("INV-1001")}},
    )

    assert body == {
        "data": {
            "clearApprovers": {
                "outcome": "REFUSED",
                "invoice": None,
                "userErrors": [
                    {
                        "code": "UNSUPPORTED",
                        "message": (
                            "Ottimate cannot clear an invoice's approvers at once; use "
                            "`removeApprover`. Nothing was sent."
                        ),
                        "field": None,
                        "provider": "OTTIMATE",
                    }
                ],
            }
        }
    }
    assert (ottimate.calls, ottimate.sign_ins) == ([], 0)


@pytest.mark.parametrize(
    ("mutation", "members"),
    [
        ("updatePolicy", {"amountThreshold": "100"}),
        ("deletePolicy", {}),
        ("restorePolicy", {}),
        ("addPolicyApprover", {"userSourceId": "136597"}),
        ("removePolicyApprover", {"userSourceId": "136597"}),
    ],
)
async def test_ottimate_has_no_call_that_changes_a_policy(
    client: Client,
    ottimate: RecordingTransport,
    bill: RecordingTransport,
    source_id: InvoiceId,
    mutation: str,
    members: dict[str, object],
) -> None:
    policy = encode_id(
        "Policy",
        ProviderName.OTTIMATE,
        "plcy_e00205b8f7cf11f0b0300eff1c63a64d",
        source_id("INV-1001"),
    )
    type_name = f"{mutation[0].upper()}{mutation[1:]}Input"

    body = await client.execute(
        f"mutation ($input: {type_name}!) {{ {mutation}(input: $input) "
        "{ outcome policy { id } userErrors { code field provider } } }",
        {"input": {"policyId": policy, **members}},
    )

    assert body == {
        "data": {
            mutation: {
                "outcome": "REFUSED",
                "policy": None,
                "userErrors": [
                    {"code": "UNSUPPORTED", "field": None, "provider": "OTTIMATE"}
                ],
            }
        }
    }
    assert ottimate.calls == bill.calls == []
    assert (ottimate.sign_ins, bill.sign_ins) == (0, 0)


async def test_ottimate_lists_no_policies_and_no_queue_of_nobody_and_is_not_asked(
    client: Client, ottimate: RecordingTransport
) -> None:
    body = await client.execute(
        """
        {
          policies(filter: {providers: [OTTIMATE]}) {
            totalCount nodes { id } sources { provider }
          }
          policyBySource(provider: OTTIMATE, sourceId: "plcy_1") { id }
          viewer { approvals(filter: {providers: [OTTIMATE]}) {
            totalCount nodes { id }
          } }
        }
        """,
        person="visitor",
    )

    assert body == {
        "data": {
            "policies": {"totalCount": 0, "nodes": [], "sources": []},
            "policyBySource": None,
            # Whose queue it is nobody says, so what waits is unknown.
            "viewer": {"approvals": {"totalCount": None, "nodes": []}},
        }
    }
    assert (ottimate.calls, ottimate.sign_ins) == ([], 0)


async def test_where_no_provider_keeps_policies_none_is_made(
    sandbox: Sandbox, ottimate: RecordingTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key, value in sandbox.settings(OTTIMATE).items():
        monkeypatch.setenv(f"GATEWAY_OTTIMATE__{key}".upper(), value)
    settings = read_settings({OTTIMATE.key: OTTIMATE.settings})
    app = create_app(settings, transports={ProviderName.OTTIMATE: ottimate})
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://127.0.0.1"
    ) as http:
        body = await Client(http).execute(
            'mutation { createPolicy(input: {amountThreshold: "1"}) '
            "{ outcome policy { id } userErrors { code provider } } }"
        )

    assert body == {
        "data": {
            "createPolicy": {
                "outcome": "REFUSED",
                "policy": None,
                "userErrors": [{"code": "UNSUPPORTED", "provider": None}],
            }
        }
    }
    assert (ottimate.calls, ottimate.sign_ins) == ([], 0)


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
