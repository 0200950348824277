"""Ottimate's list filtered and counted, by Ottimate or by the gateway."""

from datetime import UTC, date, datetime, timedelta

import httpx
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from gateway.providers.ottimate.simulator import OttimateSimulator
from tests.providers.ottimate.reading import (
    COUNT,
    LIST,
    STATUSES,
    Row,
    ids,
    in_order,
    matches,
    own,
    read_pages,
)
from tests.support import (
    Client,
    Handler,
    RecordingTransport,
)

LATEST = datetime(2026, 11, 2, 18, tzinfo=UTC)
SINCE = "2026-10-30T00:00:00+00:00"
FILTERS: list[Row] = [
    {},
    {"states": ["PENDING"]},
    {"states": ["APPROVED"]},
    {"states": ["UNKNOWN"]},
    {"states": ["PENDING", "UNKNOWN"]},
    {"states": ["NOT_REQUIRED"]},
    {"statuses": ["PENDING_APPROVAL"]},
    {"statuses": ["APPROVED"]},
    {"statuses": ["EXPORTED"]},
    {"statuses": ["PROCESSING", "ARCHIVED"]},
    {"statuses": ["UNKNOWN"]},
    {"statuses": ["ARCHIVED", "UNKNOWN"]},
    {"statuses": ["ARCHIVED", "UNKNOWN"], "states": ["APPROVED"]},
    {"statuses": ["EXPORTED", "PROCESSING"], "states": ["APPROVED"]},
    {"statuses": ["EXPORTED"], "states": ["PENDING"]},
    {"states": [], "statuses": ["EXPORTED"]},
    {"kinds": ["CREDIT_MEMO"]},
    {"kinds": ["UNKNOWN", "CREDIT_MEMO"]},
    {"kinds": []},
    {"search": "northside"},
    {"search": "INV-10"},
    {"search": "PO-48"},
    {"search": ""},
    {"search": "nothing has this"},
    {"search": "a&status=exported#?%"},
    {"issuedAfter": "2026-10-25"},
    {"issuedBefore": "2026-10-25"},
    {"issuedAfter": "2026-10-20", "issuedBefore": "2026-10-20"},
    {"dueAfter": "2026-11-25"},
    {"dueBefore": "2026-11-20"},
    {"updatedSince": SINCE},
    {"updatedSince": "2026-10-30T01:00:00+01:00"},
    {"minimumTotal": "5000"},
    {"maximumTotal": "99.99"},
    {"minimumTotal": "842.10", "maximumTotal": "842.1"},
    {"states": ["PENDING"], "search": "produce", "minimumTotal": "1000"},
    {"statuses": ["EXPORTED"], "updatedSince": SINCE, "kinds": ["INVOICE"]},
    dict.fromkeys(
        ("states", "statuses", "kinds", "search", "dueAfter", "minimumTotal")
    ),
]


@pytest.mark.parametrize("wanted", FILTERS, ids=str)
async def test_a_filter_lets_through_what_it_says(
    client: Client, simulator: OttimateSimulator, wanted: Row
) -> None:
    expected = [
        one for one in simulator.state.invoices.values() if matches(one, wanted)
    ]

    pages = await read_pages(client, 40, filter=wanted)

    assert ids(pages) == in_order(expected)


def some(*values: str) -> st.SearchStrategy[list[str] | None]:
    return st.none() | st.lists(st.sampled_from(values), max_size=4, unique=True)


