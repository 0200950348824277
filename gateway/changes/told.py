"""What was told and waits to be read, and what was told last."""

import itertools
from collections.abc import Mapping

from msgspec import Struct

from gateway.changes.change import strongest
from gateway.changes.reading import Reading, is_shown
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
# How many objects are remembered as they were told last.
_MOST_REMEMBERED = 200


class Told(Struct, frozen=True):
    """Why an object is to be read, how often that failed, and when it may be again."""

    cause: ChangeCause
    failures: int = 0
    ready_at: float = 0.0


class ToldQueue:
    """What was told, each object once, in order; what failed rests.

    The provider's limit is everybody's: after it was met, the whole queue rests.
    """

    def __init__(self) -> None:
        self._told: dict[ApprovableKey, Told] = {}
        self._rests_until = 0.0

    def __contains__(self, key: ApprovableKey) -> bool:
        return key in self._told

    @property
    def is_full(self) -> bool:
        """Whether so much waits that no more should."""
        return len(self._told) >= MOST_TOLD

    def put(self, key: ApprovableKey, cause: ChangeCause) -> None:
        """Add what was told now; what rests goes on resting."""
        former = self._told.get(key, Told(cause))
        self._told[key] = Told(strongest(former.cause, cause), ready_at=former.ready_at)

    def take(self, now: float) -> Mapping[ApprovableKey, Told]:
        """Return what to read now, and forget it; nothing while the queue rests."""
        if now < self._rests_until:
            return {}
        ready = (pair for pair in self._told.items() if pair[1].ready_at <= now)
        batch = dict(itertools.islice(ready, BATCH))
        for key in batch:
            del self._told[key]
        return batch

    def put_back(
        self, key: ApprovableKey, told: Told, error: Exception, now: float
    ) -> bool:
        """Add what could not be read; false where trying again is no help.

        What was told anew since is read all the same.
        """
        newer = self._told.get(key)
        seconds = _pause_seconds(error, told.failures)
        if newer is None and seconds is None:
            return False
        ready_at = now + (seconds or 0.0)
        if newer is None:
            self._told[key] = Told(told.cause, told.failures + 1, ready_at)
        else:
            cause = strongest(told.cause, newer.cause)
            self._told[key] = Told(cause, ready_at=ready_at)
        if isinstance(error, UpstreamRateLimitedError):
            self._rests_until = max(self._rests_until, ready_at)
        return True

    def ready_at(self) -> float | None:
        """Return when there is something to read; None where nothing waits."""
        if not self._told:
            return None
        first = min(one.ready_at for one in self._told.values())
        return max(first, self._rests_until)


class Repeats:
    """How objects were told last: a provider that tells of that tells nothing new.

    What this gateway did comes back as a webhook. Nothing is remembered of what not
    everybody was told, and as little as suffices.
    """

    def __init__(self) -> None:
        self._records: dict[ApprovableKey, Reading] = {}

    def has(self, key: ApprovableKey, value: Reading, cause: ChangeCause) -> bool:
        """Return whether this was told before."""
        return (
            cause is ChangeCause.WEBHOOK
            and key in self._records
            and self._records[key] == value
        )

    def keep(self, key: ApprovableKey, value: Reading, cause: ChangeCause) -> None:
        """Remember what is told now."""
        self._records.pop(key, None)
        if is_shown(value) and cause is not ChangeCause.POLL:
            self._records[key] = value
        if len(self._records) > _MOST_REMEMBERED:
            del self._records[next(iter(self._records))]

    def forget(self) -> None:
        """Forget all: somebody has come who was told nothing of it."""
        self._records.clear()


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
