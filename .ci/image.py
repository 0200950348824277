"""Build the Dockerfile's stages by hand and try the result, where no engine runs.

The instructions are read from the Dockerfile, so the two cannot drift: each stage gets
a folder as its root, COPY goes through .dockerignore, RUN runs with the absolute paths
of the image put under that root, and the stage before it is moved away, so that the
last stage has only what it copied. Then the image's own HEALTHCHECK is asked.

This machine's Python and Node stand in for the base images: their contents, their
versions and the engine itself are what this check cannot show.
"""
# ruff: noqa: INP001, S603, T201 - a script that runs the Dockerfile and reports to people

import http.client
import json
import os
import re
import shlex
import shutil
import signal
import socket
import string
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
QUERY = "{ invoices(first: 1) { nodes { number } } }"
START_SECONDS = 60
STOP_SECONDS = 20


class ImageError(Exception):
    """Something that the image promises is not so."""


@dataclass
class Stage:
    """What the instructions since the last FROM have said."""

    name: str
    environment: dict[str, str]
    folder: str = "/"
    user: int | None = None
    health: list[str] = field(default_factory=list)
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)


def parse_dockerfile(text: str) -> Iterator[tuple[str, str]]:
    """Yield each instruction and its arguments, continued lines joined."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    for line in filter(None, map(str.strip, joined.splitlines())):
        instruction, _, arguments = line.partition(" ")
        yield instruction.upper(), arguments.strip()


def parse_ignored(text: str) -> list[tuple[bool, re.Pattern[str]]]:
    """Return .dockerignore's patterns, each with whether it takes a path back in."""
    rules = []
    for line in text.splitlines():
        pattern = line.strip()
        if not pattern or pattern.startswith("#"):
            continue
        expression = re.escape(pattern.removeprefix("!"))
        expression = expression.replace(r"\*\*/", "(.*/)?").replace(r"\*", "[^/]*")
        rules.append((pattern.startswith("!"), re.compile(f"{expression}(/.*)?")))
    return rules


