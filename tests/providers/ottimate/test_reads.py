"""Ottimate's reads: batches, pages, filters, order, and what each of them costs."""

import base64
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from gateway.app import create_app
from gateway.connector import Connector
from gateway.domain import ProviderName, encode_id
from gateway.errors import UpstreamResponseError
from gateway.providers.ottimate import PROVIDER
from gateway.providers.ottimate.simulator import OttimateSimulator
from gateway.providers.ottimate.simulator.state import Invoice, State
from gateway.sandbox import Sandbox
from gateway.settings import Settings
from gateway.upstream import UpstreamPolicy
from tests.providers.test_contract import open_connector
from tests.support import (
    Client,
    FakeTime,
    Handler,
    RecordingTransport,
    ottimate_simulator,
)

Row = dict[str, Any]

LIST = """
query ($first: Int!, $after: String, $filter: InvoiceFilter, $order: InvoiceOrder) {
  invoices(first: $first, after: $after, filter: $filter, orderBy: $order) {
    edges { cursor node { sourceId createdAt } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""
COUNT = """
query ($first: Int!, $after: String, $filter: InvoiceFilter) {
  invoices(first: $first, after: $after, filter: $filter) {
    totalCount
    nodes { sourceId }
    pageInfo { endCursor }
  }
}
"""

STATUSES = {
    "processing": "PROCESSING",
    "incomplete": "INCOMPLETE",
    "needs-attention": "NEEDS_ATTENTION",
    "pending-approval": "PENDING_APPROVAL",
    "approved": "APPROVED",
    "ready-for-export": "APPROVED",
    "exported": "EXPORTED",
    "archived": "ARCHIVED",
}
STATES = {
    "pending-approval": "PENDING",
    "approved": "APPROVED",
    "ready-for-export": "APPROVED",
    "exported": "APPROVED",
}
KINDS = {"invoice": "INVOICE", "credit_memo": "CREDIT_MEMO"}


def graph_id(invoice: Invoice) -> str:
    return encode_id("Invoice", ProviderName.OTTIMATE, invoice.id)


def in_order(invoices: Iterable[Invoice]) -> list[str]:
    """Return Ottimate's ids, newest first, then by the graph's id."""
    by_id = sorted(invoices, key=graph_id)
    ordered = sorted(by_id, key=lambda one: one.created_at, reverse=True)
    return [one.id for one in ordered]


def matches(invoice: Invoice, wanted: Row) -> bool:
    """Return what the filter's description says, from the account's own state."""
    vendor = invoice.vendor.name if invoice.vendor else ""
    text = "\n".join((invoice.number or "", vendor, invoice.purchase_order)).lower()
    modified = invoice.modified_at or invoice.created_at
    tests: dict[str, Callable[[Any], bool]] = {
        "states": lambda to: STATES.get(invoice.status, "UNKNOWN") in to,
        "statuses": lambda to: STATUSES[invoice.status] in to,
        "kinds": lambda to: KINDS.get(invoice.type, "UNKNOWN") in to,
        "search": lambda to: to.lower() in text,
        "issuedAfter": lambda to: str(invoice.invoice_date or "") >= to,
        "issuedBefore": lambda to: "" < str(invoice.invoice_date or "") <= to,
        "dueAfter": lambda to: str(invoice.due_date or "") >= to,
        "dueBefore": lambda to: "" < str(invoice.due_date or "") <= to,
        "updatedSince": lambda to: modified >= datetime.fromisoformat(to),
        "minimumTotal": lambda to: (
            invoice.total is not None and invoice.total >= Decimal(to)
        ),
        "maximumTotal": lambda to: (
            invoice.total is not None and invoice.total <= Decimal(to)
        ),
    }
    return all(tests[name](to) for name, to in wanted.items() if to is not None)


async def read_pages(client: Client, first: int, **variables: Any) -> list[list[Row]]:
    """Return the edges of every page, from the first to the last."""
    pages: list[list[Row]] = []
    after = None
    while True:
        body = await client.execute(LIST, {"first": first, "after": after, **variables})
        assert "errors" not in body
        connection = body["data"]["invoices"]
        info = connection["pageInfo"]
        edges = connection["edges"]
        pages.append(edges)
        assert info["hasPreviousPage"] == (after is not None)
        assert info["startCursor"] == (edges[0]["cursor"] if edges else None)
        if not info["hasNextPage"]:
            return pages
        assert len(edges) == first
        assert info["endCursor"] == edges[-1]["cursor"]
        after = info["endCursor"]


def ids(pages: Iterable[Iterable[Row]]) -> list[str]:
    return [edge["node"]["sourceId"] for page in pages for edge in page]


@pytest.fixture
def connector(
    sandbox: Sandbox, time: FakeTime, ottimate: RecordingTransport
) -> Connector:
    return open_connector(PROVIDER, sandbox, time, transport=ottimate)


# Invoices by id.


async def test_ids_are_asked_for_a_hundred_at_a_time(
    connector: Connector, simulator: OttimateSimulator, ottimate: RecordingTransport
) -> None:
    keys = [invoice.id for invoice in simulator.state.newest_first()][:250]

    found = await connector.get_invoices(keys)

    assert list(found) == [
        key
        for at in (0, 100, 200)
        for key in [one.id for one in simulator.state.newest_first()]
        if key in keys[at : at + 100]
    ]
    assert ottimate.calls == ["GET /invoices"] * 3
    assert [ottimate.params(at) for at in range(3)] == [
        {"invoice_ids": ",".join(keys[at : at + 100]), "page": "1", "limit": "100"}
        for at in (0, 100, 200)
    ]
    assert ottimate.rounds == 1


async def test_ids_are_all_answered_also_where_pages_are_smaller_than_was_asked(
    connector: Connector, simulator: OttimateSimulator, ottimate: RecordingTransport
) -> None:
    """3.2: a limit over the maximum is clamped, and the maximum may differ."""
    keys = [invoice.id for invoice in simulator.state.newest_first()][:100]

    async def clamp(request: httpx.Request, upstream: Handler) -> httpx.Response:
        request.url = request.url.copy_set_param("limit", "40")
        return await upstream(request)

    ottimate.interceptors["GET /invoices"] = clamp

    found = await connector.get_invoices([*keys, "unknown"][1:])

    assert list(found) == keys[1:]
    assert [one.url.params["page"] for one in ottimate.requests] == ["1", "2", "3"]


async def test_a_request_asks_for_each_invoice_once_and_all_together(
    client: Client, simulator: OttimateSimulator, ottimate: RecordingTransport
) -> None:
    keys = [simulator.state.numbered(f"INV-10{one}").id for one in (10, 11, 12)]
    asked = [*keys, keys[0], "unknown"]
    fields = "\n".join(
        f'a{at}: invoiceBySource(provider: OTTIMATE, sourceId: "{key}") {{ number }}'
        for at, key in enumerate(asked)
    )

    body = await client.execute(f"{{ {fields} }}")

    assert body == {
        "data": {
            "a0": {"number": "INV-1010"},
            "a1": {"number": "INV-1011"},
            "a2": {"number": "INV-1012"},
            "a3": {"number": "INV-1010"},
            "a4": None,
        }
    }
    assert ottimate.calls == ["GET /invoices"]
    assert ottimate.params(0) == {
        "invoice_ids": ",".join([*keys, "unknown"]),
        "page": "1",
        "limit": "100",
    }


async def test_a_filter_by_id_that_is_ignored_is_noticed(
    connector: Connector, simulator: OttimateSimulator, switch: Callable[..., None]
) -> None:
    """5.2: it would make every other invoice look absent."""
    switch(invoice_ids_filter=False)

    with pytest.raises(UpstreamResponseError):
        await connector.get_invoices([simulator.state.numbered("INV-1026").id])
    with pytest.raises(UpstreamResponseError):
        await connector.get_invoices(["unknown"])


async def test_a_filter_by_id_that_is_ignored_is_an_error_and_never_a_null(
    client: Client, simulator: OttimateSimulator, switch: Callable[..., None]
) -> None:
    switch(invoice_ids_filter=False)
    key = simulator.state.numbered("INV-1026").id

    body = await client.execute(
        f'{{ invoiceBySource(provider: OTTIMATE, sourceId: "{key}") {{ id }} }}'
    )

    assert [error["extensions"]["code"] for error in body["errors"]] == [
        "UPSTREAM_RESPONSE_INVALID"
    ]


UNASKABLE = [
    "",
    ".",
    "..",
    "...",
    "a/b",
    "../approvers",
    "a\\b",
    "a,b",
    "a?x=1",
    "a#b",
    "a%2Fb",
    "a&limit=1",
    "a;b",
    "a b",
    " ",
    "a\nb",
    "a\x00b",
    "a\u2028b",
    "a\u00a0b",
    "x" * 201,
]


async def test_an_id_that_could_leave_its_place_is_never_sent(
    connector: Connector, ottimate: RecordingTransport
) -> None:
    assert await connector.get_invoices(UNASKABLE) == {}
    assert await connector.get_approvers(UNASKABLE) == {}
    assert await connector.get_invoice_details(UNASKABLE) == {}

    assert ottimate.calls == []
    assert ottimate.sign_ins == 0


async def test_an_id_that_could_leave_its_place_is_left_out_of_the_others(
    connector: Connector, simulator: OttimateSimulator, ottimate: RecordingTransport
) -> None:
    known = simulator.state.numbered("INV-1001").id

    found = await connector.get_invoices([*UNASKABLE, known])

    assert list(found) == [known]
    assert ottimate.params(0)["invoice_ids"] == known


@pytest.mark.parametrize("type_name", ["Invoice", "Approver", "Policy"])
async def test_a_forged_id_reaches_no_upstream(
    client: Client, ottimate: RecordingTransport, type_name: str
) -> None:
    for key in UNASKABLE:
        forged = encode_id(type_name, ProviderName.OTTIMATE, key, key)

        body = await client.execute(
            "query ($id: ID!) { node(id: $id) { id } }", {"id": forged}
        )

        assert body == {"data": {"node": None}}
    assert ottimate.calls == []


@pytest.mark.parametrize("key", ["ü", "a+b", "a:b@c", "-", "~!*'()", "a.b", "👍"])
async def test_any_other_id_keeps_its_place(
    connector: Connector, ottimate: RecordingTransport, key: str
) -> None:
    assert await connector.get_invoices([key]) == {}
    assert await connector.get_approvers([key]) == {}

    assert ottimate.params(0)["invoice_ids"] == key
    assert ottimate.calls[1] == f"GET /invoices/{key}/approvers"
    raw_path = ottimate.requests[1].url.raw_path.decode("ascii")
    assert raw_path.count("/") == "/ottimate/v1/invoices/x/approvers".count("/")


# Approvers and details.


async def test_approvers_of_a_page_cost_a_call_each_in_a_second_round(
    client: Client, ottimate: RecordingTransport
) -> None:
    await client.execute("{ sources { ok } }")
    ottimate.clear()

    body = await client.execute(
        "{ invoices(first: 20) { nodes { sourceId approvers { id } policies { id } } }}"
    )

    keys = [node["sourceId"] for node in body["data"]["invoices"]["nodes"]]
    assert len(keys) == 20
    assert ottimate.calls[0] == "GET /invoices"
    assert ottimate.calls[1:] == [f"GET /invoices/{key}/approvers" for key in keys]
    assert ottimate.rounds == 2
    assert ottimate.most_in_flight == 20


async def test_no_more_calls_are_under_way_than_the_policy_has(
    client: Client, ottimate: RecordingTransport
) -> None:
    body = await client.execute(
        "{ invoices(first: 100) { nodes { approvers { id } } } }"
    )

    assert len(body["data"]["invoices"]["nodes"]) == 100
    assert ottimate.calls[:2] == ["GET /invoices"] * 2
    assert len(ottimate.calls) == 2 + 100
    assert ottimate.most_in_flight == UpstreamPolicy().in_flight < 100


async def test_lines_and_history_cost_one_call_for_each_invoice_and_only_if_asked(
    client: Client, simulator: OttimateSimulator, ottimate: RecordingTransport
) -> None:
    await client.execute(
        "{ invoices(first: 3) { nodes { number attachments { url } } } }"
    )
    assert ottimate.calls == ["GET /invoices"]
    ottimate.clear()

    body = await client.execute(
        "{ invoices(first: 3) { nodes { sourceId lines { description }"
        " history { event message user { sourceId } } } } }"
    )

    nodes = body["data"]["invoices"]["nodes"]
    assert ottimate.calls == [
        "GET /invoices",
        *(f"GET /invoices/{node['sourceId']}" for node in nodes),
    ]
    assert ottimate.params(1) == {"expand": "history"}
    for node in nodes:
        invoice = simulator.state.invoices[node["sourceId"]]
        assert [line["description"] for line in node["lines"]] == [
            item.name for item in invoice.items
        ]
        assert node["history"] == [
            {
                "event": entry.reason,
                "message": entry.message or None,
                "user": None
                if entry.user_id is None
                else {"sourceId": str(entry.user_id)},
            }
            for entry in invoice.history
        ]


async def test_lines_that_ottimate_leaves_out_are_null(
    client: Client, switch: Callable[..., None]
) -> None:
    """C13."""
    switch(items_in_detail=False)

    body = await client.execute(
        "{ invoices(first: 1) { nodes { lines { quantity } history { event } } } }"
    )

    node = body["data"]["invoices"]["nodes"][0]
    assert "errors" not in body
    assert node["lines"] is None
    assert node["history"][0] == {"event": "uploaded"}


async def test_details_of_an_invoice_that_is_gone_are_null(
    client: Client, simulator: OttimateSimulator, ottimate: RecordingTransport
) -> None:
    gone = simulator.state.numbered("INV-1001")

    async def vanish(request: httpx.Request, upstream: Handler) -> httpx.Response:
        answer = await upstream(request)
        simulator.state.invoices.pop(gone.id, None)
        return answer

    ottimate.interceptors["GET /invoices"] = vanish

    body = await client.execute(
        "{ invoices(first: 1) { nodes { number lines { quantity } history { event }"
        " approvers { id } policies { id } progress { rule } } } }"
    )

    assert body == {
        "data": {
            "invoices": {
                "nodes": [
                    {
                        "number": "INV-1001",
                        "lines": None,
                        "history": None,
                        "approvers": None,
                        "policies": None,
                        "progress": None,
                    }
                ]
            }
        }
    }


async def test_what_was_written_is_never_read_back_from_the_cache(
    client: Client,
    simulator: OttimateSimulator,
    ottimate: RecordingTransport,
    switch: Callable[..., None],
) -> None:
    """6.4: the single read can be five minutes stale."""
    switch(stale_read_seconds=300)
    invoice = simulator.state.numbered("INV-1002")
    await client.execute(
        "query ($id: ID!) { node(id: $id) { ... on Invoice { history { event } } } }",
        {"id": graph_id(invoice)},
    )
    assert f"GET /invoices/{invoice.id}" in ottimate.calls
    ottimate.clear()

    body = await client.run("Approve", {"input": {"id": graph_id(invoice)}})

    assert body["data"]["approve"]["outcome"] == "APPLIED"
    assert body["data"]["approve"]["approvable"]["sourceStatus"] == "ready-for-export"
    assert ottimate.calls.count(f"POST /invoices/{invoice.id}/approve") == 1
    assert f"GET /invoices/{invoice.id}" not in ottimate.calls
    assert ottimate.calls.index(f"POST /invoices/{invoice.id}/approve") < len(
        ottimate.calls
    ) - 1 - ottimate.calls[::-1].index("GET /invoices")


# Pages.


@pytest.mark.parametrize("first", [1, 2, 6, 7, 8, 20, 49, 97, 98, 99, 100])
async def test_pages_of_any_size_give_each_invoice_exactly_once_in_order(
    client: Client, simulator: OttimateSimulator, first: int
) -> None:
    expected = in_order(simulator.state.invoices.values())
    instants = [one.created_at for one in simulator.state.invoices.values()]
    assert len(expected) == 350
    # Bulks of seven came in at the very same instant.
    assert max(instants.count(one) for one in instants) == 7

    pages = await read_pages(client, first)

    assert ids(pages) == expected
    assert len(pages) == -(-350 // first)


async def test_a_list_may_be_taken_up_after_any_of_its_rows(
    client: Client, simulator: OttimateSimulator
) -> None:
    expected = in_order(simulator.state.invoices.values())
    edges = [edge for page in await read_pages(client, 100) for edge in page]

    for at in range(0, 350, 3):
        body = await client.execute(LIST, {"first": 2, "after": edges[at]["cursor"]})

        page = body["data"]["invoices"]
        assert ids([page["edges"]]) == expected[at + 1 : at + 3]
        assert page["pageInfo"]["hasNextPage"] == (at + 3 < 350)
        assert page["edges"] == edges[at + 1 : at + 3]


async def test_a_page_after_the_last_row_is_empty_and_can_be_asked_again(
    client: Client,
) -> None:
    cursor = (await read_pages(client, 100))[-1][-1]["cursor"]

    body = await client.execute(LIST, {"first": 5, "after": cursor})

    assert body["data"]["invoices"] == {
        "edges": [],
        "pageInfo": {
            "hasNextPage": False,
            "hasPreviousPage": True,
            "startCursor": None,
            "endCursor": cursor,
        },
    }


async def test_a_page_costs_one_call_and_a_later_one_too(
    client: Client, simulator: OttimateSimulator, ottimate: RecordingTransport
) -> None:
    first = await client.execute(LIST, {"first": 20})
    cursor = first["data"]["invoices"]["pageInfo"]["endCursor"]
    last = simulator.state.invoices[ids([first["data"]["invoices"]["edges"]])[-1]]
    bound = last.created_at.replace(microsecond=0) + timedelta(seconds=1)

    await client.execute(LIST, {"first": 20, "after": cursor})

    assert ottimate.calls == ["GET /invoices"] * 2
    assert ottimate.params(0) == {"page": "1", "limit": "23"}
    assert ottimate.params(1) == {
        "page": "1",
        "limit": "23",
        "date_to_utc": bound.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def copy(state: State, invoice: Invoice, created_at: datetime, key: UUID) -> Invoice:
    """Add a copy of *invoice* to the account."""
    made = msgspec.convert(msgspec.to_builtins(invoice), Invoice)
    made.id = str(key)
    made.number_id = state.next_number("invoice number", 48_200_000)
    made.number = f"NEW-{made.number_id}"
    made.created_at = created_at
    state.add(made)
    return made


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["insert", "insert_among", "close", "reopen", "nothing"]),
        st.integers(0, 10_000),
    ),
    max_size=12,
)


@given(
    first=st.integers(6, 60),
    steps=STEPS,
    only_pending=st.booleans(),
    seed=st.integers(0, 1000),
)
@hypothesis_settings(max_examples=40, deadline=None)
async def test_what_was_there_all_along_is_neither_lost_nor_doubled(
    first: int, steps: list[tuple[str, int]], only_pending: bool, seed: int
) -> None:
    """3.2: paging is no snapshot; rows may shift between pages."""
    random = Random(seed)  # noqa: S311 - ids of a sandbox
    time = FakeTime()
    sandbox = Sandbox(time.clock)
    state = ottimate_simulator(sandbox).state
    wanted = {"states": ["PENDING"]} if only_pending else {}
    steady = {one.id for one in state.invoices.values() if matches(one, wanted)}
    rows: list[str] = []
    after = None
    async with open_client(sandbox, time) as client:
        while True:
            body = await client.execute(
                LIST, {"first": first, "after": after, "filter": wanted}
            )
            page = body["data"]["invoices"]
            rows += ids([page["edges"]])
            if not page["pageInfo"]["hasNextPage"]:
                break
            after = page["pageInfo"]["endCursor"]
            if steps:
                step, index = steps.pop()
                change(state, step, index, time, random, steady if wanted else set())

    assert len(set(rows)) == len(rows)
    assert steady <= set(rows)
    assert [key for key in rows if key in steady] == in_order(
        state.invoices[key] for key in steady
    )
    assert rows == in_order(state.invoices[key] for key in rows)


def change(
    state: State,
    step: str,
    index: int,
    time: FakeTime,
    random: Random,
    steady: set[str],
) -> None:
    """Change the account between two pages; *steady* loses what changes status."""
    invoices = list(state.invoices.values())
    chosen = invoices[index % len(invoices)]
    key = UUID(int=random.getrandbits(128), version=4)
    if step == "insert":
        time.advance(1)
        copy(state, chosen, time.instant, key)
    elif step == "insert_among":
        copy(state, chosen, chosen.created_at, key)
    elif step == "close" and chosen.status == "pending-approval":
        chosen.status = "exported"
        steady.discard(chosen.id)
    elif step == "reopen" and chosen.status == "exported":
        chosen.status = "pending-approval"


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


def tied(state: State, count: int, index: int) -> list[Invoice]:
    """Leave only *count* pending invoices of one instant in the account.

    The one that Ottimate lists at *index* is the first of all in the graph's order,
    in which base64 puts `04` before `00`.
    """
    model = state.numbered("INV-1002")
    leads = ["00"] * index + ["04"] + ["90"] * (count - index - 1)
    keys = [
        UUID(f"{lead}{at:06x}-0000-4000-8000-000000000000")
        for at, lead in enumerate(leads)
    ]
    state.invoices.clear()
    made = [copy(state, model, model.created_at, key) for key in keys]
    assert min(made, key=graph_id) is made[index]
    return made


@pytest.mark.parametrize(
    ("count", "lost"), [(12, 4), (12, 5), (12, 6), (130, 100)], ids=str
)
async def test_a_bulk_of_one_instant_is_read_whole_even_if_one_leaves_meanwhile(
    client: Client,
    simulator: OttimateSimulator,
    ottimate: RecordingTransport,
    count: int,
    lost: int,
) -> None:
    """3.2: rows may shift between pages, also between those of one request."""
    first = 1 if lost > 6 else lost - 3
    invoices = tied(simulator.state, count, lost)
    leaving = invoices[0]

    async def leave(request: httpx.Request, upstream: Handler) -> httpx.Response:
        answer = await upstream(request)
        params = request.url.params
        if "date_to_utc" in params and int(params["limit"]) in {lost, 100}:
            leaving.status = "exported"
        return answer

    ottimate.interceptors["GET /invoices"] = leave

    pages = await read_pages(client, first, filter={"states": ["PENDING"]})

    found = ids(pages)
    rest = [one for one in invoices if one is not leaving]
    assert len(set(found)) == len(found)
    assert [key for key in found if key != leaving.id] == in_order(rest)


async def test_a_bulk_of_one_instant_costs_large_pages(
    client: Client, simulator: OttimateSimulator, ottimate: RecordingTransport
) -> None:
    """3.5: 10,000 calls a day."""
    tied(simulator.state, 230, 17)

    await client.execute(LIST, {"first": 20})

    # A small page, one of the second, and that second in pages of a hundred.
    assert [one.url.params["limit"] for one in ottimate.requests] == [
        "23",
        "23",
        "100",
        "100",
        "100",
    ]


async def test_a_bulk_larger_than_a_page_of_ottimates_is_read_whole(
    client: Client, simulator: OttimateSimulator
) -> None:
    invoices = tied(simulator.state, 230, 17)

    for first in (40, 100):
        assert ids(await read_pages(client, first)) == in_order(invoices)


# Cursors.


def forge(*members: object) -> str:
    packed = msgspec.json.encode(members)
    return base64.urlsafe_b64encode(packed).rstrip(b"=").decode("ascii")


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "é",
        "not a cursor",
        "AAAA",
        forge(),
        forge("CREATED_AT", "DESC", None, "x"),
        forge("CREATED_AT", "DESC", "yesterday", "x"),
        forge("CREATED_AT", "DESC", "2026-11-01T00:00:00", "x"),
        forge("CREATED_AT", "ASC", "2026-11-01T00:00:00Z", "x"),
        forge("TOTAL", "DESC", "12", "x"),
        forge("NUMBER", "DESC", "12", "x"),
        forge("CREATED_AT", "DESC", "2026-11-01T00:00:00Z", 5),
    ],
)
async def test_what_is_no_cursor_of_this_list_is_refused_before_any_call(
    client: Client, ottimate: RecordingTransport, cursor: str
) -> None:
    body = await client.execute(LIST, {"first": 5, "after": cursor})

    assert body["data"] == {"invoices": None}
    assert [error["extensions"]["code"] for error in body["errors"]] == [
        "BAD_USER_INPUT"
    ]
    assert ottimate.calls == []


async def test_a_cursor_goes_with_its_own_order_alone(client: Client) -> None:
    order = {"field": "DUE_DATE", "direction": "ASC"}
    body = await client.execute(LIST, {"first": 1, "order": order})
    cursor = body["data"]["invoices"]["pageInfo"]["endCursor"]

    for other in (None, {**order, "direction": "DESC"}, {"field": "ISSUE_DATE"}):
        refused = await client.execute(
            LIST, {"first": 1, "order": other, "after": cursor}
        )
        code = refused["errors"][0]["extensions"]["code"]
        assert (code, len(refused["errors"])) == ("BAD_USER_INPUT", 1)


async def test_a_cursor_outlives_its_row(
    client: Client, simulator: OttimateSimulator
) -> None:
    expected = in_order(simulator.state.invoices.values())
    body = await client.execute(LIST, {"first": 10})
    page = body["data"]["invoices"]
    del simulator.state.invoices[expected[9]]

    after = page["pageInfo"]["endCursor"]
    body = await client.execute(LIST, {"first": 10, "after": after})

    assert ids([body["data"]["invoices"]["edges"]]) == expected[10:20]


# Filters.

LATEST = datetime(2026, 11, 2, 18, tzinfo=UTC)
SINCE = "2026-10-30T00:00:00+00:00"
FILTERS: list[Row] = [
    {},
    {"states": ["PENDING"]},
    {"states": ["APPROVED"]},
    {"states": ["UNKNOWN"]},
    {"states": ["PENDING", "UNKNOWN"]},
    {"states": ["NOT_REQUIRED"]},
    {"statuses": ["PENDING_APPROVAL"]},
    {"statuses": ["APPROVED"]},
    {"statuses": ["EXPORTED"]},
    {"statuses": ["PROCESSING", "ARCHIVED"]},
    {"statuses": ["UNKNOWN"]},
    {"statuses": ["ARCHIVED", "UNKNOWN"]},
    {"statuses": ["ARCHIVED", "UNKNOWN"], "states": ["APPROVED"]},
    {"statuses": ["EXPORTED", "PROCESSING"], "states": ["APPROVED"]},
    {"statuses": ["EXPORTED"], "states": ["PENDING"]},
    {"states": [], "statuses": ["EXPORTED"]},
    {"kinds": ["CREDIT_MEMO"]},
    {"kinds": ["UNKNOWN", "CREDIT_MEMO"]},
    {"kinds": []},
    {"search": "northside"},
    {"search": "INV-10"},
    {"search": "PO-48"},
    {"search": ""},
    {"search": "nothing has this"},
    {"search": "a&status=exported#?%"},
    {"issuedAfter": "2026-10-25"},
    {"issuedBefore": "2026-10-25"},
    {"issuedAfter": "2026-10-20", "issuedBefore": "2026-10-20"},
    {"dueAfter": "2026-11-25"},
    {"dueBefore": "2026-11-20"},
    {"updatedSince": SINCE},
    {"updatedSince": "2026-10-30T01:00:00+01:00"},
    {"minimumTotal": "5000"},
    {"maximumTotal": "99.99"},
    {"minimumTotal": "842.10", "maximumTotal": "842.1"},
    {"states": ["PENDING"], "search": "produce", "minimumTotal": "1000"},
    {"statuses": ["EXPORTED"], "updatedSince": SINCE, "kinds": ["INVOICE"]},
    dict.fromkeys(
        ("states", "statuses", "kinds", "search", "dueAfter", "minimumTotal")
    ),
]


@pytest.mark.parametrize("wanted", FILTERS, ids=str)
async def test_a_filter_lets_through_what_it_says(
    client: Client, simulator: OttimateSimulator, wanted: Row
) -> None:
    expected = [
        one for one in simulator.state.invoices.values() if matches(one, wanted)
    ]

    pages = await read_pages(client, 40, filter=wanted)

    assert ids(pages) == in_order(expected)


def some(*values: str) -> st.SearchStrategy[list[str] | None]:
    return st.none() | st.lists(st.sampled_from(values), max_size=4, unique=True)


@given(
    wanted=st.fixed_dictionaries(
        {},
        optional={
            "states": some("PENDING", "APPROVED", "UNKNOWN", "REJECTED"),
            "statuses": some(*sorted(set(STATUSES.values())), "UNKNOWN"),
            "kinds": some("INVOICE", "CREDIT_MEMO", "UNKNOWN"),
            "search": st.sampled_from([None, "", "HK-2", "inv", "Depot", "PO-4"]),
            "issuedAfter": st.dates(date(2026, 10, 1), date(2026, 11, 2)).map(str),
            "dueBefore": st.dates(date(2026, 11, 1), date(2026, 12, 2)).map(str),
            "updatedSince": st.integers(0, 40 * 86_400_000).map(
                lambda past: (LATEST - timedelta(milliseconds=past)).isoformat()
            ),
            "minimumTotal": st.decimals(0, 6000, places=2).map(str),
            "maximumTotal": st.decimals(100, 9000, places=2).map(str),
        },
    ),
    first=st.integers(1, 100),
)
@hypothesis_settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
async def test_filters_together_let_through_what_passes_them_all(
    client: Client, simulator: OttimateSimulator, wanted: Row, first: int
) -> None:
    expected = [
        one for one in simulator.state.invoices.values() if matches(one, wanted)
    ]

    pages = await read_pages(client, max(first, len(expected) // 8 + 1), filter=wanted)

    assert ids(pages) == in_order(expected)


@pytest.mark.parametrize(
    ("wanted", "params"),
    [
        ({}, {}),
        ({"states": ["PENDING"]}, {"status": "pending-approval"}),
        ({"statuses": ["EXPORTED"]}, {"status": "exported"}),
        (
            {"statuses": ["EXPORTED", "PROCESSING"], "states": ["APPROVED"]},
            {"status": "exported"},
        ),
        # `status` takes a single value, and these mean several.
        ({"states": ["APPROVED"]}, {}),
        ({"statuses": ["APPROVED"]}, {}),
        ({"statuses": ["PENDING_APPROVAL", "EXPORTED"]}, {}),
        # A status that Ottimate adds one day would match.
        ({"statuses": ["UNKNOWN"]}, {}),
        ({"statuses": ["EXPORTED", "UNKNOWN"]}, {}),
        ({"search": "a&b=c"}, {"search": "a&b=c"}),
        ({"search": ""}, {}),
        (
            {"updatedSince": "2026-10-01T02:00:00.750000+02:00"},
            {"last_modified_date_from_utc": "2026-10-01T00:00:00Z"},
        ),
        ({"kinds": ["INVOICE"]}, {}),
        ({"issuedAfter": "2026-01-01"}, {}),
        ({"issuedBefore": "2026-12-31"}, {}),
        ({"dueAfter": "2026-01-01"}, {}),
        ({"dueBefore": "2027-12-31"}, {}),
        ({"minimumTotal": "1"}, {}),
        ({"maximumTotal": "90000"}, {}),
        (
            {"states": ["PENDING"], "search": "produce", "kinds": ["INVOICE"]},
            {"status": "pending-approval", "search": "produce"},
        ),
    ],
    ids=str,
)
async def test_ottimate_is_asked_for_what_it_can_filter_by(
    client: Client, ottimate: RecordingTransport, wanted: Row, params: Row
) -> None:
    await client.execute(LIST, {"first": 2, "filter": wanted})

    assert ottimate.params(0) == {**params, "page": "1", "limit": "5"}


@pytest.mark.parametrize(
    "wanted",
    [
        {"states": []},
        {"statuses": []},
        {"states": ["NOT_REQUIRED"]},
        {"states": ["REJECTED"]},
        {"statuses": ["EXPORTED"], "states": ["PENDING"]},
        {"statuses": ["UNKNOWN"], "states": ["APPROVED"]},
        {"providers": []},
    ],
    ids=str,
)
async def test_a_filter_that_nothing_can_pass_costs_no_call(
    client: Client, ottimate: RecordingTransport, wanted: Row
) -> None:
    body = await client.execute(COUNT, {"first": 5, "filter": wanted})

    assert body["data"]["invoices"] == {
        "totalCount": 0,
        "nodes": [],
        "pageInfo": {"endCursor": None},
    }
    assert ottimate.calls == []


async def test_a_later_page_of_a_filter_that_nothing_can_pass_costs_no_call(
    client: Client, ottimate: RecordingTransport
) -> None:
    body = await client.execute(LIST, {"first": 1})
    cursor = body["data"]["invoices"]["pageInfo"]["endCursor"]
    ottimate.clear()

    wanted = {"statuses": ["EXPORTED"], "states": ["PENDING"]}
    body = await client.execute(COUNT, {"first": 5, "after": cursor, "filter": wanted})

    assert body["data"]["invoices"]["totalCount"] == 0
    assert ottimate.calls == []


# How many there are.


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"states": ["PENDING"]},
        {"statuses": ["ARCHIVED"]},
        {"search": "northside"},
        {"updatedSince": SINCE},
        {"states": ["PENDING"], "search": "e", "updatedSince": SINCE},
    ],
    ids=str,
)
async def test_a_first_page_tells_the_total_of_what_ottimate_filters_by(
    client: Client,
    simulator: OttimateSimulator,
    ottimate: RecordingTransport,
    wanted: Row,
) -> None:
    expected = [
        one for one in simulator.state.invoices.values() if matches(one, wanted)
    ]

    body = await client.execute(COUNT, {"first": 2, "filter": wanted})

    assert len(expected) > 5
    assert body["data"]["invoices"]["totalCount"] == len(expected)
    assert ottimate.calls == ["GET /invoices"]


@pytest.mark.parametrize(
    "wanted",
    [
        {"states": ["APPROVED"]},
        {"statuses": ["UNKNOWN", "EXPORTED"]},
        {"kinds": ["INVOICE"]},
        {"issuedAfter": "2026-01-01"},
        {"issuedBefore": "2026-12-31"},
        {"dueAfter": "2026-01-01"},
        {"dueBefore": "2027-12-31"},
        {"minimumTotal": "1"},
        {"maximumTotal": "90000"},
    ],
    ids=str,
)
async def test_a_total_that_ottimate_cannot_tell_is_null(
    client: Client, ottimate: RecordingTransport, wanted: Row
) -> None:
    body = await client.execute(COUNT, {"first": 2, "filter": wanted})
    first = body["data"]["invoices"]
    ottimate.clear()

    body = await client.execute(
        COUNT, {"first": 2, "filter": wanted, "after": first["pageInfo"]["endCursor"]}
    )

    later = body["data"]["invoices"]
    assert (first["totalCount"], later["totalCount"]) == (None, None)
    assert (len(first["nodes"]), len(later["nodes"])) == (2, 2)
    assert all("limit=1&" not in str(one.url) + "&" for one in ottimate.requests)


@pytest.mark.parametrize("wanted", [{"kinds": ["CREDIT_MEMO"]}, {"search": "INV-10"}])
async def test_a_list_that_fits_a_page_tells_its_total_at_no_cost(
    client: Client,
    simulator: OttimateSimulator,
    wanted: Row,
) -> None:
    expected = [
        one for one in simulator.state.invoices.values() if matches(one, wanted)
    ]

    body = await client.execute(COUNT, {"first": 100, "filter": wanted})

    assert body["data"]["invoices"]["totalCount"] == len(expected)
    assert len(body["data"]["invoices"]["nodes"]) == len(expected)


async def test_the_total_of_a_later_page_costs_a_call_if_it_is_asked_for(
    client: Client, simulator: OttimateSimulator, ottimate: RecordingTransport
) -> None:
    wanted = {"states": ["PENDING"]}
    body = await client.execute(LIST, {"first": 5, "filter": wanted})
    cursor = body["data"]["invoices"]["pageInfo"]["endCursor"]
    variables = {"first": 5, "filter": wanted, "after": cursor}
    ottimate.clear()

    await client.execute(LIST, variables)
    assert ottimate.calls == ["GET /invoices"]
    body = await client.execute(COUNT, variables)

    expected = [
        one for one in simulator.state.invoices.values() if matches(one, wanted)
    ]
    assert body["data"]["invoices"]["totalCount"] == len(expected)
    assert ottimate.calls == ["GET /invoices"] * 3
    assert ottimate.params(2) == {
        "status": "pending-approval",
        "page": "1",
        "limit": "1",
    }


async def test_a_total_that_cannot_be_read_costs_its_field_alone(
    client: Client, ottimate: RecordingTransport
) -> None:
    body = await client.execute(LIST, {"first": 5})
    cursor = body["data"]["invoices"]["pageInfo"]["endCursor"]

    async def fail(request: httpx.Request, upstream: Handler) -> httpx.Response:
        if request.url.params["limit"] == "1":
            return httpx.Response(503)
        return await upstream(request)

    ottimate.interceptors["GET /invoices"] = fail
    body = await client.execute(COUNT, {"first": 5, "after": cursor})

    shown = body["data"]["invoices"]
    assert (shown["totalCount"], len(shown["nodes"])) == (None, 5)
    assert [
        (error["path"], error["extensions"]["code"]) for error in body["errors"]
    ] == [(["invoices", "totalCount"], "UPSTREAM_UNAVAILABLE")]


async def test_a_total_agrees_with_its_rows_where_an_instant_is_finer_than_a_second(
    client: Client, simulator: OttimateSimulator
) -> None:
    """Ottimate is asked from the whole second on, so its count holds more."""
    modified = sorted(
        (
            one.modified_at or one.created_at
            for one in simulator.state.invoices.values()
        ),
        reverse=True,
    )
    since = modified[30] + timedelta(microseconds=1)
    wanted = {"updatedSince": since.isoformat()}
    expected = [
        one for one in simulator.state.invoices.values() if matches(one, wanted)
    ]

    rows = ids(await read_pages(client, 10, filter=wanted))
    body = await client.execute(COUNT, {"first": 5, "filter": wanted})

    assert rows == in_order(expected)
    assert body["data"]["invoices"]["totalCount"] in (len(expected), None)


# Order.


def values(invoice: Invoice, field: str) -> Any:
    return {
        "CREATED_AT": invoice.created_at,
        "UPDATED_AT": invoice.modified_at,
        "ISSUE_DATE": invoice.invoice_date,
        "DUE_DATE": invoice.due_date,
        "TOTAL": invoice.total,
    }[field]


def ordered(invoices: Iterable[Invoice], field: str, direction: str) -> list[str]:
    """Return ids by a field, ties by the graph's id, what lacks the value last."""
    by_id = sorted(invoices, key=graph_id)
    known = [one for one in by_id if values(one, field) is not None]
    known.sort(key=lambda one: values(one, field), reverse=direction == "DESC")
    return [one.id for one in known] + [
        one.id for one in by_id if values(one, field) is None
    ]


