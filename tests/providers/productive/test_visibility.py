"""Progress: what is counted where all duties are seen, and what is left open."""

from typing import Any

import pytest

from gateway.providers.productive.simulator import ProductiveSimulator
from gateway.providers.productive.simulator import situations as at
from gateway.providers.productive.simulator.directory import (
    APPROVER,
    AUDITOR,
    CLERK,
    CONTROLLER,
)
from gateway.providers.productive.simulator.objects import ALL, ANY, Target
from gateway.providers.productive.simulator.state import State
from tests.providers.productive.calls import Row, graph_id
from tests.providers.productive.reading import (
    ids,
    read_page,
    read_pages,
    rows_of,
    seen_by,
)
from tests.support import Client, FakeTime

QUERY = """
query ($id: ID!) {
  node(id: $id) {
    ... on Approvable {
      approvalState
      progress { rule required approved rejected waitingOn { sourceId displayName } }
      approvalStatuses { sourceId }
    }
  }
}
"""
WALK = """
query ($ids: [ID!]!) {
  nodes(ids: $ids) {
    ... on Approvable {
      sourceId
      progress { rule required approved rejected waitingOn { sourceId displayName } }
      approvalStatuses { sourceId }
    }
  }
}
"""
CARLA, AMY, ADAM = "Carla Mendes", "Amy Moss", "Adam Novak"
OPEN: Row = {"approved": None, "rejected": None, "waitingOn": None}
ROLES = {
    1: "Manager",
    2: "Budget owner",
    3: "Project manager",
    4: "Designated approver",
}
RULES = {ANY: "ANY", ALL: "ALL"}


async def look(client: Client, type_name: str, key: str, person: str) -> Row:
    body = await client.execute(QUERY, {"id": graph_id(type_name, key)}, person=person)
    assert "errors" not in body
    found: Row = body["data"]["node"]
    return found


def told(progress: Row) -> tuple[Any, ...]:
    waiting = progress["waitingOn"]
    return (
        progress["rule"],
        progress["required"],
        progress["approved"],
        progress["rejected"],
        None if waiting is None else [one["displayName"] for one in waiting],
    )


@pytest.mark.parametrize(
    ("type_name", "key", "expected"),
    [
        ("Booking", at.BOOKING_ANY, ("ANY", 1, 0, 0, [CARLA, AMY])),
        ("Booking", at.BOOKING_ALL, ("ALL", 2, 0, 0, [CARLA, AMY])),
        ("Booking", at.BOOKING_ALL_HALF, ("ALL", 2, 1, 0, [CARLA])),
        ("Booking", at.BOOKING_MANAGER, ("ALL", 1, 0, 0, ["Manager"])),
        ("Booking", at.BOOKING_UNMANAGED, ("ANY", 1, 0, 0, ["Manager"])),
        ("Booking", at.BOOKING_REJECTED, ("ALL", 2, 0, 1, [])),
        ("Booking", at.BOOKING_APPROVED, ("ALL", 2, 2, 0, [])),
        ("Booking", at.BOOKING_ANY_APPROVED, ("ANY", 1, 1, 0, [])),
        ("Booking", at.BOOKING_CANCELED, ("ALL", 2, 0, 0, [])),
        ("Booking", at.BOOKING_APPROVED_THEN_REJECTED, ("ALL", 2, 1, 1, [])),
        ("TimeEntry", at.ENTRY_BUDGET_OWNER, ("ANY", 1, 0, 0, ["Budget owner"])),
        (
            "TimeEntry",
            at.ENTRY_TWO_ROLES,
            ("ALL", 2, 0, 0, ["Project manager", "Designated approver"]),
        ),
        (
            "TimeEntry",
            at.ENTRY_TWO_ROLES_HALF,
            ("ALL", 2, 1, 0, ["Designated approver"]),
        ),
        ("TimeEntry", at.ENTRY_TODAY, ("ANY", 1, 0, 0, ["Budget owner"])),
        ("Expense", at.EXPENSE_EXAMPLE, ("ALL", 2, 0, 0, [AMY, "Budget owner"])),
        ("Expense", at.EXPENSE_ALL_HALF, ("ALL", 2, 1, 0, ["Budget owner"])),
        ("Expense", at.EXPENSE_DOLLARS, ("ANY", 1, 0, 0, [CARLA, AMY])),
    ],
)
async def test_an_admin_sees_how_far_it_is(
    client: Client, type_name: str, key: str, expected: tuple[Any, ...]
) -> None:
    found = await look(client, type_name, key, "auditor")

    assert told(found["progress"]) == expected


