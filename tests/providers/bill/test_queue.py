"""What waits for a person on BILL, from ``ListUserApprovals``."""

from collections.abc import Callable
from typing import Any

import httpx
import msgspec
import pytest

from gateway.connector import Account, Person
from gateway.errors import UpstreamError
from gateway.providers.bill.simulator import BillSimulator
from gateway.providers.bill.simulator.directory import (
    ACCOUNTANT,
    CONTROLLER,
)
from gateway.providers.bill.simulator.state import State
from gateway.sandbox import Sandbox
from tests.providers.bill.reading import (
    POLICIES,
    QUEUE,
    Row,
    add_bill,
    answers,
    by_day,
    connect,
    everything,
    failure,
    number_of,
    open_account,
    success,
    waiting,
)
from tests.support import Client, FakeTime, Handler, RecordingTransport

QUERY = """
query ($first: Int!, $after: String, $filter: ApprovalFilter) {
  viewer {
    approvals(first: $first, after: $after, filter: $filter) {
      edges { cursor node { id approvalState ... on Invoice { sourceId kind } } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      totalCount
    }
    sources { provider ok isComplete error { code } }
  }
}
"""
ON_BILL = {"filter": {"providers": ["BILL"]}}
SIGNED_IN = Person(is_signed_in=True, email=None)
WELL: list[Row] = [
    {"provider": "OTTIMATE", "ok": True, "isComplete": False, "error": None},
    {"provider": "BILL", "ok": True, "isComplete": True, "error": None},
    {"provider": "PRODUCTIVE", "ok": True, "isComplete": True, "error": None},
    {"provider": "ACCOUNTEER", "ok": True, "isComplete": True, "error": None},
]


async def read_queue(
    client: Client, first: int, person: str, **variables: Any
) -> tuple[list[list[str]], Row]:
    pages: list[list[str]] = []
    after = None
    while True:
        body = await client.execute(
            QUERY, {"first": first, "after": after, **variables}, person=person
        )
        assert "errors" not in body
        viewer = body["data"]["viewer"]
        edges, info = viewer["approvals"]["edges"], viewer["approvals"]["pageInfo"]
        pages.append([edge["node"]["sourceId"] for edge in edges])
        assert {edge["node"]["approvalState"] for edge in edges} <= {"PENDING"}
        assert info["hasPreviousPage"] == (after is not None)
        if not info["hasNextPage"]:
            return pages, viewer
        assert len(edges) == first
        after = info["endCursor"]
        assert after == edges[-1]["cursor"]


@pytest.mark.parametrize(
    ("person", "user_id", "count"),
    [("controller", CONTROLLER, 41), ("accountant", ACCOUNTANT, 18)],
)
async def test_what_waits_comes_by_day_whatever_the_size_of_pages(
    client: Client,
    bill_simulator: BillSimulator,
    person: str,
    user_id: str,
    count: int,
) -> None:
    expected = by_day(waiting(bill_simulator.state, user_id))
    assert len(expected) == count

    for first in (1, 5, 18, 41, 100):
        pages, viewer = await read_queue(client, first, person, **ON_BILL)

        assert [one for page in pages for one in page] == expected
        assert viewer["sources"] == WELL


async def test_both_kinds_and_what_was_viewed_wait(
    client: Client, bill_simulator: BillSimulator
) -> None:
    state = bill_simulator.state
    pages, _ = await read_queue(client, 100, "controller", **ON_BILL)

    numbers = {number_of(one) for one in everything(state) if one.id in pages[0]}
    assert {one for one in numbers if one.startswith(("BILL", "VC"))} == {
        "BILL-1001",
        "BILL-1003",
        "BILL-1004",
        "BILL-1005",
        "BILL-1006",
        "BILL-1015",
        "BILL-1018",
        "BILL-1019",
        "BILL-1021",
        "BILL-1022",
        "BILL-1024",
        "VC-1001",
    }


