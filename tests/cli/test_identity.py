"""What the commands make of keys, tokens and credentials before they start."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import structlog
from click.testing import CliRunner, Result

from gateway.cli import main
from tests.cli.processes import Process, send, url_of

KEYS = f'clerk = "sha256:{hashlib.sha256(b"the-key").hexdigest()}"\n'
JWT = {
    "GATEWAY_AUTH__MODE": "jwt",
    "GATEWAY_AUTH__JWKS_URL": "https://id.example/keys",
    "GATEWAY_AUTH__ISSUER": "https://id.example/",
    "GATEWAY_AUTH__AUDIENCE": "approvals",
}
QUERY = {"query": "{ __typename }"}
COMMANDS = pytest.mark.parametrize(
    "command",
    [
        ("serve", "--port", "0"),
        ("serve", "--port", "0", "--workers", "2"),
        ("serve", "--port", "0", "--sandbox"),
        ("doctor",),
    ],
    ids=" ".join,
)


@pytest.fixture(autouse=True)
def logging() -> Iterator[None]:
    yield
    structlog.reset_defaults()


def run(command: tuple[str, ...], **environment: str) -> Result:
    return CliRunner().invoke(main, list(command), env=environment)


@COMMANDS
@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (None, "cannot be read: No such file or directory"),
        ("clerk = 'the-key", "not TOML: "),
        (
            "clerk = 'the-key'",
            '"clerk": takes "sha256:" and the 64 hex digits of its key',
        ),
    ],
)
def test_a_file_of_keys_that_cannot_be_used_stops_the_start(
    tmp_path: Path, command: tuple[str, ...], text: str | None, problem: str
) -> None:
    path = tmp_path / "keys.toml"
    if text is not None:
        path.write_text(text)

    result = run(
        command,
        GATEWAY_AUTH__MODE="api_key",
        GATEWAY_AUTH__API_KEYS_FILE=str(path),
    )

    assert (result.exit_code, result.stdout) == (2, "")
    assert "Error: The settings cannot be used." in result.stderr
    assert result.stderr.splitlines()[-1].startswith(f"{path}: {problem}")
    assert "the-key" not in result.stderr
    assert "Traceback" not in result.stderr


@COMMANDS
@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (None, "cannot be read: No such file or directory"),
        ('["anna".nope]\npassword = "the-key"', '["anna".nope] is no provider; '),
        (
            '["anna".ottimate]\nclient_id = "a"\nclient_secret = 1234567',
            '["anna".ottimate] client_secret: Input should be a valid string',
        ),
    ],
)
def test_a_file_of_credentials_that_cannot_be_used_stops_the_start(
    tmp_path: Path, command: tuple[str, ...], text: str | None, problem: str
) -> None:
    path = tmp_path / "credentials.toml"
    if text is not None:
        path.write_text(text)

    result = run(command, GATEWAY_CREDENTIALS_FILE=str(path))

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.splitlines()[-1].startswith(f"{path}: {problem}")
    assert "the-key" not in result.stderr
    assert "1234567" not in result.stderr


@COMMANDS
def test_half_a_mode_stops_the_start(command: tuple[str, ...]) -> None:
    result = run(command, **{**JWT, "GATEWAY_AUTH__ISSUER": ""})

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.splitlines()[-1] == (
        "GATEWAY_AUTH__ISSUER: missing; GATEWAY_AUTH__MODE=jwt needs it"
    )


def test_help_names_what_says_who_calls() -> None:
    help_text = run(("serve", "--help")).stdout

    for name in (*JWT, "GATEWAY_AUTH__API_KEYS_FILE", "GATEWAY_CREDENTIALS_FILE"):
        assert name in help_text


@pytest.mark.parametrize("workers", ["1", "2"])
def test_with_keys_other_machines_are_served(tmp_path: Path, workers: str) -> None:
    path = tmp_path / "keys.toml"
    path.write_text(KEYS)
    process = Process(
        *("serve", "--host", "0.0.0.0", "--port", "0"),  # noqa: S104 - keys are asked
        *("--workers", workers),
        GATEWAY_AUTH__MODE="api_key",
        GATEWAY_AUTH__API_KEYS_FILE=str(path),
    )
    try:
        banner = process.read(lines=2)
        url = banner[1].replace("0.0.0.0", "127.0.0.1")  # noqa: S104 - the banner's
        answers = ask_as(url_of(url), "the-key", "nonsense", None)
    finally:
        _, rest, errors = process.stop()

    assert [answer.status_code for answer in answers] == [200, 401, 401]
    assert "demo-" not in rest
    assert "\n  clerk   " in rest
    assert '-H "X-API-Key: $API_KEY" -d' in rest
    assert "the-key" not in errors


def ask_as(url: str, *keys: str | None) -> list[httpx.Response]:
    return [
        send(
            "POST",
            f"{url}/graphql",
            json=QUERY,
            headers={"X-API-Key": key, "Host": "gateway.example"} if key else {},
        )
        for key in keys
    ]


def test_with_tokens_the_banner_says_how_to_call() -> None:
    process = Process("serve", "--port", "0", **JWT)
    try:
        # Two lines, a line for each of eight persons, and the one to try.
        lines = process.read(lines=11)
    finally:
        process.stop()

    assert '-H "Authorization: Bearer $TOKEN" -d' in lines[-1]
