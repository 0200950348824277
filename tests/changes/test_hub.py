"""Who watches what: bounds, ends, and what is forgotten."""

import asyncio
from typing import Any

import pytest
from structlog.testing import capture_logs

from gateway.changes import told
from gateway.connector import Connector
from gateway.domain import ApprovableKey, ChangeCause
from gateway.errors import InvalidInputError, LimitError, UnauthenticatedError
from gateway.security import Caller
from gateway.upstream import Deadline
from tests.changes.watching import OTTIMATE, PRODUCTIVE, Desk, Watcher, booking
from tests.support import settle

GATEWAY = ChangeCause.GATEWAY


def keys(count: int, begin: int = 0) -> list[ApprovableKey]:
    return [ApprovableKey(OTTIMATE, str(begin + number)) for number in range(count)]


async def test_a_hundred_objects_are_watched_and_no_more(desk: Desk) -> None:
    desk.context().watch(keys(100))
    desk.clear()

    with pytest.raises(InvalidInputError) as raised:
        desk.context().watch(keys(101))

    assert raised.value.message == "`ids` takes at most 100 ids, not 101."
    assert raised.value.field == ("ids",)
    await settle()
    assert desk.calls == []


async def test_a_caller_has_so_many_subscriptions_and_no_more(desk: Desk) -> None:
    watch = desk.context("mate").watch
    streams = [watch(None) for _ in range(100)]

    with pytest.raises(LimitError) as raised:
        watch(keys(1))
    assert raised.value.code == "SUBSCRIPTION_LIMIT"
    assert raised.value.message == (
        "You may have at most 100 subscriptions at once. End one, and try again."
    )
    desk.context("stoker").watch(keys(1))

    streams.pop()
    watch(keys(1))


async def test_a_caller_names_so_many_objects_and_no_more(desk: Desk) -> None:
    watch = desk.context("mate").watch
    streams = [watch(keys(100, begin)) for begin in range(0, 500, 100)]
    streams.append(watch(keys(100)))

    with pytest.raises(LimitError) as raised:
        watch(keys(1, 500))
    assert raised.value.code == "SUBSCRIPTION_LIMIT"
    assert raised.value.message == (
        "You may have at most 500 ids in subscriptions at once. End one, and try again."
    )
    desk.context("stoker").watch(keys(1, 500))


async def test_the_anonymous_are_one_caller(desk: Desk) -> None:
    streams = [desk.context(None).watch(None) for _ in range(100)]

    with pytest.raises(LimitError) as raised:
        desk.context(None).watch(None)

    assert len(streams) == 100
    assert raised.value.message == (
        "All anonymous callers together may have at most 100 subscriptions at once. "
        "End one, and try again."
    )


async def test_nothing_is_kept_of_a_caller_who_left(desk: Desk) -> None:
    watcher = await desk.watch(keys(1), person="mate")
    with pytest.raises(InvalidInputError):
        desk.context("stoker").watch(keys(101))

    await watcher.leave()

    assert desk.changes._shares._inboxes == {}


async def test_as_many_watch_with_an_account_and_no_more(desk: Desk) -> None:
    """People without credentials of their own read with the gateway's."""
    streams = [desk.context(f"hand {one // 100}").watch(None) for one in range(1000)]

    with pytest.raises(LimitError) as raised:
        desk.context("mate").watch(keys(1))
    assert raised.value.code == "SUBSCRIPTION_LIMIT"
    assert raised.value.message == (
        "At most 1000 subscriptions read with these credentials at once, those of "
        "other callers among them. Try again later."
    )

    streams.pop()
    desk.context("mate").watch(keys(1))


