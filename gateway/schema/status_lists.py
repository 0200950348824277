"""`approvalStatuses`: which of them, in pages."""

from typing import Any

import strawberry
from msgspec import Struct

from gateway import domain
from gateway.connector import ApprovalStatusSlice
from gateway.context import Context
from gateway.domain import (
    ApprovalState,
    ApprovalStatusPlace,
    ApprovalStatusRecord,
    SourceRecord,
    TargetType,
)
from gateway.errors import GatewayError, UpstreamError
from gateway.merge import no_cursor, pack_cursor, parse_cursor
from gateway.schema.approvables import ApprovalStatus
from gateway.schema.connections import (
    EdgeRecord,
    PageInfo,
    PageInfoRecord,
    SourceStatus,
    check_first,
    create_page_info,
    create_source,
)
from gateway.schema.records import accepts, described

_LIST = "approvalStatuses"
_IDS = " by the provider's own ids; 100 in all of a filter's lists."

# More rows than any list has.
_COUNT_DIGITS = 12
_EMPTY = ApprovalStatusSlice(statuses=[], places=[], has_next=False, total=0)


@strawberry.input(
    description="Which approval statuses a list holds: those that pass every member. A "
    "member that is null or left out does not matter; an empty list lets nothing "
    "through. State and type of target are no filters of the provider: at most 2000 "
    "rows are read for them; past that the answer is an error that says how to narrow."
)
class ApprovalStatusFilter:
    """Which approval statuses a list holds."""

    source_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description=f"These{_IDS}"
    )
    workflow_source_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description=f"Made by these workflows,{_IDS}"
    )
    approver_source_ids: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description=f"Asked of these persons,{_IDS} What a role is asked for is asked "
        "of no person.",
    )
    actual_approver_source_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description=f"Decided by these persons,{_IDS}"
    )
    booking_source_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description=f"On these bookings,{_IDS}"
    )
    time_entry_source_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description=f"On these time entries,{_IDS}"
    )
    expense_source_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description=f"On these expenses,{_IDS}"
    )
    states: list[ApprovalState] | None = strawberry.field(
        default=None, description="Whether they are decided, and how."
    )
    target_types: list[TargetType] | None = strawberry.field(
        default=None, description="What sort of object they are about."
    )

    def to_record(self) -> domain.ApprovalStatusFilter:
        """Return the filter in the domain's terms."""
        members: dict[str, Any] = {
            member: getattr(self, member)
            for member in domain.ApprovalStatusFilter.__struct_fields__
        }
        return domain.ApprovalStatusFilter(**members)


class ApprovalStatusConnectionRecord(Struct, frozen=True, kw_only=True):
    """A page of approval statuses; *error* is why there is none."""

    page: ApprovalStatusSlice
    page_info: PageInfoRecord
    sources: list[SourceRecord]
    error: GatewayError | None

    def read(self) -> ApprovalStatusSlice:
        """Return the page, or raise why there is none."""
        if self.error is not None:
            raise self.error
        return self.page


@strawberry.type(description="An approval status in a list, and its place.")
class ApprovalStatusEdge:
    """An approval status in a list; the source is a record."""

    is_type_of = accepts(EdgeRecord)

    cursor: str = described("The row's place: send it as `after`.")
    node: ApprovalStatus = described("The approval status.")


@strawberry.type(description="A page of approval statuses.")
class ApprovalStatusConnection:
    """A page of approval statuses; the source is a record."""

    is_type_of = accepts(ApprovalStatusConnectionRecord)

    page_info: PageInfo = described("Where the page stands.")
    sources: list[SourceStatus] = described("How the provider answered.")

    @strawberry.field(
        graphql_type=list[ApprovalStatusEdge] | None,
        description="The rows with their places; null, and an error, where the "
        "provider could not be read.",
    )
    @staticmethod
    def edges(
        root: strawberry.Parent[ApprovalStatusConnectionRecord],
    ) -> list[EdgeRecord]:
        page = root.read()
        return [
            EdgeRecord(cursor=_cursor(place), node=one.status)
            for place, one in zip(page.places, page.statuses, strict=True)
        ]

    @strawberry.field(
        graphql_type=list[ApprovalStatus] | None,
        description="The rows; null, and an error, where the provider could not be "
        "read.",
    )
    @staticmethod
    def nodes(
        root: strawberry.Parent[ApprovalStatusConnectionRecord],
    ) -> list[ApprovalStatusRecord]:
        return [one.status for one in root.read().statuses]

    @strawberry.field(
        description="How many match in all. With `states` or `targetTypes` only "
        "reading all tells: null but on a first page for which all was read."
    )
    @staticmethod
    def total_count(
        root: strawberry.Parent[ApprovalStatusConnectionRecord],
    ) -> int | None:
        return root.read().total


async def list_approval_statuses(
    context: Context,
    first: int,
    after: str | None,
    wanted: domain.ApprovalStatusFilter,
) -> ApprovalStatusConnectionRecord:
    """Return a page of the approval statuses of the provider that keeps some.

    Raises:
        InvalidInputError: An argument is wrong.
        LimitError: Too many rows would have to be read.
    """
    check_first(first, context.most_rows)
    place = None if after is None else _parse_place(after)
    page, error = _EMPTY, None
    # One provider keeps them; a second would need a cursor over both.
    name, targets = next(iter(context.targets_by_provider().items()), (None, None))
    if targets is not None:
        try:
            page = await targets.list_statuses(
                first=first, after=place, status_filter=wanted
            )
        except UpstreamError as failed:
            error = failed
    context.keep_approval_statuses(page.statuses)
    return ApprovalStatusConnectionRecord(
        page=page,
        page_info=create_page_info(
            [_cursor(one) for one in page.places], after, has_next_page=page.has_next
        ),
        sources=[] if name is None else [create_source(context, name, error)],
        error=error,
    )


def _cursor(place: ApprovalStatusPlace) -> str:
    return pack_cursor(_LIST, str(place.count), place.source_id)


def _parse_place(text: str) -> ApprovalStatusPlace:
    cursor = parse_cursor(text, _LIST)
    count = cursor.value
    if not (count.isascii() and count.isdigit() and len(count) < _COUNT_DIGITS):
        raise no_cursor()
    return ApprovalStatusPlace(source_id=cursor.id, count=int(count))
