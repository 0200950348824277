"""How Ottimate says no: every row of its error table, in each form of the body."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.domain import InvoiceFilter, ProviderName, encode_id
from gateway.errors import (
    ConflictError,
    ForbiddenError,
    GatewayError,
    InvalidInputError,
    NotFoundError,
    UnsupportedError,
    UpstreamAuthError,
    UpstreamError,
    UpstreamRateLimitedError,
    UpstreamResponseError,
    UpstreamTimeoutError,
    UpstreamUnavailableError,
)
from gateway.providers.ottimate.connector import OttimateConnector
from gateway.providers.ottimate.refusals import (
    create_dialect,
    next_day,
    unsupported_call,
)
from gateway.providers.ottimate.simulator import OttimateSimulator
from gateway.upstream import Answer
from tests.support import Client, Handler, RecordingTransport, lose

NOW = datetime(2026, 11, 2, 18, 0, tzinfo=UTC)
MARK = "hush-9f2c"
APPLICATION = json.dumps(
    {
        "code": f"INV4000 {MARK}",
        "message": {"field": [f"text {MARK}"]},
        "request_id": f"request {MARK}",
        "timestamp": "2026-11-02T18:00:00.000000Z",
    }
).encode()
NO_FORM = [b"", b"<html>" + MARK.encode(), b'"text"', b"[]", b"null", b"{", b"{}"]


def front(message: str) -> bytes:
    return json.dumps({"message": message}).encode()


def explain(
    status: int, body: bytes, *, retry_after_seconds: int | None = None
) -> GatewayError:
    answer = Answer(status=status, body=body, retry_after_seconds=retry_after_seconds)
    return create_dialect(lambda: NOW).explain(answer)


@pytest.mark.parametrize(
    ("status", "refusal"),
    [
        (400, InvalidInputError),
        (401, UpstreamAuthError),
        (403, ForbiddenError),
        (404, NotFoundError),
        (405, UnsupportedError),
        (409, ConflictError),
        (412, ConflictError),
        (413, InvalidInputError),
        (422, InvalidInputError),
        (429, UpstreamRateLimitedError),
        (500, UpstreamUnavailableError),
        (501, UnsupportedError),
        (502, UpstreamUnavailableError),
        (503, UpstreamUnavailableError),
        (504, UpstreamTimeoutError),
        (418, UpstreamResponseError),
        (302, UpstreamResponseError),
    ],
)
def test_a_refusal_of_the_application_is_told_by_its_status(
    status: int, refusal: type[GatewayError]
) -> None:
    error = explain(status, APPLICATION)

    assert type(error) is refusal
    assert MARK not in str(error.extensions) + error.message


@pytest.mark.parametrize(
    ("status", "body", "refusal"),
    [
        (403, front("Forbidden"), UpstreamAuthError),
        (403, front("Missing Authentication Token"), UnsupportedError),
        (404, front("Missing Authentication Token"), UnsupportedError),
        (404, front("Not Found"), UnsupportedError),
        (405, front("Method Not Allowed"), UnsupportedError),
        (501, front("Not Implemented"), UnsupportedError),
        (413, front("Request Too Long"), UpstreamResponseError),
        (429, front("Too Many Requests"), UpstreamRateLimitedError),
        (429, front("Limit Exceeded"), UpstreamRateLimitedError),
        (500, front("Internal server error"), UpstreamUnavailableError),
        (502, front("Internal server error"), UpstreamUnavailableError),
        (503, front("Service Unavailable"), UpstreamUnavailableError),
        (504, front("Endpoint request timed out"), UpstreamTimeoutError),
        (401, front("Unauthorized"), UpstreamAuthError),
    ],
)
def test_a_refusal_in_front_of_the_application_is_told_apart(
    status: int, body: bytes, refusal: type[GatewayError]
) -> None:
    assert type(explain(status, body)) is refusal


@pytest.mark.parametrize("body", NO_FORM)
@pytest.mark.parametrize(
    ("status", "refusal"),
    [
        (400, UpstreamResponseError),
        (401, UpstreamAuthError),
        (403, UpstreamAuthError),
        (404, UnsupportedError),
        (405, UnsupportedError),
        (409, UpstreamResponseError),
        (412, UpstreamResponseError),
        (422, UpstreamResponseError),
        (429, UpstreamRateLimitedError),
        (500, UpstreamUnavailableError),
        (501, UnsupportedError),
        (502, UpstreamUnavailableError),
        (503, UpstreamUnavailableError),
        (504, UpstreamTimeoutError),
    ],
)
def test_a_refusal_of_no_form_is_told_by_its_status(
    status: int, refusal: type[GatewayError], body: bytes
) -> None:
    """3.3: a client must survive both shapes, an empty body, and no JSON."""
    error = explain(status, body)

    assert type(error) is refusal
    assert MARK not in error.message


@pytest.mark.parametrize("code", [5, None, ["INV4040"], {}])
def test_a_code_that_is_no_text_is_not_the_applications(code: object) -> None:
    body = json.dumps({"code": code, "message": "x"}).encode()

    assert type(explain(403, body)) is UpstreamAuthError


@pytest.mark.parametrize(
    ("status", "refusal"),
    [
        (403, UpstreamAuthError),
        (404, UnsupportedError),
        (409, UpstreamResponseError),
        (422, UpstreamResponseError),
    ],
)
def test_the_form_of_oauth_is_the_applications_for_a_sign_in_alone(
    status: int, refusal: type[GatewayError]
) -> None:
    """2.2: on 400 and 401; anything in front may say `error` as well."""
    assert type(explain(status, b'{"error": "Not Found"}')) is refusal


def test_an_absent_call_was_asked_for() -> None:
    error = unsupported_call()

    assert (error.asked, error.field, error.code) == (True, None, "UNSUPPORTED")


@pytest.mark.parametrize(
    ("now", "seconds"),
    [
        (NOW, 6 * 3600),
        (datetime(2026, 11, 2, 0, 0, tzinfo=UTC), 24 * 3600),
        (datetime(2026, 12, 31, 23, 59, 59, 1, tzinfo=UTC), 1),
    ],
)
def test_a_spent_day_opens_again_at_midnight(now: datetime, seconds: int) -> None:
    answer = Answer(status=429, body=front("Limit Exceeded"), retry_after_seconds=5)

    error = create_dialect(lambda: now).explain(answer)

    assert isinstance(error, UpstreamRateLimitedError)
    assert error.retry_after_seconds == seconds
    assert next_day(now).timetuple()[3:6] == (0, 0, 0)


@pytest.mark.parametrize("told", [None, 0, 7])
def test_a_throttled_call_may_be_told_when_to_come_again(told: int | None) -> None:
    error = explain(429, front("Too Many Requests"), retry_after_seconds=told)

    assert isinstance(error, UpstreamRateLimitedError)
    assert error.retry_after_seconds == told


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (
            APPLICATION,
            {
                "upstream_code": f"INV4000 {MARK}",
                "upstream_message": f"{{'field': ['text {MARK}']}}",
                "upstream_request_id": f"request {MARK}",
            },
        ),
        (front("Forbidden"), {"upstream_message": "Forbidden"}),
        (b"", {}),
        (b"<html>", {}),
        (front("x" * 1000), {"upstream_message": "x" * 200}),
        (b'{"error": "invalid_client", "access_token": "x"}', {}),
    ],
)
def test_the_log_has_code_message_and_request_id(
    body: bytes, fields: dict[str, object]
) -> None:
    described = create_dialect(lambda: NOW).describe(Answer(status=400, body=body))

    assert described == fields


# What reaches a client of the graph.


def answers(status: int, body: bytes) -> Callable[[httpx.Request, Handler], Any]:
    async def answer(request: httpx.Request, upstream: Handler) -> httpx.Response:
        del request, upstream
        return httpx.Response(status, content=body, headers={"X-Upstream": MARK})

    return answer


CARD = """
query ($id: ID!) {
  invoiceBySource(provider: OTTIMATE, sourceId: $id) {
    number
    approvers { id }
    lines { description }
  }
}
"""
EVERY_BODY = [APPLICATION, front(f"text {MARK}"), b"", f"<p>{MARK}</p>".encode()]


@pytest.mark.parametrize(
    "status", [200, 302, 400, 401, 403, 404, 409, 412, 422, 429, 500, 501, 503, 504]
)
async def test_nothing_that_ottimate_says_reaches_the_graph(
    client: Client,
    simulator: OttimateSimulator,
    ottimate: RecordingTransport,
    status: int,
) -> None:
    invoice = simulator.state.numbered("INV-1001")
    for body in EVERY_BODY:
        ottimate.interceptors.clear()
        for path in ("", "/approvers"):
            call = f"GET /invoices/{invoice.id}{path}"
            ottimate.interceptors[call] = answers(status, body)

        card = await client.execute(CARD, {"id": invoice.id})
        ottimate.interceptors["GET /invoices"] = answers(status, body)
        listed = await client.execute(
            "{ invoices(first: 2, filter: {providers: [OTTIMATE]}) "
            "{ nodes { id } sources { error { code message } } } }"
        )
        sources = await client.execute("{ sources { ok error { code message } } }")

        text = json.dumps([card, listed, sources])
        assert MARK not in text
        assert "sandbox.internal" not in text
        assert "INTERNAL_SERVER_ERROR" not in text
        assert "api-key" not in text
        assert card["data"]["invoiceBySource"]["number"] == "INV-1001"


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 405, 409, 412, 422, 501])
async def test_a_list_that_is_refused_is_its_providers_failure(
    connector: OttimateConnector,
    ottimate: RecordingTransport,
    client: Client,
    status: int,
) -> None:
    """`Connector`: a read may raise an `UpstreamError`; the others' rows stand."""
    for body in EVERY_BODY:
        ottimate.interceptors["GET /invoices"] = answers(status, body)

        for read in reads(connector):
            with pytest.raises(UpstreamError):
                await read()
        shown = await client.execute(
            "{ invoices(first: 2, filter: {providers: [OTTIMATE]}) "
            "{ nodes { id } sources { ok } } sources { provider ok } }"
        )

        assert shown["data"] == {
            "invoices": {"nodes": None, "sources": [{"ok": False}]},
            "sources": [
                {"provider": "OTTIMATE", "ok": False},
                {"provider": "BILL", "ok": True},
                {"provider": "PRODUCTIVE", "ok": True},
                {"provider": "ACCOUNTEER", "ok": True},
            ],
        }


