"""Policies that are changed, deleted and restored, and who must approve by them."""

from collections.abc import Callable
from typing import Any

import pytest

from gateway.providers.bill.simulator.directory import (
    BUYER,
    CREDITS_FROM_500,
    DELETED_FROM_1500,
    DELETED_FROM_4000,
    DIRECTOR,
    FORMER,
    FROM_4000,
    FROM_25000,
    FROM_100000,
    LEAD,
    MANAGER,
)
from tests.providers.bill.policies import (
    BAD_AMOUNT,
    BAD_CENTS,
    BAD_COUNT,
    BAD_VALUES,
    DELETE,
    NOW,
    inactive,
    payload,
    unknown_user,
)
from tests.providers.bill.writing import (
    Office,
    policy_id,
    refusal,
)
from tests.support import (
    writes,
)


class TestUpdate:
    """`updatePolicy`: what is null stays."""

    @pytest.mark.parametrize(
        ("members", "sent", "shown"),
        [
            ({"amountThreshold": "4500"}, {"amountThreshold": 4500}, ("4500.00", 2)),
            (
                {"amountThreshold": "4500.25", "minimumApprovers": None},
                {"amountThreshold": 4500.25},
                ("4500.25", 2),
            ),
            ({"minimumApprovers": 1}, {"minNumApprovers": 1}, ("4000.00", 1)),
            (
                {"minimumApprovers": 4, "amountThreshold": "4000.00"},
                {"minNumApprovers": 4, "amountThreshold": 4000},
                ("4000.00", 4),
            ),
            (
                {"minimumApprovers": 100, "amountThreshold": "0"},
                {"minNumApprovers": 100, "amountThreshold": 0},
                ("0.00", 100),
            ),
        ],
    )
    async def test_only_what_is_sent_changes(
        self,
        office: Office,
        members: dict[str, Any],
        sent: dict[str, Any],
        shown: tuple[str, int],
    ) -> None:
        stood = await office.look_at_policy(FROM_4000)

        answer = await office.send(
            "updatePolicy", policyId=policy_id(FROM_4000), **members
        )

        amount, count = shown
        noun = "approver" if count == 1 else "approvers"
        assert answer == payload(
            "APPLIED",
            {
                **stood,
                "name": f"Bills of ${amount} or more require at least {count} {noun}",
                "amountThreshold": {"amount": amount, "currency": None},
                "minimumApprovers": count,
                "updatedAt": NOW,
            },
        )
        obj = {"entity": "ApprovalPolicy", "id": FROM_4000, **sent}
        call = "POST /Crud/Update/ApprovalPolicy.json"
        assert office.written() == [(call, {"obj": obj})]

    @pytest.mark.parametrize("members", [{}, {"amountThreshold": None}])
    async def test_nothing_to_change_is_invalid(
        self, office: Office, members: dict[str, Any]
    ) -> None:
        stood = await office.look_at_policy(FROM_4000)

        answer = await office.send(
            "updatePolicy", policyId=policy_id(FROM_4000), **members
        )

        message = (
            "Nothing is to change. Send `amountThreshold`, `minimumApprovers` or both."
        )
        errors = refusal("INVALID", message, ["input"])
        assert answer == payload("REFUSED", stood, errors)
        assert writes(office.bill) == []

    @pytest.mark.parametrize(
        "members",
        [
            {"amountThreshold": "4000.00"},
            {"amountThreshold": "4e3"},
            {"minimumApprovers": 2},
            {"amountThreshold": 4000, "minimumApprovers": 2},
        ],
    )
    async def test_values_that_stand_already_are_not_sent(
        self, office: Office, members: dict[str, Any]
    ) -> None:
        stood = await office.look_at_policy(FROM_4000)
        state = office.state()

        answer = await office.send(
            "updatePolicy", policyId=policy_id(FROM_4000), **members
        )

        assert answer == payload("ALREADY_APPLIED", stood)
        assert writes(office.bill) == []
        assert office.state() == state

    @pytest.mark.parametrize(
        ("members", "message", "field"),
        [
            ({"amountThreshold": "-1"}, BAD_AMOUNT, "amountThreshold"),
            ({"amountThreshold": "1e12"}, BAD_AMOUNT, "amountThreshold"),
            ({"amountThreshold": "4000.001"}, BAD_CENTS, "amountThreshold"),
            ({"minimumApprovers": -1}, BAD_COUNT, "minimumApprovers"),
            ({"minimumApprovers": 101}, BAD_COUNT, "minimumApprovers"),
        ],
    )
    async def test_what_is_out_of_bounds_is_invalid_and_not_written(
        self, office: Office, members: dict[str, Any], message: str, field: str
    ) -> None:
        stood = await office.look_at_policy(FROM_4000)
        state = office.state()

        answer = await office.send(
            "updatePolicy", policyId=policy_id(FROM_4000), **members
        )

        errors = refusal("INVALID", message, ["input", field])
        assert answer == payload("REFUSED", stood, errors)
        assert writes(office.bill) == []
        assert office.state() == state

    async def test_nobody_at_all_is_for_bill_to_refuse(self, office: Office) -> None:
        stood = await office.look_at_policy(FROM_4000)
        state = office.state()

        answer = await office.send(
            "updatePolicy", policyId=policy_id(FROM_4000), minimumApprovers=0
        )

        errors = refusal("INVALID", BAD_VALUES, ["input"])
        assert answer == payload("REFUSED", stood, errors)
        assert writes(office.bill) == ["POST /Crud/Update/ApprovalPolicy.json"]
        assert office.state() == state

    async def test_no_number_is_needed_where_somebody_must_approve_by_name(
        self, office: Office
    ) -> None:
        answer = await office.send(
            "updatePolicy", policyId=policy_id(FROM_25000), minimumApprovers=0
        )

        assert answer["outcome"] == "APPLIED"
        assert answer["policy"]["minimumApprovers"] == 0

    @pytest.mark.parametrize("quirk", [False, True])
    @pytest.mark.parametrize(
        ("source_id", "is_active"), [(FROM_25000, True), (DELETED_FROM_1500, False)]
    )
    async def test_a_policy_stays_deleted_or_not_whatever_the_answer_says(
        self,
        office: Office,
        switch_bill: Callable[..., None],
        quirk: bool,
        source_id: str,
        is_active: bool,
    ) -> None:
        switch_bill(quirk_update_inactive=quirk)

        answer = await office.send(
            "updatePolicy", policyId=policy_id(source_id), amountThreshold="1600"
        )

        assert answer["outcome"] == "APPLIED"
        assert answer["policy"]["isActive"] is is_active
        assert answer["policy"]["amountThreshold"]["amount"] == "1600.00"
        assert office.bill.calls[:3] == [
            "POST /Crud/Read/ApprovalPolicy.json",
            "POST /Crud/Update/ApprovalPolicy.json",
            "POST /Crud/Read/ApprovalPolicy.json",
        ]


