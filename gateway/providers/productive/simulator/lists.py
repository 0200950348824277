"""Reading: lists with filters, sorts and pages, and single resources (2, 3.2)."""

from typing import Any
from zlib import crc32

from gateway.providers.productive.simulator.asks import Ask
from gateway.providers.productive.simulator.conditions import Conditions
from gateway.providers.productive.simulator.documents import (
    render_page,
)
from gateway.providers.productive.simulator.kinds import KINDS
from gateway.providers.productive.simulator.names import (
    MEMBERSHIPS,
    WEBHOOK_LOGS,
    WEBHOOKS,
)
from gateway.providers.productive.simulator.replies import (
    Reply,
    document_reply,
    unsupported_sort,
)
from gateway.providers.productive.simulator.shape import Kind

_DRAFT_FILTERS = frozenset({"draft", "with_draft"})
_ADMINS_ONLY = frozenset({WEBHOOKS, WEBHOOK_LOGS})


def list_rows(ask: Ask, type_name: str) -> Reply:
    """Answer ``GET /<type>``.

    Raises:
        ProductiveError: 400 for a query that is not offered, 403.
    """
    kind = KINDS[type_name]
    if type_name in _ADMINS_ONLY:
        ask.require_admin()
    conditions = Conditions(kind, ask.view)
    test = conditions.read(ask.query.filters)
    hides_drafts = "with_draft" in kind.filters and not conditions.used & _DRAFT_FILTERS
    rows = [
        one
        for one in _candidates(ask, kind)
        if kind.is_listed(one)
        and not (hides_drafts and one.draft)
        and test(one)
        and kind.is_seen(one, ask.view)
    ]
    page = render_page(
        _ordered(rows, kind, ask), kind, ask.query, ask.view, ask.address
    )
    return document_reply(page)


def read_one(ask: Ask, type_name: str, object_id: str) -> Reply:
    """Answer ``GET /<type>/{id}``.

    Raises:
        ProductiveError: 404, 403.
    """
    if type_name in _ADMINS_ONLY:
        ask.require_admin()
    return ask.show(ask.find(type_name, object_id), type_name)


def _candidates(ask: Ask, kind: Kind) -> list[Any]:
    table = ask.state.table(kind.type).values()
    if kind.type == MEMBERSHIPS:
        # Not narrowed by the organization header (1).
        return [one for one in table if one.user_id == ask.user_id]
    return [one for one in table if one.organization_id == ask.organization_id]


def _ordered(rows: list[Any], kind: Kind, ask: Ask) -> list[Any]:
    """Return *rows* by id, or as ``sort`` says; the first name counts most."""
    if ask.is_moved:
        return sorted(rows, key=lambda one: crc32(one.id.encode()))
    ordered = sorted(rows, key=lambda one: int(one.id))
    for name in reversed(ask.query.sorts):
        key = kind.sorts.get(name.removeprefix("-"))
        if key is None:
            raise unsupported_sort(name)
        read = key
        ordered.sort(
            key=lambda one, read=read: read(one, ask.view),  # type: ignore[misc]
            reverse=name.startswith("-"),
        )
    return ordered
