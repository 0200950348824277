"""Wiring: the only place where objects are put together."""

import asyncio
import functools
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TypeAlias

from pydantic import BaseModel
from starlette.applications import Starlette

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
from gateway.engine import Engine
from gateway.errors import UnauthenticatedError, UpstreamUnavailableError
from gateway.loaders import ProviderLoaders
from gateway.operations import Operations, Trusted, read_manifests
from gateway.providers import PROVIDERS
from gateway.sandbox import Sandbox
from gateway.schema import create_schema
from gateway.security import (
    APIKeys,
    Authenticate,
    Caller,
    Credentials,
    DemoPersons,
    KeySet,
    KeySource,
    Tokens,
    parse_key_set,
)
from gateway.server import Runner, WebhookEndpoint, create_server
from gateway.server.examples import create_examples
from gateway.server.stopping import when_told_to_stop
from gateway.settings import PREFIX, AuthSettings, Section, Settings
from gateway.upstream import (
    Call,
    Clock,
    Deadline,
    Dialect,
    Transport,
    Upstream,
    UpstreamPolicy,
)

# How long a caller waits for the keys that their token is checked with.
_KEYS_SECONDS = 8.0
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
        self.authenticate = _create_authenticate(
            settings.auth, self._identity, _demo_persons(sandbox)
        )
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
            watch=functools.partial(self._changes.watch, accounts),
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

        def stop() -> None:
            app.state.stopping = True
            self._changes.close()

        # Whoever serves waits for its connections before this goes on.
        with when_told_to_stop(stop):
            yield
        await self._changes.aclose()
        await self._decisions.finish()
        await asyncio.gather(*(one.aclose() for one in self._upstreams.values()))
        if self._identity is not None:
            await self._identity.aclose()


def create_app(
    settings: Settings,
    *,
    sandbox: Sandbox | None = None,
    transports: Mapping[ProviderName, Transport] | None = None,
    identity_transport: Transport | None = None,
    clock: Clock | None = None,
) -> Starlette:
    """Return the gateway.

    Args:
        settings: What the operator set.
        sandbox: What stands in for every provider; without it the providers that
            *settings* configure are real.
        transports: What carries a provider's requests in place of the network, or of
            the sandbox's own transport.
        identity_transport: What carries the request for the keys of tokens in place
            of the network.
        clock: Where the time comes from.

    Raises:
        SettingsError: A file that *settings* name cannot be used.
    """
    gateway = Gateway(
        settings,
        sandbox=sandbox,
        transports=transports or {},
        identity_transport=identity_transport,
        clock=clock or Clock(),
    )
    engine = Engine(
        create_schema(),
        settings.limits,
        introspection=is_on(settings.introspection, sandbox),
    )
    trusted = Trusted(settings.operations.manifests, engine.read_document)
    return create_server(
        runner=Runner(
            engine=engine,
            operations=Operations(engine.read, trusted, settings.operations.mode),
            authenticate=gateway.authenticate,
            create_context=gateway.create_context,
        ),
        limits=settings.limits,
        max_ages=settings.cache.max_age_seconds,
        allowed_origins=settings.cors_origins,
        loopback_only=settings.auth.loopback_only,
        graphiql=is_on(settings.graphiql, sandbox),
        examples=create_examples(),
        banner=describe_providers(settings, sandbox),
        webhooks=gateway.create_webhooks(),
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


def check_files(settings: Settings) -> None:
    """Read the files that the settings name, as the gateway will.

    Raises:
        SettingsError: One cannot be used; each line names the file.
    """
    if settings.auth.api_keys_file is not None:
        APIKeys(settings.auth.api_keys_file)
    read_manifests(settings.operations.manifests)
    _open_credentials(settings)


def sections_in_use(settings: Settings) -> dict[str, Section]:
    """Return the sections that sign in somewhere, by what an operator calls them.

    Raises:
        SettingsError: The file of credentials cannot be used.
    """
    own = {
        f"{PREFIX}{one.key.upper()}": section
        for one in configured_providers(settings)
        if (section := settings.provider(one.key)) is not None
    }
    others = {
        f'["{subject}".{key}]': section
        for (subject, key), section in _open_credentials(settings).sections().items()
        if isinstance(section, Section)
    }
    return own | others


def open_identity(
    auth: AuthSettings, clock: Clock, transport: Transport | None
) -> Upstream | None:
    """Open the connections to the keys of tokens, or None where callers have none."""
    if auth.jwks_url is None:
        return None
    return Upstream(
        provider="IDENTITY",
        base_url=auth.jwks_url,
        dialect=Dialect(
            explain=lambda _: UpstreamUnavailableError("IDENTITY", "It has no keys."),
            describe=lambda _: {},
        ),
        policy=UpstreamPolicy(in_flight=1, read_seconds=_KEYS_SECONDS / 2, attempts=2),
        clock=clock,
        transport=transport,
    )


async def fetch_keys(identity: Upstream, url: str) -> KeySet:
    """Return the keys of tokens that are at *url*.

    Raises:
        UpstreamError: They cannot be had.
    """
    return await identity.read(
        Call(method="GET", absolute_url=url),
        parse_key_set,
        session=None,
        deadline=Deadline(_KEYS_SECONDS, identity.clock),
    )


def _create_authenticate(
    auth: AuthSettings, identity: Upstream | None, demo_persons: DemoPersons
) -> Authenticate:
    """Return what tells who calls, in the mode that is set."""
    if auth.api_keys_file is not None:
        return APIKeys(auth.api_keys_file).authenticate
    if identity is None or auth.jwks_url is None:
        return demo_persons.authenticate
    # The settings hold that a token's issuer and audience are set with its keys.
    return Tokens(
        KeySource(
            functools.partial(fetch_keys, identity, auth.jwks_url),
            identity.clock.monotonic,
        ),
        issuer=auth.issuer or "",
        audience=auth.audience or "",
        now=identity.clock.now,
    ).authenticate


def _demo_persons(sandbox: Sandbox | None) -> DemoPersons:
    if sandbox is None:
        return DemoPersons((), {})
    return DemoPersons(sandbox.persons, sandbox.emails)


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
    file = _open_credentials(settings)
    return lambda provider, subject: file.get(subject, provider.key)


def _open_credentials(settings: Settings) -> Credentials:
    return Credentials(
        settings.credentials_file, {one.key: one.credentials for one in PROVIDERS}
    )


def _demo_credentials(
    sandbox: Sandbox, provider: Provider, subject: str | None
) -> BaseModel | None:
    words = None if subject is None else sandbox.credentials(provider, subject)
    return None if words is None else provider.credentials.model_validate(words)


def is_on(switch: bool | None, sandbox: Sandbox | None) -> bool:
    """Return a switch of exploration: by default on over the sandbox alone."""
    return sandbox is not None if switch is None else switch
