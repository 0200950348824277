"""What waits for a person in Ottimate, which has no call for it."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from gateway.connector import Person, Queue
from gateway.providers.ottimate.connector import OttimateConnector
from gateway.providers.ottimate.queue import MOST_PENDING
from gateway.providers.ottimate.simulator import OttimateSimulator
from gateway.providers.ottimate.simulator.directory import (
    APPLICATIONS,
    EMAILS,
    PETER,
    USERS,
)
from gateway.providers.ottimate.simulator.state import ApprovalRecord, Invoice, State
from tests.providers.ottimate.reading import graph_id
from tests.support import Client, Handler, RecordingTransport

QUERY = """
query ($first: Int = 100, $after: String) {
  viewer {
    approvals(first: $first, after: $after, filter: {providers: [OTTIMATE]}) {
      nodes {
        id
        approvalState
        viewerActions
        progress { rule required approved rejected waitingOn { email } }
        ... on Invoice { approvers { status user { email } } policies { name } }
      }
      totalCount
    }
    sources { provider ok isComplete asOf error { code } quota { limit remaining } }
  }
}
"""
LIST = "GET /invoices"
PENDING = "pending-approval"
PETERS = "peter@example.com"


def pending(state: State) -> list[Invoice]:
    """Return what is pending, the newest first."""
    return [one for one in state.newest_first() if one.status == PENDING]


def leave(state: State, count: int) -> list[Invoice]:
    """Let the newest *count* alone be pending, and return them."""
    found = pending(state)
    for one in found[count:]:
        one.status = "archived"
    return found[:count]


def asks(invoice: Invoice, user_id: int) -> bool:
    return any(one.user_id == user_id for one in invoice.records)


def by_day(invoices: Iterable[Invoice]) -> list[str]:
    """Return the graph's ids by due date, else the date on it, else its creation."""

    def place(one: Invoice) -> tuple[str, str]:
        day = one.due_date or one.invoice_date or one.created_at.date()
        return day.isoformat(), graph_id(one)

    return [graph_id(one) for one in sorted(invoices, key=place)]


def approvers_of(invoices: Iterable[Invoice]) -> list[str]:
    return [f"GET /invoices/{one.id}/approvers" for one in invoices]


def source_of(viewer: dict[str, Any]) -> dict[str, Any]:
    [told] = [one for one in viewer["sources"] if one["provider"] == "OTTIMATE"]
    return {key: told[key] for key in ("ok", "isComplete", "error")}


def told(*, is_complete: bool, code: str | None = None) -> dict[str, Any]:
    error = None if code is None else {"code": code}
    return {"ok": code is None, "isComplete": is_complete, "error": error}


async def read_viewer(
    client: Client, person: str = "controller", **variables: Any
) -> dict[str, Any]:
    body = await client.execute(QUERY, variables, person=person)
    assert list(body) == ["data"], body
    viewer: dict[str, Any] = body["data"]["viewer"]
    return viewer


def ids_of(viewer: dict[str, Any]) -> list[str]:
    return [node["id"] for node in viewer["approvals"]["nodes"]]


def person_of(email: str | None) -> Person:
    return Person(is_signed_in=True, email=email)


@pytest.mark.parametrize(
    ("person", "count"),
    [
        ("controller", 32),
        ("clerk", 20),
        ("accountant", 1),
        ("approver", 12),
        ("payer", 10),
        ("auditor", 0),
        ("buyer", 0),
    ],
)
async def test_it_holds_of_the_newest_those_that_ask_the_person(
    client: Client,
    simulator: OttimateSimulator,
    ottimate: RecordingTransport,
    person: str,
    count: int,
) -> None:
    reach = {one.person: one.location_ids for one in APPLICATIONS}
    [user_id] = [one.id for one in USERS.values() if one.email == EMAILS[person]]
    read = [
        one
        for one in pending(simulator.state)
        # Who has no application of their own sees with the gateway's.
        if one.location_id in reach.get(person, reach["controller"])
    ][:MOST_PENDING]

    viewer = await read_viewer(client, person)

    assert ids_of(viewer) == by_day(one for one in read if asks(one, user_id))
    assert len(ids_of(viewer)) == count
    assert ottimate.calls[0] == LIST
    assert Counter(ottimate.calls[1:]) == Counter(approvers_of(read))
    assert len(ottimate.calls) == 1 + 50
    assert (ottimate.rounds, ottimate.most_in_flight, ottimate.sign_ins) == (2, 50, 1)


