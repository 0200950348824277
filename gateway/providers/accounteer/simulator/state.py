"""What the simulated service holds, and the ids that come next."""

import copy
from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import TypedDict, Unpack

import msgspec

from gateway.providers.accounteer.simulator import directory
from gateway.providers.accounteer.simulator.amounts import compute_line
from gateway.providers.accounteer.simulator.objects import (
    DRAFT,
    NO_NUMBER,
    Contact,
    Document,
    Item,
    Kind,
    LedgerAccount,
    Line,
    Message,
    Organisation,
    Payment,
    Tax,
    TeamMember,
)

DUE_DAYS = timedelta(days=30)
_DAY = date(2026, 10, 20)
# Above the numbers that the documents of the start have.
_NUMBERED = 1_000
_PARTIES: dict[Kind, str] = {
    "invoice": directory.CLIENT,
    "offer": directory.CLIENT,
    "purchase": directory.SUPPLIER,
}


class DocumentFields(TypedDict, total=False):
    """What `State.add_invoice` and `State.add_purchase` take, all of it optional."""

    id: str
    organization_id: str
    contact_id: str
    status: str
    date_created: date
    date_issued: date
    date_due: date
    date_updated: date
    document_number: str
    currency: str
    reference: str | None
    price: Decimal | str | int
    items: Iterable[Line]
    amount_due: Decimal


class State:
    """Everything of all organisations, by id.

    Ids are deterministic: the same calls in the same order give the same ids.
    """

    def __init__(self) -> None:
        self.organisations: dict[str, Organisation] = {}
        self.invoices: dict[str, Document] = {}
        self.purchases: dict[str, Document] = {}
        self.offers: dict[str, Document] = {}
        self.payments: dict[str, Payment] = {}
        self.contacts: dict[str, Contact] = {}
        self.taxes: dict[str, Tax] = {}
        self.accounts: dict[str, LedgerAccount] = {}
        self.items: dict[str, Item] = {}
        self.team: dict[str, TeamMember] = {}
        self.messages: list[Message] = []
        self._counts: Counter[str] = Counter()

    def next_id(self, kind: str) -> str:
        """Return an id that nothing else has."""
        return directory.make_id(f"{kind} {self._next(kind)}")

    def next_document_number(self, document: Document) -> str:
        """Return the number of the next document that is approved."""
        owner = self.organisations[document.organization_id]
        prefix = (owner.invoice_prefix or "") if document.kind == "invoice" else "PUR-"
        key = f"number {owner.id} {document.kind}"
        return f"{prefix}{_NUMBERED + self._next(key):05d}"

    def documents(self, kind: Kind) -> dict[str, Document]:
        """Return all documents of *kind* by id."""
        kept = {
            "invoice": self.invoices,
            "purchase": self.purchases,
            "offer": self.offers,
        }
        return kept[kind]

    def add_invoice(self, **fields: Unpack[DocumentFields]) -> Document:
        """Keep and return a sales invoice; without *items* it has one of *price*."""
        return self._add("invoice", fields)

    def add_purchase(self, **fields: Unpack[DocumentFields]) -> Document:
        """Keep and return a purchase; without *items* it has one of *price*."""
        return self._add("purchase", fields)

    def add_line(
        self,
        document: Document,
        price: Decimal | str | int,
        *,
        id: str | None = None,  # noqa: A002 (the name on the wire)
        title: str = "Work",
        description: str | None = None,
        quantity: Decimal | str | int = 1,
        tax_id: str | None = None,
        include_tax: bool = False,
    ) -> Line:
        """Add a line to *document* and return it; the totals follow."""
        owner = document.organization_id
        default = directory.TAX_21 if owner == directory.MAIN else directory.OTHER_TAX
        line = compute_line(
            id=id or self.next_id("line"),
            title=title,
            description=description,
            quantity=Decimal(quantity),
            price=Decimal(price),
            tax=self.taxes[tax_id or default],
            gl_account_id=directory.DEFAULT_ACCOUNTS[owner, document.kind],
            include_tax=include_tax,
        )
        document.items.append(line)
        document.compute_totals()
        return line

    def reprice(self, document: Document, price: Decimal | str | int) -> None:
        """Give the first line of *document* another price; the totals follow."""
        line = document.items[0]
        document.items[0] = compute_line(
            id=line.id,
            title=line.title,
            description=line.description,
            quantity=line.quantity,
            price=Decimal(price),
            tax=self.taxes[line.tax_id],
            gl_account_id=line.gl_account_id,
            include_tax=line.tax_included,
        )
        document.compute_totals()

    def copy(self) -> "State":
        """Return a state that shares nothing which can change."""
        other = copy.copy(self)
        for kind in ("invoices", "purchases", "offers"):
            documents: dict[str, Document] = getattr(self, kind)
            setattr(other, kind, {key: _copy(one) for key, one in documents.items()})
        for kind in ("organisations", "contacts", "items"):
            kept: dict[str, msgspec.Struct] = getattr(self, kind)
            setattr(other, kind, {key: copy.copy(one) for key, one in kept.items()})
        for kind in ("payments", "taxes", "accounts", "team", "messages", "_counts"):
            setattr(other, kind, getattr(self, kind).copy())
        return other

    def _add(self, kind: Kind, fields: DocumentFields) -> Document:
        created = fields.get("date_created", _DAY)
        issued = fields.get("date_issued", created)
        owner = fields.get("organization_id", directory.MAIN)
        document = Document(
            kind=kind,
            id=fields.get("id") or self.next_id(kind),
            organization_id=owner,
            contact_id=fields.get("contact_id", _PARTIES[kind]),
            template_id=(
                None if kind == "purchase" else self.organisations[owner].template_id
            ),
            document_number=fields.get("document_number", NO_NUMBER),
            currency=fields.get("currency", "EUR"),
            status=fields.get("status", DRAFT),
            reference=fields.get("reference"),
            date_issued=issued,
            date_due=fields.get("date_due", created + DUE_DAYS),
            date_created=created,
            date_updated=fields.get("date_updated", created),
            items=list(fields.get("items", ())),
        )
        document.compute_totals()
        if "items" not in fields:
            self.add_line(document, fields.get("price", 100))
        document.amount_due = fields.get("amount_due", document.amount_due)
        self.documents(kind)[document.id] = document
        return document

    def _next(self, kind: str) -> int:
        self._counts[kind] += 1
        return self._counts[kind]


def _copy(document: Document) -> Document:
    other = copy.copy(document)
    other.items = document.items.copy()
    other.attachments = document.attachments.copy()
    return other
