"""Ottimate and BILL in one list: one order, one cursor, each asked for its own rows."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.domain import ProviderName, encode_id
from gateway.providers.bill.simulator import BillSimulator
from gateway.providers.ottimate.simulator import OttimateSimulator
from tests.support import Client, RecordingTransport

LIST = """
query ($first: Int!, $after: String, $filter: InvoiceFilter, $order: InvoiceOrder) {
  invoices(first: $first, after: $after, filter: $filter, orderBy: $order) {
    edges { cursor node { id provider number createdAt } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    totalCount
    sources { provider ok isComplete error { code } }
  }
}
"""
WELL = [
    {"provider": name, "ok": True, "isComplete": True, "error": None}
    for name in ("OTTIMATE", "BILL")
]
CREATED = [
    "POST /List/Bill.json",
    "POST /List/VendorCredit.json",
    "POST /List/ApprovalPolicy.json",
]

# What a row is ordered by: when it was created, and its id.
Key = tuple[datetime, str]


def ottimate_rows(simulator: OttimateSimulator) -> list[Key]:
    return [
        (one.created_at, encode_id("Invoice", ProviderName.OTTIMATE, one.id))
        for one in simulator.state.invoices.values()
    ]


def bill_rows(simulator: BillSimulator) -> list[Key]:
    state = simulator.state
    return [
        (instant(one.created_time), encode_id("Invoice", ProviderName.BILL, one.id))
        for one in (*state.bills.values(), *state.vendor_credits.values())
    ]


def instant(text: str) -> datetime:
    """Return an instant as BILL writes it."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z")


def in_order(rows: Iterable[Key]) -> list[str]:
    by_id = sorted(rows, key=lambda row: row[1])
    return [key for _, key in sorted(by_id, key=lambda row: row[0], reverse=True)]


async def read_pages(client: Client, first: int, **variables: Any) -> list[list[str]]:
    """Return the ids of every page, each asked for by the last one's cursor."""
    pages: list[list[str]] = []
    after = None
    while True:
        body = await client.execute(LIST, {"first": first, "after": after, **variables})
        assert "errors" not in body
        shown = body["data"]["invoices"]
        assert shown["sources"] == WELL
        assert shown["pageInfo"]["hasPreviousPage"] == (after is not None)
        pages.append([edge["node"]["id"] for edge in shown["edges"]])
        if not shown["pageInfo"]["hasNextPage"]:
            return pages
        assert len(pages[-1]) == first
        after = shown["pageInfo"]["endCursor"]
        assert after == shown["edges"][-1]["cursor"]


def keep_newest(
    count: int, simulator: OttimateSimulator, bill_simulator: BillSimulator
) -> None:
    """Leave the rows of the newest instants, so that small pages are read faster."""
    state, theirs = simulator.state, bill_simulator.state
    rows = sorted([*ottimate_rows(simulator), *bill_rows(bill_simulator)], reverse=True)
    oldest, _ = rows[count - 1]
    for key, invoice in list(state.invoices.items()):
        if invoice.created_at < oldest:
            del state.invoices[key]
    for table in (theirs.bills, theirs.vendor_credits):
        for key_, one in list(table.items()):
            if instant(one.created_time) < oldest:
                del table[key_]


