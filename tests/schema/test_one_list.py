"""All who keep invoices in one list: one order and cursor, each asked for its own."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from msgspec import Struct

from gateway.domain import ProviderName, encode_id
from gateway.providers.accounteer.simulator import AccounteerSimulator
from gateway.providers.accounteer.simulator.directory import MAIN
from gateway.providers.accounteer.simulator.situations import PURCHASE_ATTACHED
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
    for name in ("OTTIMATE", "BILL", "ACCOUNTEER")
]
CREATED = [
    "POST /List/Bill.json",
    "POST /List/VendorCredit.json",
    "POST /List/ApprovalPolicy.json",
]
DOCUMENTS = ["GET /invoices", "GET /purchases", "GET /contacts"]

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


def accounteer_rows(simulator: AccounteerSimulator) -> list[Key]:
    """Return the rows of Accounteer, which come in when their day begins."""
    state = simulator.state
    return [
        (
            datetime.combine(one.date_created, time(), UTC),
            encode_id("Invoice", ProviderName.ACCOUNTEER, one.id, f"{one.kind}s"),
        )
        for one in (*state.invoices.values(), *state.purchases.values())
        if one.organization_id == MAIN
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


class Rows(Struct, frozen=True):
    """What each of them keeps."""

    ottimate: OttimateSimulator
    bill: BillSimulator
    accounteer: AccounteerSimulator

    def each(self) -> list[list[Key]]:
        return [
            ottimate_rows(self.ottimate),
            bill_rows(self.bill),
            accounteer_rows(self.accounteer),
        ]

    def all(self) -> list[Key]:
        return [row for rows in self.each() for row in rows]


@pytest.fixture
def rows(
    simulator: OttimateSimulator,
    bill_simulator: BillSimulator,
    accounteer_simulator: AccounteerSimulator,
) -> Rows:
    return Rows(simulator, bill_simulator, accounteer_simulator)


def keep_newest(count: int, rows: Rows) -> None:
    """Leave the rows of the newest instants, so that small pages are read faster."""
    state, theirs = rows.ottimate.state, rows.bill.state
    oldest, _ = sorted(rows.all(), reverse=True)[count - 1]
    for key, invoice in list(state.invoices.items()):
        if invoice.created_at < oldest:
            del state.invoices[key]
    for table in (theirs.bills, theirs.vendor_credits):
        for key_, one in list(table.items()):
            if instant(one.created_time) < oldest:
                del table[key_]
    documents = rows.accounteer.state
    for kept in (documents.invoices, documents.purchases):
        for key_, one_ in list(kept.items()):
            if datetime.combine(one_.date_created, time(), UTC) < oldest:
                del kept[key_]


@pytest.fixture
def shared_instants(rows: Rows) -> tuple[int, int]:
    """Have rows of Ottimate come in at the very instants of rows of others.

    Returns:
        How many rows of Ottimate share their instant with some of BILL, and with some
        of Accounteer.
    """
    _, bills, documents = rows.each()
    moments = sorted({at for at, _ in bills}, reverse=True)
    days = sorted({at for at, _ in documents}, reverse=True)
    invoices = sorted(
        rows.ottimate.state.invoices.values(),
        key=lambda one: one.created_at,
        reverse=True,
    )
    for at, invoice in enumerate(invoices):
        if at % 3 == 0:
            invoice.created_at = moments[at // 2]
        if at % 9 == 1:
            invoice.created_at = days[at // 9]
    return len(range(0, len(invoices), 3)), len(range(1, len(invoices), 9))


@pytest.mark.parametrize(
    ("first", "count", "each"),
    [
        (1, 152, [85, 55, 12]),
        (7, 895, [350, 345, 200]),
        (20, 895, [350, 345, 200]),
        (99, 895, [350, 345, 200]),
        (100, 895, [350, 345, 200]),
    ],
)
async def test_pages_are_the_sorted_rows_of_all_each_exactly_once(
    client: Client, rows: Rows, first: int, count: int, each: list[int]
) -> None:
    keep_newest(count, rows)
    expected = in_order(rows.all())
    assert (len(expected), len(set(expected))) == (count, count)
    assert [len(some) for some in rows.each()] == each

    pages = await read_pages(client, first)

    assert pages == [expected[at : at + first] for at in range(0, count, first)]


@pytest.mark.parametrize(
    ("first", "count", "shared"),
    [
        (1, 149, [35, 4]),
        (2, 149, [35, 4]),
        (3, 149, [35, 4]),
        (10, 895, [117, 39]),
        (100, 895, [117, 39]),
    ],
)
async def test_rows_of_one_instant_are_in_order_of_their_ids_whoever_holds_them(
    client: Client,
    rows: Rows,
    shared_instants: tuple[int, int],
    first: int,
    count: int,
    shared: list[int],
) -> None:
    assert shared_instants == (117, 39)
    keep_newest(count, rows)
    own, *others = rows.each()
    instants = [{at for at, _ in some} for some in others]
    assert [sum(at in some for at, _ in own) for some in instants] == shared
    expected = in_order(rows.all())
    assert len(expected) == count

    pages = await read_pages(client, first)

    assert pages == [expected[at : at + first] for at in range(0, count, first)]


async def test_a_bulk_of_one_instant_over_all_is_read_whole_by_any_page(
    client: Client, rows: Rows
) -> None:
    state, documents = rows.bill.state, rows.accounteer.state
    day = instant(state.bills["00n01BILL1004AAAAAAA"].created_time).date()
    moment = datetime.combine(day, time(), UTC)
    for one in list(rows.ottimate.state.invoices.values())[:40]:
        one.created_at = moment
    text = f"{day}T00:00:00.000+0000"
    assert instant(text) == moment
    for bill in list(state.bills.values())[:30]:
        bill.created_time = text
    for credit in list(state.vendor_credits.values())[:5]:
        credit.created_time = text
    for kept, count in ((documents.invoices, 20), (documents.purchases, 10)):
        own = [one for one in kept.values() if one.organization_id == MAIN]
        for document in own[:count]:
            document.date_created = day
    expected = in_order(rows.all())
    assert [sum(at == moment for at, _ in some) for some in rows.each()] == [40, 35, 30]

    for first in (9, 60):
        pages = await read_pages(client, first)
        assert [key for page in pages for key in page] == expected


async def test_a_list_may_be_taken_up_after_any_of_its_rows(
    client: Client, shared_instants: tuple[int, int]
) -> None:
    assert shared_instants
    body = await client.execute(LIST, {"first": 100})
    edges = body["data"]["invoices"]["edges"]
    assert {edge["node"]["provider"] for edge in edges} == {
        "OTTIMATE",
        "BILL",
        "ACCOUNTEER",
    }

    for at in range(98):
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


async def test_every_order_holds_over_all(client: Client, rows: Rows) -> None:
    state, documents = rows.bill.state, rows.accounteer.state
    totals: list[tuple[Any, str]] = [
        (one.total, encode_id("Invoice", ProviderName.OTTIMATE, one.id))
        for one in rows.ottimate.state.invoices.values()
    ]
    totals += [
        (
            one.total_amount,
            encode_id("Invoice", ProviderName.ACCOUNTEER, one.id, f"{one.kind}s"),
        )
        for one in (*documents.invoices.values(), *documents.purchases.values())
        if one.organization_id == MAIN
    ]
    bills = [(one.id, one.amount) for one in state.bills.values()]
    bills += [(one.id, one.amount) for one in state.vendor_credits.values()]
    totals += [
        (amount, encode_id("Invoice", ProviderName.BILL, key)) for key, amount in bills
    ]
    totals.sort(key=lambda pair: (pair[0] is None, pair[0] or 0, pair[1]))

    pages = await read_pages(client, 100, order={"field": "TOTAL", "direction": "ASC"})

    assert [key for page in pages for key in page] == [key for _, key in totals]


# Filters over all


async def test_a_filter_lets_through_rows_of_all(
    client: Client, ottimate: RecordingTransport, accounteer: RecordingTransport
) -> None:
    body = await client.execute(
        LIST, {"first": 100, "filter": {"states": ["REJECTED"]}}
    )
    # Ottimate and Accounteer know no rejection, so they have none and are not asked.
    shown = body["data"]["invoices"]
    assert {edge["node"]["provider"] for edge in shown["edges"]} == {"BILL"}
    assert shown["sources"] == WELL
    assert ottimate.calls == accounteer.calls == []

    body = await client.execute(LIST, {"first": 100, "filter": {"states": ["PENDING"]}})
    providers = {edge["node"]["provider"] for edge in body["data"]["invoices"]["edges"]}
    assert providers == {"OTTIMATE", "BILL", "ACCOUNTEER"}


async def test_a_search_is_each_providers_own_or_by_what_the_rows_show(
    client: Client,
    ottimate: RecordingTransport,
    bill: RecordingTransport,
    accounteer: RecordingTransport,
    accounteer_simulator: AccounteerSimulator,
) -> None:
    purchases = accounteer_simulator.state.purchases
    purchases[PURCHASE_ATTACHED].document_number = "AF-1001"
    body = await client.execute(LIST, {"first": 100, "filter": {"search": "-1001"}})

    shown = body["data"]["invoices"]
    assert [edge["node"]["number"] for edge in shown["edges"]] == [
        "INV-1001",
        "BILL-1001",
        "VC-1001",
        "AF-1001",
    ]
    assert (shown["totalCount"], shown["pageInfo"]["hasNextPage"]) == (4, False)
    assert [one.url.params["search"] for one in ottimate.requests] == ["-1001"]
    assert all("-1001" not in request.content.decode() for request in bill.requests)
    assert all("-1001" not in str(request.url) for request in accounteer.requests)


async def test_a_kind_that_one_provider_has_alone_asks_the_others_nothing(
    client: Client, bill: RecordingTransport, accounteer: RecordingTransport
) -> None:
    body = await client.execute(
        LIST, {"first": 5, "filter": {"kinds": ["CREDIT_MEMO"]}}
    )

    shown = body["data"]["invoices"]
    assert {edge["node"]["provider"] for edge in shown["edges"]} == {"OTTIMATE"}
    assert shown["sources"] == WELL
    assert bill.calls == accounteer.calls == []


async def test_a_kind_that_is_one_collection_alone_leaves_the_other_unread(
    client: Client,
    ottimate: RecordingTransport,
    bill: RecordingTransport,
    accounteer: RecordingTransport,
) -> None:
    body = await client.execute(LIST, {"first": 5, "filter": {"kinds": ["PURCHASE"]}})

    shown = body["data"]["invoices"]
    assert {edge["node"]["provider"] for edge in shown["edges"]} == {"ACCOUNTEER"}
    assert shown["sources"] == WELL
    assert ottimate.calls == bill.calls == []
    assert accounteer.calls == ["GET /purchases", "GET /contacts"]
    assert [accounteer.params(at)["page"] for at in range(2)] == ["1", "1"]


async def test_the_total_is_told_where_all_tell_it(client: Client) -> None:
    every = await client.execute(LIST, {"first": 20})
    alone = await client.execute(
        LIST, {"first": 20, "filter": {"providers": ["OTTIMATE"]}}
    )

    # BILL and Accounteer do not count.
    assert every["data"]["invoices"]["totalCount"] is None
    assert alone["data"]["invoices"]["totalCount"] == 350


# What it costs


async def test_a_page_costs_each_provider_its_list_and_a_later_one_too(
    client: Client,
    ottimate: RecordingTransport,
    bill: RecordingTransport,
    accounteer: RecordingTransport,
) -> None:
    first = await client.execute(LIST, {"first": 20})
    assert ottimate.calls == ["GET /invoices"]
    assert bill.calls == CREATED
    assert accounteer.calls == DOCUMENTS
    assert [one.url.params["page"] for one in accounteer.requests] == [*"111"]
    assert ottimate.params(0) == {"page": "1", "limit": "23"}
    assert [bill.data(at)["max"] for at in (0, 1)] == [23, 23]
    edge = first["data"]["invoices"]["edges"][-1]
    moment = datetime.fromisoformat(edge["node"]["createdAt"])
    ottimate.clear()
    bill.clear()
    accounteer.clear()

    await client.execute(LIST, {"first": 20, "after": edge["cursor"]})

    # A bulk of one instant is cut at the end of the first; none of them counts, since
    # BILL does not count.
    assert [one.url.params["limit"] for one in ottimate.requests] == ["23", "23"]
    assert bill.calls == CREATED
    assert accounteer.calls == DOCUMENTS
    for at in (0, 1):
        (bound,) = bill.data(at)["filters"]
        assert (bound["field"], bound["op"]) == ("createdTime", "<")
        assert (
            timedelta(0)
            < instant(bound["value"]) - moment.astimezone(UTC)
            <= timedelta(milliseconds=1)
        )


async def test_the_frontends_list_costs_each_provider_what_its_own_rows_cost(
    client: Client,
    ottimate: RecordingTransport,
    bill: RecordingTransport,
    accounteer: RecordingTransport,
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
    # Nobody is asked by name there, so that approvers cost nothing.
    assert accounteer.calls == DOCUMENTS
    assert bill.most_in_flight <= 3
    assert (ottimate.sign_ins, bill.sign_ins) == (1, 1)


# One of them fails


async def test_one_provider_down_is_named_and_the_others_rows_stand(
    client: Client,
    switch: Callable[..., None],
    rows: Rows,
    ottimate: RecordingTransport,
) -> None:
    switch(fault="unavailable")
    expected = in_order(row for some in rows.each()[1:] for row in some)

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
        assert page["sources"] == [down, *WELL[1:]]
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
    accounteer_simulator: AccounteerSimulator,
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
        WELL[2],
    ]
    assert shown["totalCount"] is None
    others = [*ottimate_rows(simulator), *accounteer_rows(accounteer_simulator)]
    assert [edge["node"]["id"] for edge in shown["edges"]] == in_order(others)[:30]


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("unavailable", "UPSTREAM_UNAVAILABLE"),
        ("bad_gateway", "UPSTREAM_UNAVAILABLE"),
        ("html", "UPSTREAM_RESPONSE_INVALID"),
        ("wrong_shape", "UPSTREAM_RESPONSE_INVALID"),
        ("empty", "UPSTREAM_RESPONSE_INVALID"),
        ("unauthorised", "UPSTREAM_AUTH_FAILED"),
    ],
)
async def test_the_third_one_down_is_named_as_well(
    client: Client,
    switch_accounteer: Callable[..., None],
    rows: Rows,
    fault: str,
    code: str,
) -> None:
    switch_accounteer(fault=fault)

    body = await client.execute(LIST, {"first": 30})

    shown = body["data"]["invoices"]
    assert "errors" not in body
    assert shown["sources"] == [
        *WELL[:2],
        {
            "provider": "ACCOUNTEER",
            "ok": False,
            "isComplete": False,
            "error": {"code": code},
        },
    ]
    others = in_order(row for some in rows.each()[:2] for row in some)
    assert [edge["node"]["id"] for edge in shown["edges"]] == others[:30]


async def test_all_down_is_an_error_and_all_are_named(
    client: Client,
    switch: Callable[..., None],
    switch_bill: Callable[..., None],
    switch_accounteer: Callable[..., None],
) -> None:
    switch(fault="unavailable")
    switch_bill(fault="html")
    switch_accounteer(fault="internal_error")

    body = await client.execute(LIST, {"first": 5})

    shown = body["data"]["invoices"]
    assert (shown["edges"], shown["totalCount"]) == (None, None)
    assert [one["error"] for one in shown["sources"]] == [
        {"code": "UPSTREAM_UNAVAILABLE"},
        {"code": "UPSTREAM_RESPONSE_INVALID"},
        {"code": "UPSTREAM_UNAVAILABLE"},
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
    client: Client, rows: Rows
) -> None:
    """The clerk sees two of Ottimate's locations, all of BILL, and no purchases."""
    own, bills, documents = rows.each()
    reached = {
        encode_id("Invoice", ProviderName.OTTIMATE, one.id)
        for one in rows.ottimate.state.invoices.values()
        if one.location_id in {7731, 7741}
    }
    sales = {
        encode_id("Invoice", ProviderName.ACCOUNTEER, one, "invoices")
        for one in rows.accounteer.state.invoices
    }
    expected = in_order(
        [
            *(row for row in own if row[1] in reached),
            *bills,
            *(row for row in documents if row[1] in sales),
        ]
    )

    body = await client.execute(LIST, {"first": 100}, person="clerk")

    assert body["data"]["invoices"]["sources"] == [
        *WELL[:2],
        {**WELL[2], "isComplete": False},
    ]
    assert [edge["node"]["id"] for edge in body["data"]["invoices"]["edges"]] == (
        expected[:100]
    )


