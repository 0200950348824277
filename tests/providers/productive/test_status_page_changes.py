"""`approvalStatuses` while rows come and go, and in another order than by id."""

from collections.abc import Callable
from random import Random
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from gateway.providers.productive.simulator import ProductiveSimulator
from gateway.providers.productive.simulator.rules import Rules
from gateway.providers.productive.simulator.state import State
from gateway.providers.productive.simulator.switches import ProductiveSwitches
from gateway.sandbox import Sandbox
from gateway.settings import LimitSettings, Settings
from tests.providers.productive.calls import STATUSES
from tests.providers.productive.open_client import OpenClient
from tests.providers.productive.reading import (
    add_rows,
    drop_row,
    ids,
    keep_rows,
    matching,
    read_page,
    read_pages,
    rows_of,
)
from tests.support import Client, FakeTime, Handler, RecordingTransport
from tests.support import productive_simulator as find_simulator


def unapprove(state: State, time: FakeTime, at: int) -> None:
    """Undo the approval of a target: its rows go, and others come at the end."""
    approved = [one for one in rows_of(state) if one.approved_at is not None]
    target = state.target(approved[at % len(approved)])
    rules = Rules(state, ProductiveSwitches(), lambda *_change: None)
    rules.unapprove(target, time.instant)


class TestBetweenPages:
    @pytest.mark.parametrize("removed", [1, 30, 100])
    @pytest.mark.parametrize("first", [10, 100])
    async def test_rows_that_went_in_front_of_the_cursor_take_no_other_with_them(
        self,
        client: Client,
        productive_simulator: ProductiveSimulator,
        first: int,
        removed: int,
    ) -> None:
        state = productive_simulator.state
        expected = matching(state)
        gone: list[str] = []

        def remove() -> None:
            for one in matching(state)[:removed]:
                gone.append(one)
                drop_row(state, one)

        found = ids(await read_pages(client, first, between=remove))

        assert len(set(found)) == len(found)
        # All that was there until the end, and what was shown before it went.
        assert set(matching(state)) <= set(found)
        assert found == [one for one in expected if one in set(found)]

    async def test_a_page_goes_back_to_where_its_row_is_now(
        self,
        client: Client,
        productive: RecordingTransport,
        productive_simulator: ProductiveSimulator,
    ) -> None:
        state = productive_simulator.state
        expected = matching(state)
        pages = [(await read_page(client, 100))]
        for _ in range(3):
            after = pages[-1]["pageInfo"]["endCursor"]
            pages.append(await read_page(client, 100, after=after))
        for one in expected[:250]:
            drop_row(state, one)
        productive.clear()

        after = pages[-1]["pageInfo"]["endCursor"]
        found = await read_page(client, 100, after=after)

        assert ids([found["edges"]]) == expected[400:]
        assert len(productive.calls) == 2

    async def test_the_row_of_the_cursor_may_go_itself(
        self, client: Client, productive_simulator: ProductiveSimulator
    ) -> None:
        state = productive_simulator.state
        expected = matching(state)
        first = await read_page(client, 10)
        drop_row(state, expected[9])

        found = await read_page(client, 10, after=first["pageInfo"]["endCursor"])

        assert ids([found["edges"]]) == expected[10:20]

    async def test_rows_that_come_are_shown_at_the_end(
        self, client: Client, productive_simulator: ProductiveSimulator
    ) -> None:
        state = productive_simulator.state
        keep_rows(state, 190)

        def add() -> None:
            add_rows(state, min(260, len(rows_of(state)) + 13))

        found = ids(await read_pages(client, 20, between=add))

        assert found == matching(state)
        assert len(found) == 260

    async def test_everything_may_go(
        self, client: Client, productive_simulator: ProductiveSimulator
    ) -> None:
        first = await read_page(client, 100)
        keep_rows(productive_simulator.state, 0)

        found = await read_page(client, 100, after=first["pageInfo"]["endCursor"])

        assert found["edges"] == []
        assert found["pageInfo"]["hasNextPage"] is False


@given(
    first=st.sampled_from([25, 60, 100]),
    steps=st.lists(
        st.tuples(
            st.sampled_from(["remove", "many", "add", "unapprove", "decide"]),
            st.integers(0, 10_000),
        ),
        max_size=10,
    ),
    wanted=st.sampled_from(
        [{}, {}, {"states": ["PENDING"]}, {"approverSourceIds": ["20", "21"]}]
    ),
)
@hypothesis_settings(max_examples=15, deadline=None)
async def test_what_was_there_all_along_is_neither_lost_nor_doubled(
    first: int, steps: list[tuple[str, int]], wanted: dict[str, list[str]]
) -> None:
    time = FakeTime()
    sandbox = Sandbox(time.clock)
    state = find_simulator(sandbox).state
    keep_rows(state, 240)
    steady = set(matching(state, wanted))
    seen = set(steady)

    def change() -> None:
        if steps:
            apply(state, time, *steps.pop())
        now = matching(state, wanted)
        seen.update(now)
        steady.intersection_update(now)

    async with OpenClient(sandbox, time) as client:
        found = ids(await read_pages(client, first, wanted, between=change))

    assert len(set(found)) == len(found)
    assert steady <= set(found) <= seen
    assert found == sorted(found, key=int)


