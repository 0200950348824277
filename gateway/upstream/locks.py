"""One at a time: what two requests of one person must not do side by side."""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from weakref import WeakValueDictionary


class Locks:
    """A lock for each thing by its name, for as long as somebody holds or wants it."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._watching: list[set[str]] = []

    @contextmanager
    def watch(self) -> Iterator[Collection[str]]:
        """Collect the names of what is let go from now on.

        What was read since then of anything that is named so may be otherwise.
        """
        let_go: set[str] = set()
        self._watching.append(let_go)
        try:
            yield let_go
        finally:
            # By identity: two that are empty are equal.
            self._watching = [one for one in self._watching if one is not let_go]

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
                for let_go in self._watching:
                    let_go.add(name)

    @asynccontextmanager
    async def hold_all(self, names: Iterable[str]) -> AsyncIterator[None]:
        """Hold several things, always in one order: no two wait for each other."""
        async with AsyncExitStack() as stack:
            for name in sorted(set(names)):
                await stack.enter_async_context(self.hold(name))
            yield
