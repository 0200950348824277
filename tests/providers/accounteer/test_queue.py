"""What waits: drafts of both kinds, the same for everybody."""

from collections.abc import Callable
from typing import Any

import pytest

from gateway.providers.accounteer.simulator.state import State
from tests.providers.accounteer.calls import (
    CONTACTS,
    INVOICES,
    LIMIT,
    PURCHASES,
    Repeater,
    Row,
    answers,
    contact_call,
    fault,
    graph_id,
)
from tests.providers.accounteer.reading import everything, fill, source
from tests.support import Client, RecordingTransport

QUEUE = """
query ($first: Int!, $after: String) {
  viewer {
    approvals(first: $first, after: $after, filter: {providers: [ACCOUNTEER]}) {
      nodes { __typename id approvalState viewerActions }
      pageInfo { hasNextPage endCursor }
      totalCount
    }
  }
}
"""
SOURCES = """
{ viewer { sources { provider ok isComplete error { code message } } } }
"""


async def read_queue(
    client: Client, first: int = 100, *, person: str | None = None
) -> Row:
    """Return the whole queue: its ids, and what the last page tells."""
    ids: list[str] = []
    after = None
    while True:
        variables = {"first": first, "after": after}
        body = await client.execute(QUEUE, variables, person=person)
        assert list(body) == ["data"], body
        page: Row = body["data"]["viewer"]["approvals"]
        for node in page["nodes"]:
            assert node == {
                "__typename": "Invoice",
                "id": node["id"],
                "approvalState": "PENDING",
                "viewerActions": ["APPROVE"],
            }
            ids.append(node["id"])
        if not page["pageInfo"]["hasNextPage"]:
            return {"ids": ids, "total": page["totalCount"]}
        after = page["pageInfo"]["endCursor"]


async def read_source(client: Client, person: str | None = None) -> list[Any]:
    body = await client.execute(SOURCES, person=person)
    told = body["data"]["viewer"]["sources"]
    return [one for one in told if one["provider"] == "ACCOUNTEER"]


def drafts(state: State) -> set[str]:
    return {graph_id(one) for one in everything(state) if one.status == "draft"}


@pytest.mark.parametrize("filters", [True, False])
@pytest.mark.parametrize("paging", [True, False])
@pytest.mark.parametrize("order", ["newest_first", "shuffled"])
async def test_drafts_of_both_kinds_wait(
    client: Client,
    state: State,
    switch_accounteer: Callable[..., None],
    filters: bool,
    paging: bool,
    order: str,
) -> None:
    switch_accounteer(filters=filters, paging=paging, list_order=order)
    made = fill(state, 150, 130)
    for one in made[::3]:
        one.status = "approved"
    for one in made[1::5]:
        one.status = "in_review"

    queue = await read_queue(client)

    assert set(queue["ids"]) == drafts(state)
    assert len(queue["ids"]) == queue["total"] == len(drafts(state))
    assert await read_source(client) == source()


@pytest.mark.parametrize("person", ["controller", "buyer", "visitor", None])
async def test_the_same_waits_for_everybody(
    client: Client, state: State, person: str | None
) -> None:
    queue = await read_queue(client, person=person)

    assert set(queue["ids"]) == drafts(state)
    assert queue["total"] == len(drafts(state))


async def test_it_is_ordered_by_due_date_and_then_by_id(
    client: Client, state: State
) -> None:
    made = fill(state, 6, 6, a_day=2)

    queue = await read_queue(client, first=5)

    by_id = sorted(made, key=graph_id)
    by_id.sort(key=lambda one: one.date_due)
    assert queue["ids"] == [graph_id(one) for one in by_id]


async def test_it_costs_a_list_of_each_and_the_names(
    client: Client,
    state: State,
    accounteer: RecordingTransport,
    switch_accounteer: Callable[..., None],
) -> None:
    switch_accounteer(filters=True)
    # What a short page means is learned of a longer one.
    fill(state, 12, 12)
    await read_queue(client)
    made = fill(state, 3, 3)
    accounteer.clear()

    await read_queue(client)

    assert accounteer.calls[:2] == [INVOICES, PURCHASES]
    assert set(accounteer.calls[2:]) == {CONTACTS}
    assert accounteer.params(0) == {"status": "draft", "page": "1", "limit": LIMIT}
    state.purchases.clear()
    accounteer.clear()
    await read_queue(client)
    assert accounteer.calls == [INVOICES, PURCHASES, contact_call(made[0])]


