"""Approvals that were to go together and were refused, or met those of another.

2.7: that a call for many with one bad row does nothing is assumed (A!).
"""

import asyncio
import json
from typing import Any

import httpx
import pytest

from gateway.providers.productive.simulator import situations as ids
from gateway.providers.productive.simulator.directory import AUDITOR, CONTROLLER
from tests.providers.productive.calls import (
    ENTRIES,
    MEMBERSHIPS,
    Intercept,
    answers,
    before,
    graph_id,
    problem,
)
from tests.providers.productive.deciding import NO_STATUS, UNCHANGED, Office
from tests.providers.productive.many import (
    ALREADY,
    APPLIED,
    BULK_ENTRIES,
    STALE,
    approve,
    approve_entries,
    bodies,
    give_entries,
    refused,
)
from tests.support import (
    Handler,
    never_leaves,
    writes,
)

OUTCOMES = """mutation ($input: DecideInput!) {
  decide(input: $input) { results { outcome } }
}"""


async def _fail(office: Office, entries: list[str]) -> dict[str, Any]:
    decisions = [approve(office.id(one)) for one in entries]
    return await office.client.execute(
        OUTCOMES, {"input": {"decisions": decisions}}, person="controller"
    )


def _singly(office: Office, entries: list[str]) -> list[str]:
    """Return the calls of decisions that are looked at and sent one by one."""
    looks = [f"GET /time_entries/{one}" for one in entries]
    return [*looks, *(office.call("approve", one) for one in entries)]


async def test_one_that_another_decided_meanwhile_leaves_the_rest(
    office: Office,
) -> None:
    entries = give_entries(office, 4)
    office.productive.interceptors[BULK_ENTRIES] = before(
        lambda: office.act("approve", entries[1], 0, "auditor", None)
    )

    results = await approve_entries(office, entries)

    told = f"It is approved already. {UNCHANGED}"
    assert results == [APPLIED, refused("CONFLICT", told, 1), APPLIED, APPLIED]
    rest = [entries[0], entries[2], entries[3]]
    assert office.productive.calls[:3] == [MEMBERSHIPS, ENTRIES, BULK_ENTRIES]
    assert sorted(office.productive.calls[3:]) == sorted(
        [*_singly(office, rest), f"GET /time_entries/{entries[1]}"]
    )
    assert office.states(entries[1]) == [("APPROVED", AUDITOR)]


async def test_one_that_is_gone_meanwhile_leaves_the_rest(office: Office) -> None:
    entries = give_entries(office, 3)
    keys = [office.id(one) for one in entries]
    office.productive.interceptors[BULK_ENTRIES] = before(
        lambda: office.simulator.state.time_entries.pop(entries[2])
    )

    results = await office.decide(*(approve(one) for one in keys))

    assert results[:2] == [APPLIED] * 2
    assert results[2]["userErrors"][0]["code"] == "NOT_FOUND"


@pytest.mark.parametrize(
    ("status", "code", "title"),
    [
        (400, "bad", "Bad Request"),
        (403, "access_denied", "Access Denied"),
        (404, "record_not_found", "Record Not Found"),
        (404, "route_not_found", "Route Not Found"),
        (405, "x", "Method Not Allowed"),
        (409, "x", "Conflict error"),
        (415, "x", "Unsupported Media Type"),
        (422, "invalid_attribute_value", "Invalid Attribute Value"),
        (501, "x", "Not Implemented"),
    ],
)
async def test_what_is_refused_as_a_whole_goes_one_by_one(
    office: Office, status: int, code: str, title: str
) -> None:
    entries = give_entries(office, 3)
    office.productive.interceptors[BULK_ENTRIES] = answers(status, problem(code, title))

    results = await approve_entries(office, entries)

    assert results == [APPLIED] * 3
    assert office.productive.calls[:3] == [MEMBERSHIPS, ENTRIES, BULK_ENTRIES]
    assert sorted(office.productive.calls[3:]) == sorted(_singly(office, entries))


