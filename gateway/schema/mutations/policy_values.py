"""What a policy may be made of: the bounds of its inputs."""

from decimal import Decimal

from gateway.domain import InvoiceKind, PolicyChanges, PolicyDraft
from gateway.errors import InvalidInputError
from gateway.schema.mutations.inputs import CreatePolicyInput, UpdatePolicyInput

# What fits an amount upstream; a longer number is a slip.
_LARGEST_AMOUNT = Decimal(10) ** 12
_MOST_APPROVERS = 100
_CENTS = Decimal("0.01")
_KINDS = frozenset({InvoiceKind.BILL, InvoiceKind.VENDOR_CREDIT})


def create_draft(wanted: CreatePolicyInput) -> PolicyDraft:
    """Return the policy that is to be made.

    Raises:
        InvalidInputError: A member is out of its bounds; *field* says which.
    """
    applies_to = wanted.applies_to or InvoiceKind.BILL
    if applies_to not in _KINDS:
        raise InvalidInputError(
            "`appliesTo` takes BILL or VENDOR_CREDIT.", field=("appliesTo",)
        )
    approvers = _check_approvers(wanted)
    count = wanted.minimum_approvers
    if count is None:
        count = max(1, len(approvers))
    if count == 0 and not approvers:
        raise InvalidInputError(
            "`minimumApprovers` is 0 only where somebody must approve by name.",
            field=("minimumApprovers",),
        )
    return PolicyDraft(
        amount_threshold=_check_amount(wanted.amount_threshold),
        minimum_approvers=_check_count(count),
        applies_to=applies_to,
        mandatory_approver_source_ids=approvers,
    )


def create_changes(wanted: UpdatePolicyInput) -> PolicyChanges:
    """Return what of a policy is to change.

    Raises:
        InvalidInputError: Nothing is, or a member is out of its bounds.
    """
    threshold, count = wanted.amount_threshold, wanted.minimum_approvers
    if threshold is None and count is None:
        raise InvalidInputError(
            "Nothing is to change. Send `amountThreshold`, `minimumApprovers` or both.",
            field=(),
        )
    return PolicyChanges(
        amount_threshold=None if threshold is None else _check_amount(threshold),
        minimum_approvers=None if count is None else _check_count(count),
    )


def _check_approvers(wanted: CreatePolicyInput) -> list[str]:
    approvers = [str(one) for one in wanted.mandatory_approver_source_ids or []]
    field = ("mandatoryApproverSourceIds",)
    if len(approvers) > _MOST_APPROVERS:
        raise InvalidInputError(
            f"A policy takes at most {_MOST_APPROVERS} mandatory approvers.",
            field=field,
        )
    if len(set(approvers)) < len(approvers):
        raise InvalidInputError("A person is named twice.", field=field)
    return approvers


def _check_amount(amount: Decimal) -> Decimal:
    if not amount.is_finite() or not 0 <= amount < _LARGEST_AMOUNT:
        raise InvalidInputError(
            "`amountThreshold` takes zero or more, below a thousand billion.",
            field=("amountThreshold",),
        )
    if amount != amount.quantize(_CENTS):
        raise InvalidInputError(
            "`amountThreshold` takes two decimals at most.", field=("amountThreshold",)
        )
    # What is minus zero is zero.
    return abs(amount)


def _check_count(count: int) -> int:
    if not 0 <= count <= _MOST_APPROVERS:
        raise InvalidInputError(
            f"`minimumApprovers` takes 0 to {_MOST_APPROVERS}.",
            field=("minimumApprovers",),
        )
    return count
