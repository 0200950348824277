"""Filters of the list: what is asked of Accounteer, and what passes here."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from gateway.providers.accounteer.simulator.objects import Document
from gateway.providers.accounteer.simulator.state import State
from tests.providers.accounteer.calls import (
    INVOICES,
    LIMIT,
    PURCHASES,
    Row,
)
from tests.providers.accounteer.reading import (
    everything,
    fill,
    ids,
    in_order,
    read_ids,
    read_page,
    read_pages,
    source,
)
from tests.support import Client, FakeTime, RecordingTransport

STATUSES = {"draft": "DRAFT", "approved": "APPROVED", "paid": "PAID"}
STATES = {"draft": "PENDING", "approved": "APPROVED", "paid": "APPROVED"}
FILTERS: list[tuple[Row, str | None]] = [
    ({"statuses": ["DRAFT"]}, "draft"),
    ({"statuses": ["APPROVED"]}, "approved"),
    ({"statuses": ["PAID"]}, "paid"),
    ({"statuses": ["DRAFT", "PAID"]}, None),
    ({"statuses": ["UNKNOWN"]}, None),
    ({"statuses": ["DRAFT", "UNKNOWN"]}, None),
    ({"statuses": ["DRAFT", "REJECTED"]}, "draft"),
    ({"states": ["PENDING"]}, "draft"),
    ({"states": ["APPROVED"]}, None),
    ({"states": ["UNKNOWN"]}, None),
    ({"states": ["PENDING", "REJECTED"]}, "draft"),
    ({"states": ["APPROVED"], "statuses": ["PAID", "DRAFT"]}, "paid"),
    ({"states": ["PENDING"], "statuses": ["DRAFT", "UNKNOWN"]}, "draft"),
    ({"statuses": None, "states": None}, None),
]


@pytest.fixture
def clock(time: FakeTime) -> FakeTime:
    """The clock of the tests, by another name than the type's."""
    return time


def status_of(one: Document) -> str:
    return STATUSES.get(one.status, "UNKNOWN")


def matches(one: Document, wanted: Row) -> bool:
    """Return what the filter's description says, from what Accounteer holds."""
    state = STATES.get(one.status, "UNKNOWN")
    tests: dict[str, Callable[[Any], bool]] = {
        "statuses": lambda to: status_of(one) in to,
        "states": lambda to: state in to,
        "kinds": lambda to: one.kind.upper() in to,
        "issuedAfter": lambda to: str(one.date_issued) >= to,
        "issuedBefore": lambda to: str(one.date_issued) <= to,
        "dueAfter": lambda to: str(one.date_due) >= to,
        "dueBefore": lambda to: str(one.date_due) <= to,
        # A day is over everywhere on earth half a day after it is in UTC.
        "updatedSince": lambda to: (
            datetime.combine(one.date_updated, time(), UTC) + timedelta(hours=36)
            >= datetime.fromisoformat(to)
        ),
        "minimumTotal": lambda to: one.total_amount >= to,
        "maximumTotal": lambda to: one.total_amount <= to,
    }
    return all(tests[name](to) for name, to in wanted.items() if to is not None)


def expected(state: State, wanted: Row) -> list[str]:
    return in_order(one for one in everything(state) if matches(one, wanted))


@pytest.mark.parametrize(("wanted", "word"), FILTERS)
@pytest.mark.parametrize("filters", [True, False])
async def test_one_status_is_asked_for_and_what_comes_is_filtered_again(
    client: Client,
    state: State,
    accounteer: RecordingTransport,
    switch_accounteer: Callable[..., None],
    wanted: Row,
    word: str | None,
    filters: bool,
) -> None:
    """3.3: filters are not documented, and may be ignored."""
    switch_accounteer(filters=filters)

    found = ids(await read_pages(client, 100, wanted))

    assert found == expected(state, wanted)
    lists = [one for one in accounteer.requests if "limit" in one.url.params]
    asked = {
        one.url.params.get("status")
        for one in lists
        if not one.url.path.endswith("/contacts")
    }
    assert asked == {word}


