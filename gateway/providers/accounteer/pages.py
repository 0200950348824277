"""Accounteer's sales invoices and purchases as one list, in the graph's order.

Both come newest day first, which is assumed; within a day in an order of their own.
So what is listed ends where a day ends, and the rows of a day that goes on upstream
wait for the next page. A list that is seen to be in another order is read whole.
"""

import itertools
import re
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date

from gateway.connector import InvoiceSlice
from gateway.domain import InvoiceFilter, InvoicePlace
from gateway.errors import (
    ForbiddenError,
    LimitError,
    NotFoundError,
    UpstreamAuthError,
    UpstreamError,
    UpstreamResponseError,
)
from gateway.observability import get_logger
from gateway.providers.accounteer import shapes, wire
from gateway.providers.accounteer.lists import TABLES, AccounteerLists, Walk
from gateway.providers.accounteer.reads import AccounteerReads, Found
from gateway.providers.accounteer.words import (
    KINDS,
    PAGE,
    PROVIDER,
    Collection,
    source_words,
)
from gateway.upstream import RefusedError, together

# Of each collection, for one answer.
_MOST_ROWS = 2_000
# No list is believed to be longer: a place beyond is no place.
_MOST_COUNT = 100_000
# What is learned of: that the filter by status gives documents.
STATUS = "documents by status"
# How many rows of each collection came before a place.
_HINT = re.compile(r"([0-9]{1,9})\.([0-9]{1,9})", re.ASCII)


class AccounteerPages:
    """Lists documents as one acting person, within one request."""

    def __init__(self, lists: AccounteerLists, reads: AccounteerReads) -> None:
        self._lists = lists
        self._reads = reads

    async def list_invoices(
        self, *, first: int, after: InvoicePlace | None, invoice_filter: InvoiceFilter
    ) -> InvoiceSlice:
        """Return at least *first* rows after *after*, or all that there are.

        A collection that this person may not read is left out, and the slice then says
        that it is not complete.

        Raises:
            LimitError: Too many rows would have to be read.
            UpstreamError: No collection may be read, or one fails.
        """
        words = source_words(invoice_filter)
        wanted = [one for one in Collection if _takes(invoice_filter, one)]
        if not wanted or words == []:
            return InvoiceSlice(invoices=[], is_last=True, total=0)
        status = words[0] if words is not None and len(words) == 1 else None
        before = None if after is None else after.created_at.astimezone(UTC).date()
        counts = _parse_hint(after)
        readings = [
            DocumentReading(
                self._lists,
                one,
                status,
                before=before,
                count=counts.get(one, 0),
            )
            for one in wanted
        ]
        open_readings = await begin_all(readings)
        while True:
            cuts = [one.cut for one in open_readings if one.cut is not None]
            cut = max(cuts, default=None)
            ready = _ready(open_readings, after, cut)
            if cut is None or len(ready) >= first:
                break
            await together(one.read_on() for one in open_readings if one.cut == cut)
        return InvoiceSlice(
            invoices=await self._reads.create_records(ready),
            is_last=cut is None,
            total=None,
            is_searched=False,
            is_complete=len(open_readings) == len(wanted)
            and all(one.is_complete for one in open_readings),
            hints=_hints(ready, open_readings, counts),
        )


class DocumentReading:
    """The reading of one collection, from a place on.

    Attributes:
        rows: What was read, by id.
        is_complete: Whether nothing is missing that was asked for, as far as shows.
    """

    def __init__(
        self,
        lists: AccounteerLists,
        collection: Collection,
        status: str | None,
        *,
        before: date | None = None,
        count: int = 0,
    ) -> None:
        """Begin where *count* rows were passed, in front of all of the day *before*."""
        self.collection = collection
        self.rows: dict[str, shapes.Document] = {}
        self._lists = lists
        self._status = status
        self._before = before
        self._count = count
        self._walk = self._create_walk(count)
        self.is_complete = True
        self._first_day: date | None = None
        self._has_order = True

    @property
    def cut(self) -> date | None:
        """The newest day of which rows may be missing; None where none are."""
        if self._walk.is_last:
            return None
        if not self._has_order or not self._walk.page:
            return date.max
        return self._walk.page[-1].date_created

    @property
    def counts(self) -> Mapping[str, int]:
        """How many rows of the collection came up to each, where that is known."""
        return self._walk.counts if self._has_order else {}

    async def begin(self) -> None:
        """Read the first page that leaves nothing out."""
        await self.read_on()
        back = PAGE
        while self._has_order and self._walk.begin and not self._is_in_front():
            # Rows in front have gone since, or more of the day came.
            self._restart(max(0, self._walk.begin - back))
            back *= 2
            await self.read_on()
        if self._status is not None:
            await self._check_status()

    async def read_on(self) -> None:
        """Read one more page.

        Raises:
            LimitError: Too many were read.
        """
        if len(self.rows) >= _MOST_ROWS:
            raise LimitError(
                "MAX_ROWS_LIMIT",
                f"More than {_MOST_ROWS} documents of Accounteer would have to be read "
                "for this page. Narrow `filter` by `providers`, `kinds` or a single "
                "status.",
            )
        self.rows |= {row.id: row for row in await self._walk.read()}
        if self._walk.page and self._first_day is None:
            self._first_day = self._walk.page[0].date_created
        self.is_complete = self.is_complete and not self._walk.is_cut
        if self._has_order and not _is_descending(self._walk.page):
            self._has_order = False
            # What was listed before this place may have left something out.
            self.is_complete = self._before is None
            get_logger().warning(
                "list_not_by_day", provider=PROVIDER.value, list=self.collection.value
            )
            if self._count:
                self._restart(0)

    async def _check_status(self) -> None:
        """Do without the filter where it gives nothing, and is not seen to give any.

        Its value is assumed: where it is another, nothing would be found in silence.
        """
        beliefs = self._lists.beliefs
        if any(row.status == self._status for row in self.rows.values()):
            beliefs.learn(STATUS, works=True)
        elif not self.rows and self._walk.is_last and not beliefs.believes(STATUS):
            wanted, self._status = self._status, None
            self._restart(0)
            await self.read_on()
            there = {row.status for row in self.rows.values()}
            if there and wanted not in there and await self._gives(min(there)):
                # It does give what is there, so that there is none of what is wanted.
                beliefs.learn(STATUS, works=True)
                self._status = wanted
                self._restart(0)
                await self.read_on()

    async def _gives(self, status: str) -> bool:
        """Return whether the filter gives what is there of a status."""
        rows = await self._lists.list_page(
            TABLES[self.collection], {"status": status}, size=1
        )
        return any(row.status == status for row in rows)

    def _is_in_front(self) -> bool:
        return self._first_day is not None and (
            self._before is None or self._first_day > self._before
        )

    def _restart(self, count: int) -> None:
        self.rows = {}
        self._first_day = None
        self._count = count
        self._walk = self._create_walk(count)

    def _create_walk(self, count: int) -> Walk[shapes.Document]:
        params = {} if self._status is None else {"status": self._status}
        return Walk(self._lists, TABLES[self.collection], params, after=count)


