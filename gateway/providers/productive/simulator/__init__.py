"""The Productive simulator: three organizations, stateful and in process.

It is written from the wire notes alone and shares no code with the gateway. `app`
serves ``/approval_statuses`` and so on; `switches` says how the service behaves;
`webhooks` holds what it would tell.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime

import msgspec
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import ASGIApp

from gateway.providers.productive.simulator.directory import (
    MADE_WEBHOOK_TOKENS,
    MAIN,
    PERSONS,
    SERVICE_TOKEN,
    WEBHOOK_EVENTS,
    signature_token,
)
from gateway.providers.productive.simulator.pipeline import Pipeline
from gateway.providers.productive.simulator.state import State
from gateway.providers.productive.simulator.switches import ProductiveSwitches
from gateway.providers.productive.simulator.webhooks import Delivery, Sender, Webhooks

__all__ = ["Delivery", "ProductiveSimulator", "ProductiveSwitches"]

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def _utc_now() -> datetime:
    return datetime.now(UTC)


class ProductiveSimulator:
    """The whole service; *now* and *sleep* are the only clock it has."""

    path = "/productive/api/v2"
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
        self.app: ASGIApp = Starlette(
            routes=[Route("/{path:path}", self._pipeline, methods=_METHODS)]
        )

    @property
    def state(self) -> State:
        """What the service holds now; another object after `reset`."""
        return self._pipeline.state

    @property
    def switches(self) -> ProductiveSwitches:
        """How the service behaves; assign a whole set to change it."""
        return self._pipeline.switches

    @switches.setter
    def switches(self, switches: ProductiveSwitches) -> None:
        # Replacing members of a Struct checks no types, so that it is checked here.
        plain = msgspec.to_builtins(switches)
        self._pipeline.switches = msgspec.convert(plain, ProductiveSwitches)
        self._pipeline.faults.restart()

    @property
    def webhooks(self) -> Webhooks:
        """The outbox of deliveries, which the simulator never sends by itself."""
        return self._pipeline.webhooks

    @property
    def webhook_target(self) -> str | None:
        """Where the webhooks of the start deliver to; None queues nothing for them.

        It is not data, so that `reset` leaves it alone.
        """
        return self._pipeline.webhook_target

    @webhook_target.setter
    def webhook_target(self, url: str | None) -> None:
        self._pipeline.webhook_target = url

    @property
    def webhook_tokens(self) -> tuple[str, ...]:
        """The signature tokens of the webhooks of the start."""
        return tuple(signature_token(one_id) for one_id in WEBHOOK_EVENTS)

    async def deliver(self, send: Sender) -> int:
        """Send the deliveries that are due, and return how many requests went out."""
        return await self.webhooks.deliver(send)

    def settings(self, origin: str) -> dict[str, str]:
        """Return the provider's settings for a gateway with its service account."""
        return {
            "base_url": f"{origin}{self.path}",
            "token": SERVICE_TOKEN,
            "organization_id": MAIN,
            "webhook_tokens": ",".join((*self.webhook_tokens, *MADE_WEBHOOK_TOKENS)),
        }

    def credentials(self, person: str) -> dict[str, str] | None:
        """Return the token of a demo person; None for anybody else."""
        known = PERSONS.get(person)
        return None if known is None else {"token": known.token}

    def reset(self) -> None:
        """Return to the seeded data and the default switches; the outbox is empty."""
        self._pipeline.reset()
