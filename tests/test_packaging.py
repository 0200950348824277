import json
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).resolve().parent.parent
LOCKS = ["requirements.txt", ".ci/requirements.txt"]
WANTED = "Python 3.11 or newer, with venv and pip, is needed: "


def read_blocks(lock: str) -> list[str]:
    """Return one text for each locked requirement, its hashes included."""
    lines = (PROJECT / lock).read_text().splitlines()
    code = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
    return code.replace("\\\n", " ").splitlines()


def read_pins(lock: str) -> dict[str, list[Requirement]]:
    """Return what *lock* pins by name; markers may give a name several versions."""
    pins: dict[str, list[Requirement]] = {}
    for block in read_blocks(lock):
        pin = Requirement(block.partition(" --hash=")[0])
        pins.setdefault(canonicalize_name(pin.name), []).append(pin)
    return pins


def read_pyproject() -> dict[str, Any]:
    return tomllib.loads((PROJECT / "pyproject.toml").read_text())


def find_unlocked(bounds: list[str], lock: str) -> list[str]:
    """Return those of *bounds* that no pin, or not every pin, of *lock* satisfies."""
    pins = read_pins(lock)
    unlocked = []
    for bound in map(Requirement, bounds):
        versions = [
            pin.specifier for pin in pins.get(canonicalize_name(bound.name), [])
        ]
        numbers = [next(iter(version)).version for version in versions]
        if not numbers or not all(map(bound.specifier.contains, numbers)):
            unlocked.append(str(bound))
    return unlocked


def run(script: str, *arguments: str, path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own scripts
        [PROJECT / script, *arguments],
        capture_output=True,
        check=False,
        env={"PATH": str(path)},
        text=True,
    )


def create_program(path: Path, body: str) -> Path:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_requirement_is_pinned_and_hashed(lock: str) -> None:
    shape = re.compile(r"\S+==\S+( ; [^-]+)?( +--hash=sha256:[0-9a-f]{64})+")

    assert [block for block in read_blocks(lock) if not shape.fullmatch(block)] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_index_and_no_path(lock: str) -> None:
    text = (PROJECT / lock).read_text()

    assert re.findall(r"://.*|^-.*|^.* @ .*|.*--(?!hash=).*", text, re.MULTILINE) == []
    assert re.findall(r"# .*/(?!requirements\.in).*", text) == []


def test_the_lock_satisfies_the_bounds_of_the_project() -> None:
    pyproject = read_pyproject()
    bounds = (
        pyproject["project"]["dependencies"] + pyproject["dependency-groups"]["dev"]
    )

    assert find_unlocked(bounds, "requirements.txt") == []


def test_the_lock_can_build_the_project() -> None:
    bounds = read_pyproject()["build-system"]["requires"]

    assert find_unlocked(bounds, "requirements.txt") == []


def test_a_bound_that_the_lock_does_not_meet_is_found() -> None:
    bounds = ["pytest>=999", "no-such-package>=1", "pytest>=1"]

    assert find_unlocked(bounds, "requirements.txt") == bounds[:2]


def test_the_lock_of_the_assets_names_no_registry() -> None:
    lock = PROJECT / "gateway/server/graphiql/package-lock.json"
    packages = json.loads(lock.read_text())["packages"]
    packages.pop("")

    assert [name for name, package in packages.items() if "resolved" in package] == []
    assert [n for n, package in packages.items() if "integrity" not in package] == []


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("exit 3", "{path} is older."),
        (
            "exit 1",
            "{path} lacks venv or pip (Debian, Ubuntu: apt-get install python3-venv).",
        ),
        ("exit 127", "python3 was not found."),
    ],
)
def test_an_unfit_python_stops_the_set_up_with_one_line(
    tmp_path: Path, body: str, reason: str
) -> None:
    path = create_program(tmp_path / "python3", body)

    found = run(".ci/python", path=tmp_path)

    assert found.returncode == 1
    assert found.stdout == ""
    assert found.stderr == f"{WANTED}{reason.format(path=path)}\n"


def test_the_newest_fit_python_is_taken(tmp_path: Path) -> None:
    create_program(tmp_path / "python3.14", "exit 127")
    newest = create_program(tmp_path / "python3.13", "exit 0")
    create_program(tmp_path / "python3", "exit 0")

    assert run(".ci/python", path=tmp_path).stdout == f"{newest}\n"


def test_a_folder_that_is_no_environment_is_left_alone(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.write_text("")
    create_program(tmp_path / "python3", "exit 0")
    create_program(tmp_path / "dirname", f"echo {PROJECT / '.ci'}")

    refused = run(".ci/venv", str(tmp_path), path=tmp_path)

    assert refused.returncode == 1
    assert refused.stderr == (
        f"{tmp_path} is not a virtual environment: remove it, or name another VENV.\n"
    )
    assert kept.exists()
