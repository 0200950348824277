"""The calls that the API has, and how a path finds one."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import msgspec

from gateway.providers.bill.simulator import approving, crud, listing, queues
from gateway.providers.bill.simulator.asks import Ask
from gateway.providers.bill.simulator.kinds import KINDS
from gateway.providers.bill.simulator.names import (
    APPROVER_LISTS,
    BULK_VERBS,
    LEGACY_CALLS,
    SESSION_CALLS,
    SIGN_IN_CALLS,
    VERBS,
)
from gateway.providers.bill.simulator.replies import UnknownCallError
from gateway.providers.bill.simulator.switches import BillSwitches


class Call(msgspec.Struct, frozen=True):
    """A call that the API has; one about the session itself has no *work*."""

    name: str
    work: Callable[[Ask], Any] | None = None


def _works() -> Mapping[str, Callable[[Ask], Any] | None]:
    works: dict[str, Callable[[Ask], Any] | None] = {
        **dict.fromkeys((*SIGN_IN_CALLS, *SESSION_CALLS)),
        "SetApprovers": approving.set_approvers,
        "ClearApprovers": approving.clear_approvers,
        "Approve": approving.approve,
        "Deny": approving.deny,
        "ListApprovers": approving.list_approvers,
        "ListUserApprovals": queues.list_user_approvals,
    }
    for name in LEGACY_CALLS:
        verb, entity = name.split("/")
        work = approving.approve if verb == "Approve" else approving.deny
        works[name] = partial(work, entity=entity)
    for name, verbs in VERBS.items():
        works[f"List/{name}"] = partial(listing.list_objects, KINDS[name])
        for verb in verbs:
            works[f"Crud/{verb}/{name}"] = partial(crud.run_verb, verb, KINDS[name])
        for verb in set(verbs) & set(BULK_VERBS):
            bulk = partial(crud.run_bulk, verb, KINDS[name])
            works[f"Bulk/Crud/{verb}/{name}"] = bulk
    return works


CALLS = {name: Call(name, work) for name, work in _works().items()}


def route(method: str, path: str, switches: BillSwitches) -> Call:
    """Return the call of ``POST <path>``; the case of the path counts.

    Raises:
        UnknownCallError: There is none, or a switch took it away.
    """
    call = CALLS.get(path.removesuffix(".json"))
    if method != "POST" or call is None or not path.endswith(".json"):
        raise UnknownCallError
    if call.name in LEGACY_CALLS and not switches.legacy_approval_paths:
        raise UnknownCallError
    if call.name in APPROVER_LISTS and switches.list_billapprover_missing:
        raise UnknownCallError
    return call
