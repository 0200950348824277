"""The mutations that decide: approve and reject, whatever it is."""

from typing import Annotated

import strawberry

from gateway.connector import Connector, Written
from gateway.context import Info
from gateway.domain import GlobalID
from gateway.schema.mutations.inputs import ApproveInput, RejectInput
from gateway.schema.mutations.writing import write_decision
from gateway.schema.payloads import ApprovePayload, PayloadRecord, RejectPayload


@strawberry.type
class DecisionMutations:
    """The mutations that decide."""

    @strawberry.field(
        graphql_type=ApprovePayload | None,
        description="Approve as the person for whom this gateway acts. What is "
        "approved already answers ALREADY_APPLIED; where a provider keeps duties as "
        "objects (Productive), only if this person did that. One approval of several "
        "leaves what is approved pending.",
    )
    @staticmethod
    async def approve(
        info: Info,
        input: Annotated[
            ApproveInput, strawberry.argument(description="What is to be approved.")
        ],
    ) -> PayloadRecord:
        async def write(connector: Connector, subject: GlobalID) -> Written:
            return await connector.approve(subject, note=input.note, force=input.force)

        return await write_decision(info, input, write, force=input.force)

    @strawberry.field(
        graphql_type=RejectPayload | None,
        description="Reject as the person for whom this gateway acts. Ottimate knows "
        "no rejection and answers UNSUPPORTED.",
    )
    @staticmethod
    async def reject(
        info: Info,
        input: Annotated[
            RejectInput, strawberry.argument(description="What is to be rejected.")
        ],
    ) -> PayloadRecord:
        async def write(connector: Connector, subject: GlobalID) -> Written:
            return await connector.reject(subject, note=input.note)

        return await write_decision(info, input, write)