class Builder:
    """Follows a Dockerfile's instructions under one folder."""

    def __init__(self, work: Path) -> None:
        self._work = work
        self.root = work / "root"
        self._context = work / "context"
        self._python = find_python()
        self.stage = Stage(name="", environment={})

    def build(self) -> None:
        """Follow every instruction; the last stage is what is left in the root."""
        self._copy_context()
        for instruction, arguments in parse_dockerfile(
            (PROJECT / "Dockerfile").read_text()
        ):
            print(f"--- {instruction} {arguments}", flush=True)
            step = getattr(self, f"_{instruction.lower()}", None)
            if step is None:
                raise ImageError(f"this script does not know {instruction}")
            step(arguments)

    def put(self, text: str) -> str:
        """Return *text* with the image's own absolute paths put under the root."""
        return re.sub(
            r"(?<![\w.])/(?=(?:src|wheels|dist|opt)\b)", f"{self.root}/", text
        )

    def _copy_context(self) -> None:
        rules = parse_ignored((PROJECT / ".dockerignore").read_text())
        skipped = {".git", ".venv", "node_modules"}
        for folder, folders, files in os.walk(PROJECT):
            folders[:] = [name for name in folders if name not in skipped]
            for name in files:
                path = Path(folder, name).relative_to(PROJECT)
                kept = True
                for takes_back, pattern in rules:
                    if pattern.fullmatch(path.as_posix()):
                        kept = takes_back
                if kept:
                    target = self._context / path
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy2(PROJECT / path, target)

    def _from(self, arguments: str) -> None:
        base, _, name = arguments.partition(" AS ")
        if self.root.exists():
            self.root.rename(self._work / f"stage-{self.stage.name}")
        self.root.mkdir()
        path = os.environ["PATH"]
        if base.startswith("python:"):
            path = f"{self._create_base()}:{path}"
        elif not base.startswith("node:"):
            raise ImageError(f"this script has nothing to stand in for {base}")
        # Nothing of the caller but what reaches the package registries.
        passed = re.compile(
            r"PATH|HOME|PIP_.*|NPM_.*|NODE_EXTRA_.*|SSL_.*|.*_proxy", re.IGNORECASE
        )
        environment = {k: v for k, v in os.environ.items() if passed.fullmatch(k)}
        self.stage = Stage(name=name, environment=environment | {"PATH": path})

    def _create_base(self) -> Path:
        """Return the folder of programs of an environment that acts as the base."""
        base = Path(tempfile.mkdtemp(prefix="base-", dir=self._work))
        base.chmod(0o755)
        subprocess.run([self._python, "-m", "venv", base], check=True)
        return base / "bin"

    def _label(self, arguments: str) -> None: ...

    def _expose(self, arguments: str) -> None: ...

    def _stopsignal(self, arguments: str) -> None:
        if arguments != "SIGTERM":
            raise ImageError("this script stops the gateway with SIGTERM")

    def _env(self, arguments: str) -> None:
        for pair in shlex.split(arguments):
            name, _, value = pair.partition("=")
            expanded = string.Template(value).substitute(self.stage.environment)
            self.stage.environment[name] = self.put(expanded)

    def _workdir(self, arguments: str) -> None:
        self.stage.folder = arguments
        self._here().mkdir(parents=True, exist_ok=True)

    def _copy(self, arguments: str) -> None:
        *sources, target = arguments.split()
        origin = self._context
        if sources[0].startswith("--from="):
            origin = self._work / f"stage-{sources.pop(0).removeprefix('--from=')}"
        into = Path(self.put(target)) if target.startswith("/") else self._here(target)
        for source in sources:
            found = origin / source.lstrip("/")
            if found.is_dir():
                shutil.copytree(found, into, symlinks=True, dirs_exist_ok=True)
            elif found.is_file():
                into.mkdir(parents=True, exist_ok=True)
                shutil.copy2(found, into)
            else:
                raise ImageError(f"COPY finds no {source}; is it in .dockerignore?")

    def _run(self, arguments: str) -> None:
        subprocess.run(
            ["/bin/sh", "-c", self.put(arguments)],
            check=True,
            cwd=self._here(),
            env=self.stage.environment,
        )

    def _user(self, arguments: str) -> None:
        self.stage.user = int(arguments.partition(":")[0])

    def _healthcheck(self, arguments: str) -> None:
        self.stage.health = json.loads(arguments.partition(" CMD ")[2])

    def _entrypoint(self, arguments: str) -> None:
        self.stage.entrypoint = json.loads(arguments)

    def _cmd(self, arguments: str) -> None:
        self.stage.command = json.loads(arguments)

    def _here(self, path: str = "") -> Path:
        return self.root / self.stage.folder.lstrip("/") / path


def find_python() -> str:
    """Return a Python to build with, one that another user can start if there is."""
    own = os.path.realpath(sys.executable)
    for path in (own, "/usr/local/bin/python3", "/usr/bin/python3"):
        probe = "import sys, ensurepip; sys.exit(sys.version_info < (3, 11))"
        if (
            is_public(path)
            and not subprocess.run([path, "-c", probe], check=False).returncode
        ):
            return path
    return own


def is_public(path: str) -> bool:
    """Tell whether every user can reach and start *path*."""
    found = Path(path)
    if not found.exists():
        return False
    return all(
        part.stat().st_mode & 0o001 for part in [found, *found.resolve().parents]
    )