def apply(state: State, time: FakeTime, step: str, at: int) -> None:
    """Change the organization between two pages."""
    rows = rows_of(state)
    if step == "add":
        add_rows(state, len(rows) + at % 40)
    elif step == "remove" and rows:
        drop_row(state, rows[at % len(rows)].id)
    elif step == "many":
        for one in Random(at).sample(rows, min(len(rows), 80)):  # noqa: S311
            drop_row(state, one.id)
    elif step == "unapprove":
        unapprove(state, time, at)
    elif step == "decide" and rows:
        rows[at % len(rows)].approved_at = time.instant


class TestWithinAPage:
    """A page of the gateway that takes several of Productive's."""

    @pytest.fixture
    def settings(self) -> Settings:
        return Settings(limits=LimitSettings(first=1000))

    @pytest.fixture
    def after_first(
        self, productive: RecordingTransport
    ) -> Callable[[Callable[[], None]], None]:
        """Have something happen once Productive's first page has left it."""

        def meanwhile(happens: Callable[[], None]) -> None:
            async def answer(
                request: httpx.Request, upstream: Handler
            ) -> httpx.Response:
                response = await upstream(request)
                productive.interceptors.clear()
                happens()
                return response

            productive.interceptors[STATUSES] = answer

        return meanwhile

    async def test_a_row_that_goes_takes_no_other_with_it(
        self,
        client: Client,
        productive: RecordingTransport,
        productive_simulator: ProductiveSimulator,
        after_first: Callable[[Callable[[], None]], None],
    ) -> None:
        state = productive_simulator.state
        expected = matching(state)
        after_first(lambda: drop_row(state, "5001"))

        found = await read_page(client, 1000)

        assert ids([found["edges"]]) == expected
        assert len(productive.calls) == 5

    async def test_an_approval_that_is_undone_takes_no_other_row_with_it(
        self,
        client: Client,
        productive_simulator: ProductiveSimulator,
        time: FakeTime,
        after_first: Callable[[Callable[[], None]], None],
    ) -> None:
        """10.1: its rows are made again, so that there are as many as before."""
        state = productive_simulator.state
        before = matching(state)
        after_first(lambda: unapprove(state, time, 5))

        found = await read_page(client, 1000)

        steady = [one for one in before if one in matching(state)]
        assert len(matching(state)) == len(before)
        assert set(steady) <= set(ids([found["edges"]]))

    async def test_a_filtered_page_loses_no_row_either(
        self,
        client: Client,
        productive_simulator: ProductiveSimulator,
        after_first: Callable[[Callable[[], None]], None],
    ) -> None:
        state = productive_simulator.state
        wanted = {"states": ["REJECTED"]}
        expected = matching(state, wanted)
        pending = matching(state, {"states": ["PENDING"]})

        def drop() -> None:
            for one in pending[:30]:
                drop_row(state, one)

        after_first(drop)

        found = await read_page(client, 100, filter=wanted)

        assert ids([found["edges"]]) == expected


class TestAnotherOrder:
    """A: that a list without `sort` is by id ascending is assumed."""

    @pytest.mark.parametrize("first", [15, 100])
    @pytest.mark.parametrize("wanted", [{}, {"states": ["PENDING"]}], ids=str)
    async def test_pages_are_right_all_the_same(
        self,
        client: Client,
        productive_simulator: ProductiveSimulator,
        switch_productive: Callable[..., None],
        first: int,
        wanted: dict[str, Any],
    ) -> None:
        switch_productive(fault="moved")
        state = productive_simulator.state
        keep_rows(state, 230)

        pages = await read_pages(client, first, wanted)

        assert ids(pages) == matching(state, wanted)

    @pytest.mark.parametrize("count", [201, 202, 203, 204, 212])
    async def test_a_short_last_page_hides_nothing(
        self,
        client: Client,
        productive_simulator: ProductiveSimulator,
        switch_productive: Callable[..., None],
        count: int,
    ) -> None:
        switch_productive(fault="moved")
        expected = keep_rows(productive_simulator.state, count)
        edges = [edge for part in await read_pages(client, 100) for edge in part]
        assert ids([edges]) == expected

        for at in range(199, count):
            found = await read_page(client, 100, after=edges[at]["cursor"])
            assert ids([found["edges"]]) == expected[at + 1 : at + 101]

    async def test_it_is_read_whole_up_to_2000_rows(
        self,
        client: Client,
        productive: RecordingTransport,
        productive_simulator: ProductiveSimulator,
        switch_productive: Callable[..., None],
    ) -> None:
        switch_productive(fault="moved")
        state = productive_simulator.state
        add_rows(state, 1_850)
        assert ids([(await read_page(client, 5))["edges"]]) == matching(state)[:5]
        assert len(productive.calls) == 11
        add_rows(state, 2_400)
        productive.clear()

        body = await client.run("ApprovalStatuses", {"first": 5}, person="auditor")

        [error] = body["errors"]
        assert error["extensions"]["code"] == "MAX_ROWS_LIMIT"
        assert len(productive.calls) == 11
