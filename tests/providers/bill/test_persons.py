"""Who acts at BILL: persons at once, with credentials of their own and without."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest

from gateway.app import create_app
from gateway.domain import ProviderName, encode_id
from gateway.providers.bill.simulator import BillSimulator
from gateway.providers.bill.simulator.directory import (
    ACCOUNTANT,
    APPROVER,
    BUYER,
    CONTROLLER,
    FROM_4000,
)
from gateway.providers.bill.simulator.objects import (
    ACTIVE,
    APPROVING,
    ASSIGNED,
    Approvable,
)
from gateway.providers.bill.simulator.state import Note
from gateway.sandbox import Sandbox
from gateway.schema import create_schema
from gateway.settings import Settings
from tests.providers.bill.signing_in import (
    FOUND,
    ONE,
    ONE_CALL,
    SignIns,
    bill_id,
    fault_of,
    read_form,
    read_unknown,
    real_settings,
    signed_out,
    write_credentials,
    write_keys,
)
from tests.providers.bill.writing import failure
from tests.security.issuer import AUDIENCE, ISSUER, JWKS_URL, Issuer
from tests.support import Client, FakeTime, Handler, RecordingTransport, writes

USERS = {
    "controller": CONTROLLER,
    "accountant": ACCOUNTANT,
    "approver": APPROVER,
    "buyer": BUYER,
}
# The visitor's reads go out in the session of the service account.
SESSIONS = {**{person: person for person in USERS}, "visitor": "gateway"}
QUEUE = """{
  viewer {
    approvals(first: 100, filter: {providers: [BILL]}) {
      totalCount
      nodes { ... on Invoice { sourceId viewerActions } }
    }
  }
}"""
DECISIONS = {
    "approve": "mutation ($id: ID!, $note: String) {"
    " approve(input: {id: $id, note: $note}) { outcome userErrors { code } } }",
    "reject": "mutation ($id: ID!, $note: String) {"
    " reject(input: {id: $id, note: $note}) { outcome userErrors { code } } }",
}
CALLS = {"approve": "POST /Approve.json", "reject": "POST /Deny.json"}
NOBODY = (
    "BILL records who decides, and this gateway has no credentials of yours for it; "
    "its operator can add them. Nothing was sent."
)

Request = Coroutine[Any, Any, dict[str, Any]]


@pytest.fixture
def sign_ins(bill: RecordingTransport) -> SignIns:
    return SignIns(bill)


def payload(mutation: str, outcome: str, *codes: str) -> dict[str, Any]:
    errors = [{"code": code} for code in codes]
    return {"data": {mutation: {"outcome": outcome, "userErrors": errors}}}


def waiting(simulator: BillSimulator, person: str) -> list[str]:
    """Return the ids of what a person can decide now, from BILL's own state."""
    state = simulator.state
    objects: list[Approvable] = [
        *state.bills.values(),
        *state.vendor_credits.values(),
    ]
    return [
        one.id
        for one in objects
        if one.is_active == ACTIVE
        and one.approval_status in {ASSIGNED, APPROVING}
        and any(
            row.users_id == USERS[person] and row.status in {"0", "1"}
            for row in state.chain(one.id)
        )
    ]


def graph_id(source_id: str) -> str:
    return encode_id("Invoice", ProviderName.BILL, source_id)


def row_status(simulator: BillSimulator, source_id: str, person: str) -> str:
    chain = simulator.state.chain(source_id)
    [status] = [row.status for row in chain if row.users_id == USERS[person]]
    return status


async def ask(
    client: Client, person: str, query: str, **variables: Any
) -> dict[str, Any]:
    return await client.execute(query, variables, person=person)


async def read_queue(client: Client, person: str) -> tuple[list[str], int | None]:
    body = await ask(client, person, QUEUE)
    assert list(body) == ["data"]
    connection = body["data"]["viewer"]["approvals"]
    for node in connection["nodes"]:
        assert node["viewerActions"][:2] == ["APPROVE", "REJECT"]
    return [node["sourceId"] for node in connection["nodes"]], connection["totalCount"]


class Shuffling(httpx.AsyncBaseTransport):
    """Lets others go first, ever differently, before and after each request."""

    def __init__(self, inner: httpx.AsyncBaseTransport, random: Random) -> None:
        self._inner = inner
        self._random = random

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await self.pause()
        response = await self._inner.handle_async_request(request)
        await self.pause()
        return response

    async def pause(self) -> None:
        for _ in range(self._random.randrange(60)):
            await asyncio.sleep(0)


