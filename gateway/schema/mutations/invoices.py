"""The mutations on invoices: say who decides."""

from typing import Annotated

import strawberry

from gateway.connector import Invoices, Written
from gateway.context import Info
from gateway.domain import GlobalID
from gateway.errors import InvalidInputError
from gateway.schema.mutations.inputs import (
    AddApproverInput,
    ClearApproversInput,
    RemoveApproverInput,
    SetApproversInput,
)
from gateway.schema.mutations.writing import (
    write_on_approver,
    write_on_invoice,
)
from gateway.schema.payloads import (
    AddApproverPayload,
    ClearApproversPayload,
    PayloadRecord,
    RemoveApproverPayload,
    SetApproversPayload,
)


@strawberry.type
class InvoiceMutations:
    """The mutations on invoices."""

    @strawberry.field(
        graphql_type=AddApproverPayload | None,
        description="Ask one more person to approve an invoice. Accounteer has no "
        "approvers and answers UNSUPPORTED.",
    )
    @staticmethod
    async def add_approver(
        info: Info,
        input: Annotated[
            AddApproverInput, strawberry.argument(description="Who, and what.")
        ],
    ) -> PayloadRecord:
        async def write(invoices: Invoices, invoice_id: str) -> Written:
            if (input.user_source_id is None) == (input.email is None):
                raise InvalidInputError(
                    "Send either `userSourceId` or `email`.", field=("userSourceId",)
                )
            return await invoices.add_approver(
                invoice_id,
                user_source_id=input.user_source_id,
                email=input.email,
            )

        return await write_on_invoice(info, input, write)

    @strawberry.field(
        graphql_type=RemoveApproverPayload | None,
        description="Take back that a person is asked to approve an invoice. It never "
        "counts as their approval. Where nobody would be left who has yet to decide, "
        "which would approve the invoice, it is CONFLICT. Accounteer has no approvers.",
    )
    @staticmethod
    async def remove_approver(
        info: Info,
        input: Annotated[
            RemoveApproverInput, strawberry.argument(description="Which approver.")
        ],
    ) -> PayloadRecord:
        async def write(invoices: Invoices, approver: GlobalID) -> Written:
            return await invoices.remove_approver(approver.parent, approver.source_id)

        return await write_on_approver(info, input, write)

    @strawberry.field(
        graphql_type=SetApproversPayload | None,
        description="Make these persons, in this order, the approvers of an invoice. "
        "Who has approved already and is among them is not asked again, where the "
        "provider keeps that. Ottimate and Accounteer have no such call and answer "
        "UNSUPPORTED.",
    )
    @staticmethod
    async def set_approvers(
        info: Info,
        input: Annotated[
            SetApproversInput, strawberry.argument(description="Who, and what.")
        ],
    ) -> PayloadRecord:
        async def write(invoices: Invoices, invoice_id: str) -> Written:
            return await invoices.set_approvers(invoice_id, input.user_source_ids)

        return await write_on_invoice(info, input, write)

    @strawberry.field(
        graphql_type=ClearApproversPayload | None,
        description="Take all approvers off an invoice, those who have decided too. A "
        "rejected invoice of BILL is asked about again only after this. Ottimate and "
        "Accounteer have no such call and answer UNSUPPORTED.",
    )
    @staticmethod
    async def clear_approvers(
        info: Info,
        input: Annotated[
            ClearApproversInput, strawberry.argument(description="Which invoice.")
        ],
    ) -> PayloadRecord:
        async def write(invoices: Invoices, invoice_id: str) -> Written:
            return await invoices.clear_approvers(invoice_id)

        return await write_on_invoice(info, input, write)
