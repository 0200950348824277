"""Answers in parts over HTTP: ``multipart/mixed``, for what is deferred.

https://github.com/graphql/graphql-over-http/blob/main/rfcs/IncrementalDelivery.md
(checked 2026-11-20).
"""

from collections.abc import AsyncGenerator, Callable
from typing import Any

import orjson
from graphql import DocumentNode
from starlette.responses import Response

from gateway.engine import Increments
from gateway.server.negotiation import IncrementalSpec
from gateway.server.streams.answer import SEND_SECONDS, StreamedAnswer
from gateway.server.streams.increments import present_increments

_HEADER = b"Content-Type: application/json; charset=utf-8\r\n\r\n"
_BEGIN = b"\r\n---\r\n"
_END = b"\r\n-----\r\n"


def multipart_answer(
    increments: Increments,
    spec: IncrementalSpec,
    request_id: str,
    on_end: Callable[[], None],
    *,
    document: DocumentNode,
    send_seconds: float = SEND_SECONDS,
) -> Response:
    """Return an answer whose parts are sent as they are there.

    *document* is the one with what it defers. *on_end* is called in the end: when all
    was sent, or the client has gone.
    """
    bodies = present_increments(increments, spec, document, request_id)
    return StreamedAnswer(
        _frame(bodies, on_end),
        content_type=f'multipart/mixed; boundary="-"; {spec}',
        send_seconds=send_seconds,
    )


async def _frame(
    bodies: AsyncGenerator[dict[str, Any]], on_end: Callable[[], None]
) -> AsyncGenerator[bytes]:
    """Put the parts between delimiters.

    A client reads a part once the delimiter after it is there, so that one is sent
    with it and not before the next.
    """
    before = _BEGIN
    try:
        async for body in bodies:
            after = _BEGIN if body["hasNext"] else _END
            yield before + _HEADER + orjson.dumps(body) + after
            before = b""
    finally:
        await bodies.aclose()
        on_end()
