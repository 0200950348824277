"""What one call works on."""

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, NoReturn, Protocol, TypeVar

import msgspec

from gateway.providers.accounteer.simulator.directory import Grant
from gateway.providers.accounteer.simulator.objects import Document, Kind
from gateway.providers.accounteer.simulator.replies import AccounteerError, not_found
from gateway.providers.accounteer.simulator.state import State
from gateway.providers.accounteer.simulator.switches import AccounteerSwitches


class Owned(Protocol):
    """What belongs to one organisation."""

    @property
    def organization_id(self) -> str:
        """The organisation."""


_O = TypeVar("_O", bound=Owned)


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """One call, after the checks in front of it; *ids* are those in its path."""

    state: State
    switches: AccounteerSwitches
    grant: Grant
    ids: tuple[str, ...]
    query: Mapping[str, str]
    content_type: str
    body: bytes
    today: date
    is_edited: bool = False

    @property
    def organization_id(self) -> str:
        """The organisation of the token."""
        return self.grant.organization_id

    def owned(self, kept: Mapping[str, _O]) -> list[_O]:
        """Return what of *kept* belongs to the organisation of the token."""
        return [
            one for one in kept.values() if one.organization_id == self.organization_id
        ]

    def look(self, kept: Mapping[str, _O], one_id: object) -> _O | None:
        """Return one of the organisation's, None where it has no such id."""
        one = kept.get(one_id) if isinstance(one_id, str) else None
        if one is None or one.organization_id != self.organization_id:
            return None
        return one

    def find(self, kept: Mapping[str, _O], what: str) -> _O:
        """Return the one that the path names.

        Raises:
            AccounteerError: 404; there is none, or it is another organisation's.
        """
        one = self.look(kept, self.ids[0])
        if one is None:
            raise not_found(what)
        return one

    def document(self, kind: Kind) -> Document:
        """Return the document that the path names.

        Raises:
            AccounteerError: 404; there is none, or it is another organisation's.
        """
        return self.find(self.state.documents(kind), kind.capitalize())

    def content(self, wrapper: str, *, is_optional: bool = False) -> dict[str, Any]:
        """Return the object under *wrapper*, or the whole one where that may be.

        Raises:
            AccounteerError: 415, or 400.
        """
        whole = self.bare_content()
        content = whole.get(wrapper, whole if is_optional else None)
        if not isinstance(content, dict):
            raise AccounteerError(400, f"The body needs an object `{wrapper}`.")
        return content

    def bare_content(self) -> dict[str, Any]:
        """Return the JSON object of a body without a wrapper.

        Raises:
            AccounteerError: 415, or 400.
        """
        media_type = self.content_type.partition(";")[0].strip().lower()
        if media_type != "application/json":
            raise AccounteerError(415, "The body must be application/json.")
        try:
            content = json.loads(
                self.body, parse_float=Decimal, parse_constant=_refuse_constant
            )
        except (ValueError, RecursionError) as error:
            raise AccounteerError(400, "The body is not JSON.") from error
        if not isinstance(content, dict):
            raise AccounteerError(400, "The body must be a JSON object.")
        return content


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)
