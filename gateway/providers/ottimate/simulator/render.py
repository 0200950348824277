"""The JSON shapes of the API, written by hand from its public pages."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from gateway.providers.ottimate.simulator import directory
from gateway.providers.ottimate.simulator.directory import Policy
from gateway.providers.ottimate.simulator.replies import number, utc_text
from gateway.providers.ottimate.simulator.state import (
    ApprovalRecord,
    GLSplit,
    HistoryEntry,
    Invoice,
    Item,
)
from gateway.providers.ottimate.simulator.switches import OttimateSwitches

# Quirk: fields without the suffix _utc carry the offset of US Pacific time
# (docs.ottimate.com/invoice-approvals); the simulator keeps to its winter offset.
_PACIFIC = timezone(timedelta(hours=-8))


def local_text(moment: datetime | None) -> str | None:
    """Return the form of the fields without ``_utc``."""
    if moment is None:
        return None
    return moment.astimezone(_PACIFIC).isoformat(timespec="microseconds")


def listed_invoice(
    invoice: Invoice, switches: OttimateSwitches, *, with_items: bool
) -> dict[str, Any]:
    """Return a row of ``GET /invoices``."""
    row = {
        "id": invoice.id,
        "invoice_number": invoice.number,
        **_common(invoice),
        "posting_date": invoice.posting_date,
        **_twins("approved_date", invoice.approved_at),
        "has_price_variance": invoice.has_price_variance,
        "has_unmatched_items": invoice.has_unmatched_items,
        "on_hold": {
            "is_held": invoice.hold_reason is not None,
            "reason": invoice.hold_reason or "",
        },
    }
    if invoice.approved_at is None and switches.unset_approved_date == "missing":
        del row["approved_date"], row["approved_date_utc"]
    if with_items:
        row["items"] = [_item(item) for item in invoice.items]
    return row


def invoice_detail(
    invoice: Invoice,
    switches: OttimateSwitches,
    *,
    version: str,
    expand: frozenset[str] = frozenset(),
) -> dict[str, Any]:
    """Return the object of ``GET /invoices/{id}``; it has no ``approved_date``."""
    detail = {
        "version": version,
        "id": invoice.id,
        "number": invoice.number,
        **_common(invoice),
        "notes": invoice.notes,
        "custom_fields": invoice.custom_fields,
        "discount_amount": number(invoice.discount),
    }
    if invoice.payment_status == "paid":
        detail["payment_info"] = {
            "payment_method": invoice.payment_method,
            "reference": invoice.payment_reference,
        }
    if switches.items_in_detail:
        detail["items"] = [_item(item) for item in invoice.items]
    if "history" in expand:
        detail["history"] = [_history_entry(entry) for entry in invoice.history]
    if "gl_splits" in expand:
        detail["gl_splits"] = [_gl_split(one) for one in invoice.gl_splits] or None
    return detail


def acted_invoice(
    invoice: Invoice, message: str, version: str, *, with_approval: bool
) -> dict[str, Any]:
    """Return the answer of approve and of flag."""
    shown = {
        "id": invoice.id,
        "invoice_number": invoice.number,
        "status": invoice.status,
    }
    if with_approval:
        shown["approved_date"] = local_text(invoice.approved_at)
    return {"version": version, "success": True, "message": message, "invoice": shown}


def approver(
    record: ApprovalRecord, policy: Policy | None, switches: OttimateSwitches
) -> dict[str, Any]:
    """Return an approval record; whether the person approved is not in it (5.9)."""
    user = directory.USERS[record.user_id]
    shown = {
        "id": record.id,
        "approver": {
            "id": str(user.id),
            "email": user.email,
            "display_name": user.display_name,
        },
        "policy": _policy(policy, switches),
        "created_date": local_text(record.created_at),
    }
    if policy is None and switches.manual_policy == "missing":
        del shown["policy"]
    if switches.approver_status_field:
        shown["status"] = "approved" if record.approved_at else "pending"
        shown["approved_date"] = local_text(record.approved_at)
    return shown


def _policy(policy: Policy | None, switches: OttimateSwitches) -> Any:
    if policy is not None:
        return {"id": policy.id, "name": policy.name}
    return {"id": "", "name": ""} if switches.manual_policy != "null" else None


def _common(invoice: Invoice) -> dict[str, Any]:
    return {
        "ottimate_vendor_name": invoice.vendor.name if invoice.vendor else None,
        "ottimate_location_name": directory.LOCATIONS[invoice.location_id].name,
        "invoice_date": invoice.invoice_date,
        "due_date": invoice.due_date,
        "total_amount": None if invoice.total is None else number(invoice.total),
        "total_tax": number(invoice.tax),
        "currency": invoice.currency,
        "outstanding_balance": number(invoice.outstanding),
        "type": invoice.type,
        "status": invoice.status,
        "payment_status": invoice.payment_status,
        "purchase_order": invoice.purchase_order,
        **_twins("created_at", invoice.created_at),
        **_twins("exported_date", invoice.exported_at),
        **_twins("last_modified_date", invoice.modified_at),
        "last_modified_user": _user(invoice.modified_by),
        "error": invoice.error,
        "url": f"https://dashboard.ottimate.example/invoices/{invoice.number_id}",
        "images": [{"id": key, "url": url} for key, url in invoice.images.items()],
        "dimensions": _dimensions(invoice.dimensions),
    }


def _twins(name: str, moment: datetime | None) -> dict[str, str | None]:
    utc = None if moment is None else utc_text(moment)
    return {name: local_text(moment), f"{name}_utc": utc}


def _user(user_id: int | None) -> dict[str, Any] | None:
    if user_id is None:
        return None
    user = directory.USERS[user_id]
    return {
        "id": user.id,
        "email": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
    }


def _dimensions(chosen: dict[str, str]) -> dict[str, Any]:
    found = {kind: directory.DIMENSIONS[kind, key] for kind, key in chosen.items()}
    return {
        kind: {
            "id": dimension.id,
            "erp_dimension_id": dimension.erp_id,
            "name": dimension.name,
            "code": dimension.code,
        }
        for kind, dimension in found.items()
    }


def _item(item: Item) -> dict[str, Any]:
    return {
        "id": item.id,
        "name": item.name,
        "sku": item.sku,
        "quantity": number(item.quantity),
        "price": number(item.price),
        "extended_price": number(item.quantity * item.price),
        "is_taxed": item.is_taxed,
        "uom": item.uom,
        "catalog_entry": None,
        "dimensions": _dimensions(item.dimensions),
        "custom_fields": item.custom_fields,
    }


def _history_entry(entry: HistoryEntry) -> dict[str, Any]:
    return {
        "id": entry.id,
        **_twins("date", entry.at),
        "reason": entry.reason,
        "message": entry.message,
        "user": _user(entry.user_id),
    }


def _gl_split(split: GLSplit) -> dict[str, Any]:
    return {
        "memo": split.memo,
        "amount": str(split.amount.quantize(Decimal("0.01"))),
        "custom_fields": {},
        "dimensions": _dimensions(split.dimensions),
    }
