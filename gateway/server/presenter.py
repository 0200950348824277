"""The one place where an error becomes something that a client reads."""

from collections.abc import Iterable, Sequence
from typing import Any

from graphql import ExecutionResult, GraphQLError

from gateway.engine import RejectedError
from gateway.errors import (
    GatewayError,
    IdentityUnavailableError,
    OperationError,
    RequestError,
    UnauthenticatedError,
)
from gateway.observability import get_logger

_MASKED = "Unexpected error."
_UNFIT = "A value in this document does not fit its type."
_UNAUTHORISED = 401
_UNAVAILABLE = 503


def present_result(result: ExecutionResult, request_id: str) -> dict[str, Any]:
    """Return the body of an answer: data, and the errors in it if there are any."""
    errors = present_errors(result.errors or (), request_id)
    if not errors:
        return {"data": result.data}
    body = _body(errors, request_id)
    if _was_executed(result):
        body["data"] = result.data
    return body


def present_errors(
    errors: Iterable[GraphQLError], request_id: str
) -> list[dict[str, Any]]:
    """Return what a client reads of the errors of an execution, or of a part of one."""
    # What execution refuses without a cause of ours is a value that does not fit.
    return [_present(error, "BAD_USER_INPUT", request_id) for error in errors]


def present_failure(error: Exception, request_id: str) -> dict[str, Any]:
    """Return the body of an answer to a request of which nothing was executed."""
    if isinstance(error, RejectedError):
        # A value in the text may make Python fail (a number of 5,000 digits, say): that
        # is the document's fault and none of ours.
        errors = [
            _present(_without_cause(one), error.code, request_id)
            for one in error.errors
        ]
    else:
        located = GraphQLError("", original_error=error)
        errors = [_present(located, "INTERNAL_SERVER_ERROR", request_id)]
    return _body(errors, request_id)


def failure_status(error: Exception) -> int | None:
    """Return the status that an error asks for, or None where the media type decides.

    A request that is no GraphQL request has one; a document or an operation that
    cannot run is 400 in ``application/graphql-response+json`` and 200 otherwise.
    """
    if isinstance(error, RequestError | OperationError):
        return error.status
    if isinstance(error, UnauthenticatedError):
        return _UNAUTHORISED
    if isinstance(error, IdentityUnavailableError):
        return _UNAVAILABLE
    if isinstance(error, GatewayError | RejectedError):
        return None
    return 500


def is_request_error(result: ExecutionResult) -> bool:
    """Return whether nothing was executed, because the variables did not fit."""
    return not _was_executed(result)


def _was_executed(result: ExecutionResult) -> bool:
    return result.data is not None or any(error.path for error in result.errors or ())


def _without_cause(error: GraphQLError) -> GraphQLError:
    message = error.message if error.original_error is None else _UNFIT
    return GraphQLError(message, error.nodes, error.source, error.positions)


def _body(errors: Sequence[dict[str, Any]], request_id: str) -> dict[str, Any]:
    return {"errors": errors, "extensions": {"requestId": request_id}}


def _present(error: GraphQLError, code: str, request_id: str) -> dict[str, Any]:
    presented: dict[str, Any] = {}
    cause = error.original_error
    if cause is None or (error.path is None and code == "BAD_USER_INPUT"):
        presented["message"] = error.message
        extensions: dict[str, Any] = {"code": code, "retryable": False}
    elif isinstance(cause, GatewayError):
        presented["message"] = cause.message
        extensions = dict(cause.extensions)
    else:
        _log_bug(cause, error)
        presented["message"] = _MASKED
        extensions = {"code": "INTERNAL_SERVER_ERROR", "retryable": False}
    if error.locations:
        presented["locations"] = [
            {"line": location.line, "column": location.column}
            for location in error.locations
        ]
    if error.path is not None:
        presented["path"] = error.path
    presented["extensions"] = {**extensions, "requestId": request_id}
    return presented


def _log_bug(cause: Exception, error: GraphQLError) -> None:
    get_logger().error("unexpected_error", path=error.path, exc_info=cause)
