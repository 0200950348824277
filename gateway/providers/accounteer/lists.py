"""Accounteer's lists and single objects, as one acting person may read them."""

from collections.abc import Callable, Collection, Mapping
from typing import Generic, TypeVar

from msgspec import Struct

from gateway.errors import ForbiddenError, NotFoundError, UpstreamAuthError
from gateway.providers.accounteer import shapes, wire
from gateway.providers.accounteer.words import CONTACTS, PAGE, PROVIDER
from gateway.providers.accounteer.words import Collection as DocumentCollection
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

# What is learned of: that lists come whole whatever page is asked for; and how many
# rows a first page had that was as large as was asked for, or was the last: any first
# page with fewer is the last.
IGNORED = "pages are ignored"
ENDED = "rows of a first page"

_ID_CHARACTERS = frozenset(
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_"
)
_LONGEST_ID = 100
_SECOND = 2

R = TypeVar("R", shapes.Document, shapes.Contact)
T = TypeVar("T")


class Table(Struct, Generic[R], frozen=True):
    """Where objects of one sort are, and what one is."""

    name: str
    row: type[R]


CONTACT_TABLE = Table(CONTACTS, shapes.Contact)
TABLES: Mapping[DocumentCollection, Table[shapes.Document]] = {
    one: Table(one.value, shapes.Document) for one in DocumentCollection
}


class AccounteerLists:
    """Reads as one acting person, within one request."""

    def __init__(
        self,
        upstream: Upstream,
        session: Session,
        deadline: Deadline,
        *,
        beliefs: Beliefs,
        organization_id: str | None,
    ) -> None:
        """Create it; with *organization_id* no document of another is believed."""
        self._upstream = upstream
        self._session = session
        self._deadline = deadline
        self.beliefs = beliefs
        self._organization_id = organization_id

    async def list_page(
        self,
        table: Table[R],
        params: Mapping[str, str],
        *,
        number: int = 1,
        size: int = PAGE,
    ) -> list[R]:
        """Return what comes back for one page; that may be all that there is.

        Raises:
            RefusedError: This person, or anybody, may not read the list.
        """
        rows = await self._get(
            f"/{table.name}",
            wire.parse_list(table.row, table.name),
            {**params, "page": str(number), "limit": str(size)},
        )
        for row in rows:
            self._check(row)
        return rows

    async def find(self, table: Table[R], source_id: str) -> R | None:
        """Return one object, or None where there is none for this person."""
        if not is_id(source_id):
            return None
        parse = wire.parse_row(table.row, source_id)
        try:
            row = await self._get(f"/{table.name}/{source_id}", parse, {})
        except RefusedError as error:
            # Out of reach and absent are one to who asks.
            if isinstance(error.refusal, NotFoundError | ForbiddenError):
                return None
            raise
        self._check(row)
        return row

    async def find_all(self, table: Table[R], ids: Collection[str]) -> dict[str, R]:
        """Return the objects that exist, by id.

        There is no call for several by id. So the list is read for as long as each page
        has several of them; those that are still missing are then read alone, unless
        the list came to its end.
        """
        missing = {one for one in ids if is_id(one)}
        found: dict[str, R] = {}
        walk: Walk[R] = Walk(self, table)
        is_worth_it = True
        while is_worth_it and len(missing) > 1 and not walk.is_last:
            try:
                page = await walk.read()
            except RefusedError as error:
                if isinstance(error.refusal, ForbiddenError):
                    return found
                raise
            there = {row.id: row for row in page if row.id in missing}
            is_worth_it = len(there) > 1
            found |= there
            missing -= there.keys()
        is_whole = walk.is_last and not walk.is_cut
        rest = [] if is_whole else sorted(missing)
        alone = await together(self.find(table, one) for one in rest)
        return found | {row.id: row for row in alone if row is not None}

    def _check(self, row: shapes.Document | shapes.Contact) -> None:
        """Hold what a token shows against the organization that it is said to be of.

        Raises:
            UpstreamAuthError: It is another's: nothing of it may be decided.
        """
        told = row.organization_id
        if self._organization_id is not None and told not in {
            None,
            self._organization_id,
        }:
            raise UpstreamAuthError(
                PROVIDER.value,
                "Accounteer's token is of another organization than the settings name.",
            )

    async def _get(
        self, path: str, parse: Callable[[bytes], T], params: Mapping[str, str]
    ) -> T:
        return await as_read(
            PROVIDER.value,
            self._upstream.read(
                Call(method="GET", path=path, params=params),
                parse,
                session=self._session,
                deadline=self._deadline,
            ),
        )