@given(
    wanted=st.fixed_dictionaries(
        {},
        optional={
            "states": some("PENDING", "APPROVED", "UNKNOWN", "REJECTED"),
            "statuses": some(*sorted(set(STATUSES.values())), "UNKNOWN"),
            "kinds": some("INVOICE", "CREDIT_MEMO", "UNKNOWN"),
            "search": st.sampled_from([None, "", "HK-2", "inv", "Depot", "PO-4"]),
            "issuedAfter": st.dates(date(2026, 10, 1), date(2026, 11, 2)).map(str),
            "dueBefore": st.dates(date(2026, 11, 1), date(2026, 12, 2)).map(str),
            "updatedSince": st.integers(0, 40 * 86_400_000).map(
                lambda past: (LATEST - timedelta(milliseconds=past)).isoformat()
            ),
            "minimumTotal": st.decimals(0, 6000, places=2).map(str),
            "maximumTotal": st.decimals(100, 9000, places=2).map(str),
        },
    ),
    first=st.integers(1, 100),
)
@hypothesis_settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
async def test_filters_together_let_through_what_passes_them_all(
    client: Client, simulator: OttimateSimulator, wanted: Row, first: int
) -> None:
    expected = [
        one for one in simulator.state.invoices.values() if matches(one, wanted)
    ]

    pages = await read_pages(client, max(first, len(expected) // 8 + 1), filter=wanted)

    assert ids(pages) == in_order(expected)


@pytest.mark.parametrize(
    ("wanted", "params"),
    [
        ({}, {}),
        ({"states": ["PENDING"]}, {"status": "pending-approval"}),
        ({"statuses": ["EXPORTED"]}, {"status": "exported"}),
        (
            {"statuses": ["EXPORTED", "PROCESSING"], "states": ["APPROVED"]},
            {"status": "exported"},
        ),
        # `status` takes a single value, and these mean several.
        ({"states": ["APPROVED"]}, {}),
        ({"statuses": ["APPROVED"]}, {}),
        ({"statuses": ["PENDING_APPROVAL", "EXPORTED"]}, {}),
        # A status that Ottimate adds one day would match.
        ({"statuses": ["UNKNOWN"]}, {}),
        ({"statuses": ["EXPORTED", "UNKNOWN"]}, {}),
        ({"search": "a&b=c"}, {"search": "a&b=c"}),
        ({"search": ""}, {}),
        (
            {"updatedSince": "2026-10-01T02:00:00.750000+02:00"},
            {"last_modified_date_from_utc": "2026-10-01T00:00:00Z"},
        ),
        ({"kinds": ["INVOICE"]}, {}),
        ({"issuedAfter": "2026-01-01"}, {}),
        ({"issuedBefore": "2026-12-31"}, {}),
        ({"dueAfter": "2026-01-01"}, {}),
        ({"dueBefore": "2027-12-31"}, {}),
        ({"minimumTotal": "1"}, {}),
        ({"maximumTotal": "90000"}, {}),
        (
            {"states": ["PENDING"], "search": "produce", "kinds": ["INVOICE"]},
            {"status": "pending-approval", "search": "produce"},
        ),
    ],
    ids=str,
)
async def test_ottimate_is_asked_for_what_it_can_filter_by(
    client: Client, ottimate: RecordingTransport, wanted: Row, params: Row
) -> None:
    await client.execute(LIST, {"first": 2, "filter": own(wanted)})

    assert ottimate.params(0) == {**params, "page": "1", "limit": "5"}


@pytest.mark.parametrize(
    "wanted",
    [
        {"states": []},
        {"statuses": []},
        {"states": ["NOT_REQUIRED"]},
        {"states": ["REJECTED"]},
        {"statuses": ["EXPORTED"], "states": ["PENDING"]},
        {"statuses": ["UNKNOWN"], "states": ["APPROVED"]},
        {"providers": []},
    ],
    ids=str,
)
async def test_a_filter_that_nothing_can_pass_costs_no_call(
    client: Client, ottimate: RecordingTransport, wanted: Row
) -> None:
    body = await client.execute(COUNT, {"first": 5, "filter": own(wanted)})

    assert body["data"]["invoices"] == {
        "totalCount": 0,
        "nodes": [],
        "pageInfo": {"endCursor": None},
    }
    assert ottimate.calls == []


async def test_a_later_page_of_a_filter_that_nothing_can_pass_costs_no_call(
    client: Client, ottimate: RecordingTransport
) -> None:
    body = await client.execute(LIST, {"first": 1})
    cursor = body["data"]["invoices"]["pageInfo"]["endCursor"]
    ottimate.clear()

    wanted = {"statuses": ["EXPORTED"], "states": ["PENDING"]}
    body = await client.execute(
        COUNT, {"first": 5, "after": cursor, "filter": own(wanted)}
    )

    assert body["data"]["invoices"]["totalCount"] == 0
    assert ottimate.calls == []


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"states": ["PENDING"]},
        {"statuses": ["ARCHIVED"]},
        {"search": "northside"},
        {"updatedSince": SINCE},
        {"states": ["PENDING"], "search": "e", "updatedSince": SINCE},
    ],
    ids=str,
)
async def test_a_first_page_tells_the_total_of_what_ottimate_filters_by(
    client: Client,
    simulator: OttimateSimulator,
    ottimate: RecordingTransport,
    wanted: Row,
) -> None:
    expected = [
        one for one in simulator.state.invoices.values() if matches(one, wanted)
    ]

    body = await client.execute(COUNT, {"first": 2, "filter": own(wanted)})

    assert len(expected) > 5
    assert body["data"]["invoices"]["totalCount"] == len(expected)
    assert ottimate.calls == ["GET /invoices"]


