"""One client's connection by graphql-transport-ws.

https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md (checked 2026-11-20);
codes and reasons are those of its server.
"""

import asyncio
import contextlib
import functools
import time
import uuid
from collections.abc import AsyncGenerator, Callable
from typing import Any

import structlog
from graphql import OperationType
from starlette.websockets import WebSocket

from gateway.errors import GatewayError, IdentityUnavailableError, LimitError
from gateway.observability import get_logger
from gateway.server.requests import GraphQLRequest, identity_of
from gateway.server.runner import Identity, Prepared, Runner
from gateway.server.stopping import is_stopping
from gateway.server.websocket.channel import (
    Channel,
    ClosedError,
    ConnectionLimits,
    GoneError,
    invalid_message,
)
from gateway.server.websocket.messages import (
    CloseCode,
    Complete,
    Init,
    Message,
    Ping,
    Pong,
    Subscribe,
    find_identity,
)
from gateway.server.websocket.telling import COMPLETE, tell, tell_failure

# What a frame that closes has room for.
_REASON_BYTES = 123


class Connection:
    """Takes a client's messages, and runs its operations side by side."""

    def __init__(
        self,
        websocket: WebSocket,
        runner: Runner,
        limits: ConnectionLimits,
        may_begin: Callable[[str | None], bool],
    ) -> None:
        """Create it over a WebSocket that was accepted.

        *may_begin* is asked with the subject of its caller; None is an anonymous one.
        """
        self._websocket = websocket
        self._channel = Channel(websocket, limits)
        self._runner = runner
        self._limits = limits
        self._may_begin = may_begin
        self._has_begun = False
        self._identity: Identity | None = None
        # Those that the client waits for, by its ids.
        self._subscribers: dict[str, asyncio.Task[None]] = {}
        # All under way, and whether each may be cancelled.
        self._running: dict[asyncio.Task[None], bool] = {}
        self._started = 0
        # How long messages are taken, and how to close then.
        self._is_taking = True
        self._patience = asyncio.timeout(limits.init_seconds)
        self._due: ClosedError | None = ClosedError(
            CloseCode.INIT_TIMEOUT, "Connection initialisation timeout"
        )

    async def run(self) -> None:
        """Serve the client until one side ends it and its last write is done."""
        began = time.monotonic()
        connection_id = str(uuid.uuid4())
        with structlog.contextvars.bound_contextvars(connection_id=connection_id):
            try:
                await self._serve()
            finally:
                get_logger().info(
                    "websocket",
                    code=self._channel.code,
                    operations=self._started,
                    duration_ms=round(1000 * (time.monotonic() - began), 1),
                )

    async def _serve(self) -> None:
        try:
            closed = await self._take_messages()
            self._leave()
            if closed is not None:
                await self._channel.close(closed.code, closed.reason)
        finally:
            self._leave()
            if self._running:
                await asyncio.wait(self._running)

    async def _take_messages(self) -> ClosedError | None:
        """Take messages to their end, and return how to close, if that is due."""
        try:
            async with self._patience:
                while (message := await self._channel.receive()) is not None:
                    await self._take(message)
        except ClosedError as closed:
            return closed
        except TimeoutError as error:
            # It may be one of ours, too.
            return self._due if self._patience.expired() else _internal_error(error)
        except GoneError:
            pass
        except Exception as error:  # noqa: BLE001 - the client is told that it is ours
            return _internal_error(error)
        finally:
            self._is_taking = False
        return None

    def _end(self, due: ClosedError | None) -> None:
        """Take no more messages."""
        if self._is_taking:
            self._is_taking = False
            self._due = due
            self._patience.reschedule(asyncio.get_running_loop().time())

    def _leave(self) -> None:
        """End all but the writes, and tell nobody how those end."""
        self._subscribers.clear()
        for task, may_be_cancelled in self._running.items():
            if may_be_cancelled:
                task.cancel()

    async def _take(self, message: Message) -> None:
        match message:
            case Init(payload=payload):
                await self._begin(payload or {})
            case Ping(payload=payload):
                await self._answer(payload)
            case Pong():
                pass
            case Subscribe():
                await self._subscribe(message)
            case Complete(id=name):
                await self._complete(name)

    async def _answer(self, payload: dict[str, Any] | None) -> None:
        more = {} if payload is None else {"payload": payload}
        try:
            await self._channel.send({"type": "pong", **more})
        except (TypeError, RecursionError) as error:
            # Larger integers and deeper lists are read than are written.
            raise invalid_message() from error

    async def _complete(self, name: str) -> None:
        """End an operation, and wait for that: until then it counts."""
        task = self._subscribers.pop(name, None)
        if task is not None and self._running.get(task):
            task.cancel()
            await asyncio.wait({task})

    async def _begin(self, payload: dict[str, Any]) -> None:
        if self._has_begun:
            raise ClosedError(
                CloseCode.TOO_MANY_INITS, "Too many initialisation requests"
            )
        self._has_begun = True
        self._patience.reschedule(None)
        try:
            identity = find_identity(payload) or identity_of(self._websocket.headers)
            caller = await self._runner.authenticate(identity)
        except IdentityUnavailableError as error:
            raise ClosedError(CloseCode.TRY_AGAIN_LATER, "Try again later") from error
        except GatewayError as error:
            raise ClosedError(CloseCode.FORBIDDEN, "Forbidden") from error
        # Over the sandbox whoever says nothing is one of its persons.
        if not self._may_begin(caller.subject if identity else None):
            raise ClosedError(
                CloseCode.TRY_AGAIN_LATER, "Too many connections of one caller"
            )
        self._identity = identity
        await self._channel.send({"type": "connection_ack"})

    async def _subscribe(self, message: Subscribe) -> None:
        name = message.id
        if self._identity is None:
            raise ClosedError(CloseCode.UNAUTHORIZED, "Unauthorized")
        if name in self._subscribers:
            raise ClosedError(CloseCode.SUBSCRIBER_EXISTS, _exists(name))
        request_id = str(uuid.uuid4())
        # The operation's task has it from here.
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            await self._start(message, self._identity, request_id)

    async def _start(
        self, message: Subscribe, identity: Identity, request_id: str
    ) -> None:
        name = message.id
        try:
            prepared = await self._prepare(message.payload)
        except Exception as error:  # noqa: BLE001 - the presenter shows what may be shown
            await self._channel.send({"id": name, **tell_failure(error, request_id)})
            return
        messages = tell(self._runner, prepared, identity, request_id)
        task = asyncio.create_task(self._run(name, messages))
        self._started += 1
        self._subscribers[name] = task
        self._running[task] = prepared.operation.type is not OperationType.MUTATION
        task.add_done_callback(functools.partial(self._forget, name))

    async def _prepare(self, request: GraphQLRequest) -> Prepared:
        most = self._limits.operations
        if len(self._running) >= most:
            raise LimitError(
                "SUBSCRIPTION_LIMIT",
                f"This connection has {most} operations under way, the most at a time. "
                "Complete one of them first.",
            )
        return await self._runner.prepare(request)

    def _forget(self, name: str, task: asyncio.Task[None]) -> None:
        del self._running[task]
        if self._subscribers.get(name) is task:
            del self._subscribers[name]
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._end(_internal_error(error))

    async def _run(self, name: str, messages: AsyncGenerator[dict[str, Any]]) -> None:
        """Send what there is to tell of an operation while the client waits for it."""
        task = asyncio.current_task()
        async with contextlib.aclosing(messages):
            async for message in messages:
                if self._subscribers.get(name) is not task:
                    return
                if message is COMPLETE and is_stopping(self._websocket.scope):
                    # It is to come back, and not to take this for the end.
                    self._end(ClosedError(CloseCode.GOING_AWAY, "Going away"))
                    return
                if message["type"] != "next":
                    # Its id is free once the client has read this.
                    del self._subscribers[name]
                try:
                    await self._channel.send({"id": name, **message})
                except GoneError:
                    self._end(None)
                    return


def _exists(name: str) -> str:
    reason = f"Subscriber for {name} already exists"
    fits = len(reason.encode()) <= _REASON_BYTES
    return reason if fits else "Subscriber already exists"


def _internal_error(bug: BaseException) -> ClosedError:
    """Log a bug, and return how to close for it."""
    get_logger().error("unexpected_error", exc_info=bug)
    return ClosedError(CloseCode.INTERNAL_ERROR, "Internal server error")
