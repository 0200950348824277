"""``gateway serve`` and ``gateway sandbox``."""

import contextlib
import os
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import click
import uvicorn
from starlette.applications import Starlette
from uvicorn.supervisors import Multiprocess

from gateway.app import (
    configured_providers,
    create_app,
    describe_providers,
    is_on,
    sections_in_use,
)
from gateway.cli.introduction import introduce
from gateway.cli.listening import bind, listen_options
from gateway.observability import configure_logging
from gateway.providers import PROVIDERS
from gateway.sandbox import Sandbox
from gateway.security import is_loopback
from gateway.settings import CONFIG_VARIABLE, Settings, read_settings

# How a worker process learns where its parent serves the sandbox.
_SANDBOX_ORIGIN = "_APPROVALS_GATEWAY_SANDBOX_ORIGIN"
_LOOPBACK = "127.0.0.1"
# What the line to try says of who calls.
_IDENTITIES = {
    "none": "",
    "api_key": '-H "X-API-Key: $API_KEY" ',
    "jwt": '-H "Authorization: Bearer $TOKEN" ',
}


def serve_gateway(
    settings: Settings,
    *,
    host: str,
    port: int,
    workers: int,
    sandbox: bool,
    config: Path | None,
) -> None:
    """Serve the gateway until it is told to stop.

    Raises:
        click.UsageError: Anybody could reach it, and nothing says that they may; or
            several workers would take a secret from each other.
    """
    if not is_loopback(host) and settings.auth.loopback_only:
        raise click.UsageError(
            f"{host} is reached from other machines, and GATEWAY_AUTH__MODE=none lets "
            "everybody decide. Serve at 127.0.0.1, or set "
            "GATEWAY_AUTH__ALLOW_ANONYMOUS=true if that is meant."
        )
    configure_logging()
    is_sandbox = sandbox or not configured_providers(settings)
    if workers > 1:
        if not is_sandbox:
            _check_shared(settings)
        _serve_workers(
            settings,
            uvicorn.Config(
                "gateway.cli.serve:create_worker_app",
                factory=True,
                workers=workers,
                **listen_options(host, port, message_bytes=settings.limits.body_bytes),
            ),
            is_sandbox=is_sandbox,
            file=config,
        )
        return
    stand_in = Sandbox() if is_sandbox else None
    app = create_app(settings, sandbox=stand_in)
    options = listen_options(host, port, message_bytes=settings.limits.body_bytes)
    server = uvicorn.Server(uvicorn.Config(app, **options))
    with bind(server.config) as bound:
        _greet(settings, stand_in, bound)
        _run(server, bound)


def _check_shared(settings: Settings) -> None:
    for name, section in sections_in_use(settings).items():
        member = section.member_for_one_process
        if member is not None:
            raise click.UsageError(
                f"{name}: its {member} is good for one process, as each use replaces "
                "it. Serve with --workers 1, or set an access token."
            )


def serve_sandbox(*, host: str, port: int) -> None:
    """Serve the simulators until told to stop, and say how to point a gateway here."""
    stand_in = Sandbox()
    server = uvicorn.Server(uvicorn.Config(stand_in.app, **listen_options(host, port)))
    with bind(server.config) as bound:
        click.echo(introduce(Sandbox(origin=_url(bound))))
        _run(server, bound)


def create_worker_app() -> Starlette:
    """Return the application of one of several worker processes."""
    configure_logging()
    settings = read_settings({one.key: one.settings for one in PROVIDERS})
    origin = os.environ.get(_SANDBOX_ORIGIN)
    return create_app(settings, sandbox=Sandbox(origin=origin) if origin else None)


def _serve_workers(
    settings: Settings, config: uvicorn.Config, *, is_sandbox: bool, file: Path | None
) -> None:
    """Serve in several processes, which read the settings themselves."""
    # Left over from elsewhere, it would put the workers over a sandbox in silence.
    os.environ.pop(_SANDBOX_ORIGIN, None)
    if file is not None:
        os.environ[CONFIG_VARIABLE] = str(file)
    with contextlib.ExitStack() as stack:
        stand_in = stack.enter_context(_shared_sandbox()) if is_sandbox else None
        bound = stack.enter_context(bind(config))
        _greet(settings, stand_in, bound)
        Multiprocess(config, sockets=[bound]).run()


@contextlib.contextmanager
def _shared_sandbox() -> Iterator[Sandbox]:
    """Serve one sandbox on loopback for all workers, while the block runs."""
    server = uvicorn.Server(
        uvicorn.Config(Sandbox().app, **listen_options(_LOOPBACK, 0))
    )
    with bind(server.config) as bound:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
        thread.start()
        os.environ[_SANDBOX_ORIGIN] = _url(bound)
        try:
            yield Sandbox(origin=_url(bound))
        finally:
            del os.environ[_SANDBOX_ORIGIN]
            server.should_exit = True
            thread.join()


def _run(server: uvicorn.Server, bound: socket.socket) -> None:
    # Once it has shut down, uvicorn raises the signal again that told it to.
    signal.signal(signal.SIGTERM, lambda *_: None)
    with contextlib.suppress(KeyboardInterrupt):
        server.run(sockets=[bound])


def _greet(settings: Settings, sandbox: Sandbox | None, bound: socket.socket) -> None:
    url = _url(bound)
    click.echo(describe_providers(settings, sandbox))
    name = "GraphiQL" if is_on(settings.graphiql, sandbox) else "GraphQL "
    click.echo(f"{name}  {url}/graphql")
    # With keys or tokens a person is whoever is their subject.
    prefix = "Authorization: Bearer demo-" if settings.auth.mode == "none" else ""
    for person, description in (sandbox.persons if sandbox else {}).items():
        click.echo(f"  {prefix}{person}   {description}")
    mode = settings.operations.mode
    if mode in {"trusted", "ids"}:
        click.echo(
            "Runs      the documents of the manifests alone: "
            f"GATEWAY_OPERATIONS__MODE={mode}"
        )
        return
    click.echo(
        f"Try       curl -s {url}/graphql -H 'Content-Type: application/json' "
        f"{_IDENTITIES[settings.auth.mode]}"
        '-d \'{"query":"{ invoices(first: 3, filter: {states: [PENDING]}) '
        "{ totalCount nodes { number total { amount currency } "
        "approvers { user { displayName } } } } }\"}'"
    )


def _url(bound: socket.socket) -> str:
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
