"""BILL's policies: made, changed, deleted and restored, each write sent once."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from gateway.connector import Written
from gateway.domain import Outcome, PolicyChanges, PolicyDraft
from gateway.errors import (
    ConflictError,
    ForbiddenError,
    GatewayError,
    InvalidInputError,
    LostAnswerError,
    NotFoundError,
)
from gateway.providers.bill import shapes, wire
from gateway.providers.bill.lists import BillLists
from gateway.providers.bill.persons import BillPersons
from gateway.providers.bill.reads import BillReads
from gateway.providers.bill.refusals import REFUSALS, UNCHANGED, explain
from gateway.providers.bill.tables import POLICIES
from gateway.providers.bill.words import (
    ACTIVE,
    DELETED,
    KINDS,
    POLICY_TYPES,
    PROVIDER,
    is_id,
)
from gateway.upstream import Answer, Deadline, Session, Upstream

_POLICY = "ApprovalPolicy"
_APPROVER = "ApprovalPolicyApprover"


class BillPolicyWrites:
    """What can be changed of policies as one acting person, within one request."""

    def __init__(
        self,
        upstream: Upstream,
        session: Session,
        deadline: Deadline,
        *,
        lists: BillLists,
        reads: BillReads,
        persons: BillPersons,
        creating: asyncio.Lock,
    ) -> None:
        """Write as the user of *session*, who makes one policy at a time.

        BILL gives a policy no mark of the call that made it, so of two calls at once
        one could take the other's policy for its own.
        """
        self._upstream = upstream
        self._session = session
        self._deadline = deadline
        self._lists = lists
        self._reads = reads
        self._persons = persons
        self._creating = creating

    async def create(self, draft: PolicyDraft) -> Written:
        """Make a policy, and then its mandatory approvers in one call.

        A policy without them would let through what they are to see, so it is deleted
        again if they could not be made.
        """
        wanted = draft.mandatory_approver_source_ids
        await self._persons.check_users(wanted, "mandatoryApproverSourceIds")
        async with self._creating:
            return await self._create(draft, wanted)

    async def _create(self, draft: PolicyDraft, wanted: Sequence[str]) -> Written:
        before = await self._list_audited()
        known = {policy.id for policy in before}
        data = {"entity": _POLICY, "isActive": ACTIVE, **_members(draft)}
        try:
            answer = await self._send(f"Crud/Create/{_POLICY}", {"obj": data})
            policy_id = _created_id(answer)
        except LostAnswerError:
            found = await self._settle(lambda: self._find_new(draft, known))
            if found is None:
                return Written(outcome=Outcome.UNKNOWN)
            if await self._add_all(found, wanted):
                return _written(Outcome.APPLIED, found)
            # It may be another's policy of the same values, so it is left as it is.
            return _written(Outcome.UNKNOWN, found)
        if await self._add_all(policy_id, wanted):
            return _written(Outcome.APPLIED, policy_id)
        return await self._withdraw(policy_id)

    async def update(self, policy_id: str, changes: PolicyChanges) -> Written:
        """Change a policy's threshold or count; it stays deleted if it is (C4)."""
        before = await self._read(policy_id)
        members = {
            name: value
            for name, value in (
                ("amountThreshold", changes.amount_threshold),
                ("minNumApprovers", changes.minimum_approvers),
            )
            if value is not None
        }
        if _has(before, members):
            return _written(Outcome.ALREADY_APPLIED, policy_id)
        data = {"entity": _POLICY, "id": policy_id, **members}
        return await self._write(
            f"Crud/Update/{_POLICY}",
            {"obj": data},
            policy_id,
            lambda: self._holds(policy_id, lambda now: _has(now, members)),
        )

    async def delete(self, policy_id: str) -> Written:
        """Take a policy out of use."""
        return await self._switch("Delete", policy_id, DELETED)

    async def restore(self, policy_id: str) -> Written:
        """Put a policy into use again."""
        return await self._switch("Undelete", policy_id, ACTIVE)

    async def add_approver(self, policy_id: str, user_id: str) -> Written:
        """Make a user a mandatory approver."""
        await asyncio.gather(
            self._read(policy_id),
            self._persons.check_users([user_id], "userSourceId"),
        )
        if await self._rows_of(policy_id, user_id):
            return _written(Outcome.ALREADY_APPLIED, policy_id)
        return await self._write(
            f"Crud/Create/{_APPROVER}",
            {"obj": _approver(policy_id, user_id)},
            policy_id,
            lambda: self._is_mandatory(policy_id, user_id),
        )

    async def remove_approver(self, policy_id: str, user_id: str) -> Written:
        """Make a user no mandatory approver any more."""
        await self._read(policy_id)
        rows = await self._rows_of(policy_id, user_id)
        if not rows:
            await self._persons.check_known(user_id, "userSourceId")
            return _written(Outcome.ALREADY_APPLIED, policy_id)

        written = _written(Outcome.APPLIED, policy_id)
        # Two who add the same person at once make two rows.
        for row in rows:
            written = await self._delete_row(row)
            if written.outcome is Outcome.UNKNOWN:
                break
        return written

    async def _switch(self, verb: str, policy_id: str, aim: str) -> Written:
        before = await self._read(policy_id)
        if before.is_active == aim:
            return _written(Outcome.ALREADY_APPLIED, policy_id)
        return await self._write(
            f"Crud/{verb}/{_POLICY}",
            {"id": policy_id},
            policy_id,
            lambda: self._holds(policy_id, lambda now: now.is_active == aim),
        )

    async def _write(
        self,
        path: str,
        data: Mapping[str, Any],
        policy_id: str,
        holds: Callable[[], Awaitable[bool]],
    ) -> Written:
        """Send one write; *holds* reads whether what it asked for is there."""

        async def look() -> bool | None:
            return await holds() or None

        try:
            await self._send(path, data)
        except LostAnswerError:
            is_settled = await self._settle(look)
            outcome = Outcome.APPLIED if is_settled else Outcome.UNKNOWN
            return _written(outcome, policy_id)
        return _written(Outcome.APPLIED, policy_id)

    async def _add_all(self, policy_id: str, user_ids: Sequence[str]) -> bool:
        """Make users mandatory approvers in one call; return whether all are."""
        if not user_ids:
            return True
        bulk = [{"obj": _approver(policy_id, one)} for one in user_ids]
        try:
            answer = await self._send(f"Bulk/Crud/Create/{_APPROVER}", {"bulk": bulk})
            if _all_done(answer, len(bulk)):
                return True
        except GatewayError:
            # The policy is there, so this is no refusal of it: reading tells.
            pass
        return bool(
            await self._settle(lambda: self._are_mandatory(policy_id, user_ids))
        )

    async def _withdraw(self, policy_id: str) -> Written:
        """Delete a policy that was made by half; UNKNOWN if that is not proved."""
        try:
            withdrawn = await self._switch("Delete", policy_id, DELETED)
        except GatewayError:
            return _written(Outcome.UNKNOWN, policy_id)
        if withdrawn.outcome is Outcome.UNKNOWN:
            return withdrawn
        raise ConflictError(
            "BILL made the policy, but not all of its mandatory approvers, so the "
            "policy was deleted again."
        )

    async def _delete_row(self, row: shapes.PolicyApprover) -> Written:
        async def is_gone() -> bool:
            rows = await self._rows_of(row.approval_policy_id, row.users_id)
            return row.id not in {one.id for one in rows}

        return await self._write(
            f"Crud/Delete/{_APPROVER}",
            {"id": row.id},
            row.approval_policy_id,
            is_gone,
        )

    async def _send(self, path: str, data: Mapping[str, Any]) -> Answer:
        self._reads.forget()
        try:
            return await self._upstream.write(
                wire.create_call(path, data),
                session=self._session,
                deadline=self._deadline,
            )
        except REFUSALS as error:
            raise await explain(self._explain(error)) from error

    async def _explain(self, error: GatewayError) -> GatewayError:
        """Return why BILL refused; no code tells, the user's profile may."""
        user_id = await self._upstream.identify(self._session, self._deadline)
        if user_id and await self._persons.is_no_administrator(user_id):
            return ForbiddenError(
                "BILL lets administrators change policies, and you are none there. "
                f"{UNCHANGED}"
            )
        if isinstance(error, InvalidInputError):
            return InvalidInputError(
                f"BILL does not take a policy of these values. {UNCHANGED}", field=()
            )
        return ConflictError(
            f"BILL does not take this change of the policy. {UNCHANGED}"
        )

    async def _settle(self, look: Callable[[], Awaitable[Any]]) -> Any:
        return await self._upstream.settle(look, self._deadline)

    async def _read(self, policy_id: str) -> shapes.Policy:
        """Read a policy afresh.

        Raises:
            NotFoundError: There is no such policy for this person.
        """
        found = None
        if is_id(policy_id):
            found = await self._lists.find(
                f"Crud/Read/{_POLICY}",
                {"id": policy_id},
                wire.parse_one(shapes.Policy),
            )
        if found is None:
            raise NotFoundError(
                f"There is no such policy for this account. {UNCHANGED}"
            )
        return found

    async def _list_audited(self) -> list[shapes.Policy]:
        """Read every policy afresh, with who made it."""
        return await self._lists.list_all(POLICIES, is_audited=True)

    async def _find_new(self, draft: PolicyDraft, known: set[str]) -> str | None:
        """Return the one new policy like *draft* that the acting user made."""
        user_id = await self._upstream.identify(self._session, self._deadline)
        members = _members(draft)
        found = [
            policy.id
            for policy in await self._list_audited()
            if policy.id not in known
            and policy.created_by == user_id
            and policy.type == members["type"]
            and _has(policy, members)
        ]
        return found[0] if len(found) == 1 else None

    async def _holds(
        self, policy_id: str, test: Callable[[shapes.Policy], bool]
    ) -> bool:
        return test(await self._read(policy_id))

    async def _rows_of(
        self, policy_id: str, user_id: str
    ) -> list[shapes.PolicyApprover]:
        rows = await self._reads.get_policy_approvers([policy_id])
        return [row for row in rows[policy_id] if row.users_id == user_id]

    async def _is_mandatory(self, policy_id: str, user_id: str) -> bool:
        return bool(await self._rows_of(policy_id, user_id))

    async def _are_mandatory(
        self, policy_id: str, user_ids: Sequence[str]
    ) -> bool | None:
        rows = await self._reads.get_policy_approvers([policy_id])
        return set(user_ids) <= {row.users_id for row in rows[policy_id]} or None


