"""Chains to which somebody is added, or from which somebody is removed."""

from typing import Any

import httpx
import pytest

from gateway.domain import ProviderName, encode_id
from gateway.providers.bill.simulator.directory import (
    ACCOUNTANT,
    BUYER,
    CLERK,
    CONTROLLER,
    DIRECTOR,
    FORMER,
    FROM_4000,
    LEAD,
    MANAGER,
)
from tests.providers.bill.chains import (
    ABSENT,
    CLEAR,
    DECIDED,
    DELETED,
    DENIED_FIRST,
    FREE,
    HAS_LEFT,
    NO_APPROVER,
    NO_EMAIL,
    OUT,
    PAID,
    PENDING,
    SET,
    SEVERAL,
    WOULD_APPROVE,
    no_right,
    payload,
    unknown_user,
    unmet,
)
from tests.providers.bill.writing import (
    Office,
    refusal,
    shown,
)
from tests.support import Handler, writes


class TestAdd:
    """`addApprover`: a fresh read, and one more user at the end of the chain."""

    async def test_the_new_approver_is_asked_last(self, office: Office) -> None:
        answer = await office.send(
            "addApprover", invoiceId=office.id("BILL-1001"), userSourceId=BUYER
        )

        chain = [
            (CONTROLLER, "PENDING", None),
            (ACCOUNTANT, "UPCOMING", None),
            (BUYER, "UPCOMING", None),
        ]
        row = office.simulator.state.chain(office.source_id("BILL-1001"))[2]
        assert answer == payload(
            "APPLIED",
            shown("BILL-1001", PENDING, (3, 0, 0), chain),
            approver={
                "id": office.approver_id("BILL-1001", 2),
                "sourceId": row.id,
                "isManual": None,
                "policy": None,
                "user": {
                    "sourceId": BUYER,
                    "displayName": "Bea Santos",
                    "email": "buyer@harbor.example",
                },
            },
        )
        users = [CONTROLLER, ACCOUNTANT, BUYER]
        arguments = {**office.target("BILL-1001"), "approvers": users}
        assert office.written() == [(SET, arguments)]

    @pytest.mark.parametrize(
        "email",
        ["buyer@harbor.example", "BUYER@Harbor.Example", " buyer@harbor.example "],
    )
    async def test_a_person_is_found_by_e_mail_whatever_its_case(
        self, office: Office, email: str
    ) -> None:
        answer = await office.send(
            "addApprover", invoiceId=office.id("BILL-1004"), email=email
        )

        assert answer["outcome"] == "APPLIED"
        assert answer["approver"]["user"]["sourceId"] == BUYER
        assert answer["userErrors"] == []
        assert office.rows("BILL-1004") == [(CONTROLLER, "0"), (BUYER, "5")]

    async def test_a_persons_e_mail_is_not_always_what_they_sign_in_with(
        self, office: Office
    ) -> None:
        known = await office.send(
            "addApprover",
            invoiceId=office.id("BILL-1004"),
            email="dana.whitfield@harbor.example",
        )
        unknown = await office.send(
            "addApprover", invoiceId=office.id("BILL-1005"), email="harbor-director"
        )

        assert known["approver"]["user"]["sourceId"] == DIRECTOR
        assert unknown["userErrors"] == refusal("INVALID", NO_EMAIL, ["input", "email"])

    @pytest.mark.parametrize(
        "email",
        [
            "nobody@harbor.example",
            "buyer",
            "buyer@harbor.example.org",
            "@",
            # Inactive.
            "frank.olsen@harbor.example",
        ],
    )
    async def test_an_e_mail_of_nobody_active_is_invalid(
        self, office: Office, email: str
    ) -> None:
        stood = await office.look("BILL-1004")
        state = office.state()

        answer = await office.send(
            "addApprover", invoiceId=office.id("BILL-1004"), email=email
        )

        errors = refusal("INVALID", NO_EMAIL, ["input", "email"])
        assert answer == payload("REFUSED", stood, errors, approver=None)
        assert writes(office.bill) == []
        assert office.state() == state

    async def test_an_e_mail_of_several_is_invalid(self, office: Office) -> None:
        office.simulator.state.users[MANAGER].email = "Buyer@harbor.example"
        state = office.state()

        answer = await office.send(
            "addApprover",
            invoiceId=office.id("BILL-1004"),
            email="buyer@harbor.example",
        )

        errors = refusal("INVALID", SEVERAL, ["input", "email"])
        assert answer["outcome"] == "REFUSED"
        assert answer["userErrors"] == errors
        assert writes(office.bill) == []
        assert office.state() == state

    async def test_an_e_mail_that_only_an_inactive_user_shares_is_found(
        self, office: Office
    ) -> None:
        office.simulator.state.users[FORMER].email = "buyer@harbor.example"

        answer = await office.send(
            "addApprover",
            invoiceId=office.id("BILL-1004"),
            email="buyer@harbor.example",
        )

        assert answer["outcome"] == "APPLIED"
        assert answer["approver"]["user"]["sourceId"] == BUYER

    @pytest.mark.parametrize("email", ["", "  "])
    async def test_an_empty_e_mail_finds_nobody(
        self, office: Office, email: str
    ) -> None:
        office.simulator.state.users[BUYER].email = ""
        state = office.state()

        answer = await office.send(
            "addApprover", invoiceId=office.id("BILL-1004"), email=email
        )

        (error,) = answer["userErrors"]
        assert answer["outcome"] == "REFUSED"
        assert (error["code"], error["field"]) == ("INVALID", ["input", "email"])
        assert writes(office.bill) == []
        assert office.state() == state

    @pytest.mark.parametrize(
        "person", [{}, {"userSourceId": BUYER, "email": "buyer@harbor.example"}]
    )
    async def test_exactly_one_of_id_and_e_mail_is_taken(
        self, office: Office, person: dict[str, str]
    ) -> None:
        stood = await office.look("BILL-1004")

        answer = await office.send(
            "addApprover", invoiceId=office.id("BILL-1004"), **person
        )

        message = "Send either `userSourceId` or `email`."
        errors = refusal("INVALID", message, ["input", "userSourceId"])
        assert answer == payload("REFUSED", stood, errors, approver=None)
        assert writes(office.bill) == []

    @pytest.mark.parametrize(
        ("number", "user_id", "index"),
        [
            # Waiting, upcoming, decided; of a credit.
            ("BILL-1001", CONTROLLER, 0),
            ("BILL-1001", ACCOUNTANT, 1),
            ("BILL-1020", CONTROLLER, 0),
            ("VC-1002", CONTROLLER, 1),
        ],
    )
    async def test_who_is_asked_already_is_not_added_again(
        self, office: Office, number: str, user_id: str, index: int
    ) -> None:
        stood = await office.look(number)
        state = office.state()

        answer = await office.send(
            "addApprover", invoiceId=office.id(number), userSourceId=user_id
        )

        approver = answer.pop("approver")
        assert answer == payload("ALREADY_APPLIED", stood)
        assert approver["id"] == office.approver_id(number, index)
        assert writes(office.bill) == []
        assert office.state() == state

    async def test_whose_task_moved_to_another_can_be_asked_again(
        self, office: Office
    ) -> None:
        answer = await office.send(
            "addApprover", invoiceId=office.id("BILL-1006"), userSourceId=LEAD
        )

        assert answer["outcome"] == "APPLIED"
        assert answer["approver"]["user"]["sourceId"] == LEAD
        arguments = {**office.target("BILL-1006"), "approvers": [CONTROLLER, LEAD]}
        assert office.written() == [(SET, arguments)]
        assert office.rows("BILL-1006") == [(CONTROLLER, "0"), (LEAD, "5")]

    async def test_who_is_swept_away_by_another_hand_is_not_told_to_be_added(
        self, office: Office
    ) -> None:
        async def sweep(request: httpx.Request, upstream: Handler) -> httpx.Response:
            answer = await upstream(request)
            rows = office.simulator.state.bill_approvers
            for row in office.simulator.state.chain(office.source_id("BILL-1004")):
                if row.users_id == BUYER:
                    del rows[row.id]
            return answer

        office.intercept("SetApprovers", sweep)

        answer = await office.send(
            "addApprover", invoiceId=office.id("BILL-1004"), userSourceId=BUYER
        )
        sent = writes(office.bill)

        stood = await office.look("BILL-1004")
        assert answer == payload("UNKNOWN", stood, approver=None)
        assert [one["user"] for one in stood["approvers"]] == [{"sourceId": CONTROLLER}]
        assert sent == [SET]

    async def test_a_first_approver_begins_the_chain(self, office: Office) -> None:
        answer = await office.send(
            "addApprover", invoiceId=office.id("BILL-1009"), userSourceId=BUYER
        )

        assert answer["invoice"] == shown(
            "BILL-1009", PENDING, (1, 0, 0), [(BUYER, "PENDING", None)]
        )

    @pytest.mark.parametrize(
        ("person", "field"),
        [
            ({"userSourceId": CLERK}, "userSourceId"),
            ({"email": "clerk@harbor.example"}, "email"),
        ],
    )
    async def test_a_person_without_the_right_to_approve_is_refused(
        self, office: Office, person: dict[str, str], field: str
    ) -> None:
        stood = await office.look("BILL-1004")
        state = office.state()

        answer = await office.send(
            "addApprover", invoiceId=office.id("BILL-1004"), **person
        )

        errors = refusal("INVALID", no_right(CLERK), ["input", field])
        assert answer == payload("REFUSED", stood, errors, approver=None)
        assert writes(office.bill) == [SET]
        assert office.state() == state

    @pytest.mark.parametrize(
        ("user_id", "message"),
        [
            ("00601NOBODY000000000", unknown_user("00601NOBODY000000000")),
            ("", unknown_user("")),
            (
                FORMER,
                HAS_LEFT,
            ),
        ],
    )
    async def test_a_user_who_is_not_there_is_refused_before_any_write(
        self, office: Office, user_id: str, message: str
    ) -> None:
        stood = await office.look("BILL-1004")
        state = office.state()

        answer = await office.send(
            "addApprover", invoiceId=office.id("BILL-1004"), userSourceId=user_id
        )

        errors = refusal("INVALID", message, ["input", "userSourceId"])
        assert answer == payload("REFUSED", stood, errors, approver=None)
        assert writes(office.bill) == []
        assert office.state() == state

    @pytest.mark.parametrize(
        ("number", "code", "message", "field"),
        [
            ("BILL-1007", "CONFLICT", DENIED_FIRST, None),
            ("BILL-1011", "CONFLICT", DELETED, None),
            ("BILL-1012", "CONFLICT", PAID, None),
            (
                "BILL-1010",
                "INVALID",
                unmet("it takes 2 at least."),
                ["input", "userSourceId"],
            ),
        ],
    )
    async def test_a_chain_that_takes_nobody_more_is_left_as_it_is(
        self,
        office: Office,
        number: str,
        code: str,
        message: str,
        field: list[str] | None,
    ) -> None:
        stood = await office.look(number)
        state = office.state()

        answer = await office.send(
            "addApprover", invoiceId=office.id(number), userSourceId=BUYER
        )

        errors = refusal(code, message, field)
        assert answer == payload("REFUSED", stood, errors, approver=None)
        assert office.state() == state


