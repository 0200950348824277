"""What each of the frontends' operations asks of each provider, call by call.

The sandbox's data, the demo person "controller", and a gateway that has signed in and
knows what it asks once an hour.
"""

import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec import Struct

from gateway.app import create_app
from gateway.domain import ProviderName, encode_id
from gateway.providers import PROVIDERS
from gateway.sandbox import Sandbox
from gateway.settings import Settings
from tests.support import OPERATIONS, Client, FakeTime, RecordingTransport

Body = dict[str, Any]
Upstreams = dict[ProviderName, RecordingTransport]

README = Path(__file__).parents[2] / "README.md"
HEAD = "| operation | " + " | ".join(one.title for one in PROVIDERS) + " |"
PERSON = "controller"
CAPABILITIES = "{ sources { capabilities } }"
BY_TOTAL = """{
  invoices(first: 5, filter: {providers: [BILL]}, orderBy: {field: TOTAL}) {
    nodes { total { amount } }
  }
}"""
# A part of a path that is an id, as every id here has a digit.
_ID = re.compile(r"/[^/ ]*[0-9][^/ ]*")
OTTIMATE, BILL = ProviderName.OTTIMATE, ProviderName.BILL
PRODUCTIVE, ACCOUNTEER = ProviderName.PRODUCTIVE, ProviderName.ACCOUNTEER


@asynccontextmanager
async def _open() -> AsyncIterator[tuple[Client, Upstreams]]:
    time = FakeTime()
    sandbox = Sandbox(time.clock)
    assert sandbox.transport is not None
    upstreams = {
        one.name: RecordingTransport(
            sandbox.transport, httpx.URL(sandbox.settings(one)["base_url"]).path
        )
        for one in PROVIDERS
    }
    app = create_app(
        Settings(), sandbox=sandbox, transports=upstreams, clock=time.clock
    )
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://127.0.0.1"
    ) as http:
        yield Client(http), upstreams


# What is asked, by the rows of the README's table


def _bill(number: str) -> str:
    table = "vcr" if number.startswith("VC") else "00n"
    return encode_id("Invoice", BILL, f"{table}01{number.replace('-', ''):A<15}")


_SOURCE_ID = "d965ce3c-045a-44b2-b991-374cd365efa1"
INV_1001 = encode_id("Invoice", OTTIMATE, _SOURCE_ID)
INV_1002 = encode_id("Invoice", OTTIMATE, "fb3fee2d-643a-4f59-bd08-a28d76553bc9")
BY_HAND = encode_id(
    "Approver", OTTIMATE, "pbjappr_c1f04ec4f7a011f0ac5f0eff1c63a64d", _SOURCE_ID
)
IN_CHAIN = encode_id("Approver", BILL, "0ba01XDBMI62ZDH1XZZ6", "00n01BILL1001AAAAAAA")
STATUS = encode_id("ApprovalStatus", PRODUCTIVE, "5006")
BOOKING = encode_id("Booking", PRODUCTIVE, "302")
FROM_4000 = encode_id("Policy", BILL, "app01IVEVRADCRIJ3o68")
DELETED = encode_id("Policy", BILL, "app01DELETED4000AAAA")
_DOCUMENT = "ba775d2a3f9612ab288489f20ceab582f7f62fd5"
DOCUMENT = encode_id("Invoice", ACCOUNTEER, _DOCUMENT, "invoices")
PETER = "136597"
MANAGER = "00601MANAGER00000000"


class Case(Struct, frozen=True, kw_only=True):
    """An operation, and what it asks: rounds and calls by provider.

    Ids in the paths of calls are left out.
    """

    operation: str
    variables: Body
    name: str | None = None
    asks: dict[ProviderName, tuple[int, dict[str, int]]]


def _decided(decision: str, found: str, status: str) -> dict[str, int]:
    return {
        f"GET /{found}/{{id}}": 1,
        f"PATCH /approval_statuses/{{id}}/{decision}": 1,
        f"GET /{status}/{{id}}": 1,
    }


