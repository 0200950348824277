"""A client that goes away: reads end with it, a write under way does not.

httpx's ASGI transport cannot go away, so these run against uvicorn.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from gateway.app import create_app
from gateway.domain import ProviderName
from gateway.sandbox import Sandbox
from gateway.settings import Settings
from tests.served import SECONDS, Served, serve
from tests.support import Handler, RecordingTransport

APPROVE = "mutation($id: ID!) { approve(input: {id: $id}) { outcome } }"
PENDING = (
    "{ invoices(first: 1, filter: {states: [PENDING], providers: [OTTIMATE]}) "
    "{ nodes { id sourceId } } }"
)


class Gate:
    """Stops a call on its way, and knows what became of it."""

    def __init__(self) -> None:
        self.arrived = asyncio.Event()
        self.opened = asyncio.Event()
        self.ended = asyncio.Event()
        self.ends: list[str] = []

    async def __call__(self, request: httpx.Request, send: Handler) -> httpx.Response:
        self.arrived.set()
        try:
            await self.opened.wait()
            response = await send(request)
        except asyncio.CancelledError:
            self.ends.append("cancelled")
            raise
        else:
            self.ends.append(f"finished: {response.status_code}")
            return response
        finally:
            self.ended.set()


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox()


@pytest.fixture
def ottimate(sandbox: Sandbox) -> RecordingTransport:
    assert sandbox.transport is not None
    return RecordingTransport(sandbox.transport, "/ottimate/v1")


@pytest.fixture
async def server(
    sandbox: Sandbox, ottimate: RecordingTransport
) -> AsyncIterator[Served]:
    app = create_app(
        Settings(), sandbox=sandbox, transports={ProviderName.OTTIMATE: ottimate}
    )
    async with serve(app) as served:
        yield served


@pytest.fixture
def port(server: Served) -> int:
    return server.port


async def connect(
    port: int, query: str, variables: dict[str, Any], method: str = "POST"
) -> asyncio.StreamWriter:
    """Send a request and return its connection, without waiting for the answer."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    base = f"http://127.0.0.1:{port}/graphql"
    request = (
        httpx.Request("POST", base, json={"query": query, "variables": variables})
        if method == "POST"
        else httpx.Request(
            "GET", base, params={"query": query, "variables": json.dumps(variables)}
        )
    )
    lines = [f"{method} {request.url.raw_path.decode()} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in request.headers.items()]
    writer.write("\r\n".join([*lines, "", ""]).encode() + request.content)
    await writer.drain()
    return writer


async def leave(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


async def ask(port: int, query: str) -> dict[str, Any]:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
        response = await http.post("/graphql", json={"query": query})
    body: dict[str, Any] = response.json()
    return body


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_read_is_cancelled_with_its_client(
    port: int, ottimate: RecordingTransport, method: str
) -> None:
    gate = ottimate.interceptors["GET /invoices"] = Gate()

    async with asyncio.timeout(SECONDS):
        writer = await connect(port, PENDING, {}, method)
        await gate.arrived.wait()
        await leave(writer)
        await gate.ended.wait()

    assert gate.ends == ["cancelled"]
    assert ottimate.calls == ["GET /invoices"]


async def test_reads_through_a_loader_are_cancelled_with_their_client(
    port: int, ottimate: RecordingTransport, sandbox: Sandbox
) -> None:
    found = await ask(
        port,
        "{ invoices(first: 3, filter: {providers: [OTTIMATE]}) "
        "{ nodes { sourceId } } }",
    )
    gates = []
    for node in found["data"]["invoices"]["nodes"]:
        gate = ottimate.interceptors[f"GET /invoices/{node['sourceId']}/approvers"] = (
            Gate()
        )
        gates.append(gate)

    async with asyncio.timeout(SECONDS):
        writer = await connect(
            port,
            "{ invoices(first: 3, filter: {providers: [OTTIMATE]}) "
            "{ nodes { approvers { id } } } }",
            {},
        )
        for gate in gates:
            await gate.arrived.wait()
        await leave(writer)
        for gate in gates:
            await gate.ended.wait()

    assert [gate.ends for gate in gates] == [["cancelled"]] * 3


async def test_the_next_client_is_served_after_one_has_gone(
    port: int, ottimate: RecordingTransport
) -> None:
    gate = ottimate.interceptors["GET /invoices"] = Gate()

    async with asyncio.timeout(SECONDS):
        writer = await connect(port, PENDING, {})
        await gate.arrived.wait()
        await leave(writer)
        await gate.ended.wait()
        del ottimate.interceptors["GET /invoices"]
        body = await ask(port, PENDING)

    assert len(body["data"]["invoices"]["nodes"]) == 1


async def test_a_sign_in_is_not_lost_to_the_client_that_began_it(
    port: int, ottimate: RecordingTransport
) -> None:
    gate = ottimate.interceptors["POST /oauth/token"] = Gate()

    async with asyncio.timeout(SECONDS):
        first = await connect(port, PENDING, {})
        await gate.arrived.wait()
        second = asyncio.create_task(ask(port, PENDING))
        await leave(first)
        gate.opened.set()
        body = await second

    assert len(body["data"]["invoices"]["nodes"]) == 1
    assert gate.ends == ["finished: 200"]
    assert ottimate.sign_ins == 1


async def test_a_write_under_way_is_brought_to_its_end(
    port: int, ottimate: RecordingTransport
) -> None:
    async with asyncio.timeout(SECONDS):
        found = await ask(port, PENDING)
        [invoice] = found["data"]["invoices"]["nodes"]
        call = f"POST /invoices/{invoice['sourceId']}/approve"
        gate = ottimate.interceptors[call] = Gate()
        writer = await connect(port, APPROVE, {"id": invoice["id"]})
        await gate.arrived.wait()
        await leave(writer)
        # The server has seen it go once it serves another request.
        await ask(port, "{ __typename }")
        assert gate.ends == []
        gate.opened.set()
        await gate.ended.wait()

    assert gate.ends == ["finished: 200"]
    assert ottimate.calls.count(call) == 1


async def test_a_server_that_stops_finishes_its_write(
    server: Served, port: int, ottimate: RecordingTransport
) -> None:
    async with asyncio.timeout(SECONDS):
        found = await ask(port, PENDING)
        [invoice] = found["data"]["invoices"]["nodes"]
        call = f"POST /invoices/{invoice['sourceId']}/approve"
        gate = ottimate.interceptors[call] = Gate()
        writer = await connect(port, APPROVE, {"id": invoice["id"]})
        await gate.arrived.wait()
        await leave(writer)
        server.stop()
        gate.opened.set()
        await gate.ended.wait()

    assert gate.ends == ["finished: 200"]
