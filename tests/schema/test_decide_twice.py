"""Two requests that decide on one object at the same moment, with one account."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from gateway.domain import ProviderName, encode_id
from gateway.providers.accounteer.simulator import AccounteerSimulator
from gateway.providers.bill.simulator import BillSimulator
from gateway.providers.ottimate.simulator import OttimateSimulator
from tests.schema.documents import InvoiceId
from tests.support import Client, RecordingTransport, never_leaves, writes

APPROVE = """
mutation ($input: ApproveInput!) {
  approve(input: $input) { outcome userErrors { code } }
}
"""
APPLIED = {"outcome": "APPLIED", "userErrors": []}
ALREADY = {"outcome": "ALREADY_APPLIED", "userErrors": []}

Case = tuple[str, RecordingTransport, str]
NAMES = ["ottimate", "bill", "accounteer"]


@pytest.fixture
def bill_id(bill_simulator: BillSimulator) -> str:
    found = bill_simulator.state.numbered("BILL-1001")
    return encode_id("Invoice", ProviderName.BILL, found.id)


@pytest.fixture
def find_case(
    ottimate: RecordingTransport,
    bill: RecordingTransport,
    accounteer: RecordingTransport,
    simulator: OttimateSimulator,
    accounteer_simulator: AccounteerSimulator,
    invoice_id: InvoiceId,
    bill_id: str,
) -> Callable[[str], Case]:
    """Return what can be approved, where, and the call that does."""

    def find(name: str) -> Case:
        if name == "ottimate":
            source_id = simulator.state.numbered("INV-1002").id
            call = f"POST /invoices/{source_id}/approve"
            return invoice_id("INV-1002"), ottimate, call
        if name == "bill":
            return bill_id, bill, "POST /Approve.json"
        draft = accounteer_simulator.state.add_invoice()
        key = encode_id("Invoice", ProviderName.ACCOUNTEER, draft.id, "invoices")
        return key, accounteer, f"POST /invoices/{draft.id}"

    return find


async def approve(client: Client, key: str) -> Any:
    body = await client.execute(APPROVE, {"input": {"id": key}})
    assert list(body) == ["data"], body
    return body["data"]["approve"]


@pytest.mark.parametrize("name", NAMES)
async def test_one_is_sent_and_the_other_finds_it_approved(
    client: Client, find_case: Callable[[str], Case], name: str
) -> None:
    key, upstream, call = find_case(name)

    answers = await asyncio.gather(*(approve(client, key) for _ in range(3)))

    assert answers == [APPLIED, ALREADY, ALREADY]
    assert writes(upstream) == [call]


@pytest.mark.parametrize("name", NAMES)
async def test_the_second_looks_once_the_first_has_ended(
    client: Client, find_case: Callable[[str], Case], name: str
) -> None:
    """A look that was taken before would be old when it is acted on."""
    key, upstream, call = find_case(name)
    stop = asyncio.Event()
    reached = asyncio.Event()

    async def hold(request: Any, send: Any) -> Any:
        reached.set()
        await stop.wait()
        return await send(request)

    upstream.interceptors[call] = hold
    first = asyncio.create_task(approve(client, key))
    await reached.wait()
    before = list(upstream.calls)
    second = asyncio.create_task(approve(client, key))
    for _ in range(200):
        await asyncio.sleep(0)
    assert upstream.calls == before

    stop.set()

    assert (await first, await second) == (APPLIED, ALREADY)
    assert writes(upstream) == [call]


@pytest.mark.parametrize("name", NAMES)
async def test_where_the_first_never_left_the_second_is_sent(
    client: Client, find_case: Callable[[str], Case], name: str
) -> None:
    key, upstream, call = find_case(name)
    left = [never_leaves]

    async def fail_once(request: Any, send: Any) -> Any:
        return await (left.pop()(request, send) if left else send(request))

    upstream.interceptors[call] = fail_once

    bodies = await asyncio.gather(
        *(client.execute(APPROVE, {"input": {"id": key}}) for _ in range(2))
    )

    first, second = bodies
    assert first["data"] == {"approve": None}
    assert [one["extensions"]["code"] for one in first["errors"]] == [
        "UPSTREAM_UNAVAILABLE"
    ]
    assert second == {"data": {"approve": APPLIED}}
    assert writes(upstream) == [call, call]


@pytest.mark.parametrize("name", NAMES)
async def test_the_first_client_may_go_away(
    client: Client, find_case: Callable[[str], Case], name: str
) -> None:
    key, upstream, call = find_case(name)
    stop = asyncio.Event()
    reached = asyncio.Event()

    async def hold(request: Any, send: Any) -> Any:
        reached.set()
        await stop.wait()
        return await send(request)

    upstream.interceptors[call] = hold
    first = asyncio.create_task(approve(client, key))
    await reached.wait()
    second = asyncio.create_task(approve(client, key))
    for _ in range(50):
        await asyncio.sleep(0)

    first.cancel()
    stop.set()

    assert await second == ALREADY
    assert first.cancelled()
    assert writes(upstream) == [call]
