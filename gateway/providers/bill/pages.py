"""The list of bills and vendor credits, newest first, from any place on.

Pages of BILL are no snapshot, so the next page is asked for by the creation time of
the last row, not by its number; only rows of one and the same instant are paged by
number. What is sorted, filtered and paged upstream is checked, since a list that
ignored it would lose rows.
"""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from msgspec import Struct

from gateway.domain import (
    ApprovalState,
    InvoiceFilter,
    InvoicePlace,
    InvoiceStatus,
    encode_id,
)
from gateway.errors import UnsupportedError, UpstreamResponseError
from gateway.providers.bill import shapes, wire
from gateway.providers.bill.lists import (
    BillLists,
    Filter,
    repeated,
)
from gateway.providers.bill.tables import APPROVABLES
from gateway.providers.bill.words import (
    DELETED,
    KINDS,
    PAGE,
    PAID,
    PROVIDER,
    STATES,
    STATUSES,
    UNASSIGNED,
    Entity,
)
from gateway.upstream import Beliefs, RefusedError

# Times on the wire have milliseconds.
_STEP = timedelta(milliseconds=1)
_DAY = timedelta(days=1)
_CREDIT_LIST = "List/VendorCredit"
_NEWEST_FIRST = (("createdTime", False), ("id", True))

# Statuses that any `approvalStatus` can have.
_OF_ANY = frozenset({InvoiceStatus.ARCHIVED, InvoiceStatus.PAID, InvoiceStatus.UNKNOWN})


class Row(Struct, frozen=True):
    """A row with what orders it: newest first, then by global id."""

    created_at: datetime
    id: str
    entity: Entity
    data: shapes.Approvable


class Stream(Struct, frozen=True):
    """One list that is read from its newest row on."""

    entity: Entity
    filters: tuple[Filter, ...]


class Rows(Struct, frozen=True, kw_only=True):
    """Rows in order, complete up to the last.

    *is_last* is whether nothing follows, *is_complete* whether all kinds of documents
    that were asked for could be listed.
    """

    rows: list[Row]
    is_last: bool
    is_complete: bool


class BillPages:
    """Reads the list as one acting person, within one request."""

    def __init__(self, lists: BillLists, beliefs: Beliefs) -> None:
        self._lists = lists
        self._beliefs = beliefs

    async def read(
        self, *, first: int, after: InvoicePlace | None, invoice_filter: InvoiceFilter
    ) -> Rows:
        """Return at least *first* rows after *after*, or all that there are."""
        streams = create_streams(invoice_filter)
        parts = await asyncio.gather(
            *(self._read_stream(stream, first, after) for stream in streams)
        )
        cuts = [cut for _, cut in parts if cut is not None]
        # Meanwhile a row may have moved from one list to another.
        rows = {row.id: row for part, _ in parts for row in part}
        return Rows(
            rows=_ready(rows.values(), after, cuts),
            is_last=not cuts,
            is_complete=all(self._is_listed(stream.entity) for stream in streams),
        )

    async def _read_stream(
        self, stream: Stream, first: int, after: InvoicePlace | None
    ) -> tuple[list[Row], datetime | None]:
        """Return rows and the instant that may go on upstream; None at the end."""
        if not self._is_listed(stream.entity):
            return [], None
        bound = None if after is None else _step_after(after.created_at)
        most = min(PAGE, first + 2)
        rows: dict[str, Row] = {}
        while True:
            try:
                cut = await self._read_window(stream, bound, most, rows)
            except RefusedError as error:
                self._learn_absence(stream.entity, error)
                return [], None
            ready = _ready(rows.values(), after, [] if cut is None else [cut])
            if cut is None or len(ready) >= first:
                return ready, cut
            bound = _step_after(cut)

    def _is_listed(self, entity: Entity) -> bool:
        is_credit = entity is Entity.VENDOR_CREDIT
        return not is_credit or self._beliefs.believes(_CREDIT_LIST) is not False

    def _learn_absence(self, entity: Entity, error: RefusedError) -> None:
        """Remember that vendor credits cannot be listed here; bills must be.

        Quirk: the reference has their bulk calls, and names no list.
        """
        is_absent = isinstance(error.refusal, UnsupportedError)
        if entity is not Entity.VENDOR_CREDIT or not is_absent:
            raise error
        self._beliefs.learn(_CREDIT_LIST, works=False)

    async def _read_window(
        self,
        stream: Stream,
        bound: datetime | None,
        most: int,
        rows: dict[str, Row],
    ) -> datetime | None:
        """Add the rows before *bound* to *rows* until one is of an older instant.

        Returns:
            The oldest row's instant, or None where nothing follows.
        """
        filters = list(stream.filters)
        if bound is not None:
            filters.append(Filter("createdTime", "<", wire.instant_text(bound)))
        start = 0
        while True:
            page = await self._lists.list_page(
                APPROVABLES[stream.entity],
                filters,
                sort=_NEWEST_FIRST,
                start=start,
                most=most,
            )
            found = [_create_row(row, stream.entity) for row in page]
            _check_order(found, bound)
            known = len(rows)
            rows.update({row.id: row for row in found})
            if len(page) < most:
                return None
            if start and len(rows) == known:
                raise repeated()
            oldest = found[-1].created_at
            if bound is None or _step_after(oldest) < bound:
                return oldest
            # Many rows came in this instant: go through it in large pages.
            start = 0 if most < PAGE else start + most
            most = PAGE


