"""What the tests of Productive's decisions share: an office, and what is said."""

import json
import pickle
from typing import Any

import httpx
import pytest
from msgspec import Struct

from gateway.providers.productive.simulator import ProductiveSimulator
from gateway.providers.productive.simulator.directory import (
    PERSONS,
    SERVICE_TOKEN,
)
from gateway.providers.productive.simulator.objects import (
    ApprovalStatus,
    Booking,
    Expense,
    Target,
    TimeEntry,
)
from gateway.providers.productive.simulator.rules import Rules
from tests.providers.productive.calls import graph_id, state_of
from tests.support import Client, FakeTime, RecordingTransport, writes

# The clock of the tests, in the offset that Productive tells times in.
NOW = "2026-11-02T19:00:00+01:00"
PERSON_IDS = {name: one.person_id for name, one in PERSONS.items()}
TOKENS = {one.token: name for name, one in PERSONS.items()}

BOTH = pytest.mark.parametrize("mutation", ["approve", "reject"])

PAYLOAD = """
    clientMutationId
    outcome
    approvable { __typename sourceId approvalState viewerActions }
    approvalStatus {
      sourceId
      state
      approvedAt
      rejectedAt
      note
      approver { sourceId }
      actualApprover { sourceId }
    }
    userErrors { code message field provider }
"""
TEXTS = {
    name: f"mutation ($input: {name.capitalize()}Input!) {{"
    f"\n  {name}(input: $input) {{{PAYLOAD}  }}\n}}"
    for name in ("approve", "reject")
}
OUTCOMES = {
    name: f"mutation ($input: {name.capitalize()}Input!)"
    f" {{ {name}(input: $input) {{ outcome userErrors {{ code }} }} }}"
    for name in ("approve", "reject")
}

DECIDE = """mutation ($input: DecideInput!) {
  decide(input: $input) {
    results { outcome userErrors { code message field provider } }
  }
}"""

UNCHANGED = "Nothing was changed."
NOT_YOURS = (
    "No open duty on it is yours. To decide on behalf of its approver, send the `id` "
    f"of one of its `approvalStatuses`. {UNCHANGED}"
)
UNCLEAR = (
    "An open duty on it is a role's, and Productive does not tell whose. If it is "
    f"yours, send the `id` of that one of its `approvalStatuses`. {UNCHANGED}"
)
NOT_LET = f"Productive does not let you decide this. {UNCHANGED}"
NOBODY = (
    "PRODUCTIVE records who decides, and this gateway has no credentials of yours for "
    "it; its operator can add them. Nothing was sent."
)
NO_TARGET = {
    type_name: f"There is no such {name} for this person. {UNCHANGED}"
    for type_name, name in (
        ("Booking", "booking"),
        ("TimeEntry", "time entry"),
        ("Expense", "expense"),
    )
}
NO_STATUS = (
    "There is no such approval status for this person; one that was taken back is "
    f"replaced by another. Read `approvalStatuses`. {UNCHANGED}"
)
NOT_TAKEN = (
    "Productive did not take this decision in the state that it is in; see "
    f"`approvalStatuses` of what it is about. {UNCHANGED}"
)


class Office(Struct, frozen=True):
    """The application over the simulators, and Productive from both of its sides."""

    client: Client
    productive: RecordingTransport
    simulator: ProductiveSimulator
    time: FakeTime

    def target(self, source_id: str) -> Target:
        """Return one of the targets with a meaning: its first digit tells its kind."""
        state = self.simulator.state
        tables: dict[str, dict[str, Any]] = {
            "3": state.bookings,
            "6": state.time_entries,
            "7": state.expenses,
        }
        found: Target = tables[source_id[0]][source_id]
        return found

    def id(self, source_id: str) -> str:
        return id_of(self.target(source_id))

    def rows(self, source_id: str) -> list[ApprovalStatus]:
        return self.simulator.state.rows(self.target(source_id))

    def row(self, source_id: str, place: int = 0) -> ApprovalStatus:
        return self.rows(source_id)[place]

    def status_id(self, source_id: str, place: int = 0) -> str:
        return graph_id("ApprovalStatus", self.row(source_id, place).id)

    def states(self, source_id: str) -> list[tuple[str, str | None]]:
        """Return how each duty on a target stands, and who decided it."""
        return [(state_of(row), row.actual_approver_id) for row in self.rows(source_id)]

    def act(
        self, verb: str, source_id: str, place: int, person: str, note: str | None
    ) -> None:
        """Decide on a duty in Productive itself, as a person who is at its screen."""
        state = self.simulator.state
        rules = Rules(state, self.simulator.switches, lambda *_: None)
        caller = state.people[PERSON_IDS[person]]
        now = self.time.instant
        decide = {"approve": rules.approve, "reject": rules.reject}[verb]
        decide(self.row(source_id, place), caller, note, now)

    def unapprove(self, source_id: str) -> None:
        """Undo an approval in Productive itself."""
        rules = Rules(self.simulator.state, self.simulator.switches, lambda *_: None)
        rules.unapprove(self.target(source_id), self.time.instant)

    def state(self) -> dict[str, Any]:
        """Return all that Productive holds, to be compared with what it holds later."""
        # Faster than a deep copy, and of the same types.
        state: dict[str, Any] = pickle.loads(pickle.dumps(vars(self.simulator.state)))  # noqa: S301 - our own
        return state

    def call(self, mutation: str, source_id: str, place: int = 0) -> str:
        """Return the name of the call that decides on a duty."""
        return f"PATCH /approval_statuses/{self.row(source_id, place).id}/{mutation}"

    def written(self) -> list[tuple[str, Any]]:
        """Return the writes that were sent, each with its body."""
        return [
            (call, json.loads(request.content))
            for call, request in zip(
                self.productive.calls, self.productive.requests, strict=True
            )
            if call in writes(self.productive)
        ]

    async def send(
        self, mutation: str, *, person: str | None = None, **members: Any
    ) -> dict[str, Any]:
        """Return the payload of one decision that answers without a fault."""
        body = await self.fail(mutation, person=person, **members)
        assert list(body) == ["data"], body
        payload: dict[str, Any] = body["data"][mutation]
        return payload

    async def decide(
        self, *decisions: dict[str, Any], person: str = "controller"
    ) -> list[dict[str, Any]]:
        """Return how each of several decisions ended that were sent at once."""
        variables = {"input": {"decisions": list(decisions)}}
        body = await self.client.execute(DECIDE, variables, person=person)
        assert list(body) == ["data"], body
        results: list[dict[str, Any]] = body["data"]["decide"]["results"]
        return results

    async def version(self, source_id: str, *, person: str = "controller") -> str:
        """Return the version of a target, as a person reads it."""
        text = "query ($id: ID!) { node(id: $id) { ... on Approvable { version } } }"
        variables = {"id": self.id(source_id)}
        body = await self.client.execute(text, variables, person=person)
        self.productive.clear()
        version: str = body["data"]["node"]["version"]
        return version

    async def fail(
        self, mutation: str, *, person: str | None = None, **members: Any
    ) -> dict[str, Any]:
        """Return the whole body of the answer to one decision."""
        return await self.client.execute(
            TEXTS[mutation], {"input": members}, person=person
        )


