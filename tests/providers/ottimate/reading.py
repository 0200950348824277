"""What the tests of Ottimate's list share: documents, and a list computed apart."""

from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from gateway.domain import ProviderName, encode_id
from gateway.providers.ottimate.simulator.state import Invoice, State
from tests.support import (
    Client,
)

Row = dict[str, Any]

LIST = """
query (
  $first: Int!
  $after: String
  $filter: InvoiceFilter = {providers: [OTTIMATE]}
  $order: InvoiceOrder
) {
  invoices(first: $first, after: $after, filter: $filter, orderBy: $order) {
    edges { cursor node { sourceId createdAt } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""
COUNT = """
query (
  $first: Int!
  $after: String
  $filter: InvoiceFilter = {providers: [OTTIMATE]}
) {
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


def own(wanted: Row) -> Row:
    """Return a filter that lets through Ottimate's rows alone."""
    return {"providers": ["OTTIMATE"], **wanted}


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
    """Return the edges of every page of Ottimate's, from the first to the last."""
    pages: list[list[Row]] = []
    after = None
    variables["filter"] = own(variables.get("filter", {}))
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


def copy(state: State, invoice: Invoice, created_at: datetime, key: UUID) -> Invoice:
    """Add a copy of *invoice* to the account."""
    made = msgspec.convert(msgspec.to_builtins(invoice), Invoice)
    made.id = str(key)
    made.number_id = state.next_number("invoice number", 48_200_000)
    made.number = f"NEW-{made.number_id}"
    made.created_at = created_at
    state.add(made)
    return made
