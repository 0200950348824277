"""Fresh looks at many: what several approvals are on, in a few calls for all.

| read | for |
| --- | --- |
| approval statuses by their ids | those that are named themselves |
| time entries by their ids, with their duties | those, and what such duties are about |
| time entries that await the person | where a role's duty may be theirs |

What a list does not show, or does not answer for, is left to be looked at by itself.
"""

from collections.abc import Awaitable, Mapping
from typing import TypeVar

import msgspec
from msgspec import Struct

from gateway.connector import AskedDecision, Written
from gateway.domain import (
    ApprovalStatusDetails,
    ApprovalStatusRecord,
    Outcome,
    TargetDetails,
    TargetType,
)
from gateway.errors import GatewayError, UpstreamError
from gateway.providers.productive.lists import ProductiveLists
from gateway.providers.productive.looks import (
    DUTY,
    Wanted,
    check_duty,
    choose_duty,
    create_wanted,
    depends_on_roles,
)
from gateway.providers.productive.queue import ProductiveQueue
from gateway.providers.productive.settling import ProductiveSettling, create_written
from gateway.providers.productive.standing import is_sole, lock_name
from gateway.providers.productive.tables import STATUS_ROWS, TARGETS
from gateway.providers.productive.words import KINDS
from gateway.upstream import RefusedError

T = TypeVar("T")

_ENTRY = KINDS[TargetType.TIME_ENTRY]
# What the list leaves out is not read by its own address here.
_ENTRIES = msgspec.structs.replace(TARGETS[TargetType.TIME_ENTRY], is_listed_whole=True)
# The types of what is looked at here.
LOOKED_AT = frozenset({DUTY, _ENTRY.type_name})


class Found(Struct, frozen=True, kw_only=True):
    """A duty that is open, or decided so already.

    *is_sole* is whether it is surely the person's only open one on a time entry.
    """

    status: ApprovalStatusRecord
    is_sole: bool

    @property
    def lock_name(self) -> str:
        """What is held while it is decided."""
        return lock_name(self.status)


class Ready(Struct, frozen=True, kw_only=True):
    """A decision that can be sent: its place among those asked for, and its duty."""

    place: int
    duty: Found


class Looked(Struct, frozen=True, kw_only=True):
    """What was found: what can be sent, one for each target, and what has ended.

    What is in neither is left to be looked at by itself.
    """

    ready: list[Ready]
    ended: dict[int, Written | Exception]

    @property
    def lock_names(self) -> frozenset[str]:
        """What is to be held while this is sent."""
        return frozenset(one.duty.lock_name for one in self.ready)


class _Seen(Struct, frozen=True, kw_only=True):
    """What was read; in the place of what could not be, why."""

    statuses: Mapping[str, ApprovalStatusDetails] | UpstreamError
    entries: Mapping[str, TargetDetails] | UpstreamError
    awaited: frozenset[str] | UpstreamError


class ProductiveBatches:
    """Looks at many, within one request."""

    def __init__(
        self,
        lists: ProductiveLists,
        queue: ProductiveQueue,
        settling: ProductiveSettling,
    ) -> None:
        self._lists = lists
        self._queue = queue
        self._settling = settling

    async def look(self, asked: Mapping[int, AskedDecision], person_id: str) -> Looked:
        """Look at what decisions of a person are on, by their places."""
        seen = await self._read(asked, person_id)
        ready: dict[str, Ready] = {}
        ended: dict[int, Written | Exception] = {}
        for place, one in asked.items():
            wanted = create_wanted(one, person_id)
            try:
                found = _find(one, wanted, seen)
            except RefusedError:
                # It may be given where it is asked for by itself.
                continue
            except GatewayError as error:
                ended[place] = error
                continue
            if found is None:
                continue
            status = found.status
            if wanted.is_done(status):
                ended[place] = create_written(Outcome.ALREADY_APPLIED, status)
            elif self._settling.is_unknown(status, wanted):
                ended[place] = create_written(Outcome.UNKNOWN, status)
            else:
                ready.setdefault(found.lock_name, Ready(place=place, duty=found))
        return Looked(ready=list(ready.values()), ended=ended)

    async def _read(self, asked: Mapping[int, AskedDecision], person_id: str) -> _Seen:
        statuses = await _try(self._lists.get_by_id(STATUS_ROWS, _ids(asked, DUTY)))
        entry_ids = _ids(asked, _ENTRY.type_name)
        if not isinstance(statuses, UpstreamError):
            entry_ids += [
                one.status.target.source_id
                for one in statuses.values()
                if one.status.target is not None
                and one.status.target.type is _ENTRY.target_type
            ]
        entries = await _try(self._lists.get_by_id(_ENTRIES, entry_ids))
        awaited: frozenset[str] | UpstreamError = frozenset()
        if not isinstance(entries, UpstreamError) and any(
            depends_on_roles(one, person_id) for one in entries.values()
        ):
            awaited = await _try(self._get_awaited(person_id))
        return _Seen(statuses=statuses, entries=entries, awaited=awaited)

    async def _get_awaited(self, person_id: str) -> frozenset[str]:
        return (await self._queue.list_awaited(_ENTRY, person_id)).ids


def _find(asked: AskedDecision, wanted: Wanted, seen: _Seen) -> Found | None:
    """Return the duty that a decision is on, or None where the lists do not tell.

    Raises:
        GatewayError: There is none to decide on, or what tells it could not be read.
    """
    source_id = asked.subject.source_id
    if asked.subject.type_name == DUTY:
        return _find_duty(source_id, wanted, seen)
    entry = _told(seen.entries).get(source_id)
    if entry is None:
        return None
    awaits = False
    if depends_on_roles(entry, wanted.person_id):
        awaits = source_id in _told(seen.awaited)
    status = choose_duty(entry, wanted, awaits=awaits)
    sole = is_sole(entry, status, wanted.person_id, awaits=awaits)
    return Found(status=status, is_sole=sole)


def _find_duty(source_id: str, wanted: Wanted, seen: _Seen) -> Found | None:
    found = _told(seen.statuses).get(source_id)
    if found is None:
        return None
    entry = _entry_of(found.status, seen)
    if entry is None:
        return Found(status=check_duty(found, wanted), is_sole=False)
    # It was read later than the duty by itself.
    status = next((one for one in entry.statuses if one.source_id == source_id), None)
    if status is None:
        return None
    now = ApprovalStatusDetails(status=status, target=entry.target)
    awaits = (
        not isinstance(seen.awaited, UpstreamError)
        and entry.target.source_id in seen.awaited
        and depends_on_roles(entry, wanted.person_id)
    )
    sole = is_sole(entry, status, wanted.person_id, awaits=awaits)
    return Found(status=check_duty(now, wanted), is_sole=sole)


def _entry_of(status: ApprovalStatusRecord, seen: _Seen) -> TargetDetails | None:
    target = status.target
    if target is None or target.type is not _ENTRY.target_type:
        return None
    if isinstance(seen.entries, UpstreamError):
        return None
    return seen.entries.get(target.source_id)


def _ids(asked: Mapping[int, AskedDecision], type_name: str) -> list[str]:
    return [
        one.subject.source_id
        for one in asked.values()
        if one.subject.type_name == type_name
    ]


async def _try(read: Awaitable[T]) -> T | UpstreamError:
    try:
        return await read
    except UpstreamError as error:
        return error


def _told(read: T | UpstreamError) -> T:
    if isinstance(read, UpstreamError):
        raise read
    return read
