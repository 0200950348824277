"""Which of the unpublished calls an account has, as far as it was seen."""

from collections.abc import Sequence

from gateway.domain import Capability
from gateway.upstream import Clock

# The published reference lacks these, though "Release Plan" lists them.
UNCERTAIN = (
    Capability.APPROVE,
    Capability.ADD_APPROVER,
    Capability.REMOVE_APPROVER,
)

_CERTAIN = frozenset(
    {
        Capability.READ_INVOICES,
        Capability.READ_APPROVERS,
        Capability.READ_HISTORY,
        Capability.READ_QUEUE,
    }
)

# What was seen is believed this long; an account may be given a call.
_BELIEF_SECONDS = 3600.0


class Knowledge:
    """What one account's answers taught; a call not seen yet counts as present."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: dict[Capability, tuple[bool, float]] = {}

    def learn(self, capability: Capability, *, present: bool) -> None:
        """Remember that the account has, or lacks, a call."""
        self._seen[capability] = (present, self._clock.monotonic() + _BELIEF_SECONDS)

    @property
    def unseen(self) -> Sequence[Capability]:
        """The uncertain calls of which nothing is known."""
        return [one for one in UNCERTAIN if self._believed(one) is None]

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What the account can be asked to do, as far as is known."""
        present = {one for one in UNCERTAIN if self._believed(one) is not False}
        may_force = self._believed(Capability.FORCE_APPROVE) is not False
        if Capability.APPROVE in present and may_force:
            present.add(Capability.FORCE_APPROVE)
        return _CERTAIN | present

    def _believed(self, capability: Capability) -> bool | None:
        present, until = self._seen.get(capability, (None, 0.0))
        return present if self._clock.monotonic() < until else None