async def test_the_list_is_asked_once_for_what_is_pending(
    client: Client, ottimate: RecordingTransport
) -> None:
    await read_viewer(client)

    assert ottimate.params(0) == {"status": PENDING, "page": "1", "limit": "50"}


@pytest.mark.parametrize(
    ("count", "is_complete"), [(0, True), (1, True), (50, True), (51, False)]
)
async def test_it_is_complete_unless_more_are_pending_than_are_looked_through(
    client: Client,
    simulator: OttimateSimulator,
    ottimate: RecordingTransport,
    count: int,
    is_complete: bool,
) -> None:
    leave(simulator.state, count)

    viewer = await read_viewer(client)

    found = ids_of(viewer)
    assert source_of(viewer) == told(is_complete=is_complete)
    assert viewer["approvals"]["totalCount"] == (len(found) if is_complete else None)
    assert len(ottimate.calls) == 1 + min(count, 50)


async def test_what_is_shown_of_it_costs_no_further_call(
    client: Client, simulator: OttimateSimulator, ottimate: RecordingTransport
) -> None:
    [invoice] = leave(simulator.state, 1)
    invoice.records = [
        record(simulator.state, user_id=PETER),
        record(simulator.state, user_id=APPLICATIONS[0].user_id),
    ]

    viewer = await read_viewer(client, "payer")

    assert viewer["approvals"]["nodes"] == [
        {
            "id": graph_id(invoice),
            "approvalState": "PENDING",
            # As of any invoice: the application decides, which may well be another's.
            "viewerActions": [
                "APPROVE",
                "FORCE_APPROVE",
                "ADD_APPROVER",
                "REMOVE_APPROVER",
            ],
            "progress": {
                "rule": "UNKNOWN",
                "required": None,
                "approved": None,
                "rejected": None,
                "waitingOn": None,
            },
            "approvers": [
                {"status": "UNKNOWN", "user": {"email": PETERS}},
                {"status": "UNKNOWN", "user": {"email": "api_user@example.com"}},
            ],
            "policies": [],
        }
    ]
    assert ottimate.calls == [LIST, *approvers_of([invoice])]


def record(state: State, *, user_id: int, **more: Any) -> ApprovalRecord:
    """Return another approval record, which somebody added by hand."""
    return ApprovalRecord(
        id=f"pbjappr_{state.next_number('test', 1):032}",
        user_id=user_id,
        policy_id=None,
        created_at=next(state.newest_first()).created_at,
        **more,
    )


# Whose it is.


async def test_without_an_address_nothing_is_asked_and_nothing_known(
    client: Client, ottimate: RecordingTransport
) -> None:
    viewer = await read_viewer(client, "visitor")

    assert viewer["approvals"] == {"nodes": [], "totalCount": None}
    assert source_of(viewer) == told(is_complete=False)
    assert (ottimate.calls, ottimate.sign_ins) == ([], 0)


@pytest.mark.parametrize("email", [None, ""])
async def test_no_address_is_nobodys(
    connector: OttimateConnector, ottimate: RecordingTransport, email: str | None
) -> None:
    queue = await connector.list_queue(person_of(email))

    assert queue == Queue(is_complete=False)
    assert ottimate.calls == []


