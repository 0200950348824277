"""The documents that the wire notes ask for (6.5), by names that tests can use."""

from datetime import date
from typing import Literal

import msgspec

from gateway.providers.accounteer.simulator.directory import (
    CLIENT,
    MAIN,
    MORE_SUPPLIERS,
    OTHER,
    OTHER_CLIENT,
    OTHER_SUPPLIER,
    OTHER_TAX,
    SECOND_CLIENT,
    SECOND_SUPPLIER,
    SUPPLIER,
    TAX_0,
    TAX_6,
    TAX_21,
    make_id,
)

# The two examples: the provider's own, and that of the wire notes (4).
EXAMPLE = "ba775d2a3f9612ab288489f20ceab582f7f62fd5"
NOTES_EXAMPLE = "3b9f2c1d7a60e48f95c2b1a0d4e7f68890ab12cd"
NOTES_EXAMPLE_LINE = "99aa88bb77cc66dd55ee44ff3300221100ffeedd"

INVOICE_DRAFT = make_id("invoice draft")
INVOICE_UNNUMBERED = make_id("invoice approved without a number")
INVOICE_PART_PAID = make_id("invoice part paid")
INVOICE_PAID = make_id("invoice paid")
INVOICE_WITHOUT_LINES = make_id("invoice without lines")
INVOICE_ZERO = make_id("invoice zero")
INVOICE_CLOSED = make_id("invoice closed")
INVOICE_STRANGE = make_id("invoice strange")
INVOICE_DOLLARS = make_id("invoice dollars")
PURCHASE_DRAFT = make_id("purchase draft")
PURCHASE_UNNUMBERED = make_id("purchase approved without a number")
PURCHASE_PART_PAID = make_id("purchase part paid")
PURCHASE_PAID = make_id("purchase paid")
PURCHASE_WITHOUT_LINES = make_id("purchase without lines")
PURCHASE_ZERO = make_id("purchase zero")
PURCHASE_CLOSED = make_id("purchase closed")
PURCHASE_STRANGE = make_id("purchase strange")
PURCHASE_DOLLARS = make_id("purchase dollars")
PURCHASE_ATTACHED = make_id("purchase attached")
OTHER_INVOICE = make_id("invoice museum draft")
OTHER_INVOICE_APPROVED = make_id("invoice museum approved")
OTHER_PURCHASE = make_id("purchase museum draft")

STRANGE_STATUS = "in_review"


class LineSeed(msgspec.Struct, frozen=True, kw_only=True):
    """One line to start with; *price* is what somebody typed."""

    price: str
    id: str | None = None
    title: str = "Work"
    quantity: str = "1"
    tax_id: str = TAX_21
    include_tax: bool = False


class Seed(msgspec.Struct, frozen=True, kw_only=True):
    """One document to start with; *paid* are the payments of it."""

    kind: Literal["invoice", "purchase"]
    id: str
    contact_id: str
    created: date
    updated: date | None = None
    issued: date | None = None
    status: str = "draft"
    number: str = "-"
    currency: str = "EUR"
    reference: str | None = None
    lines: tuple[LineSeed, ...] = ()
    paid: tuple[str, ...] = ()
    attachments: tuple[str, ...] = ()
    organization_id: str = MAIN


_MIXED = (
    LineSeed(title="Consulting", price="50", tax_id=TAX_6, include_tax=True),
    LineSeed(title="Licence", price="249.99", quantity="2"),
    LineSeed(title="Travel", price="0.42", quantity="137.5", tax_id=TAX_0),
)
_ONE = (LineSeed(title="Paper", price="45", quantity="10"),)
_FREE = (LineSeed(title="Sample", price="0"),)
_MUSEUM = (LineSeed(title="Tickets", price="12", quantity="30", tax_id=OTHER_TAX),)


