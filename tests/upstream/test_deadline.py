import pytest

from gateway.upstream import Deadline
from tests.support import FakeTime


def test_what_remains_falls_to_zero_and_no_further(time: FakeTime) -> None:
    deadline = Deadline(25.0, time.clock)

    assert deadline.remaining_seconds == 25.0
    time.advance(24.5)
    assert deadline.remaining_seconds == 0.5
    time.advance(10.0)
    assert deadline.remaining_seconds == 0.0


@pytest.mark.parametrize(("allowed", "left"), [(5.0, 10.0), (10.0, 10.0), (12.0, 12.0)])
def test_allowing_seconds_never_shortens_what_remains(
    time: FakeTime, allowed: float, left: float
) -> None:
    deadline = Deadline(10.0, time.clock)

    deadline.allow(allowed)

    assert deadline.remaining_seconds == left


def test_allowed_seconds_count_from_now_even_past_the_deadline(time: FakeTime) -> None:
    deadline = Deadline(10.0, time.clock)
    time.advance(60.0)

    deadline.allow(5.0)

    assert deadline.remaining_seconds == 5.0


def test_it_is_over_when_nothing_remains(time: FakeTime) -> None:
    deadline = Deadline(10.0, time.clock)

    assert deadline.is_over is False
    time.advance(9.9)
    assert deadline.is_over is False
    time.advance(0.1)
    assert (deadline.is_over, deadline.remaining_seconds) == (True, 0.0)


def test_without_a_second_it_is_over_at_once(time: FakeTime) -> None:
    assert Deadline(0.0, time.clock).is_over is True


def test_closing_leaves_their_time_to_those_under_way(time: FakeTime) -> None:
    deadline = Deadline(10.0, time.clock)
    time.advance(4.0)

    deadline.close()

    assert (deadline.is_over, deadline.remaining_seconds) == (True, 6.0)


@pytest.mark.parametrize("passed", [0.0, 60.0])
def test_what_is_closed_stays_so(time: FakeTime, passed: float) -> None:
    deadline = Deadline(10.0, time.clock)
    deadline.close()
    time.advance(passed)

    deadline.close()
    deadline.allow(30.0)

    assert (deadline.is_over, deadline.remaining_seconds) == (True, 30.0)


def test_seconds_that_are_allowed_for_reading_back_let_nothing_new_begin(
    time: FakeTime,
) -> None:
    deadline = Deadline(10.0, time.clock)

    deadline.allow(60.0)
    time.advance(9.9)
    assert deadline.is_over is False
    time.advance(0.1)

    assert (deadline.is_over, deadline.remaining_seconds) == (True, 50.0)


def test_closing_after_the_end_begins_nothing_anew(time: FakeTime) -> None:
    deadline = Deadline(10.0, time.clock)
    time.advance(20.0)

    deadline.close()

    assert (deadline.is_over, deadline.remaining_seconds) == (True, 0.0)
