"""The examples in GraphiQL's tabs, run one after the other over the sandbox."""

import json
import re
from typing import Any

from graphql import parse, validate

from gateway.schema import create_schema
from gateway.server.examples import create_examples
from tests.support import Client

# What each of them answers, by the field that says so.
OUTCOMES = [
    ("PendingInvoices", "totalCount"),
    ("Inbox", "totalCount"),
    ("InvoiceApprovers", "approvalState"),
    ("InvoiceCard", "status"),
    ("AddApprover", "outcome"),
    ("RemoveApprover", "outcome"),
    ("Approve", "outcome"),
    ("SetApprovers", "outcome"),
    ("Reject", "outcome"),
    ("Policies", "totalCount"),
    ("CreatePolicy", "outcome"),
    ("UpdatePolicy", "outcome"),
    ("DeletePolicy", "outcome"),
    ("RestorePolicy", "outcome"),
    ("ApprovalStatuses", "totalCount"),
    ("ApproveBooking", "outcome"),
    ("RejectExpense", "outcome"),
    ("Decide", "outcome"),
    ("ApproveDraft", "outcome"),
    ("Sources", "ok"),
    ("DeferredApprovers", "rule"),
]
# What only a stream answers, so that a browser tries it.
SUBSCRIPTION = "ApprovalChanged"


def name_of(query: str) -> str:
    found = re.search(r"(?:query|mutation|subscription) (\w+)", query)
    assert found is not None
    return found.group(1)


def find(value: Any, name: str) -> object:
    """Return the first member of this name, from the outside in."""
    level = [value]
    while level:
        for one in level:
            if isinstance(one, dict) and name in one:
                return one[name]
        level = [
            inner
            for one in level
            for inner in (one.values() if isinstance(one, dict) else one)
            if isinstance(inner, dict | list)
        ]
    return None


def test_each_is_valid_and_begins_with_what_it_is_for() -> None:
    schema = create_schema()

    for example in create_examples():
        assert validate(schema, parse(example.query)) == []
        assert example.query.startswith("# ")
        assert max(map(len, example.query.splitlines())) <= 88


def test_they_are_in_the_order_of_their_files() -> None:
    names = [name_of(example.query) for example in create_examples()]

    expected = [name for name, _ in OUTCOMES]
    expected.insert(-1, SUBSCRIPTION)
    assert names == expected


async def test_each_does_what_it_is_for_with_its_variables(client: Client) -> None:
    answers = {}
    for example in create_examples():
        name = name_of(example.query)
        if name == SUBSCRIPTION:
            continue
        variables = json.loads(example.variables or "{}")
        body = await client.execute(example.query, variables)
        assert "errors" not in body, name
        answers[name] = body["data"]

    assert {name: find(answers[name], member) for name, member in OUTCOMES} == {
        # BILL does not count.
        "PendingInvoices": None,
        # Of Ottimate's pending invoices only the newest are looked through.
        "Inbox": None,
        "InvoiceApprovers": "PENDING",
        "InvoiceCard": "PENDING_APPROVAL",
        "AddApprover": "APPLIED",
        "RemoveApprover": "APPLIED",
        "Approve": "APPLIED",
        "SetApprovers": "APPLIED",
        "Reject": "APPLIED",
        "Policies": 6,
        "CreatePolicy": "APPLIED",
        "UpdatePolicy": "APPLIED",
        "DeletePolicy": "APPLIED",
        "RestorePolicy": "APPLIED",
        "ApprovalStatuses": 104,
        "ApproveBooking": "APPLIED",
        "RejectExpense": "APPLIED",
        "Decide": "APPLIED",
        "ApproveDraft": "APPLIED",
        "Sources": True,
        "DeferredApprovers": "UNKNOWN",
    }
    assert len(answers["PendingInvoices"]["invoices"]["nodes"]) == 5
    # What is deferred is in its place for a client that takes no parts.
    assert [
        len(one["approvers"])
        for one in answers["DeferredApprovers"]["invoices"]["nodes"]
    ] == [2, 2, 2, 2, 3]
    assert len(answers["Inbox"]["viewer"]["approvals"]["nodes"]) == 5
    assert answers["InvoiceCard"]["node"]["title"] == "Northside Produce · INV-1001"
    assert [
        (
            one["outcome"],
            one["approvable"]["__typename"],
            one["approvable"]["approvalState"],
            one["userErrors"],
        )
        for one in answers["Decide"]["decide"]["results"]
    ] == [
        # It was the controller's turn, and is the accountant's now.
        ("APPLIED", "Invoice", "PENDING", []),
        ("APPLIED", "Booking", "REJECTED", []),
    ]
    draft = answers["ApproveDraft"]["approve"]["approvable"]
    variables = json.loads(
        next(
            example.variables
            for example in create_examples()
            if name_of(example.query) == "ApproveDraft"
        )
    )
    assert draft["version"] == variables["input"]["expectedVersion"]
    assert (draft["kind"], draft["status"]) == ("PURCHASE", "APPROVED")
