"""Time entries and expenses are made, edited and deleted, one or many (6, 7)."""

from collections.abc import Callable, Mapping
from typing import Any

from gateway.providers.productive.simulator.asks import Ask
from gateway.providers.productive.simulator.booking_writes import (
    add_target,
    check_writer,
    touch,
)
from gateway.providers.productive.simulator.fields import Fields
from gateway.providers.productive.simulator.names import (
    EXPENSES,
    PEOPLE,
    TIME_ENTRIES,
)
from gateway.providers.productive.simulator.objects import Expense, Target, TimeEntry
from gateway.providers.productive.simulator.replies import Reply, document_reply

_Make = Callable[[Ask, Mapping[str, Any]], Any]


def create(ask: Ask, type_name: str) -> Reply:
    """Answer ``POST /time_entries`` and ``POST /expenses``.

    Raises:
        ProductiveError: 400, 403, 422.
    """
    target = _MAKERS[type_name](ask, ask.members())
    add_target(ask, target)
    return ask.show(target, type_name, 201)


def create_many(ask: Ask, type_name: str) -> Reply:
    """Answer the bulk ``POST``: all of them or none.

    Raises:
        ProductiveError: 400, 403, 422.
    """
    targets = [_MAKERS[type_name](ask, one) for one in ask.rows_of_body()]
    for target in targets:
        add_target(ask, target)
    return ask.show_rows(targets, type_name, 201)


def update(ask: Ask, type_name: str, object_id: str) -> Reply:
    """Answer ``PATCH /<targets>/{id}``.

    Raises:
        ProductiveError: 400, 403, 404, 422.
    """
    target = ask.find(type_name, object_id)
    check_writer(ask, target.person_id)
    _edit(ask, target, _EDITORS[type_name](ask, target, ask.members()))
    return ask.show(target, type_name)


def update_many(ask: Ask, type_name: str) -> Reply:
    """Answer the bulk ``PATCH``: all of them or none.

    Raises:
        ProductiveError: 400, 403, 404, 422.
    """
    found = []
    for one in ask.rows_of_body():
        target = ask.find(type_name, str(one.get("id", "")))
        check_writer(ask, target.person_id)
        found.append((target, _EDITORS[type_name](ask, target, one)))
    for target, changes in found:
        _edit(ask, target, changes)
    return ask.show_rows([target for target, _ in found], type_name)


def delete(ask: Ask, type_name: str, object_id: str) -> Reply:
    """Answer ``DELETE /<targets>/{id}``; its rows go with it.

    Raises:
        ProductiveError: 403, 404.
    """
    target = ask.find(type_name, object_id)
    check_writer(ask, target.person_id)
    _delete(ask, target)
    return document_reply(None)


def delete_many(ask: Ask, type_name: str) -> Reply:
    """Answer the bulk ``DELETE``: all of them or none.

    Raises:
        ProductiveError: 400, 403, 404.
    """
    targets = ask.listed(type_name)
    for target in targets:
        check_writer(ask, target.person_id)
    for target in targets:
        _delete(ask, target)
    return document_reply(None)


def _delete(ask: Ask, target: Target) -> None:
    """Take a target away; an expense can still be read one by one (7)."""
    ask.rules.tell("delete", target, ask.now)
    ask.state.drop_rows(target)
    if isinstance(target, Expense):
        target.deleted_at = target.deleted_at or ask.now
    else:
        del ask.state.time_entries[target.id]


def _edit(ask: Ask, target: Target, changes: Mapping[str, Any]) -> None:
    was_draft = target.draft
    for name, value in changes.items():
        setattr(target, name, value)
    touch(ask, target, restarts=was_draft and not target.draft)


