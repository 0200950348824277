"""Many decisions in one call that go out one by one, and how each of them ends."""

from collections.abc import Callable

import pytest

from gateway.connector import AskedDecision, Written
from gateway.domain import Decision, Outcome
from gateway.errors import ConflictError
from gateway.providers.productive.connector import ProductiveConnector
from gateway.providers.productive.simulator import situations as ids
from gateway.providers.productive.simulator.directory import CONTROLLER
from gateway.sandbox import Sandbox
from tests.providers.productive.calls import MEMBERSHIPS, answers, problem
from tests.providers.productive.deciding import (
    NO_TARGET,
    NOT_YOURS,
    UNCHANGED,
    Office,
    fault_of,
    sent,
)
from tests.providers.productive.many import (
    ALREADY,
    APPLIED,
    UNKNOWN,
    approve,
    key_of,
    refused,
    reject,
)
from tests.providers.productive.reading import connect, open_account
from tests.support import (
    FakeTime,
    RecordingTransport,
    never_arrives,
    never_leaves,
    writes,
)

NO_FORCE = (
    "Productive cannot force an approval; who has the right approves each duty on "
    "behalf of its approver. Leave `force` out. Nothing was sent."
)


async def test_each_is_looked_at_right_before_it_is_sent(office: Office) -> None:
    rejected = office.row(ids.ENTRY_ANY).id
    approved = office.row(ids.BOOKING_ANY).id
    noted = office.row(ids.EXPENSE_ANY).id

    results = await office.decide(
        reject(office.status_id(ids.ENTRY_ANY), note="no"),
        approve(office.id(ids.BOOKING_ANY)),
        approve(office.id(ids.EXPENSE_ANY), note="fine"),
    )

    assert results == [APPLIED] * 3
    assert office.productive.calls[0] == MEMBERSHIPS
    assert sorted(office.productive.calls[1:]) == [
        f"GET /approval_statuses/{rejected}",
        f"GET /bookings/{ids.BOOKING_ANY}",
        f"GET /expenses/{ids.EXPENSE_ANY}",
        f"PATCH /approval_statuses/{approved}/approve",
        f"PATCH /approval_statuses/{noted}/approve",
        f"PATCH /approval_statuses/{rejected}/reject",
    ]
    assert sorted(body["data"]["id"] for _, body in office.written()) == sorted(
        [rejected, approved, noted]
    )
    assert office.row(ids.EXPENSE_ANY).note == "fine"
    assert office.states(ids.ENTRY_ANY)[0] == ("REJECTED", CONTROLLER)


async def test_of_many_only_a_few_are_under_way(office: Office) -> None:
    """With all of them at once each would wait for long after its look."""
    rows = [
        row
        for row in office.simulator.state.statuses.values()
        if row.target_type == "expense"
    ][:40]

    await office.decide(
        *(
            reject(office.status_id(row.target_id, place))
            for row in rows
            for place, other in enumerate(office.rows(row.target_id))
            if other is row
        ),
        person="auditor",
    )

    assert office.productive.most_in_flight == 10


async def test_the_results_stand_in_the_order_of_the_decisions(
    office: Office, untouched: Callable[[], None]
) -> None:
    results = await office.decide(
        approve(office.id(ids.BOOKING_APPROVED)),
        approve(office.id(ids.BOOKING_OWN)),
        reject(office.id(ids.EXPENSE_REJECTED)),
        approve(office.id(ids.EXPENSE_DELETED), note="x"),
        approve(office.id(ids.BOOKING_SECOND)),
        reject(office.status_id(ids.BOOKING_APPROVED)),
    )

    told = f"This approval status is approved already by Carla Mendes. {UNCHANGED}"
    assert results == [
        ALREADY,
        refused("FORBIDDEN", NOT_YOURS, 1),
        ALREADY,
        refused("CONFLICT", f"It was deleted. {UNCHANGED}", 3),
        refused("NOT_FOUND", NO_TARGET["Booking"], 4, "id"),
        refused("CONFLICT", told, 5),
    ]
    untouched()


async def test_force_is_refused_for_the_one_alone_and_without_a_call(
    office: Office,
) -> None:
    results = await office.decide(
        approve(office.id(ids.BOOKING_ANY), force=True),
        reject(office.id(ids.EXPENSE_ANY)),
        approve(office.id(ids.BOOKING_ALL), force=False),
    )

    assert results == [refused("UNSUPPORTED", NO_FORCE, 0, "force"), APPLIED, APPLIED]
    assert f"GET /bookings/{ids.BOOKING_ANY}" not in office.productive.calls
    assert office.states(ids.BOOKING_ANY) == [("PENDING", None)] * 2


async def test_one_that_fails_leaves_the_others(office: Office) -> None:
    failing = office.call("reject", ids.EXPENSE_ANY)
    office.productive.interceptors[failing] = never_leaves
    text = (
        "mutation ($input: DecideInput!) {"
        " decide(input: $input) { outcome results { outcome } userErrors { code } } }"
    )
    decisions = [
        approve(office.id(ids.BOOKING_ANY)),
        reject(office.id(ids.EXPENSE_ANY)),
        reject(office.status_id(ids.ENTRY_ANY)),
    ]

    body = await office.client.execute(
        text, {"input": {"decisions": decisions}}, person="controller"
    )

    applied = {"outcome": "APPLIED"}
    assert body["data"]["decide"] == {
        "outcome": "APPLIED",
        "results": [applied, None, applied],
        "userErrors": [],
    }
    assert [error["path"] for error in body["errors"]] == [["decide", "results", 1]]
    assert fault_of(body) == {
        "code": "UPSTREAM_UNAVAILABLE",
        "provider": "PRODUCTIVE",
        "retryable": True,
    }
    assert office.states(ids.EXPENSE_ANY) == [("PENDING", None)] * 2


