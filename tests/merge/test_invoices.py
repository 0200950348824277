"""Merged lists, held against the sorted list of everything."""

import base64
import functools
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.connector import InvoiceSlice
from gateway.domain import (
    ApprovalState,
    ApproverStatus,
    CounterpartyRecord,
    InvoiceFilter,
    InvoiceKind,
    InvoiceOrder,
    InvoiceOrderField,
    InvoicePlace,
    InvoiceRecord,
    InvoiceStatus,
    MoneyRecord,
    OrderDirection,
    ProviderName,
)
from gateway.errors import (
    InvalidInputError,
    LimitError,
    UpstreamError,
    UpstreamTimeoutError,
)
from gateway.merge import MOST_ROWS, InvoiceList, list_invoices
from tests.support import Client

NOON = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
EVERYTHING = InvoiceFilter()
NEWEST = InvoiceOrder()
BY_TOTAL = InvoiceOrder(field=InvoiceOrderField.TOTAL, direction=OrderDirection.ASC)

# The merge knows no more of a provider than its name.
ALPHA, BETA = ProviderName.OTTIMATE, ProviderName.BILL

NO_CURSOR = (
    "`after` is no cursor of this list. Send a `cursor` or `endCursor` as this list "
    "returned it, with the same `orderBy`."
)
TOO_MANY = (
    "More than 1000 invoices would have to be read for this page. Narrow `filter` by "
    "`providers`, `kinds`, a single status, `search` or `updatedSince`, or use the "
    "default order."
)


def _row(id: str, **members: Any) -> InvoiceRecord:  # noqa: A002 - the record's name
    return InvoiceRecord(
        **{
            "id": id,
            "provider": ALPHA,
            "source_id": id,
            "kind": InvoiceKind.INVOICE,
            "title": id,
            "number": None,
            "status": InvoiceStatus.PENDING_APPROVAL,
            "source_status": "pending",
            "counterparty": None,
            "location_name": None,
            "total": None,
            "tax": None,
            "amount_due": None,
            "issue_date": None,
            "due_date": None,
            "created_at": NOON,
            "updated_at": None,
            "approved_at": None,
            "url": None,
            "attachments": [],
            "approval_state": ApprovalState.PENDING,
            "approvers_status": ApproverStatus.UNKNOWN,
            **members,
        }
    )


def _money(amount: str | Decimal) -> MoneyRecord:
    return MoneyRecord(amount=Decimal(amount), currency=None)


class Rows:
    """A provider's list as the connector has to give it; it filters nothing.

    *more* rows beyond those asked for come with each slice, as the protocol allows;
    where the provider *tells* it counts its rows, and it *searches* in that it says
    so. With *hints* it says of every other row which it is.
    """

    def __init__(
        self,
        rows: Sequence[InvoiceRecord],
        *,
        more: int = 0,
        tells: bool = True,
        searches: bool = True,
        hints: bool = False,
        error: Exception | None = None,
    ) -> None:
        by_id = sorted(rows, key=lambda row: row.id)
        self._rows = sorted(by_id, key=lambda row: row.created_at, reverse=True)
        self._more = more
        self._tells = tells
        self._searches = searches
        self._hints = hints
        self._error = error
        self.asked: list[int] = []
        self.hinted: list[str | None] = []

    async def list_invoices(
        self, *, first: int, after: InvoicePlace | None, invoice_filter: InvoiceFilter
    ) -> InvoiceSlice:
        self.asked.append(first)
        self.hinted.append(None if after is None else after.hint)
        if self._error is not None:
            raise self._error
        following = [
            row
            for row in self._rows
            if after is None or after.precedes(row.created_at, row.id)
        ]
        part = following[: first + self._more]
        is_told = self._tells and after is None and invoice_filter == EVERYTHING
        return InvoiceSlice(
            invoices=part,
            is_last=len(part) == len(following),
            total=len(self._rows) if is_told else None,
            is_searched=self._searches,
            hints={row.id: f"at {row.id}" for row in part[::2]} if self._hints else {},
        )


async def _list(
    providers: Mapping[ProviderName, Any],
    *,
    first: int = 20,
    after: str | None = None,
    invoice_filter: InvoiceFilter = EVERYTHING,
    order: InvoiceOrder = NEWEST,
) -> InvoiceList:
    return await list_invoices(
        providers,
        first=first,
        after=after,
        invoice_filter=invoice_filter,
        order=order,
    )


