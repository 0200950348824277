"""``List``: conditions, order, pages, and what is shown (3.2, 5.6)."""

from typing import Any

import pytest

from gateway.providers.bill.simulator.directory import (
    CLERK,
    CONTROLLER,
    PEOPLE,
    SERVICE,
    VENDOR_IDS,
)
from gateway.providers.bill.simulator.situations import BILL_IDS, SITUATION_IDS
from tests.providers.bill.test_simulator_desk import Desk, refused, sample, success

MISSPELT = refused("BDC_1002")
BILL_COUNT, CREDIT_COUNT = 304, 41
TWO = [SITUATION_IDS["BILL-1001"], SITUATION_IDS["BILL-1004"]]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def condition(field: str, op: str, value: Any) -> dict[str, Any]:
    return {"field": field, "op": op, "value": value}


async def ids(
    desk: Desk, *filters: Any, entity: str = "Bill", **rest: Any
) -> list[str]:
    data = {"filters": list(filters)} | rest
    return [one["id"] for one in await desk.get(f"List/{entity}", data)]


@pytest.mark.parametrize(
    ("entity", "count"),
    [
        ("Bill", BILL_COUNT),
        ("VendorCredit", CREDIT_COUNT),
        ("Vendor", 25),
        ("User", 14),
        ("Profile", 8),
        ("ApprovalPolicy", 6),
        ("ApprovalPolicyApprover", 4),
    ],
)
async def test_everything_is_listed_by_id(desk: Desk, entity: str, count: int) -> None:
    found = await ids(desk, entity=entity)

    assert len(found) == count
    assert found == sorted(desk.simulator.state.table(entity))
    assert {len(one) for one in found} == {20}


async def test_the_documented_request_is_understood(desk: Desk) -> None:
    data = sample("list_request")["data"]
    data["filters"][0]["value"] = ",".join(reversed(TWO))

    found = await desk.get("List/Bill", data)

    assert [one["id"] for one in found] == sorted(TWO)


async def test_the_data_has_every_status(desk: Desk) -> None:
    bills = await desk.get("List/Bill", {})

    assert {one["approvalStatus"] for one in bills} == {"0", "1", "3", "4", "5"}
    assert {one["paymentStatus"] for one in bills} == {"0", "1", "2", "4", "5"}
    assert {one["isActive"] for one in bills} == {"1", "2"}
    assert any(one["paidAmount"] is None for one in bills)


async def test_many_bills_share_one_instant(desk: Desk) -> None:
    times = [one["createdTime"] for one in await desk.get("List/Bill", {})]

    counts = sorted((times.count(one) for one in set(times)), reverse=True)
    assert counts[:6] == [30, 25, 6, 4, 3, 1]
    assert (min(times), max(times)) == (
        "2025-05-11T09:40:48.131+0000",
        "2026-11-02T12:00:00.551+0000",
    )


async def test_a_row_has_neither_lines_nor_names_nor_audit(desk: Desk) -> None:
    whole = await desk.get("Crud/Read/Bill", {"id": TWO[0]})

    (row,) = await desk.get("List/Bill", {"filters": [condition("id", "=", TWO[0])]})

    hidden = {"billLineItems", "createdBy"}
    expected = {name: value for name, value in whole.items() if name not in hidden}
    assert row == expected


async def test_nested_adds_lines_and_the_vendors_name(desk: Desk) -> None:
    whole = await desk.get("Crud/Read/Bill", {"id": TWO[0]})
    data = {"filters": [condition("id", "=", TWO[0])], "nested": True}

    (named,) = await desk.get("List/Bill", data)
    desk.switch(related_names=False)
    (nameless,) = await desk.get("List/Bill", data)

    assert named["related"] == {"vendorId": {"name": "Northside Produce"}}
    assert named["billLineItems"] == whole["billLineItems"]
    expected = {name: value for name, value in named.items() if name != "related"}
    assert nameless == expected


async def test_nested_works_for_vendor_credits_and_changes_no_others(
    desk: Desk,
) -> None:
    credits_ = await desk.get("List/VendorCredit", {"nested": True})
    users = await desk.get("List/User", {"nested": True})

    assert {len(one["vendorCreditLineItems"]) for one in credits_} == {1}
    assert all(one["related"]["vendorId"]["name"] for one in credits_)
    assert users == await desk.get("List/User", {})


