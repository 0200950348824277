"""Approving and rejecting: who decides, in what order, and what BILL is sent."""

import asyncio
from typing import Any

import pytest

from gateway.providers.bill.simulator.directory import (
    ACCOUNTANT,
    BUYER,
    CONTROLLER,
)
from gateway.providers.bill.simulator.state import Note
from tests.providers.bill.decisions import (
    APPROVED,
    BOTH,
    CALLS,
    DECIDERS,
    NOW,
    PENDING,
    REJECTED,
    payload,
)
from tests.providers.bill.writing import (
    Office,
    shown,
)
from tests.support import writes


async def test_the_operation_approve_shows_the_bill_as_it_now_stands(
    office: Office,
) -> None:
    variables = {"input": {"id": office.id("BILL-1004"), "note": "as ordered"}}

    body = await office.client.run("Approve", variables)

    assert body == {
        "data": {
            "approve": {
                "outcome": "APPLIED",
                "approvable": {
                    "__typename": "Invoice",
                    "id": office.id("BILL-1004"),
                    "approvalState": "APPROVED",
                    "progress": {
                        "rule": "IN_ORDER",
                        "required": 1,
                        "approved": 1,
                        "rejected": 0,
                    },
                    "viewerActions": ["ADD_APPROVER", "SET_APPROVERS"],
                    "status": "APPROVED",
                    "sourceStatus": "Approved",
                    "approvedAt": None,
                },
                "approvalStatus": None,
                "userErrors": [],
            }
        }
    }
    assert office.bill.sign_ins == 1


async def test_the_operation_reject_shows_the_bill_as_it_now_stands(
    office: Office,
) -> None:
    variables = {"input": {"id": office.id("BILL-1001"), "note": "not ours"}}

    body = await office.client.run("Reject", variables)

    assert body == {
        "data": {
            "reject": {
                "outcome": "APPLIED",
                "approvable": {
                    "__typename": "Invoice",
                    "id": office.id("BILL-1001"),
                    "approvalState": "REJECTED",
                    "viewerActions": [],
                },
                "approvalStatus": None,
                "userErrors": [],
            }
        }
    }


@BOTH
@DECIDERS
@pytest.mark.parametrize("note", [None, "checked against the order"])
async def test_each_person_decides_as_themselves(
    office: Office,
    mutation: str,
    person: str | None,
    user_id: str,
    note: str | None,
) -> None:
    await office.send(
        "setApprovers", invoiceId=office.id("BILL-1009"), userSourceIds=[user_id]
    )
    office.bill.clear()

    answer = await office.send(
        mutation, person=person, id=office.id("BILL-1009"), note=note
    )

    is_approval = mutation == "approve"
    assert answer == payload(
        "APPLIED",
        shown(
            "BILL-1009",
            APPROVED if is_approval else REJECTED,
            (1, int(is_approval), int(not is_approval)),
            [(user_id, "APPROVED" if is_approval else "REJECTED", NOW)],
        ),
    )
    comment = {} if note is None else {"comment": note}
    arguments = {**office.target("BILL-1009"), **comment}
    assert office.written() == [(f"POST /{CALLS[mutation]}.json", arguments)]
    notes = [] if note is None else [Note(office.source_id("BILL-1009"), user_id, note)]
    assert office.simulator.state.notes == notes


@BOTH
async def test_a_decision_costs_a_look_a_write_and_a_read_back(
    office: Office, mutation: str
) -> None:
    await office.send(mutation, id=office.id("BILL-1015"))

    assert sorted(office.bill.calls) == sorted(
        [
            "POST /List/Bill.json",
            "POST /ListApprovers.json",
            f"POST /{CALLS[mutation]}.json",
            "POST /List/Bill.json",
            "POST /ListApprovers.json",
            "POST /List/User.json",
        ]
    )
    assert office.bill.calls[2] == f"POST /{CALLS[mutation]}.json"
    # The sign-in counts, and the users are named after their chain.
    assert office.bill.rounds == 5
    assert office.bill.sign_ins == 1


@pytest.mark.parametrize(
    "note", ["", "a & b = c + 50% #1", "Grüße — ✓ 💶", '"quoted"\n{"json": 1}']
)
async def test_a_note_arrives_as_it_was_sent(office: Office, note: str) -> None:
    await office.send("approve", id=office.id("BILL-1004"), note=note)

    wanted = [Note(office.source_id("BILL-1004"), CONTROLLER, note)] if note else []
    assert office.simulator.state.notes == wanted
    assert ("comment" in office.written()[0][1]) == bool(note)


@pytest.mark.parametrize("sent", [{}, {"force": None}, {"force": False}])
async def test_force_that_is_not_asked_for_is_never_sent(
    office: Office, sent: dict[str, Any]
) -> None:
    await office.send("approve", id=office.id("BILL-1004"), **sent)

    assert office.written() == [("POST /Approve.json", office.target("BILL-1004"))]


