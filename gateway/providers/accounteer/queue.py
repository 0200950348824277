"""What waits in Accounteer: drafts, which anybody may approve who holds the right.

Accounteer asks nobody by name, so that what waits is the same for everybody for whom
one application acts.
"""

from gateway.connector import Queue
from gateway.providers.accounteer.lists import AccounteerLists
from gateway.providers.accounteer.pages import DocumentReading, begin_all
from gateway.providers.accounteer.reads import AccounteerReads, Found
from gateway.providers.accounteer.words import DRAFT, Collection
from gateway.upstream import together

# Of each collection; a queue that is longer is told to be incomplete.
_MOST_ROWS = 500


class AccounteerQueue:
    """Reads what waits, within one request."""

    def __init__(self, lists: AccounteerLists, reads: AccounteerReads) -> None:
        self._lists = lists
        self._reads = reads

    async def list_queue(self) -> Queue:
        """Return the drafts, sales invoices and purchases, up to a bound of rows.

        Raises:
            UpstreamError: Neither may be read, or one fails.
        """
        readings = await begin_all(
            DocumentReading(self._lists, one, DRAFT) for one in Collection
        )
        await together(_read_on(one) for one in readings)
        drafts = [
            Found(reading.collection, row)
            for reading in readings
            for row in reading.rows.values()
            if row.status == DRAFT
        ]
        return Queue(
            invoices=await self._reads.create_records(drafts),
            is_complete=len(readings) == len(Collection)
            and all(one.cut is None and one.is_complete for one in readings),
        )


async def _read_on(reading: DocumentReading) -> None:
    while reading.cut is not None and len(reading.rows) < _MOST_ROWS:
        await reading.read_on()
