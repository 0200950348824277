from collections.abc import Callable

import pytest

from gateway.domain import ProviderName, encode_id
from gateway.providers.ottimate.simulator import OttimateSimulator


@pytest.fixture
def source_id(simulator: OttimateSimulator) -> Callable[[str], str]:
    """Return Ottimate's id of the invoice with a number."""
    return lambda number: simulator.state.numbered(number).id


@pytest.fixture
def invoice_id(source_id: Callable[[str], str]) -> Callable[[str], str]:
    """Return the graph's id of the invoice with a number."""
    return lambda number: encode_id("Invoice", ProviderName.OTTIMATE, source_id(number))


@pytest.fixture
def approver_id(simulator: OttimateSimulator) -> Callable[[str, int], str]:
    """Return the graph's id of the n-th approval record of an invoice."""

    def find(number: str, index: int) -> str:
        invoice = simulator.state.numbered(number)
        record = invoice.records[index]
        return encode_id("Approver", ProviderName.OTTIMATE, record.id, invoice.id)

    return find
