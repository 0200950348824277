"""One call after another: the checks in front of the API, then the work."""

import asyncio
import gzip
from collections.abc import Awaitable, Callable
from datetime import datetime

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.providers.productive.simulator.access import (
    Caller,
    asks_for_bulk,
    check_headers,
    identify,
)
from gateway.providers.productive.simulator.asks import Ask
from gateway.providers.productive.simulator.calls import Call, route
from gateway.providers.productive.simulator.documents import check_includes
from gateway.providers.productive.simulator.faults import (
    Faults,
    refuse_instead,
    spoil,
)
from gateway.providers.productive.simulator.kinds import KINDS
from gateway.providers.productive.simulator.limits import Limits
from gateway.providers.productive.simulator.query import parse_query
from gateway.providers.productive.simulator.replies import (
    ProductiveError,
    Reply,
    error_reply,
)
from gateway.providers.productive.simulator.rules import Rules
from gateway.providers.productive.simulator.seed import create_state
from gateway.providers.productive.simulator.shape import View
from gateway.providers.productive.simulator.state import State
from gateway.providers.productive.simulator.switches import (
    Fault,
    ProductiveSwitches,
)
from gateway.providers.productive.simulator.webhooks import Webhooks

_FLAG = "filteringSkipDatetimeCastToDate"
_GZIP_FROM_BYTES = 1_000


class Memory:
    """What a reset forgets."""

    def __init__(self, now: datetime) -> None:
        self.state: State = create_state(now)
        self.limits = Limits()


class _Arrival(msgspec.Struct, frozen=True, kw_only=True):
    call: Call
    caller: Caller
    request: Request
    body: bytes
    switches: ProductiveSwitches


class Pipeline:
    """The ASGI application: person, limits, route, headers, faults, the work."""

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.switches = ProductiveSwitches()
        self.faults = Faults(sleep)
        self.webhooks = Webhooks(self)
        self.webhook_target: str | None = None
        self._memory: Memory | None = None
        self._now = now
        self._sleep = sleep

    @property
    def memory(self) -> Memory:
        """Everything that is remembered, seeded when it is first looked at."""
        if self._memory is None:
            self._memory = Memory(self._now())
        return self._memory

    @property
    def state(self) -> State:
        """What the service holds now."""
        return self.memory.state

    def now(self) -> datetime:
        """Return the time."""
        return self._now()

    def reset(self) -> None:
        """Forget every change, count and delivery."""
        self.switches = ProductiveSwitches()
        self.faults.restart()
        self.webhooks.forget()
        self._memory = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        reply = await self._answer(request, self.switches)
        response = _response(reply, request)
        await response(scope, receive, send)

    async def _answer(self, request: Request, switches: ProductiveSwitches) -> Reply:
        try:
            return await self._admitted(request, switches)
        except ProductiveError as error:
            return _refusal(error, switches)

    async def _admitted(self, request: Request, switches: ProductiveSwitches) -> Reply:
        path, headers = request.path_params["path"], request.headers
        caller = identify(headers, path, self.state)
        self.memory.limits.count(
            headers.get("x-organization-id", ""),
            headers["x-auth-token"],
            switches,
            self._now(),
        )
        is_bulk = asks_for_bulk(request.method, headers)
        call = route(request.method, path, switches, is_bulk=is_bulk)
        arrival = _Arrival(
            call=call,
            caller=caller,
            request=request,
            body=await request.body(),
            switches=switches,
        )
        # Even without latency, calls of the same time take turns.
        await (
            self._sleep(switches.latency_seconds)
            if switches.latency_seconds
            else asyncio.sleep(0)
        )
        return await self._faulty(arrival)

    async def _faulty(self, arrival: _Arrival) -> Reply:
        fault: Fault = self.faults.pick(arrival.call.name, arrival.switches)
        instead = refuse_instead(fault, arrival.switches)
        if instead is not None:
            return instead
        await self.faults.delay(fault, arrival.switches)
        try:
            reply = self._work(arrival, fault)
        except ProductiveError as error:
            reply = _refusal(error, arrival.switches)
        return spoil(fault, reply)

    def _work(self, arrival: _Arrival, fault: Fault) -> Reply:
        call, request = arrival.call, arrival.request
        check_headers(
            request.method, request.headers, arrival.caller, is_bulk=call.is_bulk
        )
        ask = self._ask(arrival, is_moved=fault == "moved")
        # Before the work, so that a write with a wrong include does nothing.
        check_includes(KINDS[call.type_name], ask.query.includes)
        return call.work(ask, *call.ids)

    def _ask(self, arrival: _Arrival, *, is_moved: bool) -> Ask:
        request, switches, now = arrival.request, arrival.switches, self._now()
        view = View(
            state=self.state,
            switches=switches,
            now=now,
            caller=arrival.caller.person,
            webhook_target=self.webhook_target,
            with_times=_FLAG in request.headers.get("x-feature-flags", ""),
        )
        return Ask(
            state=self.state,
            switches=switches,
            rules=Rules(self.state, switches, self.webhooks.queue),
            view=view,
            query=parse_query(request.url.query),
            caller=arrival.caller.person,
            user_id=arrival.caller.user_id,
            address=str(request.url.replace(query="")).rstrip("/"),
            body=arrival.body,
            now=now,
            is_moved=is_moved,
        )


def _refusal(error: ProductiveError, switches: ProductiveSwitches) -> Reply:
    return error_reply(error, is_documented=switches.error_form == "documented")


def _response(reply: Reply, request: Request) -> Response:
    """Return what is sent: without a content type where the reply has none."""
    headers, body = dict(reply.headers), reply.body
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["vary"] = "Accept-Encoding"
        if len(body) >= _GZIP_FROM_BYTES:
            headers["content-encoding"] = "gzip"
            body = gzip.compress(body, compresslevel=1, mtime=0)
    if reply.media_type is not None:
        headers["content-type"] = reply.media_type
    return Response(body, status_code=reply.status, headers=headers)
