"""Decisions that others are faster with, between our look and our write."""

from collections.abc import Callable

import httpx
import pytest

from gateway.providers.productive.simulator import situations as ids
from gateway.providers.productive.simulator.directory import (
    APPROVER,
    AUDITOR,
    CONTROLLER,
)
from tests.providers.productive.calls import before
from tests.providers.productive.deciding import (
    BOTH,
    NO_STATUS,
    NOT_LET,
    NOT_TAKEN,
    UNCHANGED,
    Office,
    refusal,
)
from tests.support import FakeTime, Handler, writes


@BOTH
@pytest.mark.parametrize("form", ["live", "documented"])
@pytest.mark.parametrize("verb", ["approve", "reject"])
@pytest.mark.parametrize("is_target", [True, False], ids=["target", "duty"])
async def test_who_is_slower_than_one_who_acts_on_behalf_is_told_who_decided(
    office: Office,
    switch_productive: Callable[..., None],
    mutation: str,
    form: str,
    verb: str,
    is_target: bool,
) -> None:
    switch_productive(error_form=form)
    call = office.call(mutation, ids.BOOKING_ANY)
    office.productive.interceptors[call] = before(
        lambda: office.act(verb, ids.BOOKING_ANY, 0, "auditor", "mine")
    )
    subject = office.id if is_target else office.status_id

    answer = await office.send(mutation, id=subject(ids.BOOKING_ANY), note="late")

    message = (
        f"This approval status is {'approved' if verb == 'approve' else 'rejected'} "
        f"already by Arne Lund. {UNCHANGED}"
    )
    assert answer["outcome"] == "REFUSED"
    assert answer["userErrors"] == refusal("CONFLICT", message)
    assert writes(office.productive) == [call]
    assert office.row(ids.BOOKING_ANY).note == "mine"
    assert office.row(ids.BOOKING_ANY).actual_approver_id == AUDITOR


@BOTH
@pytest.mark.parametrize(
    ("verb", "said"), [("approve", "approved"), ("reject", "rejected")]
)
async def test_who_is_slower_than_another_approver_is_told_how_it_ended(
    office: Office, mutation: str, verb: str, said: str
) -> None:
    call = office.call(mutation, ids.BOOKING_ANY)
    office.productive.interceptors[call] = before(
        lambda: office.act(verb, ids.BOOKING_ANY, 1, "approver", None)
    )

    answer = await office.send(mutation, id=office.id(ids.BOOKING_ANY))

    message = f"It is {said} already. {UNCHANGED}"
    assert answer["userErrors"] == refusal("CONFLICT", message)
    assert answer["approvable"]["approvalState"] == said.upper()
    assert writes(office.productive) == [call]
    assert office.states(ids.BOOKING_ANY)[0] == ("PENDING", None)


@BOTH
@pytest.mark.parametrize("verb", ["approve", "reject"])
async def test_ones_own_decision_at_another_screen_counts(
    office: Office, mutation: str, verb: str
) -> None:
    call = office.call(mutation, ids.EXPENSE_ONE_BY_HAND)
    office.productive.interceptors[call] = before(
        lambda: office.act(verb, ids.EXPENSE_ONE_BY_HAND, 0, "controller", "there")
    )

    answer = await office.send(
        mutation, id=office.id(ids.EXPENSE_ONE_BY_HAND), note="here"
    )

    is_so = mutation == verb
    assert answer["outcome"] == ("ALREADY_APPLIED" if is_so else "REFUSED")
    assert [one["code"] for one in answer["userErrors"]] == ["CONFLICT"] * (not is_so)
    assert writes(office.productive) == [call]
    assert office.row(ids.EXPENSE_ONE_BY_HAND).note == "there"


