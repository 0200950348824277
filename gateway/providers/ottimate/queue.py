"""What waits for one person in Ottimate, which has no call for it.

The newest invoices that are pending are looked through, with a call for the approvers
of each: those wait for the person that ask somebody with the person's e-mail. Mostly
Ottimate does not tell who has approved, so that an invoice stays with each of its
approvers until its approval is complete.
"""

from collections.abc import Iterable

from gateway.connector import Queue
from gateway.domain import (
    ApprovalState,
    ApproverRecord,
    ApproverStatus,
    InvoiceStatus,
)
from gateway.errors import GatewayError, UpstreamError, UpstreamResponseError
from gateway.providers.ottimate import wire
from gateway.providers.ottimate.reads import OttimateReads
from gateway.security import is_same_email

# Each costs a call, of which a key has 10,000 a day.
MOST_PENDING = 50


class OttimateQueue:
    """Reads what waits, within one request."""

    def __init__(self, reads: OttimateReads) -> None:
        self._reads = reads

    async def list_queue(self, email: str | None) -> Queue:
        """Return what waits for who has this e-mail: a call, and one per invoice.

        Without an e-mail nothing is asked, and nothing known. An invoice of which the
        approvers cannot be read is left out; *error* says why.
        """
        if not email:
            return Queue(is_complete=False)
        page = await self._list_pending()
        pending = {
            one.source_id: one
            for one in page.invoices
            if one.approval_state is ApprovalState.PENDING
        }
        found = await self._reads.get_approvers(list(pending))
        read = {
            key: approvers
            for key, approvers in found.items()
            if not isinstance(approvers, GatewayError)
        }
        asked = {
            key: [one for one in approvers if is_same_email(one.user.email, email)]
            for key, approvers in read.items()
        }
        own = [key for key, some in asked.items() if any(_waits(one) for one in some)]
        is_told = not any(_is_unclear(one) for some in asked.values() for one in some)
        return Queue(
            invoices=[pending[key] for key in own],
            approvers={key: read[key] for key in own},
            is_complete=is_told
            and len(read) == len(pending)
            and page.count <= len(page.invoices),
            error=_first_fault(found.values()),
        )

    async def _list_pending(self) -> wire.InvoicePage:
        [status] = wire.source_statuses([InvoiceStatus.PENDING_APPROVAL], None)
        return await self._reads.list_page(
            {"status": status, "page": "1", "limit": str(MOST_PENDING)}
        )


def _waits(approver: ApproverRecord) -> bool:
    """Return whether a person is asked and, as far as is told, has not decided."""
    return (
        approver.told_status in {None, ApproverStatus.PENDING}
        and approver.decided_at is None
    )


def _is_unclear(approver: ApproverRecord) -> bool:
    # A word that nobody documented: it may mean that it is the person's turn.
    return approver.told_status is ApproverStatus.UNKNOWN


def _first_fault(
    values: Iterable[list[ApproverRecord] | GatewayError],
) -> UpstreamError | None:
    for value in values:
        if isinstance(value, UpstreamError):
            return value
        if isinstance(value, GatewayError):
            return UpstreamResponseError(
                wire.PROVIDER.value, "Ottimate refused to show approvers."
            )
    return None
