"""Approval policies and their mandatory approvers (section 4)."""

from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.providers.bill.simulator.directory import (
    ACCOUNTANT,
    CONTROLLER,
    CREDITS_FROM_500,
    DELETED_FROM_1500,
    DELETED_FROM_4000,
    DIRECTOR,
    FROM_4000,
    FROM_25000,
    FROM_100000,
    LEAD,
)
from tests.providers.bill.test_simulator_desk import (
    NOW,
    Desk,
    refused,
    sample,
    success,
)

NOT_ALLOWED = refused("BDC_9901")
MISSPELT = refused("BDC_1002")


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def create(desk: Desk, **changes: Any) -> dict[str, Any]:
    obj = sample("policy_created")["data"]["obj"] | changes
    return await desk.call("Crud/Create/ApprovalPolicy", {"obj": obj})


async def update(desk: Desk, policy_id: str, **changes: Any) -> dict[str, Any]:
    obj = {"entity": "ApprovalPolicy", "id": policy_id} | changes
    return await desk.call("Crud/Update/ApprovalPolicy", {"obj": obj})


async def rows(desk: Desk, policy_id: str) -> list[tuple[str, int, str]]:
    filters = [{"field": "approvalPolicyId", "op": "in", "value": policy_id}]
    found = await desk.get("List/ApprovalPolicyApprover", {"filters": filters})
    return [(one["usersId"], one["sortOrder"], one["isActive"]) for one in found]


async def test_the_policies_are_listed_with_their_names(desk: Desk) -> None:
    found = await desk.get("List/ApprovalPolicy", {})

    assert {one["id"]: (one["name"], one["isActive"]) for one in found} == {
        FROM_4000: ("Bills of $4000.00 or more require at least 2 approvers", "1"),
        FROM_25000: ("Bills of $25000.00 or more require at least 3 approvers", "1"),
        FROM_100000: ("Bills of $100000.00 or more require at least 0 approvers", "1"),
        CREDITS_FROM_500: (
            "Vendor Credits of $500.00 or more require at least 1 approver",
            "1",
        ),
        DELETED_FROM_1500: (
            "Bills of $1500.00 or more require at least 1 approver",
            "2",
        ),
        DELETED_FROM_4000: (
            "Bills of $4000.00 or more require at least 3 approvers",
            "2",
        ),
    }


async def test_the_documented_policy_is_there(desk: Desk) -> None:
    body = await desk.call("Crud/Read/ApprovalPolicy", {"id": "app01IVEVRADCRIJ3o68"})

    assert body == success(
        {
            "entity": "ApprovalPolicy",
            "id": "app01IVEVRADCRIJ3o68",
            "name": "Bills of $4000.00 or more require at least 2 approvers",
            "type": "0",
            "amountThreshold": 4000.0,
            "minNumApprovers": 2,
            "isActive": "1",
            "createdTime": "2025-05-01T17:00:00.551+0000",
            "updatedTime": "2025-05-01T17:00:00.551+0000",
        }
    )


async def test_the_documented_policy_can_be_created(desk: Desk) -> None:
    documented = sample("policy_created")
    desk.now = datetime(2026, 3, 2, 10, 15, tzinfo=UTC)

    body = await desk.call("Crud/Create/ApprovalPolicy", documented["data"])

    made_id = body["response_data"]["id"]
    documented["body"]["response_data"]["id"] = made_id
    assert body == documented["body"]
    assert (made_id[:5], len(made_id)) == ("app01", 20)


async def test_an_update_writes_the_name_again(desk: Desk) -> None:
    before = await desk.get("Crud/Read/ApprovalPolicy", {"id": FROM_4000})

    body = await update(
        desk, FROM_4000, minNumApprovers=1, amountThreshold=75, type="1", name="Mine"
    )

    assert body == success(
        before
        | {
            "name": "Bills of $75.00 or more require at least 1 approver",
            "amountThreshold": 75.0,
            "minNumApprovers": 1,
            "updatedTime": NOW,
        }
    )


