"""graphql-transport-ws, on a small graph: how operations and connections end."""

import asyncio
import contextlib
import json
import socket
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs
from websockets.asyncio.client import connect

from tests.served import (
    SECONDS,
    SUBPROTOCOL,
    Served,
    Socket,
    complete,
    handshake,
    logged,
    next_of,
    open_socket,
    problems,
    serve,
)
from tests.small import Small

HELLO = "{ hello }"
ENDLESS = "subscription { endless }"
BIG = "subscription Big($size: Int!) { big(size: $size) }"


@pytest.fixture
def small() -> Small:
    return Small()


@pytest.fixture
async def served(small: Small) -> AsyncIterator[Served]:
    async with serve(small.create_app()) as served:
        yield served


@pytest.fixture
async def ws(served: Served) -> AsyncIterator[Socket]:
    """A connection that has begun."""
    async with open_socket(served) as opened:
        await opened.begin()
        yield opened


class TestEnds:
    async def test_a_client_completes_a_subscription(
        self, ws: Socket, small: Small
    ) -> None:
        await ws.subscribe("1", ENDLESS)
        assert await ws.receive() == next_of("1", {"endless": 0})
        await ws.send(type="complete", id="1")
        async with asyncio.timeout(SECONDS):
            await small.streams_ended.wait()
        await ws.send(type="ping")

        assert await ws.receive() == {"type": "pong"}
        assert small.open_streams == 0

    @pytest.mark.parametrize("leaves", [False, True])
    @pytest.mark.parametrize("query", ["{ held }", "subscription { held }"])
    async def test_reads_end_with_their_client(
        self, ws: Socket, small: Small, query: str, *, leaves: bool
    ) -> None:
        held = small.event if query.startswith("subscription") else small.query
        await ws.subscribe("1", query)
        async with asyncio.timeout(SECONDS):
            await held.begun.wait()
            if leaves:
                await ws.connection.close()
            else:
                await ws.send(type="complete", id="1")
            await held.ended.wait()

        assert held.ends == ["cancelled"]

    @pytest.mark.parametrize("leaves", [False, True])
    async def test_a_write_is_seen_to_its_end(
        self, ws: Socket, small: Small, *, leaves: bool
    ) -> None:
        await ws.subscribe("1", "mutation { write }")
        async with asyncio.timeout(SECONDS):
            await small.write.begun.wait()
            if leaves:
                await ws.connection.close()
            else:
                await ws.send(type="complete", id="1")
                await ws.subscribe("1", HELLO)
                assert await ws.receive() == next_of("1", {"hello": "world"})
                assert await ws.receive() == complete("1")
            assert small.write.ends == []
            small.write.opened.set()
            await small.write.ended.wait()
        assert small.write.ends == ["finished"]
        if not leaves:
            await ws.send(type="ping")
            assert await ws.receive() == {"type": "pong"}

    async def test_a_client_that_vanishes_ends_its_subscriptions(
        self, served: Served, small: Small
    ) -> None:
        async with open_socket(served) as ws:
            await ws.begin()
            await ws.subscribe("1", ENDLESS)
            assert await ws.receive() == next_of("1", {"endless": 0})
            ws.connection.transport.abort()
            async with asyncio.timeout(SECONDS):
                await small.streams_ended.wait()

        assert small.open_streams == 0

    async def test_a_server_that_stops_asks_to_come_back(self, small: Small) -> None:
        async with serve(small.create_app()) as served, open_socket(served) as ws:
            await ws.begin()
            await ws.subscribe("1", ENDLESS)
            assert await ws.receive() == next_of("1", {"endless": 0})
            served.stop()

            code, _ = await ws.closed()

        assert code == 1012
        assert small.open_streams == 0

    async def test_a_stream_that_ends_early_is_not_completed(
        self, ws: Socket, small: Small
    ) -> None:
        """Else clients would take it for the end, and not subscribe again."""
        assert small.app is not None
        small.app.state.stopping = True
        await ws.subscribe("1", "subscription { count(to: 0) }")

        assert await ws.closed() == (1001, "Going away")

    async def test_a_server_that_stops_finishes_its_write(self, small: Small) -> None:
        async with serve(small.create_app()) as served, open_socket(served) as ws:
            await ws.begin()
            await ws.subscribe("1", "mutation { write }")
            async with asyncio.timeout(SECONDS):
                await small.write.begun.wait()
            served.stop()
            code, _ = await ws.closed()
            assert small.write.ends == []
            small.write.opened.set()

        assert code == 1012
        assert small.write.ends == ["finished"]

    async def test_a_bug_at_the_beginning_is_closed_and_logged(
        self, served: Served, small: Small
    ) -> None:
        small.is_broken = True
        with capture_logs() as logs:
            async with open_socket(served) as ws:
                await ws.send(type="connection_init")

                assert await ws.closed() == (4500, "Internal server error")
        assert [one["event"] for one in logs] == ["unexpected_error", "websocket"]

    async def test_a_timeout_of_ours_is_a_bug(
        self, served: Served, small: Small, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def authenticate(_: object) -> None:
            raise TimeoutError("a secret")

        monkeypatch.setattr(small.runner, "authenticate", authenticate)
        with capture_logs() as logs:
            async with open_socket(served) as ws:
                await ws.send(type="connection_init")

                assert await ws.closed() == (4500, "Internal server error")
        assert [one["event"] for one in logs] == ["unexpected_error", "websocket"]

    async def test_what_cannot_be_sent_is_closed_and_logged(
        self, served: Served, small: Small
    ) -> None:
        with capture_logs([merge_contextvars]) as logs:
            async with open_socket(served) as ws:
                await ws.begin()
                await ws.subscribe("1", ENDLESS)
                assert await ws.receive() == next_of("1", {"endless": 0})
                await ws.subscribe("2", "subscription { unfit }")

                assert await ws.closed() == (4500, "Internal server error")
            async with asyncio.timeout(SECONDS):
                await small.streams_ended.wait()
        bug, end = logs
        assert (bug["event"], end["event"]) == ("unexpected_error", "websocket")
        assert bug["connection_id"] == end["connection_id"]
        assert "request_id" in bug
        assert "request_id" not in end

    async def test_the_end_of_a_connection_is_logged(self, served: Served) -> None:
        with capture_logs([merge_contextvars]) as logs:
            async with open_socket(served) as ws:
                await ws.begin()
                await ws.subscribe("1", HELLO)
                assert await ws.receive() == next_of("1", {"hello": "world"})
            await logged(logs)

        [line] = logs
        assert line.pop("duration_ms") > 0
        uuid.UUID(line.pop("connection_id"))
        assert line == {
            "event": "websocket",
            "log_level": "info",
            "code": 1000,
            "operations": 1,
        }


class TestServerCloses:
    """The server itself has closed the connection; what follows has nobody to go to."""

    BAD = b"\x81\x82" + 4 * b"\0" + b"\xff\xfe"

    @pytest.mark.parametrize(
        "message", [{"type": "connection_init"}, {"type": "ping"}, {"type": "other"}]
    )
    async def test_what_is_still_to_be_sent_is_let_go(
        self,
        served: Served,
        caplog: pytest.LogCaptureFixture,
        message: dict[str, Any],
    ) -> None:
        with capture_logs() as logs:
            reader, writer = await connect_raw(served)
            writer.write(frame(message) + self.BAD)
            async with asyncio.timeout(SECONDS):
                rest = await reader.read()
            await logged(logs)
            writer.close()

        assert rest == b"\x88\x02" + (1007).to_bytes(2, "big")
        assert [one["event"] for one in logs] == ["websocket"]
        assert problems(caplog) == []

    async def test_a_write_is_waited_for(
        self, served: Served, small: Small, caplog: pytest.LogCaptureFixture
    ) -> None:
        payload = {"query": "mutation { write }"}
        with capture_logs() as logs:
            reader, writer = await connect_raw(served)
            writer.write(
                frame({"type": "connection_init"})
                + frame({"type": "subscribe", "id": "1", "payload": payload})
            )
            async with asyncio.timeout(SECONDS):
                await small.write.begun.wait()
                writer.write(frame({"type": "ping"}) + self.BAD)
                await reader.read()
                await asyncio.sleep(0.05)
                assert (logs, small.write.ends) == ([], [])
                small.write.opened.set()
                await logged(logs)
            writer.close()

        assert small.write.ends == ["finished"]
        assert [one["event"] for one in logs] == ["websocket"]
        assert problems(caplog) == []


class TestSlowReaders:
    """A client that sends and does not read takes no room here."""

    async def stalled(self, served: Served) -> socket.socket:
        """Return a socket with a small window, which is never read."""
        small = socket.socket()
        small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        small.setblocking(False)
        await asyncio.get_running_loop().sock_connect(small, ("127.0.0.1", served.port))
        return small

    async def test_one_that_does_not_read_is_given_up(self, small: Small) -> None:
        async with serve(small.create_app(send_seconds=0.3)) as served:
            stalled = await self.stalled(served)
            async with connect(
                f"ws://127.0.0.1:{served.port}/graphql",
                sock=stalled,
                subprotocols=[SUBPROTOCOL],
                proxy=None,
                max_queue=1,
                close_timeout=0.1,
            ) as connection:
                ws = Socket(connection)
                await ws.begin()
                await ws.subscribe("1", BIG, variables={"size": 50_000})
                async with asyncio.timeout(SECONDS):
                    await small.streams_ended.wait()
                kept = sum(
                    one.transport.get_write_buffer_size()
                    for one in served.server.server_state.connections
                )
                connection.transport.abort()

        assert small.open_streams == 0
        assert kept < 200_000
        # The system's own buffers are the rest.
        assert small.sent_bytes < 20_000_000

    async def test_pings_that_nobody_reads_are_not_answered(
        self, served: Served
    ) -> None:
        raw = await self.stalled(served)
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(raw, handshake(served))
        assert (await loop.sock_recv(raw, 12)) == b"HTTP/1.1 101"
        ping = b"\x89\xfd\0\0\0\0" + 125 * b"x"
        kept = []
        for _ in range(200):
            async with asyncio.timeout(SECONDS):
                await loop.sock_sendall(raw, 1_000 * ping)
            kept += [
                one.transport.get_write_buffer_size()
                for one in served.server.server_state.connections
            ]
        raw.close()

        assert max(kept) < 400_000

    async def test_what_is_sent_beyond_what_is_read_is_not_taken(
        self, small: Small
    ) -> None:
        async with serve(small.create_app(send_seconds=0.3)) as served:
            raw = await self.stalled(served)
            loop = asyncio.get_running_loop()
            await loop.sock_sendall(raw, handshake(served))
            assert (await loop.sock_recv(raw, 12)) == b"HTTP/1.1 101"
            await loop.sock_sendall(raw, frame({"type": "connection_init"}))
            ping = frame({"type": "ping", "payload": {"text": 5_000 * "x"}})
            sent = 0
            with contextlib.suppress(TimeoutError):
                while sent < 30_000_000:
                    async with asyncio.timeout(1):
                        await loop.sock_sendall(raw, 10 * ping)
                    sent += 50_000
            raw.close()

        assert sent < 30_000_000


async def connect_raw(
    served: Served,
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Return a connection whose frames are written by hand."""
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write(handshake(served))
    async with asyncio.timeout(SECONDS):
        await reader.readuntil(b"\r\n\r\n")
    return reader, writer


def frame(message: dict[str, Any]) -> bytes:
    """Return a masked text frame; the mask is zero."""
    body = json.dumps(message).encode()
    size = (
        bytes([0x80 | len(body)])
        if len(body) < 126
        else b"\xfe" + len(body).to_bytes(2, "big")
    )
    return b"\x81" + size + 4 * b"\0" + body
