"""The doctor's probes: each tells one thing that BILL's public text leaves open."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from gateway.connector import Account, Probe
from gateway.providers.bill.connector import BillConnector
from gateway.providers.bill.simulator import BillSimulator
from gateway.providers.bill.simulator.directory import (
    CONTROLLER,
    PAYER,
    SERVICE,
)
from gateway.providers.bill.simulator.state import State
from gateway.sandbox import Sandbox
from tests.providers.bill.reading import (
    APPROVERS,
    BILL_APPROVERS,
    BILLS,
    CREDIT_APPROVERS,
    CREDITS,
    POLICIES,
    PROFILES,
    READ_USER,
    Row,
    connect,
    open_account,
)
from tests.support import FakeTime, RecordingTransport, writes

USER = "signed-in user"
READS = "reads for callers without credentials of their own, and decides nothing"
IN, OF_BILLS, OF_CREDITS = "in filter", "List/BillApprover", "List/VendorCreditApprover"
WELL = [
    Probe(name=USER, ok=True, detail=f"{SERVICE}, profile Administrator; {READS}"),
    Probe(name=IN, ok=True, detail="many objects by id in one call"),
    Probe(name=OF_BILLS, ok=True, detail="approvers of many objects in one call"),
    Probe(name=OF_CREDITS, ok=True, detail="approvers of many objects in one call"),
    Probe(name="List/ApprovalPolicy", ok=True, detail="6 policies are listed"),
]
NO_IN = "not taken; objects are read one by one, three at a time"
NO_LIST = "absent; ListApprovers is asked for each object"
NO_TWO_BILLS = "not seen to be taken with the bills that there are"
NO_TWO = "not seen to work with the objects that there are"


def but(*rows: Probe) -> list[Probe]:
    """Return the rows of an organization that is well, with others in their place."""
    others = {row.name: row for row in rows}
    return [others.get(row.name, row) for row in WELL]


def kept(state: State) -> Any:
    """Return everything that the organization holds."""
    return msgspec.to_builtins(
        [
            state.bills,
            state.vendor_credits,
            state.vendors,
            state.users,
            state.policies,
            state.policy_approvers,
            state.bill_approvers,
            state.vendor_credit_approvers,
            state.outbox,
            state.notes,
        ]
    )


async def test_an_organization_that_is_well_has_these_rows_and_is_left_as_it_is(
    connector: BillConnector, bill_simulator: BillSimulator, bill: RecordingTransport
) -> None:
    before = kept(bill_simulator.state)

    rows = await connector.probe()

    assert rows == WELL
    assert kept(bill_simulator.state) == before
    assert writes(bill) == []
    assert bill.calls == [
        READ_USER,
        PROFILES,
        BILLS,
        # The two of them by their ids.
        BILLS,
        BILLS,
        BILL_APPROVERS,
        CREDITS,
        CREDIT_APPROVERS,
        POLICIES,
    ]
    assert (bill.sign_ins, bill.most_in_flight) == (1, 1)


@pytest.mark.parametrize(
    ("switches", "rows"),
    [
        ({"wrapped_list_approvers": True}, []),
        ({"read_wrapped": True}, []),
        ({"related_names": False}, []),
        ({"denied_value": "2"}, []),
        ({"unknown_statuses": True}, []),
        ({"http_status_on_error": "real"}, []),
        ({"quirk_update_inactive": True}, []),
        ({"legacy_approval_paths": True}, []),
        ({"list_cap": 1000}, []),
        ({"list_over_cap": "error"}, []),
        ({"clear_forgets_approvals": True}, []),
        ({"accept_unsatisfying_chain": True}, []),
        ({"threshold_rule": "above"}, []),
        (
            {"list_billapprover_missing": True},
            [
                Probe(name=OF_BILLS, ok=None, detail=NO_LIST),
                Probe(name=OF_CREDITS, ok=None, detail=NO_LIST),
            ],
        ),
        *(
            (
                {switch: True},
                [
                    Probe(name=IN, ok=None, detail=NO_IN),
                    Probe(name=OF_BILLS, ok=None, detail=NO_LIST),
                    Probe(name=OF_CREDITS, ok=None, detail=NO_LIST),
                ],
            )
            for switch in ("in_filter_unsupported", "in_filter_literal")
        ),
    ],
    ids=str,
)
@pytest.mark.parametrize("status", ["200", "real"])
async def test_a_switch_changes_its_own_rows_and_nothing_is_written(
    connector: BillConnector,
    bill_simulator: BillSimulator,
    bill: RecordingTransport,
    switch_bill: Callable[..., None],
    switches: Row,
    rows: list[Probe],
    status: str,
) -> None:
    switch_bill(**{"http_status_on_error": status, **switches})
    before = kept(bill_simulator.state)

    assert await connector.probe() == but(*rows)

    assert kept(bill_simulator.state) == before
    assert writes(bill) == []
    assert bill.most_in_flight <= 3


async def test_a_filter_that_is_ignored_is_not_told_as_one_that_works(
    connector: BillConnector, switch_bill: Callable[..., None]
) -> None:
    """3.2: the two-id `in` that returns rows outside the set has failed the probe."""
    switch_bill(in_filter_ignored=True)

    rows = {row.name: row.ok for row in await connector.probe()}

    assert rows[IN] is None


async def test_what_a_probe_finds_is_what_the_connector_goes_by(
    account: Account,
    time: FakeTime,
    bill_simulator: BillSimulator,
    bill: RecordingTransport,
    switch_bill: Callable[..., None],
) -> None:
    """The issue: the probe's result is remembered."""
    switch_bill(list_billapprover_missing=True)
    await connect(account, time).probe()
    bill.clear()
    state = bill_simulator.state
    keys = [state.numbered(number).id for number in ("BILL-1001", "BILL-1002")]

    await connect(account, time).invoices.get_approvers(keys)

    assert bill.calls[:2] == [APPROVERS, APPROVERS]
    assert BILL_APPROVERS not in bill.calls


