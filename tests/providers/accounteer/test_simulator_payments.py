"""Payments (5.8, 5.13), and that none of it is idempotent."""

from decimal import Decimal
from typing import Any

import httpx
import pytest

from gateway.providers.accounteer.simulator import directory as known
from gateway.providers.accounteer.simulator import situations as seeded
from tests.providers.accounteer.simulator_support import (
    TODAY,
    Desk,
    Kind,
    field,
    refusal,
    word,
)

both = pytest.mark.parametrize("kind", ["invoice", "purchase"])


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def pay(
    desk: Desk, kind: Kind, one_id: str, amount: object, **fields: Any
) -> httpx.Response:
    payment = {"amount": amount, "gl_account_id": known.BANK} | fields
    return await desk.send("POST", f"{kind}s/{one_id}/pay", {"payment": payment})


@both
async def test_a_part_is_paid_and_then_the_rest(desk: Desk, kind: Kind) -> None:
    document = desk.draft(kind, status="approved")
    before = await desk.get(f"{kind}s/{document.id}")

    part = await pay(desk, kind, document.id, 20.5, reference="run 7")
    rest = await pay(desk, kind, document.id, 100.5)

    told = {"date_updated": TODAY, "amount_due": 100.5}
    assert (part.status_code, part.json()) == (200, before | told)
    done = told | {"amount_due": 0, "status": "paid"}
    assert (rest.status_code, rest.json()) == (200, before | done)
    kept = list(desk.simulator.state.payments.values())[-2:]
    assert [(one.amount, one.reference) for one in kept] == [
        (Decimal("20.5"), "run 7"),
        (Decimal("100.5"), None),
    ]


@both
async def test_paying_twice_pays_twice(desk: Desk, kind: Kind) -> None:
    document = desk.draft(kind, status="approved")

    answers = [await pay(desk, kind, document.id, 60) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 422]
    assert document.amount_due == 1


@both
@pytest.mark.parametrize("amount", [0, -1, 121.01, 0.001, "5", None, True, 1e30])
async def test_an_amount_that_does_not_do_is_refused(
    desk: Desk, kind: Kind, amount: object
) -> None:
    document = desk.draft(kind, status="approved")

    assert field(await pay(desk, kind, document.id, amount)) == ["amount"]
    assert document.amount_due == 121


@both
@pytest.mark.parametrize(
    "account", [known.SUSPENSE, known.OTHER_SALES, "x", "", None, 5]
)
async def test_an_account_that_is_not_for_payments_is_refused(
    desk: Desk, kind: Kind, account: object
) -> None:
    document = desk.draft(kind, status="approved")

    answer = await pay(desk, kind, document.id, 5, gl_account_id=account)

    assert field(answer) == ["gl_account_id"]
    assert document.amount_due == 121


@both
@pytest.mark.parametrize(
    ("name", "status"), [("DRAFT", "draft"), ("STRANGE", "in_review")]
)
async def test_what_is_not_approved_is_not_paid(
    desk: Desk, kind: Kind, name: str, status: str
) -> None:
    one_id = getattr(seeded, f"{kind.upper()}_{name}")

    answer = await pay(desk, kind, one_id, 1)

    assert refusal(answer) == (422, "invalid_state", {"status": [status]})


@both
async def test_nothing_is_due_of_what_is_paid(desk: Desk, kind: Kind) -> None:
    one_id = getattr(seeded, f"{kind.upper()}_PAID")

    assert field(await pay(desk, kind, one_id, 1)) == ["amount"]


@both
async def test_a_deleted_payment_is_due_again(desk: Desk, kind: Kind) -> None:
    document = desk.draft(kind, status="approved")
    await pay(desk, kind, document.id, 121)
    payment_id = list(desk.simulator.state.payments)[-1]

    answer = await desk.send("DELETE", f"payments/{payment_id}")
    again = await desk.send("DELETE", f"payments/{payment_id}")

    assert (answer.status_code, word(again)) == (204, (404, "not_found"))
    assert (document.status, document.amount_due) == ("approved", Decimal(121))


async def test_a_payment_needs_its_wrapper_and_its_document(desk: Desk) -> None:
    document = desk.draft("invoice", status="approved")

    bare = await desk.send("POST", f"invoices/{document.id}/pay", {"amount": 5})
    unknown = await pay(desk, "invoice", "0" * 40, 5)

    assert (word(bare), word(unknown)) == ((400, "bad_request"), (404, "not_found"))
