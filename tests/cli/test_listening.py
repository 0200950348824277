"""What `gateway serve` does for its sockets, and with open ones as it ends."""

import asyncio
import itertools
import json
import signal
import socket
import time
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from gateway.cli.listening import bind, listen_options
from gateway.settings import LimitSettings
from tests.cli.processes import BANNER, SECONDS, Process, url_of
from tests.served import Served, handshake, problems, serve
from tests.small import Small

WATCH = "subscription { approvalChanged { cause } }"


@pytest.fixture
def process() -> Iterator[Process]:
    """Return a gateway over the sandbox, in a process of its own."""
    process = Process("serve", "--port", "0")
    yield process
    process.stop()


async def nothing(*_: object) -> None:
    """Serve nothing."""


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the request."""
    if scope["type"] == "http":
        request = Request(scope, receive)
        line = f"{request.method} {request.url.path}?{request.url.query}"
        text = f"{line} h2c={'upgrade' in request.headers} "
        response = Response(text.encode() + await request.body())
        await response(scope, receive, send)


def test_the_system_gives_up_who_reads_nothing() -> None:
    """TCP_USER_TIMEOUT counts while a window is closed as well (Linux 5.11)."""
    config = uvicorn.Config(nothing, **listen_options("127.0.0.1", 0))
    with bind(config) as bound, socket.create_connection(bound.getsockname()):
        accepted, _ = bound.accept()
        with accepted:
            kept = accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)

    assert kept == 60_000


def test_messages_are_bounded_as_bodies_are() -> None:
    options = listen_options("127.0.0.1", 0)

    assert options["ws_max_size"] == LimitSettings().body_bytes
    assert options["ws_per_message_deflate"] is False


class TestUpgrades:
    """Another protocol than WebSocket is passed over (RFC 9110, 7.8)."""

    @pytest.fixture
    async def served(self) -> AsyncIterator[Served]:
        async with serve(echo) as served:
            yield served

    async def exchange(self, served: Served, *parts: bytes) -> list[tuple[int, bytes]]:
        """Send a request in parts; return the answers up to the connection's end."""
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0.02)
        answers = []
        async with asyncio.timeout(SECONDS):
            while line := await reader.readline():
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = int(head.partition(b"content-length: ")[2].split(b"\r\n")[0])
                answers.append((int(line.split()[1]), await reader.readexactly(length)))
        writer.close()
        return answers

    def head(self, *lines: str, method: str = "POST") -> bytes:
        first = f"{method} /there?a=b HTTP/1.1"
        return "\r\n".join([first, "Host: localhost", *lines, "", ""]).encode()

    OFFER = (
        "Connection: Upgrade, HTTP2-Settings",
        "Upgrade: h2c",
        "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA",
    )

    @pytest.mark.parametrize("sizes", [(), (0,), (3,), (0, 5), (-20, 1)])
    async def test_the_body_is_read_however_it_comes(
        self, served: Served, sizes: tuple[int, ...], caplog: pytest.LogCaptureFixture
    ) -> None:
        head = self.head(*self.OFFER, "Content-Length: 9")
        request = head + b'{"a": 12}' + self.head("Connection: close", method="GET")
        cuts = [0, *(len(head) + size for size in sizes), len(request)]
        parts = [request[one:other] for one, other in itertools.pairwise(cuts)]

        answers = await self.exchange(served, *parts)

        assert answers == [
            (200, b'POST /there?a=b h2c=False {"a": 12}'),
            (200, b"GET /there?a=b h2c=False "),
        ]
        assert problems(caplog) == []

    async def test_a_body_in_chunks_is_read(self, served: Served) -> None:
        head = self.head(*self.OFFER, "Transfer-Encoding: chunked")
        body = b"2\r\n{}\r\n0\r\n\r\n"
        end = self.head("Connection: close", method="GET")

        answers = await self.exchange(served, head + body, end)

        assert [body for _, body in answers] == [
            b"POST /there?a=b h2c=False {}",
            b"GET /there?a=b h2c=False ",
        ]

    async def test_many_offers_are_passed_over(self, served: Served) -> None:
        offers = 500 * self.head(*self.OFFER, method="GET")
        end = self.head(*self.OFFER, "Connection: close")

        answers = await self.exchange(served, offers + end)

        assert [status for status, _ in answers] == 501 * [200]

    async def test_a_tunnel_is_none(self, served: Served) -> None:
        request = self.head(*self.OFFER, "Connection: close", method="CONNECT")

        [(status, _)] = await self.exchange(served, request)

        assert status == 200


class TestHandshakes:
    """What a client may cause is nothing for the server's own log."""

    @pytest.fixture
    async def served(self) -> AsyncIterator[Served]:
        async with serve(Small().create_app()) as served:
            yield served

    async def send(self, served: Served, *lines: str) -> bytes:
        """Send a handshake with lines of one's own; return all that comes back."""
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        more = "\r\n".join([*lines, "", ""]).encode()
        writer.write(handshake(served).removesuffix(b"\r\n") + more)
        async with asyncio.timeout(SECONDS):
            answer = await reader.read()
        writer.close()
        return answer

    async def test_a_refusal_is_one_answer(
        self, served: Served, caplog: pytest.LogCaptureFixture
    ) -> None:
        answer = await self.send(served, "Origin: https://other.example")

        assert answer.startswith(b"HTTP/1.1 403 ")
        assert answer.count(b"HTTP/1.1") == 1
        assert problems(caplog) == []

    async def test_headers_that_are_too_large_are_refused(
        self, served: Served, caplog: pytest.LogCaptureFixture
    ) -> None:
        answer = await self.send(served, "Cookie: " + 9_000 * "x")

        assert answer.startswith(b"HTTP/1.1 431 ")
        assert problems(caplog) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_open_streams_do_not_hold_up_the_end(process: Process, number: int) -> None:
    url = url_of(process.read(lines=BANNER)[1])
    subscription = {"type": "subscribe", "id": "1", "payload": {"query": WATCH}}
    with (
        httpx.stream(
            "POST",
            f"{url}/graphql",
            json={"query": WATCH},
            headers={"Accept": "text/event-stream"},
            timeout=SECONDS,
        ) as stream,
        connect(
            f"ws{url.removeprefix('http')}/graphql",
            subprotocols=[Subprotocol("graphql-transport-ws")],
            proxy=None,
        ) as watching,
    ):
        events = stream.iter_text()
        assert next(events) == ":\n\n"
        watching.send(json.dumps({"type": "connection_init"}))
        assert json.loads(watching.recv(SECONDS)) == {"type": "connection_ack"}
        watching.send(json.dumps(subscription))
        watching.send(json.dumps({"type": "ping"}))
        assert json.loads(watching.recv(SECONDS)) == {"type": "pong"}
        began = time.monotonic()
        process.process.send_signal(number)

        # Who is told that it is complete does not come back.
        assert "".join(events) == ""
        with pytest.raises(ConnectionClosed) as closed:
            watching.recv(SECONDS)
    code, _, err = process.wait()

    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code in {1001, 1012}
    assert (code, "Traceback" in err) == (0, False)
    assert time.monotonic() - began < SECONDS / 2
