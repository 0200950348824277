"""Lists that are absent, never end, or take a filter for something else."""

from typing import Any

import httpx
import pytest

from gateway.providers.bill.simulator.directory import (
    ACCOUNTANT,
    APPROVER,
    BUYER,
    CONTROLLER,
)
from tests.providers.bill.odd_answers import (
    CHAINS,
    IGNORED,
    LITERAL,
    NO_CALL,
    ONE_KIND,
    WRITES,
    members_of,
    page_at,
    source,
)
from tests.providers.bill.reading import (
    APPROVERS,
    BILL_APPROVERS,
    BILLS,
    CREDITS,
    POLICIES,
    READ_USER,
    USERS,
    ids,
    in_order,
    matching,
    on_bill,
    read_pages,
)
from tests.providers.bill.signing_in import LOGIN, ONE, fault_of
from tests.providers.bill.writing import (
    Intercept,
    Office,
    answering,
    envelope,
    failure,
    refusal,
)
from tests.support import (
    Handler,
    writes,
)


class TestPagesOfOthers:
    """A path that is not there is answered with a page, by what stands before BILL."""

    @pytest.mark.parametrize("status", [404, 405, 501])
    @pytest.mark.parametrize("mutation", WRITES)
    async def test_a_write_at_no_path_is_unsupported_and_not_unknown(
        self, office: Office, mutation: str, status: int
    ) -> None:
        call = WRITES[mutation][0]
        office.intercept(call, answering(page_at(status)))
        stood = await office.look("BILL-1015")
        state = office.state()

        answer = await office.send(
            mutation, **members_of(office, mutation, "BILL-1015")
        )

        assert answer["outcome"] == "REFUSED"
        assert answer["userErrors"] == refusal("UNSUPPORTED", NO_CALL)
        assert answer.get("approvable", answer.get("invoice")) == stood
        assert writes(office.bill) == [f"POST /{call}.json"]
        assert office.state() == state

    @pytest.mark.parametrize("status", [404, 405, 501])
    async def test_a_list_of_approvers_at_no_path_is_done_without(
        self, office: Office, status: int
    ) -> None:
        office.intercept("List/BillApprover", answering(page_at(status)))
        wanted = [office.id("BILL-1001"), office.id("BILL-1004")]

        body = await office.client.execute(CHAINS, {"ids": wanted})

        assert body == {
            "data": {
                "nodes": [
                    {"approvers": [{"user": {"sourceId": one}} for one in some]}
                    for some in ([CONTROLLER, ACCOUNTANT], [CONTROLLER])
                ]
            }
        }
        assert office.bill.calls == [BILLS, BILL_APPROVERS, APPROVERS, APPROVERS, USERS]
        office.bill.clear()
        assert await office.client.execute(CHAINS, {"ids": wanted}) == body
        assert office.bill.calls == [BILLS, APPROVERS, APPROVERS, USERS]

    @pytest.mark.parametrize("status", [404, 405, 501])
    async def test_a_sign_in_at_no_path_is_an_address_that_is_not_bills(
        self, office: Office, status: int
    ) -> None:
        office.bill.interceptors[LOGIN] = answering(page_at(status))

        body = await office.client.execute(ONE)

        [error] = body["errors"]
        assert body["data"] == {"invoiceBySource": None}
        assert fault_of(body) == {
            "code": "UPSTREAM_RESPONSE_INVALID",
            "retryable": False,
            "provider": "BILL",
        }
        assert error["message"] == (
            "There is no sign-in at the address that is set for BILL; it ends in "
            "`/api/v2`."
        )
        assert office.bill.calls == []
        assert office.bill.sign_ins == 1


