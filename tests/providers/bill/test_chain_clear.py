"""Chains that are cleared and begun again, and those that nobody may touch."""

from collections.abc import Callable
from typing import Any

import pytest

from gateway.domain import ProviderName, encode_id
from gateway.providers.bill.simulator.directory import (
    ACCOUNTANT,
    BUYER,
    CONTROLLER,
)
from gateway.providers.bill.simulator.objects import SCHEDULED
from tests.providers.bill.chains import (
    ABSENT,
    APPROVED,
    BEING_PAID,
    CLEAR,
    DELETED,
    FREE,
    PAID,
    PENDING,
    SET,
    payload,
)
from tests.providers.bill.writing import (
    Office,
    nobody_there,
    refusal,
    shown,
)
from tests.support import writes


class TestClear:
    """`clearApprovers`: nobody is asked any more."""

    @pytest.mark.parametrize(
        ("number", "state", "required"),
        [
            # Untouched; partly approved; approved; denied; deleted vendor; credits.
            ("BILL-1001", FREE, 0),
            ("BILL-1020", FREE, 0),
            ("BILL-1008", ("UNASSIGNED", "PENDING"), 2),
            ("BILL-1007", FREE, 0),
            ("BILL-1016", ("UNASSIGNED", "PENDING"), 2),
            ("BILL-1018", ("UNASSIGNED", "PENDING"), 3),
            ("VC-1001", FREE, 0),
            ("VC-1004", ("UNASSIGNED", "PENDING"), 1),
        ],
    )
    async def test_everybody_is_taken_off_whatever_they_decided(
        self, office: Office, number: str, state: tuple[str, str], required: int
    ) -> None:
        answer = await office.send("clearApprovers", invoiceId=office.id(number))

        assert answer == payload("APPLIED", shown(number, state, (required, 0, 0), []))
        assert office.written() == [(CLEAR, office.target(number))]
        assert office.rows(number) == []

    async def test_it_costs_a_look_a_write_and_a_read_back(
        self, office: Office
    ) -> None:
        await office.send("clearApprovers", invoiceId=office.id("BILL-1001"))

        assert sorted(office.bill.calls[:2]) == [
            "POST /List/Bill.json",
            "POST /ListApprovers.json",
        ]
        assert office.bill.calls[2] == CLEAR
        # Where nobody is asked the policies tell whether somebody should be.
        assert sorted(office.bill.calls[3:]) == [
            "POST /List/ApprovalPolicy.json",
            "POST /List/Bill.json",
            "POST /ListApprovers.json",
        ]

    @pytest.mark.parametrize("number", ["BILL-1009", "BILL-1010", "VC-1005"])
    async def test_nobody_to_take_off_is_not_sent(
        self, office: Office, number: str
    ) -> None:
        stood = await office.look(number)
        state = office.state()

        answer = await office.send("clearApprovers", invoiceId=office.id(number))

        assert answer == payload("ALREADY_APPLIED", stood)
        assert writes(office.bill) == []
        assert office.state() == state

    @pytest.mark.parametrize(
        ("number", "message"),
        [("BILL-1011", DELETED), *((number, PAID) for number in BEING_PAID)],
    )
    async def test_what_bill_does_not_clear_is_explained(
        self, office: Office, number: str, message: str
    ) -> None:
        stood = await office.look(number)
        state = office.state()

        answer = await office.send("clearApprovers", invoiceId=office.id(number))

        assert answer == payload("REFUSED", stood, refusal("CONFLICT", message))
        assert office.state() == state

    async def test_who_clears_is_never_told_to_clear_first(
        self, office: Office
    ) -> None:
        office.simulator.state.bills[
            office.source_id("BILL-1007")
        ].payment_status = SCHEDULED
        stood = await office.look("BILL-1007")
        state = office.state()

        answer = await office.send("clearApprovers", invoiceId=office.id("BILL-1007"))

        assert answer == payload("REFUSED", stood, refusal("CONFLICT", PAID))
        assert office.state() == state


