"""Who sees what: rows, targets, queues by role, time entries of today (3.2, 10.2)."""

import pytest

from gateway.providers.productive.simulator.situations import (
    BOOKING_ALL_HALF,
    BOOKING_ANY,
    BOOKING_EXAMPLE,
    BOOKING_MANAGER,
    BOOKING_SECOND,
    BOOKING_TWO_DUTIES,
    BOOKING_UNMANAGED,
    ENTRY_ANY,
    ENTRY_BUDGET_FALLBACK,
    ENTRY_BUDGET_OWNER,
    ENTRY_OWNER_FALLBACK,
    ENTRY_TODAY,
    ENTRY_TWO_ROLES,
    ENTRY_TWO_ROLES_HALF,
    EXPENSE_ALL_HALF,
    EXPENSE_ANY,
    EXPENSE_BY_HAND,
    EXPENSE_TWO_DUTIES,
)
from tests.providers.productive.simulator_support import Desk, refusal

AWAITING = "filter[awaiting_approval_from_approver_id]"


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def waits_for(desk: Desk, person_id: str, kind: str, one_id: str) -> bool:
    found = await desk.ids(f"{kind}?{AWAITING}={person_id}&filter[id]={one_id}")
    return found == [one_id]


@pytest.mark.parametrize(
    ("person", "booking_id", "places"),
    [
        ("clerk", BOOKING_EXAMPLE, [0, 1]),
        ("approver", BOOKING_EXAMPLE, [0]),
        ("controller", BOOKING_EXAMPLE, [1]),
        ("accountant", BOOKING_EXAMPLE, []),
        (None, BOOKING_EXAMPLE, [0, 1]),
        ("auditor", BOOKING_EXAMPLE, [0, 1]),
        ("controller", BOOKING_TWO_DUTIES, [0, 1]),
        ("payer", BOOKING_UNMANAGED, [0]),
        ("controller", BOOKING_UNMANAGED, []),
    ],
)
async def test_a_row_is_seen_by_whom_it_concerns(
    desk: Desk, person: str | None, booking_id: str, places: list[int]
) -> None:
    rows = desk.booking_rows(booking_id)

    found = await desk.ids(f"approval_statuses?filter[booking_id]={booking_id}", person)

    assert found == [rows[place].id for place in places]


async def test_who_acted_goes_on_seeing_the_row(desk: Desk) -> None:
    row = desk.booking_rows(BOOKING_MANAGER)[0]
    await desk.act(f"approval_statuses/{row.id}/approve")
    desk.simulator.state.people["12"].manager_id = "21"

    assert await desk.ids(f"approval_statuses?filter[id]={row.id}", "controller") == [
        row.id
    ]
    assert await desk.ids(f"approval_statuses?filter[id]={row.id}", "approver") == []


async def test_a_status_that_is_not_seen_is_not_found(desk: Desk) -> None:
    answer = await desk.send("GET", "approval_statuses/5002", "approver")

    assert refusal(answer) == (404, ["record_not_found"])


async def test_include_shows_no_row_that_is_not_seen(desk: Desk) -> None:
    path = f"bookings/{BOOKING_EXAMPLE}?include=approval_statuses"

    body = await desk.get(path, "controller")

    assert [one["id"] for one in body["included"]] == ["5002"]


@pytest.mark.parametrize(
    ("person", "status"),
    [
        ("clerk", 200),
        ("controller", 200),
        ("approver", 200),
        ("auditor", 200),
        ("accountant", 404),
        ("payer", 404),
        ("buyer", 404),
    ],
)
async def test_a_booking_is_seen_by_person_manager_and_approvers(
    desk: Desk, person: str, status: int
) -> None:
    answer = await desk.send("GET", f"bookings/{BOOKING_ANY}", person)
    listed = await desk.ids(f"bookings?filter[id]={BOOKING_ANY}", person)

    assert answer.status_code == status
    assert listed == ([BOOKING_ANY] if status == 200 else [])


async def test_nobody_sees_another_organization(desk: Desk) -> None:
    everything = await desk.ids("bookings?page[size]=200&filter[with_draft]=true")
    second = await desk.send("GET", "bookings", X_Organization_Id="901")

    assert BOOKING_SECOND not in everything
    assert [one["id"] for one in second.json()["data"]] == [BOOKING_SECOND]
    assert len(everything) == 81


