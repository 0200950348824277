"""Policies, assignments and workflows are kept by admins (4)."""

from collections.abc import Mapping
from typing import Any

import msgspec

from gateway.providers.productive.simulator.asks import Ask
from gateway.providers.productive.simulator.fields import Fields
from gateway.providers.productive.simulator.names import (
    ASSIGNMENTS,
    EVENTS,
    PEOPLE,
    POLICIES,
    WORKFLOWS,
)
from gateway.providers.productive.simulator.objects import (
    ABSENCE_POLICY,
    ALL,
    ANY,
    BUDGET_POLICY,
    DEAL_POLICY,
    EVENT_TARGET,
    EXPENSE_TARGET,
    NONE,
    TIME_TARGET,
    Assignment,
    Policy,
    Workflow,
)
from gateway.providers.productive.simulator.replies import (
    Reply,
    conflict,
    document_reply,
)

_POLICY_TYPES = (ABSENCE_POLICY, BUDGET_POLICY, DEAL_POLICY)
_REQUIREMENTS = (NONE, ANY, ALL)
_TARGETS = (EVENT_TARGET, TIME_TARGET, EXPENSE_TARGET)
_TAKEN = "has already been taken"


def _fields(ask: Ask) -> Fields:
    ask.require_admin()
    return Fields(ask.members(), ask.state, ask.organization_id)


def create_policy(ask: Ask) -> Reply:
    """Answer ``POST /approval_policies``.

    Raises:
        ProductiveError: 400, 403, 422.
    """
    fields = _fields(ask)
    policy = Policy(
        id="",
        organization_id=ask.organization_id,
        type_id=fields.needed_whole("type_id", *_POLICY_TYPES),
        name=fields.text("name"),
        custom=fields.flag("custom", default=False),
        default=fields.flag("default", default=False),
    )
    fields.check()
    policy.id = ask.state.next_id(POLICIES)
    ask.state.policies[policy.id] = policy
    return ask.show(policy, POLICIES, 201)


def update_policy(ask: Ask, object_id: str) -> Reply:
    """Answer ``PATCH /approval_policies/{id}``.

    Raises:
        ProductiveError: 400, 403, 404, 422.
    """
    fields, policy = _fields(ask), ask.find(POLICIES, object_id)
    type_id = fields.whole("type_id", policy.type_id, allowed=_POLICY_TYPES)
    name = fields.text("name", policy.name)
    custom = fields.flag("custom", default=policy.custom)
    default = fields.flag("default", default=policy.default)
    fields.check()
    policy.type_id, policy.name = type_id or policy.type_id, name
    policy.custom, policy.default = custom, default
    return ask.show(policy, POLICIES)


def archive_policy(ask: Ask, object_id: str) -> Reply:
    """Answer ``PATCH /approval_policies/{id}/archive``.

    Raises:
        ProductiveError: 403, 404, or 409 where it is archived.
    """
    ask.require_admin()
    policy: Policy = ask.find(POLICIES, object_id)
    if policy.archived_at is not None:
        raise conflict("approval_policy_already_archived")
    policy.archived_at = ask.now
    return ask.show(policy, POLICIES)


def restore_policy(ask: Ask, object_id: str) -> Reply:
    """Answer ``PATCH /approval_policies/{id}/restore``.

    Raises:
        ProductiveError: 403, 404, or 409 where it is active.
    """
    ask.require_admin()
    policy: Policy = ask.find(POLICIES, object_id)
    if policy.archived_at is None:
        raise conflict("approval_policy_already_active")
    policy.archived_at = None
    return ask.show(policy, POLICIES)


def create_assignment(ask: Ask) -> Reply:
    """Answer ``POST /approval_policy_assignments``; a target has one policy.

    Raises:
        ProductiveError: 400, 403, 422.
    """
    assignment = Assignment(id="", organization_id=ask.organization_id, policy_id="")
    _assign(ask, assignment)
    assignment.id = ask.state.next_id(ASSIGNMENTS)
    ask.state.assignments[assignment.id] = assignment
    return ask.show(assignment, ASSIGNMENTS, 201)


def update_assignment(ask: Ask, object_id: str) -> Reply:
    """Answer ``PATCH /approval_policy_assignments/{id}``.

    Raises:
        ProductiveError: 400, 403, 404, 422.
    """
    ask.require_admin()
    assignment: Assignment = ask.find(ASSIGNMENTS, object_id)
    _assign(ask, assignment)
    return ask.show(assignment, ASSIGNMENTS)


def delete_assignment(ask: Ask, object_id: str) -> Reply:
    """Answer ``DELETE /approval_policy_assignments/{id}``; existing rows stay.

    Raises:
        ProductiveError: 403, 404.
    """
    ask.require_admin()
    del ask.state.assignments[ask.find(ASSIGNMENTS, object_id).id]
    return document_reply(None)