def lose_values(state: State) -> None:
    """Take each value from some invoices."""
    for at, invoice in enumerate(state.newest_first()):
        if at % 9 == 0:
            invoice.invoice_date = None
        if at % 10 == 0:
            invoice.due_date = None
        if at % 11 == 0:
            invoice.modified_at = None
        if at % 12 == 0:
            invoice.total = None


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
@pytest.mark.parametrize(
    "field", ["CREATED_AT", "UPDATED_AT", "ISSUE_DATE", "DUE_DATE", "TOTAL"]
)
async def test_any_order_holds_over_all_pages(
    client: Client, simulator: OttimateSimulator, field: str, direction: str
) -> None:
    lose_values(simulator.state)
    order = {"field": field, "direction": direction}

    pages = await read_pages(client, 90, order=order)

    assert ids(pages) == ordered(simulator.state.invoices.values(), field, direction)


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
async def test_an_order_goes_on_after_any_row_also_among_those_without_a_value(
    client: Client, simulator: OttimateSimulator, direction: str
) -> None:
    lose_values(simulator.state)
    order = {"field": "DUE_DATE", "direction": direction}
    wanted = {"search": "INV-10"}
    invoices = [
        one for one in simulator.state.invoices.values() if matches(one, wanted)
    ]
    expected = ordered(invoices, "DUE_DATE", direction)
    assert [one.due_date for one in invoices].count(None) == 3

    for first in (1, 2, 7):
        pages = await read_pages(client, first, order=order, filter=wanted)
        assert ids(pages) == expected


