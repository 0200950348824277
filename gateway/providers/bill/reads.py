"""BILL's reads: bills and vendor credits, policies, and what waits for a person."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

import msgspec

from gateway.connector import InvoiceSlice, Queue
from gateway.domain import (
    ApprovalState,
    InvoiceDetailsRecord,
    InvoiceFilter,
    InvoicePlace,
    InvoiceRecord,
    PolicyRecord,
    UserRecord,
)
from gateway.providers.bill import shapes, wire
from gateway.providers.bill.lists import BillLists, Filter
from gateway.providers.bill.pages import BillPages
from gateway.providers.bill.tables import (
    APPROVABLES,
    POLICIES,
    POLICY_APPROVERS,
    USERS,
    VENDORS,
)
from gateway.providers.bill.words import (
    DELETED,
    PAGE,
    UNASSIGNED,
    Entity,
    entity_of,
)
from gateway.upstream import Beliefs, RefusedError

# What waits for a person is read up to this many rows of a kind, deleted ones apart.
_MOST_WAITING = PAGE
_MOST_READ = 5 * PAGE

# `approvalType`: not decided yet, and it is the person's turn ("ListUserApprovals").
_WAITING = "0"

_Found = dict[str, tuple[Entity, shapes.Approvable]]


class BillReads:
    """What can be read as one acting person, within one request."""

    def __init__(self, lists: BillLists, beliefs: Beliefs) -> None:
        self._lists = lists
        self._pages = BillPages(lists, beliefs)
        self._tiers: list[shapes.Policy] | None = None
        self._tiers_lock = asyncio.Lock()
        self._rows: _Found = {}

    def forget(self) -> None:
        """Forget what was read: something was changed."""
        self._tiers = None
        self._rows.clear()

    async def get_invoices(self, ids: Sequence[str]) -> Mapping[str, InvoiceRecord]:
        """Return the bills and vendor credits that exist, by id."""
        found = await self.get_rows(ids)
        records = await self._create_records(found.values())
        return {record.source_id: record for record in records}

    async def list_invoices(
        self, *, first: int, after: InvoicePlace | None, invoice_filter: InvoiceFilter
    ) -> InvoiceSlice:
        """Return at least *first* rows after *after*, or all that there are."""
        page = await self._pages.read(
            first=first, after=after, invoice_filter=invoice_filter
        )
        self._rows |= {row.data.id: (row.entity, row.data) for row in page.rows}
        records = await self._create_records(
            (row.entity, row.data) for row in page.rows
        )
        return InvoiceSlice(
            invoices=records,
            is_last=page.is_last,
            total=None,
            is_searched=False,
            is_complete=page.is_complete,
        )

    async def get_details(
        self, ids: Sequence[str]
    ) -> Mapping[str, InvoiceDetailsRecord]:
        """Return the lines, which came with the rows; BILL shows no history."""
        unread = [one for one in ids if one not in self._rows]
        found = {**self._rows, **(await self.get_rows(unread))}
        with wire.understood():
            return {
                one: InvoiceDetailsRecord(
                    lines=wire.line_records(found[one][1]), history=None
                )
                for one in ids
                if one in found
            }

    async def get_rows(self, ids: Sequence[str]) -> _Found:
        """Return what exists, by id, with lines: one call per kind and hundred ids."""
        wanted: dict[Entity, list[str]] = {}
        for one in ids:
            entity = entity_of(one)
            if entity is not None:
                wanted.setdefault(entity, []).append(one)
        parts = await asyncio.gather(
            *(
                self._lists.get_by_id(
                    APPROVABLES[entity], some, self._create_reader(entity)
                )
                for entity, some in wanted.items()
            )
        )
        found = {
            one: (entity, row)
            for entity, part in zip(wanted, parts, strict=True)
            for one, row in part.items()
        }
        self._rows |= found
        return found

    async def list_queue(self, user_id: str) -> Queue:
        """Return what waits for a user: a call for each kind, up to a bound."""
        parts = await asyncio.gather(
            *(self._list_waiting(entity, user_id) for entity in Entity)
        )
        rows = [
            (entity, row)
            for entity, (part, _) in zip(Entity, parts, strict=True)
            for row in part
        ]
        self._rows |= {row.id: (entity, row) for entity, row in rows if _has_lines(row)}
        return Queue(
            invoices=await self._create_records(rows, is_waiting=True),
            is_complete=all(is_complete for _, is_complete in parts),
        )

    async def list_policies(self) -> list[PolicyRecord]:
        """Return every policy, deleted ones too."""
        tiers = await self.list_tiers()
        with wire.understood():
            return [wire.policy_record(policy) for policy in tiers]

    async def get_policies(self, ids: Sequence[str]) -> Mapping[str, PolicyRecord]:
        """Return the policies that exist, by id."""
        found = await self._lists.get_by_id(POLICIES, ids)
        with wire.understood():
            return {one: wire.policy_record(policy) for one, policy in found.items()}

    async def get_applicable_policies(
        self, invoices: Sequence[InvoiceRecord]
    ) -> Mapping[str, list[PolicyRecord]]:
        """Return the policy that governs each invoice; none below every threshold."""
        tiers = await self.list_tiers()
        found: dict[str, list[PolicyRecord]] = {}
        for invoice in invoices:
            entity = entity_of(invoice.source_id)
            amount = None if invoice.total is None else invoice.total.amount
            tier = entity and wire.applicable_tier(tiers, entity, amount)
            with wire.understood():
                found[invoice.source_id] = [wire.policy_record(tier)] if tier else []
        return found

    async def get_mandatory_approvers(
        self, policy_ids: Sequence[str]
    ) -> Mapping[str, list[UserRecord]]:
        """Return who must approve by each policy that exists, in their order."""
        rows = await self.get_policy_approvers(policy_ids)
        users = await self._lists.get_by_id(
            USERS, [row.users_id for some in rows.values() for row in some]
        )
        return {
            policy_id: [
                wire.user_record(row.users_id, users.get(row.users_id)) for row in some
            ]
            for policy_id, some in rows.items()
        }

    async def get_policy_approvers(
        self, policy_ids: Sequence[str]
    ) -> dict[str, list[shapes.PolicyApprover]]:
        """Return the rows that name who must approve, by policy, in their order.

        They are few, so that for several policies the whole list is read, which needs
        no filter that is only assumed.
        """
        one = policy_ids[0] if len(set(policy_ids)) == 1 else None
        filters = [] if one is None else [Filter("approvalPolicyId", "=", one)]
        rows = await self._lists.list_all(POLICY_APPROVERS, filters)
        found: dict[str, list[shapes.PolicyApprover]] = {key: [] for key in policy_ids}
        for row in sorted(rows, key=lambda row: (row.sort_order, row.id)):
            if row.approval_policy_id in found and row.is_active != DELETED:
                found[row.approval_policy_id].append(row)
        return found

    async def list_tiers(self) -> list[shapes.Policy]:
        """Return every policy as BILL tells it, once in a request."""
        async with self._tiers_lock:
            if self._tiers is None:
                self._tiers = await self._lists.list_all(POLICIES)
            return self._tiers

    def _create_reader(
        self, entity: Entity
    ) -> Callable[[str], Awaitable[shapes.Approvable | None]]:
        """Return what reads a single object, with its lines and its vendor's name.

        The list gives both, the read by id is documented without.
        """

        async def read(one: str) -> shapes.Approvable | None:
            table = APPROVABLES[entity]
            rows = await self._lists.list_page(table, [Filter("id", "=", one)])
            own = next((row for row in rows if row.id == one), None)
            if own is not None or not rows:
                return own
            return await self._lists.find(
                f"Crud/Read/{table.name}",
                {"id": one},
                wire.parse_one(shapes.Approvable),
            )

        return read

    async def _list_waiting(
        self, entity: Entity, user_id: str
    ) -> tuple[list[shapes.Approvable], bool]:
        """Return what waits for a user, and whether that is all.

        Quirk: the page shows bills only. Where BILL takes no other kind, what waits of
        it is not known.
        """
        try:
            return await self._read_waiting(entity, user_id)
        except RefusedError:
            if entity is Entity.BILL:
                raise
            return [], False

    async def _read_waiting(
        self, entity: Entity, user_id: str
    ) -> tuple[list[shapes.Approvable], bool]:
        rows: dict[str, shapes.Approvable] = {}
        count = 0
        marker = ""
        while True:
            page = await self._lists.ask(
                "ListUserApprovals",
                {
                    "usersId": user_id,
                    "entity": entity.value,
                    "approvalType": _WAITING,
                    "marker": marker,
                    "max": PAGE,
                    "nested": True,
                    "sort": [{"field": "id", "asc": "true"}],
                },
                wire.parse_data(shapes.QueuePage),
            )
            count += len(page.approvals)
            active = (row for row in page.approvals if row.is_active != DELETED)
            rows.update({row.id: row for row in active})
            is_full = len(page.approvals) >= PAGE
            is_last = not is_full or page.marker in {None, "", marker}
            if is_last or len(rows) >= _MOST_WAITING or count >= _MOST_READ:
                return list(rows.values()), is_last
            marker = page.marker or ""

    async def _create_records(
        self,
        rows: Iterable[tuple[Entity, shapes.Approvable]],
        *,
        is_waiting: bool = False,
    ) -> list[InvoiceRecord]:
        """Return the records of *rows*, in their order.

        Where a row does not name its vendor the vendors are read, and where nobody is
        asked to approve one, the policies.
        """
        found = list(rows)
        unnamed = [
            row.vendor_id
            for _, row in found
            if row.vendor_id and "vendorId" not in row.related
        ]
        needs_tiers = any(row.approval_status == UNASSIGNED for _, row in found)
        vendors, tiers = await asyncio.gather(
            self._lists.get_by_id(VENDORS, unnamed), self._tiers_if(needs_tiers)
        )
        names = {one: vendor.name for one, vendor in vendors.items()}
        with wire.understood():
            records = [
                wire.invoice_record(row, entity, vendors=names, tiers=tiers)
                for entity, row in found
            ]
        return [_awaited(record) for record in records] if is_waiting else records

    async def _tiers_if(self, needed: bool) -> list[shapes.Policy] | None:
        return await self.list_tiers() if needed else None


def _has_lines(row: shapes.Approvable) -> bool:
    return (row.bill_line_items or row.vendor_credit_line_items) is not None


def _awaited(invoice: InvoiceRecord) -> InvoiceRecord:
    """Return what waits for a person as pending.

    Quirk: BILL's page shows a bill in somebody's queue that says it is unassigned.
    """
    if invoice.approval_state is ApprovalState.PENDING:
        return invoice
    return msgspec.structs.replace(invoice, approval_state=ApprovalState.PENDING)
