"""Ottimate's invoices in domain terms."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from gateway.approvals import Turn, ViewerStanding
from gateway.connector import InvoiceSlice, Written
from gateway.domain import (
    ApproverRecord,
    InvoiceDetailsRecord,
    InvoiceFilter,
    InvoicePlace,
    InvoiceRecord,
    PolicyRecord,
)
from gateway.errors import GatewayError, UnsupportedError
from gateway.providers.ottimate import wire
from gateway.providers.ottimate.knowledge import Knowledge
from gateway.providers.ottimate.reads import OttimateReads
from gateway.providers.ottimate.writes import OttimateWrites


class OttimateInvoices:
    """Ottimate's invoices, for one application, within one request."""

    has_counts = True

    def __init__(
        self, reads: OttimateReads, writes: OttimateWrites, knowledge: Knowledge
    ) -> None:
        self._reads = reads
        self._writes = writes
        self._knowledge = knowledge

    async def get_viewer_standing(
        self,
        invoice: InvoiceRecord,
        load_approvers: Callable[[], Awaitable[list[ApproverRecord] | None]],
    ) -> ViewerStanding:
        """Return how an invoice stands; who may approve it Ottimate does not tell."""
        del load_approvers
        return ViewerStanding(
            state=invoice.approval_state,
            turn=Turn.NOT_TOLD,
            capabilities=self._knowledge.capabilities,
            are_approvers_open=invoice.status in wire.OPEN_FOR_APPROVERS,
            can_one_go=True,
        )

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

    async def get_applicable_policies(
        self, invoices: Sequence[InvoiceRecord]
    ) -> Mapping[str, list[PolicyRecord]]:
        """Return nothing: the approvers tell their policies."""
        del invoices
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
