import asyncio

from gateway.providers.productive.locks import Locks


async def test_who_comes_second_waits_and_sees_that_somebody_was_first() -> None:
    locks = Locks()
    seen: list[tuple[str, int]] = []

    async def hold(name: str, who: str) -> None:
        async with locks.hold(name):
            seen.append((who, locks.ended))
            await asyncio.sleep(0)
            seen.append((who, locks.ended))

    await asyncio.gather(hold("5001", "first"), hold("5001", "second"))

    assert seen == [("first", 0), ("first", 0), ("second", 1), ("second", 1)]
    assert locks.ended == 2


async def test_other_things_are_held_side_by_side() -> None:
    locks = Locks()

    async with asyncio.timeout(1), locks.hold("5001"), locks.hold("5002"):
        assert locks.ended == 0


async def test_what_nobody_holds_is_forgotten() -> None:
    locks = Locks()

    async with locks.hold("5001"):
        pass

    assert len(locks._locks) == 0
