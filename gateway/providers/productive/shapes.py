"""The JSON that Productive sends: JSON:API documents, and the attributes in them.

Samples of each are in ``tests/providers/productive/samples``. Members that nothing
here reads are left out.
"""

import datetime as dt
from decimal import Decimal
from typing import Annotated

import msgspec
from msgspec import UNSET, Struct, UnsetType

Instant = Annotated[dt.datetime, msgspec.Meta(tz=True)]


class Identifier(Struct, frozen=True):
    """Which resource a relationship leads to."""

    type: str
    id: str


class Relationship(Struct, frozen=True):
    """A relationship; without *data*, which is not null, it was not included."""

    data: Identifier | list[Identifier] | UnsetType | None = UNSET


class Resource(Struct, frozen=True):
    """One object; *attributes* are read once it is known what it is."""

    id: str
    type: str
    attributes: msgspec.Raw = msgspec.Raw(b"{}")
    relationships: dict[str, Relationship] = {}


class Meta(Struct, frozen=True):
    """Where a page stands in its list."""

    current_page: int
    total_pages: int
    total_count: int


class One(Struct, frozen=True):
    """The document of one object."""

    data: Resource
    included: list[Resource] = []


class Many(Struct, frozen=True):
    """The document of a page of a list."""

    data: list[Resource]
    meta: Meta
    included: list[Resource] = []


class Problem(Struct, frozen=True):
    """One error.

    Its `status` is an integer, a number as text or a word (C2), so that nobody reads
    it; *code* is missing in the documented form.
    """

    code: str | None = None
    title: str | None = None


class Failure(Struct, frozen=True):
    """The document of a refusal."""

    errors: list[Problem]


class StatusAttributes(Struct, frozen=True):
    """An approval status."""

    target_type: str
    approved_at: Instant | None
    rejected_at: Instant | None
    approver_group_key: str | None = None
    dynamic_approver_type_id: int | None = None
    fallback_approver_type_id: int | None = None
    note: str | None = None


class BookingAttributes(Struct, frozen=True):
    """A booking; times are minutes."""

    started_on: dt.date
    ended_on: dt.date
    approved: bool
    rejected: bool
    canceled: bool | None = None
    draft: bool | None = None
    total_time: int | None = None
    time: int | None = None
    total_working_days: Decimal | None = None
    percentage: Decimal | None = None
    note: str | None = None
    approved_at: Instant | None = None
    rejected_at: Instant | None = None
    rejected_reason: str | None = None
    canceled_at: Instant | None = None
    created_at: Instant | None = None
    updated_at: Instant | None = None


class TimeEntryAttributes(Struct, frozen=True):
    """A time entry; times are minutes."""

    date: dt.date
    approved: bool
    rejected: bool
    time: int | None = None
    billable_time: int | None = None
    note: str | None = None
    draft: bool | None = None
    submitted: bool | None = None
    invoiced: bool | None = None
    approved_at: Instant | None = None
    rejected_at: Instant | None = None
    rejected_reason: str | None = None
    created_at: Instant | None = None
    updated_at: Instant | None = None


class ExpenseAttributes(Struct, frozen=True):
    """An expense; amounts are hundredths of its currency."""

    date: dt.date
    approved: bool
    rejected: bool
    name: str | None = None
    amount: int | None = None
    billable_amount: int | None = None
    currency: str | None = None
    quantity: Decimal | None = None
    exchange_rate: Decimal | None = None
    draft: bool | None = None
    invoiced: bool | None = None
    reimbursable: bool | None = None
    reimbursed_on: dt.date | None = None
    paid_on: dt.date | None = None
    approved_at: Instant | None = None
    rejected_at: Instant | None = None
    rejected_reason: str | None = None
    deleted_at: Instant | None = None
    created_at: Instant | None = None


class PersonAttributes(Struct, frozen=True):
    """A person."""

    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    deactivated_at: str | None = None


class WorkflowAttributes(Struct, frozen=True):
    """An approval workflow."""

    approval_requirement_id: int | None = None
    dynamic_approver_ids: list[int] | None = None


class PolicyAttributes(Struct, frozen=True):
    """An approval policy."""

    name: str | None = None
    archived_at: Instant | UnsetType | None = UNSET


class Delivery(Struct, frozen=True):
    """What a webhook brings; its object, which may be old, is not read."""

    event: str
    item_type: str
    item_id: int | str
    created: str


class AssignmentAttributes(Struct, frozen=True):
    """That a policy is for somebody, or for a deal."""

    target_type: str


class EventAttributes(Struct, frozen=True):
    """A sort of absence."""

    name: str | None = None
