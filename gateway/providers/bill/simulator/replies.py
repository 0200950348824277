"""Answers: a reply, the envelope around its data, and the failures (1.2 to 1.4)."""

from datetime import UTC, datetime
from typing import Any

import msgspec

JSON = "application/json;charset=UTF-8"
_ENCODER = msgspec.json.Encoder(decimal_format="number")

# The notes give the texts of 1109, 1121, 1144, 1205, 1322 and of the synthetic codes.
_MESSAGES = {
    "BDC_1001": "System error.",
    "BDC_1002": "Unknown error.",
    "BDC_1101": "User name and password do not match.",
    "BDC_1102": "Developer key is invalid.",
    "BDC_1105": "Organization has no API access.",
    "BDC_1109": "Session is invalid.  Please log in.",
    "BDC_1121": "API not supported.",
    "BDC_1205": "No data found for object with given ID.",
    "BDC_1302": "ID belongs to another entity type.",
    "BDC_1322": "Max number of concurrent requests per organization reached.",
    "BDC_9901": "User is not an authorized approver for this object.",
    "BDC_9902": "User is not the current approver for this object.",
    "BDC_9903": "Approver has already acted on this object.",
    "BDC_9904": "Object is not awaiting approval.",
    "BDC_9905": "User is not an authorized approver.",
    "BDC_9906": "Approvers do not satisfy the approval policy.",
    "BDC_9907": "Object is inactive.",
}
_REAL_STATUSES = {
    "BDC_1001": 500,
    "BDC_1101": 401,
    "BDC_1102": 401,
    "BDC_1105": 403,
    "BDC_1109": 401,
    "BDC_1144": 429,
    "BDC_1205": 404,
    "BDC_1322": 429,
    "BDC_9901": 403,
    "BDC_9905": 403,
}


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """One answer, before it is sent."""

    status: int = 200
    body: bytes
    media_type: str = JSON


class BillError(Exception):
    """A failure: it becomes the envelope with this code."""

    def __init__(self, code: str, message: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.message = _MESSAGES[code] if message is None else message

    @property
    def real_status(self) -> int:
        """The HTTP status that would fit, which v2 does not send."""
        return _REAL_STATUSES.get(self.code, 400)


class UnknownCallError(Exception):
    """The path names no call: HTTP 404, always."""


def spent(limit: int) -> BillError:
    """Return the failure of a call beyond an hourly limit."""
    text = f"Max number of allowed requests per hour reached: {limit}."
    return BillError("BDC_1144", text)


def success(data: Any) -> dict[str, Any]:
    """Return the envelope of work that was done."""
    return {"response_status": 0, "response_message": "Success", "response_data": data}


def failure(error: BillError) -> dict[str, Any]:
    """Return the envelope of a failure."""
    return {
        "response_status": 1,
        "response_message": "Error",
        "response_data": {"error_code": error.code, "error_message": error.message},
    }


def json_reply(envelope: dict[str, Any], status: int = 200) -> Reply:
    """Return *envelope* as a reply; a Decimal is written with its digits."""
    return Reply(status=status, body=_ENCODER.encode(envelope))


def time_text(moment: datetime) -> str:
    """Return the form that times have: UTC, milliseconds, ``+0000``."""
    milliseconds = moment.microsecond // 1000
    plain = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{plain}.{milliseconds:03}+0000"
