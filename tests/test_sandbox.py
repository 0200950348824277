"""Every simulator served together: their switches, their persons, a fresh start."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest

from gateway.providers import PROVIDERS, accounteer, bill, ottimate, productive
from gateway.providers.accounteer.simulator import (
    AccounteerSimulator,
    AccounteerSwitches,
)
from gateway.providers.bill.simulator import BillSimulator, BillSwitches
from gateway.providers.ottimate.simulator import OttimateSimulator, OttimateSwitches
from gateway.providers.ottimate.simulator.directory import USERS
from gateway.providers.productive.simulator import (
    ProductiveSimulator,
    ProductiveSwitches,
)
from gateway.sandbox import Sandbox, create_sandbox
from gateway.upstream import Clock


def plain(
    switches: OttimateSwitches | BillSwitches | ProductiveSwitches | AccounteerSwitches,
) -> dict[str, Any]:
    """Return *switches* as JSON has them."""
    found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(switches))
    return found


OTTIMATE, BILL = plain(OttimateSwitches()), plain(BillSwitches())
PRODUCTIVE, ACCOUNTEER = plain(ProductiveSwitches()), plain(AccounteerSwitches())
DEFAULTS = {
    "ottimate": OTTIMATE,
    "bill": BILL,
    "productive": PRODUCTIVE,
    "accounteer": ACCOUNTEER,
}


@pytest.fixture
async def http(sandbox: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(sandbox.app)
    async with httpx.AsyncClient(transport=transport, base_url=sandbox.origin) as http:
        yield http


async def sign_in(http: httpx.AsyncClient, settings: dict[str, str]) -> httpx.Response:
    """Sign in to Ottimate."""
    return await http.post(
        f"{settings['base_url']}/oauth/token",
        data={
            "grant_type": "client_credentials",
            "client_id": settings["client_id"],
            "client_secret": settings["client_secret"],
            "scope": "accounts.can_access_dashboard",
        },
        headers={"X-Api-Key": settings["api_key"]},
    )


async def test_the_switches_of_every_simulator_are_shown(
    http: httpx.AsyncClient,
) -> None:
    response = await http.get("/switches")

    assert response.status_code == 200
    assert response.json() == DEFAULTS


async def test_named_switches_are_changed_and_the_rest_stays(
    http: httpx.AsyncClient,
    simulator: OttimateSimulator,
    bill_simulator: BillSimulator,
    productive_simulator: ProductiveSimulator,
    accounteer_simulator: AccounteerSimulator,
) -> None:
    first = await http.patch(
        "/switches",
        json={"ottimate": {"absent_calls": ["approve"], "token_seconds": 60}},
    )
    second = await http.patch(
        "/switches",
        json={"bill": {"list_cap": 1000}, "ottimate": {"absent_status": 501}},
    )
    third = await http.patch("/switches", json={"productive": {"note_length": 5}})
    fourth = await http.patch("/switches", json={"accounteer": {"paging": True}})

    changed = {**OTTIMATE, "absent_calls": ["approve"], "token_seconds": 60}
    assert (first.status_code, first.json()) == (
        200,
        {**DEFAULTS, "ottimate": changed},
    )
    changed["absent_status"] = 501
    capped = {**BILL, "list_cap": 1000}
    assert (second.status_code, second.json()) == (
        200,
        {**DEFAULTS, "ottimate": changed, "bill": capped},
    )
    shorter = {**PRODUCTIVE, "note_length": 5}
    assert (third.status_code, third.json()) == (
        200,
        {**DEFAULTS, "ottimate": changed, "bill": capped, "productive": shorter},
    )
    paged = {**ACCOUNTEER, "paging": True}
    assert (fourth.status_code, fourth.json()) == (
        200,
        {
            "ottimate": changed,
            "bill": capped,
            "productive": shorter,
            "accounteer": paged,
        },
    )
    assert plain(simulator.switches) == changed
    assert plain(bill_simulator.switches) == capped
    assert plain(productive_simulator.switches) == shorter
    assert plain(accounteer_simulator.switches) == paged


async def test_no_switch_named_changes_nothing(http: httpx.AsyncClient) -> None:
    for nothing in (
        "{}",
        '{"ottimate": {}}',
        '{"ottimate": {}, "bill": {}, "productive": {}, "accounteer": {}}',
    ):
        response = await http.patch("/switches", content=nothing)

        assert (response.status_code, response.json()) == (200, DEFAULTS)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not JSON: Input data was truncated"),
        (b"{", "not JSON: Input data was truncated"),
        (b"[]", "Expected `object`, got `array`"),
        (b'{"ottimate": 1}', "Expected `object`, got `int` - at `$[...]`"),
        (
            b'{"nobody": {}}',
            "no simulator `nobody`; there is ottimate, bill, productive, accounteer",
        ),
        (
            b'{"ottimate": {"nope": 1}}',
            "Object contains unknown field `nope`",
        ),
        (
            b'{"ottimate": {"absent_status": 418}}',
            "Invalid enum value 418 - at `$.absent_status`",
        ),
        (
            b'{"ottimate": {"token_seconds": 0}}',
            "Expected `int` >= 1 - at `$.token_seconds`",
        ),
        (
            b'{"ottimate": {"absent_calls": ["x"]}}',
            "Invalid enum value 'x' - at `$.absent_calls[0]`",
        ),
        (b'{"ottimate": {"items_in_detail": false}, "x": {}}', "no simulator `x`; "),
        (
            b'{"ottimate": {"items_in_detail": false, "fault": "none of these"}}',
            "Invalid enum value 'none of these' - at `$.fault`",
        ),
        (b'{"ottimate": {"fault": "\xff"}}', "not JSON: "),
        (
            b'{"ottimate": {"token_seconds": 60}, "bill": {"list_cap": 7}}',
            "Invalid enum value 7 - at `$.list_cap`",
        ),
        (
            b'{"bill": {"list_cap": 1000}, "productive": {"note_length": -1}}',
            "Expected `int` >= 0 - at `$.note_length`",
        ),
        (
            b'{"productive": {"fault_calls": ["GET /nothing"]}}',
            "no call is named GET /nothing",
        ),
        (
            b'{"bill": {"list_cap": 1000}, "accounteer": {"rate_limit": -1}}',
            "Expected `int` >= 0 - at `$.rate_limit`",
        ),
        (
            b'{"accounteer": {"purchase_approve": "perhaps"}}',
            "Invalid enum value 'perhaps' - at `$.purchase_approve`",
        ),
    ],
)
async def test_a_mistake_changes_nothing(
    http: httpx.AsyncClient, content: bytes, message: str
) -> None:
    response = await http.patch("/switches", content=content)

    assert response.status_code == 400
    assert list(response.json()) == ["message"]
    assert response.json()["message"].startswith(message)
    assert (await http.get("/switches")).json() == DEFAULTS


async def test_a_reset_brings_data_and_switches_back(
    http: httpx.AsyncClient,
    sandbox: Sandbox,
    simulator: OttimateSimulator,
    bill_simulator: BillSimulator,
    productive_simulator: ProductiveSimulator,
    accounteer_simulator: AccounteerSimulator,
) -> None:
    settings = sandbox.settings(ottimate.PROVIDER)
    token = (await sign_in(http, settings)).json()["access_token"]
    headers = {"X-Api-Key": settings["api_key"], "Authorization": f"Bearer {token}"}
    invoices = f"{settings['base_url']}/invoices"
    page = {"status": "pending-approval", "page": "1", "limit": "1"}
    before = (await http.get(invoices, headers=headers, params=page)).json()
    [invoice] = before["results"]
    approve = f"{invoices}/{invoice['id']}/approve"
    approved = await http.post(approve, headers=headers, json={"force_approve": True})
    await http.patch(
        "/switches",
        json={
            "ottimate": {"token_seconds": 60},
            "bill": {"list_cap": 1000},
            "productive": {"retry_after": True},
            "accounteer": {"paging": True},
        },
    )
    bills = bill_simulator.state.bills
    bills_before = len(bills)
    bills.clear()
    bookings_before = len(productive_simulator.state.bookings)
    productive_simulator.state.bookings.clear()
    purchases_before = len(accounteer_simulator.state.purchases)
    accounteer_simulator.state.purchases.clear()

    response = await http.post("/reset")

    assert approved.status_code == 200
    assert (response.status_code, response.content) == (204, b"")
    assert simulator.switches == OttimateSwitches()
    assert bill_simulator.switches == BillSwitches()
    assert productive_simulator.switches == ProductiveSwitches()
    assert accounteer_simulator.switches == AccounteerSwitches()
    assert len(bill_simulator.state.bills) == bills_before
    assert len(productive_simulator.state.bookings) == bookings_before
    assert len(accounteer_simulator.state.purchases) == purchases_before > 0
    refused = await http.get(invoices, headers=headers, params=page)
    assert refused.status_code == 401
    token = (await sign_in(http, settings)).json()["access_token"]
    headers["Authorization"] = f"Bearer {token}"
    assert (await http.get(invoices, headers=headers, params=page)).json() == before


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/reset"),
        ("POST", "/switches"),
        ("PUT", "/switches"),
        ("DELETE", "/switches"),
    ],
)
async def test_other_methods_are_not_allowed(
    http: httpx.AsyncClient, method: str, path: str
) -> None:
    assert (await http.request(method, path)).status_code == 405


def test_persons_are_listed_and_the_first_is_who_acts(sandbox: Sandbox) -> None:
    assert dict(sandbox.persons) == {
        "controller": (
            "Ottimate: account-level; may force, export and manage policy approvers; "
            "BILL: Administrator; approves, and manages chains and policies; "
            "Productive: manages several people; approves by name and role; "
            "Accounteer: may do everything"
        ),
        "clerk": (
            "Ottimate: two locations only; may approve, but neither force nor export; "
            "BILL: Clerk; may not approve; "
            "Productive: asks for approval; approves nothing of others; "
            "Accounteer: may not see purchases"
        ),
        "accountant": (
            "BILL: Accountant; approves and edits bills; "
            "Productive: owns budgets and manages projects; approves by role"
        ),
        "approver": "BILL: Approver; only approves; Productive: approves by name",
        "payer": (
            "BILL: Payer; may not approve; Productive: the organization's owner; "
            "approves where a role is nobody's"
        ),
        "auditor": (
            "BILL: Auditor; may not approve; "
            "Productive: admin; may act on behalf of anybody"
        ),
        "buyer": (
            "BILL: Custom profile with the right to approve; "
            "Productive: has a token that only reads; "
            "Accounteer: may read only"
        ),
        "visitor": "has no credentials of their own anywhere",
    }
    assert next(iter(sandbox.persons)) == "controller"
    assert list(sandbox.persons)[-1] == "visitor"


async def test_each_person_but_the_visitor_has_the_address_that_a_provider_knows(
    sandbox: Sandbox, simulator: OttimateSimulator
) -> None:
    elsewhere = Sandbox(origin="http://127.0.0.1:1234")

    assert dict(sandbox.emails) == {
        "controller": "api_user@example.com",
        "clerk": "clerk_api_user@example.com",
        "accountant": "finance.chief@example.com",
        "approver": "site.manager@example.com",
        "payer": "peter@example.com",
        "auditor": "auditor@example.com",
        "buyer": "former.buyer@example.com",
    }
    assert {*sandbox.emails} == {*sandbox.persons} - {"visitor"}
    assert {*sandbox.emails.values()} == {user.email for user in USERS.values()}
    assert elsewhere.emails == sandbox.emails == simulator.emails


@pytest.mark.parametrize("person", ["controller", "clerk"])
async def test_the_credentials_of_a_person_sign_in(
    http: httpx.AsyncClient, sandbox: Sandbox, person: str
) -> None:
    own = sandbox.credentials(ottimate.PROVIDER, person)
    assert own is not None

    response = await sign_in(http, {**sandbox.settings(ottimate.PROVIDER), **own})

    assert response.status_code == 200
    assert own["client_id"] == f"sandbox-{person}"


async def test_the_settings_sign_in_by_themselves(
    http: httpx.AsyncClient, sandbox: Sandbox
) -> None:
    settings = sandbox.settings(ottimate.PROVIDER)
    service = sandbox.settings(bill.PROVIDER)
    personal = sandbox.settings(productive.PROVIDER)
    application = sandbox.settings(accounteer.PROVIDER)

    response = await sign_in(http, settings)
    session = await http.post(
        f"{service['base_url']}/Login.json",
        data={
            "devKey": service["dev_key"],
            "userName": service["user_name"],
            "password": service["password"],
            "orgId": service["org_id"],
        },
    )
    page = await http.get(
        f"{personal['base_url']}/bookings",
        headers={
            "X-Auth-Token": personal["token"],
            "X-Organization-Id": personal["organization_id"],
            "Content-Type": "application/vnd.api+json",
        },
    )
    documents = await http.get(
        f"{application['base_url']}/invoices",
        headers={"Authorization": f"Bearer {application['access_token']}"},
    )

    assert response.status_code == 200
    assert session.json()["response_message"] == "Success"
    assert page.status_code == 200
    assert documents.status_code == 200
    assert settings["base_url"] == "http://sandbox.internal/ottimate/v1"
    assert service["base_url"] == "http://sandbox.internal/bill/api/v2"
    assert personal["base_url"] == "http://sandbox.internal/productive/api/v2"
    assert application["base_url"] == "http://sandbox.internal/accounteer/api/v0.1"


def test_a_person_has_credentials_where_the_provider_knows_them(
    sandbox: Sandbox,
) -> None:
    found = {
        person: [
            provider.key
            for provider in PROVIDERS
            if sandbox.credentials(provider, person) is not None
        ]
        for person in (*sandbox.persons, "nobody")
    }

    assert found == {
        "controller": ["ottimate", "bill", "productive", "accounteer"],
        "clerk": ["ottimate", "bill", "productive", "accounteer"],
        "accountant": ["bill", "productive"],
        "approver": ["bill", "productive"],
        "payer": ["bill", "productive"],
        "auditor": ["bill", "productive"],
        "buyer": ["bill", "productive", "accounteer"],
        "visitor": [],
        "nobody": [],
    }


def test_a_sandbox_elsewhere_has_its_origin_and_no_transport() -> None:
    sandbox = Sandbox(origin="http://127.0.0.1:1234")

    urls = [sandbox.settings(provider)["base_url"] for provider in PROVIDERS]

    assert sandbox.transport is None
    assert urls == [
        "http://127.0.0.1:1234/ottimate/v1",
        "http://127.0.0.1:1234/bill/api/v2",
        "http://127.0.0.1:1234/productive/api/v2",
        "http://127.0.0.1:1234/accounteer/api/v0.1",
    ]


async def test_a_sandbox_of_some_providers_serves_those_alone() -> None:
    none: dict[Any, Any] = {}
    transport = httpx.ASGITransport(create_sandbox(none, Clock()))

    async with httpx.AsyncClient(transport=transport, base_url="http://it") as http:
        assert (await http.get("/switches")).json() == {}
        assert (await http.get("/ottimate/v1/invoices")).status_code == 404


async def test_deeply_nested_switches_are_a_mistake(http: httpx.AsyncClient) -> None:
    nested = b'{"ottimate": {"fault": ' + b"[" * 50_000 + b"]" * 50_000 + b"}}"

    response = await http.patch("/switches", content=nested)

    assert response.status_code == 400
