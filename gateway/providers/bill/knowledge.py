"""What one account's answers taught about the calls that are not documented."""

from enum import StrEnum

from gateway.upstream import Clock

# What was seen is believed this long; an environment may be given a call.
_BELIEF_SECONDS = 3600.0


class Fact(StrEnum):
    """What is assumed of BILL, and seen in use.

    *IN_FILTER*: a list takes ``in`` with ids between commas. *BILL_APPROVERS* and
    *VENDOR_CREDIT_APPROVERS*: the approvers of many objects can be listed at once.
    *VENDOR_CREDITS*: they can be listed at all.
    """

    IN_FILTER = "in filter"
    BILL_APPROVERS = "List/BillApprover"
    VENDOR_CREDIT_APPROVERS = "List/VendorCreditApprover"
    VENDOR_CREDITS = "List/VendorCredit"


class Knowledge:
    """Which facts were seen to hold, or not to; None where nothing was seen."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: dict[Fact, tuple[bool, float]] = {}

    def learn(self, fact: Fact, *, holds: bool) -> None:
        """Remember what was seen."""
        self._seen[fact] = (holds, self._clock.monotonic() + _BELIEF_SECONDS)

    def believes(self, fact: Fact) -> bool | None:
        """Return whether a fact holds, as far as it was seen."""
        holds, until = self._seen.get(fact, (None, 0.0))
        return holds if self._clock.monotonic() < until else None