@pytest.mark.parametrize("shown", ["", " ", None, "missing"])
async def test_who_has_no_address_in_ottimate_is_nobody(
    connector: OttimateConnector,
    simulator: OttimateSimulator,
    ottimate: RecordingTransport,
    shown: str | None,
) -> None:
    [invoice] = leave(simulator.state, 1)
    ottimate.interceptors[approvers_of([invoice])[0]] = answers(email=shown)

    for email in (" ", "peter@example.com"):
        queue = await connector.list_queue(person_of(email))

        assert queue == Queue(is_complete=True)


@pytest.mark.parametrize(
    ("shown", "email", "is_theirs"),
    [
        (PETERS, PETERS, True),
        ("Peter@Example.COM", PETERS, True),
        (f" {PETERS} ", PETERS, True),
        (PETERS, "PETER@example.com", True),
        (PETERS, "pete@example.com", False),
        (PETERS, "peter@example.com.evil.example", False),
        ("stra\u00dfe@example.com", "strasse@example.com", False),
    ],
)
async def test_an_address_is_compared_but_for_its_case(
    connector: OttimateConnector,
    simulator: OttimateSimulator,
    ottimate: RecordingTransport,
    shown: str,
    email: str,
    is_theirs: bool,
) -> None:
    [invoice] = leave(simulator.state, 1)
    ottimate.interceptors[approvers_of([invoice])[0]] = answers(email=shown)

    queue = await connector.list_queue(person_of(email))

    assert [one.source_id for one in queue.invoices] == [invoice.id] * is_theirs
    assert list(queue.approvers) == [invoice.id] * is_theirs
    assert queue.is_complete


def answers(**members: str | None) -> Callable[[httpx.Request, Handler], Any]:
    """Return what answers with one approver; a member ``missing`` is left out."""

    async def answer(request: httpx.Request, upstream: Handler) -> httpx.Response:
        del request, upstream
        email = members.get("email", PETERS)
        approval: dict[str, Any] = {
            "id": "pbjappr_1",
            "approver": {"id": "1", "display_name": "Peter", "email": email},
            "created_date": "2026-02-01T08:12:44.120931-08:00",
            **{key: value for key, value in members.items() if key != "email"},
        }
        if email == "missing":
            del approval["approver"]["email"]
        return httpx.Response(200, json={"version": "1.0.0", "approvers": [approval]})

    return answer


# What the records tell.


@pytest.mark.parametrize(
    ("members", "waits", "is_complete"),
    [
        ({}, True, True),
        ({"status": None, "approved_date": None}, True, True),
        ({"status": "pending", "approved_date": ""}, True, True),
        ({"status": "approved"}, False, True),
        ({"approved_date": "2026-02-03T09:05:11.204913-08:00"}, False, True),
        # Nobody documented it: it may mean that it is the person's turn.
        ({"status": "escalated"}, False, False),
    ],
)
async def test_who_has_surely_decided_waits_for_nothing(
    connector: OttimateConnector,
    simulator: OttimateSimulator,
    ottimate: RecordingTransport,
    members: dict[str, str | None],
    waits: bool,
    is_complete: bool,
) -> None:
    [invoice] = leave(simulator.state, 1)
    ottimate.interceptors[approvers_of([invoice])[0]] = answers(**members)

    queue = await connector.list_queue(person_of(PETERS))

    assert [one.source_id for one in queue.invoices] == [invoice.id] * waits
    assert queue.is_complete == is_complete
    assert queue.error is None


async def test_of_several_records_of_a_person_one_that_is_open_waits(
    connector: OttimateConnector,
    simulator: OttimateSimulator,
    switch: Callable[..., None],
) -> None:
    """5.10: who is asked by a policy may be asked by hand as well."""
    switch(approver_status_field=True)
    [invoice] = leave(simulator.state, 1)
    when = invoice.created_at + timedelta(hours=1)
    done = record(simulator.state, user_id=PETER, approved_at=when)
    invoice.records = [done]
    before = await connector.list_queue(person_of(PETERS))
    invoice.records = [done, record(simulator.state, user_id=PETER)]
    after = await connector.list_queue(person_of(PETERS))

    assert (before.invoices, before.is_complete) == ([], True)
    assert [one.source_id for one in after.invoices] == [invoice.id]


