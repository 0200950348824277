"""Pages, includes, sparse fields, sorts, and what is refused (2.1 to 2.3, 2.5)."""

from typing import Any

import pytest

from tests.providers.productive.simulator_support import ORIGIN, Desk, refusal

NOT_INCLUDED = {"meta": {"included": False}}


@pytest.fixture
def desk() -> Desk:
    return Desk()


def meta(**changes: int) -> dict[str, int]:
    return {
        "current_page": 1,
        "total_pages": 1,
        "total_count": 31,
        "page_size": 30,
        "max_page_size": 200,
    } | changes


async def test_a_page_has_thirty_rows_by_id(desk: Desk) -> None:
    body = await desk.get("people")

    ids = [one["id"] for one in body["data"]]
    assert ids == [str(number) for number in range(10, 40)]
    assert body["meta"] == meta(total_pages=2)


async def test_the_second_page_has_the_rest(desk: Desk) -> None:
    body = await desk.get("people?page[number]=2")

    assert [one["id"] for one in body["data"]] == ["40"]
    assert body["meta"] == meta(total_pages=2, current_page=2)


async def test_a_page_beyond_the_end_is_empty(desk: Desk) -> None:
    body = await desk.get("people?page[number]=3")

    assert body["data"] == []
    assert body["meta"] == meta(total_pages=2, current_page=3)


async def test_links_lead_to_the_other_pages(desk: Desk) -> None:
    def link(number: int) -> str:
        page = f"page%5Bnumber%5D={number}&page%5Bsize%5D=10"
        return f"{ORIGIN}/productive/api/v2/people?{page}"

    first = await desk.get("people?page[size]=10")
    second = await desk.get("people?page[size]=10&page[number]=2")
    last = await desk.get("people?page[size]=10&page[number]=4")

    ends = {"first": link(1), "last": link(4)}
    assert first["links"] == ends | {"next": link(2)}
    assert second["links"] == ends | {"prev": link(1), "next": link(3)}
    assert last["links"] == ends | {"prev": link(3)}


@pytest.mark.parametrize(
    ("query", "size"),
    [
        ("page[size]=200", 200),
        ("page[size]=201", 200),
        ("page[size]=5000", 200),
        ("per_page=7", 7),
        ("page[size]=4&per_page=7", 4),
        ("page[size]=0", 30),
        ("page[size]=many", 30),
        ("page[number]=0", 30),
    ],
)
async def test_the_size_of_a_page_is_clamped(desk: Desk, query: str, size: int) -> None:
    body = await desk.get(f"people?{query}")

    assert body["meta"]["page_size"] == size
    assert body["meta"]["current_page"] == 1
    assert len(body["data"]) == min(size, 31)


async def test_the_pages_of_all_statuses_hold_each_once(desk: Desk) -> None:
    pages = [
        await desk.get(f"approval_statuses?page[size]=200&page[number]={number}")
        for number in (1, 2, 3)
    ]

    ids = [int(one["id"]) for page in pages for one in page["data"]]
    assert [len(page["data"]) for page in pages] == [200, 200, len(ids) - 400]
    assert ids == sorted(set(ids))
    assert len(ids) == pages[0]["meta"]["total_count"] > 400


async def test_a_relationship_that_is_not_included_has_no_id(desk: Desk) -> None:
    body = await desk.get("approval_statuses/5002")

    assert body["data"]["relationships"] == {
        "organization": {"data": {"type": "organizations", "id": "900"}},
        **dict.fromkeys(
            (
                "approver",
                "actual_approver",
                "approval_workflow",
                "booking",
                "time_entry",
                "expense",
            ),
            NOT_INCLUDED,
        ),
    }
    assert "included" not in body


async def test_an_included_relationship_may_be_empty(desk: Desk) -> None:
    body = await desk.get("approval_statuses/5002?include=approver,booking,expense")

    told = body["data"]["relationships"]
    assert told["approver"] == told["expense"] == {"data": None}
    assert told["booking"] == {"data": {"type": "bookings", "id": "301"}}
    assert [one["id"] for one in body["included"]] == ["301"]


async def test_includes_go_deep(desk: Desk) -> None:
    body = await desk.get(
        "approval_statuses?filter[booking_id]=301"
        "&include=booking.person.manager,approval_workflow.approval_policy"
    )

    found = {(one["type"], one["id"]): one for one in body["included"]}
    assert set(found) == {
        ("bookings", "301"),
        ("people", "12"),
        ("people", "20"),
        ("approval_workflows", "31"),
        ("approval_policies", "71"),
    }
    clerk = found["people", "12"]["relationships"]
    assert clerk["manager"] == {"data": {"type": "people", "id": "20"}}
    assert found["people", "20"]["relationships"]["manager"] == NOT_INCLUDED


async def test_many_are_included_as_an_array(desk: Desk) -> None:
    body = await desk.get(
        "bookings?filter[id]=301&include=approval_statuses,approval_statuses.approver"
    )

    assert body["data"][0]["relationships"]["approval_statuses"] == {
        "data": [
            {"type": "approval_statuses", "id": "5001"},
            {"type": "approval_statuses", "id": "5002"},
        ]
    }
    assert [(one["type"], one["id"]) for one in body["included"]] == [
        ("approval_statuses", "5001"),
        ("people", "21"),
        ("approval_statuses", "5002"),
    ]


