"""Lists: their order, their form, and what they tolerate (3.3)."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from hashlib import sha1
from typing import Any, Protocol, TypeVar

from gateway.providers.accounteer.simulator.asks import Ask
from gateway.providers.accounteer.simulator.fields import parse_day
from gateway.providers.accounteer.simulator.objects import Document
from gateway.providers.accounteer.simulator.replies import Reply, invalid, json_reply

_DEFAULT_LIMIT, _MOST = 50, 200
# Enough for every page, and few enough for an int.
_DIGITS = 10


class Named(Protocol):
    """What has an id."""

    @property
    def id(self) -> str:
        """The id."""


_N = TypeVar("_N", bound=Named)


def list_reply(
    ask: Ask, plural: str, rows: Iterable[_N], render: Callable[[_N], Any]
) -> Reply:
    """Return the list of *rows*, newest first and then by id."""
    found = [render(one) for one in _page(ask, _sorted(ask, rows))]
    form = ask.switches.list_form
    if form == "array":
        return json_reply(200, found)
    return json_reply(200, {plural if form == "plural" else form: found})


def filter_documents(ask: Ask, rows: Iterable[Document]) -> list[Document]:
    """Return the documents that the query asks for, where filters are honoured."""
    found = list(rows)
    if not ask.switches.filters:
        return found
    query = ask.query
    if "status" in query:
        found = [one for one in found if one.status == query["status"]]
    for name in ("client_id", "supplier_id"):
        if name in query:
            found = [one for one in found if one.contact_id == query[name]]
    if "date_from" in query:
        start = parse_day(query["date_from"], "date_from")
        found = [one for one in found if one.date_issued >= start]
    if "date_to" in query:
        end = parse_day(query["date_to"], "date_to")
        found = [one for one in found if one.date_issued <= end]
    return found


def _sorted(ask: Ask, rows: Iterable[_N]) -> list[_N]:
    if ask.switches.list_order == "shuffled":
        return sorted(rows, key=_shuffled)
    by_id = sorted(rows, key=lambda one: one.id)
    return sorted(by_id, key=_created, reverse=True)


def _created(one: object) -> date:
    return getattr(one, "date_created", date.min)


def _shuffled(one: Named) -> bytes:
    return sha1(one.id.encode(), usedforsecurity=False).digest()


def _page(ask: Ask, rows: Sequence[_N]) -> Sequence[_N]:
    if not ask.switches.paging:
        return rows
    page = _positive(ask, "page", 1)
    limit = min(_positive(ask, "limit", _DEFAULT_LIMIT), _MOST)
    return rows[(page - 1) * limit : page * limit]


def _positive(ask: Ask, name: str, default: int) -> int:
    given = ask.query.get(name, str(default))
    if not (given.isascii() and given.isdecimal() and len(given) <= _DIGITS):
        raise invalid(name, "must be a whole number")
    if int(given) < 1:
        raise invalid(name, "must be at least 1")
    return int(given)