async def test_the_default_order_may_be_asked_for(client: Client) -> None:
    default = await read_pages(client, 100)

    assert await read_pages(client, 100, order={"field": "CREATED_AT"}) == default


async def test_another_order_reads_each_row_and_tells_the_total(
    client: Client, ottimate: RecordingTransport
) -> None:
    query = "{ invoices(first: 1, orderBy: {field: TOTAL}) { totalCount } }"

    body = await client.execute(query)

    assert body["data"]["invoices"]["totalCount"] == 350
    assert set(ottimate.calls) == {"GET /invoices"}
    assert len(ottimate.calls) == 4
    assert {one.url.params["limit"] for one in ottimate.requests} == {"100"}


# The most that is read.


def grow(state: State, total: int) -> None:
    """Fill the account up to *total* invoices, one a minute into the past."""
    random = Random("many")  # noqa: S311 - ids of a sandbox
    oldest = min(state.invoices.values(), key=lambda one: one.created_at)
    for at in range(total - len(state.invoices)):
        key = UUID(int=random.getrandbits(128), version=4)
        copy(state, oldest, oldest.created_at - timedelta(minutes=at + 1), key)


TOO_MANY = {
    "code": "MAX_ROWS_LIMIT",
    "retryable": False,
}


def too_many(body: dict[str, Any]) -> Iterator[Row]:
    """Yield the extensions of each error, without the request's id."""
    assert body["data"] == {"invoices": None}
    for error in body["errors"]:
        assert error["path"] == ["invoices"]
        assert "Narrow" in error["message"]
        extensions = dict(error["extensions"])
        del extensions["requestId"]
        yield extensions


