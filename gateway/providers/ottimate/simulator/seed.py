"""Fills the account: the documented invoice, the situations, then many more.

Everything follows from one seed and one instant, never from the clock.
"""

import functools
import pickle
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from uuid import UUID

from gateway.providers.ottimate.simulator.approvals import Approvals
from gateway.providers.ottimate.simulator.directory import (
    CONTROLLER_USER,
    DIMENSIONS,
    KIOSK,
    LOCATIONS,
    MARKET,
    PETER,
    PIER,
    SITE_MANAGER,
    USERS,
    VENDORS,
    Vendor,
)
from gateway.providers.ottimate.simulator.situations import SITUATIONS, Seed
from gateway.providers.ottimate.simulator.state import (
    GLSplit,
    Invoice,
    Item,
    State,
)

BASE = datetime(2026, 11, 2, 17, 0, 0, 551_204, tzinfo=UTC)
GENERATED = 320
_BULK_SIZE = 7
_GOODS = (
    ("Romaine 24ct", "RM24", "case"),
    ("Roma Tomatoes 25lb", "TO25", "case"),
    ("Olive Oil 3L", "OO3", "each"),
    ("Salmon Fillet", "SF1", "lb"),
    ("Linen Napkins", "LN50", "pack"),
    ("Espresso Beans 5lb", "EB5", "bag"),
    ("Paper Cups 12oz", "PC12", "sleeve"),
    ("Filter Service", None, None),
)
_STATUS_WEIGHTS = {
    "pending-approval": 128,
    "ready-for-export": 48,
    "exported": 52,
    "incomplete": 24,
    "needs-attention": 18,
    "processing": 14,
    "approved": 16,
    "archived": 20,
}
_BANDS = ((12, 99), (100, 999), (1_000, 4_999), (5_000, 24_999), (25_000, 80_000))


def create_state() -> State:
    """Return an account as it is at the start; the same on every call."""
    state: State = pickle.loads(_seeded())  # noqa: S301 (bytes of our own)
    return state


@functools.cache
def _seeded() -> bytes:
    """Return the seeded state: to copy it is cheaper than to make it again."""
    state = State()
    _seed(state, Approvals(state))
    return pickle.dumps(state)


def _seed(state: State, approvals: Approvals) -> None:
    random = Random("ottimate invoices")  # noqa: S311 (a sandbox)
    maker = _Maker(state, approvals, random)
    maker.add_documented(BASE - timedelta(hours=3))
    for position, one in enumerate(SITUATIONS):
        maker.add(one, BASE - timedelta(hours=4 + 2 * position))
    for position, one in enumerate(_generated(random)):
        maker.add(one, _created_at(position))


def _created_at(position: int) -> datetime:
    # Every third group came in one bulk, at the very same instant.
    group, place = divmod(position, _BULK_SIZE)
    minutes = 0 if group % 3 == 0 else 47 * place
    return BASE - timedelta(hours=80 + 9 * group, minutes=minutes)


def _generated(random: Random) -> list[Seed]:
    statuses = [one for one, count in _STATUS_WEIGHTS.items() for _ in range(count)]
    random.shuffle(statuses)
    return [
        _generate(random, f"HK-{20_001 + position}", status)
        for position, status in enumerate(statuses)
    ]


def _generate(random: Random, number: str, status: str) -> Seed:
    location_id = random.choices((PIER, MARKET, KIOSK), (5, 4, 3))[0]
    company_id = LOCATIONS[location_id].company_id
    vendors = [vendor for vendor in VENDORS if vendor.company_id == company_id]
    low, high = random.choices(_BANDS, (2, 5, 5, 3, 1))[0]
    cents = random.randint(low * 100, high * 100)
    done = status in {"exported", "archived"}
    return Seed(
        number=number,
        total=str(Decimal(cents).scaleb(-2)),
        status=status,
        location_id=location_id,
        vendor=random.choice(vendors).erp_id,
        type=random.choices(("invoice", "credit_memo", "other"), (46, 3, 1))[0],
        currency=random.choices(("USD", "EUR", "CAD"), (8, 1, 1))[0],
        by_hand=random.choices(((PETER,), ()), (2, 23))[0],
        approved_by=random.choices(((PETER,), ()), (1, 4))[0],
        hold=random.choices(("Price dispute", None), (1, 30))[0],
        department=random.choices(("D-10", "D-20", "D-90"), (12, 6, 1))[0],
        project=random.choices(("PRJ-200", None), (1, 9))[0],
        payment=random.choice(("paid", "partial", "unpaid")) if done else "unpaid",
    )


