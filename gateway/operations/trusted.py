"""The documents of all manifests, read once, and anew when their files change."""

import asyncio
import math
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from msgspec import Struct

from gateway.engine import Document, RejectedError
from gateway.errors import LimitError
from gateway.observability import get_logger
from gateway.operations.manifests import (
    PREFIX,
    Manifest,
    ManifestDocument,
    ManifestError,
    digest_of,
    list_manifests,
    read_manifests,
)

# How often files are looked at.
_LOOK_SECONDS = 1.0
# When what could not be used is read again, though it looks the same.
_AGAIN_SECONDS = 30.0

Read: TypeAlias = Callable[[str], Document]
# A document, or why it cannot be run.
_Reading: TypeAlias = Document | RejectedError | LimitError
_Signature: TypeAlias = tuple[tuple[str, int, int, int, int], ...]


class TrustedDocument(Struct, frozen=True, kw_only=True):
    """A document that a manifest has, and what reading it gave."""

    text: str
    reading: _Reading

    def read(self) -> Document:
        """Return the document, which was read when the manifest was.

        Raises:
            RejectedError: It does not parse, or does not fit the schema (any more).
            LimitError: It has too many tokens.
        """
        if isinstance(self.reading, Document):
            return self.reading
        # An error that is raised again and again collects what it passed.
        raise self.reading.with_traceback(None)


class _Documents(Struct, frozen=True):
    """One state of the manifests."""

    by_id: Mapping[str, TrustedDocument]
    by_digest: Mapping[str, TrustedDocument]
    by_text: Mapping[str, TrustedDocument]


class Trusted:
    """Finds documents by the ids of manifests; those of several hold at once.

    A change of the files is looked for at most once a second, and read in a thread,
    while the documents before it stay in force, and answer.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        read: Read,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        patience_seconds: float = 2.0,
    ) -> None:
        """Read the manifests.

        Args:
            paths: Files, and folders of them.
            read: Parses, validates and measures a text; it is called once for each.
            monotonic: Where the time comes from.
            patience_seconds: How long, at most, a request waits for a change.

        Raises:
            ManifestError: One cannot be used; each line names the file.
        """
        self._paths = paths
        self._read = read
        self._monotonic = monotonic
        self._patience_seconds = patience_seconds
        self._looked_at = monotonic()
        self._seen = _sign(paths)
        self._documents = self._load({})
        self._looking: asyncio.Future[None] | None = None
        self._again_at = math.inf

    def find(self, name: str) -> TrustedDocument | None:
        """Return the document with this id, or SHA-256 in hex, or None.

        The digest may have the prefix ``sha256:``.
        """
        self._look()
        documents = self._documents
        found = documents.by_id.get(name)
        return found or documents.by_digest.get(name.removeprefix(PREFIX))

    def find_text(self, text: str) -> TrustedDocument | None:
        """Return the document that is *text* to the letter, or None."""
        self._look()
        return self._documents.by_text.get(text)

    async def refresh(self) -> None:
        """Wait, a while at most, until a change of the files is read.

        Whoever is about to refuse a document waits, and looks for it again.
        """
        self._look()
        if self._looking is not None:
            await asyncio.wait([self._looking], timeout=self._patience_seconds)

    def _look(self) -> None:
        """Begin to look for changes, unless that was done within the last second."""
        now = self._monotonic()
        is_due = now - self._looked_at >= _LOOK_SECONDS
        is_under_way = self._looking is not None and not self._looking.done()
        if self._paths and is_due and not is_under_way:
            self._looked_at = now
            loop = asyncio.get_running_loop()
            self._looking = loop.run_in_executor(None, self._reload)

    def _reload(self) -> None:
        # Taken before reading: what changes meanwhile is read the next time.
        signature = _sign(self._paths)
        now = self._monotonic()
        if signature == self._seen and now < self._again_at:
            return
        self._seen = signature
        # What could not be read may be readable a little later, and look the same.
        self._again_at = now + _AGAIN_SECONDS
        try:
            self._documents = self._load(self._documents.by_text)
        except ManifestError as error:
            # An operator's mistake, not a bug.
            get_logger().error("manifest_unusable", problem=str(error))
        else:
            self._again_at = math.inf
            get_logger().info(
                "manifests_reloaded", operations=len(self._documents.by_id)
            )

    def _load(self, known: Mapping[str, TrustedDocument]) -> _Documents:
        """Read the manifests; what *known* has of their texts is taken from there."""
        by_id: dict[str, TrustedDocument] = {}
        by_digest: dict[str, TrustedDocument] = {}
        by_text: dict[str, TrustedDocument] = {}
        for manifest in read_manifests(self._paths):
            for one in manifest.operations:
                former = by_text.get(one.text) or known.get(one.text)
                trusted = TrustedDocument(
                    text=former.text if former else one.text,
                    reading=former.reading if former else self._read_one(manifest, one),
                )
                by_id[one.id] = trusted
                by_text.setdefault(trusted.text, trusted)
                by_digest.setdefault(digest_of(trusted.text), trusted)
        return _Documents(by_id, by_digest, by_text)

    def _read_one(self, manifest: Manifest, one: ManifestDocument) -> _Reading:
        """Read a document; one that cannot be run is logged, and does not stop us."""
        log = get_logger().bind(file=str(manifest.path), id=one.id)
        try:
            document = self._read(one.text)
        except (RejectedError, LimitError) as error:
            log.warning("operation_unusable", name=one.name, code=error.code)
            # What was passed on the way would be held as long as the error.
            error.__cause__ = error.__context__ = None
            return error.with_traceback(None)
        for name, found in document.operations.items():
            if isinstance(found, LimitError):
                log.warning("operation_unusable", name=name, code=found.code)
        return document


def _sign(paths: Sequence[Path]) -> _Signature:
    """Return what changes with the files: names, times, sizes and inodes."""
    signature = []
    for path in paths:
        try:
            for file in list_manifests(path):
                status = file.stat()
                signature.append(
                    (
                        str(file),
                        status.st_mtime_ns,
                        status.st_ctime_ns,
                        status.st_size,
                        status.st_ino,
                    )
                )
        except (OSError, ManifestError):
            signature.append((str(path), 0, 0, 0, 0))
    return tuple(signature)