async def test_an_order_over_too_many_rows_says_how_to_narrow(
    client: Client, simulator: OttimateSimulator, ottimate: RecordingTransport
) -> None:
    grow(simulator.state, 1300)
    order = {"field": "TOTAL", "direction": "ASC"}

    body = await client.execute(LIST, {"first": 5, "order": order})

    assert list(too_many(body)) == [TOO_MANY]
    assert len(ottimate.calls) <= 14
    narrowed = await client.execute(
        LIST, {"first": 5, "order": order, "filter": {"search": "INV-10"}}
    )
    assert "errors" not in narrowed


async def test_an_order_over_a_thousand_rows_is_still_whole(
    client: Client, simulator: OttimateSimulator
) -> None:
    grow(simulator.state, 1000)
    order = {"field": "TOTAL", "direction": "ASC"}

    pages = await read_pages(client, 100, order=order)

    assert ids(pages) == ordered(simulator.state.invoices.values(), "TOTAL", "ASC")


async def test_a_filter_that_hardly_anything_passes_says_how_to_narrow(
    client: Client, simulator: OttimateSimulator
) -> None:
    grow(simulator.state, 1500)

    body = await client.execute(
        LIST, {"first": 5, "filter": {"minimumTotal": "1000000"}}
    )

    assert list(too_many(body)) == [TOO_MANY]


async def test_the_default_order_has_no_end(
    client: Client, simulator: OttimateSimulator
) -> None:
    grow(simulator.state, 1500)

    pages = await read_pages(client, 100)

    assert ids(pages) == in_order(simulator.state.invoices.values())


async def test_a_list_out_of_scope_is_shorter(
    client: Client, simulator: OttimateSimulator
) -> None:
    body = await client.execute(COUNT, {"first": 5}, person="clerk")

    reached = [
        one
        for one in simulator.state.invoices.values()
        if one.location_id in {7731, 7741}
    ]
    assert body["data"]["invoices"]["totalCount"] == len(reached) < 350