async def test_the_documented_call_is_sent_as_who_asks(
    client: Client, bill: RecordingTransport
) -> None:
    """5.7: `approvalType` 0 is not yet approved, and his turn."""
    await client.execute(QUERY, {"first": 5}, person="accountant")

    assert bill.calls == [QUEUE, QUEUE]
    assert [bill.data(at) for at in (0, 1)] == [
        {
            "usersId": ACCOUNTANT,
            "entity": entity,
            "approvalType": "0",
            "marker": "",
            "max": 999,
            "nested": True,
            "sort": [{"field": "id", "asc": "true"}],
        }
        for entity in ("Bill", "VendorCredit")
    ]
    assert (bill.rounds, bill.sign_ins) == (1, 1)


@pytest.mark.parametrize(
    ("person", "is_productive_whole", "is_accounteer_whole"),
    [("payer", False, True), ("clerk", True, False), ("auditor", False, True)],
)
async def test_who_may_not_approve_waits_for_nothing(
    client: Client,
    person: str,
    is_productive_whole: bool,
    is_accounteer_whole: bool,
) -> None:
    body = await client.execute(QUERY, {"first": 5, **ON_BILL}, person=person)

    assert body["data"]["viewer"] == {
        "approvals": {
            "edges": [],
            "pageInfo": {
                "hasNextPage": False,
                "hasPreviousPage": False,
                "startCursor": None,
                "endCursor": None,
            },
            "totalCount": 0,
        },
        "sources": [
            *WELL[:2],
            {**WELL[2], "isComplete": is_productive_whole},
            {**WELL[3], "isComplete": is_accounteer_whole},
        ],
    }


async def test_a_total_is_told_where_every_queue_was_read_whole(client: Client) -> None:
    alone = await client.execute(QUERY, {"first": 5, **ON_BILL}, person="controller")
    both = await client.execute(QUERY, {"first": 5}, person="controller")

    assert alone["data"]["viewer"]["approvals"]["totalCount"] == 41
    assert both["data"]["viewer"]["approvals"]["totalCount"] is None


async def test_a_bill_in_a_queue_is_pending_whatever_it_says(
    client: Client, bill_simulator: BillSimulator, bill: RecordingTransport
) -> None:
    """5.7: a bill in the vendor's sample has `approvalStatus` 0 in somebody's list."""
    one = bill_simulator.state.numbered("BILL-1004")
    one.approval_status = "0"

    body = await client.execute(
        "{ viewer { approvals(first: 100, filter: {providers: [BILL]}) { nodes {"
        " approvalState progress { required } viewerActions"
        " ... on Invoice { number status sourceStatus } } } } }",
        person="controller",
    )

    nodes = body["data"]["viewer"]["approvals"]["nodes"]
    assert [node for node in nodes if node["number"] == "BILL-1004"] == [
        {
            "approvalState": "PENDING",
            "progress": {"required": 1},
            "viewerActions": [
                "APPROVE",
                "REJECT",
                "ADD_APPROVER",
                "REMOVE_APPROVER",
                "SET_APPROVERS",
            ],
            "number": "BILL-1004",
            "status": "UNASSIGNED",
            "sourceStatus": "Unassigned",
        }
    ]
    # Read because one says that it is unassigned.
    assert bill.calls.count(POLICIES) == 1


@pytest.mark.parametrize("denied_value", ["5", "2"])
async def test_what_was_denied_does_not_wait(
    client: Client, switch_bill: Callable[..., None], denied_value: str
) -> None:
    """C1, in both forms."""
    switch_bill(denied_value=denied_value)

    pages, _ = await read_queue(client, 100, "controller", **ON_BILL)

    assert len(pages[0]) == 41


async def test_an_undocumented_state_in_a_queue_is_pending(
    client: Client, switch_bill: Callable[..., None]
) -> None:
    switch_bill(unknown_statuses=True)

    pages, _ = await read_queue(client, 100, "controller", **ON_BILL)

    assert len(pages[0]) == 41


# Markers, and the bound.


def ask(state: State, count: int, *, deleted: int = 0) -> None:
    """Ask the controller about *count* bills more, of which some are deleted."""
    model = state.chain(state.numbered("BILL-1004").id)[0]
    for at in range(count):
        made = add_bill(
            state,
            "2024-01-01T00:00:00.000+0000",
            is_active="2" if at < deleted else "1",
        )
        row_id = state.next_id("BillApprover")
        row: Any = msgspec.structs.replace(model, id=row_id, bill_id=made.id)
        state.bill_approvers[row_id] = row


