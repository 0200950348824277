from collections.abc import AsyncIterator, Callable

import pytest

from gateway.domain import ApprovableKey
from gateway.providers.bill.simulator import BillSimulator
from gateway.providers.ottimate.simulator import OttimateSimulator
from gateway.sandbox import Sandbox
from gateway.settings import Settings
from tests.changes.watching import BILL, OTTIMATE, Desk
from tests.support import RecordingTransport, SteppedTime


@pytest.fixture
def time() -> SteppedTime:
    return SteppedTime()


@pytest.fixture
def upstreams(
    ottimate: RecordingTransport,
    bill: RecordingTransport,
    productive: RecordingTransport,
    accounteer: RecordingTransport,
) -> list[RecordingTransport]:
    return [ottimate, bill, productive, accounteer]


@pytest.fixture
async def desk(
    settings: Settings,
    sandbox: Sandbox,
    time: SteppedTime,
    upstreams: list[RecordingTransport],
) -> AsyncIterator[Desk]:
    desk = Desk(settings, sandbox, time, upstreams)
    yield desk
    await desk.aclose()


@pytest.fixture
def invoices(simulator: OttimateSimulator) -> list[ApprovableKey]:
    return [
        ApprovableKey(OTTIMATE, simulator.state.numbered(f"INV-100{number}").id)
        for number in (2, 3, 4)
    ]


@pytest.fixture
def bill_key(bill_simulator: BillSimulator) -> ApprovableKey:
    return ApprovableKey(BILL, bill_simulator.state.numbered("BILL-1001").id)


@pytest.fixture
def approve_elsewhere(
    simulator: OttimateSimulator, time: SteppedTime
) -> Callable[[ApprovableKey], None]:
    """Have an invoice of Ottimate approved where no gateway sees it."""

    def approve(key: ApprovableKey) -> None:
        invoice = simulator.state.invoices[str(key.key)]
        invoice.status = "approved"
        invoice.approved_at = invoice.modified_at = time.instant

    return approve
