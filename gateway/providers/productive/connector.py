"""Productive in domain terms."""

from gateway.connector import Probe, Queue, Written
from gateway.domain import ApprovalState, Capability, GlobalID, QuotaRecord
from gateway.providers.productive.lists import ProductiveLists
from gateway.providers.productive.locks import Locks
from gateway.providers.productive.policies import ProductivePolicies
from gateway.providers.productive.probes import ProductiveProbes
from gateway.providers.productive.queue import ProductiveQueue
from gateway.providers.productive.reads import ProductiveTargets
from gateway.providers.productive.words import KINDS_BY_TYPE_NAME
from gateway.providers.productive.writes import ProductiveWrites, no_force
from gateway.upstream import Beliefs, Deadline, Session, Upstream, as_write

_CAPABILITIES = frozenset(
    {
        Capability.APPROVE,
        Capability.REJECT,
        Capability.READ_APPROVAL_STATUSES,
        Capability.READ_POLICIES,
        Capability.READ_QUEUE,
    }
)


class ProductiveConnector:
    """Productive, for the owner of one token, within one request."""

    decides = frozenset({"ApprovalStatus", *KINDS_BY_TYPE_NAME})
    invoices = None

    def __init__(
        self,
        upstream: Upstream,
        session: Session,
        deadline: Deadline,
        *,
        identity: Session,
        beliefs: Beliefs,
        deciding: Locks,
    ) -> None:
        self._upstream = upstream
        self._session = session
        self._deadline = deadline
        self._identity = identity
        self._lists = ProductiveLists(upstream, session, deadline, beliefs=beliefs)
        self._queue = ProductiveQueue(self._lists, beliefs)
        self.targets = ProductiveTargets(self._lists, self._queue, self._who_acts)
        self.policies = ProductivePolicies(self._lists)
        self._writes = ProductiveWrites(
            upstream,
            session,
            deadline,
            lists=self._lists,
            queue=self._queue,
            who_acts=self._who_acts,
            deciding=deciding,
        )
        self._probes = ProductiveProbes(
            upstream,
            session,
            deadline,
            lists=self._lists,
            queue=self._queue,
            who_acts=self._who_acts,
            beliefs=beliefs,
        )

    async def check(self) -> None:
        """Read the smallest page."""
        await self._lists.check()

    async def get_capabilities(self) -> frozenset[Capability]:
        """Return what Productive has calls for; what a person may is their rights'."""
        return _CAPABILITIES

    def get_quota(self) -> QuotaRecord | None:
        """Return what is left of the half hour's calls, as they are counted here."""
        return None if self._session.limit is None else self._session.limit.get_quota()

    async def list_queue(self) -> Queue:
        """Return what waits for the person: a call for each kind of target."""
        return await self._queue.list_queue(await self._who_acts())

    async def approve(
        self, subject: GlobalID, *, note: str | None, force: bool | None
    ) -> Written:
        """Approve a duty as the owner of the token; Productive knows no force."""
        if force:
            raise no_force()
        return await as_write(
            self._writes.decide(subject, ApprovalState.APPROVED, note)
        )

    async def reject(self, subject: GlobalID, *, note: str | None) -> Written:
        """Reject a duty as the owner of the token."""
        return await as_write(
            self._writes.decide(subject, ApprovalState.REJECTED, note)
        )

    async def probe(self) -> list[Probe]:
        """Send each of the doctor's probes; none changes anything upstream."""
        return await self._probes.run()

    async def _who_acts(self) -> str:
        """Return the id of the person who owns the token."""
        person_id = await self._upstream.identify(self._identity, self._deadline)
        # The grant is made of it.
        assert person_id is not None  # noqa: S101
        return person_id
