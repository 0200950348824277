"""What approvals do: rows are made, decided, settled and undone (10.1, 10.2)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from string import ascii_lowercase
from typing import Literal

import msgspec

from gateway.providers.productive.simulator.objects import (
    ALL,
    ANY,
    EVENT_TARGET,
    EXPENSE_TARGET,
    NONE,
    TIME_TARGET,
    ApprovalStatus,
    Booking,
    Expense,
    Person,
    Standing,
    Target,
    Workflow,
)
from gateway.providers.productive.simulator.replies import access_denied, conflict
from gateway.providers.productive.simulator.roles import FALLBACK_OF_ROLE, holder_id
from gateway.providers.productive.simulator.state import State
from gateway.providers.productive.simulator.switches import ProductiveSwitches

Change = Literal["create", "update", "delete"]
Listener = Callable[[Change, Target, datetime], None]
_STATUSES = "approval_statuses"


class Rules:
    """The approvals of *state*; *tell* hears of every change of a target."""

    def __init__(
        self, state: State, switches: ProductiveSwitches, tell: Listener
    ) -> None:
        self._state = state
        self._switches = switches
        self.tell = tell

    # Rows.

    def submit(self, target: Target, now: datetime) -> None:
        """Ask whom the matching workflow names; approve at once where none does."""
        if target.draft:
            return
        workflow = None if self._switches.approval_off else self.match(target)
        if workflow is None or workflow.approval_requirement_id == NONE:
            target.is_automatic = True
            self._set(target, Standing(approved_at=now), now, lag=False)
            return
        for row in self._rows_of(workflow, target):
            self._state.add_row(row)

    def match(self, target: Target) -> Workflow | None:
        """Return the workflow that governs *target* now."""
        if isinstance(target, Booking):
            kind, event_id = EVENT_TARGET, target.event_id
            found = self._state.assignment_of(person_id=target.person_id)
        else:
            deal = self._state.deal_of(target)
            event_id = None
            kind = EXPENSE_TARGET if isinstance(target, Expense) else TIME_TARGET
            found = None
            if deal is not None:
                found = self._state.assignment_of(deal_id=deal.id)
        if found is None or self._state.policies[found.policy_id].archived_at:
            return None
        wanted = (found.policy_id, event_id, kind)
        for one in self._state.workflows.values():
            if (one.policy_id, one.event_id, one.target_type_id) == wanted:
                return one
        return None

    def _rows_of(self, workflow: Workflow, target: Target) -> list[ApprovalStatus]:
        """Return the rows; under "All of" each is a requirement with its own key."""
        duties: list[tuple[str | None, int | None]] = [
            *((approver_id, None) for approver_id in workflow.approver_ids),
            *((None, role) for role in workflow.dynamic_approver_ids),
        ]
        is_all = workflow.approval_requirement_id == ALL
        return [
            ApprovalStatus(
                id=self._state.next_id(_STATUSES),
                organization_id=target.organization_id,
                target_type=target.kind,
                target_id=target.id,
                workflow_id=workflow.id,
                requirement_id=workflow.approval_requirement_id,
                approver_id=approver_id,
                approver_group_key=(
                    f"wf{workflow.id}-{ascii_lowercase[place]}" if is_all else None
                ),
                dynamic_approver_type_id=role,
                fallback_approver_type_id=role and FALLBACK_OF_ROLE[role],
            )
            for place, (approver_id, role) in enumerate(duties)
        ]

    # Who may.

    def is_open(self, row: ApprovalStatus) -> bool:
        """Whether acting on *row* still decides something."""
        target = self._state.target(row)
        is_live = target.standing.is_pending and target.canceled_at is None
        return is_live and row.is_pending and not self._is_group_settled(row)

    def open_rows_of(self, target: Target, person_id: str) -> list[ApprovalStatus]:
        """Return the duties on *target* that are a person's now."""
        return [
            row
            for row in self._state.rows(target)
            if self.is_open(row) and holder_id(self._state, row) == person_id
        ]

    def check(self, row: ApprovalStatus, caller: Person) -> None:
        """Refuse a decision that cannot be.

        Raises:
            ProductiveError: 403 for anybody but the holder and admins, 409 for a row
                or a target that is settled.
        """
        known = (holder_id(self._state, row), row.actual_approver_id)
        if not caller.is_admin and caller.id not in known:
            raise access_denied()
        if row.approved_at is not None:
            raise conflict("approval_status_already_approved")
        if row.rejected_at is not None:
            raise conflict("approval_status_already_rejected")
        target = self._state.target(row)
        if target.canceled_at is not None:
            raise conflict(f"{target.kind}_canceled")
        self.check_pending(target)
        if self._is_group_settled(row):
            raise conflict("approval_status_already_settled")

    @staticmethod
    def check_pending(target: Target) -> None:
        """Refuse what is settled.

        Raises:
            ProductiveError: 409.
        """
        if target.standing.approved_at is not None:
            raise conflict(f"{target.kind}_already_approved")
        if target.standing.rejected_at is not None:
            raise conflict(f"{target.kind}_already_rejected")

    def _is_group_settled(self, row: ApprovalStatus) -> bool:
        return any(
            other.approved_at is not None and other.group == row.group
            for other in self._state.rows(self._state.target(row))
        )

    # Decisions.

    def approve(
        self, row: ApprovalStatus, caller: Person, note: str | None, now: datetime
    ) -> None:
        """Approve one duty; the target is approved when its rule holds."""
        row.approved_at, row.actual_approver_id, row.note = now, caller.id, note
        target = self._state.target(row)
        if self._is_approved(target):
            self._set(target, Standing(approved_at=now, approver_id=caller.id), now)
        self.tell("update", target, now)

    def reject(
        self,
        row: ApprovalStatus,
        caller: Person,
        note: str | None,
        now: datetime,
        reason: str | None = None,
    ) -> None:
        """Reject one duty, and the target with it; *reason* is told on the target."""
        row.rejected_at, row.actual_approver_id, row.note = now, caller.id, note
        target = self._state.target(row)
        if self._is_rejected(target):
            standing = Standing(
                rejected_at=now, rejecter_id=caller.id, rejected_reason=reason or note
            )
            self._set(target, standing, now)
        self.tell("update", target, now)

    def settle(self, target: Target, standing: Standing, now: datetime) -> None:
        """Decide a target that has no rows."""
        self._set(target, standing, now, lag=False)
        self.tell("update", target, now)

    def _is_approved(self, target: Target) -> bool:
        rows = self._state.rows(target)
        approved = {row.group for row in rows if row.approved_at is not None}
        if rows[0].requirement_id == ANY:
            return bool(approved)
        return approved == {row.group for row in rows}

    def _is_rejected(self, target: Target) -> bool:
        rows = self._state.rows(target)
        if self._switches.reject_at_once or rows[0].requirement_id != ANY:
            return True
        return all(row.rejected_at is not None for row in rows)

    def _set(
        self, target: Target, standing: Standing, now: datetime, *, lag: bool = True
    ) -> None:
        milliseconds = self._switches.target_lag_ms if lag else 0
        target.previous = target.shown(now)
        target.standing = standing
        target.shown_at = None
        if milliseconds:
            target.shown_at = now + timedelta(milliseconds=milliseconds)
        target.updated_at = target.last_activity_at = now

    # Undoing.

    def unapprove(self, target: Target, now: datetime) -> None:
        """Make *target* pending again; its rows get new ids unless switched off."""
        if self._switches.unapprove_recreates:
            self._recreate(target)
        else:
            for row in self._state.rows(target):
                _clear(row)
        self._reopen(target, now)

    def unreject(self, target: Target, now: datetime) -> None:
        """Make *target* pending again; the rows that rejected it are pending too."""
        for row in self._state.rows(target):
            if row.rejected_at is not None:
                _clear(row)
        self._reopen(target, now)

    def restart(self, target: Target, now: datetime) -> None:
        """Ask again after an edit: new rows, from the workflow of now (10.2)."""
        self._state.drop_rows(target)
        target.is_automatic = False
        self._set(target, Standing(), now, lag=False)
        self.submit(target, now)

    def _recreate(self, target: Target) -> None:
        for row in self._state.drop_rows(target):
            made = msgspec.structs.replace(row, id=self._state.next_id(_STATUSES))
            _clear(made)
            self._state.add_row(made)

    def _reopen(self, target: Target, now: datetime) -> None:
        target.is_automatic = False
        self._set(target, Standing(), now, lag=False)
        self.tell("update", target, now)


def _clear(row: ApprovalStatus) -> None:
    row.approved_at = row.rejected_at = row.actual_approver_id = row.note = None
