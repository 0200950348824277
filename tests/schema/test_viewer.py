"""The viewer's queue over all providers: who the caller is, and what is read once."""

import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import httpx
import pytest

from gateway.app import create_app
from gateway.domain import ProviderName, decode_id
from gateway.sandbox import Sandbox
from gateway.settings import AuthSettings, Settings
from tests.security.issuer import AUDIENCE, ISSUER, JWKS_URL, Issuer
from tests.support import (
    Client,
    FakeTime,
    Handler,
    RecordingTransport,
    bill_simulator,
    ottimate_simulator,
    productive_simulator,
    read_operation,
)

Row: TypeAlias = dict[str, Any]
Ask: TypeAlias = Callable[..., Awaitable[Row]]
Transports: TypeAlias = dict[str, RecordingTransport]

QUERY = """
query ($providers: [ProviderName!]) {
  viewer {
    approvals(first: 100, filter: {providers: $providers}) {
      nodes {
        id
        viewerActions
        ... on Invoice { dueDate issueDate createdAt }
        ... on Booking { startDate }
        ... on TimeEntry { date }
        ... on Expense { spentOn: date }
      }
      totalCount
    }
    sources { provider ok isComplete asOf error { code } quota { limit remaining } }
  }
}
"""
# Who is one person under another address, and another id, in each.
CARLA = {
    "OTTIMATE": "api_user@example.com",
    "BILL": "controller@harbor.example",
    "PRODUCTIVE": "carla@demo.test",
}
THREE = ["OTTIMATE", "BILL", "PRODUCTIVE"]
NOW = "2026-11-02T18:00:00+00:00"
OVER = [
    (503, b"", "UPSTREAM_UNAVAILABLE"),
    (200, b"<html>", "UPSTREAM_RESPONSE_INVALID"),
    (401, b"{}", "UPSTREAM_AUTH_FAILED"),
    (429, b"{}", "UPSTREAM_RATE_LIMITED"),
]
FAILURES = pytest.mark.parametrize(
    ("status", "content", "code"), OVER, ids=[one[2] for one in OVER]
)


@pytest.fixture
def transports(
    ottimate: RecordingTransport,
    bill: RecordingTransport,
    productive: RecordingTransport,
) -> Transports:
    return {"OTTIMATE": ottimate, "BILL": bill, "PRODUCTIVE": productive}


@pytest.fixture
async def ask(
    sandbox: Sandbox, transports: Transports, time: FakeTime
) -> AsyncIterator[Ask]:
    """Return what asks with a token, by default of who has no credentials anywhere."""
    issuer = Issuer(time)
    auth = AuthSettings(mode="jwt", jwks_url=JWKS_URL, issuer=ISSUER, audience=AUDIENCE)
    app = create_app(
        Settings(auth=auth),
        sandbox=sandbox,
        transports={ProviderName(name): one for name, one in transports.items()},
        identity_transport=issuer,
        clock=time.clock,
    )

    async def execute(
        providers: Sequence[str] = THREE, query: str = QUERY, **claims: Any
    ) -> Row:
        token = issuer.sign(**{"sub": "zoe", **claims})
        response = await http.post(
            "/graphql",
            json={"query": query, "variables": {"providers": list(providers)}},
            headers={"Authorization": f"Bearer {token}"},
        )
        body: Row = response.json()
        return body

    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://127.0.0.1"
    ) as http:
        yield execute


def verified(email: str) -> Row:
    return {"email": email, "email_verified": True}


def viewer_of(body: Row) -> Row:
    assert list(body) == ["data"], body
    viewer: Row = body["data"]["viewer"]
    return viewer


def sources_of(viewer: Row) -> dict[str, tuple[bool, bool, str | None]]:
    """Return of each provider whether it answered, and was read whole; and its error.

    All but Accounteer, whose queue is everybody's.
    """
    return {
        one["provider"]: (
            one["ok"],
            one["isComplete"],
            one["error"] and one["error"]["code"],
        )
        for one in viewer["sources"]
        if one["provider"] in THREE
    }


def ids_of(viewer: Row) -> list[str]:
    return [node["id"] for node in viewer["approvals"]["nodes"]]


