"""Approve, reject and undo on time entries, expenses and bookings themselves (5-7)."""

from gateway.providers.productive.simulator.asks import Ask
from gateway.providers.productive.simulator.deciding import attributes_of, read_note
from gateway.providers.productive.simulator.names import EXPENSES, TIME_ENTRIES
from gateway.providers.productive.simulator.objects import (
    ApprovalStatus,
    Standing,
    Target,
)
from gateway.providers.productive.simulator.replies import (
    ProductiveError,
    Reply,
    access_denied,
    conflict,
    invalid,
    record_not_found,
)
from gateway.providers.productive.simulator.roles import holder_id


def approve_target(ask: Ask, type_name: str, object_id: str) -> Reply:
    """Answer ``PATCH /<targets>/{id}/approve``: the caller's duties on it.

    Raises:
        ProductiveError: 403, 404, 409, 422.
    """
    target = _find(ask, type_name, object_id)
    note = read_note(ask)
    _approve(ask, target, _duties(ask, target), note)
    return ask.show(target, type_name)


def reject_target(ask: Ask, type_name: str, object_id: str) -> Reply:
    """Answer ``PATCH /<targets>/{id}/reject``.

    Raises:
        ProductiveError: 403, 404, 409, 422.
    """
    target = _find(ask, type_name, object_id)
    note, reason = read_note(ask), read_note(ask, "rejected_reason")
    rows = _duties(ask, target)
    if not rows:
        standing = Standing(
            rejected_at=ask.now, rejecter_id=ask.caller.id, rejected_reason=reason
        )
        ask.rules.settle(target, standing, ask.now)
    for row in rows:
        if ask.rules.is_open(row):
            ask.rules.reject(row, ask.caller, note, ask.now, reason)
    return ask.show(target, type_name)


def unapprove_target(ask: Ask, type_name: str, object_id: str) -> Reply:
    """Answer ``PATCH /<targets>/{id}/unapprove``.

    Raises:
        ProductiveError: 403, 404, 409.
    """
    target = _find(ask, type_name, object_id)
    _check_approved(ask, target)
    ask.rules.unapprove(target, ask.now)
    return ask.show(target, type_name)


def unreject_target(ask: Ask, type_name: str, object_id: str) -> Reply:
    """Answer ``PATCH /<targets>/{id}/unreject``.

    Raises:
        ProductiveError: 403, 404, 409.
    """
    target = _find(ask, type_name, object_id)
    if not ask.caller.is_admin and not _is_concerned(ask, target):
        raise access_denied()
    if target.standing.rejected_at is None:
        raise conflict(f"{target.kind}_not_rejected")
    ask.rules.unreject(target, ask.now)
    return ask.show(target, type_name)


def approve_entries(ask: Ask) -> Reply:
    """Answer the bulk ``PATCH /time_entries/approve``: all of them or none.

    Raises:
        ProductiveError: 403, 404, 409.
    """
    entries = ask.listed(TIME_ENTRIES)
    is_for_all = _is_for_all(ask)
    duties = [
        [row for row in ask.state.rows(entry) if ask.rules.is_open(row)]
        if is_for_all
        else _duties(ask, entry)
        for entry in entries
    ]
    for entry in entries:
        _check_submitted(entry)
        ask.rules.check_pending(entry)
    for entry, rows in zip(entries, duties, strict=True):
        _approve(ask, entry, rows, None)
    return ask.show_rows(entries, TIME_ENTRIES)


def unapprove_entries(ask: Ask) -> Reply:
    """Answer the bulk ``PATCH /time_entries/unapprove``: all of them or none.

    Raises:
        ProductiveError: 403, 404, 409.
    """
    entries = ask.listed(TIME_ENTRIES)
    _is_for_all(ask)
    for entry in entries:
        _check_approved(ask, entry)
    for entry in entries:
        ask.rules.unapprove(entry, ask.now)
    return ask.show_rows(entries, TIME_ENTRIES)


def _find(ask: Ask, type_name: str, object_id: str) -> Target:
    target: Target = ask.find(type_name, object_id)
    if target.deleted_at is not None:
        raise record_not_found()
    return target


def _is_for_all(ask: Ask) -> bool:
    """Return whether the duties of all approvers are meant, which admins may ask."""
    is_for_all = ask.query.plain.get("for_all_approvers", "false") in {"true", "1", ""}
    if is_for_all:
        ask.require_admin()
    return is_for_all


def _duties(ask: Ask, target: Target) -> list[ApprovalStatus]:
    """Return the rows that the caller decides; none where a target has none.

    An admin without a duty of their own acts on behalf of everybody who has one.

    Raises:
        ProductiveError: 403, 409, or 422 for somebody who has no duty here.
    """
    acted_for = _acted_for(ask, target)
    if not ask.caller.is_admin and not _is_concerned(ask, target):
        raise access_denied()
    _check_submitted(target)
    ask.rules.check_pending(target)
    rows = ask.rules.open_rows_of(target, acted_for)
    if rows:
        return rows
    if acted_for != ask.caller.id:
        raise invalid([("approver_id", "has nothing to approve here")])
    if not ask.caller.is_admin:
        raise _settled(ask, target)
    return [row for row in ask.state.rows(target) if ask.rules.is_open(row)]


def _check_submitted(target: Target) -> None:
    if target.draft:
        raise conflict(f"{target.kind}_draft")


def _acted_for(ask: Ask, target: Target) -> str:
    """Return whose duty is meant: the caller's, or by `approver_id` another's (7)."""
    if target.type != EXPENSES:
        return ask.caller.id
    named = attributes_of(ask).get("approver_id")
    if named is None or str(named) == ask.caller.id:
        return ask.caller.id
    ask.require_admin()
    return str(named)


def _settled(ask: Ask, target: Target) -> ProductiveError:
    """Return the conflict of an approver whose own duty is settled already."""
    mine = [row for row in ask.state.rows(target) if _is_mine(ask, row)]
    is_approved = any(row.approved_at is not None for row in mine)
    word = "approved" if is_approved else "settled"
    return conflict(f"approval_status_already_{word}")


def _is_mine(ask: Ask, row: ApprovalStatus) -> bool:
    known = (row.approver_id, row.actual_approver_id, holder_id(ask.state, row))
    return ask.caller.id in known


def _is_concerned(ask: Ask, target: Target) -> bool:
    return any(_is_mine(ask, row) for row in ask.state.rows(target))


def _check_approved(ask: Ask, target: Target) -> None:
    """Refuse to undo for anybody but approvers and admins, or what is not done."""
    if not ask.caller.is_admin and not _is_concerned(ask, target):
        raise access_denied()
    if target.standing.approved_at is None:
        raise conflict(f"{target.kind}_not_approved")


def _approve(
    ask: Ask, target: Target, rows: list[ApprovalStatus], note: str | None
) -> None:
    if not rows:
        standing = Standing(approved_at=ask.now, approver_id=ask.caller.id)
        ask.rules.settle(target, standing, ask.now)
    for row in rows:
        if ask.rules.is_open(row):
            ask.rules.approve(row, ask.caller, note, ask.now)
