"""The doctor's probes: each tells one thing that the public pages leave open."""

from collections.abc import Callable
from typing import Any

import httpx
import msgspec
import pytest

from gateway.connector import Connector, Probe
from gateway.providers.ottimate import PROVIDER
from gateway.providers.ottimate.simulator import OttimateSimulator
from gateway.sandbox import Sandbox
from tests.providers.contract import open_connector
from tests.support import Client, FakeTime, Handler, RecordingTransport

NO_INVOICE = "/invoices/00000000-0000-4000-8000-000000000000"
WELL = [
    Probe(name="sign-in", ok=True, detail="a token for 31536000 s"),
    Probe(name="invoices", ok=True, detail="350 can be read"),
    Probe(name="invoice_ids filter", ok=True, detail="honoured"),
    Probe(name="single read", ok=None, detail="line items told, history told"),
    Probe(name="approver status", ok=None, detail="not told"),
    Probe(name="policy of a manual approver", ok=None, detail="empty text"),
    Probe(name="approve call", ok=True, detail="present"),
    Probe(name="add approver call", ok=True, detail="present"),
    Probe(name="remove approver call", ok=True, detail="present"),
]
NO_APPROVER = "no approver to look at"
UNREADABLE = "The provider's answer could not be understood."


def but(**rows: Probe) -> list[Probe]:
    """Return the rows of an account that is well, with others in their place."""
    others = {row.name: row for row in rows.values()}
    return [others.get(row.name, row) for row in WELL]


def everything(simulator: OttimateSimulator) -> Any:
    return msgspec.to_builtins(simulator.state.invoices)


@pytest.fixture
def connector(
    sandbox: Sandbox, time: FakeTime, ottimate: RecordingTransport
) -> Connector:
    return open_connector(PROVIDER, sandbox, time, transport=ottimate)


async def test_an_account_that_is_well_has_these_rows_and_is_left_as_it_is(
    connector: Connector, simulator: OttimateSimulator, ottimate: RecordingTransport
) -> None:
    before = everything(simulator)

    rows = await connector.probe()

    assert rows == WELL
    assert everything(simulator) == before
    writes = [one for one in ottimate.requests if one.method != "GET"]
    assert sorted((one.method, str(one.url.path)) for one in writes) == [
        ("DELETE", f"/ottimate/v1{NO_INVOICE}/approvers"),
        ("POST", f"/ottimate/v1{NO_INVOICE}/approve"),
        ("POST", f"/ottimate/v1{NO_INVOICE}/approvers"),
    ]
    assert [one.content for one in writes if one.url.path.endswith("/approve")] == [
        b"{}"
    ]
    # Four lists, a single read, ten invoices' approvers, three calls that write.
    assert len(ottimate.calls) == 3 + 1 + 10 + 3


@pytest.mark.parametrize("status", [403, 404, 405, 501])
@pytest.mark.parametrize(
    ("call", "name"),
    [
        ("approve", "approve call"),
        ("add_approver", "add approver call"),
        ("remove_approver", "remove approver call"),
    ],
)
async def test_a_call_that_the_account_lacks_is_seen(
    connector: Connector,
    simulator: OttimateSimulator,
    switch: Callable[..., None],
    call: str,
    name: str,
    status: int,
) -> None:
    """C1, in every form in which an absent call may answer."""
    switch(absent_calls=(call,), absent_status=status)
    before = everything(simulator)

    rows = await connector.probe()

    absent = Probe(name=name, ok=None, detail="absent: answers UNSUPPORTED")
    assert rows == but(row=absent)
    assert everything(simulator) == before


@pytest.mark.parametrize(
    ("switches", "row"),
    [
        (
            {"token_seconds": 3600},
            Probe(name="sign-in", ok=True, detail="a token for 3600 s"),
        ),
        (
            {"invoice_ids_filter": False},
            Probe(
                name="invoice_ids filter",
                ok=False,
                detail="not honoured: invoices cannot be read",
            ),
        ),
        (
            {"items_in_detail": False},
            Probe(
                name="single read",
                ok=None,
                detail="line items not told, history told",
            ),
        ),
        (
            {"approver_status_field": True},
            Probe(name="approver status", ok=None, detail="told"),
        ),
        (
            {"manual_policy": "null"},
            Probe(name="policy of a manual approver", ok=None, detail="null"),
        ),
        (
            {"manual_policy": "missing"},
            Probe(name="policy of a manual approver", ok=None, detail="left out"),
        ),
    ],
    ids=str,
)
async def test_a_switch_changes_its_own_row(
    connector: Connector,
    switch: Callable[..., None],
    switches: dict[str, Any],
    row: Probe,
) -> None:
    switch(**switches)

    assert await connector.probe() == but(row=row)


