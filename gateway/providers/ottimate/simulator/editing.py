"""``PATCH /invoices/{id}`` and ``POST /invoices`` (5.4, 5.5)."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from gateway.providers.ottimate.simulator import directory
from gateway.providers.ottimate.simulator.asks import Ask
from gateway.providers.ottimate.simulator.directory import Vendor
from gateway.providers.ottimate.simulator.fields import (
    FieldError,
    Fields,
    amount,
    day,
    text,
    whole,
)
from gateway.providers.ottimate.simulator.items import (
    change_items,
    create_items,
    listed_items,
    parse_dimensions,
)
from gateway.providers.ottimate.simulator.render import invoice_detail
from gateway.providers.ottimate.simulator.replies import (
    OttimateError,
    Reply,
    invalid,
    json_reply,
)
from gateway.providers.ottimate.simulator.state import APPROVAL_DONE, Invoice


def _currency(value: object) -> str:
    if not re.fullmatch(r"[A-Z]{3}", text(value)):
        raise FieldError("An ISO 4217 code is required.")
    return text(value)


def _type(value: object) -> str:
    if value not in {"invoice", "credit_memo"}:
        raise FieldError(f'"{value}" is not a valid choice.')
    return text(value)


_PLAIN: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "invoice_number": ("number", text),
    "invoice_date": ("invoice_date", day),
    "due_date": ("due_date", day),
    "posting_date": ("posting_date", day),
    "total_amount": ("total", amount),
    "total_tax": ("tax", amount),
    "discount_amount": ("discount", amount),
    "purchase_order": ("purchase_order", text),
    "notes": ("notes", text),
    "currency": ("currency", _currency),
    "type": ("type", _type),
    "dimensions": ("dimensions", parse_dimensions),
}


def patch_invoice(ask: Ask) -> Reply:
    """Answer ``PATCH /invoices/{id}``; a status cannot be set.

    Raises:
        OttimateError: 400, 403, 404, or 412 when a precondition no longer holds.
    """
    invoice = ask.invoice()
    _require_editable(ask, invoice)
    _require_unchanged(ask, invoice)
    content = ask.content()
    items = listed_items(content.get("items"))
    changes = _read_changes(ask, content, invoice.location_id, may_add_vendor=True)
    before = _what_policies_see(invoice)
    _apply(ask, invoice, changes)
    result = change_items(ask.state, invoice, items)
    if content:
        ask.state.note(invoice, ask.now, "edited", ask.actor.user_id)
        _match_again(ask, invoice, before)
    detail = invoice_detail(invoice, ask.switches, version=ask.echo)
    if "items" in content:
        detail["items_processing_result"] = result
    return json_reply(200, detail)


def create_invoice(ask: Ask) -> Reply:
    """Answer ``POST /invoices`` with 201 and the detail.

    Raises:
        OttimateError: 400, 403, or 409 for an ``upload_id`` that the company knows.
    """
    ask.actor.require("edit")
    content = ask.content()
    fields = Fields(content)
    fields.require("ottimate_location_id", "upload_id")
    location_id = fields.read("ottimate_location_id", whole)
    upload_id = fields.read("upload_id", text)
    fields.check()
    company_id = _company_of(ask, location_id, content.get("ottimate_company_id"))
    _require_new_upload(ask, company_id, upload_id)
    changes = _read_changes(ask, content, location_id, may_add_vendor=False)
    items = create_items(ask.state, listed_items(content.get("items")))
    invoice = Invoice(
        id=str(ask.state.next_uuid("invoice")),
        number_id=ask.state.next_number("invoice number", 48_200_000),
        upload_id=upload_id,
        location_id=location_id,
        status="incomplete",
        created_at=ask.now,
        items=items,
    )
    _apply(ask, invoice, changes)
    ask.state.note(invoice, ask.now, "uploaded", ask.actor.user_id)
    _submit(ask, invoice)
    ask.state.add(invoice)
    return json_reply(201, invoice_detail(invoice, ask.switches, version=ask.echo))


def _require_editable(ask: Ask, invoice: Invoice) -> None:
    ask.actor.require("edit")
    if ask.switches.protected_states and invoice.status in APPROVAL_DONE:
        ask.actor.require("edit_approved")
    if ask.switches.protected_states and invoice.status == "exported":
        ask.actor.require("edit_exported")


def _require_unchanged(ask: Ask, invoice: Invoice) -> None:
    detail = invoice_detail(invoice, ask.switches, version=ask.echo)
    for header in ("if-match", "if-unmodified-since"):
        expected = ask.headers.get(header)
        if expected and expected.strip('"') != detail["last_modified_date_utc"]:
            message = "The invoice was changed meanwhile."
            raise OttimateError(412, "INV4120", message)


def _read_changes(
    ask: Ask, content: Mapping[str, Any], location_id: int, *, may_add_vendor: bool
) -> dict[str, Any]:
    fields = Fields(content)
    changes = {
        attribute: fields.read(name, parse)
        for name, (attribute, parse) in _PLAIN.items()
        if name in fields
    }
    if "custom_fields" in fields:
        changes["custom_fields"] = fields.read(
            "custom_fields", _custom_fields_parser(ask.switches.custom_field_keys)
        )
    if "image_urls" in fields or "raw_images" in fields:
        urls = fields.read("image_urls", _image_urls) or []
        urls += fields.read("raw_images", _raw_images) or []
        changes["images"] = urls
    moved_to = fields.read("ottimate_location_id", whole)
    fields.check()
    if moved_to is not None:
        ask.actor.require_locations({moved_to})
        changes["location_id"] = location_id = moved_to
    if "erp_vendor_id" in fields:
        vendor = _known_vendor(ask, content, location_id)
        if vendor is None and may_add_vendor:
            vendor = _add_vendor(ask, content, location_id)
        if vendor is None:
            raise invalid("erp_vendor_id", "The vendor does not exist.")
        changes["vendor"] = vendor
    return changes


def _apply(ask: Ask, invoice: Invoice, changes: dict[str, Any]) -> None:
    if "images" in changes:
        changes["images"] = {
            ask.state.next_number("image", 9_000): url for url in changes["images"]
        }
    if "total" in changes and invoice.payment_status != "paid":
        before = invoice.total or Decimal(0)
        invoice.outstanding += changes["total"] - before
    for attribute, value in changes.items():
        setattr(invoice, attribute, value)


def _match_again(ask: Ask, invoice: Invoice, before: object) -> None:
    if invoice.status in {"incomplete", "needs-attention"}:
        _submit(ask, invoice)
        return
    changed = _what_policies_see(invoice) != before
    is_advanced = ask.switches.approval_mode == "advanced"
    if invoice.status == "pending-approval" and changed and is_advanced:
        ask.approvals.match(invoice, ask.now)


def _submit(ask: Ask, invoice: Invoice) -> None:
    if invoice.is_complete:
        ask.approvals.submit(invoice, ask.now, ask.switches.approval_mode)


def _what_policies_see(invoice: Invoice) -> object:
    return (
        invoice.total,
        invoice.vendor,
        invoice.location_id,
        dict(invoice.dimensions),
    )


def _company_of(ask: Ask, location_id: int, company_id: object) -> int:
    ask.actor.require_locations({location_id})
    found = directory.LOCATIONS[location_id].company_id
    if company_id is not None and company_id != found:
        raise invalid("ottimate_location_id", "Not a location of this company.")
    return found


def _require_new_upload(ask: Ask, company_id: int, upload_id: str) -> None:
    for invoice in ask.state.invoices.values():
        company = directory.LOCATIONS[invoice.location_id].company_id
        if (company, invoice.upload_id) == (company_id, upload_id):
            raise OttimateError(409, "INV4090", "The upload_id exists already.")


def _known_vendor(
    ask: Ask, content: Mapping[str, Any], location_id: int
) -> Vendor | None:
    fields = Fields(content)
    erp_id = fields.read("erp_vendor_id", text)
    fields.check()
    return ask.state.vendor(directory.LOCATIONS[location_id].company_id, erp_id)


def _add_vendor(ask: Ask, content: Mapping[str, Any], location_id: int) -> Vendor:
    fields = Fields(content)
    fields.require("erp_vendor_name")
    name = fields.read("erp_vendor_name", text)
    fields.check()
    vendor = Vendor(
        ask.state.next_number("vendor", 88_500),
        directory.LOCATIONS[location_id].company_id,
        content["erp_vendor_id"],
        name,
    )
    ask.state.vendors.append(vendor)
    return vendor


def _custom_fields_parser(keys: tuple[str, ...]) -> Callable[[Any], dict[str, Any]]:
    def parse(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise FieldError("A JSON object is required.")
        if not keys:
            raise FieldError("No custom fields are configured.")
        if unknown := value.keys() - set(keys):
            raise FieldError(f"Unknown keys: {', '.join(sorted(unknown))}.")
        return dict(value)

    return parse


def _image_urls(value: Any) -> list[str]:
    if not isinstance(value, list):
        raise FieldError("A list is required.")
    return [text(url) for url in value]


def _raw_images(value: Any) -> list[str]:
    if not isinstance(value, list) or not all(
        isinstance(image, dict) and image.keys() >= {"filename", "data"}
        for image in value
    ):
        raise FieldError("A list of objects with filename and data is required.")
    return [f"https://cdn.ottimate.example/i/{text(one['filename'])}" for one in value]
