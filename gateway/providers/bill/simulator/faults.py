"""Faults on order: what goes wrong before, instead of, or after the work (8.3)."""

from collections.abc import Awaitable, Callable

from gateway.providers.bill.simulator.replies import BillError, Reply, spent
from gateway.providers.bill.simulator.switches import BillSwitches, Fault

_BAD_GATEWAY = Reply(
    status=502,
    body=b"<!doctype html><title>502 Bad Gateway</title><h1>Bad Gateway</h1>",
    media_type="text/html",
)
_PAGE = Reply(
    body=b"<!doctype html><title>Maintenance</title><p>Back soon.</p>",
    media_type="text/html",
)
_ANSWERS: dict[Fault, Reply] = {"bad_gateway_html": _BAD_GATEWAY, "html": _PAGE}
_CODES: dict[Fault, str] = {
    "system_error": "BDC_1001",
    "session_lost": "BDC_1109",
    "busy": "BDC_1322",
}


class Faults:
    """Decides which calls a fault hits, and waits for the slow ones."""

    def __init__(self, sleep: Callable[[float], Awaitable[None]]) -> None:
        self._sleep = sleep
        self._hits = 0

    def restart(self) -> None:
        """Count the calls that are hit from zero again."""
        self._hits = 0

    def pick(self, call: str, switches: BillSwitches) -> Fault:
        """Return the fault that this call meets, and count it."""
        named = call in switches.fault_calls
        meant = named or (not switches.fault_calls and call != "Login")
        is_over = switches.fault_times and self._hits >= switches.fault_times
        if switches.fault == "none" or not meant or is_over:
            return "none"
        self._hits += 1
        return switches.fault

    async def delay(self, fault: Fault, switches: BillSwitches) -> None:
        """Wait where the work itself is slow."""
        if fault == "slow":
            await self._sleep(switches.fault_seconds)


def refuse_instead(fault: Fault, switches: BillSwitches) -> Reply | None:
    """Return what *fault* answers in place of the work; None lets it be done.

    Raises:
        BillError: The fault is a failure with a code.
    """
    if fault in _CODES:
        raise BillError(_CODES[fault])
    if fault == "spent":
        raise spent(switches.calls_per_hour)
    return _ANSWERS.get(fault)


def spoil(fault: Fault, reply: Reply) -> Reply:
    """Return what is left of *reply* after work that was done."""
    if fault == "lost_answer":
        return _BAD_GATEWAY
    if fault == "truncated":
        return Reply(status=reply.status, body=reply.body[: len(reply.body) // 2])
    if fault == "empty":
        return Reply(status=reply.status, body=b"")
    return reply
