"""A provider's limit over time, which all callers share."""

import math
from datetime import datetime, timedelta

from gateway.errors import UpstreamRateLimitedError
from gateway.upstream.clock import Clock

# No limit is believed to be spent for longer: days are what providers count in.
_LONGEST_SECONDS = 86_400


class Limit:
    """Knows whether a limit is spent: nothing is sent until it opens again.

    A provider says so in an answer. Where *per_hour* is given, what leaves is counted
    too, in clock hours, so that a limit whose breach is costly is never breached.
    """

    def __init__(
        self,
        provider: str,
        clock: Clock,
        *,
        spent_from_seconds: int = 60,
        per_hour: int | None = None,
    ) -> None:
        """Create the limit; a wait below *spent_from_seconds* is no spent limit."""
        self._provider = provider
        self._clock = clock
        self._spent_from_seconds = spent_from_seconds
        self._per_hour = per_hour
        self._error: UpstreamRateLimitedError | None = None
        self._spent_until = 0.0
        self._hour: datetime | None = None
        self._taken = 0

    def check(self) -> None:
        """Hold back what need not even be prepared.

        Raises:
            UpstreamRateLimitedError: The limit is spent, and for how long.
        """
        if self._error is not None and self.is_spent:
            left_seconds = self._spent_until - self._clock.monotonic()
            raise UpstreamRateLimitedError(
                self._provider,
                self._error.message,
                retry_after_seconds=math.ceil(left_seconds),
            )

    def take(self) -> None:
        """Count one call that is about to leave.

        Raises:
            UpstreamRateLimitedError: The limit is spent, and for how long.
        """
        self.check()
        if self._per_hour is not None:
            self._count(self._per_hour)

    def spend(self, error: UpstreamRateLimitedError) -> None:
        """Remember a limit that stays spent for long."""
        seconds = error.retry_after_seconds
        if seconds is not None and seconds >= self._spent_from_seconds:
            self._error = error
            until = self._clock.monotonic() + min(seconds, _LONGEST_SECONDS)
            self._spent_until = max(self._spent_until, until)

    @property
    def is_spent(self) -> bool:
        """Whether the limit is known to be spent for long."""
        return self._clock.monotonic() < self._spent_until

    def _count(self, per_hour: int) -> None:
        now = self._clock.now()
        hour = now.replace(minute=0, second=0, microsecond=0)
        if hour != self._hour:
            self._hour, self._taken = hour, 0
        if self._taken >= per_hour:
            raise UpstreamRateLimitedError(
                self._provider,
                "The provider's limit for this hour is used up.",
                retry_after_seconds=seconds_to_next_hour(now),
            )
        self._taken += 1


def seconds_to_next_hour(now: datetime) -> int:
    """Return how long a limit of clock hours stays spent."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    return max(1, math.ceil((hour + timedelta(hours=1) - now).total_seconds()))
