"""Webhooks over sockets: a sandbox that is served delivers them to a gateway."""

import asyncio

import httpx
from structlog.testing import capture_logs

from gateway.app import create_app
from gateway.domain import ProviderName, encode_id
from gateway.sandbox import Sandbox
from gateway.settings import Settings
from tests.served import SECONDS, serve
from tests.support import productive_simulator

BOOKING = encode_id("Booking", ProviderName.PRODUCTIVE, "305")
APPROVE = "mutation ($input: ApproveInput!) { approve(input: $input) { outcome } }"


async def register(http: httpx.AsyncClient, sandbox: Sandbox, url: str) -> None:
    simulator = sandbox.simulators[ProviderName.PRODUCTIVE]
    attributes = {"name": "ours", "target_url": url, "event_id": 18, "type_id": 1}
    response = await http.post(
        "/webhooks",
        json={"data": {"type": "webhooks", "attributes": attributes}},
        headers={
            "X-Auth-Token": (simulator.credentials("auditor") or {})["token"],
            "X-Organization-Id": "900",
            "Content-Type": "application/vnd.api+json",
        },
    )
    assert response.status_code == 201


async def test_a_decision_is_told_to_the_gateway_and_read_again() -> None:
    # Those of the start deliver nowhere else, so all that arrives is ours.
    sandbox = Sandbox()
    simulator = productive_simulator(sandbox)
    app = create_app(Settings(), sandbox=sandbox)
    with capture_logs() as logs:
        async with (
            serve(app) as gateway,
            serve(sandbox.app) as origin,
            httpx.AsyncClient(base_url=f"{origin.url}{simulator.path}") as upstream,
            httpx.AsyncClient(base_url=gateway.url) as client,
        ):
            await register(upstream, sandbox, f"{gateway.url}/webhooks/productive")
            # What cannot be sent, or not from here, holds nothing up.
            await register(upstream, sandbox, "http://192.0.2.1/elsewhere")
            await register(upstream, sandbox, "http://127.0.0.1:99999/nowhere")
            simulator.webhook_target = f"{gateway.url}/webhooks/productive"
            body = {"query": APPROVE, "variables": {"input": {"id": BOOKING}}}
            answer = await client.post("/graphql", json=body)
            assert answer.json() == {"data": {"approve": {"outcome": "APPLIED"}}}
            async with asyncio.timeout(SECONDS):
                # The log has no event to wait for.
                while "change" not in [one["event"] for one in logs]:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)

    [change] = [one for one in logs if one["event"] == "change"]
    assert (change["target"], change["state"]) == ("305", "APPROVED")
