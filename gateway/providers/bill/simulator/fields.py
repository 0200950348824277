"""How the members of `data` are read; whatever is wrong with one is BDC_1002 (1.4)."""

import json
import re
from collections.abc import Callable, Collection
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NoReturn, TypeVar

from gateway.providers.bill.simulator.replies import BillError, time_text

_T = TypeVar("_T")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d{4}")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_CENT = Decimal("0.01")
_TOO_MUCH = 10**12


def unknown_error() -> BillError:
    """Return the failure of a call that was not understood."""
    return BillError("BDC_1002")


def parse_data(content: str | None) -> object:
    """Return the JSON of the form field ``data``.

    Raises:
        BillError: BDC_1002; it is missing or malformed.
    """
    try:
        return json.loads(
            content or "", parse_float=Decimal, parse_constant=_refuse_constant
        )
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise unknown_error() from error


class Members:
    """The members of one JSON object; null counts as absent.

    Raises:
        BillError: BDC_1002; it is no object, or has a member that is not *allowed*.
    """

    def __init__(self, content: object, allowed: Collection[str]) -> None:
        if not isinstance(content, dict) or not content.keys() <= set(allowed):
            raise unknown_error()
        self._content: dict[str, Any] = content

    def read(self, name: str, parse: Callable[[object], _T], default: _T) -> _T:
        """Return the parsed value, or *default* where it is absent.

        Raises:
            BillError: BDC_1002.
        """
        value = self._content.get(name)
        return default if value is None else parse(value)

    def require(self, name: str, parse: Callable[[object], _T]) -> _T:
        """Return the parsed value.

        Raises:
            BillError: BDC_1002; it is absent or wrong.
        """
        return parse(self._content.get(name))


def anything(value: object) -> object:
    """Take any value."""
    return value


def text(value: object) -> str:
    """Parse a string.

    Raises:
        BillError: BDC_1002.
    """
    # A lone surrogate is JSON, but cannot be sent back.
    if not isinstance(value, str) or _SURROGATE.search(value):
        raise unknown_error()
    return value


def one_of(*choices: str) -> Callable[[object], str]:
    """Return what parses one of *choices*."""

    def parse(value: object) -> str:
        if value not in choices:
            raise unknown_error()
        return str(value)

    return parse


flag = one_of("1", "2")


def boolean(value: object) -> bool:
    """Parse a JSON boolean.

    Raises:
        BillError: BDC_1002.
    """
    if not isinstance(value, bool):
        raise unknown_error()
    return value


def whole(value: object) -> int:
    """Parse an integer that is not negative.

    Raises:
        BillError: BDC_1002.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise unknown_error()
    return value


def number(value: object) -> Decimal:
    """Parse a JSON number, exactly.

    Raises:
        BillError: BDC_1002.
    """
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise unknown_error()
    parsed = Decimal(value)
    if abs(parsed) >= _TOO_MUCH:
        raise unknown_error()
    return parsed


def amount(value: object) -> Decimal:
    """Parse an amount, which has two decimals at most (1.2).

    Raises:
        BillError: BDC_1002.
    """
    parsed = number(value)
    rounded = parsed.quantize(_CENT)
    if rounded != parsed:
        raise unknown_error()
    return rounded


def threshold(value: object) -> Decimal:
    """Parse an amount that is not negative.

    Raises:
        BillError: BDC_1002.
    """
    parsed = amount(value)
    if parsed < 0:
        raise unknown_error()
    return parsed


def day(value: object) -> str:
    """Parse ``YYYY-MM-DD``.

    Raises:
        BillError: BDC_1002.
    """
    given = text(value)
    try:
        if _DATE.fullmatch(given):
            return date.fromisoformat(given).isoformat()
    except ValueError:
        pass
    raise unknown_error()


def moment(value: object) -> str:
    """Parse ``YYYY-MM-DDThh:mm:ss.sss+0000`` and return it in UTC.

    Raises:
        BillError: BDC_1002; a ``+`` that was not escaped arrives as a space.
    """
    given = text(value)
    try:
        if _TIME.fullmatch(given):
            return time_text(datetime.fromisoformat(given))
    except (ValueError, OverflowError):
        pass
    raise unknown_error()


def list_of(parse: Callable[[object], _T]) -> Callable[[object], list[_T]]:
    """Return what parses an array of what *parse* does."""

    def parse_all(value: object) -> list[_T]:
        if not isinstance(value, list):
            raise unknown_error()
        return [parse(one) for one in value]

    return parse_all


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)
