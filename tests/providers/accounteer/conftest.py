"""Fixtures of the tests of Accounteer's connector."""

from collections.abc import Iterator

import pytest

from gateway.connector import Account
from gateway.providers.accounteer.connector import AccounteerConnector
from gateway.providers.accounteer.simulator import AccounteerSimulator
from gateway.providers.accounteer.simulator.state import State
from gateway.sandbox import Sandbox
from tests.providers.accounteer.calls import BODIES, sent
from tests.providers.accounteer.deciding import Office
from tests.providers.accounteer.reading import connect, open_account
from tests.support import Client, FakeTime, RecordingTransport


@pytest.fixture
def state(accounteer_simulator: AccounteerSimulator) -> State:
    """What Accounteer holds."""
    return accounteer_simulator.state


@pytest.fixture
def account(
    sandbox: Sandbox, time: FakeTime, accounteer: RecordingTransport
) -> Account:
    """The standing of the gateway's application, of which nothing is known yet."""
    return open_account(sandbox, time, accounteer)


@pytest.fixture
def connector(account: Account, time: FakeTime) -> AccounteerConnector:
    return connect(account, time)


@pytest.fixture
def office(
    client: Client,
    accounteer: RecordingTransport,
    accounteer_simulator: AccounteerSimulator,
    time: FakeTime,
) -> Office:
    return Office(client, accounteer, accounteer_simulator, time)


@pytest.fixture(autouse=True)
def _only_approvals_leave(accounteer: RecordingTransport) -> Iterator[None]:
    """Hold in every test that no write has another body, and none leaves twice."""
    yield
    written = sent(accounteer)
    assert {body for _, body in written} <= set(BODIES.values())
    assert all(
        call.removeprefix("POST /").startswith(f"{kind}s/")
        for call, body in written
        for kind in BODIES
        if body == BODIES[kind]
    )
