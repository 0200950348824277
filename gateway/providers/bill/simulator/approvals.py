"""The chain of approvers of an object, and what each call does to it (5.1 to 5.4, 8.1).

The rules are those of the wire notes; who may call is decided elsewhere.
"""

from collections.abc import Iterable

from gateway.providers.bill.simulator.objects import (
    ACTIVE,
    APPROVED,
    APPROVING,
    ASSIGNED,
    DENIED,
    ROW_APPROVED,
    ROW_DENIED,
    STALE,
    UNASSIGNED,
    UPCOMING,
    VIEWED,
    WAITING,
    Approvable,
    Approver,
    Bill,
    BillApprover,
    VendorCreditApprover,
)
from gateway.providers.bill.simulator.policies import (
    governing_policy,
    mandatory_approvers,
)
from gateway.providers.bill.simulator.state import Mail, MailEvent, Note, State

TURN = frozenset({WAITING, VIEWED})
_TO_ASK = TURN | {UPCOMING}


class Approvals:
    """The chains of *state*; *at* is the text of the time of each change."""

    def __init__(self, state: State) -> None:
        self._state = state

    def new_chain(self, one: Approvable, user_ids: Iterable[str]) -> list[str]:
        """Return who is in the chain once *user_ids* are set, in order.

        Who has approved stays, also where the new list does not name them.
        """
        wanted = list(user_ids)
        kept = [
            row.users_id
            for row in self._state.chain(one.id)
            if row.status == ROW_APPROVED and row.users_id not in wanted
        ]
        return list(dict.fromkeys((*kept, *wanted)))

    def set_chain(
        self,
        one: Approvable,
        user_ids: Iterable[str],
        at: str,
        event: MailEvent = "SetApprovers",
    ) -> None:
        """Make *user_ids* the chain; who has approved is not asked again."""
        wanted = self.new_chain(one, user_ids)
        rows = {row.users_id: row for row in self._state.chain(one.id)}
        table = self._state.rows_of(one)
        for row in rows.values():
            if row.users_id not in wanted:
                del table[row.id]
        for position, user_id in enumerate(wanted):
            row = rows.get(user_id) or self._add_row(one, user_id)
            row.sort_order = position
            if row.status not in _TO_ASK | {ROW_APPROVED}:
                row.status = UPCOMING
        self._ask_next(one, at, event)

    def clear(self, one: Approvable, at: str, *, forgets: bool) -> None:
        """Take everybody off the chain.

        Approvals that were given so far are remembered for the next chain, unless
        *forgets* or the object was approved as a whole: that reset is how it is
        unapproved (8.1).
        """
        rows = self._state.chain(one.id)
        earlier = self._state.earlier_approvals
        if forgets or one.approval_status == APPROVED:
            earlier.pop(one.id, None)
        else:
            earlier.setdefault(one.id, {}).update(
                (row.users_id, row.status_changed_date or at)
                for row in rows
                if row.status == ROW_APPROVED
            )
        table = self._state.rows_of(one)
        for row in rows:
            del table[row.id]
        if rows:
            one.approval_status = UNASSIGNED
            one.updated_time = at

    def approve(self, one: Approvable, row: Approver, comment: str, at: str) -> None:
        """Approve in the place of *row*, whose turn it is, and ask the next."""
        self._move(row, ROW_APPROVED, at)
        self._note(one, row, comment)
        self._ask_next(one, at, "Approve")

    def deny(self, one: Approvable, row: Approver, comment: str, at: str) -> None:
        """Deny in the place of *row*, whose turn it is; nobody else is asked."""
        self._move(row, ROW_DENIED, at)
        self._note(one, row, comment)
        for other in self._state.chain(one.id):
            if other.status in _TO_ASK:
                self._move(other, STALE, at)
        one.approval_status = DENIED
        one.updated_time = at

    def attach(self, one: Approvable, at: str, threshold_rule: str) -> None:
        """Give a new object its mandatory and its remembered approvers (4.4)."""
        policy = governing_policy(self._state, one, threshold_rule)
        user_ids = [*mandatory_approvers(self._state, policy), *self._remembered(one)]
        if user_ids:
            self.set_chain(one, user_ids, at, "Create")

    def _remembered(self, one: Approvable) -> list[str]:
        if not isinstance(one, Bill):
            return []
        earlier = sorted(
            (
                bill
                for bill in self._state.bills.values()
                if bill.vendor_id == one.vendor_id and bill.id != one.id
            ),
            key=lambda bill: (bill.created_time, bill.id),
            reverse=True,
        )
        chains = (self._state.chain(bill.id) for bill in earlier)
        latest: list[Approver] = next((rows for rows in chains if rows), [])
        return [row.users_id for row in latest if self._is_usable(row.users_id)]

    def _is_usable(self, user_id: str) -> bool:
        is_active = self._state.users[user_id].is_active == ACTIVE
        return is_active and self._state.may_approve(user_id)

    def _add_row(self, one: Approvable, user_id: str) -> Approver:
        row: Approver
        if isinstance(one, Bill):
            row_id = self._state.next_id("BillApprover")
            row = BillApprover(id=row_id, bill_id=one.id, users_id=user_id)
        else:
            row_id = self._state.next_id("VendorCreditApprover")
            row = VendorCreditApprover(
                id=row_id, vendor_credit_id=one.id, users_id=user_id
            )
        approved_at = self._state.earlier_approvals.get(one.id, {}).get(user_id)
        if approved_at is not None:
            row.status = ROW_APPROVED
            row.status_changed_date = approved_at
        self._state.rows_of(one)[row.id] = row
        return row

    def _ask_next(self, one: Approvable, at: str, event: MailEvent) -> None:
        rows = self._state.chain(one.id)
        open_rows = [row for row in rows if row.status in _TO_ASK]
        for position, row in enumerate(open_rows):
            if position and row.status != UPCOMING:
                self._move(row, UPCOMING, at)
            elif not position and row.status == UPCOMING:
                self._open(row, at, event)
        has_approval = any(row.status == ROW_APPROVED for row in rows)
        undecided = APPROVING if has_approval else ASSIGNED
        one.approval_status = undecided if open_rows else APPROVED
        one.updated_time = at

    def _open(self, row: Approver, at: str, event: MailEvent) -> None:
        self._move(row, WAITING, at)
        self._state.outbox.append(Mail(event, row.users_id, row.object_id))

    @staticmethod
    def _move(row: Approver, status: str, at: str) -> None:
        row.status = status
        row.status_changed_date = at

    def _note(self, one: Approvable, row: Approver, comment: str) -> None:
        if comment:
            self._state.notes.append(Note(one.id, row.users_id, comment))
