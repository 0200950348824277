"""The mutations on policies: make, change, delete, restore, and who must approve."""

from typing import Annotated

import strawberry

from gateway.connector import Policies, Written
from gateway.context import Info
from gateway.decisions import Decided
from gateway.domain import Outcome
from gateway.errors import UnsupportedError
from gateway.schema.mutations.inputs import (
    AddPolicyApproverInput,
    CreatePolicyInput,
    DeletePolicyInput,
    RemovePolicyApproverInput,
    RestorePolicyInput,
    UpdatePolicyInput,
)
from gateway.schema.mutations.policy_values import create_changes, create_draft
from gateway.schema.mutations.writing import send_write, write_on_policy
from gateway.schema.payloads import (
    AddPolicyApproverPayload,
    CreatePolicyPayload,
    DeletePolicyPayload,
    PayloadRecord,
    RemovePolicyApproverPayload,
    RestorePolicyPayload,
    UpdatePolicyPayload,
    create_payload,
)


@strawberry.type
class PolicyMutations:
    """The mutations on policies."""

    @strawberry.field(
        graphql_type=CreatePolicyPayload | None,
        description="Make a policy. What is in approval already keeps its approvers.",
    )
    @staticmethod
    async def create_policy(
        info: Info,
        input: Annotated[
            CreatePolicyInput, strawberry.argument(description="The policy.")
        ],
    ) -> PayloadRecord:
        return await _create(info, input)

    @strawberry.field(
        graphql_type=UpdatePolicyPayload | None,
        description="Change a policy's threshold or how many must approve. What is in "
        "approval already keeps its approvers.",
    )
    @staticmethod
    async def update_policy(
        info: Info,
        input: Annotated[
            UpdatePolicyInput, strawberry.argument(description="What is to change.")
        ],
    ) -> PayloadRecord:
        async def write(policies: Policies, policy_id: str) -> Written:
            return await policies.update_policy(policy_id, create_changes(input))

        return await write_on_policy(info, input, write)

    @strawberry.field(
        graphql_type=DeletePolicyPayload | None,
        description="Take a policy out of use; `restorePolicy` puts it back.",
    )
    @staticmethod
    async def delete_policy(
        info: Info,
        input: Annotated[
            DeletePolicyInput, strawberry.argument(description="Which policy.")
        ],
    ) -> PayloadRecord:
        async def write(policies: Policies, policy_id: str) -> Written:
            return await policies.delete_policy(policy_id)

        return await write_on_policy(info, input, write)

    @strawberry.field(
        graphql_type=RestorePolicyPayload | None,
        description="Put a policy that was deleted into use again.",
    )
    @staticmethod
    async def restore_policy(
        info: Info,
        input: Annotated[
            RestorePolicyInput, strawberry.argument(description="Which policy.")
        ],
    ) -> PayloadRecord:
        async def write(policies: Policies, policy_id: str) -> Written:
            return await policies.restore_policy(policy_id)

        return await write_on_policy(info, input, write)

    @strawberry.field(
        graphql_type=AddPolicyApproverPayload | None,
        description="Make a person a mandatory approver of a policy.",
    )
    @staticmethod
    async def add_policy_approver(
        info: Info,
        input: Annotated[
            AddPolicyApproverInput, strawberry.argument(description="Who, and where.")
        ],
    ) -> PayloadRecord:
        async def write(policies: Policies, policy_id: str) -> Written:
            return await policies.add_policy_approver(policy_id, input.user_source_id)

        return await write_on_policy(info, input, write)

    @strawberry.field(
        graphql_type=RemovePolicyApproverPayload | None,
        description="Make a person no mandatory approver of a policy any more.",
    )
    @staticmethod
    async def remove_policy_approver(
        info: Info,
        input: Annotated[
            RemovePolicyApproverInput,
            strawberry.argument(description="Who, and where."),
        ],
    ) -> PayloadRecord:
        async def write(policies: Policies, policy_id: str) -> Written:
            return await policies.remove_policy_approver(
                policy_id, input.user_source_id
            )

        return await write_on_policy(info, input, write)


async def _create(info: Info, wanted: CreatePolicyInput) -> PayloadRecord:
    """Make a policy with the provider whose policies can be made."""
    provider = next(iter(info.context.policies_by_provider()), None)
    if provider is None:
        refusal = UnsupportedError(
            "No provider of this gateway has calls that change policies; BILL has. "
            "Nothing was sent."
        )
        decided = Decided(outcome=Outcome.REFUSED, refusal=refusal)
    else:
        policies = info.context.policies(provider)

        async def write() -> Written:
            return await policies.create_policy(create_draft(wanted))

        decided = await send_write(info, provider, write)
    return create_payload(
        decided, provider=provider, client_mutation_id=wanted.client_mutation_id
    )
