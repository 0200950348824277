"""Productive's decisions: each sent at most once, and a lost answer settled by reading.

There is no call that decides on a target: a decision is on a duty, an approval
status. Whoever owns the token is recorded as its actual approver.
"""

from collections.abc import Awaitable, Callable, Mapping

import msgspec

from gateway.connector import Written
from gateway.domain import (
    ApprovalState,
    ApprovalStatusRecord,
    BookingRecord,
    ExpenseRecord,
    GlobalID,
    Outcome,
    TargetRecord,
)
from gateway.errors import (
    ConflictError,
    ForbiddenError,
    GatewayError,
    InvalidInputError,
    LostAnswerError,
    NotFoundError,
    UnsupportedError,
    UpstreamError,
)
from gateway.providers.productive import wire
from gateway.providers.productive.documents import parse_one
from gateway.providers.productive.lists import ProductiveLists
from gateway.providers.productive.locks import Locks
from gateway.providers.productive.queue import ProductiveQueue
from gateway.providers.productive.refusals import REFUSALS, UNCHANGED
from gateway.providers.productive.standing import duties_of
from gateway.providers.productive.tables import STATUS_ROWS, TARGETS
from gateway.providers.productive.words import (
    KINDS_BY_TYPE_NAME,
    MEDIA_TYPE,
    STATUSES,
    Kind,
)
from gateway.upstream import Call, Deadline, Session, Upstream

_VERBS: Mapping[ApprovalState, str] = {
    ApprovalState.APPROVED: "approve",
    ApprovalState.REJECTED: "reject",
}


class ProductiveWrites:
    """What can be decided as one acting person, within one request."""

    def __init__(
        self,
        upstream: Upstream,
        session: Session,
        deadline: Deadline,
        *,
        lists: ProductiveLists,
        queue: ProductiveQueue,
        who_acts: Callable[[], Awaitable[str]],
        deciding: Locks,
    ) -> None:
        self._deciding = deciding
        self._upstream = upstream
        self._session = session
        self._deadline = deadline
        self._lists = lists
        self._queue = queue
        self._who_acts = who_acts

    async def decide(
        self, subject: GlobalID, aim: ApprovalState, note: str | None
    ) -> Written:
        """Approve or reject an approval status, or the one duty on a target.

        A target is decided on where exactly one open duty on it is the person's.
        """
        person_id = await self._who_acts()
        ended = self._deciding.ended
        if subject.type_name == "ApprovalStatus":
            status = await self._look(subject.source_id, aim, person_id)
        else:
            kind = KINDS_BY_TYPE_NAME[subject.type_name]
            status = await self._find_own(kind, subject.source_id, aim, person_id)
        async with self._deciding.hold(status.source_id):
            if self._deciding.ended > ended:
                # Another request of this person may have decided it since.
                status = await self._look(status.source_id, aim, person_id)
            if _is_done(status, aim, person_id):
                return _written(Outcome.ALREADY_APPLIED, status)
            return await self._send(status, aim, person_id, note or None)

    async def _look(
        self, source_id: str, aim: ApprovalState, person_id: str
    ) -> ApprovalStatusRecord:
        """Read a duty afresh, and hold that it is open, or decided so already."""
        found = await self._lists.find(STATUS_ROWS, source_id)
        if found is None:
            raise NotFoundError(
                "There is no such approval status for this person; one that was taken "
                f"back is replaced by another. Read `approvalStatuses`. {UNCHANGED}"
            )
        if not _is_done(found.status, aim, person_id):
            _check_open(found.status, found.target)
        return found.status

    async def _find_own(
        self, kind: Kind, source_id: str, aim: ApprovalState, person_id: str
    ) -> ApprovalStatusRecord:
        """Read a target afresh, and return the one duty on it that is the person's."""
        details = await self._lists.find(TARGETS[kind.target_type], source_id)
        if details is None:
            name = kind.word.replace("_", " ")
            raise NotFoundError(f"There is no such {name} for this person. {UNCHANGED}")
        duties = duties_of(details, person_id, awaits=False)
        done = [one for one in duties.decided if one.state is aim]
        if not duties.own and duties.roles and kind.awaits:
            awaited = await self._queue.list_awaited(kind, person_id)
            duties = duties_of(details, person_id, awaits=source_id in awaited.ids)
            if duties.own and duties.decided:
                # What is asked for may have been done: it may be said twice.
                raise InvalidInputError(
                    "You have decided one duty on it, and another awaits you. Send the "
                    f"`id` of that one of its `approvalStatuses`. {UNCHANGED}",
                    field=("id",),
                )
        if len(duties.own) == 1:
            return duties.own[0]
        if len(duties.own) > 1:
            raise InvalidInputError(
                f"{len(duties.own)} open duties on it may be yours. Send the `id` of "
                f"one of its `approvalStatuses`. {UNCHANGED}",
                field=("id",),
            )
        if done:
            return done[0]
        _check_target(details.target)
        if duties.decided:
            raise _decided(duties.decided[0])
        raise _no_duty(is_unclear=bool(duties.unclear))

    async def _send(
        self,
        status: ApprovalStatusRecord,
        aim: ApprovalState,
        person_id: str,
        note: str | None,
    ) -> Written:
        try:
            answer = await self._upstream.write(
                _create_call(status.source_id, aim, note),
                session=self._session,
                deadline=self._deadline,
            )
        except LostAnswerError:
            return await self._settle(status, aim, person_id)
        except REFUSALS as error:
            return await self._explain(error, status, aim, person_id, note)
        if not _is_confirmed(answer.body, status.source_id, aim):
            return await self._settle(status, aim, person_id)
        return _written(Outcome.APPLIED, status)

    async def _settle(
        self, status: ApprovalStatusRecord, aim: ApprovalState, person_id: str
    ) -> Written:
        """Find out by reading whether a decision happened whose answer was lost."""

        async def look() -> ApprovalStatusRecord | None:
            found = await self._lists.find(STATUS_ROWS, status.source_id)
            if found is None or found.status.state not in _VERBS:
                return None
            # That it is decided proves nothing where it is not told who decided it.
            return None if found.status.actual_approver is None else found.status

        now = await self._upstream.settle(look, self._deadline)
        if now is None:
            return _written(Outcome.UNKNOWN, status)
        if _is_done(now, aim, person_id):
            return _written(Outcome.APPLIED, now)
        raise _decided(now)

    async def _explain(
        self,
        error: GatewayError,
        status: ApprovalStatusRecord,
        aim: ApprovalState,
        person_id: str,
        note: str | None,
    ) -> Written:
        """Return that a decision was made already, or raise why it was refused."""
        if isinstance(error, ForbiddenError):
            raise ForbiddenError(
                f"Productive does not let you decide this. {UNCHANGED}"
            ) from error
        if isinstance(error, InvalidInputError):
            raise _refused_value(note) from error
        try:
            now = await self._look(status.source_id, aim, person_id)
        except UpstreamError:
            raise ConflictError(
                f"Productive refused, and does not tell why. {UNCHANGED}"
            ) from error
        if _is_done(now, aim, person_id):
            return _written(Outcome.ALREADY_APPLIED, now)
        raise ConflictError(
            "Productive did not take this decision in the state that it is in; see "
            f"`approvalStatuses` of what it is about. {UNCHANGED}"
        ) from error


