"""The routes around the endpoint: the page, health, and other origins."""

import httpx
import pytest

from gateway.settings import Settings
from tests.support import Client, Handler, RecordingTransport

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
LIST = "{ invoices(first: 1, filter: {providers: [OTTIMATE]}) { totalCount } }"
ORIGIN = "https://app.example"
OTHER = "https://other.example"


class TestPage:
    """Over the sandbox a browser gets GraphiQL."""

    async def test_a_browser_gets_the_page_and_runs_nothing(
        self, client: Client, ottimate: RecordingTransport
    ) -> None:
        response = await client.http.get(
            "/graphql", params={"query": LIST}, headers={"Accept": BROWSER}
        )

        assert response.status_code == 200
        assert response.headers["content-type"] == "text/html; charset=utf-8"
        assert response.headers["vary"] == "Accept, Origin, Accept-Encoding"
        assert response.headers["cache-control"] == "no-cache"
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["referrer-policy"] == "no-referrer"
        policy = response.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; ")
        assert (
            "Sandbox: Ottimate, BILL, Productive, Accounteer. Nothing here is real."
            in response.text
        )
        assert (ottimate.sign_ins, ottimate.calls) == (0, [])

    @pytest.mark.parametrize(
        ("accept", "content_type"),
        [
            (None, "application/json"),
            ("*/*", "application/json"),
            ("application/json, text/html", "application/json"),
            ("text/html;q=0.5, application/json", "application/json"),
            ("application/graphql-response+json", "application/graphql-response+json"),
            ("text/html, application/json;q=0.9", "text/html"),
            ("text/*", "text/html"),
        ],
    )
    async def test_what_is_accepted_decides_between_page_and_answer(
        self, client: Client, accept: str | None, content_type: str
    ) -> None:
        del client.http.headers["accept"]
        headers = {} if accept is None else {"Accept": accept}

        response = await client.http.get(
            "/graphql", params={"query": "{ __typename }"}, headers=headers
        )

        assert response.status_code == 200
        assert response.headers["content-type"] == f"{content_type}; charset=utf-8"

    async def test_a_post_gets_no_page(
        self, client: Client, ottimate: RecordingTransport
    ) -> None:
        response = await client.http.post(
            "/graphql", json={"query": LIST}, headers={"Accept": "text/html"}
        )

        assert response.status_code == 406
        assert ottimate.calls == []

    async def test_a_browser_that_posts_gets_an_answer(self, client: Client) -> None:
        response = await client.http.post(
            "/graphql", json={"query": "{ __typename }"}, headers={"Accept": BROWSER}
        )

        assert response.status_code == 200
        assert response.json() == {"data": {"__typename": "Query"}}

    async def test_the_root_leads_to_the_page(self, client: Client) -> None:
        response = await client.http.get("/")

        assert response.status_code == 307
        assert response.headers["location"] == "/graphql"

    async def test_what_the_page_loads_is_served(self, client: Client) -> None:
        page = await client.http.get("/graphql", headers={"Accept": BROWSER})
        [script, *_] = [part.split('"')[0] for part in page.text.split('src="')[1:]]

        response = await client.http.get(httpx.URL("/graphql").join(script))

        assert response.status_code == 200
        assert "javascript" in response.headers["content-type"]


class TestWithoutPage:
    """GATEWAY_GRAPHIQL=false, over the sandbox too."""

    @pytest.fixture
    def settings(self) -> Settings:
        return Settings(graphiql=False)

    async def test_a_browser_gets_an_answer(self, client: Client) -> None:
        response = await client.http.get(
            "/graphql",
            params={"query": "{ __typename }"},
            headers={"Accept": BROWSER},
        )

        assert response.status_code == 200
        assert response.headers["content-type"] == "application/json; charset=utf-8"
        assert response.json() == {"data": {"__typename": "Query"}}

    async def test_a_page_alone_is_not_acceptable(self, client: Client) -> None:
        response = await client.http.get("/graphql", headers={"Accept": "text/html"})

        assert response.status_code == 406
        [error] = response.json()["errors"]
        assert error["extensions"]["code"] == "NOT_ACCEPTABLE"

    @pytest.mark.parametrize("path", ["/", "/graphiql/page.js"])
    async def test_nothing_of_the_page_is_served(
        self, client: Client, path: str
    ) -> None:
        assert (await client.http.get(path)).status_code == 404


