"""The switches of the simulator: one per thing that the wire notes leave open.

The notes are the project's wire notes on Ottimate; a reference such as *C3* or *3.7*
in a docstring below is a row or a section of them.
"""

from typing import Annotated, Literal

import msgspec

AbsentCall = Literal["approve", "add_approver", "remove_approver", "create_invoice"]
Permission = Literal[
    "approve",
    "force_approve",
    "add_approvers",
    "manage_policies",
    "edit",
    "edit_approved",
    "edit_exported",
    "export",
    "flag",
]
Fault = Literal[
    "none",
    "slow",
    "unavailable",
    "bad_gateway",
    "internal_error",
    "throttled",
    "spent",
    "html",
    "empty",
    "wrong_shape",
    "lost_answer",
    "timed_out",
    "unauthorised",
    "concurrent_edit",
]
CallName = Literal[
    "token",
    "list_accounts",
    "list_companies",
    "list_locations",
    "list_invoices",
    "create_invoice",
    "read_invoice",
    "patch_invoice",
    "list_approvers",
    "add_approver",
    "remove_approver",
    "approve",
    "flag",
    "mark_exported",
    "mark_unexported",
]
Count = Annotated[int, msgspec.Meta(ge=0)]
PositiveCount = Annotated[int, msgspec.Meta(ge=1)]
Seconds = Annotated[float, msgspec.Meta(ge=0)]


class OttimateSwitches(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """How the simulated account behaves.

    What the account has:
        absent_calls: Calls that this account lacks (C1).
        absent_status: The status of an absent call (C1, 3.3); 403 answers
            ``{"message": "Missing Authentication Token"}``, as every unknown route
            does, the others their own reason in the same form.
        approval_mode: The account's approval mode (6.2, 6.3): *advanced* asks the
            people whom policies name, *single* anyone who may approve, *none* sends
            a complete invoice straight to export.
        protected_states: Protected Invoice States (6.3): a change after approval
            needs a permission of its own.
        withheld_permissions: Taken from every API User, whatever the person has
            (5.10 "caller lacks permission", 6.2).
        custom_field_keys: The custom fields that are specified (5.4); without any,
            each use of ``custom_fields`` is refused.

    What the wire looks like:
        manual_policy: ``policy`` of an approver added by hand (C3): an object of
            empty strings, null, or no such key.
        approver_status_field: Adds ``status`` and ``approved_date`` to approval
            records (5.9).
        approver_body: The body that adding an approver understands (5.10).
        add_approver_status: The status of an approver added (5.10).
        remove_approver_status: The status of an approver removed; 204 has no body
            (5.11).
        unset_approved_date: ``approved_date`` before approval (4.2).
        items_in_detail: Whether ``GET /invoices/{id}`` has ``items`` (C13).
        invoice_ids_filter: False lets the list ignore ``invoice_ids`` silently
            (5.2), which a client must notice.
        stale_read_seconds: How long ``GET /invoices/{id}`` repeats an old answer
            (3.7); 300 is what the provider documents.

    Tokens:
        token_seconds: The lifetime of an access token (C4).
        token_error_form: The form of a refused token call (2.2): ErrorResponse, or
            the plain form of OAuth.

    Idempotency:
        idempotency: Whether ``Idempotency-Key`` works (C12).
        idempotency_on_unlisted_writes: Whether it works on writes for which the
            reference does not list it (3.6).

    Limits (3.5):
        day_quota: Calls per API key and UTC day.
        steady_per_second: Tokens that the bucket gains in a second.
        burst: Tokens that the bucket holds.

    Faults (3.3, 6.4):
        fault: What goes wrong. *slow* waits *fault_seconds*, and from 29 seconds on
            answers 504 after the work; *unavailable* 503, *bad_gateway* 502,
            *throttled* 429 "Too Many Requests", *spent* 429 "Limit Exceeded" in the
            form of the gateway; *internal_error* 500, *unauthorised* 401 and
            *concurrent_edit* 412 (5.4) as ErrorResponse; *html* 200 with a page;
            *wrong_shape* 200 with JSON of another shape; *timed_out* 504, nothing
            was done. Two do the work: *lost_answer* then answers 504, *empty* sends
            the right status without a body.
        fault_calls: The calls that it hits; empty means every call but ``token``.
        fault_seconds: How long *slow* waits.
        fault_times: How many calls it hits before things are well again; 0 means no
            end. Assigning switches starts the count again.
    """

    absent_calls: tuple[AbsentCall, ...] = ()
    absent_status: Literal[403, 404, 405, 501] = 403
    approval_mode: Literal["advanced", "single", "none"] = "advanced"
    protected_states: bool = False
    withheld_permissions: tuple[Permission, ...] = ()
    custom_field_keys: tuple[str, ...] = ("project_code", "cost_owner")

    manual_policy: Literal["empty_object", "null", "missing"] = "empty_object"
    approver_status_field: bool = False
    approver_body: Literal["approver_id", "approver_ids", "user_id", "email"] = (
        "approver_id"
    )
    add_approver_status: Literal[200, 201] = 201
    remove_approver_status: Literal[200, 204] = 200
    unset_approved_date: Literal["null", "missing"] = "null"
    items_in_detail: bool = True
    invoice_ids_filter: bool = True
    stale_read_seconds: Seconds = 0

    token_seconds: PositiveCount = 31_536_000
    token_error_form: Literal["error_response", "oauth"] = "error_response"  # noqa: S105 (a form, no secret)

    idempotency: bool = True
    idempotency_on_unlisted_writes: bool = True

    day_quota: Count = 10_000
    steady_per_second: PositiveCount = 1_000
    burst: PositiveCount = 2_000

    fault: Fault = "none"
    fault_calls: tuple[CallName, ...] = ()
    fault_seconds: Seconds = 0
    fault_times: Count = 0