@pytest.mark.parametrize(
    "wanted",
    [
        {"statuses": []},
        {"statuses": ["REJECTED"]},
        {"statuses": ["PENDING_APPROVAL", "EXPORTED", "ARCHIVED"]},
        {"states": []},
        {"states": ["REJECTED", "NOT_REQUIRED"]},
        {"states": ["PENDING"], "statuses": ["PAID"]},
        {"kinds": []},
        {"kinds": ["BILL", "CREDIT_MEMO", "VENDOR_CREDIT", "UNKNOWN"]},
    ],
)
async def test_what_accounteer_never_has_is_not_asked_for(
    client: Client, accounteer: RecordingTransport, wanted: Row
) -> None:
    page = await read_page(client, 20, wanted)

    assert (page["edges"], page["totalCount"]) == ([], 0)
    assert page["sources"] == source()
    assert accounteer.calls == []


@pytest.mark.parametrize(
    ("kind", "call"), [("INVOICE", INVOICES), ("PURCHASE", PURCHASES)]
)
async def test_one_kind_asks_one_collection(
    client: Client,
    state: State,
    accounteer: RecordingTransport,
    kind: str,
    call: str,
) -> None:
    wanted = {"kinds": [kind, "BILL"]}

    found = ids(await read_pages(client, 100, wanted))

    assert found == expected(state, wanted)
    assert set(accounteer.calls) == {call, "GET /contacts"}


async def test_both_kinds_are_one_list_in_one_order(
    client: Client, state: State, accounteer: RecordingTransport
) -> None:
    made = fill(state, 30, 30, a_day=7)

    found = await read_ids(client)

    kinds = [one.kind for key in found for one in made if in_order([one]) == [key]]
    assert found == in_order(made)
    assert kinds[:14] != sorted(kinds[:14])


@pytest.mark.parametrize("wanted", [{"statuses": ["DRAFT"]}, {"statuses": ["PAID"]}])
async def test_a_filter_that_gives_nothing_is_not_believed(
    client: Client,
    state: State,
    accounteer: RecordingTransport,
    switch_accounteer: Callable[..., None],
    wanted: Row,
) -> None:
    """3.3: its words are assumed; were one another, nothing would be found."""
    switch_accounteer(filters=True)
    made = fill(state, 3)
    for one in made:
        one.status = "draft" if wanted == {"statuses": ["DRAFT"]} else "paid"

    async def spell(request: Any, upstream: Any) -> Any:
        url = request.url
        if "status" in url.params:
            url = url.copy_set_param("status", "something else")
        request.url = url
        return await upstream(request)

    accounteer.interceptors[INVOICES] = spell

    found = await read_ids(client, wanted)

    assert found == in_order(made)


async def test_a_filter_that_was_seen_to_work_is_believed_for_an_hour(
    client: Client,
    state: State,
    accounteer: RecordingTransport,
    switch_accounteer: Callable[..., None],
    clock: FakeTime,
) -> None:
    switch_accounteer(filters=True)
    fill(state, 3)
    drafts = {"statuses": ["DRAFT"], "kinds": ["INVOICE"]}
    paid = {"statuses": ["PAID"], "kinds": ["INVOICE"]}
    assert len(await read_ids(client, drafts)) == 3
    costs = []

    for seconds in (0, 3500, 200):
        clock.advance(seconds)
        accounteer.clear()
        assert await read_ids(client, paid) == []
        costs.append([params.get("status") for params in asked(accounteer)])

    # Then what is there is asked for, to see whether it is the filter.
    assert costs == [["paid"], ["paid"], ["paid", None, "draft", "paid"]]


def asked(accounteer: RecordingTransport) -> list[dict[str, str]]:
    return [accounteer.params(place) for place in range(len(accounteer.calls))]


