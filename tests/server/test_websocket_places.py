"""How many clients may be connected by WebSocket."""

from typing import Any

import pytest
from structlog.testing import capture_logs
from websockets.exceptions import InvalidStatus

from gateway.server.websocket.places import Places
from tests.served import Served, Socket, complete, logged, next_of, open_socket, serve
from tests.small import Small

HELLO = "{ hello }"


@pytest.fixture
def small() -> Small:
    return Small()


async def refused(served: Served) -> int:
    """Return the status with which a handshake is refused."""
    with pytest.raises(InvalidStatus) as refusal:
        async with open_socket(served):
            pass
    return refusal.value.response.status_code


async def is_served(ws: Socket) -> None:
    await ws.subscribe("1", HELLO)
    assert await ws.receive() == next_of("1", {"hello": "world"})
    assert await ws.receive() == complete("1")


async def test_those_that_do_not_begin_leave_room_for_others(small: Small) -> None:
    app = small.create_app(places=Places(beginning=2), init_seconds=2)
    async with serve(app) as served, open_socket(served) as begun:
        await begun.begin()
        async with open_socket(served) as first, open_socket(served) as second:
            status = await refused(served)
            await is_served(begun)
            await first.begin()
            async with open_socket(served) as third:
                await third.begin()
            assert (await second.closed())[0] == 4408
        async with open_socket(served) as fourth:
            await fourth.begin()

    assert status == 503


async def test_those_whose_beginning_is_refused_leave_room(small: Small) -> None:
    small.known = False
    async with serve(small.create_app(places=Places(beginning=1))) as served:
        for _ in range(2):
            async with open_socket(served) as ws:
                await ws.send(type="connection_init")
                assert (await ws.closed())[0] == 4403


async def test_one_caller_leaves_room_for_others(small: Small) -> None:
    me: dict[str, Any] = {"Authorization": "me"}
    async with (
        serve(small.create_app(places=Places(each=1))) as served,
        open_socket(served) as first,
        open_socket(served) as second,
        open_socket(served) as other,
    ):
        await first.begin(me)
        await second.send(type="connection_init", payload=me)
        close = await second.closed()
        await is_served(first)
        await other.begin({"Authorization": "other"})
        with capture_logs() as logs:
            await first.connection.close()
            await logged(logs)
        async with open_socket(served) as again:
            await again.begin(me)

    assert close == (1013, "Too many connections of one caller")


async def test_those_who_do_not_say_who_they_are_are_no_one_caller(
    small: Small,
) -> None:
    async with (
        serve(small.create_app(places=Places(each=1))) as served,
        open_socket(served) as first,
        open_socket(served) as second,
    ):
        await first.begin()
        await second.begin()
        await is_served(second)
