"""Lists: order, form, pages and filters (3.3)."""

from datetime import date
from itertools import chain
from typing import Any

import pytest

from gateway.providers.accounteer.simulator import directory as known
from gateway.providers.accounteer.simulator.situations import (
    INVOICE_STRANGE,
    PURCHASE_STRANGE,
)
from tests.providers.accounteer.simulator_support import Desk, field

INVOICES, PURCHASES = 90, 110


@pytest.fixture
def desk() -> Desk:
    return Desk()


def order(rows: list[dict[str, Any]]) -> list[str]:
    by_id = sorted(rows, key=lambda row: str(row["id"]))
    newest = sorted(by_id, key=lambda row: str(row["date_created"]), reverse=True)
    return [row["id"] for row in newest]


@pytest.mark.parametrize(
    ("path", "count"), [("invoices", INVOICES), ("purchases", PURCHASES)]
)
async def test_a_list_is_whole_and_newest_first(
    desk: Desk, path: str, count: int
) -> None:
    rows = await desk.get(path)

    assert (len(rows), [row["id"] for row in rows]) == (count, order(rows))
    days = [row["date_created"] for row in rows]
    assert len(set(days)) < count


async def test_a_list_has_complete_objects(desk: Desk) -> None:
    for row in (await desk.get("purchases"))[:5]:
        assert await desk.get(f"purchases/{row['id']}") == row


async def test_pages_and_filters_are_ignored_at_first(desk: Desk) -> None:
    query = "page=2&limit=5&status=paid&client_id=x&date_from=never"

    assert await desk.get(f"invoices?{query}") == await desk.get("invoices")


async def test_a_list_may_be_in_no_order(desk: Desk) -> None:
    plain = await desk.ids("invoices")
    desk.switch(list_order="shuffled")

    shuffled = await desk.ids("invoices")

    assert shuffled != plain
    assert sorted(shuffled) == sorted(plain)
    assert await desk.ids("invoices") == shuffled


@pytest.mark.parametrize(
    ("form", "key"), [("plural", None), ("data", "data"), ("results", "results")]
)
@pytest.mark.parametrize("path", ["invoices", "contacts", "taxes", "organisations"])
async def test_a_list_may_be_in_an_object(
    desk: Desk, form: str, key: str | None, path: str
) -> None:
    rows = await desk.get(path)
    desk.switch(list_form=form)

    assert await desk.get(path) == {key or path: rows}


async def test_a_walk_over_pages_sees_everything_once(desk: Desk) -> None:
    whole = await desk.ids("purchases")
    desk.switch(paging=True)

    pages = [await desk.ids(f"purchases?page={page}") for page in (1, 2, 3, 4)]

    assert [len(page) for page in pages] == [50, 50, 10, 0]
    assert list(chain.from_iterable(pages)) == whole


@pytest.mark.parametrize(
    ("query", "start", "end"),
    [
        ("", 0, 50),
        ("?limit=7", 0, 7),
        ("?page=3&limit=20", 40, 60),
        ("?limit=200", 0, 110),
        ("?limit=1000", 0, 110),
        ("?page=9999999999", 110, 110),
    ],
)
async def test_a_page_is_cut_out_of_the_list(
    desk: Desk, query: str, start: int, end: int
) -> None:
    whole = await desk.ids("purchases")
    desk.switch(paging=True)

    assert await desk.ids(f"purchases{query}") == whole[start:end]


async def test_a_page_has_at_most_two_hundred(desk: Desk) -> None:
    for _ in range(100):
        desk.simulator.state.add_purchase()
    desk.switch(paging=True)

    assert len(await desk.ids("purchases?limit=500")) == 200


@pytest.mark.parametrize("value", ["0", "-1", "x", "", "1.5", "99999999999", "²"])
@pytest.mark.parametrize("name", ["page", "limit"])
async def test_a_page_that_is_no_number_is_refused(
    desk: Desk, name: str, value: str
) -> None:
    desk.switch(paging=True)

    assert field(await desk.send("GET", f"invoices?{name}={value}")) == [name]


async def test_filters_can_be_honoured(desk: Desk) -> None:
    everything = await desk.get("purchases")
    desk.switch(filters=True)

    for name, key in (("client_id", "supplier_id"), ("supplier_id", "supplier_id")):
        found = await desk.get(f"purchases?{name}={known.SUPPLIER}")
        assert found == [row for row in everything if row[key] == known.SUPPLIER]
    between = await desk.get("purchases?date_from=2026-09-01&date_to=2026-09-30")
    assert between == [
        row for row in everything if "2026-09-01" <= row["date_issued"] <= "2026-09-30"
    ]
    assert await desk.ids("purchases?status=in_review") == [PURCHASE_STRANGE]
    assert await desk.ids("invoices?status=in_review") == [INVOICE_STRANGE]
    assert await desk.ids("invoices?status=unknown") == []


async def test_filters_include_their_days(desk: Desk) -> None:
    state = desk.simulator.state
    one = state.add_invoice(date_created=date(2020, 5, 1), date_issued=date(2020, 5, 4))
    desk.switch(filters=True)

    query = "invoices?date_from=2020-05-04&date_to=2020-05-04"

    assert await desk.ids(query) == [one.id]


@pytest.mark.parametrize("name", ["date_from", "date_to"])
async def test_a_filter_that_is_no_date_is_refused(desk: Desk, name: str) -> None:
    desk.switch(filters=True)

    assert field(await desk.send("GET", f"invoices?{name}=20260901")) == [name]
