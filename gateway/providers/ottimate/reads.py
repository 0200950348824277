"""Ottimate's reads: the list, the single invoice, its approvers."""

import asyncio
import functools
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from urllib.parse import quote

from gateway.connector import InvoiceSlice
from gateway.domain import (
    ApprovalState,
    ApproverRecord,
    InvoiceDetailsRecord,
    InvoiceFilter,
    InvoicePlace,
    InvoiceRecord,
    InvoiceStatus,
)
from gateway.errors import (
    ForbiddenError,
    GatewayError,
    NotFoundError,
    UnsupportedError,
    UpstreamAuthError,
    UpstreamError,
    UpstreamResponseError,
)
from gateway.providers.ottimate import wire
from gateway.upstream import Call, Deadline, Session, Upstream

# The largest page of GET /invoices, "API Reference".
PAGE = 100

# What would leave its place in a path or in a comma list.
_LONGEST_ID = 200
# What of a URL the ids may take; servers take 8 KB in all.
_URL_CHARACTERS = 6_000
# How often the rows of one second are read again because one of them left.
_RESTARTS = 3
_UNASKABLE = frozenset("/\\,?#%&;")

T = TypeVar("T")


class OttimateReads:
    """What can be read as one acting person, within one request."""

    def __init__(
        self, upstream: Upstream, session: Session, deadline: Deadline
    ) -> None:
        self._upstream = upstream
        self._session = session
        self._deadline = deadline

    async def list_page(self, params: Mapping[str, str]) -> wire.InvoicePage:
        """Return one page of ``GET /invoices``.

        Raises:
            UpstreamError: There is no such page; a refusal is a fault here, since
                this person is to see some list, if an empty one.
        """
        try:
            return await self._get("/invoices", wire.parse_invoices, params)
        except ForbiddenError as error:
            raise UpstreamAuthError(
                wire.PROVIDER.value, "Ottimate shows this account no invoices."
            ) from error
        except UpstreamError:
            raise
        except GatewayError as error:
            raise self._misunderstood() from error

    async def get_invoices(self, ids: Sequence[str]) -> Mapping[str, InvoiceRecord]:
        """Return the invoices that exist, by id: one call per hundred ids.

        The list is asked, not the single read: that one is served from a cache for
        five minutes and lacks the date of approval ("API Reference").
        """
        askable = [invoice_id for invoice_id in ids if _is_askable(invoice_id)]
        pages = await asyncio.gather(
            *(self._get_chunk(chunk) for chunk in _chunks(askable))
        )
        return {row.source_id: row for page in pages for row in page}

    async def list_invoices(
        self, *, first: int, after: InvoicePlace | None, invoice_filter: InvoiceFilter
    ) -> InvoiceSlice:
        """Return at least *first* rows after *after*, or all that there are.

        Pages are no snapshot: rows shift when others come or leave. So the next
        page is asked for by the creation date of the last row, not by its number;
        only rows of one and the same second are paged by number.
        """
        params = _filter_params(invoice_filter)
        if params is None:
            return InvoiceSlice(invoices=[], is_last=True, total=0)
        limit = min(PAGE, first + 2)
        rows: dict[str, InvoiceRecord] = {}
        bound = None if after is None else _second_after(after.created_at)
        total = None
        while True:
            oldest, count = await self._read_window(params, bound, limit, rows)
            if after is None and bound is None and _is_whole(invoice_filter):
                total = count
            ready = _ready_rows(rows.values(), after, oldest)
            if oldest is None or len(ready) >= first:
                return InvoiceSlice(invoices=ready, is_last=oldest is None, total=total)
            bound = _second_after(oldest)

    async def count_invoices(self, invoice_filter: InvoiceFilter) -> int | None:
        """Return how many invoices match, or None where Ottimate cannot tell."""
        params = _filter_params(invoice_filter)
        if params is None:
            return 0
        if not _is_whole(invoice_filter):
            return None
        page = await self.list_page({**params, "page": "1", "limit": "1"})
        return page.count

    async def get_details(
        self, ids: Sequence[str]
    ) -> Mapping[str, InvoiceDetailsRecord | GatewayError]:
        """Return lines and history of each invoice that exists: a call for each."""
        return await _each(ids, self._get_details)

    async def get_approvers(
        self, invoice_ids: Sequence[str]
    ) -> Mapping[str, list[ApproverRecord] | GatewayError]:
        """Return the approval records of each invoice that exists: a call for each."""
        return await _each(invoice_ids, self._get_approvers)

    async def _read_window(
        self,
        params: Mapping[str, str],
        bound: datetime | None,
        limit: int,
        rows: dict[str, InvoiceRecord],
    ) -> tuple[datetime | None, int]:
        """Add the rows up to *bound* to *rows* until one is older than its second.

        Returns:
            The oldest row's creation date, or None where nothing follows; the count.
        """
        if bound is not None:
            params = {**params, "date_to_utc": _utc_text(bound)}
        seen = number = count = restarts = 0
        while True:
            number += 1
            page = await self.list_page(
                {**params, "page": str(number), "limit": str(limit)}
            )
            if number > 1 and page.count < count and restarts < _RESTARTS:
                # A row left, so those behind it moved up, maybe over the page's edge.
                seen = number = 0
                restarts += 1
                continue
            count = page.count
            seen += len(page.invoices)
            rows.update({row.source_id: row for row in page.invoices})
            if seen >= page.count:
                return None, page.count
            if not page.invoices:
                raise self._misunderstood()
            oldest = min(row.created_at for row in page.invoices)
            if bound is None or _second_after(oldest) < bound:
                return oldest, page.count
            if limit < PAGE:
                # Many rows came in this second: go through it in large pages.
                seen = number = 0
                limit = PAGE

    async def _get_chunk(self, ids: Sequence[str]) -> list[InvoiceRecord]:
        rows: list[InvoiceRecord] = []
        number = 0
        while True:
            number += 1
            page = await self.list_page(
                {
                    "invoice_ids": ",".join(ids),
                    "page": str(number),
                    "limit": str(PAGE),
                }
            )
            if page.count > len(ids):
                # A filter that is ignored would make every other invoice look absent.
                raise self._misunderstood()
            rows += page.invoices
            if len(rows) >= page.count or not page.invoices:
                # An id may be answered in another spelling, which nobody asked for.
                return [row for row in rows if row.source_id in ids]

    async def _get_details(self, invoice_id: str) -> InvoiceDetailsRecord:
        path = invoice_path(invoice_id)
        return await self._get(path, wire.parse_details, {"expand": "history"})

    async def _get_approvers(self, invoice_id: str) -> list[ApproverRecord]:
        parse = functools.partial(wire.parse_approvers, invoice_id=invoice_id)
        return await self._get(invoice_path(invoice_id, "/approvers"), parse, {})

    async def _get(
        self, path: str, parse: Callable[[bytes], T], params: Mapping[str, str]
    ) -> T:
        return await self._upstream.read(
            Call(method="GET", path=path, params=params),
            parse,
            session=self._session,
            deadline=self._deadline,
        )

    def _misunderstood(self) -> UpstreamResponseError:
        return UpstreamResponseError(
            wire.PROVIDER.value, "Ottimate did not understand a filter of this list."
        )


