"""A target that follows its duties late (10.3): nothing is said that is not so."""

from collections.abc import Callable
from typing import Any

import pytest

from gateway.providers.productive.simulator import ProductiveSimulator
from gateway.providers.productive.simulator import situations as ids
from tests.providers.productive.deciding import (
    BOTH,
    NOT_TAKEN,
    PERSON_IDS,
    UNCHANGED,
    Office,
    decided,
    payload,
    refusal,
    shown,
)
from tests.support import Client, FakeTime, RecordingTransport, lose, writes

LAG_SECONDS = 5
QUERY = """
query ($id: ID!) {
  node(id: $id) { ... on Approvable { approvalState viewerActions } }
}
"""
QUEUE = """
{ viewer { approvals(first: 100, filter: {providers: [PRODUCTIVE]}) { nodes { id } } } }
"""
DONE = {"approve": "APPROVED", "reject": "REJECTED"}
LAST = pytest.mark.parametrize(
    ("source_id", "person", "place"),
    [
        (ids.BOOKING_ANY, "controller", 0),
        (ids.BOOKING_MANAGER, "controller", 0),
        (ids.BOOKING_ALL_HALF, "controller", 0),
        (ids.ENTRY_BUDGET_OWNER, "accountant", 0),
        (ids.EXPENSE_ONE_BY_HAND, "controller", 0),
    ],
)


@pytest.fixture
def office(
    client: Client,
    productive: RecordingTransport,
    productive_simulator: ProductiveSimulator,
    switch_productive: Callable[..., None],
    time: FakeTime,
) -> Office:
    switch_productive(target_lag_ms=1000 * LAG_SECONDS)
    return Office(client, productive, productive_simulator, time)


async def look(office: Office, source_id: str, person: str) -> Any:
    variables = {"id": office.id(source_id)}
    body = await office.client.execute(QUERY, variables, person=person)
    return body["data"]["node"]


@BOTH
@LAST
@pytest.mark.parametrize("is_target", [True, False], ids=["target", "duty"])
async def test_the_duty_is_decided_and_its_target_is_as_it_is_told(
    office: Office,
    mutation: str,
    source_id: str,
    person: str,
    place: int,
    is_target: bool,
) -> None:
    row = office.row(source_id, place)
    key = office.id(source_id) if is_target else office.status_id(source_id, place)

    answer = await office.send(mutation, person=person, id=key, note="done")
    at_once = await look(office, source_id, person)
    office.time.advance(LAG_SECONDS)
    later = await look(office, source_id, person)

    assert answer == payload(
        "APPLIED",
        shown(office.target(source_id), "PENDING"),
        decided(row, mutation, PERSON_IDS[person], "done"),
    )
    assert at_once == {"approvalState": "PENDING", "viewerActions": []}
    assert later == {"approvalState": DONE[mutation], "viewerActions": []}
    assert writes(office.productive) == [office.call(mutation, source_id, place)]


@BOTH
@LAST
async def test_deciding_again_meanwhile_sends_nothing(
    office: Office, mutation: str, source_id: str, person: str, place: int
) -> None:
    await office.send(mutation, person=person, id=office.id(source_id))

    for key in (office.id(source_id), office.status_id(source_id, place)):
        again = await office.send(mutation, person=person, id=key)

        assert (again["outcome"], again["userErrors"]) == ("ALREADY_APPLIED", [])
        assert again["approvable"]["approvalState"] == "PENDING"
    assert len(writes(office.productive)) == 1


@BOTH
@LAST
async def test_a_lost_answer_is_settled_by_the_duty(
    office: Office, mutation: str, source_id: str, person: str, place: int
) -> None:
    call = office.call(mutation, source_id, place)
    office.productive.interceptors[call] = lose

    answer = await office.send(mutation, person=person, id=office.id(source_id))

    assert answer["outcome"] == "APPLIED"
    assert answer["approvable"]["approvalState"] == "PENDING"
    assert writes(office.productive) == [call]


@BOTH
async def test_another_approver_is_refused_by_productive_until_it_shows(
    office: Office, mutation: str
) -> None:
    await office.send("approve", id=office.id(ids.BOOKING_ANY))
    call = office.call(mutation, ids.BOOKING_ANY, 1)
    key = office.id(ids.BOOKING_ANY)

    early = await office.send(mutation, person="approver", id=key)
    office.time.advance(LAG_SECONDS)
    late = await office.send(mutation, person="approver", id=key)

    assert early["userErrors"] == refusal("CONFLICT", NOT_TAKEN)
    assert early["approvable"]["approvalState"] == "PENDING"
    assert late["userErrors"] == refusal(
        "CONFLICT", f"It is approved already. {UNCHANGED}"
    )
    assert writes(office.productive)[1:] == [call]
    assert office.states(ids.BOOKING_ANY)[1] == ("PENDING", None)


@LAST
async def test_what_the_person_decided_waits_for_them_no_more(
    office: Office, source_id: str, person: str, place: int
) -> None:
    del place
    before = await office.client.execute(QUEUE, person=person)
    await office.send("approve", person=person, id=office.id(source_id))

    after = await office.client.execute(QUEUE, person=person)

    waited = [one["id"] for one in before["data"]["viewer"]["approvals"]["nodes"]]
    waited.remove(office.id(source_id))
    waits = [one["id"] for one in after["data"]["viewer"]["approvals"]["nodes"]]
    assert waits == waited
