"""Writes on chains whose answer was lost: sent once, and settled by reading alone."""

from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest
from msgspec import Struct

from gateway.providers.bill.simulator.directory import (
    ACCOUNTANT,
    APPROVER,
    BUYER,
    CONTROLLER,
)
from tests.providers.bill.writing import Office, answering, failure
from tests.support import (
    FakeTime,
    Handler,
    lose,
    never_arrives,
    never_leaves,
    writes,
)


class Write(Struct, frozen=True, kw_only=True):
    """A mutation that sends one call.

    *number* is what it is about, *place* which of its approvers; *shows* is the
    payload's member with the invoice.
    """

    mutation: str
    call: str
    number: str
    place: int | None = None
    members: Mapping[str, Any] = {}
    shows: str = "invoice"

    def variables(self, office: Office) -> dict[str, Any]:
        if self.place is not None:
            return {"approverId": office.approver_id(self.number, self.place)}
        name = "id" if self.shows == "approvable" else "invoiceId"
        return {name: office.id(self.number), **self.members}

    async def send(self, office: Office) -> dict[str, Any]:
        return await office.send(self.mutation, **self.variables(office))


WRITES = {
    "approve": Write(
        mutation="approve",
        call="Approve",
        number="BILL-1015",
        members={"note": "once"},
        shows="approvable",
    ),
    "approve as the last": Write(
        mutation="approve", call="Approve", number="VC-1001", shows="approvable"
    ),
    "reject": Write(
        mutation="reject",
        call="Deny",
        number="BILL-1015",
        members={"note": "once"},
        shows="approvable",
    ),
    "set": Write(
        mutation="setApprovers",
        call="SetApprovers",
        number="BILL-1015",
        members={"userSourceIds": [BUYER, ACCOUNTANT]},
    ),
    "clear": Write(
        mutation="clearApprovers", call="ClearApprovers", number="BILL-1015"
    ),
    "add": Write(
        mutation="addApprover",
        call="SetApprovers",
        number="BILL-1015",
        members={"userSourceId": APPROVER},
    ),
    "add by e-mail": Write(
        mutation="addApprover",
        call="SetApprovers",
        number="BILL-1015",
        members={"email": "approver@harbor.example"},
    ),
    "remove": Write(
        mutation="removeApprover", call="SetApprovers", number="BILL-1015", place=1
    ),
    "remove the only one": Write(
        mutation="removeApprover", call="ClearApprovers", number="BILL-1004", place=0
    ),
}
# Of each call one write, where the way to it makes no difference.
CALLS = ["approve", "reject", "set", "clear"]
OUTCOME = {
    "approve": "mutation ($input: ApproveInput!) { approve(input: $input) "
    "{ outcome } }",
    "setApprovers": "mutation ($input: SetApproversInput!) "
    "{ setApprovers(input: $input) { outcome } }",
}


@pytest.fixture(params=WRITES)
def write(request: pytest.FixtureRequest) -> Write:
    return WRITES[str(request.param)]


