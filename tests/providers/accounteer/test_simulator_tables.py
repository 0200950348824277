"""Contacts, team, items, taxes, accounts and organisations (5.14 to 5.17)."""

from typing import Any

import pytest

from gateway.providers.accounteer.simulator import directory as known
from tests.providers.accounteer.simulator_support import TODAY, Desk, field, word


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_contacts_are_clients_and_suppliers(desk: Desk) -> None:
    rows = await desk.get("contacts")

    assert {
        row["name"]: (row["type"], len(row["contact_persons"])) for row in rows
    } == {
        "Granite Properties": ("client", 1),
        "Copper Kettle Dairy": ("client", 1),
        "Demo Paper Ltd": ("supplier", 0),
        "Bayline Seafood": ("supplier", 1),
        "Northside Produce": ("supplier", 0),
        "Atlas Freight": ("supplier", 0),
        "Halden Software": ("supplier", 0),
    }
    assert [row["id"] for row in rows] == sorted(row["id"] for row in rows)


async def test_a_contact_is_read_with_its_persons(desk: Desk) -> None:
    assert await desk.get(f"contacts/{known.CLIENT}") == {
        "id": known.CLIENT,
        "organization_id": known.MAIN,
        "name": "Granite Properties",
        "type": "client",
        "vat_number": None,
        "email": "office@granite.example",
        "phone": None,
        "address": {"street": None, "zip": None, "city": "Gent", "country": "BE"},
        "contact_persons": [
            {
                "id": known.CLIENT_PERSON,
                "first_name": "Willem",
                "last_name": "Bos",
                "email": "willem@client.test",
            }
        ],
        "date_created": "2025-09-01",
        "date_updated": "2025-09-01",
    }


async def test_a_new_contact_may_be_a_name_alone_and_comes_first(desk: Desk) -> None:
    answer = await desk.send("POST", "contacts", {"contact": {"name": "Somebody"}})

    body = answer.json()
    assert (body["type"], body["address"], body["contact_persons"]) == (
        "both",
        None,
        [],
    )
    assert (await desk.ids("contacts"))[0] == body["id"]


async def test_an_update_of_a_contact_leaves_the_rest(desk: Desk) -> None:
    path = f"contacts/{known.CLIENT}"
    before = await desk.get(path)
    person = {"id": known.CLIENT_PERSON, "email": "w.bos@client.test"}
    content = {
        "phone": "1",
        "address": None,
        "contact_persons": [person, {"first_name": "Uwe"}],
    }

    answer = await desk.send("PUT", path, {"contact": content})

    first, second = answer.json()["contact_persons"]
    assert first == before["contact_persons"][0] | person
    assert (second["first_name"], second["email"]) == ("Uwe", None)
    told = {"phone": "1", "address": None, "date_updated": TODAY}
    assert answer.json() == before | told | {"contact_persons": [first, second]}


@pytest.mark.parametrize(
    ("content", "refused"),
    [
        ({"name": ""}, "name"),
        ({"phone": "1", "name": None}, "name"),
        ({"phone": "1", "type": "friend"}, "type"),
        ({"phone": "1", "type": ["client"]}, "type"),
        ({"phone": "1", "address": "Gent"}, "address"),
        ({"phone": "1", "address": {"city": 5}}, "city"),
        ({"phone": "1", "contact_persons": None}, "contact_persons"),
        ({"phone": "1", "contact_persons": [{"id": "x"}]}, "contact_persons.id"),
        ({"phone": 5}, "phone"),
    ],
)
async def test_a_wrong_field_of_a_contact_changes_nothing(
    desk: Desk, content: dict[str, Any], refused: str
) -> None:
    path = f"contacts/{known.CLIENT}"
    before = await desk.get(path)

    updated = await desk.send("PUT", path, {"contact": content})
    created = await desk.send("POST", "contacts", {"contact": {"name": "x"} | content})

    assert field(updated) == field(created) == [refused]
    assert await desk.get(path) == before
    assert len(await desk.ids("contacts")) == 7


