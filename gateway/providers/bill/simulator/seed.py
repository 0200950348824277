"""Fills the organization: people, policies, the situations, then many more objects.

Everything follows from one seed and one instant, never from the clock.
"""

import functools
import pickle
from datetime import UTC, datetime, timedelta
from random import Random

from gateway.providers.bill.simulator import directory
from gateway.providers.bill.simulator.directory import SERVICE
from gateway.providers.bill.simulator.generated import generate_bills, generate_credits
from gateway.providers.bill.simulator.objects import (
    ACTIVE,
    INACTIVE,
    ApprovalPolicy,
    ApprovalPolicyApprover,
    Profile,
    User,
    Vendor,
)
from gateway.providers.bill.simulator.policies import policy_name
from gateway.providers.bill.simulator.replies import time_text
from gateway.providers.bill.simulator.seeding import Seeder
from gateway.providers.bill.simulator.situations import (
    BILL_SITUATIONS,
    CREDIT_SITUATIONS,
)
from gateway.providers.bill.simulator.state import State

BASE = datetime(2026, 11, 2, 17, 0, 0, 551_000, tzinfo=UTC)
_FOUNDED = BASE - timedelta(days=560)
_SPREAD_HOURS = 13_000
# Rows that came in one import share their createdTime to the millisecond.
_IMPORTS = ((30, 33), (60, 85), (118, 122), (170, 200), (240, 246))


def create_state() -> State:
    """Return an organization as it is at the start; the same on every call."""
    state: State = pickle.loads(_seeded())  # noqa: S301 (bytes of our own)
    return state


@functools.cache
def _seeded() -> bytes:
    """Return the seeded state: to copy it is cheaper than to make it again."""
    state = State()
    _add_people(state)
    _add_policies(state)
    _add_vendors(state)
    _add_objects(state)
    return pickle.dumps(state)


def _add_objects(state: State) -> None:
    random = Random("bill objects")  # noqa: S311 (a sandbox)
    seeder = Seeder(state, random)
    for position, one in enumerate(BILL_SITUATIONS):
        seeder.add_bill(one, BASE - timedelta(hours=5 + 2 * position))
    for position, one in enumerate(CREDIT_SITUATIONS):
        seeder.add_credit(one, BASE - timedelta(hours=9 + 7 * position))
    bills = generate_bills(random)
    for one, at in zip(bills, _created_at(random, len(bills)), strict=True):
        seeder.add_bill(one, at)
    credits_ = generate_credits(random)
    for one, at in zip(credits_, _created_at(random, len(credits_)), strict=True):
        seeder.add_credit(one, at)
    # What was sent before the start is not of interest.
    state.outbox.clear()


def _created_at(random: Random, count: int) -> list[datetime]:
    """Return *count* instants, newest first: dense at first, ever sparser."""
    instants = [
        BASE
        - timedelta(
            hours=60 + _SPREAD_HOURS * (position / count) ** 2,
            milliseconds=random.randrange(60_000),
        )
        for position in range(count)
    ]
    for start, end in _IMPORTS:
        rows = instants[start:end]
        instants[start:end] = rows[:1] * len(rows)
    return instants


def _add_people(state: State) -> None:
    at = time_text(_FOUNDED)
    for profile_id, (name, description) in directory.PROFILES.items():
        state.profiles[profile_id] = Profile(
            id=profile_id,
            name=name,
            description=description,
            created_time=at,
            updated_time=at,
            created_by=SERVICE,
            updated_by=SERVICE,
        )
    state.approving_profiles.update(directory.APPROVING_PROFILES)
    for position, one in enumerate(directory.PEOPLE):
        joined = time_text(_FOUNDED + timedelta(hours=position))
        state.users[one.id] = User(
            id=one.id,
            is_active=ACTIVE if one.is_active else INACTIVE,
            created_time=joined,
            updated_time=joined,
            created_by=SERVICE,
            updated_by=SERVICE,
            login_id=one.login_id,
            profile_id=one.profile_id,
            first_name=one.first_name,
            last_name=one.last_name,
            email=one.email,
        )


def _add_policies(state: State) -> None:
    for position, rule in enumerate(directory.RULES):
        at = time_text(_FOUNDED + timedelta(days=40 * position + 10))
        policy = ApprovalPolicy(
            id=rule.id,
            is_active=ACTIVE if rule.is_active else INACTIVE,
            created_time=at,
            updated_time=at,
            created_by=directory.DIRECTOR,
            updated_by=directory.DIRECTOR,
            type=rule.type,
            amount_threshold=rule.amount_threshold,
            min_num_approvers=rule.min_num_approvers,
        )
        policy.name = policy_name(policy)
        state.policies[rule.id] = policy
        for place, user_id in enumerate(rule.mandatory):
            made_id = state.next_id("ApprovalPolicyApprover")
            state.policy_approvers[made_id] = ApprovalPolicyApprover(
                id=made_id,
                created_time=at,
                updated_time=at,
                created_by=directory.DIRECTOR,
                updated_by=directory.DIRECTOR,
                approval_policy_id=rule.id,
                users_id=user_id,
                sort_order=place,
            )


def _add_vendors(state: State) -> None:
    for position, (name, account) in enumerate(directory.VENDORS):
        at = time_text(_FOUNDED + timedelta(days=1, hours=position))
        vendor_id = directory.VENDOR_IDS[name]
        is_deleted = name == directory.DELETED_VENDOR
        state.vendors[vendor_id] = Vendor(
            id=vendor_id,
            is_active=INACTIVE if is_deleted else ACTIVE,
            created_time=at,
            updated_time=at,
            created_by=directory.CLERK,
            updated_by=directory.CLERK,
            name=name,
            acc_number=account,
            address1=f"{position + 10} Harbor Street",
            address_city="Portside",
            address_country="USA",
            email=f"billing@{account.lower()}.example",
            bill_currency="USD",
        )