class TestIn:
    """That a list takes `in` is assumed (A!) of each list by itself."""

    @pytest.mark.parametrize("odd", [LITERAL, IGNORED], ids=["literal", "ignored"])
    @pytest.mark.parametrize("is_seen_to_work", [True, False])
    @pytest.mark.parametrize(
        ("states", "values"),
        [
            (["PENDING", "REJECTED"], ["0", "1", "4", "5"]),
            (["APPROVED", "NOT_REQUIRED"], ["0", "3"]),
            (["REJECTED"], ["5"]),
        ],
    )
    async def test_states_are_one_list_each_and_lose_nothing(
        self,
        office: Office,
        odd: Intercept,
        is_seen_to_work: bool,
        states: list[str],
        values: list[str],
    ) -> None:
        if is_seen_to_work:
            wanted = [office.id("BILL-1001"), office.id("BILL-1004")]
            await office.client.execute(CHAINS, {"ids": wanted})
            office.bill.clear()
        office.intercept("List/Bill", odd)
        office.intercept("List/VendorCredit", odd)

        pages = await read_pages(office.client, 100, {"states": states})

        rows = matching(office.simulator.state, {"states": states})
        assert ids(pages) == in_order(rows)
        asked = [
            one
            for index, call in enumerate(office.bill.calls)
            if call == BILLS
            for one in office.bill.data(index)["filters"]
        ]
        assert {one["op"] for one in asked if one["field"] != "createdTime"} == {"="}
        assert {
            one["value"] for one in asked if one["field"] == "approvalStatus"
        } == set(values)
        # The pages that follow are asked for by the instant of the last row.
        assert sum(one["field"] == "createdTime" for one in asked) == (
            office.bill.calls.count(BILLS) - len(values)
        )

    @pytest.mark.parametrize("odd", [LITERAL, IGNORED], ids=["literal", "ignored"])
    async def test_of_users_alone_it_hides_no_user(
        self, office: Office, odd: Intercept
    ) -> None:
        # Of bills it is seen to work before.
        wanted = [office.id("BILL-1001"), office.id("BILL-1004")]
        await office.client.execute(
            "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": wanted}
        )
        office.bill.clear()
        office.intercept("List/User", odd)

        answer = await office.send(
            "setApprovers",
            invoiceId=office.id("BILL-1015"),
            userSourceIds=[BUYER, APPROVER],
        )

        assert (answer["outcome"], answer["userErrors"]) == ("APPLIED", [])
        assert office.rows("BILL-1015") == [(BUYER, "0"), (APPROVER, "5")]
        assert office.written() == [
            (
                "POST /SetApprovers.json",
                {**office.target("BILL-1015"), "approvers": [BUYER, APPROVER]},
            )
        ]

    async def test_taken_literally_of_users_alone_each_is_read(
        self, office: Office
    ) -> None:
        office.intercept("List/User", LITERAL)

        # What was seen the first time is not tried again.
        for tried in ([USERS], []):
            office.bill.clear()
            answer = await office.send(
                "setApprovers",
                invoiceId=office.id("BILL-1015"),
                userSourceIds=[BUYER, "00601NOBODY000000000"],
            )
            assert [one["code"] for one in answer["userErrors"]] == ["INVALID"]
            assert writes(office.bill) == []
            assert sorted(office.bill.calls[:2]) == [BILLS, APPROVERS]
            looked_up = [*tried, READ_USER, READ_USER]
            assert office.bill.calls[2 : 2 + len(looked_up)] == looked_up


class TestAbsentCredits:
    """6.2: the reference names no list of vendor credits."""

    @pytest.fixture
    def absent(self, office: Office) -> Office:
        office.intercept("List/VendorCredit", answering(failure("BDC_1121")))
        return office

    async def test_a_list_of_them_is_not_whole_and_not_counted(
        self, absent: Office
    ) -> None:
        wanted = {"filter": on_bill({"kinds": ["VENDOR_CREDIT"]})}

        first = await absent.client.execute(ONE_KIND, wanted)
        calls = absent.bill.calls
        absent.bill.clear()
        second = await absent.client.execute(ONE_KIND, wanted)

        assert (
            first
            == second
            == {
                "data": {
                    "invoices": {
                        "nodes": [],
                        "totalCount": None,
                        "sources": [source(is_complete=False)],
                    }
                }
            }
        )
        assert calls == [CREDITS]
        assert absent.bill.calls == []

    async def test_bills_are_listed_without_them(self, absent: Office) -> None:
        body = await absent.client.execute(ONE_KIND, {"filter": on_bill()})

        bills = in_order(absent.simulator.state.bills.values())[:100]
        assert body == {
            "data": {
                "invoices": {
                    "nodes": [{"sourceId": one} for one in bills],
                    "totalCount": None,
                    "sources": [source(is_complete=False)],
                }
            }
        }

    async def test_a_list_of_bills_alone_is_whole_and_counted(
        self, absent: Office
    ) -> None:
        wanted = {"kinds": ["BILL"], "states": ["REJECTED"]}

        body = await absent.client.execute(ONE_KIND, {"filter": on_bill(wanted)})

        rows = matching(absent.simulator.state, wanted)
        assert body == {
            "data": {
                "invoices": {
                    "nodes": [{"sourceId": one} for one in in_order(rows)],
                    "totalCount": len(rows),
                    "sources": [source(is_complete=True)],
                }
            }
        }


