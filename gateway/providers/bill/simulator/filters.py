"""Conditions and order of a list (3.2): which rows, and in which sequence."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import msgspec

from gateway.providers.bill.simulator.fields import (
    Members,
    day,
    list_of,
    moment,
    one_of,
    text,
    unknown_error,
)
from gateway.providers.bill.simulator.kinds import Kind
from gateway.providers.bill.simulator.render import Renderer
from gateway.providers.bill.simulator.switches import BillSwitches

_COMPARISONS: dict[str, Callable[[str, str], bool]] = {
    "=": lambda found, wanted: found == wanted,
    "!=": lambda found, wanted: found != wanted,
    "<": lambda found, wanted: found < wanted,
    ">": lambda found, wanted: found > wanted,
    "<=": lambda found, wanted: found <= wanted,
    ">=": lambda found, wanted: found >= wanted,
    "sw": lambda found, wanted: found.startswith(wanted),
}
_SETS = frozenset({"in", "nin"})


class _Condition(msgspec.Struct, frozen=True):
    field: str
    op: str
    value: str

    def matches(self, found: str, wanted: frozenset[str]) -> bool:
        if self.op in _SETS:
            return (found in wanted) == (self.op == "in")
        return all(_COMPARISONS[self.op](found, one) for one in wanted)


class _Order(msgspec.Struct, frozen=True):
    field: str
    is_ascending: bool


class Selection:
    """What a call asks a list for: ``filters``, all of which must hold, and ``sort``.

    Without an order, and among equals, rows come by ascending id.

    Raises:
        BillError: BDC_1002; a member or an operator is unknown, or a value malformed.
    """

    def __init__(self, members: Members, kind: Kind, switches: BillSwitches) -> None:
        self._kind = kind
        parse = list_of(self._condition)
        conditions: list[_Condition] = members.read("filters", parse, [])
        has_sets = any(one.op in _SETS for one in conditions)
        if has_sets and switches.in_filter_unsupported:
            raise unknown_error()
        self._tests = [
            (one, self._wanted(one, is_split=not switches.in_filter_literal))
            for one in conditions
            if not (switches.in_filter_ignored and one.op in _SETS)
        ]
        self._orders: list[_Order] = members.read("sort", list_of(self._order), [])

    def select(self, rows: Iterable[Any], render: Renderer) -> list[Any]:
        """Return the rows that match, in order."""
        found = [
            row
            for row in rows
            if all(
                condition.matches(render.member(row, condition.field), wanted)
                for condition, wanted in self._tests
            )
        ]
        return self.arrange(found, render)

    def arrange(self, rows: Iterable[Any], render: Renderer) -> list[Any]:
        """Return the rows in order."""
        ordered = sorted(rows, key=lambda row: str(row.id))
        for order in reversed(self._orders):
            shown = partial(render.member, name=order.field)
            ordered.sort(key=shown, reverse=not order.is_ascending)
        return ordered

    def _condition(self, value: object) -> _Condition:
        members = Members(value, ("field", "op", "value"))
        return _Condition(
            members.require("field", self._field),
            members.require("op", one_of(*_COMPARISONS, *_SETS)),
            members.require("value", text),
        )

    def _order(self, value: object) -> _Order:
        members = Members(value, ("field", "asc"))
        direction = members.read("asc", one_of("true", "false"), "true")
        return _Order(members.require("field", self._field), direction == "true")

    def _field(self, value: object) -> str:
        return one_of(*self._kind.filters)(value)

    def _wanted(self, condition: _Condition, *, is_split: bool) -> frozenset[str]:
        is_set = condition.op in _SETS
        if is_set and not is_split:
            return frozenset({condition.value})
        parts = condition.value.split(",") if is_set else [condition.value]
        parse = text if condition.op == "sw" else _parser(condition.field)
        return frozenset(parse(part) for part in parts)


def _parser(field: str) -> Callable[[object], str]:
    if field.endswith("Time"):
        return moment
    return day if field.endswith("Date") else text


SELECTION_MEMBERS = ("filters", "sort")
