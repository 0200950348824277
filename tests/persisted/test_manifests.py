"""The forms of manifests, as the tools write them, and what is none.

The samples have the shapes that these document: Apollo's manifest,
https://www.apollographql.com/docs/kotlin/advanced/persisted-queries and
https://www.apollographql.com/docs/ios/fetching/persisted-queries; Relay,
https://relay.dev/docs/guides/persisted-queries/; graphql-codegen,
https://the-guild.dev/graphql/codegen/plugins/presets/preset-client (read 2026-11).
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from gateway.operations import (
    ManifestDocument,
    ManifestError,
    collect_manifests,
    digest_of,
    read_manifests,
)
from gateway.operations.manifests import list_manifests, parse_manifest

QUERY = "query Sources { sources { provider } }"
MUTATION = "mutation Approve($id: ID!) { approve(input: {id: $id}) { outcome } }"
QUERY_ID = hashlib.sha256(QUERY.encode()).hexdigest()
MUTATION_ID = hashlib.sha256(MUTATION.encode()).hexdigest()
APOLLO = {"format": "apollo-persisted-query-manifest", "version": 1}
FORMS = (
    "takes Apollo's manifest (`format`, `version`, `operations`), or an object of ids "
    "with their texts (Relay, graphql-codegen)"
)


def parse(document: Any) -> list[ManifestDocument]:
    return parse_manifest(json.dumps(document).encode())


def entry(**members: Any) -> dict[str, Any]:
    """Return an operation of Apollo's manifest."""
    return {"id": "a", "name": "Sources", "type": "query", "body": QUERY} | members


def refusal(content: bytes) -> str:
    with pytest.raises(ManifestError) as caught:
        parse_manifest(content)
    return str(caught.value)


NAMED = [
    ManifestDocument(id=QUERY_ID, text=QUERY, name="Sources", type="query"),
    ManifestDocument(id=MUTATION_ID, text=MUTATION, name="Approve", type="mutation"),
]


class TestForms:
    def test_apollos_manifest_has_an_array(self) -> None:
        operations = [
            {"id": QUERY_ID, "name": "Sources", "type": "query", "body": QUERY},
            {
                "id": MUTATION_ID,
                "body": MUTATION,
                "name": "Approve",
                "type": "mutation",
                "clientName": "inbox-ios",
            },
        ]

        assert parse(APOLLO | {"operations": operations}) == NAMED

    def test_apollos_manifest_may_have_an_object(self) -> None:
        operations = {
            QUERY_ID: {"name": "Sources", "type": "query", "body": QUERY},
            MUTATION_ID: {"type": "mutation", "name": "Approve", "body": MUTATION},
        }

        assert parse(APOLLO | {"operations": operations}) == NAMED

    @pytest.mark.parametrize(
        ("first", "second"),
        [
            (hashlib.md5(QUERY.encode()).hexdigest(), "5"),  # noqa: S324 - Relay's
            (hashlib.sha1(QUERY.encode()).hexdigest(), "b"),  # noqa: S324 - codegen's
            (f"sha256:{QUERY_ID}", f"sha256:{MUTATION_ID}"),
        ],
        ids=["relay", "codegen", "prefixed"],
    )
    def test_ids_may_stand_with_their_texts_alone(
        self, first: str, second: str
    ) -> None:
        assert parse({first: QUERY, second: MUTATION}) == [
            ManifestDocument(id=first, text=QUERY),
            ManifestDocument(id=second, text=MUTATION),
        ]

    @pytest.mark.parametrize(
        "document", [{}, APOLLO | {"operations": []}, APOLLO | {"operations": {}}]
    )
    def test_an_app_may_have_no_operations(self, document: dict[str, Any]) -> None:
        assert parse(document) == []

    @pytest.mark.parametrize("name", [None, ""])
    def test_a_name_is_optional(self, name: str | None) -> None:
        [found] = parse(APOLLO | {"operations": [entry(name=name)]})

        assert (found.name, found.text) == (name, QUERY)

    def test_name_and_type_may_be_absent(self) -> None:
        operations = [{"id": "a", "body": QUERY}]

        assert parse(APOLLO | {"operations": operations}) == [
            ManifestDocument(id="a", text=QUERY)
        ]

    def test_a_text_is_kept_to_the_letter(self) -> None:
        text = " \r\nquery  Sources{sources{provider}}# Größe 🙂\t\n"

        [found] = parse({"a": text})

        assert found.text == text

    def test_an_id_may_stand_twice_with_the_same_text(self) -> None:
        twice = [entry(clientName="web"), entry(clientName="ios")]

        assert [one.id for one in parse(APOLLO | {"operations": twice})] == ["a", "a"]
        assert parse_manifest(b'{"a": "{ b }", "a": "{ b }"}') == [
            ManifestDocument(id="a", text="{ b }")
        ]

    def test_a_byte_order_mark_is_passed_over(self) -> None:
        assert parse_manifest(b'\xef\xbb\xbf{"a": "{ b }"}') == [
            ManifestDocument(id="a", text="{ b }")
        ]


