"""`Walk` over lists of any length, which change, of servers of every manner."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from random import Random
from typing import cast

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec import Struct

from gateway.providers.accounteer.lists import TABLES, AccounteerLists, Table, Walk
from gateway.providers.accounteer.shapes import Document
from gateway.providers.accounteer.words import PAGE, Collection
from gateway.upstream import Beliefs, Clock

REPEATABLE = settings(deadline=None, derandomize=True, database=None)
DAY = date(2026, 11, 1)
TABLE = TABLES[Collection.INVOICES]
LENGTHS = st.integers(0, 350)
OWN_SIZES = st.integers(10, 250)
# What one change takes away from, and adds to, a list.
CHANGES = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 60), st.integers(0, 2**32)),
    max_size=6,
)

Page = Callable[[Sequence[Document], int, int], Sequence[Document]]


def both(rows: Sequence[Document], number: int, size: int) -> Sequence[Document]:
    """Return the page that was asked for."""
    return rows[(number - 1) * size : number * size]


def whole(rows: Sequence[Document], number: int, size: int) -> Sequence[Document]:
    """Return all rows, whatever was asked for."""
    del number, size
    return rows


def first_alone(rows: Sequence[Document], number: int, size: int) -> Sequence[Document]:
    """Return as many as were asked for, always from the first."""
    del number
    return rows[:size]


def own(size: int) -> Page:
    """Return what gives pages of its own size."""

    def page(rows: Sequence[Document], number: int, asked: int) -> Sequence[Document]:
        del asked
        return both(rows, number, size)

    return page


def rows_of(count: int) -> list[Document]:
    return [
        Document(id=f"r{one}", status="draft", date_created=DAY) for one in range(count)
    ]


class Server:
    """Stands in for the lists of one account; it changes behind each of its pages."""

    def __init__(
        self,
        count: int,
        page: Page,
        *,
        changes: Sequence[tuple[int, int, int]] = (),
        beliefs: Beliefs | None = None,
    ) -> None:
        self.beliefs = beliefs or Beliefs(Clock())
        self.rows = rows_of(count)
        self.calls = 0
        self._page = page
        self._changes = list(changes)

    async def list_page(
        self,
        table: Table[Document],
        params: Mapping[str, str],
        *,
        number: int,
        size: int,
    ) -> list[Document]:
        assert (table, params) == (TABLE, {})
        assert number >= 1
        assert PAGE // 2 <= size <= PAGE
        found = list(self._page(self.rows, number, size))
        self.calls += 1
        if self._changes:
            self._change(*self._changes.pop())
        return found

    def _change(self, less: int, more: int, seed: int) -> None:
        random = Random(seed)  # noqa: S311 - no secret is made of it
        for one in random.sample(self.rows, min(less, len(self.rows))):
            self.rows.remove(one)
        for _ in range(more):
            new = Document(
                id=f"n{self.calls}-{random.random()}", status="draft", date_created=DAY
            )
            self.rows.insert(random.randint(0, len(self.rows)), new)


class Read(Struct, frozen=True):
    """What came of a walk to its end."""

    ids: list[str]
    is_cut: bool
    calls: int


async def read(server: Server, *, after: int = 0, most_calls: int = 100) -> Read:
    """Return what a walk gives, which must end within so many calls."""
    walk = Walk(cast("AccounteerLists", server), TABLE, after=after)
    ids: list[str] = []
    while not walk.is_last:
        ids += [row.id for row in await walk.read()]
        assert walk.pages == server.calls <= most_calls
    return Read(ids, walk.is_cut, server.calls)


def check_whole(found: Read, count: int) -> None:
    """Hold that each row came once, in order, and nothing more is said to follow."""
    assert found.ids == [row.id for row in rows_of(count)]
    assert not found.is_cut


@settings(REPEATABLE, max_examples=100)
@given(count=LENGTHS)
def test_a_list_that_is_paged_as_it_was_asked_comes_in_pages_that_overlap(
    count: int,
) -> None:
    found = asyncio.run(read(Server(count, both)))

    check_whole(found, count)
    # Each page but the first has half a page at least that is new.
    assert found.calls <= 2 + count // (PAGE // 2)


@settings(REPEATABLE, max_examples=250)
@given(count=LENGTHS, changes=CHANGES)
def test_rows_that_stay_come_once_whatever_comes_and_goes_between_pages(
    count: int, changes: list[tuple[int, int, int]]
) -> None:
    server = Server(count, both, changes=changes)

    found = asyncio.run(read(server, most_calls=40))

    stay = {row.id for row in server.rows} & {row.id for row in rows_of(count)}
    assert len(found.ids) == len(set(found.ids))
    in_order = [row.id for row in rows_of(count) if row.id in stay]
    assert [one for one in found.ids if one in stay] == in_order
    assert not found.is_cut


@settings(REPEATABLE, max_examples=100)
@given(count=LENGTHS)
def test_a_list_that_comes_whole_costs_two_calls(count: int) -> None:
    found = asyncio.run(read(Server(count, whole), most_calls=2))

    check_whole(found, count)


@settings(REPEATABLE, max_examples=150)
@given(count=LENGTHS, size=OWN_SIZES)
@example(count=297, size=99)
@example(count=198, size=98)
@example(count=99, size=100)
@example(count=99, size=250)
def test_pages_of_a_servers_own_size_are_followed_to_the_last(
    count: int, size: int
) -> None:
    found = asyncio.run(read(Server(count, own(size))))

    check_whole(found, count)
    # One more tells the end; pages of the asked size are read as those that overlap.
    assert found.calls <= 2 + count // min(size, PAGE // 2)


@settings(REPEATABLE, max_examples=100)
@given(count=LENGTHS)
def test_a_list_that_gives_its_first_page_alone_is_cut(count: int) -> None:
    found = asyncio.run(read(Server(count, first_alone), most_calls=2))

    assert found.ids == [row.id for row in rows_of(min(count, PAGE))]
    assert found.is_cut is (count >= PAGE)


@settings(REPEATABLE, max_examples=200)
@given(
    counts=st.lists(LENGTHS, min_size=2, max_size=4),
    page=st.one_of(st.sampled_from([both, whole]), OWN_SIZES.map(own)),
)
@example(counts=[200, 350], page=own(250))
@example(counts=[10, 350], page=own(50))
@example(counts=[98, 350], page=own(99))
def test_what_one_list_teaches_cuts_no_other(counts: list[int], page: Page) -> None:
    """Contacts, invoices and purchases of one account are paged alike."""
    beliefs = Beliefs(Clock())

    for count in counts:
        check_whole(asyncio.run(read(Server(count, page, beliefs=beliefs))), count)


@settings(REPEATABLE, max_examples=200)
@given(count=LENGTHS, after=st.integers(0, 800))
def test_from_a_place_on_everything_behind_it_comes(count: int, after: int) -> None:
    found = asyncio.run(read(Server(count, both), after=after, most_calls=20))

    ids = [row.id for row in rows_of(count)]
    begin = len(ids) - len(found.ids)
    assert found.ids == ids[begin:]
    # What came last before the place is there, too, where it is still there.
    assert begin < after or begin == 0
    assert not found.is_cut


@pytest.mark.parametrize("page", [whole, own(98), own(99), own(100), own(250)])
@pytest.mark.parametrize("after", [1, 60, 99, 150, 349, 350, 800])
def test_a_place_says_nothing_where_pages_are_otherwise(page: Page, after: int) -> None:
    """It came back from a client, or the server is another since."""
    found = asyncio.run(read(Server(350, page), after=after))

    ids = [row.id for row in rows_of(350)]
    assert set(ids[after - 1 :]) <= set(found.ids)
    assert len(found.ids) == len(set(found.ids))
