"""Accounts, the list of invoices and one invoice."""

from datetime import timedelta
from typing import Any

import pytest

from tests.providers.ottimate.test_simulator_desk import Desk, refusal

ACCOUNT = "racc_1004711"
LOCATIONS = [
    {
        "id": 7731,
        "name": "Pier 4",
        "company": "Harbor Kitchens LLC",
        "location_group": "Waterfront",
    },
    {
        "id": 7732,
        "name": "Market Hall",
        "company": "Harbor Kitchens LLC",
        "location_group": "Waterfront",
    },
    {
        "id": 7741,
        "name": "Terminal Kiosk",
        "company": "Airfield Cafés Inc.",
        "location_group": "Airport",
    },
]
INVOICE_COUNT = 350


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def numbers(desk: Desk, query: str, **parts: Any) -> set[str]:
    answer = await desk.call("GET", f"/invoices?limit=100&{query}", **parts)
    assert answer.json()["count"] == len(answer.json()["results"])
    return {row["invoice_number"] for row in answer.json()["results"]}


async def count(desk: Desk, query: str, **parts: Any) -> int:
    answer = await desk.call("GET", f"/invoices?limit=1&{query}", **parts)
    total: int = answer.json()["count"]
    return total


async def test_the_account_is_listed(desk: Desk) -> None:
    answer = await desk.call("GET", "/accounts/")

    assert answer.json() == {
        "count": 1,
        "page": 1,
        "limit": 20,
        "results": [
            {
                "id": ACCOUNT,
                "name": "Harbor Group",
                "created_date": "2025-03-04T10:22:31.118204-08:00",
                "created_date_utc": "2025-03-04T18:22:31.118204Z",
                "company_count": 2,
                "location_count": 3,
            }
        ],
    }


async def test_companies_are_searched_by_name(desk: Desk) -> None:
    answer = await desk.call("GET", f"/accounts/{ACCOUNT}/companies?search=harbor")

    assert answer.json()["results"] == [
        {
            "id": 20411,
            "name": "Harbor Kitchens LLC",
            "location_count": 2,
            "plan": "Basic",
        }
    ]


async def test_a_person_with_two_locations_sees_no_third(desk: Desk) -> None:
    path = f"/accounts/{ACCOUNT}"

    companies = await desk.call("GET", f"{path}/companies", person="clerk")
    locations = await desk.call("GET", f"{path}/locations", person="clerk")

    counts = [row["location_count"] for row in companies.json()["results"]]
    assert counts == [1, 1]
    assert locations.json()["results"] == [LOCATIONS[0], LOCATIONS[2]]


@pytest.mark.parametrize(
    ("version", "group"),
    [(None, "location_group"), ("1.1.0", "location_group"), ("1.0.0", "group")],
)
async def test_the_group_of_a_location_depends_on_the_version(
    desk: Desk, version: str | None, group: str
) -> None:
    headers = {"X-API-Version": version} if version else {}

    answer = await desk.call("GET", f"/accounts/{ACCOUNT}/locations", headers=headers)

    expected = [
        {
            group if name == "location_group" else name: value
            for name, value in row.items()
        }
        for row in LOCATIONS
    ]
    assert answer.json()["results"] == expected


async def test_locations_are_filtered_by_company(desk: Desk) -> None:
    path = f"/accounts/{ACCOUNT}/locations?ottimate_company_id="

    known = await desk.call("GET", f"{path}20412")
    unknown = await desk.call("GET", f"{path}9")

    assert known.json()["results"] == [LOCATIONS[2]]
    message = "You do not have access to this company."
    assert refusal(unknown) == (403, "INV4030", message)


@pytest.mark.parametrize("kind", ["companies", "locations"])
async def test_another_account_is_not_found(desk: Desk, kind: str) -> None:
    answer = await desk.call("GET", f"/accounts/racc_1/{kind}")

    assert refusal(answer) == (404, "ACC4040", "Account not found.")


