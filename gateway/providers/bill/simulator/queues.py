"""``ListUserApprovals``: what one user has, had or will have to approve (5.7)."""

from datetime import datetime
from typing import Any

from gateway.providers.bill.simulator.asks import Ask
from gateway.providers.bill.simulator.fields import (
    boolean,
    one_of,
    text,
    unknown_error,
)
from gateway.providers.bill.simulator.filters import SELECTION_MEMBERS, Selection
from gateway.providers.bill.simulator.kinds import KINDS
from gateway.providers.bill.simulator.listing import page_size
from gateway.providers.bill.simulator.objects import (
    ROW_APPROVED,
    ROW_DENIED,
    UPCOMING,
    VIEWED,
    WAITING,
)
from gateway.providers.bill.simulator.replies import BillError

_MEMBERS = (
    "usersId",
    "entity",
    "approvalType",
    "marker",
    "max",
    "nested",
    *SELECTION_MEMBERS,
)
_ROWS = {"Bill": "BillApprover", "VendorCredit": "VendorCreditApprover"}
_STATUSES = {
    "0": frozenset({WAITING, VIEWED}),
    "1": frozenset({ROW_APPROVED}),
    "2": frozenset({ROW_DENIED}),
    "3": frozenset({UPCOMING}),
}


def list_user_approvals(ask: Ask) -> dict[str, Any]:
    """Answer ``ListUserApprovals``; only an administrator may name somebody else.

    Raises:
        BillError: BDC_1002, BDC_1205, BDC_1302, or BDC_9901 for the list of another.
    """
    members = ask.data(_MEMBERS)
    user_id = members.require("usersId", text)
    entity = members.require("entity", one_of(*_ROWS))
    wanted = _STATUSES[members.require("approvalType", one_of(*_STATUSES))]
    marker = members.read("marker", text, "")
    limit = page_size(members, ask.switches)
    nested = members.read("nested", boolean, default=False)
    selection = Selection(members, KINDS[entity], ask.switches)
    if ask.state.find("User", user_id).id != ask.session.user_id:
        ask.require_administrator()
    found = selection.select(_objects(ask, entity, user_id, wanted), ask.render)
    page = _after(marker, found, selection, ask, entity)[:limit]
    return {
        "marker": _marker(page[-1]) if page else marker,
        "approvals": [ask.render.queued(one, nested=nested) for one in page],
    }


def _objects(
    ask: Ask, entity: str, user_id: str, statuses: frozenset[str]
) -> list[Any]:
    return [
        ask.state.find(entity, row.object_id)
        for row in ask.state.table(_ROWS[entity]).values()
        if row.users_id == user_id and row.status in statuses
    ]


def _after(
    marker: str, found: list[Any], selection: Selection, ask: Ask, entity: str
) -> list[Any]:
    """Return what follows the marked object, which may have left the list."""
    if not marker:
        return found
    last_id, _, milliseconds = marker.partition("|")
    if not milliseconds.isdecimal():
        raise unknown_error()
    try:
        last = ask.state.find(entity, last_id)
    except BillError as error:
        raise unknown_error() from error
    others = [one for one in found if one is not last]
    arranged = selection.arrange([*others, last], ask.render)
    return arranged[arranged.index(last) + 1 :]


def _marker(one: Any) -> str:
    created_at = datetime.fromisoformat(one.created_time)
    return f"{one.id}|{round(created_at.timestamp() * 1000)}"
