"""Pure functions from Ottimate's JSON to records, and what they assume of it.

Facts: docs.ottimate.com, "API Reference" and "Invoice Approvals", state of mid-2026.
What those pages leave open about bodies is assumed here and nowhere else in the
connector; each such place says "Assumed".
"""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct

from gateway.approvals import create_invoice_state
from gateway.domain import (
    POSSIBLE_YEARS,
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
from gateway.providers.ottimate import shapes
from gateway.settings import is_word

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
POSSIBLE_KINDS = frozenset({*_KINDS.values(), InvoiceKind.UNKNOWN})

# Sent only where an account's approver records carry a status at all. Assumed (A!).
_APPROVER_STATUSES = {
    "pending": ApproverStatus.PENDING,
    "approved": ApproverStatus.APPROVED,
}

PROVIDER = ProviderName.OTTIMATE


class InvoicePage(Struct, frozen=True):
    """A page of invoices as records; *count* is of all that match."""

    count: int
    invoices: list[InvoiceRecord]


_TOKEN = msgspec.json.Decoder(shapes.Token, strict=False)
_INVOICES = msgspec.json.Decoder(shapes.Invoices)
_DETAILS = msgspec.json.Decoder(shapes.InvoiceDetails)
_APPROVALS = msgspec.json.Decoder(shapes.Approvals)
_ADDED = msgspec.json.Decoder(shapes.Added)
_OBJECT = msgspec.json.Decoder(dict[str, Any])


# What decoding raises for bytes that are no JSON, no UTF-8, or nested without end.
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_WRITTEN_OBJECTS = ("invoice", "approver")
# Amounts beyond are no amounts, and would be written out digit by digit.
_MOST_DIGITS = 30


def parse_token(body: bytes) -> shapes.Token:
    """Return the token that a sign-in gave.

    Raises:
        ValueError: It could not stand in a header.
    """
    token = _TOKEN.decode(body)
    if not is_word(token.access_token):
        raise ValueError("a token of other characters than a header's")
    return token


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
    except _UNREADABLE:
        return None


def add_approver_body(user_id: str) -> dict[str, str]:
    """Return the body that asks a person to approve. Assumed (A!): its form."""
    return {"approver_id": user_id}


def acknowledges(body: bytes) -> bool:
    """Return whether the body of a write's 2xx is one that the application sends.

    Assumed: it is empty, says `success`, or has the object that was written. What a
    proxy in between might answer is none of these, and `success: false` is no success.
    """
    members = parse_object(body)
    if not body.strip() or members.get("success") is True:
        return True
    has_object = any(isinstance(members.get(one), dict) for one in _WRITTEN_OBJECTS)
    return has_object and "success" not in members


def parse_object(body: bytes) -> dict[str, Any]:
    """Return the members of a JSON object, or none where the body is none.

    Quirk: an error is ``{code, message, request_id, timestamp}`` if the application
    answers, ``{message}`` if what stands in front of it does, and some answers are
    empty or no JSON.
    """
    try:
        return _OBJECT.decode(body)
    except _UNREADABLE:
        return {}


def source_statuses(
    statuses: Sequence[InvoiceStatus] | None, states: Sequence[ApprovalState] | None
) -> list[str]:
    """Return Ottimate's words for what both filters let through."""
    return [
        word
        for word, status in _STATUSES.items()
        if (statuses is None or status in statuses)
        and (states is None or create_invoice_state(status) in states)
    ]


def _invoice_record(row: shapes.Invoice) -> InvoiceRecord:
    if row.created_at.year not in POSSIBLE_YEARS:
        raise ValueError("an invoice that came at no time")
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
        issue_date=_date(row.invoice_date),
        due_date=_date(row.due_date),
        created_at=row.created_at,
        updated_at=_instant(row.last_modified_date),
        approved_at=_instant(row.approved_date),
        url=row.url,
        attachments=[
            AttachmentRecord(name=None, url=image.url) for image in row.images or []
        ],
        approval_state=create_invoice_state(status),
        approvers_status=(
            ApproverStatus.UPCOMING
            if status in _BEFORE_APPROVAL
            else ApproverStatus.UNKNOWN
        ),
    )


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _instant(text: str | None) -> datetime | None:
    if not text:
        return None
    instant = msgspec.convert(text, shapes.Instant, strict=False)
    # A "zero time" stands for none.
    return instant if instant.year in POSSIBLE_YEARS else None


def _title(number: str | None, vendor: str | None) -> str:
    return " · ".join(part for part in (vendor, number) if part) or "Invoice"


def _counterparty(name: str | None) -> CounterpartyRecord | None:
    # The object names the vendor without its id.
    return CounterpartyRecord(source_id=None, name=name) if name else None


def _money(amount: Decimal | None, currency: str | None) -> MoneyRecord | None:
    if amount is None:
        return None
    return MoneyRecord(amount=_number(amount), currency=currency or None)


def _number(number: Decimal) -> Decimal:
    """Return a number that can be written out.

    Raises:
        ValueError: It is none, or has digits without end.
    """
    if not number.is_finite() or abs(number.adjusted()) > _MOST_DIGITS:
        raise ValueError("an amount that is none")
    return number


def _lines(
    items: list[shapes.Item] | None, currency: str | None
) -> list[LineRecord] | None:
    if items is None:
        return None
    return [
        LineRecord(
            description=item.name,
            quantity=None if item.quantity is None else _number(item.quantity),
            unit_price=_money(item.price, currency),
            total=_money(item.extended_price, currency),
        )
        for item in items
    ]


def _history(events: list[shapes.Event] | None) -> list[HistoryRecord] | None:
    if events is None:
        return None
    records = [
        HistoryRecord(
            at=event.date,
            event=event.reason or None,
            user=_person(event.user),
            message=event.message or None,
        )
        for event in events
    ]
    return sorted(records, key=lambda record: record.at)


def _person(person: shapes.Person | None) -> UserRecord | None:
    if person is None:
        return None
    names = " ".join(name for name in (person.first_name, person.last_name) if name)
    return UserRecord(
        source_id=None if person.id is None else str(person.id),
        display_name=names or None,
        email=person.email or None,
    )


def _approver_record(approval: shapes.Approval, invoice_id: str) -> ApproverRecord:
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
        decided_at=_instant(approval.approved_date),
    )


def _policy_record(
    policy: shapes.Policy | None, invoice_id: str
) -> PolicyRecord | None:
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
