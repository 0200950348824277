"""Pages of lists that are read whole, and reading several providers at once."""

import asyncio
import base64
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from gateway.domain import ProviderName
from gateway.errors import (
    GatewayError,
    InvalidInputError,
    UpstreamTimeoutError,
    UpstreamUnavailableError,
)
from gateway.merge import Page, cut_page, read_each

ALPHA, BETA = ProviderName.OTTIMATE, ProviderName.BILL
NO_CURSOR = (
    "`after` is no cursor of this list. Send a `cursor` or `endCursor` as this list "
    "returned it."
)


class Row(Struct, frozen=True):
    """A row: *day* orders it."""

    day: str
    id: str


def _cut(
    rows: Sequence[Row],
    *,
    first: int = 20,
    after: str | None = None,
    newest_first: bool = False,
    list_name: str = "days",
) -> Page[Row]:
    return cut_page(
        rows,
        list_name=list_name,
        value=lambda row: row.day,
        first=first,
        after=after,
        newest_first=newest_first,
    )


def _ids(page: Page[Row]) -> str:
    return "".join(row.id for row in page.rows)


# In no order, and "b" to "d" share a day.
ROWS = [
    Row("2026-11-02", "d"),
    Row("2026-11-03", "a"),
    Row("2026-11-02", "b"),
    Row("", "f"),
    Row("2026-11-01", "e"),
    Row("2026-11-02", "c"),
]


# Order


@pytest.mark.parametrize(
    ("newest_first", "expected"), [(False, "febcda"), (True, "abcdef")]
)
def test_rows_are_in_order_and_ties_are_by_id_in_either_direction(
    expected: str, *, newest_first: bool
) -> None:
    page = _cut(ROWS, newest_first=newest_first)

    assert _ids(page) == expected
    assert (page.has_next_page, page.total) == (False, 6)
    assert len(set(page.cursors)) == 6


@pytest.mark.parametrize("newest_first", [False, True])
def test_the_order_in_which_rows_were_read_does_not_matter(
    *, newest_first: bool
) -> None:
    pages = [_cut(rows, newest_first=newest_first) for rows in (ROWS, ROWS[::-1])]

    assert pages[0] == pages[1]


def test_what_is_given_is_left_as_it_is() -> None:
    rows = list(ROWS)

    _cut(rows, first=2, newest_first=True)

    assert rows == ROWS


def test_nothing_is_an_empty_page() -> None:
    assert _cut([]) == Page(rows=[], cursors=[], has_next_page=False, total=0)


@pytest.mark.parametrize(
    ("first", "has_next_page"), [(1, True), (5, True), (6, False), (7, False)]
)
def test_a_page_has_as_many_rows_as_were_asked_for(
    first: int, *, has_next_page: bool
) -> None:
    page = _cut(ROWS, first=first)

    assert _ids(page) == "febcda"[:first]
    assert len(page.cursors) == len(page.rows)
    assert (page.has_next_page, page.total) == (has_next_page, 6)


@pytest.mark.parametrize("newest_first", [False, True])
def test_a_page_goes_on_after_any_row(*, newest_first: bool) -> None:
    whole = _cut(ROWS, newest_first=newest_first)

    for at, cursor in enumerate(whole.cursors):
        page = _cut(ROWS, first=2, after=cursor, newest_first=newest_first)

        assert page.rows == whole.rows[at + 1 : at + 3]
        assert page.cursors == whole.cursors[at + 1 : at + 3]
        assert page.has_next_page == (at + 3 < 6)
        # The whole list is counted, wherever the page begins.
        assert page.total == 6


@given(
    days=st.lists(st.sampled_from(["", "1", "10", "2", "é"]), max_size=30),
    first=st.integers(1, 8),
    newest_first=st.booleans(),
)
def test_the_pages_of_a_list_are_the_list(
    days: list[str], first: int, *, newest_first: bool
) -> None:
    rows = [Row(day, f"{at * 7 % 100:02}") for at, day in enumerate(days)]
    expected = sorted(rows, key=lambda row: row.id)
    expected.sort(key=lambda row: row.day, reverse=newest_first)
    found: list[Row] = []
    after = None
    while True:
        page = _cut(rows, first=first, after=after, newest_first=newest_first)
        found += page.rows
        if not page.has_next_page:
            break
        assert len(page.rows) == first
        after = page.cursors[-1]

    assert found == expected


@pytest.mark.parametrize("newest_first", [False, True])
def test_a_cursor_holds_though_its_row_has_gone(*, newest_first: bool) -> None:
    whole = _cut(ROWS, newest_first=newest_first)
    at = _ids(whole).index("c")
    left = [row for row in ROWS if row.id != "c"]

    page = _cut(left, after=whole.cursors[at], newest_first=newest_first)

    assert page.rows == whole.rows[at + 1 :]


# Cursors


