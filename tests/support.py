"""What tests share: a clock that tests move, a transport that records, a client."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx

from gateway.domain import ProviderName
from gateway.providers.accounteer.simulator import AccounteerSimulator
from gateway.providers.bill.simulator import BillSimulator
from gateway.providers.ottimate.simulator import OttimateSimulator
from gateway.providers.productive.simulator import ProductiveSimulator
from gateway.sandbox import Sandbox
from gateway.upstream import Clock

OPERATIONS = Path(__file__).parent / "operations"

_READS = (
    "GET ",
    "POST /List/",
    "POST /ListApprovers.json",
    "POST /ListUserApprovals.json",
    "POST /Crud/Read/",
)

Handler = Callable[[httpx.Request], Awaitable[httpx.Response]]


class FakeTime:
    """Time that stands still until a test, or a sleep under test, moves it."""

    def __init__(self) -> None:
        self.instant = datetime(2026, 11, 2, 18, 0, tzinfo=UTC)
        self.seconds = 1000.0
        self.slept: list[float] = []

    def advance(self, seconds: float) -> None:
        self.seconds += seconds
        self.instant += timedelta(seconds=seconds)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.advance(seconds)
        await asyncio.sleep(0)

    @property
    def clock(self) -> Clock:
        return Clock(
            monotonic=lambda: self.seconds, now=lambda: self.instant, sleep=self.sleep
        )


class SteppedTime(FakeTime):
    """Time that a test alone moves; whoever sleeps waits until it has come so far.

    What polls, sleeps in it as long as it should, and not in circles.
    """

    def __init__(self) -> None:
        super().__init__()
        self._sleepers: list[tuple[float, asyncio.Event]] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        sleeper = (self.seconds + seconds, asyncio.Event())
        self._sleepers.append(sleeper)
        try:
            await sleeper[1].wait()
        finally:
            self._sleepers.remove(sleeper)

    @property
    def seconds_to_next(self) -> float | None:
        """How long the next sleeper has to sleep yet; None where nobody does."""
        ends = [until for until, _ in self._sleepers]
        return min(ends) - self.seconds if ends else None

    async def run(self, seconds: float) -> None:
        """Let time go by, and let each sleeper do what it wakes for, in order."""
        end = self.seconds + seconds
        await settle()
        while (left := self.seconds_to_next) is not None:
            if self.seconds + left > end:
                break
            self.advance(max(0.0, left))
            for until, woken in self._sleepers:
                if until <= self.seconds:
                    woken.set()
            await settle()
        self.advance(max(0.0, end - self.seconds))


async def settle() -> None:
    """Let everything go on that waits for nothing but its turn."""
    for _ in range(400):
        await asyncio.sleep(0)


class RecordingTransport(httpx.AsyncBaseTransport):
    """Passes requests on, and knows what was sent.

    *calls* are all but the sign-ins, as ``METHOD /path``; *rounds* counts how often a
    call left while none was under way. A handler in *interceptors* takes the place of
    the upstream for the call of its name, and is given the real one.
    """

    def __init__(self, inner: httpx.AsyncBaseTransport, prefix: str) -> None:
        self._inner = inner
        self._prefix = prefix
        self._in_flight = 0
        self.requests: list[httpx.Request] = []
        self.sign_ins = 0
        self.rounds = 0
        self.most_in_flight = 0
        self.interceptors: dict[str, Callable[[httpx.Request, Handler], Any]] = {}

    @property
    def calls(self) -> list[str]:
        return [self._name(request) for request in self.requests]

    def clear(self) -> None:
        self.requests.clear()
        self.sign_ins = self.rounds = self.most_in_flight = 0

    def params(self, index: int) -> dict[str, str]:
        return dict(self.requests[index].url.params)

    def form(self, index: int) -> dict[str, str]:
        return dict(parse_qsl(self.requests[index].content.decode()))

    def data(self, index: int) -> Any:
        """Return the arguments of a call to BILL."""
        return json.loads(self.form(index)["data"])

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        name = self._name(request)
        if name.endswith(("/oauth/token", "/Login.json")):
            self.sign_ins += 1
        else:
            self.requests.append(request)
            self.rounds += self._in_flight == 0
        self._in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self._in_flight)
        try:
            # Whatever is ready to leave leaves before the first answer is here.
            for _ in range(20):
                await asyncio.sleep(0)
            intercept = self.interceptors.get(name)
            if intercept is not None:
                response = await intercept(request, self._inner.handle_async_request)
                assert isinstance(response, httpx.Response)
                return response
            return await self._inner.handle_async_request(request)
        finally:
            self._in_flight -= 1

    def _name(self, request: httpx.Request) -> str:
        return f"{request.method} {request.url.path.removeprefix(self._prefix)}"


class Client:
    """A GraphQL client of the application."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def execute(
        self,
        query: str,
        variables: dict[str, Any] | None = None,
        *,
        person: str | None = None,
        operation_name: str | None = None,
    ) -> dict[str, Any]:
        """Return the body of the answer to a POST."""
        headers = {} if person is None else {"Authorization": f"Bearer demo-{person}"}
        sent = {
            "query": query,
            "variables": variables,
            "operationName": operation_name,
        }
        response = await self.http.post("/graphql", json=sent, headers=headers)
        body: dict[str, Any] = response.json()
        return body

    async def run(
        self,
        name: str,
        variables: dict[str, Any],
        *,
        person: str | None = None,
        operation_name: str | None = None,
    ) -> dict[str, Any]:
        """Return the body of the answer to one of the frontends' operations.

        *operation_name* says which, where a document holds several.
        """
        query = read_operation(name)
        return await self.execute(
            query, variables, person=person, operation_name=operation_name
        )


