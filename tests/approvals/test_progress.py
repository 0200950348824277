import msgspec
import pytest

from gateway.approvals import create_progress
from gateway.domain import (
    ApprovalState,
    ApproverRecord,
    ApproverStatus,
    ProgressRecord,
    ProgressRule,
    ProviderName,
)
from tests.approvals.records import INVOICE, user

PENDING = ApproverStatus.PENDING
APPROVED = ApproverStatus.APPROVED
REJECTED = ApproverStatus.REJECTED
SKIPPED = ApproverStatus.SKIPPED
UPCOMING = ApproverStatus.UPCOMING
UNKNOWN = ApproverStatus.UNKNOWN


def _approvers(*statuses: ApproverStatus | None) -> list[ApproverRecord]:
    return [
        ApproverRecord(
            id=f"id-{number}",
            provider=ProviderName.OTTIMATE,
            source_id=f"{number}",
            invoice_source_id="42",
            user=user(f"{number}"),
            policy=None,
            is_manual=None,
            added_at=None,
            told_status=status,
            decided_at=None,
        )
        for number, status in enumerate(statuses, start=1)
    ]


def _progress(
    rule: ProgressRule,
    required: int | None,
    approved: int | None,
    rejected: int | None,
    *waiting_on: str,
) -> ProgressRecord:
    is_told = approved is not None
    return ProgressRecord(
        rule=rule,
        required=required,
        approved=approved,
        rejected=rejected,
        waiting_on=[user(one) for one in waiting_on] if is_told else None,
    )


@pytest.mark.parametrize(
    ("statuses", "counts"),
    [
        ([], (None, None)),
        ([None], (None, None)),
        ([APPROVED, None], (None, None)),
        ([APPROVED, UNKNOWN], (None, None)),
        ([APPROVED, REJECTED], (1, 1)),
        ([APPROVED, PENDING], (1, 0, "2")),
        ([APPROVED, UPCOMING], (1, 0)),
        ([SKIPPED, PENDING], (0, 0, "2")),
    ],
)
def test_without_a_rule_approvers_are_counted_where_each_status_is_told(
    statuses: list[ApproverStatus | None], counts: tuple[None, None]
) -> None:
    found = create_progress(INVOICE, _approvers(*statuses))

    assert found == _progress(ProgressRule.UNKNOWN, None, *counts)


@pytest.mark.parametrize(
    ("statuses", "counts"),
    [
        ([PENDING], (1, 0, 0, "1")),
        ([APPROVED, PENDING, UPCOMING], (3, 1, 0, "2")),
        ([APPROVED, SKIPPED, REJECTED], (2, 1, 1)),
        ([APPROVED, UNKNOWN], (2, None, None)),
        ([], (2, 0, 0)),
        ([SKIPPED], (2, 0, 0)),
    ],
)
def test_in_order_all_who_are_not_skipped_must_approve(
    statuses: list[ApproverStatus | None], counts: tuple[int, int, int]
) -> None:
    invoice = msgspec.structs.replace(
        INVOICE, progress_rule=ProgressRule.IN_ORDER, minimum_approvers=2
    )

    found = create_progress(invoice, _approvers(*statuses))

    assert found == _progress(ProgressRule.IN_ORDER, *counts)


@pytest.mark.parametrize(
    ("state", "counts"),
    [
        (ApprovalState.NOT_REQUIRED, (0, 0, 0)),
        (ApprovalState.PENDING, (None, 0, 0)),
        (ApprovalState.UNKNOWN, (None, 0, 0)),
    ],
)
def test_in_order_with_nobody_asked_none_are_required_only_where_none_are_needed(
    state: ApprovalState, counts: tuple[int | None, int, int]
) -> None:
    invoice = msgspec.structs.replace(
        INVOICE, progress_rule=ProgressRule.IN_ORDER, approval_state=state
    )

    assert create_progress(invoice, []) == _progress(ProgressRule.IN_ORDER, *counts)


@pytest.mark.parametrize(
    ("state", "required", "approved", "rejected"),
    [
        (ApprovalState.NOT_REQUIRED, 0, 0, 0),
        (ApprovalState.PENDING, 1, 0, 0),
        (ApprovalState.APPROVED, 1, 1, 0),
        (ApprovalState.REJECTED, 1, 0, 1),
        (ApprovalState.UNKNOWN, 1, None, None),
    ],
)
def test_where_nobody_is_asked_by_name_the_state_says_whether_one_has_approved(
    state: ApprovalState, required: int, approved: int | None, rejected: int | None
) -> None:
    invoice = msgspec.structs.replace(
        INVOICE, has_approvers=False, approval_state=state
    )

    assert create_progress(invoice, []) == ProgressRecord(
        rule=ProgressRule.ANY,
        required=required,
        approved=approved,
        rejected=rejected,
        waiting_on=None,
    )
