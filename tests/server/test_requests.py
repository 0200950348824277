"""Who may make a browser send a request in a person's name: CONTRACT.md, 3, CSRF."""

from typing import Any

import pytest

from gateway.settings import AuthSettings, Settings
from tests.support import Client, RecordingTransport

LIST = "{ invoices(first: 1, filter: {providers: [OTTIMATE]}) { totalCount } }"
ANSWER = {"data": {"invoices": {"totalCount": 350}}}
ALLOWED = "https://app.example"
OPENERS = [
    "apollo-require-preflight",
    "x-apollo-operation-name",
    "graphql-require-preflight",
]
SIMPLE_TYPES = [
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "text/plain",
    "text/plain;charset=UTF-8",
    "TEXT/PLAIN",
    "",
]
PAGE = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.fixture
def settings() -> Settings:
    return Settings(cors_origins=[ALLOWED])


def refusal(instead: str) -> dict[str, Any]:
    return {
        "errors": [
            {
                "message": "This request is refused because a browser could be made to "
                f"send it by another site: {instead}, or add one of the headers "
                "apollo-require-preflight, x-apollo-operation-name, "
                "graphql-require-preflight.",
                "extensions": {
                    "code": "CSRF_PREVENTION",
                    "retryable": False,
                    "requestId": "test-1",
                },
            }
        ],
        "extensions": {"requestId": "test-1"},
    }


@pytest.mark.parametrize("content_type", SIMPLE_TYPES)
async def test_a_post_that_needs_no_preflight_is_refused(
    client: Client, ottimate: RecordingTransport, content_type: str
) -> None:
    response = await client.http.post(
        "/graphql",
        content=f'{{"query":"{LIST}"}}',
        headers={"Content-Type": content_type, "X-Request-ID": "test-1"},
    )

    assert response.status_code == 400
    assert response.json() == refusal("send `Content-Type: application/json`")
    assert (ottimate.sign_ins, ottimate.calls) == (0, [])


async def test_a_post_without_a_content_type_is_refused(
    client: Client, ottimate: RecordingTransport
) -> None:
    """A browser sends none for a Blob without a type, and asks no preflight."""
    response = await client.http.post(
        "/graphql",
        content=f'{{"query":"{LIST}"}}',
        headers={"X-Request-ID": "test-1"},
    )

    assert response.status_code == 400
    assert response.json() == refusal("send `Content-Type: application/json`")
    assert (ottimate.sign_ins, ottimate.calls) == (0, [])


@pytest.mark.parametrize("origin", [None, "https://evil.example", ALLOWED])
async def test_an_allowed_origin_does_not_open_a_post_without_preflight(
    client: Client, ottimate: RecordingTransport, origin: str | None
) -> None:
    headers = {} if origin is None else {"Origin": origin}

    response = await client.http.post(
        "/graphql",
        content=f'{{"query":"{LIST}"}}',
        headers={"Content-Type": "text/plain", "X-Request-ID": "test-1", **headers},
    )

    assert response.status_code == 400
    assert response.json() == refusal("send `Content-Type: application/json`")
    assert ottimate.calls == []


@pytest.mark.parametrize("opener", OPENERS)
@pytest.mark.parametrize("content_type", SIMPLE_TYPES)
async def test_each_header_opens_a_post_to_the_check_of_its_type(
    client: Client, ottimate: RecordingTransport, opener: str, content_type: str
) -> None:
    response = await client.http.post(
        "/graphql",
        content=f'{{"query":"{LIST}"}}',
        headers={"Content-Type": content_type, opener: "1"},
    )

    assert response.status_code == 415
    [error] = response.json()["errors"]
    assert error["extensions"]["code"] == "UNSUPPORTED_MEDIA_TYPE"
    assert ottimate.calls == []


@pytest.mark.parametrize("origin", [None, "null", "https://evil.example", "x"])
@pytest.mark.parametrize("accept", ["*/*", "application/graphql-response+json"])
async def test_a_get_from_another_site_is_refused(
    client: Client, ottimate: RecordingTransport, origin: str | None, accept: str
) -> None:
    headers = {} if origin is None else {"Origin": origin}

    response = await client.http.get(
        "/graphql",
        params={"query": LIST},
        headers={
            "Accept": accept,
            "Sec-Fetch-Site": "cross-site",
            "X-Request-ID": "test-1",
            **headers,
        },
    )

    assert response.status_code == 400
    assert response.json() == refusal("send it from an origin in GATEWAY_CORS_ORIGINS")
    assert (ottimate.sign_ins, ottimate.calls) == (0, [])


