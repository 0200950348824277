"""Lists whose rows have no `items`: what only single reads tell is read singly."""

from typing import Any

import pytest

from gateway.providers.accounteer.simulator.state import State
from tests.providers.accounteer.calls import (
    INVOICES,
    PURCHASES,
    changes,
    graph_id,
    read_call,
)
from tests.providers.accounteer.deciding import Office, payload, shown
from tests.providers.accounteer.reading import fill, on_accounteer
from tests.support import Client, RecordingTransport

FIELDS = "id version lines { description total { amount } }"
LISTED = f"""
query ($filter: InvoiceFilter) {{
  invoices(first: 5, filter: $filter) {{ nodes {{ {FIELDS} }} }}
}}
"""
ALONE = f"query ($id: ID!) {{ invoice(id: $id) {{ {FIELDS} }} }}"
NODES = (
    f"query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on Invoice {{ {FIELDS} }} }} }}"
)
QUEUED = f"""
query ($filter: ApprovalFilter) {{
  viewer {{
    approvals(first: 5, filter: $filter) {{ nodes {{ ... on Invoice {{ {FIELDS} }} }} }}
  }}
}}
"""
SALES = {"kinds": ["INVOICE"]}


@pytest.fixture(autouse=True)
def _lists_without_items(accounteer: RecordingTransport) -> None:
    def strip(rows: list[Any]) -> list[Any]:
        return [
            {name: value for name, value in row.items() if name != "items"}
            for row in rows
        ]

    for call in (INVOICES, PURCHASES):
        accounteer.interceptors[call] = changes(strip)


async def read_alone(client: Client, key: str) -> Any:
    body = await client.execute(ALONE, {"id": key})
    assert list(body) == ["data"], body
    return body["data"]["invoice"]


async def test_lines_and_version_are_those_of_a_single_read(
    client: Client, state: State, accounteer: RecordingTransport
) -> None:
    made = fill(state, 3, a_day=1)
    alone = [await read_alone(client, graph_id(one)) for one in made]
    accounteer.clear()

    body = await client.execute(LISTED, {"filter": on_accounteer(SALES)})

    assert body == {"data": {"invoices": {"nodes": alone}}}
    assert all(one["lines"] for one in alone)
    assert accounteer.calls[0] == INVOICES
    assert sorted(
        one for one in accounteer.calls if one.startswith("GET /invoices/")
    ) == sorted(read_call(one) for one in made)


async def test_what_asks_for_neither_costs_no_further_call(
    client: Client, state: State, accounteer: RecordingTransport
) -> None:
    made = fill(state, 3, a_day=1)
    query = (
        "query ($filter: InvoiceFilter) { invoices(filter: $filter) { nodes { id } } }"
    )

    body = await client.execute(query, {"filter": on_accounteer(SALES)})

    assert body == {
        "data": {"invoices": {"nodes": [{"id": graph_id(one)} for one in made]}}
    }
    assert [one for one in accounteer.calls if "/invoices/" in one] == []


async def test_the_queue_tells_what_a_single_read_does(
    client: Client, state: State
) -> None:
    made = fill(state, 2, 2, a_day=1)
    alone = {graph_id(one): await read_alone(client, graph_id(one)) for one in made}

    body = await client.execute(QUEUED, {"filter": on_accounteer()})

    nodes = body["data"]["viewer"]["approvals"]["nodes"]
    assert {one["id"]: one for one in nodes} == alone


async def test_several_by_their_ids_tell_what_single_reads_do(
    client: Client, state: State
) -> None:
    made = fill(state, 3, a_day=1)
    alone = [await read_alone(client, graph_id(one)) for one in made]

    body = await client.execute(NODES, {"ids": [graph_id(one) for one in made]})

    assert body == {"data": {"nodes": alone}}


async def test_an_approval_of_what_was_listed_holds_its_version(
    office: Office, state: State
) -> None:
    [draft] = fill(state, 1)
    body = await office.client.execute(LISTED, {"filter": on_accounteer(SALES)})
    [seen] = body["data"]["invoices"]["nodes"]

    answer = await office.send(draft, expectedVersion=seen["version"])

    assert answer == payload("APPLIED", shown(draft, "APPROVED"))
    office.check_sent_once(draft)
