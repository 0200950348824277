"""Approvers, approve and flag: who may act, and what an approval changes."""

from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.providers.ottimate.simulator.directory import (
    FINANCE_CHIEF,
    LOCATIONS,
    OVER_5K,
    PETER,
    PIER,
    SITE_MANAGER,
    VENDORS,
    StandIn,
)
from tests.providers.ottimate.test_simulator_desk import Desk, refusal

CONTROLLER, CLERK, PETER_ID = "138872", "138940", "136597"
DOCUMENTED = [
    {
        "id": "pbjappr_e1e7eb2cf7cf11f080d40eff1c63a64d",
        "approver": {
            "id": CONTROLLER,
            "email": "api_user@example.com",
            "display_name": "API User",
        },
        "policy": {
            "id": "plcy_e00205b8f7cf11f0b0300eff1c63a64d",
            "name": "Minimum Approvals",
        },
        "created_date": "2026-11-02T06:03:00.551204-08:00",
    },
    {
        "id": "pbjappr_c1f04ec4f7a011f0ac5f0eff1c63a64d",
        "approver": {
            "id": PETER_ID,
            "email": "peter@example.com",
            "display_name": "Peter",
        },
        "policy": {"id": "", "name": ""},
        "created_date": "2026-11-02T06:05:00.551204-08:00",
    },
]
NOT_AN_APPROVER = (403, "INV4030", "You are not an approver of this invoice.")
NO_PERMISSION = (
    403,
    "INV4030",
    "You do not have permission to perform this action.",
)
ALREADY_APPROVED = (400, "INV4001", "The invoice is already approved.")


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def approve(desk: Desk, number: str, **parts: Any) -> tuple[str, str | None]:
    answer = await desk.on("POST", number, "/approve", **parts)
    assert answer.status_code == 200
    invoice = answer.json()["invoice"]
    return invoice["status"], invoice["approved_date"]


async def approvers(desk: Desk, number: str) -> list[tuple[str, str]]:
    body = (await desk.on("GET", number, "/approvers")).json()
    return [(one["approver"]["id"], one["policy"]["name"]) for one in body["approvers"]]


async def reasons(desk: Desk, number: str) -> list[str]:
    body = (await desk.on("GET", number, "?expand=history")).json()
    return [entry["reason"] for entry in body["history"]]


async def record_id(desk: Desk, number: str, position: int) -> str:
    body = (await desk.on("GET", number, "/approvers")).json()
    found: str = body["approvers"][position]["id"]
    return found


async def remove(desk: Desk, number: str, position: int, **parts: Any) -> Any:
    found = await record_id(desk, number, position)
    path = f"/approvers?approval_id={found}"
    return await desk.on("DELETE", number, path, **parts)


async def test_the_documented_invoice_has_the_documented_records(desk: Desk) -> None:
    answer = await desk.on("GET", "INV-1001", "/approvers")

    assert answer.json() == {"version": "1.0.0", "approvers": DOCUMENTED}


@pytest.mark.parametrize(
    ("form", "policy"),
    [
        ("empty_object", {"policy": {"id": "", "name": ""}}),
        ("null", {"policy": None}),
        ("missing", {}),
    ],
)
async def test_the_policy_of_a_manual_record_has_three_forms(
    desk: Desk, form: str, policy: dict[str, Any]
) -> None:
    desk.switch(manual_policy=form)

    by_policy, by_hand = (await desk.on("GET", "INV-1001", "/approvers")).json()[
        "approvers"
    ]

    assert by_policy == DOCUMENTED[0]
    rest = {name: value for name, value in DOCUMENTED[1].items() if name != "policy"}
    assert by_hand == rest | policy


async def test_records_tell_their_state_only_when_switched_on(desk: Desk) -> None:
    await desk.on("POST", "INV-1001", "/approve")

    silent = (await desk.on("GET", "INV-1001", "/approvers")).json()["approvers"]
    desk.switch(approver_status_field=True)
    telling = (await desk.on("GET", "INV-1001", "/approvers")).json()["approvers"]

    assert silent == DOCUMENTED
    assert telling == [
        DOCUMENTED[0]
        | {"status": "approved", "approved_date": "2026-11-03T04:00:00.000007-08:00"},
        DOCUMENTED[1] | {"status": "pending", "approved_date": None},
    ]


