"""Documents: resources, what is included with them, and the frame of a list (2.1)."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from gateway.providers.productive.simulator.kinds import KINDS
from gateway.providers.productive.simulator.query import Query
from gateway.providers.productive.simulator.replies import unsupported
from gateway.providers.productive.simulator.shape import Kind, View

_MAX_PAGE_SIZE = 200
_Fields = Mapping[str, frozenset[str]]


def check_includes(kind: Kind, tree: Mapping[str, Any], path: str = "") -> None:
    """Refuse names that are no relationships.

    Raises:
        ProductiveError: 400.
    """
    for name, below in tree.items():
        relation = kind.relations.get(name)
        if relation is None:
            raise unsupported("Include", f"{path}{name}")
        check_includes(KINDS[relation.type], below, f"{path}{name}.")


def render_one(one: Any, kind: Kind, includes: Mapping[str, Any], view: View) -> Any:
    """Return the document of one resource; sparse fields do not touch it (2.2)."""
    batch = _Batch(view, {})
    document = {"data": batch.add_primary([one], kind, includes)[0]}
    return {**document, **batch.included(includes), "meta": {}}


def render_rows(rows: Sequence[Any], kind: Kind, view: View) -> Any:
    """Return the list document of rows that a bulk call changed (2.7)."""
    return {"data": _Batch(view, {}).add_primary(rows, kind, {}), "meta": {}}


def render_page(
    rows: Sequence[Any], kind: Kind, query: Query, view: View, address: str
) -> Any:
    """Return the document of the page of *rows* that *query* asks for."""
    number, size = query.page_number, query.page_size
    total_pages = -(-len(rows) // size)
    batch = _Batch(view, query.fields)
    shown = rows[(number - 1) * size : number * size]
    document = {"data": batch.add_primary(shown, kind, query.includes)}
    return {
        **document,
        **batch.included(query.includes),
        "links": _links(address, number, size, total_pages),
        "meta": {
            "current_page": number,
            "total_pages": total_pages,
            "total_count": len(rows),
            "page_size": size,
            "max_page_size": _MAX_PAGE_SIZE,
        },
    }


def _links(address: str, number: int, size: int, total_pages: int) -> dict[str, str]:
    """Return the links; they name the page alone, as in the samples (2.1, 8.1)."""

    def link(page: int) -> str:
        return f"{address}?{urlencode({'page[number]': page, 'page[size]': size})}"

    links = {"first": link(1), "last": link(total_pages)}
    if 1 < number <= total_pages + 1:
        links["prev"] = link(number - 1)
    if number < total_pages:
        links["next"] = link(number + 1)
    return links


def render_resource(
    one: Any, kind: Kind, included: frozenset[str], fields: _Fields, view: View
) -> dict[str, Any]:
    """Return a resource object; *included* are the relationships with their ids."""
    chosen = fields.get(kind.type)
    attributes = {
        name: value
        for name, value in kind.attributes(one, view).items()
        if chosen is None or name in chosen
    }
    relationships = {
        name: _linkage(one, relation.find, relation, view)
        if relation.is_told or name in included
        else {"meta": {"included": False}}
        for name, relation in kind.relations.items()
        if chosen is None or name in chosen
    }
    resource = {"id": one.id, "type": kind.type}
    if attributes or chosen is None:
        resource["attributes"] = attributes
    if relationships:
        resource["relationships"] = relationships
    return resource


def _linkage(one: Any, find: Any, relation: Any, view: View) -> dict[str, Any]:
    found = find(one, view)
    if relation.is_many:
        return {"data": [{"type": relation.type, "id": other.id} for other in found]}
    if found is None:
        return {"data": None}
    return {"data": {"type": relation.type, "id": found.id}}


class _Batch:
    """The resources of one document, each once."""

    def __init__(self, view: View, fields: _Fields) -> None:
        self._view = view
        self._fields = fields
        self._primary: set[tuple[str, str]] = set()
        self._found: dict[tuple[str, str], tuple[Any, set[str]]] = {}

    def add_primary(
        self, rows: Sequence[Any], kind: Kind, includes: Mapping[str, Any]
    ) -> list[dict[str, Any]]:
        """Return the resources that were asked for, and find what they include."""
        self._primary = {(kind.type, one.id) for one in rows}
        for one in rows:
            self._walk(one, kind, includes)
        names = frozenset(includes)
        return [
            render_resource(one, kind, names, self._fields, self._view) for one in rows
        ]

    def included(self, includes: Mapping[str, Any]) -> dict[str, Any]:
        """Return the member ``included``, where anything was asked for."""
        if not includes:
            return {}
        resources = [
            render_resource(
                one, KINDS[place[0]], frozenset(names), self._fields, self._view
            )
            for place, (one, names) in self._found.items()
            if place not in self._primary
        ]
        return {"included": resources}

    def _walk(self, one: Any, kind: Kind, includes: Mapping[str, Any]) -> None:
        for name, below in includes.items():
            relation = kind.relations[name]
            found = relation.find(one, self._view)
            others = found if relation.is_many else [found]
            for other in others:
                if other is None:
                    continue
                place = (relation.type, other.id)
                _, names = self._found.setdefault(place, (other, set()))
                if below:
                    names.update(below)
                    self._walk(other, KINDS[relation.type], below)
