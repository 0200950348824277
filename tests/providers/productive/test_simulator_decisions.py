"""Approve and reject approval statuses: rules, refusals, notes (3.4 to 3.6, 10.2)."""

from typing import Any

import pytest

from gateway.providers.productive.simulator.situations import (
    BOOKING_ALL,
    BOOKING_ALL_HALF,
    BOOKING_ANY,
    BOOKING_APPROVER_DEACTIVATED,
    BOOKING_EXAMPLE,
    BOOKING_GROUP,
    BOOKING_MANAGER,
    BOOKING_MANAGER_DEACTIVATED,
    BOOKING_ON_BEHALF,
    BOOKING_OWN,
    BOOKING_TWO_DUTIES,
    BOOKING_UNMANAGED,
    BOOKING_WORKFLOW_DELETED,
    EXPENSE_BY_HAND,
)
from gateway.providers.productive.simulator.state import State
from tests.providers.productive.simulator_support import (
    NOW,
    Desk,
    refusal,
    standing,
    states,
)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def row_id(desk: Desk, booking_id: str, place: int = 0) -> str:
    return desk.booking_rows(booking_id)[place].id


async def test_an_approval_names_who_acted_and_when(desk: Desk) -> None:
    answer = await desk.decide("approve", BOOKING_MANAGER, note="enjoy")

    told = answer.json()["data"]["attributes"]
    row = desk.booking_rows(BOOKING_MANAGER)[0]
    assert answer.status_code == 200
    assert (told["approved_at"], told["rejected_at"], told["note"]) == (
        NOW,
        None,
        "enjoy",
    )
    assert (row.approver_id, row.actual_approver_id) == (None, "20")


async def test_a_rejection_rejects_the_booking(desk: Desk) -> None:
    answer = await desk.decide("reject", BOOKING_MANAGER, note="too long")
    told = (await desk.get(f"bookings/{BOOKING_MANAGER}?include=rejecter"))["data"]

    assert answer.json()["data"]["attributes"]["rejected_at"] == NOW
    assert told["attributes"]["rejected"] is True
    assert told["attributes"]["rejected_reason"] == "too long"
    assert told["attributes"]["rejected_at"] == NOW
    assert told["attributes"]["approved"] is False
    assert told["relationships"]["rejecter"]["data"]["id"] == "20"


async def test_one_of_any_is_enough(desk: Desk) -> None:
    await desk.decide("approve", BOOKING_ANY)
    other = await desk.decide("approve", BOOKING_ANY, 1, "approver")

    assert states(desk.booking_rows(BOOKING_ANY)) == ["approved", "pending"]
    assert desk.standing(BOOKING_ANY) == "approved"
    assert refusal(other) == (409, ["booking_already_approved"])


async def test_all_of_needs_each_in_any_order(desk: Desk) -> None:
    await desk.decide("approve", BOOKING_ALL, 1, "approver")
    halfway = desk.standing(BOOKING_ALL)
    await desk.decide("approve", BOOKING_ALL)

    assert (halfway, desk.standing(BOOKING_ALL)) == ("pending", "approved")
    told = (await desk.get(f"bookings/{BOOKING_ALL}?include=approver"))["data"]
    assert told["attributes"]["approved_at"] == NOW
    assert told["relationships"]["approver"]["data"]["id"] == "20"


async def test_approvers_chosen_by_hand_must_all_approve(desk: Desk) -> None:
    expense = desk.simulator.state.expenses[EXPENSE_BY_HAND]
    rows = desk.rows(expense)
    before = standing(expense)

    await desk.act(f"approval_statuses/{rows[0].id}/approve")

    assert [row.workflow_id for row in rows] == [None, None]
    assert (before, standing(expense)) == ("pending", "approved")


async def test_a_rejection_beats_an_earlier_approval(desk: Desk) -> None:
    await desk.decide("reject", BOOKING_ALL_HALF)

    assert states(desk.booking_rows(BOOKING_ALL_HALF)) == ["rejected", "approved"]
    assert desk.standing(BOOKING_ALL_HALF) == "rejected"


