"""Targets in every state, so that lists, queues and pages are long."""

from datetime import date, timedelta
from random import Random

from gateway.providers.productive.simulator.directory import MAIN, MEMBERS
from gateway.providers.productive.simulator.seeds import Seed, before_start
from gateway.providers.productive.simulator.setup import (
    PARENTAL,
    PERSON_POLICIES,
    REMOTE,
    UNPAID,
    VACATION,
)

# How a generated target ends; `Seeder` turns the words into acts.
STATES = (
    "pending",
    "partly",
    "approved",
    "rejected",
    "canceled",
    "draft",
    "undone",
    "on_behalf",
)
_WEIGHTS = (34, 12, 26, 8, 6, 4, 5, 5)
_BOOKINGS, _ENTRIES, _EXPENSES = 56, 137, 78
_LAST_DAY = date(2026, 10, 29)
_EVENTS = {"71": (VACATION, REMOTE, UNPAID, PARENTAL), "74": (VACATION, REMOTE)}
_SERVICES = ("410", "411", "412", "413", "414", "415", "416")
_SERVICE_WEIGHTS = (6, 5, 7, 2, 1, 1, 2)
_TITLES = ("train", "hotel", "taxi", "lunch", "paper", "flight", "licence", "fuel")
_NOTES = (None, None, "client call", "prep", "<p>Travel <em>and</em> set-up</p>")
_LEAVE_NOTES = (None, "family", "<p>Back on <b>Monday</b></p>", "moving house")
_CURRENCIES = ("EUR", "EUR", "EUR", "USD")
_STAFF = tuple(
    one.id
    for one in MEMBERS
    if one.user_id is not None
    and one.organization_id == MAIN
    and not one.is_deactivated
    and one.title != "Integration"
)


def generate(random: Random) -> list[tuple[Seed, str]]:
    """Return targets in random order, each with the state that it ends in."""
    kinds = ["booking"] * _BOOKINGS + ["time_entry"] * _ENTRIES
    kinds += ["expense"] * _EXPENSES
    random.shuffle(kinds)
    makers = {"booking": _booking, "time_entry": _entry, "expense": _expense}
    made = []
    for place, kind in enumerate(kinds):
        seed = makers[kind](random, len(kinds) - place)
        state = random.choices(STATES, _WEIGHTS)[0]
        made.append((seed, state))
    return made


def _booking(random: Random, place: int) -> Seed:
    _, person_id, policy_id = random.choice(PERSON_POLICIES[:-2])
    return Seed(
        kind="booking",
        person_id=person_id,
        event_id=random.choice(_EVENTS[policy_id]),
        day=date(2026, 11, 16) + timedelta(days=random.randrange(120)),
        days=random.randint(1, 10),
        minutes=random.choice((480, 480, 480, 240)),
        note=random.choice(_LEAVE_NOTES),
        created_at=before_start(400 + 5 * place + random.random()),
    )


def _entry(random: Random, place: int) -> Seed:
    day = _LAST_DAY - timedelta(days=place // 3 + random.randrange(4))
    return Seed(
        kind="time_entry",
        person_id=random.choice(_STAFF),
        service_id=random.choices(_SERVICES, _SERVICE_WEIGHTS)[0],
        day=day,
        minutes=15 * random.randint(1, 32),
        note=random.choice(_NOTES),
        created_at=before_start(400 + 5 * place + random.random()),
    )


def _expense(random: Random, place: int) -> Seed:
    day = _LAST_DAY - timedelta(days=place // 3 + random.randrange(4))
    return Seed(
        kind="expense",
        person_id=random.choice(_STAFF),
        service_id=random.choices(_SERVICES, _SERVICE_WEIGHTS)[0],
        day=day,
        title=random.choice(_TITLES),
        amount=random.randint(300, 90_000),
        currency=random.choice(_CURRENCIES),
        created_at=before_start(400 + 5 * place + random.random()),
    )
