"""Reads that BILL refuses before a write, or where one is to be explained."""

from typing import Any

import httpx
import pytest

from gateway.providers.bill.simulator.directory import (
    ACCOUNTANT,
    FROM_4000,
)
from tests.providers.bill.odd_answers import (
    NO_CALL,
    UNTOLD,
    WRITES,
    members_of,
    page_at,
    refuse_with_its_reason,
)
from tests.providers.bill.reading import (
    policy_id,
)
from tests.providers.bill.writing import (
    Office,
    answering,
    failure,
    refusal,
)
from tests.support import (
    Handler,
    writes,
)


class TestRefusedReasons:
    """BILL refuses a write, and what would tell why: nothing was changed."""

    @pytest.mark.parametrize("code", ["BDC_1150", "BDC_1002", "BDC_1001", "BDC_9999"])
    @pytest.mark.parametrize("read", ["List/Profile", "List/User"])
    @pytest.mark.parametrize("mutation", WRITES)
    async def test_of_a_chain_they_are_a_conflict(
        self, office: Office, mutation: str, read: str, code: str
    ) -> None:
        call = WRITES[mutation][0]
        reads = [read, "Crud/Read/User"] if read == "List/User" else [read]
        refuse_with_its_reason(office, call, reads, code)
        state = office.state()

        body = await office.fail(mutation, **members_of(office, mutation, "BILL-1015"))

        payload = body["data"][mutation]
        [error] = payload["userErrors"]
        assert payload["outcome"] == "REFUSED"
        assert (error["code"], error["provider"]) == ("CONFLICT", "BILL")
        assert writes(office.bill) == [f"POST /{call}.json"]
        assert office.state() == state

    @pytest.mark.parametrize("code", ["BDC_1150", "BDC_1002", "BDC_1001", "BDC_9999"])
    @pytest.mark.parametrize("mutation", WRITES)
    async def test_a_second_look_that_fails_as_well_makes_it_no_other_error(
        self, office: Office, mutation: str, code: str
    ) -> None:
        call = WRITES[mutation][0]
        refuse_with_its_reason(office, call, ["ListApprovers"], code)
        state = office.state()

        body = await office.fail(mutation, **members_of(office, mutation, "BILL-1015"))

        payload = body["data"][mutation]
        assert payload is not None, body["errors"]
        assert payload["outcome"] == "REFUSED"
        assert [one["code"] for one in payload["userErrors"]] == ["CONFLICT"]
        assert writes(office.bill) == [f"POST /{call}.json"]
        assert office.state() == state

    @pytest.mark.parametrize("code", ["BDC_1150", "BDC_1001", "BDC_9999"])
    @pytest.mark.parametrize("read", ["List/Profile", "Crud/Read/User"])
    async def test_of_a_decision_they_are_told_to_be_untold(
        self, office: Office, read: str, code: str
    ) -> None:
        stood = await office.look("BILL-1015")
        refuse_with_its_reason(office, "Approve", [read], code)

        answer = await office.send("approve", id=office.id("BILL-1015"))

        assert answer == {
            "clientMutationId": None,
            "outcome": "REFUSED",
            "approvable": stood,
            "approvalStatus": None,
            "userErrors": refusal("CONFLICT", UNTOLD),
        }
        assert writes(office.bill) == ["POST /Approve.json"]

    @pytest.mark.parametrize("code", ["BDC_1150", "BDC_1001", "BDC_9999"])
    @pytest.mark.parametrize("read", ["List/Profile", "Crud/Read/User"])
    async def test_of_a_new_policy_they_are_told_to_be_untold(
        self, office: Office, read: str, code: str
    ) -> None:
        refuse_with_its_reason(office, "Crud/Create/ApprovalPolicy", [read], code)
        state = office.state()

        answer = await office.send(
            "createPolicy",
            amountThreshold="7300",
            minimumApprovers=2,
            appliesTo="BILL",
        )

        assert answer == {
            "clientMutationId": None,
            "outcome": "REFUSED",
            "policy": None,
            "userErrors": refusal("CONFLICT", UNTOLD),
        }
        assert writes(office.bill) == ["POST /Crud/Create/ApprovalPolicy.json"]
        assert office.state() == state


