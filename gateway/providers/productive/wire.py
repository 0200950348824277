"""Productive's wire: the records that an answer becomes."""

import html
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, TypeAlias, TypeVar

import msgspec
from msgspec import UNSET, Struct

from gateway.approvals import create_decided_state
from gateway.domain import (
    ApprovalRequirement,
    ApprovalState,
    ApprovalStatusRecord,
    ApprovalWorkflowRecord,
    BookingRecord,
    DynamicApproverType,
    EventRecord,
    ExpenseRecord,
    FallbackApproverType,
    MoneyRecord,
    PolicyRecord,
    TargetDetails,
    TargetKey,
    TargetRecord,
    TargetType,
    TimeEntryRecord,
    UserRecord,
    encode_id,
)
from gateway.providers.productive import shapes
from gateway.providers.productive.documents import Document, source_id_of
from gateway.providers.productive.shapes import Resource
from gateway.providers.productive.standing import are_whole
from gateway.providers.productive.words import (
    ASSIGNED,
    DYNAMIC_APPROVERS,
    FALLBACK_APPROVERS,
    KINDS,
    KINDS_BY_WORD,
    PROVIDER,
    REQUIREMENTS,
    STATUSES,
    Kind,
    order_of,
)

T = TypeVar("T")

_Decided: TypeAlias = (
    shapes.BookingAttributes | shapes.TimeEntryAttributes | shapes.ExpenseAttributes
)

# A title is a line, and notes may be pages.
_LONGEST_TITLE = 120
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_SPACE = re.compile(r"\s+")


class Membership(Struct, frozen=True, kw_only=True):
    """Who the owner of a token is in an organization; None for what is not told."""

    organization_id: str | None
    person_id: str | None


def parse_status(
    document: Document, row: Resource, target: TargetKey | None = None
) -> ApprovalStatusRecord:
    """Return one duty; its relations are included, but for a *target* that is known.

    Raises:
        ValueError: The answer lacks one of them.
    """
    told = _attributes(row, shapes.StatusAttributes)
    kind = KINDS_BY_WORD.get(told.target_type)
    if kind is not None and target is None:
        target = _target_of(document, row, kind)
    workflow = document.link(row, "approval_workflow")
    return ApprovalStatusRecord(
        id=encode_id("ApprovalStatus", PROVIDER, row.id),
        provider=PROVIDER,
        source_id=row.id,
        state=_state_of(told),
        target_type=TargetType.UNKNOWN if kind is None else kind.target_type,
        target=target,
        approver=_parse_person(document.link(row, "approver")),
        actual_approver=_parse_person(document.link(row, "actual_approver")),
        dynamic_approver_type=_word(
            DYNAMIC_APPROVERS,
            told.dynamic_approver_type_id,
            DynamicApproverType.UNKNOWN,
        ),
        fallback_approver_type=_word(
            FALLBACK_APPROVERS,
            told.fallback_approver_type_id,
            FallbackApproverType.UNKNOWN,
        ),
        group_key=told.approver_group_key,
        approved_at=told.approved_at,
        rejected_at=told.rejected_at,
        note=told.note,
        workflow=None if workflow is None else parse_workflow(document, workflow),
        organization_source_id=source_id_of(row, "organization"),
    )


def parse_decision(row: Resource) -> ApprovalState:
    """Return how a duty stands that is shown without its relations."""
    return _state_of(_attributes(row, shapes.StatusAttributes))


def parse_workflow(document: Document, row: Resource) -> ApprovalWorkflowRecord:
    """Return the rule that duties were made by; its policy is included."""
    told = _attributes(row, shapes.WorkflowAttributes)
    policy = document.follow(row, "approval_policy")
    named = document.follow_all(row, "approvers")
    approvers = None if named is None else [_parse_user(one) for one in named]
    requirement = told.approval_requirement_id
    return ApprovalWorkflowRecord(
        id=encode_id("ApprovalWorkflow", PROVIDER, row.id),
        provider=PROVIDER,
        source_id=row.id,
        requirement=REQUIREMENTS.get(requirement or 0, ApprovalRequirement.UNKNOWN),
        approvers=approvers,
        dynamic_approver_types=None
        if told.dynamic_approver_ids is None
        else [
            DYNAMIC_APPROVERS.get(one, DynamicApproverType.UNKNOWN)
            for one in told.dynamic_approver_ids
        ],
        policy=None if policy is None else parse_policy(policy),
    )


