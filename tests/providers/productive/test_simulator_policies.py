"""Policies, assignments, workflows and events (4, 5)."""

from typing import Any

import pytest

from tests.providers.productive.simulator_support import NOW, Desk, refusal, sample

WORKFLOW: dict[str, Any] = {
    "event_id": 49,
    "approval_policy_id": 71,
    "target_type_id": 1,
}
LEAVE: dict[str, Any] = {
    "person_id": 12,
    "started_on": "2026-12-07",
    "ended_on": "2026-12-11",
}


@pytest.fixture
def desk() -> Desk:
    return Desk()


def pointers(answer: Any) -> list[str]:
    assert answer.status_code == 422
    return [
        error["source"]["pointer"].removeprefix("data/attributes/")
        for error in answer.json()["errors"]
    ]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("", ["71", "72", "73", "74", "75", "76", "77", "78"]),
        ("filter[status]=1&filter[type_id]=1", ["71", "74"]),
        ("filter[status]=2", ["75"]),
        ("filter[type_id]=3", ["76"]),
        ("filter[type_id]=2,3", ["72", "73", "76", "77", "78"]),
        ("filter[custom]=true", []),
        ("filter[custom]=false&filter[id]=71", ["71"]),
        ("filter[id]=71,75", ["71", "75"]),
    ],
)
async def test_policies_are_filtered(desk: Desk, query: str, ids: list[str]) -> None:
    assert await desk.ids(f"approval_policies?{query}", "clerk") == ids


@pytest.mark.parametrize("path", ["approval_policies", "approval_policy_assignments"])
async def test_the_filter_by_id_may_be_missing(desk: Desk, path: str) -> None:
    desk.switch(policy_id_filter=False)

    strict = await desk.send("GET", f"{path}?filter[id]=71")
    desk.switch(lenient_filters=True)
    lenient = await desk.count(f"{path}?filter[id]=71")

    assert refusal(strict) == (400, ["filter_param_unsupported"])
    assert lenient == await desk.count(path) > 1


async def test_a_policy_is_made_edited_archived_and_restored(desk: Desk) -> None:
    made = await desk.make("approval_policies", type_id=1, name="New", default=True)
    path = f"approval_policies/{made.json()['data']['id']}"
    edited = await desk.act(path, None, name="Newer", custom=True)
    archived = await desk.act(f"{path}/archive", None)
    again = await desk.act(f"{path}/archive", None)
    restored = await desk.act(f"{path}/restore", None)
    active = await desk.act(f"{path}/restore", None)

    assert made.status_code == 201
    assert edited.json()["data"]["attributes"] == {
        "name": "Newer",
        "custom": True,
        "default": True,
        "description": None,
        "type_id": 1,
        "archived_at": None,
    }
    assert archived.json()["data"]["attributes"]["archived_at"] == NOW
    assert restored.json()["data"]["attributes"]["archived_at"] is None
    assert refusal(again) == (409, ["approval_policy_already_archived"])
    assert refusal(active) == (409, ["approval_policy_already_active"])


@pytest.mark.parametrize("type_id", [None, 0, 4, "absence"])
async def test_a_policy_needs_its_type(desk: Desk, type_id: object) -> None:
    answer = await desk.make("approval_policies", name="New", type_id=type_id)

    assert pointers(answer) == ["type_id"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "approval_policies"),
        ("PATCH", "approval_policies/71"),
        ("PATCH", "approval_policies/71/archive"),
        ("PATCH", "approval_policies/75/restore"),
        ("POST", "approval_policy_assignments"),
        ("PATCH", "approval_policy_assignments/81"),
        ("DELETE", "approval_policy_assignments/81"),
        ("POST", "approval_workflows"),
        ("PATCH", "approval_workflows/31"),
        ("DELETE", "approval_workflows/31"),
        ("POST", "events"),
        ("PATCH", "events/44"),
        ("PATCH", "events/44/archive"),
        ("DELETE", "events/44"),
        ("POST", "webhooks"),
        ("DELETE", "webhooks/1"),
    ],
)
async def test_only_admins_administer(desk: Desk, method: str, path: str) -> None:
    answer = await desk.send(method, path, body={"data": {}})

    assert refusal(answer) == (403, ["access_denied"])


