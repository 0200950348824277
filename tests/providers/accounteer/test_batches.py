"""Several documents by their ids: a list, while that may cost less than a call each."""

from collections.abc import Callable

import pytest

from gateway.domain import ProviderName, encode_id
from gateway.providers.accounteer.simulator.directory import (
    SECOND_CLIENT,
    SECOND_SUPPLIER,
)
from gateway.providers.accounteer.simulator.state import State
from tests.providers.accounteer.calls import (
    CONTACTS,
    INVOICES,
    LIMIT,
    PURCHASES,
    Repeater,
    contact_call,
    graph_id,
    read_call,
)
from tests.providers.accounteer.reading import (
    NODES,
    fill,
    read_page,
)
from tests.support import Client, RecordingTransport


async def read_nodes(client: Client, ids: list[str]) -> list[str | None]:
    """Return the provider's ids of what is found."""
    body = await client.execute(NODES, {"ids": ids})
    assert list(body) == ["data"], body
    return [one and one["sourceId"] for one in body["data"]["nodes"]]


async def test_many_documents_cost_a_list_of_each_sort(
    client: Client, state: State, accounteer: RecordingTransport
) -> None:
    made = fill(state, 40, 40)
    for one in made[::2]:
        one.contact_id = SECOND_CLIENT if one.kind == "invoice" else SECOND_SUPPLIER

    found = await read_nodes(client, [graph_id(one) for one in made])

    assert found == [one.id for one in made]
    assert sorted(accounteer.calls) == [CONTACTS, INVOICES, PURCHASES]


async def test_one_document_of_a_sort_is_read_by_itself(
    client: Client, state: State, accounteer: RecordingTransport
) -> None:
    invoice, purchase = fill(state, 1, 1)

    found = await read_nodes(client, [graph_id(purchase), graph_id(invoice)])

    assert found == [purchase.id, invoice.id]
    assert accounteer.calls == [
        read_call(invoice),
        read_call(purchase),
        CONTACTS,
    ]


async def test_two_that_the_first_page_has_cost_that_page(
    client: Client,
    state: State,
    accounteer: RecordingTransport,
    switch_accounteer: Callable[..., None],
) -> None:
    switch_accounteer(paging=True)
    made = fill(state, 150)

    found = await read_nodes(client, [graph_id(one) for one in made[:2]])

    assert found == [made[0].id, made[1].id]
    assert accounteer.calls == [INVOICES, contact_call(made[0])]
    assert accounteer.params(0) == {"page": "1", "limit": LIMIT}


@pytest.mark.parametrize(
    ("places", "pages", "alone"),
    [
        ([0, 98], 1, []),
        # A page that has none, or one alone, ends the reading of pages.
        ([100, 101], 1, [100, 101]),
        ([500, 501], 1, [500, 501]),
        ([98, 99, 100], 1, [99, 100]),
        ([97, 98, 99], 1, [99]),
        ([97, 98, 99, 100], 2, []),
        ([0, 1, 99, 300, 301], 2, [300, 301]),
        ([0, 1, 150, 151, 300, 301], 3, [300, 301]),
    ],
)
async def test_pages_are_read_while_each_has_several_of_those_that_are_missing(
    client: Client,
    state: State,
    accounteer: RecordingTransport,
    switch_accounteer: Callable[..., None],
    places: list[int],
    pages: int,
    alone: list[int],
) -> None:
    switch_accounteer(paging=True)
    made = fill(state, 502, a_day=1)

    found = await read_nodes(client, [graph_id(made[one]) for one in places])

    assert found == [made[one].id for one in places]
    assert accounteer.calls == [
        *[INVOICES] * pages,
        *sorted(read_call(made[one]) for one in alone),
        contact_call(made[0]),
    ]


@pytest.mark.parametrize("is_known", [True, False])
async def test_those_that_are_not_there_are_null_among_others(
    client: Client, state: State, accounteer: RecordingTransport, is_known: bool
) -> None:
    if is_known:
        # That a list is whole which is as short is learned of a longer one.
        fill(state, 5)
        await read_page(client, 20, {"kinds": ["INVOICE"]})
        accounteer.clear()
    [made] = fill(state, 1)
    absent = ["e" * 40, "f" * 40]
    keys = [
        encode_id("Invoice", ProviderName.ACCOUNTEER, one, "invoices")
        for one in (absent[0], made.id, "a/b", absent[1])
    ]

    found = await read_nodes(client, keys)

    assert found == [None, made.id, None, None]
    # Where the list was read to its end, nobody asks for what it lacks.
    alone = [] if is_known else [f"GET /invoices/{one}" for one in absent]
    assert accounteer.calls == [INVOICES, *alone, contact_call(made)]


async def test_a_list_that_comes_to_its_end_is_followed_by_no_single_read(
    client: Client,
    state: State,
    accounteer: RecordingTransport,
    switch_accounteer: Callable[..., None],
) -> None:
    switch_accounteer(paging=True)
    made = fill(state, 150, a_day=1)
    keys = [
        *(graph_id(one) for one in made[90:110]),
        *(
            encode_id("Invoice", ProviderName.ACCOUNTEER, one * 40, "invoices")
            for one in "ef"
        ),
    ]

    found = await read_nodes(client, keys)

    assert found == [*(one.id for one in made[90:110]), None, None]
    assert accounteer.calls == [INVOICES, INVOICES, contact_call(made[0])]


async def test_names_of_the_same_side_are_read_once(
    client: Client, state: State, accounteer: RecordingTransport
) -> None:
    made = fill(state, 5)

    await read_nodes(client, [graph_id(one) for one in made])

    assert accounteer.calls == [INVOICES, contact_call(made[0])]


async def test_a_list_that_is_cut_hides_no_document(
    client: Client, state: State, accounteer: RecordingTransport
) -> None:
    """Its end proves nothing: what it did not show is read alone."""
    made = fill(state, 250)
    listed = sorted(made, key=lambda one: (-one.date_created.toordinal(), one.id))
    accounteer.interceptors[INVOICES] = Repeater()

    found = await read_nodes(
        client, [graph_id(one) for one in listed[:3] + listed[-2:]]
    )

    assert found == [one.id for one in listed[:3] + listed[-2:]]
    assert sorted(accounteer.calls) == sorted(
        [
            *[INVOICES] * 2,
            *(read_call(one) for one in listed[-2:]),
            contact_call(made[0]),
        ]
    )
