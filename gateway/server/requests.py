"""GraphQL over HTTP, inbound: a request's parameters, or why it is none.

https://graphql.github.io/graphql-over-http/draft/, "Request".
"""

from typing import Any

import msgspec
from msgspec import Struct
from starlette.datastructures import Headers, QueryParams
from starlette.requests import Request

from gateway.errors import RequestError
from gateway.security import is_loopback
from gateway.server.negotiation import JSON

# A browser sends these to another site without asking it first.
_SIMPLE_TYPES = frozenset(
    {"", "application/x-www-form-urlencoded", "multipart/form-data", "text/plain"}
)
_PREFLIGHT_HEADERS = (
    "apollo-require-preflight",
    "x-apollo-operation-name",
    "graphql-require-preflight",
)


class GraphQLRequest(Struct, frozen=True, rename="camel"):
    """The parameters of a GraphQL request."""

    query: str | None = None
    operation_name: str | None = None
    variables: dict[str, Any] | None = None
    extensions: dict[str, Any] | None = None


# What decoding raises for bytes that are no JSON, no UTF-8, or nested without end.
_UNREADABLE = (msgspec.DecodeError, UnicodeError, RecursionError)
_REQUEST = msgspec.json.Decoder(GraphQLRequest)
_OBJECT: msgspec.json.Decoder[dict[str, Any] | None] = msgspec.json.Decoder(
    dict[str, Any] | None
)


def check_origin(request: Request, allowed_origins: list[str]) -> None:
    """Refuse what another site could make a browser send in a person's name.

    Raises:
        RequestError: CSRF_PREVENTION, with what to send instead.
    """
    headers = request.headers
    if any(headers.get(name) for name in _PREFLIGHT_HEADERS):
        return
    if request.method == "POST" and _media_type(headers) in _SIMPLE_TYPES:
        raise _forgeable("send `Content-Type: application/json`")
    cross_site = (
        request.method == "GET" and headers.get("sec-fetch-site") == "cross-site"
    )
    if cross_site and headers.get("origin") not in allowed_origins:
        raise _forgeable("send it from an origin in GATEWAY_CORS_ORIGINS")


def check_host(request: Request) -> None:
    """Refuse a request that reached this machine under another machine's name.

    Any page can give its own name the address of this machine (DNS rebinding), and
    would then be no other site to the browser.

    Raises:
        RequestError: CSRF_PREVENTION, with where to send instead.
    """
    if not is_loopback(request.url.hostname or ""):
        raise RequestError(
            "This gateway asks nobody who they are, so it answers only at localhost "
            "and loopback addresses. To serve it under another name, set "
            "GATEWAY_AUTH__ALLOW_ANONYMOUS=true.",
            code="CSRF_PREVENTION",
        )


def parse_query_string(params: QueryParams) -> GraphQLRequest:
    """Return the parameters of a GET request.

    Raises:
        RequestError: `variables` or `extensions` is no JSON object.
    """
    return GraphQLRequest(
        query=params.get("query"),
        operation_name=params.get("operationName"),
        variables=_parse_object(params, "variables"),
        extensions=_parse_object(params, "extensions"),
    )


async def parse_body(request: Request, most_bytes: int) -> GraphQLRequest:
    """Return the parameters of a POST request.

    Raises:
        RequestError: The body is too large, of another type, or no GraphQL request.
        ClientDisconnect: The client went away before its body was here.
    """
    if _media_type(request.headers) != JSON:
        raise RequestError(
            f"The body must be {JSON}.", status=415, code="UNSUPPORTED_MEDIA_TYPE"
        )
    charset = _charset(request.headers)
    if charset not in {"utf-8", "utf8"}:
        raise RequestError(
            f"The body must be UTF-8, not {charset}.",
            status=415,
            code="UNSUPPORTED_MEDIA_TYPE",
        )
    body = await read_body(request, most_bytes)
    try:
        return _REQUEST.decode(body)
    except msgspec.ValidationError as error:
        raise RequestError(f"This is no GraphQL request: {error}.") from error
    except _UNREADABLE as error:
        raise RequestError("The body is not JSON.") from error


async def read_body(request: Request, most_bytes: int) -> bytes:
    """Return the body of a request.

    Raises:
        RequestError: It is larger than *most_bytes*.
        ClientDisconnect: The client went away before its body was here.
    """
    too_large = RequestError(
        f"The body is larger than {most_bytes} bytes, the most that is read.",
        status=413,
        code="BODY_TOO_LARGE",
        headers={"Connection": "close"},
    )
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > most_bytes:
        raise too_large
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most_bytes:
            raise too_large
    return bytes(body)


def _media_type(headers: Headers) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def _charset(headers: Headers) -> str:
    for parameter in headers.get("content-type", "").split(";")[1:]:
        key, _, value = parameter.partition("=")
        if key.strip().lower() == "charset":
            return value.strip().strip('"').lower()
    return "utf-8"


def _parse_object(params: QueryParams, name: str) -> dict[str, Any] | None:
    text = params.get(name)
    if not text:
        return None
    try:
        return _OBJECT.decode(text)
    except _UNREADABLE as error:
        raise RequestError(f"`{name}` must be a JSON object.") from error


def _forgeable(instead: str) -> RequestError:
    return RequestError(
        "This request is refused because a browser could be made to send it by another "
        f"site: {instead}, or add one of the headers {', '.join(_PREFLIGHT_HEADERS)}.",
        code="CSRF_PREVENTION",
    )
