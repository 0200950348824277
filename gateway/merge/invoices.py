"""One ordered, resumable list of invoices over the providers that were asked.

The default order, newest ``created_at`` first and then by id, is how providers list
invoices, so a page costs the rows that it shows. Another order, or a filter that a
provider lacks, costs reading on; past ``MOST_ROWS`` the answer is an error that says
how to narrow, never a partly sorted page.
"""

import asyncio
import base64
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Struct

from gateway.connector import Invoices
from gateway.domain import (
    POSSIBLE_YEARS,
    InvoiceFilter,
    InvoiceOrder,
    InvoiceOrderField,
    InvoicePlace,
    InvoiceRecord,
    OrderDirection,
    ProviderName,
)
from gateway.errors import GatewayError, InvalidInputError, LimitError, UpstreamError

MOST_ROWS = 1_000
_SLICE = 100
_DEFAULT_ORDER = InvoiceOrder()

_Value = datetime | date | Decimal
_V = TypeVar("_V", datetime, date, Decimal)


class _Cursor(Struct, frozen=True, array_like=True):
    field: InvoiceOrderField
    direction: OrderDirection
    value: str | None
    id: str


_CURSOR = msgspec.json.Decoder(_Cursor)
_INSTANT = Annotated[datetime, msgspec.Meta(tz=True)]
_ATTRIBUTES = {
    InvoiceOrderField.CREATED_AT: "created_at",
    InvoiceOrderField.UPDATED_AT: "updated_at",
    InvoiceOrderField.ISSUE_DATE: "issue_date",
    InvoiceOrderField.DUE_DATE: "due_date",
}
_VALUE_TYPES: Mapping[InvoiceOrderField, Any] = {
    InvoiceOrderField.CREATED_AT: _INSTANT,
    InvoiceOrderField.UPDATED_AT: _INSTANT,
    InvoiceOrderField.ISSUE_DATE: date,
    InvoiceOrderField.DUE_DATE: date,
    InvoiceOrderField.TOTAL: Decimal,
}


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
    """

    invoices: list[InvoiceRecord]
    has_next_page: bool
    total: int | None
    failures: Mapping[ProviderName, GatewayError]
    incomplete: frozenset[ProviderName]
    order: InvoiceOrder

    def cursor(self, invoice: InvoiceRecord) -> str:
        """Return the opaque cursor of one of the page's rows."""
        packed = msgspec.json.encode(
            _Cursor(
                self.order.field,
                self.order.direction,
                _text(_value(invoice, self.order.field)),
                invoice.id,
            )
        )
        return base64.urlsafe_b64encode(packed).rstrip(b"=").decode("ascii")


class _Rows(Struct, frozen=True):
    """Matching rows of one provider, complete up to the last one."""

    invoices: list[InvoiceRecord]
    is_last: bool
    total: int | None
    is_complete: bool


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
    cursor = None if after is None else _parse_cursor(after, order)
    # Another order is known only when every row was read.
    is_default = order == _DEFAULT_ORDER
    place = _place(cursor) if is_default else None
    wanted = first if is_default else MOST_ROWS - 1
    results = await asyncio.gather(
        *(
            _read_or_fail(invoices, wanted, place, invoice_filter)
            for invoices in providers.values()
        )
    )
    found = [rows for rows in results if isinstance(rows, _Rows)]
    if not is_default and not all(rows.is_last for rows in found):
        raise _too_many()
    rows = [row for part in found for row in part.invoices]
    if cursor is not None:
        rows = [row for row in rows if _follows(row, cursor)]
    rows = _sort(rows, order)
    return InvoiceList(
        invoices=rows[:first],
        has_next_page=len(rows) > first or not all(rows.is_last for rows in found),
        total=_total(results),
        failures={
            name: result
            for name, result in zip(providers, results, strict=True)
            if not isinstance(result, _Rows)
        },
        incomplete=frozenset(
            name
            for name, result in zip(providers, results, strict=True)
            if isinstance(result, _Rows) and not result.is_complete
        ),
        order=order,
    )


async def _read_or_fail(
    invoices: Invoices,
    wanted: int,
    after: InvoicePlace | None,
    invoice_filter: InvoiceFilter,
) -> _Rows | UpstreamError:
    try:
        return await _read(invoices, wanted, after, invoice_filter)
    except UpstreamError as error:
        return error


async def _read(
    invoices: Invoices,
    wanted: int,
    after: InvoicePlace | None,
    invoice_filter: InvoiceFilter,
) -> _Rows:
    """Read until more than *wanted* rows match or nothing follows.

    Raises:
        LimitError: ``MOST_ROWS`` were read, and that is not enough.
    """
    rows: list[InvoiceRecord] = []
    count = 0
    total = None
    size = min(_SLICE, wanted + 1)
    is_start = after is None
    while True:
        part = await invoices.list_invoices(
            first=size, after=after, invoice_filter=invoice_filter
        )
        if is_start and count == 0:
            total = part.total
        count += len(part.invoices)
        search = None if part.is_searched else invoice_filter.search
        rows += [
            row
            for row in part.invoices
            if _matches(row, invoice_filter) and _is_found(row, search)
        ]
        if part.is_last and is_start:
            total = len(rows)
        if part.is_last or len(rows) > wanted:
            total = total if part.is_complete else None
            return _Rows(rows, part.is_last, total, part.is_complete)
        # A page of the largest size is read, whatever that size is set to.
        if count >= max(MOST_ROWS, wanted + 1):
            raise _too_many()
        last = part.invoices[-1]
        after = InvoicePlace(created_at=last.created_at, id=last.id)
        size = _SLICE


