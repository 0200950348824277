"""How long an answer may be kept, and by whom: what stands in its cache headers.

It follows from what the operation reads: the kind of record that ages first decides.
"""

import base64
import hashlib
from collections.abc import Iterable

from gateway.security import Caller
from gateway.settings import MaxAges

NO_STORE = "no-store"

# Which kind of record a type of the graph belongs to. What is missing here is a part of
# another record, which its own fields count for.
_KINDS = {
    "Invoice": "invoice",
    "InvoiceConnection": "invoice",
    "Booking": "booking",
    "TimeEntry": "time_entry",
    "Expense": "expense",
    "Approver": "approvers",
    "ApprovalProgress": "approvers",
    "ApprovalStatus": "approval_status",
    "ApprovalStatusConnection": "approval_status",
    "Policy": "policy",
    "PolicyConnection": "policy",
    "ApprovalWorkflow": "workflow",
    "User": "user",
}
# These fields are asked anew each time, whatever the type is that has them.
_OF_NOW = frozenset({"sources"})
# What is of one person, and of nobody's use to another.
_PERSONAL_TYPES = frozenset({"Viewer"})
_PERSONAL_FIELDS = frozenset({"viewer", "viewerActions"})


def find_cache_control(reads: Iterable[str], ages: MaxAges, caller: Caller) -> str:
    """Return the ``Cache-Control`` of an answer without errors to a query.

    *reads* are the fields that it selected, as `Type.field`. What is personal is not
    stored; what a known caller sees is theirs alone; the rest anybody may share.
    """
    seconds = None
    for read in reads:
        type_name, _, field = read.partition(".")
        if type_name in _PERSONAL_TYPES or field in _PERSONAL_FIELDS:
            return NO_STORE
        kind = _KINDS.get(type_name)
        if field in _OF_NOW:
            seconds = 0
        elif kind is not None:
            age: int = getattr(ages, kind)
            seconds = age if seconds is None else min(seconds, age)
    scope = "public" if caller.subject is None else "private"
    return f"{scope}, max-age={seconds}" if seconds else f"{scope}, no-cache"


def create_etag(body: bytes, media_type: str) -> str:
    """Return the strong validator of a body of a type, before it is compressed."""
    digest = hashlib.sha256(media_type.encode() + b"\n" + body).digest()[:18]
    return f'"{base64.urlsafe_b64encode(digest).decode("ascii")}"'


def is_match(if_none_match: str, etag: str) -> bool:
    """Return whether a client has what *etag* stands for (RFC 9110, 13.1.2)."""
    known = [one.strip().removeprefix("W/") for one in if_none_match.split(",")]
    return etag in known or known == ["*"]
