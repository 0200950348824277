"""Pure functions from Accounteer's JSON to records, and what they assume of it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Protocol, TypeVar

import msgspec

from gateway.approvals import create_invoice_state
from gateway.domain import (
    POSSIBLE_YEARS,
    ApproverStatus,
    AttachmentRecord,
    CounterpartyRecord,
    InvoiceDetailsRecord,
    InvoiceRecord,
    InvoiceStatus,
    LineRecord,
    MoneyRecord,
    encode_id,
)
from gateway.errors import UpstreamResponseError
from gateway.providers.accounteer import shapes
from gateway.providers.accounteer.words import (
    APPROVED,
    KINDS,
    NO_NUMBER,
    PROVIDER,
    STATUSES,
    TITLES,
    WRAPPERS,
    Collection,
)
from gateway.settings import is_word

# Amounts beyond are no amounts, and would be written out digit by digit.
_MOST_DIGITS = 30
# In what a list may come instead of a bare array, beside its own name. Assumed.
_LIST_NAMES = ("data", "results")

_TOKEN = msgspec.json.Decoder(shapes.Token)


class _Row(Protocol):
    @property
    def id(self) -> str: ...


R = TypeVar("R", bound=_Row)


@contextmanager
def understood() -> Iterator[None]:
    """Turn what rows cannot be into an answer that could not be understood."""
    try:
        yield
    except ValueError as error:
        raise UpstreamResponseError(
            PROVIDER.value, "Accounteer's answer could not be understood."
        ) from error


def parse_token(body: bytes) -> shapes.Token:
    """Return what a sign-in gave.

    Raises:
        ValueError: A token could not stand in a header.
    """
    token = _TOKEN.decode(body)
    if not is_word(token.access_token):
        raise ValueError("a token of other characters than a header's")
    return token


def parse_list(row: type[R], name: str) -> Callable[[bytes], list[R]]:
    """Return what reads a list: an array, or an object that holds one.

    Raises:
        ValueError: The object holds no array under a name that a list may have.
    """

    def parse(body: bytes) -> list[R]:
        document = msgspec.json.decode(body, type=list[row] | dict[str, msgspec.Raw])  # type: ignore[valid-type]
        if isinstance(document, list):
            return document
        for key in (name, *_LIST_NAMES):
            if key in document:
                return msgspec.json.decode(document[key], type=list[row])  # type: ignore[valid-type]
        raise ValueError("a list without rows")

    return parse


def parse_row(row: type[R], source_id: str) -> Callable[[bytes], R]:
    """Return what reads one object, which must be the one that was asked for."""

    def parse(body: bytes) -> R:
        found = msgspec.json.decode(body, type=row)
        if found.id != source_id:
            raise ValueError("another object than was asked for")
        return found

    return parse


def place_of(document: shapes.Document, collection: Collection) -> tuple[datetime, str]:
    """Return the instant and the id by which a document has its place in a list."""
    return (
        _begin(document.date_created),
        encode_id("Invoice", PROVIDER, document.id, collection.value),
    )


def approval_body(collection: Collection) -> dict[str, object]:
    """Return what approves a document, and changes nothing else of it."""
    return {WRAPPERS[collection]: {"status": APPROVED}}


def document_record(
    document: shapes.Document,
    collection: Collection,
    *,
    contacts: Mapping[str, str | None],
) -> InvoiceRecord:
    """Return a sales invoice or a purchase.

    A day is the instant at which it begins in UTC: which zone it is of is not told.
    *contacts* has the names of the other sides by their ids, as far as they were read.

    Raises:
        ValueError: The document cannot be so.
    """
    number = document.document_number or None
    if number == NO_NUMBER:
        number = None
    counterparty = _counterparty(document, contacts)
    status = STATUSES.get(document.status, InvoiceStatus.UNKNOWN)
    money = _Money(document.currency)
    return InvoiceRecord(
        id=encode_id("Invoice", PROVIDER, document.id, collection.value),
        provider=PROVIDER,
        source_id=document.id,
        parent=collection.value,
        kind=KINDS[collection],
        title=_title(counterparty, number or document.reference, collection),
        number=number,
        status=status,
        source_status=document.status,
        counterparty=counterparty,
        location_name=None,
        total=money(document.total_amount),
        tax=money(document.total_tax_amount),
        amount_due=money(document.amount_due),
        issue_date=_day(document.date_issued),
        due_date=_day(document.date_due),
        created_at=_begin(document.date_created),
        updated_at=None
        if document.date_updated is None
        else _begin(document.date_updated),
        approved_at=None,
        url=None,
        attachments=_attachments(document),
        approval_state=create_invoice_state(status),
        approvers_status=ApproverStatus.UNKNOWN,
        has_approvers=False,
        has_days_only=True,
        details=_details(document, money),
    )


def _attachments(document: shapes.Document) -> list[AttachmentRecord] | None:
    """Return the files; None where it is not told where each is."""
    files = document.attachments
    if files is None:
        return None
    found = [
        AttachmentRecord(name=one.filename or None, url=one.url)
        for one in files
        if one.url
    ]
    return found if len(found) == len(files) else None


def _details(document: shapes.Document, money: "_Money") -> InvoiceDetailsRecord | None:
    """Return the lines; None where they are not told, as a list may not."""
    if document.items is None:
        return None
    return InvoiceDetailsRecord(
        lines=[
            LineRecord(
                description=": ".join(
                    text for text in (line.title, line.description) if text
                )
                or None,
                quantity=None if line.quantity is None else _finite(line.quantity),
                unit_price=money(line.price),
                total=money(line.line_total_amount),
                tax=money(line.line_tax_amount),
                tax_rate=None
                if line.tax_percentage is None
                else _finite(line.tax_percentage),
                tax_name=line.tax_name or None,
                ledger_account=_ledger_account(line.gl_account),
            )
            for line in document.items
        ],
        history=None,
    )


def _ledger_account(account: shapes.Account | None) -> str | None:
    if account is None:
        return None
    return " ".join(text for text in (account.code, account.title) if text) or None


def _counterparty(
    document: shapes.Document, contacts: Mapping[str, str | None]
) -> CounterpartyRecord | None:
    contact_id = document.contact_id
    if not contact_id:
        return None
    return CounterpartyRecord(
        source_id=contact_id, name=contacts.get(contact_id) or None
    )


def _title(
    counterparty: CounterpartyRecord | None, number: str | None, collection: Collection
) -> str:
    name = None if counterparty is None else counterparty.name
    return " · ".join(part for part in (name, number) if part) or TITLES[collection]


class _Money:
    def __init__(self, currency: str | None) -> None:
        self._currency = currency or None

    def __call__(self, amount: Decimal | None) -> MoneyRecord | None:
        if amount is None:
            return None
        return MoneyRecord(amount=_finite(amount), currency=self._currency)


def _finite(number: Decimal) -> Decimal:
    if not number.is_finite() or abs(number.adjusted()) > _MOST_DIGITS:
        raise ValueError("a number that is no amount")
    return number


def _day(day: date | None) -> date | None:
    if day is not None and day.year not in POSSIBLE_YEARS:
        raise ValueError("a day that cannot be")
    return day


def _begin(day: date) -> datetime:
    _day(day)
    return datetime.combine(day, time(), UTC)
