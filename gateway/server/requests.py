"""GraphQL over HTTP, inbound: a request's parameters, or why it is none.

https://graphql.github.io/graphql-over-http/draft/, "Request".
"""

import json
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote_to_bytes

import msgspec
from msgspec import Struct
from starlette.datastructures import Headers, QueryParams
from starlette.requests import HTTPConnection, Request

from gateway.errors import RequestError
from gateway.operations import Asked
from gateway.security import IDENTITY_HEADERS, is_loopback
from gateway.server.negotiation import JSON

# As much is read past the limit and thrown away: a client that still sends when the
# connection is closed may never see why.
_DISCARDED_BYTES = 16 * 1024 * 1024
# As much of a name is repeated to whoever sent it.
_SHOWN = 100
# A browser sends these to another site without asking it first.
_SIMPLE_TYPES = frozenset(
    {"", "application/x-www-form-urlencoded", "multipart/form-data", "text/plain"}
)
_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z.-]+)(:[0-9]*)?")
_PREFLIGHT_HEADERS = (
    "apollo-require-preflight",
    "x-apollo-operation-name",
    "graphql-require-preflight",
)


# What decoding raises for bytes that are no JSON, no UTF-8, or nested without end.
_UNREADABLE = (msgspec.DecodeError, ValueError, RecursionError)


class GraphQLRequest(Struct, frozen=True, rename="camel"):
    """The parameters of a GraphQL request; *doc_id* and *id* are Relay's words."""

    query: str | None = None
    operation_name: str | None = None
    variables: dict[str, Any] | None = None
    extensions: dict[str, Any] | None = None
    document_id: str | None = None
    doc_id: str | None = msgspec.field(default=None, name="doc_id")
    id: str | None = None

    @property
    def asked(self) -> Asked:
        """How it names its document.

        Raises:
            RequestError: It names several, or its hash is none.
        """
        names = {one for one in (self.document_id, self.doc_id, self.id) if one}
        if len(names) > 1:
            raise RequestError("`documentId`, `doc_id` and `id` name two documents.")
        name = names.pop() if names else None
        digest = _digest(self.extensions or {})
        text = self.query
        if text == "" and (name or digest):
            # graphql-ws cannot leave it out.
            text = None
        return Asked(text=text, id=name, digest=digest)


def identity_of(headers: Headers) -> dict[str, str]:
    """Return the headers that say who calls; several lines of one are one value."""
    return {
        name: ", ".join(headers.getlist(name))
        for name in IDENTITY_HEADERS
        if name in headers
    }


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


def check_host(request: HTTPConnection) -> None:
    """Refuse a request that reached this machine under another machine's name.

    Any page can give its own name the address of this machine (DNS rebinding), and
    would then be no other site to the browser. What was sent is looked at, and not
    ``request.url``: that falls back to the server's own address where the name is none,
    as browsers let some be.

    Raises:
        RequestError: CSRF_PREVENTION, with where to send instead.
    """
    host = _HOST.fullmatch(", ".join(request.headers.getlist("host")))
    if host is None or not is_loopback(host["name"].lower()):
        raise RequestError(
            "This gateway asks nobody who they are, so it answers only at localhost "
            "and loopback addresses. To serve it under another name, set "
            "GATEWAY_AUTH__ALLOW_ANONYMOUS=true.",
            code="CSRF_PREVENTION",
        )


def check_address(request: Request) -> None:
    """Hold that a URL is UTF-8, which servers would mend without a word.

    Raises:
        RequestError: It is not.
    """
    try:
        for part in ("raw_path", "query_string"):
            unquote_to_bytes(request.scope.get(part) or b"").decode("utf-8")
    except UnicodeDecodeError as error:
        raise RequestError("The URL is not UTF-8.") from error


