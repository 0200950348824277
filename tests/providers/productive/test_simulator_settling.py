"""Approve, reject and undo on time entries, expenses and bookings (5 to 7)."""

import pytest

from gateway.providers.productive.simulator.situations import (
    BOOKING_APPROVED,
    BOOKING_PROJECT,
    ENTRY_ANY,
    ENTRY_AT_ONCE,
    ENTRY_BUDGET_OWNER,
    ENTRY_DRAFT,
    ENTRY_EXAMPLE,
    ENTRY_INVOICED,
    ENTRY_REJECTED,
    ENTRY_TWO_ROLES,
    ENTRY_TWO_ROLES_HALF,
    ENTRY_UNAPPROVED,
    EXPENSE_ANY,
    EXPENSE_AUTOMATIC,
    EXPENSE_BY_HAND,
    EXPENSE_DELETED,
    EXPENSE_DRAFT,
    EXPENSE_ON_BEHALF,
    EXPENSE_PAID,
    EXPENSE_REJECTED,
    EXPENSE_TWO_DUTIES,
)
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


def entry(desk: Desk, entry_id: str) -> str:
    return standing(desk.simulator.state.time_entries[entry_id])


def expense(desk: Desk, expense_id: str) -> str:
    return standing(desk.simulator.state.expenses[expense_id])


async def test_a_time_entry_is_approved_for_its_approver(desk: Desk) -> None:
    answer = await desk.act(f"time_entries/{ENTRY_BUDGET_OWNER}/approve", "accountant")

    row = desk.entry_rows(ENTRY_BUDGET_OWNER)[0]
    assert answer.status_code == 200
    assert answer.json()["data"]["attributes"]["approved_at"] == NOW
    assert (row.actual_approver_id, row.approved_at) == ("22", desk.now)


async def test_approving_a_target_settles_only_the_own_rows(desk: Desk) -> None:
    await desk.act(f"time_entries/{ENTRY_TWO_ROLES}/approve")
    first = entry(desk, ENTRY_TWO_ROLES)
    again = await desk.act(f"time_entries/{ENTRY_TWO_ROLES}/approve")
    await desk.act(f"time_entries/{ENTRY_TWO_ROLES}/approve", "accountant")

    assert (first, entry(desk, ENTRY_TWO_ROLES)) == ("pending", "approved")
    assert refusal(again) == (409, ["approval_status_already_approved"])


async def test_an_admin_without_a_duty_approves_for_all(desk: Desk) -> None:
    await desk.act(f"time_entries/{ENTRY_TWO_ROLES}/approve", "auditor")

    rows = desk.entry_rows(ENTRY_TWO_ROLES)
    assert states(rows) == ["approved", "approved"]
    assert {row.actual_approver_id for row in rows} == {"24"}


async def test_an_expense_keeps_the_note_on_its_row(desk: Desk) -> None:
    await desk.act(f"expenses/{EXPENSE_ANY}/approve", note="fine")

    rows = desk.expense_rows(EXPENSE_ANY)
    assert [row.note for row in rows] == ["fine", None]
    assert expense(desk, EXPENSE_ANY) == "approved"


async def test_an_admin_acts_for_a_named_approver_of_an_expense(desk: Desk) -> None:
    path = f"expenses/{EXPENSE_BY_HAND}/approve"

    other = await desk.act(path, "approver", approver_id=20)
    nobody = await desk.act(path, "auditor", approver_id="22")
    answer = await desk.act(path, "auditor", approver_id="20")

    row = desk.expense_rows(EXPENSE_BY_HAND)[0]
    assert refusal(other) == (403, ["access_denied"])
    assert refusal(nobody) == (422, ["invalid_attribute_value"])
    assert answer.status_code == 200
    assert (row.approver_id, row.actual_approver_id) == ("20", "24")


async def test_a_rejected_expense_keeps_note_and_reason(desk: Desk) -> None:
    path = f"expenses/{EXPENSE_ANY}/reject"

    answer = await desk.act(path, note="see mail", rejected_reason="private")

    told = answer.json()["data"]["attributes"]
    assert (told["rejected"], told["rejected_reason"]) == (True, "private")
    assert desk.expense_rows(EXPENSE_ANY)[0].note == "see mail"


@pytest.mark.parametrize(
    ("action", "words"),
    [("approve", ["approved", "pending"]), ("reject", ["rejected", "pending"])],
)
async def test_two_own_duties_are_settled_by_one_call(
    desk: Desk, action: str, words: list[str]
) -> None:
    answer = await desk.act(f"expenses/{EXPENSE_TWO_DUTIES}/{action}")

    assert answer.status_code == 200
    assert states(desk.expense_rows(EXPENSE_TWO_DUTIES)) == words


async def test_the_reason_of_a_rejection_is_optional(desk: Desk) -> None:
    answer = await desk.act(f"time_entries/{ENTRY_ANY}/reject")

    told = answer.json()["data"]["attributes"]
    assert (told["rejected_at"], told["rejected_reason"]) == (NOW, None)