async def test_an_organization_without_objects_cannot_show_most(
    connector: BillConnector, bill_simulator: BillSimulator
) -> None:
    state = bill_simulator.state
    state.bills.clear()
    state.vendor_credits.clear()
    state.policies.clear()

    assert await connector.probe() == [
        WELL[0],
        Probe(name=IN, ok=None, detail=NO_TWO_BILLS),
        Probe(name=OF_BILLS, ok=None, detail=NO_TWO),
        Probe(name=OF_CREDITS, ok=None, detail=NO_TWO),
        Probe(name="List/ApprovalPolicy", ok=True, detail="0 policies are listed"),
    ]


async def test_objects_that_nobody_is_asked_about_show_no_list_of_approvers(
    connector: BillConnector, bill_simulator: BillSimulator
) -> None:
    state = bill_simulator.state
    state.bill_approvers.clear()
    state.vendor_credit_approvers.clear()

    assert await connector.probe() == but(
        Probe(name=OF_BILLS, ok=None, detail=NO_TWO),
        Probe(name=OF_CREDITS, ok=None, detail=NO_TWO),
    )


@pytest.mark.parametrize(
    ("call", "names"),
    [
        ("Crud/Read/User", [USER]),
        ("List/Profile", [USER]),
        ("List/Bill", [IN, OF_BILLS]),
        ("List/BillApprover", [OF_BILLS]),
        ("List/VendorCredit", [OF_CREDITS]),
        ("List/VendorCreditApprover", [OF_CREDITS]),
        ("List/ApprovalPolicy", ["List/ApprovalPolicy"]),
    ],
)
async def test_a_read_that_fails_costs_its_own_rows(
    connector: BillConnector,
    switch_bill: Callable[..., None],
    call: str,
    names: list[str],
) -> None:
    switch_bill(fault="html", fault_calls=(call,))
    detail = "BILL's answer could not be understood."

    rows = await connector.probe()

    assert rows == but(*(Probe(name=one, ok=False, detail=detail) for one in names))


@pytest.mark.parametrize(
    ("fault", "detail"),
    [
        ("bad_gateway_html", "BILL is not available."),
        ("html", "BILL's answer could not be understood."),
        ("empty", "BILL's answer could not be understood."),
        ("system_error", "BILL reports an error of its own."),
    ],
)
async def test_a_sign_in_that_fails_is_the_only_row(
    connector: BillConnector,
    bill: RecordingTransport,
    switch_bill: Callable[..., None],
    fault: str,
    detail: str,
) -> None:
    switch_bill(fault=fault, fault_calls=("Login",))

    rows = await connector.probe()

    assert rows == [Probe(name=USER, ok=False, detail=detail)]
    assert bill.calls == []


@pytest.mark.parametrize(
    ("person", "user_id", "profile"),
    [("controller", CONTROLLER, "Administrator"), ("payer", PAYER, "Payer")],
)
async def test_the_profile_of_who_is_signed_in_is_told(
    sandbox: Sandbox,
    time: FakeTime,
    bill: RecordingTransport,
    person: str,
    user_id: str,
    profile: str,
) -> None:
    account = open_account(sandbox, time, bill, person=person)

    rows = await connect(account, time).probe()

    detail = f"{user_id}, profile {profile}; {READS}"
    assert rows == but(Probe(name=USER, ok=True, detail=detail))


async def test_a_profile_that_is_not_shown_is_told_so(
    connector: BillConnector, bill_simulator: BillSimulator
) -> None:
    bill_simulator.state.profiles.clear()

    rows = await connector.probe()

    detail = f"{SERVICE}, profile not shown; {READS}"
    assert rows == but(Probe(name=USER, ok=True, detail=detail))
