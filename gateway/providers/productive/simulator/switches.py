"""The switches of the simulator: one per thing that the wire notes leave open.

The notes are the project's wire notes on Productive; a reference such as *C3* or *3.2*
in a docstring below is a row or a section of them.
"""

from typing import Annotated, Literal

import msgspec

from gateway.providers.productive.simulator.names import CALL_NAMES, LISTED

Fault = Literal[
    "none",
    "slow",
    "lost_answer",
    "server_error",
    "html",
    "truncated",
    "empty",
    "unauthorized",
    "rate_limited",
    "moved",
]
Count = Annotated[int, msgspec.Meta(ge=0)]
PositiveCount = Annotated[int, msgspec.Meta(ge=1)]
Seconds = Annotated[float, msgspec.Meta(ge=0)]


class ProductiveSwitches(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """How the simulated service behaves.

    What the wire looks like:
        error_form: The form of errors that was seen *live*, or the *documented* one
            (C2).
        assignment_target_type: How ``target_type`` of an assignment is spelled (C8).
        retry_after: Whether 429 has ``Retry-After`` (2.6).

    What there is:
        bookings_unapprove: ``PATCH /bookings/{id}/unapprove`` exists (C3).
        expense_reject: Expenses can be rejected and unrejected (C4).
        workflow_list: ``GET /approval_workflows`` exists (C5).
        bulk_status_approve: ``PATCH /approval_statuses/approve`` exists (C7).

    Lists (2.4):
        lenient_filters: Unknown filters are ignored silently, everywhere (C1).
        lenient_paths: The resources where they are, such as "approval_statuses".
        ignored_filters: Filters such as "booking_id" that are ignored silently
            wherever they occur, known or not.
        policy_id_filter: Policies and their assignments have ``filter[id]`` (C6).
        comma_filters: What a comma list means in a filter that no page tags as an
            array: *any* of the values; *refused* with 400; or only the *first* value.
        expense_status_filter: ``status`` of expenses means *paid* or *approval* (C9).
        person_type_filter: Which values ``person_type`` takes (C10).

    Approval (10.2, 10.3):
        unapprove_recreates: An approval that is undone makes new rows; else the old
            ones are pending again.
        reject_at_once: One rejection rejects the target; else, under "Any of", it
            stays pending until everybody has rejected.
        approval_off: Approvals are switched off: new targets are approved at once.
        target_lag_ms: How long readers are told a target's old state after a row
            changed it.
        note_length: The longest note of a decision, in characters; beyond it is 422.

    Limits (2.6):
        calls_per_10_seconds: Per organization and token, in fixed windows.
        calls_per_30_minutes: Likewise.
        latency_seconds: How long every call takes.

    Webhooks (8.2):
        webhook_retries: When the 12 repetitions of a failed delivery are due (C11).
        webhook_duplicates: Every delivery is sent twice.
        webhook_reordered: What is due goes out newest first.

    Faults (10.4):
        fault: What goes wrong. *slow* waits *fault_seconds* before the work. In place
            of the work: *server_error* answers 500, *html* 200 with a page,
            *unauthorized* 401, *rate_limited* 429. After the work: *lost_answer*
            answers 502 with a page, *truncated* sends half of the JSON, *empty* the
            status without a body. *moved* lists rows in another order than by id.
        fault_calls: The calls that it hits, such as "GET /bookings" or "PATCH
            /approval_statuses/{id}/approve"; empty means every call.
        fault_seconds: How long *slow* waits.
        fault_times: How many calls it hits before things are well again; 0 means no
            end. Assigning switches starts the count again.
    """

    error_form: Literal["live", "documented"] = "live"
    assignment_target_type: Literal["lower", "title"] = "lower"
    retry_after: bool = False

    bookings_unapprove: bool = False
    expense_reject: bool = True
    workflow_list: bool = False
    bulk_status_approve: bool = False

    lenient_filters: bool = False
    lenient_paths: tuple[str, ...] = ()
    ignored_filters: tuple[str, ...] = ()
    policy_id_filter: bool = True
    comma_filters: Literal["any", "refused", "first"] = "any"
    expense_status_filter: Literal["paid", "approval"] = "paid"
    person_type_filter: Literal["both", "number", "word"] = "both"

    unapprove_recreates: bool = True
    reject_at_once: bool = True
    approval_off: bool = False
    target_lag_ms: Count = 0
    note_length: Count = 10_000

    calls_per_10_seconds: Count = 100
    calls_per_30_minutes: Count = 4_000
    latency_seconds: Seconds = 0

    webhook_retries: Literal["spread_48_hours", "every_12_hours"] = "spread_48_hours"
    webhook_duplicates: bool = False
    webhook_reordered: bool = False

    fault: Fault = "none"
    fault_calls: tuple[str, ...] = ()
    fault_seconds: Seconds = 0
    fault_times: Count = 0

    def __post_init__(self) -> None:
        unknown = sorted(set(self.fault_calls) - CALL_NAMES)
        if unknown:
            raise ValueError(f"no call is named {', '.join(unknown)}")
        foreign = sorted(set(self.lenient_paths) - set(LISTED))
        if foreign:
            raise ValueError(f"no resource is named {', '.join(foreign)}")

    def is_lenient(self, resource: str) -> bool:
        """Whether unknown filters of *resource* are ignored."""
        return self.lenient_filters or resource in self.lenient_paths
