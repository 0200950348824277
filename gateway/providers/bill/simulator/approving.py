"""The calls on the chain of one object (5.1 to 5.5)."""

from typing import Any

from gateway.providers.bill.simulator.approvals import TURN
from gateway.providers.bill.simulator.asks import Ask
from gateway.providers.bill.simulator.fields import Members, list_of, one_of, text
from gateway.providers.bill.simulator.objects import (
    ACTIVE,
    APPROVING,
    ASSIGNED,
    DENIED,
    OPEN,
    ROW_APPROVED,
    ROW_DENIED,
    UPCOMING,
    Approvable,
    Approver,
    Bill,
)
from gateway.providers.bill.simulator.policies import governing_policy, satisfies
from gateway.providers.bill.simulator.replies import BillError

_TARGET = ("objectId", "entity")


def set_approvers(ask: Ask) -> dict[str, Any]:
    """Answer ``SetApprovers``; an empty list clears the chain.

    Raises:
        BillError: BDC_1002, BDC_1205, BDC_1302, BDC_9904 for an object that was denied
            or is being paid, BDC_9905, BDC_9906, BDC_9907.
    """
    members = ask.data((*_TARGET, "approvers"))
    one = _target(ask, members)
    user_ids = members.require("approvers", list_of(text))
    _require_changeable(one)
    for user_id in user_ids:
        _require_usable(ask, user_id)
    if not user_ids:
        _clear(ask, one)
    elif one.approval_status == DENIED:
        raise BillError("BDC_9904")
    else:
        _require_policy(ask, one, user_ids)
        ask.approvals.set_chain(one, user_ids, ask.at)
    return {}


def clear_approvers(ask: Ask) -> dict[str, Any]:
    """Answer ``ClearApprovers``.

    Raises:
        BillError: BDC_1002, BDC_1205, BDC_1302, BDC_9904 where it is being paid,
            BDC_9907.
    """
    one = _target(ask, ask.data(_TARGET))
    _require_changeable(one)
    _clear(ask, one)
    return {}


def approve(ask: Ask, entity: str | None = None) -> dict[str, Any]:
    """Answer ``Approve``; who is signed in is who approves.

    *entity* is what the path names, in the forms of C8.

    Raises:
        BillError: BDC_1002, BDC_1205, BDC_1302, BDC_9901 to BDC_9904, BDC_9907. Then
            nothing was changed.
    """
    one, row, comment = _turn(ask, entity)
    ask.approvals.approve(one, row, comment, ask.at)
    return {}


def deny(ask: Ask, entity: str | None = None) -> dict[str, Any]:
    """Answer ``Deny``: the whole object is denied at once.

    *entity* is what the path names, in the forms of C8.

    Raises:
        BillError: As `approve`.
    """
    one, row, comment = _turn(ask, entity)
    ask.approvals.deny(one, row, comment, ask.at)
    return {}


def list_approvers(ask: Ask) -> list[dict[str, Any]]:
    """Answer ``ListApprovers``: one object's rows in their order.

    Raises:
        BillError: BDC_1002, BDC_1205, BDC_1302.
    """
    one = _target(ask, ask.data(_TARGET))
    return ask.render.approvers(ask.state.chain(one.id))


def _target(ask: Ask, members: Members, entity: str | None = None) -> Approvable:
    named = one_of("Bill", "VendorCredit")
    if entity is not None:
        members.read("entity", one_of(entity), entity)
    kind = entity or members.require("entity", named)
    found: Approvable = ask.state.find(kind, members.require("objectId", text))
    return found


def _turn(ask: Ask, entity: str | None) -> tuple[Approvable, Approver, str]:
    """Return the object, the caller's row whose turn it is, and the comment."""
    members = ask.data((*_TARGET, "comment"))
    comment = members.read("comment", text, "")
    one = _target(ask, members, entity)
    if one.is_active != ACTIVE:
        raise BillError("BDC_9907")
    if one.approval_status not in {ASSIGNED, APPROVING}:
        raise BillError("BDC_9904")
    return one, _own_row(ask, one), comment


def _own_row(ask: Ask, one: Approvable) -> Approver:
    user_id = ask.session.user_id
    rows = [row for row in ask.state.chain(one.id) if row.users_id == user_id]
    status = rows[0].status if rows else None
    if status in {ROW_APPROVED, ROW_DENIED}:
        raise BillError("BDC_9903")
    if status == UPCOMING:
        raise BillError("BDC_9902")
    if status not in TURN or not ask.state.may_approve(user_id):
        raise BillError("BDC_9901")
    return rows[0]


def _require_changeable(one: Approvable) -> None:
    if one.is_active != ACTIVE:
        raise BillError("BDC_9907")
    if isinstance(one, Bill) and one.payment_status != OPEN:
        raise BillError("BDC_9904")


def _require_usable(ask: Ask, user_id: str) -> None:
    user = ask.state.find("User", user_id)
    if user.is_active != ACTIVE or not ask.state.may_approve(user_id):
        raise BillError("BDC_9905")


def _require_policy(ask: Ask, one: Approvable, user_ids: list[str]) -> None:
    policy = governing_policy(ask.state, one, ask.switches.threshold_rule)
    chain = ask.approvals.new_chain(one, user_ids)
    is_enough = satisfies(ask.state, policy, chain)
    if not is_enough and not ask.switches.accept_unsatisfying_chain:
        raise BillError("BDC_9906")


def _clear(ask: Ask, one: Approvable) -> None:
    forgets = ask.switches.clear_forgets_approvals
    ask.approvals.clear(one, ask.at, forgets=forgets)
