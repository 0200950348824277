"""The frontends' operations, as they stand, against the real application."""

import re
from typing import Any

import pytest
from graphql import parse, validate

from gateway.domain import ProviderName, encode_id
from gateway.providers.bill.simulator import BillSimulator
from gateway.schema import create_schema
from tests.support import (
    OPERATIONS,
    Client,
    RecordingTransport,
    read_operation,
    writes,
)

# What a provider that is still to come brings into the graph.
NOT_YET = {
    "Inbox": [
        "Unknown type 'Expense'.",
        "Unknown type 'TimeEntry'.",
        "Unknown type 'Booking'.",
    ]
}
FROM_4000 = "app01IVEVRADCRIJ3o68"
MANAGER = {"sourceId": "00601MANAGER00000000", "displayName": "Milo Tanaka"}


def bill_id(number: str) -> str:
    """Return the graph's id of one of BILL's situations."""
    prefix = "vcr01" if number.startswith("VC") else "00n01"
    source_id = f"{prefix}{number.replace('-', ''):A<15}"
    return encode_id("Invoice", ProviderName.BILL, source_id)


def read_inbox() -> str:
    """Return Inbox without what a provider that is still to come brings."""
    return re.sub(
        r"\.\.\. on (Expense|TimeEntry|Booking) .*", "", read_operation("Inbox")
    )


@pytest.mark.parametrize("name", sorted(one.stem for one in OPERATIONS.iterdir()))
def test_an_operation_is_valid(name: str) -> None:
    errors = validate(create_schema(), parse(read_operation(name)))

    assert [error.message for error in errors] == NOT_YET.get(name, [])


async def test_invoice_approvers_shows_the_documented_records(client: Client) -> None:
    found = await client.execute(
        '{ invoices(first: 1, filter: {search: "INV-1001"}) { nodes { id sourceId } } }'
    )
    invoice = found["data"]["invoices"]["nodes"][0]

    body = await client.run(
        "InvoiceApprovers", {"provider": "OTTIMATE", "sourceId": invoice["sourceId"]}
    )
    shown = body["data"]["invoiceBySource"]
    approvers = shown.pop("approvers")
    assert shown == {
        "id": invoice["id"],
        "number": "INV-1001",
        "status": "PENDING_APPROVAL",
        "sourceStatus": "pending-approval",
        "approvedAt": None,
        "approvalState": "PENDING",
    }
    assert [{**one, "id": None} for one in approvers] == [
        {
            "id": None,
            "sourceId": "pbjappr_e1e7eb2cf7cf11f080d40eff1c63a64d",
            "isManual": False,
            "addedAt": "2026-11-02T06:03:00.551204-08:00",
            "status": "UNKNOWN",
            "user": {
                "sourceId": "138872",
                "email": "api_user@example.com",
                "displayName": "API User",
            },
            "policy": {
                "sourceId": "plcy_e00205b8f7cf11f0b0300eff1c63a64d",
                "name": "Minimum Approvals",
            },
        },
        {
            "id": None,
            "sourceId": "pbjappr_c1f04ec4f7a011f0ac5f0eff1c63a64d",
            "isManual": True,
            "addedAt": "2026-11-02T06:05:00.551204-08:00",
            "status": "UNKNOWN",
            "user": {
                "sourceId": "136597",
                "email": "peter@example.com",
                "displayName": "Peter",
            },
            "policy": None,
        },
    ]


async def test_a_page_of_twenty_costs_each_provider_what_its_own_rows_cost(
    client: Client, ottimate: RecordingTransport, bill: RecordingTransport
) -> None:
    body = await client.run("InvoiceList", {"first": 20})

    providers = [edge["node"]["provider"] for edge in body["data"]["invoices"]["edges"]]
    assert (providers.count("OTTIMATE"), providers.count("BILL")) == (10, 10)
    # Ottimate has a call for each invoice's approvers.
    assert ottimate.calls[0] == "GET /invoices"
    assert len(ottimate.calls) == 1 + 10
    assert ottimate.rounds == 2
    # BILL has one for all, of each kind; the policies tell what is pending.
    assert bill.calls == [
        "POST /List/Bill.json",
        "POST /List/VendorCredit.json",
        "POST /List/ApprovalPolicy.json",
        "POST /List/BillApprover.json",
        "POST /List/VendorCreditApprover.json",
        "POST /List/User.json",
    ]
    assert (ottimate.sign_ins, bill.sign_ins) == (1, 1)


async def test_a_page_of_twenty_of_ottimates_costs_a_call_for_each_invoice(
    client: Client, ottimate: RecordingTransport, bill: RecordingTransport
) -> None:
    body = await client.run(
        "InvoiceList", {"first": 20, "filter": {"providers": ["OTTIMATE"]}}
    )

    assert len(body["data"]["invoices"]["edges"]) == 20
    assert ottimate.calls[0] == "GET /invoices"
    assert len(ottimate.calls) == 21
    assert ottimate.rounds == 2
    assert bill.calls == []


