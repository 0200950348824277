"""The names of the calls and of the entities that they work on (sections 2 to 6)."""

SESSION_CALLS = ("Logout", "GetSessionInfo")
SIGN_IN_CALLS = ("Login", "ListOrgs")
APPROVAL_CALLS = (
    "SetApprovers",
    "ClearApprovers",
    "Approve",
    "Deny",
    "ListApprovers",
    "ListUserApprovals",
)
LEGACY_CALLS = (
    "Approve/Bill",
    "Approve/VendorCredit",
    "Deny/Bill",
    "Deny/VendorCredit",
)

_EDITED = ("Create", "Read", "Update", "Delete", "Undelete")
VERBS = {
    "Bill": _EDITED,
    "VendorCredit": _EDITED,
    "Vendor": _EDITED,
    "ApprovalPolicy": _EDITED,
    "ApprovalPolicyApprover": ("Create", "Read", "Update", "Delete"),
    "User": ("Read",),
    "Profile": ("Read",),
    "BillApprover": ("Read",),
    "VendorCreditApprover": ("Read",),
}
APPROVER_LISTS = ("List/BillApprover", "List/VendorCreditApprover")
# Bulk has no Undelete (3.3).
BULK_VERBS = ("Create", "Read", "Update", "Delete")

CALL_NAMES = frozenset(
    (
        *SIGN_IN_CALLS,
        *SESSION_CALLS,
        *APPROVAL_CALLS,
        *LEGACY_CALLS,
        *(f"List/{entity}" for entity in VERBS),
        *(f"Crud/{verb}/{entity}" for entity, verbs in VERBS.items() for verb in verbs),
        *(
            f"Bulk/Crud/{verb}/{entity}"
            for entity, verbs in VERBS.items()
            for verb in verbs
            if verb in BULK_VERBS
        ),
    )
)
