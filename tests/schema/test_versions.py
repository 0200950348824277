"""`version`: what it stands for, and what it costs, over each provider."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import httpx
import msgspec
import pytest

from gateway.domain import ProviderName, encode_id
from gateway.providers.bill.simulator import BillSimulator
from gateway.providers.bill.simulator.objects import Bill, BillLineItem
from gateway.providers.ottimate.simulator import OttimateSimulator
from gateway.providers.ottimate.simulator.state import Invoice
from gateway.providers.productive.simulator import ProductiveSimulator
from gateway.providers.productive.simulator.objects import Booking, Expense, TimeEntry
from tests.schema.documents import InvoiceId, approve_call
from tests.support import Client, FakeTime, Handler, RecordingTransport

VERSION = "query ($id: ID!) { node(id: $id) { ... on Approvable { version } } }"
LIST = """
query ($providers: [ProviderName!]) {
  invoices(first: 5, filter: {providers: $providers}) { nodes { sourceId version } }
}
"""
QUEUE = """
{
  viewer {
    approvals(first: 100, filter: {providers: [BILL]}) { nodes { id version } }
  }
}
"""
STATUSES = """
{
  approvalStatuses(first: 20) { nodes { target { id version } } }
}
"""
APPROVE = """
mutation ($input: ApproveInput!) {
  approve(input: $input) { outcome approvable { version } }
}
"""
# Ottimate's single read is served from a cache.
CACHE_SECONDS = 301

ChangeInvoice = Callable[[Invoice], object]
ChangeBill = Callable[[Bill], object]
ChangeTarget = Callable[[ProductiveSimulator], object]


async def read_version(client: Client, id_: str, *, person: str | None = None) -> str:
    body = await client.execute(VERSION, {"id": id_}, person=person)
    assert list(body) == ["data"], body
    version = body["data"]["node"]["version"]
    assert isinstance(version, str)
    return version


async def read_list(client: Client, query: str, **variables: Any) -> Any:
    body = await client.execute(query, variables)
    assert list(body) == ["data"], body
    return body["data"]


def _without_lines(body: Any) -> Any:
    """Return BILL's JSON without the lines of anything."""
    if isinstance(body, list):
        return [_without_lines(one) for one in body]
    if isinstance(body, dict):
        return {
            name: _without_lines(value)
            for name, value in body.items()
            if not name.endswith("LineItems")
        }
    return body


async def approve(client: Client, id_: str, *, person: str | None = None) -> str:
    """Return the version that the payload of an approval shows."""
    body = await client.execute(APPROVE, {"input": {"id": id_}}, person=person)
    payload = body["data"]["approve"]
    assert payload["outcome"] == "APPLIED"
    version = payload["approvable"]["version"]
    assert isinstance(version, str)
    return version


