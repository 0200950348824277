"""The doctor's probes, in each world; every call reads."""

from collections.abc import Callable
from typing import Any

import pytest

from gateway.connector import Probe
from gateway.errors import UpstreamResponseError
from gateway.providers.accounteer.connector import AccounteerConnector
from gateway.providers.accounteer.refusals import create_dialect
from gateway.providers.accounteer.simulator.state import State
from gateway.sandbox import Sandbox
from gateway.upstream import Answer
from tests.providers.accounteer.calls import (
    CONTACTS,
    INVOICES,
    PURCHASES,
    Pager,
    answers,
)
from tests.providers.accounteer.reading import clear, connect, fill, open_account
from tests.support import FakeTime, RecordingTransport, writes

READ = "listed, and found by id"
REFUSED = "The provider refused a read."
WELL = {
    "read invoices": (True, READ),
    "read purchases": (True, READ),
    "read contacts": (True, "names are shown"),
    "pages of lists": (None, "ignored: lists come whole"),
    "filter by status": (None, "ignored: the gateway filters"),
    "approve purchases": (
        None,
        "not asked: without approving one this cannot be known",
    ),
}


def probes(**changes: tuple[bool | None, str]) -> list[Probe]:
    """Return what is told where all is well, but for *changes*."""
    told = WELL | {name.replace("_", " "): value for name, value in changes.items()}
    return [
        Probe(name=name, ok=ok, detail=detail) for name, (ok, detail) in told.items()
    ]


async def test_a_whole_list_without_filters(
    connector: AccounteerConnector, accounteer: RecordingTransport, state: State
) -> None:
    fill(state, 101, 1)
    state.invoices[next(iter(state.invoices))].status = "paid"

    assert await connector.probe() == probes()

    first = min(state.invoices.values(), key=lambda one: (-ordinal(one), one.id))
    [purchase] = state.purchases
    assert accounteer.calls == [
        INVOICES,
        f"GET /invoices/{first.id}",
        PURCHASES,
        f"GET /purchases/{purchase}",
        CONTACTS,
        # A page, another that tells whether it was all, and the filter.
        INVOICES,
        INVOICES,
        INVOICES,
    ]
    assert writes(accounteer) == []


def ordinal(one: Any) -> int:
    day: int = one.date_created.toordinal()
    return day


async def test_pages_and_filters_that_are_honoured(
    connector: AccounteerConnector,
    state: State,
    switch_accounteer: Callable[..., None],
) -> None:
    switch_accounteer(paging=True, filters=True)
    fill(state, 101, 1)

    assert await connector.probe() == probes(
        pages_of_lists=(True, "honoured"), filter_by_status=(True, "honoured")
    )


@pytest.mark.parametrize("size", [50, 101])
async def test_pages_of_the_servers_own_size_are_told_of(
    connector: AccounteerConnector,
    accounteer: RecordingTransport,
    state: State,
    size: int,
) -> None:
    fill(state, 130, 1)
    accounteer.interceptors[INVOICES] = Pager(size)

    [row] = [one for one in await connector.probe() if one.name == "pages of lists"]

    assert row == Probe(name="pages of lists", ok=None, detail="of a size of their own")


async def test_a_filter_that_gives_nothing_is_told_of(
    connector: AccounteerConnector,
    state: State,
    switch_accounteer: Callable[..., None],
) -> None:
    switch_accounteer(paging=True, filters=True)
    fill(state, 101, 1, status="approved")

    assert await connector.probe() == probes(
        pages_of_lists=(True, "honoured"),
        filter_by_status=(None, "it gives nothing"),
    )


async def test_an_organization_with_little_cannot_show_pages(
    connector: AccounteerConnector, state: State
) -> None:
    fill(state, 2, 1, status="paid")

    assert await connector.probe() == probes(
        pages_of_lists=(None, "not seen: all fits on one page")
    )


async def test_an_organization_without_documents_has_none(
    connector: AccounteerConnector, state: State
) -> None:
    clear(state)

    assert await connector.probe() == probes(
        read_invoices=(True, "there are none"),
        read_purchases=(True, "there are none"),
        pages_of_lists=(None, "not seen: all fits on one page"),
        filter_by_status=(None, "it gives nothing"),
    )