async def test_a_filter_that_is_not_honoured_shows_nothing_that_is_done(
    connector: OttimateConnector,
    simulator: OttimateSimulator,
    ottimate: RecordingTransport,
) -> None:
    """Rows of every status: what is pending further down is not known."""

    async def unfiltered(request: httpx.Request, upstream: Handler) -> httpx.Response:
        url = request.url.copy_remove_param("status")
        return await upstream(
            httpx.Request(request.method, url, headers=request.headers)
        )

    ottimate.interceptors[LIST] = unfiltered
    newest = list(simulator.state.newest_first())[:MOST_PENDING]

    queue = await connector.list_queue(person_of(PETERS))

    assert {one.source_id for one in queue.invoices} == {
        one.id for one in newest if one.status == PENDING and asks(one, PETER)
    }
    assert not queue.is_complete


# Where it cannot be read.

FAULTS = pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("unavailable", "UPSTREAM_UNAVAILABLE"),
        ("internal_error", "UPSTREAM_UNAVAILABLE"),
        ("timed_out", "UPSTREAM_TIMEOUT"),
        ("html", "UPSTREAM_RESPONSE_INVALID"),
        ("wrong_shape", "UPSTREAM_RESPONSE_INVALID"),
        ("unauthorised", "UPSTREAM_AUTH_FAILED"),
        ("throttled", "UPSTREAM_RATE_LIMITED"),
        ("spent", "UPSTREAM_RATE_LIMITED"),
        ("concurrent_edit", "UPSTREAM_RESPONSE_INVALID"),
    ],
)


@FAULTS
@pytest.mark.parametrize("call", ["list_invoices", "list_approvers"])
async def test_a_queue_of_which_nothing_can_be_read_is_no_empty_queue(
    client: Client,
    simulator: OttimateSimulator,
    switch: Callable[..., None],
    fault: str,
    code: str,
    call: str,
) -> None:
    leave(simulator.state, 3)
    switch(fault=fault, fault_calls=(call,))

    body = await client.execute(QUERY, person="controller")

    viewer = body["data"]["viewer"]
    assert viewer["approvals"] is None
    assert [
        (one["path"], one["extensions"]["code"], one["extensions"]["provider"])
        for one in body["errors"]
    ] == [(["viewer", "approvals"], code, "OTTIMATE")]
    assert source_of(viewer) == told(is_complete=False, code=code)


@pytest.mark.parametrize(
    ("status", "content", "code"),
    [
        (503, b"", "UPSTREAM_UNAVAILABLE"),
        (429, b'{"message": "Too Many Requests"}', "UPSTREAM_RATE_LIMITED"),
        (200, b"<html>", "UPSTREAM_RESPONSE_INVALID"),
        (400, b'{"code": "INV4000", "message": "No."}', "UPSTREAM_RESPONSE_INVALID"),
        (409, b'{"code": "INV4090", "message": "No."}', "UPSTREAM_RESPONSE_INVALID"),
    ],
)
async def test_an_invoice_whose_approvers_cannot_be_read_is_named_and_the_rest_stands(
    client: Client,
    simulator: OttimateSimulator,
    ottimate: RecordingTransport,
    status: int,
    content: bytes,
    code: str,
) -> None:
    first, second = leave(simulator.state, 2)
    second.records = [record(simulator.state, user_id=APPLICATIONS[0].user_id)]

    async def fail(request: httpx.Request, upstream: Handler) -> httpx.Response:
        del request, upstream
        return httpx.Response(status, content=content)

    ottimate.interceptors[approvers_of([first])[0]] = fail

    viewer = await read_viewer(client)

    assert ids_of(viewer) == [graph_id(second)]
    assert viewer["approvals"]["totalCount"] is None
    assert source_of(viewer) == told(is_complete=False, code=code)


