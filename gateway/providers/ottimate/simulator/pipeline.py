"""One call after another: the checks in front of the API, then the work."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.providers.ottimate.simulator.approvals import Approvals
from gateway.providers.ottimate.simulator.asks import Ask
from gateway.providers.ottimate.simulator.auth import Actor, Tokens, account_by_key
from gateway.providers.ottimate.simulator.calls import Call, route
from gateway.providers.ottimate.simulator.directory import Account
from gateway.providers.ottimate.simulator.faults import (
    Faults,
    refuse_instead,
    spoil,
)
from gateway.providers.ottimate.simulator.idempotency import Idempotency, Write
from gateway.providers.ottimate.simulator.limits import Limits
from gateway.providers.ottimate.simulator.replies import (
    GatewayFormError,
    OttimateError,
    Reply,
    error_reply,
    gateway_reply,
)
from gateway.providers.ottimate.simulator.seed import create_state
from gateway.providers.ottimate.simulator.switches import Fault, OttimateSwitches

_VERSIONS = ("1.0.0", "1.1.0")


class Memory:
    """Everything that a reset forgets."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.state = create_state()
        self.approvals = Approvals(self.state)
        self.limits: dict[str, Limits] = {}
        self.idempotency = Idempotency(now)
        self.kept_details: dict[tuple[str, ...], tuple[datetime, bytes]] = {}


class _Arrival(msgspec.Struct, frozen=True, kw_only=True):
    call: Call
    parameters: Mapping[str, str]
    account: Account
    request: Request
    path: str
    body: bytes
    fault: Fault
    switches: OttimateSwitches

    def header(self, name: str) -> str | None:
        return self.request.headers.get(name)


class Pipeline:
    """The ASGI application: key, limits, route, faults, token, version, the work."""

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.switches = OttimateSwitches()
        self.tokens = Tokens()
        self.faults = Faults(sleep)
        self._memory: Memory | None = None
        self._now = now

    @property
    def memory(self) -> Memory:
        """Everything that is remembered, seeded when it is first looked at."""
        if self._memory is None:
            self._memory = Memory(self._now)
        return self._memory

    def reset(self) -> None:
        """Forget every change, token, stored reply and count."""
        self.switches = OttimateSwitches()
        self.tokens.forget()
        self.faults.restart()
        self._memory = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        reply = await self._caught(lambda: self._answer(Request(scope, receive)))
        response = Response(
            reply.body,
            status_code=reply.status,
            headers=reply.headers,
            media_type=reply.media_type,
        )
        await response(scope, receive, send)

    async def _caught(self, work: Callable[[], Awaitable[Reply]]) -> Reply:
        try:
            return await work()
        except GatewayFormError as error:
            return gateway_reply(error)
        except OttimateError as error:
            request_id = self.memory.state.next_uuid("request")
            return error_reply(error, request_id, self._now())

    async def _answer(self, request: Request) -> Reply:
        arrival = self._arrive(request, await request.body())
        instead = refuse_instead(arrival.fault)
        if instead is not None:
            return instead
        reply = await self._caught(lambda: self._work(arrival))
        return spoil(arrival.fault, arrival.switches, reply)

    def _arrive(self, request: Request, body: bytes) -> _Arrival:
        account = account_by_key(request.headers.get("x-api-key"))
        limits = self.memory.limits.setdefault(account.api_key, Limits())
        limits.count(self.switches, self._now())
        path = f"/{request.path_params['path']}".rstrip("/")
        call, parameters = route(request.method, path, self.switches)
        return _Arrival(
            call=call,
            parameters=parameters,
            account=account,
            request=request,
            path=path,
            body=body,
            fault=self.faults.pick(call.name, self.switches),
            switches=self.switches,
        )

    async def _work(self, arrival: _Arrival) -> Reply:
        work = arrival.call.work
        if work is None:
            return await self._issue_token(arrival)
        actor = self.tokens.actor(
            arrival.account,
            arrival.header("authorization"),
            arrival.switches,
            self._now(),
        )
        version = _version(arrival)

        async def run() -> Reply:
            await self.faults.delay(arrival.fault, arrival.switches)
            return work(self._ask(arrival, actor, version))

        if arrival.call.method == "GET":
            return await run()
        return await self.memory.idempotency.run(_write(arrival), arrival.switches, run)

    async def _issue_token(self, arrival: _Arrival) -> Reply:
        await self.faults.delay(arrival.fault, arrival.switches)
        return self.tokens.issue(
            arrival.account,
            arrival.header("content-type") or "",
            arrival.body,
            arrival.switches,
            self._now(),
        )

    def _ask(self, arrival: _Arrival, actor: Actor, version: str | None) -> Ask:
        return Ask(
            state=self.memory.state,
            approvals=self.memory.approvals,
            switches=arrival.switches,
            actor=actor,
            version=version or _VERSIONS[-1],
            echo=version or _VERSIONS[0],
            path=arrival.parameters,
            query=arrival.request.query_params,
            headers=arrival.request.headers,
            body=arrival.body,
            now=self._now(),
            kept_details=self.memory.kept_details,
        )


def _version(arrival: _Arrival) -> str | None:
    version = arrival.header("x-api-version")
    if version is not None and version not in _VERSIONS:
        raise OttimateError(400, "GEN4000", "Unknown X-API-Version.")
    return version


def _write(arrival: _Arrival) -> Write:
    return Write(
        call=arrival.call.name,
        api_key=arrival.account.api_key,
        method=arrival.call.method,
        path=arrival.path,
        key=arrival.header("idempotency-key"),
        body=arrival.body,
        content_type=arrival.header("content-type") or "",
    )
