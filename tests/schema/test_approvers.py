"""Adding and removing approvers."""

from collections.abc import Awaitable, Callable

import httpx
import pytest

from gateway.domain import ProviderName, encode_id
from gateway.providers.ottimate.simulator import OttimateSimulator
from tests.schema.documents import ADD, REMOVE, ApproverId, InvoiceId
from tests.support import (
    Client,
    Handler,
    RecordingTransport,
    lose,
    never_arrives,
    writes,
)


async def test_adding_an_approver_shows_the_new_record(
    client: Client,
    ottimate: RecordingTransport,
    simulator: OttimateSimulator,
    invoice_id: InvoiceId,
) -> None:
    variables = {
        "input": {"invoiceId": invoice_id("INV-1002"), "userSourceId": "136597"}
    }

    body = await client.execute(ADD, variables)

    invoice = simulator.state.numbered("INV-1002")
    record = invoice.records[-1]
    assert body["data"]["addApprover"] == {
        "outcome": "APPLIED",
        "approver": {
            "sourceId": record.id,
            "isManual": True,
            "user": {"sourceId": "136597"},
        },
        "invoice": {"approvers": [{"sourceId": one.id} for one in invoice.records]},
        "userErrors": [],
    }
    path = f"/invoices/{invoice.id}/approvers"
    assert sorted(ottimate.calls) == sorted(
        ["GET /invoices", f"GET {path}", f"POST {path}", "GET /invoices", f"GET {path}"]
    )


async def test_adding_who_is_asked_already_changes_nothing(
    client: Client, simulator: OttimateSimulator, invoice_id: InvoiceId
) -> None:
    variables = {
        "input": {"invoiceId": invoice_id("INV-1001"), "userSourceId": "136597"}
    }

    body = await client.execute(ADD, variables)

    shown = body["data"]["addApprover"]
    assert shown["outcome"] == "ALREADY_APPLIED"
    assert shown["approver"]["sourceId"] == "pbjappr_c1f04ec4f7a011f0ac5f0eff1c63a64d"
    assert len(simulator.state.numbered("INV-1001").records) == 2


@pytest.mark.parametrize(
    ("number", "person", "code", "field"),
    [
        ("INV-1002", {"userSourceId": "999"}, "INVALID", ["input", "userSourceId"]),
        ("INV-1024", {"userSourceId": "136597"}, "CONFLICT", None),
        ("INV-1002", {"email": "peter@example.com"}, "INVALID", ["input", "email"]),
        ("INV-1002", {}, "INVALID", ["input", "userSourceId"]),
        (
            "INV-1002",
            {"userSourceId": "136597", "email": "peter@example.com"},
            "INVALID",
            ["input", "userSourceId"],
        ),
    ],
)
async def test_an_approver_who_cannot_be_added_is_refused(
    client: Client,
    simulator: OttimateSimulator,
    invoice_id: InvoiceId,
    number: str,
    person: dict[str, str],
    code: str,
    field: list[str] | None,
) -> None:
    before = len(simulator.state.numbered(number).records)

    body = await client.execute(
        ADD, {"input": {"invoiceId": invoice_id(number), **person}}
    )

    shown = body["data"]["addApprover"]
    assert shown["outcome"] == "REFUSED"
    assert shown["approver"] is None
    assert shown["userErrors"] == [{"code": code, "field": field}]
    assert len(shown["invoice"]["approvers"]) == before
    assert len(simulator.state.numbered(number).records) == before


async def test_a_person_who_may_not_add_approvers_is_told(
    client: Client, switch: Callable[..., None], invoice_id: InvoiceId
) -> None:
    switch(withheld_permissions=("add_approvers",))
    variables = {
        "input": {"invoiceId": invoice_id("INV-1002"), "userSourceId": "136597"}
    }

    body = await client.execute(ADD, variables)

    assert body["data"]["addApprover"]["userErrors"] == [
        {"code": "FORBIDDEN", "field": None}
    ]


