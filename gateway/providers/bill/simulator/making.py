"""How a caller's members become an object, and what follows from them (4, 6)."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from gateway.providers.bill.simulator.asks import Ask
from gateway.providers.bill.simulator.fields import (
    Members,
    one_of,
    unknown_error,
)
from gateway.providers.bill.simulator.kinds import (
    LINE_FIELDS,
    REFERENCES,
    Kind,
    Parse,
    attributes,
)
from gateway.providers.bill.simulator.objects import (
    ApprovalPolicy,
    ApprovalPolicyApprover,
    Bill,
    VendorCredit,
)
from gateway.providers.bill.simulator.policies import (
    mandatory_approvers,
    policy_name,
)
from gateway.providers.bill.simulator.state import State

_DATED = {"Bill": "invoice_date", "VendorCredit": "credit_date"}
_PARENTS = {"Bill": "bill_id", "VendorCredit": "vendor_credit_id"}


def read_object(content: object, kind: Kind) -> Members:
    """Return the members of ``obj``; a computed one is known, and ignored later.

    Raises:
        BillError: BDC_1002.
    """
    members = Members(content, {"entity", "related", *attributes(kind.holder)})
    members.require("entity", one_of(kind.name))
    return members


def create_object(ask: Ask, kind: Kind, members: Members) -> Any:
    """Store a new object and return it.

    Raises:
        BillError: BDC_1002, or what a reference to another object meets.
    """
    for name in kind.required:
        members.require(name, _present)
    made_id = ask.state.next_id(kind.name)
    parsers = {**kind.written, **kind.chosen}
    values = _values(ask, kind, members, parsers, made_id)
    if kind.name in _DATED:
        values.setdefault("gl_posting_date", values[_DATED[kind.name]])
    made = kind.holder(
        id=made_id,
        created_time=ask.at,
        updated_time=ask.at,
        created_by=ask.session.user_id,
        updated_by=ask.session.user_id,
        **values,
    )
    _check(ask.state, made)
    if isinstance(made, ApprovalPolicyApprover) and "sort_order" not in values:
        made.sort_order = _next_place(ask.state, made)
    derive(made)
    ask.state.table(kind.name)[made_id] = made
    if isinstance(made, Bill | VendorCredit):
        ask.approvals.attach(made, ask.at, ask.switches.threshold_rule)
    return made


def change_object(ask: Ask, kind: Kind, stored: Any, members: Members) -> None:
    """Write the members that may be changed; the others are ignored.

    Raises:
        BillError: BDC_1002, or what a reference to another object meets. Then nothing
            was changed.
    """
    values = _values(ask, kind, members, kind.written, stored.id)
    _check(ask.state, msgspec.structs.replace(stored, **values))
    for attribute, value in values.items():
        setattr(stored, attribute, value)
    derive(stored)
    stored.updated_time = ask.at
    stored.updated_by = ask.session.user_id


def derive(one: Any) -> None:
    """Compute what follows from the members that are written."""
    if isinstance(one, ApprovalPolicy):
        one.name = policy_name(one)
    elif isinstance(one, VendorCredit):
        one.amount = _total(one.vendor_credit_line_items)
    elif isinstance(one, Bill):
        one.amount = _total(one.bill_line_items)
        one.due_amount = one.amount - (one.paid_amount or 0)


def _values(
    ask: Ask, kind: Kind, members: Members, parsers: Mapping[str, Parse], owner_id: str
) -> dict[str, Any]:
    names = attributes(kind.holder)
    values = {
        names[name]: value
        for name, parse in parsers.items()
        if (value := members.read(name, parse, None)) is not None
    }
    for name, entity in REFERENCES.items():
        if names.get(name) in values:
            ask.state.find(entity, values[names[name]])
    if kind.lines and names[kind.lines[0]] in values:
        attribute = names[kind.lines[0]]
        values[attribute] = [
            _line(ask, kind, line, owner_id) for line in values[attribute]
        ]
    return values


def _line(ask: Ask, kind: Kind, content: object, owner_id: str) -> Any:
    line_type = kind.lines[1] if kind.lines else msgspec.Struct
    entity = line_type.__name__
    names = attributes(line_type)
    members = Members(content, {"entity", *names})
    members.require("entity", one_of(entity))
    members.require("amount", LINE_FIELDS["amount"])
    values = {
        names[name]: value
        for name, parse in LINE_FIELDS.items()
        if name in names and (value := members.read(name, parse, None)) is not None
    }
    return line_type(
        id=ask.state.next_id(entity),
        created_time=ask.at,
        updated_time=ask.at,
        **{_PARENTS[kind.name]: owner_id},
        **values,
    )


def _present(value: object) -> object:
    if value is None:
        raise unknown_error()
    return value


def _check(state: State, one: Any) -> None:
    """Refuse a policy that asks for nobody: neither a number nor names (4.2)."""
    if isinstance(one, ApprovalPolicy) and not (
        one.min_num_approvers or mandatory_approvers(state, one)
    ):
        raise unknown_error()


def _next_place(state: State, one: ApprovalPolicyApprover) -> int:
    return sum(
        other.approval_policy_id == one.approval_policy_id
        for other in state.policy_approvers.values()
    )


def _total(lines: list[Any]) -> Decimal:
    return sum((line.amount for line in lines), Decimal("0.00"))
