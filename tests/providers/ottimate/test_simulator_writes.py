"""Change, create, export marks and idempotency."""

import asyncio
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from tests.providers.ottimate.test_simulator_desk import Desk, refusal

NEW = {
    "upload_id": "erp-778812",
    "ottimate_company_id": 20411,
    "ottimate_location_id": 7731,
    "erp_vendor_id": "NSP-01",
    "invoice_number": "HK-10077",
    "invoice_date": "2026-01-30",
    "due_date": "2026-03-01",
    "total_amount": 6120.5,
    "total_tax": 0,
    "currency": "USD",
    "type": "invoice",
    "purchase_order": "PO-5512",
    "items": [
        {
            "name": "Romaine 24ct",
            "sku": "RM24",
            "quantity": 40,
            "price": 22.5,
            "is_taxed": False,
        }
    ],
}
NO_PERMISSION = (
    403,
    "INV4030",
    "You do not have permission to perform this action.",
)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def names(desk: Desk, number: str) -> list[str]:
    invoice = desk.invoice(number)
    return [desk.simulator.approvals.policy(step).name for step in invoice.steps]


async def test_a_change_answers_with_the_detail(desk: Desk) -> None:
    answer = await desk.on(
        "PATCH",
        "INV-1002",
        json={
            "invoice_number": "INV-1002",
            "invoice_date": "2026-10-01",
            "due_date": "2026-10-31",
            "posting_date": "2026-10-02",
            "total_amount": 900.05,
            "total_tax": 9,
            "discount_amount": 1.5,
            "purchase_order": "PO-1",
            "notes": "checked",
            "currency": "EUR",
            "type": "credit_memo",
            "dimensions": {"DEPARTMENT": "D-20"},
            "custom_fields": {"project_code": "PRJ-1"},
            "status": "exported",
            "unknown": True,
        },
    )

    body = answer.json()
    changed = {
        "number": "INV-1002",
        "invoice_date": "2026-10-01",
        "due_date": "2026-10-31",
        "total_amount": 900.05,
        "outstanding_balance": 900.05,
        "total_tax": 9.0,
        "discount_amount": 1.5,
        "purchase_order": "PO-1",
        "notes": "checked",
        "currency": "EUR",
        "type": "credit_memo",
        "status": "pending-approval",
        "custom_fields": {"project_code": "PRJ-1"},
        "last_modified_date_utc": "2026-11-03T12:00:00.000007Z",
    }
    assert answer.status_code == 200
    assert {name: body[name] for name in changed} == changed
    assert body["dimensions"]["DEPARTMENT"]["name"] == "Bar"
    assert "items_processing_result" not in body
    assert (await desk.row("INV-1002"))["posting_date"] == "2026-10-02"


async def test_an_empty_change_changes_nothing(desk: Desk) -> None:
    before = (await desk.on("GET", "INV-1021")).json()

    answer = await desk.on("PATCH", "INV-1021", json={})

    assert answer.json() == before


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"total_amount": "12"}, {"total_amount": ["A valid number is required."]}),
        ({"total_amount": True}, {"total_amount": ["A valid number is required."]}),
        (
            {"total_amount": 10**12},
            {"total_amount": ["Ensure that there are no more than 12 digits."]},
        ),
        (
            {"invoice_date": "01.02.2026", "due_date": "2026-02-30", "notes": 1},
            {
                "invoice_date": ["Date has wrong format. Use YYYY-MM-DD."],
                "due_date": ["Date has wrong format. Use YYYY-MM-DD."],
                "notes": ["Not a valid string."],
            },
        ),
        ({"currency": "euro"}, {"currency": ["An ISO 4217 code is required."]}),
        ({"type": "other"}, {"type": ['"other" is not a valid choice.']}),
        ({"dimensions": []}, {"dimensions": ["A JSON object is required."]}),
        (
            {"dimensions": {"DEPARTMENT": "D-1"}},
            {"dimensions": ["Unknown dimension: DEPARTMENT."]},
        ),
        ({"custom_fields": []}, {"custom_fields": ["A JSON object is required."]}),
        (
            {"custom_fields": {"b": 1, "a": 1}},
            {"custom_fields": ["Unknown keys: a, b."]},
        ),
        ({"image_urls": "x"}, {"image_urls": ["A list is required."]}),
        (
            {"raw_images": [{"filename": "a.pdf"}]},
            {"raw_images": ["A list of objects with filename and data is required."]},
        ),
        (
            {"ottimate_location_id": "7731"},
            {"ottimate_location_id": ["A valid integer is required."]},
        ),
        ({"erp_vendor_id": 1}, {"erp_vendor_id": ["Not a valid string."]}),
        (
            {"erp_vendor_id": "NEW-01"},
            {"erp_vendor_name": ["This field is required."]},
        ),
        ({"items": {}}, {"items": ["A list of objects is required."]}),
    ],
)
async def test_a_malformed_change_is_refused_whole(
    desk: Desk, body: Any, message: Any
) -> None:
    before = (await desk.on("GET", "INV-1002")).json()

    answer = await desk.on("PATCH", "INV-1002", json=body | {"purchase_order": "PO-9"})

    assert refusal(answer) == (400, "INV4000", message)
    assert (await desk.on("GET", "INV-1002")).json() == before


