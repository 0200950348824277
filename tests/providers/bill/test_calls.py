"""What each operation costs on BILL: the exact calls, and how many rounds of them."""

from collections import Counter
from collections.abc import Callable

import pytest

from gateway.domain import ProviderName, encode_id
from gateway.providers.bill.simulator import BillSimulator
from gateway.providers.bill.simulator.directory import CONTROLLER, FROM_4000, FROM_25000
from gateway.providers.bill.simulator.objects import Bill
from gateway.providers.bill.simulator.state import State
from tests.providers.bill.reading import (
    APPROVERS,
    BILL_APPROVERS,
    BILLS,
    CREDIT_APPROVERS,
    CREDITS,
    MANDATORY,
    POLICIES,
    QUEUE,
    READ_USER,
    READ_VENDOR,
    USERS,
    VENDOR_LIST,
    Row,
    add_bill,
    approvers_of,
    by_day,
    graph_id,
    matching,
    newest,
    number_of,
    on_bill,
    policy_id,
    tier_of,
    waiting,
)
from tests.support import Client, FakeTime, RecordingTransport, read_operation

FIFTY = """
query ($filter: InvoiceFilter) {
  invoices(first: 50, filter: $filter) {
    nodes { number counterparty { name } approvers { user { displayName } } }
  }
}
"""
ONLY_BILLS = on_bill({"kinds": ["BILL"]})
# The situations of bills but the two that nobody is asked about.
ASSIGNED = on_bill({"kinds": ["BILL"], "states": ["APPROVED", "REJECTED"]})


@pytest.fixture
def state(bill_simulator: BillSimulator) -> State:
    return bill_simulator.state


async def run_twice(
    client: Client, bill: RecordingTransport, state: State, wanted: Row
) -> list[tuple[Counter[str], int]]:
    """Return the calls and rounds of the fifty when nothing is known, and then."""
    nodes = [
        {
            "number": number_of(one),
            "counterparty": {"name": state.vendors[one.vendor_id].name},
            "approvers": [
                {"user": {"displayName": name}} for name in approvers_of(state, one)
            ],
        }
        for one in newest(state, 50, wanted)
    ]
    found = []
    for _ in range(2):
        bill.clear()
        body = await client.execute(FIFTY, {"filter": wanted})
        assert body == {"data": {"invoices": {"nodes": nodes}}}
        found.append((Counter(bill.calls), bill.rounds))
    return found


async def test_fifty_bills_with_approvers_users_and_vendors_cost_four_calls(
    client: Client, bill: RecordingTransport, state: State
) -> None:
    """The issue: at most 4 calls where batches work; also where nothing is known."""
    four = Counter([BILLS, POLICIES, BILL_APPROVERS, USERS])

    assert await run_twice(client, bill, state, ONLY_BILLS) == [(four, 4), (four, 4)]


async def test_without_an_unassigned_bill_no_policies_are_read(
    client: Client, bill: RecordingTransport, state: State
) -> None:
    # A list of each state, also once `in` was seen to work; the last row of the
    # approved came with others, which take a page more.
    calls = Counter({BILLS: 3, BILL_APPROVERS: 1, USERS: 1})

    assert await run_twice(client, bill, state, ASSIGNED) == [(calls, 3)] * 2


async def test_names_of_vendors_that_bills_do_not_tell_cost_one_call_more(
    client: Client,
    bill: RecordingTransport,
    state: State,
    switch_bill: Callable[..., None],
) -> None:
    """3.2: `related` comes with `nested`; vendors and policies in one round."""
    switch_bill(related_names=False)
    one_more = Counter({BILLS: 3, VENDOR_LIST: 1, BILL_APPROVERS: 1, USERS: 1})

    assert await run_twice(client, bill, state, ASSIGNED) == [(one_more, 4)] * 2
    five = Counter([BILLS, POLICIES, VENDOR_LIST, BILL_APPROVERS, USERS])
    assert await run_twice(client, bill, state, ONLY_BILLS) == [(five, 4)] * 2


async def test_without_a_list_of_approvers_they_cost_one_call_each(
    client: Client,
    bill: RecordingTransport,
    state: State,
    switch_bill: Callable[..., None],
) -> None:
    switch_bill(list_billapprover_missing=True)
    warm = Counter({BILLS: 1, POLICIES: 1, APPROVERS: 50, USERS: 1})
    cold = warm + Counter([BILL_APPROVERS])

    found = await run_twice(client, bill, state, ONLY_BILLS)

    assert [calls for calls, _ in found] == [cold, warm]
    assert bill.most_in_flight == 3


