"""What ``gateway sandbox`` prints: lines for a shell that point a gateway at it."""

import hashlib
import json
import shlex
from collections.abc import Iterator

from gateway.providers import PROVIDERS
from gateway.sandbox import Sandbox
from gateway.settings import PREFIX

_CREDENTIALS = "sandbox-credentials.toml"
_KEYS = "sandbox-keys.toml"


def introduce(sandbox: Sandbox) -> str:
    """Return a shell script: the settings of a gateway over *sandbox*.

    Run where the gateway is to start, it also writes the two files by which the
    gateway knows the demo persons: their keys, and what they sign in with.
    """
    origin = sandbox.origin
    persons = sandbox.persons.items()
    return "\n".join(
        [
            f"# The sandbox, at {origin}. Its switches: {origin}/switches",
            "# Paste what follows into the shell that is to start a gateway.",
            "",
            *_settings(sandbox),
            "",
            "# The demo persons, each with a key of their own:",
            *(f"#   X-API-Key: demo-{one}   {line}" for one, line in persons),
            *_file(_KEYS, _keys(sandbox)),
            *_file(_CREDENTIALS, _credentials(sandbox)),
            "set -a",
            f"{PREFIX}AUTH__MODE=api_key",
            f'{PREFIX}AUTH__API_KEYS_FILE="$PWD/{_KEYS}"',
            f'{PREFIX}CREDENTIALS_FILE="$PWD/{_CREDENTIALS}"',
            "set +a",
        ]
    )


def _settings(sandbox: Sandbox) -> Iterator[str]:
    for provider in PROVIDERS:
        for key, value in sandbox.settings(provider).items():
            name = f"{PREFIX}{provider.key}__{key}".upper()
            yield f"export {name}={shlex.quote(value)}"


def _keys(sandbox: Sandbox) -> Iterator[str]:
    for person in sandbox.persons:
        digest = hashlib.sha256(f"demo-{person}".encode()).hexdigest()
        yield f'{json.dumps(person)} = "sha256:{digest}"'


def _credentials(sandbox: Sandbox) -> Iterator[str]:
    for person in sandbox.persons:
        for provider in PROVIDERS:
            words = sandbox.credentials(provider, person)
            if words is not None:
                yield f"[{json.dumps(person)}.{provider.key}]"
                # A JSON string is a TOML string.
                yield from (f"{key} = {json.dumps(words[key])}" for key in words)


def _file(name: str, lines: Iterator[str]) -> list[str]:
    return [f"cat > {name} <<'END'", *lines, "END"]
