"""Who calls, over HTTP: keys and tokens, refusals, and what needs no identity."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from gateway.app import create_app
from gateway.domain import ProviderName
from gateway.sandbox import Sandbox
from gateway.settings import AuthSettings, Settings, SettingsError
from tests.security.issuer import AUDIENCE, ISSUER, JWKS_URL, Issuer
from tests.support import Client, FakeTime, RecordingTransport

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
ID = "test-1"
LIST = "{ invoices(first: 1, filter: {providers: [OTTIMATE]}) { totalCount } }"
ANSWER = {"data": {"__typename": "Query"}}
ASK_KEY = "Send an API key, as `X-API-Key: …` or `Authorization: Bearer …`."
ASK_TOKEN = "Send a token, as `Authorization: Bearer …`."
EITHER = pytest.mark.parametrize("accept", [JSON, GRAPHQL], ids=["json", "graphql"])
MODES = pytest.mark.parametrize("mode", ["api_key", "jwt"])


def failure(
    message: str, code: str = "UNAUTHENTICATED", *, retryable: bool = False
) -> dict[str, Any]:
    extensions = {"code": code, "retryable": retryable, "requestId": ID}
    return {
        "errors": [{"message": message, "extensions": extensions}],
        "extensions": {"requestId": ID},
    }


@pytest.fixture
def keys_file(tmp_path: Path) -> Path:
    path = tmp_path / "keys.toml"
    path.write_text(
        "".join(
            f'{subject} = "sha256:{hashlib.sha256(key.encode()).hexdigest()}"\n'
            for subject, key in (
                ("controller", "key-of-controller"),
                ("clerk", "key-of-clerk"),
            )
        )
    )
    return path


@pytest.fixture
def issuer(time: FakeTime) -> Issuer:
    return Issuer(time)


@pytest.fixture
def mode() -> str:
    return "api_key"


@pytest.fixture
def settings(mode: str, keys_file: Path) -> Settings:
    if mode == "jwt":
        auth = AuthSettings(
            mode="jwt", jwks_url=JWKS_URL, issuer=ISSUER, audience=AUDIENCE
        )
    else:
        auth = AuthSettings(mode="api_key", api_keys_file=keys_file)
    return Settings(auth=auth)


@asynccontextmanager
async def serve(settings: Settings, **more: Any) -> AsyncIterator[Client]:
    app = create_app(settings, **more)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://gateway.example"
    ) as http:
        yield Client(http)


@pytest.fixture
async def client(
    settings: Settings,
    sandbox: Sandbox,
    ottimate: RecordingTransport,
    issuer: Issuer,
    time: FakeTime,
) -> AsyncIterator[Client]:
    async with serve(
        settings,
        sandbox=sandbox,
        transports={ProviderName.OTTIMATE: ottimate},
        identity_transport=issuer,
        clock=time.clock,
    ) as client:
        yield client


async def post(
    client: Client,
    headers: dict[str, str] | list[tuple[str, str]],
    query: str = "{ __typename }",
    accept: str = JSON,
) -> httpx.Response:
    pairs = list(headers.items()) if isinstance(headers, dict) else headers
    return await client.http.post(
        "/graphql",
        json={"query": query},
        headers=[("Accept", accept), ("X-Request-ID", ID), *pairs],
    )


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def take_out_last(file: Path) -> None:
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(lines[:-1]))


async def count(client: Client, headers: dict[str, str]) -> int:
    response = await post(client, headers, LIST)
    found: int = response.json()["data"]["invoices"]["totalCount"]
    return found


class TestRefusals:
    @EITHER
    @pytest.mark.parametrize(
        ("mode", "message"), [("api_key", ASK_KEY), ("jwt", ASK_TOKEN)]
    )
    async def test_nobody_is_asked_who_they_are(
        self,
        client: Client,
        ottimate: RecordingTransport,
        issuer: Issuer,
        accept: str,
        message: str,
    ) -> None:
        response = await post(client, {}, LIST, accept)

        assert response.status_code == 401
        assert response.json() == failure(message)
        assert response.headers["content-type"] == f"{accept}; charset=utf-8"
        assert response.headers["www-authenticate"] == "Bearer"
        assert response.headers["cache-control"] == "no-store"
        assert (ottimate.sign_ins, ottimate.calls, issuer.requests) == (0, [], [])

    @EITHER
    @pytest.mark.parametrize(
        ("mode", "message"),
        [
            ("api_key", "This API key is not accepted."),
            ("jwt", "This token is not accepted."),
        ],
    )
    async def test_somebody_unknown_is_refused(
        self, client: Client, ottimate: RecordingTransport, accept: str, message: str
    ) -> None:
        for secret in ("demo-controller", "a.b.c", "nonsense"):
            response = await post(client, bearer(secret), LIST, accept)

            assert response.status_code == 401
            assert response.json() == failure(message)
            assert response.headers["www-authenticate"] == "Bearer"
        assert (ottimate.sign_ins, ottimate.calls) == (0, [])

    @MODES
    async def test_a_get_is_refused_too(
        self, client: Client, ottimate: RecordingTransport
    ) -> None:
        response = await client.http.get("/graphql", params={"query": LIST})

        assert response.status_code == 401
        assert response.headers["www-authenticate"] == "Bearer"
        assert ottimate.calls == []

    @MODES
    async def test_the_body_of_somebody_unknown_is_not_read(
        self, client: Client
    ) -> None:
        response = await client.http.post(
            "/graphql",
            content=b"{",
            headers={"Content-Type": JSON, **bearer("nonsense")},
        )

        assert response.status_code == 401

    @MODES
    async def test_two_identities_are_refused(
        self, client: Client, issuer: Issuer
    ) -> None:
        for authorization in (issuer.sign(), "key-of-clerk", "Basic YTpi"):
            headers = {**bearer(authorization), "X-API-Key": "key-of-clerk"}

            response = await post(client, headers)

            assert response.status_code == 401
            assert response.json() == failure(
                "Send `Authorization` or `X-API-Key`, not both: "
                "a request has one identity."
            )

    @pytest.mark.parametrize("name", ["X-API-Key", "Authorization"])
    async def test_a_header_twice_is_no_identity(
        self, client: Client, name: str
    ) -> None:
        prefix = "Bearer " if name == "Authorization" else ""
        twice = [
            (name, f"{prefix}key-of-clerk"),
            (name, f"{prefix}key-of-controller"),
        ]

        response = await post(client, twice)

        assert response.status_code == 401
        assert response.json() == failure("This API key is not accepted.")

    @pytest.mark.parametrize("mode", ["jwt"])
    async def test_a_token_that_has_expired_is_told_apart(
        self, client: Client, issuer: Issuer, time: FakeTime
    ) -> None:
        token = issuer.sign("one")
        time.advance(1_000)

        response = await post(client, bearer(token))

        assert response.status_code == 401
        assert response.json() == failure("This token has expired.")


class TestCallers:
    """Over the sandbox a subject that is a demo person acts as that person."""

    @pytest.mark.parametrize("header", ["X-API-Key", "Authorization"])
    async def test_a_key_acts_as_its_subject(self, client: Client, header: str) -> None:
        prefix = "Bearer " if header == "Authorization" else ""

        counts = [
            await count(client, {header: f"{prefix}key-of-{person}"})
            for person in ("controller", "clerk", "controller")
        ]

        assert counts[0] == counts[2] == 350
        assert counts[1] < 350

    @pytest.mark.parametrize("mode", ["jwt"])
    async def test_a_token_acts_as_its_subject(
        self, client: Client, issuer: Issuer
    ) -> None:
        counts = [
            await count(client, bearer(issuer.sign(sub=person)))
            for person in ("controller", "clerk", "controller")
        ]

        assert counts[0] == counts[2] == 350
        assert counts[1] < 350
        assert issuer.requests == [f"GET {JWKS_URL}"]

    @pytest.mark.parametrize("mode", ["jwt"])
    async def test_a_subject_that_is_no_demo_person_is_a_caller_too(
        self, client: Client, issuer: Issuer
    ) -> None:
        response = await post(client, bearer(issuer.sign(sub="anna")), LIST)

        assert response.status_code == 200
        assert "INTERNAL_SERVER_ERROR" not in response.text

    @pytest.mark.parametrize("mode", ["jwt"])
    async def test_callers_at_once_keep_their_own_names(
        self, client: Client, issuer: Issuer
    ) -> None:
        persons = ["controller", "clerk"] * 10

        counts = await asyncio.gather(
            *(count(client, bearer(issuer.sign(sub=person))) for person in persons)
        )

        assert len(set(counts[::2])) == len(set(counts[1::2])) == 1
        assert counts[0] == 350
        assert counts[1] < 350
        assert issuer.requests == [f"GET {JWKS_URL}"]

    async def test_a_key_that_is_taken_out_is_refused_at_once(
        self, client: Client, keys_file: Path
    ) -> None:
        headers = {"X-API-Key": "key-of-clerk"}
        before = await post(client, headers)

        take_out_last(keys_file)

        after = await post(client, headers)
        assert (before.status_code, before.json()) == (200, ANSWER)
        assert after.status_code == 401
        assert after.json() == failure("This API key is not accepted.")

    @MODES
    async def test_any_name_of_the_gateway_is_served(
        self, client: Client, issuer: Issuer, mode: str
    ) -> None:
        """Another site has no identity to send, by whatever name it calls."""
        secret = "key-of-clerk" if mode == "api_key" else issuer.sign()

        response = await post(client, bearer(secret))

        assert (response.status_code, response.json()) == (200, ANSWER)


class TestOpen:
    """What nobody has to say who they are for."""

    @MODES
    @pytest.mark.parametrize("path", ["/healthz", "/readyz"])
    async def test_health(self, client: Client, path: str) -> None:
        assert (await client.http.get(path)).status_code == 200

    @MODES
    async def test_the_page(self, client: Client, ottimate: RecordingTransport) -> None:
        response = await client.http.get(
            "/graphql", params={"query": LIST}, headers={"Accept": "text/html"}
        )

        assert response.status_code == 200
        assert response.headers["content-type"] == "text/html; charset=utf-8"
        assert ottimate.calls == []


@pytest.mark.parametrize("mode", ["jwt"])
class TestIdentityProvider:
    """The endpoint of the keys, over the transport that is passed in."""

    @EITHER
    @pytest.mark.parametrize(
        ("error", "status", "requests"),
        [
            (httpx.ConnectError("down"), 200, 2),
            (httpx.ReadTimeout("late"), 200, 2),
            (None, 500, 2),
            (None, 404, 2),
            (None, 301, 2),
        ],
    )
    async def test_while_it_is_down_and_no_keys_are_known(
        self,
        client: Client,
        issuer: Issuer,
        ottimate: RecordingTransport,
        accept: str,
        error: Exception | None,
        status: int,
        requests: int,
    ) -> None:
        issuer.error, issuer.status = error, status

        answers = [
            await post(client, bearer(issuer.sign()), LIST, accept) for _ in range(2)
        ]

        for response in answers:
            assert response.status_code == 503
            assert response.json() == failure(
                "Who calls cannot be checked now: the identity provider is not "
                "reached. Try again soon.",
                "UPSTREAM_UNAVAILABLE",
                retryable=True,
            )
            assert "www-authenticate" not in response.headers
        assert issuer.requests == [f"GET {JWKS_URL}"] * requests
        assert ottimate.calls == []

    async def test_what_is_no_key_set_is_as_good_as_down(
        self, client: Client, issuer: Issuer
    ) -> None:
        issuer.keys = [1]

        response = await post(client, bearer(issuer.sign()))

        assert response.status_code == 503
        assert issuer.requests == [f"GET {JWKS_URL}"]

    async def test_known_keys_stay_in_force_while_it_is_down(
        self, client: Client, issuer: Issuer, time: FakeTime
    ) -> None:
        before = await post(client, bearer(issuer.sign()))
        issuer.error = httpx.ConnectError("down")
        time.advance(3_600)

        after = await post(client, bearer(issuer.sign()))

        assert before.json() == after.json() == ANSWER

    async def test_its_connections_are_closed_at_the_end(
        self, settings: Settings, issuer: Issuer
    ) -> None:
        app = create_app(settings, identity_transport=issuer)

        async with app.router.lifespan_context(app):
            assert not issuer.closed

        assert issuer.closed

    async def test_no_secret_is_logged(self, client: Client, issuer: Issuer) -> None:
        good, bad = issuer.sign(), issuer.sign("other", header={"kid": "one"})

        with capture_logs() as lines:
            for token in (good, bad, "key-of-clerk"):
                await post(client, bearer(token))
                await post(client, {"X-API-Key": token})

        text = str(lines)
        assert len(lines) > 6
        for secret in (*good.split("."), *bad.split(".")[1:], "key-of-clerk"):
            assert secret not in text


async def test_real_providers_are_not_asked_for_somebody_unknown(
    settings: Settings, time: FakeTime
) -> None:
    async with serve(settings, clock=time.clock) as client:
        anonymous = await post(client, {})
        known = await post(client, {"X-API-Key": "key-of-clerk"})

    assert anonymous.status_code == 401
    assert known.json() == ANSWER


def test_a_file_that_cannot_be_used_stops_the_start(tmp_path: Path) -> None:
    path = tmp_path / "absent.toml"

    with pytest.raises(SettingsError) as caught:
        create_app(Settings(auth=AuthSettings(mode="api_key", api_keys_file=path)))

    assert str(caught.value) == f"{path}: cannot be read: No such file or directory"
