"""A subscription over a socket: told of what another client does, and of the end."""

import json

import httpx
import pytest

from gateway.app import create_app
from gateway.domain import encode_id
from gateway.providers.ottimate.simulator import OttimateSimulator
from gateway.sandbox import Sandbox
from gateway.settings import Settings
from tests.changes.watching import APPROVE, OTTIMATE
from tests.served import SECONDS, open_stream, serve
from tests.support import SteppedTime, read_operation

CHANGED = read_operation("ApprovalChanged")


@pytest.fixture
def invoice_id(simulator: OttimateSimulator) -> str:
    return encode_id("Invoice", OTTIMATE, simulator.state.numbered("INV-1002").id)


async def test_who_listens_is_told_and_the_stream_ends_with_the_gateway(
    sandbox: Sandbox, time: SteppedTime, settings: Settings, invoice_id: str
) -> None:
    app = create_app(settings, sandbox=sandbox, clock=time.clock)
    async with (
        serve(app) as served,
        open_stream(
            served,
            CHANGED,
            accept="text/event-stream",
            variables={"ids": [invoice_id]},
        ) as stream,
    ):
        await stream.until(":\n\n")
        async with httpx.AsyncClient(base_url=served.url, timeout=SECONDS) as http:
            answer = await http.post(
                "/graphql",
                json={"query": APPROVE, "variables": {"input": {"id": invoice_id}}},
            )
        assert answer.json()["data"]["approve"]["outcome"] == "APPLIED"
        event = await stream.until("\n\n")

    head, data = event.splitlines()[:2]
    assert head == "event: next"
    changed = json.loads(data.removeprefix("data: "))["data"]["approvalChanged"]
    assert changed["approvable"]["approvalState"] == "APPROVED"
    assert changed["cause"] == "GATEWAY"
