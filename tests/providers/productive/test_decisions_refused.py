"""Decisions that are not made: who is refused, in what state, and what is sent."""

from collections.abc import Callable

import pytest

from gateway.providers.productive.simulator import situations as ids
from tests.providers.productive.calls import answers
from tests.providers.productive.deciding import (
    BOTH,
    NOBODY,
    NOT_LET,
    NOT_YOURS,
    UNCHANGED,
    UNCLEAR,
    Office,
    payload,
    refusal,
    shown,
)
from tests.support import writes

# What is decided already: by whom it is asked for, and what is said.
SETTLED = [
    # By the person themselves, so.
    ("approve", ids.BOOKING_APPROVED, 0, "controller", None),
    ("approve", ids.BOOKING_ALL_HALF, 1, "approver", None),
    ("approve", ids.BOOKING_ON_BEHALF, 0, "auditor", None),
    ("approve", ids.ENTRY_EXAMPLE, 0, "accountant", None),
    ("approve", ids.EXPENSE_BY_HAND, 1, "approver", None),
    ("reject", ids.BOOKING_REJECTED, 0, "controller", None),
    ("reject", ids.ENTRY_REJECTED, 0, "accountant", None),
    ("reject", ids.EXPENSE_REJECTED, 0, "controller", None),
    # By the person themselves, the other way.
    ("reject", ids.BOOKING_APPROVED, 0, "controller", "approved already by Carla M"),
    ("reject", ids.ENTRY_EXAMPLE, 0, "accountant", "approved already by Adam N"),
    ("approve", ids.BOOKING_REJECTED, 0, "controller", "rejected already by Carla M"),
    ("approve", ids.EXPENSE_REJECTED, 0, "controller", "rejected already by Carla M"),
    # By somebody else, so or the other way.
    ("approve", ids.BOOKING_ON_BEHALF, 0, "controller", "approved already by Arne L"),
    ("reject", ids.BOOKING_ON_BEHALF, 0, "controller", "approved already by Arne L"),
    ("approve", ids.EXPENSE_ON_BEHALF, 0, "controller", "approved already by Arne L"),
    ("approve", ids.BOOKING_APPROVED, 0, "auditor", "approved already by Carla M"),
    ("reject", ids.BOOKING_REJECTED, 0, "auditor", "rejected already by Carla M"),
]
# Targets that wait for nothing, and what is said of them.
CLOSED = [
    (ids.BOOKING_APPROVED, "auditor", "It is approved already."),
    (ids.BOOKING_ANY_APPROVED, "controller", "It is approved already."),
    (ids.BOOKING_AT_ONCE, "controller", "It is approved already."),
    (ids.BOOKING_REJECTED, "auditor", "It is rejected already."),
    (ids.BOOKING_REJECTED, "approver", "It is rejected already."),
    (ids.BOOKING_APPROVED_THEN_REJECTED, "auditor", "It is rejected already."),
    (ids.BOOKING_CANCELED, "controller", "It was canceled."),
    (ids.BOOKING_DRAFT, "controller", "It waits for no decision."),
    (ids.ENTRY_REJECTED, "auditor", "It is rejected already."),
    (ids.ENTRY_AT_ONCE, "auditor", "It is approved already."),
    (ids.ENTRY_DRAFT, "clerk", "It waits for no decision."),
    (ids.ENTRY_INVOICED, "auditor", "It is approved already."),
    (ids.EXPENSE_AUTOMATIC, "auditor", "It is approved already."),
    (ids.EXPENSE_DELETED, "controller", "It was deleted."),
    (ids.EXPENSE_PAID, "auditor", "It is approved already."),
    (ids.EXPENSE_REJECTED, "approver", "It is rejected already."),
    (ids.EXPENSE_DRAFT, "clerk", "It waits for no decision."),
]
# Duties that are open on targets that are not.
STRANDED = [
    (ids.BOOKING_ANY_APPROVED, 0, "controller", "It is approved already."),
    (ids.BOOKING_REJECTED, 1, "approver", "It is rejected already."),
    (ids.BOOKING_CANCELED, 0, "controller", "It was canceled."),
    (ids.EXPENSE_PAID, 1, "approver", "It is approved already."),
    (ids.BOOKING_REJECTED, 1, "auditor", "It is rejected already."),
]
# Open targets on which nothing is for a person to decide, as far as is known.
OTHERS = [
    (ids.BOOKING_ALL, "clerk", NOT_YOURS),
    (ids.BOOKING_ALL, "auditor", NOT_YOURS),
    (ids.BOOKING_MANAGER, "clerk", NOT_YOURS),
    (ids.BOOKING_APPROVER_DEACTIVATED, "controller", NOT_YOURS),
    (ids.BOOKING_UNMANAGED, "payer", UNCLEAR),
    (ids.BOOKING_UNMANAGED, "auditor", UNCLEAR),
    (ids.ENTRY_BUDGET_OWNER, "clerk", UNCLEAR),
    (ids.ENTRY_BUDGET_OWNER, "auditor", UNCLEAR),
    (ids.EXPENSE_ANY, "clerk", NOT_YOURS),
    (ids.EXPENSE_ONE_BY_HAND, "auditor", NOT_YOURS),
    (ids.EXPENSE_EXAMPLE, "auditor", UNCLEAR),
]
SEVERAL = (
    "2 open duties on it may be yours. Send the `id` of one of its `approvalStatuses`. "
)


