"""Productive's limits: kept before they are hit, for each token by itself."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from gateway.connector import Account
from gateway.errors import UpstreamRateLimitedError
from gateway.providers.productive.connector import ProductiveConnector
from gateway.sandbox import Sandbox
from tests.providers.productive.calls import (
    MEMBERSHIPS,
    PROVEN_QUEUE,
    STATUSES,
    TARGETS,
    answers,
    graph_id,
    problem,
)
from tests.providers.productive.reading import connect, open_account
from tests.support import Client, FakeTime, RecordingTransport

USED_UP = "The provider's limit on calls is used up for now."
ONE = "query ($id: ID!) { approvalStatus(id: $id) { sourceId } }"
FIRST = {"id": graph_id("ApprovalStatus", "5001")}
SOURCES = """
{
  viewer { sources { provider ok error { code } quota { limit remaining resetsAt } } }
}
"""


async def read(connector: ProductiveConnector, calls: int) -> None:
    """Make so many calls at once, and have all their answers."""
    found = await asyncio.gather(
        *(connector.targets.get_statuses(["5001"]) for _ in range(calls))
    )
    assert [list(one) for one in found] == [["5001"]] * calls


def quota_of(account: Account, time: FakeTime) -> tuple[int | None, int | None]:
    quota = connect(account, time).get_quota()
    assert quota is not None
    return quota.limit, quota.remaining


async def test_100_calls_leave_at_once_and_the_next_waits_ten_seconds(
    account: Account, time: FakeTime, productive: RecordingTransport
) -> None:
    connector = connect(account, time)

    await read(connector, 100)
    assert time.slept == []
    await read(connector, 1)

    # Calls are counted as they leave, and arrive a little apart.
    assert time.slept == [10.5]
    assert len(productive.calls) == 101


@pytest.mark.parametrize("seconds", [0.0, 3.7, 7.3, 9.9])
async def test_none_is_refused_upstream_wherever_its_windows_begin(
    account: Account, time: FakeTime, productive: RecordingTransport, seconds: float
) -> None:
    """The simulator counts as well, in fixed windows (A)."""
    time.advance(seconds)
    connector = connect(account, time)

    with capture_logs() as logs:
        for _ in range(3):
            await read(connector, 60)
            time.advance(1.3)
            await read(connect(account, time), 40)

    calls = [line for line in logs if line["event"] == "upstream_call"]
    assert [line["status"] for line in calls] == [200] * 300
    assert time.slept == [pytest.approx(9.2)] * 2
    assert len(productive.calls) == 300


async def test_who_would_wait_longer_than_the_operation_lasts_is_told_so(
    account: Account, time: FakeTime, productive: RecordingTransport
) -> None:
    connector = connect(account, time)
    for _ in range(3):
        await read(connector, 100)
    assert time.slept == [10.5, 10.5]

    with pytest.raises(UpstreamRateLimitedError) as raised:
        await read(connector, 1)

    assert raised.value.message == USED_UP
    # Four seconds are left of the operation's 25.
    assert raised.value.retry_after_seconds == 11
    assert len(productive.calls) == 300


async def test_4000_calls_in_half_an_hour_are_kept_and_the_next_is_not_sent(
    account: Account, time: FakeTime, productive: RecordingTransport
) -> None:
    only = answers(404, problem("record_not_found", "Record Not Found"))
    productive.interceptors[f"{STATUSES}/1"] = only
    for _ in range(40):
        targets = connect(account, time).targets
        await asyncio.gather(*(targets.get_statuses(["1"]) for _ in range(100)))
        time.advance(10.5)
    assert len(productive.calls) == 4_000
    assert time.slept == []
    assert quota_of(account, time) == (4_000, 0)
    productive.clear()

    with pytest.raises(UpstreamRateLimitedError) as raised:
        await read(connect(account, time), 1)

    # 40 times 10.5 seconds have passed of 1800.5.
    assert raised.value.retry_after_seconds == 1_381
    assert raised.value.message == USED_UP
    assert productive.calls == []
    time.advance(1_380.5)
    assert quota_of(account, time) == (4_000, 100)
    await read(connect(account, time), 1)
    assert productive.calls == [f"{STATUSES}/5001"]


class TestOfOneToken:
    async def test_another_persons_calls_are_their_own(
        self,
        account: Account,
        sandbox: Sandbox,
        time: FakeTime,
        productive: RecordingTransport,
    ) -> None:
        other = open_account(sandbox, time, productive, person="auditor")
        await read(connect(account, time), 100)

        await read(connect(other, time), 1)

        assert time.slept == []
        assert quota_of(account, time) == (4_000, 3_900)
        assert quota_of(other, time) == (4_000, 3_999)

    async def test_429_holds_back_the_calls_of_its_token_alone(
        self, client: Client, productive: RecordingTransport
    ) -> None:
        call = f"{STATUSES}/5001"
        productive.interceptors[call] = answers(
            429, problem("", "Too many requests"), Retry_After="120"
        )
        body = await client.execute(ONE, FIRST, person="controller")
        assert body["errors"][0]["extensions"]["retryAfterSeconds"] == 120
        productive.clear()
        del productive.interceptors[call]

        again = await client.execute(ONE, FIRST, person="controller")
        other = await client.execute(ONE, FIRST, person="auditor")

        assert again["errors"][0]["extensions"]["code"] == "UPSTREAM_RATE_LIMITED"
        assert other == {"data": {"approvalStatus": {"sourceId": "5001"}}}
        assert productive.calls == [call]


def find_source(body: dict[str, Any]) -> dict[str, Any]:
    """Return what is told of Productive where the queues are read."""
    [source] = [
        one
        for one in body["data"]["viewer"]["sources"]
        if one["provider"] == "PRODUCTIVE"
    ]
    assert isinstance(source, dict)
    return source


class TestQuota:
    async def test_what_is_left_of_the_half_hour_is_told_with_the_sources(
        self,
        client: Client,
        time: FakeTime,
        productive: RecordingTransport,
        switch_accounteer: Callable[..., None],
    ) -> None:
        # What it has takes more than the calls of a second, and moves the time.
        switch_accounteer(fault="html")
        await client.execute(ONE, FIRST)
        await client.execute(ONE, FIRST)
        time.advance(60)

        body = await client.execute(SOURCES)

        source = find_source(body)
        # Two calls a minute ago, and those of the queue.
        assert productive.calls == [
            *[f"{STATUSES}/5001"] * 2,
            MEMBERSHIPS,
            *PROVEN_QUEUE,
        ]
        assert source == {
            "provider": "PRODUCTIVE",
            "ok": True,
            "error": None,
            "quota": {
                "limit": 4_000,
                "remaining": 3_992,
                "resetsAt": "2026-11-02T18:31:00.500000+00:00",
            },
        }

    async def test_a_limit_that_is_spent_fails_the_sources_and_sends_nothing(
        self, client: Client, productive: RecordingTransport
    ) -> None:
        await client.execute(SOURCES)
        for call in TARGETS:
            productive.interceptors[call] = answers(
                429, problem("", "Too many requests"), Retry_After="90"
            )
        await client.execute(SOURCES)
        productive.clear()

        body = await client.execute(SOURCES)

        source = find_source(body)
        assert source["ok"] is False
        assert source["error"] == {"code": "UPSTREAM_RATE_LIMITED"}
        assert source["quota"]["remaining"] == 0
        assert productive.calls == []

    async def test_nothing_made_is_all_left(
        self, account: Account, time: FakeTime
    ) -> None:
        quota = connect(account, time).get_quota()

        assert quota is not None
        assert (quota.limit, quota.remaining, quota.resets_at) == (4_000, 4_000, None)