@pytest.mark.parametrize(
    ("path", "person", "code"),
    [
        ("time_entries/601/approve", "accountant", "time_entry_already_approved"),
        ("time_entries/601/reject", "accountant", "time_entry_already_approved"),
        ("time_entries/608/reject", "accountant", "time_entry_already_rejected"),
        ("time_entries/608/approve", "accountant", "time_entry_already_rejected"),
        ("time_entries/601/unreject", "accountant", "time_entry_not_rejected"),
        ("time_entries/602/unapprove", "accountant", "time_entry_not_approved"),
        (f"time_entries/{ENTRY_DRAFT}/approve", None, "time_entry_draft"),
        ("expenses/707/approve", "controller", "expense_already_approved"),
        ("expenses/706/reject", "controller", "expense_already_rejected"),
        ("expenses/702/unapprove", "controller", "expense_not_approved"),
        ("expenses/702/unreject", "controller", "expense_not_rejected"),
        (f"expenses/{EXPENSE_DRAFT}/approve", "auditor", "expense_draft"),
    ],
)
async def test_what_is_in_that_state_is_a_conflict(
    desk: Desk, path: str, person: str | None, code: str
) -> None:
    answer = await desk.act(path, person)

    assert refusal(answer) == (409, [code])
    assert "detail" not in answer.json()["errors"][0]


@pytest.mark.parametrize("action", ["approve", "unapprove", "reject", "unreject"])
@pytest.mark.parametrize(
    "path", [f"time_entries/{ENTRY_EXAMPLE}", f"expenses/{EXPENSE_ANY}"]
)
async def test_a_requester_decides_nothing(desk: Desk, path: str, action: str) -> None:
    answer = await desk.act(f"{path}/{action}", "clerk")

    assert refusal(answer) == (403, ["access_denied"])


@pytest.mark.parametrize("action", ["approve", "unapprove", "reject", "unreject"])
async def test_a_deleted_expense_is_not_there_to_decide(
    desk: Desk, action: str
) -> None:
    answer = await desk.act(f"expenses/{EXPENSE_DELETED}/{action}", None)

    assert refusal(answer) == (404, ["record_not_found"])


@pytest.mark.parametrize(
    ("kind", "one_id"), [("time_entries", ENTRY_EXAMPLE), ("expenses", EXPENSE_PAID)]
)
async def test_an_approval_that_is_undone_makes_new_rows(
    desk: Desk, kind: str, one_id: str
) -> None:
    target = desk.simulator.state.table(kind)[one_id]
    before = {row.id for row in desk.rows(target)}

    answer = await desk.act(f"{kind}/{one_id}/unapprove", None)

    rows = desk.rows(target)
    told = answer.json()["data"]["attributes"]
    assert (told["approved"], told["approved_at"]) == (False, None)
    assert states(rows) == ["pending"] * len(before)
    assert before.isdisjoint(row.id for row in rows)
    assert {row.note for row in rows} == {row.actual_approver_id for row in rows}
    gone = await desk.ids(f"approval_statuses?filter[id]={','.join(before)}")
    assert gone == []


async def test_an_approval_that_is_undone_can_keep_its_rows(desk: Desk) -> None:
    desk.switch(unapprove_recreates=False)
    before = [row.id for row in desk.entry_rows(ENTRY_EXAMPLE)]

    await desk.act(f"time_entries/{ENTRY_EXAMPLE}/unapprove", "accountant")

    rows = desk.entry_rows(ENTRY_EXAMPLE)
    assert [row.id for row in rows] == before
    assert states(rows) == ["pending"]
    assert entry(desk, ENTRY_EXAMPLE) == "pending"


async def test_a_rejection_that_is_undone_leaves_the_same_row(desk: Desk) -> None:
    row = desk.entry_rows(ENTRY_REJECTED)[0]
    refused = await desk.act(f"approval_statuses/{row.id}/approve", "accountant")

    undone = await desk.act(f"time_entries/{ENTRY_REJECTED}/unreject", "accountant")
    approved = await desk.act(f"approval_statuses/{row.id}/approve", "accountant")

    told = undone.json()["data"]["attributes"]
    assert refusal(refused) == (409, ["approval_status_already_rejected"])
    assert (told["rejected"], told["rejected_reason"]) == (False, None)
    assert approved.status_code == 200
    assert entry(desk, ENTRY_REJECTED) == "approved"


async def test_expenses_can_be_rejected_only_where_the_service_can(
    desk: Desk,
) -> None:
    desk.switch(expense_reject=False)

    answers = [
        await desk.act(f"expenses/{EXPENSE_ANY}/reject"),
        await desk.act(f"expenses/{EXPENSE_REJECTED}/unreject"),
    ]
    approval = await desk.act(f"expenses/{EXPENSE_ANY}/approve")

    assert [refusal(one) for one in answers] == [(404, ["route_not_found"])] * 2
    assert approval.status_code == 200


async def test_an_expense_that_is_unrejected_is_pending(desk: Desk) -> None:
    await desk.act(f"expenses/{EXPENSE_REJECTED}/unreject")

    assert expense(desk, EXPENSE_REJECTED) == "pending"