class TestOttimate:
    async def test_one_costs_the_read_of_its_lines(
        self,
        client: Client,
        ottimate: RecordingTransport,
        source_id: InvoiceId,
        invoice_id: InvoiceId,
    ) -> None:
        await read_version(client, invoice_id("INV-1002"))

        assert ottimate.calls == [
            "GET /invoices",
            f"GET /invoices/{source_id('INV-1002')}",
        ]

    async def test_with_lines_and_history_it_costs_nothing_more(
        self, client: Client, ottimate: RecordingTransport, invoice_id: InvoiceId
    ) -> None:
        await client.execute(
            "query ($id: ID!) { node(id: $id) { ... on Invoice {"
            " version lines { description } history { at } } } }",
            {"id": invoice_id("INV-1002")},
        )

        assert len(ottimate.calls) == 2

    async def test_a_list_costs_a_read_for_each_and_tells_what_one_tells(
        self, client: Client, ottimate: RecordingTransport
    ) -> None:
        data = await read_list(client, LIST, providers=["OTTIMATE"])

        nodes = data["invoices"]["nodes"]
        assert Counter(ottimate.calls) == Counter(
            ["GET /invoices", *(f"GET /invoices/{one['sourceId']}" for one in nodes)]
        )
        assert ottimate.rounds == 2
        for node in nodes:
            id_ = encode_id("Invoice", ProviderName.OTTIMATE, node["sourceId"])
            assert await read_version(client, id_) == node["version"]
        assert len({node["version"] for node in nodes}) == len(nodes) == 5

    @pytest.mark.parametrize(
        "change",
        [
            lambda one: setattr(one, "total", one.total + 1),
            lambda one: setattr(one, "tax", one.tax + 1),
            lambda one: setattr(one, "currency", "CAD"),
            lambda one: setattr(one, "due_date", date(2027, 1, 1)),
            lambda one: setattr(one, "invoice_date", date(2026, 1, 1)),
            lambda one: setattr(
                one, "vendor", msgspec.structs.replace(one.vendor, name="Another")
            ),
            lambda one: setattr(one, "type", "credit_memo"),
            lambda one: setattr(one.items[0], "price", one.items[0].price + 1),
            lambda one: setattr(one.items[0], "name", "Another"),
            lambda one: one.items.pop(),
        ],
    )
    async def test_another_content_is_another_version(
        self,
        client: Client,
        time: FakeTime,
        simulator: OttimateSimulator,
        invoice_id: InvoiceId,
        change: ChangeInvoice,
    ) -> None:
        before = await read_version(client, invoice_id("INV-1002"))

        change(simulator.state.numbered("INV-1002"))
        time.advance(CACHE_SECONDS)

        assert await read_version(client, invoice_id("INV-1002")) != before

    async def test_an_approval_and_a_payment_leave_it(
        self,
        client: Client,
        time: FakeTime,
        simulator: OttimateSimulator,
        ottimate: RecordingTransport,
        invoice_id: InvoiceId,
    ) -> None:
        invoice = simulator.state.numbered("INV-1002")
        before = await read_version(client, invoice_id("INV-1002"))

        shown = await approve(client, invoice_id("INV-1002"))
        invoice.outstanding = Decimal(0)
        invoice.payment_status = "paid"
        invoice.items.reverse()
        time.advance(CACHE_SECONDS)
        after = await read_version(client, invoice_id("INV-1002"))

        assert before == shown == after
        assert approve_call(simulator, "INV-1002") in ottimate.calls

    async def test_where_the_lines_cannot_be_read_it_is_an_error_and_null(
        self,
        client: Client,
        ottimate: RecordingTransport,
        source_id: InvoiceId,
        invoice_id: InvoiceId,
    ) -> None:
        async def fail(request: httpx.Request, upstream: Handler) -> httpx.Response:
            del request, upstream
            return httpx.Response(500)

        ottimate.interceptors[f"GET /invoices/{source_id('INV-1002')}"] = fail

        body = await client.execute(VERSION, {"id": invoice_id("INV-1002")})

        assert body["data"] == {"node": {"version": None}}
        (error,) = body["errors"]
        assert error["path"] == ["node", "version"]
        assert error["extensions"]["code"] == "UPSTREAM_UNAVAILABLE"


