"""Who is asked, and in what order: chains that are set, cleared and changed."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx
import pytest

from gateway.domain import ProviderName, encode_id
from gateway.providers.bill.simulator.directory import (
    ACCOUNTANT,
    APPROVER,
    ASSISTANT,
    AUDITOR,
    BUYER,
    CLERK,
    CONTROLLER,
    DIRECTOR,
    FORMER,
    FROM_4000,
    LEAD,
    MANAGER,
    PAYER,
    VISITOR,
)
from gateway.providers.bill.simulator.objects import DENIED, INACTIVE, SCHEDULED
from tests.providers.bill.writing import (
    Office,
    answering,
    before,
    failure,
    nobody_there,
    refusal,
    shown,
)
from tests.support import Handler, writes

SET, CLEAR = "POST /SetApprovers.json", "POST /ClearApprovers.json"
PENDING = ("PENDING_APPROVAL", "PENDING")
APPROVED = ("APPROVED", "APPROVED")
FREE = ("UNASSIGNED", "NOT_REQUIRED")

DELETED = "This invoice was deleted in BILL. Nothing was changed."
DENIED_FIRST = (
    "This invoice was rejected, and BILL asks about it again only after its approvers "
    "were cleared: `clearApprovers` first. Nothing was changed."
)
PAID = (
    "BILL changes no approvers once a payment is scheduled or made. Nothing was "
    "changed."
)
ABSENT = "There is no such invoice for this account. Nothing was changed."
NO_APPROVER = "This invoice has no such approver. Nothing was changed."
DECIDED = (
    "This approver has decided already, and BILL takes back no decision but all of "
    "them: `clearApprovers`. Nothing was changed."
)
NOT_TAKEN = (
    "BILL did not take these approvers in the invoice's state. Nothing was changed."
)
NO_EMAIL = (
    "BILL has no active user with this e-mail; send `userSourceId`, the person's id. "
    "Nothing was changed."
)
SEVERAL = (
    "BILL has several active users with this e-mail; send `userSourceId`, the "
    "person's id. Nothing was changed."
)
OUT = "This approver is not asked any more. Nothing was changed."
WOULD_APPROVE = (
    "Only approvers who have approved would be left, which would approve the invoice. "
    "Name somebody who has yet to decide. Nothing was changed."
)
NOBODY_NAMED = (
    "`userSourceIds` takes one user at least; `clearApprovers` takes all approvers "
    "off. Nothing was changed."
)
HAS_LEFT = f"The user `{FORMER}` is not active in BILL any more. Nothing was changed."
# Each was paid, or will be, in part or whole.
BEING_PAID = ["BILL-1012", "BILL-1013", "BILL-1021", "BILL-1023"]


def payload(outcome: str, invoice: Any, errors: Any = (), **more: Any) -> Any:
    return {
        "clientMutationId": None,
        "outcome": outcome,
        "invoice": invoice,
        "userErrors": list(errors),
        **more,
    }


def unknown_user(user_id: str) -> str:
    return (
        f"BILL has no user `{user_id}` in this organization. Send ids of users as "
        "approvers show them. Nothing was changed."
    )


def no_right(user_id: str) -> str:
    return (
        f"The profile of the user `{user_id}` has no right to approve. Nothing was "
        "changed."
    )


def unmet(what: str) -> str:
    return (
        f"The approvers do not satisfy the policy that applies: {what} Nothing was "
        "changed."
    )


class TestSet:
    """`setApprovers`: a chain in the order that was sent."""

    async def test_the_operation_shows_the_chain_as_it_now_stands(
        self, office: Office
    ) -> None:
        users = [BUYER, CONTROLLER]
        variables = {
            "input": {"invoiceId": office.id("BILL-1009"), "userSourceIds": users}
        }

        body = await office.client.run("SetApprovers", variables)

        assert body == {
            "data": {
                "setApprovers": {
                    "outcome": "APPLIED",
                    "invoice": {
                        "id": office.id("BILL-1009"),
                        "approvalState": "PENDING",
                        "progress": {
                            "rule": "IN_ORDER",
                            "required": 2,
                            "approved": 0,
                            "waitingOn": [{"displayName": "Bea Santos"}],
                        },
                        "approvers": [
                            {
                                "position": 1,
                                "status": "PENDING",
                                "user": {
                                    "sourceId": BUYER,
                                    "displayName": "Bea Santos",
                                },
                            },
                            {
                                "position": 2,
                                "status": "UPCOMING",
                                "user": {
                                    "sourceId": CONTROLLER,
                                    "displayName": "Carla Mendes",
                                },
                            },
                        ],
                    },
                    "userErrors": [],
                }
            }
        }

    async def test_a_chain_costs_a_look_a_write_and_a_read_back(
        self, office: Office
    ) -> None:
        users = [BUYER, CONTROLLER]

        await office.send(
            "setApprovers", invoiceId=office.id("BILL-1009"), userSourceIds=users
        )

        assert sorted(office.bill.calls[:3]) == [
            "POST /List/Bill.json",
            "POST /List/User.json",
            "POST /ListApprovers.json",
        ]
        assert office.bill.calls[3] == SET
        assert sorted(office.bill.calls[4:]) == [
            "POST /List/Bill.json",
            "POST /List/User.json",
            "POST /ListApprovers.json",
        ]
        assert office.bill.data(3) == {**office.target("BILL-1009"), "approvers": users}

    @pytest.mark.parametrize(
        "users",
        [
            [BUYER, ACCOUNTANT, CONTROLLER],
            [CONTROLLER, BUYER],
            [APPROVER, MANAGER],
            [CONTROLLER, ACCOUNTANT, BUYER, APPROVER, LEAD, ASSISTANT, DIRECTOR],
        ],
    )
    async def test_nobody_has_acted_so_the_new_chain_replaces_the_old(
        self, office: Office, users: list[str]
    ) -> None:
        answer = await office.send(
            "setApprovers", invoiceId=office.id("BILL-1015"), userSourceIds=users
        )

        first, *others = users
        chain = [(first, "PENDING", None), *((one, "UPCOMING", None) for one in others)]
        assert answer == payload(
            "APPLIED", shown("BILL-1015", PENDING, (len(users), 0, 0), chain)
        )
        arguments = {**office.target("BILL-1015"), "approvers": users}
        assert office.written() == [(SET, arguments)]

    async def test_who_has_approved_is_not_asked_again(self, office: Office) -> None:
        stood = await office.look("BILL-1020")

        answer = await office.send(
            "setApprovers",
            invoiceId=office.id("BILL-1020"),
            userSourceIds=[ACCOUNTANT, CONTROLLER, BUYER],
        )

        decided_at = stood["approvers"][0]["decidedAt"]
        chain = [
            (ACCOUNTANT, "PENDING", None),
            (CONTROLLER, "APPROVED", decided_at),
            (BUYER, "UPCOMING", None),
        ]
        assert answer == payload(
            "APPLIED", shown("BILL-1020", PENDING, (3, 1, 0), chain)
        )

    async def test_one_more_approver_takes_a_bills_approval_back(
        self, office: Office
    ) -> None:
        stood = await office.look("BILL-1008")

        answer = await office.send(
            "setApprovers",
            invoiceId=office.id("BILL-1008"),
            userSourceIds=[CONTROLLER, ACCOUNTANT, BUYER],
        )

        first, second = (one["decidedAt"] for one in stood["approvers"])
        chain = [
            (CONTROLLER, "APPROVED", first),
            (ACCOUNTANT, "APPROVED", second),
            (BUYER, "PENDING", None),
        ]
        assert answer == payload(
            "APPLIED", shown("BILL-1008", PENDING, (3, 2, 0), chain)
        )

    async def test_vendor_credits_have_chains_too(self, office: Office) -> None:
        users = [CONTROLLER, BUYER]

        answer = await office.send(
            "setApprovers", invoiceId=office.id("VC-1005"), userSourceIds=users
        )

        chain = [(CONTROLLER, "PENDING", None), (BUYER, "UPCOMING", None)]
        assert answer == payload("APPLIED", shown("VC-1005", PENDING, (2, 0, 0), chain))
        target = {"objectId": office.source_id("VC-1005"), "entity": "VendorCredit"}
        assert office.written() == [(SET, {**target, "approvers": users})]

    @pytest.mark.parametrize(
        ("number", "users"),
        [
            ("BILL-1015", [CONTROLLER, ACCOUNTANT, BUYER]),
            # Whoever has decided is not asked again, wherever they are named.
            ("BILL-1020", [CONTROLLER, ACCOUNTANT]),
            ("BILL-1020", [ACCOUNTANT, CONTROLLER]),
            ("BILL-1008", [ACCOUNTANT, CONTROLLER]),
            # The lead's task has moved to the controller.
            ("BILL-1006", [CONTROLLER]),
            ("BILL-1012", [CONTROLLER]),
            ("VC-1001", [CONTROLLER]),
        ],
    )
    async def test_a_chain_that_is_so_already_is_not_sent(
        self, office: Office, number: str, users: list[str]
    ) -> None:
        stood = await office.look(number)
        state = office.state()

        answer = await office.send(
            "setApprovers", invoiceId=office.id(number), userSourceIds=users
        )

        assert answer == payload("ALREADY_APPLIED", stood)
        assert writes(office.bill) == []
        assert office.state() == state

    @pytest.mark.parametrize(
        ("users", "message"),
        [
            (
                [],
                NOBODY_NAMED,
            ),
            ([BUYER, BUYER], "A user is named twice. Nothing was changed."),
            ([BUYER, CONTROLLER, BUYER], "A user is named twice. Nothing was changed."),
            (
                [CONTROLLER, "00601NOBODY000000000"],
                unknown_user("00601NOBODY000000000"),
            ),
            (["peter@harbor.example"], unknown_user("peter@harbor.example")),
            ([""], unknown_user("")),
            (["136597"], unknown_user("136597")),
            # Ids of a bill, and of a policy; ids are case-sensitive.
            (["00n01BILL1001AAAAAAA"], unknown_user("00n01BILL1001AAAAAAA")),
            ([FROM_4000], unknown_user(FROM_4000)),
            ([BUYER.lower()], unknown_user(BUYER.lower())),
            (["x" * 4000], unknown_user("x" * 40)),
            (
                [f"{number:020}" for number in range(101)],
                "`userSourceIds` takes 100 users at most. Nothing was changed.",
            ),
            (
                [CONTROLLER, FORMER],
                HAS_LEFT,
            ),
        ],
    )
    async def test_users_that_cannot_be_asked_are_refused_before_any_write(
        self, office: Office, users: list[str], message: str
    ) -> None:
        stood = await office.look("BILL-1015")
        state = office.state()

        answer = await office.send(
            "setApprovers", invoiceId=office.id("BILL-1015"), userSourceIds=users
        )

        errors = refusal("INVALID", message, ["input", "userSourceIds"])
        assert answer == payload("REFUSED", stood, errors)
        assert writes(office.bill) == []
        assert office.state() == state

    @pytest.mark.parametrize("user_id", [CLERK, PAYER, AUDITOR])
    async def test_a_user_without_the_right_to_approve_is_named(
        self, office: Office, user_id: str
    ) -> None:
        stood = await office.look("BILL-1015")
        state = office.state()

        answer = await office.send(
            "setApprovers",
            invoiceId=office.id("BILL-1015"),
            userSourceIds=[CONTROLLER, user_id, BUYER],
        )

        errors = refusal("INVALID", no_right(user_id), ["input", "userSourceIds"])
        assert answer == payload("REFUSED", stood, errors)
        assert writes(office.bill) == [SET]
        assert office.state() == state

    async def test_a_refusal_that_reading_does_not_explain_is_a_conflict(
        self, office: Office
    ) -> None:
        # A custom profile does not say whether its users may approve.
        stood = await office.look("BILL-1004")
        state = office.state()

        answer = await office.send(
            "setApprovers",
            invoiceId=office.id("BILL-1004"),
            userSourceIds=[CONTROLLER, VISITOR],
        )

        errors = refusal("CONFLICT", NOT_TAKEN)
        assert answer == payload("REFUSED", stood, errors)
        assert writes(office.bill) == [SET]
        assert office.state() == state

    @pytest.mark.parametrize(
        ("number", "users"),
        [
            ("BILL-1020", [CONTROLLER]),
            ("BILL-1003", [ACCOUNTANT]),
            ("BILL-1018", [DIRECTOR]),
        ],
    )
    async def test_a_chain_of_those_who_have_approved_would_approve_and_is_refused(
        self, office: Office, number: str, users: list[str]
    ) -> None:
        stood = await office.look(number)
        state = office.state()

        answer = await office.send(
            "setApprovers", invoiceId=office.id(number), userSourceIds=users
        )

        assert answer == payload("REFUSED", stood, refusal("CONFLICT", WOULD_APPROVE))
        assert writes(office.bill) == []
        assert office.state() == state

    @pytest.mark.parametrize(
        ("amount", "users", "what"),
        [
            ("4000.00", [CONTROLLER], "it takes 2 at least."),
            ("24999.99", [CONTROLLER], "it takes 2 at least."),
            (
                "25000.00",
                [CONTROLLER, BUYER, ACCOUNTANT],
                f"the user `{DIRECTOR}` must be among them.",
            ),
            ("31000.00", [CONTROLLER, DIRECTOR], "it takes 3 at least."),
            ("100000.00", [DIRECTOR], f"the user `{LEAD}` must be among them."),
            ("100000.00", [LEAD], f"the user `{DIRECTOR}` must be among them."),
        ],
    )
    async def test_a_chain_that_breaks_the_policy_is_told_what_it_lacks(
        self, office: Office, amount: str, users: list[str], what: str
    ) -> None:
        one = office.simulator.state.numbered("BILL-1010")
        one.amount = Decimal(amount)
        stood = await office.look("BILL-1010")
        state = office.state()

        answer = await office.send(
            "setApprovers", invoiceId=office.id("BILL-1010"), userSourceIds=users
        )

        errors = refusal("INVALID", unmet(what), ["input", "userSourceIds"])
        assert answer == payload("REFUSED", stood, errors)
        assert writes(office.bill) == [SET]
        assert office.state() == state

    async def test_whether_a_policy_must_be_satisfied_is_for_bill_to_say(
        self, office: Office, switch_bill: Callable[..., None]
    ) -> None:
        switch_bill(accept_unsatisfying_chain=True)

        answer = await office.send(
            "setApprovers",
            invoiceId=office.id("BILL-1010"),
            userSourceIds=[CONTROLLER],
        )

        chain = [(CONTROLLER, "PENDING", None)]
        assert answer == payload(
            "APPLIED", shown("BILL-1010", PENDING, (1, 0, 0), chain)
        )

    @pytest.mark.parametrize(
        ("number", "message"),
        [
            ("BILL-1007", DENIED_FIRST),
            ("BILL-1016", DENIED_FIRST),
            ("VC-1004", DENIED_FIRST),
            ("BILL-1011", DELETED),
        ],
    )
    async def test_a_chain_that_cannot_be_changed_is_a_conflict_without_a_write(
        self, office: Office, number: str, message: str
    ) -> None:
        stood = await office.look(number)
        state = office.state()

        answer = await office.send(
            "setApprovers", invoiceId=office.id(number), userSourceIds=[CONTROLLER]
        )

        assert answer == payload("REFUSED", stood, refusal("CONFLICT", message))
        assert writes(office.bill) == []
        assert office.state() == state

    @pytest.mark.parametrize("number", BEING_PAID)
    async def test_what_is_being_paid_keeps_its_chain(
        self, office: Office, number: str
    ) -> None:
        stood = await office.look(number)
        state = office.state()

        answer = await office.send(
            "setApprovers", invoiceId=office.id(number), userSourceIds=[BUYER]
        )

        assert answer == payload("REFUSED", stood, refusal("CONFLICT", PAID))
        assert writes(office.bill) == [SET]
        assert office.state() == state

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"is_active": INACTIVE}, DELETED),
            ({"approval_status": DENIED}, DENIED_FIRST),
            ({"payment_status": SCHEDULED}, PAID),
        ],
    )
    async def test_what_changed_before_the_write_is_explained_by_reading(
        self, office: Office, change: dict[str, str], message: str
    ) -> None:
        one = office.simulator.state.numbered("BILL-1015")

        def happen() -> None:
            for name, value in change.items():
                setattr(one, name, value)

        office.intercept("SetApprovers", before(happen))

        answer = await office.send(
            "setApprovers",
            invoiceId=office.id("BILL-1015"),
            userSourceIds=[BUYER, CONTROLLER],
        )

        assert answer["outcome"] == "REFUSED"
        assert answer["userErrors"] == refusal("CONFLICT", message)
        assert writes(office.bill) == [SET]
        assert office.rows("BILL-1015") == [
            (CONTROLLER, "0"),
            (ACCOUNTANT, "5"),
            (BUYER, "5"),
        ]

    async def test_an_environment_without_the_call_answers_unsupported(
        self, office: Office
    ) -> None:
        office.intercept("SetApprovers", answering(failure("BDC_1121")))
        stood = await office.look("BILL-1015")

        answer = await office.send(
            "setApprovers", invoiceId=office.id("BILL-1015"), userSourceIds=[BUYER]
        )

        message = "This BILL environment has no such call. Nothing was changed."
        assert answer == payload("REFUSED", stood, refusal("UNSUPPORTED", message))
        assert writes(office.bill) == [SET]


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
