"""graphql-transport-ws over the real application."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from gateway.app import create_app
from gateway.domain import ProviderName, encode_id
from gateway.sandbox import Sandbox
from gateway.settings import Settings
from tests.served import SECONDS, Served, complete, next_of, open_socket, serve
from tests.small import Held
from tests.support import Handler, RecordingTransport

BOOKING = encode_id("Booking", ProviderName.PRODUCTIVE, "305")
VIEWER = f'{{ node(id: "{BOOKING}") {{ ... on Booking {{ viewerActions }} }} }}'
PENDING = (
    "{ invoices(first: 1, filter: {states: [PENDING], providers: [OTTIMATE]}) "
    "{ nodes { id sourceId } } }"
)
APPROVERS = "query ($id: ID!) { invoice(id: $id) { approvers { id } } }"
APPROVE = "mutation ($id: ID!) { approve(input: {id: $id}) { outcome } }"
WATCH = "subscription ($ids: [ID!]) { approvalChanged(ids: $ids) { cause } }"
WATCH_APPROVERS = (
    "subscription { approvalChanged { approvable { ... on Invoice { approvers { id } } "
    "} } }"
)
CHANGED = {"approvalChanged": {"cause": "GATEWAY"}}


@pytest.fixture
async def served(
    sandbox: Sandbox, ottimate: RecordingTransport
) -> AsyncIterator[Served]:
    app = create_app(
        Settings(), sandbox=sandbox, transports={ProviderName.OTTIMATE: ottimate}
    )
    async with serve(app) as served:
        yield served


@pytest.fixture
async def invoice(served: Served) -> dict[str, str]:
    async with httpx.AsyncClient(base_url=served.url) as http:
        response = await http.post("/graphql", json={"query": PENDING})
    [found] = response.json()["data"]["invoices"]["nodes"]
    node: dict[str, str] = found
    return node


async def test_a_decision_is_told_to_whoever_watches(
    served: Served, invoice: dict[str, str]
) -> None:
    variables: dict[str, Any] = {"ids": [invoice["id"]]}
    async with open_socket(served) as watching, open_socket(served) as deciding:
        for ws in (watching, deciding):
            await ws.begin()
        await watching.subscribe("all", WATCH)
        await watching.subscribe("one", WATCH, variables=variables)
        await watching.send(type="ping")
        assert await watching.receive() == {"type": "pong"}
        await deciding.subscribe("1", APPROVE, variables={"id": invoice["id"]})

        assert await deciding.receive() == next_of(
            "1", {"approve": {"outcome": "APPLIED"}}
        )
        assert await deciding.receive() == complete("1")
        told = [await watching.receive() for _ in range(2)]

    assert sorted(told, key=lambda one: one["id"]) == [
        next_of("all", CHANGED),
        next_of("one", CHANGED),
    ]


async def test_who_one_is_holds_for_the_connection(
    served: Served, sandbox: Sandbox
) -> None:
    first, *_, last = sandbox.persons
    answers = {}
    for person in (first, last):
        async with open_socket(
            served, headers={"Authorization": "Bearer demo-nobody"}
        ) as ws:
            await ws.begin({"headers": {"authorization": f"Bearer demo-{person}"}})
            await ws.subscribe("1", VIEWER)
            answers[person] = await ws.receive()
    async with httpx.AsyncClient(base_url=served.url) as http:
        for person, answer in answers.items():
            response = await http.post(
                "/graphql",
                json={"query": VIEWER},
                headers={"Authorization": f"Bearer demo-{person}"},
            )
            assert answer == next_of("1", response.json()["data"])

    assert answers[first] != answers[last]


async def test_who_is_unknown_is_closed(served: Served) -> None:
    async with open_socket(served) as ws:
        payload = {"Authorization": "Bearer demo-nobody"}
        await ws.send(type="connection_init", payload=payload)

        assert await ws.closed() == (4403, "Forbidden")


@pytest.mark.parametrize("leaves", [False, True])
async def test_upstream_reads_end_with_who_asked(
    served: Served,
    invoice: dict[str, str],
    ottimate: RecordingTransport,
    *,
    leaves: bool,
) -> None:
    held = Held()

    async def hold(request: httpx.Request, send: Handler) -> httpx.Response:
        await held.wait()
        return await send(request)

    ottimate.interceptors[f"GET /invoices/{invoice['sourceId']}/approvers"] = hold
    async with open_socket(served) as ws, asyncio.timeout(SECONDS):
        await ws.begin()
        await ws.subscribe("1", APPROVERS, variables={"id": invoice["id"]})
        await held.begun.wait()
        if leaves:
            await ws.connection.close()
        else:
            await ws.send(type="complete", id="1")
        await held.ended.wait()

    assert held.ends == ["cancelled"]


async def test_the_reads_of_an_event_end_with_who_watches(
    served: Served, invoice: dict[str, str], ottimate: RecordingTransport
) -> None:
    held = Held()

    async def hold(request: httpx.Request, send: Handler) -> httpx.Response:
        await held.wait()
        return await send(request)

    ottimate.interceptors[f"GET /invoices/{invoice['sourceId']}/approvers"] = hold
    async with open_socket(served) as ws, asyncio.timeout(SECONDS):
        await ws.begin()
        await ws.subscribe("watch", WATCH_APPROVERS)
        await ws.subscribe("1", APPROVE, variables={"id": invoice["id"]})
        await held.begun.wait()
        await ws.send(type="complete", id="watch")
        await held.ended.wait()

    assert held.ends == ["cancelled"]
