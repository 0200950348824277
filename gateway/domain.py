"""The records and closed sets that all providers share, and the global id.

A record holds what one provider told, already in the graph's terms; ``None`` means
that the provider does not tell. Records are the sources of the GraphQL types in
``schema``: a leaf field there is an attribute here.
"""

import base64
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

import msgspec
from msgspec import Struct

from gateway.errors import InvalidInputError

# Instants outside are a slip, and some calendars upstream have no room for them.
POSSIBLE_YEARS = range(1900, 3000)


class ProviderName(StrEnum):
    """The approval systems behind the graph."""

    OTTIMATE = "OTTIMATE"


class Capability(StrEnum):
    """What a provider's account can be asked to do."""

    READ_INVOICES = "READ_INVOICES"
    READ_APPROVERS = "READ_APPROVERS"
    READ_HISTORY = "READ_HISTORY"
    APPROVE = "APPROVE"
    FORCE_APPROVE = "FORCE_APPROVE"
    REJECT = "REJECT"
    ADD_APPROVER = "ADD_APPROVER"
    REMOVE_APPROVER = "REMOVE_APPROVER"
    SET_APPROVERS = "SET_APPROVERS"


class ViewerAction(StrEnum):
    """What a caller can do with an object now."""

    APPROVE = "APPROVE"
    FORCE_APPROVE = "FORCE_APPROVE"
    REJECT = "REJECT"
    ADD_APPROVER = "ADD_APPROVER"
    REMOVE_APPROVER = "REMOVE_APPROVER"
    SET_APPROVERS = "SET_APPROVERS"


class InvoiceKind(StrEnum):
    """What sort of document an invoice is."""

    INVOICE = "INVOICE"
    CREDIT_MEMO = "CREDIT_MEMO"
    UNKNOWN = "UNKNOWN"


class InvoiceStatus(StrEnum):
    """Where an invoice stands in its life, in one set of words for all providers."""

    PROCESSING = "PROCESSING"
    INCOMPLETE = "INCOMPLETE"
    NEEDS_ATTENTION = "NEEDS_ATTENTION"
    PENDING_APPROVAL = "PENDING_APPROVAL"
    APPROVED = "APPROVED"
    EXPORTED = "EXPORTED"
    ARCHIVED = "ARCHIVED"
    UNKNOWN = "UNKNOWN"


class ApprovalState(StrEnum):
    """How far the approval of an object is."""

    NOT_REQUIRED = "NOT_REQUIRED"
    PENDING = "PENDING"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    UNKNOWN = "UNKNOWN"


class ApproverStatus(StrEnum):
    """How far one approver is."""

    PENDING = "PENDING"
    UPCOMING = "UPCOMING"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    SKIPPED = "SKIPPED"
    UNKNOWN = "UNKNOWN"


class ProgressRule(StrEnum):
    """How many of the approvers must approve."""

    ALL = "ALL"
    ANY = "ANY"
    AT_LEAST = "AT_LEAST"
    IN_ORDER = "IN_ORDER"
    UNKNOWN = "UNKNOWN"


class Outcome(StrEnum):
    """What is known to have happened to a write."""

    APPLIED = "APPLIED"
    ALREADY_APPLIED = "ALREADY_APPLIED"
    REFUSED = "REFUSED"
    UNKNOWN = "UNKNOWN"


class InvoiceOrderField(StrEnum):
    """What a list of invoices can be ordered by."""

    CREATED_AT = "CREATED_AT"
    ISSUE_DATE = "ISSUE_DATE"
    DUE_DATE = "DUE_DATE"
    UPDATED_AT = "UPDATED_AT"
    TOTAL = "TOTAL"


class OrderDirection(StrEnum):
    """Which end of an order comes first."""

    ASC = "ASC"
    DESC = "DESC"


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
    """A place in the list's default order: the row that came last."""

    created_at: datetime
    id: str

    def precedes(self, created_at: datetime, id: str) -> bool:  # noqa: A002 - its name
        """Return whether a row with these values comes after this place."""
        if created_at == self.created_at:
            return id > self.id
        return created_at < self.created_at


class GlobalID(Struct, frozen=True, array_like=True):
    """What an opaque id stands for: a type, a provider, and the provider's own ids.

    *parent* is the id of the object through which the provider can read this one
    again (an Ottimate approver: its invoice), or "".
    """

    version: int
    type_name: str
    provider: ProviderName
    source_id: str
    parent: str = ""


_ID_VERSION = 1
_ID_DECODER = msgspec.json.Decoder(GlobalID)


def encode_id(
    type_name: str, provider: ProviderName, source_id: str, parent: str = ""
) -> str:
    """Return the opaque global id of an object."""
    packed = msgspec.json.encode(
        GlobalID(_ID_VERSION, type_name, provider, source_id, parent)
    )
    return base64.urlsafe_b64encode(packed).rstrip(b"=").decode("ascii")


