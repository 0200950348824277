"""Bookings, time entries and expenses are made, edited and deleted (2.7, 5 to 7)."""

from typing import Any

import pytest

from gateway.providers.productive.simulator.objects import ApprovalStatus
from gateway.providers.productive.simulator.situations import (
    BOOKING_ALL_HALF,
    BOOKING_APPROVED,
    BOOKING_DRAFT,
    BOOKING_MANAGER,
    BOOKING_REJECTED,
    ENTRY_BUDGET_OWNER,
    ENTRY_DRAFT,
    EXPENSE_ANY,
    EXPENSE_DRAFT,
)
from tests.providers.productive.simulator_support import (
    NOW,
    Desk,
    refusal,
    standing,
    states,
)

LEAVE = {"person_id": 12, "started_on": "2026-12-07", "ended_on": "2026-12-11"}
ENTRY = {"service_id": 410, "date": "2026-11-02", "time": 90}
EXPENSE = {"service_id": "411", "name": "bus", "date": "2026-11-02", "amount": 260}
JOB = {"person_id": 12, "service_id": 410, "started_on": "2026-12-07"}


@pytest.fixture
def desk() -> Desk:
    return Desk()


def duties(rows: list[ApprovalStatus]) -> list[tuple[Any, ...]]:
    return [
        (
            row.approver_id,
            row.dynamic_approver_type_id,
            row.fallback_approver_type_id,
            row.approver_group_key,
            row.workflow_id,
        )
        for row in rows
    ]


def pointers(answer: Any) -> list[str]:
    assert answer.status_code == 422
    return [
        error["source"]["pointer"].removeprefix("data/attributes/")
        for error in answer.json()["errors"]
    ]


async def test_all_of_makes_a_requirement_per_approver(desk: Desk) -> None:
    answer = await desk.make("bookings", "clerk", event_id=44, **LEAVE)

    booking_id = answer.json()["data"]["id"]
    assert answer.status_code == 201
    assert duties(desk.booking_rows(booking_id)) == [
        ("21", None, None, "wf31-a", "31"),
        ("22", None, None, "wf31-b", "31"),
        (None, 1, 1, "wf31-c", "31"),
    ]


async def test_any_of_makes_rows_without_keys(desk: Desk) -> None:
    answer = await desk.make("bookings", "clerk", event_id=46, **LEAVE)

    rows = desk.booking_rows(answer.json()["data"]["id"])
    assert duties(rows) == [
        ("20", None, None, None, "33"),
        ("21", None, None, None, "33"),
    ]


@pytest.mark.parametrize(
    "attributes",
    [
        # The workflow asks nobody.
        LEAVE | {"event_id": 45},
        # No workflow of the policy is for this event.
        LEAVE | {"event_id": 49},
        # The person has no policy.
        LEAVE | {"event_id": 44, "person_id": 36},
        # The policy is archived.
        LEAVE | {"event_id": 44, "person_id": 35},
        # Project time has no event.
        LEAVE | {"service_id": 410},
    ],
)
async def test_a_booking_that_nobody_must_approve_is_approved(
    desk: Desk, attributes: dict[str, Any]
) -> None:
    answer = await desk.make("bookings", None, **attributes)

    told = answer.json()["data"]
    assert (told["attributes"]["approved"], told["attributes"]["approved_at"]) == (
        True,
        NOW,
    )
    assert desk.booking_rows(told["id"]) == []


async def test_nothing_is_asked_where_approvals_are_off(desk: Desk) -> None:
    desk.switch(approval_off=True)

    answers = [
        await desk.make("bookings", "clerk", event_id=44, **LEAVE),
        await desk.make("time_entries", "clerk", **ENTRY),
        await desk.make("expenses", "clerk", **EXPENSE),
    ]

    told = [answer.json()["data"]["attributes"] for answer in answers]
    assert [one["approved"] for one in told] == [True, True, True]


