"""Answers as server-sent events: graphql-sse, in its distinct connections mode.

https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md (checked 2026-11-20).
"""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import orjson
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.server.presenter import present_failure
from gateway.server.stopping import is_stopping
from gateway.server.streams.answer import SEND_SECONDS, StreamedAnswer

_CONTENT_TYPE = "text/event-stream; charset=utf-8"
# Proxies close what is silent for a minute, some for half of one.
_IDLE_SECONDS = 12.0
_COMMENT = b":\n\n"
# Without the empty data a browser's EventSource would pass the event over.
_COMPLETE = b"event: complete\ndata:\n\n"


def event_stream(
    bodies: AsyncGenerator[dict[str, Any]],
    request_id: str,
    *,
    idle_seconds: float = _IDLE_SECONDS,
    send_seconds: float = SEND_SECONDS,
) -> Response:
    """Return an answer with an event for each of *bodies*, and one for their end.

    *bodies* is closed when the client goes; what it raises is presented. Where the
    process is told to stop the event for the end is left out: the client is to come
    back, not to take it for the end.
    """
    return _EventStream(
        bodies, request_id, idle_seconds=idle_seconds, send_seconds=send_seconds
    )


class _EventStream(StreamedAnswer):
    def __init__(
        self,
        bodies: AsyncGenerator[dict[str, Any]],
        request_id: str,
        *,
        idle_seconds: float,
        send_seconds: float,
    ) -> None:
        super().__init__(
            self._events(bodies, request_id),
            content_type=_CONTENT_TYPE,
            send_seconds=send_seconds,
        )
        self._idle_seconds = idle_seconds
        self._scope: Scope = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer."""
        self._scope = scope
        await super().__call__(scope, receive, send)

    async def idle(self, send: Send) -> None:
        """Send comments, which keep a silent connection open."""
        while True:
            await asyncio.sleep(self._idle_seconds)
            await self.push(send, _COMMENT)

    async def _events(
        self, bodies: AsyncGenerator[dict[str, Any]], request_id: str
    ) -> AsyncGenerator[bytes]:
        try:
            # Some browsers tell a page that it is connected with the first byte alone.
            yield _COMMENT
            async for body in bodies:
                yield _next(body)
        except Exception as error:  # noqa: BLE001 - the presenter shows what may be shown
            yield _next(present_failure(error, request_id))
        finally:
            await bodies.aclose()
        if not is_stopping(self._scope):
            yield _COMPLETE


def _next(body: dict[str, Any]) -> bytes:
    return b"event: next\ndata: " + orjson.dumps(body) + b"\n\n"
