"""What the tests of BILL's sessions share: who signs in, and whose call each is."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.domain import ProviderName, encode_id
from gateway.providers import PROVIDERS
from gateway.providers.bill import PROVIDER
from gateway.providers.bill.simulator import BillSimulator
from gateway.sandbox import Sandbox
from gateway.settings import Settings, read_settings
from tests.support import Handler, RecordingTransport

LOGIN = "POST /Login.json"

# The smallest read, which costs one call.
ONE = '{ invoiceBySource(provider: BILL, sourceId: "00n01BILL1001AAAAAAA") { number } }'
ONE_CALL = "POST /List/Bill.json"
FOUND = {"data": {"invoiceBySource": {"number": "BILL-1001"}}}
NOT_FOUND = {"data": {"invoiceBySource": None}}

_AT = "@harbor.example"


class SignIns:
    """Records who signs in to BILL, and answers some of them in its place.

    Users are called as demo persons are, and the service account ``gateway``.
    *answers* are given to the sign-ins of a user instead of BILL's own.
    """

    def __init__(self, bill: RecordingTransport) -> None:
        self._bill = bill
        self._users: dict[str, str] = {}
        self.requests: list[httpx.Request] = []
        self.answers: dict[str, httpx.Response] = {}
        bill.interceptors[LOGIN] = self._record

    @property
    def forms(self) -> list[dict[str, str]]:
        return [read_form(request) for request in self.requests]

    @property
    def names(self) -> list[str]:
        """Who signed in, or tried to, in order."""
        return [form["userName"].removesuffix(_AT) for form in self.forms]

    @property
    def sessions(self) -> list[str]:
        """The sessions that BILL gave, in order."""
        return list(self._users)

    @property
    def callers(self) -> list[str]:
        """In whose session each recorded call went out, in order."""
        return [self.caller(request) for request in self._bill.requests]

    def caller(self, request: httpx.Request) -> str:
        return self._users[read_form(request)["sessionId"]]

    def clear(self) -> None:
        """Forget the sign-ins so far, but not whose the sessions are."""
        self.requests.clear()
        self._bill.clear()

    async def _record(
        self, request: httpx.Request, upstream: Handler
    ) -> httpx.Response:
        self.requests.append(request)
        name = self.names[-1]
        if name in self.answers:
            answer = self.answers[name]
            return httpx.Response(answer.status_code, content=answer.content)
        response = await upstream(request)
        content = await response.aread()
        data = httpx.Response(200, content=content).json()["response_data"]
        if "sessionId" in data:
            self._users[data["sessionId"]] = name
        return httpx.Response(response.status_code, content=content)


def read_form(request: httpx.Request) -> dict[str, str]:
    return dict(httpx.QueryParams(request.content.decode()))


def read_unknown(number: int) -> str:
    """Return a read of a bill that is not there, which costs one call of its own."""
    source_id = f"00n01{number:015}"
    return (
        f'{{ invoiceBySource(provider: BILL, sourceId: "{source_id}") {{ number }} }}'
    )


def fault_of(body: dict[str, Any]) -> dict[str, Any]:
    """Return the extensions of an answer's only error, without the request's id."""
    [error] = body["errors"]
    extensions = dict(error["extensions"])
    del extensions["requestId"]
    return extensions


def spent(seconds: int) -> dict[str, Any]:
    """Return the extensions of the error of a limit that opens in *seconds*."""
    return {
        "code": "UPSTREAM_RATE_LIMITED",
        "retryable": True,
        "provider": "BILL",
        "retryAfterSeconds": seconds,
    }


def signed_out(*, retryable: bool = False) -> dict[str, Any]:
    """Return the extensions of the error of a sign-in that BILL does not accept."""
    return {"code": "UPSTREAM_AUTH_FAILED", "retryable": retryable, "provider": "BILL"}


def bill_id(simulator: BillSimulator, number: str) -> str:
    """Return the graph's id of a bill or a vendor credit."""
    source_id = simulator.state.numbered(number).id
    return encode_id("Invoice", ProviderName.BILL, source_id)


def end_sessions(simulator: BillSimulator, user_id: str | None = None) -> None:
    """End the sessions of one user, or everybody's."""
    sessions = simulator._pipeline.sessions
    for one in list(sessions._live.values()):
        if user_id in {None, one.user_id}:
            sessions.end(one.id)


def real_settings(
    monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox, **variables: str
) -> Settings:
    """Return settings that connect BILL alone, as its service account.

    What carries its requests to the sandbox is passed in beside them.
    """
    section = sandbox.settings(PROVIDER)
    for name, value in section.items():
        monkeypatch.setenv(f"GATEWAY_BILL__{name.upper()}", value)
    for name, value in variables.items():
        monkeypatch.setenv(f"GATEWAY_{name}", value)
    return read_settings({one.key: one.settings for one in PROVIDERS})


def write_keys(file: Path, *subjects: str) -> None:
    """Write the digests of keys that a ``Client`` sends for its *person*."""
    lines = []
    for subject in subjects:
        digest = hashlib.sha256(f"demo-{subject}".encode()).hexdigest()
        lines.append(f'"{subject}" = "sha256:{digest}"')
    file.write_text("\n".join(lines), encoding="utf-8")


def write_credentials(file: Path, credentials: Mapping[str, Mapping[str, str]]) -> None:
    """Write what each subject signs in to BILL with."""
    lines = []
    for subject, words in credentials.items():
        lines.append(f'["{subject}".bill]')
        lines += [f'{word} = "{value}"' for word, value in words.items()]
    file.write_text("\n".join(lines), encoding="utf-8")
