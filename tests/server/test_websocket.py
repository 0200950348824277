"""graphql-transport-ws, on a small graph: frames, closes, limits and ends.

https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
"""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs
from websockets.exceptions import InvalidStatus

from gateway.server.websocket.places import Places
from tests.served import (
    SECONDS,
    SUBPROTOCOL,
    Served,
    Socket,
    complete,
    next_of,
    open_socket,
    serve,
)
from tests.small import Small

HELLO = "{ hello }"
COUNT = "subscription { count(to: 2) }"
ENDLESS = "subscription { endless }"
ACK = {"type": "connection_ack"}
HOUR = 3_600.0


@pytest.fixture
def small() -> Small:
    return Small()


@pytest.fixture
async def served(small: Small) -> AsyncIterator[Served]:
    async with serve(small.create_app()) as served:
        yield served


@pytest.fixture
async def ws(served: Served) -> AsyncIterator[Socket]:
    """A connection that has begun."""
    async with open_socket(served) as opened:
        await opened.begin()
        yield opened


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> list[asyncio.Timeout]:
    """Each wait of an hour, as it is made."""
    made: list[asyncio.Timeout] = []
    create = asyncio.timeout

    def timeout(delay: float | None) -> asyncio.Timeout:
        created = create(delay)
        if delay == HOUR:
            made.append(created)
        return created

    monkeypatch.setattr(asyncio, "timeout", timeout)
    return made


class PausedSmall(Small):
    """The graph, whose `count` waits for `event` before its second number."""

    async def _count(self, *_: object, to: int) -> AsyncIterator[int]:
        for number in range(to):
            if number == 1:
                await self.event.wait()
            yield number


def subscribe(members: str) -> str:
    return f'{{"type": "subscribe", "id": "1", "payload": {{{members}}}}}'


