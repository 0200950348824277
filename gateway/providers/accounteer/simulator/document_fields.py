"""What a request may say about a document, and how it is taken over (5.2, 5.3)."""

from datetime import date
from decimal import Decimal
from typing import Any

from gateway.providers.accounteer.simulator import directory
from gateway.providers.accounteer.simulator.amounts import compute_line
from gateway.providers.accounteer.simulator.asks import Ask
from gateway.providers.accounteer.simulator.fields import (
    Content,
    amount,
    day,
    flag,
    objects,
    required_text,
    text,
)
from gateway.providers.accounteer.simulator.objects import (
    NO_NUMBER,
    Document,
    Kind,
    Line,
)
from gateway.providers.accounteer.simulator.replies import invalid

_PARTIES: dict[Kind, tuple[str, str]] = {
    "invoice": ("client_id", "client"),
    "offer": ("client_id", "client"),
    "purchase": ("supplier_id", "supplier"),
}


def party_field(kind: Kind) -> str:
    """Return the name of the field with the other party."""
    return _PARTIES[kind][0]


def party(ask: Ask, kind: Kind, content: Content) -> str:
    """Return the contact that *content* names.

    Raises:
        AccounteerError: 422; it names none, or none that fits.
    """
    name, role = _PARTIES[kind]
    contact = ask.look(ask.state.contacts, required_text(content, name))
    if contact is None or contact.type not in {role, "both"}:
        raise invalid(name, f"is not a known {role}")
    return contact.id


def issue_date(ask: Ask, content: Content) -> date | None:
    """Return the issue date under the first spelling that is known and sent (X2).

    Raises:
        AccounteerError: 422; it is no date.
    """
    for name in ask.switches.issue_date_fields:
        if content.get(name) is not None:
            return day(content, name)
    return None


def take_over(ask: Ask, document: Document, content: Content) -> None:
    """Change *document* as *content* says; fields left out stay.

    Raises:
        AccounteerError: 422; *document* may be half changed.
    """
    if party_field(document.kind) in content:
        document.contact_id = party(ask, document.kind, content)
    document.date_issued = issue_date(ask, content) or document.date_issued
    document.date_due = day(content, "date_due") or document.date_due
    if "reference" in content:
        document.reference = text(content, "reference")
    if document.kind == "purchase":
        number = text(content, "document_number")
        document.document_number = number or document.document_number or NO_NUMBER
    elif content.get("template_id") is not None:
        document.template_id = _template(ask, content)
    if document.kind == "offer" and "invoice_id" in content:
        document.invoice_id = _invoice_id(ask, content)
    if "items" in content:
        document.items = _lines(ask, document, objects(content, "items"))
        document.compute_totals()


def _template(ask: Ask, content: Content) -> str:
    template_id = required_text(content, "template_id")
    if directory.TEMPLATES.get(template_id) != ask.organization_id:
        raise invalid("template_id", "is not a known template")
    return template_id


def _invoice_id(ask: Ask, content: Content) -> str | None:
    invoice_id = text(content, "invoice_id")
    if invoice_id and ask.look(ask.state.invoices, invoice_id) is None:
        raise invalid("invoice_id", "is not a known invoice")
    return invoice_id


def _lines(ask: Ask, document: Document, rows: list[dict[str, Any]]) -> list[Line]:
    before = {line.id: line for line in document.items}
    after: dict[str, Line] = before.copy() if ask.switches.unlisted_lines_stay else {}
    listed = set()
    for row in rows:
        line = _line(ask, document.kind, row, before)
        if line.id in listed:
            raise invalid("items", "names a line twice")
        listed.add(line.id)
        after[line.id] = line
    return list(after.values())


def _line(ask: Ask, kind: Kind, row: dict[str, Any], before: dict[str, Line]) -> Line:
    line_id = text(row, "id")
    old = None if line_id is None else before.get(line_id)
    if line_id is not None and old is None:
        raise invalid("items.id", "is not a line of this document")
    if old is not None:
        row = _as_row(old) | row
    tax = ask.look(ask.state.taxes, row.get("tax_id"))
    if tax is None:
        raise invalid("items.tax_id", "is not a known tax")
    default = directory.DEFAULT_ACCOUNTS[ask.organization_id, kind]
    account_id = text(row, "gl_account_id") or default
    if ask.look(ask.state.accounts, account_id) is None:
        raise invalid("items.gl_account_id", "is not a known ledger account")
    return compute_line(
        id=line_id or ask.state.next_id("line"),
        title=required_text(row, "title"),
        description=text(row, "description"),
        quantity=amount(row, "quantity"),
        price=amount(row, "price"),
        tax=tax,
        gl_account_id=account_id,
        include_tax=flag(row, "include_tax") or False,
    )


def _as_row(line: Line) -> dict[str, str | Decimal | bool | None]:
    return {
        "title": line.title,
        "description": line.description,
        "quantity": line.quantity,
        "price": line.typed_price,
        "tax_id": line.tax_id,
        "gl_account_id": line.gl_account_id,
        "include_tax": line.tax_included,
    }
