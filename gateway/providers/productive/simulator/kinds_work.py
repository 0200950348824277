"""The resource types of time entries and expenses (6, 7)."""

from collections.abc import Iterable
from typing import Any

from gateway.providers.productive.simulator import filters
from gateway.providers.productive.simulator.kinds_approval import ROWS
from gateway.providers.productive.simulator.kinds_booking import (
    WITH_DRAFT,
    approved_by,
    decider,
    is_target_seen,
    of_deal,
    standing_attributes,
    standing_time,
)
from gateway.providers.productive.simulator.names import EXPENSES, PEOPLE, TIME_ENTRIES
from gateway.providers.productive.simulator.objects import Expense, Target, TimeEntry
from gateway.providers.productive.simulator.replies import time_text
from gateway.providers.productive.simulator.roles import holder_id, is_due
from gateway.providers.productive.simulator.rules import Rules
from gateway.providers.productive.simulator.shape import (
    ORGANIZATION,
    Filter,
    Kind,
    Relation,
    View,
    nothing,
    one,
)

# Values of `status` of time entries; 4 to 6 exist, and nothing has them (6).
_APPROVED, _UNAPPROVED, _REJECTED = 1, 2, 3
_STATUSES = (_APPROVED, _UNAPPROVED, _REJECTED, 4, 5, 6)
# Values of `approval_status` of expenses, and of their `status` (7, C9).
_AUTO_APPROVED = 4
_PAID, _UNPAID = 1, 2


def _status(target: Target, view: View) -> tuple[int, ...]:
    standing = target.shown(view.now)
    if standing.rejected_at is not None:
        return (_REJECTED,)
    return (_UNAPPROVED if standing.approved_at is None else _APPROVED,)


def _approval_status(expense: Expense, view: View) -> tuple[int, ...]:
    """Return the codes of an expense: what was auto-approved is approved too."""
    codes = _status(expense, view)
    return (*codes, _AUTO_APPROVED) if expense.is_automatic else codes


def _expense_status(expense: Expense, view: View) -> tuple[int, ...]:
    if view.switches.expense_status_filter == "approval":
        return _approval_status(expense, view)
    return (_UNPAID if expense.paid_on is None else _PAID,)


def _parse_expense_status(text: str, view: View) -> int:
    is_paid = view.switches.expense_status_filter == "paid"
    code = int(text)
    if code not in ((_PAID, _UNPAID) if is_paid else _STATUSES[:4]):
        raise ValueError(text)
    return code


def _assigned(target: Target, view: View) -> Iterable[str]:
    rows = view.state.rows(target)
    return [row.approver_id for row in rows if row.approver_id is not None]


def _awaited(target: Target, view: View) -> Iterable[str]:
    """Return who has to act now, with every role resolved (3.2)."""
    if not is_due(target, view.now) or target.deleted_at is not None:
        return []
    rules = Rules(view.state, view.switches, lambda *_change: None)
    found = [
        holder_id(view.state, row)
        for row in view.state.rows(target)
        if rules.is_open(row)
    ]
    return [one_id for one_id in found if one_id is not None]


def _policy_ids(target: Target, view: View) -> Iterable[str]:
    found = [
        view.state.workflows.get(row.workflow_id or "")
        for row in view.state.rows(target)
    ]
    return [workflow.policy_id for workflow in found if workflow is not None]


def _name_of_service(entry: TimeEntry, view: View) -> str:
    return view.state.services[entry.service_id or ""].name


def _name_of_deal(entry: TimeEntry, view: View) -> str:
    deal = view.state.deal_of(entry)
    return "" if deal is None else deal.name


def _name_of_person(entry: TimeEntry, view: View) -> str:
    person = view.state.people[entry.person_id]
    return f"{person.first_name} {person.last_name}"


_APPROVAL_FILTERS = {
    "approver_id": approved_by(),
    "assigned_approver_id": filters.ids(_assigned),
    "awaiting_approval_from_approver_id": filters.ids(_awaited),
    "designated_approver_id": of_deal(
        lambda deal, _view: deal.designated_approver_id, is_array=False
    ),
    "responsible_id": of_deal(lambda deal, _view: deal.responsible_id),
    "project_id": of_deal(lambda deal, _view: deal.project_id),
    "company_id": of_deal(lambda deal, _view: deal.company_id),
    "person_id": filters.ids("person_id", is_array=True),
    "creator_id": filters.ids("creator_id", is_array=True),
    "service_id": filters.ids("service_id", is_array=True),
    "invoice_id": filters.no_ids(is_array=True),
    "approved_at": standing_time("approved_at"),
    "date": filters.dates("date"),
}
_TARGET_RELATIONS = {
    "organization": ORGANIZATION,
    "person": one(PEOPLE, "person_id"),
    "creator": one(PEOPLE, "creator_id"),
    "approver": decider("approver_id"),
    "rejecter": decider("rejecter_id"),
    "approval_statuses": ROWS,
}


