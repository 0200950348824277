"""What waits on BILL for who is known by e-mail alone: read as the gateway's user."""

from typing import Any

import msgspec
import pytest

from gateway.connector import Person, Queue
from gateway.errors import UpstreamAuthError, UpstreamError
from gateway.providers.bill.connector import BillConnector
from gateway.providers.bill.simulator import BillSimulator
from gateway.providers.bill.simulator.directory import (
    ACCOUNTANT,
    APPROVER_PROFILE,
    CONTROLLER,
    DIRECTOR,
    SERVICE,
)
from tests.providers.bill.reading import QUEUE, USERS, answers, failure, waiting
from tests.support import RecordingTransport

CONTROLLERS = "controller@harbor.example"


def known_by(email: str | None) -> Person:
    return Person(is_signed_in=False, email=email)


@pytest.mark.parametrize(
    ("email", "user_id"),
    [
        (CONTROLLERS, CONTROLLER),
        (" Controller@HARBOR.example", CONTROLLER),
        ("accountant@harbor.example", ACCOUNTANT),
        # Whose login is another word.
        ("dana.whitfield@harbor.example", DIRECTOR),
    ],
)
async def test_it_is_the_queue_of_the_user_with_the_address(
    connector: BillConnector,
    bill_simulator: BillSimulator,
    bill: RecordingTransport,
    email: str,
    user_id: str,
) -> None:
    queue = await connector.list_queue(known_by(email))

    assert {one.source_id for one in queue.invoices} == {
        one.id for one in waiting(bill_simulator.state, user_id)
    }
    assert queue.invoices
    assert queue.is_complete
    assert bill.calls == [USERS, QUEUE, QUEUE]
    assert {bill.data(at)["usersId"] for at in (1, 2)} == {user_id}
    assert (bill.rounds, bill.sign_ins) == (2, 1)


@pytest.mark.parametrize("email", [None, ""])
async def test_without_an_address_nothing_is_asked(
    connector: BillConnector, bill: RecordingTransport, email: str | None
) -> None:
    assert await connector.list_queue(known_by(email)) == Queue(is_complete=False)
    assert (bill.calls, bill.sign_ins) == ([], 0)


@pytest.mark.parametrize(
    "email",
    [
        "nobody@harbor.example",
        "controller",
        # A login, and no address of anybody.
        "harbor-director",
        # Who has left.
        "frank.olsen@harbor.example",
        " ",
    ],
)
async def test_nothing_waits_for_whom_bill_does_not_know(
    connector: BillConnector, bill: RecordingTransport, email: str
) -> None:
    assert await connector.list_queue(known_by(email)) == Queue(is_complete=True)
    assert bill.calls == [USERS]


@pytest.mark.parametrize("email", ["", " "])
async def test_a_user_without_an_address_is_nobody(
    connector: BillConnector, bill_simulator: BillSimulator, email: str
) -> None:
    bill_simulator.state.users[CONTROLLER].email = email

    assert await connector.list_queue(known_by(" ")) == Queue(is_complete=True)


async def test_of_several_with_one_address_none_is_chosen(
    connector: BillConnector, bill_simulator: BillSimulator, bill: RecordingTransport
) -> None:
    bill_simulator.state.users[DIRECTOR].email = CONTROLLERS.upper()

    assert await connector.list_queue(known_by(CONTROLLERS)) == Queue(is_complete=False)
    assert bill.calls == [USERS]


async def test_who_is_signed_in_is_not_looked_up_by_address(
    connector: BillConnector, bill: RecordingTransport
) -> None:
    person = Person(is_signed_in=True, email=CONTROLLERS)

    queue = await connector.list_queue(person)

    # The account is the gateway's own, whom nobody asks.
    assert queue == Queue(is_complete=True)
    assert {bill.data(at)["usersId"] for at in (0, 1)} == {SERVICE}
    assert bill.calls == [QUEUE, QUEUE]


async def test_a_user_who_is_no_administrator_may_not_look_for_others(
    connector: BillConnector, bill_simulator: BillSimulator, bill: RecordingTransport
) -> None:
    """5.7 (A): an administrator may read the lists of others."""
    users = bill_simulator.state.users
    users[SERVICE] = msgspec.structs.replace(
        users[SERVICE], profile_id=APPROVER_PROFILE
    )

    with pytest.raises(UpstreamAuthError) as raised:
        await connector.list_queue(known_by(CONTROLLERS))

    assert raised.value.message == (
        "BILL does not show the gateway's own user what waits for others."
    )
    assert bill.calls == [USERS, QUEUE, QUEUE]


@pytest.mark.parametrize("call", [USERS, QUEUE])
@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (answers(failure("BDC_1150")), "UPSTREAM_AUTH_FAILED"),
        (answers(failure("BDC_9901")), "UPSTREAM_AUTH_FAILED"),
        (answers(failure("BDC_1002")), "UPSTREAM_RESPONSE_INVALID"),
        (answers(failure("BDC_1001")), "UPSTREAM_UNAVAILABLE"),
        (answers(failure("BDC_1144")), "UPSTREAM_RATE_LIMITED"),
        (answers(b"<html>", 503), "UPSTREAM_UNAVAILABLE"),
    ],
    ids=["1150", "9901", "1002", "1001", "1144", "503"],
)
async def test_what_cannot_be_read_is_no_empty_queue(
    connector: BillConnector,
    bill: RecordingTransport,
    call: str,
    answer: Any,
    code: str,
) -> None:
    bill.interceptors[call] = answer

    with pytest.raises(UpstreamError) as raised:
        await connector.list_queue(known_by(CONTROLLERS))

    assert raised.value.code == code
