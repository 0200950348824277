"""Approving and rejecting: what Productive is sent, and what the answer shows."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from gateway.providers.productive.simulator import situations as ids
from gateway.providers.productive.simulator.directory import (
    ACCOUNTANT,
    APPROVER,
    CONTROLLER,
)
from tests.providers.productive.calls import AWAITS, ENTRIES, MEMBERSHIPS
from tests.providers.productive.deciding import (
    BOTH,
    NOW,
    PERSON_IDS,
    Office,
    decided,
    payload,
    sent,
    shown,
)
from tests.support import writes

JSON_API = "application/vnd.api+json"
# A target, the duty on it that is the person's, and how the target then stands.
NAMED = [
    # Any of two, and all of them; of two that are of one requirement; each by hand.
    (ids.BOOKING_ANY, "controller", 0, "APPROVED"),
    (ids.BOOKING_ANY, "approver", 1, "APPROVED"),
    (ids.BOOKING_ALL, "controller", 0, "PENDING"),
    (ids.BOOKING_ALL, "approver", 1, "PENDING"),
    (ids.BOOKING_ALL_HALF, "controller", 0, "APPROVED"),
    (ids.BOOKING_GROUP, "controller", 0, "PENDING"),
    (ids.BOOKING_GROUP, "approver", 1, "PENDING"),
    (ids.BOOKING_GROUP_SETTLED, "accountant", 2, "APPROVED"),
    (ids.BOOKING_WORKFLOW_DELETED, "controller", 0, "APPROVED"),
    (ids.BOOKING_OWN, "clerk", 0, "APPROVED"),
    (ids.BOOKING_UNAPPROVED, "controller", 0, "APPROVED"),
    (ids.ENTRY_ANY, "controller", 0, "APPROVED"),
    (ids.ENTRY_ANY, "approver", 1, "APPROVED"),
    (ids.EXPENSE_EXAMPLE, "approver", 0, "PENDING"),
    (ids.EXPENSE_ANY, "controller", 0, "APPROVED"),
    (ids.EXPENSE_BY_HAND, "controller", 0, "APPROVED"),
    (ids.EXPENSE_APPROVER_DEACTIVATED, "controller", 1, "PENDING"),
    (ids.EXPENSE_ONE_BY_HAND, "controller", 0, "APPROVED"),
    (ids.EXPENSE_DOLLARS, "approver", 1, "APPROVED"),
]
# Roles that answers tell: a manager's alone.
MANAGED = [
    (ids.BOOKING_EXAMPLE, "controller", 1, "APPROVED"),
    (ids.BOOKING_MANAGER, "controller", 0, "APPROVED"),
    (ids.BOOKING_OF_CONTROLLER, "payer", 0, "APPROVED"),
]
# Roles that Productive alone resolves: the owner of a budget, the manager of a
# project, who is designated, and who stands in.
AWAITED = [
    (ids.ENTRY_BUDGET_OWNER, "accountant", 0, "APPROVED"),
    (ids.ENTRY_TWO_ROLES, "accountant", 0, "PENDING"),
    (ids.ENTRY_TWO_ROLES, "controller", 1, "PENDING"),
    (ids.ENTRY_TWO_ROLES_HALF, "controller", 1, "APPROVED"),
    (ids.ENTRY_OWNER_FALLBACK, "payer", 0, "APPROVED"),
    (ids.ENTRY_BUDGET_FALLBACK, "controller", 0, "APPROVED"),
    (ids.ENTRY_UNAPPROVED, "accountant", 0, "APPROVED"),
    (ids.ENTRY_HTML, "accountant", 0, "PENDING"),
    (ids.ENTRY_OF_CONTROLLER, "accountant", 0, "APPROVED"),
    (ids.EXPENSE_EXAMPLE, "accountant", 1, "PENDING"),
    (ids.EXPENSE_ALL_HALF, "accountant", 1, "APPROVED"),
]
COLLECTIONS = {"3": "bookings", "6": "time_entries", "7": "expenses"}
DONE = {"approve": "APPROVED", "reject": "REJECTED"}
CASE = ("source_id", "person", "place", "then")


async def test_the_operation_approve_shows_duty_and_target_as_they_now_stand(
    office: Office,
) -> None:
    variables = {"input": {"id": office.id(ids.BOOKING_ANY), "note": "enjoy"}}

    body = await office.client.run("Approve", variables)

    assert body == {
        "data": {
            "approve": {
                "outcome": "APPLIED",
                "approvable": {
                    "__typename": "Booking",
                    "id": office.id(ids.BOOKING_ANY),
                    "approvalState": "APPROVED",
                    # The other's row is not shown to this person.
                    "progress": {
                        "rule": "ANY",
                        "required": 1,
                        "approved": None,
                        "rejected": None,
                    },
                    "viewerActions": [],
                },
                "approvalStatus": {
                    "id": office.status_id(ids.BOOKING_ANY),
                    "state": "APPROVED",
                    "approvedAt": NOW,
                    "note": "enjoy",
                    "actualApprover": {"displayName": "Carla Mendes"},
                },
                "userErrors": [],
            }
        }
    }


async def test_the_operation_reject_shows_duty_and_target_as_they_now_stand(
    office: Office,
) -> None:
    variables = {"input": {"id": office.status_id(ids.EXPENSE_EXAMPLE), "note": "no"}}

    body = await office.client.run("Reject", variables, person="approver")

    assert body == {
        "data": {
            "reject": {
                "outcome": "APPLIED",
                "approvable": {
                    "__typename": "Expense",
                    "id": office.id(ids.EXPENSE_EXAMPLE),
                    "approvalState": "REJECTED",
                    "viewerActions": [],
                },
                "approvalStatus": {
                    "id": office.status_id(ids.EXPENSE_EXAMPLE),
                    "state": "REJECTED",
                    "rejectedAt": NOW,
                    "note": "no",
                    "actualApprover": {"displayName": "Amy Moss"},
                },
                "userErrors": [],
            }
        }
    }


@BOTH
@pytest.mark.parametrize("is_target", [True, False], ids=["target", "duty"])
@pytest.mark.parametrize(CASE, [*NAMED, *MANAGED, *AWAITED])
async def test_each_person_decides_on_their_duty(
    office: Office,
    mutation: str,
    is_target: bool,
    source_id: str,
    person: str,
    place: int,
    then: str,
) -> None:
    row = office.row(source_id, place)
    others = [one for one in office.states(source_id) if one[0] == "PENDING"]
    subject = office.id if is_target else lambda one: office.status_id(one, place)

    answer = await office.send(
        mutation, person=person, id=subject(source_id), note="checked"
    )

    state = then if mutation == "approve" else "REJECTED"
    assert answer == payload(
        "APPLIED",
        shown(office.target(source_id), state),
        decided(row, mutation, PERSON_IDS[person], "checked"),
    )
    assert office.written() == [
        (office.call(mutation, source_id, place), sent(row.id, "checked"))
    ]
    left = [one for one in office.states(source_id) if one[0] == "PENDING"]
    assert left == others[1:]


@BOTH
async def test_a_decision_is_sent_as_json_api_with_the_persons_own_token(
    office: Office, mutation: str
) -> None:
    await office.send(mutation, person="approver", id=office.id(ids.BOOKING_ALL))

    [request] = [one for one in office.productive.requests if one.method == "PATCH"]
    row_id = office.row(ids.BOOKING_ALL, 1).id
    assert request.headers["content-type"] == JSON_API
    assert request.headers["accept"] == JSON_API
    assert request.headers["x-auth-token"] == "sandbox-approver-token"
    assert request.headers["x-organization-id"] == "900"
    assert request.url.query == b""
    text = f'{{"data":{{"type":"approval_statuses","id":"{row_id}"}}}}'
    assert request.content.decode() == text


@BOTH
@pytest.mark.parametrize(CASE, [NAMED[0], MANAGED[1], NAMED[11], NAMED[14]])
async def test_a_decision_on_a_target_costs_a_look_a_write_and_a_read_back(
    office: Office, mutation: str, source_id: str, person: str, place: int, then: str
) -> None:
    del then
    resource = COLLECTIONS[source_id[0]]

    await office.send(mutation, person=person, id=office.id(source_id))

    assert office.productive.calls == [
        MEMBERSHIPS,
        f"GET /{resource}/{source_id}",
        office.call(mutation, source_id, place),
        f"GET /{resource}/{source_id}",
    ]


@BOTH
async def test_a_role_that_productive_resolves_costs_one_call_more_and_a_proof_once(
    office: Office, mutation: str
) -> None:
    await office.send(
        mutation, person="accountant", id=office.id(ids.ENTRY_BUDGET_OWNER)
    )

    assert office.productive.calls == [
        MEMBERSHIPS,
        "GET /time_entries/602",
        ENTRIES,
        ENTRIES,
        office.call(mutation, ids.ENTRY_BUDGET_OWNER),
        "GET /time_entries/602",
    ]
    asked = [office.productive.params(at).get(AWAITS) for at in (2, 3)]
    assert asked == [ACCOUNTANT, "0"]
    office.productive.clear()

    await office.send(mutation, person="accountant", id=office.id(ids.ENTRY_TWO_ROLES))

    assert office.productive.calls == [
        "GET /time_entries/603",
        ENTRIES,
        office.call(mutation, ids.ENTRY_TWO_ROLES),
        "GET /time_entries/603",
    ]


@BOTH
async def test_a_decision_on_a_duty_looks_at_that_duty(
    office: Office, mutation: str
) -> None:
    row = office.row(ids.EXPENSE_ONE_BY_HAND)

    await office.send(mutation, id=office.status_id(ids.EXPENSE_ONE_BY_HAND))

    assert office.productive.calls[:3] == [
        MEMBERSHIPS,
        f"GET /approval_statuses/{row.id}",
        f"PATCH /approval_statuses/{row.id}/{mutation}",
    ]
    assert len(writes(office.productive)) == 1


async def test_all_of_them_are_done_once_the_last_has_approved(office: Office) -> None:
    states = [
        (await office.send("approve", person=person, id=office.id(source_id)))[
            "approvable"
        ]["approvalState"]
        for source_id, person in (
            (ids.BOOKING_ALL, "approver"),
            (ids.BOOKING_ALL, "controller"),
            (ids.ENTRY_TWO_ROLES, "controller"),
            (ids.ENTRY_TWO_ROLES, "accountant"),
            (ids.EXPENSE_EXAMPLE, "accountant"),
            (ids.EXPENSE_EXAMPLE, "approver"),
        )
    ]

    assert states == ["PENDING", "APPROVED"] * 3
    assert len(office.written()) == 6


async def test_one_decision_settles_all_duties_of_one_requirement(
    office: Office,
) -> None:
    await office.send("approve", person="approver", id=office.id(ids.BOOKING_GROUP))

    answer = await office.send(
        "approve", person="accountant", id=office.id(ids.BOOKING_GROUP)
    )

    assert answer["approvable"]["approvalState"] == "APPROVED"
    assert office.states(ids.BOOKING_GROUP) == [
        ("PENDING", None),
        ("APPROVED", APPROVER),
        ("APPROVED", ACCOUNTANT),
    ]


@pytest.mark.parametrize(
    "note", ["a & b = c + 50% #1", "Grüße — ✓ 💶", '"quoted"\n{"json": 1}', "<b>ok</b>"]
)
async def test_a_note_arrives_as_it_was_sent(office: Office, note: str) -> None:
    answer = await office.send("approve", id=office.id(ids.BOOKING_ANY), note=note)

    assert office.row(ids.BOOKING_ANY).note == note
    assert answer["approvalStatus"]["note"] == note


@BOTH
@pytest.mark.parametrize("members", [{}, {"note": None}, {"note": ""}])
async def test_without_a_note_none_is_sent(
    office: Office, mutation: str, members: dict[str, Any]
) -> None:
    row = office.row(ids.EXPENSE_ANY)

    await office.send(mutation, id=office.id(ids.EXPENSE_ANY), **members)

    assert office.written() == [(office.call(mutation, ids.EXPENSE_ANY), sent(row.id))]
    assert row.note is None


@BOTH
async def test_the_client_mutation_id_comes_back(office: Office, mutation: str) -> None:
    answer = await office.send(
        mutation, id=office.id(ids.BOOKING_ANY), clientMutationId="m-1"
    )

    assert answer["clientMutationId"] == "m-1"


@BOTH
@pytest.mark.parametrize("is_target", [True, False], ids=["target", "duty"])
async def test_two_at_once_are_one_decision(
    office: Office, mutation: str, is_target: bool
) -> None:
    subject = office.id if is_target else office.status_id

    answers = await asyncio.gather(
        *(
            office.send(mutation, id=subject(ids.BOOKING_ANY), note="at once")
            for _ in range(2)
        )
    )

    assert sorted(answer["outcome"] for answer in answers) == [
        "ALREADY_APPLIED",
        "APPLIED",
    ]
    row = office.row(ids.BOOKING_ANY)
    for answer in answers:
        assert answer["userErrors"] == []
        assert answer["approvalStatus"] == decided(row, mutation, CONTROLLER, "at once")


async def test_two_opposite_ones_at_once_are_one_decision_and_one_conflict(
    office: Office,
) -> None:
    answers = await asyncio.gather(
        *(office.send(one, id=office.id(ids.BOOKING_ANY)) for one in DONE)
    )

    made = [one["outcome"] for one in answers]
    errors = [error["code"] for one in answers for error in one["userErrors"]]
    assert (sorted(made), errors) == (["APPLIED", "REFUSED"], ["CONFLICT"])
    [state] = [
        name for one, name in zip(made, DONE.values(), strict=True) if one == "APPLIED"
    ]
    assert office.states(ids.BOOKING_ANY) == [(state, CONTROLLER), ("PENDING", None)]


async def test_a_rejection_that_is_not_the_last_word_leaves_the_target_pending(
    office: Office, switch_productive: Callable[..., None]
) -> None:
    """10.2: whether one rejection is enough under "Any of" is assumed."""
    switch_productive(reject_at_once=False)

    first = await office.send("reject", id=office.id(ids.BOOKING_ANY))
    second = await office.send(
        "approve", person="approver", id=office.id(ids.BOOKING_ANY)
    )

    target = office.target(ids.BOOKING_ANY)
    assert (first["outcome"], second["outcome"]) == ("APPLIED", "APPLIED")
    assert first["approvable"] == shown(target, "PENDING")
    assert second["approvable"] == shown(target, "APPROVED")
