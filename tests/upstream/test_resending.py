"""What is sent again because it was not carried out, and what stops that."""

import asyncio

import msgspec
import pytest

from gateway.errors import UpstreamRateLimitedError, UpstreamUnavailableError
from gateway.upstream import Session, Verdict
from tests.upstream.scripted import (
    BODY_DIALECT,
    SIGN_IN,
    Create,
    Reply,
    SignIns,
    read,
    said,
    settle,
    write,
)

BUSY = said(Verdict.BUSY)
DONE = said(Verdict.DONE)
SIGNED_OUT = said(Verdict.SIGNED_OUT)


@pytest.mark.parametrize("reply", [BUSY, SIGNED_OUT])
async def test_a_write_that_was_not_carried_out_is_never_lost(
    create: Create, reply: Reply
) -> None:
    down = UpstreamUnavailableError("ALPHA", "Down.")
    dialect = msgspec.structs.replace(BODY_DIALECT, explain=lambda _: down)
    upstream, _ = create(reply, dialect=dialect)

    with pytest.raises(UpstreamUnavailableError):
        await write(upstream, session=Session(SignIns(), upstream.clock))


async def test_a_read_is_sent_no_more_often_than_busy_attempts(create: Create) -> None:
    upstream, transport = create(BUSY, dialect=BODY_DIALECT)

    with pytest.raises(UpstreamRateLimitedError):
        await read(upstream, seconds=600.0)

    assert len(transport.requests) == 6


@pytest.mark.parametrize("reply", [BUSY, SIGNED_OUT])
async def test_a_limit_spent_meanwhile_holds_back_the_next_sending(
    create: Create, reply: Reply
) -> None:
    upstream, transport = create(reply, DONE, dialect=BODY_DIALECT)
    transport.gate.clear()
    session = Session(SignIns(), upstream.clock)
    call = asyncio.create_task(read(upstream, session=session))
    await settle()
    spent = UpstreamRateLimitedError("ALPHA", "Spent.", retry_after_seconds=90)

    upstream.limit.spend(spent)
    transport.gate.set()

    with pytest.raises(UpstreamRateLimitedError, match=r"^Spent\.$"):
        await call
    assert len(transport.requests) == 1


async def test_a_sign_in_sent_again_while_busy_is_counted_again(create: Create) -> None:
    upstream, transport = create(
        BUSY, dialect=BODY_DIALECT, sign_ins_per_hour=2, attempts=1
    )

    with pytest.raises(UpstreamRateLimitedError):
        await read(upstream, SIGN_IN)

    assert len(transport.requests) == 2
