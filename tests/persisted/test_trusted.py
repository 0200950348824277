"""Documents of manifests: read once, found by id, hash or text, and read anew."""

import asyncio
import json
import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from graphql import build_schema
from structlog.testing import capture_logs

from gateway.engine import Document, Engine, RejectedError
from gateway.errors import LimitError
from gateway.operations import ManifestError, Trusted, digest_of
from gateway.settings import LimitSettings

SCHEMA = build_schema("type Query { a: Int b: Int c: Query }")
A = "query A { a }"
B = "query B { b }"
GONE = "query Gone { gone }"
BROKEN = "query Broken {"
DEEP = "query Deep { c { c { a } } }"


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


class Reader:
    """Reads documents, and knows which it was asked to; it can be made to wait."""

    def __init__(self) -> None:
        limits = LimitSettings(depth=2, tokens=20)
        self._engine = Engine(SCHEMA, limits, introspection=False)
        self.texts: list[str] = []
        self.threads: set[int] = set()
        self.open = threading.Event()
        self.open.set()

    def __call__(self, text: str) -> Document:
        self.texts.append(text)
        self.threads.add(threading.get_ident())
        assert self.open.wait(10)
        return self._engine.read_document(text)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def read() -> Reader:
    return Reader()


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write a manifest, replacing it whole."""

    def write_manifest(name: str, texts: Mapping[str, Any] | str) -> Path:
        path = tmp_path / name
        draft = tmp_path / f"{name}.draft"
        content = texts if isinstance(texts, str) else json.dumps(texts)
        draft.write_text(content, encoding="utf-8")
        draft.replace(path)
        return path

    return write_manifest


Write = Callable[..., Path]


def texts_of(trusted: Trusted, *names: str) -> list[str | None]:
    """Return the text that each id has."""
    every = [trusted.find(name) for name in names]
    return [None if one is None else one.text for one in every]


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not is_so():  # noqa: ASYNC110 - a thread has no event for it
            await asyncio.sleep(0)


async def look_later(trusted: Trusted, clock: Clock) -> None:
    clock.seconds += 1
    await trusted.refresh()


class TestFinding:
    async def test_a_document_has_its_id_and_its_hash(
        self, read: Reader, write: Write
    ) -> None:
        trusted = Trusted([write("web.json", {"first": A, "second": B})], read)

        names = ["first", digest_of(A), f"sha256:{digest_of(A)}", "second"]
        assert texts_of(trusted, *names) == [A, A, A, B]

    async def test_an_unknown_id_has_none(self, read: Reader, write: Write) -> None:
        trusted = Trusted([write("web.json", {"first": A})], read)

        names = ["", "third", digest_of(B), digest_of(A).upper(), "sha256:first"]
        assert texts_of(trusted, *names) == [None] * 5

    async def test_a_text_is_found_to_the_letter(
        self, read: Reader, write: Write
    ) -> None:
        trusted = Trusted([write("web.json", {"first": A})], read)

        same = trusted.find_text(A)

        assert same is not None
        assert same.text == A
        assert [trusted.find_text(one) for one in (f"{A} ", B, "first")] == [None] * 3

    @pytest.mark.parametrize("prefix", ["", "sha256:"])
    async def test_an_id_is_no_hash_of_another_text(
        self, read: Reader, write: Write, prefix: str
    ) -> None:
        name = prefix + digest_of(A)
        wrong, right = write("1.json", {name: B}), write("2.json", {"first": A})

        with pytest.raises(ManifestError) as caught:
            Trusted([wrong, right], read)

        assert str(caught.value) == (
            f"{wrong}: the id '{name}' is the SHA-256 of another text, in {right}; "
            "takes another id"
        )

    async def test_an_id_may_have_the_prefix(self, read: Reader, write: Write) -> None:
        name = f"sha256:{digest_of(A)}"

        trusted = Trusted([write("web.json", {name: A})], read)

        assert texts_of(trusted, name, digest_of(A)) == [A, A]

    async def test_every_version_of_an_app_holds(
        self, read: Reader, write: Write
    ) -> None:
        paths = [write("1.json", {"a1": A, "b": B}), write("2.json", {"a2": A})]

        trusted = Trusted(paths, read)

        assert texts_of(trusted, "a1", "a2", "b") == [A, A, B]

    async def test_without_manifests_nothing_is_known(self, read: Reader) -> None:
        trusted = Trusted([], read)

        await trusted.refresh()

        assert (trusted.find("a"), trusted.find_text(A)) == (None, None)


class TestReading:
    async def test_a_text_is_read_once_at_the_start(
        self, read: Reader, write: Write
    ) -> None:
        paths = [write("1.json", {"a1": A, "b": B}), write("2.json", {"a2": A})]

        trusted = Trusted(paths, read)
        first, second = trusted.find("a1"), trusted.find("a2")

        assert first is not None
        assert second is not None
        assert first.read() is second.read()
        assert first.read().find(None).name == "A"
        assert read.texts == [A, B]

    async def test_what_no_longer_runs_is_kept_with_its_error(
        self, read: Reader, write: Write
    ) -> None:
        path = write("old.json", {"gone": GONE, "a": A})

        with capture_logs() as logs:
            trusted = Trusted([path], read)
        gone = trusted.find("gone")

        assert gone is not None
        for _ in range(2):
            with pytest.raises(RejectedError) as caught:
                gone.read()
            assert caught.value.code == "GRAPHQL_VALIDATION_FAILED"
            assert [one.message for one in caught.value.errors] == [
                "Cannot query field 'gone' on type 'Query'."
            ]
            assert len(caught.traceback) == 2
        assert texts_of(trusted, "a") == [A]
        assert read.texts == [GONE, A]
        assert logs == [
            {
                "event": "operation_unusable",
                "log_level": "warning",
                "file": str(path),
                "id": "gone",
                "name": None,
                "code": "GRAPHQL_VALIDATION_FAILED",
            }
        ]

    async def test_each_reason_is_logged_with_the_name_that_is_known(
        self, read: Reader, write: Write
    ) -> None:
        long = "query Long { a " + "b " * 20 + "}"
        several = f"{DEEP} query Flat {{ a }}"
        texts = {"broken": BROKEN, "long": long, "deep": several}
        operations = [
            {"id": name, "name": name.title(), "type": "query", "body": text}
            for name, text in texts.items()
        ]
        path = write(
            "app.json",
            {
                "format": "apollo-persisted-query-manifest",
                "version": 1,
                "operations": operations,
            },
        )

        with capture_logs() as logs:
            trusted = Trusted([path], read)

        assert [
            (one["event"], one["id"], one["name"], one["code"]) for one in logs
        ] == [
            ("operation_unusable", "broken", "Broken", "GRAPHQL_PARSE_FAILED"),
            ("operation_unusable", "long", "Long", "MAX_TOKENS_LIMIT"),
            ("operation_unusable", "deep", "Deep", "MAX_DEPTH_LIMIT"),
        ]
        deep = trusted.find("deep")
        assert deep is not None
        assert deep.read().find("Flat").name == "Flat"
        with pytest.raises(LimitError):
            deep.read().find("Deep")
        long_one = trusted.find("long")
        assert long_one is not None
        with pytest.raises(LimitError) as caught:
            long_one.read()
        assert caught.value.code == "MAX_TOKENS_LIMIT"
        assert caught.value.__cause__ is None

    async def test_two_texts_of_one_id_stop_the_start(
        self, read: Reader, write: Write
    ) -> None:
        first, second = write("1.json", {"a": A}), write("2.json", {"a": B})

        with pytest.raises(ManifestError) as caught:
            Trusted([first, second], read)

        assert str(caught.value) == (
            f"{second}: the id 'a' has another text in {first}; "
            "takes one text for an id"
        )
        assert read.texts == []

    async def test_an_absent_file_stops_the_start(
        self, read: Reader, tmp_path: Path
    ) -> None:
        with pytest.raises(ManifestError) as caught:
            Trusted([tmp_path / "absent.json"], read)

        assert str(caught.value) == (
            f"{tmp_path}/absent.json: cannot be read: No such file or directory"
        )


class TestReloading:
    async def test_a_changed_file_is_in_force_within_a_second(
        self, read: Reader, write: Write, clock: Clock
    ) -> None:
        path = write("web.json", {"a": A})
        trusted = Trusted([path], read, monotonic=clock)
        write("web.json", {"a": A, "b": B})

        clock.seconds += 0.9
        await trusted.refresh()
        before = texts_of(trusted, "b")
        clock.seconds += 0.1
        await trusted.refresh()

        assert (before, texts_of(trusted, "a", "b")) == ([None], [A, B])

    async def test_any_request_makes_it_look(
        self, read: Reader, write: Write, clock: Clock
    ) -> None:
        trusted = Trusted([write("web.json", {"a": A})], read, monotonic=clock)
        write("web.json", {"b": B})
        read.open.clear()
        clock.seconds += 1

        # The documents before it answer this one; the change is read meanwhile.
        assert texts_of(trusted, "a", "b") == [A, None]
        read.open.set()
        await until(lambda: texts_of(trusted, "b") == [B])
        assert texts_of(trusted, "a") == [None]

    async def test_only_texts_that_are_new_are_read_and_not_in_the_loops_thread(
        self, read: Reader, write: Write, clock: Clock
    ) -> None:
        trusted = Trusted(
            [write("web.json", {"a": A, "gone": GONE})], read, monotonic=clock
        )
        former = trusted.find("a")
        read.texts.clear()
        read.threads.clear()
        write("web.json", {"renamed": A, "b": B, "gone": GONE})

        with capture_logs() as logs:
            await look_later(trusted, clock)
        renamed = trusted.find("renamed")

        assert read.texts == [B]
        assert threading.get_ident() not in read.threads
        assert former is not None
        assert renamed is not None
        assert renamed.read() is former.read()
        assert renamed.text is former.text
        assert logs == [
            {"event": "manifests_reloaded", "log_level": "info", "operations": 3}
        ]

    async def test_what_did_not_change_is_not_read(
        self, read: Reader, write: Write, clock: Clock
    ) -> None:
        trusted = Trusted([write("web.json", {"a": A})], read, monotonic=clock)

        with capture_logs() as logs:
            await look_later(trusted, clock)

        assert (read.texts, logs) == ([A], [])

    async def test_the_documents_before_answer_until_all_are_read(
        self, read: Reader, write: Write, clock: Clock
    ) -> None:
        trusted = Trusted([write("web.json", {"a": A})], read, monotonic=clock)
        write("web.json", {"b": B, "gone": GONE})
        read.open.clear()
        clock.seconds += 1

        refreshing = asyncio.create_task(trusted.refresh())
        await until(lambda: len(read.texts) == 2)
        clock.seconds += 5
        meanwhile = texts_of(trusted, "a", "b", "gone")
        read.open.set()
        await refreshing

        assert meanwhile == [A, None, None]
        assert texts_of(trusted, "a", "b", "gone") == [None, B, GONE]
        # One that is under way is not begun again.
        assert read.texts == [A, B, GONE]

    @pytest.mark.parametrize(
        ("content", "problem"),
        [
            ('{"a": ', "is not JSON: Expecting value: line 1 column 7 (char 6)"),
            ('{"a": ""}', "has an empty text for the id 'a'"),
            (None, "cannot be read: No such file or directory"),
        ],
    )
    async def test_what_cannot_be_used_leaves_the_former_in_force(
        self,
        read: Reader,
        write: Write,
        clock: Clock,
        content: str | None,
        problem: str,
    ) -> None:
        path = write("web.json", {"a": A})
        trusted = Trusted([path], read, monotonic=clock)
        if content is None:
            path.unlink()
        else:
            write("web.json", content)

        with capture_logs() as logs:
            await look_later(trusted, clock)
            await look_later(trusted, clock)

        assert logs == [
            {
                "event": "manifest_unusable",
                "log_level": "error",
                "problem": f"{path}: {problem}",
            }
        ]
        assert texts_of(trusted, "a") == [A]

        write("web.json", {"b": B})
        await look_later(trusted, clock)

        assert texts_of(trusted, "a", "b") == [None, B]

    async def test_what_could_not_be_read_for_a_moment_is_read_again(
        self,
        read: Reader,
        write: Write,
        clock: Clock,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        trusted = Trusted([write("web.json", {"a": A})], read, monotonic=clock)
        write("web.json", {"b": B})

        def refuse(*_: object) -> Any:
            raise OSError(24, "Too many open files")

        with monkeypatch.context() as context:
            context.setattr(Path, "open", refuse)
            await look_later(trusted, clock)
        assert texts_of(trusted, "a", "b") == [A, None]

        for _ in range(31):
            await look_later(trusted, clock)

        assert texts_of(trusted, "a", "b") == [None, B]

    async def test_a_folder_gains_and_loses_files(
        self, read: Reader, write: Write, clock: Clock, tmp_path: Path
    ) -> None:
        first = write("1.json", {"a": A})
        trusted = Trusted([tmp_path], read, monotonic=clock)

        write("2.json", {"b": B})
        await look_later(trusted, clock)
        both = texts_of(trusted, "a", "b")
        first.unlink()
        await look_later(trusted, clock)

        assert both == [A, B]
        assert texts_of(trusted, "a", "b") == [None, B]

    async def test_a_folder_that_is_emptied_leaves_the_former_in_force(
        self, read: Reader, write: Write, clock: Clock, tmp_path: Path
    ) -> None:
        path = write("1.json", {"a": A})
        trusted = Trusted([tmp_path], read, monotonic=clock)
        path.unlink()

        with capture_logs() as logs:
            await look_later(trusted, clock)

        assert [one["event"] for one in logs] == ["manifest_unusable"]
        assert texts_of(trusted, "a") == [A]

    async def test_a_link_that_points_elsewhere_is_a_change(
        self, read: Reader, write: Write, clock: Clock, tmp_path: Path
    ) -> None:
        """Kubernetes replaces a ConfigMap so."""
        write("1.draft", {"a": A})
        write("2.draft", {"b": B})
        link = tmp_path / "web.json"
        link.symlink_to("1.draft")
        trusted = Trusted([link], read, monotonic=clock)

        other = tmp_path / "other"
        other.symlink_to("2.draft")
        other.replace(link)
        await look_later(trusted, clock)

        assert texts_of(trusted, "a", "b") == [None, B]

    async def test_a_change_that_keeps_size_and_date_is_seen(
        self, read: Reader, write: Write, clock: Clock
    ) -> None:
        path = write("web.json", {"a": A})
        times = (path.stat().st_atime_ns, path.stat().st_mtime_ns)
        trusted = Trusted([path], read, monotonic=clock)

        write("web.json", {"b": A})
        os.utime(path, ns=times)
        await look_later(trusted, clock)

        assert texts_of(trusted, "a", "b") == [None, A]

    async def test_no_request_waits_long_for_others_documents(
        self, read: Reader, write: Write, clock: Clock
    ) -> None:
        path = write("web.json", {"a": A})
        trusted = Trusted([path], read, monotonic=clock, patience_seconds=0.01)
        write("web.json", {"b": B})
        read.open.clear()

        async with asyncio.timeout(5):
            await look_later(trusted, clock)

        assert texts_of(trusted, "a", "b") == [A, None]
        read.open.set()
        await until(lambda: texts_of(trusted, "a", "b") == [None, B])