@pytest.mark.parametrize(("quirk", "shown"), [(False, "1"), (True, "2")])
async def test_the_reply_to_an_update_may_lie(
    desk: Desk, *, quirk: bool, shown: str
) -> None:
    desk.switch(quirk_update_inactive=quirk)

    body = await update(desk, FROM_4000, minNumApprovers=3)
    stored = await desk.get("Crud/Read/ApprovalPolicy", {"id": FROM_4000})

    assert body["response_data"]["isActive"] == shown
    assert (stored["isActive"], stored["minNumApprovers"]) == ("1", 3)


async def test_a_policy_is_deleted_and_restored(desk: Desk) -> None:
    before = await desk.get("Crud/Read/ApprovalPolicy", {"id": FROM_4000})

    deleted = await desk.get("Crud/Delete/ApprovalPolicy", {"id": FROM_4000})
    desk.later(minutes=3)
    changed = await update(desk, FROM_4000, minNumApprovers=2)
    restored = await desk.get("Crud/Undelete/ApprovalPolicy", {"id": FROM_4000})

    later = "2026-11-03T12:03:00.007+0000"
    assert deleted == before | {"isActive": "2", "updatedTime": NOW}
    assert changed == success(deleted | {"updatedTime": later})
    assert restored == before | {"updatedTime": later}


@pytest.mark.parametrize(
    "changes",
    [
        {"amountThreshold": -1},
        {"amountThreshold": "2500.00"},
        {"amountThreshold": 0.001},
        {"minNumApprovers": -1},
        {"minNumApprovers": 1.5},
        {"minNumApprovers": True},
        {"minNumApprovers": 0},
        {"type": "2"},
        {"type": None},
        {"treshold": 1},
    ],
)
async def test_a_malformed_policy_is_refused(
    desk: Desk, changes: dict[str, Any]
) -> None:
    assert await create(desk, **changes) == MISSPELT
    assert len(desk.simulator.state.policies) == 6


async def test_a_policy_without_a_number_needs_names(desk: Desk) -> None:
    with_names = await update(desk, FROM_25000, minNumApprovers=0)
    without = await update(desk, FROM_4000, minNumApprovers=0)

    assert with_names["response_data"]["minNumApprovers"] == 0
    assert without == MISSPELT


async def test_two_policies_may_have_one_threshold(desk: Desk) -> None:
    twin = await create(desk, amountThreshold=4000, minNumApprovers=2)

    assert twin["response_status"] == 0
    assert twin["response_data"]["id"] != FROM_4000


@pytest.mark.parametrize(
    ("call", "data"),
    [
        ("Crud/Create/ApprovalPolicy", sample("policy_created")["data"]),
        (
            "Crud/Update/ApprovalPolicy",
            {"obj": {"entity": "ApprovalPolicy", "id": FROM_4000}},
        ),
        ("Crud/Delete/ApprovalPolicy", {"id": FROM_4000}),
        ("Crud/Undelete/ApprovalPolicy", {"id": DELETED_FROM_1500}),
        ("Crud/Create/ApprovalPolicyApprover", {"obj": {}}),
        ("Crud/Delete/ApprovalPolicyApprover", {"id": "x"}),
    ],
)
async def test_only_an_administrator_writes_policies(
    desk: Desk, call: str, data: dict[str, Any]
) -> None:
    answer = await desk.send(call, data, "accountant")

    assert (answer.status_code, answer.json()) == (200, NOT_ALLOWED)
    assert desk.simulator.state.policies[FROM_4000].is_active == "1"
    assert desk.simulator.state.policies[DELETED_FROM_1500].is_active == "2"


async def test_a_bulk_refuses_each_policy_of_another(desk: Desk) -> None:
    data = {"bulk": [sample("policy_created")["data"]]}

    body = await desk.call("Bulk/Crud/Create/ApprovalPolicy", data, "clerk")

    assert body == success({"bulk": [NOT_ALLOWED]})


