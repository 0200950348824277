import asyncio

from gateway.providers.productive.locks import Locks


async def test_who_comes_second_waits_and_knows_that_they_did() -> None:
    locks = Locks()
    seen: list[tuple[str, object]] = []

    async def hold(name: str, who: str) -> None:
        async with locks.hold(name) as has_waited:
            seen.append((who, has_waited))
            await asyncio.sleep(0)
            seen.append((who, "done"))

    await asyncio.gather(hold("5001", "first"), hold("5001", "second"))

    assert seen == [
        ("first", False),
        ("first", "done"),
        ("second", True),
        ("second", "done"),
    ]


async def test_other_things_are_held_side_by_side() -> None:
    locks = Locks()

    async with locks.hold("5001") as first, locks.hold("5002") as second:
        assert (first, second) == (False, False)


async def test_what_nobody_holds_is_forgotten() -> None:
    locks = Locks()

    async with locks.hold("5001"):
        pass

    assert len(locks._locks) == 0
