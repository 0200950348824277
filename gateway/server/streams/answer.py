"""An answer over HTTP whose parts are sent as soon as they are there."""

import asyncio
from collections.abc import AsyncGenerator

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from gateway.server.caching import NO_STORE

# How long a client may leave unread what it asked for.
SEND_SECONDS = 30.0

# No proxy is to wait for more of it, and nobody to keep it.
_HEADERS = {"Cache-Control": NO_STORE, "X-Accel-Buffering": "no"}


class StreamedAnswer(StreamingResponse):
    """Sends what a generator gives, and closes it once nobody reads any more.

    That is when the client has gone, or has left unread for *send_seconds* what was
    sent: a server waits for room before it takes more, so nothing piles up here.
    """

    def __init__(
        self,
        chunks: AsyncGenerator[bytes],
        *,
        content_type: str,
        send_seconds: float = SEND_SECONDS,
    ) -> None:
        super().__init__(chunks, headers={**_HEADERS, "Content-Type": content_type})
        self._chunks = chunks
        self._send_seconds = send_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer."""
        del scope
        writing = asyncio.ensure_future(self._write(send))
        tasks = [
            writing,
            asyncio.ensure_future(_disconnected(receive)),
            asyncio.ensure_future(self.idle(send)),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._chunks.aclose()
        if not writing.cancelled() and not _is_unread(writing.exception()):
            writing.result()

    async def idle(self, send: Send) -> None:
        """Send what is sent beside the parts; its end is that of the answer."""
        del send
        await asyncio.Event().wait()

    async def push(self, send: Send, body: bytes, *, more: bool = True) -> None:
        """Send some of the body.

        Raises:
            TimeoutError: The client does not read.
        """
        async with asyncio.timeout(self._send_seconds):
            await send({"type": "http.response.body", "body": body, "more_body": more})

    async def _write(self, send: Send) -> None:
        await send(
            {
                "type": "http.response.start",
                "status": self.status_code,
                "headers": self.raw_headers,
            }
        )
        async for chunk in self._chunks:
            await self.push(send, chunk)
        await self.push(send, b"", more=False)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _is_unread(error: BaseException | None) -> bool:
    """Return whether an answer ended because of its client."""
    return isinstance(error, TimeoutError | OSError)
