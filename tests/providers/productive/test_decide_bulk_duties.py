"""Many approvals in one call for duties, which "Approval Status" lists alone (C7)."""

from collections.abc import Callable

import pytest

from gateway.providers.productive.simulator import situations as ids
from gateway.providers.productive.simulator.directory import CONTROLLER
from gateway.providers.productive.simulator.objects import MANAGER
from tests.providers.productive.calls import (
    ENTRIES,
    MEMBERSHIPS,
    STATUSES,
    answers,
    problem,
)
from tests.providers.productive.deciding import UNCHANGED, Office
from tests.providers.productive.many import (
    APPLIED,
    BULK_ENTRIES,
    BULK_STATUSES,
    BULK_TYPE,
    approve,
    bodies,
    bulk_body,
    give_entries,
    refused,
)
from tests.support import writes


@pytest.fixture
def duties(office: Office) -> list[str]:
    """Return duties of the controller that are not on time entries."""
    return [
        office.status_id(one)
        for one in (
            ids.BOOKING_ANY,
            ids.BOOKING_ALL,
            ids.BOOKING_MANAGER,
            ids.EXPENSE_ANY,
        )
    ]


async def test_duties_are_approved_in_one_call_where_there_is_one(
    office: Office, switch_productive: Callable[..., None], duties: list[str]
) -> None:
    """C7."""
    switch_productive(bulk_status_approve=True)

    results = await office.decide(*(approve(one) for one in duties))

    rows = [
        office.row(one).id
        for one in (
            ids.BOOKING_ANY,
            ids.BOOKING_ALL,
            ids.BOOKING_MANAGER,
            ids.EXPENSE_ANY,
        )
    ]
    assert results == [APPLIED] * 4
    assert office.productive.calls == [MEMBERSHIPS, STATUSES, BULK_STATUSES]
    request = office.productive.requests[2]
    assert request.headers.get_list("content-type") == [BULK_TYPE]
    assert request.headers.get_list("accept") == [BULK_TYPE]
    assert bodies(office.productive, BULK_STATUSES) == [
        bulk_body("approval_statuses", rows)
    ]
    assert office.states(ids.BOOKING_ALL)[0] == ("APPROVED", CONTROLLER)


async def test_that_there_is_no_call_for_duties_is_found_out_once(
    office: Office, duties: list[str]
) -> None:
    """C7: what is tried first is what is to be done; nothing of it was."""
    first, second = duties[:2], duties[2:]

    assert await office.decide(*(approve(one) for one in first)) == [APPLIED] * 2
    once = list(office.productive.calls)
    office.productive.clear()
    assert await office.decide(*(approve(one) for one in second)) == [APPLIED] * 2

    rows = [office.row(one).id for one in (ids.BOOKING_ANY, ids.BOOKING_ALL)]
    assert once[:3] == [MEMBERSHIPS, STATUSES, BULK_STATUSES]
    assert sorted(once[3:]) == sorted(
        call
        for row in rows
        for call in (
            f"GET /approval_statuses/{row}",
            f"PATCH /approval_statuses/{row}/approve",
        )
    )
    assert len(office.productive.calls) == 5
    assert office.productive.calls[0] == STATUSES
    assert BULK_STATUSES not in office.productive.calls


async def test_entries_and_duties_go_in_one_call_each(
    office: Office, switch_productive: Callable[..., None], duties: list[str]
) -> None:
    switch_productive(bulk_status_approve=True)
    entries = give_entries(office, 4)

    results = await office.decide(
        *(approve(one) for one in duties),
        *(approve(office.id(one)) for one in entries),
    )

    assert results == [APPLIED] * 8
    assert office.productive.calls[:3] == [MEMBERSHIPS, STATUSES, ENTRIES]
    assert sorted(office.productive.calls[3:]) == [BULK_STATUSES, BULK_ENTRIES]


async def test_of_two_duties_on_one_target_one_goes_with_the_others(
    office: Office, switch_productive: Callable[..., None], duties: list[str]
) -> None:
    """One may settle the other, which its answer would not tell."""
    switch_productive(bulk_status_approve=True)

    results = await office.decide(
        approve(duties[0]),
        approve(office.status_id(ids.BOOKING_ANY, 1)),
        approve(duties[1]),
        approve(office.status_id(ids.BOOKING_ALL, 1)),
        person="auditor",
    )

    told = f"It is approved already. {UNCHANGED}"
    assert results == [APPLIED, refused("CONFLICT", told, 1), APPLIED, APPLIED]
    assert sorted(writes(office.productive)) == sorted(
        [BULK_STATUSES, office.call("approve", ids.BOOKING_ALL, 1)]
    )


async def test_a_role_that_only_productive_resolves_goes_with_duties(
    office: Office, switch_productive: Callable[..., None]
) -> None:
    switch_productive(bulk_status_approve=True)
    row = office.row(ids.BOOKING_UNMANAGED)
    assert row.dynamic_approver_type_id == MANAGER

    results = await office.decide(
        approve(office.status_id(ids.BOOKING_UNMANAGED)),
        approve(office.status_id(ids.BOOKING_OF_CONTROLLER)),
        person="payer",
    )

    assert results == [APPLIED] * 2
    assert office.productive.calls == [MEMBERSHIPS, STATUSES, BULK_STATUSES]


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (404, "route_not_found"),
        (404, "record_not_found"),
        (405, "x"),
        (415, "x"),
        (422, "x"),
    ],
)
async def test_a_call_that_is_not_sure_to_exist_is_tried_once(
    office: Office, status: int, code: str
) -> None:
    """C7: objects that were just read are there, so that it is the call that is not."""
    office.productive.interceptors[BULK_STATUSES] = answers(status, problem(code, "x"))
    first = (ids.BOOKING_ANY, ids.BOOKING_ALL)
    second = (ids.BOOKING_MANAGER, ids.EXPENSE_ANY)

    for pair in (first, second):
        results = await office.decide(*(approve(office.status_id(one)) for one in pair))
        assert results == [APPLIED] * 2

    assert office.productive.calls.count(BULK_STATUSES) == 1


async def test_a_call_that_was_seen_to_work_is_tried_again_after_a_refusal(
    office: Office, switch_productive: Callable[..., None]
) -> None:
    switch_productive(bulk_status_approve=True)
    pairs = [
        (ids.BOOKING_ANY, ids.BOOKING_ALL),
        (ids.BOOKING_MANAGER, ids.EXPENSE_ANY),
        (ids.EXPENSE_ONE_BY_HAND, ids.EXPENSE_DOLLARS),
    ]
    for place, pair in enumerate(pairs):
        if place == 1:
            office.productive.interceptors[BULK_STATUSES] = answers(
                404, problem("record_not_found", "Record Not Found")
            )
        results = await office.decide(*(approve(office.status_id(one)) for one in pair))
        assert results == [APPLIED] * 2
        office.productive.interceptors.clear()

    assert office.productive.calls.count(BULK_STATUSES) == 3
