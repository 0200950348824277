"""Create, Read, Update, Delete, Undelete, and their bulk form (3.1, 3.3, 6)."""

from typing import Any

import pytest

from gateway.providers.bill.simulator.directory import (
    ACCOUNTANT,
    ADMINISTRATOR,
    CLERK,
    CONTROLLER,
    DIRECTOR,
    FROM_4000,
    UNREMEMBERED_VENDOR,
    VENDOR_IDS,
)
from gateway.providers.bill.simulator.situations import SITUATION_IDS
from gateway.providers.bill.simulator.state import Mail
from tests.providers.bill.test_simulator_desk import (
    NOW,
    Desk,
    refused,
    sample,
    success,
)

NOTHING = "0" * 20
MISSPELT = refused("BDC_1002")
NEW_BILL = {
    "entity": "Bill",
    "vendorId": VENDOR_IDS[UNREMEMBERED_VENDOR],
    "invoiceNumber": "INV-7",
    "invoiceDate": "2026-11-01",
    "dueDate": "2026-11-30",
    "billLineItems": [
        {"entity": "BillLineItem", "amount": 100.25, "description": "Paper"},
        {"entity": "BillLineItem", "amount": 25.25, "jobBillable": True},
    ],
}


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def create(desk: Desk, **changes: Any) -> dict[str, Any]:
    return await desk.call("Crud/Create/Bill", {"obj": NEW_BILL | changes})


async def read(desk: Desk, entity: str, object_id: str) -> Any:
    return await desk.get(f"Crud/Read/{entity}", {"id": object_id})


def line(bill_id: str, line_id: str, **members: Any) -> dict[str, Any]:
    plain = {
        "entity": "BillLineItem",
        "id": line_id,
        "billId": bill_id,
        "createdTime": NOW,
        "updatedTime": NOW,
        "chartOfAccountId": NOTHING,
        "departmentId": NOTHING,
        "locationId": NOTHING,
        "jobId": NOTHING,
        "customerId": NOTHING,
        "jobBillable": False,
        "description": None,
        "lineType": "1",
        "itemId": NOTHING,
        "quantity": None,
        "unitPrice": None,
        "employeeId": NOTHING,
        "actgClassId": NOTHING,
    }
    return plain | members


async def test_a_new_bill_is_shown_whole(desk: Desk) -> None:
    body = await create(desk)

    bill = body["response_data"]
    first, second = (one["id"] for one in bill["billLineItems"])
    assert (bill["id"][:5], len(bill["id"])) == ("00n01", 20)
    assert body == success(
        {
            "entity": "Bill",
            "id": bill["id"],
            "isActive": "1",
            "createdTime": NOW,
            "updatedTime": NOW,
            "createdBy": CONTROLLER,
            "vendorId": VENDOR_IDS[UNREMEMBERED_VENDOR],
            "invoiceNumber": "INV-7",
            "approvalStatus": "0",
            "invoiceDate": "2026-11-01",
            "dueDate": "2026-11-30",
            "glPostingDate": "2026-11-01",
            "amount": 125.5,
            "scheduledAmount": 0.0,
            "paidAmount": 0.0,
            "dueAmount": 125.5,
            "paymentStatus": "1",
            "description": None,
            "poNumber": None,
            "payFromBankAccountId": NOTHING,
            "payFromChartOfAccountId": NOTHING,
            "creditAmount": None,
            "localAmount": None,
            "exchangeRate": None,
            "uiPaymentStatus": "1",
            "numApprPolicyEx": 0,
            "source": None,
            "paymentTermId": NOTHING,
            "lastPaymentDate": None,
            "billLineItems": [
                line(bill["id"], first, amount=100.25, description="Paper"),
                line(bill["id"], second, amount=25.25, jobBillable=True),
            ],
        }
    )
    assert await read(desk, "Bill", bill["id"]) == bill
    assert desk.simulator.state.outbox == []


async def test_amounts_keep_their_digits(desk: Desk) -> None:
    answer = await desk.send("Crud/Read/ApprovalPolicy", {"id": FROM_4000})

    assert b'"amountThreshold":4000.00' in answer.content


