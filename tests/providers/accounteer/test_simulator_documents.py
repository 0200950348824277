"""Create, update and delete of documents (5.2 to 5.5, 5.10, 5.18)."""

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
LINE = {"title": "Work", "quantity": 2, "price": 10, "tax_id": known.TAX_21}
CONTENT: dict[str, dict[str, Any]] = {
    "invoice": {"client_id": known.CLIENT, "items": [LINE]},
    "offer": {"client_id": known.CLIENT, "items": [LINE]},
    "purchase": {
        "supplier_id": known.SUPPLIER,
        "date_issued": "2026-11-01",
        "items": [LINE],
    },
}


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def create(desk: Desk, kind: str, **fields: Any) -> httpx.Response:
    return await desk.send("POST", f"{kind}s", {kind: CONTENT[kind] | fields})


async def update(desk: Desk, kind: str, one_id: str, **fields: Any) -> httpx.Response:
    return await desk.send("PUT", f"{kind}s/{one_id}", {kind: fields})


async def made(desk: Desk, kind: str, **fields: Any) -> Any:
    answer = await create(desk, kind, **fields)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_an_invoice_has_defaults(desk: Desk) -> None:
    body = await made(desk, "invoice")

    expected = {
        "document_number": "-",
        "template_id": known.TEMPLATE,
        "total_amount": 24.2,
        "currency": "EUR",
        "date_issued": TODAY,
        "date_due": "2026-12-02",
        "date_created": TODAY,
        "date_updated": TODAY,
        "status": "draft",
        "reference": None,
        "attachments": [],
    }
    assert {name: body[name] for name in expected} == expected
    assert body["items"][0]["description"] is None
    assert body["items"][0]["gl_account"]["id"] == known.SALES


async def test_the_days_are_those_of_the_organisation(desk: Desk) -> None:
    desk.later(hours=5)

    assert (await made(desk, "invoice"))["date_created"] == "2026-11-03"


async def test_a_create_may_answer_200(desk: Desk) -> None:
    desk.switch(create_status_code=200)

    assert (await create(desk, "purchase")).status_code == 200


@pytest.mark.parametrize("name", ["date_issued", "date_issed", "issued_date"])
async def test_the_issue_date_has_three_spellings(desk: Desk, name: str) -> None:
    invoice = await made(desk, "invoice", **{name: "2026-10-05"})
    purchase = await made(
        desk, "purchase", **({"date_issued": None} | {name: "2026-10-05"})
    )

    assert (invoice["date_issued"], purchase["date_issued"]) == ("2026-10-05",) * 2


async def test_a_spelling_may_be_unknown(desk: Desk) -> None:
    desk.switch(issue_date_fields=("issued_date",))

    silent = await made(desk, "invoice", date_issued="2026-10-05")
    missing = await create(desk, "purchase")
    told = await made(desk, "purchase", issued_date="2026-10-06")

    assert silent["date_issued"] == TODAY
    assert field(missing) == ["date_issued"]
    assert told["date_issued"] == "2026-10-06"


@pytest.mark.parametrize("flag", [True, 1, False, 0, None])
async def test_a_price_may_include_the_tax(desk: Desk, flag: object) -> None:
    body = await made(desk, "invoice", items=[LINE | {"include_tax": flag}])

    line = body["items"][0]
    included = (True, 20, 8.26) if flag else (False, 24.2, 10)
    assert (line["tax_included"], line["line_total_amount"], line["price"]) == included


async def test_a_purchase_keeps_the_number_of_its_supplier(desk: Desk) -> None:
    named = await made(desk, "purchase", document_number="S-1")
    unnamed = await made(desk, "purchase", document_number="")
    invoice = await made(desk, "invoice", document_number="S-1")

    numbers = [body["document_number"] for body in (named, unnamed, invoice)]
    assert numbers == ["S-1", "-", "-"]


async def test_a_purchase_may_have_no_lines_yet(desk: Desk) -> None:
    content = {"supplier_id": known.SUPPLIER, "date_issued": "2026-11-01"}

    answer = await desk.send("POST", "purchases", {"purchase": content})

    assert (answer.status_code, answer.json()["items"]) == (201, [])
    assert answer.json()["total_amount"] == 0


