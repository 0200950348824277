"""The GraphQL endpoint: its steps in order.

media type → CSRF → caller → parameters → operation and limits → execute → present
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import orjson
from graphql import OperationType
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.context import Context
from gateway.engine import Engine
from gateway.errors import RequestError, UnauthenticatedError
from gateway.security import IDENTITY_HEADERS, Authenticate, Caller
from gateway.server.negotiation import GRAPHQL_JSON, HTML, JSON, negotiate
from gateway.server.presenter import (
    failure_status,
    is_request_error,
    present_failure,
    present_result,
)
from gateway.server.requests import (
    GraphQLRequest,
    check_host,
    check_origin,
    parse_body,
    parse_query_string,
)

_OK = 200
_BAD_REQUEST = 400
_CLIENT_CLOSED_REQUEST = 499
_METHODS = "GET, POST"

T = TypeVar("T")


class GraphQLEndpoint:
    """Answers ``/graphql`` as an ASGI application."""

    def __init__(
        self,
        *,
        engine: Engine,
        authenticate: Authenticate,
        create_context: Callable[[Caller, str], Context],
        body_bytes: int,
        allowed_origins: list[str],
        loopback_only: bool,
        graphiql: Callable[[], Response] | None,
    ) -> None:
        """Create the endpoint; *graphiql* is None where browsers get no page."""
        self._loopback_only = loopback_only
        self._engine = engine
        self._authenticate = authenticate
        self._create_context = create_context
        self._body_bytes = body_bytes
        self._allowed_origins = allowed_origins
        self._graphiql = graphiql

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; one whose client has gone is not answered."""
        request = Request(scope, receive)
        try:
            response = await self._respond(request)
        except ClientDisconnect:
            response = Response(status_code=_CLIENT_CLOSED_REQUEST)
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        offered = [JSON, GRAPHQL_JSON]
        if self._graphiql is not None and request.method == "GET":
            offered.append(HTML)
        # Several lines of one header are one list (RFC 9110, 5.3).
        accept = ", ".join(request.headers.getlist("accept"))
        media_type = negotiate(accept, offered)
        if media_type == HTML and self._graphiql is not None:
            return self._graphiql()
        request_id: str = request.state.request_id
        if media_type is None:
            return _fail(_not_acceptable(), JSON, request_id)
        try:
            return await self._answer(request, media_type, request_id)
        except ClientDisconnect:
            raise
        except Exception as error:  # noqa: BLE001 - the presenter shows what may be shown
            return _fail(error, media_type, request_id)

    async def _answer(
        self, request: Request, media_type: str, request_id: str
    ) -> Response:
        if request.method not in {"GET", "POST"}:
            raise _method_not_allowed(request.method, _METHODS)
        if self._loopback_only:
            check_host(request)
        check_origin(request, self._allowed_origins)
        caller = await self._authenticate(_identity(request))
        parameters = await self._read(request)
        if parameters.query is None:
            raise RequestError("Send a GraphQL document as `query`.")
        operation = self._engine.prepare(
            parameters.query, parameters.operation_name or None
        )
        is_query = operation.type is OperationType.QUERY
        if request.method == "GET" and not is_query:
            raise _method_not_allowed(f"{operation.type.value} by GET", "POST")
        context = self._create_context(caller, request_id)
        running = self._engine.execute(operation, parameters.variables or {}, context)
        try:
            result = await _while_connected(request, running, cancel=is_query)
        except ClientDisconnect:
            context.cancel_reads()
            raise
        refused = media_type == GRAPHQL_JSON and is_request_error(result)
        status = _BAD_REQUEST if refused else _OK
        return _json(present_result(result, request_id), media_type, status)

    async def _read(self, request: Request) -> GraphQLRequest:
        if request.method == "GET":
            return parse_query_string(request.query_params)
        return await parse_body(request, self._body_bytes)


async def _while_connected(
    request: Request, running: Coroutine[Any, Any, T], *, cancel: bool
) -> T:
    """Run an operation; where it may be cancelled, end it when its client goes.

    Raises:
        ClientDisconnect: The client went, and the operation was cancelled.
    """
    if not cancel:
        return await running
    task = asyncio.ensure_future(running)
    watch = asyncio.ensure_future(_disconnected(request))
    try:
        await asyncio.wait({task, watch}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ClientDisconnect
        return task.result()
    finally:
        watch.cancel()
        task.cancel()


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _identity(request: Request) -> dict[str, str]:
    """Return the headers that say who calls; several lines of one are one value."""
    headers = request.headers
    return {
        name: ", ".join(headers.getlist(name))
        for name in IDENTITY_HEADERS
        if name in headers
    }


def _fail(error: Exception, media_type: str, request_id: str) -> Response:
    status = failure_status(error)
    if status is None:
        status = _BAD_REQUEST if media_type == GRAPHQL_JSON else _OK
    response = _json(present_failure(error, request_id), media_type, status)
    if isinstance(error, RequestError):
        response.headers.update(error.headers)
    if isinstance(error, UnauthenticatedError):
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _json(body: dict[str, Any], media_type: str, status: int) -> Response:
    return Response(
        orjson.dumps(body),
        status_code=status,
        media_type=f"{media_type}; charset=utf-8",
        headers={"Vary": "Accept", "Cache-Control": "no-store"},
    )


def _not_acceptable() -> RequestError:
    return RequestError(
        f"`Accept` takes {JSON} or {GRAPHQL_JSON}.", status=406, code="NOT_ACCEPTABLE"
    )


def _method_not_allowed(method: str, allowed: str) -> RequestError:
    return RequestError(
        f"{method} is not allowed here; {allowed} is.",
        status=405,
        code="METHOD_NOT_ALLOWED",
        headers={"Allow": allowed},
    )
