"""``gateway operations check``: does every document of the manifests still run?"""

import functools
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
from graphql import GraphQLError, GraphQLSyntaxError, OperationDefinitionNode, parse

from gateway.engine import Document, Engine, Operation, RejectedError
from gateway.errors import LimitError
from gateway.operations import ManifestDocument, collect_manifests, digest_of
from gateway.schema import create_schema
from gateway.settings import Settings

_SHA256 = re.compile(r"(?:sha256:)?([0-9a-f]{64})")
_NO_NAME = "(no name)"


def check_operations(paths: Sequence[Path], settings: Settings) -> None:
    """Print a line for each fault of each document; exit 1 when there is one."""
    manifests, faults = collect_manifests(paths)
    checker = _Checker(settings)
    count = 0
    for manifest in manifests:
        for one in manifest.operations:
            count += 1
            # What a terminal or a line would take for its own stands escaped.
            shown = ascii(f"{manifest.path}: {one.id} {_name(one)}")[1:-1]
            faults += [f"{shown}: {fault}" for fault in checker.find_faults(one)]
            if _is_hashed_otherwise(one):
                click.echo(
                    f"warning: {shown}: the id looks like the SHA-256 of its text, and "
                    "is not",
                    err=True,
                )
    where = f"{_count(count, 'operation')} in {_count(len(manifests), 'manifest')}"
    if faults:
        click.echo("\n".join([*faults, f"{_count(len(faults), 'fault')}; {where}."]))
        raise SystemExit(1)
    click.echo(f"{where}: all fine.")


class _Checker:
    def __init__(self, settings: Settings) -> None:
        engine = Engine(
            create_schema(),
            settings.limits,
            introspection=settings.introspection is True,
        )
        # App versions have most of their texts in common.
        self._read = functools.cache(functools.partial(_read, engine))

    def find_faults(self, operation: ManifestDocument) -> list[str]:
        """Return what keeps a document from running as its manifest says."""
        outcome = self._read(operation.text)
        if isinstance(outcome, Document):
            return [*_oversized(outcome), *_misstated(operation, outcome)]
        return outcome


def _read(engine: Engine, text: str) -> Document | list[str]:
    """Return the document, or everything that is wrong with it."""
    try:
        return engine.read_document(text)
    except RejectedError as error:
        return [_explain(one) for one in error.errors]
    except LimitError as error:
        return [error.message]


def _explain(error: GraphQLError) -> str:
    places = ", ".join(f"{line}:{column}" for line, column in error.locations or ())
    return f"{error.message} (at {places})"


def _oversized(document: Document) -> Iterator[str]:
    for name, found in document.operations.items():
        if isinstance(found, LimitError):
            is_alone = len(document.operations) == 1
            yield found.message if is_alone else f"{name}: {found.message}"


def _misstated(stated: ManifestDocument, document: Document) -> Iterator[str]:
    known = document.operations
    if stated.name is not None and stated.name not in known:
        names = ", ".join(name or _NO_NAME for name in known)
        yield f"the manifest states the name {stated.name!r}; the text has {names}"
        return
    meant = known.values() if stated.name is None else [known[stated.name]]
    types = {one.type.value for one in meant if isinstance(one, Operation)}
    if stated.type is not None and types and stated.type not in types:
        is_ = ", ".join(sorted(types))
        yield f"the manifest states the type {stated.type!r}; the text is a {is_}"


def _name(operation: ManifestDocument) -> str:
    """Return the name that the manifest states, or those that the text has."""
    if operation.name is not None:
        return operation.name or _NO_NAME
    try:
        document = parse(operation.text, no_location=True)
    except GraphQLSyntaxError:
        return _NO_NAME
    names = [
        one.name.value
        for one in document.definitions
        if isinstance(one, OperationDefinitionNode) and one.name is not None
    ]
    return ", ".join(names) or _NO_NAME


def _is_hashed_otherwise(operation: ManifestDocument) -> bool:
    match = _SHA256.fullmatch(operation.id)
    return match is not None and match[1] != digest_of(operation.text)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
