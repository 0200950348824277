"""How often what is watched by its id is read, and what holds that back."""

from collections.abc import Callable
from typing import Any

import httpx
from structlog.testing import capture_logs

from gateway.domain import ApprovableKey, ApprovalState, ChangeCause
from gateway.errors import UpstreamRateLimitedError
from tests.changes.watching import PRODUCTIVE, Desk, booking
from tests.support import Handler, RecordingTransport, SteppedTime, settle

APPROVED = ApprovalState.APPROVED
POLL, GATEWAY = ChangeCause.POLL, ChangeCause.GATEWAY
BOOKING = booking("305")


async def fail(request: httpx.Request, upstream: Handler) -> httpx.Response:
    del upstream
    return httpx.Response(503, request=request)


class TestPace:
    async def test_it_is_read_ever_later_while_nothing_changes(
        self,
        desk: Desk,
        time: SteppedTime,
        ottimate: RecordingTransport,
        invoices: list[ApprovableKey],
    ) -> None:
        await desk.watch(invoices)
        begin = time.seconds
        waits: list[float] = []
        while sum(waits) < 3000:
            desk.clear()
            await time.run(time.seconds_to_next or 0)
            assert ottimate.calls == ["GET /invoices"]
            waits.append(time.seconds - begin - sum(waits))

        assert waits[:4] == [30, 45, 67.5, 101.25]
        assert waits[-1] == 600

    async def test_a_change_makes_it_quick_again(
        self,
        desk: Desk,
        time: SteppedTime,
        invoices: list[ApprovableKey],
        approve_elsewhere: Callable[[ApprovableKey], None],
    ) -> None:
        await desk.watch(invoices)
        await time.run(3600)
        approve_elsewhere(invoices[0])
        await time.run(time.seconds_to_next or 0)

        assert time.seconds_to_next == 30

    async def test_a_bug_is_logged_and_looked_past(
        self,
        desk: Desk,
        time: SteppedTime,
        ottimate: RecordingTransport,
        invoices: list[ApprovableKey],
        approve_elsewhere: Callable[[ApprovableKey], None],
    ) -> None:
        watcher = await desk.watch(invoices)

        async def break_down(request: httpx.Request, upstream: Handler) -> Any:
            del request, upstream
            raise ZeroDivisionError

        ottimate.interceptors["GET /invoices"] = break_down
        with capture_logs() as lines:
            await time.run(31)
        assert [one["event"] for one in lines if one["log_level"] == "error"] == [
            "poll_broken"
        ]
        ottimate.interceptors.clear()
        approve_elsewhere(invoices[0])
        await time.run(100)

        assert watcher.seen == [(invoices[0].key, APPROVED, POLL)]

    async def test_a_failure_makes_it_slow_and_is_told_to_nobody(
        self,
        desk: Desk,
        time: SteppedTime,
        ottimate: RecordingTransport,
        invoices: list[ApprovableKey],
        approve_elsewhere: Callable[[ApprovableKey], None],
    ) -> None:
        watcher = await desk.watch(invoices)
        ottimate.interceptors["GET /invoices"] = fail
        with capture_logs() as lines:
            await time.run(100)
        failed = [one for one in lines if one["event"] == "poll_failed"]
        assert failed == [
            {
                "event": "poll_failed",
                "log_level": "warning",
                "provider": "OTTIMATE",
                "code": "UPSTREAM_UNAVAILABLE",
            }
        ] * len(failed)
        assert len(failed) == 2

        ottimate.interceptors.clear()
        approve_elsewhere(invoices[0])
        await time.run(400)

        assert watcher.seen == [(invoices[0].key, APPROVED, POLL)]

    async def test_a_provider_that_asks_for_patience_has_it(
        self,
        desk: Desk,
        time: SteppedTime,
        productive: RecordingTransport,
    ) -> None:
        async def limit(request: httpx.Request, upstream: Handler) -> httpx.Response:
            del upstream
            return httpx.Response(429, headers={"Retry-After": "500"}, request=request)

        await desk.watch([BOOKING])
        productive.interceptors["GET /bookings/305"] = limit
        await time.run(11)
        productive.interceptors.clear()
        desk.clear()

        await time.run(490)
        assert productive.calls == []
        await time.run(15)
        assert productive.calls == ["GET /bookings/305"]

    async def test_who_comes_to_watch_more_makes_it_quick_but_not_before_that(
        self, desk: Desk, time: SteppedTime, productive: RecordingTransport
    ) -> None:
        await desk.watch([BOOKING])
        productive.interceptors["GET /bookings/305"] = fail
        await time.run(40)
        desk.clear()
        left = time.seconds_to_next
        assert left is not None
        assert left > 10

        await desk.watch([BOOKING, booking("302")])

        assert productive.calls == ["GET /bookings/302"]
        assert time.seconds_to_next == left

    async def test_decisions_keep_their_part_of_a_quota(
        self,
        desk: Desk,
        time: SteppedTime,
        productive: RecordingTransport,
    ) -> None:
        watcher = await desk.watch([BOOKING])
        limit = desk.account(PRODUCTIVE)._session.limit  # type: ignore[attr-defined]
        for _ in range(40):
            for _ in range(50):
                limit.take()
            time.advance(11)
        quota = limit.get_quota()
        assert quota.remaining < 2000
        desk.clear()

        await time.run(600)
        assert productive.calls == []
        desk.changes.tell(BOOKING, GATEWAY)
        await settle()
        assert [one.cause for one in watcher.changes] == [GATEWAY]

        desk.clear()
        await time.run(2000)
        assert productive.calls != []

    async def test_a_day_that_is_spent_is_waited_for(
        self,
        desk: Desk,
        time: SteppedTime,
        ottimate: RecordingTransport,
        invoices: list[ApprovableKey],
    ) -> None:
        """Ottimate's quota is whole again at midnight, in six hours."""
        watcher = await desk.watch(invoices)

        async def spend(request: httpx.Request, upstream: Handler) -> httpx.Response:
            del upstream
            return httpx.Response(
                429, json={"message": "Limit Exceeded"}, request=request
            )

        ottimate.interceptors["GET /invoices"] = spend
        await time.run(31)
        ottimate.interceptors.clear()
        desk.clear()
        desk.changes.tell(invoices[0], GATEWAY)
        await time.run(5 * 3600)
        assert ottimate.calls == []
        assert watcher.seen == [(invoices[0].key, None, GATEWAY)]
        assert isinstance(watcher.changes[0].error, UpstreamRateLimitedError)

        await time.run(3600)
        assert ottimate.calls != []
