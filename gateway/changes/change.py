"""What a watcher is told."""

from datetime import datetime
from typing import TypeAlias

from msgspec import Struct

from gateway.connector import Account
from gateway.domain import ApprovableKey, ChangeCause, InvoiceRecord, TargetDetails

WatchedRecord: TypeAlias = InvoiceRecord | TargetDetails

_WEAKEST_FIRST = (ChangeCause.POLL, ChangeCause.WEBHOOK, ChangeCause.GATEWAY)


class Change(Struct, frozen=True, kw_only=True):
    """Something changed.

    *record* is how it stood *at* that instant, as *account* sees it; None where there
    is no such object for that account any more. *error* is why it could not be read.
    """

    key: ApprovableKey
    account: Account
    record: WatchedRecord | None
    error: Exception | None = None
    cause: ChangeCause
    at: datetime


def strongest(*causes: ChangeCause) -> ChangeCause:
    """Return what several changes that are told as one are put down to.

    A provider tells as well what this gateway did, and a poll finds what either told.
    """
    return max(causes, key=_WEAKEST_FIRST.index)
