"""Many objects in one call: what is checked, what takes its place, what is learned."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from gateway.connector import Account
from gateway.domain import TargetKey, TargetType
from gateway.errors import UpstreamUnavailableError
from gateway.providers.productive.simulator import ProductiveSimulator
from gateway.sandbox import Sandbox
from tests.providers.productive.calls import (
    BOOKINGS,
    ENTRIES,
    EXPENSES,
    STATUSES,
    TARGETS,
    Row,
    answers,
    changes,
    graph_id,
    problem,
)
from tests.providers.productive.reading import NODES, connect, open_account, rows_of
from tests.support import Client, FakeTime, Handler, RecordingTransport

ONE = [f"{STATUSES}/{one}" for one in ("5001", "5002", "5003")]
IDS = ["5001", "5002", "5003"]
MODES: dict[str, Row] = {
    "any": {},
    "refused": {"comma_filters": "refused"},
    "first": {"comma_filters": "first"},
    "ignored": {"ignored_filters": ("id",)},
    "lenient": {"lenient_filters": True},
    "lenient and ignored": {"lenient_filters": True, "ignored_filters": ("id",)},
    "lenient paths": {"lenient_paths": ("approval_statuses", "bookings", "expenses")},
    "documented errors": {"comma_filters": "refused", "error_form": "documented"},
}
# How many of all kinds of objects each person sees.
SEEN: dict[str | None, int] = {None: 9, "auditor": 12, "controller": 9, "clerk": 11}
TARGET_IDS = [
    *((TargetType.BOOKING, one) for one in ("301", "302", "303")),
    *((TargetType.TIME_ENTRY, one) for one in ("601", "602", "603")),
    *((TargetType.EXPENSE, one) for one in ("701", "702", "703")),
]


def forms(productive: RecordingTransport) -> list[str]:
    """Return how each call asked for objects."""
    found = []
    for at in range(len(productive.calls)):
        params = productive.params(at)
        if "filter[$op]" in params:
            found.append(f"group of {sum('[eq]' in name for name in params)}")
        elif "filter[id]" in params:
            found.append(f"list of {len(params['filter[id]'].split(','))}")
        else:
            found.append("one")
    return found


def told(logs: list[Any]) -> list[tuple[str, str]]:
    return [
        (line["batch"], line["provider"])
        for line in logs
        if line["event"] == "batch_not_honoured"
    ]


BY_ID = ("approval_statuses by id", "PRODUCTIVE")
BY_GROUP = ("approval_statuses by group", "PRODUCTIVE")


@pytest.mark.parametrize(
    ("mode", "first", "second", "warnings"),
    [
        ("any", ["list of 3"], ["list of 3"], []),
        ("lenient", ["list of 3"], ["list of 3"], []),
        ("refused", ["list of 3", "group of 3"], ["group of 3"], [BY_ID]),
        ("documented errors", ["list of 3", "group of 3"], ["group of 3"], [BY_ID]),
        ("first", ["list of 3", "group of 3"], ["group of 3"], [BY_ID]),
        (
            "ignored",
            ["list of 3", "group of 3", "one", "one", "one"],
            ["one", "one", "one"],
            [BY_ID, BY_GROUP],
        ),
    ],
)
async def test_what_is_not_honoured_is_asked_for_otherwise_and_not_so_again(
    account: Account,
    time: FakeTime,
    productive: RecordingTransport,
    switch_productive: Callable[..., None],
    mode: str,
    first: list[str],
    second: list[str],
    warnings: list[tuple[str, str]],
) -> None:
    switch_productive(**MODES[mode])

    with capture_logs() as logs:
        found = await connect(account, time).targets.get_statuses(IDS)

    assert sorted(found) == IDS
    assert forms(productive) == first
    assert told(logs) == warnings
    productive.clear()
    with capture_logs() as logs:
        again = await connect(account, time).targets.get_statuses(IDS)
    assert again == found
    assert forms(productive) == second
    assert told(logs) == []


@pytest.mark.parametrize("mode", ["refused", "first", "ignored"])
async def test_what_was_learned_is_believed_for_an_hour(
    account: Account,
    time: FakeTime,
    productive: RecordingTransport,
    switch_productive: Callable[..., None],
    mode: str,
) -> None:
    switch_productive(**MODES[mode])
    await connect(account, time).targets.get_statuses(IDS)
    switch_productive(comma_filters="any", ignored_filters=())

    time.advance(3_599)
    productive.clear()
    await connect(account, time).targets.get_statuses(IDS)
    assert "list of 3" not in forms(productive)

    time.advance(1)
    productive.clear()
    await connect(account, time).targets.get_statuses(IDS)
    assert forms(productive) == ["list of 3"]


async def test_each_token_and_each_list_is_learned_of_by_itself(
    account: Account,
    sandbox: Sandbox,
    time: FakeTime,
    productive: RecordingTransport,
    switch_productive: Callable[..., None],
) -> None:
    switch_productive(comma_filters="refused")
    connector = connect(account, time)
    await connector.targets.get_statuses(IDS)
    productive.clear()

    await connector.targets.get_targets(
        [TargetKey(TargetType.BOOKING, one) for one in ("301", "302")]
    )
    other = open_account(sandbox, time, productive, person="auditor")
    await connect(other, time).targets.get_statuses(IDS)

    assert forms(productive) == ["list of 2", "group of 2", "list of 3", "group of 3"]


async def test_one_object_is_read_by_its_address(
    account: Account, time: FakeTime, productive: RecordingTransport
) -> None:
    await connect(account, time).targets.get_statuses(["5001"])

    assert productive.calls == ONE[:1]


async def test_until_a_list_was_seen_to_find_two_what_is_missing_is_asked_again(
    account: Account, time: FakeTime, productive: RecordingTransport
) -> None:
    connector = connect(account, time)

    with capture_logs() as logs:
        assert await connector.targets.get_statuses(["1", "2"]) == {}
        assert forms(productive) == ["list of 2", "group of 2"]
        productive.clear()
        assert sorted(await connector.targets.get_statuses(["1", "5001"])) == ["5001"]
        assert forms(productive) == ["list of 2", "group of 2"]
        productive.clear()
        found = await connector.targets.get_statuses(["1", "5001", "5002"])

    assert sorted(found) == ["5001", "5002"]
    assert forms(productive) == ["list of 3"]
    productive.clear()
    assert await connector.targets.get_statuses(["1", "2"]) == {}
    assert forms(productive) == ["list of 2"]
    assert told(logs) == []


async def test_ids_of_a_group_are_100_at_most(
    account: Account,
    time: FakeTime,
    productive: RecordingTransport,
    productive_simulator: ProductiveSimulator,
    switch_productive: Callable[..., None],
) -> None:
    switch_productive(comma_filters="refused")
    rows = [one.id for one in rows_of(productive_simulator.state)][:250]
    connector = connect(account, time)
    await connector.targets.get_statuses(rows[:2])
    productive.clear()

    found = await connector.targets.get_statuses(rows)

    assert sorted(found) == rows
    assert sorted(forms(productive)) == ["group of 100", "group of 100", "group of 50"]
    assert max(len(str(one.url)) for one in productive.requests) < 8_000


async def test_a_row_that_nobody_asked_for_is_dropped_and_not_believed(
    account: Account, time: FakeTime, productive: RecordingTransport
) -> None:
    """C1: check every returned row against the keys asked for."""

    async def more(request: httpx.Request, upstream: Handler) -> httpx.Response:
        filters = {"filter[id]": "5001,5002,5003,5004"}
        url = request.url.copy_merge_params(filters)
        return await upstream(
            httpx.Request(request.method, url, headers=request.headers)
        )

    productive.interceptors[STATUSES] = more
    with capture_logs() as logs:
        found = await connect(account, time).targets.get_statuses(IDS)

    assert sorted(found) == IDS
    assert told(logs) == [BY_ID, BY_GROUP]
    assert productive.calls == [STATUSES, STATUSES, *ONE]


async def test_more_rows_than_keys_are_not_believed_even_if_a_page_shows_none(
    account: Account, time: FakeTime, productive: RecordingTransport
) -> None:
    """9: `total_count` larger than any answer for these keys could be."""

    def count(document: Any) -> Any:
        document["meta"] |= {"total_count": 477, "total_pages": 3}
        return document

    productive.interceptors[STATUSES] = changes(count)

    found = await connect(account, time).targets.get_statuses(IDS)

    assert sorted(found) == IDS
    assert productive.calls == [STATUSES, STATUSES, *ONE]


async def test_a_failure_is_not_taken_for_a_filter_that_is_not_honoured(
    account: Account,
    time: FakeTime,
    productive: RecordingTransport,
    switch_productive: Callable[..., None],
) -> None:
    switch_productive(fault="server_error")

    with capture_logs() as logs, pytest.raises(UpstreamUnavailableError):
        await connect(account, time).targets.get_statuses(IDS)

    assert told(logs) == []
    switch_productive(fault="none")
    productive.clear()
    await connect(account, time).targets.get_statuses(IDS)
    assert forms(productive) == ["list of 3"]


async def test_a_list_that_may_not_be_read_is_not_read_by_groups(
    account: Account, time: FakeTime, productive: RecordingTransport
) -> None:
    productive.interceptors[BOOKINGS] = answers(
        403, problem("access_denied", "Access Denied")
    )
    keys = [TargetKey(TargetType.BOOKING, one) for one in ("301", "302")]

    found = await connect(account, time).targets.get_targets(keys)

    assert {type(one).__name__ for one in found.values()} == {"RefusedError"}
    assert productive.calls == [BOOKINGS]


@pytest.mark.parametrize("person", SEEN)
@pytest.mark.parametrize("mode", MODES)
async def test_the_graph_shows_the_same_whatever_is_honoured(
    client: Client,
    time: FakeTime,
    switch_productive: Callable[..., None],
    mode: str,
    person: str | None,
) -> None:
    keys = [
        *(graph_id("ApprovalStatus", one) for one in [*IDS, "1", "5400"]),
        *(graph_id("Booking", one) for one in ("301", "302", "1", "327")),
        *(graph_id("TimeEntry", one) for one in ("601", "602", "607", "1")),
        *(graph_id("Expense", one) for one in ("701", "702", "1")),
        *(graph_id("Policy", one) for one in ("71", "79", "1")),
    ]
    document = NODES.replace(
        "__typename id",
        """__typename id
        ... on ApprovalStatus { state target { id } }
        ... on Approvable {
          title progress { approved } approvalStatuses { sourceId state }
        }""",
    )
    expected = await client.execute(document, {"ids": keys}, person=person)
    assert sum(one is not None for one in expected["data"]["nodes"]) == SEEN[person]
    # What was seen to work is believed for an hour.
    time.advance(3_600)
    switch_productive(**MODES[mode])

    for _ in range(2):
        body = await client.execute(document, {"ids": keys}, person=person)
        assert body == expected
        assert "errors" not in body


@pytest.mark.parametrize("mode", ["refused", "first", "ignored"])
async def test_the_targets_of_every_kind_are_found_otherwise_too(
    account: Account,
    time: FakeTime,
    productive: RecordingTransport,
    switch_productive: Callable[..., None],
    mode: str,
) -> None:
    keys = [TargetKey(*one) for one in TARGET_IDS]
    expected = await connect(account, time).targets.get_targets(keys)
    assert set(expected) == set(keys)
    assert sorted(productive.calls) == sorted(TARGETS)
    time.advance(3_600)
    switch_productive(**MODES[mode])
    productive.clear()

    found = await connect(account, time).targets.get_targets(keys)

    assert found == expected
    assert {call.split("/")[1] for call in productive.calls} == {
        one.split("/")[1] for one in (BOOKINGS, ENTRIES, EXPENSES)
    }
