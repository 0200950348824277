"""What a write ends with, where it was not refused."""

from msgspec import Struct

from gateway.domain import Outcome, TargetKey
from gateway.errors import GatewayError


class Written(Struct, frozen=True, kw_only=True):
    """What is known of a write that was not refused.

    *approver_source_id* and *policy_source_id* name the approval record and the
    policy that the write made or met, *approval_status_source_id* the duty that was
    decided, and *target* what it is about. *version* is the object's as it was read
    right before, where it was computed for that. *remark* is what
    the person must know all the same.
    """

    outcome: Outcome
    approver_source_id: str | None = None
    policy_source_id: str | None = None
    approval_status_source_id: str | None = None
    target: TargetKey | None = None
    version: str | None = None
    remark: GatewayError | None = None