def parse_query_string(params: QueryParams) -> GraphQLRequest:
    """Return the parameters of a GET request.

    Raises:
        RequestError: `variables` or `extensions` is no JSON object, or a parameter is
            there twice.
    """
    for name in GraphQLRequest.__struct_encode_fields__:
        if len(params.getlist(name)) > 1:
            raise RequestError(f"`{name}` is there twice.")
    return GraphQLRequest(
        query=params.get("query"),
        operation_name=params.get("operationName"),
        variables=_parse_object(params, "variables"),
        extensions=_parse_object(params, "extensions"),
        document_id=params.get("documentId"),
        doc_id=params.get("doc_id"),
        id=params.get("id"),
    )


async def parse_body(
    request: Request, most_bytes: int
) -> GraphQLRequest | list[GraphQLRequest]:
    """Return the parameters of a POST request; a list of them is a batch.

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
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    if coding != "identity":
        raise RequestError(
            "The body must not be compressed.",
            status=415,
            code="UNSUPPORTED_MEDIA_TYPE",
            headers={"Accept-Encoding": "identity"},
        )
    body = _parse_json(await read_body(request, most_bytes), "The body is not JSON.")
    if isinstance(body, list):
        return [parse_parameters(one) for one in body]
    return parse_parameters(body)


def parse_message(text: str) -> Any:
    """Return the JSON of one message of a WebSocket.

    Raises:
        RequestError: It is no JSON, or an object in it has a member twice.
    """
    return _parse_json(text, "The message is not JSON.")


def parse_parameters(value: Any) -> GraphQLRequest:
    """Return the parameters of a GraphQL request that are in a JSON value.

    Raises:
        RequestError: The value is no GraphQL request.
    """
    try:
        return msgspec.convert(value, GraphQLRequest)
    except msgspec.ValidationError as error:
        raise RequestError(f"This is no GraphQL request: {error}.") from error


async def read_body(request: Request, most_bytes: int) -> bytes:
    """Return the body of a request.

    Of one that is larger up to 16 MiB more are read, and thrown away.

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
    announced = int(length) if length.isdigit() else 0
    if announced > most_bytes + _DISCARDED_BYTES:
        raise too_large
    body = bytearray()
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > most_bytes + _DISCARDED_BYTES:
            raise too_large
        if max(size, announced) <= most_bytes:
            body += chunk
    if size > most_bytes:
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


def _digest(extensions: dict[str, Any]) -> str | None:
    """Return the hash of an automatic persisted query, where there is one."""
    persisted = extensions.get("persistedQuery")
    if persisted is None:
        return None
    version = persisted.get("version") if isinstance(persisted, dict) else None
    # In Python true is 1.
    if version != 1 or version is True:
        raise RequestError("Unsupported persisted query version")
    digest = persisted.get("sha256Hash")
    if not isinstance(digest, str) or not digest:
        raise RequestError(
            "`extensions.persistedQuery.sha256Hash` must be the SHA-256 of the "
            "document in hex."
        )
    return digest


def _parse_object(params: QueryParams, name: str) -> dict[str, Any] | None:
    text = params.get(name)
    if not text:
        return None
    value = _parse_json(text, f"`{name}` must be a JSON object.")
    if value is not None and not isinstance(value, dict):
        raise RequestError(f"`{name}` must be a JSON object.")
    return value


def _parse_json(text: bytes | str, problem: str) -> Any:
    """Return the JSON value in *text*.

    Of two members of one name each parser takes another: what stands between a client
    and the gateway might have looked at the other one.
    """
    try:
        value = msgspec.json.decode(text)
        # msgspec keeps the last of them in silence.
        json.loads(text, object_pairs_hook=_check_unique)
    except _UNREADABLE as error:
        raise RequestError(problem) from error
    return value


def _check_unique(pairs: Sequence[tuple[str, Any]]) -> None:
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        twice = next(name for name, count in Counter(names).items() if count > 1)
        raise RequestError(f"The member `{twice[:_SHOWN]}` is there twice.")


def _forgeable(instead: str) -> RequestError:
    return RequestError(
        "This request is refused because a browser could be made to send it by another "
        f"site: {instead}, or add one of the headers {', '.join(_PREFLIGHT_HEADERS)}.",
        code="CSRF_PREVENTION",
    )
