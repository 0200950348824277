"""Ottimate's writes: each sent at most once, and a lost answer settled by reading.

Bodies and answers of these calls are unpublished ("Invoice Approvals" explains them
in words), so the success of a call is its status, and what follows is read back.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from gateway.approvals import create_invoice_version
from gateway.connector import AskedDecision, Written
from gateway.domain import (
    ApprovalState,
    ApproverRecord,
    Capability,
    Decision,
    InvoiceRecord,
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
)
from gateway.providers.ottimate import wire
from gateway.providers.ottimate.knowledge import Knowledge
from gateway.providers.ottimate.reads import OttimateReads, invoice_path
from gateway.providers.ottimate.refusals import unsupported_call
from gateway.upstream import Answer, Call, Deadline, Locks, Session, Upstream

_UNCHANGED = "Nothing was changed."


class OttimateWrites:
    """What can be decided as one acting person, within one request."""

    def __init__(
        self,
        upstream: Upstream,
        session: Session,
        deadline: Deadline,
        *,
        reads: OttimateReads,
        knowledge: Knowledge,
        deciding: Locks,
    ) -> None:
        self._upstream = upstream
        self._session = session
        self._deadline = deadline
        self._reads = reads
        self._knowledge = knowledge
        self._deciding = deciding

    async def decide(self, asked: AskedDecision) -> Written:
        """Approve an invoice as the account's API user.

        Of two requests on one invoice the second waits, and sees what the first did.
        """
        if asked.decision is Decision.REJECT:
            raise UnsupportedError(
                "Ottimate has no rejection. Its way to say no is to flag the invoice, "
                "which sends it back as incomplete: `flagInvoice`, not in this graph "
                "yet. Nothing was sent."
            )
        if asked.note:
            raise UnsupportedError(
                "Ottimate takes no note with an approval; leave `note` out. "
                f"{_UNCHANGED}",
                field=("note",),
            )
        invoice_id = asked.subject.invoice_key
        async with self._deciding.hold(invoice_id):
            return await self._approve(invoice_id, asked)

    async def _approve(self, invoice_id: str, asked: AskedDecision) -> Written:
        if await self._is_approved(invoice_id, expected=asked.expected_version):
            return Written(outcome=Outcome.ALREADY_APPLIED)
        force = asked.force
        body = {} if force is None else {"force_approve": force}
        try:
            await self._send(
                Capability.APPROVE,
                Call(
                    method="POST", path=invoice_path(invoice_id, "/approve"), json=body
                ),
            )
        except LostAnswerError:
            return await self._settle(lambda: self._approved(invoice_id))
        except NotFoundError as error:
            raise await self._gone_or_absent(Capability.APPROVE, invoice_id) from error
        except ForbiddenError as error:
            if force:
                self._knowledge.learn(Capability.FORCE_APPROVE, present=False)
            raise _may_not_approve(force=force is True) from error
        except (InvalidInputError, ConflictError) as error:
            if await self._is_approved(invoice_id):
                return Written(outcome=Outcome.ALREADY_APPLIED)
            raise ConflictError(
                "Ottimate takes no approval of this invoice by this account's user in "
                f"the state it is in: see its `status` and `approvers`. {_UNCHANGED}"
            ) from error
        return Written(outcome=Outcome.APPLIED)

    async def add_approver(
        self, invoice_id: str, *, user_source_id: str | None, email: str | None
    ) -> Written:
        """Ask a person to approve, by a record of their own."""
        if email is not None or user_source_id is None:
            raise InvalidInputError(
                "Ottimate finds nobody by e-mail; send `userSourceId`, the person's id "
                "in Ottimate as approvers show it.",
                field=("email",),
            )
        invoice, before = await asyncio.gather(
            self._get_invoice(invoice_id), self._get_approvers(invoice_id)
        )
        try:
            answer = await self._send(
                Capability.ADD_APPROVER,
                Call(
                    method="POST",
                    path=invoice_path(invoice_id, "/approvers"),
                    json=wire.add_approver_body(user_source_id),
                ),
            )
        except LostAnswerError:
            return await self._settle(
                lambda: self._added(invoice_id, user_source_id, before)
            )
        except NotFoundError as error:
            capability = Capability.ADD_APPROVER
            raise await self._gone_or_absent(capability, invoice_id) from error
        except ForbiddenError as error:
            raise ForbiddenError(
                "Ottimate does not let this account's user add approvers to this "
                f"invoice. {_UNCHANGED}"
            ) from error
        except ConflictError as error:
            return await self._already_added(invoice_id, user_source_id, error)
        except InvalidInputError as error:
            raise _not_addable(invoice) from error
        approver_id = wire.parse_added_approver(answer.body)
        if approver_id is None:
            return await self._settle(
                lambda: self._added(invoice_id, user_source_id, before)
            )
        return Written(outcome=Outcome.APPLIED, approver_source_id=approver_id)

    async def remove_approver(self, invoice_id: str, approver_id: str) -> Written:
        """Take one record off an invoice; it is the record's id that is sent."""
        if not await self._has_approver(invoice_id, approver_id):
            raise NotFoundError(f"This invoice has no such approver. {_UNCHANGED}")
        try:
            await self._send(
                Capability.REMOVE_APPROVER,
                Call(
                    method="DELETE",
                    path=invoice_path(invoice_id, "/approvers"),
                    params={"approval_id": approver_id},
                ),
            )
        except LostAnswerError:
            return await self._settle(lambda: self._removed(invoice_id, approver_id))
        except NotFoundError as error:
            removed = await self._removed(invoice_id, approver_id)
            if removed is not None:
                return Written(outcome=Outcome.ALREADY_APPLIED)
            raise self._absent(Capability.REMOVE_APPROVER) from error
        except ForbiddenError as error:
            raise ForbiddenError(
                "Ottimate does not let this account's user remove this approver. "
                f"{_UNCHANGED}"
            ) from error
        except (InvalidInputError, ConflictError) as error:
            raise ConflictError(
                "Ottimate removes no approver who has approved, and none once the "
                f"approval is complete. {_UNCHANGED}"
            ) from error
        return Written(outcome=Outcome.APPLIED)

    async def _send(self, capability: Capability, call: Call) -> Answer:
        """Send a write, and learn from its answer whether the account has the call."""
        try:
            answer = await self._upstream.write(
                call, session=self._session, deadline=self._deadline
            )
        except UnsupportedError:
            self._knowledge.learn(capability, present=False)
            raise
        if not wire.acknowledges(answer.body):
            # Something in between answered, or the application in other words: its
            # status proves nothing.
            raise LostAnswerError(
                wire.PROVIDER.value, "Ottimate's answer to this write is not its own."
            )
        self._knowledge.learn(capability, present=True)
        return answer

    async def _settle(self, look: Callable[[], Awaitable[Written | None]]) -> Written:
        """Find out by reading whether a write happened whose answer was lost.

        Only proof that it happened settles it: what is not there yet may still come.
        """
        written = await self._upstream.settle(look, self._deadline)
        return written or Written(outcome=Outcome.UNKNOWN)

    async def _approved(self, invoice_id: str) -> Written | None:
        approved = await self._is_approved(invoice_id)
        return Written(outcome=Outcome.APPLIED) if approved else None

    async def _added(
        self, invoice_id: str, user_id: str, before: Sequence[ApproverRecord]
    ) -> Written | None:
        known = {record.source_id for record in before}
        for record in await self._get_approvers(invoice_id):
            if record.source_id not in known and _is_manual_of(record, user_id):
                return Written(
                    outcome=Outcome.APPLIED, approver_source_id=record.source_id
                )
        return None

    async def _already_added(
        self, invoice_id: str, user_id: str, error: ConflictError
    ) -> Written:
        for record in await self._get_approvers(invoice_id):
            if _is_manual_of(record, user_id):
                return Written(
                    outcome=Outcome.ALREADY_APPLIED,
                    approver_source_id=record.source_id,
                )
        raise ConflictError(
            "Ottimate refused: the invoice changed at the same time. Look at it again. "
            f"{_UNCHANGED}"
        ) from error

    async def _removed(self, invoice_id: str, approver_id: str) -> Written | None:
        present = await self._has_approver(invoice_id, approver_id)
        return None if present else Written(outcome=Outcome.APPLIED)

    async def _has_approver(self, invoice_id: str, approver_id: str) -> bool:
        records = await self._get_approvers(invoice_id)
        return any(record.source_id == approver_id for record in records)

    async def _is_approved(
        self, invoice_id: str, *, expected: str | None = None
    ) -> bool:
        """Read whether an invoice is approved.

        Raises:
            StaleError: It has another version than *expected*.
        """
        if expected is None:
            invoice = await self._get_invoice(invoice_id)
            return invoice.approval_state is ApprovalState.APPROVED
        invoice, found = await asyncio.gather(
            self._get_invoice(invoice_id), self._reads.get_details([invoice_id])
        )
        details = found.get(invoice_id)
        if isinstance(details, GatewayError):
            raise details
        if create_invoice_version(invoice, details) != expected:
            raise StaleError
        return invoice.approval_state is ApprovalState.APPROVED

    async def _get_invoice(self, invoice_id: str) -> InvoiceRecord:
        found = await self._reads.get_invoices([invoice_id])
        if invoice_id not in found:
            raise _no_invoice()
        return found[invoice_id]

    async def _get_approvers(self, invoice_id: str) -> list[ApproverRecord]:
        found = (await self._reads.get_approvers([invoice_id])).get(invoice_id)
        if found is None:
            raise _no_invoice()
        if isinstance(found, GatewayError):
            raise found
        return found

    async def _gone_or_absent(
        self, capability: Capability, invoice_id: str
    ) -> GatewayError:
        """Tell why a call on an invoice was not found.

        Quirk: the published reference lacks these calls, so a 404 means that the
        account has no such call, unless the invoice itself is gone.
        """
        if invoice_id in await self._reads.get_invoices([invoice_id]):
            return self._absent(capability)
        return _no_invoice()

    def _absent(self, capability: Capability) -> UnsupportedError:
        self._knowledge.learn(capability, present=False)
        return unsupported_call()


def _is_manual_of(record: ApproverRecord, user_id: str) -> bool:
    return record.is_manual is True and record.user.source_id == user_id


def _no_invoice() -> NotFoundError:
    return NotFoundError(f"There is no such invoice for this account. {_UNCHANGED}")


def _may_not_approve(*, force: bool) -> ForbiddenError:
    if force:
        return ForbiddenError(
            f"Ottimate does not let this account's user force an approval. {_UNCHANGED}"
        )
    return ForbiddenError(
        "Ottimate does not let this account's user approve this invoice: only one of "
        f"its open approvers can, or who may force. {_UNCHANGED}"
    )


def _not_addable(invoice: InvoiceRecord) -> GatewayError:
    if invoice.status in wire.OPEN_FOR_APPROVERS:
        return InvalidInputError(
            "Ottimate knows no such user at this invoice's location. Send the id of "
            f"one as approvers show it. {_UNCHANGED}",
            field=("userSourceId",),
        )
    return ConflictError(
        "Ottimate adds no approver to an invoice in this state: see its `status`. "
        f"{_UNCHANGED}"
    )