class TestRefusals:
    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"", "is not JSON: Expecting value: line 1 column 1 (char 0)"),
            (
                b'{"a": "b"',
                "is not JSON: Expecting ',' delimiter: line 1 column 10 (char 9)",
            ),
            (b"[" * 100_000, "is not JSON: "),
            (b"\xff\xfe{\x00}\x00", "is not UTF-8; takes JSON in UTF-8"),
            (b"[]", f"has no object at its top; {FORMS}"),
            (b'"query"', f"has no object at its top; {FORMS}"),
            (b'{"a": 1}', f"has no text for the id 'a'; {FORMS}"),
            (b'{"a": null}', f"has no text for the id 'a'; {FORMS}"),
            (b'{"a": {"text": "{ b }"}}', f"has no text for the id 'a'; {FORMS}"),
            (b'{"a": ""}', "has an empty text for the id 'a'"),
            (b'{"a": " \\n"}', "has an empty text for the id 'a'"),
            (b'{"": "{ b }"}', "has an empty id"),
            (b'{" ": "{ b }"}', "has an empty id"),
            (
                b'{"a": "{ b }", "a": "{ c }"}',
                "has 'a' twice, with different values",
            ),
            (
                b'{"a": "{ \\ud800 }"}',
                "has half a character in what is under the id 'a'",
            ),
            (
                b'{"\\ud800": "{ b }"}',
                "has half a character in what is under the id '\\ud800'",
            ),
        ],
        ids=range(16),
    )
    def test_what_is_no_manifest_says_why(self, content: bytes, message: str) -> None:
        assert refusal(content).startswith(message)

    @pytest.mark.parametrize(
        ("document", "message"),
        [
            (
                {"format": "relay", "version": 1, "operations": []},
                "has the `format` 'relay'; takes 'apollo-persisted-query-manifest'",
            ),
            (
                {"operations": []},
                "has no `format`; takes 'apollo-persisted-query-manifest'",
            ),
            (APOLLO | {"version": 2, "operations": []}, "has the `version` 2; takes 1"),
            (
                APOLLO | {"version": "1", "operations": []},
                "has the `version` '1'; takes 1",
            ),
            (
                APOLLO | {"version": True, "operations": []},
                "has the `version` True; takes 1",
            ),
            (
                {"format": APOLLO["format"], "operations": []},
                "has no `version`; takes 1",
            ),
            (APOLLO, "has no `operations`; takes an array, or an object by ids"),
            (
                APOLLO | {"operations": "query"},
                "has no `operations`; takes an array, or an object by ids",
            ),
            (
                APOLLO | {"operations": [entry(), {"id": "b"}]},
                "`operations`, number 2: Object missing required field `body`",
            ),
            (
                APOLLO | {"operations": [entry(id=7)]},
                "`operations`, number 1: Expected `str`, got `int` - at `$.id`",
            ),
            (
                APOLLO | {"operations": [entry(body=None)]},
                "`operations`, number 1: Expected `str`, got `null` - at `$.body`",
            ),
            (
                APOLLO | {"operations": ["query"]},
                "`operations`, number 1: Expected `object`, got `str`",
            ),
            (
                APOLLO | {"operations": {"a": QUERY}},
                "`operations`, 'a': Expected `object`, got `str`",
            ),
            (
                APOLLO | {"operations": {"a": {"name": "Sources"}}},
                "`operations`, 'a': Object missing required field `body`",
            ),
            (
                APOLLO | {"operations": [entry(body="")]},
                "has an empty text for the id 'a'",
            ),
            (
                APOLLO | {"operations": [entry(), entry(body=MUTATION)]},
                "has the id 'a' twice; takes one text for an id",
            ),
            (
                {"a" * 200: 1},
                f"has no text for the id '{'a' * 99}…; {FORMS}",
            ),
        ],
        ids=range(17),
    )
    def test_what_is_half_a_manifest_says_what_it_takes(
        self, document: dict[str, Any], message: str
    ) -> None:
        assert refusal(json.dumps(document).encode()) == message

    def test_the_other_output_of_apollos_tools_says_which_is_meant(self) -> None:
        document = {"5f": {"name": "Sources", "source": QUERY}}

        assert refusal(json.dumps(document).encode()) == (
            "is the operation output of Apollo Kotlin, or the legacy manifest of "
            "Apollo iOS; takes what they call a persisted query manifest"
        )

    def test_a_manifest_is_bounded(self) -> None:
        content = b'{"a": "' + b" " * (64 * 1024 * 1024) + b'"}'

        assert refusal(content) == (
            "is larger than 67108864 bytes, the most that is read"
        )


