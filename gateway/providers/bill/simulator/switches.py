"""The switches of the simulator: one per thing that the wire notes leave open.

The notes are the project's wire notes on BILL v2; a reference such as *C3* or *3.2* in
a docstring below is a row or a section of them.
"""

from typing import Annotated, Literal

import msgspec

from gateway.providers.bill.simulator.names import CALL_NAMES

Fault = Literal[
    "none",
    "slow",
    "lost_answer",
    "bad_gateway_html",
    "html",
    "truncated",
    "empty",
    "system_error",
    "session_lost",
    "busy",
    "spent",
]
Count = Annotated[int, msgspec.Meta(ge=0)]
PositiveCount = Annotated[int, msgspec.Meta(ge=1)]
Seconds = Annotated[float, msgspec.Meta(ge=0)]


class BillSwitches(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """How the simulated organization behaves.

    What the wire looks like:
        wrapped_list_approvers: Each item of ``ListApprovers`` is ``{"obj": {…}}``
            (C2).
        read_wrapped: ``Crud/Read`` of an approver's row answers ``{"obj": {…}}``
            (3.1 "Read items wrapped in obj").
        related_names: Whether ``nested`` adds ``related`` with the vendor's name
            (3.2, 5.7).
        denied_value: ``approvalStatus`` of a denied object (C1).
        unknown_statuses: ``approvalStatus`` and the ``status`` of approvers are "9",
            which nobody documented (C1 "any unknown value").
        http_status_on_error: *200*, or *real* for the status that fits the failure
            (1.3). An unknown path is 404 either way.
        quirk_update_inactive: The reply to an update of a policy says ``isActive``
            "2", whatever is stored (C4).

    What there is:
        list_billapprover_missing: ``List/BillApprover`` and
            ``List/VendorCreditApprover`` do not exist (5.6).
        legacy_approval_paths: ``Approve/Bill`` and its like exist (C8).

    Lists (3.2):
        in_filter_unsupported: ``in`` and ``nin`` are unknown.
        in_filter_ignored: A condition with ``in`` or ``nin`` is dropped silently.
        in_filter_literal: The value of ``in`` and ``nin`` is not split at commas.
        list_cap: The most rows of a page (C6).
        list_over_cap: What a greater ``max`` does (C6).

    Approval:
        clear_forgets_approvals: After ``ClearApprovers`` everybody is asked again,
            also who had approved (C3).
        accept_unsatisfying_chain: ``SetApprovers`` may break the policy (5.1).
        threshold_rule: Whether a policy governs the amount of its threshold, or only
            what is above it (C5).

    Limits (1.5, 8.3):
        calls_per_hour: Calls per developer key and clock hour.
        sign_ins_per_hour: ``Login`` and ``ListOrgs`` among them.
        concurrent_calls: Calls at one time per developer key and organization.
        latency_seconds: How long every call holds its slot.

    Faults (1.3, 8.2, 8.3):
        fault: What goes wrong. *slow* waits *fault_seconds* before the work. In place
            of the work: *bad_gateway_html* answers 502 with a page, *html* 200 with a
            page, *system_error* BDC_1001, *session_lost* BDC_1109 (the session has
            ended), *busy* BDC_1322, *spent* BDC_1144. After the work: *lost_answer*
            answers 502 with a page, *truncated* sends half of the JSON, *empty* 200
            without a body.
        fault_calls: The calls that it hits, such as "Approve" or "List/Bill"; empty
            means every call but ``Login``.
        fault_seconds: How long *slow* waits.
        fault_times: How many calls it hits before things are well again; 0 means no
            end. Assigning switches starts the count again.
    """

    wrapped_list_approvers: bool = False
    read_wrapped: bool = False
    related_names: bool = True
    denied_value: Literal["5", "2"] = "5"
    unknown_statuses: bool = False
    http_status_on_error: Literal["200", "real"] = "200"
    quirk_update_inactive: bool = False

    list_billapprover_missing: bool = False
    legacy_approval_paths: bool = False

    in_filter_unsupported: bool = False
    in_filter_ignored: bool = False
    in_filter_literal: bool = False
    list_cap: Literal[999, 1000] = 999
    list_over_cap: Literal["clamp", "error"] = "clamp"

    clear_forgets_approvals: bool = False
    accept_unsatisfying_chain: bool = False
    threshold_rule: Literal["at_least", "above"] = "at_least"

    calls_per_hour: Count = 20_000
    sign_ins_per_hour: Count = 200
    concurrent_calls: PositiveCount = 3
    latency_seconds: Seconds = 0

    fault: Fault = "none"
    fault_calls: tuple[str, ...] = ()
    fault_seconds: Seconds = 0
    fault_times: Count = 0

    def __post_init__(self) -> None:
        unknown = sorted(set(self.fault_calls) - CALL_NAMES)
        if unknown:
            raise ValueError(f"no call is named {', '.join(unknown)}")
