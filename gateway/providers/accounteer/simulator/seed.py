"""Fills the organisations: tables, the situations, then many more documents.

Everything follows from one seed and one day, never from the clock.
"""

import functools
from collections.abc import Iterable, Iterator
from copy import copy
from decimal import Decimal
from itertools import chain
from random import Random
from typing import TypeVar

from gateway.providers.accounteer.simulator import directory
from gateway.providers.accounteer.simulator.generated import generate
from gateway.providers.accounteer.simulator.listing import Named
from gateway.providers.accounteer.simulator.objects import (
    Attachment,
    Document,
    Payment,
)
from gateway.providers.accounteer.simulator.situations import SITUATIONS, Seed
from gateway.providers.accounteer.simulator.state import State

_N = TypeVar("_N", bound=Named)


def create_state() -> State:
    """Return what the service holds at the start; the same on every call."""
    return _seeded().copy()


@functools.cache
def _seeded() -> State:
    """Return the seeded state: to copy it is cheaper than to make it again."""
    state = State()
    state.organisations.update(_by_id(directory.ORGANISATIONS))
    state.taxes.update(_by_id(directory.TAXES))
    state.accounts.update(_by_id(directory.ACCOUNTS))
    state.contacts.update(_by_id(directory.CONTACTS))
    state.items.update(_by_id(directory.ITEMS))
    state.team.update(_by_id(directory.TEAM))
    random = Random("accounteer documents")  # noqa: S311 (a sandbox)
    many = chain(generate(random, "invoice"), generate(random, "purchase"))
    for seed in chain(SITUATIONS, many):
        _add(state, seed)
    return state


def _by_id(things: Iterable[_N]) -> Iterator[tuple[str, _N]]:
    return ((one.id, copy(one)) for one in things)


def _add(state: State, seed: Seed) -> None:
    add = state.add_invoice if seed.kind == "invoice" else state.add_purchase
    document = add(
        id=seed.id,
        organization_id=seed.organization_id,
        contact_id=seed.contact_id,
        status=seed.status,
        date_created=seed.created,
        date_issued=seed.issued or seed.created,
        date_updated=seed.updated or seed.created,
        document_number=seed.number,
        currency=seed.currency,
        reference=seed.reference,
        items=(),
    )
    for line in seed.lines:
        state.add_line(
            document,
            line.price,
            id=line.id,
            title=line.title,
            quantity=line.quantity,
            tax_id=line.tax_id,
            include_tax=line.include_tax,
        )
    document.attachments = [_attachment(document, name) for name in seed.attachments]
    for part in seed.paid:
        _pay(state, document, part)


def _attachment(document: Document, filename: str) -> Attachment:
    one_id = directory.make_id(f"attachment {document.id} {filename}")
    return Attachment(
        id=one_id,
        filename=filename,
        url=f"{directory.FILES}/{one_id}/{filename}",
        date_created=document.date_created,
    )


def _pay(state: State, document: Document, part: str) -> None:
    amount = document.amount_due if part == "all" else Decimal(part)
    payment = Payment(
        id=state.next_id("payment"),
        organization_id=document.organization_id,
        document_id=document.id,
        amount=amount,
        gl_account_id=directory.BANK,
    )
    state.payments[payment.id] = payment
    document.amount_due -= amount
