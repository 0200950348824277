"""Reads that fail: what is null, what the error says, and what it never says."""

from collections.abc import Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from gateway.providers.productive.simulator.directory import PERSONS, SERVICE_TOKEN
from tests.providers.productive.calls import (
    BOOKINGS,
    ENTRIES,
    EXPENSES,
    MEMBERSHIPS,
    STATUSES,
    TARGETS,
    Intercept,
    answers,
    graph_id,
    problem,
)
from tests.providers.productive.reading import NODES
from tests.support import Client, FakeTime, RecordingTransport, never_arrives

LIST = """
{
  approvalStatuses(first: 5) {
    nodes { sourceId }
    edges { cursor }
    totalCount
    pageInfo { hasNextPage endCursor }
    sources { provider ok isComplete error { code message } }
  }
}
"""
ONE = "query ($id: ID!) { approvalStatus(id: $id) { sourceId } }"
NODE = "query ($id: ID!) { node(id: $id) { ... on Booking { title } } }"
QUEUE = """
{
  viewer {
    approvals(filter: {providers: [PRODUCTIVE]}) { totalCount nodes { title } }
    sources { provider ok isComplete error { code message } }
  }
}
"""
WITH_TARGETS = """
{
  approvalStatuses(first: 60) {
    nodes {
      sourceId
      target { __typename title progress { rule } approvalStatuses { sourceId } }
    }
  }
}
"""
CALLS = {
    LIST: STATUSES,
    ONE: f"{STATUSES}/5001",
    NODE: f"{BOOKINGS}/301",
    QUEUE: BOOKINGS,
}
VARIABLES = {
    LIST: {},
    ONE: {"id": graph_id("ApprovalStatus", "5001")},
    NODE: {"id": graph_id("Booking", "301")},
    QUEUE: {},
}
AUTH, INVALID = "UPSTREAM_AUTH_FAILED", "UPSTREAM_RESPONSE_INVALID"
DOWN, BUSY, LATE = "UPSTREAM_UNAVAILABLE", "UPSTREAM_RATE_LIMITED", "UPSTREAM_TIMEOUT"
REFUSED = "The provider refused a read."
PUZZLE = "The provider's answer could not be understood."
PUZZLING = "Productive's answer could not be understood."
CLOSED = "Productive is not available."
NOBODY = "This token is nobody's in the Productive organization."
STRANGER = "Productive does not let this gateway in."
FULL = "Productive takes no more calls for now."
HTML = b"<!doctype html><title>SECRET</title>"

# What is answered, the code and the message of it, and how often it is asked for.
FAILURES: dict[str, tuple[Intercept, str, str, int]] = {
    "401": (
        answers(401, problem("invalid_auth_token", "Unauthenticated")),
        AUTH,
        "Productive does not accept this token.",
        1,
    ),
    "401 page": (answers(401, HTML), AUTH, "Productive does not accept this token.", 1),
    "403 nobody": (
        answers(403, problem("no_person", "Access Denied")),
        AUTH,
        NOBODY,
        1,
    ),
    "403": (
        answers(403, problem("access_denied", "Access Denied")),
        INVALID,
        REFUSED,
        1,
    ),
    "403 page": (answers(403, HTML), AUTH, STRANGER, 1),
    "404 route": (
        answers(404, problem("route_not_found", "Route Not Found")),
        INVALID,
        REFUSED,
        1,
    ),
    "404 page": (answers(404, HTML), INVALID, REFUSED, 1),
    "400": (
        answers(400, problem("include_param_unsupported", "Unsupported Include")),
        INVALID,
        REFUSED,
        1,
    ),
    "406": (answers(406, problem("", "Not Acceptable")), INVALID, PUZZLING, 1),
    "429": (answers(429, problem("", "Too many requests")), BUSY, FULL, 3),
    "429 page": (answers(429, HTML), BUSY, FULL, 3),
    "500": (answers(500, problem("", "Server Error")), DOWN, CLOSED, 3),
    "502 page": (answers(502, HTML), DOWN, CLOSED, 3),
    "page": (answers(200, HTML), INVALID, PUZZLE, 1),
    "empty": (answers(200, b""), INVALID, PUZZLE, 1),
    "truncated": (answers(200, b'{"data": [{"id": "5001"'), INVALID, PUZZLE, 1),
    "other": (answers(200, {"hello": "SECRET"}), INVALID, PUZZLE, 1),
    "no answer": (never_arrives, DOWN, "The provider could not be reached.", 3),
}
MESSAGES: dict[str, dict[str, object]] = {
    "429": {"retryAfterSeconds": 10, "retryable": True},
    "429 page": {"retryAfterSeconds": 10, "retryable": True},
    "500": {"retryable": True},
    "502 page": {"retryable": True},
    "no answer": {"retryable": True},
}