def parse_policy(row: Resource) -> PolicyRecord:
    """Return a policy: a name for workflows, without thresholds."""
    told = _attributes(row, shapes.PolicyAttributes)
    return PolicyRecord(
        id=encode_id("Policy", PROVIDER, row.id),
        provider=PROVIDER,
        source_id=row.id,
        name=told.name,
        is_active=None if told.archived_at is UNSET else told.archived_at is None,
    )


def parse_membership(document: Document, row: Resource) -> Membership:
    """Return who the owner of the token is in one organization."""
    person = document.link(row, "person")
    return Membership(
        organization_id=None
        if person is None
        else source_id_of(person, "organization"),
        person_id=None if person is None else person.id,
    )


def parse_active_person(row: Resource) -> UserRecord | None:
    """Return a person, or None for one who was deactivated."""
    is_active = _attributes(row, shapes.PersonAttributes).deactivated_at is None
    return _parse_user(row) if is_active else None


def parse_assignment(row: Resource) -> str | None:
    """Return what an assigned policy is for, in lower case: which one is not sure (C8).

    None where it is neither a person nor a quote, which is a deal.
    """
    word = _attributes(row, shapes.AssignmentAttributes).target_type.casefold()
    return word if word in ASSIGNED else None


def parse_details(document: Document, row: Resource, kind: Kind) -> TargetDetails:
    """Return a target and the duties on it, which are included."""
    key = TargetKey(kind.target_type, row.id)
    statuses = [
        parse_status(document, one, key) for one in document.links(row, STATUSES)
    ]
    return TargetDetails(
        target=parse_target(document, row, kind),
        statuses=sorted(statuses, key=lambda one: order_of(one.source_id)),
        is_whole=are_whole(statuses),
    )


def parse_target(document: Document, row: Resource, kind: Kind) -> TargetRecord:
    """Return a target; its person, and their manager, are included."""
    return _PARSERS[kind.target_type](document, row)


def _parse_booking(document: Document, row: Resource) -> BookingRecord:
    told = _attributes(row, shapes.BookingAttributes)
    event = _parse_event(document.follow(row, "event"))
    state = _state_of_target(told, is_asked=not told.canceled and not told.draft)
    return BookingRecord(
        **_common(document, row, KINDS[TargetType.BOOKING]),
        title=_title(document, row, (event and event.name) or told.note, "Booking"),
        approval_state=state,
        is_open=state is ApprovalState.PENDING,
        start_date=told.started_on,
        end_date=told.ended_on,
        minutes=told.total_time,
        minutes_per_day=told.time,
        working_days=told.total_working_days,
        percentage=told.percentage,
        note=told.note,
        event=event,
        is_draft=told.draft,
        is_canceled=told.canceled,
        canceled_at=told.canceled_at,
        approved_at=told.approved_at,
        rejected_at=told.rejected_at,
        rejected_reason=told.rejected_reason,
        created_at=told.created_at,
        updated_at=told.updated_at,
    )


def _parse_time_entry(document: Document, row: Resource) -> TimeEntryRecord:
    told = _attributes(row, shapes.TimeEntryAttributes)
    state = _state_of_target(told, is_asked=not told.draft)
    return TimeEntryRecord(
        **_common(document, row, KINDS[TargetType.TIME_ENTRY]),
        title=_title(document, row, told.note, "Time entry"),
        approval_state=state,
        is_open=state is ApprovalState.PENDING,
        date=told.date,
        minutes=told.time,
        billable_minutes=told.billable_time,
        note=told.note,
        is_draft=told.draft,
        is_submitted=told.submitted,
        is_invoiced=told.invoiced,
        approved_at=told.approved_at,
        rejected_at=told.rejected_at,
        rejected_reason=told.rejected_reason,
        created_at=told.created_at,
        updated_at=told.updated_at,
    )


