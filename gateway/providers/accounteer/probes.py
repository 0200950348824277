"""What the doctor asks Accounteer; every call reads."""

from collections.abc import Awaitable, Callable

from gateway.connector import Probe
from gateway.errors import UpstreamError
from gateway.providers.accounteer.lists import (
    CONTACT_TABLE,
    TABLES,
    AccounteerLists,
    Walk,
)
from gateway.providers.accounteer.words import DRAFT, PAGE, Collection


class AccounteerProbes:
    """The doctor's probes, for one application."""

    def __init__(self, lists: AccounteerLists) -> None:
        self._lists = lists

    async def run(self) -> list[Probe]:
        """Ask what is not documented, one after the other."""
        probes = [
            await _try(f"read {one.value}", lambda one=one: self._read(one))  # type: ignore[misc]
            for one in Collection
        ]
        probes.append(await _try("read contacts", self._read_contacts))
        probes.append(await _try("pages of lists", self._try_pages))
        probes.append(await _try("filter by status", self._try_status))
        probes.append(
            Probe(
                name="approve purchases",
                ok=None,
                detail="not asked: without approving one this cannot be known",
            )
        )
        return probes

    async def _read(self, collection: Collection) -> Probe:
        table = TABLES[collection]
        rows = await self._lists.list_page(table, {})
        name = f"read {collection.value}"
        if not rows:
            return Probe(name=name, ok=True, detail="there are none")
        found = await self._lists.find(table, rows[0].id)
        if found is None:
            return Probe(
                name=name, ok=False, detail="what is listed is not found by id"
            )
        return Probe(name=name, ok=True, detail="listed, and found by id")

    async def _read_contacts(self) -> Probe:
        await self._lists.list_page(CONTACT_TABLE, {}, size=1)
        return Probe(name="read contacts", ok=True, detail="names are shown")

    async def _try_pages(self) -> Probe:
        walk = Walk(self._lists, TABLES[Collection.INVOICES])
        rows = await walk.read()
        name = "pages of lists"
        if walk.counts:
            return Probe(name=name, ok=True, detail="honoured")
        if not walk.is_last and await walk.read():
            return Probe(name=name, ok=None, detail="of a size of their own")
        if len(rows) > PAGE:
            return Probe(name=name, ok=None, detail="ignored: lists come whole")
        return Probe(name=name, ok=None, detail="not seen: all fits on one page")

    async def _try_status(self) -> Probe:
        rows = await self._lists.list_page(
            TABLES[Collection.INVOICES], {"status": DRAFT}
        )
        name = "filter by status"
        if any(row.status != DRAFT for row in rows):
            return Probe(name=name, ok=None, detail="ignored: the gateway filters")
        detail = "honoured" if rows else "it gives nothing"
        return Probe(name=name, ok=None if not rows else True, detail=detail)


async def _try(name: str, ask: Callable[[], Awaitable[Probe]]) -> Probe:
    try:
        return await ask()
    except UpstreamError as error:
        return Probe(name=name, ok=False, detail=error.message)
