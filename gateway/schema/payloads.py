"""What mutations answer: what happened, why not, and the object as it now stands."""

import strawberry
from msgspec import Struct

from gateway.context import Info
from gateway.decisions import Decided
from gateway.domain import (
    TARGET_TYPES,
    ApprovableRecord,
    ApprovalStatusRecord,
    ApproverRecord,
    GlobalID,
    InvoiceRecord,
    Outcome,
    PolicyRecord,
    ProviderName,
    TargetKey,
)
from gateway.errors import (
    ConflictError,
    ForbiddenError,
    GatewayError,
    InvalidInputError,
    NotFoundError,
    UnsupportedError,
)
from gateway.schema.approvables import Approvable, ApprovalStatus
from gateway.schema.enums import UserErrorCode
from gateway.schema.invoices import Approver, Invoice
from gateway.schema.policies import Policy
from gateway.schema.records import accepts, described, resolved

_INVOICE = (
    "The invoice, read back from the provider; null where the provider was not asked."
)
_POLICY = (
    "The policy, read back from the provider; null where the provider was not asked."
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

    *invoice_source_id*, *policy_source_id*, *target* and *approval_status_source_id*
    name what the payload shows, read after the write; None where no call may be made
    for it.
    """

    outcome: Outcome
    user_errors: list[UserErrorRecord]
    client_mutation_id: str | None
    provider: ProviderName | None = None
    invoice_source_id: str | None = None
    policy_source_id: str | None = None
    approver_source_id: str | None = None
    approver_id: str | None = None
    target: TargetKey | None = None
    approval_status_source_id: str | None = None


def create_payload(
    decided: Decided,
    *,
    client_mutation_id: str | None,
    provider: ProviderName | None = None,
    key: GlobalID | None = None,
    id_text: str | None = None,
    id_field: str | None = None,
) -> PayloadRecord:
    """Return the payload of a write.

    Args:
        decided: What is known of the write.
        client_mutation_id: Echoed.
        provider: Where it was written, if no *key* says so.
        key: What was written on; None where there is no such object, or none yet.
        id_text: The id that *key* was read from.
        id_field: The name of the input's member that holds the id.
    """
    refusal = decided.refusal
    provider = provider if key is None else key.provider
    unasked = isinstance(refusal, UnsupportedError) and not refusal.asked
    # What is refused without asking the provider stays without a call.
    shown = None if unasked else key
    return PayloadRecord(
        outcome=decided.outcome,
        user_errors=[]
        if refusal is None
        else [_user_error(refusal, provider, id_field)],
        client_mutation_id=client_mutation_id,
        provider=provider,
        invoice_source_id=_invoice_source_id(shown),
        policy_source_id=shown.source_id
        if shown is not None and shown.type_name == "Policy"
        else decided.policy_source_id,
        approver_source_id=decided.approver_source_id,
        approver_id=id_text if key and key.type_name == "Approver" else None,
        target=decided.target or _target(shown),
        approval_status_source_id=shown.source_id
        if shown is not None and shown.type_name == "ApprovalStatus"
        else decided.approval_status_source_id,
    )


def _target(key: GlobalID | None) -> TargetKey | None:
    """Return what finds the target that *key* is, if it is one."""
    if key is None or key.type_name not in TARGET_TYPES:
        return None
    return TargetKey(TARGET_TYPES[key.type_name], key.source_id)


def _invoice_source_id(key: GlobalID | None) -> str | None:
    """Return the id of the invoice that *key* is, or belongs to, if it does."""
    if key is None:
        return None
    return {"Invoice": key.source_id, "Approver": key.parent}.get(key.type_name)


def _user_error(
    refusal: GatewayError, provider: ProviderName | None, id_field: str | None
) -> UserErrorRecord:
    path: tuple[str, ...] | None = getattr(refusal, "field", None)
    if path is None and isinstance(refusal, NotFoundError) and id_field is not None:
        path = (id_field,)
    return UserErrorRecord(
        code=_CODES[type(refusal)],
        message=refusal.message,
        field=None if path is None else ["input", *path],
        provider=provider,
    )


async def _load_invoice(
    root: strawberry.Parent[PayloadRecord], info: Info
) -> InvoiceRecord | None:
    if root.provider is None or root.invoice_source_id is None:
        return None
    return await info.context.load_invoice(root.provider, root.invoice_source_id)


async def _load_status(
    root: strawberry.Parent[PayloadRecord], info: Info
) -> ApprovalStatusRecord | None:
    """Load the duty that was decided, with its target where that is known."""
    if root.provider is None or root.approval_status_source_id is None:
        return None
    wanted = root.approval_status_source_id
    if root.target is not None:
        details = await info.context.load_target_details(root.provider, root.target)
        for one in details.statuses if details is not None else []:
            if one.source_id == wanted:
                return one
    return await info.context.load_approval_status(root.provider, wanted)


async def _load_approvable(
    root: strawberry.Parent[PayloadRecord], info: Info
) -> ApprovableRecord | None:
    if root.provider is None:
        return None
    target = root.target
    if target is None and root.approval_status_source_id is not None:
        status = await _load_status(root, info)
        target = None if status is None else status.target
    if target is not None:
        return await info.context.load_target(root.provider, target)
    return await _load_invoice(root, info)


async def _load_policy(
    root: strawberry.Parent[PayloadRecord], info: Info
) -> PolicyRecord | None:
    if root.provider is None or root.policy_source_id is None:
        return None
    return await info.context.load_policy(root.provider, root.policy_source_id)


async def _load_approver(
    root: strawberry.Parent[PayloadRecord], info: Info
) -> ApproverRecord | None:
    wanted = root.approver_source_id
    if root.provider is None or root.invoice_source_id is None or wanted is None:
        return None
    loader = info.context.loaders[root.provider].approvers_by_invoice
    approvers = await loader.load(root.invoice_source_id) or []
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
        _load_approvable,
        Approvable | None,
        "What the decision is about, read back from the provider; null where the "
        "provider was not asked.",
    )

    approval_status: ApprovalStatus | None = resolved(
        _load_status,
        ApprovalStatus | None,
        "The approver's duty that was decided, where the provider keeps it as an "
        "object (Productive), read back; Ottimate and BILL do not.",
    )


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


@strawberry.type(description="What `clearApprovers` answers.")
class ClearApproversPayload(MutationPayload):
    """What `clearApprovers` answers; the source is a record."""

    is_type_of = accepts(PayloadRecord)

    invoice: Invoice | None = resolved(_load_invoice, Invoice | None, _INVOICE)


@strawberry.type(description="What `createPolicy` answers.")
class CreatePolicyPayload(MutationPayload):
    """What `createPolicy` answers; the source is a record."""

    is_type_of = accepts(PayloadRecord)

    policy: Policy | None = resolved(_load_policy, Policy | None, _POLICY)


@strawberry.type(description="What `updatePolicy` answers.")
class UpdatePolicyPayload(CreatePolicyPayload):
    """What `updatePolicy` answers; the source is a record."""


@strawberry.type(description="What `deletePolicy` answers.")
class DeletePolicyPayload(CreatePolicyPayload):
    """What `deletePolicy` answers; the source is a record."""


@strawberry.type(description="What `restorePolicy` answers.")
class RestorePolicyPayload(CreatePolicyPayload):
    """What `restorePolicy` answers; the source is a record."""


@strawberry.type(description="What `addPolicyApprover` answers.")
class AddPolicyApproverPayload(CreatePolicyPayload):
    """What `addPolicyApprover` answers; the source is a record."""


@strawberry.type(description="What `removePolicyApprover` answers.")
class RemovePolicyApproverPayload(CreatePolicyPayload):
    """What `removePolicyApprover` answers; the source is a record."""
