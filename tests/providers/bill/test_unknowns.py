"""What BILL never tells: if one of these fields shows a value, it is a guess."""

from collections.abc import Callable
from typing import Any

import pytest
from graphql import GraphQLObjectType

from tests.providers.bill.reading import on_bill
from tests.providers.ottimate.test_unknowns import (
    is_told,
    read_schema,
    select,
    walk,
)
from tests.support import Client

# By type and field, over every situation that a bill or a vendor credit can be in.
NEVER_TOLD = {
    "Invoice.locationName",
    "Invoice.tax",
    "Invoice.approvedAt",
    "Invoice.url",
    "Invoice.attachments",
    "Invoice.history",
    "Invoice.approvalStatuses",
    "InvoiceLine.tax",
    "InvoiceLine.taxRate",
    "InvoiceLine.ledgerAccount",
    "InvoiceLine.taxName",
    "Money.currency",
    "Approver.policy",
    "Approver.isManual",
    "Approver.addedAt",
    "Quota.remaining",
    "SourceStatus.error",
}
# Whatever depends on values that nobody documented (C1).
NOT_TOLD_IF_UNDOCUMENTED = {
    "Approver.status",
    "Approver.decidedAt",
    "ApprovalProgress.approved",
    "ApprovalProgress.rejected",
    "ApprovalProgress.waitingOn",
}
# Told for bills alone.
OF_BILLS = {"Invoice.amountDue", "Invoice.dueDate"}


async def read_told(client: Client, search: str) -> dict[str, bool]:
    """Return for each field whether it is told of any object of the situations."""
    schema = await read_schema(client)
    invoice, source = (schema.type_map[name] for name in ("Invoice", "SourceStatus"))
    assert isinstance(invoice, GraphQLObjectType)
    assert isinstance(source, GraphQLObjectType)
    body = await client.execute(
        "query ($filter: InvoiceFilter) { invoices(first: 40, filter: $filter) "
        f"{{ nodes {select(invoice, {'Invoice'})}"
        f" sources {select(source, {'SourceStatus'})} }} }}",
        {"filter": on_bill({"search": search})},
    )
    assert "errors" not in body
    told: dict[str, bool] = {}
    for part in (
        body["data"]["invoices"]["nodes"],
        body["data"]["invoices"]["sources"],
    ):
        for name, value in walk(part):
            told[name] = told.get(name, False) or is_told(value)
    return told


def unknown(told: dict[str, bool]) -> set[str]:
    return {name for name, is_known in told.items() if not is_known}


async def test_these_fields_are_never_told(client: Client) -> None:
    told = await read_told(client, "BILL-10")

    assert unknown(told) == NEVER_TOLD


async def test_of_vendor_credits_these_are_not_told_either(client: Client) -> None:
    """6.2: neither `dueAmount` nor `dueDate`, nor what a line holds."""
    told = await read_told(client, "VC-100")

    assert unknown(told) == NEVER_TOLD | OF_BILLS | {
        "InvoiceLine.description",
        "InvoiceLine.quantity",
        "InvoiceLine.unitPrice",
        # No policy of a vendor credit names anybody.
        "Policy.mandatoryApprovers",
    }


async def test_what_nobody_documented_is_unknown(
    client: Client, switch_bill: Callable[..., None]
) -> None:
    switch_bill(unknown_statuses=True)

    told = await read_told(client, "BILL-10")

    assert unknown(told) >= NEVER_TOLD | {"Approver.status", "Approver.decidedAt"}
    # Of what has no approvers nobody approved, so these are told of it.
    assert unknown(told) - NEVER_TOLD <= NOT_TOLD_IF_UNDOCUMENTED | {
        "Invoice.approvalState"
    }


VALUES = """
query ($filter: InvoiceFilter) {
  invoices(first: 100, filter: $filter) {
    nodes {
      kind
      status
      sourceStatus
      approvalState
      progress { rule }
      total { currency }
      approvers { status isManual addedAt policy { id } }
    }
    sources { isComplete quota { limit remaining } capabilities }
  }
}
"""
STATES = {
    ("UNASSIGNED", "Unassigned", "NOT_REQUIRED"),
    ("UNASSIGNED", "Unassigned", "PENDING"),
    ("PENDING_APPROVAL", "Assigned", "PENDING"),
    ("PENDING_APPROVAL", "Approving", "PENDING"),
    ("APPROVED", "Approved", "APPROVED"),
    ("REJECTED", "Denied", "REJECTED"),
}


async def read_values(client: Client) -> list[dict[str, Any]]:
    body = await client.execute(
        VALUES, {"filter": on_bill({"statuses": sorted(one for one, *_ in STATES)})}
    )
    assert "errors" not in body
    nodes: list[dict[str, Any]] = body["data"]["invoices"]["nodes"]
    return nodes


async def test_a_state_is_no_more_than_the_status_and_the_policies_prove(
    client: Client,
) -> None:
    nodes = await read_values(client)

    assert {
        (one["status"], one["sourceStatus"], one["approvalState"]) for one in nodes
    } == STATES
    assert {one["progress"]["rule"] for one in nodes} == {"IN_ORDER"}
    assert {one["kind"] for one in nodes} == {"BILL", "VENDOR_CREDIT"}


@pytest.mark.parametrize("statuses", [["ARCHIVED"], ["PAID"]])
async def test_what_ended_keeps_the_state_of_its_approval(
    client: Client, statuses: list[str]
) -> None:
    body = await client.execute(VALUES, {"filter": on_bill({"statuses": statuses})})

    found = {
        (one["status"], one["sourceStatus"], one["approvalState"])
        for one in body["data"]["invoices"]["nodes"]
    }
    assert {status for status, *_ in found} == set(statuses)
    assert {one[1:] for one in found} <= {one[1:] for one in STATES}


@pytest.mark.parametrize(
    ("switches", "shown"),
    [
        ({"denied_value": "2"}, ("UNKNOWN", "2", "UNKNOWN")),
        ({"unknown_statuses": True}, ("UNKNOWN", "9", "UNKNOWN")),
    ],
    ids=str,
)
async def test_an_undocumented_status_is_unknown_and_shown_as_it_is_spelled(
    client: Client, switch_bill: Callable[..., None], switches: Any, shown: Any
) -> None:
    """C1: any unknown value is "unknown", never approved."""
    switch_bill(**switches)

    body = await client.execute(
        VALUES, {"filter": on_bill({"search": "BILL-1007", "states": ["UNKNOWN"]})}
    )

    assert [
        (one["status"], one["sourceStatus"], one["approvalState"])
        for one in body["data"]["invoices"]["nodes"]
    ] == [shown]


async def test_the_quota_is_the_documented_one_and_what_is_left_is_not_told(
    client: Client,
) -> None:
    """1.5: 20,000 calls an hour, and no headers."""
    body = await client.execute(VALUES, {"filter": on_bill()})

    assert body["data"]["invoices"]["sources"] == [
        {
            "isComplete": True,
            "quota": {"limit": 20000, "remaining": None},
            "capabilities": [
                "READ_INVOICES",
                "READ_APPROVERS",
                "APPROVE",
                "REJECT",
                "ADD_APPROVER",
                "REMOVE_APPROVER",
                "SET_APPROVERS",
                "CLEAR_APPROVERS",
                "READ_POLICIES",
                "MANAGE_POLICIES",
                "READ_QUEUE",
            ],
        }
    ]
