"""The request id: taken from the client or made here, in the log and in the answer."""

import re
import time
import uuid

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.observability import get_logger

_HEADER = "X-Request-ID"
# What is safe in a header, a log and a JSON text.
_SAFE = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}")


class RequestIDMiddleware:
    """Gives each request an id, and the log one line for it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._log = get_logger()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on under its id."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        sent = Headers(scope=scope).get(_HEADER, "")
        request_id = sent if _SAFE.fullmatch(sent) else str(uuid.uuid4())
        scope.setdefault("state", {})["request_id"] = request_id
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[_HEADER] = request_id
            await send(message)

        started = time.monotonic()
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, send_with_id)
            finally:
                self._log.info(
                    "request",
                    method=scope["method"],
                    path=scope["path"],
                    status=status,
                    duration_ms=round(1000 * (time.monotonic() - started), 1),
                )
