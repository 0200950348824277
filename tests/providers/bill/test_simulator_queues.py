"""``ListUserApprovals``: whose turn it is, was and will be, page by page (5.7)."""

from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.providers.bill.simulator.directory import (
    ACCOUNTANT,
    CLERK,
    CLERK_PROFILE,
    CONTROLLER,
    VENDOR_IDS,
    VISITOR,
)
from gateway.providers.bill.simulator.situations import SITUATION_IDS
from tests.providers.bill.test_simulator_desk import Desk, refused, sample, success


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def queue(
    desk: Desk, user_id: str = CONTROLLER, person: str = "controller", **changes: Any
) -> dict[str, Any]:
    data = {"usersId": user_id, "entity": "Bill", "approvalType": "0"} | changes
    return await desk.call("ListUserApprovals", data, person)


async def numbers(desk: Desk, **changes: Any) -> list[str]:
    body = await queue(desk, **changes)
    name = "refNumber" if changes.get("entity") == "VendorCredit" else "invoiceNumber"
    return [one[name] for one in body["response_data"]["approvals"]]


def expected(desk: Desk, user_id: str, statuses: set[str]) -> set[str]:
    state = desk.simulator.state
    rows = state.bill_approvers.values()
    return {
        state.bills[row.bill_id].invoice_number
        for row in rows
        if row.users_id == user_id and row.status in statuses
    }


async def test_the_documented_request_finds_the_documented_bill(desk: Desk) -> None:
    desk.simulator.state.approving_profiles.add(CLERK_PROFILE)
    desk.now = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
    line = {"entity": "BillLineItem", "amount": 125.50}
    bill = {
        "entity": "Bill",
        "vendorId": VENDOR_IDS["Demo Paper Ltd"],
        "invoiceNumber": "INV-7",
        "invoiceDate": "2026-03-01",
        "dueDate": "2026-03-31",
        "billLineItems": [line],
    }
    made = await desk.get("Crud/Create/Bill", {"obj": bill})
    await desk.on("SetApprovers", "INV-7", approvers=[CLERK])
    data = sample("user_approvals")["data"] | {"usersId": CLERK}

    body = await desk.call("ListUserApprovals", data, "clerk")

    documented = sample("user_approvals")["body"]
    (row,) = documented["response_data"]["approvals"]
    row |= {"id": made["id"], "vendorId": made["vendorId"]}
    row["billLineItems"] = made["billLineItems"]
    documented["response_data"]["marker"] = f"{made['id']}|1772445600000"
    assert body == documented
    assert list(body["response_data"]["approvals"][0]) == list(row)


@pytest.mark.parametrize(
    ("kind", "statuses", "inside", "outside"),
    [
        ("0", {"0", "1"}, ["BILL-1001", "BILL-1005", "BILL-1006"], "BILL-1002"),
        ("1", {"4"}, ["BILL-1008", "BILL-1020"], "BILL-1003"),
        ("2", {"3"}, ["BILL-1007"], "BILL-1016"),
        ("3", {"5"}, ["BILL-1002", "BILL-1014", "BILL-1017"], "BILL-1006"),
    ],
)
async def test_each_type_lists_the_rows_of_its_statuses(
    desk: Desk, *, kind: str, statuses: set[str], inside: list[str], outside: str
) -> None:
    found = await numbers(desk, approvalType=kind)

    assert set(found) == expected(desk, CONTROLLER, statuses)
    assert set(inside) <= set(found)
    assert outside not in found


async def test_vendor_credits_have_their_own_list(desk: Desk) -> None:
    found = await numbers(desk, entity="VendorCredit")

    assert "VC-1001" in found
    assert all(one.startswith(("VC-", "HC-")) for one in found)


async def test_a_vendor_credit_shows_the_name_of_its_vendor(desk: Desk) -> None:
    filters = [{"field": "id", "op": "=", "value": SITUATION_IDS["VC-1001"]}]

    body = await queue(desk, entity="VendorCredit", nested=True, filters=filters)

    (row,) = body["response_data"]["approvals"]
    assert row["related"] == {"vendorId": {"name": "Northside Produce"}}
    assert [line["amount"] for line in row["vendorCreditLineItems"]] == [125.5]


async def test_without_nested_there_are_no_lines_and_names(desk: Desk) -> None:
    body = await queue(desk, max=1)

    (row,) = body["response_data"]["approvals"]
    documented = sample("user_approvals")["body"]["response_data"]["approvals"][0]
    assert row.keys() == documented.keys() - {"related", "billLineItems"}


async def test_pages_follow_the_marker_to_the_end(desk: Desk) -> None:
    sort = [{"field": "dueDate", "asc": "false"}, {"field": "id", "asc": "true"}]
    whole = await numbers(desk, sort=sort)

    found: list[str] = []
    marker: str | None = None
    while True:
        data = (await queue(desk, sort=sort, max=10, marker=marker))["response_data"]
        found += [one["invoiceNumber"] for one in data["approvals"]]
        if data["marker"] == marker:
            break
        marker = data["marker"]

    assert found == whole
    assert data == {"marker": marker, "approvals": []}


async def test_a_marked_bill_may_leave_the_list(desk: Desk) -> None:
    whole = await numbers(desk)
    first = (await queue(desk, max=3))["response_data"]
    await desk.on("Approve", whole[2])

    second = await numbers(desk, max=3, marker=first["marker"])

    assert second == whole[3:6]


async def test_nothing_to_approve_is_an_empty_page(desk: Desk) -> None:
    body = await queue(desk, VISITOR)

    assert body == success({"marker": "", "approvals": []})


async def test_only_an_administrator_reads_the_list_of_another(desk: Desk) -> None:
    own = await queue(desk, ACCOUNTANT, "accountant")
    by_administrator = await queue(desk, ACCOUNTANT)
    by_another = await queue(desk, ACCOUNTANT, "approver")

    assert own == by_administrator
    assert own["response_status"] == 0
    assert by_another == refused("BDC_9901")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"usersId": "00601UNKNOWN00000000"}, "BDC_1205"),
        ({"usersId": SITUATION_IDS["BILL-1001"]}, "BDC_1302"),
        ({"usersId": None}, "BDC_1002"),
        ({"usersId": [CONTROLLER]}, "BDC_1002"),
        ({"entity": "Vendor"}, "BDC_1002"),
        ({"approvalType": "4"}, "BDC_1002"),
        ({"approvalType": 0}, "BDC_1002"),
        ({"marker": "nonsense"}, "BDC_1002"),
        ({"marker": "00n01UNKNOWN00000000|1"}, "BDC_1002"),
        ({"max": 0}, "BDC_1002"),
        ({"start": 0}, "BDC_1002"),
        ({"showAudit": True}, "BDC_1002"),
        ({"filters": [{"field": "amount", "op": "=", "value": "1"}]}, "BDC_1002"),
    ],
)
async def test_a_malformed_call_is_refused(
    desk: Desk, changes: dict[str, Any], code: str
) -> None:
    assert await queue(desk, **changes) == refused(code)
