"""What lives as long as the process: each provider's upstream and accounts."""

import asyncio
import functools
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TypeAlias

from pydantic import BaseModel
from starlette.applications import Starlette

from gateway.app.configured import open_credentials
from gateway.app.identity import create_authenticate, open_identity
from gateway.changes import Changes, Notices
from gateway.connector import (
    Account,
    Connector,
    Person,
    Provider,
    Targets,
    targets_of,
)
from gateway.context import Context
from gateway.decisions import Decisions
from gateway.domain import ChangeCause, ProviderName
from gateway.errors import UnauthenticatedError
from gateway.loaders import ProviderLoaders
from gateway.providers import PROVIDERS
from gateway.sandbox import Sandbox
from gateway.security import (
    Caller,
)
from gateway.server import WebhookEndpoint
from gateway.server.stopping import when_told_to_stop
from gateway.settings import Settings
from gateway.upstream import (
    Clock,
    Deadline,
    Transport,
    Upstream,
)

# A provider waits some ten seconds for its webhook to be taken.
_WEBHOOK_SECONDS = 8.0


# A provider, and its settings with somebody's credentials in them.
_Key: TypeAlias = tuple[ProviderName, BaseModel]


class Gateway:
    """What lives as long as the process: each provider's upstream and accounts."""

    def __init__(
        self,
        settings: Settings,
        *,
        sandbox: Sandbox | None,
        transports: Mapping[ProviderName, Transport],
        identity_transport: Transport | None,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._identity = open_identity(settings.auth, clock, identity_transport)
        self.authenticate = create_authenticate(settings.auth, self._identity, sandbox)
        self._changes = Changes({one.name: one.pace for one in PROVIDERS}, clock)
        self._decisions = Decisions(
            functools.partial(self._changes.tell, cause=ChangeCause.GATEWAY)
        )
        self._get_credentials = _credentials(settings, sandbox)
        self._upstreams: dict[ProviderName, Upstream] = {}
        self._sections: dict[ProviderName, BaseModel] = {}
        self._accounts: dict[_Key, Account] = {}
        self._keys: dict[tuple[ProviderName, str | None], _Key] = {}
        for provider in PROVIDERS:
            section = _section(provider, settings, sandbox)
            if section is None:
                continue
            transport = transports.get(
                provider.name, sandbox.transport if sandbox else None
            )
            upstream = provider.open_upstream(section, clock, transport)
            self._sections[provider.name] = section
            self._upstreams[provider.name] = upstream

    def create_context(self, caller: Caller, request_id: str) -> Context:
        """Return what one request's resolvers may reach, acting for *caller*."""
        deadline = Deadline(self._settings.limits.deadline_seconds, self._clock)
        accounts: dict[ProviderName, Account] = {}
        connectors: dict[ProviderName, Connector] = {}
        undecided: set[ProviderName] = set()
        for provider in PROVIDERS:
            if provider.name not in self._sections:
                continue
            credentials = self._get_credentials(provider, caller.subject)
            account = self._open_account(provider, caller.subject, credentials)
            accounts[provider.name] = account
            connectors[provider.name] = account.connect(deadline)
            if provider.records_person and credentials is None:
                undecided.add(provider.name)
        return Context(
            request_id=request_id,
            caller=caller,
            accounts=accounts,
            connectors=connectors,
            undecided=undecided,
            loaders={
                name: ProviderLoaders(
                    name,
                    connector,
                    Person(is_signed_in=name not in undecided, email=caller.email),
                )
                for name, connector in connectors.items()
            },
            decisions=self._decisions,
            watch=functools.partial(self._changes.watch, accounts, caller.subject),
            deadline=deadline,
            most_rows=self._settings.limits.first,
            clock=self._clock,
        )

    def create_webhooks(self) -> dict[str, WebhookEndpoint]:
        """Return what takes the webhooks of each provider that has some, by its key."""
        endpoints = {}
        for provider in PROVIDERS:
            if provider.name not in self._sections or provider.open_webhooks is None:
                continue
            section = self._sections[provider.name]
            webhooks = provider.open_webhooks(section, self._clock)
            if webhooks is not None:
                read = functools.partial(self._open_targets, provider)
                notices = Notices(provider.name, read, self._changes.tell)
                endpoints[provider.key] = WebhookEndpoint(webhooks, notices)
        return endpoints

    def _open_targets(self, provider: Provider) -> Targets:
        """Return a provider's targets as the gateway itself may see them."""
        deadline = Deadline(_WEBHOOK_SECONDS, self._clock)
        return targets_of(self._open_account(provider, None, None).connect(deadline))

    def _open_account(
        self, provider: Provider, subject: str | None, credentials: BaseModel | None
    ) -> Account:
        """Return the standing that belongs to *credentials*, else to the gateway.

        What is learned or signed in with some credentials is found by them alone, and
        forgotten when nobody has them any more, and so is who watches with them.
        """
        section = self._sections[provider.name]
        if credentials is not None:
            section = section.model_copy(update=dict(credentials))
        key = (provider.name, section)
        former = self._keys.pop((provider.name, subject), key)
        if credentials is not None:
            self._keys[provider.name, subject] = key
        gateways_own = (provider.name, self._sections[provider.name])
        if former not in {key, gateways_own, *self._keys.values()}:
            self._forget(former)
        if key not in self._accounts:
            upstream = self._upstreams[provider.name]
            self._accounts[key] = provider.open_account(section, upstream)
        return self._accounts[key]

    def _forget(self, key: _Key) -> None:
        account = self._accounts.pop(key, None)
        if account is not None:
            error = UnauthenticatedError(
                "Your credentials for a provider are others by now. Subscribe again."
            )
            self._changes.forget(account, error)

    @asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncIterator[None]:
        """End well: let watchers go and writes finish, then close the connections."""
        # Whoever serves waits for its connections before this goes on.
        with when_told_to_stop(app, self._changes.close):
            yield
        await self._changes.aclose()
        await self._decisions.finish()
        await asyncio.gather(*(one.aclose() for one in self._upstreams.values()))
        if self._identity is not None:
            await self._identity.aclose()


def _section(
    provider: Provider, settings: Settings, sandbox: Sandbox | None
) -> BaseModel | None:
    """Return a provider's settings, or None where the gateway has none."""
    if sandbox is None:
        return settings.provider(provider.key)
    return provider.settings.model_validate(sandbox.settings(provider))


def _credentials(
    settings: Settings, sandbox: Sandbox | None
) -> Callable[[Provider, str | None], BaseModel | None]:
    """Return what finds a subject's own credentials with a provider."""
    if sandbox is not None:
        return functools.partial(_demo_credentials, sandbox)
    file = open_credentials(settings)
    return lambda provider, subject: file.get(subject, provider.key)


def _demo_credentials(
    sandbox: Sandbox, provider: Provider, subject: str | None
) -> BaseModel | None:
    words = None if subject is None else sandbox.credentials(provider, subject)
    return None if words is None else provider.credentials.model_validate(words)
