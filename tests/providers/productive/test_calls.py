"""What reading approval statuses costs: the exact calls, and in how many rounds."""

import pytest

from gateway.providers.productive.simulator import ProductiveSimulator
from gateway.providers.productive.simulator.directory import CONTROLLER, MAIN
from gateway.settings import LimitSettings, Settings
from tests.providers.productive.calls import (
    AWAITS,
    BOOKINGS,
    ENTRIES,
    EXPENSES,
    MEMBERSHIPS,
    POLICIES,
    PROVEN_QUEUE,
    STATUSES,
    TARGETS,
    graph_id,
)
from tests.providers.productive.reading import (
    NODES,
    page,
    rows_of,
    status_includes,
    target_includes,
)
from tests.support import Client, RecordingTransport

WHOLE = """
query ($first: Int!, $actions: Boolean = false) {
  approvalStatuses(first: $first) {
    nodes {
      sourceId
      approver { displayName }
      actualApprover { displayName }
      workflow { requirement approvers { displayName } policy { name } }
      target {
        title
        progress { rule required approved rejected waitingOn { displayName } }
        approvalStatuses { sourceId }
        viewerActions @include(if: $actions)
      }
    }
  }
}
"""
ONE = "query ($id: ID!) { approvalStatus(id: $id) { sourceId target { title } } }"
BY_SOURCE = """
query ($id: ID!) {
  approvalStatusBySource(provider: PRODUCTIVE, sourceId: $id) {
    sourceId target { title }
  }
}
"""


def listed(params: dict[str, str]) -> list[str]:
    return params["filter[id]"].split(",")


async def test_the_operation_of_a_list_of_60_is_one_call(
    client: Client, productive: RecordingTransport
) -> None:
    body = await client.run("ApprovalStatuses", {"first": 60}, person="auditor")

    assert "errors" not in body
    assert len(body["data"]["approvalStatuses"]["edges"]) == 60
    assert productive.calls == [STATUSES]
    assert productive.rounds == 1
    assert productive.params(0) == {"include": status_includes(), **page(size=60)}


@pytest.mark.parametrize(
    ("first", "size"), [(1, 20), (19, 20), (20, 20), (21, 21), (100, 100)]
)
async def test_a_first_page_asks_for_no_more_rows_than_it_shows_but_20(
    client: Client, productive: RecordingTransport, first: int, size: int
) -> None:
    body = await client.run("ApprovalStatuses", {"first": first}, person="auditor")

    assert len(body["data"]["approvalStatuses"]["edges"]) == first
    assert productive.calls == [STATUSES]
    assert productive.params(0) == {"include": status_includes(), **page(size=size)}


async def test_the_progress_of_60_targets_is_one_more_call_for_each_kind(
    client: Client,
    productive: RecordingTransport,
    productive_simulator: ProductiveSimulator,
) -> None:
    body = await client.execute(WHOLE, {"first": 60}, person="auditor")

    assert "errors" not in body
    assert productive.calls == [STATUSES, *TARGETS]
    assert productive.rounds == 2
    shown = rows_of(productive_simulator.state)[:60]
    for at, kind, more in (
        (1, "booking", ["event"]),
        (2, "time_entry", []),
        (3, "expense", ["service"]),
    ):
        wanted = {one.target_id for one in shown if one.target_type == kind}
        assert productive.params(at) == {
            "filter[id]": ",".join(sorted(wanted, key=int)),
            "include": target_includes(*more),
            **page(),
        }


async def test_actions_of_60_targets_cost_who_calls_and_what_awaits_them_once(
    client: Client, productive: RecordingTransport
) -> None:
    variables = {"first": 60, "actions": True}

    first = await client.execute(WHOLE, variables)

    assert "errors" not in first
    awaited = [ENTRIES, EXPENSES] * 2
    assert productive.calls == [STATUSES, *TARGETS, MEMBERSHIPS, *awaited]
    assert productive.rounds == 4
    asked = [productive.params(at)[AWAITS] for at in range(5, 9)]
    # Nobody: whether it is filtered at all is proven once in an hour.
    assert asked == [CONTROLLER] * 2 + ["0"] * 2
    productive.clear()
    assert await client.execute(WHOLE, variables) == first
    assert sorted(productive.calls) == sorted([STATUSES, *TARGETS, ENTRIES, EXPENSES])


async def test_an_inbox_is_one_call_for_each_kind_once_its_filters_are_proven(
    client: Client, productive: RecordingTransport
) -> None:
    first = await client.run("Inbox", {"first": 100})

    assert "errors" not in first
    assert productive.calls == [MEMBERSHIPS, *PROVEN_QUEUE]
    assert productive.rounds == 2
    assert productive.params(0) == {
        "filter[organization_id]": MAIN,
        "include": "person",
        **page(),
    }
    assert productive.params(1) == {
        "filter[approval_status]": "2",
        "include": target_includes("event"),
        **page(),
    }
    for at, more in ((2, []), (3, ["service"])):
        assert productive.params(at) == {
            AWAITS: CONTROLLER,
            "include": target_includes(*more),
            **page(),
        }
        assert productive.params(at + 2) == {AWAITS: "0", **page(size=1)}

    productive.clear()
    again = await client.run("Inbox", {"first": 100})

    assert again["data"]["viewer"]["approvals"] == first["data"]["viewer"]["approvals"]
    assert productive.calls == TARGETS
    assert productive.rounds == 1


