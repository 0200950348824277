"""Calls that wait, in order, until the windows of their person's limit have room."""

import asyncio
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import (
    GatewayError,
    UpstreamRateLimitedError,
    UpstreamTimeoutError,
)
from gateway.upstream import (
    Clock,
    Grant,
    Limit,
    Session,
    Upstream,
    UpstreamPolicy,
    Verdict,
    Window,
)
from tests.support import FakeTime
from tests.upstream.scripted import (
    BODY_DIALECT,
    DIALECT,
    SIGN_IN,
    USED_UP,
    Create,
    Run,
    Scripted,
    SignIns,
    limited,
    read,
    said,
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

# As Productive grants them ("Rate limits").
SHORT = Window(calls=100, seconds=10.0, is_waited_for=True)
LONG = Window(calls=4000, seconds=1800.0, is_waited_for=False)


def _refused(result: object) -> tuple[str, int | None]:
    assert type(result) is UpstreamRateLimitedError
    return result.message, result.retry_after_seconds


# Waiting


@pytest.mark.parametrize("in_flight", [1, 50, 300])
async def test_of_250_calls_a_hundred_leave_at_once_and_after_each_ten_seconds(
    time: FakeTime, in_flight: int
) -> None:
    upstream, transport = open_stamped(time, in_flight=in_flight)
    person = person_with(time.clock, SHORT, LONG)

    await asyncio.gather(*(read(upstream, session=person) for _ in range(250)))

    assert Counter(transport.left_at) == {0.0: 100, 10.0: 100, 20.0: 50}
    assert time.slept == [10.0, 10.0]


async def test_of_250_calls_as_many_leave_when_only_a_test_moves_the_time(
    held: HeldTime,
) -> None:
    upstream, transport = open_stamped(held, in_flight=300)
    person = person_with(held.clock, SHORT, LONG)
    sent = []

    reads = [asyncio.create_task(read(upstream, session=person)) for _ in range(250)]
    for step in (0.0, 9.5, 0.5, 9.5, 0.5):
        held.advance(step)
        for _ in range(50):
            await settle()
        sent.append(len(transport.requests))

    assert sent == [100, 100, 200, 200, 250]
    assert all(task.done() for task in reads)


@pytest.mark.parametrize("in_flight", [1, 50])
async def test_calls_leave_in_the_order_of_their_arrival(
    time: FakeTime, in_flight: int
) -> None:
    upstream, transport = open_stamped(time, in_flight=in_flight)
    person = person_with(time.clock, window(4))

    await asyncio.gather(
        *(read(upstream, numbered(n), session=person) for n in range(10))
    )

    assert transport.paths == [f"/{n}" for n in range(10)]
    assert transport.left_at == [0.0] * 4 + [10.0] * 4 + [20.0] * 2


async def test_a_call_that_arrives_as_the_window_opens_is_behind_those_who_wait(
    held: HeldTime,
) -> None:
    upstream, transport = open_stamped(held)
    person = person_with(held.clock, window(1))
    reads = [
        asyncio.create_task(read(upstream, numbered(n), session=person))
        for n in range(2)
    ]
    await settle()

    held.advance(10.0)
    reads.append(asyncio.create_task(read(upstream, numbered(2), session=person)))
    await settle()

    assert transport.paths == ["/0", "/1"]
    await held.pass_by(10.0)
    assert transport.paths == ["/0", "/1", "/2"]
    await asyncio.gather(*reads)


@pytest.mark.parametrize("run", [read, write])
async def test_a_call_waits_until_the_oldest_leaves_the_window(
    time: FakeTime, run: Run
) -> None:
    upstream, transport = open_stamped(time)
    person = person_with(time.clock, window(2))
    await run(upstream, session=person)
    time.advance(4.0)
    await run(upstream, session=person)

    await run(upstream, session=person)
    await run(upstream, session=person)

    assert transport.left_at == [0.0, 4.0, 10.0, 14.0]
    assert time.slept == [6.0, 4.0]


async def test_who_wakes_too_early_waits_on(time: FakeTime) -> None:
    """A real sleep may end a little before its time."""

    async def sleep(seconds: float) -> None:
        await time.sleep(seconds if seconds < 1 else 0.75 * seconds)

    clock = Clock(monotonic=time.clock.monotonic, now=time.clock.now, sleep=sleep)
    upstream, transport = open_stamped(time)
    person = Session(
        SignIns(), clock, limit=Limit("ALPHA", clock, windows=[window(1, 8.0)])
    )

    await asyncio.gather(*(read(upstream, session=person) for _ in range(2)))

    assert transport.left_at == [0.0, 8.0]
    assert time.slept == [6.0, 1.5, 0.5]


async def test_real_time_lets_pass_what_is_granted() -> None:
    """With a window that is too long to open again within the test."""
    clock = Clock()
    transport = Scripted()
    upstream = Upstream(
        provider="ALPHA",
        base_url="https://alpha.example/v1/",
        dialect=DIALECT,
        policy=UpstreamPolicy(),
        clock=clock,
        transport=transport,
    )
    person = person_with(clock, window(100, 600.0), LONG)

    results = await asyncio.gather(
        *(read(upstream, session=person) for _ in range(120)), return_exceptions=True
    )

    assert results[:100] == [{"status": 200}] * 100
    assert [_refused(result)[0] for result in results[100:]] == [USED_UP] * 20
    assert len(transport.requests) == 100
    assert person.limit is not None
    assert person.limit.remaining == 3900


async def test_a_call_that_waits_holds_no_slot(held: HeldTime) -> None:
    upstream, transport = open_stamped(held, in_flight=1)
    person, other = (person_with(held.clock, window(1)) for _ in range(2))
    await read(upstream, session=person)
    waiting = asyncio.create_task(read(upstream, session=person))
    await settle()

    await read(upstream, numbered(1), session=other)
    await read(upstream, numbered(2))

    assert transport.paths == ["/things", "/1", "/2"]
    await held.pass_by(10.0)
    assert await waiting == {"status": 200}


async def test_a_call_is_counted_when_it_leaves_and_not_when_it_gets_in_line(
    held: HeldTime,
) -> None:
    """Else calls that a slot held up would leave with those of the next window."""
    upstream, transport = open_stamped(held, in_flight=1)
    person = person_with(held.clock, window(2))
    transport.gate.clear()
    other = asyncio.create_task(read(upstream))
    await settle()
    reads = [asyncio.create_task(read(upstream, session=person)) for _ in range(3)]
    await held.pass_by(9.0)
    transport.gate.set()
    await settle()

    await held.pass_by(9.5)
    assert transport.left_at == [0.0, 9.0, 9.0]
    await held.pass_by(0.5)
    assert transport.left_at == [0.0, 9.0, 9.0, 19.0]
    await asyncio.gather(other, *reads)


# The deadline


@pytest.mark.parametrize("run", [read, write])
@pytest.mark.parametrize(("seconds", "opens_in"), [(4.0, 10), (10.0, 10)])
async def test_a_window_that_opens_after_the_deadline_holds_a_call_back_at_once(
    time: FakeTime, run: Run, seconds: float, opens_in: int
) -> None:
    upstream, transport = open_stamped(time)
    person = person_with(time.clock, window(1))
    await read(upstream, session=person)

    with pytest.raises(UpstreamRateLimitedError) as raised:
        await run(upstream, session=person, seconds=seconds)

    assert _refused(raised.value) == (USED_UP, opens_in)
    assert raised.value.extensions == {
        "code": "UPSTREAM_RATE_LIMITED",
        "retryable": True,
        "provider": "ALPHA",
        "retryAfterSeconds": opens_in,
    }
    assert len(transport.requests) == 1
    assert time.slept == []


async def test_of_250_calls_those_whose_turn_is_after_the_deadline_fail_at_once(
    held: HeldTime,
) -> None:
    upstream, transport = open_stamped(held, in_flight=300)
    person = person_with(held.clock, SHORT, LONG)

    reads = [
        asyncio.create_task(read(upstream, session=person, seconds=15.0))
        for _ in range(250)
    ]
    for _ in range(50):
        await settle()

    assert len(transport.requests) == 100
    failed = [_refused(task.exception()) for task in reads[200:]]
    assert failed == [(USED_UP, 20)] * 50
    held.advance(10.0)
    assert await asyncio.gather(*reads[:200]) == [{"status": 200}] * 200
    assert len(transport.requests) == 200


async def test_a_call_with_less_time_does_not_hold_up_those_behind_it(
    held: HeldTime,
) -> None:
    upstream, transport = open_stamped(held)
    person = person_with(held.clock, window(1))
    await read(upstream, session=person)
    results = [
        asyncio.create_task(read(upstream, session=person, seconds=seconds))
        for seconds in (30.0, 15.0, 30.0)
    ]
    await settle()
    assert [task.done() for task in results] == [False, True, False]
    assert _refused(results[1].exception()) == (USED_UP, 20)

    await held.pass_by(10.0)
    await held.pass_by(10.0)

    assert [task.done() for task in results] == [True, True, True]
    assert transport.left_at == [0.0, 10.0, 20.0]


async def test_a_call_that_becomes_first_too_late_is_held_back_at_once(
    held: HeldTime,
) -> None:
    """The one before it left later than it could, so the window opens later."""
    upstream, transport = open_stamped(held, in_flight=1)
    person = person_with(held.clock, window(1))
    await read(upstream, session=person)
    first = asyncio.create_task(read(upstream, session=person))
    second = asyncio.create_task(read(upstream, session=person, seconds=21.0))
    transport.gate.clear()
    other = asyncio.create_task(write(upstream))
    await settle()

    await held.pass_by(10.0)
    await held.pass_by(2.0)
    transport.gate.set()
    await settle()

    assert await first == {"status": 200}
    assert (await other).status == 200
    assert transport.left_at == [0.0, 0.0, 12.0]
    assert second.done()
    assert _refused(second.exception()) == (USED_UP, 10)


async def test_a_call_whose_deadline_passes_in_line_is_told_when_the_window_opens(
    held: HeldTime,
) -> None:
    """It is third in line, and the first waits for a slot from 10 to 25."""
    upstream, transport = open_stamped(held, in_flight=1)
    person = person_with(held.clock, window(1))
    await read(upstream, session=person)
    first, second, third = (
        asyncio.create_task(read(upstream, session=person, seconds=seconds))
        for seconds in (60.0, 60.0, 31.0)
    )
    transport.gate.clear()
    other = asyncio.create_task(write(upstream))
    await settle()
    await held.pass_by(10.0)
    await held.pass_by(15.0)
    transport.gate.set()
    await settle()

    await held.pass_by(5.5)
    assert not third.done()
    await held.pass_by(0.5)

    assert third.done()
    assert _refused(third.exception()) == (USED_UP, 4)
    await held.pass_by(4.0)
    assert await first == await second == {"status": 200}
    assert (await other).status == 200
    assert transport.left_at == [0.0, 0.0, 25.0, 35.0]


@pytest.mark.parametrize("seconds", [0.0, 5.0])
async def test_a_deadline_that_passes_in_line_for_a_slot_is_the_slots(
    held: HeldTime, seconds: float
) -> None:
    upstream, transport = open_stamped(held, in_flight=1)
    person = person_with(held.clock, window(9))
    transport.gate.clear()
    first = asyncio.create_task(read(upstream))
    await settle()
    in_line = [
        asyncio.create_task(write(upstream, session=person, seconds=seconds))
        for _ in range(3)
    ]
    await settle()

    await held.pass_by(seconds)
    transport.gate.set()

    results = await asyncio.gather(*in_line, return_exceptions=True)
    assert [type(result) for result in results] == [UpstreamTimeoutError] * 3
    assert await first == {"status": 200}
    assert len(transport.requests) == 1
    assert person.limit is not None
    assert person.limit.remaining == 9


# The long window


@pytest.mark.parametrize("run", [read, write])
async def test_a_long_window_that_is_full_holds_a_call_back_at_once(
    time: FakeTime, run: Run
) -> None:
    long = Window(calls=3, seconds=1800.0, is_waited_for=False)
    upstream, transport = open_stamped(time)
    person = person_with(time.clock, window(2), long)
    await asyncio.gather(*(run(upstream, session=person) for _ in range(3)))
    time.advance(90.0)

    with pytest.raises(UpstreamRateLimitedError) as raised:
        await run(upstream, session=person, seconds=6000.0)

    assert _refused(raised.value) == (USED_UP, 1700)
    assert transport.left_at == [0.0, 0.0, 10.0]
    assert time.slept == [10.0]
    time.advance(1700.0)
    await run(upstream, session=person)
    assert transport.left_at[3:] == [1800.0]


async def test_a_call_that_those_in_line_leave_nothing_for_is_held_back_at_once(
    held: HeldTime,
) -> None:
    long = Window(calls=3, seconds=1800.0, is_waited_for=False)
    upstream, transport = open_stamped(held)
    person = person_with(held.clock, window(2), long)

    reads = [asyncio.create_task(read(upstream, session=person)) for _ in range(4)]
    await settle()

    assert [task.done() for task in reads] == [True, True, False, True]
    assert _refused(reads[3].exception()) == (USED_UP, 1800)
    await held.pass_by(10.0)
    assert await reads[2] == {"status": 200}
    assert transport.left_at == [0.0, 0.0, 10.0]


async def test_a_long_window_alone_makes_nobody_wait(time: FakeTime) -> None:
    long = Window(calls=3, seconds=1800.0, is_waited_for=False)
    upstream, transport = open_stamped(time)
    person = person_with(time.clock, long)

    results = await asyncio.gather(
        *(read(upstream, session=person) for _ in range(5)), return_exceptions=True
    )

    assert results[:3] == [{"status": 200}] * 3
    assert [_refused(result) for result in results[3:]] == [(USED_UP, 1800)] * 2
    assert len(transport.requests) == 3
    assert time.slept == []


async def test_nobody_signs_in_while_a_long_window_is_full(time: FakeTime) -> None:
    long = Window(calls=1, seconds=1800.0, is_waited_for=False)
    limit = Limit("ALPHA", time.clock, windows=[long])
    limit.take()
    upstream, transport = open_stamped(time)
    sign_ins = SignIns()

    with pytest.raises(UpstreamRateLimitedError):
        await read(upstream, session=Session(sign_ins, time.clock, limit=limit))

    assert sign_ins.count == 0
    assert transport.requests == []


# Each sending counts


async def test_each_attempt_of_a_read_is_counted(time: FakeTime) -> None:
    upstream, transport = open_stamped(time, 503, 503, 200)
    person = person_with(time.clock, window(2, 60.0))

    await read(upstream, session=person, seconds=600.0)

    assert transport.left_at[2] == 60.0
    assert len(transport.requests) == 3


@pytest.mark.parametrize("verdict", [Verdict.SIGNED_OUT, Verdict.BUSY])
@pytest.mark.parametrize("run", [read, write])
async def test_a_call_that_is_sent_again_is_counted_again(
    create: Create, run: Run, time: FakeTime, verdict: Verdict
) -> None:
    replies = [said(verdict), said(Verdict.DONE)]
    upstream, transport = create(*replies, dialect=BODY_DIALECT)
    person = person_with(time.clock, window(5, 60.0))

    await run(upstream, session=person)

    assert len(transport.requests) == 2
    assert person.limit is not None
    assert person.limit.remaining == 3


@pytest.mark.parametrize("verdict", [Verdict.SIGNED_OUT, Verdict.BUSY])
async def test_a_write_that_has_no_room_to_be_sent_again_did_not_happen(
    create: Create, time: FakeTime, verdict: Verdict
) -> None:
    upstream, transport = create(said(verdict), dialect=BODY_DIALECT)
    person = person_with(time.clock, window(1, 60.0))

    with pytest.raises(GatewayError) as raised:
        await write(upstream, session=person)

    message, seconds = _refused(raised.value)
    assert message == USED_UP
    assert seconds in {59, 60}
    assert len(transport.requests) == 1


@pytest.mark.parametrize("run", [read, write])
async def test_a_call_that_never_left_is_not_counted(time: FakeTime, run: Run) -> None:
    upstream, transport = open_stamped(time)
    person = person_with(time.clock, window(5))
    await person.get_grant()

    with pytest.raises(UpstreamTimeoutError):
        await run(upstream, session=person, seconds=0.0)

    assert transport.requests == []
    assert person.limit is not None
    assert person.limit.remaining == 5


# Cancellation


@pytest.mark.parametrize("gone", [0, 1, 2])
async def test_a_call_that_is_cancelled_in_line_leaves_its_place_to_the_next(
    held: HeldTime, gone: int
) -> None:
    upstream, transport = open_stamped(held)
    person = person_with(held.clock, window(1))
    await read(upstream, session=person)
    reads = [
        asyncio.create_task(read(upstream, numbered(n), session=person))
        for n in range(3)
    ]
    await held.pass_by(4.0)

    reads[gone].cancel()
    await settle()
    await held.pass_by(6.0)
    await held.pass_by(10.0)

    assert reads[gone].cancelled()
    assert transport.paths[1:] == [f"/{n}" for n in range(3) if n != gone]
    assert transport.left_at == [0.0, 10.0, 20.0]
    assert person.limit is not None
    assert person.limit._in_line == 0
    assert not person.limit._first.locked()


async def test_a_call_that_is_cancelled_on_its_way_to_a_slot_leaves_its_place(
    held: HeldTime,
) -> None:
    upstream, transport = open_stamped(held, in_flight=1)
    person = person_with(held.clock, window(1))
    transport.gate.clear()
    other = asyncio.create_task(read(upstream))
    await settle()
    gone, stays = (
        asyncio.create_task(read(upstream, numbered(n), session=person))
        for n in range(2)
    )
    await settle()

    gone.cancel()
    await settle()
    transport.gate.set()

    assert await stays == await other == {"status": 200}
    assert transport.paths == ["/things", "/1"]
    assert transport.left_at == [0.0, 0.0]
    assert held.slept == []


async def test_a_call_that_is_cancelled_under_way_stays_counted(
    held: HeldTime,
) -> None:
    upstream, transport = open_stamped(held)
    person = person_with(held.clock, window(1))
    transport.gate.clear()
    gone = asyncio.create_task(read(upstream, session=person))
    await settle()

    gone.cancel()
    await settle()

    assert gone.cancelled()
    assert person.limit is not None
    assert person.limit.remaining == 0
    assert person.limit._in_line == 0


# Whose limit it is


async def test_each_person_has_a_limit_of_their_own(time: FakeTime) -> None:
    upstream, transport = open_stamped(time)
    first, second = (person_with(time.clock, window(2)) for _ in range(2))

    await asyncio.gather(
        *(read(upstream, session=who) for who in (first, second) for _ in range(2))
    )

    assert transport.left_at == [0.0] * 4
    assert time.slept == []


async def test_sessions_that_are_given_one_limit_share_it(time: FakeTime) -> None:
    limit = Limit("ALPHA", time.clock, windows=[window(2)])
    upstream, transport = open_stamped(time)
    sessions = [Session(SignIns(), time.clock, limit=limit) for _ in range(3)]

    await asyncio.gather(*(read(upstream, session=session) for session in sessions))

    assert transport.left_at == [0.0, 0.0, 10.0]


@pytest.mark.parametrize("run", [read, write])
async def test_a_429_that_a_person_meets_holds_back_their_calls_alone(
    time: FakeTime, run: Run
) -> None:
    upstream, transport = open_stamped(time, told(429, "90"), 200)
    first, second = (person_with(time.clock, SHORT) for _ in range(2))
    with pytest.raises(UpstreamRateLimitedError, match=r"^Slow\.$"):
        await run(upstream, session=first)

    await run(upstream, session=second)
    await run(upstream)
    time.advance(60.0)
    with pytest.raises(UpstreamRateLimitedError, match=r"^Slow\.$") as raised:
        await run(upstream, session=first)

    assert raised.value.retry_after_seconds == 30
    assert len(transport.requests) == 3
    assert not upstream.limit.is_spent
    time.advance(30.0)
    await run(upstream, session=first)
    assert len(transport.requests) == 4


@pytest.mark.parametrize(("seconds", "is_spent"), [(9, False), (10, True)])
async def test_a_persons_limit_says_from_which_wait_on_it_is_spent(
    time: FakeTime, seconds: int, is_spent: bool
) -> None:
    upstream, _ = open_stamped(time, told(429, str(seconds)))
    person = person_with(time.clock, SHORT, spent_from_seconds=10)

    with pytest.raises(UpstreamRateLimitedError):
        await write(upstream, session=person)

    assert person.limit is not None
    assert person.limit.is_spent is is_spent


@pytest.mark.parametrize("run", [read, write])
async def test_the_providers_spent_limit_is_not_that_of_a_person_with_their_own(
    time: FakeTime, run: Run
) -> None:
    upstream, transport = open_stamped(time)
    upstream.limit.spend(limited(60))

    await run(upstream, session=person_with(time.clock, SHORT))

    assert len(transport.requests) == 1


async def test_a_limit_that_is_called_spent_holds_back_those_who_wait(
    held: HeldTime,
) -> None:
    upstream, transport = open_stamped(held)
    person = person_with(held.clock, window(1))
    await read(upstream, session=person)
    reads = [asyncio.create_task(read(upstream, session=person)) for _ in range(2)]
    await settle()

    assert person.limit is not None
    person.limit.spend(limited(60))
    await held.pass_by(10.0)

    results = await asyncio.gather(*reads, return_exceptions=True)
    assert [_refused(result) for result in results] == [("Spent.", 50)] * 2
    assert len(transport.requests) == 1


async def test_a_sign_in_is_counted_by_the_upstream_and_not_by_the_person(
    time: FakeTime,
) -> None:
    upstream, transport = open_stamped(time)

    async def sign_in() -> Grant:
        await read(upstream, SIGN_IN)
        return Grant(lifetime_seconds=3600.0)

    limit = Limit("ALPHA", time.clock, windows=[window(1)])
    await read(upstream, session=Session(sign_in, time.clock, limit=limit))

    assert transport.paths == ["/login", "/things"]
    assert time.slept == []


# All of it


class _Caller:
    """One who calls, may lose patience, and may be cancelled."""

    def __init__(self, after: int, seconds: int, cancelled_after: int | None) -> None:
        self.after = after
        self.seconds = seconds
        self.cancelled_after = cancelled_after


_CALLERS = st.lists(
    st.builds(
        _Caller,
        after=st.integers(min_value=0, max_value=8),
        seconds=st.integers(min_value=0, max_value=60),
        cancelled_after=st.none() | st.integers(min_value=0, max_value=30),
    ),
    max_size=30,
)
_WINDOWS = st.lists(
    st.builds(
        Window,
        calls=st.integers(min_value=1, max_value=5),
        seconds=st.integers(min_value=1, max_value=20),
        is_waited_for=st.booleans(),
    ),
    min_size=1,
    max_size=3,
)


async def _drive(
    time: HeldTime, upstream: Upstream, person: Session, callers: Sequence[_Caller]
) -> list[object]:
    """Start and cancel calls as told, second by second, and return their results."""
    tasks: list[tuple[_Caller, float, asyncio.Task[object]]] = []
    waiting = list(callers)
    last_at = time.seconds
    while waiting or not all(task.done() for _, _, task in tasks):
        while waiting and last_at + waiting[0].after <= time.seconds:
            caller = waiting.pop(0)
            last_at = time.seconds
            call = read(upstream, session=person, seconds=caller.seconds)
            tasks.append((caller, last_at, asyncio.create_task(call)))
        for caller, at, task in tasks:
            if caller.cancelled_after == time.seconds - at:
                task.cancel()
        await settle()
        await time.pass_by(1.0)
    return await asyncio.gather(*(task for _, _, task in tasks), return_exceptions=True)


@given(
    callers=_CALLERS,
    windows=_WINDOWS,
    in_flight=st.integers(min_value=1, max_value=4),
)
async def test_no_interval_ever_holds_more_calls_than_granted(
    callers: list[_Caller], windows: list[Window], in_flight: int
) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        time = HeldTime(monkeypatch)
        upstream, transport = open_stamped(time, in_flight=in_flight)
        person = person_with(time.clock, *windows)

        results = await _drive(time, upstream, person, callers)

    left = transport.left_at
    for one in windows:
        pairs = zip(left, left[one.calls :], strict=False)
        assert all(later - first >= one.seconds for first, later in pairs)
    assert person.limit is not None
    assert person.limit._in_line == 0
    assert not person.limit._first.locked()
    assert {type(result) for result in results} <= {
        dict,
        UpstreamRateLimitedError,
        UpstreamTimeoutError,
        asyncio.CancelledError,
    }
    assert sum(isinstance(result, dict) for result in results) == len(left)
