"""How Ottimate says no, and the error that each answer stands for."""

import math
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from http import HTTPStatus

from gateway.errors import (
    ConflictError,
    ForbiddenError,
    GatewayError,
    InvalidInputError,
    NotFoundError,
    UnsupportedError,
    UpstreamAuthError,
    UpstreamError,
    UpstreamRateLimitedError,
    UpstreamResponseError,
    UpstreamTimeoutError,
    UpstreamUnavailableError,
)
from gateway.providers.ottimate import wire
from gateway.upstream import Answer, Dialect

# Quirk: an unknown route answers 403 with this text in front of the application.
# https://docs.ottimate.com/api-limits has the limits of such a front.
_UNKNOWN_ROUTE = "Missing Authentication Token"
_DAY_QUOTA_SPENT = "Limit Exceeded"

_NAME = wire.PROVIDER.value

_VALUES = (InvalidInputError, "Ottimate refused the values of this call.")
_CHANGED = (ConflictError, "Ottimate refused: the object has changed meanwhile.")
_APPLICATION: Mapping[int, tuple[type[GatewayError], str]] = {
    400: _VALUES,
    403: (ForbiddenError, "Ottimate does not let this account's user do this."),
    404: (NotFoundError, "Ottimate has no such object for this account."),
    409: _CHANGED,
    412: _CHANGED,
    413: _VALUES,
    422: _VALUES,
}
_LOGGED_CHARACTERS = 200
_UNKNOWN_ROUTES = frozenset({404, 405, 501})
_SIGNED_OUT = (
    UpstreamAuthError,
    "Ottimate does not accept this gateway's sign-in.",
)
_FAULTS: Mapping[int, tuple[type[UpstreamError], str]] = {
    401: _SIGNED_OUT,
    403: _SIGNED_OUT,
    504: (UpstreamTimeoutError, "Ottimate did not answer in time."),
}


def create_dialect(now: Callable[[], datetime]) -> Dialect:
    """Return Ottimate's dialect; *now* tells when the day's quota opens again."""
    return Dialect(explain=lambda answer: _explain(answer, now()), describe=_describe)


def unsupported_call() -> UnsupportedError:
    """Return the refusal for a call that this account lacks."""
    return UnsupportedError(
        "This Ottimate account has no such call. Nothing was changed.", asked=True
    )


def _explain(answer: Answer, now: datetime) -> GatewayError:
    members = wire.parse_object(answer.body)
    message = members.get("message")
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        return _limited(answer, message, now)
    # Only the application gives a code; what stands in front of it does not. OAuth
    # has `error` instead, at 400.
    is_oauth = answer.status == HTTPStatus.BAD_REQUEST and "error" in members
    is_told = isinstance(members.get("code"), str) or is_oauth
    if is_told and answer.status in _APPLICATION:
        refusal, text = _APPLICATION[answer.status]
        return refusal(text)
    if message == _UNKNOWN_ROUTE or answer.status in _UNKNOWN_ROUTES:
        return unsupported_call()
    fault, text = _FAULTS.get(answer.status, _unlisted(answer.status))
    return fault(_NAME, text)


def _unlisted(status: int) -> tuple[type[UpstreamError], str]:
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return UpstreamUnavailableError, "Ottimate is not available."
    return UpstreamResponseError, "Ottimate's answer could not be understood."


def _describe(answer: Answer) -> dict[str, object]:
    members = wire.parse_object(answer.body)
    return {
        f"upstream_{name}": str(members[name])[:_LOGGED_CHARACTERS]
        for name in ("code", "message", "request_id")
        if name in members
    }


def _limited(
    answer: Answer, message: object, now: datetime
) -> UpstreamRateLimitedError:
    if message == _DAY_QUOTA_SPENT:
        return UpstreamRateLimitedError(
            _NAME,
            "Ottimate's calls of this day are spent; they open again at 00:00 UTC.",
            retry_after_seconds=math.ceil((next_day(now) - now).total_seconds()),
        )
    return UpstreamRateLimitedError(
        _NAME,
        "Ottimate takes no more calls at the moment.",
        retry_after_seconds=answer.retry_after_seconds,
    )


def next_day(now: datetime) -> datetime:
    """Return the next 00:00 UTC after *now*, an instant in UTC."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
