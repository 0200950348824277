"""The resource type of bookings, and what all targets have in common (5, 10.1)."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from gateway.providers.productive.simulator import filters
from gateway.providers.productive.simulator.kinds_approval import ROWS
from gateway.providers.productive.simulator.kinds_people import person_type_of
from gateway.providers.productive.simulator.names import BOOKINGS, EVENTS, PEOPLE
from gateway.providers.productive.simulator.objects import Booking, Standing, Target
from gateway.providers.productive.simulator.replies import time_text
from gateway.providers.productive.simulator.roles import sees_target
from gateway.providers.productive.simulator.shape import (
    ORGANIZATION,
    Filter,
    Kind,
    Relation,
    View,
    nothing,
    one,
)

# Values of `approval_status` of bookings (5).
_APPROVED, _PENDING, _REJECTED, _CANCELED = 1, 2, 3, 5
_MINUTES_PER_HOUR, _WORKING_DAYS = 60, 5


def is_target_seen(target: Target, view: View) -> bool:
    """Whether the caller may read *target*."""
    caller = view.caller
    return caller is None or sees_target(view.state, caller, target, view.now)


def decider(attribute: str) -> Relation:
    """Return the relationship to who approved or rejected, as told at the time."""

    def find(target: Target, view: View) -> Any:
        standing = target.shown(view.now)
        return view.state.people.get(getattr(standing, attribute) or "")

    return Relation(type=PEOPLE, find=find)


def standing_attributes(standing: Standing) -> dict[str, Any]:
    """Return the attributes that tell how far a target is."""
    return {
        "approved": standing.approved_at is not None,
        "approved_at": time_text(standing.approved_at),
        "rejected": standing.rejected_at is not None,
        "rejected_reason": standing.rejected_reason,
        "rejected_at": time_text(standing.rejected_at),
    }


def standing_time(name: str) -> Filter:
    """Return the filter on ``approved_at`` or ``rejected_at``."""

    def moment(target: Target, view: View) -> datetime | None:
        found: datetime | None = getattr(target.shown(view.now), name)
        return found

    return filters.times(moment)


def approved_by() -> Filter:
    """Return the filter on who approved a target."""

    def values(target: Target, view: View) -> tuple[str, ...]:
        found = target.shown(view.now).approver_id
        return () if found is None else (found,)

    return filters.ids(values, is_array=True)


def of_deal(
    read: Callable[[Any, View], str | None], *, is_array: bool = True
) -> Filter:
    """Return a filter on an id that the target's budget has."""

    def values(target: Target, view: View) -> tuple[str, ...]:
        deal = view.state.deal_of(target)
        found = None if deal is None else read(deal, view)
        return () if found is None else (found,)

    return filters.ids(values, is_array=is_array)


def working_days(first: date, last: date) -> int:
    """Return how many days of *first* to *last*, both included, are work days."""
    days = (last - first).days + 1
    return sum(
        (first + timedelta(days=place)).weekday() < _WORKING_DAYS
        for place in range(days)
    )


def _hours(minutes: int) -> int | float:
    hours = minutes / _MINUTES_PER_HOUR
    return int(hours) if hours.is_integer() else hours


def _booking_attributes(booking: Booking, view: View) -> dict[str, Any]:
    days = working_days(booking.started_on, booking.ended_on)
    return {
        "hours": _hours(booking.time),
        "time": booking.time,
        "started_on": booking.started_on.isoformat(),
        "ended_on": booking.ended_on.isoformat(),
        "total_time": booking.time * days,
        "total_working_days": days,
        "percentage": booking.percentage,
        "note": booking.note,
        "created_at": time_text(booking.created_at),
        "updated_at": time_text(booking.updated_at),
        "people_custom_fields": {},
        **standing_attributes(booking.shown(view.now)),
        "canceled": booking.canceled_at is not None,
        "canceled_at": time_text(booking.canceled_at),
        "booking_method_id": booking.booking_method_id,
        "autotracking": False,
        "draft": booking.draft,
        "custom_fields": None,
        "external_id": None,
        "stage_type": None,
        "last_activity_at": time_text(booking.last_activity_at),
    }