async def begin_all(wanted: Iterable[DocumentReading]) -> list[DocumentReading]:
    """Begin to read each, and return those that may be read.

    Raises:
        UpstreamError: None may be, or one fails.
    """
    readings = list(wanted)
    refusals = await together(_try_begin(one) for one in readings)
    found = [
        one for one, refusal in zip(readings, refusals, strict=True) if refusal is None
    ]
    for refusal in refusals:
        if refusal is not None and not found:
            raise _no_list(refusal) from refusal
    return found


def _no_list(refused: RefusedError) -> UpstreamError:
    """Return why there is no list at all."""
    if isinstance(refused.refusal, ForbiddenError):
        return UpstreamAuthError(
            PROVIDER.value, "Accounteer shows this account no invoices."
        )
    if isinstance(refused.refusal, NotFoundError):
        return UpstreamResponseError(
            PROVIDER.value,
            "There are no invoices at the address that is set for Accounteer; it ends "
            "in its version, as `/api/v0.1`.",
        )
    return refused


async def _try_begin(reading: DocumentReading) -> RefusedError | None:
    try:
        await reading.begin()
    except RefusedError as error:
        return error
    return None


def _ready(
    readings: Iterable[DocumentReading], after: InvoicePlace | None, cut: date | None
) -> list[Found]:
    """Return what comes after *after*, in the graph's order, up to the day *cut*."""
    with wire.understood():
        placed = [
            (wire.place_of(row, reading.collection), Found(reading.collection, row))
            for reading in readings
            for row in reading.rows.values()
            if cut is None or row.date_created > cut
        ]
    ready = [
        (created_at, row_id, found)
        for (created_at, row_id), found in placed
        if after is None or after.precedes(created_at, row_id)
    ]
    ready.sort(key=lambda one: one[1])
    ready.sort(key=lambda one: one[0], reverse=True)
    return [found for _, _, found in ready]


def _hints(
    ready: Sequence[Found],
    readings: Iterable[DocumentReading],
    counts: Mapping[Collection, int],
) -> dict[str, str]:
    """Return, for each row, how many rows of each collection are of newer days.

    There the reading of what follows begins: rows of its day may follow in any order.
    """
    newer = {one.collection: deque(one.rows.values()) for one in readings}
    told = {one.collection: one.counts for one in readings}
    passed = dict(counts)
    hints = {}
    for found in ready:
        day = found.document.date_created
        for collection, rows in newer.items():
            while rows and rows[0].date_created > day:
                count = told[collection].get(rows.popleft().id)
                if count is not None:
                    passed[collection] = count
        if any(passed.values()):
            _, row_id = wire.place_of(found.document, found.collection)
            hints[row_id] = ".".join(str(passed.get(one, 0)) for one in Collection)
    return hints


def _parse_hint(after: InvoicePlace | None) -> dict[Collection, int]:
    """Return how many rows were passed; a hint that is none says nothing."""
    matched = _HINT.fullmatch(after.hint or "") if after is not None else None
    if matched is None:
        return {}
    counts = dict(zip(Collection, map(int, matched.groups()), strict=True))
    return {one: count for one, count in counts.items() if count <= _MOST_COUNT}


def _takes(invoice_filter: InvoiceFilter, collection: Collection) -> bool:
    kinds = invoice_filter.kinds
    return kinds is None or KINDS[collection] in kinds


def _is_descending(rows: Iterable[shapes.Document]) -> bool:
    days = (row.date_created for row in rows)
    return all(day >= after for day, after in itertools.pairwise(days))
