"""BILL (v2): approval policies, and bills and vendor credits approved in order.

README.md beside this file has the facts; ``words`` their values, ``wire`` and
``shapes`` their JSON, ``refusals`` the way it says no, ``account`` the sign-in,
``lists`` the batches, ``standing`` the rules of a decision, ``connector``, with its
facets ``invoices`` and ``policies``, the calls, ``simulator`` the fake.
"""

from gateway.connector import Pace, Provider
from gateway.domain import ProviderName
from gateway.providers.bill.account import (
    BillCredentials,
    BillSettings,
    open_account,
    open_upstream,
)
from gateway.providers.bill.simulator import BillSimulator
from gateway.upstream import Clock


def _create_simulator(clock: Clock) -> BillSimulator:
    return BillSimulator(now=clock.now, sleep=clock.sleep)


PROVIDER = Provider(
    name=ProviderName.BILL,
    title="BILL",
    key="bill",
    settings=BillSettings,
    credentials=BillCredentials,
    records_person=True,
    # A read is a call for bills, one for credits, and one for policies where one is
    # unassigned: a few thousand of the 20,000 an hour that the key has for all users.
    pace=Pace(
        least_seconds=15, most_seconds=120, keys_per_read=100, reads_per_hour=1_000
    ),
    create_simulator=_create_simulator,
    open_upstream=open_upstream,
    open_account=open_account,
)
