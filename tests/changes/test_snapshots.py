"""What is compared of an object, and what is passed over."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.changes.snapshots import create_snapshot, renew
from gateway.domain import (
    ApprovalState,
    ApprovalStatusRecord,
    AttachmentRecord,
    CounterpartyRecord,
    InvoiceDetailsRecord,
    InvoiceRecord,
    InvoiceStatus,
    LineRecord,
    MoneyRecord,
    ProviderName,
    TargetDetails,
    TargetType,
    UserRecord,
)
from tests.approvals import records

NOW = datetime(2026, 11, 2, 18, 0, tzinfo=UTC)
LINE = LineRecord(description="Oars", quantity=None, unit_price=None, total=None)
LINES = InvoiceDetailsRecord(lines=[LINE], history=None)
INVOICE = msgspec.structs.replace(
    records.INVOICE,
    counterparty=CounterpartyRecord(source_id="c1", name="Oars & Co"),
    total=MoneyRecord(amount=Decimal("7.00"), currency="EUR"),
    updated_at=NOW,
    url="https://accounteer.example/1?token=a",
    attachments=[AttachmentRecord(name=None, url="https://files.example/1?expires=1")],
)
PERSON = UserRecord(source_id="9", display_name="Ann Hale", email="ann@harbor.example")


def duty(source_id: str, **more: Any) -> ApprovalStatusRecord:
    told: dict[str, Any] = {
        "id": source_id,
        "provider": ProviderName.PRODUCTIVE,
        "source_id": source_id,
        "state": ApprovalState.PENDING,
        "target_type": TargetType.BOOKING,
        "target": None,
        "approver": PERSON,
        "actual_approver": None,
        "dynamic_approver_type": None,
        "fallback_approver_type": None,
        "group_key": None,
        "approved_at": None,
        "rejected_at": None,
        "note": None,
        "workflow": None,
        "organization_source_id": "900",
    }
    return ApprovalStatusRecord(**{**told, **more})


BOOKING = TargetDetails(
    target=msgspec.structs.replace(records.BOOKING, person=PERSON),
    statuses=[duty("5"), duty("6")],
    is_whole=True,
)


def is_change(
    former: InvoiceRecord | TargetDetails | None,
    now: InvoiceRecord | TargetDetails | None,
) -> bool:
    return renew(create_snapshot(former), create_snapshot(now))[1]


@pytest.mark.parametrize(
    "passed_over",
    [
        {"title": "7"},
        {"counterparty": CounterpartyRecord(source_id="c1", name=None)},
        {"url": "https://accounteer.example/1?token=b"},
        {"attachments": None},
        {"total": MoneyRecord(amount=Decimal("7.0"), currency="EUR")},
        {"details": LINES},
    ],
)
def test_what_is_told_otherwise_each_time_is_no_change(
    passed_over: dict[str, Any],
) -> None:
    other = msgspec.structs.replace(INVOICE, **passed_over)

    assert is_change(INVOICE, other) is False
    assert is_change(other, INVOICE) is False


@pytest.mark.parametrize(
    "changed",
    [
        {"status": InvoiceStatus.APPROVED},
        {"approval_state": ApprovalState.APPROVED},
        {"counterparty": CounterpartyRecord(source_id="c2", name="Oars & Co")},
        {"counterparty": None},
        {"total": MoneyRecord(amount=Decimal("7.01"), currency="EUR")},
        {"amount_due": MoneyRecord(amount=Decimal("7.01"), currency="EUR")},
        {"updated_at": NOW.replace(hour=19)},
    ],
)
def test_what_matters_to_an_approval_is_a_change(changed: dict[str, Any]) -> None:
    assert is_change(INVOICE, msgspec.structs.replace(INVOICE, **changed)) is True


def test_a_name_is_who_it_is_where_no_id_is_told() -> None:
    first, second = (
        msgspec.structs.replace(
            INVOICE, counterparty=CounterpartyRecord(source_id=None, name=name)
        )
        for name in ("Oars & Co", "Sails & Co")
    )

    assert is_change(first, second) is True


def test_lines_are_compared_with_those_that_were_told_last() -> None:
    """A list of Accounteer may come without them, a single read has them."""
    others = InvoiceDetailsRecord(
        lines=[msgspec.structs.replace(LINE, description="Sails")], history=None
    )
    told = msgspec.structs.replace(INVOICE, details=LINES)
    known, _ = renew(create_snapshot(told), create_snapshot(INVOICE))

    changed = msgspec.structs.replace(INVOICE, details=others)

    assert renew(known, create_snapshot(told))[1] is False
    assert renew(known, create_snapshot(changed))[1] is True


def test_what_comes_or_goes_is_a_change() -> None:
    assert is_change(None, INVOICE) is True
    assert is_change(INVOICE, None) is True
    assert is_change(None, None) is False


@given(st.permutations([duty("5"), duty("6"), duty("7")]))
def test_the_order_of_duties_is_no_change(
    statuses: list[ApprovalStatusRecord],
) -> None:
    first = msgspec.structs.replace(BOOKING, statuses=[duty("5"), duty("6"), duty("7")])

    assert is_change(first, msgspec.structs.replace(first, statuses=statuses)) is False


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"state": ApprovalState.APPROVED, "approved_at": NOW}, True),
        ({"actual_approver": PERSON}, True),
        ({"note": "Fine."}, True),
        ({"approver": msgspec.structs.replace(PERSON, display_name="A. Hale")}, False),
        ({"approver": msgspec.structs.replace(PERSON, source_id="8")}, True),
        ({"approver": None}, True),
    ],
)
def test_a_duty_is_its_decision_and_whose_it_is(
    more: dict[str, Any], expected: bool
) -> None:
    other = msgspec.structs.replace(BOOKING, statuses=[duty("5", **more), duty("6")])

    assert is_change(BOOKING, other) is expected


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"title": "Leave · A. Hale"}, False),
        ({"person": msgspec.structs.replace(PERSON, email=None)}, False),
        ({"person": None}, True),
        ({"manager_source_id": "4"}, True),
        ({"approval_state": ApprovalState.APPROVED}, True),
        ({"minutes": 240}, True),
    ],
)
def test_a_target_is_what_is_decided_upon(more: dict[str, Any], expected: bool) -> None:
    target = msgspec.structs.replace(BOOKING.target, **more)

    other = msgspec.structs.replace(BOOKING, target=target)

    assert is_change(BOOKING, other) is expected
