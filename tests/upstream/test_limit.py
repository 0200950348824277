import re
from datetime import UTC, datetime

import pytest

from gateway.errors import UpstreamAuthError, UpstreamRateLimitedError
from gateway.upstream import Deadline, Grant, Limit, Session, Upstream
from gateway.upstream.limit import seconds_to_next_hour
from tests.support import FakeTime
from tests.upstream.scripted import (
    SIGN_IN,
    Create,
    Run,
    SignIns,
    limited,
    read,
    told,
    told_by,
    write,
)

HOUR_USED_UP = "The provider's limit for this hour is used up."


def _session(upstream: Upstream) -> Session:
    """Return a session that signs in through *upstream*."""

    async def sign_in() -> Grant:
        deadline = Deadline(30.0, upstream.clock)
        await upstream.read(SIGN_IN, bytes, session=None, deadline=deadline)
        return Grant(lifetime_seconds=3600.0)

    return Session(sign_in, upstream.clock)


# What the provider says


def test_a_limit_spent_for_long_counts_down_and_opens_again(time: FakeTime) -> None:
    limit = Limit("ALPHA", time.clock)
    answers = []

    limit.spend(limited(120))
    for step in (0.0, 60.5, 59.0):
        time.advance(step)
        assert limit.is_spent
        answers.append(told_by(limit))
    time.advance(0.5)

    assert answers == [("Spent.", 120), ("Spent.", 60), ("Spent.", 1)]
    assert not limit.is_spent
    limit.take()


@pytest.mark.parametrize("seconds", [None, 0, 59])
def test_a_limit_that_opens_soon_is_not_remembered(
    time: FakeTime, seconds: int | None
) -> None:
    limit = Limit("ALPHA", time.clock)

    limit.spend(limited(seconds))

    assert not limit.is_spent
    limit.take()


@pytest.mark.parametrize(("seconds", "is_spent"), [(9, False), (10, True)])
def test_from_which_wait_on_a_limit_is_spent_is_given(
    time: FakeTime, seconds: int, is_spent: bool
) -> None:
    limit = Limit("ALPHA", time.clock, spent_from_seconds=10)

    limit.spend(limited(seconds))

    assert limit.is_spent is is_spent


def test_no_limit_is_believed_to_be_spent_for_more_than_a_day(time: FakeTime) -> None:
    limit = Limit("ALPHA", time.clock)

    limit.spend(limited(10**9))

    assert told_by(limit) == ("Spent.", 86_400)
    time.advance(86_400)
    limit.take()


def test_a_shorter_wait_told_later_does_not_open_a_limit_sooner(
    time: FakeTime,
) -> None:
    limit = Limit("ALPHA", time.clock)
    limit.spend(limited(300))

    limit.spend(limited(60, "Spent again."))

    assert told_by(limit) == ("Spent again.", 300)


# What is counted


def test_an_hour_grants_as_many_calls_as_are_given_and_not_one_more(
    time: FakeTime,
) -> None:
    limit = Limit("ALPHA", time.clock, per_hour=3)

    for _ in range(3):
        limit.take()

    assert [told_by(limit) for _ in range(2)] == [(HOUR_USED_UP, 3600)] * 2


def test_the_count_starts_again_when_the_clocks_hour_turns(time: FakeTime) -> None:
    limit = Limit("ALPHA", time.clock, per_hour=2)
    time.advance(3540.0)
    limit.take()
    limit.take()
    answers = [told_by(limit)]

    time.advance(59.5)
    answers.append(told_by(limit))
    time.advance(0.5)
    limit.take()
    limit.take()
    answers.append(told_by(limit))

    assert answers == [(HOUR_USED_UP, 60), (HOUR_USED_UP, 1), (HOUR_USED_UP, 3600)]


def test_what_was_taken_before_is_counted_to_the_end_of_the_clocks_hour(
    time: FakeTime,
) -> None:
    limit = Limit("ALPHA", time.clock, per_hour=2)
    limit.take()

    time.advance(3599.0)
    limit.take()

    assert told_by(limit) == (HOUR_USED_UP, 1)


def test_a_call_that_a_spent_limit_holds_back_is_not_counted(time: FakeTime) -> None:
    limit = Limit("ALPHA", time.clock, per_hour=1)
    limit.spend(limited(60))
    assert told_by(limit) == ("Spent.", 60)

    time.advance(60)

    limit.take()
    assert told_by(limit) == (HOUR_USED_UP, 3540)


def test_nothing_is_counted_without_a_number_for_the_hour(time: FakeTime) -> None:
    limit = Limit("ALPHA", time.clock, per_hour=None)

    for _ in range(1000):
        limit.take()

    assert not limit.is_spent


