"""What one account's answers taught about what a provider does not document."""

from gateway.upstream.clock import Clock

# What was seen is believed this long; an account may be given a call.
_BELIEF_SECONDS = 3600.0


class Beliefs:
    """What was seen to work, or not to, and the most that was seen of a thing."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: dict[str, tuple[bool, float]] = {}
        self._most: dict[str, tuple[int, float]] = {}

    def learn(self, name: str, *, works: bool) -> None:
        """Remember what was seen of what is named so."""
        self._seen[name] = (works, self._clock.monotonic() + _BELIEF_SECONDS)

    def believes(self, name: str) -> bool | None:
        """Return whether it works, as far as it was seen."""
        works, until = self._seen.get(name, (None, 0.0))
        return works if self._clock.monotonic() < until else None

    def learn_most(self, name: str, count: int) -> None:
        """Remember the most that was seen of what is named so."""
        if count >= self.most(name):
            self._most[name] = (count, self._clock.monotonic() + _BELIEF_SECONDS)

    def most(self, name: str) -> int:
        """Return the most that was seen; zero where nothing was."""
        count, until = self._most.get(name, (0, 0.0))
        return count if self._clock.monotonic() < until else 0
