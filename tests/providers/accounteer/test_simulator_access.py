"""Tokens, scopes, persons, and how a path finds its call (1, 2, 0.1)."""

import pytest

from gateway.providers.accounteer.simulator import AccounteerSimulator
from gateway.providers.accounteer.simulator import directory as known
from gateway.providers.accounteer.simulator.situations import EXAMPLE, PURCHASE_DRAFT
from tests.providers.accounteer.simulator_support import (
    ORIGIN,
    Desk,
    refusal,
    word,
)

CONTACT = {"contact": {"name": "Somebody"}}


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_the_settings_point_a_gateway_at_it(desk: Desk) -> None:
    assert desk.simulator.settings(ORIGIN) == {
        "base_url": "http://sandbox.example/accounteer/api/v0.1",
        "access_token": "sandbox-accounteer-gateway-token",
    }
    assert desk.simulator.oauth_settings(ORIGIN) == {
        "base_url": "http://sandbox.example/accounteer/api/v0.1",
        "client_id": "sandbox-accounteer-client",
        "client_secret": "sandbox-accounteer-secret",
        "refresh_token": "sandbox-accounteer-refresh-token",
        "token_url": "http://sandbox.example/accounteer/oauth/token",
    }


def test_three_persons_have_tokens_of_their_own(desk: Desk) -> None:
    assert AccounteerSimulator.persons == {
        "controller": "may do everything",
        "clerk": "may not see purchases",
        "buyer": "may read only",
    }
    tokens = [desk.simulator.credentials(name) for name in AccounteerSimulator.persons]
    assert tokens == [
        {"access_token": "sandbox-accounteer-controller-token"},
        {"access_token": "sandbox-accounteer-clerk-token"},
        {"access_token": "sandbox-accounteer-buyer-token"},
    ]
    assert desk.simulator.credentials("approver") is None


@pytest.mark.parametrize("token", [None, "", "unknown", "sandbox-accounteer-secret"])
async def test_without_a_live_token_everything_is_refused(
    desk: Desk, token: str | None
) -> None:
    answer = await desk.send("GET", "invoices", token=token)

    assert refusal(answer) == (401, "unauthorized", {})
    assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'


async def test_another_scheme_is_no_token(desk: Desk) -> None:
    headers = {"Authorization": f"Basic {known.ACCESS_TOKEN}"}
    answer = await desk.client.get(f"{desk.base}/invoices", headers=headers)
    assert word(answer) == (401, "unauthorized")

    headers = {"Authorization": f"bearer {known.ACCESS_TOKEN}"}
    answer = await desk.client.get(f"{desk.base}/invoices", headers=headers)
    assert answer.status_code == 200


async def test_the_buyer_reads_everything_and_changes_nothing(desk: Desk) -> None:
    token = known.READ_ONLY_TOKEN

    for path in ("invoices", "purchases", "contacts", "team", "taxes", "accounts"):
        assert await desk.get(path, token=token) == await desk.get(path)
    approval = await desk.approve("invoice", EXAMPLE, token)
    creation = await desk.send("POST", "contacts", CONTACT, token=token)

    assert (word(approval), word(creation)) == ((403, "forbidden"),) * 2
    assert desk.document("invoice", EXAMPLE).status == "draft"


async def test_the_clerk_has_no_purchases(desk: Desk) -> None:
    token = known.WITHOUT_PURCHASES_TOKEN

    listed = await desk.send("GET", "purchases", token=token)
    read = await desk.send("GET", f"purchases/{PURCHASE_DRAFT}", token=token)
    approved = await desk.approve("purchase", PURCHASE_DRAFT, token)
    invoice = await desk.approve("invoice", EXAMPLE, token)

    assert [word(one) for one in (listed, read, approved)] == [(403, "forbidden")] * 3
    assert desk.document("purchase", PURCHASE_DRAFT).status == "draft"
    assert invoice.status_code == 200


async def test_the_controller_may_what_the_gateway_may(desk: Desk) -> None:
    answer = await desk.approve("purchase", PURCHASE_DRAFT, known.CONTROLLER_TOKEN)

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "path", ["invoices", "taxes", "organisations", f"invoices/{EXAMPLE}"]
)
async def test_a_slash_at_the_end_does_not_count(desk: Desk, path: str) -> None:
    assert await desk.get(f"{path}/") == await desk.get(path)


async def test_organisations_may_be_spelt_with_a_z(desk: Desk) -> None:
    for path in ("", f"/{known.MAIN}"):
        plain = await desk.get(f"organisations{path}")
        assert await desk.get(f"organizations{path}") == plain


@pytest.mark.parametrize(
    "path",
    [
        "",
        "unknown",
        "invoices/a/b/c/d",
        "invoices/a/approvers",
        f"invoices/{EXAMPLE}/approve",
        "purchases/a/send",
        "payments",
        "journals",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_an_unknown_route_is_not_found(
    desk: Desk, method: str, path: str
) -> None:
    answer = await desk.send(method, path, {})

    assert word(answer) == (404, "not_found")


@pytest.mark.parametrize("path", ["api/v0.2/invoices", "api/invoices", "v0.1/invoices"])
async def test_an_unknown_version_is_not_found(desk: Desk, path: str) -> None:
    headers = {"Authorization": f"Bearer {known.ACCESS_TOKEN}"}
    answer = await desk.client.get(f"{ORIGIN}/accounteer/{path}", headers=headers)

    assert word(answer) == (404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "invoices", "GET, POST"),
        ("PATCH", f"invoices/{EXAMPLE}", "DELETE, GET, POST, PUT"),
        ("PUT", "items/low-stock", "GET"),
        ("DELETE", f"contacts/{known.CLIENT}", "GET, PUT"),
        ("GET", "payments/1", "DELETE"),
        ("GET", "offers", "POST"),
    ],
)
async def test_the_wrong_verb_is_not_allowed(
    desk: Desk, method: str, path: str, allowed: str
) -> None:
    answer = await desk.send(method, path)

    assert word(answer) == (405, "method_not_allowed")
    assert answer.headers["allow"] == allowed


async def test_a_write_needs_json(desk: Desk) -> None:
    for content_type in ("text/plain", "application/x-www-form-urlencoded", None):
        answer = await desk.send("POST", "contacts", CONTACT, content_type=content_type)
        assert word(answer) == (415, "bad_request")
    answer = await desk.send(
        "POST", "contacts", CONTACT, content_type="application/json; charset=utf-8"
    )
    assert answer.status_code == 201


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff",
        b"[]",
        b'"contact"',
        b"{}",
        b'{"contact": null}',
        b'{"contact": []}',
        b'{"name": "Somebody"}',
        b'{"contact": {"name": NaN}}',
        b"[" * 100_000,
    ],
)
async def test_a_body_that_is_not_the_wrapped_object_is_a_bad_request(
    desk: Desk, content: bytes
) -> None:
    answer = await desk.send("POST", "contacts", content=content)

    assert word(answer) == (400, "bad_request")
