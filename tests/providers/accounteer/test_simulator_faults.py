"""Faults on order, the limit of calls, and how switches are set."""

import typing
from typing import Any

import httpx
import msgspec
import pytest

from gateway.providers.accounteer.simulator import AccounteerSwitches
from gateway.providers.accounteer.simulator import directory as known
from gateway.providers.accounteer.simulator.calls import CALL_NAMES
from gateway.providers.accounteer.simulator.situations import (
    EXAMPLE,
    INVOICE_PAID,
    INVOICE_WITHOUT_LINES,
    PURCHASE_DRAFT,
)
from gateway.providers.accounteer.simulator.switches import CallName
from tests.providers.accounteer.simulator_support import (
    TODAY,
    Desk,
    refusal,
    word,
)

HTML = "text/html; charset=utf-8"
UNTOUCHED = [
    "unavailable",
    "bad_gateway",
    "internal_error",
    "throttled",
    "throttled_without_hint",
    "html",
    "wrong_shape",
    "timed_out",
    "unauthorised",
]


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def approve(desk: Desk) -> httpx.Response:
    return await desk.approve("invoice", EXAMPLE)


def status(desk: Desk) -> str:
    return desk.document("invoice", EXAMPLE).status


@pytest.mark.parametrize(
    ("fault", "refused"),
    [
        ("unavailable", (503, "server_error")),
        ("internal_error", (500, "server_error")),
        ("throttled", (429, "too_many_requests")),
        ("throttled_without_hint", (429, "too_many_requests")),
        ("unauthorised", (401, "unauthorized")),
    ],
)
async def test_a_fault_refuses_in_the_form_of_the_service(
    desk: Desk, fault: str, refused: tuple[int, str]
) -> None:
    desk.switch(fault=fault)

    answer = await approve(desk)

    assert refusal(answer) == (*refused, {})
    assert answer.headers.get("retry-after") == ("1" if fault == "throttled" else None)


@pytest.mark.parametrize(
    ("fault", "code", "title"),
    [
        ("bad_gateway", 502, "502 Bad Gateway"),
        ("timed_out", 504, "504 Gateway Time-out"),
        ("html", 200, "Maintenance"),
    ],
)
async def test_a_page_can_come_in_place_of_the_work(
    desk: Desk, fault: str, code: int, title: str
) -> None:
    desk.switch(fault=fault)

    answer = await approve(desk)

    assert (answer.status_code, answer.headers["content-type"]) == (code, HTML)
    assert answer.text == f"<!doctype html><title>{title}</title><h1>{title}</h1>"


async def test_json_of_another_shape_can_come(desk: Desk) -> None:
    desk.switch(fault="wrong_shape")

    answer = await approve(desk)

    assert answer.status_code == 200
    assert answer.json() == {"ok": "yes", "result": [{"id": 1}]}


@pytest.mark.parametrize("fault", UNTOUCHED)
async def test_these_faults_leave_everything_as_it_was(desk: Desk, fault: str) -> None:
    desk.switch(fault=fault)

    await approve(desk)

    assert status(desk) == "draft"


async def test_the_answer_of_work_that_was_done_can_be_lost(desk: Desk) -> None:
    desk.switch(fault="lost_answer")

    answer = await approve(desk)

    assert (answer.status_code, status(desk)) == (504, "approved")
    assert answer.headers["content-type"] == HTML


async def test_a_refusal_can_be_lost_as_well(desk: Desk) -> None:
    desk.switch(fault="lost_answer")

    answer = await desk.approve("invoice", INVOICE_PAID)

    assert answer.status_code == 504


async def test_an_answer_can_be_empty(desk: Desk) -> None:
    desk.switch(fault="empty")

    answer = await approve(desk)

    assert (answer.status_code, answer.content) == (200, b"")
    assert status(desk) == "approved"


async def test_an_answer_can_be_slow(desk: Desk) -> None:
    desk.switch(fault="slow", fault_seconds=7.5)

    answer = await approve(desk)

    assert (answer.status_code, desk.slept) == (200, [7.5])
    assert status(desk) == "approved"


async def test_somebody_can_edit_just_before_an_approval(desk: Desk) -> None:
    desk.switch(fault="edited_before_approve", fault_times=1)

    await desk.get(f"invoices/{EXAMPLE}")
    answer = await approve(desk)

    body = answer.json()
    assert (body["status"], body["date_updated"]) == ("approved", TODAY)
    assert (body["total_amount"], body["amount_due"]) == (222, 222)
    assert body["items"][0]["line_total_amount"] == 101


