"""Many objects in one call: chunks, what is checked, and what takes its place."""

import asyncio
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx
import msgspec
import pytest

from gateway.connector import Account
from gateway.domain import ApproverRecord
from gateway.errors import UpstreamResponseError, UpstreamUnavailableError
from gateway.providers.bill.connector import BillConnector
from gateway.providers.bill.simulator import BillSimulator
from gateway.providers.bill.simulator.directory import (
    DIRECTOR,
    FROM_4000,
    FROM_25000,
    FROM_100000,
    LEAD,
)
from gateway.providers.bill.simulator.objects import Approvable
from gateway.providers.bill.simulator.state import State
from tests.providers.bill.reading import (
    APPROVERS,
    BILL_APPROVERS,
    BILLS,
    CREDIT_APPROVERS,
    CREDITS,
    MANDATORY,
    POLICIES,
    READ_POLICY,
    READ_USER,
    USERS,
    Row,
    add_bill,
    add_credit,
    answers,
    approvers_of,
    connect,
    failure,
    newest,
    number_of,
    success,
    tier_of,
)
from tests.support import Client, FakeTime, Handler, RecordingTransport

NO_BILL = "00n01NOBODYKNOWSIT000"[:20]
NO_BILLS = [f"00n01NOBODYKNOWSIT{at:02d}" for at in range(3)]
UNTAKEN = [{"in_filter_unsupported": True}, {"in_filter_literal": True}]


def numbered(state: State, *numbers: str) -> list[str]:
    return [state.numbered(number).id for number in numbers]


def by_id(one: str) -> Row:
    return {"field": "id", "op": "=", "value": one}


def filters(bill: RecordingTransport) -> list[Any]:
    return [bill.data(at).get("filters") for at in range(len(bill.calls))]


def fill(state: State, count: int) -> list[str]:
    """Add bills until there are *count*; the ids of all."""
    while len(state.bills) < count:
        add_bill(state, "2024-01-01T00:00:00.000+0000")
    return sorted(state.bills)


async def test_ids_are_asked_for_a_hundred_at_a_time(
    connector: BillConnector, bill_simulator: BillSimulator, bill: RecordingTransport
) -> None:
    keys = sorted(bill_simulator.state.bills)[:250]

    found = await connector.invoices.get_invoices([*reversed(keys), keys[0]])

    assert sorted(found) == keys
    # Some are unassigned, of which the policies tell what that means.
    assert bill.calls == [*[BILLS] * 3, POLICIES]
    assert [bill.data(at) for at in range(3)] == [
        {
            "start": 0,
            "max": 999,
            "nested": True,
            "showAudit": False,
            "filters": [
                {"field": "id", "op": "in", "value": ",".join(keys[at : at + 100])}
            ],
            "sort": [{"field": "id", "asc": "true"}],
        }
        for at in (0, 100, 200)
    ]
    assert (bill.rounds, bill.most_in_flight, bill.sign_ins) == (2, 3, 1)


async def test_both_kinds_are_asked_for_at_once(
    connector: BillConnector, bill_simulator: BillSimulator, bill: RecordingTransport
) -> None:
    keys = numbered(
        bill_simulator.state, "BILL-1001", "VC-1001", "BILL-1002", "VC-1002"
    )

    found = await connector.invoices.get_invoices(keys)

    assert sorted(found) == sorted(keys)
    assert bill.calls == [BILLS, CREDITS]
    assert bill.rounds == 1


@pytest.mark.parametrize(
    "key",
    [
        "",
        "x",
        "0" * 20,
        "00601CONTROLLER00000",
        "00901NSP01AAAAAAAAAA",
        "app01IVEVRADCRIJ3o68",
        "00n01BILL1001AAAAAA,",
        "00n01BILL1001AAAAAAé",
        "00n01BILL1001AAAAAAAA",
    ],
)
async def test_what_can_be_no_invoice_costs_no_call(
    connector: BillConnector, bill: RecordingTransport, key: str
) -> None:
    assert await connector.invoices.get_invoices([key]) == {}
    assert await connector.invoices.get_approvers([key]) == {}
    assert await connector.invoices.get_invoice_details([key]) == {}
    assert bill.calls == []


