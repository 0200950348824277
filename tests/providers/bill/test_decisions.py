"""Approving and rejecting: who decides, in what order, and what BILL is sent."""

import asyncio
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
from gateway.providers.bill.simulator.state import Note
from gateway.sandbox import Sandbox
from gateway.settings import read_settings
from tests.providers.bill.writing import (
    Office,
    before,
    failure,
    nobody_there,
    refusal,
    shown,
)
from tests.support import Client, FakeTime, Handler, RecordingTransport, writes

NOW = "2026-11-02T18:00:00+00:00"
PENDING = ("PENDING_APPROVAL", "PENDING")
APPROVED = ("APPROVED", "APPROVED")
REJECTED = ("REJECTED", "REJECTED")
CALLS = {"approve": "Approve", "reject": "Deny"}
BOTH = pytest.mark.parametrize("mutation", ["approve", "reject"])
DECIDERS = pytest.mark.parametrize(
    ("person", "user_id"),
    [
        (None, CONTROLLER),
        ("controller", CONTROLLER),
        ("accountant", ACCOUNTANT),
        ("approver", APPROVER),
        ("buyer", BUYER),
    ],
)

DELETED = "This invoice was deleted in BILL. Nothing was changed."
NO_CHAIN = (
    "Nobody is asked to approve this invoice; `setApprovers` says who is. Nothing was "
    "changed."
)
STRANGER = "You are not one of this invoice's approvers. Nothing was changed."
OTHER_WAY = (
    "You have decided on this invoice already, the other way. Nothing was changed."
)
DENIED = (
    "This invoice was rejected. `clearApprovers` and then `setApprovers` begin its "
    "approval again. Nothing was changed."
)
NOT_YET = (
    "It is not your turn: an approver before you has yet to decide, see "
    "`progress.waitingOn`. Nothing was changed."
)
OUT = "You are not asked about this any more. Nothing was changed."
ABSENT = "There is no such invoice for this account. Nothing was changed."
NOT_TAKEN = (
    "BILL did not take this decision from you; see `approvers` and `status` of the "
    "invoice. Nothing was changed."
)


def payload(outcome: str, approvable: Any, errors: Any = ()) -> dict[str, Any]:
    return {
        "clientMutationId": None,
        "outcome": outcome,
        "approvable": approvable,
        "approvalStatus": None,
        "userErrors": list(errors),
    }


async def test_the_operation_approve_shows_the_bill_as_it_now_stands(
    office: Office,
) -> None:
    variables = {"input": {"id": office.id("BILL-1004"), "note": "as ordered"}}

    body = await office.client.run("Approve", variables)

    assert body == {
        "data": {
            "approve": {
                "outcome": "APPLIED",
                "approvable": {
                    "__typename": "Invoice",
                    "id": office.id("BILL-1004"),
                    "approvalState": "APPROVED",
                    "progress": {
                        "rule": "IN_ORDER",
                        "required": 1,
                        "approved": 1,
                        "rejected": 0,
                    },
                    "viewerActions": ["ADD_APPROVER", "SET_APPROVERS"],
                    "status": "APPROVED",
                    "sourceStatus": "Approved",
                    "approvedAt": None,
                },
                "approvalStatus": None,
                "userErrors": [],
            }
        }
    }
    assert office.bill.sign_ins == 1


async def test_the_operation_reject_shows_the_bill_as_it_now_stands(
    office: Office,
) -> None:
    variables = {"input": {"id": office.id("BILL-1001"), "note": "not ours"}}

    body = await office.client.run("Reject", variables)

    assert body == {
        "data": {
            "reject": {
                "outcome": "APPLIED",
                "approvable": {
                    "__typename": "Invoice",
                    "id": office.id("BILL-1001"),
                    "approvalState": "REJECTED",
                    "viewerActions": [],
                },
                "approvalStatus": None,
                "userErrors": [],
            }
        }
    }


@BOTH
@DECIDERS
@pytest.mark.parametrize("note", [None, "checked against the order"])
async def test_each_person_decides_as_themselves(
    office: Office,
    mutation: str,
    person: str | None,
    user_id: str,
    note: str | None,
) -> None:
    await office.send(
        "setApprovers", invoiceId=office.id("BILL-1009"), userSourceIds=[user_id]
    )
    office.bill.clear()

    answer = await office.send(
        mutation, person=person, id=office.id("BILL-1009"), note=note
    )

    is_approval = mutation == "approve"
    assert answer == payload(
        "APPLIED",
        shown(
            "BILL-1009",
            APPROVED if is_approval else REJECTED,
            (1, int(is_approval), int(not is_approval)),
            [(user_id, "APPROVED" if is_approval else "REJECTED", NOW)],
        ),
    )
    comment = {} if note is None else {"comment": note}
    arguments = {**office.target("BILL-1009"), **comment}
    assert office.written() == [(f"POST /{CALLS[mutation]}.json", arguments)]
    notes = [] if note is None else [Note(office.source_id("BILL-1009"), user_id, note)]
    assert office.simulator.state.notes == notes


@BOTH
async def test_a_decision_costs_a_look_a_write_and_a_read_back(
    office: Office, mutation: str
) -> None:
    await office.send(mutation, id=office.id("BILL-1015"))

    assert sorted(office.bill.calls) == sorted(
        [
            "POST /List/Bill.json",
            "POST /ListApprovers.json",
            f"POST /{CALLS[mutation]}.json",
            "POST /List/Bill.json",
            "POST /ListApprovers.json",
            "POST /List/User.json",
        ]
    )
    assert office.bill.calls[2] == f"POST /{CALLS[mutation]}.json"
    # The sign-in counts, and the users are named after their chain.
    assert office.bill.rounds == 5
    assert office.bill.sign_ins == 1


