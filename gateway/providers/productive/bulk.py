"""Several approvals in one call, where Productive has one for them.

| call | what it approves |
| --- | --- |
| ``PATCH /time_entries/approve`` | the caller's own duties on time entries |
| ``PATCH /approval_statuses/approve`` | the duties themselves; not everywhere (C7) |

The first is sent for entries alone on which exactly one open duty is the person's
(`is_sole`), so that it does what single calls would; never for all approvers. Neither
takes notes, and neither rejects.

A call that is refused has done nothing (A!), and each of its decisions is then left to
be looked at and sent by itself, which holds even where that is not so. What no answer
confirms is read back, and never sent again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec
from msgspec import Struct

from gateway.connector import AskedDecision, Written, each_its_own
from gateway.domain import ApprovalState, ApprovalStatusRecord, Outcome, TargetType
from gateway.errors import (
    GatewayError,
    InvalidInputError,
    LostAnswerError,
    NotFoundError,
    UnsupportedError,
    UpstreamError,
)
from gateway.providers.productive import wire
from gateway.providers.productive.batches import ProductiveBatches, Ready
from gateway.providers.productive.documents import Document, parse_changed
from gateway.providers.productive.looks import Wanted
from gateway.providers.productive.refusals import REFUSALS
from gateway.providers.productive.settling import ProductiveSettling, create_written
from gateway.providers.productive.shapes import Resource
from gateway.providers.productive.words import BULK, BULK_TYPE, KINDS, STATUSES
from gateway.upstream import (
    Beliefs,
    Call,
    Deadline,
    Locks,
    Session,
    Upstream,
)

_ENTRY = KINDS[TargetType.TIME_ENTRY]
# One alone is sent as it always is.
_FEWEST = 2

Ended = dict[int, Written | Exception]


class _Route(Struct, frozen=True, kw_only=True):
    """A call that approves many.

    Attributes:
        resource: What it is sent the ids of.
        is_documented: Whether the reference describes it.
        key_of: Returns the id that stands for a duty.
        is_approved: Whether a row of its answer shows that its object is approved.
    """

    resource: str
    is_documented: bool
    key_of: Callable[[ApprovalStatusRecord], str]
    is_approved: Callable[[Document, Resource], bool]

    @property
    def path(self) -> str:
        """Where it is sent."""
        return f"/{self.resource}/approve"


def _entry_id(status: ApprovalStatusRecord) -> str:
    assert status.target is not None  # noqa: S101 - it is sole on its target
    return status.target.source_id


def _is_entry_approved(document: Document, row: Resource) -> bool:
    entry = wire.parse_target(document, row, _ENTRY)
    return entry.approval_state is ApprovalState.APPROVED


_ENTRIES = _Route(
    resource=_ENTRY.resource,
    is_documented=True,
    key_of=_entry_id,
    is_approved=_is_entry_approved,
)
_DUTIES = _Route(
    resource=STATUSES,
    is_documented=False,
    key_of=lambda status: status.source_id,
    is_approved=lambda _, row: wire.parse_decision(row) is ApprovalState.APPROVED,
)


class ProductiveBulk:
    """What can be approved together as one acting person, within one request."""

    def __init__(
        self,
        upstream: Upstream,
        session: Session,
        deadline: Deadline,
        *,
        batches: ProductiveBatches,
        settling: ProductiveSettling,
        who_acts: Callable[[], Awaitable[str]],
        locks: Locks,
        beliefs: Beliefs,
    ) -> None:
        self._upstream = upstream
        self._session = session
        self._deadline = deadline
        self._batches = batches
        self._settling = settling
        self._who_acts = who_acts
        self._locks = locks
        self._beliefs = beliefs

    def has_call(self) -> bool:
        """Return whether there may be a call for several."""
        return self._has(_ENTRIES) or self._has(_DUTIES)

    async def approve(self, asked: Mapping[int, AskedDecision]) -> Ended:
        """Approve what can be approved together, without a note.

        Returns:
            How decisions ended, by their places. Those that are missing were not sent,
            or not carried out: each is to be looked at afresh.

        Raises:
            UpstreamError: Nothing was sent.
        """
        person_id = await self._who_acts()
        with self._locks.watch() as let_go:
            looked = await self._batches.look(asked, person_id)
            ended = looked.ended
            async with self._locks.hold_all(looked.lock_names):
                if not looked.lock_names.isdisjoint(let_go):
                    # This person may have decided on some of it since.
                    still = {one.place: asked[one.place] for one in looked.ready}
                    looked = await self._batches.look(still, person_id)
                    ended |= looked.ended
                return ended | await self._send(looked.ready, person_id)

    def _has(self, route: _Route) -> bool:
        return self._beliefs.believes(route.path) is not False

    async def _send(self, ready: Sequence[Ready], person_id: str) -> Ended:
        entries = [one for one in ready if one.duty.is_sole and self._has(_ENTRIES)]
        if len(entries) < _FEWEST:
            entries = []
        rest = [one for one in ready if one not in entries and self._has(_DUTIES)]
        if len(rest) < _FEWEST:
            rest = []
        chunks = [
            (route, some[start : start + BULK])
            for route, some in ((_ENTRIES, entries), (_DUTIES, rest))
            for start in range(0, len(some), BULK)
        ]
        parts = await asyncio.gather(
            *(self._send_chunk(route, chunk, person_id) for route, chunk in chunks),
            return_exceptions=True,
        )
        ended: Ended = {}
        for (_, chunk), part in zip(chunks, parts, strict=True):
            ended |= each_its_own([one.place for one in chunk], part)
        return ended

    async def _send_chunk(
        self, route: _Route, ready: Sequence[Ready], person_id: str
    ) -> Ended:
        confirmed: frozenset[str] = frozenset()
        try:
            answer = await self._upstream.write(
                _create_call(route, ready),
                session=self._session,
                deadline=self._deadline,
            )
        except LostAnswerError:
            pass
        except (UnsupportedError, *REFUSALS) as error:
            self._learn_refusal(route, error)
            return {}
        except UpstreamError as error:
            return {one.place: error for one in ready}
        else:
            confirmed = _confirmed(route, answer.body)
        if confirmed:
            self._beliefs.learn(route.path, works=True)
        return await self._settle(route, ready, confirmed, person_id)

    async def _settle(
        self,
        route: _Route,
        ready: Sequence[Ready],
        confirmed: frozenset[str],
        person_id: str,
    ) -> Ended:
        """Return how each ended: as the answer confirms, else as reading tells."""
        ended: Ended = {}
        open_: dict[int, ApprovalStatusRecord] = {}
        for one in ready:
            status = one.duty.status
            if route.key_of(status) in confirmed:
                ended[one.place] = create_written(Outcome.APPLIED, status)
            else:
                open_[one.place] = status
        if not open_:
            return ended
        wanted = Wanted(
            aim=ApprovalState.APPROVED,
            person_id=person_id,
            note=None,
            expected_version=None,
        )
        told = await self._settling.settle(list(open_.values()), wanted)
        return ended | {
            place: told[status.source_id] for place, status in open_.items()
        }

    def _learn_refusal(self, route: _Route, error: GatewayError) -> None:
        """Remember that there is no such call, as far as a refusal tells."""
        is_absent = isinstance(error, UnsupportedError)
        if not route.is_documented and self._beliefs.believes(route.path) is None:
            # What was read a moment ago is there; it is rather the call that is not.
            is_absent |= isinstance(error, NotFoundError | InvalidInputError)
        if is_absent:
            self._beliefs.learn(route.path, works=False)


def _create_call(route: _Route, ready: Sequence[Ready]) -> Call:
    return Call(
        method="PATCH",
        path=route.path,
        headers={"Content-Type": BULK_TYPE, "Accept": BULK_TYPE},
        json={
            "data": [
                {"id": route.key_of(one.duty.status), "type": route.resource}
                for one in ready
            ]
        },
        is_urgent=True,
    )


def _confirmed(route: _Route, body: bytes) -> frozenset[str]:
    """Return the ids of what an answer shows to be approved."""
    try:
        document = parse_changed(body)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return frozenset()
    return frozenset(
        row.id for row in document.rows if _shows_approved(route, document, row)
    )


def _shows_approved(route: _Route, document: Document, row: Resource) -> bool:
    try:
        is_approved = route.is_approved(document, row)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return False
    return row.type == route.resource and is_approved