async def test_a_role_has_a_name_and_no_id(client: Client) -> None:
    found = await look(client, "Booking", at.BOOKING_MANAGER, "auditor")

    assert found["progress"]["waitingOn"] == [
        {"sourceId": None, "displayName": "Manager"}
    ]


@pytest.mark.parametrize(
    ("type_name", "key", "rule"),
    [
        ("Booking", at.BOOKING_OWN, "ALL"),
        ("Expense", at.EXPENSE_BY_HAND, "ALL"),
        ("Expense", at.EXPENSE_ONE_BY_HAND, "ALL"),
        ("Booking", at.BOOKING_AT_ONCE, "UNKNOWN"),
        ("TimeEntry", at.ENTRY_AT_ONCE, "UNKNOWN"),
        ("Booking", at.BOOKING_DRAFT, "UNKNOWN"),
    ],
)
async def test_where_nothing_tells_how_many_duties_there_are_none_are_counted(
    client: Client, type_name: str, key: str, rule: str
) -> None:
    """Approvers that were chosen by hand: even an admin cannot be sure of all."""
    found = await look(client, type_name, key, "auditor")

    assert found["progress"] == {"rule": rule, "required": None, **OPEN}


@pytest.mark.parametrize("person", ["controller", "approver"])
async def test_who_sees_one_duty_of_two_is_told_no_count(
    client: Client,
    productive_simulator: ProductiveSimulator,
    person: str,
) -> None:
    found = await look(client, "Booking", at.BOOKING_ALL, person)

    assert len(found["approvalStatuses"]) == 1
    assert found["progress"] == {"rule": "ALL", "required": None, **OPEN}


async def test_who_sees_one_duty_of_any_knows_that_one_is_needed(
    client: Client,
) -> None:
    found = await look(client, "Booking", at.BOOKING_ANY, "controller")

    assert found["progress"] == {"rule": "ANY", "required": 1, **OPEN}


async def test_who_asks_sees_all_duties_and_so_the_count(client: Client) -> None:
    """3.2: the owner of the target sees its rows."""
    found = await look(client, "Booking", at.BOOKING_ALL_HALF, "clerk")

    assert told(found["progress"]) == ("ALL", 2, 1, 0, [CARLA])


def groups(rows: list[Any]) -> list[list[Any]]:
    found: dict[str, list[Any]] = {}
    for one in rows:
        found.setdefault(one.group, []).append(one)
    return list(found.values())


def expected_of(state: State, target: Target) -> tuple[Any, ...] | None:
    """Return the progress of a target from the state; None if no rule tells it."""
    rows = sorted(state.rows(target), key=lambda one: int(one.id))
    workflow_ids = {one.workflow_id for one in rows}
    if len(workflow_ids) != 1 or None in workflow_ids:
        return None
    [workflow_id] = workflow_ids
    workflow = state.workflows.get(workflow_id or "")
    if workflow is None:
        return None
    if len(rows) < len(workflow.approver_ids) + len(workflow.dynamic_approver_ids):
        return None
    sets = groups(rows)
    is_open = target.standing.is_pending and target.canceled_at is None
    waiting = [
        row
        for rows in sets
        for row in rows
        if is_open and all(one.is_pending for one in rows)
    ]

    def name(row: Any) -> str:
        if row.dynamic_approver_type_id is not None:
            return ROLES[row.dynamic_approver_type_id]
        person = state.people[row.approver_id]
        return f"{person.first_name} {person.last_name}"

    rule = workflow.approval_requirement_id
    return (
        RULES[rule],
        1 if rule == ANY else len(sets),
        sum(any(one.approved_at for one in rows) for rows in sets),
        sum(any(one.rejected_at for one in rows) for rows in sets),
        [name(row) for row in waiting],
    )


