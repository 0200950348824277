"""What the tests of Productive share of its calls: names, and stand-in answers."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx

from gateway.domain import ProviderName, encode_id
from gateway.providers.productive.simulator.objects import ApprovalStatus
from tests.support import Handler

Row = dict[str, Any]
Intercept = Callable[[httpx.Request, Handler], Awaitable[httpx.Response]]

STATUSES = "GET /approval_statuses"
BOOKINGS = "GET /bookings"
ENTRIES = "GET /time_entries"
EXPENSES = "GET /expenses"
MEMBERSHIPS = "GET /organization_memberships"
POLICIES = "GET /approval_policies"
TARGETS = [BOOKINGS, ENTRIES, EXPENSES]
# The queue, and what proves that it is filtered by whom it awaits: once in an hour.
PROVEN_QUEUE = [*TARGETS, ENTRIES, EXPENSES]
AWAITS = "filter[awaiting_approval_from_approver_id]"
EMPTY_PAGE: Row = {
    "data": [],
    "meta": {"current_page": 1, "total_pages": 0, "total_count": 0},
}
_SAMPLES = Path(__file__).parent / "samples"


def graph_id(type_name: str, source_id: str) -> str:
    return encode_id(type_name, ProviderName.PRODUCTIVE, source_id)


def state_of(row: ApprovalStatus) -> str:
    if row.approved_at is not None:
        return "APPROVED"
    return "PENDING" if row.rejected_at is None else "REJECTED"


def answers(status: int, body: Any, **headers: str) -> Intercept:
    """Return what answers in the place of Productive, and lets nothing through."""

    async def answer(request: httpx.Request, upstream: Handler) -> httpx.Response:
        del request, upstream
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx.Response(status, content=content, headers=named)

    return answer


def changes(change: Callable[[Any], Any]) -> Intercept:
    """Return what changes the document that Productive answers."""

    async def changed(request: httpx.Request, upstream: Handler) -> httpx.Response:
        response = await upstream(request)
        document = json.loads(await response.aread())
        return httpx.Response(response.status_code, json=change(document))

    return changed


def before(change: Callable[[], object]) -> Intercept:
    """Return what changes something in Productive before a call reaches it."""

    async def pass_on(request: httpx.Request, upstream: Handler) -> httpx.Response:
        change()
        return await upstream(request)

    return pass_on


def problem(code: str, title: str) -> Row:
    """Return the document of a refusal of Productive's, in its live form."""
    return {
        "errors": [{"status": "x", "code": code, "title": title, "detail": "SECRET"}]
    }


def sample(name: str) -> Any:
    """Return a documented answer of the wire notes."""
    return json.loads((_SAMPLES / f"{name}.json").read_text(encoding="utf-8"))["body"]
