"""Which objects a list holds, and in which order."""

from datetime import date, datetime
from decimal import Decimal

from msgspec import Struct

from gateway.domain.enums import (
    ApprovalState,
    InvoiceKind,
    InvoiceOrderField,
    InvoiceStatus,
    OrderDirection,
    TargetType,
)

# Instants outside are a slip, and some calendars upstream have no room for them.
POSSIBLE_YEARS = range(1900, 3000)


class InvoiceFilter(Struct, frozen=True, kw_only=True):
    """Which invoices a list holds; None for a member that does not matter.

    Dates are inclusive, *updated_since* is an instant, amounts are compared as they
    stand, without regard to currency.
    """

    states: list[ApprovalState] | None = None
    statuses: list[InvoiceStatus] | None = None
    kinds: list[InvoiceKind] | None = None
    search: str | None = None
    issued_after: date | None = None
    issued_before: date | None = None
    due_after: date | None = None
    due_before: date | None = None
    updated_since: datetime | None = None
    minimum_total: Decimal | None = None
    maximum_total: Decimal | None = None


class InvoiceOrder(Struct, frozen=True, kw_only=True):
    """How a list of invoices is ordered; ties are ordered by id, ascending."""

    field: InvoiceOrderField = InvoiceOrderField.CREATED_AT
    direction: OrderDirection = OrderDirection.DESC


class InvoicePlace(Struct, frozen=True, kw_only=True):
    """A place in the list's default order: the row that came last.

    *hint* is where its provider saw it, in the provider's own words. It comes back from
    a client, so it is text to be checked, and only a hint: rows may have moved.
    """

    created_at: datetime
    id: str
    hint: str | None = None

    def precedes(self, created_at: datetime, id: str) -> bool:  # noqa: A002 - its name
        """Return whether a row with these values comes after this place."""
        if created_at == self.created_at:
            return id > self.id
        return created_at < self.created_at


class ApprovalStatusFilter(Struct, frozen=True, kw_only=True):
    """Which approval statuses a list holds; None for a member that does not matter.

    Ids are the provider's own.
    """

    source_ids: list[str] | None = None
    workflow_source_ids: list[str] | None = None
    approver_source_ids: list[str] | None = None
    actual_approver_source_ids: list[str] | None = None
    booking_source_ids: list[str] | None = None
    time_entry_source_ids: list[str] | None = None
    expense_source_ids: list[str] | None = None
    states: list[ApprovalState] | None = None
    target_types: list[TargetType] | None = None


class ApprovalStatusPlace(Struct, frozen=True, kw_only=True):
    """A place in a list of approval statuses: the row that came last.

    *count* is how many of the provider's rows came up to it, when it was read.
    """

    source_id: str
    count: int