async def _pages(
    providers: Mapping[ProviderName, Any],
    *,
    first: int,
    invoice_filter: InvoiceFilter,
    order: InvoiceOrder,
) -> list[InvoiceList]:
    """Return every page, each asked for by the last cursor of the one before."""
    pages: list[InvoiceList] = []
    after = None
    while not pages or pages[-1].has_next_page:
        page = await _list(
            providers,
            first=first,
            after=after,
            invoice_filter=invoice_filter,
            order=order,
        )
        pages.append(page)
        assert len(pages) < 200
        if page.invoices:
            after = page.cursor(page.invoices[-1])
    return pages


def _ids(rows: Sequence[InvoiceRecord]) -> list[str]:
    return [row.id for row in rows]


def _numbered(count: int, **members: Any) -> list[InvoiceRecord]:
    """Return rows, newest first, a second apart."""
    return [
        _row(f"{at:05}", created_at=NOON - timedelta(seconds=at), **members)
        for at in range(count)
    ]


# What is expected, written another way


def _expected(
    rows: Sequence[InvoiceRecord], invoice_filter: InvoiceFilter, order: InvoiceOrder
) -> list[InvoiceRecord]:
    def compare(one: InvoiceRecord, other: InvoiceRecord) -> int:
        left, right = _ordered_by(one, order), _ordered_by(other, order)
        if left == right:
            return -1 if one.id < other.id else 1
        if left is None or right is None:
            return 1 if left is None else -1
        is_first = left < right
        if order.direction is OrderDirection.DESC:
            is_first = not is_first
        return -1 if is_first else 1

    passing = [row for row in rows if _passes(row, invoice_filter)]
    return sorted(passing, key=functools.cmp_to_key(compare))


def _ordered_by(row: InvoiceRecord, order: InvoiceOrder) -> Any:
    if order.field is InvoiceOrderField.TOTAL:
        return row.total.amount if row.total else None
    return getattr(row, order.field.value.lower())


def _passes(row: InvoiceRecord, invoice_filter: InvoiceFilter) -> bool:
    if invoice_filter.states is not None:
        return row.approval_state in invoice_filter.states
    if invoice_filter.minimum_total is not None:
        least = invoice_filter.minimum_total
        return row.total is not None and row.total.amount >= least
    return True


ZONES = st.sampled_from([UTC, timezone(timedelta(hours=-8)), timezone.max])
# Few values, so that most rows tie.
INSTANTS = st.builds(
    lambda seconds, micros, zone: (
        NOON + timedelta(seconds=seconds, microseconds=micros)
    ).astimezone(zone),
    st.integers(0, 3),
    st.sampled_from([0, 0, 1]),
    ZONES,
)
DAYS = st.sampled_from([None, date(2026, 11, 1), date(2026, 11, 2)])
TOTALS = st.sampled_from([None, "0", "0.00", "-1", "12.50", "12.5", "1E+3"])
INVOICES = st.builds(
    lambda created, updated, issued, due, total, state: {
        "created_at": created,
        "updated_at": updated,
        "issue_date": issued,
        "due_date": due,
        "total": None if total is None else _money(total),
        "approval_state": state,
    },
    INSTANTS,
    st.none() | INSTANTS,
    DAYS,
    DAYS,
    TOTALS,
    st.sampled_from([ApprovalState.PENDING, ApprovalState.APPROVED]),
)
FILTERS = st.sampled_from(
    [
        EVERYTHING,
        InvoiceFilter(states=[ApprovalState.APPROVED]),
        InvoiceFilter(minimum_total=Decimal("0.0")),
    ]
)
ORDERS = st.builds(
    lambda field, direction: InvoiceOrder(field=field, direction=direction),
    st.sampled_from(InvoiceOrderField),
    st.sampled_from(OrderDirection),
)