def no_force() -> UnsupportedError:
    """Return the refusal of an approval past the approvers who are asked."""
    return UnsupportedError(
        "Productive cannot force an approval; who has the right approves each duty on "
        "behalf of its approver. Leave `force` out. Nothing was sent.",
        field=("force",),
    )


def _create_call(source_id: str, aim: ApprovalState, note: str | None) -> Call:
    data: dict[str, object] = {"type": STATUSES, "id": source_id}
    if note is not None:
        data["attributes"] = {"note": note}
    return Call(
        method="PATCH",
        path=f"/{STATUSES}/{source_id}/{_VERBS[aim]}",
        headers={"Content-Type": MEDIA_TYPE},
        json={"data": data},
    )


def _is_confirmed(body: bytes, source_id: str, aim: ApprovalState) -> bool:
    """Return whether an answer shows the duty decided as was asked for."""
    try:
        [row] = parse_one(body).rows
        return row.id == source_id and wire.parse_decision(row) is aim
    except (msgspec.DecodeError, ValueError, RecursionError):
        return False


def _is_done(status: ApprovalStatusRecord, aim: ApprovalState, person_id: str) -> bool:
    """Return whether this person has decided a duty so."""
    actor = status.actual_approver
    return status.state is aim and actor is not None and actor.source_id == person_id


def _written(outcome: Outcome, status: ApprovalStatusRecord) -> Written:
    return Written(
        outcome=outcome,
        approval_status_source_id=status.source_id,
        target=status.target,
    )


def _check_open(status: ApprovalStatusRecord, target: TargetRecord | None) -> None:
    if status.state is not ApprovalState.PENDING:
        raise _decided(status)
    if target is not None:
        _check_target(target)


def _check_target(target: TargetRecord) -> None:
    """Hold that a target still waits for a decision.

    Raises:
        ConflictError: It does not; what is so.
    """
    if target.is_open:
        return
    if isinstance(target, BookingRecord) and target.is_canceled:
        told = "It was canceled"
    elif isinstance(target, ExpenseRecord) and target.deleted_at is not None:
        told = "It was deleted"
    elif target.approval_state in _VERBS:
        told = f"It is {target.approval_state.value.lower()} already"
    else:
        told = "It waits for no decision"
    raise ConflictError(f"{told}. {UNCHANGED}")


def _decided(status: ApprovalStatusRecord) -> ConflictError:
    actor = status.actual_approver
    name = None if actor is None else actor.display_name
    by = f" by {name}" if name else ""
    return ConflictError(
        f"This approval status is {status.state.value.lower()} already{by}. {UNCHANGED}"
    )


def _refused_value(note: str | None) -> GatewayError:
    if note is None:
        return ConflictError(f"Productive did not take this decision. {UNCHANGED}")
    return InvalidInputError(
        "Productive does not accept this `note`; a shorter one may be. " + UNCHANGED,
        field=("note",),
    )


def _no_duty(*, is_unclear: bool) -> ForbiddenError:
    if is_unclear:
        return ForbiddenError(
            "An open duty on it is a role's, and Productive does not tell whose. If it "
            "is yours, send the `id` of that one of its `approvalStatuses`. "
            + UNCHANGED
        )
    return ForbiddenError(
        "No open duty on it is yours. To decide on behalf of its approver, send the "
        f"`id` of one of its `approvalStatuses`. {UNCHANGED}"
    )
