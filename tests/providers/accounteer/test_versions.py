"""The version of a document: what of Accounteer's JSON counts for it."""

import json
from typing import Any

import pytest

from gateway.approvals import create_invoice_version
from gateway.providers.accounteer import shapes, wire
from gateway.providers.accounteer.words import Collection
from tests.providers.accounteer.calls import Row, sample


def version(body: Row | bytes) -> str:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    parse = wire.parse_row(shapes.Document, sample("invoice")["id"])
    made = wire.document_record(parse(text), Collection.INVOICES, contacts={})
    return create_invoice_version(made, made.details)


CONTENT: dict[str, Any] = {
    "total_amount": 605.01,
    "total_tax_amount": 104,
    "currency": "USD",
    "date_issued": "2026-02-01",
    "date_due": "2026-03-05",
    "client_id": "f" * 40,
    "items": [],
}
BESIDE: dict[str, Any] = {
    "status": "approved",
    "document_number": "INV-1",
    "reference": "PO-882",
    "amount_due": 0,
    "date_updated": "2026-02-04",
    "attachments": [{"url": "https://a/1"}],
    "template_id": "f" * 40,
}


@pytest.mark.parametrize("name", CONTENT)
def test_a_version_changes_with_what_is_decided_upon(name: str) -> None:
    assert version(sample("invoice") | {name: CONTENT[name]}) != version(
        sample("invoice")
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("title", "Advice"),
        ("quantity", 6),
        ("price", 100.01),
        ("tax_percentage", 6),
        ("tax_name", "VAT"),
        ("line_tax_amount", 104.99),
        ("line_total_amount", 605.01),
    ],
)
def test_a_version_changes_with_each_member_of_a_line(name: str, value: Any) -> None:
    body = sample("invoice")
    body["items"][0][name] = value

    assert version(body) != version(sample("invoice"))


@pytest.mark.parametrize("name", BESIDE)
def test_a_version_stays_with_what_an_approval_or_a_payment_changes(name: str) -> None:
    assert version(sample("invoice") | {name: BESIDE[name]}) == version(
        sample("invoice")
    )


def test_a_version_does_not_depend_on_how_numbers_are_written() -> None:
    text = json.dumps(sample("invoice")).replace(": 605,", ": 605.00,").encode()

    assert b"605.00" in text
    assert version(text) == version(sample("invoice"))
