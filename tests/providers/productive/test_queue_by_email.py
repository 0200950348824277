"""What waits at Productive for who is known by e-mail alone."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import pytest

from gateway.connector import Account, Person, Queue
from gateway.domain import TargetType, key_of
from gateway.errors import UpstreamError
from gateway.providers.productive.simulator import ProductiveSimulator
from gateway.providers.productive.simulator.directory import (
    APPROVER,
    CONTROLLER,
    SERVICE_TOKEN,
)
from gateway.upstream import Deadline
from tests.providers.productive.calls import (
    AWAITS,
    ENTRIES,
    PROVEN_QUEUE,
    TARGETS,
    answers,
    changes,
)
from tests.providers.productive.deciding import PERSON_IDS, Office
from tests.providers.productive.test_queue import MANY_PAGES, UNSEEN, expected
from tests.support import FakeTime, RecordingTransport

Ask: TypeAlias = Callable[[str | None], Awaitable[Queue]]

PEOPLE = "GET /people"
CARLAS = "carla@demo.test"
NOBODYS = Queue(is_complete=False)


@pytest.fixture
def ask(account: Account, time: FakeTime) -> Ask:
    """Return what reads the queue of an address as the service account."""

    async def read(email: str | None) -> Queue:
        connector = account.connect(Deadline(25, time.clock))
        return await connector.list_queue(Person(is_signed_in=False, email=email))

    return read


@pytest.mark.parametrize(
    ("email", "person"), [(CARLAS, "controller"), ("amy@demo.test", "approver")]
)
async def test_it_is_the_queue_of_the_person_with_the_address(
    ask: Ask, office: Office, productive: RecordingTransport, email: str, person: str
) -> None:
    queue = await ask(email)

    found = {one.id for one in queue.approvables}
    # An administrator is shown that another settled what the person is still shown.
    settled = {office.id(one) for one in UNSEEN.get(person, [])}
    assert found == {*expected(office, person)} - settled
    assert productive.calls == [PEOPLE, *PROVEN_QUEUE]
    assert productive.params(0) == {
        "filter[email]": email,
        "page[number]": "1",
        "page[size]": "200",
    }
    asked = {one.get(AWAITS) for one in map(productive.params, range(1, 4))}
    assert asked == {None, PERSON_IDS[person]}
    tokens = {one.headers["x-auth-token"] for one in productive.requests}
    assert tokens == {SERVICE_TOKEN}


async def test_it_is_never_known_to_be_all_nor_to_await_who_acts(ask: Ask) -> None:
    """3.2: an account is shown what its person may see, and nothing of the rest."""
    queue = await ask(CARLAS)

    assert not queue.is_complete
    assert queue.error is None
    assert queue.awaited == {}


async def test_it_costs_a_call_for_the_person_and_one_for_each_kind(
    ask: Ask, productive: RecordingTransport
) -> None:
    await ask(CARLAS)
    productive.clear()

    await ask(CARLAS)

    assert productive.calls == [PEOPLE, *TARGETS]
    assert productive.rounds == 2


@pytest.mark.parametrize("email", [None, ""])
async def test_without_an_address_nothing_is_asked(
    ask: Ask, productive: RecordingTransport, email: str | None
) -> None:
    assert await ask(email) == NOBODYS
    assert productive.calls == []


@pytest.mark.parametrize(
    "email",
    [
        "nobody@demo.test",
        "carla",
        # Who has left.
        "ivan@demo.test",
        # Of another organization.
        "zoe@demo.test",
        "carla@demo.test,amy@demo.test",
        " ",
    ],
)
async def test_of_whom_productive_shows_nobody_nothing_is_read(
    ask: Ask, productive: RecordingTransport, email: str
) -> None:
    assert await ask(email) == NOBODYS
    assert productive.calls == [PEOPLE]


async def test_of_several_with_one_address_none_is_chosen(
    ask: Ask,
    productive_simulator: ProductiveSimulator,
    productive: RecordingTransport,
) -> None:
    productive_simulator.state.people[APPROVER].email = CARLAS

    assert await ask(CARLAS) == NOBODYS
    assert productive.calls == [PEOPLE]


async def test_who_has_left_does_not_stand_in_the_way(
    ask: Ask, productive_simulator: ProductiveSimulator, time: FakeTime
) -> None:
    left = productive_simulator.state.people[APPROVER]
    left.email, left.deactivated_at = CARLAS, time.instant

    assert (await ask(CARLAS)).targets


async def test_where_the_filter_is_ignored_each_address_is_compared(
    ask: Ask, switch_productive: Callable[..., None], productive: RecordingTransport
) -> None:
    """C1: all people come back, of whom one is the person."""
    switch_productive(ignored_filters=("email",))

    assert (await ask(CARLAS.upper())).targets
    assert await ask("nobody@demo.test") == NOBODYS
    assert productive.params(1).get(AWAITS) in {None, CONTROLLER}


async def test_where_not_all_people_were_read_nobody_is_chosen(
    ask: Ask, productive: RecordingTransport
) -> None:
    productive.interceptors[PEOPLE] = changes(lambda one: {**one, "meta": MANY_PAGES})

    assert await ask(CARLAS) == NOBODYS
    assert set(productive.calls) == {PEOPLE}


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, "UPSTREAM_AUTH_FAILED"),
        (403, "UPSTREAM_AUTH_FAILED"),
        (422, "UPSTREAM_RESPONSE_INVALID"),
        (429, "UPSTREAM_RATE_LIMITED"),
        (500, "UPSTREAM_UNAVAILABLE"),
    ],
)
async def test_people_who_cannot_be_read_are_no_empty_queue(
    ask: Ask, productive: RecordingTransport, status: int, code: str
) -> None:
    productive.interceptors[PEOPLE] = answers(status, b"{}")

    with pytest.raises(UpstreamError) as raised:
        await ask(CARLAS)

    assert raised.value.code == code
    assert set(productive.calls) == {PEOPLE}


async def test_a_kind_that_cannot_be_read_is_named_and_the_others_are_shown(
    ask: Ask, productive: RecordingTransport
) -> None:
    productive.interceptors[ENTRIES] = answers(500, b"{}")

    queue = await ask(CARLAS)

    assert {key_of(one.target).type for one in queue.targets} == {
        TargetType.BOOKING,
        TargetType.EXPENSE,
    }
    assert queue.error is not None
    assert queue.error.code == "UPSTREAM_UNAVAILABLE"
