"""Approvals that went out together and whose answer was lost, or tells not enough."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from gateway.connector import AskedDecision, Written
from gateway.domain import Decision, Outcome
from gateway.providers.productive.connector import ProductiveConnector
from gateway.sandbox import Sandbox
from tests.providers.productive.calls import ENTRIES, MEMBERSHIPS, STATUSES, changes
from tests.providers.productive.deciding import UNCHANGED, Office
from tests.providers.productive.many import (
    APPLIED,
    BULK_ENTRIES,
    UNKNOWN,
    approve,
    approve_entries,
    give_entries,
    key_of,
    refused,
)
from tests.providers.productive.reading import connect, open_account
from tests.support import (
    FakeTime,
    Handler,
    RecordingTransport,
    lose,
    never_arrives,
    writes,
)

DECIDED_BY_AUDITOR = (
    f"This approval status is approved already by Arne Lund. {UNCHANGED}"
)


@pytest.mark.parametrize("fault", ["lost_answer", "truncated", "empty", "lose"])
async def test_approvals_that_were_made_are_proven_by_one_read(
    office: Office, switch_productive: Callable[..., None], fault: str
) -> None:
    entries = give_entries(office, 6)
    if fault == "lose":
        office.productive.interceptors[BULK_ENTRIES] = lose
    else:
        switch_productive(fault=fault, fault_calls=(BULK_ENTRIES,))

    results = await approve_entries(office, entries)

    assert results == [APPLIED] * 6
    assert office.productive.calls == [MEMBERSHIPS, ENTRIES, BULK_ENTRIES, STATUSES]
    assert office.productive.params(3)["filter[id]"] == ",".join(
        office.row(one).id for one in entries
    )


@pytest.mark.parametrize("fault", ["server_error", "html", "never_arrives"])
async def test_approvals_that_reading_does_not_prove_are_unknown_and_not_sent_again(
    office: Office, switch_productive: Callable[..., None], time: FakeTime, fault: str
) -> None:
    entries = give_entries(office, 3)
    state = office.state()
    if fault == "never_arrives":
        office.productive.interceptors[BULK_ENTRIES] = never_arrives
    else:
        switch_productive(fault=fault, fault_calls=(BULK_ENTRIES,))

    results = await approve_entries(office, entries)

    assert results == [UNKNOWN] * 3
    assert writes(office.productive) == [BULK_ENTRIES]
    assert office.productive.calls[3:] == [STATUSES] * 3
    assert time.slept == [0.0, 0.5, 1.5]
    assert office.state() == state


async def test_each_of_those_whose_answer_was_lost_is_settled_on_its_own(
    office: Office,
) -> None:
    entries = give_entries(office, 4)

    async def do_some(request: httpx.Request, upstream: Handler) -> httpx.Response:
        office.act("approve", entries[0], 0, "controller", None)
        office.act("approve", entries[1], 0, "auditor", None)
        office.act("reject", entries[2], 0, "controller", None)
        return await never_arrives(request, upstream)

    office.productive.interceptors[BULK_ENTRIES] = do_some

    results = await approve_entries(office, entries)

    mine = f"This approval status is rejected already by Carla Mendes. {UNCHANGED}"
    assert results == [
        APPLIED,
        refused("CONFLICT", DECIDED_BY_AUDITOR, 1),
        refused("CONFLICT", mine, 2),
        UNKNOWN,
    ]
    assert writes(office.productive) == [BULK_ENTRIES]


async def test_what_may_have_been_sent_with_others_is_not_sent_again(
    office: Office,
) -> None:
    entries = give_entries(office, 2)
    office.productive.interceptors[BULK_ENTRIES] = never_arrives

    results = await office.decide(
        *(approve(office.id(one)) for one in entries),
        approve(office.status_id(entries[0])),
    )

    assert results == [UNKNOWN] * 3
    assert writes(office.productive) == [BULK_ENTRIES]


def _drop_last(document: Any) -> Any:
    return {**document, "data": document["data"][:-1]}


def _make_strange(document: Any) -> Any:
    first, second, *rest = document["data"]
    first = {**first, "attributes": {"approved": True}}
    second = {**second, "type": "tasks"}
    return {**document, "data": [first, second, *rest]}


@pytest.mark.parametrize(
    ("change", "count"), [(_drop_last, 1), (_make_strange, 2), (lambda _: [], 5)]
)
async def test_what_the_answer_does_not_confirm_is_read_back(
    office: Office, change: Callable[[Any], Any], count: int
) -> None:
    entries = give_entries(office, 5)
    office.productive.interceptors[BULK_ENTRIES] = changes(change)

    results = await approve_entries(office, entries)

    assert results == [APPLIED] * 5
    read_back = office.productive.calls[3:]
    assert read_back in (
        [STATUSES],
        [f"GET /approval_statuses/{office.row(entries[-1]).id}"],
    )
    if read_back == [STATUSES]:
        asked = office.productive.params(3)["filter[id]"]
        assert len(asked.split(",")) == count


async def test_what_is_read_back_late_is_proven_when_it_is_there(
    office: Office, time: FakeTime
) -> None:
    """Only what is not proven yet is read again."""
    entries = give_entries(office, 3)
    reads: list[int] = []

    async def look(request: httpx.Request, upstream: Handler) -> httpx.Response:
        office.act("approve", entries[len(reads)], 0, "controller", None)
        reads.append(1)
        return await upstream(request)

    office.productive.interceptors[BULK_ENTRIES] = never_arrives
    office.productive.interceptors[STATUSES] = look
    last = office.row(entries[2]).id
    office.productive.interceptors[f"GET /approval_statuses/{last}"] = look

    results = await approve_entries(office, entries)

    assert results == [APPLIED] * 3
    assert office.productive.calls[3:] == [
        STATUSES,
        STATUSES,
        f"GET /approval_statuses/{last}",
    ]
    assert time.slept == [0.0, 0.5, 1.5]


@pytest.fixture
def connector(
    sandbox: Sandbox, time: FakeTime, productive: RecordingTransport
) -> ProductiveConnector:
    return connect(open_account(sandbox, time, productive, person="controller"), time)


async def test_those_that_are_named_twice_are_sent_once(
    office: Office, connector: ProductiveConnector
) -> None:
    """The graph takes one decision on each object; nothing here depends on that."""
    office.productive.interceptors[BULK_ENTRIES] = never_arrives
    asked = [
        AskedDecision(subject=key_of("TimeEntry", one), decision=Decision.APPROVE)
        for one in give_entries(office, 3)
    ]

    results = await connector.decide([*asked, *asked])

    written = [one for one in results if isinstance(one, Written)]
    assert [one.outcome for one in written] == [Outcome.UNKNOWN] * 6
    assert writes(office.productive) == [BULK_ENTRIES]
