"""What was told and waits to be read."""

import itertools
from collections.abc import Mapping

from msgspec import Struct

from gateway.domain import ApprovableKey, ChangeCause
from gateway.errors import GatewayError, UpstreamRateLimitedError

# As many objects are read at once.
BATCH = 100
# As many wait; of objects that are watched by their ids there may be more.
MOST_TOLD = 1_000
# What could not be read is tried again after these waits.
_PAUSES_SECONDS = (2.0, 10.0, 30.0)
# Nobody is kept waiting longer, whatever a provider asks for.
_LONGEST_PAUSE_SECONDS = 60.0


class Told(Struct, frozen=True):
    """Why an object is to be read, and how often that failed."""

    cause: ChangeCause
    failures: int = 0


class ToldQueue:
    """What was told, each object once, in order; after a failure it rests."""

    def __init__(self) -> None:
        self._told: dict[ApprovableKey, Told] = {}
        self._ready_at = 0.0

    def __contains__(self, key: ApprovableKey) -> bool:
        return key in self._told

    @property
    def is_full(self) -> bool:
        """Whether so much waits that no more should."""
        return len(self._told) >= MOST_TOLD

    def put(self, key: ApprovableKey, cause: ChangeCause) -> None:
        """Add what was told now."""
        self._told[key] = Told(cause)

    def take(self, now: float) -> Mapping[ApprovableKey, Told]:
        """Return what to read now, and forget it; nothing while the queue rests."""
        if now < self._ready_at:
            return {}
        batch = dict(itertools.islice(self._told.items(), BATCH))
        for key in batch:
            del self._told[key]
        return batch

    def put_back(
        self, key: ApprovableKey, told: Told, error: Exception, now: float
    ) -> bool:
        """Add what could not be read; false where trying again is no help."""
        seconds = _pause_seconds(error, told.failures)
        if seconds is None:
            return False
        self._told.setdefault(key, Told(told.cause, told.failures + 1))
        self._ready_at = max(self._ready_at, now + seconds)
        return True

    def ready_at(self) -> float | None:
        """Return when there is something to read; None where nothing waits."""
        return self._ready_at if self._told else None


def _pause_seconds(error: Exception, failures: int) -> float | None:
    """Return how long to wait before the next attempt; None where there is none."""
    if not isinstance(error, GatewayError) or not error.retryable:
        return None
    if failures >= len(_PAUSES_SECONDS):
        return None
    pause = _PAUSES_SECONDS[failures]
    if isinstance(error, UpstreamRateLimitedError):
        pause = max(pause, error.retry_after_seconds or 0)
    return pause if pause <= _LONGEST_PAUSE_SECONDS else None