async def test_a_filter_that_is_ignored_is_made_up_for(
    client: Client, state: State, accounteer: RecordingTransport
) -> None:
    made = fill(state, 6)
    for one in made[:4]:
        one.status = "approved"

    assert await read_ids(client, {"statuses": ["DRAFT"]}) == in_order(made[4:])
    assert accounteer.params(0) == {"page": "1", "limit": LIMIT, "status": "draft"}


@pytest.mark.parametrize(
    "wanted",
    [
        {"issuedAfter": "2026-10-01", "issuedBefore": "2026-10-20"},
        {"dueAfter": "2026-11-20"},
        {"dueBefore": "2026-10-10"},
        {"updatedSince": "2026-10-10T00:00:00Z"},
        {"minimumTotal": 500, "maximumTotal": 1000},
        {"statuses": ["APPROVED"], "kinds": ["PURCHASE"], "minimumTotal": 700},
    ],
)
async def test_other_members_are_filtered_here(
    client: Client, state: State, wanted: Row
) -> None:
    found = ids(await read_pages(client, 50, wanted))

    assert found == expected(state, wanted)
    assert 0 < len(found) < len(everything(state))


@pytest.mark.parametrize(
    ("text", "source_ids"),
    [
        ("granite", {"Granite Properties"}),
        ("DEMO PAPER", {"Demo Paper Ltd"}),
        ("zz-no-such", set()),
    ],
)
async def test_names_are_searched(
    client: Client, state: State, text: str, source_ids: set[str]
) -> None:
    found = ids(await read_pages(client, 100, {"search": text}))

    assert found == in_order(
        one
        for one in everything(state)
        if state.contacts[one.contact_id].name in source_ids
    )


async def test_numbers_are_searched_but_not_their_absence(
    client: Client, state: State
) -> None:
    numbered = ids(await read_pages(client, 100, {"search": "inv-009"}))
    dashed = ids(await read_pages(client, 100, {"search": "-"}))

    documents = everything(state)
    assert numbered == in_order(
        one for one in documents if "INV-009" in one.document_number
    )
    assert len(numbered) >= 1
    assert dashed == in_order(
        one
        for one in documents
        if "-" in one.document_number and one.document_number != "-"
    )


@pytest.mark.parametrize("field", ["TOTAL", "DUE_DATE", "ISSUE_DATE", "UPDATED_AT"])
@pytest.mark.parametrize("direction", ["ASC", "DESC"])
async def test_another_order_reads_each_collection_once(
    client: Client,
    state: State,
    accounteer: RecordingTransport,
    field: str,
    direction: str,
) -> None:
    made = fill(state, 20, 20, a_day=2)
    for place, one in enumerate(made):
        state.reprice(one, place % 7 + 1)
    attribute = {"TOTAL": "total_amount", "UPDATED_AT": "date_updated"}.get(
        field, field.lower().replace("_date", "")
    )
    names = {"due": "date_due", "issue": "date_issued"}
    order = {"field": field, "direction": direction}

    page = await read_page(client, 100, order=order)

    by_id = {key: one for one in made for key in in_order([one])}
    expected_ids = sorted(by_id)
    expected_ids.sort(
        key=lambda key: getattr(by_id[key], names.get(attribute, attribute)),
        reverse=direction == "DESC",
    )
    assert ids([page["edges"]]) == expected_ids
    assert page["totalCount"] == 40


async def test_a_filter_that_rightly_gives_nothing_reads_no_whole_list(
    client: Client,
    state: State,
    accounteer: RecordingTransport,
    switch_accounteer: Callable[..., None],
) -> None:
    """That it gives what is there is proof enough, however many there are."""
    switch_accounteer(paging=True, filters=True)
    fill(state, 1200, status="approved")

    assert await read_ids(client, {"statuses": ["DRAFT"], "kinds": ["INVOICE"]}) == []
    assert asked(accounteer) == [
        {"status": "draft", "page": "1", "limit": LIMIT},
        {"page": "1", "limit": LIMIT},
        {"status": "approved", "page": "1", "limit": "1"},
        {"status": "draft", "page": "1", "limit": LIMIT},
    ]
