"""Build GraphiQL's assets while the wheel is built, where Node is at hand.

Without Node, or without a network, the wheel goes without them and the page falls
back to public builds. ``GRAPHIQL_REQUIRED=1`` makes that a failure instead, for the
image and for CI.
"""

import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_FOLDER = Path("gateway/server/graphiql")
_SOURCES = ("package.json", "package-lock.json", "vite.config.js", "src", "static")
# The oldest that package.json allows.
_NODE = (20,)
# Offline, npm would try for minutes; with scripts, every package could run code.
_INSTALL = (
    "ci",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--fetch-retries=1",
    "--fetch-retry-mintimeout=1000",
    "--fetch-timeout=60000",
)
_STEP_SECONDS = 300


class AssetsError(Exception):
    """The assets cannot be built; the message says why."""


class CustomBuildHook(BuildHookInterface[BuilderConfig]):
    """Run npm before the files of the wheel are collected."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - the interface's
        """Build the assets unless they are current, and add them to the wheel.

        Raises:
            AssetsError: They cannot be built, and ``GRAPHIQL_REQUIRED`` is ``1``.
        """
        folder = Path(self.root, _FOLDER)
        # Git ignores what is built, and hatchling what Git ignores.
        build_data["artifacts"].append(f"/{_FOLDER.as_posix()}/dist/")
        if _is_current(folder):
            return
        try:
            _build(folder)
        except AssetsError as error:
            if os.environ.get("GRAPHIQL_REQUIRED") == "1":
                raise
            self.app.display_warning(
                f"GraphiQL's assets are not built: {error}\n"
                "Its page will load pinned public builds, unless older assets are here."
            )


def _is_current(folder: Path) -> bool:
    built = folder / "dist" / "manifest.json"
    if not built.is_file():
        return False
    sources = (folder / name for name in _SOURCES)
    files = (file for source in sources for file in (source, *source.rglob("*")))
    return max(file.stat().st_mtime for file in files) <= built.stat().st_mtime


def _build(folder: Path) -> None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        raise AssetsError("node and npm are not on the PATH")
    wanted = ".".join(map(str, _NODE))
    found = _run([node, "--version"], folder).strip()
    if _numbers(found) < _NODE:
        raise AssetsError(f"Node {wanted} or newer is needed, this is {found}")
    _run([npm, *_INSTALL], folder)
    _run([npm, "run", "build"], folder)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.lstrip("v").split(".")[:2])


def _run(command: list[str], folder: Path) -> str:
    with subprocess.Popen(  # noqa: S603 - our own words, and a program of the PATH
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            output, _ = process.communicate(timeout=_STEP_SECONDS)
        except subprocess.TimeoutExpired:
            # npm's children hold the pipe open, so they have to end with it.
            os.killpg(process.pid, signal.SIGKILL)
            raise AssetsError(
                f"{_name(command)} took longer than {_STEP_SECONDS} seconds"
            ) from None
    if process.returncode:
        raise AssetsError(f"{_name(command)} failed:\n{output[-2000:]}")
    return output


def _name(command: list[str]) -> str:
    return " ".join([Path(command[0]).name, command[1]])
