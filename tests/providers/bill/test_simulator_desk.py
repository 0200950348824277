"""The desk that the simulator's tests work at, and sessions (section 2)."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from gateway.providers.bill.simulator import BillSimulator
from gateway.providers.bill.simulator.directory import (
    CLOSED_ORGANIZATION,
    CONTROLLER,
    DIRECTOR,
    FORMER,
    ORGANIZATION,
    OTHER_DEV_KEY,
    PEOPLE,
    SERVICE,
)
from gateway.providers.bill.simulator.objects import Approvable

ORIGIN = "http://sandbox.example"
NOW = "2026-11-03T12:00:00.007+0000"
MESSAGES = {
    "BDC_1001": "System error.",
    "BDC_1002": "Unknown error.",
    "BDC_1101": "User name and password do not match.",
    "BDC_1102": "Developer key is invalid.",
    "BDC_1105": "Organization has no API access.",
    "BDC_1109": "Session is invalid.  Please log in.",
    "BDC_1121": "API not supported.",
    "BDC_1205": "No data found for object with given ID.",
    "BDC_1302": "ID belongs to another entity type.",
    "BDC_1322": "Max number of concurrent requests per organization reached.",
    "BDC_9901": "User is not an authorized approver for this object.",
    "BDC_9902": "User is not the current approver for this object.",
    "BDC_9903": "Approver has already acted on this object.",
    "BDC_9904": "Object is not awaiting approval.",
    "BDC_9905": "User is not an authorized approver.",
    "BDC_9906": "Approvers do not satisfy the approval policy.",
    "BDC_9907": "Object is inactive.",
}


def success(data: Any) -> dict[str, Any]:
    return {"response_status": 0, "response_message": "Success", "response_data": data}


def refused(code: str, message: str | None = None) -> dict[str, Any]:
    data = {"error_code": code, "error_message": message or MESSAGES[code]}
    return {"response_status": 1, "response_message": "Error", "response_data": data}


def sample(name: str) -> dict[str, Any]:
    path = Path(__file__).parent / "samples" / f"{name}.json"
    stored: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return stored


class Desk:
    """A simulator under a clock that stands still, and signed-in persons."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 3, 12, 0, 0, 7_000, tzinfo=UTC)
        self.slept: list[float] = []
        self.simulator = BillSimulator(now=lambda: self.now, sleep=self._sleep)
        app = Starlette(routes=[Mount(BillSimulator.path, app=self.simulator.app)])
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(app=app))
        self.settings = self.simulator.settings(ORIGIN)
        self._sessions: dict[str, str] = {}

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)

    def switch(self, **changes: Any) -> None:
        switches = msgspec.structs.replace(self.simulator.switches, **changes)
        self.simulator.switches = switches

    def later(self, **parts: float) -> None:
        self.now += timedelta(**parts)

    def object(self, number: str) -> Approvable:
        return self.simulator.state.numbered(number)

    def rows(self, number: str) -> list[tuple[str, str]]:
        chain = self.simulator.state.chain(self.object(number).id)
        return [(row.users_id, row.status) for row in chain]

    def credentials(self, person: str) -> dict[str, str]:
        """Return the form of a sign-in, for a demo person or a user id."""
        users = {one.person or one.id: one for one in PEOPLE}
        user = users[person]
        return {
            "devKey": self.settings["dev_key"],
            "orgId": self.settings["org_id"],
            "userName": user.login_id,
            "password": user.password,
        }

    async def post(self, name: str, form: dict[str, str]) -> httpx.Response:
        url = f"{self.settings['base_url']}/{name}.json"
        return await self.client.post(url, data=form)

    async def sign_in(
        self, person: str = "controller", **changes: str
    ) -> dict[str, Any]:
        answer = await self.post("Login", self.credentials(person) | changes)
        body: dict[str, Any] = answer.json()
        return body

    async def session(self, person: str = "controller") -> dict[str, str]:
        """Return the form fields of a session, signed in where it is needed."""
        if person not in self._sessions:
            body = await self.sign_in(person)
            self._sessions[person] = body["response_data"]["sessionId"]
        return {
            "devKey": self.settings["dev_key"],
            "sessionId": self._sessions[person],
        }

    async def send(
        self, name: str, data: Any, person: str = "controller"
    ) -> httpx.Response:
        form = await self.session(person) | {"data": json.dumps(data)}
        return await self.post(name, form)

    async def call(
        self, name: str, data: Any, person: str = "controller"
    ) -> dict[str, Any]:
        """Return the envelope of a call."""
        body: dict[str, Any] = (await self.send(name, data, person)).json()
        return body

    async def get(self, name: str, data: Any, person: str = "controller") -> Any:
        """Return the data of a call that succeeds."""
        body = await self.call(name, data, person)
        assert body == success(body["response_data"])
        return body["response_data"]

    def target(self, number: str) -> dict[str, str]:
        one = self.object(number)
        return {"objectId": one.id, "entity": type(one).__name__}

    async def on(
        self, call: str, number: str, person: str = "controller", **data: Any
    ) -> dict[str, Any]:
        """Return the envelope of a call on the chain of one object."""
        return await self.call(call, self.target(number) | data, person)


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def info(desk: Desk) -> dict[str, Any]:
    body: dict[str, Any] = (
        await desk.post("GetSessionInfo", await desk.session())
    ).json()
    return body


