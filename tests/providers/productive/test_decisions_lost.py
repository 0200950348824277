"""Decisions whose answer was lost: sent once, and settled by reading alone."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from msgspec import Struct

from gateway.providers.productive.simulator import situations as ids
from tests.providers.productive.deciding import (
    BOTH,
    UNCHANGED,
    Office,
    fault_of,
    refusal,
    sent,
)
from tests.support import (
    FakeTime,
    Handler,
    lose,
    never_arrives,
    never_leaves,
    writes,
)

CALLS = {
    "approve": "PATCH /approval_statuses/{id}/approve",
    "reject": "PATCH /approval_statuses/{id}/reject",
}


class Decision(Struct, frozen=True, kw_only=True):
    """A decision on the duty at *place* of a target, or on the target itself."""

    source_id: str
    place: int = 0
    person: str = "controller"
    is_target: bool
    note: str | None = "once"

    def key(self, office: Office) -> str:
        if self.is_target:
            return office.id(self.source_id)
        return office.status_id(self.source_id, self.place)

    async def send(self, office: Office, mutation: str) -> dict[str, Any]:
        return await office.send(
            mutation, person=self.person, id=self.key(office), note=self.note
        )

    async def fail(self, office: Office, mutation: str) -> dict[str, Any]:
        return await office.fail(
            mutation, person=self.person, id=self.key(office), note=self.note
        )


DECISIONS = {
    "any of, duty": Decision(source_id=ids.BOOKING_ANY, is_target=False),
    "any of, target": Decision(source_id=ids.BOOKING_ANY, is_target=True),
    "all of, target": Decision(
        source_id=ids.BOOKING_ALL, place=1, person="approver", is_target=True
    ),
    "manager": Decision(source_id=ids.BOOKING_MANAGER, is_target=True, note=None),
    "role": Decision(
        source_id=ids.ENTRY_BUDGET_OWNER, person="accountant", is_target=True
    ),
    "expense": Decision(source_id=ids.EXPENSE_ONE_BY_HAND, is_target=True),
    "on behalf": Decision(
        source_id=ids.EXPENSE_ONE_BY_HAND, person="auditor", is_target=False
    ),
}

# Who decided on the duty of a role is told to nobody else.
ROLES = ("manager", "role")


@pytest.fixture(params=DECISIONS)
def decision(request: pytest.FixtureRequest) -> Decision:
    return DECISIONS[str(request.param)]


@pytest.fixture(params=["approve", "reject"])
def mutation(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def call(office: Office, decision: Decision, mutation: str) -> str:
    return office.call(mutation, decision.source_id, decision.place)


@pytest.fixture
async def once(
    office: Office, decision: Decision, mutation: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what a decision answers and leaves behind, and undo it."""
    answer = await decision.send(office, mutation)
    state = office.state()
    office.simulator.reset()
    office.productive.clear()
    return answer, state


async def test_a_decision_that_was_made_is_proven_after_a_time_out(
    office: Office,
    decision: Decision,
    mutation: str,
    call: str,
    once: tuple[dict[str, Any], dict[str, Any]],
    time: FakeTime,
) -> None:
    office.productive.interceptors[call] = lose
    started = time.instant

    answer = await decision.send(office, mutation)

    assert time.instant == started
    assert (answer, str(office.state())) == (once[0], str(once[1]))
    assert answer["outcome"] == "APPLIED"
    assert writes(office.productive) == [call]
    assert time.slept == [0.0]


@pytest.mark.parametrize("fault", ["lost_answer", "truncated", "empty"])
async def test_a_decision_that_was_made_is_proven_by_reading(
    office: Office,
    switch_productive: Callable[..., None],
    decision: Decision,
    mutation: str,
    call: str,
    once: tuple[dict[str, Any], dict[str, Any]],
    fault: str,
) -> None:
    switch_productive(fault=fault, fault_calls=(CALLS[mutation],))

    answer = await decision.send(office, mutation)

    assert answer == once[0]
    assert writes(office.productive) == [call]