@pytest.mark.parametrize("document", [LIST, ONE, NODE, QUEUE])
@pytest.mark.parametrize("name", FAILURES)
async def test_a_read_that_fails_is_null_with_its_code(
    client: Client, productive: RecordingTransport, name: str, document: str
) -> None:
    intercept, code, message, attempts = FAILURES[name]
    call = CALLS[document]
    if document == QUEUE:
        # A queue fails with every kind of it; what is told is the first of them.
        productive.interceptors |= dict.fromkeys(TARGETS, answers(406, HTML))
    productive.interceptors[call] = intercept

    with capture_logs() as logs:
        body = await client.execute(document, VARIABLES[document], person="auditor")

    for error in body["errors"]:
        extensions = error["extensions"]
        extensions.pop("requestId")
        assert error["message"] == message
        assert extensions == {
            "code": code,
            "provider": "PRODUCTIVE",
            "retryable": False,
            **MESSAGES.get(name, {}),
        }
    assert productive.calls.count(call) == attempts
    told = {"code": code, "message": message}
    source = {"provider": "PRODUCTIVE", "ok": False, "isComplete": False, "error": told}
    paths = [error["path"] for error in body["errors"]]
    if document == LIST:
        assert body["data"]["approvalStatuses"] == {
            "nodes": None,
            "edges": None,
            "totalCount": None,
            "pageInfo": {"hasNextPage": False, "endCursor": None},
            "sources": [source],
        }
        assert sorted(paths) == [
            ["approvalStatuses", one] for one in ("edges", "nodes", "totalCount")
        ]
    elif document == QUEUE:
        assert body["data"]["viewer"]["approvals"] is None
        sources = body["data"]["viewer"]["sources"]
        assert [one for one in sources if one["provider"] == "PRODUCTIVE"] == [source]
        assert paths == [["viewer", "approvals"]]
    else:
        [field] = body["data"]
        assert body["data"] == {field: None}
        assert paths == [[field]]
    shown = f"{logs} {body}"
    tokens = [SERVICE_TOKEN, *(one.token for one in PERSONS.values())]
    assert [one for one in ("SECRET", *tokens) if one in shown] == []


@pytest.mark.parametrize("document", [ONE, NODE])
@pytest.mark.parametrize("title", ["Record Not Found", "record not found"])
async def test_what_this_person_may_not_see_is_null_without_an_error(
    client: Client, productive: RecordingTransport, document: str, title: str
) -> None:
    """10.3: 404 may mean that there is no right."""
    absent = answers(404, {"errors": [{"status": 404, "title": title}]})
    productive.interceptors[CALLS[document]] = absent

    body = await client.execute(document, VARIABLES[document])

    assert list(body["data"].values()) == [None]
    assert "errors" not in body


async def test_404_of_a_list_is_no_empty_list(
    client: Client, productive: RecordingTransport
) -> None:
    absent = answers(404, problem("record_not_found", "Record Not Found"))
    productive.interceptors[STATUSES] = absent

    body = await client.execute(LIST, {})

    assert body["data"]["approvalStatuses"]["nodes"] is None
    assert {one["extensions"]["code"] for one in body["errors"]} == {INVALID}


async def test_retry_after_is_waited_for(
    client: Client,
    productive: RecordingTransport,
    time: FakeTime,
    switch_productive: Callable[..., None],
) -> None:
    switch_productive(fault="rate_limited", retry_after=True, fault_times=2)

    body = await client.execute(ONE, VARIABLES[ONE], person="auditor")

    assert body == {"data": {"approvalStatus": {"sourceId": "5001"}}}
    assert time.slept == [1.0, 1.0]
    assert len(productive.calls) == 3


