"""Each example of the wire notes, sent or expected as it stands."""

from decimal import Decimal
from typing import Any

import pytest

from gateway.providers.accounteer.simulator import directory as known
from gateway.providers.accounteer.simulator.situations import (
    EXAMPLE,
    NOTES_EXAMPLE,
    NOTES_EXAMPLE_LINE,
)
from tests.providers.accounteer.simulator_support import TODAY, Desk, exact, sample


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_the_invoice_of_the_notes_is_read_to_the_digit(desk: Desk) -> None:
    answer = await desk.send("GET", f"invoices/{NOTES_EXAMPLE}")

    assert (answer.status_code, answer.json()) == (200, sample("invoice"))
    assert '"total_amount":605,' in answer.text
    assert answer.headers["content-type"] == "application/json"


async def test_the_public_example_is_a_draft_of_two_lines_over_221_euro(
    desk: Desk,
) -> None:
    body = exact(await desk.send("GET", f"invoices/{EXAMPLE}"))

    head = ("document_number", "status", "currency", "reference", "attachments")
    assert [body[name] for name in head] == ["-", "draft", "EUR", None, []]
    totals = ("total_amount", "total_base_amount", "total_tax_amount", "amount_due")
    assert [str(body[name]) for name in totals] == ["221", "182.64", "38.36", "221"]
    included, excluded = body["items"]
    assert str(included["item_base_amount"]) == "82.644628099174"
    assert (included["tax_included"], str(included["price"])) == (True, "82.64")
    assert (excluded["tax_included"], excluded["price"]) == (False, 100)
    assert (body["date_issued"], body["date_due"]) == ("2026-10-28", "2026-11-27")


async def test_the_example_of_a_create_makes_a_draft(desk: Desk) -> None:
    answer = await desk.send("POST", "invoices", sample("invoice_create"))

    body = answer.json()
    expected = sample("invoice") | {
        "id": body["id"],
        "date_due": "2026-12-02",
        "date_created": TODAY,
        "date_updated": TODAY,
    }
    expected["items"][0]["id"] = body["items"][0]["id"]
    assert (answer.status_code, body) == (201, expected)
    assert await desk.get(f"invoices/{body['id']}") == expected


async def test_the_example_of_an_update_changes_the_line(desk: Desk) -> None:
    answer = await desk.send(
        "PUT", f"invoices/{NOTES_EXAMPLE}", sample("invoice_update")
    )

    body = answer.json()
    assert answer.status_code == 200
    assert (body["reference"], body["total_amount"]) == ("PO-881 rev 2", 726)
    assert [(one["id"], one["quantity"]) for one in body["items"]] == [
        (NOTES_EXAMPLE_LINE, 6)
    ]


async def test_the_example_of_an_approval_approves(desk: Desk) -> None:
    path = f"invoices/{NOTES_EXAMPLE}"

    answer = await desk.send("POST", path, sample("invoice_approve"))

    told = {"status": "approved", "document_number": "INV-01001", "date_updated": TODAY}
    assert (answer.status_code, answer.json()) == (200, sample("invoice") | told)
    again = await desk.send("POST", path, sample("invoice_approve"))
    assert (again.status_code, again.json()) == (422, sample("error_invalid_state"))


async def test_the_examples_of_a_purchase_are_understood(desk: Desk) -> None:
    made = (await desk.send("POST", "purchases", sample("purchase_create"))).json()
    path = f"purchases/{made['id']}"
    approved = await desk.send("POST", path, sample("purchase_approve"))
    paid = await desk.send("POST", f"{path}/pay", sample("payment"))

    assert (made["supplier_id"], made["total_amount"]) == (known.SUPPLIER, 54.45)
    assert (made["date_issued"], made["date_due"]) == ("2026-02-02", "2026-03-04")
    assert made["items"][0]["gl_account"]["code"] == "6000000"
    assert {"client_id", "template_id"}.isdisjoint(made)
    assert (approved.status_code, approved.json()["status"]) == (200, "approved")
    assert (paid.status_code, paid.json()["status"]) == (200, "paid")
    assert paid.json()["amount_due"] == 0


async def test_the_example_of_an_attachment_is_kept(desk: Desk) -> None:
    path = f"invoices/{NOTES_EXAMPLE}"

    answer = await desk.send("POST", f"{path}/attachments", sample("attachment"))

    body = answer.json()
    assert (answer.status_code, list(body)) == (
        201,
        ["id", "filename", "url", "date_created"],
    )
    assert (await desk.get(path))["attachments"] == [body]


async def test_the_example_of_sending_reaches_both(desk: Desk) -> None:
    path = f"invoices/{NOTES_EXAMPLE}/send"

    answer = await desk.send("POST", path, sample("invoice_send"))

    assert answer.status_code == 200
    assert [(one["email"], one["date_sent"]) for one in answer.json()] == [
        ("willem@client.test", TODAY),
        ("mara@example.org", TODAY),
    ]
    assert all(list(one) == list(sample("invoice_sent")[0]) for one in answer.json())


@pytest.mark.parametrize(
    ("path", "name", "wrapper", "added"),
    [
        ("team", "team_member", "team_member", {"status": "invited"}),
        ("taxes", "tax", "tax", {}),
    ],
)
async def test_the_examples_of_creates_come_back(
    desk: Desk, path: str, name: str, wrapper: str, added: dict[str, Any]
) -> None:
    answer = await desk.send("POST", path, sample(name))

    body = answer.json()
    assert (answer.status_code, len(body["id"])) == (201, 40)
    assert body == {"id": body["id"]} | sample(name)[wrapper] | added


async def test_the_example_of_a_contact_comes_back_with_ids(desk: Desk) -> None:
    answer = await desk.send("POST", "contacts", sample("contact"))

    body = answer.json()
    expected = sample("contact")["contact"] | {
        "id": body["id"],
        "organization_id": known.MAIN,
        "date_created": TODAY,
        "date_updated": TODAY,
    }
    expected["contact_persons"][0]["id"] = body["contact_persons"][0]["id"]
    assert (answer.status_code, body) == (201, expected)
    assert await desk.get(f"contacts/{body['id']}") == expected


async def test_the_example_of_a_token_has_its_form(desk: Desk) -> None:
    answer = await desk.refresh()

    body, documented = answer.json(), sample("token")
    assert list(body) == list(documented)
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 3600)
    for name in ("access_token", "refresh_token"):
        assert len(body[name]) == len(documented[name])
    assert set(documented["scope"].split()) <= set(body["scope"].split())


async def test_every_fraction_is_written_as_a_decimal(desk: Desk) -> None:
    rows = exact(await desk.send("GET", "invoices"))

    for row in rows:
        told = sum((line["line_total_amount"] for line in row["items"]), Decimal(0))
        assert row["total_amount"] == told
        for line in row["items"]:
            assert len(Decimal(line["item_base_amount"]).as_tuple().digits) <= 14
