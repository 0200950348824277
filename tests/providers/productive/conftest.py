"""Fixtures of the tests of Productive's connector."""

from collections.abc import Callable

import pytest

from gateway.connector import Account
from gateway.providers.productive.simulator import ProductiveSimulator
from gateway.sandbox import Sandbox
from tests.providers.productive.deciding import Office
from tests.providers.productive.reading import open_account
from tests.support import Client, FakeTime, RecordingTransport, writes


@pytest.fixture
def account(
    sandbox: Sandbox, time: FakeTime, productive: RecordingTransport
) -> Account:
    """The standing of the service account, of which nothing is known yet."""
    return open_account(sandbox, time, productive)


@pytest.fixture
def office(
    client: Client,
    productive: RecordingTransport,
    productive_simulator: ProductiveSimulator,
    time: FakeTime,
) -> Office:
    return Office(client, productive, productive_simulator, time)


@pytest.fixture
def untouched(office: Office) -> Callable[[], None]:
    """Return what holds that nothing was sent, and that nothing is otherwise."""
    state = office.state()

    def check() -> None:
        assert writes(office.productive) == []
        assert office.state() == state

    return check
