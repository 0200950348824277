"""The scalars whose text is this graph's own: exact amounts and instants."""

from datetime import datetime
from decimal import Decimal, InvalidOperation

import strawberry
from strawberry.types.scalar import ScalarDefinition

from gateway.domain import POSSIBLE_YEARS


def _format_decimal(value: Decimal) -> str:
    return format(value, "f")


def _parse_decimal(value: object) -> Decimal:
    is_number = isinstance(value, str | int | float) and not isinstance(value, bool)
    try:
        number = Decimal(str(value)) if is_number else Decimal("nan")
    except InvalidOperation:
        number = Decimal("nan")
    if not number.is_finite():
        raise ValueError(f'Decimal takes decimal text such as "12.50", not {value!r}.')
    return number


def _parse_instant(value: object) -> datetime:
    if isinstance(value, str):
        try:
            instant = datetime.fromisoformat(value)
        except ValueError:
            instant = None
        if (
            instant is not None
            and instant.tzinfo is not None
            and instant.year in POSSIBLE_YEARS
        ):
            return instant
    raise ValueError(
        "DateTime takes RFC 3339 text with an offset, such as "
        f'"2026-02-03T09:05:11+01:00", not {value!r}.'
    )


SCALARS: dict[object, ScalarDefinition] = {
    Decimal: strawberry.scalar(
        name="Decimal",
        description=(
            'An exact decimal number as text, such as "6120.50": never rounded. '
            "Input takes text or a number."
        ),
        serialize=_format_decimal,
        parse_value=_parse_decimal,
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description=(
            "An instant in RFC 3339, with the offset that the provider gave: compare "
            "instants, never the text."
        ),
        serialize=datetime.isoformat,
        parse_value=_parse_instant,
    ),
}
