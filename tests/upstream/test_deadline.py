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
