"""One call after another: the checks in front of the API, then the work."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta, timezone

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.providers.accounteer.simulator.asks import Ask
from gateway.providers.accounteer.simulator.auth import Tokens, require_scope
from gateway.providers.accounteer.simulator.calls import Call, route
from gateway.providers.accounteer.simulator.faults import (
    Faults,
    refuse_instead,
    spoil,
)
from gateway.providers.accounteer.simulator.limits import Limits
from gateway.providers.accounteer.simulator.oauth import (
    OAuthError,
    authorize,
    invalid_client,
    issue_token,
    oauth_error_reply,
)
from gateway.providers.accounteer.simulator.replies import (
    AccounteerError,
    InvalidStateError,
    Reply,
    error_reply,
)
from gateway.providers.accounteer.simulator.seed import create_state
from gateway.providers.accounteer.simulator.state import State
from gateway.providers.accounteer.simulator.switches import (
    AccounteerSwitches,
    Fault,
)

# The organisation's day (3.1).
ZONE = timezone(timedelta(hours=1))


class _Arrival(msgspec.Struct, frozen=True, kw_only=True):
    call: Call
    ids: tuple[str, ...]
    request: Request
    body: bytes
    switches: AccounteerSwitches
    fault: Fault

    def header(self, name: str) -> str | None:
        return self.request.headers.get(name)


class Pipeline:
    """The ASGI application: route, faults, token, limit, scope, the work."""

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self.switches = AccounteerSwitches()
        self.tokens = Tokens()
        self.faults = Faults(sleep)
        self._limits = Limits()
        self._state: State | None = None
        self._now = now

    @property
    def state(self) -> State:
        """What the service holds now, seeded when it is first looked at."""
        if self._state is None:
            self._state = create_state()
        return self._state

    def reset(self) -> None:
        """Forget every change, token and count."""
        self.switches = AccounteerSwitches()
        self.tokens.forget()
        self.faults.restart()
        self._limits = Limits()
        self._state = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        reply = await self._answer(request, self.switches)
        response = Response(
            reply.body,
            status_code=reply.status,
            headers=reply.headers,
            media_type=reply.media_type if reply.body else None,
        )
        await response(scope, receive, send)

    async def _answer(self, request: Request, switches: AccounteerSwitches) -> Reply:
        try:
            call, ids = route(request.method, request.path_params["path"], switches)
        except AccounteerError as error:
            return error_reply(error)
        arrival = _Arrival(
            call=call,
            ids=ids,
            request=request,
            body=await request.body(),
            switches=switches,
            fault=self.faults.pick(call.name, switches),
        )
        await self.faults.delay(arrival.fault, switches)
        return spoil(arrival.fault, self._refused_or_done(arrival))

    def _refused_or_done(self, arrival: _Arrival) -> Reply:
        try:
            return refuse_instead(arrival.fault) or self._work(arrival)
        except OAuthError as error:
            return oauth_error_reply(error)
        except InvalidStateError as error:
            return error_reply(_state_refusal(error, arrival.switches))
        except AccounteerError as error:
            if arrival.call.name == "token" and arrival.fault == "unauthorised":
                return oauth_error_reply(invalid_client())
            return error_reply(error)

    def _work(self, arrival: _Arrival) -> Reply:
        call, switches, now = arrival.call, arrival.switches, self._now()
        content_type = arrival.header("content-type") or ""
        if call.name == "authorize":
            return authorize(arrival.request.query_params, self.tokens, now)
        if call.work is None:
            return issue_token(content_type, arrival.body, self.tokens, switches, now)
        token, grant = self.tokens.caller(arrival.header("authorization"), now)
        self._limits.count(token, switches, now)
        require_scope(grant, call.scope, writes=call.method != "GET")
        return call.work(
            Ask(
                state=self.state,
                switches=switches,
                grant=grant,
                ids=arrival.ids,
                query=arrival.request.query_params,
                content_type=content_type,
                body=arrival.body,
                today=now.astimezone(ZONE).date(),
                is_edited=arrival.fault == "edited_before_approve",
            )
        )


def _state_refusal(
    error: InvalidStateError, switches: AccounteerSwitches
) -> AccounteerError:
    return AccounteerError(
        switches.state_refusal_status,
        error.message,
        word="invalid_state",
        errors={"status": [error.status]},
    )
