"""What the tests of Accounteer's sign-in share: an application, and its renewals."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest

from gateway.app import create_app
from gateway.domain import ProviderName, encode_id
from gateway.providers import PROVIDERS
from gateway.providers.accounteer.simulator import AccounteerSimulator
from gateway.providers.accounteer.simulator.directory import CLIENT
from gateway.sandbox import Sandbox
from gateway.settings import Settings, read_settings
from tests.providers.accounteer.calls import TOKEN
from tests.support import Client, FakeTime, Handler, RecordingTransport

ONE = "ba775d2a3f9612ab288489f20ceab582f7f62fd5"
# A read that costs two calls, and one for a name.
LOOK = f'{{ invoiceBySource(provider: ACCOUNTEER, sourceId: "{ONE}") {{ sourceId }} }}'
FOUND = {"data": {"invoiceBySource": {"sourceId": ONE}}}
CONTACT = f"GET /contacts/{CLIENT}"
# The smallest read, which costs one call.
NOBODY_ID = encode_id("Invoice", ProviderName.ACCOUNTEER, "f" * 40, "invoices")
NOBODY = f'{{ invoice(id: "{NOBODY_ID}") {{ sourceId }} }}'
NOT_FOUND: dict[str, Any] = {"data": {"invoice": None}}
CALLS = [f"GET /invoices/{ONE}", f"GET /purchases/{ONE}"]
TOKEN_REFUSED = "Accounteer does not accept this access token."
CONSENT = (
    "Accounteer does not accept this refresh token: somebody must consent anew, and "
    "the settings take the new one."
)


class Renewals:
    """Records what renews the token, and answers some of it in Accounteer's place.

    *changes* are members that other answers have instead of their own.
    """

    def __init__(self, accounteer: RecordingTransport) -> None:
        self.forms: list[dict[str, str]] = []
        self.answers: list[httpx.Response | httpx.TransportError] = []
        self.changes: dict[str, object] = {}
        accounteer.interceptors[TOKEN] = self._record

    @property
    def used(self) -> list[str]:
        """The refresh tokens that were sent, in order."""
        return [form["refresh_token"] for form in self.forms]

    async def _record(
        self, request: httpx.Request, upstream: Handler
    ) -> httpx.Response:
        assert request.headers["content-type"] == "application/x-www-form-urlencoded"
        assert "authorization" not in request.headers
        self.forms.append(dict(parse_qsl(request.content.decode())))
        if self.answers:
            answer = self.answers.pop(0)
            if isinstance(answer, httpx.TransportError):
                raise answer
            return httpx.Response(
                answer.status_code, headers=answer.headers, content=answer.content
            )
        response = await upstream(request)
        if not self.changes:
            return response
        told = json.loads(await response.aread())
        return httpx.Response(response.status_code, json=told | self.changes)


def real_settings(
    monkeypatch: pytest.MonkeyPatch, section: dict[str, str], **variables: str
) -> Settings:
    """Return settings that connect Accounteer alone, as its section says."""
    for name, value in section.items():
        monkeypatch.setenv(f"GATEWAY_ACCOUNTEER__{name.upper()}", value)
    for name, value in variables.items():
        monkeypatch.setenv(f"GATEWAY_{name}", value)
    return read_settings({one.key: one.settings for one in PROVIDERS})


def oauth_section(sandbox: Sandbox) -> dict[str, str]:
    """Return the section of a gateway that renews its token."""
    simulator = sandbox.simulators[ProviderName.ACCOUNTEER]
    assert isinstance(simulator, AccounteerSimulator)
    return simulator.oauth_settings(sandbox.origin)


@asynccontextmanager
async def serve(
    settings: Settings, accounteer: RecordingTransport, time: FakeTime
) -> AsyncIterator[Client]:
    """Serve a real gateway whose requests reach the simulator."""
    app = create_app(
        settings,
        transports={ProviderName.ACCOUNTEER: accounteer},
        clock=time.clock,
    )
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://127.0.0.1"
    ) as http:
        yield Client(http)


def told(body: dict[str, Any]) -> tuple[str, str]:
    """Return code and message of an answer's only error."""
    [error] = body["errors"]
    return error["extensions"]["code"], error["message"]
