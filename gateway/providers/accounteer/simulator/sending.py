"""Sending an invoice by e-mail (5.7)."""

from typing import Any

from gateway.providers.accounteer.simulator.asks import Ask
from gateway.providers.accounteer.simulator.fields import objects, required_text, text
from gateway.providers.accounteer.simulator.objects import Message
from gateway.providers.accounteer.simulator.render import message_body
from gateway.providers.accounteer.simulator.replies import Reply, invalid, json_reply


def send_invoice(ask: Ask) -> Reply:
    """Answer ``POST /invoices/:id/send``; each call sends again.

    Raises:
        AccounteerError: 422; there is no message, or a person is not known. Nothing
            is sent then.
    """
    content = ask.bare_content()
    document = ask.document("invoice")
    emails = [_email(ask, row) for row in objects(content, "messages")]
    if not emails:
        raise invalid("messages", "needs at least one message")
    sent = [
        Message(
            id=ask.state.next_id("message"),
            document_id=document.id,
            email=email,
            date_sent=ask.today,
        )
        for email in emails
    ]
    ask.state.messages.extend(sent)
    return json_reply(200, [message_body(one) for one in sent])


def _email(ask: Ask, row: dict[str, Any]) -> str:
    person_id = text(row, "contact_person_id")
    if person_id is not None:
        return _known_email(ask, person_id)
    contact = row.get("contact")
    if not isinstance(contact, dict):
        raise invalid("messages", "each names a contact_person_id or a contact")
    for name in ("first_name", "last_name"):
        text(contact, name)
    email = required_text(contact, "email")
    if "@" not in email:
        raise invalid("email", "is no e-mail address")
    return email


def _known_email(ask: Ask, person_id: str) -> str:
    for contact in ask.owned(ask.state.contacts):
        for person in contact.contact_persons:
            if person.id == person_id and person.email:
                return person.email
    raise invalid("contact_person_id", "is not a known person with an e-mail address")