async def test_an_edit_needs_lines_and_a_draft(desk: Desk) -> None:
    desk.switch(fault="edited_before_approve")
    paid = await desk.get(f"invoices/{INVOICE_PAID}")
    empty = await desk.get(f"invoices/{INVOICE_WITHOUT_LINES}")

    await desk.approve("invoice", INVOICE_PAID)
    await desk.approve("invoice", INVOICE_WITHOUT_LINES)

    assert await desk.get(f"invoices/{INVOICE_PAID}") == paid
    assert await desk.get(f"invoices/{INVOICE_WITHOUT_LINES}") == empty


async def test_a_fault_hits_the_calls_that_are_named(desk: Desk) -> None:
    desk.switch(fault="unavailable", fault_calls=("approve_purchase", "read_tax"))

    purchase = await desk.approve("purchase", PURCHASE_DRAFT)
    tax = await desk.send("GET", f"taxes/{known.TAX_21}")

    assert word(purchase) == word(tax) == (503, "server_error")
    assert (await approve(desk)).status_code == 200
    assert len(await desk.get("taxes")) == 3


async def test_a_fault_hits_tokens_only_by_name(desk: Desk) -> None:
    desk.switch(fault="unavailable")
    assert (await desk.consent()).status_code == 302
    tokens = (await desk.refresh()).json()

    desk.switch(fault_calls=("token", "authorize"))
    refused = await desk.refresh(tokens["refresh_token"])

    assert word(refused) == word(await desk.consent()) == (503, "server_error")
    assert len(await desk.get("taxes")) == 3


async def test_a_token_call_refuses_in_the_form_of_oauth(desk: Desk) -> None:
    desk.switch(fault="unauthorised", fault_calls=("token",))

    answer = await desk.refresh()

    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


async def test_a_lost_token_answer_ends_the_refresh_token(desk: Desk) -> None:
    desk.switch(fault="lost_answer", fault_calls=("token",), fault_times=1)

    lost, again = await desk.refresh(), await desk.refresh()

    assert (lost.status_code, again.json()["error"]) == (504, "invalid_grant")


async def test_a_fault_ends_after_some_calls_and_begins_again_when_set(
    desk: Desk,
) -> None:
    desk.switch(fault="unavailable", fault_times=2)

    first = [(await desk.send("GET", "taxes")).status_code for _ in range(3)]
    desk.switch()
    second = (await desk.send("GET", "taxes")).status_code

    assert (first, second) == ([503, 503, 200], 503)


async def test_every_call_can_be_named(desk: Desk) -> None:
    assert set(typing.get_args(CallName)) == CALL_NAMES


async def test_there_is_no_limit_at_first(desk: Desk) -> None:
    answers = [await desk.send("GET", "taxes") for _ in range(70)]

    assert {answer.status_code for answer in answers} == {200}


async def test_a_token_has_so_many_calls_a_minute(desk: Desk) -> None:
    desk.switch(rate_limit=60)
    await desk.get("taxes")
    desk.later(seconds=20.5)
    for _ in range(59):
        await desk.get("taxes")

    over = await desk.send("GET", "taxes")
    other = await desk.send("GET", "taxes", token=known.CONTROLLER_TOKEN)
    desk.later(seconds=39.5)
    freed = [(await desk.send("GET", "taxes")).status_code for _ in range(2)]

    assert refusal(over) == (429, "too_many_requests", {})
    assert over.headers["retry-after"] == "40"
    assert (other.status_code, freed) == (200, [200, 429])


async def test_an_approval_over_the_limit_does_nothing(desk: Desk) -> None:
    desk.switch(rate_limit=1)
    await desk.get("taxes")

    assert (await approve(desk)).status_code == 429
    assert status(desk) == "draft"


async def test_a_reset_forgets_the_calls(desk: Desk) -> None:
    desk.switch(rate_limit=1)
    await desk.get("taxes")

    desk.simulator.reset()
    desk.switch(rate_limit=1)

    assert len(await desk.get("taxes")) == 3


@pytest.mark.parametrize(
    "changes",
    [
        {"fault": "fire"},
        {"fault_calls": ("approve",)},
        {"fault_seconds": -1},
        {"fault_times": -1},
        {"token_seconds": 0},
        {"rate_limit": -1},
        {"list_form": "xml"},
        {"list_order": "oldest_first"},
        {"paging": 1},
        {"approve_status_code": 500},
        {"state_refusal_status": 400},
        {"purchase_approve": "maybe"},
        {"document_number_at_approval": "-"},
        {"issue_date_fields": ("date",)},
    ],
)
def test_a_switch_that_cannot_be_is_refused(
    desk: Desk, changes: dict[str, Any]
) -> None:
    with pytest.raises(msgspec.ValidationError):
        desk.switch(**changes)

    assert desk.simulator.switches == AccounteerSwitches()


def test_an_unknown_switch_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"mood": "bad"}, AccounteerSwitches)


def test_every_switch_is_described() -> None:
    told = AccounteerSwitches.__doc__ or ""

    for name in AccounteerSwitches.__struct_fields__:
        assert f"    {name}: " in told