async def test_without_in_they_cost_one_call_for_each_object(
    client: Client,
    bill: RecordingTransport,
    state: State,
    switch_bill: Callable[..., None],
) -> None:
    switch_bill(in_filter_unsupported=True, related_names=False)
    first = newest(state, 50, ONLY_BILLS)
    vendors = {one.vendor_id for one in first}
    users = {row.users_id for one in first for row in state.chain(one.id)}
    assert (len(vendors), len(users)) == (20, 9)
    warm = Counter({BILLS: 1, POLICIES: 1, APPROVERS: 50, READ_USER: 9})
    warm[READ_VENDOR] = 20
    # Each list learns for itself.
    cold = warm + Counter([VENDOR_LIST, BILL_APPROVERS, USERS])

    found = await run_twice(client, bill, state, ONLY_BILLS)

    assert [calls for calls, _ in found] == [cold, warm]
    assert bill.most_in_flight == 3


async def test_a_list_of_both_kinds_costs_six_calls_in_four_rounds(
    client: Client, bill: RecordingTransport, state: State
) -> None:
    body = await client.run("InvoiceList", {"first": 50, "filter": on_bill()})

    assert list(body) == ["data"]
    invoices = body["data"]["invoices"]
    assert [
        (
            edge["node"]["sourceId"],
            [one["user"]["displayName"] for one in edge["node"]["approvers"]],
        )
        for edge in invoices["edges"]
    ] == [(one.id, approvers_of(state, one)) for one in newest(state, 50)]
    assert invoices["totalCount"] is None
    assert Counter(bill.calls) == Counter(
        [BILLS, CREDITS, POLICIES, BILL_APPROVERS, CREDIT_APPROVERS, USERS]
    )
    assert (bill.rounds, bill.sign_ins, bill.most_in_flight) == (4, 1, 2)
    assert bill.data(0) == {
        "start": 0,
        "max": 53,
        "nested": True,
        "showAudit": False,
        "filters": [],
        "sort": [
            {"field": "createdTime", "asc": "false"},
            {"field": "id", "asc": "true"},
        ],
    }
    assert bill.data(1) == bill.data(0)


async def test_a_later_page_costs_what_the_first_did(
    client: Client, bill: RecordingTransport
) -> None:
    variables = {"first": 20, "filter": on_bill()}
    body = await client.run("InvoiceList", variables)
    cursor = body["data"]["invoices"]["pageInfo"]["endCursor"]
    bill.clear()

    await client.run("InvoiceList", {**variables, "after": cursor})

    assert Counter(bill.calls) == Counter(
        [BILLS, CREDITS, POLICIES, BILL_APPROVERS, CREDIT_APPROVERS, USERS]
    )
    assert [bill.data(at)["max"] for at in (0, 1)] == [23, 23]
    assert bill.rounds == 4


async def test_both_providers_are_asked_at_once(
    client: Client, bill: RecordingTransport, ottimate: RecordingTransport
) -> None:
    await client.execute("{ invoices(first: 5) { nodes { number } } }")

    assert (bill.calls, ottimate.calls) == ([BILLS, CREDITS], ["GET /invoices"])
    assert bill.rounds == 1


@pytest.mark.parametrize(
    ("number", "calls"),
    [
        # Its lines came with it.
        ("BILL-1001", [BILLS, POLICIES, APPROVERS, USERS]),
        ("BILL-1004", [BILLS, POLICIES, APPROVERS, READ_USER]),
        ("BILL-1008", [BILLS, POLICIES]),
        ("BILL-1010", [BILLS, POLICIES, APPROVERS]),
        ("VC-1001", [CREDITS, POLICIES, APPROVERS, READ_USER]),
        ("VC-1003", [CREDITS, POLICIES]),
    ],
)
async def test_a_card(
    client: Client,
    state: State,
    bill: RecordingTransport,
    number: str,
    calls: list[str],
) -> None:
    one = state.numbered(number)

    body = await client.run("InvoiceCard", {"id": graph_id(one)})

    assert list(body) == ["data"]
    node = body["data"]["node"]
    tier = tier_of(state, one)
    lines = (
        one.bill_line_items if isinstance(one, Bill) else one.vendor_credit_line_items
    )
    assert (node["id"], node["number"]) == (graph_id(one), number)
    assert [line["description"] for line in node["lines"]] == [
        line.description for line in lines
    ]
    assert [policy["name"] for policy in node["policies"]] == (
        [] if tier is None else [tier.name]
    )
    assert Counter(bill.calls) == Counter(calls)


async def test_the_approvers_of_one_bill(
    client: Client, bill_simulator: BillSimulator, bill: RecordingTransport
) -> None:
    one = bill_simulator.state.numbered("BILL-1017")

    body = await client.run(
        "InvoiceApprovers", {"provider": "BILL", "sourceId": one.id}
    )

    assert [
        (approver["user"]["displayName"], approver["status"])
        for approver in body["data"]["invoiceBySource"]["approvers"]
    ] == [
        ("Milo Tanaka", "PENDING"),
        ("Aisha Khan", "UPCOMING"),
        ("Adam Novak", "UPCOMING"),
        ("Carla Mendes", "UPCOMING"),
    ]
    assert bill.calls == [BILLS, APPROVERS, USERS]
    assert (bill.rounds, bill.sign_ins) == (3, 1)


