"""When the reads of one operation end."""

from gateway.upstream.clock import Clock


class Deadline:
    """An instant that every read of one operation keeps.

    It is given to each call as the time that remains, so a slow provider costs its
    own fields and the rest of the answer stands.
    """

    def __init__(self, seconds: float, clock: Clock) -> None:
        self._clock = clock
        self._ends_at = clock.monotonic() + seconds

    @property
    def remaining_seconds(self) -> float:
        """How long is left, never below zero."""
        return max(0.0, self._ends_at - self._clock.monotonic())

    def allow(self, seconds: float) -> None:
        """Leave at least *seconds*: what was written is read back in any case."""
        self._ends_at = max(self._ends_at, self._clock.monotonic() + seconds)