@pytest.fixture
def shared_instants(simulator: OttimateSimulator, bill_simulator: BillSimulator) -> int:
    """Have rows of Ottimate come in at the very instants of rows of BILL.

    Returns:
        How many rows of Ottimate share their instant with some of BILL.
    """
    moments = sorted({at for at, _ in bill_rows(bill_simulator)}, reverse=True)
    invoices = sorted(
        simulator.state.invoices.values(), key=lambda one: one.created_at, reverse=True
    )
    for at, invoice in enumerate(invoices):
        if at % 3 == 0:
            invoice.created_at = moments[at // 2]
    return len(range(0, len(invoices), 3))


@pytest.mark.parametrize(
    ("first", "count"), [(1, 140), (7, 695), (20, 695), (99, 695), (100, 695)]
)
async def test_pages_are_the_sorted_rows_of_both_each_exactly_once(
    client: Client,
    simulator: OttimateSimulator,
    bill_simulator: BillSimulator,
    first: int,
    count: int,
) -> None:
    keep_newest(count, simulator, bill_simulator)
    own, others = ottimate_rows(simulator), bill_rows(bill_simulator)
    expected = in_order([*own, *others])
    assert (len(expected), len(set(expected))) == (count, count)
    assert min(len(own), len(others)) > count // 3

    pages = await read_pages(client, first)

    assert pages == [expected[at : at + first] for at in range(0, count, first)]


@pytest.mark.parametrize(
    ("first", "count", "shared"),
    [(1, 140, 34), (2, 140, 34), (3, 140, 34), (10, 695, 117), (100, 695, 117)],
)
async def test_rows_of_one_instant_are_in_order_of_their_ids_whoever_holds_them(
    client: Client,
    simulator: OttimateSimulator,
    bill_simulator: BillSimulator,
    shared_instants: int,
    first: int,
    count: int,
    shared: int,
) -> None:
    assert shared_instants == 117
    keep_newest(count, simulator, bill_simulator)
    own, others = ottimate_rows(simulator), bill_rows(bill_simulator)
    at_bills = {at for at, _ in others}
    assert sum(at in at_bills for at, _ in own) == shared
    expected = in_order([*own, *others])
    assert len(expected) == count

    pages = await read_pages(client, first)

    assert pages == [expected[at : at + first] for at in range(0, count, first)]


async def test_a_bulk_of_one_instant_over_both_is_read_whole_by_any_page(
    client: Client, simulator: OttimateSimulator, bill_simulator: BillSimulator
) -> None:
    state = bill_simulator.state
    moment = instant(state.bills["00n01BILL1004AAAAAAA"].created_time)
    for one in list(simulator.state.invoices.values())[:40]:
        one.created_at = moment
    text = state.bills["00n01BILL1004AAAAAAA"].created_time
    for bill in list(state.bills.values())[:30]:
        bill.created_time = text
    for credit in list(state.vendor_credits.values())[:5]:
        credit.created_time = text
    expected = in_order([*ottimate_rows(simulator), *bill_rows(bill_simulator)])
    same = [
        key
        for at, key in [*ottimate_rows(simulator), *bill_rows(bill_simulator)]
        if at == moment
    ]
    assert len(same) == 75

    for first in (9, 60):
        pages = await read_pages(client, first)
        assert [key for page in pages for key in page] == expected


async def test_a_list_may_be_taken_up_after_any_of_its_rows(
    client: Client, shared_instants: int
) -> None:
    assert shared_instants
    body = await client.execute(LIST, {"first": 60})
    edges = body["data"]["invoices"]["edges"]
    assert {edge["node"]["provider"] for edge in edges} == {"OTTIMATE", "BILL"}

    for at in range(58):
        body = await client.execute(LIST, {"first": 2, "after": edges[at]["cursor"]})
        assert body["data"]["invoices"]["edges"] == edges[at + 1 : at + 3]


async def test_a_cursor_of_one_providers_row_goes_on_in_the_others_list(
    client: Client, simulator: OttimateSimulator
) -> None:
    body = await client.execute(LIST, {"first": 30})
    edge = next(
        edge
        for edge in body["data"]["invoices"]["edges"][10:]
        if edge["node"]["provider"] == "BILL"
    )
    moment = datetime.fromisoformat(edge["node"]["createdAt"])

    body = await client.execute(
        LIST,
        {
            "first": 100,
            "after": edge["cursor"],
            "filter": {"providers": ["OTTIMATE"]},
        },
    )

    expected = in_order(row for row in ottimate_rows(simulator) if row[0] < moment)
    assert [one["node"]["id"] for one in body["data"]["invoices"]["edges"]] == (
        expected[:100]
    )


async def test_every_order_holds_over_both(
    client: Client, simulator: OttimateSimulator, bill_simulator: BillSimulator
) -> None:
    state = bill_simulator.state
    totals: list[tuple[Any, str]] = [
        (one.total, encode_id("Invoice", ProviderName.OTTIMATE, one.id))
        for one in simulator.state.invoices.values()
    ]
    bills = [(one.id, one.amount) for one in state.bills.values()]
    bills += [(one.id, one.amount) for one in state.vendor_credits.values()]
    totals += [
        (amount, encode_id("Invoice", ProviderName.BILL, key)) for key, amount in bills
    ]
    totals.sort(key=lambda pair: (pair[0] is None, pair[0] or 0, pair[1]))

    pages = await read_pages(client, 100, order={"field": "TOTAL", "direction": "ASC"})

    assert [key for page in pages for key in page] == [key for _, key in totals]


# Filters over both


async def test_a_filter_lets_through_rows_of_both(client: Client) -> None:
    body = await client.execute(
        LIST, {"first": 100, "filter": {"states": ["REJECTED"]}}
    )
    # Ottimate knows no rejection, so it has none and is not asked.
    shown = body["data"]["invoices"]
    assert {edge["node"]["provider"] for edge in shown["edges"]} == {"BILL"}
    assert shown["sources"] == WELL

    body = await client.execute(LIST, {"first": 100, "filter": {"states": ["PENDING"]}})
    providers = {edge["node"]["provider"] for edge in body["data"]["invoices"]["edges"]}
    assert providers == {"OTTIMATE", "BILL"}


async def test_a_search_is_each_providers_own_or_by_what_the_rows_show(
    client: Client, ottimate: RecordingTransport, bill: RecordingTransport
) -> None:
    body = await client.execute(LIST, {"first": 100, "filter": {"search": "-1001"}})

    shown = body["data"]["invoices"]
    assert [edge["node"]["number"] for edge in shown["edges"]] == [
        "INV-1001",
        "BILL-1001",
        "VC-1001",
    ]
    assert (shown["totalCount"], shown["pageInfo"]["hasNextPage"]) == (3, False)
    assert [one.url.params["search"] for one in ottimate.requests] == ["-1001"]
    assert all("-1001" not in request.content.decode() for request in bill.requests)


async def test_a_kind_that_one_provider_has_alone_asks_the_other_nothing(
    client: Client, bill: RecordingTransport
) -> None:
    body = await client.execute(
        LIST, {"first": 5, "filter": {"kinds": ["CREDIT_MEMO"]}}
    )

    shown = body["data"]["invoices"]
    assert {edge["node"]["provider"] for edge in shown["edges"]} == {"OTTIMATE"}
    assert shown["sources"] == WELL
    assert bill.calls == []


async def test_the_total_is_told_where_both_tell_it(client: Client) -> None:
    both = await client.execute(LIST, {"first": 20})
    alone = await client.execute(
        LIST, {"first": 20, "filter": {"providers": ["OTTIMATE"]}}
    )

    # BILL does not count.
    assert both["data"]["invoices"]["totalCount"] is None
    assert alone["data"]["invoices"]["totalCount"] == 350


# What it costs


async def test_a_page_costs_each_provider_its_list_and_a_later_one_too(
    client: Client, ottimate: RecordingTransport, bill: RecordingTransport
) -> None:
    first = await client.execute(LIST, {"first": 20})
    assert ottimate.calls == ["GET /invoices"]
    assert bill.calls == CREATED
    assert ottimate.params(0) == {"page": "1", "limit": "23"}
    assert [bill.data(at)["max"] for at in (0, 1)] == [23, 23]
    edge = first["data"]["invoices"]["edges"][-1]
    moment = datetime.fromisoformat(edge["node"]["createdAt"])
    ottimate.clear()
    bill.clear()

    await client.execute(LIST, {"first": 20, "after": edge["cursor"]})

    # A bulk of one instant is cut at the end of the first; none of them counts, since
    # BILL does not count.
    assert [one.url.params["limit"] for one in ottimate.requests] == ["23", "23"]
    assert bill.calls == CREATED
    for at in (0, 1):
        (bound,) = bill.data(at)["filters"]
        assert (bound["field"], bound["op"]) == ("createdTime", "<")
        assert (
            timedelta(0)
            < instant(bound["value"]) - moment.astimezone(UTC)
            <= timedelta(milliseconds=1)
        )


async def test_the_frontends_list_costs_each_provider_what_its_own_rows_cost(
    client: Client, ottimate: RecordingTransport, bill: RecordingTransport
) -> None:
    body = await client.run("InvoiceList", {"first": 50})

    edges = body["data"]["invoices"]["edges"]
    own = [
        edge["node"]["sourceId"]
        for edge in edges
        if edge["node"]["provider"] == "OTTIMATE"
    ]
    assert (len(edges), len(own)) == (50, 23)
    assert sorted(ottimate.calls) == sorted(
        ["GET /invoices", *(f"GET /invoices/{one}/approvers" for one in own)]
    )
    assert bill.calls == [
        *CREATED,
        "POST /List/BillApprover.json",
        "POST /List/VendorCreditApprover.json",
        "POST /List/User.json",
    ]
    assert bill.most_in_flight <= 3
    assert (ottimate.sign_ins, bill.sign_ins) == (1, 1)


# One of them fails


async def test_one_provider_down_is_named_and_the_others_rows_stand(
    client: Client,
    switch: Callable[..., None],
    bill_simulator: BillSimulator,
    ottimate: RecordingTransport,
) -> None:
    switch(fault="unavailable")
    expected = in_order(bill_rows(bill_simulator))

    body = await client.execute(LIST, {"first": 20})
    shown = body["data"]["invoices"]
    later = await client.execute(
        LIST, {"first": 20, "after": shown["pageInfo"]["endCursor"]}
    )

    down = {
        "provider": "OTTIMATE",
        "ok": False,
        "isComplete": False,
        "error": {"code": "UPSTREAM_UNAVAILABLE"},
    }
    for at, answer in enumerate((body, later)):
        page = answer["data"]["invoices"]
        assert "errors" not in answer
        assert page["sources"] == [down, WELL[1]]
        assert page["totalCount"] is None
        assert page["pageInfo"]["hasNextPage"] is True
        assert [edge["node"]["id"] for edge in page["edges"]] == (
            expected[at * 20 : at * 20 + 20]
        )
    assert set(ottimate.calls) == {"GET /invoices"}


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("bad_gateway_html", "UPSTREAM_UNAVAILABLE"),
        ("system_error", "UPSTREAM_UNAVAILABLE"),
        ("html", "UPSTREAM_RESPONSE_INVALID"),
        ("empty", "UPSTREAM_RESPONSE_INVALID"),
        ("truncated", "UPSTREAM_RESPONSE_INVALID"),
        ("spent", "UPSTREAM_RATE_LIMITED"),
    ],
)
async def test_the_other_one_down_is_named_as_well(
    client: Client,
    switch_bill: Callable[..., None],
    simulator: OttimateSimulator,
    fault: str,
    code: str,
) -> None:
    switch_bill(fault=fault)

    body = await client.execute(LIST, {"first": 30})

    shown = body["data"]["invoices"]
    assert "errors" not in body
    assert shown["sources"] == [
        WELL[0],
        {
            "provider": "BILL",
            "ok": False,
            "isComplete": False,
            "error": {"code": code},
        },
    ]
    assert shown["totalCount"] is None
    assert [edge["node"]["id"] for edge in shown["edges"]] == (
        in_order(ottimate_rows(simulator))[:30]
    )


