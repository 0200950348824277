"""The chain of approvers: the state machine, arrow by arrow, and refusals (5, 8.1)."""

from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.providers.bill.simulator.directory import (
    ACCOUNTANT,
    ACCOUNTANT_PROFILE,
    APPROVER,
    BUYER,
    CLERK,
    CONTROLLER,
    DIRECTOR,
    FORMER,
    LEAD,
    MANAGER,
    PAYER,
    VISITOR,
)
from gateway.providers.bill.simulator.situations import SITUATION_IDS
from gateway.providers.bill.simulator.state import Mail, Note
from tests.providers.bill.test_simulator_desk import (
    NOW,
    Desk,
    refused,
    sample,
    success,
)

DONE = success({})
STRANGER = refused("BDC_9901")
NOT_NOW = refused("BDC_9902")
ACTED = refused("BDC_9903")
NOT_WAITING = refused("BDC_9904")
UNUSABLE = refused("BDC_9905")
BREAKS_POLICY = refused("BDC_9906")
INACTIVE = refused("BDC_9907")


@pytest.fixture
def desk() -> Desk:
    return Desk()


def status(desk: Desk, number: str) -> str:
    return desk.object(number).approval_status


async def set_chain(desk: Desk, number: str, *users: str) -> dict[str, Any]:
    return await desk.on("SetApprovers", number, approvers=list(users))


async def test_the_documented_chain_has_the_documented_rows(desk: Desk) -> None:
    documented = sample("approvers")["body"]
    desk.now = datetime(2026, 3, 3, 8, 0, tzinfo=UTC)
    await set_chain(desk, "BILL-1009", CONTROLLER, ACCOUNTANT)
    await desk.on("Approve", "BILL-1009")

    body = await desk.on("ListApprovers", "BILL-1009")

    chain = desk.simulator.state.chain(desk.object("BILL-1009").id)
    for expected, row in zip(documented["response_data"], chain, strict=True):
        expected |= {"id": row.id, "usersId": row.users_id, "billId": row.object_id}
    assert body == documented
    assert [list(one) for one in body["response_data"]] == [
        list(one) for one in sample("approvers")["body"]["response_data"]
    ]


async def test_the_items_of_a_chain_can_be_wrapped(desk: Desk) -> None:
    flat = await desk.on("ListApprovers", "BILL-1002")
    desk.switch(wrapped_list_approvers=True)
    wrapped = await desk.on("ListApprovers", "BILL-1002")

    assert wrapped == success([{"obj": row} for row in flat["response_data"]])
    documented = sample("approvers_wrapped")["body"]["response_data"]
    assert [row.keys() for row in wrapped["response_data"]] == [
        row.keys() for row in documented
    ]


async def test_a_row_without_a_change_has_no_date(desk: Desk) -> None:
    rows = await desk.get("ListApprovers", desk.target("BILL-1002"))

    assert [(row["status"], row["statusChangedDate"]) for row in rows] == [
        ("0", "2026-11-02T10:04:00.551+0000"),
        ("5", None),
    ]


async def test_the_rows_of_a_vendor_credit_name_it(desk: Desk) -> None:
    rows = await desk.get("ListApprovers", desk.target("VC-1002"))

    credit_id = SITUATION_IDS["VC-1002"]
    assert [
        (row["entity"], row["vendorCreditId"], row["usersId"], row["status"])
        for row in rows
    ] == [
        ("VendorCreditApprover", credit_id, ACCOUNTANT, "0"),
        ("VendorCreditApprover", credit_id, CONTROLLER, "5"),
    ]