async def test_all_policies_with_who_must_approve(
    client: Client, bill: RecordingTransport
) -> None:
    body = await client.run("Policies", {"filter": {"providers": ["BILL"]}})

    assert len(body["data"]["policies"]["nodes"]) == 6
    assert bill.calls == [POLICIES, MANDATORY, USERS]
    assert (bill.rounds, bill.sign_ins) == (3, 1)
    assert bill.data(0) == {
        "start": 0,
        "max": 999,
        "nested": True,
        "showAudit": False,
        "filters": [],
        "sort": [{"field": "id", "asc": "true"}],
    }


async def test_nodes_of_every_type(
    client: Client, bill_simulator: BillSimulator, bill: RecordingTransport
) -> None:
    state = bill_simulator.state
    bills = [state.numbered(f"BILL-10{at:02d}") for at in range(1, 9)]
    credits_ = [state.numbered(f"VC-100{at}") for at in range(1, 4)]
    row = state.chain(bills[0].id)[1]
    approver = encode_id("Approver", ProviderName.BILL, row.id, bills[0].id)
    ids = [
        *(graph_id(one) for one in (*bills, *credits_)),
        policy_id(FROM_4000),
        policy_id(FROM_25000),
        approver,
        encode_id("Invoice", ProviderName.BILL, "00n01NOBODYKNOWSIT00"),
    ]

    body = await client.run("Nodes", {"ids": ids})

    nodes = body["data"]["nodes"]
    assert [node and node["id"] for node in nodes] == [*ids[:-1], None]
    assert [node["__typename"] for node in nodes[:-1]] == [
        *["Invoice"] * 11,
        *["Policy"] * 2,
        "Approver",
    ]
    assert Counter(bill.calls) == Counter([BILLS, CREDITS, POLICIES, APPROVERS, USERS])
    assert bill.most_in_flight == 3


# The Inbox operation, of BILL alone.
INBOX = read_operation("Inbox").replace(
    "after: $after)", "after: $after, filter: {providers: [BILL]})"
)


async def test_the_inbox(
    client: Client,
    bill: RecordingTransport,
    ottimate: RecordingTransport,
    state: State,
) -> None:
    body = await client.execute(INBOX, person="controller")

    assert list(body) == ["data"]
    edges = body["data"]["viewer"]["approvals"]["edges"]
    expected = by_day(waiting(state, CONTROLLER))[:25]
    assert [edge["node"]["id"] for edge in edges] == [
        encode_id("Invoice", ProviderName.BILL, one) for one in expected
    ]
    assert {
        user["displayName"]
        for edge in edges
        for user in edge["node"]["progress"]["waitingOn"]
    } == {"Carla Mendes"}
    # The queue of each kind once, also for `sources`; then all chains, then users.
    assert bill.calls[:2] == [QUEUE, QUEUE]
    assert Counter(bill.calls) == Counter(
        [QUEUE, QUEUE, BILL_APPROVERS, CREDIT_APPROVERS, USERS]
    )
    assert (bill.rounds, bill.sign_ins) == (3, 1)
    # `sources` asks every provider.
    assert len(ottimate.calls) == 51


async def test_an_empty_inbox_costs_the_two_lists(
    client: Client, bill: RecordingTransport
) -> None:
    body = await client.execute(INBOX, person="payer")

    assert body["data"]["viewer"]["approvals"]["edges"] == []
    assert bill.calls == [QUEUE, QUEUE]


async def test_no_sign_in_is_spent_on_a_later_request(
    client: Client, bill: RecordingTransport, time: FakeTime
) -> None:
    """8.2: 200 sign-ins an hour, so never one per request."""
    for _ in range(20):
        await client.run("InvoiceList", {"first": 5, "filter": on_bill()})
        time.advance(600)

    assert bill.sign_ins == 1


async def test_every_bill_with_its_policies_reads_the_policies_once(
    client: Client, bill_simulator: BillSimulator, bill: RecordingTransport
) -> None:
    state = bill_simulator.state
    add_bill(state, "2026-11-02T17:30:00.000+0000", approval_status="0")
    query = """
    {
      invoices(first: 40, filter: {providers: [BILL]}) {
        nodes { policies { name mandatoryApprovers { displayName } } progress { rule } }
      }
    }
    """

    body = await client.execute(query)

    tiers = [tier_of(state, one) for one in newest(state, 40)]
    assert list(body) == ["data"]
    assert [
        [policy["name"] for policy in node["policies"]]
        for node in body["data"]["invoices"]["nodes"]
    ] == [[] if tier is None else [tier.name] for tier in tiers]
    assert Counter(bill.calls) == Counter(
        [
            BILLS,
            CREDITS,
            POLICIES,
            # Only one of the policies has any, so each of the others is asked again.
            MANDATORY,
            BILL_APPROVERS,
            CREDIT_APPROVERS,
            USERS,
            READ_USER,
        ]
    )
    assert len(matching(state, {})) == 346