async def test_show_audit_adds_who_made_and_changed(desk: Desk) -> None:
    data = {"filters": [condition("id", "=", TWO[0])], "showAudit": True}
    obj = {"entity": "Bill", "id": TWO[0], "poNumber": "PO-7"}
    await desk.get("Crud/Update/Bill", {"obj": obj})

    (bill,) = await desk.get("List/Bill", data)
    users = await desk.get("List/User", {"showAudit": True})

    assert (bill["createdBy"], bill["updatedBy"]) == (CLERK, CONTROLLER)
    assert {one["createdBy"] for one in users} == {SERVICE}


@pytest.mark.parametrize(
    ("field", "op", "value", "expected"),
    [
        ("invoiceNumber", "=", "BILL-1002", ["BILL-1002"]),
        ("invoiceNumber", "=", "bill-1002", []),
        ("invoiceNumber", "sw", "BILL-100", [f"BILL-100{n}" for n in range(1, 10)]),
        ("invoiceNumber", "<", "BILL-1003", ["BILL-1001", "BILL-1002"]),
        (
            "invoiceNumber",
            "in",
            "BILL-1003,BILL-1001,BILL-1003,none",
            [
                "BILL-1001",
                "BILL-1003",
            ],
        ),
        ("invoiceNumber", "in", "BILL-1003, BILL-1001", ["BILL-1003"]),
        (
            "createdTime",
            ">=",
            "2026-11-02T10:00:00.551+0000",
            [
                "BILL-1001",
                "BILL-1002",
            ],
        ),
        ("createdTime", ">", "2026-11-02T10:00:00.551+0000", ["BILL-1001"]),
        ("createdTime", "=", "2026-11-02T11:00:00.551+0100", ["BILL-1002"]),
        ("createdTime", "in", "2026-11-02T10:00:00.551+0000", ["BILL-1002"]),
        ("createdTime", "sw", "2026-11-02T12:", ["BILL-1001"]),
    ],
)
async def test_a_condition_compares(
    desk: Desk, *, field: str, op: str, value: str, expected: list[str]
) -> None:
    found = await ids(desk, condition(field, op, value))

    assert found == sorted(BILL_IDS[number] for number in expected)


@pytest.mark.parametrize(
    ("field", "op", "value", "opposite"),
    [
        ("isActive", "!=", "1", "="),
        ("approvalStatus", "nin", "1,4", "in"),
        ("dueDate", "<", "2026-06-01", ">="),
        ("updatedTime", "<=", "2026-06-01T00:00:00.000+0000", ">"),
        ("vendorId", "nin", VENDOR_IDS["Demo Paper Ltd"], "in"),
    ],
)
async def test_opposite_conditions_share_the_list(
    desk: Desk, *, field: str, op: str, value: str, opposite: str
) -> None:
    first = await ids(desk, condition(field, op, value))
    second = await ids(desk, condition(field, opposite, value))

    assert (bool(first), bool(second)) == (True, True)
    assert sorted(first + second) == sorted(desk.simulator.state.bills)


async def test_all_conditions_hold(desk: Desk) -> None:
    found = await ids(
        desk,
        condition("invoiceNumber", "sw", "BILL-"),
        condition("isActive", "=", "2"),
    )

    assert found == [SITUATION_IDS["BILL-1011"]]


@pytest.mark.parametrize(
    ("switch", "expected"),
    [
        ("in_filter_unsupported", None),
        ("in_filter_ignored", BILL_COUNT),
        ("in_filter_literal", 0),
    ],
)
async def test_in_may_not_work(desk: Desk, switch: str, expected: int | None) -> None:
    data = {"filters": [condition("id", "in", ",".join(TWO))]}
    working = await desk.get("List/Bill", data)

    desk.switch(**{switch: True})
    body = await desk.call("List/Bill", data)

    assert len(working) == 2
    if expected is None:
        assert body == MISSPELT
    else:
        assert len(body["response_data"]) == expected


