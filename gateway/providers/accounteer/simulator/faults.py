"""Faults on order: what goes wrong before, instead of, or after the work."""

from collections.abc import Awaitable, Callable

from gateway.providers.accounteer.simulator.replies import (
    AccounteerError,
    Reply,
    json_reply,
    page_reply,
    too_many,
    unauthorized,
)
from gateway.providers.accounteer.simulator.switches import AccounteerSwitches, Fault

_APPROVALS = frozenset({"approve_invoice", "approve_purchase"})
_OAUTH = frozenset({"authorize", "token"})
_RETRY_AFTER = 1
_TIMED_OUT = page_reply(504, "504 Gateway Time-out")
_ANSWERS: dict[Fault, Reply] = {
    "bad_gateway": page_reply(502, "502 Bad Gateway"),
    "timed_out": _TIMED_OUT,
    "html": page_reply(200, "Maintenance"),
    "wrong_shape": json_reply(200, {"ok": "yes", "result": [{"id": 1}]}),
}


class Faults:
    """Decides which calls a fault hits, and waits for the slow ones."""

    def __init__(self, sleep: Callable[[float], Awaitable[None]]) -> None:
        self._sleep = sleep
        self._hits = 0

    def restart(self) -> None:
        """Count the calls that are hit from zero again."""
        self._hits = 0

    def pick(self, call: str, switches: AccounteerSwitches) -> Fault:
        """Return the fault that this call meets, and count it."""
        is_over = switches.fault_times and self._hits >= switches.fault_times
        if switches.fault == "none" or is_over or not _is_meant(call, switches):
            return "none"
        self._hits += 1
        return switches.fault

    async def delay(self, fault: Fault, switches: AccounteerSwitches) -> None:
        """Wait where the work itself is slow."""
        if fault == "slow":
            await self._sleep(switches.fault_seconds)


def _is_meant(call: str, switches: AccounteerSwitches) -> bool:
    if switches.fault == "edited_before_approve" and call not in _APPROVALS:
        return False
    if switches.fault_calls:
        return call in switches.fault_calls
    return call not in _OAUTH


def refuse_instead(fault: Fault) -> Reply | None:
    """Return what *fault* answers in place of the work; None lets it be done.

    Raises:
        AccounteerError: The service itself refuses.
    """
    if fault == "unavailable":
        raise AccounteerError(503, "The service is unavailable.")
    if fault == "internal_error":
        raise AccounteerError(500, "Something went wrong.")
    if fault == "throttled":
        raise too_many(_RETRY_AFTER)
    if fault == "throttled_without_hint":
        raise too_many(None)
    if fault == "unauthorised":
        raise unauthorized()
    return _ANSWERS.get(fault)


def spoil(fault: Fault, reply: Reply) -> Reply:
    """Return what is left of *reply* after work that was done."""
    if fault == "lost_answer":
        return _TIMED_OUT
    if fault == "empty":
        return Reply(status=reply.status)
    return reply