@pytest.mark.parametrize(
    ("intercept", "outcome"), [(lose, "APPLIED"), (never_arrives, "UNKNOWN")]
)
async def test_an_added_approver_whose_answer_was_lost_is_looked_for(
    client: Client,
    ottimate: RecordingTransport,
    simulator: OttimateSimulator,
    invoice_id: InvoiceId,
    intercept: Callable[[httpx.Request, Handler], Awaitable[httpx.Response]],
    outcome: str,
) -> None:
    invoice = simulator.state.numbered("INV-1002")
    ottimate.interceptors[f"POST /invoices/{invoice.id}/approvers"] = intercept
    variables = {
        "input": {"invoiceId": invoice_id("INV-1002"), "userSourceId": "136597"}
    }

    body = await client.execute(ADD, variables)

    shown = body["data"]["addApprover"]
    assert shown["outcome"] == outcome
    assert (shown["approver"] is not None) == (outcome == "APPLIED")
    assert len(writes(ottimate)) == 1


async def test_an_added_approver_is_found_when_the_answer_hides_it(
    client: Client, switch: Callable[..., None], invoice_id: InvoiceId
) -> None:
    switch(fault="empty", fault_calls=("add_approver",))
    variables = {
        "input": {"invoiceId": invoice_id("INV-1002"), "userSourceId": "136597"}
    }

    body = await client.execute(ADD, variables)

    shown = body["data"]["addApprover"]
    assert shown["outcome"] == "APPLIED"
    assert shown["approver"]["user"] == {"sourceId": "136597"}


async def test_a_conflict_that_leaves_no_record_is_told(
    client: Client,
    ottimate: RecordingTransport,
    simulator: OttimateSimulator,
    invoice_id: InvoiceId,
) -> None:
    async def conflict(request: httpx.Request, upstream: Handler) -> httpx.Response:
        del request, upstream
        return httpx.Response(409, json={"code": "INV4090", "message": "In flight."})

    invoice = simulator.state.numbered("INV-1002")
    ottimate.interceptors[f"POST /invoices/{invoice.id}/approvers"] = conflict
    variables = {
        "input": {"invoiceId": invoice_id("INV-1002"), "userSourceId": "136597"}
    }

    body = await client.execute(ADD, variables)

    assert body["data"]["addApprover"]["userErrors"] == [
        {"code": "CONFLICT", "field": None}
    ]


async def test_removing_an_approver_sends_the_records_id(
    client: Client,
    ottimate: RecordingTransport,
    simulator: OttimateSimulator,
    approver_id: ApproverId,
) -> None:
    gone = approver_id("INV-1001", 1)

    body = await client.execute(REMOVE, {"input": {"approverId": gone}})

    assert body["data"]["removeApprover"] == {
        "outcome": "APPLIED",
        "removedApproverId": gone,
        "invoice": {
            "approvers": [{"sourceId": "pbjappr_e1e7eb2cf7cf11f080d40eff1c63a64d"}]
        },
        "userErrors": [],
    }
    path = f"/invoices/{simulator.state.numbered('INV-1001').id}/approvers"
    assert ottimate.calls == [
        f"GET {path}",
        f"DELETE {path}",
        "GET /invoices",
        f"GET {path}",
    ]
    assert ottimate.params(1) == {
        "approval_id": "pbjappr_c1f04ec4f7a011f0ac5f0eff1c63a64d"
    }


async def test_removing_the_last_approver_never_approves(
    client: Client, simulator: OttimateSimulator, approver_id: ApproverId
) -> None:
    variables = {"input": {"approverId": approver_id("INV-1008", 0)}}

    body = await client.execute(REMOVE, variables)

    assert body["data"]["removeApprover"]["outcome"] == "APPLIED"
    assert simulator.state.numbered("INV-1008").status == "pending-approval"


