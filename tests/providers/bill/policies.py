"""What the tests of policies' writes share: what is sent, and what is said."""

from typing import Any

CREATE = "POST /Crud/Create/ApprovalPolicy.json"


BULK = "POST /Bulk/Crud/Create/ApprovalPolicyApprover.json"


DELETE = "POST /Crud/Delete/ApprovalPolicy.json"


NOW = "2026-11-02T18:00:00+00:00"


NOT_ADMINISTRATOR = (
    "BILL lets administrators change policies, and you are none there. Nothing was "
    "changed."
)


ABSENT = "There is no such policy for this account. Nothing was changed."


WITHDRAWN = (
    "BILL made the policy, but not all of its mandatory approvers, so the policy was "
    "deleted again."
)


NOT_TAKEN = "BILL does not take this change of the policy. Nothing was changed."


BAD_VALUES = "BILL does not take a policy of these values. Nothing was changed."


BAD_AMOUNT = "`amountThreshold` takes zero or more, below a thousand billion."


BAD_CENTS = "`amountThreshold` takes two decimals at most."


BAD_COUNT = "`minimumApprovers` takes 0 to 100."


def payload(outcome: str, policy: Any, errors: Any = ()) -> dict[str, Any]:
    return {
        "clientMutationId": None,
        "outcome": outcome,
        "policy": policy,
        "userErrors": list(errors),
    }


def unknown_user(user_id: str) -> str:
    return (
        f"BILL has no user `{user_id}` in this organization. Send ids of users as "
        "approvers show them. Nothing was changed."
    )


def inactive(user_id: str) -> str:
    return f"The user `{user_id}` is not active in BILL any more. Nothing was changed."
