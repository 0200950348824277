"""`approvalChanged`, event by event, as frontends ask for it."""

from collections.abc import Callable
from typing import Any

import pytest

from gateway.connector import Notice
from gateway.domain import (
    ApprovableKey,
    ChangeCause,
    ProviderName,
    TargetKey,
    TargetType,
    encode_id,
)
from gateway.providers.bill.simulator import BillSimulator
from gateway.providers.ottimate.simulator import OttimateSimulator
from gateway.sandbox import Sandbox
from gateway.settings import Settings
from tests.changes.watching import APPROVE, BILL, OTTIMATE, Desk, booking, id_of
from tests.support import RecordingTransport, SteppedTime, read_operation, settle

CHANGED = read_operation("ApprovalChanged")
CAUSES = "subscription ($ids: [ID!]) { approvalChanged(ids: $ids) { cause } }"
DETAILS = """subscription ($ids: [ID!]) {
  approvalChanged(ids: $ids) {
    approvable {
      title
      approvalStatuses { state approver { displayName } }
      progress { rule required approved }
      viewerActions
      ... on Invoice { number }
    }
  }
}"""
NOW = "2026-11-02T18:00:00+00:00"
GATEWAY = ChangeCause.GATEWAY
BOOKING = booking("305")


@pytest.fixture
def invoice(simulator: OttimateSimulator) -> ApprovableKey:
    return ApprovableKey(OTTIMATE, simulator.state.numbered("INV-1002").id)


async def test_a_frontend_is_told_of_a_decision(
    desk: Desk, invoice: ApprovableKey
) -> None:
    variables: list[dict[str, Any]] = [{}, {"ids": None}, {"ids": [id_of(invoice)]}]
    subscribers = [await desk.subscribe(CHANGED, one) for one in variables]

    await desk.execute(APPROVE, {"input": {"id": id_of(invoice)}})

    assert [one.answers for one in subscribers] == [
        [
            {
                "data": {
                    "approvalChanged": {
                        "approvable": {
                            "__typename": "Invoice",
                            "id": id_of(invoice),
                            "approvalState": "APPROVED",
                            "progress": {"approved": None, "required": None},
                        },
                        "cause": "GATEWAY",
                        "at": NOW,
                    }
                }
            }
        ]
    ] * 3


async def test_what_was_read_is_not_read_again_for_its_fields(
    desk: Desk, productive: RecordingTransport
) -> None:
    subscriber = await desk.subscribe(DETAILS, {"ids": [id_of(BOOKING)]})
    desk.clear()

    desk.changes.tell(BOOKING, GATEWAY)
    await settle()

    [answer] = subscriber.answers
    shown = answer["data"]["approvalChanged"]["approvable"]
    assert shown["progress"] is not None
    assert len(shown["approvalStatuses"]) > 0
    assert productive.calls.count("GET /bookings/305") == 1
    # Whose the token is belongs to `viewerActions`, once an hour.
    assert set(productive.calls) == {
        "GET /bookings/305",
        "GET /organization_memberships",
    }


async def test_an_invoice_costs_its_approvers_alone(
    desk: Desk, ottimate: RecordingTransport, invoice: ApprovableKey
) -> None:
    await desk.subscribe(CHANGED, {"ids": [id_of(invoice)]})
    desk.clear()

    desk.changes.tell(invoice, GATEWAY)
    await settle()

    assert ottimate.calls == [
        "GET /invoices",
        f"GET /invoices/{invoice.key}/approvers",
    ]


async def test_a_provider_that_tells_is_the_cause(
    desk: Desk, productive: RecordingTransport
) -> None:
    subscriber = await desk.subscribe(CAUSES, {})
    endpoint = desk.gateway.create_webhooks()["productive"]
    target = TargetKey(TargetType.BOOKING, "305")

    for _ in range(2):
        await endpoint._notices.take(
            Notice(id="once", event="update_booking", target=target)
        )
    await settle()

    assert subscriber.answers == [{"data": {"approvalChanged": {"cause": "WEBHOOK"}}}]
    # As the gateway itself, which takes the webhook, and as who watches.
    assert productive.calls == ["GET /bookings/305"] * 2


async def test_what_cannot_be_read_is_an_error_at_its_place(
    desk: Desk,
    time: SteppedTime,
    switch_productive: Callable[..., None],
) -> None:
    wanted = {"ids": [id_of(BOOKING)]}
    subscribers = [await desk.subscribe(CHANGED, wanted) for _ in range(2)]
    switch_productive(fault="server_error")

    desk.changes.tell(BOOKING, GATEWAY)
    await time.run(200)

    for subscriber in subscribers:
        [answer] = subscriber.answers
        assert answer["data"]["approvalChanged"]["approvable"] is None
        assert answer["data"]["approvalChanged"]["cause"] == "GATEWAY"
        [error] = answer["errors"]
        assert error["path"] == ["approvalChanged", "approvable"]
        assert error["extensions"]["code"] == "UPSTREAM_UNAVAILABLE"
        assert error["extensions"]["provider"] == "PRODUCTIVE"


