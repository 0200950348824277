"""Resource types of approvals: statuses, policies, assignments, workflows (3, 4)."""

from typing import Any

from gateway.providers.productive.simulator import filters
from gateway.providers.productive.simulator.names import (
    ASSIGNMENTS,
    BOOKINGS,
    EVENTS,
    EXPENSES,
    PEOPLE,
    POLICIES,
    STATUSES,
    TIME_ENTRIES,
    WORKFLOWS,
)
from gateway.providers.productive.simulator.objects import (
    ABSENCE_POLICY,
    BUDGET_POLICY,
    DEAL_POLICY,
    ApprovalStatus,
    Assignment,
    Event,
    Policy,
    Workflow,
)
from gateway.providers.productive.simulator.replies import time_text
from gateway.providers.productive.simulator.roles import sees_row
from gateway.providers.productive.simulator.shape import (
    ORGANIZATION,
    Filter,
    Kind,
    Relation,
    View,
    one,
)

_ACTIVE, _ARCHIVED = 1, 2


def _status_attributes(row: ApprovalStatus, _view: View) -> dict[str, Any]:
    return {
        "note": row.note,
        "approved_at": time_text(row.approved_at),
        "rejected_at": time_text(row.rejected_at),
        "target_type": row.target_type,
        "approver_group_key": row.approver_group_key,
        "dynamic_approver_type_id": row.dynamic_approver_type_id,
        "fallback_approver_type_id": row.fallback_approver_type_id,
    }


def _is_row_seen(row: ApprovalStatus, view: View) -> bool:
    return view.caller is None or sees_row(view.state, view.caller, row, view.now)


def _target(target_type: str, type_name: str) -> Relation:
    def find(row: ApprovalStatus, view: View) -> Any:
        return view.state.target(row) if row.target_type == target_type else None

    return Relation(type=type_name, find=find)


def _target_ids(target_type: str) -> Filter:
    def values(row: ApprovalStatus, _view: View) -> tuple[str, ...]:
        return (row.target_id,) if row.target_type == target_type else ()

    return filters.ids(values)


STATUS = Kind(
    type=STATUSES,
    attributes=_status_attributes,
    relations={
        "organization": ORGANIZATION,
        "approver": one(PEOPLE, "approver_id"),
        "actual_approver": one(PEOPLE, "actual_approver_id"),
        "approval_workflow": one(WORKFLOWS, "workflow_id"),
        "booking": _target("booking", BOOKINGS),
        "time_entry": _target("time_entry", TIME_ENTRIES),
        "expense": _target("expense", EXPENSES),
    },
    filters={
        "id": filters.ids("id"),
        "approval_workflow_id": filters.ids("workflow_id"),
        "approver_id": filters.ids("approver_id"),
        "actual_approver_id": filters.ids("actual_approver_id"),
        "booking_id": _target_ids("booking"),
        "time_entry_id": _target_ids("time_entry"),
        "expense_id": _target_ids("expense"),
    },
    is_seen=_is_row_seen,
)


def visible_rows(target: Any, view: View) -> list[ApprovalStatus]:
    """Return the rows of *target* that the caller may read."""
    return [row for row in view.state.rows(target) if _is_row_seen(row, view)]


ROWS = Relation(type=STATUSES, find=visible_rows, is_many=True)


def _policy_attributes(policy: Policy, _view: View) -> dict[str, Any]:
    return {
        "name": policy.name,
        "custom": policy.custom,
        "default": policy.default,
        "description": policy.description,
        "type_id": policy.type_id,
        "archived_at": time_text(policy.archived_at),
    }


def _archival(thing: Policy | Event, _view: View) -> tuple[int]:
    return (_ACTIVE if thing.archived_at is None else _ARCHIVED,)


POLICY = Kind(
    type=POLICIES,
    attributes=_policy_attributes,
    relations={"organization": ORGANIZATION},
    filters={
        "id": filters.ids("id"),
        "custom": filters.flags("custom"),
        "status": filters.codes(_archival, (_ACTIVE, _ARCHIVED)),
        "type_id": filters.codes(
            lambda policy, _view: (policy.type_id,),
            (ABSENCE_POLICY, BUDGET_POLICY, DEAL_POLICY),
        ),
    },
)


def _assignment_attributes(assignment: Assignment, view: View) -> dict[str, Any]:
    word = "person" if assignment.deal_id is None else "quote"
    is_lower = view.switches.assignment_target_type == "lower"
    return {"target_type": word if is_lower else word.title()}


def _target_words(assignment: Assignment, _view: View) -> tuple[str]:
    return ("person" if assignment.deal_id is None else "quote",)


ASSIGNMENT = Kind(
    type=ASSIGNMENTS,
    attributes=_assignment_attributes,
    relations={
        "organization": ORGANIZATION,
        "person": one(PEOPLE, "person_id"),
        "deal": one("deals", "deal_id"),
        "approval_policy": one(POLICIES, "policy_id"),
    },
    filters={
        "id": filters.ids("id"),
        "target_id": filters.ids(
            lambda assignment, _view: (assignment.person_id or assignment.deal_id,)
        ),
        "target_type": filters.words(_target_words, "person", "quote"),
    },
)


def _workflow_attributes(workflow: Workflow, _view: View) -> dict[str, Any]:
    return {
        "approval_requirement_id": workflow.approval_requirement_id,
        "target_type_id": workflow.target_type_id,
        "dynamic_approver_ids": workflow.dynamic_approver_ids,
        "dynamic_subscriber_ids": workflow.dynamic_subscriber_ids,
    }


def _people(attribute: str, *, is_told: bool = False) -> Relation:
    def find(workflow: Workflow, view: View) -> list[Any]:
        return [view.state.people[one_id] for one_id in getattr(workflow, attribute)]

    return Relation(type=PEOPLE, find=find, is_many=True, is_told=is_told)


WORKFLOW = Kind(
    type=WORKFLOWS,
    attributes=_workflow_attributes,
    relations={
        "organization": ORGANIZATION,
        "event": one(EVENTS, "event_id"),
        "approval_policy": one(POLICIES, "policy_id"),
        "approvers": _people("approver_ids", is_told=True),
        "subscribers": _people("subscriber_ids"),
    },
    filters={
        "id": filters.ids("id", is_array=True),
        "event_id": filters.ids("event_id", is_array=True),
        "approval_policy_id": filters.ids("policy_id", is_array=True),
    },
)


def _event_attributes(event: Event, _view: View) -> dict[str, Any]:
    return {
        "name": event.name,
        "event_type_id": event.event_type_id,
        "color_id": event.color_id,
        "icon_id": event.icon_id,
        "limitation_type_id": event.limitation_type_id,
        "half_day_bookings": event.half_day_bookings,
        "absence_type": event.absence_type,
        "sync_personal_integrations": event.sync_personal_integrations,
        "archived_at": time_text(event.archived_at),
    }


_UNLIMITED = 1

EVENT = Kind(
    type=EVENTS,
    attributes=_event_attributes,
    relations={"organization": ORGANIZATION},
    filters={
        "id": filters.ids("id"),
        "name": filters.texts("name"),
        "status": filters.codes(_archival, (_ACTIVE, _ARCHIVED)),
        "absence_type": filters.words(
            lambda event, _view: (event.absence_type,), "time_off", "remote_work"
        ),
        "limited": filters.flags(
            lambda event, _view: (event.limitation_type_id != _UNLIMITED,)
        ),
        "limitation_type": filters.numbers("limitation_type_id"),
    },
)
