"""Who calls."""

from collections.abc import Collection

from msgspec import Struct

from gateway.errors import UnauthenticatedError

_DEMO = "demo-"


class Caller(Struct, frozen=True, kw_only=True):
    """Who calls; *subject* is None for an anonymous caller."""

    subject: str | None


def authenticate(authorization: str | None, persons: Collection[str]) -> Caller:
    """Return who calls, by the ``Authorization`` header.

    Over the sandbox, *persons* are its demo persons: ``Bearer demo-NAME`` is one of
    them, and no header is the first. Without *persons* every caller is anonymous.

    Raises:
        UnauthenticatedError: The header names no demo person.
    """
    if not persons:
        return Caller(subject=None)
    if authorization is None:
        return Caller(subject=next(iter(persons)))
    scheme, _, token = authorization.partition(" ")
    name = token.strip().removeprefix(_DEMO)
    if scheme.lower() != "bearer" or name not in persons or _DEMO + name != token:
        known = ", ".join(f"`Bearer {_DEMO}{person}`" for person in persons)
        raise UnauthenticatedError(
            f"The sandbox knows no such caller. `Authorization` takes {known}."
        )
    return Caller(subject=name)
