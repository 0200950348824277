"""Which rows pass a filter, where a provider did not apply it, and their order."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TypeAlias, TypeVar

from gateway.domain import (
    InvoiceFilter,
    InvoiceOrder,
    InvoiceOrderField,
    InvoiceRecord,
    OrderDirection,
)

Value: TypeAlias = datetime | date | Decimal
_V = TypeVar("_V", datetime, date, Decimal)

# Where a row has days only, in a zone that is not told, its day is over everywhere.
_DAY_IS_OVER = timedelta(hours=36)

_ATTRIBUTES: Mapping[InvoiceOrderField, str] = {
    InvoiceOrderField.CREATED_AT: "created_at",
    InvoiceOrderField.UPDATED_AT: "updated_at",
    InvoiceOrderField.ISSUE_DATE: "issue_date",
    InvoiceOrderField.DUE_DATE: "due_date",
}


def passes(row: InvoiceRecord, wanted: InvoiceFilter, *, is_searched: bool) -> bool:
    """Return whether a row passes every member of a filter.

    Where its provider *is_searched* for `search` in its own way, that is believed.
    """
    return _matches(row, wanted) and (is_searched or _is_found(row, wanted.search))


def value_of(row: InvoiceRecord, field: InvoiceOrderField) -> Value | None:
    """Return what a row is ordered by, or None where it has no such value."""
    if field is InvoiceOrderField.TOTAL:
        return None if row.total is None else row.total.amount
    value: Value | None = getattr(row, _ATTRIBUTES[field])
    return value


def sort(rows: Iterable[InvoiceRecord], order: InvoiceOrder) -> list[InvoiceRecord]:
    """Return the rows in order: ties by id, and what lacks the value at the end."""
    by_id = sorted(rows, key=lambda row: row.id)
    known = [row for row in by_id if value_of(row, order.field) is not None]
    known.sort(
        key=lambda row: value_of(row, order.field),  # type: ignore[arg-type, return-value]
        reverse=order.direction is OrderDirection.DESC,
    )
    return known + [row for row in by_id if value_of(row, order.field) is None]


def _matches(row: InvoiceRecord, wanted: InvoiceFilter) -> bool:
    """Return whether a row passes every member but `search`."""
    return (
        _is_in(row.approval_state, wanted.states)
        and _is_in(row.status, wanted.statuses)
        and _is_in(row.kind, wanted.kinds)
        and _is_between(row.issue_date, wanted.issued_after, wanted.issued_before)
        and _is_between(row.due_date, wanted.due_after, wanted.due_before)
        and _is_between(_latest_change(row), wanted.updated_since, None)
        and _is_between(
            None if row.total is None else row.total.amount,
            wanted.minimum_total,
            wanted.maximum_total,
        )
    )


def _latest_change(row: InvoiceRecord) -> datetime:
    """Return when a row may have changed last."""
    changed = row.updated_at or row.created_at
    return changed + _DAY_IS_OVER if row.has_days_only else changed


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
