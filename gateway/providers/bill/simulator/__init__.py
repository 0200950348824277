"""The BILL simulator: one organization of the provider, stateful and in process.

It is written from the wire notes alone and shares no code with the gateway. `app`
serves ``/Login.json`` and so on; `switches` says how the organization behaves.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime

import msgspec
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import ASGIApp

from gateway.providers.bill.simulator.directory import (
    DEV_KEY,
    ORGANIZATION,
    PEOPLE,
    SERVICE,
)
from gateway.providers.bill.simulator.pipeline import Pipeline
from gateway.providers.bill.simulator.state import State
from gateway.providers.bill.simulator.switches import BillSwitches

__all__ = ["BillSimulator", "BillSwitches"]

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def _utc_now() -> datetime:
    return datetime.now(UTC)


class BillSimulator:
    """A whole BILL organization; *now* and *sleep* are the only clock it has."""

    path = "/bill/api/v2"
    persons: Mapping[str, str] = {
        one.person: one.description for one in PEOPLE if one.person is not None
    }

    def __init__(
        self,
        *,
        now: Callable[[], datetime] = _utc_now,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._pipeline = Pipeline(now=now, sleep=sleep)
        self.app: ASGIApp = Starlette(
            routes=[Route("/{path:path}", self._pipeline, methods=_METHODS)]
        )

    @property
    def state(self) -> State:
        """What the organization holds now; another object after `reset`."""
        return self._pipeline.memory.state

    @property
    def switches(self) -> BillSwitches:
        """How the organization behaves; assign a whole set to change it."""
        return self._pipeline.switches

    @switches.setter
    def switches(self, switches: BillSwitches) -> None:
        # Replacing members of a Struct checks no types, so that it is checked here.
        plain = msgspec.to_builtins(switches)
        self._pipeline.switches = msgspec.convert(plain, BillSwitches)
        self._pipeline.faults.restart()

    def settings(self, origin: str) -> dict[str, str]:
        """Return the provider's settings for a gateway with its service account."""
        service = next(one for one in PEOPLE if one.id == SERVICE)
        return {
            "base_url": f"{origin}{self.path}",
            "dev_key": DEV_KEY,
            "org_id": ORGANIZATION,
            "user_name": service.login_id,
            "password": service.password,
        }

    def credentials(self, person: str) -> dict[str, str] | None:
        """Return what a demo person signs in with; None for anybody else."""
        for one in PEOPLE:
            if one.person == person:
                return {"user_name": one.login_id, "password": one.password}
        return None

    def reset(self) -> None:
        """Return to the seeded data and the default switches; every session ends."""
        self._pipeline.reset()