async def test_what_is_listed_is_not_included_again(desk: Desk) -> None:
    body = await desk.get("people?filter[id]=12,20&include=manager")

    assert [one["id"] for one in body["data"]] == ["12", "20"]
    assert [one["id"] for one in body["included"]] == ["23"]


@pytest.mark.parametrize(
    "path",
    [
        "approval_statuses?include=target",
        "approval_statuses?include=booking.budget",
        "approval_statuses/5001?include=booking.person.boss",
        "approval_policies?include=approval_workflows",
        "time_entries?include=service.deal",
    ],
)
async def test_an_include_that_is_not_offered_is_refused(desk: Desk, path: str) -> None:
    answer = await desk.send("GET", path)

    assert refusal(answer) == (400, ["include_param_unsupported"])
    assert answer.json()["errors"][0]["source"] == {"parameter": "include"}


async def test_sparse_fields_govern_attributes_and_relationships(desk: Desk) -> None:
    body = await desk.get(
        "approval_statuses?filter[id]=5001&include=booking"
        "&fields[approval_statuses]=note,booking,unknown&fields[bookings]=note"
    )

    assert body["data"] == [
        {
            "id": "5001",
            "type": "approval_statuses",
            "attributes": {"note": "fine"},
            "relationships": {"booking": {"data": {"type": "bookings", "id": "301"}}},
        }
    ]
    assert body["included"] == [
        {"id": "301", "type": "bookings", "attributes": {"note": "spring leave"}}
    ]


async def test_sparse_fields_do_not_touch_a_single_resource(desk: Desk) -> None:
    plain = await desk.get("bookings/301")

    assert await desk.get("bookings/301?fields[bookings]=note") == plain


async def test_a_sort_orders_rows(desk: Desk) -> None:
    page = "page[size]=200"
    upwards = await desk.get(f"bookings?sort=started_on&{page}")
    downwards = await desk.get(f"bookings?sort=-started_on&{page}")

    days = [one["attributes"]["started_on"] for one in upwards["data"]]
    assert days == sorted(days)
    assert [one["attributes"]["started_on"] for one in downwards["data"]] == days[::-1]


async def test_a_second_sort_orders_what_the_first_leaves(desk: Desk) -> None:
    body = await desk.get(
        "time_entries?sort=person_name,-date&page[size]=200&include=person"
    )

    names = {one["id"]: one["attributes"] for one in body["included"]}
    keys: list[tuple[Any, int]] = []
    for one in body["data"]:
        person = names[one["relationships"]["person"]["data"]["id"]]
        day = int(one["attributes"]["date"].replace("-", ""))
        keys.append(((person["first_name"], person["last_name"]), -day))
    assert keys == sorted(keys)


@pytest.mark.parametrize("sort", ["deal_name", "service_name", "updated_at", "date"])
async def test_time_entries_have_their_sorts(desk: Desk, sort: str) -> None:
    upwards = await desk.ids(f"time_entries?sort={sort}&page[size]=200")
    downwards = await desk.ids(f"time_entries?sort=-{sort}&page[size]=200")

    assert upwards != downwards
    assert sorted(upwards) == sorted(downwards)


@pytest.mark.parametrize(
    "path",
    ["approval_statuses?sort=id", "bookings?sort=ended_on", "expenses?sort=-date"],
)
async def test_a_sort_that_is_not_offered_is_refused(desk: Desk, path: str) -> None:
    answer = await desk.send("GET", path)

    error = answer.json()["errors"][0]
    assert refusal(answer) == (400, ["sort_param_unsupported"])
    assert error["status"] == "unprocessable_content"
    assert error["source"] == {"parameter": "sort"}


async def test_a_refused_sort_has_its_documented_form(desk: Desk) -> None:
    desk.switch(error_form="documented")

    answer = await desk.send("GET", "approval_statuses?sort=id")

    assert answer.json() == {
        "errors": [
            {
                "status": 400,
                "title": "Unsupported Sort",
                "detail": "Sort id is not supported",
                "source": {"parameter": "sort"},
            }
        ]
    }


async def test_rows_cannot_be_grouped(desk: Desk) -> None:
    answer = await desk.send("GET", "bookings?group=person")

    assert refusal(answer) == (400, ["group_param_unsupported"])


async def test_people_of_every_type_are_listed(desk: Desk) -> None:
    body = await desk.get("people?page[size]=200")

    told = [one["attributes"] for one in body["data"]]
    assert sorted({one["person_type"] for one in told}) == [1, 2, 3]
    assert [one["last_name"] for one in told if one["deactivated_at"]] == ["Petrov"]
    assert [one["last_name"] for one in told if one["role_id"] == 1] == [
        "Lund",
        "Service",
    ]


async def test_the_organization_can_be_included(desk: Desk) -> None:
    body = await desk.get("events/44?include=organization")

    assert body["included"] == [
        {
            "id": "900",
            "type": "organizations",
            "attributes": {"name": "Harbor Group"},
        }
    ]


async def test_the_company_and_the_policy_of_a_person_can_be_included(
    desk: Desk,
) -> None:
    path = "include=company,approval_policy_assignment.approval_policy,custom_role"
    contact = await desk.get(f"people/37?{path}")
    clerk = await desk.get(f"people/12?{path}")

    assert [one["attributes"]["name"] for one in contact["included"]] == [
        "Bayline Seafood"
    ]
    assert [one["id"] for one in clerk["included"]] == ["81", "71"]
    assert clerk["data"]["relationships"]["custom_role"] == {"data": None}
