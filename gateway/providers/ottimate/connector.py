"""Ottimate in domain terms."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from gateway.connector import InvoiceSlice, Probe, Queue, Written
from gateway.domain import (
    ApprovalState,
    ApproverRecord,
    Capability,
    InvoiceDetailsRecord,
    InvoiceFilter,
    InvoicePlace,
    InvoiceRecord,
    PolicyChanges,
    PolicyDraft,
    PolicyRecord,
    QuotaRecord,
    UserRecord,
    ViewerAction,
)
from gateway.errors import GatewayError, UnsupportedError
from gateway.providers.ottimate import wire
from gateway.providers.ottimate.knowledge import Knowledge
from gateway.providers.ottimate.probes import OttimateProbes
from gateway.providers.ottimate.reads import OttimateReads
from gateway.providers.ottimate.refusals import next_day
from gateway.providers.ottimate.writes import OttimateWrites
from gateway.upstream import Deadline, Session, Upstream

# Calls per key and day, docs.ottimate.com "API Limits".
_DAY_QUOTA = 10_000

_ACTIONS = {
    ViewerAction.APPROVE: Capability.APPROVE,
    ViewerAction.FORCE_APPROVE: Capability.FORCE_APPROVE,
    ViewerAction.ADD_APPROVER: Capability.ADD_APPROVER,
    ViewerAction.REMOVE_APPROVER: Capability.REMOVE_APPROVER,
}
# Who may approve or force is not told, so these say what Ottimate would consider.
_DECIDING = frozenset({ViewerAction.APPROVE, ViewerAction.FORCE_APPROVE})


class OttimateConnector:
    """Ottimate, for one application, within one request."""

    has_policies = False
    has_counts = True

    def __init__(
        self,
        upstream: Upstream,
        session: Session,
        deadline: Deadline,
        *,
        knowledge: Knowledge,
    ) -> None:
        self._upstream = upstream
        self._session = session
        self._knowledge = knowledge
        self._reads = OttimateReads(upstream, session, deadline)
        self._writes = OttimateWrites(
            upstream, session, deadline, reads=self._reads, knowledge=knowledge
        )
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

    async def get_viewer_actions(
        self,
        invoice: InvoiceRecord,
        load_approvers: Callable[[], Awaitable[list[ApproverRecord] | None]],
    ) -> list[ViewerAction]:
        """Return what Ottimate would consider in this state, if the account has it."""
        del load_approvers
        capabilities = self._knowledge.capabilities
        return [
            action
            for action, capability in _ACTIONS.items()
            if capability in capabilities and _is_due(action, invoice)
        ]

    async def get_invoices(self, ids: Sequence[str]) -> Mapping[str, InvoiceRecord]:
        """Return the invoices that exist, by id: one call per hundred ids."""
        return await self._reads.get_invoices(ids)

    async def list_invoices(
        self, *, first: int, after: InvoicePlace | None, invoice_filter: InvoiceFilter
    ) -> InvoiceSlice:
        """Return at least *first* rows after *after*, or all that there are."""
        return await self._reads.list_invoices(
            first=first, after=after, invoice_filter=invoice_filter
        )

    async def count_invoices(self, invoice_filter: InvoiceFilter) -> int | None:
        """Return how many invoices match, or None where Ottimate cannot tell."""
        return await self._reads.count_invoices(invoice_filter)

    async def get_invoice_details(
        self, ids: Sequence[str]
    ) -> Mapping[str, InvoiceDetailsRecord | GatewayError]:
        """Return lines and history: a call for each, five minutes old at most."""
        return await self._reads.get_details(ids)

    async def get_approvers(
        self, invoice_ids: Sequence[str]
    ) -> Mapping[str, list[ApproverRecord] | GatewayError]:
        """Return the approval records: a call for each invoice, all at once."""
        return await self._reads.get_approvers(invoice_ids)

    async def list_queue(self) -> Queue:
        """Return nothing: Ottimate has no call for what waits for a person."""
        return Queue(invoices=[], is_complete=False)

    async def list_policies(self) -> list[PolicyRecord]:
        """Return nothing: Ottimate shows policies with approvers only."""
        return []

    async def get_policies(self, ids: Sequence[str]) -> Mapping[str, PolicyRecord]:
        """Return nothing: Ottimate shows policies with approvers only."""
        del ids
        return {}

    async def get_applicable_policies(
        self, invoices: Sequence[InvoiceRecord]
    ) -> Mapping[str, list[PolicyRecord]]:
        """Return nothing: the approvers tell their policies."""
        del invoices
        return {}

    async def get_mandatory_approvers(
        self, policy_ids: Sequence[str]
    ) -> Mapping[str, list[UserRecord]]:
        """Return nothing: Ottimate does not tell."""
        del policy_ids
        return {}

    async def add_approver(
        self, invoice_id: str, *, user_source_id: str | None, email: str | None
    ) -> Written:
        """Ask a person to approve, by their id; Ottimate finds nobody by e-mail."""
        return await self._writes.add_approver(
            invoice_id, user_source_id=user_source_id, email=email
        )

    async def remove_approver(self, invoice_id: str, approver_id: str) -> Written:
        """Take one approval record off an invoice."""
        return await self._writes.remove_approver(invoice_id, approver_id)

    async def set_approvers(
        self, invoice_id: str, user_source_ids: Sequence[str]
    ) -> Written:
        """Refuse: Ottimate adds and removes single approvers only."""
        del invoice_id, user_source_ids
        raise UnsupportedError(
            "Ottimate cannot set an invoice's approvers at once; use `addApprover` and "
            "`removeApprover`. Nothing was sent."
        )

    async def clear_approvers(self, invoice_id: str) -> Written:
        """Refuse: Ottimate removes single approvers only."""
        del invoice_id
        raise UnsupportedError(
            "Ottimate cannot clear an invoice's approvers at once; use "
            "`removeApprover`. Nothing was sent."
        )

    async def approve(
        self, invoice_id: str, *, note: str | None, force: bool | None
    ) -> Written:
        """Approve an invoice as the account's API user."""
        return await self._writes.approve(invoice_id, note=note, force=force)

    async def reject(self, invoice_id: str, *, note: str | None) -> Written:
        """Refuse: Ottimate knows no rejection."""
        del invoice_id, note
        raise UnsupportedError(
            "Ottimate has no rejection. Its way to say no is to flag the invoice, "
            "which sends it back as incomplete: `flagInvoice`, not in this graph yet. "
            "Nothing was sent."
        )

    async def create_policy(self, draft: PolicyDraft) -> Written:
        """Refuse: Ottimate's policies are made in its own application."""
        del draft
        raise _no_policy_calls()

    async def update_policy(self, policy_id: str, changes: PolicyChanges) -> Written:
        """Refuse, as every change of a policy."""
        del policy_id, changes
        raise _no_policy_calls()

    async def delete_policy(self, policy_id: str) -> Written:
        """Refuse, as every change of a policy."""
        del policy_id
        raise _no_policy_calls()

    async def restore_policy(self, policy_id: str) -> Written:
        """Refuse, as every change of a policy."""
        del policy_id
        raise _no_policy_calls()

    async def add_policy_approver(self, policy_id: str, user_source_id: str) -> Written:
        """Refuse, as every change of a policy."""
        del policy_id, user_source_id
        raise _no_policy_calls()

    async def remove_policy_approver(
        self, policy_id: str, user_source_id: str
    ) -> Written:
        """Refuse, as every change of a policy."""
        del policy_id, user_source_id
        raise _no_policy_calls()

    async def probe(self) -> list[Probe]:
        """Send each of the doctor's probes; none changes anything upstream."""
        return await self._probes.run()


def _no_policy_calls() -> UnsupportedError:
    return UnsupportedError(
        "Ottimate has no call that changes a policy; its own application does. Nothing "
        "was sent."
    )


def _is_due(action: ViewerAction, invoice: InvoiceRecord) -> bool:
    if action in _DECIDING:
        return invoice.approval_state is ApprovalState.PENDING
    return invoice.status in wire.OPEN_FOR_APPROVERS