def reads(connector: OttimateConnector) -> list[Callable[[], Any]]:
    everything = InvoiceFilter()
    return [
        connector.check,
        lambda: connector.invoices.get_invoices(["1"]),
        lambda: connector.invoices.count_invoices(everything),
        lambda: connector.invoices.list_invoices(
            first=1, after=None, invoice_filter=everything
        ),
    ]


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (404, APPLICATION, None),
        (403, APPLICATION, None),
        (404, b"", "UPSTREAM_RESPONSE_INVALID"),
        (404, b'{"error": "Not Found"}', "UPSTREAM_RESPONSE_INVALID"),
        (403, front("Forbidden"), "UPSTREAM_AUTH_FAILED"),
        (403, front("Missing Authentication Token"), "UPSTREAM_RESPONSE_INVALID"),
        (400, APPLICATION, "BAD_USER_INPUT"),
        (503, b"", "UPSTREAM_UNAVAILABLE"),
        (504, front("Endpoint request timed out"), "UPSTREAM_TIMEOUT"),
        (200, b"<html>", "UPSTREAM_RESPONSE_INVALID"),
        (200, b"", "UPSTREAM_RESPONSE_INVALID"),
        (200, b'{"data": [{"id": 1}], "ok": "yes"}', "UPSTREAM_RESPONSE_INVALID"),
    ],
)
async def test_approvers_and_lines_that_are_refused_cost_their_own_fields(
    client: Client,
    simulator: OttimateSimulator,
    ottimate: RecordingTransport,
    status: int,
    body: bytes,
    code: str | None,
) -> None:
    """3.1: 403 and 404 of a single resource are alike: there is none for us."""
    invoice = simulator.state.numbered("INV-1001")
    for path in ("", "/approvers"):
        call = f"GET /invoices/{invoice.id}{path}"
        ottimate.interceptors[call] = answers(status, body)

    shown = await client.execute(CARD, {"id": invoice.id})

    assert shown["data"]["invoiceBySource"] == {
        "number": "INV-1001",
        "approvers": None,
        "lines": None,
    }
    errors = shown.get("errors", [])
    fields = [] if code is None else ["approvers", "lines"]
    assert sorted(error["path"][1] for error in errors) == fields
    assert {error["extensions"]["code"] for error in errors} == ({code} - {None})


