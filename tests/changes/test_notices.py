import asyncio
from collections.abc import Mapping, Sequence
from typing import cast

import pytest

from gateway.changes import Notices
from gateway.connector import Notice, Targets
from gateway.domain import (
    ApprovableKey,
    ChangeCause,
    ProviderName,
    TargetDetails,
    TargetKey,
    TargetType,
)
from gateway.errors import GatewayError, UpstreamUnavailableError


class Reader:
    """Reads what is asked for when it is let, and knows in which batches."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.open = asyncio.Event()
        self.error: Exception | None = None

    async def get_targets(
        self, keys: Sequence[TargetKey]
    ) -> Mapping[TargetKey, TargetDetails | GatewayError]:
        self.batches.append([key.source_id for key in keys])
        await self.open.wait()
        if self.error is not None:
            raise self.error
        return {}


def notice(source_id: str, told: str = "now") -> Notice:
    return Notice(
        id=f"update_booking {source_id} {told}",
        event="update_booking",
        target=TargetKey(TargetType.BOOKING, source_id),
    )


@pytest.fixture
def reader() -> Reader:
    return Reader()


class Listener:
    """Hears what is told."""

    def __init__(self) -> None:
        self.told: list[tuple[ApprovableKey, ChangeCause]] = []

    def hear(self, key: ApprovableKey, cause: ChangeCause) -> None:
        self.told.append((key, cause))


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def notices(reader: Reader, listener: Listener) -> Notices:
    return Notices(
        ProviderName.PRODUCTIVE, lambda: cast("Targets", reader), listener.hear
    )


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_what_is_told_during_a_read_is_read_next_in_one_batch(
    reader: Reader, notices: Notices
) -> None:
    first = asyncio.create_task(notices.take(notice("1")))
    await settle()
    others = [
        asyncio.create_task(notices.take(notice(one, told)))
        for one, told in [("2", "now"), ("3", "now"), ("1", "later"), ("3", "later")]
    ]
    await settle()
    reader.open.set()
    await asyncio.gather(first, *others)

    assert reader.batches == [["1"], ["2", "3", "1"]]


async def test_a_notice_that_was_taken_is_known(
    reader: Reader, notices: Notices
) -> None:
    reader.open.set()
    await notices.take(notice("1"))
    await notices.take(notice("1"))

    assert reader.batches == [["1"]]


async def test_a_notice_that_could_not_be_read_is_not_known(
    reader: Reader, notices: Notices
) -> None:
    reader.open.set()
    reader.error = UpstreamUnavailableError("PRODUCTIVE", "down")
    with pytest.raises(UpstreamUnavailableError):
        await notices.take(notice("1"))
    reader.error = None
    await notices.take(notice("1"))

    assert reader.batches == [["1"], ["1"]]


async def test_a_bug_is_raised_to_each_who_waits_and_ends_nothing(
    reader: Reader, notices: Notices
) -> None:
    reader.open.set()
    reader.error = RuntimeError("bug")
    ended = await asyncio.gather(
        notices.take(notice("1")), notices.take(notice("2")), return_exceptions=True
    )
    reader.error = None
    await notices.take(notice("3"))

    assert [type(one) for one in ended] == [RuntimeError, RuntimeError]
    assert reader.batches == [["1", "2"], ["3"]]


async def test_a_teller_that_goes_away_takes_the_read_from_nobody(
    reader: Reader, notices: Notices
) -> None:
    gone = asyncio.create_task(notices.take(notice("1")))
    stays = asyncio.create_task(notices.take(notice("1", "later")))
    await settle()
    gone.cancel()
    await settle()
    reader.open.set()
    await stays

    assert gone.cancelled()
    assert reader.batches == [["1"]]


async def test_no_more_notices_are_remembered_than_that(
    reader: Reader, notices: Notices
) -> None:
    reader.open.set()
    passed = Notice(id="first", event="update_task", target=None)
    await notices.take(notice("1"))
    for count in range(10_000):
        await notices.take(Notice(id=str(count), event="update_task", target=None))
    await notices.take(passed)
    await notices.take(notice("1"))

    assert reader.batches == [["1"], ["1"]]


async def test_what_was_read_is_told_on_once(
    reader: Reader, notices: Notices, listener: Listener
) -> None:
    reader.open.set()
    await notices.take(notice("1"))
    await notices.take(notice("1"))
    await notices.take(Notice(id="other", event="update_task", target=None))
    reader.error = UpstreamUnavailableError("PRODUCTIVE", "down")
    with pytest.raises(UpstreamUnavailableError):
        await notices.take(notice("2"))

    key = ApprovableKey(ProviderName.PRODUCTIVE, TargetKey(TargetType.BOOKING, "1"))
    assert listener.told == [(key, ChangeCause.WEBHOOK)]
