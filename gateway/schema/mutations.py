"""The mutations: one input, one payload, one write."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

import strawberry

from gateway.connector import Connector, Written
from gateway.context import Info
from gateway.decisions import Decided
from gateway.domain import GlobalID, Outcome
from gateway.errors import InvalidInputError
from gateway.schema.ids import parse_id
from gateway.schema.payloads import (
    AddApproverPayload,
    ApprovePayload,
    PayloadRecord,
    RejectPayload,
    RemoveApproverPayload,
    SetApproversPayload,
    create_payload,
)

Write = Callable[[Connector, GlobalID], Coroutine[Any, Any, Written]]

_CLIENT_MUTATION_ID = "Anything; the payload has it again."


@strawberry.input(description="What is to be approved, and how.")
class ApproveInput:
    """What is to be approved, and how."""

    id: strawberry.ID = strawberry.field(description="The `id` of an invoice.")
    note: str | None = strawberry.field(
        default=None,
        description="What to write with the approval. A provider that takes none "
        "(Ottimate) answers UNSUPPORTED, and nothing is sent.",
    )
    force: bool | None = strawberry.field(
        default=None,
        description="Approve past the approvers who are still asked. It goes to the "
        "provider only as it stands here, and the person needs the right to.",
    )
    client_mutation_id: str | None = strawberry.field(
        default=None, description=_CLIENT_MUTATION_ID
    )


@strawberry.input(description="What is to be rejected.")
class RejectInput:
    """What is to be rejected."""

    id: strawberry.ID = strawberry.field(description="The `id` of an invoice.")
    note: str | None = strawberry.field(
        default=None, description="Why, for those who will read it."
    )
    client_mutation_id: str | None = strawberry.field(
        default=None, description=_CLIENT_MUTATION_ID
    )


@strawberry.input(description="Who is to approve what. Send one of the two persons.")
class AddApproverInput:
    """Who is to approve what."""

    invoice_id: strawberry.ID = strawberry.field(description="The `id` of an invoice.")
    user_source_id: strawberry.ID | None = strawberry.field(
        default=None, description="The provider's id of the person."
    )
    email: str | None = strawberry.field(
        default=None,
        description="The person's e-mail, where the provider finds people by it; "
        "Ottimate does not.",
    )
    client_mutation_id: str | None = strawberry.field(
        default=None, description=_CLIENT_MUTATION_ID
    )


@strawberry.input(description="Which approver is to be removed.")
class RemoveApproverInput:
    """Which approver is to be removed."""

    approver_id: strawberry.ID = strawberry.field(
        description="The `id` of an approver."
    )
    client_mutation_id: str | None = strawberry.field(
        default=None, description=_CLIENT_MUTATION_ID
    )


@strawberry.input(description="Who is to approve what, in order.")
class SetApproversInput:
    """Who is to approve what, in order."""

    invoice_id: strawberry.ID = strawberry.field(description="The `id` of an invoice.")
    user_source_ids: list[strawberry.ID] = strawberry.field(
        description="The provider's ids of the persons, first to decide first."
    )
    client_mutation_id: str | None = strawberry.field(
        default=None, description=_CLIENT_MUTATION_ID
    )


@strawberry.type(description="What can be changed. Each is sent at most once.")
class Mutation:
    """The mutations."""

    @strawberry.field(
        graphql_type=ApprovePayload | None,
        description="Approve as the person for whom this gateway acts. What is "
        "approved already answers ALREADY_APPLIED. One approval of several leaves "
        "the invoice pending.",
    )
    @staticmethod
    async def approve(
        info: Info,
        input: Annotated[
            ApproveInput, strawberry.argument(description="What is to be approved.")
        ],
    ) -> PayloadRecord:
        async def write(connector: Connector, invoice: GlobalID) -> Written:
            return await connector.approve(
                invoice.source_id, note=input.note, force=input.force
            )

        return await _decide(
            info,
            input.id,
            "id",
            write,
            client_mutation_id=input.client_mutation_id,
            force=input.force,
        )

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
        async def write(connector: Connector, invoice: GlobalID) -> Written:
            return await connector.reject(invoice.source_id, note=input.note)

        return await _decide(
            info, input.id, "id", write, client_mutation_id=input.client_mutation_id
        )

    @strawberry.field(
        graphql_type=AddApproverPayload | None,
        description="Ask one more person to approve an invoice.",
    )
    @staticmethod
    async def add_approver(
        info: Info,
        input: Annotated[
            AddApproverInput, strawberry.argument(description="Who, and what.")
        ],
    ) -> PayloadRecord:
        async def write(connector: Connector, invoice: GlobalID) -> Written:
            if (input.user_source_id is None) == (input.email is None):
                raise InvalidInputError(
                    "Send either `userSourceId` or `email`.", field=("userSourceId",)
                )
            return await connector.add_approver(
                invoice.source_id,
                user_source_id=input.user_source_id,
                email=input.email,
            )

        return await _decide(
            info,
            input.invoice_id,
            "invoiceId",
            write,
            client_mutation_id=input.client_mutation_id,
        )

    @strawberry.field(
        graphql_type=RemoveApproverPayload | None,
        description="Take back that a person is asked to approve an invoice. It never "
        "counts as their approval.",
    )
    @staticmethod
    async def remove_approver(
        info: Info,
        input: Annotated[
            RemoveApproverInput, strawberry.argument(description="Which approver.")
        ],
    ) -> PayloadRecord:
        async def write(connector: Connector, approver: GlobalID) -> Written:
            return await connector.remove_approver(approver.parent, approver.source_id)

        return await _decide(
            info,
            input.approver_id,
            "approverId",
            write,
            takes="Approver",
            client_mutation_id=input.client_mutation_id,
        )

    @strawberry.field(
        graphql_type=SetApproversPayload | None,
        description="Make these persons, in this order, the approvers of an invoice. "
        "Ottimate has no such call and answers UNSUPPORTED.",
    )
    @staticmethod
    async def set_approvers(
        info: Info,
        input: Annotated[
            SetApproversInput, strawberry.argument(description="Who, and what.")
        ],
    ) -> PayloadRecord:
        async def write(connector: Connector, invoice: GlobalID) -> Written:
            return await connector.set_approvers(
                invoice.source_id, input.user_source_ids
            )

        return await _decide(
            info,
            input.invoice_id,
            "invoiceId",
            write,
            client_mutation_id=input.client_mutation_id,
        )


async def _decide(
    info: Info,
    id_text: str,
    id_field: str,
    write: Write,
    *,
    takes: str = "Invoice",
    client_mutation_id: str | None,
    **details: object,
) -> PayloadRecord:
    """Send one write on what the id names, and forget what was read before it."""
    context = info.context
    try:
        key = parse_id(id_text, (takes,), field=id_field)
        connector = context.connector(key.provider)
    except InvalidInputError as refusal:
        return create_payload(
            Decided(outcome=Outcome.REFUSED, refusal=refusal),
            invoice=None,
            id_field=id_field,
            client_mutation_id=client_mutation_id,
        )
    try:
        decided = await context.decisions.send(
            write(connector, key),
            decision=info.field_name,
            subject=context.caller.subject,
            target=id_text,
            provider=key.provider.value,
            **details,
        )
    finally:
        context.loaders[key.provider].forget()
    return create_payload(
        decided,
        invoice=_invoice_key(key),
        id_field=id_field,
        client_mutation_id=client_mutation_id,
        approver_id=id_text if takes == "Approver" else None,
    )


def _invoice_key(key: GlobalID) -> GlobalID:
    """Return the key of the invoice that *key* is or belongs to."""
    if key.type_name == "Invoice":
        return key
    return GlobalID(
        version=key.version,
        type_name="Invoice",
        provider=key.provider,
        source_id=key.parent,
    )
