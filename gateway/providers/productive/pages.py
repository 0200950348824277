"""Pages of approval statuses, in Productive's order, none lost and none twice.

Productive pages by number alone, and lists by id ascending, which is assumed (A). A
place is therefore the id that came last and how many rows came up to it: the next
page begins where that row was, or further in front, if rows have gone since; what was
passed is dropped by its id. A list that is seen not to ascend is read whole and put in
order; where that shows on a later page only, rows that were not shown yet may be in
front of it, which the log tells.

What Productive cannot filter (state and type of target), and what it does not honour
(C1), is filtered here.
"""

import itertools
from collections.abc import Callable, Iterable, Mapping

from gateway.connector import ApprovalStatusSlice
from gateway.domain import (
    ApprovalStatusDetails,
    ApprovalStatusFilter,
    ApprovalStatusPlace,
    ApprovalStatusRecord,
    UserRecord,
)
from gateway.errors import InvalidInputError, LimitError
from gateway.observability import get_logger
from gateway.providers.productive.lists import Page, ProductiveLists
from gateway.providers.productive.query import STEP_BACK, Condition, all_of
from gateway.providers.productive.tables import STATUS_ROWS
from gateway.providers.productive.words import (
    GROUP,
    KINDS,
    PAGE,
    PROVIDER,
    Kind,
    is_id,
    order_of,
)
from gateway.upstream import page_after

MOST_ROWS = 2_000

# In a page of a few rows no order shows.
_LEAST = 20

_Row = tuple[ApprovalStatusPlace, ApprovalStatusDetails]


class StatusPages:
    """Lists approval statuses as one acting person, within one request."""

    def __init__(self, lists: ProductiveLists) -> None:
        self._lists = lists

    async def list_statuses(
        self,
        *,
        first: int,
        after: ApprovalStatusPlace | None,
        status_filter: ApprovalStatusFilter,
    ) -> ApprovalStatusSlice:
        """Return the *first* approval statuses after *after*.

        Raises:
            LimitError: ``MOST_ROWS`` rows were read, and that is not enough.
        """
        if _takes_nothing(status_filter):
            return ApprovalStatusSlice(statuses=[], places=[], has_next=False, total=0)
        reading = _Reading(self._lists, status_filter, first=first, after=after)
        return await reading.run()


class _Reading:
    """The reading of one page."""

    def __init__(
        self,
        lists: ProductiveLists,
        status_filter: ApprovalStatusFilter,
        *,
        first: int,
        after: ApprovalStatusPlace | None,
    ) -> None:
        self._lists = lists
        self._filter = status_filter
        self._conditions = _conditions(status_filter)
        self._params = all_of(self._conditions)
        self._first = first
        self._after = after
        self._passed = self._begin
        self._is_filtered_here = (
            status_filter.states is not None or status_filter.target_types is not None
        )
        self._found: list[_Row] = []
        self._read = 0
        self._has_order = False

    @property
    def _begin(self) -> tuple[int, str] | None:
        return None if self._after is None else order_of(self._after.source_id)

    async def run(self) -> ApprovalStatusSlice:
        """Read until the page is full, or nothing follows."""
        number, size = self._begin_page()
        while True:
            page = await self._lists.list_page(
                STATUS_ROWS, self._params, number=number, size=size
            )
            if not _ascends(page):
                get_logger().warning("list_not_by_id", provider=PROVIDER.value)
                return await self._run_whole()
            count = (number - 1) * size
            if count and not self._is_joined(page):
                # Rows in front have gone, and others moved up: from further in front.
                self._read += PAGE
                count = max(0, min(count, page.meta.total_count) - STEP_BACK)
            else:
                self._take(page, count)
                count += len(page.rows)
                if self._is_enough(page):
                    return self._slice_of(page)
            self._check_bound()
            number, size = page_after(count, PAGE)

    def _begin_page(self) -> tuple[int, int]:
        if self._after is not None:
            return page_after(self._after.count, PAGE)
        if self._is_filtered_here:
            return 1, PAGE
        return 1, min(PAGE, max(self._first, _LEAST))

    def _is_joined(self, page: Page[ApprovalStatusDetails]) -> bool:
        """Return whether a page begins with a row that was passed."""
        begins = next(iter(page.rows), None)
        if begins is None or (not self._has_order and len(page.rows) < _LEAST):
            return False
        return self._passed is not None and order_of(begins) <= self._passed

    def _is_enough(self, page: Page[ApprovalStatusDetails]) -> bool:
        count = len(self._found)
        if count > self._first or page.is_last:
            return True
        is_full = count >= self._first
        # Whether another row passes what is filtered here only reading on would tell.
        return is_full and (not self._is_filtered_here or self._read >= MOST_ROWS)

    def _slice_of(self, page: Page[ApprovalStatusDetails]) -> ApprovalStatusSlice:
        total = None if self._is_filtered_here else page.meta.total_count
        if self._after is None and page.is_last:
            total = len(self._found)
        return self._slice(total=total, is_last=page.is_last)

    async def _run_whole(self) -> ApprovalStatusSlice:
        """Read a list that is in no order of ids whole, and put it in order."""
        rows, is_whole = await self._lists.list_all(
            STATUS_ROWS, self._params, most_pages=MOST_ROWS // PAGE
        )
        if not is_whole:
            raise _too_many()
        self._found, self._passed = [], self._begin
        ordered = sorted(rows.items(), key=lambda one: order_of(one[0]))
        self._take_rows(ordered, 0)
        total = len(self._found) if self._after is None else None
        return self._slice(total=total, is_last=True)

    def _take(self, page: Page[ApprovalStatusDetails], count: int) -> None:
        self._read += len(page.rows)
        self._has_order = True
        self._take_rows(page.rows.items(), count)

    def _take_rows(
        self, rows: Iterable[tuple[str, ApprovalStatusDetails]], count: int
    ) -> None:
        """Keep what the filter takes of *rows*, before which *count* others come."""
        for at, (source_id, row) in enumerate(rows, count + 1):
            is_asked = all(_meets(row.status, one) for one in self._conditions)
            if not is_asked:
                self._distrust()
            order = order_of(source_id)
            if self._passed is not None and order <= self._passed:
                continue
            self._passed = order
            if is_asked and _takes(self._filter, row.status):
                place = ApprovalStatusPlace(source_id=source_id, count=at)
                self._found.append((place, row))

    def _distrust(self) -> None:
        """Note that Productive gave rows that were not asked for (C1)."""
        if not self._is_filtered_here:
            get_logger().warning(
                "filter_not_honoured",
                provider=PROVIDER.value,
                filters=[one.key for one in self._conditions],
            )
        self._is_filtered_here = True

    def _check_bound(self) -> None:
        if self._read >= MOST_ROWS:
            raise _too_many()

    def _slice(self, *, total: int | None, is_last: bool) -> ApprovalStatusSlice:
        shown = self._found[: self._first]
        return ApprovalStatusSlice(
            statuses=[row for _, row in shown],
            places=[place for place, _ in shown],
            has_next=len(self._found) > self._first or not is_last,
            total=total,
        )


