"""Makes the application that is served."""

from collections.abc import Mapping

from starlette.applications import Starlette

from gateway.app.configured import describe_providers, is_on
from gateway.app.gateway import Gateway
from gateway.domain import ProviderName
from gateway.engine import Engine
from gateway.operations import Operations, Trusted
from gateway.sandbox import Sandbox
from gateway.schema import create_schema
from gateway.server import Runner, create_server
from gateway.server.examples import create_examples
from gateway.settings import Settings
from gateway.upstream import (
    Clock,
    Transport,
)


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