async def test_policies_are_listed_newest_first_with_who_must_approve(
    client: Client, ottimate: RecordingTransport, bill: RecordingTransport
) -> None:
    body = await client.run("Policies", {})

    page = body["data"]["policies"]
    assert [
        (
            one["sourceId"],
            one["appliesTo"],
            one["isActive"],
            [user["displayName"] for user in one["mandatoryApprovers"]],
        )
        for one in page["nodes"]
    ] == [
        ("app01DELETED4000AAAA", "BILL", False, []),
        ("app01DELETED1500AAAA", "BILL", False, ["Milo Tanaka"]),
        ("app01CREDITSFROM5000", "VENDOR_CREDIT", True, []),
        ("app01FROM10000000000", "BILL", True, ["Lena Fischer", "Dana Whitfield"]),
        ("app01FROM25000000000", "BILL", True, ["Dana Whitfield"]),
        (FROM_4000, "BILL", True, []),
    ]
    assert page["nodes"][-1] == {
        "id": encode_id("Policy", ProviderName.BILL, FROM_4000),
        "provider": "BILL",
        "sourceId": FROM_4000,
        "name": "Bills of $4000.00 or more require at least 2 approvers",
        "appliesTo": "BILL",
        "amountThreshold": {"amount": "4000.00", "currency": None},
        "minimumApprovers": 2,
        "isActive": True,
        "mandatoryApprovers": [],
        "createdAt": "2025-05-01T17:00:00.551000+00:00",
        "updatedAt": "2025-05-01T17:00:00.551000+00:00",
    }
    assert page["pageInfo"]["hasNextPage"] is False
    assert bill.calls == [
        "POST /List/ApprovalPolicy.json",
        "POST /List/ApprovalPolicyApprover.json",
        "POST /List/User.json",
    ]
    # Ottimate lists no policies, so it is not asked.
    assert ottimate.calls == []


async def test_policies_are_taken_up_after_any_of_them(client: Client) -> None:
    seen = []
    after = None
    while True:
        body = await client.run("Policies", {"first": 4, "after": after})
        page = body["data"]["policies"]
        seen.append([one["sourceId"] for one in page["nodes"]])
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break

    assert [len(some) for some in seen] == [4, 2]
    assert seen[1] == ["app01FROM25000000000", FROM_4000]


async def test_a_policy_is_made_changed_deleted_and_restored(
    client: Client, bill: RecordingTransport
) -> None:
    async def run(name: str, **members: object) -> dict[str, Any]:
        body = await client.run(
            "PolicyLifecycle", {"input": members}, operation_name=f"{name}Policy"
        )
        payload: dict[str, Any] = body["data"][f"{name.lower()}Policy"]
        assert payload["userErrors"] == []
        return payload

    made = await run(
        "Create",
        amountThreshold="750.5",
        minimumApprovers=1,
        mandatoryApproverSourceIds=[MANAGER["sourceId"]],
    )
    policy_id = made["policy"]["id"]
    changed = await run(
        "Update", policyId=policy_id, amountThreshold="800", minimumApprovers=2
    )
    deleted = await run("Delete", policyId=policy_id)
    again = await run("Delete", policyId=policy_id)
    restored = await run("Restore", policyId=policy_id)

    shown = [one["policy"] for one in (made, changed, deleted, again, restored)]
    assert [one["outcome"] for one in (made, changed, deleted, again, restored)] == [
        "APPLIED",
        "APPLIED",
        "APPLIED",
        "ALREADY_APPLIED",
        "APPLIED",
    ]
    assert {one["id"] for one in shown} == {policy_id}
    assert [one["amountThreshold"]["amount"] for one in shown] == ["750.50"] + [
        "800.00"
    ] * 4
    assert [one["minimumApprovers"] for one in shown] == [1, 2, 2, 2, 2]
    assert [one["isActive"] for one in shown] == [True, True, False, False, True]
    assert [one["mandatoryApprovers"] for one in shown] == [[MANAGER]] * 5
    # BILL words the name.
    assert shown[-1]["name"] == "Bills of $800.00 or more require at least 2 approvers"
    assert writes(bill) == [
        "POST /Crud/Create/ApprovalPolicy.json",
        "POST /Bulk/Crud/Create/ApprovalPolicyApprover.json",
        "POST /Crud/Update/ApprovalPolicy.json",
        "POST /Crud/Delete/ApprovalPolicy.json",
        "POST /Crud/Undelete/ApprovalPolicy.json",
    ]