@pytest.mark.parametrize(
    ("version", "echo"), [(None, "1.0.0"), ("1.0.0", "1.0.0"), ("1.1.0", "1.1.0")]
)
async def test_the_version_is_echoed(
    desk: Desk, version: str | None, echo: str
) -> None:
    headers = {"X-API-Version": version} if version else {}

    answer = await desk.call("GET", "/invoices?limit=1", headers=headers)

    assert answer.json()["version"] == echo


async def test_an_unknown_version_is_refused(desk: Desk) -> None:
    answer = await desk.call("GET", "/invoices", headers={"X-API-Version": "2.0.0"})

    assert refusal(answer) == (400, "GEN4000", "Unknown X-API-Version.")


async def test_a_row_of_the_list_has_every_documented_member(desk: Desk) -> None:
    invoice = desk.invoice("INV-1003")

    row = await desk.row("INV-1003")

    assert row == {
        "id": invoice.id,
        "invoice_number": "INV-1003",
        "ottimate_vendor_name": "Northside Produce",
        "ottimate_location_name": "Pier 4",
        "invoice_date": str(invoice.invoice_date),
        "due_date": str(invoice.due_date),
        "posting_date": str(invoice.posting_date),
        "total_amount": 6120.5,
        "total_tax": 306.02,
        "currency": "USD",
        "outstanding_balance": 6120.5,
        "type": "invoice",
        "status": "pending-approval",
        "payment_status": "unpaid",
        "purchase_order": "PO-5003",
        "created_at": "2026-11-02T03:00:00.551204-08:00",
        "created_at_utc": "2026-11-02T11:00:00.551204Z",
        "approved_date": None,
        "approved_date_utc": None,
        "exported_date": None,
        "exported_date_utc": None,
        "last_modified_date": "2026-11-02T03:03:00.551204-08:00",
        "last_modified_date_utc": "2026-11-02T11:03:00.551204Z",
        "last_modified_user": {
            "id": 140213,
            "email": "site.manager@example.com",
            "first_name": "Site",
            "last_name": "Manager",
        },
        "error": "",
        "has_price_variance": False,
        "has_unmatched_items": False,
        "on_hold": {"is_held": False, "reason": ""},
        "url": "https://dashboard.ottimate.example/invoices/48200003",
        "images": [{"id": 9003, "url": "https://cdn.ottimate.example/i/9003.pdf"}],
        "dimensions": {
            "DEPARTMENT": {
                "id": "dim_3kq81zt0mvx2",
                "erp_dimension_id": "D-10",
                "name": "Kitchen",
                "code": "10",
            }
        },
    }


async def test_amounts_are_written_as_exact_numbers(desk: Desk) -> None:
    await desk.on("PATCH", "INV-1003", content=b'{"total_amount": 0.1, "total_tax": 3}')

    answer = await desk.call(
        "GET", f"/invoices?invoice_ids={desk.invoice('INV-1003').id}"
    )

    assert b'"total_amount":0.1,"total_tax":3.0,' in answer.content


async def test_approved_dates_can_be_missing_until_approval(desk: Desk) -> None:
    desk.switch(unset_approved_date="missing")

    pending = await desk.row("INV-1003")
    approved = await desk.row("INV-1023")

    assert not pending.keys() & {"approved_date", "approved_date_utc"}
    assert approved["approved_date"] is not None


async def test_pages_together_hold_each_invoice_once_newest_first(desk: Desk) -> None:
    pages = [
        (await desk.call("GET", f"/invoices?page={page}&limit=100")).json()
        for page in range(1, 6)
    ]

    rows = [row for page in pages for row in page["results"]]
    assert [len(page["results"]) for page in pages] == [100, 100, 100, 50, 0]
    assert {page["count"] for page in pages} == {INVOICE_COUNT}
    assert [set(page) for page in pages] == [{"version", "count", "results"}] * 5
    assert len({row["id"] for row in rows}) == INVOICE_COUNT
    order = [(row["created_at_utc"], row["id"]) for row in rows]
    by_id = sorted(order, key=lambda pair: pair[1])
    assert order == sorted(by_id, key=lambda pair: pair[0], reverse=True)


