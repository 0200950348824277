"""Approval policies: their names, and which of them governs an object (4.1, 4.4)."""

from collections.abc import Sequence
from decimal import Decimal

from gateway.providers.bill.simulator.objects import (
    ACTIVE,
    BILLS,
    VENDOR_CREDITS,
    Approvable,
    ApprovalPolicy,
    Bill,
)
from gateway.providers.bill.simulator.state import State


def policy_name(policy: ApprovalPolicy) -> str:
    """Return the name that BILL writes."""
    things = "Bills" if policy.type == BILLS else "Vendor Credits"
    count = policy.min_num_approvers
    approvers = "approver" if count == 1 else "approvers"
    threshold = f"${policy.amount_threshold:.2f}"
    return f"{things} of {threshold} or more require at least {count} {approvers}"


def governing_policy(
    state: State, one: Approvable, threshold_rule: str
) -> ApprovalPolicy | None:
    """Return the active policy with the highest threshold that *one* reaches."""
    wanted = BILLS if isinstance(one, Bill) else VENDOR_CREDITS
    reached = [
        policy
        for policy in state.policies.values()
        if policy.is_active == ACTIVE
        and policy.type == wanted
        and _reaches(one.amount, policy.amount_threshold, threshold_rule)
    ]
    return max(
        reached,
        key=lambda policy: (policy.amount_threshold, policy.min_num_approvers),
        default=None,
    )


def mandatory_approvers(state: State, policy: ApprovalPolicy | None) -> list[str]:
    """Return who must be in every chain under *policy*, in order."""
    rows = [
        row
        for row in state.policy_approvers.values()
        if policy is not None
        and row.approval_policy_id == policy.id
        and row.is_active == ACTIVE
    ]
    return [row.users_id for row in sorted(rows, key=lambda row: row.sort_order)]


def satisfies(
    state: State, policy: ApprovalPolicy | None, user_ids: Sequence[str]
) -> bool:
    """Whether a chain of *user_ids* is what *policy* asks for."""
    if policy is None:
        return True
    has_mandatory = set(mandatory_approvers(state, policy)) <= set(user_ids)
    return has_mandatory and len(user_ids) >= policy.min_num_approvers


def _reaches(amount: Decimal, threshold: Decimal, rule: str) -> bool:
    return amount > threshold if rule == "above" else amount >= threshold
