"""How BILL says no to a read: every documented code, each status, and no JSON."""

import json
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from gateway.connector import Account, Person
from gateway.domain import InvoiceFilter
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
    UpstreamUnavailableError,
)
from gateway.providers.bill.connector import BillConnector
from gateway.providers.bill.refusals import create_dialect, unsupported_call
from gateway.providers.bill.simulator import BillSimulator
from gateway.providers.bill.simulator.directory import (
    DEV_KEY,
    FROM_4000,
    FROM_25000,
    PASSWORDS,
)
from gateway.settings import LimitSettings, Settings
from gateway.upstream import Answer, Verdict
from tests.providers.bill.reading import (
    APPROVERS,
    BILL_APPROVERS,
    BILLS,
    CREDIT_APPROVERS,
    CREDITS,
    MANDATORY,
    POLICIES,
    PROFILES,
    QUEUE,
    READ_POLICY,
    READ_USER,
    READ_VENDOR,
    SESSION,
    USERS,
    VENDOR_LIST,
    answers,
    changes,
    connect,
    failure,
    on_bill,
    policy_id,
    success,
)
from tests.support import Client, FakeTime, RecordingTransport

NOW = datetime(2026, 11, 2, 18, 20, tzinfo=UTC)
MARK = "hush-9f2c"
EVERY_READ = [
    BILLS,
    CREDITS,
    POLICIES,
    MANDATORY,
    USERS,
    VENDOR_LIST,
    PROFILES,
    BILL_APPROVERS,
    CREDIT_APPROVERS,
    APPROVERS,
    QUEUE,
    READ_USER,
    READ_VENDOR,
    READ_POLICY,
    SESSION,
]
CODES: dict[str, type[GatewayError]] = {
    "BDC_1001": UpstreamUnavailableError,
    "BDC_1002": InvalidInputError,
    "BDC_1101": UpstreamAuthError,
    "BDC_1102": UpstreamAuthError,
    "BDC_1105": UpstreamAuthError,
    "BDC_1109": UpstreamAuthError,
    "BDC_1121": UnsupportedError,
    "BDC_1144": UpstreamRateLimitedError,
    "BDC_1150": ForbiddenError,
    "BDC_1205": NotFoundError,
    "BDC_1302": NotFoundError,
    "BDC_1322": UpstreamRateLimitedError,
    "BDC_1356": UpstreamAuthError,
    "BDC_1361": UpstreamAuthError,
    # Not used here, undocumented, or nothing that is a code: a refusal like any.
    "BDC_1159": ConflictError,
    "BDC_1246": ConflictError,
    "BDC_9901": ConflictError,
    "BDC_9902": ConflictError,
    "BDC_9903": ConflictError,
    "BDC_9904": ConflictError,
    "BDC_9905": ConflictError,
    "BDC_9906": ConflictError,
    "BDC_9907": ConflictError,
    "bdc_1205": ConflictError,
    "": ConflictError,
}
NO_FORM = [
    b"",
    b"<html>" + MARK.encode(),
    b'"text"',
    b"[]",
    b"null",
    b"{",
    b"{}",
    b'{"response_status": "0", "response_data": []}',
    b'{"response_status": null}',
    b'{"response_data": {"error_code": "BDC_1205"}}',
    b"\xff\xfe",
    b"[" * 100_000,
]


def explain(body: bytes, status: int = 200) -> GatewayError:
    return create_dialect(lambda: NOW).explain(Answer(status=status, body=body))


def judge(body: bytes, status: int = 200) -> Verdict:
    return create_dialect(lambda: NOW).judge(Answer(status=status, body=body))


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 429, 500])
@pytest.mark.parametrize(("code", "refusal"), CODES.items())
def test_a_failure_is_told_by_its_code_whatever_the_status(
    code: str, refusal: type[GatewayError], status: int
) -> None:
    """1.3: decide on `response_status` only."""
    error = explain(failure(code, MARK), status)

    assert type(error) is refusal
    assert MARK not in error.message + str(error.extensions)
    assert judge(failure(code, MARK), status) is {
        "BDC_1109": Verdict.SIGNED_OUT,
        "BDC_1322": Verdict.BUSY,
    }.get(code, Verdict.REFUSED)


