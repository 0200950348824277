"""The opaque cursor of a row in a list of invoices.

It is the row's own place: what the list is ordered by, and the row's id, so it holds
though rows come and go. Beside that it carries the hints of providers that list pages
by number alone. There is one text for each cursor; everything else is refused.
"""

import base64
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, TypeAlias

import msgspec
from msgspec import Struct

from gateway.domain import (
    POSSIBLE_YEARS,
    InvoiceOrder,
    InvoiceOrderField,
    InvoicePlace,
    InvoiceRecord,
    OrderDirection,
    ProviderName,
)
from gateway.errors import InvalidInputError
from gateway.merge.matching import Value, value_of

# More than the words for a few pages' numbers; a longer hint is not carried.
LONGEST_HINT = 200
_DEFAULT_ORDER = InvoiceOrder()

Hints: TypeAlias = Mapping[ProviderName, str]

_INSTANT = Annotated[datetime, msgspec.Meta(tz=True)]
_VALUE_TYPES: Mapping[InvoiceOrderField, Any] = {
    InvoiceOrderField.CREATED_AT: _INSTANT,
    InvoiceOrderField.UPDATED_AT: _INSTANT,
    InvoiceOrderField.ISSUE_DATE: date,
    InvoiceOrderField.DUE_DATE: date,
    InvoiceOrderField.TOTAL: Decimal,
}


class Cursor(Struct, frozen=True, array_like=True):
    """A row's place; *hints* is where each provider saw its last row up to it."""

    field: InvoiceOrderField
    direction: OrderDirection
    value: str | None
    id: str
    hints: dict[
        ProviderName, Annotated[str, msgspec.Meta(max_length=LONGEST_HINT)]
    ] = {}

    def passed(self) -> Value | None:
        """Return what the row was ordered by, or None where it had no such value.

        Raises:
            ValueError: The text is none of that type.
        """
        if self.value is None:
            return None
        value: Value = msgspec.convert(
            self.value, _VALUE_TYPES[self.field], strict=False
        )
        if isinstance(value, Decimal):
            possible = value.is_finite()
        else:
            possible = value.year in POSSIBLE_YEARS
        if not possible:
            raise ValueError(self.value)
        return value

    def rows_after(self, rows: Iterable[InvoiceRecord]) -> list[InvoiceRecord]:
        """Return those of *rows* that come after the cursor's."""
        passed = self.passed()
        return [row for row in rows if self._precedes(row, passed)]

    def place_in(self, provider: ProviderName) -> InvoicePlace:
        """Return the place in a provider's own list; only in the default order."""
        created_at = self.passed()
        assert isinstance(created_at, datetime)  # noqa: S101 - parse_cursor saw to it
        return InvoicePlace(
            created_at=created_at, id=self.id, hint=self.hints.get(provider)
        )

    def _precedes(self, row: InvoiceRecord, passed: Value | None) -> bool:
        value = value_of(row, self.field)
        if value == passed:
            return row.id > self.id
        if value is None or passed is None:
            return value is None
        if self.direction is OrderDirection.DESC:
            return value < passed  # type: ignore[operator]
        return value > passed  # type: ignore[operator]


_CURSOR = msgspec.json.Decoder(Cursor)


def pack_cursor(row: InvoiceRecord, order: InvoiceOrder, hints: Hints) -> str:
    """Return the opaque cursor of a row in a list in *order*."""
    return _pack(
        Cursor(
            order.field,
            order.direction,
            _text(value_of(row, order.field)),
            row.id,
            dict(hints),
        )
    )


def parse_cursor(text: str, order: InvoiceOrder) -> Cursor:
    """Return what a cursor of a list in *order* was made of.

    Raises:
        InvalidInputError: *text* is no cursor of such a list, to the letter.
    """
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        packed = base64.b64decode(padded, altchars=b"-_", validate=True)
        cursor = _CURSOR.decode(packed)
        value = cursor.passed()
    except (ValueError, RecursionError, msgspec.DecodeError) as error:
        raise _no_cursor() from error
    is_default = order == _DEFAULT_ORDER
    is_odd = value is None if is_default else bool(cursor.hints)
    if (
        is_odd
        or (cursor.field, cursor.direction) != (order.field, order.direction)
        or _text(value) != cursor.value
        or _pack(cursor) != text
    ):
        raise _no_cursor()
    return cursor


def _pack(cursor: Cursor) -> str:
    parts: list[Any] = [cursor.field, cursor.direction, cursor.value, cursor.id]
    if cursor.hints:
        parts.append(dict(sorted(cursor.hints.items())))
    packed = msgspec.json.encode(parts)
    return base64.urlsafe_b64encode(packed).rstrip(b"=").decode("ascii")


def _text(value: Value | None) -> str | None:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return None if value is None else str(value)


def _no_cursor() -> InvalidInputError:
    return InvalidInputError(
        "`after` is no cursor of this list. Send a `cursor` or `endCursor` as this "
        "list returned it, with the same `orderBy`.",
        field=("after",),
    )
