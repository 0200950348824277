"""Which of the uncertain calls an account has and may make, as far as it was seen."""

from collections.abc import Mapping

from gateway.domain import Capability
from gateway.providers.accounteer.words import Collection
from gateway.upstream import Beliefs

_CALLS: Mapping[Collection, str] = {one: f"approve {one.value}" for one in Collection}
_READS = frozenset({Capability.READ_INVOICES, Capability.READ_QUEUE})


class Rights:
    """What one account's answers taught of approving; what was not seen counts as had.

    Nothing tells the rights of a token beforehand, and the page on approving a purchase
    could not be read.
    """

    def __init__(self, beliefs: Beliefs) -> None:
        self._beliefs = beliefs

    def learn(self, collection: Collection, *, may_approve: bool) -> None:
        """Remember whether documents of a collection may be approved."""
        self._beliefs.learn(_CALLS[collection], works=may_approve)

    def learn_refusal(self, collection: Collection) -> None:
        """Remember that one was refused, unless others were not: it may be this one."""
        if not self._beliefs.believes(_CALLS[collection]):
            self.learn(collection, may_approve=False)

    def may_approve(self, collection: Collection) -> bool:
        """Return whether such documents may be approved, as far as is known."""
        return self._beliefs.believes(_CALLS[collection]) is not False

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What the account can be asked to do."""
        if any(self.may_approve(one) for one in Collection):
            return _READS | {Capability.APPROVE}
        return _READS
