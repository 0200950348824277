"""How uvicorn listens: its options and its socket."""

import socket
from typing import Any

import click
import uvicorn

from gateway.cli.protocols import HTTPProtocol, WebSocketProtocol
from gateway.settings import LimitSettings

# A write under way is seen to its end, its reading back included.
_SHUTDOWN_SECONDS = 90
# A proxy closes what is silent for a minute; a client that is away is noticed.
_PING_SECONDS = 20.0
# Of a client that reads nothing the system keeps what was sent no longer than this.
_UNREAD_SECONDS = 60


def listen_options(
    host: str, port: int, *, message_bytes: int = LimitSettings().body_bytes
) -> dict[str, Any]:
    """Return uvicorn's options; *message_bytes* is the largest of a WebSocket."""
    return {
        "host": host,
        "port": port,
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "timeout_graceful_shutdown": _SHUTDOWN_SECONDS,
        "http": HTTPProtocol,
        "ws": WebSocketProtocol,
        "ws_max_size": message_bytes,
        # Compression takes memory for each connection, and messages are small.
        "ws_per_message_deflate": False,
        "ws_ping_interval": _PING_SECONDS,
        "ws_ping_timeout": _PING_SECONDS,
    }


def bind(config: uvicorn.Config) -> socket.socket:
    """Return a socket that takes connections from now on.

    Raises:
        click.UsageError: The address cannot be had.
    """
    try:
        bound = config.bind_socket()
    except (SystemExit, TypeError, UnicodeError) as error:
        raise click.UsageError(
            f"Nothing can be served at {config.host}, port {config.port}: is it taken? "
            "`--port 0` takes a free one."
        ) from error
    bound.listen(config.backlog)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        # The connections have it, too. uvicorn would wait for them without an end.
        milliseconds = 1000 * _UNREAD_SECONDS
        bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)
    return bound
