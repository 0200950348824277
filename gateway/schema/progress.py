"""How far an invoice's approvers are, by one set of rules over what providers tell."""

from gateway.domain import (
    ApprovalState,
    ApproverRecord,
    ApproverStatus,
    InvoiceRecord,
    ProgressRecord,
    ProgressRule,
)

_SILENT = (None, ApproverStatus.UNKNOWN)


def create_progress(
    invoice: InvoiceRecord, approvers: list[ApproverRecord]
) -> ProgressRecord:
    """Return the progress of *invoice*.

    | | required | approved, rejected, waitingOn |
    | --- | --- | --- |
    | rule UNKNOWN | null | counted if each approver's status is told |
    | IN_ORDER, approvers | those who are not skipped | counted, as above |
    | IN_ORDER, none | what the policy asks for; 0 if approval is not required | 0 |
    """
    asked = [one for one in approvers if one.told_status != ApproverStatus.SKIPPED]
    statuses = [one.told_status for one in asked]
    is_in_order = invoice.progress_rule is ProgressRule.IN_ORDER
    is_told = all(status not in _SILENT for status in statuses) and (
        is_in_order or bool(approvers)
    )
    return ProgressRecord(
        rule=invoice.progress_rule,
        required=_required(invoice, len(asked)) if is_in_order else None,
        approved=statuses.count(ApproverStatus.APPROVED) if is_told else None,
        rejected=statuses.count(ApproverStatus.REJECTED) if is_told else None,
        waiting_on=[
            one.user for one in asked if one.told_status is ApproverStatus.PENDING
        ]
        if is_told
        else None,
    )


def _required(invoice: InvoiceRecord, asked: int) -> int | None:
    if asked:
        return asked
    if invoice.approval_state is ApprovalState.NOT_REQUIRED:
        return 0
    return invoice.minimum_approvers