async def test_where_in_does_not_work_the_rest_does(desk: Desk) -> None:
    desk.switch(in_filter_unsupported=True)
    unsupported = await ids(desk, condition("id", "=", TWO[0]))
    desk.switch(in_filter_unsupported=False, in_filter_ignored=True)
    ignored = await ids(
        desk, condition("id", "nin", TWO[0]), condition("isActive", "=", "2")
    )
    desk.switch(in_filter_ignored=False, in_filter_literal=True)
    literal = await ids(desk, condition("id", "in", TWO[0]))
    everything = await ids(desk, condition("id", "nin", ",".join(TWO)))

    assert unsupported == literal == [TWO[0]]
    assert len(ignored) == 14
    assert len(everything) == BILL_COUNT


@pytest.mark.parametrize(
    ("entity", "field", "value"),
    [
        ("Bill", "paymentStatus", "1"),
        ("Bill", "payFromBankAccountId", "0" * 20),
        ("Bill", "payFromChartOfAccountId", "0" * 20),
        ("Bill", "invoiceDate", "2026-10-31"),
        ("Bill", "glPostingDate", "2026-10-31"),
        ("VendorCredit", "vendorId", VENDOR_IDS["Northside Produce"]),
        ("VendorCredit", "applyToBankAccountId", "0" * 20),
        ("Vendor", "paymentTermId", "0" * 20),
        ("Vendor", "isActive", "1"),
        ("User", "profileId", "0po01ADMINISTRATOR00"),
        ("Profile", "createdTime", "2025-04-21T17:00:00.551+0000"),
        ("ApprovalPolicy", "isActive", "1"),
        ("ApprovalPolicyApprover", "usersId", "00601DIRECTOR0000000"),
    ],
)
async def test_these_members_can_be_filtered_by(
    desk: Desk, entity: str, field: str, value: str
) -> None:
    found = await desk.get(
        f"List/{entity}", {"filters": [condition(field, "=", value)]}
    )

    assert {one[field] for one in found} == {value}


@pytest.mark.parametrize(
    ("entity", "data"),
    [
        ("Bill", {"filters": [condition("amount", "=", "1")]}),
        ("Bill", {"filters": [condition("poNumber", "=", "1")]}),
        ("VendorCredit", {"filters": [condition("approvalStatus", "=", "1")]}),
        ("Vendor", {"filters": [condition("name", "=", "x")]}),
        ("User", {"filters": [condition("email", "=", "x")]}),
        ("BillApprover", {"filters": [condition("createdTime", "=", "x")]}),
        ("Bill", {"filters": [condition("id", "like", "1")]}),
        ("Bill", {"filters": [condition("id", "=", 1)]}),
        ("Bill", {"filters": [condition("id", "in", TWO)]}),
        ("Bill", {"filters": [condition("dueDate", "=", "soon")]}),
        ("Bill", {"filters": [condition("dueDate", "=", "2026-02-30")]}),
        ("Bill", {"filters": [condition("createdTime", "=", "2026-11-02")]}),
        (
            "Bill",
            {
                "filters": [
                    condition("createdTime", ">", "2026-11-02T10:00:00.551 0000")
                ]
            },
        ),
        (
            "Bill",
            {
                "filters": [
                    condition("createdTime", ">", "2026-13-02T10:00:00.551+0000")
                ]
            },
        ),
        ("Bill", {"filters": [{"field": "id", "op": "="}]}),
        ("Bill", {"filters": [condition("id", "=", "1") | {"or": 1}]}),
        ("Bill", {"filters": condition("id", "=", "1")}),
        ("Bill", {"sort": [{"field": "amount", "asc": "true"}]}),
        ("Bill", {"sort": [{"field": "id", "asc": True}]}),
        ("Bill", {"start": -1}),
        ("Bill", {"start": "0"}),
        ("Bill", {"max": 0}),
        ("Bill", {"max": "20"}),
        ("Bill", {"max": True}),
        ("Bill", {"nested": "true"}),
        ("Bill", {"limit": 20}),
    ],
)
async def test_what_is_not_understood_is_refused(
    desk: Desk, entity: str, data: dict[str, Any]
) -> None:
    assert await desk.call(f"List/{entity}", data) == MISSPELT


