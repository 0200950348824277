from datetime import UTC, date, datetime
from decimal import Decimal

from gateway.domain import (
    ApprovalState,
    ApproverStatus,
    BookingRecord,
    CounterpartyRecord,
    EventRecord,
    ExpenseRecord,
    InvoiceDetailsRecord,
    InvoiceKind,
    InvoiceRecord,
    InvoiceStatus,
    LineRecord,
    MoneyRecord,
    ProviderName,
    TimeEntryRecord,
    UserRecord,
)

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def euros(amount: str) -> MoneyRecord:
    return MoneyRecord(amount=Decimal(amount), currency="EUR")


def user(source_id: str | None) -> UserRecord:
    return UserRecord(source_id=source_id, display_name="Ada", email=None)


LINE = LineRecord(
    description="Paper",
    quantity=Decimal(5),
    unit_price=euros("100"),
    total=euros("500"),
    tax=euros("105"),
    tax_rate=Decimal(21),
    tax_name="VAT 21 %",
)
DETAILS = InvoiceDetailsRecord(lines=[LINE], history=None)
INVOICE = InvoiceRecord(
    id="id",
    provider=ProviderName.OTTIMATE,
    source_id="42",
    kind=InvoiceKind.INVOICE,
    title="Paper Ltd · 17",
    number="17",
    status=InvoiceStatus.PENDING_APPROVAL,
    source_status="pending-approval",
    counterparty=CounterpartyRecord(source_id=None, name="Paper Ltd"),
    location_name="Ghent",
    total=euros("605"),
    tax=euros("105"),
    amount_due=euros("605"),
    issue_date=date(2026, 11, 1),
    due_date=date(2026, 12, 1),
    created_at=NOON,
    updated_at=None,
    approved_at=None,
    url=None,
    attachments=None,
    approval_state=ApprovalState.PENDING,
    approvers_status=ApproverStatus.UNKNOWN,
)
BOOKING = BookingRecord(
    id="id",
    provider=ProviderName.PRODUCTIVE,
    source_id="42",
    title="Leave · Ada",
    approval_state=ApprovalState.PENDING,
    person=user("7"),
    manager_source_id="8",
    service_source_id=None,
    is_open=True,
    is_draft=False,
    approved_at=None,
    rejected_at=None,
    rejected_reason=None,
    created_at=NOON,
    start_date=date(2026, 12, 1),
    end_date=date(2026, 12, 5),
    minutes=2400,
    minutes_per_day=480,
    working_days=Decimal(5),
    percentage=None,
    note="Skiing",
    event=EventRecord(source_id="1", name="Leave"),
    is_canceled=False,
    canceled_at=None,
    updated_at=None,
)
TIME_ENTRY = TimeEntryRecord(
    id="id",
    provider=ProviderName.PRODUCTIVE,
    source_id="42",
    title="Design · Ada",
    approval_state=ApprovalState.PENDING,
    person=user("7"),
    manager_source_id="8",
    service_source_id="5",
    is_open=True,
    is_draft=False,
    approved_at=None,
    rejected_at=None,
    rejected_reason=None,
    created_at=NOON,
    date=date(2026, 11, 2),
    minutes=120,
    billable_minutes=60,
    note="Design",
    is_submitted=True,
    is_invoiced=False,
    updated_at=None,
)
EXPENSE = ExpenseRecord(
    id="id",
    provider=ProviderName.PRODUCTIVE,
    source_id="42",
    title="Train · Ada",
    approval_state=ApprovalState.PENDING,
    person=user("7"),
    manager_source_id="8",
    service_source_id="5",
    is_open=True,
    is_draft=False,
    approved_at=None,
    rejected_at=None,
    rejected_reason=None,
    created_at=NOON,
    date=date(2026, 11, 2),
    amount=euros("24.50"),
    billable_amount=euros("30"),
    quantity=Decimal(1),
    exchange_rate=Decimal("1.08"),
    is_invoiced=False,
    is_reimbursable=True,
    reimbursement_date=None,
    payment_date=None,
    deleted_at=None,
)
