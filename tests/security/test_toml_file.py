"""A file is read again when it changes, however it is changed."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from gateway.security.toml_file import TomlFile
from gateway.settings import SettingsError

Write = Callable[[str], None]


class Reader:
    """Parses ``a = <number>``, and counts how often it is asked to."""

    def __init__(self) -> None:
        self.documents: list[dict[str, Any]] = []

    def __call__(self, document: dict[str, Any]) -> int:
        self.documents.append(document)
        if not isinstance(document.get("a"), int):
            raise SettingsError("a: takes a number\nb: takes another")
        number: int = document["a"]
        return number


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "it.toml"
    path.write_text("a = 1")
    return path


def replace(path: Path, text: str) -> None:
    """Replace the file whole, as editors and tools of deployment do."""
    other = path.with_suffix(".new")
    other.write_text(text)
    other.replace(path)


def rewrite(path: Path, text: str) -> None:
    """Write into the file itself, at a later instant."""
    instant = path.stat().st_mtime_ns + 1_000_000_000
    path.write_text(text)
    os.utime(path, ns=(instant, instant))


EITHER = pytest.mark.parametrize("change", [replace, rewrite])


def test_an_unchanged_file_is_read_once(path: Path) -> None:
    read = Reader()
    file = TomlFile(path, read)

    assert [file.get() for _ in range(5)] == [1] * 5
    assert read.documents == [{"a": 1}]


@EITHER
def test_a_changed_file_is_read_again_once(
    path: Path, change: Callable[[Path, str], None]
) -> None:
    read = Reader()
    file = TomlFile(path, read)

    with capture_logs() as lines:
        change(path, "a = 2")
        found = [file.get(), file.get()]

    assert found == [2, 2]
    assert read.documents == [{"a": 1}, {"a": 2}]
    assert lines == [{"event": "file_reloaded", "log_level": "info", "path": str(path)}]


def test_a_folder_behind_a_link_can_be_swapped(tmp_path: Path) -> None:
    """Kubernetes mounts a Secret as a link to a folder, and swaps the link."""
    for number in (1, 2):
        folder = tmp_path / f"..version-{number}"
        folder.mkdir()
        (folder / "it.toml").write_text(f"a = {number}")
    data = tmp_path / "..data"
    data.symlink_to("..version-1")
    path = tmp_path / "it.toml"
    path.symlink_to("..data/it.toml")
    file = TomlFile(path, Reader())
    assert file.get() == 1

    other = tmp_path / "..data_tmp"
    other.symlink_to("..version-2")
    other.replace(data)

    assert file.get() == 2


@EITHER
@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a = 'the-secret", "not TOML: "),
        ("a = 'the-secret'", "a: takes a number\n{path}: b: takes another"),
        ("", "a: takes a number\n{path}: b: takes another"),
    ],
)
def test_a_change_that_cannot_be_used_leaves_the_last_one_in_force(
    path: Path, change: Callable[[Path, str], None], text: str, problem: str
) -> None:
    file = TomlFile(path, Reader())

    with capture_logs() as lines:
        change(path, text)
        found = [file.get() for _ in range(3)]

    assert found == [1, 1, 1]
    [line] = lines
    assert line.pop("problem").startswith(f"{path}: {problem.format(path=path)}")
    assert line == {"event": "file_unusable", "log_level": "error", "path": str(path)}
    assert "the-secret" not in str(lines)


@EITHER
def test_a_mended_file_is_used(path: Path, change: Callable[[Path, str], None]) -> None:
    file = TomlFile(path, Reader())
    change(path, "nonsense")
    assert file.get() == 1

    change(path, "a = 3")

    assert file.get() == 3


def test_a_file_that_is_gone_stays_in_force_until_it_is_back(path: Path) -> None:
    file = TomlFile(path, Reader())
    content = path.read_text()

    with capture_logs() as lines:
        path.unlink()
        gone = [file.get(), file.get()]
        path.write_text(content.replace("1", "42"))
        back = file.get()

    assert (gone, back) == ([1, 1], 42)
    assert [(line["event"], line.get("problem")) for line in lines] == [
        ("file_unusable", f"{path}: cannot be read: No such file or directory"),
        ("file_reloaded", None),
    ]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"a = ", "not TOML: "),
        (b"\xff\xfe", "not TOML: "),
        (b"a = " + b"9" * 5_000, "not TOML: "),
        (b"a = " + b"[" * 50_000, "not TOML: "),
        (b"a = 'x'", "a: takes a number\n"),
    ],
    ids=["cut", "binary", "digits", "nested", "parse"],
)
def test_a_file_that_cannot_be_used_is_refused_at_the_start(
    path: Path, content: bytes, problem: str
) -> None:
    path.write_bytes(content)

    with pytest.raises(SettingsError) as caught:
        TomlFile(path, Reader())

    assert str(caught.value).startswith(f"{path}: {problem}")


def test_a_file_that_is_not_there_is_refused_at_the_start(tmp_path: Path) -> None:
    for path, reason in (
        (tmp_path / "absent.toml", "No such file or directory"),
        (tmp_path, "Is a directory"),
    ):
        with pytest.raises(SettingsError) as caught:
            TomlFile(path, Reader())

        assert str(caught.value) == f"{path}: cannot be read: {reason}"