async def test_who_has_no_credentials_reads_all_as_the_gateway(
    client: Client, rows: Rows
) -> None:
    expected = in_order(rows.all())

    body = await client.execute(LIST, {"first": 100}, person="visitor")

    assert [edge["node"]["id"] for edge in body["data"]["invoices"]["edges"]] == (
        expected[:100]
    )


async def test_nodes_of_all_are_found_in_order_and_batched(
    client: Client,
    ottimate: RecordingTransport,
    bill: RecordingTransport,
    accounteer: RecordingTransport,
) -> None:
    body = await client.execute(LIST, {"first": 8})
    ids = [edge["node"]["id"] for edge in body["data"]["invoices"]["edges"]]
    for wanted in (["PURCHASE"], ["INVOICE"]):
        page = await client.execute(
            LIST,
            {"first": 3, "filter": {"kinds": wanted, "providers": ["ACCOUNTEER"]}},
        )
        ids += [edge["node"]["id"] for edge in page["data"]["invoices"]["edges"]]
    ottimate.clear()
    bill.clear()
    accounteer.clear()

    body = await client.run("Nodes", {"ids": ids[::-1]})

    assert [node["id"] for node in body["data"]["nodes"]] == ids[::-1]
    assert ottimate.calls == ["GET /invoices"]
    assert bill.calls == ["POST /List/Bill.json", "POST /List/VendorCredit.json"]
    assert accounteer.calls == DOCUMENTS
