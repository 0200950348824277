"""The one place from which a write leaves for a provider.

What a connector is asked to write goes through ``Decisions``: once begun, it is brought
to its end even if nobody waits for it any more, and what it changed is told.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, TypeAlias

from msgspec import Struct

from gateway.connector import Written
from gateway.domain import ApprovableKey, Outcome, ProviderName, TargetKey
from gateway.errors import (
    ConflictError,
    ForbiddenError,
    GatewayError,
    InvalidInputError,
    NotFoundError,
    StaleError,
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
    StaleError,
    UnsupportedError,
)

# What leaves nothing known of a write is a bug.
_BUG = "INTERNAL_SERVER_ERROR"


class Decided(Struct, frozen=True, kw_only=True):
    """What is known of a write.

    *refusal* says why nothing happened, *remark* what to know of what did.
    """

    outcome: Outcome
    refusal: GatewayError | None = None
    remark: GatewayError | None = None
    approver_source_id: str | None = None
    policy_source_id: str | None = None
    approval_status_source_id: str | None = None
    target: TargetKey | None = None


# What the log is to say of a write: who decided what.
Subject: TypeAlias = Mapping[str, object]
# What is written on: an object to approve; its provider alone where what comes back of
# the write says which; None where it is nothing of that sort.
On: TypeAlias = ApprovableKey | ProviderName | None
Tell: TypeAlias = Callable[[ApprovableKey], None]
_Sending: TypeAlias = "asyncio.Task[list[Decided | Exception]]"
_Ended: TypeAlias = Sequence[Written | Exception]


class Decisions:
    """Sends writes and sees each to its end."""

    def __init__(self, tell: Tell = lambda _: None) -> None:
        """Create it; *tell* is told of each object that a write may have changed."""
        self._tell = tell
        self._under_way: dict[_Sending, Callable[[], None]] = {}

    async def send(
        self,
        write: Coroutine[Any, Any, Written],
        *,
        on: On = None,
        **subject: object,
    ) -> Decided:
        """Run *write*, a connector's coroutine, and return what is known of it.

        A caller that is cancelled leaves the write running. How it ends is logged
        under *subject*, which says who decided what: a provider may know only an
        application. What it is *on* is told, unless that surely stayed as it was.

        Raises:
            UpstreamError: The write surely did not happen.
        """
        (decided,) = await self.send_all(_run_alone(write), [subject], [on])
        if isinstance(decided, Exception):
            raise decided
        return decided

    async def send_all(
        self,
        write: Coroutine[Any, Any, _Ended],
        subjects: Sequence[Subject],
        on: Sequence[On] | None = None,
        *,
        give_up: Callable[[], None] = lambda: None,
    ) -> list[Decided | Exception]:
        """Run *write*, which sends several, and return what is known of each, in order.

        One that surely did not happen is an ``UpstreamError``, and one of which a bug
        leaves nothing known is that. In all else it is as with one, and each is logged
        under its own of *subjects*, and told by its own of *on*. *give_up* is called
        once nobody waits any more: of several those that have not begun need not begin.
        """
        places = [None for _ in subjects] if on is None else on
        task = asyncio.create_task(self._run(write, subjects, places))
        self._under_way[task] = give_up
        task.add_done_callback(self._under_way.pop)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            give_up()
            raise

    async def finish(self) -> None:
        """Wait for the writes that are under way; called as the process ends."""
        for give_up in self._under_way.values():
            give_up()
        if self._under_way:
            await asyncio.wait(list(self._under_way))

    async def _run(
        self,
        write: Coroutine[Any, Any, _Ended],
        subjects: Sequence[Subject],
        on: Sequence[On],
    ) -> list[Decided | Exception]:
        try:
            ended = await write
        except BaseException:
            for subject, place in zip(subjects, on, strict=True):
                _log(subject, outcome=None, code=_BUG)
                self._tell_of(place, None)
            raise
        for how, place in zip(ended, on, strict=True):
            if _may_have_changed(how):
                self._tell_of(place, how)
        return [_conclude(how, one) for how, one in zip(ended, subjects, strict=True)]

    def _tell_of(self, on: On, ended: Written | Exception | None) -> None:
        """Tell what may have changed, when nothing here waits for it or fails by it."""
        loop = asyncio.get_running_loop()
        if isinstance(on, ApprovableKey):
            loop.call_soon(self._tell, on)
        elif on is not None and isinstance(ended, Written) and ended.target is not None:
            loop.call_soon(self._tell, ApprovableKey(on, ended.target))


async def _run_alone(write: Coroutine[Any, Any, Written]) -> _Ended:
    try:
        return [await write]
    except GatewayError as error:
        return [error]


def _may_have_changed(ended: Written | Exception) -> bool:
    """Return whether a write that ended so may have changed something.

    What leaves nothing known of it, a bug, may have.
    """
    if isinstance(ended, Written):
        return ended.outcome in {Outcome.APPLIED, Outcome.UNKNOWN}
    return not isinstance(ended, GatewayError)


def _conclude(ended: Written | Exception, subject: Subject) -> Decided | Exception:
    """Return what is known of a write that ended so, and log it."""
    if isinstance(ended, _REFUSALS):
        _log(subject, outcome=Outcome.REFUSED.value, code=ended.code)
        return Decided(outcome=Outcome.REFUSED, refusal=ended)
    if isinstance(ended, UpstreamError):
        _log(subject, outcome=None, code=ended.code)
        # It surely did not happen, so sending it again is safe.
        return ended.made_retryable()
    if isinstance(ended, Exception):
        code = ended.code if isinstance(ended, GatewayError) else _BUG
        _log(subject, outcome=None, code=code)
        return ended
    seen = {} if ended.version is None else {"version": ended.version}
    if ended.remark is not None:
        seen["code"] = ended.remark.code
    _log(subject, outcome=ended.outcome.value, **seen)
    return Decided(
        outcome=ended.outcome,
        remark=ended.remark,
        approver_source_id=ended.approver_source_id,
        policy_source_id=ended.policy_source_id,
        approval_status_source_id=ended.approval_status_source_id,
        target=ended.target,
    )


def _log(subject: Subject, **ended: object) -> None:
    get_logger().info("decision", **subject, **ended)