class TestInterleaved:
    """Persons' requests cut into each other at every await, in seeded disorder."""

    @pytest.fixture(params=range(5), ids=lambda seed: f"seed {seed}")
    def random(self, request: pytest.FixtureRequest) -> Random:
        return Random(request.param)  # noqa: S311 - disorder that can be repeated

    @pytest.fixture
    def shuffling(self, sandbox: Sandbox, random: Random) -> Shuffling:
        assert sandbox.transport is not None
        return Shuffling(sandbox.transport, random)

    @pytest.fixture
    def bill(self, shuffling: Shuffling) -> RecordingTransport:
        return RecordingTransport(shuffling, "/bill/api/v2")

    @pytest.fixture
    def mingle(
        self, shuffling: Shuffling, random: Random
    ) -> Callable[[list[Request]], Coroutine[Any, Any, list[dict[str, Any]]]]:
        """Run requests at once, each at a moment of its own; answers keep order."""

        async def run(request: Request) -> dict[str, Any]:
            await shuffling.pause()
            return await request

        async def mingle(requests: list[Request]) -> list[dict[str, Any]]:
            order = list(range(len(requests)))
            random.shuffle(order)
            bodies = await asyncio.gather(*(run(requests[one]) for one in order))
            found = dict(zip(order, bodies, strict=True))
            return [found[position] for position in range(len(requests))]

        return mingle

    async def test_each_decision_is_that_persons(
        self,
        client: Client,
        bill: RecordingTransport,
        sign_ins: SignIns,
        bill_simulator: BillSimulator,
        random: Random,
        mingle: Callable[[list[Request]], Coroutine[Any, Any, list[dict[str, Any]]]],
    ) -> None:
        """Decisions land as their persons', among reads and refusals of others."""
        plan = [
            (person, source_id, random.choice(["approve", "reject"]))
            for person in USERS
            for source_id in random.sample(waiting(bill_simulator, person), 8)
        ]
        notes = {
            source_id: f"{person} decides {source_id}" for person, source_id, _ in plan
        }
        decisions = [
            ask(
                client,
                person,
                DECISIONS[mutation],
                id=graph_id(source_id),
                note=notes[source_id],
            )
            for person, source_id, mutation in plan
        ]
        refusals = [
            ask(client, "visitor", DECISIONS[mutation], id=graph_id(source_id))
            for _, source_id, mutation in plan
        ]
        reads = [
            ask(client, person, read_unknown(1000 * position + times))
            for position, person in enumerate(SESSIONS)
            for times in range(8)
        ]

        bodies = await mingle([*decisions, *refusals, *reads])

        assert bodies == [
            *(payload(mutation, "APPLIED") for _, _, mutation in plan),
            *(payload(mutation, "REFUSED", "FORBIDDEN") for _, _, mutation in plan),
            *([{"data": {"invoiceBySource": None}}] * 40),
        ]
        # On the wire: whose session each decision and each read was in.
        sent = {
            (sign_ins.caller(request), call, data["objectId"], data["comment"])
            for request, call in zip(bill.requests, bill.calls, strict=True)
            if call in CALLS.values()
            for data in [json.loads(read_form(request)["data"])]
        }
        assert sent == {
            (person, CALLS[mutation], source_id, notes[source_id])
            for person, source_id, mutation in plan
        }
        assert len(writes(bill)) == len(plan)
        readers = Counter(
            (sign_ins.caller(request), int(data["filters"][0]["value"][5:]) // 1000)
            for request in bill.requests
            for data in [json.loads(read_form(request)["data"])]
            if data.get("filters", [{"value": ""}])[0]["value"][5:].isdigit()
        )
        assert readers == {
            (SESSIONS[person], position): 8 for position, person in enumerate(SESSIONS)
        }
        # In BILL: who decided, by its own record.
        assert sorted(sign_ins.names) == sorted(SESSIONS.values())
        made = {
            (one.object_id, one.user_id, one.text)
            for one in state_notes(bill_simulator)
        }
        assert made >= {
            (source_id, USERS[person], notes[source_id])
            for person, source_id, _ in plan
        }
        for person, source_id, mutation in plan:
            status = "4" if mutation == "approve" else "3"
            assert row_status(bill_simulator, source_id, person) == status

    async def test_each_sees_what_waits_for_them(
        self,
        client: Client,
        bill: RecordingTransport,
        sign_ins: SignIns,
        bill_simulator: BillSimulator,
        mingle: Callable[[list[Any]], Coroutine[Any, Any, list[Any]]],
    ) -> None:
        persons = list(USERS) * 4

        queues = await mingle([read_queue(client, person) for person in persons])

        expected = {person: set(waiting(bill_simulator, person)) for person in USERS}
        assert [set(ids) for ids, _ in queues] == [expected[one] for one in persons]
        assert [total for _, total in queues] == [len(expected[one]) for one in persons]
        assert len({frozenset(ids) for ids in expected.values()}) == 4
        asked = {
            (
                sign_ins.caller(request),
                json.loads(read_form(request)["data"])["usersId"],
            )
            for request, call in zip(bill.requests, bill.calls, strict=True)
            if call == "POST /ListUserApprovals.json"
        }
        assert asked == set(USERS.items())

    async def test_the_same_operation_is_done_for_each(
        self,
        client: Client,
        bill: RecordingTransport,
        bill_simulator: BillSimulator,
        mingle: Callable[[list[Request]], Coroutine[Any, Any, list[dict[str, Any]]]],
    ) -> None:
        """The controller alone is asked about it."""
        key = bill_id(bill_simulator, "BILL-1004")
        persons = ["approver", "controller", "buyer", "visitor"]

        bodies = await mingle(
            [ask(client, person, DECISIONS["approve"], id=key) for person in persons]
        )

        assert bodies == [
            payload("approve", "REFUSED", "FORBIDDEN"),
            payload("approve", "APPLIED"),
            payload("approve", "REFUSED", "FORBIDDEN"),
            payload("approve", "REFUSED", "FORBIDDEN"),
        ]
        assert writes(bill) == [CALLS["approve"]]

    async def test_nothing_that_was_read_is_anothers(
        self,
        client: Client,
        bill: RecordingTransport,
        sign_ins: SignIns,
        mingle: Callable[[list[Request]], Coroutine[Any, Any, list[dict[str, Any]]]],
    ) -> None:
        """Loaders live for one request: each request reads for itself."""
        persons = list(SESSIONS) * 5

        bodies = await mingle([ask(client, person, ONE) for person in persons])

        assert bodies == [FOUND] * 25
        assert bill.calls == [ONE_CALL] * 25
        assert Counter(sign_ins.callers) == dict.fromkeys(SESSIONS.values(), 5)

    async def test_what_one_learned_of_bill_is_not_believed_for_another(
        self,
        client: Client,
        bill: RecordingTransport,
        sign_ins: SignIns,
        bill_simulator: BillSimulator,
        mingle: Callable[[list[Request]], Coroutine[Any, Any, list[dict[str, Any]]]],
    ) -> None:
        """The controller's lists take no ``in``; everybody else's do."""

        async def refuse_in(
            request: httpx.Request, upstream: Handler
        ) -> httpx.Response:
            if sign_ins.caller(request) == "controller" and has_in(request):
                return failure("BDC_1002")
            return await upstream(request)

        bill.interceptors[ONE_CALL] = refuse_in
        numbers = ("BILL-1001", "BILL-1004")
        ids = json.dumps([bill_id(bill_simulator, number) for number in numbers])
        query = f"{{ nodes(ids: {ids}) {{ ... on Invoice {{ number }} }} }}"
        found = {"data": {"nodes": [{"number": number} for number in numbers]}}
        persons = list(SESSIONS)

        first = await mingle([ask(client, person, query) for person in persons])
        learned = count_in(bill, sign_ins)
        bill.clear()
        second = await mingle([ask(client, person, query) for person in persons * 3])

        others = dict.fromkeys(set(SESSIONS.values()) - {"controller"}, (1, 0))
        assert first == [found] * 5
        assert learned == {"controller": (1, 2), **others}
        assert second == [found] * 15
        assert count_in(bill, sign_ins) == {
            "controller": (0, 6),
            **dict.fromkeys(others, (3, 0)),
        }

    async def test_a_refused_sign_in_is_nobody_elses(
        self,
        client: Client,
        sign_ins: SignIns,
        bill_simulator: BillSimulator,
        mingle: Callable[[list[Request]], Coroutine[Any, Any, list[dict[str, Any]]]],
    ) -> None:
        sign_ins.answers["buyer"] = failure("BDC_1101")
        ids = [waiting(bill_simulator, person)[0] for person in USERS]
        persons = list(SESSIONS) * 6

        reads = await mingle([ask(client, person, ONE) for person in persons])
        acts = await mingle(
            [
                ask(client, person, DECISIONS["approve"], id=graph_id(source_id))
                for person, source_id in zip(USERS, ids, strict=True)
            ]
        )

        for person, body in zip(persons, reads, strict=True):
            if person == "buyer":
                assert body["data"] == {"invoiceBySource": None}
                assert fault_of(body) == signed_out()
            else:
                assert body == FOUND
        assert acts[:3] == [payload("approve", "APPLIED")] * 3
        assert acts[3]["data"] == {"approve": None}
        assert fault_of(acts[3]) == signed_out(retryable=True)
        assert sorted(sign_ins.names) == sorted(SESSIONS.values())
        assert "buyer" not in sign_ins.callers
        assert row_status(bill_simulator, ids[3], "buyer") in {"0", "1"}

    async def test_a_session_that_is_lost_is_replaced_by_that_persons_own(
        self,
        client: Client,
        bill: RecordingTransport,
        sign_ins: SignIns,
        bill_simulator: BillSimulator,
        random: Random,
        mingle: Callable[[list[Request]], Coroutine[Any, Any, list[dict[str, Any]]]],
    ) -> None:
        """Sessions end at random moments, also between the steps of a decision."""
        firsts: dict[str, str] = {}

        async def end_first(
            request: httpx.Request, upstream: Handler
        ) -> httpx.Response:
            session = read_form(request)["sessionId"]
            first = firsts.setdefault(sign_ins.caller(request), session)
            if session == first and random.random() < 0.3:
                bill_simulator._pipeline.sessions.end(session)
            return await upstream(request)

        bill.interceptors[CALLS["approve"]] = end_first
        plan = [
            (person, source_id)
            for person in USERS
            for source_id in random.sample(waiting(bill_simulator, person), 6)
        ]

        bodies = await mingle(
            [
                ask(
                    client,
                    person,
                    DECISIONS["approve"],
                    id=graph_id(source_id),
                    note=f"by {person}",
                )
                for person, source_id in plan
            ]
        )

        assert bodies == [payload("approve", "APPLIED")] * len(plan)
        for request, call in zip(bill.requests, bill.calls, strict=True):
            if call == CALLS["approve"]:
                note = json.loads(read_form(request)["data"])["comment"]
                assert note == f"by {sign_ins.caller(request)}"
        made = Counter(
            (one.object_id, one.user_id)
            for one in state_notes(bill_simulator)
            if one.text.startswith("by ")
        )
        assert made == {(source_id, USERS[person]): 1 for person, source_id in plan}
        # Each lost one session at most, and signed in once more for all calls.
        assert set(Counter(sign_ins.names).values()) <= {1, 2}
        assert len(sign_ins.names) > 4


def state_notes(simulator: BillSimulator) -> list[Note]:
    return simulator.state.notes


def has_in(request: httpx.Request) -> bool:
    filters = json.loads(read_form(request)["data"])["filters"]
    return any(one["op"] == "in" for one in filters)


def count_in(bill: RecordingTransport, sign_ins: SignIns) -> dict[str, tuple[int, int]]:
    """Return how many lists each session asked for with ``in``, and without."""
    counts = Counter(
        (sign_ins.caller(request), has_in(request)) for request in bill.requests
    )
    return {name: (counts[name, True], counts[name, False]) for name, _ in counts}


# Each mutation, with its input; what names an object here becomes its id.
EVERY: list[tuple[str, dict[str, Any]]] = [
    ("approve", {"id": "BILL-1004"}),
    ("approve", {"id": "BILL-1004", "note": "yes", "force": False}),
    ("reject", {"id": "BILL-1004", "note": "no"}),
    ("addApprover", {"invoiceId": "BILL-1004", "userSourceId": BUYER}),
    ("removeApprover", {"approverId": "BILL-1001"}),
    ("setApprovers", {"invoiceId": "BILL-1004", "userSourceIds": [BUYER]}),
    ("clearApprovers", {"invoiceId": "BILL-1004"}),
    ("createPolicy", {"amountThreshold": "7000.00", "minimumApprovers": 1}),
    ("updatePolicy", {"policyId": "policy", "minimumApprovers": 1}),
    ("deletePolicy", {"policyId": "policy"}),
    ("restorePolicy", {"policyId": "policy"}),
    ("addPolicyApprover", {"policyId": "policy", "userSourceId": BUYER}),
    ("removePolicyApprover", {"policyId": "policy", "userSourceId": BUYER}),
]


class TestNoCredentials:
    """The visitor reads as the service account, and decides nothing."""

    async def test_reads_go_out_in_the_service_accounts_session(
        self, client: Client, sign_ins: SignIns
    ) -> None:
        body = await ask(
            client,
            "visitor",
            "{ policies(first: 1) { nodes { providerName: name } }"
            " invoices(first: 2, filter: {providers: [BILL]})"
            " { nodes { number approvers { position } } } }",
        )

        assert list(body) == ["data"]
        assert sign_ins.names == ["gateway"]
        assert set(sign_ins.callers) == {"gateway"}

    async def test_nothing_waits_for_who_is_nobody(
        self, client: Client, bill: RecordingTransport
    ) -> None:
        body = await ask(
            client,
            "visitor",
            "{ viewer { approvals(filter: {providers: [BILL]})"
            " { totalCount nodes { id } }"
            " sources { provider ok isComplete error { code message } } } }",
        )

        assert body["data"]["viewer"]["approvals"] == {"totalCount": None, "nodes": []}
        [told] = [
            one
            for one in body["data"]["viewer"]["sources"]
            if one["provider"] == "BILL"
        ]
        assert told == {
            "provider": "BILL",
            "ok": False,
            "isComplete": False,
            "error": {"code": "FORBIDDEN", "message": NOBODY},
        }
        assert (bill.sign_ins, bill.calls) == (0, [])

    async def test_there_is_nothing_that_they_can_do(
        self, client: Client, bill_simulator: BillSimulator
    ) -> None:
        query = "query ($id: ID!) { invoice(id: $id) { viewerActions } }"
        key = bill_id(bill_simulator, "BILL-1004")

        theirs = await ask(client, "visitor", query, id=key)
        mine = await ask(client, "controller", query, id=key)

        assert theirs == {"data": {"invoice": {"viewerActions": []}}}
        assert mine["data"]["invoice"]["viewerActions"][:2] == ["APPROVE", "REJECT"]

    def test_every_decision_is_tried_here(self) -> None:
        mutations = create_schema().mutation_type
        assert mutations is not None
        tried = {mutation for mutation, _ in EVERY} | {"decide"}
        assert tried == set(mutations.fields)

    @pytest.mark.parametrize(("mutation", "members"), EVERY)
    async def test_every_decision_is_refused_before_any_call(
        self,
        client: Client,
        bill: RecordingTransport,
        bill_simulator: BillSimulator,
        mutation: str,
        members: dict[str, Any],
    ) -> None:
        state = bill_simulator.state
        row = state.chain(state.numbered("BILL-1001").id)[1]
        named = {
            "BILL-1004": bill_id(bill_simulator, "BILL-1004"),
            "BILL-1001": encode_id(
                "Approver", ProviderName.BILL, row.id, state.numbered("BILL-1001").id
            ),
            "policy": encode_id("Policy", ProviderName.BILL, FROM_4000),
        }
        given = {
            name: named.get(value, value) if isinstance(value, str) else value
            for name, value in members.items()
        }
        kind = f"{mutation[0].upper()}{mutation[1:]}Input!"

        body = await ask(
            client,
            "visitor",
            f"mutation ($input: {kind}) {{ {mutation}(input: $input)"
            " { outcome userErrors { code message field provider } } }",
            input=given,
        )

        refusal = {
            "code": "FORBIDDEN",
            "message": NOBODY,
            "field": None,
            "provider": "BILL",
        }
        assert body == {
            "data": {mutation: {"outcome": "REFUSED", "userErrors": [refusal]}}
        }
        assert (bill.sign_ins, bill.calls) == (0, [])

    async def test_each_of_several_decisions_is_refused_before_any_call(
        self, client: Client, bill: RecordingTransport, bill_simulator: BillSimulator
    ) -> None:
        decisions = [
            {"id": bill_id(bill_simulator, number), "decision": decision}
            for number, decision in (("BILL-1004", "REJECT"), ("BILL-1001", "APPROVE"))
        ]

        body = await ask(
            client,
            "visitor",
            "mutation ($input: DecideInput!) { decide(input: $input) { outcome"
            " results { outcome userErrors { code message field provider } }"
            " userErrors { code } } }",
            input={"decisions": decisions},
        )

        refusal = {
            "code": "FORBIDDEN",
            "message": NOBODY,
            "field": None,
            "provider": "BILL",
        }
        result = {"outcome": "REFUSED", "userErrors": [refusal]}
        assert body == {
            "data": {
                "decide": {
                    "outcome": "REFUSED",
                    "results": [result, result],
                    "userErrors": [],
                }
            }
        }
        assert (bill.sign_ins, bill.calls) == (0, [])

    async def test_what_a_refusal_shows_is_read_as_the_service_account(
        self,
        client: Client,
        bill: RecordingTransport,
        bill_simulator: BillSimulator,
        sign_ins: SignIns,
    ) -> None:
        source_id = bill_simulator.state.numbered("BILL-1004").id
        body = await client.run(
            "Approve", {"input": {"id": graph_id(source_id)}}, person="visitor"
        )

        assert body["data"]["approve"]["outcome"] == "REFUSED"
        assert body["data"]["approve"]["approvable"]["approvalState"] == "PENDING"
        assert set(sign_ins.callers) == {"gateway"}
        assert writes(bill) == []
        assert row_status(bill_simulator, source_id, "controller") == "0"


class Deployment:
    """A gateway over settings as an operator writes them; BILL is the simulator.

    A subject's API key is what a ``Client`` sends for its *person*.
    """

    def __init__(
        self,
        folder: Path,
        monkeypatch: pytest.MonkeyPatch,
        sandbox: Sandbox,
        bill: RecordingTransport,
        time: FakeTime,
    ) -> None:
        self.keys = folder / "keys.toml"
        self.credentials = folder / "credentials.toml"
        self._monkeypatch = monkeypatch
        self._sandbox = sandbox
        self._bill = bill
        self._time = time
        write_keys(self.keys, "anna", "adam", "zoe", "controller")
        self.set_credentials(anna="controller", adam="accountant")

    def set_credentials(self, **users: str) -> None:
        """Let each subject sign in as a demo person."""
        simulator = self._sandbox.simulators[ProviderName.BILL]
        found = {name: simulator.credentials(user) for name, user in users.items()}
        write_credentials(
            self.credentials,
            {name: words for name, words in found.items() if words is not None},
        )

    def read_settings(self, mode: str) -> Settings:
        more = {
            "none": {},
            "api_key": {"AUTH__API_KEYS_FILE": str(self.keys)},
            "jwt": {
                "AUTH__JWKS_URL": JWKS_URL,
                "AUTH__ISSUER": ISSUER,
                "AUTH__AUDIENCE": AUDIENCE,
            },
        }[mode]
        return real_settings(
            self._monkeypatch,
            self._sandbox,
            AUTH__MODE=mode,
            CREDENTIALS_FILE=str(self.credentials),
            **more,
        )

    @asynccontextmanager
    async def serve(self, mode: str, **more: Any) -> AsyncIterator[Client]:
        app = create_app(
            self.read_settings(mode),
            transports={ProviderName.BILL: self._bill},
            clock=self._time.clock,
            **more,
        )
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://127.0.0.1"
        ) as http:
            yield Client(http)


