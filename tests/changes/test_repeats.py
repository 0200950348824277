"""What was told is not told again: what this gateway did comes back as a webhook."""

from collections.abc import Awaitable, Callable

import httpx

from gateway.domain import ApprovableKey, ApprovalState, ChangeCause
from tests.changes.watching import APPROVE, Desk, booking, id_of
from tests.support import Handler, RecordingTransport, SteppedTime, settle

APPROVED, PENDING = ApprovalState.APPROVED, ApprovalState.PENDING
GATEWAY, WEBHOOK, POLL = ChangeCause.GATEWAY, ChangeCause.WEBHOOK, ChangeCause.POLL
BOOKING = booking("305")


async def test_our_own_decision_is_told_once(desk: Desk) -> None:
    watchers = [await desk.watch(keys) for keys in ([BOOKING], None)]

    await desk.execute(APPROVE, {"input": {"id": id_of(BOOKING)}})
    desk.changes.tell(BOOKING, WEBHOOK)
    await settle()

    assert [one.seen for one in watchers] == [[("305", APPROVED, GATEWAY)]] * 2


async def test_what_is_told_together_is_the_gateways(desk: Desk) -> None:
    watcher = await desk.watch(None)
    for cause in (GATEWAY, WEBHOOK):
        desk.changes.tell(BOOKING, cause)
    await settle()

    assert watcher.seen == [("305", PENDING, GATEWAY)]


async def test_what_only_a_poll_told_is_told_by_a_webhook(
    desk: Desk,
    time: SteppedTime,
    approve_booking_elsewhere: Callable[[ApprovableKey], Awaitable[None]],
) -> None:
    """Who watches everything hears of no poll."""
    narrow, wide = await desk.watch([BOOKING]), await desk.watch(None)
    desk.changes.tell(BOOKING, WEBHOOK)
    await settle()
    await approve_booking_elsewhere(BOOKING)
    await time.run(60)
    assert narrow.seen[1:] == [("305", APPROVED, POLL)]

    desk.changes.tell(BOOKING, WEBHOOK)
    await settle()

    assert wide.seen == [("305", PENDING, WEBHOOK), ("305", APPROVED, WEBHOOK)]


async def test_who_came_since_is_told(desk: Desk) -> None:
    first = await desk.watch(None)
    desk.changes.tell(BOOKING, WEBHOOK)
    await settle()
    second = await desk.watch(None)
    for _ in range(2):
        desk.changes.tell(BOOKING, WEBHOOK)
        await settle()

    assert len(first.seen) == 2
    assert second.seen == [("305", PENDING, WEBHOOK)]


async def test_what_was_told_unreadable_is_told_by_a_webhook(
    desk: Desk, productive: RecordingTransport
) -> None:
    watcher = await desk.watch([BOOKING])
    desk.changes.tell(BOOKING, WEBHOOK)
    await settle()

    async def refuse(request: httpx.Request, _: Handler) -> httpx.Response:
        return httpx.Response(403, json={"errors": []}, request=request)

    productive.interceptors["GET /bookings/305"] = refuse
    desk.changes.tell(BOOKING, WEBHOOK)
    await settle()
    productive.interceptors.clear()
    desk.changes.tell(BOOKING, WEBHOOK)
    await settle()

    states = [state for _, state, _ in watcher.seen]
    assert states == [PENDING, None, PENDING]