@pytest.mark.parametrize(
    "wanted",
    [
        {"states": ["APPROVED"]},
        {"statuses": ["UNKNOWN", "EXPORTED"]},
        {"kinds": ["INVOICE"]},
        {"issuedAfter": "2026-01-01"},
        {"issuedBefore": "2026-12-31"},
        {"dueAfter": "2026-01-01"},
        {"dueBefore": "2027-12-31"},
        {"minimumTotal": "1"},
        {"maximumTotal": "90000"},
    ],
    ids=str,
)
async def test_a_total_that_ottimate_cannot_tell_is_null(
    client: Client, ottimate: RecordingTransport, wanted: Row
) -> None:
    body = await client.execute(COUNT, {"first": 2, "filter": own(wanted)})
    first = body["data"]["invoices"]
    ottimate.clear()

    body = await client.execute(
        COUNT,
        {"first": 2, "filter": own(wanted), "after": first["pageInfo"]["endCursor"]},
    )

    later = body["data"]["invoices"]
    assert (first["totalCount"], later["totalCount"]) == (None, None)
    assert (len(first["nodes"]), len(later["nodes"])) == (2, 2)
    assert all("limit=1&" not in str(one.url) + "&" for one in ottimate.requests)


@pytest.mark.parametrize("wanted", [{"kinds": ["CREDIT_MEMO"]}, {"search": "INV-10"}])
async def test_a_list_that_fits_a_page_tells_its_total_at_no_cost(
    client: Client,
    simulator: OttimateSimulator,
    wanted: Row,
) -> None:
    expected = [
        one for one in simulator.state.invoices.values() if matches(one, wanted)
    ]

    body = await client.execute(COUNT, {"first": 100, "filter": own(wanted)})

    assert body["data"]["invoices"]["totalCount"] == len(expected)
    assert len(body["data"]["invoices"]["nodes"]) == len(expected)


async def test_the_total_of_a_later_page_costs_a_call_if_it_is_asked_for(
    client: Client, simulator: OttimateSimulator, ottimate: RecordingTransport
) -> None:
    wanted = {"states": ["PENDING"]}
    body = await client.execute(LIST, {"first": 5, "filter": own(wanted)})
    cursor = body["data"]["invoices"]["pageInfo"]["endCursor"]
    variables = {"first": 5, "filter": own(wanted), "after": cursor}
    ottimate.clear()

    await client.execute(LIST, variables)
    assert ottimate.calls == ["GET /invoices"]
    body = await client.execute(COUNT, variables)

    expected = [
        one for one in simulator.state.invoices.values() if matches(one, wanted)
    ]
    assert body["data"]["invoices"]["totalCount"] == len(expected)
    assert ottimate.calls == ["GET /invoices"] * 3
    assert ottimate.params(2) == {
        "status": "pending-approval",
        "page": "1",
        "limit": "1",
    }


async def test_a_total_that_cannot_be_read_costs_its_field_alone(
    client: Client, ottimate: RecordingTransport
) -> None:
    body = await client.execute(LIST, {"first": 5})
    cursor = body["data"]["invoices"]["pageInfo"]["endCursor"]

    async def fail(request: httpx.Request, upstream: Handler) -> httpx.Response:
        if request.url.params["limit"] == "1":
            return httpx.Response(503)
        return await upstream(request)

    ottimate.interceptors["GET /invoices"] = fail
    body = await client.execute(COUNT, {"first": 5, "after": cursor})

    shown = body["data"]["invoices"]
    assert (shown["totalCount"], len(shown["nodes"])) == (None, 5)
    assert [
        (error["path"], error["extensions"]["code"]) for error in body["errors"]
    ] == [(["invoices", "totalCount"], "UPSTREAM_UNAVAILABLE")]


async def test_a_total_agrees_with_its_rows_where_an_instant_is_finer_than_a_second(
    client: Client, simulator: OttimateSimulator
) -> None:
    """Ottimate is asked from the whole second on, so its count holds more."""
    modified = sorted(
        (
            one.modified_at or one.created_at
            for one in simulator.state.invoices.values()
        ),
        reverse=True,
    )
    since = modified[30] + timedelta(microseconds=1)
    wanted = {"updatedSince": since.isoformat()}
    expected = [
        one for one in simulator.state.invoices.values() if matches(one, wanted)
    ]

    rows = ids(await read_pages(client, 10, filter=wanted))
    body = await client.execute(COUNT, {"first": 5, "filter": own(wanted)})

    assert rows == in_order(expected)
    assert body["data"]["invoices"]["totalCount"] in (len(expected), None)
