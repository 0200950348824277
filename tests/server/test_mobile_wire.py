"""What Apollo iOS and Apollo Kotlin send and read, replayed: neither runs here.

Their public sources tell it, and each test names the file, as of these commits, which
were looked at on 2026-11-20:

- apollographql/apollo-ios-dev 4d77c1a (Apollo iOS 2.3.0);
- apollographql/apollo-kotlin 1a3105c (Apollo Kotlin 5.1).
"""

import hashlib
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from gateway.app import create_app
from gateway.sandbox import Sandbox
from gateway.settings import Settings
from tests.served import Served, open_socket, open_stream, serve

BY_NUMBER = (
    "query InvoiceByNumber($number: String!) { invoices(first: 1, "
    "filter: { providers: [OTTIMATE], search: $number }) "
    "{ nodes { __typename id number approvalState } } }"
)
APPROVE = (
    "mutation ApproveInvoice($id: ID!) { approve(input: { id: $id }) "
    "{ outcome approvable { __typename id approvalState } } }"
)
WATCH = (
    "subscription WatchApproval($ids: [ID!]!) { approvalChanged(ids: $ids) "
    "{ approvable { __typename id approvalState } cause } }"
)
DEFERRED = (
    "query DeferredApprovers($number: String!) { invoices(first: 1, "
    "filter: { providers: [OTTIMATE], search: $number }) "
    '{ nodes { __typename id ... @defer(label: "approvers") '
    "{ approvers { __typename user { __typename displayName } } } } } }"
)
FIRST = (
    "WzEsIkludm9pY2UiLCJPVFRJTUFURSIsImQ5NjVjZTNjLTA0NWEtNDRiMi1iOTkxLTM3NGNkMzY1"
    "ZWZhMSIsIiJd"
)
NUMBER = {"number": "INV-1001"}
INVOICES = {
    "invoices": {
        "nodes": [
            {
                "__typename": "Invoice",
                "id": FIRST,
                "number": "INV-1001",
                "approvalState": "PENDING",
            }
        ]
    }
}
WITHOUT_APPROVERS = {"invoices": {"nodes": [{"__typename": "Invoice", "id": FIRST}]}}
APPROVERS = {
    "approvers": [
        {
            "__typename": "Approver",
            "user": {"__typename": "User", "displayName": name},
        }
        for name in ("API User", "Peter")
    ]
}
RESPONSE = "application/graphql-response+json; charset=utf-8"
REST = "application/graphql-response+json,application/json"
IOS_ACCEPT = f"multipart/mixed;deferSpec=20220824,{REST}"
IOS_HEADERS = {
    "Accept": IOS_ACCEPT,
    "Content-Type": "application/json",
    "apollographql-client-name": "com.example.inbox-apollo-ios",
    "apollographql-client-version": "1.0+42",
}
IOS_LIBRARY = {"clientLibrary": {"name": "apollo-ios", "version": "2.3.0"}}
KOTLIN_REST = "application/graphql-response+json, application/json"
KOTLIN_ACCEPT = f"multipart/mixed;deferSpec=20220824, {KOTLIN_REST}"
KOTLIN_ACCEPT_V0_2 = f"multipart/mixed;incrementalSpec=v0.2, {KOTLIN_REST}"
KOTLIN_LIBRARY = {"clientLibrary": {"name": "apollo-kotlin", "version": "5.1.0"}}
PREFLIGHT = {"Apollo-Require-Preflight": "true"}

Open = Callable[..., Any]


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def persisted(text: str) -> dict[str, Any]:
    return {"persistedQuery": {"version": 1, "sha256Hash": digest(text)}}


def errors(response: httpx.Response) -> list[tuple[str, str]]:
    return [
        (each["message"], each["extensions"]["code"])
        for each in response.json()["errors"]
    ]


MISSED = [("PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND")]


