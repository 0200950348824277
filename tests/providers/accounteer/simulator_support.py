"""The desk that the tests of Accounteer's simulator work at."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlencode

import httpx
import msgspec
from starlette.applications import Starlette
from starlette.routing import Mount

from gateway.providers.accounteer.simulator import AccounteerSimulator
from gateway.providers.accounteer.simulator import directory as known
from gateway.providers.accounteer.simulator.objects import Document

ORIGIN = "http://sandbox.example"
TODAY = "2026-11-02"
APPROVED = {"status": "approved"}
Kind = Literal["invoice", "purchase"]
_SAMPLES = Path(__file__).parent / "samples"


def sample(name: str) -> Any:
    """Return a documented example of the wire notes."""
    text = (_SAMPLES / f"{name}.json").read_text(encoding="utf-8")
    return json.loads(text)["body"]


def exact(answer: httpx.Response) -> Any:
    """Return the body with its fractions to the digit."""
    return json.loads(answer.content, parse_float=Decimal)


def refusal(answer: httpx.Response) -> tuple[int, str, dict[str, list[str]]]:
    """Return the status, the word and the errors of a refusal in the form of 3.4."""
    body = answer.json()
    assert list(body) == ["status", "error", "message", "errors"]
    assert body["status"] == answer.status_code
    return body["status"], body["error"], body["errors"]


def word(answer: httpx.Response) -> tuple[int, str]:
    """Return the status and the word of a refusal."""
    status, error, _ = refusal(answer)
    return status, error


def field(answer: httpx.Response) -> list[str]:
    """Return the fields that were refused."""
    status, error, errors = refusal(answer)
    assert (status, error) == (422, "validation_failed")
    return list(errors)


class Desk:
    """A simulator under a clock that stands still."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 2, 18, 0, tzinfo=UTC)
        self.slept: list[float] = []
        self.simulator = AccounteerSimulator(now=lambda: self.now, sleep=self._sleep)
        app = Starlette(
            routes=[Mount(AccounteerSimulator.path, app=self.simulator.app)]
        )
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(app=app))
        self.base = self.simulator.settings(ORIGIN)["base_url"]
        self.oauth = f"{ORIGIN}/accounteer/oauth"

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)

    def switch(self, **changes: Any) -> None:
        switches = msgspec.structs.replace(self.simulator.switches, **changes)
        self.simulator.switches = switches

    def later(self, **parts: float) -> None:
        self.now += timedelta(**parts)

    def document(self, kind: Kind, one_id: str) -> Document:
        return self.simulator.state.documents(kind)[one_id]

    def draft(self, kind: Kind, **fields: Any) -> Document:
        """Add a draft over 121 EUR that anybody may approve."""
        state = self.simulator.state
        add = state.add_invoice if kind == "invoice" else state.add_purchase
        return add(**fields)

    async def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str | None = known.ACCESS_TOKEN,
        content: bytes | None = None,
        content_type: str | None = "application/json",
    ) -> httpx.Response:
        """Send one call; *content* is a body as it stands."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        if body is not None:
            content = json.dumps(body).encode()
        if content is not None and content_type is not None:
            headers["Content-Type"] = content_type
        url = f"{self.base}/{path}"
        return await self.client.request(method, url, headers=headers, content=content)

    async def get(self, path: str, **extra: Any) -> Any:
        """Return the body of a read that succeeds."""
        answer = await self.send("GET", path, **extra)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def ids(self, path: str, **extra: Any) -> list[str]:
        """Return the ids of a list, in their order."""
        return [one["id"] for one in await self.get(path, **extra)]

    async def approve(
        self, kind: Kind, one_id: str, token: str = known.ACCESS_TOKEN
    ) -> httpx.Response:
        """Send what approves, and nothing else."""
        return await self.send(
            "POST", f"{kind}s/{one_id}", {kind: APPROVED}, token=token
        )

    async def token_call(self, **form: str) -> httpx.Response:
        """Send a token call of the application."""
        plain = {"client_id": known.CLIENT_ID, "client_secret": known.CLIENT_SECRET}
        return await self.client.post(f"{self.oauth}/token", data=plain | form)

    async def refresh(self, token: str = known.REFRESH_TOKEN) -> httpx.Response:
        """Send a token call for a refresh token."""
        return await self.token_call(grant_type="refresh_token", refresh_token=token)

    async def consent(self, **query: str) -> httpx.Response:
        """Let a person consent in the browser."""
        plain = {
            "response_type": "code",
            "client_id": known.CLIENT_ID,
            "redirect_uri": known.REDIRECT_URI,
            "state": "s1",
        }
        return await self.client.get(
            f"{self.oauth}/authorize?{urlencode(plain | query)}"
        )