async def test_one_id_uses_the_call_for_one(
    connector: BillConnector, bill_simulator: BillSimulator, bill: RecordingTransport
) -> None:
    key, credit = numbered(bill_simulator.state, "BILL-1001", "VC-1001")

    found = await connector.invoices.get_invoices([key, credit])

    assert sorted(found) == [key, credit]
    assert bill.calls == [BILLS, CREDITS]
    assert filters(bill) == [[by_id(key)], [by_id(credit)]]
    bill.clear()
    assert list(await connector.invoices.get_approvers([key])) == [key]
    assert list(await connector.policies.get_policies([FROM_4000])) == [FROM_4000]
    # BILL-1001 has two approvers.
    assert bill.calls == [APPROVERS, USERS, READ_POLICY]
    assert bill.data(0) == {"objectId": key, "entity": "Bill"}
    assert bill.data(2) == {"id": FROM_4000}


async def test_rows_that_nobody_asked_for_are_dropped(
    connector: BillConnector,
    bill_simulator: BillSimulator,
    bill: RecordingTransport,
    switch_bill: Callable[..., None],
) -> None:
    """7: drop rows whose key was not asked for."""
    switch_bill(in_filter_ignored=True)
    keys = numbered(bill_simulator.state, "BILL-1001", "BILL-1002")

    found = await connector.invoices.get_invoices(keys)
    approvers = await connector.invoices.get_approvers(keys)

    assert sorted(found) == keys
    assert told(approvers) == chains(bill_simulator.state, keys)
    assert bill.calls == [BILLS, BILL_APPROVERS, USERS]


def chains(state: State, keys: list[str]) -> dict[str, list[str]]:
    return {key: [row.users_id for row in state.chain(key)] for key in keys}


def told(found: Any) -> dict[str, Any]:
    return {
        key: [one.user.source_id for one in value] if is_read(value) else type(value)
        for key, value in found.items()
    }


def is_read(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(one, ApproverRecord) for one in value
    )


async def test_nothing_but_foreign_rows_is_a_filter_that_was_not_honoured(
    connector: BillConnector, bill: RecordingTransport, switch_bill: Callable[..., None]
) -> None:
    """7: a reply of only foreign rows."""
    switch_bill(in_filter_ignored=True)

    assert await connector.invoices.get_invoices(NO_BILLS[:2]) == {}

    assert filters(bill)[1:] == [[by_id(NO_BILLS[0])], [by_id(NO_BILLS[1])]]
    assert bill.calls == [BILLS] * 3
    bill.clear()
    assert await connector.invoices.get_invoices(NO_BILLS) == {}
    assert filters(bill) == [[by_id(one)] for one in NO_BILLS]


async def test_a_whole_page_is_a_filter_that_was_not_honoured(
    connector: BillConnector,
    bill_simulator: BillSimulator,
    bill: RecordingTransport,
    switch_bill: Callable[..., None],
) -> None:
    """7: exactly `max` rows when fewer keys were asked for."""
    switch_bill(in_filter_ignored=True)
    keys = fill(bill_simulator.state, 1005)
    # The first is within the page that comes whatever was asked for, the last is not.
    wanted = [keys[0], keys[-1]]

    found = await connector.invoices.get_invoices(wanted)

    assert sorted(found) == wanted
    assert bill.calls == [BILLS] * 3
    assert filters(bill)[1:] == [[by_id(one)] for one in wanted]