@pytest.mark.parametrize(
    ("number", "expected", "rows"),
    [
        ("BILL-1001", "1", [(CONTROLLER, "0"), (ACCOUNTANT, "5")]),
        ("BILL-1002", "1", [(ACCOUNTANT, "0"), (CONTROLLER, "5")]),
        ("BILL-1003", "4", [(ACCOUNTANT, "4"), (CONTROLLER, "0")]),
        ("BILL-1004", "1", [(CONTROLLER, "0")]),
        ("BILL-1005", "1", [(CONTROLLER, "1")]),
        ("BILL-1006", "1", [(LEAD, "2"), (CONTROLLER, "0")]),
        ("BILL-1007", "5", [(CONTROLLER, "3"), (ACCOUNTANT, "6")]),
        ("BILL-1008", "3", [(CONTROLLER, "4"), (ACCOUNTANT, "4")]),
        ("BILL-1009", "0", []),
        ("BILL-1010", "0", []),
        ("BILL-1011", "1", [(CONTROLLER, "0"), (ACCOUNTANT, "5")]),
        ("BILL-1012", "3", [(CONTROLLER, "4")]),
        ("BILL-1013", "3", [(CONTROLLER, "4")]),
        ("BILL-1014", "1", [(FORMER, "0"), (CONTROLLER, "5")]),
        ("BILL-1015", "1", [(CONTROLLER, "0"), (ACCOUNTANT, "5"), (BUYER, "5")]),
        ("BILL-1016", "5", [(ACCOUNTANT, "4"), (APPROVER, "3")]),
        (
            "BILL-1017",
            "1",
            [(MANAGER, "0"), (APPROVER, "5"), (ACCOUNTANT, "5"), (CONTROLLER, "5")],
        ),
        ("BILL-1018", "4", [(DIRECTOR, "4"), (CONTROLLER, "0"), (BUYER, "5")]),
        ("BILL-1019", "1", [(CONTROLLER, "0"), (APPROVER, "5")]),
        ("BILL-1020", "4", [(CONTROLLER, "4"), (ACCOUNTANT, "0")]),
        ("BILL-1021", "1", [(CONTROLLER, "0")]),
        ("BILL-1022", "1", [(CONTROLLER, "0")]),
        ("BILL-1023", "3", [(ACCOUNTANT, "4")]),
        ("BILL-1024", "1", [(CONTROLLER, "0")]),
        ("VC-1001", "1", [(CONTROLLER, "0")]),
        ("VC-1002", "1", [(ACCOUNTANT, "0"), (CONTROLLER, "5")]),
        ("VC-1003", "3", [(CONTROLLER, "4")]),
        ("VC-1004", "5", [(APPROVER, "3"), (CONTROLLER, "6")]),
        ("VC-1005", "0", []),
    ],
)
def test_each_situation_is_what_its_table_says(
    desk: Desk, number: str, expected: str, rows: list[tuple[str, str]]
) -> None:
    assert (status(desk, number), desk.rows(number)) == (expected, rows)
    assert desk.object(number).id == SITUATION_IDS[number]


async def test_setting_a_chain_asks_the_first(desk: Desk) -> None:
    body = await set_chain(desk, "BILL-1009", APPROVER, CONTROLLER)

    assert body == DONE
    assert status(desk, "BILL-1009") == "1"
    assert desk.rows("BILL-1009") == [(APPROVER, "0"), (CONTROLLER, "5")]
    assert desk.object("BILL-1009").updated_time == NOW
    bill_id = SITUATION_IDS["BILL-1009"]
    assert desk.simulator.state.outbox == [Mail("SetApprovers", APPROVER, bill_id)]


async def test_the_documented_request_sets_a_chain(desk: Desk) -> None:
    data = sample("set_approvers_request")["data"] | {
        "objectId": SITUATION_IDS["BILL-1010"],
        "approvers": [APPROVER, CONTROLLER],
    }

    assert await desk.call("SetApprovers", data) == DONE
    assert desk.rows("BILL-1010") == [(APPROVER, "0"), (CONTROLLER, "5")]


async def test_an_approval_asks_the_next(desk: Desk) -> None:
    data = sample("approve_request")["data"] | desk.target("BILL-1001")

    body = await desk.call("Approve", data)

    assert body == DONE
    assert status(desk, "BILL-1001") == "4"
    assert desk.rows("BILL-1001") == [(CONTROLLER, "4"), (ACCOUNTANT, "0")]
    chain = desk.simulator.state.chain(SITUATION_IDS["BILL-1001"])
    assert [row.status_changed_date for row in chain] == [NOW, NOW]
    assert desk.simulator.state.outbox == [
        Mail("Approve", ACCOUNTANT, SITUATION_IDS["BILL-1001"])
    ]
    assert desk.simulator.state.notes == [
        Note(SITUATION_IDS["BILL-1001"], CONTROLLER, "checked against the order")
    ]


