"""How far approvers are, by one set of rules over what providers tell."""

from collections.abc import Mapping, Sequence

from gateway.domain import (
    ApprovalRequirement,
    ApprovalState,
    ApprovalStatusRecord,
    ApproverRecord,
    ApproverStatus,
    DynamicApproverType,
    InvoiceRecord,
    ProgressRecord,
    ProgressRule,
    TargetDetails,
    UserRecord,
)

_SILENT = (None, ApproverStatus.UNKNOWN)
# Where one of those who hold the right decides: how many have approved and rejected.
_DECIDED: Mapping[ApprovalState, tuple[int, int]] = {
    ApprovalState.NOT_REQUIRED: (0, 0),
    ApprovalState.PENDING: (0, 0),
    ApprovalState.APPROVED: (1, 0),
    ApprovalState.REJECTED: (0, 1),
}
_RULES: Mapping[ApprovalRequirement, ProgressRule] = {
    ApprovalRequirement.ANY: ProgressRule.ANY,
    ApprovalRequirement.ALL: ProgressRule.ALL,
}
_ROLES: Mapping[DynamicApproverType, str] = {
    DynamicApproverType.MANAGER: "Manager",
    DynamicApproverType.BUDGET_OWNER: "Budget owner",
    DynamicApproverType.PROJECT_MANAGER: "Project manager",
    DynamicApproverType.DESIGNATED_APPROVER: "Designated approver",
}


def create_progress(
    invoice: InvoiceRecord, approvers: list[ApproverRecord]
) -> ProgressRecord:
    """Return the progress of *invoice*.

    | | required | approved, rejected, waitingOn |
    | --- | --- | --- |
    | rule UNKNOWN | null | counted if each approver's status is told |
    | IN_ORDER, approvers | those who are not skipped | counted, as above |
    | IN_ORDER, none | what the policy asks for; 0 if approval is not required | 0 |
    | nobody is asked by name: ANY | 1; 0 if approval is not required | as the state |

    Where nobody is asked by name, *approvers* do not matter, who is waited for is not
    told, and a state that is not known counts nothing.
    """
    if not invoice.has_approvers:
        return _create_progress_of_one(invoice.approval_state)
    asked = [one for one in approvers if one.told_status != ApproverStatus.SKIPPED]
    statuses = [one.told_status for one in asked]
    is_in_order = invoice.progress_rule is ProgressRule.IN_ORDER
    is_told = all(status not in _SILENT for status in statuses) and (
        is_in_order or bool(approvers)
    )
    return ProgressRecord(
        rule=invoice.progress_rule,
        required=_required(invoice, len(asked)) if is_in_order else None,
        approved=statuses.count(ApproverStatus.APPROVED) if is_told else None,
        rejected=statuses.count(ApproverStatus.REJECTED) if is_told else None,
        waiting_on=[
            one.user for one in asked if one.told_status is ApproverStatus.PENDING
        ]
        if is_told
        else None,
    )


def _create_progress_of_one(state: ApprovalState) -> ProgressRecord:
    approved, rejected = _DECIDED.get(state, (None, None))
    return ProgressRecord(
        rule=ProgressRule.ANY,
        required=0 if state is ApprovalState.NOT_REQUIRED else 1,
        approved=approved,
        rejected=rejected,
        waiting_on=None,
    )


def _required(invoice: InvoiceRecord, asked: int) -> int | None:
    if asked:
        return asked
    if invoice.approval_state is ApprovalState.NOT_REQUIRED:
        return 0
    return invoice.minimum_approvers


def create_target_progress(details: TargetDetails) -> ProgressRecord:
    """Return the progress of a target, requirement by requirement.

    | duties | rule | required |
    | --- | --- | --- |
    | of a workflow that asks any | ANY | 1 |
    | of a workflow that asks all, or chosen by hand | ALL | the requirements |
    | of several rules, of one that is not known, or none | UNKNOWN | null |

    Where there may be more duties than are shown, what would be counted is null. Once
    the target is decided nobody is waited for.
    """
    rules = {_rule_of(one) for one in details.statuses}
    rule = rules.pop() if len(rules) == 1 else ProgressRule.UNKNOWN
    if not details.is_whole:
        return ProgressRecord(
            rule=rule,
            required=1 if rule is ProgressRule.ANY else None,
            approved=None,
            rejected=None,
            waiting_on=None,
        )
    requirements = _requirements(details.statuses)
    required = {ProgressRule.ANY: 1, ProgressRule.ALL: len(requirements)}
    states = [{one.state for one in rows} for rows in requirements]
    return ProgressRecord(
        rule=rule,
        required=required.get(rule),
        approved=sum(ApprovalState.APPROVED in one for one in states),
        rejected=sum(ApprovalState.REJECTED in one for one in states),
        waiting_on=[
            _asked(one)
            for rows in requirements
            for one in rows
            if details.target.is_open and _is_untouched(rows)
        ],
    )


def _requirements(
    statuses: Sequence[ApprovalStatusRecord],
) -> list[list[ApprovalStatusRecord]]:
    """Return the duties by what they are one requirement of, in their order."""
    found: dict[tuple[str, str], list[ApprovalStatusRecord]] = {}
    for one in statuses:
        found.setdefault(one.requirement, []).append(one)
    return list(found.values())


def _is_untouched(rows: Sequence[ApprovalStatusRecord]) -> bool:
    return all(one.state is ApprovalState.PENDING for one in rows)


def _rule_of(status: ApprovalStatusRecord) -> ProgressRule:
    # Those who were chosen by hand, without a rule, must all approve (Productive).
    if status.workflow is None:
        return ProgressRule.ALL
    return _RULES.get(status.workflow.requirement, ProgressRule.UNKNOWN)


def _asked(status: ApprovalStatusRecord) -> UserRecord:
    """Return who is asked: a person, or a role by its name."""
    if status.approver is not None:
        return status.approver
    role = status.dynamic_approver_type or DynamicApproverType.UNKNOWN
    return UserRecord(source_id=None, display_name=_ROLES.get(role), email=None)