async def test_a_whole_page_of_approvers_goes_on_if_all_were_asked_for(
    connector: BillConnector, bill_simulator: BillSimulator, bill: RecordingTransport
) -> None:
    state = bill_simulator.state
    model = state.chain(state.numbered("BILL-1001").id)[0]
    keys = [add_bill(state, "2024-01-01T00:00:00.000+0000").id for _ in range(100)]
    for at in range(1010):
        row_id = state.next_id("BillApprover")
        row: Any = msgspec.structs.replace(
            model, id=row_id, bill_id=keys[at % 100], sort_order=at // 100
        )
        state.bill_approvers[row_id] = row

    found = await connector.invoices.get_approvers(keys)

    assert {key: len(value) for key, value in told(found).items()} == {
        key: 11 if at < 10 else 10 for at, key in enumerate(keys)
    }
    assert bill.calls == [BILL_APPROVERS, BILL_APPROVERS, READ_USER]
    assert [bill.data(at)["start"] for at in (0, 1)] == [0, 999]


async def test_a_whole_page_with_foreign_approvers_is_not_believed(
    connector: BillConnector,
    bill_simulator: BillSimulator,
    bill: RecordingTransport,
    switch_bill: Callable[..., None],
) -> None:
    switch_bill(in_filter_ignored=True)
    state = bill_simulator.state
    keys = numbered(state, "BILL-1001", "BILL-1002")
    model = state.chain(keys[0])[0]
    for _ in range(999):
        row_id = state.next_id("BillApprover")
        other: Any = msgspec.structs.replace(model, id=row_id, bill_id=NO_BILL)
        state.bill_approvers[row_id] = other

    found = await connector.invoices.get_approvers(keys)

    assert told(found) == chains(state, keys)
    assert bill.calls == [BILL_APPROVERS, APPROVERS, APPROVERS, USERS]


@pytest.mark.parametrize("switches", UNTAKEN, ids=str)
async def test_where_in_is_not_taken_each_object_is_read(
    connector: BillConnector,
    bill_simulator: BillSimulator,
    bill: RecordingTransport,
    switch_bill: Callable[..., None],
    switches: Row,
) -> None:
    """3.2: BDC_1002, or the value is one text and not a list."""
    switch_bill(**switches)
    keys = sorted(bill_simulator.state.bills)[:20]

    found = await connector.invoices.get_invoices([*keys, NO_BILL])

    assert sorted(found) == keys
    assert bill.calls == [*[BILLS] * 22, POLICIES]
    assert filters(bill)[1:22] == [[by_id(one)] for one in sorted([*keys, NO_BILL])]
    assert bill.most_in_flight == 3


@pytest.mark.parametrize("switches", UNTAKEN, ids=str)
async def test_what_reads_each_object_is_as_the_batch_would_have_been(
    account: Account,
    time: FakeTime,
    bill_simulator: BillSimulator,
    switch_bill: Callable[..., None],
    switches: Row,
) -> None:
    state = bill_simulator.state
    keys = [*sorted(state.bills)[:30], *sorted(state.vendor_credits)]
    batch = connect(account, time)
    expected = [
        await batch.invoices.get_invoices(keys),
        await batch.invoices.get_approvers(keys),
        await batch.invoices.get_invoice_details(keys),
        await batch.policies.get_policies(list(state.policies)),
        await batch.policies.get_mandatory_approvers(list(state.policies)),
    ]
    time.advance(3600)
    switch_bill(**switches)
    single = connect(account, time)

    found = [
        await single.invoices.get_invoices(keys),
        await single.invoices.get_approvers(keys),
        await single.invoices.get_invoice_details(keys),
        await single.policies.get_policies(list(state.policies)),
        await single.policies.get_mandatory_approvers(list(state.policies)),
    ]

    assert found == expected


async def test_mandatory_approvers_are_read_where_in_is_one_text(
    connector: BillConnector, bill: RecordingTransport, switch_bill: Callable[..., None]
) -> None:
    """3.2 (A!): the whole list is read, which needs no `in`."""
    switch_bill(in_filter_literal=True)

    found = await connector.policies.get_mandatory_approvers([FROM_25000, FROM_100000])

    assert {key: [one.source_id for one in users] for key, users in found.items()} == {
        FROM_25000: [DIRECTOR],
        FROM_100000: [LEAD, DIRECTOR],
    }
    assert bill.calls[0] == MANDATORY
    assert bill.calls.count(MANDATORY) == 1