async def test_custom_fields_need_a_specification(desk: Desk) -> None:
    desk.switch(custom_field_keys=())

    answer = await desk.on("PATCH", "INV-1002", json={"custom_fields": {}})

    message = {"custom_fields": ["No custom fields are configured."]}
    assert refusal(answer) == (400, "INV4000", message)


@pytest.mark.parametrize(
    ("body", "policies"),
    [
        ({"total_amount": 5000}, ["Over 5k"]),
        ({"erp_vendor_id": "EQP-01"}, ["Two signatures"]),
        ({"ottimate_location_id": 7741}, ["Kiosk desk"]),
        ({"dimensions": {"DEPARTMENT": "D-90"}}, ["Projects"]),
        ({"dimensions": {}}, ["Minimum Approvals"]),
        ({"total_amount": 99.99}, []),
        (
            {"total_amount": 30_000, "erp_vendor_id": "EQP-01"},
            ["Over 5k", "Two signatures"],
        ),
        ({"notes": "x"}, ["Minimum Approvals"]),
    ],
)
async def test_policies_are_matched_again(
    desk: Desk, body: Any, policies: list[str]
) -> None:
    await desk.on("PATCH", "INV-1002", json=body)

    assert names(desk, "INV-1002") == policies
    assert (await desk.row("INV-1002"))["status"] == "pending-approval"


async def test_approvals_of_policies_that_still_match_survive(desk: Desk) -> None:
    await desk.on("PATCH", "INV-1016", json={"total_amount": 7000})

    records = [
        (one.user_id, one.approved_at is not None)
        for one in desk.invoice("INV-1016").records
    ]
    assert names(desk, "INV-1016") == ["Over 5k", "Two signatures"]
    assert records == [
        (138872, True),
        (138940, False),
        (136597, False),
        (138872, False),
        (140213, False),
    ]


async def test_a_step_that_was_passed_stays_passed(desk: Desk) -> None:
    await desk.on("POST", "INV-1006", "/approve")

    await desk.on("PATCH", "INV-1006", json={"total_amount": 31000})
    chained = names(desk, "INV-1006")
    await desk.on("PATCH", "INV-1006", json={"total_amount": 6000})

    assert chained == ["Over 5k", "CFO after Over 5k"]
    assert names(desk, "INV-1006") == ["Over 5k"]
    assert (await desk.row("INV-1006"))["status"] == "pending-approval"


async def test_policies_mean_nothing_in_single_mode(desk: Desk) -> None:
    desk.switch(approval_mode="single")

    await desk.on("PATCH", "INV-1002", json={"total_amount": 5000})
    await desk.on("PATCH", "INV-1022", json={"invoice_date": "2026-10-10"})
    await desk.on("PATCH", "INV-1021", json={"erp_vendor_id": "NSP-01"})

    assert names(desk, "INV-1002") == ["Minimum Approvals"]
    assert names(desk, "INV-1021") == names(desk, "INV-1022") == []
    assert (await desk.row("INV-1021"))["status"] == "pending-approval"


