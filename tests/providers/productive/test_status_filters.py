"""`filter` of `approvalStatuses`: what Productive is asked, and what comes of it."""

from itertools import combinations
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from gateway.providers.productive.simulator import ProductiveSimulator
from gateway.sandbox import Sandbox
from tests.providers.productive.calls import STATUSES, Row
from tests.providers.productive.open_client import OpenClient
from tests.providers.productive.reading import (
    LIST,
    ids,
    matching,
    page,
    read_page,
    read_pages,
    rows_of,
    status_includes,
)
from tests.support import (
    Client,
    FakeTime,
    RecordingTransport,
)
from tests.support import productive_simulator as find_simulator

KEYS = {
    "sourceIds": "id",
    "workflowSourceIds": "approval_workflow_id",
    "approverSourceIds": "approver_id",
    "actualApproverSourceIds": "actual_approver_id",
    "bookingSourceIds": "booking_id",
    "timeEntrySourceIds": "time_entry_id",
    "expenseSourceIds": "expense_id",
}
VALUES = {
    "sourceIds": ["5001", "5003", "5400", "1", "5002"],
    "workflowSourceIds": ["31", "42", "32"],
    "approverSourceIds": ["20", "21", "99"],
    "actualApproverSourceIds": ["24", "22"],
    "bookingSourceIds": ["301", "304", "315"],
    "timeEntrySourceIds": ["601", "603", "612"],
    "expenseSourceIds": ["701", "702", "703"],
}
HERE: dict[str, list[list[str]]] = {
    "states": [
        ["PENDING"],
        ["APPROVED", "REJECTED"],
        ["NOT_REQUIRED"],
        ["UNKNOWN"],
        ["PENDING", "APPROVED", "REJECTED", "UNKNOWN", "NOT_REQUIRED"],
    ],
    "targetTypes": [["BOOKING"], ["TIME_ENTRY", "EXPENSE"], ["UNKNOWN"]],
}


async def listed(client: Client, wanted: Row) -> list[str]:
    return ids(await read_pages(client, 100, wanted))


def asked(productive: RecordingTransport, at: int = 0) -> Row:
    """Return the filters of a call."""
    params = productive.params(at)
    return {name: to for name, to in params.items() if name.startswith("filter")}


@pytest.mark.parametrize("member", KEYS)
async def test_one_value_is_asked_for_plainly(
    client: Client,
    productive: RecordingTransport,
    productive_simulator: ProductiveSimulator,
    member: str,
) -> None:
    value = VALUES[member][0]

    found = await read_page(client, 100, filter={member: [value]})

    expected = matching(productive_simulator.state, {member: [value]})
    assert ids([found["edges"]]) == expected[:100]
    assert expected
    assert found["totalCount"] == len(expected)
    assert productive.calls == [STATUSES]
    assert productive.params(0) == {
        f"filter[{KEYS[member]}]": value,
        "include": status_includes(),
        **page(size=100),
    }


@pytest.mark.parametrize("member", KEYS)
async def test_several_values_are_asked_for_as_the_documented_group(
    client: Client,
    productive: RecordingTransport,
    productive_simulator: ProductiveSimulator,
    member: str,
) -> None:
    values = VALUES[member]

    found = await read_page(client, 100, filter={member: [*values, values[0]]})

    expected = matching(productive_simulator.state, {member: values})
    assert ids([found["edges"]]) == expected[:100]
    assert found["totalCount"] == len(expected)
    assert asked(productive) == {
        "filter[$op]": "or",
        **{
            f"filter[{at}][{KEYS[member]}][eq]": value
            for at, value in enumerate(values)
        },
    }


async def test_single_values_of_several_members_are_plain_filters(
    client: Client,
    productive: RecordingTransport,
    productive_simulator: ProductiveSimulator,
) -> None:
    wanted = {"approverSourceIds": ["21"], "workflowSourceIds": ["42"]}

    found = await listed(client, wanted)

    assert found == matching(productive_simulator.state, wanted)
    assert found
    assert asked(productive) == {
        "filter[approver_id]": "21",
        "filter[approval_workflow_id]": "42",
    }


