"""One provider fails, in each way: the others' data is what it is without the failure.

It is asked of every entry of ``PROVIDERS``, so a further provider joins by its line.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from gateway.app import create_app
from gateway.connector import Provider
from gateway.domain import ProviderName, decode_id
from gateway.providers import PROVIDERS
from gateway.sandbox import Sandbox
from gateway.settings import Settings
from gateway.upstream import Transport
from tests.support import Client, FakeTime

Body = dict[str, Any]
Fail = Callable[[httpx.Request], httpx.Response]

# The demo person with credentials everywhere.
PERSON = "controller"
# What a failing provider says stands nowhere in an answer.
SECRET = "upstream-text-7f3a"
FIRST = 12

SOURCES = "{ sources { provider ok isComplete error { code message } } }"
NEWEST = """
query ($providers: [ProviderName!]) {
  invoices(first: 1, filter: {providers: $providers}) {
    nodes { id approvers { id } }
  }
  policies(first: 1, filter: {providers: $providers}) { nodes { id } }
}
"""
STATUSES = "{ approvalStatuses(first: 2) { nodes { id } } }"
_SIGN_INS = ("/token", "/Login.json")


def _refuse(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError(f"refused by {SECRET}", request=request)


def _time_out(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadTimeout(f"no word of {SECRET}", request=request)


def _answer(
    status: int,
    *,
    headers: Mapping[str, str] | None = None,
    content: bytes = b'{"message":"%b","error":"%b"}'
    % (SECRET.encode(), SECRET.encode()),
) -> Fail:
    def answer(request: httpx.Request) -> httpx.Response:
        del request
        return httpx.Response(
            status,
            content=content,
            headers={
                "Content-Type": "application/json",
                "X-Trace": SECRET,
                **(headers or {}),
            },
        )

    return answer


# Each way of failing, and the codes that it may have.
WAYS: dict[str, tuple[Fail, set[str]]] = {
    "refused": (_refuse, {"UPSTREAM_UNAVAILABLE"}),
    "timeout": (_time_out, {"UPSTREAM_TIMEOUT"}),
    "500": (_answer(500), {"UPSTREAM_UNAVAILABLE"}),
    "503": (_answer(503), {"UPSTREAM_UNAVAILABLE"}),
    "429 for a second": (
        _answer(429, headers={"Retry-After": "1"}),
        {"UPSTREAM_RATE_LIMITED"},
    ),
    "429 for a day": (
        _answer(429, headers={"Retry-After": "86400"}),
        {"UPSTREAM_RATE_LIMITED"},
    ),
    "401": (_answer(401), {"UPSTREAM_AUTH_FAILED"}),
    # A list that may not be read is the operator's to mend, or one of several lists.
    "403": (_answer(403), {"UPSTREAM_AUTH_FAILED", "UPSTREAM_RESPONSE_INVALID"}),
    "no JSON": (
        _answer(200, content=b"<html>" + SECRET.encode()),
        {"UPSTREAM_RESPONSE_INVALID"},
    ),
    "another shape": (
        _answer(200, content=b'{"unheard":["%b"]}' % SECRET.encode()),
        {"UPSTREAM_RESPONSE_INVALID"},
    ),
    "empty": (_answer(200, content=b""), {"UPSTREAM_RESPONSE_INVALID"}),
}


# Where an object that is refused by its id is as one that is not there.
ABSENT = {(ProviderName.ACCOUNTEER, "403")}


class FailingTransport(httpx.AsyncBaseTransport):
    """Passes requests on until it is told how to fail; then all but sign-ins fail."""

    def __init__(self, inner: Transport) -> None:
        self._inner = inner
        self.fail: Fail | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        is_sign_in = request.url.path.endswith(_SIGN_INS)
        if self.fail is not None and not is_sign_in:
            return self.fail(request)
        return await self._inner.handle_async_request(request)


@asynccontextmanager
async def _open(name: ProviderName) -> AsyncIterator[tuple[Client, FailingTransport]]:
    """Open the gateway over the sandbox, and the transport of one provider."""
    time = FakeTime()
    sandbox = Sandbox(time.clock)
    assert sandbox.transport is not None
    transport = FailingTransport(sandbox.transport)
    app = create_app(
        Settings(), sandbox=sandbox, transports={name: transport}, clock=time.clock
    )
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://127.0.0.1"
    ) as http:
        yield Client(http), transport


async def _run(client: Client, name: str, variables: Body) -> Body:
    if name == "Sources":
        return await client.execute(SOURCES, person=PERSON)
    return await client.run(name, variables, person=PERSON)


async def _operations(client: Client) -> list[tuple[str, Body]]:
    """Return what reads more than one provider, or one among them, and with what."""
    found = [
        (await client.execute(NEWEST, {"providers": [one.name]}, person=PERSON))["data"]
        for one in PROVIDERS
    ]
    statuses = (await client.execute(STATUSES, person=PERSON))["data"]
    invoices = [row for one in found for row in one["invoices"]["nodes"]]
    rows = [
        *invoices,
        *(row for one in invoices for row in (one["approvers"] or [])[:1]),
        *(row for one in found for row in one["policies"]["nodes"]),
        *statuses["approvalStatuses"]["nodes"],
    ]
    assert {_owner(row) for row in rows} == {one.name for one in PROVIDERS}
    return [
        ("InvoiceList", {"first": FIRST}),
        ("Inbox", {"first": 100}),
        ("Nodes", {"ids": [row["id"] for row in rows]}),
        ("Policies", {}),
        ("ApprovalStatuses", {"first": FIRST}),
        ("Sources", {}),
        *(("InvoiceCard", {"id": one["id"]}) for one in invoices),
    ]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda one: one.key)
async def test_the_others_data_is_that_of_the_run_without_the_failure(
    provider: Provider, way: str
) -> None:
    fail, codes = WAYS[way]
    async with _open(provider.name) as (client, transport):
        operations = await _operations(client)
        well = [await _run(client, *one) for one in operations]
        transport.fail = fail
        failing = [await _run(client, *one) for one in operations]

    for (name, _), before, after in zip(operations, well, failing, strict=True):
        assert SECRET not in str(after)
        assert "errors" not in before
        told = [error["extensions"] for error in after.get("errors", ())]
        assert {one["provider"] for one in told} <= {provider.name}
        assert {one["code"] for one in told} <= codes
        is_absent = (provider.name, way) in ABSENT
        _check_rows(before, after, provider.name, is_absent=is_absent)
        _check_sources(name, before, after, provider.name, codes)


def _check_rows(
    before: Body, after: Body, failing: ProviderName, *, is_absent: bool
) -> None:
    """Hold the others' rows against those of the run without the failure.

    A page has room for more of them, since the failing provider's own are not there.
    """
    data = before["data"]
    single = data.keys() & {"node", "nodes"}
    if single:
        _check_nodes(before, after, failing, is_absent=is_absent)
        return
    rows, left = _rows(data), _rows(after["data"])
    others = [row for row in rows or [] if _owner(row) is not failing]
    if rows and not others:
        # What only this provider has is null, and its error says why.
        assert left is None
        assert after["errors"]
        return
    assert "errors" not in after
    assert [_owner(row) for row in left or []].count(failing) == 0
    assert (left or [])[: len(others)] == others


def _check_nodes(
    before: Body, after: Body, failing: ProviderName, *, is_absent: bool
) -> None:
    (name,) = before["data"]
    if name == "nodes":
        nodes, left = before["data"]["nodes"], after["data"]["nodes"]
        paths = [["nodes", at] for at in range(len(nodes))]
    else:
        nodes, left, paths = (
            [before["data"]["node"]],
            [after["data"]["node"]],
            [["node"]],
        )
    is_own = [_owner(node) is failing for node in nodes]
    assert left == [
        None if own else node for own, node in zip(is_own, nodes, strict=True)
    ]
    told = [path for own, path in zip(is_own, paths, strict=True) if own]
    assert [error["path"] for error in after.get("errors", ())] == (
        [] if is_absent else told
    )


def _check_sources(
    name: str, before: Body, after: Body, failing: ProviderName, codes: set[str]
) -> None:
    """Hold that the failing provider is named, and the others are as they were."""
    sources, left = _sources(before["data"]), _sources(after["data"])
    assert (name in {"InvoiceList", "Inbox", "Sources"}) is bool(sources)
    assert [one for one in left if one["provider"] != failing] == [
        one for one in sources if one["provider"] != failing
    ]
    own = [one for one in left if one["provider"] == failing]
    assert len(own) == [one["provider"] for one in sources].count(failing)
    for one in own:
        assert one["ok"] is False
        assert one["error"]["code"] in codes


def _rows(data: Body) -> list[Body] | None:
    """Return the rows of the list that was asked for; None where there are none."""
    if "sources" in data:
        return []
    (connection,) = data.values()
    if connection is not None and "approvals" in connection:
        connection = connection["approvals"]
    if connection is None:
        return None
    if "nodes" in connection:
        rows: list[Body] | None = connection["nodes"]
        return rows
    edges = connection["edges"]
    return None if edges is None else [edge["node"] for edge in edges]


def _sources(data: Body) -> list[Body]:
    """Return how the providers answered, but when, and what they have left."""
    parts = [data, *(part for part in data.values() if isinstance(part, dict))]
    return [
        {key: one[key] for key in ("provider", "ok", "error")}
        for part in parts
        for one in part.get("sources") or ()
    ]


def _owner(row: Body) -> ProviderName:
    return decode_id(row["id"]).provider