async def test_without_retry_after_ten_seconds_are_waited(
    client: Client,
    productive: RecordingTransport,
    time: FakeTime,
    switch_productive: Callable[..., None],
) -> None:
    """2.6: it is not documented."""
    switch_productive(fault="rate_limited", fault_times=1)

    body = await client.execute(ONE, VARIABLES[ONE], person="auditor")

    assert body == {"data": {"approvalStatus": {"sourceId": "5001"}}}
    assert time.slept == [10.0]
    assert len(productive.calls) == 2


async def test_a_wait_beyond_the_operations_own_time_is_told_and_not_waited(
    client: Client, productive: RecordingTransport, time: FakeTime
) -> None:
    productive.interceptors[f"{STATUSES}/5001"] = answers(
        429, problem("", "Too many requests"), Retry_After="600"
    )

    body = await client.execute(ONE, VARIABLES[ONE])

    [error] = body["errors"]
    assert error["extensions"]["retryAfterSeconds"] == 600
    assert time.slept == []
    productive.clear()
    time.advance(599)
    body = await client.execute(NODE, VARIABLES[NODE])
    assert body["errors"][0]["extensions"]["retryAfterSeconds"] == 1
    assert productive.calls == []
    time.advance(1)
    body = await client.execute(NODE, VARIABLES[NODE])
    assert body == {"data": {"node": {"title": "Vacation · Chloe Berg"}}}


async def test_an_upstream_that_is_slow_is_a_timeout(
    client: Client,
    productive: RecordingTransport,
    switch_productive: Callable[..., None],
) -> None:
    switch_productive(
        fault="slow", fault_seconds=60, fault_calls=("GET /organization_memberships",)
    )

    body = await client.execute(QUEUE)

    assert body["data"]["viewer"]["approvals"] is None
    [error] = body["errors"]
    assert error["extensions"]["code"] == LATE
    assert productive.calls == [MEMBERSHIPS]


class TestOneKind:
    """What one kind of target fails with costs its own fields."""

    @pytest.mark.parametrize("name", ["403", "429", "500", "page", "404 route"])
    @pytest.mark.parametrize(
        ("call", "type_name"),
        [(BOOKINGS, "Booking"), (ENTRIES, "TimeEntry"), (EXPENSES, "Expense")],
    )
    async def test_progress_of_the_others_stands(
        self,
        client: Client,
        productive: RecordingTransport,
        call: str,
        type_name: str,
        name: str,
    ) -> None:
        intercept, code, _, _ = FAILURES[name]
        productive.interceptors[call] = intercept

        body = await client.execute(WITH_TARGETS, person="auditor")

        failed = set()
        for at, one in enumerate(body["data"]["approvalStatuses"]["nodes"]):
            target = one["target"]
            assert target["title"]
            if target["__typename"] == type_name:
                assert (target["progress"], target["approvalStatuses"]) == (None, None)
                for field in ("progress", "approvalStatuses"):
                    failed.add(("approvalStatuses", "nodes", at, "target", field))
            else:
                assert target["progress"] is not None
                assert target["approvalStatuses"]
        assert {tuple(one["path"]) for one in body["errors"]} == failed
        assert {one["extensions"]["code"] for one in body["errors"]} == {code}
        assert {one["extensions"]["provider"] for one in body["errors"]} == {
            "PRODUCTIVE"
        }

    @pytest.mark.parametrize("call", [BOOKINGS, ENTRIES, EXPENSES])
    async def test_other_nodes_stand(
        self, client: Client, productive: RecordingTransport, call: str
    ) -> None:
        kinds = {BOOKINGS: "Booking", ENTRIES: "TimeEntry", EXPENSES: "Expense"}
        ids = {"Booking": "301", "TimeEntry": "601", "Expense": "701"}
        keys = [graph_id(*one) for one in ids.items()]
        path = f"{call}/{ids[kinds[call]]}"
        productive.interceptors[path] = answers(500, problem("", "Server Error"))

        body = await client.execute(NODES, {"ids": keys}, person="auditor")

        expected: list[Any] = [
            None if one == kinds[call] else {"__typename": one, "id": key}
            for one, key in zip(ids, keys, strict=True)
        ]
        assert body["data"]["nodes"] == expected
        [error] = body["errors"]
        assert error["extensions"]["code"] == DOWN
        assert error["path"] == ["nodes", expected.index(None)]
