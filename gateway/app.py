"""Wiring: the only place where objects are put together."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from pydantic import BaseModel
from starlette.applications import Starlette

from gateway.connector import Account, Provider
from gateway.context import Context
from gateway.decisions import Decisions
from gateway.domain import ProviderName
from gateway.engine import Engine
from gateway.loaders import ProviderLoaders
from gateway.providers import PROVIDERS
from gateway.sandbox import Sandbox
from gateway.schema import create_schema
from gateway.security import Caller, authenticate
from gateway.server import create_server
from gateway.server.examples import create_examples
from gateway.settings import Settings
from gateway.upstream import Clock, Deadline, Transport, Upstream


class Gateway:
    """What lives as long as the process: each provider's upstream and accounts."""

    def __init__(
        self,
        settings: Settings,
        *,
        sandbox: Sandbox | None,
        transports: Mapping[ProviderName, Transport],
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._persons = sandbox.persons if sandbox else {}
        self._decisions = Decisions()
        self._upstreams: list[Upstream] = []
        self._accounts: dict[tuple[ProviderName, str | None], Account] = {}
        for provider in PROVIDERS:
            sections = _sections(provider, settings, sandbox)
            if not sections:
                continue
            transport = transports.get(
                provider.name, sandbox.transport if sandbox else None
            )
            upstream = provider.open_upstream(
                next(iter(sections.values())), clock, transport
            )
            self._upstreams.append(upstream)
            for subject, section in sections.items():
                account = provider.open_account(section, upstream)
                self._accounts[provider.name, subject] = account

    def authenticate(self, authorization: str | None) -> Caller:
        """Return who calls, by the ``Authorization`` header."""
        return authenticate(authorization, self._persons)

    def create_context(self, caller: Caller, request_id: str) -> Context:
        """Return what one request's resolvers may reach, acting for *caller*."""
        deadline = Deadline(self._settings.limits.deadline_seconds, self._clock)
        connectors = {
            name: account.connect(deadline)
            for (name, subject), account in self._accounts.items()
            if subject == caller.subject
        }
        return Context(
            request_id=request_id,
            caller=caller,
            connectors=connectors,
            loaders={
                name: ProviderLoaders(connector)
                for name, connector in connectors.items()
            },
            decisions=self._decisions,
            most_rows=self._settings.limits.first,
            clock=self._clock,
        )

    @asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncIterator[None]:
        """End well: let writes finish, then close the connections."""
        del app
        yield
        await self._decisions.finish()
        await asyncio.gather(*(upstream.aclose() for upstream in self._upstreams))


def create_app(
    settings: Settings,
    *,
    sandbox: Sandbox | None = None,
    transports: Mapping[ProviderName, Transport] | None = None,
    clock: Clock | None = None,
) -> Starlette:
    """Return the gateway.

    Args:
        settings: What the operator set.
        sandbox: What stands in for every provider; without it the providers that
            *settings* configure are real.
        transports: What carries a provider's requests in place of the network, or of
            the sandbox's own transport.
        clock: Where the time comes from.
    """
    gateway = Gateway(
        settings,
        sandbox=sandbox,
        transports=transports or {},
        clock=clock or Clock(),
    )
    return create_server(
        engine=Engine(
            create_schema(),
            settings.limits,
            introspection=is_on(settings.introspection, sandbox),
        ),
        authenticate=gateway.authenticate,
        create_context=gateway.create_context,
        body_bytes=settings.limits.body_bytes,
        allowed_origins=settings.cors_origins,
        loopback_only=not settings.auth.allow_anonymous,
        graphiql=is_on(settings.graphiql, sandbox),
        examples=create_examples(),
        banner=describe_providers(settings, sandbox),
        lifespan=gateway.lifespan,
    )


def configured_providers(settings: Settings) -> list[Provider]:
    """Return the providers that the settings connect."""
    return [one for one in PROVIDERS if settings.provider(one.key) is not None]


def describe_providers(settings: Settings, sandbox: Sandbox | None) -> str:
    """Return a line that says what stands behind the gateway."""
    if sandbox is not None:
        titles = ", ".join(provider.title for provider in PROVIDERS)
        return f"Sandbox: {titles}. Nothing here is real."
    titles = ", ".join(one.title for one in configured_providers(settings))
    return f"Live: {titles}. Decisions made here are real."


def _sections(
    provider: Provider, settings: Settings, sandbox: Sandbox | None
) -> dict[str | None, BaseModel]:
    """Return a provider's settings by the subject that acts with them."""
    if sandbox is not None:
        return {
            person: provider.settings.model_validate(sandbox.settings(provider, person))
            for person in sandbox.persons
        }
    section = settings.provider(provider.key)
    return {} if section is None else {None: section}


def is_on(switch: bool | None, sandbox: Sandbox | None) -> bool:
    """Return a switch of exploration: by default on over the sandbox alone."""
    return sandbox is not None if switch is None else switch
