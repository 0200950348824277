"""Accounteer in domain terms."""

from collections.abc import Sequence

from gateway.connector import (
    AskedDecision,
    Person,
    Probe,
    Queue,
    Written,
    decide_each,
)
from gateway.domain import Capability, QuotaRecord
from gateway.providers.accounteer.invoices import AccounteerInvoices
from gateway.providers.accounteer.lists import TABLES, AccounteerLists
from gateway.providers.accounteer.pages import AccounteerPages
from gateway.providers.accounteer.probes import AccounteerProbes
from gateway.providers.accounteer.queue import AccounteerQueue
from gateway.providers.accounteer.reads import AccounteerReads
from gateway.providers.accounteer.rights import Rights
from gateway.providers.accounteer.words import CALLS_PER_SECOND, Collection
from gateway.providers.accounteer.writes import AccounteerWrites
from gateway.upstream import (
    Beliefs,
    Deadline,
    Locks,
    RefusedError,
    Session,
    Upstream,
)


class AccounteerConnector:
    """Accounteer, for one application, within one request."""

    decides = frozenset({"Invoice"})
    policies = None
    targets = None

    def __init__(
        self,
        upstream: Upstream,
        session: Session,
        deadline: Deadline,
        *,
        beliefs: Beliefs,
        deciding: Locks,
        organization_id: str | None,
    ) -> None:
        self._deadline = deadline
        self._lists = AccounteerLists(
            upstream,
            session,
            deadline,
            beliefs=beliefs,
            organization_id=organization_id,
        )
        self._rights = Rights(beliefs)
        reads = AccounteerReads(self._lists)
        self._queue = AccounteerQueue(self._lists, reads)
        self._writes = AccounteerWrites(
            upstream,
            session,
            deadline,
            reads=reads,
            rights=self._rights,
            deciding=deciding,
        )
        self.invoices = AccounteerInvoices(
            AccounteerPages(self._lists, reads), reads, self._rights
        )
        self._probes = AccounteerProbes(self._lists)

    async def check(self) -> None:
        """Read the smallest page of sales invoices, else of purchases."""
        try:
            await self._lists.list_page(TABLES[Collection.INVOICES], {}, size=1)
        except RefusedError:
            await self._lists.list_page(TABLES[Collection.PURCHASES], {}, size=1)

    async def get_capabilities(self) -> frozenset[Capability]:
        """Return what the account can be asked to do, as far as it was seen."""
        return self._rights.capabilities

    def get_quota(self) -> QuotaRecord | None:
        """Return None: Accounteer tells of no quota."""
        return None

    async def list_queue(self, person: Person) -> Queue:
        """Return the drafts: they wait for whoever holds the right to approve."""
        del person
        return await self._queue.list_queue()

    async def decide(
        self, asked: Sequence[AskedDecision]
    ) -> Sequence[Written | Exception]:
        """Approve as the application, each by itself; there is no rejection."""
        return await decide_each(
            asked,
            self._writes.decide,
            deadline=self._deadline,
            at_once=CALLS_PER_SECOND,
        )

    async def probe(self) -> list[Probe]:
        """Send each of the doctor's probes; they read only."""
        return await self._probes.run()