async def test_what_only_the_api_computes_is_ignored(desk: Desk) -> None:
    body = await create(
        desk, amount=1, approvalStatus="3", paymentStatus="0", id="x", related={}
    )

    bill = body["response_data"]
    assert (bill["amount"], bill["approvalStatus"]) == (125.5, "0")
    assert (bill["paymentStatus"], bill["id"][:3]) == ("1", "00n")


@pytest.mark.parametrize(
    "name",
    ["entity", "vendorId", "invoiceNumber", "invoiceDate", "dueDate", "billLineItems"],
)
async def test_a_bill_needs_its_members(desk: Desk, name: str) -> None:
    without = {key: value for key, value in NEW_BILL.items() if key != name}
    count = len(desk.simulator.state.bills)

    absent = await desk.call("Crud/Create/Bill", {"obj": without})
    null = await create(desk, **{name: None})

    assert absent == null == MISSPELT
    assert len(desk.simulator.state.bills) == count


@pytest.mark.parametrize(
    "changes",
    [
        {"entity": "Vendor"},
        {"invoicenumber": "misspelt"},
        {"invoiceDate": "2026-13-01"},
        {"invoiceDate": "01/11/2026"},
        {"dueDate": 20261130},
        {"isActive": True},
        {"isActive": "3"},
        {"invoiceNumber": 7},
        {"billLineItems": {}},
        {"billLineItems": [7]},
        {"billLineItems": [{"entity": "BillLineItem"}]},
        {"billLineItems": [{"amount": 1}]},
        {"billLineItems": [{"entity": "BillLineItem", "amount": "1"}]},
        {"billLineItems": [{"entity": "BillLineItem", "amount": True}]},
        {"billLineItems": [{"entity": "BillLineItem", "amount": 1.001}]},
        {"billLineItems": [{"entity": "BillLineItem", "amount": 1e12}]},
        {"billLineItems": [{"entity": "BillLineItem", "amount": 1, "lineType": "3"}]},
        {
            "billLineItems": [
                {"entity": "BillLineItem", "amount": 1, "jobBillable": "true"}
            ]
        },
    ],
)
async def test_a_wrong_member_is_refused(desk: Desk, changes: dict[str, Any]) -> None:
    assert await create(desk, **changes) == MISSPELT


@pytest.mark.parametrize(
    ("vendor_id", "code"),
    [("00901UNKNOWN00000000", "BDC_1205"), (CONTROLLER, "BDC_1302")],
)
async def test_a_bill_needs_a_known_vendor(
    desk: Desk, vendor_id: str, code: str
) -> None:
    assert await create(desk, vendorId=vendor_id) == refused(code)


@pytest.mark.parametrize(
    "data", ['{"id": ', "[]", '"id"', "", "NaN", '{"id": NaN}', '{"id": 1e9999999999}']
)
async def test_data_is_one_json_object(desk: Desk, data: str) -> None:
    form = await desk.session() | {"data": data}

    answer = await desk.post("Crud/Read/Bill", form)

    assert (answer.status_code, answer.json()) == (200, MISSPELT)


async def test_data_is_needed(desk: Desk) -> None:
    answer = await desk.post("Crud/Read/Bill", await desk.session())

    assert answer.json() == MISSPELT


async def test_remembered_approvers_are_asked_about_a_new_bill(desk: Desk) -> None:
    await create(desk)
    await desk.on("SetApprovers", "INV-7", approvers=[ACCOUNTANT, CONTROLLER, DIRECTOR])
    state = desk.simulator.state
    state.users[DIRECTOR].is_active = "2"

    body = await create(desk, invoiceNumber="INV-8")

    assert body["response_data"]["approvalStatus"] == "1"
    assert desk.rows("INV-8") == [(ACCOUNTANT, "0"), (CONTROLLER, "5")]
    assert state.outbox[-1] == Mail("Create", ACCOUNTANT, body["response_data"]["id"])


