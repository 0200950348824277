"""Bills and vendor credits in every state, so that lists and queues are long."""

from collections.abc import Sequence
from decimal import Decimal
from random import Random

from gateway.providers.bill.simulator.directory import (
    ACCOUNTANT,
    APPROVER,
    ASSISTANT,
    BUYER,
    CONTROLLER,
    DELETED_VENDOR,
    DIRECTOR,
    LEAD,
    MANAGER,
    UNREMEMBERED_VENDOR,
    VENDORS,
)
from gateway.providers.bill.simulator.objects import (
    APPROVED,
    APPROVING,
    ASSIGNED,
    DENIED,
    OPEN,
    PAID,
    PARTIALLY_PAID,
    PENDING,
    SCHEDULED,
    UNASSIGNED,
)
from gateway.providers.bill.simulator.situations import Act, Seed

_BILL_STATES = {UNASSIGNED: 52, ASSIGNED: 84, APPROVING: 48, APPROVED: 76, DENIED: 20}
_CREDIT_STATES = {UNASSIGNED: 8, ASSIGNED: 11, APPROVING: 5, APPROVED: 9, DENIED: 3}
_PAYMENTS = (OPEN, SCHEDULED, PAID, PARTIALLY_PAID, PENDING)
_DOLLARS = ((12, 99), (100, 999), (1_000, 3_999), (4_000, 24_999), (25_000, 80_000))
_VENDOR_NAMES = tuple(
    name for name, _ in VENDORS if name not in {UNREMEMBERED_VENDOR, DELETED_VENDOR}
)
_APPROVERS = (
    CONTROLLER,
    CONTROLLER,
    ACCOUNTANT,
    APPROVER,
    BUYER,
    MANAGER,
    LEAD,
    ASSISTANT,
)
_TWO_FROM, _DIRECTOR_FROM = 4_000, 25_000


def generate_bills(random: Random) -> list[Seed]:
    """Return bills in random order, in every state of approval and payment."""
    return _generate(random, "HB", 20_001, _BILL_STATES)


def generate_credits(random: Random) -> list[Seed]:
    """Return vendor credits in random order, in every state of approval."""
    return _generate(random, "HC", 3_001, _CREDIT_STATES)


def _generate(
    random: Random, prefix: str, first: int, states: dict[str, int]
) -> list[Seed]:
    wanted = [state for state, count in states.items() for _ in range(count)]
    random.shuffle(wanted)
    return [
        _seed(random, f"{prefix}-{first + position}", state)
        for position, state in enumerate(wanted)
    ]


def _seed(random: Random, number: str, state: str) -> Seed:
    low, high = random.choices(_DOLLARS, (3, 5, 5, 4, 1))[0]
    amount = Decimal(random.randint(low * 100, high * 100)).scaleb(-2)
    chain = () if state == UNASSIGNED else _chain(random, amount, state)
    weights = (5, 3, 6, 1, 1) if state == APPROVED else (30, 0, 1, 1, 0)
    return Seed(
        number=number,
        amount=str(amount),
        vendor=random.choice(_VENDOR_NAMES),
        chain=chain,
        acts=_acts(random, state, chain),
        payment=random.choices(_PAYMENTS, weights)[0],
        is_deleted=random.random() < 1 / 18,
    )


def _chain(random: Random, amount: Decimal, state: str) -> tuple[str, ...]:
    least = 2 if amount >= _TWO_FROM or state == APPROVING else 1
    needed = 3 if amount >= _DIRECTOR_FROM else random.choice((least, least + 1))
    others = _distinct(random, needed)
    return (*others[:-1], DIRECTOR) if amount >= _DIRECTOR_FROM else others


def _distinct(random: Random, count: int) -> tuple[str, ...]:
    chosen = dict.fromkeys(random.sample(_APPROVERS, count + 1))
    return tuple(chosen)[:count]


def _acts(random: Random, state: str, chain: Sequence[str]) -> tuple[Act, ...]:
    approvals = {
        APPROVED: len(chain),
        APPROVING: random.randint(1, max(len(chain) - 1, 1)),
        DENIED: random.randrange(max(len(chain), 1)),
    }
    acts: list[Act] = ["approve"] * approvals.get(state, 0)
    if state == DENIED:
        acts.append("deny")
    if state == ASSIGNED and random.random() < 1 / 8:
        acts.append("view")
    return tuple(acts)
