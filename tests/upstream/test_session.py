import asyncio

import pytest

from gateway.errors import UpstreamRateLimitedError, UpstreamUnavailableError
from gateway.upstream import Call, Grant, Session
from tests.support import FakeTime


class SignIn:
    """Gives a new grant at each sign-in, or the next error, once the gate is open."""

    def __init__(self, lifetime_seconds: float = 3600.0) -> None:
        self.count = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.errors: list[Exception] = []
        self._lifetime_seconds = lifetime_seconds

    async def __call__(self) -> Grant:
        self.count += 1
        number = self.count
        await self.gate.wait()
        if self.errors:
            raise self.errors.pop(0)
        return Grant(
            headers={"Authorization": f"Bearer {number}"},
            lifetime_seconds=self._lifetime_seconds,
        )


async def _settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def _limited(seconds: int | None) -> UpstreamRateLimitedError:
    return UpstreamRateLimitedError("ALPHA", "Spent.", retry_after_seconds=seconds)


async def _number(session: Session) -> str:
    return (await session.get_grant()).headers["Authorization"].removeprefix("Bearer ")


async def test_a_hundred_callers_share_one_sign_in(time: FakeTime) -> None:
    sign_in = SignIn()
    session = Session(sign_in, time.clock)

    numbers = await asyncio.gather(*(_number(session) for _ in range(100)))

    assert numbers == ["1"] * 100
    assert await _number(session) == "1"
    assert sign_in.count == 1


async def test_a_caller_that_goes_away_leaves_the_sign_in_to_the_others(
    time: FakeTime,
) -> None:
    sign_in = SignIn()
    sign_in.gate.clear()
    session = Session(sign_in, time.clock)
    first, second = (asyncio.create_task(_number(session)) for _ in range(2))
    await _settle()

    first.cancel()
    await _settle()
    sign_in.gate.set()

    assert await second == "1"
    assert first.cancelled()
    assert sign_in.count == 1


async def test_a_sign_in_that_nobody_waits_for_is_kept_for_the_next_caller(
    time: FakeTime,
) -> None:
    sign_in = SignIn()
    sign_in.gate.clear()
    session = Session(sign_in, time.clock)
    only = asyncio.create_task(_number(session))
    await _settle()

    only.cancel()
    sign_in.gate.set()
    await _settle()

    assert await _number(session) == "1"
    assert sign_in.count == 1


@pytest.mark.parametrize(
    ("lifetime_seconds", "holds_seconds"),
    [(3600.0, 3540.0), (600.0, 540.0), (100.0, 90.0), (0.0, 0.0)],
)
async def test_a_grant_is_renewed_a_minute_or_a_tenth_before_its_end(
    time: FakeTime, lifetime_seconds: float, holds_seconds: float
) -> None:
    session = Session(SignIn(lifetime_seconds), time.clock)
    numbers = [await _number(session)]

    time.advance(max(0.0, holds_seconds - 0.5))
    numbers.append(await _number(session) if holds_seconds else "1")
    time.advance(0.5)
    numbers.append(await _number(session))

    assert numbers == ["1", "1", "2"]


async def test_a_refused_grant_is_renewed(time: FakeTime) -> None:
    session = Session(SignIn(), time.clock)
    grant = await session.get_grant()

    session.refuse(grant)

    assert await _number(session) == "2"


async def test_refusing_an_old_grant_keeps_the_newer_one(time: FakeTime) -> None:
    sign_in = SignIn()
    session = Session(sign_in, time.clock)
    old = await session.get_grant()
    session.refuse(old)
    assert await _number(session) == "2"

    session.refuse(old)

    assert await _number(session) == "2"
    assert sign_in.count == 2


async def test_a_failed_sign_in_raises_to_all_who_wait_and_the_next_tries_again(
    time: FakeTime,
) -> None:
    sign_in = SignIn()
    error = UpstreamUnavailableError("ALPHA", "Down.")
    sign_in.errors.append(error)
    session = Session(sign_in, time.clock)

    results = await asyncio.gather(
        *(_number(session) for _ in range(5)), return_exceptions=True
    )

    assert results == [error] * 5
    assert sign_in.count == 1
    assert await _number(session) == "2"


async def test_a_limit_spent_for_long_sends_nothing_counts_down_and_opens_again(
    time: FakeTime,
) -> None:
    sign_in = SignIn()
    session = Session(sign_in, time.clock)
    seconds: list[int | None] = []

    session.spend(_limited(120))
    for step in (0.0, 60.5, 59.0):
        time.advance(step)
        assert session.is_spent
        with pytest.raises(UpstreamRateLimitedError, match=r"^Spent\.$") as raised:
            await session.get_grant()
        seconds.append(raised.value.retry_after_seconds)
    time.advance(0.5)

    assert seconds == [120, 60, 1]
    assert sign_in.count == 0
    assert not session.is_spent
    assert await _number(session) == "1"


async def test_a_spent_limit_holds_back_a_grant_that_still_holds(
    time: FakeTime,
) -> None:
    session = Session(SignIn(), time.clock)
    assert await _number(session) == "1"

    session.spend(_limited(60))

    with pytest.raises(UpstreamRateLimitedError):
        await session.get_grant()


@pytest.mark.parametrize("seconds", [None, 0, 59])
async def test_a_limit_that_opens_soon_is_not_remembered(
    time: FakeTime, seconds: int | None
) -> None:
    session = Session(SignIn(), time.clock)

    session.spend(_limited(seconds))

    assert not session.is_spent
    assert await _number(session) == "1"


async def test_a_sign_in_that_meets_a_limit_spent_for_long_is_not_sent_again(
    time: FakeTime,
) -> None:
    sign_in = SignIn()
    sign_in.errors.append(_limited(90))
    session = Session(sign_in, time.clock)

    for _ in range(3):
        with pytest.raises(UpstreamRateLimitedError):
            await session.get_grant()

    assert sign_in.count == 1
    time.advance(90)
    assert await _number(session) == "2"


def test_a_grant_and_a_call_do_not_show_their_secrets() -> None:
    grant = Grant(headers={"Authorization": "Bearer secret"}, lifetime_seconds=60)
    call = Call(method="POST", path="/token", form={"client_secret": "secret"})

    assert repr(grant) == "Grant(lifetime_seconds=60)"
    assert repr(call) == "Call(method='POST', path='/token')"
