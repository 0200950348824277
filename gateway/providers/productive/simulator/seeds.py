"""What a target is like at the start, as data."""

from datetime import date, datetime, timedelta
from typing import Literal

import msgspec

from gateway.providers.productive.simulator.directory import (
    APPROVER,
    CLERK,
    CONTROLLER,
    MAIN,
)
from gateway.providers.productive.simulator.objects import ANY
from gateway.providers.productive.simulator.replies import ZONE

START = datetime(2026, 10, 30, 17, 0, 0, 551_000, tzinfo=ZONE)
TargetKind = Literal["booking", "time_entry", "expense"]


class Duty(msgspec.Struct, frozen=True, kw_only=True):
    """A row that no workflow of now would make."""

    approver_id: str | None = None
    role: int | None = None
    key: str | None = None
    requirement_id: int | None = None
    workflow_id: str | None = None


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody does with the row at *place*, or with the whole target."""

    verb: Literal["approve", "reject", "unapprove"]
    by: str
    place: int = 0
    note: str | None = None
    at: datetime | None = None


class Seed(msgspec.Struct, frozen=True, kw_only=True):
    """One target to start with; without *duties* its workflow asks.

    *amount* is in hundredths of the currency; *minutes* are those of a day.
    """

    kind: TargetKind
    id: str | None = None
    organization_id: str = MAIN
    person_id: str = CLERK
    event_id: str | None = None
    service_id: str | None = None
    day: date
    days: int = 1
    minutes: int = 480
    title: str = ""
    amount: int = 0
    currency: str = "EUR"
    note: str | None = None
    created_at: datetime
    duties: tuple[Duty, ...] | None = None
    acts: tuple[Act, ...] = ()
    draft: bool = False
    is_canceled: bool = False
    is_deleted: bool = False
    is_invoiced: bool = False
    paid_on: date | None = None
    reimbursed_on: date | None = None


def approved(by: str, place: int = 0, note: str | None = None) -> Act:
    """Return an approval."""
    return Act(verb="approve", by=by, place=place, note=note)


def rejected(by: str, place: int = 0, note: str | None = None) -> Act:
    """Return a rejection."""
    return Act(verb="reject", by=by, place=place, note=note)


def by_hand(*approver_ids: str) -> tuple[Duty, ...]:
    """Return the duties of approvers whom somebody chose."""
    return tuple(Duty(approver_id=one_id) for one_id in approver_ids)


def any_of(*approver_ids: str) -> tuple[Duty, ...]:
    """Return the duties of a workflow "Any of" that exists no more."""
    return tuple(
        Duty(approver_id=one_id, requirement_id=ANY) for one_id in approver_ids
    )


def before_start(hours: float) -> datetime:
    """Return the time *hours* before the sandbox starts."""
    return START - timedelta(hours=hours)


BOTH = (CONTROLLER, APPROVER)
