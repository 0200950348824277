"""Answers in parts over sockets: their forms, their frames, and what is read when.

https://github.com/graphql/graphql-over-http/blob/main/rfcs/IncrementalDelivery.md
"""

import asyncio
import copy
import json
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import httpx
import pytest
from graphql import (
    ExperimentalIncrementalExecutionResults,
    GraphQLDeferDirective,
    GraphQLSchema,
    InitialIncrementalExecutionResult,
    SubsequentIncrementalExecutionResult,
    build_schema,
    parse,
)
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.app import create_app
from gateway.domain import ProviderName
from gateway.engine import Engine
from gateway.errors import ForbiddenError
from gateway.sandbox import Sandbox
from gateway.server.negotiation import IncrementalSpec
from gateway.server.streams.increments import present_increments
from gateway.server.streams.multipart import multipart_answer
from gateway.settings import LimitSettings, Settings
from tests.served import SECONDS, Served, Stream, open_stream, serve
from tests.small import Held
from tests.support import Handler, RecordingTransport

DEFER_2022 = "multipart/mixed;deferSpec=20220824"
NEWEST = "multipart/mixed;incrementalSpec=v0.2"
JSON = "application/json"
BEGIN = "\r\n---\r\n"
END = "\r\n-----\r\n"
HEADER = "Content-Type: application/json; charset=utf-8\r\n\r\n"

GRAPH = """
type Query { a: A }
type A { x: Int y: Int! z: Z w: Int list: [Z!] }
type Z { p: Int q: Int r: Int }
"""


class Graph:
    """A small graph whose later fields wait for a test."""

    def __init__(self) -> None:
        self.held = Held()
        self.ended = asyncio.Event()
        schema = build_schema(GRAPH)
        parts = schema.to_kwargs()
        parts["directives"] = (*parts["directives"], GraphQLDeferDirective)
        schema = GraphQLSchema(**parts)
        fields: dict[str, Any] = {
            f"{one.name}.{name}": field
            for one in (
                schema.type_map["Query"],
                schema.type_map["A"],
                schema.type_map["Z"],
            )
            for name, field in one.fields.items()  # type: ignore[attr-defined]
        }
        fields["Query.a"].resolve = lambda *_: {"x": 1, "z": {"p": 1}, "list": [{}, {}]}
        fields["A.y"].resolve = refuse
        fields["A.w"].resolve = self.late
        fields["Z.q"].resolve = self.late
        fields["Z.r"].resolve = refuse
        self.engine = Engine(schema, LimitSettings(), introspection=True)

    async def late(self, *_: object) -> int:
        await self.held.wait()
        return 2

    def create_app(self, spec: IncrementalSpec) -> Starlette:
        async def answer(request: Request) -> Response:
            body = await request.json()
            operation = self.engine.read(body["query"]).find(None)
            result = await self.engine.execute_incrementally(operation, {}, None)
            assert operation.deferring is not None
            assert not hasattr(result, "data")
            return multipart_answer(
                result,
                spec,
                "the-id",
                self.ended.set,
                document=operation.deferring,
            )

        return Starlette(routes=[Route("/graphql", answer, methods=["POST"])])


def refuse(*_: object) -> int:
    raise ForbiddenError("Not for you.")


def refused(line: int, column: int, *path: str | int) -> dict[str, Any]:
    return {
        "message": "Not for you.",
        "locations": [{"line": line, "column": column}],
        "path": list(path),
        "extensions": {"code": "FORBIDDEN", "retryable": False, "requestId": "the-id"},
    }


async def read_parts(stream: Stream) -> list[dict[str, Any]]:
    """Return the parts of an answer, once it was seen that they are framed well."""
    text = await stream.rest()
    assert text.startswith(BEGIN)
    assert text.endswith(END)
    parts = text.removeprefix(BEGIN).removesuffix(END).split(BEGIN)
    assert all(part.startswith(HEADER) for part in parts)
    return [json.loads(part.removeprefix(HEADER)) for part in parts]


async def answer_of(query: str, spec: IncrementalSpec) -> list[dict[str, Any]]:
    graph = Graph()
    graph.held.opened.set()
    async with (
        serve(graph.create_app(spec)) as served,
        open_stream(served, query, accept="") as stream,
    ):
        parts = await read_parts(stream)
    assert graph.ended.is_set()
    assert [part["hasNext"] for part in parts] == [True] * (len(parts) - 1) + [False]
    return parts


