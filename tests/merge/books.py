"""Each provider's invoices as the test of paging writes them, straight into its state.

A book is what a provider keeps: it adds and removes documents, and tells of each what
a list shows, computed apart from the gateway.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

from msgspec import Struct

from gateway.domain import ProviderName, encode_id
from gateway.providers.bill.simulator.directory import CLERK, VENDOR_IDS
from gateway.providers.bill.simulator.objects import Bill, VendorCredit
from gateway.providers.ottimate.simulator.directory import PIER
from gateway.providers.ottimate.simulator.state import Invoice
from gateway.sandbox import Sandbox
from tests.support import accounteer_simulator, bill_simulator, ottimate_simulator

# The whole days are Accounteer's, which knows no time; the others share them.
LAST_DAY = datetime(2026, 10, 30, tzinfo=UTC)
STEPS = (
    timedelta(0),
    timedelta(milliseconds=1),
    timedelta(seconds=1),
    timedelta(hours=9),
)
DUE = date(2026, 11, 20)


class Draft(Struct, frozen=True, kw_only=True):
    """A document that is to be made; each number chooses among what there is.

    *day* counts back from the last day, *due* and *total* may be none.
    """

    day: int
    step: int
    word: int
    kind: int
    due: int | None
    total: int


class Line(Struct, frozen=True, kw_only=True):
    """What a list shows of a document."""

    id: str
    source_id: str
    provider: ProviderName
    number: str
    created_at: datetime
    state: str
    status: str
    kind: str
    due_date: date | None
    total: Decimal


class Book(Protocol):
    """What one provider keeps, empty at first."""

    def add(self, draft: Draft, key: int) -> Line:
        """Add a document; *key* is its own, and orders ids like nothing else."""

    def remove(self, line: Line) -> None:
        """Take a document away."""


def _created_at(draft: Draft) -> datetime:
    return LAST_DAY - timedelta(days=draft.day) + STEPS[draft.step]


def _due(draft: Draft) -> date | None:
    return None if draft.due is None else DUE + timedelta(days=draft.due)


def _scattered(key: int) -> int:
    """Return a number that lies anywhere, and differs for each key."""
    return key * 0x9E3779B97F4A7C15 % 2**63


class OttimateBook:
    """Ottimate's invoices; times are shown in California's."""

    _STATUSES = (
        ("pending-approval", "PENDING", "PENDING_APPROVAL"),
        ("exported", "APPROVED", "EXPORTED"),
        ("approved", "APPROVED", "APPROVED"),
        ("processing", "UNKNOWN", "PROCESSING"),
    )
    _KINDS = (
        ("invoice", "INVOICE"),
        ("credit_memo", "CREDIT_MEMO"),
    )

    def __init__(self, sandbox: Sandbox) -> None:
        self._state = ottimate_simulator(sandbox).state
        self._state.invoices.clear()

    def add(self, draft: Draft, key: int) -> Line:
        word, state, status = self._STATUSES[draft.word % len(self._STATUSES)]
        wire_kind, kind = self._KINDS[draft.kind % len(self._KINDS)]
        invoice = Invoice(
            id=str(UUID(int=_scattered(key) << 64 | key, version=4)),
            number_id=48_000_000 + key,
            upload_id=f"up-{key}",
            number=f"O-{key}",
            location_id=PIER,
            status=word,
            type=wire_kind,
            created_at=_created_at(draft),
            due_date=_due(draft),
            total=Decimal(draft.total),
        )
        self._state.add(invoice)
        return Line(
            id=encode_id("Invoice", ProviderName.OTTIMATE, invoice.id),
            source_id=invoice.id,
            provider=ProviderName.OTTIMATE,
            number=f"O-{key}",
            created_at=invoice.created_at,
            state=state,
            status=status,
            kind=kind,
            due_date=invoice.due_date,
            total=Decimal(draft.total),
        )

    def remove(self, line: Line) -> None:
        del self._state.invoices[line.source_id]


class BillBook:
    """BILL's bills and vendor credits, which nobody is asked about."""

    _STATUSES = (
        ("1", "PENDING", "PENDING_APPROVAL"),
        ("4", "PENDING", "PENDING_APPROVAL"),
        ("3", "APPROVED", "APPROVED"),
        ("5", "REJECTED", "REJECTED"),
    )

    def __init__(self, sandbox: Sandbox) -> None:
        self._state = bill_simulator(sandbox).state
        self._state.bills.clear()
        self._state.vendor_credits.clear()

    def add(self, draft: Draft, key: int) -> Line:
        word, state, status = self._STATUSES[draft.word % len(self._STATUSES)]
        is_bill = draft.kind % 2 == 0
        created_at = _created_at(draft)
        text = f"{created_at:%Y-%m-%dT%H:%M:%S}.{created_at.microsecond // 1000:03d}"
        due = _due(draft) or DUE
        common: dict[str, Any] = {
            "id": f"{'00n' if is_bill else 'vcr'}01{_scattered(key) % 10**15:015d}",
            "created_time": f"{text}+0000",
            "updated_time": f"{text}+0000",
            "created_by": CLERK,
            "updated_by": CLERK,
            "vendor_id": next(iter(VENDOR_IDS.values())),
            "approval_status": word,
            "gl_posting_date": DUE.isoformat(),
            "amount": Decimal(draft.total),
        }
        if is_bill:
            bill = Bill(
                **common,
                invoice_number=f"B-{key}",
                invoice_date=DUE.isoformat(),
                due_date=due.isoformat(),
            )
            self._state.bills[bill.id] = bill
        else:
            credit = VendorCredit(
                **common, ref_number=f"B-{key}", credit_date=DUE.isoformat()
            )
            self._state.vendor_credits[credit.id] = credit
        return Line(
            id=encode_id("Invoice", ProviderName.BILL, common["id"]),
            source_id=common["id"],
            provider=ProviderName.BILL,
            number=f"B-{key}",
            created_at=created_at,
            state=state,
            status=status,
            kind="BILL" if is_bill else "VENDOR_CREDIT",
            due_date=due if is_bill else None,
            total=Decimal(draft.total),
        )

    def remove(self, line: Line) -> None:
        self._state.bills.pop(line.source_id, None)
        self._state.vendor_credits.pop(line.source_id, None)


