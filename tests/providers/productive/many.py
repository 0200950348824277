"""What the tests of many decisions at once share: entries to decide on, and results."""

import json
from typing import Any

from gateway.domain import GlobalID, ProviderName
from gateway.providers.productive.simulator.directory import CONTROLLER, MAIN
from gateway.providers.productive.simulator.objects import (
    ANY,
    ApprovalStatus,
    Standing,
)
from tests.providers.productive.deciding import Office
from tests.support import RecordingTransport

BULK_ENTRIES = "PATCH /time_entries/approve"
BULK_STATUSES = "PATCH /approval_statuses/approve"
BULK_TYPE = "application/vnd.api+json; ext=bulk"

APPLIED: dict[str, Any] = {"outcome": "APPLIED", "userErrors": []}
ALREADY: dict[str, Any] = {"outcome": "ALREADY_APPLIED", "userErrors": []}
UNKNOWN: dict[str, Any] = {"outcome": "UNKNOWN", "userErrors": []}
STALE = (
    "It is not as it was when `expectedVersion` was read. Look at it again, and decide "
    "with its `version` of now. Nothing was sent."
)


def give_entries(
    office: Office, count: int, *approver_ids: str, key: str | None = None
) -> list[str]:
    """Return the ids of time entries on which these persons alone are asked.

    With a *key* their rows are of a rule "All of", else of one "Any of".
    """
    state = office.simulator.state
    found = [
        one
        for one in state.time_entries.values()
        if one.organization_id == MAIN
        and len(one.id) == 3
        and int(one.id) > 630
        and one.date < office.time.instant.date()
    ][:count]
    assert len(found) == count
    for entry in found:
        entry.draft, entry.standing = False, Standing()
        state.drop_rows(entry)
        for place, approver_id in enumerate(approver_ids or (CONTROLLER,)):
            state.add_row(
                ApprovalStatus(
                    id=state.next_id("approval_statuses"),
                    organization_id=MAIN,
                    target_type="time_entry",
                    target_id=entry.id,
                    requirement_id=ANY if key is None else None,
                    approver_id=approver_id,
                    approver_group_key=None if key is None else f"{key}{place}",
                )
            )
    return [entry.id for entry in found]


def approve(key: str, **members: Any) -> dict[str, Any]:
    return {"id": key, "decision": "APPROVE", **members}


def reject(key: str, **members: Any) -> dict[str, Any]:
    return {"id": key, "decision": "REJECT", **members}


async def approve_entries(office: Office, entries: list[str]) -> list[dict[str, Any]]:
    """Return how the controller's approvals of time entries ended."""
    return await office.decide(*(approve(office.id(one)) for one in entries))


def key_of(type_name: str, source_id: str) -> GlobalID:
    return GlobalID(1, type_name, ProviderName.PRODUCTIVE, source_id)


def bulk_body(resource: str, keys: list[str]) -> dict[str, Any]:
    """Return what is sent to approve several (2.7)."""
    return {"data": [{"id": one, "type": resource} for one in keys]}


def bodies(productive: RecordingTransport, call: str) -> list[Any]:
    """Return the bodies that were sent with the calls of one name."""
    return [
        json.loads(request.content)
        for name, request in zip(productive.calls, productive.requests, strict=True)
        if name == call
    ]


def refused(
    code: str, message: str, place: int, field: str | None = None
) -> dict[str, Any]:
    """Return how a decision ended that was refused."""
    path = None if field is None else ["input", "decisions", str(place), field]
    told = {"code": code, "message": message, "field": path, "provider": "PRODUCTIVE"}
    return {"outcome": "REFUSED", "userErrors": [told]}