class TestWhatIsLearned:
    """A fault is no sign that a call is absent."""

    @pytest.mark.parametrize("fault", ["BDC_1001", "timeout"])
    async def test_a_fault_of_list_approvers_teaches_nothing_of_the_list(
        self, office: Office, fault: str
    ) -> None:
        async def fail(request: httpx.Request, upstream: Handler) -> httpx.Response:
            del upstream
            if fault == "timeout":
                raise httpx.ReadTimeout("late", request=request)
            return failure(fault)

        # Nobody is asked about the second, which a list alone does not prove.
        wanted = {"ids": [office.id("BILL-1001"), office.id("BILL-1009")]}
        office.intercept("ListApprovers", fail)
        first = await office.client.execute(CHAINS, wanted)
        office.bill.interceptors.clear()
        office.bill.clear()

        second = await office.client.execute(CHAINS, wanted)

        chain = [{"user": {"sourceId": one}} for one in (CONTROLLER, ACCOUNTANT)]
        assert [one["path"] for one in first["errors"]] == [["nodes", 1, "approvers"]]
        assert first["data"] == {"nodes": [{"approvers": chain}, {"approvers": None}]}
        assert second == {"data": {"nodes": [{"approvers": chain}, {"approvers": []}]}}
        assert office.bill.calls == [
            BILLS,
            POLICIES,
            BILL_APPROVERS,
            APPROVERS,
            USERS,
        ]


class TestEndlessLists:
    """Lists that give their first page whatever `start` says."""

    @staticmethod
    def page_of(template: dict[str, Any]) -> httpx.Response:
        return envelope([{**template, "id": f"0060{n:016}"} for n in range(999)])

    async def test_of_users_they_end_as_an_answer_that_is_not_understood(
        self, office: Office
    ) -> None:
        user = {"entity": "User", "isActive": "1", "firstName": "A", "lastName": "B"}
        office.intercept("List/User", answering(self.page_of(user)))

        body = await office.fail(
            "addApprover", invoiceId=office.id("BILL-1004"), email="a@harbor.example"
        )

        assert body["data"] == {"addApprover": None}
        assert fault_of(body)["code"] == "UPSTREAM_RESPONSE_INVALID"
        assert office.bill.calls.count(USERS) == 2
        assert writes(office.bill) == []

    async def test_of_approvers_they_end_as_an_answer_that_is_not_understood(
        self, office: Office
    ) -> None:
        row = {
            "entity": "BillApprover",
            "billId": office.source_id("BILL-1001"),
            "usersId": CONTROLLER,
            "isActive": "1",
            "status": "0",
            "sortOrder": 1,
        }
        office.intercept("List/BillApprover", answering(self.page_of(row)))

        body = await office.client.execute(
            CHAINS, {"ids": [office.id("BILL-1001"), office.id("BILL-1004")]}
        )

        assert {one["extensions"]["code"] for one in body["errors"]} == {
            "UPSTREAM_RESPONSE_INVALID"
        }
        assert body["data"] == {"nodes": [{"approvers": None}] * 2}
        assert office.bill.calls == [BILLS, BILL_APPROVERS, BILL_APPROVERS]
