"""The version of an approvable: a digest of what a person decides upon.

| | what counts |
| --- | --- |
| invoice | its counterparty, kind and place, amounts, dates, and lines |
| booking | whose it is, days, time, sort of absence or service, note |
| time entry | whose it is, day, time, service, note |
| expense | whose it is, what it is for, day, amounts, service |

What follows from a decision or from a payment does not count: states, approvers, what
is still due, times of changes, and an invoice's number, which some providers give with
the approval (Accounteer). Addresses of files do not either, as they may be signed
anew for each read. What is not told counts as not told. Amounts are compared by value,
and lines without regard to their order.
"""

import base64
import hashlib
from collections.abc import Sequence
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal

import msgspec

from gateway.domain import (
    BookingRecord,
    CounterpartyRecord,
    ExpenseRecord,
    InvoiceDetailsRecord,
    InvoiceRecord,
    LineRecord,
    MoneyRecord,
    TargetRecord,
    TimeEntryRecord,
)

# What counts, and how it is written down; another rule gets another number.
_ALGORITHM = "1"
# 128 bits: 22 characters.
_DIGEST_BYTES = 16
_EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[])


def create_invoice_version(
    invoice: InvoiceRecord, details: InvoiceDetailsRecord | None
) -> str:
    """Return the version of an invoice; *details* are None where none are told.

    The same content has the same version, whichever read told it.
    """
    lines = None if details is None else details.lines
    return _digest(
        [
            "Invoice",
            invoice.provider,
            invoice.key,
            invoice.kind,
            _counterparty(invoice.counterparty),
            invoice.location_name,
            _money(invoice.total),
            _money(invoice.tax),
            invoice.issue_date,
            invoice.due_date,
            None if lines is None else sorted(_line(line) for line in lines),
        ]
    )


def create_target_version(target: TargetRecord) -> str:
    """Return the version of a target; the same content has the same version."""
    return _digest(
        [
            type(target).__name__,
            target.provider,
            target.source_id,
            None if target.person is None else target.person.source_id,
            target.service_source_id,
            *_target_content(target),
        ]
    )


def _target_content(target: TargetRecord) -> Sequence[object]:
    match target:
        case BookingRecord():
            return [
                target.start_date,
                target.end_date,
                target.minutes,
                target.minutes_per_day,
                _number(target.working_days),
                _number(target.percentage),
                None if target.event is None else target.event.source_id,
                target.note,
            ]
        case TimeEntryRecord():
            return [
                target.date,
                target.minutes,
                target.billable_minutes,
                target.note,
            ]
        case ExpenseRecord():
            return [
                # What it is for is told by its title alone.
                target.title,
                target.date,
                _money(target.amount),
                _money(target.billable_amount),
                _number(target.quantity),
                _number(target.exchange_rate),
                target.is_reimbursable,
            ]


def _digest(content: Sequence[object]) -> str:
    digest = hashlib.sha256(msgspec.json.encode(content)).digest()[:_DIGEST_BYTES]
    text = base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
    return f"{_ALGORITHM}.{text}"


def _counterparty(record: CounterpartyRecord | None) -> Sequence[str | None] | None:
    """Return who it is: an id where one is told, as a name may be spelled anew."""
    if record is None:
        return None
    if record.source_id is not None:
        return ["id", record.source_id]
    return ["name", record.name]


def _line(record: LineRecord) -> str:
    return msgspec.json.encode(
        [
            record.description,
            _number(record.quantity),
            _money(record.unit_price),
            _money(record.total),
            _money(record.tax),
            _number(record.tax_rate),
            record.tax_name,
            record.ledger_account,
        ]
    ).decode()


def _money(record: MoneyRecord | None) -> Sequence[str | None] | None:
    return None if record is None else [_number(record.amount), record.currency]


def _number(number: Decimal | None) -> str | None:
    """Return a number as one text, however many zeros it was told with."""
    if number is None:
        return None
    return str(_EXACT.normalize(number) if number else Decimal(0))