def _assign(ask: Ask, assignment: Assignment) -> None:
    fields = _fields(ask)
    known = "quote" if assignment.deal_id else "person"
    is_new = not assignment.policy_id
    word = fields.text("target_type", None if is_new else known, required=is_new)
    policy_id = fields.reference(
        "approval_policy", POLICIES, assignment.policy_id or None, required=True
    )
    person_id, deal_id = assignment.person_id, assignment.deal_id
    kind = (word or "").lower()
    if kind == "person":
        person_id, deal_id = fields.reference("person", PEOPLE, person_id), None
    elif kind in {"quote", "deal"}:
        deal_id, person_id = fields.reference("deal", "deals", deal_id), None
    elif word is not None:
        fields.complain("target_type", "is invalid")
    if kind in {"person", "quote", "deal"} and person_id is None and deal_id is None:
        fields.complain("target_id", "can not be blank")
    fields.check()
    other = ask.state.assignment_of(person_id=person_id, deal_id=deal_id)
    if other is not None and other is not assignment:
        fields.complain("target_id", _TAKEN)
    fields.check()
    assignment.policy_id = policy_id or ""
    assignment.person_id, assignment.deal_id = person_id, deal_id


def create_workflow(ask: Ask) -> Reply:
    """Answer ``POST /approval_workflows``; one for each policy and event.

    Raises:
        ProductiveError: 400, 403, 422.
    """
    fields = _fields(ask)
    required = ("event_id", "approval_policy_id", "target_type_id")
    for name in (*required, "approval_requirement_id"):
        if not fields.has(name):
            fields.complain(name, "can not be blank")
    workflow = Workflow(
        id="",
        organization_id=ask.organization_id,
        policy_id="",
        event_id=None,
        target_type_id=EVENT_TARGET,
        approval_requirement_id=NONE,
    )
    made = msgspec.structs.replace(workflow, **_read_workflow(ask, fields, workflow))
    made.id = ask.state.next_id(WORKFLOWS)
    ask.state.workflows[made.id] = made
    return ask.show(made, WORKFLOWS, 201)


def update_workflow(ask: Ask, object_id: str) -> Reply:
    """Answer ``PATCH /approval_workflows/{id}``; existing rows stay as they are.

    Raises:
        ProductiveError: 400, 403, 404, 422.
    """
    fields, workflow = _fields(ask), ask.find(WORKFLOWS, object_id)
    for name, value in _read_workflow(ask, fields, workflow).items():
        setattr(workflow, name, value)
    return ask.show(workflow, WORKFLOWS)


def delete_workflow(ask: Ask, object_id: str) -> Reply:
    """Answer ``DELETE /approval_workflows/{id}``; existing rows stay as they are.

    Raises:
        ProductiveError: 403, 404.
    """
    ask.require_admin()
    del ask.state.workflows[ask.find(WORKFLOWS, object_id).id]
    return document_reply(None)


def _read_workflow(ask: Ask, fields: Fields, workflow: Workflow) -> Mapping[str, Any]:
    found: dict[str, Any] = {
        "event_id": fields.reference("event", EVENTS, workflow.event_id),
        "policy_id": fields.reference(
            "approval_policy", POLICIES, workflow.policy_id or None
        ),
        "target_type_id": fields.whole(
            "target_type_id", workflow.target_type_id, allowed=_TARGETS
        ),
        "approval_requirement_id": fields.whole(
            "approval_requirement_id",
            workflow.approval_requirement_id,
            allowed=_REQUIREMENTS,
        ),
        "approver_ids": fields.references(
            "approver_ids", PEOPLE, workflow.approver_ids
        ),
        "subscriber_ids": fields.references(
            "subscriber_ids", PEOPLE, workflow.subscriber_ids
        ),
        "dynamic_approver_ids": fields.numbers(
            "dynamic_approver_ids", workflow.dynamic_approver_ids
        ),
        "dynamic_subscriber_ids": fields.numbers(
            "dynamic_subscriber_ids", workflow.dynamic_subscriber_ids
        ),
    }
    fields.check()
    nobody = not found["approver_ids"] and not found["dynamic_approver_ids"]
    if found["approval_requirement_id"] != NONE and nobody:
        fields.complain("approver_ids", "can not be blank")
    place = (found["policy_id"], found["event_id"], found["target_type_id"])
    for one in ask.state.workflows.values():
        taken = (one.policy_id, one.event_id, one.target_type_id)
        if one is not workflow and taken == place:
            fields.complain("event_id", _TAKEN)
    if found["target_type_id"] == EVENT_TARGET and found["event_id"] is None:
        fields.complain("event_id", "can not be blank")
    fields.check()
    return found
