"""The commands as processes of their own, asked over real HTTP."""

import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import httpx

from gateway.sandbox import Sandbox

PROJECT = Path(__file__).resolve().parent.parent.parent
SECONDS = 20.0
PERSONS = [
    f"  Authorization: Bearer demo-{person}   {line}"
    for person, line in Sandbox().persons.items()
]
# The lines of the banner over the sandbox.
BANNER = 2 + len(PERSONS) + 1


class Process:
    """One command in a process of its own."""

    def __init__(self, *arguments: str, **environment: str) -> None:
        clean = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("GATEWAY_")
        }
        self.process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-m", "gateway", *arguments],
            cwd=PROJECT,
            env={**clean, "PYTHONUNBUFFERED": "1", **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._errors: list[str] = []
        self._readers = [
            threading.Thread(target=self._read_output, daemon=True),
            threading.Thread(target=self._read_errors, daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    def _read_output(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as stream:
            for line in stream:
                self._lines.put(line)
        self._lines.put(None)

    def _read_errors(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as stream:
            self._errors.extend(stream)

    def read(self, *, lines: int) -> list[str]:
        """Return the next lines of standard output."""
        found: list[str] = []
        while len(found) < lines:
            line = self._lines.get(timeout=SECONDS)
            assert line is not None, f"ended after {found} {self._errors}"
            found.append(line.removesuffix("\n"))
        return found

    def read_to(self, last: str) -> list[str]:
        """Return the next lines of standard output, up to *last*."""
        found: list[str] = []
        while not found or found[-1] != last:
            found += self.read(lines=1)
        return found

    def stop(self, number: int = signal.SIGINT) -> tuple[int, str, str]:
        """Stop by *number*; return exit code and what else was printed."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.wait()

    def wait(self) -> tuple[int, str, str]:
        """Return exit code and what else was printed, once it has ended."""
        try:
            code = self.process.wait(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        for reader in self._readers:
            reader.join(timeout=SECONDS)
        rest = list(iter(self._lines.get_nowait, None))
        self._lines.put(None)
        return code, "".join(filter(None, rest)), "".join(self._errors)


def url_of(line: str) -> str:
    found = re.search(r"http://127\.0\.0\.1:\d+", line)
    assert found is not None, line
    return found.group()


def send(method: str, url: str, **more: Any) -> httpx.Response:
    """Send a request, again while what was just started does not listen yet."""
    end = time.monotonic() + SECONDS
    while True:
        try:
            return httpx.request(method, url, timeout=SECONDS, **more)
        except httpx.ConnectError:
            assert time.monotonic() < end
            time.sleep(0.02)


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command that ends by itself."""
    code, out, err = Process(*arguments, **environment).wait()
    return subprocess.CompletedProcess(arguments, code, out, err)