def create_streams(invoice_filter: InvoiceFilter) -> list[Stream]:
    """Return the lists in which all matching rows are, which may hold more.

    There is one for each approval status: that a list takes several at once is only
    assumed, and one that did not would hide what waits.
    """
    values = _approval_statuses(invoice_filter)
    streams = []
    for entity in Entity:
        if not _can_match(entity, invoice_filter):
            continue
        common = _filters(entity, invoice_filter)
        # Of vendor credits only ids and times are known to be taken as filters.
        if values is None or (values and entity is Entity.VENDOR_CREDIT):
            streams.append(Stream(entity, common))
        else:
            streams += [
                Stream(entity, (*common, Filter("approvalStatus", "=", value)))
                for value in values
            ]
    return streams


def _can_match(entity: Entity, wanted: InvoiceFilter) -> bool:
    if wanted.kinds is not None and KINDS[entity] not in wanted.kinds:
        return False
    # A vendor credit is not paid.
    is_for_paid = wanted.statuses == [InvoiceStatus.PAID]
    return entity is Entity.BILL or not is_for_paid


def _filters(entity: Entity, wanted: InvoiceFilter) -> tuple[Filter, ...]:
    """Return what BILL can filter by; a vendor credit's dates are not among that."""
    found = []
    if wanted.updated_since is not None:
        since = wire.instant_text(wanted.updated_since - _STEP)
        found.append(Filter("updatedTime", ">", since))
    if wanted.statuses == [InvoiceStatus.ARCHIVED]:
        found.append(Filter("isActive", "=", DELETED))
    if entity is Entity.VENDOR_CREDIT:
        return tuple(found)
    if wanted.statuses == [InvoiceStatus.PAID]:
        found.append(Filter("paymentStatus", "=", PAID))
    for field, low, high in (
        ("invoiceDate", wanted.issued_after, wanted.issued_before),
        ("dueDate", wanted.due_after, wanted.due_before),
    ):
        # Beyond the first and the last day that can be written there is nothing.
        if low is not None and low > date.min:
            found.append(Filter(field, ">", (low - _DAY).isoformat()))
        if high is not None and high < date.max:
            found.append(Filter(field, "<", (high + _DAY).isoformat()))
    return tuple(found)


def _approval_statuses(wanted: InvoiceFilter) -> list[str] | None:
    """Return the values that can match; None where any can."""
    sets = []
    if wanted.states is not None and ApprovalState.UNKNOWN not in wanted.states:
        # What is unassigned is pending where a policy applies.
        pending = ApprovalState.PENDING in wanted.states
        unassigned = pending or ApprovalState.NOT_REQUIRED in wanted.states
        sets.append(
            {value for value, state in STATES.items() if state in wanted.states}
            | ({UNASSIGNED} if unassigned else set())
        )
    if wanted.statuses is not None and not _OF_ANY & set(wanted.statuses):
        sets.append(
            {value for value, one in STATUSES.items() if one in wanted.statuses}
        )
    return sorted(set.intersection(*sets)) if sets else None


def _create_row(row: shapes.Approvable, entity: Entity) -> Row:
    try:
        created_at = wire.parse_instant(row.created_time)
    except ValueError as error:
        raise _misunderstood() from error
    return Row(created_at, encode_id("Invoice", PROVIDER, row.id), entity, row)


def _check_order(rows: Sequence[Row], bound: datetime | None) -> None:
    """Hold a page against what was asked for.

    Raises:
        UpstreamResponseError: It is not in order, or not before *bound*.
    """
    instants = [row.created_at for row in rows]
    in_order = instants == sorted(instants, reverse=True)
    if not in_order or (bound is not None and instants and instants[0] >= bound):
        raise _misunderstood()


def _ready(
    rows: Iterable[Row], after: InvoicePlace | None, cuts: Sequence[datetime]
) -> list[Row]:
    """Return the rows after *after* in order, without an instant that goes on."""
    ready = [
        row
        for row in rows
        if all(row.created_at > cut for cut in cuts)
        and (after is None or after.precedes(row.created_at, row.id))
    ]
    ready.sort(key=lambda row: row.id)
    ready.sort(key=lambda row: row.created_at, reverse=True)
    return ready


def _step_after(instant: datetime) -> datetime:
    """Return the next instant that the wire can name."""
    whole = instant.replace(microsecond=instant.microsecond // 1000 * 1000)
    return whole + _STEP


def _misunderstood() -> UpstreamResponseError:
    return UpstreamResponseError(
        PROVIDER.value, "BILL did not understand a filter or the order of a list."
    )
