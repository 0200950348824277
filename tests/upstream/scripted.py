"""What the tests of an upstream share: a provider that says what it is told to."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import msgspec
import pytest

from gateway.errors import (
    ConflictError,
    ForbiddenError,
    GatewayError,
    UpstreamAuthError,
    UpstreamRateLimitedError,
    UpstreamResponseError,
    UpstreamTimeoutError,
    UpstreamUnavailableError,
)
from gateway.upstream import (
    Answer,
    Call,
    Deadline,
    Dialect,
    Grant,
    Limit,
    Session,
    Upstream,
    Verdict,
)

READ = Call(method="GET", path="/things")
WRITE = Call(method="POST", path="/things/1/approve", json={"note": "hush"})
USED_UP = "The provider's limit on calls is used up for now."
SIGN_IN = Call(method="POST", path="/login", form={"key": "hush"}, is_sign_in=True)

Reply = httpx.Response | Exception | int | None
Create = Callable[..., tuple[Upstream, "Scripted"]]
Run = Callable[..., Any]


class Scripted(httpx.AsyncBaseTransport):
    """Answers with the replies in their order, the last one for ever.

    A reply is a response, its status, an error to raise, or None for no answer. While
    the gate is closed nothing is answered.
    """

    def __init__(self, *replies: Reply) -> None:
        self._replies = list(replies) or [200]
        self.gate = asyncio.Event()
        self.gate.set()
        self.requests: list[httpx.Request] = []
        self.in_flight = self.most_in_flight = 0
        self.closed = False

    @property
    def grants(self) -> list[str]:
        return [request.headers["authorization"] for request in self.requests]

    @property
    def contents(self) -> list[bytes]:
        return [request.content for request in self.requests]

    @property
    def paths(self) -> list[str]:
        return [request.url.path.removeprefix("/v1") for request in self.requests]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await self.gate.wait()
            reply = self._replies.pop(0) if self._replies[1:] else self._replies[0]
            if reply is None:
                await asyncio.Event().wait()
            if isinstance(reply, Exception):
                raise reply
            if isinstance(reply, int):
                return httpx.Response(reply, json={"status": reply})
            assert reply is not None
            return reply
        finally:
            self.in_flight -= 1

    async def aclose(self) -> None:
        self.closed = True


class SignIns:
    """Grants ``Bearer 1``, ``Bearer 2`` and so on, or raises the error it was given."""

    def __init__(
        self,
        *,
        fails_at: int = 0,
        error: Exception | None = None,
        lifetime_seconds: float = 3600.0,
        is_renewed_by_use: bool = False,
    ) -> None:
        self.count = 0
        self._fails_at = fails_at
        self._error = error
        self._lifetime_seconds = lifetime_seconds
        self._is_renewed_by_use = is_renewed_by_use

    async def __call__(self) -> Grant:
        self.count += 1
        if self._error is not None and self.count >= self._fails_at:
            raise self._error
        return Grant(
            headers={"Authorization": f"Bearer {self.count}"},
            lifetime_seconds=self._lifetime_seconds,
            is_renewed_by_use=self._is_renewed_by_use,
        )


REFUSALS: Mapping[int, GatewayError] = {
    401: UpstreamAuthError("ALPHA", "Signed out."),
    403: ForbiddenError("Not allowed."),
    409: ConflictError("Too late."),
    504: UpstreamTimeoutError("ALPHA", "Slow inside."),
}


def _explain(answer: Answer) -> GatewayError:
    if answer.status == 429:
        return UpstreamRateLimitedError(
            "ALPHA", "Slow.", retry_after_seconds=answer.retry_after_seconds
        )
    if answer.status >= 500:
        down = UpstreamUnavailableError("ALPHA", "Down.")
        return REFUSALS.get(answer.status, down)
    return REFUSALS.get(answer.status, UpstreamResponseError("ALPHA", "Odd."))


DIALECT = Dialect(
    explain=_explain, describe=lambda answer: {"upstream_code": f"E{answer.status}"}
)


def said(verdict: Verdict) -> httpx.Response:
    """Return how a provider of ``BODY_DIALECT`` says *verdict*: at HTTP 200."""
    return httpx.Response(200, json={"said": verdict.name})


def _verdict_of(answer: Answer) -> Verdict:
    if answer.status != 200:
        return Verdict.REFUSED
    return Verdict[msgspec.json.decode(answer.body)["said"]]


def _explain_body(answer: Answer) -> GatewayError:
    verdict = _verdict_of(answer)
    if verdict is Verdict.BUSY:
        return UpstreamRateLimitedError("ALPHA", "No slot.")
    if verdict is Verdict.SIGNED_OUT:
        return UpstreamAuthError("ALPHA", "Signed out.")
    return ConflictError("Too late.")


BODY_DIALECT = Dialect(
    explain=_explain_body,
    describe=lambda answer: {"upstream_code": _verdict_of(answer).name},
    judge=_verdict_of,
)


async def read(
    upstream: Upstream,
    call: Call = READ,
    *,
    session: Session | None = None,
    seconds: float = 30.0,
) -> Any:
    return await upstream.read(
        call,
        msgspec.json.decode,
        session=session,
        deadline=Deadline(seconds, upstream.clock),
    )


async def write(
    upstream: Upstream,
    call: Call = WRITE,
    *,
    session: Session | None = None,
    seconds: float = 30.0,
) -> Answer:
    return await upstream.write(
        call, session=session, deadline=Deadline(seconds, upstream.clock)
    )


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def told(status: int, retry_after: str) -> httpx.Response:
    return httpx.Response(status, headers={"Retry-After": retry_after})


def limited(seconds: int | None, message: str = "Spent.") -> UpstreamRateLimitedError:
    return UpstreamRateLimitedError("ALPHA", message, retry_after_seconds=seconds)


def told_by(limit: Limit) -> tuple[str, int | None]:
    """Return what the limit tells a call that it holds back."""
    with pytest.raises(UpstreamRateLimitedError) as raised:
        limit.take()
    assert raised.value.provider == "ALPHA"
    return raised.value.message, raised.value.retry_after_seconds
