"""What waits for a person at Productive, against a count of its own state (10.2)."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from gateway.domain import decode_id
from gateway.providers.productive.simulator import situations as ids
from gateway.providers.productive.simulator.objects import ApprovalStatus, Booking
from tests.providers.productive.calls import (
    AWAITS,
    BOOKINGS,
    EMPTY_PAGE,
    ENTRIES,
    EXPENSES,
    MEMBERSHIPS,
    PROVEN_QUEUE,
    TARGETS,
    Intercept,
    Row,
    answers,
    changes,
    problem,
)
from tests.providers.productive.deciding import PERSON_IDS, Office, id_of
from tests.providers.productive.waiting import day_of, duties_of, is_told
from tests.support import Handler

QUERY = """
query ($first: Int!, $after: String, $providers: [ProviderName!]) {
  viewer {
    approvals(first: $first, after: $after, filter: {providers: $providers}) {
      edges { cursor node { id approvalState } }
      pageInfo { hasNextPage endCursor }
      totalCount
    }
    sources { provider ok isComplete error { code } }
  }
}
"""
AWAITING = "awaiting_approval_from_approver_id"
COUNTS = {
    "controller": 71,
    "approver": 58,
    "accountant": 89,
    "payer": 13,
    "clerk": 1,
    "auditor": 0,
    "buyer": 0,
}
# Who sees the duty of a role on a booking that may be theirs.
UNSURE = {"payer", "auditor"}
# What another settled, whose duty this person is not shown (309).
UNSEEN = {"controller": [ids.BOOKING_GROUP_SETTLED]}
MANY_PAGES = {"current_page": 1, "total_pages": 2, "total_count": 201}
FAULTS = pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("server_error", "UPSTREAM_UNAVAILABLE"),
        ("html", "UPSTREAM_RESPONSE_INVALID"),
        ("truncated", "UPSTREAM_RESPONSE_INVALID"),
        ("unauthorized", "UPSTREAM_AUTH_FAILED"),
        ("rate_limited", "UPSTREAM_RATE_LIMITED"),
    ],
)


async def read_viewer(
    office: Office, person: str, first: int = 100, **variables: Any
) -> dict[str, Any]:
    variables = {"first": first, "providers": ["PRODUCTIVE"], **variables}
    body = await office.client.execute(QUERY, variables, person=person)
    assert list(body) == ["data"], body
    viewer: dict[str, Any] = body["data"]["viewer"]
    return viewer


async def read_queue(office: Office, person: str, first: int = 100) -> list[str]:
    """Return the ids of all that waits, page by page."""
    found: list[str] = []
    after = None
    while True:
        viewer = await read_viewer(office, person, first, after=after)
        edges, info = viewer["approvals"]["edges"], viewer["approvals"]["pageInfo"]
        found += [edge["node"]["id"] for edge in edges]
        assert {edge["node"]["approvalState"] for edge in edges} <= {"PENDING"}
        if not info["hasNextPage"]:
            return found
        assert len(edges) == first
        after = info["endCursor"]


def source_of(viewer: dict[str, Any]) -> dict[str, Any]:
    [told] = [one for one in viewer["sources"] if one["provider"] == "PRODUCTIVE"]
    return {key: value for key, value in told.items() if key != "provider"}


def told(*, is_complete: bool, code: str | None = None) -> dict[str, Any]:
    error = None if code is None else {"code": code}
    return {"ok": code is None, "isComplete": is_complete, "error": error}


def expected(
    office: Office,
    person: str,
    holds: Callable[[ApprovalStatus], bool] = bool,
) -> list[str]:
    """Return the ids of what waits for a person by duties that hold, in order."""
    state, person_id = office.simulator.state, PERSON_IDS[person]
    rows = duties_of(state, person_id, office.time.instant)
    targets = {
        id_of(state.target(row)): state.target(row)
        for row in rows
        if is_told(state, row) and holds(row)
    }
    unseen = [office.target(one) for one in UNSEEN.get(person, [])]
    targets |= {id_of(one): one for one in unseen}
    return sorted(targets, key=lambda key: (day_of(targets[key]), key))


def type_of(key: str) -> str:
    return decode_id(key).type_name


def params_of(office: Office, call: str) -> list[dict[str, str]]:
    """Return what each call of a name was sent with."""
    return [
        office.productive.params(place)
        for place, name in enumerate(office.productive.calls)
        if name == call
    ]


def ignored(logs: list[Any]) -> list[list[str]]:
    """Return the filters of which a log says that they are not honoured."""
    return [one["filters"] for one in logs if one["event"] == "filter_not_honoured"]


def pending_are(document: Row) -> Intercept:
    """Return what answers when bookings are asked for that are pending."""

    async def answer(request: httpx.Request, upstream: Handler) -> httpx.Response:
        if "filter[approval_status]" in request.url.params:
            return httpx.Response(200, json=document)
        return await upstream(request)

    return answer


def is_named(row: ApprovalStatus) -> bool:
    return row.approver_id is not None


@pytest.mark.parametrize("person", PERSON_IDS)
async def test_it_holds_what_the_person_may_decide_by_day_and_id(
    office: Office, person: str
) -> None:
    wanted = expected(office, person)

    found = await read_queue(office, person)

    assert found == wanted
    assert len(found) == COUNTS[person]


@pytest.mark.parametrize("first", [10, 29, 71])
async def test_the_size_of_pages_makes_no_difference(
    office: Office, first: int
) -> None:
    assert await read_queue(office, "controller", first) == expected(
        office, "controller"
    )


@pytest.mark.parametrize("person", PERSON_IDS)
async def test_it_is_complete_unless_a_booking_asks_a_role_that_nobody_tells(
    office: Office, person: str
) -> None:
    viewer = await read_viewer(office, person)

    is_complete = person not in UNSURE
    assert source_of(viewer) == told(is_complete=is_complete)
    assert viewer["approvals"]["totalCount"] == (
        COUNTS[person] if is_complete else None
    )


async def test_it_is_complete_once_that_booking_is_decided(office: Office) -> None:
    before = source_of(await read_viewer(office, "payer"))
    office.act("approve", ids.BOOKING_UNMANAGED, 0, "payer", None)

    after = source_of(await read_viewer(office, "payer"))

    assert before == told(is_complete=False)
    assert after == told(is_complete=True)


@pytest.mark.parametrize("person", ["controller", "accountant", "payer"])
async def test_it_costs_one_call_for_each_kind_and_a_proof_of_its_filter_once_an_hour(
    office: Office, person: str
) -> None:
    await read_viewer(office, person)
    first = office.productive.calls
    office.productive.clear()
    office.time.advance(3_000)
    await read_viewer(office, person)
    later = office.productive.calls
    params = [office.productive.params(place) for place in range(3)]
    assert office.productive.rounds == 1
    office.productive.clear()
    office.time.advance(600)
    await read_viewer(office, person)

    assert first == [MEMBERSHIPS, *PROVEN_QUEUE]
    assert later == TARGETS
    assert office.productive.calls == [MEMBERSHIPS, *PROVEN_QUEUE]
    assert params[0]["filter[approval_status]"] == "2"
    assert [one.get(AWAITS) for one in params] == [
        None,
        PERSON_IDS[person],
        PERSON_IDS[person],
    ]
    assert {(one["page[number]"], one["page[size]"]) for one in params} == {
        ("1", "200")
    }


async def test_of_an_empty_queue_nothing_is_proven(office: Office) -> None:
    """Nothing is anybody's, whatever is filtered; the latest bookings may be."""
    await read_viewer(office, "buyer")
    office.productive.clear()

    await read_viewer(office, "buyer")

    assert sorted(office.productive.calls) == sorted([*TARGETS, BOOKINGS])


