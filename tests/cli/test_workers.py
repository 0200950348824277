"""Several workers: what they cannot share stops the start."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.cli import main

ADDRESS = "https://accounteer.example/api/v0.1"
RENEWAL = {
    "GATEWAY_ACCOUNTEER__BASE_URL": ADDRESS,
    "GATEWAY_ACCOUNTEER__CLIENT_ID": "application",
    "GATEWAY_ACCOUNTEER__CLIENT_SECRET": "a-secret",
    "GATEWAY_ACCOUNTEER__REFRESH_TOKEN": "a-token",
    "GATEWAY_ACCOUNTEER__TOKEN_URL": "https://accounteer.example/oauth/token",
}


def test_a_refresh_token_is_for_one_worker() -> None:
    result = CliRunner().invoke(main, ["serve", "--workers", "2"], env=RENEWAL)

    assert result.exit_code == 2
    assert result.output.splitlines()[-1] == (
        "Error: GATEWAY_ACCOUNTEER: its refresh_token is good for one process, as each "
        "use replaces it. Serve with --workers 1, or set an access token."
    )
    assert "a-token" not in result.output


def test_a_refresh_token_of_a_persons_own_is_for_one_worker(tmp_path: Path) -> None:
    file = tmp_path / "credentials.toml"
    words = {
        name.rpartition("__")[2].lower(): value
        for name, value in RENEWAL.items()
        if not name.endswith("BASE_URL")
    }
    lines = [f'{word} = "{value}"' for word, value in words.items()]
    file.write_text("\n".join(['["clerk@example.com".accounteer]', *lines]))
    environment = {
        "GATEWAY_ACCOUNTEER__BASE_URL": ADDRESS,
        "GATEWAY_ACCOUNTEER__ACCESS_TOKEN": "another-token",
        "GATEWAY_CREDENTIALS_FILE": str(file),
    }

    result = CliRunner().invoke(main, ["serve", "--workers", "2"], env=environment)

    assert result.exit_code == 2
    assert result.output.splitlines()[-1] == (
        'Error: ["clerk@example.com".accounteer]: its refresh_token is good for one '
        "process, as each use replaces it. Serve with --workers 1, or set an access "
        "token."
    )
    assert "a-token" not in result.output


@pytest.mark.parametrize(
    ("more", "environment"),
    [
        (("--sandbox", "--workers", "2"), RENEWAL),
        (("--workers", "1"), RENEWAL),
        (
            ("--workers", "2"),
            {
                "GATEWAY_ACCOUNTEER__BASE_URL": ADDRESS,
                "GATEWAY_ACCOUNTEER__ACCESS_TOKEN": "a-token",
            },
        ),
    ],
)
def test_what_can_be_shared_is_served(
    more: tuple[str, ...], environment: dict[str, str]
) -> None:
    """The port is taken, so that nothing is served after the checks."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])

        result = subprocess.run(  # noqa: S603 - our own command
            [sys.executable, "-m", "gateway", "serve", "--port", port, *more],
            check=False,
            capture_output=True,
            env={**os.environ, **environment},
            text=True,
            timeout=30,
        )

    assert result.returncode == 2
    assert f"Nothing can be served at 127.0.0.1, port {port}" in result.stderr
