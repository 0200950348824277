"""Names of the other side, which are a call of their own, and for show alone."""

import pytest

from gateway.providers.accounteer.simulator.state import State
from tests.providers.accounteer.calls import (
    CONTACTS,
    INVOICES,
    answers,
    approve_call,
    contact_call,
    graph_id,
    read_call,
)
from tests.providers.accounteer.deciding import Office, payload, shown
from tests.providers.accounteer.reading import BY_ID, fill, in_order, read_ids
from tests.support import Client, RecordingTransport

SALES = {"kinds": ["INVOICE"]}


@pytest.mark.parametrize("count", [40, 60])
async def test_names_that_nobody_has_cost_the_list_alone(
    client: Client, state: State, accounteer: RecordingTransport, count: int
) -> None:
    """It came to its end: sixty calls more would be past the deadline of a request."""
    made = fill(state, count)
    for place, one in enumerate(made):
        one.contact_id = f"{place:040x}"

    found = await read_ids(client, SALES)

    assert found == in_order(made)
    # The invoices' second page tells that shorter ones are whole.
    assert accounteer.calls == [INVOICES] * 2 + [CONTACTS]


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_contacts_that_are_down_cost_the_names_alone(
    client: Client, state: State, accounteer: RecordingTransport, status: int
) -> None:
    [made] = fill(state, 1)
    accounteer.interceptors[contact_call(made)] = answers(status, b"")

    body = await client.execute(BY_ID, {"id": graph_id(made)})

    assert body == {
        "data": {"invoice": {"sourceId": made.id, "counterparty": {"name": None}}}
    }
    assert accounteer.calls == [read_call(made)] + [contact_call(made)] * 3


@pytest.mark.parametrize("kind", ["invoice", "purchase"])
async def test_contacts_that_are_down_hide_no_approval(
    office: Office, kind: str
) -> None:
    draft = office.draft(kind)
    office.accounteer.interceptors[contact_call(draft)] = answers(500, b"")

    answer = await office.send(draft)

    assert answer == payload("APPLIED", shown(draft, "APPROVED"))
    office.check_sent_once(draft)
    assert office.accounteer.calls[:2] == [read_call(draft), approve_call(draft)]
