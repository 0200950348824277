"""``gateway doctor``: is what the settings name as the gateway expects it?"""

import asyncio
import logging

import click

from gateway.app import configured_providers, fetch_keys, open_identity
from gateway.connector import Probe, Provider
from gateway.errors import UpstreamError
from gateway.observability import configure_logging
from gateway.settings import Settings
from gateway.upstream import Clock, Deadline

_SECONDS = 60.0
_MARKS = {True: "ok", False: "WRONG", None: "-"}


def run_doctor(settings: Settings) -> None:
    """Print a row for each probe of each provider; exit 1 when one is wrong."""
    configure_logging(logging.WARNING)
    providers = configured_providers(settings)
    none = "" if providers else " No provider is configured."
    click.echo(f"The settings are fine.{none}")
    rows = asyncio.run(_probe_all(settings, providers))
    titles = [provider.title for provider in providers]
    for title, probes in zip([*titles, "Callers"], rows, strict=True):
        for probe in probes:
            click.echo(
                f"{title:<12}{probe.name:<30}{_MARKS[probe.ok]:<7}{probe.detail}"
            )
    if any(probe.ok is False for probes in rows for probe in probes):
        raise SystemExit(1)


async def _probe_all(
    settings: Settings, providers: list[Provider]
) -> list[list[Probe]]:
    return await asyncio.gather(
        *(_probe(settings, one) for one in providers), _probe_identity(settings)
    )


async def _probe_identity(settings: Settings) -> list[Probe]:
    """Fetch the keys that callers' tokens are checked with, if they have tokens."""
    url = settings.auth.jwks_url
    identity = open_identity(settings.auth, Clock(), None)
    if identity is None or url is None:
        return []
    name = "keys of tokens"
    try:
        keys = await fetch_keys(identity, url)
    except UpstreamError as error:
        return [Probe(name=name, ok=False, detail=error.message)]
    finally:
        await identity.aclose()
    # A key may be good for several algorithms.
    count = len({key_id for key_id, _ in keys})
    return [Probe(name=name, ok=count > 0, detail=f"{count} can be used")]


async def _probe(settings: Settings, provider: Provider) -> list[Probe]:
    section = settings.provider(provider.key)
    clock = Clock()
    upstream = provider.open_upstream(section, clock, None)
    try:
        account = provider.open_account(section, upstream)
        return await account.connect(Deadline(_SECONDS, clock)).probe()
    finally:
        await upstream.aclose()
