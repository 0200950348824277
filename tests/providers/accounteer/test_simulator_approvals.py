"""Approval: the table of 5.4, for purchases as well (5.11), and its three doors."""

import asyncio
from datetime import date
from typing import Any

import pytest

from gateway.providers.accounteer.simulator import situations as seeded
from gateway.providers.accounteer.simulator.objects import Document
from tests.providers.accounteer.simulator_support import (
    TODAY,
    Desk,
    Kind,
    field,
    refusal,
    word,
)

both = pytest.mark.parametrize("kind", ["invoice", "purchase"])
FINAL = {"approved": "UNNUMBERED", "paid": "PAID"}


@pytest.fixture
def desk() -> Desk:
    return Desk()


def seed(kind: Kind, name: str) -> str:
    """Return the id of a situation."""
    one_id = getattr(seeded, f"{kind.upper()}_{name}")
    assert isinstance(one_id, str)
    return one_id


async def read(desk: Desk, kind: Kind, one_id: str) -> Any:
    return await desk.get(f"{kind}s/{one_id}")


async def post(desk: Desk, kind: Kind, one_id: str, **fields: Any) -> Any:
    return await desk.send("POST", f"{kind}s/{one_id}", {kind: fields})


async def put(desk: Desk, document: Document, **fields: Any) -> Any:
    kind = document.kind
    if kind == "purchase":
        fields.setdefault("supplier_id", document.contact_id)
    return await desk.send("PUT", f"{kind}s/{document.id}", {kind: fields})


@both
async def test_a_draft_is_approved_and_nothing_else_changes(
    desk: Desk, kind: Kind
) -> None:
    one_id = seed(kind, "DRAFT")
    before = await read(desk, kind, one_id)

    answer = await desk.approve(kind, one_id)

    number = {"invoice": "INV-01001", "purchase": "PUR-01001"}[kind]
    told = {"status": "approved", "document_number": number, "date_updated": TODAY}
    assert (answer.status_code, answer.json()) == (200, before | told)
    assert await read(desk, kind, one_id) == before | told
    assert before["amount_due"] == before["total_amount"]


@both
async def test_a_number_can_stay_out(desk: Desk, kind: Kind) -> None:
    desk.switch(document_number_at_approval="dash")

    answer = await desk.approve(kind, seed(kind, "DRAFT"))

    assert answer.json()["document_number"] == "-"


async def test_the_number_of_a_supplier_stays(desk: Desk) -> None:
    answer = await desk.approve("purchase", seeded.PURCHASE_ATTACHED)

    assert answer.json()["document_number"] == "AF-90112"


@both
async def test_numbers_follow_each_other(desk: Desk, kind: Kind) -> None:
    ids = [desk.draft(kind).id for _ in range(3)]

    numbers = [(await desk.approve(kind, one)).json()["document_number"] for one in ids]

    assert [number[-5:] for number in numbers] == ["01001", "01002", "01003"]


@both
@pytest.mark.parametrize("status", ["approved", "paid"])
async def test_what_is_approved_is_not_approved_again(
    desk: Desk, kind: Kind, status: str
) -> None:
    one_id = seed(kind, FINAL[status])
    before = await read(desk, kind, one_id)

    answer = await desk.approve(kind, one_id)

    assert refusal(answer) == (422, "invalid_state", {"status": [status]})
    assert await read(desk, kind, one_id) == before


@both
@pytest.mark.parametrize("status", ["approved", "paid"])
async def test_a_lenient_service_answers_a_double_approve_unchanged(
    desk: Desk, kind: Kind, status: str
) -> None:
    desk.switch(lenient_double_approve=True)
    one_id = seed(kind, FINAL[status])
    before = await read(desk, kind, one_id)

    answer = await desk.approve(kind, one_id)
    forced = await post(desk, kind, one_id, status="approved", force_approve=True)
    changed = await post(desk, kind, one_id, status="approved", reference="x")

    assert (answer.status_code, answer.json()) == (200, before)
    assert word(forced) == word(changed) == (422, "invalid_state")
    assert await read(desk, kind, one_id) == before


@both
async def test_a_lenient_service_refuses_a_status_that_it_does_not_know(
    desk: Desk, kind: Kind
) -> None:
    desk.switch(lenient_double_approve=True)

    answer = await desk.approve(kind, seed(kind, "STRANGE"))

    assert refusal(answer) == (422, "invalid_state", {"status": ["in_review"]})


@both
async def test_a_refusal_because_of_the_status_can_be_a_conflict(
    desk: Desk, kind: Kind
) -> None:
    desk.switch(state_refusal_status=409)

    again = await desk.approve(kind, seed(kind, "PAID"))
    empty = await desk.approve(kind, seed(kind, "WITHOUT_LINES"))

    assert refusal(again) == (409, "invalid_state", {"status": ["paid"]})
    assert field(empty) == ["items"]


