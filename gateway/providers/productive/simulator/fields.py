"""What a body says: attributes and relationships, all complaints at once (2.7)."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, TypeVar

from gateway.providers.productive.simulator.replies import invalid
from gateway.providers.productive.simulator.state import State

_T = TypeVar("_T")
_BLANK, _INVALID, _MISSING = "can not be blank", "is invalid", "does not exist"


class Fields:
    """The members of one resource in a body; what is not known is ignored.

    Each reader returns *default* where the member is absent or wrong, and what is
    wrong is kept until `check`.
    """

    def __init__(
        self, resource: Mapping[str, Any], state: State, organization_id: str
    ) -> None:
        attributes = resource.get("attributes")
        relationships = resource.get("relationships")
        self._attributes = attributes if isinstance(attributes, dict) else {}
        self._relationships = relationships if isinstance(relationships, dict) else {}
        self._state = state
        self._organization_id = organization_id
        self._wrong: list[tuple[str, str]] = []

    def check(self) -> None:
        """Refuse what was wrong.

        Raises:
            ProductiveError: 422, with one error per attribute.
        """
        if self._wrong:
            raise invalid(self._wrong)

    def complain(self, name: str, detail: str) -> None:
        """Say what is wrong with an attribute."""
        self._wrong.append((name, detail))

    def has(self, name: str) -> bool:
        """Whether the body says anything of an attribute."""
        return name in self._attributes

    def text(
        self, name: str, default: str | None = None, *, required: bool = False
    ) -> str | None:
        """Return a text; null clears one that is not required."""
        return self._read(name, _text, default, required=required, is_nullable=True)

    def whole(
        self,
        name: str,
        default: int | None = None,
        *,
        required: bool = False,
        is_nullable: bool = False,
        allowed: tuple[int, ...] = (),
    ) -> int | None:
        """Return a whole number that is not negative, or one of *allowed*."""

        def read(value: Any) -> int:
            number = _whole(value)
            if number < 0 or (allowed and number not in allowed):
                raise ValueError(value)
            return number

        return self._read(
            name, read, default, required=required, is_nullable=is_nullable
        )

    # What is required: a stand-in takes its place until `check` refuses the call.

    def needed_text(self, name: str) -> str:
        """Return a text that must be there."""
        return self.text(name, required=True) or ""

    def needed_whole(self, name: str, *allowed: int) -> int:
        """Return a number that must be there."""
        return self.whole(name, required=True, allowed=allowed) or 0

    def needed_day(self, name: str) -> date:
        """Return a date that must be there."""
        return self.day(name, required=True) or date.min

    def needed_reference(
        self, name: str, type_name: str, default: str | None = None
    ) -> str:
        """Return an id that must be there."""
        return self.reference(name, type_name, default, required=True) or ""

    def flag(self, name: str, *, default: bool) -> bool:
        """Return a boolean."""
        found = self._read(name, _flag, default, required=False)
        return default if found is None else found

    def day(
        self, name: str, default: date | None = None, *, required: bool = False
    ) -> date | None:
        """Return a date; null clears one that is not required."""
        return self._read(name, _day, default, required=required, is_nullable=True)

    def numbers(self, name: str, default: list[int]) -> list[int]:
        """Return a list of numbers."""
        found = self._read(name, _numbers, default, required=False)
        return default if found is None else found

    def reference(
        self,
        name: str,
        type_name: str,
        default: str | None = None,
        *,
        required: bool = False,
    ) -> str | None:
        """Return the id under ``<name>_id``, or of the relationship *name*."""
        attribute = f"{name}_id"
        value = self._attributes.get(attribute, self._linked(name))
        if value is None:
            if required and default is None:
                self.complain(attribute, _BLANK)
            return default
        return self._existing(attribute, type_name, value) or default

    def references(self, name: str, type_name: str, default: list[str]) -> list[str]:
        """Return a list of ids."""
        values = self._attributes.get(name)
        if values is None:
            return default
        if not isinstance(values, list):
            self.complain(name, _INVALID)
            return default
        found = [self._existing(name, type_name, value) for value in values]
        return [one for one in found if one is not None]

    def _linked(self, name: str) -> Any:
        relationship = self._relationships.get(name)
        data = relationship.get("data") if isinstance(relationship, dict) else None
        return data.get("id") if isinstance(data, dict) else None

    def _existing(self, name: str, type_name: str, value: Any) -> str | None:
        one_id = str(value)
        if self._state.find(type_name, one_id, self._organization_id) is None:
            self.complain(name, _MISSING)
            return None
        return one_id

    def _read(
        self,
        name: str,
        read: Callable[[Any], _T],
        default: _T | None,
        *,
        required: bool,
        is_nullable: bool = False,
    ) -> _T | None:
        if not self.has(name):
            if required:
                self.complain(name, _BLANK)
            return default
        value = self._attributes[name]
        if value is None or value == "":
            if required or (default is not None and not is_nullable):
                self.complain(name, _BLANK)
            return None
        try:
            return read(value)
        except (TypeError, ValueError):
            self.complain(name, _INVALID)
            return default


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError(value)
    if isinstance(value, float) and not value.is_integer():
        raise ValueError(value)
    return int(value)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


def _day(value: Any) -> date:
    return date.fromisoformat(_text(value))


def _numbers(value: Any) -> list[int]:
    if not isinstance(value, list):
        raise TypeError(value)
    return [_whole(one) for one in value]
