"""Webhooks: what is queued, how it is signed, sent and repeated (8.2)."""

import hmac
import json
from collections.abc import Iterable
from hashlib import sha256
from typing import Any

import pytest

from gateway.providers.productive.simulator import Delivery
from gateway.providers.productive.simulator.situations import (
    BOOKING_MANAGER,
    BOOKING_SECOND,
    ENTRY_BUDGET_OWNER,
    EXPENSE_ANY,
)
from tests.providers.productive.simulator_support import NOW, Desk, refusal

TARGET = "https://gateway.example/webhooks/productive"
LEAVE = {"person_id": 12, "started_on": "2026-12-07", "ended_on": "2026-12-11"}


class Receiver:
    """Keeps what is delivered; answers each with the next code, the last for ever."""

    def __init__(self, *codes: int | None) -> None:
        self.deliveries: list[Delivery] = []
        self._codes = list(codes or (200,))

    async def __call__(self, delivery: Delivery) -> int | None:
        self.deliveries.append(delivery)
        return self._codes.pop(0) if len(self._codes) > 1 else self._codes[0]

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(one.body) for one in self.deliveries]


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.simulator.webhook_target = TARGET
    return desk


def events(bodies: Iterable[Any]) -> list[tuple[str, int]]:
    return [(body["event"], body["item_id"]) for body in bodies]


async def test_nothing_is_queued_without_a_target(desk: Desk) -> None:
    desk.simulator.webhook_target = None
    await desk.decide("approve", BOOKING_MANAGER)

    assert desk.simulator.webhooks.outbox == []


def test_the_webhooks_of_the_start_have_tokens(desk: Desk) -> None:
    tokens = desk.simulator.webhook_tokens

    webhooks = desk.simulator.state.webhooks.values()
    assert list(tokens) == [one.signature_token for one in webhooks]
    assert len(set(tokens)) == 9
    assert [one.event_id for one in webhooks] == [18, 8, 22, 19, 9, 23, 17, 7, 21]


async def test_a_decision_updates_its_target(desk: Desk) -> None:
    receiver = Receiver()
    await desk.decide("approve", BOOKING_MANAGER)
    await desk.act(f"time_entries/{ENTRY_BUDGET_OWNER}/reject", "accountant")
    await desk.act(f"expenses/{EXPENSE_ANY}/approve")

    count = await desk.simulator.webhooks.deliver(receiver)

    assert count == 3
    assert events(receiver.bodies) == [
        ("update_booking", 305),
        ("update_time_entry", 602),
        ("update_expense", 702),
    ]
    data = receiver.bodies[0]["object"]["data"]
    assert (data["id"], data["type"], data["attributes"]["approved"]) == (
        "305",
        "bookings",
        True,
    )
    assert {body["created"] for body in receiver.bodies} == {NOW}


async def test_each_life_of_a_target_has_its_event(desk: Desk) -> None:
    receiver = Receiver()
    made = await desk.make("bookings", "clerk", event_id=44, **LEAVE)
    path = f"bookings/{made.json()['data']['id']}"
    await desk.act(path, "clerk", note="new")
    await desk.send("DELETE", path, "clerk")

    await desk.simulator.deliver(receiver)

    assert [body["event"] for body in receiver.bodies] == [
        "create_booking",
        "update_booking",
        "delete_booking",
    ]
    last = receiver.bodies[2]["object"]["data"]["attributes"]
    assert (last["note"], receiver.bodies[2]["item_type"]) == ("new", "booking")


async def test_a_delivery_is_signed_over_stamp_and_body(desk: Desk) -> None:
    receiver = Receiver()
    await desk.decide("approve", BOOKING_MANAGER)
    desk.later(seconds=4)
    await desk.simulator.deliver(receiver)

    delivery = receiver.deliveries[0]
    stamp = str(int(desk.now.timestamp()))
    token = desk.simulator.webhook_tokens[0]
    message = f"{stamp}.".encode() + delivery.body
    expected = hmac.new(token.encode(), message, sha256).hexdigest()
    assert delivery.url == TARGET
    assert delivery.headers == {
        "Content-Type": "application/json",
        "Productive-Signature": f"t={stamp}, s={expected}",
    }