async def test_several_invoices_share_the_instant_of_their_creation(desk: Desk) -> None:
    instants = [one.created_at for one in desk.simulator.state.invoices.values()]

    shared = [instant for instant in set(instants) if instants.count(instant) == 7]

    assert len(shared) == 15


@pytest.mark.parametrize(
    ("query", "rows"), [("", 20), ("page=0", 20), ("limit=3", 3), ("limit=5000", 100)]
)
async def test_limits_have_a_default_and_are_clamped(
    desk: Desk, query: str, rows: int
) -> None:
    answer = await desk.call("GET", f"/invoices?{query}")

    assert len(answer.json()["results"]) == rows


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("limit=0", {"limit": ["Ensure this value is greater than or equal to 1."]}),
        ("limit=x", {"limit": ["A valid integer is required."]}),
        ("page=-1", {"page": ["Ensure this value is greater than or equal to 1."]}),
        ("status=open", {"status": ['"open" is not a valid choice.']}),
        (
            "status=approved,exported",
            {"status": ['"approved,exported" is not a valid choice.']},
        ),
        (
            "status=pending_approval",
            {"status": ['"pending_approval" is not a valid choice.']},
        ),
        ("payment_status=late", {"payment_status": ['"late" is not a valid choice.']}),
        ("date_from=yesterday", {"date_from": ["Enter a valid date or date-time."]}),
        (
            "date_from=2026-11-01T00:00:00Z",
            {"date_from": ["Enter a valid date or date-time."]},
        ),
        (
            "date_to_utc=2026-11-01T00:00:00",
            {"date_to_utc": ["Enter a valid date or date-time."]},
        ),
        (
            "last_modified_user_id=x",
            {"last_modified_user_id": ["A valid integer is required."]},
        ),
        (
            "ottimate_location_ids=7731,x",
            {"ottimate_location_ids": ["A valid integer is required."]},
        ),
        ("expand=history", {"expand": ["Only items can be expanded."]}),
        (
            "expand=items",
            {"expand": ["date_from or last_modified_date_from is required."]},
        ),
        (
            "expand=items&date_from=2026-10-01",
            {"expand": ["The date range cannot exceed 30 days."]},
        ),
        ("custom_fields=x", {"custom_fields": ["A JSON object is required."]}),
        ("custom_fields=[]", {"custom_fields": ["A JSON object is required."]}),
    ],
)
async def test_a_malformed_parameter_is_named(
    desk: Desk, query: str, message: Any
) -> None:
    answer = await desk.call("GET", f"/invoices?{query}")

    assert refusal(answer) == (400, "INV4000", message)


async def test_every_status_can_be_listed(desk: Desk) -> None:
    counts = {
        status: await count(desk, f"status={status}")
        for status in (
            "processing",
            "incomplete",
            "needs-attention",
            "pending-approval",
            "approved",
            "ready-for-export",
            "exported",
            "archived",
        )
    }

    assert counts == {
        "processing": 15,
        "incomplete": 25,
        "needs-attention": 19,
        "pending-approval": 150,
        "approved": 17,
        "ready-for-export": 50,
        "exported": 53,
        "archived": 21,
    }


async def test_bounds_include_their_own_microsecond(desk: Desk) -> None:
    created = desk.invoice("INV-1003").created_at
    exact = created.isoformat().replace("+00:00", "Z")
    before = (created - timedelta(microseconds=1)).isoformat().replace("+00:00", "Z")

    both = await numbers(desk, f"date_from_utc={exact}&date_to_utc={exact}")
    earlier = await numbers(desk, f"date_from_utc={before}&date_to_utc={before}")

    assert (both, earlier) == ({"INV-1003"}, set())


async def test_a_bare_upper_date_leaves_its_day_out(desk: Desk) -> None:
    bare = await numbers(desk, "date_from=2026-11-02&date_to=2026-11-02")
    timed = await numbers(desk, "date_from=2026-11-02&date_to=2026-11-02 12:00:00")

    assert bare == set()
    assert timed == {f"INV-{number}" for number in range(1003, 1009)}