@settings(max_examples=300, deadline=None)
@given(
    members=st.lists(st.tuples(st.booleans(), INVOICES), max_size=40),
    first=st.integers(1, 12),
    more=st.integers(0, 3),
    tells=st.booleans(),
    invoice_filter=FILTERS,
    order=st.just(NEWEST) | ORDERS,
)
async def test_the_pages_of_two_providers_are_the_sorted_list_of_all_their_rows(
    members: list[tuple[bool, dict[str, Any]]],
    first: int,
    more: int,
    invoice_filter: InvoiceFilter,
    order: InvoiceOrder,
    *,
    tells: bool,
) -> None:
    rows = [
        (is_alpha, _row(f"{at * 7 % 100:02}", **one))
        for at, (is_alpha, one) in enumerate(members)
    ]
    providers = {
        ALPHA: Rows([row for is_alpha, row in rows if is_alpha], more=more),
        BETA: Rows([row for is_alpha, row in rows if not is_alpha], tells=tells),
    }
    expected = _expected([row for _, row in rows], invoice_filter, order)

    pages = await _pages(
        providers, first=first, invoice_filter=invoice_filter, order=order
    )

    found = [row for page in pages for row in page.invoices]
    assert _ids(found) == _ids(expected)
    assert [len(page.invoices) for page in pages[:-1]] == [first] * (len(pages) - 1)
    assert bool(pages[-1].invoices) is bool(expected)
    assert {page.total for page in pages} <= {None, len(expected)}
    assert all(page.failures == {} for page in pages)


@given(
    one=INVOICES,
    other=INVOICES,
    order=ORDERS,
)
async def test_a_cursor_holds_though_its_row_has_gone(
    one: dict[str, Any], other: dict[str, Any], order: InvoiceOrder
) -> None:
    gone, left = _row("b", **one), _row("a", **other)
    page = await _list({ALPHA: Rows([gone, left])}, order=order)
    follows = _ids(page.invoices) == ["b", "a"]

    after = await _list({ALPHA: Rows([left])}, after=page.cursor(gone), order=order)

    assert _ids(after.invoices) == (["a"] if follows else [])


# What a page costs, and its bounds


async def test_a_page_in_the_default_order_reads_its_rows_and_one_more() -> None:
    alpha, beta = Rows(_numbered(500)), Rows([])

    page = await _list({ALPHA: alpha, BETA: beta}, first=20)

    assert _ids(page.invoices) == _ids(_numbered(20))
    assert (page.has_next_page, page.total) == (True, 500)
    assert (alpha.asked, beta.asked) == ([21], [21])


async def test_a_filter_that_a_provider_lacks_costs_reading_on() -> None:
    approved = InvoiceFilter(states=[ApprovalState.APPROVED])
    rows = _numbered(150)
    rows[140] = msgspec.structs.replace(
        rows[140], approval_state=ApprovalState.APPROVED
    )
    alpha = Rows(rows)

    page = await _list({ALPHA: alpha}, first=1, invoice_filter=approved)

    assert _ids(page.invoices) == ["00140"]
    assert (page.has_next_page, page.total) == (False, 1)
    assert alpha.asked == [2, 100, 100]


APPROVED = InvoiceFilter(states=[ApprovalState.APPROVED])


def _approved(*seconds: int, provider: ProviderName = BETA) -> list[InvoiceRecord]:
    """Return rows that pass, each so many seconds back."""
    return [
        _row(
            f"b{second:05}",
            provider=provider,
            created_at=NOON - timedelta(seconds=second),
            approval_state=ApprovalState.APPROVED,
        )
        for second in seconds
    ]


async def test_rows_of_another_fill_the_page_before_a_provider_is_read_on() -> None:
    alpha = Rows(_numbered(1200))
    beta = Rows(_approved(0, 1, 2, 3, 4, 5, 6))

    page = await _list({ALPHA: alpha, BETA: beta}, first=4, invoice_filter=APPROVED)

    assert _ids(page.invoices) == ["b00000", "b00001", "b00002", "b00003"]
    assert page.has_next_page is True
    assert (alpha.asked, beta.asked) == ([5], [5])


async def test_a_provider_is_read_on_up_to_the_pages_last_row_and_no_further() -> None:
    alpha = Rows([*_numbered(1200), *_approved(120, provider=ALPHA)])
    beta = Rows(_approved(0, 1, 2, 150, 160, 170, 180))

    page = await _list({ALPHA: alpha, BETA: beta}, first=5, invoice_filter=APPROVED)

    assert _ids(page.invoices) == ["b00000", "b00001", "b00002", "b00120", "b00150"]
    assert page.has_next_page is True
    # What lies 206 seconds back is not Alpha's last, and not of this page.
    assert (alpha.asked, beta.asked) == ([6, 100, 100], [6])


@pytest.mark.parametrize(
    ("following", "asked"), [(150, [3, 100, 100]), (None, [3, 100, 100, 100])]
)
async def test_a_full_page_is_followed_by_another_only_where_a_row_is(
    following: int | None, asked: list[int]
) -> None:
    rows = [*_approved(0, 1, provider=ALPHA), *_numbered(300)[10:]]
    if following is not None:
        rows += _approved(following, provider=ALPHA)
    alpha = Rows(rows)

    page = await _list({ALPHA: alpha}, first=2, invoice_filter=APPROVED)

    assert _ids(page.invoices) == ["b00000", "b00001"]
    assert page.has_next_page is (following is not None)
    assert alpha.asked == asked