async def test_several_values_of_several_members_are_a_group_of_groups(
    client: Client,
    productive: RecordingTransport,
    productive_simulator: ProductiveSimulator,
) -> None:
    wanted = {"approverSourceIds": ["21", "20"], "workflowSourceIds": ["44"]}

    found = await listed(client, wanted)

    assert found == matching(productive_simulator.state, wanted)
    assert found
    assert asked(productive) == {
        "filter[$op]": "and",
        "filter[0][$op]": "or",
        "filter[0][0][approval_workflow_id][eq]": "44",
        "filter[1][$op]": "or",
        "filter[1][0][approver_id][eq]": "21",
        "filter[1][1][approver_id][eq]": "20",
    }


@pytest.mark.parametrize("members", [*combinations(VALUES, 2)], ids="+".join)
async def test_all_members_must_hold(
    client: Client, productive_simulator: ProductiveSimulator, members: tuple[str, str]
) -> None:
    wanted = {member: VALUES[member] for member in members}

    assert await listed(client, wanted) == matching(productive_simulator.state, wanted)


@pytest.mark.parametrize(
    ("member", "values"), [(name, one) for name, of in HERE.items() for one in of]
)
async def test_states_and_types_are_filtered_by_the_gateway(
    client: Client,
    productive: RecordingTransport,
    productive_simulator: ProductiveSimulator,
    member: str,
    values: list[str],
) -> None:
    wanted = {member: values}

    found = await listed(client, wanted)

    assert found == matching(productive_simulator.state, wanted)
    assert {str(asked(productive, at)) for at in range(len(productive.calls))} == {"{}"}


async def test_what_is_filtered_here_is_read_in_the_largest_pages(
    client: Client, productive: RecordingTransport
) -> None:
    await read_page(client, 1, filter={"states": ["REJECTED"]})

    assert productive.params(0) == {"include": status_includes(), **page()}


async def test_what_is_filtered_here_keeps_what_is_filtered_there(
    client: Client,
    productive: RecordingTransport,
    productive_simulator: ProductiveSimulator,
) -> None:
    wanted = {"approverSourceIds": ["21"], "states": ["APPROVED"]}

    found = await read_page(client, 100, filter=wanted)

    expected = matching(productive_simulator.state, wanted)
    assert ids([found["edges"]]) == expected
    assert 0 < len(expected) < 100
    # All were read, so that their number is known.
    assert found["totalCount"] == len(expected)
    assert asked(productive) == {"filter[approver_id]": "21"}


@pytest.mark.parametrize("member", [*KEYS, *HERE])
async def test_an_empty_list_lets_nothing_through_and_costs_no_call(
    client: Client, productive: RecordingTransport, member: str
) -> None:
    found = await read_page(client, 10, filter={member: [], "sourceIds": []})

    assert (found["edges"], found["totalCount"]) == ([], 0)
    assert found["pageInfo"]["hasNextPage"] is False
    assert productive.calls == []


async def test_null_members_do_not_matter(
    client: Client,
    productive: RecordingTransport,
    productive_simulator: ProductiveSimulator,
) -> None:
    wanted = dict.fromkeys([*KEYS, *HERE])

    found = await read_page(client, 100, filter=wanted)

    assert ids([found["edges"]]) == matching(productive_simulator.state)[:100]
    assert found["totalCount"] == 477
    assert asked(productive) == {}


