import io
import json
import uuid
from collections.abc import Iterator
from contextlib import redirect_stderr

import pytest
import structlog

from gateway.observability import configure_logging
from gateway.settings import Settings
from tests.support import Client

ORIGIN = "https://app.example"


@pytest.fixture
def settings() -> Settings:
    return Settings(cors_origins=[ORIGIN])


@pytest.fixture(autouse=True)
def log() -> Iterator[io.StringIO]:
    """Log as the commands do, to a text."""
    with redirect_stderr(io.StringIO()) as stream:
        configure_logging()
    yield stream
    structlog.reset_defaults()


@pytest.mark.parametrize(
    "request_id",
    ["a", "test-1", "00-4bf92f3577b34da6-01", "A.b_c:d/e+f=g@h", "x" * 128],
)
async def test_a_safe_id_of_the_client_is_kept(client: Client, request_id: str) -> None:
    response = await client.http.post(
        "/graphql", json={"query": "{"}, headers={"X-Request-ID": request_id}
    )

    assert response.headers["x-request-id"] == request_id
    assert response.json()["extensions"] == {"requestId": request_id}


@pytest.mark.parametrize(
    "request_id",
    ["", " ", "two words", 'a"b', "<script>", "a;b", "x" * 129, "\u00e4", "{}"],
)
async def test_an_unsafe_id_is_replaced(client: Client, request_id: str) -> None:
    response = await client.http.post(
        "/graphql",
        json={"query": "{"},
        headers={b"X-Request-ID": request_id.encode("latin-1")},
    )

    made = response.headers["x-request-id"]
    assert str(uuid.UUID(made)) == made
    body = response.json()
    assert body["extensions"] == {"requestId": made}
    assert [error["extensions"]["requestId"] for error in body["errors"]] == [made]


async def test_each_request_without_an_id_gets_its_own(client: Client) -> None:
    made = [
        (await client.http.get("/healthz")).headers["x-request-id"] for _ in range(3)
    ]

    assert len(set(made)) == 3
    assert [str(uuid.UUID(one)) for one in made] == made


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/healthz", 200),
        ("GET", "/readyz", 200),
        ("GET", "/nowhere", 404),
        ("OPTIONS", "/graphql", 200),
        ("GET", "/", 307),
    ],
)
async def test_every_answer_carries_the_id_and_costs_one_line_of_log(
    client: Client,
    log: io.StringIO,
    method: str,
    path: str,
    status: int,
) -> None:
    response = await client.http.request(
        method,
        path,
        headers={
            "Origin": ORIGIN,
            "Access-Control-Request-Method": "POST",
            "X-Request-ID": "test-1",
        },
    )

    assert response.status_code == status
    assert response.headers["x-request-id"] == "test-1"
    [line] = [json.loads(text) for text in log.getvalue().splitlines()]
    assert line.pop("duration_ms") >= 0
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "request",
        "level": "info",
        "method": method,
        "path": path,
        "request_id": "test-1",
        "status": status,
    }


async def test_the_calls_of_a_request_are_logged_under_its_id(
    client: Client, log: io.StringIO
) -> None:
    for request_id in ("one", "two"):
        await client.http.post(
            "/graphql",
            json={"query": "{ invoices(first: 1) { sources { ok } } }"},
            headers={"X-Request-ID": request_id},
        )

    lines = [json.loads(text) for text in log.getvalue().splitlines()]
    # Which provider's call is written first is of no matter.
    told: dict[tuple[str, str | None], list[str]] = {}
    for line in lines:
        told.setdefault((line["request_id"], line.get("provider")), []).append(
            line["path"]
        )
    bills = ["/List/Bill.json", "/List/VendorCredit.json"]
    assert told == {
        ("one", "OTTIMATE"): ["/oauth/token", "/invoices"],
        ("one", "BILL"): ["/Login.json", *bills],
        ("one", "ACCOUNTEER"): ["/invoices", "/purchases", "/contacts"],
        ("one", None): ["/graphql"],
        ("two", "OTTIMATE"): ["/invoices"],
        ("two", "BILL"): bills,
        ("two", "ACCOUNTEER"): ["/invoices", "/purchases", "/contacts"],
        ("two", None): ["/graphql"],
    }
    events = [(line["event"], line["request_id"]) for line in lines]
    assert events == [
        *[("upstream_call", "one")] * 8,
        ("request", "one"),
        *[("upstream_call", "two")] * 6,
        ("request", "two"),
    ]


async def test_what_a_client_sends_stays_out_of_the_log(
    client: Client, log: io.StringIO
) -> None:
    await client.http.post(
        "/graphql?query=in-the-url",
        json={"query": "{ __typename }", "variables": {"a": "in-the-body"}},
        headers={"Authorization": "Bearer in-the-header", "X-Request-ID": "no good"},
    )

    text = log.getvalue()
    for secret in ("in-the-url", "in-the-body", "in-the-header", "no good", "sandbox-"):
        assert secret not in text


async def test_the_lifespan_passes_through(client: Client) -> None:
    """What is no HTTP has no request id."""
    app = client.http._transport.app  # type: ignore[attr-defined]

    async with app.router.lifespan_context(app):
        response = await client.http.get("/healthz")

    assert response.status_code == 200
