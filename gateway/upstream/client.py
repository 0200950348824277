"""Sends calls to one provider: reads again, writes once."""

import asyncio
import functools
from collections.abc import Awaitable, Callable
from typing import Never, TypeVar

import msgspec
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    retry_if_result,
    stop_after_attempt,
    wait_exponential_jitter,
)
from tenacity.stop import stop_base

from gateway.errors import (
    GatewayError,
    LostAnswerError,
    UpstreamAuthError,
    UpstreamError,
    UpstreamRateLimitedError,
    UpstreamResponseError,
    UpstreamTimeoutError,
    UpstreamUnavailableError,
)
from gateway.observability import get_logger
from gateway.upstream.call import Answer, Call, Dialect, Verdict
from gateway.upstream.clock import Clock
from gateway.upstream.deadline import Deadline
from gateway.upstream.limit import Limit
from gateway.upstream.policy import UpstreamPolicy
from gateway.upstream.sender import NoAnswerError, Sender, Transport
from gateway.upstream.session import Grant, Session

# What was written is read back even when the operation's own time is over.
_READ_BACK_SECONDS = 10.0
# Waits before each reading back of a write whose answer was lost.
_SETTLE_WAITS_SECONDS = (0.0, 0.5, 1.5)

# What leaves open whether the provider did what a write asked for.
_OPEN = (UpstreamTimeoutError, UpstreamUnavailableError, UpstreamResponseError)

T = TypeVar("T")


