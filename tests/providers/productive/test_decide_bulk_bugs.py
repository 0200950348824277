"""A bug among several decisions: what goes apart, or in another call, stands."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from gateway.providers.productive.simulator import situations as ids
from tests.providers.productive.deciding import DECIDE, Office
from tests.providers.productive.many import (
    APPLIED,
    BULK_ENTRIES,
    BULK_STATUSES,
    approve,
    give_entries,
    reject,
)
from tests.support import Handler, writes


async def break_down(request: httpx.Request, upstream: Handler) -> httpx.Response:
    """Let Productive work, and fail as no provider does."""
    await upstream(request)
    raise ZeroDivisionError


async def decide(office: Office, *decisions: dict[str, Any]) -> tuple[Any, Any]:
    """Return the whole answer, and outcome and code of each line of the log."""
    variables = {"input": {"decisions": list(decisions)}}
    with capture_logs() as logs:
        body = await office.client.execute(DECIDE, variables, person="controller")
    lines = [one for one in logs if one["event"] == "decision"]
    assert [one["target"] for one in lines] == [one["id"] for one in decisions]
    return body, [(one["outcome"], one.get("code")) for one in lines]


def check_bugs(body: Any, places: list[int]) -> None:
    """Hold that a bug ended those at *places*, and no others."""
    assert [error["path"] for error in body["errors"]] == [
        ["decide", "results", place] for place in places
    ]
    for error in body["errors"]:
        assert error["message"] == "Unexpected error."
        assert error["extensions"] == {
            "code": "INTERNAL_SERVER_ERROR",
            "retryable": False,
            "requestId": body["extensions"]["requestId"],
        }


BUG = (None, "INTERNAL_SERVER_ERROR")
DONE = ("APPLIED", None)


async def test_a_bug_in_what_goes_together_leaves_what_goes_apart(
    office: Office,
) -> None:
    entries = give_entries(office, 5)
    office.productive.interceptors[BULK_ENTRIES] = break_down

    body, lines = await decide(
        office,
        approve(office.id(entries[0])),
        reject(office.id(entries[1])),
        approve(office.id(entries[2])),
        approve(office.id(entries[3]), note="fine"),
        approve(office.id(entries[4])),
    )

    assert body["data"]["decide"]["results"] == [None, APPLIED, None, APPLIED, None]
    check_bugs(body, [0, 2, 4])
    assert lines == [BUG, DONE, BUG, DONE, BUG]
    # Nothing that may have happened is sent again.
    assert sorted(writes(office.productive)) == sorted(
        [
            BULK_ENTRIES,
            office.call("reject", entries[1]),
            office.call("approve", entries[3]),
        ]
    )


async def test_a_bug_in_what_goes_apart_leaves_what_goes_together(
    office: Office,
) -> None:
    entries = give_entries(office, 4)
    office.productive.interceptors[office.call("reject", entries[1])] = break_down

    body, lines = await decide(
        office,
        approve(office.id(entries[0])),
        reject(office.id(entries[1])),
        approve(office.id(entries[2])),
        reject(office.id(entries[3])),
    )

    assert body["data"]["decide"]["results"] == [APPLIED, None, APPLIED, APPLIED]
    check_bugs(body, [1])
    assert lines == [DONE, BUG, DONE, DONE]
    assert len(writes(office.productive)) == 3


@pytest.mark.parametrize(
    ("broken", "ended"),
    [
        (BULK_ENTRIES, [None, APPLIED, None, APPLIED]),
        (BULK_STATUSES, [APPLIED, None, APPLIED, None]),
    ],
)
async def test_a_bug_in_one_call_for_several_leaves_the_other(
    office: Office,
    switch_productive: Callable[..., None],
    broken: str,
    ended: list[dict[str, Any] | None],
) -> None:
    switch_productive(bulk_status_approve=True)
    first, second = give_entries(office, 2)
    office.productive.interceptors[broken] = break_down

    body, lines = await decide(
        office,
        approve(office.id(first)),
        approve(office.status_id(ids.BOOKING_ANY)),
        approve(office.id(second)),
        approve(office.status_id(ids.BOOKING_ALL)),
    )

    assert body["data"]["decide"]["results"] == ended
    check_bugs(body, [place for place, one in enumerate(ended) if one is None])
    assert lines == [BUG if one is None else DONE for one in ended]
    assert sorted(writes(office.productive)) == [BULK_STATUSES, BULK_ENTRIES]
