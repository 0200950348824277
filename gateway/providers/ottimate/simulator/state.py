"""What the simulated account holds: invoices, approval records, history."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID, uuid5

import msgspec

from gateway.providers.ottimate.simulator import directory
from gateway.providers.ottimate.simulator.directory import Vendor

_NAMESPACE = UUID("6f1c0a52-3d8e-4b7a-9c55-2e0b7d94a1f3")
APPROVAL_DONE = frozenset({"approved", "ready-for-export"})
CLOSED = APPROVAL_DONE | {"exported", "archived"}
STATUSES = (
    "processing",
    "incomplete",
    "needs-attention",
    "pending-approval",
    "approved",
    "ready-for-export",
    "exported",
    "archived",
)


class ApprovalRecord(msgspec.Struct, kw_only=True):
    """One person asked to approve one invoice; *policy_id* is None if by hand."""

    id: str
    user_id: int
    policy_id: str | None
    created_at: datetime
    approved_at: datetime | None = None


class HistoryEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One event in the life of an invoice."""

    id: int
    at: datetime
    reason: str
    message: str
    user_id: int | None


class Item(msgspec.Struct, kw_only=True):
    """One line of an invoice."""

    id: int
    name: str
    sku: str | None = None
    quantity: Decimal
    price: Decimal
    is_taxed: bool = False
    uom: str | None = None
    dimensions: dict[str, str] = {}
    custom_fields: dict[str, str] | None = None


class GLSplit(msgspec.Struct, frozen=True, kw_only=True):
    """One part of the total, as it is booked."""

    memo: str
    amount: Decimal
    dimensions: dict[str, str]


class Invoice(msgspec.Struct, kw_only=True):
    """An invoice as the account holds it.

    *number_id* is the integer id that some calls speak of (C2). *steps* are the ids
    of the policies whose approval is asked for now. *dimensions* maps a type to an
    ERP dimension id.
    """

    id: str
    number_id: int
    upload_id: str
    location_id: int
    status: str
    created_at: datetime
    number: str | None = None
    vendor: Vendor | None = None
    invoice_date: date | None = None
    due_date: date | None = None
    posting_date: date | None = None
    total: Decimal | None = None
    tax: Decimal = Decimal(0)
    discount: Decimal = Decimal(0)
    outstanding: Decimal = Decimal(0)
    currency: str = "USD"
    type: str = "invoice"
    payment_status: str = "unpaid"
    payment_method: str | None = None
    payment_reference: str | None = None
    purchase_order: str = ""
    approved_at: datetime | None = None
    exported_at: datetime | None = None
    modified_at: datetime | None = None
    modified_by: int | None = None
    error: str = ""
    is_verified: bool = False
    hold_reason: str | None = None
    has_price_variance: bool = False
    has_unmatched_items: bool = False
    notes: str = ""
    images: dict[int, str] = {}
    dimensions: dict[str, str] = {}
    custom_fields: dict[str, str] = {}
    gl_splits: list[GLSplit] = []
    items: list[Item] = []
    steps: list[str] = []
    records: list[ApprovalRecord] = []
    history: list[HistoryEntry] = []

    @property
    def is_complete(self) -> bool:
        """Whether the data that approval needs is there."""
        return None not in (self.number, self.vendor, self.invoice_date, self.total)

    @property
    def open_records(self) -> list[ApprovalRecord]:
        """The records whose person has not approved."""
        return [record for record in self.records if record.approved_at is None]


class State:
    """Every invoice of the account, and the ids that come next.

    Ids are deterministic: the same calls in the same order give the same ids.
    """

    def __init__(self) -> None:
        self.invoices: dict[str, Invoice] = {}
        self.vendors = list(directory.VENDORS)
        self._ids_by_number: dict[int, str] = {}
        self._counts: Counter[str] = Counter()

    def next_uuid(self, kind: str) -> UUID:
        """Return an id that no other *kind* has."""
        made = uuid5(_NAMESPACE, f"{kind}:{self._next(kind)}")
        return UUID(bytes=made.bytes, version=4)

    def next_number(self, kind: str, start: int) -> int:
        """Return the next integer id of *kind*, counted from *start*."""
        return start + self._next(kind)

    def _next(self, kind: str) -> int:
        self._counts[kind] += 1
        return self._counts[kind]

    def add(self, invoice: Invoice) -> None:
        """Keep *invoice*."""
        self.invoices[invoice.id] = invoice
        self._ids_by_number[invoice.number_id] = invoice.id

    def find(self, invoice_id: str) -> Invoice | None:
        """Return the invoice with this UUID or integer id (C2)."""
        if invoice_id.isdecimal():
            invoice_id = self._ids_by_number.get(int(invoice_id), "")
        return self.invoices.get(invoice_id.lower())

    def numbered(self, number: str) -> Invoice:
        """Return the invoice that carries *number*.

        Raises:
            KeyError: No invoice carries it.
        """
        for invoice in self.invoices.values():
            if invoice.number == number:
                return invoice
        raise KeyError(number)

    def vendor(self, company_id: int, erp_id: str) -> Vendor | None:
        """Return the company's vendor with this ERP id."""
        for vendor in self.vendors:
            if (vendor.company_id, vendor.erp_id) == (company_id, erp_id):
                return vendor
        return None

    def newest_first(self) -> Iterator[Invoice]:
        """Yield the invoices as the list has them; ties are ordered by id."""
        by_id = sorted(self.invoices.values(), key=lambda invoice: invoice.id)
        yield from sorted(by_id, key=lambda invoice: invoice.created_at, reverse=True)

    def note(
        self,
        invoice: Invoice,
        at: datetime,
        reason: str,
        user_id: int | None,
        message: str = "",
    ) -> None:
        """Write an event into the history of *invoice* and mark it as changed."""
        invoice.history.append(
            HistoryEntry(
                id=self.next_number("history", 700_000),
                at=at,
                reason=reason,
                message=message,
                user_id=user_id,
            )
        )
        invoice.modified_at = at
        invoice.modified_by = user_id