async def test_one_rejection_of_any_rejects_at_once(desk: Desk) -> None:
    await desk.decide("reject", BOOKING_ANY)
    other = await desk.decide("approve", BOOKING_ANY, 1, "approver")

    assert desk.standing(BOOKING_ANY) == "rejected"
    assert refusal(other) == (409, ["booking_already_rejected"])


async def test_any_of_can_wait_for_every_rejection(desk: Desk) -> None:
    desk.switch(reject_at_once=False)
    await desk.decide("reject", BOOKING_ANY)
    first = desk.standing(BOOKING_ANY)
    await desk.decide("reject", BOOKING_ANY, 1, "approver")

    await desk.decide("reject", BOOKING_ALL)

    assert (first, desk.standing(BOOKING_ANY)) == ("pending", "rejected")
    assert desk.standing(BOOKING_ALL) == "rejected"


async def test_any_of_that_waits_can_still_be_approved(desk: Desk) -> None:
    desk.switch(reject_at_once=False)
    await desk.decide("reject", BOOKING_ANY)

    await desk.decide("approve", BOOKING_ANY, 1, "approver")

    assert desk.standing(BOOKING_ANY) == "approved"


async def test_one_approval_settles_a_shared_requirement(desk: Desk) -> None:
    await desk.decide("approve", BOOKING_GROUP)
    mate = await desk.decide("approve", BOOKING_GROUP, 1, "approver")
    before = desk.standing(BOOKING_GROUP)
    await desk.decide("approve", BOOKING_GROUP, 2, "accountant")

    rows = desk.booking_rows(BOOKING_GROUP)
    assert [row.approver_group_key for row in rows] == ["wf31-a", "wf31-a", "wf31-b"]
    assert refusal(mate) == (409, ["approval_status_already_settled"])
    assert (before, desk.standing(BOOKING_GROUP)) == ("pending", "approved")
    assert states(rows) == ["approved", "pending", "approved"]


async def test_two_duties_of_one_person_are_two_decisions(desk: Desk) -> None:
    await desk.decide("approve", BOOKING_TWO_DUTIES)
    first = desk.standing(BOOKING_TWO_DUTIES)
    await desk.decide("approve", BOOKING_TWO_DUTIES, 1)

    assert (first, desk.standing(BOOKING_TWO_DUTIES)) == ("pending", "approved")


async def test_an_admin_acts_on_behalf(desk: Desk) -> None:
    await desk.decide("approve", BOOKING_ANY, person="auditor")

    row = desk.booking_rows(BOOKING_ANY)[0]
    seeded = desk.booking_rows(BOOKING_ON_BEHALF)[0]
    assert (row.approver_id, row.actual_approver_id) == ("20", "24")
    assert (seeded.approver_id, seeded.actual_approver_id) == ("20", "24")


async def test_the_owner_stands_in_for_a_manager_that_nobody_is(desk: Desk) -> None:
    answer = await desk.decide("approve", BOOKING_UNMANAGED, person="payer")

    row = desk.booking_rows(BOOKING_UNMANAGED)[0]
    assert answer.status_code == 200
    assert (row.dynamic_approver_type_id, row.fallback_approver_type_id) == (1, 1)
    assert row.actual_approver_id == "23"


@pytest.mark.parametrize(
    "booking_id", [BOOKING_MANAGER_DEACTIVATED, BOOKING_APPROVER_DEACTIVATED]
)
async def test_only_an_admin_acts_for_the_deactivated(
    desk: Desk, booking_id: str
) -> None:
    owner = await desk.decide("approve", booking_id, person="payer")
    admin = await desk.decide("approve", booking_id, person="auditor")

    assert refusal(owner) == (404, ["record_not_found"])
    assert admin.status_code == 200
    assert desk.standing(booking_id) == "approved"


