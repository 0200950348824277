"""API keys: a file of digests, one for each subject.

"<subject>" = "sha256:<hex of the key>"
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gateway.errors import UnauthenticatedError
from gateway.security.caller import API_KEY, Caller, read_bearer
from gateway.security.toml_file import TomlFile
from gateway.settings import SettingsError

_DIGEST = re.compile(r"sha256:([0-9a-fA-F]{64})")


class APIKeys:
    """Knows callers by the keys of a file, which is read again when it changes."""

    def __init__(self, path: Path) -> None:
        """Read the file.

        Raises:
            SettingsError: It cannot be used; each line names the file and a subject.
        """
        self._file = TomlFile(path, _parse_digests)

    async def authenticate(self, headers: Mapping[str, str]) -> Caller:
        """Return who calls, by ``X-API-Key`` or ``Authorization: Bearer``.

        Raises:
            UnauthenticatedError: There is no key, or nobody has it.
        """
        key = read_bearer(headers) or headers.get(API_KEY)
        if not key:
            raise UnauthenticatedError(
                "Send an API key, as `X-API-Key: …` or `Authorization: Bearer …`."
            )
        subject = _find_subject(self._file.get(), key)
        if subject is None:
            raise UnauthenticatedError("This API key is not accepted.")
        return Caller(subject=subject)


def _find_subject(digests: Mapping[str, bytes], key: str) -> str | None:
    """Return whose key it is; how long that takes tells nothing of the keys."""
    # A header's bytes arrive as Latin-1.
    presented = hashlib.sha256(key.encode("latin-1")).digest()
    found = None
    for subject, digest in digests.items():
        if hmac.compare_digest(presented, digest):
            found = subject
    return found


def _parse_digests(document: dict[str, Any]) -> Mapping[str, bytes]:
    """Return the digest of each subject's key.

    Raises:
        SettingsError: A line for each subject that has no digest, or another's.
    """
    subjects: dict[bytes, str] = {}
    problems = []
    for subject, value in document.items():
        digest = _parse_digest(value)
        if not subject.strip():
            problems.append(f'"{subject}": a subject has a name')
        elif digest is None:
            problems.append(
                f'"{subject}": takes "sha256:" and the 64 hex digits of its key\'s '
                "digest; a subject with a dot in it stands in quotes"
            )
        elif digest in subjects:
            problems.append(f'"{subject}": has the key of "{subjects[digest]}"')
        else:
            subjects[digest] = subject
    if problems:
        raise SettingsError("\n".join(problems))
    return {subject: digest for digest, subject in subjects.items()}


def _parse_digest(value: object) -> bytes | None:
    match = _DIGEST.fullmatch(value) if isinstance(value, str) else None
    return None if match is None else bytes.fromhex(match[1])