class _UnsendableError(Exception):
    """There is no grant to send with, or no limit left; trying again is no help."""

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
        self.limit = Limit(
            provider, clock, spent_from_seconds=policy.spent_from_seconds
        )
        self._sign_in_limit = self.limit
        if policy.sign_ins_per_hour is not None:
            self._sign_in_limit = Limit(
                provider,
                clock,
                spent_from_seconds=policy.spent_from_seconds,
                per_hour=policy.sign_ins_per_hour,
            )
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
        except _UnsendableError as failed:
            raise failed.error from failed

    async def write(
        self, call: Call, *, session: Session | None, deadline: Deadline
    ) -> Answer:
        """Send a write once and return its successful answer.

        A second sending happens only where the provider says that the first was not
        carried out: it refused its credentials, or had no slot. The deadline bounds
        what comes before the sending; a write under way has its own time, and leaves
        enough on the deadline for what is read after it.

        Raises:
            LostAnswerError: The write may or may not have happened.
            UpstreamError: The write surely did not happen.
            GatewayError: What the provider's dialect makes of its refusal.
        """
        try:
            answer = await self._exchange(
                call, session, deadline, lambda: self._policy.write_seconds
            )
        except _UnsendableError as failed:
            raise failed.error from failed
        except NoAnswerError as none:
            if none.sent:
                self._raise_lost(none.error)
            raise none.error from none
        finally:
            deadline.allow(_READ_BACK_SECONDS)
        if answer.verdict is Verdict.DONE:
            return answer
        error = self._refusal(call, answer, session)
        if _is_carried_out(answer) and isinstance(error, _OPEN):
            self._raise_lost(error)
        raise error

    async def identify(self, session: Session, deadline: Deadline) -> str | None:
        """Return the provider's id of who is signed in, signing in if that is needed.

        Raises:
            UpstreamError: The provider did not sign us in before the deadline.
        """
        try:
            grant = await self._get_grant(session, deadline)
        except _UnsendableError as failed:
            raise failed.error from failed
        return grant.user_source_id

    async def settle(
        self, look: Callable[[], Awaitable[T | None]], deadline: Deadline
    ) -> T | None:
        """Find out by reading whether a write happened whose answer was lost.

        Only what *look* returns as proof settles it: what is not there yet may still
        come. It looks a few times, even when the operation's own time is over.
        """
        for wait_seconds in _SETTLE_WAITS_SECONDS:
            await self.clock.sleep(wait_seconds)
            deadline.allow(_READ_BACK_SECONDS)
            try:
                proof = await look()
            except GatewayError:
                # Whatever reading says no to, the write may have happened.
                continue
            if proof is not None:
                return proof
        return None

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
        if answer.verdict is not Verdict.DONE:
            error = self._refusal(call, answer, session)
            if _is_carried_out(answer):
                raise error
            # It was sent again as often as may help.
            raise _UnsendableError(error)
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
            self._send,
            call,
            session=session,
            deadline=deadline,
            timeout_seconds=timeout_seconds,
        )
        if session is None:
            return await send(None)
        try:
            self._limit_of(session).check()
        except UpstreamRateLimitedError as spent:
            raise _UnsendableError(spent) from spent
        grant = await self._get_grant(session, deadline)
        answer = await send(grant)
        if answer.verdict is Verdict.SIGNED_OUT:
            session.refuse(grant)
            grant = await self._get_grant(session, deadline)
            answer = await send(grant)
        match answer.verdict:
            case Verdict.SIGNED_OUT:
                error = self._dialect.explain(answer)
                if isinstance(error, UpstreamAuthError):
                    session.give_up(grant, error)
            case Verdict.DONE | Verdict.REFUSED:
                session.use(grant)
        return answer

    async def _send(
        self,
        call: Call,
        grant: Grant | None,
        *,
        session: Session | None,
        deadline: Deadline,
        timeout_seconds: Callable[[], float],
    ) -> Answer:
        """Send a call, and again while the provider has no slot for it."""
        retrying = AsyncRetrying(
            sleep=self.clock.sleep,
            stop=stop_after_attempt(self._policy.busy_attempts) | _stop_at(deadline),
            wait=wait_exponential_jitter(
                multiplier=self._policy.busy_wait_seconds,
                jitter=self._policy.busy_wait_seconds,
            ),
            retry=retry_if_result(_is_busy),
            retry_error_callback=_last_answer,
        )
        return await retrying(
            self._send_once, call, grant, session, deadline, timeout_seconds
        )

    async def _send_once(
        self,
        call: Call,
        grant: Grant | None,
        session: Session | None,
        deadline: Deadline,
        timeout_seconds: Callable[[], float],
    ) -> Answer:
        limit = self._limit_of(session, call)

        def admit() -> None:
            if call.is_sign_in:
                # It is of no use while no call can follow it.
                self._limit_of(session).check()
            if session is not None and grant is not None:
                # Others may have been refused while this one stood in line.
                session.check(grant)
            limit.take()

        try:
            return await self._sender.send(
                call,
                grant,
                deadline=deadline,
                timeout_seconds=timeout_seconds,
                limit=limit,
                admit=admit,
            )
        except (UpstreamRateLimitedError, UpstreamAuthError) as held:
            raise _UnsendableError(held) from held

    def _limit_of(self, session: Session | None, call: Call | None = None) -> Limit:
        """Return what counts the calls of *session*, or *call* among them."""
        if call is not None and call.is_sign_in:
            return self._sign_in_limit
        if session is not None and session.limit is not None:
            return session.limit
        return self.limit

    async def _get_grant(self, session: Session, deadline: Deadline) -> Grant:
        try:
            async with asyncio.timeout(deadline.remaining_seconds):
                return await session.get_grant()
        except TimeoutError as error:
            raise _UnsendableError(self._late()) from error
        except GatewayError as error:
            raise _UnsendableError(error) from error

    def _refusal(
        self, call: Call, answer: Answer, session: Session | None
    ) -> GatewayError:
        error = self._dialect.explain(answer)
        if isinstance(error, UpstreamRateLimitedError):
            self._limit_of(session, call).spend(error)
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
            multiplier=self._policy.wait_initial_seconds,
            max=self._policy.wait_max_seconds,
            jitter=self._policy.wait_initial_seconds,
        )
        return backoff(state)


def _is_carried_out(answer: Answer) -> bool:
    """Return whether the call may have had an effect."""
    return answer.verdict in {Verdict.DONE, Verdict.REFUSED}


def _is_busy(answer: Answer) -> bool:
    return answer.verdict is Verdict.BUSY


def _last_answer(state: RetryCallState) -> Answer:
    """Return what the last attempt was answered."""
    assert state.outcome is not None  # noqa: S101 - there was an attempt
    answer: Answer = state.outcome.result()
    return answer


def _may_pass(error: BaseException) -> bool:
    """Return whether a failure may be gone at the next attempt."""
    return isinstance(error, GatewayError) and error.retryable
