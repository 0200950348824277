"""``gateway serve`` and ``gateway sandbox`` as processes, over real HTTP."""

import contextlib
import hashlib
import os
import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from click.testing import CliRunner

from gateway.cli import main
from gateway.cli.serve import create_worker_app
from gateway.domain import ProviderName, encode_id
from gateway.providers import productive
from gateway.sandbox import Sandbox
from tests.cli.processes import BANNER, PERSONS, SECONDS, Process, run, send, url_of

CURL = (
    "Try       curl -s {url}/graphql -H 'Content-Type: application/json' -d '"
    '{{"query":"{{ invoices(first: 3, filter: {{states: [PENDING]}}) {{ totalCount '
    "nodes {{ number total {{ amount currency }} approvers {{ user {{ displayName }} "
    "}} }} }} }}\"}}'"
)
OTTIMATE = {
    "GATEWAY_OTTIMATE__BASE_URL": "http://127.0.0.1:9/v1",
    "GATEWAY_OTTIMATE__API_KEY": "the-api-key",
    "GATEWAY_OTTIMATE__CLIENT_ID": "the-client",
    "GATEWAY_OTTIMATE__CLIENT_SECRET": "the-client-secret",
}
APPROVE = (
    "mutation($id: ID!) { approve(input: {id: $id, force: true}) "
    "{ outcome approvable { approvalState } } }"
)
PENDING = (
    "{ invoices(first: 1, filter: {states: [PENDING], providers: [OTTIMATE]}) "
    "{ nodes { id sourceId } } }"
)
BILL_1001 = encode_id("Invoice", ProviderName.BILL, "00n01BILL1001AAAAAAA")
# The first and the last line of what `gateway sandbox` prints.
FIRST = "# The sandbox, at {url}. Its switches: {url}/switches"
LAST = "set +a"


Start = Callable[..., Process]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start commands that are stopped when the test ends."""
    with contextlib.ExitStack() as stack:

        def run(*arguments: str, **environment: str) -> Process:
            process = Process(*arguments, **environment)
            stack.callback(process.stop)
            return process

        yield run


def ask(url: str, query: str, *, key: str | None = None, **variables: Any) -> Any:
    """Return the answer to an operation; *key* says who asks."""
    parameters = {"query": query, "variables": variables}
    headers = {} if key is None else {"X-API-Key": key}
    return send("POST", f"{url}/graphql", json=parameters, headers=headers).json()


def uvicorn_signals() -> list[signal.Signals]:
    """Return the signals that uvicorn's supervisor takes over."""
    names = ("SIGINT", "SIGTERM", "SIGHUP", "SIGTTIN", "SIGTTOU")
    return [signal.Signals[name] for name in names]


def digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


