"""graphql-sse over sockets: what is sent when, and what ends it.

https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md
"""

import asyncio
import json
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.app import create_app
from gateway.errors import ForbiddenError
from gateway.sandbox import Sandbox
from gateway.server.streams.sse import event_stream
from gateway.settings import Settings
from tests.served import SECONDS, Served, open_stream, serve

EVENTS = "text/event-stream"
COMMENT = ":\n\n"
COMPLETE = "event: complete\ndata:\n\n"
WATCH = "subscription { approvalChanged { cause approvable { title } } }"
PENDING = (
    "{ invoices(first: 1, filter: {states: [PENDING], providers: [OTTIMATE]}) "
    "{ nodes { id title } } }"
)
APPROVE = "mutation ($id: ID!) { approve(input: {id: $id}) { outcome } }"


class Source:
    """Bodies that a test lets go, and what became of who gives them."""

    def __init__(self) -> None:
        self.bodies: asyncio.Queue[dict[str, Any] | Exception | None] = asyncio.Queue()
        self.ended = asyncio.Event()
        self.given_bytes = 0

    async def give(self) -> AsyncGenerator[dict[str, Any]]:
        try:
            while (body := await self.bodies.get()) is not None:
                if isinstance(body, Exception):
                    raise body
                yield body
        finally:
            self.ended.set()

    async def give_endlessly(self) -> AsyncGenerator[dict[str, Any]]:
        try:
            while True:
                self.given_bytes += 50_000
                yield {"data": 50_000 * "x"}
        finally:
            self.ended.set()


def create_streams(
    bodies: Callable[[], AsyncGenerator[dict[str, Any]]], **options: Any
) -> Starlette:
    async def answer(request: Request) -> Response:
        await request.body()
        return event_stream(bodies(), "the-id", **options)

    return Starlette(routes=[Route("/graphql", answer, methods=["POST"])])


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
async def served(source: Source) -> AsyncIterator[Served]:
    async with serve(create_streams(source.give)) as served:
        yield served


def next_event(body: Any) -> str:
    text = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    return f"event: next\ndata: {text}\n\n"


class TestEvents:
    async def test_the_answer_is_for_no_cache_and_no_buffer(
        self, served: Served, source: Source
    ) -> None:
        source.bodies.put_nowait(None)
        async with open_stream(served, "", accept=EVENTS) as stream:
            headers = stream.response.headers

        assert stream.response.status_code == 200
        assert headers["content-type"] == "text/event-stream; charset=utf-8"
        assert headers["cache-control"] == "no-store"
        assert headers["x-accel-buffering"] == "no"

    async def test_each_body_is_sent_at_once(
        self, served: Served, source: Source
    ) -> None:
        async with open_stream(served, "", accept=EVENTS) as stream:
            assert await stream.until("\n\n") == COMMENT
            for number in range(3):
                source.bodies.put_nowait({"data": {"text": f"{number}\n\nü"}})
                event = await stream.until("\n\n")
                assert event.startswith("event: next\ndata: {")
                body = json.loads(event.partition("data: ")[2])
                assert body == {"data": {"text": f"{number}\n\nü"}}
            source.bodies.put_nowait(None)

            assert await stream.rest() == COMPLETE

    async def test_what_is_raised_is_one_more_event(
        self, served: Served, source: Source
    ) -> None:
        source.bodies.put_nowait({"data": 1})
        source.bodies.put_nowait(ForbiddenError("No more."))
        extensions = {"code": "FORBIDDEN", "retryable": False, "requestId": "the-id"}
        async with open_stream(served, "", accept=EVENTS) as stream:
            text = await stream.rest()

        assert text == "".join(
            [
                COMMENT,
                next_event({"data": 1}),
                next_event(
                    {
                        "errors": [{"message": "No more.", "extensions": extensions}],
                        "extensions": {"requestId": "the-id"},
                    }
                ),
                COMPLETE,
            ]
        )

    async def test_a_bug_is_masked(self, served: Served, source: Source) -> None:
        source.bodies.put_nowait(ValueError("a secret"))
        async with open_stream(served, "", accept=EVENTS) as stream:
            text = await stream.rest()

        assert "Unexpected error." in text
        assert "a secret" not in text
        assert text.endswith(COMPLETE)

    async def test_a_silent_stream_is_kept_open(self, source: Source) -> None:
        async with (
            serve(create_streams(source.give, idle_seconds=0.02)) as served,
            open_stream(served, "", accept=EVENTS) as stream,
        ):
            assert await stream.until(3 * COMMENT) == 3 * COMMENT
            source.bodies.put_nowait(None)

            assert (await stream.rest()).endswith(COMPLETE)