def day_of(node: Row) -> str:
    names = ("dueDate", "issueDate", "createdAt", "startDate", "date", "spentOn")
    day: str = next(node[name] for name in names if node.get(name))
    return day[:10]


# Who the caller is.


@pytest.mark.parametrize("provider", THREE)
async def test_who_is_known_by_a_verified_address_sees_what_waits_for_them(
    ask: Ask, client: Client, provider: str
) -> None:
    of_token = viewer_of(await ask([provider], **verified(CARLA[provider])))
    own = await client.execute(QUERY, {"providers": [provider]}, person="controller")

    assert ids_of(of_token) == ids_of(viewer_of(own)) or provider == "PRODUCTIVE"
    assert ids_of(of_token)
    assert {decode_id(one).provider.value for one in ids_of(of_token)} == {provider}


@pytest.mark.parametrize("provider", ["BILL", "PRODUCTIVE"])
async def test_who_has_no_credentials_can_do_nothing_with_it(
    ask: Ask, provider: str
) -> None:
    """The provider would record the gateway's own account."""
    viewer = viewer_of(await ask([provider], **verified(CARLA[provider])))

    assert {tuple(node["viewerActions"]) for node in viewer["approvals"]["nodes"]} == {
        ()
    }


async def test_it_is_read_as_the_gateways_own_account(
    ask: Ask, transports: Transports
) -> None:
    await ask(["BILL"], **verified(CARLA["BILL"]))

    calls = Counter(transports["BILL"].calls)
    assert transports["BILL"].sign_ins == 1
    assert calls["POST /List/User.json"] == 1
    assert calls["POST /ListUserApprovals.json"] == 2
    assert {
        one.headers["x-auth-token"] for one in transports["PRODUCTIVE"].requests
    } == {"sandbox-gateway-token"}


NOBODYS: list[Row] = [
    {},
    {"email": CARLA["BILL"]},
    {"email": CARLA["BILL"], "email_verified": False},
    {"email": CARLA["BILL"], "email_verified": "true"},
    {"email": "", "email_verified": True},
    {"email": " ", "email_verified": True},
    {"email": [CARLA["BILL"]], "email_verified": True},
]


@pytest.mark.parametrize("claims", NOBODYS, ids=str)
async def test_without_a_verified_address_nobody_is_looked_for(
    ask: Ask, transports: Transports, claims: Row
) -> None:
    viewer = viewer_of(await ask(**claims))

    assert viewer["approvals"] == {"nodes": [], "totalCount": None}
    assert sources_of(viewer) == {
        "OTTIMATE": (True, False, None),
        "BILL": (False, False, "FORBIDDEN"),
        "PRODUCTIVE": (False, False, "FORBIDDEN"),
    }
    assert [one.calls for one in transports.values()] == [[], [], []]
    assert [one.sign_ins for one in transports.values()] == [0, 0, 0]


async def test_own_credentials_come_before_the_address(
    ask: Ask, client: Client, transports: Transports
) -> None:
    wanted = await client.execute(QUERY, {"providers": ["BILL"]}, person="accountant")
    for one in transports.values():
        one.clear()

    viewer = viewer_of(await ask(["BILL"], sub="accountant", **verified(CARLA["BILL"])))

    assert ids_of(viewer) == ids_of(viewer_of(wanted))
    assert transports["BILL"].calls[:2] == ["POST /ListUserApprovals.json"] * 2
    assert "GET /people" not in transports["PRODUCTIVE"].calls


async def test_a_person_whom_nobody_knows_waits_for_nothing(
    ask: Ask, transports: Transports
) -> None:
    viewer = viewer_of(await ask(**verified("nobody@example.com")))

    assert viewer["approvals"] == {"nodes": [], "totalCount": None}
    assert sources_of(viewer) == {
        "OTTIMATE": (True, False, None),
        "BILL": (True, True, None),
        "PRODUCTIVE": (True, False, None),
    }
    assert len(transports["OTTIMATE"].calls) == 51
    assert transports["BILL"].calls == ["POST /List/User.json"]
    assert transports["PRODUCTIVE"].calls == ["GET /people"]


