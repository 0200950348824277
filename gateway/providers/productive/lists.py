"""Productive's lists: pages, and many objects by their ids in one call.

That a filter takes a list after commas is assumed (A!), and an unknown filter may be
ignored in silence (C1). So each such answer is checked: a row that nobody asked for
means that the filter was not honoured, and until a list was seen to find two objects,
what it did not find is asked for as an `or` group, which is documented. Where that is
not honoured either, objects are read one by one. What was seen is remembered, and
logged.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeVar

from msgspec import Struct

from gateway.errors import (
    InvalidInputError,
    NotFoundError,
)
from gateway.observability import get_logger
from gateway.providers.productive.documents import parse_many, parse_one
from gateway.providers.productive.query import (
    STEP_BACK,
    Condition,
    any_of,
    including,
    listed,
    paged,
)
from gateway.providers.productive.shapes import Meta
from gateway.providers.productive.tables import IDS, Table
from gateway.providers.productive.words import (
    BATCH,
    GROUP,
    PAGE,
    PROVIDER,
    STATUSES,
    is_id,
    order_of,
)
from gateway.upstream import (
    Beliefs,
    Call,
    Deadline,
    RefusedError,
    Session,
    Upstream,
    as_read,
    page_after,
    together,
)

T = TypeVar("T")

# As many that a list left out are read by their own address.
_MOST_SINGLE = 5


class Page(Struct, Generic[T], frozen=True):
    """A page of a list: its rows by id, in order, and where it stands."""

    rows: dict[str, T]
    meta: Meta

    @property
    def is_last(self) -> bool:
        """Whether no page follows."""
        is_past = self.meta.current_page >= self.meta.total_pages
        return is_past or not self.rows


class ProductiveLists:
    """What can be listed as one acting person, within one request."""

    def __init__(
        self,
        upstream: Upstream,
        session: Session,
        deadline: Deadline,
        *,
        beliefs: Beliefs,
    ) -> None:
        self._upstream = upstream
        self._session = session
        self._deadline = deadline
        self._beliefs = beliefs
        self._log = get_logger().bind(provider=PROVIDER.value)

    async def check(self) -> None:
        """Read the smallest page."""
        await self.list_page(IDS[STATUSES], {}, size=1)

    async def list_page(
        self,
        table: Table[T],
        params: Mapping[str, str],
        *,
        number: int = 1,
        size: int = PAGE,
    ) -> Page[T]:
        """Return a page of a list.

        Raises:
            RefusedError: Productive says no.
            UpstreamError: There is no usable answer.
        """

        def parse(body: bytes) -> Page[T]:
            document = parse_many(body)
            rows = {row.id: table.parse(document, row) for row in document.rows}
            return Page(rows, document.meta)

        query = {**params, **including(table.includes), **paged(number, size)}
        return await self._read(f"/{table.resource}", query, parse)

    async def list_all(
        self, table: Table[T], params: Mapping[str, str], *, most_pages: int
    ) -> tuple[dict[str, T], bool]:
        """Return the rows of a list by id, and whether these are all.

        Rows move while pages are read. Each page begins with the row that came last,
        and is read from further in front if that has gone.
        """
        found: dict[str, T] = {}
        order: list[str] = []
        for _ in range(most_pages):
            number, size = page_after(len(order), PAGE)
            page = await self.list_page(table, params, number=number, size=size)
            start = (number - 1) * size
            if start and order[-1] not in page.rows:
                del order[max(0, start - STEP_BACK) :]
                continue
            found |= page.rows
            order[start:] = page.rows
            if page.is_last:
                return found, True
        return found, False

    async def find(self, table: Table[T], source_id: str) -> T | None:
        """Return one object, or None where this person has none of this id."""
        if not is_id(source_id):
            return None

        def parse(body: bytes) -> T:
            document = parse_one(body)
            [row] = document.rows
            if row.id != source_id:
                raise ValueError(row.id)
            return table.parse(document, row)

        try:
            return await self._read(
                f"/{table.resource}/{source_id}", including(table.includes), parse
            )
        except RefusedError as error:
            if isinstance(error.refusal, NotFoundError):
                return None
            raise

    async def get_by_id(self, table: Table[T], ids: Sequence[str]) -> dict[str, T]:
        """Return the objects that exist, by id: one call per 200 ids."""
        askable = sorted({one for one in ids if is_id(one)}, key=order_of)
        parts = await together(
            self._get_chunk(table, askable[start : start + BATCH])
            for start in range(0, len(askable), BATCH)
        )
        return {key: row for part in parts for key, row in part.items()}

    async def get_each(self, table: Table[T], ids: Sequence[str]) -> dict[str, T]:
        """Return the objects that exist, by id: one call for each."""

        async def read(one: str) -> T | None:
            return await self.find(table, one)

        rows = await together(read(one) for one in ids)
        return {one: row for one, row in zip(ids, rows, strict=True) if row is not None}

    async def _get_chunk(self, table: Table[T], ids: Sequence[str]) -> dict[str, T]:
        if len(ids) == 1:
            return await self.get_each(table, ids)
        found = await self._get_listed(table, ids)
        if table.is_listed_whole:
            return found
        missing = [one for one in ids if one not in found]
        if len(missing) > _MOST_SINGLE:
            # It is rather that this person may not see them.
            return found
        return {**found, **await self.get_each(table, missing)}

    async def _get_listed(self, table: Table[T], ids: Sequence[str]) -> dict[str, T]:
        """Return objects by a list of their ids, as far as that can be trusted."""
        name = f"{table.resource} by id"
        found: dict[str, T] = {}
        if self._beliefs.believes(name) is not False:
            rows = await self._try(table, listed, ids)
            if rows is None:
                self._learn_not(name)
            else:
                found = rows
            if len(found) > 1:
                self._beliefs.learn(name, works=True)
            if len(found) == len(ids) or self._beliefs.believes(name):
                return found
        grouped = await self._get_grouped(table, ids)
        if self._beliefs.believes(name) is not False and len(grouped) > len(found):
            # It gave some of what it was asked for.
            self._learn_not(name)
        return {**found, **grouped}

    async def _get_grouped(self, table: Table[T], ids: Sequence[str]) -> dict[str, T]:
        """Return objects by groups of conditions, else one by one."""
        name = f"{table.resource} by group"
        found: dict[str, T] = {}
        for start in range(0, len(ids), GROUP):
            chunk = ids[start : start + GROUP]
            rows = None
            if len(chunk) > 1 and self._beliefs.believes(name) is not False:
                rows = await self._try(table, any_of, chunk)
                if rows is None:
                    self._learn_not(name)
            if rows is None:
                rows = await self.get_each(table, chunk)
            found |= rows
        return found

    async def _try(
        self,
        table: Table[T],
        form: Callable[[Condition], dict[str, str]],
        ids: Sequence[str],
    ) -> dict[str, T] | None:
        """Return the objects of one call, or None where its filter is not honoured."""
        try:
            page = await self.list_page(table, form(Condition("id", ids)))
        except RefusedError as error:
            if isinstance(error.refusal, InvalidInputError):
                return None
            raise
        is_asked = all(one in ids for one in page.rows)
        return page.rows if is_asked and page.meta.total_count <= len(ids) else None

    def _learn_not(self, name: str) -> None:
        """Remember that many objects cannot be asked for so, and tell the operator."""
        if self._beliefs.believes(name) is not False:
            self._log.warning("batch_not_honoured", batch=name)
        self._beliefs.learn(name, works=False)

    async def _read(
        self, path: str, params: Mapping[str, str], parse: Callable[[bytes], T]
    ) -> T:
        call = Call(method="GET", path=path, params=params)
        return await as_read(
            PROVIDER.value,
            self._upstream.read(
                call, parse, session=self._session, deadline=self._deadline
            ),
        )