def _parse_expense(document: Document, row: Resource) -> ExpenseRecord:
    told = _attributes(row, shapes.ExpenseAttributes)
    is_deleted = told.deleted_at is not None
    state = _state_of_target(told, is_asked=not told.draft and not is_deleted)
    return ExpenseRecord(
        **_common(document, row, KINDS[TargetType.EXPENSE]),
        title=_title(document, row, told.name, "Expense"),
        approval_state=state,
        is_open=state is ApprovalState.PENDING,
        date=told.date,
        amount=_money(told.amount, told.currency),
        billable_amount=_money(told.billable_amount, told.currency),
        quantity=told.quantity,
        exchange_rate=told.exchange_rate,
        is_draft=told.draft,
        is_invoiced=told.invoiced,
        is_reimbursable=told.reimbursable,
        reimbursement_date=told.reimbursed_on,
        payment_date=told.paid_on,
        approved_at=told.approved_at,
        rejected_at=told.rejected_at,
        rejected_reason=told.rejected_reason,
        deleted_at=told.deleted_at,
        created_at=told.created_at,
    )


_PARSERS: Mapping[TargetType, Callable[[Document, Resource], TargetRecord]] = {
    TargetType.BOOKING: _parse_booking,
    TargetType.TIME_ENTRY: _parse_time_entry,
    TargetType.EXPENSE: _parse_expense,
}


def _common(document: Document, row: Resource, kind: Kind) -> dict[str, Any]:
    """Return what the records of all targets have."""
    person = document.follow(row, "person")
    return {
        "id": encode_id(kind.type_name, PROVIDER, row.id),
        "provider": PROVIDER,
        "source_id": row.id,
        "person": _parse_person(person),
        "manager_source_id": None
        if person is None
        else source_id_of(person, "manager"),
        "service_source_id": source_id_of(row, "service"),
    }


def _target_of(document: Document, row: Resource, kind: Kind) -> TargetKey | None:
    target = document.link(row, kind.word)
    return None if target is None else TargetKey(kind.target_type, target.id)


def _parse_person(row: Resource | None) -> UserRecord | None:
    return None if row is None else _parse_user(row)


def _parse_user(row: Resource) -> UserRecord:
    told = _attributes(row, shapes.PersonAttributes)
    names = [name for name in (told.first_name, told.last_name) if name]
    return UserRecord(
        source_id=row.id, display_name=" ".join(names) or None, email=told.email
    )


def _parse_event(row: Resource | None) -> EventRecord | None:
    if row is None:
        return None
    told = _attributes(row, shapes.EventAttributes)
    return EventRecord(source_id=row.id, name=told.name)


def _state_of(told: shapes.StatusAttributes) -> ApprovalState:
    """Return how a duty stands: two times, of which one is set once it is decided."""
    return create_decided_state(
        is_approved=told.approved_at is not None,
        is_rejected=told.rejected_at is not None,
    )


def _state_of_target(told: _Decided, *, is_asked: bool) -> ApprovalState:
    """Return how a target stands; nobody *is_asked* about what will not be."""
    return create_decided_state(
        is_approved=told.approved, is_rejected=told.rejected, is_asked=is_asked
    )


def _money(hundredths: int | None, currency: str | None) -> MoneyRecord | None:
    """Return an amount, which is told in hundredths ("Resource representation")."""
    if hundredths is None:
        return None
    return MoneyRecord(amount=Decimal(hundredths).scaleb(-2), currency=currency)


def _title(document: Document, row: Resource, text: str | None, kind: str) -> str:
    """Return what a target is called, and whose it is."""
    person = _parse_person(document.follow(row, "person"))
    name = None if person is None else person.display_name
    what = _line(text) or kind
    return f"{what} · {name}" if name else what


def _line(text: str | None) -> str:
    """Return text as one line; Productive's may hold HTML."""
    plain = html.unescape(_TAG.sub(" ", text or ""))
    line = _SPACE.sub(" ", plain).strip()
    if len(line) <= _LONGEST_TITLE:
        return line
    return f"{line[: _LONGEST_TITLE - 1].rstrip()}…"


def _attributes(row: Resource, shape: type[T]) -> T:
    return msgspec.json.decode(row.attributes, type=shape)


def _word(words: Mapping[int, T], number: int | None, unknown: T) -> T | None:
    return None if number is None else words.get(number, unknown)
