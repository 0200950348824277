"""Two requests of one person at the same time, and a limit that others need."""

import asyncio
from collections.abc import Iterable
from typing import Any

import httpx
import pytest

from gateway.domain import ProviderName, encode_id
from tests.support import Client, Handler, RecordingTransport, writes

STATUS = encode_id("ApprovalStatus", ProviderName.PRODUCTIVE, "5006")
APPROVED = "PATCH /approval_statuses/5006/approve"
DECIDE = """
mutation ($input: %s!) {
  decided: %s(input: $input) { outcome userErrors { code } }
}
"""
APPROVE = DECIDE % ("ApproveInput", "approve")
REJECT = DECIDE % ("RejectInput", "reject")


def outcomes(bodies: Iterable[dict[str, Any]]) -> list[tuple[str, list[str]]]:
    return [
        (
            body["data"]["decided"]["outcome"],
            [one["code"] for one in body["data"]["decided"]["userErrors"]],
        )
        for body in bodies
    ]


async def test_one_decision_at_a_time_is_sent_on_one_duty(
    client: Client, productive: RecordingTransport
) -> None:
    variables = {"input": {"id": STATUS}}

    bodies = await asyncio.gather(
        client.execute(APPROVE, variables),
        client.execute(APPROVE, variables),
        client.execute(REJECT, variables),
    )

    assert outcomes(bodies) == [
        ("APPLIED", []),
        ("ALREADY_APPLIED", []),
        ("REFUSED", ["CONFLICT"]),
    ]
    assert writes(productive) == [APPROVED]


async def test_what_was_read_before_another_decision_ended_is_read_again(
    client: Client, productive: RecordingTransport
) -> None:
    look = "GET /approval_statuses/5006"
    looks: list[httpx.Request] = []
    is_decided = asyncio.Event()

    async def look_late(request: httpx.Request, upstream: Handler) -> httpx.Response:
        looks.append(request)
        is_second = len(looks) == 2
        response = await upstream(request)
        if is_second:
            # What it shows is old by the time that it arrives.
            await is_decided.wait()
        return response

    async def decide(request: httpx.Request, upstream: Handler) -> httpx.Response:
        response = await upstream(request)
        # The lock is free again by then.
        asyncio.get_running_loop().call_later(0.05, is_decided.set)
        return response

    productive.interceptors |= {look: look_late, APPROVED: decide}
    variables = {"input": {"id": STATUS}}
    bodies = await asyncio.gather(
        client.execute(APPROVE, variables), client.execute(APPROVE, variables)
    )

    assert sorted(outcomes(bodies)) == [("ALREADY_APPLIED", []), ("APPLIED", [])]
    assert productive.calls.count(look) == 3
    assert writes(productive) == [APPROVED]


async def test_more_workflows_than_are_read_singly_cost_nothing(
    client: Client, productive: RecordingTransport
) -> None:
    ids = [
        encode_id("ApprovalWorkflow", ProviderName.PRODUCTIVE, str(one))
        for one in range(100, 121)
    ]

    body = await client.execute(
        "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ids}
    )

    assert body["data"] == {"nodes": [None] * 21}
    assert {one["extensions"]["code"] for one in body["errors"]} == {"MAX_ROWS_LIMIT"}
    assert productive.calls == []


@pytest.mark.parametrize(("times", "is_refused"), [(2, False), (3, True)])
async def test_a_query_leads_back_once_and_no_more(
    client: Client, productive: RecordingTransport, times: int, *, is_refused: bool
) -> None:
    inner = "id"
    for _ in range(times):
        inner = f"target {{ approvalStatuses {{ {inner} }} }}"
    query = f"query ($id: ID!) {{ approvalStatus(id: $id) {{ {inner} }} }}"

    body = await client.execute(query, {"id": STATUS}, person="auditor")

    codes = [one["extensions"]["code"] for one in body.get("errors", [])]
    assert codes == (["MAX_DEPTH_LIMIT"] if is_refused else [])
    assert (productive.calls == []) is is_refused
