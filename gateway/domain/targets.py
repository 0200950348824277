"""Approval statuses, and the targets that they are about."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import TypeAlias

from msgspec import Struct

from gateway.domain.enums import (
    ApprovalRequirement,
    ApprovalState,
    DynamicApproverType,
    FallbackApproverType,
    ProviderName,
    TargetType,
)
from gateway.domain.ids import GlobalID
from gateway.domain.records import (
    InvoiceRecord,
    MoneyRecord,
    PolicyRecord,
    UserRecord,
)


class TargetKey(Struct, frozen=True):
    """Which target: its type and the provider's own id."""

    type: TargetType
    source_id: str


class ApprovalWorkflowRecord(Struct, frozen=True, kw_only=True):
    """The rule by which approval statuses were made.

    *approvers* are those whom it names, and *dynamic_approver_types* the roles; None
    where that is not told.
    """

    id: str
    provider: ProviderName
    source_id: str
    requirement: ApprovalRequirement
    approvers: list[UserRecord] | None
    dynamic_approver_types: list[DynamicApproverType] | None
    policy: PolicyRecord | None


class ApprovalStatusRecord(Struct, frozen=True, kw_only=True):
    """One approver's duty on a target.

    *approver* is None where a role must approve. Those on one target with one
    *group_key* are one requirement: one approval settles all of them. *target* is
    None where its type is not known.
    """

    id: str
    provider: ProviderName
    source_id: str
    state: ApprovalState
    target_type: TargetType
    target: TargetKey | None
    approver: UserRecord | None
    actual_approver: UserRecord | None
    dynamic_approver_type: DynamicApproverType | None
    fallback_approver_type: FallbackApproverType | None
    group_key: str | None
    approved_at: dt.datetime | None
    rejected_at: dt.datetime | None
    note: str | None
    workflow: ApprovalWorkflowRecord | None
    organization_source_id: str | None

    @property
    def requirement(self) -> tuple[str, str]:
        """What names the requirement that it is one row of."""
        if self.group_key is None:
            return ("row", self.source_id)
        return ("group", self.group_key)


class EventRecord(Struct, frozen=True, kw_only=True):
    """The sort of absence that a booking is for."""

    source_id: str
    name: str | None


class _Target(Struct, frozen=True, kw_only=True):
    """What all targets have.

    *manager_source_id* is who manages the person now. *is_open* is whether the target
    still waits for a decision.
    """

    id: str
    provider: ProviderName
    source_id: str
    title: str
    approval_state: ApprovalState
    person: UserRecord | None
    manager_source_id: str | None
    service_source_id: str | None
    is_open: bool
    is_draft: bool | None
    approved_at: dt.datetime | None
    rejected_at: dt.datetime | None
    rejected_reason: str | None
    created_at: dt.datetime | None


class BookingRecord(_Target, frozen=True, kw_only=True):
    """Time that a person is to be away, or to work on a service."""

    start_date: dt.date
    end_date: dt.date
    minutes: int | None
    minutes_per_day: int | None
    working_days: Decimal | None
    percentage: Decimal | None
    note: str | None
    event: EventRecord | None
    is_canceled: bool | None
    canceled_at: dt.datetime | None
    updated_at: dt.datetime | None


class TimeEntryRecord(_Target, frozen=True, kw_only=True):
    """Time that a person worked."""

    date: dt.date
    minutes: int | None
    billable_minutes: int | None
    note: str | None
    is_submitted: bool | None
    is_invoiced: bool | None
    updated_at: dt.datetime | None


class ExpenseRecord(_Target, frozen=True, kw_only=True):
    """What a person spent."""

    date: dt.date
    amount: MoneyRecord | None
    billable_amount: MoneyRecord | None
    quantity: Decimal | None
    exchange_rate: Decimal | None
    is_invoiced: bool | None
    is_reimbursable: bool | None
    reimbursement_date: dt.date | None
    payment_date: dt.date | None
    deleted_at: dt.datetime | None


TargetRecord: TypeAlias = BookingRecord | TimeEntryRecord | ExpenseRecord
ApprovableRecord: TypeAlias = InvoiceRecord | TargetRecord


class ApprovalStatusDetails(Struct, frozen=True, kw_only=True):
    """A duty with the target that it is about; None where that is not known."""

    status: ApprovalStatusRecord
    target: TargetRecord | None


# The types of the graph that are targets, by name.
TARGET_TYPES: Mapping[str, TargetType] = {
    "Booking": TargetType.BOOKING,
    "TimeEntry": TargetType.TIME_ENTRY,
    "Expense": TargetType.EXPENSE,
}
_TYPES: Mapping[type, TargetType] = {
    BookingRecord: TargetType.BOOKING,
    TimeEntryRecord: TargetType.TIME_ENTRY,
    ExpenseRecord: TargetType.EXPENSE,
}


def key_of(target: TargetRecord) -> TargetKey:
    """Return what a target is found by."""
    return TargetKey(_TYPES[type(target)], target.source_id)


class ApprovableKey(Struct, frozen=True):
    """Which object that somebody must approve: an invoice by its key, or a target."""

    provider: ProviderName
    key: str | TargetKey


def approvable_of(key: GlobalID) -> ApprovableKey | None:
    """Return what an id is of that can be approved: an approver's is the invoice.

    None for what is nothing of that, or does not say what it is about.
    """
    match key.type_name:
        case "Invoice":
            return ApprovableKey(key.provider, key.invoice_key)
        case "Approver":
            return ApprovableKey(key.provider, key.parent)
        case name if name in TARGET_TYPES:
            return ApprovableKey(
                key.provider, TargetKey(TARGET_TYPES[name], key.source_id)
            )
        case _:
            return None


class TargetDetails(Struct, frozen=True, kw_only=True):
    """A target with those duties on it that the acting person may see, by their ids.

    *is_whole* is whether these are surely all.
    """

    target: TargetRecord
    statuses: list[ApprovalStatusRecord]
    is_whole: bool