def _conditions(wanted: ApprovalStatusFilter) -> list[Condition]:
    """Return what of a filter Productive is asked for.

    Raises:
        InvalidInputError: An id is none of Productive's, or there are too many.
    """
    conditions = []
    count = 0
    for member, key in _KEYS.items():
        values: list[str] | None = getattr(wanted, member)
        if values is None:
            continue
        field = _camel(member)
        for value in values:
            if not is_id(value):
                raise InvalidInputError(
                    f"`{field}` takes Productive's own ids, whole numbers as "
                    f"`sourceId` has them, and not `{value[:40]}`.",
                    field=("filter", field),
                )
        conditions.append(Condition(key, list(dict.fromkeys(values))))
        count += len(values)
    if count > GROUP:
        raise InvalidInputError(
            f"The lists of a filter take {GROUP} ids in all at most, not {count}.",
            field=("filter",),
        )
    return conditions


def _takes_nothing(wanted: ApprovalStatusFilter) -> bool:
    """Return whether a member of a filter is an empty list."""
    return any(getattr(wanted, member) == [] for member in wanted.__struct_fields__)


def _takes(wanted: ApprovalStatusFilter, status: ApprovalStatusRecord) -> bool:
    """Return whether a row passes what Productive cannot filter."""
    return (wanted.states is None or status.state in wanted.states) and (
        wanted.target_types is None or status.target_type in wanted.target_types
    )


def _meets(status: ApprovalStatusRecord, condition: Condition) -> bool:
    return _VALUES[condition.key](status) in condition.values


def _ascends(page: Page[ApprovalStatusDetails]) -> bool:
    orders = [order_of(one) for one in page.rows]
    return all(low < high for low, high in itertools.pairwise(orders))


def _user_id(user: UserRecord | None) -> str | None:
    return None if user is None else user.source_id


def _target_id(kind: Kind) -> Callable[[ApprovalStatusRecord], str | None]:
    def value(status: ApprovalStatusRecord) -> str | None:
        target = status.target
        return target.source_id if target and target.type is kind.target_type else None

    return value


# What each filter compares; members of the graph's filter by Productive's names.
_VALUES: Mapping[str, Callable[[ApprovalStatusRecord], str | None]] = {
    "id": lambda status: status.source_id,
    "approval_workflow_id": lambda status: (
        None if status.workflow is None else status.workflow.source_id
    ),
    "approver_id": lambda status: _user_id(status.approver),
    "actual_approver_id": lambda status: _user_id(status.actual_approver),
    **{kind.statuses_filter: _target_id(kind) for kind in KINDS.values()},
}
_KEYS: Mapping[str, str] = {
    "source_ids": "id",
    "workflow_source_ids": "approval_workflow_id",
    "approver_source_ids": "approver_id",
    "actual_approver_source_ids": "actual_approver_id",
    **{f"{kind.word}_source_ids": kind.statuses_filter for kind in KINDS.values()},
}


def _camel(member: str) -> str:
    first, *rest = member.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _too_many() -> LimitError:
    return LimitError(
        "MAX_ROWS_LIMIT",
        f"More than {MOST_ROWS} approval statuses would have to be read for this page. "
        "Narrow `filter` by approvers, workflows or targets: Productive filters "
        "neither by state nor by type.",
    )
