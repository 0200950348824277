"""What the simulated service keeps, as plain objects (sections 4 and 5)."""

from datetime import date
from decimal import Decimal
from typing import Literal

import msgspec

DRAFT, APPROVED, PAID = "draft", "approved", "paid"
NO_NUMBER = "-"
Kind = Literal["invoice", "purchase", "offer"]
ContactType = Literal["client", "supplier", "both"]


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a document; *typed_price* is the price as somebody typed it (X4)."""

    id: str
    title: str
    description: str | None
    quantity: Decimal
    typed_price: Decimal
    item_base_amount: Decimal
    tax_id: str
    tax_name: str
    tax_percentage: Decimal
    line_base_amount: Decimal
    line_tax_amount: Decimal
    line_total_amount: Decimal
    tax_included: bool
    price: Decimal
    gl_account_id: str


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a document or an item."""

    id: str
    filename: str
    url: str
    date_created: date


class Document(msgspec.Struct, kw_only=True):
    """A sales invoice, a purchase or an offer; *contact_id* is the other party.

    The totals are kept, so that a test may set what no computation gives;
    `compute_totals` makes them fit the lines.
    """

    kind: Kind
    id: str
    organization_id: str
    contact_id: str
    date_issued: date
    date_due: date
    date_created: date
    date_updated: date
    document_number: str = NO_NUMBER
    template_id: str | None = None
    currency: str = "EUR"
    status: str = DRAFT
    reference: str | None = None
    invoice_id: str | None = None
    items: list[Line] = []
    attachments: list[Attachment] = []
    total_amount: Decimal = Decimal(0)
    total_base_amount: Decimal = Decimal(0)
    total_tax_amount: Decimal = Decimal(0)
    amount_due: Decimal = Decimal(0)

    def compute_totals(self) -> None:
        """Sum the lines; nothing of it is paid."""
        zero = Decimal(0)
        self.total_base_amount = sum((one.line_base_amount for one in self.items), zero)
        self.total_tax_amount = sum((one.line_tax_amount for one in self.items), zero)
        self.total_amount = sum((one.line_total_amount for one in self.items), zero)
        self.amount_due = self.total_amount


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    """What was paid of a document."""

    id: str
    organization_id: str
    document_id: str
    amount: Decimal
    gl_account_id: str
    reference: str | None = None


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """An e-mail with an invoice that was sent."""

    id: str
    document_id: str
    email: str
    date_sent: date


class ContactPerson(msgspec.Struct, frozen=True, kw_only=True):
    """A person at a contact."""

    id: str
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """Where a contact is."""

    street: str | None = None
    zip: str | None = None
    city: str | None = None
    country: str | None = None


class Contact(msgspec.Struct, kw_only=True):
    """A client, a supplier, or both."""

    id: str
    organization_id: str
    name: str
    date_created: date
    date_updated: date
    type: ContactType = "both"
    vat_number: str | None = None
    email: str | None = None
    phone: str | None = None
    address: Address | None = None
    contact_persons: tuple[ContactPerson, ...] = ()


class Tax(msgspec.Struct, frozen=True, kw_only=True):
    """A tax rate; 21 means 21 %."""

    id: str
    organization_id: str
    name: str
    percentage: Decimal


class LedgerAccount(msgspec.Struct, frozen=True, kw_only=True):
    """A ledger account."""

    id: str
    organization_id: str
    code: str
    title: str
    type: str
    description: str | None = None
    payments_enabled: bool = False


class Item(msgspec.Struct, kw_only=True):
    """Something that is bought and sold."""

    id: str
    organization_id: str
    item_title: str
    item_description: str | None = None
    sales_price: Decimal | None = None
    purchase_price: Decimal | None = None
    gl_account_sales_id: str | None = None
    gl_account_purchase_id: str | None = None
    tracked: bool = False
    quantity_on_hand: Decimal | None = None
    reorder_point: Decimal | None = None
    images: tuple[Attachment, ...] = ()


class TeamMember(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody with access; consent makes one that is the application's (2)."""

    id: str
    organization_id: str
    first_name: str | None
    last_name: str | None
    email: str | None
    role: str
    status: str
    is_api_user: bool = False


class Organisation(msgspec.Struct, kw_only=True):
    """An administration; nothing issued up to *closed_until* can be approved."""

    id: str
    name: str
    currency: str
    template_id: str
    closed_until: date
    invoice_prefix: str | None = None
    offer_prefix: str | None = None
    credit_note_in_prefix: str | None = None
    credit_note_out_prefix: str | None = None
