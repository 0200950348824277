"""How the parameters of a query string are read (3.2, 3.4)."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from gateway.providers.ottimate.simulator.replies import invalid

_PLAIN_MOMENT = re.compile(r"\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d)?")


def page_bounds(query: Mapping[str, str], maximum: int) -> tuple[int, int]:
    """Return ``page`` (0 is read as 1) and ``limit`` (clamped to *maximum*).

    Raises:
        OttimateError: 400.
    """
    page = integer(query, "page", 1)
    limit = integer(query, "limit", 20)
    if page < 0:
        raise invalid("page", "Ensure this value is greater than or equal to 1.")
    if limit < 1:
        raise invalid("limit", "Ensure this value is greater than or equal to 1.")
    return max(page, 1), min(limit, maximum)


def integer(query: Mapping[str, str], name: str, default: int) -> int:
    """Return an integer parameter.

    Raises:
        OttimateError: 400.
    """
    text = query.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"-?[0-9]{1,18}", text):
        raise invalid(name, "A valid integer is required.")
    return int(text)


def integers(query: Mapping[str, str], name: str) -> frozenset[int]:
    """Return a comma list of integers.

    Raises:
        OttimateError: 400.
    """
    return frozenset(
        integer({name: part.strip()}, name, 0) for part in words(query, name)
    )


def words(query: Mapping[str, str], name: str) -> list[str]:
    """Return a comma list of words; absent and empty are the same."""
    return [part.strip() for part in query.get(name, "").split(",") if part.strip()]


def choice(query: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str | None:
    """Return a parameter that is one of *choices*.

    Raises:
        OttimateError: 400.
    """
    value = query.get(name)
    if value is not None and value not in choices:
        raise invalid(name, f'"{value}" is not a valid choice.')
    return value


def moment(query: Mapping[str, str], name: str) -> datetime | None:
    """Return a date filter as an instant; its ``_utc`` twin wins (3.4).

    Raises:
        OttimateError: 400.
    """
    twin = f"{name}_utc"
    if twin in query:
        return _parse_moment(query[twin], twin, any_form=True)
    if name in query:
        return _parse_moment(query[name], name, any_form=False)
    return None


def _parse_moment(text: str, name: str, *, any_form: bool) -> datetime:
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError as error:
        raise invalid(name, "Enter a valid date or date-time.") from error
    if _PLAIN_MOMENT.fullmatch(text):
        return parsed.replace(tzinfo=UTC)
    if not any_form or parsed.tzinfo is None:
        raise invalid(name, "Enter a valid date or date-time.")
    return parsed