@pytest.mark.parametrize("fault", ["server_error", "html", "never_arrives"])
async def test_a_decision_that_reading_does_not_prove_is_unknown_and_not_sent_again(
    office: Office,
    switch_productive: Callable[..., None],
    decision: Decision,
    mutation: str,
    call: str,
    time: FakeTime,
    fault: str,
) -> None:
    state = office.state()
    if fault == "never_arrives":
        office.productive.interceptors[call] = never_arrives
    else:
        switch_productive(fault=fault, fault_calls=(CALLS[mutation],))

    answer = await decision.send(office, mutation)

    assert (answer["outcome"], answer["userErrors"]) == ("UNKNOWN", [])
    assert answer["approvable"]["approvalState"] == "PENDING"
    assert answer["approvalStatus"]["state"] == "PENDING"
    assert writes(office.productive) == [call]
    assert office.state() == state
    assert time.slept == [0.0, 0.5, 1.5]


@pytest.mark.parametrize("verb", ["approve", "reject"])
@pytest.mark.parametrize("name", [one for one in DECISIONS if one not in ROLES])
async def test_a_lost_decision_that_another_forestalled_is_a_conflict(
    office: Office, name: str, mutation: str, verb: str
) -> None:
    decision = DECISIONS[name]
    call = office.call(mutation, decision.source_id, decision.place)
    other = "auditor" if decision.person != "auditor" else "controller"

    async def forestall(request: httpx.Request, upstream: Handler) -> httpx.Response:
        office.act(verb, decision.source_id, decision.place, other, "first")
        return await lose(request, upstream)

    office.productive.interceptors[call] = forestall

    answer = await decision.send(office, mutation)

    who = {"auditor": "Arne Lund", "controller": "Carla Mendes"}[other]
    said = {"approve": "approved", "reject": "rejected"}[verb]
    message = f"This approval status is {said} already by {who}. {UNCHANGED}"
    assert answer["outcome"] == "REFUSED"
    assert answer["userErrors"] == refusal("CONFLICT", message)
    assert writes(office.productive) == [call]
    assert office.row(decision.source_id, decision.place).note == "first"


@pytest.mark.parametrize("verb", ["approve", "reject"])
@pytest.mark.parametrize("name", ROLES)
async def test_a_lost_decision_on_a_roles_duty_that_is_not_shown_any_more_is_unknown(
    office: Office, name: str, mutation: str, verb: str
) -> None:
    """3.2: who holds a role is shown its duty until another decides on it."""
    decision = DECISIONS[name]
    call = office.call(mutation, decision.source_id, decision.place)

    async def forestall(request: httpx.Request, upstream: Handler) -> httpx.Response:
        office.act(verb, decision.source_id, decision.place, "auditor", "first")
        return await lose(request, upstream)

    office.productive.interceptors[call] = forestall

    answer = await decision.send(office, mutation)

    assert (answer["outcome"], answer["userErrors"]) == ("UNKNOWN", [])
    assert answer["approvalStatus"] is None
    assert writes(office.productive) == [call]
    assert office.row(decision.source_id, decision.place).note == "first"


async def test_a_decision_that_comes_to_productive_late_is_seen_when_it_has(
    office: Office,
    decision: Decision,
    mutation: str,
    call: str,
    time: FakeTime,
) -> None:
    row = office.row(decision.source_id, decision.place)
    late: list[Callable[[], Any]] = []
    looks: list[int] = []

    async def delay(request: httpx.Request, upstream: Handler) -> httpx.Response:
        late.append(lambda: upstream(request))
        raise httpx.ReadTimeout("late", request=request)

    async def look(request: httpx.Request, upstream: Handler) -> httpx.Response:
        if late:
            looks.append(1)
            if len(looks) == 2:
                await late[0]()
        return await upstream(request)

    office.productive.interceptors[call] = delay
    office.productive.interceptors[f"GET /approval_statuses/{row.id}"] = look

    answer = await decision.send(office, mutation)

    assert answer["outcome"] == "APPLIED"
    assert writes(office.productive) == [call]
    assert time.slept == [0.0, 0.5]


