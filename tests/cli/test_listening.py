"""What `gateway serve` does for its sockets, and with open ones as it ends."""

import json
import signal
import socket
import time
from collections.abc import Iterator

import httpx
import pytest
import uvicorn
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from gateway.cli.listening import bind, listen_options
from gateway.settings import LimitSettings
from tests.cli.test_serve import BANNER, SECONDS, Process, url_of

WATCH = "subscription { approvalChanged { cause } }"


@pytest.fixture
def process() -> Iterator[Process]:
    """Return a gateway over the sandbox, in a process of its own."""
    process = Process("serve", "--port", "0")
    yield process
    process.stop()


async def nothing(*_: object) -> None:
    """Serve nothing."""


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
