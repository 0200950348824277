"""Who calls, and how a request says so.

An authenticator takes a request's identity headers, by their lower-case names, and
returns its caller. Several lines of one header are one value, joined by commas, so
that two names never pass for one.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import TypeAlias

from msgspec import Struct

from gateway.errors import UnauthenticatedError

AUTHORIZATION = "authorization"
API_KEY = "x-api-key"
IDENTITY_HEADERS = (AUTHORIZATION, API_KEY)

_DEMO = "demo-"


class Caller(Struct, frozen=True, kw_only=True):
    """Who calls; *subject* is None for an anonymous caller."""

    subject: str | None


Authenticate: TypeAlias = Callable[[Mapping[str, str]], Awaitable[Caller]]


class DemoPersons:
    """Takes callers at their word: over the sandbox nobody has a secret.

    ``Bearer demo-NAME`` is one of *persons*, and no header is the first of them.
    Without *persons* every caller is anonymous.
    """

    def __init__(self, persons: Collection[str]) -> None:
        self._persons = persons

    async def authenticate(self, headers: Mapping[str, str]) -> Caller:
        """Return who calls.

        Raises:
            UnauthenticatedError: The headers name no demo person.
        """
        if not self._persons:
            return Caller(subject=None)
        if not headers:
            return Caller(subject=next(iter(self._persons)))
        scheme, _, token = headers.get(AUTHORIZATION, "").partition(" ")
        name = token.removeprefix(_DEMO)
        is_demo = scheme.lower() == "bearer" and token == _DEMO + name
        if API_KEY in headers or not is_demo or name not in self._persons:
            known = ", ".join(f"`Bearer {_DEMO}{person}`" for person in self._persons)
            raise UnauthenticatedError(
                f"The sandbox knows no such caller. `Authorization` takes {known}."
            )
        return Caller(subject=name)


def read_bearer(headers: Mapping[str, str]) -> str | None:
    """Return what ``Authorization: Bearer`` carries, or None where it carries nothing.

    Raises:
        UnauthenticatedError: A request has one identity, and this one has two.
    """
    authorization = headers.get(AUTHORIZATION)
    if authorization is None:
        return None
    if API_KEY in headers:
        raise UnauthenticatedError(
            "Send `Authorization` or `X-API-Key`, not both: a request has one identity."
        )
    scheme, _, secret = authorization.partition(" ")
    if scheme.lower() != "bearer":
        return None
    return secret.strip() or None