@pytest.mark.parametrize(
    ("fields", "refused"),
    [
        ({"client_id": None}, "client_id"),
        ({"client_id": ""}, "client_id"),
        ({"client_id": 5}, "client_id"),
        ({"client_id": "0" * 40}, "client_id"),
        ({"client_id": known.SUPPLIER}, "client_id"),
        ({"client_id": known.OTHER_CLIENT}, "client_id"),
        ({"template_id": known.OTHER_TEMPLATE}, "template_id"),
        ({"date_issued": "02-02-2026"}, "date_issued"),
        ({"date_issued": "2026-02-30"}, "date_issued"),
        ({"date_issued": 20260202}, "date_issued"),
        ({"date_due": "20261202"}, "date_due"),
        ({"reference": 5}, "reference"),
        ({"reference": "\ud800"}, "reference"),
        ({"status": "paid"}, "status"),
        ({"items": None}, "items"),
        ({"items": []}, "items"),
        ({"items": "x"}, "items"),
        ({"items": ["x"]}, "items"),
        ({"items": [LINE | {"title": ""}]}, "title"),
        ({"items": [LINE | {"title": None}]}, "title"),
        ({"items": [LINE | {"description": 5}]}, "description"),
        ({"items": [LINE | {"quantity": None}]}, "quantity"),
        ({"items": [LINE | {"quantity": "2"}]}, "quantity"),
        ({"items": [LINE | {"quantity": True}]}, "quantity"),
        ({"items": [LINE | {"price": 1e10}]}, "price"),
        ({"items": [LINE | {"price": 1e-11}]}, "price"),
        ({"items": [LINE | {"tax_id": None}]}, "items.tax_id"),
        ({"items": [LINE | {"tax_id": known.OTHER_TAX}]}, "items.tax_id"),
        ({"items": [LINE | {"include_tax": "yes"}]}, "include_tax"),
        ({"items": [LINE | {"include_tax": 2}]}, "include_tax"),
        ({"items": [LINE | {"gl_account_id": "x"}]}, "items.gl_account_id"),
        ({"items": [LINE | {"id": "x"}]}, "items.id"),
    ],
)
async def test_a_wrong_field_is_refused(
    desk: Desk, fields: dict[str, Any], refused: str
) -> None:
    before = await desk.ids("invoices")

    answer = await create(desk, "invoice", **fields)

    assert field(answer) == [refused]
    assert await desk.ids("invoices") == before


@pytest.mark.parametrize(
    ("fields", "refused"),
    [
        ({"supplier_id": None}, "supplier_id"),
        ({"supplier_id": known.CLIENT}, "supplier_id"),
        ({"date_issued": None}, "date_issued"),
        ({"date_issued": "x"}, "date_issued"),
        (
            {"items": [LINE | {"gl_account_id": known.OTHER_COSTS}]},
            "items.gl_account_id",
        ),
    ],
)
async def test_a_wrong_field_of_a_purchase_is_refused(
    desk: Desk, fields: dict[str, Any], refused: str
) -> None:
    assert field(await create(desk, "purchase", **fields)) == [refused]


async def test_a_missing_field_is_refused(desk: Desk) -> None:
    for kind, names in (("invoice", ["client_id"]), ("purchase", ["supplier_id"])):
        answer = await desk.send("POST", f"{kind}s", {kind: {}})
        assert field(answer) == names


async def test_unknown_fields_are_ignored(desk: Desk) -> None:
    body = await made(desk, "invoice", total_amount=1, id="x", currency="USD", x=[])

    assert (body["total_amount"], body["currency"]) == (24.2, "EUR")


@both
async def test_fields_left_out_of_an_update_stay(desk: Desk, kind: Kind) -> None:
    before = await made(desk, kind, reference="R1")
    desk.later(days=1)
    required = {"supplier_id": known.SUPPLIER} if kind == "purchase" else {}

    answer = await update(desk, kind, before["id"], date_due="2027-01-01", **required)

    told = {"date_due": "2027-01-01", "date_updated": "2026-11-03"}
    assert (answer.status_code, answer.json()) == (200, before | told)


async def test_an_update_may_empty_the_reference(desk: Desk) -> None:
    body = await made(desk, "invoice", reference="R1")

    answer = await update(desk, "invoice", body["id"], reference="")

    assert answer.json()["reference"] is None


async def test_an_update_may_name_another_party_and_template(desk: Desk) -> None:
    body = await made(desk, "invoice")
    template = next(
        one for one, owner in known.TEMPLATES.items() if one != known.TEMPLATE
    )

    answer = await update(
        desk,
        "invoice",
        body["id"],
        client_id=known.SECOND_CLIENT,
        template_id=template,
    )

    told = {"client_id": known.SECOND_CLIENT, "template_id": template}
    assert answer.json() == body | told