async def test_completed_data_brings_the_invoice_to_its_approvers(desk: Desk) -> None:
    assert desk.invoice("INV-1021").vendor is None
    incomplete = await desk.on("PATCH", "INV-1021", json={"notes": "x"})
    assert incomplete.json()["status"] == "incomplete"
    assert incomplete.json()["ottimate_vendor_name"] is None

    answer = await desk.on("PATCH", "INV-1021", json={"erp_vendor_id": "BAY-02"})

    assert answer.json()["status"] == "pending-approval"
    assert names(desk, "INV-1021") == ["Minimum Approvals"]


async def test_without_approvals_completed_data_is_ready(desk: Desk) -> None:
    desk.switch(approval_mode="none")

    answer = await desk.on("PATCH", "INV-1021", json={"erp_vendor_id": "BAY-02"})

    assert answer.json()["status"] == "ready-for-export"


async def test_a_change_after_approval_resets_nothing(desk: Desk) -> None:
    answer = await desk.on("PATCH", "INV-1024", json={"total_amount": 9})

    assert answer.json()["status"] == "ready-for-export"
    assert (await desk.row("INV-1024"))["approved_date"] is not None


async def test_the_balance_of_a_paid_invoice_stays(desk: Desk) -> None:
    answer = await desk.on("PATCH", "INV-1025", json={"total_amount": 900})

    assert answer.json()["outstanding_balance"] == 0.0


@pytest.mark.parametrize("number", ["INV-1023", "INV-1024", "INV-1025"])
async def test_protected_states_need_a_right_of_their_own(
    desk: Desk, number: str
) -> None:
    body = {"notes": "x"}
    open_to_all = await desk.on("PATCH", number, person="clerk", json=body)
    desk.switch(protected_states=True)

    clerk = await desk.on("PATCH", number, person="clerk", json=body)
    controller = await desk.on("PATCH", number, json=body)
    pending = await desk.on("PATCH", "INV-1002", person="clerk", json=body)

    assert open_to_all.status_code == 200
    assert refusal(clerk) == NO_PERMISSION
    assert (controller.status_code, pending.status_code) == (200, 200)


@pytest.mark.parametrize("header", ["If-Match", "If-Unmodified-Since"])
async def test_a_precondition_that_fails_stops_the_change(
    desk: Desk, header: str
) -> None:
    seen = (await desk.on("GET", "INV-1002")).json()["last_modified_date_utc"]
    headers = {header: f'"{seen}"'}

    first = await desk.on("PATCH", "INV-1002", headers=headers, json={"notes": "a"})
    second = await desk.on("PATCH", "INV-1002", headers=headers, json={"notes": "b"})

    assert first.status_code == 200
    message = "The invoice was changed meanwhile."
    assert refusal(second) == (412, "INV4120", message)
    assert desk.invoice("INV-1002").notes == "a"


async def test_a_new_vendor_comes_with_a_name(desk: Desk) -> None:
    body = {"erp_vendor_id": "NEW-01", "erp_vendor_name": "New Vendor"}

    first = await desk.on("PATCH", "INV-1002", json=body)
    second = await desk.on("PATCH", "INV-1010", json={"erp_vendor_id": "NEW-01"})

    assert first.json()["ottimate_vendor_name"] == "New Vendor"
    assert second.json()["ottimate_vendor_name"] == "New Vendor"


async def test_an_invoice_cannot_be_moved_out_of_scope(desk: Desk) -> None:
    answer = await desk.on(
        "PATCH", "INV-1002", person="clerk", json={"ottimate_location_id": 7732}
    )

    message = "You do not have access to this location."
    assert refusal(answer) == (403, "INV4030", message)


async def test_images_are_replaced_whole(desk: Desk) -> None:
    replaced = await desk.on(
        "PATCH",
        "INV-1002",
        json={
            "image_urls": ["https://files.example/a.pdf"],
            "raw_images": [{"filename": "b.pdf", "data": "eA=="}],
        },
    )
    deleted = await desk.on("PATCH", "INV-1002", json={"image_urls": []})

    assert [image["url"] for image in replaced.json()["images"]] == [
        "https://files.example/a.pdf",
        "https://cdn.ottimate.example/i/b.pdf",
    ]
    assert deleted.json()["images"] == []


