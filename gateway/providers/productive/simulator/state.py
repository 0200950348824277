"""Everything that the simulated service holds, and the ids that come next."""

from collections import Counter, defaultdict
from typing import Any

from gateway.providers.productive.simulator.objects import (
    ApprovalStatus,
    Assignment,
    Booking,
    Deal,
    Entity,
    Event,
    Expense,
    Named,
    Organization,
    Person,
    Policy,
    Project,
    Service,
    Target,
    TimeEntry,
    Webhook,
    WebhookLog,
    Workflow,
)

# Where the ids of a type start that are not fixed by the seeds.
_FIRST_IDS = {
    "bookings": 341,
    "time_entries": 631,
    "expenses": 731,
    "approval_statuses": 5001,
    "approval_policies": 101,
    "approval_policy_assignments": 201,
    "approval_workflows": 61,
    "events": 61,
    "webhooks": 11,
    "webhook_logs": 1,
}
_TARGET_TYPES = {
    "booking": "bookings",
    "time_entry": "time_entries",
    "expense": "expenses",
}

# Which member holds the objects of a JSON:API type.
_TABLES = {
    "organizations": "organizations",
    "organization_memberships": "people",
    "people": "people",
    "companies": "companies",
    "projects": "projects",
    "deals": "deals",
    "services": "services",
    "events": "events",
    "approval_policies": "policies",
    "approval_policy_assignments": "assignments",
    "approval_workflows": "workflows",
    "bookings": "bookings",
    "time_entries": "time_entries",
    "expenses": "expenses",
    "approval_statuses": "statuses",
    "webhooks": "webhooks",
    "webhook_logs": "webhook_logs",
}


class State:
    """The objects of all organizations, by type and id.

    Ids are deterministic: the same calls in the same order give the same ids.
    """

    def __init__(self) -> None:
        self.organizations: dict[str, Organization] = {}
        self.people: dict[str, Person] = {}
        self.companies: dict[str, Named] = {}
        self.projects: dict[str, Project] = {}
        self.deals: dict[str, Deal] = {}
        self.services: dict[str, Service] = {}
        self.events: dict[str, Event] = {}
        self.policies: dict[str, Policy] = {}
        self.assignments: dict[str, Assignment] = {}
        self.workflows: dict[str, Workflow] = {}
        self.bookings: dict[str, Booking] = {}
        self.time_entries: dict[str, TimeEntry] = {}
        self.expenses: dict[str, Expense] = {}
        self.statuses: dict[str, ApprovalStatus] = {}
        self.webhooks: dict[str, Webhook] = {}
        self.webhook_logs: dict[str, WebhookLog] = {}
        self._rows: defaultdict[tuple[str, str], list[ApprovalStatus]] = defaultdict(
            list
        )
        self._counts: Counter[str] = Counter()

    # The tables differ in type, and so does what the callers do with them.
    def table(self, type_name: str) -> dict[str, Any]:
        """Return the objects of a JSON:API type by id."""
        table: dict[str, Any] = getattr(self, _TABLES[type_name])
        return table

    def next_id(self, type_name: str) -> str:
        """Return an id that no other object of the type has."""
        table = self.table(type_name)
        while True:
            made = str(_FIRST_IDS[type_name] + self._counts[type_name])
            self._counts[type_name] += 1
            if made not in table:
                return made

    def find(self, type_name: str, object_id: str | None, organization_id: str) -> Any:
        """Return an object of the organization, or None."""
        found: Entity | None = self.table(type_name).get(object_id or "")
        is_here = found is not None and found.organization_id == organization_id
        return found if is_here else None

    def target(self, row: ApprovalStatus) -> Target:
        """Return what a row is a duty on."""
        found: Target = self.table(_TARGET_TYPES[row.target_type])[row.target_id]
        return found

    def rows(self, target: Target) -> list[ApprovalStatus]:
        """Return the rows of a target, oldest first."""
        return self._rows.get((target.kind, target.id), [])

    def add_row(self, row: ApprovalStatus) -> None:
        """Put a row on its target."""
        self.statuses[row.id] = row
        self._rows[row.target_type, row.target_id].append(row)

    def drop_rows(self, target: Target) -> list[ApprovalStatus]:
        """Take all rows off a target and return them."""
        rows = self._rows.pop((target.kind, target.id), [])
        for row in rows:
            del self.statuses[row.id]
        return rows

    def deal_of(self, target: Target) -> Deal | None:
        """Return the budget that a target is booked on."""
        if target.service_id is None:
            return None
        return self.deals[self.services[target.service_id].deal_id]

    def assignment_of(
        self, *, person_id: str | None = None, deal_id: str | None = None
    ) -> Assignment | None:
        """Return the assignment of a person or of a budget."""
        for one in self.assignments.values():
            if (one.person_id, one.deal_id) == (person_id, deal_id):
                return one
        return None
