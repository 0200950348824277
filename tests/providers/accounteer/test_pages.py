"""The list in pages: nothing lost, nothing doubled, and what each page costs."""

import base64
import json
from collections.abc import Callable

import pytest
import structlog

from gateway.providers.accounteer.simulator.state import State
from tests.providers.accounteer.calls import (
    INVOICES,
    LIMIT,
    PURCHASES,
    Row,
    asked,
    contact_call,
)
from tests.providers.accounteer.reading import (
    LIST,
    everything,
    fill,
    ids,
    in_order,
    on_accounteer,
    read_page,
    read_pages,
)
from tests.support import Client, RecordingTransport

SALES = {"kinds": ["INVOICE"]}


def unpack(cursor: str) -> list[object]:
    parts: list[object] = json.loads(
        base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    )
    return parts


def pack(parts: list[object]) -> str:
    text = json.dumps(parts, separators=(",", ":"), ensure_ascii=False).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


@pytest.mark.parametrize("paging", [True, False])
@pytest.mark.parametrize("form", ["array", "plural", "data", "results"])
async def test_every_form_of_list_gives_each_row_once_in_order(
    client: Client,
    state: State,
    switch_accounteer: Callable[..., None],
    form: str,
    paging: bool,
) -> None:
    switch_accounteer(paging=paging, list_form=form)
    documents = everything(state)

    pages = await read_pages(client, 50)

    assert ids(pages) == in_order(documents)
    assert len(pages) == -(-len(documents) // 50)


@pytest.mark.parametrize("paging", [True, False])
@pytest.mark.parametrize("first", [1, 7, 99, 100])
async def test_pages_of_any_size_give_each_row_once(
    client: Client,
    state: State,
    switch_accounteer: Callable[..., None],
    first: int,
    paging: bool,
) -> None:
    switch_accounteer(paging=paging)
    made = fill(state, *((9, 5) if first == 1 else (110, 12)), a_day=4)

    assert ids(await read_pages(client, first)) == in_order(made)


@pytest.mark.parametrize("paging", [True, False])
@pytest.mark.parametrize("count", [98, 99, 100, 101, 197, 198, 199, 200, 201])
async def test_a_list_as_long_as_a_page_or_two_is_read_to_its_end(
    client: Client,
    state: State,
    switch_accounteer: Callable[..., None],
    count: int,
    paging: bool,
) -> None:
    switch_accounteer(paging=paging)
    made = fill(state, count)

    assert ids(await read_pages(client, 100)) == in_order(made)


@pytest.mark.parametrize(
    ("paging", "count", "calls"),
    [
        (True, 98, 2),
        (True, 99, 2),
        (True, 100, 2),
        (False, 98, 2),
        (False, 99, 2),
        (False, 100, 2),
    ],
)
async def test_a_whole_list_costs_as_few_calls_as_tell_its_end(
    client: Client,
    state: State,
    accounteer: RecordingTransport,
    switch_accounteer: Callable[..., None],
    paging: bool,
    count: int,
    calls: int,
) -> None:
    switch_accounteer(paging=paging)
    fill(state, count)

    page = await read_page(client, 100, SALES)

    assert len(page["edges"]) == count
    assert asked(accounteer)[0] == (INVOICES, "1", LIMIT)
    assert len(asked(accounteer)) == calls


async def test_a_page_that_is_shorter_than_one_that_was_the_last_is_not_followed(
    client: Client,
    state: State,
    accounteer: RecordingTransport,
    switch_accounteer: Callable[..., None],
) -> None:
    switch_accounteer(paging=True)
    costs = []

    for count in (5, 4, 6, 5):
        fill(state, count)
        accounteer.clear()
        await read_page(client, 20, SALES)
        costs.append(len(asked(accounteer)))

    assert costs == [2, 1, 2, 1]


async def test_each_page_costs_the_pages_upstream_that_it_is_in(
    client: Client,
    state: State,
    accounteer: RecordingTransport,
    switch_accounteer: Callable[..., None],
) -> None:
    switch_accounteer(paging=True)
    made = fill(state, 300, 300)
    costs = []
    rows: list[str] = []
    after = None

    for _ in range(30):
        accounteer.clear()
        page = await read_page(client, 20, after=after)
        after = page["pageInfo"]["endCursor"]
        rows += ids([page["edges"]])
        lists = [name for name, _, _ in asked(accounteer)]
        costs.append((lists.count(INVOICES), lists.count(PURCHASES)))

    assert rows == in_order(made)
    assert costs[:2] == [(1, 1), (1, 1)]
    # More where the rows, or the day that proves that none is missing, go on.
    assert {count for cost in costs for count in cost} <= {1, 2}


async def test_the_calls_of_a_first_second_and_deep_page(
    client: Client,
    state: State,
    accounteer: RecordingTransport,
    switch_accounteer: Callable[..., None],
) -> None:
    switch_accounteer(paging=True)
    made = fill(state, 400)
    after = None
    calls = []

    for _ in range(19):
        accounteer.clear()
        page = await read_page(client, 20, SALES, after=after)
        after = page["pageInfo"]["endCursor"]
        calls.append(accounteer.calls)

    contact = contact_call(made[0])
    assert calls[0] == calls[1] == [INVOICES, contact]
    assert calls[18] == [INVOICES, contact]


@pytest.mark.parametrize("paging", [True, False])
async def test_a_list_in_no_order_is_read_whole_and_told_of(
    client: Client,
    state: State,
    switch_accounteer: Callable[..., None],
    paging: bool,
) -> None:
    switch_accounteer(paging=paging, list_order="shuffled")
    made = fill(state, 250, 120, a_day=1)

    with structlog.testing.capture_logs() as logs:
        pages = await read_pages(client, 100)

    assert ids(pages) == in_order(made)
    told = [one for one in logs if one["log_level"] == "warning"]
    assert {(one["event"], one["provider"], one["list"]) for one in told} == {
        ("list_not_by_day", "ACCOUNTEER", "invoices"),
        ("list_not_by_day", "ACCOUNTEER", "purchases"),
    }


async def test_a_list_in_order_warns_of_nothing(
    client: Client, state: State, switch_accounteer: Callable[..., None]
) -> None:
    switch_accounteer(paging=True)
    fill(state, 250, 120)

    with structlog.testing.capture_logs() as logs:
        await read_pages(client, 100)

    assert [one for one in logs if one["log_level"] != "info"] == []


@pytest.mark.parametrize("first", [50, 100])
async def test_a_day_of_many_rows_is_read_over_all_its_pages(
    client: Client,
    state: State,
    switch_accounteer: Callable[..., None],
    first: int,
) -> None:
    """3.1: days order nothing within them, so that a day is read to its end."""
    switch_accounteer(paging=True)
    made = fill(state, 230, 120, a_day=220)

    assert ids(await read_pages(client, first)) == in_order(made)


async def test_a_day_of_more_than_a_thousand_rows_is_paged_to_its_end(
    client: Client, state: State, switch_accounteer: Callable[..., None]
) -> None:
    """Going back to where a day begins does not count as reading."""
    switch_accounteer(paging=True)
    made = fill(state, 1100, a_day=1050)

    assert ids(await read_pages(client, 100, SALES)) == in_order(made)


async def test_a_day_of_many_rows_costs_its_pages_for_each_page(
    client: Client,
    state: State,
    accounteer: RecordingTransport,
    switch_accounteer: Callable[..., None],
) -> None:
    switch_accounteer(paging=True)
    fill(state, 600, a_day=500)
    costs = []
    after = None

    for _ in range(5):
        accounteer.clear()
        page = await read_page(client, 100, SALES, after=after)
        after = page["pageInfo"]["endCursor"]
        costs.append(len(asked(accounteer)))

    # Five for the day, and one that proves it; the last page goes on behind it.
    assert costs == [6, 6, 6, 6, 13]


async def test_more_than_the_bound_of_one_day_is_refused_with_what_to_do(
    client: Client,
    state: State,
    accounteer: RecordingTransport,
    switch_accounteer: Callable[..., None],
) -> None:
    switch_accounteer(paging=True)
    fill(state, 2100, a_day=2100)
    variables = {"first": 20, "filter": on_accounteer(SALES)}

    body = await client.execute(LIST, variables)

    [error] = body["errors"]
    assert body["data"] == {"invoices": None}
    assert error["message"] == (
        "More than 2000 documents of Accounteer would have to be read for this page. "
        "Narrow `filter` by `providers`, `kinds` or a single status."
    )
    assert error["extensions"]["code"] == "MAX_ROWS_LIMIT"
    assert asked(accounteer)[0] == (INVOICES, "1", LIMIT)
    assert len(asked(accounteer)) == 23


@pytest.mark.parametrize(
    "hint", ["-1.0", "1.-1", "1", "1.2.3", "x", "", "1.2 ", "0x1.2", "\u0661.\u0661"]
)
async def test_a_hint_that_is_none_says_nothing(
    client: Client,
    state: State,
    accounteer: RecordingTransport,
    switch_accounteer: Callable[..., None],
    hint: str,
) -> None:
    switch_accounteer(paging=True)
    made = fill(state, 250, 200)
    page = await read_page(client, 20)
    accounteer.clear()

    second = await read_page(client, 20, after=hinted(page, hint))

    assert ids([second["edges"]]) == in_order(made)[20:40]
    assert asked(accounteer) == [(INVOICES, "1", LIMIT), (PURCHASES, "1", LIMIT)]


@pytest.mark.parametrize(
    "hint",
    [
        "0.0",
        "1.1",
        "5.300",
        "100.100",
        "250.200",
        "251.0",
        "700.700",
        "0.1500",
        "5000.0",
        "999999999.999999999",
    ],
)
async def test_a_hint_that_is_wrong_changes_no_row(
    client: Client,
    state: State,
    switch_accounteer: Callable[..., None],
    hint: str,
) -> None:
    """It comes back from a client; and rows may have gone since."""
    switch_accounteer(paging=True)
    made = fill(state, 250, 200)
    page = await read_page(client, 20)

    second = await read_page(client, 20, after=hinted(page, hint))

    assert ids([second["edges"]]) == in_order(made)[20:40]
    assert second["pageInfo"]["hasNextPage"] is True


@pytest.mark.parametrize("hint", ["250.200", "700.700"])
async def test_a_hint_says_nothing_of_a_list_that_comes_whole(
    client: Client, state: State, hint: str
) -> None:
    made = fill(state, 250, 200)
    page = await read_page(client, 20)

    second = await read_page(client, 20, after=hinted(page, hint))

    assert ids([second["edges"]]) == in_order(made)[20:40]


def hinted(page: Row, hint: str) -> str:
    """Return the cursor of a page's end with another hint."""
    parts = unpack(page["pageInfo"]["endCursor"])
    return pack([*parts[:4], {"ACCOUNTEER": hint}])
