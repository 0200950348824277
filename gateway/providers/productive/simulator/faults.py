"""Faults on order: what goes wrong before, instead of, or after the work (10.4)."""

from collections.abc import Awaitable, Callable

import msgspec

from gateway.providers.productive.simulator.replies import (
    Reply,
    server_error,
    too_many_requests,
    unauthenticated,
)
from gateway.providers.productive.simulator.switches import Fault, ProductiveSwitches

_HTML = "text/html; charset=utf-8"
_BAD_GATEWAY = Reply(
    status=502,
    body=b"<!doctype html><title>502 Bad Gateway</title><h1>Bad Gateway</h1>",
    media_type=_HTML,
)
_PAGE = Reply(
    body=b"<!doctype html><title>Maintenance</title><p>Back soon.</p>",
    media_type=_HTML,
)


class Faults:
    """Decides which calls a fault hits, and waits for the slow ones."""

    def __init__(self, sleep: Callable[[float], Awaitable[None]]) -> None:
        self._sleep = sleep
        self._hits = 0

    def restart(self) -> None:
        """Count the calls that are hit from zero again."""
        self._hits = 0

    def pick(self, call: str, switches: ProductiveSwitches) -> Fault:
        """Return the fault that this call meets, and count it."""
        is_meant = not switches.fault_calls or call in switches.fault_calls
        is_over = switches.fault_times and self._hits >= switches.fault_times
        if switches.fault == "none" or not is_meant or is_over:
            return "none"
        self._hits += 1
        return switches.fault

    async def delay(self, fault: Fault, switches: ProductiveSwitches) -> None:
        """Wait where the work itself is slow."""
        if fault == "slow":
            await self._sleep(switches.fault_seconds)


def refuse_instead(fault: Fault, switches: ProductiveSwitches) -> Reply | None:
    """Return what *fault* answers in place of the work; None lets it be done.

    Raises:
        ProductiveError: The fault is a refusal: 401, 429, 500.
    """
    if fault == "server_error":
        raise server_error()
    if fault == "unauthorized":
        raise unauthenticated()
    if fault == "rate_limited":
        limit = switches.calls_per_10_seconds
        raise too_many_requests(limit, 1 if switches.retry_after else None)
    return _PAGE if fault == "html" else None


def spoil(fault: Fault, reply: Reply) -> Reply:
    """Return what is left of *reply* after work that was done."""
    if fault == "lost_answer":
        return _BAD_GATEWAY
    if fault == "truncated":
        return msgspec.structs.replace(reply, body=reply.body[: len(reply.body) // 2])
    if fault == "empty":
        return msgspec.structs.replace(reply, body=b"")
    return reply
