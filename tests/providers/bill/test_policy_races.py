"""Policies made twice at once, or by half: none that was told of is taken away."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import httpx
import pytest

from gateway.providers.bill.simulator.directory import CONTROLLER, DIRECTOR
from gateway.providers.bill.simulator.objects import ApprovalPolicy
from tests.providers.bill.writing import (
    Intercept,
    Office,
    answering,
    failure,
    refusal,
)
from tests.support import (
    Handler,
    lose,
    never_arrives,
    writes,
)

CREATE = "POST /Crud/Create/ApprovalPolicy.json"
BULK = "POST /Bulk/Crud/Create/ApprovalPolicyApprover.json"
DELETE = "POST /Crud/Delete/ApprovalPolicy.json"
WITHDRAWN = (
    "BILL made the policy, but not all of its mandatory approvers, so the policy was "
    "deleted again."
)
DRAFT: Mapping[str, Any] = {
    "amountThreshold": "7300.00",
    "minimumApprovers": 2,
    "appliesTo": "BILL",
}


def only_at(place: int, handler: Intercept) -> Intercept:
    """Return what takes the call of one place, from 0, and lets the others through."""
    count = -1

    async def intercept(request: httpx.Request, upstream: Handler) -> httpx.Response:
        nonlocal count
        count += 1
        return await (
            handler(request, upstream) if count == place else upstream(request)
        )

    return intercept


async def refuse_though_done(
    request: httpx.Request, upstream: Handler
) -> httpx.Response:
    """Let BILL work, and say that it did not."""
    await upstream(request)
    return failure("BDC_1002")


async def create(office: Office, wanted: Sequence[str] = ()) -> dict[str, Any]:
    return await office.send(
        "createPolicy", **DRAFT, mandatoryApproverSourceIds=list(wanted)
    )


def made(office: Office, known: set[str]) -> list[ApprovalPolicy]:
    """Return the policies that BILL has now and had not."""
    policies = office.simulator.state.policies
    return [policy for one, policy in policies.items() if one not in known]


def shown(policy: ApprovalPolicy, wanted: Sequence[str]) -> dict[str, Any]:
    """Return a policy like the draft as the documents ask for it."""
    now = datetime.fromisoformat(policy.created_time).isoformat()
    return {
        "sourceId": policy.id,
        "name": "Bills of $7300.00 or more require at least 2 approvers",
        "appliesTo": "BILL",
        "amountThreshold": {"amount": "7300.00", "currency": None},
        "minimumApprovers": 2,
        "isActive": True,
        "mandatoryApprovers": [{"sourceId": one} for one in wanted],
        "createdAt": now,
        "updatedAt": now,
    }


def payload(outcome: str, policy: Any, errors: Any = ()) -> dict[str, Any]:
    return {
        "clientMutationId": None,
        "outcome": outcome,
        "policy": policy,
        "userErrors": list(errors),
    }


def all_stand(office: Office, answers: Sequence[dict[str, Any]]) -> bool:
    """Return whether every policy that an answer told to be there is in use."""
    told = [one["policy"] for one in answers if one["outcome"] == "APPLIED"]
    policies = office.simulator.state.policies
    return all(policies[one["sourceId"]].is_active == "1" for one in told)


class TestTwiceAtOnce:
    """One person makes the same policy twice, and one `Create` never comes to BILL."""

    @pytest.mark.parametrize("place", [0, 1])
    async def test_without_approvers_the_lost_one_takes_no_other_for_its_own(
        self, office: Office, place: int
    ) -> None:
        known = set(office.simulator.state.policies)
        office.intercept("Crud/Create/ApprovalPolicy", only_at(place, never_arrives))

        answers = await asyncio.gather(create(office), create(office))

        [policy] = made(office, known)
        assert answers[place] == payload("UNKNOWN", None)
        assert answers[1 - place] == payload("APPLIED", shown(policy, []))
        assert writes(office.bill) == [CREATE, CREATE]
        assert policy.is_active == "1"

    @pytest.mark.parametrize(
        ("place", "sent"), [(0, [CREATE, CREATE, BULK]), (1, [CREATE, BULK, CREATE])]
    )
    async def test_with_approvers_the_lost_one_takes_no_other_for_its_own(
        self, office: Office, place: int, sent: list[str]
    ) -> None:
        known = set(office.simulator.state.policies)
        office.intercept("Crud/Create/ApprovalPolicy", only_at(place, never_arrives))

        answers = await asyncio.gather(
            *(create(office, [DIRECTOR, CONTROLLER]) for _ in range(2))
        )

        [policy] = made(office, known)
        assert answers[place] == payload("UNKNOWN", None)
        assert answers[1 - place] == payload(
            "APPLIED", shown(policy, [DIRECTOR, CONTROLLER])
        )
        assert writes(office.bill) == sent
        assert policy.is_active == "1"

    @pytest.mark.parametrize("place", [0, 1])
    async def test_approvers_that_are_refused_end_in_nothing_applied(
        self, office: Office, place: int
    ) -> None:
        known = set(office.simulator.state.policies)
        office.intercept("Crud/Create/ApprovalPolicy", only_at(place, never_arrives))
        office.intercept(
            "Bulk/Crud/Create/ApprovalPolicyApprover", answering(failure("BDC_1002"))
        )

        answers = await asyncio.gather(
            *(create(office, [DIRECTOR, CONTROLLER]) for _ in range(2))
        )

        [policy] = made(office, known)
        # Only who was told its id by BILL takes it away.
        assert answers[1 - place] == payload(
            "REFUSED", None, refusal("CONFLICT", WITHDRAWN)
        )
        assert answers[place] == payload("UNKNOWN", None)
        assert writes(office.bill).count(DELETE) == 1
        assert policy.is_active == "2"

    @pytest.mark.parametrize("place", [0, 1])
    async def test_a_policy_without_approvers_is_not_the_one_that_asks_for_some(
        self, office: Office, place: int
    ) -> None:
        office.intercept("Crud/Create/ApprovalPolicy", only_at(place, never_arrives))
        office.intercept(
            "Bulk/Crud/Create/ApprovalPolicyApprover", answering(failure("BDC_1002"))
        )
        wanted: list[list[str]] = [[DIRECTOR], [DIRECTOR]]
        wanted[place] = []

        answers = await asyncio.gather(*(create(office, some) for some in wanted))

        assert all_stand(office, answers)

    async def test_both_that_come_to_bill_are_two(self, office: Office) -> None:
        known = set(office.simulator.state.policies)

        answers = await asyncio.gather(
            *(create(office, [DIRECTOR, CONTROLLER]) for _ in range(2))
        )

        policies = sorted(made(office, known), key=lambda policy: policy.id)
        assert sorted(answers, key=lambda one: one["policy"]["sourceId"]) == [
            payload("APPLIED", shown(policy, [DIRECTOR, CONTROLLER]))
            for policy in policies
        ]
        assert writes(office.bill) == [CREATE, BULK, CREATE, BULK]


class TestFoundByReading:
    """A `Create` whose answer was lost: the policy may be of another hand."""

    @pytest.mark.parametrize("code", ["BDC_1002", "BDC_1150", "BDC_9999"])
    async def test_refused_approvers_leave_it_as_it_is(
        self, office: Office, code: str
    ) -> None:
        known = set(office.simulator.state.policies)
        office.intercept("Crud/Create/ApprovalPolicy", lose)
        office.intercept(
            "Bulk/Crud/Create/ApprovalPolicyApprover", answering(failure(code))
        )

        answer = await create(office, [DIRECTOR, CONTROLLER])

        [policy] = made(office, known)
        assert answer == payload("UNKNOWN", shown(policy, []))
        assert writes(office.bill) == [CREATE, BULK]
        assert policy.is_active == "1"

    async def test_approvers_that_were_made_make_it_applied(
        self, office: Office
    ) -> None:
        known = set(office.simulator.state.policies)
        office.intercept("Crud/Create/ApprovalPolicy", lose)

        answer = await create(office, [DIRECTOR, CONTROLLER])

        [policy] = made(office, known)
        assert answer == payload("APPLIED", shown(policy, [DIRECTOR, CONTROLLER]))
        assert writes(office.bill) == [CREATE, BULK]


class TestAnswered:
    """A `Create` that was answered: the policy is surely this call's."""

    async def test_approvers_that_are_there_are_applied_whatever_bill_says(
        self, office: Office
    ) -> None:
        known = set(office.simulator.state.policies)
        office.intercept("Bulk/Crud/Create/ApprovalPolicyApprover", refuse_though_done)

        answer = await create(office, [DIRECTOR, CONTROLLER])

        [policy] = made(office, known)
        assert answer == payload("APPLIED", shown(policy, [DIRECTOR, CONTROLLER]))
        assert writes(office.bill) == [CREATE, BULK]

    async def test_approvers_that_are_not_there_withdraw_it(
        self, office: Office
    ) -> None:
        known = set(office.simulator.state.policies)
        office.intercept(
            "Bulk/Crud/Create/ApprovalPolicyApprover", answering(failure("BDC_1002"))
        )

        answer = await create(office, [DIRECTOR, CONTROLLER])

        [policy] = made(office, known)
        assert answer == payload("REFUSED", None, refusal("CONFLICT", WITHDRAWN))
        assert office.written()[-1] == (DELETE, {"id": policy.id})
        assert writes(office.bill) == [CREATE, BULK, DELETE]
        assert policy.is_active == "2"