async def test_an_unproven_in_is_proven_by_two_of_its_rows(
    connector: BillConnector, bill_simulator: BillSimulator, bill: RecordingTransport
) -> None:
    keys = numbered(bill_simulator.state, "BILL-1001", "BILL-1002")

    found = await connector.invoices.get_invoices([*keys, NO_BILL])
    assert await connector.invoices.get_invoices(NO_BILLS) == {}

    assert sorted(found) == keys
    assert bill.calls == [BILLS] * 2


async def test_what_an_unproven_in_misses_is_asked_for_singly(
    connector: BillConnector, bill_simulator: BillSimulator, bill: RecordingTransport
) -> None:
    (key,) = numbered(bill_simulator.state, "BILL-1001")

    found = await connector.invoices.get_invoices([key, *NO_BILLS])
    again = await connector.invoices.get_invoices(NO_BILLS[:2])

    assert (list(found), again) == ([key], {})
    assert filters(bill)[1:4] == [[by_id(one)] for one in NO_BILLS]
    # Still neither proven nor disproven, so it is tried and held against single reads.
    assert [one[0]["op"] for one in filters(bill)[4:]] == ["in", "=", "="]


async def test_an_in_that_misses_what_is_there_is_not_used_again(
    connector: BillConnector,
    bill_simulator: BillSimulator,
    bill: RecordingTransport,
) -> None:
    keys = numbered(bill_simulator.state, "BILL-1001", "BILL-1002", "BILL-1003")

    async def first_alone(request: httpx.Request, upstream: Handler) -> httpx.Response:
        answer = json.loads(await (await upstream(request)).aread())
        rows = answer["response_data"]
        return httpx.Response(200, json={**answer, "response_data": rows[:1]})

    bill.interceptors[BILLS] = first_alone

    found = await connector.invoices.get_invoices(keys)
    await connector.invoices.get_invoices(keys[:2])

    assert sorted(found) == keys
    assert [one[0]["op"] for one in filters(bill)] == ["in", "=", "=", "=", "="]


@pytest.mark.parametrize("switches", UNTAKEN, ids=str)
async def test_what_was_seen_of_in_is_believed_for_an_hour(
    account: Account,
    time: FakeTime,
    bill_simulator: BillSimulator,
    bill: RecordingTransport,
    switch_bill: Callable[..., None],
    switches: Row,
) -> None:
    switch_bill(**switches)
    keys = numbered(bill_simulator.state, "BILL-1001", "BILL-1002")
    await connect(account, time).invoices.get_invoices(keys)
    switch_bill(**dict.fromkeys(switches, False))
    bill.clear()

    time.advance(3599)
    await connect(account, time).invoices.get_invoices(keys)
    assert bill.calls == [BILLS] * 2
    time.advance(1)
    bill.clear()
    await connect(account, time).invoices.get_invoices(keys)

    assert bill.calls == [BILLS]
    assert filters(bill) == [[{"field": "id", "op": "in", "value": ",".join(keys)}]]


async def test_the_approvers_of_many_are_read_in_one_call(
    connector: BillConnector, bill_simulator: BillSimulator, bill: RecordingTransport
) -> None:
    state = bill_simulator.state
    keys = [*sorted(state.bills)[:150], *sorted(state.vendor_credits)[:40]]

    found = await connector.invoices.get_approvers(keys)

    assert told(found) == chains(state, keys)
    assert sorted(bill.calls) == [
        BILL_APPROVERS,
        BILL_APPROVERS,
        USERS,
        CREDIT_APPROVERS,
    ]
    assert bill.data(0)["filters"] == [
        {"field": "billId", "op": "in", "value": ",".join(keys[:100])}
    ]
    assert bill.data(2)["filters"] == [
        {"field": "vendorCreditId", "op": "in", "value": ",".join(keys[150:])}
    ]
    assert bill.rounds == 2


