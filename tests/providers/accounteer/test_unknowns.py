"""What Accounteer never tells: if one of these fields shows a value, it is a guess."""

from typing import Any

from graphql import GraphQLObjectType, GraphQLSchema

from gateway.providers.accounteer.simulator.state import State
from tests.providers.accounteer.reading import everything
from tests.providers.ottimate.test_unknowns import is_told, read_schema, select, walk
from tests.support import Client

# By type and field, over every situation that a sales invoice or a purchase can be in.
NEVER_TOLD = {
    "Invoice.locationName",
    "Invoice.approvedAt",
    "Invoice.url",
    "Invoice.history",
    "Invoice.approvalStatuses",
    # Nobody is asked by name, and there are no rules by which somebody would be.
    "Invoice.approvers",
    "Invoice.policies",
    "ApprovalProgress.waitingOn",
    "SourceStatus.quota",
    "SourceStatus.error",
}


def object_type(schema: GraphQLSchema, name: str) -> GraphQLObjectType:
    found = schema.type_map[name]
    assert isinstance(found, GraphQLObjectType)
    return found


async def read_nodes(client: Client, selection: str, more: str = "") -> list[Any]:
    """Return every document, and after them what *more* of the list's fields shows."""
    nodes: list[Any] = []
    after = None
    while True:
        body = await client.execute(
            "query ($after: String) { invoices(first: 100, after: $after, "
            "filter: {providers: [ACCOUNTEER]}) "
            f"{{ nodes {selection} {more} pageInfo {{ hasNextPage endCursor }} }} }}",
            {"after": after},
        )
        assert "errors" not in body
        page = body["data"]["invoices"]
        nodes += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return [*nodes, *page.get("sources", [])]
        after = page["pageInfo"]["endCursor"]


async def test_these_fields_are_never_told(client: Client, state: State) -> None:
    schema = await read_schema(client)
    invoice, source = (object_type(schema, one) for one in ("Invoice", "SourceStatus"))

    parts = await read_nodes(
        client,
        select(invoice, {"Invoice"}),
        f"sources {select(source, {'SourceStatus'})}",
    )

    assert len(parts) == len(everything(state)) + 1
    told: dict[str, bool] = {}
    for name, value in walk(parts):
        told[name] = told.get(name, False) or is_told(value)
    assert {name for name, is_known in told.items() if not is_known} == NEVER_TOLD


async def test_a_state_is_no_more_than_the_status_proves(client: Client) -> None:
    nodes = await read_nodes(
        client,
        "{ kind status sourceStatus approvalState"
        " progress { rule required approved rejected waitingOn { displayName } } }",
    )

    def progress(required: int, *counts: int | None) -> tuple[object, ...]:
        return ("ANY", required, *counts, None)

    found = {
        (
            one["status"],
            one["sourceStatus"],
            one["approvalState"],
            tuple(one["progress"].values()),
        )
        for one in nodes
    }
    assert found == {
        ("DRAFT", "draft", "PENDING", progress(1, 0, 0)),
        ("APPROVED", "approved", "APPROVED", progress(1, 1, 0)),
        ("PAID", "paid", "APPROVED", progress(1, 1, 0)),
        ("UNKNOWN", "in_review", "UNKNOWN", progress(1, None, None)),
    }
    assert {one["kind"] for one in nodes} == {"INVOICE", "PURCHASE"}
