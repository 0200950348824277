"""Productive's JSON of bookings, time entries and expenses, and what it becomes."""

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from gateway.domain import ApprovalState, MoneyRecord, TargetType
from gateway.providers.productive import tables, wire
from gateway.providers.productive.documents import Document, parse_one
from gateway.providers.productive.shapes import Resource
from gateway.providers.productive.words import KINDS
from tests.providers.productive.calls import Row, sample

PLUS_ONE = dt.timezone(dt.timedelta(hours=1))


def only(document: Any) -> tuple[Document, Resource]:
    parsed = parse_one(json.dumps(document).encode())
    return parsed, parsed.rows[0]


def target(name: str, **attributes: Any) -> Any:
    document = sample(name)
    document["data"]["attributes"] |= attributes
    return document


def parse(document: Any, type_: TargetType) -> Any:
    return wire.parse_target(*only(document), KINDS[type_])


def test_a_booking_is_read_as_its_sample_tells_it() -> None:
    found = parse(sample("booking"), TargetType.BOOKING)

    assert (found.source_id, found.title, found.note) == (
        "301",
        "spring leave",
        "spring leave",
    )
    assert (found.start_date, found.end_date) == (
        dt.date(2026, 4, 6),
        dt.date(2026, 4, 8),
    )
    assert (found.minutes, found.minutes_per_day, found.working_days) == (
        1440,
        480,
        Decimal(3),
    )
    assert (found.approval_state, found.is_open) == (ApprovalState.PENDING, True)
    assert found.person is not None
    assert found.person.source_id == "12"
    assert found.event is not None
    assert found.event.source_id == "44"
    assert (found.is_draft, found.is_canceled) == (False, False)
    assert found.created_at == dt.datetime(2026, 3, 2, 10, tzinfo=PLUS_ONE)


def test_a_time_entry_is_read_as_its_sample_tells_it() -> None:
    found = parse(sample("time_entry"), TargetType.TIME_ENTRY)

    assert (found.title, found.date, found.minutes, found.billable_minutes) == (
        "review",
        dt.date(2026, 3, 2),
        240,
        240,
    )
    assert (found.approval_state, found.is_open) == (ApprovalState.APPROVED, False)
    assert (found.is_submitted, found.is_invoiced) == (False, False)
    assert (found.service_source_id, found.person) == ("410", None)


def test_an_expense_is_read_as_its_sample_tells_it() -> None:
    found = parse(sample("expense"), TargetType.EXPENSE)

    assert found.title == "train"
    assert found.amount == MoneyRecord(amount=Decimal("42.50"), currency="EUR")
    assert str(found.amount.amount) == "42.50"
    assert (found.quantity, found.exchange_rate) == (Decimal("1.0"), Decimal("1.0"))
    assert found.is_reimbursable is True
    assert (found.approval_state, found.is_open) == (ApprovalState.PENDING, True)


@pytest.mark.parametrize(
    ("hundredths", "amount"),
    [
        (0, "0.00"),
        (1, "0.01"),
        (-4250, "-42.50"),
        (100, "1.00"),
        (10**15 + 1, "10000000000000.01"),
        (None, None),
    ],
)
def test_hundredths_are_exact(hundredths: int | None, amount: str | None) -> None:
    found = parse(target("expense", amount=hundredths), TargetType.EXPENSE)

    shown = None if found.amount is None else str(found.amount.amount)
    assert shown == amount


@pytest.mark.parametrize("hundredths", [42.5, "4250"])
def test_an_amount_that_is_no_whole_number_is_not_understood(
    hundredths: object,
) -> None:
    with pytest.raises(msgspec.ValidationError):
        parse(target("expense", amount=hundredths), TargetType.EXPENSE)


@pytest.mark.parametrize(
    ("told", "state", "is_open"),
    [
        ({}, "PENDING", True),
        ({"approved": True}, "APPROVED", False),
        ({"rejected": True}, "REJECTED", False),
        ({"approved": True, "rejected": True}, "UNKNOWN", False),
        ({"draft": True}, "NOT_REQUIRED", False),
    ],
)
@pytest.mark.parametrize("type_", KINDS)
def test_approved_and_rejected_make_the_state_and_a_draft_asks_nobody(
    type_: TargetType, told: Row, state: str, is_open: bool
) -> None:
    plain = {"approved": False, "rejected": False, "draft": False}

    found = parse(target(KINDS[type_].word, **(plain | told)), type_)

    assert (found.approval_state.value, found.is_open) == (state, is_open)


def test_what_is_canceled_or_deleted_waits_for_nobody() -> None:
    moment = "2026-03-03T09:12:00.000+01:00"
    canceled = parse(target("booking", canceled=True), TargetType.BOOKING)
    deleted = parse(target("expense", deleted_at=moment), TargetType.EXPENSE)

    for found in (canceled, deleted):
        assert found.approval_state is ApprovalState.NOT_REQUIRED
        assert found.is_open is False


@pytest.mark.parametrize(
    ("note", "title"),
    [
        (None, "Time entry"),
        ("", "Time entry"),
        ("<p></p>", "Time entry"),
        ("<p>Travel <em>and</em> set-up</p>", "Travel and set-up"),
        ("<p>a</p><p>b</p>", "a b"),
        ("a\n\n b\t c", "a b c"),
        ("1 &lt; 2 &amp;&nbsp;3", "1 < 2 & 3"),
        ("1 < 2", "1 < 2"),
        ("x" * 121, "x" * 119 + "…"),
        ("x" * 120, "x" * 120),
    ],
)
def test_titles_are_a_line_of_plain_text(note: str | None, title: str) -> None:
    found = parse(target("time_entry", note=note), TargetType.TIME_ENTRY)

    assert (found.title, found.note) == (title, note)


@pytest.mark.parametrize("name", ["booking", "time_entry", "expense"])
def test_duties_that_were_not_included_are_not_taken_for_none(name: str) -> None:
    [kind] = [kind for kind in KINDS.values() if kind.word == name]

    with pytest.raises(ValueError, match="without approval_statuses"):
        tables.TARGETS[kind.target_type].parse(*only(sample(name)))


def test_duties_of_which_only_ids_came_are_not_understood() -> None:
    document = sample("booking")
    listed = {"data": [{"type": "approval_statuses", "id": "5001"}]}
    document["data"]["relationships"]["approval_statuses"] = listed

    with pytest.raises(msgspec.ValidationError):
        tables.TARGETS[TargetType.BOOKING].parse(*only(document))


def test_no_duties_are_none() -> None:
    document = sample("booking")
    document["data"]["relationships"]["approval_statuses"] = {"data": []}

    found = tables.TARGETS[TargetType.BOOKING].parse(*only(document))

    assert (found.statuses, found.is_whole) == ([], False)