@pytest.mark.parametrize("body", NO_FORM, ids=[str(at) for at in range(len(NO_FORM))])
@pytest.mark.parametrize(
    ("status", "refusal"),
    [
        (200, UpstreamResponseError),
        (302, UpstreamResponseError),
        (400, UpstreamResponseError),
        (404, UnsupportedError),
        (405, UnsupportedError),
        (501, UnsupportedError),
        (401, UpstreamAuthError),
        (403, UpstreamAuthError),
        (429, UpstreamRateLimitedError),
        (500, UpstreamUnavailableError),
        (502, UpstreamUnavailableError),
        (504, UpstreamUnavailableError),
    ],
)
def test_what_is_not_bills_own_is_told_by_its_status(
    status: int, refusal: type[GatewayError], body: bytes
) -> None:
    """1.3: `response_status` missing or another value is a failure."""
    error = explain(body, status)

    assert type(error) is refusal
    assert MARK not in error.message
    assert judge(body, status) is Verdict.REFUSED


@pytest.mark.parametrize(
    "data", [b"null", b"[]", b"5", b'"BDC_1205"', b'{"error_code": 5}', b"{}"]
)
def test_a_failure_without_a_readable_code_is_a_refusal(data: bytes) -> None:
    body = b'{"response_status": 1, "response_data": ' + data + b"}"

    assert type(explain(body)) is ConflictError
    assert judge(body) is Verdict.REFUSED


@pytest.mark.parametrize("other", [2, -1, 100])
def test_another_status_in_the_envelope_is_a_failure(other: int) -> None:
    body = json.dumps({"response_status": other, "response_data": []}).encode()

    assert judge(body) is Verdict.REFUSED
    assert type(explain(body)) is ConflictError


def test_a_success_is_one_at_a_status_of_success_alone() -> None:
    assert judge(success([])) is Verdict.DONE
    assert judge(success([]), 500) is Verdict.REFUSED
    assert type(explain(success([]), 500)) is UpstreamUnavailableError
    assert type(explain(success([]), 404)) is UpstreamResponseError


@pytest.mark.parametrize(
    ("now", "seconds"),
    [
        (NOW, 2400),
        (datetime(2026, 11, 2, 18, 0, tzinfo=UTC), 3600),
        (datetime(2026, 12, 31, 23, 59, 59, 1, tzinfo=UTC), 1),
    ],
)
def test_a_spent_hour_opens_again_when_it_turns(now: datetime, seconds: int) -> None:
    """1.5: until the next clock hour starts."""
    answer = Answer(status=200, body=failure("BDC_1144"))

    error = create_dialect(lambda: now).explain(answer)

    assert isinstance(error, UpstreamRateLimitedError)
    assert error.retry_after_seconds == seconds


def test_a_slot_is_free_again_soon() -> None:
    error = explain(failure("BDC_1322"))

    assert isinstance(error, UpstreamRateLimitedError)
    assert error.retry_after_seconds == 1


def test_an_absent_call_was_asked_for() -> None:
    assert (unsupported_call().asked, unsupported_call().code) == (True, "UNSUPPORTED")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (failure("BDC_1205", MARK), "BDC_1205"),
        (failure(f"BDC_1205 and then {MARK}", MARK), "BDC_1205 and then hu"),
        (b"<html>", None),
        (b"", None),
        (b'{"response_status": 1}', ""),
    ],
)
def test_the_log_has_the_code_alone(body: bytes, code: str | None) -> None:
    """8.2: secrets never go to logs; a message may repeat what was sent."""
    described = create_dialect(lambda: NOW).describe(Answer(status=200, body=body))

    assert described == {"upstream_code": code}


def test_the_documented_failure_is_one() -> None:
    path = Path(__file__).parent / "samples" / "failure.json"
    body = json.dumps(json.loads(path.read_text(encoding="utf-8"))["body"]).encode()

    assert judge(body) is Verdict.SIGNED_OUT
    assert type(explain(body)) is UpstreamAuthError


