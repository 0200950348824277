"""Makes one object and walks it through its life up to the state it has."""

from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from gateway.providers.bill.simulator.approvals import Approvals
from gateway.providers.bill.simulator.directory import CLERK, VENDOR_IDS
from gateway.providers.bill.simulator.objects import (
    ACTIVE,
    INACTIVE,
    PAID,
    PARTIALLY_PAID,
    PENDING,
    REROUTED,
    SCHEDULED,
    UPCOMING,
    VIEWED,
    WAITING,
    Approvable,
    Approver,
    Bill,
    BillLineItem,
    VendorCredit,
    VendorCreditLineItem,
)
from gateway.providers.bill.simulator.replies import time_text
from gateway.providers.bill.simulator.situations import SITUATION_IDS, Act, Seed
from gateway.providers.bill.simulator.state import State

_CENT = Decimal("0.01")
_ACCOUNTS = ("0ca01COSTOFGOODS0000", "0ca01REPAIRS00000000")
_BANK_ACCOUNT = "bac01OPERATING000000"
_UNTOLD_PAID_AMOUNT_EVERY = 9


class Seeder:
    """Adds objects to *state*; *random* decides what does not matter."""

    def __init__(self, state: State, random: Random) -> None:
        self._state = state
        self._approvals = Approvals(state)
        self._random = random

    def add_bill(self, one: Seed, created_at: datetime) -> None:
        """Add a bill that was created at *created_at*."""
        at = time_text(created_at)
        issued = (created_at - timedelta(days=self._random.randint(1, 9))).date()
        amount = Decimal(one.amount)
        bill = Bill(
            id=self._id("Bill", one),
            created_time=at,
            updated_time=at,
            created_by=CLERK,
            updated_by=CLERK,
            vendor_id=VENDOR_IDS[one.vendor],
            invoice_number=one.number,
            invoice_date=issued.isoformat(),
            due_date=(issued + timedelta(days=30)).isoformat(),
            gl_posting_date=issued.isoformat(),
            amount=amount,
            due_amount=amount,
            po_number=f"PO-{one.number[-4:]}" if int(one.number[-1]) % 2 else None,
        )
        bill.bill_line_items = self._bill_lines(bill)
        self._state.bills[bill.id] = bill
        self._live(bill, one, created_at)
        self._pay(bill, one, created_at)

    def add_credit(self, one: Seed, created_at: datetime) -> None:
        """Add a vendor credit that was created at *created_at*."""
        at = time_text(created_at)
        credit = VendorCredit(
            id=self._id("VendorCredit", one),
            created_time=at,
            updated_time=at,
            created_by=CLERK,
            updated_by=CLERK,
            vendor_id=VENDOR_IDS[one.vendor],
            ref_number=one.number,
            credit_date=at[:10],
            gl_posting_date=at[:10],
            amount=Decimal(one.amount),
        )
        line = VendorCreditLineItem(
            id=self._state.next_id("VendorCreditLineItem"),
            vendor_credit_id=credit.id,
            amount=credit.amount,
            created_time=at,
            updated_time=at,
            chart_of_account_id=_ACCOUNTS[0],
        )
        credit.vendor_credit_line_items = [line]
        self._state.vendor_credits[credit.id] = credit
        self._live(credit, one, created_at)

    def _id(self, entity: str, one: Seed) -> str:
        return SITUATION_IDS.get(one.number) or self._state.next_id(entity)

    def _bill_lines(self, bill: Bill) -> list[BillLineItem]:
        second = (bill.amount / self._random.randint(2, 5)).quantize(_CENT)
        parts = (bill.amount - second, second)
        return [
            BillLineItem(
                id=self._state.next_id("BillLineItem"),
                bill_id=bill.id,
                amount=part,
                created_time=bill.created_time,
                updated_time=bill.created_time,
                chart_of_account_id=account,
                description=description,
                quantity=Decimal(1),
                unit_price=part,
            )
            for part, account, description in zip(
                parts, _ACCOUNTS, ("Goods", "Delivery"), strict=True
            )
        ]

    def _live(self, one: Approvable, seed: Seed, created_at: datetime) -> None:
        moment = created_at + timedelta(minutes=4)
        if seed.chain:
            self._approvals.set_chain(one, seed.chain, time_text(moment))
        for act in seed.acts:
            moment += timedelta(minutes=25, seconds=self._random.randrange(900))
            self._act(one, act, time_text(moment))
        if seed.is_deleted:
            one.updated_time = time_text(moment + timedelta(minutes=30))
        one.is_active = INACTIVE if seed.is_deleted else ACTIVE

    def _act(self, one: Approvable, act: Act, at: str) -> None:
        rows = self._state.chain(one.id)
        row = next(row for row in rows if row.status == WAITING)
        if act == "approve":
            self._approvals.approve(one, row, "", at)
        elif act == "deny":
            self._approvals.deny(one, row, "", at)
        elif act == "view":
            row.status, row.status_changed_date = VIEWED, at
        else:
            self._reroute(rows, row, at)

    @staticmethod
    def _reroute(rows: list[Approver], row: Approver, at: str) -> None:
        """Move the task of *row* to the next user, which no call of v2 does (8.1)."""
        following = next(one for one in rows if one.status == UPCOMING)
        row.status, row.status_changed_date = REROUTED, at
        following.status, following.status_changed_date = WAITING, at

    def _pay(self, bill: Bill, one: Seed, created_at: datetime) -> None:
        bill.payment_status = bill.ui_payment_status = one.payment
        half = (bill.amount / 2).quantize(_CENT)
        paid = {PAID: bill.amount, PARTIALLY_PAID: half, PENDING: bill.amount}
        bill.paid_amount = paid.get(one.payment, Decimal("0.00"))
        bill.due_amount = bill.amount - bill.paid_amount
        if one.payment == SCHEDULED:
            bill.scheduled_amount = bill.amount
        if bill.paid_amount:
            bill.pay_from_bank_account_id = _BANK_ACCOUNT
            paid_at = created_at + timedelta(days=2)
            bill.last_payment_date = paid_at.date().isoformat()
        elif int(one.number[-2:]) % _UNTOLD_PAID_AMOUNT_EVERY == 0:
            # Quirk: an amount that nothing was paid of may be null (6.1).
            bill.paid_amount = None
