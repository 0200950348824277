"""What objects look like on the wire (sections 4 and 5), written by hand."""

from datetime import date
from decimal import Decimal
from typing import Any

from gateway.providers.accounteer.simulator.amounts import number
from gateway.providers.accounteer.simulator.objects import (
    Attachment,
    Contact,
    Document,
    Item,
    LedgerAccount,
    Line,
    Message,
    Organisation,
    Tax,
    TeamMember,
)
from gateway.providers.accounteer.simulator.state import State


def document_body(document: Document, state: State) -> dict[str, Any]:
    """Return an invoice, a purchase or an offer."""
    body: dict[str, Any] = {
        "id": document.id,
        "organization_id": document.organization_id,
        "document_number": document.document_number,
    }
    if document.kind == "purchase":
        body["supplier_id"] = document.contact_id
    else:
        body["client_id"] = document.contact_id
        body["template_id"] = document.template_id
    body.update(
        total_amount=number(document.total_amount),
        total_base_amount=number(document.total_base_amount),
        total_tax_amount=number(document.total_tax_amount),
        amount_due=number(document.amount_due),
        currency=document.currency,
        date_issued=document.date_issued,
        date_due=document.date_due,
        date_created=document.date_created,
        date_updated=document.date_updated,
        status=document.status,
        reference=document.reference,
        items=[_line_body(line, state) for line in document.items],
        attachments=[attachment_body(one) for one in document.attachments],
    )
    if document.kind == "offer":
        body["invoice_id"] = document.invoice_id
    return body


def _line_body(line: Line, state: State) -> dict[str, Any]:
    account = state.accounts[line.gl_account_id]
    return {
        "id": line.id,
        "title": line.title,
        "description": line.description,
        "quantity": number(line.quantity),
        "item_base_amount": number(line.item_base_amount),
        "tax_id": line.tax_id,
        "tax_name": line.tax_name,
        "tax_percentage": number(line.tax_percentage),
        "line_base_amount": number(line.line_base_amount),
        "line_tax_amount": number(line.line_tax_amount),
        "line_total_amount": number(line.line_total_amount),
        "tax_included": line.tax_included,
        "price": number(line.price),
        "gl_account": {
            "id": account.id,
            "code": account.code,
            "title": account.title,
            "description": account.description,
        },
    }


def attachment_body(one: Attachment) -> dict[str, str | date]:
    """Return a file of a document or an item."""
    return {
        "id": one.id,
        "filename": one.filename,
        "url": one.url,
        "date_created": one.date_created,
    }


def message_body(one: Message) -> dict[str, str | date]:
    """Return an e-mail that was sent."""
    return {"id": one.id, "email": one.email, "date_sent": one.date_sent}


def contact_body(one: Contact) -> dict[str, Any]:
    """Return a contact."""
    return {
        "id": one.id,
        "organization_id": one.organization_id,
        "name": one.name,
        "type": one.type,
        "vat_number": one.vat_number,
        "email": one.email,
        "phone": one.phone,
        "address": one.address,
        "contact_persons": one.contact_persons,
        "date_created": one.date_created,
        "date_updated": one.date_updated,
    }


def tax_body(one: Tax) -> dict[str, Any]:
    """Return a tax rate."""
    return {"id": one.id, "name": one.name, "percentage": number(one.percentage)}


def account_body(one: LedgerAccount) -> dict[str, Any]:
    """Return a ledger account."""
    return {
        "id": one.id,
        "code": one.code,
        "title": one.title,
        "description": one.description,
        "type": one.type,
        "payments_enabled": one.payments_enabled,
    }


def item_body(one: Item) -> dict[str, Any]:
    """Return an item."""
    return {
        "id": one.id,
        "item_title": one.item_title,
        "item_description": one.item_description,
        "sales_price": _optional(one.sales_price),
        "purchase_price": _optional(one.purchase_price),
        "gl_account_sales_id": one.gl_account_sales_id,
        "gl_account_purchase_id": one.gl_account_purchase_id,
        "tracked": one.tracked,
        "quantity_on_hand": _optional(one.quantity_on_hand),
        "reorder_point": _optional(one.reorder_point),
    }


def member_body(one: TeamMember) -> dict[str, Any]:
    """Return a team member."""
    return {
        "id": one.id,
        "email": one.email,
        "first_name": one.first_name,
        "last_name": one.last_name,
        "role": one.role,
        "status": one.status,
    }


def organisation_body(one: Organisation) -> dict[str, Any]:
    """Return an organisation."""
    return {
        "id": one.id,
        "name": one.name,
        "currency": one.currency,
        "invoice_prefix": one.invoice_prefix,
        "offer_prefix": one.offer_prefix,
        "credit_note_in_prefix": one.credit_note_in_prefix,
        "credit_note_out_prefix": one.credit_note_out_prefix,
    }


def _optional(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else number(amount)
