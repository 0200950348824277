"""Nodes: objects that are found again by their ids."""

from gateway.context import Context
from gateway.domain import (
    TARGET_TYPES,
    ApprovalStatusRecord,
    ApprovalWorkflowRecord,
    ApproverRecord,
    GlobalID,
    InvoiceRecord,
    PolicyRecord,
    TargetKey,
    TargetRecord,
)
from gateway.errors import GatewayError
from gateway.schema.ids import parse_id

_TYPES = (
    "Invoice",
    *TARGET_TYPES,
    "Approver",
    "Policy",
    "ApprovalStatus",
    "ApprovalWorkflow",
)

NodeRecord = (
    InvoiceRecord
    | TargetRecord
    | ApproverRecord
    | PolicyRecord
    | ApprovalStatusRecord
    | ApprovalWorkflowRecord
)


async def try_node(text: str, context: Context) -> NodeRecord | GatewayError | None:
    """Return what :func:`load_node` does, or its error: one of several is its own."""
    try:
        return await load_node(text, context)
    except GatewayError as error:
        return error


async def load_node(text: str, context: Context) -> NodeRecord | None:
    """Return the object with an id, or None where there is none for this caller.

    Raises:
        InvalidInputError: It is no id of this graph.
    """
    key = parse_id(text, _TYPES, field="id")
    match key.type_name:
        case "Invoice":
            return await context.load_invoice(key.provider, key.invoice_key)
        case "Approver":
            approvers = await _load_approvers(key, context)
            return next((one for one in approvers if one.id == text), None)
        case "Policy":
            return await load_policy(key, context)
        case "ApprovalStatus":
            return await context.load_approval_status(key.provider, key.source_id)
        case "ApprovalWorkflow":
            return await context.load_workflow(key.provider, key.source_id)
        case _:
            target = TargetKey(TARGET_TYPES[key.type_name], key.source_id)
            return await context.load_target(key.provider, target)


async def load_policy(key: GlobalID, context: Context) -> PolicyRecord | None:
    """Return a policy by itself, or through the invoice that it was read with."""
    if not key.parent:
        return await context.load_policy(key.provider, key.source_id)
    approvers = await _load_approvers(key, context)
    policies = (one.policy for one in approvers)
    return next(
        (one for one in policies if one and one.source_id == key.source_id), None
    )


async def _load_approvers(key: GlobalID, context: Context) -> list[ApproverRecord]:
    """Return the approvers of the invoice through which *key* is read again."""
    context.connector(key.provider)
    loader = context.loaders[key.provider].approvers_by_invoice
    return await loader.load(key.parent) or []
