"""What mutations answer: what happened, why not, and the object as it now stands."""

import strawberry
from msgspec import Struct

from gateway.context import Info
from gateway.decisions import Decided
from gateway.domain import (
    ApprovalStatusRecord,
    ApproverRecord,
    GlobalID,
    InvoiceRecord,
    Outcome,
    ProviderName,
)
from gateway.errors import (
    ConflictError,
    ForbiddenError,
    GatewayError,
    InvalidInputError,
    NotFoundError,
    UnsupportedError,
)
from gateway.schema.enums import UserErrorCode
from gateway.schema.interfaces import Approvable, ApprovalStatus
from gateway.schema.records import accepts, described, resolved
from gateway.schema.types import Approver, Invoice

_INVOICE = (
    "The invoice, read back from the provider; null where the provider was not asked."
)
_CODES: dict[type[GatewayError], UserErrorCode] = {
    NotFoundError: UserErrorCode.NOT_FOUND,
    ForbiddenError: UserErrorCode.FORBIDDEN,
    InvalidInputError: UserErrorCode.INVALID,
    ConflictError: UserErrorCode.CONFLICT,
    UnsupportedError: UserErrorCode.UNSUPPORTED,
}


class UserErrorRecord(Struct, frozen=True, kw_only=True):
    """Why a mutation was refused; *field* is a path from the mutation's arguments."""

    code: UserErrorCode
    message: str
    field: list[str] | None
    provider: ProviderName | None


class PayloadRecord(Struct, frozen=True, kw_only=True):
    """What every mutation answers.

    *invoice* is the key of the invoice that the payload shows, read after the write;
    None where no call may be made for it.
    """

    outcome: Outcome
    user_errors: list[UserErrorRecord]
    client_mutation_id: str | None
    invoice: GlobalID | None
    approver_source_id: str | None = None
    approver_id: str | None = None


def create_payload(
    decided: Decided,
    *,
    invoice: GlobalID | None,
    id_field: str,
    client_mutation_id: str | None,
    approver_id: str | None = None,
) -> PayloadRecord:
    """Return the payload of a write on *invoice*.

    Args:
        decided: What is known of the write.
        invoice: The invoice's key; None where the id was no id.
        id_field: The name of the input's member that holds the id.
        client_mutation_id: Echoed.
        approver_id: The id of the approver that the write is about.
    """
    refusal = decided.refusal
    unasked = isinstance(refusal, UnsupportedError) and not refusal.asked
    return PayloadRecord(
        outcome=decided.outcome,
        user_errors=[]
        if refusal is None
        else [_user_error(refusal, invoice, id_field)],
        client_mutation_id=client_mutation_id,
        # What is refused without asking the provider stays without a call.
        invoice=None if unasked else invoice,
        approver_source_id=decided.approver_source_id,
        approver_id=approver_id,
    )


def _user_error(
    refusal: GatewayError, invoice: GlobalID | None, id_field: str
) -> UserErrorRecord:
    path: tuple[str, ...] | None = getattr(refusal, "field", None)
    if path is None and isinstance(refusal, NotFoundError):
        path = (id_field,)
    return UserErrorRecord(
        code=_CODES[type(refusal)],
        message=refusal.message,
        field=None if path is None else ["input", *path],
        provider=None if invoice is None else invoice.provider,
    )


async def _load_invoice(
    root: strawberry.Parent[PayloadRecord], info: Info
) -> InvoiceRecord | None:
    key = root.invoice
    if key is None:
        return None
    return await info.context.load_invoice(key.provider, key.source_id)


async def _load_approver(
    root: strawberry.Parent[PayloadRecord], info: Info
) -> ApproverRecord | None:
    key = root.invoice
    if key is None or root.approver_source_id is None:
        return None
    loader = info.context.loaders[key.provider].approvers_by_invoice
    approvers = await loader.load(key.source_id) or []
    wanted = root.approver_source_id
    return next((one for one in approvers if one.source_id == wanted), None)


@strawberry.type(description="Why a mutation was refused, for the person to act on.")
class UserError:
    """Why a mutation was refused; the source is a record."""

    is_type_of = accepts(UserErrorRecord)

    code: UserErrorCode = described("The stable code.")
    message: str = described("What was wrong, and what would be right.")
    field: list[str] | None = described(
        "The path of the value at fault, from the mutation's arguments."
    )
    provider: ProviderName | None = described("The provider that it is about.")


@strawberry.interface(description="What every mutation answers.")
class MutationPayload:
    """What every mutation answers."""

    outcome: Outcome = described("What is known to have happened.")
    user_errors: list[UserError] = described("Why it was refused; empty if it was not.")
    client_mutation_id: str | None = described("The input's `clientMutationId`.")


@strawberry.type(description="What `approve` answers.")
class ApprovePayload(MutationPayload):
    """What `approve` answers; the source is a record."""

    is_type_of = accepts(PayloadRecord)

    approvable: Approvable | None = resolved(
        _load_invoice,
        Approvable | None,
        "What the decision is about, read back from the provider; null where the "
        "provider was not asked.",
    )

    @strawberry.field(
        graphql_type=ApprovalStatus | None,
        description="The approver's duty that was decided, where the provider keeps it "
        "as an object; Ottimate does not.",
    )
    @staticmethod
    def approval_status(
        root: strawberry.Parent[PayloadRecord],
    ) -> ApprovalStatusRecord | None:
        del root
        return None


@strawberry.type(description="What `reject` answers.")
class RejectPayload(ApprovePayload):
    """What `reject` answers; the source is a record."""


@strawberry.type(description="What `addApprover` answers.")
class AddApproverPayload(MutationPayload):
    """What `addApprover` answers; the source is a record."""

    is_type_of = accepts(PayloadRecord)

    approver: Approver | None = resolved(
        _load_approver,
        Approver | None,
        "The approval record of the person, read back from the provider.",
    )

    invoice: Invoice | None = resolved(_load_invoice, Invoice | None, _INVOICE)


@strawberry.type(description="What `removeApprover` answers.")
class RemoveApproverPayload(MutationPayload):
    """What `removeApprover` answers; the source is a record."""

    is_type_of = accepts(PayloadRecord)

    @strawberry.field(
        description="The `id` of the approver that is gone; null where it is not."
    )
    @staticmethod
    def removed_approver_id(
        root: strawberry.Parent[PayloadRecord],
    ) -> strawberry.ID | None:
        gone = root.outcome in {Outcome.APPLIED, Outcome.ALREADY_APPLIED}
        if not gone or root.approver_id is None:
            return None
        return strawberry.ID(root.approver_id)

    invoice: Invoice | None = resolved(_load_invoice, Invoice | None, _INVOICE)


@strawberry.type(description="What `setApprovers` answers.")
class SetApproversPayload(MutationPayload):
    """What `setApprovers` answers; the source is a record."""

    is_type_of = accepts(PayloadRecord)

    invoice: Invoice | None = resolved(_load_invoice, Invoice | None, _INVOICE)
