"""How a mutation writes: it finds its object, sends once, and says what is known."""

from collections.abc import Callable, Coroutine
from typing import Any

from gateway.connector import Connector, Written
from gateway.context import Info
from gateway.decisions import Decided
from gateway.domain import GlobalID, Outcome, ProviderName
from gateway.errors import InvalidInputError
from gateway.schema.ids import parse_id
from gateway.schema.mutations.inputs import (
    MutationInput,
    OnInvoiceInput,
    OnPolicyInput,
)
from gateway.schema.payloads import PayloadRecord, create_payload

# Writes on the object with a provider's own id.
Write = Callable[[Connector, str], Coroutine[Any, Any, Written]]


async def write_on_invoice(
    info: Info, wanted: OnInvoiceInput, write: Write
) -> PayloadRecord:
    """Send one write on the invoice that an input names."""

    async def write_it(connector: Connector, key: GlobalID) -> Written:
        return await write(connector, key.source_id)

    return await write_on(
        info,
        wanted,
        wanted.invoice_id,
        write_it,
        type_name="Invoice",
        field="invoiceId",
    )


async def write_on_policy(
    info: Info, wanted: OnPolicyInput, write: Write
) -> PayloadRecord:
    """Send one write on the policy that an input names."""

    async def write_it(connector: Connector, key: GlobalID) -> Written:
        return await write(connector, key.source_id)

    return await write_on(
        info,
        wanted,
        wanted.policy_id,
        write_it,
        type_name="Policy",
        field="policyId",
    )


async def write_on(
    info: Info,
    wanted: MutationInput,
    id_text: str,
    write: Callable[[Connector, GlobalID], Coroutine[Any, Any, Written]],
    *,
    type_name: str,
    field: str,
    **details: object,
) -> PayloadRecord:
    """Send one write on what an id names.

    Args:
        info: The mutation.
        wanted: Its input.
        id_text: The id.
        write: What the connector is to do with the object of that key.
        type_name: The type of the object.
        field: The input's member that holds the id.
        details: What else the log is to say of the decision.
    """
    try:
        key = parse_id(id_text, (type_name,), field=field)
        info.context.connector(key.provider, field=field)
    except InvalidInputError as refusal:
        return create_payload(
            Decided(outcome=Outcome.REFUSED, refusal=refusal),
            id_field=field,
            client_mutation_id=wanted.client_mutation_id,
        )
    decided = await send_write(
        info,
        key.provider,
        lambda connector: write(connector, key),
        target=id_text,
        **details,
    )
    return create_payload(
        decided,
        key=key,
        id_text=id_text,
        id_field=field,
        client_mutation_id=wanted.client_mutation_id,
    )


async def send_write(
    info: Info,
    provider: ProviderName,
    write: Callable[[Connector], Coroutine[Any, Any, Written]],
    **details: object,
) -> Decided:
    """Send one write to a provider as the caller, and forget what was read."""
    context = info.context

    async def decide() -> Written:
        return await write(context.deciding_connector(provider))

    try:
        return await context.decisions.send(
            decide(),
            decision=info.field_name,
            subject=context.caller.subject,
            provider=provider.value,
            **details,
        )
    finally:
        context.loaders[provider].forget()
