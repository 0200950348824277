"""How the stored objects look on the wire (4 to 6)."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec

from gateway.providers.bill.simulator.kinds import KINDS, attributes
from gateway.providers.bill.simulator.objects import (
    DENIED,
    Approvable,
    Approver,
)
from gateway.providers.bill.simulator.state import State
from gateway.providers.bill.simulator.switches import BillSwitches

UNDOCUMENTED = "9"
_ATTRIBUTES = {name: attributes(kind.holder) for name, kind in KINDS.items()}
_AUDIT = ("createdBy", "updatedBy")
_QUEUED = {
    "Bill": (
        "entity",
        "id",
        "isActive",
        "vendorId",
        "invoiceNumber",
        "approvalStatus",
        "invoiceDate",
        "dueDate",
        "glPostingDate",
        "amount",
        "scheduledAmount",
        "paidAmount",
        "dueAmount",
        "paymentStatus",
        "description",
        "poNumber",
        "createdTime",
        "updatedTime",
        "payFromBankAccountId",
        "payFromChartOfAccountId",
        "related",
        "billLineItems",
    )
}


class Renderer:
    """Shows the objects of *state* as *switches* have them."""

    def __init__(self, state: State, switches: BillSwitches) -> None:
        self._state = state
        self._switches = switches

    def member(self, stored: Any, name: str) -> Any:
        """Return the value of one member, as it is shown."""
        entity = type(stored).__name__
        value = getattr(stored, _ATTRIBUTES[entity][name])
        return self._shown(name, value)

    def full(self, stored: Any) -> dict[str, Any]:
        """Return an object as ``Crud`` answers with it; a bill names its creator."""
        shown = self._plain(stored)
        created_by = shown.get("createdBy")
        for name in _AUDIT:
            shown.pop(name, None)
        if shown["entity"] == "Bill":
            shown["createdBy"] = created_by
        return shown

    def listed(self, stored: Any, *, nested: bool, audited: bool) -> dict[str, Any]:
        """Return an object as ``List`` shows it (3.2)."""
        shown = self._plain(stored)
        for name in () if audited else _AUDIT:
            shown.pop(name, None)
        lines = KINDS[shown["entity"]].lines
        if not nested:
            shown.pop(lines[0] if lines else "", None)
        elif lines and self._switches.related_names:
            shown["related"] = {"vendorId": {"name": self._vendor_name(stored)}}
        return shown

    def queued(self, one: Approvable, *, nested: bool) -> dict[str, Any]:
        """Return an object as ``ListUserApprovals`` shows it (5.7)."""
        shown = self.listed(one, nested=nested, audited=False)
        wanted: Sequence[str] = _QUEUED.get(shown["entity"], tuple(shown))
        return {name: shown[name] for name in wanted if name in shown}

    def approvers(self, rows: Sequence[Approver]) -> list[dict[str, Any]]:
        """Return the rows of one object as ``ListApprovers`` shows them (C2)."""
        shown = [self._plain(row) for row in rows]
        if self._switches.wrapped_list_approvers:
            return [{"obj": row} for row in shown]
        return shown

    def _plain(self, stored: Any) -> dict[str, Any]:
        plain: dict[str, Any] = msgspec.to_builtins(stored, builtin_types=(Decimal,))
        for name in ("approvalStatus", "status"):
            if name in plain:
                plain[name] = self._shown(name, plain[name])
        return plain

    def _shown(self, name: str, value: Any) -> Any:
        if name not in {"approvalStatus", "status"}:
            return value
        if self._switches.unknown_statuses:
            return UNDOCUMENTED
        if name == "approvalStatus" and value == DENIED:
            return self._switches.denied_value
        return value

    def _vendor_name(self, one: Approvable) -> str:
        return self._state.vendors[one.vendor_id].name
