"""The calls on approvers, and approve and flag (5.8 to 5.12)."""

from http import HTTPStatus
from typing import Any

from gateway.providers.ottimate.simulator import directory
from gateway.providers.ottimate.simulator.asks import Ask
from gateway.providers.ottimate.simulator.auth import forbidden
from gateway.providers.ottimate.simulator.directory import User
from gateway.providers.ottimate.simulator.fields import Fields, boolean, text
from gateway.providers.ottimate.simulator.render import acted_invoice, approver
from gateway.providers.ottimate.simulator.replies import (
    OttimateError,
    Reply,
    invalid,
    json_reply,
)
from gateway.providers.ottimate.simulator.state import (
    CLOSED,
    ApprovalRecord,
    Invoice,
)


def list_approvers(ask: Ask) -> Reply:
    """Answer ``GET /invoices/{id}/approvers``; the oldest record comes first."""
    records = sorted(ask.invoice().records, key=lambda record: record.created_at)
    shown = [_shown(ask, record) for record in records]
    return json_reply(200, {"version": ask.echo, "approvers": shown})


def add_approver(ask: Ask) -> Reply:
    """Answer ``POST /invoices/{id}/approvers``.

    Raises:
        OttimateError: 400, 403, 404, or 409 for somebody who is asked already.
    """
    invoice = ask.invoice()
    ask.actor.require("add_approvers")
    field = ask.switches.approver_body
    users = _named_users(ask.content(), field)
    _require_not_approved(invoice)
    for user in users:
        _require_addable(invoice, user, field)
    records = [ask.approvals.add_manual(invoice, user, ask.now) for user in users]
    for user in users:
        ask.state.note(
            invoice, ask.now, "approver_added", ask.actor.user_id, user.display_name
        )
    return json_reply(
        ask.switches.add_approver_status,
        {
            "version": ask.echo,
            "success": True,
            "message": "Approver added successfully.",
            "approver": _shown(ask, records[0]),
        },
    )


def remove_approver(ask: Ask) -> Reply:
    """Answer ``DELETE /invoices/{id}/approvers?approval_id=…``.

    Raises:
        OttimateError: 400, 403 for a record of a policy, 404.
    """
    invoice = ask.invoice()
    record = _named_record(invoice, ask.query.get("approval_id"))
    ask.actor.require("add_approvers")
    if record.policy_id is not None:
        ask.actor.require("manage_policies")
    _require_not_approved(invoice)
    if record.approved_at is not None:
        raise _wrong_state("The approver has already approved.")
    ask.approvals.remove(invoice, record)
    name = directory.USERS[record.user_id].display_name
    ask.state.note(invoice, ask.now, "approver_removed", ask.actor.user_id, name)
    if HTTPStatus(ask.switches.remove_approver_status) is HTTPStatus.NO_CONTENT:
        return Reply(status=204, body=b"")
    message = "Approver removed successfully."
    return json_reply(200, {"version": ask.echo, "success": True, "message": message})


def approve(ask: Ask) -> Reply:
    """Answer ``POST /invoices/{id}/approve``; the API User is who approves.

    Raises:
        OttimateError: 400, 403, 404. Then nothing was recorded.
    """
    invoice = ask.invoice()
    fields = Fields(ask.content())
    is_forced = fields.read("force_approve", boolean)
    fields.check()
    if is_forced:
        _require_forceable(ask, invoice)
        ask.approvals.force(invoice, ask.actor.user_id, ask.now)
    else:
        _require_approvable(ask, invoice)
        mode = ask.switches.approval_mode
        ask.approvals.approve(invoice, ask.actor.user_id, ask.now, mode)
    message = "Invoice approved successfully."
    return json_reply(
        200, acted_invoice(invoice, message, ask.echo, with_approval=True)
    )


def flag(ask: Ask) -> Reply:
    """Answer ``POST /invoices/{id}/flag``: the only way to say no.

    Raises:
        OttimateError: 400, 403, 404.
    """
    invoice = ask.invoice()
    ask.actor.require("flag")
    fields = Fields(ask.content())
    reason = fields.read("flagging_reason", text) or ""
    fields.check()
    if invoice.status in {"exported", "archived"}:
        raise _wrong_state("The invoice cannot be flagged any more.")
    ask.approvals.flag(invoice, ask.actor.user_id, reason, ask.now)
    message = "Invoice flagged successfully."
    return json_reply(
        200, acted_invoice(invoice, message, ask.echo, with_approval=False)
    )


def _shown(ask: Ask, record: ApprovalRecord) -> dict[str, Any]:
    policy = ask.approvals.policy(record.policy_id) if record.policy_id else None
    return approver(record, policy, ask.switches)


def _named_users(content: dict[str, Any], field: str) -> list[User]:
    given = content.get(field)
    if given is None or given == []:
        raise invalid(field, "This field is required.")
    by_name = {
        user.email if field == "email" else str(user.id): user
        for user in directory.USERS.values()
    }
    names = given if field == "approver_ids" and isinstance(given, list) else [given]
    users = [by_name.get(str(name)) for name in names]
    found = [user for user in users if user is not None]
    if len(found) < len(users):
        raise invalid(field, "Unknown user.")
    return found


def _require_addable(invoice: Invoice, user: User, field: str) -> None:
    if invoice.location_id not in user.location_ids:
        raise invalid(field, "The user is not authorised for this location.")
    if any(
        record.user_id == user.id and record.policy_id is None
        for record in invoice.open_records
    ):
        message = "The user is already an approver of this invoice."
        raise OttimateError(409, "INV4090", message)


def _named_record(invoice: Invoice, approval_id: str | None) -> ApprovalRecord:
    if not approval_id:
        raise invalid("approval_id", "This parameter is required.")
    for record in invoice.records:
        if record.id == approval_id:
            return record
    raise OttimateError(404, "INV4040", "Approver not found.")


def _require_forceable(ask: Ask, invoice: Invoice) -> None:
    ask.actor.require("force_approve")
    _require_not_approved(invoice)
    if invoice.status == "processing":
        raise _wrong_state("The invoice is still being processed.")


def _require_approvable(ask: Ask, invoice: Invoice) -> None:
    ask.actor.require("approve")
    _require_not_approved(invoice)
    if invoice.status != "pending-approval":
        raise _wrong_state("The invoice is not waiting for approval.")
    if ask.switches.approval_mode == "advanced":
        _require_turn(ask, invoice)


def _require_turn(ask: Ask, invoice: Invoice) -> None:
    waiting = {record.user_id for record in invoice.open_records}
    if ask.actor.user_id in waiting:
        return
    if not waiting and ask.approvals.is_satisfied(invoice):
        return
    if any(record.user_id == ask.actor.user_id for record in invoice.records):
        raise _wrong_state("You have already approved this invoice.")
    raise forbidden("You are not an approver of this invoice.")


def _require_not_approved(invoice: Invoice) -> None:
    if invoice.status in CLOSED:
        raise _wrong_state("The invoice is already approved.")


def _wrong_state(message: str) -> OttimateError:
    return OttimateError(400, "INV4001", message)
