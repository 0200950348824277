"""Settings, persons, tokens and headers (section 1)."""

import gzip
import json

import httpx
import pytest

from gateway.providers.productive.simulator.directory import (
    DEACTIVATED_TOKEN,
    MADE_WEBHOOK_TOKENS,
    OUTSIDER_TOKEN,
    REVOKED_TOKEN,
    SERVICE_TOKEN,
)
from gateway.providers.productive.simulator.situations import (
    BOOKING_SECOND,
    STATUS_MANAGER,
)
from tests.providers.productive.simulator_support import (
    BULK,
    JSON_API,
    ORIGIN,
    Desk,
    refusal,
)

APPROVE = f"approval_statuses/{STATUS_MANAGER}/approve"
MEMBERSHIPS = "organization_memberships"


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_the_settings_are_those_of_the_service_account(desk: Desk) -> None:
    assert desk.settings == {
        "base_url": "http://sandbox.example/productive/api/v2",
        "token": "sandbox-gateway-token",
        "organization_id": "900",
        "webhook_tokens": ",".join(
            (*desk.simulator.webhook_tokens, *MADE_WEBHOOK_TOKENS)
        ),
    }


async def test_the_service_account_is_an_admin_of_the_main_organization(
    desk: Desk,
) -> None:
    body = await desk.get(f"{MEMBERSHIPS}?include=person")

    person = body["included"][0]["attributes"]
    assert [one["id"] for one in body["data"]] == ["26"]
    assert (person["first_name"], person["last_name"]) == ("Gateway", "Service")
    assert person["role_id"] == 1


@pytest.mark.parametrize(
    ("person", "ids"),
    [
        ("controller", ["20", "90"]),
        ("accountant", ["22"]),
        ("approver", ["21"]),
        ("payer", ["23"]),
        ("clerk", ["12"]),
        ("auditor", ["24"]),
        ("buyer", ["25"]),
    ],
)
async def test_each_person_has_a_token(desk: Desk, person: str, ids: list[str]) -> None:
    assert await desk.ids(MEMBERSHIPS, person) == ids


def test_the_controller_is_the_first_person(desk: Desk) -> None:
    assert list(desk.simulator.persons) == [
        "controller",
        "accountant",
        "approver",
        "payer",
        "clerk",
        "auditor",
        "buyer",
    ]


@pytest.mark.parametrize("person", ["service", "Controller", "visitor", ""])
def test_nobody_else_has_credentials(desk: Desk, person: str) -> None:
    assert desk.simulator.credentials(person) is None


@pytest.mark.parametrize("token", ["", "unknown", REVOKED_TOKEN, DEACTIVATED_TOKEN])
async def test_a_token_that_is_not_alive_is_unauthenticated(
    desk: Desk, token: str
) -> None:
    answer = await desk.send("GET", "people", X_Auth_Token=token)

    assert refusal(answer) == (401, ["invalid_auth_token"])


async def test_a_call_needs_a_token(desk: Desk) -> None:
    answer = await desk.client.get(f"{ORIGIN}/productive/api/v2/people")

    assert refusal(answer) == (401, ["invalid_auth_token"])


@pytest.mark.parametrize(
    ("token", "organization_id"),
    [
        (SERVICE_TOKEN, "901"),
        (SERVICE_TOKEN, "902"),
        (SERVICE_TOKEN, "unknown"),
        (SERVICE_TOKEN, ""),
        (OUTSIDER_TOKEN, "900"),
    ],
)
async def test_a_token_needs_a_person_in_the_organization(
    desk: Desk, token: str, organization_id: str
) -> None:
    answer = await desk.send(
        "GET", "people", X_Auth_Token=token, X_Organization_Id=organization_id
    )

    assert refusal(answer) == (403, ["no_person"])


async def test_the_header_chooses_the_organization(desk: Desk) -> None:
    main = await desk.send("GET", f"bookings/{BOOKING_SECOND}")
    second = await desk.send(
        "GET", f"bookings/{BOOKING_SECOND}", X_Organization_Id="901"
    )

    assert refusal(main) == (404, ["record_not_found"])
    assert second.json()["data"]["relationships"]["organization"] == {
        "data": {"type": "organizations", "id": "901"}
    }


@pytest.mark.parametrize("organization_id", ["", "901", "902"])
async def test_memberships_are_not_narrowed_by_the_header(
    desk: Desk, organization_id: str
) -> None:
    answer = await desk.send("GET", MEMBERSHIPS, X_Organization_Id=organization_id)

    assert [one["id"] for one in answer.json()["data"]] == ["20", "90"]