@pytest.mark.parametrize("number", ["INV-1009", "INV-1020", "INV-1021", "INV-1015"])
async def test_an_invoice_can_have_no_approvers(desk: Desk, number: str) -> None:
    assert await approvers(desk, number) == []


@pytest.mark.parametrize(
    "body", [{}, {"content": b""}, {"json": {}}, {"json": {"force_approve": False}}]
)
async def test_the_last_needed_approval_completes(desk: Desk, body: Any) -> None:
    answer = await desk.on("POST", "INV-1002", "/approve", **body)

    assert (answer.status_code, answer.json()) == (
        200,
        {
            "version": "1.0.0",
            "success": True,
            "message": "Invoice approved successfully.",
            "invoice": {
                "id": desk.invoice("INV-1002").id,
                "invoice_number": "INV-1002",
                "status": "ready-for-export",
                "approved_date": "2026-11-03T04:00:00.000007-08:00",
            },
        },
    )
    row = await desk.row("INV-1002")
    assert row["approved_date_utc"] == "2026-11-03T12:00:00.000007Z"
    assert row["last_modified_user"]["id"] == int(CONTROLLER)


@pytest.mark.parametrize("number", ["INV-1001", "INV-1004", "INV-1017", "INV-1006"])
async def test_a_partial_approval_leaves_the_invoice_pending(
    desk: Desk, number: str
) -> None:
    assert await approve(desk, number) == ("pending-approval", None)
    assert (await desk.row(number))["approved_date"] is None
    assert (await reasons(desk, number))[-1] == "approved"


@pytest.mark.parametrize("number", ["INV-1003", "INV-1005", "INV-1008", "INV-1009"])
async def test_a_minimum_that_is_met_is_enough(desk: Desk, number: str) -> None:
    status, approved_date = await approve(desk, number)

    assert (status, approved_date is None) == ("ready-for-export", False)


async def test_two_persons_sign_together(desk: Desk) -> None:
    first, _ = await approve(desk, "INV-1004", person="clerk")
    second, _ = await approve(desk, "INV-1004")

    assert (first, second) == ("pending-approval", "ready-for-export")
    assert await approvers(desk, "INV-1004") == [
        (CONTROLLER, "Two signatures"),
        (CLERK, "Two signatures"),
        (PETER_ID, "Two signatures"),
    ]


async def test_a_chained_policy_opens_when_the_earlier_is_satisfied(desk: Desk) -> None:
    before = await approvers(desk, "INV-1006")

    await approve(desk, "INV-1006")
    after = await approvers(desk, "INV-1006")
    again = await desk.on("POST", "INV-1006", "/approve")

    assert before == [(CONTROLLER, "Over 5k"), (str(SITE_MANAGER), "Over 5k")]
    assert after == [*before, (str(FINANCE_CHIEF), "CFO after Over 5k")]
    message = "You have already approved this invoice."
    assert refusal(again) == (400, "INV4001", message)


async def test_an_unverified_invoice_is_verified_on_the_way(desk: Desk) -> None:
    before = await reasons(desk, "INV-1010")

    await approve(desk, "INV-1010")

    assert before == ["uploaded"]
    assert await reasons(desk, "INV-1010") == ["uploaded", "verified", "approved"]


async def test_a_verified_invoice_is_not_verified_again(desk: Desk) -> None:
    before = await reasons(desk, "INV-1002")

    await approve(desk, "INV-1002")

    assert before == ["uploaded", "verified"]
    assert await reasons(desk, "INV-1002") == ["uploaded", "verified", "approved"]


@pytest.mark.parametrize("number", ["INV-1007", "INV-1012", "INV-1013", "INV-1019"])
async def test_somebody_who_is_not_asked_may_not_approve(
    desk: Desk, number: str
) -> None:
    answer = await desk.on("POST", number, "/approve")

    assert refusal(answer) == NOT_AN_APPROVER
    assert (await desk.row(number))["status"] == "pending-approval"


