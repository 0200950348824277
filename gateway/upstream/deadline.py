"""When the reads of one operation end."""

from gateway.upstream.clock import Clock


class Deadline:
    """An instant that every read of one operation keeps.

    It is given to each call as the time that remains, so a slow provider costs its
    own fields and the rest of the answer stands.
    """

    def __init__(self, seconds: float, clock: Clock) -> None:
        self._clock = clock
        self._ends_at = self._begins_until = clock.monotonic() + seconds

    @property
    def is_over(self) -> bool:
        """Whether nothing new is to begin: the time is over, or nobody waits."""
        return self._clock.monotonic() >= self._begins_until

    def close(self) -> None:
        """Let nothing new begin; what is under way keeps its time."""
        self._begins_until = self._clock.monotonic()

    @property
    def remaining_seconds(self) -> float:
        """How long is left, never below zero."""
        return max(0.0, self._ends_at - self._clock.monotonic())

    def allow(self, seconds: float) -> None:
        """Leave at least *seconds*: what was written is read back in any case."""
        self._ends_at = max(self._ends_at, self._clock.monotonic() + seconds)
