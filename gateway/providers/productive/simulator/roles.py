"""Who a duty falls to now: named persons, roles, and fallbacks (3.1, 10.2)."""

from collections.abc import Callable, Mapping
from datetime import datetime

from gateway.providers.productive.simulator.objects import (
    BUDGET_OWNER,
    DESIGNATED_APPROVER,
    FALLBACK_BUDGET_OWNER,
    FALLBACK_ORGANIZATION_OWNER,
    MANAGER,
    PROJECT_MANAGER,
    ApprovalStatus,
    Person,
    Target,
    TimeEntry,
)
from gateway.providers.productive.simulator.replies import ZONE
from gateway.providers.productive.simulator.state import State

_Resolver = Callable[[State, Target], str | None]


def _manager(state: State, target: Target) -> str | None:
    return state.people[target.person_id].manager_id


def _budget_owner(state: State, target: Target) -> str | None:
    deal = state.deal_of(target)
    return None if deal is None else deal.responsible_id


def _project_manager(state: State, target: Target) -> str | None:
    deal = state.deal_of(target)
    return None if deal is None else state.projects[deal.project_id].manager_id


def _designated_approver(state: State, target: Target) -> str | None:
    deal = state.deal_of(target)
    return None if deal is None else deal.designated_approver_id


def _organization_owner(state: State, target: Target) -> str | None:
    return state.organizations[target.organization_id].owner_id


_ROLES: Mapping[int, _Resolver] = {
    MANAGER: _manager,
    BUDGET_OWNER: _budget_owner,
    PROJECT_MANAGER: _project_manager,
    DESIGNATED_APPROVER: _designated_approver,
}
_FALLBACKS: Mapping[int | None, _Resolver] = {
    FALLBACK_ORGANIZATION_OWNER: _organization_owner,
    FALLBACK_BUDGET_OWNER: _budget_owner,
}
# The notes do not say where a row's fallback comes from; this is the sandbox's rule.
FALLBACK_OF_ROLE: Mapping[int, int] = {
    MANAGER: FALLBACK_ORGANIZATION_OWNER,
    BUDGET_OWNER: FALLBACK_ORGANIZATION_OWNER,
    PROJECT_MANAGER: FALLBACK_BUDGET_OWNER,
    DESIGNATED_APPROVER: FALLBACK_BUDGET_OWNER,
}


def holder_id(state: State, row: ApprovalStatus) -> str | None:
    """Return whose duty *row* is now; None where only an admin can act.

    A role that a deactivated person has is theirs nevertheless: nobody but an admin
    acts for them.
    """
    if row.dynamic_approver_type_id is None:
        return row.approver_id
    target = state.target(row)
    found = _ROLES[row.dynamic_approver_type_id](state, target)
    if found is not None:
        return found
    fallback = _FALLBACKS.get(row.fallback_approver_type_id)
    return None if fallback is None else fallback(state, target)


def is_due(target: Target, now: datetime) -> bool:
    """Whether approvers are shown *target*: time entries from the next day on."""
    if not isinstance(target, TimeEntry):
        return True
    return target.date < now.astimezone(ZONE).date()


def sees_row(state: State, caller: Person, row: ApprovalStatus, now: datetime) -> bool:
    """Whether *caller* may read *row* of their organization (3.2)."""
    target = state.target(row)
    if caller.is_admin or target.person_id == caller.id:
        return True
    if not is_due(target, now):
        return False
    if caller.id in {row.approver_id, row.actual_approver_id}:
        return True
    return row.is_pending and holder_id(state, row) == caller.id


def sees_target(state: State, caller: Person, target: Target, now: datetime) -> bool:
    """Whether *caller* may read *target* of their organization.

    Its person, their manager and admins may, and whoever sees a row of it.
    """
    if caller.is_admin or caller.id == target.person_id:
        return True
    if state.people[target.person_id].manager_id == caller.id:
        return True
    return any(sees_row(state, caller, row, now) for row in state.rows(target))
