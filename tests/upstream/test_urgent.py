"""Calls that are urgent: they wait for a limit behind at most one that is not."""

import asyncio

import pytest

from gateway.errors import UpstreamRateLimitedError
from gateway.upstream import Call, Deadline, Limit, Session, Upstream, Window
from tests.support import FakeTime
from tests.upstream.scripted import (
    USED_UP,
    limited,
    read,
    settle,
    told,
    write,
)
from tests.upstream.stamped import (
    HeldTime,
    numbered,
    open_stamped,
    person_with,
    window,
)


def urgent(number: int) -> Call:
    return Call(method="POST", path=f"/urgent/{number}", is_urgent=True)


def start_read(
    upstream: Upstream, person: Session, number: int
) -> "asyncio.Task[object]":
    return asyncio.create_task(
        read(upstream, numbered(number), session=person, seconds=300.0)
    )


def start_urgent(
    upstream: Upstream, person: Session, number: int, seconds: float = 30.0
) -> "asyncio.Task[object]":
    sent = write(upstream, urgent(number), session=person, seconds=seconds)
    return asyncio.create_task(sent)


async def test_one_that_is_urgent_waits_behind_one_that_is_not(
    held: HeldTime,
) -> None:
    upstream, transport = open_stamped(held)
    person = person_with(held.clock, window(1))
    calls = [start_read(upstream, person, n) for n in range(5)]
    await settle()

    calls.append(start_urgent(upstream, person, 0))
    await settle()
    for _ in range(5):
        await held.pass_by(10.0)

    assert transport.paths == ["/0", "/1", "/urgent/0", "/2", "/3", "/4"]
    assert transport.left_at == [0.0, 10.0, 20.0, 30.0, 40.0, 50.0]
    await asyncio.gather(*calls)


async def test_those_that_are_urgent_leave_in_the_order_of_their_arrival(
    held: HeldTime,
) -> None:
    upstream, transport = open_stamped(held)
    person = person_with(held.clock, window(2))
    calls = [start_read(upstream, person, n) for n in range(6)]
    await settle()

    calls += [start_urgent(upstream, person, n) for n in range(3)]
    await settle()
    for _ in range(4):
        await held.pass_by(10.0)

    assert transport.paths == [
        *("/0", "/1"),
        *("/2", "/urgent/0"),
        *("/urgent/1", "/urgent/2"),
        *("/3", "/4"),
        "/5",
    ]
    await asyncio.gather(*calls)


async def test_between_two_that_are_urgent_one_read_leaves_at_most(
    held: HeldTime,
) -> None:
    """Each comes when the one before has left, as a decision after the other does."""
    upstream, transport = open_stamped(held)
    person = person_with(held.clock, window(1))
    calls = [start_read(upstream, person, n) for n in range(6)]
    await settle()

    for number in range(3):
        calls.append(start_urgent(upstream, person, number))
        await settle()
        while not calls[-1].done():
            await held.pass_by(10.0)

    assert transport.paths == [
        *("/0", "/1", "/urgent/0"),
        *("/2", "/urgent/1"),
        *("/3", "/urgent/2"),
    ]
    for _ in range(3):
        await held.pass_by(10.0)
    await asyncio.gather(*calls)


async def test_one_that_is_urgent_is_not_told_of_a_line_that_is_too_long(
    held: HeldTime,
) -> None:
    upstream, transport = open_stamped(held)
    person = person_with(held.clock, window(1))
    calls = [start_read(upstream, person, n) for n in range(3)]
    await settle()

    with pytest.raises(UpstreamRateLimitedError):
        await read(upstream, session=person, seconds=30.0)
    calls.append(start_urgent(upstream, person, 0, seconds=30.0))
    await settle()
    for _ in range(3):
        await held.pass_by(10.0)

    assert transport.paths == ["/0", "/1", "/urgent/0", "/2"]
    await asyncio.gather(*calls)


async def test_one_that_is_urgent_leaves_at_once_where_there_is_room(
    time: FakeTime,
) -> None:
    upstream, transport = open_stamped(time)
    person = person_with(time.clock, window(2))

    await write(upstream, urgent(0), session=person)

    assert (transport.left_at, time.slept) == ([0.0], [])


