"""How far the approval of an object is, by one set of rules over what is told.

A provider's wire turns the provider's own words into these facts.
"""

from collections.abc import Mapping

from gateway.domain import ApprovalState, InvoiceStatus

# What nobody is asked about yet, by whether anybody is going to be.
_UNASSIGNED: Mapping[bool | None, ApprovalState] = {
    True: ApprovalState.PENDING,
    False: ApprovalState.NOT_REQUIRED,
    None: ApprovalState.UNKNOWN,
}
_ASSIGNED: Mapping[InvoiceStatus, ApprovalState] = {
    InvoiceStatus.DRAFT: ApprovalState.PENDING,
    InvoiceStatus.PENDING_APPROVAL: ApprovalState.PENDING,
    InvoiceStatus.APPROVED: ApprovalState.APPROVED,
    InvoiceStatus.EXPORTED: ApprovalState.APPROVED,
    InvoiceStatus.PAID: ApprovalState.APPROVED,
    InvoiceStatus.REJECTED: ApprovalState.REJECTED,
}
_DECIDED: Mapping[tuple[bool, bool], ApprovalState] = {
    (True, False): ApprovalState.APPROVED,
    (False, True): ApprovalState.REJECTED,
    (True, True): ApprovalState.UNKNOWN,
}


def create_invoice_state(
    told: InvoiceStatus, *, is_required: bool | None = None
) -> ApprovalState:
    """Return how far the approval of an invoice is.

    | told | required | state |
    | --- | --- | --- |
    | UNASSIGNED | yes | PENDING |
    | UNASSIGNED | no | NOT_REQUIRED |
    | UNASSIGNED | not told | UNKNOWN |
    | DRAFT, PENDING_APPROVAL | | PENDING |
    | APPROVED, EXPORTED, PAID | | APPROVED |
    | REJECTED | | REJECTED |
    | any other | | UNKNOWN |

    Args:
        told: What the provider says of the approval. PAID is what an invoice is only
            after it was approved; a provider that tells of payments apart, and pays
            what was not approved as well (BILL), does not say that here.
        is_required: Whether an approval is asked for; None where it is not told.
    """
    if told is InvoiceStatus.UNASSIGNED:
        return _UNASSIGNED[is_required]
    return _ASSIGNED.get(told, ApprovalState.UNKNOWN)


def create_decided_state(
    *, is_approved: bool, is_rejected: bool, is_asked: bool = True
) -> ApprovalState:
    """Return how far what is told by flags is: a duty, or a target.

    | approved | rejected | asked | state |
    | --- | --- | --- | --- |
    | yes | no | | APPROVED |
    | no | yes | | REJECTED |
    | yes | yes | | UNKNOWN |
    | no | no | yes | PENDING |
    | no | no | no | NOT_REQUIRED |

    Nobody *is_asked* about what is a draft, or will not be.
    """
    undecided = ApprovalState.PENDING if is_asked else ApprovalState.NOT_REQUIRED
    return _DECIDED.get((is_approved, is_rejected), undecided)
