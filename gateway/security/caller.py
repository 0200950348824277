"""Who calls, and how a request says so.

An authenticator takes a request's identity headers, by their lower-case names, and
returns its caller. Several lines of one header are one value, joined by commas, so
that two names never pass for one.
"""

import string
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import TypeAlias

from msgspec import Struct

from gateway.errors import UnauthenticatedError

AUTHORIZATION = "authorization"
API_KEY = "x-api-key"
IDENTITY_HEADERS = (AUTHORIZATION, API_KEY)

_DEMO = "demo-"
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


class Caller(Struct, frozen=True, kw_only=True):
    """Who calls; *subject* is None for an anonymous caller.

    *email* is an address that is surely theirs, or None.
    """

    subject: str | None
    email: str | None = None


Authenticate: TypeAlias = Callable[[Mapping[str, str]], Awaitable[Caller]]


class DemoPersons:
    """Takes callers at their word: over the sandbox nobody has a secret.

    ``Bearer demo-NAME`` is one of *persons*, and no header is the first of them.
    Without *persons* every caller is anonymous. *emails* are the persons' addresses,
    as far as they have some.
    """

    def __init__(self, persons: Collection[str], emails: Mapping[str, str]) -> None:
        self._persons = persons
        self._emails = emails

    async def authenticate(self, headers: Mapping[str, str]) -> Caller:
        """Return who calls.

        Raises:
            UnauthenticatedError: The headers name no demo person.
        """
        if not self._persons:
            return Caller(subject=None)
        if not headers:
            return self._create_caller(next(iter(self._persons)))
        scheme, _, token = headers.get(AUTHORIZATION, "").partition(" ")
        name = token.removeprefix(_DEMO)
        is_demo = scheme.lower() == "bearer" and token == _DEMO + name
        if API_KEY in headers or not is_demo or name not in self._persons:
            known = ", ".join(f"`Bearer {_DEMO}{person}`" for person in self._persons)
            raise UnauthenticatedError(
                f"The sandbox knows no such caller. `Authorization` takes {known}."
            )
        return self._create_caller(name)

    def _create_caller(self, name: str) -> Caller:
        return Caller(subject=name, email=self._emails.get(name))


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


def is_same_email(one: str | None, other: str | None) -> bool:
    """Return whether two addresses are surely one; no address is nobody's.

    The case of ASCII letters alone is passed over: Unicode's rules would take one
    person's address for another's (ß for ss, the Kelvin sign for k).
    """
    folded = _fold(one)
    return folded != "" and folded == _fold(other)


def _fold(email: str | None) -> str:
    return (email or "").strip().translate(_LOWER)