async def test_without_a_list_of_approvers_each_object_is_asked_for_its_own(
    account: Account,
    time: FakeTime,
    bill_simulator: BillSimulator,
    bill: RecordingTransport,
    switch_bill: Callable[..., None],
) -> None:
    """5.6: BDC_1121."""
    switch_bill(list_billapprover_missing=True)
    state = bill_simulator.state
    keys = [*sorted(state.bills)[:30], *sorted(state.vendor_credits)[:10]]

    found = await connect(account, time).invoices.get_approvers(keys)

    assert told(found) == chains(state, keys)
    assert {call: bill.calls.count(call) for call in bill.calls} == {
        BILL_APPROVERS: 1,
        CREDIT_APPROVERS: 1,
        APPROVERS: 40,
        USERS: 1,
    }
    assert bill.most_in_flight == 3
    bill.clear()
    time.advance(3599)
    await connect(account, time).invoices.get_approvers(keys)
    assert bill.calls == [APPROVERS] * 40 + [USERS]
    switch_bill(list_billapprover_missing=False)
    bill.clear()
    time.advance(1)
    await connect(account, time).invoices.get_approvers(keys)
    assert bill.calls == [BILL_APPROVERS, CREDIT_APPROVERS, USERS]


async def test_a_list_of_approvers_of_one_kind_may_be_missing_alone(
    connector: BillConnector, bill_simulator: BillSimulator, bill: RecordingTransport
) -> None:
    state = bill_simulator.state
    keys = numbered(state, "BILL-1001", "BILL-1002", "VC-1001", "VC-1002")
    bill.interceptors[CREDIT_APPROVERS] = answers(failure("BDC_1121"), 404)

    for _ in range(2):
        assert told(await connector.invoices.get_approvers(keys)) == chains(state, keys)

    assert bill.calls.count(BILL_APPROVERS) == 2
    assert bill.calls.count(CREDIT_APPROVERS) == 1
    assert bill.calls.count(APPROVERS) == 4


async def test_nobody_in_an_unproven_list_of_approvers_is_asked_for_singly(
    connector: BillConnector,
    bill_simulator: BillSimulator,
    bill: RecordingTransport,
    switch_bill: Callable[..., None],
) -> None:
    switch_bill(in_filter_literal=True)
    state = bill_simulator.state
    keys = numbered(state, "BILL-1001", "BILL-1002", "BILL-1009")

    found = await connector.invoices.get_approvers(keys)

    assert told(found) == chains(state, keys)
    assert bill.calls == [BILL_APPROVERS, *[APPROVERS] * 3, *[USERS], *[READ_USER] * 2]


async def test_nobody_in_a_proven_list_of_approvers_is_nobody(
    connector: BillConnector, bill_simulator: BillSimulator, bill: RecordingTransport
) -> None:
    state = bill_simulator.state
    proof = numbered(state, "BILL-1001", "BILL-1002")
    unassigned = numbered(state, "BILL-1009", "BILL-1010")
    await connector.invoices.get_approvers(proof)
    bill.clear()

    assert await connector.invoices.get_approvers(unassigned) == {
        key: [] for key in unassigned
    }

    assert bill.calls == [BILL_APPROVERS]


async def test_cleared_rows_that_a_list_still_shows_do_not_count(
    connector: BillConnector, bill_simulator: BillSimulator
) -> None:
    """5.5: cleared rows are not returned; a list may show them."""
    state = bill_simulator.state
    keys = numbered(state, "BILL-1001", "BILL-1003")
    expected = chains(state, keys)
    expected[keys[1]] = expected[keys[1]][1:]
    state.chain(keys[1])[0].is_active = "2"

    assert told(await connector.invoices.get_approvers(keys)) == expected


