"""Approve and reject approval statuses, one or many (3.4 to 3.6)."""

from typing import Any, Literal

from gateway.providers.productive.simulator.asks import Ask
from gateway.providers.productive.simulator.names import STATUSES
from gateway.providers.productive.simulator.replies import Reply, invalid

Decision = Literal["approve", "reject"]


def decide(ask: Ask, decision: Decision, object_id: str) -> Reply:
    """Answer ``PATCH /approval_statuses/{id}/approve`` and ``…/reject``.

    Raises:
        ProductiveError: 403, 404, 409, or 422 for a note that is too long.
    """
    row = ask.find(STATUSES, object_id)
    note = read_note(ask)
    ask.rules.check(row, ask.caller)
    act = ask.rules.approve if decision == "approve" else ask.rules.reject
    act(row, ask.caller, note, ask.now)
    return ask.show(row, STATUSES)


def approve_many(ask: Ask) -> Reply:
    """Answer the bulk ``PATCH /approval_statuses/approve``: all of them or none (C7).

    A row that another row of the same call settles stays pending, and is no conflict.

    Raises:
        ProductiveError: 403, 404, 409.
    """
    rows = ask.listed(STATUSES)
    for row in rows:
        ask.rules.check(row, ask.caller)
    for row in rows:
        if ask.rules.is_open(row):
            ask.rules.approve(row, ask.caller, None, ask.now)
    return ask.show_rows(rows, STATUSES)


def attributes_of(ask: Ask) -> dict[str, Any]:
    """Return ``attributes`` of an action's body; empty where there are none."""
    found = ask.members().get("attributes")
    return found if isinstance(found, dict) else {}


def read_note(ask: Ask, name: str = "note") -> str | None:
    """Return a text of an action's body; an empty one is None (3.5).

    Raises:
        ProductiveError: 422; it is no text, or too long.
    """
    note = attributes_of(ask).get(name)
    if note is None or note == "":
        return None
    if not isinstance(note, str):
        raise invalid([(name, "is invalid")])
    if len(note) > ask.switches.note_length:
        limit = ask.switches.note_length
        raise invalid([(name, f"is too long (maximum is {limit} characters)")])
    return note
