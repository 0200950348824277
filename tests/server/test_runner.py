"""The seam where a client's operation runs: subscriptions and who may have them."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from typing import Any, cast

import pytest
from graphql import (
    GraphQLField,
    GraphQLInt,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLString,
)

from gateway.context import Context
from gateway.engine import Engine
from gateway.errors import UnauthenticatedError
from gateway.operations import Operations, Trusted
from gateway.security import Caller
from gateway.server.requests import GraphQLRequest
from gateway.server.runner import Runner
from gateway.settings import LimitSettings

COUNT = GraphQLRequest(query="subscription { count }")
IDENTITY = {"authorization": "Bearer key"}
SECONDS = 5


class Desk:
    """A subscription that counts what it is given, and a caller who may lose access."""

    def __init__(self) -> None:
        self.events: asyncio.Queue[int] = asyncio.Queue()
        self.has_access = True
        self.asked = 0
        self.contexts = 0
        self.is_open = False
        schema = GraphQLSchema(
            GraphQLObjectType("Query", {"name": GraphQLField(GraphQLString)}),
            subscription=GraphQLObjectType(
                "Subscription",
                {
                    "count": GraphQLField(
                        GraphQLInt,
                        subscribe=self._count,
                        resolve=lambda event, _: event,
                    )
                },
            ),
        )
        engine = Engine(schema, LimitSettings(), introspection=True)
        self.runner = Runner(
            engine=engine,
            operations=Operations(engine.read, Trusted([], engine.read), "open"),
            authenticate=self._authenticate,
            create_context=self._create_context,
            check_seconds=0.01,
        )

    async def _count(self, *_: object) -> AsyncIterator[int]:
        self.is_open = True
        try:
            while True:
                yield await self.events.get()
        finally:
            self.is_open = False

    async def _authenticate(self, headers: Mapping[str, str]) -> Caller:
        assert headers == IDENTITY
        self.asked += 1
        if not self.has_access:
            raise UnauthenticatedError("This key is not known.")
        return Caller(subject="clerk")

    def _create_context(self, caller: Caller, request_id: str) -> Context:
        assert (caller.subject, request_id) == ("clerk", "test-1")
        self.contexts += 1
        return cast("Context", None)

    async def subscribe(self) -> AsyncGenerator[dict[str, Any]]:
        prepared = await self.runner.prepare(COUNT)
        bodies = await self.runner.subscribe(prepared, IDENTITY, "test-1")
        assert not isinstance(bodies, dict)
        return bodies


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def _next(bodies: AsyncGenerator[dict[str, Any]]) -> dict[str, Any]:
    async with asyncio.timeout(SECONDS):
        return await anext(bodies)


async def test_each_event_is_one_answer(desk: Desk) -> None:
    bodies = await desk.subscribe()
    for number in (1, 2, 3):
        desk.events.put_nowait(number)

    assert [await _next(bodies) for _ in range(3)] == [
        {"data": {"count": number}} for number in (1, 2, 3)
    ]

    await bodies.aclose()
    assert not desk.is_open


async def test_who_has_no_access_any_more_is_told_no_event(desk: Desk) -> None:
    bodies = await desk.subscribe()
    desk.events.put_nowait(1)
    assert await _next(bodies) == {"data": {"count": 1}}
    desk.has_access = False
    desk.events.put_nowait(2)

    with pytest.raises(UnauthenticatedError):
        await _next(bodies)

    assert not desk.is_open


async def test_who_has_no_access_any_more_does_not_listen_on(desk: Desk) -> None:
    bodies = await desk.subscribe()
    waiting = asyncio.ensure_future(_next(bodies))
    async with asyncio.timeout(SECONDS):
        while desk.asked < 3:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)
    assert not waiting.done()
    # Making one lets go who has other credentials by now.
    assert desk.contexts > 1
    desk.has_access = False

    with pytest.raises(UnauthenticatedError):
        await waiting

    assert not desk.is_open


async def test_a_stream_that_is_left_while_it_waits_is_closed(desk: Desk) -> None:
    bodies = await desk.subscribe()
    waiting = asyncio.ensure_future(_next(bodies))
    await asyncio.sleep(0.02)
    assert desk.is_open

    waiting.cancel()
    await asyncio.wait({waiting})

    assert not desk.is_open
