"""Connections: lists in pages, as Relay has them, and how their sources answered."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, TypeAlias

import strawberry
from msgspec import Struct

from gateway.context import Context, Info
from gateway.domain import (
    Capability,
    InvoiceFilter,
    InvoiceRecord,
    PolicyRecord,
    ProviderName,
    QuotaRecord,
    SourceErrorRecord,
    SourceRecord,
)
from gateway.errors import GatewayError, InvalidInputError
from gateway.merge import InvoiceList, Page
from gateway.schema.invoices import Invoice
from gateway.schema.policies import Policy
from gateway.schema.records import accepts, described

# What every connection takes.
First: TypeAlias = Annotated[
    int, strawberry.argument(description="How many rows; 100 at most by default.")
]
After: TypeAlias = Annotated[
    str | None,
    strawberry.argument(description="The cursor of the row that came before."),
]


class PageInfoRecord(Struct, frozen=True, kw_only=True):
    """Where a page stands in its list."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


class EdgeRecord(Struct, frozen=True, kw_only=True):
    """A row of a page, whatever its type, and its place."""

    cursor: str
    node: Any


class InvoiceConnectionRecord(Struct, frozen=True, kw_only=True):
    """A page of invoices; *sources* are the providers that were asked."""

    page: InvoiceList
    page_info: PageInfoRecord
    sources: list[SourceRecord]
    invoice_filter: InvoiceFilter


@strawberry.type(description="How many calls a provider grants.")
class Quota:
    """How many calls a provider grants; the source is a record."""

    is_type_of = accepts(QuotaRecord)

    limit: int | None = described("How many in all; null where it is not told.")
    remaining: int | None = described("How many are left; null where it is not told.")
    resets_at: datetime | None = described("When all are granted again.")


@strawberry.type(description="Why a provider could not be read.")
class SourceError:
    """Why a provider could not be read; the source is a record."""

    is_type_of = accepts(SourceErrorRecord)

    code: str = described("The stable code, as in `extensions.code` of an error.")
    message: str = described("What went wrong.")


@strawberry.type(description="How one provider answered.")
class SourceStatus:
    """How one provider answered; the source is a record."""

    is_type_of = accepts(SourceRecord)

    provider: ProviderName = described("The provider.")
    error: SourceError | None = described("Why it could not be read; null if it was.")
    as_of: datetime = described("When it was asked.")
    is_complete: bool = described(
        "Whether everything that it holds for this question was read."
    )
    quota: Quota | None = described("How many calls it grants.")

    @strawberry.field(description="Whether it answered well.")
    @staticmethod
    def ok(root: strawberry.Parent[SourceRecord]) -> bool:
        return root.error is None

    @strawberry.field(
        graphql_type=list[Capability],
        description="What this account can be asked to do. Calls that not every "
        "account has are tried, without effect, where nothing is known of them.",
    )
    @staticmethod
    async def capabilities(
        root: strawberry.Parent[SourceRecord], info: Info
    ) -> list[Capability]:
        known = await info.context.connector(root.provider).get_capabilities()
        return [one for one in Capability if one in known]


@strawberry.type(description="Where a page stands in its list, as Relay has it.")
class PageInfo:
    """Where a page stands; the source is a record."""

    is_type_of = accepts(PageInfoRecord)

    has_next_page: bool = described("Whether rows follow.")
    has_previous_page: bool = described("Whether the page was asked for by `after`.")
    start_cursor: str | None = described("The first row's cursor.")
    end_cursor: str | None = described("The last row's cursor: send it as `after`.")


class PolicyConnectionRecord(Struct, frozen=True, kw_only=True):
    """A page of policies; *sources* are the providers that were asked."""

    page: Page[PolicyRecord]
    page_info: PageInfoRecord
    sources: list[SourceRecord]
    failures: Mapping[ProviderName, GatewayError]


@strawberry.type(description="A policy in a list, and its place.")
class PolicyEdge:
    """A policy in a list; the source is a record."""

    is_type_of = accepts(EdgeRecord)

    cursor: str = described("The row's place: send it as `after`.")
    node: Policy = described("The policy.")


@strawberry.type(description="A page of policies over all providers that list them.")
class PolicyConnection:
    """A page of policies; the source is a record."""

    is_type_of = accepts(PolicyConnectionRecord)

    page_info: PageInfo = described("Where the page stands.")
    sources: list[SourceStatus] = described("How each provider answered.")

    @strawberry.field(
        graphql_type=list[PolicyEdge] | None,
        description="The rows with their places; null, and an error, where no provider "
        "could be read.",
    )
    @staticmethod
    def edges(root: strawberry.Parent[PolicyConnectionRecord]) -> list[EdgeRecord]:
        _unless_all_failed(root.failures, root.sources)
        return edges_of(root.page)

    @strawberry.field(
        graphql_type=list[Policy] | None,
        description="The rows; null, and an error, where no provider could be read.",
    )
    @staticmethod
    def nodes(root: strawberry.Parent[PolicyConnectionRecord]) -> list[PolicyRecord]:
        _unless_all_failed(root.failures, root.sources)
        return root.page.rows

    @strawberry.field(
        description="How many match in all; null where a provider could not be read."
    )
    @staticmethod
    def total_count(root: strawberry.Parent[PolicyConnectionRecord]) -> int | None:
        return None if root.failures else root.page.total


