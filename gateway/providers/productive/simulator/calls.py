"""The calls that the API has, and how a method and a path find one (3 to 8)."""

from collections.abc import Callable, Mapping
from functools import partial

import msgspec

from gateway.providers.productive.simulator import (
    admin_writes,
    booking_writes,
    deciding,
    lists,
    policy_writes,
    settling,
    work_writes,
)
from gateway.providers.productive.simulator.asks import Ask
from gateway.providers.productive.simulator.names import (
    ASSIGNMENTS,
    BOOKINGS,
    BULK_CALL_NAMES,
    CALL_NAMES,
    EVENTS,
    EXPENSES,
    POLICIES,
    STATUSES,
    TIME_ENTRIES,
    WEBHOOKS,
    WORKFLOWS,
)
from gateway.providers.productive.simulator.replies import Reply, route_not_found
from gateway.providers.productive.simulator.switches import ProductiveSwitches

_Work = Callable[..., Reply]
_SWITCHED: Mapping[str, Callable[[ProductiveSwitches], bool]] = {
    "PATCH /bookings/{id}/unapprove": lambda switches: switches.bookings_unapprove,
    "PATCH /expenses/{id}/reject": lambda switches: switches.expense_reject,
    "PATCH /expenses/{id}/unreject": lambda switches: switches.expense_reject,
    "GET /approval_workflows": lambda switches: switches.workflow_list,
    "PATCH /approval_statuses/approve": lambda switches: switches.bulk_status_approve,
}


class Call(msgspec.Struct, frozen=True):
    """A call that was found; *ids* are those in its path."""

    name: str
    work: _Work
    ids: tuple[str, ...] = ()

    @property
    def type_name(self) -> str:
        """The resource type that it is about."""
        return self.name.split(" ")[1].split("/")[1]

    @property
    def is_bulk(self) -> bool:
        """Whether it takes many resources at once."""
        return self.name in BULK_CALL_NAMES


def _actions() -> Mapping[str, _Work]:
    works: dict[str, _Work] = {
        f"PATCH /{STATUSES}/{{id}}/approve": partial(_decide, "approve"),
        f"PATCH /{STATUSES}/{{id}}/reject": partial(_decide, "reject"),
        f"PATCH /{STATUSES}/approve": deciding.approve_many,
        f"PATCH /{POLICIES}/{{id}}/archive": policy_writes.archive_policy,
        f"PATCH /{POLICIES}/{{id}}/restore": policy_writes.restore_policy,
        f"PATCH /{EVENTS}/{{id}}/archive": admin_writes.archive_event,
        f"PATCH /{TIME_ENTRIES}/approve": settling.approve_entries,
        f"PATCH /{TIME_ENTRIES}/unapprove": settling.unapprove_entries,
        f"PATCH /{BOOKINGS}/{{id}}/unapprove": _on(settling.unapprove_target, BOOKINGS),
    }
    for name in (TIME_ENTRIES, EXPENSES):
        path = f"PATCH /{name}/{{id}}"
        works[f"{path}/approve"] = _on(settling.approve_target, name)
        works[f"{path}/unapprove"] = _on(settling.unapprove_target, name)
        works[f"{path}/reject"] = _on(settling.reject_target, name)
        works[f"{path}/unreject"] = _on(settling.unreject_target, name)
    return works


def _writes() -> Mapping[str, _Work]:
    works: dict[str, _Work] = {
        f"POST /{POLICIES}": policy_writes.create_policy,
        f"PATCH /{POLICIES}/{{id}}": policy_writes.update_policy,
        f"POST /{ASSIGNMENTS}": policy_writes.create_assignment,
        f"PATCH /{ASSIGNMENTS}/{{id}}": policy_writes.update_assignment,
        f"DELETE /{ASSIGNMENTS}/{{id}}": policy_writes.delete_assignment,
        f"POST /{WORKFLOWS}": policy_writes.create_workflow,
        f"PATCH /{WORKFLOWS}/{{id}}": policy_writes.update_workflow,
        f"DELETE /{WORKFLOWS}/{{id}}": policy_writes.delete_workflow,
        f"POST /{BOOKINGS}": booking_writes.create_booking,
        f"PATCH /{BOOKINGS}/{{id}}": booking_writes.update_booking,
        f"DELETE /{BOOKINGS}/{{id}}": booking_writes.delete_booking,
        f"POST /{EVENTS}": admin_writes.create_event,
        f"PATCH /{EVENTS}/{{id}}": admin_writes.update_event,
        f"DELETE /{EVENTS}/{{id}}": admin_writes.delete_event,
        f"POST /{WEBHOOKS}": admin_writes.create_webhook,
        f"DELETE /{WEBHOOKS}/{{id}}": admin_writes.delete_webhook,
    }
    for name in (TIME_ENTRIES, EXPENSES):
        works[f"POST /{name}"] = _on(work_writes.create, name)
        works[f"PATCH /{name}/{{id}}"] = _on(work_writes.update, name)
        works[f"DELETE /{name}/{{id}}"] = _on(work_writes.delete, name)
        works[f"POST /{name} (bulk)"] = _on(work_writes.create_many, name)
        works[f"PATCH /{name} (bulk)"] = _on(work_writes.update_many, name)
        works[f"DELETE /{name} (bulk)"] = _on(work_writes.delete_many, name)
    return works


def _reads() -> Mapping[str, _Work]:
    works: dict[str, _Work] = {}
    for name in CALL_NAMES:
        method, path = name.split(" ", maxsplit=1)
        if method != "GET":
            continue
        type_name = path.split("/")[1]
        is_single = path.endswith("/{id}")
        work = lists.read_one if is_single else lists.list_rows
        works[name] = _on(work, type_name)
    return works


def _on(work: _Work, type_name: str) -> _Work:
    """Return *work* with the type that it takes second."""
    return lambda ask, *ids: work(ask, type_name, *ids)


def _decide(decision: deciding.Decision, ask: Ask, object_id: str) -> Reply:
    return deciding.decide(ask, decision, object_id)


WORKS: Mapping[str, _Work] = {**_reads(), **_writes(), **_actions()}


def route(
    method: str, path: str, switches: ProductiveSwitches, *, is_bulk: bool
) -> Call:
    """Return the call of *method* and *path*; a slash at the end does not count.

    Raises:
        ProductiveError: 404; there is none, a switch took it away, or a bulk call did
            not say ``ext=bulk`` in its ``Accept``.
    """
    parts = path.strip("/").split("/")
    name, ids = _name(method, parts)
    if is_bulk and not ids and f"{name} (bulk)" in WORKS:
        name = f"{name} (bulk)"
    if is_bulk and any(not one_id.isdecimal() for one_id in ids):
        # The name of a bulk action that there is not, rather than an id.
        raise route_not_found()
    work, is_there = WORKS.get(name), _SWITCHED.get(name)
    is_gone = is_there is not None and not is_there(switches)
    if work is None or is_gone or (name in BULK_CALL_NAMES and not is_bulk):
        raise route_not_found()
    return Call(name, work, ids)


def _name(method: str, parts: list[str]) -> tuple[str, tuple[str, ...]]:
    whole = f"{method} /{'/'.join(parts)}"
    if len(parts) == 1 or whole in WORKS:
        return whole, ()
    head, one_id, *rest = parts
    tail = "".join(f"/{part}" for part in rest)
    return f"{method} /{head}/{{id}}{tail}", (one_id,)
