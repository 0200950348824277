"""What is watched by its id is read now and then, by exact calls at exact times."""

from collections import defaultdict
from collections.abc import Callable
from itertools import pairwise

import httpx

from gateway.domain import (
    ApprovableKey,
    ApprovalState,
    ChangeCause,
    TargetKey,
    TargetType,
    invoice_key,
)
from gateway.providers.accounteer.simulator import AccounteerSimulator
from gateway.providers.accounteer.simulator.situations import (
    INVOICE_DRAFT,
    PURCHASE_DRAFT,
)
from gateway.providers.ottimate.simulator import OttimateSimulator
from gateway.providers.productive.simulator import ProductiveSimulator
from tests.changes.watching import (
    ACCOUNTEER,
    APPROVE,
    OTTIMATE,
    PRODUCTIVE,
    Desk,
    booking,
    id_of,
    patch_elsewhere,
)
from tests.support import Handler, RecordingTransport, SteppedTime

APPROVED, PENDING = ApprovalState.APPROVED, ApprovalState.PENDING
POLL, GATEWAY = ChangeCause.POLL, ChangeCause.GATEWAY
BOOKING = booking("305")


class TestCalls:
    async def test_one_poll_serves_all_who_watch_with_an_account(
        self,
        desk: Desk,
        time: SteppedTime,
        ottimate: RecordingTransport,
        invoices: list[ApprovableKey],
        bill_key: ApprovableKey,
    ) -> None:
        await desk.watch([*invoices[:2], bill_key])
        await desk.watch([*invoices[1:], bill_key])
        await desk.watch(None)
        desk.clear()

        await time.run(15)
        assert desk.calls == ["POST /List/Bill.json"]

        desk.clear()
        await time.run(15)
        assert desk.calls == ["GET /invoices"]
        asked = set(ottimate.params(0)["invoice_ids"].split(","))
        assert asked == {one.key for one in invoices}

    async def test_what_is_watched_is_seen_at_once(
        self, desk: Desk, invoices: list[ApprovableKey], bill_key: ApprovableKey
    ) -> None:
        await desk.watch([*invoices, bill_key])
        assert desk.calls == ["GET /invoices", "POST /List/Bill.json"]

        desk.clear()
        await desk.watch(invoices)
        assert desk.calls == []

    async def test_each_type_of_target_is_a_call(
        self, desk: Desk, time: SteppedTime, productive: RecordingTransport
    ) -> None:
        keys = [
            *(booking(one) for one in ("305", "302")),
            *(
                ApprovableKey(PRODUCTIVE, TargetKey(TargetType.TIME_ENTRY, one))
                for one in ("601", "602")
            ),
        ]
        await desk.watch(keys)
        desk.clear()

        await time.run(10)

        assert sorted(productive.calls) == ["GET /bookings", "GET /time_entries"]

    async def test_documents_of_accounteer_come_in_lists(
        self, desk: Desk, time: SteppedTime, accounteer: RecordingTransport
    ) -> None:
        keys = [
            ApprovableKey(ACCOUNTEER, invoice_key(INVOICE_DRAFT, "invoices")),
            ApprovableKey(ACCOUNTEER, invoice_key(PURCHASE_DRAFT, "purchases")),
        ]
        await desk.watch(keys)
        await time.run(5)
        desk.clear()

        await time.run(20)

        assert sorted(accounteer.calls)[:1] == ["GET /contacts"]
        assert [one.split("/")[1] for one in sorted(accounteer.calls)] == [
            "contacts",
            "invoices",
            "purchases",
        ]

    async def test_nothing_is_read_while_nobody_watches_by_id(
        self, desk: Desk, time: SteppedTime, invoices: list[ApprovableKey]
    ) -> None:
        wide = await desk.watch(None)
        narrow = await desk.watch(invoices)
        await narrow.leave()
        desk.clear()

        await time.run(10_000)
        assert desk.calls == []
        assert time.seconds_to_next is None

        await wide.leave()
        assert desk.changes._watches == {}
        assert desk.changes._tasks == set()

    async def test_accounts_that_share_a_limit_share_the_pace(
        self,
        desk: Desk,
        time: SteppedTime,
        ottimate: RecordingTransport,
        invoices: list[ApprovableKey],
        approve_elsewhere: Callable[[ApprovableKey], None],
    ) -> None:
        """Two reads take 36 seconds of the hour that 200 reads share."""
        polls: defaultdict[str, list[float]] = defaultdict(list)

        async def note(request: httpx.Request, upstream: Handler) -> httpx.Response:
            polls[request.headers["Authorization"]].append(time.seconds)
            return await upstream(request)

        ottimate.interceptors["GET /invoices"] = note
        for person in ("controller", "clerk"):
            await desk.watch(invoices, person=person)
        await time.run(3000)
        approve_elsewhere(invoices[0])
        await time.run(3000)

        waits = [[b - a for a, b in pairwise(times)] for times in polls.values()]
        # The first to come began alone.
        assert [one[:3] for one in waits] == [[30, 54, 81], [36, 54, 81]]
        assert [one[9:13] for one in waits] == [[600, 600, 36, 54]] * 2