async def test_a_delivery_goes_out_once(desk: Desk) -> None:
    receiver = Receiver()
    await desk.decide("approve", BOOKING_MANAGER)

    counts = [await desk.simulator.deliver(receiver) for _ in range(2)]

    assert counts == [1, 0]


async def test_another_organization_tells_nobody_here(desk: Desk) -> None:
    row_id = desk.booking_rows(BOOKING_SECOND)[0].id
    path = f"approval_statuses/{row_id}/approve"

    answer = await desk.send("PATCH", path, X_Organization_Id="901")

    assert answer.status_code == 200
    assert desk.simulator.webhooks.outbox == []


async def test_deliveries_can_come_twice_and_newest_first(desk: Desk) -> None:
    desk.switch(webhook_duplicates=True, webhook_reordered=True)
    receiver = Receiver()
    await desk.decide("approve", BOOKING_MANAGER)
    desk.later(seconds=1)
    await desk.act(f"expenses/{EXPENSE_ANY}/approve")

    count = await desk.simulator.deliver(receiver)

    assert count == 4
    assert events(receiver.bodies) == [
        ("update_expense", 702),
        ("update_expense", 702),
        ("update_booking", 305),
        ("update_booking", 305),
    ]


async def test_a_lag_delays_the_delivery_and_what_it_tells(desk: Desk) -> None:
    desk.switch(target_lag_ms=2000)
    receiver = Receiver()
    await desk.decide("approve", BOOKING_MANAGER)
    early = await desk.simulator.deliver(receiver)
    desk.later(seconds=2)
    late = await desk.simulator.deliver(receiver)

    assert (early, late) == (0, 1)
    assert receiver.bodies[0]["object"]["data"]["attributes"]["approved"] is True
    assert receiver.bodies[0]["created"] == "2026-11-03T13:00:02.007+01:00"


@pytest.mark.parametrize(
    ("form", "hours"), [("spread_48_hours", 4), ("every_12_hours", 12)]
)
async def test_a_failure_is_repeated_twelve_times(
    desk: Desk, form: str, hours: int
) -> None:
    desk.switch(webhook_retries=form)
    receiver = Receiver(500)
    await desk.decide("approve", BOOKING_MANAGER)
    counts = [await desk.simulator.deliver(receiver)]
    for _ in range(13):
        desk.later(hours=hours, seconds=-1)
        counts.append(await desk.simulator.deliver(receiver))
        desk.later(seconds=1)
        counts.append(await desk.simulator.deliver(receiver))

    webhook = desk.simulator.state.webhooks["1"]
    assert counts == [1, *[0, 1] * 12, 0, 0]
    assert (webhook.retry_attempts, webhook.state_id) == (13, 2)
    assert webhook.deactivated_at is not None
    assert desk.simulator.webhooks.told == ["1"]
    assert len({one.body for one in receiver.deliveries}) == 1


async def test_the_owner_hears_of_three_failures_in_a_row(desk: Desk) -> None:
    receiver = Receiver(None, 500, 404, 204)
    await desk.decide("approve", BOOKING_MANAGER)
    told = []
    for _ in range(4):
        await desk.simulator.deliver(receiver)
        body = await desk.get("webhooks/1")
        told.append(body["data"]["attributes"]["state_id"])
        desk.later(hours=4)

    assert told == [1, 1, 2, 1]
    assert desk.simulator.webhooks.outbox == []


async def test_a_webhook_that_is_off_hears_nothing(desk: Desk) -> None:
    receiver = Receiver()
    await desk.decide("approve", BOOKING_MANAGER)
    desk.simulator.state.webhooks["1"].deactivated_at = desk.now

    await desk.act(f"bookings/{BOOKING_MANAGER}", "clerk", note="new")

    assert len(desk.simulator.webhooks.outbox) == 1
    assert await desk.simulator.deliver(receiver) == 0


