"""Invoice and Approver, and what belongs to them."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

import strawberry

from gateway.approvals import (
    create_invoice_version,
    create_progress,
    create_viewer_actions,
)
from gateway.context import Info
from gateway.domain import (
    ApprovalStatusRecord,
    ApproverRecord,
    ApproverStatus,
    AttachmentRecord,
    CounterpartyRecord,
    HistoryRecord,
    InvoiceDetailsRecord,
    InvoiceKind,
    InvoiceRecord,
    InvoiceStatus,
    LineRecord,
    PolicyRecord,
    ProgressRecord,
    ProviderName,
    ViewerAction,
)
from gateway.schema.approvables import Approvable, ApprovalProgress, ApprovalStatus
from gateway.schema.interfaces import Money, Node, User
from gateway.schema.policies import Policy
from gateway.schema.records import accepts, described, resolved


@strawberry.type(description="The other side of an invoice.")
class Counterparty:
    """The other side of an invoice; the source is a record."""

    is_type_of = accepts(CounterpartyRecord)

    source_id: strawberry.ID | None = described(
        "The provider's id; null where invoices do not carry it (Ottimate)."
    )
    name: str | None = described("The name.")


@strawberry.type(
    description="One line of an invoice; null for what the provider does not tell."
)
class InvoiceLine:
    """One line; the source is a record."""

    is_type_of = accepts(LineRecord)

    description: str | None = described("What was bought, or sold.")
    quantity: Decimal | None = described("How much of it.")
    unit_price: Money | None = described(
        "The price of one, as the provider tells it: without tax in Accounteer."
    )
    total: Money | None = described(
        "The price of the line, as the provider tells it: with tax in Accounteer."
    )
    tax: Money | None = described("The tax of the line.")
    tax_rate: Decimal | None = described("The rate of that tax, in percent.")
    tax_name: str | None = described("What the provider calls that tax.")
    ledger_account: str | None = described(
        "The account of the ledger that it is booked on: its code and its title."
    )


@strawberry.type(description="Something that happened to an invoice.")
class HistoryEvent:
    """Something that happened; the source is a record."""

    is_type_of = accepts(HistoryRecord)

    at: datetime = described("When it happened.")
    event: str | None = described(
        "What happened, in the provider's own word; null where it gives none."
    )
    user: User | None = described("Who did it; null for the provider's own doing.")
    message: str | None = described("What was said about it.")


@strawberry.type(description="A file that belongs to an object.")
class Attachment:
    """A file; the source is a record."""

    is_type_of = accepts(AttachmentRecord)

    name: str | None = described(
        "The file's name; null where the provider does not say."
    )
    url: str = described("Where the file is; the provider may ask for its own sign-in.")


@strawberry.type(
    description="An approval record: that a person is asked to approve an invoice."
)
class Approver(Node):
    """An approval record; the source is a record."""

    is_type_of = accepts(ApproverRecord)

    provider: ProviderName = described("The system that holds it.")
    source_id: strawberry.ID = described("The provider's own id of the record.")
    user: User = described("Who is asked.")
    policy: Policy | None = described(
        "The policy that asks for this person; null where somebody added them by hand, "
        "or where the provider does not tell (BILL)."
    )
    is_manual: bool | None = described(
        "Whether somebody added this person by hand; null where the provider does not "
        "tell (BILL)."
    )
    added_at: datetime | None = described(
        "When the person was asked; null where the provider does not tell (BILL)."
    )
    position: int | None = described(
        "The person's place, from 1, where approval is in order."
    )
    decided_at: datetime | None = described(
        "When the person decided; null where the provider does not tell."
    )

    @strawberry.field(
        graphql_type=ApproverStatus | None,
        description="How far the person is: as the provider tells it, else what the "
        "state of the invoice proves, else UNKNOWN.",
    )
    @staticmethod
    async def status(
        root: strawberry.Parent[ApproverRecord], info: Info
    ) -> ApproverStatus | None:
        if root.told_status is not None:
            return root.told_status
        invoice = await info.context.load_invoice(root.provider, root.invoice_source_id)
        return ApproverStatus.UNKNOWN if invoice is None else invoice.approvers_status

    @strawberry.field(
        graphql_type=Annotated["Invoice", strawberry.lazy("gateway.schema.invoices")]
        | None,
        description="What the person is asked to approve.",
    )
    @staticmethod
    async def invoice(
        root: strawberry.Parent[ApproverRecord], info: Info
    ) -> InvoiceRecord | None:
        return await info.context.load_invoice(root.provider, root.invoice_source_id)


async def _resolve_progress(
    root: strawberry.Parent[InvoiceRecord], info: Info
) -> ProgressRecord | None:
    approvers = await _load_approvers(root, info)
    return None if approvers is None else create_progress(root, approvers)


def _resolve_approval_statuses(
    root: strawberry.Parent[InvoiceRecord],
) -> list[ApprovalStatusRecord]:
    del root
    return []


async def _resolve_viewer_actions(
    root: strawberry.Parent[InvoiceRecord], info: Info
) -> list[ViewerAction]:
    if root.provider in info.context.undecided:
        return []
    standing = await info.context.invoices(root.provider).get_viewer_standing(
        root, lambda: _load_approvers(root, info)
    )
    return create_viewer_actions(standing)


async def _resolve_version(
    root: strawberry.Parent[InvoiceRecord], info: Info
) -> str | None:
    details = await _load_details(root, info)
    return None if details is None else create_invoice_version(root, details)


@strawberry.type(
    description="A document that somebody must approve: one that we are to pay, or one "
    "of ours to a client."
)
class Invoice(Node, Approvable):
    """A document to approve; the source is a record."""

    is_type_of = accepts(InvoiceRecord)

    kind: InvoiceKind = described("What sort of document it is.")
    number: str | None = described(
        "The number that its sender gave it; null while it has none (Accounteer gives "
        "one with the approval)."
    )
    status: InvoiceStatus = described("Where it stands in its life.")
    source_status: str = described("Where it stands, as the provider spells it.")
    counterparty: Counterparty | None = described(
        "The other side: who sent it, or, of a sale, who is to pay it."
    )
    location_name: str | None = described("The place of ours that it is for.")
    total: Money | None = described("What it comes to, with tax.")
    tax: Money | None = described("The tax in it.")
    amount_due: Money | None = described("What is still to be paid.")
    issue_date: date | None = described("The date on it.")
    due_date: date | None = described("When it is to be paid.")
    created_at: datetime | None = described(
        "When it came into the provider's system. Accounteer tells the day alone: it "
        "is given as that day's begin in UTC."
    )
    updated_at: datetime | None = described(
        "When it last changed; of Accounteer the begin of that day in UTC."
    )
    approved_at: datetime | None = described(
        "When its approval was complete; null before, and where the provider does not "
        "tell."
    )
    url: str | None = described("Its page in the provider's own application.")
    attachments: list[Attachment] | None = described(
        "Its files; null where the provider does not tell."
    )
    version: str | None = resolved(
        _resolve_version,
        str | None,
        "A short text that stands for what a person decides upon: the counterparty, "
        "amounts, dates and lines. Send the one that you showed as "
        "`expectedVersion`, and a decision goes out only while it holds. Approvals and "
        "payments leave it as it is. It is made of `lines`, so that it costs what they "
        "do, and is null where they cannot be read; those of Ottimate may be five "
        "minutes old.",
    )
    progress: ApprovalProgress | None = resolved(
        _resolve_progress,
        ApprovalProgress | None,
        "How far its approvers are. Where nobody is asked by name (Accounteer) one "
        "approval is needed, by whoever holds the right, and `waitingOn` is null.",
    )
    approval_statuses: list[ApprovalStatus] | None = resolved(
        _resolve_approval_statuses,
        list[ApprovalStatus] | None,
        "Always empty: no provider keeps the duties on an invoice as objects. See "
        "`approvers`.",
    )
    viewer_actions: list[ViewerAction] | None = resolved(
        _resolve_viewer_actions,
        list[ViewerAction] | None,
        "What this caller can ask for now, in the state that it is in. The provider "
        "may still refuse a person whose rights it does not tell.",
    )

    @strawberry.field(
        graphql_type=list[InvoiceLine] | None,
        description="Its lines; null where the provider does not tell.",
    )
    @staticmethod
    async def lines(
        root: strawberry.Parent[InvoiceRecord], info: Info
    ) -> list[LineRecord] | None:
        details = await _load_details(root, info)
        return None if details is None else details.lines

    @strawberry.field(
        graphql_type=list[HistoryEvent] | None,
        description="What happened to it, oldest first; null where the provider does "
        "not tell. Ottimate's may be five minutes old.",
    )
    @staticmethod
    async def history(
        root: strawberry.Parent[InvoiceRecord], info: Info
    ) -> list[HistoryRecord] | None:
        details = await _load_details(root, info)
        return None if details is None else details.history

    @strawberry.field(
        graphql_type=list[Approver] | None,
        description="Who is asked to approve it; empty where the provider asks nobody "
        "by name.",
    )
    @staticmethod
    async def approvers(
        root: strawberry.Parent[InvoiceRecord], info: Info
    ) -> list[ApproverRecord] | None:
        return await _load_approvers(root, info)

    @strawberry.field(
        graphql_type=list[Policy] | None,
        description="The policies that ask for its approvers, each once: as its "
        "approvers tell (Ottimate), or the one whose kind and threshold fit (BILL); "
        "empty for Accounteer, which has none.",
    )
    @staticmethod
    async def policies(
        root: strawberry.Parent[InvoiceRecord], info: Info
    ) -> list[PolicyRecord] | None:
        loaders = info.context.loaders[root.provider]
        applicable = await loaders.policies_by_invoice.load(root)
        if applicable is not None:
            return applicable
        approvers = await _load_approvers(root, info)
        if approvers is None:
            return None
        policies = [one.policy for one in approvers if one.policy is not None]
        return list({policy.id: policy for policy in policies}.values())


async def _load_details(
    invoice: InvoiceRecord, info: Info
) -> InvoiceDetailsRecord | None:
    if invoice.details is not None:
        return invoice.details
    loaders = info.context.loaders[invoice.provider]
    return await loaders.invoice_details_by_key.load(invoice.key)


async def _load_approvers(
    invoice: InvoiceRecord, info: Info
) -> list[ApproverRecord] | None:
    if not invoice.has_approvers:
        return []
    loaders = info.context.loaders[invoice.provider]
    return await loaders.approvers_by_invoice.load(invoice.key)