async def test_the_settings_are_those_of_the_service_account(desk: Desk) -> None:
    body = await desk.sign_in(SERVICE)

    assert desk.settings == {
        "base_url": "http://sandbox.example/bill/api/v2",
        "dev_key": "sandbox-dev-key",
        "org_id": ORGANIZATION,
        "user_name": "gateway@harbor.example",
        "password": "sandbox-gateway-password",
    }
    assert body["response_data"]["usersId"] == SERVICE


async def test_each_person_signs_in_with_what_belongs_to_them(desk: Desk) -> None:
    names = list(desk.simulator.persons)

    assert names == [
        "controller",
        "accountant",
        "approver",
        "payer",
        "clerk",
        "auditor",
        "buyer",
    ]
    for name in names:
        known = desk.simulator.credentials(name)
        assert known is not None
        body = await desk.sign_in(
            userName=known["user_name"], password=known["password"]
        )
        assert body["response_data"]["usersId"] == f"00601{name.upper():0<15}"


@pytest.mark.parametrize("person", ["service", "gateway", "Controller", ""])
def test_nobody_else_has_credentials(desk: Desk, person: str) -> None:
    assert desk.simulator.credentials(person) is None


async def test_a_sign_in_answers_the_documented_members(desk: Desk) -> None:
    answer = await desk.post("Login", desk.credentials("controller"))

    body = answer.json()
    session_id = body["response_data"]["sessionId"]
    assert answer.headers["content-type"] == "application/json;charset=UTF-8"
    assert body == success(
        {
            "sessionId": session_id,
            "orgId": ORGANIZATION,
            "apiEndPoint": "http://sandbox.example/bill/api/v2",
            "usersId": CONTROLLER,
        }
    )
    documented = sample("login")["body"]["response_data"]
    assert list(body["response_data"]) == list(documented)
    assert (len(session_id), session_id.isalnum()) == (28, True)


async def test_the_login_is_not_always_the_email(desk: Desk) -> None:
    by_login = await desk.sign_in(DIRECTOR)
    by_email = await desk.sign_in(DIRECTOR, userName="dana.whitfield@harbor.example")

    assert by_login["response_data"]["usersId"] == DIRECTOR
    assert by_email == refused("BDC_1101")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"password": "wrong"}, "BDC_1101"),
        ({"userName": "nobody"}, "BDC_1101"),
        ({"orgId": "00801UNKNOWN00000000"}, "BDC_1101"),
        ({"orgId": CLOSED_ORGANIZATION}, "BDC_1105"),
        ({"devKey": "wrong"}, "BDC_1102"),
    ],
)
async def test_a_wrong_sign_in_is_refused(
    desk: Desk, changes: dict[str, str], code: str
) -> None:
    answer = await desk.post("Login", desk.credentials("controller") | changes)

    assert (answer.status_code, answer.json()) == (200, refused(code))