async def test_each_line_of_a_change_has_its_own_result(desk: Desk) -> None:
    known = desk.invoice("INV-1002").items[0].id

    answer = await desk.on(
        "PATCH",
        "INV-1002",
        json={
            "items": [
                {
                    "id": known,
                    "price": 0.1,
                    "dimensions": {"ACCOUNT": None, "DEPARTMENT": "D-10"},
                },
                {"name": "Delivery", "quantity": 1, "price": 3},
                {"id": 1, "price": 2},
                {"name": "Nothing else"},
                {"id": known, "dimensions": []},
            ]
        },
    )

    body = answer.json()
    created = body["items"][-1]["id"]
    assert body["items_processing_result"] == {
        "success": {"0": known, "1": created},
        "failure": {
            "2": "id: Item not found.",
            "3": "quantity: This field is required. price: This field is required.",
            "4": "dimensions: A JSON object is required.",
        },
        "status": "partial_success",
    }
    assert (body["items"][0]["price"], list(body["items"][0]["dimensions"])) == (
        0.1,
        ["DEPARTMENT"],
    )


@pytest.mark.parametrize(
    ("items", "status"),
    [
        ([{"name": "a", "quantity": 1, "price": 1}], "success"),
        ([{"id": 1}], "failure"),
        ([], "success"),
    ],
)
async def test_the_lines_together_have_a_result(
    desk: Desk, items: Any, status: str
) -> None:
    answer = await desk.on("PATCH", "INV-1002", json={"items": items})

    assert answer.json()["items_processing_result"]["status"] == status


async def test_an_invoice_is_created(desk: Desk) -> None:
    answer = await desk.call("POST", "/invoices/", json=NEW)

    body = answer.json()
    assert answer.status_code == 201
    assert (body["number"], body["status"]) == ("HK-10077", "pending-approval")
    assert (body["total_amount"], body["items"][0]["extended_price"]) == (6120.5, 900)
    assert names(desk, "HK-10077") == ["Over 5k"]
    listed = await desk.call("GET", "/invoices?limit=1")
    assert listed.json()["results"][0]["id"] == body["id"]


@pytest.mark.parametrize("mode", ["single", "none"])
async def test_the_mode_says_where_a_new_invoice_goes(desk: Desk, mode: str) -> None:
    desk.switch(approval_mode=mode)

    answer = await desk.call("POST", "/invoices", json=NEW)

    expected = {"single": "pending-approval", "none": "ready-for-export"}
    assert answer.json()["status"] == expected[mode]
    assert desk.invoice("HK-10077").records == []


async def test_an_invoice_without_data_is_incomplete(desk: Desk) -> None:
    body = {"upload_id": "x", "ottimate_location_id": 7731}

    answer = await desk.call("POST", "/invoices", json=body)

    shown = answer.json()
    assert (shown["status"], shown["total_amount"]) == ("incomplete", None)
    assert (shown["number"], shown["invoice_date"]) == (None, None)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"upload_id": None, "ottimate_location_id": None},
            (
                400,
                "INV4000",
                {
                    "ottimate_location_id": [
                        "This field is required.",
                        "A valid integer is required.",
                    ],
                    "upload_id": ["This field is required.", "Not a valid string."],
                },
            ),
        ),
        (
            {"ottimate_company_id": 20412},
            (
                400,
                "INV4000",
                {"ottimate_location_id": ["Not a location of this company."]},
            ),
        ),
        (
            {"ottimate_location_id": 7732},
            (403, "INV4030", "You do not have access to this location."),
        ),
        (
            {"erp_vendor_id": "NEW-01", "erp_vendor_name": "New Vendor"},
            (400, "INV4000", {"erp_vendor_id": ["The vendor does not exist."]}),
        ),
        (
            {"items": [{"name": "x", "quantity": 1}]},
            (400, "INV4000", {"price": ["This field is required."]}),
        ),
        (
            {"upload_id": "erp-48200001"},
            (409, "INV4090", "The upload_id exists already."),
        ),
    ],
)
async def test_an_invoice_that_cannot_be_created_is_refused(
    desk: Desk, changes: Any, expected: Any
) -> None:
    answer = await desk.call("POST", "/invoices", person="clerk", json=NEW | changes)

    assert refusal(answer) == expected
    assert len(desk.simulator.state.invoices) == 350