@pytest.mark.parametrize(
    ("kind", "one_id", "person_ids"),
    [
        ("time_entries", ENTRY_BUDGET_OWNER, ["22"]),
        ("time_entries", ENTRY_TWO_ROLES, ["20", "22"]),
        ("time_entries", ENTRY_TWO_ROLES_HALF, ["20"]),
        ("time_entries", ENTRY_OWNER_FALLBACK, ["23"]),
        ("time_entries", ENTRY_BUDGET_FALLBACK, ["20"]),
        ("time_entries", ENTRY_ANY, ["20", "21"]),
        ("time_entries", "601", []),
        ("time_entries", "608", []),
        ("time_entries", "609", []),
        ("time_entries", "612", []),
        ("expenses", EXPENSE_ANY, ["20", "21"]),
        ("expenses", EXPENSE_BY_HAND, ["20"]),
        ("expenses", EXPENSE_ALL_HALF, ["22"]),
        ("expenses", EXPENSE_TWO_DUTIES, ["20"]),
        ("expenses", "704", []),
    ],
)
async def test_a_queue_resolves_roles_and_fallbacks(
    desk: Desk, kind: str, one_id: str, person_ids: list[str]
) -> None:
    known = ["12", "20", "21", "22", "23", "24"]

    found = [one for one in known if await waits_for(desk, one, kind, one_id)]

    assert found == person_ids


async def test_a_queue_loses_what_is_decided(desk: Desk) -> None:
    rows = desk.expense_rows(EXPENSE_ANY)
    await desk.act(f"approval_statuses/{rows[1].id}/approve", "approver")

    assert not await waits_for(desk, "20", "expenses", EXPENSE_ANY)
    assert not await waits_for(desk, "21", "expenses", EXPENSE_ANY)


async def test_each_queue_is_what_its_owner_can_approve(desk: Desk) -> None:
    path = f"expenses?{AWAITING}=21&page[size]=200"
    queue = await desk.ids(path, "approver")

    answers = [
        await desk.act(f"expenses/{one_id}/approve", "approver") for one_id in queue
    ]

    assert {answer.status_code for answer in answers} == {200}
    assert await desk.ids(path, "approver") == []
    assert len(queue) == 39


async def test_a_time_entry_is_shown_to_approvers_from_the_next_day_on(
    desk: Desk,
) -> None:
    entry = desk.simulator.state.time_entries[ENTRY_TODAY]
    path = f"time_entries/{ENTRY_TODAY}"
    row = desk.entry_rows(ENTRY_TODAY)[0]
    owner = await desk.send("GET", path, "clerk")
    manager = await desk.send("GET", path)
    today = await desk.send("GET", path, "accountant")
    decided = await desk.act(f"approval_statuses/{row.id}/approve", "accountant")
    waits = await waits_for(desk, "22", "time_entries", ENTRY_TODAY)
    desk.later(hours=12)

    tomorrow = await desk.send("GET", path, "accountant")

    assert entry.date.isoformat() == "2026-11-03"
    assert (owner.status_code, manager.status_code) == (200, 200)
    assert [refusal(one) for one in (today, decided)] == [
        (404, ["record_not_found"])
    ] * 2
    assert (waits, tomorrow.status_code) == (False, 200)
    assert await waits_for(desk, "22", "time_entries", ENTRY_TODAY)


async def test_the_day_ends_at_midnight_of_the_organization(desk: Desk) -> None:
    path = f"time_entries/{ENTRY_TODAY}"
    assert desk.simulator.state.time_entries[ENTRY_TODAY].date.day == 3
    desk.later(hours=10, minutes=59)
    before = await desk.send("GET", path, "accountant")
    desk.later(minutes=1)
    after = await desk.send("GET", path, "accountant")

    assert (before.status_code, after.status_code) == (404, 200)


async def test_who_is_not_concerned_sees_only_their_own(desk: Desk) -> None:
    assert await desk.ids("bookings", "buyer") == []
    own = await desk.get("time_entries?include=person", "buyer")

    assert {one["id"] for one in own["included"]} == {"25"}


async def test_webhooks_are_for_admins(desk: Desk) -> None:
    answers = [
        await desk.send("GET", path)
        for path in ("webhooks", "webhooks/1", "webhook_logs")
    ]

    assert [refusal(one) for one in answers] == [(403, ["access_denied"])] * 3


async def test_roles_are_resolved_for_the_halfway_booking(desk: Desk) -> None:
    rows = desk.booking_rows(BOOKING_ALL_HALF)

    assert await desk.ids(
        f"approval_statuses?filter[booking_id]={BOOKING_ALL_HALF}", "controller"
    ) == [rows[0].id]