def _total(results: Iterable[_Rows | UpstreamError]) -> int | None:
    """Return the sum of the totals, or None where a provider did not tell its own."""
    total = 0
    for rows in results:
        if not isinstance(rows, _Rows) or rows.total is None:
            return None
        total += rows.total
    return total


def _too_many() -> LimitError:
    return LimitError(
        "MAX_ROWS_LIMIT",
        f"More than {MOST_ROWS} invoices would have to be read for this page. Narrow "
        "`filter` by `providers`, `kinds`, a single status, `search` or "
        "`updatedSince`, or use the default order.",
    )


def _matches(row: InvoiceRecord, wanted: InvoiceFilter) -> bool:
    """Return whether a row passes every member but `search`."""
    return (
        _is_in(row.approval_state, wanted.states)
        and _is_in(row.status, wanted.statuses)
        and _is_in(row.kind, wanted.kinds)
        and _is_between(row.issue_date, wanted.issued_after, wanted.issued_before)
        and _is_between(row.due_date, wanted.due_after, wanted.due_before)
        and _is_between(row.updated_at or row.created_at, wanted.updated_since, None)
        and _is_between(
            None if row.total is None else row.total.amount,
            wanted.minimum_total,
            wanted.maximum_total,
        )
    )


def _is_found(row: InvoiceRecord, search: str | None) -> bool:
    """Return whether a row shows the text; without any, every row does."""
    if not search:
        return True
    name = None if row.counterparty is None else row.counterparty.name
    text = search.casefold()
    return any(text in shown.casefold() for shown in (row.number, name) if shown)


def _is_in(value: object, wanted: Sequence[object] | None) -> bool:
    return wanted is None or value in wanted


def _is_between(value: _V | None, low: _V | None, high: _V | None) -> bool:
    if low is None and high is None:
        return True
    if value is None:
        return False
    return (low is None or low <= value) and (high is None or value <= high)


def _sort(rows: list[InvoiceRecord], order: InvoiceOrder) -> list[InvoiceRecord]:
    """Return the rows in order: ties by id, and what lacks the value at the end."""
    by_id = sorted(rows, key=lambda row: row.id)
    known = [row for row in by_id if _value(row, order.field) is not None]
    known.sort(
        key=lambda row: _value(row, order.field),  # type: ignore[arg-type, return-value]
        reverse=order.direction is OrderDirection.DESC,
    )
    return known + [row for row in by_id if _value(row, order.field) is None]


def _follows(row: InvoiceRecord, cursor: _Cursor) -> bool:
    """Return whether a row comes after the cursor's."""
    value = _value(row, cursor.field)
    passed = _parse_value(cursor)
    if value == passed:
        return row.id > cursor.id
    if value is None or passed is None:
        return value is None
    if cursor.direction is OrderDirection.DESC:
        return value < passed  # type: ignore[operator]
    return value > passed  # type: ignore[operator]


def _value(row: InvoiceRecord, field: InvoiceOrderField) -> _Value | None:
    if field is InvoiceOrderField.TOTAL:
        return None if row.total is None else row.total.amount
    value: _Value | None = getattr(row, _ATTRIBUTES[field])
    return value


def _text(value: _Value | None) -> str | None:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return None if value is None else str(value)


def _place(cursor: _Cursor | None) -> InvoicePlace | None:
    if cursor is None:
        return None
    created_at = _parse_value(cursor)
    assert isinstance(created_at, datetime)  # noqa: S101 - _parse_cursor saw to it
    return InvoicePlace(created_at=created_at, id=cursor.id)


def _parse_cursor(text: str, order: InvoiceOrder) -> _Cursor:
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        packed = base64.b64decode(padded, altchars=b"-_", validate=True)
        cursor = _CURSOR.decode(packed)
        value = _parse_value(cursor)
    except (ValueError, RecursionError, msgspec.DecodeError) as error:
        raise _no_cursor() from error
    missing = value is None and order == _DEFAULT_ORDER
    if (
        msgspec.json.encode(cursor) != packed
        or missing
        or (cursor.field, cursor.direction) != (order.field, order.direction)
    ):
        raise _no_cursor()
    return cursor


def _parse_value(cursor: _Cursor) -> _Value | None:
    if cursor.value is None:
        return None
    value: _Value = msgspec.convert(
        cursor.value, _VALUE_TYPES[cursor.field], strict=False
    )
    if isinstance(value, Decimal):
        possible = value.is_finite()
    else:
        possible = value.year in POSSIBLE_YEARS
    if not possible:
        raise ValueError(cursor.value)
    return value


def _no_cursor() -> InvalidInputError:
    return InvalidInputError(
        "`after` is no cursor of this list. Send a `cursor` or `endCursor` as this "
        "list returned it, with the same `orderBy`.",
        field=("after",),
    )