async def test_an_upload_id_is_unique_in_its_company_only(desk: Desk) -> None:
    await desk.call("POST", "/invoices", json=NEW)
    body = NEW | {"ottimate_location_id": 7741, "ottimate_company_id": 20412}

    answer = await desk.call("POST", "/invoices", json=body)

    assert answer.status_code == 201


async def test_export_marks_fail_one_by_one(desk: Desk) -> None:
    ready, approved = desk.invoice("INV-1024"), desk.invoice("INV-1023")
    held, pending = desk.invoice("INV-1027"), desk.invoice("INV-1002")
    exported = desk.invoice("INV-1025")

    answer = await desk.call(
        "POST",
        "/invoices/mark-exported",
        headers={"X-Export-Batch-Id": "run-1"},
        json={
            "invoices": [
                {
                    "invoice_id": ready.number_id,
                    "marked_reason": "posted",
                    "export_transaction_id": "gl-1",
                },
                {"invoice_id": approved.id},
                {"invoice_id": held.id},
                {"invoice_id": pending.id},
                {"invoice_id": exported.id},
                {"invoice_id": 1},
            ],
            "marked_reason": "nightly run",
        },
    )

    not_ready = "Invoice is not ready for export"
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "updated": [ready.number_id, approved.id],
            "failed": [
                {"id": held.id, "error": "Invoice is on hold"},
                {"id": pending.id, "error": not_ready},
                {"id": exported.id, "error": not_ready},
                {"id": 1, "error": "Invoice not found"},
            ],
        },
    )
    row = await desk.row("INV-1024")
    assert row["status"] == "exported"
    assert row["exported_date_utc"] == "2026-11-03T12:00:00.000007Z"
    assert [ready.history[-1].message, approved.history[-1].message] == [
        "posted gl-1",
        "nightly run",
    ]


@pytest.mark.parametrize(
    ("flags", "status"), [(False, "ready-for-export"), (True, "incomplete")]
)
async def test_an_export_is_taken_back(desk: Desk, flags: bool, status: str) -> None:
    exported, pending = desk.invoice("INV-1025"), desk.invoice("INV-1002")
    body = {
        "invoices": [
            {"invoice_id": exported.id},
            {"invoice_id": pending.id},
            {"invoice_id": "x"},
        ],
        "marked_reason": "wrong period",
        "flag_invoice": flags,
    }

    answer = await desk.call("POST", "/invoices/mark-unexported", json=body)

    assert answer.json() == {
        "updated": [exported.id],
        "flagged": [exported.id] if flags else [],
        "failed": [{"id": "x", "error": "Invoice not found"}],
        "skipped": [{"id": pending.id, "error": "Invoice is not exported"}],
    }
    row = await desk.row("INV-1025")
    assert (row["status"], row["exported_date"]) == (status, None)


@pytest.mark.parametrize("call", ["mark-exported", "mark-unexported"])
@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({}, "This field is required."),
        ({"invoices": []}, "This field is required."),
        ({"invoices": [1]}, "Each element needs an invoice_id."),
        ({"invoices": [{}]}, "Each element needs an invoice_id."),
    ],
)
async def test_export_marks_need_invoices(
    desk: Desk, call: str, body: Any, text: str
) -> None:
    answer = await desk.call("POST", f"/invoices/{call}", json=body)

    assert refusal(answer) == (400, "INV4000", {"invoices": [text]})


@pytest.mark.parametrize("call", ["mark-exported", "mark-unexported"])
async def test_export_marks_need_a_right_of_their_own(desk: Desk, call: str) -> None:
    answer = await desk.call("POST", f"/invoices/{call}", person="clerk", json={})

    assert refusal(answer) == NO_PERMISSION


async def test_a_repeated_write_is_replayed_byte_for_byte(desk: Desk) -> None:
    headers = {"Idempotency-Key": "01J9"}

    first = await desk.on("POST", "INV-1002", "/approve", headers=headers)
    desk.later(hours=23)
    second = await desk.on("POST", "INV-1002", "/approve/", headers=headers)

    assert "X-Idempotent-Replayed" not in first.headers
    assert second.headers["X-Idempotent-Replayed"] == "true"
    assert (second.status_code, second.content) == (200, first.content)


