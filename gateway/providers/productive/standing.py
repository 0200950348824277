"""The rules of Productive: who has yet to decide on a target, and whose duty is whose.

Rows of one group key are one requirement, which one approval settles; a row without
a key is one of its own ("Approval Status"). A row without an approver is a role's,
which Productive resolves when somebody acts, and shows in no answer.
"""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from gateway.domain import (
    ApprovalRequirement,
    ApprovalState,
    ApprovalStatusRecord,
    DynamicApproverType,
    TargetDetails,
    TargetRecord,
)


class Duties(Struct, frozen=True, kw_only=True):
    """The open duties on a target, as they concern one person.

    Attributes:
        own: Those that are this person's for sure, one for each requirement.
        roles: Those of a role.
        unclear: Those of a role of which no answer tells who holds it.
        decided: Those that this person has decided.
    """

    own: Sequence[ApprovalStatusRecord] = ()
    roles: Sequence[ApprovalStatusRecord] = ()
    unclear: Sequence[ApprovalStatusRecord] = ()
    decided: Sequence[ApprovalStatusRecord] = ()


def open_duties(
    statuses: Sequence[ApprovalStatusRecord],
) -> list[ApprovalStatusRecord]:
    """Return the duties that nobody has settled, in their order."""
    settled = {
        one.requirement for one in statuses if one.state is not ApprovalState.PENDING
    }
    return [one for one in statuses if one.requirement not in settled]


def are_whole(statuses: Sequence[ApprovalStatusRecord]) -> bool:
    """Return whether these are surely all the duties on a target.

    Productive shows a person only those that they may see, and does not say that it
    leaves others out. A workflow tells how many it makes; where approvers were chosen
    by hand nothing does.
    """
    made: dict[str, int] = {}
    expected: dict[str, int] = {}
    for one in statuses:
        workflow = one.workflow
        if workflow is None or workflow.approvers is None:
            return False
        if workflow.dynamic_approver_types is None:
            return False
        roles = len(workflow.dynamic_approver_types)
        made[workflow.source_id] = made.get(workflow.source_id, 0) + 1
        expected[workflow.source_id] = len(workflow.approvers) + roles
    return bool(made) and all(made[key] >= count for key, count in expected.items())


def duties_of(details: TargetDetails, person_id: str, *, awaits: bool) -> Duties:
    """Return the open duties as they concern a person.

    *awaits* is whether Productive lists the target among those that await the
    person, which it does with roles resolved. Where it does, and no duty is theirs for
    sure, the roles' duties are.
    """
    decided = [one for one in details.statuses if _actor_of(one) == person_id]
    if not details.target.is_open:
        return Duties(decided=decided)
    still_open = open_duties(details.statuses)
    roles = [one for one in still_open if one.approver is None]
    holders = {one.source_id: _holder_of(one, details.target) for one in still_open}
    own = [one for one in still_open if holders[one.source_id] == person_id]
    if not own and awaits:
        own = [one for one in roles if holders[one.source_id] is None]
    return Duties(
        own=_one_each(own),
        roles=roles,
        unclear=[one for one in roles if holders[one.source_id] is None],
        decided=decided,
    )


def is_sole(
    details: TargetDetails,
    status: ApprovalStatusRecord,
    person_id: str,
    *,
    awaits: bool,
) -> bool:
    """Return whether a duty is surely all that a person's approval can decide.

    It is the one open duty on the target that may be theirs; rows of one requirement
    count one by one. Where others have duties under another rule than "any of" it is
    not sure either: once theirs is decided by somebody else, who may act on behalf
    would decide those. *awaits* is as for `duties_of`.
    """
    if not details.target.is_open:
        return False
    still_open = open_duties(details.statuses)
    possible = [
        one
        for one in still_open
        if _holder_of(one, details.target) in {person_id, None}
    ]
    if [one.source_id for one in possible] != [status.source_id]:
        return False
    if _holder_of(status, details.target) is None and not awaits:
        return False
    others = [one for one in still_open if one.requirement != status.requirement]
    return not others or _is_any_of(status)


def _is_any_of(status: ApprovalStatusRecord) -> bool:
    workflow = status.workflow
    return workflow is not None and workflow.requirement is ApprovalRequirement.ANY


def lock_name(status: ApprovalStatusRecord) -> str:
    """Return what names all that is decided together: the target, where it is known."""
    if status.target is None:
        return status.source_id
    return f"{status.target.type.value} {status.target.source_id}"


def _actor_of(status: ApprovalStatusRecord) -> str | None:
    return None if status.actual_approver is None else status.actual_approver.source_id


def _holder_of(status: ApprovalStatusRecord, target: TargetRecord) -> str | None:
    """Return whose a duty is, if answers tell: of roles they tell a manager's alone."""
    if status.approver is not None:
        return status.approver.source_id
    if status.dynamic_approver_type is DynamicApproverType.MANAGER:
        return target.manager_source_id
    return None


def _one_each(
    statuses: Iterable[ApprovalStatusRecord],
) -> list[ApprovalStatusRecord]:
    """Return one duty for each requirement: one decision settles it."""
    found: dict[tuple[str, str], ApprovalStatusRecord] = {}
    for one in statuses:
        found.setdefault(one.requirement, one)
    return list(found.values())
