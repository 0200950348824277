"""A document that was read, and the operations in it."""

from collections.abc import Mapping

from graphql import (
    REMOVE,
    DirectiveNode,
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    Visitor,
    visit,
)
from msgspec import Struct

from gateway.engine.reading import find_reads
from gateway.errors import LimitError
from gateway.security import check_limits
from gateway.settings import LimitSettings


class RejectedError(Exception):
    """A document cannot be run: GraphQL's own errors, and their code."""

    def __init__(self, code: str, errors: list[GraphQLError]) -> None:
        super().__init__(code)
        self.code = code
        self.errors = errors


class Operation(Struct, frozen=True, kw_only=True):
    """One operation of a valid document, within the limits.

    *document* has everything in its place; *deferring* is the document as it was sent,
    where it defers something. *reads* are the fields that it selects, as `Type.field`.
    """

    document: DocumentNode
    deferring: DocumentNode | None
    name: str | None
    type: OperationType
    reads: frozenset[str]


class Document:
    """A text that is parsed and valid, with its operations measured."""

    def __init__(
        self,
        text: str,
        document: DocumentNode,
        schema: GraphQLSchema,
        limits: LimitSettings,
    ) -> None:
        self.text = text
        complete = _without_defer(document) if "defer" in text else document
        self._operations: dict[str | None, Operation | LimitError] = {}
        for definition in document.definitions:
            if not isinstance(definition, OperationDefinitionNode):
                continue
            name = definition.name.value if definition.name else None
            operation = Operation(
                document=complete,
                deferring=None if complete is document else document,
                name=name,
                type=definition.operation,
                reads=find_reads(schema, document, definition),
            )
            try:
                check_limits(document, definition, limits)
                self._operations[name] = operation
            except LimitError as error:
                self._operations[name] = error

    @property
    def operations(self) -> Mapping[str | None, Operation | LimitError]:
        """Each operation by its name, or why it is too large to run."""
        return self._operations

    def find(self, name: str | None) -> Operation:
        """Return an operation; without a name, the only one.

        Raises:
            RejectedError: The document has no such operation, or several.
            LimitError: The operation is too large.
        """
        if name is None and len(self._operations) == 1:
            found = next(iter(self._operations.values()))
        else:
            known = self._operations.get(name) if name is not None else None
            if known is None:
                raise _unresolved(name, self._operations)
            found = known
        if isinstance(found, LimitError):
            raise found.with_traceback(None)
        return found


def _unresolved(name: str | None, known: Mapping[str | None, object]) -> RejectedError:
    if name is not None:
        message = f"This document has no operation named {name!r}."
    elif known:
        message = "`operationName` is needed: this document has several operations."
    else:
        message = "This document has no operation."
    return RejectedError("OPERATION_RESOLUTION_FAILURE", [GraphQLError(message)])


class _DeferRemover(Visitor):
    def enter_directive(self, node: DirectiveNode, *_: object) -> object:
        return REMOVE if node.name.value == "defer" else None


def _without_defer(document: DocumentNode) -> DocumentNode:
    """Return the document with what it defers in its place: one complete answer."""
    undeferred: DocumentNode = visit(document, _DeferRemover())
    return undeferred
