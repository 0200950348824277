"""Limits, absent calls and faults: what happens in front of the work."""

from typing import Any

import pytest

from tests.providers.ottimate.test_simulator_desk import Desk, refusal

LIMIT_EXCEEDED = (429, {"message": "Limit Exceeded"})
TOO_MANY = (429, {"message": "Too Many Requests"})
TIMED_OUT = (504, {"message": "Endpoint request timed out"})
NO_ROUTE = (403, {"message": "Missing Authentication Token"})


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def accounts(desk: Desk) -> tuple[int, Any]:
    answer = await desk.call("GET", "/accounts")
    return answer.status_code, answer.json()


async def approve(desk: Desk) -> tuple[int, Any]:
    answer = await desk.on("POST", "INV-1002", "/approve")
    return answer.status_code, answer.json()


async def test_every_call_counts_against_the_day(desk: Desk) -> None:
    desk.switch(day_quota=3)

    await accounts(desk)
    await desk.call("GET", "/unknown")
    over = await accounts(desk)
    desk.later(hours=12)
    tomorrow = await accounts(desk)

    assert (over, tomorrow[0]) == (LIMIT_EXCEEDED, 200)


async def test_a_429_tells_no_time(desk: Desk) -> None:
    desk.switch(day_quota=0)

    answer = await desk.token_call()

    assert (answer.status_code, answer.json()) == LIMIT_EXCEEDED
    assert answer.headers.keys() == {"content-length", "content-type"}


async def test_each_key_has_its_own_day(desk: Desk) -> None:
    desk.switch(day_quota=1)
    await desk.token_call()

    other = await desk.token_call(headers={"X-Api-Key": "sandbox-other-api-key"})

    assert other.status_code == 401


async def test_a_burst_empties_the_bucket_and_time_fills_it(desk: Desk) -> None:
    desk.switch(burst=3, steady_per_second=2)

    spent = [(await accounts(desk))[0] for _ in range(3)]
    desk.later(seconds=0.5)
    refilled = [(await accounts(desk))[0] for _ in range(2)]
    desk.later(seconds=60)
    full = [(await accounts(desk))[0] for _ in range(4)]

    assert spent == [200, 200, 429]
    assert refilled == [200, 429]
    assert full == [200, 200, 200, 429]


async def test_too_many_calls_are_told_so(desk: Desk) -> None:
    desk.switch(burst=1)
    await desk.token_call()

    answer = await desk.token_call()

    assert (answer.status_code, answer.json()) == TOO_MANY


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("GET", "/vendors"),
        ("PUT", "/invoices"),
        ("DELETE", "/invoices/1"),
        ("GET", "/invoices/1/approve"),
        ("POST", "/invoices/1/approve/now"),
        ("GET", "/oauth/token"),
    ],
)
async def test_an_unknown_route_looks_like_a_missing_token(
    desk: Desk, method: str, path: str
) -> None:
    answer = await desk.call(method, path)

    assert (answer.status_code, answer.json()) == NO_ROUTE


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (403, "Missing Authentication Token"),
        (404, "Not Found"),
        (405, "Method Not Allowed"),
        (501, "Not Implemented"),
    ],
)
@pytest.mark.parametrize(
    ("name", "method", "path"),
    [
        ("approve", "POST", "/invoices/1/approve"),
        ("add_approver", "POST", "/invoices/1/approvers"),
        ("remove_approver", "DELETE", "/invoices/1/approvers"),
        ("create_invoice", "POST", "/invoices"),
    ],
)
async def test_an_account_can_lack_calls(
    desk: Desk, *, name: str, method: str, path: str, status: int, message: str
) -> None:
    desk.switch(absent_calls=(name,), absent_status=status)

    absent = await desk.call(method, path)
    present = await desk.call("GET", "/invoices?limit=1")

    assert (absent.status_code, absent.json()) == (status, {"message": message})
    assert present.status_code == 200


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("unavailable", (503, {"message": "Service Unavailable"})),
        ("bad_gateway", (502, {"message": "Internal server error"})),
        ("throttled", TOO_MANY),
        ("spent", LIMIT_EXCEEDED),
        ("timed_out", TIMED_OUT),
        ("wrong_shape", (200, {"data": [{"id": 1}], "ok": "yes"})),
    ],
)
async def test_a_fault_answers_in_place_of_the_work(
    desk: Desk, fault: str, expected: Any
) -> None:
    desk.switch(fault=fault)

    assert await approve(desk) == expected
    assert desk.invoice("INV-1002").status == "pending-approval"


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("internal_error", (500, "GEN5000", "Internal server error.")),
        ("unauthorised", (401, "AUT4010", "Invalid or expired access token.")),
        ("concurrent_edit", (412, "INV4120", "The invoice was changed meanwhile.")),
    ],
)
async def test_a_fault_refuses_in_place_of_the_work(
    desk: Desk, fault: str, expected: Any
) -> None:
    desk.switch(fault=fault)

    answer = await desk.on("POST", "INV-1002", "/approve")

    assert refusal(answer) == expected
    assert desk.invoice("INV-1002").status == "pending-approval"


