"""What the service holds at the start (6.5)."""

from collections import Counter
from datetime import date
from decimal import Decimal
from itertools import chain

import pytest

from gateway.providers.accounteer.simulator import AccounteerSimulator
from gateway.providers.accounteer.simulator import directory as known
from gateway.providers.accounteer.simulator.objects import Document
from gateway.providers.accounteer.simulator.situations import (
    EXAMPLE,
    INVOICE_DRAFT,
    INVOICE_PAID,
    INVOICE_PART_PAID,
    INVOICE_UNNUMBERED,
    INVOICE_WITHOUT_LINES,
    OTHER_INVOICE,
    OTHER_INVOICE_APPROVED,
    OTHER_PURCHASE,
    PURCHASE_ATTACHED,
    PURCHASE_DRAFT,
    PURCHASE_PAID,
    PURCHASE_PART_PAID,
    PURCHASE_UNNUMBERED,
    PURCHASE_WITHOUT_LINES,
)
from tests.providers.accounteer.simulator_support import Desk, Kind

SITUATIONS: list[tuple[Kind, list[str]]] = [
    (
        "invoice",
        [
            INVOICE_DRAFT,
            INVOICE_UNNUMBERED,
            INVOICE_PART_PAID,
            INVOICE_PAID,
            INVOICE_WITHOUT_LINES,
        ],
    ),
    (
        "purchase",
        [
            PURCHASE_DRAFT,
            PURCHASE_UNNUMBERED,
            PURCHASE_PART_PAID,
            PURCHASE_PAID,
            PURCHASE_WITHOUT_LINES,
        ],
    ),
]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def standing(document: Document) -> str:
    is_part_paid = 0 < document.amount_due < document.total_amount
    return "part-paid" if is_part_paid else document.status


def main(documents: dict[str, Document]) -> list[Document]:
    return [one for one in documents.values() if one.organization_id == known.MAIN]


def test_there_are_documents_in_every_state(desk: Desk) -> None:
    state = desk.simulator.state

    assert Counter(map(standing, main(state.invoices))) == {
        "draft": 26,
        "approved": 21,
        "part-paid": 9,
        "paid": 33,
        "in_review": 1,
    }
    assert Counter(map(standing, main(state.purchases))) == {
        "draft": 26,
        "approved": 27,
        "part-paid": 11,
        "paid": 45,
        "in_review": 1,
    }


def test_dates_lie_within_a_year_and_some_days_have_several(desk: Desk) -> None:
    for documents in (desk.simulator.state.invoices, desk.simulator.state.purchases):
        days = Counter(one.date_created for one in main(documents))

        assert date(2025, 11, 3) <= min(days)
        assert max(days) <= date(2026, 11, 2)
        assert max(days.values()) >= 2


@pytest.mark.parametrize(("kind", "ids"), SITUATIONS)
def test_the_five_situations_of_the_notes_are_there(
    desk: Desk, kind: Kind, ids: list[str]
) -> None:
    draft, unnumbered, part_paid, paid, without_lines = (
        desk.document(kind, one_id) for one_id in ids
    )

    assert {line.tax_included for line in draft.items} == {True, False}
    assert (unnumbered.status, unnumbered.document_number) == ("approved", "-")
    assert unnumbered.amount_due == unnumbered.total_amount
    assert (part_paid.status, part_paid.amount_due) == ("approved", Decimal("344.5"))
    assert (paid.status, paid.amount_due) == ("paid", Decimal(0))
    assert (without_lines.status, without_lines.items) == ("draft", [])


def test_one_purchase_has_two_attachments(desk: Desk) -> None:
    attached = desk.document("purchase", PURCHASE_ATTACHED)

    names = [one.filename for one in attached.attachments]
    assert names == ["invoice.pdf", "delivery-note.pdf"]


def test_ids_are_forty_lower_case_hex_digits(desk: Desk) -> None:
    state = desk.simulator.state
    kept = (state.invoices, state.purchases, state.contacts, state.taxes)
    more = (state.accounts, state.items, state.team, state.organisations)

    for one_id in chain(*kept, *more, state.payments):
        assert len(one_id) == 40
        assert set(one_id) <= set("0123456789abcdef")


def test_amounts_due_and_payments_agree(desk: Desk) -> None:
    state = desk.simulator.state
    paid: Counter[str] = Counter()
    for one in state.payments.values():
        paid[one.document_id] += one.amount  # type: ignore[assignment]

    for document in (state.invoices | state.purchases).values():
        assert document.amount_due == document.total_amount - paid[document.id]
        assert document.amount_due >= 0


def test_every_simulator_starts_the_same_and_shares_nothing() -> None:
    first, second = AccounteerSimulator().state, AccounteerSimulator().state

    first.invoices[EXAMPLE].status = "approved"
    first.add_line(first.invoices[EXAMPLE], 5)
    first.contacts[known.CLIENT].name = "x"
    del first.taxes[known.TAX_0]

    third = AccounteerSimulator().state
    for state in (second, third):
        example = state.invoices[EXAMPLE]
        assert (example.status, len(example.items)) == ("draft", 2)
        assert state.contacts[known.CLIENT].name == "Granite Properties"
        assert known.TAX_0 in state.taxes
    assert second.next_id("invoice") == third.next_id("invoice")


async def test_a_reset_brings_data_switches_and_ids_back(desk: Desk) -> None:
    body = {"contact": {"name": "Somebody"}}
    desk.switch(create_status_code=200)
    before = (await desk.send("POST", "contacts", body)).json()
    await desk.approve("invoice", EXAMPLE)

    desk.simulator.reset()

    answer = await desk.send("POST", "contacts", body)
    assert (answer.status_code, answer.json()) == (201, before)
    assert desk.document("invoice", EXAMPLE).status == "draft"


async def test_another_organisation_is_another_world(desk: Desk) -> None:
    token = known.OTHER_TOKEN
    theirs = await desk.ids("invoices", token=token)

    assert theirs == [OTHER_INVOICE, OTHER_INVOICE_APPROVED]
    assert await desk.ids("purchases", token=token) == [OTHER_PURCHASE]
    assert set(theirs).isdisjoint(await desk.ids("invoices"))
    for method, path, body in (
        ("GET", f"invoices/{OTHER_INVOICE}", None),
        ("POST", f"invoices/{OTHER_INVOICE}", {"invoice": {"status": "approved"}}),
        ("DELETE", f"purchases/{OTHER_PURCHASE}", None),
        ("GET", f"contacts/{known.OTHER_CLIENT}", None),
        ("GET", f"organisations/{known.OTHER}", None),
    ):
        assert (await desk.send(method, path, body)).status_code == 404
    assert desk.document("invoice", OTHER_INVOICE).status == "draft"


def test_a_document_is_added_cheaply(desk: Desk) -> None:
    state = desk.simulator.state

    invoice = state.add_invoice(date_created=date(2026, 5, 1), status="paid", price=7)
    purchase = state.add_purchase(amount_due=Decimal(3), document_number="X")

    assert state.invoices[invoice.id] is invoice
    assert (invoice.status, invoice.total_amount) == ("paid", Decimal("8.47"))
    assert invoice.date_due == date(2026, 5, 31)
    assert (purchase.contact_id, purchase.amount_due) == (known.SUPPLIER, Decimal(3))
    assert purchase.document_number == "X"
