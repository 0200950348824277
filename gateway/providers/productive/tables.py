"""Productive's lists that are read: what is read with a row, and what it becomes."""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeVar

from msgspec import Struct

from gateway.domain import (
    ApprovalStatusDetails,
    ApprovalWorkflowRecord,
    PolicyRecord,
    TargetDetails,
    TargetType,
    UserRecord,
)
from gateway.providers.productive import wire
from gateway.providers.productive.documents import Document
from gateway.providers.productive.shapes import Resource
from gateway.providers.productive.words import (
    ASSIGNMENTS,
    KINDS,
    MEMBERSHIPS,
    PEOPLE,
    POLICIES,
    STATUS_INCLUDES,
    STATUSES,
    TARGET_INCLUDES,
    WORKFLOWS,
)

T = TypeVar("T")


class Table(Struct, Generic[T], frozen=True, kw_only=True):
    """A list that Productive has.

    Attributes:
        resource: Its name.
        includes: What is read with each row.
        parse: Makes of a row, in its document, what is wanted of it.
        is_listed_whole: Whether the list has all that is found by its own address;
            drafts, and what was deleted, may be left out of it.
    """

    resource: str
    includes: Sequence[str] = ()
    parse: Callable[[Document, Resource], T]
    is_listed_whole: bool = True


def _parse_status(document: Document, row: Resource) -> ApprovalStatusDetails:
    status = wire.parse_status(document, row)
    target = None
    if status.target is not None:
        kind = KINDS[status.target.type]
        found = document.find(kind.resource, status.target.source_id)
        # Who may see a duty may not see its target.
        target = None if found is None else wire.parse_target(document, found, kind)
    return ApprovalStatusDetails(status=status, target=target)


STATUS_ROWS: Table[ApprovalStatusDetails] = Table(
    resource=STATUSES, includes=STATUS_INCLUDES, parse=_parse_status
)
TARGETS: Mapping[TargetType, Table[TargetDetails]] = {
    kind.target_type: Table(
        resource=kind.resource,
        includes=TARGET_INCLUDES[kind.target_type],
        parse=functools.partial(wire.parse_details, kind=kind),
        is_listed_whole=False,
    )
    for kind in KINDS.values()
}
WORKFLOW_ROWS: Table[ApprovalWorkflowRecord] = Table(
    resource=WORKFLOWS,
    includes=("approval_policy", "approvers"),
    parse=wire.parse_workflow,
)
POLICY_ROWS: Table[PolicyRecord] = Table(
    resource=POLICIES, parse=lambda _, row: wire.parse_policy(row)
)
MEMBERSHIP_ROWS: Table[wire.Membership] = Table(
    resource=MEMBERSHIPS, includes=("person",), parse=wire.parse_membership
)
PERSON_ROWS: Table[UserRecord | None] = Table(
    resource=PEOPLE, parse=lambda _, row: wire.parse_active_person(row)
)
ASSIGNMENT_ROWS: Table[str | None] = Table(
    resource=ASSIGNMENTS, parse=lambda _, row: wire.parse_assignment(row)
)
# Lists of which only the ids are read.
IDS: Mapping[str, Table[str]] = {
    resource: Table(resource=resource, parse=lambda _, row: row.id)
    for resource in (
        STATUSES,
        WORKFLOWS,
        POLICIES,
        PEOPLE,
        *(kind.resource for kind in KINDS.values()),
    )
}