async def test_it_is_read_with_the_persons_own_token(office: Office) -> None:
    await read_viewer(office, "approver")

    tokens = {one.headers["x-auth-token"] for one in office.productive.requests}
    assert tokens == {"sandbox-approver-token"}


async def test_nothing_waits_for_who_has_no_token(office: Office) -> None:
    viewer = await read_viewer(office, "visitor")

    assert viewer["approvals"] == {
        "edges": [],
        "pageInfo": {"hasNextPage": False, "endCursor": None},
        "totalCount": None,
    }
    assert source_of(viewer) == told(is_complete=False, code="FORBIDDEN")
    assert office.productive.calls == []


async def test_another_providers_queue_is_read_without_productive(
    office: Office,
) -> None:
    query = "{ viewer { approvals(filter: {providers: [BILL]}) { totalCount } } }"

    body = await office.client.execute(query, person="controller")

    assert body == {"data": {"viewer": {"approvals": {"totalCount": 41}}}}
    assert office.productive.calls == []


async def test_what_is_decided_waits_no_more(office: Office) -> None:
    wanted = expected(office, "controller")
    for source_id in (ids.BOOKING_ALL, ids.ENTRY_TWO_ROLES_HALF, ids.EXPENSE_ANY):
        answer = await office.send("approve", id=office.id(source_id))
        assert answer["outcome"] == "APPLIED"
        wanted.remove(office.id(source_id))

    assert await read_queue(office, "controller") == wanted


