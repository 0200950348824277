"""Several decisions at once: what goes together, and what goes by itself."""

import asyncio
from collections.abc import Mapping, Sequence

from gateway.connector import AskedDecision, Written, decide_each, each_its_own
from gateway.domain import Decision
from gateway.errors import GatewayError
from gateway.providers.productive.batches import LOOKED_AT
from gateway.providers.productive.bulk import Ended, ProductiveBulk
from gateway.providers.productive.writes import ProductiveWrites
from gateway.upstream import Deadline, as_write


class ProductiveDecisions:
    """Sends what is asked for at once, within one request."""

    def __init__(
        self, writes: ProductiveWrites, bulk: ProductiveBulk, deadline: Deadline
    ) -> None:
        self._writes = writes
        self._bulk = bulk
        self._deadline = deadline

    async def decide(self, asked: Sequence[AskedDecision]) -> list[Written | Exception]:
        """Return how each decision ended, in order."""
        places = dict(enumerate(asked))
        joined = {place: one for place, one in places.items() if _may_join(one)}
        if len(joined) == 1 or not self._bulk.has_call():
            joined = {}
        apart = {place: one for place, one in places.items() if place not in joined}
        parts = await asyncio.gather(
            self._decide_joined(joined),
            self._decide_apart(apart),
            return_exceptions=True,
        )
        ended: Ended = {}
        for some, part in zip((joined, apart), parts, strict=True):
            ended |= each_its_own(some, part)
        return [ended[place] for place in places]

    async def _decide_joined(self, asked: Mapping[int, AskedDecision]) -> Ended:
        if not asked:
            return {}
        try:
            ended = await as_write(self._bulk.approve(asked))
        except GatewayError as error:
            return dict.fromkeys(asked, error)
        left = {place: one for place, one in asked.items() if place not in ended}
        return ended | await self._decide_apart(left)

    async def _decide_apart(self, asked: Mapping[int, AskedDecision]) -> Ended:
        ended = await decide_each(
            list(asked.values()), self._writes.decide, deadline=self._deadline
        )
        return dict(zip(asked, ended, strict=True))


def _may_join(asked: AskedDecision) -> bool:
    """Return whether there may be a call that takes a decision among others."""
    is_plain = not asked.note and not asked.force
    is_approval = asked.decision is Decision.APPROVE
    return is_approval and is_plain and asked.subject.type_name in LOOKED_AT
