"""`viewerActions` of what is at Productive: what they say is what is then accepted."""

from collections.abc import Callable
from typing import Any

import pytest

from gateway.providers.productive.simulator import situations as ids
from gateway.providers.productive.simulator.objects import Booking, Target
from tests.providers.productive.deciding import (
    BOTH,
    OUTCOMES,
    PERSON_IDS,
    UNCHANGED,
    Office,
    id_of,
    refusal,
)
from tests.providers.productive.waiting import (
    duties_of,
    is_open,
    is_told,
    targets_of,
)
from tests.support import writes

QUERY = """
query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Approvable { id viewerActions } } }
"""
DECIDES = ["APPROVE", "REJECT"]
# What another settled, whose duty this person is not shown.
UNSEEN = {("controller", "Booking 309")}
# The person's own: of what they wrote down themselves they see all duties, and of two
# that are roles' no answer tells which is theirs.
OWN = {("controller", "TimeEntry 702"), ("accountant", "TimeEntry 753")}
SITUATIONS = {
    "controller": {
        *(ids.BOOKING_EXAMPLE, ids.BOOKING_ANY, ids.BOOKING_ALL, ids.BOOKING_ALL_HALF),
        *(ids.BOOKING_MANAGER, ids.BOOKING_GROUP, ids.BOOKING_GROUP_SETTLED),
        *(ids.BOOKING_WORKFLOW_DELETED, ids.BOOKING_UNAPPROVED, ids.BOOKING_HTML),
        *(ids.ENTRY_TWO_ROLES, ids.ENTRY_TWO_ROLES_HALF, ids.ENTRY_BUDGET_FALLBACK),
        *(ids.ENTRY_ANY, ids.ENTRY_HTML, ids.EXPENSE_ANY, ids.EXPENSE_BY_HAND),
        *(ids.EXPENSE_APPROVER_DEACTIVATED, ids.EXPENSE_ONE_BY_HAND),
        ids.EXPENSE_DOLLARS,
    },
    "approver": {
        *(ids.BOOKING_ANY, ids.BOOKING_ALL, ids.BOOKING_GROUP, ids.BOOKING_UNAPPROVED),
        *(ids.ENTRY_ANY, ids.EXPENSE_EXAMPLE, ids.EXPENSE_ANY, ids.EXPENSE_DOLLARS),
    },
    "accountant": {
        *(ids.BOOKING_GROUP, ids.BOOKING_GROUP_SETTLED, ids.BOOKING_WORKFLOW_DELETED),
        *(ids.ENTRY_BUDGET_OWNER, ids.ENTRY_TWO_ROLES, ids.ENTRY_UNAPPROVED),
        *(ids.ENTRY_HTML, ids.ENTRY_OF_CONTROLLER, ids.EXPENSE_EXAMPLE),
        ids.EXPENSE_ALL_HALF,
    },
    "payer": {ids.BOOKING_OF_CONTROLLER, ids.ENTRY_OWNER_FALLBACK},
    "clerk": {ids.BOOKING_OWN},
    "auditor": set(),
    "buyer": set(),
    "visitor": set(),
}


def name_of(target: Target) -> str:
    return f"{type(target).__name__} {target.id}"


async def read_actions(
    office: Office, person: str, targets: list[Target]
) -> dict[str, list[str]]:
    """Return what a person may do with each target that they may see."""
    nodes: list[dict[str, Any] | None] = []
    for start in range(0, len(targets), 100):
        keys = [id_of(one) for one in targets[start : start + 100]]
        body = await office.client.execute(QUERY, {"ids": keys}, person=person)
        assert list(body) == ["data"], body
        nodes += body["data"]["nodes"]
    return {one["id"]: one["viewerActions"] for one in nodes if one is not None}


def situations(office: Office) -> list[Target]:
    numbers = [*range(301, 326), *range(601, 616), *range(701, 715)]
    return [office.target(str(one)) for one in numbers]


@pytest.mark.parametrize("person", SITUATIONS)
async def test_in_each_situation_they_are_what_the_person_is_asked(
    office: Office, person: str
) -> None:
    targets = situations(office)

    found = await read_actions(office, person, targets)

    offered = {one.id for one in targets if found.get(id_of(one))}
    assert offered == SITUATIONS[person]
    assert [one for one in found.values() if one] == [DECIDES] * len(offered)


@pytest.mark.parametrize("person", PERSON_IDS)
async def test_they_are_offered_where_one_requirement_is_the_persons(
    office: Office, person: str
) -> None:
    state = office.simulator.state
    targets = targets_of(state)
    duties = [
        row
        for row in duties_of(state, PERSON_IDS[person], office.time.instant)
        if is_told(state, row)
    ]
    wanted = set()
    for one in targets:
        rows = state.rows(one)
        if len({row.group for row in duties if row in rows}) == 1:
            wanted.add(name_of(one))

    found = await read_actions(office, person, targets)

    offered = {name_of(one) for one in targets if found.get(id_of(one))}
    unseen = {name for who, name in UNSEEN if who == person}
    own = {name for who, name in OWN if who == person}
    assert offered - wanted == unseen
    assert wanted - offered == own