class AccounteerBook:
    """Accounteer's sales invoices and purchases, which have days in place of times."""

    _STATUSES = (
        ("draft", "PENDING", "DRAFT"),
        ("approved", "APPROVED", "APPROVED"),
        ("paid", "APPROVED", "PAID"),
    )

    def __init__(self, sandbox: Sandbox) -> None:
        self._state = accounteer_simulator(sandbox).state
        self._state.invoices.clear()
        self._state.purchases.clear()

    def add(self, draft: Draft, key: int) -> Line:
        word, state, status = self._STATUSES[draft.word % len(self._STATUSES)]
        is_purchase = draft.kind % 2 == 1
        add = self._state.add_purchase if is_purchase else self._state.add_invoice
        created = LAST_DAY - timedelta(days=draft.day)
        due = _due(draft) or DUE
        document = add(
            id=f"{_scattered(key):040x}",
            status=word,
            date_created=created.date(),
            date_due=due,
            document_number=f"A-{key}",
            price=draft.total,
        )
        parent = "purchases" if is_purchase else "invoices"
        return Line(
            id=encode_id("Invoice", ProviderName.ACCOUNTEER, document.id, parent),
            source_id=document.id,
            provider=ProviderName.ACCOUNTEER,
            number=f"A-{key}",
            created_at=created,
            state=state,
            status=status,
            kind="PURCHASE" if is_purchase else "INVOICE",
            due_date=due,
            total=document.total_amount,
        )

    def remove(self, line: Line) -> None:
        self._state.invoices.pop(line.source_id, None)
        self._state.purchases.pop(line.source_id, None)


def open_books(sandbox: Sandbox) -> Mapping[ProviderName, Book]:
    """Empty every provider's invoices, and return what writes them."""
    return {
        ProviderName.OTTIMATE: OttimateBook(sandbox),
        ProviderName.BILL: BillBook(sandbox),
        ProviderName.ACCOUNTEER: AccounteerBook(sandbox),
    }
