"""Fixtures of the tests of BILL's connector."""

import pytest

from gateway.connector import Account
from gateway.providers.bill.connector import BillConnector
from gateway.providers.bill.simulator import BillSimulator
from gateway.sandbox import Sandbox
from tests.providers.bill.reading import connect, open_account
from tests.providers.bill.writing import Office
from tests.support import Client, FakeTime, RecordingTransport


@pytest.fixture
def account(sandbox: Sandbox, time: FakeTime, bill: RecordingTransport) -> Account:
    """The standing of the service account, of which nothing is known yet."""
    return open_account(sandbox, time, bill)


@pytest.fixture
def connector(account: Account, time: FakeTime) -> BillConnector:
    return connect(account, time)


@pytest.fixture
def office(
    client: Client, bill: RecordingTransport, bill_simulator: BillSimulator
) -> Office:
    return Office(client, bill, bill_simulator)