@pytest.mark.parametrize(
    ("fault", "code", "attempts"),
    [
        ("unavailable", "UPSTREAM_UNAVAILABLE", 3),
        ("bad_gateway", "UPSTREAM_UNAVAILABLE", 3),
        ("internal_error", "UPSTREAM_UNAVAILABLE", 3),
        ("timed_out", "UPSTREAM_TIMEOUT", 3),
        ("throttled", "UPSTREAM_RATE_LIMITED", 3),
        ("spent", "UPSTREAM_RATE_LIMITED", 1),
        ("html", "UPSTREAM_RESPONSE_INVALID", 1),
        ("empty", "UPSTREAM_RESPONSE_INVALID", 1),
        ("wrong_shape", "UPSTREAM_RESPONSE_INVALID", 1),
        ("unauthorised", "UPSTREAM_AUTH_FAILED", 2),
    ],
)
async def test_a_fault_has_its_code_and_is_tried_again_where_that_may_help(
    client: Client,
    ottimate: RecordingTransport,
    switch: Callable[..., None],
    fault: str,
    code: str,
    attempts: int,
) -> None:
    switch(fault=fault)

    body = await client.execute("{ sources { ok error { code } } }")

    assert body == {
        "data": {
            "sources": [
                {"ok": False, "error": {"code": code}},
                {"ok": True, "error": None},
                {"ok": True, "error": None},
                {"ok": True, "error": None},
            ]
        }
    }
    assert ottimate.calls == ["GET /invoices"] * attempts