class TestSwitch:
    """`deletePolicy` and `restorePolicy`."""

    async def test_deleting_takes_a_policy_out_of_use(self, office: Office) -> None:
        stood = await office.look_at_policy(FROM_25000)

        answer = await office.send("deletePolicy", policyId=policy_id(FROM_25000))

        assert answer == payload(
            "APPLIED", {**stood, "isActive": False, "updatedAt": NOW}
        )
        assert office.written() == [(DELETE, {"id": FROM_25000})]

    async def test_restoring_puts_it_back(self, office: Office) -> None:
        stood = await office.look_at_policy(DELETED_FROM_1500)

        answer = await office.send(
            "restorePolicy", policyId=policy_id(DELETED_FROM_1500)
        )

        assert answer == payload("APPLIED", {**stood, "isActive": True})
        assert office.written() == [
            ("POST /Crud/Undelete/ApprovalPolicy.json", {"id": DELETED_FROM_1500})
        ]

    @pytest.mark.parametrize(
        ("mutation", "source_id"),
        [
            ("deletePolicy", DELETED_FROM_1500),
            ("restorePolicy", FROM_4000),
            ("restorePolicy", CREDITS_FROM_500),
        ],
    )
    async def test_what_is_so_already_is_not_sent(
        self, office: Office, mutation: str, source_id: str
    ) -> None:
        stood = await office.look_at_policy(source_id)
        state = office.state()

        answer = await office.send(mutation, policyId=policy_id(source_id))

        assert answer == payload("ALREADY_APPLIED", stood)
        assert writes(office.bill) == []
        assert office.state() == state

    @pytest.mark.parametrize(
        ("mutation", "source_id"),
        [("deletePolicy", FROM_4000), ("restorePolicy", DELETED_FROM_4000)],
    )
    async def test_twice_is_sent_once(
        self, office: Office, mutation: str, source_id: str
    ) -> None:
        first = await office.send(mutation, policyId=policy_id(source_id))

        second = await office.send(mutation, policyId=policy_id(source_id))

        assert second == {**first, "outcome": "ALREADY_APPLIED"}
        assert len(writes(office.bill)) == 1

    async def test_a_deleted_policy_applies_no_more_and_chains_stay(
        self, office: Office
    ) -> None:
        stood = await office.look("BILL-1018")

        await office.send("deletePolicy", policyId=policy_id(FROM_25000))

        assert await office.look("BILL-1018") == stood


