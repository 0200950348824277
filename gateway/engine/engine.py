"""Reads documents, and runs their operations on one schema."""

import functools
import inspect
from collections.abc import AsyncIterator
from typing import Any, TypeAlias

from graphql import (
    DocumentNode,
    ExecutionResult,
    ExperimentalIncrementalExecutionResults,
    GraphQLSchema,
    GraphQLSyntaxError,
    NoSchemaIntrospectionCustomRule,
    experimental_execute_incrementally,
    parse,
    specified_rules,
    validate,
)
from graphql.execution import Executor, create_source_event_stream

from gateway.engine.documents import Document, Operation, RejectedError
from gateway.errors import LimitError
from gateway.settings import LimitSettings

_DOCUMENTS = 200
_TOO_MANY_TOKENS = (
    "Syntax Error: Document contains more than {} tokens. Parsing aborted."
)

# An answer whose first part is there, and whose deferred parts follow.
Increments: TypeAlias = ExperimentalIncrementalExecutionResults


class Engine:
    """Reads documents and executes operations on one schema."""

    def __init__(
        self, schema: GraphQLSchema, limits: LimitSettings, *, introspection: bool
    ) -> None:
        self._schema = schema
        self._limits = limits
        self._introspection = introspection
        self.read = functools.lru_cache(maxsize=_DOCUMENTS)(self.read_document)

    def read_document(self, text: str) -> Document:
        """Return a document, parsed, valid and measured; `read` keeps what it gives.

        Raises:
            RejectedError: The text does not parse or validate.
            LimitError: It has too many tokens.
        """
        document = self._parse(text)
        rules = list(specified_rules)
        if not self._introspection:
            rules.append(NoSchemaIntrospectionCustomRule)
        errors = validate(
            self._schema, document, rules, hide_suggestions=not self._introspection
        )
        if errors:
            raise RejectedError("GRAPHQL_VALIDATION_FAILED", errors)
        return Document(text, document, self._schema, self._limits)

    async def execute(
        self,
        operation: Operation,
        variables: dict[str, Any],
        context: object,
        *,
        root: object = None,
    ) -> ExecutionResult:
        """Return the data and errors of an operation, complete.

        *root* is the event, where the operation is a subscription.
        """
        result = await self._run(
            operation.document, operation, variables, context, root
        )
        assert isinstance(result, ExecutionResult)  # noqa: S101 - nothing is deferred
        return result

    async def execute_incrementally(
        self, operation: Operation, variables: dict[str, Any], context: object
    ) -> ExecutionResult | Increments:
        """Return the answer to an operation, in parts where it defers something."""
        document = operation.deferring or operation.document
        return await self._run(document, operation, variables, context, None)

    async def open_stream(
        self, operation: Operation, variables: dict[str, Any], context: object
    ) -> ExecutionResult | AsyncIterator[Any]:
        """Return the events of a subscription, or the errors that it ends with.

        Each event is the root with which `execute` gives one answer.
        """
        executor = Executor.build(
            self._schema,
            operation.document,
            context_value=context,
            raw_variable_values=variables,
            operation_name=operation.name,
            hide_suggestions=not self._introspection,
        )
        if isinstance(executor, list):
            return ExecutionResult(errors=executor)
        stream = create_source_event_stream(executor)
        if inspect.isawaitable(stream):
            stream = await stream
        return stream if isinstance(stream, ExecutionResult) else aiter(stream)

    async def _run(
        self,
        document: DocumentNode,
        operation: Operation,
        variables: dict[str, Any],
        context: object,
        root: object,
    ) -> ExecutionResult | Increments:
        # `execute` refuses a schema with @defer, even where nothing is deferred.
        result = experimental_execute_incrementally(
            self._schema,
            document,
            root_value=root,
            context_value=context,
            variable_values=variables,
            operation_name=operation.name,
            hide_suggestions=not self._introspection,
        )
        return await result if inspect.isawaitable(result) else result

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