# What reaches a client of the graph.

EVERYTHING = """
query ($bill: ID!, $policy: ID!, $filter: InvoiceFilter) {
  invoices(first: 3, filter: $filter) {
    nodes {
      number
      counterparty { name }
      approvers { user { displayName } }
      lines { description }
      policies { name }
      progress { required }
      viewerActions
    }
    sources { ok error { code message } }
  }
  invoiceBySource(provider: BILL, sourceId: $bill) { number approvers { id } }
  policy(id: $policy) { name mandatoryApprovers { displayName } }
  policies(filter: {providers: [BILL]}) {
    nodes { name mandatoryApprovers { displayName } }
  }
  viewer {
    approvals(filter: {providers: [BILL]}) { nodes { title } }
    sources { ok error { code message } }
  }
  sources { ok error { code message } }
}
"""
VARIABLES = {
    "bill": "00n01BILL1001AAAAAAA",
    "policy": policy_id(FROM_4000),
    "filter": on_bill(),
}
BODIES = [
    *(failure(code, f"{MARK} {DEV_KEY}") for code in CODES),
    *NO_FORM[:11],
    success(MARK),
    success([MARK]),
    success([{"id": MARK, "surprise": MARK}]),
    success({"approvals": MARK}),
]


def codes_of(body: Any) -> set[str]:
    return {error["extensions"]["code"] for error in body.get("errors", [])}


# Fake time adds up the waits of calls that wait side by side.
PATIENT = Settings(limits=LimitSettings(deadline_seconds=120))


@pytest.mark.parametrize("settings", [PATIENT], ids=["patient"])
@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize("at", range(len(BODIES)))
async def test_nothing_that_bill_says_reaches_the_graph_or_the_log(
    client: Client,
    bill: RecordingTransport,
    at: int,
    status: int,
) -> None:
    for call in EVERY_READ:
        bill.interceptors[call] = answers(BODIES[at], status)

    with capture_logs() as lines:
        body = await client.execute(EVERYTHING, VARIABLES, person="controller")

    text = json.dumps(body)
    assert not [word for word in secrets(bill) if word in text + str(lines)]
    assert "sandbox.internal" not in text
    assert codes_of(body) <= {
        "UPSTREAM_AUTH_FAILED",
        "UPSTREAM_RATE_LIMITED",
        "UPSTREAM_RESPONSE_INVALID",
        "UPSTREAM_UNAVAILABLE",
    }
    # Whoever is signed in may have any members.
    is_session = (at, status) == (len(BODIES) - 1, 200)
    assert [one["ok"] for one in body["data"]["sources"]] == [
        True,
        is_session,
        True,
        True,
    ]


def secrets(bill: RecordingTransport) -> set[str]:
    """Return what neither an answer nor a line of the log may hold."""
    sessions = {bill.form(at)["sessionId"] for at in range(len(bill.requests))}
    return {MARK, DEV_KEY, *PASSWORDS.values(), *sessions}


async def test_no_secret_is_in_the_log_of_calls_that_work(
    client: Client, bill: RecordingTransport
) -> None:
    """8.2: devKey, sessionId and password are in the body, so bodies stay out."""
    with capture_logs() as lines:
        await client.execute(EVERYTHING, VARIABLES, person="controller")
        await client.execute(EVERYTHING, VARIABLES, person="auditor")

    calls = [
        line
        for line in lines
        if line["event"] == "upstream_call" and line["provider"] == "BILL"
    ]
    assert len(calls) == len(bill.calls) + bill.sign_ins
    assert {tuple(sorted(line)) for line in calls} == {
        ("duration_ms", "event", "log_level", "method", "path", "provider", "status")
    }
    assert not [word for word in secrets(bill) if word in str(lines)]
    assert not re.search(r"controller@|auditor@", str(lines))