@pytest.mark.parametrize("person", ["controller", "approver", "accountant", "payer"])
async def test_without_the_awaiting_filter_it_holds_what_names_the_person(
    office: Office, switch_productive: Callable[..., None], person: str
) -> None:
    """C1: a filter that is ignored gives everything, also what is decided."""
    switch_productive(ignored_filters=(AWAITING,))
    state = office.simulator.state

    for warnings in ([[AWAITING]] * 2, []):
        with capture_logs() as logs:
            viewer = await read_viewer(office, person)

        found = [edge["node"]["id"] for edge in viewer["approvals"]["edges"]]
        assert found == expected(
            office,
            person,
            lambda row: is_named(row) or isinstance(state.target(row), Booking),
        )
        assert source_of(viewer) == told(is_complete=False)
        assert viewer["approvals"]["totalCount"] is None
        assert ignored(logs) == warnings
    # What was learned is not asked again.
    assert office.productive.calls == [MEMBERSHIPS, *PROVEN_QUEUE, *TARGETS]


@pytest.mark.parametrize("status", [400, 422])
async def test_who_refuses_nobodys_id_knows_the_filter(
    office: Office, status: int
) -> None:
    async def refuse(request: httpx.Request, upstream: Handler) -> httpx.Response:
        if request.url.params.get(AWAITS) == "0":
            return httpx.Response(status, json=problem("invalid_value", "Invalid"))
        return await upstream(request)

    office.productive.interceptors |= {ENTRIES: refuse, EXPENSES: refuse}

    with capture_logs() as logs:
        viewer = await read_viewer(office, "controller")

    found = [edge["node"]["id"] for edge in viewer["approvals"]["edges"]]
    assert found == expected(office, "controller")
    assert source_of(viewer) == told(is_complete=True)
    assert ignored(logs) == []
    office.productive.clear()
    await read_viewer(office, "controller")
    assert office.productive.calls == TARGETS


async def test_a_kind_of_which_the_proof_fails_is_not_shown(office: Office) -> None:
    async def fail(request: httpx.Request, upstream: Handler) -> httpx.Response:
        if request.url.params.get(AWAITS) == "0":
            return httpx.Response(500)
        return await upstream(request)

    office.productive.interceptors[ENTRIES] = fail

    viewer = await read_viewer(office, "controller")

    found = [edge["node"]["id"] for edge in viewer["approvals"]["edges"]]
    assert found == [
        one for one in expected(office, "controller") if type_of(one) != "TimeEntry"
    ]
    assert source_of(viewer) == told(is_complete=False, code="UPSTREAM_UNAVAILABLE")