async def test_a_decision_that_could_not_leave_surely_did_not_happen(
    office: Office, decision: Decision, mutation: str, call: str
) -> None:
    state = office.state()
    office.productive.interceptors[call] = never_leaves

    body = await decision.fail(office, mutation)

    assert body["data"] == {mutation: None}
    assert fault_of(body) == {
        "code": "UPSTREAM_UNAVAILABLE",
        "provider": "PRODUCTIVE",
        "retryable": True,
    }
    assert writes(office.productive) == [call]
    assert office.state() == state


@pytest.mark.parametrize(("told", "seconds"), [(False, 10), (True, 1)])
async def test_a_decision_beyond_the_limit_surely_did_not_happen(
    office: Office,
    switch_productive: Callable[..., None],
    decision: Decision,
    mutation: str,
    call: str,
    told: bool,
    seconds: int,
) -> None:
    state = office.state()
    switch_productive(
        fault="rate_limited", fault_calls=(CALLS[mutation],), retry_after=told
    )

    body = await decision.fail(office, mutation)

    assert body["data"] == {mutation: None}
    assert fault_of(body) == {
        "code": "UPSTREAM_RATE_LIMITED",
        "provider": "PRODUCTIVE",
        "retryable": True,
        "retryAfterSeconds": seconds,
    }
    assert writes(office.productive) == [call]
    assert office.state() == state


async def test_a_token_that_is_not_accepted_surely_decided_nothing(
    office: Office,
    switch_productive: Callable[..., None],
    decision: Decision,
    mutation: str,
    call: str,
) -> None:
    state = office.state()
    switch_productive(fault="unauthorized", fault_calls=(CALLS[mutation],))

    body = await decision.fail(office, mutation)

    assert body["data"] == {mutation: None}
    assert fault_of(body) == {
        "code": "UPSTREAM_AUTH_FAILED",
        "provider": "PRODUCTIVE",
        "retryable": True,
    }
    assert writes(office.productive) == [call]
    assert office.state() == state


@BOTH
async def test_a_client_who_goes_away_leaves_the_decision_to_its_end(
    office: Office, mutation: str
) -> None:
    row = office.row(ids.BOOKING_ANY)
    call = office.call(mutation, ids.BOOKING_ANY)
    arrived, may_answer, is_over = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def hold(request: httpx.Request, upstream: Handler) -> httpx.Response:
        arrived.set()
        await may_answer.wait()
        await upstream(request)
        is_over.set()
        raise httpx.ReadTimeout("lost", request=request)

    office.productive.interceptors[call] = hold
    asking = asyncio.create_task(office.fail(mutation, id=office.id(ids.BOOKING_ANY)))
    await arrived.wait()

    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    may_answer.set()
    await is_over.wait()
    await office.client.http.aclose()
    for _ in range(200):
        await asyncio.sleep(0)

    assert row.actual_approver_id == "20"
    assert office.written() == [(call, sent(row.id))]
    # It was read back as well, though nobody waits for it.
    assert office.productive.calls[-1] == f"GET /approval_statuses/{row.id}"


async def test_a_decision_that_cannot_be_shown_was_made(
    office: Office, decision: Decision, mutation: str, call: str
) -> None:
    async def close(request: httpx.Request, upstream: Handler) -> httpx.Response:
        response = await upstream(request)
        target = office.target(decision.source_id)
        for one in (*office.productive.calls, f"GET /{target.type}/{target.id}"):
            if one.startswith("GET "):
                office.productive.interceptors[one] = never_arrives
        return response

    office.productive.interceptors[call] = close

    body = await decision.fail(office, mutation)

    codes = {one["extensions"]["code"] for one in body["errors"]}
    assert body["data"][mutation] == {
        "clientMutationId": None,
        "outcome": "APPLIED",
        "approvable": None,
        "approvalStatus": None,
        "userErrors": [],
    }
    assert codes == {"UPSTREAM_UNAVAILABLE"}
    assert writes(office.productive) == [call]
