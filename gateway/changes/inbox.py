"""What one watcher has yet to be told: bounded, however slowly it is read."""

import asyncio
import weakref
from collections.abc import AsyncIterator, Callable
from typing import Self

import msgspec

from gateway.changes.change import Change, strongest
from gateway.domain import ApprovableKey
from gateway.errors import LimitError

# The most objects of which changes wait for a watcher.
MOST_WAITING = 1_000


class Inbox:
    """The changes that wait for one watcher: of each object the newest alone.

    Attributes:
        keys: What is watched; None for whatever is told.
        subject: Who watches; None for the anonymous.
    """

    def __init__(
        self,
        keys: frozenset[ApprovableKey] | None,
        on_end: Callable[["Inbox"], None] = lambda _: None,
        *,
        subject: str | None = None,
    ) -> None:
        """Create it; *on_end* is called once, when nothing is to be put in any more."""
        self.keys = keys
        self.subject = subject
        self._on_end = on_end
        self._waiting: dict[ApprovableKey, Change] = {}
        self._news = asyncio.Event()
        self._error: Exception | None = None
        self._is_over = False

    def put(self, change: Change) -> None:
        """Add a change; the newer one of an object takes the place of the older.

        Of their causes the strongest is told.
        """
        if self._is_over:
            return
        former = self._waiting.get(change.key)
        if former is not None:
            cause = strongest(former.cause, change.cause)
            change = msgspec.structs.replace(change, cause=cause)
        self._waiting[change.key] = change
        if len(self._waiting) > MOST_WAITING:
            self.end(too_slow())
        self._news.set()

    def end(self, error: Exception | None = None) -> None:
        """Let nothing more come, and forget what waits; *error* is told last."""
        if self._is_over:
            return
        self._is_over = True
        self._error = error
        self._waiting.clear()
        self._news.set()
        self._on_end(self)

    async def take(self) -> Change:
        """Return the next change, once there is one.

        Raises:
            StopAsyncIteration: Nothing more comes.
            GatewayError: Nothing more comes, and why.
        """
        while not self._waiting:
            if self._is_over:
                error, self._error = self._error, None
                raise StopAsyncIteration if error is None else error
            self._news.clear()
            await self._news.wait()
        return self._waiting.pop(next(iter(self._waiting)))


class Stream(AsyncIterator[Change]):
    """The changes that one watcher is told, as they come.

    It is watched from the start. That ends when it is closed, cancelled, or dropped.
    """

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        # Whoever iterates may be gone before the first step, and then closes nothing.
        self._leave = weakref.finalize(self, inbox.end)
        self._leave.atexit = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Change:
        try:
            return await self._inbox.take()
        except BaseException:
            self._leave()
            raise

    async def aclose(self) -> None:
        """Watch no more; calling it twice is fine."""
        self._leave()


def too_slow() -> LimitError:
    """Return why a stream ends whose reader does not keep up."""
    return LimitError(
        "SUBSCRIPTION_TOO_SLOW",
        f"Changes of more than {MOST_WAITING} objects wait to be told, and this one is "
        "read too slowly. Subscribe again, and read anew what you show.",
    )
