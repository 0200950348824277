"""What a client reads when something fails, and what it never reads."""

import ast
import io
import json
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, redirect_stderr
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from starlette.applications import Starlette

from gateway import errors
from gateway.context import Context
from gateway.engine import Engine
from gateway.errors import GatewayError
from gateway.observability import configure_logging
from gateway.operations import Operations, Trusted
from gateway.schema import create_schema
from gateway.security import Caller
from gateway.server import Runner, create_server
from gateway.settings import LimitSettings, MaxAges
from tests.support import Client, Handler, RecordingTransport

LIST = "{ invoices(first: 1) { totalCount } }"
ONE = '{ invoiceBySource(provider: OTTIMATE, sourceId: "x") { id } }'
SECRET = "upstream-secret"
BUG = "a bug at https://provider.example/key=bug-secret"

PROJECT = Path(__file__).resolve().parent.parent.parent

Logs = Callable[[], list[dict[str, Any]]]


@pytest.fixture(autouse=True)
def logs() -> Iterator[Logs]:
    """Log as the commands do, and return the lines of the log so far."""
    with redirect_stderr(io.StringIO()) as stream:
        configure_logging()

    def read() -> list[dict[str, Any]]:
        return [json.loads(line) for line in stream.getvalue().splitlines()]

    yield read
    structlog.reset_defaults()


async def fail(request: httpx.Request, send: Handler) -> httpx.Response:
    del request, send
    raise LookupError(BUG)


def answer(status: int, **more: Any) -> Callable[[httpx.Request, Handler], Any]:
    async def respond(request: httpx.Request, send: Handler) -> httpx.Response:
        del request, send
        return httpx.Response(status, **more)

    return respond


@pytest.mark.parametrize(
    "accept", ["application/json", "application/graphql-response+json"]
)
async def test_a_bug_is_masked_and_logged_once_with_its_traceback(
    client: Client, ottimate: RecordingTransport, logs: Logs, accept: str
) -> None:
    ottimate.interceptors["GET /invoices"] = fail

    response = await client.http.post(
        "/graphql",
        json={"query": ONE},
        headers={"Accept": accept, "X-Request-ID": "test-1"},
    )

    assert response.status_code == 200
    assert response.json() == {
        "errors": [
            {
                "message": "Unexpected error.",
                "locations": [{"line": 1, "column": 3}],
                "path": ["invoiceBySource"],
                "extensions": {
                    "code": "INTERNAL_SERVER_ERROR",
                    "retryable": False,
                    "requestId": "test-1",
                },
            }
        ],
        "extensions": {"requestId": "test-1"},
        "data": {"invoiceBySource": None},
    }
    [line] = [line for line in logs() if line["event"] == "unexpected_error"]
    assert line["level"] == "error"
    assert line["request_id"] == "test-1"
    assert line["path"] == ["invoiceBySource"]
    assert line["exception"].startswith("Traceback (most recent call last):\n")
    assert line["exception"].endswith(f"\nLookupError: {BUG}")


async def test_a_bug_costs_its_own_field_alone(
    client: Client, ottimate: RecordingTransport
) -> None:
    ottimate.interceptors["GET /invoices"] = fail

    body = await client.execute("{ __typename invoices(first: 1) { totalCount } }")

    [error] = body["errors"]
    assert error["path"] == ["invoices"]
    assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert body["data"] == {"__typename": "Query", "invoices": None}


async def test_a_bug_before_anything_ran_is_a_500(logs: Logs) -> None:
    """No request provokes this in the gateway as it is wired, so it is wired here."""
    body, status, lines = await _fail_while_authenticating(logs)

    assert status == 500
    assert body == {
        "errors": [
            {
                "message": "Unexpected error.",
                "extensions": {
                    "code": "INTERNAL_SERVER_ERROR",
                    "retryable": False,
                    "requestId": "test-1",
                },
            }
        ],
        "extensions": {"requestId": "test-1"},
    }
    assert [line["event"] for line in lines] == ["unexpected_error", "request"]
    assert lines[0]["exception"].endswith(f"\nLookupError: {BUG}")
    assert lines[1]["status"] == 500


