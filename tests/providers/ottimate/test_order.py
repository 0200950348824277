"""Ottimate's list in other orders, and the most that is read for one."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest

from gateway.providers.ottimate.simulator import OttimateSimulator
from gateway.providers.ottimate.simulator.state import Invoice, State
from tests.providers.ottimate.reading import (
    COUNT,
    LIST,
    Row,
    copy,
    graph_id,
    ids,
    in_order,
    matches,
    own,
    read_pages,
)
from tests.support import (
    Client,
    RecordingTransport,
)


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
    query = (
        "{ invoices(first: 1, filter: {providers: [OTTIMATE]}, "
        "orderBy: {field: TOTAL}) { totalCount } }"
    )

    body = await client.execute(query)

    assert body["data"]["invoices"]["totalCount"] == 350
    assert set(ottimate.calls) == {"GET /invoices"}
    assert len(ottimate.calls) == 4
    assert {one.url.params["limit"] for one in ottimate.requests} == {"100"}


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
        LIST, {"first": 5, "order": order, "filter": own({"search": "INV-10"})}
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
        LIST, {"first": 5, "filter": own({"minimumTotal": "1000000"})}
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
