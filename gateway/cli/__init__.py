"""The commands: parse arguments, call one function.

Exit codes: 0 fine, 1 a check failed, 2 usage or settings.
"""

from pathlib import Path
from typing import Any

import click

from gateway.app import check_files
from gateway.cli.doctor import run_doctor
from gateway.cli.operations import check_operations
from gateway.cli.schema import check_schema, compare_schema, print_graph
from gateway.cli.serve import serve_gateway, serve_sandbox
from gateway.providers import PROVIDERS
from gateway.settings import Settings, SettingsError, read_settings

_CONFIG = click.option(
    "--config",
    type=click.Path(path_type=Path),
    help="A TOML file of settings; the environment wins over it.",
)
_HOST = click.option(
    "--host", default="127.0.0.1", show_default=True, help="The address to serve at."
)
_PORT: dict[str, Any] = {
    "type": click.IntRange(0, 65535),
    "show_default": True,
    "help": "The port to serve at; 0 takes a free one.",
}


@click.group()
@click.version_option(package_name="approvals-gateway")
def main() -> None:
    """One GraphQL graph over the approval APIs that finance teams already pay for."""


@main.command()
@_HOST
@click.option("--port", default=8000, **_PORT)
@click.option(
    "--workers",
    default=1,
    show_default=True,
    type=click.IntRange(min=1),
    help="How many processes serve.",
)
@click.option(
    "--sandbox",
    is_flag=True,
    help="Serve the sandbox, whatever is configured.",
)
@_CONFIG
def serve(
    host: str, port: int, workers: int, *, sandbox: bool, config: Path | None
) -> None:
    """Serve the gateway.

    GATEWAY_AUTH__MODE says who may call: none (anybody, at loopback only unless
    GATEWAY_AUTH__ALLOW_ANONYMOUS is set), api_key (GATEWAY_AUTH__API_KEYS_FILE), or
    jwt (GATEWAY_AUTH__JWKS_URL, GATEWAY_AUTH__ISSUER, GATEWAY_AUTH__AUDIENCE).
    GATEWAY_CREDENTIALS_FILE says whose credentials are used with the providers.
    """
    settings = _read(config)
    serve_gateway(
        settings, host=host, port=port, workers=workers, sandbox=sandbox, config=config
    )


@main.command()
@_HOST
@click.option("--port", default=8001, **_PORT)
def sandbox(host: str, port: int) -> None:
    """Serve only the simulators, over real HTTP."""
    serve_sandbox(host=host, port=port)


@main.command()
@click.option("--check", is_flag=True, help="Fail when schema.graphql is stale.")
@click.option(
    "--against",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="List the changes since FILE, and fail on a breaking one.",
)
def schema(*, check: bool, against: Path | None) -> None:
    """Print the schema, or check it."""
    if check:
        check_schema(Path("schema.graphql"))
    if against is not None:
        compare_schema(against)
    if not check and against is None:
        print_graph()


@main.command()
@_CONFIG
def doctor(config: Path | None) -> None:
    """Check the settings and each configured provider."""
    run_doctor(_read(config))


@main.group()
def operations() -> None:
    """Documents that clients know by id."""


@operations.command()
@click.argument(
    "manifests",
    metavar="MANIFEST...",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, path_type=Path),
)
@_CONFIG
def check(manifests: tuple[Path, ...], config: Path | None) -> None:
    """Check each document of manifests against the schema and the limits.

    MANIFEST is a file, or a folder of them: what Apollo's tools, Relay's compiler or
    graphql-codegen wrote. A document that cannot run has a line for each fault, also
    where its manifest states another name or type than its text has; so a change of
    the schema is checked against every app in the field. An id that looks like the
    SHA-256 of its text, and is not, is only warned of. Limits are those of the
    settings; introspection runs only where GATEWAY_INTROSPECTION is set.
    """
    check_operations(manifests, _read(config))


def _read(config: Path | None) -> Settings:
    try:
        settings = read_settings(
            {provider.key: provider.settings for provider in PROVIDERS}, config=config
        )
        check_files(settings)
    except SettingsError as error:
        raise click.UsageError(f"The settings cannot be used.\n{error}") from error
    return settings
