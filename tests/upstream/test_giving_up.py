"""What a grant that is refused costs the next caller: a sign-in, or a wait."""

import asyncio

import pytest

from gateway.errors import ConflictError, UpstreamAuthError
from gateway.upstream import Session, Upstream
from tests.support import FakeTime
from tests.upstream.scripted import Create, Run, Scripted, SignIns, read, write

HOLD_SECONDS = 300.0
REFUSED = UpstreamAuthError("ALPHA", "Refused.")


@pytest.fixture
def sign_ins() -> SignIns:
    return SignIns()


@pytest.fixture
def session(sign_ins: SignIns, time: FakeTime) -> Session:
    return Session(sign_ins, time.clock, hold_seconds=HOLD_SECONDS)


async def _is_signed_out(upstream: Upstream, session: Session, run: Run) -> None:
    with pytest.raises(UpstreamAuthError) as caught:
        await run(upstream, session=session)
    assert (caught.value.provider, caught.value.message) == ("ALPHA", "Signed out.")


async def _is_held_back(
    upstream: Upstream, transport: Scripted, session: Session, sign_ins: SignIns
) -> None:
    """Hold a call against a session that is not to sign in, nor to send."""
    before = (sign_ins.count, len(transport.requests))
    await _is_signed_out(upstream, session, read)
    assert (sign_ins.count, len(transport.requests)) == before


@pytest.mark.parametrize("run", [read, write])
async def test_a_grant_that_served_another_call_is_not_held_back(
    create: Create, session: Session, sign_ins: SignIns, run: Run
) -> None:
    # Both calls lose the first grant, and one of them the second as well.
    upstream, transport = create(401, 401, 200, 401, 200)

    results = await asyncio.gather(
        *(run(upstream, session=session) for _ in range(2)), return_exceptions=True
    )
    await run(upstream, session=session)

    assert [type(one) is UpstreamAuthError for one in results] == [False, True]
    assert transport.grants == [
        *["Bearer 1"] * 2,
        *["Bearer 2"] * 2,
        "Bearer 3",
    ]
    assert sign_ins.count == 3


async def test_a_grant_whose_call_was_refused_for_another_reason_has_served(
    create: Create, session: Session, sign_ins: SignIns
) -> None:
    upstream, transport = create(401, 401, 409, 401, 200)

    results = await asyncio.gather(
        *(write(upstream, session=session) for _ in range(2)), return_exceptions=True
    )
    await write(upstream, session=session)

    assert [type(one) for one in results] == [ConflictError, UpstreamAuthError]
    assert transport.grants[-1] == "Bearer 3"
    assert sign_ins.count == 3


@pytest.mark.parametrize("run", [read, write])
async def test_the_grant_after_one_that_served_is_held_back_for_a_tenth(
    create: Create, session: Session, sign_ins: SignIns, time: FakeTime, run: Run
) -> None:
    upstream, transport = create(200, 401, 401, 200)
    await run(upstream, session=session)

    await _is_signed_out(upstream, session, run)
    time.advance(29.5)
    await _is_held_back(upstream, transport, session, sign_ins)
    time.advance(0.5)
    await run(upstream, session=session)

    assert transport.grants == ["Bearer 1", "Bearer 1", "Bearer 2", "Bearer 3"]


@pytest.mark.parametrize("run", [read, write])
async def test_grants_that_hold_for_no_call_are_held_back_twice_as_long_each_time(
    create: Create, session: Session, sign_ins: SignIns, time: FakeTime, run: Run
) -> None:
    upstream, transport = create(401)

    for seconds in (30.0, 60.0, 120.0, 240.0, 300.0, 300.0):
        await _is_signed_out(upstream, session, run)
        time.advance(seconds - 0.5)
        await _is_held_back(upstream, transport, session, sign_ins)
        time.advance(0.5)

    assert transport.grants == [f"Bearer {number}" for number in range(1, 13)]
    assert sign_ins.count == 12


