"""Resource types around people: organizations, people, memberships, names (8.1)."""

from collections.abc import Iterable
from typing import Any

from gateway.providers.productive.simulator import filters
from gateway.providers.productive.simulator.names import (
    ASSIGNMENTS,
    MEMBERSHIPS,
    PEOPLE,
)
from gateway.providers.productive.simulator.objects import (
    CONTACT,
    PLACEHOLDER,
    USER,
    Entity,
    Named,
    Organization,
    Person,
)
from gateway.providers.productive.simulator.replies import time_text
from gateway.providers.productive.simulator.shape import (
    ORGANIZATION,
    Filter,
    Kind,
    Relation,
    View,
    nothing,
    one,
)

_PERSON_TYPES = {"user": USER, "contact": CONTACT, "placeholder": PLACEHOLDER}
# The word is listed without a number, and nobody in the sandbox is one (C10).
_AGENT = 0
_ACTIVE, _DEACTIVATED = 1, 2


def _person_attributes(person: Person, _view: View) -> dict[str, Any]:
    return {
        "first_name": person.first_name,
        "last_name": person.last_name,
        "email": person.email,
        "title": person.title,
        "user_id": person.user_id and int(person.user_id),
        "role_id": person.role_id,
        "person_type": person.person_type,
        "avatar_url": None,
        "deactivated_at": time_text(person.deactivated_at),
        "archived_at": None,
        "joined_at": time_text(person.joined_at),
        "virtual": person.virtual,
        "autotracking": False,
        "created_at": time_text(person.joined_at),
    }


def _assignment(person: Person, view: View) -> Any:
    return view.state.assignment_of(person_id=person.id)


def _policy_ids(person: Person, view: View) -> tuple[str, ...]:
    found = view.state.assignment_of(person_id=person.id)
    return () if found is None else (found.policy_id,)


def _workflow_ids(person: Person, view: View) -> Iterable[str]:
    policy_ids = _policy_ids(person, view)
    workflows = view.state.workflows.values()
    return [workflow.id for workflow in workflows if workflow.policy_id in policy_ids]


def _status(person: Person, _view: View) -> tuple[int]:
    return (_ACTIVE if person.deactivated_at is None else _DEACTIVATED,)


def _words_of(person: Person, _view: View) -> tuple[str, str]:
    return f"{person.first_name} {person.last_name}", person.email


def _parse_person_type(text: str, view: View) -> int:
    """Return the number of a person type, which may be written as a word (C10)."""
    form = view.switches.person_type_filter
    if text.isdecimal():
        if form == "word" or int(text) not in _PERSON_TYPES.values():
            raise ValueError(text)
        return int(text)
    if form == "number" or text not in {*_PERSON_TYPES, "agent"}:
        raise ValueError(text)
    return _PERSON_TYPES.get(text, _AGENT)


def person_type_of(attribute: str) -> Filter:
    """Return the filter on the type of the person whose id is in *attribute*."""

    def values(entity: Entity, view: View) -> tuple[int]:
        return (view.state.people[getattr(entity, attribute)].person_type,)

    return Filter(parse=_parse_person_type, values=values)


PERSON = Kind(
    type=PEOPLE,
    attributes=_person_attributes,
    relations={
        "organization": ORGANIZATION,
        "company": one("companies", "company_id"),
        "subsidiary": nothing("subsidiaries"),
        "manager": one(PEOPLE, "manager_id"),
        "approval_policy_assignment": Relation(type=ASSIGNMENTS, find=_assignment),
        "custom_role": nothing("custom_roles"),
    },
    filters={
        "id": filters.id_text(),
        "email": filters.id_text("email"),
        "status": filters.codes(_status, (_ACTIVE, _DEACTIVATED)),
        "person_type": person_type_of("id"),
        "manager_id": filters.ids("manager_id"),
        "approval_policy_id": filters.ids(_policy_ids),
        "approval_workflow_id": filters.ids(_workflow_ids),
        "company_id": filters.ids("company_id", is_array=True),
        "role_id": filters.ids(
            lambda person, _view: (str(person.role_id),), is_array=True
        ),
        "subscribable_id": filters.no_ids(is_array=True),
        "subsidiary_id": filters.no_ids(),
        "team": filters.no_words(),
        "query": filters.texts(_words_of, searches=True),
    },
)


# A membership is the other side of a person and has its id (8.1, sample).
MEMBERSHIP = Kind(
    type=MEMBERSHIPS,
    attributes=lambda _person, _view: {},
    relations={
        "organization": ORGANIZATION,
        "person": one(PEOPLE, "id"),
    },
    filters={"organization_id": filters.ids("organization_id")},
)


def _organization_attributes(organization: Organization, _view: View) -> dict[str, Any]:
    return {"name": organization.name}


def _name_attributes(named: Named, _view: View) -> dict[str, Any]:
    return {"name": named.name}


def _bare(type_name: str) -> Kind:
    return Kind(
        type=type_name,
        attributes=_name_attributes,
        relations={"organization": ORGANIZATION},
    )


# What can be included but has no calls of its own in the notes; some of it does not
# occur in the sandbox at all.
BARE_KINDS = (
    Kind(type="organizations", attributes=_organization_attributes),
    *map(
        _bare,
        (
            "companies",
            "deals",
            "services",
            "subsidiaries",
            "custom_roles",
            "tasks",
            "attachments",
            "vendors",
            "purchase_orders",
            "tax_rates",
            "service_types",
            "timesheets",
            "invoice_attributions",
        ),
    ),
)
