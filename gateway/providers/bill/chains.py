"""The chains of approvers: of many objects in one call where that works."""

import asyncio
import functools
from collections.abc import Iterable, Mapping, Sequence

from gateway.domain import ApproverRecord
from gateway.errors import GatewayError
from gateway.providers.bill import shapes, wire
from gateway.providers.bill.lists import BillLists
from gateway.providers.bill.tables import APPROVERS, USERS
from gateway.providers.bill.words import DELETED, Entity, entity_of

_Chain = list[shapes.ApproverRow]


class BillChains:
    """Reads chains as one acting person, within one request."""

    def __init__(self, lists: BillLists) -> None:
        self._lists = lists

    async def get_approvers(
        self, invoice_ids: Sequence[str]
    ) -> Mapping[str, list[ApproverRecord] | GatewayError]:
        """Return the approval records of the objects that exist, in order."""
        chains = await self.get_chains(invoice_ids)
        users = await self._lists.get_by_id(
            USERS,
            [
                row.users_id
                for chain in chains.values()
                if not isinstance(chain, GatewayError)
                for row in chain
            ],
        )
        with wire.understood():
            return {
                invoice_id: chain
                if isinstance(chain, GatewayError)
                else [
                    wire.approver_record(row, invoice_id, users.get(row.users_id))
                    for row in chain
                ]
                for invoice_id, chain in chains.items()
            }

    async def get_chains(
        self, invoice_ids: Sequence[str]
    ) -> dict[str, _Chain | GatewayError]:
        """Return the chains of the objects that exist, in order of approval."""
        ids: dict[Entity, list[str]] = {}
        for invoice_id in invoice_ids:
            entity = entity_of(invoice_id)
            if entity is not None:
                ids.setdefault(entity, []).append(invoice_id)
        parts = await asyncio.gather(
            *(
                self._lists.get_by_key(
                    APPROVERS[entity], some, functools.partial(self._read, entity)
                )
                for entity, some in ids.items()
            )
        )
        return {
            key: rows if isinstance(rows, GatewayError) else _in_order(rows)
            for part in parts
            for key, rows in part.items()
        }

    async def get_chain(self, invoice_id: str, entity: Entity) -> _Chain | None:
        """Return one chain by the call that is documented for it; None if absent."""
        rows = await self._lists.find(
            "ListApprovers",
            {"objectId": invoice_id, "entity": entity.value},
            wire.parse_rows(shapes.ApproverRow),
        )
        return None if rows is None else _in_order(rows)

    async def _read(
        self, entity: Entity, invoice_id: str
    ) -> _Chain | GatewayError | None:
        """Return one of several chains; its error is its own."""
        try:
            return await self.get_chain(invoice_id, entity)
        except GatewayError as error:
            return error


def _in_order(rows: Iterable[shapes.ApproverRow]) -> _Chain:
    """Return the rows that hold, in their order; cleared ones may linger in a list."""
    return sorted(
        (row for row in rows if row.is_active != DELETED),
        key=lambda row: (row.sort_order, row.id),
    )
