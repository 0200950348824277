"""Answers: a reply, the refusals and their two forms, and how times are written (2)."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

import msgspec

JSON_API = "application/vnd.api+json"
MEDIA_TYPE = f"{JSON_API}; charset=utf-8"
# The notes show one offset; summer time is left out.
ZONE = timezone(timedelta(hours=1))
_ENCODER = msgspec.json.Encoder()


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """One answer, before it is sent; None as *media_type* sends no content type."""

    status: int = 200
    body: bytes = b""
    media_type: str | None = MEDIA_TYPE
    headers: Mapping[str, str] = {}


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One member of ``errors``.

    *title* is the documented one; *live_title* and *live_status* are what was seen
    live where that differs (2.5). *limit* belongs to 429 alone.
    """

    title: str
    code: str | None = None
    detail: str | None = None
    live_title: str | None = None
    live_status: str | None = None
    source: Mapping[str, str] = {}
    limit: int | None = None


class ProductiveError(Exception):
    """A refusal: it becomes a document with ``errors``."""

    def __init__(
        self, status: int, *problems: Problem, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status)
        self.status = status
        self.problems = problems
        self.headers = headers or {}


def document_reply(document: Mapping[str, Any] | None, status: int = 200) -> Reply:
    """Return *document* as a reply; None is 204 without a content type (2.7)."""
    if document is None:
        return Reply(status=204, media_type=None)
    return Reply(status=status, body=_ENCODER.encode(document))


def error_reply(error: ProductiveError, *, is_documented: bool) -> Reply:
    """Return a refusal in the live form, or in the documented one (C2)."""
    present = _documented if is_documented else _live
    errors = [present(error.status, problem) for problem in error.problems]
    return Reply(
        status=error.status,
        body=_ENCODER.encode({"errors": errors}),
        headers=error.headers,
    )


def _live(status: int, problem: Problem) -> dict[str, Any]:
    if problem.limit is not None:
        return _spent(status, problem)
    told = {
        "status": problem.live_status or str(status),
        "code": problem.code,
        "title": problem.live_title or problem.title,
        "detail": problem.detail,
        "meta": {},
        "source": dict(problem.source),
    }
    return {name: value for name, value in told.items() if value is not None}


def _documented(status: int, problem: Problem) -> dict[str, Any]:
    if problem.limit is not None:
        return _spent(status, problem)
    told = {
        "status": status,
        "title": problem.title,
        "detail": problem.detail,
        "source": dict(problem.source) or None,
    }
    return {name: value for name, value in told.items() if value is not None}


def _spent(status: int, problem: Problem) -> dict[str, Any]:
    return {
        "status": status,
        "title": problem.title,
        "detail": problem.detail,
        "limit": problem.limit,
    }


def unauthenticated() -> ProductiveError:
    """Return the refusal of a token that is missing, unknown or dead (1.1)."""
    problem = Problem(
        title="Unauthenticated",
        code="invalid_auth_token",
        detail="You need to authenticate to access this resource",
    )
    return ProductiveError(401, problem)


def no_person() -> ProductiveError:
    """Return the refusal of a token that nobody in the organization has (1.1)."""
    problem = Problem(
        title="Access Denied",
        code="no_person",
        detail="You are not authorized to access this organization",
    )
    return ProductiveError(403, problem)


def access_denied() -> ProductiveError:
    """Return the refusal of what the caller may not do."""
    problem = Problem(
        title="Access Denied",
        code="access_denied",
        detail="You are not authorized to perform this action",
    )
    return ProductiveError(403, problem)


def record_not_found() -> ProductiveError:
    """Return the refusal of what there is not, or not for the caller."""
    problem = Problem(
        title="Record Not Found",
        code="record_not_found",
        detail="No such thing here",
    )
    return ProductiveError(404, problem)


def route_not_found() -> ProductiveError:
    """Return the refusal of a path or a method that does not exist."""
    problem = Problem(
        title="Route Not Found",
        code="route_not_found",
        detail="No such route here",
    )
    return ProductiveError(404, problem)


def conflict(code: str) -> ProductiveError:
    """Return a conflict; it has no ``detail`` (2.5)."""
    return ProductiveError(409, Problem(title="Conflict error", code=code))


def bad_request(detail: str) -> ProductiveError:
    """Return the refusal of a body that is no document."""
    problem = Problem(title="Bad Request", code="bad_request", detail=detail)
    return ProductiveError(400, problem)


def unsupported(what: str, name: str) -> ProductiveError:
    """Return the refusal of a query's part: a filter, its value, an include."""
    code = {
        "Filter": "filter_param_unsupported",
        "Filter Value": "filter_value_unsupported",
        "Include": "include_param_unsupported",
        "Group": "group_param_unsupported",
    }[what]
    parameter = what.split(" ", maxsplit=1)[0].lower()
    problem = Problem(
        title=f"Unsupported {what}",
        code=code,
        detail=f"{what} {name} is not supported",
        source={"parameter": parameter},
    )
    return ProductiveError(400, problem)


def unsupported_sort(name: str) -> ProductiveError:
    """Return the refusal of a sort; live its status is a word (2.5)."""
    problem = Problem(
        title="Unsupported Sort",
        live_title="Sort param unsupported",
        live_status="unprocessable_content",
        code="sort_param_unsupported",
        detail=f"Sort {name} is not supported",
        source={"parameter": "sort"},
    )
    return ProductiveError(400, problem)


def invalid(details: Sequence[tuple[str, str]]) -> ProductiveError:
    """Return the refusal of values; *details* are attributes and what is wrong."""
    problems = [
        Problem(
            title="Invalid Attribute",
            live_title="Invalid Attribute Value",
            code="invalid_attribute_value",
            detail=detail,
            source={"pointer": f"data/attributes/{name}"},
        )
        for name, detail in details
    ]
    return ProductiveError(422, *problems)


def not_acceptable() -> ProductiveError:
    """Return the refusal of an ``Accept`` that leaves out JSON:API."""
    detail = f"Only {JSON_API} is offered"
    return ProductiveError(406, Problem(title="Not Acceptable", detail=detail))


def unsupported_media_type() -> ProductiveError:
    """Return the refusal of a write without the content type of JSON:API."""
    detail = f"Content-Type must be {JSON_API}"
    return ProductiveError(415, Problem(title="Unsupported Media Type", detail=detail))


def server_error() -> ProductiveError:
    """Return the failure of the service itself."""
    detail = "Something went wrong on our side"
    return ProductiveError(500, Problem(title="Server Error", detail=detail))


def too_many_requests(
    limit: int, retry_after_seconds: int | None = None
) -> ProductiveError:
    """Return the refusal of a call beyond a limit, which has a form of its own."""
    problem = Problem(
        title="Too many requests",
        detail=f"You have exceeded the limit of {limit} requests",
        limit=limit,
    )
    headers = {}
    if retry_after_seconds is not None:
        headers["Retry-After"] = str(retry_after_seconds)
    return ProductiveError(429, problem, headers=headers)


def time_text(moment: datetime | None) -> str | None:
    """Return the form that times have: milliseconds and an offset."""
    if moment is None:
        return None
    return moment.astimezone(ZONE).isoformat(timespec="milliseconds")
