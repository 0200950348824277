"""The records: what one provider told, already in the graph's terms."""

from datetime import date, datetime
from decimal import Decimal

from msgspec import Struct

from gateway.domain.enums import (
    ApprovalState,
    ApproverStatus,
    InvoiceKind,
    InvoiceStatus,
    ProgressRule,
    ProviderName,
)
from gateway.domain.ids import invoice_key


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
    created_at: datetime | None = None
    updated_at: datetime | None = None


class ApproverRecord(Struct, frozen=True, kw_only=True):
    """One approval record: that a person is asked to approve an invoice.

    *told_status* is the status that the provider gives for this record, or None
    where it gives none. *position* counts from 1.
    """

    id: str
    provider: ProviderName
    source_id: str
    invoice_source_id: str
    user: UserRecord
    policy: PolicyRecord | None
    is_manual: bool | None
    added_at: datetime | None
    told_status: ApproverStatus | None
    decided_at: datetime | None
    position: int | None = None


class AttachmentRecord(Struct, frozen=True, kw_only=True):
    """A file that belongs to an invoice."""

    name: str | None
    url: str


class LineRecord(Struct, frozen=True, kw_only=True):
    """One line of an invoice; *tax_rate* is in percent."""

    description: str | None
    quantity: Decimal | None
    unit_price: MoneyRecord | None
    total: MoneyRecord | None
    tax: MoneyRecord | None = None
    tax_rate: Decimal | None = None
    tax_name: str | None = None
    ledger_account: str | None = None


class HistoryRecord(Struct, frozen=True, kw_only=True):
    """Something that happened to an invoice, in the provider's own words."""

    at: datetime
    event: str | None
    user: UserRecord | None
    message: str | None


class InvoiceRecord(Struct, frozen=True, kw_only=True):
    """A document that somebody must approve before it is paid.

    *approvers_status* is what the invoice's own state proves about every approver
    for whom the provider tells no status. *minimum_approvers* is how many its policy
    asks for while nobody is asked yet, and *are_approvers_settled* whether nobody can
    change any more who they are. *has_approvers* is false where its provider asks
    nobody by name: one of those who hold the right decides. *has_days_only* is whether
    *created_at* and *updated_at* are days, in a zone that is not told. *parent* is what
    its provider keeps it in, where its id alone does not find it (Accounteer).
    *details* are there where they came with it.
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
    attachments: list[AttachmentRecord] | None
    approval_state: ApprovalState
    approvers_status: ApproverStatus
    progress_rule: ProgressRule = ProgressRule.UNKNOWN
    minimum_approvers: int | None = None
    are_approvers_settled: bool = False
    has_approvers: bool = True
    has_days_only: bool = False
    parent: str = ""
    details: "InvoiceDetailsRecord | None" = None

    @property
    def key(self) -> str:
        """What its connector reads it by."""
        return invoice_key(self.source_id, self.parent)


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


class PolicyDraft(Struct, frozen=True, kw_only=True):
    """A policy that is to be made; the approvers are the provider's user ids."""

    amount_threshold: Decimal
    minimum_approvers: int
    applies_to: InvoiceKind
    mandatory_approver_source_ids: list[str]


class PolicyChanges(Struct, frozen=True, kw_only=True):
    """What of a policy is to change; None for what stays."""

    amount_threshold: Decimal | None
    minimum_approvers: int | None
