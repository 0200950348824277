"""``gateway operations check``: every document that would not run is named."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gateway.cli import main
from gateway.operations import digest_of

SOURCES = "query Sources { sources { provider ok } }"
APPROVE = "mutation Approve($id: ID!) { approve(input: {id: $id}) { outcome } }"
GONE = "query Gone { sources { provider nope } gone }"
ROOT = Path(__file__).parent.parent.parent
OPERATIONS = ROOT / "tests" / "operations"

Write = Callable[[str, Any], Path]


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin without any variable of ours."""
    for name in ("GATEWAY_CONFIG", "GATEWAY_INTROSPECTION"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_manifest(name: str, document: Any) -> Path:
        path = tmp_path / name
        path.write_text(json.dumps(document), encoding="utf-8")
        return path

    return write_manifest


def apollo(*operations: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "format": "apollo-persisted-query-manifest",
        "version": 1,
        "operations": operations,
    }


def entry(text: str, name: str, type_: str = "query", **more: Any) -> dict[str, Any]:
    return {
        "id": digest_of(text),
        "name": name,
        "type": type_,
        "body": text,
    } | more


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["operations", "check", *map(str, arguments)])


def lines(result: Result) -> list[str]:
    return result.stdout.splitlines()


def test_what_runs_is_counted(write: Write) -> None:
    web = write("web.json", {"a": SOURCES, "b": APPROVE})
    ios = write(
        "ios.json",
        apollo(entry(SOURCES, "Sources"), entry(APPROVE, "Approve", "mutation")),
    )

    result = run(web, ios)

    assert (result.exit_code, result.stdout, result.stderr) == (
        0,
        "4 operations in 2 manifests: all fine.\n",
        "",
    )


def test_a_folder_is_all_its_manifests(write: Write, tmp_path: Path) -> None:
    write("web.json", {"a": SOURCES})

    result = run(tmp_path)

    assert (result.exit_code, result.stdout) == (
        0,
        "1 operation in 1 manifest: all fine.\n",
    )


def test_the_frontends_operations_run(write: Write) -> None:
    texts = {
        path.stem: path.read_text(encoding="utf-8")
        for path in OPERATIONS.glob("*.graphql")
    }

    result = run(write("frontends.json", texts))

    assert lines(result) == [f"{len(texts)} operations in 1 manifest: all fine."]


def test_each_fault_names_file_id_and_operation(write: Write) -> None:
    web = write("web.json", {"5f": GONE, "6a": SOURCES})
    ios = write("ios.json", apollo(entry(GONE, "Gone", id="gone")))

    result = run(web, ios)

    faults = [
        "Cannot query field 'nope' on type 'SourceStatus'. (at 1:33)",
        "Cannot query field 'gone' on type 'Query'. (at 1:40)",
    ]
    assert result.exit_code == 1
    assert lines(result) == [
        *(f"{web}: 5f Gone: {one}" for one in faults),
        *(f"{ios}: gone Gone: {one}" for one in faults),
        "4 faults; 3 operations in 2 manifests.",
    ]


@pytest.mark.parametrize(
    ("text", "shown", "fault"),
    [
        (
            "query Half {",
            "(no name)",
            "Syntax Error: Expected Name, found <EOF>. (at 1:13)",
        ),
        (
            "{ sources { nope } }",
            "(no name)",
            "Cannot query field 'nope' on type 'SourceStatus'. (at 1:13)",
        ),
        (
            "query A { sources { ok } } query A { sources { ok } }",
            "A, A",
            "There can be only one operation named 'A'. (at 1:7, 1:34)",
        ),
        (
            "query Schema { __schema { queryType { name } } }",
            "Schema",
            (
                "GraphQL introspection has been disabled, but the requested query "
                "contained the field '__schema'. (at 1:16)"
            ),
        ),
    ],
)
def test_a_document_that_is_none_says_why(
    write: Write, text: str, shown: str, fault: str
) -> None:
    path = write("web.json", {"a": text})

    result = run(path)

    assert result.exit_code == 1
    assert lines(result)[0] == f"{path}: a {shown}: {fault}"