def _approval_status(booking: Booking, view: View) -> tuple[int]:
    standing = booking.shown(view.now)
    if booking.canceled_at is not None:
        return (_CANCELED,)
    if standing.approved_at is not None:
        return (_APPROVED,)
    return (_PENDING if standing.rejected_at is None else _REJECTED,)


def _booking_type(booking: Booking, _view: View) -> tuple[str]:
    return ("event" if booking.service_id is None else "service",)


_STATUS_FILTER = filters.codes(
    _approval_status, (_APPROVED, _PENDING, _REJECTED, _CANCELED), is_array=True
)
# Without it, and without `draft`, lists leave drafts out.
WITH_DRAFT = filters.flags(
    lambda target, _view: (True,) if target.draft else (True, False)
)

BOOKING = Kind(
    type=BOOKINGS,
    attributes=_booking_attributes,
    relations={
        "organization": ORGANIZATION,
        "person": one(PEOPLE, "person_id", is_told=True),
        "service": one("services", "service_id", is_told=True),
        "event": one(EVENTS, "event_id", is_told=True),
        "task": nothing("tasks", is_told=True),
        "creator": one(PEOPLE, "creator_id"),
        "updater": nothing(PEOPLE),
        "approver": decider("approver_id"),
        "rejecter": decider("rejecter_id"),
        "canceler": one(PEOPLE, "canceler_id"),
        "origin": nothing(BOOKINGS),
        "approval_statuses": ROWS,
        "attachments": Relation(
            type="attachments", find=lambda _one, _view: [], is_many=True
        ),
    },
    filters={
        "id": filters.ids("id"),
        "person_id": filters.ids("person_id"),
        "approver_id": Filter(parse=filters.parse_id, values=approved_by().values),
        "event_id": filters.ids("event_id"),
        "project_id": of_deal(lambda deal, _view: deal.project_id, is_array=False),
        "budget_id": of_deal(lambda deal, _view: deal.id, is_array=False),
        "company_id": of_deal(lambda deal, _view: deal.company_id, is_array=False),
        "task_id": filters.no_ids(),
        "origin_id": filters.no_ids(),
        "resource_request_id": filters.no_ids(),
        "booking_type": filters.words(_booking_type, "event", "service"),
        "approval_status": _STATUS_FILTER,
        "status": _STATUS_FILTER,
        "draft": filters.flags("draft"),
        "with_draft": WITH_DRAFT,
        "canceled": filters.flags(
            lambda booking, _view: (booking.canceled_at is not None,)
        ),
        "after": filters.since("ended_on"),
        "before": filters.until("started_on"),
        "started_on": filters.dates("started_on"),
        "ended_on": filters.dates("ended_on"),
        "approved_at": standing_time("approved_at"),
        "rejected_at": standing_time("rejected_at"),
        "canceled_at": filters.times("canceled_at"),
        "created_at": filters.times("created_at"),
        "updated_at": filters.times("updated_at"),
        "last_activity_at": filters.times("last_activity_at"),
        "note": filters.texts("note"),
        "tags": filters.no_words(),
        "person_type": person_type_of("person_id"),
        "project_type": filters.no_ids(is_array=True),
        "stage_type": filters.no_ids(),
        "billing_type_id": filters.no_ids(),
        "autotracking": filters.flags(lambda _booking, _view: (False,)),
        "person_subsidiary_id": filters.no_ids(),
        "custom_fields": filters.no_words(),
    },
    sorts={
        "draft": lambda booking, _view: booking.draft,
        "last_activity_at": lambda booking, _view: booking.last_activity_at,
        "started_on": lambda booking, _view: booking.started_on,
    },
    is_seen=is_target_seen,
)
