"""A query's filters: read from the address, then held against rows (2.4)."""

import operator
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from gateway.providers.productive.simulator.names import ASSIGNMENTS, POLICIES
from gateway.providers.productive.simulator.replies import unsupported
from gateway.providers.productive.simulator.shape import Filter, Kind, Op, View

Test = Callable[[Any], bool]
_OPS = frozenset(
    ("eq", "not_eq", "contains", "not_contain", "gt", "gt_eq", "lt", "lt_eq")
)
_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "gt": operator.gt,
    "gt_eq": operator.ge,
    "lt": operator.lt,
    "lt_eq": operator.le,
}
_GROUP_KEY = "$op"


class _Condition(msgspec.Struct, frozen=True):
    key: str
    op: str
    texts: tuple[str, ...]


class Conditions:
    """The filters of one list, made into tests of its rows."""

    def __init__(self, kind: Kind, view: View) -> None:
        self._kind = kind
        self._view = view
        self.used: set[str] = set()

    def read(self, node: Mapping[str, Any]) -> Test:
        """Return the test that *node*, the tree under ``filter``, stands for.

        Raises:
            ProductiveError: 400 for a filter, an operation or a value that is not
                offered.
        """
        return self._group(node) or (lambda _row: True)

    def _group(self, node: Mapping[str, Any]) -> Test | None:
        word = node.get(_GROUP_KEY, "and")
        if word not in {"and", "or"}:
            raise unsupported("Filter Value", _GROUP_KEY)
        tests: list[Test] = []
        for key, below in node.items():
            if key == _GROUP_KEY:
                continue
            if key.isdigit() and isinstance(below, dict):
                made = self._group(below)
            else:
                made = self._key(key, below)
            if made is not None:
                tests.append(made)
        if not tests:
            return None
        join = any if word == "or" else all
        return lambda row: join(test(row) for test in tests)

    def _key(self, key: str, below: Any) -> Test | None:
        """Return the test of one filter; None where it is ignored silently."""
        switches = self._view.switches
        if key in switches.ignored_filters:
            return None
        known = self._known(key)
        if known is None:
            if switches.is_lenient(self._kind.type):
                return None
            raise unsupported("Filter", key)
        self.used.add(key)
        tests = [self._test(known, condition) for condition in _spread(key, below)]
        return lambda row: all(test(row) for test in tests)

    def _known(self, key: str) -> Filter | None:
        is_absent = (
            key == "id"
            and self._kind.type in {POLICIES, ASSIGNMENTS}
            and not self._view.switches.policy_id_filter
        )
        return None if is_absent else self._kind.filters.get(key)

    def _test(self, known: Filter, condition: _Condition) -> Test:
        if condition.op not in known.ops:
            raise unsupported("Filter", f"{condition.key}[{condition.op}]")
        wanted = [
            self._parse(known, condition.key, one)
            for one in self._split(known, condition)
        ]
        op: Op = known.plain if condition.op == "eq" else condition.op
        matches, view = _matches(known, op), self._view
        return lambda row: matches(list(known.values(row, view)), wanted)

    def _split(self, known: Filter, condition: _Condition) -> list[str]:
        """Return the values of a condition, with what a comma means here."""
        switches = self._view.switches
        texts: list[str] = []
        for text in condition.texts:
            parts = text.split(",") if known.is_list else [text]
            if len(parts) > 1 and not known.is_array:
                if switches.comma_filters == "refused":
                    raise unsupported("Filter Value", condition.key)
                if switches.comma_filters == "first":
                    parts = parts[:1]
            texts.extend(part.strip() for part in parts)
        return texts

    def _parse(self, known: Filter, key: str, text: str) -> Any:
        try:
            return known.parse(text, self._view)
        except ValueError:
            raise unsupported("Filter Value", key) from None


def _spread(key: str, below: Any) -> list[_Condition]:
    """Return the conditions under a key: a value, a list, or one per operation."""
    if isinstance(below, str):
        return [_Condition(key, "eq", (below,))]
    if isinstance(below, list):
        return [_Condition(key, "eq", tuple(below))]
    found: list[_Condition] = []
    for op, value in below.items():
        if op not in _OPS or isinstance(value, dict):
            raise unsupported("Filter", f"{key}[{op}]")
        texts = (value,) if isinstance(value, str) else tuple(value)
        found.append(_Condition(key, op, texts))
    return found


def _matches(known: Filter, op: Op) -> Callable[[list[Any], list[Any]], bool]:
    if op in _COMPARISONS:
        compare = _COMPARISONS[op]
        return lambda had, wanted: any(
            compare(one, other) for one in had for other in wanted
        )
    is_inside = known.is_text and op in {"contains", "not_contain"}
    is_negated = op in {"not_eq", "not_contain"}

    def matches(had: list[Any], wanted: list[Any]) -> bool:
        if is_inside:
            found = any(other in one for one in had for other in wanted)
        else:
            found = any(one in wanted for one in had)
        return found != is_negated

    return matches
