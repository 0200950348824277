"""The desk that the simulator's tests work at, and signing in."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from gateway.providers.ottimate.simulator import OttimateSimulator
from gateway.providers.ottimate.simulator.state import Invoice

ORIGIN = "http://sandbox.example"
GATEWAY_REFUSAL = {"message": "Forbidden"}
TIMESTAMP = "2026-11-03T12:00:00.000007Z"


class Desk:
    """A simulator under a clock that stands still, and signed-in persons."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 3, 12, 0, 0, 7, tzinfo=UTC)
        self.slept: list[float] = []
        self.simulator = OttimateSimulator(now=lambda: self.now, sleep=self._sleep)
        app = Starlette(routes=[Mount("/ottimate", app=self.simulator.app)])
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(app=app))
        self._tokens: dict[str, str] = {}

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def switch(self, **changes: Any) -> None:
        switches = msgspec.structs.replace(self.simulator.switches, **changes)
        self.simulator.switches = switches

    def later(self, **parts: float) -> None:
        self.now += timedelta(**parts)

    def settings(self, person: str) -> dict[str, str]:
        """Return the settings of a gateway that acts as *person*."""
        own = self.simulator.credentials(person)
        assert own is not None
        return {**self.simulator.settings(ORIGIN), **own}

    def invoice(self, number: str) -> Invoice:
        return self.simulator.state.numbered(number)

    async def token_call(
        self, *, person: str = "controller", headers: Any = None, **changes: Any
    ) -> httpx.Response:
        settings = self.settings(person)
        form = {
            "grant_type": "client_credentials",
            "client_id": settings["client_id"],
            "client_secret": settings["client_secret"],
        } | changes
        return await self.client.post(
            f"{settings['base_url']}/oauth/token",
            data={name: value for name, value in form.items() if value is not None},
            headers={"X-Api-Key": settings["api_key"]} if headers is None else headers,
        )

    async def call(
        self,
        method: str,
        path: str,
        *,
        person: str = "controller",
        headers: dict[str, str] | None = None,
        **parts: Any,
    ) -> httpx.Response:
        settings = self.settings(person)
        if person not in self._tokens:
            answer = await self.token_call(person=person)
            self._tokens[person] = answer.json()["access_token"]
        known = {
            "X-Api-Key": settings["api_key"],
            "Authorization": f"Bearer {self._tokens[person]}",
        }
        url = f"{settings['base_url']}{path}"
        all_headers = known | (headers or {})
        return await self.client.request(method, url, headers=all_headers, **parts)

    async def on(
        self, method: str, number: str, rest: str = "", **parts: Any
    ) -> httpx.Response:
        return await self.call(
            method, f"/invoices/{self.invoice(number).id}{rest}", **parts
        )

    async def row(self, number: str) -> Any:
        invoice_id = self.invoice(number).id
        answer = await self.call("GET", f"/invoices?invoice_ids={invoice_id}")
        return answer.json()["results"][0]


def refusal(answer: httpx.Response) -> tuple[int, str, Any]:
    """Return status, code and message of an ErrorResponse of the right form."""
    body = answer.json()
    assert body.keys() == {"code", "message", "request_id", "timestamp"}
    return answer.status_code, body["code"], body["message"]


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_a_token_call_answers_the_four_documented_members(desk: Desk) -> None:
    answer = await desk.token_call(scope="accounts.can_access_dashboard")

    body = answer.json()
    token = body.pop("access_token")
    assert answer.status_code == 200
    assert body == {
        "token_type": "Bearer",
        "expires_in": 31_536_000,
        "scope": "accounts.can_access_dashboard",
    }
    assert (len(token), token.isalnum()) == (30, True)


async def test_a_token_call_understands_json_and_the_path_without_version(
    desk: Desk,
) -> None:
    answer = await desk.client.post(
        f"{ORIGIN}/ottimate/oauth/token/",
        headers={"X-API-KEY": "sandbox-api-key"},
        json={
            "grant_type": "client_credentials",
            "client_id": "sandbox-clerk",
            "client_secret": "sandbox-clerk-secret",
        },
    )

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("changes", "status", "code", "message"),
    [
        (
            {"client_secret": None},
            400,
            "AUT4000",
            {"client_secret": ["This field is required."]},
        ),
        (
            {"grant_type": "password"},
            400,
            "AUT4000",
            {"grant_type": ["Unsupported grant type."]},
        ),
        ({"scope": "other"}, 400, "AUT4000", {"scope": ["Unsupported scope."]}),
        ({"client_secret": "no"}, 401, "AUT4010", "Invalid client credentials."),
    ],
)
async def test_a_wrong_token_call_is_refused(
    desk: Desk, changes: Any, status: int, code: str, message: Any
) -> None:
    answer = await desk.token_call(**changes)

    assert refusal(answer) == (status, code, message)
    assert answer.json()["timestamp"] == TIMESTAMP


