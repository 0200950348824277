"""Accounteer's JSON and the records that it becomes: what is told, and what is not."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from gateway.domain import (
    ApprovalState,
    ApproverStatus,
    AttachmentRecord,
    CounterpartyRecord,
    InvoiceDetailsRecord,
    InvoiceKind,
    InvoiceRecord,
    InvoiceStatus,
    LineRecord,
    MoneyRecord,
    ProviderName,
    encode_id,
)
from gateway.providers.accounteer import shapes, wire
from gateway.providers.accounteer.words import Collection
from tests.providers.accounteer.calls import BODIES, sample

ID = "3b9f2c1d7a60e48f95c2b1a0d4e7f68890ab12cd"
CLIENT = "aa11bb22cc33dd44ee55ff6600778899aabbccdd"
BARE = {"id": ID, "status": "draft", "date_created": "2026-02-02"}


def euro(amount: str) -> MoneyRecord:
    return MoneyRecord(amount=Decimal(amount), currency="EUR")


def record(
    body: Any,
    contacts: Mapping[str, str | None] = {},
    *,
    collection: Collection = Collection.INVOICES,
) -> InvoiceRecord:
    """Return the record of a document's JSON, which is an object or text."""
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    document = wire.parse_row(shapes.Document, ID)(text)
    return wire.document_record(document, collection, contacts=contacts)


def test_the_documented_invoice_is_understood_to_the_last_member() -> None:
    made = record(sample("invoice"), {CLIENT: "Granite Properties"})

    assert made == InvoiceRecord(
        id=encode_id("Invoice", ProviderName.ACCOUNTEER, ID, "invoices"),
        provider=ProviderName.ACCOUNTEER,
        source_id=ID,
        parent="invoices",
        kind=InvoiceKind.INVOICE,
        title="Granite Properties · PO-881",
        number=None,
        status=InvoiceStatus.DRAFT,
        source_status="draft",
        counterparty=CounterpartyRecord(source_id=CLIENT, name="Granite Properties"),
        location_name=None,
        total=euro("605"),
        tax=euro("105"),
        amount_due=euro("605"),
        issue_date=date(2026, 2, 2),
        due_date=date(2026, 3, 4),
        created_at=datetime(2026, 2, 2, tzinfo=UTC),
        updated_at=datetime(2026, 2, 3, tzinfo=UTC),
        approved_at=None,
        url=None,
        attachments=[],
        approval_state=ApprovalState.PENDING,
        approvers_status=ApproverStatus.UNKNOWN,
        has_approvers=False,
        has_days_only=True,
        details=InvoiceDetailsRecord(
            lines=[
                LineRecord(
                    description="Consulting",
                    quantity=Decimal(5),
                    unit_price=euro("100"),
                    total=euro("605"),
                    tax=euro("105"),
                    tax_rate=Decimal(21),
                    tax_name="VAT 21%",
                    ledger_account="7000000 Sales",
                )
            ],
            history=None,
        ),
    )


@pytest.mark.parametrize(
    ("collection", "name"), [("invoices", "invoice"), ("purchases", "purchase")]
)
def test_what_approves_is_the_documented_body(collection: str, name: str) -> None:
    body = wire.approval_body(Collection(collection))

    assert body == sample(f"{name}_approve")
    assert json.dumps(body, separators=(",", ":")).encode() == BODIES[name]