async def test_what_is_gone_is_null_without_an_error(
    desk: Desk, time: SteppedTime, simulator: OttimateSimulator, invoice: ApprovableKey
) -> None:
    subscriber = await desk.subscribe(CHANGED, {"ids": [id_of(invoice)]})
    del simulator.state.invoices[str(invoice.key)]
    await time.run(31)

    [answer] = subscriber.answers
    assert answer == {
        "data": {
            "approvalChanged": {
                "approvable": None,
                "cause": "POLL",
                "at": "2026-11-02T18:00:30+00:00",
            }
        }
    }


async def test_nothing_is_shown_that_was_read_with_credentials_of_before(
    desk: Desk, simulator: OttimateSimulator, ottimate: RecordingTransport
) -> None:
    """The clerk sees nothing of that place."""
    key = ApprovableKey(OTTIMATE, simulator.state.numbered("INV-1014").id)
    stream = desk.context().watch([key])
    await settle()
    desk.changes.tell(key, GATEWAY)
    change = await anext(stream)
    assert change.record is not None

    shown = await desk.answer(CHANGED, {}, change, person="clerk")
    same = await desk.answer(CHANGED, {}, change, person="controller")
    duty = await desk.answer(
        CHANGED,
        {},
        await anext(_tell_of(desk, BOOKING)),
        person="auditor",
    )

    assert shown["data"]["approvalChanged"]["approvable"] is None
    assert same["data"]["approvalChanged"]["approvable"]["id"] == id_of(key)
    assert duty["data"]["approvalChanged"]["approvable"]["id"] == id_of(BOOKING)


def _tell_of(desk: Desk, key: ApprovableKey) -> Any:
    stream = desk.context().watch([key])
    desk.changes.tell(key, GATEWAY)
    return stream


NOT_APPROVABLE = (
    "`ids` takes the id of Invoice or Booking or TimeEntry or Expense, and this is the "
    "id of {}."
)
EMPTY = (
    "`ids` is empty, so that nothing would be told. Send one id or more, or leave "
    "`ids` out for whatever you can see."
)
MALFORMED = (
    "This is not an id of this graph. Send an `id` exactly as a query returned it; a "
    "provider's own id goes to `invoiceBySource`, `policyBySource` or "
    "`approvalStatusBySource`."
)
DUTY = encode_id("ApprovalStatus", ProviderName.PRODUCTIVE, "5006")
POLICY = encode_id("Policy", BILL, "app01IVEVRADCRIJ3o68")
MANY = [encode_id("Invoice", OTTIMATE, str(one)) for one in range(101)]


class TestIds:
    @pytest.mark.parametrize(
        ("ids", "message"),
        [
            ([], EMPTY),
            (["WzEs"], MALFORMED),
            ([DUTY], NOT_APPROVABLE.format("ApprovalStatus")),
            ([id_of(BOOKING), POLICY], NOT_APPROVABLE.format("Policy")),
            (MANY, "`ids` takes at most 100 ids, not 101."),
        ],
        ids=["empty", "malformed", "duty", "policy", "many"],
    )
    async def test_what_cannot_be_watched_is_refused_before_anything_is(
        self, ids: list[str], message: str, desk: Desk
    ) -> None:
        subscriber = await desk.subscribe(CHANGED, {"ids": ids})

        [answer] = subscriber.answers
        [error] = answer["errors"]
        assert error["message"] == message
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
        assert desk.changes._watches == {}
        assert desk.calls == []

    async def test_a_provider_that_is_not_connected_is_refused(
        self,
        sandbox: Sandbox,
        time: SteppedTime,
        upstreams: list[RecordingTransport],
        settings: Settings,
    ) -> None:
        desk = Desk(settings, sandbox, time, upstreams)
        del desk.gateway._sections[ProviderName.BILL]

        subscriber = await desk.subscribe(
            CHANGED, {"ids": [encode_id("Invoice", BILL, "00n01BILL1001AAAAAAA")]}
        )

        [answer] = subscriber.answers
        [error] = answer["errors"]
        assert error["message"] == "This gateway is not connected to BILL."
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
        assert desk.changes._watches == {}

    async def test_an_id_that_is_named_twice_is_watched_once(
        self, desk: Desk, bill_simulator: BillSimulator
    ) -> None:
        key = ApprovableKey(BILL, bill_simulator.state.numbered("BILL-1001").id)
        subscriber = await desk.subscribe(CAUSES, {"ids": [id_of(key)] * 2})

        desk.changes.tell(key, GATEWAY)
        await settle()

        assert subscriber.answers == [
            {"data": {"approvalChanged": {"cause": "GATEWAY"}}}
        ]