async def test_existing_rows_survive_the_policy(desk: Desk) -> None:
    before = [row.id for row in desk.booking_rows("303")]

    await desk.act("approval_policies/71/archive", None)
    await desk.send("DELETE", "approval_policy_assignments/81", None)
    await desk.send("DELETE", "approval_workflows/34", None)

    assert [row.id for row in desk.booking_rows("303")] == before
    made = await desk.make("bookings", "clerk", event_id=47, **LEAVE)
    assert made.json()["data"]["attributes"]["approved"] is True


@pytest.mark.parametrize(
    ("form", "words"), [("lower", ["person", "quote"]), ("title", ["Person", "Quote"])]
)
async def test_the_target_type_has_two_spellings(
    desk: Desk, form: str, words: list[str]
) -> None:
    desk.switch(assignment_target_type=form)

    body = await desk.get("approval_policy_assignments?filter[id]=81,101")
    by_lower = await desk.count("approval_policy_assignments?filter[target_type]=quote")
    by_title = await desk.count("approval_policy_assignments?filter[target_type]=Quote")

    assert [one["attributes"]["target_type"] for one in body["data"]] == words
    assert by_lower == by_title == 5


async def test_assignments_are_found_by_person(desk: Desk) -> None:
    path = "approval_policy_assignments?filter[target_type]=person"

    body = await desk.get(
        f"{path}&filter[target_id]=12,11&include=approval_policy,person,deal"
    )

    told = [one["relationships"] for one in body["data"]]
    assert [one["person"]["data"]["id"] for one in told] == ["12", "11"]
    assert [one["approval_policy"]["data"]["id"] for one in told] == ["71", "71"]
    assert [one["deal"] for one in told] == [{"data": None}, {"data": None}]


@pytest.mark.parametrize(
    ("word", "relation", "type_name", "one_id"),
    [
        ("person", "person", "people", "36"),
        ("Person", "person", "people", "36"),
        ("Quote", "deal", "deals", "523"),
        ("quote", "deal", "deals", "523"),
    ],
)
async def test_a_target_has_one_policy(
    desk: Desk, word: str, relation: str, type_name: str, one_id: str
) -> None:
    body = {
        "data": {
            "attributes": {"target_type": word},
            "relationships": {
                "approval_policy": {"data": {"type": "approval_policies", "id": "74"}},
                relation: {"data": {"type": type_name, "id": one_id}},
            },
        }
    }
    path = f"approval_policy_assignments?include={relation}"

    first = await desk.send("POST", path, None, body=body)
    second = await desk.send("POST", path, None, body=body)

    told = first.json()["data"]
    assert first.status_code == 201
    assert told["relationships"][relation]["data"]["id"] == one_id
    assert pointers(second) == ["target_id"]


@pytest.mark.parametrize(
    ("attributes", "wrong"),
    [
        ({}, ["target_type", "approval_policy_id"]),
        ({"target_type": "person", "approval_policy_id": 71}, ["target_id"]),
        ({"target_type": "deal", "approval_policy_id": 72}, ["target_id"]),
        (
            {"target_type": "team", "approval_policy_id": 71},
            ["target_type"],
        ),
        (
            {"target_type": "person", "approval_policy_id": 999, "person_id": 36},
            ["approval_policy_id"],
        ),
    ],
)
async def test_an_assignment_needs_target_and_policy(
    desk: Desk, attributes: dict[str, Any], wrong: list[str]
) -> None:
    answer = await desk.make("approval_policy_assignments", **attributes)

    assert pointers(answer) == wrong


async def test_an_assignment_gets_another_policy(desk: Desk) -> None:
    path = "approval_policy_assignments/81"
    answer = await desk.act(
        f"{path}?include=approval_policy", None, approval_policy_id=74
    )
    taken = await desk.act(path, None, person_id=11)
    deleted = await desk.send("DELETE", path, None)

    assert [one["id"] for one in answer.json()["included"]] == ["74"]
    assert pointers(taken) == ["target_id"]
    assert deleted.status_code == 204
    assert (await desk.send("GET", path, None)).status_code == 404


async def test_workflows_are_listed_only_where_the_service_can(desk: Desk) -> None:
    absent = await desk.send("GET", "approval_workflows")
    desk.switch(workflow_list=True)

    assert refusal(absent) == (404, ["route_not_found"])
    assert await desk.ids("approval_workflows?filter[id]=31,33") == ["31", "33"]
    found = "filter[approval_policy_id]=71,74&filter[event_id]=44"
    assert await desk.ids(f"approval_workflows?{found}") == ["31", "36"]