async def test_the_inbox_is_what_waits_for_the_caller(
    client: Client,
    ottimate: RecordingTransport,
    bill: RecordingTransport,
    bill_simulator: BillSimulator,
) -> None:
    state = bill_simulator.state
    waiting = {
        object_id
        for object_id in (*state.bills, *state.vendor_credits)
        for row in state.chain(object_id)
        if row.users_id == "00601ACCOUNTANT00000" and row.status in {"0", "1"}
    }
    inactive = {
        one.id
        for one in (*state.bills.values(), *state.vendor_credits.values())
        if one.is_active == "2"
    }

    body = await client.execute(read_inbox(), {}, person="accountant")

    viewer = body["data"]["viewer"]
    nodes = [edge["node"] for edge in viewer["approvals"]["edges"]]
    assert {one["id"] for one in nodes} == {
        encode_id("Invoice", ProviderName.BILL, one) for one in waiting - inactive
    }
    assert len(nodes) == 18
    for node in nodes:
        assert node["approvalState"] == "PENDING"
        assert "APPROVE" in node["viewerActions"]
        assert node["progress"]["waitingOn"] == [{"displayName": "Adam Novak"}]
    due = [one["dueDate"] for one in nodes if one["dueDate"]]
    assert due == sorted(due)
    assert [(one["provider"], one["ok"]) for one in viewer["sources"]] == [
        ("OTTIMATE", True),
        ("BILL", True),
    ]
    # Ottimate has no call for it.
    assert ottimate.calls == []
    assert bill.calls == [
        "POST /ListUserApprovals.json",
        "POST /ListUserApprovals.json",
        "POST /List/BillApprover.json",
        "POST /List/VendorCreditApprover.json",
        "POST /List/User.json",
    ]


async def test_the_inbox_of_who_has_no_credentials_says_so_and_costs_no_call(
    client: Client, ottimate: RecordingTransport, bill: RecordingTransport
) -> None:
    body = await client.execute(read_inbox(), {}, person="visitor")

    viewer = body["data"]["viewer"]
    assert "errors" not in body
    assert viewer["approvals"]["edges"] == []
    assert [one["error"] and one["error"]["code"] for one in viewer["sources"]] == [
        None,
        "FORBIDDEN",
    ]
    assert ottimate.calls == bill.calls == []
    assert (ottimate.sign_ins, bill.sign_ins) == (0, 0)


async def test_set_approvers_makes_a_chain_in_order(
    client: Client, bill: RecordingTransport
) -> None:
    chain = ["00601BUYER0000000000", "00601CONTROLLER00000"]

    body = await client.run(
        "SetApprovers",
        {"input": {"invoiceId": bill_id("BILL-1009"), "userSourceIds": chain}},
    )

    shown = body["data"]["setApprovers"]
    assert (shown["outcome"], shown["userErrors"]) == ("APPLIED", [])
    assert shown["invoice"] == {
        "id": bill_id("BILL-1009"),
        "approvalState": "PENDING",
        "progress": {
            "rule": "IN_ORDER",
            "required": 2,
            "approved": 0,
            "waitingOn": [{"displayName": "Bea Santos"}],
        },
        "approvers": [
            {
                "position": 1,
                "status": "PENDING",
                "user": {"sourceId": chain[0], "displayName": "Bea Santos"},
            },
            {
                "position": 2,
                "status": "UPCOMING",
                "user": {"sourceId": chain[1], "displayName": "Carla Mendes"},
            },
        ],
    }
    assert writes(bill) == ["POST /SetApprovers.json"]


async def test_approve_is_the_turn_of_the_person_who_calls(
    client: Client, bill: RecordingTransport
) -> None:
    body = await client.run("Approve", {"input": {"id": bill_id("BILL-1001")}})

    shown = body["data"]["approve"]
    assert (shown["outcome"], shown["userErrors"]) == ("APPLIED", [])
    assert shown["approvable"] == {
        "__typename": "Invoice",
        "id": bill_id("BILL-1001"),
        "approvalState": "PENDING",
        "progress": {
            "rule": "IN_ORDER",
            "required": 2,
            "approved": 1,
            "rejected": 0,
        },
        "viewerActions": ["ADD_APPROVER", "SET_APPROVERS"],
        "status": "PENDING_APPROVAL",
        "sourceStatus": "Approving",
        "approvedAt": None,
    }
    assert writes(bill) == ["POST /Approve.json"]


async def test_reject_ends_the_approval_with_the_callers_note(
    client: Client, bill: RecordingTransport
) -> None:
    body = await client.run(
        "Reject", {"input": {"id": bill_id("VC-1001"), "note": "Twice charged"}}
    )

    shown = body["data"]["reject"]
    assert (shown["outcome"], shown["userErrors"]) == ("APPLIED", [])
    assert shown["approvable"]["approvalState"] == "REJECTED"
    assert "REJECT" not in shown["approvable"]["viewerActions"]
    assert writes(bill) == ["POST /Deny.json"]
    (sent,) = [
        bill.data(at) for at, call in enumerate(bill.calls) if call == "POST /Deny.json"
    ]
    assert sent == {
        "objectId": "vcr01VC1001AAAAAAAAA",
        "entity": "VendorCredit",
        "comment": "Twice charged",
    }
