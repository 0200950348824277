"""The doctor's probes: what BILL's public text leaves open, asked of the account."""

from collections.abc import Sequence

from gateway.connector import Probe
from gateway.errors import GatewayError
from gateway.providers.bill.chains import BillChains
from gateway.providers.bill.lists import BillLists
from gateway.providers.bill.persons import BillPersons
from gateway.providers.bill.tables import APPROVABLES, APPROVERS, POLICIES
from gateway.providers.bill.words import Entity
from gateway.upstream import Beliefs, Deadline, Session, Upstream

# How many objects are looked at to find two with approvers.
_SAMPLE = 20
_USER = "signed-in user"
_IN_FILTER = "in filter"


class BillProbes:
    """Asks what must be tried; it reads only."""

    def __init__(
        self,
        upstream: Upstream,
        session: Session,
        deadline: Deadline,
        *,
        lists: BillLists,
        chains: BillChains,
        persons: BillPersons,
        beliefs: Beliefs,
    ) -> None:
        self._upstream = upstream
        self._session = session
        self._deadline = deadline
        self._lists = lists
        self._chains = chains
        self._persons = persons
        self._beliefs = beliefs

    async def run(self) -> list[Probe]:
        """Send each probe, one after the other, and return what it found.

        Without a session nothing else can be asked.
        """
        try:
            user_id = await self._upstream.identify(self._session, self._deadline)
        except GatewayError as error:
            return [Probe(name=_USER, ok=False, detail=error.message)]
        return [
            await self._probe_user(user_id or ""),
            await self._probe_in_filter(),
            *[await self._probe_approvers(entity) for entity in Entity],
            await self._probe_policies(),
        ]

    async def _probe_user(self, user_id: str) -> Probe:
        try:
            profile = await self._persons.get_profile_name(user_id)
        except GatewayError as error:
            return Probe(name=_USER, ok=False, detail=error.message)
        return Probe(
            name=_USER,
            ok=bool(user_id),
            detail=f"{user_id}, profile {profile or 'not shown'}; reads for callers "
            "without credentials of their own, and decides nothing",
        )

    async def _probe_in_filter(self) -> Probe:
        bills = APPROVABLES[Entity.BILL]
        try:
            ids = await self._sample(Entity.BILL, 2)
            if len(ids) > 1:
                await self._lists.get_by_id(bills, ids)
        except GatewayError as error:
            return Probe(name=_IN_FILTER, ok=False, detail=error.message)
        return _describe(
            _IN_FILTER,
            self._beliefs.believes(bills.batch),
            works="many objects by id in one call",
            fails="not taken; objects are read one by one, three at a time",
            unseen="not seen to be taken with the bills that there are",
        )

    async def _probe_approvers(self, entity: Entity) -> Probe:
        approvers = APPROVERS[entity]
        name = f"List/{approvers.table.name}"
        try:
            ids = await self._sample(entity, _SAMPLE)
            if len(ids) > 1:
                await self._chains.get_chains(ids)
        except GatewayError as error:
            return Probe(name=name, ok=False, detail=error.message)
        return _describe(
            name,
            self._beliefs.believes(approvers.batch),
            works="approvers of many objects in one call",
            fails="absent; ListApprovers is asked for each object",
            unseen="not seen to work with the objects that there are",
        )

    async def _probe_policies(self) -> Probe:
        try:
            count = len(await self._lists.list_all(POLICIES))
        except GatewayError as error:
            return Probe(name="List/ApprovalPolicy", ok=False, detail=error.message)
        return Probe(
            name="List/ApprovalPolicy", ok=True, detail=f"{count} policies are listed"
        )

    async def _sample(self, entity: Entity, most: int) -> Sequence[str]:
        rows = await self._lists.list_page(APPROVABLES[entity], most=most)
        return [row.id for row in rows]


def _describe(
    name: str, holds: bool | None, *, works: str, fails: str, unseen: str
) -> Probe:
    # A missing batch is slower, and nothing that the operator could mend.
    detail = {True: works, False: fails, None: unseen}[holds]
    return Probe(name=name, ok=True if holds else None, detail=detail)