async def test_the_lines_of_an_update_are_changed_added_and_removed(
    desk: Desk,
) -> None:
    body = await made(desk, "invoice", items=[LINE, LINE | {"include_tax": True}])
    first, second = (line["id"] for line in body["items"])
    rows = [{"id": second, "quantity": 5}, LINE | {"title": "More"}]

    answer = await update(desk, "invoice", body["id"], items=rows)

    changed, added = answer.json()["items"]
    assert (changed["id"], changed["quantity"], changed["title"]) == (second, 5, "Work")
    # The price as it was typed stays, not the net one that was shown.
    assert (changed["tax_included"], changed["line_total_amount"]) == (True, 50)
    assert (added["title"], added["id"] not in {first, second}) == ("More", True)
    assert answer.json()["total_amount"] == 74.2


async def test_lines_that_are_not_listed_may_stay(desk: Desk) -> None:
    desk.switch(unlisted_lines_stay=True)
    body = await made(desk, "invoice", items=[LINE, LINE])
    first, second = (line["id"] for line in body["items"])

    answer = await update(
        desk, "invoice", body["id"], items=[{"id": second, "price": 1}, LINE]
    )

    lines = answer.json()["items"]
    assert [line["price"] for line in lines] == [10, 1, 10]
    assert [line["id"] for line in lines][:2] == [first, second]


async def test_a_line_is_named_once(desk: Desk) -> None:
    body = await made(desk, "invoice")
    line = {"id": body["items"][0]["id"]}

    answer = await update(desk, "invoice", body["id"], items=[line, line])

    assert field(answer) == ["items"]


async def test_an_update_of_a_purchase_names_the_supplier(desk: Desk) -> None:
    body = await made(desk, "purchase")

    answer = await update(desk, "purchase", body["id"], reference="R")

    assert field(answer) == ["supplier_id"]


@both
@pytest.mark.parametrize(
    ("name", "status"),
    [("UNNUMBERED", "approved"), ("PAID", "paid"), ("STRANGE", "in_review")],
)
async def test_what_is_no_draft_is_neither_changed_nor_deleted(
    desk: Desk, kind: Kind, name: str, status: str
) -> None:
    one_id = getattr(seeded, f"{kind.upper()}_{name}")
    before = await desk.get(f"{kind}s/{one_id}")
    required = {"supplier_id": known.SUPPLIER} if kind == "purchase" else {}

    changed = await update(desk, kind, one_id, reference="R", **required)
    posted = await desk.send("POST", f"{kind}s/{one_id}", {kind: {"reference": "R"}})
    deleted = await desk.send("DELETE", f"{kind}s/{one_id}")

    for answer in (changed, posted, deleted):
        assert refusal(answer) == (422, "invalid_state", {"status": [status]})
    assert await desk.get(f"{kind}s/{one_id}") == before


@both
async def test_a_deleted_draft_is_gone(desk: Desk, kind: Kind) -> None:
    path = f"{kind}s/{desk.draft(kind).id}"

    answer = await desk.send("DELETE", path)

    assert (answer.status_code, answer.content) == (204, b"")
    for method in ("GET", "DELETE"):
        assert word(await desk.send(method, path)) == (404, "not_found")
    assert word(await desk.approve(kind, path.split("/")[1])) == (404, "not_found")


@both
async def test_a_delete_may_have_a_body(desk: Desk, kind: Kind) -> None:
    desk.switch(delete_status_code=200)
    one_id = desk.draft(kind).id

    answer = await desk.send("DELETE", f"{kind}s/{one_id}")

    assert answer.status_code == 200
    assert answer.json() == {"id": one_id, "deleted": True}


async def test_an_offer_has_the_shape_of_an_invoice(desk: Desk) -> None:
    body = await made(desk, "offer", invoice_id=seeded.EXAMPLE)
    line = {"id": body["items"][0]["id"], "price": 20, "include_tax": 1}
    answer = await update(desk, "offer", body["id"], items=[line], invoice_id="")

    invoice = await made(desk, "invoice")
    assert list(body) == [*invoice, "invoice_id"]
    assert (body["status"], body["invoice_id"]) == ("draft", seeded.EXAMPLE)
    assert (answer.status_code, answer.json()["total_amount"]) == (200, 40)
    assert answer.json()["invoice_id"] is None


async def test_an_offer_is_never_approved_and_needs_its_items(desk: Desk) -> None:
    body = await made(desk, "offer")

    approved = await create(desk, "offer", status="approved")
    strange = await create(desk, "offer", invoice_id=seeded.OTHER_INVOICE)
    bare = await update(desk, "offer", body["id"], reference="R")

    assert [field(one) for one in (approved, strange, bare)] == [
        ["status"],
        ["invoice_id"],
        ["items"],
    ]
