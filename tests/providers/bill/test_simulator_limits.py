"""Calls per clock hour, and the slots of an organization (1.5)."""

import asyncio
from typing import Any

import pytest

from gateway.providers.bill.simulator.directory import (
    CLOSED_ORGANIZATION,
    OTHER_DEV_KEY,
)
from tests.providers.bill.test_simulator_desk import Desk, info, refused

BUSY = refused("BDC_1322")


@pytest.fixture
def desk() -> Desk:
    return Desk()


def spent(limit: int) -> dict[str, Any]:
    text = f"Max number of allowed requests per hour reached: {limit}."
    return refused("BDC_1144", text)


async def list_organizations(desk: Desk, **changes: str) -> dict[str, Any]:
    form = desk.credentials("controller") | changes
    body: dict[str, Any] = (await desk.post("ListOrgs", form)).json()
    return body


def is_fine(body: dict[str, Any]) -> bool:
    return bool(body["response_status"] == 0)


async def test_the_calls_of_a_clock_hour_are_limited(desk: Desk) -> None:
    desk.switch(calls_per_hour=3)
    desk.later(minutes=59, seconds=58)
    session = await desk.session()
    answers = [await desk.post("GetSessionInfo", session) for _ in range(3)]
    desk.later(seconds=2)
    next_hour = await info(desk)

    assert [is_fine(one.json()) for one in answers] == [True, True, False]
    assert (answers[2].status_code, answers[2].json()) == (200, spent(3))
    assert is_fine(next_hour)


async def test_the_limits_are_the_documented_ones(desk: Desk) -> None:
    switches = desk.simulator.switches
    limits = desk.simulator._pipeline.memory.limits
    await info(desk)
    limits.calls[desk.settings["dev_key"]] = 19_999

    last = await info(desk)
    over = await info(desk)

    assert (is_fine(last), over) == (True, spent(20_000))
    assert (switches.sign_ins_per_hour, switches.concurrent_calls) == (200, 3)


async def test_refused_calls_count_as_well(desk: Desk) -> None:
    desk.switch(calls_per_hour=2)

    await desk.sign_in(password="wrong")
    await desk.post("GetSessionInfo", {"devKey": desk.settings["dev_key"]})

    assert await desk.sign_in() == spent(2)


async def test_sign_ins_share_a_limit_of_their_own(desk: Desk) -> None:
    desk.switch(sign_ins_per_hour=2)
    await desk.session()

    listed = await list_organizations(desk)
    sign_in = await desk.sign_in("accountant")
    listed_again = await list_organizations(desk)
    call = await info(desk)
    desk.later(hours=1)
    later = await desk.sign_in()

    assert (is_fine(listed), is_fine(call), is_fine(later)) == (True, True, True)
    assert sign_in == listed_again == spent(2)


async def test_each_developer_key_has_its_own_limits(desk: Desk) -> None:
    desk.switch(calls_per_hour=1, sign_ins_per_hour=1)
    await desk.sign_in()

    own = await desk.sign_in()
    other = await desk.sign_in(devKey=OTHER_DEV_KEY)

    assert (own, is_fine(other)) == (spent(1), True)


async def test_the_fourth_call_at_a_time_fails_at_once(desk: Desk) -> None:
    sessions = [await desk.session(one) for one in ("controller", "accountant")]

    answers = await asyncio.gather(
        *(desk.post("GetSessionInfo", sessions[n % 2]) for n in range(4))
    )
    after = await info(desk)

    bodies = [one.json() for one in answers]
    assert [is_fine(one) for one in bodies] == [True, True, True, False]
    assert (answers[3].status_code, bodies[3]) == (200, BUSY)
    assert is_fine(after)


async def test_a_slot_is_held_for_the_latency(desk: Desk) -> None:
    desk.switch(latency_seconds=0.25, concurrent_calls=1)
    await desk.session()

    first, second = await asyncio.gather(info(desk), info(desk))

    assert (is_fine(first), second) == (True, BUSY)
    assert desk.slept == [0.25, 0.25]


async def test_another_key_or_organization_has_its_own_slots(desk: Desk) -> None:
    desk.switch(concurrent_calls=1)

    bodies = await asyncio.gather(
        desk.sign_in(),
        desk.sign_in(devKey=OTHER_DEV_KEY),
        desk.sign_in(orgId=CLOSED_ORGANIZATION),
        desk.sign_in(),
    )

    assert [is_fine(one) for one in bodies] == [True, True, False, False]
    assert list(bodies[2:]) == [refused("BDC_1105"), BUSY]


async def test_a_failure_gives_its_slot_back(desk: Desk) -> None:
    desk.switch(concurrent_calls=1)

    first = await desk.sign_in(password="wrong")
    second = await desk.sign_in()

    assert (first, is_fine(second)) == (refused("BDC_1101"), True)


@pytest.mark.parametrize(
    ("code", "changes", "status"),
    [
        ("BDC_1102", {"devKey": "wrong"}, 401),
        ("BDC_1101", {"password": "wrong"}, 401),
        ("BDC_1105", {"orgId": CLOSED_ORGANIZATION}, 403),
    ],
)
async def test_failures_can_have_real_statuses(
    desk: Desk, code: str, changes: dict[str, str], status: int
) -> None:
    form = desk.credentials("controller") | changes

    always = await desk.post("Login", form)
    desk.switch(http_status_on_error="real")
    real = await desk.post("Login", form)

    assert (always.status_code, real.status_code) == (200, status)
    assert always.json() == real.json() == refused(code)


@pytest.mark.parametrize(
    ("call", "number", "status"),
    [
        ("Approve", "BILL-1009", 400),
        ("Approve", "BILL-1017", 400),
        ("Approve", "VC-1004", 400),
        ("Approve", "BILL-1002", 400),
        ("Read", "BILL-1001", 404),
    ],
)
async def test_refusals_can_have_real_statuses(
    desk: Desk, call: str, number: str, status: int
) -> None:
    desk.switch(http_status_on_error="real")
    data = {"id": "none"} if call == "Read" else desk.target(number)

    answer = await desk.send("Crud/Read/Bill" if call == "Read" else call, data)

    assert answer.status_code == status
