"""Pages that overlap, of a list that is paged by number alone."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.upstream import page_after

MOST = 99
REPEATABLE = settings(deadline=None, derandomize=True, database=None)


@pytest.mark.parametrize("most", [2, 50, 99, 200])
def test_a_list_begins_with_its_largest_page(most: int) -> None:
    assert page_after(0, most) == (1, most)


@pytest.mark.parametrize(
    ("count", "page"),
    [
        (1, (1, 99)),
        (50, (1, 99)),
        (98, (2, 97)),
        # What came last is not on the second page of the same size.
        (99, (2, 98)),
        (100, (2, 99)),
        (196, (3, 97)),
        (197, (3, 98)),
        (2000, (22, 95)),
    ],
)
def test_the_page_that_reaches_farthest_is_asked_for(
    count: int, page: tuple[int, int]
) -> None:
    assert page_after(count, MOST) == page


@settings(REPEATABLE)
@given(count=st.integers(1, 100_000), most=st.integers(2, 300))
def test_the_last_row_is_on_a_page_that_reaches_as_far_as_any(
    count: int, most: int
) -> None:
    number, size = page_after(count, most)

    assert most // 2 <= size <= most
    assert (number - 1) * size < count <= number * size
    reaches = [-(-count // one) * one for one in range(most // 2, most + 1)]
    assert number * size == max(reaches)


@settings(REPEATABLE)
@given(count=st.integers(1, 5_000))
def test_each_page_has_many_that_are_new(count: int) -> None:
    number, size = page_after(count, MOST)

    assert number * size - count >= MOST // 2


def test_a_list_is_passed_in_few_pages() -> None:
    count = calls = 0

    while count < 2_000:
        number, size = page_after(count, MOST)
        count, calls = number * size, calls + 1

    assert calls == 23
