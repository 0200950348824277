"""Approvable: what somebody must approve, and the duties and the progress of it."""

from datetime import datetime
from typing import Annotated

import strawberry

from gateway.context import Info
from gateway.domain import (
    ApprovalRequirement,
    ApprovalState,
    ApprovalStatusRecord,
    ApprovalWorkflowRecord,
    DynamicApproverType,
    FallbackApproverType,
    ProgressRecord,
    ProgressRule,
    ProviderName,
    TargetRecord,
    TargetType,
    ViewerAction,
)
from gateway.schema.interfaces import Node, User
from gateway.schema.policies import Policy
from gateway.schema.records import accepts, described


@strawberry.type(description="How far the approvers of an object are.")
class ApprovalProgress:
    """How far approvers are; the source is a record."""

    is_type_of = accepts(ProgressRecord)

    rule: ProgressRule = described("How many of the approvers must approve.")
    required: int | None = described(
        "How many approvals are needed; null where the provider does not tell."
    )
    approved: int | None = described(
        "How many have approved; null where the provider does not tell."
    )
    rejected: int | None = described(
        "How many have rejected; null where the provider does not tell."
    )
    waiting_on: list[User] | None = described(
        "Who has yet to decide; null where the provider does not tell."
    )


@strawberry.type(
    description="The rule by which a provider makes approval statuses (Productive)."
)
class ApprovalWorkflow(Node):
    """A rule; the source is a record."""

    is_type_of = accepts(ApprovalWorkflowRecord)

    provider: ProviderName = described("The system that holds it.")
    source_id: strawberry.ID = described("The provider's own id.")
    requirement: ApprovalRequirement = described(
        "How many of those whom it names must approve."
    )
    approvers: list[User] | None = described(
        "The persons that it names; null where the provider does not tell."
    )
    dynamic_approver_types: list[DynamicApproverType] | None = described(
        "The roles whose holders it asks beside these; null where the provider does "
        "not tell."
    )
    policy: Policy | None = described("The policy that it belongs to.")


@strawberry.type(
    description="One approver's duty on an object, where a provider keeps it as an "
    "object of its own (Productive). For invoices nobody does. Where a decision is "
    "taken back, another approval status takes its place: do not keep its `id` for "
    "long."
)
class ApprovalStatus(Node):
    """One approver's duty; the source is a record."""

    is_type_of = accepts(ApprovalStatusRecord)

    provider: ProviderName = described("The system that holds it.")
    source_id: strawberry.ID = described("The provider's own id.")
    state: ApprovalState = described(
        "Whether it is decided, and how. It stays PENDING where others settled what it "
        "is about; `approvalState` of `target` tells."
    )
    target_type: TargetType = described("What sort of object it is about.")
    approver: User | None = described("Who is asked; null where a role is.")
    actual_approver: User | None = described(
        "Who decided; another person than `approver` where somebody did so on behalf."
    )
    dynamic_approver_type: DynamicApproverType | None = described(
        "The role that is asked; null where a person is. Its holder is found when "
        "somebody decides."
    )
    fallback_approver_type: FallbackApproverType | None = described(
        "The role that is asked where nobody holds the first."
    )
    group_key: str | None = described(
        "Those on one target with one key are one requirement: one approval settles "
        "all of them. Other targets may have the same key."
    )
    approved_at: datetime | None = described("When it was approved.")
    rejected_at: datetime | None = described("When it was rejected.")
    note: str | None = described(
        "What the person wrote with the decision; it may hold HTML."
    )
    workflow: ApprovalWorkflow | None = described(
        "The rule that made it; null where somebody chose the approver by hand."
    )
    organization_source_id: strawberry.ID | None = described(
        "The provider's id of the organization that it belongs to."
    )

    @strawberry.field(
        graphql_type=Annotated[
            "Approvable", strawberry.lazy("gateway.schema.approvables")
        ]
        | None,
        description="What it is about; null where the caller may not see that.",
    )
    @staticmethod
    async def target(
        root: strawberry.Parent[ApprovalStatusRecord], info: Info
    ) -> TargetRecord | None:
        if root.target is None:
            return None
        return await info.context.load_target(root.provider, root.target)


@strawberry.interface(description="What somebody must approve.")
class Approvable:
    """What somebody must approve."""

    id: strawberry.ID = described("Opaque, global and stable. Send it back as it is.")
    provider: ProviderName = described("The system that holds it.")
    source_id: strawberry.ID = described("The provider's own id.")
    title: str = described("A line that tells a person what it is.")
    approval_state: ApprovalState = described("How far its approval is.")
    version: str | None = described(
        "A short text that stands for what a person decides upon: who, how much, for "
        "what, when. Send the one that you showed as `expectedVersion`, and a decision "
        "goes out only while it holds. Approvals and payments leave it as it is."
    )
    progress: ApprovalProgress | None = described("How far its approvers are.")
    approval_statuses: list[ApprovalStatus] | None = described(
        "Its approvers' duties, where the provider keeps them as objects."
    )
    viewer_actions: list[ViewerAction] | None = described(
        "What can be asked for now, in the state that it is in."
    )
