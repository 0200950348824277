import pytest

from gateway.approvals import create_decided_state, create_invoice_state
from gateway.domain import ApprovalState, InvoiceStatus

STATES = {
    InvoiceStatus.DRAFT: ApprovalState.PENDING,
    InvoiceStatus.PROCESSING: ApprovalState.UNKNOWN,
    InvoiceStatus.INCOMPLETE: ApprovalState.UNKNOWN,
    InvoiceStatus.NEEDS_ATTENTION: ApprovalState.UNKNOWN,
    InvoiceStatus.PENDING_APPROVAL: ApprovalState.PENDING,
    InvoiceStatus.APPROVED: ApprovalState.APPROVED,
    InvoiceStatus.REJECTED: ApprovalState.REJECTED,
    InvoiceStatus.PAID: ApprovalState.APPROVED,
    InvoiceStatus.EXPORTED: ApprovalState.APPROVED,
    InvoiceStatus.ARCHIVED: ApprovalState.UNKNOWN,
    InvoiceStatus.UNKNOWN: ApprovalState.UNKNOWN,
}


def test_every_status_has_its_row() -> None:
    assert {*STATES, InvoiceStatus.UNASSIGNED} == set(InvoiceStatus)


@pytest.mark.parametrize("is_required", [True, False, None])
@pytest.mark.parametrize(("told", "state"), [*STATES.items()])
def test_what_is_told_of_an_approval_says_how_far_it_is(
    told: InvoiceStatus, state: ApprovalState, is_required: bool | None
) -> None:
    assert create_invoice_state(told, is_required=is_required) is state


@pytest.mark.parametrize(
    ("is_required", "state"),
    [
        (True, ApprovalState.PENDING),
        (False, ApprovalState.NOT_REQUIRED),
        (None, ApprovalState.UNKNOWN),
    ],
)
def test_what_is_unassigned_is_pending_only_where_an_approval_is_asked_for(
    is_required: bool | None, state: ApprovalState
) -> None:
    assert (
        create_invoice_state(InvoiceStatus.UNASSIGNED, is_required=is_required) is state
    )


def test_without_more_it_is_not_told_whether_an_approval_is_asked_for() -> None:
    assert create_invoice_state(InvoiceStatus.UNASSIGNED) is ApprovalState.UNKNOWN


@pytest.mark.parametrize(
    ("is_approved", "is_rejected", "is_asked", "state"),
    [
        (True, False, True, ApprovalState.APPROVED),
        (True, False, False, ApprovalState.APPROVED),
        (False, True, True, ApprovalState.REJECTED),
        (False, True, False, ApprovalState.REJECTED),
        (True, True, True, ApprovalState.UNKNOWN),
        (True, True, False, ApprovalState.UNKNOWN),
        (False, False, True, ApprovalState.PENDING),
        (False, False, False, ApprovalState.NOT_REQUIRED),
    ],
)
def test_flags_say_how_far_it_is(
    is_approved: bool, is_rejected: bool, is_asked: bool, state: ApprovalState
) -> None:
    found = create_decided_state(
        is_approved=is_approved, is_rejected=is_rejected, is_asked=is_asked
    )

    assert found is state


def test_whoever_has_a_duty_is_asked() -> None:
    undecided = create_decided_state(is_approved=False, is_rejected=False)

    assert undecided is ApprovalState.PENDING
