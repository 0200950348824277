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
    StaleError,
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
_USER_ERRORS = (
    "Why it was refused. Beside APPLIED it is what to know of what happened all the "
    "same: in Accounteer, that somebody changed the document at the same moment."
)
_CODES: dict[type[GatewayError], UserErrorCode] = {
    NotFoundError: UserErrorCode.NOT_FOUND,
    ForbiddenError: UserErrorCode.FORBIDDEN,
    InvalidInputError: UserErrorCode.INVALID,
    ConflictError: UserErrorCode.CONFLICT,
    StaleError: UserErrorCode.STALE,
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

    *invoice_key*, *policy_source_id*, *target* and *approval_status_source_id* name
    what the payload shows, read after the write; None where no call may be made for it.
    """

    outcome: Outcome
    user_errors: list[UserErrorRecord]
    client_mutation_id: str | None
    provider: ProviderName | None = None
    invoice_key: str | None = None
    policy_source_id: str | None = None
    approver_source_id: str | None = None
    approver_id: str | None = None
    target: TargetKey | None = None
    approval_status_source_id: str | None = None


def create_payload(
    decided: Decided,
    *,
    client_mutation_id: str | None = None,
    provider: ProviderName | None = None,
    key: GlobalID | None = None,
    id_text: str | None = None,
    id_field: str | None = None,
    path: tuple[str, ...] = ("input",),
) -> PayloadRecord:
    """Return the payload of a write.

    Args:
        decided: What is known of the write.
        client_mutation_id: Echoed.
        provider: Where it was written, if no *key* says so.
        key: What was written on; None where there is no such object, or none yet.
        id_text: The id that *key* was read from.
        id_field: The name of the input's member that holds the id.
        path: Where that input stands in the mutation's arguments.
    """
    refusal = decided.refusal
    told = refusal or decided.remark
    provider = provider if key is None else key.provider
    unasked = isinstance(refusal, UnsupportedError) and not refusal.asked
    # What is refused without asking the provider stays without a call.
    shown = None if unasked else key
    return PayloadRecord(
        outcome=decided.outcome,
        user_errors=[]
        if told is None
        else [create_user_error(told, provider, id_field, path)],
        client_mutation_id=client_mutation_id,
        provider=provider,
        invoice_key=_invoice_key(shown),
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


def _invoice_key(key: GlobalID | None) -> str | None:
    """Return the key of the invoice that *key* is, or belongs to, if it does."""
    if key is None:
        return None
    return {"Invoice": key.invoice_key, "Approver": key.parent}.get(key.type_name)


def create_user_error(
    refusal: GatewayError,
    provider: ProviderName | None = None,
    id_field: str | None = None,
    path: tuple[str, ...] = ("input",),
) -> UserErrorRecord:
    """Return what a refusal is to the person; *path* leads to the refused input."""
    field: tuple[str, ...] | None = getattr(refusal, "field", None)
    if field is None and isinstance(refusal, NotFoundError) and id_field is not None:
        field = (id_field,)
    return UserErrorRecord(
        code=_CODES[type(refusal)],
        message=refusal.message,
        field=None if field is None else [*path, *field],
        provider=provider,
    )


async def _load_invoice(
    root: strawberry.Parent[PayloadRecord], info: Info
) -> InvoiceRecord | None:
    if root.provider is None or root.invoice_key is None:
        return None
    return await info.context.load_invoice(root.provider, root.invoice_key)


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
    if root.provider is None or root.invoice_key is None or wanted is None:
        return None
    loader = info.context.loaders[root.provider].approvers_by_invoice
    approvers = await loader.load(root.invoice_key) or []
    return next((one for one in approvers if one.source_id == wanted), None)


@strawberry.type(
    description="What a person is to know, or to mend: why a mutation was refused, or "
    "a remark on one that happened."
)
class UserError:
    """What a person is to know; the source is a record."""

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
    user_errors: list[UserError] = described(_USER_ERRORS)
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
        "The approver's duty that was decided, read back, where the provider keeps it "
        "as an object (Productive); else null.",
    )


@strawberry.type(description="What `reject` answers.")
class RejectPayload(ApprovePayload):
    """What `reject` answers; the source is a record."""


@strawberry.type(description="How one of several decisions ended.")
class DecideResult:
    """How one of several decisions ended; the source is a record."""

    is_type_of = accepts(PayloadRecord)

    outcome: Outcome = described("What is known to have happened.")
    user_errors: list[UserError] = described(_USER_ERRORS)
    approvable: Approvable | None = resolved(
        _load_approvable,
        Approvable | None,
        "What the decision is about, read back from the provider; null where the "
        "provider was not asked.",
    )


class DecidePayloadRecord(Struct, frozen=True, kw_only=True):
    """What `decide` answers; a result that a failure ended is its error."""

    results: list[PayloadRecord | Exception]
    user_errors: list[UserErrorRecord]
    client_mutation_id: str | None

    @property
    def outcome(self) -> Outcome:
        """What is known of all of them: the first of these that one of them has."""
        # A bug leaves nothing known; what a provider's failure ended was not sent.
        ended = {
            one.outcome if isinstance(one, PayloadRecord) else Outcome.UNKNOWN
            for one in self.results
            if not isinstance(one, GatewayError)
        }
        known = (Outcome.UNKNOWN, Outcome.APPLIED, Outcome.ALREADY_APPLIED)
        return next((one for one in known if one in ended), Outcome.REFUSED)


@strawberry.type(description="What `decide` answers.")
class DecidePayload(MutationPayload):
    """What `decide` answers; the source is a record."""

    is_type_of = accepts(DecidePayloadRecord)

    outcome: Outcome = described(
        "What is known of all decisions: UNKNOWN if that is so of one, else APPLIED if "
        "one was, else ALREADY_APPLIED if one was, else REFUSED. Results that are null "
        "with a `retryable` error were not sent, and do not count. Each result has its "
        "own."
    )
    user_errors: list[UserError] = described(
        "Why nothing at all was decided; what is wrong with one decision stands in its "
        "result."
    )
    results: list[DecideResult | None] = described(
        "How each decision ended, in the order in which they were sent. One is null, "
        "with an error at its place, where its provider failed before it was sent: "
        "`retryable` says that it can be sent again; without, it is not known whether "
        "it was sent."
    )


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
