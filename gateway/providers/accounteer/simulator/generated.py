"""Invoices and purchases in every state, so that lists, queues and pages are long."""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Literal

from gateway.providers.accounteer.simulator.directory import (
    CLIENT,
    MORE_SUPPLIERS,
    SECOND_CLIENT,
    SECOND_SUPPLIER,
    SUPPLIER,
    TAX_0,
    TAX_6,
    TAX_21,
    make_id,
)
from gateway.providers.accounteer.simulator.situations import LineSeed, Seed

# How many of each state are made beside the situations.
INVOICE_COUNTS = {"draft": 19, "approved": 20, "part_paid": 8, "paid": 32}
PURCHASE_COUNTS = {"draft": 20, "approved": 26, "part_paid": 10, "paid": 44}
LAST_DAY = date(2026, 11, 2)
# The oldest of a state were made so many days before.
_AGES = {"draft": 45, "approved": 120, "part_paid": 160, "paid": 355}
_NEWEST = {"draft": 0, "approved": 2, "part_paid": 12, "paid": 20}
_TITLES = ("Paper", "Repair", "Cleaning", "Freight", "Licence", "Catering", "Rent")
_TAXES = (TAX_21, TAX_21, TAX_21, TAX_6, TAX_0)
_QUANTITIES = ("1", "1", "1", "2", "4", "12", "2.5")
_CONTACTS = {
    "invoice": (CLIENT, SECOND_CLIENT),
    "purchase": (SUPPLIER, SECOND_SUPPLIER, *MORE_SUPPLIERS.values()),
}
_OFTEN, _SELDOM = (True, True, False), (True, False, False, False)
_PREFIXES = {"invoice": "INV-00", "purchase": "S-26"}


def generate(random: Random, kind: Literal["invoice", "purchase"]) -> Iterator[Seed]:
    """Yield the documents of *kind*, state by state."""
    counts = INVOICE_COUNTS if kind == "invoice" else PURCHASE_COUNTS
    place = 100
    for state, count in counts.items():
        for _ in range(count):
            place += 1
            yield _document(random, kind, state, place)


def _document(
    random: Random, kind: Literal["invoice", "purchase"], state: str, place: int
) -> Seed:
    age = random.randint(_NEWEST[state], _AGES[state])
    created = LAST_DAY - timedelta(days=age)
    is_final = state != "draft"
    has_number = is_final or (kind == "purchase" and random.choice(_OFTEN))
    return Seed(
        kind=kind,
        id=make_id(f"{kind} {place}"),
        contact_id=random.choice(_CONTACTS[kind]),
        created=created,
        updated=created + timedelta(days=random.randint(0, min(age, 9))),
        issued=created - timedelta(days=random.choice((0, 0, 0, 1, 3))),
        status="approved" if state == "part_paid" else state,
        number=f"{_PREFIXES[kind]}{place}" if has_number else "-",
        reference=random.choice((None, f"PO-{random.randint(100, 999)}")),
        lines=tuple(_line(random) for _ in range(random.choice((1, 1, 2, 3)))),
        paid={"part_paid": ("10",), "paid": ("all",)}.get(state, ()),
    )


def _line(random: Random) -> LineSeed:
    cents = random.choice((random.randint(1_200, 40_000), random.randint(100, 900_000)))
    return LineSeed(
        title=random.choice(_TITLES),
        price=f"{cents // 100}.{cents % 100:02d}",
        quantity=random.choice(_QUANTITIES),
        tax_id=random.choice(_TAXES),
        include_tax=random.choice(_SELDOM),
    )
