"""Ottimate's JSON and the pure functions that turn it into records.

Facts: docs.ottimate.com, "API Reference" and "Invoice Approvals", state of mid-2026.
What those pages leave open is assumed here and nowhere else in the connector; each
such place says "Assumed".
"""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

import msgspec
from msgspec import Struct

from gateway.domain import (
    ApprovalState,
    ApproverRecord,
    ApproverStatus,
    AttachmentRecord,
    CounterpartyRecord,
    HistoryRecord,
    InvoiceDetailsRecord,
    InvoiceKind,
    InvoiceRecord,
    InvoiceStatus,
    LineRecord,
    MoneyRecord,
    PolicyRecord,
    ProviderName,
    UserRecord,
    encode_id,
)

# Quirk: `approved` and `ready-for-export` mean the same. Assumed; "Invoice lifecycle"
# describes both as approved.
_STATUSES = {
    "processing": InvoiceStatus.PROCESSING,
    "incomplete": InvoiceStatus.INCOMPLETE,
    "needs-attention": InvoiceStatus.NEEDS_ATTENTION,
    "pending-approval": InvoiceStatus.PENDING_APPROVAL,
    "approved": InvoiceStatus.APPROVED,
    "ready-for-export": InvoiceStatus.APPROVED,
    "exported": InvoiceStatus.EXPORTED,
    "archived": InvoiceStatus.ARCHIVED,
}

_STATES = {
    InvoiceStatus.PENDING_APPROVAL: ApprovalState.PENDING,
    InvoiceStatus.APPROVED: ApprovalState.APPROVED,
    InvoiceStatus.EXPORTED: ApprovalState.APPROVED,
}

# Assumed (A!): before these end nobody can approve, and a flag back to `incomplete`
# discards what was approved. Every other state proves nothing about one approver: a
# policy needs only its minimum, and a forced approval leaves open records behind.
_BEFORE_APPROVAL = frozenset(
    {
        InvoiceStatus.PROCESSING,
        InvoiceStatus.INCOMPLETE,
        InvoiceStatus.NEEDS_ATTENTION,
    }
)

# Assumed: where an approver can still be added.
OPEN_FOR_APPROVERS = _BEFORE_APPROVAL | {InvoiceStatus.PENDING_APPROVAL}

_KINDS = {"invoice": InvoiceKind.INVOICE, "credit_memo": InvoiceKind.CREDIT_MEMO}

# Sent only where an account's approver records carry a status at all. Assumed (A!).
_APPROVER_STATUSES = {
    "pending": ApproverStatus.PENDING,
    "approved": ApproverStatus.APPROVED,
}

PROVIDER = ProviderName.OTTIMATE

# A time without an offset would be a guess.
Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class Token(Struct, frozen=True):
    """The answer of the token endpoint."""

    access_token: str
    expires_in: float


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
    invoice_date: date | None = None
    due_date: date | None = None
    total_amount: Decimal | None = None
    total_tax: Decimal | None = None
    outstanding_balance: Decimal | None = None
    currency: str | None = None
    type: str | None = None
    approved_date: Instant | None = None
    last_modified_date: Instant | None = None
    url: str | None = None
    images: list[Image] | None = None


class Invoices(Struct, frozen=True):
    """The answer of ``GET /invoices``."""

    count: int
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
    approved_date: Instant | None = None


class Approvals(Struct, frozen=True):
    """The answer of ``GET /invoices/{id}/approvers``."""

    approvers: list[Approval]


class _Added(Struct, frozen=True):
    approver: Approval


class InvoicePage(Struct, frozen=True):
    """A page of invoices as records; *count* is of all that match."""

    count: int
    invoices: list[InvoiceRecord]


_TOKEN = msgspec.json.Decoder(Token, strict=False)
_INVOICES = msgspec.json.Decoder(Invoices)
_DETAILS = msgspec.json.Decoder(InvoiceDetails)
_APPROVALS = msgspec.json.Decoder(Approvals)
_ADDED = msgspec.json.Decoder(_Added)
_ERROR = msgspec.json.Decoder(dict[str, Any])


def parse_token(body: bytes) -> Token:
    """Return the token that a sign-in gave."""
    return _TOKEN.decode(body)


def parse_invoices(body: bytes) -> InvoicePage:
    """Return a page of the list."""
    page = _INVOICES.decode(body)
    return InvoicePage(
        count=page.count, invoices=[_invoice_record(row) for row in page.results]
    )


def parse_details(body: bytes) -> InvoiceDetailsRecord:
    """Return what the single read adds; None for what it left out."""
    details = _DETAILS.decode(body)
    return InvoiceDetailsRecord(
        lines=_lines(details.items, details.currency),
        history=_history(details.history),
    )


def parse_approvers(body: bytes, invoice_id: str) -> list[ApproverRecord]:
    """Return the approval records of the invoice, in the order of the answer."""
    return [
        _approver_record(approval, invoice_id)
        for approval in _APPROVALS.decode(body).approvers
    ]


