"""Payments of invoices and purchases (5.8, 5.13); none is idempotent."""

from gateway.providers.accounteer.simulator.amounts import rounded
from gateway.providers.accounteer.simulator.asks import Ask
from gateway.providers.accounteer.simulator.documents import (
    deleted_reply,
    document_reply,
)
from gateway.providers.accounteer.simulator.fields import amount, required_text, text
from gateway.providers.accounteer.simulator.objects import (
    APPROVED,
    PAID,
    Kind,
    Payment,
)
from gateway.providers.accounteer.simulator.replies import (
    InvalidStateError,
    Reply,
    invalid,
)


def pay_document(ask: Ask, kind: Kind) -> Reply:
    """Answer ``POST /invoices/:id/pay`` or ``POST /purchases/:id/pay``.

    Raises:
        AccounteerError: 422; the amount or the ledger account does not do.
        InvalidStateError: The document is not approved.
    """
    content = ask.content("payment")
    document = ask.document(kind)
    if document.status not in {APPROVED, PAID}:
        raise InvalidStateError(
            f"The document is {document.status} and cannot be paid.", document.status
        )
    paid = amount(content, "amount")
    if paid != rounded(paid) or not 0 < paid <= document.amount_due:
        raise invalid("amount", "must be above zero and at most the amount due")
    payment = Payment(
        id=ask.state.next_id("payment"),
        organization_id=ask.organization_id,
        document_id=document.id,
        amount=paid,
        gl_account_id=_account_id(ask, required_text(content, "gl_account_id")),
        reference=text(content, "reference"),
    )
    ask.state.payments[payment.id] = payment
    document.amount_due -= paid
    document.status = APPROVED if document.amount_due else PAID
    document.date_updated = ask.today
    return document_reply(ask, document)


def delete_payment(ask: Ask) -> Reply:
    """Answer ``DELETE /payments/:id``: the amount is due again.

    Raises:
        AccounteerError: 404.
    """
    payment = ask.find(ask.state.payments, "Payment")
    del ask.state.payments[payment.id]
    state = ask.state
    document = (state.invoices | state.purchases)[payment.document_id]
    document.amount_due += payment.amount
    document.status = APPROVED
    document.date_updated = ask.today
    return deleted_reply(ask, payment.id)


def _account_id(ask: Ask, account_id: str) -> str:
    account = ask.look(ask.state.accounts, account_id)
    if account is None or not account.payments_enabled:
        raise invalid("gl_account_id", "is not a ledger account for payments")
    return account.id