async def test_a_policy_without_a_usable_approver_blocks(desk: Desk) -> None:
    answer = await desk.on("POST", "INV-1015", "/approve")

    assert refusal(answer) == NOT_AN_APPROVER


async def test_a_manual_approver_helps_where_a_policy_has_none(desk: Desk) -> None:
    await desk.on("POST", "INV-1015", "/approvers", json={"approver_id": CONTROLLER})

    assert (await approve(desk, "INV-1015"))[0] == "ready-for-export"


async def test_approving_twice_is_refused(desk: Desk) -> None:
    pending = await desk.on("POST", "INV-1016", "/approve")
    await approve(desk, "INV-1002")
    done = await desk.on("POST", "INV-1002", "/approve")

    message = "You have already approved this invoice."
    assert refusal(pending) == (400, "INV4001", message)
    assert refusal(done) == ALREADY_APPROVED


@pytest.mark.parametrize("number", [f"INV-{n}" for n in (1023, 1024, 1025, 1026)])
@pytest.mark.parametrize("force", [False, True])
async def test_what_is_approved_cannot_be_approved(
    desk: Desk, number: str, force: bool
) -> None:
    body = {"force_approve": force}

    answer = await desk.on("POST", number, "/approve", json=body)

    assert refusal(answer) == ALREADY_APPROVED


@pytest.mark.parametrize("number", ["INV-1020", "INV-1021", "INV-1022"])
async def test_what_does_not_wait_for_approval_needs_force(
    desk: Desk, number: str
) -> None:
    answer = await desk.on("POST", number, "/approve")

    message = "The invoice is not waiting for approval."
    assert refusal(answer) == (400, "INV4001", message)


@pytest.mark.parametrize(
    "number", ["INV-1001", "INV-1013", "INV-1015", "INV-1021", "INV-1022"]
)
async def test_force_goes_past_everybody(desk: Desk, number: str) -> None:
    asked = await approvers(desk, number)

    status, approved_date = await approve(desk, number, json={"force_approve": True})

    assert (status, approved_date is None) == ("ready-for-export", False)
    assert await approvers(desk, number) == asked
    assert [one.approved_at for one in desk.invoice(number).records] == [None] * len(
        asked
    )
    assert (await reasons(desk, number))[-1] == "force_approved"


async def test_processing_resists_force(desk: Desk) -> None:
    answer = await desk.on("POST", "INV-1020", "/approve", json={"force_approve": True})

    message = "The invoice is still being processed."
    assert refusal(answer) == (400, "INV4001", message)


async def test_force_without_the_right_records_nothing(desk: Desk) -> None:
    before = await reasons(desk, "INV-1004")

    answer = await desk.on(
        "POST", "INV-1004", "/approve", person="clerk", json={"force_approve": True}
    )

    assert refusal(answer) == NO_PERMISSION
    assert await reasons(desk, "INV-1004") == before
    assert (await desk.row("INV-1004"))["status"] == "pending-approval"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"force_approve": "yes"}', {"force_approve": ["Must be a valid boolean."]}),
        (b'{"force_approve": null}', {"force_approve": ["Must be a valid boolean."]}),
        (b"{", {"body": ["Malformed JSON."]}),
        (b'{"force_approve": NaN}', {"body": ["Malformed JSON."]}),
        (b"[]", {"body": ["A JSON object is required."]}),
    ],
)
async def test_a_malformed_approval_is_refused(
    desk: Desk, body: bytes, message: Any
) -> None:
    answer = await desk.on("POST", "INV-1002", "/approve", content=body)

    assert refusal(answer) == (400, "INV4000", message)


async def test_an_unknown_member_of_an_approval_is_ignored(desk: Desk) -> None:
    status, _ = await approve(desk, "INV-1002", json={"comment": "fine"})

    assert status == "ready-for-export"


@pytest.mark.parametrize("mode", ["single", "none"])
async def test_outside_the_advanced_mode_one_approval_is_enough(
    desk: Desk, mode: str
) -> None:
    desk.switch(approval_mode=mode)

    assert (await approve(desk, "INV-1013"))[0] == "ready-for-export"