async def test_the_utc_form_of_a_filter_wins(desk: Desk) -> None:
    found = await numbers(
        desk,
        "date_from=2020-01-01&date_from_utc=2026-11-02T03:00:00-08:00"
        "&date_to=2020-01-01&date_to_utc=2026-11-02 11:00:01",
    )

    assert found == {"INV-1003"}


async def test_changes_are_found_by_when_and_by_whom(desk: Desk) -> None:
    await desk.on("POST", "INV-1004", "/approve", person="clerk")

    recent = await numbers(desk, "last_modified_date_from=2026-11-03")
    earlier = await count(desk, "last_modified_date_to=2026-11-03 12:00:00")
    by_clerk = await numbers(desk, "last_modified_user_id=138940&search=INV-")

    assert (recent, by_clerk) == ({"INV-1004"}, {"INV-1004"})
    assert earlier == INVOICE_COUNT - 1


async def test_invoices_are_filtered_by_place(desk: Desk) -> None:
    pier = await count(desk, "ottimate_location_ids=7731")
    market = await count(desk, "ottimate_location_id=7732")
    kiosk = await count(desk, "ottimate_company_id=20412")

    assert pier + market + kiosk == INVOICE_COUNT
    assert await count(desk, "ottimate_location_ids=7731,7741") == pier + kiosk
    assert await count(desk, "", person="clerk") == pier + kiosk
    assert await count(desk, "ottimate_company_id=20411", person="clerk") == pier


@pytest.mark.parametrize(
    ("query", "thing"),
    [
        ("ottimate_location_ids=7731,7732", "location"),
        ("ottimate_location_id=1", "location"),
        ("ottimate_company_id=1", "company"),
    ],
)
async def test_a_place_out_of_scope_is_forbidden(
    desk: Desk, query: str, thing: str
) -> None:
    answer = await desk.call("GET", f"/invoices?{query}", person="clerk")

    message = f"You do not have access to this {thing}."
    assert refusal(answer) == (403, "INV4030", message)


async def test_ids_are_found_in_both_forms_within_the_scope(desk: Desk) -> None:
    one, two, outside = (desk.invoice(f"INV-{n}") for n in (1002, 1003, 1014))
    query = f"invoice_ids={one.id}, {two.number_id},{outside.id},unknown"

    everything = await numbers(desk, query)
    in_scope = await numbers(desk, query, person="clerk")

    assert everything == {"INV-1002", "INV-1003", "INV-1014"}
    assert in_scope == {"INV-1002", "INV-1003"}


async def test_the_filter_by_ids_can_be_ignored(desk: Desk) -> None:
    desk.switch(invoice_ids_filter=False)

    assert await count(desk, "invoice_ids=unknown") == INVOICE_COUNT


async def test_other_filters_are_exact(desk: Desk) -> None:
    projects = 'custom_fields={"project_code": "PRJ-100"}'
    vendor = await desk.call("GET", "/invoices?ottimate_vendor_id=88106&limit=100")

    assert await numbers(desk, projects) == {"INV-1028"}
    assert await count(desk, "payment_status=paid&search=INV-10") == 2
    assert {row["ottimate_vendor_name"] for row in vendor.json()["results"]} == {
        "Maintenance Partners"
    }


@pytest.mark.parametrize("text", ["inv-1003", "PO-5003"])
async def test_search_looks_at_numbers_and_orders(desk: Desk, text: str) -> None:
    assert await numbers(desk, f"search={text}") == {"INV-1003"}


async def test_search_looks_at_vendors(desk: Desk) -> None:
    found = await desk.call("GET", "/invoices?search=BAYLINE&limit=100")

    assert {row["ottimate_vendor_name"] for row in found.json()["results"]} == {
        "Bayline Seafood"
    }


@pytest.mark.parametrize(
    "window", ["date_from=2026-10-05", "last_modified_date_from_utc=2026-10-05"]
)
async def test_lines_are_listed_within_thirty_days(desk: Desk, window: str) -> None:
    answer = await desk.call("GET", f"/invoices?expand=items&search=INV-1003&{window}")

    first = answer.json()["results"][0]["items"][0]
    assert first.keys() == {
        "id",
        "name",
        "sku",
        "quantity",
        "price",
        "extended_price",
        "is_taxed",
        "uom",
        "catalog_entry",
        "dimensions",
        "custom_fields",
    }