class TestAgain:
    """What an earlier approval is worth after a chain was cleared (C3)."""

    @pytest.mark.parametrize(
        ("forgets", "status", "waiting"),
        [(False, "APPROVED", ACCOUNTANT), (True, "PENDING", CONTROLLER)],
    )
    async def test_the_answer_shows_what_bill_made_of_it(
        self,
        office: Office,
        switch_bill: Callable[..., None],
        forgets: bool,
        status: str,
        waiting: str,
    ) -> None:
        switch_bill(clear_forgets_approvals=forgets)
        users = [CONTROLLER, ACCOUNTANT]
        await office.send("approve", id=office.id("BILL-1001"))
        await office.send("clearApprovers", invoiceId=office.id("BILL-1001"))

        answer = await office.send(
            "setApprovers", invoiceId=office.id("BILL-1001"), userSourceIds=users
        )

        approvers = answer["invoice"]["approvers"]
        assert answer["outcome"] == "APPLIED"
        assert [one["user"]["sourceId"] for one in approvers] == users
        assert approvers[0]["status"] == status
        assert answer["invoice"]["progress"] == {
            "required": 2,
            "approved": int(not forgets),
            "rejected": 0,
            "waitingOn": [{"sourceId": waiting}],
        }
        assert writes(office.bill) == ["POST /Approve.json", CLEAR, SET]

    @pytest.mark.parametrize("forgets", [False, True])
    async def test_whoever_is_asked_again_decides_again(
        self,
        office: Office,
        switch_bill: Callable[..., None],
        forgets: bool,
    ) -> None:
        switch_bill(clear_forgets_approvals=forgets)
        await office.send("approve", id=office.id("BILL-1001"))
        await office.send("clearApprovers", invoiceId=office.id("BILL-1001"))
        await office.send(
            "setApprovers",
            invoiceId=office.id("BILL-1001"),
            userSourceIds=[CONTROLLER, ACCOUNTANT],
        )

        answer = await office.send("approve", id=office.id("BILL-1001"))

        assert answer["outcome"] == ("APPLIED" if forgets else "ALREADY_APPLIED")
        assert writes(office.bill).count("POST /Approve.json") == 1 + forgets
        assert office.rows("BILL-1001") == [(CONTROLLER, "4"), (ACCOUNTANT, "0")]

    @pytest.mark.parametrize(("forgets", "state"), [(False, APPROVED), (True, PENDING)])
    async def test_naming_those_alone_who_had_approved_shows_what_bill_says(
        self,
        office: Office,
        switch_bill: Callable[..., None],
        forgets: bool,
        state: tuple[str, str],
    ) -> None:
        switch_bill(clear_forgets_approvals=forgets)
        await office.send("approve", id=office.id("BILL-1001"))
        await office.send("clearApprovers", invoiceId=office.id("BILL-1001"))

        answer = await office.send(
            "setApprovers",
            invoiceId=office.id("BILL-1001"),
            userSourceIds=[CONTROLLER],
        )

        shown_state = (answer["invoice"]["status"], answer["invoice"]["approvalState"])
        assert answer["outcome"] == "APPLIED"
        assert shown_state == state

    async def test_clearing_and_setting_approves_nothing_that_was_unapproved(
        self, office: Office
    ) -> None:
        # A reset of an approved bill is how BILL takes its approval back.
        await office.send("clearApprovers", invoiceId=office.id("BILL-1008"))

        answer = await office.send(
            "setApprovers",
            invoiceId=office.id("BILL-1008"),
            userSourceIds=[CONTROLLER, ACCOUNTANT],
        )

        chain = [(CONTROLLER, "PENDING", None), (ACCOUNTANT, "UPCOMING", None)]
        assert answer == payload(
            "APPLIED", shown("BILL-1008", PENDING, (2, 0, 0), chain)
        )


MUTATIONS = pytest.mark.parametrize(
    ("mutation", "members"),
    [
        ("setApprovers", {"userSourceIds": [BUYER]}),
        ("clearApprovers", {}),
        ("addApprover", {"userSourceId": BUYER}),
    ],
)


@MUTATIONS
async def test_a_person_without_credentials_changes_no_chain(
    office: Office, mutation: str, members: dict[str, Any]
) -> None:
    stood = await office.look("BILL-1001")
    state = office.state()

    answer = await office.send(
        mutation, person="visitor", invoiceId=office.id("BILL-1001"), **members
    )

    answer.pop("approver", None)
    assert answer == payload("REFUSED", stood, nobody_there())
    assert writes(office.bill) == []
    assert office.state() == state


async def test_a_person_without_credentials_removes_nobody(office: Office) -> None:
    stood = await office.look("BILL-1001")

    answer = await office.send(
        "removeApprover",
        person="visitor",
        approverId=office.approver_id("BILL-1001", 1),
    )

    errors = nobody_there()
    assert answer == payload("REFUSED", stood, errors, removedApproverId=None)
    assert writes(office.bill) == []


@MUTATIONS
@pytest.mark.parametrize(
    "source_id", ["", CONTROLLER, "00n01NOSUCHBILL00000", "vcr01NOSUCHCREDIT000"]
)
async def test_the_chain_of_no_invoice_is_not_found(
    office: Office, mutation: str, members: dict[str, Any], source_id: str
) -> None:
    state = office.state()

    answer = await office.send(
        mutation,
        invoiceId=encode_id("Invoice", ProviderName.BILL, source_id),
        **members,
    )

    answer.pop("approver", None)
    errors = refusal("NOT_FOUND", ABSENT, ["input", "invoiceId"])
    assert answer == payload("REFUSED", None, errors)
    assert writes(office.bill) == []
    assert office.state() == state


@MUTATIONS
@pytest.mark.parametrize("malformed", ["", "BILL-1001"])
async def test_the_chain_of_a_malformed_id_is_invalid_without_a_call(
    office: Office, mutation: str, members: dict[str, Any], malformed: str
) -> None:
    answer = await office.send(mutation, invoiceId=malformed, **members)

    (error,) = answer["userErrors"]
    assert (answer["outcome"], answer["invoice"]) == ("REFUSED", None)
    assert (error["code"], error["field"]) == ("INVALID", ["input", "invoiceId"])
    assert (office.bill.calls, office.bill.sign_ins) == ([], 0)