def test_the_documented_token_is_understood() -> None:
    assert wire.parse_token(json.dumps(sample("token")).encode()) == shapes.Token(
        access_token="8d1f0c6b7be24f0c8f0d2f6f3b1a9e77",
        refresh_token="f3c2a1908f7e4d6cb5a49382716050ff",
        expires_in=3600,
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"access_token": null}',
        b'{"access_token": ""}',
        b'{"access_token": "a b"}',
        b'{"access_token": "a\\r\\nX-Other: b"}',
        b'{"access_token": "\xc3\xbc"}',
        b'{"access_token": "a", "expires_in": NaN}',
    ],
)
def test_what_is_no_token_is_not_taken_for_one(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        wire.parse_token(body)


def test_a_document_may_tell_only_what_it_must() -> None:
    made = record(BARE)

    told = {name: getattr(made, name) for name in made.__struct_fields__}
    unknown = [name for name, value in told.items() if value is None]
    assert unknown == [
        "number",
        "counterparty",
        "location_name",
        "total",
        "tax",
        "amount_due",
        "issue_date",
        "due_date",
        "updated_at",
        "approved_at",
        "url",
        "attachments",
        "minimum_approvers",
        "details",
    ]
    assert made.title == "Invoice"


def test_null_is_as_absent() -> None:
    names = sample("invoice").keys() - BARE.keys()

    assert record({**BARE, **dict.fromkeys(names)}) == record(BARE)


def test_empty_text_is_as_absent() -> None:
    texts = ("document_number", "client_id", "supplier_id", "currency", "reference")

    assert record({**BARE, **dict.fromkeys(texts, "")}) == record(BARE)


def test_unknown_members_pass() -> None:
    body = sample("invoice")
    body |= {"approved_by": "x", "items": [{**body["items"][0], "unit": {"a": [1]}}]}

    assert record(body) == record(sample("invoice"))


@pytest.mark.parametrize("name", ["id", "status", "date_created"])
@pytest.mark.parametrize("value", [None, 7, [], {}])
def test_a_document_without_what_it_must_have_is_none(name: str, value: Any) -> None:
    body = {**BARE, name: value}
    without = {key: one for key, one in BARE.items() if key != name}

    for broken in (body, without):
        with pytest.raises(msgspec.ValidationError):
            record(broken)


def test_another_object_than_was_asked_for_is_none() -> None:
    with pytest.raises(ValueError, match="another object"):
        record({**BARE, "id": "f" * 40})


@pytest.mark.parametrize(
    ("told", "status", "state"),
    [
        ("draft", InvoiceStatus.DRAFT, ApprovalState.PENDING),
        ("approved", InvoiceStatus.APPROVED, ApprovalState.APPROVED),
        ("paid", InvoiceStatus.PAID, ApprovalState.APPROVED),
        ("in_review", InvoiceStatus.UNKNOWN, ApprovalState.UNKNOWN),
        ("Approved", InvoiceStatus.UNKNOWN, ApprovalState.UNKNOWN),
        ("draft ", InvoiceStatus.UNKNOWN, ApprovalState.UNKNOWN),
        ("", InvoiceStatus.UNKNOWN, ApprovalState.UNKNOWN),
    ],
)
def test_a_status_is_known_to_the_letter_or_unknown(
    told: str, status: InvoiceStatus, state: ApprovalState
) -> None:
    made = record({**BARE, "status": told})

    assert (made.source_status, made.status) == (told, status)
    assert made.approval_state is state


@pytest.mark.parametrize(
    ("number", "reference", "title"),
    [
        ("-", None, "Demo Paper"),
        ("-", "PO-1", "Demo Paper · PO-1"),
        ("", "PO-1", "Demo Paper · PO-1"),
        ("INV-7", "PO-1", "Demo Paper · INV-7"),
        ("--", None, "Demo Paper · --"),
    ],
)
def test_a_dash_is_no_number(number: str, reference: str | None, title: str) -> None:
    """6.4, 8: many documents share it."""
    body = {
        **BARE,
        "document_number": number,
        "reference": reference,
        "supplier_id": "b",
    }

    made = record(body, {"b": "Demo Paper"}, collection=Collection.PURCHASES)

    assert (made.number, made.title) == (
        number if number in {"INV-7", "--"} else None,
        title,
    )
    assert made.kind is InvoiceKind.PURCHASE


@pytest.mark.parametrize(
    ("members", "source_id"),
    [
        ({"client_id": "a"}, "a"),
        ({"supplier_id": "b"}, "b"),
        ({"client_id": "a", "supplier_id": "b"}, "b"),
        ({"client_id": "a", "supplier_id": None}, "a"),
    ],
)
def test_a_name_that_was_not_read_leaves_the_id(
    members: dict[str, str | None], source_id: str
) -> None:
    made = record({**BARE, **members}, {"z": "Somebody else"})

    assert made.counterparty == CounterpartyRecord(source_id=source_id, name=None)
    assert made.title == "Invoice"


@pytest.mark.parametrize("name", [None, ""])
def test_a_contact_without_a_name_has_none(name: str | None) -> None:
    made = record({**BARE, "client_id": "a"}, {"a": name})

    assert made.counterparty == CounterpartyRecord(source_id="a", name=None)


@pytest.mark.parametrize(
    "text",
    [
        "0",
        "-12.5",
        "605",
        "47.169811320755",
        "0.1",
        "0.10",
        "1234567890123456789.0123456789",
        "1e29",
        "1E-30",
    ],
)
def test_amounts_are_kept_to_the_digit(text: str) -> None:
    """3.1: never through a binary float."""
    made = record(
        f'{{"id": "{ID}", "status": "draft", "date_created": "2026-02-02", '
        f'"total_amount": {text}, "items": [{{"price": {text}}}]}}'.encode()
    )

    assert made.total == MoneyRecord(amount=Decimal(text), currency=None)
    assert str(made.total.amount) == str(Decimal(text))
    assert made.details is not None
    assert made.details.lines is not None
    assert made.details.lines[0].unit_price == made.total


@pytest.mark.parametrize(
    "text", ["1e31", "1e-31", "1e999999999", "-1e40", '"Infinity"', '"NaN"', '"sNaN"']
)
@pytest.mark.parametrize(
    "member", ["total_amount", "total_tax_amount", "amount_due", "price", "quantity"]
)
def test_a_number_that_is_no_amount_is_refused(member: str, text: str) -> None:
    inner = f'"{member}": {text}'
    if member in {"price", "quantity"}:
        inner = f'"items": [{{{inner}}}]'
    head = json.dumps(BARE)[:-1]

    with pytest.raises(ValueError, match="no amount"):
        record(f"{head}, {inner}}}".encode())


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-", '"-"', '""', "true", "[1]"])
def test_what_is_no_number_is_refused(text: str) -> None:
    head = json.dumps(BARE)[:-1]

    with pytest.raises((msgspec.DecodeError, ValueError)):
        record(f'{head}, "total_amount": {text}}}'.encode())


@pytest.mark.parametrize(
    "name", ["date_created", "date_updated", "date_issued", "date_due"]
)
@pytest.mark.parametrize("text", ["1899-12-31", "3000-01-01", "0001-01-01"])
def test_a_day_outside_of_time_is_refused(name: str, text: str) -> None:
    with pytest.raises(ValueError, match="a day that cannot be"):
        record({**BARE, name: text})


@pytest.mark.parametrize(
    "name", ["date_created", "date_updated", "date_issued", "date_due"]
)
@pytest.mark.parametrize(
    "text", ["2026-02-30", "2026-2-2", "02/02/2026", "", "0000-00-00", "2026-02-02T00Z"]
)
def test_what_is_no_day_is_refused(name: str, text: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        record({**BARE, name: text})


def test_the_edges_of_time_are_days() -> None:
    made = record({**BARE, "date_created": "1900-01-01", "date_due": "2999-12-31"})

    assert made.created_at == datetime(1900, 1, 1, tzinfo=UTC)
    assert made.due_date == date(2999, 12, 31)


def test_a_file_may_have_no_name() -> None:
    made = record({**BARE, "attachments": [{"url": "https://a/1", "filename": ""}]})

    assert made.attachments == [AttachmentRecord(name=None, url="https://a/1")]