async def test_a_workflow_is_made_edited_and_deleted(desk: Desk) -> None:
    made = await desk.make(
        "approval_workflows",
        **WORKFLOW,
        approval_requirement_id=2,
        approver_ids=[20],
        subscriber_ids=["22"],
    )
    path = f"approval_workflows/{made.json()['data']['id']}"
    edited = await desk.act(
        f"{path}?include=event,subscribers",
        None,
        approval_requirement_id=3,
        dynamic_approver_ids=[1],
    )
    deleted = await desk.send("DELETE", path, None)

    told = edited.json()["data"]
    assert made.status_code == 201
    assert told["attributes"]["approval_requirement_id"] == 3
    assert told["attributes"]["dynamic_approver_ids"] == [1]
    assert told["relationships"]["approvers"]["data"] == [
        {"type": "people", "id": "20"}
    ]
    assert [one["id"] for one in edited.json()["included"]] == ["49", "22"]
    assert deleted.status_code == 204
    assert (await desk.send("GET", path)).status_code == 404


@pytest.mark.parametrize(
    ("attributes", "wrong"),
    [
        (
            {},
            [
                "event_id",
                "approval_policy_id",
                "target_type_id",
                "approval_requirement_id",
            ],
        ),
        (WORKFLOW | {"approval_requirement_id": 2}, ["approver_ids"]),
        (WORKFLOW | {"approval_requirement_id": 3}, ["approver_ids"]),
        (
            WORKFLOW | {"approval_requirement_id": 4},
            ["approval_requirement_id"],
        ),
        (
            WORKFLOW | {"approval_requirement_id": 1, "event_id": 44},
            ["event_id"],
        ),
        (
            WORKFLOW | {"approval_requirement_id": 1, "event_id": None},
            ["event_id"],
        ),
        (
            WORKFLOW | {"approval_requirement_id": 2, "approver_ids": [999]},
            ["approver_ids"],
        ),
        (
            WORKFLOW | {"approval_requirement_id": 2, "approver_ids": 20},
            ["approver_ids"],
        ),
        (
            WORKFLOW | {"approval_requirement_id": 2, "dynamic_approver_ids": 1},
            ["dynamic_approver_ids"],
        ),
    ],
)
async def test_a_wrong_workflow_is_refused(
    desk: Desk, attributes: dict[str, Any], wrong: list[str]
) -> None:
    before = len(desk.simulator.state.workflows)

    answer = await desk.make("approval_workflows", **attributes)

    assert pointers(answer) == wrong
    assert len(desk.simulator.state.workflows) == before


async def test_the_documented_workflow_exists_already(desk: Desk) -> None:
    answer = await desk.send(
        "POST", "approval_workflows", None, body=sample("workflow_body")
    )

    assert pointers(answer) == ["event_id"]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("", ["44", "45", "46", "47", "48", "49"]),
        ("filter[status]=2", ["49"]),
        ("filter[absence_type]=remote_work", ["46"]),
        ("filter[name]=Vacation", ["44"]),
        ("filter[name][contains]=leave", ["45", "47", "48"]),
        ("filter[limited]=true", []),
        ("filter[limitation_type]=1&filter[id]=44,45", ["44", "45"]),
    ],
)
async def test_events_are_filtered(desk: Desk, query: str, ids: list[str]) -> None:
    assert await desk.ids(f"events?{query}", "clerk") == ids


async def test_an_event_is_made_edited_archived_and_deleted(desk: Desk) -> None:
    made = await desk.make("events", name="Study", absence_type="time_off", color_id=7)
    path = f"events/{made.json()['data']['id']}"
    edited = await desk.act(path, None, name="Studies", half_day_bookings=False)
    archived = await desk.act(f"{path}/archive", None)
    again = await desk.act(f"{path}/archive", None)
    deleted = await desk.send("DELETE", path, None)
    used = await desk.send("DELETE", "events/44", None)
    unnamed = await desk.make("events", absence_type="holiday")

    assert made.status_code == 201
    assert edited.json()["data"]["attributes"] == {
        "name": "Studies",
        "event_type_id": 1,
        "color_id": 7,
        "icon_id": 1,
        "limitation_type_id": 1,
        "half_day_bookings": False,
        "absence_type": "time_off",
        "sync_personal_integrations": False,
        "archived_at": None,
    }
    assert archived.json()["data"]["attributes"]["archived_at"] == NOW
    assert refusal(again) == (409, ["event_already_archived"])
    assert deleted.status_code == 204
    assert refusal(used) == (409, ["event_in_use"])
    assert pointers(unnamed) == ["absence_type", "name"]