async def test_what_a_provider_told_is_dropped_where_it_fails_further_on() -> None:
    class Failing(Rows):
        async def list_invoices(
            self,
            *,
            first: int,
            after: InvoicePlace | None,
            invoice_filter: InvoiceFilter,
        ) -> InvoiceSlice:
            if after is not None:
                raise UpstreamTimeoutError(ALPHA, "Late.")
            return await super().list_invoices(
                first=first, after=after, invoice_filter=invoice_filter
            )

    alpha = Failing([*_approved(0, provider=ALPHA), *_numbered(300)[1:]])
    beta = Rows(_approved(1, 2))

    page = await _list({ALPHA: alpha, BETA: beta}, first=4, invoice_filter=APPROVED)

    assert _ids(page.invoices) == ["b00001", "b00002"]
    assert (page.has_next_page, page.total) == (False, None)
    assert list(page.failures) == [ALPHA]


async def test_no_provider_is_an_empty_list() -> None:
    page = await _list({})

    assert (page.invoices, page.has_next_page, page.total) == ([], False, 0)
    assert page.failures == {}


async def test_a_thousand_rows_are_sorted_and_one_more_is_refused() -> None:
    alpha = Rows(_numbered(MOST_ROWS))

    page = await _list({ALPHA: alpha}, first=3, order=BY_TOTAL)
    with pytest.raises(LimitError, match=f"^{TOO_MANY}$") as raised:
        await _list({ALPHA: Rows(_numbered(MOST_ROWS + 1))}, order=BY_TOTAL)

    assert _ids(page.invoices) == ["00000", "00001", "00002"]
    assert (page.has_next_page, page.total) == (True, MOST_ROWS)
    assert alpha.asked == [1000]
    assert raised.value.code == "MAX_ROWS_LIMIT"


async def test_slices_longer_than_asked_for_do_not_pass_the_bound_unseen() -> None:
    with pytest.raises(LimitError):
        await _list({ALPHA: Rows(_numbered(1200), more=2)}, order=BY_TOTAL)


async def test_a_thousand_rows_are_filtered_and_a_slice_more_is_refused() -> None:
    nothing = InvoiceFilter(states=[ApprovalState.REJECTED])
    alpha = Rows(_numbered(MOST_ROWS))
    beyond = Rows(_numbered(MOST_ROWS + 100))

    page = await _list({ALPHA: alpha}, invoice_filter=nothing)
    with pytest.raises(LimitError):
        await _list({ALPHA: beyond}, invoice_filter=nothing)

    assert (page.invoices, page.has_next_page, page.total) == ([], False, 0)
    assert alpha.asked == beyond.asked == [21] + [100] * 10


async def test_the_largest_page_that_settings_allow_is_served_in_default_order() -> (
    None
):
    page = await _list({ALPHA: Rows(_numbered(1500))}, first=1000)

    assert _ids(page.invoices) == _ids(_numbered(1000))
    assert (page.has_next_page, page.total) == (True, 1500)


# Providers that fail


async def test_a_provider_that_fails_is_named_and_the_rest_stands() -> None:
    error: UpstreamError = UpstreamTimeoutError(BETA, "Late.")
    rows = _numbered(2)

    page = await _list({ALPHA: Rows(rows), BETA: Rows([], error=error)})

    assert _ids(page.invoices) == _ids(rows)
    assert page.failures == {BETA: error}
    assert (page.has_next_page, page.total) == (False, None)


async def test_where_every_provider_fails_the_page_is_empty_and_names_each() -> None:
    errors = {name: UpstreamTimeoutError(name, "Late.") for name in (ALPHA, BETA)}

    page = await _list({name: Rows([], error=one) for name, one in errors.items()})

    assert page.failures == errors
    assert (page.invoices, page.total) == ([], None)


async def test_an_error_that_is_no_providers_rises() -> None:
    with pytest.raises(InvalidInputError):
        await _list({ALPHA: Rows([], error=InvalidInputError("Not that."))})