class TestMandatory:
    """`addPolicyApprover` and `removePolicyApprover`."""

    async def test_adding_puts_a_user_last(self, office: Office) -> None:
        stood = await office.look_at_policy(FROM_25000)

        answer = await office.send(
            "addPolicyApprover", policyId=policy_id(FROM_25000), userSourceId=BUYER
        )

        users = [{"sourceId": DIRECTOR}, {"sourceId": BUYER}]
        assert answer == payload("APPLIED", {**stood, "mandatoryApprovers": users})
        obj = {
            "entity": "ApprovalPolicyApprover",
            "approvalPolicyId": FROM_25000,
            "usersId": BUYER,
        }
        call = "POST /Crud/Create/ApprovalPolicyApprover.json"
        assert office.written() == [(call, {"obj": obj})]

    async def test_removing_takes_a_user_out(self, office: Office) -> None:
        stood = await office.look_at_policy(FROM_100000)
        (row,) = [
            one
            for one in office.simulator.state.policy_approvers.values()
            if (one.approval_policy_id, one.users_id) == (FROM_100000, LEAD)
        ]

        answer = await office.send(
            "removePolicyApprover", policyId=policy_id(FROM_100000), userSourceId=LEAD
        )

        users = [{"sourceId": DIRECTOR}]
        assert answer == payload("APPLIED", {**stood, "mandatoryApprovers": users})
        call = "POST /Crud/Delete/ApprovalPolicyApprover.json"
        assert office.written() == [(call, {"id": row.id})]

    @pytest.mark.parametrize(
        ("mutation", "source_id", "user_id"),
        [
            ("addPolicyApprover", FROM_25000, DIRECTOR),
            ("addPolicyApprover", DELETED_FROM_1500, MANAGER),
            ("removePolicyApprover", FROM_25000, BUYER),
            ("removePolicyApprover", FROM_4000, DIRECTOR),
            # Also of somebody who has left.
            ("removePolicyApprover", FROM_4000, FORMER),
        ],
    )
    async def test_what_is_so_already_is_not_sent(
        self, office: Office, mutation: str, source_id: str, user_id: str
    ) -> None:
        stood = await office.look_at_policy(source_id)
        state = office.state()

        answer = await office.send(
            mutation, policyId=policy_id(source_id), userSourceId=user_id
        )

        assert answer == payload("ALREADY_APPLIED", stood)
        assert writes(office.bill) == []
        assert office.state() == state

    async def test_who_was_removed_can_be_added_again(self, office: Office) -> None:
        members = {"policyId": policy_id(FROM_25000), "userSourceId": DIRECTOR}
        stood = await office.look_at_policy(FROM_25000)

        removed = await office.send("removePolicyApprover", **members)
        again = await office.send("removePolicyApprover", **members)
        added = await office.send("addPolicyApprover", **members)

        none = {**stood, "mandatoryApprovers": []}
        assert removed == payload("APPLIED", none)
        assert again == payload("ALREADY_APPLIED", none)
        assert added == payload("APPLIED", stood)
        assert len(writes(office.bill)) == 2

    async def test_who_has_left_is_removed(self, office: Office) -> None:
        office.simulator.state.users[DIRECTOR].is_active = "2"

        answer = await office.send(
            "removePolicyApprover",
            policyId=policy_id(FROM_25000),
            userSourceId=DIRECTOR,
        )

        assert answer["outcome"] == "APPLIED"
        assert answer["policy"]["mandatoryApprovers"] == []

    @pytest.mark.parametrize(
        ("mutation", "user_id", "message"),
        [
            ("addPolicyApprover", FORMER, inactive(FORMER)),
            *(
                (mutation, user_id, unknown_user(user_id))
                for mutation in ("addPolicyApprover", "removePolicyApprover")
                for user_id in ("", "136597", "00601NOBODY000000000", FROM_4000)
            ),
        ],
    )
    async def test_who_is_not_there_is_invalid_and_not_written(
        self, office: Office, mutation: str, user_id: str, message: str
    ) -> None:
        stood = await office.look_at_policy(FROM_25000)
        state = office.state()

        answer = await office.send(
            mutation, policyId=policy_id(FROM_25000), userSourceId=user_id
        )

        errors = refusal("INVALID", message, ["input", "userSourceId"])
        assert answer == payload("REFUSED", stood, errors)
        assert writes(office.bill) == []
        assert office.state() == state