@pytest.mark.parametrize(
    ("count", "is_complete"), [(400, True), (450, True), (600, False)]
)
async def test_five_pages_of_each_are_read_at_most(
    client: Client,
    state: State,
    accounteer: RecordingTransport,
    switch_accounteer: Callable[..., None],
    count: int,
    is_complete: bool,
) -> None:
    switch_accounteer(filters=True, paging=True)
    fill(state, count)

    whole = await read_queue(client)
    accounteer.clear()
    told = await read_source(client)

    assert told == source(is_complete=is_complete)
    assert whole["total"] == (count if is_complete else None)
    assert accounteer.calls.count(INVOICES) <= 6
    assert len(set(whole["ids"])) == len(whole["ids"])
    if is_complete:
        assert set(whole["ids"]) == drafts(state)
    else:
        assert 500 <= len(whole["ids"]) < 600


async def test_drafts_behind_many_others_may_not_be_reached(
    client: Client, state: State, switch_accounteer: Callable[..., None]
) -> None:
    """A filter that is ignored: five pages of all documents are read."""
    switch_accounteer(paging=True)
    made = fill(state, 700, a_day=1)
    for one in made[5:]:
        one.status = "approved"
    made[699].status = "draft"

    queue = await read_queue(client)

    assert queue == {"ids": queue["ids"], "total": None}
    assert set(queue["ids"]) == {graph_id(one) for one in made[:5]}
    assert await read_source(client) == source(is_complete=False)


async def test_who_may_not_see_purchases_is_told_that_more_may_wait(
    client: Client, state: State
) -> None:
    queue = await read_queue(client, person="clerk")

    invoices = {
        graph_id(one)
        for one in everything(state)
        if one.status == "draft" and one.kind == "invoice"
    }
    assert set(queue["ids"]) == invoices
    assert queue["total"] is None
    assert await read_source(client, "clerk") == source(is_complete=False)


async def test_who_may_see_neither_is_told_so(
    client: Client, accounteer: RecordingTransport
) -> None:
    refused = answers(403, {"error": "forbidden"})
    accounteer.interceptors |= {INVOICES: refused, PURCHASES: refused}

    body = await client.execute(QUEUE, {"first": 5})

    [error] = body["errors"]
    del error["extensions"]["requestId"]
    assert error["extensions"] == fault("UPSTREAM_AUTH_FAILED")
    assert body["data"] == {"viewer": {"approvals": None}}
    assert await read_source(client) == source(
        ok=False,
        is_complete=False,
        code="UPSTREAM_AUTH_FAILED",
        message="Accounteer shows this account no invoices.",
    )


async def test_what_is_approved_waits_no_more(client: Client, state: State) -> None:
    made = fill(state, 2, 1)
    approve = """mutation ($id: ID!) { approve(input: {id: $id}) { outcome } }"""

    await client.execute(approve, {"id": graph_id(made[0])})

    assert set((await read_queue(client))["ids"]) == {graph_id(one) for one in made[1:]}


async def test_no_draft_is_a_queue_that_is_empty_and_complete(
    client: Client, state: State, switch_accounteer: Callable[..., None]
) -> None:
    """However many others there are."""
    switch_accounteer(paging=True, filters=True)
    fill(state, 1200, status="approved")

    assert await read_queue(client) == {"ids": [], "total": 0}
    assert await read_source(client) == source()


async def test_a_queue_whose_rest_no_call_gives_is_not_complete(
    client: Client, state: State, accounteer: RecordingTransport
) -> None:
    """`limit` is honoured, and `page` is not: the first page is all that there is."""
    fill(state, 250)
    accounteer.interceptors[INVOICES] = Repeater()

    queue = await read_queue(client)

    assert len(queue["ids"]) == 99
    assert set(queue["ids"]) <= drafts(state)
    assert queue["total"] is None
    assert await read_source(client) == source(is_complete=False)