@pytest.fixture
async def open_gateway() -> AsyncIterator[Open]:
    """Open a gateway over a sandbox, and a client that sends no headers of its own."""
    clients = []

    def start(**members: Any) -> httpx.AsyncClient:
        app = create_app(Settings.model_validate(members), sandbox=Sandbox())
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://127.0.0.1"
        )
        client.headers.clear()
        clients.append(client)
        return client

    yield start
    for client in clients:
        await client.aclose()


@pytest.fixture
def http(open_gateway: Open) -> httpx.AsyncClient:
    client: httpx.AsyncClient = open_gateway()
    return client


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with serve(create_app(Settings(), sandbox=Sandbox())) as served:
        yield served


@pytest.fixture
def write_manifest(tmp_path: Path) -> Callable[[dict[str, str]], Path]:
    """Write a manifest as the generators of both do: its texts by ids."""

    def write(texts: dict[str, str]) -> Path:
        operations = []
        for name, text in texts.items():
            kind, title = text.split("(")[0].split()
            operations.append({"id": name, "body": text, "name": title, "type": kind})
        manifest = {
            "format": "apollo-persisted-query-manifest",
            "version": 1,
            "operations": operations,
        }
        path = tmp_path / "persistedQueryManifest.json"
        path.write_text(json.dumps(manifest), encoding="utf-8")
        return path

    return write


