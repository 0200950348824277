"""Chains that are set, in their order."""

from collections.abc import Callable
from decimal import Decimal

import pytest

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
from tests.providers.bill.chains import (
    BEING_PAID,
    DELETED,
    DENIED_FIRST,
    HAS_LEFT,
    NOBODY_NAMED,
    NOT_TAKEN,
    PAID,
    PENDING,
    SET,
    WOULD_APPROVE,
    no_right,
    payload,
    unknown_user,
    unmet,
)
from tests.providers.bill.writing import (
    Office,
    answering,
    before,
    failure,
    refusal,
    shown,
)
from tests.support import writes


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