class TestRemove:
    """`removeApprover`: a fresh read, and the chain without one place."""

    @pytest.mark.parametrize(
        ("index", "rest"),
        [
            (0, [(ACCOUNTANT, "PENDING", None), (BUYER, "UPCOMING", None)]),
            (1, [(CONTROLLER, "PENDING", None), (BUYER, "UPCOMING", None)]),
            (2, [(CONTROLLER, "PENDING", None), (ACCOUNTANT, "UPCOMING", None)]),
        ],
    )
    async def test_the_others_stay_in_their_order(
        self, office: Office, index: int, rest: list[Any]
    ) -> None:
        gone = office.approver_id("BILL-1015", index)

        answer = await office.send("removeApprover", approverId=gone)

        assert answer == payload(
            "APPLIED",
            shown("BILL-1015", PENDING, (2, 0, 0), rest),
            removedApproverId=gone,
        )
        users = [user for user, _, _ in rest]
        arguments = {**office.target("BILL-1015"), "approvers": users}
        assert office.written() == [(SET, arguments)]

    @pytest.mark.parametrize("number", ["BILL-1004", "VC-1001"])
    async def test_the_only_approver_is_cleared_and_nothing_is_approved(
        self, office: Office, number: str
    ) -> None:
        gone = office.approver_id(number, 0)

        answer = await office.send("removeApprover", approverId=gone)

        assert answer == payload(
            "APPLIED", shown(number, FREE, (0, 0, 0), []), removedApproverId=gone
        )
        assert office.written() == [(CLEAR, office.target(number))]

    async def test_who_has_approved_stays_in_the_chain(self, office: Office) -> None:
        await office.send("approve", id=office.id("BILL-1015"))
        office.bill.clear()
        gone = office.approver_id("BILL-1015", 1)

        answer = await office.send("removeApprover", approverId=gone)

        assert answer["outcome"] == "APPLIED"
        assert office.rows("BILL-1015") == [(CONTROLLER, "4"), (BUYER, "0")]
        arguments = {**office.target("BILL-1015"), "approvers": [CONTROLLER, BUYER]}
        assert office.written() == [(SET, arguments)]

    @pytest.mark.parametrize("number", ["BILL-1020", "BILL-1003"])
    async def test_taking_the_last_open_approver_off_approves_nothing(
        self, office: Office, number: str
    ) -> None:
        stood = await office.look(number)
        state = office.state()

        answer = await office.send(
            "removeApprover", approverId=office.approver_id(number, 1)
        )

        errors = refusal("CONFLICT", WOULD_APPROVE)
        assert answer == payload("REFUSED", stood, errors, removedApproverId=None)
        assert writes(office.bill) == []
        assert office.state() == state

    @pytest.mark.parametrize(
        ("number", "index"),
        [
            ("BILL-1020", 0),
            ("BILL-1008", 1),
            ("BILL-1007", 0),
            ("BILL-1016", 0),
            ("VC-1003", 0),
        ],
    )
    async def test_who_has_decided_is_not_removed(
        self, office: Office, number: str, index: int
    ) -> None:
        stood = await office.look(number)
        state = office.state()

        answer = await office.send(
            "removeApprover", approverId=office.approver_id(number, index)
        )

        errors = refusal("CONFLICT", DECIDED)
        assert answer == payload("REFUSED", stood, errors, removedApproverId=None)
        assert writes(office.bill) == []
        assert office.state() == state

    @pytest.mark.parametrize(
        "row_id", ["", "0ba01NOSUCHROW000000", "0BA", CONTROLLER, "pbjappr_1"]
    )
    async def test_an_unknown_record_is_not_found(
        self, office: Office, row_id: str
    ) -> None:
        stood = await office.look("BILL-1001")
        state = office.state()
        unknown = encode_id(
            "Approver", ProviderName.BILL, row_id, office.source_id("BILL-1001")
        )

        answer = await office.send("removeApprover", approverId=unknown)

        errors = refusal("NOT_FOUND", NO_APPROVER, ["input", "approverId"])
        assert answer == payload("REFUSED", stood, errors, removedApproverId=None)
        assert writes(office.bill) == []
        assert office.state() == state

    async def test_a_record_of_another_bill_is_not_found(self, office: Office) -> None:
        row = office.simulator.state.chain(office.source_id("BILL-1002"))[0]
        state = office.state()
        forged = encode_id(
            "Approver", ProviderName.BILL, row.id, office.source_id("BILL-1001")
        )

        answer = await office.send("removeApprover", approverId=forged)

        assert answer["outcome"] == "REFUSED"
        assert answer["userErrors"] == refusal(
            "NOT_FOUND", NO_APPROVER, ["input", "approverId"]
        )
        assert writes(office.bill) == []
        assert office.state() == state

    @pytest.mark.parametrize(
        "invoice_id", ["", "..", "INV-1001", "00n01NOSUCHBILL00000", FROM_4000]
    )
    async def test_a_record_of_no_invoice_is_not_found(
        self, office: Office, invoice_id: str
    ) -> None:
        row = office.simulator.state.chain(office.source_id("BILL-1001"))[0]
        forged = encode_id("Approver", ProviderName.BILL, row.id, invoice_id)

        answer = await office.send("removeApprover", approverId=forged)

        errors = refusal("NOT_FOUND", ABSENT, ["input", "approverId"])
        assert answer == payload("REFUSED", None, errors, removedApproverId=None)
        assert writes(office.bill) == []

    async def test_removing_twice_is_sent_once(self, office: Office) -> None:
        gone = office.approver_id("BILL-1015", 2)
        await office.send("removeApprover", approverId=gone)

        answer = await office.send("removeApprover", approverId=gone)

        errors = refusal("NOT_FOUND", NO_APPROVER, ["input", "approverId"])
        assert answer["outcome"] == "REFUSED"
        assert answer["userErrors"] == errors
        assert writes(office.bill) == [SET]

    @pytest.mark.parametrize(
        ("number", "index"),
        # The lead's task moved to another; the accountant's fell with a denial.
        [("BILL-1006", 0), ("BILL-1007", 1)],
    )
    async def test_who_is_out_of_the_chain_is_not_removed(
        self, office: Office, number: str, index: int
    ) -> None:
        stood = await office.look(number)
        state = office.state()

        answer = await office.send(
            "removeApprover", approverId=office.approver_id(number, index)
        )

        errors = refusal("CONFLICT", OUT)
        assert answer == payload("REFUSED", stood, errors, removedApproverId=None)
        assert writes(office.bill) == []
        assert office.state() == state

    async def test_a_place_that_the_policy_needs_is_kept(self, office: Office) -> None:
        stood = await office.look("BILL-1019")
        state = office.state()

        answer = await office.send(
            "removeApprover", approverId=office.approver_id("BILL-1019", 1)
        )

        errors = refusal("INVALID", unmet("it takes 2 at least."))
        assert answer == payload("REFUSED", stood, errors, removedApproverId=None)
        assert writes(office.bill) == [SET]
        assert office.state() == state

    @pytest.mark.parametrize(
        ("number", "index", "message"),
        [
            ("BILL-1011", 1, DELETED),
            ("BILL-1021", 0, PAID),
        ],
    )
    async def test_a_chain_that_cannot_be_changed_is_a_conflict(
        self, office: Office, number: str, index: int, message: str
    ) -> None:
        stood = await office.look(number)
        state = office.state()

        answer = await office.send(
            "removeApprover", approverId=office.approver_id(number, index)
        )

        errors = refusal("CONFLICT", message)
        assert answer == payload("REFUSED", stood, errors, removedApproverId=None)
        assert office.state() == state
