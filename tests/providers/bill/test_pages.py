"""BILL's list in pages: nothing lost, nothing doubled, and what is no such list."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from gateway.app import create_app
from gateway.domain import InvoiceFilter, InvoicePlace
from gateway.providers.bill.connector import BillConnector
from gateway.providers.bill.simulator import BillSimulator
from gateway.providers.bill.simulator.objects import Approvable
from gateway.providers.bill.simulator.state import State
from gateway.sandbox import Sandbox
from gateway.settings import Settings
from tests.providers.bill.reading import (
    BILLS,
    CREDITS,
    LIST,
    POLICIES,
    Row,
    add_bill,
    add_credit,
    answers,
    everything,
    failure,
    graph_id,
    ids,
    in_order,
    instant,
    matches,
    matching,
    on_bill,
    read_pages,
    wire_time,
)
from tests.support import (
    Client,
    FakeTime,
    Handler,
    RecordingTransport,
)
from tests.support import (
    bill_simulator as find_bill_simulator,
)

EVERYTHING = InvoiceFilter()
SOURCES = """
query ($order: InvoiceOrder) {
  invoices(first: 1, filter: {providers: [BILL]}, orderBy: $order) {
    totalCount
    sources { provider ok isComplete }
  }
}
"""
AT = "2026-11-02T17:30:00.125+0000"


@pytest.mark.parametrize("first", [1, 7, 24, 25, 26, 98, 100])
async def test_pages_of_any_size_give_each_row_exactly_once_in_order(
    client: Client, bill_simulator: BillSimulator, first: int
) -> None:
    rows = everything(bill_simulator.state)
    instants = [one.created_time for one in rows]
    assert len(rows) == 345
    # An import of thirty came in at the very same instant.
    assert max(instants.count(one) for one in instants) == 30

    pages = await read_pages(client, first)

    assert ids(pages) == in_order(rows)
    assert len(pages) == -(-345 // first)


async def test_a_list_may_be_taken_up_after_any_of_its_rows(
    client: Client, bill_simulator: BillSimulator
) -> None:
    expected = in_order(everything(bill_simulator.state))
    edges = [edge for page in await read_pages(client, 100) for edge in page]

    for at in range(0, 345, 4):
        body = await client.execute(
            LIST, {"first": 2, "after": edges[at]["cursor"], "filter": on_bill()}
        )

        page = body["data"]["invoices"]
        assert ids([page["edges"]]) == expected[at + 1 : at + 3]
        assert page["pageInfo"]["hasNextPage"] == (at + 3 < 345)


async def test_a_page_after_the_last_row_is_empty_and_can_be_asked_again(
    client: Client,
) -> None:
    cursor = (await read_pages(client, 100))[-1][-1]["cursor"]

    body = await client.execute(
        LIST, {"first": 5, "after": cursor, "filter": on_bill()}
    )

    assert body["data"]["invoices"] == {
        "edges": [],
        "pageInfo": {
            "hasNextPage": False,
            "hasPreviousPage": True,
            "startCursor": None,
            "endCursor": cursor,
        },
        "totalCount": None,
    }


async def test_bills_and_vendor_credits_of_one_instant_are_ordered_by_id(
    client: Client, bill_simulator: BillSimulator
) -> None:
    state = bill_simulator.state
    made: list[Approvable] = []
    for _ in range(20):
        made += [add_bill(state, AT), add_credit(state, AT)]

    pages = await read_pages(client, 7)

    assert ids(pages)[:40] == in_order(made)
    assert ids(pages) == in_order(everything(state))


async def test_all_providers_are_one_list(client: Client) -> None:
    query = """
    query ($after: String, $filter: InvoiceFilter) {
      invoices(first: 100, after: $after, filter: $filter) {
        nodes { id provider createdAt }
        pageInfo { hasNextPage endCursor }
      }
    }
    """

    async def read(**variables: Any) -> list[Row]:
        rows: list[Row] = []
        after = None
        while True:
            body = await client.execute(query, {"after": after, **variables})
            connection = body["data"]["invoices"]
            rows += connection["nodes"]
            if not connection["pageInfo"]["hasNextPage"]:
                return rows
            after = connection["pageInfo"]["endCursor"]

    together = await read()
    each = await read(filter=on_bill())
    for name in ("OTTIMATE", "ACCOUNTEER"):
        each += await read(filter={"providers": [name]})

    by_id = sorted(each, key=lambda one: str(one["id"]))
    expected = sorted(by_id, key=lambda one: instant(one["createdAt"]), reverse=True)
    assert together == expected
    assert len(together) == 345 + 350 + 200


async def test_a_page_asks_from_the_last_rows_instant_on(
    client: Client, bill_simulator: BillSimulator, bill: RecordingTransport
) -> None:
    """3.2: no cursor, and a page by number may shift."""
    body = await client.execute(LIST, {"first": 3, "filter": on_bill()})
    page = body["data"]["invoices"]
    last = next(
        one
        for one in everything(bill_simulator.state)
        if one.id == page["edges"][-1]["node"]["sourceId"]
    )
    bill.clear()

    await client.execute(
        LIST,
        {"first": 3, "after": page["pageInfo"]["endCursor"], "filter": on_bill()},
    )

    bound = wire_time(instant(last.created_time) + timedelta(milliseconds=1))
    assert bill.calls == [BILLS, CREDITS]
    assert [bill.data(at) for at in (0, 1)] == [
        {
            "start": 0,
            "max": 6,
            "nested": True,
            "showAudit": False,
            "filters": [{"field": "createdTime", "op": "<", "value": bound}],
            "sort": [
                {"field": "createdTime", "asc": "false"},
                {"field": "id", "asc": "true"},
            ],
        }
    ] * 2
    # 1.2: the plus of a time is escaped.
    assert b"%2B0000" in bill.requests[0].content


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["insert", "among", "credit", "approve", "reopen", "remove"]),
        st.integers(0, 10_000),
    ),
    max_size=12,
)


@given(
    first=st.integers(2, 20),
    steps=STEPS,
    only_pending=st.booleans(),
    seed=st.integers(0, 1000),
)
@hypothesis_settings(max_examples=25, deadline=None)
async def test_what_was_there_all_along_is_neither_lost_nor_doubled(
    first: int, steps: list[tuple[str, int]], only_pending: bool, seed: int
) -> None:
    """3.2: paging is no snapshot; rows may come and go between pages."""
    random = Random(seed)  # noqa: S311 - a sandbox
    time = FakeTime()
    sandbox = Sandbox(time.clock)
    state = find_bill_simulator(sandbox).state
    # A third of the bills, so that the list is read faster.
    state.bills = dict(list(state.bills.items())[::3])
    wanted = {"states": ["PENDING"]} if only_pending else {}
    steady = {one.id: one for one in matching(state, wanted)}
    rows: list[str] = []
    after = None
    seen = {one.id: one for one in everything(state)}
    async with open_client(sandbox, time) as client:
        while True:
            body = await client.execute(
                LIST, {"first": first, "after": after, "filter": on_bill(wanted)}
            )
            page = body["data"]["invoices"]
            rows += ids([page["edges"]])
            if not page["pageInfo"]["hasNextPage"]:
                break
            after = page["pageInfo"]["endCursor"]
            if steps:
                step, index = steps.pop()
                change(state, step, index, time, random)
                seen |= {one.id: one for one in everything(state)}
                steady = {
                    key: one
                    for key, one in steady.items()
                    if key in {**state.bills, **state.vendor_credits}
                    and matches(state, one, wanted)
                }

    assert len(set(rows)) == len(rows)
    assert set(steady) <= set(rows)
    assert rows == in_order(seen[key] for key in rows)


def change(state: State, step: str, index: int, time: FakeTime, random: Random) -> None:
    """Change the organization between two pages."""
    # Bills that are added are like BILL-1004, so that stays as it is.
    others = [one for one in state.bills.values() if one.invoice_number != "BILL-1004"]
    chosen = sorted(others, key=lambda one: one.id)[index % len(others)]
    if step == "insert":
        time.advance(1)
        add_bill(state, time.instant, approval_status=random.choice("0134"))
    elif step == "among":
        add_bill(state, chosen.created_time, approval_status=random.choice("0134"))
    elif step == "credit":
        add_credit(state, chosen.created_time, approval_status="1")
    elif step == "approve":
        chosen.approval_status = "3"
    elif step == "reopen":
        chosen.approval_status = "1"
    else:
        del state.bills[chosen.id]


def open_client(sandbox: Sandbox, time: FakeTime) -> "OpenClient":
    return OpenClient(sandbox, time)


class OpenClient:
    """A client of an application of its own."""

    def __init__(self, sandbox: Sandbox, time: FakeTime) -> None:
        app = create_app(Settings(), sandbox=sandbox, clock=time.clock)
        self._http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://127.0.0.1"
        )

    async def __aenter__(self) -> Client:
        return Client(await self._http.__aenter__())

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()


# Rows of one instant.


def tied(state: State, count: int) -> list[Approvable]:
    """Leave only *count* pending bills of one instant in the organization."""
    made: list[Approvable] = [
        add_bill(state, AT, approval_status="1") for _ in range(count)
    ]
    state.vendor_credits.clear()
    state.bill_approvers.clear()
    state.vendor_credit_approvers.clear()
    state.bills = {one.id: one for one in made}  # type: ignore[misc]
    return made


@pytest.mark.parametrize(("count", "first"), [(26, 5), (260, 100), (60, 1)])
async def test_an_import_larger_than_a_page_is_read_whole(
    client: Client, bill_simulator: BillSimulator, count: int, first: int
) -> None:
    made = tied(bill_simulator.state, count)

    assert ids(await read_pages(client, first)) == in_order(made)


async def test_an_import_costs_large_pages(
    client: Client, bill_simulator: BillSimulator, bill: RecordingTransport
) -> None:
    """1.5: three calls at a time, 20,000 an hour."""
    tied(bill_simulator.state, 260)

    await client.execute(LIST, {"first": 20, "filter": on_bill({"kinds": ["BILL"]})})

    # A page, another of its last instant, and that instant at once.
    assert bill.calls == [BILLS] * 3
    assert [bill.data(at)["max"] for at in range(3)] == [23, 23, 999]
    assert [bill.data(at)["start"] for at in range(3)] == [0, 0, 0]


async def test_an_import_larger_than_bills_largest_page_is_read_whole(
    client: Client, bill_simulator: BillSimulator, bill: RecordingTransport
) -> None:
    made = tied(bill_simulator.state, 1100)

    body = await client.execute(LIST, {"first": 100, "filter": on_bill()})

    assert ids([body["data"]["invoices"]["edges"]]) == in_order(made)[:100]
    calls = [bill.data(at) for at, name in enumerate(bill.calls) if name == BILLS]
    assert [(one["start"], one["max"]) for one in calls] == [
        (0, 102),
        (0, 102),
        (0, 999),
        (999, 999),
    ]


@pytest.mark.parametrize("first", [5, 40])
async def test_an_import_is_read_whole_also_if_one_leaves_it_meanwhile(
    client: Client, bill_simulator: BillSimulator, bill: RecordingTransport, first: int
) -> None:
    """3.2: rows may shift, also between the pages of one request."""
    made = tied(bill_simulator.state, 90)
    leaving = min(made, key=lambda one: one.id)

    async def leave(request: httpx.Request, upstream: Handler) -> httpx.Response:
        answer = await upstream(request)
        if b"createdTime%22%2C%22op" in request.content:
            leaving.approval_status = "3"
        return answer

    bill.interceptors[BILLS] = leave

    pages = await read_pages(client, first, {"statuses": ["PENDING_APPROVAL"]})

    found = ids(pages)
    assert len(set(found)) == len(found)
    assert [key for key in found if key != leaving.id] == in_order(
        one for one in made if one is not leaving
    )


async def test_a_row_that_changes_state_between_the_lists_of_a_page_is_there_once(
    client: Client, bill_simulator: BillSimulator, bill: RecordingTransport
) -> None:
    """PENDING is three lists, and one row may be in two."""
    state = bill_simulator.state
    moving = state.numbered("BILL-1003")
    assert moving.approval_status == "4"
    moving.approval_status = "1"

    async def move(request: httpx.Request, upstream: Handler) -> httpx.Response:
        answer = await upstream(request)
        filters = msgspec.json.decode(form(request)["data"])["filters"]
        if {"field": "approvalStatus", "op": "=", "value": "1"} in filters:
            moving.approval_status = "4"
        return answer

    bill.interceptors[BILLS] = move

    body = await client.execute(
        LIST,
        {"first": 40, "filter": on_bill({"states": ["PENDING"], "kinds": ["BILL"]})},
    )

    found = ids([body["data"]["invoices"]["edges"]])
    assert found.count(moving.id) == 1
    assert len(set(found)) == len(found) == 40


def form(request: httpx.Request) -> dict[str, str]:
    return dict(httpx.QueryParams(request.content.decode()))


async def test_a_cursor_outlives_its_row(
    client: Client, bill_simulator: BillSimulator
) -> None:
    state = bill_simulator.state
    expected = in_order(everything(state))
    body = await client.execute(LIST, {"first": 10, "filter": on_bill()})
    after = body["data"]["invoices"]["pageInfo"]["endCursor"]
    state.table("Bill").pop(expected[9], None)
    state.table("VendorCredit").pop(expected[9], None)

    body = await client.execute(
        LIST, {"first": 10, "after": after, "filter": on_bill()}
    )

    assert ids([body["data"]["invoices"]["edges"]]) == expected[10:20]


# C6, and lists that are not what was asked for.


@pytest.mark.parametrize("over", ["clamp", "error"])
@pytest.mark.parametrize("cap", [999, 1000])
async def test_no_page_is_larger_than_either_maximum(
    client: Client,
    bill_simulator: BillSimulator,
    bill: RecordingTransport,
    switch_bill: Callable[..., None],
    cap: int,
    over: str,
) -> None:
    """C6: 999, or 1000 in an older copy; what a greater `max` does is unknown."""
    switch_bill(list_cap=cap, list_over_cap=over)
    made = tied(bill_simulator.state, 1050)

    body = await client.execute(LIST, {"first": 100, "filter": on_bill()})
    policies = await client.execute("{ policies { nodes { name } } }")
    queue = await client.execute("{ viewer { approvals { nodes { id } } } }")

    assert [one.get("errors") for one in (body, policies, queue)] == [None] * 3
    assert ids([body["data"]["invoices"]["edges"]]) == in_order(made)[:100]
    assert max(bill.data(at)["max"] for at in range(len(bill.calls))) == 999


async def resend(
    request: httpx.Request, upstream: Handler, **members: Any
) -> httpx.Response:
    """Pass a call on with other arguments, as if BILL ignored those that it has."""
    data = msgspec.json.decode(form(request)["data"]) | members
    fields = {**form(request), "data": msgspec.json.encode(data).decode()}
    return await upstream(httpx.Request("POST", request.url, data=fields))


async def ignore_sort(request: httpx.Request, upstream: Handler) -> httpx.Response:
    return await resend(request, upstream, sort=[])


async def reverse(request: httpx.Request, upstream: Handler) -> httpx.Response:
    order = [{"field": "createdTime", "asc": "true"}]
    return await resend(request, upstream, sort=order)


async def ignore_filters(request: httpx.Request, upstream: Handler) -> httpx.Response:
    return await resend(request, upstream, filters=[])


@pytest.mark.parametrize("form_of_fault", [ignore_sort, reverse])
async def test_a_list_that_ignores_the_order_is_a_fault(
    client: Client, bill: RecordingTransport, form_of_fault: Any
) -> None:
    bill.interceptors[BILLS] = form_of_fault

    body = await client.execute(
        "{ invoices(first: 20, filter: {providers: [BILL]})"
        " { nodes { number } sources { provider ok error { code message } } } }"
    )

    assert body["data"]["invoices"] == {
        "nodes": None,
        "sources": [
            {
                "provider": "BILL",
                "ok": False,
                "error": {
                    "code": "UPSTREAM_RESPONSE_INVALID",
                    "message": "BILL did not understand a filter or the order of a "
                    "list.",
                },
            }
        ],
    }


async def test_a_list_that_ignores_the_bound_is_a_fault(
    client: Client, bill: RecordingTransport
) -> None:
    variables: Row = {"first": 20, "filter": on_bill()}
    body = await client.execute(LIST, variables)
    variables["after"] = body["data"]["invoices"]["pageInfo"]["endCursor"]

    bill.interceptors[BILLS] = ignore_filters
    body = await client.execute(LIST, variables)

    assert body["data"]["invoices"]["edges"] is None
    assert {error["extensions"]["code"] for error in body["errors"]} == {
        "UPSTREAM_RESPONSE_INVALID"
    }


@pytest.mark.parametrize(
    "created_time",
    ["", "yesterday", "2026-11-02T17:30:00.125", "0001-01-01T00:00:00.000+0000"],
)
async def test_a_row_without_an_instant_is_a_fault(
    client: Client, bill_simulator: BillSimulator, created_time: str
) -> None:
    bill_simulator.state.numbered("BILL-1001").created_time = created_time

    body = await client.execute(
        LIST, {"first": 100, "filter": on_bill({"search": "BILL-1001"})}
    )

    assert {error["extensions"]["code"] for error in body["errors"]} == {
        "UPSTREAM_RESPONSE_INVALID"
    }


async def test_the_rows_of_the_other_providers_stand(
    client: Client, bill: RecordingTransport
) -> None:
    bill.interceptors[CREDITS] = reverse

    body = await client.execute(
        "{ invoices(first: 30) { nodes { provider } sources { provider ok } } }"
    )

    assert body["data"]["invoices"] == {
        "nodes": [{"provider": "OTTIMATE"}] * 30,
        "sources": [
            {"provider": "OTTIMATE", "ok": True},
            {"provider": "BILL", "ok": False},
            {"provider": "ACCOUNTEER", "ok": True},
        ],
    }


async def test_vendor_credits_that_cannot_be_listed_are_left_out_for_an_hour(
    client: Client,
    bill_simulator: BillSimulator,
    bill: RecordingTransport,
    time: FakeTime,
) -> None:
    """6.2: the reference has bulk calls of vendor credits, and names no list."""
    bill.interceptors[CREDITS] = answers(failure("BDC_1121"), 404)
    state = bill_simulator.state

    assert ids(await read_pages(client, 100)) == in_order(state.bills.values())
    body = await client.execute(SOURCES, {"order": None})
    by_total = await client.execute(SOURCES, {"order": {"field": "TOTAL"}})
    # What is not listed is not counted either, also where every row was read.
    assert [one["data"]["invoices"] for one in (body, by_total)] == [
        {
            "totalCount": None,
            "sources": [{"provider": "BILL", "ok": True, "isComplete": False}],
        }
    ] * 2
    time.advance(3590)
    assert ids(await read_pages(client, 100)) == in_order(state.bills.values())
    assert bill.calls.count(CREDITS) == 1
    del bill.interceptors[CREDITS]
    time.advance(10)

    assert ids(await read_pages(client, 100)) == in_order(everything(state))
    by_total = await client.execute(SOURCES, {"order": {"field": "TOTAL"}})
    assert by_total["data"]["invoices"] == {
        "totalCount": 345,
        "sources": [{"provider": "BILL", "ok": True, "isComplete": True}],
    }


@pytest.mark.parametrize("code", ["BDC_1002", "BDC_1150", "BDC_9999"])
async def test_any_other_refusal_of_vendor_credits_is_a_fault(
    client: Client, bill: RecordingTransport, code: str
) -> None:
    bill.interceptors[CREDITS] = answers(failure(code))

    body = await client.execute(LIST, {"first": 5, "filter": on_bill()})

    assert body["data"]["invoices"]["edges"] is None
    assert {error["extensions"]["code"] for error in body["errors"]} == {
        "UPSTREAM_RESPONSE_INVALID"
    }


async def test_a_list_without_bills_is_a_fault(
    client: Client, bill: RecordingTransport
) -> None:
    bill.interceptors[BILLS] = answers(failure("BDC_1121"), 404)

    body = await client.execute(LIST, {"first": 5, "filter": on_bill()})

    assert body["data"]["invoices"]["edges"] is None


async def test_a_list_that_ignores_where_to_start_does_not_go_on_forever(
    client: Client, bill_simulator: BillSimulator, bill: RecordingTransport
) -> None:
    tied(bill_simulator.state, 1050)

    async def restart(request: httpx.Request, upstream: Handler) -> httpx.Response:
        return await resend(request, upstream, start=0)

    bill.interceptors[BILLS] = restart

    body = await client.execute(LIST, {"first": 5, "filter": on_bill()})

    assert {error["extensions"]["code"] for error in body["errors"]} == {
        "UPSTREAM_RESPONSE_INVALID"
    }
    assert bill.calls.count(BILLS) == 4


# The connector's promise.


async def test_a_slice_ends_where_nothing_follows(
    connector: BillConnector, bill_simulator: BillSimulator
) -> None:
    expected = in_order(everything(bill_simulator.state))
    for first in (1, 40, 100, 344, 345, 400, 998, 1200):
        rows: list[str] = []
        after = None
        while True:
            part = await connector.invoices.list_invoices(
                first=first, after=after, invoice_filter=EVERYTHING
            )
            rows += [one.source_id for one in part.invoices]
            assert (part.total, part.is_searched) == (None, False)
            if part.is_last:
                break
            assert len(part.invoices) >= first
            last = part.invoices[-1]
            after = InvoicePlace(created_at=last.created_at, id=last.id)
        assert rows == expected


async def test_an_instant_finer_than_a_millisecond_is_taken_up_after(
    connector: BillConnector, bill_simulator: BillSimulator, bill: RecordingTransport
) -> None:
    """1.2: times on the wire have milliseconds, a client's cursor may have more."""
    place = InvoicePlace(
        created_at=datetime(2026, 11, 2, 12, 0, 0, 551_999, tzinfo=UTC), id=""
    )

    part = await connector.invoices.list_invoices(
        first=1, after=place, invoice_filter=EVERYTHING
    )

    newest = bill_simulator.state.numbered("BILL-1001")
    assert newest.created_time == "2026-11-02T12:00:00.551+0000"
    assert part.invoices[0].source_id == newest.id
    assert bill.data(0)["filters"][0]["value"] == "2026-11-02T12:00:00.552+0000"


async def test_only_unassigned_rows_make_the_policies_needed(
    connector: BillConnector, bill_simulator: BillSimulator, bill: RecordingTransport
) -> None:
    await connector.invoices.list_invoices(
        first=1, after=None, invoice_filter=EVERYTHING
    )
    assert bill.calls == [BILLS, CREDITS]
    bill.clear()
    add_bill(bill_simulator.state, AT, approval_status="0")

    await connector.invoices.list_invoices(
        first=1, after=None, invoice_filter=EVERYTHING
    )

    assert bill.calls == [BILLS, CREDITS, POLICIES]


def test_the_ids_of_the_graph_do_not_sort_as_bills_do() -> None:
    """Why ties are sorted again here."""
    state = find_bill_simulator(Sandbox(FakeTime().clock)).state
    rows = everything(state)

    assert sorted(rows, key=graph_id) != sorted(rows, key=lambda one: one.id)
