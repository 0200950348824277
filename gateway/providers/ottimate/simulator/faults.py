"""Faults on order: what goes wrong before, instead of, or after the work (3.3)."""

import asyncio
from collections.abc import Awaitable, Callable

from gateway.providers.ottimate.simulator.auth import refuse_token
from gateway.providers.ottimate.simulator.replies import (
    GatewayFormError,
    OttimateError,
    Reply,
    json_reply,
)
from gateway.providers.ottimate.simulator.switches import Fault, OttimateSwitches

REQUEST_SECONDS = 29.0
_TIMED_OUT = (504, "Endpoint request timed out")
_REFUSALS: dict[Fault, tuple[int, str]] = {
    "unavailable": (503, "Service Unavailable"),
    "bad_gateway": (502, "Internal server error"),
    "throttled": (429, "Too Many Requests"),
    "spent": (429, "Limit Exceeded"),
    "timed_out": _TIMED_OUT,
}
_ANSWERS: dict[Fault, Reply] = {
    "html": Reply(
        status=200,
        body=b"<!doctype html><title>Maintenance</title><p>Back soon.</p>",
        media_type="text/html",
    ),
    "wrong_shape": json_reply(200, {"data": [{"id": 1}], "ok": "yes"}),
}


class Faults:
    """Decides which calls a fault hits, and carries it out."""

    def __init__(
        self, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._sleep = sleep
        self._hits = 0

    def restart(self) -> None:
        """Count the calls that are hit from zero again."""
        self._hits = 0

    def pick(self, call: str, switches: OttimateSwitches) -> Fault:
        """Return the fault that this call meets, and count it."""
        named = call in switches.fault_calls
        meant = named or (not switches.fault_calls and call != "token")
        spent = switches.fault_times and self._hits >= switches.fault_times
        if switches.fault == "none" or not meant or spent:
            return "none"
        self._hits += 1
        return switches.fault

    async def delay(self, fault: Fault, switches: OttimateSwitches) -> None:
        """Wait where the work itself is slow, at most until the API gives up."""
        if fault == "slow":
            await self._sleep(min(switches.fault_seconds, REQUEST_SECONDS))


def refuse_instead(fault: Fault) -> Reply | None:
    """Return what *fault* answers in place of the work; None lets it be done.

    Raises:
        GatewayFormError: The front of the API refuses.
        OttimateError: The application refuses.
    """
    if fault in _REFUSALS:
        raise GatewayFormError(*_REFUSALS[fault])
    if fault == "internal_error":
        raise OttimateError(500, "GEN5000", "Internal server error.")
    if fault == "concurrent_edit":
        raise OttimateError(412, "INV4120", "The invoice was changed meanwhile.")
    if fault == "unauthorised":
        refuse_token()
    return _ANSWERS.get(fault)


def spoil(fault: Fault, switches: OttimateSwitches, reply: Reply) -> Reply:
    """Return what is left of *reply* after work that was done.

    Raises:
        GatewayFormError: 504; the answer is lost.
    """
    is_late = fault == "slow" and switches.fault_seconds >= REQUEST_SECONDS
    if fault == "lost_answer" or is_late:
        raise GatewayFormError(*_TIMED_OUT)
    if fault == "empty":
        return Reply(status=reply.status, body=b"")
    return reply