class TestBill:
    @pytest.fixture
    def bill_id(self, bill_simulator: BillSimulator) -> InvoiceId:
        def find(number: str) -> str:
            bills = bill_simulator.state.bills.values()
            (id_,) = (one.id for one in bills if one.invoice_number == number)
            return encode_id("Invoice", ProviderName.BILL, id_)

        return find

    async def test_it_costs_nothing_as_lines_come_with_the_rows(
        self, client: Client, bill: RecordingTransport, bill_id: InvoiceId
    ) -> None:
        await read_version(client, bill_id("BILL-1004"))
        of_one = list(bill.calls)
        bill.clear()
        await read_list(client, LIST, providers=["BILL"])

        assert of_one == ["POST /List/Bill.json"]
        assert sorted(bill.calls) == [
            "POST /List/Bill.json",
            "POST /List/VendorCredit.json",
        ]

    async def test_a_queue_tells_what_one_tells_without_a_further_call(
        self, client: Client, bill: RecordingTransport, bill_id: InvoiceId
    ) -> None:
        one = await read_version(client, bill_id("BILL-1004"))
        bill.clear()
        data = await read_list(client, QUEUE)

        assert Counter(bill.calls) == {"POST /ListUserApprovals.json": 2}
        nodes = data["viewer"]["approvals"]["nodes"]
        found = {node["id"]: node["version"] for node in nodes}
        assert found[bill_id("BILL-1004")] == one
        assert all(found.values())

    async def test_a_queue_whose_rows_have_no_lines_costs_one_call_of_each_kind(
        self, client: Client, bill: RecordingTransport
    ) -> None:
        whole = await read_list(client, QUEUE)

        async def strip(request: httpx.Request, upstream: Handler) -> httpx.Response:
            response = await upstream(request)
            body = json.loads(await response.aread())
            return httpx.Response(200, json=_without_lines(body))

        bill.interceptors["POST /ListUserApprovals.json"] = strip
        bill.clear()
        bare = await read_list(client, QUEUE)

        assert bare == whole
        assert Counter(bill.calls) == {
            "POST /ListUserApprovals.json": 2,
            "POST /List/Bill.json": 1,
            "POST /List/VendorCredit.json": 1,
        }

    @pytest.mark.parametrize(
        "change",
        [
            lambda one: setattr(one, "amount", one.amount + 1),
            lambda one: setattr(one, "due_date", "2027-01-01"),
            lambda one: setattr(one, "invoice_date", "2026-01-01"),
            lambda one: setattr(one.bill_line_items[0], "amount", Decimal(1)),
            lambda one: setattr(one.bill_line_items[0], "description", "Another"),
            lambda one: one.bill_line_items.append(
                msgspec.structs.replace(one.bill_line_items[0])
            ),
        ],
    )
    async def test_another_content_is_another_version(
        self,
        client: Client,
        bill_simulator: BillSimulator,
        bill_id: InvoiceId,
        change: ChangeBill,
    ) -> None:
        id_ = bill_id("BILL-1004")
        before = await read_version(client, id_)

        change(_bill(bill_simulator, "BILL-1004"))

        assert await read_version(client, id_) != before

    async def test_another_vendor_is_another_version_and_another_name_is_none(
        self, client: Client, bill_simulator: BillSimulator, bill_id: InvoiceId
    ) -> None:
        found = _bill(bill_simulator, "BILL-1004")
        vendors = bill_simulator.state.vendors
        before = await read_version(client, bill_id("BILL-1004"))

        vendors[found.vendor_id].name = "Another"
        renamed = await read_version(client, bill_id("BILL-1004"))
        found.vendor_id = next(one for one in vendors if one != found.vendor_id)
        replaced = await read_version(client, bill_id("BILL-1004"))

        assert renamed == before
        assert replaced != before

    async def test_an_approval_and_a_payment_leave_it(
        self, client: Client, bill_simulator: BillSimulator, bill_id: InvoiceId
    ) -> None:
        found = _bill(bill_simulator, "BILL-1004")
        before = await read_version(client, bill_id("BILL-1004"))

        shown = await approve(client, bill_id("BILL-1004"))
        found.due_amount = Decimal(0)
        found.payment_status = "0"
        found.bill_line_items.reverse()
        after = await read_version(client, bill_id("BILL-1004"))

        assert before == shown == after


def _bill(simulator: BillSimulator, number: str) -> Bill:
    bills = simulator.state.bills.values()
    (found,) = (one for one in bills if one.invoice_number == number)
    line = found.bill_line_items[0]
    assert isinstance(line, BillLineItem)
    return found


def _target_id(type_name: str, source_id: str) -> str:
    return encode_id(type_name, ProviderName.PRODUCTIVE, source_id)


BOOKING = _target_id("Booking", "302")
TIME_ENTRY = _target_id("TimeEntry", "611")
EXPENSE = _target_id("Expense", "702")


def _booking(simulator: ProductiveSimulator) -> Booking:
    return simulator.state.bookings["302"]


def _time_entry(simulator: ProductiveSimulator) -> TimeEntry:
    return simulator.state.time_entries["611"]


def _expense(simulator: ProductiveSimulator) -> Expense:
    return simulator.state.expenses["702"]


