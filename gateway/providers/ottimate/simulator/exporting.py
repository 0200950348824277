"""``mark-exported`` and ``mark-unexported``: failures inside a 200 (5.7)."""

from typing import Any

from gateway.providers.ottimate.simulator.asks import Ask
from gateway.providers.ottimate.simulator.fields import Fields, boolean
from gateway.providers.ottimate.simulator.replies import Reply, invalid, json_reply
from gateway.providers.ottimate.simulator.state import APPROVAL_DONE, Invoice


def mark_exported(ask: Ask) -> Reply:
    """Answer ``POST /invoices/mark-exported``.

    Raises:
        OttimateError: 400, 403; a single invoice that fails is in the answer.
    """
    ask.actor.require("export")
    content = ask.content()
    updated: list[Any] = []
    failed: list[dict[str, Any]] = []
    for mark in _marks(content):
        invoice = _find(ask, mark["invoice_id"])
        problem = _export_problem(invoice)
        if invoice is None or problem:
            failed.append({"id": mark["invoice_id"], "error": problem})
            continue
        _export(ask, invoice, content | mark)
        updated.append(mark["invoice_id"])
    return json_reply(200, {"updated": updated, "failed": failed})


def mark_unexported(ask: Ask) -> Reply:
    """Answer ``POST /invoices/mark-unexported``.

    An invoice that is flagged on the way is listed as updated and as flagged.

    Raises:
        OttimateError: 400, 403; a single invoice that fails is in the answer.
    """
    ask.actor.require("export")
    content = ask.content()
    fields = Fields(content)
    flags = fields.read("flag_invoice", boolean)
    fields.check()
    answer: dict[str, list[Any]] = {
        name: [] for name in ("updated", "flagged", "failed", "skipped")
    }
    for mark in _marks(content):
        sent_id = mark["invoice_id"]
        invoice = _find(ask, sent_id)
        if invoice is None:
            answer["failed"].append({"id": sent_id, "error": "Invoice not found"})
        elif invoice.status != "exported":
            error = "Invoice is not exported"
            answer["skipped"].append({"id": sent_id, "error": error})
        else:
            _unexport(ask, invoice, content | mark, flags=bool(flags))
            answer["updated"].append(sent_id)
            answer["flagged"] += [sent_id] if flags else []
    return json_reply(200, answer)


def _marks(content: dict[str, Any]) -> list[dict[str, Any]]:
    marks = content.get("invoices")
    if not isinstance(marks, list) or not marks:
        raise invalid("invoices", "This field is required.")
    for mark in marks:
        sent_id = mark.get("invoice_id") if isinstance(mark, dict) else None
        if isinstance(sent_id, bool) or not isinstance(sent_id, int | str):
            raise invalid("invoices", "Each element needs an invoice_id.")
    return marks


def _find(ask: Ask, sent_id: int | str) -> Invoice | None:
    invoice = ask.state.find(str(sent_id))
    return invoice if invoice and ask.actor.reaches(invoice) else None


def _export_problem(invoice: Invoice | None) -> str:
    if invoice is None:
        return "Invoice not found"
    if invoice.hold_reason is not None:
        return "Invoice is on hold"
    if invoice.status not in APPROVAL_DONE:
        return "Invoice is not ready for export"
    return ""


def _export(ask: Ask, invoice: Invoice, mark: dict[str, Any]) -> None:
    parts = (mark.get("marked_reason"), mark.get("export_transaction_id"))
    message = " ".join(str(part) for part in parts if part)
    invoice.status = "exported"
    invoice.exported_at = ask.now
    ask.state.note(invoice, ask.now, "exported", ask.actor.user_id, message)


def _unexport(ask: Ask, invoice: Invoice, mark: dict[str, Any], *, flags: bool) -> None:
    reason = str(mark.get("marked_reason") or "")
    invoice.status = "ready-for-export"
    invoice.exported_at = None
    ask.state.note(invoice, ask.now, "unexported", ask.actor.user_id, reason)
    if flags:
        ask.approvals.flag(invoice, ask.actor.user_id, reason, ask.now)
