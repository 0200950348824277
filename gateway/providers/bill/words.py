"""BILL's words, and the graph's for each: every table in one place.

The tables of ``approvalStatus``, ``paymentStatus`` and of an approver's ``status``
are on developer.bill.com/v2 (Bill, BillApprover) and in BILL's own Java client,
checked in November 2026. A value that nobody documented maps to UNKNOWN.
"""

from collections.abc import Mapping
from enum import StrEnum

from gateway.approvals import create_invoice_state
from gateway.domain import (
    ApprovalState,
    ApproverStatus,
    Capability,
    InvoiceKind,
    InvoiceStatus,
    ProviderName,
)

# What there are calls for; whether a person may is their profile's, or rights'.
CAPABILITIES = frozenset(
    {
        Capability.READ_INVOICES,
        Capability.READ_APPROVERS,
        Capability.APPROVE,
        Capability.REJECT,
        Capability.ADD_APPROVER,
        Capability.REMOVE_APPROVER,
        Capability.SET_APPROVERS,
        Capability.CLEAR_APPROVERS,
        Capability.READ_POLICIES,
        Capability.MANAGE_POLICIES,
        Capability.READ_QUEUE,
    }
)

PROVIDER = ProviderName.BILL

ACTIVE = "1"
DELETED = "2"

# Quirk: a reference to nothing is twenty zeros, not null ("ListUserApprovals").
NOTHING = "0" * 20

# The largest page of a list; an older copy of the page says 1000 (C6).
# Calls at a time per developer key and organization, whoever acts ("API rate limits").
SLOTS = 3
PAGE = 999
# The most ids in one `in`; not published (A).
BATCH = 100


class Entity(StrEnum):
    """What can be approved, as BILL names it."""

    BILL = "Bill"
    VENDOR_CREDIT = "VendorCredit"


KINDS: Mapping[Entity, InvoiceKind] = {
    Entity.BILL: InvoiceKind.BILL,
    Entity.VENDOR_CREDIT: InvoiceKind.VENDOR_CREDIT,
}

# `type` of a policy; "1" is assumed (A).
POLICY_TYPES: Mapping[str, Entity] = {"0": Entity.BILL, "1": Entity.VENDOR_CREDIT}

UNASSIGNED = "0"
DENIED = "5"
# `paymentStatus`: paid in full; and what is not paid yet, nor about to be.
PAID = "0"
OPEN_PAYMENTS = frozenset({"", "1"})

# `approvalStatus`; "5" is denied in BILL's own client, though many guess "2" (C1).
STATUS_NAMES: Mapping[str, str] = {
    UNASSIGNED: "Unassigned",
    "1": "Assigned",
    "4": "Approving",
    "3": "Approved",
    DENIED: "Denied",
}

STATUSES: Mapping[str, InvoiceStatus] = {
    UNASSIGNED: InvoiceStatus.UNASSIGNED,
    "1": InvoiceStatus.PENDING_APPROVAL,
    "4": InvoiceStatus.PENDING_APPROVAL,
    "3": InvoiceStatus.APPROVED,
    DENIED: InvoiceStatus.REJECTED,
}

# What Unassigned means depends on the policies; see `wire.invoice_record`.
STATES: Mapping[str, ApprovalState] = {
    value: create_invoice_state(status)
    for value, status in STATUSES.items()
    if value != UNASSIGNED
}

# `status` of an approver: 5 Upcoming, 0 Waiting, 1 Viewed, 2 Rerouted, 3 Denied,
# 4 Approved, 6 Stale. Rerouted and Stale are out of the chain.
APPROVER_STATUSES: Mapping[str, ApproverStatus] = {
    "5": ApproverStatus.UPCOMING,
    "0": ApproverStatus.PENDING,
    "1": ApproverStatus.PENDING,
    "2": ApproverStatus.SKIPPED,
    "3": ApproverStatus.REJECTED,
    "4": ApproverStatus.APPROVED,
    "6": ApproverStatus.SKIPPED,
}

# Bills begin with 00n; the prefix of vendor credits is known second-hand only, so
# they are what begins as nothing else does ("Key Concepts").
_BILL_PREFIX = "00n"
_OTHER_PREFIXES = ("006", "008", "009", "bli", "app", "apa", "0ca", "bac", "0ba", "0po")
_ID_LENGTH = 20


def is_id(text: str) -> bool:
    """Return whether BILL can have an object of this id."""
    return len(text) == _ID_LENGTH and text.isascii() and text.isalnum()


def entity_of(invoice_id: str) -> Entity | None:
    """Return what an id names, or None where it names nothing to approve."""
    if not is_id(invoice_id) or invoice_id == NOTHING:
        return None
    if invoice_id.startswith(_BILL_PREFIX):
        return Entity.BILL
    if invoice_id.startswith(_OTHER_PREFIXES):
        return None
    return Entity.VENDOR_CREDIT
