"""Every documented example comes out of the simulator in its form (2 to 8)."""

import json
from datetime import datetime
from typing import Any

import pytest

from gateway.providers.productive.simulator.situations import (
    BOOKING_EXAMPLE,
    ENTRY_BUDGET_OWNER,
    ENTRY_EXAMPLE,
    EXPENSE_EXAMPLE,
    STATUS_APPROVED,
    STATUS_MANAGER,
)
from gateway.providers.productive.simulator.webhooks import Delivery
from tests.providers.productive.simulator_support import (
    BULK,
    ORIGIN,
    Desk,
    covers,
    sample,
)

THEIRS = "https://api.productive.io/api/v2"
OURS = f"{ORIGIN}/productive/api/v2"


@pytest.fixture
def desk() -> Desk:
    return Desk()


def with_our_links(document: dict[str, Any]) -> dict[str, Any]:
    links = document["links"].items()
    ours = {name: link.replace(THEIRS, OURS) for name, link in links}
    return document | {"links": ours}


async def test_a_policy(desk: Desk) -> None:
    assert await desk.get("approval_policies/71") == sample("policy")


async def test_a_list_without_rows(desk: Desk) -> None:
    told = await desk.get("approval_policies?filter[status]=1&filter[id]=999999")

    assert told == with_our_links(sample("empty_policies"))


async def test_an_error_in_the_live_form(desk: Desk) -> None:
    answer = await desk.send("GET", "bookings/999999")

    assert answer.json() == sample("error_live")


async def test_an_error_in_the_documented_form(desk: Desk) -> None:
    desk.switch(error_form="documented")

    answer = await desk.make(
        "bookings", person_id=12, event_id=44, ended_on="2026-04-06"
    )

    assert answer.json() == sample("error_documented")


async def test_an_error_of_a_limit(desk: Desk) -> None:
    desk.switch(calls_per_10_seconds=0)

    answer = await desk.send("GET", "bookings")

    documented = sample("error_spent")["errors"][0]
    error = answer.json()["errors"][0]
    assert error | {"detail": "…", "limit": 10} == documented
    assert error["limit"] == 0


async def test_a_list_of_approval_statuses(desk: Desk) -> None:
    told = await desk.get(
        f"approval_statuses?filter[booking_id]={BOOKING_EXAMPLE}"
        "&include=approver,actual_approver,booking"
    )

    documented = with_our_links(sample("statuses"))
    for row, example in zip(told["data"], documented["data"], strict=True):
        assert row == example
    # The example shortens the booking and leaves out its person's id (5).
    del documented["included"][1]["relationships"]["person"]
    assert covers(told, documented)
    assert [one["id"] for one in told["included"]] == ["21", "301"]


async def test_an_approval_status_that_was_just_approved(desk: Desk) -> None:
    row = desk.simulator.state.statuses[STATUS_APPROVED]
    row.approved_at = row.actual_approver_id = row.note = None
    desk.now = datetime.fromisoformat("2026-03-03T09:12:00.000+01:00")

    answer = await desk.send(
        "PATCH",
        f"approval_statuses/{STATUS_APPROVED}/approve",
        "approver",
        body=sample("decision_body"),
    )

    assert (answer.status_code, answer.json()) == (200, sample("status_approved"))


async def test_an_assignment(desk: Desk) -> None:
    told = await desk.get("approval_policy_assignments/81")

    assert told == sample("assignment")


async def test_a_workflow(desk: Desk) -> None:
    assert await desk.get("approval_workflows/31") == sample("workflow")


async def test_a_workflow_that_is_made(desk: Desk) -> None:
    await desk.send("DELETE", "approval_workflows/31", None)

    answer = await desk.send(
        "POST", "approval_workflows", None, body=sample("workflow_body")
    )

    told, documented = answer.json(), sample("workflow")
    documented["data"]["id"] = told["data"]["id"]
    assert (answer.status_code, told) == (201, documented)


async def test_a_booking(desk: Desk) -> None:
    assert covers(await desk.get(f"bookings/{BOOKING_EXAMPLE}"), sample("booking"))


async def test_a_booking_that_is_made(desk: Desk) -> None:
    desk.now = datetime.fromisoformat("2026-03-02T10:00:00.000+01:00")

    answer = await desk.send("POST", "bookings", "clerk", body=sample("booking_body"))

    told, documented = answer.json(), sample("booking")
    documented["data"]["id"] = told["data"]["id"]
    assert answer.status_code == 201
    assert covers(told, documented)


async def test_a_booking_has_every_documented_member(desk: Desk) -> None:
    told = (await desk.get(f"bookings/{BOOKING_EXAMPLE}"))["data"]

    more = ["custom_fields", "external_id", "stage_type", "last_activity_at"]
    assert list(told["attributes"])[-4:] == more
    assert list(told["relationships"]) == [
        "organization",
        "person",
        "service",
        "event",
        "task",
        "creator",
        "updater",
        "approver",
        "rejecter",
        "canceler",
        "origin",
        "approval_statuses",
        "attachments",
    ]


async def test_a_time_entry(desk: Desk) -> None:
    told = await desk.get(f"time_entries/{ENTRY_EXAMPLE}")

    assert covers(told, sample("time_entry"))


async def test_a_time_entry_that_is_rejected(desk: Desk) -> None:
    answer = await desk.send(
        "PATCH",
        f"time_entries/{ENTRY_BUDGET_OWNER}/reject",
        "accountant",
        body=sample("rejection_body"),
    )

    told = answer.json()["data"]["attributes"]
    assert (told["rejected"], told["rejected_reason"]) == (True, "wrong service")


async def test_an_expense(desk: Desk) -> None:
    told = await desk.get(f"expenses/{EXPENSE_EXAMPLE}")

    assert covers(told, sample("expense"))


async def test_the_memberships_of_the_approver(desk: Desk) -> None:
    told = await desk.get(
        "organization_memberships?include=person"
        "&fields[organization_memberships]=person"
        "&fields[people]=first_name,last_name,email",
        "approver",
    )

    assert told == with_our_links(sample("memberships"))


async def test_a_delivery(desk: Desk) -> None:
    desk.simulator.webhook_target = "https://gateway.example/webhooks/productive"
    desk.now = datetime.fromisoformat("2026-03-03T09:12:01.000+01:00")
    sent: list[Delivery] = []

    async def send(delivery: Delivery) -> int | None:
        sent.append(delivery)
        return 204

    await desk.act(f"approval_statuses/{STATUS_MANAGER}/approve")
    count = await desk.simulator.deliver(send)

    assert count == 1
    assert covers(json.loads(sent[0].body), sample("delivery"))


async def test_a_bulk_body_has_ids_and_types(desk: Desk) -> None:
    rows = [{"id": "602", "type": "time_entries"}]

    answer = await desk.bulk("PATCH", "time_entries/approve", rows)

    assert answer.status_code == 200
    assert [one["id"] for one in answer.json()["data"]] == ["602"]
    assert answer.request.headers["accept"] == BULK