@pytest.mark.parametrize(
    ("service_id", "expected"),
    [
        (410, [(None, 2, 1, None, "41")]),
        (412, [(None, 3, 2, "wf43-a", "43"), (None, 4, 2, "wf43-b", "43")]),
        (414, []),
        (415, []),
    ],
)
async def test_a_time_entry_is_asked_by_its_budget(
    desk: Desk, service_id: int, expected: list[Any]
) -> None:
    answer = await desk.make(
        "time_entries", "clerk", **ENTRY | {"service_id": service_id}
    )

    told = answer.json()["data"]
    assert duties(desk.entry_rows(told["id"])) == expected
    assert told["attributes"]["approved"] is (expected == [])


async def test_an_expense_is_asked_by_its_budget(desk: Desk) -> None:
    answer = await desk.make("expenses", "clerk", **EXPENSE)

    told = answer.json()["data"]
    assert duties(desk.expense_rows(told["id"])) == [
        ("21", None, None, "wf42-a", "42"),
        (None, 2, 1, "wf42-b", "42"),
    ]
    assert told["attributes"]["amount"] == told["attributes"]["billable_amount"] == 260
    assert (told["attributes"]["currency"], told["attributes"]["quantity"]) == (
        "EUR",
        "1.0",
    )


async def test_links_may_be_relationships(desk: Desk) -> None:
    body = {
        "data": {
            "type": "time_entries",
            "attributes": {"date": "2026-11-02", "time": 15},
            "relationships": {
                "person": {"data": {"type": "people", "id": "12"}},
                "service": {"data": {"type": "services", "id": "412"}},
            },
        }
    }

    answer = await desk.send(
        "POST", "time_entries?include=person", "controller", body=body
    )

    told = answer.json()
    assert told["data"]["relationships"]["service"]["data"]["id"] == "412"
    assert [one["id"] for one in told["included"]] == ["12"]


@pytest.mark.parametrize(
    ("type_name", "attributes", "wrong"),
    [
        ("bookings", {}, ["person_id", "event_id", "started_on", "ended_on"]),
        ("bookings", JOB, ["ended_on"]),
        ("bookings", JOB | {"ended_on": "2026-12-06"}, ["ended_on"]),
        ("bookings", JOB | {"ended_on": "soon"}, ["ended_on"]),
        ("bookings", LEAVE | {"event_id": 999}, ["event_id", "event_id"]),
        ("bookings", LEAVE | {"event_id": 50}, ["event_id", "event_id"]),
        ("bookings", LEAVE | {"event_id": 44, "time": -1}, ["time"]),
        ("bookings", LEAVE | {"event_id": 44, "time": 1.5}, ["time"]),
        ("bookings", LEAVE | {"event_id": 44, "time": True}, ["time"]),
        (
            "bookings",
            LEAVE | {"event_id": 44, "booking_method_id": 4},
            ["booking_method_id"],
        ),
        ("bookings", LEAVE | {"event_id": 44, "note": 5}, ["note"]),
        ("bookings", LEAVE | {"event_id": 44, "draft": "yes"}, ["draft"]),
        ("time_entries", {}, ["service_id", "date", "time"]),
        ("time_entries", ENTRY | {"person_id": 999}, ["person_id"]),
        ("expenses", {}, ["service_id", "name", "date", "amount"]),
        ("expenses", EXPENSE | {"amount": "much"}, ["amount"]),
    ],
)
async def test_wrong_values_are_named_all_at_once(
    desk: Desk, type_name: str, attributes: dict[str, Any], wrong: list[str]
) -> None:
    before = len(desk.simulator.state.table(type_name))

    answer = await desk.make(type_name, None, **attributes)

    assert pointers(answer) == wrong
    assert answer.json()["errors"][0]["title"] == "Invalid Attribute Value"
    assert len(desk.simulator.state.table(type_name)) == before


@pytest.mark.parametrize(
    ("person", "status"),
    [("clerk", 201), ("controller", 201), ("auditor", 201), ("approver", 403)],
)
async def test_a_booking_is_made_by_person_manager_or_admin(
    desk: Desk, person: str, status: int
) -> None:
    answer = await desk.make("bookings", person, event_id=44, **LEAVE)

    assert answer.status_code == status


