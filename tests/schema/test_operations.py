"""The frontends' operations, as they stand, against the real application."""

from collections import Counter
from typing import Any

import pytest
from graphql import parse, validate

from gateway.domain import ProviderName, encode_id
from gateway.providers.accounteer.simulator.situations import (
    INVOICE_DRAFT,
    PURCHASE_DRAFT,
)
from gateway.providers.bill.simulator import BillSimulator
from gateway.schema import create_schema
from tests.support import (
    OPERATIONS,
    Client,
    RecordingTransport,
    read_operation,
    writes,
)

# The contract's but for what is still to come: Directory.
NAMES = [
    "AddApprover",
    "ApprovalChanged",
    "ApprovalStatuses",
    "Approve",
    "Decide",
    "Inbox",
    "InvoiceApprovers",
    "InvoiceCard",
    "InvoiceList",
    "Nodes",
    "Policies",
    "PolicyLifecycle",
    "Reject",
    "RemoveApprover",
    "SetApprovers",
]
FROM_4000 = "app01IVEVRADCRIJ3o68"
MANAGER = {"sourceId": "00601MANAGER00000000", "displayName": "Milo Tanaka"}


def bill_id(number: str) -> str:
    """Return the graph's id of one of BILL's situations."""
    prefix = "vcr01" if number.startswith("VC") else "00n01"
    source_id = f"{prefix}{number.replace('-', ''):A<15}"
    return encode_id("Invoice", ProviderName.BILL, source_id)


def test_every_operation_is_here_but_for_those_to_come() -> None:
    assert sorted(one.name for one in OPERATIONS.iterdir()) == [
        f"{name}.graphql" for name in NAMES
    ]


@pytest.mark.parametrize("name", NAMES)
def test_an_operation_is_valid(name: str) -> None:
    assert validate(create_schema(), parse(read_operation(name))) == []


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
    client: Client,
    ottimate: RecordingTransport,
    bill: RecordingTransport,
    accounteer: RecordingTransport,
) -> None:
    body = await client.run("InvoiceList", {"first": 20})

    providers = [edge["node"]["provider"] for edge in body["data"]["invoices"]["edges"]]
    assert Counter(providers) == {"OTTIMATE": 10, "BILL": 10}
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
    # Accounteer has the lists and names alone.
    assert accounteer.calls == ["GET /invoices", "GET /purchases", "GET /contacts"]
    assert (ottimate.sign_ins, bill.sign_ins) == (1, 1)