class Trial:
    """Starts what the image's last stage holds, and asks it what a user would."""

    def __init__(self, builder: Builder) -> None:
        self._stage = builder.stage
        self._root = builder.root
        environment = builder.stage.environment
        self._environment = {
            name: environment[name]
            for name in ("PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED")
        }
        self._port = find_port()
        self._user = self._choose_user(find_python())

    def _choose_user(self, python: str) -> int | None:
        if not self._stage.user:
            raise ImageError("the image runs as root")
        if os.geteuid() == 0 and is_public(python) and is_public(str(self._root)):
            return self._stage.user
        print("NOT SHOWN: that it runs as another user; started as the present one")
        return None

    def _start(self, *command: str) -> subprocess.Popen[bytes]:
        program = shutil.which(command[0], path=self._environment["PATH"])
        return subprocess.Popen(
            [program or command[0], *command[1:]],
            cwd=self._root,
            env=self._environment,
            user=self._user,
            group=self._user,
            extra_groups=None if self._user is None else [],
            stdin=subprocess.DEVNULL,
        )

    @contextmanager
    def _serve(self) -> Iterator[subprocess.Popen[bytes]]:
        process = self._start(
            *self._stage.entrypoint,
            *("serve", "--sandbox", "--host", "127.0.0.1", "--port", str(self._port)),
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                raise ImageError(
                    f"SIGTERM did not stop it in {STOP_SECONDS} s"
                ) from None

    def check(self) -> None:
        """Raise `ImageError` where the image does not do what it promises."""
        self._check_contents()
        self._check_default_is_refused()
        with self._serve() as process:
            self._check_health(process)
            self._check_query()
        if process.returncode not in {0, -signal.SIGTERM}:
            raise ImageError(f"stopped with status {process.returncode}")

    def _check_contents(self) -> None:
        package = next(self._root.glob("opt/gateway/lib/python*/site-packages/gateway"))
        if not any((package / "server/graphiql/dist").glob("**/*.js")):
            raise ImageError("GraphiQL's assets are not in the wheel")
        installed = {path.name.partition("-")[0] for path in package.parent.iterdir()}
        if tools := installed & {"pip", "hatchling", "mypy", "pytest", "ruff", "uv"}:
            raise ImageError(f"tools are installed: {', '.join(sorted(tools))}")

    def _check_default_is_refused(self) -> None:
        """Without authentication it must not start on every address."""
        command = [*self._stage.entrypoint, *self._stage.command]
        process = self._start(*command, "--port", str(self._port))
        try:
            status = process.wait(START_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            raise ImageError("it serves everyone without authentication") from None
        if status != 2:  # noqa: PLR2004 - the contract's status for settings
            raise ImageError(f"the start without settings ends with {status}, not 2")

    def _check_health(self, process: subprocess.Popen[bytes]) -> None:
        check = [part.replace("8000", str(self._port)) for part in self._stage.health]
        if check == self._stage.health:
            raise ImageError("HEALTHCHECK does not ask port 8000")
        deadline = time.monotonic() + START_SECONDS
        while not is_open(self._port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise ImageError("the gateway does not start")
            time.sleep(0.2)
        if self._start(*check).wait(START_SECONDS) != 0:
            raise ImageError("HEALTHCHECK does not pass")

    def _check_query(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
        body = json.dumps({"query": QUERY})
        headers = {"content-type": "application/json", "accept": "application/json"}
        connection.request("POST", "/graphql", body, headers)
        answer = connection.getresponse().read().decode()
        print(answer)
        if "errors" in json.loads(answer) or not json.loads(answer)["data"]["invoices"]:
            raise ImageError("the query was not answered")


def find_port() -> int:
    """Return a port of the loopback interface that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_open(port: int) -> bool:
    """Tell whether something accepts connections on loopback *port*."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def main() -> int:
    """Build, try, and say what was shown."""
    with tempfile.TemporaryDirectory(prefix="image-") as folder:
        work = Path(folder).resolve()
        work.chmod(0o755)
        builder = Builder(work)
        try:
            builder.build()
            Trial(builder).check()
        except (ImageError, subprocess.CalledProcessError) as error:
            print(f"image-check: {error}", file=sys.stderr)
            return 1
        size = sum(f.lstat().st_size for f in builder.root.rglob("*")) / 1e6
    print(
        f"image-check: built, healthy, answering; {size:.0f} MB beside the base image"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
