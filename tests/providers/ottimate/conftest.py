"""Fixtures of the tests of Ottimate's connector."""

import pytest

from gateway.connector import Connector
from gateway.providers.ottimate import PROVIDER
from gateway.sandbox import Sandbox
from tests.providers.test_contract import open_connector
from tests.support import (
    FakeTime,
    RecordingTransport,
)


@pytest.fixture
def connector(
    sandbox: Sandbox, time: FakeTime, ottimate: RecordingTransport
) -> Connector:
    return open_connector(PROVIDER, sandbox, time, transport=ottimate)