class TestProductive:
    async def test_one_costs_the_read_of_it(
        self, client: Client, productive: RecordingTransport
    ) -> None:
        await read_version(client, BOOKING)

        assert productive.calls == ["GET /bookings/302"]

    async def test_in_a_list_it_costs_nothing_and_is_what_one_tells(
        self, client: Client, productive: RecordingTransport
    ) -> None:
        data = await read_list(client, STATUSES)

        assert productive.calls == ["GET /approval_statuses"]
        targets = [one["target"] for one in data["approvalStatuses"]["nodes"]]
        assert len(targets) == 20
        for target in {one["id"]: one for one in targets}.values():
            assert await read_version(client, target["id"]) == target["version"]

    @pytest.mark.parametrize(
        ("id_", "change"),
        [
            (BOOKING, lambda it: setattr(_booking(it), "ended_on", date(2027, 1, 1))),
            (BOOKING, lambda it: setattr(_booking(it), "started_on", date(2026, 1, 1))),
            (BOOKING, lambda it: setattr(_booking(it), "time", 60)),
            (BOOKING, lambda it: setattr(_booking(it), "note", "Another")),
            (TIME_ENTRY, lambda it: setattr(_time_entry(it), "time", 61)),
            (TIME_ENTRY, lambda it: setattr(_time_entry(it), "billable_time", 1)),
            (TIME_ENTRY, lambda it: setattr(_time_entry(it), "date", date(2026, 1, 1))),
            (EXPENSE, lambda it: setattr(_expense(it), "amount", 1)),
            (EXPENSE, lambda it: setattr(_expense(it), "currency", "CAD")),
            (EXPENSE, lambda it: setattr(_expense(it), "name", "Another")),
            (EXPENSE, lambda it: setattr(_expense(it), "exchange_rate", "2.5")),
        ],
    )
    async def test_another_content_is_another_version(
        self,
        client: Client,
        productive_simulator: ProductiveSimulator,
        id_: str,
        change: ChangeTarget,
    ) -> None:
        before = await read_version(client, id_)

        change(productive_simulator)

        assert await read_version(client, id_) != before

    @pytest.mark.parametrize("id_", [BOOKING, TIME_ENTRY, EXPENSE])
    async def test_an_approval_leaves_it(self, client: Client, id_: str) -> None:
        before = await read_version(client, id_, person="controller")

        shown = await approve(client, id_, person="controller")
        after = await read_version(client, id_, person="controller")

        assert before == shown == after

    async def test_a_reimbursement_leaves_it(
        self, client: Client, productive_simulator: ProductiveSimulator
    ) -> None:
        before = await read_version(client, EXPENSE)

        expense = _expense(productive_simulator)
        expense.reimbursed_on = expense.paid_on = date(2026, 12, 1)
        expense.invoiced = True

        assert await read_version(client, EXPENSE) == before


FACTS = """
query {
  invoices(first: 5, filter: {providers: [ACCOUNTEER], states: [PENDING]}) {
    nodes { id number %s }
  }
}
"""


class TestAccounteer:
    async def test_it_costs_nothing_as_lines_come_with_the_rows(
        self, client: Client, accounteer: RecordingTransport
    ) -> None:
        # How its lists are paged is learned by the first.
        await read_list(client, FACTS % "")
        accounteer.clear()
        plain = await read_list(client, FACTS % "")
        calls = Counter(accounteer.calls)
        accounteer.clear()
        data = await read_list(client, FACTS % "version approvers { id }")

        assert Counter(accounteer.calls) == calls
        for before, node in zip(
            plain["invoices"]["nodes"], data["invoices"]["nodes"], strict=True
        ):
            assert before["id"] == node["id"]
            assert node["approvers"] == []
            assert await read_version(client, node["id"]) == node["version"]

    async def test_an_approval_leaves_it_though_it_gives_the_number(
        self, client: Client
    ) -> None:
        data = await read_list(client, FACTS % "kind version")
        nodes = data["invoices"]["nodes"]
        sale = next(one for one in nodes if one["kind"] == "INVOICE")

        shown = await approve(client, sale["id"])
        body = await client.execute(
            "query ($id: ID!) { invoice(id: $id) { number version } }",
            {"id": sale["id"]},
        )

        assert sale["number"] is None
        assert body["data"]["invoice"]["number"] is not None
        assert body["data"]["invoice"]["version"] == shown == sale["version"]

    async def test_nobody_is_asked_by_name_and_one_approval_is_needed(
        self, client: Client
    ) -> None:
        facts = (
            "approvers { id } viewerActions"
            " progress { rule required approved rejected waitingOn { displayName } }"
        )
        data = await read_list(client, FACTS % facts)

        for node in data["invoices"]["nodes"]:
            assert node["approvers"] == []
            assert node["viewerActions"] == ["APPROVE"]
            assert node["progress"] == {
                "rule": "ANY",
                "required": 1,
                "approved": 0,
                "rejected": 0,
                "waitingOn": None,
            }
