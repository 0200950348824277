"""BILL in domain terms."""

import asyncio
from datetime import timedelta

from gateway.connector import Probe, Queue, Written
from gateway.domain import ApproverStatus, Capability, GlobalID, QuotaRecord
from gateway.providers.bill.chains import BillChains
from gateway.providers.bill.invoices import BillInvoices
from gateway.providers.bill.lists import BillLists
from gateway.providers.bill.persons import BillPersons
from gateway.providers.bill.policies import BillPolicies
from gateway.providers.bill.policy_writes import BillPolicyWrites
from gateway.providers.bill.probes import BillProbes
from gateway.providers.bill.reads import BillReads
from gateway.providers.bill.writes import BillWrites, no_force
from gateway.upstream import Beliefs, Deadline, Session, Upstream, as_write

# Calls per developer key and clock hour, "API rate limits".
_HOUR_QUOTA = 20_000

_CAPABILITIES = frozenset(
    {
        Capability.READ_INVOICES,
        Capability.READ_APPROVERS,
        Capability.APPROVE,
        Capability.REJECT,
        Capability.ADD_APPROVER,
        Capability.REMOVE_APPROVER,
        Capability.SET_APPROVERS,
        Capability.CLEAR_APPROVERS,
        Capability.READ_POLICIES,
        Capability.MANAGE_POLICIES,
        Capability.READ_QUEUE,
    }
)


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
    ) -> None:
        self._upstream = upstream
        self._lists = BillLists(upstream, session, deadline, beliefs=beliefs)
        self._reads = BillReads(self._lists, beliefs)
        chains = BillChains(self._lists)
        persons = BillPersons(self._lists)
        self._writes = BillWrites(
            upstream,
            session,
            deadline,
            reads=self._reads,
            chains=chains,
            persons=persons,
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
        return _CAPABILITIES

    def get_quota(self) -> QuotaRecord | None:
        """Return the documented quota; what is left of it is told only when spent."""
        now = self._upstream.clock.now()
        return QuotaRecord(
            limit=_HOUR_QUOTA,
            remaining=0 if self._upstream.limit.is_spent else None,
            resets_at=now.replace(minute=0, second=0, microsecond=0)
            + timedelta(hours=1),
        )

    async def list_queue(self) -> Queue:
        """Return what waits for the user."""
        return await self._reads.list_queue(await self._writes.who_acts())

    async def approve(
        self, subject: GlobalID, *, note: str | None, force: bool | None
    ) -> Written:
        """Approve as the user who is signed in; BILL knows no force."""
        if force:
            raise no_force()
        aim = ApproverStatus.APPROVED
        return await as_write(
            self._writes.decide("Approve", subject.source_id, aim, note)
        )

    async def reject(self, subject: GlobalID, *, note: str | None) -> Written:
        """Deny as the user who is signed in; it ends the approval."""
        aim = ApproverStatus.REJECTED
        return await as_write(self._writes.decide("Deny", subject.source_id, aim, note))

    async def probe(self) -> list[Probe]:
        """Send each of the doctor's probes; they read only."""
        return await self._probes.run()
