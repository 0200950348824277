import asyncio

from gateway.upstream import Locks


async def test_who_comes_second_waits_and_sees_that_somebody_was_first() -> None:
    locks = Locks()
    seen: list[tuple[str, list[str]]] = []

    async def hold(name: str, who: str) -> None:
        with locks.watch() as let_go:
            async with locks.hold(name):
                seen.append((who, sorted(let_go)))
                await asyncio.sleep(0)
                seen.append((who, sorted(let_go)))

    await asyncio.gather(hold("5001", "first"), hold("5001", "second"))

    assert seen == [
        ("first", []),
        ("first", []),
        ("second", ["5001"]),
        ("second", ["5001"]),
    ]


async def test_what_was_let_go_before_is_not_seen() -> None:
    locks = Locks()
    async with locks.hold("5001"):
        pass

    with locks.watch() as let_go, locks.watch() as other:
        async with locks.hold("5002"):
            pass

    assert (set(let_go), set(other)) == ({"5002"}, {"5002"})
    assert locks._watching == []


async def test_other_things_are_held_side_by_side() -> None:
    locks = Locks()

    with locks.watch() as let_go:
        async with asyncio.timeout(1), locks.hold("5001"), locks.hold("5002"):
            assert list(let_go) == []


async def test_who_holds_several_waits_for_none_who_wait_for_them() -> None:
    locks = Locks()
    held: list[str] = []

    async def hold(who: str, *names: str) -> None:
        async with locks.hold_all(names):
            held.append(who)
            await asyncio.sleep(0)
            held.append(who)

    async with asyncio.timeout(1):
        await asyncio.gather(
            hold("first", "5001", "5002"),
            hold("second", "5002", "5001"),
            hold("third", "5003"),
        )

    assert [one for one in held if one != "third"] == [
        "first",
        "first",
        "second",
        "second",
    ]


async def test_one_thing_that_is_named_twice_is_held_once() -> None:
    locks = Locks()

    async with asyncio.timeout(1), locks.hold_all(["5001", "5001"]):
        pass

    assert len(locks._locks) == 0


async def test_what_nobody_holds_is_forgotten() -> None:
    locks = Locks()

    async with locks.hold("5001"):
        pass

    assert len(locks._locks) == 0
