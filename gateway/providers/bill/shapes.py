"""BILL's JSON, as it comes over the wire; only the members that are used.

Numbers, flags and states are texts there, but for amounts and places in an order.
README.md has the pages; an unknown member is passed over.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Generic, TypeVar

import msgspec
from msgspec import Struct, field

T = TypeVar("T")


class Envelope(Struct, Generic[T], frozen=True):
    """What every call answers with success."""

    response_status: int
    response_data: T


class Wrapped(Struct, Generic[T], frozen=True):
    """An object as BILL's own client unwraps it (C2)."""

    obj: T


class Failure(Struct, frozen=True):
    """The data of an answer without success."""

    error_code: str = ""
    error_message: str = ""


class Head(Struct, frozen=True):
    """What tells success from failure, before the data are looked at."""

    response_status: int
    response_data: msgspec.Raw = msgspec.Raw(b"{}")


class SignIn(Struct, frozen=True, rename="camel"):
    """What ``Login`` gives; quirk: the user's id is spelled in the plural."""

    session_id: str
    users_id: str


class Related(Struct, frozen=True):
    """An object that another one refers to, by its name alone."""

    name: str | None = None


class Line(Struct, frozen=True, rename="camel"):
    """A line of a bill or of a vendor credit."""

    amount: Decimal | None = None
    description: str | None = None
    quantity: Decimal | None = None
    unit_price: Decimal | None = None


class Approvable(Struct, frozen=True, rename="camel"):
    """A bill or a vendor credit."""

    id: str
    created_time: str
    is_active: str = "1"
    vendor_id: str | None = None
    invoice_number: str | None = None
    ref_number: str | None = None
    invoice_date: str | None = None
    credit_date: str | None = None
    due_date: str | None = None
    amount: Decimal | None = None
    due_amount: Decimal | None = None
    approval_status: str = ""
    payment_status: str = ""
    updated_time: str | None = None
    related: Mapping[str, Related] = {}
    bill_line_items: list[Line] | None = None
    vendor_credit_line_items: list[Line] | None = None


class ApproverRow(Struct, frozen=True, rename="camel"):
    """A place in the chain of approvers of a bill or of a vendor credit."""

    id: str
    users_id: str
    status: str
    sort_order: int
    is_active: str = "1"
    bill_id: str | None = None
    vendor_credit_id: str | None = None
    status_changed_date: str | None = None


class User(Struct, frozen=True, rename="camel"):
    """A user of the organization."""

    id: str
    is_active: str = "1"
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    profile_id: str | None = None


class Profile(Struct, frozen=True):
    """A role, by whose name rights are known."""

    id: str
    name: str = ""


class Vendor(Struct, frozen=True):
    """Who sends bills."""

    id: str
    name: str | None = None


class Policy(Struct, frozen=True, rename="camel"):
    """An approval policy: one tier of amounts."""

    id: str
    type: str
    amount_threshold: Decimal
    min_num_approvers: int
    is_active: str
    name: str | None = None
    created_by: str | None = None
    created_time: str | None = None
    updated_time: str | None = None


class PolicyApprover(Struct, frozen=True, rename="camel"):
    """A person who must approve by a policy."""

    id: str
    approval_policy_id: str
    users_id: str
    is_active: str = "1"
    sort_order: int = 0


class QueuePage(Struct, frozen=True):
    """A page of what waits for a person."""

    approvals: list[Approvable]
    marker: str | None = None


class Created(Struct, frozen=True):
    """An object that was made, of which the id is used."""

    id: str


class BulkItem(Struct, frozen=True):
    """What became of one of many."""

    response_status: int


class Bulk(Struct, frozen=True):
    """What became of many, in their order."""

    bulk: list[BulkItem] = field(default_factory=list)
