"""What objects of several providers have in common."""

from datetime import datetime

import strawberry

from gateway.domain import (
    ApprovalState,
    ApprovalStatusRecord,
    ProgressRecord,
    ProgressRule,
    ProviderName,
    UserRecord,
    ViewerAction,
)
from gateway.schema.records import accepts, described


@strawberry.interface(description="An object with a global id, as Relay has it.")
class Node:
    """An object that `node` finds again."""

    id: strawberry.ID = described("Opaque, global and stable. Send it back as it is.")


@strawberry.type(description="A person as a provider knows them.")
class User:
    """A person; the source is a record."""

    is_type_of = accepts(UserRecord)

    source_id: strawberry.ID | None = described("The provider's id of the person.")
    display_name: str | None = described("The person's name.")
    email: str | None = described("The person's e-mail address.")


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
    description="One approver's duty on an object, where a provider keeps it as an "
    "object of its own. Ottimate and BILL do not."
)
class ApprovalStatus(Node):
    """One approver's duty; the source is a record."""

    is_type_of = accepts(ApprovalStatusRecord)

    provider: ProviderName = described("The system that holds it.")
    source_id: strawberry.ID = described("The provider's own id.")
    state: ApprovalState = described("Whether it is decided, and how.")
    approver: User | None = described("Who is asked.")
    actual_approver: User | None = described(
        "Who decided; another person than `approver` where somebody did so on behalf."
    )
    approved_at: datetime | None = described("When it was approved.")
    rejected_at: datetime | None = described("When it was rejected.")
    note: str | None = described("What the person wrote with the decision.")


@strawberry.interface(description="What somebody must approve.")
class Approvable:
    """What somebody must approve."""

    id: strawberry.ID = described("Opaque, global and stable. Send it back as it is.")
    provider: ProviderName = described("The system that holds it.")
    source_id: strawberry.ID = described("The provider's own id.")
    title: str = described("A line that tells a person what it is.")
    approval_state: ApprovalState = described("How far its approval is.")
    progress: ApprovalProgress | None = described("How far its approvers are.")
    approval_statuses: list[ApprovalStatus] | None = described(
        "Its approvers' duties, where the provider keeps them as objects."
    )
    viewer_actions: list[ViewerAction] | None = described(
        "What can be asked for now, in the state that it is in."
    )
