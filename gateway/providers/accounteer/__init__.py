"""Accounteer: sales invoices and purchases, approved by writing their status, for good.

README.md beside this file has the facts; ``words``, ``shapes`` and ``wire`` what their
JSON means, ``refusals`` the way it says no, ``account`` the sign-in, ``lists`` and
``reads`` the calls that read, ``pages`` both collections as one list, ``queue`` what
waits, ``rights`` what was seen to be allowed, ``writes`` the one decision, ``probes``
the doctor's questions, ``connector`` with its facet ``invoices`` the whole,
``simulator`` the fake.
"""

from gateway.connector import Pace, Provider
from gateway.domain import ProviderName
from gateway.providers.accounteer.account import (
    AccounteerCredentials,
    AccounteerSettings,
    open_account,
    open_upstream,
)
from gateway.providers.accounteer.simulator import AccounteerSimulator
from gateway.upstream import Clock


def _create_simulator(clock: Clock) -> AccounteerSimulator:
    return AccounteerSimulator(now=clock.now, sleep=clock.sleep)


PROVIDER = Provider(
    name=ProviderName.ACCOUNTEER,
    title="Accounteer",
    key="accounteer",
    settings=AccounteerSettings,
    credentials=AccounteerCredentials,
    records_person=False,
    # Two calls a second for each token, and a call for each of what no list shows.
    pace=Pace(least_seconds=20, most_seconds=200, keys_per_read=10),
    create_simulator=_create_simulator,
    open_upstream=open_upstream,
    open_account=open_account,
)
