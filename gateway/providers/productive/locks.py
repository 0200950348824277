"""One at a time: what two requests of one person must not do side by side."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary


class Locks:
    """A lock for each thing by its name, for as long as somebody holds or wants it.

    Attributes:
        ended: How often something was held and let go. What was read while that was
            less may have changed since.
    """

    def __init__(self) -> None:
        self.ended = 0
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def hold(self, name: str) -> AsyncIterator[None]:
        """Hold what is named so, after all who hold it already."""
        lock = self._locks.get(name)
        if lock is None:
            lock = self._locks[name] = asyncio.Lock()
        async with lock:
            try:
                yield
            finally:
                self.ended += 1