async def test_memberships_are_filtered_by_organization(desk: Desk) -> None:
    path = f"{MEMBERSHIPS}?filter[organization_id]=901"

    assert await desk.ids(path, "controller") == ["90"]


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
@pytest.mark.parametrize("content_type", [None, "application/json", BULK])
async def test_a_write_needs_the_content_type(
    desk: Desk, method: str, content_type: str | None
) -> None:
    path = "bookings" if method == "POST" else "bookings/303"
    accept = BULK if content_type == BULK else "*/*"

    answer = await desk.send(
        method, path, None, content_type=content_type, Accept=accept
    )

    assert (answer.status_code, answer.json()["errors"][0]["title"]) == (
        415,
        "Unsupported Media Type",
    )
    assert "303" in desk.simulator.state.bookings


async def test_the_content_type_may_have_a_charset(desk: Desk) -> None:
    answer = await desk.send(
        "PATCH", APPROVE, content_type=f"{JSON_API}; charset=utf-8"
    )

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("text/html", 406),
        ("application/json", 200),
        ("text/html, */*;q=0.5", 200),
        (JSON_API, 200),
    ],
)
async def test_an_answer_is_json_api_or_not_acceptable(
    desk: Desk, accept: str, status: int
) -> None:
    answer = await desk.send("GET", "events", Accept=accept)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/vnd.api+json; charset=utf-8"


@pytest.mark.parametrize(
    ("method", "path"), [("PATCH", "time_entries/approve"), ("POST", "time_entries")]
)
@pytest.mark.parametrize("accept", ["*/*", JSON_API])
async def test_a_bulk_call_with_the_wrong_accept_is_no_route(
    desk: Desk, method: str, path: str, accept: str
) -> None:
    answer = await desk.send(
        method, path, body={"data": []}, content_type=BULK, Accept=accept
    )

    assert refusal(answer) == (404, ["route_not_found"])


async def test_a_bulk_call_needs_the_bulk_content_type(desk: Desk) -> None:
    answer = await desk.send(
        "PATCH", "time_entries/approve", body={"data": []}, Accept=BULK
    )

    assert answer.status_code == 415


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "me"),
        ("GET", ""),
        ("PUT", "bookings/301"),
        ("DELETE", "approval_policies/71"),
        ("POST", "approval_statuses"),
        ("DELETE", "approval_statuses/5002"),
        ("PATCH", "bookings/301/approve"),
        ("PATCH", "bookings/301/reject"),
        ("PATCH", "webhooks/1"),
        ("GET", "services"),
        ("GET", "webhook_logs/1"),
    ],
)
async def test_what_is_not_documented_is_no_route(
    desk: Desk, method: str, path: str
) -> None:
    answer = await desk.send(method, path, None)

    assert refusal(answer) == (404, ["route_not_found"])


async def test_a_trailing_slash_does_not_count(desk: Desk) -> None:
    plain = await desk.get("bookings/301")

    assert await desk.get("bookings/301/") == plain


async def test_a_token_that_only_reads_cannot_write(desk: Desk) -> None:
    write = await desk.make("bookings", "buyer", person_id=25)
    read = await desk.send("GET", "people/25", "buyer")

    assert refusal(write) == (403, ["access_denied"])
    assert read.status_code == 200


async def test_an_answer_is_compressed_when_asked(desk: Desk) -> None:
    url = f"{desk.settings['base_url']}/people"
    headers = desk.headers() | {"Accept-Encoding": "gzip"}

    async with desk.client.stream("GET", url, headers=headers) as answer:
        raw = b"".join([part async for part in answer.aiter_raw()])
    plain = await desk.client.get(url, headers=headers | {"Accept-Encoding": "br"})

    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["vary"] == "Accept-Encoding"
    assert json.loads(gzip.decompress(raw)) == plain.json()
    assert "content-encoding" not in plain.headers


async def test_a_body_must_be_a_document(desk: Desk) -> None:
    url = f"{desk.settings['base_url']}/bookings"
    headers = desk.headers() | {"Content-Type": JSON_API}

    answers: list[httpx.Response] = [
        await desk.client.post(url, headers=headers, content=content)
        for content in ("{", "[]", "{}", '{"data": 1}', b"\xff")
    ]

    assert [refusal(answer) for answer in answers] == [(400, ["bad_request"])] * 5


async def test_a_reset_forgets_changes_and_switches(desk: Desk) -> None:
    desk.simulator.webhook_target = "https://gateway.example/webhooks"
    desk.switch(expense_reject=False)
    await desk.act(APPROVE)
    before = desk.simulator.state

    desk.simulator.reset()

    assert desk.simulator.state is not before
    assert desk.simulator.state.statuses[STATUS_MANAGER].is_pending
    assert desk.simulator.switches.expense_reject
    assert desk.simulator.webhooks.outbox == []
    assert desk.simulator.webhook_target == "https://gateway.example/webhooks"
