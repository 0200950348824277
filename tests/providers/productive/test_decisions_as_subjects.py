"""Who decides at Productive where an operator says whose token is whose."""

import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from gateway.app import create_app
from gateway.domain import ProviderName
from gateway.providers import PROVIDERS
from gateway.providers.productive import PROVIDER
from gateway.providers.productive.simulator import situations as ids
from gateway.providers.productive.simulator.directory import (
    APPROVER,
    DEACTIVATED_TOKEN,
    OUTSIDER_TOKEN,
    REVOKED_TOKEN,
    SERVICE_TOKEN,
)
from gateway.sandbox import Sandbox
from gateway.settings import read_settings
from tests.providers.productive.deciding import (
    BOTH,
    Office,
    applied,
    callers,
    decide,
    fault_of,
    refused,
)
from tests.support import Client, FakeTime, RecordingTransport, writes

SIGNED_OUT = {
    "code": "UPSTREAM_AUTH_FAILED",
    "provider": "PRODUCTIVE",
    "retryable": True,
}


class Deployment:
    """A gateway over settings as an operator writes them, with API keys."""

    def __init__(self, folder: Path) -> None:
        self.keys = folder / "keys.toml"
        self.credentials = folder / "credentials.toml"
        lines = []
        for subject in ("anna", "adam", "zoe", "controller"):
            digest = hashlib.sha256(f"demo-{subject}".encode()).hexdigest()
            lines.append(f'"{subject}" = "sha256:{digest}"')
        self.keys.write_text("\n".join(lines), encoding="utf-8")

    def give(self, **tokens: str) -> None:
        """Write what each subject signs in to Productive with."""
        lines = [
            f'["{subject}".productive]\ntoken = "{token}"'
            for subject, token in tokens.items()
        ]
        self.credentials.write_text("\n".join(lines), encoding="utf-8")


@pytest.fixture
def deployment(tmp_path: Path) -> Deployment:
    made = Deployment(tmp_path)
    made.give(anna="sandbox-controller-token", adam="sandbox-approver-token")
    return made


@pytest.fixture
async def served(
    deployment: Deployment,
    monkeypatch: pytest.MonkeyPatch,
    sandbox: Sandbox,
    productive: RecordingTransport,
    time: FakeTime,
) -> AsyncIterator[Client]:
    for name, value in sandbox.settings(PROVIDER).items():
        monkeypatch.setenv(f"GATEWAY_PRODUCTIVE__{name.upper()}", str(value))
    monkeypatch.setenv("GATEWAY_AUTH__MODE", "api_key")
    monkeypatch.setenv("GATEWAY_AUTH__API_KEYS_FILE", str(deployment.keys))
    monkeypatch.setenv("GATEWAY_CREDENTIALS_FILE", str(deployment.credentials))
    settings = read_settings({one.key: one.settings for one in PROVIDERS})
    app = create_app(
        settings,
        transports={ProviderName.PRODUCTIVE: productive},
        clock=time.clock,
    )
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://127.0.0.1"
    ) as http:
        yield Client(http)


@BOTH
async def test_a_subject_decides_with_the_token_that_the_operator_gave(
    served: Client, office: Office, mutation: str
) -> None:
    key = office.id(ids.BOOKING_ANY)

    nobody = await decide(served, mutation, "zoe", key)
    namesake = await decide(served, mutation, "controller", key)
    assert office.productive.calls == []
    anna = await decide(served, mutation, "anna", key)

    assert nobody == namesake == refused(mutation, "FORBIDDEN")
    assert anna == applied(mutation)
    assert set(callers(office.productive)) == {"controller"}


@BOTH
async def test_another_token_at_the_next_request_is_another_person(
    served: Client, deployment: Deployment, office: Office, mutation: str
) -> None:
    await decide(served, mutation, "anna", office.id(ids.BOOKING_ANY))
    deployment.give(anna="sandbox-approver-token")
    office.productive.clear()

    body = await decide(served, mutation, "anna", office.id(ids.BOOKING_ALL))

    assert body == applied(mutation)
    assert set(callers(office.productive)) == {"approver"}
    assert [who for _, who in office.states(ids.BOOKING_ALL)] == [None, APPROVER]


@BOTH
@pytest.mark.parametrize("token", [OUTSIDER_TOKEN, REVOKED_TOKEN, DEACTIVATED_TOKEN])
async def test_a_token_of_nobody_here_decides_nothing(
    served: Client, deployment: Deployment, office: Office, mutation: str, token: str
) -> None:
    deployment.give(anna=token, adam="sandbox-approver-token")
    state = office.state()

    for key in (office.id(ids.BOOKING_ALL), office.status_id(ids.BOOKING_ALL)):
        body = await decide(served, mutation, "anna", key)

        assert body["data"] == {mutation: None}
        assert fault_of(body) == SIGNED_OUT
        assert token not in json.dumps(body)
    assert writes(office.productive) == []
    assert office.state() == state
    assert await decide(
        served, mutation, "adam", office.id(ids.BOOKING_ALL)
    ) == applied(mutation)


@BOTH
async def test_a_person_who_is_the_gateways_account_acts_on_behalf(
    served: Client, deployment: Deployment, office: Office, mutation: str
) -> None:
    """Its operator says so; an administrator has no duty, and decides on any."""
    deployment.give(anna=SERVICE_TOKEN)

    target = await decide(served, mutation, "anna", office.id(ids.BOOKING_ALL))
    duty = await decide(served, mutation, "anna", office.status_id(ids.BOOKING_ALL))

    assert (target, duty) == (refused(mutation, "FORBIDDEN"), applied(mutation))
    assert office.row(ids.BOOKING_ALL).actual_approver_id == "26"
