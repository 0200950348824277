"""BILL's lists: pages, and many objects by their ids in one call.

That a list takes ``in`` is assumed (A!). So each such answer is checked: rows that
nobody asked for are dropped, an answer of nothing else or of a whole page means that
the filter was not honoured, and until ``in`` was seen to find two objects, what it
did not find is asked for one by one. What was seen is remembered.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

from msgspec import Struct

from gateway.errors import (
    GatewayError,
    InvalidInputError,
    NotFoundError,
    UnsupportedError,
    UpstreamResponseError,
)
from gateway.providers.bill import wire
from gateway.providers.bill.words import BATCH, PAGE, PROVIDER, is_id
from gateway.upstream import (
    Beliefs,
    Call,
    Deadline,
    RefusedError,
    Session,
    Upstream,
    as_read,
)


class _Row(Protocol):
    @property
    def id(self) -> str: ...


T = TypeVar("T")
R = TypeVar("R", bound=_Row)


class Table(Struct, Generic[R], frozen=True):
    """A list that BILL has: its name, and the shape of a row."""

    name: str
    shape: type[R]

    @property
    def batch(self) -> str:
        """What is learned of: that many objects can be asked for at once."""
        return f"{self.name} by id"


class Linked(Struct, Generic[R], frozen=True, kw_only=True):
    """A list whose rows belong to other objects.

    Attributes:
        table: The list.
        field: The member that names the object.
        key_of: Reads that member.
    """

    table: Table[R]
    field: str
    key_of: Callable[[R], str | None]

    @property
    def batch(self) -> str:
        """What is learned of: that many objects can be asked for at once."""
        return f"{self.table.name} by {self.field}"


class Filter(Struct, frozen=True):
    """One condition of a list; all of a list's conditions hold together."""

    field: str
    op: str
    value: str


