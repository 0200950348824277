"""Renewals that fail: what each means, and that no refresh token is sent again."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from gateway.providers.accounteer.simulator import AccounteerSimulator
from gateway.providers.accounteer.simulator.directory import REFRESH_TOKEN
from gateway.sandbox import Sandbox
from tests.providers.accounteer.calls import (
    TOKEN,
    approve_call,
    fault,
    fault_of,
    graph_id,
)
from tests.providers.accounteer.deciding import TEXTS
from tests.providers.accounteer.signing_in import (
    CONSENT,
    FOUND,
    LOOK,
    Renewals,
    oauth_section,
    real_settings,
    serve,
    told,
)
from tests.support import Client, FakeTime, RecordingTransport, lose

LOST_RENEWAL = (
    "Accounteer's answer to the renewal of its token was lost. If the next one is "
    "refused, somebody must consent anew."
)
LOST = ("UPSTREAM_UNAVAILABLE", LOST_RENEWAL)
NOT_REACHED = ("UPSTREAM_UNAVAILABLE", "The provider could not be reached.")
NO_APPLICATION = (
    "UPSTREAM_AUTH_FAILED",
    "Accounteer does not accept this application's id and secret.",
)
NO_ADDRESS = (
    "UPSTREAM_AUTH_FAILED",
    "There is no sign-in at the address that is set as Accounteer's `token_url`.",
)


@pytest.fixture
def renewals(accounteer: RecordingTransport) -> Renewals:
    return Renewals(accounteer)


@pytest.fixture
async def client(
    monkeypatch: pytest.MonkeyPatch,
    sandbox: Sandbox,
    accounteer: RecordingTransport,
    time: FakeTime,
    renewals: Renewals,
) -> AsyncIterator[Client]:
    settings = real_settings(monkeypatch, oauth_section(sandbox))
    async with serve(settings, accounteer, time) as client:
        yield client


async def test_a_dead_refresh_token_asks_for_consent_and_is_held_back(
    client: Client,
    renewals: Renewals,
    accounteer: RecordingTransport,
    accounteer_simulator: AccounteerSimulator,
    time: FakeTime,
) -> None:
    simulator_tokens = accounteer_simulator._pipeline.tokens
    simulator_tokens._refresh.clear()
    counts = []

    for seconds in (0, 0, 10, 19.9, 0.2, 0):
        time.advance(seconds)
        bodies = await asyncio.gather(*(client.execute(LOOK) for _ in range(5)))
        assert {told(body) for body in bodies} == {("UPSTREAM_AUTH_FAILED", CONSENT)}
        counts.append(len(renewals.forms))

    assert counts == [1, 1, 1, 1, 2, 2]
    assert accounteer.calls == []
    # Somebody brings it back.
    simulator_tokens.forget()
    time.advance(31)
    assert await client.execute(LOOK) == FOUND


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500),
        httpx.Response(503),
        httpx.Response(504),
        httpx.Response(302, headers={"Location": "https://elsewhere.example/"}),
        httpx.Response(200),
        httpx.Response(200, content=b"<html>"),
        httpx.Response(200, json={}),
        httpx.Response(200, json={"access_token": ""}),
        httpx.Response(200, json={"access_token": "a b"}),
        httpx.ReadTimeout("late"),
        httpx.ReadError("lost"),
        httpx.RemoteProtocolError("lost"),
    ],
    ids=repr,
)
async def test_a_renewal_without_an_answer_is_sent_once_and_by_the_next_request_again(
    client: Client,
    renewals: Renewals,
    accounteer: RecordingTransport,
    answer: httpx.Response | httpx.TransportError,
) -> None:
    """It may have worked: the same refresh token twice may end all that came of it."""
    renewals.answers.append(answer)

    first = await client.execute(LOOK)

    assert told(first) == LOST
    assert fault_of(first) == fault("UPSTREAM_UNAVAILABLE", retryable=True)
    assert renewals.used == [REFRESH_TOKEN]
    assert accounteer.calls == []
    assert await client.execute(LOOK) == FOUND
    assert renewals.used == [REFRESH_TOKEN] * 2


async def test_a_renewal_that_worked_and_was_lost_may_need_a_consent(
    client: Client, renewals: Renewals, accounteer: RecordingTransport
) -> None:
    record, accounteer.interceptors[TOKEN] = accounteer.interceptors[TOKEN], lose

    first = await client.execute(LOOK)
    accounteer.interceptors[TOKEN] = record
    second = await client.execute(LOOK)

    assert told(first) == LOST
    assert told(second) == ("UPSTREAM_AUTH_FAILED", CONSENT)
    assert renewals.used == [REFRESH_TOKEN]
    assert accounteer.sign_ins == 2
    assert accounteer.calls == []


async def test_a_renewal_that_never_left_is_tried_by_the_next_request(
    client: Client, renewals: Renewals, accounteer: RecordingTransport
) -> None:
    renewals.answers.append(httpx.ConnectError("refused"))

    assert told(await client.execute(LOOK)) == NOT_REACHED

    assert len(renewals.used) == 1
    assert accounteer.calls == []
    assert await client.execute(LOOK) == FOUND


async def test_those_who_wait_for_a_renewal_that_is_lost_send_no_other(
    client: Client, renewals: Renewals
) -> None:
    renewals.answers.append(httpx.Response(503))

    bodies = await asyncio.gather(*(client.execute(LOOK) for _ in range(5)))

    assert [told(body) for body in bodies] == [LOST] * 5
    assert renewals.used == [REFRESH_TOKEN]


async def test_a_decision_without_a_token_surely_did_not_happen(
    client: Client,
    renewals: Renewals,
    accounteer: RecordingTransport,
    accounteer_simulator: AccounteerSimulator,
) -> None:
    draft = accounteer_simulator.state.add_invoice()
    wanted = {"input": {"id": graph_id(draft)}}
    renewals.answers.append(httpx.Response(503))

    body = await client.execute(TEXTS["approve"], wanted)

    assert body["data"] == {"approve": None}
    assert told(body) == LOST
    assert fault_of(body) == fault("UPSTREAM_UNAVAILABLE", retryable=True)
    assert accounteer.calls == []
    again = await client.execute(TEXTS["approve"], wanted)
    assert again["data"]["approve"]["outcome"] == "APPLIED"
    assert accounteer.calls.count(approve_call(draft)) == 1


@pytest.mark.parametrize(
    ("status", "error", "expected"),
    [
        (400, "invalid_grant", ("UPSTREAM_AUTH_FAILED", CONSENT)),
        (401, "invalid_client", NO_APPLICATION),
        (404, "", NO_ADDRESS),
        (405, "", NO_ADDRESS),
        (501, "", NO_ADDRESS),
    ],
)
async def test_a_renewal_that_is_refused_says_what_mends_it_and_is_held_back(
    client: Client,
    renewals: Renewals,
    accounteer: RecordingTransport,
    time: FakeTime,
    status: int,
    error: str,
    expected: tuple[str, str],
) -> None:
    """2: 401 is the client's id or secret, 404 its address: no consent mends these."""
    renewals.answers.append(httpx.Response(status, json={"error": error}))

    bodies = [await client.execute(LOOK) for _ in range(2)]

    assert [told(body) for body in bodies] == [expected] * 2
    assert renewals.used == [REFRESH_TOKEN]
    assert accounteer.calls == []
    time.advance(31)
    assert await client.execute(LOOK) == FOUND