@pytest.mark.parametrize(
    ("minute", "second", "microsecond", "seconds"),
    [
        (0, 0, 0, 3600),
        (0, 0, 1, 3600),
        (0, 1, 0, 3599),
        (30, 0, 500_000, 1800),
        (59, 59, 0, 1),
        (59, 59, 999_999, 1),
    ],
)
def test_the_seconds_to_the_next_hour_are_rounded_up(
    minute: int, second: int, microsecond: int, seconds: int
) -> None:
    now = datetime(2026, 12, 31, 23, minute, second, microsecond, tzinfo=UTC)

    assert seconds_to_next_hour(now) == seconds


# Who shares it


@pytest.mark.parametrize("run", [read, write])
async def test_a_spent_limit_holds_back_a_grant_that_still_holds(
    create: Create, run: Run
) -> None:
    upstream, transport = create()
    session = Session(SignIns(), upstream.clock)
    await run(upstream, session=session)

    upstream.limit.spend(limited(60))

    with pytest.raises(UpstreamRateLimitedError, match=r"^Spent\.$") as raised:
        await run(upstream, session=session)
    assert raised.value.retry_after_seconds == 60
    assert transport.grants == ["Bearer 1"]


@pytest.mark.parametrize("run", [read, write])
async def test_a_spent_limit_that_one_session_meets_holds_back_another(
    create: Create, run: Run, time: FakeTime
) -> None:
    upstream, transport = create(told(429, "90"), 200)
    first, second = SignIns(), SignIns()
    with pytest.raises(UpstreamRateLimitedError, match=r"^Slow\.$"):
        await run(upstream, session=Session(first, upstream.clock))

    with pytest.raises(UpstreamRateLimitedError, match=r"^Slow\.$") as raised:
        await run(upstream, session=Session(second, upstream.clock))

    assert raised.value.retry_after_seconds == 90
    assert len(transport.requests) == 1
    assert (first.count, second.count) == (1, 0)
    time.advance(90)
    await run(upstream, session=Session(second, upstream.clock))
    assert len(transport.requests) == 2


@pytest.mark.parametrize("run", [read, write])
async def test_a_spent_limit_holds_back_a_call_without_a_session(
    create: Create, run: Run
) -> None:
    upstream, transport = create()
    upstream.limit.spend(limited(60))

    with pytest.raises(UpstreamRateLimitedError, match=r"^Spent\.$"):
        await run(upstream)

    assert transport.requests == []


@pytest.mark.parametrize("run", [read, write])
async def test_a_call_that_is_held_back_is_not_tried_again(
    create: Create, run: Run, time: FakeTime
) -> None:
    upstream, transport = create()
    upstream.limit.spend(limited(60))

    with pytest.raises(UpstreamRateLimitedError):
        await run(upstream, seconds=600.0)

    assert transport.requests == []
    assert time.slept == []


async def test_a_limit_of_one_upstream_leaves_another_alone(create: Create) -> None:
    spent, _ = create()
    other, transport = create()

    spent.limit.spend(limited(60))

    assert await read(other) == {"status": 200}
    assert len(transport.requests) == 1


@pytest.mark.parametrize("run", [read, write])
async def test_the_policy_says_from_which_wait_on_a_limit_is_spent(
    create: Create, run: Run
) -> None:
    upstream, transport = create(told(429, "10"), 200, spent_from_seconds=10)
    with pytest.raises(UpstreamRateLimitedError):
        await run(upstream, seconds=5.0)

    with pytest.raises(UpstreamRateLimitedError):
        await run(upstream, seconds=5.0)

    assert len(transport.requests) == 1


# Sign-ins


@pytest.mark.parametrize("sign_ins_per_hour", [None, 10])
async def test_a_sign_in_that_meets_a_limit_spent_for_long_is_not_sent_again(
    create: Create, time: FakeTime, sign_ins_per_hour: int | None
) -> None:
    upstream, transport = create(
        told(429, "90"), 200, sign_ins_per_hour=sign_ins_per_hour
    )
    session = _session(upstream)
    told_seconds = []

    for _ in range(3):
        with pytest.raises(UpstreamRateLimitedError, match=r"^Slow\.$") as raised:
            await read(upstream, session=session)
        told_seconds.append(raised.value.retry_after_seconds)
        time.advance(30)

    assert told_seconds == [90, 60, 30]
    assert transport.paths == ["/login"]
    assert await read(upstream, session=session) == {"status": 200}
    assert transport.paths == ["/login", "/login", "/things"]


@pytest.mark.parametrize("run", [read, write])
async def test_sign_ins_are_held_back_when_those_of_the_hour_are_used_up(
    create: Create, run: Run, time: FakeTime
) -> None:
    upstream, transport = create(sign_ins_per_hour=2)
    for _ in range(2):
        await run(upstream, session=_session(upstream))
    transport.requests.clear()
    time.advance(600.0)

    message = f"^{re.escape(HOUR_USED_UP)}$"
    with pytest.raises(UpstreamRateLimitedError, match=message) as raised:
        await run(upstream, session=_session(upstream), seconds=6000.0)

    assert raised.value.retry_after_seconds == 3000
    assert transport.requests == []
    assert time.slept == []
    time.advance(3000.0)
    await run(upstream, session=_session(upstream))
    assert transport.paths[:1] == ["/login"]
    assert len(transport.requests) == 2