@pytest.mark.parametrize(
    ("status", "code", "is_remembered"),
    [(404, "route_not_found", True), (405, "x", True), (409, "x", False)],
)
async def test_only_that_there_is_no_such_call_is_remembered(
    office: Office, status: int, code: str, is_remembered: bool
) -> None:
    entries = give_entries(office, 5)
    office.productive.interceptors[BULK_ENTRIES] = answers(status, problem(code, "x"))
    await approve_entries(office, entries[:2])
    del office.productive.interceptors[BULK_ENTRIES]
    office.productive.clear()

    results = await approve_entries(office, entries[2:])

    assert results == [APPLIED] * 3
    assert (BULK_ENTRIES not in office.productive.calls) is is_remembered


async def test_a_call_that_did_a_part_before_it_was_refused_is_not_repeated(
    office: Office,
) -> None:
    """That nothing is done is assumed (A!); what was is found by the look at each."""
    entries = give_entries(office, 3)

    def do_a_part() -> None:
        office.act("approve", entries[0], 0, "controller", None)

    office.productive.interceptors[BULK_ENTRIES] = before(do_a_part)

    results = await approve_entries(office, entries)

    assert results == [ALREADY, APPLIED, APPLIED]
    assert sorted(writes(office.productive)) == sorted(
        [BULK_ENTRIES, *(office.call("approve", one) for one in entries[1:])]
    )


@pytest.mark.parametrize(
    ("intercept", "code"),
    [
        (never_leaves, "UPSTREAM_UNAVAILABLE"),
        (answers(429, {"errors": []}), "UPSTREAM_RATE_LIMITED"),
        (answers(401, problem("x", "x")), "UPSTREAM_AUTH_FAILED"),
    ],
)
async def test_what_surely_did_not_happen_is_an_error_for_each(
    office: Office, intercept: Intercept, code: str
) -> None:
    entries = give_entries(office, 2)
    state = office.state()
    office.productive.interceptors[BULK_ENTRIES] = intercept

    body = await _fail(office, entries)

    assert body["data"] == {"decide": {"results": [None, None]}}
    assert [error["path"][-1] for error in body["errors"]] == [0, 1]
    for error in body["errors"]:
        assert error["extensions"]["code"] == code
        assert error["extensions"]["retryable"] is True
    assert writes(office.productive) == [BULK_ENTRIES]
    assert office.state() == state


async def test_entries_that_cannot_be_read_leave_the_rest(office: Office) -> None:
    entries = give_entries(office, 2)
    office.productive.interceptors[ENTRIES] = answers(502, b"<h1>Bad Gateway</h1>")
    others = [office.status_id(one) for one in (ids.BOOKING_ANY, ids.EXPENSE_ANY)]
    decisions = [approve(one) for one in (*map(office.id, entries), *others)]

    body = await office.client.execute(
        OUTCOMES, {"input": {"decisions": decisions}}, person="controller"
    )

    applied = {"outcome": "APPLIED"}
    assert body["data"] == {"decide": {"results": [None, None, applied, applied]}}
    for error in body["errors"]:
        assert error["extensions"]["code"] == "UPSTREAM_UNAVAILABLE"
    assert BULK_ENTRIES not in office.productive.calls


async def test_a_list_that_is_refused_leaves_each_to_be_looked_at_by_itself(
    office: Office,
) -> None:
    entries = give_entries(office, 2)
    office.productive.interceptors[ENTRIES] = answers(
        403, problem("access_denied", "Access Denied")
    )

    results = await approve_entries(office, entries)

    assert results == [APPLIED] * 2
    assert sorted(office.productive.calls[2:]) == sorted(_singly(office, entries))


async def test_duties_on_entries_that_cannot_be_read_go_by_themselves(
    office: Office,
) -> None:
    entries = give_entries(office, 2)
    office.productive.interceptors[ENTRIES] = answers(502, b"<h1>Bad Gateway</h1>")

    results = await office.decide(*(approve(office.status_id(one)) for one in entries))

    assert results == [APPLIED] * 2
    assert BULK_ENTRIES not in office.productive.calls