@pytest.mark.parametrize("status", ["200", "real"])
@pytest.mark.parametrize(
    ("fault", "code", "attempts"),
    [
        ("bad_gateway_html", "UPSTREAM_UNAVAILABLE", 3),
        ("lost_answer", "UPSTREAM_UNAVAILABLE", 3),
        ("system_error", "UPSTREAM_UNAVAILABLE", 3),
        ("html", "UPSTREAM_RESPONSE_INVALID", 1),
        ("truncated", "UPSTREAM_RESPONSE_INVALID", 1),
        ("empty", "UPSTREAM_RESPONSE_INVALID", 1),
        # Signed in again, and sent again, once.
        ("session_lost", "UPSTREAM_AUTH_FAILED", 2),
        # A slot is waited for five times (8.2).
        ("busy", "UPSTREAM_RATE_LIMITED", 6),
        ("spent", "UPSTREAM_RATE_LIMITED", 1),
    ],
)
async def test_a_fault_has_its_code_and_is_tried_again_where_that_may_help(
    client: Client,
    bill: RecordingTransport,
    switch_bill: Callable[..., None],
    fault: str,
    code: str,
    attempts: int,
    status: str,
) -> None:
    """1.3: v2 answers a failure with 200; whether others do is a switch."""
    switch_bill(fault=fault, http_status_on_error=status)

    body = await client.execute("{ sources { provider ok error { code } } }")

    assert body == {
        "data": {
            "sources": [
                {"provider": "OTTIMATE", "ok": True, "error": None},
                {"provider": "BILL", "ok": False, "error": {"code": code}},
                {"provider": "PRODUCTIVE", "ok": True, "error": None},
                {"provider": "ACCOUNTEER", "ok": True, "error": None},
            ]
        }
    }
    assert bill.calls == [SESSION] * attempts


async def test_a_fault_that_passes_is_not_seen(
    client: Client, bill: RecordingTransport, switch_bill: Callable[..., None]
) -> None:
    for fault in ("bad_gateway_html", "system_error", "session_lost", "busy"):
        switch_bill(fault=fault, fault_times=1)
        bill.clear()

        body = await client.execute("{ sources { ok } }")

        assert body == {"data": {"sources": [{"ok": True}] * 4}}
        assert bill.calls == [SESSION] * 2


@pytest.mark.parametrize(("code", "refusal"), CODES.items())
@pytest.mark.parametrize("status", [200, 404])
async def test_a_read_that_is_refused_is_its_providers_fault(
    account: Account,
    time: FakeTime,
    bill: RecordingTransport,
    code: str,
    refusal: type[GatewayError],
    status: int,
) -> None:
    """`Connector`: a read raises an `UpstreamError`, or finds nothing."""
    for call in EVERY_READ:
        bill.interceptors[call] = answers(failure(code), status)

    for read in reads(connect(account, time)):
        try:
            found = await read()
        except UpstreamError:
            continue
        # What is asked for one by one, and is not there.
        assert refusal is NotFoundError
        assert not found


def reads(connector: BillConnector) -> list[Callable[[], Awaitable[Any]]]:
    everything = InvoiceFilter()
    bills = [f"00n01BILL100{at}AAAAAAA" for at in (1, 2)]
    policies = [FROM_4000, FROM_25000]
    return [
        connector.check,
        lambda: connector.invoices.get_invoices(bills),
        lambda: connector.invoices.get_invoices(bills[:1]),
        lambda: connector.invoices.get_invoice_details(bills),
        lambda: connector.invoices.list_invoices(
            first=1, after=None, invoice_filter=everything
        ),
        lambda: connector.list_queue(Person(is_signed_in=True, email=None)),
        connector.policies.list_policies,
        lambda: connector.policies.get_policies(policies),
        lambda: connector.policies.get_policies(policies[:1]),
        lambda: connector.policies.get_mandatory_approvers(policies),
        lambda: connector.policies.get_mandatory_approvers(policies[:1]),
    ]


# Bodies that are BILL's own, with a value that cannot be.

