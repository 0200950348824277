"""A slow reader cannot grow memory, and is told that it missed something."""

import asyncio
import gc
from datetime import UTC, datetime
from typing import cast

import pytest

from gateway.changes import Change
from gateway.changes.inbox import MOST_WAITING, Inbox, Stream
from gateway.connector import Account
from gateway.domain import ApprovableKey, ChangeCause
from gateway.errors import LimitError
from tests.changes.watching import OTTIMATE
from tests.support import settle

GATEWAY, WEBHOOK, POLL = ChangeCause.GATEWAY, ChangeCause.WEBHOOK, ChangeCause.POLL
ACCOUNT = cast("Account", object())


def change(name: str, cause: ChangeCause = GATEWAY, hour: int = 0) -> Change:
    return Change(
        key=ApprovableKey(OTTIMATE, name),
        account=ACCOUNT,
        record=None,
        cause=cause,
        at=datetime(2026, 11, 2, hour, tzinfo=UTC),
    )


async def test_of_each_object_the_newest_change_waits_in_its_place() -> None:
    inbox = Inbox(None)
    for one in (change("1"), change("2"), change("1", hour=1)):
        inbox.put(one)

    assert await inbox.take() == change("1", hour=1)
    assert await inbox.take() == change("2")
    inbox.put(change("1", hour=2))
    assert await inbox.take() == change("1", hour=2)


@pytest.mark.parametrize(
    ("causes", "told"),
    [
        ([GATEWAY, POLL], GATEWAY),
        ([WEBHOOK, POLL], WEBHOOK),
        ([POLL, WEBHOOK], WEBHOOK),
        ([GATEWAY, WEBHOOK], GATEWAY),
        ([WEBHOOK, GATEWAY, POLL], GATEWAY),
        ([POLL, POLL], POLL),
    ],
)
async def test_the_strongest_cause_is_told(
    causes: list[ChangeCause], told: ChangeCause
) -> None:
    inbox = Inbox(None)
    for hour, cause in enumerate(causes):
        inbox.put(change("1", cause, hour))

    assert await inbox.take() == change("1", told, hour=len(causes) - 1)


async def test_who_does_not_keep_up_is_let_go_with_the_reason() -> None:
    left: list[Inbox] = []
    inbox = Inbox(None, left.append)
    stream = Stream(inbox)
    for number in range(MOST_WAITING):
        inbox.put(change(str(number)))
    inbox.put(change("0", hour=1))
    assert left == []

    for number in range(5 * MOST_WAITING):
        inbox.put(change(str(number)))

    assert left == [inbox]
    assert inbox._waiting == {}
    with pytest.raises(LimitError) as raised:
        await anext(stream)
    assert raised.value.code == "SUBSCRIPTION_TOO_SLOW"
    assert raised.value.message == (
        "Changes of more than 1000 objects wait to be told, and this one is read too "
        "slowly. Subscribe again, and read anew what you show."
    )
    with pytest.raises(StopAsyncIteration):
        await anext(stream)


async def test_a_stream_that_is_closed_ends_and_leaves_once() -> None:
    left: list[Inbox] = []
    inbox = Inbox(None, left.append)
    stream = Stream(inbox)
    inbox.put(change("1"))

    await stream.aclose()
    await stream.aclose()
    inbox.put(change("2"))

    assert left == [inbox]
    assert [one async for one in stream] == []


async def test_a_stream_that_is_cancelled_ends_and_leaves() -> None:
    left: list[Inbox] = []
    inbox = Inbox(None, left.append)
    stream = Stream(inbox)
    waiting = asyncio.ensure_future(anext(stream))
    await settle()
    waiting.cancel()
    await settle()

    assert left == [inbox]


async def test_a_stream_that_nobody_began_to_read_leaves_when_it_is_dropped() -> None:
    """A generator around it that never ran closes nothing."""
    left: list[Inbox] = []
    inbox = Inbox(None, left.append)
    stream = Stream(inbox)
    assert left == []

    del stream
    gc.collect()

    assert left == [inbox]


async def test_who_waits_is_told_when_it_ends() -> None:
    inbox = Inbox(None)
    waiting = asyncio.ensure_future(anext(Stream(inbox), None))
    await settle()

    inbox.end()
    inbox.end(ValueError("too late"))

    assert await waiting is None