class TestServe:
    def test_without_a_provider_the_banner_names_the_sandbox(
        self, start: Start
    ) -> None:
        process = start("serve", "--port", "0")

        banner = process.read(lines=BANNER)

        url = url_of(banner[1])
        assert banner == [
            "Sandbox: Ottimate, BILL, Productive, Accounteer. Nothing here is real.",
            f"GraphiQL  {url}/graphql",
            *PERSONS,
            CURL.format(url=url),
        ]

    @pytest.mark.parametrize("mode", ["trusted", "ids"])
    def test_where_only_manifests_run_no_line_is_offered_that_would_not(
        self, start: Start, tmp_path: Path, mode: str
    ) -> None:
        manifest = tmp_path / "app.json"
        manifest.write_text('{"one": "query One { __typename }"}')
        banner = start(
            "serve",
            "--port",
            "0",
            GATEWAY_OPERATIONS__MODE=mode,
            GATEWAY_OPERATIONS__MANIFESTS=str(manifest),
        ).read(lines=BANNER)

        answer = send("GET", f"{url_of(banner[1])}/graphql/one").json()

        assert banner[-1] == (
            "Runs      the documents of the manifests alone: "
            f"GATEWAY_OPERATIONS__MODE={mode}"
        )
        assert answer == {"data": {"__typename": "Query"}}

    def test_the_curl_line_works_as_it_is_printed(self, start: Start) -> None:
        banner = start("serve", "--port", "0").read(lines=BANNER)
        ask(url_of(banner[1]), "{ __typename }")
        line = banner[-1].removeprefix("Try       ")

        result = subprocess.run(  # noqa: S602 - as a person would
            line,
            shell=True,
            capture_output=True,
            check=True,
            text=True,
            timeout=2 * SECONDS,
        )

        body = httpx.Response(200, text=result.stdout).json()
        assert list(body) == ["data"]
        assert len(body["data"]["invoices"]["nodes"]) == 3
        assert list(body["data"]["invoices"]["nodes"][0]) == [
            "number",
            "total",
            "approvers",
        ]

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    @pytest.mark.parametrize("workers", ["1", "2"])
    def test_it_ends_without_a_word_when_it_is_told_to(
        self, start: Start, number: int, workers: str
    ) -> None:
        process = start("serve", "--port", "0", "--workers", workers)
        url = url_of(process.read(lines=BANNER)[1])
        assert ask(url, "{ __typename }") == {"data": {"__typename": "Query"}}

        code, out, err = process.stop(number)

        assert (code, out) == (0, "")
        assert "Traceback" not in err

    def test_real_providers_are_named_and_no_page_is_offered(
        self, start: Start
    ) -> None:
        process = start("serve", "--port", "0", **OTTIMATE)

        banner = process.read(lines=3)

        url = url_of(banner[1])
        assert banner == [
            "Live: Ottimate. Decisions made here are real.",
            f"GraphQL   {url}/graphql",
            CURL.format(url=url),
        ]
        body = ask(url, "{ __schema { queryType { name } } }")
        assert body["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
        _, _, err = process.stop()
        assert "the-api-key" not in err
        assert "the-client-secret" not in err

    def test_the_page_is_offered_where_it_is_turned_on(self, start: Start) -> None:
        process = start("serve", "--port", "0", **OTTIMATE, GATEWAY_GRAPHIQL="true")

        banner = process.read(lines=3)

        assert banner[1] == f"GraphiQL  {url_of(banner[1])}/graphql"

    def test_the_page_is_not_offered_where_it_is_turned_off(self, start: Start) -> None:
        process = start("serve", "--port", "0", GATEWAY_GRAPHIQL="false")

        banner = process.read(lines=BANNER)

        assert banner[1] == f"GraphQL   {url_of(banner[1])}/graphql"

    @pytest.mark.parametrize("workers", ["1", "2"])
    def test_the_sandbox_can_be_asked_for_whatever_is_configured(
        self, start: Start, workers: str
    ) -> None:
        arguments = ("serve", "--sandbox", "--port", "0", "--workers", workers)
        process = start(*arguments, **OTTIMATE)

        banner = process.read(lines=BANNER)

        assert (
            banner[0]
            == "Sandbox: Ottimate, BILL, Productive, Accounteer. Nothing here is real."
        )
        body = ask(url_of(banner[1]), "{ sources { provider ok } }")
        assert body == {
            "data": {
                "sources": [
                    {"provider": "OTTIMATE", "ok": True},
                    {"provider": "BILL", "ok": True},
                    {"provider": "PRODUCTIVE", "ok": True},
                    {"provider": "ACCOUNTEER", "ok": True},
                ]
            }
        }

    def test_what_the_banner_names_accepts_connections_at_once(
        self, start: Start
    ) -> None:
        process = start("serve", "--port", "0", "--workers", "2")
        port = int(url_of(process.read(lines=BANNER)[1]).rpartition(":")[2])

        with socket.create_connection(("127.0.0.1", port), timeout=SECONDS):
            pass

    def test_workers_share_one_sandbox(self, start: Start) -> None:
        process = start("serve", "--port", "0", "--workers", "2")
        url = url_of(process.read(lines=BANNER)[1])
        [invoice] = ask(url, PENDING)["data"]["invoices"]["nodes"]
        state = "query($id: ID!) { node(id: $id) { ... on Invoice { approvalState } } }"

        decided = ask(url, APPROVE, id=invoice["id"])

        approved = {"approvalState": "APPROVED"}
        assert decided == {
            "data": {"approve": {"outcome": "APPLIED", "approvable": approved}}
        }
        # Each request opens a connection, which either worker may take.
        answers = [ask(url, state, id=invoice["id"]) for _ in range(30)]
        assert answers == [{"data": {"node": approved}}] * 30

    @pytest.mark.parametrize("workers", ["1", "2"])
    def test_a_file_of_settings_is_read_by_every_process(
        self, start: Start, tmp_path: Path, workers: str
    ) -> None:
        config = tmp_path / "gateway.toml"
        config.write_text("introspection = false\n[limits]\nfirst = 2\n")
        process = start(
            "serve", "--port", "0", "--workers", workers, "--config", str(config)
        )
        url = url_of(process.read(lines=BANNER)[1])

        codes = {
            ask(url, "{ __schema { description } }")["errors"][0]["extensions"]["code"]
            for _ in range(10)
        }

        assert codes == {"GRAPHQL_VALIDATION_FAILED"}

    def test_each_line_of_the_log_is_json_on_standard_error(self, start: Start) -> None:
        process = start("serve", "--port", "0")
        url = url_of(process.read(lines=BANNER)[1])
        ask(url, "{ sources { ok } }")

        _, out, err = process.stop()

        assert out == ""
        events = [httpx.Response(200, text=line).json() for line in err.splitlines()]
        # A call for each provider, and a sign-in where a token is not enough.
        assert [line["event"] for line in events] == ["upstream_call"] * 6 + ["request"]
        for secret in (
            "controller-secret",
            "dev-key",
            "controller-password",
            "controller-token",
            "accounteer-gateway-token",
        ):
            assert f"sandbox-{secret}" not in err


class TestRefusals:
    """CONTRACT.md, 1: exit 2 for usage and settings, and no traceback."""

    @pytest.mark.parametrize(
        "host",
        ["0.0.0.0", "::", "192.0.2.1", "gateway.example"],  # noqa: S104 - refused
    )
    def test_an_open_address_needs_to_be_meant(self, host: str) -> None:
        result = CliRunner().invoke(main, ["serve", "--host", host, "--port", "0"])

        assert result.exit_code == 2
        assert result.stdout == ""
        assert " ".join(result.stderr.split()).endswith(
            f"Error: {host} is reached from other machines, and "
            "GATEWAY_AUTH__MODE=none lets everybody decide. Serve at 127.0.0.1, or set "
            "GATEWAY_AUTH__ALLOW_ANONYMOUS=true if that is meant."
        )

    def test_an_open_address_that_is_meant_is_served(self, start: Start) -> None:
        process = start(
            *("serve", "--host", "0.0.0.0", "--port", "0"),  # noqa: S104
            GATEWAY_AUTH__ALLOW_ANONYMOUS="true",
        )

        banner = process.read(lines=BANNER)

        port = banner[1].split(":")[2].split("/")[0]
        assert ask(f"http://127.0.0.1:{port}", "{ __typename }") == {
            "data": {"__typename": "Query"}
        }

    @pytest.mark.parametrize("host", ["localhost", "127.0.0.2"])
    def test_loopback_by_another_name_is_served(self, start: Start, host: str) -> None:
        process = start("serve", "--host", host, "--port", "0")

        banner = process.read(lines=BANNER)

        found = re.search(r"http://\S+:\d+", banner[1])
        assert found is not None
        assert ask(found.group(), "{ __typename }") == {"data": {"__typename": "Query"}}

    @pytest.mark.parametrize(
        ("environment", "line"),
        [
            ({"GATEWAY_NOPE": "1"}, "GATEWAY_NOPE: nothing reads this variable"),
            (
                {"GATEWAY_LIMITS__DEPTH": "0"},
                (
                    "GATEWAY_LIMITS__DEPTH: got '0'; "
                    "Input should be greater than or equal to 1"
                ),
            ),
            (
                {"GATEWAY_OTTIMATE__API_KEY": "the-api-key"},
                (
                    "GATEWAY_OTTIMATE__CLIENT_SECRET: missing; "
                    "the other ottimate settings need it"
                ),
            ),
        ],
    )
    def test_settings_that_cannot_be_used_stop_the_start(
        self, environment: dict[str, str], line: str
    ) -> None:
        result = run("serve", "--port", "0", **environment)

        assert (result.returncode, result.stdout) == (2, "")
        assert result.stderr.splitlines()[-1] == line
        assert "Error: The settings cannot be used." in result.stderr
        assert "Traceback" not in result.stderr
        assert "the-api-key" not in result.stderr

    def test_a_section_that_is_none_stops_the_start(self) -> None:
        result = run("serve", "--port", "0", GATEWAY_AUTH="none")

        assert result.returncode == 2
        assert "GATEWAY_AUTH" in result.stderr
        assert "Traceback" not in result.stderr

    def test_a_file_that_is_not_there_stops_the_start(self) -> None:
        result = run("serve", "--port", "0", "--config", "/nowhere.toml")

        assert (result.returncode, result.stdout) == (2, "")
        assert result.stderr.splitlines()[-1] == (
            "/nowhere.toml: cannot be read as a settings file"
        )

    @pytest.mark.parametrize(
        "arguments",
        [
            ("serve",),
            ("serve", "--workers", "2"),
            ("sandbox",),
        ],
    )
    def test_a_port_that_is_taken_is_usage(self, arguments: tuple[str, ...]) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = str(taken.getsockname()[1])

            result = run(*arguments, "--port", port)

        assert (result.returncode, result.stdout) == (2, "")
        assert port in result.stderr
        assert "Traceback" not in result.stderr

    @pytest.mark.parametrize("command", ["serve", "sandbox"])
    @pytest.mark.parametrize("port", ["-1", "65536", "http"])
    def test_a_port_that_is_none_is_usage(self, command: str, port: str) -> None:
        result = run(command, "--port", port)

        assert (result.returncode, result.stdout) == (2, "")
        assert "Traceback" not in result.stderr

    @pytest.mark.parametrize(
        "arguments", [("serve", "--workers", "0"), ("serve", "--nope"), ("nope",)]
    )
    def test_other_mistakes_are_usage(self, arguments: tuple[str, ...]) -> None:
        assert CliRunner().invoke(main, list(arguments)).exit_code == 2


class TestSandbox:
    @pytest.fixture
    def introduction(self, start: Start) -> list[str]:
        """Start a sandbox, and return what it prints."""
        return start("sandbox", "--port", "0").read_to(LAST)

    def test_it_prints_the_settings_the_keys_and_the_credentials(
        self, introduction: list[str]
    ) -> None:
        url = url_of(introduction[0])
        persons = Sandbox().persons
        names = iter(introduction)
        tokens = Sandbox().settings(productive.PROVIDER)["webhook_tokens"]

        def take(count: int) -> list[str]:
            return [next(names) for _ in range(count)]

        assert take(3) == [
            FIRST.format(url=url),
            "# Paste what follows into the shell that is to start a gateway.",
            "",
        ]
        assert take(16) == [
            f"export GATEWAY_OTTIMATE__BASE_URL={url}/ottimate/v1",
            "export GATEWAY_OTTIMATE__API_KEY=sandbox-api-key",
            "export GATEWAY_OTTIMATE__CLIENT_ID=sandbox-controller",
            "export GATEWAY_OTTIMATE__CLIENT_SECRET=sandbox-controller-secret",
            f"export GATEWAY_BILL__BASE_URL={url}/bill/api/v2",
            "export GATEWAY_BILL__DEV_KEY=sandbox-dev-key",
            "export GATEWAY_BILL__ORG_ID=00801HARBORGROUP0000",
            "export GATEWAY_BILL__USER_NAME=gateway@harbor.example",
            "export GATEWAY_BILL__PASSWORD=sandbox-gateway-password",
            f"export GATEWAY_PRODUCTIVE__BASE_URL={url}/productive/api/v2",
            "export GATEWAY_PRODUCTIVE__TOKEN=sandbox-gateway-token",
            "export GATEWAY_PRODUCTIVE__ORGANIZATION_ID=900",
            f"export GATEWAY_PRODUCTIVE__WEBHOOK_TOKENS={tokens}",
            f"export GATEWAY_ACCOUNTEER__BASE_URL={url}/accounteer/api/v0.1",
            "export GATEWAY_ACCOUNTEER__ACCESS_TOKEN=sandbox-accounteer-gateway-token",
            "",
        ]
        assert take(1 + 8) == [
            "# The demo persons, each with a key of their own:",
            *(f"#   X-API-Key: demo-{one}   {line}" for one, line in persons.items()),
        ]
        assert take(1 + 8 + 1) == [
            "cat > sandbox-keys.toml <<'END'",
            *(f'"{one}" = "sha256:{digest(f"demo-{one}")}"' for one in persons),
            "END",
        ]
        assert take(11) == [
            "cat > sandbox-credentials.toml <<'END'",
            '["controller".ottimate]',
            'client_id = "sandbox-controller"',
            'client_secret = "sandbox-controller-secret"',
            '["controller".bill]',
            'user_name = "controller@harbor.example"',
            'password = "sandbox-controller-password"',
            '["controller".productive]',
            'token = "sandbox-controller-token"',
            '["controller".accounteer]',
            'access_token = "sandbox-accounteer-controller-token"',
        ]
        rest = list(names)
        assert [line for line in rest if line.startswith("[")] == [
            '["clerk".ottimate]',
            '["clerk".bill]',
            '["clerk".productive]',
            '["clerk".accounteer]',
            '["accountant".bill]',
            '["accountant".productive]',
            '["approver".bill]',
            '["approver".productive]',
            '["payer".bill]',
            '["payer".productive]',
            '["auditor".bill]',
            '["auditor".productive]',
            '["buyer".bill]',
            '["buyer".productive]',
            '["buyer".accounteer]',
        ]
        assert rest[-6:] == [
            "END",
            "set -a",
            "GATEWAY_AUTH__MODE=api_key",
            'GATEWAY_AUTH__API_KEYS_FILE="$PWD/sandbox-keys.toml"',
            'GATEWAY_CREDENTIALS_FILE="$PWD/sandbox-credentials.toml"',
            LAST,
        ]

    @pytest.fixture
    def environment(self, introduction: list[str], tmp_path: Path) -> dict[str, str]:
        """Run what was printed as a person would; return what a gateway then has."""
        # A folder whose name a shell would take apart.
        folder = tmp_path / "a gateway's $HOME"
        folder.mkdir()
        script = folder / "introduction.sh"
        script.write_text("\n".join([*introduction, "env -0"]), encoding="utf-8")
        result = subprocess.run(  # noqa: S603 - what the sandbox printed
            ["sh", "-e", script.name],  # noqa: S607 - the shell of this machine
            cwd=folder,
            capture_output=True,
            check=True,
            text=True,
            timeout=SECONDS,
        )
        assert result.stderr == ""
        assert sorted(one.name for one in folder.iterdir()) == [
            "introduction.sh",
            "sandbox-credentials.toml",
            "sandbox-keys.toml",
        ]
        variables = (line.partition("=") for line in result.stdout.split("\0"))
        return {
            name: value for name, _, value in variables if name.startswith("GATEWAY_")
        }

    def test_a_gateway_over_it_knows_each_person_by_their_key(
        self, start: Start, environment: dict[str, str]
    ) -> None:
        banner = start("serve", "--port", "0", **environment).read(lines=3)
        url = url_of(banner[1])
        assert banner[0] == (
            "Live: Ottimate, BILL, Productive, Accounteer. "
            "Decisions made here are real."
        )

        [invoice] = ask(url, PENDING, key="demo-clerk")["data"]["invoices"]["nodes"]
        unforced = ask(url, APPROVE, key="demo-clerk", id=invoice["id"])
        forced = ask(url, APPROVE, key="demo-controller", id=invoice["id"])
        unknown = ask(url, PENDING, key="demo-nobody")
        anonymous = ask(url, PENDING)

        assert unforced["data"]["approve"]["outcome"] == "REFUSED"
        assert forced["data"]["approve"] == {
            "outcome": "APPLIED",
            "approvable": {"approvalState": "APPROVED"},
        }
        for refused in (unknown, anonymous):
            [error] = refused["errors"]
            assert error["extensions"]["code"] == "UNAUTHENTICATED"

    def test_bill_records_whose_key_it_was(
        self, start: Start, environment: dict[str, str]
    ) -> None:
        banner = start("serve", "--port", "0", **environment).read(lines=3)
        url = url_of(banner[1])
        approve = (
            "mutation($id: ID!) { approve(input: {id: $id}) { outcome "
            "userErrors { code } approvable { ... on Invoice { "
            "approvers { status user { displayName } } } } } }"
        )

        answers = [
            ask(url, approve, key=f"demo-{person}", id=BILL_1001)["data"]["approve"]
            for person in ("visitor", "accountant", "controller", "accountant")
        ]

        assert [
            (one["outcome"], [error["code"] for error in one["userErrors"]])
            for one in answers
        ] == [
            ("REFUSED", ["FORBIDDEN"]),
            # It is not their turn yet.
            ("REFUSED", ["CONFLICT"]),
            ("APPLIED", []),
            ("APPLIED", []),
        ]
        assert answers[-1]["approvable"]["approvers"] == [
            {"status": "APPROVED", "user": {"displayName": "Carla Mendes"}},
            {"status": "APPROVED", "user": {"displayName": "Adam Novak"}},
        ]

    def test_the_curl_line_over_it_works_with_a_key(
        self, start: Start, environment: dict[str, str]
    ) -> None:
        banner = start("serve", "--port", "0", **environment).read(lines=3)
        ask(url_of(banner[1]), "{ __typename }", key="demo-controller")

        result = subprocess.run(  # noqa: S602 - as a person would
            banner[2].removeprefix("Try       "),
            shell=True,
            env={**os.environ, "API_KEY": "demo-controller"},
            capture_output=True,
            check=True,
            text=True,
            timeout=2 * SECONDS,
        )

        body = httpx.Response(200, text=result.stdout).json()
        assert list(body) == ["data"]
        assert len(body["data"]["invoices"]["nodes"]) == 3

    def test_the_doctor_over_it_has_rows_of_every_provider(
        self, environment: dict[str, str]
    ) -> None:
        result = run("doctor", **environment)

        names = [line.partition(" ")[0] for line in result.stdout.splitlines()[1:]]
        assert (result.returncode, sorted(set(names))) == (
            0,
            ["Accounteer", "BILL", "Ottimate", "Productive"],
        )
        assert not [
            line for line in result.stdout.splitlines() if " WRONG " in f" {line} "
        ]
        for secret in (
            "api-key",
            "dev-key",
            "password",
            "secret",
            "gateway-token",
            "accounteer-gateway-token",
        ):
            assert f"sandbox-{secret}" not in result.stdout + result.stderr

    def test_switches_and_reset_are_served(self, start: Start) -> None:
        url = url_of(start("sandbox", "--port", "0").read(lines=1)[0])
        change = {
            "ottimate": {"token_seconds": 60},
            "bill": {"list_cap": 1000},
            "productive": {"retry_after": True},
            "accounteer": {"paging": True},
        }

        before = send("GET", f"{url}/switches").json()
        changed = send("PATCH", f"{url}/switches", json=change).json()
        wrong = send("PATCH", f"{url}/switches", json={"ottimate": {"nope": 1}})
        reset = send("POST", f"{url}/reset")
        after = send("GET", f"{url}/switches").json()

        assert changed == {
            "ottimate": {**before["ottimate"], "token_seconds": 60},
            "bill": {**before["bill"], "list_cap": 1000},
            "productive": {**before["productive"], "retry_after": True},
            "accounteer": {**before["accounteer"], "paging": True},
        }
        assert wrong.status_code == 400
        assert reset.status_code == 204
        assert after == before

    def test_it_ends_without_a_word_when_it_is_told_to(self, start: Start) -> None:
        process = start("sandbox", "--port", "0")
        url = url_of(process.read_to(LAST)[0])
        assert send("GET", f"{url}/switches").status_code == 200

        code, out, err = process.stop()

        assert (code, out, err) == (0, "", "")


class TestInProcess:
    """The same commands in this process, stopped as Ctrl-C does."""

    @pytest.fixture(autouse=True)
    def logging(self) -> Iterator[None]:
        yield
        structlog.reset_defaults()

    def invoke(self, port: int, path: str, *arguments: str) -> tuple[int, str, int]:
        """Run a command until it has answered once; return its end and the answer."""
        answers: list[int] = []

        def interrupt() -> None:
            url = f"http://127.0.0.1:{port}{path}"
            end = time.monotonic() + SECONDS
            while not answers and time.monotonic() < end:
                with contextlib.suppress(httpx.TransportError):
                    answers.append(httpx.get(url).status_code)
                time.sleep(0.02)
            os.kill(os.getpid(), signal.SIGINT)

        thread = threading.Thread(target=interrupt)
        thread.start()
        result = CliRunner().invoke(main, [*arguments, "--port", str(port)])
        thread.join()
        return result.exit_code, result.stdout, answers[0]

    def test_serve(self) -> None:
        port = free_port()

        code, out, status = self.invoke(port, "/healthz", "serve")

        assert (code, status) == (0, 200)
        url = f"http://127.0.0.1:{port}"
        assert out.splitlines() == [
            "Sandbox: Ottimate, BILL, Productive, Accounteer. Nothing here is real.",
            f"GraphiQL  {url}/graphql",
            *PERSONS,
            CURL.format(url=url),
        ]

    def test_serve_real_providers(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name, value in OTTIMATE.items():
            monkeypatch.setenv(name, value)
        port = free_port()

        code, out, status = self.invoke(port, "/readyz", "serve")

        assert (code, status) == (0, 200)
        assert out.splitlines()[0] == "Live: Ottimate. Decisions made here are real."

    @pytest.mark.parametrize("real", [False, True])
    def test_serve_with_workers(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, real: bool
    ) -> None:
        # What the command leaves in this process is taken back.
        handlers = {one: signal.getsignal(one) for one in uvicorn_signals()}
        monkeypatch.setenv("GATEWAY_CONFIG", "")
        monkeypatch.setenv("_APPROVALS_GATEWAY_SANDBOX_ORIGIN", "")
        for name, value in OTTIMATE.items() if real else ():
            monkeypatch.setenv(name, value)
        config = tmp_path / "gateway.toml"
        config.write_text("introspection = false\n")
        port = free_port()

        try:
            code, out, status = self.invoke(
                port, "/healthz", "serve", "--workers", "2", "--config", str(config)
            )
        finally:
            for one, handler in handlers.items():
                signal.signal(one, handler)

        assert (code, status) == (0, 200)
        assert out.partition(":")[0] == ("Live" if real else "Sandbox")

    def test_workers_never_take_a_sandbox_that_was_left_over(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        handlers = {one: signal.getsignal(one) for one in uvicorn_signals()}
        monkeypatch.setenv("_APPROVALS_GATEWAY_SANDBOX_ORIGIN", "http://127.0.0.1:9")
        for name, value in OTTIMATE.items():
            monkeypatch.setenv(name, value)

        try:
            # Over a sandbox browsers are sent on from here; over real providers not.
            code, out, status = self.invoke(free_port(), "/", "serve", "--workers", "2")
        finally:
            for one, handler in handlers.items():
                signal.signal(one, handler)

        assert (code, status) == (0, 404)
        assert out.startswith("Live")

    def test_sandbox(self) -> None:
        port = free_port()

        code, out, status = self.invoke(port, "/switches", "sandbox")

        assert (code, status) == (0, 200)
        lines = out.splitlines()
        assert lines[0] == FIRST.format(url=f"http://127.0.0.1:{port}")
        assert lines[-1] == LAST

    async def test_a_worker_without_a_shared_sandbox_serves_real_providers(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name, value in OTTIMATE.items():
            monkeypatch.setenv(name, value)

        transport = httpx.ASGITransport(create_worker_app())

        async with httpx.AsyncClient(transport=transport, base_url="http://it") as http:
            response = await http.get("/graphql", headers={"Accept": "text/html"})
        assert response.status_code == 406