UNREADABLE: list[tuple[str, bytes, bytes]] = [
    (BILLS, b'"createdTime":"2', b'"createdTime":"x'),
    (BILLS, b'"invoiceDate":"2', b'"invoiceDate":"x'),
    (BILLS, b'"dueDate":"2', b'"dueDate":"x'),
    (BILLS, b'"updatedTime":"2', b'"updatedTime":"x'),
    (BILLS, b'"amount":', b'"amount":1e400,"x":'),
    (BILLS, b'"amount":', b'"amount":"many","x":'),
    (BILLS, b'"quantity":1', b'"quantity":1e400'),
    (BILLS, b'"unitPrice":', b'"unitPrice":1e400,"x":'),
    (BILL_APPROVERS, b'"statusChangedDate":"2', b'"statusChangedDate":"x'),
    (BILL_APPROVERS, b'"sortOrder":', b'"sortOrder":"x","y":'),
    (POLICIES, b'"createdTime":"2', b'"createdTime":"x'),
    (POLICIES, b'"updatedTime":"2', b'"updatedTime":"x'),
    (POLICIES, b'"amountThreshold":', b'"amountThreshold":1e400,"x":'),
    (POLICIES, b'"minNumApprovers":', b'"minNumApprovers":"x","y":'),
    (USERS, b'"firstName":"', b'"firstName":5,"x":"'),
]


@pytest.mark.parametrize(("call", "old", "new"), UNREADABLE)
async def test_a_value_that_cannot_be_is_an_answer_that_is_not_understood(
    client: Client, bill: RecordingTransport, call: str, old: bytes, new: bytes
) -> None:
    bill.interceptors[call] = changes(old, new)
    query = """
    query ($filter: InvoiceFilter) {
      invoices(first: 3, filter: $filter) {
        nodes {
          approvers { decidedAt user { displayName } }
          lines { quantity }
          policies { name }
        }
      }
      policies(filter: {providers: [BILL]}) { nodes { name } }
    }
    """

    body = await client.execute(query, {"filter": on_bill({"kinds": ["BILL"]})})

    assert codes_of(body) == {"UPSTREAM_RESPONSE_INVALID"}


@pytest.mark.parametrize("member", ["createdTime", "updatedTime"])
async def test_a_policy_by_id_whose_values_cannot_be_is_not_understood(
    client: Client, bill: RecordingTransport, member: str
) -> None:
    name = f'"{member}":"'.encode()
    bill.interceptors[READ_POLICY] = changes(name + b"2", name + b"x")

    body = await client.execute(
        "query ($id: ID!) { policy(id: $id) { name } }", {"id": policy_id(FROM_4000)}
    )

    assert body["data"] == {"policy": None}
    assert codes_of(body) == {"UPSTREAM_RESPONSE_INVALID"}


async def test_a_body_of_too_many_bytes_is_not_read(
    client: Client, bill: RecordingTransport
) -> None:
    bill.interceptors[SESSION] = answers(success(["x" * (17 * 1024 * 1024)]))

    body = await client.execute("{ sources { error { code } } }")

    assert body["data"]["sources"][1] == {
        "error": {"code": "UPSTREAM_RESPONSE_INVALID"}
    }


async def test_the_rest_of_an_answer_stands_where_one_call_is_refused(
    client: Client,
    bill_simulator: BillSimulator,
    switch_bill: Callable[..., None],
) -> None:
    switch_bill(fault="html", fault_calls=("List/BillApprover", "List/ApprovalPolicy"))
    query = """
    query ($filter: InvoiceFilter) {
      invoices(first: 2, filter: $filter) {
        nodes { number approvers { id } policies { id } lines { description } }
        sources { ok }
      }
    }
    """

    body = await client.execute(query, {"filter": on_bill({"kinds": ["BILL"]})})

    assert body["data"]["invoices"] == {
        "nodes": [
            {
                "number": f"BILL-100{at}",
                "approvers": None,
                "policies": None,
                "lines": [{"description": "Goods"}, {"description": "Delivery"}],
            }
            for at in (1, 2)
        ],
        "sources": [{"ok": True}],
    }
    assert sorted(str(error["path"][3]) for error in body["errors"]) == [
        *["approvers"] * 2,
        *["policies"] * 2,
    ]
    assert msgspec.to_builtins(bill_simulator.switches)["fault"] == "html"
