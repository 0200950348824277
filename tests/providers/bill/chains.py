"""What the tests of chains share: states, and what is said."""

from typing import Any

from gateway.providers.bill.simulator.directory import (
    FORMER,
)

SET, CLEAR = "POST /SetApprovers.json", "POST /ClearApprovers.json"


PENDING = ("PENDING_APPROVAL", "PENDING")


APPROVED = ("APPROVED", "APPROVED")


FREE = ("UNASSIGNED", "NOT_REQUIRED")


DELETED = "This invoice was deleted in BILL. Nothing was changed."


DENIED_FIRST = (
    "This invoice was rejected, and BILL asks about it again only after its approvers "
    "were cleared: `clearApprovers` first. Nothing was changed."
)


PAID = (
    "BILL changes no approvers once a payment is scheduled or made. Nothing was "
    "changed."
)


ABSENT = "There is no such invoice for this account. Nothing was changed."


NO_APPROVER = "This invoice has no such approver. Nothing was changed."


DECIDED = (
    "This approver has decided already, and BILL takes back no decision but all of "
    "them: `clearApprovers`. Nothing was changed."
)


NOT_TAKEN = (
    "BILL did not take these approvers in the invoice's state. Nothing was changed."
)


NO_EMAIL = (
    "BILL has no active user with this e-mail; send `userSourceId`, the person's id. "
    "Nothing was changed."
)


SEVERAL = (
    "BILL has several active users with this e-mail; send `userSourceId`, the "
    "person's id. Nothing was changed."
)


OUT = "This approver is not asked any more. Nothing was changed."


WOULD_APPROVE = (
    "Only approvers who have approved would be left, which would approve the invoice. "
    "Name somebody who has yet to decide. Nothing was changed."
)


NOBODY_NAMED = (
    "`userSourceIds` takes one user at least; `clearApprovers` takes all approvers "
    "off. Nothing was changed."
)


HAS_LEFT = f"The user `{FORMER}` is not active in BILL any more. Nothing was changed."


# Each was paid, or will be, in part or whole.
BEING_PAID = ["BILL-1012", "BILL-1013", "BILL-1021", "BILL-1023"]


def payload(outcome: str, invoice: Any, errors: Any = (), **more: Any) -> Any:
    return {
        "clientMutationId": None,
        "outcome": outcome,
        "invoice": invoice,
        "userErrors": list(errors),
        **more,
    }


def unknown_user(user_id: str) -> str:
    return (
        f"BILL has no user `{user_id}` in this organization. Send ids of users as "
        "approvers show them. Nothing was changed."
    )


def no_right(user_id: str) -> str:
    return (
        f"The profile of the user `{user_id}` has no right to approve. Nothing was "
        "changed."
    )


def unmet(what: str) -> str:
    return (
        f"The approvers do not satisfy the policy that applies: {what} Nothing was "
        "changed."
    )
