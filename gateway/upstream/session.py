"""A sign-in that all callers of one acting person share."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from msgspec import Struct

from gateway.errors import UpstreamAuthError
from gateway.upstream.clock import Clock
from gateway.upstream.limit import Limit

# A grant is renewed this long before its end, or in its last tenth if it is short.
_MARGIN_SECONDS = 60.0
_MARGIN_SHARE = 0.1
_FIRST_HOLD_SHARE = 0.1


class Grant(Struct, frozen=True, kw_only=True):
    """What a sign-in gave, which it never shows, and for how long.

    *headers* and *form* members go with every call. Where *is_renewed_by_use*, the
    lifetime starts again with each call that the provider answers. *user_source_id*
    is who is signed in, where the provider says so.
    """

    headers: Mapping[str, str] = {}
    form: Mapping[str, str] = {}
    lifetime_seconds: float
    is_renewed_by_use: bool = False
    user_source_id: str | None = None

    def __repr__(self) -> str:
        return f"Grant(lifetime_seconds={self.lifetime_seconds!r})"


class Session:
    """Holds the grant of one acting person and signs in when there is none.

    However many callers wait, one sign-in is under way; a caller that goes away
    does not end it. A sign-in that fails raises its error to all who wait for it,
    and the next caller tries again; but one that was refused is not tried again for
    *hold_seconds*, since a provider may count sign-ins and lock out whoever repeats
    them. One whose grant did not hold for a single call is held back for a tenth of
    that, and twice as long each time. *limit* is what the provider grants this person,
    where it counts persons apart: it takes the place of the upstream's own.
    """

    def __init__(
        self,
        sign_in: Callable[[], Awaitable[Grant]],
        clock: Clock,
        *,
        hold_seconds: float = 0.0,
        limit: Limit | None = None,
    ) -> None:
        self.limit = limit
        self._sign_in = sign_in
        self._clock = clock
        self._hold_seconds = hold_seconds
        self._next_hold_seconds = hold_seconds * _FIRST_HOLD_SHARE
        self._used: Grant | None = None
        self._refusal: UpstreamAuthError | None = None
        self._held_until = 0.0
        self._grant: Grant | None = None
        self._renew_at = 0.0
        self._signing_in: asyncio.Task[Grant] | None = None

    async def get_grant(self) -> Grant:
        """Return a grant that still holds, signing in if that is needed.

        Raises:
            UpstreamError: The provider did not sign us in.
        """
        if self._grant is not None and self._clock.monotonic() < self._renew_at:
            return self._grant
        self._check_held_back()
        if self._signing_in is None:
            self._signing_in = asyncio.create_task(self._renew())
        return await asyncio.shield(self._signing_in)

    def check(self, grant: Grant) -> None:
        """Hold that *grant* is worth sending, which was given a while ago.

        Raises:
            UpstreamAuthError: It was refused since, and there is no other.
        """
        if self._grant is not grant:
            self._check_held_back()

    def refuse(self, grant: Grant) -> None:
        """Forget *grant*, which the provider refused; a newer one stays."""
        if self._grant is grant:
            self._grant = None

    def give_up(self, grant: Grant, error: UpstreamAuthError) -> None:
        """Forget *grant*; if it held for no call, sign in no more for a while."""
        if self._grant is grant and self._used is not grant:
            self._hold_back(error, self._next_hold_seconds)
            longer = 2 * self._next_hold_seconds
            self._next_hold_seconds = min(longer, self._hold_seconds)
        self.refuse(grant)

    def use(self, grant: Grant) -> None:
        """Note that the provider answered a call with *grant*."""
        if self._grant is not grant:
            return
        self._used = grant
        self._next_hold_seconds = self._hold_seconds * _FIRST_HOLD_SHARE
        if grant.is_renewed_by_use:
            self._renew_at = self._renewal_of(grant)

    async def _renew(self) -> Grant:
        try:
            grant = await self._sign_in()
        except UpstreamAuthError as error:
            self._hold_back(error, self._hold_seconds)
            raise
        finally:
            self._signing_in = None
        self._renew_at = self._renewal_of(grant)
        self._grant = grant
        return grant

    def _check_held_back(self) -> None:
        if self._refusal is not None and self._clock.monotonic() < self._held_until:
            # Another object for each caller: an error that is raised grows.
            raise UpstreamAuthError(self._refusal.provider, self._refusal.message)

    def _hold_back(self, error: UpstreamAuthError, seconds: float) -> None:
        self._refusal = error
        self._held_until = self._clock.monotonic() + seconds

    def _renewal_of(self, grant: Grant) -> float:
        margin = min(_MARGIN_SECONDS, _MARGIN_SHARE * grant.lifetime_seconds)
        return self._clock.monotonic() + grant.lifetime_seconds - margin
