"""Who calls: tokens, organizations, and the headers of a call (1)."""

from collections.abc import Mapping

import msgspec

from gateway.providers.productive.simulator.directory import TOKENS
from gateway.providers.productive.simulator.objects import Person
from gateway.providers.productive.simulator.replies import (
    JSON_API,
    access_denied,
    no_person,
    not_acceptable,
    route_not_found,
    unauthenticated,
    unsupported_media_type,
)
from gateway.providers.productive.simulator.state import State

_BULK = "ext=bulk"
_WRITES = frozenset({"POST", "PATCH", "DELETE"})
_ACCEPTABLE = frozenset({"*/*", "application/*", JSON_API, "application/json"})


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """The person who calls, with the token of *user_id*."""

    person: Person
    user_id: str
    can_write: bool


def identify(headers: Mapping[str, str], path: str, state: State) -> Caller:
    """Return who calls; memberships need no organization (1).

    Raises:
        ProductiveError: 401 or 403 (1.1).
    """
    token = TOKENS.get(headers.get("x-auth-token", ""))
    if token is None or token.is_revoked:
        raise unauthenticated()
    persons = [one for one in state.people.values() if one.user_id == token.user_id]
    wanted = headers.get("x-organization-id", "").strip()
    here = [one for one in persons if one.organization_id == wanted]
    if not here and path.strip("/") == "organization_memberships":
        here = persons
    if not here:
        raise no_person()
    if here[0].deactivated_at is not None:
        raise unauthenticated()
    return Caller(
        person=here[0], user_id=token.user_id, can_write=not token.is_read_only
    )


def asks_for_bulk(method: str, headers: Mapping[str, str]) -> bool:
    """Whether the call accepts a bulk answer.

    Raises:
        ProductiveError: 404; it sends what is bulk and accepts something else (1).
    """
    if method not in _WRITES:
        return False
    is_bulk = _is_bulk(headers.get("accept", ""))
    if _is_bulk(headers.get("content-type", "")) and not is_bulk:
        raise route_not_found()
    return is_bulk


def check_headers(
    method: str, headers: Mapping[str, str], caller: Caller, *, is_bulk: bool
) -> None:
    """Refuse what the headers rule out.

    Raises:
        ProductiveError: 403 for a token that only reads, 406, 415.
    """
    accepted = headers.get("accept", "*/*").split(",")
    plain = {one.split(";", maxsplit=1)[0].strip().lower() for one in accepted}
    if not plain & _ACCEPTABLE:
        raise not_acceptable()
    if method not in _WRITES:
        return
    content_type = headers.get("content-type", "")
    media_type = content_type.split(";", maxsplit=1)[0].strip().lower()
    if media_type != JSON_API or _is_bulk(content_type) != is_bulk:
        raise unsupported_media_type()
    if not caller.can_write:
        raise access_denied()


def _is_bulk(header: str) -> bool:
    return JSON_API in header and _BULK in header.replace('"', "").replace(" ", "")