def _policy(verb: str, **more: int) -> dict[ProviderName, tuple[int, dict[str, int]]]:
    calls = {
        f"POST /Crud/{verb}/ApprovalPolicy.json": 1,
        "POST /Crud/Read/ApprovalPolicy.json": more.get("reads", 2),
        "POST /List/ApprovalPolicyApprover.json": 1,
    }
    if "lists" in more:
        calls["POST /List/ApprovalPolicy.json"] = more["lists"]
    return {BILL: (4, calls)}


_APPROVED_BILL = {
    "POST /ListApprovers.json": 1,
    "POST /List/Bill.json": 2,
    "POST /Approve.json": 1,
}
_APPROVED_DOCUMENT = {
    "GET /invoices/{id}": 2,
    "POST /invoices/{id}": 1,
    "GET /contacts/{id}": 1,
}
_DOCUMENTS = {"GET /invoices": 1, "GET /purchases": 1, "GET /contacts": 1}

_LISTS = {
    OTTIMATE: {"GET /invoices"},
    BILL: {"POST /List/Bill.json", "POST /List/VendorCredit.json"},
    ACCOUNTEER: {"GET /invoices", "GET /purchases"},
}

CASES: dict[str, Case] = {
    "`InvoiceList`: 20 rows, 10 of them Ottimate's": Case(
        operation="InvoiceList",
        variables={},
        asks={
            OTTIMATE: (2, {"GET /invoices": 1, "GET /invoices/{id}/approvers": 10}),
            BILL: (
                4,
                {
                    "POST /List/Bill.json": 1,
                    "POST /List/VendorCredit.json": 1,
                    "POST /List/ApprovalPolicy.json": 1,
                    "POST /List/BillApprover.json": 1,
                    "POST /List/VendorCreditApprover.json": 1,
                    "POST /List/User.json": 1,
                },
            ),
            ACCOUNTEER: (2, _DOCUMENTS),
        },
    ),
    "`InvoiceCard` of Ottimate's": Case(
        operation="InvoiceCard",
        variables={"id": INV_1001},
        asks={
            OTTIMATE: (
                2,
                {
                    "GET /invoices": 1,
                    "GET /invoices/{id}": 1,
                    "GET /invoices/{id}/approvers": 1,
                },
            )
        },
    ),
    "`InvoiceCard` of BILL's, pending": Case(
        operation="InvoiceCard",
        variables={"id": _bill("BILL-1001")},
        asks={
            BILL: (
                3,
                {
                    "POST /List/Bill.json": 1,
                    "POST /List/ApprovalPolicy.json": 1,
                    "POST /ListApprovers.json": 1,
                    "POST /List/User.json": 1,
                },
            )
        },
    ),
    "`InvoiceCard` of a booking": Case(
        operation="InvoiceCard",
        variables={"id": BOOKING},
        asks={PRODUCTIVE: (1, {"GET /bookings/{id}": 1})},
    ),
    "`InvoiceCard` of Accounteer's": Case(
        operation="InvoiceCard",
        variables={"id": DOCUMENT},
        asks={
            ACCOUNTEER: (2, {"GET /invoices/{id}": 1, "GET /contacts/{id}": 1}),
        },
    ),
    "`InvoiceApprovers` of Ottimate's": Case(
        operation="InvoiceApprovers",
        variables={"provider": "OTTIMATE", "sourceId": _SOURCE_ID},
        asks={
            OTTIMATE: (2, {"GET /invoices": 1, "GET /invoices/{id}/approvers": 1}),
        },
    ),
    "`InvoiceApprovers` of BILL's": Case(
        operation="InvoiceApprovers",
        variables={"provider": "BILL", "sourceId": "00n01BILL1001AAAAAAA"},
        asks={
            BILL: (
                3,
                {
                    "POST /List/Bill.json": 1,
                    "POST /ListApprovers.json": 1,
                    "POST /List/User.json": 1,
                },
            )
        },
    ),
    "`InvoiceApprovers` of Accounteer's, which may be a purchase": Case(
        operation="InvoiceApprovers",
        variables={"provider": "ACCOUNTEER", "sourceId": _DOCUMENT},
        asks={
            ACCOUNTEER: (
                2,
                {
                    "GET /invoices/{id}": 1,
                    "GET /purchases/{id}": 1,
                    "GET /contacts/{id}": 1,
                },
            ),
        },
    ),
    "`Nodes`: seven, of every provider": Case(
        operation="Nodes",
        variables={
            "ids": [
                *(INV_1001, BY_HAND, _bill("BILL-1001"), FROM_4000),
                *(STATUS, BOOKING, DOCUMENT),
            ]
        },
        asks={
            OTTIMATE: (1, {"GET /invoices": 1, "GET /invoices/{id}/approvers": 1}),
            BILL: (
                1,
                {
                    "POST /List/Bill.json": 1,
                    "POST /Crud/Read/ApprovalPolicy.json": 1,
                },
            ),
            PRODUCTIVE: (
                1,
                {"GET /approval_statuses/{id}": 1, "GET /bookings/{id}": 1},
            ),
            ACCOUNTEER: (2, {"GET /invoices/{id}": 1, "GET /contacts/{id}": 1}),
        },
    ),
    "`Inbox`": Case(
        operation="Inbox",
        variables={},
        asks={
            OTTIMATE: (2, {"GET /invoices": 1, "GET /invoices/{id}/approvers": 50}),
            BILL: (
                3,
                {
                    "POST /ListUserApprovals.json": 2,
                    "POST /List/BillApprover.json": 1,
                    "POST /List/VendorCreditApprover.json": 1,
                    "POST /List/User.json": 1,
                },
            ),
            PRODUCTIVE: (
                1,
                {"GET /bookings": 1, "GET /time_entries": 1, "GET /expenses": 1},
            ),
            ACCOUNTEER: (2, _DOCUMENTS),
        },
    ),
    "`Policies`": Case(
        operation="Policies",
        variables={},
        asks={
            BILL: (
                3,
                {
                    "POST /List/ApprovalPolicy.json": 1,
                    "POST /List/ApprovalPolicyApprover.json": 1,
                    "POST /List/User.json": 1,
                },
            ),
            PRODUCTIVE: (1, {"GET /approval_policies": 1}),
        },
    ),
    "`ApprovalStatuses`": Case(
        operation="ApprovalStatuses",
        variables={},
        asks={PRODUCTIVE: (1, {"GET /approval_statuses": 1})},
    ),
    "`Approve` an invoice of Ottimate": Case(
        operation="Approve",
        variables={"input": {"id": INV_1002}},
        asks={
            OTTIMATE: (
                4,
                {
                    "GET /invoices": 2,
                    "POST /invoices/{id}/approve": 1,
                    "GET /invoices/{id}/approvers": 1,
                },
            )
        },
    ),
    "`Approve` a bill": Case(
        operation="Approve",
        variables={"input": {"id": _bill("BILL-1001")}},
        asks={
            BILL: (
                5,
                {
                    **_APPROVED_BILL,
                    "POST /ListApprovers.json": 2,
                    "POST /List/User.json": 1,
                },
            )
        },
    ),
    "`Approve` an approval status": Case(
        operation="Approve",
        variables={"input": {"id": STATUS}},
        asks={PRODUCTIVE: (3, _decided("approve", "approval_statuses", "bookings"))},
    ),
    "`Approve` a booking": Case(
        operation="Approve",
        variables={"input": {"id": BOOKING}},
        asks={
            PRODUCTIVE: (
                3,
                {
                    "GET /bookings/{id}": 2,
                    "PATCH /approval_statuses/{id}/approve": 1,
                },
            )
        },
    ),
    "`Approve` an invoice of Accounteer": Case(
        operation="Approve",
        variables={"input": {"id": DOCUMENT}},
        asks={ACCOUNTEER: (4, _APPROVED_DOCUMENT)},
    ),
    "`Reject` a vendor credit": Case(
        operation="Reject",
        variables={"input": {"id": _bill("VC-1001")}},
        asks={
            BILL: (
                3,
                {
                    "POST /ListApprovers.json": 1,
                    "POST /List/VendorCredit.json": 2,
                    "POST /Deny.json": 1,
                },
            )
        },
    ),
    "`Reject` an approval status": Case(
        operation="Reject",
        variables={"input": {"id": STATUS}},
        asks={PRODUCTIVE: (3, _decided("reject", "approval_statuses", "bookings"))},
    ),
    "`Reject` an invoice of Ottimate or Accounteer, which know none": Case(
        operation="Reject", variables={"input": {"id": INV_1002}}, asks={}
    ),
    "`Decide` on one of each": Case(
        operation="Decide",
        variables={
            "input": {
                "decisions": [
                    {"id": one, "decision": "APPROVE"}
                    for one in (INV_1002, _bill("BILL-1001"), STATUS, DOCUMENT)
                ]
            }
        },
        asks={
            OTTIMATE: (3, {"GET /invoices": 2, "POST /invoices/{id}/approve": 1}),
            BILL: (3, _APPROVED_BILL),
            PRODUCTIVE: (3, _decided("approve", "approval_statuses", "bookings")),
            ACCOUNTEER: (4, _APPROVED_DOCUMENT),
        },
    ),
    "`AddApprover` to an invoice of Ottimate": Case(
        operation="AddApprover",
        variables={"input": {"invoiceId": INV_1002, "userSourceId": PETER}},
        asks={
            OTTIMATE: (
                3,
                {
                    "GET /invoices": 2,
                    "GET /invoices/{id}/approvers": 2,
                    "POST /invoices/{id}/approvers": 1,
                },
            )
        },
    ),
    "`AddApprover` to a bill": Case(
        operation="AddApprover",
        variables={"input": {"invoiceId": _bill("BILL-1001"), "userSourceId": MANAGER}},
        asks={
            BILL: (
                6,
                {
                    "POST /ListApprovers.json": 3,
                    "POST /List/Bill.json": 3,
                    "POST /Crud/Read/User.json": 1,
                    "POST /SetApprovers.json": 1,
                    "POST /List/User.json": 1,
                },
            )
        },
    ),
    "`RemoveApprover` of Ottimate's": Case(
        operation="RemoveApprover",
        variables={"input": {"approverId": BY_HAND}},
        asks={
            OTTIMATE: (
                4,
                {
                    "GET /invoices": 1,
                    "GET /invoices/{id}/approvers": 2,
                    "DELETE /invoices/{id}/approvers": 1,
                },
            )
        },
    ),
    "`RemoveApprover` of a bill's": Case(
        operation="RemoveApprover",
        variables={"input": {"approverId": IN_CHAIN}},
        asks={
            BILL: (
                5,
                {
                    "POST /ListApprovers.json": 2,
                    "POST /List/Bill.json": 2,
                    "POST /SetApprovers.json": 1,
                    "POST /Crud/Read/User.json": 1,
                },
            )
        },
    ),
    "`SetApprovers` of a bill": Case(
        operation="SetApprovers",
        variables={
            "input": {"invoiceId": _bill("BILL-1009"), "userSourceIds": [MANAGER]}
        },
        asks={
            BILL: (
                6,
                {
                    "POST /ListApprovers.json": 2,
                    "POST /List/Bill.json": 2,
                    "POST /SetApprovers.json": 1,
                    "POST /Crud/Read/User.json": 2,
                },
            )
        },
    ),
    "`SetApprovers` elsewhere, where there is no such call": Case(
        operation="SetApprovers",
        variables={"input": {"invoiceId": INV_1002, "userSourceIds": [PETER]}},
        asks={},
    ),
    "`PolicyLifecycle`: `CreatePolicy`": Case(
        operation="PolicyLifecycle",
        name="CreatePolicy",
        variables={
            "input": {
                "amountThreshold": "7000.00",
                "minimumApprovers": 1,
                "appliesTo": "BILL",
            }
        },
        asks=_policy("Create", reads=1, lists=1),
    ),
    "`PolicyLifecycle`: `UpdatePolicy`": Case(
        operation="PolicyLifecycle",
        name="UpdatePolicy",
        variables={"input": {"policyId": FROM_4000, "minimumApprovers": 1}},
        asks=_policy("Update"),
    ),
    "`PolicyLifecycle`: `DeletePolicy`": Case(
        operation="PolicyLifecycle",
        name="DeletePolicy",
        variables={"input": {"policyId": FROM_4000}},
        asks=_policy("Delete"),
    ),
    "`PolicyLifecycle`: `RestorePolicy`": Case(
        operation="PolicyLifecycle",
        name="RestorePolicy",
        variables={"input": {"policyId": DELETED}},
        asks=_policy("Undelete"),
    ),
}