class TestFiles:
    def test_a_folder_is_its_json_files_by_name(self, tmp_path: Path) -> None:
        (tmp_path / "within").mkdir()
        (tmp_path / "folder.json").mkdir()
        for name in (
            "b.json",
            "a.json",
            ".hidden.json",
            "c.json.bak",
            "d.JSON",
            "within/e.json",
        ):
            (tmp_path / name).write_text("{}", encoding="utf-8")

        assert list_manifests(tmp_path) == [tmp_path / "a.json", tmp_path / "b.json"]

    def test_a_folder_may_hold_links(self, tmp_path: Path) -> None:
        """Kubernetes mounts a ConfigMap so."""
        (tmp_path / "..data").mkdir()
        (tmp_path / "..data" / "web.json").write_text('{"a": "{ b }"}')
        (tmp_path / "web.json").symlink_to(Path("..data") / "web.json")

        [manifest] = read_manifests([tmp_path])

        assert manifest.path == tmp_path / "web.json"
        assert [one.id for one in manifest.operations] == ["a"]

    def test_every_problem_has_a_line_that_names_its_file(self, tmp_path: Path) -> None:
        (tmp_path / "empty").mkdir()
        (tmp_path / "good.json").write_text('{"a": "{ b }"}')
        (tmp_path / "other.json").write_text('{"a": "{ c }"}')
        (tmp_path / "bad.json").write_text("nonsense")
        names = ["absent.json", "empty", "bad.json", "good.json", "other.json"]

        with pytest.raises(ManifestError) as caught:
            read_manifests([tmp_path / name for name in names])

        assert str(caught.value).splitlines() == [
            f"{tmp_path}/empty: has no manifest: takes files that end in .json",
            f"{tmp_path}/absent.json: cannot be read: No such file or directory",
            (
                f"{tmp_path}/bad.json: is not JSON: "
                "Expecting value: line 1 column 1 (char 0)"
            ),
            (
                f"{tmp_path}/other.json: the id 'a' has another text in "
                f"{tmp_path}/good.json; takes one text for an id"
            ),
        ]

    def test_a_folder_that_cannot_be_read_is_named(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(path: Path) -> Any:
            raise PermissionError(13, "Permission denied")

        # Whoever runs the tests may be allowed to read everything.
        monkeypatch.setattr(Path, "iterdir", refuse)

        with pytest.raises(ManifestError) as caught:
            list_manifests(tmp_path)

        assert str(caught.value) == f"{tmp_path}: cannot be read: Permission denied"

    def test_what_can_be_read_stands_beside_the_problems(self, tmp_path: Path) -> None:
        (tmp_path / "a.json").write_text("nonsense")
        (tmp_path / "b.json").write_text('{"a": "{ b }"}')

        manifests, problems = collect_manifests([tmp_path])

        assert [one.path for one in manifests] == [tmp_path / "b.json"]
        assert [line.partition(":")[0] for line in problems] == [f"{tmp_path}/a.json"]

    def test_files_share_their_texts(self, tmp_path: Path) -> None:
        for name in ("1.json", "2.json"):
            (tmp_path / name).write_text(json.dumps({"a": QUERY}))

        first, second = read_manifests([tmp_path])

        assert first.operations[0].text is second.operations[0].text


def test_a_digest_is_of_the_text_as_received() -> None:
    assert digest_of(QUERY) == QUERY_ID
    assert digest_of("é") == hashlib.sha256("é".encode()).hexdigest()
