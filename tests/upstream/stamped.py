"""What the tests of a line share: time that a test moves, and when each call left."""

import asyncio

import httpx
import pytest

from gateway.upstream import (
    Call,
    Clock,
    Limit,
    Session,
    Upstream,
    UpstreamPolicy,
    Window,
)
from tests.support import FakeTime
from tests.upstream.scripted import DIALECT, Reply, Scripted, SignIns, settle


class HeldTime(FakeTime):
    """Time that only a test moves, and the event loop's own with it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        loop = asyncio.get_running_loop()
        monkeypatch.setattr(loop, "time", lambda: self.seconds)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(seconds)

    async def pass_by(self, seconds: float) -> None:
        self.advance(seconds)
        await settle()


class Stamped(Scripted):
    """Knows when each call left."""

    def __init__(self, time: FakeTime, *replies: Reply) -> None:
        super().__init__(*replies)
        self._time = time
        self.left_at: list[float] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.left_at.append(self._time.seconds - 1000.0)
        return await super().handle_async_request(request)


def open_stamped(
    time: FakeTime, *replies: Reply, in_flight: int = 50
) -> tuple[Upstream, Stamped]:
    transport = Stamped(time, *replies)
    upstream = Upstream(
        provider="ALPHA",
        base_url="https://alpha.example/v1/",
        dialect=DIALECT,
        policy=UpstreamPolicy(in_flight=in_flight),
        clock=time.clock,
        transport=transport,
    )
    return upstream, transport


def person_with(
    clock: Clock, *windows: Window, spent_from_seconds: int = 60
) -> Session:
    limit = Limit(
        "ALPHA", clock, windows=windows, spent_from_seconds=spent_from_seconds
    )
    return Session(SignIns(), clock, limit=limit)


def window(calls: int, seconds: float = 10.0) -> Window:
    return Window(calls=calls, seconds=seconds, is_waited_for=True)


def numbered(number: int) -> Call:
    return Call(method="GET", path=f"/{number}")
