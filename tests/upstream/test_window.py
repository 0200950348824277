"""Calls that are counted in windows which slide with the time."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import QuotaRecord
from gateway.errors import UpstreamRateLimitedError
from gateway.upstream import Clock, Limit, Window
from gateway.upstream.window import WindowLog
from tests.support import FakeTime
from tests.upstream.scripted import USED_UP, limited, told_by

SHORT = Window(calls=3, seconds=10.0, is_waited_for=True)
LONG = Window(calls=5, seconds=100.0, is_waited_for=False)


def _limit(clock: Clock, *windows: Window) -> Limit:
    return Limit("ALPHA", clock, windows=windows)


def _take(limit: Limit, calls: int) -> None:
    for _ in range(calls):
        limit.take()


# What is granted


@pytest.mark.parametrize("is_waited_for", [True, False])
def test_a_window_grants_as_many_calls_as_are_given_and_not_one_more(
    time: FakeTime, is_waited_for: bool
) -> None:
    window = Window(calls=3, seconds=10.0, is_waited_for=is_waited_for)
    limit = _limit(time.clock, window)

    _take(limit, 3)

    assert [told_by(limit) for _ in range(2)] == [(USED_UP, 10)] * 2


def test_each_call_is_granted_again_when_its_own_time_is_over(time: FakeTime) -> None:
    limit = _limit(time.clock, SHORT)
    for _ in range(3):
        limit.take()
        time.advance(2.0)
    answers = [told_by(limit)]

    time.advance(3.5)
    answers.append(told_by(limit))
    time.advance(0.5)
    limit.take()
    answers.append(told_by(limit))
    time.advance(2.0)
    limit.take()
    answers.append(told_by(limit))

    assert answers == [(USED_UP, 4), (USED_UP, 1), (USED_UP, 2), (USED_UP, 2)]


def test_no_two_windows_that_touch_hold_twice_the_calls(time: FakeTime) -> None:
    """As windows that begin at full hours or minutes would."""
    limit = _limit(time.clock, SHORT)
    time.advance(9.0)
    _take(limit, 3)

    time.advance(1.0)

    assert told_by(limit) == (USED_UP, 9)


def test_every_window_is_kept_and_the_last_to_open_is_told(time: FakeTime) -> None:
    limit = _limit(time.clock, SHORT, LONG)
    _take(limit, 3)
    answers = [told_by(limit)]

    time.advance(10.0)
    _take(limit, 2)
    answers.append(told_by(limit))
    time.advance(90.0)
    _take(limit, 3)
    answers.append(told_by(limit))

    assert answers == [(USED_UP, 10), (USED_UP, 90), (USED_UP, 10)]


def test_a_call_that_is_held_back_is_counted_in_no_window(time: FakeTime) -> None:
    limit = _limit(time.clock, SHORT, LONG)
    _take(limit, 3)
    assert told_by(limit) == (USED_UP, 10)
    assert limit.remaining == 2

    limit.spend(limited(60))

    assert told_by(limit) == ("Spent.", 60)
    time.advance(60.0)
    assert limit.remaining == 2


def test_a_call_that_the_hour_holds_back_is_counted_in_no_window(
    time: FakeTime,
) -> None:
    limit = Limit("ALPHA", time.clock, per_hour=1, windows=[SHORT])
    limit.take()

    answer = told_by(limit)

    assert answer == ("The provider's limit for this hour is used up.", 3600)
    assert limit.remaining == 2


def test_only_what_is_not_waited_for_holds_back_a_call_that_is_prepared(
    time: FakeTime,
) -> None:
    limit = _limit(time.clock, SHORT, LONG)
    _take(limit, 3)
    limit.check()
    time.advance(10.0)
    _take(limit, 2)

    with pytest.raises(UpstreamRateLimitedError) as raised:
        limit.check()

    assert raised.value.message == USED_UP
    assert raised.value.retry_after_seconds == 90


@pytest.mark.parametrize("seconds", [4.0, 9.0])
def test_what_opens_no_later_than_what_is_waited_for_holds_back_nobody(
    time: FakeTime, seconds: float
) -> None:
    brief = Window(calls=1, seconds=seconds, is_waited_for=False)
    limit = _limit(time.clock, brief, Window(calls=1, seconds=9.0, is_waited_for=True))
    limit.take()

    limit.check()

    assert told_by(limit) == (USED_UP, 9)


@pytest.mark.parametrize("is_waited_for", [True, False])
def test_a_window_has_room_though_time_passes_while_it_is_asked(
    time: FakeTime, is_waited_for: bool
) -> None:
    """Real time never stands still between two looks at it."""

    def monotonic() -> float:
        time.advance(0.001)
        return time.seconds

    clock = Clock(monotonic=monotonic, now=lambda: time.instant)
    other = Window(calls=9, seconds=70.0, is_waited_for=not is_waited_for)
    window = Window(calls=5, seconds=60.0, is_waited_for=is_waited_for)
    limit = _limit(clock, window, other)

    _take(limit, 5)

    assert told_by(limit) == (USED_UP, 60)
    assert limit.remaining == 4


def test_a_limit_that_is_used_up_is_not_one_that_the_provider_called_spent(
    time: FakeTime,
) -> None:
    limit = _limit(time.clock, LONG)

    _take(limit, 5)

    assert not limit.is_spent


_STEPS = st.lists(st.integers(min_value=0, max_value=40), max_size=120)


def _windows(unit: float) -> st.SearchStrategy[list[Window]]:
    window = st.builds(
        Window,
        calls=st.integers(min_value=1, max_value=6),
        seconds=st.integers(min_value=1, max_value=90).map(lambda n: n * unit),
        is_waited_for=st.booleans(),
    )
    return st.lists(window, min_size=1, max_size=3)


@given(steps=_STEPS, windows=_windows(0.25))
def test_no_interval_holds_more_calls_than_granted_and_none_is_held_back_in_vain(
    steps: list[int], windows: list[Window]
) -> None:
    """Quarters are exact as floats, so this is to the instant."""
    time = FakeTime()
    limit = _limit(time.clock, *windows)
    left: list[float] = []

    for step in steps:
        time.advance(step * 0.25)
        opens_at = [
            left[-window.calls] + window.seconds
            for window in windows
            if len(left) >= window.calls
        ]
        if max(opens_at, default=0.0) > time.seconds:
            _, seconds = told_by(limit)
            assert seconds is not None
            assert 0 <= seconds - (max(opens_at) - time.seconds) < 1
        else:
            limit.take()
            left.append(time.seconds)

    for window in windows:
        pairs = zip(left, left[window.calls :], strict=False)
        assert all(later - first >= window.seconds for first, later in pairs)


@given(
    steps=st.lists(st.floats(min_value=0.0, max_value=7.0), max_size=60),
    windows=_windows(0.1),
)
def test_what_is_waited_for_comes_whatever_the_floats(
    steps: list[float], windows: list[Window]
) -> None:
    time = FakeTime()
    logs = [WindowLog(window) for window in windows]

    for step in steps:
        time.advance(step)
        waits = 0
        while seconds := max(log.opens_at(time.seconds, 0) for log in logs) - (
            time.seconds
        ):
            time.advance(seconds)
            waits += 1
        assert waits <= 2
        for log in logs:
            log.add(time.seconds)
            assert 0 < log.count(time.seconds) <= log.window.calls


# Who is ahead


@pytest.mark.parametrize(
    ("ahead", "seconds"),
    [(0, 0), (1, 4), (2, 7), (3, 10), (4, 14), (5, 17), (6, 20), (300, 1000)],
)
def test_those_ahead_fill_a_window_as_they_leave(ahead: int, seconds: int) -> None:
    log = WindowLog(SHORT)
    log.add(0.0)
    log.add(3.0)

    assert log.opens_at(6.0, ahead) == 6.0 + seconds


# What is left


def test_the_longest_window_need_not_grant_most(time: FakeTime) -> None:
    brief = Window(calls=9, seconds=10.0, is_waited_for=True)
    limit = _limit(time.clock, LONG, brief)
    limit.take()

    assert limit.remaining == 4


def test_nothing_is_told_of_a_limit_without_windows(time: FakeTime) -> None:
    limit = Limit("ALPHA", time.clock, per_hour=3)
    limit.take()

    assert limit.remaining is None
    assert limit.get_quota() is None


@pytest.mark.parametrize("windows", [(SHORT, LONG), (LONG, SHORT)])
def test_what_is_left_is_that_of_the_longest_window(
    time: FakeTime, windows: tuple[Window, ...]
) -> None:
    limit = _limit(time.clock, *windows)
    quotas = [limit.get_quota()]
    start = time.instant

    _take(limit, 2)
    time.advance(30.0)
    limit.take()
    quotas.append(limit.get_quota())
    time.advance(70.0)
    quotas.append(limit.get_quota())
    time.advance(30.0)
    quotas.append(limit.get_quota())

    resets_at = start + timedelta(seconds=130)
    assert quotas == [
        QuotaRecord(limit=5, remaining=5, resets_at=None),
        QuotaRecord(limit=5, remaining=2, resets_at=resets_at),
        QuotaRecord(limit=5, remaining=4, resets_at=resets_at),
        QuotaRecord(limit=5, remaining=5, resets_at=None),
    ]
    assert limit.remaining == 5


@pytest.mark.parametrize(("taken", "told_seconds"), [(0, 60), (1, 60), (1, 300)])
def test_nothing_is_left_of_a_limit_that_the_provider_calls_spent(
    time: FakeTime, taken: int, told_seconds: int
) -> None:
    limit = _limit(time.clock, LONG)
    _take(limit, taken)

    limit.spend(limited(told_seconds))

    seconds = max(100 * taken, told_seconds)
    assert limit.remaining == 0
    assert limit.get_quota() == QuotaRecord(
        limit=5, remaining=0, resets_at=time.instant + timedelta(seconds=seconds)
    )
    time.advance(told_seconds)
    assert limit.remaining == (4 if told_seconds < 100 * taken else 5)