@pytest.mark.parametrize("number", ["BILL-1003", "BILL-1004", "BILL-1005", "VC-1001"])
async def test_the_last_approval_approves_the_object(desk: Desk, number: str) -> None:
    assert await desk.on("Approve", number) == DONE
    assert status(desk, number) == "3"
    assert desk.rows(number)[-1] == (CONTROLLER, "4")
    assert desk.simulator.state.outbox == []


async def test_a_rerouted_task_is_the_other_users(desk: Desk) -> None:
    assert await desk.on("Approve", "BILL-1006", LEAD) == STRANGER
    assert await desk.on("Approve", "BILL-1006") == DONE
    assert status(desk, "BILL-1006") == "3"


@pytest.mark.parametrize(
    ("number", "rows"),
    [
        ("BILL-1015", [(CONTROLLER, "3"), (ACCOUNTANT, "6"), (BUYER, "6")]),
        ("BILL-1018", [(DIRECTOR, "4"), (CONTROLLER, "3"), (BUYER, "6")]),
    ],
)
async def test_a_denial_denies_the_whole_object(
    desk: Desk, number: str, rows: list[tuple[str, str]]
) -> None:
    body = await desk.on("Deny", number, comment="not ours")

    assert body == DONE
    assert (status(desk, number), desk.rows(number)) == ("5", rows)
    assert desk.object(number).updated_time == NOW
    assert desk.simulator.state.outbox == []
    note = Note(SITUATION_IDS[number], CONTROLLER, "not ours")
    assert desk.simulator.state.notes == [note]


@pytest.mark.parametrize("comment", [{}, {"comment": None}, {"comment": ""}])
async def test_a_comment_is_not_needed(desk: Desk, comment: dict[str, Any]) -> None:
    assert await desk.on("Approve", "BILL-1001", **comment) == DONE
    assert desk.simulator.state.notes == []


@pytest.mark.parametrize("call", ["Approve", "Deny"])
@pytest.mark.parametrize(
    ("number", "person", "expected"),
    [
        ("BILL-1002", "buyer", STRANGER),
        ("BILL-1002", DIRECTOR, STRANGER),
        ("BILL-1002", "controller", NOT_NOW),
        ("BILL-1014", "controller", NOT_NOW),
        ("BILL-1020", "controller", ACTED),
        ("BILL-1007", "controller", NOT_WAITING),
        ("BILL-1008", "controller", NOT_WAITING),
        ("BILL-1009", "controller", NOT_WAITING),
        ("BILL-1011", "controller", INACTIVE),
        ("VC-1002", "controller", NOT_NOW),
    ],
)
async def test_who_may_not_act_changes_nothing(
    desk: Desk, *, call: str, number: str, person: str, expected: Any
) -> None:
    before = (status(desk, number), desk.rows(number))

    answer = await desk.send(call, desk.target(number), person)

    assert (answer.status_code, answer.json()) == (200, expected)
    assert (status(desk, number), desk.rows(number)) == before
    assert desk.simulator.state.notes == []


async def test_an_approver_who_lost_the_right_cannot_act(desk: Desk) -> None:
    desk.simulator.state.approving_profiles.remove(ACCOUNTANT_PROFILE)

    assert await desk.on("Approve", "BILL-1002", "accountant") == STRANGER
    assert desk.rows("BILL-1002") == [(ACCOUNTANT, "0"), (CONTROLLER, "5")]


async def test_a_denied_object_cannot_be_approved_before_a_restart(desk: Desk) -> None:
    await desk.on("Deny", "BILL-1004")
    denied = await desk.on("Approve", "BILL-1004")
    set_at_once = await set_chain(desk, "BILL-1004", CONTROLLER)
    await desk.on("ClearApprovers", "BILL-1004")
    await set_chain(desk, "BILL-1004", CONTROLLER)

    assert (denied, set_at_once) == (NOT_WAITING, NOT_WAITING)
    assert await desk.on("Approve", "BILL-1004") == DONE
    assert status(desk, "BILL-1004") == "3"


async def test_an_earlier_approval_survives_a_restart(desk: Desk) -> None:
    await desk.on("ClearApprovers", "BILL-1016")
    cleared = (status(desk, "BILL-1016"), desk.rows("BILL-1016"))
    await set_chain(desk, "BILL-1016", ACCOUNTANT, BUYER, APPROVER)

    assert cleared == ("0", [])
    assert status(desk, "BILL-1016") == "4"
    assert desk.rows("BILL-1016") == [(ACCOUNTANT, "4"), (BUYER, "0"), (APPROVER, "5")]
    first = desk.simulator.state.chain(SITUATION_IDS["BILL-1016"])[0]
    assert first.status_changed_date == "2026-11-01T06:37:19.551+0000"