def invoice_path(invoice_id: str, rest: str = "") -> str:
    """Return the path of an invoice, or of what belongs to it.

    Raises:
        NotFoundError: No invoice can have this id.
    """
    if not _is_askable(invoice_id):
        raise NotFoundError("There is no such invoice.")
    return f"/invoices/{quote(invoice_id, safe='')}{rest}"


def _chunks(ids: Sequence[str]) -> list[list[str]]:
    """Return the ids in lists that a page and a URL have room for."""
    chunks: list[list[str]] = []
    room = 0
    for one in ids:
        # A comma is three characters in a URL.
        length = len(quote(one, safe="")) + 3
        if length > room or len(chunks[-1]) == PAGE:
            chunks.append([])
            room = _URL_CHARACTERS
        chunks[-1].append(one)
        room -= length
    return chunks


def _is_askable(invoice_id: str) -> bool:
    return (
        len(invoice_id) <= _LONGEST_ID
        and invoice_id.strip(".") != ""
        and invoice_id.isprintable()
        and " " not in invoice_id
        and not _UNASKABLE & set(invoice_id)
    )


async def _each(
    ids: Sequence[str], read: Callable[[str], Awaitable[T]]
) -> dict[str, T | GatewayError]:
    """Read each id, all at once; an id that is absent is left out."""

    async def attempt(one: str) -> T | GatewayError:
        try:
            return await read(one)
        except UnsupportedError:
            return UpstreamResponseError(
                wire.PROVIDER.value, "Ottimate did not understand a read."
            )
        except GatewayError as error:
            return error

    values = await asyncio.gather(*(attempt(one) for one in ids))
    return {
        one: value
        for one, value in zip(ids, values, strict=True)
        # Out of scope and absent are one to Ottimate, and so to us.
        if not isinstance(value, NotFoundError | ForbiddenError)
    }