async def test_a_duty_that_is_replaced_between_two_reads_is_not_sent(
    office: Office,
) -> None:
    entries = give_entries(office, 3)
    keys = [office.status_id(one) for one in entries]

    def replace() -> None:
        if office.row(entries[0]).approved_at is None:
            office.act("approve", entries[0], 0, "controller", None)
            office.unapprove(entries[0])

    office.productive.interceptors[ENTRIES] = before(replace)

    results = await office.decide(
        *(approve(one) for one in keys),
        approve(graph_id("ApprovalStatus", "999999")),
    )

    assert results == [
        refused("NOT_FOUND", NO_STATUS, 0, "id"),
        APPLIED,
        APPLIED,
        refused("NOT_FOUND", NO_STATUS, 3, "id"),
    ]
    assert writes(office.productive) == [BULK_ENTRIES]
    assert office.states(entries[0]) == [("PENDING", None)]


async def test_whom_roles_await_need_not_be_told_for_duties(office: Office) -> None:
    async def answer(request: httpx.Request, upstream: Handler) -> httpx.Response:
        if "awaiting" in str(request.url):
            return httpx.Response(502, content=b"<h1>Bad Gateway</h1>")
        return await upstream(request)

    office.productive.interceptors[ENTRIES] = answer
    pair = (ids.ENTRY_BUDGET_OWNER, ids.ENTRY_UNAPPROVED)

    results = await office.decide(
        *(approve(office.status_id(one)) for one in pair), person="accountant"
    )

    assert results == [APPLIED] * 2
    assert BULK_ENTRIES not in office.productive.calls


async def test_two_requests_at_once_send_each_approval_once(office: Office) -> None:
    entries = give_entries(office, 10)

    answers_ = await asyncio.gather(
        approve_entries(office, entries), approve_entries(office, entries[::-1])
    )

    assert sorted(answers_, key=str) == [[ALREADY] * 10, [APPLIED] * 10]
    # The second looks again after it has waited, at all of them at once.
    assert office.productive.calls == [
        MEMBERSHIPS,
        ENTRIES,
        ENTRIES,
        BULK_ENTRIES,
        ENTRIES,
    ]


async def test_requests_that_overlap_neither_wait_for_ever_nor_decide_twice(
    office: Office,
) -> None:
    entries = give_entries(office, 9)
    groups = (entries[:6], entries[3:][::-1], entries[1:8:2])

    async with asyncio.timeout(30):
        parts = await asyncio.gather(
            *(approve_entries(office, group) for group in groups),
            *(office.send("approve", id=office.id(one)) for one in entries[:3]),
        )

    outcomes = [one["outcome"] for part in parts[:3] for one in part]
    outcomes += [one["outcome"] for one in parts[3:]]
    assert outcomes.count("APPLIED") == 9
    assert outcomes.count("ALREADY_APPLIED") == len(outcomes) - 9
    for one in entries:
        assert office.states(one) == [("APPROVED", CONTROLLER)]


async def test_a_version_that_is_otherwise_after_waiting_is_not_sent(
    office: Office,
) -> None:
    """What was looked at before the wait is looked at again."""
    entries = give_entries(office, 3)
    versions = {one: await office.version(one) for one in entries}

    async def change(request: httpx.Request, upstream: Handler) -> httpx.Response:
        # As the first request has all its locks, and the second waits for them.
        asked = [one["id"] for one in json.loads(request.content)["data"]]
        response = await upstream(request)
        if asked == entries[:2]:
            office.simulator.state.time_entries[entries[2]].time += 30
        return response

    office.productive.interceptors[BULK_ENTRIES] = change

    first, second = await asyncio.gather(
        approve_entries(office, entries[:2]),
        office.decide(
            *(
                approve(office.id(one), expectedVersion=versions[one])
                for one in entries[1:]
            )
        ),
    )

    assert first == [APPLIED] * 2
    assert second == [ALREADY, refused("STALE", STALE, 1, "expectedVersion")]
    assert len(bodies(office.productive, BULK_ENTRIES)) == 1
    assert office.states(entries[2]) == [("PENDING", None)]