def id_of(target: Target) -> str:
    return graph_id(type_name_of(target), target.id)


def type_name_of(target: Target) -> str:
    names = {Booking: "Booking", TimeEntry: "TimeEntry", Expense: "Expense"}
    return names[type(target)]


def sent(row_id: str, note: str | None = None) -> dict[str, Any]:
    """Return the body of a decision (3.4)."""
    attributes = {} if note is None else {"attributes": {"note": note}}
    return {"data": {"type": "approval_statuses", "id": row_id, **attributes}}


def refusal(
    code: str, message: str, field: list[str] | None = None
) -> list[dict[str, Any]]:
    """Return the user errors of one refusal that is about Productive."""
    told = {"code": code, "message": message, "field": field, "provider": "PRODUCTIVE"}
    return [told]


def shown(
    target: Target, approval_state: str, actions: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Return a target as the documents ask for it."""
    return {
        "__typename": type_name_of(target),
        "sourceId": target.id,
        "approvalState": approval_state,
        "viewerActions": list(actions),
    }


def decided(
    row: ApprovalStatus, mutation: str, person_id: str, note: str | None
) -> dict[str, Any]:
    """Return a duty, decided now, as the documents ask for it."""
    is_approval = mutation == "approve"
    approver = None if row.approver_id is None else {"sourceId": row.approver_id}
    return {
        "sourceId": row.id,
        "state": "APPROVED" if is_approval else "REJECTED",
        "approvedAt": NOW if is_approval else None,
        "rejectedAt": None if is_approval else NOW,
        "note": note,
        "approver": approver,
        "actualApprover": {"sourceId": person_id},
    }


def payload(
    outcome: str, approvable: Any, status: Any, errors: Any = ()
) -> dict[str, Any]:
    return {
        "clientMutationId": None,
        "outcome": outcome,
        "approvable": approvable,
        "approvalStatus": status,
        "userErrors": list(errors),
    }


def fault_of(body: dict[str, Any]) -> dict[str, Any]:
    """Return the extensions of an answer's only error, without the request's id."""
    [error] = body["errors"]
    extensions = dict(error["extensions"])
    del extensions["requestId"]
    return extensions


def caller(request: httpx.Request) -> str:
    """Return whose token a call has; it must be of the one organization."""
    assert request.headers.get_list("x-organization-id") == ["900"]
    [token] = request.headers.get_list("x-auth-token")
    assert "authorization" not in request.headers
    return "gateway" if token == SERVICE_TOKEN else TOKENS[token]


def callers(productive: RecordingTransport) -> list[str]:
    return [caller(request) for request in productive.requests]


def applied(mutation: str) -> dict[str, Any]:
    return {"data": {mutation: {"outcome": "APPLIED", "userErrors": []}}}


def refused(mutation: str, code: str) -> dict[str, Any]:
    told = {"outcome": "REFUSED", "userErrors": [{"code": code}]}
    return {"data": {mutation: told}}


async def decide(
    client: Client, mutation: str, person: str, key: str, note: str | None = None
) -> dict[str, Any]:
    variables = {"input": {"id": key, "note": note}}
    return await client.execute(OUTCOMES[mutation], variables, person=person)