async def test_a_restart_can_forget_every_approval(desk: Desk) -> None:
    desk.switch(clear_forgets_approvals=True)

    await desk.on("ClearApprovers", "BILL-1016")
    await set_chain(desk, "BILL-1016", ACCOUNTANT, BUYER, APPROVER)

    assert status(desk, "BILL-1016") == "1"
    assert desk.rows("BILL-1016") == [(ACCOUNTANT, "0"), (BUYER, "5"), (APPROVER, "5")]


async def test_a_reset_of_an_approved_object_asks_everybody_again(desk: Desk) -> None:
    await desk.on("ClearApprovers", "BILL-1008")
    cleared = status(desk, "BILL-1008")
    await set_chain(desk, "BILL-1008", CONTROLLER, ACCOUNTANT)

    assert (cleared, status(desk, "BILL-1008")) == ("0", "1")
    assert desk.rows("BILL-1008") == [(CONTROLLER, "0"), (ACCOUNTANT, "5")]


@pytest.mark.parametrize("number", ["BILL-1001", "BILL-1003", "BILL-1007", "BILL-1008"])
async def test_clearing_unassigns_from_any_state(desk: Desk, number: str) -> None:
    assert await desk.on("ClearApprovers", number) == DONE
    assert (status(desk, number), desk.rows(number)) == ("0", [])
    assert await desk.get("ListApprovers", desk.target(number)) == []


async def test_clearing_an_empty_chain_changes_nothing(desk: Desk) -> None:
    before = desk.object("BILL-1009").updated_time

    assert await desk.on("ClearApprovers", "BILL-1009") == DONE
    assert desk.object("BILL-1009").updated_time == before


@pytest.mark.parametrize("number", ["BILL-1001", "BILL-1007"])
async def test_an_empty_list_clears(desk: Desk, number: str) -> None:
    assert await set_chain(desk, number) == DONE
    assert (status(desk, number), desk.rows(number)) == ("0", [])


async def test_a_new_list_replaces_who_has_not_acted(desk: Desk) -> None:
    await set_chain(desk, "BILL-1001", BUYER, CONTROLLER, BUYER)

    assert desk.rows("BILL-1001") == [(BUYER, "0"), (CONTROLLER, "5")]
    outbox = desk.simulator.state.outbox
    assert [mail.user_id for mail in outbox] == [BUYER]


@pytest.mark.parametrize(
    ("users", "rows"),
    [
        ((ACCOUNTANT, BUYER), [(ACCOUNTANT, "4"), (BUYER, "0")]),
        ((BUYER, ACCOUNTANT), [(BUYER, "0"), (ACCOUNTANT, "4")]),
        ((BUYER, APPROVER), [(ACCOUNTANT, "4"), (BUYER, "0"), (APPROVER, "5")]),
    ],
)
async def test_who_has_approved_stays(
    desk: Desk, users: tuple[str, ...], rows: list[tuple[str, str]]
) -> None:
    assert await set_chain(desk, "BILL-1003", *users) == DONE
    assert (status(desk, "BILL-1003"), desk.rows("BILL-1003")) == ("4", rows)


async def test_the_same_list_again_changes_no_row(desk: Desk) -> None:
    before = await desk.on("ListApprovers", "BILL-1005")
    await set_chain(desk, "BILL-1005", CONTROLLER)

    assert await desk.on("ListApprovers", "BILL-1005") == before
    assert desk.simulator.state.outbox == []


async def test_more_approvers_reopen_an_approved_object(desk: Desk) -> None:
    await set_chain(desk, "BILL-1008", CONTROLLER, ACCOUNTANT, BUYER)

    assert status(desk, "BILL-1008") == "4"
    assert desk.rows("BILL-1008") == [
        (CONTROLLER, "4"),
        (ACCOUNTANT, "4"),
        (BUYER, "0"),
    ]


async def test_nobody_more_leaves_an_approved_object_approved(desk: Desk) -> None:
    await set_chain(desk, "BILL-1008", CONTROLLER)

    assert status(desk, "BILL-1008") == "3"


