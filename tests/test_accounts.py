"""Whose credentials a request uses: a standing for each, with real settings."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from gateway.app import create_app
from gateway.connector import Provider
from gateway.domain import ProviderName, encode_id
from gateway.providers import PROVIDERS
from gateway.providers.accounteer.simulator import AccounteerSimulator
from gateway.providers.accounteer.simulator.directory import MAIN
from gateway.providers.bill.simulator import BillSimulator
from gateway.sandbox import Sandbox
from gateway.settings import AuthSettings, Settings, read_settings
from tests.support import Client, FakeTime, RecordingTransport, writes

OTTIMATE, BILL = ProviderName.OTTIMATE, ProviderName.BILL
PRODUCTIVE, ACCOUNTEER = ProviderName.PRODUCTIVE, ProviderName.ACCOUNTEER
LIST = "{ invoices(first: 1) { nodes { number } sources { ok } } }"
QUEUE = (
    "{ viewer { approvals(first: 100) { nodes { id } } "
    "sources { provider error { code } } } }"
)
ACTIONS = "query ($id: ID!) { invoice(id: $id) { number viewerActions } }"
APPROVE = """
mutation ($id: ID!) {
  approve(input: {id: $id}) {
    outcome approvable { id } userErrors { code message provider }
  }
}
"""
SUBJECTS = ("anna", "anna.too", "adam", "nobody")
BILL_1001 = encode_id("Invoice", BILL, "00n01BILL1001AAAAAAA")
BILL_1002 = encode_id("Invoice", BILL, "00n01BILL1002AAAAAAA")

# What a subject signs in with at each provider: the name of a demo person's.
Persons = Mapping[str, Mapping[str, str]]
# anna and anna.too are the same user of BILL; adam is another; nobody has nothing.
PERSONS: Persons = {
    "anna": {"bill": "controller", "ottimate": "clerk"},
    "anna.too": {"bill": "controller"},
    "adam": {"bill": "accountant"},
}


class CallerClient(Client):
    """A client that says who it is by a key."""

    async def ask(
        self, subject: str, query: str, variables: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        response = await self.http.post(
            "/graphql",
            json={"query": query, "variables": variables},
            headers={"X-API-Key": f"key-of-{subject}"},
        )
        body: dict[str, Any] = response.json()
        return body


@pytest.fixture
def keep_credentials(sandbox: Sandbox, tmp_path: Path) -> Callable[[Persons], Path]:
    """Write the credentials file anew, whole, as an operator does."""

    def write(persons: Persons) -> Path:
        path = tmp_path / "credentials.toml"
        lines = []
        for subject, known in persons.items():
            for provider in PROVIDERS:
                words = provider.key in known and sandbox.credentials(
                    provider, known[provider.key]
                )
                if words:
                    lines.append(f"[{json.dumps(subject)}.{provider.key}]")
                    lines += [f"{key} = {json.dumps(words[key])}" for key in words]
        new = path.with_suffix(".new")
        new.write_text("\n".join(lines), encoding="utf-8")
        new.replace(path)
        return path

    return write


@pytest.fixture
def settings(
    monkeypatch: pytest.MonkeyPatch,
    sandbox: Sandbox,
    tmp_path: Path,
    keep_credentials: Callable[[Persons], Path],
) -> Settings:
    """Settings of real providers, of keys, and of credentials."""
    for provider in PROVIDERS:
        for key, value in sandbox.settings(provider).items():
            monkeypatch.setenv(f"GATEWAY_{provider.key}__{key}".upper(), value)
    keys = tmp_path / "keys.toml"
    keys.write_text(
        "\n".join(
            f'"{one}" = "sha256:{hashlib.sha256(f"key-of-{one}".encode()).hexdigest()}"'
            for one in SUBJECTS
        ),
        encoding="utf-8",
    )
    settings = read_settings({one.key: one.settings for one in PROVIDERS})
    return settings.model_copy(
        update={
            "auth": AuthSettings(mode="api_key", api_keys_file=keys),
            "credentials_file": keep_credentials(PERSONS),
        }
    )


@pytest.fixture
async def callers(
    settings: Settings,
    ottimate: RecordingTransport,
    bill: RecordingTransport,
    productive: RecordingTransport,
    accounteer: RecordingTransport,
    time: FakeTime,
) -> AsyncIterator[CallerClient]:
    """Return a client of a gateway over providers that it takes for real."""
    app = create_app(
        settings,
        transports={
            OTTIMATE: ottimate,
            BILL: bill,
            PRODUCTIVE: productive,
            ACCOUNTEER: accounteer,
        },
        clock=time.clock,
    )
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://127.0.0.1"
    ) as http:
        yield CallerClient(http)


@pytest.fixture
def sign_ins(bill: RecordingTransport) -> list[str]:
    """Return, as they happen, the names that BILL is signed in to with."""
    names: list[str] = []

    async def record(request: httpx.Request, upstream: Any) -> httpx.Response:
        form = dict(httpx.QueryParams(request.content.decode()))
        names.append(form["userName"])
        response = await upstream(request)
        assert isinstance(response, httpx.Response)
        return response

    bill.interceptors["POST /Login.json"] = record
    return names


def find_drafts(simulator: AccounteerSimulator) -> set[str]:
    """Return the ids of what waits in Accounteer, for whoever may approve."""
    documents = simulator.state.invoices | simulator.state.purchases
    return {
        encode_id("Invoice", ACCOUNTEER, one.id, f"{one.kind}s")
        for one in documents.values()
        if (one.organization_id, one.status) == (MAIN, "draft")
    }


# Standings


async def test_two_subjects_with_the_same_credentials_share_one_standing(
    callers: CallerClient, sign_ins: list[str]
) -> None:
    for subject in ("anna", "anna.too", "anna"):
        assert "errors" not in await callers.ask(subject, LIST)

    assert sign_ins == ["controller@harbor.example"]


async def test_two_subjects_with_the_same_credentials_sign_in_once_at_a_time(
    callers: CallerClient, sign_ins: list[str]
) -> None:
    bodies = await asyncio.gather(
        *(callers.ask(one, LIST) for one in ("anna", "anna.too") * 4)
    )

    assert all("errors" not in body for body in bodies)
    assert sign_ins == ["controller@harbor.example"]


async def test_other_credentials_are_another_standing(
    callers: CallerClient, sign_ins: list[str]
) -> None:
    for subject in ("anna", "adam", "anna", "adam"):
        assert "errors" not in await callers.ask(subject, LIST)

    assert sign_ins == ["controller@harbor.example", "accountant@harbor.example"]


async def test_who_has_no_credentials_reads_as_the_gateway(
    callers: CallerClient, sign_ins: list[str]
) -> None:
    assert "errors" not in await callers.ask("nobody", LIST)

    assert sign_ins == ["gateway@harbor.example"]


async def test_credentials_with_one_provider_are_none_with_another(
    callers: CallerClient, ottimate: RecordingTransport
) -> None:
    """adam has none with Ottimate, so there he is the gateway, as anna.too is."""
    for subject in ("adam", "anna.too", "nobody"):
        assert "errors" not in await callers.ask(subject, LIST)
    assert ottimate.sign_ins == 1

    assert "errors" not in await callers.ask("anna", LIST)

    assert ottimate.sign_ins == 2


async def test_callers_at_the_same_time_never_act_as_each_other(
    callers: CallerClient, bill: RecordingTransport, bill_simulator: BillSimulator
) -> None:
    sessions: dict[str, str] = {}

    async def record(request: httpx.Request, upstream: Any) -> httpx.Response:
        form = dict(httpx.QueryParams(request.content.decode()))
        response = await upstream(request)
        body = json.loads(await response.aread())
        sessions[body["response_data"]["sessionId"]] = form["userName"]
        return httpx.Response(200, json=body)

    bill.interceptors["POST /Login.json"] = record
    subjects = ["anna", "adam", "anna.too"] * 5

    # Accounteer's calls are two a second, for all for whom one application acts.
    text = QUEUE.replace("first: 100", "first: 100, filter: {providers: [BILL]}")

    bodies = await asyncio.gather(*(callers.ask(one, text) for one in subjects))

    queues: dict[str, set[str]] = {}
    for subject, body in zip(subjects, bodies, strict=True):
        nodes = body["data"]["viewer"]["approvals"]["nodes"]
        queues.setdefault(subject, {one["id"] for one in nodes})
        assert queues[subject] == {one["id"] for one in nodes} != set()
    assert queues["anna"] == queues["anna.too"]
    assert not queues["anna"] & queues["adam"]
    # The user who is asked about is the one whose session it is.
    users = {one.id: one.login_id for one in bill_simulator.state.users.values()}
    asked = [
        (users[bill.data(at)["usersId"]], sessions[bill.form(at)["sessionId"]])
        for at, call in enumerate(bill.calls)
        if call == "POST /ListUserApprovals.json"
    ]
    assert len(asked) == 2 * 15
    assert set(asked) == {
        (name, name)
        for name in ("controller@harbor.example", "accountant@harbor.example")
    }


# Decisions


async def test_a_decision_is_made_with_the_callers_own_credentials(
    callers: CallerClient, bill_simulator: BillSimulator
) -> None:
    refused = await callers.ask("adam", APPROVE, {"id": BILL_1001})
    approved = await callers.ask("anna", APPROVE, {"id": BILL_1001})

    assert refused["data"]["approve"]["outcome"] == "REFUSED"
    assert refused["data"]["approve"]["userErrors"][0]["code"] == "CONFLICT"
    assert approved["data"]["approve"]["outcome"] == "APPLIED"
    chain = bill_simulator.state.chain("00n01BILL1001AAAAAAA")
    assert [(row.users_id, row.status) for row in chain] == [
        ("00601CONTROLLER00000", "4"),
        ("00601ACCOUNTANT00000", "0"),
    ]


async def test_who_has_no_credentials_decides_nothing_and_no_call_is_made(
    callers: CallerClient, bill: RecordingTransport
) -> None:
    body = await callers.ask("nobody", APPROVE, {"id": BILL_1001})

    assert body["data"]["approve"]["outcome"] == "REFUSED"
    assert body["data"]["approve"]["userErrors"] == [
        {
            "code": "FORBIDDEN",
            "message": (
                "BILL records who decides, and this gateway has no credentials of "
                "yours for it; its operator can add them. Nothing was sent."
            ),
            "provider": "BILL",
        }
    ]
    assert writes(bill) == []


async def test_who_has_no_credentials_is_offered_no_action(
    callers: CallerClient,
) -> None:
    shown = {
        subject: (await callers.ask(subject, ACTIONS, {"id": BILL_1001}))["data"]
        for subject in ("anna", "adam", "nobody")
    }

    changes = ["ADD_APPROVER", "REMOVE_APPROVER", "SET_APPROVERS"]
    assert {key: one["invoice"]["viewerActions"] for key, one in shown.items()} == {
        "anna": ["APPROVE", "REJECT", *changes],
        "adam": changes,
        "nobody": [],
    }


async def test_who_has_no_credentials_has_no_queue_but_what_waits_for_everybody(
    callers: CallerClient,
    bill: RecordingTransport,
    productive: RecordingTransport,
    accounteer_simulator: AccounteerSimulator,
) -> None:
    body = await callers.ask("nobody", QUEUE)

    viewer = body["data"]["viewer"]
    ids = [one["id"] for one in viewer["approvals"]["nodes"]]
    assert len(ids) == len(set(ids))
    assert set(ids) == find_drafts(accounteer_simulator) != set()
    assert viewer == {
        "approvals": viewer["approvals"],
        "sources": [
            {"provider": "OTTIMATE", "error": None},
            {"provider": "BILL", "error": {"code": "FORBIDDEN"}},
            {"provider": "PRODUCTIVE", "error": {"code": "FORBIDDEN"}},
            {"provider": "ACCOUNTEER", "error": None},
        ],
    }
    assert (bill.calls, bill.sign_ins) == ([], 0)
    assert productive.calls == []


# A file that changes


async def test_credentials_that_were_added_hold_from_the_next_request_on(
    callers: CallerClient,
    keep_credentials: Callable[[Persons], Path],
    sign_ins: list[str],
) -> None:
    before = await callers.ask("nobody", APPROVE, {"id": BILL_1001})
    keep_credentials({**PERSONS, "nobody": {"bill": "controller"}})

    after = await callers.ask("nobody", APPROVE, {"id": BILL_1001})

    assert before["data"]["approve"]["userErrors"][0]["code"] == "FORBIDDEN"
    assert after["data"]["approve"]["outcome"] == "APPLIED"
    assert sign_ins[-1] == "controller@harbor.example"


async def test_credentials_that_were_taken_away_hold_no_longer(
    callers: CallerClient,
    keep_credentials: Callable[[Persons], Path],
    bill: RecordingTransport,
) -> None:
    assert "errors" not in await callers.ask("anna", LIST)
    keep_credentials({"adam": {"bill": "accountant"}})
    bill.clear()

    body = await callers.ask("anna", APPROVE, {"id": BILL_1001})

    assert body["data"]["approve"]["userErrors"][0]["code"] == "FORBIDDEN"
    assert writes(bill) == []


async def test_credentials_that_were_exchanged_are_another_standing(
    callers: CallerClient,
    keep_credentials: Callable[[Persons], Path],
    sign_ins: list[str],
) -> None:
    await callers.ask("anna", LIST)
    keep_credentials({**PERSONS, "anna": {"bill": "accountant"}})

    body = await callers.ask("anna", APPROVE, {"id": BILL_1002})
    keep_credentials(PERSONS)
    again = await callers.ask("anna", APPROVE, {"id": BILL_1001})

    # The accountant is first for the one, the controller for the other.
    assert body["data"]["approve"]["outcome"] == "APPLIED"
    assert again["data"]["approve"]["outcome"] == "APPLIED"
    # What nobody has any more is forgotten, with the session that was open.
    assert sign_ins == [
        "controller@harbor.example",
        "accountant@harbor.example",
        "controller@harbor.example",
    ]


async def test_credentials_that_somebody_still_has_keep_their_session(
    callers: CallerClient,
    keep_credentials: Callable[[Persons], Path],
    sign_ins: list[str],
) -> None:
    for subject in ("anna", "anna.too"):
        await callers.ask(subject, LIST)
    keep_credentials({**PERSONS, "anna": {"bill": "accountant"}})
    await callers.ask("anna", LIST)

    body = await callers.ask("anna.too", APPROVE, {"id": BILL_1001})

    assert body["data"]["approve"]["outcome"] == "APPLIED"
    assert sign_ins == ["controller@harbor.example", "accountant@harbor.example"]


async def test_a_version_that_cannot_be_used_leaves_the_one_before_standing(
    callers: CallerClient, settings: Settings
) -> None:
    path = settings.credentials_file
    assert path is not None
    path.write_text('["anna".bill]\nuser_name = "x"\n', encoding="utf-8")

    with capture_logs() as logs:
        body = await callers.ask("anna", APPROVE, {"id": BILL_1001})
        await callers.ask("anna", LIST)

    assert body["data"]["approve"]["outcome"] == "APPLIED"
    assert [one["problem"] for one in logs if one["event"] == "file_unusable"] == [
        f'{path}: ["anna".bill] password: missing'
    ]


async def test_what_the_gateway_itself_used_is_counted_whoever_else_had_its_token(
    time: FakeTime,
) -> None:
    """A subject may have been given the gateway's own token, and get another."""

    class Exchanging(Sandbox):
        """A sandbox in which a person's token is another one later."""

        token = "sandbox-gateway-token"

        def credentials(self, provider: Provider, person: str) -> dict[str, str] | None:
            known = provider.name is PRODUCTIVE and person == "controller"
            return {"token": self.token} if known else None

    async def count_left(http: httpx.AsyncClient, person: str) -> int:
        query = "{ sources { provider quota { remaining } } }"
        answer = await http.post(
            "/graphql",
            json={"query": query},
            headers={"Authorization": f"Bearer demo-{person}"},
        )
        told = answer.json()["data"]["sources"]
        [left] = [
            one["quota"]["remaining"]
            for one in told
            if one["provider"] == PRODUCTIVE.value
        ]
        assert isinstance(left, int)
        return left

    sandbox = Exchanging(time.clock)
    app = create_app(Settings(), sandbox=sandbox, clock=time.clock)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://127.0.0.1"
    ) as http:
        before = [await count_left(http, one) for one in ("visitor", "controller")]
        sandbox.token = "sandbox-controller-token"
        other = await count_left(http, "controller")
        after = await count_left(http, "visitor")

    assert before == [3_999, 3_998]
    assert other == 3_999
    assert after == 3_997
