"""Policy: the rule by which a provider asks for approvers."""

from datetime import datetime

import strawberry

from gateway.context import Info
from gateway.domain import InvoiceKind, PolicyRecord, ProviderName, UserRecord
from gateway.schema.interfaces import Money, Node, User
from gateway.schema.records import accepts, described


@strawberry.type(description="The rule by which a provider asks for approvers.")
class Policy(Node):
    """A rule; the source is a record."""

    is_type_of = accepts(PolicyRecord)

    provider: ProviderName = described("The system that holds it.")
    source_id: strawberry.ID = described("The provider's own id.")
    name: str | None = described("The provider's name for it.")
    applies_to: InvoiceKind | None = described(
        "What it applies to; null where the provider does not tell."
    )
    amount_threshold: Money | None = described(
        "From which amount it applies; null where the provider does not tell."
    )
    minimum_approvers: int | None = described(
        "How many must approve; null where the provider does not tell (Ottimate, "
        "Productive)."
    )
    is_active: bool | None = described(
        "Whether it is in use; null where the provider does not tell."
    )
    created_at: datetime | None = described("When it was made.")
    updated_at: datetime | None = described("When it last changed.")

    @strawberry.field(
        graphql_type=list[User] | None,
        description="Who must approve; null where the provider does not tell.",
    )
    @staticmethod
    async def mandatory_approvers(
        root: strawberry.Parent[PolicyRecord], info: Info
    ) -> list[UserRecord] | None:
        loaders = info.context.loaders[root.provider]
        return await loaders.mandatory_approvers_by_policy.load(root.source_id)