async def test_a_page_of_twenty_of_accounteers_asks_nobody_for_approvers(
    client: Client,
    ottimate: RecordingTransport,
    bill: RecordingTransport,
    accounteer: RecordingTransport,
) -> None:
    body = await client.run(
        "InvoiceList", {"first": 20, "filter": {"providers": ["ACCOUNTEER"]}}
    )

    nodes = [edge["node"] for edge in body["data"]["invoices"]["edges"]]
    assert list(body) == ["data"]
    assert [node["approvers"] for node in nodes] == [[]] * 20
    assert body["data"]["invoices"]["sources"] == [
        {"provider": "ACCOUNTEER", "ok": True, "error": None}
    ]
    assert accounteer.calls == ["GET /invoices", "GET /purchases", "GET /contacts"]
    assert ottimate.calls == bill.calls == []


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
    client: Client,
    ottimate: RecordingTransport,
    bill: RecordingTransport,
    productive: RecordingTransport,
) -> None:
    body = await client.run("Policies", {})

    page = body["data"]["policies"]
    bills, others = page["nodes"][:6], page["nodes"][6:]
    assert [
        (
            one["sourceId"],
            one["appliesTo"],
            one["isActive"],
            [user["displayName"] for user in one["mandatoryApprovers"]],
        )
        for one in bills
    ] == [
        ("app01DELETED4000AAAA", "BILL", False, []),
        ("app01DELETED1500AAAA", "BILL", False, ["Milo Tanaka"]),
        ("app01CREDITSFROM5000", "VENDOR_CREDIT", True, []),
        ("app01FROM10000000000", "BILL", True, ["Lena Fischer", "Dana Whitfield"]),
        ("app01FROM25000000000", "BILL", True, ["Dana Whitfield"]),
        (FROM_4000, "BILL", True, []),
    ]
    assert bills[-1] == {
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
    # Productive tells no more of them, and not when they were made: they come last.
    assert [(one["sourceId"], one["name"], one["isActive"]) for one in others] == [
        ("71", "Leave, two steps", True),
        ("72", "Budgets, owner", True),
        ("73", "Budgets, roles", True),
        ("74", "Leave, manager", True),
        ("75", "Leave, old", False),
        ("76", "Deals", True),
        ("77", "Budgets, nobody", True),
        ("78", "Budgets, project", True),
    ]
    assert others[0] == {
        "id": encode_id("Policy", ProviderName.PRODUCTIVE, "71"),
        "provider": "PRODUCTIVE",
        "sourceId": "71",
        "name": "Leave, two steps",
        "appliesTo": None,
        "amountThreshold": None,
        "minimumApprovers": None,
        "isActive": True,
        "mandatoryApprovers": None,
        "createdAt": None,
        "updatedAt": None,
    }
    assert page["pageInfo"]["hasNextPage"] is False
    assert bill.calls == [
        "POST /List/ApprovalPolicy.json",
        "POST /List/ApprovalPolicyApprover.json",
        "POST /List/User.json",
    ]
    assert productive.calls == ["GET /approval_policies"]
    # Ottimate lists no policies, so it is not asked.
    assert ottimate.calls == []


@pytest.mark.parametrize("first", [1, 3, 4, 6, 14])
async def test_policies_are_taken_up_after_any_of_them(
    client: Client, first: int
) -> None:
    whole = await client.run("Policies", {"first": 50})
    seen = []
    after = None
    while True:
        body = await client.run("Policies", {"first": first, "after": after})
        page = body["data"]["policies"]
        seen.append([one["sourceId"] for one in page["nodes"]])
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break

    sizes = [len(some) for some in seen]
    assert sizes == [first] * (14 // first) + [14 % first] * bool(14 % first)
    assert [one for some in seen for one in some] == [
        one["sourceId"] for one in whole["data"]["policies"]["nodes"]
    ]


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


def day_of(node: dict[str, Any]) -> str:
    """Return the day by which what waits is ordered, where it tells one."""
    day = next(node[name] for name in ("dueDate", "startDate", "date") if name in node)
    assert isinstance(day, str)
    return day


async def test_the_inbox_is_what_waits_for_the_caller(
    client: Client,
    ottimate: RecordingTransport,
    bill: RecordingTransport,
    productive: RecordingTransport,
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

    first = await client.run("Inbox", {"first": 100}, person="accountant")
    calls = (bill.calls, productive.calls)
    assert ottimate.calls[0] == "GET /invoices"
    assert len(ottimate.calls) == len({*ottimate.calls}) == 1 + 50
    page = first["data"]["viewer"]["approvals"]["pageInfo"]
    second = await client.run(
        "Inbox", {"first": 100, "after": page["endCursor"]}, person="accountant"
    )

    viewers = [body["data"]["viewer"] for body in (first, second)]
    pages = [
        [edge["node"] for edge in viewer["approvals"]["edges"]] for viewer in viewers
    ]
    assert [list(first), list(second)] == [["data"], ["data"]]
    assert [len(some) for some in pages] == [100, 60]
    assert second["data"]["viewer"]["approvals"]["pageInfo"]["hasNextPage"] is False
    nodes = [node for some in pages for node in some]
    assert len({node["id"] for node in nodes}) == len(nodes)
    assert Counter((node["provider"], node["__typename"]) for node in nodes) == {
        ("OTTIMATE", "Invoice"): 1,
        ("BILL", "Invoice"): 18,
        ("PRODUCTIVE", "Booking"): 12,
        ("PRODUCTIVE", "TimeEntry"): 62,
        ("PRODUCTIVE", "Expense"): 15,
        ("ACCOUNTEER", "Invoice"): 52,
    }
    assert {node["approvalState"] for node in nodes} == {"PENDING"}
    invoices = [node for node in nodes if node["provider"] == "BILL"]
    assert {one["id"] for one in invoices} == {
        encode_id("Invoice", ProviderName.BILL, one) for one in waiting - inactive
    }
    for node in invoices:
        assert "APPROVE" in node["viewerActions"]
        assert node["progress"]["waitingOn"] == [{"displayName": "Adam Novak"}]
    dated = [day_of(one) for one in nodes if one.get("dueDate", "") is not None]
    assert dated == sorted(dated)
    for viewer in viewers:
        assert [(one["provider"], one["ok"]) for one in viewer["sources"]] == [
            ("OTTIMATE", True),
            ("BILL", True),
            ("PRODUCTIVE", True),
            ("ACCOUNTEER", True),
        ]
    assert calls == (
        [
            "POST /ListUserApprovals.json",
            "POST /ListUserApprovals.json",
            "POST /List/BillApprover.json",
            "POST /List/VendorCreditApprover.json",
            "POST /List/User.json",
        ],
        [
            # Who owns the token is asked once, and so is whether it is filtered.
            "GET /organization_memberships",
            "GET /bookings",
            *["GET /time_entries", "GET /expenses"] * 2,
        ],
    )
    assert productive.calls == [
        *calls[1],
        "GET /bookings",
        "GET /time_entries",
        "GET /expenses",
    ]


async def test_the_inbox_shows_of_each_type_what_is_its_own(client: Client) -> None:
    edges: list[dict[str, Any]] = []
    after = None
    for _ in range(2):
        body = await client.run(
            "Inbox", {"first": 100, "after": after}, person="accountant"
        )
        approvals = body["data"]["viewer"]["approvals"]
        edges += approvals["edges"]
        after = approvals["pageInfo"]["endCursor"]

    members = {edge["node"]["__typename"]: list(edge["node"])[7:] for edge in edges}
    assert members == {
        "Invoice": ["number", "dueDate", "total", "counterparty"],
        "Expense": ["date", "amount", "person"],
        "TimeEntry": ["date", "minutes", "person"],
        "Booking": ["startDate", "endDate", "person"],
    }
    assert [
        edge["node"]
        for edge in edges
        if edge["node"]["id"] == encode_id("Expense", ProviderName.PRODUCTIVE, "701")
    ] == [
        {
            "__typename": "Expense",
            "id": encode_id("Expense", ProviderName.PRODUCTIVE, "701"),
            "provider": "PRODUCTIVE",
            "title": "train · Chloe Berg",
            "approvalState": "PENDING",
            "progress": {
                "rule": "ALL",
                "required": None,
                "approved": None,
                "rejected": None,
                "waitingOn": None,
            },
            "viewerActions": ["APPROVE", "REJECT"],
            "date": "2026-03-02",
            "amount": {"amount": "42.50", "currency": "EUR"},
            "person": {"displayName": "Chloe Berg"},
        }
    ]


async def test_the_inbox_of_who_is_nobody_says_so_and_costs_no_call(
    client: Client,
    ottimate: RecordingTransport,
    bill: RecordingTransport,
    productive: RecordingTransport,
) -> None:
    body = await client.run("Inbox", {}, person="visitor")

    viewer = body["data"]["viewer"]
    assert "errors" not in body
    # What nobody is asked for by name waits for everybody.
    edges = viewer["approvals"]["edges"]
    assert {edge["node"]["provider"] for edge in edges} == {"ACCOUNTEER"}
    assert [one["error"] and one["error"]["code"] for one in viewer["sources"]] == [
        None,
        "FORBIDDEN",
        "FORBIDDEN",
        None,
    ]
    assert ottimate.calls == bill.calls == productive.calls == []
    assert (ottimate.sign_ins, bill.sign_ins) == (0, 0)


async def test_approval_statuses_cost_a_call_with_all_that_they_show(
    client: Client,
    ottimate: RecordingTransport,
    bill: RecordingTransport,
    productive: RecordingTransport,
) -> None:
    body = await client.run("ApprovalStatuses", {}, person="accountant")

    shown = body["data"]["approvalStatuses"]
    assert list(body) == ["data"]
    assert len(shown["edges"]) == 50
    assert shown["totalCount"] == 178
    assert shown["pageInfo"]["hasNextPage"] is True
    assert shown["edges"][0] == {
        "node": {
            "id": encode_id("ApprovalStatus", ProviderName.PRODUCTIVE, "5003"),
            "sourceId": "5003",
            "state": "APPROVED",
            "approver": None,
            "actualApprover": {"sourceId": "22", "displayName": "Adam Novak"},
            "dynamicApproverType": "BUDGET_OWNER",
            "fallbackApproverType": "ORGANIZATION_OWNER",
            "groupKey": None,
            "approvedAt": "2026-03-03T09:00:00+01:00",
            "rejectedAt": None,
            "note": None,
            "workflow": {"sourceId": "41"},
            "target": {
                "__typename": "TimeEntry",
                "id": encode_id("TimeEntry", ProviderName.PRODUCTIVE, "601"),
                "title": "review · Chloe Berg",
                "approvalState": "APPROVED",
                "date": "2026-03-02",
                "minutes": 240,
            },
        }
    }
    assert productive.calls == ["GET /approval_statuses"]
    assert ottimate.calls == bill.calls == []


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


async def test_approve_in_accounteer_is_one_call_and_final(
    client: Client, accounteer: RecordingTransport
) -> None:
    document = encode_id(
        "Invoice", ProviderName.ACCOUNTEER, PURCHASE_DRAFT, "purchases"
    )

    body = await client.run("Approve", {"input": {"id": document}})
    again = await client.run("Approve", {"input": {"id": document}})

    shown = body["data"]["approve"]
    assert (shown["outcome"], shown["userErrors"]) == ("APPLIED", [])
    assert shown["approvable"] == {
        "__typename": "Invoice",
        "id": document,
        "approvalState": "APPROVED",
        "progress": {"rule": "ANY", "required": 1, "approved": 1, "rejected": 0},
        "viewerActions": [],
        "status": "APPROVED",
        "sourceStatus": "approved",
        "approvedAt": None,
    }
    assert again["data"]["approve"]["outcome"] == "ALREADY_APPLIED"
    assert writes(accounteer) == [f"POST /purchases/{PURCHASE_DRAFT}"]


async def test_decide_sends_each_decision_to_its_own_provider(
    client: Client,
    ottimate: RecordingTransport,
    bill: RecordingTransport,
    productive: RecordingTransport,
    accounteer: RecordingTransport,
) -> None:
    draft = encode_id("Invoice", ProviderName.ACCOUNTEER, INVOICE_DRAFT, "invoices")
    expense = encode_id("ApprovalStatus", ProviderName.PRODUCTIVE, "5050")
    decisions = [
        {"id": bill_id("BILL-1001"), "decision": "APPROVE"},
        {"id": draft, "decision": "APPROVE"},
        {"id": expense, "decision": "REJECT", "note": "The receipt is missing."},
        {"id": draft, "decision": "REJECT"},
        {"id": bill_id("VC-1001"), "decision": "REJECT", "expectedVersion": "1.old"},
    ]

    body = await client.run("Decide", {"input": {"decisions": decisions}})

    results = body["data"]["decide"]["results"]
    assert list(body) == ["data"]
    assert [
        (
            one["outcome"],
            one["approvable"] and one["approvable"]["__typename"],
            one["approvable"] and one["approvable"]["approvalState"],
            [
                (error["code"], error["field"], error["provider"])
                for error in one["userErrors"]
            ],
        )
        for one in results
    ] == [
        ("APPLIED", "Invoice", "PENDING", []),
        ("APPLIED", "Invoice", "APPROVED", []),
        ("APPLIED", "Expense", "REJECTED", []),
        (
            "REFUSED",
            "Invoice",
            "APPROVED",
            [("INVALID", ["input", "decisions", "3", "id"], "ACCOUNTEER")],
        ),
        (
            "REFUSED",
            "Invoice",
            "PENDING",
            [("STALE", ["input", "decisions", "4", "expectedVersion"], "BILL")],
        ),
    ]
    assert writes(bill) == ["POST /Approve.json"]
    assert writes(accounteer) == [f"POST /invoices/{INVOICE_DRAFT}"]
    assert len(writes(productive)) == 1
    assert ottimate.calls == []


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
