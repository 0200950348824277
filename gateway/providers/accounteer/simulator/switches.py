"""The switches of the simulator: one per thing that the wire notes leave open.

The notes are the project's wire notes on Accounteer; a reference such as *X8* or *5.4*
in a docstring below is a row or a section of them.
"""

from typing import Annotated, Literal

import msgspec

Fault = Literal[
    "none",
    "slow",
    "unavailable",
    "bad_gateway",
    "internal_error",
    "throttled",
    "throttled_without_hint",
    "html",
    "empty",
    "wrong_shape",
    "lost_answer",
    "timed_out",
    "unauthorised",
    "edited_before_approve",
]
CallName = Literal[
    "authorize",
    "token",
    "list_invoices",
    "read_invoice",
    "create_invoice",
    "update_invoice",
    "approve_invoice",
    "delete_invoice",
    "add_invoice_attachment",
    "delete_invoice_attachment",
    "send_invoice",
    "pay_invoice",
    "list_purchases",
    "read_purchase",
    "create_purchase",
    "update_purchase",
    "approve_purchase",
    "delete_purchase",
    "add_purchase_attachment",
    "delete_purchase_attachment",
    "pay_purchase",
    "delete_payment",
    "create_offer",
    "update_offer",
    "list_contacts",
    "read_contact",
    "create_contact",
    "update_contact",
    "list_team",
    "create_team_member",
    "delete_team_member",
    "list_items",
    "list_low_stock",
    "read_item",
    "create_item",
    "update_item",
    "add_item_image",
    "delete_item_image",
    "list_taxes",
    "read_tax",
    "create_tax",
    "list_accounts",
    "read_account",
    "create_account",
    "list_account_types",
    "list_organisations",
    "read_organisation",
    "update_organisation",
]
IssueDateField = Literal["date_issued", "date_issed", "issued_date"]
Count = Annotated[int, msgspec.Meta(ge=0)]
PositiveCount = Annotated[int, msgspec.Meta(ge=1)]
Seconds = Annotated[float, msgspec.Meta(ge=0)]


class AccounteerSwitches(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """How the simulated service behaves.

    What it does:
        purchase_approve: What ``POST /purchases/:id`` does (5.11): it works, or it is
            no route (404), or a verb that this path has not (405), or it answers 200
            and ignores ``status``.
        lenient_double_approve: Whether exactly ``{"invoice":{"status":"approved"}}``
            on an approved document answers 200 with it unchanged (5.4).
        document_number_at_approval: Whether a document without a number gets one when
            it is approved, or keeps ``-`` (X8).
        unlisted_lines_stay: Whether lines that an update does not list stay (5.3).
        issue_date_fields: The spellings of the issue date that requests may use (X2);
            another one is ignored in silence (6.4, 10).

    Statuses (3.2, 3.4):
        create_status_code: The status of a create.
        approve_status_code: The status of an approval; 204 has no body.
        delete_status_code: The status of a delete; 200 has a body.
        state_refusal_status: The status of ``invalid_state``.

    Lists (3.3):
        list_form: A bare array, or an object that holds it under the plural name,
            ``data`` or ``results``.
        list_order: Newest ``date_created`` first and then by id, or no order at all.
        paging: Whether ``page`` and ``limit`` are honoured; else a list is whole.
        filters: Whether ``status``, ``client_id``, ``date_from`` and ``date_to`` are.

    Tokens (2):
        token_seconds: The lifetime of an access token that was issued.
        expires_in_told: Whether the token reply has ``expires_in``.
        refresh_rotates: Whether a refresh token dies of its use; else the reply has
            none and the old one stays.
        rate_limit: Calls per token and minute (3.5); 0 is no limit, 60 is the one
            that the notes name.

    Faults:
        fault: What goes wrong. *slow* waits *fault_seconds* before the work;
            *unavailable* 503, *internal_error* 500, *throttled* 429 with
            ``Retry-After`` and *throttled_without_hint* 429 without, *unauthorised*
            401, all in the form of 3.4; *bad_gateway* 502 and *timed_out* 504 as a
            page, nothing was done; *html* 200 with a page; *wrong_shape* 200 with JSON
            of another shape. Two do the work: *lost_answer* then answers 504, *empty*
            sends the right status without a body. *edited_before_approve* hits
            approvals alone: somebody changes the document's amount just before (6.3).
        fault_calls: The calls that it hits; empty means every call but ``token`` and
            ``authorize``.
        fault_seconds: How long *slow* waits.
        fault_times: How many calls it hits before things are well again; 0 means no
            end. Assigning switches starts the count again.
    """

    purchase_approve: Literal["present", "absent_404", "absent_405", "ignored"] = (
        "present"
    )
    lenient_double_approve: bool = False
    document_number_at_approval: Literal["assigned", "dash"] = "assigned"
    unlisted_lines_stay: bool = False
    issue_date_fields: tuple[IssueDateField, ...] = (
        "date_issued",
        "date_issed",
        "issued_date",
    )

    create_status_code: Literal[200, 201] = 201
    approve_status_code: Literal[200, 201, 202, 204] = 200
    delete_status_code: Literal[200, 204] = 204
    state_refusal_status: Literal[409, 422] = 422

    list_form: Literal["array", "plural", "data", "results"] = "array"
    list_order: Literal["newest_first", "shuffled"] = "newest_first"
    paging: bool = False
    filters: bool = False

    token_seconds: PositiveCount = 3_600
    expires_in_told: bool = True
    refresh_rotates: bool = True
    rate_limit: Count = 0

    fault: Fault = "none"
    fault_calls: tuple[CallName, ...] = ()
    fault_seconds: Seconds = 0
    fault_times: Count = 0