def _documents(
    kind: Literal["invoice", "purchase"], first: str, second: str
) -> tuple[Seed, ...]:
    """Return what there is of either kind; *first* and *second* are contacts."""
    invoice = kind == "invoice"
    return (
        Seed(
            kind=kind,
            id=INVOICE_DRAFT if invoice else PURCHASE_DRAFT,
            contact_id=first,
            created=date(2026, 10, 30),
            reference="ORDER-77",
            lines=_MIXED,
        ),
        Seed(
            kind=kind,
            id=INVOICE_UNNUMBERED if invoice else PURCHASE_UNNUMBERED,
            contact_id=second,
            created=date(2026, 10, 12),
            updated=date(2026, 10, 14),
            status="approved",
            lines=_ONE,
        ),
        Seed(
            kind=kind,
            id=INVOICE_PART_PAID if invoice else PURCHASE_PART_PAID,
            contact_id=first,
            created=date(2026, 9, 21),
            updated=date(2026, 10, 5),
            status="approved",
            number="INV-00917" if invoice else "DP-2026-311",
            lines=_ONE,
            paid=("200",),
        ),
        Seed(
            kind=kind,
            id=INVOICE_PAID if invoice else PURCHASE_PAID,
            contact_id=second,
            created=date(2026, 8, 3),
            updated=date(2026, 8, 31),
            status="paid",
            number="INV-00871" if invoice else "BS-4402",
            lines=_ONE,
            paid=("500", "44.5"),
        ),
        Seed(
            kind=kind,
            id=INVOICE_WITHOUT_LINES if invoice else PURCHASE_WITHOUT_LINES,
            contact_id=first,
            created=date(2026, 10, 27),
        ),
        Seed(
            kind=kind,
            id=INVOICE_ZERO if invoice else PURCHASE_ZERO,
            contact_id=second,
            created=date(2026, 10, 27),
            lines=_FREE,
        ),
        Seed(
            kind=kind,
            id=INVOICE_CLOSED if invoice else PURCHASE_CLOSED,
            contact_id=first,
            created=date(2026, 1, 8),
            issued=date(2025, 12, 31),
            lines=_ONE,
        ),
        Seed(
            kind=kind,
            id=INVOICE_STRANGE if invoice else PURCHASE_STRANGE,
            contact_id=second,
            created=date(2026, 10, 19),
            status=STRANGE_STATUS,
            lines=_ONE,
        ),
        Seed(
            kind=kind,
            id=INVOICE_DOLLARS if invoice else PURCHASE_DOLLARS,
            contact_id=second,
            created=date(2026, 10, 29),
            currency="USD",
            reference="US-OFFICE",
            lines=(LineSeed(title="Services", price="1234.56", tax_id=TAX_0),),
        ),
    )


SITUATIONS = (
    Seed(
        kind="invoice",
        id=EXAMPLE,
        contact_id=CLIENT,
        created=date(2026, 10, 28),
        lines=(
            LineSeed(title="Workshop", price="100", include_tax=True),
            LineSeed(title="Preparation", price="100"),
        ),
    ),
    Seed(
        kind="invoice",
        id=NOTES_EXAMPLE,
        contact_id=CLIENT,
        created=date(2026, 2, 2),
        updated=date(2026, 2, 3),
        reference="PO-881",
        lines=(
            LineSeed(
                id=NOTES_EXAMPLE_LINE, title="Consulting", price="100", quantity="5"
            ),
        ),
    ),
    *_documents("invoice", CLIENT, SECOND_CLIENT),
    *_documents("purchase", SUPPLIER, SECOND_SUPPLIER),
    Seed(
        kind="purchase",
        id=PURCHASE_ATTACHED,
        contact_id=MORE_SUPPLIERS["Atlas Freight"],
        created=date(2026, 10, 28),
        number="AF-90112",
        lines=(LineSeed(title="Freight", price="318.2"),),
        attachments=("invoice.pdf", "delivery-note.pdf"),
    ),
    Seed(
        kind="invoice",
        id=OTHER_INVOICE,
        organization_id=OTHER,
        contact_id=OTHER_CLIENT,
        created=date(2026, 10, 26),
        lines=_MUSEUM,
    ),
    Seed(
        kind="invoice",
        id=OTHER_INVOICE_APPROVED,
        organization_id=OTHER,
        contact_id=OTHER_CLIENT,
        created=date(2026, 10, 2),
        status="approved",
        number="M-00017",
        lines=_MUSEUM,
    ),
    Seed(
        kind="purchase",
        id=OTHER_PURCHASE,
        organization_id=OTHER,
        contact_id=OTHER_SUPPLIER,
        created=date(2026, 10, 26),
        lines=_MUSEUM,
    ),
)
