"""Accounteer's one decision: an approval, which is final.

A document is approved by writing its status, and nothing takes that back. Nobody is
recorded but the application, there is no guard against a change in between, and the
same call with another body changes the document: so exactly one body is ever sent, on
an id that was just read, and what comes back is held against what was read.
"""

import msgspec

from gateway.approvals import create_invoice_version
from gateway.connector import AskedDecision, Written
from gateway.domain import ApprovalState, Decision, InvoiceRecord, Outcome
from gateway.errors import (
    ConflictError,
    ForbiddenError,
    GatewayError,
    LostAnswerError,
    NotFoundError,
    StaleError,
    UnsupportedError,
    UpstreamError,
)
from gateway.providers.accounteer import shapes, wire
from gateway.providers.accounteer.lists import TABLES
from gateway.providers.accounteer.reads import AccounteerReads, Found
from gateway.providers.accounteer.refusals import UNCHANGED, unsupported_call
from gateway.providers.accounteer.rights import Rights
from gateway.providers.accounteer.words import DRAFT
from gateway.upstream import Answer, Call, Deadline, Locks, Session, Upstream

_CHANGED_MEANWHILE = (
    "It was approved, and somebody changed it at the same moment: what is approved is "
    "not what was looked at. Look at it again; Accounteer takes no approval back."
)


class Look(msgspec.Struct, frozen=True):
    """A document as it was read just now."""

    found: Found
    record: InvoiceRecord
    version: str

    @property
    def is_approved(self) -> bool:
        """Whether it is approved, by whomever."""
        return self.record.approval_state is ApprovalState.APPROVED


class AccounteerWrites:
    """What can be decided as one application, within one request."""

    def __init__(
        self,
        upstream: Upstream,
        session: Session,
        deadline: Deadline,
        *,
        reads: AccounteerReads,
        rights: Rights,
        deciding: Locks,
    ) -> None:
        self._upstream = upstream
        self._session = session
        self._deadline = deadline
        self._reads = reads
        self._rights = rights
        self._deciding = deciding

    async def decide(self, asked: AskedDecision) -> Written:
        """Approve a draft, for good; there is no rejection, note or force.

        Of two requests on one document the second waits, and sees what the first did.
        """
        _check_supported(asked)
        if not asked.subject.parent:
            # No id of the graph is without: it says which collection is meant.
            raise _no_document()
        async with self._deciding.hold(asked.subject.source_id):
            return await self._approve(asked)

    async def _approve(self, asked: AskedDecision) -> Written:
        seen = await self._look(asked.subject.invoice_key)
        if asked.expected_version not in {None, seen.version}:
            raise StaleError
        if seen.is_approved:
            return _written(Outcome.ALREADY_APPLIED, seen)
        if seen.found.document.status != DRAFT:
            raise ConflictError(
                "Only a draft can be approved, and this document is none: see "
                f"`sourceStatus`. {UNCHANGED}"
            )
        collection = seen.found.collection
        try:
            answer = await self._upstream.write(
                Call(
                    method="POST",
                    path=f"/{TABLES[collection].name}/{seen.record.source_id}",
                    is_urgent=True,
                    json=wire.approval_body(collection),
                ),
                session=self._session,
                deadline=self._deadline,
            )
        except LostAnswerError:
            return await self._settle(seen)
        except UnsupportedError:
            self._rights.learn(collection, may_approve=False)
            raise
        except ForbiddenError:
            self._rights.learn_refusal(collection)
            raise
        except NotFoundError as error:
            raise await self._gone_or_absent(seen) from error
        except ConflictError as error:
            return await self._explain(seen, error)
        self._rights.learn(collection, may_approve=True)
        return await self._confirm(seen, answer)

    async def _look(self, key: str) -> Look:
        """Read a document afresh.

        Raises:
            NotFoundError: There is no such document for this account.
        """
        found = (await self._reads.find_all([key])).get(key)
        if found is None:
            raise _no_document()
        return _look_at(found)

    async def _confirm(self, seen: Look, answer: Answer) -> Written:
        """Hold the answer to an approval against what was read before it."""
        parse = wire.parse_row(shapes.Document, seen.record.source_id)
        try:
            document = parse(answer.body)
            now = _look_at(Found(seen.found.collection, document))
        except (msgspec.DecodeError, ValueError, RecursionError, UpstreamError):
            # It says neither yes nor no.
            return await self._settle(seen)
        if not now.is_approved:
            return await self._settle(seen)
        if now.version != seen.version:
            return _written(
                Outcome.APPLIED, now, remark=ConflictError(_CHANGED_MEANWHILE)
            )
        return _written(Outcome.APPLIED, seen)

    async def _settle(self, seen: Look) -> Written:
        """Find out by reading whether an approval happened whose answer was lost.

        It counts as ours only with the content that was looked at.
        """

        async def look() -> Written | None:
            now = await self._look(seen.record.key)
            is_ours = now.is_approved and now.version == seen.version
            return _written(Outcome.APPLIED, now) if is_ours else None

        written = await self._upstream.settle(look, self._deadline)
        return written or _written(Outcome.UNKNOWN, seen)

    async def _explain(self, seen: Look, error: ConflictError) -> Written:
        """Return that it is approved already, or raise why it was refused."""
        now = await self._look_again(seen)
        if now is not None and now.is_approved:
            if now.version == seen.version:
                return _written(Outcome.ALREADY_APPLIED, now)
            raise ConflictError(
                "Somebody else changed and approved it at the same moment: look at it "
                "again. This decision changed nothing."
            ) from error
        raise ConflictError(
            "Accounteer takes no approval of this document: it may lack lines or an "
            f"amount, or be of a period that is closed. {UNCHANGED}"
        ) from error

    async def _gone_or_absent(self, seen: Look) -> GatewayError:
        """Tell why an approval was not found: the document is gone, or the call."""
        if await self._look_again(seen) is None:
            return NotFoundError(
                f"There is no such invoice for this account any more. {UNCHANGED}"
            )
        self._rights.learn(seen.found.collection, may_approve=False)
        return unsupported_call()

    async def _look_again(self, seen: Look) -> Look | None:
        try:
            return await self._look(seen.record.key)
        except NotFoundError:
            return None


def _check_supported(asked: AskedDecision) -> None:
    """Refuse what Accounteer has not, without a call.

    Raises:
        UnsupportedError: It is a rejection, or has a note or force.
    """
    if asked.decision is Decision.REJECT:
        raise UnsupportedError(
            "Accounteer has no rejection: what is not approved stays a draft. Nothing "
            "was sent."
        )
    if asked.note:
        raise UnsupportedError(
            "Accounteer takes no note with an approval; leave `note` out. Nothing was "
            "sent.",
            field=("note",),
        )
    if asked.force:
        raise UnsupportedError(
            "Accounteer has no approvers to approve past; leave `force` out. Nothing "
            "was sent.",
            field=("force",),
        )


def _look_at(found: Found) -> Look:
    # Names are no part of a version.
    with wire.understood():
        record = wire.document_record(found.document, found.collection, contacts={})
    return Look(found, record, create_invoice_version(record, record.details))


def _no_document() -> NotFoundError:
    return NotFoundError(f"There is no such invoice for this account. {UNCHANGED}")


def _written(
    outcome: Outcome, seen: Look, *, remark: GatewayError | None = None
) -> Written:
    return Written(outcome=outcome, version=seen.version, remark=remark)
