"""The queries: find an object, list objects, see the providers."""

import asyncio
from datetime import UTC
from typing import Annotated

import strawberry

from gateway import domain
from gateway.context import Context, Info
from gateway.domain import (
    ApprovalStatusRecord,
    InvoiceRecord,
    PolicyRecord,
    ProviderName,
    SourceRecord,
)
from gateway.errors import GatewayError, InvalidInputError, UpstreamError
from gateway.merge import check_cursor, cut_page, list_invoices, read_each
from gateway.schema.approvables import ApprovalStatus
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
from gateway.schema.invoices import Invoice
from gateway.schema.nodes import NodeRecord, load_node, load_policy, try_node
from gateway.schema.policies import Policy
from gateway.schema.status_lists import (
    ApprovalStatusConnection,
    ApprovalStatusConnectionRecord,
    ApprovalStatusFilter,
    list_approval_statuses,
)
from gateway.schema.viewer import Viewer, ViewerRecord

_POLICIES = "policies"


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
        return await load_node(id, info.context)

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
        return await asyncio.gather(*(try_node(one, info.context) for one in ids))

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
        return await info.context.load_invoice(key.provider, key.invoice_key)

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
        asked = context.invoices_by_provider(wanted.providers)
        page = await list_invoices(
            asked,
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
                for name in asked
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
        return await load_policy(parse_id(id, ("Policy",), field="id"), info.context)

    @strawberry.field(
        graphql_type=Policy | None,
        description="One policy by the provider's own id; null where this caller has "
        "none, for Ottimate, which shows policies with approvers only, and for "
        "Accounteer, which has none.",
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
        description="Policies over all providers that list them (BILL, Productive), "
        "active and deleted: newest `createdAt` first, those without one (Productive) "
        "last, then by `id`.",
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
        graphql_type=ApprovalStatus | None,
        description="One approval status; null where this caller has none.",
    )
    @staticmethod
    async def approval_status(
        info: Info,
        id: Annotated[
            strawberry.ID,
            strawberry.argument(description="An approval status's `id`."),
        ],
    ) -> ApprovalStatusRecord | None:
        key = parse_id(id, ("ApprovalStatus",), field="id")
        return await info.context.load_approval_status(key.provider, key.source_id)

    @strawberry.field(
        graphql_type=ApprovalStatus | None,
        description="One approval status by the provider's own id; null where this "
        "caller has none.",
    )
    @staticmethod
    async def approval_status_by_source(
        info: Info,
        provider: Annotated[
            ProviderName, strawberry.argument(description="The system that holds it.")
        ],
        source_id: Annotated[
            strawberry.ID, strawberry.argument(description="The provider's own id.")
        ],
    ) -> ApprovalStatusRecord | None:
        return await info.context.load_approval_status(provider, source_id)

    @strawberry.field(
        graphql_type=ApprovalStatusConnection | None,
        description="Approval statuses, decided and not, of the provider that keeps "
        "them (Productive), by its own ids, ascending.",
    )
    @staticmethod
    async def approval_statuses(
        info: Info,
        first: First = 20,
        after: After = None,
        filter: Annotated[
            ApprovalStatusFilter | None,
            strawberry.argument(description="Which approval statuses."),
        ] = None,
    ) -> ApprovalStatusConnectionRecord:
        wanted = filter or ApprovalStatusFilter()
        return await list_approval_statuses(
            info.context, first, after, wanted.to_record()
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


async def _list_policies(
    context: Context, first: int, after: str | None, wanted: PolicyFilter
) -> PolicyConnectionRecord:
    check_first(first, context.most_rows)
    check_cursor(after, _POLICIES)
    asked = context.policies_by_provider(wanted.providers)
    found, failures = await read_each(
        {name: policies.list_policies() for name, policies in asked.items()}
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


async def _check(context: Context, name: ProviderName) -> SourceRecord:
    try:
        await context.connector(name).check()
    except UpstreamError as error:
        return create_source(context, name, error)
    return create_source(context, name, None)
