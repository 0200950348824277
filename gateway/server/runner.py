"""The seam where a client's operation runs, whatever carried it here."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing
from typing import Any, TypeAlias

from graphql import ExecutionResult
from msgspec import Struct

from gateway.context import Context
from gateway.engine import Engine, Increments, Operation
from gateway.operations import Operations
from gateway.security import Authenticate, Caller
from gateway.server.presenter import present_result
from gateway.server.requests import GraphQLRequest

# The headers that say who calls, by their lower-case names.
Identity: TypeAlias = Mapping[str, str]

_CHECK_SECONDS = 60.0


class Prepared(Struct, frozen=True, kw_only=True):
    """An operation that may run, with its variables.

    *is_by_id* is whether its text was left out.
    """

    operation: Operation
    variables: dict[str, Any]
    is_by_id: bool


class Runner:
    """Finds what a client asks to run, and runs it as its caller."""

    def __init__(
        self,
        *,
        engine: Engine,
        operations: Operations,
        authenticate: Authenticate,
        create_context: Callable[[Caller, str], Context],
        check_seconds: float = _CHECK_SECONDS,
    ) -> None:
        """Create it; *check_seconds* is how long access lasts unseen in a stream."""
        self._engine = engine
        self._operations = operations
        self.authenticate = authenticate
        self.create_context = create_context
        self._check_seconds = check_seconds

    async def prepare(self, request: GraphQLRequest) -> Prepared:
        """Return what a request asks to run.

        Raises:
            GatewayError: It names no document that may run here.
            RejectedError: The document does not parse or validate, or has no such
                operation.
        """
        found = await self._operations.find(request.asked)
        return Prepared(
            operation=found.document.find(request.operation_name or None),
            variables=request.variables or {},
            is_by_id=found.is_by_id,
        )

    async def run(self, prepared: Prepared, context: Context) -> ExecutionResult:
        """Return the complete answer to a query or a mutation."""
        return await self._engine.execute(
            prepared.operation, prepared.variables, context
        )

    async def run_in_parts(
        self, prepared: Prepared, context: Context
    ) -> ExecutionResult | Increments:
        """Return the answer to a query or a mutation, in parts where it defers some."""
        return await self._engine.execute_incrementally(
            prepared.operation, prepared.variables, context
        )

    async def subscribe(
        self, prepared: Prepared, identity: Identity, request_id: str
    ) -> dict[str, Any] | AsyncGenerator[dict[str, Any]]:
        """Return the bodies of a subscription's answers, or the one why there are none.

        Who calls is established anew for each event, and each minute without one: what
        ends somebody's access ends their subscriptions. Closing the generator ends the
        subscription.

        Raises:
            GatewayError: The caller is not known; the generator may raise it, too.
        """
        caller = await self.authenticate(identity)
        context = self.create_context(caller, request_id)
        stream = await self._engine.open_stream(
            prepared.operation, prepared.variables, context
        )
        if isinstance(stream, ExecutionResult):
            return present_result(stream, request_id)
        return self._answer(stream, prepared, identity, request_id)

    async def _answer(
        self,
        events: Any,  # graphql-core does not type what a resolver's stream yields
        prepared: Prepared,
        identity: Identity,
        request_id: str,
    ) -> AsyncGenerator[dict[str, Any]]:
        each = self._each(events, identity, request_id)
        async with aclosing(events), aclosing(each):
            async for event in each:
                caller = await self.authenticate(identity)
                context = self.create_context(caller, request_id)
                try:
                    result = await self._engine.execute(
                        prepared.operation, prepared.variables, context, root=event
                    )
                except asyncio.CancelledError:
                    context.cancel_reads()
                    raise
                yield present_result(result, request_id)

    async def _each(
        self, events: AsyncIterator[Any], identity: Identity, request_id: str
    ) -> AsyncGenerator[Any]:
        """Pass events on; while none comes, see that the caller still has access."""
        while True:
            # To give up waiting would end the stream.
            coming = asyncio.ensure_future(anext(events))
            try:
                while not coming.done():
                    await asyncio.wait({coming}, timeout=self._check_seconds)
                    if not coming.done():
                        # Whose credentials are others by now is let go by this.
                        caller = await self.authenticate(identity)
                        self.create_context(caller, request_id)
                event = coming.result()
            except StopAsyncIteration:
                return
            finally:
                if coming.cancel():
                    await asyncio.wait({coming})
            yield event