def decode_id(text: str) -> GlobalID:
    """Return what *text*, an id made by :func:`encode_id`, stands for.

    Raises:
        InvalidInputError: *text* is not such an id, to the letter.
    """
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        packed = base64.b64decode(padded, altchars=b"-_", validate=True)
        decoded = _ID_DECODER.decode(packed)
    except (ValueError, RecursionError, msgspec.DecodeError) as error:
        raise _malformed_id() from error
    canonical = encode_id(
        decoded.type_name, decoded.provider, decoded.source_id, decoded.parent
    )
    if decoded.version != _ID_VERSION or canonical != text:
        raise _malformed_id()
    return decoded


def _malformed_id() -> InvalidInputError:
    return InvalidInputError(
        "This is not an id of this graph. Send an `id` exactly as a query returned it; "
        "a provider's own id goes to `invoiceBySource`."
    )


class MoneyRecord(Struct, frozen=True, kw_only=True):
    """An exact amount; *currency* is an ISO 4217 code."""

    amount: Decimal
    currency: str | None


class CounterpartyRecord(Struct, frozen=True, kw_only=True):
    """The other side of an invoice."""

    source_id: str | None
    name: str | None


class UserRecord(Struct, frozen=True, kw_only=True):
    """A person as a provider knows them."""

    source_id: str | None
    display_name: str | None
    email: str | None


class PolicyRecord(Struct, frozen=True, kw_only=True):
    """The rule by which a provider asks for approvers."""

    id: str
    provider: ProviderName
    source_id: str
    name: str | None
    applies_to: InvoiceKind | None = None
    amount_threshold: MoneyRecord | None = None
    minimum_approvers: int | None = None
    is_active: bool | None = None
    mandatory_approvers: list[UserRecord] | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


class ApproverRecord(Struct, frozen=True, kw_only=True):
    """One approval record: that a person is asked to approve an invoice.

    *told_status* is the status that the provider gives for this record, or None
    where it gives none.
    """

    id: str
    provider: ProviderName
    source_id: str
    invoice_source_id: str
    user: UserRecord
    policy: PolicyRecord | None
    is_manual: bool
    added_at: datetime | None
    told_status: ApproverStatus | None
    decided_at: datetime | None
    position: int | None = None


class AttachmentRecord(Struct, frozen=True, kw_only=True):
    """A file that belongs to an invoice."""

    name: str | None
    url: str


class LineRecord(Struct, frozen=True, kw_only=True):
    """One line of an invoice."""

    description: str | None
    quantity: Decimal | None
    unit_price: MoneyRecord | None
    total: MoneyRecord | None


class HistoryRecord(Struct, frozen=True, kw_only=True):
    """Something that happened to an invoice, in the provider's own words."""

    at: datetime
    event: str | None
    user: UserRecord | None
    message: str | None


class InvoiceRecord(Struct, frozen=True, kw_only=True):
    """A document that somebody must approve before it is paid.

    *approvers_status* is what the invoice's own state proves about every approver
    for whom the provider tells no status.
    """

    id: str
    provider: ProviderName
    source_id: str
    kind: InvoiceKind
    title: str
    number: str | None
    status: InvoiceStatus
    source_status: str
    counterparty: CounterpartyRecord | None
    location_name: str | None
    total: MoneyRecord | None
    tax: MoneyRecord | None
    amount_due: MoneyRecord | None
    issue_date: date | None
    due_date: date | None
    created_at: datetime
    updated_at: datetime | None
    approved_at: datetime | None
    url: str | None
    attachments: list[AttachmentRecord]
    approval_state: ApprovalState
    approvers_status: ApproverStatus


class InvoiceDetailsRecord(Struct, frozen=True, kw_only=True):
    """What only the read of a single invoice tells; history is oldest first."""

    lines: list[LineRecord] | None
    history: list[HistoryRecord] | None


class ProgressRecord(Struct, frozen=True, kw_only=True):
    """How far the approvers of one object are."""

    rule: ProgressRule
    required: int | None
    approved: int | None
    rejected: int | None
    waiting_on: list[UserRecord] | None


class QuotaRecord(Struct, frozen=True, kw_only=True):
    """How many calls a provider grants; None for what it does not tell."""

    limit: int | None
    remaining: int | None
    resets_at: datetime | None


class ApprovalStatusRecord(Struct, frozen=True, kw_only=True):
    """One approver's duty, where a provider keeps it as an object of its own."""

    id: str
    provider: ProviderName
    source_id: str
    state: ApprovalState
    approver: UserRecord | None
    actual_approver: UserRecord | None
    approved_at: datetime | None
    rejected_at: datetime | None
    note: str | None


class SourceErrorRecord(Struct, frozen=True, kw_only=True):
    """Why a provider could not be read."""

    code: str
    message: str


class SourceRecord(Struct, frozen=True, kw_only=True):
    """How one provider answered; *error* is None where it answered well."""

    provider: ProviderName
    error: SourceErrorRecord | None
    as_of: datetime
    is_complete: bool
    quota: QuotaRecord | None
