"""Changes of policies that are refused or lost, each kind of them."""

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
    DELETED_FROM_4000,
    DIRECTOR,
    FROM_4000,
    FROM_25000,
)
from gateway.providers.ottimate import PROVIDER as OTTIMATE
from gateway.providers.ottimate.account import OttimateSettings
from gateway.sandbox import Sandbox
from gateway.settings import read_settings
from tests.providers.bill.policies import (
    ABSENT,
    BULK,
    CREATE,
    NOT_ADMINISTRATOR,
    NOT_TAKEN,
    payload,
)
from tests.providers.bill.writing import (
    Office,
    answering,
    envelope,
    failure,
    nobody_there,
    policy_id,
    refusal,
)
from tests.support import (
    Client,
    FakeTime,
    Handler,
    RecordingTransport,
    lose,
    never_arrives,
    never_leaves,
    writes,
)


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
