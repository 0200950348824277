"""The Python library gql 4, over HTTP and over a WebSocket.

https://gql.readthedocs.io/, checked on 2026-11-20.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from gql import Client, GraphQLRequest
from gql.client import AsyncClientSession
from gql.transport.exceptions import (
    TransportConnectionFailed,
    TransportQueryError,
    TransportServerError,
)
from gql.transport.httpx import HTTPXAsyncTransport
from gql.transport.websockets import WebsocketsTransport
from graphql import GraphQLError
from websockets.exceptions import ConnectionClosedError
from websockets.frames import Close

from gateway.app import create_app
from gateway.sandbox import Sandbox
from gateway.settings import LimitSettings, Settings
from tests.served import SECONDS, Served, serve

FIRST = (
    "WzEsIkludm9pY2UiLCJPVFRJTUFURSIsImQ5NjVjZTNjLTA0NWEtNDRiMi1iOTkxLTM3NGNkMzY1"
    "ZWZhMSIsIiJd"
)
BY_NUMBER = """
query InvoiceByNumber($number: String!) {
  invoices(first: 1, filter: { providers: [OTTIMATE], search: $number }) {
    nodes {
      id
      number
      approvalState
    }
  }
}
"""
APPROVE = """
mutation ApproveInvoice($id: ID!) {
  approve(input: { id: $id }) {
    outcome
    approvable {
      approvalState
    }
  }
}
"""
WATCH = """
subscription WatchApproval($ids: [ID!]!) {
  approvalChanged(ids: $ids) {
    approvable {
      id
      approvalState
    }
    cause
  }
}
"""
APPROVED = {
    "approve": {"outcome": "APPLIED", "approvable": {"approvalState": "APPROVED"}}
}
CLERK = {"Authorization": "Bearer demo-clerk"}


def invoices(number: str = "INV-1001", state: str = "PENDING") -> dict[str, Any]:
    node = {"id": FIRST, "number": number, "approvalState": state}
    return {"invoices": {"nodes": [node]}}


@pytest.fixture
def limits() -> LimitSettings:
    return LimitSettings()


@pytest.fixture
async def served(limits: LimitSettings) -> AsyncIterator[Served]:
    app = create_app(Settings(limits=limits), sandbox=Sandbox())
    async with serve(app) as served:
        yield served


def over_http(served: Served, **options: Any) -> HTTPXAsyncTransport:
    return HTTPXAsyncTransport(
        url=f"{served.url}/graphql", timeout=SECONDS, trust_env=False, **options
    )


def over_socket(served: Served, **options: Any) -> WebsocketsTransport:
    url = f"ws://127.0.0.1:{served.port}/graphql"
    return WebsocketsTransport(url=url, connect_args={"proxy": None}, **options)


@pytest.fixture
async def http(served: Served) -> AsyncIterator[AsyncClientSession]:
    async with Client(transport=over_http(served)) as session:
        yield session


@pytest.fixture
async def socket(served: Served) -> AsyncIterator[AsyncClientSession]:
    async with Client(transport=over_socket(served)) as session:
        yield session


def by_number(number: str, **more: Any) -> GraphQLRequest:
    return GraphQLRequest(BY_NUMBER, variable_values={"number": number}, **more)


async def find(session: AsyncClientSession, number: str) -> str:
    found = await session.execute(by_number(number))
    [invoice] = found["invoices"]["nodes"]
    assert invoice["number"] == number
    name: str = invoice["id"]
    return name


def approve(name: str) -> GraphQLRequest:
    return GraphQLRequest(APPROVE, variable_values={"id": name})


def codes(error: TransportQueryError) -> list[str]:
    return [each["extensions"]["code"] for each in error.errors or []]


@pytest.mark.parametrize("transport", ["http", "socket"])
class TestEither:
    """What gql does alike over HTTP and over a WebSocket."""

    @pytest.fixture
    def session(
        self, transport: str, request: pytest.FixtureRequest
    ) -> AsyncClientSession:
        session: AsyncClientSession = request.getfixturevalue(transport)
        return session

    async def test_a_query(self, session: AsyncClientSession) -> None:
        assert await session.execute(by_number("INV-1001")) == invoices()

    async def test_a_mutation(self, session: AsyncClientSession) -> None:
        name = await find(session, "INV-1002")

        assert await session.execute(approve(name)) == APPROVED

    async def test_an_error_has_its_code(self, session: AsyncClientSession) -> None:
        with pytest.raises(TransportQueryError) as caught:
            await session.execute(GraphQLRequest("{ nothing }"))

        assert codes(caught.value) == ["GRAPHQL_VALIDATION_FAILED"]

    async def test_an_operation_is_chosen_by_its_name(
        self, session: AsyncClientSession
    ) -> None:
        text = "query A { __typename } query B { b: __typename }"

        data = await session.execute(GraphQLRequest(text, operation_name="B"))

        assert data == {"b": "Query"}

    async def test_a_text_registers_itself_with_its_hash(
        self, session: AsyncClientSession, served: Served
    ) -> None:
        request = by_number("INV-1001")
        digest = hashlib.sha256(request.payload["query"].encode()).hexdigest()
        request.extensions = {"persistedQuery": {"version": 1, "sha256Hash": digest}}

        assert await session.execute(request) == invoices()

        # gql always sends the text; the hash alone finds it from then on.
        hashed = {k: v for k, v in request.payload.items() if k != "query"}
        async with httpx.AsyncClient(base_url=served.url) as client:
            answer = await client.post("/graphql", json=hashed)
        assert answer.json() == {"data": invoices()}

    async def test_a_hash_that_is_not_the_texts_is_refused(
        self, session: AsyncClientSession
    ) -> None:
        extensions = {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}

        with pytest.raises(TransportQueryError) as caught:
            await session.execute(by_number("INV-1001", extensions=extensions))

        assert codes(caught.value) == ["PERSISTED_QUERY_HASH_MISMATCH"]


class TestHTTP:
    async def test_the_schema_is_fetched_and_holds_queries_to_it(
        self, served: Served
    ) -> None:
        client = Client(transport=over_http(served), fetch_schema_from_transport=True)

        async with client as session:
            assert await session.execute(by_number("INV-1001")) == invoices()
            with pytest.raises(GraphQLError, match="Cannot query field 'nothing'"):
                await session.execute(GraphQLRequest("{ nothing }"))

        assert client.schema is not None
        assert client.schema.subscription_type is not None

    async def test_a_header_says_who_calls(self, served: Served) -> None:
        force = (
            "mutation ($id: ID!) { approve(input: {id: $id, force: true}) {outcome}}"
        )
        request = GraphQLRequest(force, variable_values={"id": FIRST})

        async with Client(transport=over_http(served, headers=CLERK)) as session:
            assert await session.execute(request) == {"approve": {"outcome": "REFUSED"}}

    async def test_who_is_not_known_is_told_so(self, served: Served) -> None:
        headers = {"Authorization": "Bearer demo-nobody"}

        async with Client(transport=over_http(served, headers=headers)) as session:
            with pytest.raises(TransportQueryError) as caught:
                await session.execute(by_number("INV-1001"))

        assert codes(caught.value) == ["UNAUTHENTICATED"]

    async def test_a_batch_is_refused_by_default(
        self, http: AsyncClientSession
    ) -> None:
        with pytest.raises(TransportServerError) as caught:
            await http.execute_batch([by_number("INV-1001")])

        assert caught.value.code == 400

    @pytest.mark.parametrize("limits", [LimitSettings(batch=2)])
    async def test_a_batch_is_answered_in_its_order(
        self, http: AsyncClientSession
    ) -> None:
        requests = [GraphQLRequest("{ __typename }"), by_number("INV-1001")]

        answers = await http.execute_batch(requests)

        assert answers == [{"__typename": "Query"}, invoices()]


class TestSocket:
    async def test_it_speaks_graphql_transport_ws(self, served: Served) -> None:
        transport = over_socket(served, subprotocols=["graphql-ws", "other"])

        with pytest.raises(TransportConnectionFailed):
            async with Client(transport=transport) as session:
                await session.execute(by_number("INV-1001"))

    async def test_a_subscription_sees_a_change(
        self, socket: AsyncClientSession
    ) -> None:
        name = await find(socket, "INV-1003")
        request = GraphQLRequest(WATCH, variable_values={"ids": [name]})

        async with asyncio.timeout(SECONDS):
            results = socket.subscribe(request)
            first = asyncio.ensure_future(anext(results))
            # It goes out while this is waited for, and so before the mutation.
            await find(socket, "INV-1003")
            assert await socket.execute(approve(name)) == APPROVED
            told = await first
            await results.aclose()

        assert told == {
            "approvalChanged": {
                "approvable": {"id": name, "approvalState": "APPROVED"},
                "cause": "GATEWAY",
            }
        }

    async def test_the_payload_of_its_beginning_says_who_calls(
        self, served: Served
    ) -> None:
        force = (
            "mutation ($id: ID!) { approve(input: {id: $id, force: true}) {outcome}}"
        )
        request = GraphQLRequest(force, variable_values={"id": FIRST})
        transport = over_socket(served, init_payload=CLERK)

        async with Client(transport=transport) as session:
            assert await session.execute(request) == {"approve": {"outcome": "REFUSED"}}

    async def test_who_is_not_known_is_not_let_in(self, served: Served) -> None:
        payload = {"Authorization": "Bearer demo-nobody"}
        transport = over_socket(served, init_payload=payload)

        with pytest.raises(TransportConnectionFailed) as caught:
            async with Client(transport=transport):
                pytest.fail("it was let in")

        closed = caught.value.__cause__
        assert isinstance(closed, ConnectionClosedError)
        assert closed.rcvd == Close(4403, "Forbidden")

    async def test_it_pings_and_is_answered(self, served: Served) -> None:
        transport = over_socket(served, ping_interval=0.01, pong_timeout=SECONDS)

        async with Client(transport=transport) as session, asyncio.timeout(SECONDS):
            await transport.pong_received.wait()
            assert await session.execute(GraphQLRequest("{ __typename }")) == {
                "__typename": "Query"
            }