async def test_a_get_from_an_allowed_origin_runs(client: Client) -> None:
    response = await client.http.get(
        "/graphql",
        params={"query": LIST},
        headers={"Origin": ALLOWED, "Sec-Fetch-Site": "cross-site"},
    )

    assert (response.status_code, response.json()) == (200, ANSWER)


@pytest.mark.parametrize("opener", OPENERS)
async def test_each_header_opens_a_get_from_another_site(
    client: Client, opener: str
) -> None:
    response = await client.http.get(
        "/graphql",
        params={"query": LIST},
        headers={opener: "1", "Sec-Fetch-Site": "cross-site"},
    )

    assert (response.status_code, response.json()) == (200, ANSWER)


async def test_an_empty_header_opens_nothing(
    client: Client, ottimate: RecordingTransport
) -> None:
    response = await client.http.get(
        "/graphql",
        params={"query": LIST},
        headers={**dict.fromkeys(OPENERS, ""), "Sec-Fetch-Site": "cross-site"},
    )

    assert response.status_code == 400
    assert ottimate.calls == []


@pytest.mark.parametrize("site", [None, "none", "same-origin", "same-site"])
async def test_a_plain_get_stays_plain(client: Client, site: str | None) -> None:
    headers = {} if site is None else {"Sec-Fetch-Site": site}

    response = await client.http.get(
        "/graphql", params={"query": LIST}, headers=headers
    )

    assert (response.status_code, response.json()) == (200, ANSWER)


async def test_json_from_another_site_was_let_through_by_a_preflight(
    client: Client,
) -> None:
    """The contract names no other POST: ``application/json`` needs a preflight."""
    response = await client.http.post(
        "/graphql", json={"query": LIST}, headers={"Sec-Fetch-Site": "cross-site"}
    )

    assert (response.status_code, response.json()) == (200, ANSWER)


async def test_showing_the_page_to_another_site_runs_nothing(
    client: Client, ottimate: RecordingTransport
) -> None:
    response = await client.http.get(
        "/graphql",
        params={"query": LIST},
        headers={"Accept": PAGE, "Sec-Fetch-Site": "cross-site"},
    )

    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert (ottimate.sign_ins, ottimate.calls) == (0, [])


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8000",
        "192.0.2.1",
        "localhost.evil.example",
        # Browsers take these for names; a stricter reader takes them for none.
        "x{y}.evil.example",
        "x`y.evil.example:8000",
        'x"y.evil.example',
        "user@evil.example",
        "127.0.0.1@evil.example",
        "[bad",
        "a b",
        "",
        "127.0.0.1, evil.example",
    ],
)
async def test_another_name_for_this_machine_is_refused(
    client: Client, ottimate: RecordingTransport, host: str
) -> None:
    """A page may give its own name this machine's address (DNS rebinding)."""
    response = await client.http.post(
        "/graphql",
        json={"query": LIST},
        headers={"Host": host, "Origin": f"http://{host}"},
    )

    (error,) = response.json()["errors"]
    assert response.status_code == 400
    assert error["extensions"]["code"] == "CSRF_PREVENTION"
    assert "GATEWAY_AUTH__ALLOW_ANONYMOUS" in error["message"]
    assert ottimate.calls == []
    assert ottimate.sign_ins == 0


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST",
        "localhost:8000",
        "127.0.0.1:8000",
        "127.0.0.2",
        "[::1]:8000",
        "[::1]",
    ],
)
async def test_every_name_of_loopback_is_served(client: Client, host: str) -> None:
    response = await client.http.post(
        "/graphql", json={"query": LIST}, headers={"Host": host}
    )

    assert response.json() == ANSWER


class TestAnonymousOnPurpose:
    @pytest.fixture
    def settings(self) -> Settings:
        return Settings(auth=AuthSettings(allow_anonymous=True))

    async def test_every_name_is_served(self, client: Client) -> None:
        response = await client.http.post(
            "/graphql", json={"query": LIST}, headers={"Host": "gateway.example"}
        )

        assert response.json() == ANSWER
