"""The queries: find an object, list objects, see the providers."""

import asyncio
from datetime import UTC
from typing import Annotated

import strawberry

from gateway import domain
from gateway.context import Context, Info
from gateway.domain import (
    ApproverRecord,
    GlobalID,
    InvoiceRecord,
    PolicyRecord,
    ProviderName,
    SourceRecord,
)
from gateway.errors import GatewayError, InvalidInputError, UpstreamError
from gateway.merge import check_cursor, cut_page, list_invoices, read_each
from gateway.schema.connections import (
    After,
    First,
    InvoiceConnection,
    InvoiceConnectionRecord,
    PolicyConnection,
    PolicyConnectionRecord,
    SourceStatus,
    check_first,
    create_page_info,
    create_source,
    page_info_of,
)
from gateway.schema.ids import parse_id
from gateway.schema.inputs import InvoiceFilter, InvoiceOrder, PolicyFilter
from gateway.schema.interfaces import Node
from gateway.schema.types import Invoice, Policy
from gateway.schema.viewer import Viewer, ViewerRecord

_POLICIES = "policies"
_NODES = ("Invoice", "Approver", "Policy", "ApprovalStatus")

NodeRecord = InvoiceRecord | ApproverRecord | PolicyRecord


@strawberry.type(description="What can be asked.")
class Query:
    """The queries."""

    @strawberry.field(
        graphql_type=Node | None,
        description="The object with this id; null where this caller has none.",
    )
    @staticmethod
    async def node(
        info: Info,
        id: Annotated[
            strawberry.ID, strawberry.argument(description="An `id` of this graph.")
        ],
    ) -> NodeRecord | None:
        return await _load_node(id, info.context)

    @strawberry.field(
        graphql_type=list[Node | None] | None,
        description="The objects with these ids, in their order; null for one that "
        "there is not for this caller.",
    )
    @staticmethod
    async def nodes(
        info: Info,
        ids: Annotated[
            list[strawberry.ID],
            strawberry.argument(description="At most as many as the largest page."),
        ],
    ) -> list[NodeRecord | GatewayError | None]:
        if len(ids) > info.context.most_rows:
            raise InvalidInputError(
                f"`ids` takes at most {info.context.most_rows} ids, not {len(ids)}.",
                field=("ids",),
            )
        return await asyncio.gather(*(_try_node(one, info.context) for one in ids))

    @strawberry.field(
        graphql_type=Invoice | None,
        description="One invoice; null where this caller has none.",
    )
    @staticmethod
    async def invoice(
        info: Info,
        id: Annotated[
            strawberry.ID, strawberry.argument(description="An invoice's `id`.")
        ],
    ) -> InvoiceRecord | None:
        key = parse_id(id, ("Invoice",), field="id")
        return await info.context.load_invoice(key.provider, key.source_id)

    @strawberry.field(
        graphql_type=Invoice | None,
        description="One invoice by the provider's own id; null where this caller has "
        "none.",
    )
    @staticmethod
    async def invoice_by_source(
        info: Info,
        provider: Annotated[
            ProviderName, strawberry.argument(description="The system that holds it.")
        ],
        source_id: Annotated[
            strawberry.ID, strawberry.argument(description="The provider's own id.")
        ],
    ) -> InvoiceRecord | None:
        return await info.context.load_invoice(provider, source_id)

    @strawberry.field(
        graphql_type=InvoiceConnection | None,
        description="Invoices over all providers in one order: newest `createdAt` "
        "first, then by `id`. Another `orderBy`, or a filter that a provider lacks, "
        "reads at most 1000 rows; past that the answer is an error that says how to "
        "narrow.",
    )
    @staticmethod
    async def invoices(
        info: Info,
        first: First = 20,
        after: After = None,
        filter: Annotated[
            InvoiceFilter | None, strawberry.argument(description="Which invoices.")
        ] = None,
        order_by: Annotated[
            InvoiceOrder | None, strawberry.argument(description="In which order.")
        ] = None,
    ) -> InvoiceConnectionRecord:
        context = info.context
        check_first(first, context.most_rows)
        wanted = filter or InvoiceFilter()
        connectors = {
            name: connector
            for name, connector in context.connectors.items()
            if wanted.providers is None or name in wanted.providers
        }
        page = await list_invoices(
            connectors,
            first=first,
            after=after,
            invoice_filter=wanted.to_record(),
            order=domain.InvoiceOrder() if order_by is None else order_by.to_record(),
        )
        context.keep_invoices(page.invoices)
        return InvoiceConnectionRecord(
            page=page,
            page_info=create_page_info(
                [page.cursor(invoice) for invoice in page.invoices],
                after,
                has_next_page=page.has_next_page,
            ),
            sources=[
                create_source(
                    context,
                    name,
                    page.failures.get(name),
                    is_complete=name not in page.incomplete,
                )
                for name in connectors
            ],
            invoice_filter=wanted.to_record(),
        )

    @strawberry.field(
        graphql_type=Policy | None,
        description="One policy; null where this caller has none.",
    )
    @staticmethod
    async def policy(
        info: Info,
        id: Annotated[
            strawberry.ID, strawberry.argument(description="A policy's `id`.")
        ],
    ) -> PolicyRecord | None:
        return await _load_policy(parse_id(id, ("Policy",), field="id"), info.context)

    @strawberry.field(
        graphql_type=Policy | None,
        description="One policy by the provider's own id; null where this caller has "
        "none, and for Ottimate, which shows policies with approvers only.",
    )
    @staticmethod
    async def policy_by_source(
        info: Info,
        provider: Annotated[
            ProviderName, strawberry.argument(description="The system that holds it.")
        ],
        source_id: Annotated[
            strawberry.ID, strawberry.argument(description="The provider's own id.")
        ],
    ) -> PolicyRecord | None:
        return await info.context.load_policy(provider, source_id)

    @strawberry.field(
        graphql_type=PolicyConnection | None,
        description="Policies over all providers that list them (BILL), active and "
        "deleted: newest `createdAt` first, then by `id`.",
    )
    @staticmethod
    async def policies(
        info: Info,
        first: First = 20,
        after: After = None,
        filter: Annotated[
            PolicyFilter | None, strawberry.argument(description="Which policies.")
        ] = None,
    ) -> PolicyConnectionRecord:
        return await _list_policies(
            info.context, first, after, filter or PolicyFilter()
        )

    @strawberry.field(
        graphql_type=Viewer | None,
        description="The person who calls, and what waits for them.",
    )
    @staticmethod
    async def viewer() -> ViewerRecord:
        return ViewerRecord()

    @strawberry.field(
        graphql_type=list[SourceStatus] | None,
        description="The providers behind this graph, each asked now.",
    )
    @staticmethod
    async def sources(info: Info) -> list[SourceRecord]:
        return await asyncio.gather(
            *(_check(info.context, name) for name in info.context.connectors)
        )