@pytest.mark.parametrize("status", [200, 409])
async def test_an_answered_call_makes_the_next_hold_a_tenth_again(
    create: Create, session: Session, sign_ins: SignIns, time: FakeTime, status: int
) -> None:
    upstream, transport = create(401, 401, 401, 401, status, 401, 401, 200)
    for seconds in (30.0, 60.0):
        await _is_signed_out(upstream, session, write)
        time.advance(seconds)
    await asyncio.gather(write(upstream, session=session), return_exceptions=True)

    await _is_signed_out(upstream, session, write)
    time.advance(29.5)
    await _is_held_back(upstream, transport, session, sign_ins)
    time.advance(0.5)
    await write(upstream, session=session)

    served = ["Bearer 5", "Bearer 5", "Bearer 6", "Bearer 7"]
    assert transport.grants == [f"Bearer {one}" for one in range(1, 5)] + served


async def test_giving_up_an_old_grant_keeps_the_newer_one(
    session: Session, sign_ins: SignIns
) -> None:
    old = await session.get_grant()
    session.refuse(old)
    new = await session.get_grant()

    session.give_up(old, REFUSED)

    assert await session.get_grant() is new
    assert sign_ins.count == 2


async def test_giving_up_an_old_grant_holds_nobody_where_there_is_none(
    session: Session, sign_ins: SignIns
) -> None:
    old = await session.get_grant()
    session.refuse(old)

    session.give_up(old, REFUSED)

    assert (await session.get_grant()).headers == {"Authorization": "Bearer 2"}
    assert sign_ins.count == 2


async def test_a_grant_that_was_given_up_is_not_sent_by_who_stands_behind(
    create: Create, session: Session, sign_ins: SignIns
) -> None:
    upstream, transport = create(401, 401, 401, 200)

    results = await asyncio.gather(
        *(read(upstream, session=session) for _ in range(2)), return_exceptions=True
    )

    assert [type(one) for one in results] == [UpstreamAuthError] * 2
    assert transport.grants == ["Bearer 1", "Bearer 1", "Bearer 2"]
    assert sign_ins.count == 2


async def test_two_that_lose_a_grant_at_once_make_one_hold(
    create: Create, session: Session, sign_ins: SignIns, time: FakeTime
) -> None:
    upstream, transport = create(401, 401, 401, 200)
    await asyncio.gather(
        *(read(upstream, session=session) for _ in range(2)), return_exceptions=True
    )

    time.advance(29.5)
    await _is_held_back(upstream, transport, session, sign_ins)
    time.advance(0.5)
    await read(upstream, session=session)

    assert transport.grants[-1] == "Bearer 3"


async def test_a_refused_sign_in_is_not_tried_again_for_the_whole_time(
    create: Create, time: FakeTime
) -> None:
    sign_ins = SignIns(error=REFUSED)
    session = Session(sign_ins, time.clock, hold_seconds=HOLD_SECONDS)
    upstream, transport = create()
    counts = []

    for seconds in (0.0, 299.5, 0.5, 299.5, 0.5):
        time.advance(seconds)
        with pytest.raises(UpstreamAuthError, match=r"^Refused\.$"):
            await read(upstream, session=session)
        counts.append(sign_ins.count)

    assert counts == [1, 1, 2, 2, 3]
    assert transport.requests == []


async def test_a_refused_sign_in_after_a_lost_grant_is_held_for_the_whole_time(
    create: Create, time: FakeTime
) -> None:
    sign_ins = SignIns(fails_at=2, error=REFUSED)
    session = Session(sign_ins, time.clock, hold_seconds=HOLD_SECONDS)
    upstream, transport = create(200, 401, 200)
    await read(upstream, session=session)
    counts = []

    for seconds in (0.0, 299.5, 0.5):
        time.advance(seconds)
        with pytest.raises(UpstreamAuthError, match=r"^Refused\.$"):
            await read(upstream, session=session)
        counts.append(sign_ins.count)

    assert counts == [2, 2, 3]
    assert transport.grants == ["Bearer 1"] * 2
