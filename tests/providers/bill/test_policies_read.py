"""BILL's policies: listed, read, and which of them governs an object."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from gateway.providers.bill.simulator import BillSimulator
from gateway.providers.bill.simulator.directory import (
    CREDITS_FROM_500,
    DELETED_FROM_1500,
    DELETED_FROM_4000,
    DIRECTOR,
    FROM_4000,
    FROM_25000,
    FROM_100000,
    LEAD,
    MANAGER,
)
from gateway.providers.bill.simulator.state import State
from tests.providers.bill.reading import (
    BILLS,
    MANDATORY,
    POLICIES,
    READ_POLICY,
    READ_USER,
    USERS,
    Row,
    add_bill,
    add_credit,
    everything,
    instant,
    number_of,
    on_bill,
    policy_id,
    state_of,
    tier_of,
)
from tests.support import Client, RecordingTransport

AT = "2026-11-02T17:30:00.000+0000"
# Newest first.
ALL = [
    DELETED_FROM_4000,
    DELETED_FROM_1500,
    CREDITS_FROM_500,
    FROM_100000,
    FROM_25000,
    FROM_4000,
]
DELETED = ALL[:2]
ON_BILL: Row = {"providers": ["BILL"]}
PAGE = """
query ($first: Int!, $after: String, $filter: PolicyFilter) {
  policies(first: $first, after: $after, filter: $filter) {
    edges { cursor node { sourceId } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    totalCount
    sources { provider ok isComplete error { code } }
  }
}
"""
ONE = """
{
  id
  provider
  sourceId
  name
  appliesTo
  amountThreshold { amount currency }
  minimumApprovers
  isActive
  mandatoryApprovers { sourceId displayName email }
  createdAt
  updatedAt
}
"""
FROM_25000_SHOWN = {
    "id": policy_id(FROM_25000),
    "provider": "BILL",
    "sourceId": FROM_25000,
    "name": "Bills of $25000.00 or more require at least 3 approvers",
    "appliesTo": "BILL",
    "amountThreshold": {"amount": "25000.00", "currency": None},
    "minimumApprovers": 3,
    "isActive": True,
    "mandatoryApprovers": [
        {
            "sourceId": DIRECTOR,
            "displayName": "Dana Whitfield",
            "email": "dana.whitfield@harbor.example",
        }
    ],
    "createdAt": "2025-06-10T17:00:00.551000+00:00",
    "updatedAt": "2025-06-10T17:00:00.551000+00:00",
}
BY_SOURCE = f"""
query ($id: ID!) {{
  policy: policyBySource(provider: BILL, sourceId: $id) {ONE}
}}
"""
# `node`, `policy` and `policyBySource` of one policy.
BY_ID: list[tuple[str, Row]] = [
    (f"query ($id: ID!) {{ policy(id: $id) {ONE} }}", {"id": policy_id(FROM_25000)}),
    (
        f"query ($id: ID!) {{ policy: node(id: $id) {{ ... on Policy {ONE} }} }}",
        {"id": policy_id(FROM_25000)},
    ),
    (
        BY_SOURCE,
        {"id": FROM_25000},
    ),
]


async def read_policies(client: Client, first: int, **wanted: Any) -> list[list[str]]:
    pages: list[list[str]] = []
    after = None
    while True:
        body = await client.execute(
            PAGE, {"first": first, "after": after, "filter": wanted}
        )
        connection = body["data"]["policies"]
        pages.append([edge["node"]["sourceId"] for edge in connection["edges"]])
        info = connection["pageInfo"]
        assert info["hasPreviousPage"] == (after is not None)
        if not info["hasNextPage"]:
            return pages
        after = info["endCursor"]
        assert after == connection["edges"][-1]["cursor"]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({**ON_BILL, "isActive": None}, ALL),
        ({**ON_BILL, "isActive": True}, ALL[2:]),
        ({**ON_BILL, "isActive": False}, DELETED),
        ({**ON_BILL, "appliesTo": None}, ALL),
        ({"appliesTo": ["VENDOR_CREDIT"]}, [CREDITS_FROM_500]),
        ({"appliesTo": ["BILL"], "isActive": True}, ALL[3:]),
        ({"appliesTo": ["INVOICE"]}, []),
        ({"appliesTo": []}, []),
        (ON_BILL, ALL),
        ({"providers": ["OTTIMATE", "BILL"]}, ALL),
        ({"providers": ["OTTIMATE"]}, []),
        ({"providers": []}, []),
    ],
    ids=str,
)
async def test_policies_are_listed_newest_first(
    client: Client, wanted: Row, expected: list[str]
) -> None:
    for first in (1, 2, 4, 6, 50):
        pages = await read_policies(client, first, **wanted)

        assert [one for page in pages for one in page] == expected
        assert len(pages) == max(1, -(-len(expected) // first))


async def test_policies_of_one_instant_are_ordered_by_the_graphs_id(
    client: Client, bill_simulator: BillSimulator
) -> None:
    for policy in bill_simulator.state.policies.values():
        policy.created_time = AT

    pages = await read_policies(client, 2, **ON_BILL)

    assert [one for page in pages for one in page] == sorted(ALL, key=policy_id)


async def test_a_list_of_policies_names_its_source_and_total(client: Client) -> None:
    body = await client.execute(PAGE, {"first": 4, "filter": ON_BILL})

    assert body["data"]["policies"]["totalCount"] == 6
    assert body["data"]["policies"]["sources"] == [
        {"provider": "BILL", "ok": True, "isComplete": True, "error": None}
    ]


async def test_policies_of_all_who_list_them_are_counted_together(
    client: Client,
) -> None:
    """Productive does not tell when a policy was made: its own come last."""
    unfiltered: list[Row] = [
        {},
        {"filter": None},
        {"filter": {}},
        {"filter": {"providers": None}},
    ]
    for nothing in unfiltered:
        body = await client.execute(PAGE, {"first": 14, **nothing})

        listed = body["data"]["policies"]
        assert listed["totalCount"] == 14
        ids = [edge["node"]["sourceId"] for edge in listed["edges"]]
        assert ids[:6] == ALL
        assert ids[6:] == [str(at) for at in range(71, 79)]
        assert listed["sources"] == [
            {"provider": provider, "ok": True, "isComplete": True, "error": None}
            for provider in ("BILL", "PRODUCTIVE")
        ]


async def test_every_policy_is_shown_with_bills_own_name(
    client: Client, bill_simulator: BillSimulator
) -> None:
    state = bill_simulator.state
    state.policies[FROM_4000].name = "A name of BILL's own making"

    body = await client.run("Policies", {"filter": ON_BILL})

    shown = {one["sourceId"]: one for one in body["data"]["policies"]["nodes"]}
    assert list(shown) == ALL
    assert shown[FROM_25000] == FROM_25000_SHOWN
    assert shown[FROM_4000]["name"] == "A name of BILL's own making"
    assert {
        key: (one["appliesTo"], one["minimumApprovers"], one["isActive"])
        for key, one in shown.items()
    } == {
        DELETED_FROM_4000: ("BILL", 3, False),
        DELETED_FROM_1500: ("BILL", 1, False),
        CREDITS_FROM_500: ("VENDOR_CREDIT", 1, True),
        FROM_100000: ("BILL", 0, True),
        FROM_25000: ("BILL", 3, True),
        FROM_4000: ("BILL", 2, True),
    }
    assert {
        key: [user["sourceId"] for user in one["mandatoryApprovers"]]
        for key, one in shown.items()
    } == {
        DELETED_FROM_4000: [],
        DELETED_FROM_1500: [MANAGER],
        CREDITS_FROM_500: [],
        FROM_100000: [LEAD, DIRECTOR],
        FROM_25000: [DIRECTOR],
        FROM_4000: [],
    }


@pytest.mark.parametrize(
    ("query", "variables"), BY_ID, ids=["policy", "node", "source"]
)
async def test_one_policy_is_as_the_list_shows_it(
    client: Client, bill: RecordingTransport, query: str, variables: Row
) -> None:
    body = await client.execute(query, variables)

    assert body == {"data": {"policy": FROM_25000_SHOWN}}
    assert bill.calls == [READ_POLICY, MANDATORY, READ_USER]
    assert bill.data(1)["filters"] == [
        {"field": "approvalPolicyId", "op": "=", "value": FROM_25000}
    ]


@pytest.mark.parametrize("threshold", ["4000.10", "0.00", "9007199254740993.01"])
async def test_a_threshold_is_exact_wherever_it_is_read(
    client: Client, bill_simulator: BillSimulator, threshold: str
) -> None:
    """1.2: an amount is a JSON number of two decimals, and never a float here."""
    bill_simulator.state.policies[FROM_4000].amount_threshold = Decimal(threshold)
    shown = "{ sourceId amountThreshold { amount } }"

    alone = await client.execute(
        f"query ($id: ID!) {{ policy(id: $id) {shown} }}", {"id": policy_id(FROM_4000)}
    )
    listed = await client.execute(f"{{ policies {{ nodes {shown} }} }}")

    expected = {"sourceId": FROM_4000, "amountThreshold": {"amount": threshold}}
    assert expected in listed["data"]["policies"]["nodes"]
    assert alone["data"]["policy"] == expected


async def test_a_deleted_policy_can_still_be_read(client: Client) -> None:
    """3.1 (A): Read of an inactive object works."""
    body = await client.execute(
        "query ($id: ID!) { policy(id: $id)"
        " { isActive mandatoryApprovers { displayName } } }",
        {"id": policy_id(DELETED_FROM_1500)},
    )

    assert body["data"]["policy"] == {
        "isActive": False,
        "mandatoryApprovers": [{"displayName": "Milo Tanaka"}],
    }


@pytest.mark.parametrize(
    ("source_id", "calls"),
    [
        ("app01NOSUCHPOLICY000", [READ_POLICY]),
        # BDC_1302: the id of a bill.
        ("00n01BILL1001AAAAAAA", [READ_POLICY]),
        ("x", []),
        ("app01IVEVRADCRIJ3o6,", []),
    ],
)
async def test_a_policy_that_is_not_there_is_null(
    client: Client, bill: RecordingTransport, source_id: str, calls: list[str]
) -> None:
    body = await client.execute(
        "query ($id: ID!) { policy(id: $id) { name } }", {"id": policy_id(source_id)}
    )

    assert body == {"data": {"policy": None}}
    assert bill.calls == calls


async def test_policies_that_cannot_be_read_are_an_error_and_their_source_is_named(
    client: Client, switch_bill: Callable[..., None]
) -> None:
    switch_bill(fault="html", fault_calls=("List/ApprovalPolicy",))

    body = await client.execute(PAGE, {"first": 4, "filter": ON_BILL})

    nodes = await client.execute(
        "{ policies(filter: {providers: [BILL]}) { nodes { name } } }"
    )

    assert body["data"]["policies"] == {
        "edges": None,
        "pageInfo": {
            "hasNextPage": False,
            "hasPreviousPage": False,
            "startCursor": None,
            "endCursor": None,
        },
        "totalCount": None,
        "sources": [
            {
                "provider": "BILL",
                "ok": False,
                "isComplete": False,
                "error": {"code": "UPSTREAM_RESPONSE_INVALID"},
            }
        ],
    }
    assert nodes["data"] == {"policies": {"nodes": None}}
    assert [
        (error["path"], error["extensions"]["code"], error["extensions"]["provider"])
        for error in (*body["errors"], *nodes["errors"])
    ] == [
        (["policies", name], "UPSTREAM_RESPONSE_INVALID", "BILL")
        for name in ("edges", "nodes")
    ]


async def test_policies_of_another_stand_where_bills_cannot_be_read(
    client: Client, switch_bill: Callable[..., None]
) -> None:
    switch_bill(fault="html", fault_calls=("List/ApprovalPolicy",))

    body = await client.execute(PAGE, {"first": 10})

    listed = body["data"]["policies"]
    assert sorted(edge["node"]["sourceId"] for edge in listed["edges"]) == [
        str(at) for at in range(71, 79)
    ]
    assert listed["totalCount"] is None
    assert listed["sources"] == [
        {
            "provider": "BILL",
            "ok": False,
            "isComplete": False,
            "error": {"code": "UPSTREAM_RESPONSE_INVALID"},
        },
        {"provider": "PRODUCTIVE", "ok": True, "isComplete": True, "error": None},
    ]


async def test_mandatory_approvers_that_cannot_be_read_cost_their_own_field(
    client: Client, switch_bill: Callable[..., None]
) -> None:
    switch_bill(fault="html", fault_calls=("List/ApprovalPolicyApprover",))

    body = await client.run("Policies", {"first": 2})

    nodes = body["data"]["policies"]["nodes"]
    assert [(one["sourceId"], one["mandatoryApprovers"]) for one in nodes] == [
        (key, None) for key in DELETED
    ]
    assert [error["path"] for error in body["errors"]] == [
        ["policies", "nodes", at, "mandatoryApprovers"] for at in (0, 1)
    ]


async def test_mandatory_approvers_come_in_their_order_without_those_removed(
    client: Client, bill_simulator: BillSimulator
) -> None:
    """4.3: `sortOrder`; a removed one is inactive."""
    state = bill_simulator.state
    rows = [
        row
        for row in state.policy_approvers.values()
        if row.approval_policy_id == FROM_100000
    ]
    assert [row.users_id for row in rows] == [LEAD, DIRECTOR]
    rows[0].sort_order = 5
    for one in state.policy_approvers.values():
        if one.approval_policy_id == FROM_25000:
            one.is_active = "2"

    body = await client.run("Policies", {"filter": {**ON_BILL, "isActive": True}})

    assert {
        one["sourceId"]: [user["sourceId"] for user in one["mandatoryApprovers"]]
        for one in body["data"]["policies"]["nodes"]
    } == {
        CREDITS_FROM_500: [],
        FROM_100000: [DIRECTOR, LEAD],
        FROM_25000: [],
        FROM_4000: [],
    }


# Which policy governs.

GOVERNED = """
query ($id: ID!) {
  invoiceBySource(provider: BILL, sourceId: $id) {
    approvalState
    policies { sourceId }
    progress { rule required approved rejected waitingOn { displayName } }
  }
}
"""


async def governing(client: Client, source_id: str) -> list[str]:
    body = await client.execute(GOVERNED, {"id": source_id})
    assert "errors" not in body
    return [one["sourceId"] for one in body["data"]["invoiceBySource"]["policies"]]


@pytest.mark.parametrize(
    ("amount", "of_bill", "of_credit"),
    [
        ("0.00", [], []),
        ("499.99", [], []),
        ("500.00", [], [CREDITS_FROM_500]),
        ("1500.00", [], [CREDITS_FROM_500]),
        ("3999.99", [], [CREDITS_FROM_500]),
        ("4000.00", [FROM_4000], [CREDITS_FROM_500]),
        ("4000.01", [FROM_4000], [CREDITS_FROM_500]),
        ("24999.99", [FROM_4000], [CREDITS_FROM_500]),
        ("25000.00", [FROM_25000], [CREDITS_FROM_500]),
        ("99999.99", [FROM_25000], [CREDITS_FROM_500]),
        ("100000.00", [FROM_100000], [CREDITS_FROM_500]),
        ("-4000.00", [], []),
    ],
)
@pytest.mark.parametrize("rule", ["at_least", "above"])
async def test_the_highest_threshold_that_is_reached_governs(
    client: Client,
    bill_simulator: BillSimulator,
    switch_bill: Callable[..., None],
    amount: str,
    of_bill: list[str],
    of_credit: list[str],
    rule: str,
) -> None:
    """C5, in both forms: the page says above, the name says "or more", which holds."""
    switch_bill(threshold_rule=rule)
    state = bill_simulator.state
    made = add_bill(state, AT, approval_status="0", amount=Decimal(amount))
    credit = add_credit(state, AT, approval_status="0", amount=Decimal(amount))

    assert await governing(client, made.id) == of_bill
    assert await governing(client, credit.id) == of_credit


async def test_of_two_policies_of_one_threshold_the_stricter_governs(
    client: Client, bill_simulator: BillSimulator
) -> None:
    """4.2 (A): two are allowed; which of them counts is not told, so the safer does."""
    state = bill_simulator.state
    made = add_bill(state, AT, approval_status="0", amount=Decimal("30000.00"))
    for stricter, other in ((FROM_4000, FROM_25000), (FROM_25000, FROM_4000)):
        for key, least in ((stricter, 4), (other, 1)):
            state.policies[key].amount_threshold = Decimal("4000.00")
            state.policies[key].min_num_approvers = least

        assert await governing(client, made.id) == [stricter]


async def test_a_policy_of_a_type_that_nobody_documented_governs_nothing(
    client: Client, bill_simulator: BillSimulator
) -> None:
    state = bill_simulator.state
    state.policies[FROM_4000].type = "7"
    made = add_bill(state, AT, approval_status="0", amount=Decimal("4100.00"))

    assert await governing(client, made.id) == []
    body = await client.execute(
        "query ($id: ID!) { policy(id: $id) { appliesTo name } }",
        {"id": policy_id(FROM_4000)},
    )
    assert body["data"]["policy"] == {
        "appliesTo": None,
        "name": "Bills of $4000.00 or more require at least 2 approvers",
    }


async def test_every_object_shows_the_policy_of_its_kind_and_amount(
    client: Client, bill_simulator: BillSimulator, bill: RecordingTransport
) -> None:
    state = bill_simulator.state
    body = await client.execute(
        "query ($filter: InvoiceFilter) { invoices(first: 100, filter: $filter)"
        " { nodes { sourceId policies { sourceId } approvalState } } }",
        {"filter": on_bill()},
    )

    nodes = body["data"]["invoices"]["nodes"]
    objects = {one.id: one for one in everything(state)}
    for node in nodes:
        one = objects[node["sourceId"]]
        tier = tier_of(state, one)
        assert node == {
            "sourceId": one.id,
            "policies": [] if tier is None else [{"sourceId": tier.id}],
            "approvalState": state_of(state, one),
        }
    assert len(nodes) == 100
    assert bill.calls.count(POLICIES) == 1


# How far the approvers are.

PROGRESS = """
query ($filter: InvoiceFilter) {
  invoices(first: 40, filter: $filter) {
    nodes {
      number
      approvalState
      progress { rule required approved rejected waitingOn { displayName } }
      approvers { position status user { displayName } decidedAt }
    }
  }
}
"""
CARLA, ADAM, AISHA, BEA = "Carla Mendes", "Adam Novak", "Aisha Khan", "Bea Santos"
# Situation: state, required, approved, rejected, waiting on.
SITUATIONS: dict[str, tuple[str, int | None, int, int, list[str]]] = {
    "BILL-1001": ("PENDING", 2, 0, 0, [CARLA]),
    "BILL-1002": ("PENDING", 2, 0, 0, [ADAM]),
    "BILL-1003": ("PENDING", 2, 1, 0, [CARLA]),
    "BILL-1004": ("PENDING", 1, 0, 0, [CARLA]),
    "BILL-1005": ("PENDING", 1, 0, 0, [CARLA]),
    # Lena Fischer's task moved on, so she is out.
    "BILL-1006": ("PENDING", 1, 0, 0, [CARLA]),
    # After a denial who was to come is out.
    "BILL-1007": ("REJECTED", 1, 0, 1, []),
    "BILL-1008": ("APPROVED", 2, 2, 0, []),
    "BILL-1009": ("NOT_REQUIRED", 0, 0, 0, []),
    "BILL-1010": ("PENDING", 2, 0, 0, []),
    "BILL-1011": ("PENDING", 2, 0, 0, [CARLA]),
    "BILL-1012": ("APPROVED", 1, 1, 0, []),
    "BILL-1013": ("APPROVED", 1, 1, 0, []),
    "BILL-1014": ("PENDING", 2, 0, 0, ["Frank Olsen"]),
    "BILL-1015": ("PENDING", 3, 0, 0, [CARLA]),
    "BILL-1016": ("REJECTED", 2, 1, 1, []),
    "BILL-1017": ("PENDING", 4, 0, 0, ["Milo Tanaka"]),
    "BILL-1018": ("PENDING", 3, 1, 0, [CARLA]),
    "BILL-1019": ("PENDING", 2, 0, 0, [CARLA]),
    "BILL-1020": ("PENDING", 2, 1, 0, [ADAM]),
    "BILL-1021": ("PENDING", 1, 0, 0, [CARLA]),
    "BILL-1022": ("PENDING", 1, 0, 0, [CARLA]),
    "BILL-1023": ("APPROVED", 1, 1, 0, []),
    # The policy wants two, but the chain was set before there was one.
    "BILL-1024": ("PENDING", 1, 0, 0, [CARLA]),
    "VC-1001": ("PENDING", 1, 0, 0, [CARLA]),
    "VC-1002": ("PENDING", 2, 0, 0, [ADAM]),
    "VC-1003": ("APPROVED", 1, 1, 0, []),
    "VC-1004": ("REJECTED", 1, 0, 1, []),
    "VC-1005": ("PENDING", 1, 0, 0, []),
}
STATUSES = {
    "0": "PENDING",
    "1": "PENDING",
    "2": "SKIPPED",
    "3": "REJECTED",
    "4": "APPROVED",
    "5": "UPCOMING",
    "6": "SKIPPED",
}


async def situations(client: Client) -> list[Row]:
    nodes: list[Row] = []
    for search in ("BILL-10", "VC-100"):
        body = await client.execute(PROGRESS, {"filter": on_bill({"search": search})})
        assert "errors" not in body
        nodes += body["data"]["invoices"]["nodes"]
    return nodes


async def test_progress_is_in_order_and_counts_who_is_in_the_chain(
    client: Client,
) -> None:
    assert {
        one["number"]: (one["approvalState"], one["progress"])
        for one in await situations(client)
    } == {
        number: (
            state,
            {
                "rule": "IN_ORDER",
                "required": required,
                "approved": approved,
                "rejected": rejected,
                "waitingOn": [{"displayName": name} for name in waiting],
            },
        )
        for number, (state, required, approved, rejected, waiting) in SITUATIONS.items()
    }


async def test_approvers_have_their_place_and_how_far_they_are(
    client: Client, bill_simulator: BillSimulator
) -> None:
    state = bill_simulator.state
    expected = {}
    for number in SITUATIONS:
        rows = state.chain(state.numbered(number).id)
        users = [state.users[row.users_id] for row in rows]
        expected[number] = [
            {
                "position": at,
                "status": STATUSES[row.status],
                "user": {"displayName": f"{user.first_name} {user.last_name}"},
                "decidedAt": shown(row.status_changed_date)
                if row.status in "34"
                else None,
            }
            for at, (row, user) in enumerate(zip(rows, users, strict=True), start=1)
        ]

    found = {one["number"]: one["approvers"] for one in await situations(client)}

    assert found == expected
    assert {one["status"] for some in found.values() for one in some} == set(
        STATUSES.values()
    )


def shown(text: str | None) -> str | None:
    return None if text is None else instant(text).isoformat()


async def test_progress_over_an_unknown_status_counts_nobody(
    client: Client, switch_bill: Callable[..., None]
) -> None:
    switch_bill(unknown_statuses=True)

    found = {one["number"]: one for one in await situations(client)}

    # Everything is "9", so nothing is unassigned and no policy is looked at.
    assert found["BILL-1003"]["approvalState"] == "UNKNOWN"
    assert found["BILL-1003"]["progress"] == {
        "rule": "IN_ORDER",
        "required": 2,
        "approved": None,
        "rejected": None,
        "waitingOn": None,
    }
    assert found["BILL-1009"]["progress"] == {
        "rule": "IN_ORDER",
        "required": None,
        "approved": 0,
        "rejected": 0,
        "waitingOn": [],
    }


async def test_what_a_policy_by_names_alone_requires_is_not_nothing(
    client: Client, bill_simulator: BillSimulator
) -> None:
    """4.2: `minNumApprovers` 0 is allowed when mandatory approvers exist."""
    made = add_bill(
        bill_simulator.state, AT, approval_status="0", amount=Decimal("120000.00")
    )

    body = await client.execute(GOVERNED, {"id": made.id})

    # The policy's names are not read for this, so how many they are is not known.
    assert body["data"]["invoiceBySource"] == {
        "approvalState": "PENDING",
        "policies": [{"sourceId": FROM_100000}],
        "progress": {
            "rule": "IN_ORDER",
            "required": None,
            "approved": 0,
            "rejected": 0,
            "waitingOn": [],
        },
    }


async def test_a_policy_that_is_not_readable_costs_what_depends_on_it(
    client: Client,
    bill_simulator: BillSimulator,
    bill: RecordingTransport,
    switch_bill: Callable[..., None],
) -> None:
    switch_bill(fault="html", fault_calls=("List/ApprovalPolicy",))
    state: State = bill_simulator.state
    one = state.numbered("BILL-1004")

    body = await client.execute(GOVERNED, {"id": one.id})

    assert body["data"]["invoiceBySource"] == {
        "approvalState": "PENDING",
        "policies": None,
        "progress": {
            "rule": "IN_ORDER",
            "required": 1,
            "approved": 0,
            "rejected": 0,
            "waitingOn": [{"displayName": CARLA}],
        },
    }
    assert [error["path"] for error in body["errors"]] == [
        ["invoiceBySource", "policies"]
    ]
    assert set(bill.calls) >= {BILLS, POLICIES}
    assert USERS not in bill.calls
    assert number_of(one) == "BILL-1004"
