"""Fixtures of the tests of Ottimate's connector."""

import pytest

from gateway.providers.ottimate import PROVIDER
from gateway.providers.ottimate.connector import OttimateConnector
from gateway.sandbox import Sandbox
from tests.providers.contract import open_connector
from tests.support import (
    FakeTime,
    RecordingTransport,
)


@pytest.fixture
def connector(
    sandbox: Sandbox, time: FakeTime, ottimate: RecordingTransport
) -> OttimateConnector:
    connector = open_connector(PROVIDER, sandbox, time, transport=ottimate)
    assert isinstance(connector, OttimateConnector)
    return connector
