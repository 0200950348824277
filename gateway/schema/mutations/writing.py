"""How a mutation writes: it finds its object, sends once, and says what is known."""

from collections.abc import Callable, Coroutine
from typing import Any

from gateway.connector import Invoices, Policies, Written
from gateway.context import Info
from gateway.decisions import Decided
from gateway.domain import (
    ApprovableKey,
    GlobalID,
    Outcome,
    ProviderName,
    approvable_of,
)
from gateway.errors import InvalidInputError
from gateway.schema.ids import parse_id
from gateway.schema.mutations.inputs import (
    MutationInput,
    OnInvoiceInput,
    OnPolicyInput,
    RemoveApproverInput,
)
from gateway.schema.payloads import PayloadRecord, create_payload

Sent = Coroutine[Any, Any, Written]


async def write_on_invoice(
    info: Info, wanted: OnInvoiceInput, write: Callable[[Invoices, str], Sent]
) -> PayloadRecord:
    """Send one write on the invoice that an input names."""
    context, field = info.context, "invoiceId"
    return await _write_on(
        info,
        wanted,
        wanted.invoice_id,
        lambda: parse_id(wanted.invoice_id, ("Invoice",), field=field),
        lambda key: write(context.invoices(key.provider), key.invoice_key),
        field=field,
    )


async def write_on_approver(
    info: Info,
    wanted: RemoveApproverInput,
    write: Callable[[Invoices, GlobalID], Sent],
) -> PayloadRecord:
    """Send one write on the approver that an input names."""
    context, field = info.context, "approverId"
    return await _write_on(
        info,
        wanted,
        wanted.approver_id,
        lambda: parse_id(wanted.approver_id, ("Approver",), field=field),
        lambda key: write(context.invoices(key.provider), key),
        field=field,
    )


async def write_on_policy(
    info: Info, wanted: OnPolicyInput, write: Callable[[Policies, str], Sent]
) -> PayloadRecord:
    """Send one write on the policy that an input names."""
    context, field = info.context, "policyId"
    return await _write_on(
        info,
        wanted,
        wanted.policy_id,
        lambda: parse_id(wanted.policy_id, ("Policy",), field=field),
        lambda key: write(context.policies(key.provider), key.source_id),
        field=field,
    )


async def _write_on(
    info: Info,
    wanted: MutationInput,
    id_text: str,
    parse: Callable[[], GlobalID],
    write: Callable[[GlobalID], Sent],
    *,
    field: str,
) -> PayloadRecord:
    """Send one write on what an id names.

    Args:
        info: The mutation.
        wanted: Its input.
        id_text: The id.
        parse: Returns what the id stands for, if it may be sent here.
        write: What is to be done with the object of that key.
        field: The input's member that holds the id.
    """
    try:
        key = parse()
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
        lambda: write(key),
        on=approvable_of(key),
        target=id_text,
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
    write: Callable[[], Sent],
    *,
    on: ApprovableKey | None = None,
    **details: object,
) -> Decided:
    """Send one write to a provider as the caller, and forget what was read.

    What it is *on* is told to those who watch it, where it may have changed.
    """
    context = info.context

    async def decide() -> Written:
        context.check_may_decide(provider)
        return await write()

    try:
        return await context.decisions.send(
            decide(),
            on=on,
            decision=info.field_name,
            subject=context.caller.subject,
            provider=provider.value,
            **details,
        )
    finally:
        context.loaders[provider].forget()