@strawberry.type(description="An invoice in a list, and its place.")
class InvoiceEdge:
    """An invoice in a list; the source is a record."""

    is_type_of = accepts(EdgeRecord)

    cursor: str = described("The row's place: send it as `after`.")
    node: Invoice = described("The invoice.")


@strawberry.type(description="A page of invoices over all providers that were asked.")
class InvoiceConnection:
    """A page of invoices; the source is a record."""

    is_type_of = accepts(InvoiceConnectionRecord)

    page_info: PageInfo = described("Where the page stands.")
    sources: list[SourceStatus] = described(
        "How each provider answered: one that is down is named here, and the rows of "
        "the others stand."
    )

    @strawberry.field(
        graphql_type=list[InvoiceEdge] | None,
        description="The rows with their places; null, and an error, where no provider "
        "could be read.",
    )
    @staticmethod
    def edges(
        root: strawberry.Parent[InvoiceConnectionRecord],
    ) -> list[EdgeRecord]:
        page = _readable(root)
        return [
            EdgeRecord(cursor=page.cursor(invoice), node=invoice)
            for invoice in page.invoices
        ]

    @strawberry.field(
        graphql_type=list[Invoice] | None,
        description="The rows; null, and an error, where no provider could be read.",
    )
    @staticmethod
    def nodes(root: strawberry.Parent[InvoiceConnectionRecord]) -> list[InvoiceRecord]:
        return _readable(root).invoices

    @strawberry.field(
        description="How many rows match in all; null where a provider cannot tell. "
        "Counting a later page costs a call.",
    )
    @staticmethod
    async def total_count(
        root: strawberry.Parent[InvoiceConnectionRecord], info: Info
    ) -> int | None:
        page = _readable(root)
        if page.total is not None or not root.page_info.has_previous_page:
            return page.total
        return await _count(root, info.context)


async def _count(root: InvoiceConnectionRecord, context: Context) -> int | None:
    asked = [context.invoices(source.provider) for source in root.sources]
    # One that never tells makes asking the others pointless.
    if not all(invoices.has_counts for invoices in asked):
        return None
    counts = await asyncio.gather(
        *(invoices.count_invoices(root.invoice_filter) for invoices in asked)
    )
    told = [count for count in counts if count is not None]
    return sum(told) if len(told) == len(counts) else None


def _readable(root: InvoiceConnectionRecord) -> InvoiceList:
    """Return the page, or raise why there is none."""
    _unless_all_failed(root.page.failures, root.sources)
    return root.page


def _unless_all_failed(
    failures: Mapping[ProviderName, GatewayError], sources: list[SourceRecord]
) -> None:
    if failures and len(failures) == len(sources):
        raise next(iter(failures.values()))


def check_first(first: int, most: int) -> None:
    """Hold a page's size against the limit.

    Raises:
        InvalidInputError: It is below 1 or above *most*.
    """
    if not 1 <= first <= most:
        raise InvalidInputError(
            f"`first` takes 1 to {most}, not {first}.", field=("first",)
        )


def create_source(
    context: Context,
    name: ProviderName,
    error: GatewayError | None,
    *,
    is_complete: bool = True,
) -> SourceRecord:
    """Return how a provider answered just now."""
    return SourceRecord(
        provider=name,
        error=None
        if error is None
        else SourceErrorRecord(code=error.code, message=error.message),
        as_of=context.clock.now(),
        is_complete=error is None and is_complete,
        quota=context.connector(name).get_quota(),
    )


def edges_of(page: Page[Any]) -> list[EdgeRecord]:
    """Return the rows of a page with their places."""
    return [
        EdgeRecord(cursor=cursor, node=row)
        for cursor, row in zip(page.cursors, page.rows, strict=True)
    ]


def page_info_of(page: Page[Any], after: str | None) -> PageInfoRecord:
    """Return where a page stands in a list that was read whole."""
    return create_page_info(page.cursors, after, has_next_page=page.has_next_page)


def create_page_info(
    cursors: list[str], after: str | None, *, has_next_page: bool
) -> PageInfoRecord:
    """Return where the rows with *cursors*, read after *after*, stand."""
    return PageInfoRecord(
        has_next_page=has_next_page,
        has_previous_page=after is not None,
        start_cursor=cursors[0] if cursors else None,
        # A client that found nothing to read may ask again from the same place.
        end_cursor=cursors[-1] if cursors else after,
    )
