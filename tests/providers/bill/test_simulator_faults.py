"""Faults on order, and how switches are set (8.3)."""

import json
from typing import Any

import httpx
import msgspec
import pytest

from gateway.providers.bill.simulator import BillSwitches
from gateway.providers.bill.simulator.directory import CONTROLLER
from tests.providers.bill.test_simulator_desk import Desk, info, refused, success

NUMBER = "BILL-1004"
WAITING, APPROVED = [(CONTROLLER, "0")], [(CONTROLLER, "4")]
SPENT = refused("BDC_1144", "Max number of allowed requests per hour reached: 20000.")


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def approve(desk: Desk) -> httpx.Response:
    return await desk.send("Approve", desk.target(NUMBER))


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("system_error", refused("BDC_1001")),
        ("session_lost", refused("BDC_1109")),
        ("busy", refused("BDC_1322")),
        ("spent", SPENT),
    ],
)
async def test_a_fault_refuses_in_place_of_the_work(
    desk: Desk, fault: str, expected: Any
) -> None:
    desk.switch(fault=fault)

    answer = await approve(desk)

    assert (answer.status_code, answer.json()) == (200, expected)
    assert desk.rows(NUMBER) == WAITING


@pytest.mark.parametrize(
    ("fault", "status"), [("bad_gateway_html", 502), ("html", 200)]
)
async def test_a_page_can_come_in_place_of_the_work(
    desk: Desk, fault: str, status: int
) -> None:
    desk.switch(fault=fault)

    answer = await approve(desk)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.text.startswith("<!doctype html>")
    assert desk.rows(NUMBER) == WAITING


async def test_the_answer_of_work_that_was_done_can_be_lost(desk: Desk) -> None:
    desk.switch(fault="lost_answer", fault_calls=("Approve",))

    answer = await approve(desk)

    assert answer.status_code == 502
    assert answer.text.startswith("<!doctype html>")
    assert desk.rows(NUMBER) == APPROVED


async def test_an_answer_can_be_cut_in_half(desk: Desk) -> None:
    desk.switch(fault="truncated", fault_calls=("Approve",))

    answer = await approve(desk)

    whole = json.dumps(success({}), separators=(",", ":"))
    assert (answer.status_code, answer.text) == (200, whole[: len(whole) // 2])
    assert answer.headers["content-type"] == "application/json;charset=UTF-8"
    assert desk.rows(NUMBER) == APPROVED


async def test_an_answer_can_come_without_its_body(desk: Desk) -> None:
    desk.switch(fault="empty", fault_calls=("Approve",))

    answer = await approve(desk)

    assert (answer.status_code, answer.content) == (200, b"")
    assert desk.rows(NUMBER) == APPROVED


async def test_a_refusal_can_be_lost_as_well(desk: Desk) -> None:
    desk.switch(fault="lost_answer")

    answer = await desk.send("Approve", desk.target("BILL-1002"))

    assert answer.status_code == 502
    assert desk.rows("BILL-1002")[1] == (CONTROLLER, "5")


async def test_a_slow_call_does_its_work(desk: Desk) -> None:
    desk.switch(fault="slow", fault_seconds=31.5)

    answer = await approve(desk)

    assert (desk.slept, answer.json()) == ([31.5], success({}))
    assert desk.rows(NUMBER) == APPROVED


async def test_a_lost_session_is_gone_until_the_next_sign_in(desk: Desk) -> None:
    desk.switch(fault="session_lost", fault_times=1)
    other = await desk.session("accountant")

    lost = await info(desk)
    still_lost = await info(desk)
    another = await desk.post("GetSessionInfo", other)
    renewed = await desk.sign_in()

    assert lost == still_lost == refused("BDC_1109")
    assert [another.json()["response_status"], renewed["response_status"]] == [0, 0]


async def test_a_fault_spares_the_sign_in_unless_named(desk: Desk) -> None:
    desk.switch(fault="system_error")
    spared = await desk.sign_in()
    others = await desk.post("ListOrgs", desk.credentials("controller"))

    desk.switch(fault_calls=("Login",))
    hit = await desk.sign_in()
    desk.switch(fault="slow", fault_seconds=1)
    slow = await desk.sign_in()

    assert (spared["response_status"], slow["response_status"]) == (0, 0)
    assert hit == others.json() == refused("BDC_1001")
    assert desk.slept == [1]


@pytest.mark.parametrize(
    "name", ["Approve", "List/Bill", "Crud/Read/Bill", "Bulk/Crud/Read/Bill"]
)
async def test_a_fault_hits_only_the_calls_it_names(desk: Desk, name: str) -> None:
    desk.switch(fault="system_error", fault_calls=(name, "Deny"))

    assert (await info(desk))["response_status"] == 0
    assert await desk.call(name, {}) == refused("BDC_1001")


async def test_a_fault_ends_after_its_times(desk: Desk) -> None:
    desk.switch(fault="busy", fault_times=2)
    first = [(await info(desk))["response_status"] for _ in range(3)]

    desk.switch(fault="system_error")
    second = [(await info(desk))["response_status"] for _ in range(3)]

    assert first == second == [1, 1, 0]


async def test_a_fault_can_have_its_real_status(desk: Desk) -> None:
    desk.switch(fault="busy", http_status_on_error="real")
    busy = await approve(desk)
    desk.switch(fault="system_error")
    broken = await approve(desk)

    assert (busy.status_code, broken.status_code) == (429, 500)


@pytest.mark.parametrize(
    "changes",
    [
        {"fault": "earthquake"},
        {"fault_calls": ("List/Bills",)},
        {"concurrent_calls": 0},
        {"latency_seconds": -1},
        {"list_cap": 500},
        {"http_status_on_error": 200},
        {"denied_value": "3"},
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
    switches = BillSwitches(fault="truncated", fault_calls=("List/BillApprover",))

    plain = msgspec.json.encode(switches)

    assert msgspec.json.decode(plain, type=BillSwitches) == switches
    with pytest.raises(msgspec.ValidationError, match="no call is named Aprove"):
        msgspec.json.decode(b'{"fault_calls": ["Aprove"]}', type=BillSwitches)
    with pytest.raises(msgspec.ValidationError, match="unknown field"):
        msgspec.json.decode(b'{"any_host": true}', type=BillSwitches)
