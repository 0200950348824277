"""Fills the organizations: people, policies, the situations, then many more targets.

Everything follows from one seed and one instant. Only the time entry of today follows
the clock.
"""

import functools
import pickle
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from random import Random
from typing import TypeVar

import msgspec

from gateway.providers.productive.simulator import directory, setup
from gateway.providers.productive.simulator.generated import generate
from gateway.providers.productive.simulator.objects import (
    Assignment,
    Entity,
    Organization,
    Person,
    Webhook,
)
from gateway.providers.productive.simulator.replies import ZONE
from gateway.providers.productive.simulator.seeding import Seeder
from gateway.providers.productive.simulator.seeds import START
from gateway.providers.productive.simulator.situation_seeds import SITUATION_SEEDS
from gateway.providers.productive.simulator.situations import (
    BOOKING_WORKFLOW_DELETED,
    ENTRY_TODAY,
)
from gateway.providers.productive.simulator.state import State

_E = TypeVar("_E", bound=Entity)
_FOUNDED = START - timedelta(days=900)
_LEFT_AT = START - timedelta(days=45)
# The policy was archived, and the absence category, after some time of use.
_ARCHIVED_AT = START - timedelta(days=200)
# What a workflow was called that exists no more.
_DELETED_WORKFLOW = "30"


def create_state(now: datetime) -> State:
    """Return what the service holds at the start; *now* dates one time entry."""
    state: State = pickle.loads(_seeded())  # noqa: S301 (bytes of our own)
    entry = state.time_entries[ENTRY_TODAY]
    entry.date = now.astimezone(ZONE).date()
    entry.created_at = entry.updated_at = entry.last_activity_at = now
    return state


@functools.cache
def _seeded() -> bytes:
    """Return the seeded state: to copy it is cheaper than to make it again."""
    state = State()
    _add_people(state)
    _add_setup(state)
    _add_assignments(state)
    _add_webhooks(state)
    seeder = Seeder(state)
    for seed in SITUATION_SEEDS:
        seeder.add(seed)
    for row in state.rows(state.bookings[BOOKING_WORKFLOW_DELETED]):
        row.workflow_id = _DELETED_WORKFLOW
    random = Random("productive targets")  # noqa: S311 (a sandbox)
    for seed, end in generate(random):
        seeder.bring(seeder.add(seed), end)
    _archive(state)
    return pickle.dumps(state)


def _add_people(state: State) -> None:
    for one_id, name in directory.ORGANIZATION_NAMES.items():
        state.organizations[one_id] = Organization(
            id=one_id,
            organization_id=one_id,
            name=name,
            owner_id=directory.OWNERS[one_id],
        )
    for place, one in enumerate(directory.MEMBERS):
        first_name, last_name = one.name.split(" ")
        state.people[one.id] = Person(
            id=one.id,
            organization_id=one.organization_id,
            user_id=one.user_id,
            first_name=first_name,
            last_name=last_name,
            email=one.email,
            title=one.title,
            role_id=one.role_id,
            person_type=one.person_type,
            manager_id=one.manager_id,
            company_id=one.company_id,
            deactivated_at=_LEFT_AT if one.is_deactivated else None,
            joined_at=_FOUNDED + timedelta(days=place),
            virtual=one.id == directory.SERVICE,
        )


def _add_setup(state: State) -> None:
    # Copied, so that what is archived below is not archived in the tables.
    state.companies.update(_copies(setup.COMPANIES))
    state.projects.update(_copies(setup.PROJECTS))
    state.deals.update(_copies(setup.DEALS))
    state.services.update(_copies(setup.SERVICES))
    state.events.update(_copies(setup.EVENTS))
    state.policies.update(_copies(setup.POLICIES))
    state.workflows.update(_copies(setup.WORKFLOWS))


def _copies(things: Iterable[_E]) -> Iterator[tuple[str, _E]]:
    return ((one.id, msgspec.structs.replace(one)) for one in things)


def _add_assignments(state: State) -> None:
    for one_id, person_id, policy_id in setup.PERSON_POLICIES:
        state.assignments[one_id] = Assignment(
            id=one_id,
            organization_id=state.people[person_id].organization_id,
            policy_id=policy_id,
            person_id=person_id,
        )
    for one_id, deal_id, policy_id in setup.DEAL_POLICIES:
        state.assignments[one_id] = Assignment(
            id=one_id,
            organization_id=directory.MAIN,
            policy_id=policy_id,
            deal_id=deal_id,
        )


def _add_webhooks(state: State) -> None:
    for one_id, event_id in directory.WEBHOOK_EVENTS.items():
        state.webhooks[one_id] = Webhook(
            id=one_id,
            organization_id=directory.MAIN,
            name=f"Gateway {event_id}",
            event_id=event_id,
            target_url=None,
            signature_token=directory.signature_token(one_id),
        )


def _archive(state: State) -> None:
    state.policies[setup.ARCHIVED_POLICY].archived_at = _ARCHIVED_AT
    state.events[setup.ARCHIVED_EVENT].archived_at = _ARCHIVED_AT