async def test_pages_of_bills_are_read_on_by_their_marker(
    client: Client, bill_simulator: BillSimulator, bill: RecordingTransport
) -> None:
    """5.7: the last page has fewer than `max` rows."""
    state = bill_simulator.state
    ask(state, 1400, deleted=900)
    expected = by_day(waiting(state, CONTROLLER))
    assert len(expected) == 541

    pages, viewer = await read_queue(client, 100, "controller", **ON_BILL)

    assert [one for page in pages for one in page] == expected
    assert viewer["sources"] == WELL
    calls = [bill.data(at) for at in range(3)]
    assert [(one["entity"], bool(one["marker"])) for one in calls] == [
        ("Bill", False),
        ("VendorCredit", False),
        ("Bill", True),
    ]
    assert "|" in calls[2]["marker"]


async def test_a_queue_that_is_longer_than_is_read_says_so(
    client: Client, bill_simulator: BillSimulator, bill: RecordingTransport
) -> None:
    state = bill_simulator.state
    ask(state, 2200)

    body = await client.execute(QUERY, {"first": 100, **ON_BILL}, person="controller")

    viewer = body["data"]["viewer"]
    assert len(viewer["approvals"]["edges"]) == 100
    assert viewer["approvals"]["totalCount"] is None
    assert viewer["sources"] == [
        WELL[0],
        {"provider": "BILL", "ok": True, "isComplete": False, "error": None},
        *WELL[2:],
    ]
    # Of the first 999 some are deleted, so that a second page was read.
    assert bill.calls == [QUEUE] * 3


@pytest.mark.parametrize("marker", [None, ""])
async def test_a_page_without_a_marker_is_the_last(
    client: Client, bill_simulator: BillSimulator, bill: RecordingTransport, marker: Any
) -> None:
    """5.7 (A): an empty marker ends a list also where the page is full."""
    ask(bill_simulator.state, 1000, deleted=990)

    async def unmarked(request: httpx.Request, upstream: Handler) -> httpx.Response:
        body = msgspec.json.decode(await (await upstream(request)).aread())
        body["response_data"]["marker"] = marker
        return httpx.Response(200, json=body)

    bill.interceptors[QUEUE] = unmarked

    body = await client.execute(QUERY, {"first": 5, **ON_BILL}, person="controller")

    assert body["data"]["viewer"]["sources"] == WELL
    assert bill.calls == [QUEUE, QUEUE]


async def test_the_same_marker_twice_is_the_end(
    client: Client, bill_simulator: BillSimulator, bill: RecordingTransport
) -> None:
    """5.7 (A): one that does not go on may give the same page, which counts once."""
    state = bill_simulator.state
    ask(state, 3000, deleted=3000)
    pages: list[Row] = []

    async def stuck(request: httpx.Request, upstream: Handler) -> httpx.Response:
        if b"VendorCredit" in request.content:
            return await upstream(request)
        if not pages:
            pages.append(msgspec.json.decode(await (await upstream(request)).aread()))
        return httpx.Response(200, json=pages[0])

    bill.interceptors[QUEUE] = stuck

    body = await client.execute(QUERY, {"first": 100, **ON_BILL}, person="controller")

    viewer = body["data"]["viewer"]
    page = pages[0]["response_data"]
    reached = {row["id"] for row in page["approvals"]} | set(state.vendor_credits)
    expected = [one for one in by_day(waiting(state, CONTROLLER)) if one in reached]
    found = [edge["node"]["sourceId"] for edge in viewer["approvals"]["edges"]]
    assert found == expected
    assert viewer["sources"] == WELL
    calls = [bill.data(at) for at in range(len(bill.calls))]
    assert [(one["entity"], one["marker"]) for one in calls] == [
        ("Bill", ""),
        ("VendorCredit", ""),
        ("Bill", page["marker"]),
    ]


