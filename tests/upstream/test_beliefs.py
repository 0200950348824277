"""What was seen of an account, and for how long it is believed."""

import pytest

from gateway.upstream import Beliefs
from tests.support import FakeTime


@pytest.fixture
def beliefs(time: FakeTime) -> Beliefs:
    return Beliefs(time.clock)


def test_nothing_is_believed_of_what_was_not_seen(
    beliefs: Beliefs, time: FakeTime
) -> None:
    """Also where the clock has just started."""
    assert beliefs.believes("a call") is None

    time.seconds = 0.0

    assert beliefs.believes("a call") is None


@pytest.mark.parametrize("works", [True, False])
def test_what_was_seen_is_believed_for_an_hour(
    beliefs: Beliefs, time: FakeTime, works: bool
) -> None:
    beliefs.learn("a call", works=works)

    assert beliefs.believes("a call") is works
    time.advance(3599.9)
    assert beliefs.believes("a call") is works
    time.advance(0.1)
    assert beliefs.believes("a call") is None


def test_the_last_that_was_seen_counts(beliefs: Beliefs) -> None:
    for works in (True, False, True):
        beliefs.learn("a call", works=works)

        assert beliefs.believes("a call") is works


def test_the_hour_begins_when_it_was_last_seen(
    beliefs: Beliefs, time: FakeTime
) -> None:
    beliefs.learn("a call", works=False)
    time.advance(3599)
    beliefs.learn("a call", works=False)
    time.advance(3599)

    assert beliefs.believes("a call") is False

    time.advance(1)
    assert beliefs.believes("a call") is None


def test_what_ended_is_learned_anew(beliefs: Beliefs, time: FakeTime) -> None:
    beliefs.learn("a call", works=False)
    time.advance(3600)

    beliefs.learn("a call", works=True)

    assert beliefs.believes("a call") is True


def test_each_name_is_believed_for_itself(beliefs: Beliefs, time: FakeTime) -> None:
    beliefs.learn("a call", works=True)
    time.advance(1800)
    beliefs.learn("a filter", works=False)

    assert beliefs.believes("a call") is True
    assert beliefs.believes("a filter") is False
    assert beliefs.believes("A call") is None
    time.advance(1800)
    assert beliefs.believes("a call") is None
    assert beliefs.believes("a filter") is False


def test_each_account_has_its_own(beliefs: Beliefs, time: FakeTime) -> None:
    beliefs.learn("a call", works=False)

    assert Beliefs(time.clock).believes("a call") is None
