"""Productive's decisions, one by one: each is sent at most once.

There is no call that decides on a target alone: a decision is on a duty, an approval
status. Whoever owns the token is recorded as its actual approver.
"""

from collections.abc import Awaitable, Callable, Mapping

import msgspec

from gateway.connector import AskedDecision, Written
from gateway.domain import ApprovalState, ApprovalStatusRecord, Outcome
from gateway.errors import (
    ConflictError,
    ForbiddenError,
    GatewayError,
    InvalidInputError,
    LostAnswerError,
    UnsupportedError,
    UpstreamError,
)
from gateway.providers.productive import wire
from gateway.providers.productive.documents import parse_one
from gateway.providers.productive.looks import ProductiveLooks, Wanted, create_wanted
from gateway.providers.productive.refusals import REFUSALS, UNCHANGED
from gateway.providers.productive.settling import ProductiveSettling, create_written
from gateway.providers.productive.standing import lock_name
from gateway.providers.productive.words import MEDIA_TYPE, STATUSES
from gateway.upstream import (
    Call,
    Deadline,
    Locks,
    Session,
    Upstream,
)

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
        looks: ProductiveLooks,
        settling: ProductiveSettling,
        who_acts: Callable[[], Awaitable[str]],
        locks: Locks,
    ) -> None:
        self._upstream = upstream
        self._session = session
        self._deadline = deadline
        self._looks = looks
        self._settling = settling
        self._who_acts = who_acts
        self._locks = locks

    async def decide(self, asked: AskedDecision) -> Written:
        """Approve or reject an approval status, or the one duty on a target.

        A target is decided on where exactly one open duty on it is the person's.
        Productive knows no force.
        """
        if asked.force:
            raise _no_force()
        wanted = create_wanted(asked, await self._who_acts())
        with self._locks.watch() as let_go:
            status = await self._looks.find(asked.subject, wanted)
            name = lock_name(status)
            async with self._locks.hold(name):
                if name in let_go:
                    # This person may have decided on it since.
                    status = await self._looks.look(status.source_id, wanted)
                if wanted.is_done(status):
                    return create_written(Outcome.ALREADY_APPLIED, status)
                if self._settling.is_unknown(status, wanted):
                    return create_written(Outcome.UNKNOWN, status)
                return await self._send(status, wanted)

    async def _send(self, status: ApprovalStatusRecord, wanted: Wanted) -> Written:
        try:
            answer = await self._upstream.write(
                _create_call(status.source_id, wanted),
                session=self._session,
                deadline=self._deadline,
            )
        except LostAnswerError:
            return await self._settle(status, wanted)
        except REFUSALS as error:
            return await self._explain(error, status, wanted)
        if not _is_confirmed(answer.body, status.source_id, wanted.aim):
            return await self._settle(status, wanted)
        return create_written(Outcome.APPLIED, status)

    async def _settle(self, status: ApprovalStatusRecord, wanted: Wanted) -> Written:
        """Find out by reading whether a decision happened whose answer was lost."""
        [ended] = (await self._settling.settle([status], wanted)).values()
        if isinstance(ended, Exception):
            raise ended
        return ended

    async def _explain(
        self, error: GatewayError, status: ApprovalStatusRecord, wanted: Wanted
    ) -> Written:
        """Return that a decision was made already, or raise why it was refused."""
        if isinstance(error, ForbiddenError):
            raise ForbiddenError(
                f"Productive does not let you decide this. {UNCHANGED}"
            ) from error
        if isinstance(error, InvalidInputError):
            raise _refused_value(wanted.note) from error
        try:
            # It was of the version that was expected when it was sent.
            now = await self._looks.look(
                status.source_id, msgspec.structs.replace(wanted, expected_version=None)
            )
        except UpstreamError:
            raise ConflictError(
                f"Productive refused, and does not tell why. {UNCHANGED}"
            ) from error
        if wanted.is_done(now):
            return create_written(Outcome.ALREADY_APPLIED, now)
        raise ConflictError(
            "Productive did not take this decision in the state that it is in; see "
            f"`approvalStatuses` of what it is about. {UNCHANGED}"
        ) from error


def _create_call(source_id: str, wanted: Wanted) -> Call:
    data: dict[str, object] = {"type": STATUSES, "id": source_id}
    if wanted.note is not None:
        data["attributes"] = {"note": wanted.note}
    return Call(
        method="PATCH",
        path=f"/{STATUSES}/{source_id}/{_VERBS[wanted.aim]}",
        headers={"Content-Type": MEDIA_TYPE},
        json={"data": data},
        is_urgent=True,
    )


def _is_confirmed(body: bytes, source_id: str, aim: ApprovalState) -> bool:
    """Return whether an answer shows the duty decided as was asked for."""
    try:
        [row] = parse_one(body).rows
        return row.id == source_id and wire.parse_decision(row) is aim
    except (msgspec.DecodeError, ValueError, RecursionError):
        return False


def _no_force() -> UnsupportedError:
    """Return the refusal of an approval past the approvers who are asked."""
    return UnsupportedError(
        "Productive cannot force an approval; who has the right approves each duty on "
        "behalf of its approver. Leave `force` out. Nothing was sent.",
        field=("force",),
    )


def _refused_value(note: str | None) -> GatewayError:
    if note is None:
        return ConflictError(f"Productive did not take this decision. {UNCHANGED}")
    return InvalidInputError(
        "Productive does not accept this `note`; a shorter one may be. " + UNCHANGED,
        field=("note",),
    )