async def test_both_down_is_an_error_and_both_are_named(
    client: Client, switch: Callable[..., None], switch_bill: Callable[..., None]
) -> None:
    switch(fault="unavailable")
    switch_bill(fault="html")

    body = await client.execute(LIST, {"first": 5})

    shown = body["data"]["invoices"]
    assert (shown["edges"], shown["totalCount"]) == (None, None)
    assert [one["error"] for one in shown["sources"]] == [
        {"code": "UPSTREAM_UNAVAILABLE"},
        {"code": "UPSTREAM_RESPONSE_INVALID"},
    ]
    assert sorted(tuple(error["path"]) for error in body["errors"]) == [
        ("invoices", "edges"),
        ("invoices", "totalCount"),
    ]


async def test_a_field_that_one_provider_fails_costs_its_rows_alone(
    client: Client, switch: Callable[..., None]
) -> None:
    switch(fault="unavailable", fault_calls=("list_approvers",))

    body = await client.run("InvoiceList", {"first": 6})

    edges = body["data"]["invoices"]["edges"]
    assert [
        (edge["node"]["provider"], edge["node"]["approvers"] is None) for edge in edges
    ] == [
        ("OTTIMATE", True),
        ("OTTIMATE", True),
        ("BILL", False),
        ("OTTIMATE", True),
        ("BILL", False),
        ("OTTIMATE", True),
    ]
    assert {error["extensions"]["provider"] for error in body["errors"]} == {"OTTIMATE"}
    assert len(body["errors"]) == 4


