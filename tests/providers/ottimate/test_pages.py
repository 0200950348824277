"""Ottimate's list in pages: nothing lost, nothing doubled, and what each costs."""

import base64
from datetime import UTC, timedelta
from random import Random
from uuid import UUID

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from gateway.app import create_app
from gateway.providers.ottimate.simulator import OttimateSimulator
from gateway.providers.ottimate.simulator.state import Invoice, State
from gateway.sandbox import Sandbox
from gateway.settings import Settings
from tests.providers.ottimate.reading import (
    LIST,
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
    FakeTime,
    Handler,
    RecordingTransport,
    ottimate_simulator,
)


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
                LIST, {"first": first, "after": after, "filter": own(wanted)}
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
