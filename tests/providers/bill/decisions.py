"""What the tests of decisions share: states, and what is said."""

from typing import Any

import pytest

from gateway.providers.bill.simulator.directory import (
    ACCOUNTANT,
    APPROVER,
    BUYER,
    CONTROLLER,
)

NOW = "2026-11-02T18:00:00+00:00"


PENDING = ("PENDING_APPROVAL", "PENDING")


APPROVED = ("APPROVED", "APPROVED")


REJECTED = ("REJECTED", "REJECTED")


CALLS = {"approve": "Approve", "reject": "Deny"}


BOTH = pytest.mark.parametrize("mutation", ["approve", "reject"])


DECIDERS = pytest.mark.parametrize(
    ("person", "user_id"),
    [
        (None, CONTROLLER),
        ("controller", CONTROLLER),
        ("accountant", ACCOUNTANT),
        ("approver", APPROVER),
        ("buyer", BUYER),
    ],
)


DELETED = "This invoice was deleted in BILL. Nothing was changed."


NO_CHAIN = (
    "Nobody is asked to approve this invoice; `setApprovers` says who is. Nothing was "
    "changed."
)


STRANGER = "You are not one of this invoice's approvers. Nothing was changed."


OTHER_WAY = (
    "You have decided on this invoice already, the other way. Nothing was changed."
)


DENIED = (
    "This invoice was rejected. `clearApprovers` and then `setApprovers` begin its "
    "approval again. Nothing was changed."
)


NOT_YET = (
    "It is not your turn: an approver before you has yet to decide, see "
    "`progress.waitingOn`. Nothing was changed."
)


OUT = "You are not asked about this any more. Nothing was changed."


ABSENT = "There is no such invoice for this account. Nothing was changed."


NOT_TAKEN = (
    "BILL did not take this decision from you; see `approvers` and `status` of the "
    "invoice. Nothing was changed."
)


def payload(outcome: str, approvable: Any, errors: Any = ()) -> dict[str, Any]:
    return {
        "clientMutationId": None,
        "outcome": outcome,
        "approvable": approvable,
        "approvalStatus": None,
        "userErrors": list(errors),
    }
