"""Faults on order, and how switches are set (10.4)."""

import json
from typing import Any

import httpx
import msgspec
import pytest

from gateway.providers.productive.simulator import ProductiveSwitches
from gateway.providers.productive.simulator.calls import WORKS
from gateway.providers.productive.simulator.names import CALL_NAMES
from gateway.providers.productive.simulator.situations import BOOKING_MANAGER
from tests.providers.productive.simulator_support import Desk, refusal, states

APPROVE = "PATCH /approval_statuses/{id}/approve"


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def approve(desk: Desk) -> httpx.Response:
    return await desk.decide("approve", BOOKING_MANAGER)


def done(desk: Desk) -> bool:
    return states(desk.booking_rows(BOOKING_MANAGER)) == ["approved"]


@pytest.mark.parametrize(
    ("fault", "status", "title"),
    [
        ("server_error", 500, "Server Error"),
        ("unauthorized", 401, "Unauthenticated"),
        ("rate_limited", 429, "Too many requests"),
    ],
)
@pytest.mark.parametrize("form", ["live", "documented"])
async def test_a_fault_refuses_in_place_of_the_work(
    desk: Desk, fault: str, status: int, title: str, form: str
) -> None:
    desk.switch(fault=fault, error_form=form)

    answer = await approve(desk)

    error = answer.json()["errors"][0]
    is_word = form == "live" and fault != "rate_limited"
    assert (answer.status_code, error["title"]) == (status, title)
    assert error["status"] == (str(status) if is_word else status)
    assert not done(desk)


async def test_a_fault_of_limits_can_say_when_to_come_back(desk: Desk) -> None:
    desk.switch(fault="rate_limited", retry_after=True)

    assert (await approve(desk)).headers["retry-after"] == "1"


async def test_a_page_can_come_in_place_of_the_work(desk: Desk) -> None:
    desk.switch(fault="html")

    answer = await approve(desk)

    assert (answer.status_code, done(desk)) == (200, False)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.text.startswith("<!doctype html>")


async def test_the_answer_of_work_that_was_done_can_be_lost(desk: Desk) -> None:
    desk.switch(fault="lost_answer", fault_calls=(APPROVE,))

    answer = await approve(desk)

    assert (answer.status_code, done(desk)) == (502, True)
    assert answer.text.startswith("<!doctype html>")


async def test_a_refusal_can_be_lost_as_well(desk: Desk) -> None:
    desk.switch(fault="lost_answer")

    answer = await desk.act("approval_statuses/999999/approve")

    assert answer.status_code == 502


async def test_an_answer_can_be_cut_in_half(desk: Desk) -> None:
    whole = (await desk.send("GET", "people")).text
    desk.switch(fault="truncated")

    answer = await desk.send("GET", "people")
    approval = await approve(desk)

    assert (answer.status_code, answer.text) == (200, whole[: len(whole) // 2])
    assert approval.status_code == 200
    assert done(desk)
    with pytest.raises(json.JSONDecodeError):
        approval.json()


async def test_an_answer_can_come_without_its_body(desk: Desk) -> None:
    desk.switch(fault="empty")

    answer = await approve(desk)

    assert (answer.status_code, answer.content, done(desk)) == (200, b"", True)


async def test_a_slow_call_does_its_work(desk: Desk) -> None:
    desk.switch(fault="slow", fault_seconds=31.5)

    answer = await approve(desk)

    assert (desk.slept, answer.status_code, done(desk)) == ([31.5], 200, True)


async def test_rows_can_come_in_another_order(desk: Desk) -> None:
    path = "approval_statuses?page[size]=200"
    before = await desk.ids(path)
    desk.switch(fault="moved", fault_calls=("GET /approval_statuses",))

    first, again = await desk.ids(path), await desk.ids(path)
    others = [
        *first,
        *await desk.ids(f"{path}&page[number]=2"),
        *await desk.ids(f"{path}&page[number]=3"),
    ]

    assert first == again != before
    assert first != sorted(first, key=int)
    assert len(set(others)) == await desk.count(path) == len(others)
    assert await desk.ids("events") == ["44", "45", "46", "47", "48", "49"]


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("GET", "bookings", "GET /bookings"),
        ("GET", "bookings/301", "GET /bookings/{id}"),
        ("PATCH", "time_entries/602/approve", "PATCH /time_entries/{id}/approve"),
        ("DELETE", "webhooks/1", "DELETE /webhooks/{id}"),
        ("POST", "expenses", "POST /expenses"),
    ],
)
async def test_a_fault_hits_only_the_calls_it_names(
    desk: Desk, method: str, path: str, name: str
) -> None:
    desk.switch(fault="server_error", fault_calls=(name,))

    hit = await desk.send(method, path)
    spared = await desk.send("GET", "events")

    assert (hit.status_code, spared.status_code) == (500, 200)


async def test_a_bulk_call_has_its_own_name(desk: Desk) -> None:
    desk.switch(fault="server_error", fault_calls=("POST /expenses (bulk)",))

    bulk = await desk.bulk("POST", "expenses", [])
    single = await desk.make("expenses")

    assert (bulk.status_code, single.status_code) == (500, 422)


async def test_a_fault_ends_after_its_times(desk: Desk) -> None:
    desk.switch(fault="server_error", fault_times=2)
    first = [(await desk.send("GET", "events")).status_code for _ in range(3)]

    desk.switch(fault="html", fault_times=0)
    second = [(await desk.send("GET", "events")).text[:2] for _ in range(3)]

    assert first == [500, 500, 200]
    assert second == ["<!"] * 3


def test_every_call_has_a_name() -> None:
    assert set(WORKS) == CALL_NAMES


@pytest.mark.parametrize(
    "changes",
    [
        {"fault": "earthquake"},
        {"fault_calls": ("GET /booking",)},
        {"lenient_paths": ("booking",)},
        {"latency_seconds": -1},
        {"note_length": -1},
        {"error_form": "old"},
        {"comma_filters": "none"},
        {"person_type_filter": 1},
        {"webhook_retries": "never"},
    ],
)
def test_switches_are_checked_when_assigned(
    desk: Desk, changes: dict[str, Any]
) -> None:
    before = desk.simulator.switches

    with pytest.raises((msgspec.ValidationError, ValueError)):
        desk.switch(**changes)

    assert desk.simulator.switches == before


def test_switches_pass_through_json() -> None:
    switches = ProductiveSwitches(
        fault="truncated",
        fault_calls=(APPROVE,),
        lenient_paths=("bookings",),
        ignored_filters=("id",),
    )

    plain = msgspec.json.encode(switches)

    assert msgspec.json.decode(plain, type=ProductiveSwitches) == switches
    with pytest.raises(msgspec.ValidationError, match="no call is named GET /x"):
        msgspec.json.decode(b'{"fault_calls": ["GET /x"]}', type=ProductiveSwitches)
    with pytest.raises(msgspec.ValidationError, match="unknown field"):
        msgspec.json.decode(b'{"any_host": true}', type=ProductiveSwitches)


def test_every_switch_is_described() -> None:
    told = ProductiveSwitches.__doc__ or ""

    assert [
        name for name in ProductiveSwitches.__struct_fields__ if f" {name}:" not in told
    ] == []


async def test_a_fault_needs_a_token_first(desk: Desk) -> None:
    desk.switch(fault="server_error")

    answer = await desk.send("GET", "events", X_Auth_Token="unknown")

    assert refusal(answer) == (401, ["invalid_auth_token"])
