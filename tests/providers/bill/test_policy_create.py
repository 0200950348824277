"""Policies that are made, and withdrawn where their approvers cannot be."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from gateway.providers.bill.simulator.directory import (
    BUYER,
    CONTROLLER,
    DIRECTOR,
    FORMER,
    FROM_4000,
    LEAD,
)
from tests.providers.bill.policies import (
    BAD_AMOUNT,
    BAD_CENTS,
    BAD_COUNT,
    BULK,
    CREATE,
    DELETE,
    NOW,
    WITHDRAWN,
    inactive,
    payload,
    unknown_user,
)
from tests.providers.bill.writing import (
    Office,
    answering,
    before,
    envelope,
    failure,
    refusal,
)
from tests.support import (
    OPERATIONS,
    FakeTime,
    Handler,
    never_arrives,
    never_leaves,
    writes,
)


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
