"""Bad input over sockets: a clear answer to each, and a server that stays well."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from gateway.app import create_app
from gateway.operations import digest_of
from gateway.sandbox import Sandbox
from gateway.settings import Settings
from tests.served import SECONDS, Served, open_socket, serve

TEXT = "query Name { __typename }"
MEGABYTES_10 = 10 * 1024 * 1024
APQ = {"persistedQuery": {"version": 1, "sha256Hash": digest_of("other")}}

Refusal = tuple[int, str]


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    path = tmp_path / "app.json"
    path.write_text(json.dumps({"one": TEXT}), encoding="utf-8")
    settings = Settings.model_validate({"operations": {"manifests": [path]}})
    async with serve(create_app(settings, sandbox=Sandbox())) as one:
        yield one


@pytest.fixture
async def http(served: Served) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=served.url, timeout=SECONDS) as client:
        yield client
        # Whatever a test sent, whoever comes next is served.
        response = await client.post("/graphql", json={"query": TEXT})
        assert response.json() == {"data": {"__typename": "Query"}}
        assert (await client.get("/readyz")).status_code == 200


async def refuse(http: httpx.AsyncClient, body: object) -> Refusal:
    """Return the status and the code with which a body is refused."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = await http.post(
        "/graphql",
        content=content,
        headers={
            "Content-Type": "application/json",
            "Accept": "application/graphql-response+json",
        },
    )
    (error,) = response.json()["errors"]
    assert error["extensions"]["requestId"] == response.headers["X-Request-ID"]
    assert error["message"]
    return response.status_code, error["extensions"]["code"]


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({"query": TEXT, "extensions": APQ}, (400, "PERSISTED_QUERY_HASH_MISMATCH")),
        ({"extensions": APQ}, (200, "PERSISTED_QUERY_NOT_FOUND")),
        ({"documentId": "two"}, (404, "PERSISTED_QUERY_NOT_IN_LIST")),
        (
            {"documentId": "one", "query": "{ other }"},
            (400, "CANNOT_SEND_PQ_ID_AND_BODY"),
        ),
        ({"query": TEXT, "variables": "a"}, (400, "BAD_REQUEST")),
        ({"query": TEXT, "variables": [1]}, (400, "BAD_REQUEST")),
        (b'{"query": "{ a }", "query": "{ b }"}', (400, "BAD_REQUEST")),
        (b'{"query": "{ \xff }"}', (400, "BAD_REQUEST")),
        (b'{"query": "{ __typename }', (400, "BAD_REQUEST")),
        (b"[" * 100_000, (400, "BAD_REQUEST")),
        (b"", (400, "BAD_REQUEST")),
        ({"query": "{" * 1_000}, (400, "GRAPHQL_PARSE_FAILED")),
        ({"query": "{ nothing }"}, (400, "GRAPHQL_VALIDATION_FAILED")),
        ({"query": "{" + " __typename" * 3_000 + "}"}, (400, "MAX_TOKENS_LIMIT")),
        ({"query": "a" * MEGABYTES_10}, (413, "BODY_TOO_LARGE")),
    ],
    ids=lambda one: str(one)[:60],
)
async def test_each_is_refused_with_its_code(
    http: httpx.AsyncClient, body: object, refusal: Refusal
) -> None:
    assert await refuse(http, body) == refusal


async def test_a_query_of_10_mb_that_nobody_announced_is_refused(
    http: httpx.AsyncClient,
) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(10):
            yield b'{"query": "' + b"a" * (MEGABYTES_10 // 10)

    response = await http.post(
        "/graphql", content=chunks(), headers={"Content-Type": "application/json"}
    )

    assert response.status_code == 413
    assert response.json()["errors"][0]["extensions"]["code"] == "BODY_TOO_LARGE"


async def _closes(served: Served, *messages: str | bytes) -> tuple[int, str]:
    """Return code and reason with which a WebSocket is closed after some messages."""
    async with open_socket(served) as ws:
        with contextlib.suppress(ConnectionClosed):
            for one in messages:
                await ws.connection.send(one)
        with contextlib.suppress(ConnectionClosed):
            async with asyncio.timeout(SECONDS):
                while True:
                    await ws.connection.recv()
        close = ws.connection.close_code, ws.connection.close_reason
    assert close[0] is not None
    return close[0], close[1] or ""


INIT = '{"type": "connection_init"}'


@pytest.mark.parametrize(
    ("messages", "close"),
    [
        ((), (4408, "Connection initialisation timeout")),
        (('{"type": "ping"}',), (4408, "Connection initialisation timeout")),
        (
            ('{"type": "subscribe", "id": "1", "payload": {"query": "{ a }"}}',),
            (4401, "Unauthorized"),
        ),
        ((INIT, INIT), (4429, "Too many initialisation requests")),
        (
            ('{"type": "connection_init", "payload": {"Authorization": "Bearer no"}}',),
            (4403, "Forbidden"),
        ),
    ],
)
async def test_a_websocket_that_does_not_begin_is_closed(
    http: httpx.AsyncClient, served: Served, messages: Any, close: tuple[int, str]
) -> None:
    del http

    assert await _closes(served, *messages) == close


@pytest.mark.parametrize(
    "message",
    [
        "nonsense",
        '{"type": "nonsense"}',
        b"\x00\x01",
        '{"type": "ping", "type": "pong"}',
        '{"id": "1", "type": "subscribe"}',
    ],
)
async def test_a_websockets_nonsense_closes_it(
    http: httpx.AsyncClient, served: Served, message: str | bytes
) -> None:
    del http

    code, reason = await _closes(served, INIT, message)

    assert code == 4400
    assert reason


async def test_a_frame_of_10_mb_closes_a_websocket(
    http: httpx.AsyncClient, served: Served
) -> None:
    del http

    assert (await _closes(served, INIT, "a" * MEGABYTES_10))[0] == 1009