@pytest.mark.parametrize("row", CASES)
async def test_an_operation_asks_this_of_each_provider_in_so_many_rounds(
    row: str,
) -> None:
    case = CASES[row]
    async with _open() as (client, upstreams):
        await client.run("Inbox", {}, person=PERSON)
        await client.run("InvoiceList", {"first": 3}, person=PERSON)
        await client.execute(CAPABILITIES, person=PERSON)
        for one in upstreams.values():
            one.clear()

        body = await client.run(
            case.operation, case.variables, person=PERSON, operation_name=case.name
        )

    assert "errors" not in body
    assert {
        name: (one.rounds, Counter(_ID.sub("/{id}", call) for call in one.calls))
        for name, one in upstreams.items()
        if one.calls
    } == case.asks


async def test_a_further_page_asks_for_lists_as_the_first_does() -> None:
    """Where many rows of one instant lie across its edge, for one more."""
    asked: dict[ProviderName, list[int]] = {name: [] for name in _LISTS}
    async with _open() as (client, upstreams):
        await client.run("InvoiceList", {}, person=PERSON)
        after = None
        for _ in range(5):
            for one in upstreams.values():
                one.clear()
            body = await client.run("InvoiceList", {"after": after}, person=PERSON)
            shown = body["data"]["invoices"]
            assert len(shown["edges"]) == 20
            after = shown["pageInfo"]["endCursor"]
            for name, lists in _LISTS.items():
                calls = upstreams[name].calls
                asked[name].append(sum(call in lists for call in calls))

    assert asked == {
        OTTIMATE: [1, 2, 1, 1, 2],
        BILL: [2, 2, 2, 2, 2],
        ACCOUNTEER: [2, 2, 2, 2, 2],
    }


async def test_another_order_reads_each_of_bills_lists_in_one_call() -> None:
    async with _open() as (client, upstreams):
        body = await client.execute(BY_TOTAL, person=PERSON)

        assert "errors" not in body
        assert upstreams[BILL].calls == [
            "POST /List/Bill.json",
            "POST /List/VendorCredit.json",
            "POST /List/ApprovalPolicy.json",
        ]


def test_every_operation_has_a_row() -> None:
    # Directory is still to come, and what is polled is measured elsewhere.
    names = {one.stem for one in OPERATIONS.glob("*.graphql")} - {"ApprovalChanged"}

    assert {one.operation for one in CASES.values()} == names


def test_the_readmes_table_is_what_was_measured() -> None:
    text = README.read_text(encoding="utf-8")
    rows = {}
    for line in text[text.index(HEAD) :].split("\n\n")[0].splitlines()[2:]:
        row, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        rows[row] = cells

    assert rows == {
        row: [_cell(case.asks.get(one.name)) for one in PROVIDERS]
        for row, case in CASES.items()
    }


def _cell(asked: tuple[int, dict[str, int]] | None) -> str:
    if asked is None:
        return ""
    rounds, calls = asked
    return f"{sum(calls.values())} in {rounds}"