async def test_an_inactive_user_cannot_sign_in(desk: Desk) -> None:
    assert await desk.sign_in(FORMER) == refused("BDC_1101")


async def test_a_sign_in_ignores_the_fields_of_mfa(desk: Desk) -> None:
    body = await desk.sign_in(mfaId="m", deviceId="d")

    assert body["response_status"] == 0


async def test_a_body_that_is_no_form_has_no_key(desk: Desk) -> None:
    url = f"{desk.settings['base_url']}/Login.json"

    answer = await desk.client.post(url, json=desk.credentials("controller"))

    assert (answer.status_code, answer.json()) == (200, refused("BDC_1102"))


async def test_a_session_tells_whose_it_is(desk: Desk) -> None:
    body = await info(desk)

    assert body == success({"organizationId": ORGANIZATION, "userId": CONTROLLER})
    documented = sample("session_info")["body"]["response_data"]
    assert body["response_data"].keys() == documented.keys()


async def test_a_session_ends_with_sign_out(desk: Desk) -> None:
    form = await desk.session()

    first = await desk.post("Logout", form)
    second = await desk.post("Logout", form)

    assert first.json() == sample("success_empty")["body"]
    assert (second.status_code, second.json()) == (200, sample("failure")["body"])


async def test_a_user_may_have_several_sessions(desk: Desk) -> None:
    first = await desk.session()
    other = await desk.sign_in()

    await desk.post(
        "Logout", first | {"sessionId": other["response_data"]["sessionId"]}
    )

    assert (await info(desk))["response_status"] == 0


@pytest.mark.parametrize("name", ["Logout", "GetSessionInfo", "Approve", "List/Bill"])
async def test_a_call_needs_a_session(desk: Desk, name: str) -> None:
    key = {"devKey": desk.settings["dev_key"], "data": "{}"}

    none = await desk.post(name, key)
    unknown = await desk.post(name, key | {"sessionId": "unknown"})

    assert none.json() == unknown.json() == refused("BDC_1109")


async def test_a_session_belongs_to_its_developer_key(desk: Desk) -> None:
    form = await desk.session()

    answer = await desk.post("GetSessionInfo", form | {"devKey": OTHER_DEV_KEY})

    assert answer.json() == refused("BDC_1109")


async def test_a_session_dies_after_35_idle_minutes(desk: Desk) -> None:
    await info(desk)
    desk.later(minutes=34, seconds=59)
    alive = await info(desk)
    desk.later(minutes=34, seconds=59)
    still = await info(desk)
    desk.later(minutes=35)
    dead = await info(desk)

    assert [one["response_status"] for one in (alive, still)] == [0, 0]
    assert dead == refused("BDC_1109")


async def test_a_call_that_fails_keeps_the_session_alive(desk: Desk) -> None:
    await info(desk)
    desk.later(minutes=34)
    await desk.call("Crud/Read/Bill", {"id": "unknown"})
    desk.later(minutes=34)

    assert (await info(desk))["response_status"] == 0


async def test_the_organizations_of_a_user_are_listed(desk: Desk) -> None:
    form = desk.credentials("payer")
    del form["orgId"]

    known = await desk.post("ListOrgs", form)
    unknown = await desk.post("ListOrgs", form | {"password": "wrong"})

    assert known.json() == success(
        [
            {"orgId": ORGANIZATION, "orgName": "Harbor Group"},
            {"orgId": CLOSED_ORGANIZATION, "orgName": "Harbor Museum"},
        ]
    )
    assert unknown.json() == refused("BDC_1101")


def test_an_unknown_number_is_no_object(desk: Desk) -> None:
    with pytest.raises(KeyError):
        desk.object("BILL-9999")


async def test_a_reset_ends_sessions_and_forgets_changes(desk: Desk) -> None:
    await desk.on("Approve", "BILL-1004")
    desk.switch(related_names=False)

    desk.simulator.reset()

    assert await info(desk) == refused("BDC_1109")
    assert desk.object("BILL-1004").approval_status == "1"
    assert desk.simulator.switches.related_names
