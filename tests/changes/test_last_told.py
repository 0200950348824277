"""Whatever happens, what somebody was told last is how it stands, and theirs to see."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from gateway.changes import Change, Changes
from gateway.connector import Account, Pace
from gateway.domain import ApprovableKey, ChangeCause, InvoiceRecord
from gateway.errors import (
    UpstreamError,
    UpstreamRateLimitedError,
    UpstreamResponseError,
    UpstreamTimeoutError,
    UpstreamUnavailableError,
)
from tests.changes.test_snapshots import INVOICE
from tests.changes.watching import OTTIMATE, Watcher
from tests.support import SteppedTime, settle

NAMES = ("1", "2", "3")
PACE = Pace(least_seconds=10, most_seconds=60, keys_per_read=2)
FAULTS = (
    UpstreamUnavailableError("OTTIMATE", "down"),
    UpstreamTimeoutError("OTTIMATE", "slow"),
    UpstreamResponseError("OTTIMATE", "what?"),
    UpstreamRateLimitedError("OTTIMATE", "stop", retry_after_seconds=20),
)
STEPS = st.one_of(
    st.tuples(st.just("change"), st.sampled_from(NAMES)),
    st.tuples(st.just("change and tell"), st.sampled_from(NAMES)),
    st.tuples(st.just("show or hide"), st.sampled_from(NAMES)),
    st.tuples(st.just("repeat"), st.sampled_from(NAMES)),
    st.tuples(st.just("fail"), st.sampled_from([None, *FAULTS])),
    st.tuples(st.just("wait"), st.sampled_from([1.0, 15.0, 90.0])),
)


class Provider:
    """A provider of invoices, slow, that fails as it is told to."""

    invoices = property(lambda self: self)
    targets = None

    def __init__(self, time: SteppedTime) -> None:
        self.time = time
        self.rows = {name: structs.replace(INVOICE, title=name) for name in NAMES}
        self.shown = {"1", "2"}
        self.ever_shown = set(self.shown)
        self.fault: UpstreamError | None = None

    def connect(self, deadline: object) -> "Provider":
        del deadline
        return self

    def get_quota(self) -> None:
        return None

    async def get_invoices(self, keys: Sequence[str]) -> Mapping[str, InvoiceRecord]:
        found = {one: self.rows[one] for one in keys if one in self.shown}
        await self.time.sleep(0.5)
        if self.fault is not None:
            raise self.fault
        return found

    def change(self, name: str) -> None:
        row = self.rows[name]
        version = int(row.source_status) + 1 if row.source_status.isdigit() else 1
        self.rows[name] = structs.replace(row, source_status=str(version))

    def show_or_hide(self, name: str) -> None:
        self.shown ^= {name}
        self.ever_shown |= self.shown

    @property
    def truth(self) -> dict[str, InvoiceRecord | None]:
        return {one: self.rows[one] if one in self.shown else None for one in NAMES}


def key_of(name: str) -> ApprovableKey:
    return ApprovableKey(OTTIMATE, name)


async def take(
    step: tuple[str, Any], provider: Provider, changes: Changes, time: SteppedTime
) -> None:
    match step:
        case "change", name:
            provider.change(name)
        case "change and tell", name:
            provider.change(name)
            changes.tell(key_of(name), ChangeCause.GATEWAY)
            changes.tell(key_of(name), ChangeCause.WEBHOOK)
        case "show or hide", name:
            provider.show_or_hide(name)
        case "repeat", name:
            changes.tell(key_of(name), ChangeCause.WEBHOOK)
        case "fail", fault:
            provider.fault = fault
        case "wait", seconds:
            await time.run(seconds)


def check_told(told: Sequence[Change], provider: Provider) -> None:
    for change in told:
        if change.record is None:
            assert change.key.key in provider.ever_shown


async def play(steps: Sequence[tuple[str, Any]]) -> None:
    time = SteppedTime()
    provider, changes = Provider(time), Changes({OTTIMATE: PACE}, time.clock)
    accounts = {OTTIMATE: cast("Account", provider)}
    keys = [key_of(one) for one in NAMES]
    narrow = Watcher(changes.watch(accounts, None, keys))
    wide = Watcher(changes.watch(accounts, None, None))
    before = provider.truth
    await time.run(1)

    for step in steps:
        await take(step, provider, changes, time)
        await settle()
    provider.fault = None
    await time.run(1000)
    view: dict[Any, Any] = dict(before)
    for change in narrow.changes:
        view[change.key.key] = change.error or change.record
    assert view == provider.truth
    for name in NAMES:
        changes.tell(key_of(name), ChangeCause.WEBHOOK)
    await time.run(100)

    check_told(narrow.changes, provider)
    for name, record in provider.truth.items():
        told = [one.record for one in wide.changes if one.key == key_of(name)]
        assert record is None or told[-1] == record
    assert all(one.record is not None for one in wide.changes)
    await changes.aclose()
    for one in (narrow, wide):
        await one.leave()


@settings(max_examples=60, deadline=None)
@given(st.lists(STEPS, max_size=25))
def test_the_last_that_is_told_is_true(steps: list[tuple[str, Any]]) -> None:
    asyncio.run(play(steps))