class TestNewest:
    async def test_what_is_pending_has_an_id(self) -> None:
        query = '{ a { x ... @defer(label: "one") { w } } }'

        assert await answer_of(query, IncrementalSpec.NEWEST) == [
            {
                "data": {"a": {"x": 1}},
                "pending": [{"id": "0", "path": ["a"], "label": "one"}],
                "hasNext": True,
            },
            {
                "incremental": [{"id": "0", "data": {"w": 2}}],
                "completed": [{"id": "0"}],
                "hasNext": False,
            },
        ]

    async def test_errors_are_presented_wherever_they_are(self) -> None:
        query = "{ a { z { r } ... @defer { list { r } } ... @defer { y } } }"

        first, *later = await answer_of(query, IncrementalSpec.NEWEST)

        assert first == {
            "errors": [refused(1, 11, "a", "z", "r")],
            "extensions": {"requestId": "the-id"},
            "data": {"a": {"z": {"r": None}}},
            "pending": [{"id": "0", "path": ["a"]}, {"id": "1", "path": ["a"]}],
            "hasNext": True,
        }
        assert merge_lists(later) == {
            "incremental": [
                {
                    "id": "0",
                    "data": {"list": [{"r": None}, {"r": None}]},
                    "errors": [
                        refused(1, 35, "a", "list", 0, "r"),
                        refused(1, 35, "a", "list", 1, "r"),
                    ],
                }
            ],
            "completed": [
                {"id": "0"},
                {"id": "1", "errors": [refused(1, 54, "a", "y")]},
            ],
            "extensions": {"requestId": "the-id"},
        }

    async def test_what_goes_deeper_has_a_path_of_its_own(self) -> None:
        query = "{ a { z { p } ... @defer { z { q } } } }"

        [_, later] = await answer_of(query, IncrementalSpec.NEWEST)

        assert later["incremental"] == [{"id": "0", "data": {"q": 2}, "subPath": ["z"]}]


class TestDefer2022:
    async def test_a_fragment_comes_at_its_path(self) -> None:
        query = '{ a { x ... @defer(label: "one") { w } } }'

        assert await answer_of(query, IncrementalSpec.DEFER_2022) == [
            {"data": {"a": {"x": 1}}, "hasNext": True},
            {
                "incremental": [{"path": ["a"], "label": "one", "data": {"w": 2}}],
                "hasNext": False,
            },
        ]

    async def test_one_without_a_label_comes_as_it_is_there(self) -> None:
        query = "{ a { z { p } ... @defer { z { p q } } } }"

        [_, later] = await answer_of(query, IncrementalSpec.DEFER_2022)

        assert later["incremental"] == [{"path": ["a", "z"], "data": {"q": 2}}]

    async def test_one_with_a_label_comes_whole(self) -> None:
        """Apollo iOS reads a fragment from its own entry alone."""
        query = """
          query { a { x list { p } ...One @defer(label: "one") } }
          fragment One on A { __typename x other: w list { p ... { q p } } ...Two }
          fragment Two on A { list { __typename } z { ...Three } }
          fragment Three on Z { p ... @defer(label: "three") { p q } }
        """

        _, *later = await answer_of(query, IncrementalSpec.DEFER_2022)

        entries = [one for part in later for one in part["incremental"]]
        assert entries == [
            {
                "path": ["a"],
                "label": "one",
                "data": {
                    "__typename": "A",
                    "x": 1,
                    "other": 2,
                    "list": [{"p": None, "q": 2, "__typename": "Z"}] * 2,
                    "z": {"p": 1},
                },
            },
            {"path": ["a", "z"], "label": "three", "data": {"p": 1, "q": 2}},
        ]

    async def test_what_two_share_comes_with_each(self) -> None:
        query = """{ a {
          ... @defer(label: "one") { w z { q } }
          ... @defer(label: "two") { z { q } }
        } }"""

        _, *later = await answer_of(query, IncrementalSpec.DEFER_2022)

        entries = [one for part in later for one in part["incremental"]]
        assert sorted(entries, key=lambda one: one["label"]) == [
            {"path": ["a"], "label": "one", "data": {"w": 2, "z": {"q": 2}}},
            {"path": ["a"], "label": "two", "data": {"z": {"q": 2}}},
        ]

    async def test_one_that_failed_is_null(self) -> None:
        query = '{ a { x ... @defer(label: "one") { y } } }'

        [_, later] = await answer_of(query, IncrementalSpec.DEFER_2022)

        assert later == {
            "incremental": [
                {
                    "path": ["a"],
                    "label": "one",
                    "data": None,
                    "errors": [refused(1, 36, "a", "y")],
                }
            ],
            "extensions": {"requestId": "the-id"},
            "hasNext": False,
        }

    @pytest.mark.parametrize("label", ["", '(label: "one")'])
    async def test_a_field_that_failed_is_in_its_place(self, label: str) -> None:
        query = f"{{ a {{ ... @defer{label} {{ z {{ r }} }} }} }}"
        column = query.index("r }") + 1

        [_, later] = await answer_of(query, IncrementalSpec.DEFER_2022)

        [entry] = later["incremental"]
        assert entry.pop("label", "") == ("one" if label else "")
        assert entry == {
            "path": ["a"],
            "data": {"z": {"r": None}},
            "errors": [refused(1, column, "a", "z", "r")],
        }


