"""Ottimate in domain terms."""

from collections.abc import Sequence

from gateway.connector import (
    AskedDecision,
    Person,
    Probe,
    Queue,
    Written,
    decide_each,
)
from gateway.domain import Capability, QuotaRecord
from gateway.providers.ottimate.invoices import OttimateInvoices
from gateway.providers.ottimate.knowledge import Knowledge
from gateway.providers.ottimate.probes import OttimateProbes
from gateway.providers.ottimate.queue import OttimateQueue
from gateway.providers.ottimate.reads import OttimateReads
from gateway.providers.ottimate.refusals import next_day
from gateway.providers.ottimate.writes import OttimateWrites
from gateway.upstream import Deadline, Locks, Session, Upstream

# Calls per key and day, docs.ottimate.com "API Limits".
_DAY_QUOTA = 10_000


class OttimateConnector:
    """Ottimate, for one application, within one request."""

    # Ottimate shows policies with approvers only.
    policies = None
    targets = None
    decides = frozenset({"Invoice"})

    def __init__(
        self,
        upstream: Upstream,
        session: Session,
        deadline: Deadline,
        *,
        knowledge: Knowledge,
        deciding: Locks,
    ) -> None:
        self._upstream = upstream
        self._deadline = deadline
        self._knowledge = knowledge
        self._reads = OttimateReads(upstream, session, deadline)
        self._writes = OttimateWrites(
            upstream,
            session,
            deadline,
            reads=self._reads,
            knowledge=knowledge,
            deciding=deciding,
        )
        self.invoices = OttimateInvoices(self._reads, self._writes, knowledge)
        self._probes = OttimateProbes(upstream, session, deadline, knowledge=knowledge)

    async def check(self) -> None:
        """Read the smallest page."""
        await self._reads.list_page({"page": "1", "limit": "1"})

    async def get_capabilities(self) -> frozenset[Capability]:
        """Return what the account can be asked to do, probing what is not known."""
        await self._probes.probe_unseen_calls()
        return self._knowledge.capabilities

    def get_quota(self) -> QuotaRecord | None:
        """Return the documented quota; what is left of it is told only when spent."""
        return QuotaRecord(
            limit=_DAY_QUOTA,
            remaining=0 if self._upstream.limit.is_spent else None,
            resets_at=next_day(self._upstream.clock.now()),
        )

    async def list_queue(self, person: Person) -> Queue:
        """Return what asks for somebody of the person's e-mail, up to a bound.

        Whose the application is that acts, Ottimate does not tell.
        """
        return await OttimateQueue(self._reads).list_queue(person.email)

    async def decide(
        self, asked: Sequence[AskedDecision]
    ) -> Sequence[Written | Exception]:
        """Approve as the account's API user, each by itself; there is no rejection."""
        return await decide_each(asked, self._writes.decide, deadline=self._deadline)

    async def probe(self) -> list[Probe]:
        """Send each of the doctor's probes; none changes anything upstream."""
        return await self._probes.run()