class TestIOS:
    """Apollo iOS over HTTP."""

    @staticmethod
    def body(name: str, *, query: str | None = None, **more: Any) -> dict[str, Any]:
        """Return a body of ``apollo-ios/Sources/Apollo/RequestBodyCreator.swift``."""
        extensions = {**more.pop("extensions", {}), **IOS_LIBRARY}
        text = {} if query is None else {"query": query}
        return {"operationName": name, **text, **more, "extensions": extensions}

    async def send(
        self, http: httpx.AsyncClient, name: str, **members: Any
    ) -> httpx.Response:
        content = json.dumps(self.body(name, **members))
        return await http.post("/graphql", content=content, headers=IOS_HEADERS)

    async def get(
        self, http: httpx.AsyncClient, name: str, **members: Any
    ) -> httpx.Response:
        """Send a query as ``…/Apollo/URLQueryParameterTransformer.swift`` does.

        Members go in their order, objects as JSON, with ``+`` and ``;`` encoded.
        """
        members = self.body(name, **members)
        texts = {
            key: value
            if isinstance(value, str)
            else json.dumps(value, sort_keys=True, separators=(",", ":"))
            for key, value in sorted(members.items())
        }
        pairs = (f"{key}={quote(text, safe='/?:@!$')}" for key, text in texts.items())
        headers = {**IOS_HEADERS, **PREFLIGHT}
        del headers["Content-Type"]
        return await http.get(f"/graphql?{'&'.join(pairs)}", headers=headers)

    async def test_a_query(self, http: httpx.AsyncClient) -> None:
        """``apollo-ios/Sources/Apollo/JSONRequest.swift``: always with @defer's type;
        ``…/Apollo/ClientAwarenessMetadata.swift`` has the names of the client.
        """
        answer = await self.send(
            http, "InvoiceByNumber", query=BY_NUMBER, variables=NUMBER
        )

        assert answer.status_code == 200
        assert answer.headers["content-type"] == RESPONSE
        assert answer.json() == {"data": INVOICES}

    async def test_a_persisted_query_is_missed_sent_and_found(
        self, http: httpx.AsyncClient
    ) -> None:
        """``…/Apollo/AutoPersistedQueryConfiguration.swift``,
        ``…/RequestChain/Interceptors/AutomaticPersistedQueryInterceptor.swift`` (which
        looks for the message) and ``ResponseCodeInterceptor.swift`` (2xx alone).
        """
        extensions = persisted(BY_NUMBER)
        hashed = {"variables": NUMBER, "extensions": extensions}

        missed = await self.send(http, "InvoiceByNumber", **hashed)
        sent = await self.send(http, "InvoiceByNumber", query=BY_NUMBER, **hashed)
        found = await self.send(http, "InvoiceByNumber", **hashed)

        assert (missed.status_code, errors(missed)) == (200, MISSED)
        assert missed.headers["cache-control"] == "no-store"
        assert sent.json() == found.json() == {"data": INVOICES}

    async def test_the_text_of_a_persisted_query_may_come_by_get(
        self, http: httpx.AsyncClient
    ) -> None:
        """``useGETForPersistedQueryRetry`` of
        ``…/Apollo/AutoPersistedQueryConfiguration.swift``.
        """
        hashed = {"variables": NUMBER, "extensions": persisted(BY_NUMBER)}

        missed = await self.send(http, "InvoiceByNumber", **hashed)
        sent = await self.get(http, "InvoiceByNumber", query=BY_NUMBER, **hashed)
        found = await self.get(http, "InvoiceByNumber", **hashed)

        assert errors(missed) == MISSED
        assert sent.json() == found.json() == {"data": INVOICES}

    async def test_a_mutation_is_persisted_by_post(
        self, http: httpx.AsyncClient
    ) -> None:
        """``createBody`` of ``apollo-ios/Sources/Apollo/JSONRequest.swift``."""
        variables = {"id": FIRST}
        hashed = {"variables": variables, "extensions": persisted(APPROVE)}

        missed = await self.send(http, "ApproveInvoice", **hashed)
        sent = await self.send(http, "ApproveInvoice", query=APPROVE, **hashed)

        assert errors(missed) == MISSED
        assert sent.json()["data"]["approve"]["outcome"] == "APPLIED"

    async def test_persisted_operations_alone(
        self, open_gateway: Open, write_manifest: Callable[[dict[str, str]], Path]
    ) -> None:
        """``apollo-ios-codegen/Sources/ApolloCodegenLib/Templates/
        PersistedQueriesOperationManifestTemplate.swift``: ids are hashes of the text
        on one line.
        """
        manifest = write_manifest({digest(text): text for text in (BY_NUMBER, APPROVE)})
        http = open_gateway(operations={"mode": "ids", "manifests": (manifest,)})

        query = await self.send(
            http, "InvoiceByNumber", variables=NUMBER, extensions=persisted(BY_NUMBER)
        )
        mutation = await self.send(
            http,
            "ApproveInvoice",
            variables={"id": FIRST},
            extensions=persisted(APPROVE),
        )
        unknown = await self.send(
            http, "WatchApproval", variables={}, extensions=persisted(WATCH)
        )

        assert query.json() == {"data": INVOICES}
        assert mutation.json()["data"]["approve"]["outcome"] == "APPLIED"
        assert (unknown.status_code, errors(unknown)[0][1]) == (
            404,
            "PERSISTED_QUERY_NOT_IN_LIST",
        )

    async def test_deferred_data_comes_in_parts_that_it_reads(
        self, served: Served
    ) -> None:
        """``…/Apollo/ResponseParsing/MultipartResponseDeferParser.swift``, and its
        neighbours ``AsyncHTTPResponseChunkSequence.swift`` (parts end with a line, two
        dashes and the boundary), ``MultipartResponseSpecificationParser.swift`` (one
        header) and ``HTTPURLResponse+MultipartHeaderComponents.swift``.
        """
        async with open_stream(
            served,
            DEFERRED,
            accept=IOS_ACCEPT,
            operationName="DeferredApprovers",
            variables=NUMBER,
            extensions=IOS_LIBRARY,
        ) as stream:
            content_type = stream.response.headers["content-type"]
            parts = read_parts(await stream.rest(), "-")

        assert content_type == 'multipart/mixed; boundary="-"; deferSpec=20220824'
        # It takes no part without `data` or `incremental`.
        assert parts == [
            {"data": WITHOUT_APPROVERS, "hasNext": True},
            {
                "incremental": [
                    {
                        "path": ["invoices", "nodes", 0],
                        "label": "approvers",
                        "data": APPROVERS,
                    }
                ],
                "hasNext": False,
            },
        ]

    async def test_a_subscription_over_http_is_refused(
        self, http: httpx.AsyncClient
    ) -> None:
        """``apollo-ios/Sources/Apollo/JSONRequest.swift``: its type of stream is
        Apollo's router's; ``WebSocketTransport`` takes the place of it.
        """
        accept = f"multipart/mixed;subscriptionSpec=1.0,{REST}"
        body = self.body("WatchApproval", query=WATCH, variables={"ids": [FIRST]})

        answer = await http.post(
            "/graphql", json=body, headers={**IOS_HEADERS, "Accept": accept}
        )

        assert answer.status_code == 406
        assert [code for _, code in errors(answer)] == ["NOT_ACCEPTABLE"]

    async def test_a_subscription_over_a_websocket(self, served: Served) -> None:
        """``apollo-ios/Sources/ApolloWebSocket/WebSocketMessage.swift`` has the frames,
        ``WebSocketTransport.swift`` the body, which always has its text, and
        ``OperationMessageIdCreator.swift`` the ids, which count from 1.
        """
        watch = self.body("WatchApproval", query=WATCH, variables={"ids": [SECOND]})
        approve = self.body("ApproveInvoice", query=APPROVE, variables={"id": SECOND})

        async with open_socket(served) as ws:
            await ws.begin({"Authorization": "Bearer demo-controller"})
            await ws.send(type="ping")
            assert await ws.receive() == {"type": "pong"}
            await ws.send(type="subscribe", id="1", payload=watch)
            await ws.send(type="subscribe", id="2", payload=approve)
            heard = [await ws.receive() for _ in range(3)]
            await ws.send(type="complete", id="1")

        assert by_id(heard, "1") == [changed("1")]
        assert by_id(heard, "2") == [approved("2"), {"type": "complete", "id": "2"}]


