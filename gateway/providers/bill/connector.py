"""BILL in domain terms."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta

from gateway.connector import InvoiceSlice, Probe, Queue, Written
from gateway.domain import (
    ApprovalState,
    ApproverRecord,
    ApproverStatus,
    Capability,
    InvoiceDetailsRecord,
    InvoiceFilter,
    InvoicePlace,
    InvoiceRecord,
    InvoiceStatus,
    PolicyChanges,
    PolicyDraft,
    PolicyRecord,
    QuotaRecord,
    UserRecord,
    ViewerAction,
)
from gateway.errors import GatewayError
from gateway.providers.bill.chains import BillChains
from gateway.providers.bill.knowledge import Knowledge
from gateway.providers.bill.lists import BillLists, RefusedError
from gateway.providers.bill.persons import BillPersons
from gateway.providers.bill.policy_writes import BillPolicyWrites
from gateway.providers.bill.probes import BillProbes
from gateway.providers.bill.reads import BillReads
from gateway.providers.bill.writes import BillWrites, no_force
from gateway.upstream import Deadline, Session, Upstream

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
_OPEN_STATES = frozenset({ApprovalState.PENDING, ApprovalState.UNKNOWN})
_UNDECIDED = frozenset(
    {ApproverStatus.PENDING, ApproverStatus.UPCOMING, ApproverStatus.UNKNOWN}
)


class BillConnector:
    """BILL, for one user, within one request."""

    has_policies = True
    has_counts = False

    def __init__(
        self,
        upstream: Upstream,
        session: Session,
        deadline: Deadline,
        *,
        knowledge: Knowledge,
        creating_policy: asyncio.Lock,
    ) -> None:
        self._upstream = upstream
        self._session = session
        self._deadline = deadline
        self._lists = BillLists(upstream, session, deadline, knowledge=knowledge)
        self._reads = BillReads(self._lists, knowledge)
        self._chains = BillChains(self._lists)
        persons = BillPersons(self._lists)
        self._writes = BillWrites(
            upstream,
            session,
            deadline,
            reads=self._reads,
            chains=self._chains,
            persons=persons,
        )
        self._policies = BillPolicyWrites(
            upstream,
            session,
            deadline,
            lists=self._lists,
            reads=self._reads,
            persons=persons,
            creating=creating_policy,
        )
        self._probes = BillProbes(
            upstream,
            session,
            deadline,
            lists=self._lists,
            chains=self._chains,
            persons=persons,
            knowledge=knowledge,
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

    async def get_viewer_actions(
        self,
        invoice: InvoiceRecord,
        load_approvers: Callable[[], Awaitable[list[ApproverRecord] | None]],
    ) -> list[ViewerAction]:
        """Return what the user can do: decide only when it is their turn."""
        if invoice.status is InvoiceStatus.ARCHIVED:
            return []
        open_rows: list[ApproverRecord] = []
        statuses: set[ApproverStatus | None] = set()
        actions: list[ViewerAction] = []
        if invoice.approval_state in _OPEN_STATES:
            user_id = await self._writes.who_acts()
            approvers = await load_approvers() or []
            statuses = {one.told_status for one in approvers}
            open_rows = [one for one in approvers if one.told_status in _UNDECIDED]
            if any(_waits_for(one, user_id) for one in open_rows):
                actions += [ViewerAction.APPROVE, ViewerAction.REJECT]
        # A chain that was denied is cleared first; with a payment it stays as it is.
        is_denied = (
            invoice.approval_state is ApprovalState.REJECTED
            or ApproverStatus.REJECTED in statuses
        )
        if not is_denied and not invoice.are_approvers_settled:
            actions.append(ViewerAction.ADD_APPROVER)
            # The last one beside those who have approved stays.
            is_last = len(open_rows) == 1 and ApproverStatus.APPROVED in statuses
            if open_rows and not is_last:
                actions.append(ViewerAction.REMOVE_APPROVER)
            actions.append(ViewerAction.SET_APPROVERS)
        return actions

    async def get_invoices(self, ids: Sequence[str]) -> Mapping[str, InvoiceRecord]:
        """Return bills and vendor credits, by id: a call per kind and hundred ids."""
        return await self._reads.get_invoices(ids)

    async def list_invoices(
        self, *, first: int, after: InvoicePlace | None, invoice_filter: InvoiceFilter
    ) -> InvoiceSlice:
        """Return at least *first* rows after *after*, or all that there are."""
        return await self._reads.list_invoices(
            first=first, after=after, invoice_filter=invoice_filter
        )

    async def count_invoices(self, invoice_filter: InvoiceFilter) -> int | None:
        """Return None: BILL does not count."""
        del invoice_filter
        return None

    async def get_invoice_details(
        self, ids: Sequence[str]
    ) -> Mapping[str, InvoiceDetailsRecord | GatewayError]:
        """Return lines, in one call; BILL shows no history."""
        return await self._reads.get_details(ids)

    async def get_approvers(
        self, invoice_ids: Sequence[str]
    ) -> Mapping[str, list[ApproverRecord] | GatewayError]:
        """Return the approval records, in order: a call for all, one for the users."""
        return await self._chains.get_approvers(invoice_ids)

    async def list_queue(self) -> Queue:
        """Return what waits for the user."""
        return await self._reads.list_queue(await self._writes.who_acts())

    async def list_policies(self) -> list[PolicyRecord]:
        """Return every policy, deleted ones too."""
        return await self._reads.list_policies()

    async def get_policies(self, ids: Sequence[str]) -> Mapping[str, PolicyRecord]:
        """Return the policies that exist, by id."""
        return await self._reads.get_policies(ids)

    async def get_applicable_policies(
        self, invoices: Sequence[InvoiceRecord]
    ) -> Mapping[str, list[PolicyRecord]]:
        """Return the tier that governs each invoice."""
        return await self._reads.get_applicable_policies(invoices)

    async def get_mandatory_approvers(
        self, policy_ids: Sequence[str]
    ) -> Mapping[str, list[UserRecord]]:
        """Return who must approve by each policy."""
        return await self._reads.get_mandatory_approvers(policy_ids)

    async def add_approver(
        self, invoice_id: str, *, user_source_id: str | None, email: str | None
    ) -> Written:
        """Ask one more user, last of all: the chain is read and set again."""
        return await _refusable(
            self._writes.add_approver(invoice_id, user_id=user_source_id, email=email)
        )

    async def remove_approver(self, invoice_id: str, approver_id: str) -> Written:
        """Take one user out of the chain: it is read and set again."""
        return await _refusable(self._writes.remove_approver(invoice_id, approver_id))

    async def set_approvers(
        self, invoice_id: str, user_source_ids: Sequence[str]
    ) -> Written:
        """Make these users the chain, in their order."""
        return await _refusable(self._writes.set_approvers(invoice_id, user_source_ids))

    async def clear_approvers(self, invoice_id: str) -> Written:
        """Take everybody out of the chain, whatever they decided."""
        return await _refusable(self._writes.clear_approvers(invoice_id))

    async def approve(
        self, invoice_id: str, *, note: str | None, force: bool | None
    ) -> Written:
        """Approve as the user who is signed in; BILL knows no force."""
        if force:
            raise no_force()
        aim = ApproverStatus.APPROVED
        return await _refusable(self._writes.decide("Approve", invoice_id, aim, note))

    async def reject(self, invoice_id: str, *, note: str | None) -> Written:
        """Deny as the user who is signed in; it ends the approval."""
        aim = ApproverStatus.REJECTED
        return await _refusable(self._writes.decide("Deny", invoice_id, aim, note))

    async def create_policy(self, draft: PolicyDraft) -> Written:
        """Make a policy with its mandatory approvers."""
        return await _refusable(self._policies.create(draft))

    async def update_policy(self, policy_id: str, changes: PolicyChanges) -> Written:
        """Change a policy."""
        return await _refusable(self._policies.update(policy_id, changes))

    async def delete_policy(self, policy_id: str) -> Written:
        """Take a policy out of use."""
        return await _refusable(self._policies.delete(policy_id))

    async def restore_policy(self, policy_id: str) -> Written:
        """Put a policy into use again."""
        return await _refusable(self._policies.restore(policy_id))

    async def add_policy_approver(self, policy_id: str, user_source_id: str) -> Written:
        """Make a user a mandatory approver of a policy."""
        return await _refusable(self._policies.add_approver(policy_id, user_source_id))

    async def remove_policy_approver(
        self, policy_id: str, user_source_id: str
    ) -> Written:
        """Make a user no mandatory approver of a policy any more."""
        return await _refusable(
            self._policies.remove_approver(policy_id, user_source_id)
        )

    async def probe(self) -> list[Probe]:
        """Send each of the doctor's probes; they read only."""
        return await self._probes.run()


def _waits_for(approver: ApproverRecord, user_id: str) -> bool:
    is_waiting = approver.told_status is ApproverStatus.PENDING
    return is_waiting and approver.user.source_id == user_id


async def _refusable(write: Awaitable[Written]) -> Written:
    """Let a read that BILL refuses before a write be a refusal of the write."""
    try:
        return await write
    except RefusedError as error:
        raise error.of_write from error