@pytest.mark.parametrize(
    "value", ["", "x", "-1", "5001,5002", " 5001", "5_001", "٣", "1.0", "1" * 19]
)
async def test_what_is_no_id_is_refused_and_nothing_is_sent(
    client: Client, productive: RecordingTransport, value: str
) -> None:
    for member in KEYS:
        body = await client.execute(
            LIST, {"first": 5, "filter": {member: ["1", value]}}, person="auditor"
        )

        assert body["data"] == {"approvalStatuses": None}
        [error] = body["errors"]
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
        assert error["message"] == (
            f"`{member}` takes Productive's own ids, whole numbers as `sourceId` has "
            f"them, and not `{value}`."
        )
    assert productive.calls == []


@pytest.mark.parametrize("value", ["05001", "0005001", "00"])
async def test_another_spelling_of_an_id_is_no_id(
    client: Client, productive: RecordingTransport, value: str
) -> None:
    """What Productive compares as a number would come back as a row not asked for."""
    body = await client.execute(
        LIST, {"first": 5, "filter": {"sourceIds": [value]}}, person="auditor"
    )

    [error] = body["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert productive.calls == []


@pytest.mark.parametrize("split", [(101, 0), (100, 1), (50, 51)])
async def test_more_than_100_ids_in_all_are_refused_and_nothing_is_sent(
    client: Client, productive: RecordingTransport, split: tuple[int, int]
) -> None:
    wanted = {
        "sourceIds": [str(5001 + at) for at in range(split[0])] or None,
        "expenseSourceIds": [str(701 + at) for at in range(split[1])] or None,
    }

    body = await client.execute(LIST, {"first": 5, "filter": wanted}, person="auditor")

    [error] = body["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    count = sum(split)
    assert error["message"] == (
        f"The lists of a filter take 100 ids in all at most, not {count}."
    )
    assert productive.calls == []


async def test_100_ids_are_one_call_whose_address_is_under_8_kilobytes(
    client: Client, productive: RecordingTransport
) -> None:
    rows = [str(5001 + at) for at in range(99)]

    found = await read_page(
        client, 100, filter={"sourceIds": rows, "workflowSourceIds": ["31"]}
    )

    assert found["totalCount"] > 0
    assert productive.calls == [STATUSES]
    productive.clear()
    long = [str(10**17 + at) for at in range(99)]
    await read_page(
        client, 100, filter={"actualApproverSourceIds": long, "sourceIds": long[:1]}
    )
    assert len(str(productive.requests[0].url)) < 8_000


def _choices(sandbox: Sandbox) -> dict[str, list[Any]]:
    rows = rows_of(find_simulator(sandbox).state)
    of_kind = {
        kind: sorted({one.target_id for one in rows if one.target_type == kind})
        for kind in ("booking", "time_entry", "expense")
    }
    return {
        "sourceIds": [one.id for one in rows],
        "workflowSourceIds": ["31", "33", "41", "42", "43", "44"],
        "approverSourceIds": ["18", "20", "21", "22"],
        "actualApproverSourceIds": ["20", "21", "22", "23", "24"],
        "bookingSourceIds": of_kind["booking"],
        "timeEntrySourceIds": of_kind["time_entry"],
        "expenseSourceIds": of_kind["expense"],
        "states": ["PENDING", "APPROVED", "REJECTED"],
        "targetTypes": ["BOOKING", "TIME_ENTRY", "EXPENSE"],
    }


@given(
    members=st.lists(
        st.sampled_from([*KEYS, *HERE]), min_size=1, max_size=3, unique=True
    ),
    seed=st.integers(0, 10_000),
)
@hypothesis_settings(max_examples=30, deadline=None)
async def test_any_filter_lists_what_the_state_has(
    members: list[str], seed: int
) -> None:
    random = Random(seed)  # noqa: S311 - a sandbox
    time = FakeTime()
    sandbox = Sandbox(time.clock)
    choices = _choices(sandbox)
    wanted = {
        one: random.sample(choices[one], random.randint(1, min(30, len(choices[one]))))
        for one in members
    }

    async with OpenClient(sandbox, time) as client:
        found = await listed(client, wanted)

    assert found == matching(find_simulator(sandbox).state, wanted)
