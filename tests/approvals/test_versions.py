from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from gateway.approvals import create_invoice_version, create_target_version
from gateway.domain import (
    ApprovalState,
    AttachmentRecord,
    CounterpartyRecord,
    EventRecord,
    InvoiceDetailsRecord,
    InvoiceKind,
    InvoiceStatus,
    LineRecord,
    MoneyRecord,
    ProviderName,
    TargetRecord,
)
from tests.approvals.records import (
    BOOKING,
    DETAILS,
    EXPENSE,
    INVOICE,
    LINE,
    NOON,
    TIME_ENTRY,
    euros,
    user,
)

OF_INVOICE = create_invoice_version(INVOICE, DETAILS)
OTHER_LINE = msgspec.structs.replace(LINE, description="Ink")
DAY = date(2027, 1, 1)


def _version_with(*lines: LineRecord) -> str:
    details = InvoiceDetailsRecord(lines=list(lines), history=None)
    return create_invoice_version(INVOICE, details)


def test_a_version_is_the_same_for_ever() -> None:
    """Clients keep versions between what they show and what they send."""
    assert OF_INVOICE == "1.G-ocERAZBsgC2yn9ioAReA"
    assert create_invoice_version(INVOICE, None) == "1.ED6Q6UHa5Q48pQvS7hpO8w"
    assert create_target_version(BOOKING) == "1.3NRSkf09JhhG0Xy24UwomQ"
    assert create_target_version(TIME_ENTRY) == "1.BGOKpDBUADxrIRclyujFuQ"
    assert create_target_version(EXPENSE) == "1.cV3CgmEppxTD0vwyn9sIvw"


@pytest.mark.parametrize(
    "changes",
    [
        {"provider": ProviderName.BILL},
        {"source_id": "43"},
        {"parent": "administration"},
        {"kind": InvoiceKind.CREDIT_MEMO},
        {"counterparty": None},
        {"counterparty": CounterpartyRecord(source_id=None, name="Ink Ltd")},
        {"counterparty": CounterpartyRecord(source_id=None, name=None)},
        {"counterparty": CounterpartyRecord(source_id="Paper Ltd", name=None)},
        {"location_name": None},
        {"total": euros("605.01")},
        {"total": MoneyRecord(amount=Decimal(605), currency="USD")},
        {"total": MoneyRecord(amount=Decimal(605), currency=None)},
        {"total": None},
        {"tax": None},
        {"issue_date": DAY},
        {"due_date": DAY},
        {"due_date": None},
        # What was the one is now the other.
        {"issue_date": INVOICE.due_date, "due_date": INVOICE.issue_date},
    ],
)
def test_another_content_of_an_invoice_is_another_version(
    changes: dict[str, Any],
) -> None:
    changed = msgspec.structs.replace(INVOICE, **changes)

    assert create_invoice_version(changed, DETAILS) != OF_INVOICE


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "another spelling"},
        {"title": "Paper"},
        # Accounteer numbers an invoice when it is approved.
        {"number": None},
        {"status": InvoiceStatus.APPROVED, "source_status": "approved"},
        {"approval_state": ApprovalState.APPROVED},
        {"amount_due": None},
        {"created_at": NOON + timedelta(1)},
        {"updated_at": NOON},
        {"approved_at": NOON},
        {"url": "https://example.org"},
        {"attachments": [AttachmentRecord(name=None, url="https://example.org")]},
        {"minimum_approvers": 2},
        {"are_approvers_settled": True},
        {"has_approvers": False},
        {"details": DETAILS},
        {"total": euros("605.00"), "tax": euros("1.05E+2")},
    ],
)
def test_what_is_not_decided_upon_does_not_change_it(changes: dict[str, Any]) -> None:
    changed = msgspec.structs.replace(INVOICE, **changes)

    assert create_invoice_version(changed, DETAILS) == OF_INVOICE


def test_a_counterparty_with_an_id_may_change_its_name() -> None:
    versions = {
        create_invoice_version(
            msgspec.structs.replace(
                INVOICE, counterparty=CounterpartyRecord(source_id="v1", name=name)
            ),
            DETAILS,
        )
        for name in ("Paper Ltd", "Paper Limited", None)
    }

    assert len(versions) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"description": None},
        {"quantity": Decimal(6)},
        {"quantity": None},
        {"unit_price": euros("101")},
        {"total": None},
        {"tax": None},
        {"tax_rate": Decimal("20.9")},
        {"tax_name": "Exempt"},
    ],
)
def test_another_line_is_another_version(changes: dict[str, Any]) -> None:
    assert _version_with(msgspec.structs.replace(LINE, **changes)) != OF_INVOICE


