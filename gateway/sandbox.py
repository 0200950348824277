"""Every provider's simulator, served together.

``/ottimate/v1`` and so on are the simulators. ``GET /switches`` shows how each of them
behaves, ``PATCH /switches`` with ``{"ottimate": {"absent_calls": ["approve"]}}``
changes it, and ``POST /reset`` brings everything back to the start. Where it is served,
the simulators' webhooks are delivered, to this machine alone.
"""

import asyncio
import contextlib
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Mapping,
    Sequence,
)
from contextlib import AbstractAsyncContextManager
from typing import Protocol, runtime_checkable

import httpx
import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from gateway.connector import Provider, Simulator
from gateway.domain import ProviderName
from gateway.providers import PROVIDERS
from gateway.security import is_loopback
from gateway.upstream import Clock, Transport

_IN_PROCESS = "http://sandbox.internal"
# How often it is seen what there is to deliver, and how long a receiver may take.
_DELIVERY_SECONDS = 1.0
_RECEIVER_SECONDS = 10.0


class Delivery(Protocol):
    """One request to the receiver of a webhook."""

    @property
    def url(self) -> str:
        """Where it goes."""

    @property
    def headers(self) -> dict[str, str]:
        """Its headers."""

    @property
    def body(self) -> bytes:
        """Its body."""


@runtime_checkable
class AddressBook(Protocol):
    """A simulator that knows demo persons by their e-mail, by their names."""

    @property
    def emails(self) -> Mapping[str, str]:
        """Their addresses."""


@runtime_checkable
class Teller(Protocol):
    """A simulator with webhooks."""

    async def deliver(self, send: Callable[[Delivery], Awaitable[int | None]]) -> int:
        """Send what is due; *send* returns the answer's status, None without one."""


class Sandbox:
    """All simulators: in process, or at another process's *origin*.

    Attributes:
        origin: Where the simulators are served.
        persons: The demo persons by name, each with a line that describes them; the
            first is who acts when nobody says who, the last has no credentials.
        emails: The addresses of those whom a provider knows by theirs, by name.
        simulators: The simulators by provider.
        transport: What reaches the simulators, or None where they are elsewhere.
        app: The ASGI application that serves them.
    """

    def __init__(
        self, clock: Clock | None = None, *, origin: str | None = None
    ) -> None:
        clock = clock or Clock()
        self.origin = origin or _IN_PROCESS
        self.simulators: Mapping[ProviderName, Simulator] = {
            provider.name: provider.create_simulator(clock) for provider in PROVIDERS
        }
        self.persons: Mapping[str, str] = _merge_persons(self.simulators)
        self.emails: Mapping[str, str] = _merge_emails(self.simulators)
        self.app = create_sandbox(self.simulators, clock)
        self.transport: Transport | None = (
            httpx.ASGITransport(self.app) if origin is None else None
        )

    def settings(self, provider: Provider) -> dict[str, str]:
        """Return a provider's settings for a gateway over this sandbox."""
        return self.simulators[provider.name].settings(self.origin)

    def credentials(self, provider: Provider, person: str) -> dict[str, str] | None:
        """Return what *person* signs in to a provider with, None for nothing."""
        return self.simulators[provider.name].credentials(person)


def _merge_persons(simulators: Mapping[ProviderName, Simulator]) -> dict[str, str]:
    """Return who is known to any simulator, and somebody whom none knows."""
    told: dict[str, list[str]] = {}
    for provider in PROVIDERS:
        for name, description in simulators[provider.name].persons.items():
            told.setdefault(name, []).append(f"{provider.title}: {description}")
    persons = {name: "; ".join(parts) for name, parts in told.items()}
    return {**persons, "visitor": "has no credentials of their own anywhere"}


def _merge_emails(simulators: Mapping[ProviderName, Simulator]) -> dict[str, str]:
    """Return each person's address, as the first simulator has it that knows them."""
    emails: dict[str, str] = {}
    for provider in PROVIDERS:
        simulator = simulators[provider.name]
        if isinstance(simulator, AddressBook):
            emails = {**simulator.emails, **emails}
    return emails


def create_sandbox(
    simulators: Mapping[ProviderName, Simulator], clock: Clock
) -> Starlette:
    """Return the application that serves *simulators* and their switches."""
    by_key = {
        provider.key: simulators[provider.name]
        for provider in PROVIDERS
        if provider.name in simulators
    }

    async def switches(request: Request) -> Response:
        if request.method == "PATCH":
            try:
                _set_switches(by_key, await request.body())
            except msgspec.ValidationError as error:
                return JSONResponse({"message": str(error)}, status_code=400)
        return JSONResponse(
            {
                key: msgspec.to_builtins(simulator.switches)
                for key, simulator in by_key.items()
            }
        )

    async def reset(request: Request) -> Response:
        del request
        for simulator in by_key.values():
            simulator.reset()
        return Response(status_code=204)

    return Starlette(
        lifespan=_deliver_while_served(simulators.values(), clock),
        routes=[
            Route("/switches", switches, methods=["GET", "PATCH"]),
            Route("/reset", reset, methods=["POST"]),
            *(Mount(one.path, app=one.app) for one in by_key.values()),
        ],
    )


def _deliver_while_served(
    simulators: Iterable[Simulator], clock: Clock
) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    tellers = [one for one in simulators if isinstance(one, Teller)]

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        del app
        delivering = asyncio.create_task(_deliver(tellers, clock))
        yield
        delivering.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await delivering

    return lifespan


async def _deliver(tellers: Sequence[Teller], clock: Clock) -> None:
    """Deliver webhooks for as long as the sandbox is served."""
    async with httpx.AsyncClient(timeout=_RECEIVER_SECONDS, trust_env=False) as client:

        async def send(delivery: Delivery) -> int | None:
            try:
                # Whatever somebody registered, nothing goes beyond this machine.
                if not is_loopback(httpx.URL(delivery.url).host):
                    return None
                response = await client.post(
                    delivery.url, content=delivery.body, headers=delivery.headers
                )
            except Exception:  # noqa: BLE001 - whatever somebody registered, others follow
                return None
            return response.status_code

        while True:
            await asyncio.gather(*(one.deliver(send) for one in tellers))
            await clock.sleep(_DELIVERY_SECONDS)


def _set_switches(by_key: Mapping[str, Simulator], body: bytes) -> None:
    """Change the named switches, all of them or none."""
    try:
        wanted = msgspec.json.decode(body, type=dict[str, dict[str, object]])
    except msgspec.ValidationError:
        raise
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise msgspec.ValidationError(f"not JSON: {error}") from error
    changed = {}
    for key, values in wanted.items():
        if key not in by_key:
            raise msgspec.ValidationError(
                f"no simulator `{key}`; there is {', '.join(by_key)}"
            )
        now = by_key[key].switches
        changed[key] = msgspec.convert(
            {**msgspec.to_builtins(now), **values}, type(now)
        )
    for key, switches in changed.items():
        by_key[key].switches = switches