class BillLists:
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

    async def ask(
        self, path: str, data: Mapping[str, Any], parse: Callable[[bytes], T]
    ) -> T:
        """Return the parsed data of one read.

        Raises:
            RefusedError: BILL says no to what this person, or any, may read.
            UpstreamError: There is no usable answer.
        """
        return await self._read(wire.create_call(path, data), parse)

    async def find(
        self, path: str, data: Mapping[str, Any], parse: Callable[[bytes], T]
    ) -> T | None:
        """Return the parsed data of a read of one object, or None if there is none."""
        try:
            return await self.ask(path, data, parse)
        except RefusedError as error:
            if isinstance(error.refusal, NotFoundError):
                return None
            raise

    async def check_session(self) -> None:
        """Make the cheapest call, which has no arguments."""
        call = Call(method="POST", path="/GetSessionInfo.json")
        await self._read(call, wire.parse_data(dict))

    async def list_page(
        self,
        table: Table[R],
        filters: Sequence[Filter] = (),
        *,
        sort: Sequence[tuple[str, bool]] = (("id", True),),
        start: int = 0,
        most: int = PAGE,
        is_audited: bool = False,
    ) -> list[R]:
        """Return a page of a list; *sort* has members and whether they ascend."""
        data = {
            "start": start,
            "max": most,
            # Adds lines, and the names of what is referred to.
            "nested": True,
            # Adds who made an object, and who changed it.
            "showAudit": is_audited,
            "filters": filters,
            "sort": [
                {"field": field, "asc": "true" if ascends else "false"}
                for field, ascends in sort
            ],
        }
        return await self.ask(f"List/{table.name}", data, wire.parse_rows(table.shape))

    async def list_all(
        self,
        table: Table[R],
        filters: Sequence[Filter] = (),
        *,
        is_audited: bool = False,
    ) -> list[R]:
        """Return a whole list, page by page."""
        rows: dict[str, R] = {}
        start = 0
        while True:
            page = await self.list_page(
                table, filters, start=start, is_audited=is_audited
            )
            known = len(rows)
            rows.update({row.id: row for row in page})
            if len(page) < PAGE:
                return list(rows.values())
            if len(rows) == known:
                raise repeated()
            start += PAGE

    async def get_by_id(
        self,
        table: Table[R],
        ids: Sequence[str],
        read_one: Callable[[str], Awaitable[R | None]] | None = None,
    ) -> dict[str, R]:
        """Return the objects that exist, by id: one call per hundred ids.

        *read_one* replaces the read of a single object.
        """
        read = read_one or (lambda one: self._read_one(table, one))
        askable = sorted({one for one in ids if is_id(one)})
        chunks = [askable[i : i + BATCH] for i in range(0, len(askable), BATCH)]
        parts = await asyncio.gather(
            *(self._get_chunk(table, chunk, read) for chunk in chunks)
        )
        return {key: row for part in parts for key, row in part.items()}

    async def get_by_key(
        self,
        linked: Linked[R],
        keys: Sequence[str],
        read: Callable[[str], Awaitable[list[R] | GatewayError | None]],
    ) -> dict[str, list[R] | GatewayError]:
        """Return the rows that belong to each of *keys*: one call per hundred keys.

        *read* reads those of one key; a key for which it gives None is left out.
        """
        askable = sorted({one for one in keys if is_id(one)})
        chunks = [askable[i : i + BATCH] for i in range(0, len(askable), BATCH)]
        parts = await asyncio.gather(
            *(self._get_linked(linked, chunk, read) for chunk in chunks)
        )
        return {key: rows for part in parts for key, rows in part.items()}

    async def _get_linked(
        self,
        linked: Linked[R],
        keys: Sequence[str],
        read: Callable[[str], Awaitable[list[R] | GatewayError | None]],
    ) -> dict[str, list[R] | GatewayError]:
        if len(keys) == 1 or self._beliefs.believes(linked.batch) is False:
            return await _read_each(keys, read)
        found = await self._list_linked(linked, keys)
        if found is None:
            self._beliefs.learn(linked.batch, works=False)
            return await _read_each(keys, read)
        rows_by_key: dict[str, list[R] | GatewayError] = dict(found)
        missing = [key for key, rows in found.items() if not rows]
        if len(keys) - len(missing) > 1:
            self._beliefs.learn(linked.batch, works=True)
        elif self._beliefs.believes(linked.batch) is None:
            missed: dict[str, list[R] | GatewayError]
            missed = await _read_each(missing, read)
            self._learn_linked(linked, missed, has_found=len(missing) < len(keys))
            rows_by_key |= missed
            for key in missing:
                if key not in missed:
                    del rows_by_key[key]
        return rows_by_key

    def _learn_linked(
        self,
        linked: Linked[R],
        missed: Mapping[str, list[R] | GatewayError],
        *,
        has_found: bool,
    ) -> None:
        """Learn from reading singly what a batch did not find; not from a fault."""
        if any(isinstance(rows, GatewayError) for rows in missed.values()):
            return
        if any(missed.values()):
            self._beliefs.learn(linked.batch, works=False)
        elif has_found:
            # The keys as one text would have found nothing.
            self._beliefs.learn(linked.batch, works=True)

    async def _list_linked(
        self, linked: Linked[R], keys: Sequence[str]
    ) -> dict[str, list[R]] | None:
        """Return the rows by key, or None where the list or its filter fails."""
        found: dict[str, dict[str, R]] = {key: {} for key in keys}
        start = known = 0
        while True:
            rows = await self._try_in(linked.table, linked.field, keys, start)
            if rows is None:
                return None
            own = [row for row in rows if linked.key_of(row) in found]
            is_full = len(rows) == PAGE
            if rows and (not own or (is_full and len(own) < len(rows))):
                return None
            for row in own:
                found[str(linked.key_of(row))][row.id] = row
            if not is_full:
                return {key: list(some.values()) for key, some in found.items()}
            count = sum(len(some) for some in found.values())
            if count == known:
                raise repeated()
            known = count
            start += PAGE

    async def _get_chunk(
        self,
        table: Table[R],
        ids: Sequence[str],
        read: Callable[[str], Awaitable[R | None]],
    ) -> dict[str, R]:
        if len(ids) == 1 or self._beliefs.believes(table.batch) is False:
            return await _read_each(ids, read)
        rows = await self._try_in(table, "id", ids, 0)
        found = {row.id: row for row in rows or [] if row.id in ids}
        if rows is None or len(rows) == PAGE or (rows and not found):
            self._beliefs.learn(table.batch, works=False)
            return await _read_each(ids, read)
        # Rows that nobody asked for show that the filter was passed over.
        if len(found) > 1 and len(found) == len(rows):
            self._beliefs.learn(table.batch, works=True)
        elif self._beliefs.believes(table.batch) is None:
            missed = await _read_each([one for one in ids if one not in found], read)
            if missed:
                self._beliefs.learn(table.batch, works=False)
            found |= missed
        return found

    async def _try_in(
        self, table: Table[R], field: str, keys: Sequence[str], start: int
    ) -> list[R] | None:
        """Return the rows of a list by many keys, or None where it is not taken."""
        filters = [Filter(field, "in", ",".join(keys))]
        try:
            return await self.list_page(table, filters, start=start)
        except RefusedError as error:
            if isinstance(error.refusal, InvalidInputError | UnsupportedError):
                return None
            raise

    async def _read_one(self, table: Table[R], one: str) -> R | None:
        return await self.find(
            f"Crud/Read/{table.name}", {"id": one}, wire.parse_one(table.shape)
        )

    async def _read(self, call: Call, parse: Callable[[bytes], T]) -> T:
        return await as_read(
            PROVIDER.value,
            self._upstream.read(
                call, parse, session=self._session, deadline=self._deadline
            ),
        )


async def _read_each(
    ids: Sequence[str], read: Callable[[str], Awaitable[T | None]]
) -> dict[str, T]:
    values = await asyncio.gather(*(read(one) for one in ids))
    return {
        one: value for one, value in zip(ids, values, strict=True) if value is not None
    }


def repeated() -> UpstreamResponseError:
    """Return the fault of a list that gives the same page over and over."""
    return UpstreamResponseError(PROVIDER.value, "A list of BILL does not go on.")
