"""A WebSocket as messages: parsed as they come, sent one at a time and with an end."""

import asyncio
import contextlib
from typing import Any

import orjson
from msgspec import Struct
from starlette.websockets import WebSocket, WebSocketDisconnect

from gateway.errors import RequestError
from gateway.server.streams.answer import SEND_SECONDS
from gateway.server.websocket.messages import CloseCode, Message, parse


class ConnectionLimits(Struct, frozen=True, kw_only=True):
    """What one connection may take.

    Attributes:
        message_bytes: The largest message that is read.
        operations: The most operations at a time.
        init_seconds: How long a client may take to begin.
        send_seconds: How long it may leave a message unread.
    """

    message_bytes: int
    operations: int = 100
    init_seconds: float = 3.0
    send_seconds: float = SEND_SECONDS


class ClosedError(Exception):
    """The connection is to be closed, and why."""

    def __init__(self, code: CloseCode, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


# What sending raises once the client has gone; a server that has closed the connection
# by itself says so by a RuntimeError.
_GONE = (TimeoutError, WebSocketDisconnect, RuntimeError)


class GoneError(Exception):
    """Nothing can be sent any more: the client has gone, or does not read."""


class Channel:
    """Receives and sends over a WebSocket that was accepted."""

    def __init__(self, websocket: WebSocket, limits: ConnectionLimits) -> None:
        self._websocket = websocket
        self._limits = limits
        self._sending = asyncio.Lock()
        self._is_open = True
        # How it ended; None where nothing says so, as with a client that does not read.
        self.code: int | None = None

    async def receive(self) -> Message | None:
        """Return the next message; None when the client has gone.

        Raises:
            ClosedError: It is none that a client may send.
        """
        received = await self._websocket.receive()
        if received["type"] == "websocket.disconnect":
            self._is_open = False
            self.code = int(received["code"])
            return None
        text: str | None = received.get("text")
        if text is None:
            raise invalid_message()
        # Our own server has looked at this; others that may serve the application have
        # limits of theirs (uvicorn's is 16 MiB), or none.
        if len(text.encode()) > self._limits.message_bytes:
            raise ClosedError(CloseCode.TOO_BIG, "Message too big")
        try:
            return parse(text)
        except RequestError as error:
            raise invalid_message() from error

    async def send(self, message: dict[str, Any]) -> None:
        """Send a message once those before it were taken.

        A server waits for room before it takes more, so nothing piles up here.

        Raises:
            GoneError: The client has gone, or has not read for too long.
        """
        text = orjson.dumps(message).decode()
        async with self._sending:
            if not self._is_open:
                raise GoneError
            try:
                async with asyncio.timeout(self._limits.send_seconds):
                    await self._websocket.send_text(text)
            except _GONE as error:
                self._is_open = False
                raise GoneError from error

    async def close(self, code: CloseCode, reason: str) -> None:
        """Close it and say why, as far as the client reads."""
        async with self._sending:
            if not self._is_open:
                return
            self._is_open = False
            self.code = int(code)
            with contextlib.suppress(*_GONE):
                async with asyncio.timeout(self._limits.send_seconds):
                    await self._websocket.close(code, reason)


def invalid_message() -> ClosedError:
    """Return why a connection is closed whose client sent what it may not send."""
    return ClosedError(CloseCode.BAD_REQUEST, "Invalid message received")
