"""Lists that honour only one of `page` and `limit`.

A page of a server's own size is told from a whole list by what comes back for the next
one, and a list that gives its first page alone by the same rows under another number.
"""

import pytest

from gateway.providers.accounteer.simulator.directory import SECOND_CLIENT
from gateway.providers.accounteer.simulator.state import State
from tests.providers.accounteer.calls import (
    CONTACTS,
    INVOICES,
    LIMIT,
    PURCHASES,
    Pager,
    Repeater,
    asked,
    graph_id,
)
from tests.providers.accounteer.reading import (
    NODES,
    fill,
    ids,
    in_order,
    read_page,
    read_pages,
    source,
)
from tests.support import Client, RecordingTransport

SALES = {"kinds": ["INVOICE"]}


@pytest.mark.parametrize("size", [10, 25, 50, 75, 99])
async def test_pages_of_the_servers_own_size_are_followed(
    client: Client, state: State, accounteer: RecordingTransport, size: int
) -> None:
    """3.3: a server may honour `page`, and ignore `limit`."""
    made = fill(state, 250)
    accounteer.interceptors[INVOICES] = Pager(size)

    assert ids(await read_pages(client, 100, SALES)) == in_order(made)


async def test_pages_of_the_servers_own_size_end_with_an_empty_one(
    client: Client, state: State, accounteer: RecordingTransport
) -> None:
    fill(state, 100)
    accounteer.interceptors[INVOICES] = Pager(50)

    page = await read_page(client, 100, SALES)

    assert (len(page["edges"]), page["totalCount"]) == (100, 100)
    assert asked(accounteer) == [(INVOICES, str(one), LIMIT) for one in (1, 2, 3)]


@pytest.mark.parametrize("size", [100, 150, 200])
async def test_pages_that_are_larger_than_was_asked_for_are_no_whole_list(
    client: Client, state: State, accounteer: RecordingTransport, size: int
) -> None:
    made = fill(state, 450)
    accounteer.interceptors[INVOICES] = Pager(size)

    assert ids(await read_pages(client, 100, SALES)) == in_order(made)


async def test_a_short_list_does_not_teach_that_short_pages_are_the_last(
    client: Client, state: State, accounteer: RecordingTransport
) -> None:
    """Contacts that fit on a page say nothing of its size."""
    made = fill(state, 2)
    made[1].contact_id = SECOND_CLIENT
    for call in (INVOICES, PURCHASES, CONTACTS):
        accounteer.interceptors[call] = Pager(50)
    await client.execute(NODES, {"ids": [graph_id(one) for one in made]})
    made = fill(state, 130)

    assert ids(await read_pages(client, 100, SALES)) == in_order(made)


async def test_the_shorter_collection_does_not_cut_the_longer(
    client: Client, state: State, accounteer: RecordingTransport
) -> None:
    made = fill(state, 120, 20)
    for call in (INVOICES, PURCHASES):
        accounteer.interceptors[call] = Pager(50)

    assert ids(await read_pages(client, 100)) == in_order(made)


@pytest.mark.parametrize(("count", "is_complete"), [(98, True), (99, False)])
async def test_a_list_whose_rest_no_call_gives_is_not_complete(
    client: Client,
    state: State,
    accounteer: RecordingTransport,
    count: int,
    is_complete: bool,
) -> None:
    made = fill(state, count)
    accounteer.interceptors[INVOICES] = Repeater()

    page = await read_page(client, 100, SALES)

    assert ids([page["edges"]]) == in_order(made)
    assert page["sources"] == source(is_complete=is_complete)
    assert page["totalCount"] == (count if is_complete else None)
    assert page["pageInfo"]["hasNextPage"] is False


async def test_a_longer_list_whose_rest_no_call_gives_shows_its_first_page(
    client: Client, state: State, accounteer: RecordingTransport
) -> None:
    made = fill(state, 250)
    accounteer.interceptors[INVOICES] = Repeater()

    page = await read_page(client, 100, SALES)

    first = sorted(made, key=lambda one: (-one.date_created.toordinal(), one.id))[:99]
    assert ids([page["edges"]]) == in_order(first)
    assert page["sources"] == source(is_complete=False)
    assert page["totalCount"] is None
    assert page["pageInfo"]["hasNextPage"] is False
    assert asked(accounteer) == [(INVOICES, "1", LIMIT), (INVOICES, "2", "98")]