@pytest.fixture
def deployment(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    sandbox: Sandbox,
    bill: RecordingTransport,
    time: FakeTime,
) -> Deployment:
    return Deployment(tmp_path, monkeypatch, sandbox, bill, time)


class TestAPIKeys:
    """``GATEWAY_AUTH__MODE=api_key`` with a file of credentials, over a real BILL."""

    @pytest.fixture
    async def client(self, deployment: Deployment) -> AsyncIterator[Client]:
        async with deployment.serve("api_key") as client:
            yield client

    async def test_a_subject_with_credentials_decides_as_that_user(
        self,
        client: Client,
        bill: RecordingTransport,
        bill_simulator: BillSimulator,
        sign_ins: SignIns,
    ) -> None:
        source_id = bill_simulator.state.numbered("BILL-1004").id

        body = await ask(
            client,
            "anna",
            DECISIONS["approve"],
            id=graph_id(source_id),
            note="by anna",
        )

        assert body == payload("approve", "APPLIED")
        assert sign_ins.names == ["controller"]
        assert set(sign_ins.callers) == {"controller"}
        assert writes(bill) == [CALLS["approve"]]
        assert Note(source_id, CONTROLLER, "by anna") in state_notes(bill_simulator)
        assert row_status(bill_simulator, source_id, "controller") == "4"

    @pytest.mark.parametrize("subject", ["zoe", "controller"])
    async def test_a_subject_without_decides_nothing(
        self,
        client: Client,
        bill: RecordingTransport,
        bill_simulator: BillSimulator,
        sign_ins: SignIns,
        subject: str,
    ) -> None:
        """A demo person is nobody here, whatever the subject is called."""
        key = bill_id(bill_simulator, "BILL-1004")
        body = await ask(client, subject, DECISIONS["approve"], id=key)
        assert (bill.sign_ins, bill.calls) == (0, [])

        read = await ask(client, subject, ONE)

        assert body == payload("approve", "REFUSED", "FORBIDDEN")
        assert read == FOUND
        assert sign_ins.callers == ["gateway"]

    async def test_a_person_who_is_the_service_account_decides_as_it(
        self,
        client: Client,
        deployment: Deployment,
        bill_simulator: BillSimulator,
        sandbox: Sandbox,
        sign_ins: SignIns,
    ) -> None:
        """The file says so; one session serves them and those who only read."""
        section = sandbox.simulators[ProviderName.BILL].settings("http://x")
        words = {name: section[name] for name in ("user_name", "password")}
        write_credentials(deployment.credentials, {"anna": words})
        await ask(client, "zoe", ONE)

        body = await ask(
            client,
            "anna",
            DECISIONS["approve"],
            id=bill_id(bill_simulator, "BILL-1004"),
        )

        # It is not among the approvers: BILL was asked, and that is the answer.
        assert body == payload("approve", "REFUSED", "FORBIDDEN")
        assert sign_ins.names == ["gateway"]
        assert len(sign_ins.callers) > 1

    @pytest.mark.parametrize("headers", [{}, {"X-API-Key": "nonsense"}])
    async def test_who_is_not_known_is_not_served(
        self,
        client: Client,
        bill: RecordingTransport,
        headers: dict[str, str],
    ) -> None:
        response = await client.http.post(
            "/graphql", json={"query": ONE}, headers=headers
        )

        body = response.json()
        assert response.status_code == 401
        assert "data" not in body
        assert [one["extensions"]["code"] for one in body["errors"]] == [
            "UNAUTHENTICATED"
        ]
        assert (bill.sign_ins, bill.calls) == (0, [])

    async def test_subjects_at_once_act_each_as_their_own_user(
        self,
        client: Client,
        bill_simulator: BillSimulator,
        sign_ins: SignIns,
    ) -> None:
        users = {"anna": "controller", "adam": "accountant"}
        plan = [
            (subject, source_id)
            for pair in zip(
                *(waiting(bill_simulator, user)[:8] for user in users.values()),
                strict=True,
            )
            for subject, source_id in zip(users, pair, strict=True)
        ]

        bodies = await asyncio.gather(
            *(
                ask(
                    client,
                    subject,
                    DECISIONS["approve"],
                    id=graph_id(source_id),
                    note=f"by {subject}",
                )
                for subject, source_id in plan
            ),
            *(ask(client, "zoe", ONE) for _ in range(8)),
        )

        assert bodies == [payload("approve", "APPLIED")] * 16 + [FOUND] * 8
        assert sorted(sign_ins.names) == ["accountant", "controller", "gateway"]
        made = [one for one in state_notes(bill_simulator) if one.text[:3] == "by "]
        assert sorted(made, key=lambda one: one.object_id) == sorted(
            (
                Note(source_id, USERS[users[subject]], f"by {subject}")
                for subject, source_id in plan
            ),
            key=lambda one: one.object_id,
        )

    async def test_credentials_that_are_added_hold_at_the_next_request(
        self,
        client: Client,
        deployment: Deployment,
        bill_simulator: BillSimulator,
        sign_ins: SignIns,
    ) -> None:
        key = bill_id(bill_simulator, "BILL-1004")
        before = await ask(client, "zoe", DECISIONS["approve"], id=key)

        deployment.set_credentials(
            anna="controller", adam="accountant", zoe="controller"
        )

        after = await ask(client, "zoe", DECISIONS["approve"], id=key)
        assert before == payload("approve", "REFUSED", "FORBIDDEN")
        assert after == payload("approve", "APPLIED")
        assert sign_ins.names == ["controller"]

    async def test_credentials_that_are_changed_hold_at_the_next_request(
        self,
        client: Client,
        deployment: Deployment,
        sign_ins: SignIns,
    ) -> None:
        await ask(client, "anna", ONE)
        await ask(client, "adam", ONE)

        deployment.set_credentials(anna="buyer", adam="accountant")

        await ask(client, "anna", ONE)
        await ask(client, "adam", ONE)
        # Whose credentials stayed keeps the session.
        assert sign_ins.names == ["controller", "accountant", "buyer"]
        assert sign_ins.callers == ["controller", "accountant", "buyer", "accountant"]

    async def test_credentials_that_are_removed_are_gone_at_the_next_request(
        self,
        client: Client,
        deployment: Deployment,
        bill: RecordingTransport,
        bill_simulator: BillSimulator,
        sign_ins: SignIns,
    ) -> None:
        await ask(client, "anna", ONE)

        deployment.set_credentials(adam="accountant")

        key = bill_id(bill_simulator, "BILL-1004")
        body = await ask(client, "anna", DECISIONS["approve"], id=key)
        read = await ask(client, "anna", ONE)
        assert body == payload("approve", "REFUSED", "FORBIDDEN")
        assert read == FOUND
        assert sign_ins.callers == ["controller", "gateway"]
        assert writes(bill) == []

    async def test_a_request_under_way_keeps_who_it_began_as(
        self,
        client: Client,
        deployment: Deployment,
        bill: RecordingTransport,
        bill_simulator: BillSimulator,
        sign_ins: SignIns,
    ) -> None:
        source_id = bill_simulator.state.numbered("BILL-1004").id

        async def change(request: httpx.Request, upstream: Handler) -> httpx.Response:
            deployment.set_credentials(anna="buyer")
            return await upstream(request)

        bill.interceptors["POST /ListApprovers.json"] = change

        body = await ask(client, "anna", DECISIONS["approve"], id=graph_id(source_id))

        assert body == payload("approve", "APPLIED")
        assert sign_ins.names == ["controller"]
        assert set(sign_ins.callers) == {"controller"}

    async def test_a_file_that_cannot_be_used_leaves_everybody_as_they_were(
        self,
        client: Client,
        deployment: Deployment,
        sign_ins: SignIns,
    ) -> None:
        await ask(client, "anna", ONE)

        deployment.credentials.write_text('["anna".bill]\nuser_name = 1\n')

        assert await ask(client, "anna", ONE) == FOUND
        assert sign_ins.callers == ["controller"] * 2


