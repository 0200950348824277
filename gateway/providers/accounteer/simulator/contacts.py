"""Contacts: customers and suppliers (5.14)."""

from typing import Any, Literal

from gateway.providers.accounteer.simulator.asks import Ask
from gateway.providers.accounteer.simulator.fields import (
    Content,
    objects,
    required_text,
    text,
)
from gateway.providers.accounteer.simulator.listing import list_reply
from gateway.providers.accounteer.simulator.objects import (
    Address,
    Contact,
    ContactPerson,
    ContactType,
)
from gateway.providers.accounteer.simulator.render import contact_body
from gateway.providers.accounteer.simulator.replies import Reply, invalid, json_reply

_TYPES: dict[object, ContactType] = {
    "client": "client",
    "supplier": "supplier",
    "both": "both",
}
_TEXTS: tuple[Literal["vat_number", "email", "phone"], ...] = (
    "vat_number",
    "email",
    "phone",
)
_ADDRESS = Address.__struct_fields__
_PERSON = ("first_name", "last_name", "email")


def list_contacts(ask: Ask) -> Reply:
    """Answer ``GET /contacts``."""
    return list_reply(ask, "contacts", ask.owned(ask.state.contacts), contact_body)


def read_contact(ask: Ask) -> Reply:
    """Answer ``GET /contacts/:id``."""
    return json_reply(200, contact_body(ask.find(ask.state.contacts, "Contact")))


def create_contact(ask: Ask) -> Reply:
    """Answer ``POST /contacts``.

    Raises:
        AccounteerError: 422; a field is missing or wrong.
    """
    content = ask.content("contact")
    contact = Contact(
        id=ask.state.next_id("contact"),
        organization_id=ask.organization_id,
        name=required_text(content, "name"),
        date_created=ask.today,
        date_updated=ask.today,
    )
    _take_over(ask, contact, content)
    ask.state.contacts[contact.id] = contact
    return json_reply(ask.switches.create_status_code, contact_body(contact))


def update_contact(ask: Ask) -> Reply:
    """Answer ``PUT /contacts/:id``; fields left out stay.

    Raises:
        AccounteerError: 422; a field is wrong. Nothing is changed then.
    """
    content = ask.content("contact")
    contact = ask.find(ask.state.contacts, "Contact")
    _take_over(ask, contact, content)
    contact.date_updated = ask.today
    return json_reply(200, contact_body(contact))


def _take_over(ask: Ask, contact: Contact, content: Content) -> None:
    """Read every field before the first of them is stored."""
    changes: dict[str, Any] = {
        name: text(content, name) for name in _TEXTS if name in content
    }
    if "name" in content:
        changes["name"] = required_text(content, "name")
    if content.get("type") is not None:
        changes["type"] = _type(content["type"])
    if "address" in content:
        changes["address"] = _address(content["address"])
    if "contact_persons" in content:
        rows = objects(content, "contact_persons")
        changes["contact_persons"] = tuple(_person(ask, contact, row) for row in rows)
    for name, value in changes.items():
        setattr(contact, name, value)


def _type(value: object) -> ContactType:
    if not isinstance(value, str) or value not in _TYPES:
        raise invalid("type", f"must be one of {', '.join(map(str, _TYPES))}")
    return _TYPES[value]


def _address(value: object) -> Address | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise invalid("address", "must be an object")
    return Address(**{name: text(value, name) for name in _ADDRESS})


def _person(ask: Ask, contact: Contact, row: dict[str, Any]) -> ContactPerson:
    person_id = text(row, "id")
    known = {one.id: one for one in contact.contact_persons}
    if person_id is None:
        old = ContactPerson(id=ask.state.next_id("contact person"))
    elif person_id in known:
        old = known[person_id]
    else:
        raise invalid("contact_persons.id", "is not a person of this contact")
    told = {
        name: text(row, name) if name in row else getattr(old, name) for name in _PERSON
    }
    return ContactPerson(id=old.id, **told)