@BOTH
@pytest.mark.parametrize("is_target", [True, False], ids=["target", "duty"])
async def test_a_requirement_that_another_settled_takes_no_decision(
    office: Office, mutation: str, is_target: bool
) -> None:
    """The row is open, its target too, and the row that settled it is not shown."""
    state = office.state()
    subject = office.id if is_target else office.status_id

    answer = await office.send(mutation, id=subject(ids.BOOKING_GROUP_SETTLED))

    assert answer["outcome"] == "REFUSED"
    assert answer["userErrors"] == refusal("CONFLICT", NOT_TAKEN)
    assert writes(office.productive) == [
        office.call(mutation, ids.BOOKING_GROUP_SETTLED)
    ]
    assert office.state() == state


@BOTH
async def test_what_is_canceled_meanwhile_takes_no_decision(
    office: Office, time: FakeTime, mutation: str
) -> None:
    def cancel() -> None:
        office.target(ids.BOOKING_ANY).canceled_at = time.instant

    call = office.call(mutation, ids.BOOKING_ANY)
    office.productive.interceptors[call] = before(cancel)

    answer = await office.send(mutation, id=office.id(ids.BOOKING_ANY))

    message = f"It was canceled. {UNCHANGED}"
    assert answer["userErrors"] == refusal("CONFLICT", message)
    assert writes(office.productive) == [call]
    assert office.states(ids.BOOKING_ANY) == [("PENDING", None)] * 2


@BOTH
async def test_a_duty_that_is_replaced_meanwhile_is_not_found(
    office: Office, mutation: str
) -> None:
    call = office.call(mutation, ids.BOOKING_ANY)

    def replace() -> None:
        office.act("approve", ids.BOOKING_ANY, 1, "approver", None)
        office.unapprove(ids.BOOKING_ANY)

    office.productive.interceptors[call] = before(replace)

    answer = await office.send(mutation, id=office.id(ids.BOOKING_ANY))

    assert answer["outcome"] == "REFUSED"
    assert answer["userErrors"] == refusal("NOT_FOUND", NO_STATUS, ["input", "id"])
    assert writes(office.productive) == [call]
    assert office.states(ids.BOOKING_ANY) == [("PENDING", None)] * 2


@BOTH
async def test_a_duty_that_is_another_persons_meanwhile_is_not_made(
    office: Office, mutation: str
) -> None:
    def hand_over() -> None:
        office.simulator.state.people["12"].manager_id = APPROVER

    call = office.call(mutation, ids.BOOKING_MANAGER)
    office.productive.interceptors[call] = before(hand_over)

    answer = await office.send(mutation, id=office.id(ids.BOOKING_MANAGER))

    assert answer["outcome"] == "REFUSED"
    # Who may not see it any more is told so.
    [error] = answer["userErrors"]
    assert error["code"] in {"FORBIDDEN", "NOT_FOUND"}
    assert error["message"] in {NOT_LET, NO_STATUS}
    assert writes(office.productive) == [call]
    assert office.states(ids.BOOKING_MANAGER) == [("PENDING", None)]


@BOTH
async def test_a_conflict_that_cannot_be_looked_into_is_a_conflict(
    office: Office, mutation: str
) -> None:
    row = office.row(ids.BOOKING_ANY)

    async def decide_and_close(
        request: httpx.Request, upstream: Handler
    ) -> httpx.Response:
        office.act("approve", ids.BOOKING_ANY, 0, "auditor", None)

        async def close(_request: httpx.Request, _: Handler) -> httpx.Response:
            return httpx.Response(502, content=b"<h1>Bad Gateway</h1>")

        office.productive.interceptors[f"GET /approval_statuses/{row.id}"] = close
        return await upstream(request)

    call = office.call(mutation, ids.BOOKING_ANY)
    office.productive.interceptors[call] = decide_and_close

    body = await office.fail(mutation, id=office.id(ids.BOOKING_ANY))

    answer = body["data"][mutation]
    message = f"Productive refused, and does not tell why. {UNCHANGED}"
    assert answer["userErrors"] == refusal("CONFLICT", message)
    assert writes(office.productive) == [call]
    assert row.actual_approver_id == AUDITOR != CONTROLLER
