"""What Accounteer is spared: calls by time, calls at once, and waits after a 429."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from gateway.providers.accounteer.simulator.state import State
from tests.providers.accounteer.calls import (
    INVOICES,
    Row,
    answers,
    approve_call,
    fault,
    fault_of,
    graph_id,
    read_call,
    tokens,
)
from tests.providers.accounteer.reading import (
    LIST,
    fill,
    in_order,
    read_ids,
)
from tests.providers.accounteer.signing_in import NOBODY, NOT_FOUND
from tests.support import Client, FakeTime, Handler, RecordingTransport, never_arrives

SALES = {"kinds": ["INVOICE"]}
ONE_CALL = "GET /invoices/" + "f" * 40


class Times:
    """When each call left, by the clock of the tests."""

    def __init__(self, accounteer: RecordingTransport, time: FakeTime) -> None:
        self.seen: list[tuple[float, str]] = []
        self._time = time
        accounteer.interceptors[ONE_CALL] = self._record

    async def _record(
        self, request: httpx.Request, upstream: Handler
    ) -> httpx.Response:
        token = request.headers["authorization"].removeprefix("Bearer ")
        self.seen.append((self._time.seconds, token))
        return await upstream(request)

    def of(self, token: str) -> list[float]:
        return [at for at, whose in self.seen if whose == token]


async def test_two_calls_leave_in_any_second(
    client: Client, accounteer: RecordingTransport, time: FakeTime
) -> None:
    """3.5: 2 calls a second per token."""
    started = time.seconds

    bodies = await asyncio.gather(*(client.execute(NOBODY) for _ in range(9)))

    assert bodies == [NOT_FOUND] * 9
    assert accounteer.calls == [ONE_CALL] * 9
    # Two at once, and two after each of four seconds.
    assert time.slept == [1.0] * 4
    assert time.seconds - started == 4


async def test_two_tokens_count_apart(
    client: Client, accounteer: RecordingTransport, time: FakeTime
) -> None:
    times = Times(accounteer, time)
    started = time.seconds

    await asyncio.gather(
        *(
            client.execute(NOBODY, person=person)
            for person in ("buyer", "clerk")
            for _ in range(2)
        )
    )

    assert len(set(tokens(accounteer))) == 2
    assert [len(times.of(one)) for one in sorted(set(tokens(accounteer)))] == [2, 2]
    assert {at for at, _ in times.seen} == {started}


async def test_four_calls_are_under_way_at_most(
    client: Client, accounteer: RecordingTransport
) -> None:
    """3.5: 4 in flight, over all tokens."""
    gate = asyncio.Event()

    async def wait(request: httpx.Request, upstream: Handler) -> httpx.Response:
        await gate.wait()
        return await upstream(request)

    accounteer.interceptors[ONE_CALL] = wait
    asked = [
        asyncio.create_task(client.execute(NOBODY, person=person))
        for person in ("buyer", "clerk", "controller", "visitor")
        for _ in range(2)
    ]
    for _ in range(300):
        await asyncio.sleep(0)
    under_way = len(accounteer.calls)
    gate.set()

    assert await asyncio.gather(*asked) == [NOT_FOUND] * 8
    assert (under_way, accounteer.most_in_flight) == (4, 4)


async def test_a_list_waits_for_its_turn(
    client: Client,
    state: State,
    accounteer: RecordingTransport,
    switch_accounteer: Callable[..., None],
    time: FakeTime,
) -> None:
    switch_accounteer(paging=True)
    made = fill(state, 500, a_day=500)
    started = time.seconds

    found = await read_ids(client, SALES)

    assert found == in_order(made)[:100]
    # Six pages and a name, two a second.
    assert len(accounteer.calls) == 7
    assert time.seconds - started == 3


async def test_a_429_with_a_time_is_waited_for(
    client: Client,
    state: State,
    accounteer: RecordingTransport,
    switch_accounteer: Callable[..., None],
    time: FakeTime,
) -> None:
    made = fill(state, 3)
    switch_accounteer(fault="throttled", fault_calls=("list_invoices",), fault_times=2)

    assert await read_ids(client, SALES) == in_order(made)

    assert accounteer.calls[:3] == [INVOICES] * 3
    assert time.slept[:2] == [1.0, 1.0]


async def test_a_429_without_a_time_is_waited_for_longer_each_time(
    client: Client,
    state: State,
    switch_accounteer: Callable[..., None],
    time: FakeTime,
) -> None:
    """3.5: back-off 1, 2, … with jitter."""
    made = fill(state, 3)
    switch_accounteer(
        fault="throttled_without_hint", fault_calls=("list_invoices",), fault_times=2
    )

    assert await read_ids(client, SALES) == in_order(made)

    first, second = time.slept[:2]
    assert 1 <= first <= 2
    assert 2 <= second <= 3


@pytest.mark.parametrize(
    ("kind", "told"),
    [("throttled", {"retryAfterSeconds": 1}), ("throttled_without_hint", {})],
)
async def test_a_429_that_stays_is_a_fault(
    client: Client,
    accounteer: RecordingTransport,
    switch_accounteer: Callable[..., None],
    kind: str,
    told: Row,
) -> None:
    switch_accounteer(fault=kind)

    body = await client.execute(NOBODY)

    assert fault_of(body) == fault("UPSTREAM_RATE_LIMITED", retryable=True, **told)
    assert accounteer.calls == [ONE_CALL] * 3


async def test_a_limit_that_is_spent_for_long_is_not_asked_again(
    client: Client, accounteer: RecordingTransport, time: FakeTime
) -> None:
    accounteer.interceptors[ONE_CALL] = answers(429, b"", retry_after="120")

    first = await client.execute(NOBODY)
    time.advance(100)
    second = await client.execute(NOBODY)

    rate_limited = "UPSTREAM_RATE_LIMITED"
    assert fault_of(first) == fault(rate_limited, retryable=True, retryAfterSeconds=120)
    assert fault_of(second) == fault(rate_limited, retryable=True, retryAfterSeconds=20)
    assert accounteer.calls == [ONE_CALL]
    accounteer.interceptors.clear()
    time.advance(20)
    assert await client.execute(NOBODY) == NOT_FOUND


async def test_the_simulators_own_limit_is_kept_by_waiting(
    client: Client,
    accounteer: RecordingTransport,
    switch_accounteer: Callable[..., None],
) -> None:
    """3.5: 60 a minute is less than 2 a second."""
    switch_accounteer(rate_limit=20)

    bodies = await asyncio.gather(*(client.execute(NOBODY) for _ in range(30)))

    refused = [one for one in bodies if one != NOT_FOUND]
    assert len(bodies) - len(refused) >= 20
    assert {fault_of(one)["code"] for one in refused} <= {"UPSTREAM_RATE_LIMITED"}


async def test_a_wait_past_the_deadline_is_this_providers_fault_alone(
    client: Client, state: State, accounteer: RecordingTransport
) -> None:
    fill(state, 1)
    accounteer.interceptors[INVOICES] = answers(429, b"", retry_after="59")
    variables: dict[str, Any] = {"first": 5, "filter": {"kinds": ["INVOICE", "BILL"]}}

    body = await client.execute(LIST, variables)

    sources = {one["provider"]: one for one in body["data"]["invoices"]["sources"]}
    assert sources["ACCOUNTEER"]["ok"] is False
    assert sources["ACCOUNTEER"]["error"]["code"] == "UPSTREAM_RATE_LIMITED"
    assert sources["BILL"]["ok"] is True
    assert len(body["data"]["invoices"]["edges"]) == 5
    assert accounteer.calls == [INVOICES]


async def test_who_stands_in_a_line_that_is_too_long_is_told_at_once(
    client: Client, accounteer: RecordingTransport, time: FakeTime
) -> None:
    started = time.seconds

    bodies = await asyncio.gather(*(client.execute(NOBODY) for _ in range(60)))

    refused = [fault_of(one) for one in bodies if one != NOT_FOUND]
    # Two a second, over the 25 seconds of a request.
    assert len(refused) == 10
    assert {one["code"] for one in refused} == {"UPSTREAM_RATE_LIMITED"}
    assert len(accounteer.calls) == 50
    assert time.seconds - started < 25


async def test_a_provider_that_does_not_answer_is_a_fault_in_time(
    client: Client, accounteer: RecordingTransport, time: FakeTime
) -> None:
    accounteer.interceptors[ONE_CALL] = never_arrives
    started = time.seconds

    body = await client.execute(NOBODY)

    assert fault_of(body) == fault("UPSTREAM_UNAVAILABLE", retryable=True)
    assert accounteer.calls == [ONE_CALL] * 3
    assert time.seconds - started < 25


async def test_a_write_waits_behind_one_read_at_most(
    client: Client, state: State, accounteer: RecordingTransport
) -> None:
    """What was looked at right before is not to grow old in a line of others' reads."""
    draft = state.add_invoice()
    wanted = {"input": {"id": graph_id(draft)}}
    approve = "mutation ($input: ApproveInput!) { approve(input: $input) { outcome } }"
    deciding = asyncio.create_task(client.execute(approve, wanted))
    reads = [asyncio.create_task(client.execute(NOBODY)) for _ in range(30)]

    assert await deciding == {"data": {"approve": {"outcome": "APPLIED"}}}
    assert await asyncio.gather(*reads) == [NOT_FOUND] * 30

    look = accounteer.calls.index(read_call(draft))
    write = accounteer.calls.index(approve_call(draft))
    # Reads that were under way as it came, and the one that was first in line.
    assert write - look <= 3
    assert len(accounteer.calls) == 32


async def test_a_token_that_is_refused_is_not_sent_by_who_stands_in_line(
    client: Client,
    accounteer: RecordingTransport,
    switch_accounteer: Callable[..., None],
) -> None:
    switch_accounteer(fault="unauthorised")

    bodies = await asyncio.gather(*(client.execute(NOBODY) for _ in range(20)))

    assert [fault_of(one) for one in bodies] == [fault("UPSTREAM_AUTH_FAILED")] * 20
    # What was under way, and who was next.
    assert len(accounteer.calls) <= 5
