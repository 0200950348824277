import asyncio

import pytest

from gateway.errors import UpstreamAuthError, UpstreamUnavailableError
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


async def test_a_grant_that_holds_is_worth_sending(time: FakeTime) -> None:
    session = Session(SignIn(), time.clock, hold_seconds=30.0)
    grant = await session.get_grant()

    session.check(grant)
    # Its end is near, but nobody has refused it.
    time.advance(3599)
    session.check(grant)


async def test_a_grant_that_was_replaced_is_worth_sending(time: FakeTime) -> None:
    """It may be refused, and then there is another."""
    session = Session(SignIn(), time.clock, hold_seconds=30.0)
    old = await session.get_grant()
    session.refuse(old)
    session.check(old)
    new = await session.get_grant()

    session.check(old)
    session.check(new)


async def test_a_grant_that_was_given_up_is_held_back_for_a_while(
    time: FakeTime,
) -> None:
    session = Session(SignIn(), time.clock, hold_seconds=30.0)
    grant = await session.get_grant()
    error = UpstreamAuthError("ALPHA", "Not this token.")
    session.give_up(grant, error)

    for _ in range(2):
        with pytest.raises(UpstreamAuthError) as held:
            session.check(grant)
        assert (held.value.provider, held.value.message) == ("ALPHA", "Not this token.")
        # Another object for each caller: an error that is raised grows.
        assert held.value is not error

    # A tenth of the time for which a sign-in that is refused is held back.
    time.advance(2.9)
    with pytest.raises(UpstreamAuthError):
        session.check(grant)
    time.advance(0.1)
    session.check(grant)


async def test_a_grant_is_held_back_while_its_renewal_is_refused(
    time: FakeTime,
) -> None:
    sign_in = SignIn()
    session = Session(sign_in, time.clock, hold_seconds=30.0)
    grant = await session.get_grant()
    session.use(grant)
    session.refuse(grant)
    sign_in.errors.append(UpstreamAuthError("ALPHA", "Consent anew."))
    with pytest.raises(UpstreamAuthError):
        await session.get_grant()

    with pytest.raises(UpstreamAuthError) as held:
        session.check(grant)

    assert held.value.message == "Consent anew."
    time.advance(30.0)
    session.check(grant)
    assert await _number(session) == "3"
    assert sign_in.count == 3


async def test_a_renewal_that_fails_otherwise_holds_no_grant_back(
    time: FakeTime,
) -> None:
    sign_in = SignIn()
    session = Session(sign_in, time.clock, hold_seconds=30.0)
    grant = await session.get_grant()
    session.refuse(grant)
    sign_in.errors.append(UpstreamUnavailableError("ALPHA", "Down."))
    with pytest.raises(UpstreamUnavailableError):
        await session.get_grant()

    session.check(grant)


def test_a_grant_and_a_call_do_not_show_their_secrets() -> None:
    grant = Grant(headers={"Authorization": "Bearer secret"}, lifetime_seconds=60)
    call = Call(method="POST", path="/token", form={"client_secret": "secret"})

    assert repr(grant) == "Grant(lifetime_seconds=60)"
    assert repr(call) == "Call(method='POST', path='/token')"