@pytest.mark.parametrize(
    ("document", "key"),
    [(ONE, graph_id("ApprovalStatus", "5001")), (BY_SOURCE, "5001")],
)
async def test_one_status_with_its_target_is_one_call(
    client: Client, productive: RecordingTransport, document: str, key: str
) -> None:
    body = await client.execute(document, {"id": key}, person="auditor")

    [found] = body["data"].values()
    assert found == {"sourceId": "5001", "target": {"title": "Vacation · Chloe Berg"}}
    assert productive.calls == [f"{STATUSES}/5001"]
    assert productive.params(0) == {"include": status_includes()}


@pytest.mark.parametrize("key", ["", "x", "5001x", "-1", "1" * 19, "5001,5002", "٣"])
async def test_what_can_be_no_id_costs_no_call(
    client: Client, productive: RecordingTransport, key: str
) -> None:
    body = await client.execute(BY_SOURCE, {"id": key}, person="auditor")

    assert body == {"data": {"approvalStatusBySource": None}}
    assert productive.calls == []


async def test_nodes_of_every_kind_are_one_call_for_each_but_workflows(
    client: Client, productive: RecordingTransport
) -> None:
    keys = [
        *(("ApprovalStatus", one) for one in ("5001", "5002")),
        *(("Booking", one) for one in ("301", "302")),
        *(("TimeEntry", one) for one in ("601", "602")),
        *(("Expense", one) for one in ("701", "702")),
        *(("ApprovalWorkflow", one) for one in ("31", "42")),
        *(("Policy", one) for one in ("71", "72")),
    ]
    ids = [graph_id(*key) for key in keys]

    body = await client.execute(NODES, {"ids": ids}, person="auditor")

    assert body == {
        "data": {
            "nodes": [
                {"__typename": type_name, "id": one}
                for (type_name, _), one in zip(keys, ids, strict=True)
            ]
        }
    }
    workflows = [f"GET /approval_workflows/{one}" for one in ("31", "42")]
    assert sorted(productive.calls) == sorted(
        [STATUSES, *TARGETS, POLICIES, *workflows]
    )
    assert productive.rounds == 1


async def test_a_target_of_two_nodes_is_read_once_with_its_duties(
    client: Client, productive: RecordingTransport
) -> None:
    document = """
    query ($id: ID!) {
      one: node(id: $id) { ... on Booking { progress { approved } } }
      two: node(id: $id) { ... on Booking { title approvalStatuses { sourceId } } }
    }
    """

    body = await client.execute(
        document, {"id": graph_id("Booking", "304")}, person="auditor"
    )

    assert body["data"]["one"] == {"progress": {"approved": 1}}
    assert productive.calls == [f"{BOOKINGS}/304"]


class TestMany:
    @pytest.fixture
    def settings(self) -> Settings:
        return Settings(limits=LimitSettings(first=1000))

    async def test_more_than_200_ids_are_asked_for_200_at_a_time(
        self,
        client: Client,
        productive: RecordingTransport,
        productive_simulator: ProductiveSimulator,
    ) -> None:
        rows = [one.id for one in rows_of(productive_simulator.state)]
        wanted = [graph_id("ApprovalStatus", one) for one in rows]
        assert len(wanted) == 477

        body = await client.execute(
            NODES, {"ids": [*reversed(wanted), wanted[0]]}, person="auditor"
        )

        found = [one["id"] for one in body["data"]["nodes"]]
        assert found == [*reversed(wanted), wanted[0]]
        assert productive.calls == [STATUSES] * 3
        assert productive.rounds == 1
        asked = [listed(productive.params(at)) for at in range(3)]
        assert asked == [rows[:200], rows[200:400], rows[400:]]

    async def test_a_page_of_477_with_all_that_it_shows_is_7_calls_in_4_rounds(
        self,
        client: Client,
        productive: RecordingTransport,
    ) -> None:
        body = await client.execute(WHOLE, {"first": 1000}, person="auditor")

        assert len(body["data"]["approvalStatuses"]["nodes"]) == 477
        assert productive.calls == [STATUSES] * 3 + TARGETS
        assert productive.rounds == 4

    async def test_an_address_is_kept_under_8_kilobytes(
        self, client: Client, productive: RecordingTransport
    ) -> None:
        ids = [graph_id("ApprovalStatus", str(10**17 + at)) for at in range(450)]

        await client.execute(NODES, {"ids": ids}, person="auditor")

        assert max(len(str(one.url)) for one in productive.requests) < 8_000
