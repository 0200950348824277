"""Makes one target and walks it through its life up to the state that it has."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from gateway.providers.productive.simulator.directory import AUDITOR
from gateway.providers.productive.simulator.objects import (
    ApprovalStatus,
    Booking,
    Expense,
    Target,
    TimeEntry,
)
from gateway.providers.productive.simulator.roles import FALLBACK_OF_ROLE, holder_id
from gateway.providers.productive.simulator.rules import Rules
from gateway.providers.productive.simulator.seeds import Act, Duty, Seed
from gateway.providers.productive.simulator.state import State
from gateway.providers.productive.simulator.switches import ProductiveSwitches

_STEP = timedelta(hours=3, minutes=25)
_End = Callable[[Target, list[ApprovalStatus], datetime], None]


class Seeder:
    """Adds targets to *state*."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._rules = Rules(state, ProductiveSwitches(), lambda *_change: None)
        self._ends: Mapping[str, _End] = {
            "partly": self._partly,
            "approved": self._approved,
            "rejected": self._rejected,
            "undone": self._undone,
            "on_behalf": self._on_behalf,
        }

    def add(self, seed: Seed) -> Target:
        """Add a target, and do what *seed* says with it."""
        target = self._make(seed)
        self._state.table(target.type)[target.id] = target
        if seed.duties is None:
            self._rules.submit(target, seed.created_at)
        else:
            for duty in seed.duties:
                self._state.add_row(self._row(target, duty))
        moment = seed.created_at
        for act in seed.acts:
            moment = act.at or moment + _STEP
            self._act(target, act, moment)
        self._end(target, seed, moment + _STEP)
        return target

    def bring(self, target: Target, state: str) -> None:
        """Bring a target that was just added to the state of that name."""
        moment = target.created_at + _STEP
        rows = self._state.rows(target)
        if state == "canceled" and isinstance(target, Booking):
            target.canceled_at, target.canceler_id = moment, target.person_id
            target.updated_at = target.last_activity_at = moment
        elif state == "draft":
            self._withdraw(target)
        elif rows and state in self._ends:
            self._ends[state](target, rows, moment)

    def _make(self, seed: Seed) -> Target:
        common = {
            "organization_id": seed.organization_id,
            "person_id": seed.person_id,
            "creator_id": seed.person_id,
            "created_at": seed.created_at,
            "updated_at": seed.created_at,
            "last_activity_at": seed.created_at,
            "note": seed.note,
            "draft": seed.draft,
            "service_id": seed.service_id,
        }
        return _MAKERS[seed.kind](self._state, seed, common)

    def _row(self, target: Target, duty: Duty) -> ApprovalStatus:
        return ApprovalStatus(
            id=self._state.next_id("approval_statuses"),
            organization_id=target.organization_id,
            target_type=target.kind,
            target_id=target.id,
            workflow_id=duty.workflow_id,
            requirement_id=duty.requirement_id,
            approver_id=duty.approver_id,
            approver_group_key=duty.key,
            dynamic_approver_type_id=duty.role,
            fallback_approver_type_id=duty.role and FALLBACK_OF_ROLE[duty.role],
        )

    def _act(self, target: Target, act: Act, at: datetime) -> None:
        person = self._state.people[act.by]
        if act.verb == "unapprove":
            self._rules.unapprove(target, at)
            return
        row = self._state.rows(target)[act.place]
        if act.verb == "approve":
            self._rules.approve(row, person, act.note, at)
        else:
            self._rules.reject(row, person, act.note, at)

    def _end(self, target: Target, seed: Seed, at: datetime) -> None:
        if seed.is_canceled and isinstance(target, Booking):
            target.canceled_at, target.canceler_id = at, target.person_id
            target.updated_at = target.last_activity_at = at
        if seed.is_deleted:
            self._state.drop_rows(target)
            target.deleted_at = target.updated_at = target.last_activity_at = at

    # How generated targets end.

    def _withdraw(self, target: Target) -> None:
        self._state.drop_rows(target)
        target.draft, target.is_automatic = True, False
        target.standing = target.previous = type(target.standing)()

    def _partly(self, target: Target, rows: list[ApprovalStatus], at: datetime) -> None:
        del target
        self._rules.approve(
            rows[-1], self._state.people[self._actor(rows[-1])], None, at
        )

    def _approved(
        self, target: Target, rows: list[ApprovalStatus], at: datetime
    ) -> None:
        del target
        for place, row in enumerate(rows):
            if self._rules.is_open(row):
                person = self._state.people[self._actor(row)]
                self._rules.approve(row, person, None, at + place * _STEP)

    def _rejected(
        self, target: Target, rows: list[ApprovalStatus], at: datetime
    ) -> None:
        del target
        person = self._state.people[self._actor(rows[0])]
        self._rules.reject(rows[0], person, "please check", at)

    def _undone(self, target: Target, rows: list[ApprovalStatus], at: datetime) -> None:
        self._approved(target, rows, at)
        self._rules.unapprove(target, at + 4 * _STEP)

    def _on_behalf(
        self, target: Target, rows: list[ApprovalStatus], at: datetime
    ) -> None:
        del target
        for row in rows:
            if self._rules.is_open(row):
                self._rules.approve(row, self._state.people[AUDITOR], "on behalf", at)

    def _actor(self, row: ApprovalStatus) -> str:
        """Return who acts on *row*: an admin where its holder cannot."""
        found = holder_id(self._state, row)
        is_able = found is not None and self._state.people[found].deactivated_at is None
        return found if is_able and found is not None else AUDITOR


def _make_booking(state: State, seed: Seed, common: dict[str, Any]) -> Target:
    return Booking(
        id=seed.id or state.next_id("bookings"),
        event_id=seed.event_id,
        started_on=seed.day,
        ended_on=seed.day + timedelta(days=seed.days - 1),
        time=seed.minutes,
        **common,
    )


def _make_entry(state: State, seed: Seed, common: dict[str, Any]) -> Target:
    return TimeEntry(
        id=seed.id or state.next_id("time_entries"),
        date=seed.day,
        time=seed.minutes,
        billable_time=seed.minutes,
        submitted=seed.is_invoiced,
        invoiced=seed.is_invoiced,
        **common,
    )


def _make_expense(state: State, seed: Seed, common: dict[str, Any]) -> Target:
    is_foreign = seed.currency != "EUR"
    return Expense(
        id=seed.id or state.next_id("expenses"),
        name=seed.title,
        date=seed.day,
        amount=seed.amount,
        billable_amount=seed.amount,
        currency=seed.currency,
        exchange_rate="0.92" if is_foreign else "1.0",
        paid_on=seed.paid_on,
        reimbursed_on=seed.reimbursed_on,
        **common,
    )


_MAKERS: Mapping[str, Callable[[State, Seed, dict[str, Any]], Target]] = {
    "booking": _make_booking,
    "time_entry": _make_entry,
    "expense": _make_expense,
}