class TestRefusedReads:
    """What a write needs to read and BILL refuses is a refusal of the write."""

    @pytest.mark.parametrize(
        ("code", "told"),
        [
            ("BDC_1150", "FORBIDDEN"),
            ("BDC_9901", "CONFLICT"),
            ("BDC_1002", "CONFLICT"),
            ("BDC_1121", "UNSUPPORTED"),
        ],
    )
    @pytest.mark.parametrize(
        ("mutation", "read", "members"),
        [
            ("updatePolicy", "Crud/Read/ApprovalPolicy", {"minimumApprovers": 3}),
            ("deletePolicy", "Crud/Read/ApprovalPolicy", {}),
            ("restorePolicy", "Crud/Read/ApprovalPolicy", {}),
            (
                "addPolicyApprover",
                "Crud/Read/ApprovalPolicy",
                {"userSourceId": ACCOUNTANT},
            ),
            (
                "removePolicyApprover",
                "List/ApprovalPolicyApprover",
                {"userSourceId": ACCOUNTANT},
            ),
        ],
    )
    async def test_of_a_policy_it_is_a_user_error(
        self,
        office: Office,
        mutation: str,
        read: str,
        members: dict[str, Any],
        code: str,
        told: str,
    ) -> None:
        office.intercept(read, answering(failure(code)))

        body = await office.fail(mutation, policyId=policy_id(FROM_4000), **members)

        # The payload cannot show the policy either, and says so at its own path.
        answer = body["data"][mutation]
        assert answer["outcome"] == "REFUSED"
        assert [one["code"] for one in answer["userErrors"]] == [told]
        assert writes(office.bill) == []

    async def test_of_all_policies_none_is_made(self, office: Office) -> None:
        office.intercept("List/ApprovalPolicy", answering(failure("BDC_9901")))

        answer = await office.send("createPolicy", amountThreshold="10.00")

        assert answer["outcome"] == "REFUSED"
        assert [one["code"] for one in answer["userErrors"]] == ["CONFLICT"]
        assert writes(office.bill) == []

    async def test_of_users_no_chain_is_set(self, office: Office) -> None:
        office.intercept("Crud/Read/User", answering(failure("BDC_9901")))

        body = await office.fail(
            "setApprovers", invoiceId=office.id("BILL-1004"), userSourceIds=[ACCOUNTANT]
        )

        answer = body["data"]["setApprovers"]
        assert answer["outcome"] == "REFUSED"
        assert [one["code"] for one in answer["userErrors"]] == ["CONFLICT"]
        assert writes(office.bill) == []


class TestRefusedLooks:
    """What a person may not see before a write, they cannot write."""

    @pytest.mark.parametrize(
        ("code", "told"),
        [
            ("BDC_1150", "FORBIDDEN"),
            ("BDC_1121", "UNSUPPORTED"),
            ("BDC_9999", "CONFLICT"),
        ],
    )
    @pytest.mark.parametrize("read", ["List/Bill", "ListApprovers"])
    @pytest.mark.parametrize("mutation", WRITES)
    async def test_a_refused_look_is_a_user_error(
        self, office: Office, mutation: str, read: str, code: str, told: str
    ) -> None:
        office.intercept(read, answering(failure(code)))
        state = office.state()

        body = await office.fail(mutation, **members_of(office, mutation, "BILL-1015"))

        payload = body["data"][mutation]
        [error] = payload["userErrors"]
        assert payload["outcome"] == "REFUSED"
        assert (error["code"], error["provider"]) == (told, "BILL")
        assert writes(office.bill) == []
        assert office.state() == state

    @pytest.mark.parametrize(
        "absent", [failure("BDC_1121"), page_at(404)], ids=["BILL", "page"]
    )
    async def test_where_vendor_credits_are_not_listed_none_is_approved(
        self, office: Office, absent: httpx.Response
    ) -> None:
        async def missing(request: httpx.Request, upstream: Handler) -> httpx.Response:
            del request, upstream
            return httpx.Response(404, content=absent.content)

        office.intercept("List/VendorCredit", missing)
        state = office.state()

        body = await office.fail("approve", id=office.id("VC-1001"))

        payload = body["data"]["approve"]
        assert payload["outcome"] == "REFUSED"
        assert payload["userErrors"] == refusal("UNSUPPORTED", NO_CALL)
        assert writes(office.bill) == []
        assert office.state() == state