def _make_entry(ask: Ask, resource: Mapping[str, Any]) -> TimeEntry:
    fields = Fields(resource, ask.state, ask.organization_id)
    person_id = fields.needed_reference("person", PEOPLE, ask.caller.id)
    service_id = fields.needed_reference("service", "services")
    day = fields.needed_day("date")
    minutes = fields.needed_whole("time")
    billable = fields.whole("billable_time", minutes)
    note = fields.text("note")
    draft = fields.flag("draft", default=False)
    fields.check()
    check_writer(ask, person_id)
    return TimeEntry(
        id=ask.state.next_id(TIME_ENTRIES),
        organization_id=ask.organization_id,
        person_id=person_id,
        creator_id=ask.caller.id,
        created_at=ask.now,
        updated_at=ask.now,
        last_activity_at=ask.now,
        service_id=service_id,
        date=day,
        time=minutes,
        billable_time=minutes if billable is None else billable,
        note=note,
        draft=draft,
    )


def _edit_entry(
    ask: Ask, entry: TimeEntry, resource: Mapping[str, Any]
) -> Mapping[str, Any]:
    fields = Fields(resource, ask.state, ask.organization_id)
    changes = {
        "service_id": fields.reference("service", "services", entry.service_id),
        "date": fields.day("date", entry.date) or entry.date,
        "time": fields.whole("time", entry.time),
        "billable_time": fields.whole("billable_time", entry.billable_time),
        "note": fields.text("note", entry.note),
        "draft": fields.flag("draft", default=entry.draft),
    }
    fields.check()
    return changes


def _make_expense(ask: Ask, resource: Mapping[str, Any]) -> Expense:
    fields = Fields(resource, ask.state, ask.organization_id)
    person_id = fields.needed_reference("person", PEOPLE, ask.caller.id)
    service_id = fields.needed_reference("service", "services")
    name = fields.needed_text("name")
    day = fields.needed_day("date")
    amount = fields.needed_whole("amount")
    billable = fields.whole("billable_amount", amount)
    currency = fields.text("currency", "EUR")
    quantity = fields.text("quantity", "1.0")
    reimbursable = fields.flag("reimbursable", default=False)
    draft = fields.flag("draft", default=False)
    fields.check()
    check_writer(ask, person_id)
    return Expense(
        id=ask.state.next_id(EXPENSES),
        organization_id=ask.organization_id,
        person_id=person_id,
        creator_id=ask.caller.id,
        created_at=ask.now,
        updated_at=ask.now,
        last_activity_at=ask.now,
        service_id=service_id,
        name=name,
        date=day,
        amount=amount,
        billable_amount=amount if billable is None else billable,
        currency=currency or "EUR",
        quantity=quantity or "1.0",
        reimbursable=reimbursable,
        draft=draft,
    )


def _edit_expense(
    ask: Ask, expense: Expense, resource: Mapping[str, Any]
) -> Mapping[str, Any]:
    fields = Fields(resource, ask.state, ask.organization_id)
    changes = {
        "service_id": fields.reference("service", "services", expense.service_id),
        "name": fields.text("name", expense.name) or expense.name,
        "date": fields.day("date", expense.date) or expense.date,
        "amount": fields.whole("amount", expense.amount),
        "billable_amount": fields.whole("billable_amount", expense.billable_amount),
        "currency": fields.text("currency", expense.currency) or expense.currency,
        "quantity": fields.text("quantity", expense.quantity) or expense.quantity,
        "reimbursable": fields.flag("reimbursable", default=expense.reimbursable),
        "pay_on": fields.day("pay_on", expense.pay_on),
        "paid_on": fields.day("paid_on", expense.paid_on),
        "draft": fields.flag("draft", default=expense.draft),
    }
    fields.check()
    return changes


_MAKERS: Mapping[str, _Make] = {TIME_ENTRIES: _make_entry, EXPENSES: _make_expense}
_EDITORS: Mapping[str, Callable[[Ask, Any, Mapping[str, Any]], Mapping[str, Any]]] = {
    TIME_ENTRIES: _edit_entry,
    EXPENSES: _edit_expense,
}