@pytest.mark.parametrize(
    ("permission", "method", "rest", "body"),
    [
        ("approve", "POST", "/approve", {}),
        ("force_approve", "POST", "/approve", {"force_approve": True}),
        ("add_approvers", "POST", "/approvers", {"approver_id": CLERK}),
        ("flag", "POST", "/flag", {}),
        ("edit", "PATCH", "", {"notes": "x"}),
    ],
)
async def test_a_withheld_permission_is_missed(
    desk: Desk, permission: str, method: str, rest: str, body: Any
) -> None:
    desk.switch(withheld_permissions=(permission,))

    answer = await desk.on(method, "INV-1002", rest, json=body)

    assert refusal(answer) == NO_PERMISSION


@pytest.mark.parametrize("approver_id", [CLERK, int(CLERK)])
async def test_an_approver_is_added_by_hand(desk: Desk, approver_id: str | int) -> None:
    answer = await desk.on(
        "POST", "INV-1002", "/approvers", json={"approver_id": approver_id}
    )

    body = answer.json()
    added = body["approver"].pop("id")
    assert answer.status_code == 201
    assert (added[:8], len(added)) == ("pbjappr_", 40)
    assert body == {
        "version": "1.0.0",
        "success": True,
        "message": "Approver added successfully.",
        "approver": {
            "approver": {
                "id": CLERK,
                "email": "clerk_api_user@example.com",
                "display_name": "Clerk API User",
            },
            "policy": {"id": "", "name": ""},
            "created_date": "2026-11-03T04:00:00.000007-08:00",
        },
    }
    assert (await approve(desk, "INV-1002"))[0] == "pending-approval"
    assert (await approve(desk, "INV-1002", person="clerk"))[0] == "ready-for-export"


@pytest.mark.parametrize(
    ("form", "value"),
    [
        ("approver_ids", [CLERK, PETER_ID]),
        ("user_id", 138_940),
        ("email", "clerk_api_user@example.com"),
    ],
)
async def test_an_approver_can_be_named_in_other_forms(
    desk: Desk, form: str, value: Any
) -> None:
    desk.switch(approver_body=form, add_approver_status=200)

    refused = await desk.on(
        "POST", "INV-1002", "/approvers", json={"approver_id": CLERK}
    )
    added = await desk.on("POST", "INV-1002", "/approvers", json={form: value})

    expected = (400, "INV4000", {form: ["This field is required."]})
    assert refusal(refused) == expected
    assert added.status_code == 200
    assert (CLERK, "") in await approvers(desk, "INV-1002")


@pytest.mark.parametrize("number", ["INV-1020", "INV-1021", "INV-1022"])
async def test_an_invoice_that_is_not_pending_yet_takes_approvers(
    desk: Desk, number: str
) -> None:
    await desk.on("POST", number, "/approvers", json={"approver_id": PETER_ID})

    assert await approvers(desk, number) == [(PETER_ID, "")]


@pytest.mark.parametrize(
    ("number", "body", "expected"),
    [
        (
            "INV-1002",
            {},
            (400, "INV4000", {"approver_id": ["This field is required."]}),
        ),
        (
            "INV-1002",
            {"approver_id": "1"},
            (400, "INV4000", {"approver_id": ["Unknown user."]}),
        ),
        (
            "INV-1014",
            {"approver_id": CLERK},
            (
                400,
                "INV4000",
                {"approver_id": ["The user is not authorised for this location."]},
            ),
        ),
        (
            "INV-1001",
            {"approver_id": PETER_ID},
            (409, "INV4090", "The user is already an approver of this invoice."),
        ),
        ("INV-1024", {"approver_id": PETER_ID}, ALREADY_APPROVED),
    ],
)
async def test_an_approver_who_cannot_be_added_is_refused(
    desk: Desk, number: str, body: Any, expected: Any
) -> None:
    before = await approvers(desk, number)

    answer = await desk.on("POST", number, "/approvers", json=body)

    assert refusal(answer) == expected
    assert await approvers(desk, number) == before