@pytest.mark.parametrize(
    "note", ["", "a & b = c + 50% #1", "Grüße — ✓ 💶", '"quoted"\n{"json": 1}']
)
async def test_a_note_arrives_as_it_was_sent(office: Office, note: str) -> None:
    await office.send("approve", id=office.id("BILL-1004"), note=note)

    wanted = [Note(office.source_id("BILL-1004"), CONTROLLER, note)] if note else []
    assert office.simulator.state.notes == wanted
    assert ("comment" in office.written()[0][1]) == bool(note)


@pytest.mark.parametrize("sent", [{}, {"force": None}, {"force": False}])
async def test_force_that_is_not_asked_for_is_never_sent(
    office: Office, sent: dict[str, Any]
) -> None:
    await office.send("approve", id=office.id("BILL-1004"), **sent)

    assert office.written() == [("POST /Approve.json", office.target("BILL-1004"))]


async def test_approvers_decide_in_their_order_and_the_last_approves(
    office: Office,
) -> None:
    answers = [
        await office.send("approve", person=person, id=office.id("BILL-1015"))
        for person in ("controller", "accountant", "buyer")
    ]

    first = (CONTROLLER, "APPROVED", NOW)
    second = (ACCOUNTANT, "APPROVED", NOW)
    third = (BUYER, "APPROVED", NOW)
    assert answers == [
        payload(
            "APPLIED",
            shown(
                "BILL-1015",
                PENDING,
                (3, 1, 0),
                [first, (ACCOUNTANT, "PENDING", None), (BUYER, "UPCOMING", None)],
            ),
        ),
        payload(
            "APPLIED",
            shown(
                "BILL-1015",
                PENDING,
                (3, 2, 0),
                [first, second, (BUYER, "PENDING", None)],
            ),
        ),
        payload(
            "APPLIED",
            shown("BILL-1015", APPROVED, (3, 3, 0), [first, second, third]),
        ),
    ]
    assert office.written() == [("POST /Approve.json", office.target("BILL-1015"))] * 3
    assert office.bill.sign_ins == 3


async def test_a_rejection_ends_the_approval_for_everybody(office: Office) -> None:
    await office.send("approve", id=office.id("BILL-1015"))

    answer = await office.send(
        "reject", person="accountant", id=office.id("BILL-1015"), note="too dear"
    )

    assert answer == payload(
        "APPLIED",
        shown(
            "BILL-1015",
            REJECTED,
            (2, 1, 1),
            [
                (CONTROLLER, "APPROVED", NOW),
                (ACCOUNTANT, "REJECTED", NOW),
                (BUYER, "SKIPPED", None),
            ],
        ),
    )


@pytest.mark.parametrize(
    "number",
    # Waiting; viewed; rerouted from another; half paid; of a deleted vendor; a credit.
    ["BILL-1004", "BILL-1005", "BILL-1006", "BILL-1021", "BILL-1022", "VC-1001"],
)
async def test_whoever_is_asked_may_approve(office: Office, number: str) -> None:
    answer = await office.send("approve", id=office.id(number))

    assert answer["outcome"] == "APPLIED"
    assert answer["approvable"]["status"] == "APPROVED"
    assert office.written() == [("POST /Approve.json", office.target(number))]


async def test_the_client_mutation_id_comes_back(office: Office) -> None:
    answer = await office.send(
        "reject", id=office.id("BILL-1004"), clientMutationId="m-1"
    )

    assert answer["clientMutationId"] == "m-1"


@pytest.mark.parametrize(
    ("mutation", "person", "number"),
    [
        # The whole bill is approved; only the caller's part is; a denial; credits.
        ("approve", "controller", "BILL-1008"),
        ("approve", "controller", "BILL-1012"),
        ("approve", "controller", "BILL-1013"),
        ("approve", "controller", "BILL-1020"),
        ("approve", "accountant", "BILL-1016"),
        ("reject", "controller", "BILL-1007"),
        ("reject", "approver", "BILL-1016"),
        ("approve", "controller", "VC-1003"),
        ("reject", "approver", "VC-1004"),
    ],
)
async def test_what_is_decided_so_already_is_not_sent_again(
    office: Office, mutation: str, person: str, number: str
) -> None:
    stood = await office.look(number)
    state = office.state()

    answer = await office.send(mutation, person=person, id=office.id(number))

    assert answer == payload("ALREADY_APPLIED", stood)
    assert writes(office.bill) == []
    assert office.state() == state


@BOTH
async def test_deciding_twice_is_sent_once(office: Office, mutation: str) -> None:
    first = await office.send(mutation, id=office.id("BILL-1001"), note="one")

    second = await office.send(mutation, id=office.id("BILL-1001"), note="two")

    assert second == {**first, "outcome": "ALREADY_APPLIED"}
    assert len(office.written()) == 1
    assert [note.text for note in office.simulator.state.notes] == ["one"]


@BOTH
async def test_two_at_once_are_one_decision(office: Office, mutation: str) -> None:
    answers = await asyncio.gather(
        *(
            office.send(mutation, id=office.id("BILL-1001"), note="at once")
            for _ in range(2)
        )
    )

    stood = await office.look("BILL-1001")
    assert sorted(answer["outcome"] for answer in answers) == [
        "ALREADY_APPLIED",
        "APPLIED",
    ]
    for answer in answers:
        assert answer["approvable"] == stood
        assert answer["userErrors"] == []
    assert [note.text for note in office.simulator.state.notes] == ["at once"]


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
        "returned it; a provider's own id goes to `invoiceBySource` or "
        "`policyBySource`.",
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
