"""The Accounteer simulator: two organisations, stateful and in process.

It is written from the wire notes alone and shares no code with the gateway. `app`
serves ``/api/v0.1/…`` and ``/oauth/…``; `switches` says how the service behaves.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime

import msgspec
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import ASGIApp

from gateway.providers.accounteer.simulator.directory import (
    ACCESS_TOKEN,
    CLIENT_ID,
    CLIENT_SECRET,
    PERSONS,
    REFRESH_TOKEN,
)
from gateway.providers.accounteer.simulator.pipeline import Pipeline
from gateway.providers.accounteer.simulator.state import State
from gateway.providers.accounteer.simulator.switches import AccounteerSwitches

__all__ = ["AccounteerSimulator", "AccounteerSwitches"]


def _utc_now() -> datetime:
    return datetime.now(UTC)


class AccounteerSimulator:
    """The whole service; *now* and *sleep* are the only clock it has."""

    path = "/accounteer"
    persons: Mapping[str, str] = {
        name: one.description for name, one in PERSONS.items()
    }

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
        """What the service holds now; another object after `reset`."""
        return self._pipeline.state

    @property
    def switches(self) -> AccounteerSwitches:
        """How the service behaves; assign a whole set to change it."""
        return self._pipeline.switches

    @switches.setter
    def switches(self, switches: AccounteerSwitches) -> None:
        # Replacing members of a Struct checks nothing, so that it is checked here.
        plain = msgspec.to_builtins(switches)
        self._pipeline.switches = msgspec.convert(plain, AccounteerSwitches)
        self._pipeline.faults.restart()

    def settings(self, origin: str) -> dict[str, str]:
        """Return the provider's settings, with a token that never ends."""
        return {
            "base_url": f"{origin}{self.path}/api/v0.1",
            "access_token": ACCESS_TOKEN,
        }

    def oauth_settings(self, origin: str) -> dict[str, str]:
        """Return the settings of a gateway that renews its token.

        The refresh token is good for one gateway: each use of it ends it.
        """
        return {
            "base_url": f"{origin}{self.path}/api/v0.1",
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "refresh_token": REFRESH_TOKEN,
            "token_url": f"{origin}{self.path}/oauth/token",
        }

    def credentials(self, person: str) -> dict[str, str] | None:
        """Return a person's own token, or None where they have none."""
        known = PERSONS.get(person)
        return None if known is None else {"access_token": known.token}

    def reset(self) -> None:
        """Return to the seeded data and the default switches; issued tokens end."""
        self._pipeline.reset()