async def test_rows_come_in_the_order_of_the_chain_whatever_their_ids(
    connector: BillConnector, bill_simulator: BillSimulator
) -> None:
    state = bill_simulator.state
    keys = numbered(state, "BILL-1015", "BILL-1017")
    for key in keys:
        rows = state.chain(key)
        for row, place in zip(rows, reversed(range(len(rows))), strict=True):
            row.sort_order = place

    found = await connector.invoices.get_approvers(keys)

    assert told(found) == chains(state, keys)
    for value in found.values():
        assert isinstance(value, list)
        assert [one.position for one in value] == list(range(1, len(value) + 1))


# One object that fails.

APPROVERS_OF_TWO = """
query ($a: ID!, $b: ID!) {
  a: invoiceBySource(provider: BILL, sourceId: $a) {
    number
    approvers { user { displayName } }
  }
  b: invoiceBySource(provider: BILL, sourceId: $b) {
    number
    approvers { user { displayName } }
  }
}
"""


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (failure("BDC_9901"), 200, "UPSTREAM_RESPONSE_INVALID"),
        (failure("BDC_1001"), 200, "UPSTREAM_UNAVAILABLE"),
        (b"<html>", 502, "UPSTREAM_UNAVAILABLE"),
        (b"", 200, "UPSTREAM_RESPONSE_INVALID"),
        (success({"rows": []}), 200, "UPSTREAM_RESPONSE_INVALID"),
        (success([{"obj": {"id": 5}}]), 200, "UPSTREAM_RESPONSE_INVALID"),
    ],
    ids=str,
)
async def test_approvers_that_cannot_be_read_cost_their_own_field(
    client: Client,
    bill_simulator: BillSimulator,
    bill: RecordingTransport,
    switch_bill: Callable[..., None],
    body: bytes,
    status: int,
    code: str,
) -> None:
    switch_bill(list_billapprover_missing=True)
    first, second = numbered(bill_simulator.state, "BILL-1004", "BILL-1005")

    async def fail_for_one(request: httpx.Request, upstream: Handler) -> httpx.Response:
        if second in request.content.decode():
            return httpx.Response(status, content=body)
        return await upstream(request)

    bill.interceptors[APPROVERS] = fail_for_one

    shown = await client.execute(APPROVERS_OF_TWO, {"a": first, "b": second})

    assert shown["data"] == {
        "a": {
            "number": "BILL-1004",
            "approvers": [{"user": {"displayName": "Carla Mendes"}}],
        },
        "b": {"number": "BILL-1005", "approvers": None},
    }
    assert [
        (error["path"], error["extensions"]["code"]) for error in shown["errors"]
    ] == [(["b", "approvers"], code)]


async def test_approvers_of_an_object_that_has_gone_are_null_without_an_error(
    client: Client,
    bill_simulator: BillSimulator,
    bill: RecordingTransport,
    switch_bill: Callable[..., None],
) -> None:
    """1.4: BDC_1205."""
    switch_bill(list_billapprover_missing=True)
    first, second = numbered(bill_simulator.state, "BILL-1004", "BILL-1005")

    async def vanish(request: httpx.Request, upstream: Handler) -> httpx.Response:
        bill_simulator.state.bills.pop(second, None)
        return await upstream(request)

    bill.interceptors[APPROVERS] = vanish

    shown = await client.execute(APPROVERS_OF_TWO, {"a": first, "b": second})

    assert shown == {
        "data": {
            "a": {
                "number": "BILL-1004",
                "approvers": [{"user": {"displayName": "Carla Mendes"}}],
            },
            "b": {"number": "BILL-1005", "approvers": None},
        }
    }


async def test_a_batch_that_fails_is_no_sign_that_there_is_none(
    connector: BillConnector, bill_simulator: BillSimulator, bill: RecordingTransport
) -> None:
    keys = numbered(bill_simulator.state, "BILL-1001", "BILL-1002")
    bill.interceptors[BILLS] = answers(b"<html>", 503)
    bill.interceptors[BILL_APPROVERS] = answers(failure("BDC_9999"))

    with pytest.raises(UpstreamUnavailableError):
        await connector.invoices.get_invoices(keys)
    with pytest.raises(UpstreamResponseError):
        await connector.invoices.get_approvers(keys)

    assert bill.calls == [*[BILLS] * 3, BILL_APPROVERS]
    bill.interceptors.clear()
    bill.clear()
    await connector.invoices.get_invoices(keys)
    await connector.invoices.get_approvers(keys)
    assert bill.calls == [BILLS, BILL_APPROVERS, USERS]