async def test_one_address_leads_to_one_person_under_three_ids(
    ask: Ask, sandbox: Sandbox
) -> None:
    """The issue: the same person is known under different ids."""
    email = CARLA["OTTIMATE"]
    bill_simulator(sandbox).state.users["00601CONTROLLER00000"].email = email
    productive_simulator(sandbox).state.people["20"].email = email

    body = await ask(**verified(email))
    pages = [
        viewer_of(await ask([one], **verified(email)))["approvals"]["nodes"]
        for one in THREE
    ]

    nodes = viewer_of(body)["approvals"]["nodes"]
    rows = sorted(
        (node for page in pages for node in page),
        key=lambda node: (day_of(node), node["id"]),
    )
    assert [node["id"] for node in nodes] == [node["id"] for node in rows[:100]]
    assert {decode_id(node["id"]).provider.value for node in nodes} == {*THREE}


# The order.


async def test_the_queue_is_one_in_the_order_of_its_days(client: Client) -> None:
    body = await client.execute(QUERY, {"providers": THREE}, person="controller")

    nodes = viewer_of(body)["approvals"]["nodes"]
    places = [(day_of(node), node["id"]) for node in nodes]
    assert len(places) == 100
    assert places == sorted(places)
    assert {decode_id(node["id"]).provider.value for node in nodes} == {*THREE}


async def test_pages_lose_and_double_nothing_while_rows_come_and_go(
    client: Client, sandbox: Sandbox
) -> None:
    query = """
    query ($after: String) {
      viewer {
        approvals(
          first: 40, after: $after, filter: {providers: [OTTIMATE, BILL, PRODUCTIVE]}
        ) {
          nodes { id } pageInfo { hasNextPage endCursor }
        }
      }
    }
    """

    async def read(after: str | None) -> tuple[list[str], str | None]:
        body = await client.execute(query, {"after": after}, person="controller")
        approvals = viewer_of(body)["approvals"]
        info = approvals["pageInfo"]
        return (
            [node["id"] for node in approvals["nodes"]],
            info["endCursor"] if info["hasNextPage"] else None,
        )

    whole, after = await read(None)
    while after is not None:
        page, after = await read(after)
        whole += page
    decided: set[str] = set()
    shown, after = await read(None)
    while after is not None:
        decided |= decide(sandbox, shown[-40], shown[-1])
        page, after = await read(after)
        shown += page

    assert shown == whole
    assert len(decided) > 2


def decide(sandbox: Sandbox, *keys: str) -> set[str]:
    """Let those that are invoices wait no more, and return them."""
    decided = set()
    for key in keys:
        found = decode_id(key)
        if found.provider is ProviderName.OTTIMATE:
            invoices = ottimate_simulator(sandbox).state.invoices
            invoices[found.source_id].status = "archived"
            decided.add(key)
        elif found.provider is ProviderName.BILL:
            state = bill_simulator(sandbox).state
            for row in state.chain(found.source_id):
                row.status = "3"
            decided.add(key)
    return decided


# What is read, and what cannot be.


async def test_the_inbox_reads_each_queue_once(
    client: Client, transports: Transports
) -> None:
    body = await client.run("Inbox", {}, person="controller")

    assert list(body) == ["data"]
    edges = body["data"]["viewer"]["approvals"]["edges"]
    assert len(edges) == 25
    ottimate, bill, productive = (transports[name] for name in THREE)
    assert ottimate.calls[0] == "GET /invoices"
    assert {one.rpartition("/")[2] for one in ottimate.calls[1:]} == {"approvers"}
    assert len(ottimate.calls) == len({*ottimate.calls}) == 51
    assert (ottimate.rounds, ottimate.sign_ins) == (2, 1)
    assert bill.calls[:2] == ["POST /ListUserApprovals.json"] * 2
    assert Counter(bill.calls)["POST /ListUserApprovals.json"] == 2
    assert Counter(productive.calls) == Counter(
        [
            "GET /organization_memberships",
            "GET /bookings",
            *["GET /time_entries", "GET /expenses"] * 2,
        ]
    )


