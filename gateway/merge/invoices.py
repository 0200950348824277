"""One ordered, resumable list of invoices over the providers that were asked.

The default order, newest ``created_at`` first and then by id, is how providers list
invoices, so a page costs the rows that it shows: each provider is read up to its own
first rows, and on only while rows that were not read could belong to the page, or
while it is not known whether one follows it. A filter that a provider lacks costs such
reading on, another order costs reading all; past ``MOST_ROWS`` of one provider the
answer is an error that says how to narrow, never a partly sorted page.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from gateway.connector import Invoices
from gateway.domain import (
    InvoiceFilter,
    InvoiceOrder,
    InvoiceRecord,
    ProviderName,
)
from gateway.errors import GatewayError, LimitError
from gateway.merge.cursors import (
    LONGEST_HINT,
    Cursor,
    Hints,
    pack_cursor,
    parse_cursor,
)
from gateway.merge.matching import sort
from gateway.merge.readers import Reader

MOST_ROWS = 1_000
_SLICE = 100
_DEFAULT_ORDER = InvoiceOrder()
_NO_HINTS: Hints = {}


class InvoiceList(Struct, frozen=True, kw_only=True):
    """A page over several providers.

    Attributes:
        invoices: The page's rows, in order.
        has_next_page: Whether rows follow.
        total: How many rows match over all providers, or None where the reading of
            this page did not tell.
        failures: The error of each provider that could not be read.
        incomplete: The providers that cannot list all that was asked for.
        order: The order of the rows, which their cursors carry.
        hints: By row, where each provider saw its last row up to it.
    """

    invoices: list[InvoiceRecord]
    has_next_page: bool
    total: int | None
    failures: Mapping[ProviderName, GatewayError]
    incomplete: frozenset[ProviderName]
    order: InvoiceOrder
    hints: Mapping[str, Hints]

    def cursor(self, invoice: InvoiceRecord) -> str:
        """Return the opaque cursor of one of the page's rows."""
        return pack_cursor(invoice, self.order, self.hints.get(invoice.id, _NO_HINTS))


async def list_invoices(
    providers: Mapping[ProviderName, Invoices],
    *,
    first: int,
    after: str | None,
    invoice_filter: InvoiceFilter,
    order: InvoiceOrder,
) -> InvoiceList:
    """Return the *first* invoices after the cursor *after*.

    Raises:
        InvalidInputError: *after* is no cursor of a list in this order.
        LimitError: Too many rows would have to be read for this page.
    """
    cursor = None if after is None else parse_cursor(after, order)
    is_default = order == _DEFAULT_ORDER
    readers = [
        Reader(
            name,
            invoices,
            # Another order is known only when every row was read.
            cursor.place_in(name) if cursor is not None and is_default else None,
            invoice_filter,
        )
        for name, invoices in providers.items()
    ]
    if is_default:
        rows = await _read_page(readers, first, cursor)
    else:
        rows = sort(_after(await _read_all(readers), cursor), order)
    page = rows[:first]
    return InvoiceList(
        invoices=page,
        has_next_page=len(rows) > first,
        total=_total(readers),
        failures={one.provider: one.error for one in readers if one.error is not None},
        incomplete=frozenset(one.provider for one in readers if not one.is_complete),
        order=order,
        hints=_hints(readers, page, cursor) if is_default else {},
    )


async def _read_page(
    readers: Sequence[Reader], first: int, cursor: Cursor | None
) -> list[InvoiceRecord]:
    """Read the first rows after the cursor; return them, and more where there are.

    Raises:
        LimitError: ``MOST_ROWS`` of one provider were read, and that is not enough.
    """
    rows: list[InvoiceRecord] = []
    needed = list(readers)
    size = min(_SLICE, first + 1)
    while needed:
        # A page of the largest size is read, whatever that size is set to.
        if any(one.count >= max(MOST_ROWS, first + 1) for one in needed):
            raise _too_many()
        await asyncio.gather(*(one.read_on(size) for one in needed))
        size = _SLICE
        rows = sort(_after(_rows(readers), cursor), _DEFAULT_ORDER)
        needed = _needed(readers, rows, first)
    return rows


def _needed(
    readers: Sequence[Reader], rows: Sequence[InvoiceRecord], first: int
) -> list[Reader]:
    """Return who must be read on before the first of *rows* are the page."""
    if len(rows) <= first:
        return [one for one in readers if not one.is_last]
    return [one for one in readers if one.may_hold_before(rows[first - 1])]


async def _read_all(readers: Sequence[Reader]) -> Iterable[InvoiceRecord]:
    """Read and return every row.

    Raises:
        LimitError: They are more than ``MOST_ROWS`` of one provider.
    """
    await asyncio.gather(*(one.read_on(MOST_ROWS) for one in readers))
    if any(one.count > MOST_ROWS or not one.is_last for one in readers):
        raise _too_many()
    return _rows(readers)


def _rows(readers: Sequence[Reader]) -> Iterable[InvoiceRecord]:
    return (row for one in readers for row in one.rows.values())


def _after(
    rows: Iterable[InvoiceRecord], cursor: Cursor | None
) -> Iterable[InvoiceRecord]:
    return rows if cursor is None else cursor.rows_after(rows)


def _total(readers: Iterable[Reader]) -> int | None:
    """Return the sum of the totals, or None where a provider did not tell its own."""
    total = 0
    for one in readers:
        if one.total is None:
            return None
        total += one.total
    return total


def _hints(
    readers: Sequence[Reader], page: Sequence[InvoiceRecord], cursor: Cursor | None
) -> dict[str, Hints]:
    """Return, for each row of the page, every provider's hint at or before it."""
    current: Hints = _NO_HINTS if cursor is None else cursor.hints
    hinted = {
        row.id: (one.provider, row, hint)
        for one in readers
        for row, hint in one.hinted
        if len(hint) <= LONGEST_HINT
    }
    rows = {row.id: row for _, row, _ in hinted.values()}
    rows |= {row.id: row for row in page}
    shown = {row.id for row in page}
    found: dict[str, Hints] = {}
    for row in sort(rows.values(), _DEFAULT_ORDER):
        if row.id in hinted:
            provider, _, hint = hinted[row.id]
            current = {**current, provider: hint}
        if row.id in shown:
            found[row.id] = current
    return found


def _too_many() -> LimitError:
    return LimitError(
        "MAX_ROWS_LIMIT",
        f"More than {MOST_ROWS} invoices would have to be read for this page. Narrow "
        "`filter` by `providers`, `kinds`, a single status, `search` or "
        "`updatedSince`, or use the default order.",
    )
