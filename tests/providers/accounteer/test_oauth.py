"""The token that is renewed: each refresh token once, and no hammering."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from structlog.testing import capture_logs

from gateway.providers.accounteer.simulator import AccounteerSimulator
from gateway.providers.accounteer.simulator.directory import (
    CLIENT_ID,
    CLIENT_SECRET,
    REFRESH_TOKEN,
)
from gateway.sandbox import Sandbox
from tests.providers.accounteer.calls import (
    answers,
    approve_call,
    fault,
    fault_of,
    graph_id,
    sent,
    tokens,
)
from tests.providers.accounteer.deciding import TEXTS
from tests.providers.accounteer.signing_in import (
    CALLS,
    CONSENT,
    CONTACT,
    FOUND,
    LOOK,
    NOBODY,
    NOT_FOUND,
    TOKEN_REFUSED,
    Renewals,
    oauth_section,
    real_settings,
    serve,
    told,
)
from tests.support import Client, FakeTime, RecordingTransport


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


def end_tokens(simulator: AccounteerSimulator) -> None:
    """End the access tokens that were issued; refresh tokens live on."""
    simulator._pipeline.tokens._access.clear()


async def test_the_first_call_renews(client: Client, renewals: Renewals) -> None:
    assert renewals.forms == []

    assert await client.execute(LOOK) == FOUND

    assert renewals.forms == [
        {
            "grant_type": "refresh_token",
            "refresh_token": REFRESH_TOKEN,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
        }
    ]


async def test_a_token_serves_until_its_end_is_near(
    client: Client,
    renewals: Renewals,
    accounteer: RecordingTransport,
    time: FakeTime,
) -> None:
    """2: whatever `expires_in` says; 3600 here, and a minute before."""
    counts = []
    for seconds in (0, 3500, 35, 10, 3530):
        time.advance(seconds)
        assert await client.execute(LOOK) == FOUND
        counts.append(len(renewals.forms))

    assert counts == [1, 1, 1, 2, 2]
    assert renewals.used[0] == REFRESH_TOKEN
    assert len(set(renewals.used)) == 2
    assert len(set(tokens(accounteer))) == 2


async def test_each_renewal_uses_the_newest_refresh_token(
    client: Client, renewals: Renewals, time: FakeTime
) -> None:
    """2: it rotates at each use, and the old one dies."""
    for _ in range(4):
        assert await client.execute(LOOK) == FOUND
        time.advance(3600)

    assert len(set(renewals.used)) == 4
    assert renewals.used[0] == REFRESH_TOKEN


async def test_a_refresh_token_that_stays_is_used_again(
    client: Client,
    renewals: Renewals,
    switch_accounteer: Callable[..., None],
    time: FakeTime,
) -> None:
    switch_accounteer(refresh_rotates=False)
    for _ in range(3):
        assert await client.execute(LOOK) == FOUND
        time.advance(3600)

    assert renewals.used == [REFRESH_TOKEN] * 3


async def test_twenty_at_once_renew_once(
    client: Client, renewals: Renewals, accounteer: RecordingTransport
) -> None:
    bodies = await asyncio.gather(*(client.execute(NOBODY) for _ in range(20)))

    assert bodies == [NOT_FOUND] * 20
    assert renewals.used == [REFRESH_TOKEN]
    assert accounteer.sign_ins == 1


async def test_twenty_who_are_refused_at_once_renew_once(
    client: Client,
    renewals: Renewals,
    accounteer_simulator: AccounteerSimulator,
) -> None:
    await client.execute(LOOK)
    end_tokens(accounteer_simulator)

    bodies = await asyncio.gather(*(client.execute(NOBODY) for _ in range(20)))

    assert bodies == [NOT_FOUND] * 20
    assert len(renewals.used) == len(set(renewals.used)) == 2


async def test_a_token_without_an_end_serves_until_it_is_refused(
    client: Client,
    renewals: Renewals,
    switch_accounteer: Callable[..., None],
    accounteer: RecordingTransport,
    time: FakeTime,
) -> None:
    switch_accounteer(expires_in_told=False, token_seconds=100_000)
    for _ in range(3):
        assert await client.execute(LOOK) == FOUND
        time.advance(30_000)
    assert len(renewals.forms) == 1
    time.advance(50_000)
    accounteer.clear()

    assert await client.execute(LOOK) == FOUND

    assert len(renewals.forms) == 2
    # Both calls were refused once, and sent again.
    assert sorted(accounteer.calls[:-1]) == sorted(CALLS * 2)
    assert accounteer.calls[-1] == CONTACT


@pytest.mark.parametrize("lifetime", ["3600", "soon", "", 0, -1, None])
async def test_an_odd_lifetime_loses_no_refresh_token(
    client: Client, renewals: Renewals, lifetime: object
) -> None:
    """One that is over at once is none: there is no renewal for each call."""
    renewals.changes = {"expires_in": lifetime}

    bodies = [await client.execute(LOOK) for _ in range(2)]

    assert bodies == [FOUND] * 2
    assert renewals.used == [REFRESH_TOKEN]


async def test_a_token_that_is_refused_in_the_middle_is_renewed_once(
    client: Client,
    renewals: Renewals,
    accounteer: RecordingTransport,
    accounteer_simulator: AccounteerSimulator,
) -> None:
    await client.execute(LOOK)
    end_tokens(accounteer_simulator)
    accounteer.clear()

    assert await client.execute(LOOK) == FOUND

    assert len(renewals.forms) == 2
    assert len(set(tokens(accounteer))) == 2


async def test_a_write_is_sent_again_only_after_a_401(
    client: Client,
    renewals: Renewals,
    accounteer: RecordingTransport,
    switch_accounteer: Callable[..., None],
    accounteer_simulator: AccounteerSimulator,
) -> None:
    draft = accounteer_simulator.state.add_invoice()
    switch_accounteer(
        fault="unauthorised", fault_calls=("approve_invoice",), fault_times=1
    )

    body = await client.execute(TEXTS["approve"], {"input": {"id": graph_id(draft)}})

    assert body["data"]["approve"]["outcome"] == "APPLIED"
    assert [call for call, _ in sent(accounteer)] == [approve_call(draft)] * 2
    assert len(renewals.forms) == 2
    posts = [one for one in accounteer.requests if one.method == "POST"]
    assert len({one.headers["authorization"] for one in posts}) == 2


async def test_a_write_that_is_refused_twice_is_a_fault(
    client: Client,
    renewals: Renewals,
    accounteer: RecordingTransport,
    switch_accounteer: Callable[..., None],
    accounteer_simulator: AccounteerSimulator,
) -> None:
    draft = accounteer_simulator.state.add_invoice()
    switch_accounteer(fault="unauthorised", fault_calls=("approve_invoice",))

    body = await client.execute(TEXTS["approve"], {"input": {"id": graph_id(draft)}})

    assert fault_of(body) == fault("UPSTREAM_AUTH_FAILED", retryable=True)
    assert [call for call, _ in sent(accounteer)] == [approve_call(draft)] * 2
    assert draft.status == "draft"


async def test_no_secret_is_told_or_logged(
    client: Client,
    renewals: Renewals,
    accounteer: RecordingTransport,
    accounteer_simulator: AccounteerSimulator,
    time: FakeTime,
) -> None:
    texts = []
    with capture_logs() as logs:
        texts.append(await client.execute(LOOK))
        secrets = {*tokens(accounteer), *renewals.used, CLIENT_SECRET}
        accounteer.interceptors[CALLS[0]] = answers(401, {"error": CLIENT_SECRET})
        texts.append(await client.execute(LOOK))
        secrets |= {*tokens(accounteer), *renewals.used}
        time.advance(10_000)
        echo = {"error": "invalid_grant", "error_description": renewals.used[-1]}
        renewals.answers.append(httpx.Response(400, json=echo))
        texts.append(await client.execute(LOOK))
        secrets |= {*tokens(accounteer), *renewals.used}

    written = json.dumps([texts, logs], default=repr)
    assert len(secrets) >= 5
    assert [one for one in secrets if one in written] == [CLIENT_SECRET] * (
        CLIENT_SECRET in written
    )
    assert told(texts[1]) == ("UPSTREAM_AUTH_FAILED", TOKEN_REFUSED)
    assert told(texts[2]) == ("UPSTREAM_AUTH_FAILED", CONSENT)
