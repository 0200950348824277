"""A small graph of its own, whose operations end in every way that they may."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any, cast

from graphql import GraphQLDeferDirective, GraphQLSchema, build_schema
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute

from gateway.context import Context
from gateway.engine import Engine
from gateway.errors import (
    ForbiddenError,
    IdentityUnavailableError,
    UnauthenticatedError,
)
from gateway.operations import Operations, Trusted
from gateway.security import Caller
from gateway.server.runner import Runner
from gateway.server.websocket.channel import ConnectionLimits
from gateway.server.websocket.endpoint import WebSocketEndpoint
from gateway.settings import LimitSettings

_GRAPH = """
scalar Unfit
type Query { hello: String! who: String held: String refused: String broken: String }
type Mutation { write: String! }
type Subscription {
  count(to: Int!): Int!
  unfit: Unfit
  endless: Int!
  held: String
  refused: Int!
  broken: Int!
  closed: Int!
  big(size: Int!): String!
}
"""


class Held:
    """Something that begins, waits until it may go on, and ends in some way."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.opened = asyncio.Event()
        self.ended = asyncio.Event()
        self.ends: list[str] = []

    async def wait(self) -> str:
        self.begun.set()
        try:
            await self.opened.wait()
            self.ends.append("finished")
        except asyncio.CancelledError:
            self.ends.append("cancelled")
            raise
        finally:
            self.ended.set()
        return "done"


class SmallContext:
    """What the runner makes for each operation, and for each event."""

    def __init__(self, small: "Small", caller: Caller) -> None:
        self.small = small
        self.caller = caller

    def cancel_reads(self) -> None:
        self.small.cancelled_reads += 1


class Small:
    """The graph with what became of its operations."""

    def __init__(self) -> None:
        self.query = Held()
        self.event = Held()
        self.write = Held()
        self.open_streams = 0
        self.streams_ended = asyncio.Event()
        self.sent_bytes = 0
        self.cancelled_reads = 0
        self.identities: list[Mapping[str, str]] = []
        self.known = True
        self.reachable = True
        self.is_broken = False
        self.app: Starlette | None = None
        engine = Engine(
            self._create_schema(), LimitSettings(tokens=100), introspection=True
        )
        trusted = Trusted([], engine.read_document)
        self.runner = Runner(
            engine=engine,
            operations=Operations(engine.read, trusted, "open"),
            authenticate=self.authenticate,
            create_context=lambda caller, _: cast(
                "Context", SmallContext(self, caller)
            ),
        )

    def create_app(self, *, message_bytes: int = 10_000, **more: Any) -> Starlette:
        """Return an application with the graph; *more* goes to limits and endpoint."""
        names = {"operations", "init_seconds", "send_seconds"}
        limits = {name: more.pop(name) for name in names & set(more)}
        endpoint = WebSocketEndpoint(
            runner=self.runner,
            allowed_origins=more.pop("allowed_origins", []),
            loopback_only=more.pop("loopback_only", True),
            limits=ConnectionLimits(message_bytes=message_bytes, **limits),
            **more,
        )
        self.app = Starlette(routes=[WebSocketRoute("/graphql", endpoint)])
        return self.app

    async def authenticate(self, headers: Mapping[str, str]) -> Caller:
        self.identities.append(dict(headers))
        if self.is_broken:
            raise ValueError("a secret")
        if not self.reachable:
            raise IdentityUnavailableError("Nobody can be asked.")
        if not self.known:
            raise UnauthenticatedError("Nobody is known.")
        return Caller(subject=headers.get("authorization", "nobody"))

    def _create_schema(self) -> GraphQLSchema:
        schema = build_schema(_GRAPH)
        assert schema.query_type is not None
        assert schema.mutation_type is not None
        assert schema.subscription_type is not None
        queries = schema.query_type.fields
        queries["hello"].resolve = lambda *_: "world"
        queries["who"].resolve = lambda _, info: info.context.caller.subject
        queries["held"].resolve = lambda *_: self.query.wait()
        queries["refused"].resolve = _refuse
        queries["broken"].resolve = _break
        schema.mutation_type.fields["write"].resolve = lambda *_: self.write.wait()
        events = schema.subscription_type.fields
        for name, field in events.items():
            field.subscribe = getattr(self, f"_{name}")
            field.resolve = _event
        events["held"].resolve = lambda *_: self.event.wait()
        parts = schema.to_kwargs()
        parts["directives"] = (*parts["directives"], GraphQLDeferDirective)
        return GraphQLSchema(**parts)

    async def _count(self, *_: object, to: int) -> AsyncIterator[int]:
        for number in range(to):
            yield number

    async def _unfit(self, *_: object) -> AsyncIterator[object]:
        yield object()

    async def _endless(self, *_: object) -> AsyncIterator[int]:
        self.open_streams += 1
        try:
            yield 0
            await asyncio.Event().wait()
        finally:
            self.open_streams -= 1
            self.streams_ended.set()

    async def _held(self, *_: object) -> AsyncIterator[int]:
        yield 0

    async def _refused(self, *_: object) -> AsyncIterator[int]:
        yield 0
        raise ForbiddenError("You may see no more.")

    async def _broken(self, *_: object) -> AsyncIterator[int]:
        yield 0
        raise ValueError("a secret")

    def _closed(self, *_: object) -> AsyncIterator[int]:
        raise ForbiddenError("You may not watch this.")

    async def _big(self, *_: object, size: int) -> AsyncIterator[str]:
        self.open_streams += 1
        try:
            while True:
                self.sent_bytes += size
                yield size * "x"
        finally:
            self.open_streams -= 1
            self.streams_ended.set()


def _event(root: object, *_: object, **__: object) -> object:
    return root


def _refuse(*_: object) -> str:
    raise ForbiddenError("You may not see this.")


def _break(*_: object) -> str:
    raise ValueError("a secret")
