"""Connections: lists in pages, as Relay has them, and how their sources answered."""

from datetime import datetime

import strawberry
from msgspec import Struct

from gateway.context import Context, Info
from gateway.domain import (
    Capability,
    InvoiceFilter,
    InvoiceRecord,
    ProviderName,
    QuotaRecord,
    SourceErrorRecord,
    SourceRecord,
)
from gateway.errors import InvalidInputError
from gateway.merge import InvoiceList
from gateway.schema.records import accepts, described
from gateway.schema.types import Invoice


class PageInfoRecord(Struct, frozen=True, kw_only=True):
    """Where a page stands in its list."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


class InvoiceEdgeRecord(Struct, frozen=True, kw_only=True):
    """A row of a page, and its place."""

    cursor: str
    node: InvoiceRecord


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


@strawberry.type(description="An invoice in a list, and its place.")
class InvoiceEdge:
    """An invoice in a list; the source is a record."""

    is_type_of = accepts(InvoiceEdgeRecord)

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
    ) -> list[InvoiceEdgeRecord]:
        page = _readable(root)
        return [
            InvoiceEdgeRecord(cursor=page.cursor(invoice), node=invoice)
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
    total = 0
    for source in root.sources:
        connector = context.connector(source.provider)
        count = await connector.count_invoices(root.invoice_filter)
        if count is None:
            return None
        total += count
    return total


def _readable(root: InvoiceConnectionRecord) -> InvoiceList:
    """Return the page, or raise why there is none."""
    failures = list(root.page.failures.values())
    if failures and len(failures) == len(root.sources):
        raise failures[0]
    return root.page


def check_first(first: int, most: int) -> None:
    """Hold a page's size against the limit.

    Raises:
        InvalidInputError: It is below 1 or above *most*.
    """
    if not 1 <= first <= most:
        raise InvalidInputError(
            f"`first` takes 1 to {most}, not {first}.", field=("first",)
        )