@pytest.fixture
async def once(office: Office, write: Write) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what a write answers and leaves behind, and undo it."""
    answer = await write.send(office)
    state = office.state()
    office.simulator.reset()
    office.bill.clear()
    return answer, state


@pytest.mark.parametrize("fault", ["lost_answer", "truncated", "empty"])
async def test_a_write_that_was_done_is_proven_by_reading(
    office: Office,
    write: Write,
    once: tuple[dict[str, Any], dict[str, Any]],
    switch_bill: Callable[..., None],
    time: FakeTime,
    fault: str,
) -> None:
    switch_bill(fault=fault, fault_calls=(write.call,))

    answer = await write.send(office)

    assert (answer, office.state()) == once
    assert answer["outcome"] == "APPLIED"
    assert writes(office.bill) == [f"POST /{write.call}.json"]
    assert time.slept == [0.0]


async def test_a_write_that_was_done_is_proven_after_a_time_out(
    office: Office, write: Write, once: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    office.intercept(write.call, lose)

    answer = await write.send(office)

    assert (answer, office.state()) == once
    assert writes(office.bill) == [f"POST /{write.call}.json"]


@pytest.mark.parametrize(
    "fault", ["bad_gateway_html", "html", "system_error", "never_arrives"]
)
async def test_a_write_that_reading_does_not_prove_is_unknown_and_not_sent_again(
    office: Office,
    write: Write,
    switch_bill: Callable[..., None],
    time: FakeTime,
    fault: str,
) -> None:
    stood = await office.look(write.number)
    state = office.state()
    if fault == "never_arrives":
        office.intercept(write.call, never_arrives)
    else:
        switch_bill(fault=fault, fault_calls=(write.call,))

    answer = await write.send(office)

    nothing = {"approver", "removedApproverId", "approvalStatus"} & set(answer)
    assert answer == {
        "clientMutationId": None,
        "outcome": "UNKNOWN",
        write.shows: stood,
        "userErrors": [],
        **dict.fromkeys(nothing),
    }
    assert writes(office.bill) == [f"POST /{write.call}.json"]
    assert office.state() == state
    assert time.slept == [0.0, 0.5, 1.5]


async def test_a_write_that_comes_to_bill_late_is_seen_when_it_has(
    office: Office, write: Write, once: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    # BILL works on it after its answer was given up, between two looks.
    late: list[httpx.Request] = []
    looks: list[int] = []

    async def delay(request: httpx.Request, upstream: Handler) -> httpx.Response:
        del upstream
        late.append(request)
        raise httpx.ReadTimeout("late", request=request)

    async def look(request: httpx.Request, upstream: Handler) -> httpx.Response:
        if late:
            looks.append(1)
        if late and len(looks) == 2:
            await upstream(late[0])
        return await upstream(request)

    office.intercept(write.call, delay)
    office.intercept("ListApprovers", look)

    answer = await write.send(office)

    assert answer["outcome"] == once[0]["outcome"] == "APPLIED"
    assert writes(office.bill) == [f"POST /{write.call}.json"]
    assert office.simulator.state.notes == once[1]["notes"]


async def test_a_write_that_never_left_is_a_fault_that_may_be_tried_again(
    office: Office, write: Write
) -> None:
    office.intercept(write.call, never_leaves)
    state = office.state()

    body = await office.fail(write.mutation, **write.variables(office))

    (error,) = body["errors"]
    assert body["data"] == {write.mutation: None}
    assert error["path"] == [write.mutation]
    assert error["extensions"] == {
        "code": "UPSTREAM_UNAVAILABLE",
        "provider": "BILL",
        "retryable": True,
        "requestId": body["extensions"]["requestId"],
    }
    assert writes(office.bill) == [f"POST /{write.call}.json"]
    assert office.state() == state


async def test_a_session_that_ended_is_renewed_and_the_write_sent_once_more(
    office: Office,
    write: Write,
    once: tuple[dict[str, Any], dict[str, Any]],
    switch_bill: Callable[..., None],
) -> None:
    await office.look(write.number)
    switch_bill(fault="session_lost", fault_calls=(write.call,), fault_times=1)

    answer = await write.send(office)

    assert (answer, office.state()) == once
    assert writes(office.bill) == [f"POST /{write.call}.json"] * 2
    assert office.bill.sign_ins == 1
    sessions = [
        office.bill.form(index)["sessionId"]
        for index, call in enumerate(office.bill.calls)
        if call == f"POST /{write.call}.json"
    ]
    assert len(set(sessions)) == 2


async def test_a_session_that_ends_twice_in_a_row_is_given_up(
    office: Office, write: Write, switch_bill: Callable[..., None]
) -> None:
    await office.look(write.number)
    switch_bill(fault="session_lost", fault_calls=(write.call,))
    state = office.state()

    body = await office.fail(write.mutation, **write.variables(office))

    (error,) = body["errors"]
    assert body["data"] == {write.mutation: None}
    assert error["extensions"]["code"] == "UPSTREAM_AUTH_FAILED"
    assert writes(office.bill) == [f"POST /{write.call}.json"] * 2
    assert office.bill.sign_ins == 1
    assert office.state() == state


async def test_a_write_waits_for_a_free_slot(
    office: Office,
    write: Write,
    once: tuple[dict[str, Any], dict[str, Any]],
    switch_bill: Callable[..., None],
    time: FakeTime,
) -> None:
    switch_bill(fault="busy", fault_calls=(write.call,), fault_times=2)

    answer = await write.send(office)

    assert answer["outcome"] == once[0]["outcome"] == "APPLIED"
    assert writes(office.bill) == [f"POST /{write.call}.json"] * 3
    assert office.simulator.state.notes == once[1]["notes"]
    assert office.rows(write.number) == [
        (row.users_id, row.status)
        for row in sorted(
            (
                *once[1]["bill_approvers"].values(),
                *once[1]["vendor_credit_approvers"].values(),
            ),
            key=lambda row: row.sort_order,
        )
        if row.object_id == office.source_id(write.number)
    ]
    first, second = time.slept
    assert 0.2 <= first <= 0.4
    assert 0.4 <= second <= 0.6


async def test_a_write_that_never_finds_a_slot_surely_did_not_happen(
    office: Office, write: Write, switch_bill: Callable[..., None]
) -> None:
    switch_bill(fault="busy", fault_calls=(write.call,))
    state = office.state()

    body = await office.fail(write.mutation, **write.variables(office))

    (error,) = body["errors"]
    assert body["data"] == {write.mutation: None}
    assert error["extensions"] == {
        "code": "UPSTREAM_RATE_LIMITED",
        "provider": "BILL",
        "retryable": True,
        "retryAfterSeconds": 1,
        "requestId": body["extensions"]["requestId"],
    }
    assert writes(office.bill) == [f"POST /{write.call}.json"] * 6
    assert office.state() == state


async def test_a_spent_hour_stops_writes_until_it_turns(
    office: Office,
    write: Write,
    switch_bill: Callable[..., None],
    time: FakeTime,
) -> None:
    time.advance(600)
    switch_bill(fault="spent", fault_calls=(write.call,), fault_times=1)
    state = office.state()
    variables = write.variables(office)

    first = await office.fail(write.mutation, **variables)
    sent = len(office.bill.calls)
    second = await office.fail(write.mutation, **variables)

    for body in (first, second):
        (error,) = body["errors"]
        assert body["data"] == {write.mutation: None}
        assert error["extensions"] == {
            "code": "UPSTREAM_RATE_LIMITED",
            "provider": "BILL",
            "retryable": True,
            "retryAfterSeconds": 3000,
            "requestId": body["extensions"]["requestId"],
        }
    assert len(office.bill.calls) == sent
    assert writes(office.bill) == [f"POST /{write.call}.json"]
    assert office.state() == state

    time.advance(3000)
    answer = await write.send(office)

    assert answer["outcome"] == "APPLIED"
    assert writes(office.bill) == [f"POST /{write.call}.json"] * 2


@pytest.mark.parametrize("write", [WRITES[name] for name in CALLS], ids=CALLS)
@pytest.mark.parametrize(
    "content",
    [
        b"{}",
        b"[]",
        b"null",
        b'{"response_status": "0", "response_data": {}}',
        b'{"response_message": "Success", "response_data": {}}',
        b'{"response_status": 0, "response_message": "\xff"',
        b"[" * 5000,
    ],
)
async def test_a_success_that_bill_did_not_write_proves_nothing(
    office: Office, write: Write, content: bytes
) -> None:
    office.intercept(write.call, answering(httpx.Response(200, content=content)))
    state = office.state()

    answer = await write.send(office)

    assert (answer["outcome"], answer["userErrors"]) == ("UNKNOWN", [])
    assert writes(office.bill) == [f"POST /{write.call}.json"]
    assert office.state() == state


@pytest.mark.parametrize("write", [WRITES[name] for name in CALLS], ids=CALLS)
async def test_a_success_under_a_failing_status_proves_nothing(
    office: Office, write: Write
) -> None:
    content = {"response_status": 0, "response_message": "Success", "response_data": {}}
    office.intercept(write.call, answering(httpx.Response(503, json=content)))

    answer = await write.send(office)

    assert (answer["outcome"], answer["userErrors"]) == ("UNKNOWN", [])
    assert writes(office.bill) == [f"POST /{write.call}.json"]


@pytest.mark.parametrize("name", ["approve", "set"])
@pytest.mark.parametrize("closed", ["ListApprovers", "List/Bill"])
@pytest.mark.parametrize(
    "answer",
    [
        failure("BDC_1001"),
        failure("BDC_1205"),
        failure("BDC_9901"),
        failure("BDC_1121"),
        httpx.Response(502, content=b"<h1>Bad Gateway</h1>"),
        httpx.Response(200, content=b"[" * 5000),
    ],
    ids=["system error", "absent", "refused", "no call", "page", "too deep"],
)
async def test_a_read_back_that_fails_leaves_a_lost_answer_unknown(
    office: Office, name: str, closed: str, answer: httpx.Response
) -> None:
    write = WRITES[name]

    async def lose_and_close(
        request: httpx.Request, upstream: Handler
    ) -> httpx.Response:
        office.intercept(closed, answering(answer))
        return await lose(request, upstream)

    office.intercept(write.call, lose_and_close)

    body = await office.client.execute(
        OUTCOME[write.mutation], {"input": write.variables(office)}
    )

    assert body == {"data": {write.mutation: {"outcome": "UNKNOWN"}}}
    assert writes(office.bill) == [f"POST /{write.call}.json"]


async def test_a_lost_refusal_stays_unknown(
    office: Office, switch_bill: Callable[..., None]
) -> None:
    # BILL-1010 takes two approvers, so that BILL said no; nobody heard it.
    switch_bill(fault="lost_answer", fault_calls=("SetApprovers",))
    state = office.state()

    answer = await office.send(
        "setApprovers", invoiceId=office.id("BILL-1010"), userSourceIds=[CONTROLLER]
    )

    assert (answer["outcome"], answer["userErrors"]) == ("UNKNOWN", [])
    assert writes(office.bill) == ["POST /SetApprovers.json"]
    assert office.state() == state


async def test_a_chain_is_proven_beside_who_had_approved_and_was_not_named(
    office: Office, switch_bill: Callable[..., None]
) -> None:
    # The accountant has approved; BILL keeps that, and asks these two.
    switch_bill(fault="lost_answer", fault_calls=("SetApprovers",))

    answer = await office.send(
        "setApprovers",
        invoiceId=office.id("BILL-1003"),
        userSourceIds=[BUYER, CONTROLLER],
    )

    assert office.rows("BILL-1003") == [
        (ACCOUNTANT, "4"),
        (BUYER, "0"),
        (CONTROLLER, "5"),
    ]
    assert writes(office.bill) == ["POST /SetApprovers.json"]
    assert answer["outcome"] == "APPLIED"


async def test_an_approval_given_before_is_no_proof_of_another(
    office: Office, switch_bill: Callable[..., None]
) -> None:
    # The answer to the controller's Approve is lost after others' approvals.
    switch_bill(fault="bad_gateway_html", fault_calls=("Approve",))
    stood = await office.look("BILL-1003")

    answer = await office.send("approve", id=office.id("BILL-1003"))

    assert answer["outcome"] == "UNKNOWN"
    assert answer["approvable"] == stood
    assert writes(office.bill) == ["POST /Approve.json"]
    assert office.rows("BILL-1003") == [(ACCOUNTANT, "4"), (CONTROLLER, "0")]
