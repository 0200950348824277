"""What of an object is compared to know that it changed.

What a provider tells now and then, or tells otherwise each time, is passed over: names
that are read apart, addresses of files that are signed anew, the order of rows, lines
that come with some answers only. ``updated_at`` is compared: for an approver's decision
that leaves the invoice pending it is the only trace in the invoice itself.
"""

from typing import TypeAlias

import msgspec

from gateway.changes.change import WatchedRecord
from gateway.domain import (
    ApprovalStatusRecord,
    CounterpartyRecord,
    InvoiceRecord,
    TargetDetails,
    UserRecord,
)

# An object that is not there is a thing to know, too.
Snapshot: TypeAlias = WatchedRecord | None


def create_snapshot(record: WatchedRecord | None) -> Snapshot:
    """Return what of a record is compared, the rest left blank."""
    match record:
        case InvoiceRecord():
            return msgspec.structs.replace(
                record,
                title="",
                counterparty=_settle_counterparty(record.counterparty),
                url=None,
                attachments=None,
            )
        case TargetDetails():
            statuses = [_settle_status(one) for one in record.statuses]
            target = record.target
            return msgspec.structs.replace(
                record,
                target=msgspec.structs.replace(
                    target, title="", person=_settle_user(target.person)
                ),
                statuses=sorted(statuses, key=lambda one: one.source_id),
            )
        case None:
            return None


def renew(former: Snapshot, now: Snapshot) -> tuple[Snapshot, bool]:
    """Return what is known after *former* and *now*, and whether that is a change."""
    if isinstance(former, InvoiceRecord) and isinstance(now, InvoiceRecord):
        if now.details is None:
            now = msgspec.structs.replace(now, details=former.details)
        elif former.details is None:
            former = msgspec.structs.replace(former, details=now.details)
    return now, now != former


def _settle_counterparty(one: CounterpartyRecord | None) -> CounterpartyRecord | None:
    if one is None or one.source_id is None:
        return one
    return msgspec.structs.replace(one, name=None)


def _settle_user(one: UserRecord | None) -> UserRecord | None:
    if one is None or one.source_id is None:
        return one
    return UserRecord(source_id=one.source_id, display_name=None, email=None)


def _settle_status(one: ApprovalStatusRecord) -> ApprovalStatusRecord:
    return msgspec.structs.replace(
        one,
        approver=_settle_user(one.approver),
        actual_approver=_settle_user(one.actual_approver),
        # It is the rule that made the duty, and its own changes are none of the duty's.
        workflow=None,
    )