def parse_added_approver(body: bytes) -> str | None:
    """Return the id of the record that an add made, or None if the body hides it.

    The body of that answer is unpublished, so any is accepted.
    """
    try:
        return _ADDED.decode(body).approver.id
    except msgspec.DecodeError:
        return None


def parse_error(body: bytes) -> dict[str, Any]:
    """Return an error's members, or none where the body is no JSON object.

    Quirk: the application answers ``{code, message, request_id, timestamp}``, what
    stands in front of it ``{message}``, and some answers are empty or no JSON.
    """
    try:
        return _ERROR.decode(body)
    except msgspec.DecodeError:
        return {}


def source_statuses(
    statuses: Sequence[InvoiceStatus] | None, states: Sequence[ApprovalState] | None
) -> list[str]:
    """Return Ottimate's words for what both filters let through."""
    return [
        word
        for word, status in _STATUSES.items()
        if (statuses is None or status in statuses)
        and (states is None or approval_state(status) in states)
    ]


def approval_state(status: InvoiceStatus) -> ApprovalState:
    """Return how far an invoice of this status is with its approval."""
    return _STATES.get(status, ApprovalState.UNKNOWN)


def _invoice_record(row: Invoice) -> InvoiceRecord:
    status = _STATUSES.get(row.status, InvoiceStatus.UNKNOWN)
    number = row.invoice_number or row.number
    return InvoiceRecord(
        id=encode_id("Invoice", PROVIDER, row.id),
        provider=PROVIDER,
        source_id=row.id,
        kind=_KINDS.get(row.type or "", InvoiceKind.UNKNOWN),
        title=_title(number, row.ottimate_vendor_name),
        number=number,
        status=status,
        source_status=row.status,
        counterparty=_counterparty(row.ottimate_vendor_name),
        location_name=row.ottimate_location_name,
        total=_money(row.total_amount, row.currency),
        tax=_money(row.total_tax, row.currency),
        amount_due=_money(row.outstanding_balance, row.currency),
        issue_date=row.invoice_date,
        due_date=row.due_date,
        created_at=row.created_at,
        updated_at=row.last_modified_date,
        approved_at=row.approved_date,
        url=row.url,
        attachments=[
            AttachmentRecord(name=None, url=image.url) for image in row.images or []
        ],
        approval_state=approval_state(status),
        approvers_status=(
            ApproverStatus.UPCOMING
            if status in _BEFORE_APPROVAL
            else ApproverStatus.UNKNOWN
        ),
    )


def _title(number: str | None, vendor: str | None) -> str:
    return " · ".join(part for part in (vendor, number) if part) or "Invoice"


def _counterparty(name: str | None) -> CounterpartyRecord | None:
    # The object names the vendor without its id.
    return CounterpartyRecord(source_id=None, name=name) if name else None


def _money(amount: Decimal | None, currency: str | None) -> MoneyRecord | None:
    if amount is None:
        return None
    return MoneyRecord(amount=amount, currency=currency or None)


def _lines(items: list[Item] | None, currency: str | None) -> list[LineRecord] | None:
    if items is None:
        return None
    return [
        LineRecord(
            description=item.name,
            quantity=item.quantity,
            unit_price=_money(item.price, currency),
            total=_money(item.extended_price, currency),
        )
        for item in items
    ]


def _history(events: list[Event] | None) -> list[HistoryRecord] | None:
    if events is None:
        return None
    records = [
        HistoryRecord(
            at=event.date,
            event=event.reason or "",
            user=_person(event.user),
            message=event.message or None,
        )
        for event in events
    ]
    return sorted(records, key=lambda record: record.at)


def _person(person: Person | None) -> UserRecord | None:
    if person is None:
        return None
    names = " ".join(name for name in (person.first_name, person.last_name) if name)
    return UserRecord(
        source_id=None if person.id is None else str(person.id),
        display_name=names or None,
        email=person.email or None,
    )


def _approver_record(approval: Approval, invoice_id: str) -> ApproverRecord:
    policy = _policy_record(approval.policy, invoice_id)
    told_status = None
    if approval.status is not None:
        told_status = _APPROVER_STATUSES.get(approval.status, ApproverStatus.UNKNOWN)
    return ApproverRecord(
        id=encode_id("Approver", PROVIDER, approval.id, invoice_id),
        provider=PROVIDER,
        source_id=approval.id,
        invoice_source_id=invoice_id,
        user=UserRecord(
            source_id=str(approval.approver.id),
            display_name=approval.approver.display_name or None,
            email=approval.approver.email or None,
        ),
        policy=policy,
        is_manual=policy is None,
        added_at=approval.created_date,
        told_status=told_status,
        decided_at=approval.approved_date,
    )


def _policy_record(policy: Policy | None, invoice_id: str) -> PolicyRecord | None:
    """Return the policy, or None for a record that was added by hand.

    Quirk: "Invoice Approvals" shows empty text there, the reference ``null``.
    """
    if policy is None or not policy.id:
        return None
    return PolicyRecord(
        # No call reads a policy, so its id leads back through the invoice.
        id=encode_id("Policy", PROVIDER, policy.id, invoice_id),
        provider=PROVIDER,
        source_id=policy.id,
        name=policy.name or None,
    )