async def test_a_new_manager_acts_in_place_of_the_old_one(desk: Desk) -> None:
    desk.simulator.state.people["12"].manager_id = "21"

    old = await desk.decide("approve", BOOKING_MANAGER)
    new = await desk.decide("approve", BOOKING_MANAGER, person="approver")

    assert refusal(old) == (404, ["record_not_found"])
    assert new.status_code == 200


async def test_a_requester_who_is_the_approver_may_approve(desk: Desk) -> None:
    answer = await desk.decide("approve", BOOKING_OWN, person="clerk")

    assert answer.status_code == 200
    assert desk.standing(BOOKING_OWN) == "approved"


async def test_a_deleted_workflow_leaves_its_rows(desk: Desk) -> None:
    path = f"approval_statuses?filter[booking_id]={BOOKING_WORKFLOW_DELETED}"

    body = await desk.get(f"{path}&include=approval_workflow")
    await desk.decide("approve", BOOKING_WORKFLOW_DELETED)

    told = [one["relationships"]["approval_workflow"] for one in body["data"]]
    assert told == [{"data": None}, {"data": None}]
    assert desk.standing(BOOKING_WORKFLOW_DELETED) == "approved"


async def test_an_edited_workflow_leaves_existing_rows(desk: Desk) -> None:
    state: State = desk.simulator.state
    state.workflows["34"].approval_requirement_id = 2

    await desk.decide("approve", BOOKING_ALL)

    assert desk.standing(BOOKING_ALL) == "pending"


@pytest.mark.parametrize("note", [None, ""])
async def test_an_empty_note_is_none(desk: Desk, note: str | None) -> None:
    answer = await desk.decide("approve", BOOKING_MANAGER, note=note)

    assert answer.status_code == 200
    assert desk.booking_rows(BOOKING_MANAGER)[0].note is None


@pytest.mark.parametrize(
    "body",
    [
        None,
        {"data": {}},
        {"data": {"type": "bookings", "id": "1", "attributes": {"note": None}}},
        {"data": None},
    ],
)
async def test_a_decision_needs_no_body(desk: Desk, body: Any) -> None:
    path = f"approval_statuses/{row_id(desk, BOOKING_MANAGER)}/approve"

    answer = await desk.send("PATCH", path, body=body)

    assert answer.status_code == 200


async def test_the_longest_note_is_taken(desk: Desk) -> None:
    answer = await desk.decide("approve", BOOKING_MANAGER, note="n" * 10_000)

    assert answer.status_code == 200


async def test_a_decision_can_include(desk: Desk) -> None:
    path = f"approval_statuses/{row_id(desk, BOOKING_MANAGER)}/approve"

    wrong = await desk.act(f"{path}?include=target")
    before = states(desk.booking_rows(BOOKING_MANAGER))
    right = await desk.act(f"{path}?include=booking,actual_approver")

    assert refusal(wrong) == (400, ["include_param_unsupported"])
    assert before == ["pending"]
    told = {one["id"]: one["attributes"] for one in right.json()["included"]}
    assert told[BOOKING_MANAGER]["approved"] is True
    assert told["20"]["last_name"] == "Mendes"


async def test_readers_are_told_late_where_there_is_a_lag(desk: Desk) -> None:
    desk.switch(target_lag_ms=1500)
    path = f"bookings?filter[id]={BOOKING_EXAMPLE}&filter[approval_status]"

    await desk.decide("approve", BOOKING_EXAMPLE, 1)
    again = await desk.decide("approve", BOOKING_EXAMPLE, 1)
    at_once = await desk.get(f"bookings/{BOOKING_EXAMPLE}")
    pending = await desk.count(f"{path}=2")
    desk.later(milliseconds=1500)
    later = await desk.get(f"bookings/{BOOKING_EXAMPLE}")

    assert refusal(again) == (409, ["approval_status_already_approved"])
    assert (at_once["data"]["attributes"]["approved"], pending) == (False, 1)
    assert later["data"]["attributes"]["approved"] is True
    assert later["data"]["attributes"]["approved_at"] == NOW
    assert await desk.count(f"{path}=1") == 1