def without_request_id(message: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the errors of a message, once their request ids were looked at."""
    payload = message["payload"]
    errors: list[dict[str, Any]] = (
        payload if isinstance(payload, list) else payload["errors"]
    )
    for error in errors:
        uuid.UUID(error["extensions"].pop("requestId"))
    return errors


def events_by_id(logs: list[Any]) -> list[tuple[str, str]]:
    return [(line["event"], line["request_id"]) for line in logs]


class TestBeginning:
    async def test_the_subprotocol_is_agreed_upon(self, served: Served) -> None:
        async with open_socket(served, subprotocols=["other", SUBPROTOCOL]) as ws:
            assert ws.connection.subprotocol == SUBPROTOCOL

    @pytest.mark.parametrize("offered", [[], ["graphql-ws"]])
    async def test_another_subprotocol_is_closed(
        self, served: Served, offered: list[str]
    ) -> None:
        async with open_socket(served, subprotocols=offered) as ws:
            assert ws.connection.subprotocol is None
            assert await ws.closed() == (4406, "Subprotocol not acceptable")

    @pytest.mark.parametrize("payload", [{}, {"payload": None}, {"payload": {"a": 1}}])
    async def test_a_beginning_is_acknowledged(
        self, served: Served, payload: dict[str, Any]
    ) -> None:
        async with open_socket(served) as ws:
            await ws.send(type="connection_init", **payload)

            assert await ws.receive() == ACK

    async def test_who_never_begins_is_closed(
        self, small: Small, patience: list[asyncio.Timeout]
    ) -> None:
        async with (
            serve(small.create_app(init_seconds=HOUR)) as served,
            open_socket(served) as ws,
        ):
            await ws.send(type="ping")
            assert await ws.receive() == {"type": "pong"}
            [waiting] = patience
            waiting.reschedule(asyncio.get_running_loop().time())

            assert await ws.closed() == (4408, "Connection initialisation timeout")

    async def test_who_has_begun_may_be_silent(
        self, small: Small, patience: list[asyncio.Timeout]
    ) -> None:
        async with (
            serve(small.create_app(init_seconds=HOUR)) as served,
            open_socket(served) as ws,
        ):
            await ws.begin()

            assert [waiting.when() for waiting in patience] == [None]

    async def test_who_begins_twice_is_closed(self, ws: Socket) -> None:
        await ws.send(type="connection_init")

        assert await ws.closed() == (4429, "Too many initialisation requests")

    async def test_who_has_not_begun_runs_nothing(
        self, served: Served, small: Small
    ) -> None:
        async with open_socket(served) as ws:
            await ws.subscribe("1", ENDLESS)

            assert await ws.closed() == (4401, "Unauthorized")
        assert (small.open_streams, small.identities) == (0, [])


class TestIdentity:
    @pytest.mark.parametrize(
        ("payload", "identity"),
        [
            ({}, {"authorization": "Bearer there"}),
            ({"Authorization": None, "other": 1}, {"authorization": "Bearer there"}),
            ({"Authorization": "Bearer a"}, {"authorization": "Bearer a"}),
            ({"authorization": "Bearer a"}, {"authorization": "Bearer a"}),
            ({"headers": {"AUTHORIZATION": "Bearer a"}}, {"authorization": "Bearer a"}),
            ({"X-API-Key": "k"}, {"x-api-key": "k"}),
            (
                {"x-api-key": "k", "headers": {"Authorization": "Bearer a"}},
                {"x-api-key": "k", "authorization": "Bearer a"},
            ),
            (
                {"Authorization": "a", "headers": {"authorization": "b"}},
                {"authorization": "a, b"},
            ),
            ({"headers": "Authorization"}, {"authorization": "Bearer there"}),
        ],
    )
    async def test_the_payload_takes_the_place_of_the_handshake(
        self,
        served: Served,
        small: Small,
        payload: dict[str, Any],
        identity: dict[str, str],
    ) -> None:
        headers = {"Authorization": "Bearer there"}
        async with open_socket(served, headers=headers) as ws:
            await ws.begin(payload)

        assert small.identities == [identity]

    async def test_each_operation_asks_anew_who_it_is(
        self, served: Served, small: Small
    ) -> None:
        async with open_socket(served) as ws:
            await ws.begin({"Authorization": "me"})
            await ws.subscribe("1", "{ who }")
            assert await ws.receive() == next_of("1", {"who": "me"})
            assert await ws.receive() == complete("1")
            small.known = False
            await ws.subscribe("2", "{ who }")
            message = await ws.receive()

        assert (message["id"], message["type"]) == ("2", "error")
        assert without_request_id(message) == [
            {
                "message": "Nobody is known.",
                "extensions": {"code": "UNAUTHENTICATED", "retryable": False},
            }
        ]
        assert small.identities == [{"authorization": "me"}] * 3

    @pytest.mark.parametrize(
        ("payload", "known", "reachable", "close"),
        [
            ({}, False, True, (4403, "Forbidden")),
            ({"Authorization": 1}, True, True, (4403, "Forbidden")),
            ({}, True, False, (1013, "Try again later")),
        ],
    )
    async def test_who_is_not_known_is_closed(
        self,
        served: Served,
        small: Small,
        payload: dict[str, Any],
        *,
        known: bool,
        reachable: bool,
        close: tuple[int, str],
    ) -> None:
        small.known, small.reachable = known, reachable
        async with open_socket(served) as ws:
            await ws.send(type="connection_init", payload=payload)

            assert await ws.closed() == close


class TestRefusal:
    """A handshake that is answered with a status; nothing is accepted."""

    async def refused(
        self, served: Served, headers: dict[str, str]
    ) -> tuple[int, dict[str, Any]]:
        with pytest.raises(InvalidStatus) as refusal:
            async with open_socket(served, headers=headers):
                pass
        response = refusal.value.response
        body: dict[str, Any] = json.loads(response.body or b"")
        return response.status_code, body

    @pytest.mark.parametrize(
        "origin",
        [
            "https://other.example",
            "null",
            "http://127.0.0.1",
            "http://127.0.0.1:1",
            "http://127.0.0.1:x",
            "http://",
            "http://[",
            "http://[::1",
            "https://[bad]",
            "file://",
        ],
    )
    async def test_pages_of_other_sites_are_refused(
        self, served: Served, origin: str
    ) -> None:
        status, body = await self.refused(served, {"Origin": origin})

        assert status == 403
        [error] = body["errors"]
        assert error["extensions"]["code"] == "CSRF_PREVENTION"

    @pytest.mark.parametrize("origin", ["https://app.example", "http://{here}"])
    async def test_pages_of_ours_are_let_in(self, small: Small, origin: str) -> None:
        app = small.create_app(allowed_origins=["https://app.example"])
        async with serve(app) as served:
            headers = {"Origin": origin.format(here=f"127.0.0.1:{served.port}")}
            async with open_socket(served, headers=headers) as ws:
                await ws.begin()

    async def test_another_name_of_this_machine_is_refused(
        self, served: Served
    ) -> None:
        async with httpx.AsyncClient() as http:
            response = await http.get(
                f"{served.url}/graphql",
                headers={
                    "Host": "rebound.example",
                    "Connection": "Upgrade",
                    "Upgrade": "websocket",
                    "Sec-WebSocket-Version": "13",
                    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
                    "Sec-WebSocket-Protocol": SUBPROTOCOL,
                },
            )

        assert response.status_code == 403
        [error] = response.json()["errors"]
        assert error["extensions"]["code"] == "CSRF_PREVENTION"

    async def test_a_refusal_is_logged_with_its_id(self, served: Served) -> None:
        with capture_logs() as logs:
            _, body = await self.refused(served, {"Origin": "null"})

        assert logs == [
            {
                "event": "websocket_refused",
                "log_level": "info",
                "code": "CSRF_PREVENTION",
                "request_id": body["extensions"]["requestId"],
            }
        ]

    async def test_more_clients_than_are_served_are_refused(self, small: Small) -> None:
        async with serve(small.create_app(places=Places(most=1))) as served:
            async with open_socket(served) as ws:
                await ws.begin()
                status, body = await self.refused(served, {})
            async with open_socket(served) as ws:
                await ws.begin()

        assert status == 503
        [error] = body["errors"]
        assert error["extensions"]["code"] == "OVERLOADED"


class TestMessages:
    @pytest.mark.parametrize(
        ("sent", "answer"),
        [
            ({}, {}),
            ({"payload": None}, {}),
            ({"payload": {}}, {"payload": {}}),
            ({"payload": {"n": [1]}}, {"payload": {"n": [1]}}),
        ],
    )
    async def test_a_ping_is_answered(
        self, ws: Socket, sent: dict[str, Any], answer: dict[str, Any]
    ) -> None:
        await ws.send(type="ping", **sent)

        assert await ws.receive() == {"type": "pong", **answer}

    @pytest.mark.parametrize(
        "value", [str(2**64), str(-(2**63) - 1), 4_000 * "9", 400 * "[" + 400 * "]"]
    )
    async def test_a_ping_that_cannot_be_answered_is_closed(
        self, ws: Socket, value: str
    ) -> None:
        with capture_logs() as logs:
            await ws.connection.send(f'{{"type": "ping", "payload": {{"n": {value}}}}}')

            assert await ws.closed() == (4400, "Invalid message received")
        assert "unexpected_error" not in [one["event"] for one in logs]

    async def test_what_is_not_awaited_is_passed_over(self, ws: Socket) -> None:
        await ws.send(type="pong")
        await ws.send(type="complete", id="nothing")
        await ws.send(type="ping")

        assert await ws.receive() == {"type": "pong"}

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "{",
            "[]",
            "null",
            "{}",
            '{"type": 1}',
            '{"type": "start"}',
            '{"type": "connection_ack"}',
            '{"type": "next", "id": "1", "payload": {}}',
            '{"type": "ping", "payload": 1}',
            '{"type": "ping", "type": "ping"}',
            '{"type": "complete"}',
            '{"type": "complete", "id": ""}',
            '{"type": "subscribe", "payload": {"query": "{ hello }"}}',
            '{"type": "subscribe", "id": 1, "payload": {"query": "{ hello }"}}',
            '{"type": "subscribe", "id": "", "payload": {"query": "{ hello }"}}',
            '{"type": "subscribe", "id": "1"}',
            '{"type": "subscribe", "id": "1", "payload": null}',
            subscribe('"query": 1'),
            subscribe('"query": "{ hello }", "query": ""'),
            subscribe('"query": "{ hello }", "variables": [1]'),
            subscribe('"query": "{ hello }", "variables": {"n": NaN}'),
            subscribe('"query": "{ hello }", "operationName": 1'),
            subscribe('"query": "{ hello }", "extensions": ""'),
            "[" * 9_000,
        ],
    )
    async def test_what_is_no_message_is_closed(self, ws: Socket, text: str) -> None:
        await ws.connection.send(text)

        assert await ws.closed() == (4400, "Invalid message received")

    async def test_bytes_are_no_message(self, ws: Socket) -> None:
        await ws.connection.send(b'{"type": "ping"}')

        assert await ws.closed() == (4400, "Invalid message received")

    async def test_a_message_may_come_in_pieces(self, ws: Socket) -> None:
        await ws.connection.send(iter(['{"type"', "", ': "ping"}']))

        assert await ws.receive() == {"type": "pong"}

    @pytest.mark.parametrize("served_bytes", [100_000, 10_000])
    async def test_a_message_that_is_too_large_is_closed(
        self, small: Small, served_bytes: int
    ) -> None:
        async with (
            serve(small.create_app(), ws_max_size=served_bytes) as served,
            open_socket(served) as ws,
        ):
            await ws.begin()
            await ws.send(type="ping", payload={"text": 10_000 * "x"})

            code, _ = await ws.closed()

        assert code == 1009


class TestOperations:
    async def test_a_query_has_one_answer(self, ws: Socket) -> None:
        await ws.subscribe("1", HELLO)

        assert await ws.receive() == next_of("1", {"hello": "world"})
        assert await ws.receive() == complete("1")

    async def test_a_mutation_has_one_answer(self, ws: Socket, small: Small) -> None:
        small.write.opened.set()
        await ws.subscribe("1", "mutation { write }")

        assert await ws.receive() == next_of("1", {"write": "done"})
        assert await ws.receive() == complete("1")

    async def test_what_is_deferred_comes_in_its_place(self, ws: Socket) -> None:
        await ws.subscribe("1", "{ ... @defer { hello } }")

        assert await ws.receive() == next_of("1", {"hello": "world"})
        assert await ws.receive() == complete("1")

    async def test_a_subscription_has_many(self, ws: Socket) -> None:
        await ws.subscribe(
            "s", "subscription N($n: Int!) { count(to: $n) }", variables={"n": 3}
        )

        assert [await ws.receive() for _ in range(4)] == [
            next_of("s", {"count": 0}),
            next_of("s", {"count": 1}),
            next_of("s", {"count": 2}),
            complete("s"),
        ]

    async def test_operations_run_side_by_side(self, ws: Socket, small: Small) -> None:
        await ws.subscribe("held", "{ held }")
        await ws.subscribe("1", HELLO)
        assert await ws.receive() == next_of("1", {"hello": "world"})
        assert await ws.receive() == complete("1")
        small.query.opened.set()

        assert await ws.receive() == next_of("held", {"held": "done"})
        assert await ws.receive() == complete("held")

    async def test_an_id_that_is_in_use_is_closed(
        self, ws: Socket, small: Small
    ) -> None:
        await ws.subscribe("mine", ENDLESS)
        assert await ws.receive() == next_of("mine", {"endless": 0})
        await ws.subscribe("mine", HELLO)

        assert await ws.closed() == (4409, "Subscriber for mine already exists")
        async with asyncio.timeout(SECONDS):
            await small.streams_ended.wait()

    async def test_a_long_id_is_not_in_the_reason(self, ws: Socket) -> None:
        for _ in range(2):
            await ws.subscribe(200 * "x", "{ held }")

        assert await ws.closed() == (4409, "Subscriber already exists")

    @pytest.mark.parametrize("query", [HELLO, "subscription { count(to: 0) }", "{"])
    async def test_an_id_may_be_used_again(self, ws: Socket, query: str) -> None:
        for _ in range(2):
            await ws.subscribe("1", query)
            while (await ws.receive())["type"] == "next":
                pass

    async def test_documents_are_known_by_their_hash(self, ws: Socket) -> None:
        digest = "bfb8bed71b55c87c8d34cf4f1c95f0ea8c93afd6c1fa4fcd2a2ac4d6bfb0a1e0"
        persisted = {"persistedQuery": {"version": 1, "sha256Hash": digest}}
        payload = {"extensions": persisted}
        await ws.send(type="subscribe", id="1", payload=payload)
        message = await ws.receive()

        assert (message["id"], message["type"]) == ("1", "error")
        [error] = without_request_id(message)
        assert error["message"] == "PersistedQueryNotFound"
        assert error["extensions"]["code"] == "PERSISTED_QUERY_NOT_FOUND"

    @pytest.mark.parametrize(
        ("payload", "code"),
        [
            ({}, "BAD_REQUEST"),
            ({"query": "{"}, "GRAPHQL_PARSE_FAILED"),
            ({"query": "{ none }"}, "GRAPHQL_VALIDATION_FAILED"),
            ({"query": f"{{ {101 * 'hello '} }}"}, "MAX_TOKENS_LIMIT"),
            (
                {"query": HELLO, "operationName": "Other"},
                "OPERATION_RESOLUTION_FAILURE",
            ),
            ({"documentId": "none"}, "PERSISTED_QUERY_NOT_IN_LIST"),
            ({"query": "subscription S($n: Int!) { count(to: $n) }"}, "BAD_USER_INPUT"),
            (
                {"query": "query($n: Int!) { hello @include(if: $n) }"},
                "GRAPHQL_VALIDATION_FAILED",
            ),
        ],
    )
    async def test_what_cannot_run_is_an_error(
        self, ws: Socket, payload: dict[str, Any], code: str
    ) -> None:
        await ws.send(type="subscribe", id="1", payload=payload)
        message = await ws.receive()

        assert (message["id"], message["type"]) == ("1", "error")
        [error] = without_request_id(message)
        assert error["extensions"]["code"] == code

    async def test_a_field_that_fails_is_in_the_answer(self, ws: Socket) -> None:
        await ws.subscribe("1", "{ hello refused }")
        message = await ws.receive()

        assert (message["id"], message["type"]) == ("1", "next")
        assert message["payload"]["data"] == {"hello": "world", "refused": None}
        request_id = message["payload"]["extensions"]["requestId"]
        assert message["payload"]["errors"][0]["extensions"]["requestId"] == request_id
        assert without_request_id(message) == [
            {
                "message": "You may not see this.",
                "locations": [{"line": 1, "column": 9}],
                "path": ["refused"],
                "extensions": {"code": "FORBIDDEN", "retryable": False},
            }
        ]
        assert await ws.receive() == complete("1")

    async def test_a_bug_is_masked(self, ws: Socket) -> None:
        with capture_logs([merge_contextvars]) as logs:
            await ws.subscribe("1", "{ broken }")
            message = await ws.receive()

        request_id = message["payload"]["extensions"]["requestId"]
        assert events_by_id(logs) == [("unexpected_error", request_id)]
        [error] = without_request_id(message)
        assert error["message"] == "Unexpected error."
        assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"

    async def test_a_bug_before_it_runs_is_masked(
        self, ws: Socket, small: Small, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def prepare(_: object) -> None:
            raise TimeoutError("a secret")

        monkeypatch.setattr(small.runner, "prepare", prepare)
        with capture_logs([merge_contextvars]) as logs:
            await ws.subscribe("1", HELLO)
            message = await ws.receive()

        assert (message["id"], message["type"]) == ("1", "error")
        request_id = message["payload"][0]["extensions"]["requestId"]
        assert events_by_id(logs) == [("unexpected_error", request_id)]
        [error] = without_request_id(message)
        assert error["message"] == "Unexpected error."
        assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"

    @pytest.mark.parametrize(
        ("field", "message", "code"),
        [
            ("refused", "You may see no more.", "FORBIDDEN"),
            ("broken", "Unexpected error.", "INTERNAL_SERVER_ERROR"),
        ],
    )
    async def test_what_a_stream_raises_ends_it(
        self, ws: Socket, field: str, message: str, code: str
    ) -> None:
        await ws.subscribe("1", f"subscription {{ {field} }}")
        assert await ws.receive() == next_of("1", {field: 0})
        failed = await ws.receive()

        assert (failed["id"], failed["type"]) == ("1", "error")
        assert without_request_id(failed) == [
            {"message": message, "extensions": {"code": code, "retryable": False}}
        ]
        await ws.subscribe("1", HELLO)
        assert await ws.receive() == next_of("1", {"hello": "world"})

    async def test_a_stream_that_does_not_open_is_told(self, ws: Socket) -> None:
        await ws.subscribe("1", "subscription { closed }")
        message = await ws.receive()

        [error] = without_request_id(message)
        assert error["message"] == "You may not watch this."
        assert error["extensions"]["code"] == "FORBIDDEN"

    async def test_who_is_known_no_more_gets_no_more_events(self) -> None:
        small = PausedSmall()
        async with serve(small.create_app()) as served, open_socket(served) as ws:
            await ws.begin()
            await ws.subscribe("1", COUNT)
            assert await ws.receive() == next_of("1", {"count": 0})
            async with asyncio.timeout(SECONDS):
                await small.event.begun.wait()
            small.known = False
            small.event.opened.set()
            message = await ws.receive()
            await ws.send(type="ping")

            assert await ws.receive() == {"type": "pong"}
        assert (message["id"], message["type"]) == ("1", "error")
        [error] = without_request_id(message)
        assert error["extensions"]["code"] == "UNAUTHENTICATED"
        assert small.event.ends == ["finished"]

    async def test_who_is_known_no_more_opens_no_stream(
        self, ws: Socket, small: Small
    ) -> None:
        small.known = False
        await ws.subscribe("1", COUNT)
        message = await ws.receive()

        assert (message["id"], message["type"]) == ("1", "error")
        [error] = without_request_id(message)
        assert error["extensions"]["code"] == "UNAUTHENTICATED"

    async def test_too_many_at_a_time_are_refused(self, small: Small) -> None:
        async with (
            serve(small.create_app(operations=2)) as served,
            open_socket(served) as ws,
        ):
            await ws.begin()
            await ws.subscribe("1", "{ held }")
            await ws.subscribe("2", ENDLESS)
            assert await ws.receive() == next_of("2", {"endless": 0})
            await ws.subscribe("3", HELLO)
            message = await ws.receive()
            await ws.send(type="complete", id="1")
            async with asyncio.timeout(SECONDS):
                await small.query.ended.wait()
            await ws.subscribe("3", HELLO)

            assert await ws.receive() == next_of("3", {"hello": "world"})
        assert (message["id"], message["type"]) == ("3", "error")
        [error] = without_request_id(message)
        assert error["extensions"]["code"] == "SUBSCRIPTION_LIMIT"

    async def test_what_is_completed_counts_no_more(self, small: Small) -> None:
        async with (
            serve(small.create_app(operations=2)) as served,
            open_socket(served) as ws,
        ):
            await ws.begin()
            for name in ("1", "2"):
                await ws.subscribe(name, ENDLESS)
                assert await ws.receive() == next_of(name, {"endless": 0})
            for old, new in (("1", "3"), ("2", "2"), ("3", "4")):
                await ws.send(type="complete", id=old)
                await ws.subscribe(new, ENDLESS)

            told = [await ws.receive() for _ in range(2)]
            assert small.open_streams == 2
        assert [one["type"] for one in told] == ["next", "next"]

    async def test_a_write_counts_until_it_has_ended(self, small: Small) -> None:
        async with (
            serve(small.create_app(operations=1)) as served,
            open_socket(served) as ws,
        ):
            await ws.begin()
            await ws.subscribe("1", "mutation { write }")
            await ws.send(type="complete", id="1")
            await ws.subscribe("1", HELLO)
            message = await ws.receive()
            small.write.opened.set()

        [error] = without_request_id(message)
        assert error["extensions"]["code"] == "SUBSCRIPTION_LIMIT"
