"""``List/<Entity>``: pages without a total and without a cursor (3.2)."""

from typing import Any

from gateway.providers.bill.simulator.asks import Ask
from gateway.providers.bill.simulator.fields import (
    Members,
    boolean,
    unknown_error,
    whole,
)
from gateway.providers.bill.simulator.filters import SELECTION_MEMBERS, Selection
from gateway.providers.bill.simulator.kinds import Kind
from gateway.providers.bill.simulator.switches import BillSwitches

_MEMBERS = ("start", "max", "nested", "showAudit", *SELECTION_MEMBERS)


def list_objects(kind: Kind, ask: Ask) -> list[dict[str, Any]]:
    """Answer ``List/<Entity>``.

    Raises:
        BillError: BDC_1002.
    """
    members = ask.data(_MEMBERS)
    start = members.read("start", whole, 0)
    limit = page_size(members, ask.switches)
    nested = members.read("nested", boolean, default=False)
    audited = members.read("showAudit", boolean, default=False)
    selection = Selection(members, kind, ask.switches)
    rows = selection.select(ask.state.table(kind.name).values(), ask.render)
    return [
        ask.render.listed(row, nested=nested, audited=audited)
        for row in rows[start : start + limit]
    ]


def page_size(members: Members, switches: BillSwitches) -> int:
    """Return ``max``, which is clamped to the cap unless that is an error (C6).

    Raises:
        BillError: BDC_1002.
    """
    wanted: int = members.read("max", whole, int(switches.list_cap))
    is_over = wanted > switches.list_cap
    if wanted < 1 or (is_over and switches.list_over_cap == "error"):
        raise unknown_error()
    return min(wanted, switches.list_cap)
