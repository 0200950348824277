"""How a resource type is described: attributes, relationships, filters, sorts."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Literal

import msgspec

from gateway.providers.productive.simulator.objects import Entity, Person
from gateway.providers.productive.simulator.state import State
from gateway.providers.productive.simulator.switches import ProductiveSwitches

Op = Literal["eq", "not_eq", "contains", "not_contain", "gt", "gt_eq", "lt", "lt_eq"]
EQUALITY: tuple[Op, ...] = ("eq", "not_eq", "contains", "not_contain")
ORDER: tuple[Op, ...] = ("eq", "not_eq", "gt", "gt_eq", "lt", "lt_eq")


class View(msgspec.Struct, frozen=True, kw_only=True):
    """Who looks at what, and when; without a caller everything is seen.

    *with_times* is the feature flag that stops filters from cutting times (1).
    """

    state: State
    switches: ProductiveSwitches
    now: datetime
    caller: Person | None = None
    webhook_target: str | None = None
    with_times: bool = False


class Relation(msgspec.Struct, frozen=True, kw_only=True):
    """A relationship to *type*.

    *find* returns an object or None, or a list where *is_many*; *is_told* says that
    the ids come unasked (2.1).
    """

    type: str
    find: Callable[[Any, View], Any]
    is_many: bool = False
    is_told: bool = False


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """A filter of a list.

    Attributes:
        parse: Turns one written value into what is compared; ValueError refuses it.
        values: What a row has; it may be nothing or several.
        ops: The operations that it takes.
        plain: What ``eq``, or no operation, means.
        is_array: Whether a page tags it as an array, so that commas always work.
        is_list: Whether a comma separates values at all.
        is_text: Whether ``contains`` looks inside of a text.
    """

    parse: Callable[[str, View], Any]
    values: Callable[[Any, View], Iterable[Any]]
    ops: tuple[Op, ...] = EQUALITY
    plain: Op = "eq"
    is_array: bool = False
    is_list: bool = True
    is_text: bool = False


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """A resource type.

    Attributes:
        is_seen: Whether the caller may read an object of their organization.
        is_listed: Whether a list holds it when nobody asks for it in particular.
    """

    type: str
    attributes: Callable[[Any, View], dict[str, Any]]
    relations: Mapping[str, Relation] = {}
    filters: Mapping[str, Filter] = {}
    sorts: Mapping[str, Callable[[Any, View], Any]] = {}
    is_seen: Callable[[Any, View], bool] = lambda _one, _view: True
    is_listed: Callable[[Any], bool] = lambda _one: True


def one(type_name: str, attribute: str, *, is_told: bool = False) -> Relation:
    """Return the relationship to the object whose id is in *attribute*."""

    def find(entity: Entity, view: View) -> Any:
        return view.state.table(type_name).get(getattr(entity, attribute) or "")

    return Relation(type=type_name, find=find, is_told=is_told)


def nothing(type_name: str, *, is_told: bool = False) -> Relation:
    """Return a relationship that is always empty in the sandbox."""
    return Relation(type=type_name, find=lambda _one, _view: None, is_told=is_told)


ORGANIZATION = one("organizations", "organization_id", is_told=True)