async def test_what_waits_is_dropped_with_webhook_or_target(desk: Desk) -> None:
    receiver = Receiver()
    await desk.decide("approve", BOOKING_MANAGER)
    await desk.act(f"expenses/{EXPENSE_ANY}/approve")
    await desk.send("DELETE", "webhooks/1", None)
    desk.simulator.webhook_target = None

    assert await desk.simulator.deliver(receiver) == 0


async def test_a_webhook_is_made_read_and_deleted(desk: Desk) -> None:
    made = await desk.make(
        "webhooks",
        name="Mine",
        target_url="https://mine.example/hook",
        event_id=18,
        custom_headers={"X-Mine": "1"},
    )
    told = made.json()["data"]
    read = await desk.get(f"webhooks/{told['id']}")
    receiver = Receiver()
    await desk.decide("approve", BOOKING_MANAGER)
    await desk.simulator.deliver(receiver)
    deleted = await desk.send("DELETE", f"webhooks/{told['id']}", None)

    assert (made.status_code, deleted.status_code) == (201, 204)
    assert read == made.json()
    assert told["attributes"] | {"signature_token": "…"} == {
        "name": "Mine",
        "target_url": "https://mine.example/hook",
        "event_id": 18,
        "type_id": 1,
        "state_id": 1,
        "custom_headers": {"X-Mine": "1"},
        "signature_token": "…",
        "deactivated_at": None,
        "retry_attempts": 0,
    }
    assert [one.url for one in receiver.deliveries] == [
        TARGET,
        "https://mine.example/hook",
    ]
    assert receiver.deliveries[1].headers["X-Mine"] == "1"


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"name": None}, "name"),
        ({"target_url": "ftp://x"}, "target_url"),
        ({"event_id": 36}, "event_id"),
        ({"type_id": 3}, "type_id"),
    ],
)
async def test_a_wrong_webhook_is_refused(
    desk: Desk, changes: dict[str, Any], wrong: str
) -> None:
    plain: dict[str, Any] = {
        "name": "Mine",
        "target_url": "https://x.example",
        "event_id": 18,
    }

    answer = await desk.make("webhooks", **plain | changes)

    pointer = answer.json()["errors"][0]["source"]["pointer"]
    assert refusal(answer) == (422, ["invalid_attribute_value"])
    assert pointer == f"data/attributes/{wrong}"


async def test_webhooks_are_filtered(desk: Desk) -> None:
    desk.simulator.state.webhooks["2"].state_id = 2

    assert await desk.ids("webhooks?filter[event_id]=18,19") == ["1", "4"]
    assert await desk.ids("webhooks?filter[state_id]=2") == ["2"]
    assert await desk.ids("webhooks?filter[id]=3&filter[type_id]=1") == ["3"]
    assert (await desk.get("webhooks/1"))["data"]["attributes"]["target_url"] == TARGET


async def test_each_attempt_is_logged(desk: Desk) -> None:
    receiver = Receiver(500, 200)
    await desk.decide("approve", BOOKING_MANAGER)
    await desk.simulator.deliver(receiver)
    desk.later(hours=4)
    await desk.simulator.deliver(receiver)

    body = await desk.get("webhook_logs?filter[webhook_id]=1&include=webhook")

    told = [one["attributes"] for one in body["data"]]
    assert [(one["retry_attempt"], one["response_code"]) for one in told] == [
        (0, 500),
        (1, 200),
    ]
    assert told[0]["payload"]["event"] == "update_booking"
    assert [one["id"] for one in body["included"]] == ["1"]
    assert await desk.count("webhook_logs?filter[retry_attempt]=1") == 1
    assert await desk.count("webhook_logs?filter[after]=2026-11-03") == 2
    assert await desk.count("webhook_logs?filter[before]=2026-11-02") == 0
