"""BILL's bills and vendor credits in domain terms."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from gateway.approvals import Turn, ViewerStanding
from gateway.connector import InvoiceSlice, Written
from gateway.domain import (
    ApprovalState,
    ApproverRecord,
    ApproverStatus,
    InvoiceDetailsRecord,
    InvoiceFilter,
    InvoicePlace,
    InvoiceRecord,
    InvoiceStatus,
    PolicyRecord,
)
from gateway.errors import GatewayError
from gateway.providers.bill.chains import BillChains
from gateway.providers.bill.reads import BillReads
from gateway.providers.bill.words import CAPABILITIES
from gateway.providers.bill.writes import BillWrites
from gateway.upstream import as_write

_OPEN_STATES = frozenset({ApprovalState.PENDING, ApprovalState.UNKNOWN})
_UNDECIDED = frozenset(
    {ApproverStatus.PENDING, ApproverStatus.UPCOMING, ApproverStatus.UNKNOWN}
)


class BillInvoices:
    """BILL's bills and vendor credits, for one user, within one request."""

    has_counts = False

    def __init__(
        self, reads: BillReads, chains: BillChains, writes: BillWrites
    ) -> None:
        self._reads = reads
        self._chains = chains
        self._writes = writes

    async def get_viewer_standing(
        self,
        invoice: InvoiceRecord,
        load_approvers: Callable[[], Awaitable[list[ApproverRecord] | None]],
    ) -> ViewerStanding:
        """Return how an invoice stands: whose turn it is, its chain tells."""
        approvers: list[ApproverRecord] = []
        turn = Turn.OTHERS
        is_archived = invoice.status is InvoiceStatus.ARCHIVED
        if invoice.approval_state in _OPEN_STATES and not is_archived:
            user_id = await self._writes.who_acts()
            approvers = await load_approvers() or []
            if any(_waits_for(one, user_id) for one in approvers):
                turn = Turn.MINE
        # A chain that was denied is cleared first; with a payment it stays as it is.
        statuses = [one.told_status for one in approvers]
        is_denied = (
            invoice.approval_state is ApprovalState.REJECTED
            or ApproverStatus.REJECTED in statuses
        )
        is_fixed = is_archived or is_denied or invoice.are_approvers_settled
        undecided = sum(one in _UNDECIDED for one in statuses)
        # The last one beside those who have approved stays.
        least = 2 if ApproverStatus.APPROVED in statuses else 1
        return ViewerStanding(
            state=invoice.approval_state,
            turn=turn,
            capabilities=CAPABILITIES,
            are_approvers_open=not is_fixed,
            can_one_go=undecided >= least,
        )

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

    async def get_applicable_policies(
        self, invoices: Sequence[InvoiceRecord]
    ) -> Mapping[str, list[PolicyRecord]]:
        """Return the tier that governs each invoice."""
        return await self._reads.get_applicable_policies(invoices)

    async def add_approver(
        self, invoice_id: str, *, user_source_id: str | None, email: str | None
    ) -> Written:
        """Ask one more user, last of all: the chain is read and set again."""
        return await as_write(
            self._writes.add_approver(invoice_id, user_id=user_source_id, email=email)
        )

    async def remove_approver(self, invoice_id: str, approver_id: str) -> Written:
        """Take one user out of the chain: it is read and set again."""
        return await as_write(self._writes.remove_approver(invoice_id, approver_id))

    async def set_approvers(
        self, invoice_id: str, user_source_ids: Sequence[str]
    ) -> Written:
        """Make these users the chain, in their order."""
        return await as_write(self._writes.set_approvers(invoice_id, user_source_ids))

    async def clear_approvers(self, invoice_id: str) -> Written:
        """Take everybody out of the chain, whatever they decided."""
        return await as_write(self._writes.clear_approvers(invoice_id))


def _waits_for(approver: ApproverRecord, user_id: str) -> bool:
    is_waiting = approver.told_status is ApproverStatus.PENDING
    return is_waiting and approver.user.source_id == user_id
