"""What a watcher is told."""

from datetime import datetime
from typing import TypeAlias

from msgspec import Struct

from gateway.connector import Account
from gateway.domain import ApprovableKey, ChangeCause, InvoiceRecord, TargetDetails

WatchedRecord: TypeAlias = InvoiceRecord | TargetDetails


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
