"""The messages of graphql-transport-ws, as a client sends them.

https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md (checked 2026-11-20).
"""

from collections.abc import Mapping
from enum import IntEnum
from typing import Annotated, Any, TypeAlias

import msgspec
from msgspec import Meta, Struct

from gateway.errors import RequestError, UnauthenticatedError
from gateway.security import IDENTITY_HEADERS
from gateway.server.requests import GraphQLRequest, parse_message

SUBPROTOCOL = "graphql-transport-ws"

_ID: TypeAlias = Annotated[str, Meta(min_length=1)]


class CloseCode(IntEnum):
    """Why a connection ends: the protocol's own codes, and some of RFC 6455."""

    GOING_AWAY = 1001
    TOO_BIG = 1009
    TRY_AGAIN_LATER = 1013
    BAD_REQUEST = 4400
    UNAUTHORIZED = 4401
    FORBIDDEN = 4403
    SUBPROTOCOL = 4406
    INIT_TIMEOUT = 4408
    SUBSCRIBER_EXISTS = 4409
    TOO_MANY_INITS = 4429
    INTERNAL_ERROR = 4500


class Init(Struct, frozen=True, tag_field="type", tag="connection_init"):
    """The client begins, and may say who it is."""

    payload: dict[str, Any] | None = None


class Ping(Struct, frozen=True, tag_field="type", tag="ping"):
    """The client asks for a pong."""

    payload: dict[str, Any] | None = None


class Pong(Struct, frozen=True, tag_field="type", tag="pong"):
    """The client lives."""

    payload: dict[str, Any] | None = None


class Subscribe(Struct, frozen=True, tag_field="type", tag="subscribe"):
    """The client asks to run an operation, whatever its type."""

    id: _ID
    payload: GraphQLRequest


class Complete(Struct, frozen=True, tag_field="type", tag="complete"):
    """The client wants no more of an operation."""

    id: _ID


Message: TypeAlias = Init | Ping | Pong | Subscribe | Complete


def parse(text: str) -> Message:
    """Return a message.

    Raises:
        RequestError: It is none that a client may send.
    """
    try:
        message: Message = msgspec.convert(parse_message(text), Message)
    except msgspec.ValidationError as error:
        raise RequestError(f"This is no message: {error}.") from error
    return message


def find_identity(payload: Mapping[str, Any]) -> dict[str, str]:
    """Return what the payload of a client's first message says of who calls.

    Its members, and those of `headers` in it, are named as headers are. As with those,
    what is there twice is one value.

    Raises:
        UnauthenticatedError: One of them is no text.
    """
    headers = payload.get("headers")
    places = [payload, headers] if isinstance(headers, Mapping) else [payload]
    found: dict[str, list[str]] = {}
    for place in places:
        for name, value in place.items():
            if name.lower() not in IDENTITY_HEADERS or value is None:
                continue
            if not isinstance(value, str):
                raise UnauthenticatedError(f"`{name}` is to be a text.")
            found.setdefault(name.lower(), []).append(value)
    return {name: ", ".join(values) for name, values in found.items()}
