"""What the public text contradicts itself in: each row of table 0.1, in both forms.

C11, the repetitions of webhooks, is the receiver's.
"""

from collections.abc import Callable
from typing import Any

import pytest

from gateway.connector import Account, Probe
from gateway.providers.productive.connector import ProductiveConnector
from gateway.providers.productive.simulator import ProductiveSimulator
from gateway.providers.productive.simulator.directory import SERVICE
from tests.providers.productive.calls import (
    BOOKINGS,
    MEMBERSHIPS,
    POLICIES,
    STATUSES,
    TARGETS,
    Row,
    answers,
    graph_id,
    problem,
)
from tests.providers.productive.reading import (
    connect,
    ids,
    matching,
    read_page,
    rows_of,
)
from tests.support import Client, FakeTime, RecordingTransport, writes

Switch = Callable[..., None]

THERE = "there is one; the gateway decides on approval statuses"
ABSENT = "absent; approval statuses are decided one by one"
UNAPPROVE, REJECT, BULK = (
    "unapprove a booking",
    "reject an expense itself",
    "approve in bulk",
)
WELL = [
    Probe(
        name="owner of the token",
        ok=True,
        detail=f"person {SERVICE}; reads for callers without a token of their own, and "
        "decides nothing",
    ),
    Probe(name="many by id", ok=True, detail="200 objects by id in one call"),
    Probe(name="pending bookings", ok=True, detail="the filter gives those that wait"),
    Probe(name="unknown filter", ok=True, detail="refused"),
    Probe(
        name="workflows as a list",
        ok=None,
        detail="absent; they come with approval statuses",
    ),
    Probe(
        name="policies by id",
        ok=True,
        detail="taken; the list is read whole all the same",
    ),
    Probe(name="people by type", ok=True, detail="numbers are taken"),
    Probe(name="policy assignments", ok=True, detail="the first is of a person"),
    Probe(name=UNAPPROVE, ok=None, detail=ABSENT),
    Probe(name=REJECT, ok=True, detail=THERE),
    Probe(name=BULK, ok=None, detail=ABSENT),
]
IGNORED = Probe(
    name="unknown filter",
    ok=None,
    detail="ignored in silence; every row is checked against what was asked",
)
READ = """
query ($ids: [ID!]!) {
  nodes(ids: $ids) {
    __typename
    ... on Policy { name isActive }
    ... on ApprovalWorkflow {
      requirement dynamicApproverTypes approvers { displayName } policy { name }
    }
    ... on ApprovalStatus {
      state workflow { requirement policy { name } } target { title approvalState }
    }
    ... on Approvable { title approvalState approvalStatuses { state } viewerActions }
  }
}
"""
KEYS = [
    *(graph_id("Policy", one) for one in ("71", "75", "79", "1")),
    *(graph_id("ApprovalWorkflow", one) for one in ("31", "44", "1")),
    *(graph_id("ApprovalStatus", one) for one in ("5001", "5002")),
    *(graph_id("Booking", one) for one in ("302", "305")),
    *(graph_id("TimeEntry", one) for one in ("603", "611")),
    *(graph_id("Expense", one) for one in ("702", "707")),
]

# How many of these each person sees.
SEEN = {"controller": 11, "auditor": 12, "accountant": 5}


@pytest.fixture
def connector(account: Account, time: FakeTime) -> ProductiveConnector:
    return connect(account, time)


def but(*rows: Probe) -> list[Probe]:
    """Return the rows of an organization that is well, with others in their place."""
    others = {row.name: row for row in rows}
    return [others.get(row.name, row) for row in WELL]


def kept(simulator: ProductiveSimulator) -> str:
    """Return everything that can be approved, and what is said of it."""
    state = simulator.state
    targets = [state.bookings, state.time_entries, state.expenses]
    rules = [state.policies, state.workflows, state.assignments]
    return repr([targets, rules, state.statuses])


