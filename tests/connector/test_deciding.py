"""Decisions one by one: how many at once, in which order, and until when."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from gateway.connector import AskedDecision, Written, decide_each, each_its_own
from gateway.domain import Decision, GlobalID, Outcome, ProviderName
from gateway.errors import (
    ConflictError,
    NotFoundError,
    UpstreamTimeoutError,
    UpstreamUnavailableError,
)
from gateway.upstream import Deadline, RefusedError
from tests.support import FakeTime

NO_TIME = "There was no time left for this decision. Nothing was sent."
APPLIED = Written(outcome=Outcome.APPLIED)

Decide = Callable[[AskedDecision], Awaitable[Written]]


def asked(count: int) -> list[AskedDecision]:
    return [
        AskedDecision(
            subject=GlobalID(1, "Invoice", ProviderName.ACCOUNTEER, str(place)),
            decision=Decision.APPROVE,
            note=None,
            force=None,
            expected_version=None,
        )
        for place in range(count)
    ]


class Desk:
    """Decides each once its gate opens, and knows what began and what ended."""

    def __init__(self, count: int) -> None:
        self.gates = [asyncio.Event() for _ in range(count)]
        self.began: list[int] = []
        self.ended: list[int] = []
        self.errors: dict[int, Exception] = {}

    async def decide(self, one: AskedDecision) -> Written:
        place = int(one.subject.source_id)
        self.began.append(place)
        await self.gates[place].wait()
        self.ended.append(place)
        if place in self.errors:
            raise self.errors[place]
        return Written(outcome=Outcome.APPLIED, version=str(place))

    def open(self, *places: int) -> None:
        for place in places:
            self.gates[place].set()


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def check_out_of_time(ended: Written | Exception) -> None:
    assert type(ended) is UpstreamTimeoutError
    assert (ended.provider, ended.message) == ("ACCOUNTEER", NO_TIME)
    assert ended.extensions["retryable"] is True


async def test_each_has_its_own_end_in_the_order_in_which_they_were_asked_for(
    time: FakeTime,
) -> None:
    desk = Desk(4)
    desk.errors = {1: ConflictError("Too late."), 3: ZeroDivisionError("a bug")}
    deciding = asyncio.create_task(
        decide_each(asked(4), desk.decide, deadline=Deadline(30.0, time.clock))
    )
    await settle()

    for place in (3, 2, 0, 1):
        desk.open(place)
        await settle()

    assert desk.ended == [3, 2, 0, 1]
    assert await deciding == [
        Written(outcome=Outcome.APPLIED, version="0"),
        desk.errors[1],
        Written(outcome=Outcome.APPLIED, version="2"),
        desk.errors[3],
    ]


async def test_a_read_that_is_refused_is_the_refusal_itself(time: FakeTime) -> None:
    """Of a write it is what a person can act on."""
    refusal = NotFoundError("No such invoice.")

    async def decide(one: AskedDecision) -> Written:
        raise RefusedError(one.subject.provider.value, refusal)

    [ended] = await decide_each(asked(1), decide, deadline=Deadline(30.0, time.clock))

    assert ended is refusal


@pytest.mark.parametrize(("at_once", "count"), [(1, 4), (2, 5), (10, 12)])
async def test_so_many_are_under_way_and_the_next_begins_as_one_ends(
    time: FakeTime, at_once: int, count: int
) -> None:
    desk = Desk(count)
    deciding = asyncio.create_task(
        decide_each(
            asked(count),
            desk.decide,
            deadline=Deadline(30.0, time.clock),
            at_once=at_once,
        )
    )
    await settle()
    assert desk.began == list(range(at_once))

    for place in range(count):
        desk.open(place)
        await settle()
        assert desk.began == list(range(min(count, at_once + place + 1)))

    assert await deciding == [
        Written(outcome=Outcome.APPLIED, version=str(place)) for place in range(count)
    ]


async def test_ten_are_under_way_where_nothing_else_is_said(time: FakeTime) -> None:
    desk = Desk(15)
    deciding = asyncio.create_task(
        decide_each(asked(15), desk.decide, deadline=Deadline(30.0, time.clock))
    )
    await settle()

    assert desk.began == list(range(10))
    desk.open(*range(15))
    assert len(await deciding) == 15


@pytest.mark.parametrize("is_closed", [True, False])
async def test_once_the_time_is_over_no_other_one_begins(
    time: FakeTime, is_closed: bool
) -> None:
    """Or once nobody waits any more; those under way come to their end."""
    desk = Desk(5)
    deadline = Deadline(30.0, time.clock)
    deciding = asyncio.create_task(
        decide_each(asked(5), desk.decide, deadline=deadline, at_once=2)
    )
    await settle()
    desk.open(0)
    await settle()
    assert desk.began == [0, 1, 2]

    if is_closed:
        deadline.close()
    else:
        time.advance(30.0)
    desk.open(*range(5))
    ended = await deciding

    assert desk.began == desk.ended == [0, 1, 2]
    assert ended[:3] == [
        Written(outcome=Outcome.APPLIED, version=str(place)) for place in range(3)
    ]
    for one in ended[3:]:
        check_out_of_time(one)


async def test_time_that_one_is_given_to_be_read_back_begins_no_other(
    time: FakeTime,
) -> None:
    began: list[str] = []
    deadline = Deadline(30.0, time.clock)

    async def decide(one: AskedDecision) -> Written:
        began.append(one.subject.source_id)
        time.advance(30.0)
        deadline.allow(10.0)
        return APPLIED

    ended = await decide_each(asked(3), decide, deadline=deadline, at_once=1)

    assert began == ["0"]
    assert ended[0] == APPLIED
    for one in ended[1:]:
        check_out_of_time(one)


async def test_past_the_deadline_none_begins(time: FakeTime) -> None:
    desk = Desk(3)

    ended = await decide_each(asked(3), desk.decide, deadline=Deadline(0.0, time.clock))

    assert desk.began == []
    for one in ended:
        check_out_of_time(one)


async def test_what_is_no_error_rises_once_all_have_ended(time: FakeTime) -> None:
    desk = Desk(2)

    async def decide(one: AskedDecision) -> Written:
        if one.subject.source_id == "0":
            raise asyncio.CancelledError
        return await desk.decide(one)

    deciding = asyncio.create_task(
        decide_each(asked(2), decide, deadline=Deadline(30.0, time.clock))
    )
    await settle()
    assert not deciding.done()
    desk.open(1)

    with pytest.raises(asyncio.CancelledError):
        await deciding

    assert desk.ended == [1]


def test_how_those_that_went_together_ended_is_each_ones_own() -> None:
    error = UpstreamUnavailableError("ALPHA", "Down.")

    assert each_its_own([2, 5], {2: APPLIED, 5: error}) == {2: APPLIED, 5: error}


@pytest.mark.parametrize(
    "error", [UpstreamUnavailableError("ALPHA", "Down."), ZeroDivisionError()]
)
def test_what_ended_a_part_is_the_error_of_each_of_it(error: Exception) -> None:
    part: dict[int, Written] | BaseException = error

    assert each_its_own([2, 5], part) == {2: error, 5: error}


def test_what_is_no_error_is_nobodys_own() -> None:
    part: dict[int, Written] | BaseException = KeyboardInterrupt()

    with pytest.raises(KeyboardInterrupt):
        each_its_own([2, 5], part)


def test_nothing_that_went_has_no_ends() -> None:
    part: dict[int, Written] | BaseException = ZeroDivisionError()

    assert each_its_own([], part) == {}