async def test_a_token_call_of_broken_json_is_refused(desk: Desk) -> None:
    answer = await desk.client.post(
        f"{ORIGIN}/ottimate/v1/oauth/token",
        headers={"X-Api-Key": "sandbox-api-key", "Content-Type": "application/json"},
        content=b"{",
    )

    assert refusal(answer) == (400, "AUT4000", "Malformed request body.")


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"client_id": None}, 400, "invalid_request"),
        ({"client_secret": "no"}, 401, "invalid_client"),
    ],
)
async def test_a_token_call_can_be_refused_in_the_form_of_oauth(
    desk: Desk, changes: Any, status: int, error: str
) -> None:
    desk.switch(token_error_form="oauth")

    answer = await desk.token_call(**changes)

    assert answer.status_code == status
    assert answer.json().keys() == {"error", "error_description"}
    assert answer.json()["error"] == error


@pytest.mark.parametrize("headers", [{}, {"X-Api-Key": "unknown"}])
@pytest.mark.parametrize("path", ["/v1/oauth/token", "/v1/invoices", "/v1/unknown"])
async def test_the_api_key_is_checked_in_front_of_everything(
    desk: Desk, headers: dict[str, str], path: str
) -> None:
    answer = await desk.client.post(f"{ORIGIN}/ottimate{path}", headers=headers)

    assert (answer.status_code, answer.json()) == (403, GATEWAY_REFUSAL)


@pytest.mark.parametrize("value", ["", "Bearer", "Bearer unknown", "Basic abc"])
async def test_a_call_without_a_live_token_is_refused(desk: Desk, value: str) -> None:
    answer = await desk.call("GET", "/invoices", headers={"Authorization": value})

    assert refusal(answer) == (401, "AUT4010", "Invalid or expired access token.")


async def test_a_token_lives_as_long_as_it_was_told(desk: Desk) -> None:
    desk.switch(token_seconds=3600)
    body = (await desk.token_call()).json()
    headers = {"Authorization": f"Bearer {body['access_token']}"}

    desk.later(seconds=3599)
    before = await desk.call("GET", "/accounts", headers=headers)
    desk.later(seconds=1)
    after = await desk.call("GET", "/accounts", headers=headers)

    assert body["expires_in"] == 3600
    assert (before.status_code, after.status_code) == (200, 401)


async def test_a_second_token_leaves_the_first_alive(desk: Desk) -> None:
    first = (await desk.token_call()).json()["access_token"]
    second = (await desk.token_call()).json()["access_token"]

    answer = await desk.call(
        "GET", "/accounts", headers={"Authorization": f"Bearer {first}"}
    )

    assert first != second
    assert answer.status_code == 200


async def test_a_key_of_another_account_does_not_go_with_a_token(desk: Desk) -> None:
    other = {"X-Api-Key": "sandbox-other-api-key"}

    token = await desk.token_call(headers=other)
    answer = await desk.call("GET", "/accounts", headers=other)

    message = "The token does not belong to this account."
    assert refusal(token) == (401, "AUT4010", "Invalid client credentials.")
    assert refusal(answer) == (403, "INV4030", message)


def test_the_persons_are_named_with_the_default_first(desk: Desk) -> None:
    assert list(desk.simulator.persons) == ["controller", "clerk"]


def test_the_settings_are_those_of_the_first_persons_application(desk: Desk) -> None:
    assert desk.simulator.settings("http://localhost:8001") == {
        "base_url": "http://localhost:8001/ottimate/v1",
        "api_key": "sandbox-api-key",
        "client_id": "sandbox-controller",
        "client_secret": "sandbox-controller-secret",
    }


@pytest.mark.parametrize("person", ["controller", "clerk"])
def test_a_person_has_an_application_of_their_own(desk: Desk, person: str) -> None:
    assert desk.simulator.credentials(person) == {
        "client_id": f"sandbox-{person}",
        "client_secret": f"sandbox-{person}-secret",
    }


@pytest.mark.parametrize("person", ["visitor", "approver", ""])
def test_who_is_no_person_has_no_application(desk: Desk, person: str) -> None:
    assert desk.simulator.credentials(person) is None


async def test_a_reset_forgets_changes_switches_and_tokens(desk: Desk) -> None:
    desk.switch(day_quota=5)
    await desk.on("POST", "INV-1002", "/approve")
    before = desk.invoice("INV-1002").id

    desk.simulator.reset()

    assert desk.invoice("INV-1002").id == before
    assert desk.invoice("INV-1002").status == "pending-approval"
    assert desk.simulator.switches.day_quota == 10_000
    assert (await desk.call("GET", "/accounts")).status_code == 401


async def test_the_clock_is_the_machines_unless_told() -> None:
    app = Starlette(routes=[Mount("/ottimate", app=OttimateSimulator().app)])
    transport = httpx.ASGITransport(app=app)

    async with httpx.AsyncClient(transport=transport) as client:
        answer = await client.get(
            f"{ORIGIN}/ottimate/v1/accounts", headers={"X-Api-Key": "sandbox-api-key"}
        )

    told = datetime.fromisoformat(answer.json()["timestamp"])
    assert abs(datetime.now(UTC) - told) < timedelta(minutes=1)


async def test_switches_are_checked_when_they_are_assigned(desk: Desk) -> None:
    with pytest.raises(msgspec.ValidationError, match=r"\$\.absent_status"):
        desk.switch(absent_status=418)

    assert desk.simulator.switches.absent_status == 403