async def test_the_inbox_of_who_is_known_by_address_reads_each_queue_once(
    ask: Ask, transports: Transports
) -> None:
    body = await ask(query=read_operation("Inbox"), **verified(CARLA["BILL"]))

    assert list(body) == ["data"]
    assert len(body["data"]["viewer"]["approvals"]["edges"]) == 25
    calls = Counter(transports["BILL"].calls)
    # The users once to find the person, and once for who is waited for.
    assert calls == Counter(
        {
            "POST /List/User.json": 2,
            "POST /ListUserApprovals.json": 2,
            "POST /List/BillApprover.json": 1,
            "POST /List/VendorCreditApprover.json": 1,
        }
    )
    assert (transports["BILL"].rounds, transports["BILL"].sign_ins) == (4, 1)
    assert transports["PRODUCTIVE"].calls == ["GET /people"]
    assert len(transports["OTTIMATE"].calls) == 51


@FAILURES
@pytest.mark.parametrize("down", THREE)
async def test_a_provider_that_is_down_is_named_and_the_rest_is_served(
    client: Client,
    transports: Transports,
    time: FakeTime,
    down: str,
    status: int,
    content: bytes,
    code: str,
) -> None:
    async def fail(request: httpx.Request, upstream: Handler) -> httpx.Response:
        del request, upstream
        return httpx.Response(status, content=content)

    calls = {
        "OTTIMATE": ["GET /invoices"],
        "BILL": ["POST /ListUserApprovals.json"],
        "PRODUCTIVE": ["GET /bookings", "GET /time_entries", "GET /expenses"],
    }
    transports[down].interceptors |= dict.fromkeys(calls[down], fail)
    others = [one for one in THREE if one != down]
    whole = await client.execute(QUERY, {"providers": others}, person="controller")

    body = await client.execute(QUERY, {"providers": THREE}, person="controller")

    viewer = viewer_of(body)
    assert ids_of(viewer) == ids_of(viewer_of(whole))
    assert viewer["approvals"]["totalCount"] is None
    assert sources_of(viewer) == {
        "OTTIMATE": (True, False, None),
        "BILL": (True, True, None),
        "PRODUCTIVE": (True, True, None),
        down: (False, False, code),
    }
    assert {one["asOf"] for one in viewer["sources"]} == {time.instant.isoformat()}


async def test_a_provider_that_is_spent_is_named_without_a_call(
    client: Client, transports: Transports, sandbox: Sandbox
) -> None:
    async def spend(request: httpx.Request, upstream: Handler) -> httpx.Response:
        del request, upstream
        return httpx.Response(429, json={"message": "Limit Exceeded"})

    transports["OTTIMATE"].interceptors["GET /invoices"] = spend
    await client.execute(QUERY, {"providers": THREE})
    transports["OTTIMATE"].clear()

    viewer = viewer_of(await client.execute(QUERY, {"providers": THREE}))

    [source] = [one for one in viewer["sources"] if one["provider"] == "OTTIMATE"]
    assert source["error"] == {"code": "UPSTREAM_RATE_LIMITED"}
    assert source["quota"] == {"limit": 10_000, "remaining": 0}
    assert len(ids_of(viewer)) == 100
    assert transports["OTTIMATE"].calls == []


async def test_the_subject_of_a_key_is_no_address(
    sandbox: Sandbox, transports: Transports, time: FakeTime, tmp_path: Path
) -> None:
    """Whoever writes the file of keys names subjects, and verifies no address."""
    keys = tmp_path / "keys.toml"
    digest = hashlib.sha256(b"key").hexdigest()
    keys.write_text(f'"{CARLA["BILL"]}" = "sha256:{digest}"\n')
    auth = AuthSettings(mode="api_key", api_keys_file=keys)
    app = create_app(
        Settings(auth=auth),
        sandbox=sandbox,
        transports={ProviderName(name): one for name, one in transports.items()},
        clock=time.clock,
    )

    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://127.0.0.1"
    ) as http:
        response = await http.post(
            "/graphql",
            json={"query": QUERY, "variables": {"providers": THREE}},
            headers={"X-API-Key": "key"},
        )

    viewer = viewer_of(response.json())
    assert sources_of(viewer)["BILL"] == (False, False, "FORBIDDEN")
    assert [one.calls for one in transports.values()] == [[], [], []]