@pytest.mark.parametrize(("mutation", "source_id", "place", "person", "said"), SETTLED)
async def test_a_duty_that_is_decided_is_decided_by_nobody_again(
    office: Office,
    untouched: Callable[[], None],
    mutation: str,
    source_id: str,
    place: int,
    person: str,
    said: str | None,
) -> None:
    answer = await office.send(
        mutation, person=person, id=office.status_id(source_id, place), note="again"
    )

    assert answer["approvalStatus"]["sourceId"] == office.row(source_id, place).id
    if said is None:
        assert (answer["outcome"], answer["userErrors"]) == ("ALREADY_APPLIED", [])
    else:
        [error] = answer["userErrors"]
        assert (answer["outcome"], error["code"]) == ("REFUSED", "CONFLICT")
        assert error["message"].startswith(f"This approval status is {said}")
        assert error["message"].endswith(f". {UNCHANGED}")
    untouched()


@pytest.mark.parametrize(
    ("mutation", "source_id", "person"),
    [(row[0], row[1], row[3]) for row in SETTLED if row[4] is None],
)
async def test_a_target_on_which_the_person_has_decided_so_is_not_decided_again(
    office: Office,
    untouched: Callable[[], None],
    mutation: str,
    source_id: str,
    person: str,
) -> None:
    answer = await office.send(
        mutation, person=person, id=office.id(source_id), note="again"
    )

    assert (answer["outcome"], answer["userErrors"]) == ("ALREADY_APPLIED", [])
    assert answer["approvable"]["sourceId"] == source_id
    untouched()


@BOTH
@pytest.mark.parametrize(("source_id", "person", "said"), CLOSED)
async def test_a_target_that_waits_for_nothing_takes_no_decision(
    office: Office,
    untouched: Callable[[], None],
    mutation: str,
    source_id: str,
    person: str,
    said: str,
) -> None:
    answer = await office.send(mutation, person=person, id=office.id(source_id))

    assert answer["outcome"] == "REFUSED"
    assert answer["userErrors"] == refusal("CONFLICT", f"{said} {UNCHANGED}")
    assert answer["approvable"]["sourceId"] == source_id
    assert answer["approvable"]["viewerActions"] == []
    untouched()


@BOTH
@pytest.mark.parametrize(("source_id", "place", "person", "said"), STRANDED)
async def test_an_open_duty_on_a_closed_target_takes_no_decision(
    office: Office,
    untouched: Callable[[], None],
    mutation: str,
    source_id: str,
    place: int,
    person: str,
    said: str,
) -> None:
    answer = await office.send(
        mutation, person=person, id=office.status_id(source_id, place)
    )

    assert answer["outcome"] == "REFUSED"
    assert answer["userErrors"] == refusal("CONFLICT", f"{said} {UNCHANGED}")
    assert answer["approvalStatus"]["state"] == "PENDING"
    untouched()


@BOTH
@pytest.mark.parametrize(("source_id", "person", "message"), OTHERS)
async def test_a_target_is_decided_by_nobody_for_whom_no_duty_is_known(
    office: Office,
    untouched: Callable[[], None],
    mutation: str,
    source_id: str,
    person: str,
    message: str,
) -> None:
    answer = await office.send(mutation, person=person, id=office.id(source_id))

    assert answer == payload(
        "REFUSED",
        shown(office.target(source_id), "PENDING"),
        None,
        refusal("FORBIDDEN", message),
    )
    untouched()