async def test_so_much_is_watched_with_an_account_and_no_more(desk: Desk) -> None:
    streams = [
        desk.context(f"hand {begin // 500}").watch(keys(100, begin))
        for begin in range(0, 5000, 100)
    ]
    streams.append(desk.context("mate").watch(keys(100)))

    with pytest.raises(LimitError) as raised:
        desk.context("mate").watch(keys(1, 5000))

    assert raised.value.code == "SUBSCRIPTION_LIMIT"
    assert raised.value.message == (
        "Subscriptions to at most 5000 objects read with these credentials at once, "
        "those of other callers among them. Try again later."
    )


async def test_more_than_can_be_read_is_too_much_for_who_watches_everything(
    desk: Desk,
) -> None:
    wide = await desk.watch(None)
    narrow = await desk.watch([booking("305"), *keys(1)])
    for one in keys(told.MOST_TOLD + 1, 10):
        desk.changes.tell(one, GATEWAY)
    desk.changes.tell(keys(1)[0], GATEWAY)
    await settle()

    assert isinstance(wide.error, LimitError)
    assert wide.error.code == "SUBSCRIPTION_TOO_SLOW"
    assert narrow.task.done() is False


async def test_every_stream_ends_when_the_gateway_does(desk: Desk) -> None:
    watchers = [await desk.watch(one) for one in (None, keys(2), [booking("305")])]

    await desk.changes.aclose()
    await settle()

    assert [one.task.done() for one in watchers] == [True] * 3
    assert [one.error for one in watchers] == [None] * 3
    assert desk.changes._watches == {}
    assert desk.changes._tasks == set()


async def test_who_comes_when_it_has_ended_is_told_nothing(desk: Desk) -> None:
    desk.changes.close()
    desk.clear()

    watcher = await desk.watch(keys(1))
    desk.changes.tell(keys(1)[0], GATEWAY)
    await settle()

    assert watcher.task.done()
    assert (watcher.error, watcher.changes, desk.calls) == (None, [], [])


async def test_closing_in_the_middle_of_a_read_is_fine(desk: Desk) -> None:
    gate = asyncio.Event()

    async def hold(request: Any, upstream: Any) -> Any:
        await gate.wait()
        return await upstream(request)

    desk.upstreams[0].interceptors["GET /invoices"] = hold
    watcher = await desk.watch(keys(1))

    await desk.changes.aclose()
    await settle()

    assert watcher.task.done()
    assert desk.upstreams[0].calls == ["GET /invoices"]


async def test_who_watches_with_credentials_that_are_gone_is_let_go(
    desk: Desk,
) -> None:
    """They are gone once a request finds others in their place."""
    gateway = desk.gateway
    watcher = await desk.watch(keys(1))
    other = await desk.watch(keys(1), person="clerk")
    find = gateway._get_credentials

    gateway._get_credentials = lambda provider, subject: find(
        provider, "clerk" if subject == "controller" else subject
    )
    gateway.create_context(Caller(subject="controller"), "request")
    await settle()

    # The gateway's own credentials are these as well, with Ottimate, and stay.
    assert watcher.task.done() is False
    productive = await desk.watch([booking("305")], person="accountant")
    gateway._get_credentials = lambda provider, _: find(provider, "clerk")
    gateway.create_context(Caller(subject="accountant"), "request")
    await settle()

    assert isinstance(productive.error, UnauthenticatedError)
    assert productive.error.message == (
        "Your credentials for a provider are others by now. Subscribe again."
    )
    assert other.task.done() is False


async def test_a_bug_ends_the_streams_that_it_would_leave_in_silence(
    desk: Desk,
) -> None:
    class Broken:
        def connect(self, deadline: Deadline) -> Connector:
            del deadline
            raise ZeroDivisionError

    with capture_logs() as lines:
        accounts = {PRODUCTIVE: Broken()}
        watcher = Watcher(desk.changes.watch(accounts, "mate", [booking("305")]))
        await settle()

    assert isinstance(watcher.error, ZeroDivisionError)
    assert [one["event"] for one in lines if one["log_level"] == "error"] == [
        "watch_broken"
    ]
    assert desk.changes._watches == {}
