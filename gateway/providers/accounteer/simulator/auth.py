"""Who calls: access tokens and what they allow (2)."""

from datetime import datetime, timedelta
from random import Random

import msgspec

from gateway.providers.accounteer.simulator import directory
from gateway.providers.accounteer.simulator.directory import Grant
from gateway.providers.accounteer.simulator.replies import (
    AccounteerError,
    unauthorized,
)

_CODE_LIFETIME = timedelta(minutes=10)


class Code(msgspec.Struct, frozen=True, kw_only=True):
    """An authorisation code; its first use ends it."""

    grant: Grant
    ends: datetime


class Tokens:
    """The codes and tokens that live beside those which never end.

    None is issued twice, not even after `forget`.
    """

    def __init__(self) -> None:
        self._random = Random("accounteer tokens")  # noqa: S311 (a sandbox)
        self._codes: dict[str, Code] = {}
        self._access: dict[str, tuple[Grant, datetime]] = {}
        self._refresh: dict[str, Grant] = {}
        self.forget()

    def forget(self) -> None:
        """End all that was issued, and let the first refresh token live again."""
        self._codes.clear()
        self._access.clear()
        self._refresh = {directory.REFRESH_TOKEN: Grant()}

    def issue_code(self, grant: Grant, now: datetime) -> str:
        """Return a new code for *grant*."""
        code = self._secret()
        self._codes[code] = Code(grant=grant, ends=now + _CODE_LIFETIME)
        return code

    def issue_access(self, grant: Grant, ends: datetime) -> str:
        """Return a new access token."""
        token = self._secret()
        self._access[token] = (grant, ends)
        return token

    def issue_refresh(self, grant: Grant) -> str:
        """Return a new refresh token."""
        token = self._secret()
        self._refresh[token] = grant
        return token

    def use_code(self, code: str, now: datetime) -> Grant | None:
        """Return what a code stands for, None for nothing; it is used up."""
        found = self._codes.pop(code, None)
        return None if found is None or found.ends <= now else found.grant

    def use_refresh(self, token: str, *, ends: bool) -> Grant | None:
        """Return what a refresh token stands for; *ends* says that this was its end."""
        return self._refresh.pop(token, None) if ends else self._refresh.get(token)

    def caller(self, authorization: str | None, now: datetime) -> tuple[str, Grant]:
        """Return the token of this ``Authorization`` header, and what it allows.

        Raises:
            AccounteerError: 401; the token is missing, unknown or ended.
        """
        scheme, _, token = (authorization or "").partition(" ")
        token = token.strip()
        if scheme.lower() == "bearer":
            if token in directory.TOKENS:
                return token, directory.TOKENS[token]
            grant, ends = self._access.get(token, (None, now))
            if grant is not None and now < ends:
                return token, grant
        raise unauthorized()

    def _secret(self) -> str:
        return f"{self._random.getrandbits(128):032x}"


def require_scope(grant: Grant, scope: str, *, writes: bool) -> None:
    """Refuse a token that does not reach as far.

    Raises:
        AccounteerError: 403.
    """
    enough = {scope} if writes else {scope, f"{scope}:read"}
    if not enough & grant.scopes:
        raise AccounteerError(403, f"The token may not {_verb(writes)} {scope}.")


def _verb(writes: bool) -> str:
    return "change" if writes else "read"