async def test_a_queue_of_one_member_only_is_read(
    client: Client, bill: RecordingTransport
) -> None:
    """1.3: members that are not there, and more than are known."""
    row = {
        "id": "00n01BILL1004AAAAAAA",
        "createdTime": "2026-11-02T06:00:00.551+0000",
        "surprise": {"x": []},
    }
    bill.interceptors[QUEUE] = answers(success({"approvals": [row]}))

    body = await client.execute(
        "{ viewer { approvals(filter: {providers: [BILL]})"
        " { nodes { title approvalState } } } }",
        person="controller",
    )

    # The same answer for both kinds.
    assert body["data"]["viewer"]["approvals"]["nodes"] == [
        {"title": title, "approvalState": "PENDING"}
        for title in ("Bill", "Vendor credit")
    ]


# Where it cannot be asked.


async def test_without_credentials_nothing_waits_and_nothing_is_asked(
    client: Client, bill: RecordingTransport, productive: RecordingTransport
) -> None:
    """The issue: BILL records who is signed in, so nobody is somebody else there."""
    three = {"providers": ["OTTIMATE", "BILL", "PRODUCTIVE"]}

    body = await client.execute(QUERY, {"first": 5, "filter": three}, person="visitor")

    assert body["data"]["viewer"] == {
        "approvals": {
            "edges": [],
            "pageInfo": {
                "hasNextPage": False,
                "hasPreviousPage": False,
                "startCursor": None,
                "endCursor": None,
            },
            "totalCount": None,
        },
        "sources": [
            WELL[0],
            *(
                {
                    "provider": provider,
                    "ok": False,
                    "isComplete": False,
                    "error": {"code": "FORBIDDEN"},
                }
                for provider in ("BILL", "PRODUCTIVE")
            ),
            WELL[3],
        ],
    }
    assert (bill.calls, bill.sign_ins) == ([], 0)
    assert productive.calls == []


DOWN: list[tuple[Any, str]] = [
    (answers(b"<html>", 503), "UPSTREAM_UNAVAILABLE"),
    (answers(b""), "UPSTREAM_RESPONSE_INVALID"),
    (answers(success([])), "UPSTREAM_RESPONSE_INVALID"),
    (answers(failure("BDC_1001")), "UPSTREAM_UNAVAILABLE"),
    (answers(failure("BDC_1002")), "UPSTREAM_RESPONSE_INVALID"),
    (answers(failure("BDC_1121"), 404), "UPSTREAM_RESPONSE_INVALID"),
    (answers(failure("BDC_1150")), "UPSTREAM_RESPONSE_INVALID"),
    # The user whose queue it is was not found: a fault, not an object that is absent.
    (answers(failure("BDC_1205")), "UPSTREAM_RESPONSE_INVALID"),
    (answers(failure("BDC_1302")), "UPSTREAM_RESPONSE_INVALID"),
    (answers(failure("BDC_9901")), "UPSTREAM_RESPONSE_INVALID"),
]


@pytest.mark.parametrize(
    ("answer", "code"), DOWN, ids=[str(at) for at in range(len(DOWN))]
)
async def test_a_queue_that_cannot_be_read_is_named_and_the_rest_stands(
    client: Client, bill: RecordingTransport, answer: Any, code: str
) -> None:
    bill.interceptors[QUEUE] = answer
    invoices = "invoices(first: 1, filter: {providers: [BILL]}) { nodes { number } }"

    body = await client.execute(
        QUERY.replace("viewer {", f"{invoices} viewer {{", 1),
        {"first": 5, **ON_BILL},
        person="controller",
    )

    assert body["data"] == {
        "invoices": {"nodes": [{"number": "BILL-1001"}]},
        "viewer": {
            "approvals": None,
            "sources": [
                WELL[0],
                {
                    "provider": "BILL",
                    "ok": False,
                    "isComplete": False,
                    "error": {"code": code},
                },
                *WELL[2:],
            ],
        },
    }
    assert [
        (error["path"], error["extensions"]["code"]) for error in body["errors"]
    ] == [(["viewer", "approvals"], code)]