@asynccontextmanager
async def nothing(app: Starlette) -> AsyncIterator[None]:
    del app
    yield


async def _fail_while_authenticating(
    logs: Logs,
) -> tuple[dict[str, Any], int, list[dict[str, Any]]]:
    async def authenticate(headers: Mapping[str, str]) -> Caller:
        raise LookupError(BUG)

    def create_context(caller: Caller, request_id: str) -> Context:
        raise AssertionError

    engine = Engine(create_schema(), LimitSettings(), introspection=False)
    app = create_server(
        runner=Runner(
            engine=engine,
            operations=Operations(engine.read, Trusted([], engine.read), "open"),
            authenticate=authenticate,
            create_context=create_context,
        ),
        limits=LimitSettings(),
        max_ages=MaxAges(),
        allowed_origins=[],
        loopback_only=True,
        graphiql=False,
        examples=[],
        banner="",
        webhooks={},
        lifespan=nothing,
    )
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://127.0.0.1"
    ) as http:
        response = await http.post(
            "/graphql", json={"query": LIST}, headers={"X-Request-ID": "test-1"}
        )
    return response.json(), response.status_code, logs()


@pytest.mark.parametrize(
    "status", [400, 401, 402, 403, 404, 409, 412, 422, 429, 500, 502, 503, 504, 302]
)
@pytest.mark.parametrize(
    "more",
    [
        {"text": f"<h1>{SECRET}</h1>"},
        {"json": {"message": SECRET}},
        {"json": {"error": {"code": SECRET, "message": SECRET, "details": [SECRET]}}},
        {"json": {"error": SECRET, "error_description": SECRET}},
    ],
    ids=["html", "message", "error-response", "oauth"],
)
async def test_a_refusal_of_the_provider_is_told_in_our_own_words(
    client: Client, ottimate: RecordingTransport, status: int, more: dict[str, Any]
) -> None:
    headers = {"X-Secret": SECRET, "WWW-Authenticate": SECRET, "Location": SECRET}
    ottimate.interceptors["GET /invoices"] = answer(status, headers=headers, **more)

    for query in (LIST, ONE, "{ sources { provider ok error { code message } } }"):
        response = await client.http.post("/graphql", json={"query": query})

        assert response.status_code == 200
        for secret in (SECRET, "sandbox.internal", "/ottimate", "Bearer ey"):
            assert secret not in response.text
        assert SECRET not in str(response.headers)
        assert "INTERNAL_SERVER_ERROR" not in response.text


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "UPSTREAM_RESPONSE_INVALID"),
        (b"<html>upstream-secret</html>", "UPSTREAM_RESPONSE_INVALID"),
        (b'{"upstream-secret": 1}', "UPSTREAM_RESPONSE_INVALID"),
        (b'{"count": "upstream-secret"}', "UPSTREAM_RESPONSE_INVALID"),
        (b"\xff\xfe", "UPSTREAM_RESPONSE_INVALID"),
        (b"[" * 100_000, "UPSTREAM_RESPONSE_INVALID"),
    ],
    ids=["empty", "html", "shape", "type", "bytes", "deep"],
)
async def test_an_answer_that_is_not_understood_is_named_without_its_text(
    client: Client, ottimate: RecordingTransport, body: bytes, code: str
) -> None:
    ottimate.interceptors["GET /invoices"] = answer(200, content=body)

    found = await client.execute(ONE)

    [error] = found["errors"]
    request_id = error["extensions"].pop("requestId")
    assert error == {
        "message": "The provider's answer could not be understood.",
        "locations": [{"line": 1, "column": 3}],
        "path": ["invoiceBySource"],
        "extensions": {"code": code, "retryable": False, "provider": "OTTIMATE"},
    }
    assert found["extensions"] == {"requestId": request_id}
    assert found["data"] == {"invoiceBySource": None}


