"""What waits for one person in Productive.

Time entries and expenses have a filter for it, which resolves roles. Bookings have
none: those that are pending are read, and the person's are those with an open duty
that names them, or that is their manager's. Other roles show in no answer, so that
with one of these among them the queue may lack something.
"""

import asyncio
from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct

from gateway.connector import Queue
from gateway.domain import ApprovalState, TargetDetails, TargetType
from gateway.errors import InvalidInputError, UpstreamError
from gateway.observability import get_logger
from gateway.providers.productive.lists import ProductiveLists
from gateway.providers.productive.query import Condition, all_of
from gateway.providers.productive.standing import duties_of
from gateway.providers.productive.tables import IDS, PERSON_ROWS, TARGETS
from gateway.providers.productive.words import (
    AWAITS,
    KINDS,
    LATEST_BOOKINGS,
    PENDING_BOOKINGS,
    PROVIDER,
    Kind,
)
from gateway.security import is_same_email
from gateway.upstream import Beliefs, RefusedError

# The id of no person.
_NOBODY = "0"
# Of each kind; a queue that is longer is told to be incomplete.
MOST_PAGES = 5

_BOOKINGS = TARGETS[TargetType.BOOKING]
# What is learned of: that the filter gives the bookings that wait.
PENDING = "pending bookings"


class Awaited(Struct, frozen=True, kw_only=True):
    """Targets of one kind that wait for a person, and whether these are all."""

    details: Sequence[TargetDetails]
    is_complete: bool

    @property
    def ids(self) -> frozenset[str]:
        """The provider's ids of the targets."""
        return frozenset(one.target.source_id for one in self.details)


class ProductiveQueue:
    """Reads what waits, within one request."""

    def __init__(self, lists: ProductiveLists, beliefs: Beliefs) -> None:
        self._lists = lists
        self._beliefs = beliefs

    async def list_queue(self, person_id: str) -> Queue:
        """Return what waits for a person: one call for each kind.

        Raises:
            UpstreamError: No kind could be read; of several errors the first.
        """
        results = await asyncio.gather(
            *(self._try_kind(kind, person_id) for kind in KINDS.values())
        )
        errors = [one for one in results if isinstance(one, UpstreamError)]
        if len(errors) == len(results):
            raise errors[0]
        parts = {
            kind: one
            for kind, one in zip(KINDS.values(), results, strict=True)
            if isinstance(one, Awaited)
        }
        return Queue(
            targets=[one for part in parts.values() for one in part.details],
            awaited={
                kind.target_type: part.ids
                for kind, part in parts.items()
                if kind.awaits
            },
            is_complete=not errors and all(part.is_complete for part in parts.values()),
            error=errors[0] if errors else None,
        )

    async def list_queue_by_email(self, email: str) -> Queue:
        """Return what waits for the person with an e-mail, as this account sees it.

        It is never known to be all: whom it does not show something, Productive does
        not say so. Where no person, or not only one, is seen to have the e-mail,
        nothing is read.
        """
        person_id = await self._find_person(email)
        if person_id is None:
            return Queue(is_complete=False)
        queue = await self.list_queue(person_id)
        # These await that person, and not who acts.
        return msgspec.structs.replace(queue, awaited={}, is_complete=False)

    async def _find_person(self, email: str) -> str | None:
        """Return the id of the one active person who has an e-mail.

        The filter may be ignored in silence (C1), so that each e-mail is compared.
        """
        rows, is_whole = await self._lists.list_all(
            PERSON_ROWS, all_of([Condition("email", [email])]), most_pages=MOST_PAGES
        )
        ids = [
            one.source_id
            for one in rows.values()
            if one is not None and is_same_email(one.email, email)
        ]
        return ids[0] if is_whole and len(ids) == 1 else None

    async def _try_kind(self, kind: Kind, person_id: str) -> Awaited | UpstreamError:
        try:
            if kind.awaits:
                return await self.list_awaited(kind, person_id)
            return await self._list_bookings(person_id)
        except UpstreamError as error:
            return error

    async def list_awaited(self, kind: Kind, person_id: str) -> Awaited:
        """Return the targets of a kind that Productive lists as awaiting a person.

        Where it ignores the filter in silence (C1) all that this person may see comes
        back: those are shown then that name the person, and roles are nobody's.
        """
        rows, is_complete = await self._lists.list_all(
            TARGETS[kind.target_type],
            all_of([Condition(AWAITS, [person_id])]),
            most_pages=MOST_PAGES,
        )
        found = [one for one in rows.values() if one.target.is_open]
        if not rows or await self._is_honoured(kind):
            return Awaited(details=found, is_complete=is_complete)
        own = [one for one in found if duties_of(one, person_id, awaits=False).own]
        return Awaited(details=own, is_complete=False)

    async def _is_honoured(self, kind: Kind) -> bool:
        """Return whether a kind that has some is filtered by whom it awaits.

        Nobody has none of them where it is.
        """
        name = f"{kind.resource} by {AWAITS}"
        believed = self._beliefs.believes(name)
        if believed is not None:
            return believed
        is_honoured = await self._has_nobody_none(kind)
        self._beliefs.learn(name, works=is_honoured)
        if not is_honoured:
            _warn(AWAITS)
        return is_honoured

    async def _has_nobody_none(self, kind: Kind) -> bool:
        try:
            page = await self._lists.list_page(
                IDS[kind.resource], all_of([Condition(AWAITS, [_NOBODY])]), size=1
            )
        except RefusedError as error:
            if not isinstance(error.refusal, InvalidInputError):
                raise
            # Who refuses the value knows the filter.
            return True
        return not page.rows

    async def _list_bookings(self, person_id: str) -> Awaited:
        found, is_complete = await self._list_pending()
        own = []
        for one in found.values():
            duties = duties_of(one, person_id, awaits=False)
            if duties.own:
                own.append(one)
            elif duties.unclear:
                is_complete = False
        return Awaited(details=own, is_complete=is_complete)

    async def _list_pending(self) -> tuple[dict[str, TargetDetails], bool]:
        """Return the bookings that wait for somebody, and whether these are all.

        Until the filter was seen to give one, nothing may as well mean that its value
        is another: those on which something happened last are looked through then.
        """
        rows, is_complete = await self._lists.list_all(
            _BOOKINGS, PENDING_BOOKINGS, most_pages=MOST_PAGES
        )
        found = _open(rows)
        is_honoured = not _has_decided(rows)
        if is_honoured and found:
            self._beliefs.learn(PENDING, works=True)
        if is_honoured and self._beliefs.believes(PENDING):
            return found, is_complete
        latest, is_complete = await self._lists.list_all(
            _BOOKINGS, LATEST_BOOKINGS, most_pages=1
        )
        missed = _open(latest)
        if not is_honoured or missed.keys() - found.keys():
            _warn("approval_status")
        return {**found, **missed}, is_complete


def _open(rows: Mapping[str, TargetDetails]) -> dict[str, TargetDetails]:
    return {key: one for key, one in rows.items() if one.target.is_open}


def _has_decided(rows: Mapping[str, TargetDetails]) -> bool:
    decided = {ApprovalState.APPROVED, ApprovalState.REJECTED}
    return any(one.target.approval_state in decided for one in rows.values())


def _warn(name: str) -> None:
    get_logger().warning("filter_not_honoured", provider=PROVIDER.value, filters=[name])
