"""What cannot be read keeps nobody from the rest."""

from collections.abc import Awaitable, Callable

import httpx
import pytest
from structlog.testing import capture_logs

from gateway.changes.told import ToldQueue
from gateway.domain import (
    ApprovableKey,
    ApprovalState,
    ChangeCause,
    TargetKey,
    TargetType,
)
from gateway.errors import (
    UpstreamRateLimitedError,
    UpstreamResponseError,
    UpstreamUnavailableError,
)
from tests.changes.watching import PRODUCTIVE, Desk, booking
from tests.support import Handler, RecordingTransport, SteppedTime, settle

APPROVED, PENDING = ApprovalState.APPROVED, ApprovalState.PENDING
GATEWAY, WEBHOOK, POLL = ChangeCause.GATEWAY, ChangeCause.WEBHOOK, ChangeCause.POLL
BOOKING = booking("305")
EXPENSES = [
    ApprovableKey(PRODUCTIVE, TargetKey(TargetType.EXPENSE, str(number)))
    for number in range(1, 101)
]


async def fail(request: httpx.Request, upstream: Handler) -> httpx.Response:
    del upstream
    return httpx.Response(500, request=request)


async def refuse(request: httpx.Request, upstream: Handler) -> httpx.Response:
    del upstream
    return httpx.Response(403, json={"errors": []}, request=request)


class TestPolls:
    @pytest.mark.parametrize("count", [1, 100])
    async def test_what_cannot_be_read_stops_no_poll_of_the_rest(
        self,
        count: int,
        desk: Desk,
        time: SteppedTime,
        productive: RecordingTransport,
        approve_booking_elsewhere: Callable[[ApprovableKey], Awaitable[None]],
    ) -> None:
        """Of one batch, or of another."""
        for call in ("GET /expenses", "GET /expenses/1"):
            productive.interceptors[call] = fail
        await desk.watch(EXPENSES[:count])
        watcher = await desk.watch([BOOKING])
        await time.run(90)

        await approve_booking_elsewhere(BOOKING)
        await time.run(130)

        assert watcher.seen == [("305", APPROVED, POLL)]

    async def test_a_part_that_fails_is_logged_and_slows_nothing_down(
        self, desk: Desk, time: SteppedTime, productive: RecordingTransport
    ) -> None:
        begins: list[float] = []

        async def note(request: httpx.Request, upstream: Handler) -> httpx.Response:
            begins.append(time.seconds)
            return await upstream(request)

        productive.interceptors["GET /expenses/1"] = refuse
        productive.interceptors["GET /bookings/305"] = note
        with capture_logs() as lines:
            await desk.watch([EXPENSES[0], BOOKING])
            await time.run(30)

        assert [one["event"] for one in lines].count("poll_failed") == 3
        assert [one - begins[0] for one in begins] == [0, 10, 25]

    async def test_what_takes_too_long_lets_others_go_first(
        self,
        desk: Desk,
        time: SteppedTime,
        productive: RecordingTransport,
        approve_booking_elsewhere: Callable[[ApprovableKey], Awaitable[None]],
    ) -> None:
        """A poll ends with it; the next one begins with the others."""

        async def hang(request: httpx.Request, upstream: Handler) -> httpx.Response:
            await time.sleep(60)
            return await upstream(request)

        productive.interceptors["GET /expenses"] = hang
        await desk.watch(EXPENSES)
        watcher = await desk.watch([BOOKING])
        await time.run(300)
        await approve_booking_elsewhere(BOOKING)
        await time.run(400)

        assert watcher.seen == [("305", APPROVED, POLL)]

    async def test_who_comes_for_what_cannot_be_read_slows_nobody_down(
        self, desk: Desk, time: SteppedTime, productive: RecordingTransport
    ) -> None:
        await desk.watch([BOOKING])
        await time.run(5)
        productive.interceptors["GET /expenses/1"] = fail
        desk.clear()

        for _ in range(3):
            watcher = await desk.watch([EXPENSES[0]])
            await time.run(2)
            await watcher.leave()
        await time.run(10)

        assert "GET /bookings/305" in productive.calls


class TestTold:
    async def test_what_cannot_be_read_keeps_no_other_waiting(
        self, desk: Desk, time: SteppedTime, productive: RecordingTransport
    ) -> None:
        productive.interceptors["GET /bookings/304"] = fail
        watcher = await desk.watch(None)
        desk.changes.tell(booking("304"), WEBHOOK)
        await time.run(12)

        desk.changes.tell(BOOKING, GATEWAY)
        await settle()

        assert watcher.seen == [("305", PENDING, GATEWAY)]

    def test_each_waits_for_itself(self) -> None:
        queue = ToldQueue()
        first, second = booking("1"), booking("2")
        error = UpstreamUnavailableError("PRODUCTIVE", "down")
        queue.put(first, GATEWAY)
        told = queue.take(0)[first]
        assert queue.put_back(first, told, error, 0)

        queue.put(second, POLL)
        assert list(queue.take(1)) == [second]
        assert queue.ready_at() == 2
        assert list(queue.take(2)) == [first]
        assert queue.ready_at() is None

    def test_a_limit_is_for_all(self) -> None:
        queue = ToldQueue()
        first, second = booking("1"), booking("2")
        queue.put(first, GATEWAY)
        told = queue.take(0)[first]
        error = UpstreamRateLimitedError("PRODUCTIVE", "slow", retry_after_seconds=5)
        queue.put_back(first, told, error, 0)
        queue.put(second, GATEWAY)

        assert (queue.ready_at(), dict(queue.take(4))) == (5, {})
        assert list(queue.take(5)) == [first, second]

    def test_what_is_told_again_is_tried_as_often_again(self) -> None:
        queue, key = ToldQueue(), booking("1")
        error = UpstreamUnavailableError("PRODUCTIVE", "down")
        queue.put(key, GATEWAY)
        now = 0.0
        for _ in range(3):
            told = queue.take(now)[key]
            assert queue.put_back(key, told, error, now)
            now = queue.ready_at() or 0.0
        assert now == 42

        queue.put(key, WEBHOOK)
        assert queue.ready_at() == 42
        told = queue.take(now)[key]
        assert (told.cause, told.failures) == (GATEWAY, 0)

    @pytest.mark.parametrize(
        "error",
        [
            UpstreamUnavailableError("PRODUCTIVE", "down"),
            UpstreamResponseError("PRODUCTIVE", "what?"),
        ],
    )
    def test_what_is_told_while_it_is_read_is_read_again(
        self, error: Exception
    ) -> None:
        queue, key = ToldQueue(), booking("1")
        queue.put(key, GATEWAY)
        told = queue.take(0)[key]
        queue.put(key, WEBHOOK)

        assert queue.put_back(key, told, error, 0)
        assert queue.take(60)[key].cause is GATEWAY
