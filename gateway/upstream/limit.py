"""A limit over time, shared by all callers of a provider or of one acting person."""

import asyncio
import math
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from gateway.domain import QuotaRecord
from gateway.errors import UpstreamRateLimitedError
from gateway.upstream.clock import Clock
from gateway.upstream.deadline import Deadline
from gateway.upstream.window import Window, WindowLog

# No limit is believed to be spent for longer: days are what providers count in.
_LONGEST_SECONDS = 86_400
_USED_UP = "The provider's limit on calls is used up for now."


class Limit:
    """Knows whether a limit is spent: nothing is sent until it opens again.

    A provider says so in an answer. What leaves is counted too, so that a limit is
    kept before it is hit: in *windows*, whose places are given in order of arrival,
    and, where *per_hour* is given, in clock hours.
    """

    def __init__(
        self,
        provider: str,
        clock: Clock,
        *,
        spent_from_seconds: int = 60,
        per_hour: int | None = None,
        windows: Sequence[Window] = (),
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
        self._logs = [WindowLog(window) for window in windows]
        self._line = asyncio.Lock()
        self._first = asyncio.Lock()
        self._in_line = 0

    def check(self) -> None:
        """Hold back what need not even be prepared.

        Raises:
            UpstreamRateLimitedError: The limit is spent, or a window is full that is
                not waited for; and for how long.
        """
        self._wait_seconds()

    @asynccontextmanager
    async def turn(
        self, deadline: Deadline, *, is_urgent: bool = False
    ) -> AsyncIterator[None]:
        """Wait, in order of arrival, until the windows have room for a call.

        Those that are urgent wait for at most one of the others.

        Only one caller at a time is inside, and only there are windows filled: the
        room that it found is there until it takes it. What goes away takes nothing.

        Raises:
            UpstreamRateLimitedError: The limit is spent, a window is full that is not
                waited for, or none opens before the deadline.
            TimeoutError: The deadline passed in line, though there was room.
        """
        if not self._logs:
            yield
            return
        if is_urgent:
            async with self._front(deadline):
                yield
            return
        self._wait_seconds(deadline, ahead=self._in_line)
        self._in_line += 1
        try:
            async with self._hold(self._line, deadline), self._front(deadline):
                yield
        finally:
            self._in_line -= 1

    @asynccontextmanager
    async def _front(self, deadline: Deadline) -> AsyncIterator[None]:
        async with self._hold(self._first, deadline):
            # The first alone sleeps, so that no two wake for the same place.
            while seconds := self._wait_seconds(deadline):
                await self._clock.sleep(seconds)
            yield

    def take(self) -> None:
        """Count one call that is about to leave.

        Raises:
            UpstreamRateLimitedError: The limit is spent, or a window is full, and for
                how long.
        """
        if seconds := self._wait_seconds():
            raise self._held_back(_USED_UP, seconds)
        if self._per_hour is not None:
            self._count(self._per_hour)
        now = self._clock.monotonic()
        for log in self._logs:
            log.add(now)

    def spend(self, error: UpstreamRateLimitedError) -> None:
        """Remember a limit that stays spent for long."""
        seconds = error.retry_after_seconds
        if seconds is not None and seconds >= self._spent_from_seconds:
            self._error = error
            until = self._clock.monotonic() + min(seconds, _LONGEST_SECONDS)
            self._spent_until = max(self._spent_until, until)

    @property
    def is_spent(self) -> bool:
        """Whether the provider has said that the limit is spent for long."""
        return self._clock.monotonic() < self._spent_until

    @property
    def remaining(self) -> int | None:
        """How many calls are left in the longest window; None where none is counted.

        None are left of a limit that is spent.
        """
        if not self._logs:
            return None
        if self.is_spent:
            return 0
        log = self._longest
        return log.window.calls - log.count(self._clock.monotonic())

    def get_quota(self) -> QuotaRecord | None:
        """Return what is left of the longest window, and when all of it is again.

        None where nothing is counted in windows; no time where all of it is left.
        """
        if not self._logs:
            return None
        log = self._longest
        now = self._clock.monotonic()
        resets_at = log.empty_at(now)
        if self.is_spent:
            resets_at = max(resets_at or 0.0, self._spent_until)
        return QuotaRecord(
            limit=log.window.calls,
            remaining=self.remaining,
            resets_at=None
            if resets_at is None
            else self._clock.now() + timedelta(seconds=resets_at - now),
        )

    @property
    def _longest(self) -> WindowLog:
        return max(self._logs, key=lambda log: log.window.seconds)

    @asynccontextmanager
    async def _hold(
        self, place: asyncio.Lock, deadline: Deadline
    ) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(deadline.remaining_seconds):
                await place.acquire()
        except TimeoutError:
            self._wait_seconds(deadline)
            raise
        try:
            yield
        finally:
            place.release()

    def _wait_seconds(
        self, deadline: Deadline | None = None, *, ahead: int = 0
    ) -> float:
        """Return how long a call waits, at least, that has *ahead* before it.

        Raises:
            UpstreamRateLimitedError: It would wait in vain.
        """
        now = self._clock.monotonic()
        if self._error is not None and now < self._spent_until:
            raise self._held_back(self._error.message, self._spent_until - now)
        opens_at = shut_until = now
        for log in self._logs:
            if log.window.is_waited_for:
                opens_at = max(opens_at, log.opens_at(now, ahead))
            else:
                shut_until = max(shut_until, log.opens_at(now, ahead))
        if shut_until > opens_at:
            raise self._held_back(_USED_UP, shut_until - now)
        seconds = opens_at - now
        if seconds and deadline is not None and seconds >= deadline.remaining_seconds:
            raise self._held_back(_USED_UP, seconds)
        return seconds

    def _held_back(self, message: str, seconds: float) -> UpstreamRateLimitedError:
        # Another object for each caller: an error that is raised grows.
        return UpstreamRateLimitedError(
            self._provider, message, retry_after_seconds=math.ceil(seconds)
        )

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