async def test_mandatory_approvers_are_asked_about_a_new_bill(desk: Desk) -> None:
    big = [{"entity": "BillLineItem", "amount": 25_000}]

    body = await create(desk, billLineItems=big)
    desk.switch(threshold_rule="above")
    exact = await create(desk, invoiceNumber="INV-8", vendorId=await _vendor(desk))
    exactly = await create(
        desk, invoiceNumber="INV-9", vendorId=await _vendor(desk), billLineItems=big
    )

    assert desk.rows("INV-7") == [(DIRECTOR, "0")]
    assert body["response_data"]["approvalStatus"] == "1"
    assert exact["response_data"]["approvalStatus"] == "0"
    assert exactly["response_data"]["approvalStatus"] == "0"


async def _vendor(desk: Desk) -> str:
    obj = {"entity": "Vendor", "name": "New Vendor"}
    made = await desk.get("Crud/Create/Vendor", {"obj": obj})
    return str(made["id"])


async def test_an_update_changes_what_it_names(desk: Desk) -> None:
    bill_id = SITUATION_IDS["BILL-1008"]
    before = await read(desk, "Bill", bill_id)
    lines = [{"entity": "BillLineItem", "amount": 90_000}]
    obj = {
        "entity": "Bill",
        "id": bill_id,
        "poNumber": "PO-7",
        "description": None,
        "billLineItems": lines,
        "approvalStatus": "0",
        "isActive": "2",
    }

    after = await desk.get("Crud/Update/Bill", {"obj": obj}, "accountant")

    lines = after["billLineItems"]
    assert after == before | {
        "poNumber": "PO-7",
        "updatedTime": NOW,
        "amount": 90_000.0,
        "dueAmount": 90_000.0,
        "billLineItems": [line(bill_id, lines[0]["id"], amount=90_000.0)],
    }
    assert desk.simulator.state.bills[bill_id].updated_by == ACCOUNTANT


async def test_an_update_that_fails_changes_nothing(desk: Desk) -> None:
    bill_id = SITUATION_IDS["BILL-1001"]
    before = await read(desk, "Bill", bill_id)
    obj = {"entity": "Bill", "id": bill_id, "poNumber": "PO-7", "dueDate": "soon"}

    assert await desk.call("Crud/Update/Bill", {"obj": obj}) == MISSPELT
    assert await read(desk, "Bill", bill_id) == before


async def test_a_deleted_bill_is_read_changed_and_restored(desk: Desk) -> None:
    bill_id = SITUATION_IDS["BILL-1001"]
    argument = {"id": bill_id}
    before = await read(desk, "Bill", bill_id)

    deleted = await desk.get("Crud/Delete/Bill", argument)
    desk.later(minutes=1)
    again = await desk.get("Crud/Delete/Bill", argument)
    found = await read(desk, "Bill", bill_id)
    restored = await desk.get("Crud/Undelete/Bill", argument)
    still = await desk.get("Crud/Undelete/Bill", argument)

    assert deleted == before | {"isActive": "2", "updatedTime": NOW}
    assert deleted == again == found
    assert restored == still == before | {"updatedTime": NOW}


async def test_an_update_does_not_revive(desk: Desk) -> None:
    bill_id = SITUATION_IDS["BILL-1011"]
    obj = {"entity": "Bill", "id": bill_id, "isActive": "1", "poNumber": "PO-7"}

    changed = await desk.get("Crud/Update/Bill", {"obj": obj})

    assert (changed["isActive"], changed["poNumber"]) == ("2", "PO-7")


@pytest.mark.parametrize("verb", ["Read", "Delete", "Undelete"])
@pytest.mark.parametrize(
    ("argument", "code"),
    [
        ({"id": "00n01UNKNOWN00000000"}, "BDC_1205"),
        ({"id": SITUATION_IDS["VC-1001"]}, "BDC_1302"),
        ({"id": "00N01BILL1001AAAAAAA"}, "BDC_1205"),
        ({"id": 7}, "BDC_1002"),
        ({}, "BDC_1002"),
        ({"id": SITUATION_IDS["BILL-1001"], "nested": True}, "BDC_1002"),
    ],
)
async def test_an_object_has_to_be_known(
    desk: Desk, verb: str, argument: dict[str, Any], code: str
) -> None:
    assert await desk.call(f"Crud/{verb}/Bill", argument) == refused(code)


