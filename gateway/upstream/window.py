"""So many calls in so many seconds: what a provider grants, and what was made of it."""

from collections import deque

from msgspec import Struct


class Window(Struct, frozen=True, kw_only=True):
    """At most *calls* in any *seconds*, wherever the provider's own windows begin.

    It counts calls as they leave: *seconds* a little longer than the provider's keep
    the grant when some are longer on their way than others. Where *is_waited_for*, a
    call waits until a full window opens; else it is held back.
    """

    calls: int
    seconds: float
    is_waited_for: bool


class WindowLog:
    """The calls that count in one window, by when they leave it; never more than it."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self._leaving: deque[float] = deque()

    def count(self, now: float) -> int:
        """Return how many calls count at *now*, which only grows."""
        while self._leaving and self._leaving[0] <= now:
            self._leaving.popleft()
        return len(self._leaving)

    def empty_at(self, now: float) -> float | None:
        """Return when the last call that counts leaves; None while there is none."""
        return self._leaving[-1] if self.count(now) else None

    def opens_at(self, now: float, ahead: int) -> float:
        """Return the soonest a call has room that has *ahead* before it, or *now*."""
        # Those who wait leave one length of the window after those who count now, in
        # their order, and so on.
        rounds, place = divmod(ahead, self.window.calls)
        left = place - (self.window.calls - self.count(now))
        first = now if left < 0 else self._leaving[left]
        return first + rounds * self.window.seconds

    def add(self, now: float) -> None:
        """Count a call that leaves at *now*."""
        self._leaving.append(now + self.window.seconds)