async def test_an_account_without_an_invoice_cannot_show_most(
    connector: Connector, simulator: OttimateSimulator
) -> None:
    simulator.state.invoices.clear()

    rows = await connector.probe()

    assert rows == [
        WELL[0],
        Probe(name="invoices", ok=True, detail="0 can be read"),
        Probe(name="invoice_ids filter", ok=None, detail="no invoice to try it on"),
        Probe(name="approver status", ok=None, detail=NO_APPROVER),
        Probe(name="policy of a manual approver", ok=None, detail=NO_APPROVER),
        *WELL[6:],
    ]


async def test_one_invoice_does_not_tell_whether_the_filter_by_id_works(
    connector: Connector, simulator: OttimateSimulator, switch: Callable[..., None]
) -> None:
    invoice = simulator.state.numbered("INV-1021")
    simulator.state.invoices.clear()
    simulator.state.add(invoice)
    switch(invoice_ids_filter=False)

    rows = await connector.probe()

    detail = "not told apart: the account has one invoice"
    assert rows == but(
        a=Probe(name="invoices", ok=True, detail="1 can be read"),
        b=Probe(name="invoice_ids filter", ok=None, detail=detail),
        c=Probe(name="approver status", ok=None, detail=NO_APPROVER),
        d=Probe(name="policy of a manual approver", ok=None, detail=NO_APPROVER),
    )


async def test_records_of_policies_alone_do_not_show_a_manual_one(
    connector: Connector, simulator: OttimateSimulator
) -> None:
    for invoice in simulator.state.invoices.values():
        invoice.records = [one for one in invoice.records if one.policy_id]

    rows = await connector.probe()

    detail = "no manual approver seen"
    assert rows == but(
        row=Probe(name="policy of a manual approver", ok=None, detail=detail)
    )


async def test_a_sign_in_that_fails_is_the_only_row(
    connector: Connector, ottimate: RecordingTransport, switch: Callable[..., None]
) -> None:
    switch(fault="unavailable", fault_calls=("token",))

    rows = await connector.probe()

    detail = "Ottimate is not available."
    assert rows == [Probe(name="sign-in", ok=False, detail=detail)]
    assert ottimate.calls == []


@pytest.mark.parametrize(
    ("call", "rows"),
    [
        (
            "list_invoices",
            [WELL[0], "invoices", "approver records", *WELL[6:]],
        ),
        ("read_invoice", [*WELL[:3], "single read", *WELL[4:]]),
        ("list_approvers", [*WELL[:4], "approver records", *WELL[6:]]),
    ],
)
async def test_a_read_that_fails_costs_its_own_rows(
    connector: Connector,
    switch: Callable[..., None],
    call: str,
    rows: list[Probe | str],
) -> None:
    switch(fault="html", fault_calls=(call,))

    found = await connector.probe()

    assert found == [
        Probe(name=row, ok=False, detail=UNREADABLE) if isinstance(row, str) else row
        for row in rows
    ]


@pytest.mark.parametrize(
    ("fault", "detail"),
    [
        ("unavailable", "The provider's answer to this write was lost."),
        ("throttled", "Ottimate takes no more calls at the moment."),
        ("html", "accepted for an invoice that does not exist"),
    ],
)
async def test_a_call_that_does_not_answer_the_probe_stays_unknown(
    connector: Connector, switch: Callable[..., None], fault: str, detail: str
) -> None:
    switch(fault=fault, fault_calls=("approve",))

    rows = await connector.probe()

    assert rows == but(row=Probe(name="approve call", ok=False, detail=detail))
    switch(absent_calls=("approve",))
    assert "APPROVE" not in await connector.get_capabilities()


