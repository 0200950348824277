"""Runs an operation: the one seam behind which the executor stands.

A document is parsed, validated and kept; its operation is then run by graphql-core.
"""

import functools
import inspect
from typing import Any

from graphql import (
    REMOVE,
    DirectiveNode,
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    OperationType,
    Visitor,
    experimental_execute_incrementally,
    get_operation_ast,
    parse,
    specified_rules,
    validate,
    visit,
)
from msgspec import Struct

from gateway.errors import LimitError
from gateway.security import check_limits
from gateway.settings import LimitSettings

_DOCUMENTS = 200
_TOO_MANY_TOKENS = (
    "Syntax Error: Document contains more than {} tokens. Parsing aborted."
)


class RejectedError(Exception):
    """A document cannot be run: GraphQL's own errors, and their code."""

    def __init__(self, code: str, errors: list[GraphQLError]) -> None:
        super().__init__(code)
        self.code = code
        self.errors = errors


class Operation(Struct, frozen=True, kw_only=True):
    """One operation of a valid document, within the limits."""

    document: DocumentNode
    name: str | None
    type: OperationType


class Engine:
    """Prepares and executes operations on one schema."""

    def __init__(
        self, schema: GraphQLSchema, limits: LimitSettings, *, introspection: bool
    ) -> None:
        self._schema = schema
        self._limits = limits
        self._introspection = introspection
        self._read = functools.lru_cache(maxsize=_DOCUMENTS)(self._read_document)

    def prepare(self, text: str, operation_name: str | None) -> Operation:
        """Return the operation to run.

        Raises:
            RejectedError: The text does not parse or validate, or names no operation.
            LimitError: The document or the operation is too large.
        """
        document = self._read(text)
        definition = _find(document, operation_name)
        check_limits(document, definition, self._limits)
        return Operation(
            document=document, name=operation_name, type=definition.operation
        )

    async def execute(
        self, operation: Operation, variables: dict[str, Any], context: object
    ) -> ExecutionResult:
        """Return the data and errors of an operation."""
        # Nothing is deferred any more, but `execute` refuses a schema with @defer.
        result = experimental_execute_incrementally(
            self._schema,
            operation.document,
            context_value=context,
            variable_values=variables,
            operation_name=operation.name,
            hide_suggestions=not self._introspection,
        )
        if inspect.isawaitable(result):
            result = await result
        assert isinstance(result, ExecutionResult)  # noqa: S101 - nothing is deferred
        return result

    def _read_document(self, text: str) -> DocumentNode:
        document = self._parse(text)
        rules = list(specified_rules)
        if not self._introspection:
            rules.append(NoSchemaIntrospectionCustomRule)
        errors = validate(
            self._schema, document, rules, hide_suggestions=not self._introspection
        )
        if errors:
            raise RejectedError("GRAPHQL_VALIDATION_FAILED", errors)
        return _without_defer(document) if "defer" in text else document

    def _parse(self, text: str) -> DocumentNode:
        try:
            return parse(text, max_tokens=self._limits.tokens)
        except GraphQLSyntaxError as error:
            # graphql-core tells the limit from other syntax errors by text alone.
            if error.message == _TOO_MANY_TOKENS.format(self._limits.tokens):
                raise LimitError(
                    "MAX_TOKENS_LIMIT",
                    f"This document has more than {self._limits.tokens} tokens, the "
                    "most that runs.",
                ) from error
            raise RejectedError("GRAPHQL_PARSE_FAILED", [error]) from error


def _find(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    definition = get_operation_ast(document, name)
    if definition is None:
        message = (
            "`operationName` is needed: this document has several operations."
            if name is None
            else f"This document has no operation named {name!r}."
        )
        raise RejectedError("OPERATION_RESOLUTION_FAILURE", [GraphQLError(message)])
    return definition


class _DeferRemover(Visitor):
    def enter_directive(self, node: DirectiveNode, *_: object) -> object:
        return REMOVE if node.name.value == "defer" else None


def _without_defer(document: DocumentNode) -> DocumentNode:
    """Return the document with what it defers in its place: one complete answer."""
    undeferred: DocumentNode = visit(document, _DeferRemover())
    return undeferred