@both
@pytest.mark.parametrize("code", [200, 201, 202])
async def test_an_approval_may_have_another_success_code(
    desk: Desk, kind: Kind, code: int
) -> None:
    desk.switch(approve_status_code=code)
    one_id = seed(kind, "DRAFT")

    answer = await desk.approve(kind, one_id)
    update = await post(desk, kind, desk.draft(kind).id, reference="x")

    assert (answer.status_code, update.status_code) == (code, 200)
    assert answer.json() == await read(desk, kind, one_id)


@both
async def test_an_approval_may_have_no_body(desk: Desk, kind: Kind) -> None:
    desk.switch(approve_status_code=204)
    one_id = seed(kind, "DRAFT")

    answer = await desk.approve(kind, one_id)

    assert (answer.status_code, answer.content) == (204, b"")
    assert "content-type" not in answer.headers
    assert desk.document(kind, one_id).status == "approved"


@both
@pytest.mark.parametrize(
    ("name", "refused"),
    [
        ("WITHOUT_LINES", "items"),
        ("ZERO", "total_amount"),
        ("CLOSED", "date_issued"),
    ],
)
async def test_what_is_not_complete_is_not_approved(
    desk: Desk, kind: Kind, name: str, refused: str
) -> None:
    one_id = seed(kind, name)
    before = await read(desk, kind, one_id)

    answer = await desk.approve(kind, one_id)

    assert field(answer) == [refused]
    assert await read(desk, kind, one_id) == before


@both
async def test_the_day_after_the_closed_period_is_open(desk: Desk, kind: Kind) -> None:
    closed = desk.draft(kind, date_issued=date(2025, 12, 31))
    opened = desk.draft(kind, date_issued=date(2026, 1, 1))

    assert field(await desk.approve(kind, closed.id)) == ["date_issued"]
    assert (await desk.approve(kind, opened.id)).status_code == 200


@both
async def test_changes_are_stored_before_the_approval(desk: Desk, kind: Kind) -> None:
    document = desk.draft(kind)
    line = {"id": document.items[0].id, "price": 200}

    answer = await post(
        desk, kind, document.id, status="approved", reference="R", items=[line]
    )

    body = answer.json()
    assert (answer.status_code, body["status"], body["reference"]) == (
        200,
        "approved",
        "R",
    )
    assert (body["total_amount"], body["amount_due"]) == (242, 242)


@both
@pytest.mark.parametrize(
    ("fields", "refused"),
    [
        ({"reference": "R", "items": []}, "items"),
        ({"reference": "R", "date_issued": "2025-11-11"}, "date_issued"),
        ({"reference": "R", "date_due": "soon"}, "date_due"),
        ({"reference": "R", "items": [{"title": "x"}]}, "items.tax_id"),
    ],
)
@pytest.mark.parametrize("door", ["POST", "PUT"])
async def test_changes_and_approval_are_all_or_nothing(
    desk: Desk, kind: Kind, fields: dict[str, Any], refused: str, door: str
) -> None:
    document = desk.draft(kind)
    before = await read(desk, kind, document.id)

    if door == "PUT":
        answer = await put(desk, document, status="approved", **fields)
    else:
        answer = await post(desk, kind, document.id, status="approved", **fields)

    assert field(answer) == [refused]
    assert await read(desk, kind, document.id) == before


@both
async def test_an_update_is_a_door_to_approval(desk: Desk, kind: Kind) -> None:
    document = desk.draft(kind)

    answer = await put(desk, document, status="approved")
    again = await put(desk, document, status="approved")

    assert (answer.status_code, document.status) == (200, "approved")
    assert word(again) == (422, "invalid_state")


@both
@pytest.mark.parametrize("status", ["draft", "approved"])
async def test_a_create_is_a_door_to_approval(
    desk: Desk, kind: Kind, status: str
) -> None:
    made = desk.draft(kind)
    party = {"invoice": "client_id", "purchase": "supplier_id"}[kind]
    line = {"title": "x", "quantity": 1, "price": 5, "tax_id": made.items[0].tax_id}
    content = {party: made.contact_id, "date_issued": "2026-11-01", "items": [line]}

    answer = await desk.send("POST", f"{kind}s", {kind: content | {"status": status}})

    number = answer.json()["document_number"]
    assert (answer.status_code, answer.json()["status"]) == (201, status)
    assert (number == "-") == (status == "draft")


