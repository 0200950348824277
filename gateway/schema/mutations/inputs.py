"""What mutations take as input."""

from decimal import Decimal

import strawberry

from gateway.domain import Decision, InvoiceKind

_DECIDED = (
    "The `id` of an invoice, an approval status, a booking, a time entry or an "
    "expense; for the last three the one open duty on it that is the caller's is "
    "decided."
)
_FORCE = (
    "Approve past the approvers who are still asked. It goes to the provider only as "
    "it stands here, and the person needs the right to. BILL, Productive and "
    "Accounteer know no force and answer UNSUPPORTED."
)


@strawberry.input
class MutationInput:
    """What every input has."""

    client_mutation_id: str | None = strawberry.field(
        default=None, description="Anything; the payload has it again."
    )


@strawberry.input
class OnInvoiceInput(MutationInput):
    """An input about an invoice."""

    invoice_id: strawberry.ID = strawberry.field(description="The `id` of an invoice.")


@strawberry.input
class OnPolicyInput(MutationInput):
    """An input about a policy."""

    policy_id: strawberry.ID = strawberry.field(description="The `id` of a policy.")


@strawberry.input
class OnApprovableInput:
    """What every input of a decision has."""

    id: strawberry.ID = strawberry.field(description=_DECIDED)
    note: str | None = strawberry.field(
        default=None,
        description="What to write with the decision (BILL, Productive). A provider "
        "that takes none (Ottimate, Accounteer) answers UNSUPPORTED, and nothing is "
        "sent.",
    )
    expected_version: str | None = strawberry.field(
        default=None,
        description="The `version` that the person looked at; for an approval status, "
        "that of its `target`. If it is another when it is read right before, the "
        "outcome is REFUSED with the user error STALE, and nothing is sent, also where "
        "what was asked for holds already. Ottimate's lines may be read five minutes "
        "late, its amounts and dates are not.",
    )


@strawberry.input(description="What is to be approved, and how.")
class ApproveInput(OnApprovableInput, MutationInput):
    """What is to be approved, and how."""

    force: bool | None = strawberry.field(default=None, description=_FORCE)


@strawberry.input(description="What is to be rejected.")
class RejectInput(OnApprovableInput, MutationInput):
    """What is to be rejected."""


@strawberry.input(description="One of several decisions.")
class DecisionInput(OnApprovableInput):
    """One of several decisions."""

    decision: Decision = strawberry.field(description="What is decided.")
    force: bool | None = strawberry.field(
        default=None, description=f"{_FORCE} No rejection takes it."
    )


@strawberry.input(description="What is to be decided.")
class DecideInput(MutationInput):
    """What is to be decided."""

    decisions: list[DecisionInput] = strawberry.field(
        description="The decisions, 1 to 100, each on another object."
    )


@strawberry.input(description="Who is to approve what. Send one of the two persons.")
class AddApproverInput(OnInvoiceInput):
    """Who is to approve what."""

    user_source_id: strawberry.ID | None = strawberry.field(
        default=None, description="The provider's id of the person."
    )
    email: str | None = strawberry.field(
        default=None,
        description="The person's e-mail, where the provider finds people by it "
        "(BILL); Ottimate does not.",
    )


@strawberry.input(description="Which approver is to be removed.")
class RemoveApproverInput(MutationInput):
    """Which approver is to be removed."""

    approver_id: strawberry.ID = strawberry.field(
        description="The `id` of an approver."
    )


@strawberry.input(description="Who is to approve what, in order.")
class SetApproversInput(OnInvoiceInput):
    """Who is to approve what, in order."""

    user_source_ids: list[strawberry.ID] = strawberry.field(
        description="The provider's ids of the persons, first to decide first."
    )


@strawberry.input(description="Which invoice's approvers are to be cleared.")
class ClearApproversInput(OnInvoiceInput):
    """Which invoice's approvers are to be cleared."""


@strawberry.input(description="The policy that is to be made.")
class CreatePolicyInput(MutationInput):
    """The policy that is to be made."""

    amount_threshold: Decimal = strawberry.field(
        description="From which amount it applies; zero or more, two decimals at most."
    )
    minimum_approvers: int | None = strawberry.field(
        default=None,
        description="How many must approve; by default as many as must by name, and "
        "one at least.",
    )
    applies_to: InvoiceKind | None = strawberry.field(
        default=None,
        description="What it applies to: BILL, which is the default, or VENDOR_CREDIT.",
    )
    mandatory_approver_source_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="The provider's ids of the persons who must approve."
    )


@strawberry.input(description="What of a policy is to change; what is null stays.")
class UpdatePolicyInput(OnPolicyInput):
    """What of a policy is to change."""

    amount_threshold: Decimal | None = strawberry.field(
        default=None,
        description="From which amount it applies; zero or more, two decimals at most.",
    )
    minimum_approvers: int | None = strawberry.field(
        default=None, description="How many must approve."
    )


@strawberry.input(description="Which policy is to be deleted.")
class DeletePolicyInput(OnPolicyInput):
    """Which policy is to be deleted."""


@strawberry.input(description="Which policy is to be restored.")
class RestorePolicyInput(OnPolicyInput):
    """Which policy is to be restored."""


@strawberry.input(description="Who must approve whatever the policy applies to.")
class AddPolicyApproverInput(OnPolicyInput):
    """Who must approve whatever the policy applies to."""

    user_source_id: strawberry.ID = strawberry.field(
        description="The provider's id of the person."
    )


@strawberry.input(description="Who need not approve by this policy any more.")
class RemovePolicyApproverInput(OnPolicyInput):
    """Who need not approve by this policy any more."""

    user_source_id: strawberry.ID = strawberry.field(
        description="The provider's id of the person."
    )
