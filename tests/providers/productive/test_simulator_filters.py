"""Filters: operations, groups, comma lists, and what is refused (2.4, 3.2)."""

import pytest

from gateway.providers.productive.simulator.objects import ApprovalStatus
from tests.providers.productive.simulator_support import Desk, refusal

STATUSES = "approval_statuses"
AND_IN_OR = (
    "filter[$op]=or&filter[1][id]=5002&filter[0][$op]=and&"
    "filter[0][0][booking_id]=301&filter[0][1][approver_id]=21"
)
OR_IN_AND = (
    "filter[booking_id]=301&filter[0][$op]=or&"
    "filter[0][0][id]=5002&filter[0][1][id]=5003"
)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def having(desk: Desk, **wanted: str) -> int:
    """Count the main organization's rows with these attributes."""

    def fits(row: ApprovalStatus) -> bool:
        return all(getattr(row, name) == value for name, value in wanted.items())

    rows = desk.simulator.state.statuses.values()
    return sum(fits(row) and row.organization_id == "900" for row in rows)


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("filter[id]=5001", ["5001"]),
        ("filter[id][eq]=5001", ["5001"]),
        ("filter[id][contains]=5001", ["5001"]),
        ("filter[id]=5002,5001", ["5001", "5002"]),
        ("filter[id]=5002, 5001", ["5001", "5002"]),
        ("filter[id]=05001", ["5001"]),
        ("filter[id][]=5001&filter[id][]=5002", ["5001", "5002"]),
        ("filter[id][eq][]=5001&filter[id][eq][]=5002", ["5001", "5002"]),
        ("filter[booking_id]=301", ["5001", "5002"]),
        ("filter[booking_id]=301&filter[approver_id]=21", ["5001"]),
        ("filter[booking_id]=301&filter[approver_id][not_eq]=21", ["5002"]),
        ("filter[booking_id]=301&filter[approver_id][not_contain]=21", ["5002"]),
        ("filter[booking_id]=301&filter[id][not_eq]=5001,5003", ["5002"]),
        ("filter[actual_approver_id]=21&filter[booking_id]=301", ["5001"]),
        ("filter[approval_workflow_id]=31&filter[booking_id]=301", ["5001", "5002"]),
        ("filter[id][eq]=5001&filter[id][not_eq]=5001", []),
        ("filter[booking_id]=999999", []),
    ],
)
async def test_statuses_are_filtered(desk: Desk, query: str, ids: list[str]) -> None:
    assert await desk.ids(f"{STATUSES}?{query}") == ids


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        (
            "filter[$op]=or&filter[0][booking_id][eq]=301&filter[1][id][eq]=5003",
            ["5001", "5002", "5003"],
        ),
        (
            "filter[$op]=or&filter[0][id]=5001&filter[1][id]=5002&filter[2][id]=9",
            ["5001", "5002"],
        ),
        (
            "filter[$op]=and&filter[0][booking_id]=301&filter[1][id]=5002",
            ["5002"],
        ),
        ("filter[0][booking_id]=301&filter[1][id]=5002", ["5002"]),
        (AND_IN_OR, ["5001", "5002"]),
        (OR_IN_AND, ["5002"]),
    ],
)
async def test_filters_form_groups(desk: Desk, query: str, ids: list[str]) -> None:
    assert await desk.ids(f"{STATUSES}?{query}") == ids


async def test_a_group_can_mix_the_three_targets(desk: Desk) -> None:
    query = (
        "filter[$op]=or&filter[0][booking_id]=305"
        "&filter[1][time_entry_id]=602&filter[2][expense_id]=711"
    )

    body = await desk.get(f"{STATUSES}?{query}")

    told = [one["attributes"]["target_type"] for one in body["data"]]
    assert sorted(told) == ["booking", "expense", "time_entry"]


async def test_a_filter_by_approver_does_not_find_roles(desk: Desk) -> None:
    named = await desk.count(f"{STATUSES}?filter[approver_id]=20")

    assert named == having(desk, approver_id="20")
    assert "5002" not in await desk.ids(
        f"{STATUSES}?filter[approver_id]=20&page[size]=200"
    )


@pytest.mark.parametrize(
    "query",
    [
        "filter[target_type]=booking",
        "filter[state]=pending",
        "filter[id][gt]=5001",
        "filter[id][near]=5001",
        "filter[id][eq][x]=5001",
        "filter[$op]=or&filter[0][status]=1",
        "filter[a][b]=1",
        "filter[id]=1&filter[id][eq]=2",
        "filter[id]=1&filter[id][]=2",
    ],
)
async def test_a_filter_that_is_not_offered_is_refused(desk: Desk, query: str) -> None:
    answer = await desk.send("GET", f"{STATUSES}?{query}")

    assert refusal(answer) == (400, ["filter_param_unsupported"])
    assert answer.json()["errors"][0]["source"] == {"parameter": "filter"}


