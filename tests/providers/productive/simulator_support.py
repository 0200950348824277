"""The desk that the tests of Productive's simulator work at."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
from starlette.applications import Starlette
from starlette.routing import Mount

from gateway.providers.productive.simulator import ProductiveSimulator
from gateway.providers.productive.simulator.directory import MAIN
from gateway.providers.productive.simulator.objects import ApprovalStatus, Target

ORIGIN = "http://sandbox.example"
NOW = "2026-11-03T13:00:00.007+01:00"
JSON_API = "application/vnd.api+json"
BULK = f"{JSON_API}; ext=bulk"
TITLES = {
    "invalid_auth_token": (401, "Unauthenticated"),
    "no_person": (403, "Access Denied"),
    "access_denied": (403, "Access Denied"),
    "record_not_found": (404, "Record Not Found"),
    "route_not_found": (404, "Route Not Found"),
    "filter_param_unsupported": (400, "Unsupported Filter"),
    "filter_value_unsupported": (400, "Unsupported Filter Value"),
    "include_param_unsupported": (400, "Unsupported Include"),
    "group_param_unsupported": (400, "Unsupported Group"),
    "sort_param_unsupported": (400, "Sort param unsupported"),
    "bad_request": (400, "Bad Request"),
}
_SAMPLES = Path(__file__).parent / "simulator_samples.json"


def sample(name: str) -> Any:
    """Return a documented example of the wire notes."""
    return json.loads(_SAMPLES.read_text(encoding="utf-8"))[name]


def covers(told: Any, documented: Any) -> bool:
    """Whether *told* has all that is documented, and perhaps more members."""
    if isinstance(documented, dict):
        return isinstance(told, dict) and all(
            name in told and covers(told[name], value)
            for name, value in documented.items()
        )
    if isinstance(documented, list):
        return len(told) == len(documented) and all(map(covers, told, documented))
    return bool(told == documented)


class Desk:
    """A simulator under a clock that stands still, and its demo persons."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 3, 12, 0, 0, 7_000, tzinfo=UTC)
        self.slept: list[float] = []
        self.simulator = ProductiveSimulator(now=lambda: self.now, sleep=self._sleep)
        app = Starlette(
            routes=[Mount(ProductiveSimulator.path, app=self.simulator.app)]
        )
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(app=app))
        self.settings = self.simulator.settings(ORIGIN)

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)

    def switch(self, **changes: Any) -> None:
        switches = msgspec.structs.replace(self.simulator.switches, **changes)
        self.simulator.switches = switches

    def later(self, **parts: float) -> None:
        self.now += timedelta(**parts)

    def headers(self, person: str | None = None, **extra: str) -> dict[str, str]:
        """Return the headers of a demo person; None is the service account."""
        known = self.simulator.credentials(person) if person else self.settings
        assert known is not None
        plain = {"X-Auth-Token": known["token"], "X-Organization-Id": MAIN}
        return plain | {name.replace("_", "-"): value for name, value in extra.items()}

    async def send(
        self,
        method: str,
        path: str,
        person: str | None = "controller",
        *,
        body: Any = None,
        content_type: str | None = JSON_API,
        **extra: str,
    ) -> httpx.Response:
        """Send one call; *extra* are headers, with underscores for hyphens."""
        headers = self.headers(person, **extra)
        if method != "GET" and content_type is not None:
            headers.setdefault("Content-Type", content_type)
        content = None if body is None else json.dumps(body)
        url = f"{self.settings['base_url']}/{path}"
        return await self.client.request(method, url, headers=headers, content=content)

    async def get(self, path: str, person: str | None = None) -> Any:
        """Return the document of a read that succeeds."""
        answer = await self.send("GET", path, person)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def ids(self, path: str, person: str | None = None) -> list[str]:
        """Return the ids of one page, in their order."""
        return [one["id"] for one in (await self.get(path, person))["data"]]

    async def count(self, path: str, person: str | None = None) -> int:
        """Return how many rows a list has over all pages."""
        total: int = (await self.get(path, person))["meta"]["total_count"]
        return total

    async def act(
        self, path: str, person: str | None = "controller", **attributes: Any
    ) -> httpx.Response:
        """Send an action, with a body where there are attributes."""
        body = {"data": {"attributes": attributes}} if attributes else None
        return await self.send("PATCH", path, person, body=body)

    async def bulk(
        self,
        method: str,
        path: str,
        rows: list[dict[str, Any]],
        person: str | None = None,
    ) -> httpx.Response:
        """Send a bulk call."""
        body = {"data": rows}
        return await self.send(
            method, path, person, body=body, content_type=BULK, Accept=BULK
        )

    async def make(
        self, type_name: str, person: str | None = None, **attributes: Any
    ) -> httpx.Response:
        """Create something."""
        body = {"data": {"type": type_name, "attributes": attributes}}
        return await self.send("POST", type_name, person, body=body)

    async def decide(
        self,
        decision: str,
        booking_id: str,
        place: int = 0,
        person: str | None = "controller",
        **attributes: Any,
    ) -> httpx.Response:
        """Decide the row at a place of a booking."""
        row = self.booking_rows(booking_id)[place]
        return await self.act(
            f"approval_statuses/{row.id}/{decision}", person, **attributes
        )

    def standing(self, booking_id: str) -> str:
        """Return a word for how far a booking is."""
        return standing(self.simulator.state.bookings[booking_id])

    def rows(self, target: Target) -> list[ApprovalStatus]:
        return self.simulator.state.rows(target)

    def booking_rows(self, booking_id: str) -> list[ApprovalStatus]:
        return self.rows(self.simulator.state.bookings[booking_id])

    def entry_rows(self, entry_id: str) -> list[ApprovalStatus]:
        return self.rows(self.simulator.state.time_entries[entry_id])

    def expense_rows(self, expense_id: str) -> list[ApprovalStatus]:
        return self.rows(self.simulator.state.expenses[expense_id])


def refusal(answer: httpx.Response) -> tuple[int, list[str]]:
    """Return the status and the codes of a refusal, whose titles must fit."""
    errors = answer.json()["errors"]
    for error in errors:
        expected = TITLES.get(error["code"])
        if expected is not None:
            assert (answer.status_code, error["title"]) == expected
    return answer.status_code, [error["code"] for error in errors]


def states(rows: list[ApprovalStatus]) -> list[str]:
    """Return a word per row: pending, approved or rejected."""
    return [
        "pending" if row.is_pending else "approved" if row.approved_at else "rejected"
        for row in rows
    ]


def standing(target: Target) -> str:
    """Return a word for how far a target is."""
    if target.standing.approved_at is not None:
        return "approved"
    return "pending" if target.standing.is_pending else "rejected"
