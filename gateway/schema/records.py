"""How a GraphQL type takes records as its source.

Every object type of this graph is resolved from a record itself: its leaf fields are
the record's attributes, and nothing is copied.
"""

from collections.abc import Callable
from typing import Any

import strawberry


def accepts(*records: type) -> Any:
    """Return the ``is_type_of`` of a type whose sources are *records*.

    (`Any`: Strawberry reads it from the class, and would type it as a field.)
    """

    def is_type_of(cls: type, obj: object, info: object) -> bool:
        del cls, info
        return isinstance(obj, records)

    return classmethod(is_type_of)


def described(description: str) -> Any:
    """Return a field that is an attribute of the record, with its description."""
    return strawberry.field(description=description)


def resolved(resolver: Callable[..., object], type_: object, description: str) -> Any:
    """Return a field of an interface that *resolver* answers, from the record."""
    return strawberry.field(
        resolver=resolver, graphql_type=type_, description=description
    )
