"""``GET /invoices``: filters, order and pages (5.2)."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from gateway.providers.ottimate.simulator.asks import Ask
from gateway.providers.ottimate.simulator.query import (
    choice,
    integer,
    integers,
    moment,
    page_bounds,
    words,
)
from gateway.providers.ottimate.simulator.render import listed_invoice
from gateway.providers.ottimate.simulator.replies import Reply, invalid, json_reply
from gateway.providers.ottimate.simulator.state import STATUSES, Invoice

_Test = Callable[[Invoice], bool]
_MAXIMUM = 100
_EXPAND_WINDOW = timedelta(days=30)


def list_invoices(ask: Ask) -> Reply:
    """Answer ``GET /invoices``: newest first, inside the caller's scope.

    Raises:
        OttimateError: 400 for a malformed parameter, 403 for a location or a company
            outside the scope.
    """
    page, limit = page_bounds(ask.query, _MAXIMUM)
    with_items = _expands_items(ask)
    tests = _tests(ask)
    found = [
        invoice
        for invoice in ask.state.newest_first()
        if all(test(invoice) for test in tests)
    ]
    start = (page - 1) * limit
    return json_reply(
        200,
        {
            "version": ask.echo,
            "count": len(found),
            "results": [
                listed_invoice(invoice, ask.switches, with_items=with_items)
                for invoice in found[start : start + limit]
            ],
        },
    )


def _expands_items(ask: Ask) -> bool:
    expand = words(ask.query, "expand")
    if not expand:
        return False
    if set(expand) != {"items"}:
        raise invalid("expand", "Only items can be expanded.")
    lower = [
        (bound, moment(ask.query, f"{name}_to") or ask.now)
        for name in ("date", "last_modified_date")
        if (bound := moment(ask.query, f"{name}_from"))
    ]
    if not lower:
        raise invalid("expand", "date_from or last_modified_date_from is required.")
    if any(end - start > _EXPAND_WINDOW for start, end in lower):
        raise invalid("expand", "The date range cannot exceed 30 days.")
    return True


def _tests(ask: Ask) -> list[_Test]:
    query = ask.query
    tests = [
        ask.actor.reaches,
        *_place_tests(ask),
        *_moment_tests(query),
        *_exact_tests(query),
    ]
    if ask.switches.invoice_ids_filter and "invoice_ids" in query:
        wanted = {part.lower() for part in words(query, "invoice_ids")}
        tests.append(lambda one: bool(wanted & {one.id, str(one.number_id)}))
    if "search" in query:
        needle = query["search"].casefold()
        tests.append(lambda one: needle in _searched_text(one))
    if "custom_fields" in query:
        tests.append(_custom_fields_test(query["custom_fields"]))
    return tests


def _place_tests(ask: Ask) -> list[_Test]:
    tests: list[_Test] = []
    for name in ("ottimate_location_ids", "ottimate_location_id"):
        if name in ask.query:
            places = integers(ask.query, name)
            ask.actor.require_locations(places)
            tests.append(_is_in(places))
    if "ottimate_company_id" in ask.query:
        company_id = integer(ask.query, "ottimate_company_id", 0)
        tests.append(_is_in(ask.actor.company_locations(company_id)))
    return tests


def _is_in(location_ids: frozenset[int]) -> _Test:
    return lambda invoice: invoice.location_id in location_ids


def _moment_tests(query: Mapping[str, str]) -> list[_Test]:
    return [
        _within(moment(query, "date_from"), moment(query, "date_to"), _created_at),
        _within(
            moment(query, "last_modified_date_from"),
            moment(query, "last_modified_date_to"),
            _modified_at,
        ),
    ]


def _created_at(invoice: Invoice) -> datetime:
    return invoice.created_at


def _modified_at(invoice: Invoice) -> datetime:
    return invoice.modified_at or invoice.created_at


def _within(
    start: datetime | None,
    end: datetime | None,
    read: Callable[[Invoice], datetime],
) -> _Test:
    return lambda invoice: (
        (start is None or start <= read(invoice))
        and (end is None or read(invoice) <= end)
    )


def _exact_tests(query: Mapping[str, str]) -> list[_Test]:
    tests: list[_Test] = []
    if status := choice(query, "status", STATUSES):
        tests.append(lambda one: one.status == status)
    if paid := choice(query, "payment_status", ("paid", "partial", "unpaid")):
        tests.append(lambda one: one.payment_status == paid)
    if "last_modified_user_id" in query:
        user_id = integer(query, "last_modified_user_id", 0)
        tests.append(lambda one: one.modified_by == user_id)
    if vendor_id := query.get("ottimate_vendor_id"):
        tests.append(
            lambda one: one.vendor is not None and str(one.vendor.id) == vendor_id
        )
    return tests


def _searched_text(invoice: Invoice) -> str:
    vendor = invoice.vendor.name if invoice.vendor else ""
    return "\n".join((invoice.number or "", vendor, invoice.purchase_order)).casefold()


def _custom_fields_test(text: str) -> _Test:
    try:
        wanted = json.loads(text)
    except ValueError as error:
        raise invalid("custom_fields", "A JSON object is required.") from error
    if not isinstance(wanted, dict):
        raise invalid("custom_fields", "A JSON object is required.")
    return lambda invoice: wanted.items() <= invoice.custom_fields.items()
