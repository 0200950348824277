"""When to look again at what is watched.

Soon after something changed, ever later while nothing does, later still after a
failure, and not at all while the provider's quota is low: decisions come first.
"""

import math
from datetime import datetime

from gateway.connector import Pace
from gateway.domain import QuotaRecord

_SLOWER = 1.5
_AFTER_FAILURE = 2.0
# While less than this part of a quota is left, nothing is polled.
_RESERVE = 0.5
_HOUR_SECONDS = 3600.0


class Schedule:
    """When one account's next poll is due; it knows no clock but the one it is told.

    Attributes:
        next_at: When, in seconds that only grow.
    """

    def __init__(self, pace: Pace, now: float) -> None:
        """Create it; the first poll is due at once."""
        self.next_at = now
        self._pace = pace
        self._seconds = pace.least_seconds
        self._least = pace.least_seconds
        self._not_before = now

    def fit(self, keys: int, reads_of_all: int) -> None:
        """Keep to the pace for so many keys.

        *reads_of_all* are the reads that a poll of each account of the provider takes,
        this one's among them.
        """
        self._least = self._pace.least_seconds * count_reads(keys, self._pace)
        if self._pace.reads_per_hour is not None:
            shared = reads_of_all * _HOUR_SECONDS / self._pace.reads_per_hour
            self._least = max(self._least, shared)
        self._seconds = self._within(self._seconds)

    def found(self, now: float, *, changed: bool) -> None:
        """Go on after a poll that was answered."""
        longer = self._within(self._seconds * _SLOWER)
        self._seconds = self._least if changed else longer
        self.next_at = now + self._seconds

    def failed(self, now: float, retry_after_seconds: float | None) -> None:
        """Go on after a poll that failed, not before the provider allows it."""
        self._seconds = self._within(self._seconds * _AFTER_FAILURE)
        self._hold(now, max(self._seconds, retry_after_seconds or 0.0))

    def hasten(self, now: float) -> None:
        """Look soon: something changed, or somebody has come to watch."""
        self._seconds = self._least
        soon = max(now + self._least, self._not_before)
        self.next_at = min(self.next_at, soon)

    def keeps_back(
        self, quota: QuotaRecord | None, now: float, instant: datetime
    ) -> bool:
        """Put the poll off where the quota is low, and return whether it is.

        It is put off until the quota is whole again, or for the longest wait.
        """
        if quota is None or quota.remaining is None or quota.limit is None:
            return False
        if quota.remaining >= quota.limit * _RESERVE:
            return False
        seconds = self._most
        if quota.resets_at is not None:
            seconds = min(seconds, (quota.resets_at - instant).total_seconds())
        self._hold(now, max(self._least, seconds))
        return True

    def _hold(self, now: float, seconds: float) -> None:
        self.next_at = self._not_before = now + seconds

    def _within(self, seconds: float) -> float:
        return min(max(seconds, self._least), self._most)

    @property
    def _most(self) -> float:
        return max(self._pace.most_seconds, self._least)


def count_reads(keys: int, pace: Pace) -> int:
    """Return how many reads so many keys take."""
    return math.ceil(keys / pace.keys_per_read)