@BOTH
@pytest.mark.parametrize("source_id", [ids.BOOKING_TWO_DUTIES, ids.EXPENSE_TWO_DUTIES])
async def test_of_several_duties_the_person_says_which(
    office: Office, untouched: Callable[[], None], mutation: str, source_id: str
) -> None:
    answer = await office.send(mutation, id=office.id(source_id))

    assert answer == payload(
        "REFUSED",
        shown(office.target(source_id), "PENDING"),
        None,
        refusal("INVALID", SEVERAL + UNCHANGED, ["input", "id"]),
    )
    untouched()


@BOTH
@pytest.mark.parametrize(
    ("source_id", "place", "person"),
    [
        (ids.BOOKING_ALL, 0, "clerk"),
        (ids.BOOKING_MANAGER, 0, "clerk"),
        (ids.ENTRY_BUDGET_OWNER, 0, "clerk"),
        (ids.EXPENSE_ANY, 1, "clerk"),
        (ids.BOOKING_OF_CONTROLLER, 0, "controller"),
    ],
)
async def test_a_duty_of_another_that_is_seen_is_refused_by_productive(
    office: Office, mutation: str, source_id: str, place: int, person: str
) -> None:
    state = office.state()

    answer = await office.send(
        mutation, person=person, id=office.status_id(source_id, place)
    )

    assert answer["outcome"] == "REFUSED"
    assert answer["userErrors"] == refusal("FORBIDDEN", NOT_LET)
    assert answer["approvalStatus"]["state"] == "PENDING"
    assert writes(office.productive) == [office.call(mutation, source_id, place)]
    assert office.state() == state


@BOTH
@pytest.mark.parametrize("form", ["live", "documented"])
async def test_a_token_that_only_reads_decides_nothing(
    office: Office,
    switch_productive: Callable[..., None],
    mutation: str,
    form: str,
) -> None:
    switch_productive(error_form=form)
    office.row(ids.BOOKING_ALL).approver_id = "25"
    state = office.state()

    answer = await office.send(mutation, person="buyer", id=office.id(ids.BOOKING_ALL))

    assert answer["outcome"] == "REFUSED"
    assert answer["userErrors"] == refusal("FORBIDDEN", NOT_LET)
    assert writes(office.productive) == [office.call(mutation, ids.BOOKING_ALL)]
    assert office.state() == state


@BOTH
async def test_who_has_no_credentials_decides_nothing(
    office: Office, untouched: Callable[[], None], mutation: str
) -> None:
    text = (
        f"mutation ($input: {mutation.capitalize()}Input!)"
        f" {{ {mutation}(input: $input) {{ outcome"
        " userErrors { code message field provider } } }"
    )

    for key in (office.id(ids.BOOKING_ALL), office.status_id(ids.BOOKING_ALL)):
        body = await office.client.execute(
            text, {"input": {"id": key}}, person="visitor"
        )

        refused = {"outcome": "REFUSED", "userErrors": refusal("FORBIDDEN", NOBODY)}
        assert body == {"data": {mutation: refused}}
    assert office.productive.calls == []
    untouched()


@BOTH
@pytest.mark.parametrize("form", ["live", "documented"])
@pytest.mark.parametrize("is_target", [True, False], ids=["target", "duty"])
async def test_a_note_that_is_too_long_is_the_notes_fault(
    office: Office,
    switch_productive: Callable[..., None],
    mutation: str,
    form: str,
    is_target: bool,
) -> None:
    switch_productive(error_form=form, note_length=5)
    state = office.state()
    subject = office.id if is_target else office.status_id

    answer = await office.send(mutation, id=subject(ids.BOOKING_ANY), note="123456")

    message = (
        f"Productive does not accept this `note`; a shorter one may be. {UNCHANGED}"
    )
    assert answer["outcome"] == "REFUSED"
    assert answer["userErrors"] == refusal("INVALID", message, ["input", "note"])
    assert writes(office.productive) == [office.call(mutation, ids.BOOKING_ANY)]
    assert office.state() == state


async def test_a_value_that_is_refused_without_a_note_is_a_conflict(
    office: Office,
) -> None:
    told = {"errors": [{"status": "422", "title": "Invalid Attribute Value"}]}
    office.productive.interceptors[office.call("approve", ids.BOOKING_ANY)] = answers(
        422, told
    )

    answer = await office.send("approve", id=office.id(ids.BOOKING_ANY))

    message = f"Productive did not take this decision. {UNCHANGED}"
    assert answer["userErrors"] == refusal("CONFLICT", message)
    assert len(writes(office.productive)) == 1
