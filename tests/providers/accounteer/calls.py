"""What the tests of Accounteer share of its calls: names, and stand-in answers."""

import json
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from gateway.domain import ProviderName, encode_id
from gateway.providers.accounteer.simulator.objects import Document
from tests.support import Handler, RecordingTransport, writes

Row = dict[str, Any]
Intercept = Callable[[httpx.Request, Handler], Awaitable[httpx.Response]]

# The largest page that is asked for.
LIMIT = "99"
INVOICES = "GET /invoices"
PURCHASES = "GET /purchases"
CONTACTS = "GET /contacts"
TOKEN = "POST /accounteer/oauth/token"
BODIES = {"invoice": b'{"invoice":{"status":"approved"}}'}
BODIES["purchase"] = b'{"purchase":{"status":"approved"}}'
NOT_UNDERSTOOD = "Accounteer's answer could not be understood."
_SAMPLES = Path(__file__).parent / "samples"


def graph_id(document: Document) -> str:
    """Return the graph's id of a document."""
    return encode_id(
        "Invoice", ProviderName.ACCOUNTEER, document.id, f"{document.kind}s"
    )


def bare_id(document: Document) -> str:
    """Return an id that does not say which collection the document is of."""
    return encode_id("Invoice", ProviderName.ACCOUNTEER, document.id)


def read_call(document: Document) -> str:
    return f"GET /{document.kind}s/{document.id}"


def approve_call(document: Document) -> str:
    return f"POST /{document.kind}s/{document.id}"


def contact_call(document: Document) -> str:
    return f"GET /contacts/{document.contact_id}"


def sent(accounteer: RecordingTransport) -> list[tuple[str, bytes]]:
    """Return the writes that left, each with its body to the letter."""
    names = writes(accounteer)
    return [
        (call, request.content)
        for call, request in zip(accounteer.calls, accounteer.requests, strict=True)
        if call in names
    ]


def tokens(accounteer: RecordingTransport) -> list[str]:
    """Return whose token each call had, to the letter."""
    return [
        request.headers["authorization"].removeprefix("Bearer ")
        for request in accounteer.requests
    ]


def asked(accounteer: RecordingTransport) -> list[tuple[str, str, str]]:
    """Return which page of which list each call was for; contacts are left out."""
    return [
        (call, one.url.params["page"], one.url.params["limit"])
        for call, one in zip(accounteer.calls, accounteer.requests, strict=True)
        if call in {INVOICES, PURCHASES}
    ]


def answers(status: int, body: Any, **headers: str) -> Intercept:
    """Return what answers in the place of Accounteer, and lets nothing through."""

    async def answer(request: httpx.Request, upstream: Handler) -> httpx.Response:
        del request, upstream
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx.Response(status, content=content, headers=named)

    return answer


def changes(change: Callable[[Any], Any]) -> Intercept:
    """Return what changes the document that Accounteer answers."""

    async def changed(request: httpx.Request, upstream: Handler) -> httpx.Response:
        response = await upstream(request)
        document = json.loads(await response.aread())
        return httpx.Response(response.status_code, json=change(document))

    return changed


def before(change: Callable[[], object]) -> Intercept:
    """Return what changes something in Accounteer before a call reaches it."""

    async def pass_on(request: httpx.Request, upstream: Handler) -> httpx.Response:
        change()
        return await upstream(request)

    return pass_on


def after(change: Callable[[], object]) -> Intercept:
    """Return what changes something in Accounteer once it has answered a call."""

    async def pass_on(request: httpx.Request, upstream: Handler) -> httpx.Response:
        response = await upstream(request)
        change()
        return response

    return pass_on


class Pager:
    """Cuts whole lists into pages of *size*, as a server does that ignores `limit`."""

    def __init__(self, size: int) -> None:
        self._size = size
        self.between: Callable[[httpx.Request], None] = lambda _: None

    async def __call__(
        self, request: httpx.Request, upstream: Handler
    ) -> httpx.Response:
        self.between(request)
        response = await upstream(request)
        rows = json.loads(await response.aread(), parse_float=Decimal)
        start = (int(request.url.params["page"]) - 1) * self._size
        page = rows[start : start + self._size]
        return httpx.Response(200, content=json.dumps(page, default=float))


class Repeater:
    """Cuts whole lists at `limit`, and answers every `page` with the first one."""

    async def __call__(
        self, request: httpx.Request, upstream: Handler
    ) -> httpx.Response:
        response = await upstream(request)
        rows = json.loads(await response.aread(), parse_float=Decimal)
        page = rows[: int(request.url.params["limit"])]
        return httpx.Response(200, content=json.dumps(page, default=float))


def sample(name: str) -> Any:
    """Return a documented example of the wire notes."""
    return json.loads((_SAMPLES / f"{name}.json").read_text(encoding="utf-8"))["body"]


def fault_of(body: Row) -> Row:
    """Return the extensions of an answer's only error, without the request's id."""
    [error] = body["errors"]
    extensions = dict(error["extensions"])
    del extensions["requestId"]
    return extensions


def fault(code: str, *, retryable: bool = False, **more: Any) -> Row:
    """Return the extensions of an error that is about Accounteer."""
    told = {"code": code, "retryable": retryable, "provider": "ACCOUNTEER"}
    return {**told, **more}
