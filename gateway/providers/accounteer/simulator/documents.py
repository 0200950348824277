"""Calls on invoices and purchases: read, create, update, approve, delete (5.1 to 5.11).

There are three doors to approval: create, update and approve. All take the same way.
"""

import copy
from typing import Any

from gateway.providers.accounteer.simulator.asks import Ask
from gateway.providers.accounteer.simulator.document_fields import (
    issue_date,
    party,
    take_over,
)
from gateway.providers.accounteer.simulator.fields import Content
from gateway.providers.accounteer.simulator.listing import (
    filter_documents,
    list_reply,
)
from gateway.providers.accounteer.simulator.objects import (
    APPROVED,
    DRAFT,
    NO_NUMBER,
    PAID,
    Document,
    Kind,
)
from gateway.providers.accounteer.simulator.render import document_body
from gateway.providers.accounteer.simulator.replies import (
    InvalidStateError,
    Reply,
    invalid,
    json_reply,
)
from gateway.providers.accounteer.simulator.state import DUE_DAYS

_FINAL = frozenset({APPROVED, PAID})
_ONLY_APPROVED = {"status": APPROVED}
# What somebody else changes a price by, between a look and an approval (6.3).
_EDIT = 1


def list_documents(ask: Ask, kind: Kind) -> Reply:
    """Answer ``GET /invoices`` or ``GET /purchases``."""
    rows = filter_documents(ask, ask.owned(ask.state.documents(kind)))
    return list_reply(ask, f"{kind}s", rows, lambda one: document_body(one, ask.state))


def read_document(ask: Ask, kind: Kind) -> Reply:
    """Answer ``GET /invoices/:id`` or ``GET /purchases/:id``."""
    return document_reply(ask, ask.document(kind))


def create_document(ask: Ask, kind: Kind) -> Reply:
    """Answer ``POST`` on the collection.

    Raises:
        AccounteerError: 422; a field is missing or wrong, or approval refused it.
    """
    content = ask.content(kind)
    status = _wanted_status(content, kind)
    document = _blank(ask, kind, content)
    take_over(ask, document, content)
    if kind != "purchase" and not document.items:
        raise invalid("items", "needs at least one line")
    if status == APPROVED:
        _approve(ask, document)
    ask.state.documents(kind)[document.id] = document
    return document_reply(ask, document, ask.switches.create_status_code)


def update_document(ask: Ask, kind: Kind) -> Reply:
    """Answer ``PUT`` on the element.

    Raises:
        AccounteerError: 422; a field is missing or wrong, or approval refused it.
        InvalidStateError: It is no draft.
    """
    content = ask.content(kind)
    document = ask.document(kind)
    if document.status == DRAFT:
        if kind == "purchase":
            party(ask, kind, content)
        if kind == "offer" and not content.get("items"):
            raise invalid("items", "is required")
    _change(ask, document, content)
    return document_reply(ask, document)


def approve_document(ask: Ask, kind: Kind) -> Reply:
    """Answer ``POST`` on the element: an update, and with ``status`` an approval.

    Raises:
        AccounteerError: 422; a field is wrong, or approval refused it.
        InvalidStateError: It is no draft.
    """
    content = ask.content(kind)
    document = ask.document(kind)
    if kind == "purchase" and ask.switches.purchase_approve == "ignored":
        content.pop("status", None)
    if ask.is_edited and document.status == DRAFT and document.items:
        ask.state.reprice(document, document.items[0].typed_price + _EDIT)
        document.date_updated = ask.today
    is_lenient = ask.switches.lenient_double_approve and content == _ONLY_APPROVED
    if not (is_lenient and document.status in _FINAL):
        _change(ask, document, content)
    is_approval = content.get("status") == APPROVED
    status = ask.switches.approve_status_code if is_approval else 200
    return document_reply(ask, document, status)


def delete_document(ask: Ask, kind: Kind) -> Reply:
    """Answer ``DELETE`` on the element.

    Raises:
        InvalidStateError: It is no draft.
    """
    document = ask.document(kind)
    require_draft(document)
    del ask.state.documents(kind)[document.id]
    return deleted_reply(ask, document.id)


def require_draft(document: Document) -> None:
    """Refuse to change what is no draft.

    Raises:
        InvalidStateError: Always, unless it is a draft.
    """
    if document.status != DRAFT:
        raise InvalidStateError(
            f"The document is {document.status} and cannot be changed.",
            document.status,
        )


def document_reply(ask: Ask, document: Document, status: int = 200) -> Reply:
    """Return the complete object, without a body where *status* allows none."""
    if status == 204:  # noqa: PLR2004 (a status of HTTP)
        return Reply(status=status)
    return json_reply(status, document_body(document, ask.state))


def deleted_reply(ask: Ask, one_id: str) -> Reply:
    """Return the answer of a delete."""
    status = ask.switches.delete_status_code
    if status == 204:  # noqa: PLR2004 (a status of HTTP)
        return Reply(status=status)
    return json_reply(status, {"id": one_id, "deleted": True})


def _blank(ask: Ask, kind: Kind, content: Content) -> Document:
    contact_id = party(ask, kind, content)
    issued = issue_date(ask, content)
    if kind == "purchase" and issued is None:
        raise invalid("date_issued", "is required")
    owner = ask.state.organisations[ask.organization_id]
    return Document(
        kind=kind,
        id=ask.state.next_id(kind),
        organization_id=owner.id,
        contact_id=contact_id,
        template_id=None if kind == "purchase" else owner.template_id,
        currency=owner.currency,
        date_issued=issued or ask.today,
        date_due=ask.today + DUE_DAYS,
        date_created=ask.today,
        date_updated=ask.today,
    )


def _change(ask: Ask, document: Document, content: dict[str, Any]) -> None:
    """Store what *content* says and then approve, all or nothing."""
    require_draft(document)
    status = _wanted_status(content, document.kind)
    changed = copy.copy(document)
    take_over(ask, changed, content)
    if status == APPROVED:
        _approve(ask, changed)
    changed.date_updated = ask.today
    # In place, so that whoever holds the document sees it change.
    for name in document.__struct_fields__:
        setattr(document, name, getattr(changed, name))


def _wanted_status(content: Content, kind: Kind) -> str | None:
    status = content.get("status")
    allowed = {DRAFT} if kind == "offer" else {DRAFT, APPROVED}
    if status is not None and (not isinstance(status, str) or status not in allowed):
        raise invalid("status", f"must be one of {', '.join(sorted(allowed))}")
    return status


def _approve(ask: Ask, document: Document) -> None:
    owner = ask.state.organisations[document.organization_id]
    if not document.items:
        raise invalid("items", "needs at least one line")
    if not document.total_amount:
        raise invalid("total_amount", "must not be zero")
    if document.date_issued <= owner.closed_until:
        raise invalid("date_issued", "is in a closed period")
    is_assigned = ask.switches.document_number_at_approval == "assigned"
    if is_assigned and document.document_number == NO_NUMBER:
        document.document_number = ask.state.next_document_number(document)
    document.status = APPROVED
