"""Accounteer's words, and what they mean here.

Facts: developer.accounteer.com, "Approve Invoice", "Get Invoice" and the menu of calls,
read in public copies in November 2026. Those pages say nothing of statuses beside
``approved``, of paging, filters, errors and limits: what stands here of these is
assumed, and stands in this folder alone.
"""

from collections.abc import Mapping
from enum import StrEnum

from gateway.approvals import create_invoice_state
from gateway.domain import (
    InvoiceFilter,
    InvoiceKind,
    InvoiceStatus,
    ProviderName,
)

PROVIDER = ProviderName.ACCOUNTEER

# The largest page that is asked for. It is a number that no server has by itself, so
# that a page of just so many rows shows that `limit` is honoured.
PAGE = 99
# What a client keeps itself to. Assumed.
CALLS_PER_SECOND = 2
CALLS_IN_FLIGHT = 4

DRAFT = "draft"
APPROVED = "approved"
# Assumed, but for `approved`; anything else is unknown, and not approvable.
STATUSES: Mapping[str, InvoiceStatus] = {
    DRAFT: InvoiceStatus.DRAFT,
    APPROVED: InvoiceStatus.APPROVED,
    "paid": InvoiceStatus.PAID,
}

# A document that has no number yet has this in its place ("Approve Invoice").
NO_NUMBER = "-"


class Collection(StrEnum):
    """What keeps documents; each is a path."""

    INVOICES = "invoices"
    PURCHASES = "purchases"


CONTACTS = "contacts"
KINDS: Mapping[Collection, InvoiceKind] = {
    Collection.INVOICES: InvoiceKind.INVOICE,
    Collection.PURCHASES: InvoiceKind.PURCHASE,
}
# What an object is wrapped in when it is sent ("Approve Invoice"); a purchase's is
# assumed.
WRAPPERS: Mapping[Collection, str] = {
    Collection.INVOICES: "invoice",
    Collection.PURCHASES: "purchase",
}
TITLES: Mapping[Collection, str] = {
    Collection.INVOICES: "Invoice",
    Collection.PURCHASES: "Purchase",
}


def source_words(wanted: InvoiceFilter) -> list[str] | None:
    """Return the statuses that a filter lets pass; None where unknown ones may, too."""
    if wanted.statuses is None and wanted.states is None:
        return None
    if _passes(wanted, InvoiceStatus.UNKNOWN):
        return None
    return [word for word, status in STATUSES.items() if _passes(wanted, status)]


def _passes(wanted: InvoiceFilter, status: InvoiceStatus) -> bool:
    by_status = wanted.statuses is None or status in wanted.statuses
    return by_status and (
        wanted.states is None or create_invoice_state(status) in wanted.states
    )
