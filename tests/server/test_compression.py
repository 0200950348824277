"""Compressed answers: what is, what never is, and entity tags apart by coding."""

import asyncio
import gzip
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import brotli  # type: ignore[import-untyped]
import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from gateway.server.compression import CompressionMiddleware
from tests.served import Served, serve
from tests.support import Client

if sys.version_info >= (3, 14):
    from compression.zstd import decompress as decompress_zstd
else:
    import zstandard

    def decompress_zstd(data: bytes) -> bytes:
        return zstandard.ZstdDecompressor().decompressobj().decompress(data)


LARGE = b'{"data": ' + b"[1234567890]," * 500 + b"}"
SMALL = b'{"data": {}}'
FILE = b"export const answer = 42;\n" * 8_000
DECODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.decompress,
    "br": brotli.decompress,
    "zstd": decompress_zstd,
}


async def answer(request: Request) -> Response:
    """Answer with the content type, status and body that are asked for."""
    query = request.query_params
    body = SMALL if "small" in query else LARGE
    headers = {"ETag": query["tag"]} if "tag" in query else {}
    if "vary" in query:
        headers["Vary"] = query["vary"]
    held = request.headers.get("if-none-match", "")
    if query.get("tag", "none") in held.split(", "):
        return Response(status_code=304, headers=headers)
    return Response(
        b"" if "empty" in query else body,
        int(query.get("status", "200")),
        headers={"X-Held": held, "Vary": "Accept"} | headers,
        media_type=query.get("type", "application/json"),
    )


async def stream(request: Request) -> Response:
    async def parts() -> AsyncIterator[bytes]:
        for number in range(3):
            yield b"part %d " % number + b"-" * 1_000
            await asyncio.sleep(0)

    return StreamingResponse(parts(), media_type=request.query_params["type"])


async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text(await websocket.receive_text())
    await websocket.close()


@pytest.fixture
def app(tmp_path: Path) -> Starlette:
    (tmp_path / "main.js").write_bytes(FILE)
    return Starlette(
        routes=[
            Route("/answer", answer, methods=["GET", "POST"]),
            Route("/stream", stream),
            WebSocketRoute("/socket", echo),
            Mount("/files", StaticFiles(directory=tmp_path)),
        ],
        middleware=[Middleware(CompressionMiddleware)],
    )