async def test_approvers_decide_in_their_order_and_the_last_approves(
    office: Office,
) -> None:
    answers = [
        await office.send("approve", person=person, id=office.id("BILL-1015"))
        for person in ("controller", "accountant", "buyer")
    ]

    first = (CONTROLLER, "APPROVED", NOW)
    second = (ACCOUNTANT, "APPROVED", NOW)
    third = (BUYER, "APPROVED", NOW)
    assert answers == [
        payload(
            "APPLIED",
            shown(
                "BILL-1015",
                PENDING,
                (3, 1, 0),
                [first, (ACCOUNTANT, "PENDING", None), (BUYER, "UPCOMING", None)],
            ),
        ),
        payload(
            "APPLIED",
            shown(
                "BILL-1015",
                PENDING,
                (3, 2, 0),
                [first, second, (BUYER, "PENDING", None)],
            ),
        ),
        payload(
            "APPLIED",
            shown("BILL-1015", APPROVED, (3, 3, 0), [first, second, third]),
        ),
    ]
    assert office.written() == [("POST /Approve.json", office.target("BILL-1015"))] * 3
    assert office.bill.sign_ins == 3


async def test_a_rejection_ends_the_approval_for_everybody(office: Office) -> None:
    await office.send("approve", id=office.id("BILL-1015"))

    answer = await office.send(
        "reject", person="accountant", id=office.id("BILL-1015"), note="too dear"
    )

    assert answer == payload(
        "APPLIED",
        shown(
            "BILL-1015",
            REJECTED,
            (2, 1, 1),
            [
                (CONTROLLER, "APPROVED", NOW),
                (ACCOUNTANT, "REJECTED", NOW),
                (BUYER, "SKIPPED", None),
            ],
        ),
    )


@pytest.mark.parametrize(
    "number",
    # Waiting; viewed; rerouted from another; half paid; of a deleted vendor; a credit.
    ["BILL-1004", "BILL-1005", "BILL-1006", "BILL-1021", "BILL-1022", "VC-1001"],
)
async def test_whoever_is_asked_may_approve(office: Office, number: str) -> None:
    answer = await office.send("approve", id=office.id(number))

    assert answer["outcome"] == "APPLIED"
    assert answer["approvable"]["status"] == "APPROVED"
    assert office.written() == [("POST /Approve.json", office.target(number))]


async def test_the_client_mutation_id_comes_back(office: Office) -> None:
    answer = await office.send(
        "reject", id=office.id("BILL-1004"), clientMutationId="m-1"
    )

    assert answer["clientMutationId"] == "m-1"


@pytest.mark.parametrize(
    ("mutation", "person", "number"),
    [
        # The whole bill is approved; only the caller's part is; a denial; credits.
        ("approve", "controller", "BILL-1008"),
        ("approve", "controller", "BILL-1012"),
        ("approve", "controller", "BILL-1013"),
        ("approve", "controller", "BILL-1020"),
        ("approve", "accountant", "BILL-1016"),
        ("reject", "controller", "BILL-1007"),
        ("reject", "approver", "BILL-1016"),
        ("approve", "controller", "VC-1003"),
        ("reject", "approver", "VC-1004"),
    ],
)
async def test_what_is_decided_so_already_is_not_sent_again(
    office: Office, mutation: str, person: str, number: str
) -> None:
    stood = await office.look(number)
    state = office.state()

    answer = await office.send(mutation, person=person, id=office.id(number))

    assert answer == payload("ALREADY_APPLIED", stood)
    assert writes(office.bill) == []
    assert office.state() == state


@BOTH
async def test_deciding_twice_is_sent_once(office: Office, mutation: str) -> None:
    first = await office.send(mutation, id=office.id("BILL-1001"), note="one")

    second = await office.send(mutation, id=office.id("BILL-1001"), note="two")

    assert second == {**first, "outcome": "ALREADY_APPLIED"}
    assert len(office.written()) == 1
    assert [note.text for note in office.simulator.state.notes] == ["one"]


@BOTH
async def test_two_at_once_are_one_decision(office: Office, mutation: str) -> None:
    answers = await asyncio.gather(
        *(
            office.send(mutation, id=office.id("BILL-1001"), note="at once")
            for _ in range(2)
        )
    )

    stood = await office.look("BILL-1001")
    assert sorted(answer["outcome"] for answer in answers) == [
        "ALREADY_APPLIED",
        "APPLIED",
    ]
    for answer in answers:
        assert answer["approvable"] == stood
        assert answer["userErrors"] == []
    assert [note.text for note in office.simulator.state.notes] == ["at once"]