def _entry_attributes(entry: TimeEntry, view: View) -> dict[str, Any]:
    return {
        "date": entry.date.isoformat(),
        "time": entry.time,
        "billable_time": entry.billable_time,
        "recognized_time": 0,
        "note": entry.note,
        "track_method_id": 1,
        "started_at": None,
        "timer_started_at": None,
        "timer_stopped_at": None,
        **standing_attributes(entry.shown(view.now)),
        "submitted": entry.submitted,
        "invoiced": entry.invoiced,
        "overhead": False,
        "overtime": False,
        "draft": entry.draft,
        "calendar_event_id": None,
        "invoice_attribution_id": None,
        "currency": "EUR",
        "cost": None,
        "created_at": time_text(entry.created_at),
        "updated_at": time_text(entry.updated_at),
        "last_activity_at": time_text(entry.last_activity_at),
    }


TIME_ENTRY = Kind(
    type=TIME_ENTRIES,
    attributes=_entry_attributes,
    relations={
        **_TARGET_RELATIONS,
        "service": one("services", "service_id", is_told=True),
        "task": nothing("tasks"),
        "updater": nothing(PEOPLE),
        "last_actor": nothing(PEOPLE),
        "person_subsidiary": nothing("subsidiaries"),
        "deal_subsidiary": nothing("subsidiaries"),
        "timesheet": nothing("timesheets"),
        "invoice_attribution": nothing("invoice_attributions"),
    },
    filters={
        **_APPROVAL_FILTERS,
        "id": filters.id_text(),
        "booking_id": filters.no_ids(is_array=True),
        "budget_id": of_deal(lambda deal, _view: deal.id),
        "deal_id": of_deal(lambda deal, _view: deal.id),
        "task_id": filters.no_ids(is_array=True),
        "last_actor_id": filters.no_ids(is_array=True),
        "track_method_id": filters.ids(lambda _entry, _view: ("1",), is_array=True),
        "invoice_attribution_id": filters.no_ids(is_array=True),
        "status": filters.codes(_status, _STATUSES),
        "approval_policy_id": filters.ids(_policy_ids),
        "after": filters.since("date"),
        "before": filters.until("date"),
        "updated_at": filters.times("updated_at"),
    },
    sorts={
        "date": lambda entry, _view: entry.date,
        "deal_name": _name_of_deal,
        "person_name": _name_of_person,
        "service_name": _name_of_service,
        "updated_at": lambda entry, _view: entry.updated_at,
    },
    is_seen=is_target_seen,
)


def _day(day: Any) -> str | None:
    return None if day is None else day.isoformat()


def _expense_attributes(expense: Expense, view: View) -> dict[str, Any]:
    return {
        "name": expense.name,
        "date": expense.date.isoformat(),
        "pay_on": _day(expense.pay_on),
        "paid_on": _day(expense.paid_on),
        "position": expense.position,
        "amount": expense.amount,
        "billable_amount": expense.billable_amount,
        "currency": expense.currency,
        "quantity": expense.quantity,
        "exchange_rate": expense.exchange_rate,
        "exchange_date": expense.date.isoformat(),
        "invoiced": expense.invoiced,
        **standing_attributes(expense.shown(view.now)),
        "deleted_at": time_text(expense.deleted_at),
        "reimbursable": expense.reimbursable,
        "reimbursed_on": _day(expense.reimbursed_on),
        "draft": expense.draft,
        "exported": expense.exported_at is not None,
        "exported_at": time_text(expense.exported_at),
        "export_id": None,
        "export_url": None,
        "custom_fields": None,
        "created_at": time_text(expense.created_at),
    }


EXPENSE = Kind(
    type=EXPENSES,
    attributes=_expense_attributes,
    relations={
        **_TARGET_RELATIONS,
        "deal": Relation(
            type="deals", find=lambda expense, view: view.state.deal_of(expense)
        ),
        "service": one("services", "service_id"),
        "service_type": nothing("service_types"),
        "vendor": nothing("vendors"),
        "purchase_order": nothing("purchase_orders"),
        "tax_rate": nothing("tax_rates"),
        "attachment": nothing("attachments"),
    },
    filters={
        **_APPROVAL_FILTERS,
        "id": filters.ids("id"),
        "deal_id": of_deal(lambda deal, _view: deal.id, is_array=False),
        "vendor_id": filters.no_ids(is_array=True),
        "service_type_id": filters.no_ids(is_array=True),
        "quote_id": filters.no_ids(is_array=True),
        "creator_id": filters.ids("creator_id"),
        "approval_status": filters.codes(_approval_status, _STATUSES[:4]),
        "status": Filter(parse=_parse_expense_status, values=_expense_status),
        "date_after": filters.since("date"),
        "date_before": filters.until("date"),
        "draft": filters.flags("draft"),
        "with_draft": WITH_DRAFT,
    },
    is_seen=is_target_seen,
    is_listed=lambda expense: expense.deleted_at is None,
)
