"""What an operation reads: the fields that it selects, by the names of the schema."""

from collections.abc import Iterator

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLAbstractType,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    is_abstract_type,
    is_composite_type,
)

# These are the same however often they are read.
_UNCHANGING = frozenset({"__typename", "id"})


def find_reads(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode
) -> frozenset[str]:
    """Return the fields that an operation of a valid document selects.

    Each is named as `Type.field` with the types of objects; what is selected on an
    interface counts for each type that has it. `id` and `__typename`, which nothing
    changes, are left out, and so is introspection.
    """
    root = schema.get_root_type(operation.operation)
    assert root is not None  # noqa: S101 - validation holds that there is one
    fragments = {
        definition.name.value: definition
        for definition in document.definitions
        if isinstance(definition, FragmentDefinitionNode)
    }
    reader = _Reader(schema, fragments)
    reader.read(root, operation.selection_set)
    return frozenset(reader.reads)


class _Reader:
    def __init__(
        self, schema: GraphQLSchema, fragments: dict[str, FragmentDefinitionNode]
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._spread: set[str] = set()
        self.reads: set[str] = set()

    def read(self, parent: GraphQLNamedType, selections: SelectionSetNode) -> None:
        """Add what is selected on *parent*; each fragment is read once."""
        for selection in selections.selections:
            if isinstance(selection, FieldNode):
                self._read_field(parent, selection)
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                on = parent if condition is None else self._type(condition.name.value)
                self.read(on, selection.selection_set)
            elif isinstance(selection, FragmentSpreadNode):
                self._read_fragment(selection.name.value)

    def _read_field(self, parent: GraphQLNamedType, node: FieldNode) -> None:
        name = node.name.value
        if name in _UNCHANGING or not is_composite_type(parent):
            return
        field = self._schema.get_field(parent, name)
        if field is None or name.startswith("__"):
            return
        self.reads.update(f"{one}.{name}" for one in self._objects(parent))
        if node.selection_set is not None:
            self.read(get_named_type(field.type), node.selection_set)

    def _read_fragment(self, name: str) -> None:
        if name not in self._spread:
            self._spread.add(name)
            fragment = self._fragments[name]
            on = self._type(fragment.type_condition.name.value)
            self.read(on, fragment.selection_set)

    def _type(self, name: str) -> GraphQLNamedType:
        return self._schema.type_map[name]

    def _objects(self, parent: GraphQLNamedType) -> Iterator[str]:
        if is_abstract_type(parent):
            abstract: GraphQLAbstractType = parent
            return (one.name for one in self._schema.get_possible_types(abstract))
        return iter((parent.name,))
