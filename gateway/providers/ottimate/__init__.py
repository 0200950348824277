"""Ottimate: invoices and their approvers, OAuth, force approval.

README.md beside this file has the facts; ``shapes`` and ``wire`` their JSON,
``refusals`` the way it says no, ``account`` the sign-in, ``reads`` and ``queue`` what
is read, ``writes`` what is decided, ``knowledge`` which calls an account was seen to
have, ``probes`` the doctor's, ``connector``, with its facet ``invoices``, the whole,
``simulator`` the fake.
"""

from gateway.connector import Pace, Provider
from gateway.domain import ProviderName
from gateway.providers.ottimate.account import (
    OttimateCredentials,
    OttimateSettings,
    open_account,
    open_upstream,
)
from gateway.providers.ottimate.simulator import OttimateSimulator
from gateway.upstream import Clock


def _create_simulator(clock: Clock) -> OttimateSimulator:
    return OttimateSimulator(now=clock.now, sleep=clock.sleep)


PROVIDER = Provider(
    name=ProviderName.OTTIMATE,
    title="Ottimate",
    key="ottimate",
    settings=OttimateSettings,
    credentials=OttimateCredentials,
    records_person=False,
    # One call reads a hundred. Half of the 10,000 a day that the key has for all.
    pace=Pace(
        least_seconds=30, most_seconds=600, keys_per_read=100, reads_per_hour=200
    ),
    create_simulator=_create_simulator,
    open_upstream=open_upstream,
    open_account=open_account,
)