class TestKotlin:
    """Apollo Kotlin over HTTP."""

    @staticmethod
    def body(query: str | None, name: str, **more: Any) -> dict[str, Any]:
        """Return a body of ``libraries/apollo-api/…/api/RequestParameters.kt``."""
        extensions = {**more.pop("extensions", {}), **KOTLIN_LIBRARY}
        text = {} if query is None else {"query": query}
        return {**text, "operationName": name, **more, "extensions": extensions}

    async def post(
        self, http: httpx.AsyncClient, query: str | None, name: str, **members: Any
    ) -> httpx.Response:
        headers = {"accept": KOTLIN_ACCEPT, "Content-Type": "application/json"}
        content = json.dumps(self.body(query, name, **members), separators=(",", ":"))
        return await http.post("/graphql", content=content, headers=headers)

    async def get(
        self, http: httpx.AsyncClient, query: str | None, name: str, **members: Any
    ) -> httpx.Response:
        """Send a query as ``…/api/http/DefaultHttpRequestComposer.kt`` does.

        All but the unreserved characters is encoded (``internal/UrlEncode.kt``).
        """
        texts = {
            key: value
            if isinstance(value, str)
            else json.dumps(value, separators=(",", ":"))
            for key, value in self.body(query, name, **members).items()
        }
        pairs = (f"{key}={quote(text, safe='')}" for key, text in texts.items())
        headers = {"accept": KOTLIN_ACCEPT, **PREFLIGHT}
        return await http.get(f"/graphql?{'&'.join(pairs)}", headers=headers)

    async def test_a_query(self, http: httpx.AsyncClient) -> None:
        """``…/network/http/HttpNetworkTransport.kt`` and
        ``…/internal/incremental/IncrementalDeliveryProtocolImpl.kt``: always with
        @defer's type.
        """
        answer = await self.post(http, BY_NUMBER, "InvoiceByNumber", variables=NUMBER)

        assert answer.status_code == 200
        assert answer.headers["content-type"] == RESPONSE
        assert answer.json() == {"data": INVOICES}

    async def test_an_error_is_read_whatever_its_status(
        self, http: httpx.AsyncClient
    ) -> None:
        """``…/network/http/HttpNetworkTransport.kt`` reads the body of a refusal where
        its type begins with ``application/graphql-response+json``.
        """
        answer = await self.post(http, "query Wrong { nothing }", "Wrong")

        assert answer.status_code == 400
        assert answer.headers["content-type"] == RESPONSE
        assert [code for _, code in errors(answer)] == ["GRAPHQL_VALIDATION_FAILED"]

    async def test_a_persisted_query_is_missed_by_get_sent_and_found(
        self, http: httpx.AsyncClient
    ) -> None:
        """``…/apollo/interceptor/AutoPersistedQueryInterceptor.kt``, which looks for
        the message: hashes go by GET, and the text by POST.
        """
        hashed = {"variables": NUMBER, "extensions": persisted(BY_NUMBER)}

        missed = await self.get(http, None, "InvoiceByNumber", **hashed)
        sent = await self.post(http, BY_NUMBER, "InvoiceByNumber", **hashed)
        found = await self.get(http, None, "InvoiceByNumber", **hashed)

        assert (missed.status_code, errors(missed)) == (200, MISSED)
        assert missed.headers["cache-control"] == "no-store"
        assert sent.json() == found.json() == {"data": INVOICES}

    async def test_headers_of_version_3_are_passed_over(
        self, http: httpx.AsyncClient
    ) -> None:
        """``docs/source/migration/4.0.mdx``: both were sent by default before 4.0."""
        headers = {
            "X-APOLLO-OPERATION-ID": digest(BY_NUMBER),
            "X-APOLLO-OPERATION-NAME": "InvoiceByNumber",
            "Accept": KOTLIN_ACCEPT,
        }
        body = {
            "operationName": "InvoiceByNumber",
            "variables": NUMBER,
            "query": BY_NUMBER,
        }

        answer = await http.post("/graphql", json=body, headers=headers)

        assert answer.json() == {"data": INVOICES}

    async def test_ids_of_another_hash_are_found_in_its_manifest(
        self, open_gateway: Open, write_manifest: Callable[[dict[str, str]], Path]
    ) -> None:
        """``libraries/apollo-compiler/…/pqm/PersistedQueryManifest.kt``, and
        ``docs/source/advanced/persisted-queries.mdx``, whose example makes ids by MD5:
        they go as ``sha256Hash`` all the same.
        """
        name = hashlib.md5(BY_NUMBER.encode(), usedforsecurity=False).hexdigest()
        manifest = write_manifest({name: BY_NUMBER})
        http = open_gateway(operations={"mode": "ids", "manifests": (manifest,)})
        extensions = {"persistedQuery": {"version": 1, "sha256Hash": name}}

        answer = await self.get(
            http, None, "InvoiceByNumber", variables=NUMBER, extensions=extensions
        )

        assert answer.status_code == 200
        assert answer.json() == {"data": INVOICES}

    async def test_queries_in_a_batch(self, open_gateway: Open) -> None:
        """``…/network/http/BatchingHttpInterceptor.kt``: an array of bodies, whose
        length is not known before; an answer that is not 2xx is an error.
        """
        http = open_gateway(limits={"batch": 10})
        bodies = [
            self.body(BY_NUMBER, "InvoiceByNumber", variables=NUMBER),
            self.body("query Typename { __typename }", "Typename"),
        ]

        async def chunks() -> AsyncIterator[bytes]:
            yield json.dumps(bodies).encode()

        headers = {"accept": KOTLIN_ACCEPT, "Content-Type": "application/json"}
        answer = await http.post("/graphql", content=chunks(), headers=headers)

        assert answer.status_code == 200
        assert answer.json() == [{"data": INVOICES}, {"data": {"__typename": "Query"}}]

    @pytest.mark.parametrize(
        ("accept", "spec", "parts"),
        [
            (
                KOTLIN_ACCEPT,
                "deferSpec=20220824",
                [
                    {"data": WITHOUT_APPROVERS, "hasNext": True},
                    {
                        "incremental": [
                            {
                                "path": ["invoices", "nodes", 0],
                                "label": "approvers",
                                "data": APPROVERS,
                            }
                        ],
                        "hasNext": False,
                    },
                ],
            ),
            (
                KOTLIN_ACCEPT_V0_2,
                "incrementalSpec=v0.2",
                [
                    {
                        "data": WITHOUT_APPROVERS,
                        "pending": [
                            {
                                "id": "0",
                                "path": ["invoices", "nodes", 0],
                                "label": "approvers",
                            }
                        ],
                        "hasNext": True,
                    },
                    {
                        "incremental": [{"id": "0", "data": APPROVERS}],
                        "completed": [{"id": "0"}],
                        "hasNext": False,
                    },
                ],
            ),
        ],
        ids=["V0_1", "V0_2"],
    )
    async def test_deferred_data_comes_in_the_form_that_is_asked_for(
        self, served: Served, accept: str, spec: str, parts: list[dict[str, Any]]
    ) -> None:
        """``…/network/IncrementalDeliveryProtocol.kt`` and
        ``…/internal/multipart.kt``, which takes the boundary out of its quotes.
        """
        async with open_stream(
            served,
            DEFERRED,
            accept=accept,
            operationName="DeferredApprovers",
            variables=NUMBER,
            extensions=KOTLIN_LIBRARY,
        ) as stream:
            content_type = stream.response.headers["content-type"]
            read = read_parts(await stream.rest(), "-")

        assert content_type == f'multipart/mixed; boundary="-"; {spec}'
        assert read == parts

    async def test_a_subscription_over_a_websocket(self, served: Served) -> None:
        """``…/network/websocket/GraphQLWsProtocol.kt``: no payload unless one is set,
        ids are UUIDs. ``…/apollo/ApolloClient.kt``: subscriptions go so by default.
        """
        first = "0b9f9d5c-3b1c-4ed8-a3a3-2b5d2b7f9a10"
        second = "6f8a6f0e-1d0b-4a57-9d0f-9f1d2c3b4a59"
        watch = self.body(WATCH, "WatchApproval", variables={"ids": [SECOND]})
        approve = self.body(APPROVE, "ApproveInvoice", variables={"id": SECOND})

        async with open_socket(served) as ws:
            await ws.begin()
            await ws.send(type="subscribe", id=first, payload=watch)
            await ws.send(type="subscribe", id=second, payload=approve)
            heard = [await ws.receive() for _ in range(3)]
            await ws.send(type="complete", id=first)

        assert by_id(heard, first) == [changed(first)]
        assert by_id(heard, second) == [
            approved(second),
            {"type": "complete", "id": second},
        ]


