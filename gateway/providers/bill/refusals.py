"""How BILL says no, and the error that each answer stands for.

Quirk: v2 answers failures with HTTP 200; ``response_status`` tells them apart, and
``error_code`` one from another ("API response format", "Common API error codes",
checked in November 2026). No code is published for what an approver may not do, so
any code that is not listed is a refusal, which the caller explains by reading.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
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
    UpstreamError,
    UpstreamRateLimitedError,
    UpstreamResponseError,
    UpstreamUnavailableError,
)
from gateway.providers.bill import shapes
from gateway.providers.bill.words import PROVIDER
from gateway.upstream import Answer, Dialect, Verdict, seconds_to_next_hour

# What BILL says no with to a write that it understood.
REFUSALS = (ConflictError, ForbiddenError, NotFoundError, InvalidInputError)
UNCHANGED = "Nothing was changed."

_NAME = PROVIDER.value

_NO_CALL = "BDC_1121"
_SESSION_OVER = "BDC_1109"
_HOUR_SPENT = "BDC_1144"
_NO_SLOT = "BDC_1322"

# A slot is free again as soon as another call ends.
_SLOT_SECONDS = 1
_CODE_CHARACTERS = 20

_REFUSALS: Mapping[str, tuple[type[GatewayError], str]] = {
    "BDC_1002": (InvalidInputError, "BILL did not understand a value of this call."),
    "BDC_1150": (ForbiddenError, "BILL does not let this user do this."),
    "BDC_1205": (NotFoundError, "BILL has no such object for this user."),
    "BDC_1302": (NotFoundError, "BILL has no such object for this user."),
}
# A path that is not there is answered so, by BILL or by what stands in front of it.
_ABSENT = frozenset(
    {
        HTTPStatus.NOT_FOUND,
        HTTPStatus.METHOD_NOT_ALLOWED,
        HTTPStatus.NOT_IMPLEMENTED,
    }
)
_SIGNED_OUT = (UpstreamAuthError, "BILL does not accept this sign-in.")
_FAULTS: Mapping[str, tuple[type[UpstreamError], str]] = {
    "BDC_1001": (UpstreamUnavailableError, "BILL reports an error of its own."),
    "BDC_1101": _SIGNED_OUT,
    "BDC_1102": _SIGNED_OUT,
    "BDC_1105": _SIGNED_OUT,
    _SESSION_OVER: (UpstreamAuthError, "BILL does not keep the session it gave."),
    "BDC_1356": _SIGNED_OUT,
    "BDC_1361": _SIGNED_OUT,
}
_LIMITS: Mapping[str, str] = {
    _HOUR_SPENT: "BILL's limit for this hour is spent.",
    _NO_SLOT: "BILL has no free slot for another call.",
}

_HEAD = msgspec.json.Decoder(shapes.Head)
_FAILURE = msgspec.json.Decoder(shapes.Failure)
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def create_dialect(now: Callable[[], datetime]) -> Dialect:
    """Return BILL's dialect; *now* tells when the hour turns."""
    return Dialect(
        explain=lambda answer: _explain(answer, now()),
        describe=lambda answer: {"upstream_code": _code(answer)},
        judge=_judge,
    )


def unsupported_call() -> UnsupportedError:
    """Return the refusal for a call that this environment lacks."""
    return UnsupportedError(
        f"This BILL environment has no such call. {UNCHANGED}", asked=True
    )


async def explain(why: Awaitable[GatewayError]) -> GatewayError:
    """Return *why* BILL refused a write, as far as reading tells.

    The write surely did not happen, so a failure of that reading is no fault of it.
    """
    try:
        return await why
    except UpstreamError:
        return ConflictError(f"BILL refused, and does not tell why. {UNCHANGED}")


def _judge(answer: Answer) -> Verdict:
    head = _head(answer)
    if head is None:
        return Verdict.REFUSED
    if head.response_status == 0 and answer.succeeded:
        return Verdict.DONE
    verdicts = {_SESSION_OVER: Verdict.SIGNED_OUT, _NO_SLOT: Verdict.BUSY}
    return verdicts.get(_code(answer) or "", Verdict.REFUSED)


def _explain(answer: Answer, now: datetime) -> GatewayError:
    code = _code(answer)
    if code is None:
        return _explain_status(answer, is_bills=_head(answer) is not None)
    if code in _REFUSALS:
        refusal, text = _REFUSALS[code]
        return refusal(text)
    if code in _FAULTS:
        fault, text = _FAULTS[code]
        return fault(_NAME, text)
    if code in _LIMITS:
        text = _LIMITS[code]
        seconds = seconds_to_next_hour(now) if code == _HOUR_SPENT else _SLOT_SECONDS
        return UpstreamRateLimitedError(_NAME, text, retry_after_seconds=seconds)
    return unsupported_call() if code == _NO_CALL else ConflictError("BILL refused.")


def _explain_status(answer: Answer, *, is_bills: bool) -> GatewayError:
    """Explain an answer that tells no code: what stands in front of BILL gave it.

    Where it *is_bills*, it tells of success at a status of failure, and proves neither.
    """
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        is_absent = answer.status in _ABSENT and not is_bills
        return unsupported_call() if is_absent else _not_available()
    if is_bills:
        return _not_understood()
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        return UpstreamRateLimitedError(
            _NAME,
            "BILL takes no more calls for now.",
            retry_after_seconds=answer.retry_after_seconds,
        )
    if answer.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return UpstreamAuthError(_NAME, "BILL does not let this gateway in.")
    return unsupported_call() if answer.status in _ABSENT else _not_understood()


def _not_available() -> UpstreamUnavailableError:
    return UpstreamUnavailableError(_NAME, "BILL is not available.")


def _not_understood() -> UpstreamResponseError:
    return UpstreamResponseError(_NAME, "BILL's answer could not be understood.")


def _head(answer: Answer) -> shapes.Head | None:
    try:
        return _HEAD.decode(answer.body)
    except _UNREADABLE:
        return None


def _code(answer: Answer) -> str | None:
    """Return the code of a failure, or None where the answer is not BILL's own.

    A failure without a readable code is a refusal like those without a public one.
    """
    head = _head(answer)
    if head is None or head.response_status == 0:
        return None
    try:
        return _FAILURE.decode(head.response_data).error_code[:_CODE_CHARACTERS]
    except _UNREADABLE:
        return ""
