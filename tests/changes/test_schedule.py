"""When a poll is due: rules over numbers, and no clock."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.changes.schedule import Schedule, count_reads
from gateway.connector import Pace
from gateway.domain import QuotaRecord

PACE = Pace(least_seconds=10, most_seconds=100, keys_per_read=50)
SHARED = Pace(least_seconds=10, most_seconds=100, keys_per_read=50, reads_per_hour=120)
NOW = datetime(2026, 11, 2, 18, 0, tzinfo=UTC)


def quota(remaining: int | None, resets_in: float | None = None) -> QuotaRecord:
    resets_at = None if resets_in is None else NOW + timedelta(seconds=resets_in)
    return QuotaRecord(limit=1000, remaining=remaining, resets_at=resets_at)


@pytest.mark.parametrize(("keys", "reads"), [(0, 0), (1, 1), (50, 1), (51, 2)])
def test_so_many_keys_take_so_many_reads(keys: int, reads: int) -> None:
    assert count_reads(keys, PACE) == reads


@pytest.mark.parametrize(("keys", "seconds"), [(1, 10), (50, 10), (51, 20), (900, 180)])
def test_more_objects_are_read_more_rarely(keys: int, seconds: float) -> None:
    schedule = Schedule(PACE, 0)
    schedule.fit(keys, count_reads(keys, PACE))
    schedule.found(0, changed=True)

    assert schedule.next_at == seconds


@pytest.mark.parametrize(("reads", "seconds"), [(1, 30), (3, 90), (10, 300)])
def test_a_limit_that_all_accounts_share_is_kept_by_all(
    reads: int, seconds: float
) -> None:
    schedule = Schedule(SHARED, 0)
    schedule.fit(1, reads)
    schedule.found(0, changed=True)

    assert schedule.next_at == seconds


@pytest.mark.parametrize(
    ("left", "held_until"),
    [
        (None, 0),
        (quota(None, 5000), 0),
        (quota(500, 5000), 0),
        (quota(499, 5000), 100),
        (quota(0, 40), 40),
        (quota(0, 1), 10),
        (quota(0), 100),
        (QuotaRecord(limit=None, remaining=3, resets_at=None), 0),
    ],
)
def test_half_of_a_quota_is_left_to_decisions(
    left: QuotaRecord | None, held_until: float
) -> None:
    schedule = Schedule(PACE, 0)
    schedule.fit(1, 1)

    is_held = schedule.keeps_back(left, 0, NOW)

    assert (is_held, schedule.next_at) == (held_until > 0, held_until)


@pytest.mark.parametrize(("told", "next_at"), [(None, 20), (5, 20), (700, 700)])
def test_after_a_failure_it_waits_longer_and_as_it_was_told(
    told: float | None, next_at: float
) -> None:
    schedule = Schedule(PACE, 0)
    schedule.fit(1, 1)

    schedule.failed(0, told)
    schedule.hasten(1)

    assert schedule.next_at == next_at


@given(
    st.lists(
        st.sampled_from(["changed", "same", "failed", "hasten", "low"]), max_size=40
    ),
    st.integers(1, 400),
)
def test_no_poll_comes_sooner_than_the_least_nor_later_than_the_most(
    steps: list[str], keys: int
) -> None:
    schedule = Schedule(PACE, 0)
    schedule.fit(keys, count_reads(keys, PACE))
    least = 10 * count_reads(keys, PACE)
    now = 0.0
    for step in steps:
        match step:
            case "failed":
                schedule.failed(now, None)
            case "low":
                schedule.keeps_back(quota(0), now, NOW)
            case "hasten":
                schedule.hasten(now)
                assert schedule.next_at - now <= max(100, least)
                continue
            case _:
                schedule.found(now, changed=step == "changed")
        assert least <= schedule.next_at - now <= max(100, least)
        now = schedule.next_at
