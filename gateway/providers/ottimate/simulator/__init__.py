"""The Ottimate simulator: one account of the provider, stateful and in process.

It is written from the wire notes alone and shares no code with the gateway. `app`
serves ``/v1/…`` and ``/oauth/token``; `switches` says how the account behaves.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime

import msgspec
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import ASGIApp

from gateway.providers.ottimate.simulator.approvals import Approvals
from gateway.providers.ottimate.simulator.directory import (
    ACCOUNT,
    APPLICATIONS,
    EMAILS,
)
from gateway.providers.ottimate.simulator.pipeline import Pipeline
from gateway.providers.ottimate.simulator.state import State
from gateway.providers.ottimate.simulator.switches import OttimateSwitches

__all__ = ["OttimateSimulator", "OttimateSwitches"]


def _utc_now() -> datetime:
    return datetime.now(UTC)


class OttimateSimulator:
    """A whole Ottimate account; *now* and *sleep* are the only clock it has."""

    path = "/ottimate"
    persons: Mapping[str, str] = {one.person: one.description for one in APPLICATIONS}
    emails: Mapping[str, str] = EMAILS

    def __init__(
        self,
        *,
        now: Callable[[], datetime] = _utc_now,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._pipeline = Pipeline(now=now, sleep=sleep)
        self.app: ASGIApp = Starlette(routes=[Route("/{path:path}", self._pipeline)])

    @property
    def state(self) -> State:
        """What the account holds now; another object after `reset`."""
        return self._pipeline.memory.state

    @property
    def approvals(self) -> Approvals:
        """The account's policies and stand-ins, which no call can change."""
        return self._pipeline.memory.approvals

    @property
    def switches(self) -> OttimateSwitches:
        """How the account behaves; assign a whole set to change it."""
        return self._pipeline.switches

    @switches.setter
    def switches(self, switches: OttimateSwitches) -> None:
        # Replacing members of a Struct checks nothing, so that it is checked here.
        plain = msgspec.to_builtins(switches)
        self._pipeline.switches = msgspec.convert(plain, OttimateSwitches)
        self._pipeline.faults.restart()

    def settings(self, origin: str) -> dict[str, str]:
        """Return the provider's settings; the first person's application acts."""
        first = APPLICATIONS[0]
        return {
            "base_url": f"{origin}{self.path}/v1",
            "api_key": ACCOUNT.api_key,
            "client_id": first.client_id,
            "client_secret": first.client_secret,
        }

    def credentials(self, person: str) -> dict[str, str] | None:
        """Return a person's application, or None where they have none."""
        for one in APPLICATIONS:
            if one.person == person:
                return {
                    "client_id": one.client_id,
                    "client_secret": one.client_secret,
                }
        return None

    def reset(self) -> None:
        """Return to the seeded data and the default switches; every token ends."""
        self._pipeline.reset()