async def _try_node(text: str, context: Context) -> NodeRecord | GatewayError | None:
    """Load one of several nodes; its error is its own."""
    try:
        return await _load_node(text, context)
    except GatewayError as error:
        return error


async def _load_node(text: str, context: Context) -> NodeRecord | None:
    key = parse_id(text, _NODES, field="id")
    match key.type_name:
        case "Invoice":
            return await context.load_invoice(key.provider, key.source_id)
        case "Approver":
            approvers = await _load_approvers(key, context)
            return next((one for one in approvers if one.id == text), None)
        case "Policy":
            return await _load_policy(key, context)
        case _:
            # No provider here keeps approval statuses.
            return None


async def _load_policy(key: GlobalID, context: Context) -> PolicyRecord | None:
    """Return a policy by itself, or through the invoice that it was read with."""
    if not key.parent:
        return await context.load_policy(key.provider, key.source_id)
    approvers = await _load_approvers(key, context)
    policies = (one.policy for one in approvers)
    return next(
        (one for one in policies if one and one.source_id == key.source_id), None
    )


async def _list_policies(
    context: Context, first: int, after: str | None, wanted: PolicyFilter
) -> PolicyConnectionRecord:
    check_first(first, context.most_rows)
    check_cursor(after, _POLICIES)
    asked = [
        name
        for name, connector in context.connectors.items()
        if connector.has_policies
        and (wanted.providers is None or name in wanted.providers)
    ]
    found, failures = await read_each(
        {name: context.connector(name).list_policies() for name in asked}
    )
    rows = [row for rows in found.values() for row in rows if wanted.takes(row)]
    page = cut_page(
        rows,
        list_name=_POLICIES,
        value=_created_text,
        first=first,
        after=after,
        newest_first=True,
    )
    return PolicyConnectionRecord(
        page=page,
        page_info=page_info_of(page, after),
        sources=[create_source(context, name, failures.get(name)) for name in asked],
        failures=failures,
    )


def _created_text(policy: PolicyRecord) -> str:
    if policy.created_at is None:
        return ""
    return policy.created_at.astimezone(UTC).isoformat(timespec="microseconds")


async def _load_approvers(key: GlobalID, context: Context) -> list[ApproverRecord]:
    """Return the approvers of the invoice through which *key* is read again."""
    context.connector(key.provider)
    loader = context.loaders[key.provider].approvers_by_invoice
    return await loader.load(key.parent) or []


async def _check(context: Context, name: ProviderName) -> SourceRecord:
    try:
        await context.connector(name).check()
    except UpstreamError as error:
        return create_source(context, name, error)
    return create_source(context, name, None)
