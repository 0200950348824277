"""What is to happen as soon as the process is told to stop.

A server waits for its open connections before it lets the application end, and a
stream of events would never end of itself. So the signal is heard here as well.
"""

import asyncio
import functools
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from starlette.applications import Starlette
from starlette.types import Scope

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
# Of the application's state.
_FLAG = "stopping"


@contextmanager
def when_told_to_stop(app: Starlette, stop: Callable[[], None]) -> Iterator[None]:
    """Have the running loop call *stop* once the process is told to end.

    Before that `is_stopping` becomes true of *app*.

    Whoever was to hear of the signal hears of it all the same. Where nobody was, or
    outside of the main thread, nothing is done.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    chained: dict[int, tuple[Any, Any]] = {}
    for number in _SIGNALS:
        former = signal.getsignal(number)
        if callable(former):
            ending = functools.partial(_stop, app, stop)
            chain = functools.partial(_chain, loop, ending, former)
            chained[number] = (chain, former)
            signal.signal(number, chain)
    try:
        yield
    finally:
        for heard, (chain, former) in chained.items():
            # Another may have taken its place, and is to keep it.
            if signal.getsignal(heard) is chain:
                signal.signal(heard, former)


def is_stopping(scope: Scope) -> bool:
    """Return whether the application was told to stop, so that streams end early."""
    app = scope.get("app")
    return isinstance(app, Starlette) and getattr(app.state, _FLAG, False)


def _stop(app: Starlette, stop: Callable[[], None]) -> None:
    setattr(app.state, _FLAG, True)
    stop()


def _chain(
    loop: asyncio.AbstractEventLoop,
    stop: Callable[[], None],
    former: Callable[[int, FrameType | None], Any],
    number: int,
    frame: FrameType | None,
) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(stop)
    former(number, frame)