async def test_a_rerouted_user_can_be_asked_again(desk: Desk) -> None:
    await set_chain(desk, "BILL-1006", CONTROLLER, LEAD)

    assert desk.rows("BILL-1006") == [(CONTROLLER, "0"), (LEAD, "5")]


async def test_who_had_the_turn_can_be_put_behind(desk: Desk) -> None:
    await set_chain(desk, "BILL-1001", ACCOUNTANT, CONTROLLER)

    assert desk.rows("BILL-1001") == [(ACCOUNTANT, "0"), (CONTROLLER, "5")]


@pytest.mark.parametrize("user", [PAYER, CLERK, VISITOR, FORMER])
async def test_who_may_not_approve_cannot_be_asked(desk: Desk, user: str) -> None:
    body = await set_chain(desk, "BILL-1009", CONTROLLER, user)

    assert body == UNUSABLE
    assert "not an authorized approver" in body["response_data"]["error_message"]
    assert desk.rows("BILL-1009") == []


@pytest.mark.parametrize(
    ("user", "code"),
    [("00601UNKNOWN00000000", "BDC_1205"), ("app01IVEVRADCRIJ3o68", "BDC_1302")],
)
async def test_an_unknown_user_cannot_be_asked(
    desk: Desk, user: str, code: str
) -> None:
    assert await set_chain(desk, "BILL-1009", CONTROLLER, user) == refused(code)
    assert desk.rows("BILL-1009") == []


@pytest.mark.parametrize(
    ("number", "users"),
    [
        ("BILL-1010", [CONTROLLER]),
        ("BILL-1019", [CONTROLLER]),
        ("BILL-1018", [CONTROLLER, DIRECTOR]),
        ("VC-1004", [CONTROLLER]),
    ],
)
async def test_a_chain_has_to_satisfy_the_policy(
    desk: Desk, number: str, users: list[str]
) -> None:
    await desk.on("ClearApprovers", number)
    desk.simulator.state.earlier_approvals.clear()
    desk.simulator.state.policies["app01CREDITSFROM5000"].min_num_approvers = 2

    first = await desk.on("SetApprovers", number, approvers=users)
    desk.switch(accept_unsatisfying_chain=True)
    second = await desk.on("SetApprovers", number, approvers=users)

    assert (first, second) == (BREAKS_POLICY, DONE)
    assert [user for user, _ in desk.rows(number)] == users


async def test_a_mandatory_approver_has_to_be_in_the_chain(desk: Desk) -> None:
    await desk.on("ClearApprovers", "BILL-1018")
    without = await set_chain(desk, "BILL-1018", CONTROLLER, BUYER, ACCOUNTANT)
    with_director = await set_chain(desk, "BILL-1018", CONTROLLER, BUYER, DIRECTOR)

    assert (without, with_director) == (BREAKS_POLICY, DONE)


async def test_a_chain_may_exceed_the_policy(desk: Desk) -> None:
    users = [MANAGER, LEAD, BUYER, CONTROLLER]

    assert await set_chain(desk, "BILL-1010", *users) == DONE


@pytest.mark.parametrize(("rule", "code"), [("at_least", "BDC_9906"), ("above", None)])
async def test_a_threshold_includes_its_amount_or_not(
    desk: Desk, rule: str, code: str | None
) -> None:
    desk.switch(threshold_rule=rule)

    body = await set_chain(desk, "BILL-1019", CONTROLLER)

    assert body == (refused(code) if code else DONE)


@pytest.mark.parametrize("number", ["BILL-1012", "BILL-1013", "BILL-1021", "BILL-1023"])
async def test_a_chain_cannot_change_while_payment_is_made(
    desk: Desk, number: str
) -> None:
    before = desk.rows(number)

    set_again = await set_chain(desk, number, BUYER)
    cleared = await desk.on("ClearApprovers", number)

    assert (set_again, cleared) == (NOT_WAITING, NOT_WAITING)
    assert desk.rows(number) == before


async def test_the_chain_of_a_deleted_bill_stays_as_it_is(desk: Desk) -> None:
    assert await set_chain(desk, "BILL-1011", BUYER) == INACTIVE
    assert await desk.on("ClearApprovers", "BILL-1011") == INACTIVE
    rows = await desk.get("ListApprovers", desk.target("BILL-1011"))
    assert [row["usersId"] for row in rows] == [CONTROLLER, ACCOUNTANT]