@pytest.mark.parametrize(
    "booking_id", [BOOKING_APPROVED, BOOKING_REJECTED, BOOKING_ALL_HALF]
)
@pytest.mark.parametrize("attributes", [{"ended_on": "2027-03-01"}, {"time": 240}])
async def test_other_dates_or_times_ask_everybody_again(
    desk: Desk, booking_id: str, attributes: dict[str, Any]
) -> None:
    before = {row.id for row in desk.booking_rows(booking_id)}

    answer = await desk.act(f"bookings/{booking_id}", "clerk", **attributes)

    rows = desk.booking_rows(booking_id)
    told = answer.json()["data"]["attributes"]
    assert answer.status_code == 200
    assert (told["approved"], told["rejected"]) == (False, False)
    assert states(rows) == ["pending", "pending"]
    assert before.isdisjoint(row.id for row in rows)


async def test_another_note_changes_no_approval(desk: Desk) -> None:
    before = [row.id for row in desk.booking_rows(BOOKING_APPROVED)]

    answer = await desk.act(f"bookings/{BOOKING_APPROVED}", "clerk", note="new")

    told = answer.json()["data"]["attributes"]
    assert (told["approved"], told["note"], told["updated_at"]) == (True, "new", NOW)
    assert [row.id for row in desk.booking_rows(BOOKING_APPROVED)] == before


@pytest.mark.parametrize(
    "attributes", [{"ended_on": "2026-01-01"}, {"ended_on": "soon"}]
)
async def test_wrong_dates_change_nothing(
    desk: Desk, attributes: dict[str, Any]
) -> None:
    before = desk.simulator.state.bookings[BOOKING_APPROVED].ended_on

    answer = await desk.act(f"bookings/{BOOKING_APPROVED}", "clerk", **attributes)

    assert pointers(answer) == ["ended_on"]
    assert desk.simulator.state.bookings[BOOKING_APPROVED].ended_on == before
    assert desk.standing(BOOKING_APPROVED) == "approved"


async def test_a_canceled_booking_keeps_its_rows(desk: Desk) -> None:
    answer = await desk.act(
        f"bookings/{BOOKING_MANAGER}?include=canceler", "clerk", canceled=True
    )
    decision = await desk.decide("approve", BOOKING_MANAGER)
    back = await desk.act(f"bookings/{BOOKING_MANAGER}", "clerk", canceled=False)

    told = answer.json()["data"]
    assert (told["attributes"]["canceled"], told["attributes"]["canceled_at"]) == (
        True,
        NOW,
    )
    assert told["relationships"]["canceler"]["data"]["id"] == "12"
    assert refusal(decision) == (409, ["booking_canceled"])
    assert back.json()["data"]["attributes"]["canceled_at"] is None


async def test_a_deleted_booking_takes_its_rows_along(desk: Desk) -> None:
    row_id = desk.booking_rows(BOOKING_MANAGER)[0].id

    answer = await desk.send("DELETE", f"bookings/{BOOKING_MANAGER}", "clerk")

    assert (answer.status_code, answer.content) == (204, b"")
    assert "content-type" not in answer.headers
    for path in (f"bookings/{BOOKING_MANAGER}", f"approval_statuses/{row_id}"):
        assert refusal(await desk.send("GET", path, None)) == (
            404,
            ["record_not_found"],
        )


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
async def test_an_approver_who_is_not_the_manager_edits_nothing(
    desk: Desk, method: str
) -> None:
    answer = await desk.send(method, "bookings/303", "approver", body={"data": {}})

    assert refusal(answer) == (403, ["access_denied"])


