"""Sends calls to one provider: reads again, writes once."""

import asyncio
import functools
from collections.abc import Callable
from typing import Never, TypeVar

import msgspec
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_after_attempt,
    wait_exponential_jitter,
)
from tenacity.stop import stop_base

from gateway.errors import (
    GatewayError,
    LostAnswerError,
    UpstreamError,
    UpstreamRateLimitedError,
    UpstreamResponseError,
    UpstreamTimeoutError,
    UpstreamUnavailableError,
)
from gateway.observability import get_logger
from gateway.upstream.call import Answer, Call, Dialect
from gateway.upstream.clock import Clock
from gateway.upstream.deadline import Deadline
from gateway.upstream.policy import UpstreamPolicy
from gateway.upstream.sender import NoAnswerError, Sender, Transport
from gateway.upstream.session import Grant, Session

_UNAUTHORISED = 401

# What leaves open whether the provider did what a write asked for.
_OPEN = (UpstreamTimeoutError, UpstreamUnavailableError, UpstreamResponseError)

T = TypeVar("T")


class _SignInError(Exception):
    """There is no grant to send with; the sign-in has tried as often as may help."""

    def __init__(self, error: GatewayError) -> None:
        super().__init__(error.message)
        self.error = error


class _stop_at(stop_base):  # noqa: N801 - tenacity's own spelling
    """Stop when the next wait would pass the deadline."""

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline

    def __call__(self, retry_state: RetryCallState) -> bool:
        return retry_state.upcoming_sleep >= self._deadline.remaining_seconds


class Upstream:
    """One provider's connections, limits and manners, shared by all callers."""

    def __init__(
        self,
        *,
        provider: str,
        base_url: str,
        dialect: Dialect,
        policy: UpstreamPolicy,
        clock: Clock,
        transport: Transport | None = None,
    ) -> None:
        """Create the upstream; without *transport* it speaks real HTTP."""
        self.provider = provider
        self.clock = clock
        self._dialect = dialect
        self._policy = policy
        self._log = get_logger().bind(provider=provider)
        self._sender = Sender(
            provider=provider,
            base_url=base_url,
            dialect=dialect,
            policy=policy,
            clock=clock,
            transport=transport,
            log=self._log,
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._sender.aclose()

    async def read(
        self,
        call: Call,
        parse: Callable[[bytes], T],
        *,
        session: Session | None,
        deadline: Deadline,
    ) -> T:
        """Return the parsed body of a read, tried again while that may help.

        Raises:
            UpstreamError: No usable answer came before the deadline.
            GatewayError: What the provider's dialect makes of its refusal.
        """
        retrying = AsyncRetrying(
            sleep=self.clock.sleep,
            stop=stop_after_attempt(self._policy.attempts) | _stop_at(deadline),
            wait=self._wait_seconds,
            retry=retry_if_exception(_may_pass),
            reraise=True,
        )
        try:
            return await retrying(self._read_once, call, parse, session, deadline)
        except _SignInError as failed:
            raise failed.error from failed

    async def write(
        self, call: Call, *, session: Session | None, deadline: Deadline
    ) -> Answer:
        """Send a write once and return its successful answer.

        A second sending happens only where the provider refused the first one's
        credentials. The deadline bounds what comes before the sending; a write
        under way has its own time.

        Raises:
            LostAnswerError: The write may or may not have happened.
            UpstreamError: The write surely did not happen.
            GatewayError: What the provider's dialect makes of its refusal.
        """
        try:
            answer = await self._exchange(
                call, session, deadline, lambda: self._policy.write_seconds
            )
        except _SignInError as failed:
            raise failed.error from failed
        except NoAnswerError as none:
            if none.sent:
                self._raise_lost(none.error)
            raise none.error from none
        if answer.succeeded:
            return answer
        error = self._refusal(call, answer, session)
        if isinstance(error, _OPEN):
            self._raise_lost(error)
        raise error

    async def _read_once(
        self,
        call: Call,
        parse: Callable[[bytes], T],
        session: Session | None,
        deadline: Deadline,
    ) -> T:
        try:
            answer = await self._exchange(
                call,
                session,
                deadline,
                lambda: min(self._policy.read_seconds, deadline.remaining_seconds),
            )
        except NoAnswerError as none:
            raise none.error from none
        if not answer.succeeded:
            raise self._refusal(call, answer, session)
        try:
            return parse(answer.body)
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            self._log.warning("upstream_answer_invalid", path=call.path)
            raise self._not_understood() from error

    async def _exchange(
        self,
        call: Call,
        session: Session | None,
        deadline: Deadline,
        timeout_seconds: Callable[[], float],
    ) -> Answer:
        send = functools.partial(
            self._sender.send, call, deadline=deadline, timeout_seconds=timeout_seconds
        )
        if session is None:
            return await send(headers={})
        grant = await self._get_grant(session, deadline)
        answer = await send(headers=grant.headers)
        if answer.status == _UNAUTHORISED:
            session.refuse(grant)
            grant = await self._get_grant(session, deadline)
            answer = await send(headers=grant.headers)
        return answer

    async def _get_grant(self, session: Session, deadline: Deadline) -> Grant:
        try:
            async with asyncio.timeout(deadline.remaining_seconds):
                return await session.get_grant()
        except TimeoutError as error:
            raise _SignInError(self._late()) from error
        except GatewayError as error:
            raise _SignInError(error) from error

    def _refusal(
        self, call: Call, answer: Answer, session: Session | None
    ) -> GatewayError:
        error = self._dialect.explain(answer)
        if isinstance(error, UpstreamRateLimitedError) and session is not None:
            session.spend(error)
        if isinstance(error, UpstreamError):
            self._log.warning(
                "upstream_failed", path=call.path, status=answer.status, code=error.code
            )
        return error

    def _raise_lost(self, cause: Exception) -> Never:
        self._log.warning("upstream_answer_lost")
        raise LostAnswerError(
            self.provider, "The provider's answer to this write was lost."
        ) from cause

    def _not_understood(self) -> UpstreamResponseError:
        return UpstreamResponseError(
            self.provider, "The provider's answer could not be understood."
        )

    def _late(self) -> UpstreamTimeoutError:
        return UpstreamTimeoutError(
            self.provider, "The provider did not answer in time."
        )

    def _wait_seconds(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        told = getattr(error, "retry_after_seconds", None)
        if told is not None:
            return float(told)
        backoff = wait_exponential_jitter(
            initial=self._policy.wait_initial_seconds,
            max=self._policy.wait_max_seconds,
            jitter=self._policy.wait_initial_seconds,
        )
        return backoff(state)


def _may_pass(error: BaseException) -> bool:
    """Return whether a failure may be gone at the next attempt."""
    return isinstance(error, GatewayError) and error.retryable
