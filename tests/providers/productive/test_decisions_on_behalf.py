"""Duties that their targets do not tell to be one person's: by their own ids."""

from collections.abc import Callable
from typing import Any

import pytest

from gateway.providers.productive.simulator import situations as ids
from gateway.providers.productive.simulator.directory import (
    AUDITOR,
    CONTROLLER,
    PAYER,
)
from tests.providers.productive.calls import AWAITS, ENTRIES, EXPENSES
from tests.providers.productive.deciding import (
    BOTH,
    PERSON_IDS,
    UNCLEAR,
    Office,
    decided,
    refusal,
    sent,
)
from tests.support import writes


@BOTH
@pytest.mark.parametrize(
    ("source_id", "place"),
    [
        (ids.BOOKING_ALL, 1),
        (ids.BOOKING_UNMANAGED, 0),
        (ids.BOOKING_MANAGER_DEACTIVATED, 0),
        (ids.BOOKING_APPROVER_DEACTIVATED, 0),
        (ids.ENTRY_TODAY, 0),
        (ids.ENTRY_OWNER_FALLBACK, 0),
        (ids.EXPENSE_ONE_BY_HAND, 0),
    ],
)
async def test_who_decides_on_behalf_stands_beside_who_was_asked(
    office: Office, mutation: str, source_id: str, place: int
) -> None:
    row = office.row(source_id, place)

    answer = await office.send(
        mutation, person="auditor", id=office.status_id(source_id, place)
    )

    assert answer["outcome"] == "APPLIED"
    assert answer["approvalStatus"] == decided(row, mutation, AUDITOR, None)
    assert row.approver_id != AUDITOR
    assert office.written() == [(office.call(mutation, source_id, place), sent(row.id))]


@BOTH
@pytest.mark.parametrize(
    ("source_id", "place", "person"),
    [
        # A role's duty of which no answer tells whose: by its own id it is decided.
        (ids.BOOKING_UNMANAGED, 0, "payer"),
        (ids.BOOKING_TWO_DUTIES, 0, "controller"),
        (ids.BOOKING_TWO_DUTIES, 1, "controller"),
        (ids.EXPENSE_TWO_DUTIES, 0, "controller"),
        (ids.EXPENSE_TWO_DUTIES, 1, "controller"),
    ],
)
async def test_what_its_target_does_not_tell_is_decided_by_the_dutys_own_id(
    office: Office, mutation: str, source_id: str, place: int, person: str
) -> None:
    row = office.row(source_id, place)

    answer = await office.send(
        mutation, person=person, id=office.status_id(source_id, place)
    )

    assert answer["outcome"] == "APPLIED"
    assert answer["approvalStatus"] == decided(row, mutation, PERSON_IDS[person], None)
    assert len(office.written()) == 1


async def test_one_of_two_duties_by_name_and_as_the_manager_leaves_the_other(
    office: Office,
) -> None:
    await office.send("approve", id=office.status_id(ids.BOOKING_TWO_DUTIES, 0))

    answer = await office.send("approve", id=office.id(ids.BOOKING_TWO_DUTIES))

    assert (answer["outcome"], answer["approvable"]["approvalState"]) == (
        "APPLIED",
        "APPROVED",
    )
    assert office.states(ids.BOOKING_TWO_DUTIES) == [("APPROVED", CONTROLLER)] * 2


async def test_the_manager_of_now_decides(office: Office) -> None:
    """10.2: a role is resolved when somebody acts."""
    office.simulator.state.people["12"].manager_id = PAYER

    former = await office.send("approve", id=office.id(ids.BOOKING_MANAGER))
    now = await office.send(
        "approve", person="payer", id=office.id(ids.BOOKING_MANAGER)
    )

    assert (former["outcome"], now["outcome"]) == ("REFUSED", "APPLIED")
    assert office.states(ids.BOOKING_MANAGER) == [("APPROVED", PAYER)]


@BOTH
@pytest.mark.parametrize("is_of_roles", [False, True], ids=["pending", "of roles"])
@pytest.mark.parametrize(
    ("call", "source_id"),
    [(ENTRIES, ids.ENTRY_BUDGET_OWNER), (EXPENSES, ids.EXPENSE_EXAMPLE)],
)
async def test_nobody_acts_on_behalf_without_saying_so(
    office: Office,
    switch_productive: Callable[..., None],
    mutation: str,
    call: str,
    source_id: str,
    is_of_roles: bool,
) -> None:
    """C1: where the awaiting filter is ignored, everything seems to await anybody.

    Also where nothing that comes shows it: all is pending, and asks a role.
    """
    switch_productive(ignored_filters=("awaiting_approval_from_approver_id",))
    state = office.simulator.state
    tables: dict[str, dict[str, Any]] = {
        ENTRIES: state.time_entries,
        EXPENSES: state.expenses,
    }
    targets = tables[call]
    for one in list(targets.values()):
        asks_a_role = any(row.approver_id is None for row in state.rows(one))
        if not one.standing.is_pending or (is_of_roles and not asks_a_role):
            state.drop_rows(one)
            del targets[one.id]

    answer = await office.send(mutation, person="auditor", id=office.id(source_id))

    assert answer["approvable"]["viewerActions"] == []
    assert answer["userErrors"] == refusal("FORBIDDEN", UNCLEAR)
    assert writes(office.productive) == []
    asked = [
        office.productive.params(place)[AWAITS]
        for place, name in enumerate(office.productive.calls)
        if name == call
    ]
    # Once for the decision with what proves it, and for what is shown of the target.
    assert asked == [AUDITOR, "0", AUDITOR]


@BOTH
@pytest.mark.parametrize(
    "source_id", [ids.ENTRY_BUDGET_OWNER, ids.ENTRY_TWO_ROLES, ids.EXPENSE_EXAMPLE]
)
async def test_who_holds_a_role_says_which_duty_where_that_cannot_be_asked(
    office: Office,
    switch_productive: Callable[..., None],
    mutation: str,
    source_id: str,
) -> None:
    switch_productive(ignored_filters=("awaiting_approval_from_approver_id",))
    state = office.state()
    place = [row.approver_id for row in office.rows(source_id)].index(None)

    by_target = await office.send(
        mutation, person="accountant", id=office.id(source_id)
    )
    assert by_target["userErrors"] == refusal("FORBIDDEN", UNCLEAR)
    assert writes(office.productive) == []
    assert office.state() == state

    by_duty = await office.send(
        mutation, person="accountant", id=office.status_id(source_id, place)
    )
    assert by_duty["outcome"] == "APPLIED"


@BOTH
async def test_a_queue_that_came_empty_does_not_prove_that_it_is_filtered(
    office: Office, switch_productive: Callable[..., None], mutation: str
) -> None:
    """C1: it is empty as well where there is nothing yet to be filtered."""
    switch_productive(ignored_filters=("awaiting_approval_from_approver_id",))
    entries = office.simulator.state.time_entries
    later = dict(entries)
    entries.clear()
    await office.client.run("Inbox", {"first": 1}, person="auditor")
    entries.update(later)

    answer = await office.send(
        mutation, person="auditor", id=office.id(ids.ENTRY_BUDGET_OWNER)
    )

    assert answer["userErrors"] == refusal("FORBIDDEN", UNCLEAR)
    assert writes(office.productive) == []