async def test_a_contact_needs_a_name_and_is_never_deleted(desk: Desk) -> None:
    assert field(await desk.send("POST", "contacts", {"contact": {}})) == ["name"]
    answer = await desk.send("DELETE", f"contacts/{known.CLIENT}")
    assert word(answer) == (405, "method_not_allowed")


async def test_the_application_is_in_the_team(desk: Desk) -> None:
    rows = {row["id"]: row for row in await desk.get("team")}

    assert len(rows) == 6
    assert rows[known.API_USER] == {
        "id": known.API_USER,
        "email": None,
        "first_name": "Approvals Gateway",
        "last_name": None,
        "role": "admin",
        "status": "active",
    }


async def test_a_team_member_can_be_removed_but_not_the_application(desk: Desk) -> None:
    member = next(one for one in await desk.ids("team") if one != known.API_USER)

    answer = await desk.send("DELETE", f"team/{member}")
    refused = await desk.send("DELETE", f"team/{known.API_USER}")

    assert (answer.status_code, field(refused)) == (204, ["id"])
    rest = await desk.ids("team")
    assert (len(rest), known.API_USER in rest) == (5, True)


@pytest.mark.parametrize(
    ("content", "refused"),
    [
        ({"email": None}, "email"),
        ({"email": "controller"}, "email"),
        ({"role": None}, "role"),
        ({"role": "owner"}, "role"),
        ({"first_name": 5}, "first_name"),
    ],
)
async def test_a_wrong_field_of_a_team_member_is_refused(
    desk: Desk, content: dict[str, Any], refused: str
) -> None:
    body = {"team_member": {"email": "a@b.example", "role": "member"} | content}

    assert field(await desk.send("POST", "team", body)) == [refused]


@pytest.mark.parametrize("wrapped", [True, False])
async def test_an_item_is_made_with_the_wrapper_or_without(
    desk: Desk, wrapped: bool
) -> None:
    content = {
        "item_title": "Chair",
        "sales_price": 49.9,
        "gl_account_sales_id": known.SALES,
        "tracked": 1,
        "quantity_on_hand": 3,
        "reorder_point": 4,
    }

    answer = await desk.send(
        "POST", "items/", {"item": content} if wrapped else content
    )

    body = answer.json()
    expected = {
        "id": body["id"],
        "item_title": "Chair",
        "item_description": None,
        "sales_price": 49.9,
        "purchase_price": None,
        "gl_account_sales_id": known.SALES,
        "gl_account_purchase_id": None,
        "tracked": True,
        "quantity_on_hand": 3,
        "reorder_point": 4,
    }
    assert (answer.status_code, body) == (201, expected)
    assert await desk.get(f"items/{body['id']}") == expected
    assert sorted(await desk.ids("items/low-stock")) == sorted(
        [known.TONER, body["id"]]
    )


async def test_an_item_is_updated_by_post(desk: Desk) -> None:
    path = f"items/{known.PAPER}"
    before = await desk.get(path)
    content = {"item_title": "Card", "item_description": "x", "reorder_point": None}

    answer = await desk.send("POST", path, {"item": content})

    assert (answer.status_code, answer.json()) == (200, before | content)
    assert len(await desk.ids("items")) == 3


@pytest.mark.parametrize(
    ("content", "refused"),
    [
        ({"item_title": ""}, "item_title"),
        ({"item_description": "x", "sales_price": "5"}, "sales_price"),
        ({"item_description": "x", "tracked": "yes"}, "tracked"),
        (
            {"item_description": "x", "gl_account_purchase_id": known.OTHER_COSTS},
            "gl_account_purchase_id",
        ),
    ],
)
async def test_a_wrong_field_of_an_item_changes_nothing(
    desk: Desk, content: dict[str, Any], refused: str
) -> None:
    path = f"items/{known.PAPER}"
    before = await desk.get(path)

    updated = await desk.send("POST", path, {"item": content})
    created = await desk.send("POST", "items", {"item_title": "x"} | content)

    assert field(updated) == field(created) == [refused]
    assert await desk.get(path) == before


