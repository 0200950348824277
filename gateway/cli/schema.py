"""``gateway schema``: print the graph, and hold it against a file."""

from pathlib import Path

import click
from graphql import (
    BreakingChange,
    DangerousChange,
    SafeChange,
    build_schema,
    find_schema_changes,
    print_schema,
)
from graphql.error import GraphQLError

from gateway.schema import create_schema

_KINDS = {"breaking": BreakingChange, "dangerous": DangerousChange, "safe": SafeChange}


def print_graph() -> None:
    """Print the schema as text."""
    click.echo(print_schema(create_schema()))


def check_schema(path: Path) -> None:
    """Exit 1 when *path* does not hold the schema as it is."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    if text != print_schema(create_schema()) + "\n":
        click.echo(f"{path} is stale; write it anew with: gateway schema > {path}")
        raise SystemExit(1)
    click.echo(f"{path} is current.")


def compare_schema(path: Path) -> None:
    """List what changed since *path*; exit 1 on a breaking change.

    Raises:
        click.BadParameter: *path* holds no schema.
    """
    try:
        old = build_schema(path.read_text(encoding="utf-8"))
    except (GraphQLError, TypeError, UnicodeDecodeError) as error:
        raise click.BadParameter(f"{path} holds no schema: {error}") from error
    if old.query_type is None:
        raise click.BadParameter(f"{path} holds no schema: it has no query type.")
    new = create_schema()
    changes = find_schema_changes(old, new)
    for kind, type_ in _KINDS.items():
        for change in changes:
            if isinstance(change, type_):
                click.echo(f"{kind:<9}  {change.description}")
    if any(isinstance(change, BreakingChange) for change in changes):
        raise SystemExit(1)