async def test_what_is_listed_and_not_found_is_told_of(
    connector: AccounteerConnector, accounteer: RecordingTransport, state: State
) -> None:
    [only] = fill(state, 1)
    accounteer.interceptors[f"GET /invoices/{only.id}"] = answers(404, b"")

    rows = await connector.probe()

    assert rows[0] == Probe(
        name="read invoices", ok=False, detail="what is listed is not found by id"
    )


async def test_who_may_not_see_purchases(
    sandbox: Sandbox, time: FakeTime, accounteer: RecordingTransport
) -> None:
    account = open_account(sandbox, time, accounteer, person="clerk")

    rows = await connect(account, time).probe()

    assert [one for one in rows if one.ok is False] == [
        Probe(name="read purchases", ok=False, detail=REFUSED)
    ]


@pytest.mark.parametrize(
    ("call", "names"),
    [
        ("list_invoices", ["read invoices", "pages of lists", "filter by status"]),
        ("read_invoice", ["read invoices"]),
        ("list_purchases", ["read purchases"]),
        ("list_contacts", ["read contacts"]),
    ],
)
@pytest.mark.parametrize(
    ("fault", "detail"),
    [
        ("html", "The provider's answer could not be understood."),
        ("unavailable", "Accounteer is not available."),
        ("throttled", "Accounteer takes no more calls for now."),
    ],
)
async def test_a_read_that_fails_costs_its_own_rows(
    connector: AccounteerConnector,
    switch_accounteer: Callable[..., None],
    call: str,
    names: list[str],
    fault: str,
    detail: str,
) -> None:
    switch_accounteer(fault=fault, fault_calls=(call,))

    rows = await connector.probe()

    failed = [one for one in rows if one.ok is False]
    assert failed == [Probe(name=one, ok=False, detail=detail) for one in names]


async def test_a_token_that_is_refused_fails_every_row(
    connector: AccounteerConnector,
    accounteer: RecordingTransport,
    switch_accounteer: Callable[..., None],
) -> None:
    switch_accounteer(fault="unauthorised")

    rows = await connector.probe()

    assert [one.ok for one in rows] == [False] * 5 + [None]
    assert accounteer.calls == [INVOICES]


async def test_the_cheapest_check_reads_one_row(
    connector: AccounteerConnector, accounteer: RecordingTransport
) -> None:
    await connector.check()

    assert accounteer.calls == [INVOICES]
    assert accounteer.params(0) == {"page": "1", "limit": "1"}


async def test_the_check_falls_back_on_purchases(
    connector: AccounteerConnector, accounteer: RecordingTransport
) -> None:
    accounteer.interceptors[INVOICES] = answers(403, b"")

    await connector.check()

    assert accounteer.calls == [INVOICES, PURCHASES]


async def test_there_is_no_quota_and_no_count(connector: AccounteerConnector) -> None:
    assert connector.get_quota() is None
    assert connector.invoices.has_counts is False


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b'{"error": "invalid_state"}', "invalid_state"),
        (b'{"error": "%s"}' % (b"x" * 100), "x" * 60),
        (b"{}", ""),
        (b'{"error": null}', ""),
        (b'{"error": 7}', None),
        (b"<html>", None),
        (b"", None),
        (b'{"error": "\xff"}', None),
        (b"[" * 5000, None),
    ],
)
def test_only_a_word_of_a_refusal_is_logged(body: bytes, word: str | None) -> None:
    dialect = create_dialect()

    answer = Answer(status=422, body=body)

    assert dialect.describe(answer) == {"upstream_code": word}


@pytest.mark.parametrize("status", [302, 402, 410, 418])
def test_a_status_without_a_meaning_is_not_understood(status: int) -> None:
    error = create_dialect().explain(Answer(status=status, body=b"SECRET"))

    assert type(error) is UpstreamResponseError
    assert error.message == "Accounteer's answer could not be understood."
