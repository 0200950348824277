"""BILL's decisions: each sent at most once, and a lost answer settled by reading.

Approve, Deny, SetApprovers and ClearApprovers answer with an empty object, so what
follows is read back. No code tells why an approver is refused; reading does.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gateway.approvals import create_invoice_version
from gateway.connector import AskedDecision, Written
from gateway.domain import (
    ApproverStatus,
    Decision,
    InvoiceDetailsRecord,
    Outcome,
)
from gateway.errors import (
    ConflictError,
    ForbiddenError,
    GatewayError,
    InvalidInputError,
    LostAnswerError,
    NotFoundError,
    StaleError,
    UnsupportedError,
    UpstreamAuthError,
    UpstreamError,
)
from gateway.providers.bill import wire
from gateway.providers.bill.chains import BillChains
from gateway.providers.bill.persons import BillPersons
from gateway.providers.bill.reads import BillReads
from gateway.providers.bill.refusals import REFUSALS, UNCHANGED, explain
from gateway.providers.bill.standing import (
    Standing,
    check_asks_somebody,
    check_settable,
    has_decided,
    is_decided_already,
)
from gateway.providers.bill.words import PROVIDER, UNASSIGNED, entity_of
from gateway.upstream import Deadline, Locks, Session, Upstream

_APPLIED = Written(outcome=Outcome.APPLIED)
_ALREADY_APPLIED = Written(outcome=Outcome.ALREADY_APPLIED)
_UNKNOWN = Written(outcome=Outcome.UNKNOWN)
_CALLS = {
    Decision.APPROVE: ("Approve", ApproverStatus.APPROVED),
    Decision.REJECT: ("Deny", ApproverStatus.REJECTED),
}
_USERS = "userSourceIds"
# More than any chain has; each unknown one may cost a call.
_MOST_APPROVERS = 100


class BillWrites:
    """What can be decided as one acting person, within one request."""

    def __init__(
        self,
        upstream: Upstream,
        session: Session,
        deadline: Deadline,
        *,
        reads: BillReads,
        chains: BillChains,
        persons: BillPersons,
        deciding: Locks,
    ) -> None:
        self._upstream = upstream
        self._session = session
        self._deadline = deadline
        self._reads = reads
        self._chains = chains
        self._persons = persons
        self._deciding = deciding

    async def who_acts(self) -> str:
        """Return the id of the user who is signed in."""
        user_id = await self._upstream.identify(self._session, self._deadline)
        if not user_id:
            raise UpstreamAuthError(
                PROVIDER.value, "BILL did not say who is signed in."
            )
        return user_id

    async def decide(self, asked: AskedDecision) -> Written:
        """Approve or deny an object as the user who is signed in; there is no force.

        Of two requests on one object the second waits, and sees what the first did.
        """
        if asked.force:
            raise no_force()
        async with self._deciding.hold(asked.subject.invoice_key):
            return await self._decide(asked)

    async def _decide(self, asked: AskedDecision) -> Written:
        call, aim = _CALLS[asked.decision]
        user_id = await self.who_acts()
        standing = await self._look(asked.subject.invoice_key)
        if asked.expected_version not in {None, _version_of(standing)}:
            raise StaleError
        if is_decided_already(standing, user_id, aim):
            return _ALREADY_APPLIED
        own = standing.own_row(user_id)
        row_id = "" if own is None else own.id
        more = {"comment": asked.note} if asked.note else {}
        try:
            await self._send(call, standing, more)
        except LostAnswerError:
            return await self._settle(standing, lambda now: now.has_row(row_id, aim))
        except REFUSALS as error:
            if await self._has_decided(standing, user_id, aim):
                return _ALREADY_APPLIED
            why = await explain(self._explain_decision(user_id, error))
            raise why from error
        return _APPLIED

    async def set_approvers(self, invoice_id: str, user_ids: Sequence[str]) -> Written:
        """Make these users the chain, in their order."""
        _check_list(user_ids)
        standing = await self._look(invoice_id)
        await self._persons.check_users(user_ids, _USERS)
        return await self._change(standing, user_ids, _USERS)

    async def clear_approvers(self, invoice_id: str) -> Written:
        """Take everybody out of the chain."""
        return await self._clear(await self._look(invoice_id))

    async def add_approver(
        self, invoice_id: str, *, user_id: str | None, email: str | None
    ) -> Written:
        """Ask one more user, after all who are asked already."""
        standing = await self._look(invoice_id)
        check_settable(standing)
        field = "email" if user_id is None else "userSourceId"
        if user_id is None:
            user_id = await self._persons.find_by_email(email or "")
        else:
            await self._persons.check_users([user_id], field)
        asked = [row.users_id for row in standing.asked]
        written = _ALREADY_APPLIED
        if user_id not in asked:
            written = await self._change(standing, [*asked, user_id], field)
        if written.outcome is Outcome.UNKNOWN:
            return written
        return await self._name_added(invoice_id, user_id, written.outcome)

    async def remove_approver(self, invoice_id: str, approver_id: str) -> Written:
        """Take one place out of the chain, if its user is asked and has not decided."""
        standing = await self._look(invoice_id)
        own = next((row for row in standing.chain if row.id == approver_id), None)
        if own is None:
            raise NotFoundError(f"This invoice has no such approver. {UNCHANGED}")
        if has_decided(own):
            raise ConflictError(
                "This approver has decided already, and BILL takes back no decision "
                f"but all of them: `clearApprovers`. {UNCHANGED}"
            )
        if own not in standing.asked:
            raise ConflictError(f"This approver is not asked any more. {UNCHANGED}")
        rest = [row.users_id for row in standing.asked if row is not own]
        if not rest:
            return await self._clear(standing)
        return await self._change(standing, rest, None)

    async def _change(
        self, standing: Standing, user_ids: Sequence[str], field: str | None
    ) -> Written:
        check_settable(standing)
        if standing.has_chain(user_ids):
            return _ALREADY_APPLIED
        check_asks_somebody(standing, user_ids)
        try:
            await self._send("SetApprovers", standing, {"approvers": list(user_ids)})
        except LostAnswerError:
            return await self._settle(standing, lambda now: now.has_chain(user_ids))
        except REFUSALS as error:
            why = await explain(self._explain_chain(standing, user_ids, field))
            raise why from error
        return _APPLIED

    async def _clear(self, standing: Standing) -> Written:
        if not standing.chain and standing.row.approval_status == UNASSIGNED:
            return _ALREADY_APPLIED
        try:
            await self._send("ClearApprovers", standing, {})
        except LostAnswerError:
            return await self._settle(standing, lambda now: not now.chain)
        except REFUSALS as error:
            why = await explain(self._explain_clearing(standing))
            raise why from error
        return _APPLIED

    async def _name_added(
        self, invoice_id: str, user_id: str, outcome: Outcome
    ) -> Written:
        """Find the place of a user who was added, or was there already.

        If it is not there, somebody else set the chain at the same time.
        """
        try:
            row = (await self._look(invoice_id)).own_row(user_id)
        except GatewayError:
            # The write happened, whatever reading says.
            return Written(outcome=outcome)
        if row is None:
            return _UNKNOWN
        return Written(outcome=outcome, approver_source_id=row.id)

    async def _look(self, invoice_id: str) -> Standing:
        """Read an object and its chain afresh.

        Raises:
            NotFoundError: There is no such object for this person.
        """
        entity = entity_of(invoice_id)
        if entity is None:
            raise _no_invoice()
        found, chain = await asyncio.gather(
            self._reads.get_rows([invoice_id]),
            self._chains.get_chain(invoice_id, entity),
        )
        if invoice_id not in found or chain is None:
            raise _no_invoice()
        return Standing(entity=entity, row=found[invoice_id][1], chain=chain)

    async def _send(
        self, path: str, standing: Standing, more: Mapping[str, Any]
    ) -> None:
        data = {"objectId": standing.row.id, "entity": standing.entity.value, **more}
        await self._upstream.write(
            wire.create_call(path, data), session=self._session, deadline=self._deadline
        )

    async def _settle(
        self, standing: Standing, holds: Callable[[Standing], bool]
    ) -> Written:
        """Find out by reading whether a write happened whose answer was lost."""

        async def look() -> Written | None:
            return _APPLIED if holds(await self._look(standing.row.id)) else None

        return await self._upstream.settle(look, self._deadline) or _UNKNOWN

    async def _has_decided(
        self, before: Standing, user_id: str, aim: ApproverStatus
    ) -> bool:
        """Return whether a user decided so meanwhile; if they cannot, raise why."""
        try:
            now = await self._look(before.row.id)
        except UpstreamError:
            return False
        return is_decided_already(now, user_id, aim)

    async def _explain_decision(
        self, user_id: str, error: GatewayError
    ) -> GatewayError:
        """Return why BILL took no decision from somebody whose turn it is."""
        is_told = isinstance(error, ForbiddenError)
        if is_told or await self._persons.who_may_not_approve([user_id]):
            return ForbiddenError(
                f"Your profile in BILL has no right to approve. {UNCHANGED}"
            )
        return ConflictError(
            "BILL did not take this decision from you; see `approvers` and `status` of "
            f"the invoice. {UNCHANGED}"
        )

    async def _explain_chain(
        self, before: Standing, user_ids: Sequence[str], field: str | None
    ) -> GatewayError:
        """Return why BILL refused a chain; reading tells, since no code does."""
        now = await self._look(before.row.id)
        check_settable(now)
        if now.is_paid:
            return _paid()
        path = None if field is None else (field,)
        unable = await self._persons.who_may_not_approve(user_ids)
        if unable:
            return InvalidInputError(
                f"The profile of the user `{unable[0]}` has no right to approve. "
                f"{UNCHANGED}",
                field=path,
            )
        unmet = await self._find_unmet_policy(now, user_ids)
        if unmet is not None:
            return InvalidInputError(
                f"The approvers do not satisfy the policy that applies: {unmet} "
                f"{UNCHANGED}",
                field=path,
            )
        return ConflictError(
            f"BILL did not take these approvers in the invoice's state. {UNCHANGED}"
        )

    async def _explain_clearing(self, before: Standing) -> GatewayError:
        now = await self._look(before.row.id)
        if now.is_paid:
            return _paid()
        if now.is_archived:
            return ConflictError(f"This invoice was deleted in BILL. {UNCHANGED}")
        return ConflictError(
            f"BILL clears no approvers in the invoice's state. {UNCHANGED}"
        )

    async def _find_unmet_policy(
        self, standing: Standing, user_ids: Sequence[str]
    ) -> str | None:
        """Return what the policy that applies asks for and these users lack."""
        tier = wire.applicable_tier(
            await self._reads.list_tiers(), standing.entity, standing.row.amount
        )
        if tier is None:
            return None
        rows = await self._reads.get_policy_approvers([tier.id])
        missing = [
            row.users_id for row in rows[tier.id] if row.users_id not in user_ids
        ]
        if missing:
            return f"the user `{missing[0]}` must be among them."
        if len(user_ids) < tier.min_num_approvers:
            return f"it takes {tier.min_num_approvers} at least."
        return None


def _version_of(standing: Standing) -> str:
    with wire.understood():
        # Vendors' names and policies are no part of it.
        record = wire.invoice_record(
            standing.row, standing.entity, vendors={}, tiers=None
        )
        lines = wire.line_records(standing.row)
    return create_invoice_version(
        record, InvoiceDetailsRecord(lines=lines, history=None)
    )


def _check_list(user_ids: Sequence[str]) -> None:
    field = (_USERS,)
    if not user_ids:
        raise InvalidInputError(
            "`userSourceIds` takes one user at least; `clearApprovers` takes all "
            f"approvers off. {UNCHANGED}",
            field=field,
        )
    if len(user_ids) > _MOST_APPROVERS:
        raise InvalidInputError(
            f"`userSourceIds` takes {_MOST_APPROVERS} users at most. {UNCHANGED}",
            field=field,
        )
    if len(set(user_ids)) < len(user_ids):
        raise InvalidInputError(f"A user is named twice. {UNCHANGED}", field=field)


def _paid() -> ConflictError:
    return ConflictError(
        "BILL changes no approvers once a payment is scheduled or made. " + UNCHANGED
    )


def _no_invoice() -> NotFoundError:
    return NotFoundError(f"There is no such invoice for this account. {UNCHANGED}")


def no_force() -> UnsupportedError:
    """Return the refusal of an approval past the approvers who are asked."""
    return UnsupportedError(
        "BILL cannot force an approval: its approvers decide one after the other. "
        "Leave `force` out. Nothing was sent.",
        field=("force",),
    )
