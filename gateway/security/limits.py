"""How large an operation may be, counted on its text before anything runs.

Each count is taken once per fragment, so that fragments within fragments cost no more
time than they have text.
"""

from collections.abc import Mapping

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
)
from msgspec import Struct

from gateway.errors import LimitError
from gateway.settings import LimitSettings

# Introspection is as deep as types are wrapped, and graphql-core bounds it itself.
_INTROSPECTION = frozenset({"__schema", "__type"})
# These lead back to what a list was reached from: each return multiplies all below it.
_RETURNING = frozenset({"invoice", "target"})
_MOST_RETURNS = 2


class _Size(Struct, frozen=True):
    depth: int = 0
    aliases: int = 0
    fields: int = 0
    returns: int = 0


def check_limits(
    document: DocumentNode, operation: OperationDefinitionNode, limits: LimitSettings
) -> None:
    """Hold an operation against the limits.

    Raises:
        LimitError: The operation is too deep, leads in circles, or has too many aliases
            or root fields.
    """
    fragments = {
        definition.name.value: definition
        for definition in document.definitions
        if isinstance(definition, FragmentDefinitionNode)
    }
    size = _Measure(fragments).measure(operation.selection_set)
    _check("MAX_DEPTH_LIMIT", "is {} levels deep", size.depth, limits.depth)
    what = "has {} `invoice` or `target` on one path"
    _check("MAX_DEPTH_LIMIT", what, size.returns, _MOST_RETURNS)
    _check("MAX_ALIASES_LIMIT", "has {} aliases", size.aliases, limits.aliases)
    _check(
        "MAX_ROOT_FIELDS_LIMIT",
        "has {} fields at its root",
        size.fields,
        limits.root_fields,
    )


def _check(code: str, what: str, found: int, most: int) -> None:
    if found > most:
        raise LimitError(
            code,
            f"This operation {what.format(found)}; {most} is the most that runs.",
        )


class _Measure:
    """Measures selection sets; a fragment is measured once."""

    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self._fragments = fragments
        self._sizes: dict[str, _Size] = {}

    def measure(self, selection_set: SelectionSetNode | None) -> _Size:
        """Return levels, aliases, fields of the first level, and returns on a path."""
        depth = aliases = fields = returns = 0
        for selection in selection_set.selections if selection_set else ():
            size = self._measure_selection(selection)
            depth = max(depth, size.depth)
            aliases += size.aliases
            fields += size.fields
            returns = max(returns, size.returns)
        return _Size(depth, aliases, fields, returns)

    def _measure_selection(self, selection: SelectionNode) -> _Size:
        if isinstance(selection, FragmentSpreadNode):
            return self._measure_fragment(selection.name.value)
        inner = self.measure(getattr(selection, "selection_set", None))
        if not isinstance(selection, FieldNode):
            return inner
        is_introspection = selection.name.value in _INTROSPECTION
        return _Size(
            1 if is_introspection else 1 + inner.depth,
            (selection.alias is not None) + inner.aliases,
            1,
            (selection.name.value in _RETURNING) + inner.returns,
        )

    def _measure_fragment(self, name: str) -> _Size:
        if name not in self._sizes:
            # A fragment that spreads itself is refused by validation.
            self._sizes[name] = _Size()
            fragment = self._fragments.get(name)
            if fragment is not None:
                self._sizes[name] = self.measure(fragment.selection_set)
        return self._sizes[name]
