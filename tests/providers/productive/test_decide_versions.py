"""Decisions on what has, and on what has not, the version that was looked at."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from gateway.providers.productive.simulator import situations as ids
from gateway.providers.productive.simulator.directory import CONTROLLER
from gateway.providers.productive.simulator.objects import Booking, Expense, TimeEntry
from tests.providers.productive.calls import ENTRIES, MEMBERSHIPS, before, changes
from tests.providers.productive.deciding import (
    BOTH,
    UNCHANGED,
    Office,
    refusal,
)
from tests.providers.productive.many import (
    ALREADY,
    APPLIED,
    BULK_ENTRIES,
    BULK_STATUSES,
    STALE,
    approve,
    bodies,
    give_entries,
    refused,
    reject,
)
from tests.support import Handler, writes

TARGETS = (ids.BOOKING_ANY, ids.ENTRY_ANY, ids.EXPENSE_ANY)
UNREAD = (
    "What it is about cannot be read, so that its version cannot be compared with "
    f"`expectedVersion`. {UNCHANGED}"
)
EACH = pytest.mark.parametrize("source_id", TARGETS)
SUBJECTS = pytest.mark.parametrize("is_target", [True, False], ids=["target", "duty"])


def _key(office: Office, source_id: str, *, is_target: bool) -> str:
    return office.id(source_id) if is_target else office.status_id(source_id)


def _change(office: Office, source_id: str) -> None:
    """Change what a person decides upon."""
    match office.target(source_id):
        case Booking() as booking:
            booking.note = "three days more"
        case TimeEntry() as entry:
            entry.time += 30
        case Expense() as expense:
            expense.amount += 1


@BOTH
@EACH
@SUBJECTS
async def test_what_has_the_version_is_decided_in_the_calls_that_it_always_takes(
    office: Office, mutation: str, source_id: str, is_target: bool
) -> None:
    version = await office.version(source_id)
    target, row = office.target(source_id), office.row(source_id)

    answer = await office.send(
        mutation,
        id=_key(office, source_id, is_target=is_target),
        expectedVersion=version,
    )

    looked_at = target if is_target else row
    type_name = target.type if is_target else "approval_statuses"
    assert (answer["outcome"], answer["userErrors"]) == ("APPLIED", [])
    assert office.productive.calls == [
        MEMBERSHIPS,
        f"GET /{type_name}/{looked_at.id}",
        office.call(mutation, source_id),
        f"GET /{target.type}/{target.id}",
    ]


@BOTH
@EACH
@SUBJECTS
async def test_what_has_another_version_is_left_alone(
    office: Office,
    untouched: Callable[[], None],
    mutation: str,
    source_id: str,
    is_target: bool,
) -> None:
    answer = await office.send(
        mutation,
        id=_key(office, source_id, is_target=is_target),
        expectedVersion="1.AAAAAAAAAAAAAAAAAAAAAA",
    )

    assert answer["outcome"] == "REFUSED"
    assert answer["userErrors"] == refusal("STALE", STALE, ["input", "expectedVersion"])
    untouched()


@BOTH
@EACH
@SUBJECTS
async def test_what_was_changed_since_it_was_looked_at_is_left_alone(
    office: Office, mutation: str, source_id: str, is_target: bool
) -> None:
    version = await office.version(source_id)
    _change(office, source_id)
    state = office.state()

    answer = await office.send(
        mutation,
        id=_key(office, source_id, is_target=is_target),
        expectedVersion=version,
    )

    assert [one["code"] for one in answer["userErrors"]] == ["STALE"]
    assert writes(office.productive) == []
    assert office.state() == state


@BOTH
@SUBJECTS
async def test_what_the_person_has_decided_so_is_done_if_it_is_what_they_looked_at(
    office: Office, untouched: Callable[[], None], mutation: str, is_target: bool
) -> None:
    source_id = {"approve": ids.BOOKING_APPROVED, "reject": ids.EXPENSE_REJECTED}
    key = _key(office, source_id[mutation], is_target=is_target)
    version = await office.version(source_id[mutation])

    answer = await office.send(mutation, id=key, expectedVersion=version)
    another = await office.send(mutation, id=key, expectedVersion="another")

    assert (answer["outcome"], answer["userErrors"]) == ("ALREADY_APPLIED", [])
    assert [one["code"] for one in another["userErrors"]] == ["STALE"]
    untouched()


@BOTH
@SUBJECTS
async def test_a_decision_of_another_is_no_change_of_what_is_decided_upon(
    office: Office, mutation: str, is_target: bool
) -> None:
    version = await office.version(ids.BOOKING_ALL)
    office.act("approve", ids.BOOKING_ALL, 1, "approver", "fine")

    answer = await office.send(
        mutation,
        id=_key(office, ids.BOOKING_ALL, is_target=is_target),
        expectedVersion=version,
    )

    assert answer["outcome"] == "APPLIED"


@BOTH
async def test_what_is_decided_meanwhile_is_a_conflict_in_spite_of_its_version(
    office: Office, mutation: str
) -> None:
    version = await office.version(ids.BOOKING_ANY)
    call = office.call(mutation, ids.BOOKING_ANY)
    office.productive.interceptors[call] = before(
        lambda: office.act("approve", ids.BOOKING_ANY, 0, "auditor", None)
    )

    answer = await office.send(
        mutation, id=office.id(ids.BOOKING_ANY), expectedVersion=version
    )

    assert [one["code"] for one in answer["userErrors"]] == ["CONFLICT"]


def _without_target(document: Any) -> Any:
    """Leave out what a person may not see; its id is told all the same."""
    seen = [one for one in document["included"] if one["type"] != "bookings"]
    return {**document, "included": seen}


@BOTH
@pytest.mark.parametrize("version", [None, "any"])
async def test_what_cannot_be_compared_is_not_decided_if_it_is_to_be(
    office: Office, mutation: str, version: str | None
) -> None:
    row = office.row(ids.BOOKING_ANY)
    look = f"GET /approval_statuses/{row.id}"
    office.productive.interceptors[look] = changes(_without_target)

    answer = await office.send(
        mutation, id=office.status_id(ids.BOOKING_ANY), expectedVersion=version
    )

    if version is None:
        assert answer["outcome"] == "APPLIED"
    else:
        assert answer["userErrors"] == refusal("CONFLICT", UNREAD)
        assert writes(office.productive) == []


def _of_another_sort(document: Any) -> Any:
    attributes = {**document["data"]["attributes"], "target_type": "deal"}
    return {**document, "data": {**document["data"], "attributes": attributes}}


@pytest.mark.parametrize("version", [None, "any"])
async def test_what_is_about_nothing_that_is_known_cannot_be_compared(
    office: Office, version: str | None
) -> None:
    row = office.row(ids.BOOKING_ANY)
    look = f"GET /approval_statuses/{row.id}"
    office.productive.interceptors[look] = changes(_of_another_sort)

    [result] = await office.decide(
        approve(office.status_id(ids.BOOKING_ANY), expectedVersion=version)
    )

    assert result == (APPLIED if version is None else refused("CONFLICT", UNREAD, 0))


@BOTH
async def test_the_version_counts_after_another_decision_was_waited_for(
    office: Office, mutation: str
) -> None:
    version = await office.version(ids.BOOKING_ALL)
    first = office.call("approve", ids.BOOKING_ALL, 0)
    second = office.call(mutation, ids.BOOKING_ALL, 1)

    async def change(request: httpx.Request, upstream: Handler) -> httpx.Response:
        response = await upstream(request)
        _change(office, ids.BOOKING_ALL)
        return response

    office.productive.interceptors[first] = change

    answers = await asyncio.gather(
        office.send(
            "approve", person="auditor", id=office.status_id(ids.BOOKING_ALL, 0)
        ),
        office.send(
            mutation,
            person="auditor",
            id=office.status_id(ids.BOOKING_ALL, 1),
            expectedVersion=version,
        ),
    )

    assert answers[0]["outcome"] == "APPLIED"
    assert [one["code"] for one in answers[1]["userErrors"]] == ["STALE"]
    assert second not in office.productive.calls


async def test_of_many_only_those_of_another_version_are_left_alone(
    office: Office,
) -> None:
    entries = give_entries(office, 6)
    versions = [await office.version(one) for one in entries]
    _change(office, entries[1])
    _change(office, entries[4])

    results = await office.decide(
        *(
            approve(office.id(one), expectedVersion=version)
            for one, version in zip(entries, versions, strict=True)
        )
    )

    stale = [refused("STALE", STALE, place, "expectedVersion") for place in range(6)]
    assert results == [APPLIED, stale[1], APPLIED, APPLIED, stale[4], APPLIED]
    assert office.productive.calls == [MEMBERSHIPS, ENTRIES, BULK_ENTRIES]
    [body] = bodies(office.productive, BULK_ENTRIES)
    sent = [entries[place] for place in (0, 2, 3, 5)]
    assert [one["id"] for one in body["data"]] == sent
    assert office.states(entries[1]) == [("PENDING", None)]


@pytest.mark.parametrize("is_target", [True, False], ids=["target", "duty"])
async def test_none_of_many_is_sent_where_all_have_another_version(
    office: Office, is_target: bool
) -> None:
    entries = give_entries(office, 4)
    state = office.state()

    results = await office.decide(
        *(
            approve(_key(office, one, is_target=is_target), expectedVersion="x")
            for one in entries
        )
    )

    assert results == [
        refused("STALE", STALE, place, "expectedVersion") for place in range(4)
    ]
    assert writes(office.productive) == []
    assert office.state() == state


async def test_duties_that_go_together_are_compared_as_well(
    office: Office, switch_productive: Callable[..., None]
) -> None:
    """C7."""
    switch_productive(bulk_status_approve=True)
    all_of = (ids.BOOKING_ANY, ids.EXPENSE_ANY, ids.BOOKING_ALL)
    versions = {one: await office.version(one) for one in all_of}
    _change(office, ids.EXPENSE_ANY)

    results = await office.decide(
        *(
            approve(office.status_id(one), expectedVersion=versions[one])
            for one in all_of
        )
    )

    stale = refused("STALE", STALE, 1, "expectedVersion")
    assert results == [APPLIED, stale, APPLIED]
    assert writes(office.productive) == [BULK_STATUSES]
    assert office.states(ids.EXPENSE_ANY) == [("PENDING", None)] * 2


async def test_what_is_changed_before_a_second_look_is_left_alone(
    office: Office,
) -> None:
    """After a refusal as a whole each is looked at, and compared, once more."""
    entries = give_entries(office, 3)
    versions = [await office.version(one) for one in entries]

    def change_and_decide() -> None:
        office.act("approve", entries[0], 0, "auditor", None)
        _change(office, entries[1])

    office.productive.interceptors[BULK_ENTRIES] = before(change_and_decide)

    results = await office.decide(
        *(
            approve(office.id(one), expectedVersion=version)
            for one, version in zip(entries, versions, strict=True)
        )
    )

    assert results[0]["userErrors"][0]["code"] == "CONFLICT"
    assert results[1:] == [refused("STALE", STALE, 1, "expectedVersion"), APPLIED]
    assert sorted(writes(office.productive)) == sorted(
        [BULK_ENTRIES, office.call("approve", entries[2])]
    )


async def test_those_that_go_one_by_one_are_compared_each(office: Office) -> None:
    versions = {one: await office.version(one) for one in TARGETS}
    _change(office, ids.ENTRY_ANY)

    results = await office.decide(
        *(
            reject(office.id(one), expectedVersion=version)
            for one, version in versions.items()
        ),
        approve(
            office.id(ids.BOOKING_APPROVED),
            expectedVersion=await office.version(ids.BOOKING_APPROVED),
        ),
    )

    stale = refused("STALE", STALE, 1, "expectedVersion")
    assert results == [APPLIED, stale, APPLIED, ALREADY]
    assert office.states(ids.BOOKING_ANY)[0] == ("REJECTED", CONTROLLER)
    assert len(writes(office.productive)) == 2
