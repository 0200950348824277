"""One call after another: the checks in front of the API, then the work."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.providers.bill.simulator.approvals import Approvals
from gateway.providers.bill.simulator.asks import Ask
from gateway.providers.bill.simulator.calls import Call, route
from gateway.providers.bill.simulator.directory import DEV_KEYS
from gateway.providers.bill.simulator.faults import (
    Faults,
    refuse_instead,
    spoil,
)
from gateway.providers.bill.simulator.limits import Limits
from gateway.providers.bill.simulator.render import Renderer
from gateway.providers.bill.simulator.replies import (
    BillError,
    Reply,
    UnknownCallError,
    failure,
    json_reply,
    success,
)
from gateway.providers.bill.simulator.seed import create_state
from gateway.providers.bill.simulator.sessions import (
    Session,
    Sessions,
    list_organizations,
)
from gateway.providers.bill.simulator.switches import BillSwitches, Fault

_FORM = "application/x-www-form-urlencoded"


class Memory:
    """What a reset forgets, beside the sessions."""

    def __init__(self) -> None:
        self.state = create_state()
        self.approvals = Approvals(self.state)
        self.limits = Limits()


class _Arrival(msgspec.Struct, frozen=True, kw_only=True):
    call: Call
    form: Mapping[str, str]
    endpoint: str
    switches: BillSwitches


class Pipeline:
    """The ASGI application: route, key, limits, slot, faults, session, the work."""

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.switches = BillSwitches()
        self.sessions = Sessions()
        self.faults = Faults(sleep)
        self._memory: Memory | None = None
        self._now = now
        self._sleep = sleep

    @property
    def memory(self) -> Memory:
        """Everything that is remembered, seeded when it is first looked at."""
        if self._memory is None:
            self._memory = Memory()
        return self._memory

    def reset(self) -> None:
        """Forget every change, session and count."""
        self.switches = BillSwitches()
        self.sessions.forget()
        self.faults.restart()
        self._memory = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        reply = await self._answer(Request(scope, receive), self.switches)
        response = Response(
            reply.body, status_code=reply.status, media_type=reply.media_type
        )
        await response(scope, receive, send)

    async def _answer(self, request: Request, switches: BillSwitches) -> Reply:
        try:
            arrival = _Arrival(
                call=route(request.method, request.path_params["path"], switches),
                form=await _form(request),
                endpoint=_endpoint(request),
                switches=switches,
            )
            return await self._admitted(arrival)
        except UnknownCallError:
            return json_reply(failure(BillError("BDC_1121")), 404)
        except BillError as error:
            return _refusal(error, switches)

    async def _admitted(self, arrival: _Arrival) -> Reply:
        dev_key = arrival.form.get("devKey", "")
        if dev_key not in DEV_KEYS:
            raise BillError("BDC_1102")
        limits = self.memory.limits
        limits.count(dev_key, arrival.call.name, arrival.switches, self._now())
        organization_id = self.sessions.organization_id(arrival.form)
        with limits.slot(dev_key, organization_id, arrival.switches):
            await self._wait(arrival.switches.latency_seconds)
            return await self._faulty(arrival)

    async def _wait(self, seconds: float) -> None:
        # Even without latency a call holds its slot while others arrive.
        await (self._sleep(seconds) if seconds else asyncio.sleep(0))

    async def _faulty(self, arrival: _Arrival) -> Reply:
        fault: Fault = self.faults.pick(arrival.call.name, arrival.switches)
        if fault == "session_lost":
            self.sessions.end(arrival.form.get("sessionId", ""))
        instead = refuse_instead(fault, arrival.switches)
        if instead is not None:
            return instead
        await self.faults.delay(fault, arrival.switches)
        try:
            reply = json_reply(success(self._work(arrival)))
        except BillError as error:
            reply = _refusal(error, arrival.switches)
        return spoil(fault, reply)

    def _work(self, arrival: _Arrival) -> Any:
        name, form, state = arrival.call.name, arrival.form, self.memory.state
        if name == "Login":
            return self.sessions.sign_in(state, form, arrival.endpoint, self._now())
        if name == "ListOrgs":
            return list_organizations(state, form)
        session = self.sessions.resolve(form, self._now())
        if name == "Logout":
            self.sessions.end(session.id)
            return {}
        if arrival.call.work is None:
            return {
                "organizationId": session.organization_id,
                "userId": session.user_id,
            }
        return arrival.call.work(self._ask(arrival, session))

    def _ask(self, arrival: _Arrival, session: Session) -> Ask:
        return Ask(
            state=self.memory.state,
            approvals=self.memory.approvals,
            switches=arrival.switches,
            render=Renderer(self.memory.state, arrival.switches),
            session=session,
            form=arrival.form,
            now=self._now(),
        )


async def _form(request: Request) -> Mapping[str, str]:
    body = await request.body()
    if not request.headers.get("content-type", "").startswith(_FORM):
        return {}
    return dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))


def _endpoint(request: Request) -> str:
    root = str(request.scope.get("root_path", "")).rstrip("/")
    return f"{request.url.scheme}://{request.url.netloc}{root}"


def _refusal(error: BillError, switches: BillSwitches) -> Reply:
    is_real = switches.http_status_on_error == "real"
    return json_reply(failure(error), error.real_status if is_real else 200)
