"""JSON:API: what a document holds, and how its resources lead to each other.

Quirk: a relationship that was not included has no `data` ("Resource
representation"), which does not mean that it is empty. Asking for one that the answer
does not tell is therefore an answer that cannot be understood, never nothing.
"""

from collections.abc import Iterable

import msgspec
from msgspec import UNSET, Struct

from gateway.providers.productive import shapes
from gateway.providers.productive.shapes import Identifier, Meta, Resource


class _Rows(Struct, frozen=True):
    """What a call for many objects answers: a list, of which nothing is told."""

    data: list[Resource]


_ONE = msgspec.json.Decoder(shapes.One)
_MANY = msgspec.json.Decoder(shapes.Many)
_ROWS = msgspec.json.Decoder(_Rows)


class Document:
    """One answer: its rows, in order, and all that was included with them."""

    def __init__(
        self, rows: list[Resource], included: Iterable[Resource], meta: Meta | None
    ) -> None:
        self.rows = rows
        self._meta = meta
        self._resources = {(one.type, one.id): one for one in (*included, *rows)}

    @property
    def meta(self) -> Meta:
        """Where the page stands in its list; for lists alone."""
        if self._meta is None:
            raise ValueError("This is no list.")
        return self._meta

    def find(self, type_name: str, source_id: str) -> Resource | None:
        """Return a resource that the answer holds."""
        return self._resources.get((type_name, source_id))

    def link(self, resource: Resource, name: str) -> Resource | None:
        """Return what a relationship to one leads to; None where it is empty.

        Raises:
            ValueError: The answer does not tell.
        """
        relationship = resource.relationships.get(name)
        if relationship is None or relationship.data is UNSET:
            raise ValueError(f"{resource.type} without {name}")
        if isinstance(relationship.data, list):
            raise ValueError(f"{resource.type} with several {name}")  # noqa: TRY004
        return None if relationship.data is None else self._get(relationship.data)

    def follow(self, resource: Resource, name: str) -> Resource | None:
        """Return what a relationship to one leads to, if the answer tells it."""
        relationship = resource.relationships.get(name)
        if relationship is None or not isinstance(relationship.data, Identifier):
            return None
        return self._get(relationship.data)

    def follow_all(self, resource: Resource, name: str) -> list[Resource] | None:
        """Return what a relationship to many leads to, if the answer tells it."""
        relationship = resource.relationships.get(name)
        if relationship is None or not isinstance(relationship.data, list):
            return None
        return [self._get(one) for one in relationship.data]

    def links(self, resource: Resource, name: str) -> list[Resource]:
        """Return what a relationship to many leads to, in order.

        Raises:
            ValueError: The answer does not tell.
        """
        found = self.follow_all(resource, name)
        if found is None:
            raise ValueError(f"{resource.type} without {name}")
        return found

    def _get(self, identifier: Identifier) -> Resource:
        found = self.find(identifier.type, identifier.id)
        # Who may not be seen is left out of what is included, and still has an id.
        return found or Resource(id=identifier.id, type=identifier.type)


def parse_one(body: bytes) -> Document:
    """Return the document of one object."""
    document = _ONE.decode(body)
    return Document([document.data], document.included, None)


def parse_many(body: bytes) -> Document:
    """Return the document of a page of a list."""
    document = _MANY.decode(body)
    return Document(document.data, document.included, document.meta)


def parse_changed(body: bytes) -> Document:
    """Return the document of what a call for many objects changed."""
    return Document(_ROWS.decode(body).data, (), None)


def source_id_of(resource: Resource, name: str) -> str | None:
    """Return the id to which a relationship leads, where the answer tells one."""
    relationship = resource.relationships.get(name)
    if relationship is None or not isinstance(relationship.data, Identifier):
        return None
    return relationship.data.id
