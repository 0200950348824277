"""What the tests of Productive's reads share: documents, and lists computed apart."""

from collections.abc import Callable, Iterable
from typing import Any

from gateway.connector import Account
from gateway.providers.productive import PROVIDER
from gateway.providers.productive.connector import ProductiveConnector
from gateway.providers.productive.simulator import roles
from gateway.providers.productive.simulator.directory import APPROVER, MAIN
from gateway.providers.productive.simulator.objects import ApprovalStatus
from gateway.providers.productive.simulator.situations import BOOKING_EXAMPLE
from gateway.providers.productive.simulator.state import State
from gateway.sandbox import Sandbox
from gateway.upstream import Deadline
from tests.providers.productive.calls import Row, state_of
from tests.support import Client, FakeTime, RecordingTransport

BUSY_MESSAGE = "Productive takes no more calls for now."

LIST = """
query ($first: Int!, $after: String, $filter: ApprovalStatusFilter) {
  approvalStatuses(first: $first, after: $after, filter: $filter) {
    edges { cursor node { sourceId } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    totalCount
  }
}
"""
NODES = """
query ($ids: [ID!]!) {
  nodes(ids: $ids) { ... on Node { __typename id } }
}
"""
_DUTY = (
    "approver",
    "actual_approver",
    "approval_workflow",
    "approval_workflow.approval_policy",
    "approval_workflow.approvers",
)


def status_includes() -> str:
    """Return what is read with an approval status."""
    names = [*_DUTY, "booking", "time_entry", "expense"]
    names += ["booking.person", "booking.person.manager", "booking.event"]
    for kind in ("time_entry", "expense"):
        names += [f"{kind}.person", f"{kind}.person.manager"]
    return ",".join([*names, "expense.service"])


def target_includes(*more: str) -> str:
    """Return what is read with a target."""
    duties = [f"approval_statuses.{name}" for name in _DUTY]
    names = ["person", "person.manager", *more, "approval_statuses", *duties]
    return ",".join(names)


def page(number: int = 1, size: int = 200) -> Row:
    """Return the parameters of a page."""
    return {"page[number]": str(number), "page[size]": str(size)}


def open_account(
    sandbox: Sandbox,
    time: FakeTime,
    transport: RecordingTransport,
    *,
    person: str | None = None,
) -> Account:
    """Return the standing of the service account, or of a demo person."""
    own = {} if person is None else sandbox.credentials(PROVIDER, person)
    assert own is not None
    section = PROVIDER.settings.model_validate({**sandbox.settings(PROVIDER), **own})
    upstream = PROVIDER.open_upstream(section, time.clock, transport)
    return PROVIDER.open_account(section, upstream)


def connect(account: Account, time: FakeTime) -> ProductiveConnector:
    """Return a connector for one more request."""
    connector = account.connect(Deadline(25, time.clock))
    assert isinstance(connector, ProductiveConnector)
    return connector


def rows_of(state: State) -> list[ApprovalStatus]:
    """Return the rows of the main organization, by id."""
    rows = [one for one in state.statuses.values() if one.organization_id == MAIN]
    return sorted(rows, key=lambda one: int(one.id))


def seen_by(state: State, person_id: str, time: FakeTime) -> list[str]:
    """Return the ids of the rows that a person may see."""
    caller = state.people[person_id]
    return [
        one.id
        for one in rows_of(state)
        if roles.sees_row(state, caller, one, time.instant)
    ]


def matches(row: ApprovalStatus, wanted: Row) -> bool:
    """Return what the filter's description says, from the organization's own state."""

    def target(word: str) -> str | None:
        return row.target_id if row.target_type == word else None

    values: dict[str, str | None] = {
        "sourceIds": row.id,
        "workflowSourceIds": row.workflow_id,
        "approverSourceIds": row.approver_id,
        "actualApproverSourceIds": row.actual_approver_id,
        "bookingSourceIds": target("booking"),
        "timeEntrySourceIds": target("time_entry"),
        "expenseSourceIds": target("expense"),
        "states": state_of(row),
        "targetTypes": row.target_type.upper(),
    }
    return all(values[name] in to for name, to in wanted.items() if to is not None)


def matching(state: State, wanted: Row | None = None) -> list[str]:
    """Return the ids of the rows that pass a filter, in order."""
    return [one.id for one in rows_of(state) if matches(one, wanted or {})]


async def read_page(client: Client, first: int, **variables: Any) -> Row:
    """Return one page of approval statuses, as an admin sees them."""
    body = await client.execute(LIST, {"first": first, **variables}, person="auditor")
    assert "errors" not in body, body["errors"]
    connection: Row = body["data"]["approvalStatuses"]
    return connection


async def read_pages(
    client: Client,
    first: int,
    wanted: Row | None = None,
    between: Callable[[], None] = lambda: None,
) -> list[list[Row]]:
    """Return the edges of every page; *between* happens before each but the first."""
    pages: list[list[Row]] = []
    after = None
    while True:
        connection = await read_page(client, first, after=after, filter=wanted)
        info = connection["pageInfo"]
        edges = connection["edges"]
        pages.append(edges)
        assert info["hasPreviousPage"] == (after is not None)
        assert info["startCursor"] == (edges[0]["cursor"] if edges else None)
        assert info["endCursor"] == (edges[-1]["cursor"] if edges else after)
        if not info["hasNextPage"]:
            return pages
        assert len(edges) == first
        after = info["endCursor"]
        between()


def ids(pages: Iterable[Iterable[Row]]) -> list[str]:
    return [edge["node"]["sourceId"] for part in pages for edge in part]


def add_rows(state: State, count: int) -> list[str]:
    """Add rows to a booking until there are *count*; the ids of all."""
    for _ in range(count - len(rows_of(state))):
        new_id = state.next_id("approval_statuses")
        made = ApprovalStatus(
            id=new_id,
            organization_id=MAIN,
            target_type="booking",
            target_id=BOOKING_EXAMPLE,
            approver_id=APPROVER,
        )
        state.add_row(made)
    return [one.id for one in rows_of(state)]


def drop_row(state: State, row_id: str) -> None:
    """Take one row away, and from its target."""
    row = state.statuses.pop(row_id)
    state.rows(state.target(row)).remove(row)


def keep_rows(state: State, count: int) -> list[str]:
    """Leave the first *count* rows; the ids of all."""
    for row in rows_of(state)[count:]:
        drop_row(state, row.id)
    return [one.id for one in rows_of(state)]
