"""Invoices whose standing is odd: denied by another word, changed meanwhile."""

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
    CLEAR_FIRST,
    SOURCES,
    Switch,
    members_of,
    source,
)
from tests.providers.bill.reading import (
    APPROVERS,
    BILLS,
    USERS,
)
from tests.providers.bill.signing_in import ONE, fault_of
from tests.providers.bill.writing import (
    Office,
    answering,
    before,
    envelope,
    refusal,
)
from tests.support import (
    Client,
    FakeTime,
    Handler,
    RecordingTransport,
    writes,
)


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
