"""What Productive never tells: if one of these fields shows a value, it is a guess."""

from collections.abc import Iterable, Iterator
from typing import Any

from graphql import GraphQLObjectType, GraphQLSchema

from gateway.providers.productive.simulator import ProductiveSimulator
from gateway.providers.productive.simulator import situations as ids
from tests.providers.ottimate.test_unknowns import is_told, read_schema, select, walk
from tests.providers.productive.calls import graph_id
from tests.support import Client

# By type and field, over every approval status of the sandbox and what it is about.
NEVER_TOLD = {
    "Policy.amountThreshold",
    "Policy.appliesTo",
    "Policy.createdAt",
    "Policy.mandatoryApprovers",
    "Policy.minimumApprovers",
    "Policy.updatedAt",
    "SourceStatus.error",
}
# Told of bookings of projects, of which the sandbox has none with these.
TOLD_OF_NONE_HERE = {"Booking.percentage", "Booking.serviceSourceId"}
# Of these, which are Productive's alone, every field is told of something.
TARGETS = ("Booking", "TimeEntry", "Expense")
WHOLE = (*TARGETS, "ApprovalStatus", "ApprovalWorkflow")
# The way from a duty to its target, and back: each is asked for from its other end.
LEFT_OUT = {"ApprovalStatus.target", *(f"{name}.approvalStatuses" for name in TARGETS)}
# One who sees everything, and one for whom something waits.
PERSONS = ["auditor", "controller"]


def object_type(schema: GraphQLSchema, name: str) -> GraphQLObjectType:
    found = schema.type_map[name]
    assert isinstance(found, GraphQLObjectType)
    return found


def select_targets(schema: GraphQLSchema) -> str:
    """Return a selection of every field of whatever a target is."""
    parts = [
        f"... on {name} {select(object_type(schema, name), {name, 'ApprovalStatus'})}"
        for name in TARGETS
    ]
    return f"{{ __typename {' '.join(parts)} }}"


async def read_parts(
    client: Client, schema: GraphQLSchema, person: str
) -> list[list[Any]]:
    """Return all that a person is told of approval statuses, targets and policies."""
    names = ("ApprovalStatus", "Policy", "SourceStatus")
    status, policy, source = (object_type(schema, name) for name in names)
    targets = select_targets(schema)
    # A deleted one is in no list.
    deleted = await client.execute(
        f"query ($id: ID!) {{ node(id: $id) {targets} }}",
        {"id": graph_id("Expense", ids.EXPENSE_DELETED)},
        person=person,
    )
    parts = [[deleted["data"]["node"]]]
    after = None
    while True:
        body = await client.execute(
            "query ($after: String) {"
            " approvalStatuses(first: 100, after: $after) {"
            f" nodes {select(status, {'ApprovalStatus', 'Approvable'})}"
            f" sources {select(source, {'SourceStatus'})}"
            " pageInfo { hasNextPage endCursor } }"
            " targets: approvalStatuses(first: 100, after: $after) {"
            f" nodes {{ target {targets} }} }}"
            " policies(filter: {providers: [PRODUCTIVE]}) {"
            f" nodes {select(policy, {'Policy'})} }} }}",
            {"after": after},
            person=person,
        )
        assert "errors" not in body
        page = body["data"]["approvalStatuses"]
        parts += [
            page["nodes"],
            page["sources"],
            body["data"]["policies"]["nodes"],
            [one["target"] for one in body["data"]["targets"]["nodes"]],
        ]
        if not page["pageInfo"]["hasNextPage"]:
            return parts
        after = page["pageInfo"]["endCursor"]


def find_told(parts: Iterable[object]) -> dict[str, bool]:
    """Return for each field whether it is told of anything."""
    told: dict[str, bool] = {}
    for part in parts:
        for name, value in walk(part):
            told[name] = told.get(name, False) or is_told(value)
    return told


def fields_of(schema: GraphQLSchema) -> Iterator[str]:
    for type_name in WHOLE:
        for name in object_type(schema, type_name).fields:
            yield f"{type_name}.{name}"


async def test_these_fields_are_never_told(client: Client) -> None:
    schema = await read_schema(client)
    parts = [part for one in PERSONS for part in await read_parts(client, schema, one)]

    told = find_told(parts)

    unknown = {name for name, is_known in told.items() if not is_known}
    assert unknown == NEVER_TOLD | TOLD_OF_NONE_HERE
    assert set(fields_of(schema)) - set(told) == LEFT_OUT
    assert {name for name in NEVER_TOLD if name.split(".")[0] in WHOLE} == set()


async def test_what_no_booking_of_the_sandbox_has_is_told_where_productive_has_it(
    client: Client, productive_simulator: ProductiveSimulator
) -> None:
    schema = await read_schema(client)
    state = productive_simulator.state
    booking = state.bookings[ids.BOOKING_ANY]
    booking.percentage = 50
    booking.service_id = min(state.services)

    body = await client.execute(
        f"query ($id: ID!) {{ node(id: $id) {select_targets(schema)} }}",
        {"id": graph_id("Booking", booking.id)},
        person="auditor",
    )

    told = find_told([body["data"]["node"]])
    assert {name for name in TOLD_OF_NONE_HERE if told[name]} == TOLD_OF_NONE_HERE
