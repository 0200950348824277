"""Productive's words, and the graph's for each: every table in one place.

From the reference and the guides on developer.productive.io, checked in November
2026. A value that nobody documented maps to UNKNOWN.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from gateway.domain import (
    ApprovalRequirement,
    Capability,
    DynamicApproverType,
    FallbackApproverType,
    ProviderName,
    TargetType,
)

# What there are calls for; whether a person may is their profile's, or rights'.
CAPABILITIES = frozenset(
    {
        Capability.APPROVE,
        Capability.REJECT,
        Capability.READ_APPROVAL_STATUSES,
        Capability.READ_POLICIES,
        Capability.READ_QUEUE,
    }
)

PROVIDER = ProviderName.PRODUCTIVE

MEDIA_TYPE = "application/vnd.api+json"
# What a call for many objects is sent and accepted as ("Content negotiation").
BULK_TYPE = f"{MEDIA_TYPE}; ext=bulk"

# The largest page ("Pagination").
PAGE = 200
# The most ids in one comma list, and in one `or` group, whose address is longer: an
# address is kept under 8 kB (A).
BATCH = 200
GROUP = 100

# The most objects in one such call, of which no limit is published (A).
BULK = 100

# "Rate limits": calls in ten seconds and in half an hour, for each organization and
# token (A).
CALLS_PER_10_SECONDS = 100
CALLS_PER_30_MINUTES = 4000
# No header tells how long to wait after a 429 (A).
BUSY_SECONDS = 10

# The name of what is signed in with, and of whom it reaches.
TOKEN_HEADER = "X-Auth-Token"  # noqa: S105 - the name of a header
ORGANIZATION_HEADER = "X-Organization-Id"

STATUSES = "approval_statuses"
WORKFLOWS = "approval_workflows"
POLICIES = "approval_policies"
ASSIGNMENTS = "approval_policy_assignments"
MEMBERSHIPS = "organization_memberships"
PEOPLE = "people"

# `approval_requirement_id` ("Approval Workflow").
REQUIREMENTS: Mapping[int, ApprovalRequirement] = {
    1: ApprovalRequirement.NONE,
    2: ApprovalRequirement.ANY,
    3: ApprovalRequirement.ALL,
}
# `target_type` of an assigned policy, in lower case (C8); a quote is a deal.
ASSIGNED = frozenset({"person", "quote"})

# `dynamic_approver_type_id` and `fallback_approver_type_id` ("Approval Status").
DYNAMIC_APPROVERS: Mapping[int, DynamicApproverType] = {
    1: DynamicApproverType.MANAGER,
    2: DynamicApproverType.BUDGET_OWNER,
    3: DynamicApproverType.PROJECT_MANAGER,
    4: DynamicApproverType.DESIGNATED_APPROVER,
}
FALLBACK_APPROVERS: Mapping[int, FallbackApproverType] = {
    1: FallbackApproverType.ORGANIZATION_OWNER,
    2: FallbackApproverType.BUDGET_OWNER,
}


class Kind(Struct, frozen=True, kw_only=True):
    """What Productive calls one type of target.

    Attributes:
        target_type: The type in the graph.
        type_name: The type's name in the graph's schema.
        resource: The collection.
        word: `target_type` of its approval statuses, and the name of their relation.
        includes: What is read with it, beside the duties.
        awaits: Whether the collection has the filter of who it awaits.
    """

    target_type: TargetType
    type_name: str
    resource: str
    word: str
    includes: Sequence[str]
    awaits: bool

    @property
    def statuses_filter(self) -> str:
        """The filter of approval statuses by their target of this kind."""
        return f"{self.word}_id"


_PERSON = ("person", "person.manager")

KINDS: Mapping[TargetType, Kind] = {
    kind.target_type: kind
    for kind in (
        Kind(
            target_type=TargetType.BOOKING,
            type_name="Booking",
            resource="bookings",
            word="booking",
            includes=(*_PERSON, "event"),
            awaits=False,
        ),
        Kind(
            target_type=TargetType.TIME_ENTRY,
            type_name="TimeEntry",
            resource="time_entries",
            word="time_entry",
            includes=_PERSON,
            awaits=True,
        ),
        Kind(
            target_type=TargetType.EXPENSE,
            type_name="Expense",
            resource="expenses",
            word="expense",
            # Its service, unlike that of the others, does not come unasked.
            includes=(*_PERSON, "service"),
            awaits=True,
        ),
    )
}
KINDS_BY_WORD: Mapping[str, Kind] = {kind.word: kind for kind in KINDS.values()}
KINDS_BY_TYPE_NAME: Mapping[str, Kind] = {
    kind.type_name: kind for kind in KINDS.values()
}

# Bookings know no filter of who they await; 2 is pending for time entries, and is
# assumed to be for bookings (A).
PENDING_BOOKINGS: Mapping[str, str] = {"filter[approval_status]": "2"}
LATEST_BOOKINGS: Mapping[str, str] = {"sort": "-last_activity_at"}
AWAITS = "awaiting_approval_from_approver_id"

# The names of what may be read with a duty are assumed (A). A relation that is not
# included carries no id, so that all that is read stands here.
_WORKFLOW = "approval_workflow"
_DUTY = (
    "approver",
    "actual_approver",
    _WORKFLOW,
    f"{_WORKFLOW}.approval_policy",
    f"{_WORKFLOW}.approvers",
)
STATUS_INCLUDES: Sequence[str] = (
    *_DUTY,
    *(kind.word for kind in KINDS.values()),
    *(f"{kind.word}.{name}" for kind in KINDS.values() for name in kind.includes),
)
TARGET_INCLUDES: Mapping[TargetType, Sequence[str]] = {
    kind.target_type: (
        *kind.includes,
        STATUSES,
        *(f"{STATUSES}.{name}" for name in _DUTY),
    )
    for kind in KINDS.values()
}

_ID_DIGITS = 18


def is_id(text: str) -> bool:
    """Return whether *text* may be an id: they are whole numbers.

    Another spelling of one is none: its row would come back as one not asked for.
    """
    is_number = text.isascii() and text.isdigit() and not text.startswith("0")
    return is_number and len(text) <= _ID_DIGITS


def order_of(source_id: str) -> tuple[int, str]:
    """Return what orders ids as numbers."""
    return (len(source_id), source_id)
