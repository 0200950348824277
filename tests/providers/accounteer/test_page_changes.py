"""Rows that others add, change or take away while the list is read."""

from collections.abc import Callable
from datetime import timedelta
from random import Random

import pytest

from gateway.providers.accounteer.simulator.objects import Document
from gateway.providers.accounteer.simulator.state import State
from tests.providers.accounteer.calls import (
    INVOICES,
    PURCHASES,
    after,
    before,
    graph_id,
)
from tests.providers.accounteer.reading import (
    NEWEST,
    everything,
    fill,
    ids,
    in_order,
    read_page,
    read_pages,
)
from tests.support import Client, RecordingTransport

SALES = {"kinds": ["INVOICE"]}


@pytest.fixture(autouse=True)
def _paging(switch_accounteer: Callable[..., None]) -> None:
    switch_accounteer(paging=True)


def once(change: Callable[[], object]) -> Callable[[], None]:
    """Return what makes a change the first time alone."""
    left = [change]

    def run() -> None:
        if left:
            left.pop()()

    return run


def add_in_front(state: State, count: int) -> Callable[[], None]:
    def add() -> None:
        for _ in range(count):
            state.add_invoice(date_created=NEWEST + timedelta(days=1))

    return add


def drop(state: State, documents: list[Document]) -> Callable[[], None]:
    def pop() -> None:
        for one in documents:
            del state.documents(one.kind)[one.id]

    return pop


def upstream_order(made: list[Document]) -> list[Document]:
    by_id = sorted(made, key=lambda one: one.id)
    return sorted(by_id, key=lambda one: one.date_created, reverse=True)


@pytest.mark.parametrize("count", [1, 5, 120])
async def test_rows_that_come_in_front_between_pages_move_nothing(
    client: Client, state: State, count: int
) -> None:
    made = fill(state, 250, 90)

    pages = await read_pages(client, 100, between=once(add_in_front(state, count)))

    assert ids(pages) == in_order(made)


@pytest.mark.parametrize("count", [1, 5, 99, 100])
async def test_rows_that_go_in_front_between_pages_take_no_other_along(
    client: Client, state: State, count: int
) -> None:
    made = fill(state, 350)
    gone = upstream_order(made)[:count]

    pages = await read_pages(client, 100, SALES, between=once(drop(state, gone)))

    assert ids(pages) == in_order(made)


@pytest.mark.parametrize("count", [1, 30, 60])
async def test_rows_that_come_between_two_calls_of_one_answer_move_nothing(
    client: Client, state: State, accounteer: RecordingTransport, count: int
) -> None:
    made = fill(state, 250, a_day=60)
    accounteer.interceptors[INVOICES] = after(once(add_in_front(state, count)))

    page = await read_page(client, 100, SALES)

    assert ids([page["edges"]]) == in_order(made)[:100]


@pytest.mark.parametrize(("start", "count"), [(0, 1), (0, 60), (40, 60), (95, 10)])
async def test_rows_that_go_between_two_calls_of_one_answer_hide_no_other(
    client: Client,
    state: State,
    accounteer: RecordingTransport,
    start: int,
    count: int,
) -> None:
    made = fill(state, 300, a_day=60)
    gone = upstream_order(made)[start : start + count]
    accounteer.interceptors[INVOICES] = after(once(drop(state, gone)))

    page = await read_page(client, 100, SALES)

    found = ids([page["edges"]])
    left = in_order(one for one in made if one not in gone)
    seen = [key for key in found if key in left]
    assert seen == left[: len(seen)]
    assert len(found) == 100


async def test_a_page_that_is_all_gone_is_looked_for_in_front(
    client: Client, state: State, accounteer: RecordingTransport
) -> None:
    """A hint leads to where nothing is any more."""
    made = fill(state, 400)
    page = await read_page(client, 100, SALES)
    page = await read_page(client, 100, SALES, after=page["pageInfo"]["endCursor"])
    listed = in_order(made)
    drop(state, [one for one in made if graph_id(one) in listed[20:180]])()
    accounteer.clear()

    page = await read_page(client, 100, SALES, after=page["pageInfo"]["endCursor"])

    assert ids([page["edges"]]) == listed[200:300]


async def test_a_row_that_is_the_cursors_own_may_be_gone(
    client: Client, state: State
) -> None:
    made = fill(state, 150, 100)
    listed = in_order(made)
    page = await read_page(client, 10)
    drop(state, [one for one in made if graph_id(one) == listed[9]])()

    page = await read_page(client, 10, after=page["pageInfo"]["endCursor"])

    assert ids([page["edges"]]) == listed[10:20]


async def test_rows_that_come_and_go_at_once_hide_no_other(
    client: Client, state: State, accounteer: RecordingTransport
) -> None:
    made = fill(state, 250, a_day=60)
    gone = upstream_order(made)[:30]

    def change() -> None:
        drop(state, gone)()
        add_in_front(state, 5)()

    accounteer.interceptors[INVOICES] = after(once(change))

    page = await read_page(client, 100, SALES)

    found = ids([page["edges"]])
    left = in_order(one for one in made if one not in gone)
    kept = [key for key in found if key in left]
    assert kept == left[: len(kept)]
    assert len(found) == len(set(found)) == 100


@pytest.mark.parametrize("seed", range(16))
async def test_what_was_there_all_along_is_neither_lost_nor_doubled(
    client: Client,
    state: State,
    accounteer: RecordingTransport,
    switch_accounteer: Callable[..., None],
    seed: int,
) -> None:
    random = Random(seed)  # noqa: S311 - a sandbox
    switch_accounteer(paging=True, filters=seed % 2 == 0)
    fill(state, random.choice([99, 101, 200, 260]), 120, a_day=random.choice([1, 40]))
    wanted = [None, {"statuses": ["DRAFT"]}, {"kinds": ["PURCHASE"]}][seed % 3]
    seen = {graph_id(one): one for one in everything(state)}
    steady = {
        key
        for key, one in seen.items()
        if wanted is None or "statuses" in wanted or one.kind == "purchase"
    }

    def change() -> None:
        for _ in range(random.choice([0, 1, 3, 20])):
            documents = everything(state)
            chosen = random.choice(documents)
            step = random.random()
            if step < 0.4:
                add = random.choice([state.add_invoice, state.add_purchase])
                day = random.choice([NEWEST + timedelta(days=1), chosen.date_created])
                made = add(date_created=day)
                seen[graph_id(made)] = made
                continue
            steady.discard(graph_id(chosen))
            if step < 0.8:
                drop(state, [chosen])()
            else:
                chosen.status = "approved"

    for call in (INVOICES, PURCHASES):
        accounteer.interceptors[call] = before(change)

    found = ids(await read_pages(client, 50, wanted, between=change))

    assert len(set(found)) == len(found)
    assert found == in_order(seen[key] for key in found)
    assert steady <= set(found)
