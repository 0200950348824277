"""Accounteer's sales invoices and purchases in domain terms."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from gateway.approvals import Turn, ViewerStanding
from gateway.connector import InvoiceSlice, Written
from gateway.domain import (
    ApproverRecord,
    Capability,
    InvoiceDetailsRecord,
    InvoiceFilter,
    InvoicePlace,
    InvoiceRecord,
    PolicyRecord,
)
from gateway.errors import GatewayError, UnsupportedError
from gateway.providers.accounteer.pages import AccounteerPages
from gateway.providers.accounteer.reads import AccounteerReads
from gateway.providers.accounteer.rights import Rights
from gateway.providers.accounteer.words import Collection


class AccounteerInvoices:
    """Accounteer's documents, for one application, within one request."""

    has_counts = False

    def __init__(
        self, pages: AccounteerPages, reads: AccounteerReads, rights: Rights
    ) -> None:
        self._pages = pages
        self._reads = reads
        self._rights = rights

    async def get_viewer_standing(
        self,
        invoice: InvoiceRecord,
        load_approvers: Callable[[], Awaitable[list[ApproverRecord] | None]],
    ) -> ViewerStanding:
        """Return how *invoice* stands: whoever holds the right may approve it."""
        del load_approvers
        may_approve = self._rights.may_approve(Collection(invoice.parent))
        return ViewerStanding(
            state=invoice.approval_state,
            turn=Turn.NOT_TOLD,
            capabilities=frozenset({Capability.APPROVE} if may_approve else ()),
        )

    async def get_invoices(self, ids: Sequence[str]) -> Mapping[str, InvoiceRecord]:
        """Return the documents that exist, by key or id: a call for one alone."""
        return await self._reads.get_invoices(ids)

    async def list_invoices(
        self, *, first: int, after: InvoicePlace | None, invoice_filter: InvoiceFilter
    ) -> InvoiceSlice:
        """Return at least *first* rows after *after*, or all that there are."""
        return await self._pages.list_invoices(
            first=first, after=after, invoice_filter=invoice_filter
        )

    async def count_invoices(self, invoice_filter: InvoiceFilter) -> int | None:
        """Return None: Accounteer does not count."""
        del invoice_filter
        return None

    async def get_invoice_details(
        self, ids: Sequence[str]
    ) -> Mapping[str, InvoiceDetailsRecord | GatewayError]:
        """Return lines, where they did not come with the list; there is no history."""
        return await self._reads.get_details(ids)

    async def get_approvers(
        self, invoice_ids: Sequence[str]
    ) -> Mapping[str, list[ApproverRecord] | GatewayError]:
        """Return nobody: Accounteer asks nobody by name."""
        return {one: [] for one in invoice_ids}

    async def get_applicable_policies(
        self, invoices: Sequence[InvoiceRecord]
    ) -> Mapping[str, list[PolicyRecord]]:
        """Return no policy: Accounteer has none."""
        return {one.key: [] for one in invoices}

    async def add_approver(
        self, invoice_id: str, *, user_source_id: str | None, email: str | None
    ) -> Written:
        """Refuse, as every change of approvers."""
        del invoice_id, user_source_id, email
        raise _no_approvers()

    async def remove_approver(self, invoice_id: str, approver_id: str) -> Written:
        """Refuse, as every change of approvers."""
        del invoice_id, approver_id
        raise _no_approvers()

    async def set_approvers(
        self, invoice_id: str, user_source_ids: Sequence[str]
    ) -> Written:
        """Refuse, as every change of approvers."""
        del invoice_id, user_source_ids
        raise _no_approvers()

    async def clear_approvers(self, invoice_id: str) -> Written:
        """Refuse, as every change of approvers."""
        del invoice_id
        raise _no_approvers()


def _no_approvers() -> UnsupportedError:
    return UnsupportedError(
        "Accounteer has no approvers: whoever holds the right approves in one call. "
        "Nothing was sent."
    )