@both
async def test_a_create_that_cannot_be_approved_is_not_made(
    desk: Desk, kind: Kind
) -> None:
    made = desk.draft(kind)
    party = {"invoice": "client_id", "purchase": "supplier_id"}[kind]
    line = {"title": "x", "quantity": 0, "price": 5, "tax_id": made.items[0].tax_id}
    content = {party: made.contact_id, "date_issued": "2026-11-01", "items": [line]}
    before = await desk.ids(f"{kind}s")

    answer = await desk.send(
        "POST", f"{kind}s", {kind: content | {"status": "approved"}}
    )

    assert field(answer) == ["total_amount"]
    assert await desk.ids(f"{kind}s") == before


@both
async def test_a_draft_may_be_said_to_be_a_draft(desk: Desk, kind: Kind) -> None:
    document = desk.draft(kind)

    answer = await post(desk, kind, document.id, status="draft", reference="R")

    assert (answer.status_code, document.status) == (200, "draft")
    assert document.reference == "R"


@both
@pytest.mark.parametrize("name", ["UNNUMBERED", "PAID"])
async def test_nothing_undoes_an_approval(desk: Desk, kind: Kind, name: str) -> None:
    one_id = seed(kind, name)
    before = await read(desk, kind, one_id)

    answer = await post(desk, kind, one_id, status="draft")

    assert word(answer) == (422, "invalid_state")
    assert await read(desk, kind, one_id) == before


@both
@pytest.mark.parametrize(
    "status", ["paid", "rejected", "Approved", "", 1, ["approved"]]
)
async def test_no_other_status_can_be_asked_for(
    desk: Desk, kind: Kind, status: object
) -> None:
    document = desk.draft(kind)

    posted = await post(desk, kind, document.id, status=status)
    stored = await put(desk, document, status=status)

    assert field(posted) == field(stored) == ["status"]
    assert document.status == "draft"


@both
async def test_force_is_an_unknown_field(desk: Desk, kind: Kind) -> None:
    forced = {"status": "approved", "force_approve": True, "comment": "x"}
    draft = desk.draft(kind)

    answer = await post(desk, kind, draft.id, **forced)
    refused = await post(desk, kind, seed(kind, "ZERO"), **forced)

    assert (answer.status_code, draft.status) == (200, "approved")
    assert field(refused) == ["total_amount"]


@both
async def test_without_a_status_it_is_an_update(desk: Desk, kind: Kind) -> None:
    document = desk.draft(kind)

    answer = await post(desk, kind, document.id, reference="R")

    assert (answer.status_code, answer.json()["reference"]) == (200, "R")
    assert document.status == "draft"


@both
async def test_the_wrapper_of_the_other_kind_is_no_wrapper(
    desk: Desk, kind: Kind
) -> None:
    document = desk.draft(kind)
    other = {"invoice": "purchase", "purchase": "invoice"}[kind]

    path = f"{kind}s/{document.id}"
    wrong = await desk.send("POST", path, {other: {"status": "approved"}})
    bare = await desk.send("POST", path, {"status": "approved"})

    assert word(wrong) == word(bare) == (400, "bad_request")
    assert document.status == "draft"


@both
async def test_an_unknown_document_is_not_found(desk: Desk, kind: Kind) -> None:
    known = desk.draft(kind).id
    for one_id in ("0" * 40, known.upper(), "approve"):
        answer = await desk.approve(kind, one_id)
        assert word(answer) == (404, "not_found")


@both
async def test_one_of_two_approvals_at_once_is_refused(desk: Desk, kind: Kind) -> None:
    document = desk.draft(kind)

    answers = await asyncio.gather(*(desk.approve(kind, document.id) for _ in range(2)))

    assert sorted(answer.status_code for answer in answers) == [200, 422]


@pytest.mark.parametrize(
    ("state", "refused"),
    [("absent_404", (404, "not_found")), ("absent_405", (405, "method_not_allowed"))],
)
async def test_the_approval_of_purchases_may_not_be_there(
    desk: Desk, state: str, refused: tuple[int, str]
) -> None:
    desk.switch(purchase_approve=state)
    purchase, invoice = desk.draft("purchase"), desk.draft("invoice")

    answer = await desk.approve("purchase", purchase.id)

    assert (word(answer), purchase.status) == (refused, "draft")
    assert (await desk.approve("invoice", invoice.id)).status_code == 200
    assert (await put(desk, purchase, status="approved")).status_code == 200


async def test_the_approval_of_purchases_may_be_ignored(desk: Desk) -> None:
    desk.switch(purchase_approve="ignored")
    purchase = desk.draft("purchase")

    answer = await desk.approve("purchase", purchase.id)

    assert (answer.status_code, answer.json()["status"]) == (200, "draft")
    assert purchase.status == "draft"