def _members(draft: PolicyDraft) -> dict[str, Any]:
    types = {KINDS[entity]: type_ for type_, entity in POLICY_TYPES.items()}
    return {
        "type": types[draft.applies_to],
        "amountThreshold": draft.amount_threshold,
        "minNumApprovers": draft.minimum_approvers,
    }


def _approver(policy_id: str, user_id: str) -> dict[str, str]:
    return {"entity": _APPROVER, "approvalPolicyId": policy_id, "usersId": user_id}


def _has(policy: shapes.Policy, members: Mapping[str, Any]) -> bool:
    threshold: Decimal = members.get("amountThreshold", policy.amount_threshold)
    count: int = members.get("minNumApprovers", policy.min_num_approvers)
    return policy.amount_threshold == threshold and policy.min_num_approvers == count


def _created_id(answer: Answer) -> str:
    """Return the id of what was made.

    Raises:
        LostAnswerError: The answer hides it.
    """
    try:
        return wire.parse_one(shapes.Created)(answer.body).id
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise LostAnswerError(
            PROVIDER.value, "BILL's answer to this write could not be understood."
        ) from error


def _all_done(answer: Answer, count: int) -> bool:
    try:
        items = wire.parse_data(shapes.Bulk)(answer.body).bulk
    except (msgspec.DecodeError, ValueError, RecursionError):
        return False
    return len(items) == count and all(one.response_status == 0 for one in items)


def _written(outcome: Outcome, policy_id: str) -> Written:
    return Written(outcome=outcome, policy_source_id=policy_id)