@pytest.mark.parametrize(
    "path",
    [
        f"{STATUSES}?filter[id]=first",
        f"{STATUSES}?filter[id]=",
        f"{STATUSES}?filter[id]=5001,",
        f"{STATUSES}?filter[$op]=xor",
        "bookings?filter[approval_status]=4",
        "bookings?filter[canceled]=perhaps",
        "bookings?filter[after]=tomorrow",
        "bookings?filter[booking_type]=task",
        "time_entries?filter[status]=7",
        "expenses?filter[approval_status]=5",
        "expenses?filter[status]=3",
        "events?filter[absence_type]=holiday",
        "people?filter[person_type]=9",
    ],
)
async def test_a_bad_value_is_refused(desk: Desk, path: str) -> None:
    answer = await desk.send("GET", path)

    assert refusal(answer) == (400, ["filter_value_unsupported"])


async def test_lenient_filters_are_ignored_silently(desk: Desk) -> None:
    desk.switch(lenient_filters=True)

    ignored = await desk.count(f"{STATUSES}?filter[target_type]=booking")
    others = await desk.ids(f"{STATUSES}?filter[target_type]=expense&filter[id]=5001")
    in_group = await desk.ids(
        f"{STATUSES}?filter[$op]=or&filter[0][state]=1&filter[1][id]=5001"
    )
    value = await desk.send("GET", f"{STATUSES}?filter[id]=first")

    assert ignored == having(desk)
    assert others == in_group == ["5001"]
    assert refusal(value) == (400, ["filter_value_unsupported"])


async def test_one_resource_alone_can_be_lenient(desk: Desk) -> None:
    desk.switch(lenient_paths=("approval_statuses",))

    lenient = await desk.send("GET", f"{STATUSES}?filter[target_type]=booking")
    strict = await desk.send("GET", "bookings?filter[target_type]=booking")

    assert lenient.status_code == 200
    assert refusal(strict) == (400, ["filter_param_unsupported"])


async def test_a_known_filter_can_be_ignored(desk: Desk) -> None:
    desk.switch(ignored_filters=("booking_id",))

    plain = await desk.count(f"{STATUSES}?filter[booking_id]=301")
    group = await desk.count(
        f"{STATUSES}?filter[$op]=or&filter[0][booking_id]=301&filter[1][booking_id]=302"
    )
    others = await desk.ids(f"{STATUSES}?filter[booking_id]=302&filter[id]=5001")

    assert plain == group == having(desk)
    assert others == ["5001"]


async def test_a_comma_list_can_be_refused(desk: Desk) -> None:
    desk.switch(comma_filters="refused")

    answer = await desk.send("GET", f"{STATUSES}?filter[id]=5001,5002")
    single = await desk.ids(f"{STATUSES}?filter[id]=5001")
    repeated = await desk.ids(f"{STATUSES}?filter[id][]=5001&filter[id][]=5002")

    assert refusal(answer) == (400, ["filter_value_unsupported"])
    assert (single, repeated) == (["5001"], ["5001", "5002"])


async def test_of_a_comma_list_only_the_first_may_count(desk: Desk) -> None:
    desk.switch(comma_filters="first")

    assert await desk.ids(f"{STATUSES}?filter[id]=5002,5001") == ["5002"]
    assert await desk.ids(f"{STATUSES}?filter[id][]=5001&filter[id][]=5002") == [
        "5001",
        "5002",
    ]


@pytest.mark.parametrize("form", ["refused", "first"])
async def test_a_filter_that_is_tagged_as_an_array_takes_commas(
    desk: Desk, form: str
) -> None:
    before = await desk.count("time_entries?filter[person_id]=12,20")
    statuses = await desk.count("bookings?filter[approval_status]=1,3")
    desk.switch(comma_filters=form)

    assert await desk.count("time_entries?filter[person_id]=12,20") == before
    assert await desk.count("bookings?filter[approval_status]=1,3") == statuses


async def test_a_filter_by_id_takes_two_hundred_ids(desk: Desk) -> None:
    ids = [str(number) for number in range(5001, 5201)]

    found = await desk.ids(f"{STATUSES}?filter[id]={','.join(ids)}&page[size]=200")

    known = [one for one in ids if one in desk.simulator.state.statuses]
    here = [
        one
        for one in known
        if desk.simulator.state.statuses[one].organization_id == "900"
    ]
    assert found == here