@pytest.mark.parametrize("person", PERSON_IDS)
async def test_bookings_whose_filter_is_ignored_are_found_among_all(
    office: Office, switch_productive: Callable[..., None], person: str
) -> None:
    switch_productive(ignored_filters=("approval_status",))

    viewer = await read_viewer(office, person)

    found = [edge["node"]["id"] for edge in viewer["approvals"]["edges"]]
    assert found == expected(office, person)
    assert source_of(viewer) == told(is_complete=person not in UNSURE)


@pytest.mark.parametrize(
    "person", ["controller", "approver", "accountant", "payer", "clerk"]
)
async def test_bookings_whose_filter_means_something_else_are_found_among_the_latest(
    office: Office, person: str
) -> None:
    office.productive.interceptors[BOOKINGS] = pending_are(EMPTY_PAGE)

    with capture_logs() as logs:
        viewer = await read_viewer(office, person)

    found = [edge["node"]["id"] for edge in viewer["approvals"]["edges"]]
    assert found == expected(office, person)
    # One page was all that there are.
    assert source_of(viewer) == told(is_complete=person not in UNSURE)
    assert ignored(logs) == [["approval_status"]]
    asked = params_of(office, BOOKINGS)
    assert [(one.get("filter[approval_status]"), one.get("sort")) for one in asked] == [
        ("2", None),
        (None, "-last_activity_at"),
    ]
    assert {(one["page[number]"], one["page[size]"]) for one in asked} == {("1", "200")}


async def test_the_latest_bookings_are_no_complete_queue_where_there_are_more(
    office: Office,
) -> None:
    async def more(request: httpx.Request, upstream: Handler) -> httpx.Response:
        if "sort" not in request.url.params:
            return httpx.Response(200, json=EMPTY_PAGE)
        return await changes(lambda one: {**one, "meta": MANY_PAGES})(request, upstream)

    office.productive.interceptors[BOOKINGS] = more

    viewer = await read_viewer(office, "controller")

    found = [edge["node"]["id"] for edge in viewer["approvals"]["edges"]]
    assert found == expected(office, "controller")
    assert source_of(viewer) == told(is_complete=False)
    assert viewer["approvals"]["totalCount"] is None
    assert office.productive.calls.count(BOOKINGS) == 2


async def test_no_pending_booking_is_believed_for_an_hour_once_one_was_given(
    office: Office,
) -> None:
    await read_viewer(office, "controller")
    office.productive.interceptors[BOOKINGS] = pending_are(EMPTY_PAGE)
    wanted = [
        one for one in expected(office, "controller") if type_of(one) != "Booking"
    ]

    seen: list[object] = []
    # Other providers take a second or two.
    for seconds in (3_590, 10):
        office.time.advance(seconds)
        office.productive.clear()
        viewer = await read_viewer(office, "controller")
        seen.append([edge["node"]["id"] for edge in viewer["approvals"]["edges"]])
        seen.append(office.productive.calls.count(BOOKINGS))

    assert seen == [wanted, 1, expected(office, "controller"), 2]


@FAULTS
@pytest.mark.parametrize("call", TARGETS)
async def test_a_kind_that_cannot_be_read_is_named_and_the_others_are_shown(
    office: Office,
    switch_productive: Callable[..., None],
    call: str,
    fault: str,
    code: str,
) -> None:
    switch_productive(fault=fault, fault_calls=(call,))
    kind = {BOOKINGS: "Booking", ENTRIES: "TimeEntry", EXPENSES: "Expense"}[call]

    viewer = await read_viewer(office, "controller")

    found = [edge["node"]["id"] for edge in viewer["approvals"]["edges"]]
    others = [one for one in expected(office, "controller") if type_of(one) != kind]
    assert found == others
    assert viewer["approvals"]["totalCount"] is None
    assert source_of(viewer) == told(is_complete=False, code=code)


