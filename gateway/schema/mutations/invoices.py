"""The mutations on invoices: decide, and say who decides."""

from typing import Annotated

import strawberry

from gateway.connector import Connector, Written
from gateway.context import Info
from gateway.domain import GlobalID
from gateway.errors import InvalidInputError
from gateway.schema.mutations.inputs import (
    AddApproverInput,
    ApproveInput,
    ClearApproversInput,
    RejectInput,
    RemoveApproverInput,
    SetApproversInput,
)
from gateway.schema.mutations.writing import write_on, write_on_invoice
from gateway.schema.payloads import (
    AddApproverPayload,
    ApprovePayload,
    ClearApproversPayload,
    PayloadRecord,
    RejectPayload,
    RemoveApproverPayload,
    SetApproversPayload,
)


@strawberry.type
class InvoiceMutations:
    """The mutations on invoices."""

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

        return await write_on(
            info,
            input,
            input.id,
            write,
            type_name="Invoice",
            field="id",
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

        return await write_on(
            info, input, input.id, write, type_name="Invoice", field="id"
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
        async def write(connector: Connector, invoice_id: str) -> Written:
            if (input.user_source_id is None) == (input.email is None):
                raise InvalidInputError(
                    "Send either `userSourceId` or `email`.", field=("userSourceId",)
                )
            return await connector.add_approver(
                invoice_id,
                user_source_id=input.user_source_id,
                email=input.email,
            )

        return await write_on_invoice(info, input, write)

    @strawberry.field(
        graphql_type=RemoveApproverPayload | None,
        description="Take back that a person is asked to approve an invoice. It never "
        "counts as their approval. Where nobody would be left who has yet to decide, "
        "which would approve the invoice, it is CONFLICT.",
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

        return await write_on(
            info,
            input,
            input.approver_id,
            write,
            type_name="Approver",
            field="approverId",
        )

    @strawberry.field(
        graphql_type=SetApproversPayload | None,
        description="Make these persons, in this order, the approvers of an invoice. "
        "Who has approved already and is among them is not asked again, where the "
        "provider keeps that. Ottimate has no such call and answers UNSUPPORTED.",
    )
    @staticmethod
    async def set_approvers(
        info: Info,
        input: Annotated[
            SetApproversInput, strawberry.argument(description="Who, and what.")
        ],
    ) -> PayloadRecord:
        async def write(connector: Connector, invoice_id: str) -> Written:
            return await connector.set_approvers(invoice_id, input.user_source_ids)

        return await write_on_invoice(info, input, write)

    @strawberry.field(
        graphql_type=ClearApproversPayload | None,
        description="Take all approvers off an invoice, those who have decided too. A "
        "rejected invoice of BILL is asked about again only after this. Ottimate has "
        "no such call and answers UNSUPPORTED.",
    )
    @staticmethod
    async def clear_approvers(
        info: Info,
        input: Annotated[
            ClearApproversInput, strawberry.argument(description="Which invoice.")
        ],
    ) -> PayloadRecord:
        async def write(connector: Connector, invoice_id: str) -> Written:
            return await connector.clear_approvers(invoice_id)

        return await write_on_invoice(info, input, write)