class Walk(Generic[R]):
    """The reading of one list, page by page, none of its rows twice.

    Nothing of paging is documented. A list honours ``page`` and ``limit``, or ignores
    both and comes whole, or has pages of its own size: what comes back tells these
    apart. Where both are honoured pages overlap, so that rows show which others add or
    take away between two pages, and which move the rest.

    Attributes:
        counts: How many rows of the list came up to each row, by id, where both are
            honoured.
        begin: How many rows were in front of the last page.
        page: The rows of the last page, whether new or not.
        is_last: Whether nothing follows.
        is_cut: Whether more may follow that no call gives.
        pages: How many calls were made.
    """

    def __init__(
        self,
        lists: AccounteerLists,
        table: Table[R],
        params: Mapping[str, str] = {},
        *,
        after: int = 0,
    ) -> None:
        """Begin with the last of *after* rows, which another walk has counted."""
        self.counts: dict[str, int] = {}
        self.begin = 0
        self.page: list[R] = []
        self.is_last = False
        self.is_cut = False
        self.pages = 0
        self._lists = lists
        self._table: Table[R] = table
        self._params = params
        self._count = after
        self._seen: set[str] = set()
        self._first_ids: list[str] = []
        self._is_past_end = False
        # The number of the last page, where pages have a size of their own.
        self._own_number: int | None = None

    async def read(self) -> list[R]:
        """Read the next page, and return what is new on it, in the list's order."""
        back = PAGE
        while self._own_number is None:
            number, size = page_after(self._count, PAGE)
            begin = (number - 1) * size
            former = [row.id for row in self.page]
            page = await self._read_page(number, size)
            self.begin = begin
            if begin == 0:
                return self._take_first(page)
            ids = [row.id for row in page]
            if len(page) > size and ids != former:
                # It is not paged as it was asked.
                self._own_number = 0
                self.page = []
            elif page and ids == former[: len(ids)]:
                # The same again, whatever its number: there is no way to what follows.
                self.is_last = True
                self.is_cut = len(page) <= size
                return []
            elif self._is_joined(page):
                return self._take_next(page, size)
            else:
                # Rows in front have gone, and others moved up: from further in front.
                self._count = max(0, begin - back)
                self._is_past_end = not page
                back *= 2
        return await self._read_own_page()

    def _is_joined(self, page: list[R]) -> bool:
        """Return whether nothing can be missing in front of a page."""
        if not self._seen:
            return bool(page)
        return any(row.id in self._seen for row in page)

    def _take_first(self, page: list[R]) -> list[R]:
        beliefs = self._lists.beliefs
        former, self._first_ids = self._first_ids, [row.id for row in page]
        if self._is_past_end and former == self._first_ids:
            # Nothing has gone, and still there is no other page.
            self.is_last = True
        elif len(page) == PAGE:
            beliefs.learn_most(ENDED, PAGE)
            self._count_rows(page)
        elif not page or len(page) < beliefs.most(ENDED) or beliefs.believes(IGNORED):
            self.is_last = True
        else:
            # It may be a page of the list's own size, or all that there is: the next
            # one tells.
            self._own_number = 1
        return self._take_new(page)

    def _learn_whole(self, count: int, *, is_same: bool) -> None:
        """Remember that a list of so many rows ended with its first page.

        One that is longer than was asked for, and comes again whatever page is asked
        for, came whole: paging is ignored.
        """
        if is_same and count > PAGE:
            self._lists.beliefs.learn(IGNORED, works=True)
        self._lists.beliefs.learn_most(ENDED, count)

    def _take_next(self, page: list[R], size: int) -> list[R]:
        self._count_rows(page)
        self.is_last = len(page) < size
        return self._take_new(page)

    def _count_rows(self, page: list[R]) -> None:
        self.counts |= {row.id: self.begin + place for place, row in enumerate(page, 1)}
        self._count = self.begin + len(page)

    async def _read_own_page(self) -> list[R]:
        """Read the next page of the list's own size that has something new."""
        self._own_number = self._own_number or 0
        while True:
            self._own_number += 1
            former = [row.id for row in self.page]
            page = await self._read_page(self._own_number, PAGE)
            if not page or [row.id for row in page] == former:
                # Nothing, or the same again.
                self.is_last = True
                if self._own_number == _SECOND:
                    self._learn_whole(len(former), is_same=bool(page))
                return []
            if new := self._take_new(page):
                return new

    async def _read_page(self, number: int, size: int) -> list[R]:
        self.pages += 1
        self.page = await self._lists.list_page(
            self._table, self._params, number=number, size=size
        )
        return self.page

    def _take_new(self, page: list[R]) -> list[R]:
        new = [row for row in page if row.id not in self._seen]
        self._seen.update(row.id for row in new)
        return new


def is_id(text: str) -> bool:
    """Return whether *text* can stand in a path as an id, and be nothing else there."""
    return 0 < len(text) <= _LONGEST_ID and _ID_CHARACTERS.issuperset(text)