def test_the_samples_are_the_forms_that_are_refused_here() -> None:
    samples = Path(__file__).parent / "samples"
    forms = {
        path.stem: json.loads(path.read_text(encoding="utf-8"))["body"]
        for path in samples.glob("error_*.json")
    }

    found = {
        name: type(explain(404, json.dumps(body).encode()))
        for name, body in forms.items()
    }

    assert found == {
        "error_application": NotFoundError,
        "error_validation": NotFoundError,
        "error_front": UnsupportedError,
        "error_oauth": UnsupportedError,
    }


@pytest.mark.parametrize(
    ("status", "body"),
    [(404, b"<html>"), (403, APPLICATION), (404, APPLICATION), (409, APPLICATION)],
)
async def test_a_lost_answer_whose_reading_back_is_refused_stays_unknown(
    client: Client,
    simulator: OttimateSimulator,
    ottimate: RecordingTransport,
    status: int,
    body: bytes,
) -> None:
    """6.4: what was sent may have happened; that a read is refused says nothing."""
    invoice = simulator.state.numbered("INV-1002")
    key = encode_id("Invoice", ProviderName.OTTIMATE, invoice.id)

    async def lose_and_refuse(
        request: httpx.Request, upstream: Handler
    ) -> httpx.Response:
        ottimate.interceptors["GET /invoices"] = answers(status, body)
        return await lose(request, upstream)

    ottimate.interceptors[f"POST /invoices/{invoice.id}/approve"] = lose_and_refuse

    shown = await client.execute(
        "mutation ($id: ID!) { approve(input: {id: $id})"
        " { outcome userErrors { code } } }",
        {"id": key},
    )

    assert invoice.status == "ready-for-export"
    assert shown == {"data": {"approve": {"outcome": "UNKNOWN", "userErrors": []}}}