SECOND = (
    "WzEsIkludm9pY2UiLCJPVFRJTUFURSIsImZiM2ZlZTJkLTY0M2EtNGY1OS1iZDA4LWEyOGQ3NjU1"
    "M2JjOSIsIiJd"
)
APPROVABLE = {"__typename": "Invoice", "id": SECOND, "approvalState": "APPROVED"}


def changed(name: str) -> dict[str, Any]:
    change = {"approvable": APPROVABLE, "cause": "GATEWAY"}
    return {
        "type": "next",
        "id": name,
        "payload": {"data": {"approvalChanged": change}},
    }


def approved(name: str) -> dict[str, Any]:
    approve = {"outcome": "APPLIED", "approvable": APPROVABLE}
    return {"type": "next", "id": name, "payload": {"data": {"approve": approve}}}


def by_id(messages: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    return [message for message in messages if message["id"] == name]


def read_parts(text: str, boundary: str) -> list[Any]:
    """Return the parts of a body, read as narrowly as Apollo iOS does."""
    delimiter = f"\r\n--{boundary}"
    before, *parts, end = text.split(delimiter)
    assert (before, end) == ("", "--\r\n")
    read = []
    for part in parts:
        assert part.startswith("\r\n")
        header, body = part.removeprefix("\r\n").split("\r\n\r\n")
        assert header.split("; ")[0] == "Content-Type: application/json"
        read.append(json.loads(body))
    return read