@BOTH
@pytest.mark.parametrize("person", [*PERSON_IDS, "visitor"])
async def test_what_is_offered_is_accepted_and_nothing_else_is_sent(
    office: Office, mutation: str, person: str
) -> None:
    """Each on a fresh sandbox; only what another settled unseen is refused late."""
    pending = [
        one
        for one in targets_of(office.simulator.state)
        if one.standing.is_pending and one.canceled_at is None
    ]
    found = await read_actions(office, person, pending)

    for target in pending:
        # Slow enough for the limits of calls.
        office.time.advance(15)
        office.productive.clear()
        variables = {"input": {"id": id_of(target)}}

        body = await office.client.execute(OUTCOMES[mutation], variables, person=person)

        actions = found.get(id_of(target), [])
        outcome = body["data"][mutation]["outcome"]
        if (person, name_of(target)) in UNSEEN:
            assert (actions, outcome) == (DECIDES, "REFUSED")
            continue
        assert (actions == DECIDES) == (outcome == "APPLIED"), name_of(target)
        assert len(writes(office.productive)) == int(outcome == "APPLIED")
        if outcome == "APPLIED":
            office.simulator.reset()


@BOTH
async def test_who_decided_on_one_of_their_duties_is_offered_nothing_and_says_which(
    office: Office, mutation: str
) -> None:
    """As the manager of the project, and as who is designated: it may be said twice."""
    [deal] = [one for one in office.simulator.state.deals.values() if one.id == "521"]
    deal.designated_approver_id = PERSON_IDS["accountant"]
    await office.send(
        "approve", person="accountant", id=office.status_id(ids.ENTRY_TWO_ROLES, 0)
    )
    target = office.target(ids.ENTRY_TWO_ROLES)
    office.productive.clear()

    found = await read_actions(office, "accountant", [target])
    second = await office.send(mutation, person="accountant", id=id_of(target))

    message = (
        "You have decided one duty on it, and another awaits you. Send the `id` of "
        f"that one of its `approvalStatuses`. {UNCHANGED}"
    )
    assert found == {id_of(target): []}
    assert second["userErrors"] == refusal("INVALID", message, ["input", "id"])
    assert writes(office.productive) == []


@pytest.mark.parametrize(
    ("mutation", "outcome", "codes"),
    [("approve", "ALREADY_APPLIED", []), ("reject", "REFUSED", ["CONFLICT"])],
)
async def test_who_decided_the_only_duty_of_theirs_has_decided(
    office: Office, mutation: str, outcome: str, codes: list[str]
) -> None:
    """The other is another's, and both are roles'."""
    target = office.target(ids.ENTRY_TWO_ROLES)
    first = await office.send("approve", person="accountant", id=id_of(target))
    assert first["outcome"] == "APPLIED"
    office.productive.clear()

    found = await read_actions(office, "accountant", [target])
    second = await office.send(mutation, person="accountant", id=id_of(target))

    assert found == {id_of(target): []}
    assert second["outcome"] == outcome
    assert [one["code"] for one in second["userErrors"]] == codes
    assert writes(office.productive) == []


@BOTH
async def test_who_decided_on_one_of_their_duties_decides_the_other_by_its_id(
    office: Office, mutation: str
) -> None:
    [deal] = [one for one in office.simulator.state.deals.values() if one.id == "521"]
    deal.designated_approver_id = PERSON_IDS["accountant"]
    keys = [office.status_id(ids.ENTRY_TWO_ROLES, place) for place in (0, 1)]
    await office.send("approve", person="accountant", id=keys[0])

    second = await office.send(mutation, person="accountant", id=keys[1])

    assert (second["outcome"], second["userErrors"]) == ("APPLIED", [])
    done = "APPROVED" if mutation == "approve" else "REJECTED"
    assert office.states(ids.ENTRY_TWO_ROLES) == [
        ("APPROVED", PERSON_IDS["accountant"]),
        (done, PERSON_IDS["accountant"]),
    ]


@pytest.mark.parametrize("person", ["controller", "accountant", "payer"])
async def test_nothing_of_a_role_is_offered_where_the_awaiting_filter_is_ignored(
    office: Office, switch_productive: Callable[..., None], person: str
) -> None:
    """C1: roles are nobody's then, but for a manager's."""
    switch_productive(ignored_filters=("awaiting_approval_from_approver_id",))
    state, person_id = office.simulator.state, PERSON_IDS[person]
    targets = situations(office)
    named = {
        one.id
        for one in targets
        if isinstance(one, Booking)
        or any(
            row.approver_id == person_id and is_open(state, row)
            for row in state.rows(one)
        )
    }

    found = await read_actions(office, person, targets)

    offered = {one.id for one in targets if found.get(id_of(one))}
    assert offered == SITUATIONS[person] & named
    assert offered < SITUATIONS[person]


@pytest.mark.parametrize("person", ["controller", "accountant", "payer"])
async def test_many_cost_one_call_for_each_kind_and_one_for_whom_it_awaits(
    office: Office, person: str
) -> None:
    # What is not found among many is asked for by itself, which is another matter.
    found = await read_actions(office, person, situations(office))
    targets = [one for one in situations(office) if id_of(one) in found]
    waiting = [one for one in targets if one.standing.is_pending and not one.draft]
    kinds = {one.type for one in waiting if one.canceled_at is None}
    office.productive.clear()

    await read_actions(
        office, person, [one for one in waiting if one.deleted_at is None]
    )

    awaited = kinds - {"bookings"}
    assert sorted(office.productive.calls) == sorted(
        f"GET /{one}" for one in (*kinds, *awaited)
    )
    asked = [
        "filter[awaiting_approval_from_approver_id]" in request.url.params
        for request in office.productive.requests
    ]
    assert sum(asked) == len(awaited)
