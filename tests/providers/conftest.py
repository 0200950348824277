"""Fixtures of the suite over every entry of ``PROVIDERS``."""

import pytest

from gateway.connector import (
    Connector,
    Invoices,
    Policies,
    Provider,
    Targets,
    policies_of,
)
from gateway.providers import PROVIDERS
from gateway.sandbox import Sandbox
from tests.providers.contract import PATIENT_SECONDS, open_connector
from tests.support import FakeTime


@pytest.fixture(params=PROVIDERS, ids=lambda provider: provider.key)
def provider(request: pytest.FixtureRequest) -> Provider:
    chosen = request.param
    assert isinstance(chosen, Provider)
    return chosen


@pytest.fixture
def connector(provider: Provider, sandbox: Sandbox, time: FakeTime) -> Connector:
    return open_connector(provider, sandbox, time)


@pytest.fixture
def invoices(connector: Connector) -> Invoices:
    """The invoices of a provider that keeps some."""
    assert connector.invoices is not None
    return connector.invoices


@pytest.fixture
def targets(provider: Provider, sandbox: Sandbox, time: FakeTime) -> Targets:
    """The targets of a provider that keeps some."""
    connector = open_connector(provider, sandbox, time, seconds=PATIENT_SECONDS)
    assert connector.targets is not None
    return connector.targets


@pytest.fixture
def policies(provider: Provider, connector: Connector) -> Policies:
    """The provider's policies, or what answers in their place."""
    return policies_of(provider.name, connector)
