"""Bookings are made, edited, canceled and deleted (5, 10.2)."""

from datetime import date

from gateway.providers.productive.simulator.asks import Ask
from gateway.providers.productive.simulator.fields import Fields
from gateway.providers.productive.simulator.names import (
    BOOKINGS,
    EVENTS,
    PEOPLE,
)
from gateway.providers.productive.simulator.objects import Booking, Target
from gateway.providers.productive.simulator.replies import (
    Reply,
    access_denied,
    document_reply,
)

_FULL_DAY_MINUTES = 480
_METHODS = (1, 2, 3)


def create_booking(ask: Ask) -> Reply:
    """Answer ``POST /bookings``: 201, and rows where a workflow matches.

    Raises:
        ProductiveError: 400, 403, 422.
    """
    fields = Fields(ask.members(), ask.state, ask.organization_id)
    person_id = fields.needed_reference("person", PEOPLE)
    event_id = fields.reference("event", EVENTS)
    service_id = fields.reference("service", "services")
    if event_id is None and service_id is None:
        fields.complain("event_id", "can not be blank")
    started_on = fields.needed_day("started_on")
    ended_on = fields.needed_day("ended_on")
    if date.min < ended_on < started_on:
        fields.complain("ended_on", "must be after started_on")
    minutes = fields.whole("time", _FULL_DAY_MINUTES)
    method = fields.whole("booking_method_id", 1, allowed=_METHODS)
    percentage = fields.whole("percentage")
    note = fields.text("note")
    draft = fields.flag("draft", default=False)
    fields.check()
    check_writer(ask, person_id)
    booking = Booking(
        id=ask.state.next_id(BOOKINGS),
        organization_id=ask.organization_id,
        person_id=person_id,
        creator_id=ask.caller.id,
        created_at=ask.now,
        updated_at=ask.now,
        last_activity_at=ask.now,
        event_id=None if service_id else event_id,
        service_id=service_id,
        started_on=started_on,
        ended_on=ended_on,
        time=_FULL_DAY_MINUTES if minutes is None else minutes,
        booking_method_id=method or 1,
        percentage=percentage,
        note=note,
        draft=draft,
    )
    add_target(ask, booking)
    return ask.show(booking, BOOKINGS, 201)


def update_booking(ask: Ask, object_id: str) -> Reply:
    """Answer ``PATCH /bookings/{id}``; other dates or times ask everybody again.

    Raises:
        ProductiveError: 400, 403, 404, 422.
    """
    booking: Booking = ask.find(BOOKINGS, object_id)
    check_writer(ask, booking.person_id)
    fields = Fields(ask.members(), ask.state, ask.organization_id)
    event_id = fields.reference("event", EVENTS, booking.event_id)
    started_on = fields.day("started_on", booking.started_on) or booking.started_on
    ended_on = fields.day("ended_on", booking.ended_on) or booking.ended_on
    if ended_on < started_on:
        fields.complain("ended_on", "must be after started_on")
    minutes = fields.whole("time", booking.time)
    note = fields.text("note", booking.note)
    percentage = fields.whole("percentage", booking.percentage, is_nullable=True)
    draft = fields.flag("draft", default=booking.draft)
    canceled = fields.flag("canceled", default=booking.canceled_at is not None)
    fields.check()
    before = _asked(booking)
    was_draft = booking.draft
    booking.event_id = event_id
    booking.started_on, booking.ended_on = started_on, ended_on
    booking.time = booking.time if minutes is None else minutes
    booking.note, booking.percentage, booking.draft = note, percentage, draft
    _cancel(ask, booking, canceled=canceled)
    touch(ask, booking, restarts=was_draft != draft or _asked(booking) != before)
    return ask.show(booking, BOOKINGS)


def delete_booking(ask: Ask, object_id: str) -> Reply:
    """Answer ``DELETE /bookings/{id}``; its rows go with it.

    Raises:
        ProductiveError: 403, 404.
    """
    booking: Booking = ask.find(BOOKINGS, object_id)
    check_writer(ask, booking.person_id)
    ask.rules.tell("delete", booking, ask.now)
    ask.state.drop_rows(booking)
    del ask.state.bookings[booking.id]
    return document_reply(None)


def _asked(booking: Booking) -> object:
    """Return what approvers decide upon."""
    return booking.started_on, booking.ended_on, booking.time, booking.event_id


def _cancel(ask: Ask, booking: Booking, *, canceled: bool) -> None:
    if canceled and booking.canceled_at is None:
        booking.canceled_at, booking.canceler_id = ask.now, ask.caller.id
    if not canceled:
        booking.canceled_at = booking.canceler_id = None


def check_writer(ask: Ask, person_id: str) -> None:
    """Refuse everybody but the person, their manager and admins.

    Raises:
        ProductiveError: 403.
    """
    person = ask.state.people[person_id]
    if ask.caller.is_admin or ask.caller.id in {person.id, person.manager_id}:
        return
    raise access_denied()


def add_target(ask: Ask, target: Target) -> None:
    """Put a new target into the state and ask its approvers."""
    ask.state.table(target.type)[target.id] = target
    ask.rules.submit(target, ask.now)
    ask.rules.tell("create", target, ask.now)


def touch(ask: Ask, target: Target, *, restarts: bool = False) -> None:
    """Note that a target was edited; *restarts* asks its approvers again."""
    if restarts:
        ask.rules.restart(target, ask.now)
    target.updated_at = target.last_activity_at = ask.now
    ask.rules.tell("update", target, ask.now)