async def test_the_detail_differs_from_the_row(desk: Desk) -> None:
    row = await desk.row("INV-1025")

    detail = (await desk.on("GET", "INV-1025")).json()

    assert row.keys() - detail.keys() == {
        "invoice_number",
        "posting_date",
        "approved_date",
        "approved_date_utc",
        "has_price_variance",
        "has_unmatched_items",
        "on_hold",
    }
    assert detail.keys() - row.keys() == {
        "version",
        "number",
        "notes",
        "custom_fields",
        "discount_amount",
        "items",
        "payment_info",
    }
    assert detail["payment_info"] == {
        "payment_method": "ach",
        "reference": "PAY-48200025",
    }


async def test_the_detail_can_lack_lines(desk: Desk) -> None:
    desk.switch(items_in_detail=False)

    assert "items" not in (await desk.on("GET", "INV-1001")).json()


async def test_history_and_gl_splits_come_when_asked_for(desk: Desk) -> None:
    answer = await desk.on("GET", "INV-1001", "?expand=history,gl_splits")

    body = answer.json()
    assert body["history"] == [
        {
            "id": 700_001,
            "date": "2026-11-02T06:00:00.551204-08:00",
            "date_utc": "2026-11-02T14:00:00.551204Z",
            "reason": "uploaded",
            "message": "",
            "user": None,
        },
        {
            "id": 700_002,
            "date": "2026-11-02T06:05:00.551204-08:00",
            "date_utc": "2026-11-02T14:05:00.551204Z",
            "reason": "approver_added",
            "message": "Peter",
            "user": {
                "id": 140_213,
                "email": "site.manager@example.com",
                "first_name": "Site",
                "last_name": "Manager",
            },
        },
    ]
    assert [split["amount"] for split in body["gl_splits"]] == ["937.80", "312.60"]
    assert body["gl_splits"][0].keys() == {
        "memo",
        "amount",
        "custom_fields",
        "dimensions",
    }


async def test_an_invoice_is_read_by_either_id(desk: Desk) -> None:
    invoice = desk.invoice("INV-1001")

    by_number = await desk.call("GET", f"/invoices/{invoice.number_id}/")

    assert by_number.json()["id"] == invoice.id


@pytest.mark.parametrize("path", ["", "/approvers"])
async def test_an_invoice_out_of_scope_is_not_found(desk: Desk, path: str) -> None:
    outside = await desk.on("GET", "INV-1014", path, person="clerk")
    unknown = await desk.call("GET", f"/invoices/unknown{path}")

    assert refusal(outside) == (404, "INV4040", "Invoice not found.")
    assert refusal(unknown) == (404, "INV4040", "Invoice not found.")


async def test_an_unknown_expansion_is_refused(desk: Desk) -> None:
    answer = await desk.on("GET", "INV-1001", "?expand=items")

    message = {"expand": ["Only history and gl_splits can be expanded."]}
    assert refusal(answer) == (400, "INV4000", message)


async def test_a_detail_stays_stale_for_its_window(desk: Desk) -> None:
    desk.switch(stale_read_seconds=300)
    seen = [(await desk.on("GET", "INV-1002")).json()["status"]]

    await desk.on("POST", "INV-1002", "/approve")
    seen.append((await desk.on("GET", "INV-1002")).json()["status"])
    listed = (await desk.row("INV-1002"))["status"]
    desk.later(seconds=300)
    seen.append((await desk.on("GET", "INV-1002")).json()["status"])

    assert seen == ["pending-approval", "pending-approval", "ready-for-export"]
    assert listed == "ready-for-export"


async def test_a_detail_is_fresh_by_default(desk: Desk) -> None:
    await desk.on("GET", "INV-1002")

    await desk.on("POST", "INV-1002", "/approve")

    assert (await desk.on("GET", "INV-1002")).json()["status"] == "ready-for-export"