async def test_one_that_is_urgent_is_counted_as_any_other(time: FakeTime) -> None:
    upstream, transport = open_stamped(time)
    person = person_with(time.clock, window(2))

    for number in range(3):
        await write(upstream, urgent(number), session=person)
    await read(upstream, session=person)

    assert transport.left_at == [0.0, 0.0, 10.0, 10.0]


@pytest.mark.parametrize(("seconds", "wait"), [(10.0, 10), (3.0, 10)])
async def test_a_window_that_opens_after_the_deadline_holds_it_back_at_once(
    time: FakeTime, seconds: float, wait: int
) -> None:
    upstream, transport = open_stamped(time)
    person = person_with(time.clock, window(1))
    await read(upstream, session=person)

    with pytest.raises(UpstreamRateLimitedError) as held_back:
        await write(upstream, urgent(0), session=person, seconds=seconds)

    assert held_back.value.message == USED_UP
    assert held_back.value.retry_after_seconds == wait
    assert transport.paths == ["/things"]
    assert time.slept == []


async def test_a_deadline_that_passes_behind_another_holds_it_back(
    held: HeldTime,
) -> None:
    upstream, transport = open_stamped(held)
    person = person_with(held.clock, window(1))
    calls = [start_read(upstream, person, n) for n in range(2)]
    await settle()
    late = start_urgent(upstream, person, 0, seconds=5.0)
    await settle()

    await held.pass_by(5.0)

    assert isinstance(late.exception(), UpstreamRateLimitedError)
    await held.pass_by(5.0)
    assert transport.paths == ["/0", "/1"]
    await asyncio.gather(*calls)


async def test_a_limit_that_is_spent_holds_it_back_too(time: FakeTime) -> None:
    upstream, transport = open_stamped(time, told(429, "120"))
    person = person_with(time.clock, window(5))
    with pytest.raises(UpstreamRateLimitedError):
        await read(upstream, session=person)

    with pytest.raises(UpstreamRateLimitedError) as held_back:
        await write(upstream, urgent(0), session=person)

    assert held_back.value.retry_after_seconds == 120
    assert transport.paths == ["/things"]


async def test_a_limit_that_is_spent_meanwhile_holds_back_those_in_line(
    held: HeldTime,
) -> None:
    upstream, transport = open_stamped(held)
    person = person_with(held.clock, window(1))
    calls = [start_read(upstream, person, n) for n in range(2)]
    await settle()
    waiting = start_urgent(upstream, person, 0)
    await settle()

    assert person.limit is not None
    person.limit.spend(limited(300))
    for _ in range(2):
        await held.pass_by(10.0)

    error = waiting.exception()
    assert isinstance(error, UpstreamRateLimitedError)
    assert (error.message, error.retry_after_seconds) == ("Spent.", 290)
    assert transport.paths == ["/0"]
    await asyncio.gather(*calls, return_exceptions=True)


async def test_one_that_is_cancelled_leaves_its_place_to_the_next(
    held: HeldTime,
) -> None:
    upstream, transport = open_stamped(held)
    person = person_with(held.clock, window(1))
    calls = [start_read(upstream, person, n) for n in range(3)]
    await settle()
    gone, stays = (start_urgent(upstream, person, n) for n in range(2))
    await settle()

    gone.cancel()
    await settle()
    for _ in range(3):
        await held.pass_by(10.0)

    assert transport.paths == ["/0", "/1", "/urgent/1", "/2"]
    assert gone.cancelled()
    await asyncio.gather(*calls, stays)


async def test_without_windows_nobody_waits(time: FakeTime) -> None:
    limit = Limit("ALPHA", time.clock)
    deadline = Deadline(30.0, time.clock)

    async with limit.turn(deadline), limit.turn(deadline, is_urgent=True):
        limit.take()

    assert time.slept == []


async def test_a_long_window_that_is_full_holds_it_back(time: FakeTime) -> None:
    upstream, transport = open_stamped(time)
    long = Window(calls=1, seconds=1800.0, is_waited_for=False)
    person = person_with(time.clock, window(5), long)
    await read(upstream, session=person)

    with pytest.raises(UpstreamRateLimitedError) as held_back:
        await write(upstream, urgent(0), session=person)

    assert held_back.value.retry_after_seconds == 1800
    assert transport.paths == ["/things"]