async def test_health_and_readiness_stand_while_every_provider_is_down(
    client: Client,
    ottimate: RecordingTransport,
    bill: RecordingTransport,
    productive: RecordingTransport,
    accounteer: RecordingTransport,
) -> None:
    async def refuse(request: httpx.Request, send: Handler) -> httpx.Response:
        del send
        raise httpx.ConnectError("down", request=request)

    ottimate.interceptors["POST /oauth/token"] = refuse
    ottimate.interceptors["GET /invoices"] = refuse
    bill.interceptors["POST /Login.json"] = refuse
    productive.interceptors["GET /approval_statuses"] = refuse
    accounteer.interceptors["GET /invoices"] = refuse
    body = await client.execute("{ sources { ok error { code } } }")
    down = {"ok": False, "error": {"code": "UPSTREAM_UNAVAILABLE"}}
    assert body == {"data": {"sources": [down, down, down, down]}}
    ottimate.clear()
    bill.clear()
    productive.clear()
    accounteer.clear()

    health = await client.http.get("/healthz")
    readiness = await client.http.get("/readyz")

    assert (health.status_code, health.json()) == (200, {"status": "ok"})
    assert (readiness.status_code, readiness.json()) == (200, {"status": "ready"})
    assert (ottimate.sign_ins, ottimate.calls) == (0, [])
    assert (bill.sign_ins, bill.calls) == (0, [])
    assert productive.calls == accounteer.calls == []


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("POST", 405)])
async def test_health_is_read_only(
    client: Client, path: str, method: str, status: int
) -> None:
    assert (await client.http.request(method, path)).status_code == status


class TestOrigins:
    """GATEWAY_CORS_ORIGINS names who may read answers in a browser."""

    @pytest.fixture
    def settings(self) -> Settings:
        return Settings(cors_origins=[ORIGIN, "http://localhost:3000"])

    @pytest.mark.parametrize("origin", [ORIGIN, "http://localhost:3000"])
    async def test_a_listed_origin_reads_answers_and_the_request_id(
        self, client: Client, origin: str
    ) -> None:
        response = await client.http.post(
            "/graphql", json={"query": "{ __typename }"}, headers={"Origin": origin}
        )

        assert response.status_code == 200
        assert response.headers["access-control-allow-origin"] == origin
        assert response.headers["access-control-expose-headers"] == "ETag, X-Request-ID"
        assert response.headers["vary"] == "Accept, Authorization, X-API-Key, Origin"
        assert "access-control-allow-credentials" not in response.headers

    @pytest.mark.parametrize(
        "origin", [OTHER, "null", "https://app.example.evil", "http://app.example"]
    )
    async def test_another_origin_may_read_nothing(
        self, client: Client, origin: str
    ) -> None:
        response = await client.http.post(
            "/graphql", json={"query": "{ __typename }"}, headers={"Origin": origin}
        )

        assert response.status_code == 200
        assert "access-control-allow-origin" not in response.headers

    @pytest.mark.parametrize("query", ["{", "{ zzz }"])
    async def test_a_refusal_can_be_read_too(self, client: Client, query: str) -> None:
        response = await client.http.post(
            "/graphql",
            json={"query": query},
            headers={
                "Origin": ORIGIN,
                "Accept": "application/graphql-response+json",
            },
        )

        assert response.status_code == 400
        assert response.headers["access-control-allow-origin"] == ORIGIN

    @pytest.mark.parametrize("method", ["GET", "POST"])
    @pytest.mark.parametrize(
        "header",
        [
            "authorization",
            "content-type",
            "x-api-key",
            "x-request-id",
            "apollo-require-preflight",
            "x-apollo-operation-name",
            "graphql-require-preflight",
        ],
    )
    async def test_a_preflight_allows_what_clients_send(
        self, client: Client, method: str, header: str
    ) -> None:
        response = await client.http.options(
            "/graphql",
            headers={
                "Origin": ORIGIN,
                "Access-Control-Request-Method": method,
                "Access-Control-Request-Headers": header,
            },
        )

        assert response.status_code == 200
        assert response.headers["access-control-allow-origin"] == ORIGIN
        assert response.headers["access-control-allow-methods"] == "GET, POST"
        allowed = response.headers["access-control-allow-headers"].lower()
        assert header in allowed.split(", ")

    @pytest.mark.parametrize(
        "headers",
        [
            {"Origin": OTHER, "Access-Control-Request-Method": "POST"},
            {"Origin": ORIGIN, "Access-Control-Request-Method": "DELETE"},
            {
                "Origin": ORIGIN,
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "x-other",
            },
        ],
        ids=["origin", "method", "header"],
    )
    async def test_a_preflight_refuses_the_rest(
        self, client: Client, headers: dict[str, str]
    ) -> None:
        response = await client.http.options("/graphql", headers=headers)

        assert response.status_code == 400


async def test_without_origins_no_other_site_may_read(client: Client) -> None:
    answer = await client.http.post(
        "/graphql", json={"query": "{ __typename }"}, headers={"Origin": ORIGIN}
    )
    preflight = await client.http.options(
        "/graphql",
        headers={"Origin": ORIGIN, "Access-Control-Request-Method": "POST"},
    )

    assert answer.status_code == 200
    assert "access-control-allow-origin" not in answer.headers
    assert preflight.status_code == 400
    assert "access-control-allow-origin" not in preflight.headers