async def test_a_draft_is_asked_about_when_it_is_submitted(desk: Desk) -> None:
    before = desk.booking_rows(BOOKING_DRAFT)

    answer = await desk.act(f"bookings/{BOOKING_DRAFT}", "clerk", draft=False)
    await desk.act(f"time_entries/{ENTRY_DRAFT}", "clerk", draft=False)
    await desk.act(f"expenses/{EXPENSE_DRAFT}", "clerk", draft=False)

    assert (before, answer.status_code) == ([], 200)
    assert len(desk.booking_rows(BOOKING_DRAFT)) == 3
    assert len(desk.entry_rows(ENTRY_DRAFT)) == 1
    assert len(desk.expense_rows(EXPENSE_DRAFT)) == 2


async def test_a_time_entry_is_edited_and_deleted(desk: Desk) -> None:
    path = f"time_entries/{ENTRY_BUDGET_OWNER}"

    edited = await desk.act(path, "clerk", time=30, note=None)
    wrong = await desk.act(path, "clerk", date="never")
    deleted = await desk.send("DELETE", path, "clerk")

    told = edited.json()["data"]["attributes"]
    assert (told["time"], told["note"], told["updated_at"]) == (30, None, NOW)
    assert pointers(wrong) == ["date"]
    assert deleted.status_code == 204
    assert (await desk.send("GET", path, None)).status_code == 404


async def test_a_deleted_expense_is_read_alone_and_not_listed(desk: Desk) -> None:
    row_id = desk.expense_rows(EXPENSE_ANY)[0].id

    await desk.send("DELETE", f"expenses/{EXPENSE_ANY}", "clerk")

    told = await desk.get(f"expenses/{EXPENSE_ANY}")
    row = await desk.send("GET", f"approval_statuses/{row_id}", None)
    assert told["data"]["attributes"]["deleted_at"] == NOW
    assert await desk.ids(f"expenses?filter[id]={EXPENSE_ANY}") == []
    assert row.status_code == 404


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("time_entries", ENTRY, ENTRY | {"time": None}),
        ("expenses", EXPENSE, EXPENSE | {"amount": None}),
    ],
)
async def test_many_are_made_edited_and_deleted_or_none(
    desk: Desk, kind: str, good: dict[str, Any], bad: dict[str, Any]
) -> None:
    table = desk.simulator.state.table(kind)
    before = len(table)
    half = await desk.bulk("POST", kind, [{"attributes": one} for one in (good, bad)])
    after_half = len(table)

    made = await desk.bulk("POST", kind, [{"attributes": good}] * 2)
    ids = [one["id"] for one in made.json()["data"]]
    edits = [{"id": one_id, "attributes": {"date": "2026-11-01"}} for one_id in ids]
    edited = await desk.bulk("PATCH", kind, edits)
    missing = await desk.bulk("DELETE", kind, [{"id": ids[0]}, {"id": "999999"}])
    deleted = await desk.bulk("DELETE", kind, [{"id": one_id} for one_id in ids])

    assert (half.status_code, after_half - before) == (422, 0)
    assert (made.status_code, len(ids)) == (201, 2)
    assert [one["attributes"]["date"] for one in edited.json()["data"]] == [
        "2026-11-01",
        "2026-11-01",
    ]
    assert refusal(missing) == (404, ["record_not_found"])
    assert (deleted.status_code, deleted.content) == (204, b"")
    listed = await desk.count(f"{kind}?filter[id]={','.join(ids)}")
    assert listed == 0


@pytest.mark.parametrize("data", [{"id": "602"}, ["602"]])
async def test_a_bulk_body_is_an_array_of_objects(desk: Desk, data: Any) -> None:
    answer = await desk.bulk("PATCH", "time_entries/approve", data)

    assert refusal(answer) == (400, ["bad_request"])


async def test_undated_things_keep_their_ids_apart(desk: Desk) -> None:
    first = await desk.make("expenses", "clerk", **EXPENSE)
    second = await desk.make("expenses", "clerk", **EXPENSE)

    ids = [int(answer.json()["data"]["id"]) for answer in (first, second)]
    assert ids[1] == ids[0] + 1
    assert standing(desk.simulator.state.expenses[str(ids[0])]) == "pending"
