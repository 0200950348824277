"""What an organization holds; times are aware, ids are text, None is null."""

from datetime import date, datetime
from typing import Any, ClassVar

import msgspec

# `person_type`, `role_id`, `approval_requirement_id`, roles, fallbacks (C10, 3, 4).
USER, CONTACT, PLACEHOLDER = 1, 2, 3
ADMIN, STAFF = 1, 2
NONE, ANY, ALL = 1, 2, 3
MANAGER, BUDGET_OWNER, PROJECT_MANAGER, DESIGNATED_APPROVER = 1, 2, 3, 4
FALLBACK_ORGANIZATION_OWNER, FALLBACK_BUDGET_OWNER = 1, 2
ABSENCE_POLICY, BUDGET_POLICY, DEAL_POLICY = 1, 2, 3
EVENT_TARGET, TIME_TARGET, EXPENSE_TARGET = 1, 2, 3

# Some of what has a date calls it just that.
Day = date


class Entity(msgspec.Struct, kw_only=True):
    """What every object has."""

    id: str
    organization_id: str


class Organization(Entity, kw_only=True):
    """An organization; its own id is also its `organization_id`."""

    name: str
    owner_id: str


class Person(Entity, kw_only=True):
    """Somebody in one organization; persons of one `user_id` are one human being."""

    user_id: str | None
    first_name: str
    last_name: str
    email: str
    title: str | None = None
    role_id: int = STAFF
    person_type: int = USER
    manager_id: str | None = None
    company_id: str | None = None
    deactivated_at: datetime | None = None
    joined_at: datetime
    virtual: bool = False

    @property
    def is_admin(self) -> bool:
        """Whether they may act on behalf of anybody."""
        return self.role_id == ADMIN


class Named(Entity, kw_only=True):
    """A thing of which the simulator tells no more than a name."""

    name: str


class Project(Named, kw_only=True):
    """A project with the person who manages it."""

    manager_id: str | None = None


class Deal(Named, kw_only=True):
    """A budget, its owner, and the approver that was designated for it."""

    project_id: str
    company_id: str
    responsible_id: str | None = None
    designated_approver_id: str | None = None


class Service(Named, kw_only=True):
    """What time and expenses are booked on."""

    deal_id: str


class Event(Named, kw_only=True):
    """An absence category."""

    event_type_id: int = 1
    color_id: int = 1
    icon_id: int = 1
    limitation_type_id: int = 1
    half_day_bookings: bool = True
    absence_type: str = "time_off"
    sync_personal_integrations: bool = False
    archived_at: datetime | None = None


class Policy(Entity, kw_only=True):
    """An approval policy."""

    name: str | None
    type_id: int
    custom: bool = False
    default: bool = False
    description: str | None = None
    archived_at: datetime | None = None


class Assignment(Entity, kw_only=True):
    """The policy of one person or one budget; exactly one of the two is set."""

    policy_id: str
    person_id: str | None = None
    deal_id: str | None = None


class Workflow(Entity, kw_only=True):
    """Who approves what under a policy; *event_id* is set for absences alone."""

    policy_id: str
    event_id: str | None
    target_type_id: int
    approval_requirement_id: int
    approver_ids: list[str] = []
    subscriber_ids: list[str] = []
    dynamic_approver_ids: list[int] = []
    dynamic_subscriber_ids: list[int] = []


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How far a target is: pending where neither time is set."""

    approved_at: datetime | None = None
    approver_id: str | None = None
    rejected_at: datetime | None = None
    rejecter_id: str | None = None
    rejected_reason: str | None = None

    @property
    def is_pending(self) -> bool:
        """Whether it is neither approved nor rejected."""
        return self.approved_at is None and self.rejected_at is None


class Target(Entity, kw_only=True):
    """What is approved.

    Attributes:
        standing: What is so.
        previous: What a reader is still told before *shown_at* (10.3, lag).
        is_automatic: Whether it was approved without anybody being asked.
        unapproved: How often its approval was undone.
    """

    kind: ClassVar[str] = ""
    type: ClassVar[str] = ""

    person_id: str
    creator_id: str
    created_at: datetime
    updated_at: datetime
    last_activity_at: datetime
    note: str | None = None
    draft: bool = False
    service_id: str | None = None
    standing: Standing = Standing()
    previous: Standing = Standing()
    shown_at: datetime | None = None
    is_automatic: bool = False
    canceled_at: datetime | None = None
    deleted_at: datetime | None = None

    def shown(self, now: datetime) -> Standing:
        """Return the standing that is told at *now*."""
        is_late = self.shown_at is not None and now < self.shown_at
        return self.previous if is_late else self.standing


class Booking(Target, kw_only=True):
    """An absence (with an event) or project time (with a service)."""

    kind: ClassVar[str] = "booking"
    type: ClassVar[str] = "bookings"

    event_id: str | None = None
    started_on: Day
    ended_on: Day
    time: int = 480
    percentage: int | None = None
    booking_method_id: int = 1
    canceler_id: str | None = None


class TimeEntry(Target, kw_only=True):
    """Minutes that somebody worked."""

    kind: ClassVar[str] = "time_entry"
    type: ClassVar[str] = "time_entries"

    date: Day
    time: int
    billable_time: int
    submitted: bool = False
    invoiced: bool = False


class Expense(Target, kw_only=True):
    """What somebody paid; amounts are hundredths of the currency."""

    kind: ClassVar[str] = "expense"
    type: ClassVar[str] = "expenses"

    name: str
    date: Day
    amount: int
    billable_amount: int
    currency: str = "EUR"
    quantity: str = "1.0"
    exchange_rate: str = "1.0"
    reimbursable: bool = True
    position: int = 1
    pay_on: Day | None = None
    paid_on: Day | None = None
    reimbursed_on: Day | None = None
    invoiced: bool = False
    exported_at: datetime | None = None


class ApprovalStatus(Entity, kw_only=True):
    """One duty on one target.

    *requirement_id* is the rule at the time when it was made: a workflow that is
    edited later leaves it alone (10.2). It is None for approvers chosen by hand.
    """

    target_type: str
    target_id: str
    workflow_id: str | None = None
    requirement_id: int | None = None
    approver_id: str | None = None
    actual_approver_id: str | None = None
    approver_group_key: str | None = None
    dynamic_approver_type_id: int | None = None
    fallback_approver_type_id: int | None = None
    approved_at: datetime | None = None
    rejected_at: datetime | None = None
    note: str | None = None

    @property
    def is_pending(self) -> bool:
        """Whether nobody has acted on it."""
        return self.approved_at is None and self.rejected_at is None

    @property
    def group(self) -> str:
        """The requirement on its target that it belongs to."""
        return self.approver_group_key or f"#{self.id}"


class Webhook(Entity, kw_only=True):
    """A subscription; without *target_url* it is the simulator's own target."""

    name: str
    event_id: int
    target_url: str | None
    signature_token: str
    type_id: int = 1
    state_id: int = 1
    custom_headers: dict[str, str] = {}
    deactivated_at: datetime | None = None
    retry_attempts: int = 0
    failures_in_a_row: int = 0


class WebhookLog(Entity, kw_only=True):
    """One attempt to deliver."""

    webhook_id: str
    created_at: datetime
    retry_attempt: int
    response_code: int | None
    payload: dict[str, Any]
