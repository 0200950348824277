"""The facet of a provider that keeps invoices."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from gateway.approvals import ViewerStanding
from gateway.connector.written import Written
from gateway.domain import (
    ApproverRecord,
    InvoiceDetailsRecord,
    InvoiceFilter,
    InvoicePlace,
    InvoiceRecord,
    PolicyRecord,
)
from gateway.errors import GatewayError


class InvoiceSlice(Struct, frozen=True, kw_only=True):
    """The next rows of a provider's list, newest ``created_at`` first, then by id.

    The rows may still hold some that the filter excludes. *is_last* is true where
    nothing follows. *total* counts all rows that match the filter, or is None where
    the provider cannot apply the whole filter or was asked from a place on.
    *is_searched* is false where the provider did not apply `search`, *is_complete*
    where it cannot list all that was asked for. *hints* has, by id, the hint to give
    back in the place after a row; a provider that can go on from a place without one
    gives none.
    """

    invoices: list[InvoiceRecord]
    is_last: bool
    total: int | None
    is_searched: bool = True
    is_complete: bool = True
    hints: Mapping[str, str] = {}


class Invoices(Protocol):
    """A provider's invoices and who approves them; ``Connector`` has the rules.

    An invoice is named by its key (``InvoiceRecord.key``), which for most providers is
    its id.

    Attributes:
        has_counts: Whether the provider can tell how many invoices match.
    """

    has_counts: bool

    async def get_viewer_standing(
        self,
        invoice: InvoiceRecord,
        load_approvers: Callable[[], Awaitable[list[ApproverRecord] | None]],
    ) -> ViewerStanding:
        """Return how *invoice* stands for the acting person.

        *load_approvers* is called only where the answer depends on the approvers.
        """

    async def get_invoices(self, ids: Sequence[str]) -> Mapping[str, InvoiceRecord]:
        """Return the invoices that exist, by key.

        An id alone is looked for wherever the provider keeps invoices.
        """

    async def list_invoices(
        self, *, first: int, after: InvoicePlace | None, invoice_filter: InvoiceFilter
    ) -> InvoiceSlice:
        """Return at least *first* rows after *after*, or all that there are."""

    async def count_invoices(self, invoice_filter: InvoiceFilter) -> int | None:
        """Return how many invoices match, or None where the provider cannot tell."""

    async def get_invoice_details(
        self, ids: Sequence[str]
    ) -> Mapping[str, InvoiceDetailsRecord | GatewayError]:
        """Return what only a read of the single invoice tells, by key."""

    async def get_approvers(
        self, invoice_ids: Sequence[str]
    ) -> Mapping[str, list[ApproverRecord] | GatewayError]:
        """Return the approval records of the invoices that exist, by key."""

    async def get_applicable_policies(
        self, invoices: Sequence[InvoiceRecord]
    ) -> Mapping[str, list[PolicyRecord]]:
        """Return the policies that apply, by the invoice's key.

        An invoice is left out where only its approvers tell their policies.
        """

    async def add_approver(
        self, invoice_id: str, *, user_source_id: str | None, email: str | None
    ) -> Written:
        """Ask a person, by exactly one of id and e-mail, to approve an invoice."""

    async def remove_approver(self, invoice_id: str, approver_id: str) -> Written:
        """Take one approval record off an invoice."""

    async def set_approvers(
        self, invoice_id: str, user_source_ids: Sequence[str]
    ) -> Written:
        """Make these persons, in this order, the approvers of an invoice."""

    async def clear_approvers(self, invoice_id: str) -> Written:
        """Take all approval records off an invoice."""
