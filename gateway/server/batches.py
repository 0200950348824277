"""Several operations in one request: off unless it is set, and bounded."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from graphql import OperationType

from gateway.context import Context
from gateway.errors import RequestError
from gateway.server.presenter import present_failure, present_result
from gateway.server.requests import GraphQLRequest
from gateway.server.runner import Prepared, Runner


class Batch:
    """The operations of one request, in order; each has an answer of its own."""

    def __init__(
        self, runner: Runner, prepared: Sequence[Prepared | Exception]
    ) -> None:
        """Create it; what could not be prepared is answered by its error."""
        self._runner = runner
        self._prepared = prepared

    @property
    def is_query(self) -> bool:
        """Whether nothing in it changes anything."""
        return not any(
            isinstance(one, Prepared) and one.operation.type is OperationType.MUTATION
            for one in self._prepared
        )

    async def run(
        self, create_context: Callable[[], Context], request_id: str
    ) -> list[dict[str, Any]]:
        """Return the body of each answer, in order.

        Queries alone run side by side; with a mutation among them, one after another.
        """

        async def answer(one: Prepared | Exception) -> dict[str, Any]:
            if isinstance(one, Exception):
                return present_failure(one, request_id)
            try:
                result = await self._runner.run(one, create_context())
                return present_result(result, request_id)
            except Exception as error:  # noqa: BLE001 - the presenter shows what may be shown
                return present_failure(error, request_id)

        if self.is_query:
            return list(await asyncio.gather(*map(answer, self._prepared)))
        return [await answer(one) for one in self._prepared]


async def open_batch(
    runner: Runner, requests: Sequence[GraphQLRequest], most: int
) -> Batch:
    """Return the batch of several requests.

    Raises:
        RequestError: There are more than *most*, or none.
    """
    if most <= 1:
        raise RequestError(
            "Send one operation: batches are not taken here.",
            code="BATCHING_NOT_ENABLED",
        )
    if not 1 <= len(requests) <= most:
        raise RequestError(
            f"A batch has 1 to {most} operations, not {len(requests)}.",
            code="BATCH_LIMIT_EXCEEDED",
        )
    return Batch(runner, [await _prepare(runner, one) for one in requests])


async def _prepare(runner: Runner, request: GraphQLRequest) -> Prepared | Exception:
    try:
        prepared = await runner.prepare(request)
    except Exception as error:  # noqa: BLE001 - it is the answer to this one alone
        return error
    if prepared.operation.type is OperationType.SUBSCRIPTION:
        return RequestError("A subscription has an answer of its own, not a batch's.")
    return prepared