async def test_a_user_whom_bill_does_not_show_is_known_by_id_alone(
    connector: BillConnector, bill_simulator: BillSimulator
) -> None:
    state = bill_simulator.state
    keys = numbered(state, "BILL-1001", "BILL-1014")
    del state.users[state.chain(keys[1])[0].users_id]

    found = await connector.invoices.get_approvers(keys)

    assert told(found) == chains(state, keys)
    value = found[keys[1]]
    assert isinstance(value, list)
    assert [one.user.display_name for one in value] == [None, "Carla Mendes"]
    assert [one.user.email for one in value] == [None, "controller@harbor.example"]


# The three slots.

LISTED = """
{
  invoices(first: 30, filter: {providers: [BILL]}) {
    nodes { number approvers { user { displayName } } policies { name } }
  }
}
"""


def listed(state: State, one: Approvable) -> Row:
    """Return an invoice as the document asks for it."""
    tier = tier_of(state, one)
    return {
        "number": number_of(one),
        "approvers": [
            {"user": {"displayName": name}} for name in approvers_of(state, one)
        ],
        "policies": [] if tier is None else [{"name": tier.name}],
    }


async def test_no_more_than_three_calls_are_under_way_over_all_callers(
    client: Client,
    bill_simulator: BillSimulator,
    bill: RecordingTransport,
    switch_bill: Callable[..., None],
    time: FakeTime,
) -> None:
    """1.5: the fourth fails at once with BDC_1322, and there is no queue."""
    switch_bill(
        in_filter_unsupported=True,
        list_billapprover_missing=True,
        related_names=False,
        latency_seconds=0.001,
    )
    persons = ["controller", "accountant", "approver", "visitor", "auditor"]
    state = bill_simulator.state
    expected = [listed(state, one) for one in newest(state, 30)]

    bodies = await asyncio.gather(
        *(client.execute(LISTED, person=person) for person in persons * 2)
    )

    assert bodies == [{"data": {"invoices": {"nodes": expected}}}] * 10
    assert bill.most_in_flight == 3
    assert bill.sign_ins == 5
    # Nobody met BDC_1322, so no call was sent again.
    assert set(time.slept) == {0.001}


async def test_what_was_learned_is_learned_for_ones_own_credentials(
    client: Client,
    bill_simulator: BillSimulator,
    bill: RecordingTransport,
    switch_bill: Callable[..., None],
) -> None:
    switch_bill(list_billapprover_missing=True)
    first, second = numbered(bill_simulator.state, "BILL-1004", "BILL-1005")
    variables = {"a": first, "b": second}

    for person in ("controller", "accountant", "controller", "accountant"):
        await client.execute(APPROVERS_OF_TWO, variables, person=person)

    assert bill.calls.count(BILL_APPROVERS) == 2
    assert bill.calls.count(APPROVERS) == 8


async def test_lines_are_read_with_their_exact_amounts_in_one_call(
    connector: BillConnector, bill_simulator: BillSimulator, bill: RecordingTransport
) -> None:
    state = bill_simulator.state
    keys = [*sorted(state.bills)[:60], add_credit(state, "2024-01-01T00:00:00Z").id]

    found = await connector.invoices.get_invoice_details(keys)

    assert sorted(found) == keys
    shown: dict[str, list[Decimal]] = {}
    for key, details in found.items():
        assert not isinstance(details, Exception)
        assert details.lines is not None
        shown[key] = [one.total.amount for one in details.lines if one.total]
    assert shown[keys[0]] == [
        line.amount for line in state.bills[keys[0]].bill_line_items
    ]
    assert shown[keys[-1]] == [Decimal("125.50")]
    assert bill.calls == [BILLS, CREDITS]
