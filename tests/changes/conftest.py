from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from gateway.domain import ApprovableKey, TargetKey
from gateway.providers.bill.simulator import BillSimulator
from gateway.providers.ottimate.simulator import OttimateSimulator
from gateway.providers.productive.simulator import ProductiveSimulator
from gateway.sandbox import Sandbox
from gateway.settings import Settings
from tests.changes.watching import BILL, OTTIMATE, Desk, patch_elsewhere
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


@pytest.fixture
def approve_booking_elsewhere(
    productive_simulator: ProductiveSimulator,
) -> Callable[[ApprovableKey], Awaitable[None]]:
    """Have a booking with one approver approved where no gateway sees it."""

    async def approve(key: ApprovableKey) -> None:
        assert isinstance(key.key, TargetKey)
        state = productive_simulator.state
        [duty] = state.rows(state.bookings[key.key.source_id])
        path = f"/approval_statuses/{duty.id}/approve"
        data = {"type": "approval_statuses"}
        await patch_elsewhere(productive_simulator, "auditor", path, data)

    return approve