def test_zeros_in_a_line_do_not_change_it() -> None:
    line = msgspec.structs.replace(LINE, quantity=Decimal("5.0"), total=euros("500.00"))

    assert _version_with(line) == OF_INVOICE


def test_the_order_of_lines_does_not_matter_and_their_number_does() -> None:
    two = _version_with(LINE, OTHER_LINE)

    assert _version_with(OTHER_LINE, LINE) == two
    assert _version_with(LINE, LINE, OTHER_LINE) != two
    assert _version_with(LINE, LINE, OTHER_LINE) != _version_with(
        LINE, OTHER_LINE, OTHER_LINE
    )


def test_no_lines_are_not_lines_that_are_not_told() -> None:
    untold = InvoiceDetailsRecord(lines=None, history=[])

    assert create_invoice_version(INVOICE, untold) == create_invoice_version(
        INVOICE, None
    )
    assert _version_with() != create_invoice_version(INVOICE, None)


@pytest.mark.parametrize(
    ("target", "changes"),
    [
        (BOOKING, {"source_id": "43"}),
        (BOOKING, {"person": user("9")}),
        (BOOKING, {"person": None}),
        (BOOKING, {"service_source_id": "5"}),
        (BOOKING, {"start_date": DAY}),
        (BOOKING, {"end_date": DAY}),
        (BOOKING, {"minutes": 2401}),
        (BOOKING, {"minutes_per_day": None}),
        (BOOKING, {"working_days": Decimal("4.5")}),
        (BOOKING, {"percentage": Decimal(50)}),
        (BOOKING, {"event": EventRecord(source_id="2", name="Leave")}),
        (BOOKING, {"note": None}),
        (TIME_ENTRY, {"service_source_id": None}),
        (TIME_ENTRY, {"date": DAY}),
        (TIME_ENTRY, {"minutes": 121}),
        (TIME_ENTRY, {"billable_minutes": 0}),
        (TIME_ENTRY, {"note": "Drawing"}),
        (EXPENSE, {"title": "Plane · Ada"}),
        (EXPENSE, {"date": DAY}),
        (EXPENSE, {"amount": euros("24.51")}),
        (EXPENSE, {"billable_amount": None}),
        (EXPENSE, {"quantity": Decimal(2)}),
        (EXPENSE, {"exchange_rate": Decimal("1.09")}),
        (EXPENSE, {"is_reimbursable": False}),
    ],
)
def test_another_content_of_a_target_is_another_version(
    target: TargetRecord, changes: dict[str, Any]
) -> None:
    changed = msgspec.structs.replace(target, **changes)

    assert create_target_version(changed) != create_target_version(target)


_DECIDED: dict[str, Any] = {
    "approval_state": ApprovalState.REJECTED,
    "is_open": False,
    "is_draft": True,
    "approved_at": NOON,
    "rejected_at": NOON,
    "rejected_reason": "No",
    "created_at": None,
    "manager_source_id": "9",
}


@pytest.mark.parametrize(
    ("target", "changes"),
    [
        (BOOKING, {"title": "Leave", "is_canceled": True, "canceled_at": NOON}),
        (BOOKING, {"working_days": Decimal("5.0"), "updated_at": NOON}),
        (BOOKING, {"event": EventRecord(source_id="1", name="Holiday")}),
        (TIME_ENTRY, {"title": "Design", "is_submitted": False, "is_invoiced": True}),
        (EXPENSE, {"is_invoiced": True, "reimbursement_date": DAY}),
        (EXPENSE, {"payment_date": DAY, "deleted_at": NOON}),
        (EXPENSE, {"amount": euros("24.5")}),
    ],
)
def test_a_decision_and_what_follows_it_do_not_change_a_target(
    target: TargetRecord, changes: dict[str, Any]
) -> None:
    changed = msgspec.structs.replace(target, **_DECIDED, **changes)

    assert create_target_version(changed) == create_target_version(target)
