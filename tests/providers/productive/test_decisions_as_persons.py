"""Who decides at Productive: everybody with their own token, and nobody else's."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from random import Random

import httpx
import pytest

from gateway.providers.productive.simulator import situations as ids
from gateway.providers.productive.simulator.directory import (
    APPROVER,
    CONTROLLER,
)
from gateway.providers.productive.simulator.objects import ApprovalStatus
from tests.providers.productive.calls import MEMBERSHIPS, answers, graph_id
from tests.providers.productive.deciding import (
    BOTH,
    NOBODY,
    PERSON_IDS,
    Office,
    applied,
    caller,
    callers,
    decide,
    fault_of,
    refusal,
    refused,
)
from tests.providers.productive.waiting import duties_of
from tests.support import Handler, writes

DECIDERS = ("controller", "approver", "accountant", "payer", "clerk")
NOT_ACCEPTED = answers(401, {"errors": [{"code": "invalid_auth_token"}]})
SIGNED_OUT = {
    "code": "UPSTREAM_AUTH_FAILED",
    "provider": "PRODUCTIVE",
    "retryable": True,
}


@BOTH
@pytest.mark.parametrize(
    ("person", "source_id"),
    [
        ("controller", ids.BOOKING_MANAGER),
        ("approver", ids.BOOKING_ALL),
        ("accountant", ids.ENTRY_BUDGET_OWNER),
        ("payer", ids.ENTRY_OWNER_FALLBACK),
        ("clerk", ids.BOOKING_OWN),
    ],
)
async def test_every_call_of_a_decision_is_the_callers_own(
    office: Office, mutation: str, person: str, source_id: str
) -> None:
    answer = await office.send(mutation, person=person, id=office.id(source_id))

    assert answer["approvalStatus"]["actualApprover"] == {
        "sourceId": PERSON_IDS[person]
    }
    assert set(callers(office.productive)) == {person}
    assert len(writes(office.productive)) == 1


async def test_persons_at_once_decide_each_as_themselves(
    office: Office, switch_productive: Callable[..., None]
) -> None:
    switch_productive(calls_per_10_seconds=10_000)
    state = office.simulator.state
    now = office.time.instant
    plan: list[tuple[str, str, ApprovalStatus]] = []
    targets: set[str] = set()
    for person in DECIDERS:
        for row in duties_of(state, PERSON_IDS[person], now):
            key = f"{row.target_type} {row.target_id}"
            if key in targets:
                continue
            targets.add(key)
            mutation = ("approve", "reject")[len(plan) % 2]
            plan.append((person, mutation, row))
    Random(7).shuffle(plan)  # noqa: S311 - a test

    bodies = await asyncio.gather(
        *(
            decide(
                office.client,
                mutation,
                person,
                graph_id("ApprovalStatus", row.id),
                f"{person} {row.id}",
            )
            for person, mutation, row in plan
        )
    )

    assert len(plan) == 154
    assert bodies == [applied(mutation) for _, mutation, _ in plan]
    for person, mutation, row in plan:
        is_approved, is_rejected = (
            row.approved_at is not None,
            row.rejected_at is not None,
        )
        assert (is_approved, is_rejected) == (
            mutation == "approve",
            mutation == "reject",
        )
        assert row.actual_approver_id == PERSON_IDS[person]
        assert row.note == f"{person} {row.id}"
    for call, request in zip(
        office.productive.calls, office.productive.requests, strict=True
    ):
        if call in writes(office.productive):
            note = json.loads(request.content)["data"]["attributes"]["note"]
            assert note.split(" ")[0] == caller(request)
    assert Counter(writes(office.productive)) == Counter(
        f"PATCH /approval_statuses/{row.id}/{mutation}" for _, mutation, row in plan
    )
    asked = [
        caller(request)
        for request, call in zip(
            office.productive.requests, office.productive.calls, strict=True
        )
        if call == MEMBERSHIPS
    ]
    assert sorted(asked) == sorted({person for person, _, _ in plan})


@BOTH
async def test_one_duty_that_all_ask_for_at_once_is_its_holders(
    office: Office, mutation: str
) -> None:
    persons = ["approver", "clerk", "visitor", "controller", "accountant", "buyer"]

    bodies = await asyncio.gather(
        *(
            decide(
                office.client,
                mutation,
                person,
                office.status_id(ids.EXPENSE_ONE_BY_HAND),
                person,
            )
            for person in persons
        )
    )

    # The clerk sees it, as it is on an expense of their own; nobody else does.
    assert bodies == [
        refused(mutation, "NOT_FOUND"),
        refused(mutation, "FORBIDDEN"),
        refused(mutation, "FORBIDDEN"),
        applied(mutation),
        refused(mutation, "NOT_FOUND"),
        refused(mutation, "NOT_FOUND"),
    ]
    row = office.row(ids.EXPENSE_ONE_BY_HAND)
    assert (row.actual_approver_id, row.note) == (CONTROLLER, "controller")


@BOTH
async def test_who_has_no_token_decides_nothing(office: Office, mutation: str) -> None:
    state = office.state()

    answer = await office.send(
        mutation, person="visitor", id=office.status_id(ids.BOOKING_ALL)
    )

    assert (answer["outcome"], answer["userErrors"]) == (
        "REFUSED",
        refusal("FORBIDDEN", NOBODY),
    )
    # What the refusal shows is read by the gateway's own account.
    assert set(callers(office.productive)) == {"gateway"}
    assert writes(office.productive) == []
    assert office.state() == state


async def test_what_one_person_read_is_no_proof_for_another(office: Office) -> None:
    await office.send("approve", id=office.id(ids.BOOKING_ALL))

    again = await office.send("approve", id=office.id(ids.BOOKING_ALL))
    other = await office.send(
        "approve", person="approver", id=office.id(ids.BOOKING_ALL)
    )

    assert (again["outcome"], other["outcome"]) == ("ALREADY_APPLIED", "APPLIED")
    assert office.states(ids.BOOKING_ALL) == [
        ("APPROVED", CONTROLLER),
        ("APPROVED", APPROVER),
    ]


@pytest.mark.parametrize("is_ignored", [False, True])
async def test_who_is_in_several_organizations_is_the_one_of_this(
    office: Office, switch_productive: Callable[..., None], is_ignored: bool
) -> None:
    """8.1: memberships are those in all organizations."""
    if is_ignored:
        switch_productive(ignored_filters=("organization_id",))

    answer = await office.send("approve", id=office.id(ids.BOOKING_ANY))

    assert office.productive.params(0)["filter[organization_id]"] == "900"
    assert answer["approvalStatus"]["actualApprover"] == {"sourceId": CONTROLLER}


@BOTH
async def test_who_a_token_is_of_is_asked_once_an_hour(
    office: Office, mutation: str
) -> None:
    sources = (ids.BOOKING_ANY, ids.BOOKING_ALL, ids.EXPENSE_ANY)
    await asyncio.gather(*(office.send(mutation, id=office.id(one)) for one in sources))
    assert office.productive.calls.count(MEMBERSHIPS) == 1

    office.time.advance(3601)
    await office.send(mutation, id=office.id(ids.EXPENSE_ONE_BY_HAND))

    assert office.productive.calls.count(MEMBERSHIPS) == 2
    assert len(writes(office.productive)) == 4


@BOTH
@pytest.mark.parametrize("fault", ["server_error", "html", "truncated"])
async def test_as_long_as_it_is_not_known_who_acts_nothing_is_sent(
    office: Office,
    switch_productive: Callable[..., None],
    mutation: str,
    fault: str,
) -> None:
    switch_productive(fault=fault, fault_calls=("GET /organization_memberships",))
    body = await decide(
        office.client, mutation, "controller", office.id(ids.BOOKING_ANY)
    )
    assert body["data"] == {mutation: None}
    assert fault_of(body)["retryable"] is True
    assert writes(office.productive) == []

    switch_productive(fault="none")
    office.time.advance(31)
    body = await decide(
        office.client, mutation, "controller", office.id(ids.BOOKING_ANY)
    )

    assert body == applied(mutation)


@BOTH
@pytest.mark.parametrize(
    "memberships",
    [
        [],
        [("20", "901")],
        [("20", "900"), ("21", "900")],
        [("20", None)],
    ],
    ids=["none", "elsewhere", "two persons", "nowhere"],
)
async def test_who_is_nobody_or_several_decides_nothing(
    office: Office, mutation: str, memberships: list[tuple[str, str | None]]
) -> None:
    rows, people = [], []
    for person_id, organization_id in memberships:
        person = {"type": "people", "id": person_id}
        rows.append(
            {
                "type": "organization_memberships",
                "id": person_id,
                "relationships": {"person": {"data": person}},
            }
        )
        organization = {"type": "organizations", "id": organization_id}
        told = {"organization": {"data": organization if organization_id else None}}
        people.append({**person, "attributes": {}, "relationships": told})
    meta = {"current_page": 1, "total_pages": 1, "total_count": len(rows)}
    document = {"data": rows, "included": people, "meta": meta}
    office.productive.interceptors[MEMBERSHIPS] = answers(200, document)

    body = await decide(
        office.client, mutation, "controller", office.status_id(ids.BOOKING_ANY)
    )

    assert fault_of(body) == SIGNED_OUT
    assert body["data"] == {mutation: None}
    assert writes(office.productive) == []


@BOTH
@pytest.mark.parametrize("is_at_the_look", [True, False], ids=["look", "write"])
async def test_a_token_that_is_revoked_in_between_decides_nothing(
    office: Office, mutation: str, is_at_the_look: bool
) -> None:
    call = (
        f"GET /bookings/{ids.BOOKING_ALL}"
        if is_at_the_look
        else office.call(mutation, ids.BOOKING_ALL)
    )

    async def refuse(request: httpx.Request, upstream: Handler) -> httpx.Response:
        if caller(request) == "controller":
            return await NOT_ACCEPTED(request, upstream)
        return await upstream(request)

    office.productive.interceptors[call] = refuse
    key = office.id(ids.BOOKING_ALL)

    mine = await decide(office.client, mutation, "controller", key)
    others = await decide(office.client, mutation, "approver", key)

    assert fault_of(mine) == SIGNED_OUT
    assert others == applied(mutation)
    assert office.states(ids.BOOKING_ALL)[0] == ("PENDING", None)


@BOTH
async def test_who_was_deactivated_decides_nothing(
    office: Office, mutation: str
) -> None:
    await office.send("approve", person="approver", id=office.id(ids.BOOKING_ANY))
    person = office.simulator.state.people[APPROVER]
    person.deactivated_at = office.time.instant
    office.productive.clear()

    body = await decide(office.client, mutation, "approver", office.id(ids.BOOKING_ALL))

    assert fault_of(body) == SIGNED_OUT
    assert writes(office.productive) == []
