"""Where the approval of an object stands, and what that allows a person."""

from collections.abc import Sequence

from msgspec import Struct

from gateway.domain import ApproverStatus
from gateway.errors import ConflictError, ForbiddenError
from gateway.providers.bill import shapes
from gateway.providers.bill.refusals import UNCHANGED
from gateway.providers.bill.words import (
    APPROVER_STATUSES,
    DELETED,
    DENIED,
    OPEN_PAYMENTS,
    Entity,
)

_DECIDED = frozenset({ApproverStatus.APPROVED, ApproverStatus.REJECTED})
# Of a person's several places the one that can be decided now comes first.
_PRECEDENCE = (
    ApproverStatus.PENDING,
    ApproverStatus.UNKNOWN,
    ApproverStatus.UPCOMING,
    ApproverStatus.REJECTED,
    ApproverStatus.APPROVED,
    ApproverStatus.SKIPPED,
)


class Standing(Struct, frozen=True, kw_only=True):
    """An object and its chain, read just now."""

    entity: Entity
    row: shapes.Approvable
    chain: list[shapes.ApproverRow]

    @property
    def asked(self) -> list[shapes.ApproverRow]:
        """The part of the chain that counts: without who is out of it."""
        return [row for row in self.chain if status_of(row) != ApproverStatus.SKIPPED]

    @property
    def is_archived(self) -> bool:
        """Whether the object was deleted."""
        return self.row.is_active == DELETED

    @property
    def is_paid(self) -> bool:
        """Whether a payment was scheduled or made."""
        return self.row.payment_status not in OPEN_PAYMENTS

    @property
    def is_denied(self) -> bool:
        """Whether an approver denied, which ended the approval."""
        statuses = {status_of(row) for row in self.asked}
        is_denied = self.row.approval_status == DENIED
        return is_denied or ApproverStatus.REJECTED in statuses

    @property
    def approved(self) -> set[str]:
        """The users who have approved, whom BILL does not ask again."""
        return {
            row.users_id
            for row in self.asked
            if status_of(row) is ApproverStatus.APPROVED
        }

    @property
    def undecided(self) -> list[str]:
        """The users who have yet to decide, in order."""
        return [row.users_id for row in self.asked if not has_decided(row)]

    def own_row(self, user_id: str) -> shapes.ApproverRow | None:
        """Return the user's place, or of several the one to decide on."""
        own = [row for row in self.chain if row.users_id == user_id]
        return min(own, key=lambda row: _PRECEDENCE.index(status_of(row)), default=None)

    def has_row(self, row_id: str, status: ApproverStatus) -> bool:
        """Return whether the place of this id has this status."""
        return any(row.id == row_id and status_of(row) is status for row in self.chain)

    def has_chain(self, user_ids: Sequence[str]) -> bool:
        """Return whether these users are asked, in this order.

        Who has approved stays in the chain, named or not, and is not asked again.
        """
        approved = self.approved
        open_ids = [one for one in user_ids if one not in approved]
        return bool(self.asked) and self.undecided == open_ids


def status_of(row: shapes.ApproverRow) -> ApproverStatus:
    """Return how far an approver is."""
    return APPROVER_STATUSES.get(row.status, ApproverStatus.UNKNOWN)


def has_decided(row: shapes.ApproverRow) -> bool:
    """Return whether an approver has approved or denied."""
    return status_of(row) in _DECIDED


def is_decided_already(standing: Standing, user_id: str, aim: ApproverStatus) -> bool:
    """Return whether the user has decided so already; if they cannot, raise.

    Raises:
        ForbiddenError: The user is not among the approvers.
        ConflictError: It is not the user's turn, or nothing is to be decided.
    """
    own = standing.own_row(user_id)
    status = None if own is None else status_of(own)
    if status is aim:
        return True
    if standing.is_archived:
        raise ConflictError(f"This invoice was deleted in BILL. {UNCHANGED}")
    if not standing.chain:
        raise ConflictError(
            "Nobody is asked to approve this invoice; `setApprovers` says who is. "
            f"{UNCHANGED}"
        )
    if status is None:
        raise ForbiddenError(
            f"You are not one of this invoice's approvers. {UNCHANGED}"
        )
    if status in _DECIDED:
        raise ConflictError(
            f"You have decided on this invoice already, the other way. {UNCHANGED}"
        )
    if standing.is_denied:
        raise ConflictError(
            "This invoice was rejected. `clearApprovers` and then `setApprovers` begin "
            f"its approval again. {UNCHANGED}"
        )
    if status is ApproverStatus.UPCOMING:
        raise ConflictError(
            "It is not your turn: an approver before you has yet to decide, see "
            f"`progress.waitingOn`. {UNCHANGED}"
        )
    if status is ApproverStatus.SKIPPED:
        raise ConflictError(f"You are not asked about this any more. {UNCHANGED}")
    return False


def check_settable(standing: Standing) -> None:
    """Hold a chain that is to be set against what BILL documents.

    Raises:
        ConflictError: It must be cleared first, or the object was deleted.
    """
    if standing.is_archived:
        raise ConflictError(f"This invoice was deleted in BILL. {UNCHANGED}")
    if standing.is_denied:
        raise ConflictError(
            "This invoice was rejected, and BILL asks about it again only after its "
            f"approvers were cleared: `clearApprovers` first. {UNCHANGED}"
        )


def check_asks_somebody(standing: Standing, user_ids: Sequence[str]) -> None:
    """Hold a chain that is to be set against what it would complete.

    Who has approved is not asked again, so a chain of them alone would approve what
    others have yet to decide.

    Raises:
        ConflictError: Nobody of *user_ids* has yet to decide.
    """
    if standing.undecided and standing.approved.issuperset(user_ids):
        raise ConflictError(
            "Only approvers who have approved would be left, which would approve the "
            f"invoice. Name somebody who has yet to decide. {UNCHANGED}"
        )
