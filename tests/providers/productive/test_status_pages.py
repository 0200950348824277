"""`approvalStatuses` in pages: each row once, in order, and what is no such page."""

import base64
import json
from typing import Any

import pytest

from gateway.providers.productive.simulator import ProductiveSimulator
from gateway.settings import LimitSettings, Settings
from tests.providers.productive.calls import STATUSES, Row
from tests.providers.productive.reading import (
    LIST,
    add_rows,
    drop_row,
    ids,
    keep_rows,
    matching,
    read_page,
    read_pages,
)
from tests.support import Client, RecordingTransport

FILTERS: list[Row] = [
    {},
    {"states": ["PENDING"]},
    {"states": ["REJECTED"]},
    {"targetTypes": ["EXPENSE"], "states": ["APPROVED"]},
    {"approverSourceIds": ["21"]},
    {"approverSourceIds": ["20", "22"], "workflowSourceIds": ["34", "37", "44"]},
]
NARROWER = (
    "More than 2000 approval statuses would have to be read for this page. Narrow "
    "`filter` by approvers, workflows or targets: Productive filters neither by state "
    "nor by type."
)


def cursor(*parts: str) -> str:
    """Return what the gateway would make of a place, or nearly."""
    packed = json.dumps(parts, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


@pytest.mark.parametrize("first", [1, 7, 19, 20, 21, 99, 100])
async def test_pages_of_any_size_give_each_row_exactly_once_in_order(
    client: Client, productive_simulator: ProductiveSimulator, first: int
) -> None:
    # Enough for a page of Productive's beyond the first.
    keep_rows(productive_simulator.state, 203)

    pages = await read_pages(client, first)

    assert ids(pages) == matching(productive_simulator.state)
    assert len(pages) == -(-203 // first)


@pytest.mark.parametrize("first", [9, 50, 100])
@pytest.mark.parametrize("wanted", FILTERS, ids=str)
async def test_filtered_pages_give_each_row_exactly_once_in_order(
    client: Client,
    productive_simulator: ProductiveSimulator,
    wanted: Row,
    first: int,
) -> None:
    pages = await read_pages(client, first, wanted)

    expected = matching(productive_simulator.state, wanted)
    assert ids(pages) == expected
    assert len(expected) > 10


@pytest.mark.parametrize("count", [1, 20, 100, 101, 199, 200, 201, 400, 401])
async def test_lists_that_end_with_a_page_of_productives_end_here_too(
    client: Client, productive_simulator: ProductiveSimulator, count: int
) -> None:
    expected = keep_rows(productive_simulator.state, count)

    pages = await read_pages(client, 100)

    assert ids(pages) == expected
    assert len(pages) == -(-count // 100)


async def test_an_empty_list_is_an_empty_page(
    client: Client, productive: RecordingTransport
) -> None:
    found = await read_page(client, 10, filter={"sourceIds": ["1"]})

    assert found == {
        "edges": [],
        "pageInfo": {
            "hasNextPage": False,
            "hasPreviousPage": False,
            "startCursor": None,
            "endCursor": None,
        },
        "totalCount": 0,
    }
    assert productive.calls == [STATUSES]


async def test_a_list_may_be_taken_up_after_any_of_its_rows(
    client: Client, productive_simulator: ProductiveSimulator
) -> None:
    expected = matching(productive_simulator.state)
    edges = [edge for part in await read_pages(client, 100) for edge in part]

    for at in range(0, 477, 12):
        found = await read_page(client, 2, after=edges[at]["cursor"])

        assert ids([found["edges"]]) == expected[at + 1 : at + 3]
        assert found["pageInfo"]["hasNextPage"] == (at + 3 < 477)


async def test_a_page_after_the_last_row_is_empty_and_can_be_asked_again(
    client: Client,
) -> None:
    last = (await read_pages(client, 100))[-1][-1]["cursor"]

    found = await read_page(client, 5, after=last)

    assert found["edges"] == []
    assert found["pageInfo"] == {
        "hasNextPage": False,
        "hasPreviousPage": True,
        "startCursor": None,
        "endCursor": last,
    }


@pytest.mark.parametrize("at", [1, 100, 199, 200, 201, 400, 420])
async def test_a_page_is_read_from_where_its_cursor_was(
    client: Client, productive: RecordingTransport, at: int
) -> None:
    edges = [edge for part in await read_pages(client, 100) for edge in part]
    productive.clear()

    found = await read_page(client, 50, after=edges[at - 1]["cursor"])

    assert ids([found["edges"]]) == ids([edges[at : at + 50]])
    assert productive.calls in [[STATUSES], [STATUSES] * 2]
    begins = [
        (int(one["page[number]"]) - 1) * int(one["page[size]"])
        for one in map(productive.params, range(len(productive.calls)))
    ]
    assert begins == sorted(begins)
    assert begins[0] < at


class TestCounts:
    @pytest.mark.parametrize("first", [1, 60, 100])
    async def test_what_productive_filters_is_counted(
        self, client: Client, productive_simulator: ProductiveSimulator, first: int
    ) -> None:
        wanted = {"approverSourceIds": ["21"]}
        count = len(matching(productive_simulator.state, wanted))
        assert count == 107

        first_page = await read_page(client, first, filter=wanted)
        after = first_page["pageInfo"]["endCursor"]
        second_page = await read_page(client, first, filter=wanted, after=after)

        assert first_page["totalCount"] == count
        assert second_page["totalCount"] == count

    async def test_what_the_gateway_filters_is_not_counted_unless_all_was_read(
        self, client: Client, productive_simulator: ProductiveSimulator
    ) -> None:
        wanted = {"states": ["REJECTED"]}
        expected = matching(productive_simulator.state, wanted)

        small = await read_page(client, 5, filter=wanted)
        large = await read_page(client, 100, filter=wanted)
        later = await read_page(
            client, 100, filter=wanted, after=small["pageInfo"]["endCursor"]
        )

        assert small["totalCount"] is None
        assert large["totalCount"] == len(expected)
        assert later["totalCount"] is None

    @pytest.mark.parametrize("at", [50, 105])
    async def test_what_productive_ignores_is_never_counted_as_if_it_filtered(
        self,
        client: Client,
        productive_simulator: ProductiveSimulator,
        switch_productive: Any,
        at: int,
    ) -> None:
        """C1: foreign rows before the cursor tell as much as those after it."""
        wanted = {"approverSourceIds": ["21"]}
        state = productive_simulator.state
        rows = matching(state, wanted)
        # The list ends with some that match, one after the other.
        for one in matching(state):
            if int(one) > int(rows[104]) and one not in rows:
                drop_row(state, one)
        edges = [
            edge for part in await read_pages(client, 100, wanted) for edge in part
        ]
        switch_productive(ignored_filters=("approver_id",))

        found = await read_page(
            client, 100, filter=wanted, after=edges[at - 1]["cursor"]
        )

        assert ids([found["edges"]]) == matching(state, wanted)[at:]
        assert found["totalCount"] in {None, 107}


class TestCursors:
    async def test_a_cursor_of_another_list_is_refused(
        self, client: Client, productive: RecordingTransport
    ) -> None:
        body = await client.run("Inbox", {"first": 1})
        foreign = body["data"]["viewer"]["approvals"]["pageInfo"]["endCursor"]
        body = await client.execute("{ policies(first: 1) { edges { cursor } } }")
        other = body["data"]["policies"]["edges"][0]["cursor"]
        productive.clear()

        for after in (foreign, other):
            body = await client.execute(LIST, {"first": 1, "after": after})

            assert body["data"] == {"approvalStatuses": None}
            [error] = body["errors"]
            assert error["extensions"]["code"] == "BAD_USER_INPUT"
        assert productive.calls == []

    @pytest.mark.parametrize(
        "after",
        [
            "",
            "x",
            "5001",
            "é",
            cursor(),
            cursor("approvalStatuses", "1"),
            cursor("approvals", "1", "5001"),
            cursor("approvalStatuses", "", "5001"),
            cursor("approvalStatuses", "-1", "5001"),
            cursor("approvalStatuses", "1.0", "5001"),
            cursor("approvalStatuses", "٣", "5001"),
            cursor("approvalStatuses", "9" * 12, "5001"),
            cursor("approvalStatuses", "1", "5001") + "=",
            cursor("approvalStatuses", "1", "5001", "x"),
        ],
    )
    async def test_what_is_no_cursor_is_refused_and_nothing_is_sent(
        self, client: Client, productive: RecordingTransport, after: str
    ) -> None:
        body = await client.execute(LIST, {"first": 1, "after": after})

        assert body["data"] == {"approvalStatuses": None}
        [error] = body["errors"]
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
        assert error["message"].startswith("`after` is no cursor of this list.")
        assert productive.calls == []

    async def test_the_cursors_made_here_are_those_that_the_gateway_makes(
        self, client: Client
    ) -> None:
        found = await read_page(client, 2)

        assert [one["cursor"] for one in found["edges"]] == [
            cursor("approvalStatuses", "1", "5001"),
            cursor("approvalStatuses", "2", "5002"),
        ]

    @pytest.mark.parametrize(
        ("count", "calls"),
        [("0", 1), ("1", 1), ("477", 5), ("478", 5), ("5000", 5), ("9" * 11, 5)],
    )
    async def test_an_absurd_count_costs_a_few_calls_and_loses_nothing(
        self,
        client: Client,
        productive: RecordingTransport,
        productive_simulator: ProductiveSimulator,
        count: str,
        calls: int,
    ) -> None:
        expected = matching(productive_simulator.state)
        after = cursor("approvalStatuses", count, expected[2])

        found = await read_page(client, 5, after=after)

        assert ids([found["edges"]]) == expected[3:8]
        assert len(productive.calls) == calls

    async def test_a_forged_place_in_a_long_list_ends_within_its_bound(
        self,
        client: Client,
        productive: RecordingTransport,
        productive_simulator: ProductiveSimulator,
    ) -> None:
        add_rows(productive_simulator.state, 3_000)
        after = cursor("approvalStatuses", "3000", "5001")

        body = await client.execute(
            LIST, {"first": 5, "after": after}, person="auditor"
        )

        assert body["data"] == {"approvalStatuses": None}
        [error] = body["errors"]
        assert error["extensions"]["code"] == "MAX_ROWS_LIMIT"
        assert len(productive.calls) == 10


class TestBounds:
    async def test_2000_rows_are_read_for_a_filter_of_the_gateways_and_no_more(
        self,
        client: Client,
        productive: RecordingTransport,
        productive_simulator: ProductiveSimulator,
    ) -> None:
        add_rows(productive_simulator.state, 2_400)

        body = await client.execute(
            LIST, {"first": 100, "filter": {"states": ["REJECTED"]}}, person="auditor"
        )

        assert body["data"] == {"approvalStatuses": None}
        [error] = body["errors"]
        assert error["extensions"]["code"] == "MAX_ROWS_LIMIT"
        assert error["message"] == NARROWER
        assert len(productive.calls) == 11

    async def test_nearly_2000_rows_in_all_are_not_too_many(
        self,
        client: Client,
        productive: RecordingTransport,
        productive_simulator: ProductiveSimulator,
    ) -> None:
        state = productive_simulator.state
        add_rows(state, 1_950)

        found = await read_page(client, 100, filter={"states": ["REJECTED"]})

        assert ids([found["edges"]]) == matching(state, {"states": ["REJECTED"]})
        assert len(productive.calls) == 11

    async def test_a_page_that_is_full_within_the_bound_is_shown(
        self,
        client: Client,
        productive: RecordingTransport,
        productive_simulator: ProductiveSimulator,
    ) -> None:
        state = productive_simulator.state
        add_rows(state, 2_400)
        wanted = {"states": ["REJECTED"]}
        count = len(matching(state, wanted))

        found = await read_page(client, count, filter=wanted)

        assert ids([found["edges"]]) == matching(state, wanted)
        # Whether another follows is not known.
        assert found["pageInfo"]["hasNextPage"] is True
        assert found["totalCount"] is None
        assert len(productive.calls) == 11

    async def test_a_long_list_without_such_a_filter_has_no_bound(
        self, client: Client, productive_simulator: ProductiveSimulator
    ) -> None:
        expected = add_rows(productive_simulator.state, 2_500)

        assert ids(await read_pages(client, 100)) == expected


class TestLargePages:
    @pytest.fixture
    def settings(self) -> Settings:
        return Settings(limits=LimitSettings(first=1000))

    @pytest.mark.parametrize("first", [200, 201, 300, 399, 476, 477, 1000])
    async def test_a_page_larger_than_productives_is_made_of_several(
        self,
        client: Client,
        productive: RecordingTransport,
        productive_simulator: ProductiveSimulator,
        first: int,
    ) -> None:
        pages = await read_pages(client, first)

        assert ids(pages) == matching(productive_simulator.state)
        assert len(productive.calls) <= 2 * -(-477 // 200)
