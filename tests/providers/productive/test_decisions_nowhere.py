"""Decisions on what is not there, on what is no id, and past the approvers."""

from collections.abc import Callable
from typing import Any

import pytest

from gateway.domain import ProviderName, encode_id
from gateway.providers.productive.simulator import situations as ids
from tests.providers.productive.calls import MEMBERSHIPS, graph_id
from tests.providers.productive.deciding import (
    BOTH,
    NO_STATUS,
    NO_TARGET,
    Office,
    payload,
    refusal,
    sent,
)
from tests.support import RecordingTransport, writes


@pytest.mark.parametrize("type_name", ["Booking", "TimeEntry", "Expense"])
async def test_force_is_not_known_and_costs_no_call(
    office: Office, untouched: Callable[[], None], type_name: str
) -> None:
    for key in (graph_id(type_name, "302"), graph_id("ApprovalStatus", "5006")):
        answer = await office.send("approve", id=key, force=True)

        message = (
            "Productive cannot force an approval; who has the right approves each duty "
            "on behalf of its approver. Leave `force` out. Nothing was sent."
        )
        errors = refusal("UNSUPPORTED", message, ["input", "force"])
        assert answer == payload("REFUSED", None, None, errors)
    assert office.productive.calls == []
    untouched()


@pytest.mark.parametrize("members", [{"force": None}, {"force": False}])
async def test_force_that_is_not_asked_for_is_never_sent(
    office: Office, members: dict[str, Any]
) -> None:
    row = office.row(ids.BOOKING_ANY)

    answer = await office.send("approve", id=office.id(ids.BOOKING_ANY), **members)

    assert answer["outcome"] == "APPLIED"
    assert office.written() == [(office.call("approve", ids.BOOKING_ANY), sent(row.id))]


@BOTH
@pytest.mark.parametrize(
    ("type_name", "source_id", "person"),
    [
        ("Booking", "99999", "controller"),
        ("TimeEntry", "99999", "controller"),
        ("Expense", "99999", "controller"),
        ("ApprovalStatus", "99999", "controller"),
        # Of another organization, also of the controller's own person there.
        ("Booking", ids.BOOKING_SECOND, "controller"),
        ("Booking", ids.BOOKING_THIRD, "auditor"),
        # Of others; of today, which approvers see from tomorrow on.
        ("Booking", ids.BOOKING_ALL, "accountant"),
        ("TimeEntry", ids.ENTRY_TODAY, "accountant"),
    ],
)
async def test_what_the_person_has_not_is_not_found(
    office: Office,
    untouched: Callable[[], None],
    mutation: str,
    type_name: str,
    source_id: str,
    person: str,
) -> None:
    answer = await office.send(
        mutation, person=person, id=graph_id(type_name, source_id)
    )

    message = NO_TARGET.get(type_name, NO_STATUS)
    errors = refusal("NOT_FOUND", message, ["input", "id"])
    assert answer == payload("REFUSED", None, None, errors)
    untouched()


@BOTH
@pytest.mark.parametrize("person", ["controller", "auditor"])
async def test_a_duty_that_was_taken_back_is_found_by_its_new_id_alone(
    office: Office, mutation: str, person: str
) -> None:
    former = office.status_id(ids.BOOKING_APPROVED)
    office.unapprove(ids.BOOKING_APPROVED)

    answer = await office.send(mutation, person=person, id=former)

    errors = refusal("NOT_FOUND", NO_STATUS, ["input", "id"])
    assert answer == payload("REFUSED", None, None, errors)
    assert writes(office.productive) == []


@BOTH
@pytest.mark.parametrize(
    "source_id", ["", "0x1", "5006/approve", "../people/20", "5006?x=1", "٣", "1" * 19]
)
async def test_what_is_no_id_of_productives_is_asked_of_nobody(
    office: Office, untouched: Callable[[], None], mutation: str, source_id: str
) -> None:
    for type_name in (*NO_TARGET, "ApprovalStatus"):
        answer = await office.send(mutation, id=graph_id(type_name, source_id))

        message = NO_TARGET.get(type_name, NO_STATUS)
        errors = refusal("NOT_FOUND", message, ["input", "id"])
        assert answer == payload("REFUSED", None, None, errors)
    assert office.productive.calls == [MEMBERSHIPS]
    untouched()


@BOTH
@pytest.mark.parametrize("key", ["", "nonsense", "5006", "WzEsIkJvb2tpbmciXQ"])
async def test_what_is_no_id_is_invalid_and_costs_no_call(
    office: Office, untouched: Callable[[], None], mutation: str, key: str
) -> None:
    answer = await office.send(mutation, id=key)

    [error] = answer["userErrors"]
    assert (answer["outcome"], error["code"]) == ("REFUSED", "INVALID")
    assert error["field"] == ["input", "id"]
    assert office.productive.calls == []
    untouched()


@BOTH
@pytest.mark.parametrize(
    "type_name", ["Policy", "ApprovalWorkflow", "Invoice", "Approver"]
)
async def test_an_id_of_another_type_is_invalid_and_costs_no_call(
    office: Office, untouched: Callable[[], None], mutation: str, type_name: str
) -> None:
    answer = await office.send(mutation, id=graph_id(type_name, "71"))

    message = (
        "`id` takes the id of ApprovalStatus or Booking or Expense or TimeEntry, and "
        f"this is the id of {type_name}."
    )
    [error] = answer["userErrors"]
    assert (error["code"], error["message"]) == ("INVALID", message)
    assert office.productive.calls == []
    untouched()


async def test_a_booking_is_not_bills(office: Office, bill: RecordingTransport) -> None:
    key = encode_id("Booking", ProviderName.BILL, ids.BOOKING_ALL)

    answer = await office.send("approve", id=key)

    assert [one["code"] for one in answer["userErrors"]] == ["INVALID"]
    assert (bill.sign_ins, bill.calls, office.productive.calls) == (0, [], [])