async def test_an_organization_that_is_well_has_these_rows_and_is_left_as_it_is(
    connector: ProductiveConnector,
    productive: RecordingTransport,
    productive_simulator: ProductiveSimulator,
) -> None:
    before = kept(productive_simulator)

    rows = await connector.probe()

    assert rows == WELL
    assert kept(productive_simulator) == before
    assert productive.calls == [
        MEMBERSHIPS,
        # Two of them, and these by their ids.
        STATUSES,
        STATUSES,
        *TARGETS,
        BOOKINGS,
        "GET /approval_workflows",
        POLICIES,
        "GET /people",
        "GET /approval_policy_assignments",
        "PATCH /bookings/0/unapprove",
        "PATCH /expenses/0/reject",
        "PATCH /approval_statuses/approve",
    ]
    bulk = productive.requests[-1].headers
    assert bulk["accept"] == "application/vnd.api+json; ext=bulk"
    assert bulk["content-type"] == "application/vnd.api+json; ext=bulk"


@pytest.mark.parametrize(
    ("switches", "rows"),
    [
        pytest.param({"lenient_filters": True}, [IGNORED], id="C1"),
        pytest.param(
            {"ignored_filters": ("no_such_filter",)}, [IGNORED], id="C1, here"
        ),
        pytest.param(
            {"bookings_unapprove": True},
            [Probe(name=UNAPPROVE, ok=True, detail=THERE)],
            id="C3",
        ),
        pytest.param(
            {"expense_reject": False},
            [Probe(name=REJECT, ok=None, detail=ABSENT)],
            id="C4",
        ),
        pytest.param(
            {"workflow_list": True},
            [Probe(name="workflows as a list", ok=True, detail="there is one")],
            id="C5",
        ),
        pytest.param(
            {"policy_id_filter": False},
            [
                Probe(
                    name="policies by id",
                    ok=None,
                    detail="refused; the list is read whole",
                )
            ],
            id="C6",
        ),
        pytest.param(
            {"policy_id_filter": False, "lenient_paths": ("approval_policies",)},
            [
                Probe(
                    name="policies by id",
                    ok=None,
                    detail="ignored; the list is read whole",
                )
            ],
            id="C6, C1",
        ),
        pytest.param(
            {"bulk_status_approve": True},
            [Probe(name=BULK, ok=True, detail=THERE)],
            id="C7",
        ),
        pytest.param({"assignment_target_type": "title"}, [], id="C8"),
        pytest.param({"expense_status_filter": "approval"}, [], id="C9"),
        pytest.param({"person_type_filter": "number"}, [], id="C10, numbers"),
        pytest.param(
            {"person_type_filter": "word"},
            [
                Probe(
                    name="people by type",
                    ok=None,
                    detail="numbers are refused; the gateway asks for none",
                )
            ],
            id="C10, words",
        ),
        pytest.param(
            {"ignored_filters": ("approval_status",)},
            [
                Probe(
                    name="pending bookings",
                    ok=None,
                    detail="not seen to be filtered; the latest are looked through",
                )
            ],
            id="pending bookings",
        ),
    ],
)
@pytest.mark.parametrize("error_form", ["live", "documented"])
async def test_the_doctor_tells_which_form_it_is_in_both_forms_of_errors(
    connector: ProductiveConnector,
    productive_simulator: ProductiveSimulator,
    switch_productive: Switch,
    switches: Row,
    rows: list[Probe],
    error_form: str,
) -> None:
    """C2: what a problem means is told by the HTTP status and the title alone."""
    switch_productive(error_form=error_form, **switches)
    before = kept(productive_simulator)

    assert await connector.probe() == but(*rows)
    assert kept(productive_simulator) == before


@pytest.mark.parametrize("spelling", ["lower", "title"])
@pytest.mark.parametrize(
    ("column", "word"), [("person_id", "quote"), ("deal_id", "person")]
)
async def test_either_spelling_of_what_a_policy_is_for_is_known(
    connector: ProductiveConnector,
    productive_simulator: ProductiveSimulator,
    switch_productive: Switch,
    spelling: str,
    column: str,
    word: str,
) -> None:
    """C8: `Person`, `Quote` in the text, `person` in the example."""
    switch_productive(assignment_target_type=spelling)
    assignments = productive_simulator.state.assignments
    for one in list(assignments.values()):
        if getattr(one, column) is not None:
            del assignments[one.id]

    rows = {row.name: row.detail for row in await connector.probe()}

    assert rows["policy assignments"] == f"the first is of a {word}"