def test_introspection_runs_where_it_is_set(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWAY_INTROSPECTION", "true")

    result = run(write("web.json", {"a": "{ __schema { queryType { name } } }"}))

    assert (result.exit_code, lines(result)) == (
        0,
        ["1 operation in 1 manifest: all fine."],
    )


def test_limits_are_those_of_the_settings(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "gateway.toml"
    config.write_text("[limits]\ndepth = 1\n", encoding="utf-8")
    monkeypatch.setenv("GATEWAY_LIMITS__TOKENS", "10")
    path = write(
        "web.json",
        {
            "a": "query Deep { sources { ok } }",
            "b": "query Two { sources { ok provider isComplete asOf __typename } }",
            "c": "{ __typename } ",
        },
    )

    result = run(path, "--config", config)

    assert result.exit_code == 1
    assert lines(result) == [
        (f"{path}: a Deep: This operation is 2 levels deep; 1 is the most that runs."),
        f"{path}: b Two: This document has more than 10 tokens, the most that runs.",
        "2 faults; 3 operations in 1 manifest.",
    ]


def test_each_operation_of_a_document_is_held_against_the_limits(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWAY_LIMITS__DEPTH", "1")
    path = write(
        "web.json",
        {"a": "query Flat { __typename } query Deep { sources { ok } }"},
    )

    result = run(path)

    assert lines(result) == [
        (
            f"{path}: a Flat, Deep: Deep: This operation is 2 levels deep; "
            "1 is the most that runs."
        ),
        "1 fault; 1 operation in 1 manifest.",
    ]


class TestStatements:
    """What a manifest says of a document holds."""

    @pytest.mark.parametrize(
        ("operation", "fault"),
        [
            (
                entry(SOURCES, "Source"),
                "Source: the manifest states the name 'Source'; the text has Sources",
            ),
            (
                entry("{ sources { ok } }", "Sources"),
                (
                    "Sources: the manifest states the name 'Sources'; "
                    "the text has (no name)"
                ),
            ),
            (
                entry(SOURCES, ""),
                "(no name): the manifest states the name ''; the text has Sources",
            ),
            (
                entry(APPROVE, "Approve"),
                (
                    "Approve: the manifest states the type 'query'; "
                    "the text is a mutation"
                ),
            ),
            (
                {"id": digest_of(SOURCES), "body": SOURCES, "type": "Query"},
                "Sources: the manifest states the type 'Query'; the text is a query",
            ),
        ],
    )
    def test_another_name_or_type_is_a_fault(
        self, write: Write, operation: dict[str, Any], fault: str
    ) -> None:
        path = write("ios.json", apollo(operation))

        result = run(path)

        assert result.exit_code == 1
        assert lines(result) == [
            f"{path}: {operation['id']} {fault}",
            "1 fault; 1 operation in 1 manifest.",
        ]

    @pytest.mark.parametrize(
        "operation",
        [
            {"id": "a", "body": APPROVE},
            {"id": "a", "body": APPROVE, "name": None, "type": "mutation"},
            {"id": "a", "body": "{ sources { ok } }", "type": "query"},
            {"id": "a", "body": f"{SOURCES} {APPROVE}", "type": "mutation"},
            {"id": "a", "body": f"{SOURCES} {APPROVE}", "name": "Sources"},
        ],
    )
    def test_what_it_leaves_open_is_none(
        self, write: Write, operation: dict[str, Any]
    ) -> None:
        assert run(write("ios.json", apollo(operation))).exit_code == 0

    @pytest.mark.parametrize("prefix", ["", "sha256:"])
    def test_a_hash_of_another_text_is_only_warned_of(
        self, write: Write, prefix: str
    ) -> None:
        wrong = prefix + digest_of(APPROVE)
        path = write("ios.json", apollo(entry(SOURCES, "Sources", id=wrong)))

        result = run(path)

        assert (result.exit_code, result.stdout, result.stderr) == (
            0,
            "1 operation in 1 manifest: all fine.\n",
            (
                f"warning: {path}: {wrong} Sources: the id looks like the SHA-256 of "
                "its text, and is not\n"
            ),
        )


def test_a_manifest_that_cannot_be_read_does_not_hide_the_others(
    write: Write, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text("nonsense", encoding="utf-8")
    good = write("good.json", {"a": SOURCES, "b": GONE})

    result = run(bad, good)

    assert result.exit_code == 1
    assert [line.partition(": ")[0] for line in lines(result)] == [
        str(bad),
        str(good),
        str(good),
        "3 faults; 2 operations in 1 manifest.",
    ]
    assert lines(result)[0] == (
        f"{bad}: is not JSON: Expecting value: line 1 column 1 (char 0)"
    )


def test_two_texts_of_one_id_are_a_fault(write: Write) -> None:
    first, second = write("1.json", {"a": SOURCES}), write("2.json", {"a": APPROVE})

    result = run(first, second)

    assert result.exit_code == 1
    assert lines(result) == [
        (f"{second}: the id 'a' has another text in {first}; takes one text for an id"),
        "1 fault; 2 operations in 2 manifests.",
    ]


@pytest.mark.parametrize("arguments", [[], ["/nowhere.json"]])
def test_a_path_that_is_none_is_usage(arguments: list[str]) -> None:
    result = run(*arguments)

    assert (result.exit_code, result.stdout) == (2, "")


def test_settings_that_cannot_be_used_are_usage(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWAY_LIMITS__DEPTH", "0")

    result = run(write("web.json", {"a": SOURCES}))

    assert result.exit_code == 2
    assert "GATEWAY_LIMITS__DEPTH: got '0'" in result.stderr


@pytest.mark.parametrize("mode", ["open", "log", "trusted", "ids"])
def test_the_server_does_not_start_with_manifests_that_cannot_be_used(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    bad = write("bad.json", {"a": 1})
    absent = tmp_path / "absent.json"
    monkeypatch.setenv("GATEWAY_OPERATIONS__MODE", mode)
    monkeypatch.setenv("GATEWAY_OPERATIONS__MANIFESTS", f"{bad},{absent}")

    result = CliRunner().invoke(main, ["serve"])

    assert result.exit_code == 2
    assert result.stderr.splitlines()[-2:] == [
        (
            f"{bad}: has no text for the id 'a'; takes Apollo's manifest (`format`, "
            "`version`, `operations`), or an object of ids with their texts (Relay, "
            "graphql-codegen)"
        ),
        f"{absent}: cannot be read: No such file or directory",
    ]


def test_the_example_app_still_runs() -> None:
    result = run(ROOT / "examples" / "inbox" / "persisted-operations.json")

    assert (result.exit_code, result.stdout) == (
        0,
        "5 operations in 1 manifest: all fine.\n",
    )