async def test_a_page_can_come_in_place_of_json(desk: Desk) -> None:
    desk.switch(fault="html")

    answer = await desk.call("GET", "/accounts")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.text.startswith("<!doctype html>")


async def test_the_answer_of_work_that_was_done_can_be_lost(desk: Desk) -> None:
    desk.switch(fault="lost_answer", fault_calls=("approve",))

    assert await approve(desk) == TIMED_OUT
    assert desk.invoice("INV-1002").status == "ready-for-export"


async def test_a_lost_answer_is_replayed_with_its_key(desk: Desk) -> None:
    desk.switch(fault="lost_answer", fault_calls=("approve",), fault_times=1)
    headers = {"Idempotency-Key": "01J9"}

    lost = await desk.on("POST", "INV-1002", "/approve", headers=headers)
    found = await desk.on("POST", "INV-1002", "/approve", headers=headers)

    assert (lost.status_code, found.status_code) == (504, 200)
    assert found.headers["X-Idempotent-Replayed"] == "true"


@pytest.mark.parametrize(("number", "status"), [("INV-1002", 200), ("INV-1007", 403)])
async def test_an_answer_can_come_without_its_body(
    desk: Desk, number: str, status: int
) -> None:
    desk.switch(fault="empty")

    answer = await desk.on("POST", number, "/approve")

    assert (answer.status_code, answer.content) == (status, b"")
    is_done = desk.invoice(number).status == "ready-for-export"
    assert is_done == (status == 200)


@pytest.mark.parametrize(
    ("seconds", "slept", "status"), [(2.5, 2.5, 200), (29, 29, 504), (60, 29, 504)]
)
async def test_a_slow_call_is_given_up_after_29_seconds(
    desk: Desk, seconds: float, slept: float, status: int
) -> None:
    desk.switch(fault="slow", fault_seconds=seconds)

    answered, _ = await approve(desk)

    assert (desk.slept, answered) == ([slept], status)
    assert desk.invoice("INV-1002").status == "ready-for-export"


async def test_a_fault_spares_the_token_call_unless_named(desk: Desk) -> None:
    desk.switch(fault="unavailable")
    spared = await desk.token_call()

    desk.switch(fault_calls=("token",))
    hit = await desk.token_call()
    desk.switch(fault="slow", fault_seconds=1)
    slow = await desk.token_call()

    assert (spared.status_code, hit.status_code, slow.status_code) == (200, 503, 200)
    assert desk.slept == [1]


async def test_a_fault_hits_only_the_calls_it_names(desk: Desk) -> None:
    desk.switch(fault="unavailable", fault_calls=("approve", "list_approvers"))

    assert (await accounts(desk))[0] == 200
    assert (await approve(desk))[0] == 503


async def test_a_fault_ends_after_its_times(desk: Desk) -> None:
    desk.switch(fault="unavailable", fault_times=2)
    first = [(await accounts(desk))[0] for _ in range(3)]

    desk.switch(fault="bad_gateway")
    second = [(await accounts(desk))[0] for _ in range(3)]

    assert (first, second) == ([503, 503, 200], [502, 502, 200])
