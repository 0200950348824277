"""Ottimate's JSON, as far as this gateway reads it: docs.ottimate.com, "API Reference".

Quirk: empty text stands for "none" in approver records ("Invoice Approvals"), so it is
taken for none in every optional date and time as well.
"""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

import msgspec
from msgspec import Struct

# A time without an offset would be a guess.
Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class Token(Struct, frozen=True):
    """The answer of the token endpoint; it does not show itself."""

    access_token: str
    expires_in: float

    def __repr__(self) -> str:
        return f"Token(expires_in={self.expires_in!r})"


class Image(Struct, frozen=True):
    """A picture of an invoice."""

    url: str


class Person(Struct, frozen=True):
    """A user as invoices name them.

    Quirk: the id is a number here and text in approver records.
    """

    id: int | str | None = None
    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None


class Invoice(Struct, frozen=True):
    """An item of ``GET /invoices``."""

    id: str
    status: str
    created_at: Instant
    invoice_number: str | None = None
    # Quirk: the single read calls the number `number`.
    number: str | None = None
    ottimate_vendor_name: str | None = None
    ottimate_location_name: str | None = None
    invoice_date: str | None = None
    due_date: str | None = None
    total_amount: Decimal | None = None
    total_tax: Decimal | None = None
    outstanding_balance: Decimal | None = None
    currency: str | None = None
    type: str | None = None
    approved_date: str | None = None
    last_modified_date: str | None = None
    url: str | None = None
    images: list[Image] | None = None


class Invoices(Struct, frozen=True):
    """The answer of ``GET /invoices``."""

    count: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
    results: list[Invoice]


class Item(Struct, frozen=True):
    """A line of an invoice; its shape is assumed."""

    name: str | None = None
    quantity: Decimal | None = None
    price: Decimal | None = None
    extended_price: Decimal | None = None


class Event(Struct, frozen=True):
    """An entry of an invoice's history."""

    date: Instant
    reason: str | None = None
    message: str | None = None
    user: Person | None = None


class InvoiceDetails(Struct, frozen=True):
    """The answer of ``GET /invoices/{id}?expand=history``, as far as it adds."""

    id: str
    currency: str | None = None
    items: list[Item] | None = None
    history: list[Event] | None = None


class Approver(Struct, frozen=True):
    """The person in an approver record."""

    id: str | int
    email: str | None = None
    display_name: str | None = None


class Policy(Struct, frozen=True):
    """The policy in an approver record; empty text in one added by hand."""

    id: str | None = None
    name: str | None = None


class Approval(Struct, frozen=True):
    """An approver record."""

    id: str
    approver: Approver
    created_date: Instant
    policy: Policy | None = None
    status: str | None = None
    approved_date: str | None = None


class Approvals(Struct, frozen=True):
    """The answer of ``GET /invoices/{id}/approvers``."""

    approvers: list[Approval]


class Added(Struct, frozen=True):
    """The answer to adding an approver, as far as it is read."""

    approver: Approval
