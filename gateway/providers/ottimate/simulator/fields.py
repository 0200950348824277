"""How the members of a JSON body are read, and what is said of wrong ones (3.3)."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from gateway.providers.ottimate.simulator.replies import OttimateError

_TOO_MUCH = 10**12
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


class FieldError(Exception):
    """A member has a wrong value; the text says why."""


class Fields:
    """Reads the members of a JSON body and gathers what is wrong with them."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        self._content = content
        self._wrong: dict[str, list[str]] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._content

    def require(self, *names: str) -> None:
        """Demand that each of *names* is there."""
        for name in names:
            if self._content.get(name) is None:
                self.refuse(name, "This field is required.")

    def refuse(self, name: str, text: str) -> None:
        """Write down what is wrong with a field."""
        self._wrong.setdefault(name, []).append(text)

    def read(self, name: str, parse: Callable[[Any], Any]) -> Any:
        """Return the parsed value, or None where it is absent or wrong."""
        if name not in self._content:
            return None
        try:
            return parse(self._content[name])
        except FieldError as error:
            self.refuse(name, str(error))
            return None

    def check(self) -> None:
        """End the reading.

        Raises:
            OttimateError: 400 with everything that was wrong.
        """
        if self._wrong:
            raise OttimateError(400, "INV4000", self._wrong)


def text(value: object) -> str:
    """Parse a string.

    Raises:
        FieldError: It is none.
    """
    if not isinstance(value, str):
        raise FieldError("Not a valid string.")
    return value


def boolean(value: object) -> bool:
    """Parse true or false.

    Raises:
        FieldError: It is neither.
    """
    if not isinstance(value, bool):
        raise FieldError("Must be a valid boolean.")
    return value


def whole(value: object) -> int:
    """Parse an integer.

    Raises:
        FieldError: It is none.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise FieldError("A valid integer is required.")
    return value


def amount(value: object) -> Decimal:
    """Parse a number, exactly.

    Raises:
        FieldError: It is none.
    """
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise FieldError("A valid number is required.")
    number = Decimal(value)
    if abs(number) >= _TOO_MUCH:
        raise FieldError("Ensure that there are no more than 12 digits.")
    return number


def day(value: object) -> date:
    """Parse ``YYYY-MM-DD``.

    Raises:
        FieldError: It is no such date.
    """
    try:
        if isinstance(value, str) and _DATE.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise FieldError("Date has wrong format. Use YYYY-MM-DD.")
