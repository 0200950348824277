"""BILL in domain terms."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from gateway.connector import (
    AskedDecision,
    Person,
    Probe,
    Queue,
    Written,
    decide_each,
)
from gateway.domain import Capability, QuotaRecord
from gateway.errors import (
    ConflictError,
    ForbiddenError,
    UpstreamAuthError,
)
from gateway.providers.bill.chains import BillChains
from gateway.providers.bill.invoices import BillInvoices
from gateway.providers.bill.lists import BillLists
from gateway.providers.bill.persons import BillPersons
from gateway.providers.bill.policies import BillPolicies
from gateway.providers.bill.policy_writes import BillPolicyWrites
from gateway.providers.bill.probes import BillProbes
from gateway.providers.bill.reads import BillReads
from gateway.providers.bill.words import CAPABILITIES, PROVIDER, SLOTS
from gateway.providers.bill.writes import BillWrites
from gateway.upstream import (
    Beliefs,
    Deadline,
    Locks,
    RefusedError,
    Session,
    Upstream,
)

# Calls per developer key and clock hour, "API rate limits".
_HOUR_QUOTA = 20_000


class BillConnector:
    """BILL, for one user, within one request."""

    decides = frozenset({"Invoice"})
    targets = None

    def __init__(
        self,
        upstream: Upstream,
        session: Session,
        deadline: Deadline,
        *,
        beliefs: Beliefs,
        creating_policy: asyncio.Lock,
        deciding: Locks,
    ) -> None:
        self._upstream = upstream
        self._deadline = deadline
        self._lists = BillLists(upstream, session, deadline, beliefs=beliefs)
        self._reads = BillReads(self._lists, beliefs)
        chains = BillChains(self._lists)
        self._persons = persons = BillPersons(self._lists)
        self._writes = BillWrites(
            upstream,
            session,
            deadline,
            reads=self._reads,
            chains=chains,
            persons=persons,
            deciding=deciding,
        )
        policy_writes = BillPolicyWrites(
            upstream,
            session,
            deadline,
            lists=self._lists,
            reads=self._reads,
            persons=persons,
            creating=creating_policy,
        )
        self.invoices = BillInvoices(self._reads, chains, self._writes)
        self.policies = BillPolicies(self._reads, policy_writes)
        self._probes = BillProbes(
            upstream,
            session,
            deadline,
            lists=self._lists,
            chains=chains,
            persons=persons,
            beliefs=beliefs,
        )

    async def check(self) -> None:
        """Ask whose session it is, which any user may."""
        await self._lists.check_session()

    async def get_capabilities(self) -> frozenset[Capability]:
        """Return what BILL has calls for; what a user may is the profile's."""
        return CAPABILITIES

    def get_quota(self) -> QuotaRecord | None:
        """Return the documented quota; what is left of it is told only when spent."""
        now = self._upstream.clock.now()
        return QuotaRecord(
            limit=_HOUR_QUOTA,
            remaining=0 if self._upstream.limit.is_spent else None,
            resets_at=now.replace(minute=0, second=0, microsecond=0)
            + timedelta(hours=1),
        )

    async def list_queue(self, person: Person) -> Queue:
        """Return what waits for the user, else for the one with the person's e-mail."""
        if person.is_signed_in:
            return await self._reads.list_queue(await self._writes.who_acts())
        if not person.email:
            return Queue(is_complete=False)
        return await self._list_queue_by_email(person.email)

    async def decide(
        self, asked: Sequence[AskedDecision]
    ) -> Sequence[Written | Exception]:
        """Decide as the user who is signed in, each by itself; a denial ends it."""
        return await decide_each(
            asked, self._writes.decide, deadline=self._deadline, at_once=SLOTS
        )

    async def probe(self) -> list[Probe]:
        """Send each of the doctor's probes; they read only."""
        return await self._probes.run()

    async def _list_queue_by_email(self, email: str) -> Queue:
        """Return what waits for the user with an e-mail, as the gateway's user sees it.

        Whom BILL does not know nothing waits for; of several with one e-mail it is not
        known who the person is.

        Raises:
            UpstreamAuthError: BILL does not show it; it is assumed that administrators
                alone see it.
        """
        try:
            ids = await self._persons.list_by_email(email)
            if len(ids) != 1:
                return Queue(is_complete=not ids)
            return await self._reads.list_queue(ids[0])
        except RefusedError as error:
            # This refusal has no public code, and is a conflict therefore.
            if not isinstance(error.refusal, ForbiddenError | ConflictError):
                raise
            raise UpstreamAuthError(
                PROVIDER.value,
                "BILL does not show the gateway's own user what waits for others.",
            ) from error
