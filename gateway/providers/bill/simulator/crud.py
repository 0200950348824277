"""``Crud/<Verb>/<Entity>`` and its bulk form (3.1, 3.3)."""

from collections.abc import Callable, Mapping
from typing import Any

from gateway.providers.bill.simulator.asks import Ask
from gateway.providers.bill.simulator.fields import (
    Members,
    anything,
    list_of,
    text,
    unknown_error,
)
from gateway.providers.bill.simulator.kinds import Kind
from gateway.providers.bill.simulator.making import (
    change_object,
    create_object,
    read_object,
)
from gateway.providers.bill.simulator.objects import ACTIVE, INACTIVE
from gateway.providers.bill.simulator.replies import BillError, failure, success

_MOST_ITEMS = 100
_WRAPPED = frozenset({"BillApprover", "VendorCreditApprover"})
_GOVERNED = frozenset({"ApprovalPolicy", "ApprovalPolicyApprover"})


def run_verb(verb: str, kind: Kind, ask: Ask) -> Any:
    """Answer ``Crud/<Verb>/<Entity>``.

    Raises:
        BillError: BDC_1002, BDC_1205, BDC_1302, or BDC_9901 for policies.
    """
    return _run(verb, kind, ask, ask.data((_argument(verb),)))


def run_bulk(verb: str, kind: Kind, ask: Ask) -> dict[str, Any]:
    """Answer ``Bulk/Crud/<Verb>/<Entity>``; an item that fails leaves the others.

    Raises:
        BillError: BDC_1002; there is no array, or it is too long.
    """
    items = ask.data(("bulk",)).require("bulk", list_of(anything))
    if len(items) > _MOST_ITEMS:
        raise unknown_error()
    return {"bulk": [_item(verb, kind, ask, item) for item in items]}


def _item(verb: str, kind: Kind, ask: Ask, item: object) -> dict[str, Any]:
    try:
        return success(_run(verb, kind, ask, Members(item, (_argument(verb),))))
    except BillError as error:
        return failure(error)


def _argument(verb: str) -> str:
    return "obj" if verb in {"Create", "Update"} else "id"


def _run(verb: str, kind: Kind, ask: Ask, members: Members) -> Any:
    if verb != "Read" and kind.name in _GOVERNED:
        ask.require_administrator()
    return _VERBS[verb](kind, ask, members)


def _create(kind: Kind, ask: Ask, members: Members) -> Any:
    wanted = read_object(members.require("obj", anything), kind)
    return ask.render.full(create_object(ask, kind, wanted))


def _read(kind: Kind, ask: Ask, members: Members) -> Any:
    shown = ask.render.full(ask.state.find(kind.name, members.require("id", text)))
    is_wrapped = ask.switches.read_wrapped and kind.name in _WRAPPED
    return {"obj": shown} if is_wrapped else shown


def _update(kind: Kind, ask: Ask, members: Members) -> Any:
    wanted = read_object(members.require("obj", anything), kind)
    stored = ask.state.find(kind.name, wanted.require("id", text))
    change_object(ask, kind, stored, wanted)
    shown = ask.render.full(stored)
    # Quirk: the vendor's sample of an update shows a policy as deleted (C4).
    if ask.switches.quirk_update_inactive and kind.name == "ApprovalPolicy":
        shown["isActive"] = INACTIVE
    return shown


def _delete(kind: Kind, ask: Ask, members: Members) -> Any:
    stored = ask.state.find(kind.name, members.require("id", text))
    if stored.is_active != INACTIVE:
        stored.is_active = INACTIVE
        stored.updated_time = ask.at
        stored.updated_by = ask.session.user_id
    return ask.render.full(stored)


def _undelete(kind: Kind, ask: Ask, members: Members) -> Any:
    # Quirk: the vendor's sample repeats the time of the deletion (3.1).
    stored = ask.state.find(kind.name, members.require("id", text))
    stored.is_active = ACTIVE
    return ask.render.full(stored)


_VERBS: Mapping[str, Callable[[Kind, Ask, Members], Any]] = {
    "Create": _create,
    "Read": _read,
    "Update": _update,
    "Delete": _delete,
    "Undelete": _undelete,
}
