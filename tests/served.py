"""Serves an application over sockets, and speaks to it as clients do.

httpx's ASGI transport knows no WebSockets, gives an answer only once it is whole, and
cannot go away.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
import pytest
import uvicorn
from msgspec import Struct
from starlette.types import ASGIApp
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from gateway.cli.listening import listen_options

SECONDS = 10
SUBPROTOCOL = Subprotocol("graphql-transport-ws")


class Served(Struct, frozen=True):
    """An application at a port of this machine."""

    server: uvicorn.Server
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        """Tell the server to stop, as a signal would."""
        self.server.should_exit = True


@contextlib.asynccontextmanager
async def serve(app: ASGIApp, **options: Any) -> AsyncIterator[Served]:
    """Serve an application in the loop of the test, with the gateway's own options."""
    config = uvicorn.Config(app, **{**listen_options("127.0.0.1", 0), **options})
    server = uvicorn.Server(config)
    with server.config.bind_socket() as bound:
        # `serve` would take pytest's signal handlers.
        task = asyncio.create_task(server._serve(sockets=[bound]))
        async with asyncio.timeout(SECONDS):
            while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
                await asyncio.sleep(0.01)
        try:
            yield Served(server, server.servers[0].sockets[0].getsockname()[1])
        finally:
            server.should_exit = True
            async with asyncio.timeout(SECONDS):
                await task


class Socket:
    """A raw WebSocket: each message is the JSON that was sent or received."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def send(self, **message: Any) -> None:
        await self.connection.send(json.dumps(message))

    async def receive(self) -> Any:
        async with asyncio.timeout(SECONDS):
            return json.loads(await self.connection.recv())

    async def begin(self, payload: dict[str, Any] | None = None) -> None:
        """Begin, and wait for the acknowledgement."""
        more = {} if payload is None else {"payload": payload}
        await self.send(type="connection_init", **more)
        assert await self.receive() == {"type": "connection_ack"}

    async def subscribe(self, name: str, query: str, **more: Any) -> None:
        payload = {"query": query, **more}
        await self.send(type="subscribe", id=name, payload=payload)

    async def closed(self) -> tuple[int | None, str | None]:
        """Return the code and the reason with which the server closed."""
        async with asyncio.timeout(SECONDS):
            await self.connection.wait_closed()
        return self.connection.close_code, self.connection.close_reason


@contextlib.asynccontextmanager
async def open_socket(
    served: Served,
    *,
    headers: Mapping[str, str] | None = None,
    subprotocols: list[str] | None = None,
    **options: Any,
) -> AsyncIterator[Socket]:
    """Connect a WebSocket to ``/graphql``."""
    offered = [SUBPROTOCOL] if subprotocols is None else subprotocols
    async with connect(
        f"ws://127.0.0.1:{served.port}/graphql",
        subprotocols=[Subprotocol(one) for one in offered] or None,
        additional_headers=headers,
        proxy=None,
        open_timeout=SECONDS,
        close_timeout=1,
        ping_interval=None,
        **options,
    ) as connection:
        yield Socket(connection)


def next_of(name: str, data: Any) -> dict[str, Any]:
    """Return the message with the data of an operation."""
    return {"id": name, "type": "next", "payload": {"data": data}}


def complete(name: str) -> dict[str, Any]:
    """Return the message that an operation has no more to tell."""
    return {"id": name, "type": "complete"}


def handshake(served: Served) -> bytes:
    """Return a request for a WebSocket, to be written by hand."""
    lines = [
        "GET /graphql HTTP/1.1",
        f"Host: 127.0.0.1:{served.port}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        f"Sec-WebSocket-Protocol: {SUBPROTOCOL}",
    ]
    return "\r\n".join([*lines, "", ""]).encode()


async def logged(logs: list[Any]) -> None:
    """Return once something was logged."""
    async with asyncio.timeout(SECONDS):
        while not logs:  # noqa: ASYNC110 - a log has no event
            await asyncio.sleep(0.01)


def problems(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what the server would print."""
    return [
        one.getMessage() for one in caplog.records if one.levelno >= logging.WARNING
    ]


class Stream:
    """An answer over HTTP, read as it comes."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._chunks = response.aiter_bytes()
        self._text = ""

    async def until(self, end: str) -> str:
        """Return what comes up to and with *end*."""
        async with asyncio.timeout(SECONDS):
            while end not in self._text:
                self._text += (await anext(self._chunks)).decode()
        found, _, self._text = self._text.partition(end)
        return found + end

    async def rest(self) -> str:
        """Return what is still to come."""
        async with asyncio.timeout(SECONDS):
            async for chunk in self._chunks:
                self._text += chunk.decode()
        rest, self._text = self._text, ""
        return rest


@contextlib.asynccontextmanager
async def open_stream(
    served: Served, query: str, *, accept: str, path: str = "/graphql", **more: Any
) -> AsyncIterator[Stream]:
    """Send an operation by POST, and return its answer as soon as it begins."""
    async with (
        httpx.AsyncClient(base_url=served.url, timeout=SECONDS) as http,
        http.stream(
            "POST", path, json={"query": query, **more}, headers={"Accept": accept}
        ) as response,
    ):
        yield Stream(response)