def _filter_params(invoice_filter: InvoiceFilter) -> dict[str, str] | None:
    """Return what Ottimate can filter by, or None where nothing can match."""
    params = {}
    kinds = invoice_filter.kinds
    if kinds is not None and wire.POSSIBLE_KINDS.isdisjoint(kinds):
        return None
    if invoice_filter.statuses is not None or invoice_filter.states is not None:
        words = wire.source_statuses(invoice_filter.statuses, invoice_filter.states)
        unknown = _takes_unknown(invoice_filter)
        if not words and not unknown:
            return None
        # Quirk: `status` takes a single value.
        if len(words) == 1 and not unknown:
            params["status"] = words[0]
    if invoice_filter.search:
        params["search"] = invoice_filter.search
    if invoice_filter.updated_since is not None:
        since = invoice_filter.updated_since.replace(microsecond=0)
        params["last_modified_date_from_utc"] = _utc_text(since)
    return params


def _takes_unknown(invoice_filter: InvoiceFilter) -> bool:
    """Return whether a status that Ottimate adds one day would match."""
    statuses, states = invoice_filter.statuses, invoice_filter.states
    return (statuses is None or InvoiceStatus.UNKNOWN in statuses) and (
        states is None or ApprovalState.UNKNOWN in states
    )


def _is_whole(invoice_filter: InvoiceFilter) -> bool:
    """Return whether Ottimate applies every member of the filter."""
    by_status = invoice_filter.statuses is not None or invoice_filter.states is not None
    params = _filter_params(invoice_filter) or {}
    rest = (
        invoice_filter.kinds,
        invoice_filter.issued_after,
        invoice_filter.issued_before,
        invoice_filter.due_after,
        invoice_filter.due_before,
        invoice_filter.minimum_total,
        invoice_filter.maximum_total,
    )
    # Ottimate is asked from the whole second on.
    since = invoice_filter.updated_since
    is_whole_second = since is None or since.microsecond == 0
    return (
        is_whole_second
        and all(member is None for member in rest)
        and by_status == ("status" in params)
    )


def _ready_rows(
    rows: Iterable[InvoiceRecord],
    after: InvoicePlace | None,
    cut: datetime | None,
) -> list[InvoiceRecord]:
    """Return the rows after *after* in list order, without the second that was cut.

    The rows of the instant *cut* may go on upstream, so their order by id is not
    known yet.
    """
    ready = [
        row
        for row in rows
        if (cut is None or row.created_at > cut)
        and (after is None or after.precedes(row.created_at, row.id))
    ]
    ready.sort(key=lambda row: row.id)
    ready.sort(key=lambda row: row.created_at, reverse=True)
    return ready


def _second_after(moment: datetime) -> datetime:
    """Round up to a whole second: how finely a bound is read is not documented."""
    whole = moment.replace(microsecond=0)
    return whole if whole == moment else whole + timedelta(seconds=1)


def _utc_text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
