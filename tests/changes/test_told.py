"""What the gateway wrote is told to who watches it, as their own account sees it."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from gateway.domain import (
    ApprovableKey,
    ApprovalState,
    ChangeCause,
    encode_id,
    invoice_key,
)
from gateway.errors import UpstreamAuthError, UpstreamUnavailableError
from gateway.providers.accounteer.simulator.situations import PURCHASE_DRAFT
from gateway.providers.bill.simulator import BillSimulator
from gateway.providers.bill.simulator.directory import APPROVER, BUYER
from gateway.providers.ottimate.simulator import OttimateSimulator
from tests.changes.watching import (
    ACCOUNTEER,
    APPROVE,
    BILL,
    DECIDE,
    OTTIMATE,
    PRODUCTIVE,
    Desk,
    booking,
    id_of,
)
from tests.support import RecordingTransport, SteppedTime, settle

APPROVED, PENDING = ApprovalState.APPROVED, ApprovalState.PENDING
GATEWAY, POLL = ChangeCause.GATEWAY, ChangeCause.POLL
BOOKING = booking("305")
PURCHASE = ApprovableKey(ACCOUNTEER, invoice_key(PURCHASE_DRAFT, "purchases"))
FROM_4000 = encode_id("Policy", BILL, "app01IVEVRADCRIJ3o68")
PETER = "136597"

Number = Callable[[str], ApprovableKey]


@pytest.fixture
def numbered(simulator: OttimateSimulator, bill_simulator: BillSimulator) -> Number:
    """Return the key of an invoice of Ottimate, or a bill, with a number."""

    def find(number: str) -> ApprovableKey:
        if number.startswith("INV"):
            return ApprovableKey(OTTIMATE, simulator.state.numbered(number).id)
        return ApprovableKey(BILL, bill_simulator.state.numbered(number).id)

    return find


def mutation(name: str) -> str:
    kind = f"{name[0].upper()}{name[1:]}Input"
    return f"mutation ($input: {kind}!) {{ {name}(input: $input) {{ outcome }} }}"


async def approve(desk: Desk, key: ApprovableKey, **more: Any) -> str:
    person = more.pop("person", "controller")
    done = await desk.execute(
        APPROVE, {"input": {"id": id_of(key), **more}}, person=person
    )
    outcome: str = done["approve"]["outcome"]
    return outcome


class TestWhoIsTold:
    async def test_a_decision_is_told_to_who_watches_it_or_everything(
        self, desk: Desk, numbered: Number
    ) -> None:
        key = numbered("INV-1002")
        narrow = await desk.watch([key])
        wide = await desk.watch(None)
        other = await desk.watch([numbered("INV-1003"), BOOKING])

        assert await approve(desk, key) == "APPLIED"

        told = [(key.key, APPROVED, GATEWAY)]
        assert narrow.seen == wide.seen == told
        assert other.seen == []
        assert narrow.changes[0].at == desk.time.instant

    async def test_each_account_reads_once_however_many_watch(
        self, desk: Desk, ottimate: RecordingTransport, numbered: Number
    ) -> None:
        key = numbered("INV-1002")
        watchers = [
            await desk.watch(keys, person=person)
            for keys in ([key], None)
            for person in ("controller", "controller", "clerk")
        ]
        desk.clear()

        await approve(desk, key)

        assert [one.seen for one in watchers] == [[(key.key, APPROVED, GATEWAY)]] * 6
        accounts = [one.changes[0].account for one in watchers]
        mine, of_clerk = desk.account(OTTIMATE), desk.account(OTTIMATE, "clerk")
        assert accounts == [mine, mine, of_clerk] * 2
        # The decision looks, writes, and looks; then each account once.
        assert ottimate.calls[1:2] == [f"POST /invoices/{key.key}/approve"]
        tokens = [one.headers["authorization"] for one in ottimate.requests[-2:]]
        assert len(set(tokens)) == 2
        assert ottimate.calls[-2:] == ["GET /invoices"] * 2

    async def test_who_may_not_see_it_hears_nothing(
        self, desk: Desk, numbered: Number
    ) -> None:
        of_another_place = numbered("INV-1014")
        wide = await desk.watch(None, person="clerk")
        mine = await desk.watch(None)

        assert await approve(desk, of_another_place, force=True) == "APPLIED"

        assert len(mine.seen) == 1
        assert wide.seen == []
        assert wide.error is None

    async def test_each_of_several_providers_decisions_is_told(
        self, desk: Desk, time: SteppedTime, numbered: Number
    ) -> None:
        keys = [numbered("INV-1002"), numbered("BILL-1001"), BOOKING, PURCHASE]
        watcher = await desk.watch(None)

        done = await desk.execute(
            DECIDE,
            {
                "input": {
                    "decisions": [
                        {"id": id_of(one), "decision": "APPROVE"} for one in keys
                    ]
                }
            },
        )
        await time.run(3)

        outcomes = [one["outcome"] for one in done["decide"]["results"]]
        assert outcomes == ["APPLIED"] * 4
        found = {change.key: change.cause for change in watcher.changes}
        assert found == dict.fromkeys(keys, GATEWAY)

    async def test_a_decision_on_a_duty_tells_of_what_it_is_about(
        self, desk: Desk
    ) -> None:
        duty = encode_id("ApprovalStatus", PRODUCTIVE, "5006")
        query = "query ($id: ID!) { approvalStatus(id: $id) { target { sourceId } } }"
        found = await desk.execute(query, {"id": duty})
        target = booking(found["approvalStatus"]["target"]["sourceId"])
        watcher = await desk.watch([target])

        done = await desk.execute(APPROVE, {"input": {"id": duty}})

        assert done["approve"]["outcome"] == "APPLIED"
        assert [one.key for one in watcher.changes] == [target]


class TestWhatIsTold:
    async def test_what_is_not_known_is_told(
        self, desk: Desk, switch: Callable[..., None], numbered: Number
    ) -> None:
        key = numbered("INV-1002")
        watcher = await desk.watch([key])
        switch(fault="internal_error", fault_calls=("approve",))

        assert await approve(desk, key) == "UNKNOWN"

        assert watcher.seen == [(key.key, PENDING, GATEWAY)]

    async def test_what_was_refused_or_done_already_is_not(
        self, desk: Desk, numbered: Number
    ) -> None:
        key = numbered("INV-1002")
        await approve(desk, key)
        watcher = await desk.watch([key])

        assert await approve(desk, key) == "ALREADY_APPLIED"
        assert await approve(desk, key, expectedVersion="1.other") == "REFUSED"

        assert watcher.seen == []

    @pytest.mark.parametrize(
        ("name", "number", "more"),
        [
            ("addApprover", "INV-1002", {"userSourceId": PETER}),
            ("addApprover", "BILL-1001", {"userSourceId": BUYER}),
            ("setApprovers", "BILL-1001", {"userSourceIds": [BUYER, APPROVER]}),
            ("clearApprovers", "BILL-1001", {}),
        ],
    )
    async def test_a_change_of_approvers_is_a_change(
        self,
        name: str,
        number: str,
        more: dict[str, Any],
        desk: Desk,
        numbered: Number,
    ) -> None:
        key = numbered(number)
        watcher = await desk.watch([key])

        done = await desk.execute(
            mutation(name), {"input": {"invoiceId": id_of(key), **more}}
        )

        assert done[name]["outcome"] == "APPLIED"
        assert [(one.key, one.cause) for one in watcher.changes] == [(key, GATEWAY)]

    async def test_an_approver_taken_off_is_told_of_their_invoice(
        self, desk: Desk, simulator: OttimateSimulator, numbered: Number
    ) -> None:
        key = numbered("INV-1001")
        watcher = await desk.watch([key])
        record = simulator.state.numbered("INV-1001").records[1]

        done = await desk.execute(
            mutation("removeApprover"),
            {
                "input": {
                    "approverId": encode_id(
                        "Approver", OTTIMATE, record.id, str(key.key)
                    )
                }
            },
        )

        assert done["removeApprover"]["outcome"] == "APPLIED"
        assert [(one.key, one.cause) for one in watcher.changes] == [(key, GATEWAY)]

    async def test_a_policy_is_nothing_to_approve(self, desk: Desk) -> None:
        watcher = await desk.watch(None)
        desk.clear()

        done = await desk.execute(
            mutation("updatePolicy"),
            {"input": {"policyId": FROM_4000, "amountThreshold": "4500"}},
        )

        assert done["updatePolicy"]["outcome"] == "APPLIED"
        assert watcher.seen == []

    async def test_who_went_away_while_it_was_sent_takes_it_from_nobody(
        self, desk: Desk, ottimate: RecordingTransport, numbered: Number
    ) -> None:
        key = numbered("INV-1002")
        watcher = await desk.watch([key])
        gate, arrived = asyncio.Event(), asyncio.Event()

        async def hold(request: Any, upstream: Any) -> Any:
            arrived.set()
            await gate.wait()
            return await upstream(request)

        ottimate.interceptors[f"POST /invoices/{key.key}/approve"] = hold
        context = desk.context()
        running = asyncio.create_task(
            desk.run(APPROVE, {"input": {"id": id_of(key)}}, context)
        )
        await arrived.wait()
        running.cancel()
        await settle()
        assert watcher.seen == []

        gate.set()
        await settle()

        assert running.cancelled()
        assert watcher.seen == [(key.key, APPROVED, GATEWAY)]


class TestReading:
    async def test_what_is_told_together_is_read_together(
        self, desk: Desk, ottimate: RecordingTransport, numbered: Number
    ) -> None:
        keys = [numbered(f"INV-100{number}") for number in range(2, 6)]
        watcher = await desk.watch(None)
        desk.clear()

        for key in (*keys, keys[0]):
            desk.changes.tell(key, GATEWAY)
        await settle()

        assert [one.key for one in watcher.changes] == keys
        assert ottimate.calls == ["GET /invoices"]
        assert set(ottimate.params(0)["invoice_ids"].split(",")) == {
            one.key for one in keys
        }

    async def test_what_cannot_be_read_now_is_tried_again(
        self,
        desk: Desk,
        time: SteppedTime,
        switch: Callable[..., None],
        numbered: Number,
    ) -> None:
        key = numbered("INV-1002")
        watcher = await desk.watch(None)
        switch(fault="unavailable")
        desk.changes.tell(key, GATEWAY)
        await time.run(10)
        assert watcher.seen == []

        switch(fault="none")
        await time.run(30)

        assert watcher.seen == [(key.key, PENDING, GATEWAY)]

    async def test_what_stays_unreadable_is_told_with_its_error_to_who_saw_it(
        self,
        desk: Desk,
        time: SteppedTime,
        switch: Callable[..., None],
        numbered: Number,
    ) -> None:
        key = numbered("INV-1002")
        watcher = await desk.watch([key])
        wide = await desk.watch(None)
        switch(fault="unavailable")
        desk.changes.tell(key, GATEWAY)
        await time.run(200)

        assert watcher.seen == [(key.key, None, GATEWAY)]
        assert isinstance(watcher.changes[0].error, UpstreamUnavailableError)
        assert wide.seen == []

    async def test_it_is_told_once_it_can_be_read_again(
        self,
        desk: Desk,
        time: SteppedTime,
        switch: Callable[..., None],
        numbered: Number,
    ) -> None:
        key = numbered("INV-1002")
        watcher = await desk.watch([key])
        switch(fault="unavailable")
        desk.changes.tell(key, GATEWAY)
        await time.run(200)
        switch(fault="none")
        await time.run(600)

        assert watcher.seen == [(key.key, None, GATEWAY), (key.key, PENDING, POLL)]

    async def test_what_no_patience_mends_is_told_at_once(
        self, desk: Desk, bill: RecordingTransport, numbered: Number
    ) -> None:
        key = numbered("BILL-1001")
        watcher = await desk.watch([key])

        async def refuse(request: Any, upstream: Any) -> Any:
            del request, upstream
            raise RuntimeError("a bug")

        bill.interceptors["POST /List/Bill.json"] = refuse
        with capture_logs() as lines:
            desk.changes.tell(key, GATEWAY)
            await settle()

        assert watcher.seen == [(key.key, None, GATEWAY)]
        assert isinstance(watcher.changes[0].error, RuntimeError)
        events = [one["event"] for one in lines if one["log_level"] == "error"]
        assert events == ["change_broken"]

    async def test_who_stays_is_told_on_after_a_failure(
        self, desk: Desk, ottimate: RecordingTransport, numbered: Number
    ) -> None:
        key = numbered("INV-1002")
        watcher = await desk.watch([key])

        async def refuse(request: Any, upstream: Any) -> Any:
            del request, upstream
            raise UpstreamAuthError("OTTIMATE", "No.")

        ottimate.interceptors["GET /invoices"] = refuse
        with capture_logs() as lines:
            desk.changes.tell(key, GATEWAY)
            await settle()
        ottimate.interceptors.clear()
        desk.changes.tell(key, GATEWAY)
        await settle()

        assert watcher.seen == [
            (key.key, None, GATEWAY),
            (key.key, PENDING, GATEWAY),
        ]
        assert [one["code"] for one in lines if one["event"] == "change_failed"] == [
            "UPSTREAM_AUTH_FAILED"
        ]
