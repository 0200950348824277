"""How Productive says no, and the error that each answer stands for.

The HTTP status tells ("Error handling", checked in November 2026); the member
`status` of an error is an integer, a number as text or a word (C2), and is not read.
Codes and titles are both read, since the documented form has no codes.
"""

from collections.abc import Callable, Mapping
from http import HTTPStatus

import msgspec

from gateway.errors import (
    ConflictError,
    ForbiddenError,
    GatewayError,
    InvalidInputError,
    NotFoundError,
    UnsupportedError,
    UpstreamAuthError,
    UpstreamRateLimitedError,
    UpstreamResponseError,
    UpstreamUnavailableError,
)
from gateway.providers.productive import shapes
from gateway.providers.productive.words import BUSY_SECONDS, PROVIDER
from gateway.upstream import Answer, Dialect, Verdict

# What Productive says no with to a write that it understood.
REFUSALS = (ConflictError, ForbiddenError, NotFoundError, InvalidInputError)
UNCHANGED = "Nothing was changed."

_NAME = PROVIDER.value
_CODE_CHARACTERS = 60

_NO_PERSON = frozenset({"no_person"})
_NO_ROUTE = frozenset({"route_not_found", "route not found"})

_FAILURE = msgspec.json.Decoder(shapes.Failure)
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def create_dialect() -> Dialect:
    """Return Productive's dialect."""
    return Dialect(
        explain=_explain,
        describe=lambda answer: {"upstream_code": _code(answer)},
        judge=_judge,
    )


def unsupported_call() -> UnsupportedError:
    """Return the refusal for a call that this organization lacks."""
    return UnsupportedError(
        f"This Productive organization has no such call. {UNCHANGED}", asked=True
    )


def _judge(answer: Answer) -> Verdict:
    # A token holds until it is revoked: there is nothing to sign in with again.
    return Verdict.DONE if answer.succeeded else Verdict.REFUSED


def _explain(answer: Answer) -> GatewayError:
    words = _words(answer)
    if answer.status in _PLAIN:
        return _PLAIN[answer.status](answer)
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return UpstreamUnavailableError(_NAME, "Productive is not available.")
    if words is None:
        return _explain_stranger(answer.status)
    if answer.status == HTTPStatus.NOT_FOUND and words & _NO_ROUTE:
        return unsupported_call()
    if answer.status == HTTPStatus.FORBIDDEN and words & _NO_PERSON:
        return UpstreamAuthError(
            _NAME, "This token is nobody's in the Productive organization."
        )
    told = _TOLD.get(answer.status)
    return _not_understood() if told is None else told[0](told[1])


def _explain_stranger(status: int) -> GatewayError:
    """Explain what Productive did not say itself: what stands in front of it did."""
    if status == HTTPStatus.FORBIDDEN:
        return UpstreamAuthError(_NAME, "Productive does not let this gateway in.")
    return unsupported_call() if status == HTTPStatus.NOT_FOUND else _not_understood()


def _busy(answer: Answer) -> UpstreamRateLimitedError:
    seconds = answer.retry_after_seconds
    return UpstreamRateLimitedError(
        _NAME,
        "Productive takes no more calls for now.",
        retry_after_seconds=BUSY_SECONDS if seconds is None else seconds,
    )


# What a status means whoever gave it.
_PLAIN: Mapping[int, Callable[[Answer], GatewayError]] = {
    HTTPStatus.UNAUTHORIZED: lambda _: UpstreamAuthError(
        _NAME, "Productive does not accept this token."
    ),
    HTTPStatus.METHOD_NOT_ALLOWED: lambda _: unsupported_call(),
    HTTPStatus.NOT_IMPLEMENTED: lambda _: unsupported_call(),
    # What cannot be read is not carried out.
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: lambda _: unsupported_call(),
    HTTPStatus.TOO_MANY_REQUESTS: _busy,
}
# What a status means in an answer of Productive's own.
_TOLD: Mapping[int, tuple[type[GatewayError], str]] = {
    HTTPStatus.FORBIDDEN: (
        ForbiddenError,
        "Productive does not let this person do this.",
    ),
    HTTPStatus.NOT_FOUND: (
        NotFoundError,
        "Productive has no such object for this person.",
    ),
    HTTPStatus.CONFLICT: (
        ConflictError,
        "Productive refused in the state that this is in.",
    ),
    HTTPStatus.BAD_REQUEST: (
        InvalidInputError,
        "Productive does not accept a value of this call.",
    ),
    HTTPStatus.UNPROCESSABLE_ENTITY: (
        InvalidInputError,
        "Productive does not accept a value of this call.",
    ),
}


def _not_understood() -> UpstreamResponseError:
    return UpstreamResponseError(_NAME, "Productive's answer could not be understood.")


def _words(answer: Answer) -> frozenset[str] | None:
    """Return codes and titles, or None where the answer is not Productive's own."""
    try:
        problems = _FAILURE.decode(answer.body).errors
    except _UNREADABLE:
        return None
    texts = [text for one in problems for text in (one.code, one.title) if text]
    return frozenset(text.casefold() for text in texts)


def _code(answer: Answer) -> str | None:
    """Return the code of a refusal, else its title, for the log."""
    try:
        problem = _FAILURE.decode(answer.body).errors[0]
    except (*_UNREADABLE, IndexError):
        return None
    return (problem.code or problem.title or "")[:_CODE_CHARACTERS]