async def test_somebody_asked_by_a_policy_can_be_asked_by_hand_too(desk: Desk) -> None:
    answer = await desk.on(
        "POST", "INV-1001", "/approvers", json={"approver_id": CONTROLLER}
    )

    assert answer.status_code == 201
    await approve(desk, "INV-1001")
    assert [one.user_id for one in desk.invoice("INV-1001").open_records] == [PETER]


async def test_a_manual_record_is_removed(desk: Desk) -> None:
    answer = await remove(desk, "INV-1001", 1, person="clerk")

    assert (answer.status_code, answer.json()) == (
        200,
        {
            "version": "1.0.0",
            "success": True,
            "message": "Approver removed successfully.",
        },
    )
    assert await approvers(desk, "INV-1001") == [(CONTROLLER, "Minimum Approvals")]
    assert (await reasons(desk, "INV-1001"))[-1] == "approver_removed"


async def test_a_removal_can_answer_without_a_body(desk: Desk) -> None:
    desk.switch(remove_approver_status=204)

    answer = await remove(desk, "INV-1001", 1)

    assert (answer.status_code, answer.content) == (204, b"")


async def test_a_record_of_a_policy_needs_a_right_of_its_own(desk: Desk) -> None:
    refused = await remove(desk, "INV-1001", 0, person="clerk")
    removed = await remove(desk, "INV-1001", 0)

    assert refusal(refused) == NO_PERMISSION
    assert removed.status_code == 200
    assert await approvers(desk, "INV-1001") == [(PETER_ID, "")]


async def test_removing_the_last_open_record_approves_nothing(desk: Desk) -> None:
    await remove(desk, "INV-1002", 0)

    assert await approvers(desk, "INV-1002") == []
    assert (await desk.row("INV-1002"))["status"] == "pending-approval"
    assert (await approve(desk, "INV-1002", person="clerk"))[0] == "ready-for-export"


async def test_a_minimum_that_cannot_be_met_any_more_blocks(desk: Desk) -> None:
    await remove(desk, "INV-1016", 2)
    await remove(desk, "INV-1016", 1)

    answer = await desk.on("POST", "INV-1016", "/approve", person="clerk")

    assert refusal(answer) == NOT_AN_APPROVER


@pytest.mark.parametrize(
    ("number", "query", "expected"),
    [
        (
            "INV-1001",
            "",
            (400, "INV4000", {"approval_id": ["This parameter is required."]}),
        ),
        (
            "INV-1002",
            "?approval_id=pbjappr_c1f04ec4f7a011f0ac5f0eff1c63a64d",
            (404, "INV4040", "Approver not found."),
        ),
    ],
)
async def test_a_record_must_be_named_on_its_own_invoice(
    desk: Desk, number: str, query: str, expected: Any
) -> None:
    answer = await desk.on("DELETE", number, f"/approvers{query}")

    assert refusal(answer) == expected


async def test_the_record_of_somebody_who_approved_stays(desk: Desk) -> None:
    pending = await remove(desk, "INV-1016", 0)
    approved = await remove(desk, "INV-1024", 1)

    message = "The approver has already approved."
    assert refusal(pending) == (400, "INV4001", message)
    assert refusal(approved) == ALREADY_APPROVED


async def test_a_flag_sends_the_invoice_back(desk: Desk) -> None:
    await approve(desk, "INV-1001")

    answer = await desk.on(
        "POST", "INV-1001", "/flag", json={"flagging_reason": "price differs"}
    )

    assert answer.json() == {
        "version": "1.0.0",
        "success": True,
        "message": "Invoice flagged successfully.",
        "invoice": {
            "id": desk.invoice("INV-1001").id,
            "invoice_number": "INV-1001",
            "status": "incomplete",
        },
    }
    assert (await desk.on("GET", "INV-1001")).json()["error"] == "price differs"
    assert (await reasons(desk, "INV-1001"))[-1] == "flagged"


