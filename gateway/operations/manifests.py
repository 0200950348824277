"""Manifests: files in which an app's build wrote its documents, with their ids.

Four forms are read, as these tools write them (checked 2026-11):

- Apollo's persisted query manifest, whose ``operations`` are an array of objects with
  ``id``, ``body``, ``name`` and ``type`` (generate-persisted-query-manifest, Apollo iOS
  and Kotlin): https://www.apollographql.com/docs/graphos/platform/security/persisted-queries
- the same with ``operations`` as an object, ids to ``body``, ``name`` and ``type``
  (the plugin graphql-codegen-persisted-queries);
- Relay's persisted queries, ids to texts: https://relay.dev/docs/guides/persisted-queries/
- graphql-codegen's ``persisted-documents.json``, hashes to texts:
  https://the-guild.dev/graphql/codegen/plugins/presets/preset-client

A text is kept as it stands in the file, and never reprinted: clients hash it so.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from gateway.settings import SettingsError

# What may stand before the SHA-256 of a text where it is its id.
PREFIX = "sha256:"

_FORMAT = "apollo-persisted-query-manifest"
_VERSION = 1
_MOST_BYTES = 64 * 1024 * 1024
# As much of an id, or of another value, stands in an error.
_SHOWN = 100
_FORMS = (
    "takes Apollo's manifest (`format`, `version`, `operations`), or an object of ids "
    "with their texts (Relay, graphql-codegen)"
)
# What the generators of Apollo Kotlin and iOS write by other settings.
_OTHER_OUTPUT = frozenset({"name", "source"})


class ManifestError(SettingsError):
    """A manifest cannot be used; each line names the file."""


class ManifestDocument(Struct, frozen=True, kw_only=True):
    """A document of a manifest; *name* and *type* are as the manifest states them."""

    id: str
    text: str
    name: str | None = None
    type: str | None = None


class Manifest(Struct, frozen=True, kw_only=True):
    """What one file has, in its order."""

    path: Path
    operations: tuple[ManifestDocument, ...]


class _Member(Struct):
    body: str
    name: str | None = None
    type: str | None = None


class _Entry(_Member, kw_only=True):
    id: str


_MemberT = TypeVar("_MemberT", bound=_Member)


def digest_of(text: str) -> str:
    """Return the SHA-256 of a text as it was received, in lower-case hex."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def list_manifests(path: Path) -> list[Path]:
    """Return the file that *path* is, or the manifests of a folder, by their names.

    Those are its files that end in ``.json``, but for hidden ones and those of folders
    within it.

    Raises:
        ManifestError: It is a folder that cannot be read, or that has none.
    """
    try:
        if not path.is_dir():
            return [path]
        files = sorted(filter(_is_manifest, path.iterdir()))
    except OSError as error:
        raise ManifestError(f"{path}: cannot be read: {error.strerror}") from error
    if not files:
        raise ManifestError(f"{path}: has no manifest: takes files that end in .json")
    return files


def _is_manifest(path: Path) -> bool:
    is_named_so = path.suffix == ".json" and not path.name.startswith(".")
    return is_named_so and path.is_file()


def read_manifests(paths: Iterable[Path]) -> list[Manifest]:
    """Return the manifests that files and folders have; a text is in memory once.

    Raises:
        ManifestError: One cannot be used, or two have an id with different texts; there
            is a line for each problem.
    """
    manifests, problems = collect_manifests(paths)
    if problems:
        raise ManifestError("\n".join(problems))
    return manifests


def collect_manifests(paths: Iterable[Path]) -> tuple[list[Manifest], list[str]]:
    """Return the manifests that can be read, and a line for each problem."""
    files: list[Path] = []
    manifests = []
    problems = []
    texts: dict[str, str] = {}
    for path in paths:
        try:
            files += list_manifests(path)
        except ManifestError as error:
            problems.append(str(error))
    for file in files:
        try:
            manifests.append(_read_manifest(file, texts))
        except ManifestError as error:
            problems.append(str(error))
    return manifests, problems + _find_conflicts(manifests)


def _read_manifest(path: Path, texts: dict[str, str]) -> Manifest:
    """Return what a file has; a text that *texts* has is taken from there."""
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise ManifestError(f"{path}: cannot be read: {error.strerror}") from error
    try:
        found = parse_manifest(content)
    except ManifestError as error:
        raise ManifestError(f"{path}: {error}") from error
    operations = tuple(
        msgspec.structs.replace(one, text=texts.setdefault(one.text, one.text))
        for one in found
    )
    return Manifest(path=path, operations=operations)


