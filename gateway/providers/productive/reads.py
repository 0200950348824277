"""Productive's approval statuses and their targets, read.

What belongs to a row is included with it, so that a list and all that it shows cost
one call. The duties on targets come with the targets, by their ids: an answer by id
can be checked row by row, while one by ``filter[booking_id]`` and its like could lack
rows unseen.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from gateway.approvals import Turn, ViewerStanding
from gateway.connector import ApprovalStatusSlice
from gateway.domain import (
    ApprovalStatusDetails,
    ApprovalStatusFilter,
    ApprovalStatusPlace,
    ApprovalWorkflowRecord,
    TargetDetails,
    TargetKey,
    TargetRecord,
    TargetType,
    key_of,
)
from gateway.errors import GatewayError, LimitError, UpstreamError
from gateway.providers.productive.lists import ProductiveLists
from gateway.providers.productive.pages import StatusPages
from gateway.providers.productive.queue import ProductiveQueue
from gateway.providers.productive.standing import duties_of
from gateway.providers.productive.tables import STATUS_ROWS, TARGETS, WORKFLOW_ROWS
from gateway.providers.productive.words import CAPABILITIES, KINDS
from gateway.upstream import together

# As many workflows are read one by one.
_MOST_WORKFLOWS = 20


WhoActs = Callable[[], Awaitable[str]]


class ProductiveTargets:
    """What can be read as one acting person, within one request."""

    def __init__(
        self, lists: ProductiveLists, queue: ProductiveQueue, who_acts: WhoActs
    ) -> None:
        self._lists = lists
        self._pages = StatusPages(lists)
        self._queue = queue
        self._who_acts = who_acts

    async def list_statuses(
        self,
        *,
        first: int,
        after: ApprovalStatusPlace | None,
        status_filter: ApprovalStatusFilter,
    ) -> ApprovalStatusSlice:
        """Return the *first* approval statuses after *after*."""
        return await self._pages.list_statuses(
            first=first, after=after, status_filter=status_filter
        )

    async def get_statuses(
        self, ids: Sequence[str]
    ) -> Mapping[str, ApprovalStatusDetails]:
        """Return the approval statuses that exist: one call per 200 ids."""
        return await self._lists.get_by_id(STATUS_ROWS, ids)

    async def get_targets(
        self, keys: Sequence[TargetKey]
    ) -> Mapping[TargetKey, TargetDetails | GatewayError]:
        """Return the targets that exist: one call per kind and 200 ids."""
        ids_by_type = {
            type_: [key.source_id for key in keys if key.type is type_]
            for type_ in KINDS
        }
        parts = await together(
            self._get_kind(type_, ids) for type_, ids in ids_by_type.items() if ids
        )
        return {key: found for part in parts for key, found in part.items()}

    async def get_workflows(
        self, ids: Sequence[str]
    ) -> Mapping[str, ApprovalWorkflowRecord]:
        """Return the workflows that exist: a call for each, as no list is sure (C5).

        Raises:
            LimitError: There are more than are read so.
        """
        if len(ids) > _MOST_WORKFLOWS:
            raise LimitError(
                "MAX_ROWS_LIMIT",
                "Productive's approval workflows are read one by one: "
                f"{_MOST_WORKFLOWS} at most at once, not {len(ids)}. `workflow` of an "
                "approval status costs nothing.",
            )
        return await self._lists.get_each(WORKFLOW_ROWS, ids)

    async def get_awaited(
        self, types: Sequence[TargetType]
    ) -> Mapping[TargetType, frozenset[str]]:
        """Return what awaits the person, with roles resolved; not for bookings."""
        asked = [one for one in types if one in KINDS and KINDS[one].awaits]
        if not asked:
            return {}
        person_id = await self._who_acts()
        found = await together(
            self._queue.list_awaited(KINDS[type_], person_id) for type_ in asked
        )
        return {type_: part.ids for type_, part in zip(asked, found, strict=True)}

    async def get_viewer_standing(
        self,
        target: TargetRecord,
        load_details: Callable[[], Awaitable[TargetDetails | None]],
        load_awaited: Callable[[TargetType], Awaitable[frozenset[str] | None]],
    ) -> ViewerStanding:
        """Return how a target stands: it is the turn of who has one open duty."""
        is_turn = target.is_open and await self._has_one_duty(
            target, load_details, load_awaited
        )
        return ViewerStanding(
            state=target.approval_state,
            turn=Turn.MINE if is_turn else Turn.OTHERS,
            capabilities=CAPABILITIES,
        )

    async def _has_one_duty(
        self,
        target: TargetRecord,
        load_details: Callable[[], Awaitable[TargetDetails | None]],
        load_awaited: Callable[[TargetType], Awaitable[frozenset[str] | None]],
    ) -> bool:
        details = await load_details()
        if details is None:
            return False
        person_id = await self._who_acts()
        duties = duties_of(details, person_id, awaits=False)
        if not duties.own and duties.roles and not duties.decided:
            awaited = await load_awaited(key_of(target).type)
            awaits = awaited is not None and target.source_id in awaited
            duties = duties_of(details, person_id, awaits=awaits)
        return len(duties.own) == 1

    async def _get_kind(
        self, type_: TargetType, ids: Sequence[str]
    ) -> dict[TargetKey, TargetDetails | GatewayError]:
        try:
            found = await self._lists.get_by_id(TARGETS[type_], ids)
        except UpstreamError as error:
            return {TargetKey(type_, one): error for one in ids}
        return {TargetKey(type_, one): row for one, row in found.items()}