def _packed(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


@pytest.mark.parametrize(
    "after",
    [
        "",
        "a",
        "é",
        "a b",
        "WyJ-",
        _packed(b""),
        _packed(b"nonsense"),
        _packed(b"[]"),
        _packed(b'["2026-11-02","b"]'),
        _packed(b'["days","2026-11-02"]'),
        _packed(b'["days","2026-11-02",null]'),
        _packed(b'["days",null,"b"]'),
        _packed(b'["days","2026-11-02",1]'),
        _packed(b'["days","2026-11-02","b","more"]'),
        _packed(b'["days", "2026-11-02","b"]'),
        _packed(b'["days","2026-11-02","b"] '),
        _packed(b'["days","2026-11-02","\\u0062"]'),
        _packed(b'["days","2026-11-02","\xff"]'),
        _packed(b'["other","2026-11-02","b"]'),
        _packed(b'["Days","2026-11-02","b"]'),
        _packed(b'{"list_name":"days","value":"2026-11-02","id":"b"}'),
        _packed(b'["CREATED_AT","DESC","2026-11-02T12:00:00+00:00","b"]'),
        pytest.param(
            _packed(b'["days","2026-11-02","b",' + b"[" * 2000 + b"]" * 2000 + b"]"),
            id="nested",
        ),
    ],
)
def test_what_is_no_cursor_is_refused(after: str) -> None:
    with pytest.raises(InvalidInputError) as raised:
        _cut(ROWS, after=after)

    assert (raised.value.message, raised.value.field) == (NO_CURSOR, ("after",))


def test_the_cursor_of_another_list_is_refused() -> None:
    (cursor,) = _cut([Row("2026-11-02", "b")], list_name="nights").cursors

    assert _ids(_cut(ROWS, after=cursor, list_name="nights")) == "cda"
    with pytest.raises(InvalidInputError):
        _cut(ROWS, after=cursor)


def _spellings() -> list[str]:
    """Return texts that stand for what a cursor of the list stands for."""
    cursor = _cut([Row("2026-11-02", "b>>?")]).cursors[0]
    raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    standard = base64.b64encode(raw).decode("ascii")
    assert standard.rstrip("=") != cursor
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    other = last[last.index(cursor[-1]) ^ 1]
    return [
        standard,
        standard.rstrip("="),
        cursor + "=",
        cursor + "==",
        cursor + "\n",
        " " + cursor,
        cursor[:-1] + other,
    ]


@pytest.mark.parametrize("after", _spellings())
def test_a_cursor_is_refused_unless_it_is_one_to_the_letter(after: str) -> None:
    with pytest.raises(InvalidInputError):
        _cut(ROWS, after=after)


def test_a_cursor_goes_into_a_url_as_it_stands() -> None:
    (cursor,) = _cut([Row("2026-11-02", "???>>>~~~")]).cursors

    assert cursor.isascii()
    assert not set(cursor) & set("+/= ")


# Several providers


async def _give(value: str) -> str:
    await asyncio.sleep(0)
    return value


async def _fail(error: BaseException) -> str:
    await asyncio.sleep(0)
    raise error


async def test_each_provider_gives_its_own() -> None:
    found, failures = await read_each({ALPHA: _give("a"), BETA: _give("b")})

    assert (found, failures) == ({ALPHA: "a", BETA: "b"}, {})


async def test_no_provider_gives_nothing() -> None:
    assert await read_each({}) == ({}, {})


async def test_a_provider_that_fails_is_named_and_the_rest_stands() -> None:
    error = UpstreamTimeoutError(ALPHA, "Late.")

    found, failures = await read_each({ALPHA: _fail(error), BETA: _give("b")})

    assert (found, failures) == ({BETA: "b"}, {ALPHA: error})


async def test_where_every_provider_fails_each_is_named() -> None:
    errors: dict[ProviderName, GatewayError] = {
        ALPHA: UpstreamTimeoutError(ALPHA, "Late."),
        BETA: UpstreamUnavailableError(BETA, "Down."),
    }

    found, failures = await read_each(
        {name: _fail(one) for name, one in errors.items()}
    )

    assert (found, failures) == ({}, errors)


@pytest.mark.parametrize(
    "error", [InvalidInputError("Not that."), ValueError("a slip")], ids=str
)
async def test_an_error_that_is_no_providers_rises(error: Exception) -> None:
    with pytest.raises(type(error)) as raised:
        await read_each({ALPHA: _give("a"), BETA: _fail(error)})

    assert raised.value is error


async def test_providers_are_read_at_the_same_time() -> None:
    events: dict[ProviderName, asyncio.Event] = {
        ALPHA: asyncio.Event(),
        BETA: asyncio.Event(),
    }

    async def meet(own: ProviderName, other: ProviderName) -> str:
        events[own].set()
        await events[other].wait()
        return own

    async with asyncio.timeout(5):
        found, _ = await read_each({ALPHA: meet(ALPHA, BETA), BETA: meet(BETA, ALPHA)})

    assert found == {ALPHA: "OTTIMATE", BETA: "BILL"}