async def test_an_update_needs_a_known_object(desk: Desk) -> None:
    obj = {"entity": "Bill", "id": "00n01UNKNOWN00000000"}

    assert await desk.call("Crud/Update/Bill", {"obj": obj}) == refused("BDC_1205")
    assert await desk.call("Crud/Update/Bill", {"obj": {"entity": "Bill"}}) == MISSPELT
    assert await desk.call("Crud/Update/Bill", {"obj": None}) == MISSPELT


async def test_the_documented_vendor_credit_can_be_created(desk: Desk) -> None:
    data = sample("vendor_credit_request")["data"]
    data["obj"]["vendorId"] = VENDOR_IDS["Demo Paper Ltd"]

    credit = await desk.get("Crud/Create/VendorCredit", data)

    (shown,) = credit["vendorCreditLineItems"]
    assert credit == {
        "entity": "VendorCredit",
        "id": credit["id"],
        "isActive": "1",
        "createdTime": NOW,
        "updatedTime": NOW,
        "vendorId": VENDOR_IDS["Demo Paper Ltd"],
        "refNumber": "VC-1",
        "approvalStatus": "0",
        "creditDate": "2026-03-05",
        "glPostingDate": "2026-03-05",
        "amount": 20.0,
        "description": None,
        "applyToBankAccountId": NOTHING,
        "vendorCreditLineItems": [
            {
                "entity": "VendorCreditLineItem",
                "id": shown["id"],
                "vendorCreditId": credit["id"],
                "amount": 20.0,
                "createdTime": NOW,
                "updatedTime": NOW,
                "chartOfAccountId": "0ca01DEMODEMODEMODE1",
                "description": None,
            }
        ],
    }
    assert await read(desk, "VendorCredit", credit["id"]) == credit


async def test_a_vendor_credit_can_be_changed(desk: Desk) -> None:
    obj = {
        "entity": "VendorCredit",
        "id": SITUATION_IDS["VC-1001"],
        "vendorCreditLineItems": [{"entity": "VendorCreditLineItem", "amount": 7.5}],
    }

    changed = await desk.get("Crud/Update/VendorCredit", {"obj": obj})

    assert (changed["amount"], changed["refNumber"]) == (7.5, "VC-1001")


async def test_a_vendor_needs_only_a_name(desk: Desk) -> None:
    obj = {"entity": "Vendor", "name": "New Vendor", "track1099": True}

    vendor = await desk.get("Crud/Create/Vendor", {"obj": obj})
    nameless = await desk.call("Crud/Create/Vendor", {"obj": {"entity": "Vendor"}})

    assert (vendor["name"], vendor["track1099"], len(vendor)) == (
        "New Vendor",
        True,
        34,
    )
    assert nameless == MISSPELT


async def test_a_user_has_the_documented_members(desk: Desk) -> None:
    assert await read(desk, "User", DIRECTOR) == {
        "entity": "User",
        "id": DIRECTOR,
        "isActive": "1",
        "createdTime": "2025-04-22T01:00:00.551+0000",
        "updatedTime": "2025-04-22T01:00:00.551+0000",
        "loginId": "harbor-director",
        "profileId": ADMINISTRATOR,
        "firstName": "Dana",
        "lastName": "Whitfield",
        "email": "dana.whitfield@harbor.example",
        "timezoneId": "1",
        "partnerUserGroupType": "0",
    }


async def test_a_profile_has_the_assumed_members(desk: Desk) -> None:
    assert await read(desk, "Profile", ADMINISTRATOR) == {
        "entity": "Profile",
        "id": ADMINISTRATOR,
        "isActive": "1",
        "createdTime": "2025-04-21T17:00:00.551+0000",
        "updatedTime": "2025-04-21T17:00:00.551+0000",
        "name": "Administrator",
        "description": "Full access",
    }


