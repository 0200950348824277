"""What waits for a person, computed from the simulator's own state (10.2)."""

from datetime import datetime

from gateway.providers.productive.simulator.directory import MAIN
from gateway.providers.productive.simulator.objects import (
    MANAGER,
    ApprovalStatus,
    Booking,
    Expense,
    Target,
    TimeEntry,
)
from gateway.providers.productive.simulator.replies import ZONE
from gateway.providers.productive.simulator.roles import holder_id
from gateway.providers.productive.simulator.state import State


def targets_of(state: State) -> list[Target]:
    """Return every target of the organization."""
    found: list[Target] = [
        *state.bookings.values(),
        *state.time_entries.values(),
        *state.expenses.values(),
    ]
    return [one for one in found if one.organization_id == MAIN]


def is_open(state: State, row: ApprovalStatus) -> bool:
    """Return whether deciding on a duty still counts."""
    target = state.target(row)
    is_waiting = (
        target.standing.is_pending
        and target.canceled_at is None
        and target.deleted_at is None
        and not target.draft
    )
    settled = {
        one.approver_group_key
        for one in state.rows(target)
        if one.approved_at is not None and one.approver_group_key is not None
    }
    is_pending = row.approved_at is None and row.rejected_at is None
    return is_waiting and is_pending and row.approver_group_key not in settled


def is_shown(target: Target, person_id: str, now: datetime) -> bool:
    """Return whether approvers see a target: time entries from the next day on."""
    if not isinstance(target, TimeEntry) or target.person_id == person_id:
        return True
    return target.date < now.astimezone(ZONE).date()


def duties_of(state: State, person_id: str, now: datetime) -> list[ApprovalStatus]:
    """Return the duties that a person may decide on now as their own."""
    return [
        row
        for target in targets_of(state)
        if is_shown(target, person_id, now)
        for row in state.rows(target)
        if is_open(state, row) and holder_id(state, row) == person_id
    ]


def is_told(state: State, row: ApprovalStatus) -> bool:
    """Return whether answers tell whose a duty is: of bookings' roles not of all."""
    target = state.target(row)
    if row.approver_id is not None or not isinstance(target, Booking):
        return True
    is_managed = state.people[target.person_id].manager_id is not None
    return row.dynamic_approver_type_id == MANAGER and is_managed


def day_of(target: Target) -> str:
    """Return the day by which a target is listed."""
    if isinstance(target, Booking):
        return target.started_on.isoformat()
    assert isinstance(target, TimeEntry | Expense)
    return target.date.isoformat()
