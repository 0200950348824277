"""A TOML file that is read again when it changes."""

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, TypeVar

from gateway.observability import get_logger
from gateway.settings import SettingsError

T = TypeVar("T")

_Fingerprint = tuple[int, int, int, int]


class TomlFile(Generic[T]):
    """What a file says, as of its last version that could be used.

    A change is seen by the file's times, size and inode, so a file that is replaced
    whole, or reached by a link that is, counts as changed.
    """

    def __init__(self, path: Path, parse: Callable[[dict[str, Any]], T]) -> None:
        """Read the file.

        Args:
            path: Where it is.
            parse: Makes of its tables what they mean, or raises a ``SettingsError``
                with a line for each mistake, which shows no secret.

        Raises:
            SettingsError: It cannot be used; each line names the file.
        """
        self._path = path
        self._parse = parse
        self._seen = self._fingerprint()
        self._value = self._load()

    def get(self) -> T:
        """Return what the file says; costs one ``stat``, and a read after a change.

        A version that cannot be used is logged once, and the one before it stands.
        """
        fingerprint = self._fingerprint()
        if fingerprint != self._seen:
            # Taken before reading: what changes meanwhile is read the next time.
            self._seen = fingerprint
            self._reload()
        return self._value

    def _reload(self) -> None:
        log = get_logger().bind(path=str(self._path))
        try:
            self._value = self._load()
        except SettingsError as error:
            log.error("file_unusable", problem=str(error))  # noqa: TRY400 - no bug
        else:
            log.info("file_reloaded")

    def _load(self) -> T:
        try:
            document = tomllib.loads(self._path.read_text(encoding="utf-8"))
        except OSError as error:
            raise self._unusable(f"cannot be read: {error.strerror}") from error
        except (ValueError, RecursionError) as error:
            raise self._unusable(f"not TOML: {error}") from error
        try:
            return self._parse(document)
        except SettingsError as error:
            raise self._unusable(*str(error).splitlines()) from error

    def _unusable(self, *problems: str) -> SettingsError:
        return SettingsError("\n".join(f"{self._path}: {one}" for one in problems))

    def _fingerprint(self) -> _Fingerprint | None:
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino
