"""The forms in which a list may come, through the graph."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from gateway.providers.accounteer.simulator.state import State
from tests.providers.accounteer.calls import (
    INVOICES,
    NOT_UNDERSTOOD,
    PURCHASES,
    answers,
    changes,
    fault,
)
from tests.providers.accounteer.reading import (
    LIST,
    everything,
    fill,
    in_order,
    on_accounteer,
    read_ids,
    read_page,
    source,
)
from tests.support import Client, RecordingTransport

# What Upstream says of any body that cannot be decoded.
GARBLED = "The provider's answer could not be understood."


@pytest.mark.parametrize("form", ["array", "plural", "data", "results"])
async def test_each_form_of_a_list_is_read(
    client: Client,
    state: State,
    switch_accounteer: Callable[..., None],
    form: str,
) -> None:
    switch_accounteer(list_form=form)

    found = await read_ids(client)

    assert found == in_order(everything(state))[:100]


async def test_the_lists_own_name_comes_before_the_others(
    client: Client, state: State, accounteer: RecordingTransport
) -> None:
    made = fill(state, 2)

    def wrap(rows: Any) -> Any:
        return {"data": [], "count": 2, "invoices": rows, "results": [7]}

    accounteer.interceptors[INVOICES] = changes(wrap)

    assert await read_ids(client) == in_order(made)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"7",
        b"{}",
        b"<html>Maintenance</html>",
        b'{"ok": "yes", "result": [{"id": 1}]}',
        b'{"invoices": null}',
        b'{"invoices": {"data": []}}',
        b"[null]",
        b"[[]]",
        b'[{"id": 1}]',
        b'[{"id": "a", "status": "draft", "date_created": "2026-02-02"',
        b"[" * 5_000,
        b'["\xff"]',
    ],
)
async def test_what_is_no_list_is_a_fault_of_this_provider_alone(
    client: Client, state: State, accounteer: RecordingTransport, body: bytes
) -> None:
    fill(state, 1)
    accounteer.interceptors[INVOICES] = answers(200, body)
    variables = {"first": 5, "filter": on_accounteer()}

    answer = await client.execute(LIST, variables)

    connection = answer["data"]["invoices"]
    assert (connection["edges"], connection["totalCount"]) == (None, None)
    assert connection["sources"] == source(
        ok=False, is_complete=False, code="UPSTREAM_RESPONSE_INVALID", message=GARBLED
    )
    told = [one["extensions"] for one in answer["errors"]]
    for extensions in told:
        del extensions["requestId"]
    assert told == [fault("UPSTREAM_RESPONSE_INVALID")] * 2
    # A body that cannot be read is not asked for again.
    assert accounteer.calls == [INVOICES, PURCHASES]


async def test_an_amount_that_cannot_be_is_a_fault_that_says_so(
    client: Client, state: State, accounteer: RecordingTransport
) -> None:
    fill(state, 2)

    def spoil(rows: Any) -> Any:
        rows[0]["total_amount"] = 10**40
        return rows

    accounteer.interceptors[INVOICES] = changes(spoil)
    variables = {"first": 5, "filter": on_accounteer()}

    answer = await client.execute(LIST, variables)

    assert answer["data"]["invoices"]["sources"] == source(
        ok=False,
        is_complete=False,
        code="UPSTREAM_RESPONSE_INVALID",
        message=NOT_UNDERSTOOD,
    )


async def test_an_empty_organization_has_an_empty_list(
    client: Client, state: State, accounteer: RecordingTransport
) -> None:
    fill(state, 0)

    page = await read_page(client, 5)

    assert page == {
        "edges": [],
        "pageInfo": {
            "hasNextPage": False,
            "hasPreviousPage": False,
            "startCursor": None,
            "endCursor": None,
        },
        "totalCount": 0,
        "sources": source(),
    }
    assert accounteer.calls == [INVOICES, PURCHASES]


async def test_a_row_that_comes_twice_is_listed_once(
    client: Client, state: State, accounteer: RecordingTransport
) -> None:
    made = fill(state, 3)
    accounteer.interceptors[INVOICES] = changes(lambda rows: [*rows, *rows])

    assert await read_ids(client) == in_order(made)


async def test_amounts_reach_the_graph_to_the_digit(
    client: Client, state: State, accounteer: RecordingTransport
) -> None:
    [made] = fill(state, 1)
    text = json.dumps(
        [{"id": made.id, "status": "draft", "date_created": "2026-11-01"}]
    )
    exact = "1234567890123456.0123456789"
    body = f'{text[:-2]}, "total_amount": {exact}}}]'.encode()
    accounteer.interceptors[INVOICES] = answers(200, body)
    query = "{ invoices(filter: {providers: [ACCOUNTEER]}) { nodes { %s } } }"

    answer = await client.execute(query % "total { amount currency }")

    assert answer["data"]["invoices"]["nodes"] == [
        {"total": {"amount": exact, "currency": None}}
    ]
