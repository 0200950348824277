"""The lines of a document: what each tells, and what it may leave out."""

import json
from decimal import Decimal
from typing import Any

import pytest

from gateway.domain import LineRecord
from gateway.providers.accounteer import shapes, wire
from gateway.providers.accounteer.words import Collection

BARE = {"id": "f" * 40, "status": "draft", "date_created": "2026-02-02"}


def line(**members: Any) -> LineRecord:
    """Return the only line of a document in euro whose line has these members."""
    body = {**BARE, "currency": "EUR", "items": [members]}
    parse = wire.parse_row(shapes.Document, BARE["id"])
    made = wire.document_record(
        parse(json.dumps(body).encode()), Collection.INVOICES, contacts={}
    )
    assert made.details is not None
    assert made.details.lines is not None
    [only] = made.details.lines
    return only


@pytest.mark.parametrize(
    ("title", "text", "description"),
    [
        ("Paper", None, "Paper"),
        ("Paper", "A4", "Paper: A4"),
        (None, "A4", "A4"),
        ("", "", None),
        (None, None, None),
    ],
)
def test_a_line_says_what_it_is(
    title: str | None, text: str | None, description: str | None
) -> None:
    assert line(title=title, description=text).description == description


@pytest.mark.parametrize(
    ("account", "told"),
    [
        ({"code": "7000000", "title": "Sales"}, "7000000 Sales"),
        ({"code": "7000000", "title": None}, "7000000"),
        ({"title": "Sales"}, "Sales"),
        ({"code": "", "title": ""}, None),
        ({}, None),
        (None, None),
    ],
)
def test_a_line_names_its_account(account: Any, told: str | None) -> None:
    assert line(gl_account=account).ledger_account == told


def test_a_line_may_tell_nothing() -> None:
    assert line() == LineRecord(
        description=None, quantity=None, unit_price=None, total=None
    )
    assert line(tax_name="", tax_percentage=0, quantity=137.5) == LineRecord(
        description=None,
        quantity=Decimal("137.5"),
        unit_price=None,
        total=None,
        tax_rate=Decimal(0),
    )
