"""Accounteer's reads: documents by id, with the names of those whom they are about."""

from collections.abc import Collection, Mapping, Sequence

from msgspec import Struct

from gateway.domain import InvoiceDetailsRecord, InvoiceRecord
from gateway.errors import UpstreamAuthError, UpstreamError
from gateway.observability import get_logger
from gateway.providers.accounteer import shapes, wire
from gateway.providers.accounteer.lists import CONTACT_TABLE, TABLES, AccounteerLists
from gateway.providers.accounteer.words import PROVIDER
from gateway.providers.accounteer.words import Collection as DocumentCollection
from gateway.upstream import together


class Found(Struct, frozen=True):
    """A document, and what it is."""

    collection: DocumentCollection
    document: shapes.Document


class AccounteerReads:
    """What can be read as one acting person, within one request."""

    def __init__(self, lists: AccounteerLists) -> None:
        self._lists = lists

    async def get_invoices(self, keys: Sequence[str]) -> Mapping[str, InvoiceRecord]:
        """Return the documents that exist, by key; see :meth:`find_all` for calls."""
        found = await self.find_all(keys)
        records = await self.create_records(list(found.values()))
        return dict(zip(found, records, strict=True))

    async def get_details(
        self, keys: Sequence[str]
    ) -> Mapping[str, InvoiceDetailsRecord]:
        """Return the lines of documents, by key: a call for each.

        Lists that tell them have told them with the documents.
        """
        places = [(key, *place) for key in keys for place in _places_of(key)]
        rows = await together(
            self._lists.find(TABLES[collection], source_id)
            for _, collection, source_id in places
        )
        found = {
            key: Found(collection, row)
            for (key, collection, _), row in zip(places, rows, strict=True)
            if row is not None
        }
        with wire.understood():
            records = {
                key: wire.document_record(one.document, one.collection, contacts={})
                for key, one in found.items()
            }
        return {
            key: record.details
            for key, record in records.items()
            if record.details is not None
        }

    async def find_all(self, keys: Sequence[str]) -> dict[str, Found]:
        """Return the documents that exist, by key.

        A key names a collection and an id; an id alone is looked for in both. One alone
        costs one call. Of several the list is read for as long as each page has several
        of them; those that are left cost one call each.
        """
        wanted: dict[DocumentCollection, dict[str, str]] = {
            one: {} for one in DocumentCollection
        }
        for key in keys:
            for collection, source_id in _places_of(key):
                wanted[collection][key] = source_id
        asked = {one: ids for one, ids in wanted.items() if ids}
        parts = await together(
            self._lists.find_all(TABLES[one], ids.values())
            for one, ids in asked.items()
        )
        return {
            key: Found(collection, part[source_id])
            for (collection, ids), part in zip(asked.items(), parts, strict=True)
            for key, source_id in ids.items()
            if source_id in part
        }

    async def create_records(self, found: Sequence[Found]) -> list[InvoiceRecord]:
        """Return the records of documents, in their order; names as far as told."""
        names = await self._get_names({one.document.contact_id for one in found})
        with wire.understood():
            return [
                wire.document_record(one.document, one.collection, contacts=names)
                for one in found
            ]

    async def _get_names(self, ids: Collection[str | None]) -> dict[str, str | None]:
        """Return the names of contacts, by id.

        They are a call of their own, and no document is worth less without: who may
        not read them, or cannot now, goes without.
        """
        try:
            contacts = await self._lists.find_all(
                CONTACT_TABLE, [one for one in ids if one]
            )
        except UpstreamAuthError:
            raise
        except UpstreamError as error:
            get_logger().warning(
                "names_unread", provider=PROVIDER.value, code=error.code
            )
            return {}
        return {one.id: one.name for one in contacts.values()}


def _places_of(key: str) -> list[tuple[DocumentCollection, str]]:
    """Return where a document may be, and its id there."""
    name, slash, source_id = key.partition("/")
    if not slash:
        return [(one, key) for one in DocumentCollection]
    return [(one, source_id) for one in DocumentCollection if one.value == name]
