"""The GraphQL endpoint over HTTP: its steps in order.

form of the answer → host and origin → caller → parameters → operation → run → present
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from http import HTTPStatus
from typing import Any, TypeVar

import msgspec
from graphql import ExecutionResult, OperationType
from msgspec import Struct
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.context import Context
from gateway.errors import RequestError
from gateway.security import Caller
from gateway.server.answers import (
    cacheable,
    fail,
    json_answer,
    method_not_allowed,
    not_acceptable,
    refused_status,
)
from gateway.server.batches import open_batch
from gateway.server.caching import find_cache_control
from gateway.server.negotiation import (
    GRAPHQL_JSON,
    HTML,
    JSON,
    IncrementalSpec,
    accepts_event_stream,
    find_incremental_spec,
    negotiate,
)
from gateway.server.presenter import is_request_error, present_result
from gateway.server.requests import (
    GraphQLRequest,
    check_address,
    check_host,
    check_origin,
    identity_of,
    parse_body,
    parse_query_string,
)
from gateway.server.runner import Identity, Prepared, Runner
from gateway.server.streams.multipart import multipart_answer
from gateway.server.streams.sse import event_stream
from gateway.settings import MaxAges

_CLIENT_CLOSED_REQUEST = 499
_METHODS = "GET, POST"

T = TypeVar("T")


class _Form(Struct, frozen=True, kw_only=True):
    """The forms of an answer that a client takes.

    *media_type* is that of one whole answer; *has_json* is false where the client
    named none, and it is only for what a stream cannot say.
    """

    media_type: str
    has_json: bool
    takes_events: bool
    increments: IncrementalSpec | None


class GraphQLEndpoint:
    """Answers ``/graphql`` as an ASGI application."""

    def __init__(
        self,
        *,
        runner: Runner,
        body_bytes: int,
        most_operations: int,
        max_ages: MaxAges,
        allowed_origins: list[str],
        loopback_only: bool,
        graphiql: Callable[[], Response] | None,
    ) -> None:
        """Create the endpoint.

        Args:
            runner: Runs what is asked for.
            body_bytes: The largest body that is read.
            most_operations: The most operations of one request.
            max_ages: How long each kind of record may be kept.
            allowed_origins: Whose pages may send what needs no preflight.
            loopback_only: Whether another machine's name is refused.
            graphiql: The page that browsers get; None where they get none.
        """
        self._runner = runner
        self._body_bytes = body_bytes
        self._most_operations = most_operations
        self._max_ages = max_ages
        self._allowed_origins = allowed_origins
        self._loopback_only = loopback_only
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
        # Several lines of one header are one list (RFC 9110, 5.3).
        accept = ", ".join(request.headers.getlist("accept"))
        if self._graphiql is not None and _wants_page(request, accept):
            return self._graphiql()
        request_id: str = request.state.request_id
        form = _find_form(accept)
        if form is None:
            return fail(not_acceptable(), JSON, request_id)
        try:
            return await self._answer(request, form, request_id)
        except ClientDisconnect:
            raise
        except Exception as error:  # noqa: BLE001 - the presenter shows what may be shown
            return fail(error, form.media_type, request_id)

    async def _answer(self, request: Request, form: _Form, request_id: str) -> Response:
        if request.method not in {"GET", "POST"}:
            raise method_not_allowed(request.method, _METHODS)
        if self._loopback_only:
            check_host(request)
        check_origin(request, self._allowed_origins)
        check_address(request)
        identity = identity_of(request.headers)
        caller = await self._runner.authenticate(identity)
        parameters = await self._read(request)
        if isinstance(parameters, list):
            return await self._answer_batch(request, parameters, form, caller)
        prepared = await self._runner.prepare(parameters)
        kind = prepared.operation.type
        if request.method == "GET" and kind is OperationType.MUTATION:
            raise method_not_allowed("mutation by GET", "POST")
        if kind is OperationType.SUBSCRIPTION:
            return await self._subscribe(prepared, identity, form, request_id)
        return await self._run(request, prepared, caller, form)

    async def _run(
        self, request: Request, prepared: Prepared, caller: Caller, form: _Form
    ) -> Response:
        request_id: str = request.state.request_id
        context = self._runner.create_context(caller, request_id)
        in_parts = form.increments is not None and prepared.operation.deferring
        run = self._runner.run_in_parts if in_parts else self._runner.run
        is_query = prepared.operation.type is OperationType.QUERY
        running = run(prepared, context)
        if is_query:
            result = await _while_connected(request, running, [context])
        else:
            result = await running
        if not isinstance(result, ExecutionResult):
            assert form.increments is not None  # noqa: S101 - else nothing is deferred
            return multipart_answer(
                result,
                form.increments,
                request_id,
                context.cancel_reads,
                document=prepared.operation.deferring or prepared.operation.document,
            )
        body = present_result(result, request_id)
        if not form.has_json:
            return event_stream(_alone(body), request_id)
        is_refused = is_request_error(result)
        status = refused_status(form.media_type) if is_refused else HTTPStatus.OK
        response = json_answer(body, form.media_type, status)
        if request.method == "GET" and prepared.is_by_id and not result.errors:
            cache_control = find_cache_control(
                prepared.operation.reads, self._max_ages, caller
            )
            return cacheable(request, response, cache_control)
        return response

    async def _subscribe(
        self, prepared: Prepared, identity: Identity, form: _Form, request_id: str
    ) -> Response:
        if not form.takes_events:
            raise RequestError(
                "A subscription is answered as text/event-stream, which `Accept` has "
                "to name, or over a WebSocket by graphql-transport-ws.",
                status=406,
                code="NOT_ACCEPTABLE",
            )
        bodies = await self._runner.subscribe(prepared, identity, request_id)
        if isinstance(bodies, dict):
            status = refused_status(form.media_type)
            return json_answer(bodies, form.media_type, status)
        return event_stream(bodies, request_id)

    async def _answer_batch(
        self,
        request: Request,
        requests: list[GraphQLRequest],
        form: _Form,
        caller: Caller,
    ) -> Response:
        if not form.has_json:
            raise not_acceptable()
        request_id: str = request.state.request_id
        batch = await open_batch(self._runner, requests, self._most_operations)
        contexts: list[Context] = []

        def create_context() -> Context:
            contexts.append(self._runner.create_context(caller, request_id))
            return contexts[-1]

        running = batch.run(create_context, request_id)
        if batch.is_query:
            bodies = await _while_connected(request, running, contexts)
        else:
            bodies = await running
        return json_answer(bodies, form.media_type, HTTPStatus.OK)

    async def _read(self, request: Request) -> GraphQLRequest | list[GraphQLRequest]:
        if request.method == "GET":
            parameters = parse_query_string(request.query_params)
        else:
            body = await parse_body(request, self._body_bytes)
            if isinstance(body, list):
                if request.path_params:
                    raise RequestError("A batch is sent to /graphql itself.")
                return body
            parameters = body
        name = request.path_params.get("document_id")
        if name is None:
            return parameters
        if parameters.asked.id not in {None, name}:
            raise RequestError("The path and the parameters name two documents.")
        return msgspec.structs.replace(
            parameters, document_id=name, doc_id=None, id=None
        )


async def _alone(body: dict[str, Any]) -> AsyncGenerator[dict[str, Any]]:
    yield body


async def _while_connected(
    request: Request, running: Coroutine[Any, Any, T], contexts: list[Context]
) -> T:
    """Run what only reads, in *contexts*, and end it when its client goes.

    Raises:
        ClientDisconnect: The client went, and nothing is read any more.
    """
    task = asyncio.ensure_future(running)
    watch = asyncio.ensure_future(_disconnected(request))
    try:
        await asyncio.wait({task, watch}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            for context in contexts:
                context.cancel_reads()
            raise ClientDisconnect
        return task.result()
    finally:
        watch.cancel()
        task.cancel()


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _wants_page(request: Request, accept: str) -> bool:
    return (
        request.method == "GET"
        and not request.path_params
        and negotiate(accept, [JSON, GRAPHQL_JSON, HTML]) == HTML
    )


def _find_form(accept: str) -> _Form | None:
    """Return the forms that *accept* names, or None where none is ours."""
    media_type = negotiate(accept, [JSON, GRAPHQL_JSON])
    takes_events = accepts_event_stream(accept)
    increments = find_incremental_spec(accept)
    if media_type is None and not takes_events and increments is None:
        return None
    return _Form(
        media_type=media_type or GRAPHQL_JSON,
        has_json=media_type is not None or not takes_events,
        takes_events=takes_events,
        increments=increments,
    )
