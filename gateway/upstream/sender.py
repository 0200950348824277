"""Sends one request to one provider, once, and reads its answer whole."""

import asyncio
import email.utils
import math
from collections.abc import Callable
from datetime import UTC, datetime

import httpx
import msgspec
from structlog.typing import FilteringBoundLogger

from gateway.errors import (
    UpstreamError,
    UpstreamResponseError,
    UpstreamTimeoutError,
    UpstreamUnavailableError,
)
from gateway.upstream.call import Answer, Call, Dialect, Verdict
from gateway.upstream.clock import Clock
from gateway.upstream.deadline import Deadline
from gateway.upstream.limit import Limit
from gateway.upstream.policy import UpstreamPolicy
from gateway.upstream.session import Grant

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
_NOBODY = Grant(lifetime_seconds=0)

# What carries requests: httpx's own seam, where tests and the sandbox stand in.
Transport = httpx.AsyncBaseTransport


class NoAnswerError(Exception):
    """No answer came; *sent* is whether the request may have reached the provider."""

    def __init__(self, error: UpstreamError, *, sent: bool) -> None:
        super().__init__(error.message)
        self.error = error
        self.sent = sent


class Sender:
    """One provider's connections, and how many calls they carry at once."""

    def __init__(
        self,
        *,
        provider: str,
        base_url: str,
        dialect: Dialect,
        policy: UpstreamPolicy,
        clock: Clock,
        transport: Transport | None,
        log: FilteringBoundLogger,
    ) -> None:
        """Create the sender; without *transport* it speaks real HTTP."""
        self._provider = provider
        self._base_url = base_url.rstrip("/")
        self._dialect = dialect
        self._policy = policy
        self._clock = clock
        self._slots = asyncio.Semaphore(policy.in_flight)
        self._transport = transport or httpx.AsyncHTTPTransport(
            limits=httpx.Limits(
                max_connections=policy.in_flight,
                max_keepalive_connections=policy.in_flight,
            )
        )
        self._log = log

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()

    async def send(
        self,
        call: Call,
        grant: Grant | None,
        *,
        deadline: Deadline,
        timeout_seconds: Callable[[], float],
        limit: Limit,
        admit: Callable[[], None],
    ) -> Answer:
        """Send one request, once; the only place where a call leaves.

        It waits for its turn in *limit*, and then for a slot. *admit* is asked as it
        leaves, and raises what holds it back.

        Raises:
            NoAnswerError: No answer came, or none that can be read.
            UpstreamRateLimitedError: A limit holds it back.
        """
        try:
            await self._take_slot(call, deadline, limit, admit)
        except TimeoutError as error:
            raise NoAnswerError(self._late(), sent=False) from error
        started = self._clock.monotonic()
        fields: dict[str, object] = {}
        try:
            seconds = timeout_seconds()
            request = self._request(call, grant or _NOBODY, seconds)
            answer = await self._transmit(request, seconds)
            fields["status"] = answer.status
            # What a sign-in is refused with may repeat the secret that was sent.
            if answer.verdict is not Verdict.DONE and not call.is_sign_in:
                fields |= self._dialect.describe(answer)
        except NoAnswerError as none:
            fields["error"] = none.error.code
            raise
        finally:
            self._slots.release()
            self._log.info(
                "upstream_call",
                method=call.method,
                path=call.path,
                duration_ms=round(1000 * (self._clock.monotonic() - started), 1),
                **fields,
            )
        return answer

    async def _take_slot(
        self,
        call: Call,
        deadline: Deadline,
        limit: Limit,
        admit: Callable[[], None],
    ) -> None:
        # Who waits for the limit holds no slot; whoever waits for a slot is the next to
        # leave, so that it is counted when it does.
        async with limit.turn(deadline, is_urgent=call.is_urgent):
            # A time-out ends only what waits, so a deadline that is over is asked for.
            if deadline.remaining_seconds == 0:
                raise TimeoutError
            async with asyncio.timeout(deadline.remaining_seconds):
                await self._slots.acquire()
            try:
                # What became known while this call waited holds for it as well.
                admit()
            except BaseException:
                self._slots.release()
                raise

    def _request(
        self, call: Call, grant: Grant, timeout_seconds: float
    ) -> httpx.Request:
        connect_seconds = min(self._policy.connect_seconds, timeout_seconds)
        timeout = httpx.Timeout(
            timeout_seconds, connect=connect_seconds, pool=connect_seconds
        )
        return httpx.Request(
            call.method,
            call.absolute_url or f"{self._base_url}{call.path}",
            params=call.params or None,
            headers={**_HEADERS, **grant.headers, **call.headers},
            json=call.json,
            data={**grant.form, **(call.form or {})} or None,
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
            raise NoAnswerError(self._down(), sent=False) from error
        except (httpx.TimeoutException, TimeoutError) as error:
            raise NoAnswerError(self._late(), sent=True) from error
        except httpx.TransportError as error:
            raise NoAnswerError(self._down(), sent=True) from error
        except httpx.DecodingError as error:
            raise NoAnswerError(self._not_understood(), sent=True) from error
        answer = Answer(
            status=response.status_code,
            body=body,
            retry_after_seconds=_retry_after_seconds(
                response.headers.get("retry-after"), self._clock.now()
            ),
        )
        verdict = self._dialect.judge(answer)
        return msgspec.structs.replace(answer, verdict=verdict)

    async def _read_body(self, response: httpx.Response) -> bytes:
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > _ANSWER_BYTES:
                error = UpstreamResponseError(
                    self._provider, "The provider's answer is larger than any it sends."
                )
                raise NoAnswerError(error, sent=True)
        return bytes(body)

    def _not_understood(self) -> UpstreamResponseError:
        return UpstreamResponseError(
            self._provider, "The provider's answer could not be understood."
        )

    def _late(self) -> UpstreamTimeoutError:
        return UpstreamTimeoutError(
            self._provider, "The provider did not answer in time."
        )

    def _down(self) -> UpstreamUnavailableError:
        return UpstreamUnavailableError(
            self._provider, "The provider could not be reached."
        )


def _retry_after_seconds(text: str | None, now: datetime) -> int | None:
    """Return what a ``Retry-After`` header asks for: seconds, or a date."""
    if text is None:
        return None
    if text.isascii() and text.isdigit():
        return int(text) if len(text) <= _LONGEST_WAIT_DIGITS else _LONGEST_WAIT_SECONDS
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        # The old forms of a date leave out that it is UTC (RFC 9110, 5.6.7).
        moment = moment.replace(tzinfo=UTC)
    return max(0, math.ceil((moment - now).total_seconds()))
