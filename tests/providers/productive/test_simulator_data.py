"""What the simulator holds at the start (10.4)."""

import timeit
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from gateway.providers.productive.simulator import ProductiveSimulator, situations
from gateway.providers.productive.simulator.directory import MAIN
from gateway.providers.productive.simulator.objects import ApprovalStatus
from gateway.providers.productive.simulator.roles import holder_id
from gateway.providers.productive.simulator.seed import create_state
from gateway.providers.productive.simulator.state import State
from tests.providers.productive.simulator_support import Desk, standing, states

NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)


@pytest.fixture
def state() -> State:
    return create_state(NOW)


def first_rows(state: State, count: int) -> list[ApprovalStatus]:
    rows = sorted(state.statuses.values(), key=lambda row: int(row.id))
    return rows[:count]


def test_the_start_is_the_same_each_time() -> None:
    first, second = create_state(NOW), create_state(NOW)

    for name in ("people", "approval_statuses", "bookings", "time_entries", "expenses"):
        assert msgspec.json.encode(first.table(name)) == msgspec.json.encode(
            second.table(name)
        )
    assert first.statuses["5001"] is not second.statuses["5001"]


def test_only_the_entry_of_today_follows_the_clock(state: State) -> None:
    later = create_state(datetime(2027, 5, 1, 12, tzinfo=UTC))

    assert later.time_entries["607"].date.isoformat() == "2027-05-01"
    differing = [
        one_id
        for one_id, entry in state.time_entries.items()
        if entry != later.time_entries[one_id]
    ]
    assert differing == ["607"]
    assert state.bookings == later.bookings


def test_a_copy_of_the_start_is_cheap() -> None:
    create_state(NOW)

    fastest = min(timeit.repeat(lambda: create_state(NOW), number=1, repeat=5))

    assert fastest < 0.05


def test_nothing_is_seeded_before_it_is_looked_at() -> None:
    looked: list[datetime] = []

    def now() -> datetime:
        looked.append(NOW)
        return NOW

    simulator = ProductiveSimulator(now=now)
    untouched = list(looked)
    count = len(simulator.state.bookings)

    assert (untouched, len(looked), count) == ([], 1, 83)


def test_without_a_clock_it_is_now() -> None:
    simulator = ProductiveSimulator()
    before = datetime.now(UTC)

    created_at = simulator.state.time_entries[situations.ENTRY_TODAY].created_at

    assert before <= created_at <= datetime.now(UTC)


def test_there_are_hundreds_of_rows(state: State) -> None:
    assert len(state.bookings) == 83
    assert len(state.time_entries) == 152
    assert len(state.expenses) == 92
    assert len(state.statuses) == 478


def test_the_first_rows_are_a_mixture(state: State) -> None:
    rows = first_rows(state, 60)

    kinds = Counter(row.target_type for row in rows)
    assert [row.id for row in rows[:2]] == ["5001", "5002"]
    assert kinds == {"booking": 27, "expense": 18, "time_entry": 15}
    assert set(states(rows)) == {"pending", "approved", "rejected"}
    assert {row.dynamic_approver_type_id for row in rows} == {None, 1, 2, 3, 4}
    assert {row.fallback_approver_type_id for row in rows} == {None, 1, 2}
    assert {row.requirement_id for row in rows} == {None, 2, 3}
    assert {"20", "21", "22", "23", "24"} <= {holder_id(state, row) for row in rows} | {
        row.actual_approver_id for row in rows
    }
    assert len({row.workflow_id for row in rows}) == 11


def test_targets_are_in_every_state(state: State) -> None:
    for table in (state.bookings, state.time_entries, state.expenses):
        found = Counter(standing(one) for one in table.values())
        assert min(found[word] for word in ("pending", "approved", "rejected")) >= 5
        assert any(one.draft for one in table.values())
        assert any(one.is_automatic for one in table.values())
    assert any(one.canceled_at for one in state.bookings.values())
    assert any(one.deleted_at for one in state.expenses.values())


def test_drafts_and_what_is_automatic_have_no_rows(state: State) -> None:
    for table in (state.bookings, state.time_entries, state.expenses):
        for one in table.values():
            asks_nobody = one.draft or one.is_automatic or one.deleted_at is not None
            assert (state.rows(one) == []) == asks_nobody, one.id


def test_what_is_decided_fits_the_rows(state: State) -> None:
    for row in state.statuses.values():
        target = state.target(row)
        assert row in state.rows(target)
        assert row.organization_id == target.organization_id
        assert row.approved_at is None or row.rejected_at is None
        assert (row.actual_approver_id is None) == row.is_pending
        if row.rejected_at is not None:
            assert standing(target) == "rejected"


def test_the_same_number_occurs_in_several_types(state: State) -> None:
    assert set(state.time_entries) & set(state.expenses)
    assert set(state.people) & set(state.assignments)


def test_every_situation_has_its_object(state: State) -> None:
    tables: dict[str, dict[str, Any]] = {
        "BOOKING": state.bookings,
        "ENTRY": state.time_entries,
        "EXPENSE": state.expenses,
        "STATUS": state.statuses,
    }
    names = [name for name in vars(situations) if name.isupper()]

    for name in names:
        one_id = getattr(situations, name)
        assert one_id in tables[name.split("_", maxsplit=1)[0]]
        assert f"| {one_id} |" in (situations.__doc__ or "") or name.startswith(
            "STATUS"
        )
    assert len(names) == 58


def test_the_people_are_a_company(state: State) -> None:
    here = [one for one in state.people.values() if one.organization_id == MAIN]

    assert len(here) == 31
    assert state.people["16"].manager_id is None
    assert state.people["17"].manager_id == "18"
    assert state.people["18"].deactivated_at is not None
    reports = [one.id for one in here if one.manager_id == "20"]
    assert reports == ["11", "12", "13", "18", "22", "32", "33"]
    assert not state.people["20"].is_admin


async def test_notes_hold_html() -> None:
    desk = Desk()

    booking = await desk.get(f"bookings/{situations.BOOKING_HTML}")
    row = desk.booking_rows(situations.BOOKING_HTML)[1]

    assert booking["data"]["attributes"]["note"].startswith("<p>See <strong>")
    assert row.note == "<p>Ok</p>"