async def test_a_flag_voids_approvals_until_the_data_is_completed(desk: Desk) -> None:
    await approve(desk, "INV-1001")
    await desk.on("POST", "INV-1001", "/flag")
    flagged = await approvers(desk, "INV-1001")

    await desk.on("PATCH", "INV-1001", json={"notes": "checked"})

    assert flagged == [(PETER_ID, "")]
    assert sorted(await approvers(desk, "INV-1001")) == [
        (PETER_ID, ""),
        (CONTROLLER, "Minimum Approvals"),
    ]
    row = await desk.row("INV-1001")
    assert (row["status"], row["error"]) == ("pending-approval", "")
    assert len(desk.invoice("INV-1001").open_records) == 2


async def test_what_was_approved_can_be_flagged(desk: Desk) -> None:
    await desk.on("POST", "INV-1024", "/flag")

    row = await desk.row("INV-1024")
    assert (row["status"], row["approved_date"]) == ("incomplete", None)


@pytest.mark.parametrize("number", ["INV-1025", "INV-1026"])
async def test_what_left_the_workflow_cannot_be_flagged(
    desk: Desk, number: str
) -> None:
    answer = await desk.on("POST", number, "/flag")

    message = "The invoice cannot be flagged any more."
    assert refusal(answer) == (400, "INV4001", message)


async def test_a_reason_for_a_flag_is_text(desk: Desk) -> None:
    answer = await desk.on("POST", "INV-1002", "/flag", json={"flagging_reason": 1})

    message = {"flagging_reason": ["Not a valid string."]}
    assert refusal(answer) == (400, "INV4000", message)


@pytest.mark.parametrize(
    ("method", "rest"),
    [
        ("POST", "/approve"),
        ("POST", "/flag"),
        ("POST", "/approvers"),
        ("DELETE", "/approvers?approval_id=x"),
        ("PATCH", ""),
    ],
)
async def test_no_write_reaches_out_of_scope(
    desk: Desk, method: str, rest: str
) -> None:
    answer = await desk.on(method, "INV-1014", rest, person="clerk")

    assert refusal(answer) == (404, "INV4040", "Invoice not found.")


@pytest.mark.parametrize("number", ["INV-1010", "INV-1011", "INV-1018"])
async def test_holds_and_other_types_are_approved_alike(
    desk: Desk, number: str
) -> None:
    assert (await approve(desk, number))[0] == "ready-for-export"


async def test_a_stand_in_is_asked_in_place_of_the_approver(desk: Desk) -> None:
    stand_in = StandIn(
        user_id=PETER,
        for_user_id=SITE_MANAGER,
        start=datetime(2026, 11, 3, tzinfo=UTC),
        end=datetime(2026, 11, 4, tzinfo=UTC),
    )
    desk.simulator.approvals.stand_ins = (stand_in,)
    body = {"total_amount": 5000}

    await desk.on("PATCH", "INV-1002", json=body)
    desk.later(days=1)
    await desk.on("PATCH", "INV-1010", json=body)

    during = [(CONTROLLER, "Over 5k"), (PETER_ID, "Over 5k")]
    afterwards = [(CONTROLLER, "Over 5k"), (str(SITE_MANAGER), "Over 5k")]
    assert await approvers(desk, "INV-1002") == during
    assert await approvers(desk, "INV-1010") == afterwards


async def test_the_seed_is_consistent_with_its_own_rules(desk: Desk) -> None:
    approvals = desk.simulator.approvals
    invoices = list(desk.simulator.state.invoices.values())

    complete = [
        one.number
        for one in invoices
        if one.status == "pending-approval"
        and one.records
        and approvals.is_satisfied(one)
    ]
    undated = [
        one.number
        for one in invoices
        if one.status in {"approved", "ready-for-export", "exported", "archived"}
        and one.approved_at is None
    ]
    foreign = [
        one.number
        for one in invoices
        if one.vendor and one.vendor.company_id != LOCATIONS[one.location_id].company_id
    ]

    assert (complete, undated, foreign) == ([], [], [])
    assert {one.vendor for one in invoices} == {None, *VENDORS}
    assert OVER_5K in desk.invoice("INV-1003").steps
    assert desk.invoice("INV-1003").location_id == PIER
