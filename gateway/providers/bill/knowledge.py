"""What one account's answers taught about the calls that are not documented."""

from gateway.upstream import Clock

# What was seen is believed this long; an environment may be given a call.
_BELIEF_SECONDS = 3600.0


class Knowledge:
    """Which calls, or filters of them, were seen to work, or not to."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: dict[str, tuple[bool, float]] = {}

    def learn(self, name: str, *, works: bool) -> None:
        """Remember what was seen of the call or filter that is named so."""
        self._seen[name] = (works, self._clock.monotonic() + _BELIEF_SECONDS)

    def believes(self, name: str) -> bool | None:
        """Return whether it works, as far as it was seen."""
        works, until = self._seen.get(name, (None, 0.0))
        return works if self._clock.monotonic() < until else None