class TestEnds:
    @pytest.mark.parametrize("spec", IncrementalSpec)
    async def test_a_client_that_goes_ends_it(self, spec: IncrementalSpec) -> None:
        graph = Graph()
        async with serve(graph.create_app(spec)) as served:
            query = "{ a { x ... @defer { w } } }"
            async with open_stream(served, query, accept="") as stream:
                await stream.until(BEGIN)
                async with asyncio.timeout(SECONDS):
                    await graph.held.begun.wait()
                assert not graph.ended.is_set()
            async with asyncio.timeout(SECONDS):
                await graph.held.ended.wait()
                await graph.ended.wait()

        assert graph.held.ends == ["cancelled"]

    @pytest.mark.parametrize("spec", IncrementalSpec)
    async def test_a_bug_ends_it_with_an_error(self, spec: IncrementalSpec) -> None:
        async def break_off() -> AsyncGenerator[SubsequentIncrementalExecutionResult]:
            yield SubsequentIncrementalExecutionResult(has_next=True)
            raise ValueError("a secret")

        increments = ExperimentalIncrementalExecutionResults(
            InitialIncrementalExecutionResult({"x": 1}, has_next=True), break_off()
        )
        parts = present_increments(increments, spec, parse("{ x }"), "the-id")

        first, second, last = [part async for part in parts]

        assert (first["data"], second) == ({"x": 1}, {"hasNext": True})
        assert last == {
            "errors": [
                {
                    "message": "Unexpected error.",
                    "extensions": {
                        "code": "INTERNAL_SERVER_ERROR",
                        "retryable": False,
                        "requestId": "the-id",
                    },
                }
            ],
            "extensions": {"requestId": "the-id"},
            "hasNext": False,
        }


