"""Sends calls to one provider: reads again, writes once."""

import asyncio
import email.utils
import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Never, TypeVar

import httpx
import msgspec
from msgspec import Struct
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
from gateway.upstream.session import Grant, Session

_UNAUTHORISED = 401
_LONGEST_WAIT_DIGITS = 9
_LONGEST_WAIT_SECONDS = 10**_LONGEST_WAIT_DIGITS
_ANSWER_BYTES = 16 * 1024 * 1024

_HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip, deflate",
    "User-Agent": "approvals-gateway",
}

# What went wrong before a request could have left this machine.
_UNSENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
)
# What leaves open whether the provider did what a write asked for.
_OPEN = (UpstreamTimeoutError, UpstreamUnavailableError, UpstreamResponseError)

T = TypeVar("T")

# What carries requests: httpx's own seam, where tests and the sandbox stand in.
Transport = httpx.AsyncBaseTransport


class UpstreamPolicy(Struct, frozen=True, kw_only=True):
    """How one provider is treated.

    Attributes:
        in_flight: The most calls under way at once, over all callers.
        connect_seconds: How long a connection may take.
        read_seconds: How long one attempt of a read may take.
        write_seconds: How long a write may take; longer than the provider's own
            limit, so that the provider's word comes before ours.
        attempts: How often a read is tried.
        wait_initial_seconds: The wait before a read's second attempt; it doubles.
        wait_max_seconds: The longest wait before another attempt.
    """

    in_flight: int = 32
    connect_seconds: float = 5.0
    read_seconds: float = 10.0
    write_seconds: float = 30.0
    attempts: int = 3
    wait_initial_seconds: float = 1.0
    wait_max_seconds: float = 8.0


class _NoAnswerError(Exception):
    """No answer came; *sent* is whether the request may have reached the provider."""

    def __init__(self, error: UpstreamError, *, sent: bool) -> None:
        super().__init__(error.message)
        self.error = error
        self.sent = sent


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
        self._base_url = base_url.rstrip("/")
        self._dialect = dialect
        self._policy = policy
        self._slots = asyncio.Semaphore(policy.in_flight)
        self._transport = transport or httpx.AsyncHTTPTransport(
            limits=httpx.Limits(
                max_connections=policy.in_flight,
                max_keepalive_connections=policy.in_flight,
            )
        )
        self._log = get_logger().bind(provider=provider)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()

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
        except _NoAnswerError as none:
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
        except _NoAnswerError as none:
            raise none.error from none
        if not answer.succeeded:
            raise self._refusal(call, answer, session)
        try:
            return parse(answer.body)
        except (msgspec.DecodeError, ValueError) as error:
            self._log.warning("upstream_answer_invalid", path=call.path)
            raise self._not_understood() from error

    async def _exchange(
        self,
        call: Call,
        session: Session | None,
        deadline: Deadline,
        timeout_seconds: Callable[[], float],
    ) -> Answer:
        if session is None:
            return await self._send(call, {}, deadline, timeout_seconds)
        grant = await self._get_grant(session, deadline)
        answer = await self._send(call, grant.headers, deadline, timeout_seconds)
        if answer.status == _UNAUTHORISED:
            session.refuse(grant)
            grant = await self._get_grant(session, deadline)
            answer = await self._send(call, grant.headers, deadline, timeout_seconds)
        return answer

    async def _get_grant(self, session: Session, deadline: Deadline) -> Grant:
        try:
            async with asyncio.timeout(deadline.remaining_seconds):
                return await session.get_grant()
        except TimeoutError as error:
            raise _SignInError(self._late()) from error
        except GatewayError as error:
            raise _SignInError(error) from error

    async def _send(
        self,
        call: Call,
        headers: Mapping[str, str],
        deadline: Deadline,
        timeout_seconds: Callable[[], float],
    ) -> Answer:
        """Send one request, once; the only place where a call leaves."""
        # A time-out ends only what waits, so a deadline that is over is asked for.
        if deadline.remaining_seconds == 0:
            raise _NoAnswerError(self._late(), sent=False)
        try:
            async with asyncio.timeout(deadline.remaining_seconds):
                await self._slots.acquire()
        except TimeoutError as error:
            raise _NoAnswerError(self._late(), sent=False) from error
        started = self.clock.monotonic()
        fields: dict[str, object] = {}
        try:
            seconds = timeout_seconds()
            request = self._request(call, headers, seconds)
            answer = await self._transmit(request, seconds)
            fields["status"] = answer.status
            if not answer.succeeded:
                fields |= self._dialect.describe(answer)
        except _NoAnswerError as none:
            fields["error"] = none.error.code
            raise
        finally:
            self._slots.release()
            self._log.info(
                "upstream_call",
                method=call.method,
                path=call.path,
                duration_ms=round(1000 * (self.clock.monotonic() - started), 1),
                **fields,
            )
        return answer

    def _request(
        self, call: Call, headers: Mapping[str, str], timeout_seconds: float
    ) -> httpx.Request:
        connect_seconds = min(self._policy.connect_seconds, timeout_seconds)
        timeout = httpx.Timeout(
            timeout_seconds, connect=connect_seconds, pool=connect_seconds
        )
        return httpx.Request(
            call.method,
            call.absolute_url or f"{self._base_url}{call.path}",
            params=call.params or None,
            headers={**_HEADERS, **headers, **call.headers},
            json=call.json,
            data=call.form,
            extensions={"timeout": timeout.as_dict()},
        )

    async def _transmit(self, request: httpx.Request, seconds: float) -> Answer:
        try:
            # httpx bounds each phase; this bounds their sum.
            async with asyncio.timeout(seconds):
                response = await self._transport.handle_async_request(request)
                try:
                    body = await self._read_body(response)
                finally:
                    await response.aclose()
        except _UNSENT as error:
            raise _NoAnswerError(self._down(), sent=False) from error
        except (httpx.TimeoutException, TimeoutError) as error:
            raise _NoAnswerError(self._late(), sent=True) from error
        except httpx.TransportError as error:
            raise _NoAnswerError(self._down(), sent=True) from error
        except httpx.DecodingError as error:
            raise _NoAnswerError(self._not_understood(), sent=True) from error
        return Answer(
            status=response.status_code,
            body=body,
            retry_after_seconds=_retry_after_seconds(
                response.headers.get("retry-after"), self.clock.now()
            ),
        )

    async def _read_body(self, response: httpx.Response) -> bytes:
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > _ANSWER_BYTES:
                error = UpstreamResponseError(
                    self.provider, "The provider's answer is larger than any it sends."
                )
                raise _NoAnswerError(error, sent=True)
        return bytes(body)

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

    def _down(self) -> UpstreamUnavailableError:
        return UpstreamUnavailableError(
            self.provider, "The provider could not be reached."
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


def _retry_after_seconds(text: str | None, now: datetime) -> int | None:
    """Return what a ``Retry-After`` header asks for: seconds, or a date."""
    if text is None:
        return None
    if text.isascii() and text.isdigit():
        return int(text) if len(text) <= _LONGEST_WAIT_DIGITS else _LONGEST_WAIT_SECONDS
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        # The old forms of a date leave out that it is UTC (RFC 9110, 5.6.7).
        moment = moment.replace(tzinfo=UTC)
    return max(0, math.ceil((moment - now).total_seconds()))
