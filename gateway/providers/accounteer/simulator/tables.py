"""Taxes, ledger accounts and organisations (5.16, 5.17)."""

from typing import Any

from gateway.providers.accounteer.simulator.amounts import HUNDRED
from gateway.providers.accounteer.simulator.asks import Ask
from gateway.providers.accounteer.simulator.directory import ACCOUNT_TYPES
from gateway.providers.accounteer.simulator.fields import (
    amount,
    flag,
    required_text,
    text,
)
from gateway.providers.accounteer.simulator.listing import list_reply
from gateway.providers.accounteer.simulator.objects import (
    LedgerAccount,
    Organisation,
    Tax,
)
from gateway.providers.accounteer.simulator.render import (
    account_body,
    organisation_body,
    tax_body,
)
from gateway.providers.accounteer.simulator.replies import (
    Reply,
    invalid,
    json_reply,
    not_found,
)

_PREFIXES = (
    "invoice_prefix",
    "offer_prefix",
    "credit_note_in_prefix",
    "credit_note_out_prefix",
)


def list_taxes(ask: Ask) -> Reply:
    """Answer ``GET /taxes``."""
    return list_reply(ask, "taxes", ask.owned(ask.state.taxes), tax_body)


def read_tax(ask: Ask) -> Reply:
    """Answer ``GET /taxes/:id``."""
    return json_reply(200, tax_body(ask.find(ask.state.taxes, "Tax")))


def create_tax(ask: Ask) -> Reply:
    """Answer ``POST /taxes``.

    Raises:
        AccounteerError: 422; a field is missing or wrong.
    """
    content = ask.content("tax")
    percentage = amount(content, "percentage")
    if not 0 <= percentage <= HUNDRED:
        raise invalid("percentage", "must be between 0 and 100")
    tax = Tax(
        id=ask.state.next_id("tax"),
        organization_id=ask.organization_id,
        name=required_text(content, "name"),
        percentage=percentage,
    )
    ask.state.taxes[tax.id] = tax
    return json_reply(ask.switches.create_status_code, tax_body(tax))


def list_accounts(ask: Ask) -> Reply:
    """Answer ``GET /accounts``."""
    return list_reply(ask, "accounts", ask.owned(ask.state.accounts), account_body)


def read_account(ask: Ask) -> Reply:
    """Answer ``GET /accounts/:id``."""
    found = ask.find(ask.state.accounts, "Account")
    return json_reply(200, account_body(found))


def list_account_types(ask: Ask) -> Reply:
    """Answer ``GET /account_types``, which is a bare array in every form of list."""
    del ask
    types = [{"type": name, "title": title} for name, title in ACCOUNT_TYPES.items()]
    return json_reply(200, types)


def create_account(ask: Ask) -> Reply:
    """Answer ``POST /accounts``.

    Raises:
        AccounteerError: 422; a field is missing or wrong, or it is a bank account.
    """
    content = ask.content("account")
    type_name = required_text(content, "type")
    if type_name not in ACCOUNT_TYPES:
        raise invalid("type", "is not a known type")
    if type_name == "BANK":
        raise invalid("type", "a bank account is a financial account")
    account = LedgerAccount(
        id=ask.state.next_id("account"),
        organization_id=ask.organization_id,
        code=required_text(content, "code"),
        title=required_text(content, "title"),
        description=text(content, "description"),
        type=type_name,
        payments_enabled=flag(content, "payments_enabled") or False,
    )
    ask.state.accounts[account.id] = account
    return json_reply(ask.switches.create_status_code, account_body(account))


def list_organisations(ask: Ask) -> Reply:
    """Answer ``GET /organisations``: the one that the token fixes."""
    own = ask.state.organisations[ask.organization_id]
    return list_reply(ask, "organisations", [own], organisation_body)


def read_organisation(ask: Ask) -> Reply:
    """Answer ``GET /organisations/:id``."""
    return json_reply(200, organisation_body(_organisation(ask)))


def update_organisation(ask: Ask) -> Reply:
    """Answer ``POST /organisations/:id``; fields left out stay.

    Raises:
        AccounteerError: 422; a field is wrong. Nothing is changed then.
    """
    content = ask.content("organisation")
    own = _organisation(ask)
    changes: dict[str, Any] = {
        name: text(content, name) for name in _PREFIXES if name in content
    }
    if "name" in content:
        changes["name"] = required_text(content, "name")
    for name, value in changes.items():
        setattr(own, name, value)
    return json_reply(200, organisation_body(own))


def _organisation(ask: Ask) -> Organisation:
    if ask.ids[0] != ask.organization_id:
        raise not_found("Organisation")
    return ask.state.organisations[ask.organization_id]
