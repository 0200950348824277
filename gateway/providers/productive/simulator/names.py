"""The names of the calls and of the resources (sections 3 to 8)."""

STATUSES = "approval_statuses"
POLICIES = "approval_policies"
ASSIGNMENTS = "approval_policy_assignments"
WORKFLOWS = "approval_workflows"
BOOKINGS = "bookings"
EVENTS = "events"
TIME_ENTRIES = "time_entries"
EXPENSES = "expenses"
PEOPLE = "people"
MEMBERSHIPS = "organization_memberships"
WEBHOOKS = "webhooks"
WEBHOOK_LOGS = "webhook_logs"

LISTED = (
    STATUSES,
    POLICIES,
    ASSIGNMENTS,
    WORKFLOWS,
    BOOKINGS,
    EVENTS,
    TIME_ENTRIES,
    EXPENSES,
    PEOPLE,
    MEMBERSHIPS,
    WEBHOOKS,
    WEBHOOK_LOGS,
)
_READ = tuple(name for name in LISTED if name not in {MEMBERSHIPS, WEBHOOK_LOGS})
_CREATED = (
    POLICIES,
    ASSIGNMENTS,
    WORKFLOWS,
    BOOKINGS,
    EVENTS,
    TIME_ENTRIES,
    EXPENSES,
    WEBHOOKS,
)
_UPDATED = tuple(name for name in _CREATED if name != WEBHOOKS)
_DELETED = tuple(name for name in _CREATED if name != POLICIES)
_ACTIONS = (
    (STATUSES, ("approve", "reject")),
    (POLICIES, ("archive", "restore")),
    (EVENTS, ("archive",)),
    (BOOKINGS, ("unapprove",)),
    (TIME_ENTRIES, ("approve", "unapprove", "reject", "unreject")),
    (EXPENSES, ("approve", "unapprove", "reject", "unreject")),
)
_BULK_ACTIONS = ((STATUSES, ("approve",)), (TIME_ENTRIES, ("approve", "unapprove")))
_BULK_WRITES = tuple(
    f"{method} /{name} (bulk)"
    for name in (TIME_ENTRIES, EXPENSES)
    for method in ("POST", "PATCH", "DELETE")
)

CALL_NAMES = frozenset(
    (
        *(f"GET /{name}" for name in LISTED),
        *(f"GET /{name}/{{id}}" for name in _READ),
        *(f"POST /{name}" for name in _CREATED),
        *(f"PATCH /{name}/{{id}}" for name in _UPDATED),
        *(f"DELETE /{name}/{{id}}" for name in _DELETED),
        *(
            f"PATCH /{name}/{{id}}/{action}"
            for name, actions in _ACTIONS
            for action in actions
        ),
        *(
            f"PATCH /{name}/{action}"
            for name, actions in _BULK_ACTIONS
            for action in actions
        ),
        *_BULK_WRITES,
    )
)
BULK_CALL_NAMES = frozenset(
    (
        *(
            f"PATCH /{name}/{action}"
            for name, actions in _BULK_ACTIONS
            for action in actions
        ),
        *_BULK_WRITES,
    )
)
