"""Productive in domain terms."""

from collections.abc import Sequence

from gateway.connector import AskedDecision, Person, Probe, Queue, Written
from gateway.domain import Capability, QuotaRecord
from gateway.providers.productive.batches import ProductiveBatches
from gateway.providers.productive.bulk import ProductiveBulk
from gateway.providers.productive.lists import ProductiveLists
from gateway.providers.productive.looks import ProductiveLooks
from gateway.providers.productive.policies import ProductivePolicies
from gateway.providers.productive.probes import ProductiveProbes
from gateway.providers.productive.queue import ProductiveQueue
from gateway.providers.productive.reads import ProductiveTargets
from gateway.providers.productive.settling import ProductiveSettling
from gateway.providers.productive.several import ProductiveDecisions
from gateway.providers.productive.words import CAPABILITIES, KINDS_BY_TYPE_NAME
from gateway.providers.productive.writes import ProductiveWrites
from gateway.upstream import (
    Beliefs,
    Deadline,
    Locks,
    Session,
    Upstream,
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
        settling = ProductiveSettling(upstream, deadline, self._lists)
        self._decisions = ProductiveDecisions(
            ProductiveWrites(
                upstream,
                session,
                deadline,
                looks=ProductiveLooks(self._lists, self._queue),
                settling=settling,
                who_acts=self._who_acts,
                locks=deciding,
            ),
            ProductiveBulk(
                upstream,
                session,
                deadline,
                batches=ProductiveBatches(self._lists, self._queue, settling),
                settling=settling,
                who_acts=self._who_acts,
                locks=deciding,
                beliefs=beliefs,
            ),
            deadline,
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
        return CAPABILITIES

    def get_quota(self) -> QuotaRecord | None:
        """Return what is left of the half hour's calls, as they are counted here."""
        return None if self._session.limit is None else self._session.limit.get_quota()

    async def list_queue(self, person: Person) -> Queue:
        """Return what waits for the person: a call for each kind of target.

        Who is not signed in is found by their e-mail, which is one call more.
        """
        if person.is_signed_in:
            return await self._queue.list_queue(await self._who_acts())
        if not person.email:
            return Queue(is_complete=False)
        return await self._queue.list_queue_by_email(person.email)

    async def decide(self, asked: Sequence[AskedDecision]) -> list[Written | Exception]:
        """Decide as the owner of the token: together where there is a call for it."""
        return await self._decisions.decide(asked)

    async def probe(self) -> list[Probe]:
        """Send each of the doctor's probes; none changes anything upstream."""
        return await self._probes.run()

    async def _who_acts(self) -> str:
        """Return the id of the person who owns the token."""
        person_id = await self._upstream.identify(self._identity, self._deadline)
        # The grant is made of it.
        assert person_id is not None  # noqa: S101
        return person_id
