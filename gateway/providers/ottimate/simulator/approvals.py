"""Approval: which policies match, who is asked, and when an invoice is approved.

The rules are sections 6.1 to 6.3 of the wire notes.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from gateway.providers.ottimate.simulator import directory
from gateway.providers.ottimate.simulator.directory import Policy, StandIn, User
from gateway.providers.ottimate.simulator.state import (
    ApprovalRecord,
    Invoice,
    State,
)


class Approvals:
    """The policies of the account, at work on the invoices of *state*.

    *policies* and *stand_ins* are configuration: no call changes them.
    """

    def __init__(self, state: State) -> None:
        self.policies: Sequence[Policy] = directory.POLICIES
        self.stand_ins: Sequence[StandIn] = ()
        self._state = state

    def policy(self, policy_id: str) -> Policy:
        """Return a policy of the account."""
        return next(policy for policy in self.policies if policy.id == policy_id)

    def submit(self, invoice: Invoice, at: datetime, mode: str = "advanced") -> None:
        """Take a complete invoice to its approvers, or to export without any."""
        invoice.error = ""
        if mode == "none":
            self._finish(invoice, at)
            return
        invoice.status = "pending-approval"
        if mode == "advanced":
            self.match(invoice, at)

    def match(self, invoice: Invoice, at: datetime) -> None:
        """Match the policies again.

        Records of policies that match no more vanish; approvals of the others stay.
        """
        asked = frozenset(invoice.steps)
        invoice.steps = []
        while opened := self._next_steps(invoice):
            for policy in opened:
                self._open(invoice, policy, at, ask=policy.id not in asked)
        invoice.records = [
            record
            for record in invoice.records
            if record.policy_id is None or record.policy_id in invoice.steps
        ]

    def add_manual(self, invoice: Invoice, user: User, at: datetime) -> ApprovalRecord:
        """Ask *user* beside what the policies ask for."""
        record = self._record(user.id, None, at)
        invoice.records.append(record)
        return record

    def remove(self, invoice: Invoice, record: ApprovalRecord) -> None:
        """Ask this person no more.

        A policy without any record left asks no more either.
        """
        invoice.records.remove(record)
        if record.policy_id is not None and not _of(invoice, record.policy_id):
            invoice.steps.remove(record.policy_id)

    def approve(
        self, invoice: Invoice, user_id: int, at: datetime, mode: str = "advanced"
    ) -> None:
        """Approve as *user_id*, open what comes next, and finish if nothing does.

        Outside the mode *advanced* one approval is enough.
        """
        self._verify(invoice, user_id, at)
        for record in invoice.open_records:
            if record.user_id == user_id:
                record.approved_at = at
        self._state.note(invoice, at, "approved", user_id)
        for policy in self._next_steps(invoice):
            if policy.after is not None:
                self._open(invoice, policy, at, ask=True)
        if mode != "advanced" or self.is_satisfied(invoice):
            self._finish(invoice, at)

    def force(self, invoice: Invoice, user_id: int, at: datetime) -> None:
        """Approve past everybody; what is open stays open."""
        self._verify(invoice, user_id, at)
        self._state.note(invoice, at, "force_approved", user_id)
        self._finish(invoice, at)

    def flag(self, invoice: Invoice, user_id: int, reason: str, at: datetime) -> None:
        """Send *invoice* back; what was approved is void."""
        invoice.status = "incomplete"
        invoice.error = reason
        invoice.approved_at = None
        invoice.steps = []
        invoice.records = [
            record for record in invoice.records if record.policy_id is None
        ]
        for record in invoice.records:
            record.approved_at = None
        self._state.note(invoice, at, "flagged", user_id, reason)

    def is_satisfied(self, invoice: Invoice) -> bool:
        """Whether every manual record is approved and every policy has its minimum."""
        by_hand = [record for record in invoice.records if record.policy_id is None]
        return all(record.approved_at for record in by_hand) and all(
            self._is_step_satisfied(invoice, step) for step in invoice.steps
        )

    def _verify(self, invoice: Invoice, user_id: int, at: datetime) -> None:
        if not invoice.is_verified:
            invoice.is_verified = True
            self._state.note(invoice, at, "verified", user_id)

    def _finish(self, invoice: Invoice, at: datetime) -> None:
        invoice.status = "ready-for-export"
        invoice.error = ""
        invoice.approved_at = at
        invoice.modified_at = at

    def _is_step_satisfied(self, invoice: Invoice, policy_id: str) -> bool:
        records = _of(invoice, policy_id)
        if not records:
            return any(record.policy_id is None for record in invoice.records)
        approved = sum(record.approved_at is not None for record in records)
        return approved >= self.policy(policy_id).minimum

    def _next_steps(self, invoice: Invoice) -> list[Policy]:
        matching = [policy for policy in self.policies if _matches(policy, invoice)]
        named = [policy for policy in matching if not policy.is_fallback]
        return [
            policy
            for policy in named or matching
            if policy.id not in invoice.steps
            and (policy.after is None or self._is_passed(invoice, policy.after))
        ]

    def _is_passed(self, invoice: Invoice, policy_id: str) -> bool:
        return policy_id in invoice.steps and self._is_step_satisfied(
            invoice, policy_id
        )

    def _open(
        self, invoice: Invoice, policy: Policy, at: datetime, *, ask: bool
    ) -> None:
        invoice.steps.append(policy.id)
        if ask:
            for user_id in self._usable_approvers(policy, invoice, at):
                invoice.records.append(self._record(user_id, policy.id, at))

    def _usable_approvers(
        self, policy: Policy, invoice: Invoice, at: datetime
    ) -> list[int]:
        present = {
            stand_in.for_user_id: stand_in.user_id
            for stand_in in self.stand_ins
            if stand_in.start <= at < stand_in.end
        }
        candidates = [present.get(user_id, user_id) for user_id in policy.approver_ids]
        return [
            user_id
            for user_id in dict.fromkeys(candidates)
            if invoice.location_id in directory.USERS[user_id].location_ids
        ]

    def _record(
        self, user_id: int, policy_id: str | None, at: datetime
    ) -> ApprovalRecord:
        return ApprovalRecord(
            id=f"pbjappr_{self._state.next_uuid('approval').hex}",
            user_id=user_id,
            policy_id=policy_id,
            created_at=at,
        )


def _of(invoice: Invoice, policy_id: str) -> list[ApprovalRecord]:
    return [record for record in invoice.records if record.policy_id == policy_id]


def _matches(policy: Policy, invoice: Invoice) -> bool:
    location = directory.LOCATIONS[invoice.location_id]
    named = (
        (policy.company_ids, location.company_id),
        (policy.location_groups, location.group),
        (policy.location_ids, location.id),
        (policy.vendor_erp_ids, invoice.vendor.erp_id if invoice.vendor else None),
        (policy.departments, invoice.dimensions.get("DEPARTMENT")),
    )
    return _total_matches(policy, invoice.total or Decimal(0)) and all(
        not wanted or found in wanted for wanted, found in named
    )


def _total_matches(policy: Policy, total: Decimal) -> bool:
    at_least = policy.minimum_total
    at_most = policy.maximum_total
    return (at_least is None or total >= at_least) and (
        at_most is None or total <= at_most
    )