async def test_everybody_reads_policies(desk: Desk) -> None:
    policy = await desk.get("Crud/Read/ApprovalPolicy", {"id": FROM_4000}, "auditor")
    mandatory = await desk.get("List/ApprovalPolicyApprover", {}, "auditor")

    assert policy["id"] == FROM_4000
    assert len(mandatory) == 4


async def test_a_policy_names_its_mandatory_approvers(desk: Desk) -> None:
    assert sorted(await rows(desk, f"{FROM_25000},{FROM_100000}")) == [
        (DIRECTOR, 0, "1"),
        (DIRECTOR, 1, "1"),
        (LEAD, 0, "1"),
    ]


async def test_a_mandatory_approver_is_added_behind_the_others(desk: Desk) -> None:
    data = sample("policy_approver_request")["data"]
    data["obj"] |= {"approvalPolicyId": FROM_25000, "usersId": ACCOUNTANT}

    made = await desk.get("Crud/Create/ApprovalPolicyApprover", data)

    assert made == {
        "entity": "ApprovalPolicyApprover",
        "id": made["id"],
        "isActive": "1",
        "createdTime": NOW,
        "updatedTime": NOW,
        "approvalPolicyId": FROM_25000,
        "usersId": ACCOUNTANT,
        "sortOrder": 1,
    }
    assert made["id"].startswith("apa")


async def test_a_mandatory_approver_is_moved_and_taken_away(desk: Desk) -> None:
    obj = {
        "entity": "ApprovalPolicyApprover",
        "approvalPolicyId": FROM_4000,
        "usersId": ACCOUNTANT,
        "sortOrder": 5,
    }
    made = await desk.get("Crud/Create/ApprovalPolicyApprover", {"obj": obj})
    moved = await desk.get(
        "Crud/Update/ApprovalPolicyApprover",
        {"obj": made | {"sortOrder": 2, "usersId": CONTROLLER}},
    )
    gone = await desk.get("Crud/Delete/ApprovalPolicyApprover", {"id": made["id"]})

    assert (moved["usersId"], moved["sortOrder"]) == (ACCOUNTANT, 2)
    assert gone == moved | {"isActive": "2"}
    without = await desk.on(
        "SetApprovers", "BILL-1010", approvers=[CONTROLLER, DIRECTOR]
    )
    assert without == success({})


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"approvalPolicyId": "app01UNKNOWN00000000"}, "BDC_1205"),
        ({"approvalPolicyId": CONTROLLER}, "BDC_1302"),
        ({"usersId": FROM_4000}, "BDC_1302"),
        ({"usersId": None}, "BDC_1002"),
    ],
)
async def test_a_mandatory_approver_needs_what_it_joins(
    desk: Desk, changes: dict[str, Any], code: str
) -> None:
    obj = sample("policy_approver_request")["data"]["obj"]
    obj |= {"approvalPolicyId": FROM_4000, "usersId": ACCOUNTANT} | changes

    body = await desk.call("Crud/Create/ApprovalPolicyApprover", {"obj": obj})

    assert body == refused(code)


async def test_a_changed_policy_leaves_chains_as_they_are(desk: Desk) -> None:
    before = desk.rows("BILL-1019")

    await update(desk, FROM_4000, minNumApprovers=5)
    await desk.get("Crud/Delete/ApprovalPolicy", {"id": FROM_25000})

    assert desk.rows("BILL-1019") == before
    assert desk.rows("BILL-1018")[0] == (DIRECTOR, "4")
    renewed = await desk.on(
        "SetApprovers", "BILL-1019", approvers=[CONTROLLER, DIRECTOR]
    )
    assert renewed == refused("BDC_9906")


async def test_a_deleted_policy_governs_nothing(desk: Desk) -> None:
    await desk.get("Crud/Delete/ApprovalPolicy", {"id": FROM_4000})

    body = await desk.on("SetApprovers", "BILL-1010", approvers=[CONTROLLER])

    assert body == success({})