@pytest.mark.parametrize("person", SEEN)
@pytest.mark.parametrize(
    "switches",
    [
        {"lenient_filters": True},
        {"error_form": "documented"},
        {"bookings_unapprove": True},
        {"expense_reject": False},
        {"workflow_list": True},
        {"policy_id_filter": False},
        {"bulk_status_approve": True},
        {"assignment_target_type": "title"},
        {"expense_status_filter": "approval"},
        {"person_type_filter": "number"},
        {"person_type_filter": "word"},
    ],
    ids=str,
)
async def test_reading_works_alike_in_both_forms(
    client: Client,
    time: FakeTime,
    switch_productive: Switch,
    switches: Row,
    person: str,
) -> None:
    nodes = await client.execute(READ, {"ids": KEYS}, person=person)
    inbox = await client.run("Inbox", {"first": 100}, person=person)
    listed = await client.run("ApprovalStatuses", {"first": 100}, person=person)
    assert sum(one is not None for one in nodes["data"]["nodes"]) == SEEN[person]
    for one in (nodes, inbox, listed):
        assert "errors" not in one

    # What was seen to work is believed for an hour.
    time.advance(3_600)
    switch_productive(**switches)

    assert await client.execute(READ, {"ids": KEYS}, person=person) == nodes
    again = await client.run("Inbox", {"first": 100}, person=person)
    assert again["data"]["viewer"]["approvals"] == inbox["data"]["viewer"]["approvals"]
    assert listed == await client.run("ApprovalStatuses", {"first": 100}, person=person)


class TestIgnoredFilters:
    """C1: every row that comes is held against the keys that were asked for."""

    FILTERS: tuple[tuple[str, Row], ...] = (
        ("id", {"sourceIds": ["5001", "5400"]}),
        ("approval_workflow_id", {"workflowSourceIds": ["31"]}),
        ("approver_id", {"approverSourceIds": ["21"]}),
        ("actual_approver_id", {"actualApproverSourceIds": ["22", "24"]}),
        ("booking_id", {"bookingSourceIds": ["301"]}),
        ("time_entry_id", {"timeEntrySourceIds": ["601", "603"]}),
        ("expense_id", {"expenseSourceIds": ["701"]}),
    )

    @pytest.mark.parametrize("first", [1, 100])
    @pytest.mark.parametrize(("name", "wanted"), FILTERS)
    async def test_a_list_shows_no_foreign_row_and_lacks_none(
        self,
        client: Client,
        productive_simulator: ProductiveSimulator,
        switch_productive: Switch,
        name: str,
        wanted: Row,
        first: int,
    ) -> None:
        switch_productive(ignored_filters=(name,))
        expected = matching(productive_simulator.state, wanted)
        assert 0 < len(expected) < len(rows_of(productive_simulator.state))

        found = await read_page(client, first, filter=wanted)

        assert ids([found["edges"]]) == expected[:first]
        assert found["totalCount"] in {None, len(expected)}
        assert found["pageInfo"]["hasNextPage"] is (len(expected) > first)

    @pytest.mark.parametrize("wanted", [one for _, one in FILTERS], ids=str)
    async def test_a_filter_that_is_not_offered_is_a_fault_and_not_an_empty_list(
        self,
        client: Client,
        productive: RecordingTransport,
        wanted: Row,
    ) -> None:
        """C1, strict: 400 is nothing that the caller could mend."""
        productive.interceptors[STATUSES] = answers(
            400, problem("filter_param_unsupported", "Unsupported Filter")
        )

        body: Any = await client.run(
            "ApprovalStatuses", {"filter": wanted}, person="auditor"
        )

        assert body["data"]["approvalStatuses"]["edges"] is None
        codes = {one["extensions"]["code"] for one in body["errors"]}
        assert codes == {"UPSTREAM_RESPONSE_INVALID"}


async def test_nothing_that_was_read_here_wrote(
    client: Client, productive: RecordingTransport
) -> None:
    await client.execute(READ, {"ids": KEYS})
    await client.run("Inbox", {"first": 100})

    assert writes(productive) == []
