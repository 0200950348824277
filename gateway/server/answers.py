"""The answers of the GraphQL endpoint over HTTP: whole, kept by clients, or refused."""

from http import HTTPStatus

import orjson
from starlette.requests import Request
from starlette.responses import Response

from gateway.errors import RequestError, UnauthenticatedError
from gateway.server.caching import NO_STORE, create_etag, is_match
from gateway.server.negotiation import GRAPHQL_JSON, JSON
from gateway.server.presenter import failure_status, present_failure

# Whatever of a request changes the answer to it.
_VARY = "Accept, Authorization, X-API-Key"


def fail(error: Exception, media_type: str, request_id: str) -> Response:
    """Return the answer to a request of which nothing was executed."""
    status = failure_status(error)
    if status is None:
        status = refused_status(media_type)
    response = json_answer(present_failure(error, request_id), media_type, status)
    if isinstance(error, RequestError):
        response.headers.update(error.headers)
    if isinstance(error, UnauthenticatedError):
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def refused_status(media_type: str) -> int:
    """Return the status of an answer without data, by the type that it is in."""
    return HTTPStatus.BAD_REQUEST if media_type == GRAPHQL_JSON else HTTPStatus.OK


def json_answer(body: object, media_type: str, status: int) -> Response:
    """Return a whole answer, which nobody may keep."""
    return Response(
        orjson.dumps(body),
        status_code=status,
        media_type=f"{media_type}; charset=utf-8",
        headers={"Vary": _VARY, "Cache-Control": NO_STORE},
    )


def cacheable(request: Request, response: Response, cache_control: str) -> Response:
    """Return an answer that may be kept; one that the client has is left out."""
    response.headers["Cache-Control"] = cache_control
    if cache_control == NO_STORE:
        return response
    response.headers.add_vary_header("Accept-Encoding")
    etag = create_etag(bytes(response.body), response.headers["Content-Type"])
    response.headers["ETag"] = etag
    if not is_match(", ".join(request.headers.getlist("if-none-match")), etag):
        return response
    kept = ("Cache-Control", "ETag", "Vary")
    headers = {name: response.headers[name] for name in kept}
    return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)


def not_acceptable() -> RequestError:
    """Return why an ``Accept`` that names no form of ours is refused."""
    return RequestError(
        f"`Accept` takes {JSON}, {GRAPHQL_JSON}, text/event-stream or multipart/mixed.",
        status=406,
        code="NOT_ACCEPTABLE",
    )


def method_not_allowed(method: str, allowed: str) -> RequestError:
    """Return why a method is refused, with those that are *allowed*."""
    return RequestError(
        f"{method} is not allowed here; {allowed} is.",
        status=405,
        code="METHOD_NOT_ALLOWED",
        headers={"Allow": allowed},
    )
