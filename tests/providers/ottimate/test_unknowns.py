"""What Ottimate never tells: if one of these fields shows a value, it is a guess."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
from graphql import (
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    build_client_schema,
    get_introspection_query,
    get_named_type,
    is_leaf_type,
)

from gateway.providers.ottimate.simulator import OttimateSimulator
from tests.support import Client, Handler, RecordingTransport

# By type and field, over every situation that an invoice can be in.
NEVER_TOLD = {
    "Invoice.approvalStatuses",
    "InvoiceLine.tax",
    "InvoiceLine.taxRate",
    "InvoiceLine.ledgerAccount",
    "InvoiceLine.taxName",
    "Counterparty.sourceId",
    "Attachment.name",
    "ApprovalProgress.rule",
    "ApprovalProgress.required",
    "Approver.position",
    "Policy.appliesTo",
    "Policy.amountThreshold",
    "Policy.minimumApprovers",
    "Policy.isActive",
    "Policy.mandatoryApprovers",
    "Policy.createdAt",
    "Policy.updatedAt",
    "Quota.remaining",
    "SourceStatus.error",
}
# Told where records have the status of which 5.9 says that no field carries it.
TOLD_BY_SOME_ACCOUNTS = {
    "Approver.status",
    "Approver.decidedAt",
    "ApprovalProgress.approved",
    "ApprovalProgress.rejected",
    "ApprovalProgress.waitingOn",
}


def select(type_: GraphQLObjectType | GraphQLInterfaceType, within: set[str]) -> str:
    """Return a selection of every field below a type, no type within itself."""
    parts = []
    for name, field in type_.fields.items():
        inner = get_named_type(field.type)
        if is_leaf_type(inner):
            parts.append(name)
        elif inner.name not in within:
            assert isinstance(inner, GraphQLObjectType | GraphQLInterfaceType)
            parts.append(f"{name} {select(inner, within | {inner.name})}")
    return f"{{ __typename {' '.join(parts)} }}"


def walk(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield type, field and value of everything in an answer."""
    if isinstance(value, list):
        for one in value:
            yield from walk(one)
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name != "__typename":
                yield f"{value['__typename']}.{name}", inner
                yield from walk(inner)


def is_told(value: object) -> bool:
    return value not in (None, [], "UNKNOWN")


async def read_schema(client: Client) -> GraphQLSchema:
    body = await client.execute(get_introspection_query())
    return build_client_schema(body["data"])


async def read_told(client: Client) -> dict[str, bool]:
    """Return for each field whether it is told of any invoice of the situations."""
    schema = await read_schema(client)
    invoice, source = (schema.type_map[name] for name in ("Invoice", "SourceStatus"))
    assert isinstance(invoice, GraphQLObjectType)
    assert isinstance(source, GraphQLObjectType)
    body = await client.execute(
        '{ invoices(first: 50, filter: {search: "INV-10", providers: [OTTIMATE]}) '
        f"{{ nodes {select(invoice, {'Invoice'})}"
        f" sources {select(source, {'SourceStatus'})} }} }}"
    )
    assert "errors" not in body
    assert len(body["data"]["invoices"]["nodes"]) == 30
    told: dict[str, bool] = {}
    for part in (
        body["data"]["invoices"]["nodes"],
        body["data"]["invoices"]["sources"],
    ):
        for name, value in walk(part):
            told[name] = told.get(name, False) or is_told(value)
    return told


async def test_these_fields_are_never_told(client: Client) -> None:
    told = await read_told(client)

    unknown = {name for name, is_known in told.items() if not is_known}
    assert unknown == NEVER_TOLD | TOLD_BY_SOME_ACCOUNTS


async def test_some_accounts_tell_who_approved(
    client: Client, switch: Callable[..., None]
) -> None:
    switch(approver_status_field=True)

    told = await read_told(client)

    assert {name for name, is_known in told.items() if not is_known} == NEVER_TOLD


async def test_a_status_that_is_not_understood_is_counted_nowhere(
    client: Client,
    simulator: OttimateSimulator,
    ottimate: RecordingTransport,
    switch: Callable[..., None],
) -> None:
    """A person of whom we do not know is neither open nor done."""
    switch(approver_status_field=True)
    invoice = simulator.state.numbered("INV-1005")

    async def delegate(request: httpx.Request, upstream: Handler) -> httpx.Response:
        body = await (await upstream(request)).aread()
        assert b'"status":"pending"' in body
        body = body.replace(b'"status":"pending"', b'"status":"delegated"', 1)
        return httpx.Response(200, content=body)

    ottimate.interceptors[f"GET /invoices/{invoice.id}/approvers"] = delegate

    body = await client.execute(
        "query ($id: ID!) { invoiceBySource(provider: OTTIMATE, sourceId: $id) {"
        " approvers { status } progress { approved rejected waitingOn { email } } } }",
        {"id": invoice.id},
    )

    shown = body["data"]["invoiceBySource"]
    statuses = sorted(approver["status"] for approver in shown["approvers"])
    assert statuses == ["APPROVED", "PENDING", "UNKNOWN"]
    assert shown["progress"] == {"approved": None, "rejected": None, "waitingOn": None}


async def test_a_status_of_an_approver_is_no_more_than_the_invoice_proves(
    client: Client,
) -> None:
    body = await client.execute(
        "{ invoices(first: 100, filter: {providers: [OTTIMATE]}) "
        "{ nodes { status approvers { status } } } }"
    )

    seen = {
        (node["status"], approver["status"])
        for node in body["data"]["invoices"]["nodes"]
        for approver in node["approvers"]
    }
    assert seen == {
        ("PENDING_APPROVAL", "UNKNOWN"),
        ("APPROVED", "UNKNOWN"),
        ("EXPORTED", "UNKNOWN"),
        ("ARCHIVED", "UNKNOWN"),
    }


async def test_a_state_that_proves_nothing_is_unknown(client: Client) -> None:
    body = await client.execute(
        "{ invoices(first: 100, filter: {providers: [OTTIMATE]}) "
        "{ nodes { status approvalState kind } } }"
    )

    nodes = body["data"]["invoices"]["nodes"]
    assert {(node["status"], node["approvalState"]) for node in nodes} == {
        ("PROCESSING", "UNKNOWN"),
        ("INCOMPLETE", "UNKNOWN"),
        ("NEEDS_ATTENTION", "UNKNOWN"),
        ("PENDING_APPROVAL", "PENDING"),
        ("APPROVED", "APPROVED"),
        ("EXPORTED", "APPROVED"),
        ("ARCHIVED", "UNKNOWN"),
    }
    assert {node["kind"] for node in nodes} == {"INVOICE", "CREDIT_MEMO", "UNKNOWN"}