class TestGateway:
    """Over the real application, with fields that cost rounds of upstream calls."""

    LIST = (
        "invoices(first: 2, filter: {states: [PENDING], providers: [OTTIMATE]}) "
        "{ nodes { number %s } }"
    )
    APPROVERS = "approvers { user { displayName } }"
    WHOLE = f"{{ {LIST % APPROVERS} }}"
    IN_PARTS = f'{{ {LIST % f"""... @defer(label: "who") {{ {APPROVERS} }}"""} }}'

    @pytest.fixture
    async def served(
        self, sandbox: Sandbox, ottimate: RecordingTransport
    ) -> AsyncIterator[Served]:
        app = create_app(
            Settings(), sandbox=sandbox, transports={ProviderName.OTTIMATE: ottimate}
        )
        async with serve(app) as served:
            yield served

    @pytest.mark.parametrize(
        ("accept", "spec"),
        [
            (f"{DEFER_2022},{JSON}", "deferSpec=20220824"),
            (f"{NEWEST},{JSON}", "incrementalSpec=v0.2"),
            ("multipart/mixed", "incrementalSpec=v0.2"),
            (f"{JSON}, text/event-stream, multipart/mixed", "incrementalSpec=v0.2"),
        ],
    )
    async def test_the_parts_are_the_whole_at_the_same_calls(
        self, served: Served, ottimate: RecordingTransport, accept: str, spec: str
    ) -> None:
        async with open_stream(served, self.WHOLE, accept=JSON) as stream:
            whole = json.loads(await stream.rest())
        calls = sorted(ottimate.calls)
        ottimate.clear()
        async with open_stream(served, self.IN_PARTS, accept=accept) as stream:
            headers = stream.response.headers
            parts = await read_parts(stream)

        assert len(calls) == 3
        assert sorted(ottimate.calls) == calls
        assert headers["content-type"] == f'multipart/mixed; boundary="-"; {spec}'
        assert headers["cache-control"] == "no-store"
        assert headers["x-accel-buffering"] == "no"
        assert put_together(parts) == whole["data"]

    async def test_the_first_part_waits_for_no_deferred_call(
        self, served: Served, ottimate: RecordingTransport
    ) -> None:
        opened = asyncio.Event()

        async def hold(request: httpx.Request, send: Handler) -> httpx.Response:
            await opened.wait()
            return await send(request)

        async with open_stream(
            served, "{ %s }" % (self.LIST % "sourceId"), accept=JSON
        ) as stream:
            found = json.loads(await stream.rest())
        for node in found["data"]["invoices"]["nodes"]:
            call = f"GET /invoices/{node['sourceId']}/approvers"
            ottimate.interceptors[call] = hold
        async with open_stream(served, self.IN_PARTS, accept=DEFER_2022) as stream:
            assert await stream.until("\r\n---\r\n") == BEGIN
            # A client reads a part once it has the delimiter after it.
            first = await stream.until("\r\n---\r\n")
            assert json.loads(first.removeprefix(HEADER).removesuffix(BEGIN)) == {
                "data": {
                    "invoices": {
                        "nodes": [{"number": "INV-1001"}, {"number": "INV-1002"}]
                    }
                },
                "hasNext": True,
            }
            opened.set()
            last = await stream.rest()

        assert last.endswith(END)

    async def test_deferred_calls_end_with_their_client(
        self, served: Served, ottimate: RecordingTransport
    ) -> None:
        held = Held()

        async def hold(request: httpx.Request, send: Handler) -> httpx.Response:
            await held.wait()
            return await send(request)

        async with open_stream(
            served, "{ %s }" % (self.LIST % "sourceId"), accept=JSON
        ) as stream:
            found = json.loads(await stream.rest())
        source_id = found["data"]["invoices"]["nodes"][0]["sourceId"]
        ottimate.interceptors[f"GET /invoices/{source_id}/approvers"] = hold
        async with open_stream(served, self.IN_PARTS, accept=NEWEST) as stream:
            await stream.until(HEADER)
            async with asyncio.timeout(SECONDS):
                await held.begun.wait()
        async with asyncio.timeout(SECONDS):
            await held.ended.wait()

        assert held.ends == ["cancelled"]

    @pytest.mark.parametrize("accept", [JSON, "*/*"])
    async def test_who_does_not_ask_for_parts_gets_the_whole(
        self, served: Served, accept: str
    ) -> None:
        async with open_stream(served, self.WHOLE, accept=accept) as stream:
            whole = await stream.rest()
        async with open_stream(served, self.IN_PARTS, accept=accept) as stream:
            assert await stream.rest() == whole

    @pytest.mark.parametrize("accept", [DEFER_2022, NEWEST])
    async def test_what_defers_nothing_is_plain(
        self, served: Served, accept: str
    ) -> None:
        async with open_stream(
            served, "{ __typename }", accept=f"{accept}, {JSON}"
        ) as stream:
            assert json.loads(await stream.rest()) == {"data": {"__typename": "Query"}}

        content_type = stream.response.headers["content-type"]
        assert content_type == "application/json; charset=utf-8"


def merge_lists(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what comes in any number of parts as if it had come in one."""
    merged: dict[str, Any] = {"incremental": [], "completed": []}
    for part in parts:
        merged["incremental"] += part.get("incremental", [])
        merged["completed"] += part.get("completed", [])
        if "extensions" in part:
            merged["extensions"] = part["extensions"]
    merged["completed"].sort(key=lambda one: one["id"])
    return merged


def put_together(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the data of an answer in either form, as a client has them in the end."""
    data: dict[str, Any] = copy.deepcopy(parts[0]["data"])
    pending: dict[str, list[str | int]] = {}
    for part in parts:
        pending |= {one["id"]: one["path"] for one in part.get("pending", ())}
        for one in part.get("incremental", ()):
            place: Any = data
            path = one["path"] if "path" in one else pending[one["id"]]
            for key in [*path, *one.get("subPath", ())]:
                place = place[key]
            place.update(one["data"])
    return data