# Who calls


async def test_rows_of_each_provider_are_the_callers_own(
    client: Client, simulator: OttimateSimulator, bill_simulator: BillSimulator
) -> None:
    """The clerk sees two of Ottimate's locations, and all of BILL."""
    reached = {
        encode_id("Invoice", ProviderName.OTTIMATE, one.id)
        for one in simulator.state.invoices.values()
        if one.location_id in {7731, 7741}
    }
    rows = [row for row in ottimate_rows(simulator) if row[1] in reached]
    expected = in_order([*rows, *bill_rows(bill_simulator)])

    body = await client.execute(LIST, {"first": 100}, person="clerk")

    assert [edge["node"]["id"] for edge in body["data"]["invoices"]["edges"]] == (
        expected[:100]
    )


async def test_who_has_no_credentials_reads_both_as_the_gateway(
    client: Client, simulator: OttimateSimulator, bill_simulator: BillSimulator
) -> None:
    expected = in_order([*ottimate_rows(simulator), *bill_rows(bill_simulator)])

    body = await client.execute(LIST, {"first": 100}, person="visitor")

    assert [edge["node"]["id"] for edge in body["data"]["invoices"]["edges"]] == (
        expected[:100]
    )


async def test_nodes_of_both_are_found_in_order_and_batched(
    client: Client, ottimate: RecordingTransport, bill: RecordingTransport
) -> None:
    body = await client.execute(LIST, {"first": 8})
    ids = [edge["node"]["id"] for edge in body["data"]["invoices"]["edges"]]
    ottimate.clear()
    bill.clear()

    body = await client.run("Nodes", {"ids": ids[::-1]})

    assert [node["id"] for node in body["data"]["nodes"]] == ids[::-1]
    assert ottimate.calls == ["GET /invoices"]
    assert bill.calls == ["POST /List/Bill.json", "POST /List/VendorCredit.json"]