def read_operation(name: str) -> str:
    """Return one of the frontends' documents."""
    return (OPERATIONS / f"{name}.graphql").read_text(encoding="utf-8")


def writes(upstream: RecordingTransport) -> list[str]:
    """Return the calls that were to change something; BILL reads by POST as well."""
    return [call for call in upstream.calls if not call.startswith(_READS)]


async def lose(request: httpx.Request, upstream: Handler) -> httpx.Response:
    """Let the upstream work, and lose its answer."""
    await upstream(request)
    raise httpx.ReadTimeout("lost", request=request)


async def never_arrives(request: httpx.Request, upstream: Handler) -> httpx.Response:
    """Lose the request after it was sent, before the upstream worked."""
    del upstream
    raise httpx.ReadError("lost", request=request)


async def never_leaves(request: httpx.Request, upstream: Handler) -> httpx.Response:
    """Find nobody to send the request to."""
    del upstream
    raise httpx.ConnectError("refused", request=request)


def ottimate_simulator(sandbox: Sandbox) -> OttimateSimulator:
    """Return the sandbox's Ottimate, with its state and switches."""
    simulator = sandbox.simulators[ProviderName.OTTIMATE]
    assert isinstance(simulator, OttimateSimulator)
    return simulator


def bill_simulator(sandbox: Sandbox) -> BillSimulator:
    """Return the sandbox's BILL, with its state and switches."""
    simulator = sandbox.simulators[ProviderName.BILL]
    assert isinstance(simulator, BillSimulator)
    return simulator


def productive_simulator(sandbox: Sandbox) -> ProductiveSimulator:
    """Return the sandbox's Productive, with its state and switches."""
    simulator = sandbox.simulators[ProviderName.PRODUCTIVE]
    assert isinstance(simulator, ProductiveSimulator)
    return simulator


def accounteer_simulator(sandbox: Sandbox) -> AccounteerSimulator:
    """Return the sandbox's Accounteer, with its state and switches."""
    simulator = sandbox.simulators[ProviderName.ACCOUNTEER]
    assert isinstance(simulator, AccounteerSimulator)
    return simulator
