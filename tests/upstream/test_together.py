import asyncio

import pytest

from gateway.upstream import together


async def test_what_each_gives_comes_in_order() -> None:
    async def give(value: int, turns: int) -> int:
        for _ in range(turns):
            await asyncio.sleep(0)
        return value

    assert await together(give(at, 3 - at) for at in range(3)) == [0, 1, 2]
    assert await together([]) == []


async def test_when_one_fails_the_others_are_ended() -> None:
    ended = []

    async def wait() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("waited")

    async def fail() -> None:
        await asyncio.sleep(0)
        raise ValueError("failed")

    with pytest.raises(ValueError, match="failed"):
        await together([wait(), fail(), wait()])

    assert ended == ["waited", "waited"]


async def test_who_goes_away_ends_all() -> None:
    ended = []

    async def wait() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("waited")

    waiting = asyncio.create_task(together([wait(), wait()]))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting

    assert ended == ["waited", "waited"]
