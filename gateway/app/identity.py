"""How it is known who calls: by keys, by tokens, or over the sandbox by name."""

import functools

from gateway.errors import UpstreamUnavailableError
from gateway.sandbox import Sandbox
from gateway.security import (
    APIKeys,
    Authenticate,
    DemoPersons,
    KeySet,
    KeySource,
    Tokens,
    parse_key_set,
)
from gateway.settings import AuthSettings
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


def create_authenticate(
    auth: AuthSettings, identity: Upstream | None, sandbox: Sandbox | None
) -> Authenticate:
    """Return what tells who calls, in the mode that is set."""
    if auth.api_keys_file is not None:
        return APIKeys(auth.api_keys_file).authenticate
    if identity is None or auth.jwks_url is None:
        return _demo_persons(sandbox).authenticate
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