async def test_what_waits_elsewhere_stands_where_bills_queue_cannot_be_read(
    client: Client, bill: RecordingTransport
) -> None:
    alone = await client.execute(
        QUERY,
        {"first": 100, "filter": {"providers": ["PRODUCTIVE"]}},
        person="controller",
    )
    answer, code = DOWN[0]
    bill.interceptors[QUEUE] = answer

    body = await client.execute(
        QUERY,
        {"first": 100, "filter": {"providers": ["BILL", "PRODUCTIVE"]}},
        person="controller",
    )

    approvals = body["data"]["viewer"]["approvals"]
    assert "errors" not in body
    assert len(approvals["edges"]) == 71
    assert approvals == {
        **alone["data"]["viewer"]["approvals"],
        # How many wait on BILL is not known.
        "totalCount": None,
    }
    assert body["data"]["viewer"]["sources"][1:] == [
        {
            "provider": "BILL",
            "ok": False,
            "isComplete": False,
            "error": {"code": code},
        },
        *WELL[2:],
    ]


async def test_a_queue_of_one_kind_that_fails_is_no_whole_queue(
    client: Client, bill: RecordingTransport
) -> None:
    async def fail_credits(request: httpx.Request, upstream: Handler) -> httpx.Response:
        if b"VendorCredit" in request.content:
            return httpx.Response(200, content=b"<html>")
        return await upstream(request)

    bill.interceptors[QUEUE] = fail_credits

    body = await client.execute(QUERY, {"first": 5, **ON_BILL}, person="controller")

    assert body["data"]["viewer"]["approvals"] is None
    assert body["data"]["viewer"]["sources"][1]["ok"] is False


@pytest.mark.parametrize("code", ["BDC_1002", "BDC_1121", "BDC_1302", "BDC_9999"])
async def test_a_queue_that_bill_keeps_of_bills_alone_is_not_whole(
    client: Client, bill_simulator: BillSimulator, bill: RecordingTransport, code: str
) -> None:
    """5.7: the page shows bills only."""

    async def refuse_credits(
        request: httpx.Request, upstream: Handler
    ) -> httpx.Response:
        if b"VendorCredit" in request.content:
            return httpx.Response(200, content=failure(code))
        return await upstream(request)

    bill.interceptors[QUEUE] = refuse_credits
    state = bill_simulator.state

    pages, viewer = await read_queue(client, 100, "controller", **ON_BILL)

    rows = waiting(state, CONTROLLER)
    assert pages == [by_day([one for one in rows if one.id in state.bills])]
    assert viewer["approvals"]["totalCount"] is None
    assert viewer["sources"] == [
        WELL[0],
        {**WELL[1], "isComplete": False},
        *WELL[2:],
    ]


async def test_a_queue_is_of_the_session_and_not_of_who_asked_before(
    client: Client, bill_simulator: BillSimulator, bill: RecordingTransport
) -> None:
    state = bill_simulator.state
    for person, user_id in [("controller", CONTROLLER), ("accountant", ACCOUNTANT)] * 2:
        pages, _ = await read_queue(client, 100, person, **ON_BILL)

        assert pages == [by_day(waiting(state, user_id))]

    assert bill.sign_ins == 2


async def test_the_connector_raises_only_what_is_upstreams(
    sandbox: Sandbox, time: FakeTime, bill: RecordingTransport
) -> None:
    """`Connector`: every method may raise an `UpstreamError`."""
    account: Account = open_account(sandbox, time, bill, person="controller")
    for answer, code in DOWN:
        bill.interceptors[QUEUE] = answer

        with pytest.raises(UpstreamError) as caught:
            await connect(account, time).list_queue(SIGNED_IN)

        assert caught.value.code == code


@pytest.mark.parametrize("cursor", ["", "x", "é", "AAAA", "WyIyMDI2Il0"])
async def test_what_is_no_cursor_of_the_queue_is_refused(
    client: Client, cursor: str
) -> None:
    body = await client.execute(
        QUERY, {"first": 5, "after": cursor, **ON_BILL}, person="controller"
    )

    assert body["data"]["viewer"]["approvals"] is None
    assert [error["extensions"]["code"] for error in body["errors"]] == [
        "BAD_USER_INPUT"
    ]