async def test_an_admin_sees_the_progress_of_everything_as_it_is(
    client: Client, productive_simulator: ProductiveSimulator
) -> None:
    state = productive_simulator.state
    targets: dict[str, Target] = {
        graph_id(type_name, one.id): one
        for type_name, table in (
            ("Booking", state.bookings),
            ("TimeEntry", state.time_entries),
            ("Expense", state.expenses),
        )
        for one in table.values()
        if state.rows(one) and one.organization_id == "900"
    }
    keys = list(targets)
    counted = 0

    for start in range(0, len(keys), 100):
        part = keys[start : start + 100]
        body = await client.execute(WALK, {"ids": part}, person="auditor")
        for key, node in zip(part, body["data"]["nodes"], strict=True):
            expected = expected_of(state, targets[key])
            rows = sorted(state.rows(targets[key]), key=lambda one: int(one.id))
            shown = [one["sourceId"] for one in node["approvalStatuses"]]
            assert shown == [one.id for one in rows]
            if expected is None:
                assert node["progress"] == {**node["progress"], **OPEN}
            else:
                counted += 1
                assert told(node["progress"]) == expected, node["sourceId"]
    assert counted > 200


@pytest.mark.parametrize(
    ("person", "person_id"),
    [
        ("controller", CONTROLLER),
        ("approver", APPROVER),
        ("clerk", CLERK),
        ("auditor", AUDITOR),
    ],
)
async def test_each_person_sees_their_own_rows_and_counts_what_is_surely_whole(
    client: Client,
    productive_simulator: ProductiveSimulator,
    time: FakeTime,
    person: str,
    person_id: str,
) -> None:
    state = productive_simulator.state
    seen = seen_by(state, person_id, time)
    assert seen
    targets = {
        (one.target_type, one.target_id) for one in rows_of(state) if one.id in seen
    }
    names = {"booking": "Booking", "time_entry": "TimeEntry", "expense": "Expense"}
    keys = [graph_id(names[kind], one) for kind, one in sorted(targets)]

    for start in range(0, len(keys), 100):
        part = keys[start : start + 100]
        body = await client.execute(WALK, {"ids": part}, person=person)
        assert "errors" not in body
        for node in body["data"]["nodes"]:
            shown = [one["sourceId"] for one in node["approvalStatuses"]]
            assert set(shown) <= set(seen)
            target = state.target(state.statuses[shown[0]])
            if node["progress"]["approved"] is not None:
                assert len(state.rows(target)) == len(shown)
                assert told(node["progress"]) == expected_of(state, target)


async def test_the_list_shows_each_person_what_they_may_see(
    client: Client, productive_simulator: ProductiveSimulator, time: FakeTime
) -> None:
    state = productive_simulator.state
    for person, person_id in (("controller", CONTROLLER), ("clerk", CLERK)):
        found: list[str] = []
        after = None
        while True:
            body = await client.run(
                "ApprovalStatuses", {"first": 100, "after": after}, person=person
            )
            connection = body["data"]["approvalStatuses"]
            found += [one["node"]["sourceId"] for one in connection["edges"]]
            after = connection["pageInfo"]["endCursor"]
            if not connection["pageInfo"]["hasNextPage"]:
                break
        assert found == seen_by(state, person_id, time)

    assert ids(await read_pages(client, 100)) == seen_by(state, AUDITOR, time)
    visitor = await client.run("ApprovalStatuses", {"first": 1}, person="visitor")
    first = await read_page(client, 1)
    assert [
        one["node"]["sourceId"] for one in visitor["data"]["approvalStatuses"]["edges"]
    ] == ids([first["edges"]])
