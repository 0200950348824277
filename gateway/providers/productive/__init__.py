"""Productive: approval statuses on bookings, time entries and expenses.

README.md beside this file has the facts; ``words`` their values, ``shapes``,
``documents`` and ``wire`` their JSON:API, ``tables``, ``query`` and ``lists`` how it is
asked, ``refusals`` the way it says no, ``account`` the token and its limits. ``pages``,
``queue``, ``reads`` and ``policies`` read. ``standing`` has the rules of a decision,
``looks`` and ``batches`` read what it is on, ``writes`` sends one and ``bulk`` many,
``several`` says which go together, ``settling`` finds out about lost answers.
``probes`` are the doctor's, ``webhooks`` what is told,
``connector`` is the whole, ``simulator`` the fake.
"""

from gateway.connector import Pace, Provider
from gateway.domain import ProviderName
from gateway.providers.productive.account import (
    ProductiveCredentials,
    ProductiveSettings,
    open_account,
    open_upstream,
    open_webhooks,
)
from gateway.providers.productive.simulator import ProductiveSimulator
from gateway.upstream import Clock


def _create_simulator(clock: Clock) -> ProductiveSimulator:
    return ProductiveSimulator(now=clock.now, sleep=clock.sleep)


PROVIDER = Provider(
    name=ProviderName.PRODUCTIVE,
    title="Productive",
    key="productive",
    settings=ProductiveSettings,
    credentials=ProductiveCredentials,
    records_person=True,
    # A call for each of three types; each token has a limit of its own.
    pace=Pace(least_seconds=10, most_seconds=120, keys_per_read=100),
    create_simulator=_create_simulator,
    open_upstream=open_upstream,
    open_account=open_account,
    open_webhooks=open_webhooks,
)
