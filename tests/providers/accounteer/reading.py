"""What the tests of Accounteer's reads share: documents, and lists computed apart."""

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Any

from gateway.connector import Account
from gateway.providers.accounteer import PROVIDER
from gateway.providers.accounteer.connector import AccounteerConnector
from gateway.providers.accounteer.simulator.directory import MAIN
from gateway.providers.accounteer.simulator.objects import Document
from gateway.providers.accounteer.simulator.state import State
from gateway.sandbox import Sandbox
from gateway.upstream import Deadline
from tests.providers.accounteer.calls import Row, graph_id
from tests.support import Client, FakeTime, RecordingTransport

NEWEST = date(2026, 11, 1)

LIST = """
query ($first: Int!, $after: String, $filter: InvoiceFilter, $order: InvoiceOrder) {
  invoices(first: $first, after: $after, filter: $filter, orderBy: $order) {
    edges { cursor node { id } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    totalCount
    sources { provider ok isComplete error { code message } }
  }
}
"""
NODES = """
query ($ids: [ID!]!) {
  nodes(ids: $ids) { ... on Invoice { sourceId counterparty { name } } }
}
"""
BY_ID = """
query ($id: ID!) { invoice(id: $id) { sourceId counterparty { name } } }
"""
BY_SOURCE = """
query ($id: ID!) {
  invoiceBySource(provider: ACCOUNTEER, sourceId: $id) {
    id counterparty { name }
  }
}
"""


def open_account(
    sandbox: Sandbox,
    time: FakeTime,
    transport: RecordingTransport,
    *,
    person: str | None = None,
    **settings: Any,
) -> Account:
    """Return the standing of the gateway's application, or of a demo person's."""
    own = {} if person is None else sandbox.credentials(PROVIDER, person)
    assert own is not None
    values = {**sandbox.settings(PROVIDER), **own, **settings}
    section = PROVIDER.settings.model_validate(values)
    upstream = PROVIDER.open_upstream(section, time.clock, transport)
    return PROVIDER.open_account(section, upstream)


def connect(
    account: Account, time: FakeTime, seconds: float = 25.0
) -> AccounteerConnector:
    """Return a connector for one more request."""
    connector = account.connect(Deadline(seconds, time.clock))
    assert isinstance(connector, AccounteerConnector)
    return connector


def everything(state: State) -> list[Document]:
    """Return the documents of the main organization."""
    found = [*state.invoices.values(), *state.purchases.values()]
    return [one for one in found if one.organization_id == MAIN]


def in_order(documents: Iterable[Document]) -> list[str]:
    """Return the graph's ids, newest day first, then by themselves."""
    by_id = sorted(documents, key=graph_id)
    by_id.sort(key=lambda one: one.date_created, reverse=True)
    return [graph_id(one) for one in by_id]


def clear(state: State) -> None:
    """Take all documents away."""
    state.invoices.clear()
    state.purchases.clear()


def fill(
    state: State, invoices: int, purchases: int = 0, *, a_day: int = 3, **fields: Any
) -> list[Document]:
    """Leave so many documents alone, *a_day* of each kind on each day; all of them."""
    clear(state)
    made = []
    for count, add in ((invoices, state.add_invoice), (purchases, state.add_purchase)):
        for place in range(count):
            day = NEWEST - timedelta(days=place // a_day)
            made.append(add(date_created=day, **fields))
    return made


def on_accounteer(wanted: Row | None = None) -> Row:
    """Return a filter of Accounteer alone."""
    return {**(wanted or {}), "providers": ["ACCOUNTEER"]}


async def read_page(
    client: Client,
    first: int,
    wanted: Row | None = None,
    *,
    after: str | None = None,
    order: Row | None = None,
    person: str | None = None,
) -> Row:
    """Return one page of invoices, which is answered without an error."""
    variables = {
        "first": first,
        "after": after,
        "filter": on_accounteer(wanted),
        "order": order,
    }
    body = await client.execute(LIST, variables, person=person)
    assert "errors" not in body, body["errors"]
    connection: Row = body["data"]["invoices"]
    return connection


async def read_pages(
    client: Client,
    first: int,
    wanted: Row | None = None,
    between: Callable[[], None] = lambda: None,
) -> list[list[Row]]:
    """Return the edges of every page; *between* happens before each but the first."""
    pages: list[list[Row]] = []
    after = None
    while True:
        connection = await read_page(client, first, wanted, after=after)
        info, edges = connection["pageInfo"], connection["edges"]
        pages.append(edges)
        assert info["hasPreviousPage"] == (after is not None)
        assert info["startCursor"] == (edges[0]["cursor"] if edges else None)
        if not info["hasNextPage"]:
            return pages
        assert len(edges) == first
        assert info["endCursor"] == edges[-1]["cursor"]
        after = info["endCursor"]
        between()


def ids(pages: Iterable[Iterable[Row]]) -> list[str]:
    """Return the graph's ids of the rows of pages."""
    return [edge["node"]["id"] for page in pages for edge in page]


async def read_ids(
    client: Client, wanted: Row | None = None, *, person: str | None = None
) -> list[str]:
    """Return the ids of a page of the largest size."""
    page = await read_page(client, 100, wanted, person=person)
    return ids([page["edges"]])


def source(
    *,
    is_complete: bool = True,
    ok: bool = True,
    code: str | None = None,
    message: str | None = None,
) -> list[Row]:
    """Return what a list tells of its only source."""
    error = None if code is None else {"code": code, "message": message}
    return [
        {
            "provider": "ACCOUNTEER",
            "ok": ok,
            "isComplete": is_complete,
            "error": error,
        }
    ]
