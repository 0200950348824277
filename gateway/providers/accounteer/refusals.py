"""How Accounteer says no, and the error that each answer stands for.

Nothing is documented, so the status alone decides; a body is never believed. Assumed.
"""

from collections.abc import Mapping
from http import HTTPStatus

import msgspec

from gateway.errors import (
    ConflictError,
    ForbiddenError,
    GatewayError,
    NotFoundError,
    UnsupportedError,
    UpstreamAuthError,
    UpstreamRateLimitedError,
    UpstreamResponseError,
    UpstreamUnavailableError,
)
from gateway.providers.accounteer import shapes
from gateway.providers.accounteer.words import PROVIDER
from gateway.upstream import Answer, Dialect

UNCHANGED = "Nothing was changed."

_NAME = PROVIDER.value
_CODE_CHARACTERS = 60
_FAILURE = msgspec.json.Decoder(shapes.Failure)
_ABSENT = frozenset({HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED})
_TOLD: Mapping[int, tuple[type[GatewayError], str]] = {
    HTTPStatus.FORBIDDEN: (
        ForbiddenError,
        f"Accounteer does not let this account's application do this. {UNCHANGED}",
    ),
    HTTPStatus.NOT_FOUND: (
        NotFoundError,
        f"Accounteer has no such object for this account. {UNCHANGED}",
    ),
    # Whether a state or a value is refused is not told apart: the values are ours.
    **dict.fromkeys(
        (
            HTTPStatus.BAD_REQUEST,
            HTTPStatus.CONFLICT,
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            HTTPStatus.UNPROCESSABLE_ENTITY,
        ),
        (
            ConflictError,
            f"Accounteer refused in the state that this is in. {UNCHANGED}",
        ),
    ),
}


def create_dialect() -> Dialect:
    """Return Accounteer's dialect."""
    return Dialect(
        explain=_explain, describe=lambda answer: {"upstream_code": _code(answer)}
    )


def unsupported_call() -> UnsupportedError:
    """Return the refusal for a call that this account lacks."""
    return UnsupportedError(
        f"This Accounteer account has no such call. {UNCHANGED}", asked=True
    )


def _explain(answer: Answer) -> GatewayError:
    if answer.status == HTTPStatus.UNAUTHORIZED:
        return UpstreamAuthError(_NAME, "Accounteer does not accept this access token.")
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        return UpstreamRateLimitedError(
            _NAME,
            "Accounteer takes no more calls for now.",
            retry_after_seconds=answer.retry_after_seconds,
        )
    if answer.status in _ABSENT:
        return unsupported_call()
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return UpstreamUnavailableError(_NAME, "Accounteer is not available.")
    if answer.status in _TOLD:
        refusal, text = _TOLD[answer.status]
        return refusal(text)
    return UpstreamResponseError(_NAME, "Accounteer's answer could not be understood.")


def _code(answer: Answer) -> str | None:
    """Return the word of a refusal, for the log."""
    try:
        return (_FAILURE.decode(answer.body).error or "")[:_CODE_CHARACTERS]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