class TestFinding:
    async def test_what_changed_elsewhere_is_found_once(
        self,
        desk: Desk,
        time: SteppedTime,
        invoices: list[ApprovableKey],
        approve_elsewhere: Callable[[ApprovableKey], None],
    ) -> None:
        watcher = await desk.watch(invoices)
        other = await desk.watch(invoices[:1])
        approve_elsewhere(invoices[1])

        await time.run(3600)

        assert watcher.seen == [(invoices[1].key, APPROVED, POLL)]
        assert other.seen == []

    async def test_what_was_told_is_not_found_again(
        self, desk: Desk, time: SteppedTime, invoices: list[ApprovableKey]
    ) -> None:
        watcher = await desk.watch(invoices)

        await desk.execute(APPROVE, {"input": {"id": id_of(invoices[0])}})
        await time.run(3600)

        assert watcher.seen == [(invoices[0].key, APPROVED, GATEWAY)]

    async def test_what_is_told_while_it_is_polled_is_told_once(
        self,
        desk: Desk,
        time: SteppedTime,
        ottimate: RecordingTransport,
        invoices: list[ApprovableKey],
        approve_elsewhere: Callable[[ApprovableKey], None],
    ) -> None:
        key = invoices[0]
        watcher = await desk.watch(invoices)

        async def change(request: httpx.Request, upstream: Handler) -> httpx.Response:
            ottimate.interceptors.clear()
            approve_elsewhere(key)
            desk.changes.tell(key, GATEWAY)
            return await upstream(request)

        ottimate.interceptors["GET /invoices"] = change
        await time.run(3600)

        assert watcher.seen == [(key.key, APPROVED, GATEWAY)]

    async def test_what_goes_is_found_gone_after_a_second_look(
        self,
        desk: Desk,
        time: SteppedTime,
        ottimate: RecordingTransport,
        simulator: OttimateSimulator,
        invoices: list[ApprovableKey],
    ) -> None:
        watcher = await desk.watch(invoices)
        desk.clear()
        del simulator.state.invoices[str(invoices[2].key)]

        await time.run(30)

        assert watcher.seen == [(invoices[2].key, None, POLL)]
        assert ottimate.calls == ["GET /invoices"] * 2
        assert ottimate.params(1)["invoice_ids"] == invoices[2].key

    async def test_what_goes_all_at_once_is_told_of_little_by_little(
        self, desk: Desk, time: SteppedTime, simulator: OttimateSimulator
    ) -> None:
        """Each is looked for again, and a poll looks for five."""
        keys = [
            ApprovableKey(OTTIMATE, simulator.state.numbered(f"INV-10{number}").id)
            for number in range(10, 18)
        ]
        watcher = await desk.watch(keys)
        for key in keys:
            del simulator.state.invoices[str(key.key)]

        await time.run(30)
        assert len(watcher.changes) == 5
        await time.run(30)

        assert {one.key for one in watcher.changes} == set(keys)
        assert len(watcher.changes) == 8

    async def test_what_a_list_left_out_is_not_gone(
        self,
        desk: Desk,
        time: SteppedTime,
        ottimate: RecordingTransport,
        invoices: list[ApprovableKey],
    ) -> None:
        watcher = await desk.watch(invoices)

        async def lack(request: httpx.Request, upstream: Handler) -> httpx.Response:
            ottimate.interceptors.clear()
            await upstream(request)
            return httpx.Response(
                200, json={"count": 0, "invoices": []}, request=request
            )

        ottimate.interceptors["GET /invoices"] = lack
        await time.run(3600)

        assert watcher.seen == []

    async def test_a_duty_decided_elsewhere_is_found(
        self,
        desk: Desk,
        time: SteppedTime,
        productive_simulator: ProductiveSimulator,
    ) -> None:
        watcher = await desk.watch([BOOKING])
        await patch_elsewhere(
            productive_simulator,
            "auditor",
            "/bookings/305",
            {"type": "bookings", "attributes": {"note": "Not so long"}},
        )
        await time.run(10)

        assert [one.cause for one in watcher.changes] == [POLL]

    async def test_a_purchase_approved_elsewhere_is_found(
        self,
        desk: Desk,
        time: SteppedTime,
        accounteer_simulator: AccounteerSimulator,
    ) -> None:
        key = ApprovableKey(ACCOUNTEER, invoice_key(PURCHASE_DRAFT, "purchases"))
        watcher = await desk.watch([key])
        await time.run(1)
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(accounteer_simulator.app),
            base_url="http://sandbox",
        ) as person:
            token = (accounteer_simulator.credentials("controller") or {})[
                "access_token"
            ]
            answer = await person.post(
                f"/api/v0.1/purchases/{PURCHASE_DRAFT}",
                json={"purchase": {"status": "approved"}},
                headers={"Authorization": f"Bearer {token}"},
            )
            assert answer.status_code == 200
        await time.run(21)

        assert watcher.seen == [(key.key, APPROVED, POLL)]