@FAULTS
async def test_a_queue_of_which_no_kind_can_be_read_is_no_empty_queue(
    office: Office,
    switch_productive: Callable[..., None],
    fault: str,
    code: str,
) -> None:
    switch_productive(fault=fault, fault_calls=tuple(TARGETS))
    variables = {"first": 5, "providers": ["PRODUCTIVE"]}

    alone = await office.client.execute(QUERY, variables, person="controller")
    both = await office.client.execute(QUERY, {"first": 5}, person="controller")

    assert alone["data"]["viewer"]["approvals"] is None
    assert [one["extensions"]["code"] for one in alone["errors"]] == [code]
    assert "errors" not in both
    assert len(both["data"]["viewer"]["approvals"]["edges"]) == 5
    assert both["data"]["viewer"]["approvals"]["totalCount"] is None
    for body in (alone, both):
        assert source_of(body["data"]["viewer"]) == told(is_complete=False, code=code)


@pytest.mark.parametrize("call", TARGETS)
async def test_a_kind_that_cannot_be_read_is_no_empty_page(
    office: Office, switch_productive: Callable[..., None], call: str
) -> None:
    """Of who has nothing of the other kinds: whether something waits is not known."""
    switch_productive(fault="server_error", fault_calls=(call,))
    variables = {"first": 5, "providers": ["PRODUCTIVE"]}

    body = await office.client.execute(QUERY, variables, person="buyer")

    viewer = body["data"]["viewer"]
    assert viewer["approvals"] is None
    assert [one["extensions"]["code"] for one in body["errors"]] == [
        "UPSTREAM_UNAVAILABLE"
    ]
    assert source_of(viewer) == told(is_complete=False, code="UPSTREAM_UNAVAILABLE")


async def test_what_is_not_known_of_the_person_is_no_empty_queue(
    office: Office,
) -> None:
    office.productive.interceptors[MEMBERSHIPS] = answers(200, EMPTY_PAGE)
    variables = {"first": 5, "providers": ["PRODUCTIVE"]}

    body = await office.client.execute(QUERY, variables, person="controller")

    assert body["data"]["viewer"]["approvals"] is None
    assert [one["extensions"]["code"] for one in body["errors"]] == [
        "UPSTREAM_AUTH_FAILED"
    ]
    assert office.productive.calls == [MEMBERSHIPS]


@pytest.mark.parametrize("call", TARGETS)
async def test_a_queue_that_is_too_long_is_told_to_be_incomplete(
    office: Office, call: str
) -> None:
    """Rows come in pages of 200, of which five are read of each kind."""

    async def pages(request: httpx.Request, upstream: Handler) -> httpx.Response:
        number = request.url.params["page[number]"]
        request.url = request.url.copy_set_param("page[number]", "1")
        response = await upstream(request)
        document = httpx.Response(200, content=await response.aread()).json()
        document["meta"] |= {"current_page": int(number), "total_pages": 6}
        return httpx.Response(200, json=document)

    office.productive.interceptors[call] = pages

    viewer = await read_viewer(office, "controller")

    sizes = [one["page[size]"] for one in params_of(office, call)]
    # Beside it, of other kinds than bookings, a proof of one row.
    assert len([one for one in sizes if one != "1"]) == 5
    assert source_of(viewer) == told(is_complete=False)
    assert viewer["approvals"]["totalCount"] is None
    found = [edge["node"]["id"] for edge in viewer["approvals"]["edges"]]
    assert found == expected(office, "controller")


async def test_what_is_of_several_kinds_stands_in_one_list(
    office: Office,
) -> None:
    found = [decode_id(one) for one in await read_queue(office, "controller")]

    assert {one.type_name for one in found} == {"Booking", "TimeEntry", "Expense"}
    assert len({(one.type_name, one.source_id) for one in found}) == len(found)
