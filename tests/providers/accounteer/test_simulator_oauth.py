"""Consent, codes, tokens and their renewal (2)."""

from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from gateway.providers.accounteer.simulator import directory as known
from tests.providers.accounteer.simulator_support import Desk, word

CODE = "authorization_code"


@pytest.fixture
def desk() -> Desk:
    return Desk()


def told(answer: httpx.Response) -> dict[str, str]:
    """Return what the browser is sent back with."""
    assert answer.status_code == 302
    location = answer.headers["location"]
    assert location.startswith(f"{known.REDIRECT_URI}?")
    return dict(parse_qsl(urlsplit(location).query))


async def exchange(desk: Desk, code: str, **form: str) -> httpx.Response:
    plain = {"grant_type": CODE, "code": code, "redirect_uri": known.REDIRECT_URI}
    return await desk.token_call(**(plain | form))


def oauth_refusal(answer: httpx.Response) -> tuple[int, str]:
    body = answer.json()
    assert list(body) == ["error", "error_description"]
    assert answer.headers["cache-control"] == "no-store"
    return answer.status_code, body["error"]


async def reads(desk: Desk, token: str, path: str = "invoices") -> int:
    return (await desk.send("GET", path, token=token)).status_code


async def test_consent_leads_to_tokens_with_its_scopes(desk: Desk) -> None:
    back = told(await desk.consent(scope="invoices contacts:read"))
    tokens = (await exchange(desk, back["code"])).json()

    assert (back["state"], tokens["scope"]) == ("s1", "invoices contacts:read")
    access = tokens["access_token"]
    assert await reads(desk, access) == 200
    assert await reads(desk, access, "contacts") == 200
    assert await reads(desk, access, "purchases") == 403
    refused = await desk.send(
        "POST", "contacts", {"contact": {"name": "x"}}, token=access
    )
    assert word(refused) == (403, "forbidden")


async def test_consent_without_scopes_is_to_all_of_them(desk: Desk) -> None:
    tokens = (await exchange(desk, told(await desk.consent())["code"])).json()

    assert tokens["scope"] == (
        "organisations invoices purchases pos_sales offers items contacts accounts "
        "financial_accounts taxes templates inbox payments journals banks team"
    )


async def test_a_code_works_once(desk: Desk) -> None:
    code = told(await desk.consent())["code"]
    assert (await exchange(desk, code)).status_code == 200

    assert oauth_refusal(await exchange(desk, code)) == (400, "invalid_grant")


async def test_a_code_ends_after_ten_minutes(desk: Desk) -> None:
    early = told(await desk.consent())["code"]
    late = told(await desk.consent())["code"]

    desk.later(seconds=599)
    assert (await exchange(desk, early)).status_code == 200
    desk.later(seconds=1)

    assert oauth_refusal(await exchange(desk, late)) == (400, "invalid_grant")


async def test_a_code_belongs_to_its_address(desk: Desk) -> None:
    code = told(await desk.consent())["code"]

    answer = await exchange(desk, code, redirect_uri="https://elsewhere.example")

    assert oauth_refusal(answer) == (400, "invalid_grant")


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "invoices everything"}, "invalid_scope"),
    ],
)
async def test_a_consent_that_cannot_be_is_told_to_the_application(
    desk: Desk, query: dict[str, str], error: str
) -> None:
    assert told(await desk.consent(**query)) == {"state": "s1", "error": error}


async def test_nobody_unknown_is_redirected_to(desk: Desk) -> None:
    client = await desk.consent(client_id="somebody")
    address = await desk.consent(redirect_uri="https://elsewhere.example")

    assert oauth_refusal(client) == (401, "invalid_client")
    assert oauth_refusal(address) == (400, "invalid_request")


async def test_a_refresh_token_dies_of_its_use(desk: Desk) -> None:
    first = (await desk.refresh()).json()
    assert oauth_refusal(await desk.refresh()) == (400, "invalid_grant")

    second = (await desk.refresh(first["refresh_token"])).json()
    again = await desk.refresh(first["refresh_token"])

    assert oauth_refusal(again) == (400, "invalid_grant")
    assert len({*first.values(), *second.values()} - {"Bearer", 3600}) == 5
    for tokens in (first, second):
        assert await reads(desk, tokens["access_token"]) == 200


async def test_a_refresh_token_can_stay(desk: Desk) -> None:
    desk.switch(refresh_rotates=False)

    first, second = (await desk.refresh(), await desk.refresh())

    for answer in (first, second):
        assert list(answer.json()) == [
            "access_token",
            "token_type",
            "expires_in",
            "scope",
        ]
    assert first.json()["access_token"] != second.json()["access_token"]


async def test_an_access_token_ends_in_time(desk: Desk) -> None:
    desk.switch(token_seconds=90)
    answer = (await desk.refresh()).json()

    desk.later(seconds=89)
    before = await reads(desk, answer["access_token"])
    desk.later(seconds=1)

    assert (answer["expires_in"], before) == (90, 200)
    assert await reads(desk, answer["access_token"]) == 401
    assert await reads(desk, known.ACCESS_TOKEN) == 200


async def test_the_lifetime_may_be_untold(desk: Desk) -> None:
    desk.switch(expires_in_told=False)

    answer = await desk.refresh()

    assert list(answer.json()) == [
        "access_token",
        "token_type",
        "refresh_token",
        "scope",
    ]
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("form", "refused"),
    [
        ({"client_id": "somebody"}, (401, "invalid_client")),
        ({"client_secret": "wrong"}, (401, "invalid_client")),
        ({"client_secret": ""}, (401, "invalid_client")),
        ({"grant_type": "password"}, (400, "unsupported_grant_type")),
        ({"grant_type": ""}, (400, "invalid_request")),
        ({"refresh_token": ""}, (400, "invalid_request")),
        ({"refresh_token": "unknown"}, (400, "invalid_grant")),
        ({"grant_type": CODE, "code": "unknown"}, (400, "invalid_request")),
    ],
)
async def test_a_wrong_token_call_is_refused(
    desk: Desk, form: dict[str, str], refused: tuple[int, str]
) -> None:
    plain = {"grant_type": "refresh_token", "refresh_token": known.REFRESH_TOKEN}

    answer = await desk.token_call(**(plain | form))

    assert oauth_refusal(answer) == refused
    assert (await desk.refresh()).status_code == 200


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b'{"grant_type": "refresh_token"}', "application/json"),
        (b"\xff", "application/x-www-form-urlencoded"),
    ],
)
async def test_a_token_call_is_a_form(
    desk: Desk, content: bytes, content_type: str
) -> None:
    answer = await desk.client.post(
        f"{desk.oauth}/token", content=content, headers={"Content-Type": content_type}
    )

    assert oauth_refusal(answer) == (400, "invalid_request")


async def test_the_verbs_of_the_two_addresses_are_fixed(desk: Desk) -> None:
    assert (await desk.client.get(f"{desk.oauth}/token")).status_code == 405
    assert (await desk.client.post(f"{desk.oauth}/authorize")).status_code == 405


async def test_a_reset_ends_what_was_issued(desk: Desk) -> None:
    before = (await desk.refresh()).json()

    desk.simulator.reset()

    assert await reads(desk, before["access_token"]) == 401
    after = (await desk.refresh()).json()
    assert after["access_token"] != before["access_token"]