async def test_a_page_without_one_provider_goes_on_with_the_rows_of_the_others() -> (
    None
):
    error: UpstreamError = UpstreamTimeoutError(BETA, "Late.")
    providers = {ALPHA: Rows(_numbered(5)), BETA: Rows([], error=error)}

    pages = await _pages(providers, first=2, invoice_filter=EVERYTHING, order=NEWEST)

    assert [_ids(page.invoices) for page in pages] == [
        ["00000", "00001"],
        ["00002", "00003"],
        ["00004"],
    ]
    assert [page.failures for page in pages] == [{BETA: error}] * 3
    assert [page.total for page in pages] == [None] * 3


async def test_another_order_is_whole_though_a_provider_fails() -> None:
    error: UpstreamError = UpstreamTimeoutError(ALPHA, "Late.")
    rows = [_row("a", total=_money("2")), _row("b", total=_money("1"))]

    page = await _list({ALPHA: Rows([], error=error), BETA: Rows(rows)}, order=BY_TOTAL)

    assert _ids(page.invoices) == ["b", "a"]
    assert (page.failures, page.total) == ({ALPHA: error}, None)


# Two providers in one order


def _interleaved() -> tuple[list[InvoiceRecord], list[InvoiceRecord]]:
    """Return rows of two providers: by turns, in bulks, and at the same instants."""
    every = [
        _row(
            f"{at * 37 % 100:02}",
            provider=ALPHA if at in {0, 2, 6, 7, 8, 11} else BETA,
            created_at=NOON - timedelta(minutes=minutes),
        )
        for at, minutes in enumerate([0, 0, 0, 1, 2, 2, 2, 2, 3, 4, 4, 5, 6])
    ]
    return (
        [row for row in every if row.provider is ALPHA],
        [row for row in every if row.provider is BETA],
    )


@pytest.mark.parametrize("first", [1, 2, 3, 4, 12, 13, 14])
async def test_two_providers_are_one_list_with_one_cursor(first: int) -> None:
    alpha, beta = _interleaved()
    expected = sorted(
        sorted([*alpha, *beta], key=lambda row: row.id),
        key=lambda row: row.created_at,
        reverse=True,
    )
    # An instant has rows of both, and the ids of the one lie between the other's.
    assert "".join(row.provider[0] for row in expected) == "OBOBOBOBOBBOB"

    pages = await _pages(
        {ALPHA: Rows(alpha), BETA: Rows(beta)},
        first=first,
        invoice_filter=EVERYTHING,
        order=NEWEST,
    )

    assert [_ids(page.invoices) for page in pages] == [
        _ids(expected[at : at + first]) for at in range(0, 13, first)
    ]
    assert [page.has_next_page for page in pages] == [True] * (len(pages) - 1) + [False]


async def test_the_order_of_the_providers_does_not_matter() -> None:
    alpha, beta = _interleaved()

    one = await _list({ALPHA: Rows(alpha), BETA: Rows(beta)})
    other = await _list({BETA: Rows(beta), ALPHA: Rows(alpha)})

    assert one.invoices == other.invoices
    assert len(one.invoices) == 13


async def test_a_cursor_of_one_providers_row_goes_on_in_the_others_rows() -> None:
    alpha, beta = _interleaved()
    providers = {ALPHA: Rows(alpha), BETA: Rows(beta)}
    page = await _list(providers)
    bound = next(row for row in page.invoices if row.provider is BETA)

    without = await _list({ALPHA: Rows(alpha)}, after=page.cursor(bound))

    assert _ids(without.invoices) == [
        row.id
        for row in page.invoices[page.invoices.index(bound) :]
        if row.provider is ALPHA
    ]


async def test_a_page_asks_each_provider_for_its_rows_and_one_more() -> None:
    alpha, beta = Rows(_numbered(50)), Rows(_numbered(50, provider=BETA))

    page = await _list({ALPHA: alpha, BETA: beta}, first=10)
    await _list(
        {ALPHA: alpha, BETA: beta}, first=10, after=page.cursor(page.invoices[-1])
    )

    assert (alpha.asked, beta.asked) == ([11, 11], [11, 11])
    assert page.total == 100


async def test_a_total_that_one_provider_does_not_tell_is_unknown() -> None:
    rows = _numbered(50)
    providers = {ALPHA: Rows(rows), BETA: Rows(rows, tells=False)}

    page = await _list(providers, first=10)

    assert (len(page.invoices), page.has_next_page, page.total) == (10, True, None)


# Filters

FIRST, SECOND, THIRD = (date(2026, 11, day) for day in (1, 2, 3))


