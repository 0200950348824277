"""BILL's list filtered, by BILL or by the gateway."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from gateway.providers.bill.simulator import BillSimulator
from gateway.providers.bill.simulator.directory import CREDITS_FROM_500, FROM_4000
from tests.providers.bill.reading import (
    BILLS,
    CREDITS,
    LIST,
    POLICIES,
    Row,
    add_bill,
    ids,
    in_order,
    instant,
    matching,
    on_bill,
    read_pages,
    state_of,
)
from tests.support import Client, RecordingTransport

LATEST = datetime(2026, 11, 2, 18, tzinfo=UTC)
SINCE = "2026-10-25T00:00:00+00:00"
FILTERS: list[Row] = [
    {},
    {"states": ["PENDING"]},
    {"states": ["NOT_REQUIRED"]},
    {"states": ["APPROVED"]},
    {"states": ["REJECTED"]},
    {"states": ["UNKNOWN"]},
    {"states": ["PENDING", "NOT_REQUIRED"]},
    {"states": ["APPROVED", "REJECTED", "UNKNOWN"]},
    {"statuses": ["UNASSIGNED"]},
    {"statuses": ["PENDING_APPROVAL"]},
    {"statuses": ["APPROVED"]},
    {"statuses": ["REJECTED"]},
    {"statuses": ["PAID"]},
    {"statuses": ["ARCHIVED"]},
    {"statuses": ["UNKNOWN"]},
    {"statuses": ["EXPORTED"]},
    {"statuses": ["PAID", "ARCHIVED"]},
    {"statuses": ["PAID", "APPROVED"]},
    {"statuses": ["ARCHIVED"], "states": ["PENDING"]},
    {"statuses": ["PAID"], "states": ["APPROVED"]},
    {"statuses": ["UNASSIGNED"], "states": ["PENDING"]},
    {"statuses": ["UNASSIGNED"], "states": ["NOT_REQUIRED"]},
    {"statuses": ["UNASSIGNED", "REJECTED"], "states": ["APPROVED", "REJECTED"]},
    {"statuses": ["REJECTED"], "states": ["PENDING"]},
    {"states": [], "statuses": ["APPROVED"]},
    {"kinds": ["BILL"]},
    {"kinds": ["VENDOR_CREDIT"]},
    {"kinds": ["VENDOR_CREDIT"], "statuses": ["PAID"]},
    {"kinds": ["VENDOR_CREDIT"], "statuses": ["ARCHIVED"]},
    {"kinds": ["VENDOR_CREDIT"], "states": ["PENDING"]},
    {"kinds": ["INVOICE", "CREDIT_MEMO", "UNKNOWN"]},
    {"kinds": []},
    {"search": "northside"},
    {"search": "BILL-10"},
    {"search": "bill-1001"},
    {"search": "VC-1"},
    {"search": ""},
    {"search": "nothing has this"},
    {"search": "%\"',{}\\"},
    {"issuedAfter": "2026-10-25"},
    {"issuedBefore": "2026-01-25"},
    {"issuedAfter": "2026-10-26", "issuedBefore": "2026-10-26"},
    {"dueAfter": "2026-11-25"},
    {"dueBefore": "2026-01-20"},
    {"dueAfter": "2026-11-28", "dueBefore": "2026-11-28"},
    {"updatedSince": SINCE},
    {"updatedSince": "2026-10-25T01:00:00+01:00"},
    {"minimumTotal": "25000"},
    {"maximumTotal": "99.99"},
    {"minimumTotal": "842.1", "maximumTotal": "842.10"},
    {"states": ["PENDING"], "search": "produce", "minimumTotal": "1000"},
    {"statuses": ["APPROVED"], "updatedSince": SINCE, "kinds": ["BILL"]},
    dict.fromkeys(
        ("states", "statuses", "kinds", "search", "dueAfter", "minimumTotal")
    ),
]


@pytest.mark.parametrize("wanted", FILTERS, ids=str)
async def test_a_filter_lets_through_what_it_says(
    client: Client, bill_simulator: BillSimulator, wanted: Row
) -> None:
    expected = in_order(matching(bill_simulator.state, wanted))

    # The second time BILL is known to take several values at once.
    assert ids(await read_pages(client, 40, wanted)) == expected
    await client.run("Policies", {})
    assert ids(await read_pages(client, 40, wanted)) == expected


def some(*values: str) -> st.SearchStrategy[list[str] | None]:
    return st.none() | st.lists(st.sampled_from(values), max_size=4, unique=True)


@given(
    wanted=st.fixed_dictionaries(
        {},
        optional={
            "states": some("PENDING", "NOT_REQUIRED", "APPROVED", "REJECTED"),
            "statuses": some(
                "UNASSIGNED", "PENDING_APPROVAL", "APPROVED", "REJECTED", "PAID"
            ),
            "kinds": some("BILL", "VENDOR_CREDIT"),
            "search": st.sampled_from([None, "", "HB-2", "vc", "Depot", "9"]),
            "issuedAfter": st.dates(date(2025, 6, 1), date(2026, 11, 2)).map(str),
            "dueBefore": st.dates(date(2025, 8, 1), date(2026, 12, 2)).map(str),
            "updatedSince": st.integers(0, 400 * 86_400_000).map(
                lambda past: (LATEST - timedelta(milliseconds=past)).isoformat()
            ),
            "minimumTotal": st.decimals(0, 6000, places=2).map(str),
            "maximumTotal": st.decimals(100, 40000, places=2).map(str),
        },
    ),
    first=st.integers(1, 100),
)
@hypothesis_settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
async def test_filters_together_let_through_what_passes_them_all(
    client: Client, bill_simulator: BillSimulator, wanted: Row, first: int
) -> None:
    expected = matching(bill_simulator.state, wanted)

    pages = await read_pages(client, max(first, len(expected) // 8 + 1), wanted)

    assert ids(pages) == in_order(expected)


def equals(field: str, value: str) -> Row:
    return {"field": field, "op": "=", "value": value}


def after(field: str, value: str) -> Row:
    return {"field": field, "op": ">", "value": value}


def before(field: str, value: str) -> Row:
    return {"field": field, "op": "<", "value": value}


@pytest.mark.parametrize(
    ("wanted", "of_bills", "of_credits"),
    [
        ({}, [[]], [[]]),
        # What is unassigned is pending where a policy applies.
        (
            {"states": ["PENDING"]},
            [[equals("approvalStatus", one)] for one in "014"],
            [[]],
        ),
        ({"states": ["NOT_REQUIRED"]}, [[equals("approvalStatus", "0")]], [[]]),
        ({"states": ["APPROVED"]}, [[equals("approvalStatus", "3")]], [[]]),
        ({"states": ["REJECTED"]}, [[equals("approvalStatus", "5")]], [[]]),
        # A value that nobody documented would match.
        ({"states": ["REJECTED", "UNKNOWN"]}, [[]], [[]]),
        ({"statuses": ["UNKNOWN"]}, [[]], [[]]),
        ({"statuses": ["UNASSIGNED"]}, [[equals("approvalStatus", "0")]], [[]]),
        (
            {"statuses": ["PENDING_APPROVAL"]},
            [[equals("approvalStatus", one)] for one in "14"],
            [[]],
        ),
        ({"statuses": ["APPROVED"]}, [[equals("approvalStatus", "3")]], [[]]),
        ({"statuses": ["REJECTED"]}, [[equals("approvalStatus", "5")]], [[]]),
        (
            {"statuses": ["UNASSIGNED", "APPROVED"], "states": ["APPROVED"]},
            [[equals("approvalStatus", "3")]],
            [[]],
        ),
        ({"statuses": ["PAID"]}, [[equals("paymentStatus", "0")]], []),
        (
            {"statuses": ["PAID"], "states": ["APPROVED"]},
            [[equals("paymentStatus", "0"), equals("approvalStatus", "3")]],
            [],
        ),
        (
            {"statuses": ["ARCHIVED"]},
            [[equals("isActive", "2")]],
            [[equals("isActive", "2")]],
        ),
        ({"statuses": ["ARCHIVED", "PAID"]}, [[]], [[]]),
        ({"kinds": ["BILL"]}, [[]], []),
        ({"kinds": ["VENDOR_CREDIT"]}, [], [[]]),
        (
            {"updatedSince": "2026-10-01T02:00:00.750400+02:00"},
            [[after("updatedTime", "2026-10-01T00:00:00.749+0000")]],
            [[after("updatedTime", "2026-10-01T00:00:00.749+0000")]],
        ),
        # A vendor credit's dates are not known to be taken (6.2).
        (
            {"issuedAfter": "2026-03-01", "issuedBefore": "2026-12-31"},
            [[after("invoiceDate", "2026-02-28"), before("invoiceDate", "2027-01-01")]],
            [[]],
        ),
        (
            {"dueAfter": "2026-01-01", "dueBefore": "2026-02-28"},
            [[after("dueDate", "2025-12-31"), before("dueDate", "2026-03-01")]],
            [[]],
        ),
        ({"search": "a&b=c"}, [[]], [[]]),
        ({"minimumTotal": "1"}, [[]], [[]]),
        ({"maximumTotal": "90000"}, [[]], [[]]),
    ],
    ids=str,
)
async def test_bill_is_asked_for_what_it_can_filter_by(
    client: Client,
    bill: RecordingTransport,
    wanted: Row,
    of_bills: list[Any],
    of_credits: list[Any],
) -> None:
    await client.execute(LIST, {"first": 1, "filter": on_bill(wanted)})

    asked: dict[str, list[Any]] = {BILLS: [], CREDITS: []}
    for at, name in enumerate(bill.calls):
        filters = bill.data(at)["filters"] if name != POLICIES else []
        # Where BILL cannot filter the gateway reads on, from a place.
        if not any(one["field"] == "createdTime" for one in filters):
            asked.setdefault(name, []).append(filters)
    asked.pop(POLICIES, None)
    assert asked == {BILLS: of_bills, CREDITS: of_credits}


async def test_several_values_are_a_list_each_also_once_in_was_seen_to_work(
    client: Client, bill: RecordingTransport
) -> None:
    """3.2: `in` is seen to work with ids alone."""
    await client.run("InvoiceList", {"first": 5, "filter": on_bill()})
    bill.clear()

    wanted = on_bill({"states": ["PENDING"], "kinds": ["BILL"]})
    await client.execute(LIST, {"first": 5, "filter": wanted})

    assert bill.calls == [*[BILLS] * 3, POLICIES]
    assert [bill.data(at)["filters"] for at in range(3)] == [
        [{"field": "approvalStatus", "op": "=", "value": value}] for value in "014"
    ]


@pytest.mark.parametrize(
    "wanted",
    [
        {"states": []},
        {"statuses": []},
        {"kinds": []},
        {"kinds": ["INVOICE"]},
        {"statuses": ["EXPORTED"]},
        {"statuses": ["PROCESSING", "INCOMPLETE", "NEEDS_ATTENTION"]},
        {"statuses": ["REJECTED"], "states": ["PENDING"]},
        {"kinds": ["VENDOR_CREDIT"], "statuses": ["PAID"]},
    ],
    ids=str,
)
async def test_a_filter_that_nothing_can_pass_costs_no_call(
    client: Client, bill: RecordingTransport, wanted: Row
) -> None:
    body = await client.execute(LIST, {"first": 5, "filter": on_bill(wanted)})

    assert body["data"]["invoices"] == {
        "edges": [],
        "pageInfo": {
            "hasNextPage": False,
            "hasPreviousPage": False,
            "startCursor": None,
            "endCursor": None,
        },
        "totalCount": 0,
    }
    assert bill.calls == []


@pytest.mark.parametrize(
    "wanted",
    [
        {"issuedAfter": "0001-01-01"},
        {"issuedBefore": "9999-12-31"},
        {"dueAfter": "0001-01-01"},
        {"dueBefore": "9999-12-31"},
        {"updatedSince": "1900-01-01T00:00:00+00:00"},
        {"updatedSince": "2999-12-31T23:59:59.999999+00:00"},
        {"updatedSince": "1900-01-01T00:00:00+14:00"},
    ],
    ids=str,
)
async def test_a_bound_at_an_end_of_the_calendar_is_a_bound_like_any(
    client: Client, bill_simulator: BillSimulator, wanted: Row
) -> None:
    expected = in_order(matching(bill_simulator.state, wanted))

    body = await client.execute(LIST, {"first": 30, "filter": on_bill(wanted)})

    assert "errors" not in body
    assert ids([body["data"]["invoices"]["edges"]]) == expected[:30]


async def test_what_is_unassigned_is_pending_under_a_policy_alone(
    client: Client, bill_simulator: BillSimulator
) -> None:
    """4.4: a policy asks for approvers whom nobody has set yet."""
    state = bill_simulator.state
    for wanted in ("PENDING", "NOT_REQUIRED"):
        unassigned = {"statuses": ["UNASSIGNED"], "states": [wanted]}
        expected = [
            one
            for one in matching(state, {"statuses": ["UNASSIGNED"]})
            if state_of(state, one) == wanted
        ]

        pages = await read_pages(client, 100, unassigned)

        assert ids(pages) == in_order(expected)
        assert len(expected) > 10


async def test_a_policy_that_goes_leaves_nothing_to_approve(
    client: Client, bill_simulator: BillSimulator
) -> None:
    state = bill_simulator.state
    unassigned = {"statuses": ["UNASSIGNED"], "states": ["PENDING"]}
    many = ids(await read_pages(client, 100, unassigned))
    for policy in state.policies.values():
        policy.is_active = "2"

    none = ids(await read_pages(client, 100, unassigned))

    assert (len(many), none) == (20, [])


@pytest.mark.parametrize(
    ("amount", "state"), [("3999.99", "NOT_REQUIRED"), ("4000.00", "PENDING")]
)
async def test_the_threshold_decides_what_unassigned_means(
    client: Client, bill_simulator: BillSimulator, amount: str, state: str
) -> None:
    """C5: "or more" holds."""
    made = add_bill(
        bill_simulator.state,
        "2026-11-02T17:30:00.000+0000",
        approval_status="0",
        amount=Decimal(amount),
    )
    assert bill_simulator.state.policies[FROM_4000].amount_threshold == 4000
    assert bill_simulator.state.policies[CREDITS_FROM_500].type == "1"

    found = {
        one: made.id in ids(await read_pages(client, 100, {"states": [one]}))
        for one in ("NOT_REQUIRED", "PENDING")
    }

    assert found == {
        "NOT_REQUIRED": state == "NOT_REQUIRED",
        "PENDING": state == "PENDING",
    }


async def test_a_change_within_the_millisecond_that_is_asked_for_counts(
    client: Client, bill_simulator: BillSimulator
) -> None:
    """1.2: times on the wire have milliseconds."""
    state = bill_simulator.state
    moment = instant(state.numbered("BILL-1004").updated_time)
    for step, is_in in ((0, True), (1, False), (-1, True)):
        since = moment + timedelta(microseconds=step)
        wanted = {"updatedSince": since.isoformat(), "search": "BILL-1004"}

        assert bool(ids(await read_pages(client, 5, wanted))) is is_in


@pytest.mark.parametrize("shown", ["2", "9"])
async def test_a_state_that_nobody_documented_is_found_as_unknown(
    client: Client, bill_simulator: BillSimulator, shown: str
) -> None:
    """C1: any unknown value is never an approval."""
    changed = list(bill_simulator.state.bills.values())[:5]
    for one in changed:
        one.approval_status = shown

    keys = {one.id for one in changed}

    states = ("UNKNOWN", "APPROVED", "REJECTED", "PENDING", "NOT_REQUIRED")
    found = [
        keys & set(ids(await read_pages(client, 100, {"states": [state]})))
        for state in states
    ]

    assert found == [keys, set(), set(), set(), set()]


async def test_a_total_is_told_where_the_whole_list_was_read(
    client: Client, bill_simulator: BillSimulator
) -> None:
    """3.2: BILL counts nothing."""
    wanted = {"kinds": ["VENDOR_CREDIT"]}
    short = await client.execute(LIST, {"first": 100, "filter": on_bill(wanted)})
    long = await client.execute(LIST, {"first": 5, "filter": on_bill(wanted)})

    assert short["data"]["invoices"]["totalCount"] == len(
        bill_simulator.state.vendor_credits
    )
    assert long["data"]["invoices"]["totalCount"] is None