async def test_calls_go_on_when_the_sign_ins_of_the_hour_are_used_up(
    create: Create,
) -> None:
    upstream, transport = create(sign_ins_per_hour=1)
    session = _session(upstream)

    for _ in range(5):
        await read(upstream, session=session)

    assert transport.paths == ["/login", *["/things"] * 5]
    assert not upstream.limit.is_spent


@pytest.mark.parametrize("run", [read, write])
async def test_a_refused_grant_is_not_renewed_when_the_sign_ins_are_used_up(
    create: Create, run: Run
) -> None:
    upstream, transport = create(200, 401, sign_ins_per_hour=1)

    message = f"^{re.escape(HOUR_USED_UP)}$"
    with pytest.raises(UpstreamRateLimitedError, match=message):
        await run(upstream, session=_session(upstream))

    assert len(transport.requests) == 2
    assert transport.paths[0] == "/login"


async def test_each_attempt_of_a_sign_in_is_counted(create: Create) -> None:
    upstream, transport = create(503, sign_ins_per_hour=2, attempts=3)

    with pytest.raises(UpstreamRateLimitedError) as raised:
        await read(upstream, session=_session(upstream))

    assert raised.value.message == HOUR_USED_UP
    assert transport.paths == ["/login", "/login"]


async def test_without_a_number_sign_ins_are_not_counted(create: Create) -> None:
    upstream, transport = create(sign_ins_per_hour=None)

    for _ in range(50):
        await read(upstream, session=_session(upstream))

    assert transport.paths == ["/login", "/things"] * 50


async def test_a_limit_that_a_sign_in_meets_is_not_the_calls_where_apart(
    create: Create,
) -> None:
    replies = (200, 200, told(429, "90"), 200)
    upstream, transport = create(*replies, sign_ins_per_hour=10)
    signed_in = _session(upstream)
    await read(upstream, session=signed_in)
    with pytest.raises(UpstreamRateLimitedError):
        await read(upstream, session=_session(upstream))

    assert await read(upstream, session=signed_in) == {"status": 200}

    assert transport.paths == ["/login", "/things", "/login", "/things"]
    assert not upstream.limit.is_spent


async def test_a_limit_that_a_sign_in_meets_is_the_calls_too_where_shared(
    create: Create,
) -> None:
    replies = (200, 200, told(429, "90"), 200)
    upstream, transport = create(*replies, sign_ins_per_hour=None)
    signed_in = _session(upstream)
    await read(upstream, session=signed_in)
    with pytest.raises(UpstreamRateLimitedError):
        await read(upstream, session=_session(upstream))

    with pytest.raises(UpstreamRateLimitedError) as raised:
        await read(upstream, session=signed_in)

    assert raised.value.retry_after_seconds == 90
    assert transport.paths == ["/login", "/things", "/login"]
    assert upstream.limit.is_spent


@pytest.mark.parametrize("sign_ins_per_hour", [None, 10])
async def test_a_limit_that_a_call_meets_holds_back_sign_ins(
    create: Create, sign_ins_per_hour: int | None
) -> None:
    upstream, transport = create(
        told(429, "90"), 200, sign_ins_per_hour=sign_ins_per_hour
    )
    with pytest.raises(UpstreamRateLimitedError):
        await read(upstream)

    with pytest.raises(UpstreamRateLimitedError) as raised:
        await read(upstream, SIGN_IN)

    assert raised.value.retry_after_seconds == 90
    assert transport.paths == ["/things"]


@pytest.mark.parametrize("sign_ins_per_hour", [None, 10])
async def test_the_policy_says_from_which_wait_on_a_sign_ins_limit_is_spent(
    create: Create, sign_ins_per_hour: int | None
) -> None:
    upstream, transport = create(
        told(429, "10"), 200, spent_from_seconds=10, sign_ins_per_hour=sign_ins_per_hour
    )

    for _ in range(2):
        with pytest.raises(UpstreamRateLimitedError, match=r"^Slow\.$"):
            await read(upstream, SIGN_IN, seconds=5.0)

    assert transport.paths == ["/login"]


async def test_a_refused_sign_in_is_no_spent_limit(create: Create) -> None:
    upstream, transport = create(401, 200, sign_ins_per_hour=2)

    with pytest.raises(UpstreamAuthError):
        await read(upstream, session=_session(upstream))

    assert await read(upstream, session=_session(upstream)) == {"status": 200}
    assert transport.paths == ["/login", "/login", "/things"]