async def test_a_booking_is_undone_only_where_the_service_can(desk: Desk) -> None:
    path = f"bookings/{BOOKING_APPROVED}/unapprove"
    before = {row.id for row in desk.booking_rows(BOOKING_APPROVED)}
    absent = await desk.act(path)
    desk.switch(bookings_unapprove=True)

    answer = await desk.act(path)

    assert refusal(absent) == (404, ["route_not_found"])
    assert answer.json()["data"]["attributes"]["approved"] is False
    assert before.isdisjoint(row.id for row in desk.booking_rows(BOOKING_APPROVED))


async def test_what_nobody_was_asked_about_can_be_undone_by_an_admin(
    desk: Desk,
) -> None:
    undone = await desk.act(f"expenses/{EXPENSE_AUTOMATIC}/unapprove", None)
    pending = expense(desk, EXPENSE_AUTOMATIC)
    rejected = await desk.act(
        f"expenses/{EXPENSE_AUTOMATIC}/reject", None, rejected_reason="no"
    )
    await desk.act(f"time_entries/{ENTRY_AT_ONCE}/unapprove", None)
    approved = await desk.act(f"time_entries/{ENTRY_AT_ONCE}/approve", None)

    assert (undone.status_code, pending) == (200, "pending")
    assert rejected.json()["data"]["attributes"]["rejected_reason"] == "no"
    assert approved.json()["data"]["attributes"]["approved_at"] == NOW
    assert desk.entry_rows(ENTRY_AT_ONCE) == []


def test_seeded_undone_targets_are_pending_with_new_rows(desk: Desk) -> None:
    rows = desk.entry_rows(ENTRY_UNAPPROVED)

    assert (entry(desk, ENTRY_UNAPPROVED), states(rows)) == ("pending", ["pending"])


async def test_many_time_entries_are_approved_at_once(desk: Desk) -> None:
    rows = [{"id": ENTRY_TWO_ROLES}, {"id": ENTRY_TWO_ROLES_HALF}]

    answer = await desk.bulk("PATCH", "time_entries/approve", rows, "controller")

    told = answer.json()
    assert [one["id"] for one in told["data"]] == ["603", "604"]
    assert [one["attributes"]["approved"] for one in told["data"]] == [False, True]
    assert told["meta"] == {}


async def test_the_rows_of_all_approvers_are_for_admins(desk: Desk) -> None:
    path = "time_entries/approve?for_all_approvers=true"
    rows = [{"id": ENTRY_TWO_ROLES}, {"id": ENTRY_BUDGET_OWNER}]

    denied = await desk.bulk("PATCH", path, rows, "controller")
    answer = await desk.bulk("PATCH", path, rows, "auditor")

    assert refusal(denied) == (403, ["access_denied"])
    assert answer.status_code == 200
    assert states(desk.entry_rows(ENTRY_TWO_ROLES)) == ["approved", "approved"]


@pytest.mark.parametrize(
    ("bad", "expected"),
    [
        ("999999", (404, ["record_not_found"])),
        (ENTRY_EXAMPLE, (409, ["time_entry_already_approved"])),
        (ENTRY_DRAFT, (409, ["time_entry_draft"])),
    ],
)
@pytest.mark.parametrize("query", ["", "?for_all_approvers=true"])
async def test_one_bad_entry_fails_the_whole_call(
    desk: Desk, bad: str, expected: tuple[int, list[str]], query: str
) -> None:
    rows = [{"id": ENTRY_BUDGET_OWNER}, {"id": bad}]

    answer = await desk.bulk("PATCH", f"time_entries/approve{query}", rows)

    assert refusal(answer) == expected
    assert entry(desk, ENTRY_BUDGET_OWNER) == "pending"


async def test_many_time_entries_are_undone_with_new_rows(desk: Desk) -> None:
    rows = [{"id": ENTRY_EXAMPLE}, {"id": ENTRY_INVOICED}]
    before = [desk.entry_rows(row["id"])[0].id for row in rows]

    answer = await desk.bulk("PATCH", "time_entries/unapprove", rows, "accountant")
    again = await desk.bulk("PATCH", "time_entries/unapprove", rows, "accountant")

    after = [desk.entry_rows(row["id"])[0].id for row in rows]
    assert answer.status_code == 200
    assert refusal(again) == (409, ["time_entry_not_approved"])
    assert set(before).isdisjoint(after)


async def test_there_is_no_other_bulk_decision(desk: Desk) -> None:
    paths = ["time_entries/reject", "expenses/approve", "approval_statuses/reject"]

    answers = [await desk.bulk("PATCH", path, []) for path in paths]

    assert [refusal(one) for one in answers] == [(404, ["route_not_found"])] * 3


def test_an_approval_on_behalf_shows(desk: Desk) -> None:
    row = desk.expense_rows(EXPENSE_ON_BEHALF)[0]

    assert (row.approver_id, row.actual_approver_id) == ("20", "24")


def test_project_time_is_approved_without_rows(desk: Desk) -> None:
    assert desk.booking_rows(BOOKING_PROJECT) == []
    assert desk.simulator.state.bookings[BOOKING_PROJECT].is_automatic
