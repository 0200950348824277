"""Decisions one by one, for a provider that has no call for several."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from gateway.connector.connector import AskedDecision
from gateway.connector.written import Written
from gateway.errors import UpstreamTimeoutError
from gateway.upstream import Deadline, as_write

T = TypeVar("T")


async def decide_each(
    asked: Sequence[AskedDecision],
    decide: Callable[[AskedDecision], Awaitable[Written]],
    *,
    deadline: Deadline,
    at_once: int = 10,
) -> list[Written | Exception]:
    """Send each decision by itself, and return how each ended, in order.

    At most *at_once* are under way, begun in order. With all at once, the looks before
    them would take every place of a slow provider first, and be old when acted on.
    Past the *deadline*, or once nobody waits any more, no other one begins.
    """
    places = asyncio.Semaphore(at_once)

    async def attempt(one: AskedDecision) -> Written:
        async with places:
            if deadline.is_over:
                raise UpstreamTimeoutError(
                    one.subject.provider.value,
                    "There was no time left for this decision. Nothing was sent.",
                )
            return await as_write(decide(one))

    ended = await asyncio.gather(
        *(attempt(one) for one in asked), return_exceptions=True
    )
    found: list[Written | Exception] = []
    for one in ended:
        if isinstance(one, BaseException) and not isinstance(one, Exception):
            raise one
        found.append(one)
    return found


def each_its_own(
    places: Iterable[int], part: Mapping[int, T] | BaseException
) -> dict[int, T | Exception]:
    """Return how the decisions at *places* ended, which were sent together.

    What a bug left of *part* is the error of each of them; others are not lost for it.
    """
    if isinstance(part, Exception):
        return dict.fromkeys(places, part)
    if isinstance(part, BaseException):
        raise part
    return dict(part)
