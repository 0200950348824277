"""Pages over every provider's simulator, while rows come and go between them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, TypeAlias

import httpx
import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct

from gateway.app import create_app
from gateway.domain import ProviderName
from gateway.sandbox import Sandbox
from gateway.settings import Settings
from tests.merge.books import Book, Draft, Line, open_books
from tests.support import Client, FakeTime, RecordingTransport

Row = dict[str, Any]
_Place: TypeAlias = tuple[bool, float, str]

LIST = """
query (
  $first: Int!
  $after: String
  $filter: InvoiceFilter
  $order: InvoiceOrder
  $isFirst: Boolean!
) {
  invoices(first: $first, after: $after, filter: $filter, orderBy: $order) {
    edges { cursor node { id } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    totalCount @include(if: $isFirst)
  }
}
"""
# Of each kind one that some provider applies itself and another leaves to the gateway.
FILTERS: list[Row | None] = [
    None,
    {"states": ["PENDING"]},
    {"states": ["PENDING", "APPROVED"]},
    {"statuses": ["APPROVED", "EXPORTED", "DRAFT"]},
    {"kinds": ["INVOICE", "VENDOR_CREDIT", "PURCHASE"]},
    {"dueAfter": "2026-11-21"},
    {"minimumTotal": "20"},
    {"minimumTotal": "30"},
    {"search": "-1"},
    {"search": "-1", "dueAfter": "2026-11-20", "states": ["APPROVED", "PENDING"]},
    {"providers": ["OTTIMATE", "BILL"], "minimumTotal": "10"},
]
ORDERS: list[Row | None] = [
    None,
    {"field": "DUE_DATE", "direction": "ASC"},
    {"field": "TOTAL"},
    {"field": "CREATED_AT", "direction": "ASC"},
]
# How the simulators behave, by provider.
BEHAVIOURS: list[dict[ProviderName, Row]] = [
    {ProviderName.ACCOUNTEER: values}
    for values in (
        {},
        {"paging": True},
        {"paging": True, "filters": True, "list_form": "data"},
        {"filters": True, "list_form": "plural"},
        {"paging": True, "list_order": "shuffled", "list_form": "results"},
    )
]


class Shift(Struct, frozen=True, kw_only=True):
    """What happens between two pages: who comes, where, and which rows leave."""

    comes: list[tuple[int, Draft]]
    leaves: list[int]


class Case(Struct, frozen=True, kw_only=True):
    """What a list holds at first, how it is read, and what happens meanwhile."""

    comes: list[tuple[int, Draft]]
    first: int
    wanted: Row | None
    order: Row | None
    behaviour: dict[ProviderName, Row]
    shifts: list[Shift]


DRAFTS = st.builds(
    Draft,
    day=st.integers(0, 2),
    step=st.sampled_from([0, 0, 0, 1, 2, 3]),
    word=st.integers(0, 3),
    kind=st.integers(0, 1),
    due=st.none() | st.integers(0, 2),
    total=st.sampled_from([0, 0, 0, 10, 20, 30]),
)
COMING = st.tuples(st.integers(0, 5), DRAFTS)
CASES = st.builds(
    Case,
    # A list of any length is mostly a short one.
    comes=st.integers(0, 36).flatmap(
        lambda count: st.lists(COMING, min_size=count, max_size=count)
    ),
    first=st.sampled_from([1, 1, 2, 2, 3, 4, 5, 6, 7]),
    wanted=st.sampled_from(FILTERS),
    order=st.sampled_from([None, None, None, *ORDERS]),
    behaviour=st.sampled_from(BEHAVIOURS),
    shifts=st.lists(
        st.builds(
            Shift,
            comes=st.lists(COMING, max_size=4),
            leaves=st.lists(st.integers(0, 30), max_size=2),
        ),
        min_size=1,
        max_size=8,
    ),
)


# Few rows match, so what fills a page lies behind many that do not.
SELECTED = st.builds(
    Case,
    comes=st.lists(COMING, min_size=30, max_size=36),
    first=st.integers(1, 3),
    wanted=st.sampled_from(
        [{"minimumTotal": "30"}, {"statuses": ["PAID", "EXPORTED"]}]
    ),
    order=st.none(),
    behaviour=st.sampled_from(BEHAVIOURS),
    shifts=st.just([]),
)


class World:
    """The application over simulators whose invoices a test writes."""

    def __init__(self, behaviour: Mapping[ProviderName, Row]) -> None:
        time = FakeTime()
        self._sandbox = Sandbox(time.clock)
        assert self._sandbox.transport is not None
        for name, values in behaviour.items():
            simulator: Any = self._sandbox.simulators[name]
            simulator.switches = msgspec.structs.replace(simulator.switches, **values)
        self._books = open_books(self._sandbox)
        self.upstreams = {
            name: RecordingTransport(self._sandbox.transport, simulator.path)
            for name, simulator in self._sandbox.simulators.items()
        }
        self.app = create_app(
            Settings(),
            sandbox=self._sandbox,
            transports=self.upstreams,
            clock=time.clock,
        )
        self.lines: dict[str, Line] = {}
        self._count = 0

    def add(self, comes: Iterable[tuple[int, Draft]]) -> list[Line]:
        """Add documents, each with the provider that its number chooses."""
        books = list(self._books.values())
        made = []
        for place, draft in comes:
            self._count += 1
            line = books[place % len(books)].add(draft, self._count)
            self.lines[line.id] = line
            made.append(line)
        return made

    def remove(self, places: Iterable[int]) -> None:
        """Take rows away, each of which a number chooses."""
        for place in places:
            if self.lines:
                chosen = sorted(self.lines)[place % len(self.lines)]
                line = self.lines.pop(chosen)
                book: Book = self._books[line.provider]
                book.remove(line)


# What is expected, written another way


def _passes(line: Line, wanted: Row) -> bool:
    tests = {
        "providers": lambda to: line.provider in to,
        "states": lambda to: line.state in to,
        "statuses": lambda to: line.status in to,
        "kinds": lambda to: line.kind in to,
        "dueAfter": lambda to: (
            line.due_date is not None and line.due_date >= date.fromisoformat(to)
        ),
        "minimumTotal": lambda to: line.total >= Decimal(to),
        "search": lambda to: to in line.number,
    }
    return all(tests[name](to) for name, to in wanted.items())


def _place(line: Line, order: Row | None) -> _Place:
    """Return what sorts a list: without the value last, then by value and id."""
    order = order or {"field": "CREATED_AT"}
    value: Any = {
        "CREATED_AT": line.created_at.timestamp(),
        "DUE_DATE": line.due_date and line.due_date.toordinal(),
        "TOTAL": line.total,
    }[order["field"]]
    if value is None:
        return (True, 0.0, line.id)
    sign = 1 if order.get("direction") == "ASC" else -1
    return (False, sign * float(value), line.id)


def _following(world: World, case: Case, passed: _Place | None) -> list[Line]:
    """Return the rows that match now and come after a place, in order."""
    rows = [one for one in world.lines.values() if _passes(one, case.wanted or {})]
    rows.sort(key=lambda one: _place(one, case.order))
    return [one for one in rows if passed is None or _place(one, case.order) > passed]


# What a page may cost


def _bound(world: World, case: Case, name: ProviderName, passed: _Place | None) -> int:
    """Return the most calls that one page may make to a provider.

    Another order reads each of its lists whole, here in one call. The default order
    goes, in each list, from instant to instant, at most twice over one, and no further
    than the page: to the provider's own first rows that match and one more, or to the
    page's last row where others' rows fill it before; and once beyond.
    """
    lists = _lists(name, case.wanted or {})
    if case.order is not None:
        return lists
    page = _following(world, case, passed)[: case.first + 1]
    own = [one for one in _following(world, case, passed) if one.provider is name]
    ends = [
        part[-1] for part in (page, own[: case.first + 1]) if len(part) > case.first
    ]
    end = max((_place(one, None) for one in ends), default=None)
    instants = {
        one.created_at
        for one in world.lines.values()
        if one.provider is name
        and (passed is None or -one.created_at.timestamp() >= passed[1])
        and (end is None or _place(one, None) <= end)
    }
    return lists * (1 + 2 * len(instants))


def _lists(name: ProviderName, wanted: Row) -> int:
    """Return how many lists of a provider hold its invoices."""
    if name not in wanted.get("providers", [name]):
        return 0
    by_state = "states" in wanted or "statuses" in wanted
    many = {
        ProviderName.OTTIMATE: 1,
        # Bills, for each of four states alone, and vendor credits.
        ProviderName.BILL: 5 if by_state else 2,
        # Sales invoices and purchases; their second pages, until it is known that a
        # short page is the last; each again where the filter by status finds none and
        # may not be known; and the names of the other sides.
        ProviderName.ACCOUNTEER: 7 if by_state else 5,
    }
    return many.get(name, 0)


# The property


class Walk:
    """What the pages of one list showed, and what they have to show."""

    def __init__(self, world: World, case: Case) -> None:
        self._world = world
        self._case = case
        self._owed = {line.id for line in world.add(case.comes)}
        self._shifts = iter(case.shifts)
        self.shown: list[Line] = []
        self.passed: _Place | None = None

    @property
    def owed(self) -> set[str]:
        """The rows that are there since before their turn, and match."""
        lines = self._world.lines
        wanted = self._case.wanted or {}
        return {one for one in self._owed & lines.keys() if _passes(lines[one], wanted)}

    def turn(self, page: Sequence[Line]) -> None:
        """Take a page, and let rows come and go before the next."""
        self.shown += page
        self.passed = _place(page[-1], self._case.order)
        shift = next(self._shifts, None)
        if shift is None:
            return
        kept = set(self._world.lines)
        self._world.remove(shift.leaves)
        left = kept - self._world.lines.keys()
        # What was shown and left again is owed no more than what left unseen.
        self._owed -= left
        for line in self._world.add(shift.comes):
            if _place(line, self._case.order) > self.passed:
                self._owed.add(line.id)


REPEATABLE = settings(deadline=None, derandomize=True, database=None)


@settings(REPEATABLE, max_examples=120)
@given(case=CASES)
async def test_pages_are_one_list_while_rows_come_and_go(case: Case) -> None:
    await _walk(case)


@settings(REPEATABLE, max_examples=60)
@given(case=SELECTED)
async def test_a_page_waits_for_rows_that_only_the_gateway_can_select(
    case: Case,
) -> None:
    await _walk(case)


async def _walk(case: Case) -> None:
    world = World(case.behaviour)
    walk = Walk(world, case)
    after = None
    has_next = True
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(world.app), base_url="http://127.0.0.1"
    ) as http:
        while has_next:
            page = await _read_page(Client(http), world, case, after)
            following = _following(world, case, walk.passed)
            expected = following[: case.first]
            cursors = [edge["cursor"] for edge in page["edges"]]
            assert [edge["node"]["id"] for edge in page["edges"]] == [
                line.id for line in expected
            ]
            has_next = len(following) > case.first
            assert page["pageInfo"] == {
                "hasNextPage": has_next,
                "hasPreviousPage": after is not None,
                "startCursor": cursors[0] if cursors else None,
                "endCursor": cursors[-1] if cursors else after,
            }
            assert page.get("totalCount") in {None, len(following)}
            for name, upstream in world.upstreams.items():
                assert len(upstream.calls) <= _bound(world, case, name, walk.passed)
            after = page["pageInfo"]["endCursor"]
            if has_next:
                walk.turn(expected)
            else:
                walk.shown += expected

    places = [_place(line, case.order) for line in walk.shown]
    assert places == sorted(set(places))
    assert walk.owed <= {line.id for line in walk.shown}


async def _read_page(
    client: Client, world: World, case: Case, after: str | None
) -> Row:
    for one in world.upstreams.values():
        one.clear()
    variables = {
        "first": case.first,
        "after": after,
        "filter": case.wanted,
        "order": case.order,
        "isFirst": after is None,
    }
    body = await client.execute(LIST, variables)
    assert "errors" not in body
    page: Row = body["data"]["invoices"]
    return page
