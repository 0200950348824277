"""What is open is closed as soon as the process is told to stop."""

import asyncio
import signal
import threading
from collections.abc import Iterator
from types import FrameType

import pytest
from starlette.applications import Starlette

from gateway.server.stopping import when_told_to_stop

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Listener:
    """Hears signals, as a server does."""

    def __init__(self) -> None:
        self.heard: list[int] = []

    def hear(self, number: int, frame: FrameType | None) -> None:
        del frame
        self.heard.append(number)


@pytest.fixture
def server() -> Iterator[Listener]:
    """Return a listener that hears both signals while the test runs."""
    listener = Listener()
    former = {one: signal.signal(one, listener.hear) for one in SIGNALS}
    yield listener
    for number, handler in former.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", SIGNALS)
async def test_a_signal_is_heard_here_and_by_the_server(
    number: int, server: Listener
) -> None:
    stopped = asyncio.Event()
    with when_told_to_stop(Starlette(), stopped.set):
        signal.raise_signal(number)
        async with asyncio.timeout(5):
            await stopped.wait()

    assert server.heard == [number]


async def test_afterwards_all_is_as_before(server: Listener) -> None:
    stopped = asyncio.Event()
    with when_told_to_stop(Starlette(), stopped.set):
        pass
    signal.raise_signal(signal.SIGTERM)
    await asyncio.sleep(0)

    assert [signal.getsignal(one) for one in SIGNALS] == [server.hear] * 2
    assert not stopped.is_set()


async def test_who_came_later_keeps_the_signal(server: Listener) -> None:
    other = Listener()
    with when_told_to_stop(Starlette(), lambda: None):
        signal.signal(signal.SIGTERM, other.hear)

    assert signal.getsignal(signal.SIGTERM) == other.hear
    assert signal.getsignal(signal.SIGINT) == server.hear


async def test_a_signal_that_nobody_hears_keeps_its_effect() -> None:
    former = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        with when_told_to_stop(Starlette(), lambda: None):
            assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGTERM, former)


def test_in_another_thread_nothing_is_done(server: Listener) -> None:
    found: list[object] = []

    async def look() -> None:
        with when_told_to_stop(Starlette(), lambda: None):
            found.extend(signal.getsignal(one) for one in SIGNALS)

    thread = threading.Thread(target=asyncio.run, args=(look(),))
    thread.start()
    thread.join()

    assert found == [server.hear] * 2