class TestNoMode:
    """``GATEWAY_AUTH__MODE=none``: nobody is known, and BILL records who decides."""

    @pytest.fixture
    async def client(self, deployment: Deployment) -> AsyncIterator[Client]:
        async with deployment.serve("none") as client:
            yield client

    @pytest.mark.parametrize("person", [None, "controller", "anna"])
    async def test_nothing_is_decided(
        self,
        client: Client,
        bill: RecordingTransport,
        bill_simulator: BillSimulator,
        person: str | None,
    ) -> None:
        variables = {"id": bill_id(bill_simulator, "BILL-1004")}

        bodies = [
            await client.execute(text, variables, person=person)
            for text in DECISIONS.values()
        ]

        assert bodies == [
            payload(mutation, "REFUSED", "FORBIDDEN") for mutation in DECISIONS
        ]
        assert (bill.sign_ins, bill.calls) == (0, [])

    async def test_everything_is_read_as_the_service_account(
        self, client: Client, sign_ins: SignIns
    ) -> None:
        bodies = [
            await client.execute(ONE, person=person)
            for person in (None, "controller", "anna")
        ]

        assert bodies == [FOUND] * 3
        assert sign_ins.names == ["gateway"]
        assert sign_ins.callers == ["gateway"] * 3


class TestTokens:
    """``GATEWAY_AUTH__MODE=jwt``: ``sub`` is the subject of the credentials."""

    async def test_the_subject_of_a_token_decides_as_its_user(
        self,
        deployment: Deployment,
        bill_simulator: BillSimulator,
        sign_ins: SignIns,
        time: FakeTime,
    ) -> None:
        issuer = Issuer(time)
        source_id = bill_simulator.state.numbered("BILL-1004").id
        variables = {"id": graph_id(source_id), "note": "by token"}

        async with deployment.serve("jwt", identity_transport=issuer) as client:
            bodies = []
            for subject in ("zoe", "adam", "anna"):
                response = await client.http.post(
                    "/graphql",
                    json={"query": DECISIONS["approve"], "variables": variables},
                    headers={"Authorization": f"Bearer {issuer.sign(sub=subject)}"},
                )
                bodies.append(response.json())

        assert bodies == [
            payload("approve", "REFUSED", "FORBIDDEN"),
            payload("approve", "REFUSED", "FORBIDDEN"),
            payload("approve", "APPLIED"),
        ]
        # Nobody; one whom BILL does not ask; the one whom it asks.
        assert sign_ins.names == ["accountant", "controller"]
        notes = [one for one in state_notes(bill_simulator) if one.text == "by token"]
        assert notes == [Note(source_id, CONTROLLER, "by token")]