class TestEnds:
    async def test_a_client_that_goes_ends_it(
        self, served: Served, source: Source
    ) -> None:
        async with open_stream(served, "", accept=EVENTS) as stream:
            source.bodies.put_nowait({"data": 1})
            await stream.until(next_event({"data": 1}))
            assert not source.ended.is_set()
        async with asyncio.timeout(SECONDS):
            await source.ended.wait()

    async def test_one_that_does_not_read_ends_it(self, source: Source) -> None:
        app = create_streams(source.give_endlessly, send_seconds=0.3)
        async with serve(app) as served:
            with socket.socket() as stalled:
                stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
                stalled.setblocking(False)
                loop = asyncio.get_running_loop()
                await loop.sock_connect(stalled, ("127.0.0.1", served.port))
                request = b"POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n"
                await loop.sock_sendall(stalled, request + b"\r\n")
                async with asyncio.timeout(SECONDS):
                    await source.ended.wait()
                kept = sum(
                    one.transport.get_write_buffer_size()
                    for one in served.server.server_state.connections
                )

        assert kept < 200_000
        # The system's own buffers are the rest.
        assert source.given_bytes < 20_000_000

    async def test_a_server_that_stops_asks_to_come_back(self, source: Source) -> None:
        """Clients take `complete` for the end, and do not subscribe again."""
        app = create_streams(source.give)
        async with (
            serve(app) as served,
            open_stream(served, "", accept=EVENTS) as stream,
        ):
            source.bodies.put_nowait({"data": 1})
            await stream.until(next_event({"data": 1}))
            app.state.stopping = True
            source.bodies.put_nowait(None)

            assert await stream.rest() == ""


class TestGateway:
    """Over the real application."""

    @pytest.fixture
    async def served(self) -> AsyncIterator[Served]:
        async with serve(create_app(Settings(), sandbox=Sandbox())) as served:
            yield served

    async def test_a_query_is_one_event(self, served: Served) -> None:
        async with open_stream(served, "{ __typename }", accept=EVENTS) as stream:
            assert await stream.rest() == "".join(
                [COMMENT, next_event({"data": {"__typename": "Query"}}), COMPLETE]
            )

    async def test_a_decision_is_told(self, served: Served) -> None:
        async with open_stream(served, PENDING, accept="application/json") as stream:
            found = json.loads(await stream.rest())
        [invoice] = found["data"]["invoices"]["nodes"]
        async with open_stream(served, WATCH, accept=EVENTS) as watch:
            await watch.until(COMMENT)
            variables = {"id": invoice["id"]}
            async with open_stream(
                served, APPROVE, accept="application/json", variables=variables
            ) as stream:
                await stream.rest()
            event = await watch.until("\n\n")

        change = {"cause": "GATEWAY", "approvable": {"title": invoice["title"]}}
        assert event == next_event({"data": {"approvalChanged": change}})

    async def test_what_cannot_begin_is_plain(self, served: Served) -> None:
        async with open_stream(served, "subscription {", accept=EVENTS) as stream:
            body = json.loads(await stream.rest())

        assert stream.response.status_code == 400
        [error] = body["errors"]
        assert error["extensions"]["code"] == "GRAPHQL_PARSE_FAILED"
