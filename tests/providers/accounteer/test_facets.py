"""What the graph does not ask for, or not in this way: the connector itself."""

import pytest

from gateway.domain import Capability, InvoiceFilter
from gateway.errors import UnsupportedError
from gateway.providers.accounteer.connector import AccounteerConnector
from gateway.providers.accounteer.simulator.state import State
from tests.providers.accounteer.calls import Pager, read_call
from tests.providers.accounteer.reading import fill, in_order, read_pages
from tests.providers.accounteer.reading import ids as ids_of
from tests.support import Client, RecordingTransport


async def test_nothing_is_counted(
    connector: AccounteerConnector, accounteer: RecordingTransport
) -> None:
    assert await connector.invoices.count_invoices(InvoiceFilter()) is None
    assert accounteer.calls == []


async def test_lines_are_read_with_the_document(
    connector: AccounteerConnector, accounteer: RecordingTransport, state: State
) -> None:
    [made] = fill(state, 1)

    found = await connector.invoices.get_invoice_details([f"invoices/{made.id}", "x/y"])

    [details] = found.values()
    assert list(found) == [f"invoices/{made.id}"]
    [record] = (await connector.invoices.get_invoices([made.id])).values()
    assert details == record.details
    assert accounteer.calls[0] == read_call(made)


async def test_nobody_is_asked_and_no_policy_applies(
    connector: AccounteerConnector, accounteer: RecordingTransport, state: State
) -> None:
    [made] = fill(state, 1)
    records = list((await connector.invoices.get_invoices([made.id])).values())
    accounteer.clear()

    key = f"invoices/{made.id}"
    assert await connector.invoices.get_approvers([key]) == {key: []}
    assert await connector.invoices.get_applicable_policies(records) == {key: []}
    assert accounteer.calls == []


async def test_capabilities_cost_no_call(
    connector: AccounteerConnector, accounteer: RecordingTransport
) -> None:
    assert await connector.get_capabilities() == {
        Capability.READ_INVOICES,
        Capability.READ_QUEUE,
        Capability.APPROVE,
    }
    assert accounteer.calls == []


async def test_approvers_are_refused_whatever_is_asked(
    connector: AccounteerConnector, accounteer: RecordingTransport
) -> None:
    invoices = connector.invoices
    for change in (
        invoices.add_approver("a", user_source_id="u", email=None),
        invoices.remove_approver("a", "b"),
        invoices.set_approvers("a", ["u"]),
        invoices.clear_approvers("a"),
    ):
        with pytest.raises(UnsupportedError) as refused:
            await change
        assert refused.value.asked is False

    assert accounteer.calls == []


async def test_what_short_pages_mean_is_remembered(
    client: Client, state: State, accounteer: RecordingTransport
) -> None:
    """Pages of the server's own size are followed at once, the second time."""
    made = fill(state, 120)
    accounteer.interceptors["GET /invoices"] = Pager(50)
    wanted = {"kinds": ["INVOICE"]}

    for _ in range(2):
        assert ids_of(await read_pages(client, 100, wanted)) == in_order(made)
