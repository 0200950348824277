"""Fresh looks: what a decision is on, as it stands right before it is sent.

What has another version than expected is left alone, also where this person has
decided so already. What they have decided so, and is as expected, is done: nothing is
sent then.
"""

from collections.abc import Mapping

from msgspec import Struct

from gateway.approvals import create_target_version
from gateway.connector import AskedDecision
from gateway.domain import (
    ApprovalState,
    ApprovalStatusDetails,
    ApprovalStatusRecord,
    BookingRecord,
    Decision,
    ExpenseRecord,
    GlobalID,
    TargetDetails,
    TargetRecord,
)
from gateway.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    StaleError,
)
from gateway.providers.productive.lists import ProductiveLists
from gateway.providers.productive.queue import ProductiveQueue
from gateway.providers.productive.refusals import UNCHANGED
from gateway.providers.productive.standing import duties_of
from gateway.providers.productive.tables import STATUS_ROWS, TARGETS
from gateway.providers.productive.words import KINDS_BY_TYPE_NAME, Kind

# The type whose ids name a duty; those of targets name what duties are about.
DUTY = "ApprovalStatus"

_AIMS: Mapping[Decision, ApprovalState] = {
    Decision.APPROVE: ApprovalState.APPROVED,
    Decision.REJECT: ApprovalState.REJECTED,
}


class Wanted(Struct, frozen=True, kw_only=True):
    """A decision as one person wants it: how a duty is to stand.

    *expected_version* is the version that the target must have, or None for any.
    """

    aim: ApprovalState
    person_id: str
    note: str | None
    expected_version: str | None

    def is_done(self, status: ApprovalStatusRecord) -> bool:
        """Return whether this person has decided a duty so."""
        actor = status.actual_approver
        is_theirs = actor is not None and actor.source_id == self.person_id
        return is_theirs and status.state is self.aim


def create_wanted(asked: AskedDecision, person_id: str) -> Wanted:
    """Return a decision that was asked for as that of a person."""
    return Wanted(
        aim=_AIMS[asked.decision],
        person_id=person_id,
        note=asked.note or None,
        expected_version=asked.expected_version,
    )


class ProductiveLooks:
    """Reads what one decision is on, in calls of its own."""

    def __init__(self, lists: ProductiveLists, queue: ProductiveQueue) -> None:
        self._lists = lists
        self._queue = queue

    async def find(self, subject: GlobalID, wanted: Wanted) -> ApprovalStatusRecord:
        """Return a duty by its id, or the one on a target that is the person's."""
        if subject.type_name == DUTY:
            return await self.look(subject.source_id, wanted)
        kind = KINDS_BY_TYPE_NAME[subject.type_name]
        return await self._find_own(kind, subject.source_id, wanted)

    async def look(self, source_id: str, wanted: Wanted) -> ApprovalStatusRecord:
        """Return a duty that is open, or decided so already."""
        found = await self._lists.find(STATUS_ROWS, source_id)
        return check_duty(found, wanted)

    async def _find_own(
        self, kind: Kind, source_id: str, wanted: Wanted
    ) -> ApprovalStatusRecord:
        details = await self._lists.find(TARGETS[kind.target_type], source_id)
        if details is None:
            name = kind.word.replace("_", " ")
            raise NotFoundError(f"There is no such {name} for this person. {UNCHANGED}")
        awaits = False
        if kind.awaits and depends_on_roles(details, wanted.person_id):
            awaited = await self._queue.list_awaited(kind, wanted.person_id)
            awaits = source_id in awaited.ids
        return choose_duty(details, wanted, awaits=awaits)


def check_duty(
    found: ApprovalStatusDetails | None, wanted: Wanted
) -> ApprovalStatusRecord:
    """Return a duty as it was read, if it is open, or decided so already.

    Raises:
        NotFoundError: This person has no such duty.
        StaleError: Its target has another version than expected.
        ConflictError: It takes no decision, or its target cannot be compared.
    """
    if found is None:
        raise NotFoundError(
            "There is no such approval status for this person; one that was taken "
            f"back is replaced by another. Read `approvalStatuses`. {UNCHANGED}"
        )
    is_done = wanted.is_done(found.status)
    if found.target is not None or not is_done:
        _check_version(found.target, wanted)
    if not is_done:
        _check_open(found.status, found.target)
    return found.status


def depends_on_roles(details: TargetDetails, person_id: str) -> bool:
    """Return whether what a person has to do with a target depends on who has a role.

    Where it does, that the target awaits them tells it.
    """
    duties = duties_of(details, person_id, awaits=False)
    return not duties.own and bool(duties.roles)


def choose_duty(
    details: TargetDetails, wanted: Wanted, *, awaits: bool
) -> ApprovalStatusRecord:
    """Return the one open duty on a target that is the person's, or was.

    *awaits* is whether Productive lists the target as awaiting the person, of which
    only what depends on roles depends.

    Raises:
        InvalidInputError: Which duty is meant is not clear.
        StaleError: The target has another version than expected.
        ConflictError: The target waits for no decision, or the person has decided.
        ForbiddenError: No duty on it is known to be theirs.
    """
    _check_version(details.target, wanted)
    duties = duties_of(details, wanted.person_id, awaits=awaits)
    done = [one for one in duties.decided if one.state is wanted.aim]
    if awaits and duties.own and duties.decided:
        # What is asked for may have been done: it may be said twice.
        raise InvalidInputError(
            "You have decided one duty on it, and another awaits you. Send the "
            f"`id` of that one of its `approvalStatuses`. {UNCHANGED}",
            field=("id",),
        )
    if len(duties.own) > 1:
        raise InvalidInputError(
            f"{len(duties.own)} open duties on it may be yours. Send the `id` of "
            f"one of its `approvalStatuses`. {UNCHANGED}",
            field=("id",),
        )
    if done and not duties.own:
        return done[0]
    if duties.own:
        return duties.own[0]
    _check_target(details.target)
    if duties.decided:
        raise decided(duties.decided[0])
    raise _no_duty(is_unclear=bool(duties.unclear))


def decided(status: ApprovalStatusRecord) -> ConflictError:
    """Return the refusal of a decision on a duty that is decided, and by whom."""
    actor = status.actual_approver
    name = None if actor is None else actor.display_name
    by = f" by {name}" if name else ""
    return ConflictError(
        f"This approval status is {status.state.value.lower()} already{by}. {UNCHANGED}"
    )


def _check_version(target: TargetRecord | None, wanted: Wanted) -> None:
    """Hold that a target is what the person looked at.

    Raises:
        StaleError: It is not.
        ConflictError: This person sees the duty alone, so that nobody can tell.
    """
    if wanted.expected_version is None:
        return
    if target is None:
        raise ConflictError(
            "What it is about cannot be read, so that its version cannot be compared "
            f"with `expectedVersion`. {UNCHANGED}"
        )
    if create_target_version(target) != wanted.expected_version:
        raise StaleError


def _check_open(status: ApprovalStatusRecord, target: TargetRecord | None) -> None:
    if status.state is not ApprovalState.PENDING:
        raise decided(status)
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
    elif target.approval_state in _AIMS.values():
        told = f"It is {target.approval_state.value.lower()} already"
    else:
        told = "It waits for no decision"
    raise ConflictError(f"{told}. {UNCHANGED}")


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