async def test_an_approver_of_another_invoice_is_not_found_and_nothing_is_written(
    client: Client,
    ottimate: RecordingTransport,
    simulator: OttimateSimulator,
) -> None:
    record = simulator.state.numbered("INV-1002").records[0]
    forged = encode_id(
        "Approver",
        ProviderName.OTTIMATE,
        record.id,
        simulator.state.numbered("INV-1001").id,
    )

    body = await client.execute(REMOVE, {"input": {"approverId": forged}})

    shown = body["data"]["removeApprover"]
    assert shown["outcome"] == "REFUSED"
    assert shown["removedApproverId"] is None
    assert shown["userErrors"] == [
        {"code": "NOT_FOUND", "field": ["input", "approverId"]}
    ]
    assert writes(ottimate) == []
    assert len(simulator.state.numbered("INV-1002").records) == 1


@pytest.mark.parametrize("invoice", ["", "..", "a/b", "no-such-invoice"])
async def test_an_approver_of_no_invoice_is_not_found(
    client: Client, ottimate: RecordingTransport, invoice: str
) -> None:
    forged = encode_id("Approver", ProviderName.OTTIMATE, "pbjappr_1", invoice)

    body = await client.execute(REMOVE, {"input": {"approverId": forged}})

    assert body["data"]["removeApprover"]["userErrors"] == [
        {"code": "NOT_FOUND", "field": ["input", "approverId"]}
    ]
    assert writes(ottimate) == []


async def test_who_has_approved_is_not_removed(
    client: Client, simulator: OttimateSimulator, approver_id: ApproverId
) -> None:
    records = simulator.state.numbered("INV-1016").records
    index = next(at for at, one in enumerate(records) if one.approved_at is not None)

    body = await client.execute(
        REMOVE, {"input": {"approverId": approver_id("INV-1016", index)}}
    )

    assert body["data"]["removeApprover"]["userErrors"] == [
        {"code": "CONFLICT", "field": None}
    ]


async def test_a_policys_approver_is_not_removed_without_the_right(
    client: Client, approver_id: ApproverId
) -> None:
    variables = {"input": {"approverId": approver_id("INV-1012", 0)}}

    body = await client.execute(REMOVE, variables, person="clerk")

    assert body["data"]["removeApprover"]["userErrors"] == [
        {"code": "FORBIDDEN", "field": None}
    ]


@pytest.mark.parametrize(
    ("intercept", "outcome"), [(lose, "APPLIED"), (never_arrives, "UNKNOWN")]
)
async def test_a_removed_approver_whose_answer_was_lost_is_looked_for(
    client: Client,
    ottimate: RecordingTransport,
    simulator: OttimateSimulator,
    approver_id: ApproverId,
    intercept: Callable[[httpx.Request, Handler], Awaitable[httpx.Response]],
    outcome: str,
) -> None:
    invoice = simulator.state.numbered("INV-1001")
    ottimate.interceptors[f"DELETE /invoices/{invoice.id}/approvers"] = intercept
    gone = approver_id("INV-1001", 1)

    body = await client.execute(REMOVE, {"input": {"approverId": gone}})

    shown = body["data"]["removeApprover"]
    assert shown["outcome"] == outcome
    assert shown["removedApproverId"] == (gone if outcome == "APPLIED" else None)
    assert len(writes(ottimate)) == 1


async def test_who_was_removed_meanwhile_is_told(
    client: Client,
    ottimate: RecordingTransport,
    simulator: OttimateSimulator,
    approver_id: ApproverId,
) -> None:
    async def beaten(request: httpx.Request, upstream: Handler) -> httpx.Response:
        await upstream(request)
        return await upstream(request)

    invoice = simulator.state.numbered("INV-1001")
    ottimate.interceptors[f"DELETE /invoices/{invoice.id}/approvers"] = beaten

    body = await client.execute(
        REMOVE, {"input": {"approverId": approver_id("INV-1001", 1)}}
    )

    assert body["data"]["removeApprover"]["outcome"] == "ALREADY_APPLIED"
