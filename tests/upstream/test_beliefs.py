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


def test_nothing_is_the_most_of_what_was_not_seen(
    beliefs: Beliefs, time: FakeTime
) -> None:
    assert beliefs.most("rows") == 0

    time.seconds = 0.0

    assert beliefs.most("rows") == 0


def test_the_most_that_was_seen_counts_whatever_comes_after(beliefs: Beliefs) -> None:
    found = []

    for count in (5, 3, 0, 8, 8, 1):
        beliefs.learn_most("rows", count)
        found.append(beliefs.most("rows"))

    assert found == [5, 5, 5, 8, 8, 8]


def test_the_most_is_believed_for_an_hour_from_when_it_was_seen_last(
    beliefs: Beliefs, time: FakeTime
) -> None:
    beliefs.learn_most("rows", 5)
    time.advance(3599)
    # The same again is seen; less is not.
    beliefs.learn_most("rows", 5)
    time.advance(3599)
    beliefs.learn_most("rows", 4)

    assert beliefs.most("rows") == 5
    time.advance(1)
    assert beliefs.most("rows") == 0


def test_after_the_hour_less_is_the_most(beliefs: Beliefs, time: FakeTime) -> None:
    beliefs.learn_most("rows", 50)
    time.advance(3600)

    beliefs.learn_most("rows", 2)

    assert beliefs.most("rows") == 2


def test_the_most_of_each_name_is_its_own_and_no_belief(beliefs: Beliefs) -> None:
    beliefs.learn_most("rows", 5)
    beliefs.learn("pages", works=True)

    assert (beliefs.most("rows"), beliefs.most("pages")) == (5, 0)
    assert (beliefs.believes("rows"), beliefs.believes("pages")) == (None, True)