@pytest.fixture
async def http(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        del http.headers["accept-encoding"]
        yield http


async def get(
    http: httpx.AsyncClient, url: str, **headers: str
) -> tuple[httpx.Response, bytes]:
    """Return the response, and its body as it was sent."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with http.stream("GET", url, headers=named) as response:
        raw = b"".join([part async for part in response.aiter_raw()])
    return response, raw


class TestCodings:
    @pytest.mark.parametrize(
        ("accept", "coding"),
        [
            ("gzip", "gzip"),
            ("br", "br"),
            ("zstd", "zstd"),
            ("gzip, deflate, br", "br"),
            ("gzip, deflate, br, zstd", "zstd"),
            ("GZIP", "gzip"),
            ("*", "zstd"),
            ("gzip;q=0.5, br;q=0", "gzip"),
        ],
    )
    async def test_an_answer_has_a_coding_that_is_accepted(
        self, http: httpx.AsyncClient, accept: str, coding: str
    ) -> None:
        response, raw = await get(http, "/answer", accept_encoding=accept)

        assert response.headers["content-encoding"] == coding
        assert response.headers["content-length"] == str(len(raw))
        assert response.headers["vary"] == "Accept, Accept-Encoding"
        assert DECODERS[coding](raw) == LARGE
        assert len(raw) < len(LARGE) / 10

    @pytest.mark.parametrize("accept", [None, "identity", "deflate", "gzip;q=0", ""])
    async def test_without_one_it_is_sent_as_it_is(
        self, http: httpx.AsyncClient, accept: str | None
    ) -> None:
        headers = {} if accept is None else {"accept_encoding": accept}

        response, raw = await get(http, "/answer", **headers)

        assert "content-encoding" not in response.headers
        assert response.headers["vary"] == "Accept, Accept-Encoding"
        assert raw == LARGE

    @pytest.mark.parametrize(
        "content_type",
        [
            "application/json; charset=utf-8",
            "application/graphql-response+json",
            "application/graphql-response+json; charset=utf-8",
            "text/html",
            "text/plain",
        ],
    )
    async def test_what_the_gateway_writes_is_compressed(
        self, http: httpx.AsyncClient, content_type: str
    ) -> None:
        url = httpx.URL("/answer", params={"type": content_type})

        response, raw = await get(http, str(url), accept_encoding="gzip")

        assert response.headers["content-encoding"] == "gzip"
        assert gzip.decompress(raw) == LARGE

    @pytest.mark.parametrize("status", [400, 404, 500])
    async def test_errors_are_compressed_too(
        self, http: httpx.AsyncClient, status: int
    ) -> None:
        response, raw = await get(
            http, f"/answer?status={status}", accept_encoding="br"
        )

        assert (response.status_code, brotli.decompress(raw)) == (status, LARGE)

    async def test_a_small_answer_is_not_worth_it(
        self, http: httpx.AsyncClient
    ) -> None:
        response, raw = await get(
            http, '/answer?small&tag="abc"', accept_encoding="gzip"
        )

        assert "content-encoding" not in response.headers
        assert (response.headers["vary"], response.headers["etag"]) == (
            "Accept",
            '"abc"',
        )
        assert raw == SMALL

    async def test_an_image_is_left_alone(self, http: httpx.AsyncClient) -> None:
        response, raw = await get(
            http, "/answer?type=image/png", accept_encoding="gzip"
        )

        assert "content-encoding" not in response.headers
        assert raw == LARGE

    async def test_an_answer_without_a_body_has_none(
        self, http: httpx.AsyncClient
    ) -> None:
        response, raw = await get(
            http, "/answer?empty&status=204", accept_encoding="gzip"
        )

        assert (response.status_code, raw) == (204, b"")
        assert "content-encoding" not in response.headers
        assert response.headers["vary"] == "Accept"


class TestStreams:
    @pytest.mark.parametrize(
        "content_type",
        [
            "text/event-stream",
            "text/event-stream; charset=utf-8",
            'multipart/mixed; boundary="-"; deferSpec=20220824',
            'multipart/mixed; boundary="-"; incrementalSpec=v0.2',
        ],
    )
    async def test_they_are_never_compressed(
        self, http: httpx.AsyncClient, content_type: str
    ) -> None:
        url = httpx.URL("/stream", params={"type": content_type})

        response, raw = await get(http, str(url), accept_encoding="gzip, br, zstd")

        assert "content-encoding" not in response.headers
        assert "vary" not in response.headers
        assert raw == b"".join(b"part %d " % n + b"-" * 1_000 for n in range(3))

    @pytest.mark.parametrize("content_type", ["text/event-stream", "multipart/mixed"])
    async def test_each_part_leaves_at_once(self, content_type: str) -> None:
        sent: list[Message] = []

        async def parts(scope: Scope, receive: Receive, send: Send) -> None:
            headers = [(b"content-type", content_type.encode())]
            await send(
                {"type": "http.response.start", "status": 200, "headers": headers}
            )
            assert [one["type"] for one in sent] == ["http.response.start"]
            for number in range(2):
                body = {"type": "http.response.body", "body": b"x", "more_body": True}
                await send(body)
                assert len(sent) == 2 + number
            await send({"type": "http.response.body"})

        async def receive() -> Message:
            return {"type": "http.request"}

        async def send(message: Message) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": "GET",
            "headers": [(b"accept-encoding", b"gzip, br, zstd")],
        }
        await CompressionMiddleware(parts)(scope, receive, send)

        assert [one.get("body") for one in sent] == [None, b"x", b"x", None]


class TestTags:
    """RFC 9110, 8.8.3: a strong tag names one representation, so one coding."""

    @pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
    async def test_a_coding_stands_in_the_tag(
        self, http: httpx.AsyncClient, coding: str
    ) -> None:
        url = '/answer?tag="abc"'
        coded, _ = await get(http, url, accept_encoding=coding)
        plain, _ = await get(http, url)

        assert coded.headers["etag"] == f'"abc-{coding}"'
        assert plain.headers["etag"] == '"abc"'

    async def test_a_weak_tag_stays_weak(self, http: httpx.AsyncClient) -> None:
        response, _ = await get(http, '/answer?tag=W/"abc"', accept_encoding="gzip")

        assert response.headers["etag"] == 'W/"abc-gzip"'

    @pytest.mark.parametrize("held", ['"other"', '"abc"'])
    @pytest.mark.parametrize("accept", ["gzip", ""])
    async def test_what_an_answer_varies_by_is_said_once(
        self, http: httpx.AsyncClient, held: str, accept: str
    ) -> None:
        response, _ = await get(
            http,
            '/answer?tag="abc"&vary=Accept, Accept-Encoding, Origin',
            if_none_match=held,
            accept_encoding=accept,
        )

        assert response.headers["vary"] == "Accept, Accept-Encoding, Origin"

    async def test_without_a_tag_there_is_none(self, http: httpx.AsyncClient) -> None:
        response, _ = await get(http, "/answer", accept_encoding="gzip")

        assert "etag" not in response.headers

    @pytest.mark.parametrize(
        ("held", "accept", "tag"),
        [
            ('"abc-gzip"', "gzip", '"abc-gzip"'),
            ('"abc-br"', "gzip, br, zstd", '"abc-br"'),
            ('"abc-br"', "*", '"abc-br"'),
            ('"abc"', "gzip", '"abc"'),
            ('"abc"', "", '"abc"'),
            ('"other", "abc-zstd"', "zstd", '"abc-zstd"'),
            ('"abc-br", "abc-gzip"', "gzip", '"abc-gzip"'),
        ],
    )
    async def test_a_client_that_holds_the_answer_gets_304_with_its_tag(
        self, http: httpx.AsyncClient, held: str, accept: str, tag: str
    ) -> None:
        response, raw = await get(
            http, '/answer?tag="abc"', if_none_match=held, accept_encoding=accept
        )

        assert (response.status_code, raw) == (304, b"")
        assert response.headers["etag"] == tag
        assert response.headers["vary"] == "Accept-Encoding"

    @pytest.mark.parametrize(
        ("held", "accept", "tag"),
        [
            ('"abc-gzip"', "br", '"abc-br"'),
            ('"abc-gzip"', "gzip;q=0, br", '"abc-br"'),
            ('"abc-gzip"', "", '"abc"'),
            ('"abc-deflate"', "gzip", '"abc-gzip"'),
            ('"older-gzip"', "gzip", '"abc-gzip"'),
        ],
    )
    async def test_what_this_request_would_not_take_is_not_held(
        self, http: httpx.AsyncClient, held: str, accept: str, tag: str
    ) -> None:
        response, _ = await get(
            http, '/answer?tag="abc"', if_none_match=held, accept_encoding=accept
        )

        assert (response.status_code, response.headers["etag"]) == (200, tag)

    async def test_several_lines_of_tags_are_one_list(
        self, http: httpx.AsyncClient
    ) -> None:
        request = http.build_request(
            "GET",
            "/answer",
            headers=[
                ("If-None-Match", 'W/"a-gzip"'),
                ("If-None-Match", '"b,c-br", "d-zstd"'),
                ("Accept-Encoding", "gzip"),
                ("Accept-Encoding", "br"),
            ],
        )

        response = await http.send(request)

        assert response.headers["x-held"] == 'W/"a", "b,c", "d-zstd"'


class TestFiles:
    async def test_a_file_is_compressed_on_the_way(
        self, http: httpx.AsyncClient
    ) -> None:
        response, raw = await get(http, "/files/main.js", accept_encoding="zstd")
        plain, _ = await get(http, "/files/main.js")

        assert response.headers["content-encoding"] == "zstd"
        assert "content-length" not in response.headers
        assert "accept-ranges" not in response.headers
        assert response.headers["etag"] == plain.headers["etag"][:-1] + '-zstd"'
        assert DECODERS["zstd"](raw) == FILE
        assert len(raw) < len(FILE) / 100

    async def test_a_file_that_is_held_is_not_sent(
        self, http: httpx.AsyncClient
    ) -> None:
        first, _ = await get(http, "/files/main.js", accept_encoding="br")
        tag = first.headers["etag"]
        date = first.headers["last-modified"]

        response, raw = await get(
            http,
            "/files/main.js",
            accept_encoding="br",
            if_none_match=tag,
            if_modified_since=date,
        )

        assert (response.status_code, raw) == (304, b"")
        assert response.headers["etag"] == tag
        assert response.headers["vary"] == "Accept-Encoding"

    async def test_a_range_is_of_the_file_itself(self, http: httpx.AsyncClient) -> None:
        plain, _ = await get(http, "/files/main.js")

        for more in ({}, {"if_range": plain.headers["etag"]}):
            response, raw = await get(
                http,
                "/files/main.js",
                accept_encoding="gzip",
                range="bytes=100-1299",
                **more,
            )

            assert (response.status_code, raw) == (206, FILE[100:1300])
            assert "content-encoding" not in response.headers
            assert response.headers["etag"] == plain.headers["etag"]
            assert response.headers["content-range"] == f"bytes 100-1299/{len(FILE)}"

    async def test_several_ranges_are_of_the_file_itself(
        self, http: httpx.AsyncClient
    ) -> None:
        response, raw = await get(
            http,
            "/files/main.js",
            accept_encoding="gzip",
            range="bytes=0-999,2000-2999",
        )

        assert response.status_code == 206
        assert response.headers["content-type"].startswith("multipart/byteranges")
        assert "content-encoding" not in response.headers
        assert FILE[:1000] in raw

    async def test_no_range_continues_a_compressed_file(
        self, http: httpx.AsyncClient
    ) -> None:
        first, _ = await get(http, "/files/main.js", accept_encoding="gzip")

        response, raw = await get(
            http,
            "/files/main.js",
            accept_encoding="gzip",
            range="bytes=100-",
            if_range=first.headers["etag"],
        )

        assert (response.status_code, gzip.decompress(raw)) == (200, FILE)

    async def test_a_range_that_is_none_is_refused_plainly(
        self, http: httpx.AsyncClient
    ) -> None:
        response, _ = await get(
            http, "/files/main.js", accept_encoding="gzip", range="bytes=999999-"
        )

        assert response.status_code == 416
        assert response.headers["content-range"] == f"bytes */{len(FILE)}"

    async def test_a_head_says_what_the_file_is(self, http: httpx.AsyncClient) -> None:
        response = await http.head(
            "/files/main.js", headers={"Accept-Encoding": "gzip"}
        )

        assert (response.status_code, response.content) == (200, b"")
        assert response.headers["content-length"] == str(len(FILE))
        assert "content-encoding" not in response.headers


class TestGateway:
    """The gateway itself, over the sandbox."""

    LIST = "{ invoices(first: 20) { nodes { id title status createdAt } } }"

    @pytest.mark.parametrize(
        "accept", ["application/json", "application/graphql-response+json"]
    )
    async def test_an_answer_is_compressed(self, client: Client, accept: str) -> None:
        body = {"query": self.LIST}
        headers = {"Accept": accept, "Accept-Encoding": "br"}

        plain = await client.http.post(
            "/graphql", json=body, headers=headers | {"Accept-Encoding": "identity"}
        )
        coded = await client.http.post("/graphql", json=body, headers=headers)

        assert "content-encoding" not in plain.headers
        assert coded.headers["content-encoding"] == "br"
        assert coded.json() == plain.json()
        assert int(coded.headers["content-length"]) < len(plain.content) / 3

    async def test_graphiqls_page_is_compressed(self, client: Client) -> None:
        response = await client.http.get(
            "/graphql", headers={"Accept": "text/html", "Accept-Encoding": "gzip"}
        )

        assert response.headers["content-encoding"] == "gzip"
        assert response.headers["vary"] == "Accept, Origin, Accept-Encoding"
        assert response.text.startswith("<!doctype html>")

    async def test_a_small_answer_is_not(self, client: Client) -> None:
        response = await client.http.post(
            "/graphql",
            json={"query": "{ __typename }"},
            headers={"Accept-Encoding": "gzip"},
        )

        assert "content-encoding" not in response.headers
        assert response.json() == {"data": {"__typename": "Query"}}


@pytest.fixture
async def served(app: Starlette) -> AsyncIterator[Served]:
    async with serve(app) as one:
        yield one


async def test_over_a_real_connection_it_is_the_same(served: Served) -> None:
    async with httpx.AsyncClient(base_url=served.url) as http:
        coded = await http.get("/answer", headers={"Accept-Encoding": "br"})
        file = await http.get("/files/main.js", headers={"Accept-Encoding": "gzip"})
        head = await http.head("/answer", headers={"Accept-Encoding": "br"})
        stream = await http.get(
            "/stream",
            params={"type": "text/event-stream"},
            headers={"Accept-Encoding": "gzip"},
        )

    assert (coded.headers["content-encoding"], coded.content) == ("br", LARGE)
    assert (file.headers["content-encoding"], file.content) == ("gzip", FILE)
    assert (head.headers["content-encoding"], head.content) == ("br", b"")
    assert head.headers["content-length"] == coded.headers["content-length"]
    assert "content-encoding" not in stream.headers
    assert stream.headers["transfer-encoding"] == "chunked"


async def test_a_websocket_passes(app: Starlette) -> None:
    sent: list[Message] = []
    messages: list[Message] = [
        {"type": "websocket.connect"},
        {"type": "websocket.receive", "text": "hello"},
    ]

    async def receive() -> Message:
        return messages.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "websocket",
        "path": "/socket",
        "headers": [],
        "query_string": b"",
        "subprotocols": [],
    }
    await app(scope, receive, send)

    assert [one["type"] for one in sent] == [
        "websocket.accept",
        "websocket.send",
        "websocket.close",
    ]
    assert sent[1]["text"] == "hello"
