"""A sign-in that all callers of one acting person share."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping

from msgspec import Struct

from gateway.errors import UpstreamRateLimitedError
from gateway.upstream.clock import Clock

# A grant is renewed this long before its end, or in its last tenth if it is short.
_MARGIN_SECONDS = 60.0
_MARGIN_SHARE = 0.1

# A limit that opens again sooner than this is waited for by the retries of a read.
_LONG_SECONDS = 60
# No limit is believed to be spent for longer: days are what providers count in.
_LONGEST_SECONDS = 86_400


class Grant(Struct, frozen=True, kw_only=True):
    """What a sign-in gave: headers, which it never shows, and for how long."""

    headers: Mapping[str, str]
    lifetime_seconds: float

    def __repr__(self) -> str:
        return f"Grant(lifetime_seconds={self.lifetime_seconds!r})"


class Session:
    """Holds the grant of one acting person and signs in when there is none.

    However many callers wait, one sign-in is under way; a caller that goes away
    does not end it. A sign-in that fails raises its error to all who wait for it,
    and the next caller tries again. While the person's limit is known to be spent
    for long, nothing is sent.
    """

    def __init__(self, sign_in: Callable[[], Awaitable[Grant]], clock: Clock) -> None:
        self._sign_in = sign_in
        self._clock = clock
        self._grant: Grant | None = None
        self._renew_at = 0.0
        self._signing_in: asyncio.Task[Grant] | None = None
        self._spent: UpstreamRateLimitedError | None = None
        self._spent_until = 0.0

    async def get_grant(self) -> Grant:
        """Return a grant that still holds, signing in if that is needed.

        Raises:
            UpstreamRateLimitedError: The limit is spent, and for how long.
            UpstreamError: The provider did not sign us in.
        """
        self._raise_if_spent()
        if self._grant is not None and self._clock.monotonic() < self._renew_at:
            return self._grant
        if self._signing_in is None:
            self._signing_in = asyncio.create_task(self._renew())
        return await asyncio.shield(self._signing_in)

    def refuse(self, grant: Grant) -> None:
        """Forget *grant*, which the provider refused; a newer one stays."""
        if self._grant is grant:
            self._grant = None

    def spend(self, error: UpstreamRateLimitedError) -> None:
        """Remember a limit that stays spent for long."""
        seconds = error.retry_after_seconds
        if seconds is not None and seconds >= _LONG_SECONDS:
            self._spent = error
            until = self._clock.monotonic() + min(seconds, _LONGEST_SECONDS)
            self._spent_until = max(self._spent_until, until)

    @property
    def is_spent(self) -> bool:
        """Whether the limit is known to be spent for long."""
        return self._clock.monotonic() < self._spent_until

    def _raise_if_spent(self) -> None:
        if self._spent is not None and self.is_spent:
            left_seconds = self._spent_until - self._clock.monotonic()
            raise UpstreamRateLimitedError(
                self._spent.provider,
                self._spent.message,
                retry_after_seconds=math.ceil(left_seconds),
            )

    async def _renew(self) -> Grant:
        try:
            grant = await self._sign_in()
        except UpstreamRateLimitedError as error:
            self.spend(error)
            raise
        finally:
            self._signing_in = None
        margin = min(_MARGIN_SECONDS, _MARGIN_SHARE * grant.lifetime_seconds)
        self._renew_at = self._clock.monotonic() + grant.lifetime_seconds - margin
        self._grant = grant
        return grant
