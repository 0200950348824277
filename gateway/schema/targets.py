"""Booking, TimeEntry and Expense: what approval statuses are about."""

import datetime as dt
from decimal import Decimal

import strawberry

from gateway.approvals import (
    create_target_progress,
    create_target_version,
    create_viewer_actions,
)
from gateway.context import Info
from gateway.domain import (
    ApprovalStatusRecord,
    BookingRecord,
    EventRecord,
    ExpenseRecord,
    ProgressRecord,
    TargetDetails,
    TargetRecord,
    TargetType,
    TimeEntryRecord,
    ViewerAction,
    key_of,
)
from gateway.schema.approvables import Approvable, ApprovalProgress, ApprovalStatus
from gateway.schema.interfaces import Money, Node, User
from gateway.schema.records import accepts, described, resolved

_NOTE = "What was written on it; it may hold HTML."
_INVOICED = "Whether it was invoiced."
_PROGRESS = (
    "How far its approvers are: duties of one `groupKey` are one requirement, and a "
    "role that is asked stands in `waitingOn` by its name."
)
_VERSION = (
    "A short text that stands for what a person decides upon: whose it is, how much, "
    "for what, when. Send the one that you showed as `expectedVersion`, and a decision "
    "goes out only while it holds. Decisions and payments leave it as it is."
)
_STATUSES = "Its approvers' duties, as far as the caller may see them."
_ACTIONS = (
    "What this caller can ask for now: to decide, where exactly one open duty is "
    "theirs. Empty as well where several are, or may be: decide on one of "
    "`approvalStatuses` then, as who acts on behalf of others does."
)


async def _load_details(root: TargetRecord, info: Info) -> TargetDetails | None:
    return await info.context.load_target_details(root.provider, key_of(root))


async def _resolve_progress(
    root: strawberry.Parent[TargetRecord], info: Info
) -> ProgressRecord | None:
    details = await _load_details(root, info)
    return None if details is None else create_target_progress(details)


async def _resolve_approval_statuses(
    root: strawberry.Parent[TargetRecord], info: Info
) -> list[ApprovalStatusRecord] | None:
    details = await _load_details(root, info)
    return None if details is None else details.statuses


async def _resolve_viewer_actions(
    root: strawberry.Parent[TargetRecord], info: Info
) -> list[ViewerAction]:
    context = info.context
    if root.provider in context.undecided:
        return []

    async def load_awaited(target_type: TargetType) -> frozenset[str] | None:
        return await context.loaders[root.provider].awaited_by_type.load(target_type)

    standing = await context.targets(root.provider).get_viewer_standing(
        root, lambda: _load_details(root, info), load_awaited
    )
    return create_viewer_actions(standing)


def _resolve_version(root: strawberry.Parent[TargetRecord]) -> str:
    return create_target_version(root)


@strawberry.type
class Target(Node, Approvable):
    """What all targets have; no type of the graph."""

    version: str | None = resolved(_resolve_version, str | None, _VERSION)
    progress: ApprovalProgress | None = resolved(
        _resolve_progress, ApprovalProgress | None, _PROGRESS
    )
    approval_statuses: list[ApprovalStatus] | None = resolved(
        _resolve_approval_statuses, list[ApprovalStatus] | None, _STATUSES
    )
    viewer_actions: list[ViewerAction] | None = resolved(
        _resolve_viewer_actions, list[ViewerAction] | None, _ACTIONS
    )
    person: User | None = described("Whose it is.")
    service_source_id: strawberry.ID | None = described(
        "The provider's id of the service that it is on."
    )
    is_draft: bool | None = described(
        "Whether it is a draft still; null where the provider does not tell."
    )
    approved_at: dt.datetime | None = described("When its approval was complete.")
    rejected_at: dt.datetime | None = described("When it was rejected.")
    rejected_reason: str | None = described("Why it was rejected.")
    created_at: dt.datetime | None = described("When it was made.")


@strawberry.type(description="A sort of absence, such as leave.")
class AbsenceCategory:
    """A sort of absence; the source is a record."""

    is_type_of = accepts(EventRecord)

    source_id: strawberry.ID = described("The provider's own id.")
    name: str | None = described("Its name.")


@strawberry.type(
    description="Time that a person is to be away, or to work on a service "
    "(Productive)."
)
class Booking(Target):
    """Time that is booked; the source is a record."""

    is_type_of = accepts(BookingRecord)

    start_date: dt.date = described("The first day.")
    end_date: dt.date = described("The last day, included.")
    minutes: int | None = described("How long it is in all.")
    minutes_per_day: int | None = described("How long it is on each day.")
    working_days: Decimal | None = described("How many working days it takes.")
    percentage: Decimal | None = described(
        "How much of the person's time it takes, where it is booked so."
    )
    event: AbsenceCategory | None = described(
        "The sort of absence; null for work on a service."
    )
    note: str | None = described(_NOTE)
    is_canceled: bool | None = described(
        "Whether it was canceled; null where the provider does not tell."
    )
    canceled_at: dt.datetime | None = described("When it was canceled.")
    updated_at: dt.datetime | None = described("When it last changed.")


@strawberry.type(description="Time that a person worked (Productive).")
class TimeEntry(Target):
    """Time that was worked; the source is a record."""

    is_type_of = accepts(TimeEntryRecord)

    date: dt.date = described("The day.")
    minutes: int | None = described("How long.")
    billable_minutes: int | None = described("How much of it can be billed.")
    note: str | None = described(_NOTE)
    is_submitted: bool | None = described("Whether it was handed in for approval.")
    is_invoiced: bool | None = described(_INVOICED)
    updated_at: dt.datetime | None = described("When it last changed.")


@strawberry.type(description="What a person spent (Productive).")
class Expense(Target):
    """What was spent; the source is a record."""

    is_type_of = accepts(ExpenseRecord)

    date: dt.date = described("The day.")
    amount: Money | None = described("What it came to.")
    billable_amount: Money | None = described("How much of it can be billed.")
    quantity: Decimal | None = described("How many, as the provider tells it.")
    exchange_rate: Decimal | None = described(
        "The rate between currencies, as the provider tells it."
    )
    is_invoiced: bool | None = described(_INVOICED)
    is_reimbursable: bool | None = described("Whether the person gets it back.")
    reimbursement_date: dt.date | None = described("When the person got it back.")
    payment_date: dt.date | None = described("When it was paid.")
    deleted_at: dt.datetime | None = described("When it was deleted.")
