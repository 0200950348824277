"""The one place from which a write leaves for a provider.

What a connector is asked to write goes through ``Decisions.send``: once begun, it is
brought to its end even if nobody waits for it any more.
"""

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any

from msgspec import Struct

from gateway.connector import Written
from gateway.domain import Outcome, TargetKey
from gateway.errors import (
    ConflictError,
    ForbiddenError,
    GatewayError,
    InvalidInputError,
    NotFoundError,
    UnsupportedError,
    UpstreamError,
)
from gateway.observability import get_logger

# What a person can act on; everything else is a fault.
_REFUSALS = (
    NotFoundError,
    ForbiddenError,
    InvalidInputError,
    ConflictError,
    UnsupportedError,
)


class Decided(Struct, frozen=True, kw_only=True):
    """What is known of a write; *refusal* says why nothing happened."""

    outcome: Outcome
    refusal: GatewayError | None = None
    approver_source_id: str | None = None
    policy_source_id: str | None = None
    approval_status_source_id: str | None = None
    target: TargetKey | None = None


class Decisions:
    """Sends writes and sees each to its end."""

    def __init__(self) -> None:
        self._under_way: set[asyncio.Task[Decided]] = set()

    async def send(
        self, write: Coroutine[Any, Any, Written], **subject: object
    ) -> Decided:
        """Run *write*, a connector's coroutine, and return what is known of it.

        A caller that is cancelled leaves the write running. How it ends is logged
        under *subject*, which says who decided what: a provider may know only an
        application.

        Raises:
            UpstreamError: The write surely did not happen.
        """
        task = asyncio.create_task(_decide(write, subject))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return await asyncio.shield(task)

    async def finish(self) -> None:
        """Wait for the writes that are under way; called as the process ends."""
        if self._under_way:
            await asyncio.wait(self._under_way)


async def _decide(
    write: Coroutine[Any, Any, Written], subject: Mapping[str, object]
) -> Decided:
    ended: dict[str, object] = {"outcome": None, "code": "INTERNAL_SERVER_ERROR"}
    try:
        written = await write
        ended = {"outcome": written.outcome.value}
    except _REFUSALS as refusal:
        ended = {"outcome": Outcome.REFUSED.value, "code": refusal.code}
        return Decided(outcome=Outcome.REFUSED, refusal=refusal)
    except UpstreamError as error:
        # It surely did not happen, so sending it again is safe.
        ended = {"outcome": None, "code": error.code}
        raise error.made_retryable() from error
    finally:
        get_logger().info("decision", **subject, **ended)
    return Decided(
        outcome=written.outcome,
        approver_source_id=written.approver_source_id,
        policy_source_id=written.policy_source_id,
        approval_status_source_id=written.approval_status_source_id,
        target=written.target,
    )