@pytest.mark.parametrize(
    ("failure", "code", "message"),
    [
        (
            httpx.ConnectError(SECRET),
            "UPSTREAM_UNAVAILABLE",
            "The provider could not be reached.",
        ),
        (
            httpx.ReadError(SECRET),
            "UPSTREAM_UNAVAILABLE",
            "The provider could not be reached.",
        ),
        (
            httpx.ReadTimeout(SECRET),
            "UPSTREAM_TIMEOUT",
            "The provider did not answer in time.",
        ),
    ],
)
async def test_a_broken_connection_is_told_in_our_own_words(
    client: Client,
    ottimate: RecordingTransport,
    failure: Exception,
    code: str,
    message: str,
) -> None:
    async def break_off(request: httpx.Request, send: Handler) -> httpx.Response:
        del request, send
        raise failure

    ottimate.interceptors["GET /invoices"] = break_off

    body = await client.execute(ONE)

    [error] = body["errors"]
    request_id = error["extensions"].pop("requestId")
    assert error == {
        "message": message,
        "locations": [{"line": 1, "column": 3}],
        "path": ["invoiceBySource"],
        "extensions": {"code": code, "retryable": True, "provider": "OTTIMATE"},
    }
    assert body["extensions"] == {"requestId": request_id}


def subclasses(parent: type[GatewayError]) -> Iterator[type[GatewayError]]:
    for child in parent.__subclasses__():
        yield child
        yield from subclasses(child)


def codes() -> set[str]:
    """Return every code that the gateway's source may answer with."""
    found = {one.code for one in subclasses(GatewayError) if hasattr(one, "code")}
    for path in sorted((PROJECT / "gateway").glob("**/*.py")):
        if "simulator" in path.parts or "node_modules" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                found.update(_codes_of(node))
    return found


def _codes_of(call: ast.Call) -> Iterator[str]:
    named = [keyword.value for keyword in call.keywords if keyword.arg == "code"]
    name = getattr(call.func, "id", "")
    if name in {"LimitError", "RejectedError", "_check", "_present"}:
        named += call.args
    for value in named:
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield from re.findall(r"^[A-Z]+(?:_[A-Z]+)+$", value.value)


def test_every_code_is_in_the_readme() -> None:
    text = (PROJECT / "README.md").read_text(encoding="utf-8")
    found = codes() | {"INTERNAL_SERVER_ERROR"}

    assert {"MAX_TOKENS_LIMIT", "CSRF_PREVENTION", "BAD_USER_INPUT"} < found
    assert sorted(code for code in found if f"`{code}`" not in text) == []


def test_every_code_is_in_the_tree_of_errors() -> None:
    assert errors.__doc__ is not None
    found = codes() | {"INTERNAL_SERVER_ERROR"}

    assert sorted(code for code in found if code not in errors.__doc__) == []


async def test_each_error_of_an_answer_carries_the_request_id(client: Client) -> None:
    response = await client.http.post(
        "/graphql",
        json={"query": '{ a: node(id: "x") { id } b: node(id: "y") { id } }'},
        headers={"X-Request-ID": "test-1"},
    )

    body = response.json()
    assert [error["path"] for error in body["errors"]] == [["a"], ["b"]]
    assert [error["extensions"]["requestId"] for error in body["errors"]] == [
        "test-1",
        "test-1",
    ]
    assert body["extensions"] == {"requestId": "test-1"}


async def test_each_error_of_a_refused_document_carries_the_request_id(
    client: Client,
) -> None:
    response = await client.http.post(
        "/graphql",
        json={"query": "{ zzzz yyyy }"},
        headers={"X-Request-ID": "test-1"},
    )

    body = response.json()
    assert [error["extensions"] for error in body["errors"]] == [
        {
            "code": "GRAPHQL_VALIDATION_FAILED",
            "retryable": False,
            "requestId": "test-1",
        }
    ] * 2
    assert body["extensions"] == {"requestId": "test-1"}


async def test_an_answer_without_errors_has_no_extensions(client: Client) -> None:
    assert await client.execute("{ __typename }") == {"data": {"__typename": "Query"}}
