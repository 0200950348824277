"""What a client is told of one operation, as messages of graphql-transport-ws."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

from graphql import OperationType

from gateway.server.presenter import present_failure, present_result
from gateway.server.runner import Identity, Prepared, Runner

COMPLETE = {"type": "complete"}


async def tell(
    runner: Runner, prepared: Prepared, identity: Identity, request_id: str
) -> AsyncGenerator[dict[str, Any]]:
    """Return the messages on an operation, the last of which completes it or fails it.

    They are still without the client's id. Closing the generator, or cancelling who
    waits for it, ends the operation.
    """
    try:
        if prepared.operation.type is OperationType.SUBSCRIPTION:
            messages = _tell_events(runner, prepared, identity, request_id)
        else:
            messages = _tell_result(runner, prepared, identity, request_id)
        async for message in messages:
            yield message
    except Exception as error:  # noqa: BLE001 - the presenter shows what may be shown
        yield tell_failure(error, request_id)
    finally:
        await messages.aclose()


def tell_failure(error: Exception, request_id: str) -> dict[str, Any]:
    """Return the message that an operation has failed."""
    body = present_failure(error, request_id)
    return {"type": "error", "payload": body["errors"]}


async def _tell_result(
    runner: Runner, prepared: Prepared, identity: Identity, request_id: str
) -> AsyncGenerator[dict[str, Any]]:
    caller = await runner.authenticate(identity)
    context = runner.create_context(caller, request_id)
    try:
        result = await runner.run(prepared, context)
    except asyncio.CancelledError:
        context.cancel_reads()
        raise
    for message in _tell_body(present_result(result, request_id)):
        yield message


async def _tell_events(
    runner: Runner, prepared: Prepared, identity: Identity, request_id: str
) -> AsyncGenerator[dict[str, Any]]:
    bodies = await runner.subscribe(prepared, identity, request_id)
    if isinstance(bodies, dict):
        for message in _tell_body(bodies):
            yield message
        return
    try:
        async for body in bodies:
            yield _next(body)
        yield COMPLETE
    finally:
        await bodies.aclose()


def _tell_body(body: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the messages on one body; nothing was executed where it has no data."""
    if "data" in body:
        return [_next(body), COMPLETE]
    return [{"type": "error", "payload": body["errors"]}]


def _next(body: dict[str, Any]) -> dict[str, Any]:
    return {"type": "next", "payload": body}