async def test_there_are_three_taxes(desk: Desk) -> None:
    rows = {row["name"]: row for row in await desk.get("taxes")}

    assert {name: row["percentage"] for name, row in rows.items()} == {
        "VAT 21%": 21,
        "VAT 6%": 6,
        "VAT 0%": 0,
    }
    assert await desk.get(f"taxes/{known.TAX_21}") == rows["VAT 21%"]


@pytest.mark.parametrize(
    ("content", "refused"),
    [
        ({"name": ""}, "name"),
        ({"percentage": -1}, "percentage"),
        ({"percentage": 100.5}, "percentage"),
        ({"percentage": "6"}, "percentage"),
    ],
)
async def test_a_wrong_field_of_a_tax_is_refused(
    desk: Desk, content: dict[str, Any], refused: str
) -> None:
    body = {"tax": {"name": "VAT", "percentage": 6} | content}

    assert field(await desk.send("POST", "taxes", body)) == [refused]


async def test_payments_are_enabled_for_the_bank_alone(desk: Desk) -> None:
    rows = await desk.get("accounts")

    assert {row["code"]: row["payments_enabled"] for row in rows} == {
        "7000000": False,
        "6000000": False,
        "5500000": True,
        "4990000": False,
    }
    bank = await desk.get(f"accounts/{known.BANK}")
    assert bank == {
        "id": known.BANK,
        "code": "5500000",
        "title": "Bank",
        "description": None,
        "type": "BANK",
        "payments_enabled": True,
    }


async def test_an_account_of_any_type_but_bank_is_made(desk: Desk) -> None:
    content = {"code": "6100000", "title": "Rent", "type": "COSTS"}

    answer = await desk.send("POST", "accounts", {"account": content})
    bank = await desk.send("POST", "accounts", {"account": content | {"type": "BANK"}})
    odd = await desk.send("POST", "accounts", {"account": content | {"type": "costs"}})

    body = answer.json()
    rest = {"id": body["id"], "description": None, "payments_enabled": False}
    assert (answer.status_code, body) == (201, content | rest)
    assert field(bank) == field(odd) == ["type"]
    types = [one["type"] for one in await desk.get("account_types")]
    assert types == [
        *("SALES", "COSTS", "BANK", "ASSETS", "LIABILITIES", "EQUITY", "OTHER")
    ]


async def test_an_organisation_is_read_and_changed(desk: Desk) -> None:
    path = f"organisations/{known.MAIN}"
    before = await desk.get(path)

    answer = await desk.send(
        "POST", path, {"organisation": {"name": "Harbor", "invoice_prefix": "H-"}}
    )
    refused = await desk.send(
        "POST", path, {"organisation": {"offer_prefix": "x", "name": ""}}
    )

    after = before | {"name": "Harbor", "invoice_prefix": "H-"}
    assert before == {
        "id": known.MAIN,
        "name": "Harbor Group",
        "currency": "EUR",
        "invoice_prefix": "INV-",
        "offer_prefix": "OFF-",
        "credit_note_in_prefix": "CNI-",
        "credit_note_out_prefix": "CNO-",
    }
    assert (answer.status_code, answer.json(), field(refused)) == (200, after, ["name"])
    assert await desk.get("organisations") == [after]
    invoice = await desk.approve("invoice", desk.draft("invoice").id)
    assert invoice.json()["document_number"] == "H-01001"


@pytest.mark.parametrize(
    "path", ["contacts", "items", "taxes", "accounts", "organisations"]
)
async def test_an_unknown_id_is_not_found(desk: Desk, path: str) -> None:
    assert word(await desk.send("GET", f"{path}/{'0' * 40}")) == (404, "not_found")
