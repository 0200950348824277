"""Many by id, where a list leaves out what is found by its address."""

from collections.abc import Callable

import pytest
from structlog.testing import capture_logs

from gateway.providers.productive.simulator import ProductiveSimulator
from gateway.providers.productive.simulator.directory import BUYER
from tests.providers.productive.calls import (
    BOOKINGS,
    ENTRIES,
    EXPENSES,
    STATUSES,
    graph_id,
)
from tests.providers.productive.reading import NODES, rows_of
from tests.support import Client, RecordingTransport

LEFT_OUT = [
    ("Booking", "315", ["301", "302"]),
    ("TimeEntry", "612", ["601", "602"]),
    ("Expense", "708", ["701", "702"]),
    ("Expense", "704", ["701", "702"]),
]
KINDS = [
    (BOOKINGS, "Booking", ["301", "302"]),
    (ENTRIES, "TimeEntry", ["601", "602"]),
    (EXPENSES, "Expense", ["701", "702"]),
]
UNKNOWN = [str(10**9 + at) for at in range(6)]


@pytest.mark.parametrize(("type_name", "key", "others"), LEFT_OUT)
async def test_drafts_and_what_was_deleted_are_found_among_others_too(
    client: Client, type_name: str, key: str, others: list[str]
) -> None:
    """A list may leave out what is found by its address."""
    keys = [graph_id(type_name, one) for one in (key, *others)]

    alone = await client.execute(NODES, {"ids": keys[:1]}, person="auditor")
    among = await client.execute(NODES, {"ids": keys}, person="auditor")

    assert alone["data"]["nodes"] == [{"__typename": type_name, "id": keys[0]}]
    assert among["data"]["nodes"][0] == alone["data"]["nodes"][0]


@pytest.mark.parametrize(("type_name", "key", "others"), LEFT_OUT)
async def test_what_a_list_leaves_out_does_not_teach_that_lists_do_not_work(
    client: Client, type_name: str, key: str, others: list[str]
) -> None:
    keys = [graph_id(type_name, one) for one in (key, others[0])]

    with capture_logs() as logs:
        await client.execute(NODES, {"ids": keys}, person="auditor")

    assert [one for one in logs if one["event"] == "batch_not_honoured"] == []


@pytest.mark.parametrize(("call", "type_name", "known"), KINDS)
async def test_five_that_a_list_left_out_are_read_by_their_own_addresses(
    client: Client,
    productive: RecordingTransport,
    call: str,
    type_name: str,
    known: list[str],
) -> None:
    keys = [graph_id(type_name, one) for one in (*known, *UNKNOWN[:5])]

    body = await client.execute(NODES, {"ids": keys}, person="auditor")

    assert [one is not None for one in body["data"]["nodes"]] == [True] * 2 + [
        False
    ] * 5
    assert productive.calls == [call, *(f"{call}/{one}" for one in UNKNOWN[:5])]


@pytest.mark.parametrize(("call", "type_name", "known"), KINDS)
async def test_of_more_than_five_none_is(
    client: Client,
    productive: RecordingTransport,
    call: str,
    type_name: str,
    known: list[str],
) -> None:
    keys = [graph_id(type_name, one) for one in (*known, *UNKNOWN)]

    body = await client.execute(NODES, {"ids": keys}, person="auditor")

    assert [one is not None for one in body["data"]["nodes"]] == [True] * 2 + [
        False
    ] * 6
    assert productive.calls == [call]


async def test_of_lists_that_have_everything_none_is(
    client: Client, productive: RecordingTransport
) -> None:
    keys = [graph_id("ApprovalStatus", one) for one in ("5001", "5002", "1")]

    body = await client.execute(NODES, {"ids": keys}, person="auditor")

    assert body["data"]["nodes"][2] is None
    assert productive.calls == [STATUSES]


@pytest.mark.parametrize("commas", ["any", "refused", "first"])
async def test_many_that_this_person_may_not_see_are_not_read_one_by_one(
    client: Client,
    productive: RecordingTransport,
    productive_simulator: ProductiveSimulator,
    switch_productive: Callable[..., None],
    commas: str,
) -> None:
    switch_productive(comma_filters=commas)
    rows = rows_of(productive_simulator.state)
    entries = sorted({one.target_id for one in rows if one.target_type == "time_entry"})
    keys = [graph_id("TimeEntry", one) for one in entries[:60]]
    keys += [graph_id("Booking", str(301 + at)) for at in range(39)]

    body = await client.execute(NODES, {"ids": keys}, person="buyer")

    own = {
        graph_id("TimeEntry", one.id)
        for one in productive_simulator.state.time_entries.values()
        if one.person_id == BUYER and one.id in entries[:60]
    }
    assert len(own) == 3
    assert {one["id"] for one in body["data"]["nodes"] if one is not None} == own
    assert body["data"]["nodes"].count(None) == 96
    # A group is asked for as long as no list was seen to find two.
    groups = [BOOKINGS] if commas == "any" else [BOOKINGS, ENTRIES]
    assert sorted(productive.calls) == sorted([BOOKINGS, ENTRIES, *groups])
