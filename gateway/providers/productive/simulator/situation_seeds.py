"""The targets with a meaning, as data; `situations` says what each of them is."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from itertools import zip_longest
from typing import Any

from gateway.providers.productive.simulator import situations as ids
from gateway.providers.productive.simulator.directory import (
    ACCOUNTANT,
    APPROVER,
    AUDITOR,
    CLERK,
    CONTROLLER,
    DEACTIVATED,
    LEFT_ALONE,
    SECOND,
    SECOND_STAFF,
    THIRD,
    THIRD_STAFF,
    UNMANAGED,
)
from gateway.providers.productive.simulator.objects import ALL, MANAGER
from gateway.providers.productive.simulator.replies import ZONE
from gateway.providers.productive.simulator.seeds import (
    BOTH,
    Act,
    Duty,
    Seed,
    any_of,
    approved,
    before_start,
    by_hand,
    rejected,
)
from gateway.providers.productive.simulator.setup import (
    ELSEWHERE_LEAVE,
    PARENTAL,
    REMOTE,
    SICK,
    UNPAID,
    VACATION,
)

_EXAMPLE_DAY = date(2026, 3, 2)
_FIRST_LEAVE = date(2026, 11, 9)
_FIRST_WORK = date(2026, 10, 5)
_HTML = "<p>See <strong>plan B</strong> &amp; call me.</p>"


def _example(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=ZONE)


def _booking(one_id: str, event_id: str | None, **rest: Any) -> Seed:
    place = int(one_id) - int(ids.BOOKING_EXAMPLE)
    plain: Mapping[str, Any] = {
        "day": _FIRST_LEAVE + timedelta(days=2 * place),
        "created_at": before_start(60 + 7 * place),
        "days": 2,
        **rest,
    }
    return Seed(kind="booking", id=one_id, event_id=event_id, **plain)


def _entry(one_id: str, service_id: str, **rest: Any) -> Seed:
    place = int(one_id) - int(ids.ENTRY_EXAMPLE)
    plain: Mapping[str, Any] = {
        "day": _FIRST_WORK + timedelta(days=place),
        "created_at": before_start(300 - 11 * place),
        "minutes": 60 + 15 * place,
        **rest,
    }
    return Seed(kind="time_entry", id=one_id, service_id=service_id, **plain)


def _expense(
    one_id: str, service_id: str, title: str, amount: int, **rest: Any
) -> Seed:
    place = int(one_id) - int(ids.EXPENSE_EXAMPLE)
    plain: Mapping[str, Any] = {
        "day": _FIRST_WORK + timedelta(days=place),
        "created_at": before_start(310 - 13 * place),
        **rest,
    }
    return Seed(
        kind="expense",
        id=one_id,
        service_id=service_id,
        title=title,
        amount=amount,
        **plain,
    )


def _row(key: str, **rest: Any) -> Duty:
    return Duty(key=key, requirement_id=ALL, workflow_id="31", **rest)


_EXAMPLE_ROWS = (
    _row("wf31-a", approver_id=APPROVER),
    _row("wf31-b", role=MANAGER),
)
_SHARED_ROWS = (
    _row("wf31-a", approver_id=CONTROLLER),
    _row("wf31-a", approver_id=APPROVER),
    _row("wf31-b", approver_id=ACCOUNTANT),
)
_BOOKINGS = (
    _booking(
        ids.BOOKING_EXAMPLE,
        VACATION,
        day=date(2026, 4, 6),
        days=3,
        created_at=_example(2, 10),
        note="spring leave",
        duties=_EXAMPLE_ROWS,
        acts=(Act(verb="approve", by=APPROVER, note="fine", at=_example(3, 9, 12)),),
    ),
    _booking(ids.BOOKING_ANY, REMOTE),
    _booking(ids.BOOKING_ALL, UNPAID),
    _booking(ids.BOOKING_ALL_HALF, UNPAID, acts=(approved(APPROVER, 1, "ok"),)),
    _booking(ids.BOOKING_MANAGER, PARENTAL, days=20),
    _booking(ids.BOOKING_UNMANAGED, VACATION, person_id=UNMANAGED),
    _booking(ids.BOOKING_MANAGER_DEACTIVATED, VACATION, person_id=LEFT_ALONE),
    _booking(ids.BOOKING_GROUP, VACATION, duties=_SHARED_ROWS),
    _booking(
        ids.BOOKING_GROUP_SETTLED,
        VACATION,
        duties=_SHARED_ROWS,
        acts=(approved(APPROVER, 1),),
    ),
    _booking(
        ids.BOOKING_TWO_DUTIES,
        VACATION,
        duties=(_row("wf31-a", approver_id=CONTROLLER), _row("wf31-b", role=MANAGER)),
    ),
    _booking(
        ids.BOOKING_REJECTED,
        UNPAID,
        acts=(rejected(CONTROLLER, 0, "Too short notice"),),
    ),
    _booking(
        ids.BOOKING_APPROVED, UNPAID, acts=(approved(CONTROLLER), approved(APPROVER, 1))
    ),
    _booking(ids.BOOKING_ANY_APPROVED, REMOTE, acts=(approved(APPROVER, 1),)),
    _booking(ids.BOOKING_CANCELED, UNPAID, is_canceled=True),
    _booking(ids.BOOKING_DRAFT, VACATION, draft=True),
    _booking(ids.BOOKING_AT_ONCE, SICK, days=1),
    _booking(
        ids.BOOKING_ON_BEHALF,
        REMOTE,
        duties=any_of(CONTROLLER),
        acts=(approved(AUDITOR, 0, "The controller is away"),),
    ),
    _booking(ids.BOOKING_APPROVER_DEACTIVATED, VACATION, duties=any_of(DEACTIVATED)),
    _booking(
        ids.BOOKING_HTML, UNPAID, note=_HTML, acts=(approved(APPROVER, 1, "<p>Ok</p>"),)
    ),
    _booking(ids.BOOKING_PROJECT, None, service_id="410", minutes=240),
    _booking(
        ids.BOOKING_APPROVED_THEN_REJECTED,
        UNPAID,
        acts=(approved(APPROVER, 1), rejected(CONTROLLER, 0, "Not this week")),
    ),
    _booking(
        ids.BOOKING_WORKFLOW_DELETED, VACATION, duties=any_of(CONTROLLER, ACCOUNTANT)
    ),
    _booking(ids.BOOKING_OWN, VACATION, duties=by_hand(CLERK)),
    _booking(ids.BOOKING_OF_CONTROLLER, VACATION, person_id=CONTROLLER),
    _booking(
        ids.BOOKING_UNAPPROVED,
        REMOTE,
        acts=(approved(CONTROLLER), Act(verb="unapprove", by=CONTROLLER)),
    ),
    _booking(
        ids.BOOKING_SECOND,
        ELSEWHERE_LEAVE,
        organization_id=SECOND,
        person_id=SECOND_STAFF,
    ),
    _booking(ids.BOOKING_THIRD, None, organization_id=THIRD, person_id=THIRD_STAFF),
)
_ENTRIES = (
    _entry(
        ids.ENTRY_EXAMPLE,
        "410",
        day=_EXAMPLE_DAY,
        minutes=240,
        note="review",
        created_at=_example(2, 17),
        acts=(Act(verb="approve", by=ACCOUNTANT, at=_example(3, 9)),),
    ),
    _entry(ids.ENTRY_BUDGET_OWNER, "410", note="workshop"),
    _entry(ids.ENTRY_TWO_ROLES, "412", note="mock-ups"),
    _entry(ids.ENTRY_TWO_ROLES_HALF, "412", acts=(approved(ACCOUNTANT),)),
    _entry(ids.ENTRY_OWNER_FALLBACK, "413"),
    _entry(ids.ENTRY_BUDGET_FALLBACK, "416"),
    _entry(ids.ENTRY_TODAY, "410", note="today"),
    _entry(ids.ENTRY_REJECTED, "410", acts=(rejected(ACCOUNTANT, 0, "wrong service"),)),
    _entry(ids.ENTRY_AT_ONCE, "414"),
    _entry(ids.ENTRY_INVOICED, "410", acts=(approved(ACCOUNTANT),), is_invoiced=True),
    _entry(ids.ENTRY_ANY, "410", duties=any_of(*BOTH)),
    _entry(ids.ENTRY_DRAFT, "410", draft=True),
    _entry(
        ids.ENTRY_UNAPPROVED,
        "410",
        acts=(approved(ACCOUNTANT), Act(verb="unapprove", by=ACCOUNTANT)),
    ),
    _entry(ids.ENTRY_HTML, "412", note=_HTML),
    _entry(ids.ENTRY_OF_CONTROLLER, "411", person_id=CONTROLLER),
)
_EXPENSES = (
    _expense(
        ids.EXPENSE_EXAMPLE,
        "411",
        "train",
        4250,
        day=_EXAMPLE_DAY,
        created_at=_example(2, 10),
    ),
    _expense(ids.EXPENSE_ANY, "412", "prints", 1980),
    _expense(ids.EXPENSE_AUTOMATIC, "414", "labels", 660),
    _expense(ids.EXPENSE_DELETED, "412", "wrong receipt", 100, is_deleted=True),
    _expense(
        ids.EXPENSE_BY_HAND,
        "412",
        "camera",
        89_900,
        duties=by_hand(*BOTH),
        acts=(approved(APPROVER, 1),),
    ),
    _expense(
        ids.EXPENSE_REJECTED,
        "412",
        "dinner",
        21_400,
        acts=(rejected(CONTROLLER, 0, "private"),),
    ),
    _expense(
        ids.EXPENSE_PAID,
        "412",
        "hotel",
        32_000,
        acts=(approved(CONTROLLER),),
        paid_on=date(2026, 10, 28),
    ),
    _expense(ids.EXPENSE_DRAFT, "412", "unfinished", 0, draft=True),
    _expense(
        ids.EXPENSE_ON_BEHALF,
        "412",
        "taxi",
        3_150,
        duties=any_of(CONTROLLER),
        acts=(approved(AUDITOR),),
        reimbursed_on=date(2026, 10, 29),
    ),
    _expense(
        ids.EXPENSE_APPROVER_DEACTIVATED,
        "412",
        "cables",
        2_390,
        duties=by_hand(DEACTIVATED, CONTROLLER),
    ),
    _expense(
        ids.EXPENSE_ONE_BY_HAND, "412", "desk", 41_000, duties=by_hand(CONTROLLER)
    ),
    _expense(ids.EXPENSE_DOLLARS, "412", "licence", 12_000, currency="USD"),
    _expense(ids.EXPENSE_ALL_HALF, "411", "flight", 28_800, acts=(approved(APPROVER),)),
    _expense(ids.EXPENSE_TWO_DUTIES, "416", "snacks", 5_470, person_id="29"),
)

# The kinds take turns, so that the first rows by id are a mixture of all.
SITUATION_SEEDS = tuple(
    seed
    for three in zip_longest(_BOOKINGS, _ENTRIES, _EXPENSES)
    for seed in three
    if seed is not None
)