async def test_a_blocked_chain_is_freed_by_a_new_one(desk: Desk) -> None:
    await set_chain(desk, "BILL-1014", CONTROLLER)

    assert await desk.on("Approve", "BILL-1014") == DONE
    assert status(desk, "BILL-1014") == "3"


@pytest.mark.parametrize(
    "call", ["SetApprovers", "ClearApprovers", "Approve", "Deny", "ListApprovers"]
)
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"objectId": "00n01UNKNOWN00000000"}, "BDC_1205"),
        ({"objectId": "nonsense"}, "BDC_1205"),
        ({"objectId": CONTROLLER}, "BDC_1302"),
        ({"objectId": SITUATION_IDS["VC-1001"]}, "BDC_1302"),
        ({"entity": "Vendor"}, "BDC_1002"),
        ({"entity": None}, "BDC_1002"),
        ({"objectId": None}, "BDC_1002"),
        ({"object_id": "misspelt"}, "BDC_1002"),
    ],
)
async def test_an_object_has_to_be_named(
    desk: Desk, call: str, changes: dict[str, Any], code: str
) -> None:
    more = {"approvers": [BUYER]} if call == "SetApprovers" else {}

    body = await desk.on(call, "BILL-1004", **{**more, **changes})

    assert body == refused(code)
    assert desk.rows("BILL-1004") == [(CONTROLLER, "0")]


@pytest.mark.parametrize("approvers", [None, CONTROLLER, [1], {"0": CONTROLLER}])
async def test_approvers_are_an_array_of_ids(desk: Desk, approvers: Any) -> None:
    body = await desk.on("SetApprovers", "BILL-1009", approvers=approvers)

    assert body == refused("BDC_1002")


async def test_a_comment_is_a_text(desk: Desk) -> None:
    number = await desk.on("Approve", "BILL-1004", comment=7)
    surrogate = await desk.on("Approve", "BILL-1004", comment="\ud800")

    assert number == surrogate == refused("BDC_1002")
    assert status(desk, "BILL-1004") == "1"


@pytest.mark.parametrize(
    ("call", "number", "expected"),
    [("Approve/Bill", "BILL-1004", "3"), ("Deny/VendorCredit", "VC-1001", "5")],
)
async def test_the_paths_of_a_community_connector_can_exist(
    desk: Desk, call: str, number: str, expected: str
) -> None:
    data = {"objectId": SITUATION_IDS[number]}
    absent = await desk.send(call, data)

    desk.switch(legacy_approval_paths=True)
    present = await desk.send(call, data)

    assert (absent.status_code, absent.json()) == (404, refused("BDC_1121"))
    assert (present.status_code, present.json()) == (200, DONE)
    assert status(desk, number) == expected


async def test_a_legacy_path_names_its_entity(desk: Desk) -> None:
    desk.switch(legacy_approval_paths=True)

    body = await desk.call("Approve/Bill", desk.target("VC-1001"))

    assert body == refused("BDC_1002")


@pytest.mark.parametrize(("value", "shown"), [("5", "5"), ("2", "2")])
async def test_denied_has_two_disputed_values(
    desk: Desk, value: str, shown: str
) -> None:
    desk.switch(denied_value=value)

    bill = await desk.get("Crud/Read/Bill", {"id": SITUATION_IDS["BILL-1007"]})
    credit = await desk.get("Crud/Read/VendorCredit", {"id": SITUATION_IDS["VC-1004"]})
    filters = [{"field": "approvalStatus", "op": "=", "value": value}]
    found = await desk.get("List/Bill", {"filters": filters})

    assert (bill["approvalStatus"], credit["approvalStatus"]) == (shown, shown)
    assert len(found) == 22


async def test_statuses_can_be_ones_that_nobody_documented(desk: Desk) -> None:
    desk.switch(unknown_statuses=True)

    bill = await desk.get("Crud/Read/Bill", {"id": SITUATION_IDS["BILL-1002"]})
    rows = await desk.get("ListApprovers", desk.target("BILL-1002"))

    assert bill["approvalStatus"] == "9"
    assert [row["status"] for row in rows] == ["9", "9"]
    assert bill["paymentStatus"] == "1"
