"""The viewer: who calls, and what waits for them over all providers."""

from collections.abc import Mapping
from typing import Annotated

import strawberry
from msgspec import Struct

from gateway.connector import Queue
from gateway.context import Context, Info
from gateway.domain import (
    ApprovableRecord,
    BookingRecord,
    InvoiceRecord,
    ProviderName,
    SourceRecord,
)
from gateway.errors import GatewayError, UpstreamError
from gateway.loaders import QueueLoader
from gateway.merge import Page, check_cursor, cut_page, read_each
from gateway.schema.approvables import Approvable
from gateway.schema.connections import (
    After,
    EdgeRecord,
    First,
    PageInfo,
    PageInfoRecord,
    SourceStatus,
    check_first,
    create_source,
    edges_of,
    page_info_of,
)
from gateway.schema.records import accepts, described

_LIST = "approvals"


class ViewerRecord(Struct, frozen=True, kw_only=True):
    """Who calls; what waits for them is read when it is asked for."""


class ApprovableConnectionRecord(Struct, frozen=True, kw_only=True):
    """A page of the queue; *is_complete* is whether all providers were read whole."""

    page: Page[ApprovableRecord]
    page_info: PageInfoRecord
    is_complete: bool


@strawberry.input(description="Which of what waits for a person a list holds.")
class ApprovalFilter:
    """Which of what waits for a person a list holds."""

    providers: list[ProviderName] | None = strawberry.field(
        default=None, description="The systems to look in; all by default."
    )


@strawberry.type(description="What waits for a person, and its place in the list.")
class ApprovableEdge:
    """What waits for a person, in a list; the source is a record."""

    is_type_of = accepts(EdgeRecord)

    cursor: str = described("The row's place: send it as `after`.")
    node: Approvable = described("What waits.")


@strawberry.type(description="A page of what waits for a person.")
class ApprovableConnection:
    """A page of what waits for a person; the source is a record."""

    is_type_of = accepts(ApprovableConnectionRecord)

    page_info: PageInfo = described("Where the page stands.")

    @strawberry.field(
        graphql_type=list[ApprovableEdge] | None,
        description="The rows with their places.",
    )
    @staticmethod
    def edges(
        root: strawberry.Parent[ApprovableConnectionRecord],
    ) -> list[EdgeRecord]:
        return edges_of(root.page)

    @strawberry.field(graphql_type=list[Approvable] | None, description="The rows.")
    @staticmethod
    def nodes(
        root: strawberry.Parent[ApprovableConnectionRecord],
    ) -> list[ApprovableRecord]:
        return root.page.rows

    @strawberry.field(
        description="How many wait in all; null where a provider was not read whole."
    )
    @staticmethod
    def total_count(
        root: strawberry.Parent[ApprovableConnectionRecord],
    ) -> int | None:
        return root.page.total if root.is_complete else None


@strawberry.type(description="The person who calls.")
class Viewer:
    """The person who calls; the source is a record."""

    is_type_of = accepts(ViewerRecord)

    @strawberry.field(
        graphql_type=ApprovableConnection | None,
        description="What waits for this person over all providers: by due date, else "
        "by its own date, else by the day that it came; then by `id`. The person is "
        "known by their own credentials with a provider, else by a verified e-mail. "
        "`sources` says where it could not be read, or not whole: Ottimate has no such "
        "call, and its 50 newest pending invoices are looked through. Accounteer asks "
        "nobody by name, so that its drafts wait for every caller. Null, and an error, "
        "where no provider could be read.",
    )
    @staticmethod
    async def approvals(
        info: Info,
        first: First = 20,
        after: After = None,
        filter: Annotated[
            ApprovalFilter | None, strawberry.argument(description="Which of them.")
        ] = None,
    ) -> ApprovableConnectionRecord:
        context = info.context
        check_first(first, context.most_rows)
        check_cursor(after, _LIST)
        wanted = None if filter is None else filter.providers
        queues, failures = await _read_queues(context, wanted)
        _unless_unread(queues, failures)
        rows: list[ApprovableRecord] = [
            row for queue in queues.values() for row in queue.approvables
        ]
        page = cut_page(
            rows, list_name=_LIST, value=_date_text, first=first, after=after
        )
        return ApprovableConnectionRecord(
            page=page,
            page_info=page_info_of(page, after),
            is_complete=not failures
            and all(queue.is_complete for queue in queues.values()),
        )

    @strawberry.field(
        graphql_type=list[SourceStatus],
        description="How each provider answered when it was asked what waits for this "
        "person.",
    )
    @staticmethod
    async def sources(info: Info) -> list[SourceRecord]:
        context = info.context
        queues, failures = await _read_queues(context, None)
        return [
            create_source(
                context,
                name,
                failures.get(name),
                is_complete=name in queues and queues[name].is_complete,
            )
            for name in context.connectors
        ]


async def _read_queues(
    context: Context, providers: list[ProviderName] | None
) -> tuple[dict[ProviderName, Queue], dict[ProviderName, GatewayError]]:
    # Who has an address may be known by it where they have no credentials.
    nobody_at = () if context.caller.email else context.undecided
    queues, failures = await read_each(
        {
            name: context.loaders[name].queue.load(QueueLoader.MINE)
            for name in context.connectors
            if (providers is None or name in providers) and name not in nobody_at
        }
    )
    for name in nobody_at:
        if providers is None or name in providers:
            failures[name] = context.nobody_there(name)
    for name, queue in queues.items():
        context.keep_queue(name, queue)
        if queue.error is not None:
            # What could be read is served all the same.
            failures[name] = queue.error
    return queues, failures


def _unless_unread(
    queues: Mapping[ProviderName, Queue], failures: Mapping[ProviderName, GatewayError]
) -> None:
    """Raise why nothing was read, where that is so: it is not that nothing waits."""
    if any(queue.approvables or queue.is_complete for queue in queues.values()):
        return
    for error in failures.values():
        if isinstance(error, UpstreamError):
            raise error


def _date_text(row: ApprovableRecord) -> str:
    match row:
        case InvoiceRecord():
            day = row.due_date or row.issue_date or row.created_at.date()
        case BookingRecord():
            day = row.start_date
        case _:
            day = row.date
    return day.isoformat()