@pytest.mark.parametrize(
    ("entity", "number"),
    [("BillApprover", "BILL-1001"), ("VendorCreditApprover", "VC-1001")],
)
async def test_an_approvers_row_is_read_flat_or_wrapped(
    desk: Desk, entity: str, number: str
) -> None:
    (row, *_) = await desk.get("ListApprovers", desk.target(number))

    flat = await read(desk, entity, row["id"])
    desk.switch(read_wrapped=True)
    wrapped = await read(desk, entity, row["id"])
    user = await read(desk, "User", CLERK)

    assert (flat, wrapped) == (row, {"obj": row})
    assert user["id"] == CLERK


async def test_a_bulk_answers_item_by_item(desk: Desk) -> None:
    items = [
        {"id": SITUATION_IDS["BILL-1001"]},
        {"id": "00n01UNKNOWN00000000"},
        {"bill": 1},
        7,
    ]

    body = await desk.call("Bulk/Crud/Read/Bill", {"bulk": items})

    bill = await read(desk, "Bill", SITUATION_IDS["BILL-1001"])
    assert body == success(
        {"bulk": [success(bill), refused("BDC_1205"), MISSPELT, MISSPELT]}
    )
    documented = sample("bulk")["body"]["response_data"]["bulk"]
    assert documented[1] == body["response_data"]["bulk"][1]


async def test_the_items_of_a_bulk_stand_alone(desk: Desk) -> None:
    items = [
        {"obj": NEW_BILL},
        {"obj": NEW_BILL | {"vendorId": CONTROLLER}},
        {"obj": NEW_BILL | {"invoiceNumber": "INV-8"}},
    ]

    body = await desk.call("Bulk/Crud/Create/Bill", {"bulk": items})

    statuses = [one["response_status"] for one in body["response_data"]["bulk"]]
    assert (body["response_status"], statuses) == (0, [0, 1, 0])
    assert desk.object("INV-8").amount == desk.object("INV-7").amount


async def test_a_bulk_updates_and_deletes(desk: Desk) -> None:
    bill_id = SITUATION_IDS["BILL-1001"]
    obj = {"entity": "Bill", "id": bill_id, "poNumber": "PO-7"}

    updated = await desk.get("Bulk/Crud/Update/Bill", {"bulk": [{"obj": obj}]})
    deleted = await desk.get("Bulk/Crud/Delete/Bill", {"bulk": [{"id": bill_id}]})

    assert updated["bulk"][0]["response_data"]["poNumber"] == "PO-7"
    assert deleted["bulk"][0]["response_data"]["isActive"] == "2"


@pytest.mark.parametrize(("count", "status"), [(0, 0), (100, 0), (101, 1)])
async def test_a_bulk_holds_a_hundred_items(
    desk: Desk, count: int, status: int
) -> None:
    items = [{"id": SITUATION_IDS["BILL-1001"]}] * count

    body = await desk.call("Bulk/Crud/Read/Bill", {"bulk": items})

    assert body["response_status"] == status
    if status:
        assert body == MISSPELT


@pytest.mark.parametrize(
    "name",
    [
        "Nothing",
        "login",
        "crud/Read/Bill",
        "Crud/Read/bill",
        "Crud/Read/Organization",
        "Crud/Create/User",
        "Crud/Update/Profile",
        "Crud/Create/BillApprover",
        "Crud/Undelete/ApprovalPolicyApprover",
        "Bulk/Crud/Undelete/Bill",
        "Crud/Read/Bill.json",
        "Approve/Bill",
        "List/Approval",
    ],
)
async def test_an_unknown_path_is_not_found(desk: Desk, name: str) -> None:
    answer = await desk.send(name, {"id": SITUATION_IDS["BILL-1001"]})

    assert (answer.status_code, answer.json()) == (404, refused("BDC_1121"))


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/Login.json"), ("POST", "/Login")]
)
async def test_calls_are_posts_to_json_paths(
    desk: Desk, method: str, path: str
) -> None:
    url = f"{desk.settings['base_url']}{path}"

    answer = await desk.client.request(method, url)

    assert (answer.status_code, answer.json()) == (404, refused("BDC_1121"))
