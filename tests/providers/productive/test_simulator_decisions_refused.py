"""Decisions that are refused, and many decisions at once (3.4 to 3.6, 10.2)."""

import pytest

from gateway.providers.productive.simulator.situations import (
    BOOKING_ALL,
    BOOKING_ANY,
    BOOKING_ANY_APPROVED,
    BOOKING_APPROVED,
    BOOKING_CANCELED,
    BOOKING_GROUP_SETTLED,
    BOOKING_MANAGER,
    BOOKING_REJECTED,
    BOOKING_SECOND,
)
from tests.providers.productive.simulator_support import (
    NOW,
    Desk,
    refusal,
    states,
)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def row_id(desk: Desk, booking_id: str, place: int = 0) -> str:
    return desk.booking_rows(booking_id)[place].id


async def test_a_settled_requirement_is_settled_from_the_start(desk: Desk) -> None:
    answer = await desk.decide("reject", BOOKING_GROUP_SETTLED)

    assert refusal(answer) == (409, ["approval_status_already_settled"])


@pytest.mark.parametrize(
    ("booking_id", "place", "person", "decision", "code"),
    [
        (
            BOOKING_APPROVED,
            0,
            "controller",
            "approve",
            "approval_status_already_approved",
        ),
        (
            BOOKING_APPROVED,
            0,
            "controller",
            "reject",
            "approval_status_already_approved",
        ),
        (
            BOOKING_REJECTED,
            0,
            "controller",
            "reject",
            "approval_status_already_rejected",
        ),
        (
            BOOKING_REJECTED,
            0,
            "controller",
            "approve",
            "approval_status_already_rejected",
        ),
        (BOOKING_REJECTED, 1, "approver", "approve", "booking_already_rejected"),
        (BOOKING_ANY_APPROVED, 0, "controller", "reject", "booking_already_approved"),
        (BOOKING_CANCELED, 0, "controller", "approve", "booking_canceled"),
        (BOOKING_CANCELED, 0, None, "approve", "booking_canceled"),
    ],
)
async def test_what_is_settled_is_a_conflict(
    desk: Desk,
    booking_id: str,
    place: int,
    person: str | None,
    decision: str,
    code: str,
) -> None:
    before = states(desk.booking_rows(booking_id))

    answer = await desk.decide(decision, booking_id, place, person)

    assert refusal(answer) == (409, [code])
    assert answer.json()["errors"] == [
        {
            "status": "409",
            "code": code,
            "title": "Conflict error",
            "meta": {},
            "source": {},
        }
    ]
    assert states(desk.booking_rows(booking_id)) == before


@pytest.mark.parametrize("decision", ["approve", "reject"])
async def test_who_sees_a_row_but_is_not_asked_is_denied(
    desk: Desk, decision: str
) -> None:
    answer = await desk.decide(decision, BOOKING_MANAGER, person="clerk")

    assert refusal(answer) == (403, ["access_denied"])
    assert states(desk.booking_rows(BOOKING_MANAGER)) == ["pending"]


@pytest.mark.parametrize("person", ["accountant", "payer", "approver"])
async def test_who_does_not_see_a_row_does_not_find_it(desk: Desk, person: str) -> None:
    answer = await desk.decide("approve", BOOKING_MANAGER, person=person)

    assert refusal(answer) == (404, ["record_not_found"])


@pytest.mark.parametrize("object_id", ["999999", "first", "5001.0"])
async def test_a_row_that_is_not_there_is_not_found(desk: Desk, object_id: str) -> None:
    answer = await desk.act(f"approval_statuses/{object_id}/approve", None)

    assert refusal(answer) == (404, ["record_not_found"])


async def test_a_row_of_another_organization_is_not_found(desk: Desk) -> None:
    answer = await desk.decide("approve", BOOKING_SECOND, person=None)

    assert refusal(answer) == (404, ["record_not_found"])


@pytest.mark.parametrize("note", ["toolong", 5])
async def test_a_wrong_note_is_refused_and_nothing_done(
    desk: Desk, note: object
) -> None:
    desk.switch(note_length=6)

    answer = await desk.decide("approve", BOOKING_MANAGER, note=note)

    assert refusal(answer) == (422, ["invalid_attribute_value"])
    assert answer.json()["errors"][0]["source"] == {"pointer": "data/attributes/note"}
    assert states(desk.booking_rows(BOOKING_MANAGER)) == ["pending"]


async def test_many_statuses_are_approved_where_the_service_can(desk: Desk) -> None:
    rows = [
        {"id": row_id(desk, one), "type": "approval_statuses"}
        for one in (BOOKING_ANY, BOOKING_ALL)
    ]
    absent = await desk.bulk("PATCH", "approval_statuses/approve", rows, "controller")
    desk.switch(bulk_status_approve=True)

    answer = await desk.bulk("PATCH", "approval_statuses/approve", rows, "controller")

    assert refusal(absent) == (404, ["route_not_found"])
    told = answer.json()
    assert (answer.status_code, told["meta"]) == (200, {})
    assert [one["id"] for one in told["data"]] == [one["id"] for one in rows]
    assert [one["attributes"]["approved_at"] for one in told["data"]] == [NOW, NOW]


@pytest.mark.parametrize(
    ("bad", "expected"),
    [
        ("999999", (404, ["record_not_found"])),
        ("done", (409, ["approval_status_already_approved"])),
    ],
)
async def test_one_bad_row_fails_the_whole_bulk_call(
    desk: Desk, bad: str, expected: tuple[int, list[str]]
) -> None:
    desk.switch(bulk_status_approve=True)
    bad_id = row_id(desk, BOOKING_APPROVED) if bad == "done" else bad
    rows = [{"id": row_id(desk, BOOKING_ANY)}, {"id": bad_id}]

    answer = await desk.bulk("PATCH", "approval_statuses/approve", rows, "controller")

    assert refusal(answer) == expected
    assert states(desk.booking_rows(BOOKING_ANY)) == ["pending", "pending"]


async def test_two_rows_of_any_may_be_in_one_bulk_call(desk: Desk) -> None:
    desk.switch(bulk_status_approve=True)
    rows = [{"id": row_id(desk, BOOKING_ANY, place)} for place in (0, 1)]

    answer = await desk.bulk("PATCH", "approval_statuses/approve", rows)

    assert answer.status_code == 200
    assert states(desk.booking_rows(BOOKING_ANY)) == ["approved", "pending"]
