"""Many decisions in one call: what has not begun when nobody waits does not begin.

A decision of Accounteer is two calls, of which it takes two a second.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from structlog.testing import capture_logs

from gateway.app import create_app
from gateway.domain import ProviderName, encode_id
from gateway.providers.accounteer.simulator import AccounteerSimulator
from gateway.providers.accounteer.simulator.objects import Document
from gateway.sandbox import Sandbox
from gateway.settings import Settings
from tests.schema.documents import InvoiceId
from tests.support import Client, FakeTime, Handler, RecordingTransport, writes

DECIDE = """
mutation ($input: DecideInput!) {
  decide(input: $input) {
    outcome
    results { outcome userErrors { code message field } }
    userErrors { code }
  }
}
"""
NO_TIME = "There was no time left for this decision. Nothing was sent."
APPLIED = {"outcome": "APPLIED", "userErrors": []}


class Stop:
    """Holds up the writes of some documents, until it is opened."""

    def __init__(self) -> None:
        self.opened = asyncio.Event()
        self.held: list[str] = []

    async def __call__(
        self, request: httpx.Request, upstream: Handler
    ) -> httpx.Response:
        self.held.append(request.url.path.rpartition("/")[2])
        await self.opened.wait()
        return await upstream(request)


@pytest.fixture
def app(sandbox: Sandbox, accounteer: RecordingTransport, time: FakeTime) -> Starlette:
    return create_app(
        Settings(),
        sandbox=sandbox,
        transports={ProviderName.ACCOUNTEER: accounteer},
        clock=time.clock,
    )


@pytest.fixture
async def caller(app: Starlette) -> AsyncIterator[Client]:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://127.0.0.1"
    ) as http:
        yield Client(http)


@pytest.fixture
def made(accounteer_simulator: AccounteerSimulator) -> list[Document]:
    """Twenty drafts that can be approved."""
    return [accounteer_simulator.state.add_invoice() for _ in range(20)]


def key_of(one: Document, collection: str = "invoices") -> str:
    return encode_id("Invoice", ProviderName.ACCOUNTEER, one.id, collection)


def approvals(keys: list[str]) -> dict[str, Any]:
    decisions = [{"id": key, "decision": "APPROVE"} for key in keys]
    return {"input": {"decisions": decisions}}


def call_of(one: Document) -> str:
    return f"POST /invoices/{one.id}"


async def settle() -> None:
    for _ in range(500):
        await asyncio.sleep(0)


def ends(logs: list[Any]) -> dict[str, tuple[str | None, str | None]]:
    """Return outcome and code of each decision, as the log has them."""
    return {
        line["target"]: (line["outcome"], line.get("code"))
        for line in logs
        if line["event"] == "decision"
    }


def check_faults(body: Any, places: list[int]) -> None:
    """Hold that those at *places*, and no others, say that they were not begun."""
    request_id = body["extensions"]["requestId"]
    assert [
        (error["path"], error["message"], error["extensions"])
        for error in body["errors"]
    ] == [
        (
            ["decide", "results", place],
            NO_TIME,
            {
                "code": "UPSTREAM_TIMEOUT",
                "retryable": True,
                "provider": "ACCOUNTEER",
                "requestId": request_id,
            },
        )
        for place in places
    ]


async def test_when_the_deadline_is_over_no_other_one_begins(
    client: Client,
    accounteer: RecordingTransport,
    accounteer_simulator: AccounteerSimulator,
    invoice_id: InvoiceId,
    time: FakeTime,
) -> None:
    state = accounteer_simulator.state
    made = [state.add_invoice() for _ in range(60)]
    started = time.seconds

    body = await client.execute(
        DECIDE, approvals([*map(key_of, made), invoice_id("INV-1002")])
    )

    results = body["data"]["decide"]["results"]
    # Two each two seconds, of twenty-five; and another provider's beside them.
    assert results == [APPLIED] * 26 + [None] * 34 + [APPLIED]
    check_faults(body, list(range(26, 60)))
    assert body["data"]["decide"]["outcome"] == "APPLIED"
    assert writes(accounteer) == [call_of(one) for one in made[:26]]
    assert [one.status for one in made] == ["approved"] * 26 + ["draft"] * 34
    assert time.seconds - started <= 26


async def test_a_client_that_goes_away_ends_none_that_began_and_begins_no_other(
    caller: Client, accounteer: RecordingTransport, made: list[Document]
) -> None:
    stop = Stop()
    for one in made[6:]:
        accounteer.interceptors[call_of(one)] = stop

    with capture_logs() as logs:
        request = asyncio.create_task(
            caller.execute(DECIDE, approvals([key_of(one) for one in made]))
        )
        await settle()
        assert stop.held == [one.id for one in made[6:8]]
        request.cancel()
        await settle()
        assert request.cancelled()
        stop.opened.set()
        await settle()

    assert writes(accounteer) == [call_of(one) for one in made[:8]]
    assert [one.status for one in made] == ["approved"] * 8 + ["draft"] * 12
    assert ends(logs) == {
        **{key_of(one): ("APPLIED", None) for one in made[:8]},
        **{key_of(one): (None, "UPSTREAM_TIMEOUT") for one in made[8:]},
    }


async def test_a_process_that_ends_waits_for_those_that_began_and_begins_no_other(
    app: Starlette,
    caller: Client,
    accounteer: RecordingTransport,
    made: list[Document],
) -> None:
    stop = Stop()
    for one in made[6:]:
        accounteer.interceptors[call_of(one)] = stop

    async with AsyncExitStack() as stack:
        await stack.enter_async_context(app.router.lifespan_context(app))
        request = asyncio.create_task(
            caller.execute(DECIDE, approvals([key_of(one) for one in made]))
        )
        await settle()
        ending = asyncio.create_task(stack.pop_all().aclose())
        await settle()
        assert not ending.done()
        stop.opened.set()
        await ending

    assert writes(accounteer) == [call_of(one) for one in made[:8]]
    body = await request
    assert body["data"]["decide"]["results"] == [APPLIED] * 8 + [None] * 12
    assert body["data"]["decide"]["outcome"] == "APPLIED"
    check_faults(body, list(range(8, 20)))


async def test_what_was_not_begun_is_sent_by_the_next_request(
    caller: Client, accounteer: RecordingTransport, made: list[Document]
) -> None:
    stop = Stop()
    accounteer.interceptors[call_of(made[0])] = stop
    keys = [key_of(one) for one in made[:4]]
    request = asyncio.create_task(caller.execute(DECIDE, approvals(keys)))
    await settle()
    request.cancel()
    stop.opened.set()
    await settle()
    begun = len(writes(accounteer))
    accounteer.clear()

    body = await caller.execute(DECIDE, approvals(keys))

    outcomes = [one["outcome"] for one in body["data"]["decide"]["results"]]
    assert outcomes == ["ALREADY_APPLIED"] * begun + ["APPLIED"] * (4 - begun)
    assert writes(accounteer) == [call_of(one) for one in made[begun:4]]


@pytest.mark.parametrize("collection", ["", "invoices", "purchases"])
async def test_one_object_by_two_ids_is_decided_once(
    client: Client,
    accounteer: RecordingTransport,
    made: list[Document],
    collection: str,
) -> None:
    """What an object is read through makes no other object of it."""
    wanted = [key_of(made[0]), key_of(made[1]), key_of(made[0], collection)]

    body = await client.execute(DECIDE, approvals(wanted))

    assert body == {
        "data": {
            "decide": {
                "outcome": "APPLIED",
                "results": [
                    APPLIED,
                    APPLIED,
                    {
                        "outcome": "REFUSED",
                        "userErrors": [
                            {
                                "code": "INVALID",
                                "message": "`decisions.0` is on the same object; send "
                                "one decision on each. This one was not sent.",
                                "field": ["input", "decisions", "2", "id"],
                            }
                        ],
                    },
                ],
                "userErrors": [],
            }
        }
    }
    assert writes(accounteer) == [call_of(one) for one in made[:2]]


async def test_objects_of_one_number_in_two_providers_are_two(
    client: Client, accounteer: RecordingTransport, made: list[Document]
) -> None:
    other = encode_id("Invoice", ProviderName.OTTIMATE, made[0].id)

    body = await client.execute(DECIDE, approvals([key_of(made[0]), other]))

    first, second = body["data"]["decide"]["results"]
    assert first == APPLIED
    assert (second["outcome"], [one["code"] for one in second["userErrors"]]) == (
        "REFUSED",
        ["NOT_FOUND"],
    )
    assert writes(accounteer) == [call_of(made[0])]


async def test_a_bug_costs_its_own_result_and_leaves_the_whole_unknown(
    client: Client, accounteer: RecordingTransport, made: list[Document]
) -> None:
    """Nothing is known of it, so that nobody is told that it may be sent again."""

    async def break_down(request: httpx.Request, upstream: Handler) -> httpx.Response:
        await upstream(request)
        raise ZeroDivisionError

    accounteer.interceptors[call_of(made[1])] = break_down

    with capture_logs() as logs:
        body = await client.execute(DECIDE, approvals([key_of(o) for o in made[:3]]))

    assert body["data"] == {
        "decide": {
            "outcome": "UNKNOWN",
            "results": [APPLIED, None, APPLIED],
            "userErrors": [],
        }
    }
    (error,) = body["errors"]
    assert error["path"] == ["decide", "results", 1]
    assert error["message"] == "Unexpected error."
    assert error["extensions"] == {
        "code": "INTERNAL_SERVER_ERROR",
        "retryable": False,
        "requestId": body["extensions"]["requestId"],
    }
    assert ends(logs) == {
        key_of(made[0]): ("APPLIED", None),
        key_of(made[1]): (None, "INTERNAL_SERVER_ERROR"),
        key_of(made[2]): ("APPLIED", None),
    }
    assert writes(accounteer) == [call_of(one) for one in made[:3]]
