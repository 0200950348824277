"""Accounteer's JSON, as far as it is read; unknown members are passed over."""

import math
from datetime import date
from decimal import Decimal

from msgspec import Struct


class Token(Struct, frozen=True):
    """What a sign-in gives; a refresh token that is told takes the place of the old."""

    access_token: str
    refresh_token: str | None = None
    expires_in: float | str | None = None

    @property
    def lifetime_seconds(self) -> float:
        """How long it holds; without end where that is not told, or is no time."""
        try:
            seconds = float(self.expires_in or 0)
        except ValueError:
            return math.inf
        return seconds if seconds > 0 else math.inf


class Failure(Struct, frozen=True):
    """A refusal, of which no more than a word is kept, for the log."""

    error: str | None = None


class Account(Struct, frozen=True):
    """An account of the ledger."""

    code: str | None = None
    title: str | None = None


class Line(Struct, frozen=True):
    """One line; amounts are net but for *line_total_amount*."""

    title: str | None = None
    description: str | None = None
    quantity: Decimal | None = None
    price: Decimal | None = None
    tax_name: str | None = None
    tax_percentage: Decimal | None = None
    line_tax_amount: Decimal | None = None
    line_total_amount: Decimal | None = None
    gl_account: Account | None = None


class Attachment(Struct, frozen=True):
    """A file."""

    url: str | None = None
    filename: str | None = None


class Document(Struct, frozen=True):
    """A sales invoice, or a purchase; days are the organization's own."""

    id: str
    status: str
    date_created: date
    organization_id: str | None = None
    document_number: str | None = None
    client_id: str | None = None
    supplier_id: str | None = None
    total_amount: Decimal | None = None
    total_tax_amount: Decimal | None = None
    amount_due: Decimal | None = None
    currency: str | None = None
    date_issued: date | None = None
    date_due: date | None = None
    date_updated: date | None = None
    reference: str | None = None
    items: list[Line] | None = None
    attachments: list[Attachment] | None = None

    @property
    def contact_id(self) -> str | None:
        """The id of the other side."""
        return self.supplier_id or self.client_id


class Contact(Struct, frozen=True):
    """A customer or a supplier."""

    id: str
    name: str | None = None
    organization_id: str | None = None
