"""Answers: a reply, its JSON, and the form of error that the API has (3.4)."""

from collections.abc import Mapping
from typing import Any

import msgspec

_ENCODER = msgspec.json.Encoder(decimal_format="number")
_WORDS = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    415: "bad_request",
    422: "validation_failed",
    429: "too_many_requests",
}


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """One answer, before it is sent; without a body it has no media type."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = {}
    media_type: str = "application/json"


class AccounteerError(Exception):
    """A refusal; its word follows from the status where none is given."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        word: str | None = None,
        errors: Mapping[str, list[str]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.word = word or _WORDS.get(status, "server_error")
        self.errors = dict(errors or {})
        self.headers = dict(headers or {})


class InvalidStateError(Exception):
    """A refusal because of the document's status; a switch says with which code."""

    def __init__(self, message: str, status: str) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


def json_reply(
    status: int, content: Any, headers: Mapping[str, str] | None = None
) -> Reply:
    """Return *content* as a JSON reply; a Decimal is written as it stands."""
    return Reply(
        status=status, body=_ENCODER.encode(content), headers=dict(headers or {})
    )


def page_reply(status: int, title: str) -> Reply:
    """Return what something in front of the API answers."""
    body = f"<!doctype html><title>{title}</title><h1>{title}</h1>".encode()
    return Reply(status=status, body=body, media_type="text/html")


def error_reply(error: AccounteerError) -> Reply:
    """Return the reply for *error*."""
    content = {
        "status": error.status,
        "error": error.word,
        "message": error.message,
        "errors": error.errors,
    }
    return json_reply(error.status, content, error.headers)


def invalid(field: str, text: str) -> AccounteerError:
    """Return the refusal of one field."""
    return AccounteerError(422, f"Validation failed: {field}.", errors={field: [text]})


def not_found(what: str) -> AccounteerError:
    """Return the refusal of an id that is not there, or not in this organisation."""
    return AccounteerError(404, f"{what} not found.")


def unauthorized() -> AccounteerError:
    """Return the refusal of a token that is missing, unknown or ended."""
    return AccounteerError(
        401,
        "The access token is missing, invalid or expired.",
        headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
    )


def too_many(retry_after: int | None) -> AccounteerError:
    """Return the refusal of a call too many; None tells no time."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return AccounteerError(429, "Too many requests.", headers=headers)
