"""GraphQL over WebSockets: who may connect.

host → origin → place → subprotocol → accept
"""

import contextlib
import functools
import uuid
from urllib.parse import SplitResult, urlsplit

import orjson
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from gateway.errors import RequestError
from gateway.observability import get_logger
from gateway.server.presenter import present_failure
from gateway.server.requests import check_host
from gateway.server.runner import Runner
from gateway.server.websocket.channel import ConnectionLimits
from gateway.server.websocket.connection import Connection
from gateway.server.websocket.messages import SUBPROTOCOL, CloseCode
from gateway.server.websocket.places import Place, Places

_FORBIDDEN = 403
_UNAVAILABLE = 503
_PORTS = {"http": 80, "https": 443}


class WebSocketEndpoint:
    """Answers WebSockets at ``/graphql`` as an ASGI application."""

    def __init__(
        self,
        *,
        runner: Runner,
        allowed_origins: list[str],
        loopback_only: bool,
        limits: ConnectionLimits,
        places: Places | None = None,
    ) -> None:
        """Create the endpoint.

        Args:
            runner: Runs what is asked for.
            allowed_origins: Whose pages may connect, but for those of the same host.
            loopback_only: Whether another machine's name is refused.
            limits: What one connection may take.
            places: How many clients are served.
        """
        self._runner = runner
        self._allowed_origins = allowed_origins
        self._loopback_only = loopback_only
        self._limits = limits
        self._places = places or Places()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection to its end."""
        websocket = WebSocket(scope, receive, send)
        with contextlib.ExitStack() as stack:
            try:
                self._check(websocket)
                place = stack.enter_context(self._places.take())
            except RequestError as error:
                await _refuse(websocket, error)
                return
            await self._serve(websocket, place)

    def _check(self, websocket: WebSocket) -> None:
        if self._loopback_only:
            check_host(websocket)
        self._check_origin(websocket)

    def _check_origin(self, websocket: WebSocket) -> None:
        """Refuse the pages of other sites: browsers let them connect to anything."""
        origin = ", ".join(websocket.headers.getlist("origin"))
        if not origin or origin in self._allowed_origins:
            return
        if not _is_of(origin, websocket.headers.get("host", "")):
            raise RequestError(
                "This page is of another site. Its origin is to be in "
                "GATEWAY_CORS_ORIGINS.",
                code="CSRF_PREVENTION",
            )

    async def _serve(self, websocket: WebSocket, place: Place) -> None:
        if SUBPROTOCOL not in websocket.scope["subprotocols"]:
            await websocket.accept()
            await websocket.close(CloseCode.SUBPROTOCOL, "Subprotocol not acceptable")
            return
        await websocket.accept(SUBPROTOCOL)
        begin = functools.partial(self._places.begin, place)
        await Connection(websocket, self._runner, self._limits, begin).run()


def _is_of(origin: str, host: str) -> bool:
    """Return whether the pages of an origin are those of a host."""
    try:
        page = urlsplit(origin)
        here = urlsplit(f"{page.scheme}://{host}")
        return page.scheme in _PORTS and _address(page) == _address(here)
    except ValueError:
        return False


def _address(url: SplitResult) -> tuple[str | None, int]:
    return url.hostname, url.port or _PORTS[url.scheme]


async def _refuse(websocket: WebSocket, error: RequestError) -> None:
    """Answer the handshake with why it is refused."""
    request_id = str(uuid.uuid4())
    get_logger().info("websocket_refused", code=error.code, request_id=request_id)
    if "websocket.http.response" not in websocket.scope.get("extensions", {}):
        await websocket.close(CloseCode.TRY_AGAIN_LATER)
        return
    status = _UNAVAILABLE if error.status == _UNAVAILABLE else _FORBIDDEN
    await websocket.send_denial_response(
        Response(
            orjson.dumps(present_failure(error, request_id)),
            status_code=status,
            media_type="application/json",
            headers=error.headers,
        )
    )