async def test_pages_cover_the_list_once(desk: Desk) -> None:
    sort = [{"field": "createdTime", "asc": "false"}, {"field": "id", "asc": "true"}]

    pages = [
        await ids(desk, sort=sort, start=start, max=100)
        for start in (0, 100, 200, 300, 400)
    ]

    bills = desk.simulator.state.bills.values()
    by_id = sorted(bills, key=lambda bill: bill.id)
    newest = sorted(by_id, key=lambda bill: bill.created_time, reverse=True)
    assert [len(page) for page in pages] == [100, 100, 100, 4, 0]
    assert sum(pages, []) == [bill.id for bill in newest]  # noqa: RUF017 (five pages)


async def test_ties_of_an_order_come_by_id(desk: Desk) -> None:
    found = await desk.get(
        "List/Bill", {"sort": [{"field": "isActive", "asc": "false"}]}
    )

    places = [(one["isActive"] == "1", one["id"]) for one in found]
    assert places == sorted(places)


@pytest.mark.parametrize(("cap", "count"), [(999, 999), (1000, 1000)])
async def test_a_page_is_capped(desk: Desk, cap: int, count: int) -> None:
    state = desk.simulator.state
    (bill, *_) = state.bills.values()
    for number in range(1000):
        state.bills[f"00n02{number:015}"] = bill
    desk.switch(list_cap=cap)

    clamped = await desk.get("List/Bill", {"max": 5000})
    unasked = await desk.get("List/Bill", {})
    desk.switch(list_over_cap="error")
    over = await desk.call("List/Bill", {"max": cap + 1})
    exact = await desk.get("List/Bill", {"max": cap})

    assert [len(one) for one in (clamped, unasked, exact)] == [count] * 3
    assert over == MISSPELT


@pytest.mark.parametrize(
    ("entity", "reference", "numbers"),
    [
        ("BillApprover", "billId", ("BILL-1001", "BILL-1016")),
        ("VendorCreditApprover", "vendorCreditId", ("VC-1001", "VC-1002")),
    ],
)
async def test_the_rows_of_many_objects_are_listed_flat(
    desk: Desk, entity: str, reference: str, numbers: tuple[str, str]
) -> None:
    wanted = ",".join(SITUATION_IDS[number] for number in numbers)

    found = await desk.get(
        f"List/{entity}", {"filters": [condition(reference, "in", wanted)]}
    )

    single = [await desk.get("ListApprovers", desk.target(one)) for one in numbers]
    expected = sorted(single[0] + single[1], key=lambda row: str(row["id"]))
    assert found == expected


async def test_what_waits_for_one_user_is_found(desk: Desk) -> None:
    found = await desk.get(
        "List/BillApprover",
        {
            "filters": [
                condition("usersId", "=", CONTROLLER),
                condition("status", "in", "0,1"),
            ]
        },
    )

    data = {"usersId": CONTROLLER, "entity": "Bill", "approvalType": "0"}
    queue = await desk.get("ListUserApprovals", data)
    assert {row["billId"] for row in found} == {one["id"] for one in queue["approvals"]}


@pytest.mark.parametrize("entity", ["BillApprover", "VendorCreditApprover"])
async def test_the_lists_of_rows_may_be_missing(desk: Desk, entity: str) -> None:
    present = await desk.call(f"List/{entity}", {"max": 1})

    desk.switch(list_billapprover_missing=True)
    absent = await desk.send(f"List/{entity}", {"max": 1})
    one_object = await desk.call("ListApprovers", desk.target("BILL-1001"))

    assert present["response_status"] == one_object["response_status"] == 0
    assert (absent.status_code, absent.json()) == (404, refused("BDC_1121"))


async def test_the_users_are_the_persons_and_their_colleagues(desk: Desk) -> None:
    users = await desk.get("List/User", {})

    assert {one["id"] for one in users} == {one.id for one in PEOPLE}
    assert [one["id"] for one in users if one["isActive"] == "2"] == [
        "00601FORMER000000000"
    ]


async def test_an_empty_list_is_a_success(desk: Desk) -> None:
    body = await desk.call("List/Bill", {"filters": [condition("id", "=", "none")]})

    assert body == success([])