@pytest.mark.parametrize(
    ("invoice_filter", "passing"),
    [
        (EVERYTHING, "abcd"),
        (InvoiceFilter(states=[]), ""),
        (InvoiceFilter(states=[ApprovalState.APPROVED]), "b"),
        (InvoiceFilter(statuses=[InvoiceStatus.EXPORTED]), "b"),
        (InvoiceFilter(kinds=[InvoiceKind.CREDIT_MEMO, InvoiceKind.INVOICE]), "abcd"),
        (InvoiceFilter(kinds=[InvoiceKind.CREDIT_MEMO]), "c"),
        (InvoiceFilter(issued_after=SECOND), "bc"),
        (InvoiceFilter(issued_before=SECOND), "ab"),
        (InvoiceFilter(issued_after=SECOND, issued_before=SECOND), "b"),
        (InvoiceFilter(due_after=SECOND), "bc"),
        (InvoiceFilter(due_before=SECOND), "ab"),
        (InvoiceFilter(minimum_total=Decimal("12.50")), "bc"),
        (InvoiceFilter(maximum_total=Decimal("12.50")), "ab"),
        (InvoiceFilter(updated_since=NOON), "abd"),
        (InvoiceFilter(updated_since=NOON + timedelta(seconds=1)), "b"),
        (InvoiceFilter(search="left to the provider"), "abcd"),
        (
            InvoiceFilter(
                minimum_total=Decimal(0), kinds=[InvoiceKind.INVOICE], due_after=FIRST
            ),
            "ab",
        ),
    ],
)
async def test_a_row_passes_every_member_and_a_value_that_is_missing_passes_none(
    invoice_filter: InvoiceFilter, passing: str
) -> None:
    rows = [
        _row("a", issue_date=FIRST, due_date=FIRST, total=_money("1")),
        _row(
            "b",
            issue_date=SECOND,
            due_date=SECOND,
            total=_money("12.5"),
            approval_state=ApprovalState.APPROVED,
            status=InvoiceStatus.EXPORTED,
            updated_at=NOON + timedelta(seconds=1),
        ),
        _row(
            "c",
            issue_date=THIRD,
            due_date=THIRD,
            total=_money("99"),
            kind=InvoiceKind.CREDIT_MEMO,
            updated_at=NOON - timedelta(seconds=1),
        ),
        _row("d"),
    ]

    page = await _list({ALPHA: Rows(rows)}, invoice_filter=invoice_filter)

    assert _ids(page.invoices) == list(passing)


@pytest.mark.parametrize(
    ("since", "passing"),
    [
        (NOON, "ab"),
        (NOON + timedelta(seconds=1), "b"),
        (NOON + timedelta(hours=36), "b"),
        (NOON + timedelta(hours=36, seconds=1), ""),
    ],
)
async def test_a_row_with_days_only_may_have_changed_until_its_day_is_over_everywhere(
    since: datetime, passing: str
) -> None:
    rows = [_row("a"), _row("b", has_days_only=True)]

    page = await _list(
        {ALPHA: Rows(rows)}, invoice_filter=InvoiceFilter(updated_since=since)
    )

    assert _ids(page.invoices) == list(passing)


WORKS = CounterpartyRecord(source_id=None, name="Linen Works")
STRASSE = CounterpartyRecord(source_id=None, name="Straße 7")


@pytest.mark.parametrize(
    ("search", "passing"),
    [
        (None, "abcd"),
        ("", "abcd"),
        ("linen", "ab"),
        ("LINEN W", "ab"),
        ("B-20", "bc"),
        ("b-201", "b"),
        ("strasse", "c"),
        ("inen works b", ""),
        ("d", ""),
    ],
)
async def test_text_is_looked_for_here_where_a_provider_did_not(
    search: str | None, passing: str
) -> None:
    rows = [
        _row("a", counterparty=WORKS),
        _row("b", counterparty=WORKS, number="B-201"),
        _row("c", counterparty=STRASSE, number="B-202"),
        # Its id and its title are not looked at.
        _row("d", title="Linen Works", url="https://linen.example/B-20"),
    ]
    wanted = InvoiceFilter(search=search)

    page = await _list({BETA: Rows(rows, searches=False)}, invoice_filter=wanted)

    assert _ids(page.invoices) == list(passing)


async def test_text_is_looked_for_by_each_provider_in_its_own_way() -> None:
    """A provider that searched may have found it in what no row shows."""
    found = [_row("a", number="as Alpha searches")]
    rows = [
        _row("b", provider=BETA, number="text"),
        _row("c", provider=BETA, number="another"),
    ]

    page = await _list(
        {ALPHA: Rows(found), BETA: Rows(rows, searches=False)},
        invoice_filter=InvoiceFilter(search="text"),
    )

    assert _ids(page.invoices) == ["a", "b"]


