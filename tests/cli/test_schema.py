"""``gateway schema``, and that everything in the graph is described."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLEnumValue,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    is_specified_directive,
    is_specified_scalar_type,
)

from gateway.cli import main

PROJECT = Path(__file__).resolve().parent.parent.parent
COMMITTED = PROJECT / "schema.graphql"
TEXT = COMMITTED.read_text(encoding="utf-8")
FIELDED = (GraphQLObjectType, GraphQLInterfaceType, GraphQLInputObjectType)

Described = GraphQLArgument | GraphQLEnumValue | GraphQLField | GraphQLInputField


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["schema", *arguments])


def test_it_is_printed_as_it_is_committed() -> None:
    result = run()

    assert result.exit_code == 0
    assert result.stdout == TEXT


def test_the_committed_schema_is_current(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)

    result = run("--check")

    assert result.exit_code == 0
    assert result.stdout == "schema.graphql is current.\n"


@pytest.mark.parametrize("text", [None, "", TEXT + "\n", TEXT.rstrip(), "type Query"])
def test_a_stale_schema_fails(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str | None
) -> None:
    monkeypatch.chdir(tmp_path)
    if text is not None:
        Path("schema.graphql").write_text(text, encoding="utf-8")

    result = run("--check")

    assert result.exit_code == 1
    assert result.stdout == (
        "schema.graphql is stale; write it anew with: gateway schema > schema.graphql\n"
    )


def test_a_schema_that_is_the_same_has_no_changes() -> None:
    result = run("--against", str(COMMITTED))

    assert (result.exit_code, result.stdout) == (0, "")


@pytest.mark.parametrize(
    ("old", "new", "exit_code", "line"),
    [
        (
            "type Query {\n",
            "type Query {\n  gone: Int\n",
            1,
            "breaking   Field Query.gone was removed.",
        ),
        (
            "enum Outcome {\n",
            "enum Outcome {\n  GONE\n",
            1,
            "breaking   Enum value Outcome.GONE was removed.",
        ),
        (
            '  """It did not happen; `userErrors` says why."""\n  REFUSED\n\n',
            "",
            0,
            "dangerous  Enum value Outcome.REFUSED was added.",
        ),
    ],
)
def test_each_change_is_listed_by_its_kind(
    tmp_path: Path, old: str, new: str, exit_code: int, line: str
) -> None:
    assert old in TEXT
    path = tmp_path / "old.graphql"
    path.write_text(TEXT.replace(old, new), encoding="utf-8")

    result = run("--against", str(path))

    assert result.exit_code == exit_code
    assert result.stdout.splitlines() == [line]


def test_breaking_dangerous_and_safe_stand_in_this_order(tmp_path: Path) -> None:
    path = tmp_path / "old.graphql"
    path.write_text(
        TEXT.replace("type Query {\n", "type Query {\n  gone: Int\n")
        .replace("enum Outcome {\n", "enum Outcome {\n  GONE\n")
        .replace('  """What is still to be paid."""\n  amountDue: Money\n', ""),
        encoding="utf-8",
    )

    result = run("--against", str(path))

    assert result.exit_code == 1
    kinds = [line.split()[0] for line in result.stdout.splitlines()]
    order = ["breaking", "dangerous", "safe"]
    assert kinds == sorted(kinds, key=order.index)
    assert {"breaking", "safe"} <= set(kinds)


def test_check_and_against_may_be_asked_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(PROJECT)

    result = run("--check", "--against", "schema.graphql")

    assert (result.exit_code, result.stdout) == (0, "schema.graphql is current.\n")


@pytest.mark.parametrize(
    "content",
    [b"type", b"\xff\xfe", b"", b"type A { b: Nowhere }", b"{ query }"],
    ids=["syntax", "bytes", "empty", "unknown-type", "operation"],
)
def test_a_file_that_holds_no_schema_is_usage(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "old.graphql"
    path.write_bytes(content)

    result = run("--against", str(path))

    assert result.exit_code == 2
    assert f"{path} holds no schema: " in " ".join(result.stderr.split())
    assert result.stdout == ""


@pytest.mark.parametrize("path", ["/nowhere.graphql", "/"])
def test_a_file_that_is_none_is_usage(path: str) -> None:
    assert run("--against", path).exit_code == 2


def described(schema: GraphQLSchema) -> Iterator[tuple[str, str | None]]:
    """Return everything that this project named, each with its description."""
    for directive in schema.directives:
        if not is_specified_directive(directive):
            yield f"@{directive.name}", directive.description
            yield from members(f"@{directive.name}", directive.args)
    for name, type_ in schema.type_map.items():
        if name.startswith("__") or is_specified_scalar_type(type_):
            continue
        yield name, type_.description
        if isinstance(type_, GraphQLEnumType):
            yield from members(name, type_.values)
        if isinstance(type_, FIELDED):
            yield from members(name, type_.fields)
            for key, field in type_.fields.items():
                yield from members(f"{name}.{key}", getattr(field, "args", {}))


def members(
    owner: str, found: Mapping[str, Described]
) -> Iterator[tuple[str, str | None]]:
    for name, member in found.items():
        yield f"{owner}.{name}", member.description


def test_everything_in_the_schema_is_described() -> None:
    everything = dict(described(build_schema(TEXT)))

    assert {"Query.invoices.first", "Outcome.APPLIED", "Invoice"} < everything.keys()
    assert [name for name, text in everything.items() if not text] == []
