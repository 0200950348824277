"""The mutations that decide: approve and reject, one object or many."""

from typing import Annotated

import msgspec
import strawberry

from gateway.context import Info
from gateway.domain import Decision
from gateway.errors import InvalidInputError
from gateway.schema.mutations.inputs import (
    ApproveInput,
    DecideInput,
    DecisionInput,
    RejectInput,
)
from gateway.schema.mutations.sending import send_decisions
from gateway.schema.payloads import (
    ApprovePayload,
    DecidePayload,
    DecidePayloadRecord,
    PayloadRecord,
    RejectPayload,
    create_user_error,
)

_MOST_DECISIONS = 100


@strawberry.type
class DecisionMutations:
    """The mutations that decide."""

    @strawberry.field(
        graphql_type=ApprovePayload | None,
        description="Approve as the caller; Ottimate and Accounteer know applications "
        "alone, and record the one that acts for the caller. What is approved already "
        "answers ALREADY_APPLIED; where a provider keeps duties as objects "
        "(Productive), only if this person did that. One approval of several "
        "leaves what is approved pending. In Accounteer an approval is final: nothing "
        "takes it back, and the document can be changed no more.",
    )
    @staticmethod
    async def approve(
        info: Info,
        input: Annotated[
            ApproveInput, strawberry.argument(description="What is to be approved.")
        ],
    ) -> PayloadRecord:
        return await _decide_one(info, input, Decision.APPROVE, force=input.force)

    @strawberry.field(
        graphql_type=RejectPayload | None,
        description="Reject as the caller. Ottimate and Accounteer know no rejection "
        "and answer UNSUPPORTED.",
    )
    @staticmethod
    async def reject(
        info: Info,
        input: Annotated[
            RejectInput, strawberry.argument(description="What is to be rejected.")
        ],
    ) -> PayloadRecord:
        return await _decide_one(info, input, Decision.REJECT)

    @strawberry.field(
        graphql_type=DecidePayload | None,
        description="Decide on up to 100 objects of any providers at once, each as "
        "`approve` and `reject` do. Each decision stands for itself: one that is "
        "refused or fails leaves the others.",
    )
    @staticmethod
    async def decide(
        info: Info,
        input: Annotated[
            DecideInput, strawberry.argument(description="What is to be decided.")
        ],
    ) -> DecidePayloadRecord:
        count = len(input.decisions)
        if not 1 <= count <= _MOST_DECISIONS:
            refusal = InvalidInputError(
                f"`decisions` takes 1 to {_MOST_DECISIONS} decisions, not {count}. "
                "Nothing was sent.",
                field=("decisions",),
            )
            return DecidePayloadRecord(
                results=[],
                user_errors=[create_user_error(refusal)],
                client_mutation_id=input.client_mutation_id,
            )
        results = await send_decisions(
            info,
            input.decisions,
            [("input", "decisions", str(place)) for place in range(count)],
        )
        return DecidePayloadRecord(
            results=results,
            user_errors=[],
            client_mutation_id=input.client_mutation_id,
        )


async def _decide_one(
    info: Info,
    wanted: ApproveInput | RejectInput,
    decision: Decision,
    *,
    force: bool | None = None,
) -> PayloadRecord:
    one = DecisionInput(
        id=wanted.id,
        decision=decision,
        note=wanted.note,
        force=force,
        expected_version=wanted.expected_version,
    )
    (result,) = await send_decisions(info, [one], [("input",)])
    if not isinstance(result, PayloadRecord):
        raise result
    return msgspec.structs.replace(result, client_mutation_id=wanted.client_mutation_id)
