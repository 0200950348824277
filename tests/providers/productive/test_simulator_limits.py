"""Limits per organization and token, in fixed windows (2.6)."""

import asyncio
from datetime import UTC, datetime

import pytest

from tests.providers.productive.simulator_support import Desk

PATH = "events?page[size]=1"


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    # Three seconds into a window of 10 s, three into one of 30 min.
    desk.now = datetime(2026, 11, 3, 12, 0, 3, tzinfo=UTC)
    return desk


async def call(desk: Desk, person: str = "controller", **headers: str) -> int:
    return (await desk.send("GET", PATH, person, **headers)).status_code


async def test_a_hundred_calls_fit_in_ten_seconds(desk: Desk) -> None:
    codes = [await call(desk) for _ in range(101)]
    desk.later(seconds=6.9)
    still = await call(desk)
    desk.later(seconds=0.1)

    assert codes == [200] * 100 + [429]
    assert (still, await call(desk)) == (429, 200)


async def test_four_thousand_calls_fit_in_half_an_hour(desk: Desk) -> None:
    desk.switch(calls_per_30_minutes=3)
    codes = []
    for _ in range(4):
        codes.append(await call(desk))
        desk.later(minutes=1)
    desk.later(minutes=26)

    assert desk.simulator.switches.calls_per_10_seconds == 100
    assert codes == [200, 200, 200, 429]
    assert await call(desk) == 200


def test_the_documented_limits_hold_by_default(desk: Desk) -> None:
    switches = desk.simulator.switches

    assert switches.calls_per_10_seconds == 100
    assert switches.calls_per_30_minutes == 4_000


async def test_each_token_and_each_organization_has_its_own_limit(desk: Desk) -> None:
    desk.switch(calls_per_10_seconds=1)

    codes = [
        await call(desk),
        await call(desk),
        await call(desk, "approver"),
        await call(desk, X_Organization_Id="901"),
    ]

    assert codes == [200, 429, 200, 200]


async def test_a_breach_has_its_own_form(desk: Desk) -> None:
    desk.switch(calls_per_10_seconds=0)
    live = await desk.send("GET", PATH)
    desk.switch(error_form="documented")
    documented = await desk.send("GET", PATH)

    assert live.status_code == 429
    assert (
        live.json()
        == documented.json()
        == {
            "errors": [
                {
                    "status": 429,
                    "title": "Too many requests",
                    "detail": "You have exceeded the limit of 0 requests",
                    "limit": 0,
                }
            ]
        }
    )
    assert "retry-after" not in live.headers


async def test_a_breach_can_say_when_to_come_back(desk: Desk) -> None:
    desk.switch(calls_per_10_seconds=0, retry_after=True)
    short = await desk.send("GET", PATH)
    desk.switch(calls_per_10_seconds=100, calls_per_30_minutes=0)
    long = await desk.send("GET", PATH)

    assert short.headers["retry-after"] == "7"
    assert long.headers["retry-after"] == "1797"


async def test_a_refused_call_counts_and_does_nothing(desk: Desk) -> None:
    desk.switch(calls_per_10_seconds=1)
    await desk.send("GET", "nowhere")

    answer = await desk.act("approval_statuses/5002/approve")

    assert answer.status_code == 429
    assert desk.simulator.state.statuses["5002"].is_pending


async def test_a_bulk_call_counts_once(desk: Desk) -> None:
    desk.switch(calls_per_10_seconds=2)
    rows = [{"id": "602"}, {"id": "603"}, {"id": "604"}]

    bulk = await desk.bulk("PATCH", "time_entries/approve", rows)

    assert bulk.status_code == 200
    assert (await desk.send("GET", PATH, None)).status_code == 200
    assert (await desk.send("GET", PATH, None)).status_code == 429


async def test_calls_of_the_same_time_are_not_limited(desk: Desk) -> None:
    desk.switch(latency_seconds=0.2)

    codes = await asyncio.gather(*(call(desk) for _ in range(60)))

    assert codes == [200] * 60
    assert desk.slept == [0.2] * 60
