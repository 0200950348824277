"""Nobody learns that there is what they cannot see, nor when it is decided."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from gateway.domain import ApprovableKey, ApprovalState, ChangeCause
from gateway.providers.ottimate.simulator import OttimateSimulator
from tests.changes.watching import APPROVE, OTTIMATE, Desk, Watcher, booking, id_of
from tests.support import Handler, RecordingTransport, SteppedTime, settle

APPROVED, PENDING = ApprovalState.APPROVED, ApprovalState.PENDING
GATEWAY, WEBHOOK, POLL = ChangeCause.GATEWAY, ChangeCause.WEBHOOK, ChangeCause.POLL
BOOKING = booking("305")


@pytest.fixture
def hidden(simulator: OttimateSimulator) -> ApprovableKey:
    """Return an invoice of a place that the clerk sees nothing of."""
    return ApprovableKey(OTTIMATE, simulator.state.numbered("INV-1014").id)


async def refuse(request: httpx.Request, upstream: Handler) -> httpx.Response:
    del upstream
    return httpx.Response(403, json={"errors": []}, request=request)


async def fail(request: httpx.Request, upstream: Handler) -> httpx.Response:
    del upstream
    return httpx.Response(503, request=request)


async def watch_both_ways(desk: Desk, key: ApprovableKey) -> list[Watcher]:
    return [await desk.watch(keys, person="clerk") for keys in ([key], None)]


async def test_who_named_what_they_cannot_see_is_told_nothing(
    desk: Desk, hidden: ApprovableKey
) -> None:
    watchers = await watch_both_ways(desk, hidden)
    mine = await desk.watch([hidden])

    done = await desk.execute(APPROVE, {"input": {"id": id_of(hidden), "force": True}})

    assert done["approve"]["outcome"] == "APPLIED"
    assert len(mine.changes) == 1
    assert [one.changes for one in watchers] == [[], []]


async def test_nor_where_it_is_told_before_anybody_looked(
    desk: Desk, hidden: ApprovableKey
) -> None:
    watcher = Watcher(desk.context("clerk").watch([hidden]))
    desk.changes.tell(hidden, GATEWAY)
    await settle()

    assert watcher.changes == []


@pytest.mark.parametrize("handler", [refuse, fail])
async def test_nor_where_it_cannot_be_read(
    handler: Any,
    desk: Desk,
    time: SteppedTime,
    ottimate: RecordingTransport,
    hidden: ApprovableKey,
) -> None:
    watchers = await watch_both_ways(desk, hidden)
    ottimate.interceptors["GET /invoices"] = handler
    with capture_logs() as lines:
        desk.changes.tell(hidden, GATEWAY)
        await time.run(200)
    ottimate.interceptors.clear()
    await time.run(1000)

    assert [one.changes for one in watchers] == [[], []]
    assert len([one for one in lines if one["event"] == "change_failed"]) == 1


async def test_nor_where_it_could_never_be_read(
    desk: Desk, time: SteppedTime, ottimate: RecordingTransport, hidden: ApprovableKey
) -> None:
    ottimate.interceptors["GET /invoices"] = fail
    watchers = await watch_both_ways(desk, hidden)
    desk.changes.tell(hidden, GATEWAY)
    await time.run(200)
    ottimate.interceptors.clear()
    await time.run(1000)

    assert [one.changes for one in watchers] == [[], []]


async def test_what_could_never_be_read_is_told_once_it_can_be(
    desk: Desk,
    time: SteppedTime,
    ottimate: RecordingTransport,
    invoices: list[ApprovableKey],
) -> None:
    ottimate.interceptors["GET /invoices"] = fail
    watcher = await desk.watch(invoices)
    desk.changes.tell(invoices[0], GATEWAY)
    await time.run(200)
    assert watcher.changes == []

    ottimate.interceptors.clear()
    await time.run(600)

    assert watcher.seen == [(invoices[0].key, PENDING, POLL)]


async def test_what_goes_is_told_once_to_who_saw_it(
    desk: Desk, simulator: OttimateSimulator, invoices: list[ApprovableKey]
) -> None:
    watcher = await desk.watch(invoices)
    wide = await desk.watch(None)
    del simulator.state.invoices[str(invoices[0].key)]

    for _ in range(2):
        desk.changes.tell(invoices[0], GATEWAY)
        await settle()

    assert watcher.seen == [(invoices[0].key, None, GATEWAY)]
    assert wide.changes == []


async def test_what_comes_into_sight_is_found(
    desk: Desk,
    time: SteppedTime,
    simulator: OttimateSimulator,
    invoices: list[ApprovableKey],
) -> None:
    key = invoices[0]
    invoice = simulator.state.invoices.pop(str(key.key))
    watcher = await desk.watch(invoices)
    simulator.state.invoices[str(key.key)] = invoice

    await time.run(1200)

    assert watcher.seen == [(key.key, PENDING, POLL)]


class TestPace:
    """What is absent is looked for rarely, and slows nobody down."""

    async def test_what_is_absent_is_looked_for_rarely(
        self, desk: Desk, time: SteppedTime, ottimate: RecordingTransport
    ) -> None:
        await desk.watch([ApprovableKey(OTTIMATE, "no-such-invoice")])
        assert ottimate.calls == ["GET /invoices"]
        desk.clear()

        await time.run(599)
        assert ottimate.calls == []

        await time.run(2400)
        assert 2 <= len(ottimate.calls) <= 4

    async def test_many_that_are_absent_leave_others_their_pace(
        self,
        desk: Desk,
        time: SteppedTime,
        invoices: list[ApprovableKey],
        approve_elsewhere: Callable[[ApprovableKey], None],
    ) -> None:
        none = [ApprovableKey(OTTIMATE, f"none-{number}") for number in range(500)]
        for begin in range(0, 500, 100):
            await desk.watch(none[begin : begin + 100], person="mate")
        watcher = await desk.watch(invoices, person="stoker")
        await time.run(200)
        approve_elsewhere(invoices[0])
        await time.run(90)

        assert watcher.seen == [(invoices[0].key, APPROVED, POLL)]

    async def test_they_are_looked_for_in_turns(
        self, desk: Desk, time: SteppedTime, ottimate: RecordingTransport
    ) -> None:
        keys = [ApprovableKey(OTTIMATE, f"none-{number}") for number in range(250)]
        streams = [desk.context().watch(keys[at : at + 100]) for at in (0, 100, 200)]
        await settle()
        await time.run(1)
        desk.clear()

        await time.run(3000)

        asked = [
            ottimate.params(number)["invoice_ids"].split(",")
            for number in range(len(ottimate.calls))
        ]
        assert len(streams) == 3
        assert max(len(one) for one in asked) <= 100
        assert {one for ids in asked for one in ids} == {str(one.key) for one in keys}