async def test_an_invoice_that_is_gone_or_hidden_meanwhile_leaves_it_incomplete(
    client: Client,
    simulator: OttimateSimulator,
    ottimate: RecordingTransport,
) -> None:
    """Out of scope and absent are one to Ottimate, so that something may wait."""
    first, second = leave(simulator.state, 2)
    second.records = [record(simulator.state, user_id=APPLICATIONS[0].user_id)]

    async def gone(request: httpx.Request, upstream: Handler) -> httpx.Response:
        del simulator.state.invoices[first.id]
        return await upstream(request)

    ottimate.interceptors[approvers_of([first])[0]] = gone

    viewer = await read_viewer(client)

    assert ids_of(viewer) == [graph_id(second)]
    assert source_of(viewer) == told(is_complete=False)


async def test_a_spent_day_costs_no_call_and_is_told_with_its_end(
    client: Client, ottimate: RecordingTransport, switch: Callable[..., None]
) -> None:
    switch(day_quota=0)
    await client.execute(QUERY)
    ottimate.clear()

    body = await client.execute(QUERY)

    [told_source] = [
        one
        for one in body["data"]["viewer"]["sources"]
        if one["provider"] == "OTTIMATE"
    ]
    assert told_source["error"] == {"code": "UPSTREAM_RATE_LIMITED"}
    assert told_source["quota"] == {"limit": 10_000, "remaining": 0}
    assert told_source["isComplete"] is False
    assert told_source["asOf"].startswith("2026-11-02T18:00:")
    assert (ottimate.calls, ottimate.sign_ins) == ([], 0)


# Its order, and pages of it.


async def test_an_invoice_without_a_due_date_stands_by_the_date_on_it(
    client: Client, simulator: OttimateSimulator
) -> None:
    invoices = leave(simulator.state, 6)
    day = invoices[0].created_at.date()
    for at, one in enumerate(invoices):
        one.records = [record(simulator.state, user_id=PETER)]
        one.due_date = one.invoice_date = None
        if at in {0, 1}:
            # Two of one day, in the order of their ids.
            one.due_date = day - timedelta(days=2)
        if at in {2, 3}:
            one.invoice_date = day - timedelta(days=at)
    invoices[3].due_date = day + timedelta(days=9)

    viewer = await read_viewer(client, "payer")

    dated = [invoices[2], invoices[0], invoices[1]]
    assert ids_of(viewer) == by_day(invoices)
    assert set(ids_of(viewer)[:3]) == {graph_id(one) for one in dated}
    assert ids_of(viewer)[-1] == graph_id(invoices[3])


async def test_a_page_after_a_cursor_loses_and_doubles_nothing(
    client: Client, simulator: OttimateSimulator
) -> None:
    query = """
    query ($after: String) {
      viewer {
        approvals(first: 3, after: $after, filter: {providers: [OTTIMATE]}) {
          nodes { id } pageInfo { hasNextPage endCursor }
        }
      }
    }
    """
    invoices = leave(simulator.state, 9)
    for one in invoices:
        one.records = [record(simulator.state, user_id=PETER)]
    ordered = by_day(invoices)
    by_id = {graph_id(one): one for one in invoices}
    # One that came before the cursor, the one at it, and one that is still to come.
    gone = {ordered[0], ordered[2], ordered[4]}

    pages: list[list[str]] = []
    after = None
    while True:
        body = await client.execute(query, {"after": after}, person="payer")
        approvals = body["data"]["viewer"]["approvals"]
        pages.append([node["id"] for node in approvals["nodes"]])
        if not approvals["pageInfo"]["hasNextPage"]:
            break
        after = approvals["pageInfo"]["endCursor"]
        for key in gone:
            by_id[key].status = "archived"

    assert pages == [ordered[:3], [ordered[3], *ordered[5:7]], ordered[7:]]
