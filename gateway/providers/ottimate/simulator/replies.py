"""Answers: a reply, its JSON, and the two forms of error that the API has."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

_ENCODER = msgspec.json.Encoder(decimal_format="number")


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """One answer, before it is sent."""

    status: int
    body: bytes
    headers: dict[str, str] = {}
    media_type: str = "application/json"


class OttimateError(Exception):
    """A refusal by the application: it becomes an ErrorResponse."""

    def __init__(
        self, status: int, code: str, message: str | dict[str, list[str]]
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message


class GatewayFormError(Exception):
    """A refusal in front of the application: it becomes ``{"message": …}``."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def json_reply(status: int, content: Any) -> Reply:
    """Return *content* as a JSON reply; a Decimal is written as it stands."""
    return Reply(status=status, body=_ENCODER.encode(content))


def error_reply(error: OttimateError, request_id: UUID, now: datetime) -> Reply:
    """Return the ErrorResponse for *error*."""
    return json_reply(
        error.status,
        {
            "code": error.code,
            "message": error.message,
            "request_id": str(request_id),
            "timestamp": utc_text(now),
        },
    )


def gateway_reply(error: GatewayFormError) -> Reply:
    """Return the form in which the front of the API refuses."""
    return json_reply(error.status, {"message": error.message})


def invalid(field: str, text: str, *, code: str = "INV4000") -> OttimateError:
    """Return the refusal of one field."""
    return OttimateError(400, code, {field: [text]})


def utc_text(moment: datetime) -> str:
    """Return the form of the ``*_utc`` fields: microseconds and ``Z``."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def number(amount: Decimal) -> Decimal:
    """Return *amount* with the digits that a JSON double would be written with."""
    plain = amount.normalize()
    exponent = plain.as_tuple().exponent
    if isinstance(exponent, int) and exponent >= 0:
        return amount.quantize(Decimal("0.1"))
    return plain
