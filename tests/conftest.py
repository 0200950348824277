import gc
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import msgspec
import pytest

from gateway.app import create_app
from gateway.domain import ProviderName
from gateway.providers.accounteer.simulator import AccounteerSimulator
from gateway.providers.bill.simulator import BillSimulator
from gateway.providers.ottimate.simulator import OttimateSimulator
from gateway.providers.productive.simulator import ProductiveSimulator
from gateway.sandbox import Sandbox
from gateway.settings import Settings
from tests.support import Client, FakeTime, RecordingTransport, ottimate_simulator
from tests.support import accounteer_simulator as find_accounteer_simulator
from tests.support import bill_simulator as find_bill_simulator
from tests.support import productive_simulator as find_productive_simulator

# Each test makes a whole sandbox; looking for garbage in all of it takes a third of the
# time of the suite.
gc.set_threshold(100_000, 50, 100)


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def sandbox(time: FakeTime) -> Sandbox:
    return Sandbox(time.clock)


@pytest.fixture
def simulator(sandbox: Sandbox) -> OttimateSimulator:
    return ottimate_simulator(sandbox)


@pytest.fixture
def switch(simulator: OttimateSimulator) -> Callable[..., None]:
    """Set switches of the Ottimate simulator."""

    def set_switches(**values: Any) -> None:
        simulator.switches = msgspec.structs.replace(simulator.switches, **values)

    return set_switches


@pytest.fixture
def ottimate(sandbox: Sandbox) -> RecordingTransport:
    assert sandbox.transport is not None
    return RecordingTransport(sandbox.transport, "/ottimate/v1")


@pytest.fixture
def bill(sandbox: Sandbox) -> RecordingTransport:
    assert sandbox.transport is not None
    return RecordingTransport(sandbox.transport, "/bill/api/v2")


@pytest.fixture
def bill_simulator(sandbox: Sandbox) -> BillSimulator:
    return find_bill_simulator(sandbox)


@pytest.fixture
def switch_bill(bill_simulator: BillSimulator) -> Callable[..., None]:
    """Set switches of the BILL simulator."""

    def set_switches(**values: Any) -> None:
        bill_simulator.switches = msgspec.structs.replace(
            bill_simulator.switches, **values
        )

    return set_switches


@pytest.fixture
def productive(sandbox: Sandbox) -> RecordingTransport:
    assert sandbox.transport is not None
    return RecordingTransport(sandbox.transport, "/productive/api/v2")


@pytest.fixture
def productive_simulator(sandbox: Sandbox) -> ProductiveSimulator:
    return find_productive_simulator(sandbox)


@pytest.fixture
def switch_productive(
    productive_simulator: ProductiveSimulator,
) -> Callable[..., None]:
    """Set switches of the Productive simulator."""

    def set_switches(**values: Any) -> None:
        productive_simulator.switches = msgspec.structs.replace(
            productive_simulator.switches, **values
        )

    return set_switches


@pytest.fixture
def accounteer(sandbox: Sandbox) -> RecordingTransport:
    assert sandbox.transport is not None
    return RecordingTransport(sandbox.transport, "/accounteer/api/v0.1")


@pytest.fixture
def accounteer_simulator(sandbox: Sandbox) -> AccounteerSimulator:
    return find_accounteer_simulator(sandbox)


@pytest.fixture
def switch_accounteer(
    accounteer_simulator: AccounteerSimulator,
) -> Callable[..., None]:
    """Set switches of the Accounteer simulator."""

    def set_switches(**values: Any) -> None:
        accounteer_simulator.switches = msgspec.structs.replace(
            accounteer_simulator.switches, **values
        )

    return set_switches


@pytest.fixture
def settings() -> Settings:
    return Settings()


@pytest.fixture
async def client(
    settings: Settings,
    sandbox: Sandbox,
    ottimate: RecordingTransport,
    bill: RecordingTransport,
    productive: RecordingTransport,
    accounteer: RecordingTransport,
    time: FakeTime,
) -> AsyncIterator[Client]:
    app = create_app(
        settings,
        sandbox=sandbox,
        transports={
            ProviderName.OTTIMATE: ottimate,
            ProviderName.BILL: bill,
            ProviderName.PRODUCTIVE: productive,
            ProviderName.ACCOUNTEER: accounteer,
        },
        clock=time.clock,
    )
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://127.0.0.1"
    ) as http:
        yield Client(http)
