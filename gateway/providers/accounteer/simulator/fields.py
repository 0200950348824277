"""Readers of a request's fields; each refuses what it cannot read with 422."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from gateway.providers.accounteer.simulator.replies import invalid

Content = Mapping[str, Any]

_MOST = Decimal(1_000_000_000)
_PLACES = -10


def text(content: Content, name: str, *, required: bool = False) -> str | None:
    """Return a text; None where it is absent, null or empty (3.1).

    Raises:
        AccounteerError: 422; it is no text, or required and empty.
    """
    value = content.get(name)
    if value is not None and not _is_text(value):
        raise invalid(name, "must be a text")
    if required and not value:
        raise invalid(name, "is required")
    return value or None


def required_text(content: Content, name: str) -> str:
    """Return a text that must be there.

    Raises:
        AccounteerError: 422.
    """
    return text(content, name, required=True) or ""


def amount(content: Content, name: str) -> Decimal:
    """Return a number that must be there.

    Raises:
        AccounteerError: 422; it is absent, no number, too large or too fine.
    """
    value = content.get(name)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise invalid(name, "must be a number")
    value = Decimal(value)
    exponent = value.as_tuple().exponent
    if abs(value) > _MOST or not isinstance(exponent, int) or exponent < _PLACES:
        raise invalid(name, "is out of bounds")
    return value


def optional_amount(content: Content, name: str) -> Decimal | None:
    """Return a number, None where it is absent or null.

    Raises:
        AccounteerError: 422; it is no number.
    """
    return None if content.get(name) is None else amount(content, name)


def day(content: Content, name: str) -> date | None:
    """Return a date, None where it is absent or null.

    Raises:
        AccounteerError: 422; it is not of the form ``YYYY-MM-DD``.
    """
    value = content.get(name)
    return None if value is None else parse_day(value, name)


def parse_day(value: object, name: str) -> date:
    """Return *value* as a date.

    Raises:
        AccounteerError: 422; it is not of the form ``YYYY-MM-DD``.
    """
    try:
        found = date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None or found.isoformat() != value:
        raise invalid(name, "must be a date, YYYY-MM-DD")
    return found


def flag(content: Content, name: str) -> bool | None:
    """Return a boolean, which 1 and 0 are as well (X3); None where it is absent.

    Raises:
        AccounteerError: 422; it is something else.
    """
    value = content.get(name)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | Decimal) and value in {0, 1}:
        return bool(value)
    raise invalid(name, "must be true or false")


def objects(content: Content, name: str) -> list[dict[str, Any]]:
    """Return a list of objects that must be there.

    Raises:
        AccounteerError: 422.
    """
    rows = content.get(name)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise invalid(name, "must be a list of objects")
    return rows


def _is_text(value: object) -> bool:
    # JSON can spell half of a surrogate pair, which no answer could repeat.
    return isinstance(value, str) and not any(
        "\ud800" <= one <= "\udfff" for one in value
    )