async def test_a_key_is_forgotten_after_a_day(desk: Desk) -> None:
    headers = {"Idempotency-Key": "01J9"}
    await desk.on("POST", "INV-1002", "/approve", headers=headers)

    desk.later(hours=24)
    answer = await desk.on("POST", "INV-1002", "/approve", headers=headers)

    message = "The invoice is already approved."
    assert refusal(answer) == (400, "INV4001", message)


async def test_a_key_does_not_go_with_another_body(desk: Desk) -> None:
    headers = {"Idempotency-Key": "01J9"}
    await desk.on("PATCH", "INV-1002", headers=headers, json={"notes": "a"})

    answer = await desk.on("PATCH", "INV-1002", headers=headers, json={"notes": "b"})

    message = "The key was used with another body."
    assert refusal(answer) == (422, "GEN4220", message)


async def test_a_key_holds_for_its_method_and_path(desk: Desk) -> None:
    headers = {"Idempotency-Key": "01J9"}

    for number in ("INV-1002", "INV-1003"):
        await desk.on("POST", number, "/approve", headers=headers)

    assert desk.invoice("INV-1003").status == "ready-for-export"


async def test_a_key_for_another_kind_of_body_works_once(desk: Desk) -> None:
    headers = {"Idempotency-Key": "01J9", "Content-Type": "text/plain"}

    answers = [
        await desk.on("POST", "INV-1002", "/flag", headers=headers, content=b"{}")
        for _ in range(2)
    ]

    assert answers[0].status_code == 200
    message = "This key can be used only once."
    assert refusal(answers[1]) == (422, "GEN4220", message)


async def test_a_refusal_is_not_kept(desk: Desk) -> None:
    headers = {"Idempotency-Key": "01J9"}
    refused = await desk.on("POST", "INV-1007", "/approve", headers=headers)
    body = {"approver_id": "138872"}
    await desk.on("POST", "INV-1007", "/approvers", json=body)

    again = await desk.on("POST", "INV-1007", "/approve", headers=headers)

    assert (refused.status_code, again.status_code) == (403, 200)


@pytest.mark.parametrize("key", ["", "a b", "x" * 129])
async def test_a_malformed_key_is_refused(desk: Desk, key: str) -> None:
    headers = {"Idempotency-Key": key}

    answer = await desk.on("POST", "INV-1002", "/approve", headers=headers)

    assert refusal(answer) == (400, "GEN4000", "Malformed Idempotency-Key.")


@pytest.mark.parametrize("switch", ["idempotency", "idempotency_on_unlisted_writes"])
async def test_keys_can_be_without_effect(desk: Desk, switch: str) -> None:
    desk.switch(**{switch: False})
    headers = {"Idempotency-Key": "01J9"}
    await desk.on("POST", "INV-1002", "/approve", headers=headers)

    answer = await desk.on("POST", "INV-1002", "/approve", headers=headers)

    message = "The invoice is already approved."
    assert refusal(answer) == (400, "INV4001", message)


async def test_a_key_in_flight_is_a_conflict() -> None:
    desk = Desk()
    entered, leave = asyncio.Event(), asyncio.Event()

    async def sleep(_seconds: float) -> None:
        entered.set()
        await leave.wait()

    slow = type(desk.simulator)(now=lambda: desk.now, sleep=sleep)
    app = Starlette(routes=[Mount("/ottimate", app=slow.app)])
    desk.simulator = slow
    desk.client = httpx.AsyncClient(transport=httpx.ASGITransport(app=app))
    desk.switch(fault="slow", fault_calls=("approve",))
    headers = {"Idempotency-Key": "01J9"}

    first = asyncio.create_task(
        desk.on("POST", "INV-1002", "/approve", headers=headers)
    )
    await entered.wait()
    second = await desk.on("POST", "INV-1002", "/approve", headers=headers)
    leave.set()

    message = "The first request is in progress."
    assert refusal(second) == (409, "GEN4090", message)
    assert (await first).status_code == 200