async def test_the_clerks_account_is_probed_within_its_scope(
    sandbox: Sandbox, time: FakeTime, simulator: OttimateSimulator
) -> None:
    connector = open_connector(PROVIDER, sandbox, time, person="clerk")
    before = everything(simulator)

    rows = await connector.probe()

    reached = sum(
        invoice.location_id in {7731, 7741}
        for invoice in simulator.state.invoices.values()
    )
    assert rows == but(
        row=Probe(name="invoices", ok=True, detail=f"{reached} can be read")
    )
    assert everything(simulator) == before


# What the probes change in the graph.

CAPABILITIES = [
    "READ_INVOICES",
    "READ_APPROVERS",
    "READ_HISTORY",
    "APPROVE",
    "FORCE_APPROVE",
    "ADD_APPROVER",
    "REMOVE_APPROVER",
    "READ_QUEUE",
]


@pytest.mark.parametrize("status", [403, 404, 405, 501])
@pytest.mark.parametrize(
    ("call", "lost"),
    [
        ("approve", {"APPROVE", "FORCE_APPROVE"}),
        ("add_approver", {"ADD_APPROVER"}),
        ("remove_approver", {"REMOVE_APPROVER"}),
    ],
)
async def test_a_call_that_the_account_lacks_is_offered_nowhere(
    client: Client,
    switch: Callable[..., None],
    call: str,
    lost: set[str],
    status: int,
) -> None:
    switch(absent_calls=(call,), absent_status=status)
    actions = (
        '{ invoices(filter: {search: "INV-1002", providers: [OTTIMATE]}) '
        "{ nodes { viewerActions } } }"
    )

    sources = await client.execute("{ sources { capabilities } }")
    shown = await client.execute(actions)

    assert sources["data"]["sources"][0] == {
        "capabilities": [one for one in CAPABILITIES if one not in lost]
    }
    offered = ["APPROVE", "FORCE_APPROVE", "ADD_APPROVER", "REMOVE_APPROVER"]
    assert shown["data"]["invoices"]["nodes"] == [
        {"viewerActions": [one for one in offered if one not in lost]}
    ]


VIEWER_ACTIONS = {
    "INV-1002": ["APPROVE", "FORCE_APPROVE", "ADD_APPROVER", "REMOVE_APPROVER"],
    "INV-1020": ["ADD_APPROVER", "REMOVE_APPROVER"],
    "INV-1021": ["ADD_APPROVER", "REMOVE_APPROVER"],
    "INV-1022": ["ADD_APPROVER", "REMOVE_APPROVER"],
    "INV-1023": [],
    "INV-1024": [],
    "INV-1025": [],
    "INV-1026": [],
}


async def test_actions_are_those_of_the_state_and_cost_no_call(
    client: Client, ottimate: RecordingTransport
) -> None:
    body = await client.execute(
        '{ invoices(first: 50, filter: {search: "INV-10", providers: [OTTIMATE]})'
        " { nodes { number viewerActions } } }"
    )

    shown = {
        node["number"]: node["viewerActions"]
        for node in body["data"]["invoices"]["nodes"]
    }
    assert {number: shown[number] for number in VIEWER_ACTIONS} == VIEWER_ACTIONS
    assert set(ottimate.calls) == {"GET /invoices"}


async def test_capabilities_are_tried_once_and_together(
    client: Client, ottimate: RecordingTransport
) -> None:
    first = await client.execute("{ sources { capabilities } }")
    assert sorted(ottimate.calls) == [
        f"DELETE {NO_INVOICE}/approvers",
        "GET /invoices",
        f"POST {NO_INVOICE}/approve",
        f"POST {NO_INVOICE}/approvers",
    ]
    ottimate.clear()

    second = await client.execute("{ sources { capabilities } }")

    assert first == second
    assert ottimate.calls == ["GET /invoices"]


async def test_a_probe_that_fails_leaves_a_call_to_be_tried_again(
    client: Client, ottimate: RecordingTransport
) -> None:
    async def fail(request: httpx.Request, upstream: Handler) -> httpx.Response:
        del request, upstream
        return httpx.Response(503)

    call = f"POST {NO_INVOICE}/approve"
    ottimate.interceptors[call] = fail
    body = await client.execute("{ sources { ok capabilities } }")
    assert body["data"]["sources"][0] == {"ok": True, "capabilities": CAPABILITIES}
    ottimate.clear()

    await client.execute("{ sources { capabilities } }")

    assert ottimate.calls == ["GET /invoices", call]
