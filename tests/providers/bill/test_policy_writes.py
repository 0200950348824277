"""Policies: made, changed, deleted, restored, and who must approve by them."""

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import httpx
import pytest
from msgspec import Struct

from gateway.app import create_app
from gateway.domain import ProviderName, encode_id
from gateway.providers.bill.simulator import BillSimulator
from gateway.providers.bill.simulator.directory import (
    ACCOUNTANT,
    BUYER,
    CONTROLLER,
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
from gateway.providers.ottimate import PROVIDER as OTTIMATE
from gateway.providers.ottimate.account import OttimateSettings
from gateway.sandbox import Sandbox
from gateway.settings import read_settings
from tests.providers.bill.writing import (
    Office,
    answering,
    before,
    envelope,
    failure,
    nobody_there,
    policy_id,
    refusal,
)
from tests.support import (
    OPERATIONS,
    Client,
    FakeTime,
    Handler,
    RecordingTransport,
    lose,
    never_arrives,
    never_leaves,
    writes,
)

CREATE = "POST /Crud/Create/ApprovalPolicy.json"
BULK = "POST /Bulk/Crud/Create/ApprovalPolicyApprover.json"
DELETE = "POST /Crud/Delete/ApprovalPolicy.json"
NOW = "2026-11-02T18:00:00+00:00"

NOT_ADMINISTRATOR = (
    "BILL lets administrators change policies, and you are none there. Nothing was "
    "changed."
)
ABSENT = "There is no such policy for this account. Nothing was changed."
WITHDRAWN = (
    "BILL made the policy, but not all of its mandatory approvers, so the policy was "
    "deleted again."
)
NOT_TAKEN = "BILL does not take this change of the policy. Nothing was changed."
BAD_VALUES = "BILL does not take a policy of these values. Nothing was changed."
BAD_AMOUNT = "`amountThreshold` takes zero or more, below a thousand billion."
BAD_CENTS = "`amountThreshold` takes two decimals at most."
BAD_COUNT = "`minimumApprovers` takes 0 to 100."


def payload(outcome: str, policy: Any, errors: Any = ()) -> dict[str, Any]:
    return {
        "clientMutationId": None,
        "outcome": outcome,
        "policy": policy,
        "userErrors": list(errors),
    }


def unknown_user(user_id: str) -> str:
    return (
        f"BILL has no user `{user_id}` in this organization. Send ids of users as "
        "approvers show them. Nothing was changed."
    )


def inactive(user_id: str) -> str:
    return f"The user `{user_id}` is not active in BILL any more. Nothing was changed."


async def run_lifecycle(office: Office, name: str, **members: Any) -> Any:
    """Return the payload of one of the mutations of the operation PolicyLifecycle."""
    query = (OPERATIONS / "PolicyLifecycle.graphql").read_text(encoding="utf-8")
    response = await office.client.http.post(
        "/graphql",
        json={
            "query": query,
            "operationName": name,
            "variables": {"input": members},
        },
    )
    body = response.json()
    assert list(body) == ["data"], body
    (shown,) = body["data"].values()
    return shown


async def test_a_policy_lives_through_the_operation_policy_lifecycle(
    office: Office, time: FakeTime
) -> None:
    created = await run_lifecycle(
        office,
        "CreatePolicy",
        amountThreshold="2500.00",
        minimumApprovers=2,
        appliesTo="BILL",
        mandatoryApproverSourceIds=[DIRECTOR, CONTROLLER],
    )
    identity = {name: created["policy"][name] for name in ("id", "sourceId")}
    time.advance(60)
    updated = await run_lifecycle(
        office,
        "UpdatePolicy",
        policyId=identity["id"],
        amountThreshold="3000.5",
        minimumApprovers=1,
    )
    time.advance(60)
    deleted = await run_lifecycle(office, "DeletePolicy", policyId=identity["id"])
    time.advance(60)
    restored = await run_lifecycle(office, "RestorePolicy", policyId=identity["id"])

    users = [
        {"sourceId": DIRECTOR, "displayName": "Dana Whitfield"},
        {"sourceId": CONTROLLER, "displayName": "Carla Mendes"},
    ]
    made = {
        **identity,
        "name": "Bills of $2500.00 or more require at least 2 approvers",
        "amountThreshold": {"amount": "2500.00", "currency": None},
        "minimumApprovers": 2,
        "isActive": True,
        "mandatoryApprovers": users,
        "updatedAt": "2026-11-02T18:00:00+00:00",
    }
    changed = {
        **made,
        "name": "Bills of $3000.50 or more require at least 1 approver",
        "amountThreshold": {"amount": "3000.50", "currency": None},
        "minimumApprovers": 1,
        "updatedAt": "2026-11-02T18:01:00+00:00",
    }
    gone = {**changed, "isActive": False, "updatedAt": "2026-11-02T18:02:00+00:00"}
    # Quirk: restoring repeats the time of the deletion.
    back = {**gone, "isActive": True}
    assert [created, updated, deleted, restored] == [
        {"outcome": "APPLIED", "policy": policy, "userErrors": []}
        for policy in (made, changed, gone, back)
    ]
    assert writes(office.bill) == [
        CREATE,
        BULK,
        "POST /Crud/Update/ApprovalPolicy.json",
        DELETE,
        "POST /Crud/Undelete/ApprovalPolicy.json",
    ]


class TestCreate:
    """`createPolicy`: the policy, and then its mandatory approvers in one call."""

    async def test_every_member_is_sent(self, office: Office) -> None:
        answer = await office.send(
            "createPolicy",
            amountThreshold="700.50",
            minimumApprovers=3,
            appliesTo="VENDOR_CREDIT",
            mandatoryApproverSourceIds=[LEAD, BUYER],
            clientMutationId="m-1",
        )

        made = answer["policy"]["sourceId"]
        assert answer == {
            "clientMutationId": "m-1",
            "outcome": "APPLIED",
            "policy": {
                "sourceId": made,
                "name": "Vendor Credits of $700.50 or more require at least 3 "
                "approvers",
                "appliesTo": "VENDOR_CREDIT",
                "amountThreshold": {"amount": "700.50", "currency": None},
                "minimumApprovers": 3,
                "isActive": True,
                "mandatoryApprovers": [{"sourceId": LEAD}, {"sourceId": BUYER}],
                "createdAt": NOW,
                "updatedAt": NOW,
            },
            "userErrors": [],
        }
        obj = {
            "entity": "ApprovalPolicy",
            "isActive": "1",
            "type": "1",
            "amountThreshold": 700.50,
            "minNumApprovers": 3,
        }
        bulk = [
            {
                "obj": {
                    "entity": "ApprovalPolicyApprover",
                    "approvalPolicyId": made,
                    "usersId": user_id,
                }
            }
            for user_id in (LEAD, BUYER)
        ]
        assert office.written() == [(CREATE, {"obj": obj}), (BULK, {"bulk": bulk})]

    async def test_it_costs_a_look_a_write_and_a_read_back(
        self, office: Office
    ) -> None:
        await office.send("createPolicy", amountThreshold="700")

        assert office.bill.calls == [
            "POST /List/ApprovalPolicy.json",
            CREATE,
            "POST /Crud/Read/ApprovalPolicy.json",
            "POST /List/ApprovalPolicyApprover.json",
        ]

    @pytest.mark.parametrize(
        ("members", "least", "mandatory"),
        [
            ({}, 1, []),
            ({"minimumApprovers": None}, 1, []),
            ({"mandatoryApproverSourceIds": None}, 1, []),
            ({"mandatoryApproverSourceIds": []}, 1, []),
            ({"mandatoryApproverSourceIds": [DIRECTOR, BUYER]}, 2, [DIRECTOR, BUYER]),
            (
                {
                    "mandatoryApproverSourceIds": [DIRECTOR, BUYER],
                    "minimumApprovers": 1,
                },
                1,
                [DIRECTOR, BUYER],
            ),
            ({"minimumApprovers": 1}, 1, []),
            ({"minimumApprovers": 100}, 100, []),
        ],
    )
    async def test_as_many_must_approve_as_are_named_and_one_at_least(
        self, office: Office, members: dict[str, Any], least: int, mandatory: list[str]
    ) -> None:
        answer = await office.send("createPolicy", amountThreshold="700", **members)

        policy = answer["policy"]
        assert answer["outcome"] == "APPLIED"
        assert policy["minimumApprovers"] == least
        assert policy["appliesTo"] == "BILL"
        assert policy["mandatoryApprovers"] == [{"sourceId": one} for one in mandatory]

    @pytest.mark.parametrize(
        ("sent", "amount"),
        [
            ("0", "0.00"),
            (0, "0.00"),
            ("0.01", "0.01"),
            ("12.5", "12.50"),
            (12.5, "12.50"),
            ("12.500", "12.50"),
            ("1e3", "1000.00"),
            ("-0", "0.00"),
            ("999999999999.99", "999999999999.99"),
        ],
    )
    async def test_a_threshold_is_kept_to_the_cent(
        self, office: Office, sent: object, amount: str
    ) -> None:
        answer = await office.send("createPolicy", amountThreshold=sent)

        assert answer["outcome"] == "APPLIED"
        assert answer["policy"]["amountThreshold"] == {
            "amount": amount,
            "currency": None,
        }
        assert answer["policy"]["name"] == (
            f"Bills of ${amount} or more require at least 1 approver"
        )

    async def test_two_policies_may_be_alike(self, office: Office) -> None:
        first = await office.send(
            "createPolicy", amountThreshold="4000.00", minimumApprovers=2
        )
        second = await office.send(
            "createPolicy", amountThreshold="4000.00", minimumApprovers=2
        )

        ids = [FROM_4000, first["policy"]["sourceId"], second["policy"]["sourceId"]]
        assert len(set(ids)) == 3
        assert writes(office.bill) == [CREATE, CREATE]

    @pytest.mark.parametrize(
        ("members", "message", "field"),
        [
            ({"amountThreshold": "-0.01"}, BAD_AMOUNT, "amountThreshold"),
            ({"amountThreshold": -4000}, BAD_AMOUNT, "amountThreshold"),
            ({"amountThreshold": "1000000000000"}, BAD_AMOUNT, "amountThreshold"),
            ({"amountThreshold": "1e400"}, BAD_AMOUNT, "amountThreshold"),
            ({"amountThreshold": "12.345"}, BAD_CENTS, "amountThreshold"),
            ({"amountThreshold": "0.001"}, BAD_CENTS, "amountThreshold"),
            ({"amountThreshold": "1e-400"}, BAD_CENTS, "amountThreshold"),
            ({"minimumApprovers": -1}, BAD_COUNT, "minimumApprovers"),
            ({"minimumApprovers": 101}, BAD_COUNT, "minimumApprovers"),
            (
                {"minimumApprovers": 0},
                "`minimumApprovers` is 0 only where somebody must approve by name.",
                "minimumApprovers",
            ),
            (
                {"minimumApprovers": 0, "mandatoryApproverSourceIds": []},
                "`minimumApprovers` is 0 only where somebody must approve by name.",
                "minimumApprovers",
            ),
            *(
                (
                    {"appliesTo": kind},
                    "`appliesTo` takes BILL or VENDOR_CREDIT.",
                    "appliesTo",
                )
                for kind in ("INVOICE", "CREDIT_MEMO")
            ),
            (
                {"mandatoryApproverSourceIds": [BUYER, BUYER]},
                "A person is named twice.",
                "mandatoryApproverSourceIds",
            ),
            (
                {"mandatoryApproverSourceIds": [f"{n:020}" for n in range(101)]},
                "A policy takes at most 100 mandatory approvers.",
                "mandatoryApproverSourceIds",
            ),
        ],
    )
    async def test_what_is_out_of_bounds_is_invalid_without_a_call(
        self, office: Office, members: dict[str, Any], message: str, field: str
    ) -> None:
        state = office.state()

        answer = await office.send(
            "createPolicy", **{"amountThreshold": "700", **members}
        )

        errors = refusal("INVALID", message, ["input", field])
        assert answer == payload("REFUSED", None, errors)
        assert (office.bill.calls, office.bill.sign_ins) == ([], 0)
        assert office.state() == state

    @pytest.mark.parametrize(
        "text", ["NaN", "sNaN", "Infinity", "-inf", "", "12,50", "$12", "a lot", True]
    )
    async def test_what_is_no_number_is_no_threshold(
        self, office: Office, text: object
    ) -> None:
        body = await office.fail("createPolicy", amountThreshold=text)

        assert "data" not in body
        assert [one["extensions"]["code"] for one in body["errors"]] == [
            "BAD_USER_INPUT"
        ]
        assert (office.bill.calls, office.bill.sign_ins) == ([], 0)

    @pytest.mark.parametrize(
        ("users", "message"),
        [
            ([FORMER], inactive(FORMER)),
            ([BUYER, FORMER], inactive(FORMER)),
            (
                ["00601NOBODY000000000"],
                unknown_user("00601NOBODY000000000"),
            ),
            ([BUYER, "136597"], unknown_user("136597")),
            ([""], unknown_user("")),
            ([FROM_4000], unknown_user(FROM_4000)),
        ],
    )
    async def test_mandatory_approvers_who_are_not_there_are_refused_before_a_write(
        self, office: Office, users: list[str], message: str
    ) -> None:
        state = office.state()

        answer = await office.send(
            "createPolicy", amountThreshold="700", mandatoryApproverSourceIds=users
        )

        field = ["input", "mandatoryApproverSourceIds"]
        assert answer == payload("REFUSED", None, refusal("INVALID", message, field))
        assert writes(office.bill) == []
        assert office.state() == state


class TestWithdrawn:
    """A policy whose mandatory approvers cannot be made is no policy that was asked."""

    async def create(self, office: Office) -> dict[str, Any]:
        return await office.fail(
            "createPolicy",
            amountThreshold="700",
            mandatoryApproverSourceIds=[DIRECTOR, BUYER],
        )

    def made(self, office: Office) -> Any:
        """Return the one policy that was made."""
        policies = list(office.simulator.state.policies.values())
        assert len(policies) == 7
        return policies[-1]

    async def test_one_that_fails_among_many_takes_the_policy_back(
        self, office: Office
    ) -> None:
        def leave() -> None:
            # BILL does not find this user any more.
            office.simulator.state.users.pop(BUYER)

        office.intercept("Bulk/Crud/Create/ApprovalPolicyApprover", before(leave))

        body = await self.create(office)

        shown = body["data"]["createPolicy"]
        assert shown["outcome"] == "REFUSED"
        assert shown["userErrors"] == refusal("CONFLICT", WITHDRAWN)
        assert self.made(office).is_active == "2"
        assert writes(office.bill) == [CREATE, BULK, DELETE]

    @pytest.mark.parametrize(
        "answer",
        [
            failure("BDC_1002"),
            failure("BDC_1205"),
            failure("BDC_9901"),
            failure("BDC_1121"),
            failure("BDC_1001"),
            envelope({"bulk": []}),
            envelope({}),
            envelope(None),
            envelope({"bulk": "what"}),
            httpx.Response(502, content=b"<h1>Bad Gateway</h1>"),
        ],
        ids=[
            "misspelt",
            "absent",
            "refused",
            "no call",
            "system error",
            "too few",
            "nothing",
            "null",
            "text",
            "page",
        ],
    )
    async def test_a_call_that_makes_none_takes_the_policy_back(
        self, office: Office, answer: httpx.Response
    ) -> None:
        office.intercept("Bulk/Crud/Create/ApprovalPolicyApprover", answering(answer))

        body = await self.create(office)

        errors = refusal("CONFLICT", WITHDRAWN)
        assert body["data"]["createPolicy"] == payload("REFUSED", None, errors)
        assert list(body) == ["data"]
        assert self.made(office).is_active == "2"
        assert writes(office.bill) == [CREATE, BULK, DELETE]

    async def test_a_call_that_never_leaves_is_not_told_as_if_nothing_happened(
        self, office: Office
    ) -> None:
        office.intercept("Bulk/Crud/Create/ApprovalPolicyApprover", never_leaves)

        body = await self.create(office)

        errors = refusal("CONFLICT", WITHDRAWN)
        assert body["data"]["createPolicy"] == payload("REFUSED", None, errors)
        assert list(body) == ["data"]
        assert self.made(office).is_active == "2"
        assert writes(office.bill) == [CREATE, BULK, DELETE]

    @pytest.mark.parametrize("withdrawal", ["refused", "unreachable", "hour spent"])
    async def test_where_it_cannot_be_taken_back_nobody_is_told_that_it_was_not_made(
        self, office: Office, withdrawal: str
    ) -> None:
        async def withdraw(request: httpx.Request, upstream: Handler) -> httpx.Response:
            del upstream
            if withdrawal == "unreachable":
                raise httpx.ConnectError("refused", request=request)
            code = {"refused": "BDC_9901", "hour spent": "BDC_1144"}[withdrawal]
            return failure(code)

        office.intercept(
            "Bulk/Crud/Create/ApprovalPolicyApprover", answering(failure("BDC_1002"))
        )
        office.intercept("Crud/Delete/ApprovalPolicy", withdraw)

        body = await self.create(office)

        # It stands, so that sending again would make another.
        assert self.made(office).is_active == "1"
        shown = body["data"]["createPolicy"]
        policy = shown.pop("policy")
        assert shown == {
            "clientMutationId": None,
            "outcome": "UNKNOWN",
            "userErrors": [],
        }
        if withdrawal == "hour spent":
            # What it is cannot be read before the hour turns.
            assert policy is None
            (error,) = body["errors"]
            assert error["path"] == ["createPolicy", "policy"]
            assert error["extensions"]["code"] == "UPSTREAM_RATE_LIMITED"
        else:
            assert list(body) == ["data"]
            assert policy["sourceId"] == self.made(office).id
            assert policy["mandatoryApprovers"] == []
        assert writes(office.bill) == [CREATE, BULK, DELETE]

    async def test_a_lost_withdrawal_is_unknown(self, office: Office) -> None:
        office.intercept(
            "Bulk/Crud/Create/ApprovalPolicyApprover", answering(failure("BDC_1002"))
        )
        office.intercept("Crud/Delete/ApprovalPolicy", never_arrives)

        body = await self.create(office)

        shown = body["data"]["createPolicy"]
        assert (shown["outcome"], shown["userErrors"]) == ("UNKNOWN", [])
        assert shown["policy"]["sourceId"] == self.made(office).id
        assert writes(office.bill) == [CREATE, BULK, DELETE]

    @pytest.mark.parametrize("fault", ["lost_answer", "truncated", "empty"])
    async def test_approvers_whose_answer_was_lost_are_found(
        self, office: Office, switch_bill: Callable[..., None], fault: str
    ) -> None:
        switch_bill(
            fault=fault, fault_calls=("Bulk/Crud/Create/ApprovalPolicyApprover",)
        )

        body = await self.create(office)

        shown = body["data"]["createPolicy"]
        users = [{"sourceId": DIRECTOR}, {"sourceId": BUYER}]
        assert (shown["outcome"], shown["userErrors"]) == ("APPLIED", [])
        assert shown["policy"]["mandatoryApprovers"] == users
        assert self.made(office).is_active == "1"
        assert writes(office.bill) == [CREATE, BULK]


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


class Change(Struct, frozen=True, kw_only=True):
    """A mutation of a policy that sends one call."""

    mutation: str
    call: str
    source_id: str | None = None
    members: Mapping[str, Any] = {}

    def variables(self) -> dict[str, Any]:
        if self.source_id is None:
            return dict(self.members)
        return {"policyId": policy_id(self.source_id), **self.members}

    async def send(self, office: Office, person: str | None = None) -> dict[str, Any]:
        return await office.send(self.mutation, person=person, **self.variables())


CHANGES = {
    "create": Change(
        mutation="createPolicy",
        call="Crud/Create/ApprovalPolicy",
        members={"amountThreshold": "700"},
    ),
    "update": Change(
        mutation="updatePolicy",
        call="Crud/Update/ApprovalPolicy",
        source_id=FROM_4000,
        members={"minimumApprovers": 3},
    ),
    "delete": Change(
        mutation="deletePolicy",
        call="Crud/Delete/ApprovalPolicy",
        source_id=FROM_4000,
    ),
    "restore": Change(
        mutation="restorePolicy",
        call="Crud/Undelete/ApprovalPolicy",
        source_id=DELETED_FROM_4000,
    ),
    "add": Change(
        mutation="addPolicyApprover",
        call="Crud/Create/ApprovalPolicyApprover",
        source_id=FROM_4000,
        members={"userSourceId": BUYER},
    ),
    "remove": Change(
        mutation="removePolicyApprover",
        call="Crud/Delete/ApprovalPolicyApprover",
        source_id=FROM_25000,
        members={"userSourceId": DIRECTOR},
    ),
}
ON_POLICIES = [name for name in CHANGES if name != "create"]


@pytest.fixture(params=CHANGES)
def change(request: pytest.FixtureRequest) -> Change:
    return CHANGES[str(request.param)]


@pytest.fixture
async def once(office: Office, change: Change) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what a change answers and leaves behind, and undo it."""
    answer = await change.send(office)
    state = office.state()
    office.simulator.reset()
    office.bill.clear()
    return answer, state


@pytest.mark.parametrize(
    "person", ["accountant", "approver", "payer", "clerk", "auditor"]
)
async def test_only_administrators_change_policies(
    office: Office, change: Change, person: str
) -> None:
    stood = change.source_id and await office.look_at_policy(change.source_id)
    state = office.state()

    answer = await change.send(office, person)

    errors = refusal("FORBIDDEN", NOT_ADMINISTRATOR)
    assert answer == payload("REFUSED", stood, errors)
    assert writes(office.bill) == [f"POST /{change.call}.json"]
    assert office.state() == state


async def test_a_custom_profile_does_not_tell_why_it_was_refused(
    office: Office, change: Change
) -> None:
    stood = change.source_id and await office.look_at_policy(change.source_id)
    state = office.state()

    answer = await change.send(office, "buyer")

    assert answer == payload("REFUSED", stood, refusal("CONFLICT", NOT_TAKEN))
    assert writes(office.bill) == [f"POST /{change.call}.json"]
    assert office.state() == state


async def test_a_person_without_credentials_changes_no_policy(
    office: Office, change: Change
) -> None:
    stood = change.source_id and await office.look_at_policy(change.source_id)
    state = office.state()

    answer = await change.send(office, "visitor")

    assert answer == payload("REFUSED", stood, nobody_there())
    assert writes(office.bill) == []
    assert office.state() == state


@pytest.mark.parametrize("change", [CHANGES[name] for name in ON_POLICIES])
@pytest.mark.parametrize(
    "source_id", ["", "plcy_1", "0" * 20, "app01NOSUCHPOLICY000", CONTROLLER]
)
async def test_an_unknown_policy_is_not_found_and_nothing_is_written(
    office: Office, change: Change, source_id: str
) -> None:
    state = office.state()
    members = {**change.members, "policyId": policy_id(source_id)}

    answer = await office.send(change.mutation, **members)

    errors = refusal("NOT_FOUND", ABSENT, ["input", "policyId"])
    assert answer == payload("REFUSED", None, errors)
    assert writes(office.bill) == []
    assert office.state() == state


@pytest.mark.parametrize("change", [CHANGES[name] for name in ON_POLICIES])
@pytest.mark.parametrize("malformed", ["", FROM_4000, "an invoice's"])
async def test_a_malformed_id_or_one_of_another_type_is_invalid_without_a_call(
    office: Office, change: Change, malformed: str
) -> None:
    sent = office.id("BILL-1001") if malformed == "an invoice's" else malformed

    answer = await office.send(change.mutation, **{**change.members, "policyId": sent})

    (error,) = answer.pop("userErrors")
    assert answer == {"clientMutationId": None, "outcome": "REFUSED", "policy": None}
    assert (error["code"], error["field"]) == ("INVALID", ["input", "policyId"])
    assert (office.bill.calls, office.bill.sign_ins) == ([], 0)


@pytest.mark.parametrize("change", [CHANGES[name] for name in ON_POLICIES])
async def test_a_policy_of_ottimates_is_unsupported_without_a_call(
    office: Office, change: Change, ottimate: RecordingTransport
) -> None:
    theirs = encode_id(
        "Policy", ProviderName.OTTIMATE, "plcy_e00205b8f7cf11f0b0300eff1c63a64d"
    )

    answer = await office.send(
        change.mutation, **{**change.members, "policyId": theirs}
    )

    (error,) = answer.pop("userErrors")
    assert answer == {"clientMutationId": None, "outcome": "REFUSED", "policy": None}
    assert (error["code"], error["provider"]) == ("UNSUPPORTED", "OTTIMATE")
    for upstream in (office.bill, ottimate):
        assert (upstream.calls, upstream.sign_ins) == ([], 0)


class TestNoBill:
    """A gateway that is connected to Ottimate alone."""

    @pytest.fixture
    async def office(
        self,
        sandbox: Sandbox,
        ottimate: RecordingTransport,
        bill: RecordingTransport,
        bill_simulator: BillSimulator,
        time: FakeTime,
        monkeypatch: pytest.MonkeyPatch,
    ) -> AsyncIterator[Office]:
        for word, value in sandbox.settings(OTTIMATE).items():
            monkeypatch.setenv(f"GATEWAY_OTTIMATE__{word.upper()}", value)
        app = create_app(
            read_settings({"ottimate": OttimateSettings}),
            transports={ProviderName.OTTIMATE: ottimate},
            clock=time.clock,
        )
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://127.0.0.1"
        ) as http:
            yield Office(Client(http), bill, bill_simulator)

    async def test_no_policy_can_be_made(
        self, office: Office, ottimate: RecordingTransport
    ) -> None:
        answer = await office.send(
            "createPolicy", amountThreshold="700", clientMutationId="m-1"
        )

        (error,) = answer.pop("userErrors")
        assert answer == {
            "clientMutationId": "m-1",
            "outcome": "REFUSED",
            "policy": None,
        }
        assert error == {
            "code": "UNSUPPORTED",
            "message": "No provider of this gateway has calls that change policies; "
            "BILL has. Nothing was sent.",
            "field": None,
            "provider": None,
        }
        for upstream in (office.bill, ottimate):
            assert (upstream.calls, upstream.sign_ins) == ([], 0)

    @pytest.mark.parametrize("change", [CHANGES[name] for name in ON_POLICIES])
    async def test_no_policy_of_bills_can_be_changed(
        self, office: Office, ottimate: RecordingTransport, change: Change
    ) -> None:
        answer = await change.send(office)

        (error,) = answer.pop("userErrors")
        assert answer == {
            "clientMutationId": None,
            "outcome": "REFUSED",
            "policy": None,
        }
        assert error == {
            "code": "INVALID",
            "message": "This gateway is not connected to BILL.",
            "field": ["input", "policyId"],
            "provider": None,
        }
        for upstream in (office.bill, ottimate):
            assert (upstream.calls, upstream.sign_ins) == ([], 0)


@pytest.mark.parametrize("fault", ["lost_answer", "truncated", "empty"])
async def test_a_change_that_was_done_is_proven_by_reading(
    office: Office,
    change: Change,
    once: tuple[dict[str, Any], dict[str, Any]],
    switch_bill: Callable[..., None],
    time: FakeTime,
    fault: str,
) -> None:
    switch_bill(fault=fault, fault_calls=(change.call,))

    answer = await change.send(office)

    assert (answer, office.state()) == once
    assert answer["outcome"] == "APPLIED"
    assert writes(office.bill) == [f"POST /{change.call}.json"]
    assert time.slept == [0.0]


async def test_a_change_that_was_done_is_proven_after_a_time_out(
    office: Office, change: Change, once: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    office.intercept(change.call, lose)

    answer = await change.send(office)

    assert (answer, office.state()) == once
    assert writes(office.bill) == [f"POST /{change.call}.json"]


@pytest.mark.parametrize(
    "fault", ["bad_gateway_html", "html", "system_error", "never_arrives"]
)
async def test_a_change_that_reading_does_not_prove_is_unknown_and_not_sent_again(
    office: Office,
    change: Change,
    switch_bill: Callable[..., None],
    time: FakeTime,
    fault: str,
) -> None:
    stood = change.source_id and await office.look_at_policy(change.source_id)
    state = office.state()
    if fault == "never_arrives":
        office.intercept(change.call, never_arrives)
    else:
        switch_bill(fault=fault, fault_calls=(change.call,))

    answer = await change.send(office)

    assert answer == payload("UNKNOWN", stood)
    assert writes(office.bill) == [f"POST /{change.call}.json"]
    assert office.state() == state
    assert time.slept == [0.0, 0.5, 1.5]


async def test_a_session_that_ended_is_renewed_and_the_change_sent_once_more(
    office: Office,
    change: Change,
    once: tuple[dict[str, Any], dict[str, Any]],
    switch_bill: Callable[..., None],
) -> None:
    await office.look("BILL-1001")
    switch_bill(fault="session_lost", fault_calls=(change.call,), fault_times=1)

    answer = await change.send(office)

    assert (answer, office.state()) == once
    assert writes(office.bill) == [f"POST /{change.call}.json"] * 2
    assert office.bill.sign_ins == 1


async def test_a_change_waits_for_a_free_slot(
    office: Office, change: Change, switch_bill: Callable[..., None]
) -> None:
    switch_bill(fault="busy", fault_calls=(change.call,), fault_times=2)

    answer = await change.send(office)

    assert answer["outcome"] == "APPLIED"
    assert writes(office.bill) == [f"POST /{change.call}.json"] * 3


async def test_a_change_that_never_left_is_a_fault_that_may_be_tried_again(
    office: Office, change: Change
) -> None:
    office.intercept(change.call, never_leaves)
    state = office.state()

    body = await office.fail(change.mutation, **change.variables())

    (error,) = body["errors"]
    assert body["data"] == {change.mutation: None}
    assert error["extensions"] == {
        "code": "UPSTREAM_UNAVAILABLE",
        "provider": "BILL",
        "retryable": True,
        "requestId": body["extensions"]["requestId"],
    }
    assert writes(office.bill) == [f"POST /{change.call}.json"]
    assert office.state() == state


async def test_a_new_policy_beside_a_twin_of_another_hand_is_not_guessed(
    office: Office,
) -> None:
    # Somebody else makes the same policy while the answer to ours is lost.
    async def twice(request: httpx.Request, upstream: Handler) -> httpx.Response:
        await upstream(request)
        return await lose(request, upstream)

    office.intercept("Crud/Create/ApprovalPolicy", twice)

    answer = await office.send("createPolicy", amountThreshold="700")

    assert answer == payload("UNKNOWN", None)
    assert writes(office.bill) == [CREATE]


async def test_a_policy_like_one_that_stood_before_is_told_apart(
    office: Office, switch_bill: Callable[..., None]
) -> None:
    switch_bill(fault="lost_answer", fault_calls=("Crud/Create/ApprovalPolicy",))

    answer = await office.send(
        "createPolicy", amountThreshold="4000.00", minimumApprovers=2
    )

    assert answer["outcome"] == "APPLIED"
    assert answer["policy"]["sourceId"] not in {FROM_4000, DELETED_FROM_4000}
    assert writes(office.bill) == [CREATE]


@pytest.mark.parametrize(
    "data", [None, {}, [], {"entity": "ApprovalPolicy"}, {"id": 7}, "app01"]
)
async def test_a_new_policy_is_found_behind_an_answer_that_hides_it(
    office: Office, data: Any
) -> None:
    async def hide(request: httpx.Request, upstream: Handler) -> httpx.Response:
        await upstream(request)
        return envelope(data)

    office.intercept("Crud/Create/ApprovalPolicy", hide)

    answer = await office.send(
        "createPolicy", amountThreshold="700", mandatoryApproverSourceIds=[ACCOUNTANT]
    )

    assert answer["outcome"] == "APPLIED"
    assert answer["policy"]["mandatoryApprovers"] == [{"sourceId": ACCOUNTANT}]
    assert writes(office.bill) == [CREATE, BULK]


@pytest.mark.parametrize("code", ["BDC_1205", "BDC_1302", "BDC_1150", "BDC_7777"])
async def test_a_change_that_bill_refuses_an_administrator_is_a_conflict(
    office: Office, change: Change, code: str
) -> None:
    office.intercept(change.call, answering(failure(code)))
    stood = change.source_id and await office.look_at_policy(change.source_id)

    answer = await change.send(office)

    assert answer == payload("REFUSED", stood, refusal("CONFLICT", NOT_TAKEN))
    assert writes(office.bill) == [f"POST /{change.call}.json"]