async def test_one_whose_answer_is_lost_is_unknown_and_leaves_the_others(
    office: Office,
) -> None:
    lost = office.call("reject", ids.EXPENSE_ANY)
    office.productive.interceptors[lost] = never_arrives

    results = await office.decide(
        reject(office.id(ids.EXPENSE_ANY)), reject(office.id(ids.BOOKING_ANY))
    )

    assert results == [UNKNOWN, APPLIED]
    assert sorted(writes(office.productive)) == sorted(
        [lost, office.call("reject", ids.BOOKING_ANY)]
    )


async def test_a_target_and_its_own_duty_are_one_decision(office: Office) -> None:
    row = office.row(ids.EXPENSE_ANY)

    results = await office.decide(
        reject(office.id(ids.EXPENSE_ANY), note="one"),
        reject(office.status_id(ids.EXPENSE_ANY), note="one"),
    )

    assert sorted(one["outcome"] for one in results) == ["ALREADY_APPLIED", "APPLIED"]
    assert office.written() == [
        (office.call("reject", ids.EXPENSE_ANY), sent(row.id, "one"))
    ]


async def test_what_may_have_been_sent_is_not_sent_again(office: Office) -> None:
    lost = office.call("reject", ids.EXPENSE_ANY)
    office.productive.interceptors[lost] = never_arrives

    results = await office.decide(
        reject(office.id(ids.EXPENSE_ANY)), reject(office.status_id(ids.EXPENSE_ANY))
    )

    assert results == [UNKNOWN, UNKNOWN]
    assert writes(office.productive) == [lost]


async def test_two_duties_on_one_target_are_decided_one_after_the_other(
    office: Office,
) -> None:
    """The second is looked at again, so that it is not sent where it cannot be."""
    results = await office.decide(
        approve(office.status_id(ids.EXPENSE_ANY, 0), note="mine"),
        approve(office.status_id(ids.EXPENSE_ANY, 1), note="on behalf"),
        person="auditor",
    )

    [applied] = [place for place, one in enumerate(results) if one == APPLIED]
    told = f"It is approved already. {UNCHANGED}"
    assert results[1 - applied] == refused("CONFLICT", told, 1 - applied)
    assert writes(office.productive) == [
        office.call("approve", ids.EXPENSE_ANY, applied)
    ]


async def test_one_alone_costs_what_it_always_costs(office: Office) -> None:
    row = office.row(ids.ENTRY_ANY)

    results = await office.decide(approve(office.status_id(ids.ENTRY_ANY)))

    assert results == [APPLIED]
    assert office.productive.calls == [
        MEMBERSHIPS,
        f"GET /approval_statuses/{row.id}",
        f"PATCH /approval_statuses/{row.id}/approve",
    ]


async def test_who_cannot_be_identified_decides_nothing(
    office: Office, untouched: Callable[[], None]
) -> None:
    office.productive.interceptors[MEMBERSHIPS] = answers(
        401, problem("invalid_auth_token", "Unauthenticated")
    )
    text = "mutation ($input: DecideInput!) { decide(input: $input) { outcome } }"
    decisions = [approve(office.id(one)) for one in (ids.ENTRY_ANY, ids.BOOKING_ANY)]
    decisions.append(approve(office.status_id(ids.BOOKING_ALL)))

    body = await office.client.execute(
        text, {"input": {"decisions": decisions}}, person="controller"
    )

    assert body["data"] == {"decide": {"outcome": "REFUSED"}}
    assert office.productive.calls == [MEMBERSHIPS]
    untouched()


@pytest.fixture
def connector(
    sandbox: Sandbox, time: FakeTime, productive: RecordingTransport
) -> ProductiveConnector:
    return connect(open_account(sandbox, time, productive, person="controller"), time)


@pytest.mark.parametrize("decision", list(Decision))
async def test_what_is_named_twice_is_sent_once(
    office: Office, connector: ProductiveConnector, decision: Decision
) -> None:
    """The graph takes one decision on each object; nothing here depends on that."""
    asked = AskedDecision(
        subject=key_of("Expense", ids.EXPENSE_ANY), decision=decision, note="once"
    )

    results = await connector.decide([asked, asked, asked])

    written = [one for one in results if isinstance(one, Written)]
    assert [one.outcome for one in written] == [
        Outcome.APPLIED,
        Outcome.ALREADY_APPLIED,
        Outcome.ALREADY_APPLIED,
    ]
    assert len(writes(office.productive)) == 1


async def test_of_two_opposite_ones_on_one_object_the_first_is_made(
    office: Office, connector: ProductiveConnector
) -> None:
    subject = key_of("Expense", ids.EXPENSE_ANY)

    first, second = await connector.decide(
        [
            AskedDecision(subject=subject, decision=Decision.REJECT),
            AskedDecision(subject=subject, decision=Decision.APPROVE),
        ]
    )

    assert isinstance(first, Written)
    assert first.outcome is Outcome.APPLIED
    assert isinstance(second, ConflictError)
    assert writes(office.productive) == [office.call("reject", ids.EXPENSE_ANY)]