async def test_looking_for_text_here_costs_reading_on() -> None:
    rows = _numbered(250)
    rows[230] = msgspec.structs.replace(rows[230], number="found")
    beta = Rows(rows, searches=False)

    page = await _list(
        {BETA: beta}, first=5, invoice_filter=InvoiceFilter(search="found")
    )

    assert _ids(page.invoices) == ["00230"]
    assert (page.has_next_page, page.total) == (False, 1)
    assert beta.asked == [6, 100, 100, 100]


# Cursors


def _packed(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


@pytest.mark.parametrize(
    ("data", "order"),
    [
        (b"", NEWEST),
        (b"nonsense", NEWEST),
        (b'{"field":"CREATED_AT"}', NEWEST),
        (b'["CREATED_AT","DESC",null,"a"]', NEWEST),
        (b'["CREATED_AT","DESC","2026-11-02T12:00:00","a"]', NEWEST),
        (b'["CREATED_AT","DESC","yesterday","a"]', NEWEST),
        (b'["CREATED_AT","ASC","2026-11-02T12:00:00Z","a"]', NEWEST),
        (b'["TOTAL","DESC","1","a"]', NEWEST),
        (b'["NUMBER","DESC","1","a"]', NEWEST),
        (b'["CREATED_AT","DESC","2026-11-02T12:00:00Z"]', NEWEST),
        (b'["CREATED_AT","DESC","2026-11-02T12:00:00Z","\xff"]', NEWEST),
        pytest.param(
            b'["CREATED_AT","DESC","2026-11-02T12:00:00Z","a",'
            + b"[" * 2000
            + b"]" * 2000
            + b"]",
            NEWEST,
            id="nested",
        ),
        (b'["TOTAL","ASC","much","a"]', BY_TOTAL),
        (b'["TOTAL","ASC","NaN","a"]', BY_TOTAL),
        (b'["TOTAL","ASC","sNaN","a"]', BY_TOTAL),
        (b'["TOTAL","DESC","1","a"]', BY_TOTAL),
    ],
)
async def test_what_is_no_cursor_of_this_list_is_refused_and_nothing_is_read(
    data: bytes, order: InvoiceOrder
) -> None:
    alpha = Rows([_row("a", total=_money("1"))])

    with pytest.raises(InvalidInputError) as raised:
        await _list({ALPHA: alpha}, after=_packed(data), order=order)

    assert (raised.value.message, raised.value.field) == (NO_CURSOR, ("after",))
    assert alpha.asked == []


@pytest.mark.parametrize("after", ["", "a", "\xe9", "a b", "WyJ-"])
async def test_text_that_is_no_cursor_is_refused(after: str) -> None:
    with pytest.raises(InvalidInputError) as raised:
        await _list({ALPHA: Rows([])}, after=after)

    assert raised.value.message == NO_CURSOR


@pytest.mark.parametrize(
    "instant",
    ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.9Z"],
)
async def test_a_cursor_at_the_end_of_time_breaks_nothing(
    client: Client, instant: str
) -> None:
    after = _packed(b'["CREATED_AT","DESC","%b","a"]' % instant.encode())

    body = await client.execute(
        "query ($after: String) { invoices(first: 1, after: $after) { nodes { id } } }",
        {"after": after},
    )

    codes = [error["extensions"]["code"] for error in body.get("errors", [])]
    assert codes in ([], ["BAD_USER_INPUT"])


# Hints


async def test_each_provider_is_given_its_own_last_hint_again() -> None:
    alpha = Rows(_numbered(8), hints=True)
    beta = Rows(_approved(0, 2, 4, 6, 8))
    page = await _list({ALPHA: alpha, BETA: beta}, first=6)
    assert _ids(page.invoices) == [
        *("00000", "b00000", "00001", "00002", "b00002", "00003")
    ]

    for row in (page.invoices[-1], page.invoices[1]):
        await _list({ALPHA: alpha, BETA: beta}, after=page.cursor(row))

    assert alpha.hinted == [None, "at 00002", "at 00000"]
    assert beta.hinted == [None, None, None]


async def test_a_hint_moves_on_over_rows_that_do_not_match() -> None:
    alpha = Rows([*_numbered(40), *_approved(20, 50, provider=ALPHA)], hints=True)
    page = await _list({ALPHA: alpha}, first=1, invoice_filter=APPROVED)

    await _list({ALPHA: alpha}, after=page.cursor(page.invoices[0]))

    # Its second slice went on from the hint of the first, the page from the second's.
    assert alpha.hinted == [None, "at 00000", "at 00020"]


async def test_a_hint_that_is_not_given_again_is_carried_on() -> None:
    alpha = Rows(_numbered(2), hints=True)
    page = await _list({ALPHA: alpha}, first=1)
    without = Rows(_numbered(2))

    further = await _list({BETA: without}, after=page.cursor(page.invoices[0]))
    await _list({ALPHA: alpha}, after=further.cursor(further.invoices[0]))

    assert without.hinted == [None]
    assert alpha.hinted == [None, "at 00000"]


async def test_another_order_carries_no_hints() -> None:
    alpha = Rows(_numbered(3, total=_money("1")), hints=True)
    page = await _list({ALPHA: alpha}, first=1, order=BY_TOTAL)

    await _list({ALPHA: alpha}, after=page.cursor(page.invoices[0]), order=BY_TOTAL)

    assert alpha.hinted == [None, None]


async def test_a_hint_is_carried_up_to_a_length() -> None:
    class Wordy(Rows):
        async def list_invoices(
            self,
            *,
            first: int,
            after: InvoicePlace | None,
            invoice_filter: InvoiceFilter,
        ) -> InvoiceSlice:
            part = await super().list_invoices(
                first=first, after=after, invoice_filter=invoice_filter
            )
            hints = {"00000": "x" * 200, "00001": "x" * 201}
            return msgspec.structs.replace(part, hints=hints)

    alpha = Wordy(_numbered(3))
    page = await _list({ALPHA: alpha}, first=2)

    await _list({ALPHA: alpha}, after=page.cursor(page.invoices[1]))

    assert alpha.hinted == [None, "x" * 200]


@pytest.mark.parametrize(
    ("hints", "order"),
    [
        (b"{}", NEWEST),
        (b"null", NEWEST),
        (b'{"NOBODY":"1"}', NEWEST),
        (b'{"BILL":1}', NEWEST),
        (b'{"BILL":"%b"}' % (b"1" * 201), NEWEST),
        (b'{"OTTIMATE":"1","BILL":"1"}', NEWEST),
        (b'{"BILL":"1","BILL":"2"}', NEWEST),
        (b'{"BILL":"1"}, 1', NEWEST),
        (b'{"BILL":"1"}', InvoiceOrder(direction=OrderDirection.ASC)),
    ],
)
async def test_hints_in_any_other_form_are_no_cursor(
    hints: bytes, order: InvoiceOrder
) -> None:
    alpha = Rows(_numbered(1))
    head = (
        b'["CREATED_AT","%b","2026-11-02T12:00:00+00:00","a"' % order.direction.encode()
    )
    await _list({ALPHA: alpha}, after=_packed(head + b"]"), order=order)

    with pytest.raises(InvalidInputError) as raised:
        await _list(
            {ALPHA: alpha}, after=_packed(head + b"," + hints + b"]"), order=order
        )

    assert raised.value.message == NO_CURSOR
    assert len(alpha.asked) == 1


async def test_any_text_of_that_length_may_be_a_hint() -> None:
    alpha = Rows(_numbered(1))
    after = _packed(
        b'["CREATED_AT","DESC","2026-11-02T12:00:00+00:00","",{"OTTIMATE":"..\\"/\xc3\xbc"}]'
    )

    page = await _list({ALPHA: alpha}, after=after)

    assert _ids(page.invoices) == ["00000"]
    assert alpha.hinted == ['.."/ü']


@pytest.mark.parametrize(
    "instant",
    ["2026-11-02T12:00:00Z", "2026-11-02T13:00:00+01:00", "2026-11-02 12:00Z"],
)
async def test_a_cursor_has_one_text(instant: str) -> None:
    with pytest.raises(InvalidInputError) as raised:
        await _list(
            {ALPHA: Rows(_numbered(1))},
            after=_packed(b'["CREATED_AT","DESC","%b","a"]' % instant.encode()),
        )

    assert raised.value.message == NO_CURSOR


async def test_a_cursor_goes_into_a_url_as_it_stands() -> None:
    page = await _list({ALPHA: Rows([_row("???>>>~~~")])})

    cursor = page.cursor(page.invoices[0])

    assert cursor.isascii()
    assert not set(cursor) & set("+/= ")
