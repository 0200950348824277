"""Decisions that are refused, by the gateway or by BILL, and why."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.app import create_app
from gateway.domain import ProviderName, encode_id
from gateway.providers import PROVIDERS
from gateway.providers.bill.simulator import BillSimulator
from gateway.providers.bill.simulator.directory import (
    ACCOUNTANT,
    APPROVER,
    BUYER,
    CLERK_PROFILE,
    CONTROLLER,
    FROM_4000,
    VISITING_PROFILE,
)
from gateway.providers.bill.simulator.objects import INACTIVE
from gateway.sandbox import Sandbox
from gateway.settings import read_settings
from tests.providers.bill.decisions import (
    ABSENT,
    BOTH,
    CALLS,
    DELETED,
    DENIED,
    NO_CHAIN,
    NOT_TAKEN,
    NOT_YET,
    OTHER_WAY,
    OUT,
    STRANGER,
    payload,
)
from tests.providers.bill.writing import (
    Office,
    before,
    failure,
    nobody_there,
    refusal,
)
from tests.support import Client, FakeTime, Handler, RecordingTransport, writes

REFUSED = [
    # Out of turn.
    ("BILL-1002", "controller", "CONFLICT", NOT_YET),
    ("BILL-1014", "controller", "CONFLICT", NOT_YET),
    ("BILL-1017", "accountant", "CONFLICT", NOT_YET),
    ("VC-1002", "controller", "CONFLICT", NOT_YET),
    # A stranger, with the right to approve or without; also an administrator.
    ("BILL-1001", "approver", "FORBIDDEN", STRANGER),
    ("BILL-1001", "clerk", "FORBIDDEN", STRANGER),
    ("BILL-1001", "payer", "FORBIDDEN", STRANGER),
    ("BILL-1001", "auditor", "FORBIDDEN", STRANGER),
    ("BILL-1023", "controller", "FORBIDDEN", STRANGER),
    ("VC-1001", "accountant", "FORBIDDEN", STRANGER),
    # No chain, with and without a policy that asks for one.
    ("BILL-1009", "controller", "CONFLICT", NO_CHAIN),
    ("BILL-1010", "controller", "CONFLICT", NO_CHAIN),
    ("VC-1005", "controller", "CONFLICT", NO_CHAIN),
    # Deleted, for who is asked and for a stranger.
    ("BILL-1011", "controller", "CONFLICT", DELETED),
    ("BILL-1011", "accountant", "CONFLICT", DELETED),
    ("BILL-1011", "clerk", "CONFLICT", DELETED),
    # Denied by another.
    ("BILL-1007", "accountant", "CONFLICT", DENIED),
    ("VC-1004", "controller", "CONFLICT", DENIED),
]


@BOTH
@pytest.mark.parametrize(("number", "person", "code", "message"), REFUSED)
async def test_who_may_not_decide_now_is_told_why_and_nothing_is_sent(
    office: Office, mutation: str, number: str, person: str, code: str, message: str
) -> None:
    stood = await office.look(number)
    state = office.state()

    answer = await office.send(mutation, person=person, id=office.id(number))

    assert answer == payload("REFUSED", stood, refusal(code, message))
    assert writes(office.bill) == []
    assert office.state() == state


@pytest.mark.parametrize(
    ("mutation", "person", "number"),
    [
        ("approve", "controller", "BILL-1007"),
        ("approve", "approver", "BILL-1016"),
        ("approve", "approver", "VC-1004"),
        ("reject", "controller", "BILL-1008"),
        ("reject", "controller", "BILL-1020"),
        ("reject", "accountant", "BILL-1016"),
        ("reject", "controller", "VC-1003"),
    ],
)
async def test_a_decision_is_not_turned_round(
    office: Office, mutation: str, person: str, number: str
) -> None:
    stood = await office.look(number)
    state = office.state()

    answer = await office.send(mutation, person=person, id=office.id(number))

    assert answer == payload("REFUSED", stood, refusal("CONFLICT", OTHER_WAY))
    assert writes(office.bill) == []
    assert office.state() == state


async def test_whose_task_moved_to_another_is_not_asked(office: Office) -> None:
    # In BILL-1006 the lead's task moved to the next; here the approver takes his seat.
    row = office.simulator.state.chain(office.source_id("BILL-1006"))[0]
    row.users_id = APPROVER
    stood = await office.look("BILL-1006")

    answer = await office.send("approve", person="approver", id=office.id("BILL-1006"))

    assert answer == payload("REFUSED", stood, refusal("CONFLICT", OUT))
    assert writes(office.bill) == []


async def test_force_is_unsupported_without_any_call(office: Office) -> None:
    state = office.state()

    answer = await office.send("approve", id=office.id("BILL-1004"), force=True)

    message = (
        "BILL cannot force an approval: its approvers decide one after the other. "
        "Leave `force` out. Nothing was sent."
    )
    errors = refusal("UNSUPPORTED", message, ["input", "force"])
    assert answer == payload("REFUSED", None, errors)
    assert (office.bill.calls, office.bill.sign_ins) == ([], 0)
    assert office.state() == state


@BOTH
@pytest.mark.parametrize(
    "source_id",
    [
        "00n01NOSUCHBILL00000",
        "vcr01NOSUCHCREDIT000",
        # BILL's ids are case-sensitive.
        "00n01bill1001aaaaaaa",
    ],
)
async def test_an_unknown_invoice_is_not_found_and_nothing_is_written(
    office: Office, mutation: str, source_id: str
) -> None:
    state = office.state()

    answer = await office.send(
        mutation, id=encode_id("Invoice", ProviderName.BILL, source_id)
    )

    errors = refusal("NOT_FOUND", ABSENT, ["input", "id"])
    assert answer == payload("REFUSED", None, errors)
    assert writes(office.bill) == []
    assert office.state() == state


@BOTH
@pytest.mark.parametrize(
    "source_id",
    [
        "",
        "INV-1001",
        "0" * 20,
        "00n01BILL1001AAAAAA",
        "00n01BILL1001AAAAAAAA",
        "00n01BILL1001AAAAAA/",
        "00n01BILL1001AAAAAAé",
        CONTROLLER,
        FROM_4000,
        "0ba01AAAAAAAAAAAAAAA",
    ],
)
async def test_an_id_that_names_nothing_to_approve_is_not_found_without_a_call(
    office: Office, mutation: str, source_id: str
) -> None:
    answer = await office.send(
        mutation, id=encode_id("Invoice", ProviderName.BILL, source_id)
    )

    errors = refusal("NOT_FOUND", ABSENT, ["input", "id"])
    assert answer == payload("REFUSED", None, errors)
    assert office.bill.calls == []


@BOTH
@pytest.mark.parametrize("malformed", ["", "BILL-1001", "00n01BILL1001AAAAAAA", "é"])
async def test_a_malformed_id_is_invalid_and_nothing_is_sent(
    office: Office, mutation: str, malformed: str
) -> None:
    answer = await office.send(mutation, id=malformed)

    (error,) = answer.pop("userErrors")
    assert answer == {
        "clientMutationId": None,
        "outcome": "REFUSED",
        "approvable": None,
        "approvalStatus": None,
    }
    assert error == {
        "code": "INVALID",
        "message": "This is not an id of this graph. Send an `id` exactly as a query "
        "returned it; a provider's own id goes to `invoiceBySource`, "
        "`policyBySource` or `approvalStatusBySource`.",
        "field": ["input", "id"],
        "provider": None,
    }
    assert (office.bill.calls, office.bill.sign_ins) == ([], 0)


@BOTH
@pytest.mark.parametrize("type_name", ["Policy", "Approver"])
async def test_an_id_of_another_type_is_invalid_and_nothing_is_sent(
    office: Office, mutation: str, type_name: str
) -> None:
    other = {
        "Policy": encode_id("Policy", ProviderName.BILL, FROM_4000),
        "Approver": office.approver_id("BILL-1001", 0),
    }[type_name]

    answer = await office.send(mutation, id=other)

    assert answer["outcome"] == "REFUSED"
    assert answer["approvable"] is None
    assert answer["userErrors"] == [
        {
            "code": "INVALID",
            "message": f"`id` takes the id of Invoice, and this is the id of "
            f"{type_name}.",
            "field": ["input", "id"],
            "provider": None,
        }
    ]
    assert (office.bill.calls, office.bill.sign_ins) == ([], 0)


@BOTH
@pytest.mark.parametrize("number", ["BILL-1004", "VC-1001"])
async def test_a_person_without_credentials_decides_nothing(
    office: Office, mutation: str, number: str
) -> None:
    stood = await office.look(number)
    state = office.state()

    answer = await office.send(mutation, person="visitor", id=office.id(number))

    assert answer == payload("REFUSED", stood, nobody_there())
    assert writes(office.bill) == []
    assert office.state() == state


@pytest.mark.parametrize("key", [None, "key-of-anna", "key-of-nobody-there"])
async def test_over_a_real_bill_only_who_has_credentials_decides(
    sandbox: Sandbox,
    bill: RecordingTransport,
    bill_simulator: BillSimulator,
    time: FakeTime,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    key: str | None,
) -> None:
    for word, value in bill_simulator.settings(sandbox.origin).items():
        monkeypatch.setenv(f"GATEWAY_BILL__{word.upper()}", value)
    credentials = tmp_path / "credentials.toml"
    credentials.write_text(
        '["anna".bill]\nuser_name = "controller@harbor.example"\n'
        'password = "sandbox-controller-password"\n'
    )
    monkeypatch.setenv("GATEWAY_CREDENTIALS_FILE", str(credentials))
    if key is None:
        monkeypatch.setenv("GATEWAY_AUTH__ALLOW_ANONYMOUS", "true")
    else:
        keys = tmp_path / "keys.toml"
        keys.write_text(
            "".join(
                f'{name} = "sha256:{hashlib.sha256(one.encode()).hexdigest()}"\n'
                for name, one in (
                    ("anna", "key-of-anna"),
                    ("bert", "key-of-nobody-there"),
                )
            )
        )
        monkeypatch.setenv("GATEWAY_AUTH__MODE", "api_key")
        monkeypatch.setenv("GATEWAY_AUTH__API_KEYS_FILE", str(keys))
    app = create_app(
        read_settings({one.key: one.settings for one in PROVIDERS}),
        transports={ProviderName.BILL: bill},
        clock=time.clock,
    )
    headers = {} if key is None else {"X-API-Key": key}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://127.0.0.1",
        headers=headers,
    ) as http:
        office = Office(Client(http), bill, bill_simulator)
        state = office.state()
        answer = await office.send("approve", id=office.id("BILL-1004"))

    if key == "key-of-anna":
        assert answer["outcome"] == "APPLIED"
        assert office.rows("BILL-1004") == [(CONTROLLER, "4")]
        assert len(office.written()) == 1
    else:
        # Reads may use the gateway's own account.
        assert answer["approvable"]["status"] == "PENDING_APPROVAL"
        assert answer["outcome"] == "REFUSED"
        assert answer["userErrors"] == nobody_there()
        assert writes(bill) == []
        assert office.state() == state


class TestMeanwhile:
    """What changes between the look and the decision, BILL alone refuses."""

    @pytest.fixture(params=["approve", "reject"])
    def mutation(self, request: pytest.FixtureRequest) -> str:
        return str(request.param)

    @pytest.fixture
    def meanwhile(
        self, office: Office, mutation: str
    ) -> Callable[[Callable[[], object]], None]:
        """Change something in BILL just before the decision reaches it."""
        return lambda change: office.intercept(CALLS[mutation], before(change))

    async def test_a_turn_that_passed_is_explained(
        self, office: Office, mutation: str, meanwhile: Any
    ) -> None:
        row = office.simulator.state.chain(office.source_id("BILL-1001"))[0]
        meanwhile(lambda: setattr(row, "status", "5"))

        answer = await office.send(mutation, id=office.id("BILL-1001"))

        assert answer["outcome"] == "REFUSED"
        assert answer["userErrors"] == refusal("CONFLICT", NOT_YET)
        assert answer["approvable"]["approvers"][0]["status"] == "UPCOMING"
        assert writes(office.bill) == [f"POST /{CALLS[mutation]}.json"]

    async def test_a_bill_that_was_deleted_is_explained(
        self, office: Office, mutation: str, meanwhile: Any
    ) -> None:
        one = office.simulator.state.numbered("BILL-1001")
        meanwhile(lambda: setattr(one, "is_active", INACTIVE))

        answer = await office.send(mutation, id=office.id("BILL-1001"))

        assert answer["outcome"] == "REFUSED"
        assert answer["userErrors"] == refusal("CONFLICT", DELETED)
        assert answer["approvable"]["status"] == "ARCHIVED"
        assert office.rows("BILL-1001") == [(CONTROLLER, "0"), (ACCOUNTANT, "5")]

    async def test_a_chain_that_was_cleared_is_explained(
        self, office: Office, mutation: str, meanwhile: Any
    ) -> None:
        def clear() -> None:
            office.simulator.state.bill_approvers.clear()
            office.simulator.state.numbered("BILL-1001").approval_status = "0"

        meanwhile(clear)

        answer = await office.send(mutation, id=office.id("BILL-1001"))

        assert answer["userErrors"] == refusal("CONFLICT", NO_CHAIN)
        assert answer["approvable"]["approvers"] == []

    async def test_who_was_taken_off_the_chain_is_told(
        self, office: Office, mutation: str, meanwhile: Any
    ) -> None:
        row = office.simulator.state.chain(office.source_id("BILL-1001"))[0]
        meanwhile(lambda: setattr(row, "users_id", BUYER))

        answer = await office.send(mutation, id=office.id("BILL-1001"))

        assert answer["outcome"] == "REFUSED"
        assert answer["userErrors"] == refusal("FORBIDDEN", STRANGER)

    async def test_a_bill_that_went_away_is_not_found(
        self, office: Office, mutation: str, meanwhile: Any
    ) -> None:
        bill_id = office.source_id("BILL-1001")
        meanwhile(lambda: office.simulator.state.bills.pop(bill_id))

        answer = await office.send(mutation, id=office.id("BILL-1001"))

        errors = refusal("NOT_FOUND", ABSENT, ["input", "id"])
        assert answer == payload("REFUSED", None, errors)

    async def test_another_gateway_that_decided_the_same_is_no_refusal(
        self, office: Office, mutation: str
    ) -> None:
        async def beaten(request: httpx.Request, upstream: Handler) -> httpx.Response:
            await upstream(request)
            return await upstream(request)

        office.intercept(CALLS[mutation], beaten)

        answer = await office.send(mutation, id=office.id("BILL-1001"), note="once")

        assert answer["outcome"] == "ALREADY_APPLIED"
        assert answer["userErrors"] == []
        assert writes(office.bill) == [f"POST /{CALLS[mutation]}.json"]
        assert [note.text for note in office.simulator.state.notes] == ["once"]

    async def test_a_decision_the_other_way_is_explained(
        self, office: Office, mutation: str, meanwhile: Any
    ) -> None:
        other = {"approve": "3", "reject": "4"}[mutation]
        row = office.simulator.state.chain(office.source_id("BILL-1001"))[0]
        meanwhile(lambda: setattr(row, "status", other))

        answer = await office.send(mutation, id=office.id("BILL-1001"))

        assert answer["outcome"] == "REFUSED"
        assert answer["userErrors"] == refusal("CONFLICT", OTHER_WAY)

    async def test_a_profile_without_the_right_to_approve_is_forbidden(
        self, office: Office, mutation: str
    ) -> None:
        office.simulator.state.users[CONTROLLER].profile_id = CLERK_PROFILE
        stood = await office.look("BILL-1001")
        state = office.state()

        answer = await office.send(mutation, id=office.id("BILL-1001"))

        (error,) = answer["userErrors"]
        assert answer["outcome"] == "REFUSED"
        assert answer["approvable"] == stood
        assert error["code"] == "FORBIDDEN"
        assert writes(office.bill) == [f"POST /{CALLS[mutation]}.json"]
        assert office.state() == state

    async def test_a_refusal_that_reading_does_not_explain_is_a_conflict(
        self, office: Office, mutation: str
    ) -> None:
        # A custom profile does not say whether its users may approve.
        office.simulator.state.users[CONTROLLER].profile_id = VISITING_PROFILE
        stood = await office.look("BILL-1001")
        state = office.state()

        answer = await office.send(mutation, id=office.id("BILL-1001"))

        errors = refusal("CONFLICT", NOT_TAKEN)
        assert answer == payload("REFUSED", stood, errors)
        assert writes(office.bill) == [f"POST /{CALLS[mutation]}.json"]
        assert office.state() == state

    @pytest.mark.parametrize("code", ["BDC_1002", "BDC_1205", "BDC_1302", "BDC_7777"])
    async def test_no_code_of_bills_reaches_the_client(
        self, office: Office, mutation: str, code: str
    ) -> None:
        async def refuse(request: httpx.Request, upstream: Handler) -> httpx.Response:
            del request, upstream
            return failure(code)

        office.intercept(CALLS[mutation], refuse)
        stood = await office.look("BILL-1001")

        answer = await office.send(mutation, id=office.id("BILL-1001"))

        assert answer == payload("REFUSED", stood, refusal("CONFLICT", NOT_TAKEN))
        assert len(office.written()) == 1


@BOTH
async def test_an_environment_without_the_call_answers_unsupported(
    office: Office, mutation: str
) -> None:
    async def absent(request: httpx.Request, upstream: Handler) -> httpx.Response:
        del request, upstream
        answer = failure("BDC_1121")
        return httpx.Response(404, content=answer.content)

    office.intercept(CALLS[mutation], absent)
    stood = await office.look("BILL-1001")
    state = office.state()

    answer = await office.send(mutation, id=office.id("BILL-1001"))

    message = "This BILL environment has no such call. Nothing was changed."
    assert answer == payload("REFUSED", stood, refusal("UNSUPPORTED", message))
    assert office.state() == state


@BOTH
async def test_a_refusal_is_told_apart_by_the_envelope_and_not_by_the_status(
    office: Office, mutation: str, switch_bill: Callable[..., None]
) -> None:
    switch_bill(http_status_on_error="real")
    office.simulator.state.users[CONTROLLER].profile_id = VISITING_PROFILE

    answer = await office.send(mutation, id=office.id("BILL-1001"))

    assert answer["outcome"] == "REFUSED"
    assert answer["userErrors"] == refusal("CONFLICT", NOT_TAKEN)


async def test_an_inactive_approver_blocks_and_cannot_sign_in(office: Office) -> None:
    # His row stays; whoever comes after him is not asked (BILL-1014 has one).
    office.simulator.state.users[CONTROLLER].is_active = INACTIVE
    state = office.state()

    body = await office.fail("approve", id=office.id("BILL-1004"))

    assert body["data"] == {"approve": None}
    (error,) = body["errors"]
    assert error["extensions"]["code"] == "UPSTREAM_AUTH_FAILED"
    assert error["extensions"]["provider"] == "BILL"
    assert writes(office.bill) == []
    assert office.state() == state
