"""Answers of BILL that are odd: refused reads, other people's pages, lists that lie."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import httpx
import pytest

from gateway.providers.bill.simulator.directory import (
    ACCOUNTANT,
    APPROVER,
    BUYER,
    CONTROLLER,
    FROM_4000,
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
    policy_id,
    read_pages,
)
from tests.providers.bill.signing_in import LOGIN, ONE, fault_of
from tests.providers.bill.writing import (
    Intercept,
    Office,
    answering,
    before,
    envelope,
    failure,
    refusal,
)
from tests.support import (
    Client,
    FakeTime,
    Handler,
    RecordingTransport,
    writes,
)

Switch = Callable[..., None]

UNTOLD = "BILL refused, and does not tell why. Nothing was changed."
NO_CALL = "This BILL environment has no such call. Nothing was changed."
CLEAR_FIRST = (
    "This invoice was rejected, and BILL asks about it again only after its approvers "
    "were cleared: `clearApprovers` first. Nothing was changed."
)
SOURCES = "sources { provider ok isComplete error { code } }"
ONE_KIND = f"""
query ($filter: InvoiceFilter) {{
  invoices(first: 100, filter: $filter) {{
    nodes {{ sourceId }} totalCount {SOURCES}
  }}
}}
"""
CHAINS = """
query ($ids: [ID!]!) {
  nodes(ids: $ids) { ... on Invoice { approvers { user { sourceId } } } }
}
"""
HTML = "<html><title>Not here</title></html>"


def page_at(status: int) -> httpx.Response:
    """Return what something in front of BILL answers."""
    return httpx.Response(status, content=HTML)


def source(code: str | None = None, *, is_complete: bool) -> dict[str, Any]:
    return {
        "provider": "BILL",
        "ok": code is None,
        "isComplete": is_complete,
        "error": None if code is None else {"code": code},
    }


def refuse_with_its_reason(
    office: Office, call: str, reads: Sequence[str], code: str
) -> None:
    """Refuse one write, and from then on the reads that could tell why."""

    async def refuse(request: httpx.Request, upstream: Handler) -> httpx.Response:
        del request, upstream
        for one in reads:
            office.intercept(one, answering(failure(code)))
        return failure("BDC_9999")

    office.intercept(call, refuse)


def taking_in(*, honoured: Callable[[str], str | None]) -> Intercept:
    """Return what changes each `in` of a list, or drops it where that gives None."""

    async def resend(request: httpx.Request, upstream: Handler) -> httpx.Response:
        form = dict(httpx.QueryParams(request.content.decode()))
        data = json.loads(form["data"])
        kept = []
        for one in data["filters"]:
            value = one["value"] if one["op"] != "in" else honoured(one["value"])
            if value is not None:
                kept.append({**one, "value": value})
        content = {**form, "data": json.dumps({**data, "filters": kept})}
        again = httpx.Request(request.method, request.url, data=content)
        return await upstream(again)

    return resend


# A value that is not split at commas is no id; one that is dropped lets all through.
LITERAL = taking_in(honoured=lambda _: "0" * 20)
IGNORED = taking_in(honoured=lambda _: None)

WRITES: Mapping[str, tuple[str, str, dict[str, Any]]] = {
    "approve": ("Approve", "id", {}),
    "reject": ("Deny", "id", {}),
    "setApprovers": ("SetApprovers", "invoiceId", {"userSourceIds": [BUYER, APPROVER]}),
    "addApprover": ("SetApprovers", "invoiceId", {"userSourceId": APPROVER}),
    "clearApprovers": ("ClearApprovers", "invoiceId", {}),
}


def members_of(office: Office, mutation: str, number: str) -> dict[str, Any]:
    _, name, members = WRITES[mutation]
    return {name: office.id(number), **members}


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


class TestDeniedByAnotherWord:
    """C1: `approvalStatus` may be one that nobody documented; the chain tells."""

    @pytest.fixture
    def denied(self, office: Office, switch_bill: Switch) -> Office:
        switch_bill(denied_value="2")
        return office

    @pytest.mark.parametrize("number", ["BILL-1007", "BILL-1016", "VC-1004"])
    @pytest.mark.parametrize("mutation", ["setApprovers", "addApprover"])
    async def test_its_chain_is_not_set_before_it_is_cleared(
        self, denied: Office, mutation: str, number: str
    ) -> None:
        stood = await denied.look(number)
        state = denied.state()

        answer = await denied.send(mutation, **members_of(denied, mutation, number))

        assert answer["outcome"] == "REFUSED"
        assert answer["invoice"] == stood
        assert answer["userErrors"] == refusal("CONFLICT", CLEAR_FIRST)
        assert writes(denied.bill) == []
        assert denied.state() == state

    @pytest.mark.parametrize("person", ["controller", "accountant"])
    async def test_nobody_is_told_that_they_can_approve_it(
        self, denied: Office, person: str
    ) -> None:
        body = await denied.client.execute(
            "query ($id: ID!) { node(id: $id) { ... on Invoice { viewerActions } } }",
            {"id": denied.id("BILL-1007")},
            person=person,
        )

        actions = body["data"]["node"]["viewerActions"]
        assert not {"APPROVE", "REJECT"} & set(actions)

    async def test_cleared_it_begins_again(self, denied: Office) -> None:
        invoice_id = denied.id("BILL-1007")

        cleared = await denied.send("clearApprovers", invoiceId=invoice_id)
        answer = await denied.send(
            "setApprovers", invoiceId=invoice_id, userSourceIds=[BUYER]
        )

        assert cleared["outcome"] == answer["outcome"] == "APPLIED"
        assert denied.rows("BILL-1007")[-1] == (BUYER, "0")


class TestTold:
    """What the graph says where BILL says nothing."""

    @pytest.mark.parametrize(
        ("fault", "code"),
        [
            ("html", "UPSTREAM_RESPONSE_INVALID"),
            ("system_error", "UPSTREAM_UNAVAILABLE"),
        ],
    )
    async def test_policies_that_cannot_be_read_keep_their_sources(
        self, client: Client, switch_bill: Switch, fault: str, code: str
    ) -> None:
        switch_bill(fault=fault, fault_calls=("List/ApprovalPolicy",))

        body = await client.execute(
            "{ policies(filter: {providers: [BILL]}) "
            f"{{ nodes {{ name }} totalCount {SOURCES} }} }}"
        )

        assert body["data"] == {
            "policies": {
                "nodes": None,
                "totalCount": None,
                "sources": [source(code, is_complete=False)],
            }
        }
        assert [one["path"] for one in body["errors"]] == [["policies", "nodes"]]
        assert fault_of(body)["code"] == code

    @pytest.mark.parametrize("number", ["BILL-1001", "VC-1001"])
    async def test_attachments_are_null(self, office: Office, number: str) -> None:
        body = await office.client.execute(
            "query ($id: ID!) { node(id: $id) "
            "{ ... on Invoice { attachments { name } } } }",
            {"id": office.id(number)},
        )

        assert body == {"data": {"node": {"attachments": None}}}

    async def test_a_cursor_of_policies_is_none_of_the_queue(
        self, client: Client, bill: RecordingTransport
    ) -> None:
        policies = await client.execute("{ policies { edges { cursor } } }")
        bill.clear()

        body = await client.execute(
            "query ($after: String) { viewer { approvals(after: $after) "
            "{ totalCount nodes { id } } } }",
            {"after": policies["data"]["policies"]["edges"][0]["cursor"]},
        )

        assert {one["extensions"]["code"] for one in body["errors"]} == {
            "BAD_USER_INPUT"
        }
        assert body["data"] == {"viewer": {"approvals": None}}
        assert writes(bill) == []


class TestOtherHands:
    """What another person does between the look and the write."""

    async def test_who_is_left_and_approved_meanwhile_approves_the_invoice(
        self, office: Office
    ) -> None:
        # The controller comes first, and the accountant is taken off.
        chain = office.simulator.state.chain(office.source_id("BILL-1001"))

        def approve() -> None:
            chain[0].status = "4"
            chain[1].status = "0"

        office.intercept("SetApprovers", before(approve))

        answer = await office.send(
            "removeApprover", approverId=office.approver_id("BILL-1001", 1)
        )

        assert answer["outcome"] == "APPLIED"
        assert answer["invoice"]["status"] == "APPROVED"
        assert answer["invoice"]["approvalState"] == "APPROVED"
        assert [
            (one["user"]["sourceId"], one["status"])
            for one in answer["invoice"]["approvers"]
        ] == [(CONTROLLER, "APPROVED")]
        assert office.written() == [
            (
                "POST /SetApprovers.json",
                {**office.target("BILL-1001"), "approvers": [CONTROLLER]},
            )
        ]

    @pytest.mark.parametrize("number", ["BILL-1007", "VC-1004"])
    @pytest.mark.parametrize("denied_value", ["5", "2"])
    async def test_a_denied_object_without_a_chain_is_still_cleared(
        self, office: Office, switch_bill: Switch, number: str, denied_value: Any
    ) -> None:
        switch_bill(denied_value=denied_value)
        office.intercept("ListApprovers", answering(envelope([])))

        answer = await office.send("clearApprovers", invoiceId=office.id(number))

        assert answer["outcome"] == "APPLIED"
        assert answer["invoice"]["status"] == "UNASSIGNED"
        assert office.written() == [
            ("POST /ClearApprovers.json", office.target(number))
        ]

    async def test_who_is_swept_away_after_being_added_is_unknown(
        self, office: Office
    ) -> None:
        state = office.simulator.state

        async def sweep(request: httpx.Request, upstream: Handler) -> httpx.Response:
            answer = await upstream(request)
            row = state.chain(office.source_id("BILL-1004"))[-1]
            row.users_id = BUYER
            return answer

        office.intercept("SetApprovers", sweep)

        answer = await office.send(
            "addApprover", invoiceId=office.id("BILL-1004"), userSourceId=APPROVER
        )

        assert (answer["outcome"], answer["userErrors"]) == ("UNKNOWN", [])
        assert answer["approver"] is None
        assert [one["user"]["sourceId"] for one in answer["invoice"]["approvers"]] == [
            CONTROLLER,
            BUYER,
        ]
        assert writes(office.bill) == ["POST /SetApprovers.json"]


class TestTwoPlaces:
    """A person who is in a chain twice decides on the place whose turn it is."""

    @pytest.mark.parametrize(
        ("statuses", "outcome", "codes"),
        [
            (("4", "0"), "APPLIED", []),
            (("2", "0"), "APPLIED", []),
            (("0", "5"), "APPLIED", []),
            (("4", "5"), "REFUSED", ["CONFLICT"]),
            (("2", "4"), "ALREADY_APPLIED", []),
            (("6", "6"), "REFUSED", ["CONFLICT"]),
            (("3", "4"), "REFUSED", ["CONFLICT"]),
        ],
    )
    async def test_the_place_that_can_be_decided_comes_first(
        self,
        office: Office,
        statuses: tuple[str, str],
        outcome: str,
        codes: list[str],
    ) -> None:
        chain = office.simulator.state.chain(office.source_id("BILL-1001"))
        for row, status in zip(chain, statuses, strict=True):
            row.users_id, row.status = CONTROLLER, status
        # The simulator takes the first place of a person.
        office.intercept("Approve", answering(envelope({})))

        answer = await office.send("approve", id=office.id("BILL-1001"))

        assert answer["outcome"] == outcome
        assert [one["code"] for one in answer["userErrors"]] == codes
        sent = ["POST /Approve.json"] if outcome == "APPLIED" else []
        assert writes(office.bill) == sent


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


class TestTooMany:
    async def test_more_than_a_hundred_users_cost_no_call(self, office: Office) -> None:
        answer = await office.send(
            "setApprovers",
            invoiceId=office.id("BILL-1015"),
            userSourceIds=[f"00601{number:015}" for number in range(101)],
        )

        assert answer["userErrors"] == refusal(
            "INVALID",
            "`userSourceIds` takes 100 users at most. Nothing was changed.",
            ["input", "userSourceIds"],
        )
        # What is read is the invoice for the answer, and nobody who was named.
        assert office.bill.calls == [BILLS, APPROVERS, USERS]
        asked = ",".join(sorted([CONTROLLER, ACCOUNTANT, BUYER]))
        assert office.bill.data(2)["filters"] == [
            {"field": "id", "op": "in", "value": asked}
        ]
        assert writes(office.bill) == []


class TestSessionsThatDoNotHold:
    """BDC_1109 for a session that BILL gave just now."""

    async def test_signing_in_waits_for_half_a_minute_and_then_longer(
        self, office: Office, switch_bill: Switch, time: FakeTime
    ) -> None:
        switch_bill(fault="session_lost", fault_calls=("List/Bill",))
        counts = []

        for seconds in (0.0, 29.5, 0.5, 59.5, 0.5):
            time.advance(seconds)
            body = await office.client.execute(ONE)
            assert fault_of(body)["code"] == "UPSTREAM_AUTH_FAILED"
            [error] = body["errors"]
            assert error["message"] == "BILL does not keep the session it gave."
            counts.append(office.bill.sign_ins)

        assert counts == [2, 2, 4, 4, 6]