class _Maker:
    """Makes an invoice and walks it through its life up to the status it has."""

    def __init__(self, state: State, approvals: Approvals, random: Random) -> None:
        self._state = state
        self._approvals = approvals
        self._random = random

    def add_documented(self, at: datetime) -> None:
        """Add INV-1001, with the two records of the provider's public page."""
        one = Seed(number="INV-1001", total="1250.40", by_hand=(PETER,))
        invoice = self.add(one, at)
        by_policy, by_hand = invoice.records
        by_policy.id = "pbjappr_e1e7eb2cf7cf11f080d40eff1c63a64d"
        by_hand.id = "pbjappr_c1f04ec4f7a011f0ac5f0eff1c63a64d"

    def add(self, one: Seed, at: datetime) -> Invoice:
        """Add an invoice that was created at *at*."""
        invoice = self._create(one, at)
        self._state.add(invoice)
        self._state.note(invoice, at, "uploaded", None)
        if one.status == "processing":
            return invoice
        if one.status in {"incomplete", "needs-attention"}:
            _spoil(invoice, one.status)
            return invoice
        self._submit(invoice, one, at + timedelta(minutes=3))
        if one.status != "pending-approval":
            self._close(invoice, one.status, at + timedelta(minutes=50))
        return invoice

    def _create(self, one: Seed, at: datetime) -> Invoice:
        total = Decimal(one.total)
        number_id = self._state.next_number("invoice number", 48_200_000)
        issued = (at - timedelta(days=self._random.randint(1, 9))).date()
        image_id = self._state.next_number("image", 9_000)
        return Invoice(
            id=str(UUID(int=self._random.getrandbits(128), version=4)),
            number_id=number_id,
            upload_id=f"erp-{number_id}",
            number=one.number,
            location_id=one.location_id,
            vendor=self._vendor(one),
            status="processing",
            created_at=at,
            invoice_date=issued,
            due_date=issued + timedelta(days=30),
            posting_date=issued,
            total=total,
            tax=(total * Decimal("0.05")).quantize(Decimal("0.01")),
            outstanding=_outstanding(one.payment, total),
            currency=one.currency,
            type=one.type,
            payment_status=one.payment,
            payment_method="ach" if one.payment == "paid" else None,
            payment_reference=f"PAY-{number_id}" if one.payment == "paid" else None,
            purchase_order=f"PO-{number_id - 48_195_000}" if number_id % 2 else "",
            hold_reason=one.hold,
            has_price_variance=number_id % 11 == 0,
            images={image_id: f"https://cdn.ottimate.example/i/{image_id}.pdf"},
            dimensions={"DEPARTMENT": one.department},
            custom_fields={"project_code": one.project} if one.project else {},
            gl_splits=_gl_splits(total, one.department),
            items=self._items(total),
        )

    def _vendor(self, one: Seed) -> Vendor | None:
        company_id = LOCATIONS[one.location_id].company_id
        return self._state.vendor(company_id, one.vendor)

    def _items(self, total: Decimal) -> list[Item]:
        items = []
        count = self._random.randint(2, 5)
        for position, (name, sku, uom) in enumerate(self._random.sample(_GOODS, count)):
            share = total / count if position else total - (total / count) * (count - 1)
            quantity = self._random.choice((1, 2, 4, 5))
            items.append(
                Item(
                    id=self._state.next_number("item", 3_300_000),
                    name=name,
                    sku=sku,
                    uom=uom,
                    quantity=Decimal(quantity),
                    price=(share / quantity).quantize(Decimal("0.01")),
                    is_taxed=position == 0,
                    dimensions={"ACCOUNT": "A-5010"},
                )
            )
        return items

    def _submit(self, invoice: Invoice, one: Seed, at: datetime) -> None:
        if invoice.number_id % 3:
            invoice.is_verified = True
            self._state.note(invoice, at, "verified", SITE_MANAGER)
        self._approvals.submit(invoice, at)
        for user_id in one.by_hand:
            added_at = at + timedelta(minutes=2)
            self._approvals.add_manual(invoice, USERS[user_id], added_at)
            name = USERS[user_id].display_name
            self._state.note(invoice, added_at, "approver_added", SITE_MANAGER, name)
        for user_id in one.approved_by:
            waiting = [record.user_id for record in invoice.open_records]
            if user_id in waiting and len(waiting) > 1:
                approved_at = at + timedelta(minutes=20)
                self._approvals.approve(invoice, user_id, approved_at)

    def _close(self, invoice: Invoice, status: str, at: datetime) -> None:
        while invoice.status == "pending-approval":
            waiting = invoice.open_records
            if waiting:
                self._approvals.approve(invoice, waiting[0].user_id, at)
            elif self._approvals.is_satisfied(invoice):
                self._approvals.approve(invoice, SITE_MANAGER, at)
            else:
                self._approvals.force(invoice, CONTROLLER_USER, at)
        if status == "exported":
            invoice.exported_at = at + timedelta(hours=1)
            self._state.note(
                invoice, at + timedelta(hours=1), "exported", CONTROLLER_USER
            )
        invoice.status = status


def _spoil(invoice: Invoice, status: str) -> None:
    invoice.status = status
    if invoice.number_id % 2:
        invoice.vendor = None
        invoice.error = "Vendor is missing"
    else:
        invoice.invoice_date = None
        invoice.error = "Invoice date is missing"


def _outstanding(payment: str, total: Decimal) -> Decimal:
    if payment == "paid":
        return Decimal(0)
    half = (total / 2).quantize(Decimal("0.01"))
    return half if payment == "partial" else total


def _gl_splits(total: Decimal, department: str) -> list[GLSplit]:
    repairs = (total / 4).quantize(Decimal("0.01"))
    parts = (("A-5010", total - repairs), ("A-6420", repairs))
    return [
        GLSplit(
            memo=DIMENSIONS["ACCOUNT", account].name,
            amount=part,
            dimensions={"ACCOUNT": account, "DEPARTMENT": department},
        )
        for account, part in parts
    ]