def _find_conflicts(manifests: Sequence[Manifest]) -> list[str]:
    """Return a line for each id that stands for two texts.

    The SHA-256 of a text is an id of it, whatever else it is.
    """
    first: dict[str, tuple[str, Path]] = {}
    hashed: dict[str, tuple[str, Path]] = {}
    problems = []
    for manifest in manifests:
        for one in manifest.operations:
            found = (one.text, manifest.path)
            hashed.setdefault(digest_of(one.text), found)
            text, path = first.setdefault(one.id, found)
            if text != one.text:
                problems.append(
                    f"{manifest.path}: the id {_show(one.id)} has another text in "
                    f"{path}; takes one text for an id"
                )
    for name, (text, path) in first.items():
        named = hashed.get(name.removeprefix(PREFIX))
        if named is not None and named[0] != text:
            problems.append(
                f"{path}: the id {_show(name)} is the SHA-256 of another text, in "
                f"{named[1]}; takes another id"
            )
    return problems


def parse_manifest(content: bytes) -> list[ManifestDocument]:
    """Return the documents of a manifest, in its order.

    Raises:
        ManifestError: It is none; the message does not name the file.
    """
    if len(content) > _MOST_BYTES:
        raise ManifestError(
            f"is larger than {_MOST_BYTES} bytes, the most that is read"
        )
    document = _decode(content)
    if not isinstance(document, dict):
        raise ManifestError(f"has no object at its top; {_FORMS}")
    is_apollo = "format" in document or "operations" in document
    found = list(_parse_apollo(document) if is_apollo else _parse_texts(document))
    seen: dict[str, str] = {}
    for one in found:
        _check(one)
        if seen.setdefault(one.id, one.text) != one.text:
            raise ManifestError(
                f"has the id {_show(one.id)} twice; takes one text for an id"
            )
    return found


def _decode(content: bytes) -> Any:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ManifestError("is not UTF-8; takes JSON in UTF-8") from error
    try:
        return json.loads(text, object_pairs_hook=_take_members)
    except (ValueError, RecursionError) as error:
        raise ManifestError(f"is not JSON: {error}") from error


def _take_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object, whose reading elsewhere would pass over what comes twice."""
    members = dict(pairs)
    if len(members) < len(pairs):
        for name, value in pairs:
            if members[name] != value:
                raise ManifestError(f"has {_show(name)} twice, with different values")
    return members


def _parse_apollo(document: Mapping[str, Any]) -> Iterator[ManifestDocument]:
    _expect("format", document.get("format"), _FORMAT)
    _expect("version", document.get("version"), _VERSION)
    operations = document.get("operations")
    if isinstance(operations, dict):
        for name, value in operations.items():
            entry = _convert(value, _Member, f"`operations`, {_show(name)}")
            yield _operation(name, entry)
    elif isinstance(operations, list):
        for number, value in enumerate(operations):
            entry = _convert(value, _Entry, f"`operations`, number {number + 1}")
            yield _operation(entry.id, entry)
    else:
        raise ManifestError("has no `operations`; takes an array, or an object by ids")


def _expect(member: str, value: object, wanted: object) -> None:
    if value is None:
        raise ManifestError(f"has no `{member}`; takes {wanted!r}")
    # In Python true is 1; in JSON it is not.
    if value != wanted or isinstance(value, bool):
        raise ManifestError(f"has the `{member}` {_show(value)}; takes {wanted!r}")


def _convert(value: object, type_: type[_MemberT], where: str) -> _MemberT:
    try:
        return msgspec.convert(value, type_)
    except msgspec.ValidationError as error:
        raise ManifestError(f"{where}: {error}") from error


def _operation(name: str, entry: _Member) -> ManifestDocument:
    return ManifestDocument(id=name, text=entry.body, name=entry.name, type=entry.type)


def _parse_texts(document: Mapping[str, Any]) -> Iterator[ManifestDocument]:
    for name, value in document.items():
        if isinstance(value, dict) and value.keys() >= _OTHER_OUTPUT:
            raise ManifestError(
                "is the operation output of Apollo Kotlin, or the legacy manifest of "
                "Apollo iOS; takes what they call a persisted query manifest"
            )
        if not isinstance(value, str):
            raise ManifestError(f"has no text for the id {_show(name)}; {_FORMS}")
        yield ManifestDocument(id=name, text=value)


def _check(operation: ManifestDocument) -> None:
    if not operation.id.strip():
        raise ManifestError("has an empty id")
    if not operation.text.strip():
        raise ManifestError(f"has an empty text for the id {_show(operation.id)}")
    try:
        (operation.id + operation.text).encode()
    except UnicodeEncodeError as error:
        raise ManifestError(
            f"has half a character in what is under the id {_show(operation.id)}"
        ) from error


def _show(value: object) -> str:
    shown = ascii(value)
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"
