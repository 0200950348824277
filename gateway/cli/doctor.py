"""``gateway doctor``: is each configured provider as the gateway expects it?"""

import asyncio
import logging

import click

from gateway.app import configured_providers
from gateway.connector import Probe, Provider
from gateway.observability import configure_logging
from gateway.settings import Settings
from gateway.upstream import Clock, Deadline

_SECONDS = 60.0
_MARKS = {True: "ok", False: "WRONG", None: "-"}


def run_doctor(settings: Settings) -> None:
    """Print a row for each probe of each provider; exit 1 when one is wrong."""
    configure_logging(logging.WARNING)
    providers = configured_providers(settings)
    if not providers:
        click.echo("The settings are fine. No provider is configured.")
        return
    click.echo("The settings are fine.")
    rows = asyncio.run(_probe_all(settings, providers))
    for provider, probes in zip(providers, rows, strict=True):
        for probe in probes:
            click.echo(
                f"{provider.title:<12}{probe.name:<30}{_MARKS[probe.ok]:<7}{probe.detail}"
            )
    if any(probe.ok is False for probes in rows for probe in probes):
        raise SystemExit(1)


async def _probe_all(
    settings: Settings, providers: list[Provider]
) -> list[list[Probe]]:
    return await asyncio.gather(*(_probe(settings, one) for one in providers))


async def _probe(settings: Settings, provider: Provider) -> list[Probe]:
    section = settings.provider(provider.key)
    clock = Clock()
    upstream = provider.open_upstream(section, clock, None)
    try:
        account = provider.open_account(section, upstream)
        return await account.connect(Deadline(_SECONDS, clock)).probe()
    finally:
        await upstream.aclose()
