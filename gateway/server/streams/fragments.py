"""Deferred fragments by their labels, and what of an answer each of them asked for."""

from collections.abc import Iterator, Mapping
from typing import Any

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    SelectionSetNode,
    StringValueNode,
    Visitor,
    visit,
)


class DeferredFragments:
    """The fragments of a valid document that it defers with a label."""

    def __init__(self, document: DocumentNode) -> None:
        self._definitions = {
            one.name.value: one.selection_set
            for one in document.definitions
            if isinstance(one, FragmentDefinitionNode)
        }
        finder = _Finder()
        visit(document, finder)
        self._deferred: dict[str, SelectionSetNode] = {
            label: self._selections(node) for label, node in finder.found.items()
        }

    def __contains__(self, label: str | None) -> bool:
        return label in self._deferred

    def cut(self, label: str, value: Any) -> dict[str, Any]:
        """Return of *value*, an object of an answer, what a fragment selects.

        What has not come is left out.
        """
        data: dict[str, Any] = {}
        self._copy(self._deferred[label], value, data)
        return data

    def _copy(
        self,
        selections: SelectionSetNode,
        value: Mapping[str, Any],
        data: dict[str, Any],
    ) -> None:
        for field in self._fields(selections):
            key = (field.alias or field.name).value
            if key in value:
                part = self._cut_field(field, value[key])
                data[key] = merge(data[key], part) if key in data else part

    def _cut_field(self, field: FieldNode, value: Any) -> Any:
        if field.selection_set is None or value is None:
            return value
        if isinstance(value, list):
            return [self._cut_field(field, one) for one in value]
        data: dict[str, Any] = {}
        self._copy(field.selection_set, value, data)
        return data

    def _fields(self, selections: SelectionSetNode) -> Iterator[FieldNode]:
        for selection in selections.selections:
            if isinstance(selection, FieldNode):
                yield selection
            elif isinstance(selection, FragmentSpreadNode | InlineFragmentNode):
                yield from self._fields(self._selections(selection))

    def _selections(
        self, node: FragmentSpreadNode | InlineFragmentNode
    ) -> SelectionSetNode:
        if isinstance(node, InlineFragmentNode):
            return node.selection_set
        return self._definitions[node.name.value]


def merge(old: Any, new: Any) -> Any:
    """Return *old* with what *new* has more; objects and lists are changed in place."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key, value in new.items():
            old[key] = merge(old[key], value) if key in old else value
        return old
    if isinstance(old, list) and isinstance(new, list):
        old[:] = [merge(*pair) for pair in zip(old, new, strict=True)]
        return old
    return new


class _Finder(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, FragmentSpreadNode | InlineFragmentNode] = {}

    def enter(self, node: Any, *_: object) -> None:
        if not isinstance(node, FragmentSpreadNode | InlineFragmentNode):
            return
        for directive in node.directives or ():
            label = _label(directive)
            if label is not None:
                self.found[label] = node


def _label(directive: DirectiveNode) -> str | None:
    if directive.name.value != "defer":
        return None
    for argument in directive.arguments or ():
        value = argument.value
        if argument.name.value == "label" and isinstance(value, StringValueNode):
            return value.value
    return None
