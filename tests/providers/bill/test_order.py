"""BILL's list in other orders, and the most that is read for one."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest

from gateway.providers.bill.simulator import BillSimulator
from gateway.providers.bill.simulator.objects import Approvable, Bill
from gateway.providers.bill.simulator.state import State
from tests.providers.bill.reading import (
    BILLS,
    CREDITS,
    LIST,
    POLICIES,
    add_bill,
    due_on,
    everything,
    graph_id,
    ids,
    in_order,
    instant,
    issued_on,
    matching,
    on_bill,
    read_pages,
)
from tests.support import Client, RecordingTransport

FIELDS = ["CREATED_AT", "UPDATED_AT", "ISSUE_DATE", "DUE_DATE", "TOTAL"]


def value_of(one: Approvable, field: str) -> Any:
    return {
        "CREATED_AT": instant(one.created_time),
        "UPDATED_AT": instant(one.updated_time),
        "ISSUE_DATE": issued_on(one),
        "DUE_DATE": due_on(one) or None,
        "TOTAL": one.amount,
    }[field]


def ordered(rows: Iterable[Approvable], field: str, direction: str) -> list[str]:
    """Return ids by a field, ties by the graph's id, what lacks the value last."""
    by_id = sorted(rows, key=graph_id)
    known = [one for one in by_id if value_of(one, field) is not None]
    known.sort(key=lambda one: value_of(one, field), reverse=direction == "DESC")
    return [one.id for one in known] + [
        one.id for one in by_id if value_of(one, field) is None
    ]


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
@pytest.mark.parametrize("field", FIELDS)
async def test_any_order_holds_over_all_pages(
    client: Client, bill_simulator: BillSimulator, field: str, direction: str
) -> None:
    order = {"field": field, "direction": direction}

    pages = await read_pages(client, 90, order=order)

    assert ids(pages) == ordered(everything(bill_simulator.state), field, direction)


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
async def test_an_order_goes_on_after_any_row_also_among_those_without_a_value(
    client: Client, bill_simulator: BillSimulator, direction: str
) -> None:
    """6.2: a vendor credit is not due."""
    order = {"field": "DUE_DATE", "direction": direction}
    wanted = {"search": "northside"}
    state = bill_simulator.state
    rows = matching(state, wanted)
    # Of what the search passes over little is left, so that pages are read faster.
    found = {one.id for one in rows}
    for key in [key for key in state.bills if key not in found][5:]:
        del state.bills[key]
    assert [due_on(one) for one in rows].count("") == 8

    for first in (1, 2, 7):
        pages = await read_pages(client, first, wanted, order=order)
        assert ids(pages) == ordered(rows, "DUE_DATE", direction)


async def test_the_default_order_may_be_asked_for(client: Client) -> None:
    default = await read_pages(client, 100)

    assert await read_pages(client, 100, order={"field": "CREATED_AT"}) == default


async def test_another_order_reads_each_row_and_tells_the_total(
    client: Client, bill: RecordingTransport
) -> None:
    body = await client.execute(
        LIST, {"first": 1, "filter": on_bill(), "order": {"field": "TOTAL"}}
    )

    assert body["data"]["invoices"]["totalCount"] == 345
    # Slices of a hundred; each reads the policies at most once in a request.
    assert Counter(bill.calls)[POLICIES] == 1
    assert set(bill.calls) == {BILLS, CREDITS, POLICIES}
    assert max(Counter(bill.calls).values()) <= 6


def grow(state: State, total: int) -> None:
    """Fill the organization up to *total* rows, one a minute into the past."""
    oldest = min(instant(one.created_time) for one in everything(state))
    for at in range(total - len(everything(state))):
        add_bill(state, oldest - timedelta(minutes=at + 1), approval_status="1")


def refused(body: dict[str, Any]) -> list[tuple[str, bool]]:
    assert body["data"] == {"invoices": None}
    assert all("Narrow" in error["message"] for error in body["errors"])
    return [
        (error["extensions"]["code"], error["extensions"]["retryable"])
        for error in body["errors"]
    ]


async def test_an_order_over_too_many_rows_says_how_to_narrow(
    client: Client, bill_simulator: BillSimulator, bill: RecordingTransport
) -> None:
    grow(bill_simulator.state, 1300)
    order = {"field": "TOTAL", "direction": "ASC"}

    body = await client.execute(LIST, {"first": 5, "order": order, "filter": on_bill()})

    assert refused(body) == [("MAX_ROWS_LIMIT", False)]
    assert len(bill.calls) <= 25
    narrowed = await client.execute(
        LIST,
        {"first": 5, "order": order, "filter": on_bill({"states": ["REJECTED"]})},
    )
    assert "errors" not in narrowed


async def test_an_order_over_a_thousand_rows_is_still_whole(
    client: Client, bill_simulator: BillSimulator
) -> None:
    state = bill_simulator.state
    grow(state, 1000)
    order = {"field": "TOTAL", "direction": "ASC"}

    pages = await read_pages(client, 100, order=order)

    assert ids(pages) == ordered(everything(state), "TOTAL", "ASC")


@pytest.mark.parametrize(
    "wanted", [{"minimumTotal": "1000000"}, {"search": "nothing has this"}], ids=str
)
async def test_a_filter_that_hardly_anything_passes_says_how_to_narrow(
    client: Client, bill_simulator: BillSimulator, wanted: dict[str, str]
) -> None:
    grow(bill_simulator.state, 1500)

    body = await client.execute(LIST, {"first": 5, "filter": on_bill(wanted)})

    assert refused(body) == [("MAX_ROWS_LIMIT", False)]


async def test_the_default_order_has_no_end(
    client: Client, bill_simulator: BillSimulator
) -> None:
    state = bill_simulator.state
    grow(state, 1500)

    pages = await read_pages(client, 100)

    assert ids(pages) == in_order(everything(state))


async def test_times_with_another_offset_are_compared_as_instants(
    client: Client, bill_simulator: BillSimulator
) -> None:
    """1.2: the offset of replies is +0000 in samples, and that alone is assumed."""
    state = bill_simulator.state
    for one in state.bills.values():
        assert isinstance(one, Bill)
        moment = datetime.fromisoformat(one.updated_time)
        one.updated_time = moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    order = {"field": "UPDATED_AT", "direction": "DESC"}

    pages = await read_pages(client, 100, order=order)

    assert ids(pages) == ordered(everything(state), "UPDATED_AT", "DESC")
